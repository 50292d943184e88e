"""The design of a sample of several stages: clusters of the first stage, or every stage with its finite population."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from survey_kit import frames
from survey_kit.design import Design, Pps
from survey_kit.errors import DesignError
from survey_kit.sampling.plan_stage import StageDraw
from survey_kit.types import Frame, IntArray, LonelyPsu

if TYPE_CHECKING:
    from survey_kit.sampling.plan_draw import PlanDraw

Variance = Literal["clusters", "stages"]


def design_of_plan(
    drawn: PlanDraw, answers: Frame | None, weight: str | None, variance: Variance, lonely_psu: LonelyPsu
) -> Design:
    """Give the design of the sample over its own units, or over answers of them."""
    rows = drawn.last.rows
    if not len(rows):
        raise DesignError("The sample is empty.", fix="Draw again.")
    if answers is None:
        frame, at = frames.rows(drawn.last.draw.source, rows), np.arange(len(rows))
    else:
        frame, at = answers, _matched(drawn, answers)
    weights = drawn.weight[at]
    if weight is not None:
        inside = frames.numbers(frame, weight, "weight within the unit")
        if inside.missing.any():
            row = int(np.flatnonzero(inside.missing)[0]) + 1
            raise DesignError("A weight is missing.", where=f"column '{weight}', row {row}", fix="Fill it in.")
        weights = weights * inside.values
    ways = drawn.ways(rows[at])
    more: dict[str, Any] = {"plan_weight": weights}
    declared = {"weight": "plan_weight", "lonely_psu": lonely_psu}
    made = _stages if variance == "stages" or len(drawn.stages) == 1 else _clusters
    columns, options = made(drawn, ways)
    return Design(frames.gathered(frame, {}, more | columns), **declared | options)


def _matched(drawn: PlanDraw, answers: Frame) -> IntArray:
    """Find for every answer its unit among those of the last stage."""
    known = {str(name) for name in frames.columns(answers)}
    units = [stage.stage.unit for stage in drawn.stages if stage.stage.unit in known]
    last = drawn.last.stage.unit
    if last not in units:
        raise DesignError(f"Answers are matched to units by their column '{last}'.", fix="Add it to the answers.")
    own = frames.group(drawn.frame, units, "unit")
    place = {own.levels[code]: i for i, code in enumerate(own.codes.tolist())}
    if len(place) < len(own.codes):
        raise DesignError(
            "The ids in the answers do not tell the units of the sample apart.",
            found=", ".join(units),
            fix="Add the columns of the units above.",
        )
    given = frames.group(answers, units, "unit")
    at = np.array([place.get(level, -1) for level in given.levels] + [-1], dtype=np.int64)[given.codes]
    stray = np.flatnonzero(at < 0)
    if len(stray):
        row = int(stray[0])
        code = int(given.codes[row])
        raise DesignError(
            "An answer comes from a unit that is not in the sample.",
            where=f"columns {', '.join(units)}, row {row + 1}; {len(stray)} rows",
            found="a missing id" if code < 0 else ", ".join(map(str, given.levels[code])),
            fix="Correct the id, release the reserve it comes from, or leave the row out.",
        )
    return at


def _clusters(drawn: PlanDraw, ways: list[IntArray]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give first-stage units as clusters; a certainty unit is a stratum, and its units of the next stage are the clusters."""
    first, second = drawn.stages[0], drawn.stages[1]
    sure = first.sure[ways[0]]
    H = len(first.main)
    unit_above = ways[0]
    stratum = np.where(sure, H + second.draw.stratum[ways[1]], first.draw.stratum[unit_above])
    unit = np.where(sure, len(first.sure) + ways[1], unit_above)
    return {"plan_stratum": stratum, "plan_unit": unit}, {"strata": "plan_stratum", "psu": "plan_unit"}


def _stages(drawn: PlanDraw, ways: list[IntArray]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give every stage with its finite population, down to the first that has none."""
    columns: dict[str, Any] = {}
    strata: list[str | None] = []
    psu: list[str] = []
    fpc: list[str | None] = []
    options: dict[str, Any] = {}
    for number, (one, rows) in enumerate(zip(drawn.stages, ways, strict=True), 1):
        if number > 1 and (one.stage.of_persons or one.draw.method.estimation != "fpc"):
            break  # one person of a household has no variance that could be estimated; nor sizes without their formula
        h = 2 * one.draw.stratum + one.sure
        columns |= {f"plan_stratum_{number}": h[rows], f"plan_unit_{number}": rows}
        strata.append(f"plan_stratum_{number}")
        psu.append(f"plan_unit_{number}")
        source = one.draw.method.estimation
        if source == "fpc":
            columns[f"plan_N_{number}"] = np.bincount(h, minlength=2 * len(one.main)).astype(np.float64)[h[rows]]
            fpc.append(f"plan_N_{number}")
        else:
            fpc.append(None)
            if source != "none":
                columns["plan_pi"] = one.pi[rows]
                options["pps"] = _unequal(one, source, np.unique(h[rows]))
                strata[-1] = None if source == "poisson" else strata[-1]
    declared = {"strata": tuple(strata), "psu": tuple(psu)} | ({"fpc": tuple(fpc)} if any(fpc) else {})
    return columns, {key: value[0] if len(value) == 1 else value for key, value in declared.items()} | options


def _unequal(one: StageDraw, source: Any, strata: IntArray) -> Pps:
    """Name the approximation of joint probabilities that fits the method."""
    if source != "hartley_rao":
        return Pps(probability="plan_pi", method=source)
    at = 2 * one.draw.stratum + one.sure
    squares, sums = np.bincount(at, weights=one.pi**2), np.bincount(at, weights=one.pi)
    known = tuple((squares[strata] / sums[strata]).tolist())
    return Pps(probability="plan_pi", method="hartley_rao", variance="yates_grundy", sum_squares=known)
