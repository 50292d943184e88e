"""A questionnaire on paper as values: what stands where, in one language, before it becomes a PDF or a Word file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text: the booklet's own, one in another language, or a blank to be filled in before printing."""

    text: str
    language: str = ""  # another language than that of the booklet
    blank: bool = False


Text: TypeAlias = tuple[Run, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An answer with its code, where it leads, and whether it stands alone."""

    code: str
    text: Text = ()
    arrow: str = ""
    alone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """Answers to tick: one (round) or several (square); in a line when only the ends have words."""

    choices: tuple[Choice, ...]
    several: bool = False
    line: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Digits:
    """Boxes for the digits of a number."""

    whole: int
    decimals: int = 0
    told: str = ""  # unit and limits


@dataclass(frozen=True, slots=True, kw_only=True)
class DateBoxes:
    """Boxes for day, month and year."""

    labels: tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Lines to write on."""

    count: int = 3


Answer: TypeAlias = Choices | Digits | DateBoxes | Lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of a grid."""

    id: str
    number: str
    text: Text
    told: tuple[Text, ...] = ()  # to the interviewer
    only_if: str = ""
    first: bool | None = None  # the box "begin here": None where rows are not rotated
    answer: Answer | None = None  # of a row that takes no code


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A grid: the scale across, the rows down."""

    columns: tuple[Choice, ...]
    missing: tuple[Choice, ...]
    rows: tuple[Row, ...]
    several: bool = False
    ends_only: bool = False
    first: str = ""  # the heading of the boxes "begin here"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question, text to read out, or number to work out.

    Attributes
    ----------
    only_if
        The filter in words, above the question.
    told
        Instructions to the interviewer; to the respondent in a part filled in alone.
    checks
        What the answer has to meet.
    missing
        Codes that are never read out.
    after
        Where all go on, when not to the next question.
    """

    id: str
    kind: Literal["question", "text", "work"]
    number: str
    text: Text
    only_if: str = ""
    told: tuple[Text, ...] = ()
    checks: tuple[Text, ...] = ()
    answer: Answer | Table | None = None
    missing: tuple[Choice, ...] = ()
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A module: a letter, a title, words that lead in, questions; with `members` columns when it is a roster."""

    id: str
    letter: str
    title: Text
    only_if: str = ""
    lead_in: Text = ()
    told: tuple[Text, ...] = ()
    questions: tuple[Question, ...] = ()
    members: int = 0
    alone: bool = False  # filled in by the respondent
    rotated: bool | None = None  # the box "begin with this part": None where parts are not rotated


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """What is drawn by lot before the interview: ticked on the cover."""

    name: str
    label: Text
    choices: tuple[Choice, ...]
    drawn: str = ""  # the code of the booklet's own form
    shares: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booklet:
    """A whole questionnaire in one language."""

    id: str
    version: str
    language: str
    title: str
    pilot: str  # the words of the banner; blank when the texts are ready for the field
    population: Text
    interviewed: bool  # by an interviewer; else filled in alone
    draws: tuple[Draw, ...]
    first_rows: str
    to_fill: tuple[tuple[str, Text], ...]
    legend: tuple[str, ...]
    parts: tuple[Part, ...]


def plain(text: Text) -> str:
    """Give a text as one string; a blank stays visible.

    Examples
    --------
    >>> plain((Run("Ordered by "), Run("sponsor", blank=True)))
    'Ordered by ______ [sponsor]'
    """
    return "".join(f"______ [{run.text}]" if run.blank else run.text for run in text)
