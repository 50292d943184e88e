"""When the simulated visits were made: interviewers work from visit to visit, day after day, never at two places at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from survey_kit.rehearsal.outcomes import AWAY, NOBODY, Visits
from survey_kit.types import FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

FIRST_DAY = "2001-01-01"  # a made-up calendar: every wave begins on this day, since waves of a rehearsal have no dates
OPENS, WORKDAY = 10 * 60, 10 * 60  # minutes: from ten in the morning, for ten hours
KNOCK = 4.0  # minutes of a visit that finds nobody or is refused
WAY = 40.0  # minutes to the next door, on average


def contact_log(
    cases: pd.DataFrame,
    interviewer: IntArray,
    codes: tuple[str, ...],
    visits: Visits,
    minutes: FloatArray,
    mode: str,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Give the contact log: one row for each visit, in the order of the cases, columns of ``survey-kit/contacts/1``.

    `cases` holds the columns ``case`` and ``psu``; `minutes` (c,) is the length of the interview, NaN where there was none.
    """
    import pandas as pd

    case, psu = cases["case"].to_numpy(), cases["psu"].to_numpy()
    row = np.repeat(np.arange(len(case)), visits.visits)
    attempt = np.arange(len(row)) - np.repeat(np.cumsum(visits.visits) - visits.visits, visits.visits) + 1
    last = attempt == visits.visits[row]
    before = visits.appointment[row] & (attempt == visits.visits[row] - 1)
    code = np.where(last, visits.code[row], np.where(before, AWAY, NOBODY))
    took = np.where(last & np.isfinite(minutes[row]), minutes[row], KNOCK)
    who = interviewer[row]
    order = np.lexsort((rng.random(len(row)), psu[row], attempt, who))
    gap = rng.exponential(WAY, len(row)) + 1.0
    begin = np.empty(len(row))
    done = np.cumsum((took + gap)[order])
    ahead = np.concatenate([[True], who[order][1:] != who[order][:-1]])
    base = np.maximum.accumulate(np.where(ahead, done - (took + gap)[order], 0.0))
    begin[order] = done - took[order] - base
    day = begin // WORKDAY
    start = pd.Timestamp(FIRST_DAY) + pd.to_timedelta((day * 1440 + OPENS + begin % WORKDAY).round(1), unit="min")
    end = start + pd.to_timedelta(took.round(1), unit="min")
    return pd.DataFrame(
        {
            "case": case[row],
            "psu": psu[row],
            "interviewer": np.array(codes)[who],
            "attempt": attempt,
            "start": start.floor("s").strftime("%Y-%m-%dT%H:%M:%S"),
            "end": end.floor("s").strftime("%Y-%m-%dT%H:%M:%S"),
            "code": code,
            "mode": mode,
        }
    )
