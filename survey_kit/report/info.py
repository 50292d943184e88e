"""What the pages know of a study beside its rows: ``study.json``, read and written through these values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import ConfigDict, TypeAdapter, ValidationError

from survey_kit import files
from survey_kit.errors import ReportError, did_you_mean
from survey_kit.report.display import Numbers, numbers
from survey_kit.report.speech import Speech, speech
from survey_kit.types import DataStatus

SCHEMA: Final = "survey-kit/published/1"
THEMES: Final = ("services", "trust", "corruption", "legal_culture", "other")
METHOD: Final = (
    *("strategy", "sponsor", "instruments", "population", "recruitment", "modes", "dates", "sample_sizes"),
    *("weighting", "processing", "limitations"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveInfo:
    """A wave of the study: its id in the rows, its name for readers, its place among the waves (from 1) and what broke in it."""

    id: str
    label: str
    year: int | None = None
    order: int = 1
    break_kind: str = ""
    break_note: str = ""
    mode: str = ""
    fieldwork: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorInfo:
    """An indicator as readers need it: title, wording, base and rules; `saying` is "said they ..." in their words."""

    id: str
    title: str
    theme: str = "other"
    kind: str = "share"
    unit: str = "share"
    direction: str = ""
    saying: str = ""
    question: str = ""
    answers: str = ""
    base: str = ""
    dont_know: str = ""
    interval: str = ""
    family: str = ""
    sensitive: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainInfo:
    """A grouping variable and its name for readers; `levels` names its levels where the rows' English does not serve."""

    id: str
    label: str
    levels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleInfo:
    """The sample of one wave: interviews, units, weights; `kish` is 1 + the squared variation of the weights."""

    wave: str
    interviews: int
    psus: int | None = None
    strata: int | None = None
    df: float | None = None
    weight_min: float | None = None
    weight_max: float | None = None
    kish: float | None = None
    lonely: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemInfo:
    """A coded problem found in the answers."""

    code: str
    severity: str
    wave: str
    column: str
    count: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingInfo:
    """Why answers to one item are missing in one wave, counted in interviews."""

    wave: str
    item: str
    asked: int
    answered: int
    reasons: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyInfo:
    """Everything a page needs to know of a study that is not a row.

    Examples
    --------
    >>> info = StudyInfo(id="toy", title="Toy", data_status="synthetic", waves=(WaveInfo(id="2", label="2", order=2),))
    >>> info.wave_label("2"), info.mark
    ('Rehearsal 2', 'SYNTHETIC')
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    id: str
    title: str
    data_status: DataStatus
    waves: tuple[WaveInfo, ...]
    indicators: tuple[IndicatorInfo, ...] = ()
    domains: tuple[DomainInfo, ...] = ()
    baseline: str = ""
    families: dict[str, tuple[str, ...]] = field(default_factory=dict)
    ratings: str = ""
    compare: tuple[str, ...] = ()
    producer: str = ""
    terms: str = ""
    cite: str = ""
    method: dict[str, str] = field(default_factory=dict)
    assumptions: dict[str, str] = field(default_factory=dict)
    weights_note: str = ""
    notes: tuple[str, ...] = ()
    sample: tuple[SampleInfo, ...] = ()
    problems: tuple[ProblemInfo, ...] = ()
    missing: tuple[MissingInfo, ...] = ()
    languages: tuple[str, ...] = ("en",)
    language: str = "en"
    lacking: tuple[str, ...] = ()
    regions: str = ""
    quality: dict[str, dict[str, str]] = field(default_factory=dict)
    reviewed: dict[str, str] = field(default_factory=dict)
    standing: str = ""  # of the release these pages belong to: final, provisional or rehearsal

    @property
    def say(self) -> Speech:
        """Give the phrases of the report in the language of this study."""
        return speech(self.language)

    @property
    def show(self) -> Numbers:
        """Give numbers as the language of this study writes them."""
        return numbers(self.language)

    @property
    def synthetic(self) -> bool:
        """Tell whether the answers were made up by a simulator."""
        return self.data_status == "synthetic"

    @property
    def mark(self) -> str:
        """Give the word that no output of synthetic data can lose; empty for real data."""
        return self.say("mark") if self.synthetic else ""

    @property
    def file_stem(self) -> str:
        """Give the beginning of every file name."""
        return f"synthetic-{self.id}" if self.synthetic else self.id

    @property
    def not_stated(self) -> tuple[str, ...]:
        """Name the disclosure elements that the study does not state."""
        return tuple(name for name in METHOD if not self.method.get(name, "").strip())

    @property
    def provisional(self) -> bool:
        """Tell whether the figures are provisional: elements are not stated, or the release says so."""
        return self.standing == "provisional" or bool(self.not_stated)

    @property
    def themes(self) -> tuple[str, ...]:
        """Name the themes that have an indicator, in the order of the pages."""
        return tuple(theme for theme in THEMES if any(one.theme == theme for one in self.indicators))

    def of_theme(self, theme: str | None = None) -> tuple[IndicatorInfo, ...]:
        """Give the indicators of a theme, or all."""
        return tuple(one for one in self.indicators if theme in {None, one.theme})

    def indicator(self, name: str) -> IndicatorInfo:
        """Give one indicator by its id."""
        for one in self.indicators:
            if one.id == name:
                return one
        known = did_you_mean(name, [one.id for one in self.indicators])
        raise ReportError(f"The study '{self.id}' has no indicator '{name}'.", fix=known)

    def wave(self, name: str) -> WaveInfo:
        """Give one wave by its id."""
        for one in self.waves:
            if one.id == name:
                return one
        known = did_you_mean(name, [one.id for one in self.waves])
        raise ReportError(f"The study '{self.id}' has no wave '{name}'.", fix=known)

    def wave_label(self, name: str) -> str:
        """Name a wave for readers; a synthetic wave is numbered, never dated."""
        wave = self.wave(name)
        return self.say("wave_synthetic", order=wave.order) if self.synthetic else wave.label

    def level_label(self, row: Mapping[str, Any]) -> str:
        """Name the level of a row for readers."""
        known = next((one.levels for one in self.domains if one.id == row["domain"]), {})
        return str(known.get(str(row["level"])) or row["level_label"] or row["level"])

    def family_label(self, name: str) -> str:
        """Name a family of changes for readers: by its id, in another language than English by its theme if it is one."""
        return self.say(f"theme_{name}") if self.language != "en" and name in THEMES else name

    def base_people(self, about: IndicatorInfo) -> str:
        """Say in words whom the figure of an indicator counts."""
        if about.base == "asked":
            return self.say("base_asked")
        told = "base_told" if about.dont_know == "include" else "base_answered"
        return self.say(f"{told}_ratio" if about.kind == "ratio" else told)

    def silent(self, about: IndicatorInfo) -> str:
        """Say in words what becomes of those who did not know or refused."""
        if about.base == "asked":
            return self.say("silent_asked")
        if about.dont_know == "include":
            return self.say("silent_included")
        return self.say("silent_bounds" if about.dont_know == "bounds" else "silent_out")

    def domain_label(self, name: str) -> str:
        """Name a grouping variable for readers."""
        return next((one.label for one in self.domains if one.id == name), name.replace("_", " "))


_ADAPTER: Final[TypeAdapter[StudyInfo]] = TypeAdapter(StudyInfo)


def write(path: Path, info: StudyInfo) -> Path:
    """Write ``study.json``."""
    import json

    body = {"schema": SCHEMA, **_ADAPTER.dump_python(info, mode="json")}
    return files.write_text(path, json.dumps(body, ensure_ascii=False, indent=1) + "\n")


def read(path: Path) -> StudyInfo:
    """Read ``study.json``."""
    import json

    try:
        body = json.loads(files.existing(path, "study.json", ReportError).read_text(encoding="utf-8"))
        if body.pop("schema", None) != SCHEMA:
            raise ReportError("This study.json is of another version.", where=str(path), fix="Build the study anew.")
        return _ADAPTER.validate_python(body)
    except (ValidationError, ValueError, AttributeError) as fault:
        if isinstance(fault, ReportError):
            raise
        found = str(fault).splitlines()[0]
        raise ReportError(
            "This study.json cannot be read.", where=str(path), found=found, fix="Build the study anew."
        ) from None
