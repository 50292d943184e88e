"""The numbers by which a printed questionnaire calls its parts and questions: A1, B3, B3c."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from survey_kit.instrument.expressions import Expression, parse, parse_value
from survey_kit.instrument.model import DRAWN, Item
from survey_kit.instrument.questionnaire import Instrument


def numbers(instrument: Instrument) -> Mapping[str, str]:
    """Give the items their printed numbers: a letter for the module, a number in it, a small letter for a row of a grid.

    What is drawn by lot stands on the cover and is numbered there; a computed item has a number when conditions or texts rest on it.

    Examples
    --------
    >>> from survey_kit.instrument.model import Module
    >>> rows = (Item(id="police"), Item(id="courts"))
    >>> trust = Module(id="trust", items=(Item(id="people"), Item(id="grid", type="grid", rows=rows)))
    >>> form = Instrument(id="a", version="1", modules=(Module(id="m", items=(Item(id="half", type="arm"),)), trust))
    >>> dict(numbers(form))
    {'half': '№1', 'people': 'B1', 'grid': 'B2', 'police': 'B2a', 'courts': 'B2b'}
    """
    needed = _needed(instrument)
    drawn = [item for module in instrument.modules for item in module.items if item.type in DRAWN]
    turned = {item.rotate for module in instrument.modules for item in module.items}
    out = {item.id: f"№{place}" for place, item in enumerate(sorted(drawn, key=lambda one: one.id in turned), start=1)}
    for module in instrument.modules:
        letter, place = letters(instrument)[module.id], 0
        for item in module.items:
            if item.id not in out and (item.type != "calculated" or item.id in needed):
                place += 1
                out[item.id] = f"{letter}{place}"
                out |= {row.id: f"{letter}{place}{_letter(at).lower()}" for at, row in enumerate(item.rows)}
    return out


def letters(instrument: Instrument) -> Mapping[str, str]:
    """Give each module its letter: A to Z, then AA and on.

    Examples
    --------
    >>> from survey_kit.instrument.model import Module
    >>> dict(letters(Instrument(id="a", version="1", modules=(Module(id="one"), Module(id="two")))))
    {'one': 'A', 'two': 'B'}
    """
    return {module.id: _letter(place) for place, module in enumerate(instrument.modules)}


def _letter(place: int) -> str:
    return ("" if place < 26 else _letter(place // 26 - 1)) + chr(ord("A") + place % 26)


def _needed(instrument: Instrument) -> frozenset[str]:
    """Name the computed items that an interviewer has to work out: conditions, repeats and texts rest on them."""
    wanted = {name for expression in routes(instrument) for name in expression.items}
    wanted |= {module.repeat.count for module in instrument.modules if module.repeat}
    wanted |= {name for item in instrument.items for text in item.text.values() for name in piped(text)}
    wanted |= {name for module in instrument.modules for item in module.items for name in _read(item)}
    found = {item.id: item for item in instrument.items if item.type == "calculated" and item.value}
    while True:
        used = ((one, name) for one in wanted & found.keys() for name in parse_value(found[one].value or "").items)
        more = {name for one, name in used if name in found and not inlined(instrument, one, name)} - wanted
        if not more:
            return frozenset(wanted & found.keys())
        wanted |= more


def inlined(instrument: Instrument, item_id: str, step: str) -> bool:
    """Say whether a computed item may be said in place where another one uses it: both are computed for the same people."""
    return instrument.condition(item_id) == instrument.condition(step) and instrument.module_of(step).repeat is None


def _read(item: Item) -> Iterable[str]:
    return (
        name
        for one in (item, *item.rows)
        for texts in (one.text, one.instruction)
        for t in texts.values()
        for name in piped(t)
    )


def piped(text: str) -> tuple[str, ...]:
    """Name the items whose answers a text shows.

    Examples
    --------
    >>> piped("You said ${times} times.")
    ('times',)
    """
    return tuple(part.split("}")[0] for part in text.split("${")[1:] if "}" in part)


def routes(instrument: Instrument) -> tuple[Expression, ...]:
    """Give every condition of an instrument: of modules, items and rows, and those that answers have to meet."""
    found = [module.ask_if for module in instrument.modules]
    every = [one for module in instrument.modules for item in module.items for one in (item, *item.rows)]
    found += [condition for item in every for condition in (item.ask_if, item.constraint)]
    return tuple(parse(condition) for condition in dict.fromkeys(found) if condition)
