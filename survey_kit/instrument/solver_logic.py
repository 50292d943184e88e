"""What formulas are made of: truths with three values, values by cases or as terms, and the logic of one solver context."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Literal, TypeAlias

from survey_kit.errors import InstrumentError
from survey_kit.types import Code

Formula: TypeAlias = Any  # a truth of z3; plain True or False where it is certain
Term: TypeAlias = Any  # a number of z3
Constant: TypeAlias = Fraction | Code
Kind: TypeAlias = Literal["number", "text", "date", "codes"]


class UntranslatableError(Exception):
    """An expression that no formula says: it is faulty, or looks at what is not there."""


@dataclass(frozen=True, slots=True)
class Truth:
    """When a condition is certainly true, and when it is certainly false."""

    true: Formula
    false: Formula


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value: when it is known, and what it is then.

    Attributes
    ----------
    cases
        Each constant with the truth that the value is known and this one; of several answers (`codes`), that it is among them.
    term
        The number, the place of a text in the order of texts, or the days of a date, where there are no cases.
    date
        Year, month and day of a date.
    """

    kind: Kind
    known: Formula
    cases: Mapping[Constant, Formula] | None = None
    term: Term = None
    date: tuple[Term, Term, Term] | None = None


def solver_package() -> Any:
    """Load z3, or say how to come by it."""
    try:
        import z3
    except ImportError:
        raise InstrumentError(
            "Proofs need the solver z3, which is not installed.", fix="pip install 'trust-survey-kit[prove]'"
        ) from None
    return z3


@dataclass(frozen=True, slots=True)
class Logic:
    """Formulas of one solver context; what is certain beforehand stays a plain truth.

    Examples
    --------
    >>> z3 = solver_package()
    >>> logic = Logic(z3, z3.Context())
    >>> logic.every([True, logic.truth("a"), logic.negate(False)])
    a
    """

    z3: Any
    context: Any

    def truth(self, name: str) -> Formula:
        """Make a variable that is true or false."""
        return self.z3.Bool(name, self.context)

    def number(self, name: str, *, whole: bool) -> Term:
        """Make a variable that is a number."""
        return self.z3.Int(name, self.context) if whole else self.z3.Real(name, self.context)

    def constant(self, value: Fraction | float) -> Term:
        """Write a number."""
        exact = value if isinstance(value, Fraction) else fraction(value)
        if exact.denominator == 1:
            return self.z3.IntVal(exact.numerator, self.context)
        return self.z3.RealVal(f"{exact.numerator}/{exact.denominator}", self.context)

    def every(self, parts: Iterable[Formula]) -> Formula:
        """Join by and."""
        kept: list[Formula] = []
        for part in parts:
            if part is False:
                return False
            if part is not True:
                kept.append(part)
        return True if not kept else kept[0] if len(kept) == 1 else self.z3.And(kept)

    def some(self, parts: Iterable[Formula]) -> Formula:
        """Join by or."""
        kept: list[Formula] = []
        for part in parts:
            if part is True:
                return True
            if part is not False:
                kept.append(part)
        return False if not kept else kept[0] if len(kept) == 1 else self.z3.Or(kept)

    def negate(self, part: Formula) -> Formula:
        """Give the opposite."""
        return not part if isinstance(part, bool) else self.z3.Not(part)

    def implies(self, one: Formula, other: Formula) -> Formula:
        """Say that one entails the other."""
        return self.some([self.negate(one), other])

    def same(self, one: Formula, other: Formula) -> Formula:
        """Say that both are true or both are not."""
        if isinstance(one, bool):
            return other if one else self.negate(other)
        return self.same(other, one) if isinstance(other, bool) else one == other

    def choose(self, test: Formula, one: Term, other: Term) -> Term:
        """Give one term or the other."""
        if isinstance(test, bool):
            return one if test else other
        return self.z3.If(test, one, other)


def fraction(value: float) -> Fraction:
    """Read a number as it is written: 0.1 is a tenth."""
    try:
        return Fraction(value) if isinstance(value, int) else Fraction(repr(float(value)))
    except (ValueError, OverflowError):
        raise UntranslatableError(str(value)) from None


def day(one: date) -> int:
    """Give a day a number so that the order of dates is kept and year and month can be read from it."""
    return 372 * one.year + 31 * (one.month - 1) + one.day - 1
