"""Conditions and values as XPath for forms, with the same three values of truth as over data.

XPath knows two truths, and a blank answer is unequal to everything in it. So each condition is written as what makes it
certainly true (for `relevant`) or certainly false (for `constraint`), with the missing codes of every item left out.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from math import isinf

from survey_kit.errors import InstrumentError
from survey_kit.instrument.expressions import GRAMMAR, called, constants, parse, parse_value
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.types import Code

_SIGN = {ast.Eq: "=", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
_OPPOSITE = {ast.Eq: "!=", ast.NotEq: "=", ast.Lt: ">=", ast.LtE: ">", ast.Gt: "<=", ast.GtE: "<"}
_ARITHMETIC = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "div"}
_ALWAYS, _NEVER = "true()", "false()"


def relevant(instrument: Instrument, condition: str | None) -> str:
    """Give the XPath that opens a question; blank when everybody is asked.

    Examples
    --------
    >>> from survey_kit.instrument.model import Item, Module, Scale
    >>> asked = Item(id="q1", text={"en": "Why?"}, scale=Scale(codes=(1, 2), missing={9: "refused"}))
    >>> form = Instrument(id="a", version="1", modules=(Module(id="m", items=(asked,)),))
    >>> relevant(form, "q1 == 1"), relevant(form, "q1 != 1")
    ('${q1} = 1', "(${q1} != '' and ${q1} != 9) and ${q1} != 1")
    """
    return _Writer(instrument).true(parse(condition).tree) if condition else ""


def calculation(instrument: Instrument, value: str) -> str:
    """Give the XPath that computes a value; blank where something it needs has no answer."""
    writer = _Writer(instrument)
    tree = parse_value(value).tree
    known = writer.known(tree)
    return writer.value(tree) if known == _ALWAYS else f"if({known}, {writer.value(tree)}, '')"


def constraint(instrument: Instrument, item_id: str) -> str:
    """Give the XPath that an answer has to meet: limits, answers that stand alone, their number, the item's own condition.

    Missing codes always pass; a condition that cannot be decided passes too.

    Examples
    --------
    >>> from survey_kit.instrument.model import Item, Module
    >>> age = Item(id="age", text={"en": "Age?"}, type="integer", minimum=18, maximum=110, missing={999: "refused"})
    >>> constraint(Instrument(id="a", version="1", modules=(Module(id="m", items=(age,)),)), "age")
    '. = 999 or (. >= 18 and . <= 110)'
    """
    item, missing = instrument.item(item_id), _Writer(instrument).missing(item_id)
    parts: list[str] = []
    if item.type == "multiple":
        alone = [code for code in (*item.exclusive, *missing) if code in item.exclusive or code in missing]
        parts += [f"not(selected(., {_text(code)}) and count-selected(.) > 1)" for code in dict.fromkeys(alone)]
        parts += [f"count-selected(.) <= {item.most}"] if item.most is not None else []
    parts += [f". >= {_constant(item.minimum)}"] if item.minimum is not None else []
    parts += [f". <= {_constant(item.maximum)}"] if item.maximum is not None else []
    if item.constraint:
        own = f"not({_Writer(instrument, own=item_id).false(parse(item.constraint).tree)})"
        several = missing if item.type == "multiple" else ()
        parts.append(_any([*(f"selected(., {_text(code)})" for code in several), own]) if several else own)
    whole = _all(parts) if parts else ""
    if not whole or item.type == "multiple" or not missing:
        return whole
    free = " or ".join(f". = {_constant(code)}" for code in missing)
    return f"{free} or ({whole})"


@dataclass(frozen=True, slots=True)
class _Writer:
    """Write a tree; the item `own` is the answer at hand."""

    instrument: Instrument
    own: str | None = None

    def true(self, node: ast.expr) -> str:
        """Write what makes a condition certainly true."""
        match node:
            case ast.BoolOp(op=ast.And(), values=values):
                sure = {self.implied(part) for part in values}
                return _all([self.true(part) for part in values if _asks(part) not in sure])
            case ast.BoolOp(values=values):
                return _any([self.true(part) for part in values])
            case ast.UnaryOp(operand=operand):
                return self.false(operand)
            case ast.Call(args=[ast.Name(id=name)]):
                return self.answered(name)
            case ast.Call(args=[ast.Name(id=name), *codes]):
                chosen = _any([f"selected({self.ref(name)}, {_text(c)})" for part in codes for c in constants(part)])
                return _all([self.answered(name), chosen]) if self.instrument.missing_codes(name) else chosen
            case ast.Compare():
                return _all([self.pair(*pair, opposite=False) for pair in _pairs(node)])
            case _:
                raise InstrumentError("A condition holds what it must not hold.", found=ast.unparse(node), fix=GRAMMAR)

    def false(self, node: ast.expr) -> str:
        """Write what makes a condition certainly false."""
        match node:
            case ast.BoolOp(op=op, values=values):
                parts = [self.false(part) for part in values]
                return _any(parts) if isinstance(op, ast.And) else _all(parts)
            case ast.UnaryOp(operand=operand):
                return self.true(operand)
            case ast.Call(args=[ast.Name(id=name)]):
                return f"not({self.answered(name)})"
            case ast.Call(args=[ast.Name(id=name), *_]):
                return _all([self.answered(name), f"not({self.true(node)})"])
            case ast.Compare():
                return _any([self.pair(*pair, opposite=True) for pair in _pairs(node)])
            case _:
                raise InstrumentError("A condition holds what it must not hold.", found=ast.unparse(node), fix=GRAMMAR)

    def pair(self, left: ast.expr, op: ast.cmpop, right: ast.expr, *, opposite: bool) -> str:
        """Write one comparison, or its opposite, where both sides are known."""
        if isinstance(op, (ast.In, ast.NotIn)):
            inside = isinstance(op, ast.In) is not opposite
            tests = [
                self.test(left, ast.Eq() if inside else ast.NotEq(), ast.Constant(one)) for one in constants(right)
            ]
            whole = _any(tests) if inside else _all(tests)
        else:
            sure = not opposite and isinstance(op, ast.Eq)
            inside = sure
            whole = self.test(left, op, right, opposite=opposite)
        if inside and (self.plain(left, right) or self.plain(right, left)):
            return whole
        return _all([self.known(left), self.known(right), whole])

    def plain(self, node: ast.expr, other: ast.expr) -> bool:
        """Say whether a name is held equal to constants that are no missing code, so that a blank cannot pass."""
        if not isinstance(node, ast.Name) or not (values := constants(other)):
            return False
        missing = {} if node.id == self.own else self.instrument.missing_codes(node.id)
        return all(value not in missing and value != "" for value in values)

    def test(self, left: ast.expr, op: ast.cmpop, right: ast.expr, *, opposite: bool = False) -> str:
        """Write a comparison without asking whether its sides are known."""
        one, other = self.value(left), self.value(right)
        if "date" in {self.kind(left), self.kind(right)}:
            one, other = self.day(left), self.day(right)
        elif self.wordy(left) != self.wordy(right):  # a number is never equal to, below or above a text
            different = isinstance(op, ast.NotEq)
            return _ALWAYS if different is not opposite else _NEVER
        return f"{one} {(_OPPOSITE if opposite else _SIGN)[type(op)]} {other}"

    def known(self, node: ast.expr) -> str:
        """Write that a value is known."""
        match node:
            case ast.Name(id=name):
                return self.answered(name)
            case ast.BinOp(left=left, op=op, right=right):
                parts = [self.known(left), self.known(right)]
                return _all([*parts, f"{self.value(right)} != 0"] if isinstance(op, ast.Div) else parts)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                one, other = self.known(body), self.known(orelse)
                if one == other:
                    return _all([self.decided(test), one])
                return _any([_all([self.true(test), one]), _all([self.false(test), other])])
            case ast.Call(args=[part]):
                how = called(node)
                if how in {"min", "max"}:
                    return f"count({self.members(part)}) > 0"
                return _ALWAYS if how in {"sum", "count"} else self.known(part)
            case _:
                return _ALWAYS

    def decided(self, node: ast.expr) -> str:
        """Write that a condition is certainly true or certainly false."""
        match node:
            case ast.BoolOp(op=op, values=values):
                settled = [self.false(part) if isinstance(op, ast.And) else self.true(part) for part in values]
                return _any([_all([self.decided(part) for part in values]), *settled])
            case ast.UnaryOp(operand=operand):
                return self.decided(operand)
            case ast.Call(args=[ast.Name(id=name), *codes]):
                return self.answered(name) if codes else _ALWAYS
            case ast.Compare(ops=[_], left=left, comparators=[right]):
                return _all([self.known(left), self.known(right)])
            case _:
                return _any([self.true(node), self.false(node)])

    def implied(self, node: ast.expr) -> str | None:
        """Name the item that has to be answered for a comparison to hold, where that need not be said besides."""
        match node:
            case ast.Compare(left=ast.Name(id=name) as left, ops=[ast.Eq() | ast.In()], comparators=[right]):
                return name if name != self.own and self.plain(left, right) else None
            case _:
                return None

    def value(self, node: ast.expr) -> str:
        """Write a value."""
        match node:
            case ast.Name(id=name):
                return self.ref(name)
            case ast.BinOp(left=left, op=op, right=right):
                return f"({self.value(left)} {_ARITHMETIC[type(op)]} {self.value(right)})"
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return f"if({self.true(test)}, {self.value(body)}, {self.value(orelse)})"
            case ast.Call(args=[part]):
                return self.call(called(node), part)
            case _:
                return _constant(constants(node)[0])

    def call(self, how: str, part: ast.expr) -> str:
        """Write a function of an item or of the members of a repeated module."""
        if how == "floor":  # ODK's apps know int(), which cuts towards zero, and no floor()
            whole = self.value(part)
            return f"if({whole} < 0 and int({whole}) != {whole}, int({whole}) - 1, int({whole}))"
        if how == "count":
            return f"count(${{{_id(part)}}})"
        if how == "sum":  # of no members some engines make no number
            return f"if(count({self.members(part)}) > 0, sum({self.members(part)}), 0)"
        if how in {"min", "max"}:
            return f"{how}({self.members(part)})"
        if how == "count_selected":
            return f"count-selected({self.value(part)})"
        return f"number(format-date({self.value(part)}, '{'%Y' if how == 'year' else '%n'}'))"

    def members(self, part: ast.expr) -> str:
        """Write the answers of all members that have one."""
        missing = [f" and . != {_constant(code)}" for code in self.missing(_id(part))]
        return f"${{{_id(part)}}}[. != ''{''.join(missing)}]"

    def day(self, node: ast.expr) -> str:
        """Write a date as a number like 20260131."""
        if isinstance(node, ast.Constant):
            return str(node.value).replace("-", "")
        return f"number(format-date({self.value(node)}, '%Y%m%d'))"

    def kind(self, node: ast.expr) -> str:
        """Give the type of an item; nothing for anything else."""
        return self.instrument.item(node.id).type if isinstance(node, ast.Name) else ""

    def wordy(self, node: ast.expr) -> bool:
        """Say whether a value is a text."""
        if isinstance(node, ast.Name):
            item = self.instrument.item(node.id)
            return item.type == "text" or any(isinstance(code, str) for code in self.instrument.codes(node.id))
        if isinstance(node, ast.IfExp):
            return self.wordy(node.body) or self.wordy(node.orelse)
        return any(isinstance(value, str) for value in constants(node))

    def ref(self, name: str) -> str:
        """Write the answer of an item."""
        return "." if name == self.own else f"${{{name}}}"

    def answered(self, name: str) -> str:
        """Write that an item holds an answer that is no missing code."""
        item, ref = self.instrument.item(name), self.ref(name)
        missing = self.missing(name)
        if item.type == "multiple":
            return _all([f"{ref} != ''", *(f"not(selected({ref}, {_text(code)}))" for code in missing)])
        return _all([f"{ref} != ''", *(f"{ref} != {_constant(code)}" for code in missing)])

    def missing(self, name: str) -> tuple[Code, ...]:
        """Give the codes that are no answers; in an open text the letters 98 are no code."""
        codes = self.instrument.missing_codes(name)
        open_text = self.instrument.item(name).type == "text"
        return tuple(code for code in codes if isinstance(code, str) or not open_text)


def _pairs(node: ast.Compare) -> list[tuple[ast.expr, ast.cmpop, ast.expr]]:
    sides = pairwise([node.left, *node.comparators])
    return [(left, op, right) for op, (left, right) in zip(node.ops, sides, strict=True)]


def _asks(node: ast.expr) -> str:
    """Name the item of which `answered` is asked."""
    return _id(node.args[0]) if isinstance(node, ast.Call) and called(node) == "answered" else ""


def _id(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _all(parts: Sequence[str]) -> str:
    return _join(parts, "and", _ALWAYS, _NEVER)


def _any(parts: Sequence[str]) -> str:
    return _join(parts, "or", _NEVER, _ALWAYS)


def _join(parts: Sequence[str], word: str, neutral: str, decided: str) -> str:
    """Join, without what changes nothing; brackets wherever a part joins something itself."""
    if decided in parts or any(f"not({part})" in parts for part in parts):
        return decided
    kept = list(dict.fromkeys(part for part in parts if part != neutral))
    if len(kept) < 2:
        return kept[0] if kept else neutral
    return f" {word} ".join(f"({part})" if " and " in part or " or " in part else part for part in kept)


def _constant(value: Code | float) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinf(value):
        return "(1 div 0)" if value > 0 else "(-1 div 0)"
    text = f"{value:.15g}"
    return format(Decimal(text), "f") if "e" in text else text  # XPath 1.0 knows no exponents


def _text(value: Code | float) -> str:
    """Quote a text; XPath 1.0 has no escapes, so one with both quotes is put together."""
    text = str(value)
    if "'" not in text:
        return f"'{text}'"
    if '"' not in text:
        return f'"{text}"'
    return "concat(" + ', "\'", '.join(f"'{part}'" for part in text.split("'")) + ")"
