"""Response propensities: weights divided by what a logistic regression says of the chance to respond."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from survey_kit import checks
from survey_kit.design import Design
from survey_kit.design.calibrate_columns import Columns
from survey_kit.design.calibrate_response import fit_response
from survey_kit.errors import DesignError, WeightingError
from survey_kit.types import BoolArray, FloatArray, IntArray
from survey_kit.weighting.nonresponse import taking_part
from survey_kit.weighting.step import CREDITED, appended, coded, count, names, span


@dataclass(frozen=True, slots=True, kw_only=True)
class Propensity:
    r"""Divide the weights of respondents by their fitted chance to respond.

    .. math:: w_i = d_i r_i / \hat p_i, \qquad \hat p_i = 1 / (1 + e^{-x_i'b}), \qquad \sum d_i (r_i - \hat p_i) x_i = 0

    Parameters
    ----------
    respondent
        Boolean column: the case gave an interview.
    levels
        Columns of categories; a tuple among them is crossed. Known of respondents and nonrespondents.
    numbers
        Columns of numbers.
    eligible
        Boolean column; None when every case still in is eligible.
    classes
        Number of equally heavy classes of the propensity within which respondents then carry the weights of all; steadier
        where the model is doubtful. Classes are cut from the data, so linearisation cannot follow: replicates are needed.

    Raises
    ------
    WeightingError
        If everybody or nobody of a level responded: a propensity of 1 or 0, the level is named.
    DesignError
        If a fitted propensity is 0 or 1 all the same, or cannot be fitted.

    Notes
    -----
    The fit uses the weights the step is given, each wave on its own intercept. Its estimating equations are stacked with those of
    the statistic (Kim & Kim 2007, Canadian Journal of Statistics 35, 501-514; Beaumont 2005, Survey Methodology 31,
    227-231). Classes: Rosenbaum & Rubin (1984), JASA 79, 516-524; Little (1986), International Statistical Review 54.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> from survey_kit.weighting import Propensity, WeightingPlan
    >>> frame = pd.DataFrame({"w": [1.0] * 6, "r": [True, False, True, True, False, True], "c": list("aabbbb")})
    >>> plan = WeightingPlan(steps=(Propensity(respondent="r", levels="c"),))
    >>> plan.apply(sk.Design(frame, weight="w")).values.round(4).tolist()
    [2.0, 0.0, 1.3333, 1.3333, 0.0, 1.3333]
    """

    kind: ClassVar[str] = "propensity"
    respondent: str
    levels: str | tuple[str | tuple[str, ...], ...] = ()
    numbers: str | tuple[str, ...] = ()
    eligible: str | None = None
    classes: int | None = None

    def apply(self, design: Design) -> Design:
        """Give the design with the step taken."""
        inside, answered = taking_part(design, self.respondent, self.eligible)
        columns = covariates(design, inside, self.levels, self.numbers)
        asked = {name: getattr(self, name) for name in ("respondent", "levels", "numbers", "eligible", "classes")}
        by = f"a logistic response propensity of {said_of(self.levels, self.numbers)}"
        return by_propensity(design, self.kind, columns, answered, inside, said=by, classes=self.classes, asked=asked)


def by_propensity(
    design: Design,
    kind: str,
    columns: tuple[Columns, ...],
    answered: BoolArray,
    inside: BoolArray,
    *,
    said: str,
    classes: int | None,
    asked: dict[str, Any],
) -> Design:
    """Divide the weights of those who `answered` (n,) among the rows `inside` by a propensity fitted to `columns`."""
    _check_levels(columns, answered, inside)
    fitted = fit_response(columns, design.layout.weight, answered, inside)
    fixed = answered.astype(np.float64)
    p = fitted.p[inside]
    said = f"{count(answered.sum())} respondents of {count(inside.sum())} weighted by {said} ({p.min():.3g} to {p.max():.3g}"
    if classes is None:
        g = fitted.g * fixed
        note = f"{said}; {span(g[answered])}); {CREDITED}"
        return appended(
            design,
            kind,
            g,
            note,
            asked=asked,
            columns=columns,
            slope=fitted.slope,
            fixed=fixed,
            response=fitted,
        )
    rule = PropensityClasses(
        columns=columns,
        answered=answered,
        inside=inside,
        wave=design.layout.wave_of_row,
        number=_whole(classes),
    )
    g = rule.factors(design.layout.weight)
    note = f"{said}) in {classes} classes ({span(g[answered])}); replicates only"
    return appended(design, kind, g, note, asked=asked, fixed=fixed, rule=rule)


def said_of(levels: str | tuple[str | tuple[str, ...], ...], numbers: str | tuple[str, ...]) -> str:
    """Name covariates in a sentence.

    Examples
    --------
    >>> said_of(("sex", ("age", "region")), "z")
    'sex, age x region, z'
    """
    listed = (levels,) if isinstance(levels, str) else tuple(levels)
    parts = [part if isinstance(part, str) else " x ".join(part) for part in listed]
    return ", ".join([*parts, *names(numbers, "numbers")]) or "everybody alike"


def covariates(
    design: Design,
    inside: BoolArray,
    levels: str | tuple[str | tuple[str, ...], ...],
    numbers: str | tuple[str, ...],
) -> tuple[Columns, ...]:
    """Take covariates of the rows `inside` (n,) as columns: one for everybody, the levels, the numbers."""
    listed = (levels,) if isinstance(levels, str) else tuple(levels)
    blocks = [coded(design, (), inside, "class")]
    blocks += [coded(design, names(part, "levels", least=1), inside, "covariate") for part in listed]
    return (*blocks, *(_number(design, name, blocks[0], inside) for name in names(numbers, "numbers")))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PropensityClasses:
    """Class adjustment within classes cut from fitted propensities, anew for other weights.

    Attributes
    ----------
    columns
        Covariates.
    answered, inside : (n,)
        Who responded, and who could have.
    wave : (n,)
        Classes are cut in each wave.
    number
        How many classes.
    """

    columns: tuple[Columns, ...]
    answered: BoolArray
    inside: BoolArray
    wave: IntArray
    number: int
    why: ClassVar[str] = "its classes are cut from the data"

    def factors(self, weight: FloatArray, mass: FloatArray | None = None) -> FloatArray:  # noqa: ARG002  (sums of weights see no rows)
        """Give the factors (n,) of weights (n,)."""
        counted = self.inside & (weight > 0)
        p = fit_response(self.columns, weight, self.answered, self.inside).p
        cell = np.full(len(weight), -1, dtype=np.int64)
        for wave in range(int(self.wave.max()) + 1):
            rows = np.flatnonzero(counted & (self.wave == wave))
            if len(rows):
                cell[rows] = wave * self.number + _cut(p[rows], weight[rows], self.number)
        size = int(cell.max()) + 2
        wanted = np.bincount(cell + 1, weights=np.where(counted, weight, 0.0), minlength=size)
        given = np.bincount(cell + 1, weights=np.where(counted & self.answered, weight, 0.0), minlength=size)
        empty = np.flatnonzero((wanted > 0) & (given <= 0))
        if len(empty):
            raise DesignError(
                "A class of propensities has no respondent.",
                where=f"class {(int(empty[0]) - 1) % self.number + 1} of {self.number}",
                fix="Ask for fewer classes.",
            )
        ratio = np.divide(wanted, given, out=np.zeros(size), where=given > 0)
        return np.where(self.answered, ratio[cell + 1], 0.0)


def _cut(p: FloatArray, weight: FloatArray, number: int) -> IntArray:
    """Cut values into classes of about equal weight (m,); equal values stay together."""
    values, place = np.unique(np.round(p, 12), return_inverse=True)
    heavy = np.bincount(place, weights=weight, minlength=len(values))
    middle = np.cumsum(heavy) - heavy / 2
    cut: IntArray = np.minimum((number * middle / heavy.sum()).astype(np.int64), number - 1)
    return cut[place]


def _whole(value: object) -> int:
    number = checks.number(value, "classes", "Say classes=5.", WeightingError)
    if number < 2 or number != int(number):
        raise WeightingError("Classes are a whole number of at least 2.", found=f"{number:g}", fix="Say classes=5.")
    return int(number)


def _number(design: Design, name: str, everybody: Columns, inside: BoolArray) -> Columns:
    """Take a number as a column, centred and on the scale of its spread, waves apart."""
    column = design.numbers(name, "covariate")
    lost = column.missing & inside
    if lost.any():
        raise WeightingError(
            "A covariate of the response propensity is missing in some rows.",
            where=f"column '{name}', first in row {int(np.flatnonzero(lost)[0]) + 1}",
            found=f"{int(lost.sum())} of {int(inside.sum())} rows",
            fix="Take what is known of everybody, or cut it into levels with one for unknown.",
        )
    values = column.values[inside]
    spread = float(values.std()) or 1.0
    return Columns(
        code=everybody.code,
        value=np.where(inside, (np.where(inside, column.values, 0.0) - values.mean()) / spread, 0.0),
        names=tuple(name for _ in everybody.names),
        wave=everybody.wave,
    )


def _check_levels(columns: Sequence[Columns], answered: BoolArray, inside: BoolArray) -> None:
    for block in columns:
        if block.value is not None:
            continue
        rows = np.bincount(block.code[inside], minlength=block.size)
        gave = np.bincount(block.code[answered], minlength=block.size)
        sure = np.flatnonzero((gave == 0) | (gave == rows))
        if len(sure):
            first = int(sure[0])
            nobody = gave[first] == 0
            raise WeightingError(
                f"The response propensity of a level is {0 if nobody else 1}: {'nobody' if nobody else 'everybody'} responded.",
                where="; ".join(block.names[k] for k in sure[:4])
                + (f"; {len(sure) - 4} more" if len(sure) > 4 else ""),
                found=f"{int(gave[first])} of {int(rows[first])} rows responded in {block.names[first]}",
                fix="Join the level with one alike.",
            )
