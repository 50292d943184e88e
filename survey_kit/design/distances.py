"""Distances between the weights before and after calibration, as values.

A distance gives the factor g = F(u) by which a weight is multiplied, u = x'lambda, and its slope F'(u)
(Deville & Sarndal 1992, Journal of the American Statistical Association 87, 376-382, table 1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from survey_kit.types import FloatArray

Bounds = tuple[float, float]
NO_BOUNDS: Bounds = (-np.inf, np.inf)
LARGEST_EXPONENT = 700.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance:
    """How far a weight may move, and what that costs.

    Attributes
    ----------
    name
        As it is asked for.
    factor
        ``(u, bounds) -> g``, increasing, 1 at u = 0 (2 for `RESPONSE`).
    slope
        ``(u, bounds) -> F'(u)``; 1 at u = 0.
    positive
        Every factor is positive by itself.
    needs_bounds
        The distance is not defined without finite bounds.
    adds
        ``F(u) = 1 + u``: what the weights are multiplied with beforehand does not matter.
    """

    name: str
    factor: Callable[[FloatArray, Bounds], FloatArray]
    slope: Callable[[FloatArray, Bounds], FloatArray]
    positive: bool
    needs_bounds: bool
    adds: bool = False


def _linear(u: FloatArray, bounds: Bounds) -> FloatArray:
    return np.clip(1.0 + u, *bounds)


def _linear_slope(u: FloatArray, bounds: Bounds) -> FloatArray:
    return ((1.0 + u > bounds[0]) & (1.0 + u < bounds[1])).astype(np.float64)


def _raking(u: FloatArray, bounds: Bounds) -> FloatArray:
    return np.asarray(np.clip(np.exp(np.minimum(u, LARGEST_EXPONENT)), *bounds))


def _raking_slope(u: FloatArray, bounds: Bounds) -> FloatArray:
    g = np.exp(np.minimum(u, LARGEST_EXPONENT))
    return np.where((g > bounds[0]) & (g < bounds[1]), g, 0.0)


def _sinh(u: FloatArray, bounds: Bounds) -> FloatArray:
    """F(u) = (p + sqrt(p^2 + 4)) / 2 with p = asinh(2 u), the inverse of u = sinh(g - 1/g) / 2."""
    return np.asarray(np.clip(_sinh_factor(u), *bounds))


def _sinh_slope(u: FloatArray, bounds: Bounds) -> FloatArray:
    g = _sinh_factor(u)
    slope = 2.0 * g / (np.sqrt(1.0 + 4.0 * u * u) * (g + 1.0 / g))
    return np.where((g > bounds[0]) & (g < bounds[1]), slope, 0.0)


def _sinh_factor(u: FloatArray) -> FloatArray:
    p = np.arcsinh(2.0 * np.abs(u))
    above = (p + np.sqrt(p * p + 4.0)) / 2.0
    return np.asarray(np.where(u >= 0, above, 1.0 / above))


def _logit(u: FloatArray, bounds: Bounds) -> FloatArray:
    """F(u) = (L (U - 1) + U (1 - L) e^(A u)) / (U - 1 + (1 - L) e^(A u)), A = (U - L) / ((1 - L)(U - 1))."""
    low, high = bounds
    share = _share(u, bounds)
    return low + (high - low) * share


def _logit_slope(u: FloatArray, bounds: Bounds) -> FloatArray:
    """F'(u) = (F - L)(U - F) / ((1 - L)(U - 1))."""
    low, high = bounds
    share = _share(u, bounds)
    return (high - low) ** 2 * share * (1.0 - share) / ((1.0 - low) * (high - 1.0))


def _response(u: FloatArray, bounds: Bounds) -> FloatArray:
    return np.asarray(np.clip(1.0 + np.exp(np.minimum(u, LARGEST_EXPONENT)), *bounds))


def _response_slope(u: FloatArray, bounds: Bounds) -> FloatArray:
    slope = np.exp(np.minimum(u, LARGEST_EXPONENT))
    return np.where((1.0 + slope > bounds[0]) & (1.0 + slope < bounds[1]), slope, 0.0)


def _share(u: FloatArray, bounds: Bounds) -> FloatArray:
    from scipy.special import expit

    low, high = bounds
    scale = (high - low) / ((1.0 - low) * (high - 1.0))
    return np.asarray(expit(scale * u + np.log((1.0 - low) / (high - 1.0))))


#: F(u) = 1 + u: the generalised regression estimator; factors may be negative. Bounds cut it off ("truncated linear").
LINEAR = Distance(name="linear", factor=_linear, slope=_linear_slope, positive=False, needs_bounds=False, adds=True)
#: F(u) = exp(u): raking; factors are positive.
RAKING = Distance(name="raking", factor=_raking, slope=_raking_slope, positive=True, needs_bounds=False)
#: Positive like raking, with fewer very large factors (Le Guennec & Sautory 2002, CALMAR 2).
SINH = Distance(name="sinh", factor=_sinh, slope=_sinh_slope, positive=True, needs_bounds=False)
#: The logistic factor between the bounds, which it never reaches.
LOGIT = Distance(name="logit", factor=_logit, slope=_logit_slope, positive=False, needs_bounds=True)
#: F(u) = 1 + e^u, the inverse of a logistic chance to respond (Folsom & Singh 2000): respondents calibrated to their sample.
RESPONSE = Distance(name="logistic", factor=_response, slope=_response_slope, positive=False, needs_bounds=False)

DISTANCES = {distance.name: distance for distance in (LINEAR, RAKING, LOGIT, SINH)}
