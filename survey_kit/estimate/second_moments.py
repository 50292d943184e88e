"""Statistics of second moments as values: variance, standard deviation, covariance, correlation; and the geometric mean.

Row variables are powers and products of y and x less a centre near their means (:class:`Statistic`, ``moments``). With
``M_ab = T_ab / W - (T_a / W)(T_b / W)`` the central moments, W the sum of weights, everything here is a function of them. The
factor n / (n - 1) comes afterwards, since it is no function of weights.
"""

from __future__ import annotations

import numpy as np

from survey_kit.estimate.statistics import Statistic
from survey_kit.types import BoolArray, FloatArray

#: A standard deviation below this part of the mean is rounding of the values, not spread.
ROUNDING = 1e-13

# where the totals stand: y, 1, y^2 for one variable; y, 1, x, y x, y^2, x^2 for two
_ONE = ((1, 0), (0, 0), (2, 0))
_TWO = ((1, 0), (0, 0), (0, 1), (1, 1), (2, 0), (0, 2))
_SQUARE = (0, 0, 2)
_YX, _YY, _XX = (0, 2, 3), (0, 0, 4), (2, 2, 5)


def _over(a: FloatArray, b: FloatArray, otherwise: float = np.nan) -> FloatArray:
    out = np.full(np.broadcast_shapes(np.shape(a), b.shape), otherwise)
    np.divide(a, b, out=out, where=b != 0)
    return out


def _moment(T: FloatArray, at: tuple[int, int, int]) -> FloatArray:
    a, b, ab = at
    return _over(T[ab], T[1]) - _over(T[a], T[1]) * _over(T[b], T[1])


def _moment_gradient(T: FloatArray, at: tuple[int, int, int]) -> FloatArray:
    a, b, ab = at
    inverse = _over(np.ones(1), T[1], 0.0)
    mean_a, mean_b, product = T[a] * inverse, T[b] * inverse, T[ab] * inverse
    out = np.zeros(T.shape)
    out[1] = (2 * mean_a * mean_b - product) * inverse
    out[a] -= mean_b * inverse
    out[b] -= mean_a * inverse
    out[ab] += inverse
    return out


def _flat(moment: FloatArray, c: FloatArray) -> BoolArray:
    """Tell where a variable with this second moment is one number but for rounding."""
    known = np.isfinite(moment)
    return known & (np.abs(np.where(known, moment, 0.0)) <= (ROUNDING * c) ** 2)


def _variance_value(T: FloatArray, c: FloatArray) -> FloatArray:
    moment = _moment(T, _SQUARE)
    square = np.where(moment < 0, np.nan, moment)  # negative weights can make it negative: that is no variance
    return np.where(_flat(moment, c[0]), 0.0, square)


def _variance_gradient(T: FloatArray, c: FloatArray) -> FloatArray:
    return np.where(_flat(_moment(T, _SQUARE), c[0]), 0.0, _moment_gradient(T, _SQUARE))


def _sd_value(T: FloatArray, c: FloatArray) -> FloatArray:
    return np.asarray(np.sqrt(_variance_value(T, c)))


def _sd_gradient(T: FloatArray, c: FloatArray) -> FloatArray:
    return _over(np.full(1, 0.5), np.nan_to_num(_sd_value(T, c)), 0.0) * _moment_gradient(T, _SQUARE)


def _either_flat(T: FloatArray, c: FloatArray) -> BoolArray:
    return _flat(_moment(T, _YY), c[0]) | _flat(_moment(T, _XX), c[1])


def _covariance_value(T: FloatArray, c: FloatArray) -> FloatArray:
    return np.where(_either_flat(T, c), 0.0, _moment(T, _YX))


def _covariance_gradient(T: FloatArray, c: FloatArray) -> FloatArray:
    return np.where(_either_flat(T, c), 0.0, _moment_gradient(T, _YX))


def _correlation_value(T: FloatArray, c: FloatArray) -> FloatArray:
    yy, xx = _moment(T, _YY), _moment(T, _XX)
    varies = (yy > 0) & (xx > 0) & ~_either_flat(T, c)
    scale = np.sqrt(np.where(varies, yy, 0.0) * np.where(varies, xx, 0.0))
    return np.clip(_over(_moment(T, _YX), scale), -1.0, 1.0)


def _correlation_gradient(T: FloatArray, c: FloatArray) -> FloatArray:
    r, yy, xx = _correlation_value(T, c), _moment(T, _YY), _moment(T, _XX)
    varies = np.isfinite(r) & (np.abs(r) < 1 - 1e-14)
    r, yy, xx = (np.where(varies, part, 1.0) for part in (r, yy, xx))
    g = _moment_gradient(T, _YX) / np.sqrt(yy * xx)
    g = g - r / (2 * yy) * _moment_gradient(T, _YY) - r / (2 * xx) * _moment_gradient(T, _XX)
    return np.where(varies, g, 0.0)


def _geometric_value(T: FloatArray, c: FloatArray) -> FloatArray:
    return np.asarray(np.exp(_over(T[0], T[1]) + c[0]))


def _geometric_gradient(T: FloatArray, c: FloatArray) -> FloatArray:
    inverse = _over(np.ones(1), T[1], 0.0)
    slopes: FloatArray = np.stack([inverse, -T[0] * inverse**2])
    return slopes * np.nan_to_num(_geometric_value(T, c))


def _zero(y: FloatArray) -> FloatArray:
    return np.zeros_like(y)


def _undefined(y: FloatArray) -> FloatArray:
    return np.full_like(y, np.nan)


def _exponential(y: FloatArray) -> FloatArray:
    return np.asarray(np.exp(y))


#: Variance with divisor ``sum w``.
VARIANCE = Statistic(name="variance", value=_variance_value, gradient=_variance_gradient, constant=_zero, moments=_ONE)
#: Root of the variance.
SD = Statistic(name="sd", value=_sd_value, gradient=_sd_gradient, constant=_zero, moments=_ONE)
#: Covariance with divisor ``sum w``.
COVARIANCE = Statistic(
    name="covariance", value=_covariance_value, gradient=_covariance_gradient, constant=_zero, moments=_TWO
)
#: Pearson correlation.
CORRELATION = Statistic(
    name="correlation", value=_correlation_value, gradient=_correlation_gradient, constant=_undefined, moments=_TWO
)
#: Exponential of the mean of the logarithms, given as y.
GEOMETRIC_MEAN = Statistic(
    name="geometric_mean", value=_geometric_value, gradient=_geometric_gradient, constant=_exponential
)
