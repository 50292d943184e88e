"""Steps that calibrate the weights, and what they take out of the variance.

With d the weights a step is given, g = F(u) its factors and w = d g, every statistic's influence z is replaced by what the
calibration variables x leave of it. From the LAST step to the first (Deville & Sarndal 1992, JASA 87, 376-382, eq. 3.4, for
one step; a chain is the derivative of its steps one after the other),

    B_s = (sum d F' x x')^-  sum d F' x z_s        z_(s-1) = g (z_s - x'B_s) + a'B_s

where a target that is itself a share of the given weights, ``T = sum d a``, moves with them. Unrolled, the influence per
relative change of a design weight is ``w z - sum_s (w_s x_s - d_s a_s)'B_s`` with w_s the weights after step s: no division.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from survey_kit import checks
from survey_kit.design.calibrate_collapse import Collapse, not_calibrated, solve_joined
from survey_kit.design.calibrate_columns import Columns
from survey_kit.design.calibrate_estimated import Estimated
from survey_kit.design.calibrate_response import Response, fit_response
from survey_kit.design.calibrate_sampled import Sampled
from survey_kit.design.calibrate_soft import Soft, solve_soft
from survey_kit.design.calibrate_solve import Factors, solve
from survey_kit.design.calibrate_sweep import Prepared, check_conventions, crossed_sums, prepare
from survey_kit.design.distances import NO_BOUNDS, Bounds, Distance
from survey_kit.design.weight_rule import Rule
from survey_kit.errors import DesignError
from survey_kit.types import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from survey_kit.design.layout import Layout

Residuals: TypeAlias = Literal["derivative", "R"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relative:
    """Targets that are shares of the weights the step is given.

    Attributes
    ----------
    groups
        Whose weights are summed, as indicator columns.
    group : (q,)
        The group of each calibration column; -1 for a fixed target.
    share : (q,)
        Target divided by the group's weights.
    """

    groups: Columns
    group: IntArray
    share: FloatArray

    @property
    def blocks(self) -> tuple[Columns, ...]:
        """List the columns that targets are made of."""
        return (self.groups,)

    def targets(self, weight: FloatArray, target: FloatArray) -> FloatArray:
        """Give the targets (q,) for given weights (n,)."""
        sums = np.append(self.groups.sums(weight), 0.0)
        return np.where(self.group >= 0, self.share * sums[self.group], target)

    def lift(self) -> Any:
        """Turn coefficients of the columns into those of the groups (groups, q): by group the sums of share times B."""
        from scipy import sparse

        moving = np.flatnonzero(self.group >= 0)
        at = (self.group[moving], moving)
        return sparse.csr_array((self.share[moving], at), shape=(self.groups.size, len(self.group)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Calibration:
    """One calibration of the weights of a design.

    Attributes
    ----------
    kind
        ``"post_stratify"``, ``"rake"``, ``"calibrate"``, ``"standardize"``, or the name of a weighting step.
    asked
        What was asked for, as it was written.
    distance, bounds
        How weights were allowed to move.
    columns
        Calibration variables x, in blocks.
    target : (q,)
        Their totals; for the columns of `relative`, shares decide instead.
    relative
        Targets that move with the given weights.
    cell : (n,) or None
        Rows that are equal in all columns are one cell; None when a column holds numbers.
    cell_columns
        The columns of the cells, or `columns`.
    g : (n,)
        Factors.
    slope : (n,)
        F'(u).
    coefficients : (q,) or None
        Lambda, from which the search for other weights begins.
    residuals
        ``"derivative"``, or ``"R"`` for the conventions of R's survey package.
    iterations, largest_error
        How the factors were found; the error is relative, over all margins.
    tolerance, maxit
        When to stop, here and in every replicate.
    fixed : (n,) or None
        What rows are multiplied with beside F(u), whatever the weights: a number of household members; 0 for rows that
        fall out, which then are in no column and in no domain.
    response
        The fitted propensity, when the step divides by one.
    rule
        Factors without a derivative; linearisation is refused.
    soft
        How far the targets bind, when they may be missed.
    collapse
        What is done where a replicate has nobody of a level; None for an error.
    estimated
        The covariance of the targets, when these are estimates themselves.
    notes
        What a reader of the estimates should know about this step.
    """

    __repr__ = checks.brief

    kind: str
    asked: Mapping[str, Any]
    distance: Distance
    bounds: Bounds = NO_BOUNDS
    columns: tuple[Columns, ...]
    target: FloatArray
    relative: Relative | Sampled | None = None
    cell: IntArray | None
    cell_columns: tuple[Columns, ...]
    g: FloatArray
    slope: FloatArray
    coefficients: FloatArray | None = None
    residuals: Residuals = "derivative"
    iterations: int = 0
    largest_error: float = 0.0
    tolerance: float
    maxit: int
    fixed: FloatArray | None = field(default=None, repr=False)
    response: Response | None = field(default=None, repr=False)
    rule: Rule | None = None
    soft: Soft | None = None
    collapse: Collapse | None = None
    estimated: Estimated | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Count the columns (q)."""
        return sum(block.size for block in self.columns)

    @property
    def names(self) -> tuple[str, ...]:
        """Name the columns (q,)."""
        return tuple(name for block in self.columns for name in block.names)

    @property
    def X(self) -> Any:  # noqa: N802
        """Give the calibration variables as a scipy sparse array (n, q)."""
        from scipy import sparse

        return sparse.hstack([block.matrix() for block in self.columns], format="csr")

    @property
    def negative(self) -> int:
        """Count negative factors."""
        return int((self.g < 0).sum())

    def targets(self, weight: FloatArray) -> FloatArray:
        """Give the targets (q,) for given weights (n,)."""
        if self.relative is None:
            return self.target
        return self.relative.targets(weight, self.target)

    def by_cell(self, weight: FloatArray) -> FloatArray:
        """Sum weights (n,) by cell."""
        if self.cell is None:
            return weight
        return np.bincount(self.cell, weights=weight).astype(np.float64, copy=False)

    def factors(self, weight: FloatArray, mass: FloatArray | None = None) -> FloatArray:
        """Find the factors (n,) that calibrate other weights (n,) in the same way; in them a row counts `mass` (n,) times."""
        if self.rule is not None:
            return self.rule.factors(weight, mass)
        if self.response is not None:
            return fit_response(self.columns, weight, self.response.answered, self.response.inside).g
        if not self.size:
            return self.g
        given = self.by_cell(weight)
        found = None if self.soft is not None else solve_joined(self, given, weight)
        if found is None:
            found = solve_step(self, given, weight, self.coefficients)
            if not found.converged and self.coefficients is not None:
                found = solve_step(self, given, weight)
        if not found.converged:
            raise not_calibrated(self, found)
        g = found.g if self.cell is None else found.g[self.cell]
        return g if self.fixed is None else g * self.fixed


def solve_step(step: Calibration, given: FloatArray, weight: FloatArray, start: FloatArray | None = None) -> Factors:
    """Solve a step for weights (n,) that add up to `given` (m,) by cell; factors by cell."""
    if step.soft is not None:
        return solve_soft(step, step.soft, given, step.targets(weight))[0]
    return solve(
        step.cell_columns,
        given,
        step.targets(weight),
        distance=step.distance,
        bounds=step.bounds,
        tolerance=step.tolerance,
        maxit=step.maxit,
        start=start,
    )


def solve_rows(step: Calibration, weight: FloatArray) -> Factors:
    """Solve a step for given weights (n,), by cells where rows are alike; factors by row."""
    found = solve_step(step, step.by_cell(weight), weight, step.coefficients)
    return found if step.cell is None else replace(found, g=found.g[step.cell], slope=found.slope[step.cell])


def multiplied(steps: Sequence[Calibration], weight: FloatArray) -> FloatArray:
    """Multiply weights (n,) by the factors that were found for the sample."""
    out = weight
    for step in steps:
        out = out * step.g
    return out


def apply_steps(steps: Sequence[Calibration], weight: FloatArray, base: FloatArray | None = None) -> FloatArray:
    """Calibrate other weights (n,), such as those of a replicate, by the same steps; gives weights (n,).

    Against the weights `base` (n,) of the sample, a replicate holds a row ``weight / base`` times: rules that look at single weights, such as
    trimming, then see that many rows of the sample's weight, not one row of a larger weight.
    """
    out = weight
    mass = None if base is None else np.divide(weight, base, out=np.zeros_like(weight), where=base != 0)
    for step in steps:
        out = out * step.factors(out, mass)
    return out


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sweep:
    """What the calibration of a design takes out of the influence of every statistic; made by :func:`make_sweep`.

    What it needs of the design is prepared when it is first used.

    Attributes
    ----------
    steps
        In the order in which they were applied.
    weight : (n,)
        The weights before the first step.
    layout
        Waves and stages.
    """

    steps: tuple[Calibration, ...]
    weight: FloatArray
    layout: Layout
    known: dict[str, Prepared] = field(init=False, repr=False, default_factory=dict)

    def _prepared(self) -> Prepared:
        rules = [step for step in self.steps if step.rule is not None]
        if rules and rules[0].rule is not None:
            raise DesignError(
                "These weights cannot be linearised: a step has no derivative.",
                where=f"step '{rules[0].kind}'",
                found=rules[0].rule.why,
                fix="Make replicates first (make_replicates): every step is then repeated in every replicate.",
            )
        if "prepared" not in self.known:
            self.known["prepared"] = prepare(self.steps, self.weight, self.layout)
        return self.known["prepared"]

    @property
    def beside(self) -> int:
        """Count the steps whose targets are estimates."""
        return sum(step.estimated is not None for step in self.steps)

    @property
    def size(self) -> int:
        """Count the calibration columns of all steps (Q)."""
        return sum(p.size for p in self._prepared().projections)

    def crossed(
        self,
        rows: IntArray | None,
        cell: IntArray,
        cells: int,
        u: FloatArray | Sequence[FloatArray | None],
    ) -> FloatArray:
        """Sum ``a x u`` over the rows of each cell.

        Parameters
        ----------
        rows : (m,) or None
            The rows that count; None for all.
        cell : (m,)
            Their cell, below `cells`.
        cells
            How many cells there are.
        u : (J, m)
            Row variables of the influence, per unit of final weight; None in a sequence stands for ones.

        Returns
        -------
        array (Q, J, cells)
        """
        ready = self._prepared()
        return np.concatenate(
            [crossed_sums(p, a, rows, cell, cells, u) for p, a in zip(ready.projections, ready.fit, strict=True)]
        )

    def residual(self, totals: tuple[FloatArray, ...], crossed: FloatArray, wave: int) -> tuple[FloatArray, ...]:
        """Turn the unit totals of an influence into those of its residuals.

        Parameters
        ----------
        totals
            For each stage (P_s, K), the units of one wave: totals of ``w z``.
        crossed : (Q, K)
            Sums of ``a x z``, from :meth:`crossed`.
        wave
            Number of the wave.
        """
        parts = self._prepared().parts[wave]
        taken = [np.zeros((part.lift.shape[0], crossed.shape[1])) for part in parts]
        for p in self._prepared().order:
            right = crossed[parts[p].at]
            for C, B in zip(parts[p].cross, taken, strict=True):
                if C is not None:
                    right = right - C @ B
            taken[p] = taken[p] + parts[p].lift @ parts[p].solve(right)
        out = []
        for stage, before in enumerate(totals):
            after = before
            for part, B in zip(parts, taken, strict=True):
                after = after - part.units[stage] @ B
            out.append(after)
        return (*out, *self._of_targets(parts, taken))

    def _of_targets(self, parts: Sequence[Any], taken: Sequence[FloatArray]) -> list[FloatArray]:
        """Factors (m, K) of what estimated targets add to the covariance."""
        out, first = [], 0
        for p, part, B in zip(self._prepared().projections, parts, taken, strict=True):
            if p.estimated is not None:
                out.append(p.estimated.root[part.at - first].T @ B[: len(part.at)])
            first += p.size
        return out


def fallen(steps: Sequence[Calibration], n: int) -> BoolArray | None:
    """Tell which of n rows fell out by a step (n,); None when no step lets rows fall out."""
    out: BoolArray | None = None
    for step in steps:
        if step.fixed is not None and not step.fixed.all():
            out = (step.fixed == 0) | (np.zeros(n, dtype=bool) if out is None else out)
    return out


def make_sweep(
    steps: Sequence[Calibration], weight: FloatArray, layout: Layout, *, replicated: bool = False
) -> Sweep | None:
    """Prepare the sweep of a calibrated design.

    Parameters
    ----------
    steps
        In the order in which they were applied.
    weight : (n,)
        The weights before the first step.
    layout
        Waves and stages; its weights are not used.
    replicated
        Standard errors come from replicates, so that a step without a derivative needs none; there is no sweep then.
    """
    check_conventions(steps)
    ruled = any(step.rule is not None for step in steps)
    if (replicated and ruled) or not (ruled or any(step.size for step in steps)):  # fixed factors take nothing out
        return None
    return Sweep(steps=tuple(steps), weight=weight, layout=layout)
