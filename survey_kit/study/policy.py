"""What a policy document asks for, as values: its sentences, its measures, the bodies and documents with their dates.

Three files stand beside the study file: ``institutions.yaml`` (``survey-kit/institutions/1``), ``strategy.yaml``
(``survey-kit/strategy/1``) and ``measures.yaml`` (``survey-kit/measures/1``). Every fact names its sources.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, Field

from survey_kit import files
from survey_kit.errors import StudyError
from survey_kit.instrument.model import Texts
from survey_kit.study.model import STRICT, WaveId
from survey_kit.study.registry import Registry

INSTITUTIONS = "survey-kit/institutions/1"
STRATEGY = "survey-kit/strategy/1"
MEASURES = "survey-kit/measures/1"
ELSEWHERE = "survey-kit/policy/1"
POINTER = "policy.yaml"
NAMES = ("institutions.yaml", "strategy.yaml", "measures.yaml")

Day: TypeAlias = Annotated[
    str,
    BeforeValidator(lambda value: str(value) if isinstance(value, int) and not isinstance(value, bool) else value),
    Field(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$"),
]
"""A year, a month or a day: 2022, 2022-02, 2022-02-02."""
StatementKind: TypeAlias = Literal["goal", "target", "task", "factor", "direction", "process"]
Rating: TypeAlias = Literal["cpi", "wgi", "wjp", "egdi"]
Introduction: TypeAlias = Literal["unknown", "everywhere", "chosen", "drawn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySource:
    """Where a fact comes from."""

    __pydantic_config__ = STRICT

    title: Texts
    """The source in words."""
    address: str | None = None
    """Where it stands."""
    read: bool = False
    """Whether the source itself was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A body or a document with its dates; a successor is another one, and a series breaks there."""

    __pydantic_config__ = STRICT

    id: str
    """The id."""
    title: Texts
    """The name."""
    act: Texts | None = None
    """The act it rests on, with number and date."""
    since: Day | None = None
    """When it began; of a document, when it was adopted."""
    until: Day | None = None
    """When it ended: the first day on which it was no more."""
    successor: str | None = None
    """The id of what took its place."""
    successor_verified: bool = False
    """Whether the succession was compared with an act."""
    sources: tuple[str, ...]
    """Ids of the sources."""
    verified: bool = False
    """Whether name and dates were compared with a source."""
    note: Texts | None = None
    """What a reader has to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstitutionsFile:
    """The whole of ``institutions.yaml``."""

    __pydantic_config__ = STRICT

    as_of: Day
    """The day for which the file says what is in force."""
    sources: dict[str, PolicySource]
    """The sources of every fact in the three files, by id."""
    documents: tuple[Dated, ...] = ()
    """Policy documents."""
    institutions: tuple[Dated, ...] = ()
    """Bodies that answer for measures and indicators, and those that are asked about."""
    source_language: str = "en"
    """The language of texts that do not name theirs."""
    reviewed: dict[str, str] = field(default_factory=dict)
    """By language, the name of the person who vouches for the texts of the three files; the others are drafts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A sentence of the Strategy, and what measures it."""

    __pydantic_config__ = STRICT

    id: str
    """The id."""
    section: str | None = None
    """The section it stands in; left out when it is not known."""
    kind: StatementKind
    """goal, target (a target indicator), task, factor, direction, or process (how the Strategy is to be carried out)."""
    text: Texts
    """What it says; a quotation only when it was compared with the document."""
    sources: tuple[str, ...]
    """Ids of the sources."""
    verified: bool = False
    """Whether the text was compared with the document."""
    indicators: tuple[str, ...] = ()
    """Ids of indicators; one that the study does not have is told as missing."""
    items: tuple[str, ...] = ()
    """Items that measure it: of the study's instrument, or instrument/item."""
    ratings: tuple[Rating, ...] = ()
    """International ratings that measure it: cpi, wgi, wjp, egdi."""
    unmeasured: Texts | None = None
    """Which part of the sentence none of these measures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """How many sentences of a kind a section has, so that a reader sees how many are not entered."""

    __pydantic_config__ = STRICT

    section: str
    """The section."""
    kind: StatementKind
    """The kind."""
    number: Annotated[int, Field(gt=0)]
    """How many there are."""
    sources: tuple[str, ...]
    """Ids of the sources."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskField:
    """A field that the Strategy names as open to corruption, and the figures on it."""

    __pydantic_config__ = STRICT

    id: str
    """The id."""
    title: Texts
    """The field."""
    sections: tuple[str, ...]
    """Sections that name it."""
    sources: tuple[str, ...]
    """Ids of the sources."""
    verified: bool = False
    """Whether the list was compared with the document."""
    indicators: tuple[str, ...] = ()
    """Ids of indicators, each with its own base."""
    items: tuple[str, ...] = ()
    """Items on it: of the study's instrument, or instrument/item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingTarget:
    """A value of an international rating that a document asks for."""

    __pydantic_config__ = STRICT

    rating: Rating
    """The rating: cpi, wgi, wjp, egdi."""
    year: int
    """The year it is to be reached in."""
    value: float
    """The value, in the unit of the rating."""
    document: str
    """The id of the document that sets it."""
    sources: tuple[str, ...]
    """Ids of the sources."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyFile:
    """The whole of ``strategy.yaml``."""

    __pydantic_config__ = STRICT

    document: str
    """The id of the policy document."""
    statements: tuple[Statement, ...]
    """Its sentences, in their order."""
    expected: tuple[Expected, ...] = ()
    """How many sentences of a kind a section has."""
    fields: tuple[RiskField, ...] = ()
    """The fields it names as open to corruption."""
    rating_targets: tuple[RatingTarget, ...] = ()
    """Values of international ratings that a document asks for."""
    registry: dict[str, Registry] = field(default_factory=dict)
    """Entries of the registry by indicator, for those whose definition holds none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A measure of the Strategy: where, when and by whom it was taken, and what it should move."""

    __pydantic_config__ = STRICT

    id: str
    """The id."""
    title: Texts
    """The measure."""
    section: str | None = None
    """The section it follows; left out when it is not known."""
    sources: tuple[str, ...]
    """Ids of the sources."""
    verified: bool = False
    """Whether start, regions and body were compared with an act."""
    since: Day | None = None
    """When it began."""
    first_wave: WaveId | None = None
    """The first wave in which it could be felt."""
    introduction: Introduction = "unknown"
    """everywhere: no region to compare with; chosen: some regions first, not drawn; drawn: the regions were drawn by lot;
    unknown: no source tells."""
    regions: tuple[str, ...] = ()
    """Levels of the domain of regions where it began first."""
    domain: str = "region"
    """The domain of regions."""
    responsible: tuple[str, ...] = ()
    """Ids of the bodies that answer for it."""
    indicators: tuple[str, ...] = ()
    """Ids of the indicators it should move."""
    items: tuple[str, ...] = ()
    """Items it should move: of the study's instrument, or instrument/item."""
    rating: tuple[str, ...] = ()
    """Items by which citizens rate the measure: of the study's instrument, or instrument/item."""
    assessment: tuple[str, ...] = ()
    """Items by which the body itself and the external group assess it."""
    note: Texts | None = None
    """What a reader has to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuresFile:
    """The whole of ``measures.yaml``."""

    __pydantic_config__ = STRICT

    measures: tuple[Measure, ...]
    """The measures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyElsewhere:
    """The whole of ``policy.yaml``: a study that follows the policy of another."""

    __pydantic_config__ = STRICT

    folder: str
    """The folder of the other study, from this one: ../kazakhstan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The three files together, checked: made by :func:`~survey_kit.study.policy_read.read_policy`."""

    institutions: InstitutionsFile
    strategy: StrategyFile | None = None
    measures: tuple[Measure, ...] = ()

    def in_force(self, day: str | None = None) -> tuple[Dated, ...]:
        """Give the documents in force on a day; by default the day the file was looked over for.

        Dates may be years or months: a document is in force from the beginning of `since` up to the beginning of `until`.

        Examples
        --------
        >>> old = Dated(id="old", title={"en": "Old"}, since="2014-12-26", until="2022-02-02", sources=("x",))
        >>> new = Dated(id="new", title={"en": "New"}, since="2022-02-02", sources=("x",))
        >>> policy = Policy(institutions=InstitutionsFile(as_of="2026", sources={}, documents=(old, new)))
        >>> [one.id for one in policy.in_force()], [one.id for one in policy.in_force("2020")]
        (['new'], ['old'])
        """
        now = first_day(day or self.institutions.as_of)
        return tuple(
            one
            for one in self.institutions.documents
            if one.since is not None
            and first_day(one.since) <= now
            and (one.until is None or now < first_day(one.until))
        )

    def dated(self, name: str) -> Dated:
        """Give a document or a body by its id."""
        return next(one for one in (*self.institutions.documents, *self.institutions.institutions) if one.id == name)

    def successions(self) -> tuple[tuple[Dated, Dated], ...]:
        """Give each body or document that has a successor, with it: a break in every series about it."""
        every = (*self.institutions.documents, *self.institutions.institutions)
        return tuple((one, self.dated(one.successor)) for one in every if one.successor is not None)


def first_day(day: str) -> str:
    """Give the first day of a year or month.

    Examples
    --------
    >>> first_day("2022"), first_day("2022-06"), first_day("2022-06-08")
    ('2022-01-01', '2022-06-01', '2022-06-08')
    """
    return day + "0000-01-01"[len(day) :]


def policy_paths(folder: Path) -> tuple[Path, ...]:
    """Give the files of a policy of a study, those that there are: beside its file, or where ``policy.yaml`` there says."""
    pointer = folder / POINTER
    if not pointer.is_file():
        return tuple(folder / name for name in NAMES if (folder / name).is_file())
    document = files.read_yaml(pointer, "pointer to a policy", StudyError)
    named = files.declared(document, PolicyElsewhere, ELSEWHERE, StudyError)
    home = folder / named.folder
    if not (home / NAMES[0]).is_file():
        raise StudyError(
            "There is no policy where the study says it is.",
            where=document.at(("folder",)),
            found=str(home / NAMES[0]),
            fix="Name the folder that holds institutions.yaml.",
        )
    return (pointer, *(home / name for name in NAMES if (home / name).is_file()))
