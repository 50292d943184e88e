"""Panel attrition: who of an earlier wave took part again, by what was answered then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from survey_kit.design import Design
from survey_kit.design.calibrate_columns import Columns
from survey_kit.errors import WeightingError
from survey_kit.types import BoolArray
from survey_kit.weighting.propensity import by_propensity, said_of
from survey_kit.weighting.step import coded, count, names


@dataclass(frozen=True, slots=True, kw_only=True)
class Attrition:
    r"""Divide the earlier wave's weights of those who took part again by their chance to do so.

    .. math:: w_i = d_i s_i / \hat p(x_i), \qquad \sum d_i (s_i - \hat p_i) x_i = 0

    Parameters
    ----------
    stayed
        Boolean column: the earlier respondent took part again.
    levels, numbers
        Columns of earlier answers, as of :class:`Propensity`. Who gave no answer then is a level of its own, where some of them
        stayed and some did not, and else stands with the commonest level; of a number it stands with the mean. The log says so.
    left
        Boolean column of those known to have left the population (deaths, emigration): they fall out and are stood for by
        nobody.
    classes
        As of :class:`Propensity`.

    Raises
    ------
    WeightingError
        If everybody or nobody of a level stayed (it is named), or somebody both left and stayed.

    Notes
    -----
    Begin the plan with the weights of the earlier wave, its own nonresponse already adjusted; one step for each later wave.
    Rizzo, Kalton & Brick (1996), Survey Methodology 22, 43-53; Kalton & Brick (2000). Calibrate afterwards. Classes by a tree are
    not offered: classes cut from the propensity (`classes`) serve the same end with a model that can be told.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> from survey_kit.weighting import Attrition, WeightingPlan
    >>> frame = pd.DataFrame({"w": [1.0] * 6, "again": [True, False, True, True, False, True], "trust": list("aabbbb")})
    >>> plan = WeightingPlan(steps=(Attrition(stayed="again", levels="trust"),))
    >>> plan.apply(sk.Design(frame, weight="w")).values.round(4).tolist()
    [2.0, 0.0, 1.3333, 1.3333, 0.0, 1.3333]
    """

    kind: ClassVar[str] = "attrition"
    stayed: str
    levels: str | tuple[str | tuple[str, ...], ...] = ()
    numbers: str | tuple[str, ...] = ()
    left: str | None = None
    classes: int | None = None

    def apply(self, design: Design) -> Design:
        """Give the design with the step taken."""
        gone = np.zeros(design.n, dtype=bool) if self.left is None else design.inside(self.left)
        inside, stayed = design.inside() & ~gone, design.inside(self.stayed)
        both = stayed & gone
        if both.any():
            raise WeightingError(
                "Somebody left the population and took part all the same.",
                where=f"columns '{self.left}' and '{self.stayed}', first in row {int(np.flatnonzero(both)[0]) + 1}",
                found=f"{int(both.sum())} rows",
                fix="Correct the dispositions of the panel.",
            )
        if not stayed.any():
            raise WeightingError(
                "Nobody took part again.", where=f"column '{self.stayed}'", fix="Look at how it was read."
            )
        listed = (self.levels,) if isinstance(self.levels, str) else tuple(self.levels)
        told: list[str] = []
        blocks = [coded(design, (), inside, "class")]
        blocks += [_levels(design, names(part, "levels", least=1), inside, stayed, told) for part in listed]
        blocks += [_number(design, name, blocks[0], inside, told) for name in names(self.numbers, "numbers")]
        said = f"a logistic propensity to stay in the panel of {said_of(self.levels, self.numbers)}"
        said += f", {count(gone.sum())} known to have left" if gone.any() else ""
        said += f", no answer: {'; '.join(told)}" if told else ""
        asked: dict[str, Any] = {
            name: getattr(self, name) for name in ("stayed", "levels", "numbers", "left", "classes")
        }
        return by_propensity(
            design, self.kind, tuple(blocks), stayed, inside, said=said, classes=self.classes, asked=asked
        )


def _levels(design: Design, by: tuple[str, ...], inside: BoolArray, stayed: BoolArray, told: list[str]) -> Columns:
    """Code earlier answers with no answer as a level, or with the commonest level where it cannot stand alone."""
    grouped = design.groups(by, "covariate")
    L, wave = len(grouped.levels), design.layout.wave_of_row
    lost = inside & (grouped.codes < 0)
    code = np.where(grouped.codes < 0, L, grouped.codes)
    cell = wave * (L + 1) + code
    for v in range(len(design.waves)):
        none = lost & (wave == v)
        some = int((none & stayed).sum())
        if not none.any():
            continue
        known = np.bincount(code[inside & ~lost & (wave == v)], minlength=L)
        if 0 < some < int(none.sum()) or not known.any():
            told.append(f"{' x '.join(by)} a level of its own ({count(none.sum())})")
            continue
        commonest = int(np.argmax(known))
        cell = np.where(none, v * (L + 1) + commonest, cell)
        level = ", ".join(str(part) for part in grouped.levels[commonest])
        told.append(f"{' x '.join(by)} with {level} ({count(none.sum())})")
    present = np.flatnonzero(np.bincount(cell[inside], minlength=len(design.waves) * (L + 1)))
    place = np.full(len(design.waves) * (L + 1), -1, dtype=np.int64)
    place[present] = np.arange(len(present))
    labels = []
    for i in present.tolist():
        parts = grouped.levels[i % (L + 1)] if i % (L + 1) < L else ("no answer",) * len(by)
        named = ", ".join(f"{name}={value}" for name, value in zip(by, parts, strict=True))
        labels.append(named if design.wave is None else f"{named}, wave {design.waves[i // (L + 1)]}")
    return Columns(
        code=np.where(inside, place[cell], -1),
        value=None,
        names=tuple(labels),
        wave=(present // (L + 1)).astype(np.int64),
    )


def _number(design: Design, name: str, everybody: Columns, inside: BoolArray, told: list[str]) -> Columns:
    """Take an earlier number as a column, centred and scaled; who gave none stands with the mean."""
    column = design.numbers(name, "covariate")
    known = inside & ~column.missing
    if not known.any():
        raise WeightingError("A number is missing in all rows.", where=f"column '{name}'", fix="Leave it out.")
    if (inside & column.missing).any():
        told.append(f"{name} with the mean ({count((inside & column.missing).sum())})")
    values = column.values[known]
    spread = float(values.std()) or 1.0
    return Columns(
        code=everybody.code,
        value=np.where(known, (np.where(known, column.values, 0.0) - values.mean()) / spread, 0.0),
        names=tuple(name for _ in everybody.names),
        wave=everybody.wave,
    )
