"""What an instrument must not get wrong: one rule per function, each with its code.

A rule yields problems, so that all of them can be told at once. The code of a rule never changes its meaning.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterator, Mapping, Sequence

from survey_kit.errors import did_you_mean
from survey_kit.files import Document
from survey_kit.instrument.expressions import WORDS
from survey_kit.instrument.model import CODED, Declaration, Item, Problem, Scale
from survey_kit.instrument.places import Place, Teller, Way, missing_codes, places, scale_of
from survey_kit.instrument.rules_items import check_items
from survey_kit.instrument.rules_routes import check_routes
from survey_kit.instrument.rules_texts import check_texts

RULES: Mapping[str, str] = {
    "I000": "the file does not follow its schema",
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
    "I024": "a module or scale of another instrument cannot be used",
    "I025": "a piped text names an item that is unknown or asked later",
    "I026": "a placeholder is not declared",
    "I027": "an id is too long for the programs that read the data",
    "I028": "a word mixes Latin and Cyrillic letters",
    "I029": "a text is longer than SPSS keeps",
    "I030": "the answers of an item that takes several contradict themselves",
    "I031": "a draw at random is not possible",
    "I032": "a rotation or shuffled order does not fit what it orders",
    "I033": "a computed value is missing or belongs to no computed item",
    "I034": "a repeated module is counted by what it cannot be counted by",
    "I035": "an expression does with an item what its type does not allow",
    "I036": "a message belongs to no constraint",
    "I037": "a switch is not known",
    "I038": "an institution is not known, or ended before the version",
    "I039": "a rows' heading and its rows do not fit",
    "I040": "a scale is used by no item",
    "I041": "a showcard shows two different scales",
    "I042": "a text holds what no text may hold",
    "I043": "the 0-100 values of a scale do not fit it",
}


def check(declaration: Declaration, document: Document | None = None, own: Declaration | None = None) -> list[Problem]:
    """List what is wrong with an instrument, in the order of the rules; with its document, by line.

    `own` is the part that stands in its own file, when the instrument takes modules from others.
    """
    tell = Teller(document)
    found = places(declaration)
    out = [*_names(declaration, found, tell), *_scales(declaration, found, tell)]
    for place in found:
        if place.own:
            out += [*_kind(declaration, place, tell), *_missing(declaration, place, tell)]
    out += check_items(declaration, found, tell)
    out += check_routes(declaration, found, tell, sound=not any(problem.severity == "error" for problem in out))
    return [*out, *check_texts(declaration, own or declaration, found, tell), *_remarks(declaration, found, tell)]


def _names(declaration: Declaration, found: Sequence[Place], tell: Teller) -> Iterator[Problem]:
    if not found:
        yield tell("I023", ("modules",), "The instrument has no items.", "Add items.")
    modules = [(module.id, ("modules", m, "id")) for m, module in enumerate(declaration.modules)]
    items = [(item.id, way) for item, way in _named(declaration)]
    renamed = [(place.item.data_column, (*place.way, "column")) for place in found if place.item.column]
    kept = [(place.item.id, (*place.way, "id")) for place in found if not place.item.column]
    for what, named in (("module", modules), ("item", items), ("column", [*kept, *renamed] if renamed else [])):
        seen: dict[str, str] = {}
        for name, way in named:
            other = seen.get(name.casefold())
            seen.setdefault(name.casefold(), name)
            if other is not None:
                twice = f"The {what} '{name}' stands twice."
                message = twice if other == name else f"The {what}s '{other}' and '{name}' differ only by case."
                yield tell("I001", way, message, "Give each its own name.")
            if what != "column" and (not name.isidentifier() or keyword.iskeyword(name) or name in WORDS):
                fix = "Use letters, digits and _, not starting with a digit; name the data's column with 'column:'."
                yield tell("I002", way, f"'{name}' is not a plain name.", fix)


def _named(declaration: Declaration) -> Iterator[tuple[Item, Way]]:
    for m, module in enumerate(declaration.modules):
        for i, item in enumerate(module.items):
            yield item, ("modules", m, "items", i, "id")
            yield from ((row, ("modules", m, "items", i, "rows", r, "id")) for r, row in enumerate(item.rows))


def _scales(declaration: Declaration, found: Sequence[Place], tell: Teller) -> Iterator[Problem]:
    named: list[tuple[Scale, Way]] = [(scale, ("scales", name)) for name, scale in declaration.scales.items()]
    inline = [(place.item.scale, (*place.way, "scale")) for place in found if isinstance(place.item.scale, Scale)]
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
        bare = [code for code in scale.codes if code not in scale.labels] if scale.labels and not scale.ends else []
        if bare:
            message = f"The answers {', '.join(map(repr, bare))} have no words, others have."
            yield tell("I021", (*way, "labels"), message, "Add them under 'labels:'.", "note")


def _kind(declaration: Declaration, place: Place, tell: Teller) -> Iterator[Problem]:
    item = place.item
    if isinstance(item.scale, str) and item.scale not in declaration.scales:
        fix = did_you_mean(item.scale, declaration.scales)
        yield tell("I003", (*place.way, "scale"), f"Item '{item.id}' names the unknown scale '{item.scale}'.", fix)
    if item.type in CODED and item.scale is None:
        fix = "Add 'scale:', or 'type: integer | decimal | text | date'."
        yield tell("I004", place.way, f"Item '{item.id}' has no scale.", fix)
    if item.type not in CODED and item.scale is not None:
        fix = "Remove 'scale:' or 'type:'."
        yield tell("I004", (*place.way, "scale"), f"Item '{item.id}' is a {item.type} and has a scale.", fix)
    if item.type not in {"integer", "decimal", "number"} and (item.minimum is not None or item.maximum is not None):
        fix = "Write 'type: integer' or 'type: decimal', or remove the limits."
        yield tell("I004", place.way, f"Item '{item.id}' has limits and is no number.", fix)
    if item.minimum is not None and item.maximum is not None and item.minimum > item.maximum:
        message = f"Item '{item.id}' lies between {item.minimum:g} and {item.maximum:g}."
        yield tell("I022", (*place.way, "minimum"), message, "Exchange them.")


def _missing(declaration: Declaration, place: Place, tell: Teller) -> Iterator[Problem]:
    item, scale = place.item, scale_of(declaration, place.item)
    codes = missing_codes(declaration, item)
    if item.type in CODED:
        both = [code for code in codes if scale and code in scale.codes]
    elif item.numeric:
        low = item.minimum if item.minimum is not None else float("-inf")
        high = item.maximum if item.maximum is not None else float("inf")
        both = [code for code in codes if isinstance(code, int) and low <= code <= high]
    else:
        both = []
    if both:
        fix = "Give the item its own 'missing:' ('missing: {}' for none), or limits that leave the code out."
        message = f"In item '{item.id}' {', '.join(map(repr, both))} is an answer and missing at once."
        yield tell("I008", place.way, message, fix)


def _remarks(declaration: Declaration, found: Sequence[Place], tell: Teller) -> Iterator[Problem]:
    unverified = [p for p in found if p.own and p.item.source and not p.item.source.verified and not p.item.source.own]
    if unverified:
        names = ", ".join(place.item.id for place in unverified[:6]) + (", ..." if len(unverified) > 6 else "")
        message = f"The wording of {len(unverified)} standard items was not compared with the original: {names}."
        fix = "Compare it, then write 'verified: true' with the 'url:'."
        yield tell("I019", (*unverified[0].way, "source"), message, fix, "note")
    if declaration.version not in {change.version for change in declaration.changelog}:
        message = f"The changelog does not tell of version {declaration.version}."
        yield tell("I020", ("version",), message, "Add a line under 'changelog:'.", "note")
