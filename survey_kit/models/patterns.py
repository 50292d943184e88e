"""Distinct combinations of covariates and outcome: a fit on them is the fit on the rows, with weights added up."""

from __future__ import annotations

import numpy as np

from survey_kit.models.columns import Source
from survey_kit.models.formula import Parsed
from survey_kit.types import FloatArray, IntArray

LOOKED_AT = 2048  # rows spread over the data that tell whether combinations repeat
LARGEST_TABLE = 2**22


def patterns(
    source: Source, parsed: Parsed, rows: IntArray, y: FloatArray, offset: FloatArray | None
) -> tuple[IntArray, IntArray] | None:
    """Give one row (q,) of each combination, as places in `rows`, and the combination of every row (m,).

    None where a factor of the formula is computed from a whole column, or where combinations hardly repeat.
    """
    if parsed.plain is None:
        return None
    m = len(rows)
    some = np.arange(m) if m <= LOOKED_AT else np.linspace(0, m - 1, LOOKED_AT).astype(np.int64)
    numbers = [y] if offset is None else [y, offset]
    looked = [np.unique(values[some], return_inverse=True)[1] for values in numbers]
    for name in parsed.plain:
        if source.numeric(name):
            looked.append(np.unique(source.numbers(name).values[rows[some]], return_inverse=True)[1])
        else:
            looked.append(source.groups(name).codes[rows[some]])
    if _joint(looked)[0].size > len(some) // 2:
        return None
    codes = [coded(values) for values in numbers]
    codes += [source.groups(name).codes[rows] for name in parsed.plain]
    first, cell = _joint(codes)
    return (first, cell) if len(first) <= m // 2 else None


def coded(values: FloatArray) -> IntArray:
    """Give equal numbers equal codes; small whole numbers are their own."""
    whole = small_whole(values)
    return np.unique(values, return_inverse=True)[1].astype(np.int64) if whole is None else whole


def small_whole(values: FloatArray) -> IntArray | None:
    """Values as small whole numbers that are not negative, where they are that."""
    if not len(values) or values.min() < 0 or values.max() >= 1000:
        return None
    codes = values.astype(np.int64)
    return codes if (codes == values).all() else None


def _joint(codes: list[IntArray]) -> tuple[IntArray, IntArray]:
    """Give numbers to the occurring combinations of codes: one place of each and the number of every row."""
    out = codes[0].astype(np.int64)
    size = int(out.max(initial=0)) + 1
    for part in codes[1:]:
        levels = int(part.max(initial=0)) + 1
        if size * levels > LARGEST_TABLE:
            out = np.unique(out, return_inverse=True)[1].astype(np.int64)
            size = int(out.max(initial=0)) + 1
        out = out * levels + part
        size *= levels
    if size > LARGEST_TABLE:
        _, first, cell = np.unique(out, return_index=True, return_inverse=True)
        return first.astype(np.int64), cell.astype(np.int64)
    place = np.full(size, -1, dtype=np.int64)
    place[out[::-1]] = np.arange(len(out))[::-1]  # the first row of each stands
    present = np.flatnonzero(place >= 0)
    number = np.empty(size, dtype=np.int64)
    number[present] = np.arange(len(present))
    return place[present], number[out]
