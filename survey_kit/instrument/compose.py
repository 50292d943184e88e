"""An instrument put together: modules and scales of other instruments, modules switched on or off, placeholders filled in."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from survey_kit.errors import InstrumentError, did_you_mean
from survey_kit.instrument.model import Declaration, Item, Module, Problem, Scale
from survey_kit.instrument.texts import map_texts, walk_texts
from survey_kit.types import Code, MissingKind

D = TypeVar("D", bound=Declaration)
PLACEHOLDER = re.compile(r"\[\[(\w+)\]\]")
_SHARED = ("placeholders", "switches", "institutions", "missing_labels")


def compose(
    declaration: Declaration, used: Mapping[str, Declaration], at: Callable[[tuple[str | int, ...]], str]
) -> tuple[Declaration, list[Problem]]:
    """Put the modules and scales of other instruments in their places; give the problems found on the way.

    `at` gives file and line of a way through the file. What another instrument shares goes along: scales its modules need, placeholders, switches, institutions, the words of missing
    codes and rotations all of whose modules are used. The same name with another content is a problem.

    Examples
    --------
    >>> shared = Declaration(id="core", version="1", modules=(Module(id="m", items=(Item(id="age", type="integer"),)),))
    >>> form = Declaration(id="a", version="1", uses={"core": "1"}, modules=(Module(id="m", use="core"),))
    >>> whole, problems = compose(form, {"core": shared}, lambda way: "instrument.yaml")
    >>> whole.modules[0].items[0].id, problems
    ('age', [])
    """
    problems: list[Problem] = []

    def tell(message: str, fix: str, *way: str | int) -> None:
        problems.append(Problem(code="I024", severity="error", where=at(way or ("uses",)), message=message, fix=fix))

    modules: list[Module] = []
    for m, module in enumerate(declaration.modules):
        other = used.get(module.use or "")
        found = next((one for one in other.modules if one.id == module.id), None) if other else None
        if module.use is None:
            modules.append(module)
        elif other is None:
            tell(
                f"The module '{module.id}' comes from '{module.use}', which is not used.",
                "Add it under 'uses:'.",
                "modules",
                m,
            )
        elif found is None:
            known = did_you_mean(module.id, [one.id for one in other.modules])
            tell(f"The instrument '{module.use}' has no module '{module.id}'.", known, "modules", m)
        else:
            modules.append(replace(_with_missing(found, other, declaration), use=module.use))
    whole = replace(declaration, modules=tuple(modules))
    for name, other in used.items():
        whole = _shared(whole, name, other, tell)
    return whole, problems


def own_part(declaration: D) -> D:
    """Give the part of an instrument that its own file holds: without what it takes from others."""
    kept = {part: dict(getattr(declaration, part)) for part in ("scales", *_SHARED)}
    taken: Mapping[str, Collection[object]] = getattr(declaration, "taken", {})
    for part, names in taken.items():
        for name in names:
            kept.get(part, {}).pop(name, None)
    modules = tuple(module for module in declaration.modules if module.use is None)
    return replace(declaration, modules=modules, **kept)  # type: ignore[arg-type]


def switched(declaration: D, on: Iterable[str]) -> tuple[D, tuple[str, ...]]:
    """Leave out the modules whose switch is not on; give the names of the switches that are off.

    Raises
    ------
    InstrumentError
        When a switch is not known.
    """
    wanted = tuple(on)
    for name in wanted:
        if name not in declaration.switches:
            fix = did_you_mean(name, declaration.switches)
            raise InstrumentError(f"There is no switch '{name}'.", where=f"instrument '{declaration.id}'", fix=fix)
    modules = tuple(module for module in declaration.modules if module.switch is None or module.switch in wanted)
    return replace(declaration, modules=modules), tuple(name for name in declaration.switches if name not in wanted)


def placeholders(declaration: Declaration) -> tuple[str, ...]:
    """Name the placeholders that stand in the texts.

    Examples
    --------
    >>> made = Declaration(id="a", version="1", modules=(Module(id="m", lead_in={"en": "For [[sponsor]]."}),))
    >>> placeholders(made)
    ('sponsor',)
    """
    found = {
        name: None
        for key, texts in walk_texts(declaration)
        if not key.startswith("placeholder.")
        for text in texts.values()
        for name in PLACEHOLDER.findall(text)
    }
    return tuple(found)


def fill(declaration: D, values: Mapping[str, str | Mapping[str, str]]) -> D:
    """Fill placeholders in, in every language; a bare text serves all languages.

    Examples
    --------
    >>> made = Declaration(id="a", version="1", modules=(Module(id="m", lead_in={"en": "For [[sponsor]]."}),))
    >>> fill(made, {"sponsor": "the Bureau"}).modules[0].lead_in["en"]
    'For the Bureau.'
    """
    known = placeholders(declaration)
    for name in values:
        if name not in known:
            fix = did_you_mean(name, known)
            raise InstrumentError(f"No text holds the placeholder '{name}'.", fix=fix)

    def put(key: str, texts: Mapping[str, str]) -> dict[str, str]:
        if key.startswith("placeholder."):
            return dict(texts)
        return {language: _filled(one, values, language) for language, one in texts.items()}

    return map_texts(declaration, put)


def _filled(text: str, values: Mapping[str, str | Mapping[str, str]], language: str) -> str:
    def put(match: re.Match[str]) -> str:
        value = values.get(match[1])
        value = value.get(language) if isinstance(value, Mapping) else value
        return match[0] if value is None else value

    return PLACEHOLDER.sub(put, text)


def _with_missing(module: Module, other: Declaration, declaration: Declaration) -> Module:
    """Keep the meaning of missing codes where the instruments' defaults differ."""
    if other.missing == declaration.missing or not declaration.missing:
        return module

    def put(item: Item) -> Item:
        scale = other.scales.get(item.scale) if isinstance(item.scale, str) else item.scale
        own: Mapping[Code, MissingKind] | None = item.missing
        if own is None:
            own = scale.missing if scale and scale.missing is not None else other.missing
        return replace(item, missing=dict(own), rows=tuple(map(put, item.rows)))

    return replace(module, items=tuple(map(put, module.items)))


def _shared(whole: Declaration, name: str, other: Declaration, tell: Callable[..., None]) -> Declaration:
    """Take over what the modules of `other` need, and what both name the same must be the same."""
    needed = {
        one.scale
        for module in whole.modules
        for item in module.items
        for one in (item, *item.rows)
        if isinstance(one.scale, str)
    }
    here = [module.id for module in whole.modules if module.use == name]
    parts: dict[str, dict[object, object]] = {}
    for part in ("scales", *_SHARED, "rotations"):
        own, theirs = dict(getattr(whole, part)), getattr(other, part)
        for key, value in theirs.items():
            if part == "scales" and key not in needed:
                continue
            if part == "rotations" and not set(value.modules) <= set(here):
                continue
            if part == "switches" and not any(module.switch == key for module in whole.modules):
                continue
            if key in own and part == "scales" and not _same(own[key], value):
                tell(
                    f"The scale '{key}' of '{name}' differs from the one here.", "Rename the own scale.", "scales", key
                )
            own.setdefault(key, value)
        parts[part] = own
    missing = whole.missing or other.missing
    return replace(whole, missing=missing, **parts)  # type: ignore[arg-type]


def _same(one: Scale, other: Scale) -> bool:
    return (one.codes, one.high, one.missing) == (other.codes, other.high, other.missing)
