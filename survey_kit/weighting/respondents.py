"""Nonresponse adjusted by calibration: respondents are calibrated to what the whole sample adds up to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from survey_kit import checks
from survey_kit.design import Calibration, Design
from survey_kit.design.calibrate_columns import Columns, collapse
from survey_kit.design.calibrate_sampled import Sampled
from survey_kit.design.calibrate_step import with_steps
from survey_kit.design.calibration import solve_step
from survey_kit.design.distances import LINEAR, RAKING, RESPONSE
from survey_kit.errors import WeightingError
from survey_kit.types import BoolArray
from survey_kit.weighting.nonresponse import taking_part
from survey_kit.weighting.propensity import covariates, said_of
from survey_kit.weighting.step import CREDITED, count, span

DISTANCES = {distance.name: distance for distance in (RESPONSE, RAKING, LINEAR)}


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrateRespondents:
    r"""Let respondents carry the sample's totals of everything known of respondents and nonrespondents.

    .. math:: \sum d_i r_i F(x_i'\lambda) x_i = \sum d_i x_i

    Parameters
    ----------
    respondent, levels, numbers, eligible
        As of :class:`Propensity`.
    distance
        ``"logistic"``, ``F(u) = 1 + e^u``: a response propensity that is logistic, fitted so that the weighted respondents
        agree with the sample; ``"raking"``, ``F(u) = e^u``; ``"linear"``, ``F(u) = 1 + u``.

    Raises
    ------
    WeightingError
        If nobody of a level responded (it is named), a factor is negative, or there is no solution.

    Notes
    -----
    Folsom & Singh (2000), Proceedings of the Survey Research Methods Section, ASA, 598-603; Kott (2006), Survey Methodology 32,
    133-142; Kott & Chang (2010), JASA 105, 1265-1275. Unlike a fitted propensity it reproduces the sample's totals exactly. To
    fit respondents to known totals of the frame instead, take :class:`Nonresponse` and then :class:`Calibrate`.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> from survey_kit.weighting import CalibrateRespondents, WeightingPlan
    >>> frame = pd.DataFrame({"w": [1.0] * 6, "r": [True, False, True, True, False, True], "c": list("aabbbb")})
    >>> plan = WeightingPlan(steps=(CalibrateRespondents(respondent="r", levels="c"),))
    >>> plan.apply(sk.Design(frame, weight="w")).values.round(4).tolist()
    [2.0, 0.0, 1.3333, 1.3333, 0.0, 1.3333]
    """

    kind: ClassVar[str] = "calibrate_respondents"
    respondent: str
    levels: str | tuple[str | tuple[str, ...], ...] = ()
    numbers: str | tuple[str, ...] = ()
    eligible: str | None = None
    distance: str = "logistic"

    def apply(self, design: Design) -> Design:
        """Give the design with the step taken."""
        checks.choice(self.distance, "distance", tuple(DISTANCES), WeightingError)
        inside, answered = taking_part(design, self.respondent, self.eligible)
        sampled = covariates(design, inside, self.levels, self.numbers)
        columns = tuple(replace(block, code=np.where(answered, block.code, -1)) for block in sampled)
        _check_levels(columns, sampled, answered, inside)
        cell, cell_columns = collapse(columns)
        weight, fixed = design.layout.weight, answered.astype(np.float64)
        step = Calibration(
            kind=self.kind,
            asked={name: getattr(self, name) for name in ("respondent", "levels", "numbers", "eligible", "distance")},
            distance=DISTANCES[self.distance],
            columns=columns,
            target=np.ones(sum(block.size for block in columns)),
            relative=Sampled(columns=sampled),
            cell=cell,
            cell_columns=cell_columns,
            g=fixed,
            slope=fixed,
            tolerance=1e-10,
            maxit=200,
            fixed=fixed,
        )
        found = solve_step(step, step.by_cell(weight), weight)
        if not found.converged:
            worst = int(np.argmax(found.error))
            raise WeightingError(
                "The respondents cannot be calibrated to the sample.",
                where=step.names[worst],
                found=f"relative error {found.error[worst]:.1e} after {found.iterations} steps",
                fix="Join levels, leave a covariate out, or take classes (Nonresponse).",
            )
        row = slice(None) if cell is None else cell
        g = found.g[row] * fixed
        if (g[answered] <= 0).any():
            first = int(np.flatnonzero(answered & (g <= 0))[0])
            raise WeightingError(
                "A respondent would stand for less than nobody.",
                where=f"row {first + 1}; {int((g[answered] <= 0).sum())} of {int(answered.sum())} respondents",
                found=f"factor {g[first]:.3g}",
                fix="Take distance='logistic' or 'raking', or join levels.",
            )
        note = (
            f"{count(answered.sum())} respondents calibrated to {count(inside.sum())} cases of the sample by "
            f"{said_of(self.levels, self.numbers)} ({self.distance} distance, {span(g[answered])}); {CREDITED}"
        )
        step = replace(
            step,
            g=g,
            slope=found.slope[row] * fixed,
            coefficients=found.coefficients,
            iterations=found.iterations,
            largest_error=float(found.error.max()),
            notes=(note,),
        )
        return with_steps(design, (*design.calibration, step))


def _check_levels(
    columns: tuple[Columns, ...], sampled: tuple[Columns, ...], answered: BoolArray, inside: BoolArray
) -> None:
    """Refuse levels without respondents."""
    for block, whole in zip(columns, sampled, strict=True):
        if block.value is not None:
            continue
        gave = np.bincount(block.code[answered], minlength=block.size)
        there = np.bincount(whole.code[inside], minlength=block.size)
        empty = np.flatnonzero((gave == 0) & (there > 0))
        if len(empty):
            first = int(empty[0])
            raise WeightingError(
                "A level has no respondent, so nobody can carry its weight.",
                where=f"{block.names[first]}; {len(empty)} of {block.size} levels",
                found=f"{int(there[first])} rows",
                fix="Join the level with one alike.",
            )
