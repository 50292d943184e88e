"""Provisional centres: near enough to the means that centred sums keep all digits, without reading every row for them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from survey_kit.types import FloatArray, IntArray

SAMPLE = 20_000  # rows from which centres are taken when there are more


def near_means(ys: Sequence[FloatArray], cell: IntArray, cells: int) -> FloatArray:
    """Means (K, cells), unweighted, of evenly spaced rows; cells these miss take the mean of all their rows.

    Examples
    --------
    >>> near_means([np.array([1.0, 3.0, 8.0])], np.array([0, 0, 1]), 2).tolist()
    [[2.0, 8.0]]
    """
    n = len(cell)
    some = slice(None, None, max(1, n // SAMPLE))
    picked = cell[some]
    counts = np.bincount(picked, minlength=cells).astype(np.float64)
    missed = counts == 0
    rows = np.flatnonzero(missed[cell]) if n > SAMPLE and missed.any() else np.zeros(0, dtype=np.int64)
    counts += np.bincount(cell[rows], minlength=cells)
    out = np.zeros((len(ys), cells))
    for k, y in enumerate(ys):
        sums = np.bincount(picked, weights=y[some], minlength=cells)
        sums = sums + np.bincount(cell[rows], weights=y[rows], minlength=cells)
        out[k] = np.divide(sums, counts, out=out[k], where=counts > 0)
    return out
