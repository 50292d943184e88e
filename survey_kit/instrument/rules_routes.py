"""Rules of conditions, constraints and computed values: they can be read, look backwards, and fit the types they look at."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence

from survey_kit.errors import InstrumentError, did_you_mean
from survey_kit.instrument.expressions import Expression, called, comparisons, parse, parse_value, too_large
from survey_kit.instrument.model import Declaration, Item, Problem
from survey_kit.instrument.places import Place, Teller, Way, missing_codes, notes, scale_of
from survey_kit.instrument.questionnaire import joined
from survey_kit.instrument.reach import unreachable


def check_routes(declaration: Declaration, found: Sequence[Place], tell: Teller, *, sound: bool) -> Iterator[Problem]:
    """Check every condition of an instrument; whether items can be reached only when nothing else is wrong (`sound`)."""
    by_id = {place.item.id: place for place in found}
    seen: set[Way] = set()
    faults = 0
    for place in (*found, *notes(declaration)):
        for text, way, read, own in _expressions(place):
            if way in seen or not place.own:
                continue
            seen.add(way)
            for problem in _expression(declaration, place, by_id, tell, (text, way, read, own)):
                faults += problem.severity == "error"
                yield problem
    if sound and not faults:
        yield from _reach(declaration, found, tell)


def _expressions(place: Place) -> Iterator[tuple[str, Way, Callable[[str], Expression], bool]]:
    """Give each text to read, its way, how it is read, and whether it may look at the item itself."""
    yield from ((text, way, parse, False) for text, way in place.conditions())
    if place.item.constraint is not None:
        yield place.item.constraint, (*place.way, "constraint"), parse, True
    if place.item.value is not None:
        yield place.item.value, (*place.way, "value"), parse_value, False


def _expression(
    declaration: Declaration,
    place: Place,
    by_id: Mapping[str, Place],
    tell: Teller,
    what: tuple[str, Way, Callable[[str], Expression], bool],
) -> Iterator[Problem]:
    text, way, read, own = what
    try:
        expression = read(text)
    except InstrumentError as fault:
        yield tell("I009", way, f"{fault.what} Found: {fault.found}.", fault.fix or "")
        return
    if large := too_large(expression):
        yield tell("I009", way, f"A condition is {large}.", "Split it: compute parts of it in items of their own.")
    yield from _targets(declaration, place, expression, by_id, tell, way=way, own=own)
    yield from _compared(declaration, expression, by_id, tell, way)
    yield from _types(declaration, expression, by_id, tell, way)
    yield from _unlike(declaration, expression, by_id, tell, way)


def _targets(
    declaration: Declaration,
    place: Place,
    expression: Expression,
    by_id: Mapping[str, Place],
    tell: Teller,
    *,
    way: Way,
    own: bool,
) -> Iterator[Problem]:
    item_id = place.item.id
    first = min((one.order for one in by_id.values() if one.module.id == place.module.id), default=place.order)
    order = first if way == (*place.module_way, "ask_if") else place.order
    for name in expression.items:
        if name not in by_id:
            known = did_you_mean(name, by_id)
            yield tell("I010", way, f"Item '{item_id}' depends on the unknown item '{name}'.", known)
        elif by_id[name].order > order or (by_id[name].order == order and not own):
            what = "itself" if name == item_id else f"'{name}', which is asked later"
            yield tell("I011", way, f"Item '{item_id}' depends on {what}.", f"Move '{name}' before '{item_id}'.")
        elif name in expression.names and (home := by_id[name].module).repeat and home.id != place.module.id:
            message = f"Item '{item_id}' looks at '{name}', which is asked once for each member of '{home.id}'."
            yield tell("I034", way, message, f"Write sum({name}), min({name}), max({name}) or count({home.id}).")
    repeated = {module.id for module in declaration.modules if module.repeat}
    for how, name in expression.aggregates:
        inside = name in repeated if how == "count" else name not in by_id or bool(by_id[name].module.repeat)
        if not inside:
            message = (
                f"{how}({name}) needs {'a repeated module' if how == 'count' else 'an item of a repeated module'}."
            )
            yield tell("I034", way, message, "Look at the item itself.")


def _compared(
    declaration: Declaration, expression: Expression, by_id: Mapping[str, Place], tell: Teller, way: Way
) -> Iterator[Problem]:
    for name, value in comparisons(expression):
        if name not in by_id:
            continue
        target = by_id[name].item
        scale, missing = scale_of(declaration, target), missing_codes(declaration, target)
        if value in missing:
            message = f"'{name}' is compared with {value!r}, which is a missing code and never counts as an answer."
            yield tell("I012", way, message, f"Write 'answered({name})' or 'not answered({name})'.")
        elif (scale and value not in scale.codes) or (target.numeric and isinstance(value, str)):
            known = did_you_mean(str(value), scale.codes) if scale else "Compare it with a number."
            yield tell("I012", way, f"'{name}' is compared with {value!r}, which is not one of its codes.", known)
        elif target.type in {"text", "date"} and not isinstance(value, str):
            yield tell(
                "I012", way, f"'{name}' is a {target.type} and is compared with the number {value:g}.", "Quote it."
            )
        elif target.type == "date" and not _is_date(str(value)):
            fix = "Write it like '2026-01-31'."
            yield tell("I012", way, f"'{name}' is compared with {value!r}, which is no date.", fix)


def _types(
    declaration: Declaration, expression: Expression, by_id: Mapping[str, Place], tell: Teller, way: Way
) -> Iterator[Problem]:
    """Hold the functions and operators against the types of the items they are applied to."""

    def kind(node: ast.expr) -> Item | None:
        return by_id[node.id].item if isinstance(node, ast.Name) and node.id in by_id else None

    def words(item: Item) -> bool:
        scale = scale_of(declaration, item)
        return item.type in {"text", "date", "multiple"} or any(
            isinstance(c, str) for c in (scale.codes if scale else ())
        )

    for node in ast.walk(expression.tree):
        if isinstance(node, ast.Call) and node.args and (item := kind(node.args[0])):
            wanted = {"selected": "multiple", "count_selected": "multiple", "year": "date", "month": "date"}
            expected = wanted.get(called(node))
            if expected and item.type != expected:
                message = f"{called(node)}() is for items of type {expected}; '{item.id}' is {item.type}."
                yield tell("I035", way, message, "Write a comparison." if expected == "multiple" else "Use a date.")
            if called(node) in {"sum", "min", "max"} and words(item):
                yield tell("I035", way, f"{called(node)}({item.id}) needs numbers.", "Use an item with numbers.")
        if isinstance(node, ast.Compare):
            several = [one for side in (node.left, *node.comparators) if (one := kind(side)) and one.type == "multiple"]
            for item in several:
                fix = f"Write selected({item.id}, code)."
                yield tell("I035", way, f"'{item.id}' takes several answers and cannot be compared.", fix)
            named = [one for side in (node.left, *node.comparators) if (one := kind(side))]
            if not several and len({words(one) for one in named}) > 1:
                message = f"{' and '.join(repr(one.id) for one in named)} are a number and a text and are compared."
                yield tell("I035", way, message, "Compare like with like.")
        if isinstance(node, ast.BinOp):
            for side in (node.left, node.right):
                item = kind(side)
                texts = item is not None and words(item)
                if texts or (isinstance(side, ast.Constant) and isinstance(side.value, str)):
                    yield tell("I035", way, f"'{ast.unparse(side)}' is no number to compute with.", "Use numbers.")


def _unlike(
    declaration: Declaration, expression: Expression, by_id: Mapping[str, Place], tell: Teller, way: Way
) -> Iterator[Problem]:
    """Hold both sides of comparisons and choices against each other: a form knows no order of texts and no choice of dates."""

    def sort(node: ast.expr) -> str:
        match node:
            case ast.Name(id=name) if name in by_id:
                item, scale = by_id[name].item, scale_of(declaration, by_id[name].item)
                worded = any(isinstance(code, str) for code in (scale.codes if scale else ()))
                kinds = {"text": "text", "date": "date", "multiple": "several"}
                return kinds.get(item.type, "text" if worded else "number")
            case ast.Constant(value=str(text)):
                return "day" if _is_date(text) else "text"
            case ast.IfExp(body=body):
                return sort(body)
            case _:
                return "number"

    for node in ast.walk(expression.tree):
        if isinstance(node, ast.IfExp):
            one, other = (sort(part).replace("day", "text") for part in (node.body, node.orelse))
            if one != other or one == "date":
                message = f"{ast.unparse(node)} chooses between a {one} and a {other}."
                yield tell("I035", way, message, "Choose between two numbers or two texts.")
        elif isinstance(node, ast.Call) and called(node) == "floor" and sort(node.args[0]) != "number":
            yield tell("I035", way, f"{ast.unparse(node)} cuts what is no number.", "Use numbers.")
        elif isinstance(node, ast.Compare):
            yield from _sides(node, sort, tell, way)


def _sides(node: ast.Compare, sort: Callable[[ast.expr], str], tell: Teller, way: Way) -> Iterator[Problem]:
    """Hold the sides of one comparison against each other."""
    sides = [node.left, *node.comparators]
    for left, op, right in zip(sides, node.ops, sides[1:], strict=False):
        pair, shown = {sort(left), sort(right)}, ast.unparse(ast.Compare(left, [op], [right]))
        simple = all(isinstance(side, (ast.Name, ast.Constant, ast.UnaryOp)) for side in (left, right))
        if isinstance(op, (ast.In, ast.NotIn)) or "several" in pair or pair <= {"date", "day"}:
            continue
        if "date" in pair and "text" in pair:
            yield tell("I035", way, f"A date and a text are compared in {shown}.", "Compare like with like.")
        elif "number" not in pair and not isinstance(op, (ast.Eq, ast.NotEq)):
            yield tell("I035", way, f"Texts have no order, as {shown} would need.", "Write == or !=, or use numbers.")
        elif "number" in pair and len(pair) > 1 and not simple:  # simple ones are told by their codes
            yield tell("I035", way, f"A number and a text are compared in {shown}.", "Compare like with like.")


def _is_date(text: str) -> bool:
    from datetime import date

    try:
        return len(text) == 10 and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _reach(declaration: Declaration, found: Sequence[Place], tell: Teller) -> Iterator[Problem]:
    routes = {
        place.item.id: parse(whole)
        for place in found
        if (whole := joined(*(text for text, _ in place.conditions()))) is not None
    }
    items = {place.item.id: (place.item, scale_of(declaration, place.item)) for place in found}
    by_id = {place.item.id: place for place in found}
    for item_id in unreachable(items, routes):
        if by_id[item_id].own:
            way = (*by_id[item_id].way, "ask_if")
            fix = "Mend its condition or those of the items it depends on."
            yield tell("I013", way, f"No answers open item '{item_id}': it can never be asked.", fix)
