"""Which columns of a block differ: design-based tests of all pairs in every line, and the letters they earn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from survey_kit.estimate import Estimates, adjust_p
from survey_kit.estimate.intervals import p_value
from survey_kit.types import Adjustment, BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Tests of V lines of all M pairs of a block's columns, first minus second.

    Attributes
    ----------
    first, second : (M,)
        Places of the columns in the block.
    difference, se, p, p_adjusted : (V, M)
        NaN where a pair is not tested.
    df : (M,)
    """

    first: IntArray
    second: IntArray
    difference: FloatArray
    se: FloatArray
    df: FloatArray
    p: FloatArray
    p_adjusted: FloatArray


def compare(est: Estimates, columns: int, usable: BoolArray, adjust: Adjustment) -> Pairs:
    r"""Test :math:`\theta_a - \theta_b = 0` for every pair of columns of every line.

    The variance is :math:`V_{aa} + V_{bb} - 2 V_{ab}` from the covariance of the design, so that columns with units in
    common are compared rightly; t is on the distinct units minus strata behind both columns, as
    :meth:`Estimates.difference` has it. A family of adjusted p-values is the pairs of one line within the block.

    Parameters
    ----------
    est
        Rows of the D columns of a block, V lines within each.
    columns
        D.
    usable : (V, D)
        Which cells may be compared.
    adjust
        As :func:`survey_kit.adjust_p` names it.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0] * 8, "g": list("aaaabbbb"), "y": [1, 2, 2, 3, 4, 5, 5, 6]})
    >>> by_group = sk.mean(sk.Design(frame, weight="w"), "y", by="g")
    >>> tests = compare(by_group, 2, np.ones((1, 2), dtype=bool), "holm")
    >>> tests.difference.tolist(), tests.p.round(4).tolist()
    ([[-3.0]], [[0.0008]])
    """
    D, V = columns, len(est.table) // columns
    first, second = np.triu_indices(D, 1)
    theta = est.table["estimate"].to_numpy(dtype=np.float64).reshape(D, V)
    difference = (theta[first] - theta[second]).T
    variance = np.empty_like(difference)
    for v in range(V):
        C = est.vcov(range(v, D * V, V))  # only covariances of one line are needed
        own = np.diag(C)
        variance[v] = own[first] + own[second] - 2 * C[first, second]
        variance[v][variance[v] <= 1e-14 * (own[first] + own[second])] = 0.0
    se = np.sqrt(variance)
    df = _degrees(est, first * V, second * V)
    tested = usable[:, first] & usable[:, second] & np.isfinite(difference) & (se > 0) & (df > 0)
    t = np.divide(difference, se, out=np.full(se.shape, np.nan), where=tested)
    p = np.where(tested, p_value(t, np.broadcast_to(df, t.shape)), np.nan)
    family = np.repeat(np.arange(V), len(first))
    return Pairs(
        first=first,
        second=second,
        difference=difference,
        se=np.where(np.isfinite(difference), se, np.nan),
        df=df,
        p=p,
        p_adjusted=adjust_p(p.reshape(-1), adjust, family=family).reshape(p.shape) if p.size else p,
    )


def letters_of(pairs: Pairs, names: tuple[str, ...], levels: tuple[float, float | None]) -> Any:
    """Give every cell (V, D) the letters of the columns it is significantly above.

    Upper case at the first level, lower case at the second. Beyond 26 columns letters are set apart by spaces.

    Examples
    --------
    >>> one = np.array([[0.3, -0.2, -0.5]])
    >>> tests = Pairs(first=np.array([0, 0, 1]), second=np.array([1, 2, 2]), difference=one, se=one, df=one[0], p=one,
    ...               p_adjusted=np.array([[0.01, 0.5, 0.08]]))
    >>> letters_of(tests, ("A", "B", "C"), (0.95, 0.90)).tolist()
    [['B', '', 'b']]
    """
    V, D = len(pairs.p), len(names)
    found: list[list[list[str]]] = [[[] for _ in range(D)] for _ in range(V)]
    high, low = levels
    with np.errstate(invalid="ignore"):
        upper = pairs.p_adjusted < 1 - high
        lower = np.zeros_like(upper) if low is None else (pairs.p_adjusted < 1 - low) & ~upper
    for v, m in zip(*np.nonzero(upper | lower), strict=True):
        a, b = int(pairs.first[m]), int(pairs.second[m])
        above, below = (a, b) if pairs.difference[v, m] > 0 else (b, a)
        found[v][above].append(names[below] if upper[v, m] else names[below].lower())
    out = np.empty((V, D), dtype=object)
    apart = " " if D > 26 else ""
    place = {name.lower(): i for i, name in enumerate(names)}
    for v in range(V):
        for d in range(D):
            out[v, d] = apart.join(sorted(found[v][d], key=lambda name: place[name.lower()]))
    return out


def _degrees(est: Estimates, first: IntArray, second: IntArray) -> FloatArray:
    """Degrees of freedom of differences; every line of a column has the same, so the first line's stand for all."""
    from scipy import sparse

    M = len(first)
    at = np.concatenate((np.arange(M), np.arange(M)))
    values = np.concatenate((np.ones(M), -np.ones(M)))
    L = sparse.csr_array((values, (at, np.concatenate((first, second)))), shape=(M, len(est.table)))
    return np.asarray(est.variance.mapped(L, np.zeros(M)).degrees(M), dtype=np.float64)
