r"""Definitions of a sample quantile as values: where a weighted distribution function is taken to reach p.

Notation: within a cell, distinct values :math:`x_1 < x_2 < ...` of :math:`c_k` rows weighing :math:`W_k`, cumulative weight
:math:`C_k`, total :math:`C`, rows n. Tied rows count as :math:`c_k` rows of weight :math:`w_k = W_k / c_k`, so that the order of
the rows cannot matter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from survey_kit.errors import EstimationError
from survey_kit.estimate.quantile_cells import Distribution
from survey_kit.types import BoolArray, FloatArray, IntArray

Point = Callable[[Distribution, IntArray, FloatArray], FloatArray]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantileRule:
    """One definition.

    Attributes
    ----------
    name
        As it is asked for.
    says
        The definition in words, for the notes.
    point
        ``(distribution, cell (k,), p (k,)) -> quantiles (k,)``; no cell is empty, every p lies in [0, 1].
    below
        ``(y (m,), q (m,)) -> (m,)``: the row variable whose weighted mean is the distribution function at q.
    density
        The density of that function at the quantile, or None where only an interval can tell it (Woodruff).
    check
        ``(distribution, name)``: raises where the definition does not fit the values.
    """

    name: str
    says: str
    point: Point
    below: Callable[[FloatArray, FloatArray], FloatArray]
    density: Point | None = None
    check: Callable[[Distribution, str], None] | None = None


def at_most(y: FloatArray, q: FloatArray) -> FloatArray:
    """Tell in which rows y does not exceed q, as 0 and 1 (m,)."""
    return (y <= q).astype(np.float64)


# ------------------------------------------------------------------------------------------------------ the definitions
def _inverse(at: Distribution, cell: IntArray, p: FloatArray) -> FloatArray:
    return at.value[at.at_share(cell, p)]


def _averaged(at: Distribution, cell: IntArray, p: FloatArray) -> FloatArray:
    return (at.value[at.at_share(cell, p)] + at.value[at.past_share(cell, p)]) / 2


def _linear(alpha: float, beta: float) -> Point:
    def point(at: Distribution, cell: IntArray, p: FloatArray) -> FloatArray:
        tolerance = at.tolerance(cell)
        last_row = at.start[cell + 1] - 1
        base = at.total[cell] + (1 - alpha - beta) * at.weight[last_row] / at.count[last_row]
        one = base <= tolerance * at.total[cell]  # a single row under definition 7
        base = np.where(one, 1.0, base)

        def last(k: IntArray) -> FloatArray:
            return np.asarray((at.cum[k] - alpha * at.weight[k] / at.count[k]) / base)

        k = at.first(cell, lambda k: last(k) >= p - tolerance)
        before = np.maximum(k - 1, at.start[cell])
        low = last(before)
        high = (at.cum[before] + (1 - alpha) * at.weight[k] / at.count[k]) / base
        inside = (k > before) & (p < high - tolerance) & ~one
        gamma = np.where(inside, (p - low) / np.where(inside, high - low, 1.0), 1.0)
        step = at.value[k] - at.value[before]
        return np.where(inside, at.value[before] + gamma * step, at.value[k])

    return point


def _shah_vaish(at: Distribution, cell: IntArray, p: FloatArray) -> FloatArray:
    n, total, tolerance = at.rows[cell], at.total[cell], at.tolerance(cell)

    def past(k: IntArray) -> BoolArray:
        """Whether value k + 1 starts above p, or k is the last."""
        after = np.minimum(k + 1, at.start[cell + 1] - 1)
        row = at.weight[after] / at.count[after]
        starts = (n * (at.cum[k] + row / 2) / total + 0.5) / (n + 1)
        return np.asarray((after == k) | (starts > p + tolerance))

    return at.value[at.first(cell, past)]


# ------------------------------------------------------------------------------------------------- grouped (interpolated)
def grouped(width: float) -> QuantileRule:
    r"""Make the definition for classes: values are midpoints of classes of equal width over which their weight is spread.

    With :math:`F_b` the share below the class k where the distribution function reaches p, and :math:`\pi_k` its share,

    .. math:: Q(p) = x_k - h/2 + h\,(p - F_b) / \pi_k

    Where the function reaches p exactly between two classes that do not touch, Q is the middle of the gap and has no density.
    """

    def parts(at: Distribution, cell: IntArray, p: FloatArray) -> tuple[IntArray, FloatArray, FloatArray]:
        k = at.at_share(cell, p)
        share = at.weight[k] / at.total[cell]
        return k, at.below(k, cell), share

    def gap(at: Distribution, cell: IntArray, p: FloatArray, k: IntArray) -> tuple[BoolArray, IntArray]:
        """Whether p is reached exactly at the end of class k and the next class begins further up; and that class."""
        after = np.minimum(k + 1, at.start[cell + 1] - 1)
        exact = np.abs(at.cum[k] / at.total[cell] - p) <= at.tolerance(cell)
        apart = at.value[after] - at.value[k] > width * (1 + 1e-9)
        return exact & apart, after

    def point(at: Distribution, cell: IntArray, p: FloatArray) -> FloatArray:
        k, below, share = parts(at, cell, p)
        between, after = gap(at, cell, p, k)
        inside = at.value[k] + width * (np.clip((p - below) / share, 0.0, 1.0) - 0.5)
        return np.where(between, (at.value[k] + at.value[after]) / 2, inside)

    def density(at: Distribution, cell: IntArray, p: FloatArray) -> FloatArray:
        k, _, share = parts(at, cell, p)
        return np.where(gap(at, cell, p, k)[0], np.nan, share / width)

    def below(y: FloatArray, q: FloatArray) -> FloatArray:
        return np.clip((q - y) / width + 0.5, 0.0, 1.0)

    return QuantileRule(
        name="grouped",
        says=f"grouped: every value is the middle of a class of width {width:g} over which its weight is spread",
        point=point,
        below=below,
        density=density,
        check=lambda at, name: _check_classes(at, width, name),
    )


def _check_classes(at: Distribution, width: float, name: str) -> None:
    gaps = np.diff(at.value)
    borders = at.start[1:-1] - 1  # from the last value of one cell to the first of the next
    gaps = np.delete(gaps, borders[(borders >= 0) & (borders < len(gaps))])
    if len(gaps) and gaps.min() < width * (1 - 1e-9):
        raise EstimationError(
            "The classes of a grouped quantile overlap.",
            where=f"column '{name}'",
            found=f"values {gaps.min():.4g} apart, classes of width {width:g}",
            fix="Give the distance of neighbouring answers as width, or use quantile() for a continuous variable.",
        )


def _plain(name: str, says: str, point: Point) -> QuantileRule:
    return QuantileRule(name=name, says=says, point=point, below=at_most)


_CONTINUOUS = "Hyndman & Fan's definition {}, linear between points"

#: Definitions by name. ``hf3`` is absent: R's rule of that name is not definition 3 of Hyndman & Fan (1996).
RULES: dict[str, QuantileRule] = {
    rule.name: rule
    for rule in (
        _plain("math", "math: the smallest value at which the weighted distribution function reaches p", _inverse),
        _plain("school", "school: as math, but the middle of two values where p is reached exactly", _averaged),
        _plain("hf1", "Hyndman & Fan's definition 1, the inverse of the distribution function", _inverse),
        _plain("hf2", "Hyndman & Fan's definition 2, averaging at jumps", _averaged),
        _plain("hf4", _CONTINUOUS.format(4), _linear(0.0, 1.0)),
        _plain("hf5", _CONTINUOUS.format(5), _linear(0.5, 0.5)),
        _plain("hf6", _CONTINUOUS.format(6), _linear(0.0, 0.0)),
        _plain("hf7", _CONTINUOUS.format(7), _linear(1.0, 1.0)),
        _plain("hf8", _CONTINUOUS.format(8), _linear(1 / 3, 1 / 3)),
        _plain("hf9", _CONTINUOUS.format(9), _linear(3 / 8, 3 / 8)),
        _plain("shahvaish", "Shah & Vaish (2006), steps at the middle of each row's weight", _shah_vaish),
        grouped(1.0),
    )
}
