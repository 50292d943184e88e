"""What the pages know of a policy: ``policy.json``, made from the files beside the study, in every language they have."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import ConfigDict, TypeAdapter, ValidationError

from survey_kit import files
from survey_kit.errors import ReportError
from survey_kit.indicators.contrasts import Contrast, contrasts
from survey_kit.language.catalogue import Words, words
from survey_kit.report.book import Published
from survey_kit.study.model import said
from survey_kit.study.policy import Policy
from survey_kit.study.policy_cover import Link, cover, item_link, registry, stale
from survey_kit.study.policy_read import read_policy
from survey_kit.study.registry import Registry, definition_digests

if TYPE_CHECKING:
    from survey_kit.design import Design
    from survey_kit.responses import Responses
    from survey_kit.study import Study

SCHEMA: Final = "survey-kit/policy/1"
NAME: Final = "policy.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyInfo:
    """A policy as the pages know it.

    Attributes
    ----------
    policy
        The three files.
    statements, fields, measures
        What measures each sentence, field and measure, by its id.
    ratings, assessments
        The items by which citizens rate a measure, and by which it is assessed, by the measure's id.
    registry
        The entry of each indicator that has one.
    digests
        The digest of each indicator's definition.
    stale
        Indicators whose entry was written for another definition.
    contrasts
        The differences of changes of each measure that began in some regions first.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    policy: Policy
    statements: dict[str, tuple[Link, ...]] = field(default_factory=dict)
    fields: dict[str, tuple[Link, ...]] = field(default_factory=dict)
    measures: dict[str, tuple[Link, ...]] = field(default_factory=dict)
    ratings: dict[str, tuple[Link, ...]] = field(default_factory=dict)
    assessments: dict[str, tuple[Link, ...]] = field(default_factory=dict)
    registry: dict[str, Registry] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    stale: tuple[str, ...] = ()
    contrasts: dict[str, tuple[Contrast, ...]] = field(default_factory=dict)


_ADAPTER: Final[TypeAdapter[PolicyInfo]] = TypeAdapter(PolicyInfo)


def policy_info(study: Study) -> PolicyInfo | None:
    """Collect what the pages tell of a study's policy; None when the study has none.

    Examples
    --------
    >>> from survey_kit.study import read_study
    >>> info = policy_info(read_study("analyses/kazakhstan"))
    >>> info.statements["target_ratings"][0].id, info.fields["agriculture"]
    ('cpi', ())
    """
    policy = read_policy(study)
    if policy is None:
        return None
    strategy = policy.strategy
    entries = registry(study, policy)
    digests = definition_digests(study.definitions)
    return PolicyInfo(
        policy=policy,
        statements={one.id: cover(study, one) for one in strategy.statements} if strategy else {},
        fields={one.id: cover(study, one) for one in strategy.fields} if strategy else {},
        measures={one.id: cover(study, one) for one in policy.measures},
        ratings={one.id: tuple(item_link(study, name) for name in one.rating) for one in policy.measures},
        assessments={one.id: tuple(item_link(study, name) for name in one.assessment) for one in policy.measures},
        registry=entries,
        digests={name: digests[name] for name in entries},
        stale=stale(study, entries),
    )


def write(folder: Path, study: Study, responses: Responses | None = None, design: Design | None = None) -> Path | None:
    """Write ``policy.json`` into a build folder; nothing for a study without a policy.

    With the answers and the design, the measures that began in some regions first get their differences of changes.
    """
    info = policy_info(study)
    if info is None:
        return None
    if responses is not None and design is not None:
        made = {one.id: contrasts(study, responses, design, one) for one in info.policy.measures if one.regions}
        info = replace(info, contrasts=made)
    body = {"schema": SCHEMA, **_ADAPTER.dump_python(info, mode="json")}
    return files.write_text(folder / NAME, json.dumps(body, ensure_ascii=False, indent=1) + "\n")


def read(book: Published) -> PolicyInfo | None:
    """Read the policy of a built study; None when it has none."""
    path = book.folder / NAME
    if not path.is_file():
        return None
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        if body.pop("schema", None) == SCHEMA:
            return _ADAPTER.validate_python(body)
        found = "another version"
    except (ValidationError, ValueError, AttributeError) as fault:
        found = str(fault).splitlines()[0]
    raise ReportError("This policy.json cannot be read.", where=str(path), found=found, fix="Build the study anew.")


@dataclass(frozen=True, slots=True)
class Voice:
    """A language: the phrases of the catalogue, texts by language, dates.

    Examples
    --------
    >>> Voice("ru").day("2022-02-02"), Voice("en").day("2025-07"), Voice("kk").day("2015")
    ('2 февраля 2022 года', 'July 2025', '2015')
    """

    language: str

    @property
    def words(self) -> Words:
        """Give the phrases."""
        return words("policy", self.language)

    def __call__(self, key: str, **parts: object) -> str:
        """Give a phrase."""
        return self.words(key, **parts)

    def text(self, texts: Mapping[str, str] | None) -> str:
        """Give a text in the language, else in English, else in the first it has."""
        return (texts or {}).get(self.language) or said(texts, "en")

    def day(self, day: str) -> str:
        """Write a year, a month or a day."""
        year, *rest = day.split("-")
        if not rest:
            return year
        month = self(f"month_{int(rest[0])}")
        if len(rest) == 1:
            return self("date_month", name=month, year=year, month=rest[0])
        return self("date_day", name=month, year=year, day=int(rest[1]))


def voice(book: Published) -> Voice:
    """Give the language of a built study."""
    return Voice(book.info.language.split("-", maxsplit=1)[0])
