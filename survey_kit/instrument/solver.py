"""Conditions and values as formulas of a solver: the third reading of the language, beside data and XPath.

Every item that is looked at becomes variables of z3; a condition becomes two formulas, when it is certainly true and when it is
certainly false, so that truth keeps its three values. What takes few values stays a list of cases, which a solver of truths decides
quickly; only numbers with wide limits, dates and open texts become terms of arithmetic.

Numbers are exact fractions here; rounding of binary floating point is not modelled.
"""

from __future__ import annotations

import ast
import math
import operator
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import Any, Protocol

from survey_kit.instrument.expressions import called, constants
from survey_kit.instrument.solver_logic import (
    Constant,
    Formula,
    Logic,
    Term,
    Truth,
    UntranslatableError,
    Value,
    day,
    fraction,
)
from survey_kit.types import Code

MOST_PAIRS = 2_000  # of cases that are put together one by one
MOST_CASES = 64
_HOLDS: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_COMPUTE: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_DAYS = range(1, date.max.toordinal() + 1)


class Scope(Protocol):
    """What names stand for at a place of the questionnaire."""

    def value(self, name: str) -> Value:
        """Give the value of an item."""

    def aggregate(self, how: str, name: str) -> Value:
        """Give what is asked of the members of a repeated module."""


@dataclass(frozen=True, slots=True)
class Translator:
    """Turn the trees of expressions into formulas.

    `texts` gives every text that occurs its place in their order; an open text has a place at or between these.
    """

    logic: Logic
    texts: Mapping[str, int]

    def truth(self, node: ast.expr, scope: Scope) -> Truth:
        """Translate a condition."""
        logic = self.logic
        match node:
            case ast.BoolOp(op=op, values=values):
                parts = [self.truth(part, scope) for part in values]
                yes, no = [part.true for part in parts], [part.false for part in parts]
                if isinstance(op, ast.And):
                    return Truth(logic.every(yes), logic.some(no))
                return Truth(logic.some(yes), logic.every(no))
            case ast.UnaryOp(operand=operand):
                inner = self.truth(operand, scope)
                return Truth(inner.false, inner.true)
            case ast.Call(args=[ast.Name(id=name), *codes]):
                value = scope.value(name)
                if called(node) == "answered":
                    return Truth(value.known, logic.negate(value.known))
                return self._selected(value, [code for part in codes for code in constants(part)])
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                sides = pairwise([left, *comparators])
                pairs = [self._pair(op, one, other, scope) for op, (one, other) in zip(ops, sides, strict=True)]
                return Truth(logic.every(pair.true for pair in pairs), logic.some(pair.false for pair in pairs))
            case _:
                raise UntranslatableError(ast.unparse(node))

    def value(self, node: ast.expr, scope: Scope) -> Value:
        """Translate a value."""
        match node:
            case ast.Name(id=name):
                return scope.value(name)
            case ast.BinOp(left=left, op=op, right=right):
                return self.compute(op, self.value(left, scope), self.value(right, scope))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self.choose(self.truth(test, scope), self.value(body, scope), self.value(orelse, scope))
            case ast.Call(args=[part]):
                return self._call(called(node), part, scope)
            case _ if len(found := constants(node)) == 1:
                return _fixed(found[0])
            case _:
                raise UntranslatableError(ast.unparse(node))

    # ---------------------------------------------------------------------------------------------------- comparisons
    def _selected(self, value: Value, codes: Sequence[Code | float]) -> Truth:
        if value.kind != "codes" or value.cases is None:
            raise UntranslatableError("selected() of an item that takes one answer")
        any_of = self.logic.some(value.cases.get(_plain(code), False) for code in codes)
        return Truth(any_of, self.logic.every([value.known, self.logic.negate(any_of)]))

    def _pair(self, op: ast.cmpop, one: ast.expr, other: ast.expr, scope: Scope) -> Truth:
        left = self.value(one, scope)
        if not isinstance(op, (ast.In, ast.NotIn)):
            return self.compare(op, left, self.value(other, scope))
        found = [self.compare(ast.Eq(), left, _fixed(constant)) for constant in constants(other)]
        inside = Truth(self.logic.some(one.true for one in found), self.logic.every(one.false for one in found))
        return inside if isinstance(op, ast.In) else Truth(inside.false, inside.true)

    def compare(self, op: ast.cmpop, left: Value, right: Value) -> Truth:
        """Compare two values; a number is never equal to, below or above a text."""
        logic, holds = self.logic, _HOLDS[type(op)]
        if "codes" in {left.kind, right.kind}:
            raise UntranslatableError("a comparison of an item that takes several answers")
        if (left.kind == "number") != (right.kind == "number"):
            known, different = logic.every([left.known, right.known]), isinstance(op, ast.NotEq)
            return Truth(known, False) if different else Truth(False, known)
        if "date" in {left.kind, right.kind}:
            return self._sure(left, right, self._dates(holds, left, right))
        pairs = _pairs(left, right)
        if pairs is not None:
            yes = [logic.every([one, other]) for (a, one), (b, other) in pairs if _ordered(holds, a, b)]
            no = [logic.every([one, other]) for (a, one), (b, other) in pairs if not _ordered(holds, a, b)]
            return Truth(logic.some(yes), logic.some(no))
        return self._sure(left, right, holds(self.term(left), self.term(right)))

    def _sure(self, left: Value, right: Value, holds: Formula) -> Truth:
        known = [left.known, right.known]
        return Truth(self.logic.every([*known, holds]), self.logic.every([*known, self.logic.negate(holds)]))

    def _dates(self, holds: Callable[[Any, Any], Any], left: Value, right: Value) -> Formula:
        if left.kind == right.kind:
            return holds(left.term, right.term)
        turned = {
            operator.lt: operator.gt,
            operator.gt: operator.lt,
            operator.le: operator.ge,
            operator.ge: operator.le,
        }
        if left.kind != "date":
            left, right, holds = right, left, turned.get(holds, holds)
        if right.cases is None or len(right.cases) != 1:
            raise UntranslatableError("a comparison of a date with an open text")
        text = str(next(iter(right.cases)))
        at = bisect_left(_DAYS, text, key=lambda number: date.fromordinal(number).isoformat())
        exact = at < len(_DAYS) and date.fromordinal(_DAYS[at]).isoformat() == text
        first = day(date.fromordinal(_DAYS[at])) if at < len(_DAYS) else day(date.max) + 1
        if exact:
            return holds(left.term, first)
        if holds in {operator.eq, operator.ne}:
            return holds is operator.ne
        return left.term < first if holds in {operator.lt, operator.le} else left.term >= first

    # ----------------------------------------------------------------------------------------------------- arithmetic
    def term(self, value: Value) -> Term:
        """Give a value as one term; what it is where nothing is known does not matter."""
        if value.term is not None:
            return value.term
        cases = value.cases or {Fraction(0): True}
        places = [(self._place(constant), guard) for constant, guard in cases.items()]
        out = places[-1][0]
        for term, guard in places[-2::-1]:
            out = self.logic.choose(guard, term, out)
        return out

    def _place(self, constant: Constant) -> Term:
        if isinstance(constant, Fraction):
            return self.logic.constant(constant)
        if not isinstance(constant, str) or constant not in self.texts:
            raise UntranslatableError("codes that are texts and numbers")
        return self.logic.constant(self.texts[constant])

    def compute(self, op: ast.operator, left: Value, right: Value) -> Value:
        """Add, subtract, multiply or divide; what is no number, and a division by nought, is unknown."""
        logic, apply = self.logic, _COMPUTE[type(op)]
        if left.kind != "number" or right.kind != "number":
            return Value(kind="number", known=False, cases={})
        divides = isinstance(op, ast.Div)
        pairs = _pairs(left, right)
        if pairs is not None:
            found: dict[Constant, list[Formula]] = {}
            for (a, one), (b, other) in pairs:
                if not (divides and b == 0):
                    found.setdefault(apply(a, b), []).append(logic.every([one, other]))
            if len(found) <= MOST_CASES:
                cases = {constant: logic.some(parts) for constant, parts in found.items()}
                known = logic.some(cases.values()) if divides else logic.every([left.known, right.known])
                return Value(kind="number", known=known, cases=cases)
        one, other = self.term(left), self.term(right)
        known = [left.known, right.known]
        if divides:
            known, one, other = [*known, other != 0], self._real(one), self._real(other)
        return Value(kind="number", known=logic.every(known), term=apply(one, other))

    def _real(self, term: Term) -> Term:
        return self.logic.z3.ToReal(term) if term.is_int() else term

    def choose(self, test: Truth, one: Value, other: Value) -> Value:
        """Give one value where the test is true, the other where it is false, none where it is unknown."""
        logic = self.logic
        if one.kind != other.kind or one.kind == "codes":
            raise UntranslatableError("a choice between values of two kinds")
        known = logic.some([logic.every([test.true, one.known]), logic.every([test.false, other.known])])
        if one.cases is not None and other.cases is not None and len({*one.cases, *other.cases}) <= MOST_CASES:
            cases = {
                constant: logic.some(
                    [
                        logic.every([test.true, one.cases.get(constant, False)]),
                        logic.every([test.false, other.cases.get(constant, False)]),
                    ]
                )
                for constant in dict.fromkeys((*one.cases, *other.cases))
            }
            return Value(kind=one.kind, known=known, cases=cases)
        return Value(kind=one.kind, known=known, term=logic.choose(test.true, self.term(one), self.term(other)))

    def _call(self, how: str, part: ast.expr, scope: Scope) -> Value:
        if how == "floor":
            return self._floor(self.value(part, scope))
        name = part.id if isinstance(part, ast.Name) else ""
        if how not in {"year", "month", "count_selected"}:
            return scope.aggregate(how, name)
        value = scope.value(name)
        if how == "count_selected":
            return self._counted(value)
        if value.date is None:
            raise UntranslatableError(f"{how}() of what is no date")
        return Value(kind="number", known=value.known, term=value.date[0 if how == "year" else 1])

    def _floor(self, value: Value) -> Value:
        if value.kind != "number":
            return Value(kind="number", known=False, cases={})
        if value.cases is not None:
            found: dict[Constant, list[Formula]] = {}
            for constant, guard in value.cases.items():
                found.setdefault(Fraction(math.floor(Fraction(constant))), []).append(guard)
            floors = {one: self.logic.some(guards) for one, guards in found.items()}
            return Value(kind="number", known=value.known, cases=floors)
        term = value.term if value.term.is_int() else self.logic.z3.ToInt(value.term)
        return Value(kind="number", known=value.known, term=term)

    def _counted(self, value: Value) -> Value:
        if value.kind != "codes" or value.cases is None:
            raise UntranslatableError("count_selected() of an item that takes one answer")
        total = _fixed(0)
        for guard in value.cases.values():
            one: dict[Constant, Formula] = {Fraction(1): guard, Fraction(0): self.logic.negate(guard)}
            total = self.compute(ast.Add(), total, Value(kind="number", known=True, cases=one))
        if total.cases is None:
            return Value(kind="number", known=value.known, term=total.term)
        cases: dict[Constant, Formula] = {number: guard for number, guard in total.cases.items() if number != 0}
        return Value(kind="number", known=value.known, cases=cases)


def _fixed(constant: Code | float) -> Value:
    if isinstance(constant, str):
        return Value(kind="text", known=True, cases={constant: True})
    return Value(kind="number", known=True, cases={fraction(constant): True})


def _plain(code: Code | float) -> Constant:
    return code if isinstance(code, str) else fraction(code)


def _pairs(left: Value, right: Value) -> list[tuple[tuple[Any, Formula], tuple[Any, Formula]]] | None:
    if left.cases is None or right.cases is None or len(left.cases) * len(right.cases) > MOST_PAIRS:
        return None
    return [(one, other) for one in left.cases.items() for other in right.cases.items()]


def _ordered(holds: Callable[[Any, Any], Any], one: Constant, other: Constant) -> bool:
    """Compare two constants; a code that is a number is never equal to a text."""
    if isinstance(one, str) == isinstance(other, str):
        return bool(holds(one, other))
    if holds in {operator.eq, operator.ne}:
        return holds is operator.ne
    raise UntranslatableError("codes that are texts and numbers")
