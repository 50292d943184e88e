"""Whether a language of an instrument may go into the field, or only into a pilot."""

from __future__ import annotations

from dataclasses import dataclass

from survey_kit.instrument.compose import PLACEHOLDER
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.instrument.texts import walk_texts

_VOUCHED = frozenset({"source", "reviewed", "back_translated"})
_NOT_SHOWN = ("placeholder.", "switch.", "population", "institution.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Whether a language is ready for the field, and what stands against it."""

    ready: bool
    reasons: tuple[str, ...] = ()


def release(instrument: Instrument, language: str) -> Release:
    """Say whether a language is ready: vouched for, complete, without a placeholder left to fill in.

    What is not ready is exported as a pilot. Modules of another instrument whose own source language is another one hold
    translations also where this instrument has its source; they are judged like any translation.

    Examples
    --------
    >>> from survey_kit.instrument.model import Item, Module
    >>> item = Item(id="q1", type="text", text={"en": "What does [[sponsor]] do?"})
    >>> release(Instrument(id="a", version="1", modules=(Module(id="m", items=(item,)),)), "en")
    Release(ready=False, reasons=('[[sponsor]] is not filled in',))
    """
    reasons: list[str] = []
    status = instrument.translation_status(language)
    if status not in _VOUCHED:
        reasons.append(f"the texts in '{language}' are {status}")
    elif unsigned := _unsigned(instrument, language):
        reasons.append(f"{unsigned} texts in '{language}' are translations that nobody reviewed")
    if absent := lacking(instrument, language):
        reasons.append(f"{len(absent)} texts are missing in '{language}'")
    shown = (texts for key, texts in walk_texts(instrument) if not key.startswith(_NOT_SHOWN))
    words = (texts.get(language) or texts.get(instrument.source_language, "") for texts in shown)
    names = dict.fromkeys(name for text in words for name in PLACEHOLDER.findall(text))
    reasons += [f"[[{name}]] is not filled in" for name in names]
    return Release(ready=not reasons, reasons=tuple(reasons))


def lacking(instrument: Instrument, language: str) -> tuple[str, ...]:
    """Give the keys of the texts that a language lacks, of those that a respondent, interviewer or reader meets.

    Examples
    --------
    >>> from survey_kit.instrument.model import Item, Module
    >>> item = Item(id="q1", type="text", text={"en": "Why?"})
    >>> lacking(Instrument(id="a", version="1", modules=(Module(id="m", items=(item,)),)), "ru")
    ('item.q1.text',)
    """
    return tuple(
        key
        for key, texts in walk_texts(instrument)
        if not key.startswith(_NOT_SHOWN) and not texts.get(language, "").strip()
    )


def _unsigned(instrument: Instrument, language: str) -> int:
    """Count the texts of a language that are known as translations and not reviewed."""
    return sum(status not in _VOUCHED for status in instrument.statuses.get(language, {}).values())
