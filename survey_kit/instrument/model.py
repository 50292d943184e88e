"""The parts of a questionnaire as values: the keys of ``instrument.yaml``, word for word.

`Declaration` is one file; `survey_kit.instrument.questionnaire.Instrument` is the same thing in memory, with the modules of other
instruments put in, its translations merged and its items found by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import BeforeValidator, ConfigDict, Strict, ValidationInfo, WithJsonSchema

from survey_kit.types import Code, MissingKind

SCHEMA = "survey-kit/instrument/1"

ItemType: TypeAlias = Literal[
    "single", "multiple", "integer", "decimal", "number", "text", "date", "grid", "calculated", "arm", "random", "note"
]
Role: TypeAlias = Literal["answer", "identifier", "quasi_identifier", "sensitive", "paradata", "design"]
Severity: TypeAlias = Literal["error", "note"]
Status: TypeAlias = Literal["draft", "reviewed", "back_translated"]
Unit: TypeAlias = Literal["person", "household", "establishment", "measure", "official", "reader"]
Mode: TypeAlias = Literal["face_to_face", "telephone", "web", "paper"]
Collected: TypeAlias = Literal["audit", "location", "audio", "device"]

NUMERIC: frozenset[str] = frozenset({"integer", "decimal", "number", "calculated", "random"})
CODED: frozenset[str] = frozenset({"single", "multiple", "arm"})
DRAWN: frozenset[str] = frozenset({"arm", "random"})

MISSING_LABELS: Mapping[MissingKind, str] = {
    "not_asked": "not asked",
    "dont_know": "don't know",
    "refused": "refused",
    "no_answer": "no answer",
    "not_reached": "not reached",
    "skipped": "skipped",
    "unknown": "reason unknown",
}


def _by_language(value: Any, info: ValidationInfo) -> Any:
    """Read a bare text as the text of the source language, which the context names."""
    if isinstance(value, str):
        return {(info.context or {}).get("language", ""): value}
    return value


def _quoted(value: Any) -> Any:
    if isinstance(value, (int, float)):
        raise ValueError(f'write a version in quotes, "{value}", since 1.10 without them is 1.1')
    return value


Texts: TypeAlias = Annotated[
    dict[str, str],
    BeforeValidator(_by_language),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}]}),
]
Version: TypeAlias = Annotated[str, BeforeValidator(_quoted)]
CodeValue: TypeAlias = Annotated[int, Strict()] | str
STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a standard item comes from, and whether its wording was compared with the original; ``own`` for the author's own words."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    standard: str
    item: str | None = None
    verified: bool = False
    url: str | None = None
    note: str | None = None

    @property
    def own(self) -> bool:
        """Say whether the words are the questionnaire's own and follow no standard."""
        return self.standard == "own"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The codes of an answer in the order of the questionnaire, their labels, and which end is high.

    Examples
    --------
    >>> confidence = Scale(codes=(1, 2, 3), high=1)
    >>> confidence.ordered, confidence.low
    (True, 3)
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    codes: tuple[CodeValue, ...]
    labels: dict[CodeValue, Texts] = field(default_factory=dict)
    ends: dict[CodeValue, Texts] = field(default_factory=dict)
    high: CodeValue | None = None
    missing: dict[CodeValue, MissingKind] | None = None
    points: dict[CodeValue, float] | None = None  # 0-100 by code, where it is not linear in the order
    version: Version | None = None  # of a list that may change: officials, services, regions
    read_out: bool = True  # whether the interviewer reads the answers

    @property
    def ordered(self) -> bool:
        """Say whether the scale has a direction."""
        return self.high is not None

    @property
    def low(self) -> Code | None:
        """Give the code of the low end; None for a scale without a direction."""
        if self.high is None or not self.codes:
            return None
        return self.codes[0] if self.high == self.codes[-1] else self.codes[-1]

    @property
    def hundred(self) -> Mapping[Code, float]:
        """Give the value from 0 to 100 of each code: as declared, else even steps from the low end; empty without one.

        Examples
        --------
        >>> Scale(codes=(1, 2, 3), high=1).hundred
        {1: 100.0, 2: 50.0, 3: 0.0}
        """
        if self.points is not None:
            return {code: float(self.points[code]) for code in self.codes if code in self.points}
        if self.high is None or len(self.codes) < 2:
            return {}
        upwards = self.codes if self.high == self.codes[-1] else self.codes[::-1]
        step = {code: 100.0 * place / (len(upwards) - 1) for place, code in enumerate(upwards)}
        return {code: step[code] for code in self.codes}

    def texts(self, code: Code) -> Mapping[str, str]:
        """Give the label of a code by language; empty when the scale only names its ends."""
        return self.labels.get(code) or self.ends.get(code) or {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question: its texts, the answers it takes, whom it is asked, where it comes from.

    A grid holds its rows; each row is an item of its own that takes from the grid what it does not say itself.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    id: str
    text: Texts = field(default_factory=dict)
    type: ItemType = "single"
    scale: str | Scale | None = None
    label: Texts = field(default_factory=dict)  # a short name for tables and charts
    column: str | None = None  # the column of the data, when it is not the id
    ask_if: str | None = None
    universe: Texts = field(default_factory=dict)  # who is asked, in words
    period: Texts = field(default_factory=dict)  # the reference period, in words
    instruction: Texts = field(default_factory=dict)  # to the interviewer
    showcard: str | None = None
    missing: dict[CodeValue, MissingKind] | None = None
    minimum: float | None = None
    maximum: float | None = None
    unit: str | None = None
    constraint: str | None = None
    message: Texts = field(default_factory=dict)  # what to say when the constraint is broken
    exclusive: tuple[CodeValue, ...] = ()  # of several answers, those that stand alone
    most: int | None = None  # at most so many answers
    rows: tuple[Item, ...] = ()
    rotate: str | None = None  # the arm that says which row comes first
    shuffle: str | None = None  # the drawn number that orders the answers
    value: str | None = None  # of a calculated item
    shares: tuple[float, ...] = ()  # the odds of an arm's codes
    about: str | None = None  # the institution
    optional: bool = False
    source: Source | None = None
    role: Role = "answer"
    sensitive: bool = False
    note: str | None = None

    @property
    def data_column(self) -> str:
        """Give the column of the data that holds the answers."""
        return self.column or self.id

    @property
    def numeric(self) -> bool:
        """Say whether the answer is a number."""
        return self.type in NUMERIC


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """Asked once for each member of something: how often (an earlier whole number), at most how often, of what."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    count: str
    most: int
    name: Texts = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A run of items that are asked together, with the words that lead into them; or one that another instrument holds."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    id: str
    items: tuple[Item, ...] = ()
    use: str | None = None  # the instrument that holds the module
    title: Texts = field(default_factory=dict)
    lead_in: Texts = field(default_factory=dict)
    instruction: Texts = field(default_factory=dict)
    ask_if: str | None = None
    switch: str | None = None  # off until this switch is on
    repeat: Repeat | None = None
    self_completed: bool = False
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """Modules asked in cyclic order from the one that an arm draws."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    start: str
    modules: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Institution:
    """An institution that items are about: when it exists and what came after it."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    name: Texts
    since: str | None = None
    until: str | None = None
    successor: str | None = None
    verified: bool = False
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of the changelog."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    version: Version
    text: str
    date: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldTest:
    """What a test in the field found, and what was decided."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    date: str
    findings: str
    place: str | None = None
    language: str | None = None
    interviews: int | None = None
    items: tuple[str, ...] = ()
    decided: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What ``instrument.yaml`` says."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    id: str
    version: Version
    modules: tuple[Module, ...]
    source_language: str = "en"
    title: Texts = field(default_factory=dict)
    note: str | None = None
    population: Texts = field(default_factory=dict)
    unit: Unit = "person"
    modes: tuple[Mode, ...] = ()
    library: bool = False  # its modules and scales are there for other instruments
    uses: dict[str, Version] = field(default_factory=dict)  # other instruments, with their version
    placeholders: dict[str, Texts] = field(default_factory=dict)  # what [[name]] in a text stands for
    collect: dict[Collected, str] = field(default_factory=dict)  # recorded beyond answers, with the reason
    switches: dict[str, Texts] = field(default_factory=dict)
    institutions: dict[str, Institution] = field(default_factory=dict)
    scales: dict[str, Scale] = field(default_factory=dict)
    missing: dict[CodeValue, MissingKind] = field(default_factory=dict)
    missing_labels: dict[CodeValue, Texts] = field(default_factory=dict)
    rotations: dict[str, Rotation] = field(default_factory=dict)
    field_tests: tuple[FieldTest, ...] = ()
    changelog: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One fault of an instrument: its code, how grave it is, where it stands, what to do."""

    code: str
    severity: Severity
    where: str
    message: str
    fix: str = ""
