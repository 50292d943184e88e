"""Weights moved within classes: from cases of unknown eligibility to known ones, from nonrespondents to respondents.

Both are calibrations of those who stay to the weights of all who count, class by class: a target that moves with the sample,
so that standard errors hold what the adjustment itself varies.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from survey_kit.design import Design
from survey_kit.design.calibration import Relative
from survey_kit.errors import WeightingError
from survey_kit.types import BoolArray
from survey_kit.weighting.step import CREDITED, appended, coded, count, names, span


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownEligibility:
    r"""Spread the weights of cases of unknown eligibility over the known ones of their class.

    .. math:: w_i = d_i \sum_{c} d / \sum_{c, known} d

    Known ineligible cases take their share: what is unknown is eligible at the rate of what is known.

    Parameters
    ----------
    known
        Boolean column: it is known whether the case is eligible.
    by
        Columns whose combinations are the classes; none for one class.

    Raises
    ------
    WeightingError
        If a class has no known case: it is named.

    Notes
    -----
    Valliant, Dever & Kreuter (2018), *Practical Tools for Designing and Weighting Survey Samples*, 2nd ed., section 13.4.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> from survey_kit.weighting import UnknownEligibility, WeightingPlan
    >>> frame = pd.DataFrame({"w": [1.0, 1, 2, 2], "known": [True, True, True, False]})
    >>> WeightingPlan(steps=(UnknownEligibility(known="known"),)).apply(sk.Design(frame, weight="w")).values.tolist()
    [1.5, 1.5, 3.0, 0.0]
    """

    kind: ClassVar[str] = "unknown_eligibility"
    known: str
    by: str | tuple[str, ...] = ()

    def apply(self, design: Design) -> Design:
        """Give the design with the step taken."""
        all_rows = design.inside()
        known = design.inside(self.known)
        by = names(self.by, "by")
        said = f"weights of {count((all_rows & ~known).sum())} cases of unknown eligibility spread over the known"
        return within_classes(
            design, self.kind, by, known, all_rows, said, "known eligibility", {"known": self.known, "by": by}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Nonresponse:
    r"""Let the respondents of a class carry the weights of all its eligible cases.

    .. math:: w_i = d_i r_i \sum_{c, eligible} d / \sum_{c, respondents} d

    Parameters
    ----------
    respondent
        Boolean column: the case gave an interview.
    by
        Columns whose combinations are the classes, known of respondents and nonrespondents; none for one class.
    eligible
        Boolean column; None when every case still in is eligible. Ineligible cases fall out with weight zero.

    Raises
    ------
    WeightingError
        If a class has no respondent (it is named), or a respondent is not eligible.

    Notes
    -----
    Oh & Scheuren (1983); Sarndal & Lundstrom (2005), *Estimation in Surveys with Nonresponse*, section 7.3. Nonrespondents
    stay as rows with weight zero, so that the variance holds the adjustment's own.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> from survey_kit.weighting import Nonresponse, WeightingPlan
    >>> frame = pd.DataFrame({"w": [1.0, 1, 2, 2], "r": [True, False, True, True], "c": ["a", "a", "b", "b"]})
    >>> WeightingPlan(steps=(Nonresponse(respondent="r", by="c"),)).apply(sk.Design(frame, weight="w")).values.tolist()
    [2.0, 0.0, 2.0, 2.0]
    """

    kind: ClassVar[str] = "nonresponse"
    respondent: str
    by: str | tuple[str, ...] = ()
    eligible: str | None = None

    def apply(self, design: Design) -> Design:
        """Give the design with the step taken."""
        eligible, responding = taking_part(design, self.respondent, self.eligible)
        by = names(self.by, "by")
        said = f"weights of {count((eligible & ~responding).sum())} nonrespondents given to {count(responding.sum())} respondents"
        asked = {"respondent": self.respondent, "by": by, "eligible": self.eligible}
        return within_classes(design, self.kind, by, responding, eligible, said, "respondent", asked)


def taking_part(design: Design, respondent: str, eligible: str | None) -> tuple[BoolArray, BoolArray]:
    """Give the rows that are eligible and those that responded, among rows that are still in."""
    could, did = design.inside(eligible), design.inside(respondent)
    wrong = did & ~could
    if wrong.any():
        raise WeightingError(
            "A respondent is not eligible.",
            where=f"columns '{respondent}' and '{eligible}', first in row {int(np.flatnonzero(wrong)[0]) + 1}",
            found=f"{int(wrong.sum())} rows",
            fix="Correct the dispositions.",
        )
    if not did.any():
        raise WeightingError("Nobody responded.", where=f"column '{respondent}'", fix="Look at how it was read.")
    return could, did


def within_classes(
    design: Design,
    kind: str,
    by: tuple[str, ...],
    taking: BoolArray,
    giving: BoolArray,
    said: str,
    who: str,
    asked: dict[str, Any],
) -> Design:
    """Make the weights of those `taking` (n,) add up to those of all `giving` (n,) in every class; others fall out."""
    groups = coded(design, by, giving, "class")
    weight = design.layout.weight
    columns = replace(groups, code=np.where(taking, groups.code, -1))
    members = np.bincount(columns.code[taking], minlength=groups.size)
    wanted, given = groups.sums(weight), columns.sums(weight)
    empty = np.flatnonzero((members == 0) | ~(given > 0) | ~(wanted > 0))
    if len(empty):
        first = int(empty[0])
        rows = int((groups.code == first).sum())
        raise WeightingError(
            f"A class has no case that is {who}, so nobody can carry its weight."
            if not members[first]
            else "The weights of a class do not add up to more than zero.",
            where=f"class {groups.names[first]}; {len(empty)} of {groups.size} classes",
            found=f"{rows} row{'' if rows == 1 else 's'} with weights of {wanted[first]:,.6g}",
            fix="Join it with a class alike.",
        )
    ratio = np.append(wanted / given, 0.0)
    fixed = taking.astype(np.float64)
    classes = f"within {count(groups.size)} classes of {' x '.join(by)}" if by else "all alike"
    note = f"{said} {classes} ({span(ratio[:-1])}); {CREDITED}"
    return appended(
        design,
        kind,
        ratio[columns.code] * fixed,
        note,
        asked=asked,
        columns=(columns,),
        slope=fixed,
        relative=Relative(groups=groups, group=np.arange(groups.size, dtype=np.int64), share=np.ones(groups.size)),
        fixed=fixed,
    )
