"""Every text of an instrument under one key, and one walk over them: what translating, filling in and checking share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeAlias, TypeVar

from survey_kit.instrument.model import Declaration, Item, Module, Scale
from survey_kit.types import Code

Change: TypeAlias = Callable[[str, Mapping[str, str]], dict[str, str]]
D = TypeVar("D", bound=Declaration)

MODULE_TEXTS = ("title", "lead_in", "instruction")
ITEM_TEXTS = ("text", "label", "universe", "period", "instruction", "message")


def walk_texts(declaration: Declaration) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Give every text a respondent or interviewer meets, under the key that its translation has.

    Examples
    --------
    >>> item = Item(id="q1", text={"en": "Why?"}, type="text")
    >>> dict(walk_texts(Declaration(id="a", version="1", modules=(Module(id="m", items=(item,)),))))
    {'item.q1.text': {'en': 'Why?'}}
    """
    found: list[tuple[str, Mapping[str, str]]] = []

    def collect(key: str, texts: Mapping[str, str]) -> dict[str, str]:
        if texts:
            found.append((key, texts))
        return dict(texts)

    map_texts(declaration, collect)
    yield from found


def map_texts(declaration: D, change: Change) -> D:
    """Give the declaration with each text replaced by what `change` makes of its key and its languages.

    Examples
    --------
    >>> item = Item(id="q1", text={"en": "Why?"}, type="text")
    >>> made = Declaration(id="a", version="1", modules=(Module(id="m", items=(item,)),))
    >>> map_texts(made, lambda key, texts: {**texts, "ru": key}).modules[0].items[0].text
    {'en': 'Why?', 'ru': 'item.q1.text'}
    """

    def put(key: str, texts: Mapping[str, str]) -> dict[str, str]:
        return change(key, texts) if texts else {}

    def put_all(stem: str, parts: Mapping[Any, dict[str, str]]) -> dict[Any, dict[str, str]]:
        return {name: put(f"{stem}.{name}", texts) for name, texts in parts.items()}

    def put_scale(stem: str, scale: Scale) -> Scale:
        done: dict[Code, dict[str, str]] = {}
        for code in dict.fromkeys((*scale.labels, *scale.ends)):
            done[code] = put(f"{stem}.{code}", scale.texts(code))
        labels, ends = ({code: done[code] for code in part} for part in (scale.labels, scale.ends))
        return replace(scale, labels=labels, ends=ends)

    def put_item(item: Item) -> Item:
        texts: dict[str, Any] = {part: put(f"item.{item.id}.{part}", getattr(item, part)) for part in ITEM_TEXTS}
        scale = put_scale(f"item.{item.id}.scale", item.scale) if isinstance(item.scale, Scale) else item.scale
        return replace(item, **texts, scale=scale, rows=tuple(map(put_item, item.rows)))

    def put_module(module: Module) -> Module:
        texts: dict[str, Any] = {
            part: put(f"module.{module.id}.{part}", getattr(module, part)) for part in MODULE_TEXTS
        }
        if module.repeat is not None:
            texts["repeat"] = replace(module.repeat, name=put(f"module.{module.id}.repeat", module.repeat.name))
        return replace(module, items=tuple(map(put_item, module.items)), **texts)

    texts: dict[str, Any] = {
        "title": put("title", declaration.title),
        "population": put("population", declaration.population),
        "placeholders": put_all("placeholder", declaration.placeholders),
        "switches": put_all("switch", declaration.switches),
        "institutions": {
            name: replace(one, name=put(f"institution.{name}", one.name))
            for name, one in declaration.institutions.items()
        },
        "missing_labels": put_all("missing", declaration.missing_labels),
        "scales": {name: put_scale(f"scale.{name}", scale) for name, scale in declaration.scales.items()},
        "modules": tuple(map(put_module, declaration.modules)),
    }
    return replace(declaration, **texts)
