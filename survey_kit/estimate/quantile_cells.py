"""Weighted distributions of many cells at once: distinct values in order, what they weigh, and where a share is reached.

Ties are aggregated before anything else, so that the order of the rows cannot matter. Values and rows are brought together
once; other weights of the same rows (replicates) need one more sum and no further sorting.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from survey_kit.types import BoolArray, FloatArray, IntArray

SMALL_RANGE = 1 << 16  # whole numbers: a table of cells x values is worth it up to this size, or four times the rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """The distinct values of every cell.

    Attributes
    ----------
    group : (m,)
        For each row, the number of its value among those of all cells.
    value : (U,)
        Distinct values, cell by cell, increasing within a cell.
    start : (cells + 1,)
        The first value of each cell, and U.
    """

    group: IntArray
    value: FloatArray
    start: IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """The weighted distribution function of every cell.

    Attributes
    ----------
    value : (U,)
        Distinct values with a positive weight, cell by cell, increasing within a cell.
    weight, cum : (U,)
        What each weighs, and the cumulative weight within its cell.
    count : (U,)
        Rows behind each value.
    start : (cells + 1,)
        The first value of each cell, and U.
    total, rows : (cells,)
        Weight and rows of each cell.
    decreasing : bool
        Whether negative weights made a distribution function decrease somewhere, which its running maximum replaces.
    """

    value: FloatArray
    weight: FloatArray
    cum: FloatArray
    count: FloatArray
    start: IntArray
    total: FloatArray
    rows: FloatArray
    decreasing: bool

    @property
    def sizes(self) -> IntArray:
        """Count the distinct values of each cell (cells,)."""
        return np.diff(self.start)

    def tolerance(self, cell: IntArray) -> FloatArray:
        """Give the rounding error (k,) of a cumulative share: shares closer than this to each other are equal."""
        return np.asarray(np.finfo(np.float64).eps * (self.rows[cell] + 16.0))

    def below(self, k: IntArray, cell: IntArray) -> FloatArray:
        """Give the cumulative share (k,) of everything below value number `k`."""
        first = k <= self.start[cell]
        return np.where(first, 0.0, self.cum[np.maximum(k - 1, 0)]) / self.total[cell]

    def first(self, cell: IntArray, reached: Callable[[IntArray], BoolArray]) -> IntArray:
        """Find for each cell (k,) the first value with ``reached``, a condition that holds from some value on; else the last.

        Parameters
        ----------
        cell : (k,)
            Cells, none of them empty.
        reached
            Takes value numbers (k,), gives booleans (k,).
        """
        low, high = self.start[cell], self.start[cell + 1] - 1
        while (low < high).any():
            middle = (low + high) // 2
            yes = reached(middle)
            low, high = np.where(yes, low, np.minimum(middle + 1, high)), np.where(yes, middle, high)
        return low

    def at_share(self, cell: IntArray, p: FloatArray) -> IntArray:
        """Find the first value (k,) whose cumulative share is at least p."""
        tolerance = self.tolerance(cell)
        target = np.maximum(p - tolerance, tolerance) * self.total[cell]
        return self.first(cell, lambda k: self.cum[k] >= target)

    def past_share(self, cell: IntArray, p: FloatArray) -> IntArray:
        """Find the first value (k,) whose cumulative share is above p, or the last value."""
        target = (p + self.tolerance(cell)) * self.total[cell]
        return self.first(cell, lambda k: self.cum[k] > target)

    def share_of_ties(self, cell: IntArray, x: FloatArray) -> FloatArray:
        """Give the share (k,) of the cell that stands exactly at x, 0 unless several rows do."""
        k = self.first(cell, lambda k: self.value[k] >= x)
        return np.where((self.value[k] == x) & (self.count[k] > 1), self.weight[k] / self.total[cell], 0.0)


def gather(y: FloatArray, code: IntArray, size: int) -> Values:
    """Bring equal values of each cell together.

    Parameters
    ----------
    y : (m,)
        Values.
    code : (m,)
        Cell of each row, below `size`.
    size
        How many cells.

    Examples
    --------
    >>> found = gather(np.array([5.0, 2.0, 5.0, 7.0]), np.array([0, 0, 0, 1]), 3)
    >>> found.value, found.start, found.group
    (array([2., 5., 7.]), array([0, 2, 3, 3]), array([1, 0, 1, 2]))
    """
    if not len(y):
        return Values(group=np.zeros(0, np.int64), value=np.zeros(0), start=np.zeros(size + 1, np.int64))
    low, high = float(y.min()), float(y.max())
    span = high - low + 1
    if size * span <= max(SMALL_RANGE, 4 * len(y)) and bool((y == np.rint(y)).all()):
        return _counted(y, code, size, low, int(span))
    return _sorted(y, code, size)


def _counted(y: FloatArray, code: IntArray, size: int, low: float, span: int) -> Values:
    """Whole numbers in a small range: a table of cells x values instead of a sort."""
    place = code * span + (y - low).astype(np.int64)
    present = np.bincount(place, minlength=size * span) > 0
    number = np.cumsum(present) - 1
    start = np.concatenate(([0], number[span - 1 :: span] + 1)).astype(np.int64)
    return Values(group=number[place], value=low + (np.flatnonzero(present) % span).astype(np.float64), start=start)


def _sorted(y: FloatArray, code: IntArray, size: int) -> Values:
    counts = np.bincount(code, minlength=size) if size > 1 else np.array([len(y)])
    ends = np.concatenate(([0], np.cumsum(counts)))
    if size == 1:
        order = np.argsort(y)
    else:
        narrow = code.astype(np.int16) if size < 2**15 else code  # numpy sorts short integers by their digits
        order = np.argsort(narrow, kind="stable")
        for a, b in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True):
            if b - a > 1:
                part = order[a:b]
                order[a:b] = part[np.argsort(y[part])]
    ordered = y[order]
    new = np.empty(len(y), dtype=bool)
    new[0] = True
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    new[ends[:-1][counts > 0]] = True
    group = np.empty(len(y), dtype=np.int64)
    if new.all():
        group[order] = np.arange(len(y))
        return Values(group=group, value=ordered, start=ends.astype(np.int64))
    number = np.cumsum(new) - 1
    group[order] = number
    start = np.where(ends < len(y), number[np.minimum(ends, len(y) - 1)], number[-1] + 1)
    return Values(group=group, value=ordered[new], start=start.astype(np.int64))


def weigh(values: Values, w: FloatArray) -> Distribution:
    r"""Give the distribution functions under weights (m,).

    Rows without weight count as absent. Calibrated weights can be negative, so that the cumulative weight
    :math:`C_k = \sum_{j \le k} W_j` decreases somewhere; then ``min(max(C_1, ..., C_k, 0), C)`` stands for it, the smallest
    distribution function above, and :math:`\inf\{x: F(x) \ge p\}` stays what it was. A cell whose weights sum to nothing
    or less has no distribution and is empty.

    Examples
    --------
    >>> found = weigh(gather(np.array([5.0, 2.0, 5.0]), np.zeros(3, int), 1), np.array([1.0, 2.0, 3.0]))
    >>> found.value, found.weight, found.cum, found.count
    (array([2., 5.]), array([2., 4.]), array([2., 6.]), array([1., 2.]))
    """
    size, U = len(values.start) - 1, len(values.value)
    weight: FloatArray = np.bincount(values.group, weights=w, minlength=U).astype(np.float64, copy=False)
    count = _counts(values.group, w, U)
    cum, total, decreasing = np.empty(U), np.zeros(size), False
    lowest = float(weight.min(initial=1.0))
    for c, (a, b) in enumerate(zip(values.start[:-1].tolist(), values.start[1:].tolist(), strict=True)):
        if a == b:
            continue
        np.cumsum(weight[a:b], out=cum[a:b])
        total[c] = cum[b - 1]
        if lowest < 0 and (weight[a:b] < 0).any():
            risen = np.minimum(np.maximum.accumulate(np.maximum(cum[a:b], 0.0)), max(total[c], 0.0))
            decreasing = decreasing or bool(total[c] > 0)
            weight[a:b], cum[a:b] = np.diff(risen, prepend=0.0), risen
    reached = np.concatenate(([0.0], np.cumsum(count)))
    rows = reached[values.start[1:]] - reached[values.start[:-1]]
    value, start = values.value, values.start
    if lowest <= 0:
        cell = np.repeat(np.arange(size), np.diff(values.start))
        keep = (weight > 0) & (total[cell] > 0)
        value, weight, cum, count, cell = value[keep], weight[keep], cum[keep], count[keep], cell[keep]
        start = np.concatenate(([0], np.cumsum(np.bincount(cell, minlength=size)))).astype(np.int64)
    return Distribution(
        value=value, weight=weight, cum=cum, count=count, start=start, total=total, rows=rows, decreasing=decreasing
    )


def _counts(group: IntArray, w: FloatArray, size: int) -> FloatArray:
    """Count the rows with a weight behind each value."""
    idle = bool((w == 0).any())
    if size == len(group) and not idle:
        return np.ones(size)
    return np.bincount(group, weights=(w != 0) if idle else None, minlength=size).astype(np.float64)
