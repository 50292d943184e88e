"""The contact log: every attempt to interview a sampled case, read from a file and held against the cases that were issued.

Two tables, schema ``survey-kit/contacts/1``. Both may be CSV, Parquet or Excel, or frames.

The contacts, one row for each attempt:

=============  ==========================================================================================
case           the sampled case (a household, dwelling or person), as in the issued cases
psu            the sampling unit; left out where the issued cases hold it
interviewer    the code of the interviewer, never a name or a telephone number
attempt        the number of the attempt on this case: 1, 2, 3 ...
start          when it began by the clock of the place, ISO 8601: ``2026-03-02T10:15``, or with its offset, ``...+05:00``
end            when it ended; empty when it was not noted
code           what came of it: a disposition of AAPOR, see :data:`survey_kit.fieldwork.CODES`
mode           how: visit, telephone, ...; left out when there is one
=============  ==========================================================================================

The issued cases, one row for each sampled case: ``case``, ``psu``, and whatever else is known of all of them: base weights, strata,
domains, and the frame's variables for measures of balance. What the log itself tells (code, group, attempts, interviewer ...) is left
out of them: a list made after the field cannot contradict it. Without them the cases are those of the log, and a case that nobody has
tried yet cannot be seen.

Every other column of the contacts is left behind, so that names, telephone numbers and positions go no further.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit import frames
from survey_kit.errors import ResponsesError, did_you_mean
from survey_kit.fieldwork.contacts_checked import check_attempts
from survey_kit.responses import read_table
from survey_kit.types import Frame

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "survey-kit/contacts/1"
NEEDED = ("case", "interviewer", "attempt", "start", "code")
SETTLED = (
    "code",
    "group",
    "text",
    "attempts",
    "contacts",
    "first",
    "last",
    "interviewer",
)  # what the log tells of a case
COLUMNS = ("case", "psu", "interviewer", "attempt", "start", "end", "code", "mode")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ContactLog:
    """The contacts of a survey and the cases that were issued.

    Attributes
    ----------
    contacts
        One row for each attempt, in the order of the cases and of their attempts: the columns of the schema and ``group``, what the
        code counts as. Times are times; what was not noted is null.
    cases
        One row for each issued case, in its own order: ``case``, ``psu`` and what else is known.
    notes
        What is odd but can stand: attempts after an interview, numbers left out, times not noted.
    """

    contacts: pd.DataFrame
    cases: pd.DataFrame
    notes: pd.DataFrame

    def __repr__(self) -> str:
        """Say how many attempts, cases and interviewers there are, and when."""
        days = self.contacts["start"].dt.strftime("%Y-%m-%d")
        when = f", {days.min()} to {days.max()}" if len(days) else ""
        who = self.contacts["interviewer"].nunique()
        return (
            f"<ContactLog: {len(self.contacts):,} attempts on {len(self.cases):,} cases by {who:,} interviewers{when}>"
        )

    def _repr_html_(self) -> str:
        from html import escape

        table = self.contacts["group"].value_counts().rename_axis("what came of it").rename("attempts").to_frame()
        notes = self.notes.to_html(index=False) if len(self.notes) else ""
        return f"<p>{escape(repr(self)[1:-1])}</p>{table.to_html()}{notes}"

    def until(self, date: str) -> ContactLog:
        """Give the log as it stood at the end of a day: only attempts that began on it or before.

        Raises
        ------
        ResponsesError
            When it is no date, or nothing had been tried by then.
        """
        last = _day(date)
        began = self.contacts["start"].dt.normalize()
        kept = self.contacts[began <= last].reset_index(drop=True)
        if not len(kept):
            raise ResponsesError(
                "Nobody had been tried by then.",
                found=f"{date}; the first attempt is of {began.min():%Y-%m-%d}",
                fix="Name a later day.",
            )
        return ContactLog(contacts=kept, cases=self.cases, notes=self.notes)

    def days(self) -> pd.Series[Any]:
        """Give the day of each attempt."""
        made: pd.Series[Any] = self.contacts["start"].dt.normalize()
        return made

    def status(self) -> pd.DataFrame:
        """Settle every issued case by the hierarchy of the Standard Definitions.

        Returns
        -------
        DataFrame
            The columns of the cases and ``code group text attempts contacts first last interviewer``: contacts are the attempts at which
            somebody was spoken to, the interviewer is that of the deciding attempt. A case without an attempt is 3.11, not attempted.

        Examples
        --------
        >>> import pandas as pd
        >>> log = read_contacts(pd.DataFrame({"case": [1, 1], "psu": [9, 9], "interviewer": ["a", "a"], "attempt": [1, 2],
        ...     "start": ["2026-03-01T10:00", "2026-03-02T18:00"], "code": ["2.24", "1.1"]}))
        >>> log.status()[["case", "code", "attempts", "contacts"]].values.tolist()
        [['1', '1.1', 2, 1]]
        """
        from survey_kit.fieldwork.contacts_settled import settled

        return settled(self.contacts, self.cases)


def read_contacts(
    source: Frame | Path | str,
    *,
    cases: Frame | Path | str | None = None,
    columns: Mapping[str, str] | None = None,
) -> ContactLog:
    """Read a contact log, and hold it against the issued cases.

    Parameters
    ----------
    source
        The contacts: a file or a frame with the columns of the schema.
    cases
        The issued cases: a file or a frame with ``case`` and ``psu``; without it, those of the log.
    columns
        What a column of the schema is called in the files: ``{"case": "hhid"}``.

    Raises
    ------
    ResponsesError
        When a column is missing; when a row has no case, interviewer, attempt, time or code; a code that does not exist; a time that
        cannot be read; times running backwards, within an attempt or from one attempt of a case to the next; an attempt that stands
        twice; a case that was not issued, or with another unit; what looks like a name or a telephone number in place of an
        interviewer's code. The first row is named, and how many faults there are; :func:`check_contacts` lists them all.

    Examples
    --------
    >>> import pandas as pd
    >>> log = pd.DataFrame({"case": [1], "psu": [9], "interviewer": ["a"], "attempt": [1], "start": ["2026-03-01T10:00"], "code": ["1.1"]})
    >>> read_contacts(log)
    <ContactLog: 1 attempts on 1 cases by 1 interviewers, 2026-03-01 to 2026-03-01>
    """
    contacts, issued, found = _taken(source, cases, columns or {})
    errors = found[found["severity"] == "error"]
    if len(errors):
        first = errors.iloc[0]
        more = f" ({len(errors) - 1:,} more)" if len(errors) > 1 else ""
        file = f"{source}, " if isinstance(source, (str, Path)) else ""
        raise ResponsesError(
            f"{str(first['message']).rstrip('.')}{more}.",
            where=f"{file}row {first['row']}",
            found=str(first["found"]),
            fix=f"{first['fix']}",
        )
    ordered = contacts.sort_values(["case", "attempt"], kind="stable", ignore_index=True)
    return ContactLog(contacts=ordered, cases=issued, notes=found.drop(columns="severity"))


def check_contacts(
    source: Frame | Path | str,
    *,
    cases: Frame | Path | str | None = None,
    columns: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """List everything that is wrong or odd in a contact log.

    Returns
    -------
    DataFrame
        ``code`` (C001 ...), ``severity`` (error, note), ``row`` (1 is the first attempt), ``case``, ``message``, ``found``, ``fix``.

    Examples
    --------
    >>> import pandas as pd
    >>> log = pd.DataFrame({"case": [1], "psu": [9], "interviewer": ["a"], "attempt": [1],
    ...     "start": ["2026-03-01T10:00"], "end": ["2026-03-01T09:00"], "code": ["9.9"]})
    >>> check_contacts(log)["code"].tolist()
    ['C002', 'C004']
    """
    return _taken(source, cases, columns or {})[2]


def _taken(
    source: Frame | Path | str, cases: Frame | Path | str | None, columns: Mapping[str, str]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    import pandas as pd

    raw = _frame(source)
    wanted = [*NEEDED, *(("psu",) if cases is None else ())]
    there = _columns(raw, wanted, columns, "contact log")
    issued = None
    if cases is not None:
        given = _frame(cases)
        own = _columns(given, ["case", "psu"], columns, "list of issued cases")
        issued = given.rename(columns={own[name]: name for name in ("case", "psu")})
        case, psu = (pd.Series(frames.texts(issued, name), dtype="str").to_numpy() for name in ("case", "psu"))
        issued = issued.assign(case=case, psu=psu).drop(columns=[name for name in SETTLED if name in issued])
        _issued_once(issued)
    parts = {name: frames.texts(raw, there[name]) if name in there else [None] * len(raw) for name in COLUMNS}
    contacts, found = check_attempts(parts, issued)
    if issued is None:
        issued = contacts.drop_duplicates("case")[["case", "psu"]].sort_values("case", ignore_index=True)
    elif "psu" not in there:
        place = pd.Series(issued["psu"].to_numpy(), index=issued["case"].to_numpy())
        contacts = contacts.assign(psu=place.reindex(contacts["case"].to_numpy()).to_numpy())
    return contacts, issued, found


def _frame(source: Frame | Path | str) -> pd.DataFrame:
    made: pd.DataFrame = frames.to_pandas(read_table(source) if isinstance(source, (str, Path)) else source)
    return made


def _columns(frame: pd.DataFrame, wanted: Sequence[str], named: Mapping[str, str], what: str) -> dict[str, str]:
    """Find the columns of the schema under the names they have here."""
    known = [str(name) for name in frame.columns]
    for name in named:
        if name not in COLUMNS:
            raise ResponsesError(f"'{name}' is no column of a contact log.", fix=did_you_mean(name, COLUMNS))
    there = {name: named.get(name, name) for name in COLUMNS}
    for name in wanted:
        if there[name] not in known:
            called = f"'{there[name]}'" + ("" if there[name] == name else f" (its '{name}')")
            raise ResponsesError(
                f"The {what} has no column {called}.",
                found=", ".join(known[:12]),
                fix=f"Say which column it is: columns={{'{name}': ...}}. {did_you_mean(there[name], known)}",
            )
    return {name: called for name, called in there.items() if called in known}


def _issued_once(issued: pd.DataFrame) -> None:
    lost = issued[["case", "psu"]].isna().any(axis=1).to_numpy()
    if lost.any():
        row = int(np.flatnonzero(lost)[0]) + 1
        raise ResponsesError("An issued case has no number or no unit.", where=f"row {row}", fix="Complete the list.")
    twice = issued["case"].duplicated().to_numpy()
    if twice.any():
        row = int(np.flatnonzero(twice)[0])
        raise ResponsesError(
            "A case was issued twice.",
            where=f"row {row + 1}",
            found=f"case {issued['case'].iloc[row]}",
            fix="Keep one row for each case.",
        )


def _day(date: str) -> pd.Timestamp:
    import pandas as pd

    made = pd.to_datetime(str(date), errors="coerce")
    if pd.isna(made):
        raise ResponsesError("This is no date.", found=repr(date), fix="Write 2026-03-31.")
    return made.tz_localize(None).normalize()
