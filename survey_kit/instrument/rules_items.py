"""Rules of what an item may hold: several answers, grids, draws at random, computed values, repeated modules, institutions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from survey_kit.errors import InstrumentError, did_you_mean
from survey_kit.instrument.expressions import parse
from survey_kit.instrument.model import CODED, Declaration, Item, Problem, Scale
from survey_kit.instrument.places import Place, Teller, Way, missing_codes, scale_of

LONGEST_ID = 32  # Stata's limit for the name of a variable


def check_items(declaration: Declaration, found: Sequence[Place], tell: Teller) -> Iterator[Problem]:
    """Check the parts of items and modules against their types."""
    by_id = {place.item.id: place for place in found}
    yield from _modules(declaration, by_id, tell)
    for place in found:
        if not place.own:
            continue
        yield from _several(declaration, place, tell)
        yield from _computed(place, tell)
        yield from _drawn(declaration, place, tell)
        yield from _ordered(declaration, place, by_id, tell)
        yield from _rest(declaration, place, by_id, tell)
    yield from _rotations(declaration, by_id, tell)
    yield from _cards(declaration, found, tell)
    yield from _unused(declaration, found, tell)
    yield from _points(declaration, found, tell)


def _modules(declaration: Declaration, by_id: dict[str, Place], tell: Teller) -> Iterator[Problem]:
    for m, module in enumerate(declaration.modules):
        way: Way = ("modules", m)
        if module.use is not None and not module.items:
            continue  # told by the composition
        if module.switch is not None and module.switch not in declaration.switches:
            fix = did_you_mean(module.switch, declaration.switches) or "Declare it under 'switches:'."
            yield tell("I037", (*way, "switch"), f"The switch '{module.switch}' is not declared.", fix)
        if module.repeat is not None:
            count = by_id.get(module.repeat.count)
            first = min((place.order for place in by_id.values() if place.module.id == module.id), default=0)
            if count is None or count.item.type not in {"integer", "calculated"} or count.order >= first:
                message = f"The module '{module.id}' is repeated '{module.repeat.count}' times, which is no earlier whole number."
                yield tell("I034", (*way, "repeat"), message, "Name an earlier item of type integer.")
            if module.repeat.most < 1:
                yield tell(
                    "I034", (*way, "repeat"), f"'most: {module.repeat.most}' repeats nothing.", "Write 1 or more."
                )
        for i, item in enumerate(module.items):
            yield from _grid(item, (*way, "items", i), tell)


def _grid(item: Item, way: Way, tell: Teller) -> Iterator[Problem]:
    if item.type == "grid" and not item.rows:
        yield tell("I039", way, f"The grid '{item.id}' has no rows.", "List them under 'rows:'.")
    if item.type != "grid" and item.rows:
        yield tell("I039", way, f"Item '{item.id}' is a {item.type} and has rows.", "Write 'type: grid'.")
    for r, row in enumerate(item.rows):
        if row.rows or row.type in {"grid", "note", "calculated", "arm", "random"}:
            message = f"The row '{row.id}' of the grid '{item.id}' is a {row.type}."
            yield tell("I039", (*way, "rows", r), message, "A row is a question; put other items beside the grid.")


def _several(declaration: Declaration, place: Place, tell: Teller) -> Iterator[Problem]:
    item = place.item
    if item.type != "multiple":
        if item.exclusive or item.most is not None:
            fix = "Write 'type: multiple', or remove 'exclusive:' and 'most:'."
            yield tell("I030", place.way, f"Item '{item.id}' takes one answer, so none can stand alone.", fix)
        return
    scale = scale_of(declaration, item)
    codes = scale.codes if scale else ()
    allowed = {*codes, *missing_codes(declaration, item)}
    for code in item.exclusive:
        if code not in allowed:
            fix = did_you_mean(str(code), allowed)
            yield tell("I030", (*place.way, "exclusive"), f"{code!r} is no answer of item '{item.id}'.", fix)
    if item.most is not None and not 1 <= item.most <= max(len(codes), 1):
        message = f"Item '{item.id}' has {len(codes)} answers; 'most: {item.most}' is not between 1 and that."
        yield tell("I030", (*place.way, "most"), message, "Correct it.")


def _computed(place: Place, tell: Teller) -> Iterator[Problem]:
    item = place.item
    if item.type == "calculated" and item.value is None:
        yield tell("I033", place.way, f"The computed item '{item.id}' has no 'value:'.", "Write the expression.")
    if item.type != "calculated" and item.value is not None:
        fix = "Write 'type: calculated', or remove 'value:'."
        yield tell("I033", (*place.way, "value"), f"Item '{item.id}' is a {item.type} and has a value.", fix)
    if item.message and item.constraint is None and item.minimum is None and item.maximum is None:
        fix = "Add 'constraint:' or limits, or remove 'message:'."
        yield tell("I036", (*place.way, "message"), f"The message of item '{item.id}' belongs to no constraint.", fix)
    asked = item.type not in {"calculated", "arm", "random"}
    if not asked and (item.constraint is not None or item.optional):
        message = f"Item '{item.id}' is never asked, so it has no constraint and is not optional."
        yield tell("I033", place.way, message, "Remove them.")


def _drawn(declaration: Declaration, place: Place, tell: Teller) -> Iterator[Problem]:
    item, scale = place.item, scale_of(declaration, place.item)
    if item.shares and item.type != "arm":
        yield tell(
            "I031", (*place.way, "shares"), f"Item '{item.id}' is a {item.type} and has shares.", "Write 'type: arm'."
        )
    if item.type != "arm" or scale is None:
        return
    if any(not isinstance(code, int) for code in scale.codes):
        yield tell("I031", place.way, f"The codes of the arm '{item.id}' are not whole numbers.", "Number the arms.")
    if item.shares and (len(item.shares) != len(scale.codes) or min(item.shares) <= 0):
        message = f"The arm '{item.id}' has {len(scale.codes)} codes and the shares {list(item.shares)}."
        yield tell("I031", (*place.way, "shares"), message, "Give one positive share for each code.")


def _ordered(declaration: Declaration, place: Place, by_id: dict[str, Place], tell: Teller) -> Iterator[Problem]:
    grid = place.grid
    if grid is not None and grid.rotate is not None and grid.rows and place.item.id == grid.rows[0].id:
        way = (*place.way[:-2], "rotate")
        yield from _starts(declaration, grid.rotate, len(grid.rows), f"grid '{grid.id}'", place.order, by_id, tell, way)
    if place.item.rotate is not None:
        yield tell(
            "I032", (*place.way, "rotate"), f"Item '{place.item.id}' has no rows to rotate.", "Put it on the grid."
        )
    if place.item.shuffle is not None:
        draw = by_id.get(place.item.shuffle)
        if draw is None or draw.item.type != "random" or draw.order >= place.order or place.item.type not in CODED:
            message = f"The answers of '{place.item.id}' are ordered by '{place.item.shuffle}'."
            fix = "Name an earlier item of type random; only single and multiple items have an order."
            yield tell("I032", (*place.way, "shuffle"), message, fix)


def _starts(
    declaration: Declaration,
    name: str,
    size: int,
    what: str,
    order: int,
    by_id: dict[str, Place],
    tell: Teller,
    way: Way,
) -> Iterator[Problem]:
    draw = by_id.get(name)
    scale = scale_of(declaration, draw.item) if draw else None
    if draw is None or draw.item.type != "arm" or draw.order >= order:
        fix = f"Name an earlier item of type arm. {did_you_mean(name, by_id)}"
        yield tell("I032", way, f"The {what} starts where '{name}' says, which is no earlier arm.", fix)
    elif scale is None or tuple(scale.codes) != tuple(range(1, size + 1)):
        message = f"The {what} has {size} parts; the codes of the arm '{name}' have to be 1 to {size}."
        yield tell("I032", way, message, "Correct the arm's scale.")


def _rotations(declaration: Declaration, by_id: dict[str, Place], tell: Teller) -> Iterator[Problem]:
    ids = [module.id for module in declaration.modules]
    for name, rotation in declaration.rotations.items():
        way: Way = ("rotations", name)
        unknown = [one for one in rotation.modules if one not in ids]
        if unknown:
            fix = did_you_mean(unknown[0], ids)
            yield tell(
                "I032", (*way, "modules"), f"The rotation '{name}' names the unknown module '{unknown[0]}'.", fix
            )
            continue
        at = [ids.index(one) for one in rotation.modules]
        if at != list(range(at[0], at[0] + len(at))) if at else True:
            message = f"The modules of the rotation '{name}' do not stand one after another in this order."
            yield tell("I032", (*way, "modules"), message, "Move them together.")
            continue
        inside = [place for place in by_id.values() if place.module.id in rotation.modules]
        order = min((place.order for place in inside), default=0)
        yield from _starts(
            declaration, rotation.start, len(at), f"rotation '{name}'", order, by_id, tell, (*way, "start")
        )


def _rest(declaration: Declaration, place: Place, by_id: dict[str, Place], tell: Teller) -> Iterator[Problem]:
    item = place.item
    if len(item.id) > LONGEST_ID:
        message = f"The id '{item.id}' has {len(item.id)} characters; Stata keeps {LONGEST_ID}."
        yield tell("I027", (*place.way, "id"), message, "Shorten it.", "note")
    if item.about is None:
        return
    about = declaration.institutions.get(item.about)
    if about is None:
        fix = did_you_mean(item.about, declaration.institutions)
        yield tell("I038", (*place.way, "about"), f"Item '{item.id}' is about the unknown '{item.about}'.", fix)
        return
    dates = {change.version: change.date for change in declaration.changelog}
    when = dates.get(declaration.version)
    ended = about.until is not None and when is not None and about.until[:10] < when[: len(about.until)]
    if ended and not _dated(place, by_id):
        message = f"Item '{item.id}' is about '{item.about}', which ended {about.until}."
        fix = f"Ask about its successor '{about.successor}'." if about.successor else "Remove the item."
        yield tell("I038", (*place.way, "about"), message, fix, "note")


def _dated(place: Place, by_id: dict[str, Place]) -> bool:
    """Say whether a date decides about the item, so that it is asked only while the institution existed."""
    names = {name for text, _ in place.conditions() for name in _names(text)}
    return any(by_id[name].item.type == "date" for name in names if name in by_id)


def _names(text: str) -> tuple[str, ...]:
    try:
        return parse(text).names
    except InstrumentError:
        return ()


def _cards(declaration: Declaration, found: Sequence[Place], tell: Teller) -> Iterator[Problem]:
    shown: dict[str, tuple[object, Place]] = {}
    for place in found:
        card = place.item.showcard
        if card is None:
            continue
        scale = scale_of(declaration, place.item)
        answers = (scale.codes, scale.labels, scale.ends) if scale else None  # the direction is not printed
        first, other = shown.setdefault(card, (answers, place))
        if first != answers and (place.own or place.module.use != other.module.use):
            message = f"The showcard {card} shows the answers of '{other.item.id}' and others for '{place.item.id}'."
            yield tell("I041", (*place.way, "showcard"), message, "Give each scale its own card.", "note")


def _unused(declaration: Declaration, found: Sequence[Place], tell: Teller) -> Iterator[Problem]:
    used = {place.item.scale for place in found if isinstance(place.item.scale, str)}
    for name in () if declaration.library else declaration.scales:
        if name not in used:
            fix = f"Remove it. {did_you_mean(name, used)}"
            yield tell("I040", ("scales", name), f"No item uses the scale '{name}'.", fix, "note")


def _points(declaration: Declaration, found: Sequence[Place], tell: Teller) -> Iterator[Problem]:
    named: list[tuple[Scale, Way, str]] = [(one, ("scales", name), name) for name, one in declaration.scales.items()]
    named += [(p.item.scale, (*p.way, "scale"), p.item.id) for p in found if p.own and isinstance(p.item.scale, Scale)]
    for scale, way, name in named:
        if scale.points is None:
            continue
        strange = [code for code in scale.points if code not in scale.codes]
        outside = [value for value in scale.points.values() if not 0 <= value <= 100]
        if strange or outside or len(scale.points) < len(scale.codes):
            message = f"The 0-100 values of the scale '{name}' do not give each code one value from 0 to 100."
            yield tell("I043", (*way, "points"), message, "Give every code its value.")
