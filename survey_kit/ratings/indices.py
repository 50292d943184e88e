"""WJP Rule of Law Index, UN E-Government Development Index, earlier national surveys; and all ratings in one frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from survey_kit.ratings.governance import wgi
from survey_kit.ratings.perceptions import cpi
from survey_kit.ratings.shipped import PROVENANCE, Z90, Countries, covers, rows

if TYPE_CHECKING:
    import pandas as pd

SUMMARY = (
    *("iso3", "country", "rating", "measure", "label", "unit", "year"),
    *("value", "se", "ci_low", "ci_high", "rank", "n_countries"),
    *("edition", "source", "verified", "licence_note", "data_status", "note"),
)


def wjp(country: Countries = "KAZ") -> pd.DataFrame:
    """Give the WJP Rule of Law Index (0-1): overall and its eight factors, by edition.

    Source: World Justice Project, Rule of Law Index, editions 2012-2013 to 2025; `year` is the last year of the edition.
    No standard errors are published. The overall rank stands only where a page names it together with the number of
    countries. Free with citation, for non-commercial use only: `licence_note` says so on every row.

    Examples
    --------
    >>> table = wjp("KAZ")
    >>> table.loc[table["factor"].eq("overall") & table["year"].ge(2024), ["edition", "score", "rank", "n_countries"]]
         edition  score  rank  n_countries
    10  WJP 2024  0.536  <NA>         <NA>
    11  WJP 2025  0.536    66          143
    """
    return rows("wjp", country, "WJP")


def egdi(country: Countries = "KAZ") -> pd.DataFrame:
    """Give the ranks in the UN E-Government Development Index among the 193 member states, every second year from 2014.

    Source: UN DESA, E-Government Survey (the edition of each row), as reported by the pages named. Index values could
    not be verified and are not carried: `value` is null but for the Online Service Index of 2024. The index measures
    what is offered online, not the quality people experience.

    Examples
    --------
    >>> egdi("KAZ").loc[lambda t: t["measure"] == "egdi", ["year", "rank", "n_countries"]].tail(2)
       year  rank  n_countries
    4  2022    28          193
    5  2024    24          193
    """
    return rows("egdi", country, "EGDI")


def others(country: Countries = "KAZ") -> pd.DataFrame:
    """Give published figures of earlier national surveys, and the national target for the CPI.

    Source: Transparency Kazakhstan with UNDP, monitoring the state of corruption (2019, 2020); National Development Plan
    to 2025; as reported by the pages named in each row. `note` says whom a figure speaks of.

    Examples
    --------
    >>> others("KAZ")[["series", "year", "value", "unit"]].tail(1).to_string(index=False, header=False)
    'National Development Plan to 2025 2025 45.0 points'
    """
    return rows("others", country, "other")


def summary(country: str = "KAZ") -> pd.DataFrame:
    """Give all ratings of a country in one long frame, one row per rating, measure and year: what charts read.

    Sources and editions stand in every row; the WGI are of the newest edition. `ci_low` and `ci_high` are 90 % limits:
    for the CPI score -/+ 1.64 se with the uncorrected se = sd/sqrt(n) in every year, so that the band does not narrow
    in 2020 only because TI changed its formula (`cpi` has the published limits); for the WGI estimate -/+ 1.64 se, and
    for percentiles the published bounds. WJP and EGDI publish none.

    Examples
    --------
    >>> table = summary("KAZ")
    >>> table.loc[table["rating"].eq("CPI") & table["year"].eq(2025), ["value", "ci_low", "ci_high", "rank"]].round(1)
        value  ci_low  ci_high  rank
    13   38.0    28.0     48.0    96
    """
    import pandas as pd

    makers = {"wgi": _wgi, "wjp": _wjp, "egdi": _egdi, "others": _others}
    parts = _cpi(country) + [part for table, make in makers.items() if covers(table, country) for part in make(country)]
    tidy = pd.concat([part.dropna(axis=1, how="all") for part in parts], ignore_index=True)
    return tidy.reindex(columns=list(SUMMARY)).astype({"rank": "Int64", "n_countries": "Int64"})


def _cpi(country: str) -> list[pd.DataFrame]:
    table = cpi(country).rename(columns={"score": "value", "se_uncorrected": "se"})
    named = table.assign(rating="CPI", measure="score", label="Corruption Perceptions Index", unit="points")
    columns = ["iso3", "country", "rating", "measure", "label", "unit", "year", "value", "se", "rank", "n_countries"]
    return [_banded(named[[*columns, *PROVENANCE]])]


def _wgi(country: str) -> list[pd.DataFrame]:
    table = wgi(country).assign(rating="WGI", note="a place among countries, not an absolute level")
    estimate = table.rename(columns={"estimate": "value", "indicator": "measure"}).assign(unit="standard units")
    limits = {"percentile": "value", "percentile_low": "ci_low", "percentile_high": "ci_high"}
    percentile = table.drop(columns="se").rename(columns=limits).assign(unit="percentile among countries")
    percentile["measure"] = percentile.pop("indicator") + "_percentile"
    return [_banded(estimate), percentile]


def _wjp(country: str) -> list[pd.DataFrame]:
    renamed = wjp(country).rename(columns={"factor": "measure", "score": "value"})
    return [renamed.assign(rating="WJP", unit="index, 0 to 1")]


def _egdi(country: str) -> list[pd.DataFrame]:
    return [egdi(country).assign(rating="EGDI", unit="index, 0 to 1")]


def _others(country: str) -> list[pd.DataFrame]:
    return [others(country).rename(columns={"series": "rating"})]


def _banded(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(ci_low=table["value"] - Z90 * table["se"], ci_high=table["value"] + Z90 * table["se"])
