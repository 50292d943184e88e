"""The design of a drawn sample: weights, strata with certainty units apart, finite populations or unequal probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit import frames
from survey_kit.design import Design, Pps
from survey_kit.design.pps import PpsMethod
from survey_kit.errors import DesignError
from survey_kit.types import FloatArray, Frame, IntArray, LonelyPsu

if TYPE_CHECKING:
    from survey_kit.sampling.draw import Draw


def design_of(
    draw: Draw, chosen: tuple[Frame | None, str | None, str | None], pps: PpsMethod | None, lonely_psu: LonelyPsu
) -> Design:
    """Give the design of a draw over its own rows, or over answers of its units."""
    if not draw.n:
        raise DesignError("The sample is empty.", found=f"{draw.method.name} drew nobody", fix="Draw again.")
    answers, unit, within = chosen
    if answers is None:
        frame, at = frames.rows(draw.source, draw.rows), np.arange(draw.n)
    else:
        frame, at = answers, _matched(draw, answers, unit)
    rows = draw.rows[at]
    weight = draw.weight[at]
    if within is not None:
        inside = frames.numbers(frame, within, "weight within the unit")
        if inside.missing.any():
            row = int(np.flatnonzero(inside.missing)[0]) + 1
            raise DesignError("A weight is missing.", where=f"column '{within}', row {row}", fix="Fill it in.")
        weight = weight * inside.values
    source = pps or draw.method.estimation
    certain = draw.certainty[rows].astype(np.int64)
    stratum = 2 * draw.stratum[rows] + certain
    more: dict[str, Any] = {"draw_weight": weight, "draw_unit": at, "draw_stratum": stratum}
    declared: dict[str, Any] = {"weight": "draw_weight", "psu": "draw_unit", "lonely_psu": lonely_psu}
    if source in {"fpc", "none"}:
        declared["strata"] = "draw_stratum"
        if source == "fpc":
            more["draw_N"] = _population(draw)[stratum]
            declared["fpc"] = "draw_N"
    else:
        more["draw_pi"] = draw.pi[rows]
        independent = source == "poisson"
        declared["strata"] = None if independent else "draw_stratum"
        declared["pps"] = _unequal(draw, source, np.unique(stratum))
    return Design(frames.gathered(frame, {}, more), **declared)


def _population(draw: Draw) -> FloatArray:
    """Count the population of each stratum without, then with its certainty units: (2 H,)."""
    at = 2 * draw.stratum + draw.certainty
    return np.bincount(at, minlength=2 * len(draw.prepared.strata.levels)).astype(np.float64)


def _unequal(draw: Draw, source: str, strata: IntArray) -> Pps:
    method: Any = source
    if method == "joint":
        if draw.method.ordered:
            raise DesignError(
                "Some pairs of the frame's units never come together, so the variance has no unbiased estimator.",
                found=f"method '{draw.method.name}'",
                fix=f"Leave pps out: the approximation '{draw.method.estimation}' is used.",
            )
        form: Any = "yates_grundy" if draw.method.fixed else "horvitz_thompson"
        return Pps(probability="draw_pi", method="joint", variance=form, joint=draw.joint(), units=list(range(draw.n)))
    if method == "hartley_rao":
        at = 2 * draw.stratum + draw.certainty
        squares, sums = np.bincount(at, weights=draw.pi**2), np.bincount(at, weights=draw.pi)
        known = tuple((squares[strata] / sums[strata]).tolist())
        return Pps(probability="draw_pi", method=method, variance="yates_grundy", sum_squares=known)
    return Pps(probability="draw_pi", method=method)


def _matched(draw: Draw, answers: Frame, unit: str | None) -> IntArray:
    """Find the drawn unit of every answer."""
    if unit is None:
        raise DesignError("Answers are matched to units by their ids.", fix="Name the column: unit='...'.")
    if draw.method.replacement:
        raise DesignError(
            "A unit drawn twice with replacement cannot be matched by its id.",
            fix="Add the answers to Draw.frame yourself, a row for each time a unit was drawn.",
        )
    drawn = frames.group(frames.rows(draw.source, draw.rows), [unit], "unit")
    place = {drawn.levels[code][0]: i for i, code in enumerate(drawn.codes.tolist())}
    given = frames.group(answers, [unit], "unit")
    known = np.array([place.get(level[0], -1) for level in given.levels] + [-1], dtype=np.int64)
    at = known[given.codes]
    stray = np.flatnonzero(at < 0)
    if len(stray):
        row = int(stray[0])
        code = int(given.codes[row])
        raise DesignError(
            "An answer comes from a unit that was not drawn.",
            where=f"column '{unit}', row {row + 1}; {len(stray)} rows",
            found="a missing id" if code < 0 else str(given.levels[code][0]),
            fix="Correct the id, or leave out what does not belong to the sample.",
        )
    return at
