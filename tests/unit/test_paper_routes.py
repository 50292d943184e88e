"""The arrows and filters of paper: followed to the letter they lead to exactly the questions that are open."""

from __future__ import annotations

import importlib.util
import random
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from survey_kit.instrument import Instrument, Item, Module, Rotation, Scale, inspect
from survey_kit.instrument.export.paper_routes import Target, Way, way
from survey_kit.instrument.export.paper_truths import conjuncts, domains, truths
from survey_kit.instrument.export.sentences import numbers
from survey_kit.instrument.expressions import parse
from survey_kit.instrument.model import DRAWN
from survey_kit.instrument.simulate import simulate
from survey_kit.instrument.walk import Walk

ROOT = Path(__file__).parents[2]
INSTRUMENTS = sorted(path.parent.name for path in (ROOT / "instruments").glob("*/instrument.yaml"))
INTERVIEWS = 60
MADE = 40  # random questionnaires: members, rotated modules, every operator
YES_NO = Scale(codes=(1, 2), labels={1: {"en": "Yes"}, 2: {"en": "No"}}, missing={8: "dont_know", 9: "refused"})


def made_at_random(seed: int) -> Instrument:
    name = "paper_random_instruments"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, ROOT / "tests" / "odk" / "random_instruments.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name].Maker(seed).instrument(seed)


class Interviewer:
    """Somebody who knows the answers and has only the booklet to go by."""

    def __init__(self, instrument: Instrument, n: int, seed: int) -> None:
        agreed = {"consent": {1: 0.9, 2: 0.1}} if "consent" in instrument else {}
        self.instrument = instrument
        self.made = simulate(instrument, n, seed=seed, expected=agreed, dont_know=0.1, refused=0.1)
        self.walk = Walk(instrument=instrument, n=n)
        self.held: dict[str | None, Any] = {}
        for module in instrument.modules:
            if module.repeat is not None:
                continue
            for item in instrument.items:
                if instrument.module_of(item.id) is not module:
                    continue
                if item.type == "calculated":
                    self.walk.calculate(item.id)
                else:
                    self.walk.put(item.id, self.made.answers[item.id])

    def holds(self, condition: str | None, case: int) -> bool:
        if condition not in self.held:
            self.held[condition] = self.walk.holds(condition)
        return bool(self.held[condition][case])

    def follow(self, booklet: Way, case: int) -> set[str]:
        """Go through the booklet; give the items that were asked, a roster by the id of its module."""
        seen: set[str] = set()
        at = 0
        while at < len(booklet.stops):
            stop = booklet.stops[at]
            if stop.item is None:
                after = at + 1
                while after < len(booklet.stops) and booklet.stops[after].item is not None:
                    after += 1
                entered = self.holds(booklet.filters[stop.module.id], case)
                if entered and stop.module.repeat is not None:
                    seen.add(stop.module.id)
                at = at + 1 if entered and stop.module.repeat is None else after
                continue
            if not self.holds(stop.item.ask_if, case):
                at += 1
                continue
            rows = {row.id for row in stop.item.rows if self.holds(row.ask_if, case)}
            seen |= rows if stop.item.type == "grid" else {stop.item.id}
            at = self.onward(booklet, stop.item, at, case)
        return seen

    def onward(self, booklet: Way, item: Item, at: int, case: int) -> int:
        arrow = booklet.after.get(item.id)
        usual = at + 1 if arrow is None else booklet.place(arrow)
        answer = self.made.answers[item.id][case] if item.id in booklet.by_code else None
        if isinstance(answer, tuple):
            answer = answer[0] if len(answer) == 1 else None
        arrow = booklet.by_code.get(item.id, {}).get(answer)
        return usual if arrow is None else booklet.place(arrow)

    def open(self, case: int) -> set[str]:
        """Give what our own evaluator says is asked, as far as it is printed."""
        printed = numbers(self.instrument).keys()
        out = {
            name for name, asked in self.made.asked.items() if name in printed and not self.inside(name) and asked[case]
        }
        out = {name for name in out if self.instrument.item(name).type not in DRAWN}
        out |= {name for name, shown in self.made.shown.items() if shown[case]}
        for module in self.instrument.modules:
            if module.repeat is not None and self.holds(module.ask_if, case):
                count, sure = self.walk.columns[module.repeat.count]
                out |= {module.id} if sure[case] and count[case] > 0 else set()
        return out

    def inside(self, name: str) -> bool:
        return self.instrument.module_of(name).repeat is not None

    def differences(self, booklet: Way) -> list[tuple[int, set[str]]]:
        out = []
        rosters = {module.id for module in self.instrument.modules if module.repeat is not None}
        for case in range(self.made.n):
            asked, wanted = self.follow(booklet, case), self.open(case)
            if asked - rosters != wanted - rosters or not wanted & rosters <= asked:
                out.append((case, asked ^ wanted))
        return out


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_followed_arrows_and_filters_ask_what_is_open(name: str) -> None:
    instrument = inspect(ROOT / "instruments" / name, None, None)
    assert Interviewer(instrument, INTERVIEWS, seed=7).differences(way(instrument)) == []


@pytest.mark.parametrize("seed", range(MADE))
def test_followed_arrows_hold_on_random_questionnaires(seed: int) -> None:
    instrument = made_at_random(seed)
    assert Interviewer(instrument, INTERVIEWS, seed=seed).differences(way(instrument)) == []


def nested(seed: int) -> Instrument:
    """Make a questionnaire whose questions hang on the ones shortly before: many arrows."""
    rng = random.Random(seed)
    known: list[str] = []

    def one() -> str:
        name = rng.choice(known[-4:])
        told = (f"{name} == {rng.choice((1, 2))}", f"{name} in (1, 2)", f"answered({name})", f"not answered({name})")
        return rng.choice(told[:1] * 5 + told) if name[0] == "q" else f"selected({name}, {rng.choice((1, 2, 9))})"

    def some() -> str | None:
        if not known or rng.random() < 0.3:
            return None
        return rng.choice((" and ", " or ")).join(one() for _ in range(rng.choice((1, 1, 1, 2))))

    several = Scale(codes=(1, 2, 9), missing={98: "dont_know"})
    modules = []
    for number in range(5):
        condition, items = some(), []
        for place in range(rng.randint(1, 6)):
            name = f"{rng.choice('qqqqs')}{number}_{place}"
            single = name[0] == "q"
            kind = {"scale": "yes_no"} if single else {"type": "multiple", "scale": several, "exclusive": (9,)}
            items.append(Item(id=name, ask_if=some(), text={"en": name}, **kind))
            known.append(name)
        modules.append(Module(id=f"m{number}", ask_if=condition, items=tuple(items)))
    return form(*modules)


def test_followed_arrows_hold_where_there_are_many() -> None:
    arrows = rests = dropped = 0
    for seed in range(150):
        instrument = nested(seed)
        made = way(instrument)
        assert Interviewer(instrument, 40, seed=seed).differences(made) == [], seed
        arrows += sum(map(len, made.by_code.values()))
        rests += len(made.after)
        dropped += sum(
            module.ask_if is not None and made.filters.get(module.id, module.ask_if) != module.ask_if
            for module in instrument.modules
        )
    assert arrows > 1000
    assert rests > 100
    assert dropped > 10


def test_a_wrong_arrow_is_found() -> None:
    instrument = inspect(ROOT / "instruments" / "public_service_quality")
    right = way(instrument)
    wrong = replace(right, by_code={**right.by_code, "consent": {1: Target(kind="part", id="closing")}})
    people = Interviewer(instrument, INTERVIEWS, seed=7)
    assert people.differences(right) == []
    assert len(people.differences(wrong)) > INTERVIEWS / 2


def test_a_dropped_filter_that_is_needed_is_found() -> None:
    instrument = inspect(ROOT / "instruments" / "corruption_experience")
    right = way(instrument)
    assert right.filters["no_contact"] == "contact_count == 0"
    wrong = replace(right, filters={**right.filters, "no_contact": None})
    assert Interviewer(instrument, INTERVIEWS, seed=7).differences(wrong) != []


# --------------------------------------------------------------------------------------------------------- small cases
def form(*modules: Module, **more: Any) -> Instrument:
    return Instrument(id="a", version="1", scales={"yes_no": YES_NO}, modules=modules, **more)


def asked(name: str, ask_if: str | None = None, **more: Any) -> Item:
    return Item(id=name, scale="yes_no", text={"en": f"{name}?"}, ask_if=ask_if, **more)


def test_an_answer_leads_past_what_it_closes_and_what_that_closes_in_turn() -> None:
    made = way(form(Module(id="m", items=(asked("a"), asked("b", "a == 1"), asked("c", "b == 2"), asked("d")))))
    assert made.by_code["a"] == {code: Target(kind="item", id="d") for code in (2, 8, 9)}
    assert made.by_code["b"] == {code: Target(kind="item", id="d") for code in (1, 8, 9)}
    assert "c" not in made.by_code
    assert made.after == {}


def test_branches_part_and_meet() -> None:
    items = (asked("a"), asked("b", "a == 1"), asked("c", "a == 2"), asked("d"))
    made = way(form(Module(id="m", items=items)))
    assert made.by_code["a"] == {2: Target(kind="item", id="c"), **{c: Target(kind="item", id="d") for c in (8, 9)}}
    assert made.after == {"b": Target(kind="item", id="d")}


def test_no_arrow_where_another_answer_decides() -> None:
    items = (asked("a"), asked("b"), asked("c", "a == 1 or b == 1"), asked("d"))
    made = way(form(Module(id="m", items=items)))
    assert made.by_code == {}


def test_not_answered_is_reached_from_the_missing_codes_only() -> None:
    made = way(form(Module(id="m", items=(asked("a"), asked("b", "not answered(a)"), asked("c")))))
    assert made.by_code["a"] == {code: Target(kind="item", id="c") for code in (1, 2)}


def test_an_arrow_into_another_part_leads_to_its_head() -> None:
    first = Module(id="first", items=(asked("a"), asked("b", "a == 1")))
    second = Module(id="second", ask_if="answered(a)", items=(asked("c", "a == 1"), asked("d", "a == 2")))
    made = way(form(first, second))
    assert made.by_code["a"][2] == Target(kind="part", id="second")
    assert made.by_code["a"][8] == Target(kind="end")


def test_a_part_that_arrows_keep_others_from_needs_no_filter() -> None:
    first = Module(id="first", items=(asked("consent"),))
    second = Module(id="second", ask_if="consent == 1", items=(asked("b"),))
    made = way(form(first, second))
    assert made.by_code["consent"] == {code: Target(kind="end") for code in (2, 8, 9)}
    assert made.filters == {"first": None, "second": None}


def test_rotated_parts_are_never_jumped_into_or_out_of() -> None:
    start = Module(id="start", items=(Item(id="order", type="arm", scale="yes_no"), asked("a")))
    one = Module(id="one", ask_if="a == 1", items=(asked("b"), asked("c", "b == 1"), asked("d", "b == 1")))
    two = Module(id="two", ask_if="a == 1", items=(asked("e"),))
    last = Module(id="last", items=(asked("f"),))
    made = way(form(start, one, two, last, rotations={"turn": Rotation(start="order", modules=("one", "two"))}))
    assert made.by_code["b"] == {code: Target(kind="rest", id="one") for code in (2, 8, 9)}
    assert made.by_code["a"] == {code: Target(kind="part", id="last") for code in (2, 8, 9)}
    assert made.place(Target(kind="rest", id="one")) == made.place(Target(kind="part", id="two"))


def test_exclusive_answers_of_several_lead_on() -> None:
    scale = Scale(codes=(1, 2, 9), labels={}, missing={98: "dont_know"})
    several = Item(id="a", type="multiple", scale=scale, exclusive=(9,))
    made = way(form(Module(id="m", items=(several, asked("b", "selected(a, 1, 2)"), asked("c")))))
    assert made.by_code["a"] == {code: Target(kind="item", id="c") for code in (9, 98)}


def test_the_booklet_of_one_form_leaves_the_others_out() -> None:
    half = Item(id="half", type="arm", scale=Scale(codes=(1, 2)))
    items = (half, asked("a", "half == 1"), asked("b", "half == 2"), asked("c"))
    made = way(form(Module(id="m", items=items)), {"half": 2})
    assert [stop.item.id for stop in made.stops if stop.item] == ["b", "c"]


def test_conditions_are_taken_apart_at_and() -> None:
    assert conjuncts("(a == 1) and (b == 1 or c == 1) and d > 2") == ("a == 1", "b == 1 or c == 1", "d > 2")
    assert conjuncts(None) == ()


def test_truths_of_one_item_are_exact() -> None:
    known = domains(form(Module(id="m", items=(asked("a"), asked("b", "a == 1")))))
    assert truths(parse("answered(a) and a == 1").tree, known) == {True, False}
    assert truths(parse("a == 1").tree, known) == {True, False, None}
    assert truths(parse("a == 1 or a == 2 or not answered(a)").tree, known) == {True}
