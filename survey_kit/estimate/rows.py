"""Rows of a result in another order or on another scale, with their covariance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from survey_kit.estimate.estimates import Estimates
from survey_kit.estimate.own_limits import OwnLimits
from survey_kit.types import FloatArray, IntArray


def rearranged(est: Estimates, order: IntArray) -> Estimates:
    """Give the rows `order` (M,) of a result, everything else as it is.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 1, 1, 1], "y": [1.0, 2, 3, 4], "x": [4.0, 4, 5, 9]})
    >>> both = sk.mean(sk.Design(frame, weight="w"), ("y", "x"))
    >>> rearranged(both, np.array([1, 0])).table["variable"].tolist()
    ['x', 'y']
    """
    theta = est.table["estimate"].to_numpy(dtype=np.float64)
    one, own = np.ones(len(order)), est.own_limits
    return replace(
        est,
        table=est.table.iloc[order].reset_index(drop=True),
        variance=est.variance.mapped(_sparse(one, order, len(theta)), theta[order]),
        own_limits=None if own is None or not own.of(theta) else _reordered(own, order),
    )


def _reordered(own: OwnLimits, order: IntArray) -> OwnLimits:
    return OwnLimits(name=own.name, estimate=own.estimate[order], at=partial(_of_rows, own, order))


def _of_rows(own: OwnLimits, order: IntArray, level: float) -> tuple[FloatArray, FloatArray]:
    low, high = own.at(level)
    return low[order], high[order]


def rescaled(est: Estimates, factor: FloatArray) -> Estimates:
    """Multiply every row by a known positive factor (K,); a row whose factor is not finite is undefined.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 1, 1, 1], "y": [1.0, 2, 3, 4]})
    >>> est = sk.mean(sk.Design(frame, weight="w"), "y")
    >>> float(rescaled(est, np.array([2.0])).table["estimate"][0])
    5.0
    """
    known = np.isfinite(factor)
    scale = np.where(known, factor, np.nan)
    table = est.table.copy()
    for name in ("estimate", "se", "ci_low", "ci_high"):
        table[name] = table[name].to_numpy(dtype=np.float64) * scale
    for name in ("cv", "deff", "df"):
        table[name] = np.where(known, table[name].to_numpy(dtype=np.float64), np.nan)
    lost = ~known & table["status"].isin(["ok", "one_value", "no_df"]).to_numpy(dtype=bool)
    table["status"] = np.where(lost, "undefined", table["status"].to_numpy(dtype=object))
    L = _sparse(np.where(known, factor, 0.0), np.arange(len(factor)), len(factor))
    return replace(est, table=table, variance=est.variance.mapped(L, table["estimate"].to_numpy(dtype=np.float64)))


def _sparse(values: FloatArray, columns: IntArray, size: int) -> Any:
    from scipy import sparse

    return sparse.csr_array((values, (np.arange(len(columns)), columns)), shape=(len(columns), size))


def with_notes(est: Estimates, notes: Sequence[str]) -> Estimates:
    """Add sentences to a result.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> est = sk.mean(sk.Design(pd.DataFrame({"w": [1.0, 1], "y": [1.0, 2]}), weight="w"), "y")
    >>> with_notes(est, ["a caution"]).notes[-1]
    'a caution'
    """
    return replace(est, notes=tuple(dict.fromkeys((*est.notes, *notes))))
