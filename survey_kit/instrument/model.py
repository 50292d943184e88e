"""The parts of a questionnaire as values: texts by language, scales with a direction, codes and what they mean.

The dataclasses up to `Declaration` are the keys of ``instrument.yaml``, word for word; `Instrument` is the same thing
in memory, with its translations merged in and its items found by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import BeforeValidator, ConfigDict, Strict, ValidationInfo, WithJsonSchema

from survey_kit.errors import InstrumentError, did_you_mean
from survey_kit.instrument.expressions import Expression, parse
from survey_kit.types import Code, MissingKind

SCHEMA = "survey-kit/instrument/1"

ItemType: TypeAlias = Literal["single", "number", "text", "date"]
Role: TypeAlias = Literal["answer", "identifier", "quasi_identifier", "sensitive", "paradata", "design"]
Severity: TypeAlias = Literal["error", "note"]
Status: TypeAlias = Literal["draft", "reviewed", "back_translated"]

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a standard item comes from, and whether its wording was compared with the original."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    standard: str
    item: str | None = None
    verified: bool = False
    url: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The codes of an answer in the order of the questionnaire, their labels, and which end is high.

    Examples
    --------
    >>> confidence = Scale(codes=(1, 2, 3), high=1)
    >>> confidence.ordered, confidence.low
    (True, 3)
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    codes: tuple[CodeValue, ...]
    labels: dict[CodeValue, Texts] = field(default_factory=dict)
    ends: dict[CodeValue, Texts] = field(default_factory=dict)
    high: CodeValue | None = None
    missing: dict[CodeValue, MissingKind] | None = None

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

    def texts(self, code: Code) -> Mapping[str, str]:
        """Give the label of a code by language; empty when the scale only names its ends."""
        return self.labels.get(code) or self.ends.get(code) or {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question: its texts, the answers it takes, whom it is asked, where it comes from."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    id: str
    text: Texts
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
    source: Source | None = None
    role: Role = "answer"
    sensitive: bool = False
    note: str | None = None

    @property
    def data_column(self) -> str:
        """Give the column of the data that holds the answers."""
        return self.column or self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A run of items that are asked together, with the words that lead into them."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    id: str
    items: tuple[Item, ...]
    title: Texts = field(default_factory=dict)
    lead_in: Texts = field(default_factory=dict)
    instruction: Texts = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of the changelog."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    version: Version
    text: str
    date: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What ``instrument.yaml`` says."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    id: str
    version: Version
    modules: tuple[Module, ...]
    source_language: str = "en"
    title: Texts = field(default_factory=dict)
    scales: dict[str, Scale] = field(default_factory=dict)
    missing: dict[CodeValue, MissingKind] = field(default_factory=dict)
    changelog: tuple[Change, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One fault of an instrument: its code, how grave it is, where it stands, what to do."""

    code: str
    severity: Severity
    where: str
    message: str
    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument(Declaration):
    """A questionnaire: what was asked, of whom, with which answers, in which words.

    Examples
    --------
    >>> yes_no = Scale(codes=(1, 2), labels={1: {"en": "Yes"}, 2: {"en": "No"}})
    >>> asked = Item(id="contact", text={"en": "Were you in contact with the police?"}, scale="yes_no")
    >>> form = Instrument(id="tiny", version="1.0", scales={"yes_no": yes_no}, missing={9: "refused"},
    ...                   modules=(Module(id="police", items=(asked,)),))
    >>> form.codes("contact"), form.label("contact", 2), form.missing_kind("contact", 9)
    ((1, 2), 'No', 'refused')
    """

    problems: tuple[Problem, ...] = ()
    statuses: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # language -> text key -> status
    path: Path | None = None
    _index: dict[str, Item] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        for item in self.items:
            self._index.setdefault(item.id, item)

    @property
    def items(self) -> tuple[Item, ...]:
        """Give all items in the order of the questionnaire."""
        return tuple(item for module in self.modules for item in module.items)

    @property
    def languages(self) -> tuple[str, ...]:
        """Name the languages in which any text stands, the source language first."""
        others = {language for _, texts in walk_texts(self) for language in texts}
        return (self.source_language, *sorted(others - {self.source_language}))

    def __contains__(self, item_id: object) -> bool:
        return item_id in self._index

    def item(self, item_id: str) -> Item:
        """Find an item by its id."""
        if item_id not in self._index:
            where = f"instrument '{self.id}' {self.version}"
            raise InstrumentError(f"There is no item '{item_id}'.", where=where, fix=did_you_mean(item_id, self._index))
        return self._index[item_id]

    def module_of(self, item_id: str) -> Module:
        """Find the module an item stands in."""
        item = self.item(item_id)
        return next(module for module in self.modules if item in module.items)

    def scale_of(self, item_id: str) -> Scale | None:
        """Give the scale of an item; None for a number, a date or an open text."""
        scale = self.item(item_id).scale
        return self.scales.get(scale) if isinstance(scale, str) else scale

    def codes(self, item_id: str) -> tuple[Code, ...]:
        """Give the codes that are answers, in the order of the scale."""
        scale = self.scale_of(item_id)
        return scale.codes if scale else ()

    def missing_codes(self, item_id: str) -> Mapping[Code, MissingKind]:
        """Give the codes that are no answers and what they mean: the item's own, else its scale's, else the default."""
        item, scale = self.item(item_id), self.scale_of(item_id)
        if item.missing is not None:
            return item.missing
        return scale.missing if scale and scale.missing is not None else self.missing

    def missing_kind(self, item_id: str, code: Code) -> MissingKind | None:
        """Say why a code is no answer; None when it is an answer or unknown."""
        return self.missing_codes(item_id).get(code)

    def route(self, item_id: str) -> Expression | None:
        """Give the parsed condition under which an item is asked; None when everybody is asked."""
        condition = self.item(item_id).ask_if
        return parse(condition) if condition else None

    def text(self, item_id: str, language: str = "en") -> str:
        """Give the words of an item, in the source language when there is no translation."""
        return self.say(self.item(item_id).text, language)

    def name(self, item_id: str, language: str = "en") -> str:
        """Give the short label of an item, else its words."""
        item = self.item(item_id)
        return self.say(item.label or item.text, language)

    def label(self, item_id: str, code: Code, language: str = "en") -> str:
        """Give the words of an answer; the code itself where the scale only names its ends."""
        scale = self.scale_of(item_id)
        texts = scale.texts(code) if scale else {}
        if texts:
            return self.say(texts, language)
        kind = self.missing_kind(item_id, code)
        return MISSING_LABELS[kind] if kind else str(code)

    def say(self, texts: Mapping[str, str], language: str = "en") -> str:
        """Choose the text in a language, else in the source language, else in any."""
        return texts.get(language) or texts.get(self.source_language) or next(iter(texts.values()), "")

    def translation_status(self, language: str) -> str:
        """Say how far a language is: source, missing, stale, draft, reviewed or back_translated (the worst text decides)."""
        if language == self.source_language:
            return "source"
        if language in self.languages and language not in self.statuses:
            return "draft"  # texts beside the source's own, which nobody vouches for
        found = set(self.statuses.get(language, {}).values())
        worst = ("missing", "stale", "draft", "reviewed", "back_translated")
        return next((status for status in worst if status in found), "missing")

    def _repr_html_(self) -> str:
        from survey_kit.instrument.html import questionnaire

        return questionnaire(self)


def walk_texts(declaration: Declaration) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Give every text a respondent or interviewer meets, under the key that its translation has.

    Examples
    --------
    >>> item = Item(id="q1", text={"en": "Why?"}, type="text")
    >>> dict(walk_texts(Declaration(id="a", version="1", modules=(Module(id="m", items=(item,)),))))
    {'item.q1.text': {'en': 'Why?'}}
    """
    if declaration.title:
        yield "title", declaration.title
    for name, scale in declaration.scales.items():
        yield from _scale_texts(f"scale.{name}", scale)
    for module in declaration.modules:
        for part in ("title", "lead_in", "instruction"):
            if texts := getattr(module, part):
                yield f"module.{module.id}.{part}", texts
        for item in module.items:
            for part in ("text", "label", "universe", "period", "instruction"):
                if texts := getattr(item, part):
                    yield f"item.{item.id}.{part}", texts
            if isinstance(item.scale, Scale):
                yield from _scale_texts(f"item.{item.id}.scale", item.scale)


def _scale_texts(stem: str, scale: Scale) -> Iterator[tuple[str, Mapping[str, str]]]:
    for code in dict.fromkeys((*scale.labels, *scale.ends)):
        yield f"{stem}.{code}", scale.texts(code)
