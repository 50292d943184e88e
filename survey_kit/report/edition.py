"""What the pages know of the release they belong to: ``edition.json``, written by a release and read by its pages."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TypeAlias

from pydantic import ConfigDict, TypeAdapter, ValidationError

from survey_kit import files
from survey_kit.errors import ReportError
from survey_kit.language import words
from survey_kit.report.speech import speech

SCHEMA: Final = "survey-kit/edition/1"
NAME: Final = "edition.json"
USE: Final = "release"  # the catalogue of words

Mark: TypeAlias = Literal["final", "provisional", "rehearsal"]
Cause: TypeAlias = Literal["error", "data", "method", "definition"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What keeps an edition from being final: a code, the parts of its sentence in the catalogue, and the phrases it names."""

    code: str
    parts: dict[str, str] = field(default_factory=dict)
    names: tuple[str, ...] = ()

    def text(self, language: str = "en") -> str:
        """Give the sentence.

        Examples
        --------
        >>> Finding(code="E001").text()
        'The answers are synthetic.'
        """
        say, report = words(USE, language), speech(language)
        called = [report(name) if name.startswith("method_") else say(name) for name in self.names]
        named = {"names": "; ".join(called)} if called else {}
        return say(f"finding_{self.code}", **self.parts, **named)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who approved the release, in which function."""

    name: str
    role: str

    def __str__(self) -> str:
        return f"{self.name}, {self.role}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Early:
    """Who sees the figures before all others, and why."""

    name: str
    role: str
    reason: dict[str, str] = field(default_factory=dict)
    hours: int = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """An error of the release before that this one corrects."""

    date: str
    what: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpublished:
    """Questions that were asked and stand in no figure, and why."""

    items: tuple[str, ...]
    reason: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionInfo:
    """A release as its pages tell of it.

    Attributes
    ----------
    edition, status, released, embargo
        Its name, its mark, its date, and before when nothing of it may be passed on (empty: no embargo).
    previous
        The edition it was compared with; empty for the first.
    findings
        What keeps it from being final.
    revised
        Values that differ from the release before, by kind of cause.
    reasons
        The reasons of revisions in every language, by their text in ``revisions.csv``.
    withheld
        Figures that are not published, by reason: ``confidential``, ``unreliable``.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    edition: str
    status: Mark
    released: str
    embargo: str = ""
    approvals: tuple[Approval, ...] = ()
    access: tuple[Early, ...] = ()
    previous: str = ""
    findings: tuple[Finding, ...] = ()
    corrections: tuple[Correction, ...] = ()
    revised: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, dict[str, str]] = field(default_factory=dict)
    unpublished: tuple[Unpublished, ...] = ()
    withheld: dict[str, int] = field(default_factory=dict)

    def headline(self, language: str = "en") -> str:
        """Give the line above every page: mark, edition, embargo, corrections.

        Examples
        --------
        >>> EditionInfo(edition="2026", status="provisional", released="2026-12-10").headline()
        'PROVISIONAL, edition 2026 of 2026-12-10.'
        """
        say = words(USE, language)
        told = [say("headline", mark=say(f"mark_{self.status}"), edition=self.edition, date=self.released)]
        if self.embargo:
            told.append(say("headline_embargo", date=self.embargo))
        for one in self.corrections:
            what = one.what.get(language) or next(iter(one.what.values()))
            told.append(say("headline_correction", date=one.date, what=what.rstrip(".")))
        return " ".join(told)


_ADAPTER: Final[TypeAdapter[EditionInfo]] = TypeAdapter(EditionInfo)


def write_edition(folder: Path, edition: EditionInfo) -> Path:
    """Write ``edition.json`` into a build folder."""
    body = {"schema": SCHEMA, **_ADAPTER.dump_python(edition, mode="json")}
    return files.write_text(folder / NAME, json.dumps(body, ensure_ascii=False, indent=1) + "\n")


def read_edition(folder: Path) -> EditionInfo | None:
    """Read ``edition.json`` of a build folder; nothing when the build is no release."""
    path = folder / NAME
    if not path.is_file():
        return None
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        if body.pop("schema", None) != SCHEMA:
            raise ReportError("This edition.json is of another version.", where=str(path), fix="Make the release anew.")
        return _ADAPTER.validate_python(body)
    except (ValidationError, ValueError, AttributeError) as fault:
        if isinstance(fault, ReportError):
            raise
        found = str(fault).splitlines()[0]
        raise ReportError("This edition.json cannot be read.", where=str(path), found=found) from None
