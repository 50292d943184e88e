"""Rules of texts: present, piped from earlier items, in one alphabet, short enough, free of what no text may hold."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from survey_kit.errors import did_you_mean
from survey_kit.instrument.compose import PLACEHOLDER
from survey_kit.instrument.model import DRAWN, Declaration, Problem
from survey_kit.instrument.places import Place, Teller, Way
from survey_kit.instrument.texts import walk_texts

PIPED = re.compile(r"\$\{([^{}]*)\}")
VARIABLE_BYTES, VALUE_BYTES = 255, 120  # SPSS cuts longer labels without a word
_SILENT = frozenset({"calculated", *DRAWN})  # never shown
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def check_texts(declaration: Declaration, own: Declaration, found: Sequence[Place], tell: Teller) -> Iterator[Problem]:
    """Check every text of `own`, the part that stands in the instrument's own file, in all its languages."""
    ways = _ways(declaration)
    by_id = {place.item.id: place for place in found}
    for place in found:
        if place.own and place.item.type not in _SILENT and not (place.item.text or place.item.label):
            yield tell("I014", place.way, f"Item '{place.item.id}' has no words.", "Write the question under 'text:'.")
    for key, texts in walk_texts(own):
        way = _way(key, ways)
        if not texts.get(own.source_language, "").strip():
            fix = f"Write it in '{own.source_language}', or correct 'source_language:'."
            yield tell("I014", way, f"The text '{key}' is missing in the source language.", fix)
        for language, text in texts.items():
            told = f"The text '{key}'" + (f" in '{language}'" if language != own.source_language else "")
            yield from _characters(told, text, way, tell)
            yield from _references(declaration, key, told, text, by_id, way, tell)
            yield from _length(key, told, text, way, tell)


def _characters(told: str, text: str, way: Way, tell: Teller) -> Iterator[Problem]:
    for word in _WORD.findall(text):
        scripts = {_script(letter) for letter in word} - {""}
        if len(scripts) > 1:
            odd = mixed(word)
            fix = f"Type it in one alphabet: {', '.join(f'{one!r} is {_script(one)}' for one in odd[:3])}."
            yield tell("I028", way, f"{told} mixes Latin and Cyrillic letters in '{word}'.", fix)
    held = sorted(
        {f"U+{ord(one):04X}" for one in text if unicodedata.category(one) in {"Cc", "Cf", "Co", "Cs"}} - _FREE
    )
    if held:
        yield tell("I042", way, f"{told} holds invisible characters: {', '.join(held)}.", "Type it anew.")
    if text.lstrip().startswith(("=", "@")) or re.match(r"\s*[+-]\s*[A-Za-z(]", text):
        yield tell("I042", way, f"{told} begins like a formula of a spreadsheet.", "Begin it with a word.")


_FREE = {"U+000A", "U+00AD", "U+200D"}  # line ends, soft hyphens, joiners


def mixed(word: str) -> tuple[str, ...]:
    """Give the letters of a word that are of the rarer of its two alphabets.

    Examples
    --------
    >>> mixed("cенім") == ("c",)  # the first letter is Latin
    True
    """
    counts = {one: sum(_script(letter) == one for letter in word) for one in ("Latin", "Cyrillic")}
    rare = min(counts, key=lambda one: counts[one])
    return tuple(letter for letter in word if _script(letter) == rare) if min(counts.values()) else ()


def _script(letter: str) -> str:
    if letter.isascii():
        return "Latin" if letter.isalpha() else ""
    name = unicodedata.name(letter, "")
    return next((one for one in ("Latin", "Cyrillic") if name.startswith(one.upper())), "")


def _references(
    declaration: Declaration,
    key: str,
    told: str,
    text: str,
    by_id: Mapping[str, Place],
    way: Way,
    tell: Teller,
) -> Iterator[Problem]:
    for name in dict.fromkeys(PIPED.findall(text)):
        own = by_id.get(key.split(".")[1]) if key.startswith("item.") else None
        if name not in by_id:
            yield tell("I025", way, f"{told} shows the unknown item '{name}'.", did_you_mean(name, by_id))
        elif own is not None and by_id[name].order >= own.order:
            yield tell("I025", way, f"{told} shows '{name}', which is asked later.", f"Move '{name}' before it.")
    for name in dict.fromkeys(PLACEHOLDER.findall(text)):
        if name not in declaration.placeholders:
            fix = f"Declare it under 'placeholders:'. {did_you_mean(name, declaration.placeholders)}"
            yield tell("I026", way, f"{told} holds the undeclared placeholder '[[{name}]]'.", fix)


def _length(key: str, told: str, text: str, way: Way, tell: Teller) -> Iterator[Problem]:
    size = len(text.encode())
    if re.fullmatch(r"item\.\w+\.label", key) and size > VARIABLE_BYTES:
        message = f"{told} has {size} bytes; SPSS keeps {VARIABLE_BYTES} of a variable's label."
        yield tell("I029", way, message, "Shorten it; a Cyrillic letter takes two bytes.")
    answer = key.startswith(("scale.", "missing.")) or re.match(r"item\.\w+\.scale\.", key)
    if answer and size > VALUE_BYTES:
        message = f"{told} has {size} bytes; SPSS keeps {VALUE_BYTES} of an answer's label."
        yield tell("I029", way, message, "Shorten it; a Cyrillic letter takes two bytes.")


def _ways(declaration: Declaration) -> dict[str, Way]:
    """Give the way to each item and module in the file: the modules that other instruments hold keep their places there."""
    out: dict[str, Way] = {}
    for m, module in enumerate(declaration.modules):
        out[f"module.{module.id}"] = ("modules", m)
        for i, item in enumerate(module.items):
            out[f"item.{item.id}"] = ("modules", m, "items", i)
            for r, row in enumerate(item.rows):
                out[f"item.{row.id}"] = ("modules", m, "items", i, "rows", r)
    return out


def _way(key: str, ways: Mapping[str, Way]) -> Way:
    parts = key.split(".")
    stem = ".".join(parts[:2])
    if stem in ways:
        return (*ways[stem], *parts[2:3])
    plural = {"scale": "scales", "missing": "missing_labels", "placeholder": "placeholders", "switch": "switches"}
    first = {**plural, "institution": "institutions"}.get(parts[0], parts[0])
    return (first, *parts[1:2])
