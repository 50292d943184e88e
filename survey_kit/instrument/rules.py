"""What an instrument must not get wrong: one rule per function, each with its code.

A rule yields problems, so that all of them can be told at once. The code of a rule never changes its meaning.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from survey_kit.errors import InstrumentError, did_you_mean
from survey_kit.files import Document
from survey_kit.instrument.expressions import Expression, comparisons, parse
from survey_kit.instrument.model import Declaration, Item, Problem, Scale, Severity, walk_texts
from survey_kit.instrument.prove import unreachable
from survey_kit.types import Code, MissingKind

RULES: Mapping[str, str] = {
    "I001": "two items, modules or columns have the same name",
    "I002": "an id is not a plain name",
    "I003": "a scale is not known",
    "I004": "the type of an item and its scale do not fit",
    "I005": "a scale has no codes, or a code stands twice",
    "I006": "a label belongs to no code",
    "I007": "the high end is not an end of the scale",
    "I008": "a code is an answer and missing at once",
    "I009": "a condition cannot be read",
    "I010": "a condition looks at an unknown item",
    "I011": "a condition looks at the item itself or a later one",
    "I012": "a condition compares an item with what it can never be",
    "I013": "an item can never be asked",
    "I014": "a text is missing in the source language",
    "I015": "texts have no translation",
    "I016": "a translation is older than its source",
    "I017": "a translation claims a review that nobody signed",
    "I018": "a translation belongs to no text",
    "I019": "the wording of a standard item is not verified",
    "I020": "the changelog does not tell of this version",
    "I021": "answers have no words",
    "I022": "a smallest value exceeds the largest",
    "I023": "an instrument asks nothing",
}

Way = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """An item and the way to it in its file."""

    item: Item
    way: Way
    order: int


@dataclass(frozen=True, slots=True)
class _Teller:
    """Turn a rule's finding into a problem that says the file and line."""

    document: Document | None

    def __call__(self, code: str, way: Way, message: str, fix: str = "", severity: Severity = "error") -> Problem:
        where = self.document.at(way) if self.document else ".".join(map(str, way))
        return Problem(code=code, severity=severity, where=where, message=message, fix=fix)


def check(declaration: Declaration, document: Document | None = None) -> list[Problem]:
    """List what is wrong with an instrument, in the order of the rules; with its document, by line."""
    tell = _Teller(document)
    ways = [
        ("modules", m, "items", i) for m, module in enumerate(declaration.modules) for i in range(len(module.items))
    ]
    items = [item for module in declaration.modules for item in module.items]
    places = [_Place(item, way, order) for order, (item, way) in enumerate(zip(items, ways, strict=True))]
    out = [*_names(declaration, places, tell), *_scales(declaration, places, tell)]
    for place in places:
        out += [*_kind(declaration, place, tell), *_missing(declaration, place, tell)]
    routes, found = _routes(declaration, places, tell)
    out += found
    if not found and not any(problem.severity == "error" for problem in out):
        out += _reach(declaration, places, routes, tell)
    return [*out, *_texts(declaration, tell), *_remarks(declaration, places, tell)]


def _names(declaration: Declaration, places: Sequence[_Place], tell: _Teller) -> Iterator[Problem]:
    if not places:
        yield tell("I023", ("modules",), "The instrument has no items.", "Add items.")
    modules = [(module.id, ("modules", m, "id")) for m, module in enumerate(declaration.modules)]
    items = [(place.item.id, (*place.way, "id")) for place in places]
    renamed = [(place.item.data_column, (*place.way, "column")) for place in places if place.item.column]
    kept = [(place.item.id, (*place.way, "id")) for place in places if not place.item.column]
    for what, named in (("module", modules), ("item", items), ("column", [*kept, *renamed] if renamed else [])):
        seen: dict[str, str] = {}
        for name, way in named:
            other = seen.get(name.casefold())
            seen.setdefault(name.casefold(), name)
            if other is not None:
                twice = f"The {what} '{name}' stands twice."
                message = twice if other == name else f"The {what}s '{other}' and '{name}' differ only by case."
                yield tell("I001", way, message, "Give each its own name.")
            if what != "column" and (not name.isidentifier() or keyword.iskeyword(name) or name == "answered"):
                fix = "Use letters, digits and _, not starting with a digit; name the data's column with 'column:'."
                yield tell("I002", way, f"'{name}' is not a plain name.", fix)


def _scales(declaration: Declaration, places: Sequence[_Place], tell: _Teller) -> Iterator[Problem]:
    named: list[tuple[Scale, Way]] = [(scale, ("scales", name)) for name, scale in declaration.scales.items()]
    inline = [(place.item.scale, (*place.way, "scale")) for place in places if isinstance(place.item.scale, Scale)]
    for scale, way in (*named, *inline):
        if not scale.codes:
            yield tell("I005", way, "A scale has no codes.", "List them under 'codes:'.")
        if len(set(scale.codes)) < len(scale.codes):
            yield tell("I005", (*way, "codes"), f"A code stands twice in {list(scale.codes)}.", "Keep each once.")
        allowed = {*scale.codes, *(scale.missing if scale.missing is not None else declaration.missing)}
        for part, texts in (("labels", scale.labels), ("ends", scale.ends)):
            for code in texts:
                if code not in allowed:
                    fix = f"Add {code!r} to 'codes:' or mend it; {did_you_mean(str(code), allowed)}"
                    yield tell("I006", (*way, part, code), f"The label of {code!r} belongs to no code.", fix)
        if scale.high is not None and scale.codes and scale.high not in {scale.codes[0], scale.codes[-1]}:
            fix = f"Write 'high: {scale.codes[-1]}' or 'high: {scale.codes[0]}'; order the codes by the scale."
            yield tell(
                "I007", (*way, "high"), f"The high end {scale.high!r} is not an end of {list(scale.codes)}.", fix
            )
        if scale.codes and not scale.labels and not scale.ends:
            yield tell("I021", way, "The answers have no words.", "Add 'labels:' or 'ends:'.", "note")


def _kind(declaration: Declaration, place: _Place, tell: _Teller) -> Iterator[Problem]:
    item = place.item
    if isinstance(item.scale, str) and item.scale not in declaration.scales:
        fix = did_you_mean(item.scale, declaration.scales)
        yield tell("I003", (*place.way, "scale"), f"Item '{item.id}' names the unknown scale '{item.scale}'.", fix)
    if item.type == "single" and item.scale is None:
        yield tell(
            "I004", place.way, f"Item '{item.id}' has no scale.", "Add 'scale:', or 'type: number | text | date'."
        )
    if item.type != "single" and item.scale is not None:
        fix = "Remove 'scale:' or 'type:'."
        yield tell("I004", (*place.way, "scale"), f"Item '{item.id}' is a {item.type} and has a scale.", fix)
    if item.type != "number" and (item.minimum is not None or item.maximum is not None):
        fix = "Write 'type: number' or remove the limits."
        yield tell("I004", place.way, f"Item '{item.id}' has limits and is no number.", fix)
    if item.minimum is not None and item.maximum is not None and item.minimum > item.maximum:
        message = f"Item '{item.id}' lies between {item.minimum:g} and {item.maximum:g}."
        yield tell("I022", (*place.way, "minimum"), message, "Exchange them.")


def _missing(declaration: Declaration, place: _Place, tell: _Teller) -> Iterator[Problem]:
    item, scale = place.item, _scale(declaration, place.item)
    codes = missing_codes(declaration, item)
    if item.type == "single":
        both = [code for code in codes if scale and code in scale.codes]
    elif item.type == "number":
        low = item.minimum if item.minimum is not None else float("-inf")
        high = item.maximum if item.maximum is not None else float("inf")
        both = [code for code in codes if isinstance(code, int) and low <= code <= high]
    else:
        both = []
    if both:
        fix = "Give the item its own 'missing:' ('missing: {}' for none), or limits that leave the code out."
        message = f"In item '{item.id}' {', '.join(map(repr, both))} is an answer and missing at once."
        yield tell("I008", place.way, message, fix)


def _routes(
    declaration: Declaration, places: Sequence[_Place], tell: _Teller
) -> tuple[dict[str, Expression], list[Problem]]:
    routes: dict[str, Expression] = {}
    out: list[Problem] = []
    by_id = {place.item.id: place for place in places}
    for place in places:
        if place.item.ask_if is None:
            continue
        way = (*place.way, "ask_if")
        try:
            routes[place.item.id] = expression = parse(place.item.ask_if)
        except InstrumentError as fault:
            out.append(tell("I009", way, f"{fault.what} Found: {fault.found}.", fault.fix or ""))
            continue
        out += _targets(declaration, place, expression, by_id, tell)
    return routes, out


def _targets(
    declaration: Declaration, place: _Place, expression: Expression, by_id: Mapping[str, _Place], tell: _Teller
) -> Iterator[Problem]:
    way, item_id = (*place.way, "ask_if"), place.item.id
    for name in expression.names:
        if name not in by_id:
            yield tell(
                "I010", way, f"Item '{item_id}' depends on the unknown item '{name}'.", did_you_mean(name, by_id)
            )
        elif by_id[name].order >= place.order:
            fix = f"Move '{name}' before '{item_id}'."
            what = "itself" if name == item_id else f"'{name}', which is asked later"
            yield tell("I011", way, f"Item '{item_id}' depends on {what}.", fix)
    for name, value in comparisons(expression):
        if name not in by_id:
            continue
        target = by_id[name].item
        scale, missing = _scale(declaration, target), missing_codes(declaration, target)
        if value in missing:
            message = f"'{name}' is compared with {value!r}, which is a missing code and never counts as an answer."
            yield tell("I012", way, message, f"Write 'answered({name})' or 'not answered({name})'.")
        elif (scale and value not in scale.codes) or (target.type == "number" and isinstance(value, str)):
            known = did_you_mean(str(value), scale.codes) if scale else "Compare it with a number."
            yield tell("I012", way, f"'{name}' is compared with {value!r}, which is not one of its codes.", known)


def _reach(
    declaration: Declaration, places: Sequence[_Place], routes: Mapping[str, Expression], tell: _Teller
) -> Iterator[Problem]:
    ways = {place.item.id: place.way for place in places}
    items = {place.item.id: (place.item, _scale(declaration, place.item)) for place in places}
    for item_id in unreachable(items, routes):
        message = f"No answers open item '{item_id}': it can never be asked."
        yield tell(
            "I013", (*ways[item_id], "ask_if"), message, "Mend its condition or those of the items it depends on."
        )


def _texts(declaration: Declaration, tell: _Teller) -> Iterator[Problem]:
    ways = {
        f"item.{item.id}": ("modules", m, "items", i)
        for m, module in enumerate(declaration.modules)
        for i, item in enumerate(module.items)
    }
    for key, texts in walk_texts(declaration):
        if not texts.get(declaration.source_language, "").strip():
            way: Way = ways.get(".".join(key.split(".")[:2]), ())
            way = way or (("scales", key.split(".")[1]) if key.startswith("scale.") else ())
            fix = f"Write it in '{declaration.source_language}', or correct 'source_language:'."
            yield tell("I014", way, f"The text '{key}' is missing in the source language.", fix)


def _remarks(declaration: Declaration, places: Sequence[_Place], tell: _Teller) -> Iterator[Problem]:
    unverified = [place for place in places if place.item.source and not place.item.source.verified]
    if unverified:
        names = ", ".join(place.item.id for place in unverified[:6]) + (", ..." if len(unverified) > 6 else "")
        message = f"The wording of {len(unverified)} standard items was not compared with the original: {names}."
        fix = "Compare it, then write 'verified: true' with the 'url:'."
        yield tell("I019", (*unverified[0].way, "source"), message, fix, "note")
    if declaration.version not in {change.version for change in declaration.changelog}:
        message = f"The changelog does not tell of version {declaration.version}."
        yield tell("I020", ("version",), message, "Add a line under 'changelog:'.", "note")


def missing_codes(declaration: Declaration, item: Item) -> Mapping[Code, MissingKind]:
    """Give the codes of an item that are no answers: its own, else its scale's, else the instrument's."""
    scale = _scale(declaration, item)
    if item.missing is not None:
        return item.missing
    return scale.missing if scale and scale.missing is not None else declaration.missing


def _scale(declaration: Declaration, item: Item) -> Scale | None:
    return declaration.scales.get(item.scale) if isinstance(item.scale, str) else item.scale
