"""What answers people may have given, and which truths a condition may have then: on the safe side, for the arrows on paper."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import reduce
from itertools import pairwise, product
from typing import Any, TypeAlias

from survey_kit.instrument.export.sentences_clauses import MIRRORED, meets
from survey_kit.instrument.export.sentences_numbers import routes
from survey_kit.instrument.expressions import WORDS, called, comparisons, constants, parse
from survey_kit.instrument.model import NUMERIC
from survey_kit.instrument.questionnaire import Instrument

Known: TypeAlias = Mapping[
    str, frozenset[Any]
]  # item -> what its answer may be; None is no answer; an item not named may be anything
Truths: TypeAlias = frozenset[bool | None]
EVERY: Truths = frozenset({True, False, None})


def domains(instrument: Instrument) -> Known:
    """Give for each item the answers it may have, as far as conditions can tell them apart; None is no answer.

    Numbers and dates stand for all that lie alike to the constants they are compared to.

    Examples
    --------
    >>> from survey_kit.instrument.model import Item, Module
    >>> age = Item(id="age", type="integer")
    >>> told = Item(id="q", type="text", ask_if="age >= 18")
    >>> sorted(domains(Instrument(id="a", version="1", modules=(Module(id="m", items=(age, told)),)))["age"] - {None})
    [17, 18, 19]
    """
    compared: dict[str, set[Any]] = {}
    for expression in routes(instrument):
        for name, value in comparisons(expression):
            compared.setdefault(name, set()).add(value)
    out: dict[str, frozenset[Any]] = {}
    for item in instrument.items:
        if item.type in {"single", "arm"}:
            out[item.id] = frozenset({*instrument.codes(item.id), None})
        elif item.type in NUMERIC:
            numbers_ = sorted(one for one in compared.get(item.id, ()) if not isinstance(one, str))
            between = [(one + other) / 2 for one, other in pairwise(numbers_)]
            ends = [numbers_[0] - 1, numbers_[-1] + 1] if numbers_ else [1]
            out[item.id] = frozenset({*numbers_, *between, *ends, None})
        elif item.type in {"date", "text"}:
            texts = [one for one in compared.get(item.id, ()) if isinstance(one, str)]
            out[item.id] = frozenset({"", *texts, *(f"{one}\0" for one in texts), None})
    return out


def truths(node: ast.expr, known: Known) -> Truths:
    """Say which truths a condition may have: True, False, None (unknown).

    Examples
    --------
    >>> truths(parse("q == 1 and answered(p)").tree, {"q": frozenset({2}), "p": frozenset({1, None})})
    frozenset({False})
    """
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)} - WORDS
    free = [name for name in names if len(known.get(name, ())) > 1]
    if isinstance(node, ast.BoolOp) and len(free) == 1 and names <= known.keys():
        name = free[0]
        cases = (_truths(node, {**known, name: frozenset({value})}) for value in known[name])
        return frozenset().union(*cases)
    return _truths(node, known)


def _truths(node: ast.expr, known: Known) -> Truths:
    match node:
        case ast.BoolOp(op=op, values=values):
            parts = [truths(part, known) for part in values]
            join = _both if isinstance(op, ast.And) else _either
            return reduce(lambda one, other: frozenset(join(a, b) for a, b in product(one, other)), parts)
        case ast.UnaryOp(operand=operand):
            return frozenset(None if one is None else not one for one in truths(operand, known))
        case ast.Call(args=[ast.Name(id=name), *codes]):
            wanted = frozenset(code for part in codes for code in constants(part))
            if name not in known:
                return frozenset({True, False}) if called(node) == "answered" else EVERY
            return frozenset(_call(called(node), value, wanted) for value in known[name])
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            sides = [left, *comparators]
            each = [
                _compared(type(op), one, other, known) for op, one, other in zip(ops, sides, comparators, strict=False)
            ]
            return reduce(lambda one, other: frozenset(_both(a, b) for a, b in product(one, other)), each)
        case _:
            return EVERY


def _both(one: bool | None, other: bool | None) -> bool | None:
    if one is False or other is False:
        return False
    return None if one is None or other is None else True


def _either(one: bool | None, other: bool | None) -> bool | None:
    if one is True or other is True:
        return True
    return None if one is None or other is None else False


def _call(how: str, value: Any, wanted: frozenset[Any]) -> bool | None:
    if how == "answered":
        return value is not None
    return None if value is None else bool(wanted & value)


def _compared(op: type[ast.cmpop], one: ast.expr, other: ast.expr, known: Known) -> Truths:
    if isinstance(one, ast.Name) and constants(other) and one.id in known:
        return frozenset(None if case is None else meets(op, case, constants(other)) for case in known[one.id])
    if isinstance(other, ast.Name) and constants(one) and op in MIRRORED:
        return _compared(MIRRORED[op], other, one, known)
    nobody = frozenset({None})
    names = [part.id for side in (one, other) for part in ast.walk(side) if isinstance(part, ast.Name)]
    plain = isinstance(one, (ast.Name, ast.Constant)) and isinstance(other, (ast.Name, ast.Constant))
    return nobody if plain and any(known.get(name) == nobody for name in names) else EVERY


def conjuncts(condition: str | None) -> tuple[str, ...]:
    """Take a condition apart at its outermost ``and``.

    Examples
    --------
    >>> conjuncts("(consent == 1) and (age < 30 or student == 1)")
    ('consent == 1', 'age < 30 or student == 1')
    """
    return tuple(ast.unparse(part) for part in _parts(parse(condition).tree)) if condition else ()


def _parts(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        return [part for value in node.values for part in _parts(value)]
    return [node]
