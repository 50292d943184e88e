r"""Changes judged together: Benjamini-Hochberg within a declared family, with the interval that says the same.

A family has m changes with p-values :math:`p_i = P(|T_{df_i}| \ge |c_i| / s_i)`. Benjamini & Hochberg (1995, JRSS B 57,
289-300) at rate q find the R changes with :math:`p_i \le R q / m`, R the largest k with :math:`p_{(k)} \le k q / m`.
Benjamini & Yekutieli (2005, JASA 100, 71-81) show that intervals at level :math:`1 - R q / m` then cover a selected
change wrongly at an expected rate of at most q (the false coverage rate).

**The words and the interval agree.** The interval :math:`c_i \mp t_{1 - \alpha/2, df_i} s_i` excludes 0 if and only if
:math:`p_i < \alpha`. With :math:`\alpha = \max(R, 1) q / m`:

- R > 0: a change that is found has :math:`p_i \le R q / m = \alpha`. One that is not has :math:`p_i > \alpha`: if some
  unfound change had :math:`p_i \le R q / m`, at least R + 1 changes would lie at or below :math:`R q / m < (R+1) q / m`,
  so R would not be the largest such k.
- R = 0: :math:`p_{(1)} > q / m = \alpha`, and no interval excludes 0.

So one common level for the whole family makes "rose" or "fell" and an interval that excludes 0 the same event (apart
from :math:`p_i = \alpha` exactly, an event of probability 0; the words are taken from the interval, so even then the two
do not differ).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from survey_kit.estimate.intervals import t_quantile
from survey_kit.estimate.multiplicity import adjust_p
from survey_kit.indicators.rows import FALSE_DISCOVERY
from survey_kit.types import BoolArray, FloatArray, IntArray

POWER = 0.80


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the family says of each change (K,): its size, the adjusted p, the common level and the interval.

    NaN (and size 0) for a change that is not judged.
    """

    size: IntArray
    p_adjusted: FloatArray
    level: FloatArray
    low: FloatArray
    high: FloatArray


def judge(
    change: FloatArray,
    se: FloatArray,
    df: FloatArray,
    p: FloatArray,
    family: IntArray,
    *,
    tested: BoolArray,
    q: float = FALSE_DISCOVERY,
) -> Judged:
    """Adjust p-values within families and give the intervals that agree with them.

    Parameters
    ----------
    change, se, df, p : (K,)
        The changes, each taken alone.
    family : (K,)
        Number of the family of each change.
    tested : (K,)
        Which changes are judged; the others belong to no family.
    q
        False discovery rate, and false coverage rate of the intervals.

    Examples
    --------
    >>> c, one = np.array([0.10, 0.03, 0.01]), np.ones(3)
    >>> from survey_kit.estimate.intervals import p_value
    >>> p = p_value(c / 0.02, 100 * one)
    >>> out = judge(c, 0.02 * one, 100 * one, p, np.zeros(3, dtype=np.int64), tested=np.ones(3, dtype=bool))
    >>> (out.p_adjusted <= 0.05).tolist(), (out.low > 0).tolist(), round(float(out.level[0]), 4)
    ([True, False, False], [True, False, False], 0.9833)
    """
    tested = tested & np.isfinite(p) & (se > 0) & (df > 0)
    size = np.zeros(len(p), dtype=np.int64)
    adjusted, level = np.full(len(p), np.nan), np.full(len(p), np.nan)
    at = np.flatnonzero(tested)
    order = at[np.argsort(family[at], kind="stable")]
    starts = np.flatnonzero(np.diff(family[order], prepend=-1)) if len(order) else np.zeros(0, dtype=np.int64)
    for rows in np.split(order, starts[1:]):
        if not len(rows):
            continue
        m = len(rows)
        adjusted[rows] = adjust_p(p[rows], "bh")
        found = int((adjusted[rows] <= q).sum())
        size[rows], level[rows] = m, 1 - max(found, 1) * q / m
    half = _quantile(level, df) * se
    return Judged(size=size, p_adjusted=adjusted, level=level, low=change - half, high=change + half)


def detectable(se: FloatArray, df: FloatArray) -> FloatArray:
    """Smallest change that a two-sided test at 5 % finds with power 80 %: ``(t_{.975,df} + t_{.80,df}) SE``.

    Examples
    --------
    >>> detectable(np.array([0.0155]), np.array([1e6])).round(4).tolist()
    [0.0434]
    """
    return (t_quantile(1 - FALSE_DISCOVERY, df) + t_quantile(2 * POWER - 1, df)) * se


def _quantile(level: FloatArray, df: FloatArray) -> FloatArray:
    """Two-sided t quantile with a level of its own per row, taken once per level since there are few."""
    out = np.full(len(level), np.nan)
    for one in np.unique(level[np.isfinite(level)]):
        rows = level == one
        out[rows] = t_quantile(float(one), df[rows])
    return out
