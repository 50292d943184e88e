"""Definitions frozen before the field: the digest of every indicator, by whom and when; changes after that are told."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from survey_kit import files
from survey_kit.errors import ReleaseError
from survey_kit.release.declaration import approval
from survey_kit.study import Study
from survey_kit.study.model import STRICT
from survey_kit.study.registry import changed_since, definition_digests

SCHEMA: Final = "survey-kit/frozen/1"
NAME: Final = "frozen.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """A change of frozen definitions."""

    __pydantic_config__ = STRICT

    date: dt.date
    """When."""
    by: str
    """By whom, "Name, role"."""
    reason: str
    """Why."""
    indicators: tuple[str, ...]
    """Which definitions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """The whole of ``frozen.yaml``, written by ``survey-kit freeze``."""

    __pydantic_config__ = STRICT

    study: str
    """The study's id."""
    date: dt.date
    """When the definitions were frozen."""
    by: str
    """By whom, "Name, role"."""
    indicators: dict[str, str]
    """The digest of each definition."""
    families: dict[str, tuple[str, ...]]
    """The families whose changes are judged together."""
    amended: tuple[Amendment, ...] = ()
    """What was changed since."""

    @property
    def last(self) -> dt.date:
        """Give the day on which the definitions became what they are."""
        return max([self.date, *(one.date for one in self.amended)])


def frozen_path(study: Study) -> tuple[Path, ...]:
    """Give ``frozen.yaml`` beside the study file, when there is one."""
    path = study.folder / NAME
    return (path,) if path.is_file() else ()


def read_frozen(study: Study) -> Frozen | None:
    """Read the frozen definitions of a study; nothing when they were never frozen."""
    for path in frozen_path(study):
        document = files.read_yaml(path, "file of frozen definitions", ReleaseError)
        told = files.declared(document, Frozen, SCHEMA, ReleaseError)
        if told.study != study.id:
            raise ReleaseError(
                "The frozen definitions belong to another study.",
                where=document.at(("study",)),
                found=f"'{told.study}' instead of '{study.id}'",
                fix="Freeze the definitions of this study: survey-kit freeze.",
            )
        return told
    return None


def differences(study: Study, frozen: Frozen) -> dict[str, str]:
    """Name what differs from the frozen definitions: ``changed``, ``new`` or ``gone``, families as ``family <name>``."""
    out = changed_since(frozen.indicators, study.definitions)
    now = {name: tuple(members) for name, members in study.families.items()}
    for name in sorted({*now, *frozen.families}):
        if now.get(name) != frozen.families.get(name):
            out[f"family {name}"] = "gone" if name not in now else "new" if name not in frozen.families else "changed"
    return out


def freeze_indicators(study: Study, *, by: str, amend: str | None = None, today: dt.date | None = None) -> Path:
    """Freeze the definitions of a study's indicators and families: write ``frozen.yaml`` beside the study file.

    Parameters
    ----------
    study
        The study.
    by
        Who freezes them, "Name, role".
    amend
        Why definitions that were frozen before are other now; the file keeps every such reason.
    today
        The date; by default today's.

    Raises
    ------
    ReleaseError
        If definitions were frozen before and are other now, and no reason is given.

    Examples
    --------
    >>> import survey_kit as sk
    >>> study = sk.read_study("analyses/kazakhstan")
    >>> sk.freeze_indicators(study, by="A. Serik, head of statistics").name  # doctest: +SKIP
    'frozen.yaml'
    """
    who, day = str(approval(by)), today or dt.datetime.now(dt.UTC).date()
    before = read_frozen(study)
    amended: tuple[Amendment, ...] = ()
    first_day, first_by = day, who
    if before is not None:
        first_day, first_by, amended = before.date, before.by, before.amended
        differ = differences(study, before)
        if not differ:
            return frozen_path(study)[0]
        if not (amend or "").strip():
            name, what = next(iter(differ.items()))
            raise ReleaseError(
                "Definitions that were frozen are other now, and no reason is given.",
                where=str(frozen_path(study)[0]),
                found=f"'{name}' is {what} ({len(differ)} in all), frozen on {before.last}",
                fix='Restore them, or give the reason: survey-kit freeze ... --amend "why".',
            )
        amended = (*amended, Amendment(date=day, by=who, reason=str(amend).strip(), indicators=tuple(differ)))
    return files.write_text(study.folder / NAME, _text(study, first_day, first_by, amended))


def _text(study: Study, day: dt.date, by: str, amended: tuple[Amendment, ...]) -> str:
    lines = [
        "# Written by survey-kit freeze: what decides each figure, as a digest. Do not mend it by hand.",
        f"schema: {SCHEMA}",
        f"study: {study.id}",
        f"date: {day.isoformat()}",
        f"by: {_quoted(by)}",
        "indicators:",
        *(f'  {name}: "{digest}"' for name, digest in definition_digests(study.definitions).items()),
        "families:" if study.families else "families: {}",
        *(f"  {name}: [{', '.join(members)}]" for name, members in study.families.items()),
    ]
    if amended:
        lines.append("amended:")
    for one in amended:
        names = ", ".join(map(_quoted, one.indicators))
        lines += [
            f"  - date: {one.date.isoformat()}",
            f"    by: {_quoted(one.by)}",
            f"    reason: {_quoted(one.reason)}",
        ]
        lines.append(f"    indicators: [{names}]")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
