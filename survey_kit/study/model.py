"""What ``study.yaml`` declares, as values: schema ``survey-kit/study/1``.

A field's docstring is its description in the editor schema. A trailing underscore stands for a word Python keeps for
itself: the key in the file is ``break``, the field is ``break_``.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, ConfigDict, Field

from survey_kit.instrument.model import Texts, Version
from survey_kit.responses.responses import When
from survey_kit.study.field_plan import FieldPlan
from survey_kit.study.regions import RegionsEntry
from survey_kit.types import Break, Code, DataStatus, LonelyPsu, MissingKind, Overlap

SCHEMA = "survey-kit/study/1"
LEAST = 10  # people behind a published figure, and behind its complement
STRICT = ConfigDict(extra="forbid", alias_generator=lambda name: name.rstrip("_"), use_attribute_docstrings=True)


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _as_file(value: Any) -> Any:
    return {"file": value} if isinstance(value, str) else value


def _as_steps(value: Any) -> Any:
    return {"steps": value} if isinstance(value, list) else value


def _as_items(value: Any) -> Any:
    return {"items": [value]} if isinstance(value, str) else value


WaveId: TypeAlias = Annotated[str, BeforeValidator(_as_text, json_schema_input_type=str | int)]
Columns: TypeAlias = str | tuple[str | None, ...] | None
DesignKey: TypeAlias = Literal["weight", "strata", "psu", "fpc"]
Format: TypeAlias = Literal["html", "pdf", "brief"]
FileFormat: TypeAlias = Literal["table", "odk", "kobo"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Obtain:
    """How to come by a response file that is not passed on with the study."""

    __pydantic_config__ = STRICT

    producer: Texts
    """Who produced the data."""
    terms: Texts
    """Under which terms they may be used."""
    how: Texts
    """What to obtain, and from where."""
    cite: Texts
    """How the producer asks to be cited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """A second file that says why values are missing, with the wave and case columns of the first."""

    __pydantic_config__ = STRICT

    file: str
    """The file, in the data folder."""
    suffix: str = "_na"
    """What follows an item's id in the names of this file's columns."""
    kinds: dict[str, MissingKind] = field(default_factory=dict)
    """What each value of the file means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the answers are."""

    __pydantic_config__ = STRICT

    file: str | None = None
    """The response file, in the data folder; left out when every wave names its own."""
    format: FileFormat = "table"
    """What wrote the file: a table with one row per respondent, an export of ODK Central (odk: submissions.csv or the zip
    archive) or of KoboToolbox (kobo: CSV or Excel with XML values)."""
    versions: dict[str, Version] = field(default_factory=dict)
    """Of an export, what the platform calls a version of the form, and which version of the instrument it is; names that
    begin with the instrument's version need not be listed."""
    wave: str | None = None
    """The column that tells the waves apart."""
    case: str | None = None
    """The column of respondent ids, unique within a wave; of an export the key of the submission when left out."""
    reasons: Annotated[Reasons | None, BeforeValidator(_as_file, json_schema_input_type=str | Reasons | None)] = None
    """A second file that says why values are missing."""
    unknown_codes: Literal["error", "missing"] = "error"
    """A code that the instrument does not know stops the study (error), or is read as a missing answer of unknown
    reason and told in the report (missing)."""
    seed: int | None = None
    """The seed of the simulator that made synthetic answers; the manifest records it."""
    obtain: Obtain | None = None
    """What to obtain, from whom and under which terms; shown when the file is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """How the sample was drawn: the columns a design is made of."""

    __pydantic_config__ = STRICT

    weight: str | None = None
    """The column of weights, positive in every row; left out only when the weighting begins with base probabilities."""
    strata: Columns = None
    """The column of strata, or one per stage."""
    psu: Columns = None
    """The column of sampling units, or one per stage; without it every row is its own unit."""
    fpc: Columns = None
    """The column of population counts of units, or one per stage."""
    nest: bool = False
    """Whether unit ids are unique only within their stratum."""
    lonely_psu: LonelyPsu = "fail"
    """What a stratum with a single unit contributes to the variance."""
    overlap: Overlap = "none"
    """Which units two waves share; declared, never guessed from equal ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicatePlan:
    """Replicates of the units, each of which goes through every weighting step."""

    __pydantic_config__ = STRICT

    method: str = "bootstrap"
    """JK1, JKn, BRR, Fay, bootstrap, Preston or SDR."""
    number: int | None = None
    """How many; as the method has it when left out."""
    seed: int | None = None
    """The seed of what is drawn at random."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighting:
    """How the weights are made from those of the design, step by step."""

    __pydantic_config__ = STRICT

    steps: tuple[dict[str, Any], ...]
    """The steps in their order, each with its kind (base, nonresponse, rake and so on) and what that takes. Totals are by wave,
    or the same for every wave; targets names margins of a file, such as population_2023.yaml#region."""
    boundaries: str | None = None
    """The boundaries that the regions in the answers follow, as files of targets name them."""
    max_age: float = 2.0
    """How many years a target may be older or newer than the interviews of its wave."""
    dates: dict[WaveId, WaveId] = field(default_factory=dict)
    """When the interviews of a wave were held: 2026, 2026-05 or 2026-05-14; the wave's year when left out."""
    cases: str | None = None
    """The file of all issued cases, in the data folder; who gave no interview joins the rows, told apart by 'interviewed'."""
    replicates: ReplicatePlan | None = None
    """Replicates for the standard errors; needed when a step, such as trim, has no derivative."""


WeightingEntry: TypeAlias = Annotated[
    Weighting | None, BeforeValidator(_as_steps, json_schema_input_type=list[dict[str, Any]] | Weighting | None)
]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAsked:
    """Items that were not asked in a wave, or only not of some respondents."""

    __pydantic_config__ = STRICT

    items: tuple[str, ...]
    """Items, or modules of items."""
    when: When | None = None
    """Of whom: {column: [values]} for which the items were not asked (a split ballot), or no_answer: of whoever
    answered none of them (when the file does not say who got which form); of nobody at all when left out."""


NotAskedEntry: TypeAlias = Annotated[NotAsked, BeforeValidator(_as_items, json_schema_input_type=str | NotAsked)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """One survey of the series."""

    __pydantic_config__ = STRICT

    id: WaveId
    """The wave's id, as it stands in the file."""
    year: int | None = None
    """The year for the axis; none for a synthetic wave."""
    version: Version | None = None
    """The version of the instrument; the newest when left out."""
    file: str | None = None
    """The wave's own response file, in the data folder."""
    format: FileFormat | None = None
    """What wrote the wave's own file; as the study says when left out."""
    not_asked: tuple[NotAskedEntry, ...] = ()
    """Items that were not asked, or {items, when} for a split ballot."""
    break_: Break | None = None
    """What changed so much that the wave cannot be compared with the one before."""
    break_items: tuple[str, ...] = ()
    """The items the break concerns; all when left out."""
    break_note: Texts | None = None
    """The break in a few words, to follow 'because'."""
    comparable_with: WaveId | None = None
    """An earlier wave whose series this wave takes up again after a break."""
    design: dict[DesignKey, Columns] = field(default_factory=dict)
    """What of the design differs in this wave; null says the wave has none."""
    flag: tuple[Texts, ...] = ()
    """What a reader of any number of this wave has to know."""
    mode: Texts | None = None
    """How the interviews were held."""
    fieldwork: Texts | None = None
    """When the interviews were held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """A domain made from another column, by cut points or by groups of codes."""

    __pydantic_config__ = STRICT

    from_: str
    """The column or item it is made from."""
    title: Texts | None = None
    """The domain in words."""
    cut: tuple[float, ...] = ()
    """The lower bound of each class; the last class is open, values below the first belong to none."""
    groups: dict[str, tuple[Code, ...]] = field(default_factory=dict)
    """The codes of each group; codes in no group belong to none."""
    labels: dict[str, Texts] = field(default_factory=dict)
    """The class or group in words."""

    def levels(self) -> tuple[str, ...]:
        """List the classes or groups in order.

        Examples
        --------
        >>> Derived(from_="age", cut=(18, 30, 45)).levels()
        ('18-29', '30-44', '45+')
        """
        if self.groups:
            return tuple(self.groups)
        bounds = [int(cut) if float(cut).is_integer() else cut for cut in self.cut]
        whole = all(isinstance(bound, int) for bound in bounds)
        closed = [
            f"{low}-{high - 1}" if whole else f"{low} to under {high}" for low, high in itertools.pairwise(bounds)
        ]
        return (*closed, f"{bounds[-1]}+") if bounds else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """The eleven elements that the AAPOR Code (2021) asks to disclose at once."""

    __pydantic_config__ = STRICT

    strategy: Texts | None = None
    """1. How the data were collected: survey, panel, records."""
    sponsor: Texts | None = None
    """2. Who sponsored and who conducted the research, and who paid."""
    instruments: Texts | None = None
    """3. The questions in full, with response options, context and instructions."""
    population: Texts | None = None
    """4. The population under study."""
    recruitment: Texts | None = None
    """5. How the sample was generated and recruited: frame, coverage, selection, quotas, incentives."""
    modes: Texts | None = None
    """6. Modes and languages of the interview."""
    dates: Texts | None = None
    """7. When the data were collected."""
    sample_sizes: Texts | None = None
    """8. Sample sizes and precision, with design effects."""
    weighting: Texts | None = None
    """9. How weights were made, and from which sources."""
    processing: Texts | None = None
    """10. How data were processed and their quality checked."""
    limitations: Texts | None = None
    """11. What limits the findings."""

    def elements(self) -> dict[str, dict[str, str] | None]:
        """Give the eleven elements in their order."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    def not_stated(self) -> tuple[str, ...]:
        """Name the elements that are empty; a report with any is provisional."""
        return tuple(name for name, text in self.elements().items() if not text)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPlan:
    """What the report comes in."""

    __pydantic_config__ = STRICT

    languages: tuple[str, ...] = ("en",)
    """Languages of the report."""
    formats: tuple[Format, ...] = ("html", "pdf")
    """Forms of the report; ``brief`` is the two-page brief for the authorized body."""
    regions: RegionsEntry = None
    """The domain of the regional profiles and maps; none are made when left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingsPlan:
    """Which international ratings stand beside the survey."""

    __pydantic_config__ = STRICT

    country: str
    """The country, by its ISO 3166 alpha-3 code."""
    compare: tuple[str, ...] = ()
    """Countries to compare with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """What protects those who answered from being recognised in a published figure."""

    __pydantic_config__ = STRICT

    least: Annotated[int, Field(ge=0)] = LEAST
    """Fewest people who may stand behind a published figure and behind its complement; 0 for microdata that are public."""
    reason: Texts | None = None
    """Why fewer than 10 are enough."""
    earlier: str | None = None
    """The table of indicators of the last release, seen from the study's folder: what it told is known, whatever is withheld now."""
    known: Texts | None = None
    """Why figures may stand that the earlier release gives away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyFile:
    """The whole of ``study.yaml``."""

    __pydantic_config__ = STRICT

    id: str
    """The study's id; names its build folder."""
    title: Texts
    """The study in words."""
    data_status: DataStatus
    """Whether the answers are real or synthetic."""
    instrument_: str
    """The id of the instrument."""
    responses: Source
    """Where the answers are."""
    design: Sample
    """How the sample was drawn."""
    waves: tuple[Wave, ...]
    """The surveys of the series, in order."""
    baseline: WaveId | None = None
    """The wave that later waves are compared with, beside the one before; the first when left out."""
    families: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Indicators whose changes are judged together; frozen for a release."""
    domains: tuple[str, ...] = ()
    """Columns, items or derived columns for whose levels every indicator is computed."""
    derive: dict[str, Derived] = field(default_factory=dict)
    """Domains made from other columns."""
    indicators: str = "indicators.yaml"
    """The file of indicators, beside this one."""
    sample: str | None = None
    """The file that declares how the sample is drawn, beside this one."""
    method: Method = field(default_factory=Method)
    """The eleven elements of disclosure."""
    weighting: WeightingEntry = None
    """How the weights are made: a list of steps, or a mapping with the list under steps."""
    weights_note: Texts | None = None
    """What the weights correct for."""
    field_: FieldPlan | None = None
    """How the field is followed: the contact log and the issued cases."""
    notes: tuple[Texts, ...] = ()
    """What else a reader has to know."""
    disclosure: Disclosure = field(default_factory=Disclosure)
    """What protects those who answered from being recognised in a published figure."""
    report: ReportPlan = field(default_factory=ReportPlan)
    """What the report comes in."""
    ratings: RatingsPlan | None = None
    """International ratings to stand beside the survey."""
    source_language: str = "en"
    """The language of texts that do not name theirs."""


def said(texts: Mapping[str, str] | None, language: str = "en") -> str:
    """Give a text in a language, else in the first language it has; nothing for no text.

    Examples
    --------
    >>> said({"en": "Trust", "ru": "Доверие"}, "ru"), said({"ru": "Доверие"}, "en"), said(None)
    ('Доверие', 'Доверие', '')
    """
    if not texts:
        return ""
    return texts.get(language) or next(iter(texts.values()))
