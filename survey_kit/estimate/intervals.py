"""Confidence intervals on the degrees of freedom of each row."""

from __future__ import annotations

import numpy as np
from scipy.special import betaincinv, expit, logit, stdtr, stdtrit

from survey_kit.types import FloatArray, Interval


def t_quantile(level: float, df: FloatArray) -> FloatArray:
    """Two-sided quantile of Student's t, NaN where df is not positive.

    Examples
    --------
    >>> round(float(t_quantile(0.95, np.array([10.0]))[0]), 4)
    2.2281
    """
    safe = np.where(df > 0, df, np.nan)
    return np.asarray(stdtrit(safe, 0.5 + level / 2))


def p_value(t: FloatArray, df: FloatArray) -> FloatArray:
    """Two-sided p of Student's t, from the tail itself so that small values do not vanish."""
    return np.asarray(2 * stdtr(np.where(df > 0, df, np.nan), -np.abs(t)))


def interval(
    kind: Interval, estimate: FloatArray, se: FloatArray, df: FloatArray, n: FloatArray, level: float
) -> tuple[FloatArray, FloatArray]:
    """Confidence limits.

    ``wald``
        estimate -+ t SE.
    ``logit``
        The same on the logit scale, transformed back (SE / (p (1 - p)) by the delta method).
    ``beta``
        Clopper-Pearson on the effective sample size ``p (1 - p) / SE^2``, adjusted by the squared ratio of t quantiles
        on n - 1 and on the design's df (Korn & Graubard 1998, Survey Methodology 24, 193-201, eq. 2.1). At 0 or 1,
        where the SE says nothing, the sample size itself stands for the effective one.

    Parameters
    ----------
    kind
        Which interval.
    estimate, se, df, n : (K,)
        ``n`` counts the rows behind each estimate.
    level
        Confidence level.

    Returns
    -------
    low, high : (K,)
        NaN where the interval is not defined.

    Examples
    --------
    >>> one = np.ones(1)
    >>> low, high = interval("wald", 0.5 * one, 0.1 * one, 10 * one, 30 * one, 0.95)
    >>> round(float(low[0]), 4), round(float(high[0]), 4)
    (0.2772, 0.7228)
    """
    t = t_quantile(level, df)
    if kind == "wald":
        half = np.where(se > 0, t * se, np.nan)
        return estimate - half, estimate + half
    inside = (estimate > 0) & (estimate < 1) & (se > 0)
    p = np.where(inside, estimate, 0.5)
    if kind == "logit":
        half = np.where(inside, t * se / (p * (1 - p)), np.nan)
        centre = logit(p)
        return np.asarray(expit(centre - half)), np.asarray(expit(centre + half))
    return _korn_graubard(estimate, se, df, n, level)


def _korn_graubard(
    estimate: FloatArray, se: FloatArray, df: FloatArray, n: FloatArray, level: float
) -> tuple[FloatArray, FloatArray]:
    ratio = t_quantile(level, n - 1) / t_quantile(level, df)
    variance = np.where(se > 0, se, 1.0) ** 2
    n_effective = np.where(se > 0, estimate * (1 - estimate) / variance, n) * ratio**2
    x = n_effective * estimate
    alpha = 1 - level
    defined = (estimate >= 0) & (estimate <= 1) & np.isfinite(n_effective) & (n_effective > 0)
    x, m = np.where(defined, x, 0.5), np.where(defined, n_effective, 1.0)
    low = np.where(x <= 0, 0.0, betaincinv(np.where(x > 0, x, 1.0), m - x + 1, alpha / 2))
    high = np.where(x >= m, 1.0, betaincinv(x + 1, np.where(x < m, m - x, 1.0), 1 - alpha / 2))
    return np.where(defined, low, np.nan), np.where(defined, high, np.nan)
