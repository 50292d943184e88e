"""The same answer paths through ODK's engine and through the package's own walk: where they differ.

The engine gets a path before anything is known of what will open. Our walk then goes through the same path for all interviews at
once; only what was drawn at random is taken from the engine. Compared are, of every interview and after every revision: which items and
notes are open, which answers are refused, which values stand, all computed values, and the order in which questions came.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
from odk_engine import Form, Plan, Round
from odk_plans import WHOLE, Path

from survey_kit.instrument import Instrument, Item, Module
from survey_kit.instrument.export import XlsForm
from survey_kit.instrument.model import DRAWN
from survey_kit.instrument.questionnaire import joined
from survey_kit.instrument.walk import Walk


@dataclass(slots=True)
class Agreement:
    """What was compared, and every difference found."""

    interviews: int = 0
    openings: int = 0
    answers: int = 0
    refused: int = 0
    values: int = 0
    differences: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Names:
    """Under which names the form asks what: an item whose place is drawn stands there in copies.

    Attributes
    ----------
    asked
        Of each item and note its names in the form.
    why
        Of each date or text that can be passed over the question that asks for the reason.
    """

    asked: dict[str, list[str]]
    why: dict[str, list[str]]

    @classmethod
    def of(cls, instrument: Instrument, form: XlsForm) -> Names:
        """Read them off an exported form."""
        known = {item.id for item in instrument.items} | {note.id for _, note in notes(instrument)}
        copies: dict[str, list[str]] = {}
        why: dict[str, list[str]] = {}
        for column in form.columns:
            if column.item in known and (
                column.kind == "copy" or (column.kind == "note" and column.item != column.column)
            ):
                copies.setdefault(column.item, []).append(column.column)
            if column.kind == "missing":
                why.setdefault(column.item, []).append(column.column)
        return cls({name: copies.get(name, [name]) for name in known}, why)

    def keys(self, key: str) -> list[str]:
        """Give the keys of an item, or of one member's, in the engine's results."""
        name, _, member = key.partition("[")
        return [f"{one}[{member}" if member else one for one in self.asked[name]]

    def reasons(self, key: str) -> list[str]:
        """Give the keys of the questions why it was not answered."""
        name, _, member = key.partition("[")
        return [f"{one}[{member}" if member else one for one in self.why.get(name, [])]

    def plan(self, instrument: Instrument, path: Path) -> Plan:
        """Write a path as the engine takes it."""
        answers: dict[str, list[Any]] = {}
        for key, tries in path.answers.items():
            item = instrument.item(key.partition("[")[0])
            answers |= {name: [_sent(item, one) for one in tries] for name in self.keys(key)}
            answers |= {reason: [str(next(iter(instrument.missing_codes(item.id))))] for reason in self.reasons(key)}
        revised = [
            {
                name: _sent(instrument.item(key.partition("[")[0]), value)
                for key, value in change.items()
                for name in self.keys(key)
            }
            for change in path.revised
        ]
        return Plan(answers=answers, revised=revised, fresh=path.fresh)


def notes(instrument: Instrument) -> list[tuple[Module, Item]]:
    """Give the items that are only shown."""
    return [(module, item) for module in instrument.modules for item in module.items if item.type == "note"]


def unequal_choices(instrument: Instrument, names: Names, form: Form) -> list[str]:
    """Tell what the form asks and the instrument does not, or the other way round, and lists of answers that differ."""
    found = {one["question"]: one for one in form.questions}
    out = []
    for item in instrument.items:
        repeated = instrument.module_of(item.id).repeat is not None
        codes = [str(code) for code in (*instrument.codes(item.id), *instrument.missing_codes(item.id))]
        for name in names.asked[item.id]:
            if repeated:
                continue  # a form has no members before there are any
            if name not in found:
                out.append(f"{name} is not in the form")
            elif item.type in {"single", "multiple"} and sorted(found[name]["choices"] or []) != sorted(codes):
                out.append(f"{name} offers {found[name]['choices']} instead of {codes}")
    ours = {name for several in (*names.asked.values(), *names.why.values()) for name in several}
    strange = [key for key, one in found.items() if one["kind"] not in {"model-value", "note"} and key not in ours]
    return out + [f"{key} is not in the instrument" for key in strange]


def _sent(item: Item, answer: Any) -> Any:
    if item.type == "multiple":
        return [str(code) for code in answer]
    return str(answer) if item.type == "single" else answer


@dataclass(slots=True)
class Replay:
    """The package's side of the interviews of one instrument."""

    instrument: Instrument
    names: Names
    paths: Sequence[Path]
    interviews: Sequence[Sequence[Round]]
    out: Agreement = field(default_factory=Agreement)
    given: list[dict[str, Any]] = field(init=False)
    done: list[set[str]] = field(init=False)

    def __post_init__(self) -> None:
        self.given = [{} for _ in self.paths]
        self.done = [set() for _ in self.paths]

    def run(self) -> Agreement:
        """Go through every round of every interview."""
        self.out.interviews = len(self.paths)
        for number in range(max(len(rounds) for rounds in self.interviews)):
            rows = [row for row, rounds in enumerate(self.interviews) if len(rounds) > number]
            _Pass(self, number, rows).run()
        return self.out

    def differ(self, row: int, number: int, key: str, ours: object, engine: object) -> None:
        """Note a difference."""
        where = f"{self.instrument.id}, interview {row}, round {number}, {key}"
        self.out.differences.append(f"{where}: ours {ours!r}, the engine's {engine!r}; answers {self.given[row]}")


@dataclass(slots=True)
class _Pass:
    """One round, for the interviews that have it."""

    replay: Replay
    number: int
    rows: list[int]
    rounds: list[Round] = field(init=False)
    open: list[set[str]] = field(init=False)
    verdicts: list[dict[str, list[str | None]]] = field(init=False)

    def __post_init__(self) -> None:
        self.rounds = [self.replay.interviews[row][self.number] for row in self.rows]
        self.open = [set(one.result.open) for one in self.rounds]
        self.verdicts = [{step.question: step.verdicts for step in one.steps} for one in self.rounds]

    def run(self) -> None:
        instrument = self.replay.instrument
        walk = Walk(instrument=instrument, n=len(self.rows))
        for module in instrument.modules:
            items = [item for item in instrument.items if instrument.module_of(item.id).id == module.id]
            inner, places = self.inside(walk, module)
            at = [one for one, _ in places]
            for item in items:
                self.item(inner, item, at, [_key(item, member) for _, member in places])
            for note in (one for one in module.items if one.type == "note"):
                self.note(inner, module, note, at, [_key(note, member) for _, member in places])
            if module.repeat is not None:
                walk.close(inner)
        if self.number == 0:
            self.orders()

    def orders(self) -> None:
        """Compare the order in which the questions came, drawn orders included."""
        item_of = {name: item for item, names in self.replay.names.asked.items() for name in names}
        for row, one in zip(self.rows, self.rounds, strict=True):
            keys = [step.question.partition("[") for step in one.steps]
            came = [f"{item_of[name]}{bracket}{member}" for name, bracket, member in keys if name in item_of]
            place = {key: at for at, key in enumerate(in_order(self.replay.instrument, one.result.values))}
            if came != sorted(came, key=lambda key: place[key]):
                self.replay.differ(row, self.number, "order", sorted(came, key=lambda key: place[key]), came)

    def inside(self, walk: Walk, module: Module) -> tuple[Walk, list[tuple[int, int | None]]]:
        """Give the walk a module's items belong to, and of each of its rows the interview and the member."""
        if module.repeat is None:
            return walk, [(at, None) for at in range(len(self.rows))]
        values, known = walk.columns[module.repeat.count]
        counts = [float(value) if sure else None for value, sure in zip(values, known, strict=True)]
        inner = walk.members(module.id, counts)
        place = [] if inner.place is None else inner.place.tolist()
        return inner, [(at, place[: row + 1].count(at)) for row, at in enumerate(place)]

    def item(self, walk: Walk, item: Item, at: list[int], keys: list[str]) -> None:
        """Compare one item in all interviews."""
        opened = walk.open(item.id)
        self.opened(at, keys, opened.tolist())
        if item.type == "calculated":
            walk.calculate(item.id)
            self.computed(walk, item, at, keys)
        elif item.type in DRAWN:
            walk.put(item.id, [self.drawn(item, one, key) for one, key in zip(at, keys, strict=True)])
        else:
            self.ask(walk, item, at, keys, opened.tolist())
            walk.put(item.id, [self.replay.given[self.rows[one]].get(key) for one, key in zip(at, keys, strict=True)])
            self.stands(item, at, keys, opened.tolist())

    def note(self, walk: Walk, module: Module, note: Item, at: list[int], keys: list[str]) -> None:
        """Compare where a note is shown."""
        self.opened(at, keys, walk.holds(joined(module.ask_if, note.ask_if)).tolist())

    def opened(self, at: list[int], keys: list[str], opened: list[bool]) -> None:
        """Compare what is open: under just one of its names, if it has several."""
        for one, key, ours in zip(at, keys, opened, strict=True):
            engine = [name for name in self.replay.names.keys(key) if name in self.open[one]]
            self.replay.out.openings += 1
            if len(engine) != int(ours):
                self.replay.differ(self.rows[one], self.number, key, "open" if ours else "closed", engine)

    def ask(self, walk: Walk, item: Item, at: list[int], keys: list[str], opened: list[bool]) -> None:
        """Try the answers of the path in turn, all interviews at once, and compare what is refused."""
        waiting = [self.attempts(one, key, is_open) for one, key, is_open in zip(at, keys, opened, strict=True)]
        depth = 0
        while any(len(tries) > depth for tries, _ in waiting):
            tried = [tries[depth] if len(tries) > depth else None for tries, _ in waiting]
            possible = [fits(self.replay.instrument, item, one) for one in tried]
            usable = [one if fine else None for one, fine in zip(tried, possible, strict=True)]
            accepted = walk.accepts(item.id, usable).tolist()
            for row, (tries, verdicts) in enumerate(waiting):
                if len(tries) <= depth:
                    continue
                fine = possible[row] and accepted[row]
                engine = verdicts[depth] if len(verdicts) > depth else "not tried"
                self.replay.out.answers += 1
                self.replay.out.refused += not fine
                if fine != (engine is None):
                    self.replay.differ(
                        self.rows[at[row]],
                        self.number,
                        f"{keys[row]} = {tries[depth]!r}",
                        "taken" if fine else "refused",
                        engine,
                    )
                if fine:
                    self.replay.given[self.rows[at[row]]][keys[row]] = tries[depth]
                    waiting[row] = ([], [])
            depth += 1

    def attempts(self, at: int, key: str, is_open: bool) -> tuple[list[Any], list[str | None]]:
        """Give the answers to try for a question in this round, with the engine's verdicts."""
        row = self.rows[at]
        path, done = self.replay.paths[row], self.replay.done[row]
        names = self.replay.names.keys(key)
        if self.number and key in path.revised[self.number - 1]:
            verdicts = [one for name in names if (one := self.rounds[at].revised[name]) != "closed"]
            if verdicts:
                self.replay.given[row].pop(key, None)
                return [path.revised[self.number - 1][key]], verdicts
        if is_open and key not in done:
            done.add(key)
            tried = [self.verdicts[at][name] for name in names if name in self.verdicts[at]]
            return list(path.answers.get(key, [])), tried[0] if tried else []
        return [], []

    def stands(self, item: Item, at: list[int], keys: list[str], opened: list[bool]) -> None:
        """Compare the answers that stand."""
        for one, key, is_open in zip(at, keys, opened, strict=True):
            ours = self.replay.given[self.rows[one]].get(key) if is_open else None
            engine = self.rounds[one].result.values.get(key)
            self.replay.out.values += 1
            if not same(item, ours, engine):
                self.replay.differ(self.rows[one], self.number, key, ours, engine)
            reasons = [name for name in self.replay.names.reasons(key) if name in self.open[one]]
            if self.replay.names.reasons(key) and len(reasons) != int(is_open and ours is None):
                self.replay.differ(self.rows[one], self.number, f"why not {key}", ours, reasons)

    def computed(self, walk: Walk, item: Item, at: list[int], keys: list[str]) -> None:
        values, known = walk.columns[item.id]
        for one, key, value, sure in zip(at, keys, np.asarray(values).tolist(), known.tolist(), strict=True):
            engine = self.rounds[one].result.values.get(key)
            self.replay.out.values += 1
            if not same(item, value if sure else None, engine):
                self.replay.differ(self.rows[one], self.number, key, value if sure else None, engine)

    def drawn(self, item: Item, at: int, key: str) -> Any:
        """Take what the engine drew; see that it can be drawn."""
        value = self.rounds[at].result.values.get(key)
        if value is None:
            return None
        number = float(value)
        possible = number in self.replay.instrument.codes(item.id) if item.type == "arm" else 0 <= number < 1
        if not possible:
            self.replay.differ(self.rows[at], self.number, key, "no such draw", value)
        return int(number) if item.type == "arm" else number


def in_order(instrument: Instrument, drawn: dict[str, Any]) -> list[str]:
    """Give all keys in the order of one interview: rotated modules and rows begin where it was drawn."""
    modules = list(instrument.modules)
    for rotation in instrument.rotations.values():
        at = [place for place, module in enumerate(modules) if module.id in rotation.modules]
        turned = _turned([modules[place] for place in at], drawn.get(rotation.start))
        for place, module in zip(at, turned, strict=True):
            modules[place] = module
    out = []
    for module in modules:
        ids: list[str] = []
        for item in module.items:
            rows = _turned(list(item.rows), drawn.get(item.rotate) if item.rotate else None)
            ids += [row.id for row in rows] if item.type == "grid" else [item.id]
        members = range(1, module.repeat.most + 1) if module.repeat else [None]
        out += [one if member is None else f"{one}[{member}]" for member in members for one in ids]
    return out


def _turned(parts: list[Any], first: str | None) -> list[Any]:
    start = int(first) - 1 if first else 0
    return parts[start:] + parts[:start]


def _key(item: Item, member: int | None) -> str:
    return item.id if member is None else f"{item.id}[{member}]"


def fits(instrument: Instrument, item: Item, answer: Any) -> bool:
    """Say whether an answer is of the kind a question takes at all; whether it meets the limits is another question."""
    codes = {*instrument.codes(item.id), *instrument.missing_codes(item.id)}
    if answer is None:
        return True
    match item.type:
        case "single":
            return answer in codes
        case "multiple":
            return set(answer) <= codes
        case "integer":
            return isinstance(answer, int) and -WHOLE - 1 <= answer <= WHOLE
        case "date":
            try:
                return str(date.fromisoformat(answer)) == answer
            except ValueError:
                return False
        case _:
            return True


def same(item: Item, ours: Any, engine: Any) -> bool:
    """Say whether two values are the same: numbers up to their last digits, sets in any order."""
    if ours is None or engine is None:
        return ours is None and engine is None
    if item.type == "multiple":
        return sorted(map(str, ours)) == sorted(engine.split() if isinstance(engine, str) else engine)
    if isinstance(ours, (int, float)):
        try:
            return abs(float(engine) - ours) <= 1e-9 * max(1.0, abs(ours))
        except ValueError:
            return False
    return str(ours) == str(engine)
