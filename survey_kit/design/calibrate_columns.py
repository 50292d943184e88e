"""Calibration variables as codes: the columns of a margin are never written out one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from survey_kit.types import BoolArray, FloatArray, IntArray

LARGEST_TABLE = 4_000_000  # cells kept as a full table
CHUNK = 65_536  # rows at a time, at least


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Calibration variables of which each row has at most one: the levels of a margin, or a number by wave.

    Attributes
    ----------
    code : (n,)
        The column in which a row is not zero; -1 for none.
    value : (n,) or None
        What stands there; ones when None.
    names : (q,)
        What each column is called in a message.
    wave : (q,)
        The wave whose rows a column describes.

    Examples
    --------
    >>> sex = Columns(code=np.array([0, 0, 1, -1]), value=None, names=("f", "m"), wave=np.zeros(2, dtype=np.int64))
    >>> sex.sums(np.array([1.0, 2.0, 3.0, 4.0])).tolist(), sex.spread(np.array([0.5, 7.0])).tolist()
    ([3.0, 3.0], [0.5, 0.5, 7.0, 0.0])
    """

    code: IntArray
    value: FloatArray | None
    names: tuple[str, ...]
    wave: IntArray

    @property
    def size(self) -> int:
        """Count the columns."""
        return len(self.names)

    def weighted(self, weight: FloatArray) -> FloatArray:
        """Multiply weights (n,) by what stands in the column of each row."""
        return weight if self.value is None else weight * self.value

    def sums(self, weight: FloatArray) -> FloatArray:
        """Sum ``weight * x`` over the rows (q,)."""
        sums = np.bincount(self.code + 1, weights=self.weighted(weight), minlength=self.size + 1)
        return sums[1:].astype(np.float64, copy=False)

    def spread(self, coefficients: FloatArray) -> FloatArray:
        """Give the linear predictor ``x'coefficients`` of every row (n,)."""
        return self.weighted(np.concatenate(([0.0], coefficients))[self.code + 1])

    def matrix(self) -> Any:
        """Write the columns out as a scipy sparse array (n, q)."""
        from scipy import sparse

        rows = np.flatnonzero(self.code >= 0)
        values = np.ones(len(rows)) if self.value is None else self.value[rows]
        return sparse.csr_array((values, (rows, self.code[rows])), shape=(len(self.code), self.size))


def products(a: Sequence[Columns], b: Sequence[Columns], weights: Sequence[FloatArray]) -> Any:
    """Weighted cross-products (q_a, q_b) of two sets of blocks, the weights (n,) one per block of `b`.

    An array, or a scipy sparse array when it would be large.
    """
    same = a is b and all(w is weights[0] for w in weights)  # symmetric: half of it will do
    grid: list[list[Any]] = []
    for i, x in enumerate(a):
        grid.append(
            [
                grid[j][i].T
                if same and j < i
                else table(x.code, x.size, y.code, y.size, x.weighted(y.weighted(weights[j])))
                for j, y in enumerate(b)
            ]
        )
    return joined(grid)


def joined(blocks: Sequence[Sequence[Any]]) -> Any:
    """Join a grid of arrays; sparse when one of them is."""
    if all(isinstance(part, np.ndarray) for row in blocks for part in row):
        return np.concatenate([np.concatenate(row, axis=1) for row in blocks])
    from scipy import sparse

    return sparse.csr_array(sparse.block_array([[sparse.csr_array(part) for part in row] for row in blocks]))


def table(a: IntArray, size_a: int, b: IntArray, size_b: int, weight: FloatArray) -> Any:
    """Sum weights (n,) by two codes, -1 left out, into an array (size_a, size_b), sparse when it would be large."""
    if (size_a + 1) * (size_b + 1) <= LARGEST_TABLE:
        key = (a + 1) * (size_b + 1) + (b + 1)
        sums = np.bincount(key, weights=weight, minlength=(size_a + 1) * (size_b + 1))
        return sums.reshape(size_a + 1, size_b + 1)[1:, 1:]
    from scipy import sparse

    rows = np.flatnonzero((a >= 0) & (b >= 0))
    return sparse.coo_array((weight[rows], (a[rows], b[rows])), shape=(size_a, size_b)).tocsr()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Rows that are alike: the cell of each row (n,), one row of each cell (m,), and how many rows it has (m,).

    Only combinations that occur are cells; the full cross-table is never made.
    """

    of_row: IntArray
    first: IntArray
    rows: IntArray


def occupied(codes: Sequence[IntArray], sizes: Sequence[int], outside: BoolArray | None = None) -> Cells:
    """Find the combinations of some codes (n,) that occur, -1 counting as one more level.

    Parameters
    ----------
    codes
        At least one.
    sizes
        How many levels each has.
    outside : (n,), optional
        Rows that share one cell, whatever their codes.

    Examples
    --------
    >>> found = occupied([np.array([0, 1, 0, -1]), np.array([1, 0, 1, 1])], [2, 2])
    >>> found.of_row.tolist(), found.first.tolist(), found.rows.tolist()
    ([1, 2, 1, 0], [3, 2, 1], [1, 2, 1])
    """
    n = len(codes[0])
    space = prod(size + 1 for size in sizes)
    if space > 16 * n:
        cell, size = _renumbered(_wide_key(codes, sizes, outside))
        number = np.zeros(0, dtype=np.int64)
    else:
        cell, present = np.empty(n, dtype=np.int64), np.zeros(space + 1, dtype=bool)
        for part in _chunks(n):
            key = codes[0][part] + 1
            for code, size in zip(codes[1:], sizes[1:], strict=True):
                key *= size + 1
                key += code[part]
                key += 1
            if outside is not None:
                key[outside[part]] = space
            present[key] = True
            cell[part] = key
        number = np.cumsum(present) - 1
        size = int(number[-1]) + 1
    first = np.empty(size, dtype=np.int64)
    for part in _chunks(n):
        here = cell[part]
        if len(number):
            cell[part] = here = number[here]
        first[here] = np.arange(part.start, part.start + len(here))
    return Cells(of_row=cell, first=first, rows=np.bincount(cell, minlength=size))


def _chunks(n: int) -> list[slice]:
    """Cut rows into parts that stay in the processor's cache."""
    size = max(CHUNK, n // 64)
    return [slice(start, min(start + size, n)) for start in range(0, n, size)]


def _wide_key(codes: Sequence[IntArray], sizes: Sequence[int], outside: BoolArray | None) -> IntArray:
    """Give combinations a number (n,) where there could be many more than rows: those that occur are numbered on the way."""
    key, space = codes[0] + 1, sizes[0] + 1
    for code, size in zip(codes[1:], sizes[1:], strict=True):
        if space > 4 * len(key):
            key, space = _renumbered(key)
        key = key * (size + 1) + code + 1
        space *= size + 1
    if outside is not None:
        key[outside] = space
    return key


def collapse(columns: Sequence[Columns]) -> tuple[IntArray | None, tuple[Columns, ...]]:
    """Join rows that are equal in all columns, when no column holds numbers.

    Gives the cell of every row (n,) and the columns of the cells, or None and the columns as they are.
    """
    if any(block.value is not None for block in columns):
        return None, tuple(columns)
    found = occupied([block.code for block in columns], [block.size for block in columns])
    return found.of_row, tuple(replace(block, code=block.code[found.first]) for block in columns)


def _renumbered(code: IntArray) -> tuple[IntArray, int]:
    """Give the codes that occur new numbers from 0, in order, and count them."""
    largest = int(code.max(initial=0))
    if largest > 16 * len(code):
        values, place = np.unique(code, return_inverse=True)
        return place.astype(np.int64, copy=False), len(values)
    present = np.zeros(largest + 1, dtype=bool)
    present[code] = True
    if present.all():
        return code, largest + 1
    number = np.cumsum(present) - 1
    return number[code], int(number[-1]) + 1
