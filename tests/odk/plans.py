"""Random answer paths through an instrument: likely answers, missing codes, extremes, and answers that must be refused."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from survey_kit.instrument import Instrument, Item
from survey_kit.instrument.expressions import Expression, comparisons, parse, parse_value
from survey_kit.instrument.model import DRAWN

WHOLE = 2**31 - 1  # the largest whole number a form holds
WORDS = (
    "yes",
    "a'b",
    'say "no"',
    "98",
    "0",
    "  two  words ",
    "Қазақстан",
    "1e3",
    "-",
    "<b>&amp;</b>",
    "2026-01-01",
    "ten " * 20,
)
NOT_DATES = ("2026-02-30", "soon")
EDGES = (0, 1, -1, WHOLE, -WHOLE - 1, WHOLE + 1)


@dataclass(frozen=True, slots=True)
class Path:
    """Answers to try for each question, and rounds of revised answers; members of a repeat have keys like `age[2]`."""

    answers: Mapping[str, list[Any]]
    revised: tuple[Mapping[str, Any], ...]
    fresh: bool


def asked(instrument: Instrument) -> list[Item]:
    """Give the items a respondent answers."""
    return [item for item in instrument.items if item.type not in {"calculated", *DRAWN}]


def expressions(instrument: Instrument) -> Iterator[Expression]:
    """Give every condition, constraint and computed value."""
    for item in instrument.items:
        if (route := instrument.route(item.id)) is not None:
            yield route
        if item.constraint:
            yield parse(item.constraint)
        if item.value:
            yield parse_value(item.value)


class Walker:
    """Draws random paths; what conditions compare an item with is drawn more often, so that deep questions open."""

    def __init__(self, instrument: Instrument, seed: int) -> None:
        self.instrument = instrument
        self.rng = random.Random(seed)
        self.items = asked(instrument)
        self.liked: dict[str, list[Any]] = {}
        for expression in expressions(instrument):
            for name, value in comparisons(expression):
                self.liked.setdefault(name, []).append(value)
        self.gates = [item.id for item in self.items if item.id in self.liked]
        counts = {module.repeat.count for module in instrument.modules if module.repeat}
        for name in counts:
            self.liked[name] = [*range(5)] * 5

    def path(self, *, fresh: bool = False) -> Path:
        """Draw one path."""
        answers = {key: self.attempts(item) for item in self.items for key in self.keys(item)}
        names = [item for item in self.items if item.id in self.gates] or self.items
        changed = self.rng.sample(names, min(len(names), self.rng.choice((0, 0, 1, 2))))
        revised = tuple({self.rng.choice(self.keys(item)): self.answer(item)} for item in changed)
        return Path(answers, revised, fresh)

    def keys(self, item: Item) -> list[str]:
        """Name an item; in a repeated module once for each possible member."""
        repeat = self.instrument.module_of(item.id).repeat
        return [item.id] if repeat is None else [f"{item.id}[{member}]" for member in range(1, repeat.most + 1)]

    def attempts(self, item: Item) -> list[Any]:
        """Draw the answers to try in turn; none for a question passed over."""
        if self.rng.random() < 0.03:
            return []
        return [self.answer(item) for _ in range(self.rng.choice((1, 1, 2, 4)))]

    def answer(self, item: Item) -> Any:
        """Draw one answer, right or wrong."""
        codes = (*self.instrument.codes(item.id), *self.instrument.missing_codes(item.id))
        match item.type:
            case "single":
                return self.rng.choice(self.mixed(item, codes, wrong="nonsense"))
            case "multiple":
                return self.several(item, codes)
            case "integer":
                return int(self.rng.choice(self.mixed(item, self.numbers(item))))
            case "decimal" | "number":
                return self.rng.choice(self.mixed(item, self.numbers(item))) + self.rng.choice((0, 0.5, -0.25))
            case "date":
                return self.rng.choice(self.mixed(item, self.days(item), wrong=self.rng.choice(NOT_DATES)))
            case _:
                return self.rng.choice(self.mixed(item, WORDS)) or None

    def mixed(self, item: Item, values: tuple[Any, ...], wrong: Any = None) -> tuple[Any, ...]:
        """Choose where the answer comes from: what conditions look for, anything, or nonsense."""
        liked = tuple(self.liked.get(item.id, ()))
        chance = self.rng.random()
        if wrong is not None and chance < 0.03:
            return (wrong,)
        return liked if liked and chance < 0.65 and isinstance(liked[0], str) == isinstance(values[0], str) else values

    def numbers(self, item: Item) -> tuple[int, ...]:
        """Give numbers worth trying: limits and what conditions name, one less and one more, extremes, missing codes."""
        low = -50 if item.minimum is None else int(item.minimum)
        high = low + 200 if item.maximum is None else int(item.maximum)
        marks = [low, high, *(int(one) for one in self.liked.get(item.id, ()) if not isinstance(one, str))]
        near = [mark + step for mark in marks for step in (-1, 0, 1)]
        inside = [self.rng.randint(low, max(low, high)) for _ in range(len(near) + 6)]
        missing = [one for one in self.instrument.missing_codes(item.id) if isinstance(one, int)]
        return (*near, *inside, *missing, *missing, self.rng.choice(EDGES))

    def several(self, item: Item, codes: tuple[Any, ...]) -> list[Any]:
        """Draw a set of codes, exclusive and missing ones among them."""
        if self.rng.random() < 0.02:
            return ["nonsense"]
        if self.rng.random() < 0.2:
            return [self.rng.choice(codes)]
        plain = self.instrument.codes(item.id)
        some = [code for code in plain if code not in item.exclusive] if self.rng.random() < 0.8 else codes
        chosen = self.rng.sample(some, self.rng.randint(1, len(some)))
        wanted = [one for one in self.liked.get(item.id, ()) if one in some and one not in chosen]
        return chosen + (self.rng.sample(wanted, 1) if wanted and self.rng.random() < 0.5 else [])

    def days(self, item: Item) -> tuple[str, ...]:
        """Give days around those that conditions name."""
        marks = [date.fromisoformat(one) for one in self.liked.get(item.id, ()) if isinstance(one, str)]
        marks.append(date(2026, self.rng.randint(1, 12), self.rng.randint(1, 28)))
        return tuple(str(mark + timedelta(days=step)) for mark in marks for step in (-400, -1, 0, 1, 31))
