"""The projections of a sweep: which come in which order, their normal equations and their unit totals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit.design.calibrate_columns import Columns, joined, products, table
from survey_kit.design.calibrate_solve import pseudo_inverse
from survey_kit.errors import DesignError
from survey_kit.types import FloatArray, IntArray

if TYPE_CHECKING:
    from survey_kit.design.calibrate_estimated import Estimated
    from survey_kit.design.calibrate_sampled import Sampled
    from survey_kit.design.calibrate_soft import Soft
    from survey_kit.design.calibration import Calibration, Relative
    from survey_kit.design.layout import Layout

R_CYCLES = 10  # how often R projects on the margins of a raking in turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """One projection: fitted with weights r on `columns`; takes ``out x'B`` out and, for moving targets, adds ``given a'B``.

    Attributes
    ----------
    step
        Number of the step it belongs to.
    columns
        Its blocks.
    cell, cell_columns
        Rows alike in all columns of the step, and the columns by cell; None and the columns when they hold numbers.
    r, gram : (n,)
        Weights of the right side and of the normal equations; they differ only where a propensity was fitted.
    share, given : (n,)
        What is taken out of a row per weight before the step (the factors, or r - p of a propensity), and these weights.
    relative
        Its moving targets.
    soft, target
        How far its targets (q,) bind.
    estimated
        Their covariance, when they are estimates.
    """

    step: int
    columns: tuple[Columns, ...]
    cell: IntArray | None
    cell_columns: tuple[Columns, ...]
    r: FloatArray
    gram: FloatArray
    share: FloatArray
    given: FloatArray
    relative: Relative | Sampled | None
    soft: Soft | None
    target: FloatArray
    estimated: Estimated | None

    @property
    def size(self) -> int:
        """Count the columns."""
        return sum(block.size for block in self.columns)

    @property
    def outside(self) -> tuple[Columns, ...]:
        """List the columns taken out: x and the groups of moving targets."""
        return self.columns if self.relative is None else (*self.columns, *self.relative.blocks)

    @property
    def outside_weights(self) -> list[FloatArray]:
        """List the weights of the columns taken out."""
        weights = [self.given * self.share] * len(self.columns)
        return weights if self.relative is None else weights + [-self.given] * len(self.relative.blocks)


@dataclass(frozen=True, slots=True, kw_only=True)
class WavePart:
    """What one wave needs of one projection.

    Attributes
    ----------
    at : (q,)
        Its columns among those of all projections.
    solve
        Applies the inverse Gram matrix (q, q).
    cross
        For each projection, the products (q, q_t) with the columns that one takes out; None when it comes later.
    lift : (q_out, q)
        Turns coefficients into those of the columns taken out.
    units
        For each stage (P, q_out): unit totals of the columns taken out.
    """

    at: IntArray
    solve: Callable[[FloatArray], FloatArray]
    cross: tuple[Any, ...]
    lift: Any
    units: tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A sweep made ready for a design.

    Attributes
    ----------
    projections
        In the order of the steps.
    fit
        For each projection (n,): ``a``, so that the sums of ``a x z`` are the right sides of the normal equations.
    order
        In which order projections are applied; one may come several times.
    parts
        For each wave, one part per projection.
    """

    projections: tuple[Projection, ...]
    fit: tuple[FloatArray, ...]
    order: tuple[int, ...]
    parts: tuple[tuple[WavePart, ...], ...]


def prepare(steps: Sequence[Calibration], weight: FloatArray, layout: Layout) -> Prepared:
    """Make the sweep of some steps ready; `weight` (n,) is what the first step was given."""
    listed, order = projections(steps, weight)
    return Prepared(
        projections=tuple(listed),
        fit=tuple(p.r * _moved(steps, p.step, len(steps) - 1) for p in listed),
        order=order,
        parts=wave_parts(steps, listed, order, layout),
    )


def crossed_sums(
    p: Projection,
    a: FloatArray,
    rows: IntArray | None,
    cell: IntArray,
    cells: int,
    u: FloatArray | Sequence[FloatArray | None],
) -> FloatArray:
    """Sum ``a x u`` over the rows of each cell (q, J, cells); first over rows that are alike, where that is less work."""
    weight = a if rows is None else a[rows]
    kinds = len(p.cell_columns[0].code)
    if p.cell is not None and kinds * cells <= len(cell):
        key = (p.cell if rows is None else p.cell[rows]) * cells + cell
        au = [weight if part is None else weight * part for part in u]
        sums = [np.bincount(key, weights=part, minlength=kinds * cells).reshape(kinds, cells) for part in au]
        alike = np.concatenate(sums, axis=1)  # (kinds, J cells)
        return np.concatenate([block.matrix().T @ alike for block in p.cell_columns]).reshape(p.size, len(u), cells)
    out = np.empty((p.size, len(u), cells))
    first = 0
    for block in p.columns:
        code = block.code if rows is None else block.code[rows]
        key = (code + 1) * cells + cell
        by_value = weight if block.value is None else weight * (block.value if rows is None else block.value[rows])
        for j, part in enumerate(u):
            axu = by_value if part is None else by_value * part
            sums_j = np.bincount(key, weights=axu, minlength=(block.size + 1) * cells)
            out[first : first + block.size, j] = sums_j.reshape(-1, cells)[1:]
        first += block.size
    return out


def check_conventions(steps: Sequence[Calibration]) -> str:
    """Give the one convention that all steps follow."""
    conventions = {step.residuals for step in steps}
    if len(conventions) > 1:
        raise DesignError(
            "The calibration steps of a design follow two conventions.",
            found=" and ".join(sorted(conventions)),
            fix="Give every step the same 'residuals'.",
        )
    return conventions.pop()


def projections(steps: Sequence[Calibration], weight: FloatArray) -> tuple[list[Projection], tuple[int, ...]]:
    """List the projections and the order in which they are applied.

    By the derivative: one per step, fitted with d F', from the last step to the first. As R: in the order of the steps,
    fitted with d; a raking projects on its margins in turn, ten times, unweighted.
    """
    as_r = check_conventions(steps) == "R"
    out: list[Projection] = []
    order: list[int] = []
    given = weight
    for s, step in enumerate(steps):
        after = given * step.g
        if not step.size:  # fixed factors: nothing was fitted
            given = after
            continue
        fitted = step.response
        alternating = as_r and step.kind == "rake"
        small = step.cell_columns
        turns = (
            [((x,), (y,)) for x, y in zip(step.columns, small, strict=True)] if alternating else [(step.columns, small)]
        )
        r = np.ones_like(given) if alternating else given if as_r else given * step.slope
        turn_numbers = list(range(len(out), len(out) + len(turns)))
        for columns, cell_columns in turns:
            out.append(
                Projection(
                    step=s,
                    columns=columns,
                    cell=step.cell,
                    cell_columns=cell_columns,
                    r=r,
                    gram=r if fitted is None else given * fitted.gram,
                    share=step.g if fitted is None else fitted.taken,
                    given=given,
                    relative=None if as_r else step.relative if step.soft is None else step.soft.moved(step.relative),
                    soft=step.soft,
                    target=step.targets(given),
                    estimated=step.estimated,
                )
            )
        order += turn_numbers * (R_CYCLES if alternating else 1)
        given = after
    return out, tuple(order if as_r else reversed(order))


def wave_parts(
    steps: Sequence[Calibration], listed: Sequence[Projection], order: Sequence[int], layout: Layout
) -> tuple[tuple[WavePart, ...], ...]:
    """Prepare what each wave needs of each projection; columns of different waves have no row in common."""
    first = np.cumsum([0] + [p.size for p in listed])
    grams = [_gram(p) for p in listed]
    crosses = [_crosses(steps, listed, order, i) for i in range(len(listed))]
    units = [[_unit_sums(stage.unit_of_row, stage.size, p) for stage in layout.stages] for p in listed]
    lifts = [_lift(p) for p in listed]
    parts = []
    for wave in range(len(layout.waves)):
        inside = [np.flatnonzero(_waves(p.columns) == wave) for p in listed]
        outside = [np.flatnonzero(_waves(p.outside) == wave) for p in listed]
        parts.append(
            tuple(
                WavePart(
                    at=first[i] + inside[i],
                    solve=pseudo_inverse(grams[i][inside[i]][:, inside[i]]),
                    cross=tuple(C if C is None else C[inside[i]][:, outside[j]] for j, C in enumerate(crosses[i])),
                    lift=lifts[i][outside[i]][:, inside[i]],
                    units=tuple(sums[layout.units(wave, s)][:, outside[i]] for s, sums in enumerate(units[i])),
                )
                for i in range(len(listed))
            )
        )
    return tuple(parts)


def _gram(p: Projection) -> Any:
    r = p.gram if p.cell is None else np.bincount(p.cell, weights=p.gram).astype(np.float64, copy=False)
    gram = products(p.cell_columns, p.cell_columns, [r] * len(p.cell_columns))
    return gram if p.soft is None else p.soft.gram(gram, p.target)


def _crosses(
    steps: Sequence[Calibration], listed: Sequence[Projection], order: Sequence[int], i: int
) -> list[Any | None]:
    """Products of a projection's columns with what those before it in the order take out."""
    p = listed[i]
    cyclic = len(order) > len(listed)
    out: list[Any | None] = []
    for j, t in enumerate(listed):
        if not cyclic and order.index(j) >= order.index(i):
            out.append(None)
            continue
        weights = [p.r * _taken(steps, p, t)] * len(t.columns)
        if t.relative is not None:
            weights += [-p.r * _moved(steps, p.step, t.step - 1)] * len(t.relative.blocks)
        out.append(products(p.columns, t.outside, weights))
    return out


def _taken(steps: Sequence[Calibration], p: Projection, t: Projection) -> FloatArray:
    """Give what projection t takes out of a row per weight after the step of p (n,)."""
    if t.step > p.step:
        return _moved(steps, p.step, t.step - 1) * t.share
    return _moved(steps, p.step, t.step)


def _moved(steps: Sequence[Calibration], s: int, t: int) -> FloatArray:
    """Give the weight after step t per weight after step s (n,); 0 where R's convention would divide by zero."""
    out = np.ones_like(steps[0].g)
    for step in steps[s + 1 : t + 1]:
        out = out * step.g
    for step in steps[t + 1 : s + 1]:
        out = np.divide(out, step.g, out=np.zeros_like(out), where=step.g != 0)
    return out


def _waves(columns: Sequence[Columns]) -> IntArray:
    return np.concatenate([block.wave for block in columns])


def _lift(p: Projection) -> Any:
    """From coefficients of x to those of the columns taken out: themselves, and by group the sums of share times B."""
    from scipy import sparse

    identity = sparse.csr_array(sparse.eye_array(p.size))
    if p.relative is None:
        return identity
    return sparse.csr_array(sparse.vstack([identity, p.relative.lift()]))


def _unit_sums(unit_of_row: IntArray, units: int, p: Projection) -> Any:
    """Sum the columns a projection takes out by unit (P, q_out)."""
    blocks = zip(p.outside, p.outside_weights, strict=True)
    return joined([[table(unit_of_row, units, b.code, b.size, b.weighted(weight)) for b, weight in blocks]])
