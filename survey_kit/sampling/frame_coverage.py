"""How much of what official figures count is in the frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit import checks, frames
from survey_kit.errors import DesignError
from survey_kit.types import FloatArray, Frame

if TYPE_CHECKING:
    import pandas as pd


def coverage(
    frame: Frame,
    totals: Frame,
    *,
    by: str | Sequence[str] | None = None,
    size: str | None = None,
    total: str = "total",
) -> pd.DataFrame:
    """Hold the sums of a frame against official figures, for each domain.

    A ratio below one means that people live where the frame has no unit, or that sizes are old; above one that units stand twice or
    that places have shrunk. The ratio says how much lacks, not who.

    Parameters
    ----------
    frame
        One row for each unit.
    totals
        Official figures: columns `by` and `total`, one row for each domain, in any library.
    by
        Columns that name the domain in both frames; one figure for the whole country when left out.
    size
        Column of sizes, on the scale of the figures; missing and negative ones count as nothing. Units are counted when left out.
    total
        Column of `totals` with the figure.

    Returns
    -------
    pandas.DataFrame
        ``[by ...] domain units frame official ratio``: domains of either frame; no number where one of them is silent.

    Examples
    --------
    >>> import pandas as pd
    >>> areas = pd.DataFrame({"region": ["N", "N", "S"], "people": [600, 350, 500]})
    >>> official = pd.DataFrame({"region": ["N", "S", "W"], "total": [1000, 500, 80]})
    >>> coverage(areas, official, by="region", size="people")[["region", "frame", "ratio"]].values.tolist()
    [['N', 950.0, 0.95], ['S', 500.0, 1.0], ['W', 0.0, 0.0]]
    """
    import pandas as pd

    names = checks.names(by, "by")
    counted = _summed(frame, names, size, "size")
    figures = _official(totals, names, total)
    keys = [*figures, *(key for key in counted if key not in figures)]
    rows = []
    for key in keys:
        units, sums = counted.get(key, (0, 0.0))
        official = figures.get(key, np.nan)
        ratio = sums / official if official else np.nan
        label = ", ".join(f"{name} {part}" for name, part in zip(names, key, strict=True)) or "the whole"
        rows.append((*key, label, units, sums, official, ratio))
    return pd.DataFrame(rows, columns=[*names, "domain", "units", "frame", "official", "ratio"])


def _summed(
    frame: Frame, names: tuple[str, ...], size: str | None, role: str
) -> dict[tuple[str, ...], tuple[int, float]]:
    grouped = frames.group(frame, names, "by")
    good = grouped.codes >= 0
    codes, D = grouped.codes[good], len(grouped.levels)
    x: FloatArray = np.ones(len(codes))
    if size is not None:
        column = frames.numbers(frame, size, role)
        x = np.where(column.missing | (column.values < 0), 0.0, column.values)[good]
    units, sums = np.bincount(codes, minlength=D), np.bincount(codes, weights=x, minlength=D)
    return {_key(level): (int(units[d]), float(sums[d])) for d, level in enumerate(grouped.levels) if units[d]}


def _official(totals: Frame, names: tuple[str, ...], total: str) -> dict[tuple[str, ...], float]:
    grouped = frames.group(totals, names, "by")
    column = frames.numbers(totals, total, "total")
    out: dict[tuple[str, ...], float] = {}
    for row, code in enumerate(grouped.codes.tolist()):
        where = f"totals, row {row + 1}"
        if code < 0 or column.missing[row] or not column.values[row] > 0:
            found = "no domain" if code < 0 else "no figure" if column.missing[row] else f"{column.values[row]:g}"
            fix = "Give every domain a figure above zero."
            raise DesignError("An official figure is not usable.", where=where, found=found, fix=fix)
        key = _key(grouped.levels[code])
        if key in out:
            said = ", ".join(key) or "the whole"
            raise DesignError(
                "An official figure stands twice.", where=where, found=said, fix="Keep one of each domain."
            )
        out[key] = float(column.values[row])
    return out


def _key(level: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(map(str, level))
