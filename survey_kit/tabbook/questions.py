"""The questions of a tab book as values: one answer of several, several answers at once, a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Literal, TypeAlias

from survey_kit import checks
from survey_kit.errors import EstimationError


@dataclass(frozen=True, slots=True)
class SingleResponse:
    """A question with one answer: percentages of every category.

    Attributes
    ----------
    column
        The column of the answers.
    title, labels
        What is printed; by default what :class:`BookWords` or the instrument say, else the name and the codes.
    nets
        Categories taken together, as ``{"Trust (7-10)": (7, 8, 9, 10)}``, each a row of its own after the categories.
    mean
        Also the mean of the codes, which must be numbers, with its interval.

    Examples
    --------
    >>> SingleResponse("court", nets={"Trust (4-5)": (4, 5)}, mean=True).column
    'court'
    """

    column: str
    _: KW_ONLY
    title: str | None = None
    labels: Mapping[Any, str] = field(default_factory=dict)
    nets: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    mean: bool = False


@dataclass(frozen=True, slots=True)
class MultipleResponse:
    """A question with several answers at once, a column for each: percentages that add up to more than 100.

    The base is everybody with an answer, yes or no, in any of the columns; a blank column of such a person is not
    mentioned, and the book says how many there were.

    Attributes
    ----------
    name
        What the question is called.
    columns
        Label and column of each answer; columns are true and false or 1 and 0.
    title
        What is printed; by default the name.
    nets
        Answers taken together by their labels, as ``{"Any court": ("Civil court", "Criminal court")}``: the share that
        mentioned at least one.
    of_responses
        Also percentages of all answers given, which add up to 100.

    Examples
    --------
    >>> MultipleResponse("contact", {"Police": "c_police", "Court": "c_court"}, of_responses=True).name
    'contact'
    """

    name: str
    columns: Mapping[str, str]
    _: KW_ONLY
    title: str | None = None
    nets: Mapping[str, Sequence[str]] = field(default_factory=dict)
    of_responses: bool = False


@dataclass(frozen=True, slots=True)
class NumericResponse:
    """A question answered by a number: mean with its interval, standard deviation, and a median when asked for.

    Attributes
    ----------
    column
        The column of the answers.
    title
        What is printed; by default what :class:`BookWords` or the instrument say, else the name.
    median
        ``"plain"``: R's ``math`` definition; ``"grouped"``: from classes, for answers with many ties; None: no median.
    width
        Distance between neighbouring answers, for the grouped median.
    digits
        Decimal places that are printed.

    Examples
    --------
    >>> NumericResponse("age", median="plain").digits
    1
    """

    column: str
    _: KW_ONLY
    title: str | None = None
    median: Literal["plain", "grouped"] | None = None
    width: float = 1.0
    digits: int = 1


Question: TypeAlias = SingleResponse | MultipleResponse | NumericResponse


def check_question(question: Any) -> None:
    """Refuse a question or words of a book whose parts are of the wrong kind.

    Raises
    ------
    EstimationError
        If a title is no text, labels or nets are no mapping, or a choice is unknown.

    Examples
    --------
    >>> check_question(SingleResponse("court", title="Trust in the court"))
    """
    for name in ("title", "name", "language"):
        value = getattr(question, name, None)
        if value is not None or (name != "title" and hasattr(question, name)):
            checks.instance(value, str, f"'{name}' is a text.", f"Write {name}='...'.", EstimationError)
    for name in ("labels", "nets", "titles"):
        if hasattr(question, name):
            fix = f"Write {name}={{...}}, as in the example of {type(question).__name__}."
            checks.instance(getattr(question, name), Mapping, f"'{name}' is a mapping.", fix, EstimationError)
    for name in ("mean", "of_responses"):
        if hasattr(question, name):
            checks.flag(getattr(question, name), name, EstimationError)
    if isinstance(question, MultipleResponse):
        fix = "Give columns={label: column}."
        checks.instance(question.columns, Mapping, "'columns' is a mapping.", fix, EstimationError)
        checks.names(list(question.columns.values()), "columns")
    if isinstance(question, NumericResponse):
        checks.choice(question.median, "kind of median", ("plain", "grouped", None), EstimationError)
        if isinstance(question.digits, bool) or not isinstance(question.digits, int) or not 0 <= question.digits <= 15:
            raise EstimationError(
                "'digits' is a number from 0 to 15.", found=checks.shown(question.digits), fix="Write digits=1."
            )
