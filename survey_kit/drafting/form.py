"""Draft an instrument: items from labelled columns, scales shared among them, missing codes by their words."""

from __future__ import annotations

import json
import keyword
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from survey_kit.drafting.columns import Column
from survey_kit.drafting.decisions import Ledger, short
from survey_kit.drafting.words import high_end
from survey_kit.types import Code, MissingKind

FILE = "instrument.yaml"
ItemType = Literal["single", "number"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftScale:
    """A scale as it will stand in the instrument."""

    name: str
    codes: tuple[Code, ...]
    labels: Mapping[Code, str]
    high: Code | None
    guessed: bool

    @property
    def above(self) -> tuple[Code, ...]:
        """Give the answers above the middle of the scale, seen from its high end."""
        codes = self.codes if self.high == self.codes[-1] else tuple(reversed(self.codes))
        return tuple(code for code in self.codes if code in codes[(len(codes) + 1) // 2 :])


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftItem:
    """An item as it will stand in the instrument."""

    id: str
    column: Column
    type: ItemType
    scale: DraftScale | None
    missing: Mapping[Code, MissingKind]
    quasi: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftForm:
    """The whole instrument."""

    id: str
    language: str
    items: tuple[DraftItem, ...]
    scales: tuple[DraftScale, ...]
    missing: Mapping[Code, MissingKind] = field(default_factory=dict)

    def item(self, column: str) -> DraftItem | None:
        """Find the item of a column."""
        return next((item for item in self.items if item.column.name == column), None)


def draft_form(name: str, columns: Sequence[Column]) -> DraftForm:
    """Make an instrument of the columns that hold answers."""
    asked = [column for column in columns if column.role in {"item", "background"} and column.filled]
    ids = _ids(asked)
    scales = _scales(asked)
    shared = Counter(tuple(column.missing.items()) for column in asked if column.role == "item" and column.missing)
    default = dict(max(shared.items(), key=lambda one: (one[1], len(one[0])))[0]) if shared else {}
    items = tuple(
        DraftItem(
            id=ids[column.name],
            column=column,
            type="single" if column.single else "number",
            scale=scales.get(_scale_key(column)) if column.single else None,
            missing=_outside(column),
            quasi=column.role == "background",
        )
        for column in asked
    )
    used = {item.scale.name: item.scale for item in items if item.scale}
    return DraftForm(id=name, language=language_of(columns), items=items, scales=tuple(used.values()), missing=default)


def language_of(columns: Iterable[Column]) -> str:
    """Guess the language of the labels from their letters."""
    text = " ".join([*(c.label for c in columns), *(label for c in columns for label in c.labels.values())]).lower()
    if re.search("[әғқңөұүһі]", text):
        return "kk"
    return "ru" if len(re.findall("[а-я]", text)) > len(text) / 4 else "en"


# ------------------------------------------------------------------------------------------------------- the parts
def _ids(columns: Sequence[Column]) -> dict[str, str]:
    """Give each column a plain name: the column's own where it is one."""
    out: dict[str, str] = {}
    for k, column in enumerate(columns, 1):
        plain = re.sub(r"\W+", "_", column.name.strip()).strip("_").lower() or f"item_{k}"
        plain = (
            plain if plain.isidentifier() and not keyword.iskeyword(plain) and plain != "answered" else f"item_{plain}"
        )
        while plain in out.values():
            plain += "_"
        out[column.name] = plain
    return out


def _outside(column: Column) -> dict[Code, MissingKind]:
    """Of a number, keep as missing only codes outside the values it takes: 98 is an age."""
    if column.single:
        return dict(column.missing)
    return {
        code: kind
        for code, kind in column.missing.items()
        if not isinstance(code, int) or not column.low <= code <= column.high
    }


_Key = tuple[tuple[Code, ...], tuple[tuple[Code, str], ...]]


def _scale_key(column: Column) -> _Key:
    answers = column.answers
    return answers, tuple((code, column.labels[code]) for code in answers if code in column.labels)


def _scales(columns: Sequence[Column]) -> dict[_Key, DraftScale]:
    out: dict[_Key, DraftScale] = {}
    names: set[str] = set()
    asked = {_scale_key(column) for column in columns if column.role == "item"}
    for column in columns:
        key = _scale_key(column)
        if not column.single or key in out or not key[0]:
            continue
        codes, labels = key[0], dict(key[1])
        high, guessed = _high(codes, labels)
        if not guessed and key not in asked:
            high = None
        name = _scale_name(codes, labels.get(high, "") if high is not None else column.name, names)
        names.add(name)
        out[key] = DraftScale(name=name, codes=codes, labels=labels, high=high, guessed=guessed)
    return out


def _high(codes: Sequence[Code], labels: Mapping[Code, str]) -> tuple[Code | None, bool]:
    """Guess the high end; the flag says whether the labels speak for it."""
    if len(codes) < 2:
        return None, True
    end = high_end(labels.get(codes[0], ""), labels.get(codes[-1], ""))
    if end:
        return (codes[0] if end == "first" else codes[-1]), True
    unlabelled = not labels or len(labels) < len(codes) / 2
    numbers = all(isinstance(code, int) for code in codes)
    return (codes[-1], False) if unlabelled and numbers and len(codes) >= 4 else (None, len(codes) < 3)


def _scale_name(codes: Sequence[Code], words: str, names: set[str]) -> str:
    stem = "_".join(re.findall(r"[a-z]+", words.lower())[:3])
    stem = "yes_no" if stem == "yes" and len(codes) == 2 else f"{stem or 'scale'}_{len(codes)}"
    name, k = stem, 2
    while name in names:
        name, k = f"{stem}_{k}", k + 1
    return name


# -------------------------------------------------------------------------------------------------------- as YAML
def form_yaml(form: DraftForm, source: str, ledger: Ledger) -> str:
    """Write the instrument; what was guessed is marked."""
    lines = [
        "schema: survey-kit/instrument/1",
        f"id: {form.id}",
        'version: "1.0"',
        f"source_language: {form.language}  "
        + ledger.ask(
            FILE,
            "source_language",
            "In which language are these texts?",
            guess=form.language,
            why="the letters of the labels",
        ),
        f"title: {quoted(form.id.replace('_', ' ').capitalize())}  "
        + ledger.ask(FILE, "title", "What is the questionnaire called?", guess="the study's id", why="no file says it"),
    ]
    lines += _missing_yaml(form, ledger)
    lines += (
        ["scales:", *(line for scale in form.scales for line in _scale_yaml(scale, form, ledger))]
        if form.scales
        else []
    )
    lines.append("modules:")
    bare = _unlabelled(form, ledger)
    for module, title, quasi in (("questions", "Questions", False), ("background", "Background", True)):
        items = [item for item in form.items if item.quasi == quasi]
        if items:
            lines += [f"  - id: {module}", f"    title: {_title(title, form.language)}", "    items:"]
            lines += [line for item in items for line in _item_yaml(item, form, ledger, bare)]
    lines += ["changelog:", f'  - {{version: "1.0", text: {quoted(f"Drafted from {source}")}}}']
    return "\n".join(lines) + "\n"


def _missing_yaml(form: DraftForm, ledger: Ledger) -> list[str]:
    if not form.missing:
        return []
    words = {
        code: item.column.labels.get(code, "")
        for item in form.items
        for code in item.missing
        if code in item.column.labels
    }
    told = "; ".join(f"{code} '{words.get(code, '')}' is {kind}" for code, kind in form.missing.items())
    mark = ledger.ask(
        FILE,
        "missing",
        "Is this why an answer is missing?",
        guess=told,
        why="the words of the labels, and the file's own missing values",
    )
    return [f"missing: {_mapping(form.missing)}  {mark}"]


def _scale_yaml(scale: DraftScale, form: DraftForm, ledger: Ledger) -> list[str]:
    key = "labels" if len(scale.labels) == len(scale.codes) else "ends"
    users = [item for item in form.items if item.scale == scale]
    lines = [f"  {scale.name}:", f"    codes: [{', '.join(map(_scalar, scale.codes))}]"]
    if scale.labels:
        lines.append(
            f"    {key}: {{{', '.join(f'{_scalar(code)}: {quoted(text)}' for code, text in scale.labels.items())}}}"
        )
    if scale.high is not None:
        first = scale.labels.get(scale.high, scale.high)
        mark = ledger.ask(
            FILE,
            f"scales.{scale.name}.high",
            f"Is {scale.high} the high end of this scale ({len(users)} items)?",
            guess=str(scale.high) if first == scale.high else f"{scale.high} ({first})",
            why="the words of its ends" if scale.guessed else "nothing tells; the last code was taken",
        )
        lines.append(f"    high: {_scalar(scale.high)}  {mark}")
    elif not scale.guessed and any(not item.quasi for item in users):
        mark = ledger.ask(
            FILE,
            f"scales.{scale.name}",
            "Does this scale have a direction? If so, add 'high:'.",
            guess="none: its answers are kinds, not degrees",
            why="the words of its ends do not tell",
        )
        lines.append(f"    {mark}")
    return lines


def _unlabelled(form: DraftForm, ledger: Ledger) -> str:
    """Ask once for the words of all questions that have none; give the mark of their lines."""
    names = [item.column.name for item in form.items if not item.column.label]
    if not names:
        return ""
    told = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    question, why = f"What was asked in {told}?", "these columns have no label"
    return short(ledger.ask(FILE, "text", question, guess="the columns' names", why=why))


def _item_yaml(item: DraftItem, form: DraftForm, ledger: Ledger, bare: str) -> list[str]:
    column = item.column
    lines = [f"      - id: {item.id}", f"        type: {item.type}"]
    if item.id != column.name:
        lines.append(f"        column: {quoted(column.name)}")
    if item.scale:
        lines.append(f"        scale: {item.scale.name}")
    if column.label:
        lines.append(f"        text: {quoted(column.label)}")
    else:
        lines.append(f"        text: {quoted(column.name)}  {bare}")
    lines += _limits(item)
    if dict(item.missing) != dict(form.missing):
        mark = (
            ledger.ask(
                FILE,
                f"{item.id}.missing",
                f"Are these the missing codes of '{item.id}'?",
                guess=_mapping(item.missing),
                why="they differ from those of most items",
            )
            if item.missing
            else ""
        )
        lines.append(f"        missing: {_mapping(item.missing)}  {mark}".rstrip())
    if column.strays and item.type == "single":
        mark = ledger.ask(
            FILE,
            f"{item.id}",
            f"What do the codes {', '.join(map(str, column.strays))} of '{item.id}' mean?",
            guess="nothing: they are in the data, but neither answers nor missing codes, and stop the study",
            why="they have no label and lie outside the scale",
            open=True,
        )
        lines.append(f"        {mark}")
    if item.quasi:
        lines.append("        role: quasi_identifier")
    return lines


def _limits(item: DraftItem) -> list[str]:
    """Of a number with missing codes, give the limits that leave them out."""
    codes = [code for code in item.missing if isinstance(code, int)]
    above = [code for code in codes if code > item.column.high]
    below = [code for code in codes if code < item.column.low]
    if item.type != "number":
        return []
    low = [f"        minimum: {max(below) + 1}"] if below else []
    return [*low, f"        maximum: {min(above) - 1}"] if above else low


def _title(english: str, language: str) -> str:
    known = {
        "Questions": {"ru": "Вопросы", "kk": "Сұрақтар"},
        "Background": {"ru": "О респонденте", "kk": "Респондент туралы"},
    }
    return quoted(known[english].get(language, english))


def _mapping(codes: Mapping[Code, MissingKind]) -> str:
    return "{" + ", ".join(f"{_scalar(code)}: {kind}" for code, kind in codes.items()) + "}"


def _scalar(code: Code) -> str:
    return str(code) if isinstance(code, int) else quoted(code)


def quoted(text: str) -> str:
    """Write a text as YAML reads it back whatever stands in it.

    Examples
    --------
    >>> quoted("Trust: a lot?")
    '"Trust: a lot?"'
    """
    return json.dumps(text, ensure_ascii=False)
