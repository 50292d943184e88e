"""What a study declares about its releases: ``release.yaml``, early access, causes of revisions, questions not published."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from survey_kit import files
from survey_kit.errors import ReleaseError, did_you_mean
from survey_kit.instrument.model import Texts
from survey_kit.instrument.questionnaire import leaves
from survey_kit.report.edition import Approval, Cause
from survey_kit.study import Study
from survey_kit.study.model import STRICT, WaveId

SCHEMA: Final = "survey-kit/release/1"
NAME: Final = "release.yaml"
_MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Somebody who sees the figures before all others."""

    __pydantic_config__ = STRICT

    name: str
    """Who."""
    role: str
    """In which function."""
    reason: Texts
    """Why."""
    hours: int = 24
    """How many hours before all others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotPublished:
    """Questions that were asked and stand in no figure."""

    __pydantic_config__ = STRICT

    items: tuple[str, ...]
    """Items or whole modules."""
    reason: Texts
    """Why nothing of them is published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """Why figures of an earlier release are other now; what is left out holds for all."""

    __pydantic_config__ = STRICT

    edition: str
    """The edition in which they are other."""
    kind: Cause
    """error | data | method | definition; an error is told above every page."""
    date: dt.date
    """When it was decided."""
    reason: Texts
    """Why, in words."""
    indicator: str | None = None
    """Of which indicator; all when left out."""
    wave: WaveId | None = None
    """Of which wave; all when left out."""
    domain: str | None = None
    """Of which grouping; '' is everybody, all when left out."""
    level: str | None = None
    """Of which level; all when left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseFile:
    """The whole of ``release.yaml``."""

    __pydantic_config__ = STRICT

    field_began: dict[WaveId, dt.date] | None = None
    """The first day of the field of each wave: definitions have to be frozen before."""
    access: tuple[Access, ...] = ()
    """Who sees the figures before all others."""
    unpublished: tuple[NotPublished, ...] = ()
    """What was asked and is not published, with the reason."""
    revisions: tuple[Revision, ...] = ()
    """Why figures of earlier releases were revised."""


def release_path(study: Study) -> tuple[Path, ...]:
    """Give ``release.yaml`` beside the study file, when there is one."""
    path = study.folder / NAME
    return (path,) if path.is_file() else ()


def read_release(study: Study) -> ReleaseFile:
    """Read ``release.yaml`` beside the study file; a study without one declares nothing.

    Raises
    ------
    ReleaseError
        If it names a wave, an indicator or an item that the study does not have.
    """
    for path in release_path(study):
        document = files.read_yaml(path, "file of the release", ReleaseError)
        told = files.declared(document, ReleaseFile, SCHEMA, ReleaseError, context={"language": study.source_language})
        _check(study, told, document)
        return told
    return ReleaseFile()


def _check(study: Study, told: ReleaseFile, document: files.Document) -> None:
    waves = [one.id for one in study.waves]
    named = set(questions(study)) | {module for wave in study.waves for module in _modules(study, wave.id)}
    for wave in told.field_began or {}:
        _known(wave, waves, "wave", document.at(("field_began", wave)))
    for i, one in enumerate(told.unpublished):
        for item in one.items:
            _known(item, named, "item or module", document.at(("unpublished", i, "items")))
    for i, cause in enumerate(told.revisions):
        if cause.wave is not None:
            _known(cause.wave, waves, "wave", document.at(("revisions", i, "wave")))
        if cause.domain:
            _known(cause.domain, study.domains, "domain", document.at(("revisions", i, "domain")))


def _known(name: str, known: Sequence[str] | set[str], what: str, where: str) -> None:
    if name not in known:
        raise ReleaseError(f"The study has no {what} '{name}'.", where=where, fix=did_you_mean(name, known))


def _modules(study: Study, wave: str) -> list[str]:
    return [module.id for module in study.instruments[wave].modules]


def questions(study: Study) -> dict[str, tuple[str, ...]]:
    """Give every question that was put to somebody in some wave, with the waves it was asked in.

    What identifies people, describes the design or the interview itself is no question here.
    """
    out: dict[str, tuple[str, ...]] = {}
    for wave in study.waves:
        silent = study.not_asked(wave.id)
        for _, _, item in leaves(study.instruments[wave.id]):
            if item.role in {"identifier", "design", "paradata"} or item.type in {"calculated", "arm", "random"}:
                continue
            if item.id not in silent:
                out[item.id] = (*out.get(item.id, ()), wave.id)
    return out


def unpublished(study: Study, told: ReleaseFile) -> tuple[tuple[tuple[str, ...], dict[str, str]], ...]:
    """Give the questions that stand in no figure with the reason; an empty reason where nobody gave one.

    Returns
    -------
    tuple
        Pairs of items and reason by language.
    """
    used = {item for one in study.definitions for item in one.needs()}
    used |= {*study.domains, *(one.from_ for one in study.derive.values())}
    open_ = [item for item in questions(study) if item not in used]
    module_of: dict[str, str] = {}
    for wave in study.waves:
        module_of |= {item.id: module.id for module, _, item in leaves(study.instruments[wave.id])}
    out: list[tuple[tuple[str, ...], dict[str, str]]] = []
    for one in told.unpublished:
        mine = tuple(item for item in open_ if item in one.items or module_of[item] in one.items)
        if mine:
            out.append((mine, dict(one.reason)))
        open_ = [item for item in open_ if item not in mine]
    return (*out, *([(tuple(open_), {})] if open_ else []))


def approval(text: str) -> Approval:
    """Read an approval, "Name, role".

    Examples
    --------
    >>> approval("A. Serik, head of statistics")
    Approval(name='A. Serik', role='head of statistics')
    """
    name, _, role = (part.strip() for part in text.partition(","))
    if not name or not role:
        raise ReleaseError(
            "An approval names a person and a role.", found=repr(text), fix='Write --approve "Name, role".'
        )
    return Approval(name=name, role=role)


def moment(text: str, today: dt.date) -> str:
    """Read the end of an embargo: a date, or a date with time and zone, not before today.

    Examples
    --------
    >>> moment("2026-12-10T10:00+05:00", dt.date(2026, 12, 1))
    '2026-12-10T10:00+05:00'
    """
    try:
        if not _MOMENT.fullmatch(text):
            raise ValueError
        day = dt.datetime.fromisoformat(text).date()
    except ValueError:
        raise ReleaseError(
            "The embargo is no date.",
            found=repr(text),
            fix="Write 2026-12-10, or 2026-12-10T10:00+05:00 with the zone.",
        ) from None
    if day < today:
        raise ReleaseError(
            "The embargo ends before the release.", found=f"{text}, released {today}", fix="Name a later date, or none."
        )
    return text
