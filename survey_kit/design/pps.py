"""Unequal probability sampling without replacement: variance as a quadratic form of the unit totals.

With t_i the total of ``w z`` of unit i (already divided by its probability) and pi_ij joint inclusion probabilities,

    V = sum_i sum_j D_ij t_i t_j,      D_ij = 1 - pi_i pi_j / pi_ij,   D_ii = 1 - pi_i     (Horvitz & Thompson 1952)

or, for samples of fixed size, ``-1/2 sum sum D_ij (t_i - t_j)^2`` (Sen 1953; Yates & Grundy 1953), whose matrix is D less
its row sums on the diagonal. Where pi_ij are not known they are approximated from pi_i (Brewer & Donadio 2003, Survey
Methodology 29, 189-196).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np

from survey_kit import checks
from survey_kit.errors import DesignError
from survey_kit.types import FloatArray, IntArray

if TYPE_CHECKING:
    from survey_kit.design.layout import Stage

PpsMethod: TypeAlias = Literal["brewer", "hajek", "overton", "hartley_rao", "poisson", "joint"]
PpsVariance: TypeAlias = Literal["horvitz_thompson", "yates_grundy"]

LARGEST = 20_000  # units of one stratum whose matrix is formed


@dataclass(frozen=True, slots=True, kw_only=True)
class Pps:
    """How units of the first stage were drawn with unequal probabilities, without replacement.

    Parameters
    ----------
    probability
        Column of the inclusion probabilities of the first-stage units, above 0 and at most 1.
    method
        Where joint probabilities come from: ``"brewer"`` (Brewer 2002, section 9.2, as R's ``pps="brewer"``), ``"hajek"``
        (Hajek 1964), ``"overton"`` (Overton 1985), ``"hartley_rao"`` (Hartley & Rao 1962, first order), ``"poisson"``
        (independent draws) or ``"joint"`` (given).
    variance
        ``"horvitz_thompson"`` or ``"yates_grundy"``, for overton, hartley_rao and joint.
    sum_squares
        For hartley_rao: the population's sum of pi_i^2 divided by n, one number, or one per stratum in their order; None
        estimates it by the sample mean of pi_i.
    joint : (P, P), optional
        For joint: the matrix of pi_ij in the order of `units`, with pi_i on its diagonal.
    units
        For joint: the unit ids of its rows.

    Raises
    ------
    DesignError
        If an option does not belong to the method.

    Examples
    --------
    >>> Pps(probability="p", method="overton").variance
    'horvitz_thompson'
    """

    probability: str
    method: PpsMethod = "brewer"
    variance: PpsVariance = "horvitz_thompson"
    sum_squares: float | tuple[float, ...] | None = None
    joint: Any = None
    units: Any = None

    def __post_init__(self) -> None:
        checks.choice(self.method, "method for joint probabilities", get_args(PpsMethod), DesignError)
        checks.choice(self.variance, "variance estimator", get_args(PpsVariance), DesignError)
        if self.variance == "yates_grundy" and self.method in {"brewer", "hajek", "poisson"}:
            raise DesignError(
                f"'{self.method}' has one variance estimator only.", fix="Leave variance out, or use another method."
            )
        if (self.sum_squares is not None) and self.method != "hartley_rao":
            raise DesignError("'sum_squares' belongs to method 'hartley_rao'.", fix="Leave it out.")
        if (self.method == "joint") != (self.joint is not None and self.units is not None):
            raise DesignError(
                "Method 'joint' takes the matrix 'joint' and its 'units', and only it does.",
                fix="Give both, or another method.",
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TwoPhase:
    """The variance of a two-phase sample, made by :func:`survey_kit.two_phase`.

    Attributes
    ----------
    matrix : (n, n)
        The quadratic form in the rows' weighted influence.
    """

    matrix: FloatArray

    def quadratic(self, unit_row: IntArray) -> Quadratic:
        """Put the form into the order of the units, one row each."""
        if len(unit_row) != len(self.matrix):
            raise DesignError(
                "The rows are not those of the second phase.",
                found=f"{len(unit_row)} rows, {len(self.matrix)} in the second phase",
                fix="Make the design with two_phase; rows are never left out, a domain is `where`.",
            )
        return Quadratic(
            start=np.zeros(1, dtype=np.int64),
            D=(self.matrix[np.ix_(unit_row, unit_row)],),
            f=np.zeros(len(unit_row)),
            said="two phases, the second drawn at random within its strata",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Quadratic:
    """Variance of the first stage as a quadratic form.

    Attributes
    ----------
    start
        The first unit of each stratum.
    D
        For each stratum (n_h, n_h), symmetric.
    f : (P,)
        Inclusion probability of each unit: what the variance of the next stage is multiplied by.
    said
        The method in words.
    """

    start: IntArray
    D: tuple[FloatArray, ...]
    f: FloatArray
    said: str

    def right(self, t: FloatArray, first: int) -> FloatArray:
        """Multiply ``D t`` for the totals (P, K) of whole strata, the first of them that of unit `first`."""
        out = np.empty_like(t)
        h = int(np.searchsorted(self.start, first))
        at = 0
        while at < len(t):
            D = self.D[h]
            out[at : at + len(D)] = D @ t[at : at + len(D)]
            at += len(D)
            h += 1
        return out


def make_quadratic(pps: Pps, stage: Stage, pi: FloatArray, ids: tuple[Any, ...] | None) -> Quadratic:
    """Form the matrices of all strata.

    Parameters
    ----------
    pps
        The declaration.
    stage
        The first stage.
    pi : (P,)
        Inclusion probability of each unit.
    ids
        Id of each unit, for ``method="joint"``.
    """
    largest = int(stage.n_h.max())
    if largest > LARGEST:
        raise DesignError(
            "A stratum has too many units for a matrix of joint probabilities.",
            found=f"{largest:,} units, at most {LARGEST:,}",
            fix="Declare the units as drawn with replacement (no pps), or with strata.",
        )
    joint = _given(pps, ids) if pps.method == "joint" else None
    out = []
    for h, start in enumerate(stage.stratum_start.tolist()):
        at = slice(start, start + int(stage.n_h[h]))
        out.append(_stratum(pps, pi[at], h, None if joint is None else joint[at, at]))
    name = {"joint": "given joint probabilities", "poisson": "Poisson sampling"}.get(
        pps.method, f"joint probabilities approximated after {pps.method.replace('_', '-').title()}"
    )
    kind = "" if pps.method in {"brewer", "hajek", "poisson"} else f", {pps.variance.replace('_', '-').title()} form"
    return Quadratic(
        start=stage.stratum_start, D=tuple(out), f=pi, said=f"units drawn with unequal probabilities: {name}{kind}"
    )


def _stratum(pps: Pps, pi: FloatArray, h: int, joint: FloatArray | None) -> FloatArray:
    if len(pi) == 1 and pps.method not in {"poisson", "joint"}:
        return np.zeros((1, 1))  # a certainty unit, or a lonely one that is declared as such
    D = _FORMS[pps.method](pi, _sum_squares(pps, pi, h)) if joint is None else 1.0 - np.outer(pi, pi) / joint
    if pps.variance == "yates_grundy":
        D = D - np.diag(D.sum(axis=1))
    return np.asarray(D)


def _sum_squares(pps: Pps, pi: FloatArray, h: int) -> float:
    if pps.sum_squares is None:
        return float(pi.mean())
    if isinstance(pps.sum_squares, tuple):
        if h >= len(pps.sum_squares):
            raise DesignError(
                "There is not one 'sum_squares' per stratum.", found=f"{len(pps.sum_squares)}", fix="Give one each."
            )
        return pps.sum_squares[h]
    return pps.sum_squares


def _centred_form(c: FloatArray, share: FloatArray) -> FloatArray:
    """Matrix of ``sum c_i (t_i - sum share_j t_j)^2``."""
    residual = np.eye(len(c)) - share[None, :]
    return np.asarray(residual.T @ (c[:, None] * residual))


def _brewer(pi: FloatArray, psum: float) -> FloatArray:  # noqa: ARG001
    n = len(pi)
    return _centred_form((1 - pi) * n / (n - 1), np.full(n, 1 / n))


def _hajek(pi: FloatArray, psum: float) -> FloatArray:  # noqa: ARG001
    n = len(pi)
    c = (1 - pi) * n / (n - 1)
    total = c.sum()
    return _centred_form(c, c / total if total > 0 else np.full(n, 1 / n))


def _overton(pi: FloatArray, psum: float) -> FloatArray:  # noqa: ARG001
    n = len(pi)
    D = 1 - (n - (pi[:, None] + pi[None, :]) / 2) / (n - 1)
    np.fill_diagonal(D, 1 - pi)
    return np.asarray(D)


def _hartley_rao(pi: FloatArray, psum: float) -> FloatArray:
    n = len(pi)
    D = 1 - (n - (pi[:, None] + pi[None, :]) + psum) / (n - 1)
    np.fill_diagonal(D, 1 - pi)
    return np.asarray(D)


def _poisson(pi: FloatArray, psum: float) -> FloatArray:  # noqa: ARG001
    return np.diag(1 - pi)


_FORMS: dict[str, Callable[[FloatArray, float], FloatArray]] = {
    "brewer": _brewer,
    "hajek": _hajek,
    "overton": _overton,
    "hartley_rao": _hartley_rao,
    "poisson": _poisson,
}


def _given(pps: Pps, ids: tuple[Any, ...] | None) -> FloatArray:
    """Put the given joint probabilities into the order of the units, and check them."""
    joint = np.asarray(pps.joint, dtype=np.float64)
    known = list(pps.units)
    if joint.shape != (len(known), len(known)):
        raise DesignError(
            "The joint probabilities are not a square matrix over their units.",
            found=f"{joint.shape} for {len(known)} units",
            fix="Give one row and one column per unit.",
        )
    if not np.isfinite(joint).all() or (joint <= 0).any() or not np.allclose(joint, joint.T, rtol=1e-9):
        raise DesignError(
            "Joint probabilities must be symmetric and above 0.", fix="A pair that cannot be drawn has no estimator."
        )
    at = {unit: i for i, unit in enumerate(known)}
    absent = [unit for unit in ids or () if unit not in at]
    if ids is None or absent:
        raise DesignError(
            "The joint probabilities lack some units of the sample.",
            found=f"{len(absent)} units" + (f", such as {absent[0]}" if absent else ""),
            fix="Give a row and a column for every first-stage unit of the sample.",
        )
    order = [at[unit] for unit in ids]
    return joint[np.ix_(order, order)]
