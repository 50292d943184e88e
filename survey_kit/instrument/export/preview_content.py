"""What the page of the preview knows about an instrument: its words in all languages, routing as trees, seconds, statuses."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from survey_kit.instrument.compose import placeholders
from survey_kit.instrument.export.preview_logic import truth_tree, value_tree, wordy
from survey_kit.instrument.expressions import parse, parse_value
from survey_kit.instrument.length import Pace, item_seconds, syllables
from survey_kit.instrument.model import Item, Module
from survey_kit.instrument.questionnaire import Instrument, joined
from survey_kit.instrument.release import release
from survey_kit.language import NAMES, words
from survey_kit.types import Code, MissingKind

Content: TypeAlias = dict[str, Any]
SCHEMA = "survey-kit/preview/1"
INTERVIEWED = frozenset({"face_to_face", "telephone"})
ITEM_WORDS = ("text", "label", "universe", "period", "instruction", "message")
_FORM = (
    "showcard",
    "choose_one",
    "choose_several",
    "at_most",
    "not_read_out",
    "between",
    "required",
    "invalid",
    "pilot",
)
_XLSFORM = ("hand_over", "hand_back", "answers_not_read_out")
_INTERVIEWER = "interviewer"


def page_content(instrument: Instrument) -> Content:
    """Give everything the page shows, as values that JSON holds; texts and scales stand once and are named by their number.

    Examples
    --------
    >>> asked = Item(id="q1", type="integer", text={"en": "How old?", "ru": "Сколько вам лет?"}, minimum=18)
    >>> content = page_content(Instrument(id="a", version="1", modules=(Module(id="m", items=(asked,)),)))
    >>> content["texts"], content["items"][0]["minimum"]
    ([['How old?', 'Сколько вам лет?']], 18)
    """
    content = _Content(instrument)
    items = [content.item(item) for item in instrument.items]
    modules = [content.module(module) for module in instrument.modules]
    states = {language: release(instrument, language) for language in content.languages}
    return {
        "schema": SCHEMA,
        "id": instrument.id,
        "version": instrument.version,
        "title": content.text(instrument.title),
        "note": instrument.note,
        "population": content.text(instrument.population),
        "unit": instrument.unit,
        "interviewed": not instrument.modes or bool(INTERVIEWED & set(instrument.modes)),
        "source": instrument.source_language,
        "languages": [
            {
                "id": language,
                "name": NAMES.get(language.split("-", maxsplit=1)[0], language),
                "status": content.overall[language],
                "ready": state.ready,
                "reasons": list(state.reasons),
            }
            for language, state in states.items()
        ],
        "placeholders": [
            {"name": name, "text": content.text(instrument.placeholders.get(name, {}))}
            for name in placeholders(instrument)
        ],
        "rotations": [{"start": one.start, "modules": list(one.modules)} for one in instrument.rotations.values()],
        "items": items,
        "modules": modules,
        "texts": [list(texts) for texts in content.texts],
        "scales": content.scales,
        "missing": content.missing,
        "words": _words(content.languages),
    }


@dataclass(slots=True)
class _Content:
    """Collects texts, scales and lists of missing codes, each once."""

    instrument: Instrument
    texts: dict[tuple[str | None, ...], int] = field(default_factory=dict)
    scales: list[Content] = field(default_factory=list)
    missing: list[list[list[Any]]] = field(default_factory=list)
    languages: tuple[str, ...] = field(init=False)
    seconds: Mapping[str, Mapping[str, float]] = field(init=False)
    overall: Mapping[str, str] = field(init=False)  # the status of each language
    places: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.languages = self.instrument.languages
        self.seconds = {one: item_seconds(self.instrument, one, Pace()) for one in self.languages}
        self.overall = {one: self.instrument.translation_status(one) for one in self.languages}
        self.places = {item.id: place for place, item in enumerate(self.instrument.items)}

    def text(self, texts: Mapping[str, str]) -> int | None:
        """Keep a text in all languages; give its number."""
        row = tuple(texts.get(language, "").strip() or None for language in self.languages)
        return self.texts.setdefault(row, len(self.texts)) if any(row) else None

    def item(self, item: Item) -> Content:
        """Give an item that holds an answer, without what is empty."""
        form, out = self.instrument, self._spoken(item)
        condition, kind = form.condition(item.id), item.type
        out |= {
            "condition": condition,
            "when": truth_tree(parse(condition).tree) if condition else None,
            "scale": self._scale(item),
            "missing": self._missing(item),
            "words": wordy(form, item.id),
            "minimum": _finite(item.minimum),
            "maximum": _finite(item.maximum),
            "unit": item.unit,
            "constraint": item.constraint,
            "rule": truth_tree(parse(item.constraint).tree) if item.constraint else None,
            "exclusive": list(item.exclusive),
            "most": item.most,
            "shuffle": item.shuffle,
            "computed": item.value if kind == "calculated" else None,
            "value": value_tree(parse_value(item.value).tree) if kind == "calculated" and item.value else None,
            "shares": list(item.shares),
            "optional": item.optional,
            "column": item.column,
            "institution": self.text(form.institutions[item.about].name) if item.about in form.institutions else None,
            "status": self._status(item.id),
        }
        return _kept(out)

    def module(self, module: Module) -> Content:
        """Give a module: its words and its parts, which are items, grids with their rows, and notes."""
        repeat = module.repeat
        alone = module.self_completed or not self._interviewed()
        pace = Pace()
        spoken = [
            round(syllables(self.instrument.say(module.lead_in, one), one) / pace.syllables + pace.page, 1)
            for one in self.languages
        ]
        out = _kept(
            {
                "id": module.id,
                "title": self.text(module.title),
                "lead_in": self.text(module.lead_in),
                "instruction": self.text(module.instruction),
                "condition": module.ask_if,
                "when": truth_tree(parse(module.ask_if).tree) if module.ask_if else None,
                "repeat": repeat
                and _kept({"count": repeat.count, "most": repeat.most, "name": self.text(repeat.name)}),
                "handed_over": module.self_completed and self._interviewed(),
                "alone": alone,
                "note": module.note,
                "use": module.use,
                "seconds": spoken,
            }
        )
        return {**out, "parts": [self._part(module, item) for item in module.items]}

    # --------------------------------------------------------------------------------------------------------- inside
    def _part(self, module: Module, item: Item) -> Content:
        if item.type == "grid":
            about = {**self._spoken(item), "rotate": item.rotate}
            return {"grid": _kept(about), "rows": [self.places[row.id] for row in item.rows]}
        if item.type == "note":
            condition = joined(module.ask_if, item.ask_if)
            when = truth_tree(parse(condition).tree) if condition else None
            return {"note": _kept({**self._spoken(item), "condition": condition, "when": when})}
        return {"item": self.places[item.id]}

    def _spoken(self, item: Item) -> Content:
        """Give what an item, a grid and a note have in common."""
        source = item.source
        told = {name: self.text(getattr(item, name)) for name in ITEM_WORDS}
        seconds = [round(self.seconds[one].get(item.id, 0.0), 1) for one in self.languages]
        return {
            "id": item.id,
            "type": item.type,
            **told,
            "showcard": item.showcard,
            "role": item.role if item.role != "answer" else None,
            "sensitive": item.sensitive,
            "note": item.note,
            "source": source and _kept({"name": f"{source.standard} {source.item or ''}", "verified": source.verified}),
            "seconds": seconds if any(seconds) else None,
        }

    def _interviewed(self) -> bool:
        modes = self.instrument.modes
        return not modes or bool(INTERVIEWED & set(modes))

    def _scale(self, item: Item) -> int | None:
        scale = self.instrument.scale_of(item.id)
        if scale is None:
            return None
        about = _kept({"bare": not scale.labels, "silent": not scale.read_out})
        return _once(self.scales, {"codes": [[code, self.text(scale.texts(code))] for code in scale.codes], **about})

    def _missing(self, item: Item) -> int | None:
        form = self.instrument
        codes = form.missing_codes(item.id)
        rows = [[code, kind, self.text(self._missing_words(item, code, kind))] for code, kind in codes.items()]
        return _once(self.missing, rows) if rows else None

    def _missing_words(self, item: Item, code: Code, kind: MissingKind) -> Mapping[str, str]:
        scale = self.instrument.scale_of(item.id)
        texts = (scale.texts(code) if scale else {}) or self.instrument.missing_labels.get(code, {})
        return texts or {language: words("xlsform", language)(kind) for language in self.languages}

    def _status(self, item_id: str) -> list[str | None] | None:
        """Give the worst status of an item's texts by language, where it is not that of the whole language."""
        out: list[str | None] = []
        for language in self.languages:
            statuses = self.instrument.statuses.get(language, {})
            found = {status for key, status in statuses.items() if key.startswith(f"item.{item_id}.")}
            order = ("missing", "stale", "draft", "reviewed", "back_translated")
            worst = next((status for status in order if status in found), None)
            out.append(worst if worst != self.overall[language] else None)
        return out if any(out) else None


def _words(languages: tuple[str, ...]) -> Mapping[str, list[str]]:
    """Give the page's own phrases, one for each language; what stands in braces is filled in by the page."""
    out = {key: [words("preview", one)(key) for one in languages] for key in words("preview", "en").texts}
    out |= {key: [words("form", one)(key) for one in languages] for key in (*_FORM, _INTERVIEWER)}
    out |= {key: [words("xlsform", one)(key) for one in languages] for key in _XLSFORM}
    return out


def _once(known: list[Any], value: Any) -> int:
    if value not in known:
        known.append(value)
    return known.index(value)


def _kept(content: Content) -> Content:
    """Leave out what says nothing."""
    return {key: value for key, value in content.items() if value is not None and value is not False and value != []}


def _finite(value: float | None) -> float | None:
    if value is None or not math.isfinite(value):
        return None
    return int(value) if float(value).is_integer() else value
