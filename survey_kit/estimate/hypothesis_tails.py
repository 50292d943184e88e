"""Tail probabilities: from the tail itself, so that small p-values keep their digits.

A quadratic statistic of a complex sample is distributed as a weighted sum of chi-squares, ``Q = sum_i l_i chi2_1`` (Rao & Scott
1981), over an independent ``chi2_nu / nu`` when its covariance is estimated on nu degrees of freedom.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import chdtrc, fdtrc, log_ndtr, stdtr

from survey_kit.types import FloatArray

STEP, FURTHEST = 0.04, 40.0  # trapezoidal rule along the contour
NEAR_THE_MEAN = 1e-4  # below it the saddlepoint formula is 0 / 0 and its limit stands in


def chi2_tail(x: float, df: float) -> float:
    """P(chi2_df > x).

    Examples
    --------
    >>> round(chi2_tail(3.841458820694124, 1), 12)
    0.05
    """
    return float(chdtrc(df, x)) if df > 0 and x >= 0 else float("nan")


def f_tail(x: float, df1: float, df2: float) -> float:
    """P(F > x); the chi-square's tail when `df2` is infinite.

    Examples
    --------
    >>> f"{f_tail(3.84, 68.3, 77_886):.2e}"
    '1.83e-24'
    """
    if not (df1 > 0 and df2 > 0 and x >= 0):
        return float("nan")
    return float(fdtrc(df1, df2, x)) if np.isfinite(df2) else chi2_tail(x * df1, df1)


def t_tail(t: float, df: float) -> float:
    """P(abs(T) > abs(t)), two-sided.

    Examples
    --------
    >>> f"{t_tail(-40.0, 30):.3e}"
    '1.373e-27'
    """
    if not df > 0:
        return float("nan")
    return float(2 * stdtr(df, -abs(t))) if np.isfinite(df) else float(2 * np.exp(log_ndtr(-abs(t))))


def mixture_tail(q: float, weights: FloatArray, df2: float = np.inf) -> float:
    r"""P(sum_i l_i chi2_1 > q chi2_nu / nu) to full relative precision, also far out in the tail.

    With :math:`K(s) = -\frac12 \sum_i \log(1 - 2 l_i s) - \frac{\nu}{2} \log(1 + 2 s q / \nu)` (and :math:`-s q` for the last
    term when nu is infinite), the inversion formula :math:`\frac{1}{2 \pi i} \int e^{K(s)} ds / s` is summed by the trapezoidal
    rule on a hyperbola through the saddlepoint that opens around the singularities on the right, where the integrand neither
    oscillates nor cancels (Rice 1980, SIAM Journal on Scientific and Statistical Computing 1, 438-448).

    Parameters
    ----------
    q
        The statistic.
    weights : (k,)
        The l_i; rounding below zero counts as zero.
    df2
        Degrees of freedom nu of the denominator.

    Examples
    --------
    >>> round(mixture_tail(7.0, np.ones(3)) / chi2_tail(7.0, 3), 10)
    1.0
    >>> round(mixture_tail(90.0, np.full(4, 2.0), 25.0) / f_tail(90 / 8, 4, 25), 10)
    1.0
    """
    found = _prepared(q, weights, df2)
    if found is None:
        return float("nan")
    x, lam = found
    if x == 0:
        return 1.0
    above = _mean_of(x, lam) < 0
    c, width = _saddle(lambda s: _slope(s, x, lam, df2) - 1 / s, _ends(x, lam, df2, above=above), x, lam, df2)
    u = np.arange(0.0, FURTHEST, STEP)
    s = c + width * (np.cosh(u) - 1 + 1j * np.sinh(u))
    along = width * (np.sinh(u) + 1j * np.cosh(u))
    height = float(np.real(_cumulant(np.array([complex(c)]), x, lam, df2)[0]))
    part = np.imag(np.exp(_cumulant(s, x, lam, df2) - height) / s * along)
    part[0] /= 2
    area = float(part.sum()) * STEP / np.pi * float(np.exp(height))
    return min(max(area if above else 1 + area, 0.0), 1.0)


def saddlepoint_tail(q: float, weights: FloatArray, df2: float = np.inf) -> float:
    r"""Give the same tail by the saddlepoint approximation.

    :math:`1 - \Phi\{w + \log(v / w) / w\}` with :math:`w = \mathrm{sign}(\zeta) \sqrt{2 (0 - K(\zeta))}`,
    :math:`v = \zeta \sqrt{K''(\zeta)}`, :math:`K'(\zeta) = 0` (Kuonen 1999, Biometrika 86, 929-935), K as in
    :func:`mixture_tail`.

    Examples
    --------
    >>> round(saddlepoint_tail(7.0, np.ones(3)), 3), round(chi2_tail(7.0, 3), 3)
    (0.072, 0.072)
    """
    found = _prepared(q, weights, df2)
    if found is None:
        return float("nan")
    x, lam = found
    if x == 0:
        return 1.0
    above = _mean_of(x, lam) < 0
    sd = np.sqrt(_spread(0.0, x, lam, df2))
    if abs(_mean_of(x, lam)) <= NEAR_THE_MEAN * sd:
        third = 8 * float((lam**3).sum()) - (0.0 if np.isinf(df2) else 8 * x**3 / df2**2)
        return float(np.exp(log_ndtr(_mean_of(x, lam) / sd - third / (6 * sd**3))))
    zeta, _ = _saddle(lambda s: _slope(s, x, lam, df2), _ends(x, lam, df2, above=above), x, lam, df2)
    height = float(np.real(_cumulant(np.array([complex(zeta)]), x, lam, df2)[0]))
    w = np.sign(zeta) * np.sqrt(max(-2 * height, 0.0))
    v = zeta * np.sqrt(_spread(zeta, x, lam, df2))
    return float(np.exp(log_ndtr(-(w + np.log(v / w) / w))))


def _prepared(q: float, weights: FloatArray, df2: float) -> tuple[float, FloatArray] | None:
    """Scale by the largest weight; None where no tail is defined."""
    lam = np.asarray(weights, dtype=np.float64)
    largest = float(lam.max(initial=0.0))
    if not (largest > 0 and np.isfinite(q) and q >= 0 and df2 > 0):
        return None
    return q / largest, np.maximum(lam[lam > 0] / largest, 1e-300)


def _mean_of(x: float, lam: FloatArray) -> float:
    return float(lam.sum()) - x


def _cumulant(s: Any, x: float, lam: FloatArray, df2: float) -> Any:
    below = s * x if np.isinf(df2) else df2 / 2 * np.log1p(2 * s * x / df2)
    return -0.5 * np.log1p(-2 * np.outer(s, lam)).sum(axis=1) - below


def _slope(s: float, x: float, lam: FloatArray, df2: float) -> float:
    return float((lam / (1 - 2 * s * lam)).sum()) - x / (1 + 2 * s * x / df2)


def _spread(s: float, x: float, lam: FloatArray, df2: float) -> float:
    return 2 * float(((lam / (1 - 2 * s * lam)) ** 2).sum()) + 2 * x**2 / df2 / (1 + 2 * s * x / df2) ** 2


def _ends(x: float, lam: FloatArray, df2: float, *, above: bool) -> tuple[float, float]:
    """Give the open interval of real s on the side of the saddlepoint, where K is finite."""
    if above:
        return 0.0, 0.5 / float(lam.max())
    return (-df2 / (2 * x) if np.isfinite(df2) else -np.inf), 0.0


def _saddle(
    slope: Callable[[float], float], ends: tuple[float, float], x: float, lam: FloatArray, df2: float
) -> tuple[float, float]:
    """Find where a slope that rises from -inf to inf is zero; give the place and the width of the integrand there."""
    from scipy.optimize import brentq

    low, high = ends
    if np.isinf(low):
        low = -1.0
        while slope(low) > 0:
            low *= 2
    gap = high - low
    near = [low + gap * 10.0**-k for k in range(1, 16) if slope(low + gap * 10.0**-k) <= 0] or [low]
    far = [high - gap * 10.0**-k for k in range(1, 16) if slope(high - gap * 10.0**-k) >= 0] or [high]
    c = float(brentq(slope, near[0], far[0], xtol=1e-300, rtol=1e-14))
    return c, 1 / np.sqrt(_spread(c, x, lam, df2) + 1 / c**2)
