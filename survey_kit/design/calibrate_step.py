"""One step of calibration: from what was asked for to a design with other weights."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from survey_kit import checks
from survey_kit.design.calibrate_bounds import check_range, no_solution
from survey_kit.design.calibrate_build import build
from survey_kit.design.calibrate_collapse import read_collapse, told
from survey_kit.design.calibrate_controls import Margin
from survey_kit.design.calibrate_solve import Factors
from survey_kit.design.calibration import Calibration, Residuals, fallen, make_sweep, multiplied, solve_step
from survey_kit.design.distances import NO_BOUNDS, Bounds, Distance
from survey_kit.errors import DesignError
from survey_kit.types import BoolArray, FloatArray

if TYPE_CHECKING:
    from survey_kit.design.design import Design

COLUMN_KINDS = ("numbers", "flags", "groups")  # what a design keeps that does not depend on its weights
NOTHING = np.zeros(0)
ALMOST_ZERO = 1e-6  # of the mean factor: a positive factor below it says that only a weight of zero would do


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What one call asks for beside its margins: what a :class:`Calibration` of the same names holds."""

    kind: str
    asked: Mapping[str, Any]
    distance: Distance
    bounds: Bounds
    residuals: Residuals
    tolerance: float = 1e-10
    maxit: int = 200
    collapse: Any = None

    def __post_init__(self) -> None:
        checks.choice(self.residuals, "convention for residuals", get_args(Residuals), DesignError)
        fix = "Leave out both, or write tolerance=1e-10, maxit=200."
        tolerance = checks.number(self.tolerance, "tolerance", fix, DesignError)
        if not 0 < tolerance < 1 or checks.number(self.maxit, "maxit", fix, DesignError) < 1:
            raise DesignError(
                "The tolerance is a relative error between 0 and 1, and there is at least one step.",
                found=f"tolerance {self.tolerance!r}, maxit {self.maxit!r}",
            )


_DONE = {
    "post_stratify": "post-stratified to",
    "rake": "raked to",
    "calibrate": "calibrated to",
    "standardize": "standardised by",
    "to_size": "brought to the size of the",
}


def checked_bounds(bounds: Bounds | None, distance: Distance) -> Bounds:
    """Check bounds on the factors against what a distance needs."""
    if bounds is None:
        if distance.needs_bounds:
            raise DesignError(
                f"The '{distance.name}' distance needs bounds.", fix="Give bounds=(smallest, largest factor)."
            )
        return NO_BOUNDS
    fix = "Give bounds such as (0.3, 3)."
    edges = checks.floats(None if isinstance(bounds, (str, dict)) else bounds, "bounds", fix, DesignError).tolist()
    if not isinstance(edges, list) or len(edges) != 2:
        raise DesignError("Bounds are the smallest and largest factor.", found=checks.shown(bounds), fix=fix)
    low, high = edges
    finite = np.isfinite(low) and np.isfinite(high)
    if not low < 1 < high or (distance.needs_bounds and not finite):
        raise DesignError(
            "Bounds are the smallest and largest factor, one below and one above 1.",
            found=f"{low:g} to {high:g}",
            fix="Give bounds such as (0.3, 3).",
        )
    return low, high


def calibrated(
    design: Design, ask: Ask, margins: Sequence[Margin], inside: BoolArray | None = None, notes: Sequence[str] = ()
) -> Design:
    """Find the factors of a step and append it to the design.

    Parameters
    ----------
    design
        The sample, perhaps calibrated before.
    ask
        What was asked for.
    margins
        Targets that agree with each other.
    inside : (n,), optional
        The rows that take part.
    notes
        What else a reader should know.
    """
    out = fallen(design.calibration, design.n)
    if out is not None:
        inside = ~out if inside is None else inside & ~out
    made = build(design, margins, inside)
    weight = design.layout.weight
    step = Calibration(
        kind=ask.kind,
        asked=ask.asked,
        distance=ask.distance,
        bounds=ask.bounds,
        columns=made.columns,
        target=made.target,
        relative=made.relative,
        cell=made.cell,
        cell_columns=made.cell_columns,
        g=NOTHING,
        slope=NOTHING,
        residuals=ask.residuals,
        tolerance=ask.tolerance,
        maxit=ask.maxit,
        collapse=read_collapse(ask.collapse, margins, made.listed),
    )
    given, target = step.by_cell(weight), step.targets(weight)
    check_range(step.cell_columns, given, target, ask.bounds)
    found = solve_step(step, given, weight)
    if not found.converged:
        raise no_solution(step.cell_columns, given, target, ask.distance, ask.bounds, found)
    if ask.distance.positive:
        _check_vanishing(step, found, weight)
    g, slope = by_row(step, found)
    step = replace(
        step,
        g=g,
        slope=slope,
        coefficients=None if ask.distance.adds and not np.isfinite(ask.bounds).any() else found.coefficients,
        iterations=found.iterations,
        largest_error=float(found.error.max()),
    )
    lost = () if design.replicates is None else told(step, design.replicates, design.layout)
    said = (*_notes(step, margins, weight, found), *lost, *notes)
    return with_steps(design, (*design.calibration, replace(step, notes=said)))


def by_row(step: Calibration, found: Factors) -> tuple[FloatArray, FloatArray]:
    """Give factors and slopes of cells to their rows (n,)."""
    if step.cell is None:
        return found.g, found.slope
    g = found.g[step.cell]
    return g, g if np.array_equal(found.g, found.slope) else found.slope[step.cell]


def _check_vanishing(step: Calibration, found: Factors, weight: FloatArray) -> None:
    if found.g.min() >= ALMOST_ZERO * found.g.max():  # the mean is between them
        return
    g, _ = by_row(step, found)
    typical = float(np.abs(weight) @ g / np.abs(weight).sum())
    vanishing = g < ALMOST_ZERO * typical
    if vanishing.any():
        raise DesignError(
            "These targets can only be met if some weights shrink to nothing.",
            where=f"{int(vanishing.sum())} of {len(weight)} rows",
            found=f"factors down to {float(g.min()):.1e}, {typical:.2g} on average",
            fix="Set bounds on the factors, join levels, or drop a margin.",
        )


def _notes(step: Calibration, margins: Sequence[Margin], weight: FloatArray, found: Factors) -> list[str]:
    """Say what was done to the weights."""
    names = ", ".join(dict.fromkeys(margin.name for margin in margins))
    if step.kind == "standardize":
        by, over = (" x ".join(checks.names(step.asked[key], key)) for key in ("by", "over"))
        names = f"{by} within {over}" if over else by
    how = f"{step.distance.name} distance, " if step.kind == "calibrate" else ""
    low = found.g.min()
    span = f"factors {low:.3g} to {found.g.max():.3g}"
    out = [f"weights {_DONE[step.kind]} {names} ({how}{span}); standard errors credit it"]
    if step.relative is not None and step.kind != "standardize":
        out.append("shares were scaled to the sum of the weights")
    negative = int((weight * step.g < 0).sum()) if low < 0 or weight.min() < 0 else 0
    if negative:
        out.append(f"{negative} of {len(weight)} calibrated weights are negative")
    if step.residuals == "R":
        out.append("residuals of the calibration as in R's survey package")
    return out


def with_steps(design: Design, steps: tuple[Calibration, ...]) -> Design:
    """Give the same design with other steps; columns already taken out stay, whatever rests on the weights goes."""
    layout = design.layout
    weight = multiplied(steps, layout.base_weight)
    made = copy.copy(design)
    object.__setattr__(made, "calibration", steps)
    object.__setattr__(made, "known", {key: part for key, part in design.known.items() if key[0] in COLUMN_KINDS})
    sweep = make_sweep(steps, layout.base_weight, layout, replicated=design.replicates is not None)
    object.__setattr__(made, "layout", replace(layout, weight=weight, sweep=sweep))
    return made
