"""Titles and labels of a tab book: those given, else those of the instrument, else the names and codes themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from survey_kit.design import Design
from survey_kit.types import BoolArray

#: What heads everything made of synthetic data; no option removes it.
SYNTHETIC: Final = "SYNTHETIC DATA"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookWords:
    """What a tab book calls things.

    Attributes
    ----------
    title
        Of the whole book.
    titles
        Title of a column or question, by its name.
    labels
        Label of every code of a column, by the column's name.
    language
        Of the instrument's texts.

    Examples
    --------
    >>> words = BookWords(titles={"sex": "Sex"}, labels={"sex": {1: "Men", 2: "Women"}})
    >>> words.titles["sex"], words.labels["sex"][2]
    ('Sex', 'Women')
    """

    title: str = "Tab book"
    titles: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, Mapping[Any, str]] = field(default_factory=dict)
    language: str = "en"


def is_synthetic(design: Design) -> bool:
    """Tell whether the answers were made up by a simulator."""
    return getattr(design.source, "data_status", "real") == "synthetic"


def title_of(design: Design, words: BookWords, name: str) -> str:
    """Give the title of a column."""
    if name in words.titles:
        return words.titles[name]
    form, item = _item(design, name)
    return name if form is None else form.name(item, words.language)


def text_of(design: Design, words: BookWords, name: str) -> str:
    """Give the wording of an item; empty when there is no instrument or the title says it already."""
    form, item = _item(design, name)
    said = "" if form is None else form.text(item, words.language)
    return "" if said == title_of(design, words, name) else said


def label_of(design: Design, words: BookWords, name: str, code: Any) -> str:
    """Give the label of a code of a column; a synthetic wave is numbered, never dated."""
    given = words.labels.get(name, {})
    if code in given:
        return str(given[code])
    if is_synthetic(design) and name in (design.wave, design.source.wave):
        waves = [str(wave) for wave in design.source.waves or design.waves]
        return f"Rehearsal {waves.index(str(code)) + 1}" if str(code) in waves else "Rehearsal"
    form, item = _item(design, name)
    if form is not None:
        return str(form.label(item, code, words.language))
    if isinstance(code, bool):
        return "Yes" if code else "No"
    return str(int(code)) if isinstance(code, float) and code.is_integer() else str(code)


def codes_of(design: Design, name: str) -> tuple[Any, ...]:
    """Give the codes of an item in the order of the questionnaire; none without an instrument."""
    form, item = _item(design, name)
    return () if form is None else tuple(form.codes(item))


def sample_of(design: Design, where: str | None) -> BoolArray:
    """Rows (n,) of the domain the whole book is about."""
    return design.inside(where)


def _item(design: Design, name: str) -> tuple[Any, str]:
    """Find the newest instrument that has an item of this name or column, and the item's id."""
    forms = getattr(design.source, "instruments", {})
    for form in reversed(list(forms.values())):
        if name in form:
            return form, name
        for item in form.items:
            if item.data_column == name:
                return form, item.id
    return None, ""
