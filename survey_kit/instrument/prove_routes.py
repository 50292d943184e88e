"""Proofs of routes: what can be asked at all, and which conditions, or parts of them, decide nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from survey_kit.instrument.expressions import called, parse
from survey_kit.instrument.model import Problem
from survey_kit.instrument.prove_case import Case, Condition
from survey_kit.instrument.solver_items import Node
from survey_kit.instrument.solver_logic import Formula
from survey_kit.instrument.solver_search import Step


def reach(case: Case) -> tuple[dict[str, tuple[Step, ...]], list[str], list[Problem]]:
    """Find out which items can be asked: the shortest way to each, those that are only possible, the problems."""
    paths: dict[str, tuple[Step, ...]] = {}
    possible: list[str] = []
    problems: list[Problem] = []
    closed = dict(_closed(case, problems))
    known: dict[tuple[str | None, ...], tuple[bool | None, tuple[Step, ...] | None, bool]] = {}
    for place in case.places:
        node = case.system.node(place.item.id)
        if any(way in closed for _, way in place.conditions()):
            continue
        route = _route(node)
        if route not in known:
            known[route] = _opened(case, node)
        found, steps, walked = known[route]
        way = (*place.way, "ask_if")
        if found is False:
            fix = "Mend its condition or those of the items it depends on."
            problems.append(case.problem("P001", way, f"No answers open item '{node.item.id}'.", fix))
        elif found is None:
            case.undecided.setdefault(f"whether item '{node.item.id}' can be asked", way)
        elif steps is not None and walked:
            paths[node.item.id] = steps
        else:
            possible.append(node.item.id)
            problems += _only_possible(case, node, way)
    return paths, possible, problems


def _closed(case: Case, problems: list[Problem]) -> Iterator[tuple[tuple[str | int, ...], Condition]]:
    """Find modules and grids that are never asked as a whole; they are told once and not again for each item."""
    for condition in case.conditions():
        if condition.what.startswith("item"):
            continue
        truth, around = case.truth(condition.text, condition.place.module), case.around(condition)
        if truth is None or around is None:
            continue
        if case.ask(f"whether {condition.what} can be asked", condition.way, *around, truth.true) is False:
            message = f"No answers open {condition.what}: none of its items can be asked."
            problems.append(case.problem("P001", condition.way, message, "Mend its condition."))
            yield condition.way, condition


def _route(node: Node) -> tuple[str | None, ...]:
    grid = node.grid.ask_if if node.grid else None
    return (node.module.ask_if, grid, node.item.ask_if, node.module.id if node.module.repeat else None)


def _opened(case: Case, node: Node) -> tuple[bool | None, tuple[Step, ...] | None, bool]:
    """Say whether an item can be open, with which answers, and whether a walk with these answers comes to it."""
    found = case.search.possible(node.asked)
    names = case.system.cone(case.system.needs[node.item.id])
    steps = case.search.path(node.asked, names) if found else None
    return found, steps, steps is not None and case.confirmed(node, steps)


def _only_possible(case: Case, node: Node, way: tuple[str | int, ...]) -> Iterator[Problem]:
    """Tell what may be open, unless its condition or those it depends on are faulty, which is told elsewhere."""
    cone = set(case.system.cone([node.item.id]))
    if cone & set(case.system.faulty):
        return
    bounded = ", ".join(f"'{name}'" for name in sorted(cone & case.system.loose))
    why = (
        f"{bounded} of many members is held within bounds only"
        if bounded
        else "a walk with the answers found ends elsewhere"
    )
    message = f"That item '{node.item.id}' can be asked is possible, not proved: {why}."
    yield case.problem("P015", way, message, "Try an interview by hand.", "note")


# ----------------------------------------------------------------------------------------------------------- conditions
def conditions(case: Case) -> Iterator[Problem]:
    """Find conditions, and parts of conditions, that decide nothing."""
    for condition in case.conditions():
        truth, around = case.truth(condition.text, condition.place.module), case.around(condition)
        if not condition.own or truth is None or around is None:
            continue
        what, way = f"whether the condition of {condition.what} decides anything", condition.way
        if case.ask(what, way, *around, truth.true) is not True:
            continue  # never open, which is told of its items, or undecided
        negated = case.system.logic.negate(truth.true)
        if case.ask(what, way, *around, negated) is False:
            yield _always(case, condition, case.ask(what, way, negated) is False)
        elif _substantive(case, condition, around, negated):
            message = f"The condition of {condition.what} holds for everybody who gave an answer."
            names = " and ".join(f"answered({name})" for name in parse(condition.text).names)
            fix = f"Write '{names}', or correct it."
            yield case.problem("P003", way, message, fix, "note")
        else:
            yield from _parts(case, condition, around)


def _always(case: Case, condition: Condition, alone: bool) -> Problem:
    if alone:
        message = f"The condition of {condition.what} is always true: '{condition.text}'."
        return case.problem("P002", condition.way, message, "Remove it, or correct it.")
    message = f"The condition of {condition.what} is true for everybody who comes to it: '{condition.text}'."
    return case.problem("P002", condition.way, message, "Remove it: what stands around it says it already.", "note")


def _substantive(case: Case, condition: Condition, around: Sequence[Formula], negated: Formula) -> bool:
    """Say whether a condition only parts those who answered from those who did not, without saying so."""
    expression = parse(condition.text)
    if not expression.names or not any(_looks(node) for node in ast.walk(expression.tree)):
        return False
    answers = [case.system.node(name).answered for name in expression.names]
    what = f"whether the condition of {condition.what} decides anything"
    if case.ask(what, condition.way, *around, *answers) is not True:
        return False
    return case.ask(what, condition.way, *around, *answers, negated) is False


def _looks(node: ast.AST) -> bool:
    """Say whether a part looks at the answer itself, not only at whether there is one."""
    return isinstance(node, ast.Compare) or (isinstance(node, ast.Call) and called(node) == "selected")


def _parts(case: Case, condition: Condition, around: Sequence[Formula]) -> Iterator[Problem]:
    node = case.system.node(condition.place.item.id)
    for part, never in _needless(case, condition, node, parse(condition.text).tree, around):
        text = ast.unparse(part)
        if never:
            message = f"The part '{text}' of the condition of {condition.what} can never be true."
            yield case.problem("P004", condition.way, message, "Remove it, or correct it.", "note")
        else:
            message = f"The part '{text}' of the condition of {condition.what} changes nothing."
            fix = "Remove it: its other parts, what stands around it or the limits of the answers say it already."
            yield case.problem("P004", condition.way, message, fix, "note")


def _needless(
    case: Case, condition: Condition, node: Node, tree: ast.expr, context: Sequence[Formula]
) -> Iterator[tuple[ast.expr, bool]]:
    """Give the parts without which a condition means the same, and whether each can never be true.

    Each answer is looked at for itself, without the route that leads to it: to repeat the condition of an item that another part
    looks at is careful, not needless.
    """
    if not isinstance(tree, ast.BoolOp):
        return
    negate, both = case.system.logic.negate, isinstance(tree.op, ast.And)
    truths = [case.system.translate(part, node).true for part in tree.values]
    kept = list(range(len(truths)))
    what = f"whether each part of the condition of {condition.what} matters"
    for i, part in enumerate(tree.values):
        others = [truths[j] if both else negate(truths[j]) for j in kept if j != i]
        test = negate(truths[i]) if both else truths[i]
        if case.ask(what, condition.way, *context, *others, test, routed=False) is False:
            kept.remove(i)
            never = not both and case.ask(what, condition.way, *context, truths[i], routed=False) is False
            yield part, never
        else:
            yield from _needless(case, condition, node, part, [*context, *others])
