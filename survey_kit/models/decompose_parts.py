"""A difference between two means taken apart: components as functions of means and coefficients.

Every function here takes complex numbers as well, so that :func:`jacobian` is exact: with f analytic,
``df/dx = Im f(x + ih) / h`` has no cancellation (Squire & Trapp 1998, SIAM Review 40, 110-112).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from survey_kit.types import FloatArray, IntArray

Values: TypeAlias = Mapping[str, Any]  # name -> array, real or complex
STEP = 1e-40
NOTHING = 1e-10  # a sum of contributions this small beside their sizes cannot be shared out


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """A categorical term: the columns of its levels but the omitted one, and what that is called."""

    columns: IntArray
    base: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """What contributions are told for.

    Attributes
    ----------
    labels
        Names of the pieces: terms, or columns with the omitted categories after them.
    sums : (pieces, p + factors)
        Which expanded columns make each piece.
    factors
        Categorical terms, each of which adds a column for its omitted category.
    intercept
        Place of the constant.
    """

    labels: tuple[str, ...]
    sums: FloatArray
    factors: tuple[Factor, ...]
    intercept: int

    def means(self, x: Any) -> Any:
        """Means (p + factors,): those of the omitted categories after the others."""
        return np.concatenate([x, [1.0 - x[f.columns].sum() for f in self.factors]]) if self.factors else x

    def coefficients(self, b: Any) -> Any:
        """Coefficients (p + factors,) as deviations from the mean of a factor's levels, so that none is the reference.

        With k levels and b_omitted = 0 the mean is ``sum b_j / k``; the constant takes it up (Yun 2005, Economic Inquiry 43,
        766-772, eq. 2).
        """
        out, added = b.copy(), []
        for f in self.factors:
            middle = b[f.columns].sum() / (len(f.columns) + 1)
            out[f.columns] = b[f.columns] - middle
            out[self.intercept] = out[self.intercept] + middle
            added.append(-middle)
        return np.concatenate([out, added]) if added else out


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Which coefficients value a difference in characteristics: ``values -> b (p,)``; what else has to be estimated."""

    name: str
    value: Callable[[Values], Any]
    pooled: bool = False
    grouped: bool = False


def _weighted(share: Callable[[Values], Any]) -> Callable[[Values], Any]:
    def value(v: Values) -> Any:
        s = share(v)
        return s * v["b_a"] + (1.0 - s) * v["b_b"]

    return value


def weighted_reference(share: float) -> Reference:
    """Coefficients ``share b_a + (1 - share) b_b``; one half is Reimers (1983).

    Examples
    --------
    >>> weighted_reference(0.5).value({"b_a": np.array([2.0]), "b_b": np.array([1.0])})
    array([1.5])
    """
    return Reference(name=f"{share:g} a + {1 - share:g} b", value=_weighted(lambda v: share))  # noqa: ARG005


REFERENCES = {
    "a": Reference(name="coefficients of a", value=lambda v: v["b_a"]),
    "b": Reference(name="coefficients of b", value=lambda v: v["b_b"]),
    "pooled": Reference(
        name="pooled coefficients beside an indicator of the group", value=lambda v: v["b_p"], pooled=True, grouped=True
    ),
    "neumark": Reference(name="pooled coefficients, the groups not told apart", value=lambda v: v["b_p"], pooled=True),
    "cotton": Reference(name="coefficients weighted by the groups' shares", value=_weighted(lambda v: v["s_a"][0])),
}


def jacobian(f: Callable[[Values], Any], values: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Differentiate f (K,) by every value (K, size), by complex steps.

    Examples
    --------
    >>> jacobian(lambda v: v["x"] ** 2, {"x": np.array([3.0, 1.0])})["x"].tolist()
    [[6.0, 0.0], [0.0, 2.0]]
    """
    out = {}
    for name, value in values.items():
        columns = []
        for j in range(len(value)):
            moved = value.astype(np.complex128)
            moved[j] += 1j * STEP
            columns.append(np.imag(f({**values, name: moved})) / STEP)
        out[name] = np.stack(columns, axis=1) if columns else np.zeros((len(f(values)), 0))
    return out


def twofold(pieces: Pieces, reference: Reference, v: Values) -> Any:
    """Linear: ``(x_a - x_b) b_r`` explained, ``x_a (b_a - b_r) + x_b (b_r - b_b)`` unexplained; totals first, then pieces."""
    x_a, x_b, b_a, b_b, b_r = _expanded(pieces, reference, v)
    explained = pieces.sums @ ((x_a - x_b) * b_r)
    unexplained = pieces.sums @ (x_a * (b_a - b_r) + x_b * (b_r - b_b))
    return _stacked(x_a @ b_a, x_b @ b_b, (explained, unexplained))


def threefold(pieces: Pieces, v: Values) -> Any:
    """Linear: ``(x_a - x_b) b_b`` endowments, ``x_b (b_a - b_b)`` coefficients, ``(x_a - x_b)(b_a - b_b)`` interaction."""
    x_a, x_b, b_a, b_b, _ = _expanded(pieces, REFERENCES["b"], v)
    parts = ((x_a - x_b) * b_b, x_b * (b_a - b_b), (x_a - x_b) * (b_a - b_b))
    return _stacked(x_a @ b_a, x_b @ b_b, tuple(pieces.sums @ part for part in parts))


def twofold_of_means(pieces: Pieces, reference: Reference, v: Values) -> Any:
    """Take apart a difference of mean predictions, shared out in proportion to the linear one (Yun 2004, Economics Letters 82).

    With ``m`` the mean predictions of a by b_a, b by b_b, a by b_r, b by b_r: ``m_ar - m_br`` is explained and ``(m_aa - m_ar)
    + (m_br - m_bb)`` not.
    """
    x_a, x_b, b_a, b_b, b_r = _expanded(pieces, reference, v)
    m_aa, m_bb, m_ar, m_br = v["m"]
    explained = (m_ar - m_br) * _proportions(pieces.sums @ ((x_a - x_b) * b_r))
    above = (m_aa - m_ar) * _proportions(pieces.sums @ (x_a * (b_a - b_r)))
    below = (m_br - m_bb) * _proportions(pieces.sums @ (x_b * (b_r - b_b)))
    totals = np.array([m_aa, m_bb, m_aa - m_bb, m_ar - m_br, (m_aa - m_ar) + (m_br - m_bb)])
    return np.concatenate([totals, np.stack([explained, above + below], axis=1).reshape(-1)])


def _proportions(parts: Any) -> Any:
    """Shares that add up to one; all zero where nothing is to be shared, NaN where parts cancel."""
    size = float(np.abs(np.real(parts)).sum())
    if size == 0.0:
        return np.zeros_like(parts)
    whole = parts.sum()
    if abs(float(np.real(whole))) <= NOTHING * size:
        return np.full_like(parts, np.nan)
    return parts / whole


def _expanded(pieces: Pieces, reference: Reference, v: Values) -> tuple[Any, Any, Any, Any, Any]:
    return (
        pieces.means(v["x_a"]),
        pieces.means(v["x_b"]),
        pieces.coefficients(v["b_a"]),
        pieces.coefficients(v["b_b"]),
        pieces.coefficients(reference.value(v)),
    )


def _stacked(mean_a: Any, mean_b: Any, parts: tuple[Any, ...]) -> Any:
    totals = np.array([mean_a, mean_b, mean_a - mean_b, *(part.sum() for part in parts)])
    return np.concatenate([totals, np.stack(parts, axis=1).reshape(-1)])
