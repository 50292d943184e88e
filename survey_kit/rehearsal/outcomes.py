"""What becomes of the cases of the simulated field, visit by visit, in the codes of AAPOR. All chances are made up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from survey_kit.types import BoolArray, FloatArray, IntArray

MOST_VISITS = 4
LOST = 0.02  # dwellings that nobody finds or may go to: whether anybody lives there stays unknown
APPOINTMENT = 0.20  # of those who take part, asked to come again
MINUTES, MINUTES_SPREAD = 42.0, 0.25  # of an interview: median, standard deviation of the logarithm
COMPLETE, PARTIAL, BROKEN_OFF = "1.1", "1.2", "2.12"
NOBODY, NO_ACCESS, AWAY, VACANT = "2.24", "2.23", "2.25", "4.61"
OF_TAKING_PART = {COMPLETE: 0.97, PARTIAL: 0.02, BROKEN_OFF: 0.01}
OF_REFUSING = {"2.111": 0.50, "2.112": 0.35, AWAY: 0.08, "2.32": 0.04, "2.332": 0.03}
OF_LOST = {"3.18": 0.6, "3.17": 0.4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """The visits of every case (c,): how many, the code of the last, and whether the one before it was an appointment."""

    visits: IntArray
    code: NDArray[Any]
    appointment: BoolArray

    @property
    def interviewed(self) -> BoolArray:
        """Tell which cases gave an interview, complete or partial."""
        return np.isin(self.code, (COMPLETE, PARTIAL))


def outcomes(
    lived: BoolArray, contact: FloatArray, cooperation: FloatArray, reachable: BoolArray, rng: np.random.Generator
) -> Visits:
    """Visit every case up to four times.

    Parameters
    ----------
    lived : (c,)
        Whether somebody lives in the dwelling.
    contact, cooperation : (c,)
        Chance that a visit finds somebody, and that the person then takes part.
    reachable : (c,)
        False where no visit ever finds anybody, as by telephone where there is none.

    Examples
    --------
    >>> yes, sure = np.array([True, False]), np.ones(2)
    >>> outcomes(yes, sure, sure, yes, np.random.default_rng(4)).code.tolist()
    ['1.1', '4.61']
    """
    n = len(lived)
    visits = rng.geometric(np.clip(contact, 1e-3, 1.0))
    met = reachable & (visits <= MOST_VISITS)
    takes = rng.random(n) < cooperation
    taking, refusing, lost = (_one_of(chances, n, rng) for chances in (OF_TAKING_PART, OF_REFUSING, OF_LOST))
    code = np.where(met, np.where(takes, taking, refusing), np.where(rng.random(n) < 0.1, NO_ACCESS, NOBODY))
    code = np.where(lived, code, VACANT)
    unknown = rng.random(n) < LOST
    code = np.where(unknown, lost, code)
    appointment = met & takes & lived & ~unknown & (rng.random(n) < APPOINTMENT)
    visits = np.where(unknown | ~lived, 1, np.minimum(np.where(met, visits, MOST_VISITS), MOST_VISITS))
    return Visits(visits=visits + appointment, code=code, appointment=appointment)


def _one_of(chances: dict[str, float], n: int, rng: np.random.Generator) -> NDArray[Any]:
    ends = np.cumsum(list(chances.values()))[:-1]
    return np.array(list(chances))[np.searchsorted(ends, rng.random(n), side="right")]


def interview_minutes(age: NDArray[np.int8], speed: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Give the minutes (n,) of interviews: longer with older people, and by the pace of the interviewer (`speed`, n).

    Examples
    --------
    >>> interview_minutes(np.array([20, 80], dtype=np.int8), np.ones(2), np.random.default_rng(2)).round(0).tolist()
    [41.0, 41.0]
    """
    spread = np.exp(rng.standard_normal(len(age)) * MINUTES_SPREAD)
    minutes: FloatArray = np.round(MINUTES * speed * (1 + 0.003 * (age - 40.0)) * spread, 1)
    return minutes
