"""What ``indicators.yaml`` declares, as values: schema ``survey-kit/indicators/1``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from survey_kit.instrument.model import Texts
from survey_kit.study.model import STRICT
from survey_kit.study.registry import Registry
from survey_kit.types import Code, IndicatorKind, ShareInterval, Theme

SCHEMA = "survey-kit/indicators/1"

Base: TypeAlias = Literal["answered", "asked"]
DontKnow: TypeAlias = Literal["exclude", "include", "bounds"]
Direction: TypeAlias = Literal["up", "down", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """Who counts in one half of a ratio: whoever gave one of the categories to any of the items."""

    __pydantic_config__ = STRICT

    any: tuple[str, ...]
    """The items."""
    categories: tuple[Code, ...]
    """The answers that count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One published figure: what is computed from which items, on which base.

    Examples
    --------
    >>> Indicator(
    ...     id="trust_court", title={"en": "Trust in the court"}, theme="trust", kind="share", items=("b31",),
    ...     categories=(5, 6, 7), base="answered", dont_know="exclude", direction="up", interval="wald",
    ... ).unit
    'share'
    """

    __pydantic_config__ = STRICT

    id: str
    """The indicator's id."""
    title: Texts
    """The indicator in plain words."""
    theme: Theme = "other"
    """The part of the report it belongs to."""
    kind: IndicatorKind
    """share | mean100 (mean on 0-100) | net (high minus low share) | ratio (numerator among denominator)."""
    items: tuple[str, ...] = ()
    """The items; several give the simple mean of their values, each on its own base."""
    categories: tuple[Code, ...] = ()
    """The answers that count; of a net score, the high ones."""
    low_categories: tuple[Code, ...] = ()
    """Of a net score, the low answers."""
    numerator: AnyOf | None = None
    """Of a ratio, who counts above the line."""
    denominator: AnyOf | None = None
    """Of a ratio, who counts below the line; the numerator is counted among them only."""
    base: Base
    """answered: those who gave an answer; asked: all who were asked, an item's missing answers among them."""
    dont_know: DontKnow
    """exclude: not in the base; include: in the base, not in the numerator; bounds: not in the base, bounds shown."""
    direction: Direction
    """Whether a higher figure is better (up), worse (down) or neither (none)."""
    interval: ShareInterval = "wald"
    """wald (t); for shares only: logit, beta (Korn-Graubard), korn_graubard (at most the sample), arcsine, wilson, likelihood."""
    sensitive: bool = False
    """Whether people may prefer not to tell."""
    question: Texts | None = None
    """The question as the reader sees it; by default the wording of the first item."""
    saying: Texts | None = None
    """What people said, to follow 'said they': trust the National Congress; by default made from the title."""
    note: Texts | None = None
    """What a reader of the figure has to know."""
    registry: Registry | None = None
    """Its entry in the registry: definition in words, standard, targets, who is responsible."""

    @property
    def unit(self) -> str:
        """Give the unit of the estimate: share (0-1), points (0-100), net (-1 to 1) or ratio (0-1)."""
        return {"share": "share", "mean100": "points", "net": "net", "ratio": "ratio"}[self.kind]

    @property
    def limits(self) -> tuple[float, float]:
        """Give the lowest and the highest value the estimate can take."""
        return {"share": (0.0, 1.0), "mean100": (0.0, 100.0), "net": (-1.0, 1.0), "ratio": (0.0, 1.0)}[self.kind]

    def needs(self) -> tuple[str, ...]:
        """List every item that goes into the indicator."""
        halves = [*self.numerator.any] if self.numerator else []
        halves += [*self.denominator.any] if self.denominator else []
        return tuple(dict.fromkeys((*self.items, *halves)))


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorsFile:
    """The whole of ``indicators.yaml``."""

    __pydantic_config__ = STRICT

    indicators: tuple[Indicator, ...]
    """The indicators, in the order of the report."""
    source_language: str | None = None
    """The language of texts that do not name theirs; by default the study's."""
