"""Corruption Perceptions Index: scores, source scores, both standard errors, changes, leave-one-source-out.

A score is the mean of at least three rescaled source scores (0-100), rounded; comparable only from 2012. Its standard
error is sd/sqrt(n) over the n sources. From CPI 2020 the published one is multiplied, without a word, by
sqrt((13 - n)/12), so published errors before and after 2020 do not compare. TI's own list of significant changes
follows the uncorrected form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from survey_kit.checks import choice
from survey_kit.errors import RatingsError, did_you_mean
from survey_kit.ratings.shipped import PROVENANCE, Countries, difference, differences, rows

if TYPE_CHECKING:
    import pandas as pd

Error = Literal["uncorrected", "corrected", "published"]
ERRORS: tuple[Error, ...] = ("uncorrected", "corrected", "published")
N_SOURCES = 13  # the sources that could enter, in TI's finite population correction
ID = ("iso3", "country", "year")
FIGURES = ("score", "rank", "n_countries", "n_sources", "se_published", "ci90_low", "ci90_high")


def cpi(country: Countries = "KAZ") -> pd.DataFrame:
    """Give the Corruption Perceptions Index by year, with rank, number of ranked countries and standard errors.

    Source: Transparency International, CPI 2025 workbook (edition "CPI 2025"), years 2012-2025; "WLD" is the plain mean
    of all countries, computed here. `se_uncorrected` = sd/sqrt(n) of the source scores; `se_corrected` = that times
    sqrt((13 - n)/12); `se_published`, `ci90_low`, `ci90_high` are TI's: uncorrected until 2019, corrected from 2020.

    Parameters
    ----------
    country
        ISO 3166 alpha-3 code or English name, several of them, or None for all carried.

    Examples
    --------
    >>> cpi("KAZ").loc[lambda t: t["year"] >= 2024, ["year", "score", "rank", "n_countries", "se_published"]]
        year  score  rank  n_countries  se_published
    12  2024   40.0    88          180      3.107230
    13  2025   38.0    96          182      3.533891
    """
    import numpy as np

    table = rows("cpi", country, "CPI")
    scores = table[_assessed(table)]
    n = scores.notna().sum(axis=1)
    out = table[[*ID, *FIGURES]].assign(mean_of_sources=scores.mean(axis=1))
    out["se_uncorrected"] = scores.std(axis=1) / np.sqrt(n)
    out["se_corrected"] = out["se_uncorrected"] * np.sqrt((N_SOURCES - n) / (N_SOURCES - 1))
    return out.join(table[list(PROVENANCE)])


def cpi_sources(country: Countries = "KAZ") -> pd.DataFrame:
    """Give the rescaled source scores behind the CPI, one row per year and source.

    Source: Transparency International, CPI 2025 workbook (edition "CPI 2025"); whole numbers in 2012-2020 and 2022. The
    column `cpi_source` names who assessed the country; `source` stays the origin of the figure.

    Examples
    --------
    >>> eiu = cpi_sources("KAZ").loc[lambda t: t["cpi_source"].str.startswith("Economist")]
    >>> eiu.loc[eiu["year"] >= 2023, ["year", "score"]].to_string(index=False).splitlines()
    [' year    score', ' 2023 19.79276', ' 2024 50.63015', ' 2025 18.37966']
    """
    table = rows("cpi", country, "CPI")
    long = table.melt([*ID, *PROVENANCE], _assessed(table), "cpi_source", "cpi_score").dropna(subset="cpi_score")
    long = long.rename(columns={"cpi_score": "score"}).sort_values(["iso3", "year", "cpi_source"], ignore_index=True)
    return long[[*ID, "cpi_source", "score", *PROVENANCE]]


def cpi_changes(country: Countries = "KAZ", year: int = 2025, *, se: Error = "uncorrected") -> pd.DataFrame:
    """Give the change of the CPI score from every earlier year to `year`, with z and a 90 % interval.

    Source: Transparency International, CPI 2025 workbook (edition "CPI 2025"). TI's rule: z beyond -/+ 1.64 is
    significant, with z = (new - old)/sqrt(SE_new^2 + SE_old^2). TI's own list of significant changes follows the
    uncorrected SE = sd/sqrt(n), the default here; "published" mixes two forms, see `cpi`.

    Examples
    --------
    >>> changes = cpi_changes("KAZ", 2025)
    >>> changes.loc[changes["significant"], ["since", "change", "z"]].round(2)
       since  change     z
    1   2013    12.0  1.72
    """
    table = differences(cpi(country), year, keys=ID[:2], value="score", se=_column(se), rating="CPI")
    return table.assign(se_form=se)


def cpi_change(country: Countries, year: int, since: int, se: Error = "uncorrected") -> pd.DataFrame:
    """Give the change of the CPI score from `since` to `year`: one row per country, as in `cpi_changes`.

    Source: Transparency International, CPI 2025 workbook (edition "CPI 2025"); z = (new - old)/sqrt(SE_new^2 + SE_old^2)
    with the uncorrected SE = sd/sqrt(n) is significant beyond -/+ 1.64.

    Examples
    --------
    >>> cpi_change("KAZ", 2025, since=2024)[["change", "se", "z", "ci90_low", "ci90_high", "significant"]].round(2)
       change    se     z  ci90_low  ci90_high  significant
    0    -2.0  8.15 -0.25    -15.37      11.37        False
    """
    table = difference(cpi(country), year, since, keys=ID[:2], value="score", se=_column(se), rating="CPI")
    return table.assign(se_form=se)


def significant_changes(panel: pd.DataFrame, year: int, *, se: Error = "uncorrected") -> pd.DataFrame:
    """Give every significant change up to `year` in a panel of countries, by TI's own rule.

    Source and edition are the panel's. Rule: z = (new - old)/sqrt(SE_new^2 + SE_old^2) beyond -/+ 1.64. On the whole
    panel of CPI 2025 with the uncorrected SE = sd/sqrt(n) it finds all 81 countries that TI lists, each with TI's
    reference year among its rows, and 6 countries more.

    Parameters
    ----------
    panel
        One row per `iso3` and `year` with `score` and `se_uncorrected` (or the form named by `se`), as `cpi` gives it.
    year
        The later year.
    se
        "uncorrected", "corrected" or "published".

    Returns
    -------
    DataFrame
        One row per country and earlier year; `largest` marks the one that a list with one row per country would print:
        the largest change, the latest year when several tie.

    Examples
    --------
    >>> found = significant_changes(cpi(None), 2025)
    >>> found.loc[found["largest"], ["iso3", "since", "change"]].to_string(index=False).splitlines()[1:]
    [' EST   2012    12.0', ' KAZ   2013    12.0', ' RUS   2020    -8.0', ' UZB   2013    14.0']
    """
    column = _column(se)
    missing = [name for name in ("iso3", "year", "score", column) if name not in panel]
    if missing:
        raise RatingsError(f"The panel has no column '{missing[0]}'.", fix=did_you_mean(missing[0], panel.columns))
    out = differences(panel, year, keys=ID[:1], value="score", se=column, rating="CPI")
    out = out[out["significant"].fillna(value=False)].sort_values(["iso3", "since"], ignore_index=True)
    order = out.assign(size=out["change"].abs()).sort_values(["size", "since"])
    out["largest"] = ~order["iso3"].duplicated(keep="last").sort_index()
    return out


def cpi_leave_one_out(country: Countries = "KAZ") -> pd.DataFrame:
    """Give, for every year and source, the mean of the other sources and its change to the year before.

    Source: Transparency International, CPI 2025 workbook (edition "CPI 2025"); means are not rounded. `change` and
    `change_without` compare with the year before the mean of all sources, and of all but the one left out (in both
    years); `reverses` says that leaving this one out turns a rise into a fall or a fall into a rise.

    Examples
    --------
    >>> table = cpi_leave_one_out("KAZ")
    >>> eiu = table[table["cpi_source"].str.startswith("Economist") & (table["year"] >= 2024)]
    >>> eiu[["year", "change", "change_without", "reverses"]].round(1).to_string(index=False).splitlines()[1:]
    [' 2024     1.7            -1.9      True', ' 2025    -2.6             1.1      True']
    """
    out = cpi_sources(country)
    scores = out.groupby(["iso3", "year"])["score"]
    total, n = scores.transform("sum"), scores.transform("count")
    out["mean"], out["mean_without"] = total / n, (total - out["score"]) / (n - 1)
    before = out.assign(year=out["year"] + 1)[["iso3", "year", "cpi_source", "mean", "mean_without"]]
    means = before.drop_duplicates(["iso3", "year"])[["iso3", "year", "mean"]]
    out = out.merge(means, "left", ["iso3", "year"], suffixes=("", "_before"))
    out = out.merge(before.drop(columns="mean"), "left", ["iso3", "year", "cpi_source"], suffixes=("", "_before"))
    out["change"] = out["mean"] - out["mean_before"]
    # a source that is new this year was already left out of the mean of the year before
    out["change_without"] = out["mean_without"] - out["mean_without_before"].fillna(out["mean_before"])
    out["reverses"] = (out["change"] * out["change_without"] < 0).astype("boolean").mask(out["change"].isna())
    columns = ["cpi_source", "score", "mean", "mean_without", "change", "change_without", "reverses"]
    return out[[*ID, *columns, *PROVENANCE]]


def _column(se: Error) -> str:
    return f"se_{choice(se, 'standard error of the CPI', ERRORS, RatingsError)}"


def _assessed(table: pd.DataFrame) -> list[str]:
    """Name the columns that hold the scores of the sources."""
    fixed = {*ID, *FIGURES, *PROVENANCE}
    return [str(name) for name in table if name not in fixed]
