r"""Confidence intervals on the degrees of freedom of each row: every kind is a value that holds its function.

Notation: an estimate :math:`\hat p` with standard error s on d degrees of freedom from n rows, t the two-sided quantile of
Student's t on d at the level, and the effective sample size :math:`n_e = \hat p (1 - \hat p) / s^2`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import betaincinv, expit, logit, stdtr, stdtrit, xlog1py, xlogy

from survey_kit import checks
from survey_kit.errors import EstimationError
from survey_kit.types import BoolArray, FloatArray, Interval

Limits = tuple[FloatArray, FloatArray]
NEWTON_STEPS: Final = 100
NEWTON_TOLERANCE: Final = 1e-14


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalKind:
    """One kind of interval.

    Attributes
    ----------
    limits
        ``(estimate, se, df, n, level) -> (low, high)``, all (K,) but the level; NaN where the kind is not defined.
    lowest, highest
        The scale of the estimates it is for.
    what
        What such estimates are, in words.
    """

    limits: Callable[[FloatArray, FloatArray, FloatArray, FloatArray, float], Limits]
    lowest: float = -np.inf
    highest: float = np.inf
    what: str = "any estimate"


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
) -> Limits:
    r"""Confidence limits.

    ``wald``
        :math:`\hat p \mp t s`.
    ``logit`` (also called ``xlogit``)
        Wald on the log odds, where the standard error is :math:`s / \hat p (1 - \hat p)`, transformed back. The
        coefficient of a logistic regression on a constant has the same one, so this is R's ``logit`` and ``xlogit``.
    ``beta``
        Clopper-Pearson on the effective sample size :math:`n_e (t_{n-1} / t_d)^2` (Korn & Graubard 1998, Survey
        Methodology 24, 193-201, eq. 2.1), as R's ``beta``. At 0 or 1, where the SE says nothing, n stands for
        :math:`n_e`.
    ``korn_graubard``
        The same with an effective sample size of at most n, as the standard of the National Center for Health
        Statistics has it (Parker et al. 2017, Vital and Health Statistics 2(175)).
    ``arcsine``
        Wald on :math:`\arcsin\sqrt{\hat p}`, whose standard error is :math:`s / 2\sqrt{\hat p (1 - \hat p)}`, transformed
        back; a limit beyond an end of the scale is that end.
    ``wilson``
        The p for which :math:`(\hat p - p)^2 \le t^2 p (1 - p) / n_e` (Wilson 1927, JASA 22, 209-212, with :math:`n_e`),
        as R survey 4.5. At 0 or 1 n stands for :math:`n_e`.
    ``likelihood``
        The p whose binomial deviance, scaled by the design effect, is at most t squared:
        :math:`2 n_e [\hat p \log(\hat p / p) + (1 - \hat p) \log((1 - \hat p) / (1 - p))] \le t^2` (Rao & Scott 1984,
        Annals of Statistics 12, 46-60). At 0 or 1 n stands for :math:`n_e`.
    ``fisher``
        Wald on :math:`\operatorname{artanh} r`, whose standard error is :math:`s / (1 - r^2)`, transformed back: for
        correlations.
    ``log``
        Wald on :math:`\log\hat\theta`, whose standard error is :math:`s / \hat\theta`, transformed back: for counts,
        spreads and geometric means, which are above zero.

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
        NaN where the interval is not defined: without degrees of freedom, and where the standard error is 0, except
        that ``beta``, ``korn_graubard``, ``wilson`` and ``likelihood`` have limits at 0 and 1.

    Examples
    --------
    >>> one = np.ones(1)
    >>> for kind in ("wald", "logit", "korn_graubard", "wilson"):
    ...     low, high = interval(kind, 0.03 * one, 0.017 * one, 29 * one, 300 * one, 0.95)
    ...     print(kind, round(float(low[0]), 4), round(float(high[0]), 4))
    wald -0.0048 0.0648
    logit 0.0093 0.0927
    korn_graubard 0.0058 0.088
    wilson 0.0099 0.0876
    >>> low, high = interval("korn_graubard", 0 * one, 0 * one, 29 * one, 300 * one, 0.95)  # 0 of 300
    >>> round(float(low[0]), 4), round(float(high[0]), 4)
    (0.0, 0.0132)
    """
    return KINDS[kind].limits(estimate, se, df, n, level)


def check_scale(kind: Interval, estimate: FloatArray) -> None:
    """Refuse a kind of interval that is not for estimates such as these.

    Raises
    ------
    EstimationError
        If the kind is unknown, or an estimate lies outside the scale the kind is for.

    Examples
    --------
    >>> check_scale("logit", np.array([0.2, np.nan]))
    >>> check_scale("logit", np.array([1.2]))
    Traceback (most recent call last):
    ...
    survey_kit.errors.EstimationError: A 'logit' interval is for shares between 0 and 1.
      found: an estimate of 1.2
      to do: Use interval='wald'.
    """
    kept = KINDS[checks.choice(kind, "interval", tuple(KINDS), EstimationError)]
    beyond = estimate[(estimate < kept.lowest) | (estimate > kept.highest)]
    if len(beyond):
        raise EstimationError(
            f"A '{kind}' interval is for {kept.what}.",
            found=f"an estimate of {beyond[0]:.4g}",
            fix="Use interval='wald'.",
        )


# --------------------------------------------------------------------------------------------------------- t intervals
def _wald(estimate: FloatArray, se: FloatArray, df: FloatArray, n: FloatArray, level: float) -> Limits:  # noqa: ARG001
    half = np.where(se > 0, t_quantile(level, df) * se, np.nan)
    return estimate - half, estimate + half


def _logit(estimate: FloatArray, se: FloatArray, df: FloatArray, n: FloatArray, level: float) -> Limits:  # noqa: ARG001
    inside = _inside(estimate, se)
    p = np.where(inside, estimate, 0.5)
    half = np.where(inside, t_quantile(level, df) * se / (p * (1 - p)), np.nan)
    return np.asarray(expit(logit(p) - half)), np.asarray(expit(logit(p) + half))


def _arcsine(estimate: FloatArray, se: FloatArray, df: FloatArray, n: FloatArray, level: float) -> Limits:  # noqa: ARG001
    inside = _inside(estimate, se)
    p = np.where(inside, estimate, 0.5)
    half = np.where(inside, t_quantile(level, df) * se / (2 * np.sqrt(p * (1 - p))), np.nan)
    centre = np.arcsin(np.sqrt(p))
    return np.sin(np.maximum(centre - half, 0.0)) ** 2, np.sin(np.minimum(centre + half, np.pi / 2)) ** 2


def _fisher(estimate: FloatArray, se: FloatArray, df: FloatArray, n: FloatArray, level: float) -> Limits:  # noqa: ARG001
    inside = (np.abs(estimate) < 1) & (se > 0)
    r = np.where(inside, estimate, 0.0)
    half = np.where(inside, t_quantile(level, df) * se / ((1 - r) * (1 + r)), np.nan)
    return np.tanh(np.arctanh(r) - half), np.tanh(np.arctanh(r) + half)


def _log(estimate: FloatArray, se: FloatArray, df: FloatArray, n: FloatArray, level: float) -> Limits:  # noqa: ARG001
    inside = (estimate > 0) & (se > 0)
    theta = np.where(inside, estimate, 1.0)
    with np.errstate(over="ignore"):
        factor = np.exp(np.where(inside, t_quantile(level, df) * se / theta, np.nan))
    return theta / factor, theta * factor


def _inside(estimate: FloatArray, se: FloatArray) -> BoolArray:
    return (estimate > 0) & (estimate < 1) & (se > 0)


# -------------------------------------------------------------------------------------- on the effective sample size
def _effective(p: FloatArray, se: FloatArray, n: FloatArray) -> FloatArray:
    """Give the effective sample size; n itself where the standard error is 0, and NaN where the share is no share."""
    spread = se > 0
    size = np.where(spread, p * (1 - p) / np.where(spread, se, 1.0) ** 2, n)
    return np.where((p >= 0) & (p <= 1) & np.isfinite(size) & (size > 0), size, np.nan)


def _beta(estimate: FloatArray, se: FloatArray, df: FloatArray, n: FloatArray, level: float) -> Limits:
    ratio = t_quantile(level, n - 1) / t_quantile(level, df)
    return _clopper_pearson(estimate, _effective(estimate, se, n) * ratio**2, level)


def _korn_graubard(estimate: FloatArray, se: FloatArray, df: FloatArray, n: FloatArray, level: float) -> Limits:
    ratio = t_quantile(level, n - 1) / t_quantile(level, df)
    return _clopper_pearson(estimate, np.minimum(_effective(estimate, se, n) * ratio**2, n), level)


def _clopper_pearson(p: FloatArray, size: FloatArray, level: float) -> Limits:
    """Limits from the incomplete beta function, for a sample size that need not be whole; NaN where it is NaN."""
    defined = np.isfinite(size)
    alpha = 1 - level
    x, m = np.where(defined, size * p, 0.5), np.where(defined, size, 1.0)
    low = np.where(x <= 0, 0.0, betaincinv(np.where(x > 0, x, 1.0), m - x + 1, alpha / 2))
    high = np.where(x >= m, 1.0, betaincinv(x + 1, np.where(x < m, m - x, 1.0), 1 - alpha / 2))
    return np.where(defined, low, np.nan), np.where(defined, high, np.nan)


def _wilson(estimate: FloatArray, se: FloatArray, df: FloatArray, n: FloatArray, level: float) -> Limits:
    size, t2 = _effective(estimate, se, n), t_quantile(level, df) ** 2
    centre = estimate + t2 / (2 * size)
    half = np.sqrt(t2 * (estimate * (1 - estimate) / size + t2 / (4 * size**2)))
    whole = 1 + t2 / size
    low = np.where(estimate <= 0, 0.0, (centre - half) / whole)  # exactly the end, not nearly
    high = np.where(estimate >= 1, 1.0, (centre + half) / whole)
    defined = np.isfinite(whole)
    return np.where(defined, np.maximum(low, 0.0), np.nan), np.where(defined, np.minimum(high, 1.0), np.nan)


def _likelihood(estimate: FloatArray, se: FloatArray, df: FloatArray, n: FloatArray, level: float) -> Limits:
    size, t2 = _effective(estimate, se, n), t_quantile(level, df) ** 2
    half = t2 / (2 * size)  # of the deviance per unit of effective sample
    defined = np.isfinite(half)
    p, half = np.where(defined, estimate, 0.5), np.where(defined, half, 1.0)
    inside = (p > 0) & (p < 1)
    q = np.where(inside, p, 0.5)
    low = np.where(inside, _deviance_root(q, half, -1.0), np.where(p > 0, np.exp(-half), 0.0))
    high = np.where(inside, _deviance_root(q, half, 1.0), np.where(p < 1, -np.expm1(-half), 1.0))
    return np.where(defined, low, np.nan), np.where(defined, high, np.nan)


def _deviance_root(p: FloatArray, half: FloatArray, side: float) -> FloatArray:
    """Solve ``log(1 + e^eta) - p eta - entropy = half`` for eta on one side of logit(p), by Newton's method.

    The left side is convex in eta, so that a first step from the Wald limit overshoots at most once and every later one
    comes nearer; the answer is returned as a share.
    """
    entropy = -(xlogy(p, p) + xlog1py(1 - p, -p))
    eta = logit(p) + side * np.sqrt(2 * half / (p * (1 - p)))
    for _ in range(NEWTON_STEPS):
        step = (np.logaddexp(0.0, eta) - p * eta - entropy - half) / (expit(eta) - p)
        eta = eta - step
        if (np.abs(step) <= NEWTON_TOLERANCE * np.maximum(np.abs(eta), 1.0)).all():
            break
    return np.asarray(expit(eta))


def _share(limits: Callable[[FloatArray, FloatArray, FloatArray, FloatArray, float], Limits]) -> IntervalKind:
    return IntervalKind(limits=limits, lowest=0.0, highest=1.0, what="shares between 0 and 1")


#: Every kind by its name.
KINDS: Final[dict[Interval, IntervalKind]] = {
    "wald": IntervalKind(limits=_wald),
    "logit": _share(_logit),
    "xlogit": _share(_logit),
    "beta": _share(_beta),
    "korn_graubard": _share(_korn_graubard),
    "arcsine": _share(_arcsine),
    "wilson": _share(_wilson),
    "likelihood": _share(_likelihood),
    "fisher": IntervalKind(limits=_fisher, lowest=-1.0, highest=1.0, what="correlations between -1 and 1"),
    "log": IntervalKind(limits=_log, lowest=0.0, what="estimates of zero or more"),
}
