"""The small language of conditions and computed values: comparisons of earlier items, joined by and, or, not.

An expression is parsed once with :mod:`ast`; nothing is ever evaluated by Python. What is parsed here is run over data
(`survey_kit.instrument.evaluate`), written as XPath for forms (`survey_kit.instrument.xpath`) and proved
(`survey_kit.instrument.prove`). Truth has three values: a comparison with an item that has no answer is unknown, and an unknown
filter does not open a question.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NoReturn

from survey_kit.errors import InstrumentError
from survey_kit.types import Code

GRAMMAR = "Write comparisons of items with codes, like: contact == 1 and age >= 18, q2 in (1, 2), not answered(q3), selected(q4, 5)."
LONGEST = 1000  # characters of one text
DEEPEST = 40
JOINED = 3  # the conditions of a module, a grid and an item are read as one
LARGEST = 1e60  # powers of larger numbers overflow
OPERATORS = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE)
ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div)
AGGREGATES = ("sum", "min", "max", "count")  # over the members of a repeated module
OF_ITEM = ("year", "month", "count_selected")
WORDS = frozenset({"answered", "selected", "floor", *AGGREGATES, *OF_ITEM})


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed condition or value.

    Attributes
    ----------
    names
        The items it looks at directly.
    aggregates
        What it asks of a repeated module: pairs like ``("sum", "adult")``; of ``count`` the second is the module.
    """

    text: str
    tree: ast.expr
    names: tuple[str, ...]
    aggregates: tuple[tuple[str, str], ...] = ()

    @property
    def items(self) -> tuple[str, ...]:
        """Name every item it depends on, those of repeated modules included."""
        return tuple(dict.fromkeys((*self.names, *(name for how, name in self.aggregates if how != "count"))))


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """Parse a condition; anything but the small language is an error.

    Examples
    --------
    >>> parse("contact_police == 1 and age >= 18").names
    ('contact_police', 'age')
    >>> parse("selected(channels, 3) or count_selected(channels) > 2").names
    ('channels',)
    """
    reader = _Reader(text)
    reader.truth(reader.tree, 0)
    if not reader.names and not reader.aggregates:
        raise InstrumentError("A condition looks at no item.", found=repr(text), fix=GRAMMAR)
    return Expression(text, reader.tree, tuple(reader.names), tuple(reader.aggregates))


@lru_cache(maxsize=1024)
def parse_value(text: str) -> Expression:
    """Parse what computes a value: arithmetic on items, ``a if condition else b``.

    Examples
    --------
    >>> parse_value("year(interview_date) - birth_year").names
    ('interview_date', 'birth_year')
    """
    reader = _Reader(text)
    reader.value(reader.tree, 0)
    return Expression(text, reader.tree, tuple(reader.names), tuple(reader.aggregates))


def comparisons(expression: Expression) -> Iterator[tuple[str, Code | float]]:
    """Give each item with each constant that it is compared to or that is looked for among its answers."""
    for node in ast.walk(expression.tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            for left, right in pairwise(sides):
                for one, other in ((left, right), (right, left)):
                    if isinstance(one, ast.Name):
                        yield from ((one.id, value) for value in constants(other))
        elif isinstance(node, ast.Call) and called(node) == "selected":
            for part in node.args[1:]:
                yield from ((_name(node.args[0]), value) for value in constants(part))


def constants(node: ast.expr) -> tuple[Code | float, ...]:
    """Give the constants a node holds: one for a number or text, several for a list of them, none for anything else."""
    match node:
        case ast.Constant(value=bool()):
            return ()
        case ast.Constant(value=int() | float() as value) if abs(value) > LARGEST:
            return ()
        case ast.Constant(value=int() | float() | str() as value):
            return (value,)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)) if not (
            isinstance(value, bool) or abs(value) > LARGEST
        ):
            return (-value,)
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
            return tuple(value for part in parts for value in constants(part))
        case _:
            return ()


def too_large(expression: Expression) -> str:
    """Say why a text is longer or deeper than one condition may be; blank when it is not.

    Examples
    --------
    >>> too_large(parse("a == 1")), too_large(parse("not " * 41 + "a == 1"))
    ('', 'nested too deeply')
    """
    if len(expression.text) > LONGEST:
        return f"{len(expression.text)} characters long"
    depth, level = 0, [expression.tree]
    while level:
        depth += 1
        level = [child for node in level for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
    return "nested too deeply" if depth > DEEPEST else ""


def called(node: ast.Call) -> str:
    """Name the function of a call."""
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


class _Reader:
    """Walk a tree once, accept only the language, and note what it looks at."""

    def __init__(self, text: str) -> None:
        self.text = text
        if len(text) > JOINED * (LONGEST + 10):
            raise InstrumentError(
                "A condition is too long.", found=f"{len(text)} characters", fix="Split the question."
            )
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what Python thinks of odd literals
                self.tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise InstrumentError("A condition cannot be read.", found=repr(text), fix=GRAMMAR) from None
        self.names: dict[str, None] = {}
        self.aggregates: dict[tuple[str, str], None] = {}

    def truth(self, node: ast.expr, depth: int) -> None:
        """Accept a truth: and, or, not, a comparison, answered(item), selected(item, code)."""
        self._deep(node, depth)
        match node:
            case ast.BoolOp(values=values):
                for part in values:
                    self.truth(part, depth + 1)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self.truth(operand, depth + 1)
            case ast.Call(func=ast.Name(id="answered"), args=[ast.Name(id=name)], keywords=[]):
                self.names[name] = None
            case ast.Call(func=ast.Name(id="selected"), args=[ast.Name(id=name), _, *_] as args, keywords=[]):
                self.names[name] = None
                for part in args[1:]:
                    if len(constants(part)) != 1 or isinstance(part, (ast.Tuple, ast.List, ast.Set)):
                        self._refuse(part)
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                self.value(left, depth + 1)
                for op, side in zip(ops, comparators, strict=True):
                    self._side(op, side, alone=len(ops) == 1, depth=depth)
            case _:
                self._refuse(node)

    def _side(self, op: ast.cmpop, side: ast.expr, *, alone: bool, depth: int) -> None:
        if isinstance(op, (ast.In, ast.NotIn)):
            if not isinstance(side, (ast.Tuple, ast.List, ast.Set)) or not alone or not side.elts:
                self._refuse(side)
            for part in side.elts:
                if len(constants(part)) != 1 or isinstance(part, (ast.Tuple, ast.List, ast.Set)):
                    self._refuse(part)
        elif isinstance(op, OPERATORS):
            self.value(side, depth + 1)
        else:
            self._refuse(side)

    def value(self, node: ast.expr, depth: int) -> None:
        """Accept a value: an item, a constant, arithmetic, a choice between two values, a function of an item."""
        self._deep(node, depth)
        match node:
            case ast.Name(id=name):
                self.names[name] = None
            case ast.BinOp(left=left, op=op, right=right) if isinstance(op, ARITHMETIC):
                self.value(left, depth + 1)
                self.value(right, depth + 1)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self.truth(test, depth + 1)
                self.value(body, depth + 1)
                self.value(orelse, depth + 1)
            case ast.Call(func=ast.Name(id="floor"), args=[part], keywords=[]):
                self.value(part, depth + 1)
            case ast.Call(func=ast.Name(id=how), args=[ast.Name(id=name)], keywords=[]) if how in OF_ITEM:
                self.names[name] = None
            case ast.Call(func=ast.Name(id=how), args=[ast.Name(id=name)], keywords=[]) if how in AGGREGATES:
                self.aggregates[(how, name)] = None
            case _ if len(constants(node)) == 1 and not isinstance(node, (ast.Tuple, ast.List, ast.Set)):
                pass
            case _:
                self._refuse(node)

    def _deep(self, node: ast.expr, depth: int) -> None:
        if depth > DEEPEST + JOINED:
            self._refuse(node)

    def _refuse(self, node: ast.expr) -> NoReturn:
        part = ast.get_source_segment(self.text.strip(), node) or self.text
        raise InstrumentError(
            "A condition holds what it must not hold.", found=f"'{part}' in '{self.text}'", fix=GRAMMAR
        )
