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
    words: Mapping[Code, Mapping[str, str]] = field(default_factory=dict)  # and how they are called


def read_hint(texts: Mapping[str, str]) -> Hint:
    r"""Take a hint apart; what the toolkit's own forms add of themselves is taken off.

    Examples
    --------
    >>> hint = read_hint({"en": "Show card 3\nInterviewer: Read slowly."})
    >>> hint.showcard, hint.instruction
    ('3', {'en': 'Read slowly.'})
    """
    card: str | None = None
    silent, missing = False, dict[Code, MissingKind]()
    called: dict[Code, dict[str, str]] = {}
    rest: dict[str, str] = {}
    for language, text in texts.items():
        lines = []
        for line in text.split("\n"):
            key, value = _line(line.strip(), language)
            if key == "showcard":
                card = card or value
            elif key == "instead":
                for code, told in _typed(value):
                    called.setdefault(code, {})[language] = told
            elif not key:
                lines.append(line)
            silent |= key == "answers_not_read_out"
        left = "\n".join(lines).strip()
        if left:
            rest[language] = left.removeprefix(f"{words('form', language)('interviewer')}: ")
    for code, by_language in called.items():
        missing[code] = missing_kind(by_language, code, certain=True) or "unknown"
    return Hint(instruction=rest, showcard=card, silent=silent, missing=missing or None, words=called)


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


def _typed(text: str) -> list[tuple[Code, str]]:
    """Read codes to type with their words: ``98 (Don't know), 99 (Refused)``."""
    found = re.findall(r"(-?\d{1,9}) \(([^()]*(?:\([^()]*\)[^()]*)*)\)", text)
    return [(int(code), told) for code, told in found]
