"""Proofs of answers: constraints that refuse everything or nothing, routes they contradict, codes that nobody can give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from survey_kit.instrument.expressions import parse
from survey_kit.instrument.model import Problem
from survey_kit.instrument.places import Place
from survey_kit.instrument.prove_case import Case
from survey_kit.instrument.solver_items import Node
from survey_kit.instrument.solver_logic import Constant, Formula, Value, fraction

MOST_TRIED = 200  # answers of one item that are tried one by one


def answers(case: Case) -> Iterator[Problem]:
    """Find constraints that do what no constraint should."""
    for place in case.places:
        node = case.system.node(place.item.id)
        if node.refused is not None and node.value is not None:
            yield from _constraint(case, place, node, node.value)


def _constraint(case: Case, place: Place, node: Node, value: Value) -> Iterator[Problem]:
    item, way = node.item, (*place.way, "constraint")
    what = f"what the constraint of item '{item.id}' accepts"
    if case.ask(what, way, node.answered, routed=False, free=node.free) is not True:
        return  # its limits alone leave no answer, which the rules of items tell
    if case.ask(what, way, node.answered, routed=False) is False:
        message = f"No answer of item '{item.id}' meets its constraint '{item.constraint}'."
        yield case.problem("P005", way, message, "Correct the constraint or the limits.")
        return
    if case.ask(what, way, node.asked) is not True:
        return  # never asked, which is told elsewhere
    if case.ask(what, way, node.answered) is False:
        message = f"Wherever item '{item.id}' is asked, its constraint refuses every answer: '{item.constraint}'."
        fix = "Correct the constraint, or the condition under which it is asked."
        yield case.problem("P007", way, message, fix)
        return
    if place.own and case.ask(what, way, node.answered, node.refused, free=node.free) is False:
        message = f"Every answer of item '{item.id}' meets its constraint '{item.constraint}'."
        yield case.problem("P006", way, message, "Remove it, or correct it.", "note")
        return
    yield from _stuck(case, place, node, value)
    yield from _codes(case, place, node, value)


def _stuck(case: Case, place: Place, node: Node, value: Value) -> Iterator[Problem]:
    """Find interviews in which no answer is accepted, although others have one; of items with few answers."""
    others = [name for name in parse(node.item.constraint or "").items if name != node.item.id]
    tried = _tried(node, value)
    if not others or not tried:
        return
    tree, way = parse(node.item.constraint or "").tree, (*place.way, "constraint")
    refused = [case.system.translate(tree, node, one).false for one in tried]
    what = f"whether item '{node.item.id}' has an answer wherever it is asked"
    if case.ask(what, way, node.asked, *refused):
        example = case.example(node.asked, *refused, names=[*case.system.needs[node.item.id], *others])
        message = f"In some interviews the constraint of item '{node.item.id}' refuses every answer.{example}"
        fix = "Correct the constraint, or do not ask the item there."
        yield case.problem("P007", way, message, fix)


def _tried(node: Node, value: Value) -> list[Value]:
    if value.kind in {"codes", "date"}:
        return []
    constants: Sequence[Constant] = list(value.cases or ())
    low, high = node.item.minimum, node.item.maximum
    if node.item.type == "integer" and low is not None and high is not None and high - low <= MOST_TRIED:
        constants = [Fraction(one) for one in range(int(fraction(low).__ceil__()), int(fraction(high).__floor__()) + 1)]
    return [Value(kind=value.kind, known=True, cases={one: True}) for one in constants]


def _codes(case: Case, place: Place, node: Node, value: Value) -> Iterator[Problem]:
    """Find the answers that can never be marked."""
    if value.cases is None or not place.own:
        return
    way = (*place.way, "constraint")
    what = f"whether each answer of item '{node.item.id}' can be given"
    never = [one for one, guard in value.cases.items() if _impossible(case, what, way, guard)]
    if never:
        shown = ", ".join(repr(one) if isinstance(one, str) else str(one) for one in never)
        message = f"The answer {shown} of item '{node.item.id}' can never be given: its constraint refuses it."
        if len(never) > 1:
            message = f"The answers {shown} of item '{node.item.id}' can never be given: its constraint refuses them."
        yield case.problem("P008", way, message, "Take it off the scale, or correct the constraint.")


def _impossible(case: Case, what: str, way: tuple[str | int, ...], guard: Formula) -> bool:
    return case.ask(what, way, guard) is False
