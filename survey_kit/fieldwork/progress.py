"""How the field goes on: by day, unit and interviewer; productivity, the yield of attempts, the best hours.

Everything is counted from a :class:`ContactLog`. A complete is a case's first complete interview, credited to its day and interviewer. A
contact is an attempt at which somebody was spoken to. A case is open when nobody knows yet what becomes of it: not attempted, not
reached, or of unknown eligibility.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from survey_kit.errors import ResponsesError
from survey_kit.fieldwork.contacts import ContactLog
from survey_kit.fieldwork.contacts_settled import reached
from survey_kit.fieldwork.dispositions import GROUPS

if TYPE_CHECKING:
    import pandas as pd

OPEN = ("NC", "UH", "UO")
HOURS = (0, 9, 12, 15, 18, 21, 24)
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Progress:
    """The state of the field.

    Attributes
    ----------
    until
        The last day counted, ISO 8601.
    target
        Completes wanted; None when nobody said.
    by_day
        ``day attempts contacts completes refusals interviewers all_attempts all_completes open`` and, with a target, ``share``.
    by_unit
        ``psu cases untried open completes partials refusals not_eligible attempts interviewers last`` for each unit.
    by_interviewer
        ``interviewer days units cases attempts contacts completes refusals contact_rate cooperation attempts_per_complete
        completes_per_day minutes minutes_per_complete``: minutes are the median length of complete interviews, minutes per
        complete those of all attempts whose end was noted.
    by_attempt
        ``attempt cases contacts completes contact_rate complete_rate all_completes share``: what a first, second ... attempt brings.
    by_hour
        ``weekday hours attempts contacts completes contact_rate complete_rate``.
    open_cases
        Cases that need work: ``case psu code text attempts last``. For the field team only.
    """

    until: str
    target: int | None
    by_day: pd.DataFrame
    by_unit: pd.DataFrame
    by_interviewer: pd.DataFrame
    by_attempt: pd.DataFrame
    by_hour: pd.DataFrame
    open_cases: pd.DataFrame

    @property
    def completes(self) -> int:
        """Count the complete interviews."""
        return int(self.by_day["completes"].sum())

    def __repr__(self) -> str:
        """Say how far the field is."""
        of = "" if self.target is None else f" of {self.target:,}"
        return f"<Progress until {self.until}: {self.completes:,}{of} completes, {len(self.open_cases):,} cases open>"

    def _repr_html_(self) -> str:
        from html import escape

        shown = (self.by_day, self.by_interviewer, self.by_attempt, self.by_hour)
        return f"<p>{escape(repr(self)[1:-1])}</p>" + "".join(
            one.to_html(index=False, float_format="{:.3f}".format) for one in shown
        )


def progress_of(log: ContactLog, *, until: str | None = None, target: int | None = None) -> Progress:
    """Count how the field goes on.

    Parameters
    ----------
    log
        The contact log.
    until
        The last day to count; by default the last of the log.
    target
        Completes wanted.

    Raises
    ------
    ResponsesError
        When the day is none, nothing had been tried by then, or the target is no number of interviews.

    Examples
    --------
    >>> import pandas as pd
    >>> from survey_kit.fieldwork import read_contacts
    >>> log = read_contacts(pd.DataFrame({"case": [1, 1, 2], "psu": 9, "interviewer": ["a", "a", "b"], "attempt": [1, 2, 1],
    ...     "start": ["2026-03-01T10:00", "2026-03-03T18:00", "2026-03-01T11:00"], "code": ["2.24", "1.1", "2.11"]}))
    >>> made = progress_of(log, target=2)
    >>> made.by_day[["attempts", "completes", "share"]].values.tolist()
    [[2.0, 0.0, 0.0], [0.0, 0.0, 0.0], [1.0, 1.0, 0.5]]
    """
    if target is not None and not (target >= 1 and target == int(target)):
        raise ResponsesError("The target is a number of interviews.", found=f"{target:g}", fix="Say target=8000.")
    log = log if until is None else log.until(until)
    attempts = _attempts(log)
    status = log.status()
    return Progress(
        until=f"{attempts['day'].max():%Y-%m-%d}" if until is None else until,
        target=target,
        by_day=_by_day(attempts, status, target, until),
        by_unit=_by_unit(attempts, status),
        by_interviewer=_by_interviewer(attempts),
        by_attempt=_by_attempt(attempts),
        by_hour=_by_hour(attempts),
        open_cases=_open_cases(status),
    )


def _attempts(log: ContactLog) -> pd.DataFrame:
    """Give the attempts with what is counted of each: its day, contact, complete, refusal, minutes."""
    frame = log.contacts
    done = (frame["group"] == "I").to_numpy(dtype=bool)
    first = ~frame.assign(done=done)[["case", "done"]].duplicated().to_numpy() & done
    minutes = (frame["end"] - frame["start"]).dt.total_seconds() / 60
    return frame.assign(
        day=log.days(),
        contact=reached(frame["code"]).to_numpy(dtype=np.int64),
        complete=first.astype(np.int64),
        refusal=(frame["group"] == "R").to_numpy(dtype=np.int64),
        minutes=minutes,
    )


def _by_day(attempts: pd.DataFrame, status: pd.DataFrame, target: int | None, until: str | None) -> pd.DataFrame:
    import pandas as pd

    last = attempts["day"].max() if until is None else pd.Timestamp(until)
    grouped = attempts.groupby("day")
    made = grouped.agg(
        attempts=("case", "size"),
        contacts=("contact", "sum"),
        completes=("complete", "sum"),
        refusals=("refusal", "sum"),
        interviewers=("interviewer", "nunique"),
    )
    made = made.reindex(pd.date_range(attempts["day"].min(), last), fill_value=0).rename_axis("day").reset_index()
    made = made.assign(all_attempts=made["attempts"].cumsum(), all_completes=made["completes"].cumsum())
    # a case is open until the first attempt that settles it
    settling = attempts[~attempts["group"].isin(OPEN)].drop_duplicates("case")
    settled = settling.groupby("day").size().reindex(made["day"].to_numpy(), fill_value=0).cumsum().to_numpy()
    made = made.assign(open=len(status) - settled)
    return made if target is None else made.assign(share=made["all_completes"] / target)


def _by_unit(attempts: pd.DataFrame, status: pd.DataFrame) -> pd.DataFrame:
    group = status["group"]
    counted = status.assign(
        untried=status["attempts"] == 0,
        open=group.isin(OPEN),
        completes=group == "I",
        partials=group == "P",
        refusals=group == "R",
        not_eligible=group == "NE",
    ).groupby("psu")
    names = ["untried", "open", "completes", "partials", "refusals", "not_eligible", "attempts"]
    made = counted[names].sum().assign(cases=counted.size(), last=counted["last"].max())
    who = attempts.groupby("psu")["interviewer"].nunique().reindex(made.index, fill_value=0)
    return made.assign(interviewers=who).reset_index()[["psu", "cases", *names, "interviewers", "last"]]


def _by_interviewer(attempts: pd.DataFrame) -> pd.DataFrame:
    grouped = attempts.groupby("interviewer")
    made = grouped.agg(
        days=("day", "nunique"),
        units=("psu", "nunique"),
        cases=("case", "nunique"),
        attempts=("case", "size"),
        contacts=("contact", "sum"),
        completes=("complete", "sum"),
        refusals=("refusal", "sum"),
    )
    talks = attempts[attempts["complete"] == 1].groupby("interviewer")["minutes"].median()
    spent = grouped["minutes"].sum(min_count=1)
    some = made["completes"].where(made["completes"] > 0)
    asked = (made["completes"] + made["refusals"]).where(lambda one: one > 0)
    return made.assign(
        contact_rate=made["contacts"] / made["attempts"],
        cooperation=made["completes"] / asked,
        attempts_per_complete=made["attempts"] / some,
        completes_per_day=made["completes"] / made["days"],
        minutes=talks.reindex(made.index),
        minutes_per_complete=spent / some,
    ).reset_index()


def _by_attempt(attempts: pd.DataFrame) -> pd.DataFrame:
    made = attempts.groupby("attempt").agg(
        cases=("case", "nunique"), contacts=("contact", "sum"), completes=("complete", "sum")
    )
    everything = made["completes"].cumsum()
    total = float(made["completes"].sum())
    made = made.assign(
        contact_rate=made["contacts"] / made["cases"],
        complete_rate=made["completes"] / made["cases"],
        all_completes=everything,
        share=everything / total if total else np.nan,
    ).reset_index()
    return made.astype({"attempt": np.int64})


def _by_hour(attempts: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    bands = [f"{a:02d}-{b:02d}" for a, b in itertools.pairwise(HOURS)]
    day = attempts["start"].dt.day_of_week.to_numpy(dtype=np.int64)
    weekday = pd.Categorical.from_codes(day.tolist(), dtype=pd.CategoricalDtype(list(WEEKDAYS), ordered=True))
    place = np.searchsorted(HOURS, attempts["start"].dt.hour.to_numpy(), side="right") - 1
    hours = pd.Categorical.from_codes(place.tolist(), dtype=pd.CategoricalDtype(bands, ordered=True))
    made = (
        attempts.assign(weekday=weekday, hours=hours)
        .groupby(["weekday", "hours"], observed=False)
        .agg(attempts=("case", "size"), contacts=("contact", "sum"), completes=("complete", "sum"))
        .reset_index()
    )
    tried = made["attempts"].where(made["attempts"] > 0)
    return made.assign(contact_rate=made["contacts"] / tried, complete_rate=made["completes"] / tried)


def _open_cases(status: pd.DataFrame) -> pd.DataFrame:
    kept = status[status["group"].isin(OPEN)]
    ordered = kept.sort_values(["psu", "attempts", "case"], kind="stable", ignore_index=True)
    return ordered[["case", "psu", "code", "text", "attempts", "last"]]


def by_group(status: pd.DataFrame) -> pd.DataFrame:
    """Count settled cases by the groups of the Standard Definitions: ``group meaning cases share``.

    Examples
    --------
    >>> import pandas as pd
    >>> by_group(pd.DataFrame({"group": ["I", "I", "R", "NC"]}))[["group", "cases"]].values.tolist()[:3]
    [['I', 2], ['P', 0], ['R', 1]]
    """
    import pandas as pd

    counts = status["group"].value_counts().reindex(list(GROUPS), fill_value=0)
    table = {"group": list(GROUPS), "meaning": list(GROUPS.values()), "cases": counts.to_numpy()}
    return pd.DataFrame(table).assign(share=counts.to_numpy() / max(len(status), 1))
