"""Worldwide Governance Indicators, each value with its edition; years compare only within one edition.

An estimate comes from an unobserved-components model standardised across countries each year (mean 0, sd 1), so it is a
place among countries and not an absolute level, and every edition computes the whole history anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from survey_kit.checks import choice
from survey_kit.errors import RatingsError
from survey_kit.ratings.shipped import Countries, difference, rows

if TYPE_CHECKING:
    import pandas as pd


def wgi(country: Countries = "KAZ", indicator: str | None = None, edition: str | None = None) -> pd.DataFrame:
    """Give the Worldwide Governance Indicators of one edition.

    Source: World Bank, Worldwide Governance Indicators, editions "WGI 2024" (1996-2023) and "WGI 2023" (1996-2022).
    `se` is the model's standard error; `percentile` is a rank among countries with its 90 % bounds.

    Parameters
    ----------
    country
        ISO 3166 alpha-3 code or English name.
    indicator
        cc, ge, pv, rl, rq or va; None for all six.
    edition
        None is the newest; "all" gives every edition, one below the other, not to be differenced.

    Examples
    --------
    >>> wgi("KAZ", "cc").tail(2)[["year", "estimate", "se", "percentile", "edition"]]
        year  estimate        se  percentile   edition
    23  2022 -0.185686  0.151233     48.5849  WGI 2024
    24  2023 -0.266593  0.154468     47.1698  WGI 2024
    """
    table = rows("wgi", country, "WGI")
    editions = sorted(table["edition"].unique())
    if edition != "all":
        table = table[table["edition"] == choice(edition or editions[-1], "WGI edition", editions, RatingsError)]
    if indicator is not None:
        known = sorted(table["indicator"].unique())
        table = table[table["indicator"] == choice(indicator, "WGI indicator", known, RatingsError)]
    return table.reset_index(drop=True)


def wgi_change(
    country: Countries,
    indicator: str,
    year: int,
    since: int,
    *,
    edition: str | None = None,
    since_edition: str | None = None,
) -> pd.DataFrame:
    """Give the change of a WGI estimate from `since` to `year`, both of one edition; two editions are refused.

    Source: World Bank, Worldwide Governance Indicators; the edition stands in the row. z = (new - old)/sqrt(se_new^2 +
    se_old^2) is significant beyond -/+ 1.64 (90 %). It is a change of place among countries: a flat line may hide a
    real improvement that others made too.

    Examples
    --------
    >>> wgi_change("KAZ", "cc", 2023, since=2017)[["estimate", "estimate_since", "change", "z", "edition"]].round(2)
       estimate  estimate_since  change     z   edition
    0     -0.27           -0.84    0.57  2.92  WGI 2024
    """
    table = wgi(country, indicator, edition)
    used = table["edition"].iloc[0]
    other = used if since_edition is None else wgi(country, indicator, since_edition)["edition"].iloc[0]
    if edition == "all" or since_edition == "all" or other != used:
        raise RatingsError(
            "Years of two WGI editions cannot be compared: each edition computes the whole history anew.",
            found=f"edition={edition!r}, since_edition={since_edition!r}",
            fix="Take both years from one edition.",
        )
    keys = ["iso3", "country", "indicator", "label"]
    return difference(table, year, since, keys=keys, value="estimate", se="se", rating=f"{used} '{indicator}'")
