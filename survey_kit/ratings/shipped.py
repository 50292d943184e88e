"""Read the reference tables that lie in the package, and difference two years of one of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, TypeAlias

from survey_kit.errors import RatingsError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

Countries: TypeAlias = str | Sequence[str] | None

PROVENANCE = ("source", "edition", "verified", "licence_note", "data_status")
Z90 = 1.64  # the value Transparency International and the World Bank print for 90 %, not 1.645
WHOLE = ("rank", "n_countries", "n_sources")


def rows(table: str, country: Countries, rating: str) -> pd.DataFrame:
    """Give the rows of one country, several or (None) all, as a frame of the caller's own."""
    frame, codes = _read(table)
    if country is None:
        return frame.copy()
    asked = [country] if isinstance(country, str) or not isinstance(country, Sequence) else list(country)
    for name in asked:
        if str(name).casefold() not in codes:
            known = [*frame["iso3"].unique(), *frame["country"].unique()]
            raise RatingsError(f"No {rating} figures are carried for '{name}'.", fix=did_you_mean(str(name), known))
    return frame[frame["iso3"].isin([codes[str(name).casefold()] for name in asked])].reset_index(drop=True)


def covers(table: str, country: str) -> bool:
    """Say whether a table holds figures of a country."""
    return country.casefold() in _read(table)[1]


def differences(
    frame: pd.DataFrame, year: int, *, keys: Sequence[str], value: str, se: str, rating: str
) -> pd.DataFrame:
    """Give every change from an earlier year to `year`, later minus earlier, with its 90 % interval.

    z = (new - old)/sqrt(se_new^2 + se_old^2); a change is significant when z lies beyond -/+ 1.64, that is, when the
    interval change -/+ 1.64 sqrt(se_new^2 + se_old^2) leaves out 0. The errors of two years are taken as independent.
    """
    import numpy as np

    _known_year(frame, year, rating)
    earlier = frame.loc[frame["year"] < year, [*keys, "year", value, se]]
    both = frame[frame["year"] == year].merge(earlier, on=list(keys), suffixes=("", "_since"))
    out = both[[*keys, "year"]].assign(since=both["year_since"])
    out[value], out[f"{value}_since"] = both[value], both[f"{value}_since"]
    out["change"] = both[value] - both[f"{value}_since"]
    out["se"] = np.hypot(both[se], both[f"{se}_since"])
    out["z"] = out["change"] / out["se"]
    out["ci90_low"], out["ci90_high"] = out["change"] - Z90 * out["se"], out["change"] + Z90 * out["se"]
    out["significant"] = out["z"].abs().gt(Z90).astype("boolean").mask(out["z"].isna())
    return out.join(both[[name for name in PROVENANCE if name in both]])


def difference(
    frame: pd.DataFrame, year: int, since: int, *, keys: Sequence[str], value: str, se: str, rating: str
) -> pd.DataFrame:
    """Give the change from one year to one later year, as `differences`."""
    if since >= year:
        fix = f"Name a year before {year}."
        raise RatingsError("A change runs from an earlier year to a later one.", found=f"since={since}", fix=fix)
    _known_year(frame, since, rating)
    out = differences(frame, year, keys=keys, value=value, se=se, rating=rating)
    return out[out["since"] == since].reset_index(drop=True)


def _known_year(frame: pd.DataFrame, year: int, rating: str) -> None:
    years = sorted(set(frame["year"]))
    if year not in years:
        known = ", ".join(str(one) for one in years)
        raise RatingsError(f"There is no {rating} figure of {year} here.", fix=f"Name one of the years {known}.")


@cache
def _read(table: str) -> tuple[pd.DataFrame, dict[str, str]]:
    """Read a table once, and the code of each country by code and by English name."""
    import pandas as pd

    with (files("survey_kit.ratings") / "tables" / f"{table}.csv").open(encoding="utf-8") as stream:
        frame = pd.read_csv(stream)
    frame = frame.astype(dict.fromkeys((name for name in WHOLE if name in frame), "Int64"))
    codes = {
        str(frame[column][i]).casefold(): str(frame["iso3"][i]) for column in ("iso3", "country") for i in frame.index
    }
    return frame, codes
