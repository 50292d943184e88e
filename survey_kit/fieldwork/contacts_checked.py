"""The checks of a contact log, each a code with the row it stands in.

====  ========  =====================================================================
C001  error     something that every attempt has is missing
C002  error     a disposition that does not exist
C003  error     a time that cannot be read, or with a time zone where others have none
C004  error     an attempt ends before it begins
C005  error     an attempt begins before the one numbered before it
C006  error     the same attempt of a case stands twice
C007  error     a case that was not issued
C008  error     a unit other than the one the case was issued in
C009  error     what looks like a name or a telephone number, where a code belongs
C010  error     an attempt whose number is no whole number from 1
C101  note      an attempt after a complete interview
C102  note      a number left out among the attempts of a case
C103  note      an interview without an end
====  ========  =====================================================================
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit.errors import ResponsesError
from survey_kit.fieldwork.dispositions import Disposition, disposition
from survey_kit.types import BoolArray

if TYPE_CHECKING:
    import pandas as pd

FIELDS = ("code", "severity", "row", "case", "message", "found", "fix")
_NAME = re.compile(r"[^\W\d_]{2,}[\s.,]+[^\W\d_]{2,}(?:[\s.,]+[^\W\d_]+)*")
_OFFSET = re.compile(r"(?<=\d)\s?[+-]\d{2}:?\d{2}$")  # after a time of the day
_CLOCK = re.compile(r"\d[T ]\d{1,2}:\d{2}")
_PHONE = re.compile(r"\+?(?:[\s().-]*\d){10,}")

Texts = Sequence[str | None]


def check_attempts(parts: Mapping[str, Texts], issued: pd.DataFrame | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the columns of a log as texts into a frame, and list what is wrong.

    Parameters
    ----------
    parts
        The columns of the schema, (n,) texts each, None where nothing stands.
    issued
        The issued cases with ``case`` and ``psu`` as texts; None when they are not known.

    Returns
    -------
    contacts, problems
        The attempts in the order of the file, with times as times and ``group``; the problems, those of severity error first, by row.
    """
    import pandas as pd

    found = _Found(parts["case"])
    for name in ("case", "interviewer", "attempt", "start", "code"):
        found.add(
            "C001",
            np.array([value is None or not value.strip() for value in parts[name]], dtype=bool),
            f"An attempt has no {name}.",
            parts[name],
            "Complete the row; an outcome nobody knows is 3.9." if name == "code" else "Complete the row.",
        )
    codes = _coded(parts["code"], found)
    start, end = _times(parts["start"], "start", found), _times(parts["end"], "end", found)
    frame = pd.DataFrame(
        {
            "case": _words(parts["case"]),
            "psu": _words(parts["psu"]),
            "interviewer": _words(parts["interviewer"]),
            "attempt": _numbers(parts["attempt"], found),
            "start": start,
            "end": end,
            "code": _words([None if one is None else one.code for one in codes]),
            "mode": _words(parts["mode"]),
            "group": _words([None if one is None else one.group for one in codes]),
        }
    )
    _pseudonyms(parts["interviewer"], found)
    _order(frame, found)
    if issued is not None:
        _members(frame, issued, found)
    return frame, found.table()


class _Found:
    """The problems so far."""

    def __init__(self, case: Texts) -> None:
        self.case = case
        self.rows: list[tuple[object, ...]] = []

    def add(
        self, code: str, where: BoolArray, message: str, values: Sequence[object], fix: str, severity: str = "error"
    ) -> None:
        for row in np.flatnonzero(where).tolist():
            shown = "nothing" if values[row] is None else str(values[row])
            self.rows.append((code, severity, row + 1, self.case[row], message, shown, fix))

    def table(self) -> pd.DataFrame:
        import pandas as pd

        made = pd.DataFrame(self.rows, columns=list(FIELDS))
        return made.sort_values(["severity", "row", "code"], kind="stable", ignore_index=True)


def _words(values: Sequence[Any]) -> pd.Series[Any]:
    import pandas as pd

    return pd.Series(list(values), dtype="str")


def _coded(values: Texts, found: _Found) -> list[Disposition | None]:
    read: dict[str, Disposition | None] = {}
    fixes: dict[str, str] = {}
    for value in {one for one in values if one is not None and one.strip()}:
        try:
            read[value] = disposition(value)
        except ResponsesError as fault:
            read[value], fixes[value] = None, fault.fix or ""
    for value, fix in fixes.items():
        here = np.array([one == value for one in values], dtype=bool)
        found.add("C002", here, "There is no such disposition.", values, fix)
    return [None if one is None else read.get(one) for one in values]


def _times(values: Texts, name: str, found: _Found) -> pd.Series[Any]:
    """Read times by the clock of the place: an offset after the time is left out, UTC itself says no place."""
    import pandas as pd

    texts = pd.Series([one.strip() if one is not None and one.strip() else None for one in values], dtype="object")
    universal = texts.str.endswith(("Z", "z"), na=False).to_numpy(dtype=bool)
    found.add(
        "C003",
        universal,
        f"A {name} is in universal time, so its hour and day are not those of the place.",
        values,
        "Write local time, with its offset if you like: 2026-03-02T10:15+05:00.",
    )
    local = texts.where(~universal, None).str.replace(_OFFSET, "", regex=True)
    made = pd.to_datetime(local, format="ISO8601", errors="coerce")
    whole = local.str.contains(_CLOCK, regex=True, na=False).to_numpy(dtype=bool)
    wrong = local.notna().to_numpy() & ~(made.notna().to_numpy() & whole)
    found.add("C003", wrong, f"A {name} cannot be read.", values, "Write day and hour as 2026-03-02T10:15.")
    return made.where(~wrong)


def _numbers(values: Texts, found: _Found) -> pd.Series[Any]:
    import pandas as pd

    made = pd.to_numeric(pd.Series(list(values), dtype="object"), errors="coerce").astype(np.float64)
    given = np.array([one is not None and bool(one.strip()) for one in values], dtype=bool)
    wrong = given & ~((made >= 1) & (made % 1 == 0)).to_numpy()
    found.add("C010", wrong, "The number of an attempt is not a whole number from 1.", values, "Number them 1, 2, 3.")
    return made


def _pseudonyms(values: Texts, found: _Found) -> None:
    odd = {one for one in set(values) if one and (_NAME.fullmatch(one.strip()) or _PHONE.search(one) or "@" in one)}
    here = np.array([one in odd for one in values], dtype=bool)
    shown = [one and f"{one[:2]}..." for one in values]
    found.add("C009", here, "This looks like a name or a number of a person.", shown, "Give interviewers codes.")


def _order(frame: pd.DataFrame, found: _Found) -> None:
    """Check that times run forwards, within an attempt and along the attempts of a case."""
    begun, ended = (frame[name].dt.strftime("%Y-%m-%d %H:%M") for name in ("start", "end"))
    span = [f"{a} to {b}" for a, b in zip(begun, ended, strict=True)]
    back = (frame["end"] < frame["start"]).to_numpy(dtype=bool)
    found.add("C004", back, "An attempt ends before it begins.", span, "Correct its times.")
    along = frame.sort_values(["case", "attempt"], kind="stable")
    same = (along["case"] == along["case"].shift()).to_numpy(dtype=bool)
    twice = same & (along["attempt"] == along["attempt"].shift()).to_numpy(dtype=bool)
    row = along.index.to_numpy()
    number = [f"case {c}, attempt {k:g}" for c, k in zip(frame["case"], frame["attempt"], strict=True)]
    found.add("C006", _at(row[twice], len(frame)), "An attempt stands twice.", number, "Keep one, or number them anew.")
    late = same & ~twice & (along["start"] < along["start"].shift()).to_numpy(dtype=bool)
    before = begun.reindex(along.index).shift()
    told: list[object] = [None] * len(frame)
    for place in np.flatnonzero(late).tolist():
        k = int(row[place])
        told[k] = f"{number[k]}: {begun[k]}, the one before {before.iloc[place]}"
    found.add(
        "C005",
        _at(row[late], len(frame)),
        "Times run backwards: an attempt begins before the one before it.",
        told,
        "Correct the time, or number the attempts in their order.",
    )
    _odd(frame, along, same, number, found)


def _odd(frame: pd.DataFrame, along: pd.DataFrame, same: BoolArray, number: Sequence[str], found: _Found) -> None:
    row = along.index.to_numpy()
    done = (along["group"] == "I").to_numpy(dtype=bool)
    before = (along.assign(done=done).groupby("case", sort=False)["done"].cumsum().to_numpy() - done) > 0
    found.add(
        "C101",
        _at(row[before], len(frame)),
        "An attempt after a complete interview.",
        number,
        "Look at the case.",
        "note",
    )
    step = (along["attempt"] - along["attempt"].shift().where(same, 0)).to_numpy(dtype=np.float64)
    found.add(
        "C102",
        _at(row[step > 1], len(frame)),
        "A number is left out before this attempt.",
        number,
        "Look for a lost row.",
        "note",
    )
    open_end = (frame["group"].isin(["I", "P"]) & frame["end"].isna()).to_numpy(dtype=bool)
    found.add("C103", open_end, "An interview has no end, so no length.", number, "Note when it ended.", "note")


def _at(rows: Any, n: int) -> BoolArray:
    made = np.zeros(n, dtype=bool)
    made[rows] = True
    return made


def _members(frame: pd.DataFrame, issued: pd.DataFrame, found: _Found) -> None:
    """Hold cases and units against the issued ones."""
    import pandas as pd

    unit = pd.Series(issued["psu"].to_numpy(), index=issued["case"].to_numpy())
    known = frame["case"].isin(unit.index).to_numpy(dtype=bool)
    given = frame["case"].notna().to_numpy(dtype=bool)
    found.add(
        "C007",
        given & ~known,
        "A case was not issued.",
        frame["case"].tolist(),
        "Correct its number, or add it to the issued cases.",
    )
    wanted = unit.reindex(frame["case"].where(known).to_numpy())
    other = known & frame["psu"].notna().to_numpy(dtype=bool) & (wanted.to_numpy() != frame["psu"].to_numpy())
    told = [f"unit {a}, issued in {b}" for a, b in zip(frame["psu"], wanted, strict=True)]
    found.add("C008", other, "The unit is not the one the case was issued in.", told, "Correct the unit or the case.")
