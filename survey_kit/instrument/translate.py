"""Translations: each text beside a hash of the source it was made from, with who reviewed it and when."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import yaml
from pydantic import ConfigDict

from survey_kit.errors import InstrumentError, did_you_mean
from survey_kit.files import Document, declared, read_yaml, write_text
from survey_kit.instrument.compose import own_part
from survey_kit.instrument.model import Declaration, Problem, Status
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.instrument.texts import map_texts, walk_texts

SCHEMA = "survey-kit/translation/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Translated:
    """One text in another language: the hash of its source, its state, and who answers for that state."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    text: str
    source: str
    status: Status = "draft"
    reviewer: str | None = None
    date: str | None = None

    @property
    def vouched(self) -> Status:
        """Give the status that somebody answers for: without a named reviewer and a date it is a draft."""
        return self.status if self.reviewer and self.date else "draft"


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """What ``translations/<language>.yaml`` says."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    language: str
    texts: dict[str, Translated] = field(default_factory=dict)


def source_hash(text: str) -> str:
    """Give twelve digits that change when the words of a text change, and not when only its spacing does.

    Examples
    --------
    >>> source_hash("Do you trust  the courts?") == source_hash("Do you trust the courts? ")
    True
    """
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    return hashlib.sha256(plain.encode()).hexdigest()[:12]


def read_translation(path: Path) -> tuple[Translation, Document]:
    """Read one translation file."""
    document = read_yaml(path, "translation", InstrumentError)
    translation = declared(document, Translation, SCHEMA, InstrumentError)
    if translation.language != path.stem:
        raise InstrumentError(
            "A translation file is named by its language.",
            where=document.at(("language",)),
            found=f"language '{translation.language}' in '{path.name}'",
            fix=f"Name it {translation.language}.yaml.",
        )
    return translation, document


def merge(
    declaration: Declaration, translation: Translation, document: Document, *, newest: bool = True
) -> tuple[Declaration, dict[str, str], list[Problem]]:
    """Put a translation's texts into a declaration; give the status of each text and the problems.

    For an older version (`newest` false) a text whose source has changed since is left out without a word.
    """
    sources = {key: texts.get(declaration.source_language, "") for key, texts in walk_texts(declaration)}
    current = {key: one.source == source_hash(sources[key]) for key, one in translation.texts.items() if key in sources}
    found = {
        key: one for key, fresh in current.items() if (fresh or newest) and (one := translation.texts[key]).text.strip()
    }
    statuses: dict[str, str] = dict.fromkeys(sources, "missing")
    statuses |= {key: one.vouched if current[key] else "stale" for key, one in found.items()}
    texts = {key: one.text for key, one in found.items()}
    problems = _problems(translation, document, sources, current) if newest else []
    return _filled(declaration, translation.language, texts), statuses, problems


def _problems(
    translation: Translation, document: Document, sources: Mapping[str, str], current: Mapping[str, bool]
) -> list[Problem]:
    out = []
    absent = [key for key in sources if key not in translation.texts or not translation.texts[key].text.strip()]
    if absent:
        shown = ", ".join(absent[:3]) + (", ..." if len(absent) > 3 else "")
        message = f"{len(absent)} of {len(sources)} texts have no translation into '{translation.language}': {shown}."
        out.append(Problem(code="I015", severity="note", where=document.at(()), message=message, fix="Translate them."))
    for key, one in translation.texts.items():
        where = document.at(("texts", key))
        if key not in sources:
            message = f"The translation '{key}' belongs to no text of the instrument."
            out.append(Problem(code="I018", severity="note", where=where, message=message, fix="Remove or rename it."))
        elif one.text.strip() and not current[key]:
            message = f"The source of '{key}' has changed since it was translated."
            fix = f"Check the translation, then write 'source: {source_hash(sources[key])}'."
            out.append(Problem(code="I016", severity="note", where=where, message=message, fix=fix))
        if one.status != one.vouched:
            message = f"The translation '{key}' says '{one.status}' but names no reviewer and date."
            fix = "Add 'reviewer:' and 'date:', or write 'status: draft'."
            out.append(Problem(code="I017", severity="error", where=where, message=message, fix=fix))
    return out


def _filled(declaration: Declaration, language: str, texts: Mapping[str, str]) -> Declaration:
    def put(key: str, own: Mapping[str, str]) -> dict[str, str]:
        return {**own, language: texts[key]} if key in texts else dict(own)

    return map_texts(declaration, put)


def draft_translation(instrument: Instrument, language: str) -> Path:
    """Write or complete ``translations/<language>.yaml``: new texts as empty drafts, the others as they stand.

    A text whose source changed keeps its old hash, so that it stays marked stale until somebody looks at it.
    """
    return write_translation(instrument, language, {})


def write_translation(instrument: Instrument, language: str, texts: Mapping[str, str]) -> Path:
    """Write translated texts by key into ``translations/<language>.yaml``, as drafts of the present source texts.

    What is not among `texts` stands as it was, or as an empty draft when it is new. Only a person who edits the file makes a draft
    a reviewed text.

    Raises
    ------
    InstrumentError
        When the instrument has no folder, or a key belongs to no text of its own (modules it uses are translated where they stand).
    """
    if instrument.path is None:
        raise InstrumentError("This instrument has no folder to write a translation to.", fix="Read it from its file.")
    path = instrument.path.parent / "translations" / f"{language}.yaml"
    known = read_translation(path)[0].texts if path.exists() else {}
    sources = {key: one.get(instrument.source_language, "") for key, one in walk_texts(own_part(instrument))}
    strange = [key for key in texts if key not in sources]
    if strange:
        raise InstrumentError(f"'{strange[0]}' is no text of this instrument.", fix=did_you_mean(strange[0], sources))
    lines = [f"schema: {SCHEMA}", f"language: {language}", "texts:"]
    for key, source in sources.items():
        if key in texts:
            one = Translated(text=texts[key], source=source_hash(source))
        else:
            one = known.get(key) or Translated(text="", source=source_hash(source))
        body = {
            name: value
            for name in ("source", "text", "status", "reviewer", "date")
            if (value := getattr(one, name)) is not None
        }
        flow = yaml.safe_dump(body, allow_unicode=True, default_flow_style=True, sort_keys=False, width=10_000).strip()
        lines += [f"  # {' '.join(source.split())}", f"  {key}: {flow}"]
    return write_text(path, "\n".join(lines) + "\n")
