"""Computed values as they were written: without the guards that forms need against blank answers."""

from __future__ import annotations

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
    for _ in range(len(form.items)):
        place = {item.id: number for number, item in enumerate(form.items)}
        late = next((one for one in form.items if _target(form, one, place) is not None), None)
        target = _target(form, late, place) if late is not None else None
        if late is None or target is None:
            return form
        form = _after(form, late, target)
    return form


def _target(form: Instrument, item: Item, place: dict[str, int]) -> str | None:
    """Name the last item that a computed value looks at and that comes after it, where it can be put behind that."""
    if item.type != "calculated" or item.value is None or form.module_of(item.id).repeat is not None:
        return None
    names = {name for text in (item.value, item.ask_if) if text for name in _looked_at(text)}
    later = [name for name in names if name in place and place[name] > place[item.id]]
    if not later:
        return None
    last = max(later, key=place.__getitem__)
    other = form.item(last)
    waits = other.type == "calculated" and item.id in {
        name for text in (other.value, other.ask_if) if text for name in _looked_at(text)
    }
    used = any(
        item.id in _looked_at(text)
        for one in form.items
        if place[item.id] < place[one.id] <= place[last]
        for text in (one.value, form.condition(one.id), one.constraint)
        if text
    )
    return None if waits or used or form.module_of(last).repeat is not None else last


def _looked_at(text: str) -> tuple[str, ...]:
    for read in (parse, parse_value):
        try:
            return read(text).items
        except InstrumentError:
            continue
    return ()


def _after(form: Instrument, item: Item, last: str) -> Instrument:
    """Put an item behind another one, or behind its grid."""
    modules = []
    for module in form.modules:
        kept: list[Item] = []
        for one in module.items:
            if one.id != item.id:
                kept.append(one)
            if one.id == last or any(row.id == last for row in one.rows):
                condition = None if module.id == form.module_of(item.id).id else form.module_of(item.id).ask_if
                kept.append(replace(item, ask_if=joined([condition, item.ask_if])))
        if kept or module.lead_in or module.instruction:
            modules.append(replace(module, items=tuple(kept)))
    return replace(form, modules=tuple(modules))
