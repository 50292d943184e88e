"""What a codebook says of each item, gathered once for its page and its table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from survey_kit.instrument.export.sentences import Sentences, letters, numbers
from survey_kit.instrument.model import MISSING_LABELS, Item, Module, Source
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.types import Code, MissingKind

WORST = ("missing", "stale", "draft", "reviewed", "back_translated", "source")
Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A code of an item: its words by language, what it is worth from 0 to 100, its column, why it is no answer."""

    code: Code
    labels: Texts
    column: str
    points: float | None = None
    missing: MissingKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An item as a codebook shows it; texts by language.

    Attributes
    ----------
    stem, text
        The words of its grid, and its own.
    condition, constraint, value
        The expression, and the same in words by language.
    statuses
        By language, the worst status of its texts.
    """

    item: Item
    module: Module
    part: str  # the letter of the module
    number: str
    stem: Texts
    text: Texts
    condition: tuple[str, Texts] | None
    constraint: tuple[str, Texts] | None
    value: tuple[str, Texts] | None
    values: tuple[Value, ...]
    statuses: Texts
    list_version: str | None
    source: Source | None

    @property
    def columns(self) -> tuple[str, ...]:
        """Name the columns of the data: one, or one for each code where several answers are possible."""
        if self.item.type == "multiple":
            return tuple(value.column for value in self.values if value.missing is None)
        return (self.item.data_column,)


def entries(instrument: Instrument) -> tuple[Entry, ...]:
    """Gather what a codebook says of each item, in the order of the questionnaire.

    Examples
    --------
    >>> from survey_kit.instrument.model import Scale
    >>> yes_no = Scale(codes=(1, 2), labels={1: {"en": "Yes"}, 2: {"en": "No"}}, high=1, missing={9: "refused"})
    >>> item = Item(id="met", text={"en": "Any contact?"}, scale=yes_no)
    >>> entry = entries(Instrument(id="a", version="1", modules=(Module(id="m", items=(item,)),)))[0]
    >>> [(value.code, value.labels["en"], value.points, value.missing) for value in entry.values]
    [(1, 'Yes', 100.0, None), (2, 'No', 0.0, None), (9, 'refused', None, 'refused')]
    """
    numbered, parts = numbers(instrument), letters(instrument)
    say = {one: Sentences(instrument, one) for one in instrument.languages}
    whole = {one: instrument.translation_status(one) for one in say}
    named = ((item, parts[instrument.module_of(item.id).id]) for item in instrument.items)
    return tuple(_entry(instrument, item, part, numbered.get(item.id, ""), say, whole) for item, part in named)


def _entry(
    instrument: Instrument, item: Item, part: str, number: str, say: Mapping[str, Sentences], whole: Texts
) -> Entry:
    scale, grid, module = instrument.scale_of(item.id), instrument.grid_of(item.id), instrument.module_of(item.id)
    condition, limit, value = instrument.condition(item.id), item.constraint, item.value
    return Entry(
        item=item,
        module=module,
        part=part,
        number=number,
        stem=grid.text if grid else {},
        text=item.text or item.label,
        condition=(condition, {one: said.condition(condition) for one, said in say.items()}) if condition else None,
        constraint=(limit, {one: said.condition(limit) for one, said in say.items()}) if limit else None,
        value=(value, {one: said.value(value) for one, said in say.items()}) if value else None,
        values=tuple(_values(instrument, item)),
        statuses={language: _status(instrument, item, grid, language, status) for language, status in whole.items()},
        list_version=scale.version if scale else None,
        source=item.source,
    )


def _values(instrument: Instrument, item: Item) -> Iterator[Value]:
    scale = instrument.scale_of(item.id)
    hundred = scale.hundred if scale else {}
    several = item.type == "multiple"
    for code in instrument.codes(item.id):
        column = f"{item.id}__{code}" if several else item.data_column
        labels = scale.texts(code) if scale else {}
        yield Value(code=code, labels=labels, column=column, points=hundred.get(code))
    for code, kind in instrument.missing_codes(item.id).items():
        labels = (scale.texts(code) if scale else {}) or instrument.missing_labels.get(code, {})
        known = labels or {"en": MISSING_LABELS[kind]}
        yield Value(code=code, labels=known, column=item.data_column, missing=kind)


def _status(instrument: Instrument, item: Item, grid: Item | None, language: str, whole: str) -> str:
    """Give the worst status of an item's texts, those of its grid and of its answers in a language."""
    known = instrument.statuses.get(language, {})
    stems = [f"item.{one.id}." for one in (item, grid) if one is not None]
    if isinstance(item.scale, str):
        stems.append(f"scale.{item.scale}.")
    found = {status for key, status in known.items() if key.startswith(tuple(stems))}
    return next((one for one in WORST if one in found), whole)
