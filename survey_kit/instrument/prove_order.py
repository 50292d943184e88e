"""Proofs of order: circles, answers that may come later, draws that nobody looks at or that come too late."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from survey_kit.errors import InstrumentError
from survey_kit.instrument.expressions import Expression, constants, parse, parse_value
from survey_kit.instrument.model import Declaration, Item, Module, Problem
from survey_kit.instrument.places import Place, Way
from survey_kit.instrument.prove_case import Case
from survey_kit.instrument.rules_texts import PIPED
from survey_kit.instrument.solver_items import Node


def expressions(place: Place) -> Iterator[tuple[Expression, Way, bool]]:
    """Give what an item looks at that can be read, with the way to it, and whether it may look at itself."""
    texts = [(text, way, False) for text, way in place.conditions()]
    if place.item.constraint is not None:
        texts.append((place.item.constraint, (*place.way, "constraint"), True))
    for text, way, own in texts:
        try:
            yield parse(text), way, own
        except InstrumentError:
            continue
    if place.item.value is not None:
        try:
            yield parse_value(place.item.value), (*place.way, "value"), False
        except InstrumentError:
            return


def ordering(declaration: Declaration) -> tuple[str, ...]:
    """Name the draws that order something: rows, modules, answers."""
    grids = [item.rotate for module in declaration.modules for item in module.items]
    rows = [one.shuffle for module in declaration.modules for item in module.items for one in (item, *item.rows)]
    starts = [rotation.start for rotation in declaration.rotations.values()]
    return tuple(dict.fromkeys(name for name in (*grids, *rows, *starts) if name is not None))


def order(case: Case, reached: Mapping[str, object]) -> Iterator[Problem]:
    """Find what stands in the wrong order."""
    yield from _circles(case)
    yield from _later(case)
    yield from _unseen(case)
    yield from _parts_of_rotations(case, reached)
    yield from _undrawn(case)
    yield from _piped(case)


# -------------------------------------------------------------------------------------------------------------- circles
def _circles(case: Case) -> Iterator[Problem]:
    """Find items that wait for each other: nothing can ask the first of them."""
    by_id = {place.item.id: place for place in case.places}
    needs: dict[str, dict[str, Way]] = {name: {} for name in by_id}
    repeats = {module.id: _counting(module) for module in case.instrument.modules if module.repeat}
    for place in case.places:
        found = needs[place.item.id]
        if place.module.id in repeats:
            found.setdefault(repeats[place.module.id][0], (*place.module_way, "repeat"))
        for expression, way, own in expressions(place):
            counted = (repeats[name] for how, name in expression.aggregates if how == "count" and name in repeats)
            for name in (*expression.items, *(one for names in counted for one in names)):
                if name != place.item.id or not own:
                    found.setdefault(name, way)
    told: set[str] = set()
    for start in needs:
        circle = () if start in told else _circle(start, needs)
        if circle and not set(circle) & told:
            told |= set(circle)
            shown = " -> ".join((*circle, circle[0]))
            message = f"Items wait for each other in a circle: {shown}."
            if len(circle) == 1:
                message = f"Item '{circle[0]}' waits for itself."
            yield case.problem("P010", needs[circle[0]][(*circle, circle[0])[1]], message, "Break the circle.")


def _counting(module: Module) -> tuple[str, ...]:
    """Name the items that say how many members a repeated module has."""
    try:
        names = parse(module.ask_if).items if module.ask_if else ()
    except InstrumentError:
        names = ()
    return (module.repeat.count, *names) if module.repeat else names


def _circle(start: str, needs: Mapping[str, Mapping[str, Way]]) -> tuple[str, ...]:
    """Give the shortest way from an item back to itself."""
    before: dict[str, str] = {}
    waiting = [start]
    for name in waiting:
        for other in needs.get(name, {}):
            if other == start:
                way = [name]
                while way[-1] != start:
                    way.append(before[way[-1]])
                return tuple(reversed(way))
            if other not in before and other in needs:
                before[other] = name
                waiting.append(other)
    return ()


# ---------------------------------------------------------------------------------------------------------------- later
def _later(case: Case) -> Iterator[Problem]:
    """Find what looks at answers that come later in some interviews: of rotated modules and rows, of later members."""
    by_id = {place.item.id: place for place in case.places}
    rotated = {module: name for name, one in case.instrument.rotations.items() for module in one.modules}
    first = {place.module.id: place.order for place in reversed(case.places)}
    seen: set[tuple[Way, str]] = set()
    for place in (one for one in case.places if one.own):
        for expression, way, _ in expressions(place):
            for name in expression.items:
                other = by_id.get(name)
                why = _why_later(place, other, rotated) if other is not None and other.order < place.order else ""
                if why and (way, name) not in seen:
                    seen.add((way, name))
                    message = f"Item '{place.item.id}' looks at '{name}', which may be asked later: {why}."
                    yield case.problem("P009", way, message, f"Ask '{name}' before what is rotated.")
            for how, name in expression.aggregates:
                if how == "count" and first.get(name, -1) >= place.order and (way, name) not in seen:
                    seen.add((way, name))
                    message = f"Item '{place.item.id}' counts the members of '{name}', which comes later."
                    yield case.problem("P009", way, message, f"Move '{name}' before it.")


def _why_later(place: Place, other: Place, rotated: Mapping[str, str]) -> str:
    here, there = rotated.get(place.module.id), rotated.get(other.module.id)
    if here is not None and here == there and place.module.id != other.module.id:
        return f"the modules of the rotation '{here}' change their order"
    grid = place.grid
    if grid is not None and grid.rotate is not None and other.grid is not None and other.grid.id == grid.id:
        return f"the rows of the grid '{grid.id}' change their order"
    return ""


# ---------------------------------------------------------------------------------------------------------------- draws
def _unseen(case: Case) -> Iterator[Problem]:
    """Find the codes of arms that nothing depends on."""
    ordered = ordering(case.instrument)
    looked = [expression.tree for place in case.places for expression, _, _ in expressions(place)]
    for place in case.places:
        codes = case.instrument.codes(place.item.id)
        if place.item.type != "arm" or place.item.id in ordered or not place.own:
            continue
        seen = {code for tree in looked for code in _seen(tree, place.item.id, codes)}
        noted = set(re.findall(r"\w+", place.item.note or ""))
        unseen = [code for code in codes if code not in seen and str(code) not in noted]
        if unseen:
            shown = ", ".join(map(str, unseen))
            one = "code" if len(unseen) == 1 else "codes"
            message = f"Nothing depends on the {one} {shown} of the arm '{place.item.id}'."
            fix = f"Say in its note what {shown} is for (a group to compare with), or correct the conditions."
            yield case.problem("P011", place.way, message, fix, "note")


def _seen(tree: ast.expr, name: str, codes: Sequence[object]) -> Iterator[object]:
    """Give the codes of an arm that an expression singles out; all of them when it looks at it in another way."""
    plain = 0
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            for op, (one, other) in zip(node.ops, pairwise([node.left, *node.comparators]), strict=True):
                sides = [(a, b) for a, b in ((one, other), (other, one)) if isinstance(a, ast.Name) and a.id == name]
                for _, constant in sides:
                    if isinstance(op, (ast.Eq, ast.In)) and constants(constant):
                        plain += 1
                        yield from constants(constant)
    uses = sum(isinstance(node, ast.Name) and node.id == name for node in ast.walk(tree))
    if uses > plain:
        yield from codes


def _parts_of_rotations(case: Case, reached: Mapping[str, object]) -> Iterator[Problem]:
    document_way: Way = ("rotations",)
    for name, rotation in case.instrument.rotations.items():
        for module_id in rotation.modules:
            inside = [place.item.id for place in case.places if place.module.id == module_id]
            if inside and not any(item in reached for item in inside):
                message = f"The module '{module_id}' of the rotation '{name}' is never asked."
                fix = "Take it out of the rotation, or mend its condition."
                yield case.problem("P012", (*document_way, name, "modules"), message, fix)


def _undrawn(case: Case) -> Iterator[Problem]:
    """Find what is ordered by a draw that not everybody has who sees it."""
    told: set[tuple[str, Way]] = set()
    tried: set[tuple[object, ...]] = set()
    for place, name, what, way in _ordered(case):
        node, draw = case.system.node(place.item.id), _node(case, name)
        route = (name, way, tuple(text for text, _ in place.conditions()))
        if draw is None or draw.item.type not in {"arm", "random"} or (name, way) in told or route in tried:
            continue
        tried.add(route)
        missing = case.system.logic.negate(draw.answered)
        if case.ask(f"whether '{name}' is drawn wherever {what} is asked", way, node.asked, missing):
            told.add((name, way))
            example = case.example(node.asked, missing, names=[place.item.id, name])
            message = f"The order of {what} is not drawn for everybody who is asked: '{name}' is not.{example}"
            yield case.problem("P013", way, message, f"Draw '{name}' under the same condition, or earlier.")


def _ordered(case: Case) -> Iterator[tuple[Place, str, str, Way]]:
    rotations = [(name, rotation) for name, rotation in case.instrument.rotations.items()]
    for place in case.places:
        grid, item = place.grid, place.item
        if grid is not None and grid.rotate is not None:
            yield place, grid.rotate, f"grid '{grid.id}'", (*place.way[:-2], "rotate")
        if item.shuffle is not None:
            yield place, item.shuffle, f"the answers of item '{item.id}'", (*place.way, "shuffle")
        for name, rotation in rotations:
            if place.module.id in rotation.modules:
                yield place, rotation.start, f"rotation '{name}'", ("rotations", name, "start")


def _piped(case: Case) -> Iterator[Problem]:
    """Find texts that show the answer to an item which some who see them were never asked."""
    seen: set[tuple[str, Way]] = set()
    for place in (one for one in case.places if one.own):
        for texts, way in _texts(place):
            names = {name: None for text in texts.values() for name in PIPED.findall(text)}
            for name in names:
                node, shown = case.system.node(place.item.id), _node(case, name)
                if shown is None or (name, way) in seen or case.system.logic.negate(shown.asked) is False:
                    continue
                seen.add((name, way))
                unasked = case.system.logic.negate(shown.asked)
                if case.ask(f"whether '{name}' is asked wherever it is shown", way, node.asked, unasked):
                    example = case.example(node.asked, unasked, names=[place.item.id, name])
                    message = f"Some who see '${{{name}}}' at item '{place.item.id}' were never asked it.{example}"
                    yield case.problem("P016", way, message, f"Ask only those who were asked '{name}'.", "note")


def _texts(place: Place) -> Iterator[tuple[Mapping[str, str], Way]]:
    item: Item = place.item
    yield from ((texts, (*place.way, name)) for texts, name in ((item.text, "text"), (item.instruction, "instruction")))
    if place.grid is not None:
        yield place.grid.text, (*place.way[:-2], "text")
    yield place.module.lead_in, (*place.module_way, "lead_in")


def _node(case: Case, name: str) -> Node | None:
    return case.system.node(name) if case.system.copies(name) else None
