"""One column as SPSS and Stata hold it: values, value labels, and the codes that say why an answer is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from survey_kit.instrument.export.variables import Kind, Measure
from survey_kit.types import MISSING_KINDS, Code, MissingKind

SPSS_MISSING_TEXT = 8  # bytes of a text that SPSS can hold as missing
# what an instrument has no code for gets these; a reason nobody knows is the program's own missing value
SPSS_CODES: Mapping[MissingKind, int] = {
    "not_asked": -1,
    "dont_know": -2,
    "refused": -3,
    "no_answer": -4,
    "not_reached": -5,
    "skipped": -6,
}
STATA_LETTERS: Mapping[MissingKind, str] = {
    "not_asked": "a",
    "dont_know": "b",
    "refused": "c",
    "no_answer": "d",
    "not_reached": "e",
    "skipped": "f",
    "unknown": "g",
}
FURTHER = "hijklmnopqrstuvwxyz"  # for a second code of the same meaning
Tell = Callable[[str, str, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column before it is written.

    Attributes
    ----------
    values
        Numbers with NaN, or texts with None (n,).
    kinds
        The place of the reason in `MISSING_KINDS`, -1 for an answer (n,); None for a column that is no item.
    given
        The code of the instrument that stood in the data where there is no answer, else None (n,); None when nobody knows.
    labels, declared
        The words of answers, and of the codes that are none.
    words
        The words of a reason that has no code.
    """

    name: str
    kind: Kind
    label: str
    measure: Measure
    values: NDArray[Any]
    kinds: NDArray[Any] | None = None
    given: NDArray[Any] | None = None
    codes: tuple[Code, ...] = ()
    labels: Mapping[Code, str] = field(default_factory=dict)
    declared: Mapping[Code, tuple[MissingKind, str]] = field(default_factory=dict)
    words: Mapping[MissingKind, str] = field(default_factory=dict)
    minimum: float | None = None

    @property
    def spelled(self) -> bool:
        """Say whether the codes are texts."""
        return any(isinstance(code, str) for code in self.codes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """A column as a file holds it."""

    values: Any
    labels: dict[Any, str]
    missing: list[Any]


def reason_codes(column: Column) -> tuple[NDArray[Any], tuple[MissingKind, ...]]:
    """Give for each row the declared code or else the kind of its missing answer, and the kinds that have no code.

    A code that means "not asked" is what a respondent or interviewer said ("does not apply"); it never stands for a question
    that the routing left out, unless the data say so.
    """
    n = len(column.values)
    out = np.full(n, None, dtype=object)
    if column.kinds is None:
        return out, ()
    first: dict[MissingKind, Code] = {}
    for code, (kind, _) in column.declared.items():
        if kind != "not_asked":
            first.setdefault(kind, code)
    for place, kind in enumerate(MISSING_KINDS):
        out[column.kinds == place] = first.get(kind, kind)
    if column.given is not None:
        told = np.array([one is not None for one in column.given], dtype=bool) & (column.kinds >= 0)
        out[told] = column.given[told]
    kinds = tuple(kind for kind in MISSING_KINDS if kind not in first and any(one == kind for one in out))
    return out, kinds


# --------------------------------------------------------------------------------------------------------------- SPSS
def spss(column: Column, tell: Tell) -> Encoded:
    """Give a column for SPSS: reasons are user-missing codes, at most three, or a range and one more.

    Declared codes stay as they are. A reason without a code gets one of `SPSS_CODES`; what SPSS has no room for, and what nobody
    knows, is system-missing.
    """
    if column.kind in {"text", "date"} or column.kinds is None:
        return Encoded(values=_plain(column, tell), labels={}, missing=[])
    why, extra = reason_codes(column)
    if column.spelled:
        return _spss_text(column, why, extra, tell)
    wanted = [kind for kind in extra if kind in SPSS_CODES]
    own = [code for code in column.declared if isinstance(code, int)]
    numbers = np.asarray(column.values, dtype=np.float64)
    valid = [*numbers[np.isfinite(numbers)].tolist(), *(code for code in column.codes if isinstance(code, int))]
    kept, missing = _room(own, wanted, valid)
    lost = [kind for kind in wanted if kind not in kept]
    if lost:
        tell("L004", column.name, f"SPSS has no room for {', '.join(lost)}: these answers are system-missing.")
    coded: dict[Any, float] = {code: float(code) for code in own} | {kind: float(SPSS_CODES[kind]) for kind in kept}
    values = np.array(
        [number if one is None else coded.get(one, np.nan) for number, one in zip(numbers, why, strict=True)],
        dtype=np.float64,
    )
    labels = {float(code): text for code, text in column.labels.items() if isinstance(code, int)}
    labels |= {float(code): column.declared[code][1] for code in own}
    labels |= {float(SPSS_CODES[kind]): column.words[kind] for kind in kept}
    return Encoded(values=values, labels=labels, missing=missing)


def _room(
    own: Sequence[int], wanted: Sequence[MissingKind], valid: Sequence[float]
) -> tuple[tuple[MissingKind, ...], list[Any]]:
    """Fit missing codes into what SPSS allows: three codes, or a range without an answer in it and one code."""
    free = [kind for kind in wanted if SPSS_CODES[kind] not in valid]
    singles = [*own, *(SPSS_CODES[kind] for kind in free)]
    if len(singles) <= 3:
        return tuple(free), [float(code) for code in singles]
    low, high = (min(own), max(own)) if own else (0, -1)
    if len(own) > 1 and not any(low <= one <= high for one in valid):
        return tuple(free[:1]), [{"lo": low, "hi": high}, *(float(SPSS_CODES[kind]) for kind in free[:1])]
    if len(own) <= 1 and not any(-6 <= one <= -1 for one in valid):
        return tuple(free), [{"lo": -6, "hi": -1}, *(float(code) for code in own)]
    room = tuple(free[: max(3 - len(own), 0)])
    return room, [float(code) for code in (*own[:3], *(SPSS_CODES[kind] for kind in room))]


def _spss_text(column: Column, why: NDArray[Any], extra: Sequence[MissingKind], tell: Tell) -> Encoded:
    fits = [code for code in column.declared if len(str(code).encode("utf-8")) <= SPSS_MISSING_TEXT][:3]
    if len(fits) < len(column.declared):
        tell("L004", column.name, "SPSS holds at most three short texts as missing; the others are blank.")
    if any(kind != "unknown" for kind in extra):
        tell("L004", column.name, f"The codes are texts, so {', '.join(extra)} are blank in SPSS.")
    values = [
        str(code) if code in fits else ("" if code is not None or value is None else str(value))
        for value, code in zip(column.values, why, strict=True)
    ]
    labels: dict[Any, str] = {str(code): text for code, text in column.labels.items()}
    labels |= {str(code): column.declared[code][1] for code in fits}
    return Encoded(values=np.array(values, dtype=object), labels=labels, missing=[str(code) for code in fits])


# -------------------------------------------------------------------------------------------------------------- Stata
def stata(column: Column, tell: Tell) -> Encoded:
    """Give a column for Stata: each reason is one of its missing values .a to .z, the same letter for the same meaning.

    Codes that are texts become 1, 2, 3 in the order of the questionnaire, since Stata labels numbers only.
    """
    if column.kind in {"text", "date"} or column.kinds is None:
        return Encoded(values=_plain(column, tell), labels={}, missing=[])
    why, _ = reason_codes(column)
    letters = _letters(column)
    numbers, labels = _numbered(column, tell)
    marks: dict[Any, str] = {**STATA_LETTERS, **letters}
    values = np.array(
        [marks[code] if code is not None else value for value, code in zip(numbers, why, strict=True)], dtype=object
    )
    used = {marks[code] for code in why if code is not None}
    for code, letter in letters.items():
        labels[letter] = column.declared[code][1]
        used.add(letter)
    for kind, letter in STATA_LETTERS.items():
        if letter in used:
            labels.setdefault(letter, column.words[kind])
    return Encoded(values=values, labels=labels, missing=sorted(used))


def _letters(column: Column) -> dict[Code, str]:
    """Give each declared code its letter; that of "not asked" is kept for what the routing left out."""
    out: dict[Code, str] = {}
    further = iter(FURTHER)
    for code, (kind, _) in column.declared.items():
        letter = STATA_LETTERS[kind]
        out[code] = next(further) if kind == "not_asked" or letter in out.values() else letter
    return out


def _numbered(column: Column, tell: Tell) -> tuple[list[Any], dict[Any, str]]:
    if not column.spelled:
        numbers = np.asarray(column.values, dtype=np.float64).tolist()
        return numbers, {code: text for code, text in column.labels.items() if isinstance(code, int)}
    place = {str(code): number for number, code in enumerate(column.codes, 1)}
    tell("L006", column.name, f"Stata labels numbers only: {column.codes[0]} is 1, {column.codes[-1]} is {len(place)}.")
    labels: dict[Any, str] = {}
    for code in column.codes:
        text = column.labels.get(code, "")
        labels[place[str(code)]] = f"{code} {text}".strip()
    return [float(place[str(one)]) if one is not None else float("nan") for one in column.values], labels


def _plain(column: Column, tell: Tell) -> Any:
    """Give numbers, texts and dates as they are; a reason for a missing text or date has no room in these files."""
    if column.kinds is not None and any(one >= 0 for one in column.kinds):
        tell("L004", column.name, "A text or date cannot hold why it is missing; it is blank.")
    if column.kind == "date":
        days = [date.fromisoformat(one) if isinstance(one, str) else None for one in column.values]
        return np.array(days, dtype=object) if any(days) else np.full(len(days), np.nan)
    if column.kind == "text":
        return np.array(["" if one is None or one != one else str(one) for one in column.values], dtype=object)  # noqa: PLR0124
    return np.asarray(column.values, dtype=np.float64)
