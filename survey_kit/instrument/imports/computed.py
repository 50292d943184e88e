"""Computed values as they were written: without the guards that forms need against blank answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from survey_kit.errors import InstrumentError
from survey_kit.instrument.expressions import LONGEST, parse, parse_value
from survey_kit.instrument.imports.expressions import Computed, joined
from survey_kit.instrument.imports.items import Items
from survey_kit.instrument.imports.undo import Undone
from survey_kit.instrument.imports.xpath_tree import Unreadable, read_xpath
from survey_kit.instrument.model import Item
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.instrument.xpath import calculation

MOST_ROUNDS = 50


def settled(form: Instrument, items: Items, undone: Undone) -> Instrument:
    """Give the instrument with each computed value in the shortest words that make the same cell again.

    A form guards a computed value against blank answers, which in an instrument goes without saying. So the value without its guard is
    written as a cell; when that is the cell that was read, the guard is left out.
    """

    def put(item: Item) -> Item:
        if item.id not in items.computed:
            return item
        entry, made, ask_if = items.computed[item.id]
        if _same(form, made.short, entry.row["calculation"], undone):
            return replace(item, value=made.short, ask_if=ask_if)
        if len(made.value) > LONGEST:
            message = f"The calculation of '{entry.name}' is too long: {len(made.value)} characters."
            items.tell("X112", entry.place, message, "Compute parts of it in items of their own.")
        items.cells().taken(made.told, entry.place, "calculation", made.value)
        return replace(item, ask_if=ask_if) if _implied(made) else item

    modules = [replace(module, items=tuple(map(put, module.items))) for module in form.modules]
    return replace(form, modules=tuple(modules))


def _same(form: Instrument, value: str, cell: str, undone: Undone) -> bool:
    """Say whether a value makes the cell that was read."""
    try:
        text = calculation(form, value)
        for number, repeat in undone.counts.items():
            text = text.replace(f"count(${{{repeat}}})", f"${{{number}}}")
        return read_xpath(text) == read_xpath(cell)
    except (InstrumentError, Unreadable):
        return False


def _implied(made: Computed) -> bool:
    """Say whether the value is blank by itself where its condition does not hold: the condition only asks for its answers."""
    if made.opens is None:
        return False
    try:
        names = parse_value(made.value).names
        asked = parse(made.opens)
    except InstrumentError:
        return False
    guard = " and ".join(f"answered({name})" for name in asked.names)
    return guard == made.opens and set(asked.names) <= set(names) and " if " not in made.value


def moved(form: Instrument) -> Instrument:
    """Put computed values that look at later answers behind these: a form computes anew, an instrument looks backwards only.

    Values that wait for each other in a circle, or for members of a repeated module, stay where they are.
    """
    for _ in range(MOST_ROUNDS):
        targets = _targets(form)
        if not targets:
            break
        form = _behind(form, targets)
    return form


def _targets(form: Instrument) -> dict[str, str]:
    """Name for each computed value that comes too early the last item it looks at, where it can be put behind that."""
    place = {item.id: number for number, item in enumerate(form.items)}
    looks = {item.id: _looks(form, item) for item in form.items}
    users: dict[str, list[int]] = {}
    for name, seen in looks.items():
        for other in seen:
            users.setdefault(other, []).append(place[name])
    out: dict[str, str] = {}
    for item in form.items:
        later = [name for name in looks[item.id] if place.get(name, -1) > place[item.id]]
        if item.type != "calculated" or not later or form.module_of(item.id).repeat is not None:
            continue
        last = max(later, key=place.__getitem__)
        needed = any(place[item.id] < user <= place[last] for user in users.get(item.id, ()))
        if not needed and form.module_of(last).repeat is None:
            out[item.id] = last
    return out


def _looks(form: Instrument, item: Item) -> frozenset[str]:
    """Name the items that an item depends on."""
    own = item.type == "calculated"  # the condition of its module moves with a computed value
    texts = (item.value, item.ask_if) if own else (item.value, form.condition(item.id), item.constraint)
    return frozenset(name for text in texts if text for name in _looked_at(text) if name != item.id)


def _looked_at(text: str) -> tuple[str, ...]:
    for read in (parse, parse_value):
        try:
            return read(text).items
        except InstrumentError:
            continue
    return ()


def _behind(form: Instrument, targets: Mapping[str, str]) -> Instrument:
    """Put items behind other ones, or behind the grids these stand in."""
    waiting: dict[str, list[Item]] = {}
    for name, last in targets.items():
        waiting.setdefault(last, []).append(form.item(name))
    modules = []
    for module in form.modules:
        kept: list[Item] = []
        for one in module.items:
            if one.id in targets:
                continue
            kept.append(one)
            ended = [one.id, *(row.id for row in one.rows)]
            while ended:  # what waits for an item, then what waits for that
                for item in waiting.pop(ended.pop(0), ()):
                    home = form.module_of(item.id)
                    condition = None if module.id == home.id else home.ask_if
                    kept.append(replace(item, ask_if=joined([condition, item.ask_if])))
                    ended.append(item.id)
        if kept or module.lead_in or module.instruction:
            modules.append(replace(module, items=tuple(kept)))
    return replace(form, modules=tuple(modules))
