"""What one call asks for, checked, and its variables taken out of the frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np

from survey_kit import checks, frames
from survey_kit.design import Design
from survey_kit.design.declared import check_design
from survey_kit.errors import EstimationError
from survey_kit.estimate.building import COLUMNS
from survey_kit.types import BoolArray, Deff, IntArray, Interval, Missing

By = str | Sequence[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One column of a result: row variables y and x (None for ones), who answered and who was asked; all (n,).

    For a table in an engine y, x and answered are its expressions and `strict` says that missing answers are an error.
    """

    name: str
    category: Any
    y: Any
    x: Any
    answered: Any
    asked: BoolArray | None
    strict: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a call asks for beside its variables."""

    by: tuple[str, ...]
    where: str | None
    interval: Interval
    level: float
    deff: Deff | None
    missing: Missing


def make_ask(by: By, where: str | None, interval: Interval, level: float, deff: Deff | None, missing: Missing) -> Ask:
    """Check the arguments that all statistics share."""
    keys = checks.names(by, "by")
    if where is not None and not isinstance(where, str):
        raise EstimationError(
            "'where' names a boolean column.",
            found=checks.shown(where),
            fix="Put the condition into the frame: frame['adult'] = frame['age'] >= 18, and say where='adult'.",
        )
    taken = [key for key in keys if key in COLUMNS or key == "from"]
    if taken:
        raise EstimationError(
            f"'{taken[0]}' is a column of the result and cannot be a 'by' column.", fix="Rename the column."
        )
    checks.choice(interval, "interval", get_args(Interval), EstimationError)
    checks.choice(missing, "treatment of missing values", get_args(Missing), EstimationError)
    checks.choice(deff, "reference for deff", (None, *get_args(Deff)), EstimationError)
    return Ask(by=keys, where=where, interval=interval, level=checks.level(level), deff=deff, missing=missing)


def numeric(design: Design, name: str, missing: Missing, where: str | None) -> Variable:
    """Take a numeric column out."""
    check_design(design)
    if design.units is not None:
        found = frames.engine.expression(design.frame, name)
        strict = missing == "error"
        return Variable(
            name=name,
            category=None,
            y=frames.engine.Deferred(found.value),
            x=None,
            answered=frames.engine.Deferred(found.known),
            asked=None,
            strict=strict,
        )
    column = design.numbers(name)
    asked = design.asked(name)
    _answers_needed(design, name, column.missing, asked, missing, where)
    return Variable(name=name, category=None, y=column.values, x=None, answered=~column.missing, asked=asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """A column as level numbers (n,), -1 where not answered; its levels; who was asked (n,), None when the data do not say."""

    name: str
    codes: IntArray
    levels: tuple[Any, ...]
    asked: BoolArray | None


def coded(design: Design, name: str, missing: Missing, where: str | None) -> Coded:
    """Take a column out as level numbers."""
    check_design(design)
    checks.names(name, "variable", least=1)
    grouped = design.groups(name, "variable")
    asked = design.asked(name)
    _answers_needed(design, name, grouped.codes < 0, asked, missing, where)
    return Coded(name=name, codes=grouped.codes, levels=tuple(level[0] for level in grouped.levels), asked=asked)


def _no_levels(name: str) -> EstimationError:
    return EstimationError(
        f"'{name}' is missing in every row, so it has no levels.",
        where=f"column '{name}'",
        fix="Look at how it was read, or leave it out.",
    )


def categorical(design: Design, name: str, missing: Missing, where: str | None) -> list[Variable]:
    """Take an indicator of every level of a column out."""
    check_design(design)
    if design.units is not None:
        return _indicators(design, name, missing)
    item = coded(design, name, missing, where)
    if not item.levels:
        raise _no_levels(name)
    return [
        Variable(
            name=name,
            category=level,
            y=(item.codes == i).astype(np.float64),
            x=None,
            answered=item.codes >= 0,
            asked=item.asked,
        )
        for i, level in enumerate(item.levels)
    ]


def _indicators(design: Design, name: str, missing: Missing) -> list[Variable]:
    """Give the indicator of every level of an engine's column."""
    out = []
    levels = frames.engine.levels(design.frame, name, "variable")
    if not levels:
        raise _no_levels(name)
    for level in levels:
        found = frames.engine.indicator(design.frame, name, level)
        strict = missing == "error"
        out.append(
            Variable(
                name=name,
                category=level,
                y=frames.engine.Deferred(found.value),
                x=None,
                answered=frames.engine.Deferred(found.known),
                asked=None,
                strict=strict,
            )
        )
    return out


def _answers_needed(
    design: Design, name: str, absent: BoolArray, asked: BoolArray | None, missing: Missing, where: str | None
) -> None:
    if missing == "exclude":
        return
    lacking = absent if asked is None else absent & asked
    lacking = lacking & design.inside(where)
    if lacking.any():
        raise EstimationError(
            f"'{name}' has missing values.",
            where=f"column '{name}'",
            found=f"{int(lacking.sum())} of {len(lacking)} rows",
            fix="Say missing='exclude' to make those who answered the domain, or recode the reasons.",
        )


def both(a: BoolArray | None, b: BoolArray | None) -> BoolArray | None:
    """Rows where both items were asked, as far as the data say."""
    if a is None or b is None:
        return b if a is None else a
    return a & b
