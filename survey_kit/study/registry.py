"""What the registry says of an indicator beside its computing: definition, formula, standard, targets, who is responsible."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from survey_kit.instrument.model import Texts, Version
from survey_kit.study.model import STRICT, WaveId

if TYPE_CHECKING:
    from survey_kit.study.definition import Indicator

Level: TypeAlias = Literal["goal", "target", "context"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """The standard an indicator follows."""

    __pydantic_config__ = STRICT

    name: str
    """Its name and edition."""
    url: str | None = None
    """Where it stands."""
    verified: bool = False
    """Whether the definition was compared with the standard itself."""
    differs: Texts | None = None
    """In what the indicator differs from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A value that a document asks for; without a document there is no target."""

    __pydantic_config__ = STRICT

    year: int
    """The year it is to be reached in."""
    value: float
    """The value, in the unit of the indicator: a share from 0 to 1, points from 0 to 100."""
    document: str
    """The id of the document that sets it, in the file of institutions and documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """An indicator's entry in the registry.

    Examples
    --------
    >>> Registry(level="goal", section="3.1", reference_period={"en": "12 months"}).level
    'goal'
    """

    __pydantic_config__ = STRICT

    level: Level = "context"
    """goal: the Strategy's aim; target: one of its target indicators; context: what helps to read them."""
    section: str | None = None
    """The section of the Strategy it follows."""
    definition: Texts | None = None
    """What is measured, in words."""
    formula: Texts | None = None
    """How the figure is computed, in words or symbols."""
    numerator: Texts | None = None
    """Who counts above the line, in words."""
    denominator: Texts | None = None
    """Who counts below the line, in words."""
    reference_period: Texts | None = None
    """The time the question asks about."""
    list_version: Version | None = None
    """The version of the list (of officials, services, institutions) it is built on."""
    standard: Standard | None = None
    """The standard it follows."""
    baseline: WaveId | None = None
    """The wave that targets and changes are counted from; the study's when left out."""
    targets: tuple[Target, ...] = field(default=())
    """Values to be reached, each with the document that sets it."""
    responsible: str | None = None
    """The id of the body that answers for it, in the file of institutions and documents."""
    describes: tuple[Version, ...] = ()
    """The beginnings of the digests of the definitions these words were written for; of any other they are told as stale."""


def definition_digests(definitions: tuple[Indicator, ...]) -> dict[str, str]:
    """Give the SHA-256 of each definition: what decides the figure, not the words around it.

    Titles, questions and notes may be mended, translations added and a target set without a new figure; items, categories, base,
    don't-know rule, interval, version of the list and formula may not.

    Examples
    --------
    >>> from survey_kit.study import read_study
    >>> one = read_study("analyses/brazil_trust").definitions[:1]
    >>> [len(text) for text in definition_digests(one).values()]
    [64]
    """
    return {one.id: _digest(one) for one in definitions}


def _digest(one: Indicator) -> str:
    plain = replace(one, title={}, question=None, saying=None, note=None, theme="other", registry=None)
    body = asdict(plain)
    body.pop("registry")
    if one.registry is not None and one.registry.list_version is not None:
        body["list_version"] = one.registry.list_version
    if one.registry is not None and one.registry.formula is not None:
        body["formula"] = dict(sorted(one.registry.formula.items()))
    text = json.dumps(body, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def changed_since(frozen: Mapping[str, str], definitions: tuple[Indicator, ...]) -> dict[str, str]:
    """Name what differs from frozen digests: ``changed``, ``new`` or ``gone`` by indicator; empty when nothing does.

    Examples
    --------
    >>> changed_since({"trust_old": "0"}, ())
    {'trust_old': 'gone'}
    """
    now = definition_digests(definitions)
    told = {name: "gone" for name in frozen if name not in now}
    told |= {name: "new" for name in now if name not in frozen}
    return told | {name: "changed" for name, text in now.items() if name in frozen and frozen[name] != text}
