"""Conditions and computed values as small trees of lists, which the page of the preview evaluates; nothing is ever run as code.

A truth is ``["and", ...]``, ``["or", ...]``, ``["not", truth]``, ``["answered", item]``, ``["selected", item, [codes]]``,
``["chain", [[sign, value, value], ...]]``, ``["in", value, [constants]]`` or ``["not in", value, [constants]]``. A value is
``["item", id]``, ``["constant", x]``, ``["+", value, value]`` and the like, ``["if", truth, value, value]``, ``["floor", value]``,
``["year", item]``, ``["month", item]``, ``["count_selected", item]`` or, over a repeated module, ``["over", "sum(item)"]``.
"""

from __future__ import annotations

import ast
import math
from typing import Any, TypeAlias

from survey_kit.errors import InstrumentError
from survey_kit.instrument.expressions import AGGREGATES, GRAMMAR, called, constants, parse_value
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.types import Code

Tree: TypeAlias = list[Any]
_SIGNS = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
_ARITHMETIC = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


def truth_tree(node: ast.expr) -> Tree:
    """Write a parsed condition as a tree.

    Examples
    --------
    >>> from survey_kit.instrument.expressions import parse
    >>> truth_tree(parse("18 <= age < 65 and not answered(job)").tree)
    ['and', ['chain', [['<=', ['constant', 18], ['item', 'age']], ['<', ['item', 'age'], ['constant', 65]]]], ['not', ['answered', 'job']]]
    """
    match node:
        case ast.BoolOp(op=op, values=values):
            return ["and" if isinstance(op, ast.And) else "or", *map(truth_tree, values)]
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return ["not", truth_tree(operand)]
        case ast.Call(args=[ast.Name(id=name), *codes]):
            if called(node) == "answered":
                return ["answered", name]
            return ["selected", name, [_number(code) for part in codes for code in constants(part)]]
        case ast.Compare(left=left, ops=[ast.In() | ast.NotIn() as op], comparators=[side]):
            how = "in" if isinstance(op, ast.In) else "not in"
            return [how, value_tree(left), [_number(value) for value in constants(side)]]
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            sides = [value_tree(side) for side in (left, *comparators)]
            return ["chain", [[_SIGNS[type(op)], sides[at], sides[at + 1]] for at, op in enumerate(ops)]]
        case _:
            raise InstrumentError("A condition holds what it must not hold.", found=ast.unparse(node), fix=GRAMMAR)


def value_tree(node: ast.expr) -> Tree:
    """Write what computes a value as a tree.

    Examples
    --------
    >>> value_tree(parse_value("floor(age / 10) if sum(income) > 0 else -1").tree)[2]
    ['floor', ['/', ['item', 'age'], ['constant', 10]]]
    """
    match node:
        case ast.Name(id=name):
            return ["item", name]
        case ast.BinOp(left=left, op=op, right=right):
            return [_ARITHMETIC[type(op)], value_tree(left), value_tree(right)]
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return ["if", truth_tree(test), value_tree(body), value_tree(orelse)]
        case ast.Call(args=[part]):
            how = called(node)
            if how == "floor":
                return ["floor", value_tree(part)]
            name = part.id if isinstance(part, ast.Name) else ""
            return ["over", f"{how}({name})"] if how in AGGREGATES else [how, name]
        case _ if found := constants(node):
            return ["constant", _number(found[0])]
        case _:
            raise InstrumentError("A value holds what it must not hold.", found=ast.unparse(node), fix=GRAMMAR)


def wordy(instrument: Instrument, item_id: str) -> bool:
    """Say whether the answers of an item are texts to the language of conditions: a number is never equal to a text.

    Examples
    --------
    >>> from survey_kit.instrument.model import Item, Module
    >>> named = Item(id="name", type="text", text={"en": "Name?"})
    >>> wordy(Instrument(id="a", version="1", modules=(Module(id="m", items=(named,)),)), "name")
    True
    """
    item = instrument.item(item_id)
    if item.type in {"single", "arm"}:
        return not all(isinstance(code, int) for code in instrument.codes(item_id))
    if item.type == "calculated" and item.value is not None:
        return _wordy_value(instrument, parse_value(item.value).tree, frozenset({item_id}))
    return not item.numeric


def _wordy_value(instrument: Instrument, node: ast.expr, seen: frozenset[str]) -> bool:
    match node:
        case ast.Name(id=name) if name in instrument and name not in seen:
            item = instrument.item(name)
            if item.type == "calculated" and item.value is not None:
                return _wordy_value(instrument, parse_value(item.value).tree, seen | {name})
            return wordy(instrument, name)
        case ast.IfExp(body=body, orelse=orelse):
            return _wordy_value(instrument, body, seen) or _wordy_value(instrument, orelse, seen)
        case _:
            return any(isinstance(value, str) for value in constants(node))


def _number(value: Code | float) -> Code | float | dict[str, int]:
    """Give a constant; JSON has no infinity, so its sign stands for it."""
    if isinstance(value, float) and math.isinf(value):
        return {"infinite": 1 if value > 0 else -1}
    return value
