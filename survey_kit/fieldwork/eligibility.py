"""Which share of the cases of unknown eligibility is eligible: the e of the outcome rates, by several methods.

=============  ==========================================================================================================
proportional   the eligible share of the cases whose eligibility is known; also called CASRO
two_stage      a unit may be no household, and a household may hold nobody eligible: each share from the cases that know it
survival       the share among those that later attempts would settle, from how many attempts settled the others
one, zero      all of them (the lowest response rate), none of them (the highest)
=============  ==========================================================================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from survey_kit import checks
from survey_kit.errors import ResponsesError
from survey_kit.fieldwork.contacts import ContactLog
from survey_kit.fieldwork.dispositions import disposition
from survey_kit.types import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

Method: TypeAlias = Literal["proportional", "casro", "two_stage", "survival", "one", "zero"]
METHODS: tuple[Method, ...] = ("proportional", "casro", "two_stage", "survival", "one", "zero")
ELIGIBLE = ("I", "P", "R", "NC", "O")
NOBODY = ("4.7", "4.8")  # a household, but nobody to interview


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """The share of cases of unknown eligibility that is taken to be eligible, and how it was found."""

    share: float
    method: str


def eligible_share(
    codes: Sequence[object],
    *,
    method: Method = "proportional",
    weight: Sequence[float] | None = None,
    attempts: Sequence[int] | None = None,
) -> Eligibility:
    r"""Estimate which share of the cases of unknown eligibility is eligible.

    Parameters
    ----------
    codes
        The final disposition of each case.
    method
        See the module. ``two_stage``: with h the share of households among units known to be one or not, and p the share of households
        known to hold somebody eligible, a unit of unknown kind (3.1) counts h p and a household (3.2) p. ``survival``: each further attempt
        settles some cases as eligible, some as not (hazards of two kinds); a case left open after c attempts is eligible with

        .. math:: \frac{F_E(J) - F_E(c) + S(J)\, F_E(J) / (F_E(J) + F_N(J))}{S(c)}

        F_E and F_N the shares settled as eligible and not by an attempt, S the share still open, J the most attempts made.
    weight
        Base weights of the cases.
    attempts
        For ``survival``: the attempt that settled a case's eligibility, or how many were made without settling it.

    Raises
    ------
    ResponsesError
        When no case tells what the method needs.

    Notes
    -----
    AAPOR (2023), Standard Definitions, 10th edition; Smith (2009), A revised review of methods to estimate the status of cases with
    unknown eligibility; survival: after Brick, Montaquila & Scheuren (2002), Public Opinion Quarterly 66, 18-39.

    Examples
    --------
    >>> codes = ["1.1"] * 6 + ["4.7"] * 2 + ["4.61"] * 2 + ["3.11"] * 5
    >>> eligible_share(codes).share, round(eligible_share(codes, method="two_stage").share, 4)
    (0.6, 0.6)
    """
    checks.choice(method, "method", METHODS, ResponsesError)
    found = [disposition(code) for code in codes]
    w = np.ones(len(found)) if weight is None else np.asarray(weight, dtype=np.float64)
    group = np.array([one.group for one in found])
    yes, no = np.isin(group, ELIGIBLE), group == "NE"
    if method in {"one", "zero"}:
        said = "all" if method == "one" else "none"
        return Eligibility(share=float(method == "one"), method=f"{said} of the unknown are taken to be eligible")
    if not (yes | no).any():
        raise ResponsesError("No case has a known eligibility, so e cannot be found.", fix="Give e as a number.")
    if method in {"proportional", "casro"}:
        share = w[yes].sum() / w[yes | no].sum()
        return Eligibility(share=float(share), method="eligible share of the cases with known eligibility (CASRO)")
    if method == "two_stage":
        return _two_stage(np.array([one.code for one in found]), group, w, yes, no)
    if attempts is None or len(attempts) != len(found):
        raise ResponsesError(
            "The survival method needs the attempts of each case.", fix="Give attempts=, or use eligibility_of(log)."
        )
    return _survival(np.asarray(attempts, dtype=np.int64), w, yes, no)


def eligibility_of(log: ContactLog, *, method: Method = "proportional", weight: str | None = None) -> Eligibility:
    """Estimate e from a contact log: see :func:`eligible_share`.

    Examples
    --------
    >>> import pandas as pd
    >>> from survey_kit.fieldwork import read_contacts
    >>> log = pd.DataFrame({"case": [1, 2, 2, 3, 3, 4], "psu": 1, "interviewer": "a", "attempt": [1, 1, 2, 1, 2, 1],
    ...     "start": "2026-03-01T10:00", "code": ["1.1", "3.18", "1.1", "3.18", "4.61", "3.18"]})
    >>> round(eligibility_of(read_contacts(log), method="survival").share, 4)
    0.5
    """
    status = log.status()
    values = None if weight is None else _weights(status, weight)
    settling = log.contacts[log.contacts["group"].isin([*ELIGIBLE, "NE"])].drop_duplicates("case")
    place = log.contacts.groupby("case").cumcount().reindex(settling.index) + 1
    first = place.set_axis(settling["case"].to_numpy()).reindex(status["case"].to_numpy())
    tried = np.where(first.notna().to_numpy(), first.fillna(0).to_numpy(), status["attempts"].to_numpy())
    return eligible_share(status["code"].tolist(), method=method, weight=values, attempts=tried.astype(int).tolist())


def _weights(status: pd.DataFrame, weight: str) -> list[float]:
    from survey_kit import frames

    values: list[float] = frames.numbers(status, weight, "weight").values.tolist()
    return values


def _two_stage(codes: object, group: object, w: FloatArray, yes: BoolArray, no: BoolArray) -> Eligibility:
    nobody = np.isin(np.asarray(codes), NOBODY)
    household = yes | nobody | (np.asarray(group) == "UO")
    unit, home = np.asarray(group) == "UH", np.asarray(group) == "UO"
    h = w[household].sum() / w[household | no].sum()
    known = w[yes | nobody].sum()
    if not known:
        raise ResponsesError("No household tells whether somebody eligible lives there.", fix="Give e as a number.")
    p = w[yes].sum() / known
    unknown = w[unit | home].sum()
    share = (h * p * w[unit].sum() + p * w[home].sum()) / unknown if unknown else h * p
    told = f"households among units {h:.3f}, with somebody eligible {p:.3f}"
    return Eligibility(share=float(share), method=f"in two stages: {told}")


def _survival(tried: IntArray, w: FloatArray, yes: BoolArray, no: BoolArray) -> Eligibility:
    most = int(tried.max(initial=0))
    at_risk = w.sum() - np.cumsum(np.bincount(tried, weights=w, minlength=most + 1))[:-1]
    hazard = [np.bincount(tried[one], weights=w[one], minlength=most + 1)[1:] / at_risk for one in (yes, no)]
    left = np.concatenate([[1.0], np.cumprod(1 - hazard[0] - hazard[1])])  # S(0), S(1), ... S(J)
    eligible, other = (np.concatenate([[0.0], np.cumsum(left[:-1] * one)]) for one in hazard)
    later = left[-1] * eligible[-1] / (eligible[-1] + other[-1])
    unknown = ~(yes | no)
    said = "from how many attempts settled the others (survival)"
    if not unknown.any():
        return Eligibility(share=float(eligible[-1] / (eligible[-1] + other[-1])), method=said)
    c = tried[unknown]
    chance = np.divide(eligible[-1] - eligible[c] + later, left[c], out=np.zeros(len(c)), where=left[c] > 0)
    return Eligibility(share=float(w[unknown] @ chance / w[unknown].sum()), method=said)
