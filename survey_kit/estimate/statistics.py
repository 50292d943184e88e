"""Statistics as values: a smooth function of weighted totals, and its gradient.

A statistic names the row variables whose totals it needs. Its influence on row i is the gradient applied to the row
variables, so influence, variance, covariance and change need no further function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from survey_kit.types import FloatArray

NOTHING = 1e-100  # a denominator below this is none: the square of its inverse is no number


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistic:
    """A smooth function of weighted totals.

    With row variables y and x (1 where there is none), the pass over the rows accumulates ``T_j = sum w u_j``, where

    - ``moments=None``: ``u = (y - c x, x)`` with c the ratio of each wave and domain, nearly;
    - ``moments=((a, b), ...)``: ``u_j = (y - c_0)^a (x - c_1)^b`` with c_0, c_1 near the means of each wave and domain.

    Centring keeps all digits when a mean is large beside the spread.

    Attributes
    ----------
    name
        As it stands in the column ``statistic``.
    value
        ``(T (J, ...), c (C, ...)) -> theta (...)``.
    gradient
        ``(T, c) -> d theta / d T (J, ...)``.
    moments
        Exponents of the centred y and x, or None.
    constant
        What the statistic is, exactly, where all y are the same number and x is 1; NaN where it then depends on the
        weights.
    """

    name: str
    value: Callable[[FloatArray, FloatArray], FloatArray]
    gradient: Callable[[FloatArray, FloatArray], FloatArray]
    constant: Callable[[FloatArray], FloatArray]
    moments: tuple[tuple[int, int], ...] | None = None


def _ratio_value(T: FloatArray, c: FloatArray) -> FloatArray:
    return np.asarray(np.divide(T[0], T[1], out=np.full_like(T[0], np.nan), where=np.abs(T[1]) > NOTHING) + c[0])


def _ratio_gradient(T: FloatArray, c: FloatArray) -> FloatArray:  # noqa: ARG001
    inverse = np.divide(1.0, T[1], out=np.zeros_like(T[1]), where=np.abs(T[1]) > NOTHING)
    return np.stack([inverse, -T[0] * inverse**2])


def _total_value(T: FloatArray, c: FloatArray) -> FloatArray:
    return np.asarray(T[0] + c[0] * T[1])


def _total_gradient(T: FloatArray, c: FloatArray) -> FloatArray:
    return np.stack([np.ones_like(T[0]), np.broadcast_to(c[0], T[1].shape)])


def _itself(y: FloatArray) -> FloatArray:
    return y


def _if_zero(y: FloatArray) -> FloatArray:
    return np.where(y == 0, 0.0, np.nan)


#: Weighted mean, ``sum w y / sum w`` (Hajek); the ratio with x = 1.
MEAN = Statistic(name="mean", value=_ratio_value, gradient=_ratio_gradient, constant=_itself)
#: The mean of an indicator of one category.
PROPORTION = Statistic(name="proportion", value=_ratio_value, gradient=_ratio_gradient, constant=_itself)
#: Ratio of two totals, ``sum w y / sum w x``.
RATIO = Statistic(name="ratio", value=_ratio_value, gradient=_ratio_gradient, constant=_if_zero)
#: Total, ``sum w y`` (Horvitz-Thompson).
TOTAL = Statistic(name="total", value=_total_value, gradient=_total_gradient, constant=_if_zero)
