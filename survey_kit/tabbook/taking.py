"""Questions taken out of the data: their lines, and for each run of lines the statistic that gives them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Literal, TypeAlias, get_args

import numpy as np

from survey_kit import checks
from survey_kit.design import Design
from survey_kit.errors import EstimationError, did_you_mean
from survey_kit.estimate import Estimates, grouped_median, median, sd
from survey_kit.estimate.columns import Ask, Coded, Variable, both, coded, numeric
from survey_kit.estimate.grouped import estimate
from survey_kit.estimate.statistics import MEAN, PROPORTION, RATIO, Statistic
from survey_kit.tabbook.questions import MultipleResponse, NumericResponse, Question, SingleResponse, check_question
from survey_kit.tabbook.words import BookWords, label_of, sample_of, text_of, title_of
from survey_kit.tabbook.words import codes_of as codes_of_instrument
from survey_kit.types import BoolArray, FloatArray, Missing

Kind: TypeAlias = Literal["share", "net", "response", "mean", "sd", "median"]
#: Kinds whose numbers are shares and are printed as percentages.
SHARES: Final = frozenset({"share", "net", "response"})
MOST_CATEGORIES: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a question's table: what it is called, which category it stands for, what kind of number it holds."""

    label: str
    category: Any
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Lines that one call computes.

    Attributes
    ----------
    lines
        V of them.
    compute
        Gives for the D columns of a block their D x V rows, columns outermost.
    tested
        Whether pairs of columns are compared.
    """

    lines: tuple[Line, ...]
    compute: Callable[[Ask], Estimates]
    tested: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A question taken out of the data.

    Attributes
    ----------
    name, title, text
        What it is called, and its wording when the instrument has one.
    kind
        ``"single"``, ``"multiple"`` or ``"number"``.
    batches
        Its lines.
    answered, asked : (n,)
        Who answered; who was asked, None when the data do not say.
    digits
        Decimal places of what is no share.
    notes
        Sentences about its data.
    """

    name: str
    title: str
    text: str
    kind: Literal["single", "multiple", "number"]
    batches: tuple[Batch, ...]
    answered: BoolArray
    asked: BoolArray | None
    digits: int = 1
    notes: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[Line, ...]:
        """All lines in order."""
        return tuple(line for batch in self.batches for line in batch.lines)


def take(design: Design, question: str | Question, missing: Missing, where: str | None, words: BookWords) -> Taken:
    """Take one question out; a bare name is a question with one answer."""
    if isinstance(question, get_args(Question)):
        check_question(question)
    if isinstance(question, str):
        question = SingleResponse(question)
    if isinstance(question, SingleResponse):
        return _single(design, question, missing, where, words)
    if isinstance(question, MultipleResponse):
        return _multiple(design, question, missing, where, words)
    if isinstance(question, NumericResponse):
        return _number(design, question, missing, where, words)
    raise EstimationError(
        "This is not a question.",
        found=type(question).__name__,
        fix="Give a column's name, SingleResponse, MultipleResponse or NumericResponse.",
    )


# ---------------------------------------------------------------------------------------------------------- one answer
def _single(design: Design, question: SingleResponse, missing: Missing, where: str | None, words: BookWords) -> Taken:
    item = coded(design, question.column, missing, where)
    codes = _categories(design, item)
    if not codes:
        raise EstimationError(f"Nobody answered '{item.name}'.", fix="Leave the question out.")
    labels = [
        str(question.labels[code]) if code in question.labels else label_of(design, words, item.name, code)
        for code in codes
    ]
    variables = [_indicator(item, (code,), code) for code in codes]
    lines = [Line(label=label, category=code, kind="share") for code, label in zip(codes, labels, strict=True)]
    for name, parts in question.nets.items():
        _known(name, parts, codes, item.name)
        variables.append(_indicator(item, parts, name))
        lines.append(Line(label=str(name), category=name, kind="net"))
    batches = [_batch(design, PROPORTION, variables, lines)]
    if question.mean:
        value = numeric(design, item.name, missing, where)
        line = Line(label="Mean", category=None, kind="mean")
        batches.append(_batch(design, MEAN, [value], [line]))
    return Taken(
        name=item.name,
        title=question.title or title_of(design, words, item.name),
        text=text_of(design, words, item.name),
        kind="single",
        batches=tuple(batches),
        answered=item.codes >= 0,
        asked=item.asked,
    )


def _categories(design: Design, item: Coded) -> tuple[Any, ...]:
    """Give the codes of the questionnaire, chosen or not, in its order; codes it does not know come after."""
    codes = tuple(dict.fromkeys((*codes_of_instrument(design, item.name), *item.levels)))
    if len(codes) > MOST_CATEGORIES:
        raise EstimationError(
            f"'{item.name}' has too many categories to print.",
            found=f"{len(codes)} different answers",
            fix=f"Give NumericResponse('{item.name}'), or group the answers into at most {MOST_CATEGORIES}.",
        )
    return codes


def _indicator(item: Coded, parts: Sequence[Any], category: Any) -> Variable:
    places = [i for i, level in enumerate(item.levels) if level in parts]
    return Variable(
        name=item.name,
        category=category,
        y=np.isin(item.codes, places).astype(np.float64),
        x=None,
        answered=item.codes >= 0,
        asked=item.asked,
    )


def _known(name: str, parts: Any, options: Sequence[Any], question: str) -> None:
    several = isinstance(parts, (Sequence, set, frozenset, np.ndarray)) and not isinstance(parts, (str, bytes))
    if not several or not len(parts):
        raise EstimationError(
            f"The net '{name}' takes several categories.", where=f"question '{question}'", found=checks.shown(parts)
        )
    for part in parts:
        if part not in options:
            raise EstimationError(
                f"The net '{name}' names an unknown category '{part}'.",
                where=f"question '{question}'",
                fix=did_you_mean(str(part), options),
            )


# ------------------------------------------------------------------------------------------------------ several answers
def _multiple(
    design: Design, question: MultipleResponse, missing: Missing, where: str | None, words: BookWords
) -> Taken:
    if not question.columns:
        raise EstimationError(f"'{question.name}' has no columns.", fix="Give columns={label: column}.")
    mentioned, answered, asked, notes = _mentions(design, question, missing, where)
    name = question.name

    def share(y: BoolArray, category: str) -> Variable:
        return Variable(name=name, category=category, y=y.astype(np.float64), x=None, answered=answered, asked=asked)

    labels = [str(label) for label in question.columns]
    variables = [share(mentioned[:, j], label) for j, label in enumerate(labels)]
    lines = [Line(label=label, category=label, kind="share") for label in labels]
    for net, parts in question.nets.items():
        _known(net, parts, labels, name)
        some = _any(mentioned[:, [labels.index(part) for part in parts]])
        variables.append(share(some, net))
        lines.append(Line(label=str(net), category=net, kind="net"))
    count = mentioned.sum(axis=1).astype(np.float64)
    average = Variable(name=name, category=None, y=count, x=None, answered=answered, asked=asked)
    batches = [
        _batch(design, PROPORTION, variables, lines),
        _batch(design, MEAN, [average], [Line(label="Answers per person", category=None, kind="mean")]),
    ]
    if question.of_responses:
        some = answered & (count > 0)
        parts_of = [replace(variable, x=count, answered=some) for variable in variables[: len(labels)]]
        told = [Line(label=f"{label} (of answers)", category=label, kind="response") for label in labels]
        batches.append(_batch(design, RATIO, parts_of, told))
    return Taken(
        name=name,
        title=question.title or title_of(design, words, name),
        text=text_of(design, words, name),
        kind="multiple",
        batches=tuple(batches),
        answered=answered,
        asked=asked,
        notes=("Several answers were possible: percentages of people add up to more than 100.", *notes),
    )


def _mentions(
    design: Design, question: MultipleResponse, missing: Missing, where: str | None
) -> tuple[BoolArray, BoolArray, BoolArray | None, tuple[str, ...]]:
    """Give who mentioned what (n, J), who answered any, who was asked any (n,), and what is to be said."""
    names = list(question.columns.values())
    columns = [design.numbers(name) for name in names]
    for name, column in zip(names, columns, strict=True):
        if not np.isin(column.values, (0.0, 1.0)).all():
            raise EstimationError(
                f"'{name}' is not 1 or 0 in every row.",
                where=f"multiple response '{question.name}'",
                found=f"{column.values[~np.isin(column.values, (0.0, 1.0))][0]:g}",
                fix="Make it true where the answer was given.",
            )
    mentioned: BoolArray = np.stack([column.values == 1 for column in columns], axis=1)
    given = np.stack([~column.missing for column in columns], axis=1)
    answered = _any(given)
    asked: BoolArray | None = None
    for i, name in enumerate(names):
        one = design.asked(name)
        if one is None:
            asked = None
            break
        asked = one if i == 0 or asked is None else asked | one
    member = sample_of(design, where) if asked is None else sample_of(design, where) & asked
    lacking = int((member & ~answered).sum())
    if lacking and missing == "error":
        raise EstimationError(
            f"'{question.name}' has people without any answer.",
            found=f"{lacking} of {int(member.sum())} rows",
            fix="Say missing='exclude' to make those who answered the base.",
        )
    blank = int((member & answered & ~given.all(axis=1)).sum())
    notes: tuple[str, ...] = ()
    if blank:
        notes = (f"Of {blank} people some answers are blank; blank counts as not mentioned.",)
    return mentioned, answered, asked, notes


def _any(columns: BoolArray) -> BoolArray:
    return np.asarray(columns.any(axis=1), dtype=bool)


# ------------------------------------------------------------------------------------------------------------- a number
def _number(design: Design, question: NumericResponse, missing: Missing, where: str | None, words: BookWords) -> Taken:
    value = numeric(design, question.column, missing, where)
    name = value.name

    batches = [
        _batch(design, MEAN, [value], [Line(label="Mean", category=None, kind="mean")]),
        Batch(
            lines=(Line(label="Standard deviation", category=None, kind="sd"),),
            compute=partial(_spread, design, name),
            tested=False,
        ),
    ]
    if question.median is not None:
        line = Line(label=_MEDIANS[question.median], category=None, kind="median")
        width = None if question.median == "plain" else question.width
        batches.append(Batch(lines=(line,), compute=partial(_middle, design, name, width), tested=False))
    return Taken(
        name=name,
        title=question.title or title_of(design, words, name),
        text=text_of(design, words, name),
        kind="number",
        batches=tuple(batches),
        answered=np.asarray(value.answered, dtype=bool),
        asked=value.asked,
        digits=question.digits,
    )


def _spread(design: Design, name: str, ask: Ask) -> Estimates:
    return sd(design, name, by=ask.by, where=ask.where, missing=ask.missing, level=ask.level)


def _middle(design: Design, name: str, width: float | None, ask: Ask) -> Estimates:
    """Give the median, from classes where they have a width."""
    if width is None:
        return median(design, name, by=ask.by, where=ask.where, missing=ask.missing, level=ask.level)
    return grouped_median(design, name, by=ask.by, where=ask.where, missing=ask.missing, level=ask.level, width=width)


_MEDIANS: Final = {"plain": "Median", "grouped": "Median (grouped)"}


# ------------------------------------------------------------------------------------------------------------ small parts
def _batch(design: Design, statistic: Statistic, variables: Sequence[Variable], lines: Sequence[Line]) -> Batch:
    """Give lines of one statistic; intervals of means and of shares of answers are Wald's."""
    wald = statistic is not PROPORTION

    return Batch(lines=tuple(lines), compute=partial(_estimated, design, statistic, tuple(variables), wald))


def _estimated(
    design: Design, statistic: Statistic, variables: tuple[Variable, ...], wald: bool, ask: Ask
) -> Estimates:
    return estimate(design, statistic, list(variables), replace(ask, interval="wald") if wald else ask)


def members(design: Design, taken: Taken, where: str | None) -> tuple[BoolArray, BoolArray]:
    """Rows (n,) that answered, and rows that were asked and did not."""
    sample = sample_of(design, where)
    asked = both(taken.asked, sample)
    due = sample if asked is None else asked
    return due & taken.answered, due & ~taken.answered


def kish(w: FloatArray, code: Any, size: int) -> FloatArray:
    r"""Effective sample size (size,) of unequal weights, :math:`(\sum w)^2 / \sum w^2` (Kish 1965, section 11.7).

    Examples
    --------
    >>> kish(np.array([1.0, 1.0, 2.0, 2.0]), np.zeros(4, dtype=np.int64), 1).round(3).tolist()
    [3.6]
    """
    total = np.bincount(code, weights=w, minlength=size)
    squares = np.bincount(code, weights=w**2, minlength=size)
    return np.divide(total**2, squares, out=np.zeros(size), where=squares > 0)
