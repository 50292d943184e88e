"""The small language of `ask_if`: comparisons of earlier items, joined by and, or, not.

An expression is parsed with :mod:`ast` and walked; nothing is ever evaluated by Python. Truth has three values: a
comparison with an item that has no answer is unknown, and an unknown filter does not open a question.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np

from survey_kit.errors import InstrumentError
from survey_kit.types import BoolArray, Code

Column: TypeAlias = tuple[Any, BoolArray]  # values (n,) of numbers or texts; known (n,)
Truth: TypeAlias = tuple[BoolArray, BoolArray]  # true (n,); known (n,)

GRAMMAR = "Write comparisons of items with codes, like: contact == 1 and age >= 18, q2 in (1, 2), not answered(q3)."
LONGEST = 500
_COMPARE: Mapping[type[ast.cmpop], Any] = {
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
}


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed condition and the items it looks at."""

    text: str
    tree: ast.expr
    names: tuple[str, ...]


def parse(text: str) -> Expression:
    """Parse a condition; anything but the small language is an error.

    Examples
    --------
    >>> parse("contact_police == 1 and age >= 18").names
    ('contact_police', 'age')
    """
    if len(text) > LONGEST:
        raise InstrumentError("A condition is too long.", found=f"{len(text)} characters", fix="Split the question.")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise InstrumentError("A condition cannot be read.", found=repr(text), fix=GRAMMAR) from None
    names: dict[str, None] = {}
    _check(tree, text, names)
    return Expression(text, tree, tuple(names))


def evaluate(expression: Expression, columns: Mapping[str, Column], n: int) -> Truth:
    """Say for each of `n` rows whether the condition is true, and whether that is known.

    Examples
    --------
    >>> age = (np.array([17.0, 30.0, 0.0]), np.array([True, True, False]))
    >>> true, known = evaluate(parse("age >= 18"), {"age": age}, 3)
    >>> true.tolist(), known.tolist()
    ([False, True, False], [True, True, False])
    """
    return _truth(expression.tree, columns, n)


def comparisons(expression: Expression) -> Iterator[tuple[str, Code | float]]:
    """Give each item with each constant that it is compared to."""
    for node in ast.walk(expression.tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            for left, right in pairwise(sides):
                for one, other in ((left, right), (right, left)):
                    if isinstance(one, ast.Name):
                        yield from ((one.id, value) for value in _constants(other))


# ----------------------------------------------------------------------------------------------------------- checking
def _check(node: ast.expr, text: str, names: dict[str, None]) -> None:
    """Accept a truth: and, or, not, a comparison, or answered(item)."""
    match node:
        case ast.BoolOp(values=values):
            for part in values:
                _check(part, text, names)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            _check(operand, text, names)
        case ast.Call(func=ast.Name(id="answered"), args=[ast.Name(id=name)], keywords=[]):
            names[name] = None
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            _check_side(left, text, names)
            for op, side in zip(ops, comparators, strict=True):
                if isinstance(op, (ast.In, ast.NotIn)):
                    if not isinstance(side, (ast.Tuple, ast.List, ast.Set)) or len(ops) > 1 or not side.elts:
                        raise _refused(side, text)
                    for part in side.elts:
                        _check_side(part, text, {})
                        if isinstance(part, ast.Name):
                            raise _refused(part, text)
                elif type(op) in _COMPARE:
                    _check_side(side, text, names)
                else:
                    raise _refused(side, text)
        case _:
            raise _refused(node, text)


def _check_side(node: ast.expr, text: str, names: dict[str, None]) -> None:
    if isinstance(node, ast.Name):
        names[node.id] = None
    elif len(_constants(node)) != 1 or isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        raise _refused(node, text)


def _refused(node: ast.expr, text: str) -> InstrumentError:
    part = ast.get_source_segment(text.strip(), node) or text
    return InstrumentError("A condition holds what it must not hold.", found=f"'{part}' in '{text}'", fix=GRAMMAR)


def _constants(node: ast.expr) -> tuple[Code | float, ...]:
    match node:
        case ast.Constant(value=bool()):
            return ()
        case ast.Constant(value=int() | float() | str() as value):
            return (value,)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)) if not isinstance(
            value, bool
        ):
            return (-value,)
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
            return tuple(value for part in parts for value in _constants(part))
        case _:
            return ()


# --------------------------------------------------------------------------------------------------------- evaluating
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
        case ast.Call(args=[ast.Name(id=name)]):
            return columns[name][1], np.ones(n, dtype=bool)
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            sides = [left, *comparators]
            true, known = np.ones(n, dtype=bool), np.ones(n, dtype=bool)
            for how, one, other in zip(ops, sides, comparators, strict=False):
                holds, sure = _compare(how, one, other, columns, n)
                true, known = true & holds, known & sure
            return true & known, known
        case _:
            raise InstrumentError("A condition holds what it must not hold.", found=ast.unparse(node), fix=GRAMMAR)


def _compare(op: ast.cmpop, one: ast.expr, other: ast.expr, columns: Mapping[str, Column], n: int) -> Truth:
    left, known = _side(one, columns, n)
    if isinstance(op, (ast.In, ast.NotIn)):
        found = np.zeros(n, dtype=bool)
        for value in _constants(other):
            found |= _holds(np.equal, left, value)
        return (~found if isinstance(op, ast.NotIn) else found), known
    right, sure = _side(other, columns, n)
    return _holds(_COMPARE[type(op)], left, right), known & sure


def _holds(compare: Any, left: Any, right: Any) -> BoolArray:
    """Compare; a number is never equal to, below or above a text."""
    if (np.asarray(left).dtype.kind in "OUS") != (np.asarray(right).dtype.kind in "OUS"):
        n = max(np.size(left), np.size(right))
        return np.full(n, compare is np.not_equal)
    return np.asarray(compare(left, right), dtype=bool)


def _side(node: ast.expr, columns: Mapping[str, Column], n: int) -> Column:
    if isinstance(node, ast.Name):
        return columns[node.id]
    value = _constants(node)[0]
    kind: Any = object if isinstance(value, str) else np.float64
    return np.full(n, value, dtype=kind), np.ones(n, dtype=bool)
