"""The way through a printed questionnaire: where an answer leads, and which filters the arrows make needless.

Every statement here is on the safe side. An arrow stands after an answer only when no item it leads past can be asked of anybody who gave
that answer; a part's filter is left out only when nobody comes to the part whom it would turn away. What cannot be told so stays a
filter in words above the question.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from survey_kit.instrument.export.paper_truths import Known, Truths, conjuncts, domains, truths
from survey_kit.instrument.export.sentences_numbers import numbers
from survey_kit.instrument.expressions import parse
from survey_kit.instrument.model import DRAWN, Item, Module
from survey_kit.instrument.questionnaire import Instrument, joined
from survey_kit.types import Code


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where an arrow leads: to an item, to a part, past the rest of a part, or to the end of the interview."""

    kind: Literal["item", "part", "rest", "end"]
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A place in the booklet: the head of a part, or an item."""

    module: Module
    item: Item | None = None  # None: the head of a part


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """The printed way through a questionnaire.

    Attributes
    ----------
    stops
        What is printed, in order: heads of parts and their items.
    filters
        Of each module, the parts of its condition that are printed, joined; None where nobody is turned away.
    after
        Of each item, where everybody goes who was asked it, when that is not the next stop.
    by_code
        Of each item, the answers that lead elsewhere; missing codes included.
    """

    stops: tuple[Stop, ...]
    filters: Mapping[str, str | None] = field(default_factory=dict)
    after: Mapping[str, Target] = field(default_factory=dict)
    by_code: Mapping[str, Mapping[Code, Target]] = field(default_factory=dict)

    def place(self, target: Target) -> int:
        """Find the stop an arrow leads to; the number of stops for the end."""
        if target.kind == "rest":
            return 1 + max(place for place, stop in enumerate(self.stops) if stop.module.id == target.id)
        for place, stop in enumerate(self.stops):
            if target.kind == "part" and stop.item is None and stop.module.id == target.id:
                return place
            if target.kind == "item" and stop.item is not None and stop.item.id == target.id:
                return place
        return len(self.stops)


def way(instrument: Instrument, arm: Mapping[str, Code] | None = None) -> Way:
    """Work out the printed way: the arrows after answers, and the filters of the parts.

    Parameters
    ----------
    arm
        What was drawn, by arm, when the booklet is that of one form only: items nobody with it is asked are left out.

    Examples
    --------
    >>> from survey_kit.instrument.model import Scale
    >>> yes_no = Scale(codes=(1, 2), missing={9: "refused"})
    >>> items = (Item(id="q1", scale=yes_no), Item(id="q2", scale=yes_no, ask_if="q1 == 1"), Item(id="q3", scale=yes_no))
    >>> made = way(Instrument(id="a", version="1", modules=(Module(id="m", items=items),)))
    >>> {code: target.id for code, target in made.by_code["q1"].items()}
    {2: 'q3', 9: 'q3'}
    """
    planner = _Planner(
        instrument, {**domains(instrument), **{name: frozenset({code}) for name, code in (arm or {}).items()}}
    )
    planner.stops = [stop for stop in _stops(instrument) if stop.item is None or planner.can_open(stop, planner.known)]
    used = {stop.module.id for stop in planner.stops if stop.item is not None}
    planner.stops = [stop for stop in planner.stops if stop.module.id in used]
    after: dict[str, Target] = {}
    by_code: dict[str, dict[Code, Target]] = {}
    for place, stop in enumerate(planner.stops):
        if stop.item is not None and stop.module.repeat is None:
            onward, others = planner.arrows(place, stop)
            if onward is not None:
                after[stop.item.id] = onward
            if others:
                by_code[stop.item.id] = others
    made = Way(stops=tuple(planner.stops), after=after, by_code=by_code)
    return Way(stops=made.stops, after=after, by_code=by_code, filters=planner.filters(made))


def _stops(instrument: Instrument) -> Iterator[Stop]:
    numbered = numbers(instrument)
    for module in instrument.modules:
        yield Stop(module=module)
        for item in module.items:
            if item.type not in DRAWN and item.id in numbered:
                yield Stop(module=module, item=item)


# ------------------------------------------------------------------------------------------------------------- the way
@dataclass(slots=True)
class _Planner:
    instrument: Instrument
    known: Known
    stops: list[Stop] = field(default_factory=list)

    def conditions(self, stop: Stop) -> list[str | None]:
        """Give the whole conditions of what an item's stop holds: one, or one for each row of a grid."""
        item, module = stop.item, stop.module
        if item is None:
            return [module.ask_if]
        if item.type == "grid":
            return [joined(module.ask_if, item.ask_if, row.ask_if) for row in item.rows]
        return [joined(module.ask_if, item.ask_if)]

    def can_open(self, stop: Stop, known: Known) -> bool:
        """Say whether anybody may be asked what a stop holds."""
        repeat = stop.module.repeat
        if repeat is not None and known.get(repeat.count) == frozenset({None}):
            return False
        return any(one is None or True in truths(parse(one).tree, known) for one in self.conditions(stop))

    def facts(self, conditions: Iterable[str | None], known: Known) -> dict[str, frozenset[Any]]:
        """Narrow what items may have answered by what must hold: each condition that looks at one item only."""
        out = dict(known)
        for part in (part for condition in conditions for part in conjuncts(condition)):
            names = parse(part).names
            if len(names) == 1 and not parse(part).aggregates and names[0] in out:
                tree, name = parse(part).tree, names[0]
                out[name] = frozenset(one for one in out[name] if True in truths(tree, {name: frozenset({one})}))
        return out

    def arrows(self, place: int, stop: Stop) -> tuple[Target | None, dict[Code, Target]]:
        """Give where all go on after an item, when not to the next stop, and the answers that lead elsewhere."""
        item = stop.item
        if item is None:
            return None, {}
        shared = [stop.module.ask_if, item.ask_if]
        known = self.facts(shared, self.known)
        onward = self.reached(place, known)
        others: dict[Code, Target | None] = {}
        if item.type in {"single", "multiple"}:
            missing = self.instrument.missing_codes(item.id)
            plain = item.exclusive if item.type == "multiple" else self.instrument.codes(item.id)
            for code in dict.fromkeys((*plain, *missing)):
                value = None if code in missing else frozenset({code}) if item.type == "multiple" else code
                others[code] = self.reached(place, {**known, item.id: frozenset({value})})
            complete = item.type == "single" and len(set(others.values())) == 1
            if complete and missing and others:
                onward = next(iter(others.values()))
        return onward, {code: target for code, target in others.items() if target is not None and target != onward}

    def reached(self, place: int, known: Known) -> Target | None:
        """Give the first stop that may be asked after another one; None when it is the next."""
        home, seen = self.stops[place].module, dict(known)
        for at in range(place + 1, len(self.stops)):
            stop = self.stops[at]
            if stop.item is None:
                continue
            if self.can_open(stop, seen):
                return self._landing(place, at, home)
            seen |= dict.fromkeys((row.id for row in (stop.item, *stop.item.rows)), frozenset({None}))
        if any(home.id in one.modules for one in self.instrument.rotations.values()):
            return self._rest(place, home)
        return None if place + 1 == len(self.stops) else Target(kind="end")

    def _rest(self, place: int, home: Module) -> Target | None:
        """Lead past the rest of a part, when anything of it is left."""
        return (
            Target(kind="rest", id=home.id)
            if self.stops[place + 1 : place + 2] and self.stops[place + 1].module is home
            else None
        )

    def _landing(self, place: int, at: int, home: Module) -> Target | None:
        module, item = self.stops[at].module, self.stops[at].item
        if module is home:
            return None if at == place + 1 or item is None else Target(kind="item", id=item.id)
        for rotation in self.instrument.rotations.values():
            if home.id in rotation.modules:
                return self._rest(place, home)
            if module.id in rotation.modules:
                module = next(stop.module for stop in self.stops if stop.module.id in rotation.modules)
        head = next(number for number, stop in enumerate(self.stops) if stop.module is module)
        return None if head <= place + 1 else Target(kind="part", id=module.id)

    # --------------------------------------------------------------------------------------------------- filters
    def filters(self, made: Way) -> dict[str, str | None]:
        """Give of each module the parts of its condition that turn somebody away who comes there."""
        reach: dict[str, list[set[Any]]] = {}
        out: dict[str, str | None] = {}
        for place, stop in enumerate(made.stops):
            if stop.item is not None:
                continue
            kept: list[str] = []
            for part in conjuncts(stop.module.ask_if):
                expression = parse(part)
                name = expression.names[0] if len(expression.names) == 1 and not expression.aggregates else ""
                if name in self.known:
                    if name not in reach:
                        reach[name] = _Reach(self, made, name).run()
                    held = [truths(expression.tree, {name: frozenset({value})}) for value in reach[name][place]]
                    if all(one == {True} for one in held):
                        continue
                kept.append(part)
            out[stop.module.id] = joined(*kept)
        return out


@dataclass(slots=True)
class _Reach:
    """Which answers to one item people may have given when they come to a stop, following filters and arrows."""

    planner: _Planner
    made: Way
    name: str

    def run(self) -> list[set[Any]]:
        """Give for each stop the answers that may come there; None is no answer yet or none at all."""
        found: list[set[Any]] = [set() for _ in range(len(self.made.stops) + 1)]
        drawn = self.planner.instrument.item(self.name).type in DRAWN
        start = self.planner.known[self.name] if drawn else frozenset({None})
        queue = deque((0, value) for value in start)
        while queue:
            place, value = queue.popleft()
            for at in self._entered(place):
                if value not in found[at]:
                    found[at].add(value)
                    if at < len(self.made.stops):
                        queue.extend(self._onward(at, value))
        return found

    def _entered(self, place: int) -> Sequence[int]:
        """Give where somebody may be who comes to a stop: in a run of rotated parts at any of their heads."""
        stops = self.made.stops
        for rotation in self.planner.instrument.rotations.values():
            heads = [at for at, stop in enumerate(stops) if stop.item is None and stop.module.id in rotation.modules]
            inside = [at for at, stop in enumerate(stops) if stop.module.id in rotation.modules]
            if heads and (place in heads or place == inside[-1] + 1):
                return [*heads, inside[-1] + 1]
        return [place]

    def _onward(self, place: int, value: Any) -> Iterator[tuple[int, Any]]:
        stop = self.made.stops[place]
        after = place + 1
        while after < len(self.made.stops) and self.made.stops[after].item is not None:
            after += 1
        known = {**self.planner.known, self.name: frozenset({value})}
        if stop.item is None:
            told = self._told(stop.module.ask_if, known)
            if True in told:
                yield place + 1, value
            if told != {True} or stop.module.repeat is not None:
                yield after, value
            return
        told = self._told(stop.item.ask_if, known)
        if told != {True}:
            yield place + 1, value
        if True in told:
            yield from self._asked(place, stop.item, value)

    def _told(self, condition: str | None, known: Known) -> Truths:
        return truths(parse(condition).tree, known) if condition else frozenset({True})

    def _asked(self, place: int, item: Item, value: Any) -> Iterator[tuple[int, Any]]:
        onward = self.made.after.get(item.id)
        usual = place + 1 if onward is None else self.made.place(onward)
        others = {code: self.made.place(target) for code, target in self.made.by_code.get(item.id, {}).items()}
        if item.id != self.name:
            inside = self.name in {row.id for row in item.rows}
            for at in {usual, *others.values()}:
                yield from ((at, one) for one in (self.planner.known[self.name] if inside else (value,)))
            return
        missing = self.planner.instrument.missing_codes(item.id)
        for one in self.planner.known[self.name]:
            if one is None and not missing and not item.optional:
                continue  # an answer is always written down
            if one is None:
                led = {others.get(code, usual) for code in missing} | ({usual} if item.optional else set())
                yield from ((at, None) for at in led)
            else:
                yield others.get(one, usual), one
