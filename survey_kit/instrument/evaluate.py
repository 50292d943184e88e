"""Conditions and values over data: for n interviews at once, with three values of truth."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from survey_kit.errors import InstrumentError
from survey_kit.instrument.expressions import GRAMMAR, Expression, called, constants
from survey_kit.types import BoolArray, FloatArray

Column: TypeAlias = tuple[Any, BoolArray]  # values (n,) of numbers, texts or sets of codes; known (n,)
Truth: TypeAlias = tuple[BoolArray, BoolArray]  # true (n,); known (n,)

_COMPARE: Mapping[type[ast.cmpop], Any] = {
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
}
_COMPUTE: Mapping[type[ast.operator], Callable[[FloatArray, FloatArray], FloatArray]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
}


def evaluate(expression: Expression, columns: Mapping[str, Column], n: int) -> Truth:
    """Say for each of `n` rows whether a condition is true, and whether that is known.

    `columns` hold the items by id; what an expression asks of a repeated module stands under ``sum(item)`` and the like.

    Examples
    --------
    >>> from survey_kit.instrument.expressions import parse
    >>> age = (np.array([17.0, 30.0, 0.0]), np.array([True, True, False]))
    >>> true, known = evaluate(parse("age >= 18"), {"age": age}, 3)
    >>> true.tolist(), known.tolist()
    ([False, True, False], [True, True, False])
    """
    return _truth(expression.tree, columns, n)


def compute(expression: Expression, columns: Mapping[str, Column], n: int) -> Column:
    """Give for each of `n` rows the value of an expression, and whether it is known.

    Examples
    --------
    >>> from survey_kit.instrument.expressions import parse_value
    >>> born = (np.array([1990.0, 2000.0]), np.array([True, False]))
    >>> values, known = compute(parse_value("2026 - born"), {"born": born}, 2)
    >>> values.tolist(), known.tolist()
    ([36.0, nan], [True, False])
    """
    return _value(expression.tree, columns, n)


def _truth(node: ast.expr, columns: Mapping[str, Column], n: int) -> Truth:
    match node:
        case ast.BoolOp(op=op, values=values):
            parts = [_truth(part, columns, n) for part in values]
            true = np.stack([true & known for true, known in parts])
            false = np.stack([~true & known for true, known in parts])
            if isinstance(op, ast.And):
                yes, no = true.all(axis=0), false.any(axis=0)
            else:
                yes, no = true.any(axis=0), false.all(axis=0)
            return np.asarray(yes), np.asarray(yes | no)
        case ast.UnaryOp(operand=operand):
            true, known = _truth(operand, columns, n)
            return ~true & known, known
        case ast.Call(args=[ast.Name(id=name), *codes]):
            values, known = columns[name]
            if called(node) == "answered":
                return known, np.ones(n, dtype=bool)
            return _selected(values, known, frozenset(code for part in codes for code in constants(part))), known
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            sides = [left, *comparators]
            true, false = np.ones(n, dtype=bool), np.zeros(n, dtype=bool)
            for how, one, other in zip(ops, sides, comparators, strict=False):
                holds, sure = _compare(how, one, other, columns, n)
                true, false = true & holds & sure, false | (~holds & sure)
            return true, true | false
        case _:
            raise InstrumentError("A condition holds what it must not hold.", found=ast.unparse(node), fix=GRAMMAR)


def _selected(values: Any, known: BoolArray, codes: frozenset[Any]) -> BoolArray:
    return np.fromiter((bool(sure and codes & one) for one, sure in zip(values, known, strict=True)), bool, len(known))


def _compare(op: ast.cmpop, one: ast.expr, other: ast.expr, columns: Mapping[str, Column], n: int) -> Truth:
    left, known = _value(one, columns, n)
    if isinstance(op, (ast.In, ast.NotIn)):
        found = np.zeros(n, dtype=bool)
        for value in constants(other):
            found |= _holds(np.equal, left, value)
        return (~found if isinstance(op, ast.NotIn) else found), known
    right, sure = _value(other, columns, n)
    return _holds(_COMPARE[type(op)], left, right), known & sure


def _holds(compare: Any, left: Any, right: Any) -> BoolArray:
    """Compare; a number is never equal to, below or above a text."""
    if (np.asarray(left).dtype.kind in "OUS") != (np.asarray(right).dtype.kind in "OUS"):
        n = max(np.size(left), np.size(right))
        return np.full(n, compare is np.not_equal)
    return np.asarray(compare(left, right), dtype=bool)


def _value(node: ast.expr, columns: Mapping[str, Column], n: int) -> Column:
    match node:
        case ast.Name(id=name):
            return _known(*columns[name])
        case ast.BinOp(left=left, op=op, right=right):
            (a, one), (b, other) = _numbers(left, columns, n), _numbers(right, columns, n)
            known = one & other
            if isinstance(op, ast.Div):
                known &= b != 0
                return np.where(known, a, np.nan) / np.where(known, b, 1.0), known
            return _COMPUTE[type(op)](a, b), known
        case ast.IfExp(test=test, body=body, orelse=orelse):
            true, sure = _truth(test, columns, n)
            (a, one), (b, other) = _value(body, columns, n), _value(orelse, columns, n)
            text = "O" in {np.asarray(a).dtype.kind, np.asarray(b).dtype.kind}
            values = np.asarray(np.where(true, a, b), dtype=object if text else np.float64)
            return values, sure & np.where(true, one, other)
        case ast.Call(args=[part]):
            return _call(called(node), part, columns, n)
        case _:
            value = constants(node)[0]
            kind: Any = object if isinstance(value, str) else np.float64
            return np.full(n, value, dtype=kind), np.ones(n, dtype=bool)


def _call(how: str, part: ast.expr, columns: Mapping[str, Column], n: int) -> Column:
    if how == "floor":
        values, known = _numbers(part, columns, n)
        return np.floor(values), known
    name = part.id if isinstance(part, ast.Name) else ""
    if how in {"year", "month"}:
        dates, known = _known(*columns[name])
        place = slice(0, 4) if how == "year" else slice(5, 7)
        return np.array([float(one[place]) if one else np.nan for one in dates], dtype=np.float64), known
    if how == "count_selected":
        chosen, known = columns[name]
        return np.array([float(len(one)) if one else np.nan for one in chosen], dtype=np.float64), known
    return columns[f"{how}({name})"]


def _numbers(node: ast.expr, columns: Mapping[str, Column], n: int) -> Column:
    values, known = _value(node, columns, n)
    if np.asarray(values).dtype.kind in "OUS":  # arithmetic on texts is no number
        return np.full(n, np.nan), np.zeros(n, dtype=bool)
    return np.where(known, values, np.nan), known


def _known(values: Any, known: BoolArray) -> Column:
    """Give texts with blanks where none is known, so that they can be compared."""
    out = np.asarray(values)
    return (np.where(known, out, "") if out.dtype.kind in "OUS" else out), known
