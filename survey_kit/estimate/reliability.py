"""Whether a figure is precise enough to publish: one rule per kind of statistic, each named in the row.

nchs_2017
    Shares. Parker et al. (2017), National Center for Health Statistics Data Presentation Standards for Proportions,
    Vital and Health Statistics 2(175): effective sample size under 30, a Korn-Graubard interval 0.30 wide or more, or
    wider than 1.30 times the share (unless at most 0.05 wide): suppress. Fewer than 8 degrees of freedom, or 0 % or
    100 %: review. Wider than 1.30 times the complement: caution.
nchs_2023
    Counts. Parker et al. (2023), National Center for Health Statistics Data Presentation Standards for Rates and Counts,
    Vital and Health Statistics 2(200): fewer than 10 people, or a 95 % interval on the log scale wider than 1.60 times the
    count: suppress. Fewer than 8 degrees of freedom: review.
cv_bands
    Means. Statistics Canada: coefficient of variation up to 16.5 % publish, up to 33.3 % caution, above suppress.
precision
    Net scores, means of several items and changes, for which a coefficient of variation says nothing (they may be
    near zero) and no exact interval exists: an effective sample size under 30, or an interval as wide as would
    suppress a share on the same scale: suppress. Fewer than 8 degrees of freedom: review.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from survey_kit.estimate.intervals import interval, t_quantile
from survey_kit.types import BoolArray, FloatArray

CONFIDENCE: Final = 0.95
SMALLEST_EFFECTIVE: Final = 30
SMALLEST_COUNT: Final = 10
FEWEST_DF: Final = 8
NARROW: Final = 0.05
WIDE: Final = 0.30
RELATIVE: Final = 1.30
RELATIVE_COUNT: Final = 1.60
CV_CAUTION: Final = 0.165
CV_SUPPRESS: Final = 0.333


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Class (K,) and reason (K,) of each figure, and the rule that decided."""

    rule: str
    reliability: NDArray[np.object_]
    reason: NDArray[np.object_]


def of_shares(p: FloatArray, se: FloatArray, df: FloatArray, n: FloatArray) -> Verdict:
    """Judge shares by the NCHS 2017 standard, on the Korn-Graubard interval whichever interval is shown.

    Examples
    --------
    >>> one = np.ones(1)
    >>> of_shares(0.5 * one, 0.02 * one, 60 * one, 1000 * one).reliability.tolist()
    ['publish']
    >>> of_shares(0.03 * one, 0.017 * one, 60 * one, 100 * one).reason.tolist()
    ['interval wider than 1.3 times the share']
    """
    effective = effective_share(p, se, n)
    extreme = (p <= 0) | (p >= 1)
    width = np.where(extreme, 0.0, _korn_graubard_width(p, se, df, n))
    with np.errstate(invalid="ignore", divide="ignore"):
        relative, complement = width / p, width / (1 - p)
        wide = ~(width <= NARROW)
        faults = [
            (effective < SMALLEST_EFFECTIVE, "suppress", f"effective sample size under {SMALLEST_EFFECTIVE}"),
            (~np.isfinite(width), "suppress", "no degrees of freedom"),
            (width >= WIDE, "suppress", f"interval {WIDE:.2f} wide or more"),
            (wide & (relative > RELATIVE), "suppress", f"interval wider than {RELATIVE} times the share"),
            (df < FEWEST_DF, "review", f"fewer than {FEWEST_DF} degrees of freedom"),
            (extreme, "review", "0 % or 100 %"),
            (wide & (complement > RELATIVE), "caution", f"interval wider than {RELATIVE} times the complement"),
        ]
    return _verdict("nchs_2017", np.isfinite(p), faults)


def of_counts(estimate: FloatArray, se: FloatArray, df: FloatArray, n: FloatArray) -> Verdict:
    """Judge counts by the NCHS 2023 standard; `n` counts the people of the category in the sample.

    Examples
    --------
    >>> size = np.array([5000.0, 5000.0, 300.0])
    >>> of_counts(size, np.array([400.0, 2000.0, 30.0]), np.full(3, 60.0), np.array([50.0, 50.0, 4.0])).reliability.tolist()
    ['publish', 'suppress', 'suppress']
    """
    low, high = interval("log", estimate, se, df, n, CONFIDENCE)
    with np.errstate(invalid="ignore", divide="ignore"):
        relative = np.where(se > 0, (high - low) / estimate, 0.0)
    faults = [
        (n < SMALLEST_COUNT, "suppress", f"fewer than {SMALLEST_COUNT} people"),
        (~(df > 0), "suppress", "no degrees of freedom"),
        (relative > RELATIVE_COUNT, "suppress", f"interval wider than {RELATIVE_COUNT} times the count"),
        (df < FEWEST_DF, "review", f"fewer than {FEWEST_DF} degrees of freedom"),
    ]
    return _verdict("nchs_2023", np.isfinite(estimate), faults)


def of_means(estimate: FloatArray, se: FloatArray, df: FloatArray) -> Verdict:
    """Judge means by the bands of Statistics Canada.

    Examples
    --------
    >>> of_means(np.array([50.0, 10.0, 10.0]), np.array([1.0, 2.0, 5.0]), np.full(3, 60.0)).reliability.tolist()
    ['publish', 'caution', 'suppress']
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        cv = np.where(estimate != 0, se / np.abs(estimate), np.where(se > 0, np.inf, 0.0))
    faults = [
        (~(df > 0), "suppress", "no degrees of freedom"),
        (cv > CV_SUPPRESS, "suppress", f"coefficient of variation above {CV_SUPPRESS:.1%}"),
        (df < FEWEST_DF, "review", f"fewer than {FEWEST_DF} degrees of freedom"),
        (cv > CV_CAUTION, "caution", f"coefficient of variation above {CV_CAUTION:.1%}"),
    ]
    return _verdict("cv_bands", np.isfinite(estimate), faults)


def of_precision(estimate: FloatArray, se: FloatArray, df: FloatArray, effective: FloatArray, scale: float) -> Verdict:
    """Judge net scores and composites on a scale `scale` wide by degrees of freedom, effective size and half-width.

    Examples
    --------
    >>> one = np.ones(1)
    >>> of_precision(0.1 * one, 0.03 * one, 60 * one, 500 * one, 2.0).reliability.tolist()
    ['publish']
    """
    half = t_quantile(CONFIDENCE, df) * se
    limit = scale * WIDE / 2
    faults = [
        (effective < SMALLEST_EFFECTIVE, "suppress", f"effective sample size under {SMALLEST_EFFECTIVE}"),
        (~np.isfinite(half), "suppress", "no degrees of freedom"),
        (half >= limit, "suppress", f"half-width of the interval {limit:.2f} or more"),
        (df < FEWEST_DF, "review", f"fewer than {FEWEST_DF} degrees of freedom"),
    ]
    return _verdict("precision", np.isfinite(estimate), faults)


def imprecise_change(se: FloatArray, df: FloatArray, scale: FloatArray) -> BoolArray:
    """Tell which changes are too imprecise to publish although both ends may be.

    The limit is the half-width that two shares just narrow enough to publish give together: 0.15 times the root of 2.
    """
    half = t_quantile(CONFIDENCE, df) * se
    return np.asarray(half > scale * WIDE / 2 * np.sqrt(2))


def effective_share(p: FloatArray, se: FloatArray, n: FloatArray) -> FloatArray:
    """Effective sample size of shares, ``p (1 - p) / SE^2``, at most n; n itself at 0 and 1."""
    with np.errstate(invalid="ignore", divide="ignore"):
        size = np.where((p <= 0) | (p >= 1), n, p * (1 - p) / se**2)
    return np.where(np.isfinite(p), np.minimum(size, n), np.nan)


def _korn_graubard_width(p: FloatArray, se: FloatArray, df: FloatArray, n: FloatArray) -> FloatArray:
    """Width of the interval whose effective sample size, after the adjustment for df, is at most n."""
    low, high = interval("korn_graubard", p, se, df, n, CONFIDENCE)
    return high - low


def _verdict(rule: str, estimated: BoolArray, faults: list[tuple[BoolArray, str, str]]) -> Verdict:
    """Let the first fault that holds decide."""
    reliability = np.where(estimated, "publish", "none").astype(object)
    reason = np.full(len(estimated), "", dtype=object)
    for holds, verdict, text in reversed(faults):
        at = estimated & holds
        reliability[at], reason[at] = verdict, text
    return Verdict(rule=rule, reliability=reliability, reason=reason)
