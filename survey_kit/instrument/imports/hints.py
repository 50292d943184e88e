"""What stands small under a question, taken apart: the card, how many answers, codes to type, the instruction."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from survey_kit.instrument.imports.choices import missing_kind
from survey_kit.language import words
from survey_kit.types import Code, MissingKind

_LINES = (
    ("form", "showcard"),
    ("form", "choose_one"),
    ("form", "choose_several"),
    ("form", "at_most"),
    ("xlsform", "answers_not_read_out"),
    ("xlsform", "instead"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """The parts of a hint."""

    instruction: Mapping[str, str] = field(default_factory=dict)
    showcard: str | None = None
    silent: bool = False  # the answers are not read out
    missing: Mapping[Code, MissingKind] | None = None  # the codes to type where there is no answer


def read_hint(texts: Mapping[str, str]) -> Hint:
    r"""Take a hint apart; what the toolkit's own forms add of themselves is taken off.

    Examples
    --------
    >>> hint = read_hint({"en": "Show card 3\nInterviewer: Read slowly."})
    >>> hint.showcard, hint.instruction
    ('3', {'en': 'Read slowly.'})
    """
    card: str | None = None
    silent, missing = False, None
    rest: dict[str, str] = {}
    for language, text in texts.items():
        lines = []
        for line in text.split("\n"):
            key, value = _line(line.strip(), language)
            if key == "showcard":
                card = card or value
            elif key == "instead":
                missing = missing or _typed(value, language)
            elif not key:
                lines.append(line)
            silent |= key == "answers_not_read_out"
        told = "\n".join(lines).strip()
        if told:
            rest[language] = told.removeprefix(f"{words('form', language)('interviewer')}: ")
    return Hint(instruction=rest, showcard=card, silent=silent, missing=missing)


def addressed(texts: Mapping[str, str]) -> tuple[dict[str, str], bool]:
    """Take off that a text is for the interviewer; say whether it was."""
    starts = {language: f"{words('form', language)('interviewer')}: " for language in texts}
    told = any(text.startswith(starts[language]) for language, text in texts.items())
    return {language: text.removeprefix(starts[language]) for language, text in texts.items()}, told


def generated(texts: Mapping[str, str], *keys: str) -> bool:
    """Say whether a text is one that the toolkit's own forms write of themselves."""
    patterns = {language: [_pattern("form", key, language) for key in keys] for language in texts}
    return all(any(one.fullmatch(text) for one in patterns[language]) for language, text in texts.items())


def _line(line: str, language: str) -> tuple[str, str]:
    for use, key in _LINES:
        found = _pattern(use, key, language).fullmatch(line)
        if found:
            return key, found[1] if found.groups() else ""
    return "", ""


@lru_cache(maxsize=256)
def _pattern(use: str, key: str, language: str) -> re.Pattern[str]:
    parts = re.split(r"\{\w+\}", words(use, language)(key))
    return re.compile("(.{1,400}?)".join(re.escape(part) for part in parts), re.DOTALL)


def _typed(text: str, language: str) -> dict[Code, MissingKind]:
    """Read codes to type with their meaning: ``98 (Don't know), 99 (Refused)``."""
    found = re.findall(r"(-?\d{1,9}) \(([^()]*(?:\([^()]*\)[^()]*)*)\)", text)
    out: dict[Code, MissingKind] = {}
    for code, told in found:
        kind = missing_kind({language: told}, int(code), certain=True)
        if kind is not None:
            out[int(code)] = kind
    return out
