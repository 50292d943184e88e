"""The columns of a data file that an instrument makes, with the words and codes that belong to them.

An item is one column; an item that takes several answers is one column of 0 and 1 for each answer. Metadata, label scripts and
labelled files all describe these columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from survey_kit.instrument.model import Item, Module
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.language import words
from survey_kit.types import Code, MissingKind

Kind: TypeAlias = Literal["code", "number", "text", "date", "tick"]
Measure: TypeAlias = Literal["nominal", "ordinal", "scale"]
ELLIPSIS = "…"
TICKS: Mapping[int, str] = {0: "not_chosen", 1: "chosen"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A column: its name, the item it holds, and of several answers the one it is about."""

    name: str
    item: Item
    module: Module
    grid: Item | None = None
    code: Code | None = None

    @property
    def kind(self) -> Kind:
        """Say what the column holds: codes, numbers, texts, dates, or 0 and 1 for an answer that was chosen or not."""
        if self.code is not None:
            return "tick"
        if self.item.type in {"single", "arm"}:
            return "code"
        return self.item.type if self.item.type in {"text", "date"} else "number"

    @property
    def open_to_all(self) -> bool:
        """Say whether the column may stand in a file that is handed on: no identifier, open text or paradata."""
        return self.item.role not in {"identifier", "paradata"} and self.kind != "text"


def variables(instrument: Instrument) -> tuple[Variable, ...]:
    """Give the columns of a data file in the order of the questionnaire, those of repeated modules included.

    Examples
    --------
    >>> from survey_kit.instrument.model import Scale
    >>> ways = Item(id="ways", type="multiple", scale=Scale(codes=(1, 2)), text={"en": "Which ways?"})
    >>> age = Item(id="age", type="integer", text={"en": "How old are you?"})
    >>> form = Instrument(id="a", version="1", modules=(Module(id="m", items=(ways, age)),))
    >>> [(one.name, one.kind) for one in variables(form)]
    [('ways__1', 'tick'), ('ways__2', 'tick'), ('age', 'number')]
    """
    out: list[Variable] = []
    for item in instrument.items:
        module, grid = instrument.module_of(item.id), instrument.grid_of(item.id)
        if item.type == "multiple":
            out += [
                Variable(name=f"{item.id}__{code}", item=item, module=module, grid=grid, code=code)
                for code in instrument.codes(item.id)
            ]
        else:
            out.append(Variable(name=item.id, item=item, module=module, grid=grid))
    return tuple(out)


def title(instrument: Instrument, variable: Variable, language: str) -> str:
    """Give the label of a column: the item's short label, else its question; of an answer, both."""
    item = variable.item
    name = instrument.say(item.label, language) or instrument.text(item.id, language) or item.id
    if variable.code is None:
        return name
    return f"{name}: {instrument.label(item.id, variable.code, language)}"


def answers(instrument: Instrument, variable: Variable, language: str) -> dict[Code, str]:
    """Give the words of each code that is an answer, where there are any.

    Examples
    --------
    >>> from survey_kit.instrument.model import Scale
    >>> item = Item(id="q", scale=Scale(codes=(0, 1, 2), ends={0: {"en": "Low"}, 2: {"en": "High"}}))
    >>> form = Instrument(id="a", version="1", modules=(Module(id="m", items=(item,)),))
    >>> answers(form, variables(form)[0], "en")
    {0: 'Low', 2: 'High'}
    """
    if variable.kind == "tick":
        say = words("metadata", language)
        return {code: say(key) for code, key in TICKS.items()}
    scale = instrument.scale_of(variable.item.id)
    if variable.kind != "code" or scale is None:
        return {}
    return {code: instrument.say(texts, language) for code in scale.codes if (texts := scale.texts(code))}


def codes(instrument: Instrument, variable: Variable) -> tuple[Code, ...]:
    """Give the codes that are answers: 0 and 1 of an answer that may be chosen, none of a number, text or date."""
    if variable.kind == "tick":
        return tuple(TICKS)
    return instrument.codes(variable.item.id) if variable.kind == "code" else ()


def reasons(instrument: Instrument, item_id: str, language: str) -> dict[Code, tuple[MissingKind, str]]:
    """Give the codes of an item that are no answers: what each means, and its words."""
    say, scale = words("metadata", language), instrument.scale_of(item_id)
    out: dict[Code, tuple[MissingKind, str]] = {}
    for code, kind in instrument.missing_codes(item_id).items():
        texts = (scale.texts(code) if scale else None) or instrument.missing_labels.get(code, {})
        out[code] = (kind, instrument.say(texts, language) if texts else say(kind))
    return out


def measure(instrument: Instrument, variable: Variable) -> Measure:
    """Say at which level a column measures: nominal, ordinal (a scale with a direction) or scale (a number)."""
    if variable.kind in {"number", "date"}:
        return "scale"
    scale = instrument.scale_of(variable.item.id) if variable.kind == "code" else None
    return "ordinal" if scale is not None and scale.ordered else "nominal"


def shortened(text: str, most: int, *, unit: Literal["bytes", "letters"] = "bytes") -> str:
    """Cut a text by whole words, with an ellipsis, so that it has at most so many bytes of UTF-8 or letters.

    Examples
    --------
    >>> shortened("How much do you trust the courts?", 20, unit="letters")
    'How much do you…'
    >>> len(shortened("Сенім " * 60, 120).encode("utf-8")) <= 120
    True
    """

    def size(one: str) -> int:
        return len(one.encode("utf-8")) if unit == "bytes" else len(one)

    flat = " ".join(text.split())
    if size(flat) <= most:
        return flat
    kept = flat
    while kept and size(kept + ELLIPSIS) > most:
        head, blank, _ = kept.rpartition(" ")
        kept = head if blank else kept[:-1]
    return kept.rstrip(" ,;:.-–—(") + ELLIPSIS


def repeated(columns: Iterable[Variable]) -> dict[str, tuple[Variable, ...]]:
    """Give the columns by the table they stand in: the interviews under ``""``, the members of each repeated module."""
    out: dict[str, list[Variable]] = {"": []}
    for one in columns:
        out.setdefault(one.module.id if one.module.repeat else "", []).append(one)
    return {home: tuple(found) for home, found in out.items()}
