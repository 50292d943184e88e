"""Statistics as values: a smooth function of weighted totals, and its gradient.

A statistic names the row variables whose totals it needs. Its influence on row i is the gradient applied to the row
variables, so influence, variance, covariance and change need no further function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from survey_kit.types import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistic:
    """A smooth function of two weighted totals.

    With row variables y and x and a provisional centre c of each wave and domain, the pass over the rows accumulates
    ``T0 = sum w (y - c x)`` and ``T1 = sum w x``. Centring keeps all digits when the mean is large beside the spread.

    Attributes
    ----------
    name
        As it stands in the column ``statistic``.
    value
        ``(T0, T1, c) -> theta``.
    gradient
        ``(T0, T1, c) -> (d theta / d T0, d theta / d T1)``.
    residual
        What the design effect compares: ``"ratio"`` y - theta x, ``"mean"`` y minus its own mean.
    """

    name: str
    value: Callable[[FloatArray, FloatArray, FloatArray], FloatArray]
    gradient: Callable[[FloatArray, FloatArray, FloatArray], tuple[FloatArray, FloatArray]]
    residual: Literal["ratio", "mean"]


def _ratio_value(T0: FloatArray, T1: FloatArray, c: FloatArray) -> FloatArray:
    return np.divide(T0, T1, out=np.full_like(T0, np.nan), where=T1 != 0) + c


def _ratio_gradient(T0: FloatArray, T1: FloatArray, c: FloatArray) -> tuple[FloatArray, FloatArray]:  # noqa: ARG001
    inverse = np.divide(1.0, T1, out=np.zeros_like(T1), where=T1 != 0)
    return inverse, -T0 * inverse**2


def _total_value(T0: FloatArray, T1: FloatArray, c: FloatArray) -> FloatArray:
    return T0 + c * T1


def _total_gradient(T0: FloatArray, T1: FloatArray, c: FloatArray) -> tuple[FloatArray, FloatArray]:
    return np.ones_like(T0), np.full_like(T1, c)


#: Weighted mean, ``sum w y / sum w`` (Hajek); the ratio with x = 1.
MEAN = Statistic(name="mean", value=_ratio_value, gradient=_ratio_gradient, residual="ratio")
#: The mean of an indicator of one category.
PROPORTION = Statistic(name="proportion", value=_ratio_value, gradient=_ratio_gradient, residual="ratio")
#: Ratio of two totals, ``sum w y / sum w x``.
RATIO = Statistic(name="ratio", value=_ratio_value, gradient=_ratio_gradient, residual="ratio")
#: Total, ``sum w y`` (Horvitz-Thompson).
TOTAL = Statistic(name="total", value=_total_value, gradient=_total_gradient, residual="mean")
