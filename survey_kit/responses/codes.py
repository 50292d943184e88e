"""What the values of one column mean: answers, declared missing codes, blanks, or nothing the instrument knows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from survey_kit.instrument import Instrument
from survey_kit.types import MISSING_KINDS, BoolArray, Code, IntArray, MissingKind

if TYPE_CHECKING:
    import pandas as pd

KIND: Mapping[MissingKind, int] = {kind: place for place, kind in enumerate(MISSING_KINDS)}
ANSWERED, EMPTY = -1, -2  # an answer; a blank whose reason is still open
STRAY, WORDS, RANGE = -3, -4, -5  # not a code; words where a number belongs; outside the limits
FRACTION, NO_DATE, BESIDE, BROKEN = -6, -7, -8, -9  # not whole; no date; beside what stands alone; against a constraint
FAULTS: Mapping[int, tuple[str, str]] = {
    STRAY: ("R001", "The instrument has no such code."),
    WORDS: ("R002", "There are words where codes or numbers belong."),
    RANGE: ("R003", "The number lies outside the item's limits."),
    FRACTION: ("R012", "The number is not whole."),
    NO_DATE: ("R013", "This is no date like 2026-01-31."),
    BESIDE: ("R014", "An answer that stands alone stands beside others."),
    BROKEN: ("R015", "There are more answers than the item takes."),
}
NUMBERS = frozenset({"number", "decimal", "integer", "random"})
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(slots=True)
class Answers:
    """One item: values (n,); for each row why there is none (`ANSWERED`, `EMPTY` or a place in MISSING_KINDS).

    Values are numbers, texts or, of several answers, sets of codes. `closed` are the rows that the item's filter leads past.
    """

    values: NDArray[Any]
    state: NDArray[np.int8]
    closed: BoolArray

    @property
    def answered(self) -> BoolArray:
        """Say which rows hold an answer."""
        return np.asarray(self.state == ANSWERED, dtype=bool)

    def at(self, rows: IntArray) -> Answers:
        """Give the answers of some rows, a row as often as it is named."""
        return Answers(self.values[rows], self.state[rows], self.closed[rows])

    def empty(self, rows: BoolArray, state: int) -> None:
        """Take the answers of some rows away, for the reason given."""
        self.values[rows] = np.nan if self.values.dtype.kind == "f" else None
        self.state[rows] = state


@dataclass(frozen=True, slots=True)
class Definition:
    """The part of an item that says what its values mean; equal in two versions when nothing of it changed."""

    kind: str
    codes: tuple[Code, ...]
    missing: tuple[tuple[Code, MissingKind], ...]
    minimum: float
    maximum: float
    alone: tuple[Code, ...] = ()
    most: int | None = None

    @property
    def numeric(self) -> bool:
        """Say whether the answers are numbers."""
        return self.kind in NUMBERS or (self.coded and all(isinstance(code, int) for code in self.codes))

    @property
    def coded(self) -> bool:
        """Say whether the answer is one code."""
        return self.kind in {"single", "arm"}


def definition(form: Instrument, item_id: str) -> Definition:
    """Give the definition of an item in one version of its instrument."""
    item = form.item(item_id)
    drawn = item.type == "random"
    lowest, highest = (0.0, 1.0) if drawn else (-np.inf, np.inf)
    return Definition(
        item.type,
        form.codes(item_id),
        tuple(form.missing_codes(item_id).items()),
        lowest if item.minimum is None else item.minimum,
        highest if item.maximum is None else item.maximum,
        item.exclusive,
        item.most,
    )


def read_codes(column: pd.Series, meaning: Definition) -> Iterator[tuple[Any, int, Any]]:
    """Give for each distinct value of a column what it becomes, its state, and the value itself."""
    lookup: dict[str, tuple[Any, int]] = {}
    if meaning.coded:
        numeric = meaning.numeric
        lookup = {plain(code): (float(code) if numeric else str(code), ANSWERED) for code in meaning.codes}
    lookup |= {plain(code): (None, KIND[kind]) for code, kind in meaning.missing}
    for value in column:
        text = plain(value)
        found = lookup.get(text)
        if found is None and text:
            number = as_number(text)
            found = lookup.get(plain(number)) if number is not None else None
            found = found or _other(text, number, meaning)
        yield (*(found or (None, EMPTY)), value)


def _other(text: str, number: float | None, meaning: Definition) -> tuple[Any, int]:
    if meaning.coded:
        return None, (WORDS if number is None and meaning.numeric else STRAY)
    if meaning.kind == "date":
        day = as_date(text)
        return (None, NO_DATE) if day is None else (day, ANSWERED)
    if not meaning.numeric:
        return text, ANSWERED
    if number is None:
        return None, WORDS
    if meaning.kind == "integer" and not number.is_integer():
        return None, FRACTION
    return (number, ANSWERED) if meaning.minimum <= number <= meaning.maximum else (None, RANGE)


def as_date(text: str) -> str | None:
    """Read a text as a day, written in ISO 8601 with or without an hour; None when it is none.

    Examples
    --------
    >>> as_date("2026-01-31"), as_date("2026-01-31T10:15:00.000+05:00"), as_date("31.01.2026"), as_date("2026-02-30")
    ('2026-01-31', '2026-01-31', None, None)
    """
    if not ISO_DATE.match(text):
        return None
    try:
        day = date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text).date()
    except ValueError:
        return None
    return day.isoformat()


def plain(value: Any) -> str:
    """Give a value as a text: whole numbers without a trailing ``.0``, texts without outer blanks.

    Examples
    --------
    >>> plain(2014.0), plain(" 2018/19 "), plain(True)
    ('2014', '2018/19', '1')
    """
    if isinstance(value, (bool, np.bool_)):
        return str(int(value))
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def as_number(text: str) -> float | None:
    """Read a text as a finite number, with a decimal point or comma; None when it is none.

    Examples
    --------
    >>> as_number("1,5"), as_number("07"), as_number("seven")
    (1.5, 7.0, None)
    """
    try:
        number = float(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)
    except ValueError:
        return None
    return number if np.isfinite(number) else None


def matches(column: pd.Series, codes: Sequence[Code]) -> BoolArray:
    """Say which rows of a column hold one of `codes`, whether they are written as numbers or as texts."""
    import pandas as pd

    places, distinct = pd.factorize(column, use_na_sentinel=True)
    wanted = {plain(code) for code in codes}
    hits = np.array([*(plain(value) in wanted for value in distinct), False], dtype=bool)
    return np.asarray(hits[places], dtype=bool)


def distinct(column: pd.Series) -> tuple[IntArray, pd.Series]:
    """Give the place of each row's value among the distinct ones (-1 for a null), and these."""
    import pandas as pd

    places, values = pd.factorize(column, use_na_sentinel=True)
    return places.astype(np.int64), pd.Series(values)
