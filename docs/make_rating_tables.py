"""Make the small reference tables of `survey_kit.ratings` from a folder of collected ratings.

    python docs/make_rating_tables.py FOLDER [--to survey_kit/ratings/tables]

FOLDER holds `cpi_panel_2012_2025.csv` (every country, with source scores), `wgi_kaz_1996_2023.csv`,
`wjp_kaz_2012_2025.csv`, `egdi_kaz.csv` and `other_ratings_kaz.csv`. What goes into the tables: figures, with source,
edition, verification state and licence on every row. What does not: anything known from memory only, a rank whose
number of ranked countries is unknown, and the full CPI panel (its world mean does, computed here).
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from survey_kit.files import write_text

COUNTRIES = ("KAZ", "KGZ", "UZB", "TJK", "RUS", "GEO", "EST")
CHECKED_TWICE = "two or more sources"
CHECKED_ONCE = "one source"
VERIFIED = {
    "two+ sources": CHECKED_TWICE,
    "two sources": CHECKED_TWICE,
    "one source": CHECKED_ONCE,
}  # "memory" is not here: such a figure is not carried
CPI_SOURCE = "Transparency International, CPI 2025 workbook"
LICENCES = {
    "cpi": "Transparency International: figures with attribution; the CPI report is CC BY-ND 4.0",
    "wgi": "World Bank, Worldwide Governance Indicators: CC BY 4.0",
    "wjp": "World Justice Project: free with citation, for non-commercial use only",
    "egdi": "UN DESA, E-Government Survey: figures with attribution, as reported by the pages named",
    "others": "Figures with attribution, as reported by the pages named",
}
WGI_NAMES = {
    "cc": "Control of Corruption",
    "ge": "Government Effectiveness",
    "pv": "Political Stability and Absence of Violence/Terrorism",
    "rl": "Rule of Law",
    "rq": "Regulatory Quality",
    "va": "Voice and Accountability",
}
WJP_NAMES = {
    "overall": "Rule of Law Index",
    "f1_constraints_on_government": "Constraints on Government Powers",
    "f2_absence_of_corruption": "Absence of Corruption",
    "f3_open_government": "Open Government",
    "f4_fundamental_rights": "Fundamental Rights",
    "f5_order_security": "Order and Security",
    "f6_regulatory_enforcement": "Regulatory Enforcement",
    "f7_civil_justice": "Civil Justice",
    "f8_criminal_justice": "Criminal Justice",
}
MONITOR = "Monitoring the state of corruption"
URBAN = "cities and district centres only; not a national urban and rural sample"
UNKNOWN = "sample not described in the pages read"
FIRMS = "asked of businesses"
# one row each: series and measure as collected, which number in the value, then how the table names it
OTHERS = (
    ("TI Kazakhstan monitor 2019", "share of population", 0, MONITOR, "contact", "Contacted a state body, 12 months", 2019, "percent", UNKNOWN),
    ("TI Kazakhstan monitor 2019", "of those with contact", 0, MONITOR, "informal", "Of those with contact: faced the need to settle informally", 2019, "percent", UNKNOWN),
    ("TI Kazakhstan monitor 2020", "of those contacting", 0, MONITOR, "everyday_corruption", "Of those with contact: faced everyday corruption", 2020, "percent", URBAN),
    ("TI Kazakhstan monitor 2020", "business", 1, MONITOR, "business_informal", "Business: needed to settle informally with a state body", 2019, "percent", FIRMS),
    ("TI Kazakhstan monitor 2020", "business", 0, MONITOR, "business_informal", "Business: needed to settle informally with a state body", 2020, "percent", FIRMS),
    ("National Development Plan", "CPI target", 0, "National Development Plan to 2025", "cpi_target", "CPI score aimed at by 2025", 2025, "points", "a target, not a measurement"),
)  # fmt: skip


def tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Give each table by its file name without ending."""
    made = {"cpi": cpi(folder), "wgi": wgi(folder), "wjp": wjp(folder), "egdi": egdi(folder), "others": others(folder)}
    for name, table in made.items():
        table["licence_note"] = LICENCES[name]
        table["data_status"] = "real"
    return made


def cpi(folder: Path) -> pd.DataFrame:
    """One row per country and year, TI's source scores as columns; and the world mean."""
    panel = pd.read_csv(folder / "cpi_panel_2012_2025.csv")
    assessed = list(panel.columns[panel.columns.get_loc("se_fpc13") + 1 :])
    panel["n_countries"] = panel.groupby("year")["rank"].transform("count")
    rows = panel[panel["iso3"].isin(COUNTRIES)].copy()
    rows["order"] = rows["iso3"].map(COUNTRIES.index)
    rows = rows.sort_values(["order", "year"])
    rows["source"] = CPI_SOURCE
    rows["verified"] = rows["iso3"].eq("KAZ").map({True: CHECKED_TWICE, False: CHECKED_ONCE})
    world = panel.groupby("year", as_index=False).agg(score=("score", "mean"), n_countries=("rank", "count"))
    world = world.assign(iso3="WLD", country="World (mean of countries)", verified="computed here")
    world["source"] = f"mean over all countries in {CPI_SOURCE}"
    out = pd.concat([rows, world.round({"score": 3})], ignore_index=True).assign(edition="CPI 2025")
    numbers = ["score", "rank", "n_countries", "n_sources", "se_published", "ci90_low", "ci90_high"]
    used = [name for name in assessed if rows[name].notna().any()]
    out = out[["iso3", "country", "year", *numbers, *used, "source", "edition", "verified"]]
    return out.astype({"rank": "Int64", "n_sources": "Int64"}).round(6)


def wgi(folder: Path) -> pd.DataFrame:
    """One row per edition, indicator and year."""
    rows = pd.read_csv(folder / "wgi_kaz_1996_2023.csv")
    update = rows["edition"].str.extract(r"WGI (\d{4})")[0]
    out = pd.DataFrame({"iso3": rows["code"], "country": rows["countryname"], "indicator": rows["indicator"]})
    out["label"] = rows["indicator"].map(WGI_NAMES)
    out["year"] = rows["year"]
    out["estimate"], out["se"] = rows["estimate"].round(6), rows["std_error"].round(6)
    out["n_sources"] = rows["nsource"]
    for name, short in (("percentile", ""), ("percentile_low", "lower"), ("percentile_high", "upper")):
        out[name] = rows[f"pctrank{short}"].round(4)
    out["source"] = "World Bank, Worldwide Governance Indicators, " + rows["edition"].str.removeprefix("WGI ")
    out["edition"] = "WGI " + update
    out["verified"] = rows["verified"].map(VERIFIED)
    return out.sort_values(["edition", "indicator", "year"], ascending=[False, True, True], ignore_index=True)


def wjp(folder: Path) -> pd.DataFrame:
    """One row per edition and factor; a rank stands beside the overall score when a page names it."""
    rows = pd.read_csv(folder / "wjp_kaz_2012_2025.csv")
    out = rows.melt(["edition", "verified", "source", "global_rank", "rank_source"], list(WJP_NAMES), "factor", "score")
    ranked = out["factor"].eq("overall") & out["rank_source"].notna() & out["rank_source"].ne("memory")
    out[["rank", "n_countries"]] = out["global_rank"].where(ranked).str.split("/", expand=True)
    out.loc[ranked, "source"] += "; rank: " + out["rank_source"]
    out["label"] = out["factor"].map(WJP_NAMES)
    out["factor"] = out["factor"].str.extract(r"^(overall|f\d)")[0]
    out["year"] = out["edition"].str[-4:].astype(int)
    out["edition"] = "WJP " + out["edition"]
    out["verified"] = out["verified"].map(VERIFIED)
    out["iso3"], out["country"] = "KAZ", "Kazakhstan"
    columns = ["iso3", "country", "factor", "label", "year", "score", "rank", "n_countries"]
    return out[[*columns, "source", "edition", "verified"]]


def egdi(folder: Path) -> pd.DataFrame:
    """Ranks that a page reports, of 193 members (so from 2014); the index values are known from memory only."""
    rows = pd.read_csv(folder / "egdi_kaz.csv", dtype=str).fillna("")
    out = []
    for row in rows.to_dict("records"):
        state = VERIFIED.get(row["verified"].removeprefix("rank: ").partition(";")[0])
        if state is None or int(row["year"]) < 2014:
            continue
        fixed = {"iso3": "KAZ", "country": "Kazakhstan", "year": row["year"], "n_countries": 193}
        fixed |= {"source": row["source"].partition(" (rank")[0], "edition": f"UN E-Government Survey {row['year']}"}
        fixed["verified"] = state
        out.append(fixed | {"measure": "egdi", "label": "E-Government Development Index", "rank": row["rank_of_193"]})
        online = re.search(r"OSI ([\d.]+), OSI rank (\d+)", row["source"])
        if online:
            part = {"measure": "osi", "label": "Online Service Index", "value": online[1], "rank": online[2]}
            out.append(fixed | part)
    columns = ["iso3", "country", "measure", "label", "year", "value", "rank", "n_countries"]
    return pd.DataFrame(out)[[*columns, "source", "edition", "verified"]]


def others(folder: Path) -> pd.DataFrame:
    """Earlier national surveys and the national target for the CPI."""
    rows = pd.read_csv(folder / "other_ratings_kaz.csv", dtype=str).fillna("")
    out = []
    for series, start, number, name, measure, label, year, unit, note in OTHERS:
        chosen = rows[rows["source_series"].str.startswith(series) & rows["measure"].str.startswith(start)]
        row: Mapping[str, str] = chosen.to_dict("records")[0]
        value = re.findall(r"(?<![\d.])\d+\.?\d*(?![\d.])", row["value"])[number]
        figures = {"series": name, "measure": measure, "label": label, "year": year, "value": value, "unit": unit}
        edition = f"{name} {series[-4:]}" if name == MONITOR else name
        out.append(
            figures | {"note": note, "source": row["where"], "edition": edition, "verified": VERIFIED[row["verified"]]}
        )
    return pd.DataFrame(out).assign(iso3="KAZ", country="Kazakhstan")


def csv(table: pd.DataFrame) -> str:
    """Give the text of a table: provenance last, Unix line ends."""
    first = [name for name in ("iso3", "country") if name in table]
    last = ["source", "edition", "verified", "licence_note", "data_status"]
    middle = [name for name in table if name not in {*first, *last}]
    return table[[*first, *middle, *last]].to_csv(index=False, lineterminator="\n")


def main() -> None:
    """Write the tables."""
    here = Path(__file__).resolve().parents[1]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--to", type=Path, default=here / "survey_kit" / "ratings" / "tables")
    asked = parser.parse_args()
    for name, table in tables(asked.folder).items():
        write_text(asked.to / f"{name}.csv", csv(table))


if __name__ == "__main__":
    main()
