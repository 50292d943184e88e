"""The solver against brute force: on small made-up questionnaires every combination of answers is walked, and both must agree.

Agreement is asked for exactly: which items can be asked, how short the way to each is, which conditions are always true, which
answers can ever be given. Each example path is walked once more.
"""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import dataclass

import numpy as np
import pytest

pytest.importorskip("z3", reason="z3 is not installed: pip install 'trust-survey-kit[prove]'")

from survey_kit.instrument import Instrument, Item, Module, Repeat, Scale, solver_items
from survey_kit.instrument.evaluate import evaluate
from survey_kit.instrument.expressions import parse
from survey_kit.instrument.prove import prove
from survey_kit.instrument.walk import Walk

MOST_ROWS = 40_000
DAYS = ("2025-07-01", "2025-12-31", "2026-01-01", "2026-01-02", "2026-06-30", "2026-07-01", "2026-07-02", "2026-08-01",
        "2027-07-01", "2027-08-01")  # fmt: skip
WORDS = ("A", "a", "aa", "b", "c")
TENTHS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass
class Made:
    """A made-up questionnaire and the answers that are tried for each item."""

    form: Instrument
    tried: dict[str, list]


class Maker:
    """Make a questionnaire from a seed."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.items: list[Item] = []
        self.tried: dict[str, list] = {}
        self.inner: list[Item] = []  # of the repeated module
        self.inside = False

    def make(self) -> Made:
        repeated = self.draw.random() < 0.3
        first = [self.item(f"q{k}") for k in range(self.draw.randint(2, 3))]
        modules = [Module(id="m", items=tuple(first), ask_if=None)]
        if repeated:
            count = Item(id="size", type="integer", minimum=0, maximum=2, text={"en": "Size"}, missing={9: "refused"})
            modules[0] = Module(id="m", items=(*first, count))
            self.items.append(count)
            self.tried["size"] = [None, 0, 1, 2]
            self.inside = True
            members = [self.item(f"r{k}", simple=True) for k in range(self.draw.randint(1, 2))]
            self.inside = False
            self.items = [one for one in self.items if one not in members]
            repeat, asked = Repeat(count="size", most=self.draw.choice([1, 2])), self.condition(0.2)
            modules.append(Module(id="people", items=tuple(members), repeat=repeat, ask_if=asked))
            self.inner = members
        last = [self.item(f"z{k}") for k in range(self.draw.randint(1, 2 if repeated else 3))]
        modules.append(Module(id="n", items=tuple(last), ask_if=self.module_condition(last)))
        return Made(Instrument(id="made", version="1", modules=tuple(modules)), self.tried)

    def module_condition(self, last: list[Item]) -> str | None:
        before = [one for one in self.items if one not in last]
        kept, self.items = self.items, before
        out = self.condition(0.4)
        self.items = kept
        return out

    def item(self, name: str, *, simple: bool = False) -> Item:
        kinds = ["single", "single", "integer", "words"] if simple else [
            "single", "single", "words", "multiple", "integer", "decimal", "text", "date", "arm", "random", "calculated",
        ]  # fmt: skip
        kind = self.draw.choice(kinds if self.items or self.inside else [k for k in kinds if k != "calculated"])
        missing = {} if self.draw.random() < 0.3 else {9: "refused"}
        more: dict = {"missing": missing, "ask_if": self.condition(0.75)}
        if kind == "single":
            more |= {"scale": Scale(codes=tuple(range(1, self.draw.randint(2, 3) + 1)))}
            tried = [None, *more["scale"].codes]
        elif kind == "words":
            more |= {"type": "single", "scale": Scale(codes=("x", "y"))}
            tried = [None, "x", "y"]
        elif kind == "multiple":
            codes = (1, 2, 3)
            some = {"exclusive": (3,)} if self.draw.random() < 0.5 else {"most": self.draw.choice([1, 2])}
            more |= {"type": "multiple", "scale": Scale(codes=codes), **some}
            tried = [None, *(frozenset(s) for k in (1, 2, 3) for s in itertools.combinations(codes, k))]
        elif kind == "integer":
            low = self.draw.choice([-1, 0, 1])
            more |= {"type": "integer", "minimum": low, "maximum": low + 2}
            tried = [None, *range(low, low + 3)]
        elif kind == "decimal":
            more |= {"type": "decimal", "minimum": 0, "maximum": 1}
            tried = [None, *TENTHS]
        elif kind == "text":
            more |= {"type": "text"}
            tried = [None, *WORDS]
        elif kind == "date":
            more |= {"type": "date"}
            tried = [None, *DAYS]
        elif kind == "arm":
            more |= {"type": "arm", "scale": Scale(codes=(1, 2)), "missing": {}}
            tried = [None, 1, 2]
        elif kind == "random":
            more |= {"type": "random", "missing": {}}
            tried = [None, *TENTHS[:-1]]
        else:
            more |= {"type": "calculated", "value": self.number(2), "missing": {}}
            tried = []
        made = Item(id=name, text={"en": name}, **more)
        if kind not in {"arm", "random", "calculated"} and self.draw.random() < 0.35:
            self.items.append(made)
            made = Item(id=name, text={"en": name}, **more, constraint=self.condition(1.0))
            self.items.pop()
        self.items.append(made)
        self.tried[name] = tried
        return made

    # ----------------------------------------------------------------------------------------------------- expressions
    def condition(self, odds: float) -> str | None:
        if not self.items or self.draw.random() > odds:
            return None
        while True:
            text = self.truth(self.draw.choice([0, 1, 1, 2]))
            if any(one.id in text for one in [*self.items, *self.inner]):  # a condition looks at some item
                return text

    def truth(self, depth: int) -> str:
        if depth:
            how = self.draw.choice(["and", "or", "not"])
            if how == "not":
                return f"not ({self.truth(depth - 1)})"
            return f"({self.truth(depth - 1)}) {how} ({self.truth(depth - 1)})"
        return self.atom()

    def atom(self) -> str:
        draw = self.draw
        if self.inner and not self.inside and draw.random() < 0.5:
            return self.of_members()
        one = draw.choice(self.items)
        if draw.random() < 0.2:
            return f"answered({one.id})"
        wordy = one.scale is not None and "x" in one.scale.codes
        kind = "words" if wordy else one.type
        how = {"multiple": self.of_several, "text": self.of_text, "date": self.of_date, "words": self.of_codes}
        return how.get(kind, self.of_number)(one.id, one.type)

    def of_several(self, name: str, _: str) -> str:
        if self.draw.random() < 0.4:
            return f"count_selected({name}) {self.sign()} {self.draw.randint(0, 3)}"
        return f"selected({name}, {', '.join(map(str, self.draw.sample([1, 2, 3], self.draw.randint(1, 2))))})"

    def of_text(self, name: str, _: str) -> str:
        return f"{name} {self.sign()} {self.draw.choice(['a', 'b'])!r}"

    def of_date(self, name: str, _: str) -> str:
        if self.draw.random() < 0.4:
            return self.draw.choice([f"year({name}) {self.sign()} 2026", f"month({name}) != 7", f"month({name}) == 7"])
        return f"{name} {self.sign()} '{self.draw.choice(['2026-01-01', '2026-07-01'])}'"

    def of_codes(self, name: str, _: str) -> str:
        return f"{name} {self.draw.choice(['==', '!='])} {self.draw.choice(['x', 'y'])!r}"

    def of_number(self, name: str, kind: str) -> str:
        draw = self.draw
        if kind in {"decimal", "random"}:
            return f"{name} {self.sign()} {draw.choice([0.5, 1])}"
        choice = draw.random()
        if choice < 0.15:
            return f"{name} {draw.choice(['in', 'not in'])} ({draw.randint(0, 3)}, {draw.randint(0, 3)})"
        if choice < 0.25:
            return f"0 {draw.choice(['<', '<='])} {name} < {draw.randint(1, 3)}"
        if choice < 0.5:
            return f"{self.number(1)} {self.sign()} {self.number(0)}"
        return f"{name} {self.sign()} {draw.randint(-1, 3)}"

    def sign(self) -> str:
        return self.draw.choice(["==", "!=", "<", "<=", ">", ">="])

    def of_members(self) -> str:
        draw, one = self.draw, self.draw.choice(self.inner)
        op = draw.choice(["==", ">", "<"])
        if draw.random() < 0.3 or (one.scale is not None and "x" in one.scale.codes):
            return f"count(people) {op} {draw.randint(0, 2)}"
        return f"{draw.choice(['sum', 'min', 'max'])}({one.id}) {op} {draw.randint(0, 4)}"

    def number(self, depth: int) -> str:
        """Give a number that depends on items that take few values."""
        draw = self.draw
        few = [i for i in self.items if i.type in {"integer", "arm", "calculated"} or (i.scale and 1 in i.scale.codes)]
        few = [i for i in few if i.type != "multiple"]
        if depth == 0 or not few:
            return draw.choice(few).id if few and draw.random() < 0.7 else str(draw.randint(-1, 3))
        how = draw.choice(["+", "-", "*", "/", "if", "floor"])
        if how == "if":
            return f"({self.number(depth - 1)} if {self.atom()} else {self.number(depth - 1)})"
        if how == "floor":
            return f"floor({self.number(depth - 1)} / 2)"
        return f"({self.number(depth - 1)} {how} {self.number(depth - 1)})"


class Brute:
    """Every combination of answers, walked."""

    def __init__(self, made: Made) -> None:
        self.form = made.form
        repeat = {module.id: module.repeat.most for module in self.form.modules if module.repeat}
        slots = []
        for item in self.form.items:
            if item.type != "calculated":
                most = repeat.get(self.form.module_of(item.id).id, 0)
                slots += [(item.id, k) for k in range(1, most + 1)] if most else [(item.id, 0)]
        self.n = math.prod(len(made.tried[name]) for name, _ in slots)
        if self.n > MOST_ROWS:
            return
        rows = list(itertools.product(*(made.tried[name] for name, _ in slots)))
        self.given = {slot: [row[k] for row in rows] for k, slot in enumerate(slots)}
        self.valid = np.ones(self.n, bool)  # answers are accepted
        self.drawn = np.ones(self.n, bool)  # and draws are made
        self.answers = np.zeros(self.n, int)
        self.opened: dict[str, np.ndarray] = {}
        self.known: dict[str, np.ndarray] = {}
        self.seen: dict[tuple[str, object], np.ndarray] = {}
        self.contexts: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        walk = Walk(instrument=self.form, n=self.n)
        for module in self.form.modules:
            inner = walk
            if module.repeat:
                values, sure = walk.columns[module.repeat.count]
                inner = walk.members(module.id, [v if s else None for v, s in zip(values, sure, strict=True)])
            for item in module.items:
                self.take(inner, module, item)
            if inner is not walk:
                walk.close(inner)

    def take(self, walk: Walk, module: Module, item: Item) -> None:
        place = np.arange(self.n) if walk.place is None else walk.place
        asked = walk.open(item.id)
        self.opened[item.id] = self.back(place, asked)
        if item.ask_if:
            self.contexts[item.id] = self.context(walk, place, module, item)
        if item.type == "calculated":
            walk.calculate(item.id)
            return
        member = np.zeros(walk.n, int) if walk.place is None else _count_up(place)
        answers = [self.given[(item.id, k)][row] for k, row in zip(member, place, strict=True)]
        fine = walk.accepts(item.id, answers) | ~asked | np.array([a is None for a in answers], bool)
        self.valid &= ~self.back(place, ~fine)
        walk.put(item.id, answers)
        known = walk.columns[item.id][1]
        if item.type in {"arm", "random"}:
            self.drawn &= ~self.back(place, asked & ~known)
        np.add.at(self.answers, place, known)
        self.known[item.id] = self.back(place, known)
        for code in self.form.codes(item.id):
            has = [
                k and (code in a if isinstance(a, frozenset) else code == a)
                for a, k in zip(answers, known, strict=True)
            ]
            self.seen[(item.id, code)] = self.back(place, np.array(has, bool))

    def context(self, walk: Walk, place, module: Module, item: Item):
        around = np.ones(walk.n, bool)
        if module.ask_if:
            expression = parse(module.ask_if)
            around = evaluate(expression, walk._seen(expression), walk.n)[0]
        expression = parse(item.ask_if)
        true = evaluate(expression, walk._seen(expression), walk.n)[0]
        return self.back(place, around & true), self.back(place, around & ~true)

    def back(self, place, what) -> np.ndarray:
        out = np.zeros(self.n, bool)
        out[place[np.asarray(what, bool)]] = True
        return out


def _count_up(place: np.ndarray) -> np.ndarray:
    out = np.ones(len(place), int)
    for k in range(1, len(place)):
        out[k] = out[k - 1] + 1 if place[k] == place[k - 1] else 1
    return out


def replay(form: Instrument, item_id: str, steps) -> bool:
    """Walk one interview with the answers of a path."""
    given = {(step.item, step.member): step.answer for step in steps}
    walk = Walk(instrument=form, n=1)
    for module in form.modules:
        inner = walk
        if module.repeat:
            values, sure = walk.columns[module.repeat.count]
            inner = walk.members(module.id, [values[0] if sure[0] else None])
        for item in module.items:
            if item.id == item_id:
                return inner.n > 0 and bool(inner.open(item.id)[0])
            if item.type == "calculated":
                inner.calculate(item.id)
            else:
                answers = [given.get((item.id, k + 1 if module.repeat else 0)) for k in range(inner.n)]
                assert all(a is None or f for a, f in zip(answers, inner.accepts(item.id, answers), strict=True))
                inner.put(item.id, answers)
        if inner is not walk:
            walk.close(inner)
    return False


def agree(seed: int) -> bool:
    """Hold the solver against brute force; False when there are too many combinations."""
    made = Maker(seed).make()
    brute = Brute(made)
    if brute.n > MOST_ROWS:
        return False
    proof = prove(made.form)
    told = {(problem.code, problem.where): problem for problem in proof.problems if problem.code.startswith("P")}
    both = brute.valid & brute.drawn
    assert not {"P014", "P015", "P017"} & {code for code, _ in told}
    reachable = {name for name, opened in brute.opened.items() if (opened & both).any()}
    assert set(proof.paths) == reachable
    for name, path in proof.paths.items():
        assert replay(made.form, name, path.steps), name
        assert len(path.steps) == brute.answers[brute.opened[name] & brute.valid].min(), name
    messages = [problem.message for problem in proof.problems]
    for name, (true, false) in brute.contexts.items():
        always = bool((true & both).any()) and not (false & both).any()
        assert always == any(code == "P002" and f"item '{name}'" in told[code, w].message for code, w in told), name
    for item in made.form.items:
        if item.constraint and item.id in reachable:
            never = not (brute.known[item.id] & both).any()
            refuses = (f"No answer of item '{item.id}'", f"Wherever item '{item.id}' is asked")
            assert never == any(message.startswith(refuses) for message in messages), item.id
            codes = [c for c in made.form.codes(item.id) if not (brute.seen[(item.id, c)] & both).any()]
            if not never:
                shown = [m for m in messages if f"of item '{item.id}' can never be given" in m]
                assert bool(codes) == bool(shown), item.id
    return True


@pytest.mark.parametrize("start", range(0, 200, 20))
def test_the_solver_and_brute_force_agree(start: int) -> None:
    tried = sum(agree(seed) for seed in range(start, start + 20))
    assert tried >= 10  # not every questionnaire is small enough


def bounded(seed: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Hold members that are kept within bounds against brute force: nothing that can be asked may be called impossible."""
    made = Maker(seed).make()
    if not any(module.repeat for module in made.form.modules):
        return False
    brute = Brute(made)
    if brute.n > MOST_ROWS:
        return False
    monkeypatch.setattr(solver_items, "MOST_MEMBERS", 0)
    proof = prove(made.form)
    both = brute.valid & brute.drawn
    reachable = {name for name, opened in brute.opened.items() if (opened & both).any()}
    assert set(proof.paths) <= reachable <= {*proof.paths, *proof.possible}
    for name, path in proof.paths.items():
        assert replay(made.form, name, path.steps), name
    return True


def test_members_within_bounds_are_never_called_impossible(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sum(bounded(seed, monkeypatch) for seed in range(200)) >= 30
