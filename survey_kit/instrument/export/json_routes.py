"""Conditions as JSON Schema: the records for which a condition is certainly true, and those for which it is certainly false."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

from survey_kit.instrument.expressions import called, constants, parse
from survey_kit.instrument.model import CODED
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.types import Code

Schema: TypeAlias = dict[str, Any]
MOST_PAIRS = 400
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_HOLDS: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_OPPOSITE: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_TURNED: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt,
    ast.LtE: ast.GtE,
    ast.Gt: ast.Lt,
    ast.GtE: ast.LtE,
    ast.Eq: ast.Eq,
    ast.NotEq: ast.NotEq,
}
_LIMIT: Mapping[type[ast.cmpop], str] = {
    ast.Lt: "exclusiveMaximum",
    ast.LtE: "maximum",
    ast.Gt: "exclusiveMinimum",
    ast.GtE: "minimum",
}


class Inexpressible(Exception):  # noqa: N818  (never reaches a user: it is told in the schema)
    """A condition that JSON Schema cannot say."""


@dataclass(frozen=True, slots=True)
class Routing:
    """Says the conditions of an instrument as schemas of one record, which holds the items named.

    Examples
    --------
    >>> from survey_kit.instrument.model import Item, Module
    >>> items = (Item(id="age", type="integer", missing={998: "refused"}),)
    >>> routing = Routing(Instrument(id="a", version="1", modules=(Module(id="m", items=items),)), frozenset({"age"}))
    >>> routing.true("age >= 18")["properties"]
    {'age': {'type': 'number', 'minimum': 18, 'not': {'enum': [998]}}}
    """

    instrument: Instrument
    inside: frozenset[str]

    def true(self, condition: str) -> Schema:
        """Give the schema of the records for which a condition is certainly true."""
        return self._truth(parse(condition).tree, sure=True)

    def broken(self, item_id: str, condition: str) -> Schema:
        """Give the schema of the records that answer an item against its constraint."""
        return {"allOf": [self._answered(item_id), self._truth(parse(condition).tree, sure=False)]}

    # --------------------------------------------------------------------------------------------------------- truth
    def _truth(self, node: ast.expr, *, sure: bool) -> Schema:
        match node:
            case ast.BoolOp(op=op, values=values):
                parts = [self._truth(part, sure=sure) for part in values]
                return {"allOf" if isinstance(op, ast.And) is sure else "anyOf": parts}
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self._truth(operand, sure=not sure)
            case ast.Call(args=[ast.Name(id=name)]) if called(node) == "answered":
                answered = self._answered(name)
                return answered if sure else {"not": answered}
            case ast.Call(args=[ast.Name(id=name), *parts]) if called(node) == "selected":
                wanted = {"contains": {"enum": [code for part in parts for code in constants(part)]}}
                return self._several(name, wanted if sure else {"not": wanted})
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                parts = [
                    self._compare(type(op), one, other, sure=sure)
                    for op, (one, other) in zip(ops, pairwise([left, *comparators]), strict=True)
                ]
                return parts[0] if len(parts) == 1 else {"allOf" if sure else "anyOf": parts}
            case _:
                raise Inexpressible("it computes")

    def _compare(self, op: type[ast.cmpop], one: ast.expr, other: ast.expr, *, sure: bool) -> Schema:
        how = op if sure else _OPPOSITE[op]
        match one, other:
            case ast.Name(id=name), ast.Name(id=second):
                return self._pair(how, name, second)
            case ast.Name(id=name), _ if values := constants(other):
                return self._constant(how, name, values)
            case _, ast.Name(id=name) if (values := constants(one)) and how in _TURNED:
                return self._constant(_TURNED[how], name, values)
            case ast.Call(args=[ast.Name(id=name)]), _ if called(one) == "count_selected" and (
                values := constants(other)
            ):
                return self._count(how, name, values)
            case _:
                raise Inexpressible("it computes")

    def _constant(self, how: type[ast.cmpop], name: str, values: tuple[Any, ...]) -> Schema:
        """Say that an answer compares with constants."""
        item, codes = self.instrument.item(self._known(name)), self.instrument.codes(name)
        if item.type in CODED:
            return self._one_of(name, [code for code in codes if _meets(how, code, values)])
        missing = list(self.instrument.missing_codes(name))
        words = item.type in {"text", "date"}
        if how in {ast.Eq, ast.In}:
            return self._has(name, {"enum": [value for value in values if value not in missing]})
        shape: Schema = {"type": "string" if words else "number"}
        if how in {ast.NotEq, ast.NotIn}:
            return self._has(name, {**shape, "not": {"enum": [*values, *missing]}})
        if item.type == "date" and isinstance(values[0], str) and ISO_DATE.fullmatch(values[0]):
            return self._has(name, {**shape, "pattern": days(how, values[0])})
        if words or isinstance(values[0], str):
            raise Inexpressible("it compares texts")
        shape[_LIMIT[how]] = values[0]
        return self._has(name, {**shape, "not": {"enum": missing}} if missing else shape)

    def _pair(self, how: type[ast.cmpop], name: str, second: str) -> Schema:
        """Say that the codes of two items compare, pair by pair."""
        left, right = (self.instrument.codes(self._known(one)) for one in (name, second))
        coded = all(self.instrument.item(one).type in {"single", "arm"} for one in (name, second))
        if not coded or len(left) * len(right) > MOST_PAIRS:
            raise Inexpressible("it compares items")
        pairs = [(code, [two for two in right if _meets(how, code, (two,))]) for code in left]
        parts = [{"allOf": [self._one_of(name, [code]), self._one_of(second, two)]} for code, two in pairs if two]
        return {"anyOf": parts} if parts else {"not": {}}

    def _count(self, how: type[ast.cmpop], name: str, values: tuple[Any, ...]) -> Schema:
        most = len(self.instrument.codes(self._known(name)))
        fits = [size for size in range(1, most + 1) if _meets(how, size, values)]
        if not fits:
            return {"not": {}}
        return self._several(name, {"anyOf": [{"minItems": size, "maxItems": size} for size in fits]})

    # -------------------------------------------------------------------------------------------------------- answers
    def _answered(self, name: str) -> Schema:
        """Say that an item has an answer, and not a code that is none."""
        missing = list(self.instrument.missing_codes(self._known(name)))
        if self.instrument.item(name).type == "multiple":
            return self._several(name, {})
        return self._has(name, {"not": {"enum": [None, *missing]}})

    def _several(self, name: str, wanted: Schema) -> Schema:
        """Say something about a list of answers that holds no code that is none."""
        missing = list(self.instrument.missing_codes(self._known(name)))
        shape: Schema = {"type": "array", "minItems": 1}
        parts = [wanted] if wanted else []
        parts += [{"not": {"contains": {"enum": missing}}}] if missing else []
        return self._has(name, {**shape, "allOf": parts} if parts else shape)

    def _one_of(self, name: str, codes: list[Code]) -> Schema:
        return self._has(name, {"enum": codes}) if codes else {"not": {}}

    def _has(self, name: str, shape: Schema) -> Schema:
        column = self.instrument.item(name).data_column
        return {"required": [column], "properties": {column: shape}}

    def _known(self, name: str) -> str:
        if name not in self.inside:
            raise Inexpressible("it looks outside the record")
        return name


def days(how: type[ast.cmpop], day: str) -> str:
    """Give the pattern of the days before or after a day.

    Examples
    --------
    >>> days(ast.GtE, "2026-07-01")
    '^(2026-07-01|[3-9]...-..-..|2[1-9]..-..-..|20[3-9].-..-..|202[7-9]-..-..|2026-[1-9].-..|2026-0[8-9]-..|2026-07-[1-9].|2026-07-0[2-9])$'
    """
    after = how in {ast.Gt, ast.GtE}
    parts = [day] if how in {ast.GtE, ast.LtE} else []
    for place, digit in enumerate(day):
        if digit.isdigit() and digit != ("9" if after else "0"):
            span = f"[{int(digit) + 1}-9]" if after else f"[0-{int(digit) - 1}]"
            parts.append(day[:place] + span + re.sub(r"\d", ".", day[place + 1 :]))
    return f"^({'|'.join(parts)})$" if parts else "^$"


def _meets(how: type[ast.cmpop], value: Any, values: tuple[Any, ...]) -> bool:
    """Compare as answers are compared: a number and a text are never equal, nor is one above the other."""
    if how in {ast.In, ast.NotIn}:
        return (value in values) is (how is ast.In)
    if isinstance(value, str) != isinstance(values[0], str):
        return how is ast.NotEq
    return _HOLDS[how](value, values[0])
