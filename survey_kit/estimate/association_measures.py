"""Measures of association: smooth functions of the cell shares of a two-way table, each with its gradient.

Notation of Agresti (2013), Categorical Data Analysis, chapter 2: p (R, C) cell shares with sum 1, a dot for a sum. Rows stand for the
explaining, columns for the explained item. 1954 is Goodman & Kruskal, Journal of the American Statistical Association 49, 732-764. Gradients are those of the function of degree zero in the counts, so that
``sum p g = 0``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from survey_kit.types import FloatArray

Valued: TypeAlias = tuple[float, FloatArray]
NAN = float("nan")
AT_THE_END = 1e-13  # as near to the end of a scale as rounding can tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A measure of association as a value.

    Attributes
    ----------
    name
        As it stands in the column ``statistic``.
    compute
        ``p (R, C) -> (value, gradient (R, C))``; NaN where the table does not define it.
    interval
        The scale its interval is made on.
    needs
        ``"any"`` table without empty rows or columns, ``"2 x 2"``, or ``"R x 2"``: one value per row but the first.
    """

    name: str
    compute: Callable[[FloatArray], Valued]
    interval: Literal["wald", "log", "fisher", "logit"]
    needs: Literal["any", "2 x 2", "R x 2"] = "any"


# ------------------------------------------------------------------------------------------------------------- nominal items
def _phi_squared(p: FloatArray) -> Valued:
    """Give ``sum p_ij^2 / (p_i. p_.j) - 1`` (Pearson)."""
    r, c = p.sum(axis=1), p.sum(axis=0)
    expected = np.outer(r, c)
    ratio = np.divide(p, expected, out=np.zeros_like(p), where=expected > 0)
    parts = p * ratio
    value = float(parts.sum()) - 1
    by_row = np.divide(parts.sum(axis=1), r, out=np.zeros_like(r), where=r > 0)
    by_column = np.divide(parts.sum(axis=0), c, out=np.zeros_like(c), where=c > 0)
    gradient = 2 * ratio - by_row[:, None] - by_column[None, :]
    return (value if value > AT_THE_END else 0.0), gradient


def cramers_v(p: FloatArray) -> Valued:
    """Give ``sqrt(phi^2 / (min(R, C) - 1))`` (Cramer 1946).

    Examples
    --------
    >>> round(cramers_v(np.array([[0.4, 0.1], [0.1, 0.4]]))[0], 3)
    0.6
    """
    value, gradient = _phi_squared(p)
    m = min(p.shape) - 1
    v = float(np.sqrt(value / m))
    return v, gradient / (2 * m * v) if v > 0 else np.zeros_like(p)


def phi(p: FloatArray) -> Valued:
    """Give ``(p11 p22 - p12 p21) / sqrt(p1. p2. p.1 p.2)``: the correlation of two items of two levels (Yule 1912).

    Examples
    --------
    >>> round(phi(np.array([[0.1, 0.4], [0.4, 0.1]]))[0], 3)
    -0.6
    """
    r, c = p.sum(axis=1), p.sum(axis=0)
    below = float(np.sqrt(r.prod() * c.prod()))
    value = float(p[0, 0] * p[1, 1] - p[0, 1] * p[1, 0]) / below
    across = np.array([[p[1, 1], -p[1, 0]], [-p[0, 1], p[0, 0]]])
    return value, across / below - value / 2 * (1 / r[:, None] + 1 / c[None, :])


def lambda_columns(p: FloatArray) -> Valued:
    """Goodman and Kruskal's lambda, columns predicted from rows: ``(sum_i max_j p_ij - max_j p_.j) / (1 - max_j p_.j)`` (1954).

    Examples
    --------
    >>> round(lambda_columns(np.array([[0.4, 0.1], [0.1, 0.4]]))[0], 3)
    0.6
    """
    top, best, at = _modal(p)
    if best >= 1:
        return NAN, np.full_like(p, NAN)
    value = (float(top.sum()) - best) / (1 - best)
    gradient = np.zeros_like(p)
    gradient[np.arange(len(p)), p.argmax(axis=1)] = 1 / (1 - best)
    gradient[:, at] += (value - 1) / (1 - best)
    return value, gradient


def lambda_rows(p: FloatArray) -> Valued:
    """Goodman and Kruskal's lambda, rows predicted from columns."""
    value, gradient = lambda_columns(p.T)
    return value, gradient.T


def lambda_symmetric(p: FloatArray) -> Valued:
    """Goodman and Kruskal's lambda of both directions, numerators and denominators added (1954)."""
    parts = [(_modal(q), q.argmax(axis=1)) for q in (p, p.T)]
    above = sum(float(top.sum()) - best for (top, best, _), _ in parts)
    below = sum(1 - best for (_, best, _), _ in parts)
    if below <= 0:
        return NAN, np.full_like(p, NAN)
    value = above / below
    out = []
    for ((_, _, at), modal), q in zip(parts, (p, p.T), strict=True):
        gradient = np.zeros_like(q)
        gradient[np.arange(len(q)), modal] = 1 / below
        gradient[:, at] += (value - 1) / below
        out.append(gradient)
    return value, out[0] + out[1].T


def _modal(p: FloatArray) -> tuple[FloatArray, float, int]:
    """Largest share of each row, largest column share, and its column."""
    c = p.sum(axis=0)
    return p.max(axis=1), float(c.max()), int(c.argmax())


# ------------------------------------------------------------------------------------------------------------- ordered items
def _concordance(p: FloatArray) -> tuple[float, FloatArray]:
    """Probability of concordance minus discordance of two independent draws, and its gradient.

    ``P - Q = sum p_ij s_ij`` with s the sum over cells above and left, below and right, minus the other two quarters.
    """
    R, C = p.shape
    up = np.zeros((R + 1, C + 1))
    up[1:, 1:] = p.cumsum(axis=0).cumsum(axis=1)
    i, j = np.arange(R)[:, None], np.arange(C)[None, :]
    left_above = up[i, j]
    right_above = up[i, [[C]]] - up[i, j + 1]
    left_below = up[[[R]], j] - up[i + 1, j]
    right_below = up[R, C] - up[i + 1, [[C]]] - up[[[R]], j + 1] + up[i + 1, j + 1]
    s = left_above + right_below - right_above - left_below
    return float((p * s).sum()), 2 * s


def _untied(p: FloatArray, axis: int) -> Valued:
    """Give ``1 - sum_i p_i.^2`` of rows (axis 0) or columns (axis 1): the chance that two draws differ there."""
    share = p.sum(axis=1 - axis)
    gradient = -2 * (share[:, None] if axis == 0 else share[None, :]) * np.ones_like(p)
    return 1 - float((share**2).sum()), gradient


def _quotient(above: Valued, below: Valued) -> Valued:
    if not below[0] > 0:
        return NAN, np.full_like(above[1], NAN)
    value = above[0] / below[0]
    return value, (above[1] - value * below[1]) / below[0]


def gamma(p: FloatArray) -> Valued:
    """Goodman and Kruskal's gamma, ``(P - Q) / (P + Q)`` (1954).

    Examples
    --------
    >>> round(gamma(np.array([[0.4, 0.1], [0.1, 0.4]]))[0], 4)
    0.8824
    """
    difference, slope = _concordance(p)
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    # P + Q: pairs tied on neither item, 1 - sum p_i.^2 - sum p_.j^2 + sum p_ij^2
    both = 1 - float((rows**2).sum()) - float((columns**2).sum()) + float((p**2).sum())
    return _quotient((difference, slope), (both, 2 * (p - rows[:, None] - columns[None, :])))


def tau_b(p: FloatArray) -> Valued:
    """Kendall's tau-b, ``(P - Q) / sqrt((1 - sum p_i.^2)(1 - sum p_.j^2))`` (Kendall 1945).

    Examples
    --------
    >>> round(tau_b(np.array([[0.4, 0.1], [0.1, 0.4]]))[0], 4)
    0.6
    """
    (a, da), (b, db) = _untied(p, 0), _untied(p, 1)
    root = float(np.sqrt(max(a, 0.0) * max(b, 0.0)))
    slope = (da * b + db * a) / (2 * root) if root > 0 else np.zeros_like(p)
    return _quotient(_concordance(p), (root, slope))


def tau_c(p: FloatArray) -> Valued:
    """Stuart's tau-c, ``(P - Q) m / (m - 1)`` with ``m = min(R, C)`` (Stuart 1953).

    Examples
    --------
    >>> round(tau_c(np.array([[0.4, 0.1], [0.1, 0.4]]))[0], 4)
    0.6
    """
    m = min(p.shape)
    value, gradient = _concordance(p)
    return value * m / (m - 1), gradient * m / (m - 1)


def somers_d_columns(p: FloatArray) -> Valued:
    """Somers' d with the columns depending on the rows, ``(P - Q) / (1 - sum p_i.^2)`` (Somers 1962).

    Examples
    --------
    >>> round(somers_d_columns(np.array([[0.4, 0.1], [0.1, 0.4]]))[0], 4)
    0.6
    """
    return _quotient(_concordance(p), _untied(p, 0))


def somers_d_rows(p: FloatArray) -> Valued:
    """Somers' d with the rows depending on the columns, ``(P - Q) / (1 - sum p_.j^2)``."""
    return _quotient(_concordance(p), _untied(p, 1))


def somers_d_symmetric(p: FloatArray) -> Valued:
    """Somers' d of both directions, ``2 (P - Q) / (2 - sum p_i.^2 - sum p_.j^2)``."""
    (a, da), (b, db) = _untied(p, 0), _untied(p, 1)
    return _quotient(_concordance(p), ((a + b) / 2, (da + db) / 2))


# ------------------------------------------------------------------------------------------------------------- two rows, two columns
def log_odds_ratio(p: FloatArray) -> Valued:
    """Log of ``p11 p22 / (p12 p21)``.

    Examples
    --------
    >>> round(float(np.exp(log_odds_ratio(np.array([[0.4, 0.1], [0.1, 0.4]]))[0])), 6)
    16.0
    """
    if (p <= 0).any():
        return NAN, np.full_like(p, NAN)
    sign = np.array([[1.0, -1.0], [-1.0, 1.0]])
    return float((sign * np.log(p)).sum()), sign / p


def odds_ratio(p: FloatArray) -> Valued:
    """Odds of the second column in the second row over those in the first, ``p11 p22 / (p12 p21)``."""
    value, gradient = log_odds_ratio(p)
    return float(np.exp(value)), float(np.exp(value)) * gradient


def risk_ratio(p: FloatArray) -> Valued:
    """Share of the second column in the second row over that in the first.

    Examples
    --------
    >>> round(risk_ratio(np.array([[0.4, 0.1], [0.1, 0.4]]))[0], 6)
    4.0
    """
    (first, dfirst), (second, dsecond) = _risk(p, 0), _risk(p, 1)
    if not first > 0:
        return NAN, np.full_like(p, NAN)
    value = second / first
    return value, (dsecond - value * dfirst) / first


def risk_difference(p: FloatArray) -> Valued:
    """Share of the second column in the second row minus that in the first.

    Examples
    --------
    >>> round(risk_difference(np.array([[0.4, 0.1], [0.1, 0.4]]))[0], 6)
    0.6
    """
    (first, dfirst), (second, dsecond) = _risk(p, 0), _risk(p, 1)
    return second - first, dsecond - dfirst


def _risk(p: FloatArray, row: int) -> Valued:
    total = float(p[row].sum())
    if not total > 0:
        return NAN, np.full_like(p, NAN)
    risk = float(p[row, 1]) / total
    gradient = np.zeros_like(p)
    gradient[row] = np.array([-risk, 1 - risk]) / total
    return risk, gradient


def _of_odds_ratio(value: Callable[[float], float], slope: Callable[[float], float]) -> Callable[[FloatArray], Valued]:
    """Make a function of the log odds ratio; its limits stand where a cell is empty but not its diagonal."""

    def compute(p: FloatArray) -> Valued:
        same, other = float(p[0, 0] * p[1, 1]), float(p[0, 1] * p[1, 0])
        if same == 0 and other == 0:
            return NAN, np.full_like(p, NAN)
        if same == 0 or other == 0:
            return (1.0 if same > 0 else -1.0), np.zeros_like(p)
        log_odds, gradient = log_odds_ratio(p)
        return value(log_odds), slope(log_odds) * gradient

    return compute


def _tanh(scale: float) -> tuple[Callable[[float], float], Callable[[float], float]]:
    return lambda x: float(np.tanh(x * scale)), lambda x: scale * float(1 - np.tanh(x * scale) ** 2)


#: Yule's Q, ``(OR - 1) / (OR + 1)``, and Y, ``(sqrt OR - 1) / (sqrt OR + 1)`` (Yule 1912).
yule_q = _of_odds_ratio(*_tanh(0.5))
yule_y = _of_odds_ratio(*_tanh(0.25))

#: Every measure by name. A direction unsaid is that of columns explained by rows.
MEASURES: Mapping[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure(name="cramers_v", compute=cramers_v, interval="logit"),
        Measure(name="phi", compute=phi, interval="fisher", needs="2 x 2"),
        Measure(name="lambda", compute=lambda_columns, interval="logit"),
        Measure(name="lambda_rows", compute=lambda_rows, interval="logit"),
        Measure(name="lambda_symmetric", compute=lambda_symmetric, interval="logit"),
        Measure(name="gamma", compute=gamma, interval="fisher"),
        Measure(name="tau_b", compute=tau_b, interval="fisher"),
        Measure(name="tau_c", compute=tau_c, interval="fisher"),
        Measure(name="somers_d", compute=somers_d_columns, interval="fisher"),
        Measure(name="somers_d_rows", compute=somers_d_rows, interval="fisher"),
        Measure(name="somers_d_symmetric", compute=somers_d_symmetric, interval="fisher"),
        Measure(name="odds_ratio", compute=odds_ratio, interval="log", needs="R x 2"),
        Measure(name="risk_ratio", compute=risk_ratio, interval="log", needs="R x 2"),
        Measure(name="risk_difference", compute=risk_difference, interval="wald", needs="R x 2"),
        Measure(name="yule_q", compute=yule_q, interval="fisher", needs="2 x 2"),
        Measure(name="yule_y", compute=yule_y, interval="fisher", needs="2 x 2"),
    )
}


def valued(measure: Measure, p: FloatArray) -> Valued:
    """Give a measure and its gradient of degree zero, ``sum p g = 0``.

    Parameters
    ----------
    measure
        Which one.
    p : (R, C)
        Cell shares.

    Examples
    --------
    >>> p = np.array([[0.3, 0.2], [0.1, 0.4]])
    >>> value, g = valued(MEASURES["tau_b"], p)
    >>> round(value, 4), bool(abs((p * g).sum()) < 1e-15)
    (0.4082, True)
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        value, gradient = measure.compute(p)
    if measure.interval in ("fisher", "logit") and abs(value) > 1 - AT_THE_END:
        return float(np.sign(value)), np.zeros_like(p)  # a spread would be rounding
    return value, gradient - float((p * gradient).sum())
