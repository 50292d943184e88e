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
ROUNDS = 60  # in which columns become slack or stop being so
NUDGE = 1e-3
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
    edges = _Edges(lam=np.zeros(len(target)), sign=np.zeros(len(target)))
    if (soft.tolerance > 0).any():  # edges in use may contradict each other: a small ridge tells which of them give way
        some = np.where(soft.tolerance > 0, NUDGE * problem.scale, 0.0)
        edges = _settle(replace(problem, ridge=problem.ridge + some), target, soft.tolerance, edges)
    edges = _settle(problem, target, soft.tolerance, edges)
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
    iterations: int = 0
    settled: bool = False


def _settle(problem: _Problem, target: FloatArray, tolerance: FloatArray, start: _Edges) -> _Edges:
    """Find which tolerances are used up: all that are wrong change at once, or one after the other when that goes in circles."""
    slack = tolerance > 0
    lam, sign, iterations = start.lam, start.sign, start.iterations
    seen: set[bytes] = set()
    for _ in range(ROUNDS + 4 * len(target)):
        active = ~slack | (sign != 0)
        edge = target * (1 + sign * tolerance)
        lam, steps, converged = problem.solve(np.where(active, lam, 0.0), edge, active)
        iterations += steps
        off = (problem.totals(lam) + problem.ridge * lam - target) / problem.scale
        beyond = np.where(slack & ~active, np.abs(off) - tolerance, 0.0)
        idle = np.where(slack & active, sign * lam, 0.0)  # pulls outwards: it can be let go
        wrong = np.maximum(beyond, idle)
        if not (wrong > ENOUGH).any() or not (slack.any() and np.isfinite(wrong).all()):
            return _Edges(lam=lam, sign=sign, iterations=iterations, settled=converged)
        key = sign.tobytes()
        change = wrong == wrong.max() if key in seen else wrong > ENOUGH
        seen.add(key)
        sign = np.where(change, np.where(beyond > 0, np.sign(off), 0.0), sign)
    return _Edges(lam=lam, sign=sign, iterations=iterations)


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

    def solve(self, lam: FloatArray, edge: FloatArray, active: BoolArray) -> tuple[FloatArray, int, bool]:
        """Find the multipliers (q,) of the active columns by Newton steps, halved until the error falls."""
        kept = active.astype(np.float64)
        left = self.misfit(lam, edge, active)
        polished = False
        for iteration in range(self.maxit):
            worst = float(np.abs(left).max(initial=0.0))
            if worst <= self.tolerance:
                if polished or worst == 0:
                    return lam, iteration, True
                polished = True  # one step more costs little and gives the last digits
            slope = self.distance.slope(self.predictor(lam), self.bounds)
            gram = products(self.columns, self.columns, [self.weight * slope] * len(self.columns))
            gram = gram if isinstance(gram, np.ndarray) else gram.toarray()
            gram = (gram + np.diag(self.ridge)) * kept[:, None] * kept
            move = pseudo_inverse(gram)(left * self.scale)
            norm, length = float(left @ left), 1.0
            for _ in range(HALVINGS):
                ahead = self.misfit(lam + length * move, edge, active)
                if np.isfinite(ahead).all() and float(ahead @ ahead) <= (1 - 1e-4 * length) * norm:
                    break
                length /= 2
            else:
                return lam, iteration, worst <= self.tolerance
            lam, left = lam + length * move, ahead
        return lam, self.maxit, float(np.abs(left).max(initial=0.0)) <= self.tolerance
