"""What conditions of a form say of blank answers and of codes that are no answers."""

from __future__ import annotations

from math import nan

from survey_kit.instrument.imports.logic import (
    All,
    Choice,
    Compare,
    Const,
    Filled,
    Func,
    Has,
    Logic,
    Name,
    Op,
    Over,
    Some,
    Target,
    Truth,
    Value,
    every,
    some,
)


def keys(logic: Logic) -> frozenset[str]:
    """Name the items, and the members, a part looks at."""
    match logic:
        case All(parts) | Some(parts):
            return frozenset().union(*(keys(one) for one in parts))
        case Compare(_, left, right, _):
            return _value_keys(left) | _value_keys(right)
        case Has(target, _, _):
            return frozenset({target.id})
        case Filled(part, _):
            return _value_keys(part)
        case _:
            return frozenset()


def _value_keys(value: Value) -> frozenset[str]:
    match value:
        case Name(target):
            return frozenset({target.id})
        case Op(_, left, right):
            return _value_keys(left) | _value_keys(right)
        case Func(_, part):
            return _value_keys(part)
        case Over(how, name):
            return frozenset({f"min({name})"} if how in {"min", "max"} else {f"{how}({name})"})
        case Choice(test, body, other):
            return keys(test) | _value_keys(body) | _value_keys(other)
        case _:
            return frozenset()


def targets(logic: Logic) -> list[Target]:
    """Give the items a part looks at."""
    out: dict[str, Target] = {}

    def inside(value: Value) -> None:
        match value:
            case Name(target):
                out.setdefault(target.id, target)
            case Op(_, left, right):
                inside(left)
                inside(right)
            case Func(_, part):
                inside(part)
            case Choice(test, body, other):
                out.update({one.id: one for one in targets(test)})
                inside(body)
                inside(other)

    match logic:
        case All(parts) | Some(parts):
            for one in parts:
                out.update({target.id: target for target in targets(one)})
        case Compare(_, left, right, _):
            inside(left)
            inside(right)
        case Has(target, _, _):
            out[target.id] = target
        case Filled(part, _):
            inside(part)
    return list(out.values())


def target_of(logic: Logic) -> Target | None:
    """Give the first item a part looks at."""
    return next(iter(targets(logic)), None)


def unanswered(logic: Logic, name: str) -> list[bool]:
    """Say whether a part about one item holds where it is blank, then with each of its codes that are no answers."""
    target = target_of(logic)
    if name.startswith(("count(", "sum(")):
        return [holds(logic, ("0",))]
    return [holds(logic, ()), *(holds(logic, (str(code),)) for code in (target.missing if target else ()))]


def holds(logic: Logic, answer: tuple[str, ...]) -> bool:
    """Say whether a part about one item holds in a form where the item has this answer."""
    match logic:
        case All(parts):
            return all(holds(one, answer) for one in parts)
        case Some(parts):
            return any(holds(one, answer) for one in parts)
        case Truth(value):
            return value
        case Has(_, code, right):
            return (str(code) in answer) is right
        case Filled(_, right):
            return bool(answer) is right
        case Compare(op, left, right_, right):
            return _compared(op, _valued(left, answer), _valued(right_, answer)) is right
    return False


def _compared(op: str, left: float | str, right: float | str) -> bool:
    if op in {"=", "!="} and (isinstance(left, str) and isinstance(right, str)):
        return (left == right) is (op == "=")
    one, other = _float(left), _float(right)
    if op == "!=":
        return one != other
    if op == "=":
        return one == other
    return {"<": one < other, "<=": one <= other, ">": one > other, ">=": one >= other}[op]


def _valued(value: Value, answer: tuple[str, ...]) -> float | str:
    match value:
        case Const(one):
            return one
        case Name():
            return answer[0] if answer else ""
        case Func("count_selected", _):
            return float(len(answer))
        case Op(op, left, right):
            one, other = _float(_valued(left, answer)), _float(_valued(right, answer))
            if op == "/":
                return one / other if other else nan
            return {"+": one + other, "-": one - other, "*": one * other}[op]
        case Over("count" | "sum", _):
            return 0.0
        case Choice(test, body, other_):
            return _valued(body if holds(test, answer) else other_, answer)
        case _:
            return nan


def _float(value: float | str) -> float:
    try:
        return float(value)
    except ValueError:
        return nan


def restricted(logic: Logic) -> Logic:
    """Give a part about one item that has an answer."""
    match logic:
        case All(parts):
            return every([restricted(one) for one in parts])
        case Some(parts):
            return some([restricted(one) for one in parts])
        case Filled(_, right):
            return Truth(right)
        case Has(target, code, right) if code in target.missing:
            return Truth(not right)
        case Compare("=" | "!=" as op, Name(target), Const(value), right) if value in target.missing:
            return Truth((op == "!=") is right)
        case _:
            return logic
