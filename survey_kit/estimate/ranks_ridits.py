"""Weighted ridits: the estimated distribution function at the middle of each value, cell by cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from survey_kit.types import FloatArray, IntArray

ROOM = 4  # a table of cells x values is worth it up to this many times the rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """Rows brought together by cell and value; other weights of the same rows need no further sorting.

    Attributes
    ----------
    group : (m,)
        For each row, the number of its value among those of all cells, in order of cell and value.
    cell : (U,)
        The cell of each value.
    cells
        How many cells.
    """

    group: IntArray
    cell: IntArray
    cells: int

    def sums(self, w: FloatArray) -> FloatArray:
        """Sum over the rows of each value (U,)."""
        return np.bincount(self.group, weights=w, minlength=len(self.cell)).astype(np.float64)

    def below(self, sums: FloatArray) -> FloatArray:
        """Sum of what lies below each value within its cell, and half of what lies at it (U,)."""
        through = np.cumsum(sums)
        first = np.searchsorted(self.cell, np.arange(self.cells))
        before = np.concatenate(([0.0], through))[first]
        return np.asarray(through - sums / 2 - before[self.cell])

    def totals(self, sums: FloatArray) -> FloatArray:
        """Sum over the values of each cell (cells,)."""
        return np.bincount(self.cell, weights=sums, minlength=self.cells).astype(np.float64)

    def ridits(self, w: FloatArray) -> FloatArray:
        """Weighted share of the cell below each value plus half of that at it (U,); NaN in a cell without weight."""
        sums = self.sums(w)
        total = self.totals(sums)[self.cell]
        return np.asarray(np.divide(self.below(sums), total, out=np.full(len(sums), np.nan), where=total > 0))


def ordered(code: IntArray, cell: IntArray, cells: int) -> Ordered:
    """Bring rows with the same cell and value together.

    Parameters
    ----------
    code : (m,)
        Number of the value, in order.
    cell : (m,)
        The cell of each row.
    cells
        How many cells.

    Examples
    --------
    >>> values = ordered(np.array([0, 1, 1, 2]), np.zeros(4, dtype=np.int64), 1)
    >>> values.ridits(np.array([1.0, 1.0, 2.0, 1.0])).round(2).tolist()
    [0.1, 0.5, 0.9]
    """
    levels = int(code.max(initial=-1)) + 1
    key = cell * max(levels, 1) + code
    size = cells * max(levels, 1)
    if size <= ROOM * max(len(code), 1):
        seen = np.bincount(key, minlength=size) > 0
        number = np.cumsum(seen) - 1
        return Ordered(group=number[key], cell=np.flatnonzero(seen) // max(levels, 1), cells=cells)
    present, group = np.unique(key, return_inverse=True)
    return Ordered(group=group.astype(np.int64), cell=present // max(levels, 1), cells=cells)
