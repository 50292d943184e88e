"""Routing for archives: what an answer leads to, and what led to a question, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from survey_kit.instrument.export.sentences import in_words, numbers, value_in_words
from survey_kit.instrument.expressions import parse, parse_value
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.language import words

SHOWN = 12  # questions named one by one


@dataclass(slots=True)
class Routes:
    """Says conditions in words, each once.

    Examples
    --------
    >>> from survey_kit.instrument.model import Item, Module
    >>> items = (Item(id="age", type="integer"), Item(id="voted", type="integer", ask_if="age >= 18"))
    >>> routes = Routes(Instrument(id="a", version="1", modules=(Module(id="m", items=items),)), ("en",))
    >>> routes.asked_if("age >= 18"), dict(routes.forward("age"))
    ({'en': 'Asked only if the number in A1 is 18 or more.'}, {'age >= 18': ('voted',)})
    """

    instrument: Instrument
    languages: tuple[str, ...]
    numbers: Mapping[str, str] = field(init=False)
    _said: dict[tuple[str, str], str] = field(init=False, default_factory=dict)
    _forward: dict[str, dict[str, tuple[str, ...]]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.numbers = numbers(self.instrument)
        found: dict[str, dict[str, list[str]]] = {}
        for item in self.instrument.items:
            grid = self.instrument.grid_of(item.id)
            module = self.instrument.module_of(item.id)
            for condition in (module.ask_if, grid.ask_if if grid else None, item.ask_if):
                for name in parse(condition).names if condition else ():
                    found.setdefault(name, {}).setdefault(str(condition), []).append(item.id)
        self._forward = {
            name: {one: tuple(targets) for one, targets in conditions.items()} for name, conditions in found.items()
        }

    def forward(self, item_id: str) -> Mapping[str, tuple[str, ...]]:
        """Give by condition the items whose asking depends on an answer."""
        return self._forward.get(item_id, {})

    def values(self, value: str) -> tuple[str, ...]:
        """Name the items a computed value rests on."""
        return parse_value(value).items

    def asked_if(self, condition: str) -> dict[str, str]:
        """Say the condition of a question."""
        return {
            language: words("metadata", language)("asked_if", condition=self._condition(condition, language))
            for language in self.languages
        }

    def then_asked(self, condition: str, targets: Sequence[str]) -> dict[str, str]:
        """Say what is asked next under a condition."""
        named = [self.numbers.get(target, target) for target in targets]
        items = ", ".join(named[:SHOWN]) + (f", … {named[-1]}" if len(named) > SHOWN else "")
        return {
            language: words("metadata", language)(
                "then_asked", condition=self._condition(condition, language), items=items
            )
            for language in self.languages
        }

    def value_in_words(self, value: str) -> dict[str, str]:
        """Say how a value is computed."""
        return {language: value_in_words(self.instrument, value, language) for language in self.languages}

    def _condition(self, condition: str, language: str) -> str:
        key = (condition, language)
        if key not in self._said:
            self._said[key] = in_words(self.instrument, condition, language)
        return self._said[key]
