"""Unit totals of very many domains: a unit has members of few of them, so only the totals that are not empty are kept.

A dense table of units and domains grows with their product: 50,000 rows that are their own units in 7,000 domains would fill
gigabytes with zeros. Here a table is a sparse matrix (P, K) by columns, and the sums of squares about the mean of a stratum are
taken over the units that are there and, as one term, over those that are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from survey_kit.design import Layout
from survey_kit.errors import EstimationError
from survey_kit.types import FloatArray, IntArray, LonelyPsu

SMALL = 2**20  # cells of units and domains that are kept in full in any case
FULL = 8  # as are fewer cells than this many per row


def sums_by_unit(unit: IntArray, column: IntArray, values: Any, shape: tuple[int, int]) -> Any:
    """Sum values (m,) by unit and column: a sparse matrix (P, K); of booleans whether there are any."""
    from scipy import sparse

    out = sparse.csc_array((np.asarray(values, dtype=np.float64), (unit, column)), shape=shape)
    return out if np.asarray(values).dtype != np.bool_ else (out > 0).tocsc()


def is_sparse(part: Any) -> bool:
    """Tell whether a table is sparse."""
    return not isinstance(part, np.ndarray)


def dense(part: Any, columns: IntArray) -> Any:
    """Give some columns (P, k) of a table in full."""
    return part[:, columns].toarray() if is_sparse(part) else part[:, columns]


def side_by_side(parts: Sequence[Any]) -> Any:
    """Put tables of the same units next to each other."""
    if not any(is_sparse(part) for part in parts):
        return np.concatenate(parts, axis=1)
    from scipy import sparse

    return sparse.hstack([sparse.csc_array(part) for part in parts], format="csc")


def combine(part: Any, table: Any) -> Any:
    """Apply linear combinations (M, K), a sparse matrix, to a table (P, K)."""
    if is_sparse(table):
        return (table.astype(np.float64) @ part.T).tocsc()
    return np.ascontiguousarray((part @ table.T).T)


def counts(table: Any, rows: slice | None = None) -> FloatArray:
    """Count the true entries (K,) of a table of booleans, of all units or of a run of them."""
    part = table if rows is None else table[rows]
    return np.asarray(part.sum(axis=0), dtype=np.float64).reshape(-1)


def strata_counts(layout: Layout, wave: int, active: Any) -> FloatArray:
    """Count the strata (K,) with an active unit."""
    stratum = layout.stages[0].stratum_of_unit[layout.units(wave)]
    found = active.tocoo()
    unit, column = found.row, found.col
    key = np.unique(column.astype(np.int64) * (int(stratum[-1]) + 1) + stratum[unit])
    return np.bincount(key // (int(stratum[-1]) + 1), minlength=active.shape[1]).astype(np.float64)


def variances(layout: Layout, wave: int, table: Any, rule: LonelyPsu) -> FloatArray:
    """Variances (K,) of one stage from a sparse table; see `taylor` for the formula and the rules of lonely units."""
    stage, units, size = layout.stages[0], layout.units(wave), table.shape[1]
    h = stage.stratum_of_unit[units]
    first, h = int(h[0]), h - int(h[0])
    strata = slice(first, first + int(h[-1]) + 1)
    n_h, f_h = stage.n_h[strata].astype(np.float64), stage.f_h[strata]
    lonely = np.asarray(stage.lonely[strata])
    if lonely.any() and rule == "fail":
        raise EstimationError("A stratum has one unit.", fix="Declare lonely_psu on the design.")
    scale = (1.0 - f_h) * np.divide(n_h, n_h - 1.0, out=np.zeros_like(n_h), where=n_h > 1)
    if rule == "average" and not lonely.all():
        scale = scale * len(n_h) / (~lonely).sum()
    found = table.tocoo()
    unit, column = (part.astype(np.int64) for part in (found.row, found.col))
    t = np.asarray(found.data, dtype=np.float64)
    key, inverse, there = np.unique(column * len(n_h) + h[unit], return_inverse=True, return_counts=True)
    stratum = key % len(n_h)
    centre = np.bincount(inverse, weights=t, minlength=len(key)) / n_h[stratum]
    squares = np.bincount(inverse, weights=(t - centre[inverse]) ** 2, minlength=len(key))
    squares += (n_h[stratum] - there) * centre**2
    out = np.bincount(key // len(n_h), weights=scale[stratum] * squares, minlength=size)
    if rule == "adjust" and lonely.any():
        mean = np.asarray(table.sum(axis=0)).reshape(-1) / len(h)
        single = lonely[h[unit]]
        about = (t - mean[column]) ** 2 - mean[column] ** 2
        out = out + np.bincount(column[single], weights=((1.0 - f_h)[h[unit]] * about)[single], minlength=size)
        out = out + (1.0 - f_h)[lonely].sum() * mean**2
    return np.asarray(out)
