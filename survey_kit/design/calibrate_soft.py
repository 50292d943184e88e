"""Calibration that may miss its targets: by a tolerance, at a cost, or with limits of the weights themselves.

With G the distance, t the calibrated totals, T their targets, the factors minimise

    sum d G(g) + sum_k R_k^-1 (t_k - T_k)^2 / 2   with  |t_k - T_k| <= delta_k T_k

where R_k = T_k / cost_k is 0 for an exact target. The solution is g = F(x'lambda) with ``t_k + R_k lambda_k = T_k (1 +- delta_k)``,
the sign where a tolerance is used up, and lambda_k = 0 where it is not. Ridge: Bardsley & Chambers (1984), Applied Statistics
33, 290-299; Rao & Singh (1997), Proceedings of the Survey Research Methods Section, ASA, 57-65; Beaumont & Bocci (2008), Metron
66, 5-20. Its derivative is that of a calibration with ``sum d F' x x' + R`` in the place of the Gram matrix, over the columns
that are not slack.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit import checks
from survey_kit.design.calibrate_columns import Columns, products
from survey_kit.design.calibrate_solve import Factors, pseudo_inverse
from survey_kit.design.distances import Bounds, Distance
from survey_kit.types import BoolArray, FloatArray

if TYPE_CHECKING:
    from survey_kit.design.calibration import Calibration

HALVINGS = 40
ROUNDS = 60  # programmes
SETTLED = 1e-9  # relative: the next programme moves no total
RANK = 1e-12
DAMPINGS = (0.0, 1e-3, 1.0)
ENOUGH = 1e-9  # relative: a target is missed, a multiplier has a sign


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Soft:
    """How far the targets of a step bind, and limits of each row's factor.

    Attributes
    ----------
    cost : (q,)
        What missing a target costs; infinite for one that is reached.
    tolerance : (q,)
        Relative error that is free; 0 for none.
    least, most : (n,) or None
        Limits of the factors by row; None where those of the step hold.
    active : (q,)
        Columns that are not slack in the solution.
    reached : (q,)
        Calibrated totals divided by their targets.
    """

    __repr__ = checks.brief

    cost: FloatArray
    tolerance: FloatArray
    least: FloatArray | None = None
    most: FloatArray | None = None
    active: BoolArray
    reached: FloatArray

    def ridge(self, target: FloatArray) -> FloatArray:
        """Give R (q,) for targets (q,)."""
        return np.where(np.isfinite(self.cost), np.abs(target) / self.cost, 0.0)

    def bounds(self, bounds: Bounds) -> Any:
        """Give the limits of the factors: by row, or those of the step."""
        return bounds if self.least is None or self.most is None else (self.least, self.most)

    def moved(self, relative: Any) -> Any:
        """Let moving targets move as what is reached of them does."""
        return None if relative is None else replace(relative, share=relative.share * self.reached)

    def gram(self, gram: Any, target: FloatArray) -> Any:
        """Add the ridge to a Gram matrix (q, q) and take the slack columns out."""
        kept = self.active.astype(np.float64)
        ridge = self.ridge(target)
        if isinstance(gram, np.ndarray):
            return (gram + np.diag(ridge)) * kept[:, None] * kept
        from scipy import sparse

        keep = sparse.diags_array(kept)
        return sparse.csr_array(keep @ (gram + sparse.diags_array(ridge)) @ keep)


def solve_soft(step: Calibration, soft: Soft, given: FloatArray, target: FloatArray) -> tuple[Factors, Soft]:
    """Solve a soft step for weights (m,) by cell and targets (q,); gives factors by cell, and the step's softness as solved."""
    problem = _Problem(
        columns=step.cell_columns,
        weight=given,
        distance=step.distance,
        bounds=soft.bounds(step.bounds),
        ridge=soft.ridge(target),
        scale=np.where(target != 0, np.abs(target), 1.0),
        tolerance=step.tolerance,
        maxit=step.maxit,
    )
    edges = _settle(problem, target, soft.tolerance)
    u, totals = problem.predictor(edges.lam), problem.totals(edges.lam)
    active = (soft.tolerance == 0) | (edges.sign != 0)
    edge = target * (1 + edges.sign * soft.tolerance)
    found = Factors(
        g=step.distance.factor(u, problem.bounds),
        slope=step.distance.slope(u, problem.bounds),
        coefficients=edges.lam,
        error=np.abs(problem.misfit(edges.lam, edge, active)),
        iterations=edges.iterations,
        converged=edges.settled,
    )
    reached = np.divide(totals, target, out=np.ones_like(totals), where=target != 0)
    return found, replace(soft, active=active, reached=reached)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edges:
    """Multipliers (q,) and the edge of its tolerance each column stands at: 1 upper, -1 lower, 0 none."""

    lam: FloatArray
    sign: FloatArray
    iterations: int
    settled: bool


def _settle(problem: _Problem, target: FloatArray, tolerance: FloatArray) -> _Edges:
    """Find which tolerances are used up by a sequence of quadratic programmes, then solve for these edges to the last digit."""
    slack, lam, iterations = tolerance > 0, np.zeros(len(target)), 0
    if slack.any():
        lam, iterations = _programmes(problem, target, tolerance * np.abs(target))
    sign = np.where(slack, -np.sign(lam), 0.0)
    active = ~slack | (sign != 0)
    start = lam
    lam, steps, converged = problem.solve(lam, target * (1 + sign * tolerance), active)
    if not converged and slack.any():
        return _Edges(lam=start, sign=sign, iterations=iterations + steps, settled=False)
    off = np.abs((problem.totals(lam) + problem.ridge * lam - target) / problem.scale)
    kept = not (slack & ~active & (off > tolerance + ENOUGH)).any()
    size = ENOUGH * max(float(np.abs(lam).max(initial=0.0)), 1.0)
    pulls = not (slack & active & (sign * lam > size)).any()
    return _Edges(lam=lam, sign=sign, iterations=iterations + steps, settled=converged and kept and pulls)


def _programmes(problem: _Problem, target: FloatArray, free: FloatArray) -> tuple[FloatArray, int]:
    """Minimise the dual, ``sum d F* - T'lambda + lambda'R lambda / 2 + free'|lambda|``, by Newton steps that are programmes."""
    lam = np.zeros(len(target))

    def slope(at: FloatArray, move: FloatArray, side: float) -> float:
        """Differentiate along the move, behind (1) or before (-1) the kinks at zero."""
        pull = problem.totals(at) - target + problem.ridge * at
        return float(pull @ move + free @ (np.sign(at) * move + side * (at == 0) * np.abs(move)))

    for iteration in range(ROUNDS):
        H = problem.gram(lam)
        c = problem.totals(lam) - target + problem.ridge * lam - H @ lam
        ahead = _programme(H, c, free, problem.scale)
        if ahead is None:
            return lam, iteration
        move, length = ahead - lam, 1.0
        first = slope(lam, move, 1.0)
        with np.errstate(over="ignore", invalid="ignore"):
            while length > 2.0**-HALVINGS and not slope(_ahead(lam, ahead, length), move, -1.0) <= 0.5 * abs(first):
                length /= 2
        lam = _ahead(lam, ahead, length)
        if length == 1 and float(np.abs(H @ move / problem.scale).max(initial=0.0)) <= SETTLED:
            return lam, iteration + 1
    return lam, ROUNDS


def _ahead(start: FloatArray, end: FloatArray, length: float) -> FloatArray:
    return end if length == 1 else start + length * (end - start)


def _programme(H: FloatArray, c: FloatArray, free: FloatArray, scale: FloatArray) -> FloatArray | None:
    """Minimise ``lambda'H lambda / 2 + c'lambda + free'|lambda|``; None when it has no minimum.

    With H = M'M its dual is the shortest v with ``-c - free <= M'v <= -c + free``, a least distance programme, whose multipliers
    are the solution (Lawson & Hanson 1974, *Solving Least Squares Problems*, chapter 23).
    """
    from scipy.optimize import nnls

    root = 1 / np.sqrt(scale)
    values, vectors = np.linalg.eigh(H * root[:, None] * root)
    kept = values > RANK * max(float(values.max(initial=0.0)), 1e-300)
    M = (vectors[:, kept] * np.sqrt(values[kept])).T
    low, high = (-c - free) * root, (-c + free) * root
    size = max(float(np.abs(np.concatenate((low, high))).max(initial=0.0)), 1e-300)
    E = np.vstack((np.hstack((M, -M)), np.concatenate((low, -high)) / size))
    try:
        u, _ = nnls(E, np.append(np.zeros(len(M)), 1.0), maxiter=100 * E.shape[1])
    except RuntimeError:
        return None
    short = 1.0 - float(E[-1] @ u)
    if short <= RANK:
        return None
    both = u[: len(c)] - u[len(c) :]
    return np.asarray(both / short * size * root)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Problem:
    """Equations ``sum d F(x'lambda) x + R lambda = T`` of some columns."""

    columns: Sequence[Columns]
    weight: FloatArray
    distance: Distance
    bounds: Any
    ridge: FloatArray
    scale: FloatArray
    tolerance: float
    maxit: int

    def predictor(self, lam: FloatArray) -> FloatArray:
        out = np.zeros(len(self.weight))
        first = 0
        for block in self.columns:
            out += block.spread(lam[first : first + block.size])
            first += block.size
        return out

    def totals(self, lam: FloatArray) -> FloatArray:
        reached = self.weight * self.distance.factor(self.predictor(lam), self.bounds)
        return np.concatenate([block.sums(reached) for block in self.columns])

    def misfit(self, lam: FloatArray, edge: FloatArray, active: BoolArray) -> FloatArray:
        return np.where(active, (edge - self.totals(lam) - self.ridge * lam) / self.scale, 0.0)

    def gram(self, lam: FloatArray) -> FloatArray:
        """Products (q, q) of the columns with the slopes, and the ridge."""
        slope = self.distance.slope(self.predictor(lam), self.bounds)
        gram = products(self.columns, self.columns, [self.weight * slope] * len(self.columns))
        full: FloatArray = gram if isinstance(gram, np.ndarray) else gram.toarray()
        return full + np.diag(self.ridge)

    def solve(self, lam: FloatArray, edge: FloatArray, active: BoolArray) -> tuple[FloatArray, int, bool]:
        """Find the multipliers (q,) of the active columns by Newton steps, halved until the error falls."""
        left = self.misfit(lam, edge, active)
        polished = False
        for iteration in range(self.maxit):
            worst = float(np.abs(left).max(initial=0.0))
            if worst <= self.tolerance:
                if polished or worst == 0:
                    return lam, iteration, True
                polished = True  # one step more costs little and gives the last digits
            found = self._step(lam, left, edge, active)
            if found is None:
                return lam, iteration, worst <= self.tolerance
            lam, left = found
        return lam, self.maxit, float(np.abs(left).max(initial=0.0)) <= self.tolerance

    def _step(
        self, lam: FloatArray, left: FloatArray, edge: FloatArray, active: BoolArray
    ) -> tuple[FloatArray, FloatArray] | None:
        kept = active.astype(np.float64)
        gram = self.gram(lam) * kept[:, None] * kept
        diagonal = gram.diagonal()
        floor = float(diagonal.max(initial=0.0)) or 1.0
        norm = float(left @ left)
        for damping in DAMPINGS:
            damped = gram + np.diag(damping * np.maximum(diagonal, 1e-3 * floor) * kept)
            move, length = pseudo_inverse(damped)(left * self.scale), 1.0
            for _ in range(HALVINGS):
                with np.errstate(over="ignore", invalid="ignore"):
                    ahead = self.misfit(lam + length * move, edge, active)
                    fallen = float(ahead @ ahead) <= (1 - 1e-4 * length) * norm
                if fallen:
                    return lam + length * move, ahead
                length /= 2
        return None
