"""Every finding of the proofs of routes and order, each beside a sound twin that gives none."""

from __future__ import annotations

import sys

import pytest

pytest.importorskip("z3", reason="z3 is not installed: pip install 'trust-survey-kit[prove]'")

from survey_kit.errors import InstrumentError
from survey_kit.instrument import Instrument, Item, Module, Repeat, Rotation, Scale, inspect
from survey_kit.instrument.prove import PROOFS, Proof, prove, say
from survey_kit.instrument.solver_search import Step

YES_NO = Scale(codes=(1, 2), labels={1: {"en": "Yes"}, 2: {"en": "No"}})
THREE = Scale(codes=(1, 2, 3), labels={1: {"en": "A"}, 2: {"en": "B"}, 3: {"en": "C"}})
REFUSED = {9: "refused"}


def q(name, ask_if=None, **more):
    kinds = {"scale": YES_NO} if more.get("type", "single") in {"single", "multiple", "arm"} else {}
    return Item(id=name, text={"en": name}, ask_if=ask_if, **(kinds | {"missing": REFUSED} | more))


def form(*items, **more):
    module = {key: more.pop(key) for key in ("ask_if", "repeat") if key in more}
    return Instrument(
        id="a", version="1", modules=(Module(id="m", items=items, **module), *more.pop("after", ())), **more
    )


def age(name="age", **more):
    return q(name, type="integer", **({"minimum": 18, "maximum": 110, "missing": {998: "refused"}} | more))


def arm(name="arm", codes=(1, 2), **more):
    return q(name, type="arm", scale=Scale(codes=codes), missing={}, **more)


def calculated(name, value, ask_if=None):
    return Item(id=name, type="calculated", value=value, ask_if=ask_if, text={"en": name})


def grid(*rows, **more):
    return Item(id="grid", type="grid", scale=YES_NO, text={"en": "Grid"}, rows=rows, **more)


def row(name, ask_if=None):
    return Item(id=name, text={"en": name}, ask_if=ask_if)


def note(ask_if):
    return Item(id="thanks", type="note", text={"en": "Thank you"}, ask_if=ask_if)


PEOPLE = {"repeat": Repeat(count="size", most=3)}


def household(*inner, most=3, after=(), ask_if=None):
    size = q("size", type="integer", minimum=0, maximum=20, missing={})
    people = Module(id="people", items=inner, repeat=Repeat(count="size", most=most), ask_if=ask_if)
    return form(size, after=(people, Module(id="after", items=after)))


def rotated(start=None, second=None, third=None):
    """Two modules that change their order, after the draw."""
    parts = (Module(id="one", items=(q("x", second),)), Module(id="two", items=(q("y", third),)))
    draw = start or arm("first")
    return form(q("met"), draw, after=parts, rotations={"turns": Rotation(start="first", modules=("one", "two"))})


# by code and what is tried: words of the message, what is faulty, its sound twin
CASES = {
    "P001": (
        "item 'b'",
        form(q("a"), q("b", "a == 1 and a == 2")),
        form(q("a"), q("b", "a == 1 or a == 2 and answered(a)")),
    ),
    "P001 limits": ("item 'b'", form(age(), q("b", "age < 18")), form(age(), q("b", "age < 19"))),
    "P001 chain": (
        "item 'c'",
        form(q("a"), q("b", "a == 1"), q("c", "b == 1 and a == 2")),
        form(q("a"), q("b", "a == 1"), q("c", "b == 2 and a == 1")),
    ),
    "P001 unknown": (
        "item 'c'",
        form(q("a"), q("b", "a == 1"), q("c", "a == 2 and (b == 1 or not b == 1)")),
        form(q("a"), q("b", "a == 1"), q("c", "a == 2 and not answered(b)")),
    ),
    "P001 several": (
        "item 'b'",
        form(q("a", type="multiple", scale=THREE, exclusive=(3,)), q("b", "selected(a, 3) and selected(a, 1)")),
        form(q("a", type="multiple", scale=THREE, exclusive=(3,)), q("b", "selected(a, 2) and selected(a, 1)")),
    ),
    "P001 at most": (
        "item 'b'",
        form(q("a", type="multiple", scale=THREE, most=2), q("b", "count_selected(a) > 2")),
        form(q("a", type="multiple", scale=THREE, most=2), q("b", "count_selected(a) > 1")),
    ),
    "P001 sum": (
        "item 'd'",
        form(q("a"), q("b"), calculated("c", "(1 if a == 1 else 0) + (1 if b == 1 else 0)"), q("d", "c >= 3")),
        form(q("a"), q("b"), calculated("c", "(1 if a == 1 else 0) + (1 if b == 1 else 0)"), q("d", "c >= 2")),
    ),
    "P001 date": (
        "item 'b'",
        form(q("d", type="date"), q("b", "year(d) == 2026 and d < '2026-01-01'")),
        form(q("d", type="date"), q("b", "year(d) == 2026 and month(d) == 7 and d < '2026-07-02'")),
    ),
    "P001 text": (
        "item 'b'",
        form(q("t", type="text"), q("b", "t == 'x' and t == 'y'")),
        form(q("t", type="text"), q("b", "t != 'x' and t != 'y'")),
    ),
    "P001 random": (
        "item 'b'",
        form(q("r", type="random", missing={}), q("b", "r >= 1")),
        form(q("r", type="random", missing={}), q("b", "r >= 0.5")),
    ),
    "P001 module": (
        "module 'n'",
        form(q("a"), after=(Module(id="n", items=(q("b"),), ask_if="a == 1 and a == 2"),)),
        form(q("a")),
    ),
    "P001 grid": (
        "grid 'grid'",
        form(q("a"), grid(row("r1"), row("r2"), ask_if="a == 1 and a == 2")),
        form(q("a"), grid(row("r1"), row("r2"), ask_if="a == 1")),
    ),
    "P001 note": ("item 'thanks'", form(q("a"), note("a == 1 and a == 2")), form(q("a"), note("a == 1"))),
    "P001 members": (
        "item 'z'",
        household(q("r", type="integer", minimum=0, maximum=5), after=(q("z", "sum(r) > 15"),)),
        household(q("r", type="integer", minimum=0, maximum=5), after=(q("z", "sum(r) > 14"),)),
    ),
    "P001 count": (
        "item 'z'",
        household(q("r"), after=(q("z", "count(people) > 3"),)),
        household(q("r"), after=(q("z", "count(people) == 3"),)),
    ),
    "P002": (
        "item 'b'",
        form(q("a"), q("b", "answered(a) or not answered(a)")),
        form(q("a"), q("b", "a == 1 or not answered(a)")),
    ),
    "P002 draw": (
        "item 'b'",
        form(arm(), q("b", "arm in (1, 2)")),
        form(arm(codes=(1, 2, 3)), q("b", "arm in (1, 2)"), q("c", "arm == 3")),
    ),
    "P002 context": (
        "item 'b'",
        form(q("a"), after=(Module(id="n", items=(q("b", "a == 1"),), ask_if="a == 1"),)),
        form(q("a"), after=(Module(id="n", items=(q("b", "a == 1"),)),)),
    ),
    "P002 module": (
        "module 'n'",
        form(q("a"), after=(Module(id="n", items=(q("b"),), ask_if="answered(a) or not answered(a)"),)),
        form(q("a"), after=(Module(id="n", items=(q("b"),), ask_if="answered(a)"),)),
    ),
    "P003": ("item 'b'", form(q("a"), q("b", "a in (1, 2)")), form(q("a", scale=THREE), q("b", "a in (1, 2)"))),
    "P003 limits": ("item 'b'", form(age(), q("b", "age >= 18")), form(age(), q("b", "age >= 19"))),
    "P003 answered": ("item 'b'", form(q("a"), q("b", "not a == 3")), form(q("a"), q("b", "answered(a)"))),
    "P004 'a in (1, 2)'": (
        "'a in (1, 2)'",
        form(q("a", scale=THREE), q("b", "a in (1, 2) and a == 1")),
        form(q("a", scale=THREE), q("c"), q("b", "a in (1, 2) and c == 1")),
    ),
    "P004 'age < 18' of the condition of item 'b' can never": (
        "'age < 18' of the condition of item 'b' can never",
        form(age(), q("a"), q("b", "a == 1 or age < 18")),
        form(age(), q("a"), q("b", "a == 1 or age < 30")),
    ),
    "P004 'a == 1'": (
        "'a == 1'",
        form(q("a"), q("c"), after=(Module(id="n", items=(q("b", "a == 1 and c == 1"),), ask_if="a == 1"),)),
        form(q("a"), q("b", "a == 1"), q("c", "a == 1 and b == 1")),  # careful, not needless
    ),
    "P009 rotation 'turns'": ("rotation 'turns'", rotated(third="x == 1"), rotated(third="met == 1")),
    "P009 grid 'grid'": (
        "grid 'grid'",
        form(arm("first"), grid(row("r1"), row("r2", "r1 == 1"), rotate="first")),
        form(arm("other"), grid(row("r1"), row("r2", "r1 == 1")), q("c", "other == 1"), q("d", "other == 2")),
    ),
    "P009 counts the members": (
        "counts the members",
        form(
            q("size", type="integer", minimum=0, maximum=3),
            q("b", "count(people) > 1"),
            after=(Module(id="people", items=(q("r"),), **PEOPLE),),
        ),
        household(q("r"), after=(q("b", "count(people) > 1"),)),
    ),
    "P010 a -> b -> a": ("a -> b -> a", form(q("a", "b == 1"), q("b", "a == 1")), form(q("a"), q("b", "a == 1"))),
    "P010 'a' waits for itself": (
        "'a' waits for itself",
        form(q("a", "a == 1")),
        form(q("a", constraint="a == 1 or a == 2 and answered(a)")),
    ),
    "P011 code 2": ("code 2", form(arm(), q("b", "arm == 1")), form(arm(), q("b", "arm == 1"), q("c", "arm == 2"))),
    "P011 codes 1, 2": ("codes 1, 2", form(arm()), form(arm(note="1 and 2 get other cards"))),
    "P012 module 'two'": ("module 'two'", rotated(third="met == 1 and met == 2"), rotated(third="met == 2")),
    "P013 'first' is not": ("'first' is not", rotated(start=arm("first", ask_if="met == 1")), rotated()),
    "P013 grid 'grid'": (
        "grid 'grid'",
        form(q("a"), arm("first", ask_if="a == 1"), grid(row("r1"), row("r2"), rotate="first")),
        form(q("a"), arm("first", ask_if="a == 1"), grid(row("r1"), row("r2"), rotate="first", ask_if="a == 1")),
    ),
    "P013 answers of item 'b'": (
        "answers of item 'b'",
        form(q("a"), q("mix", "a == 1", type="random", missing={}), q("b", shuffle="mix")),
        form(q("a"), q("mix", type="random", missing={}), q("b", shuffle="mix")),
    ),
    "P016 ${b}": (
        "${b}",
        form(q("a"), q("b", "a == 1"), Item(id="c", type="text", text={"en": "Why ${b}?"})),
        form(q("a"), q("b", "a == 1"), Item(id="c", type="text", text={"en": "Why ${b}?"}, ask_if="b == 1")),
    ),
    "P017 'b'": (
        "'b'",
        household(age("a"), q("b", "sum(a) > 40")),
        household(age("a"), q("b", "a > 40")),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_each_fault_is_found_and_its_sound_twin_is_not(case) -> None:
    code = case.split()[0]
    words, faulty, sound = CASES[case]
    found = [problem for problem in prove(faulty).problems if problem.code == code]
    assert len(found) == 1, found
    assert words in found[0].message
    assert found[0].fix
    assert [problem for problem in prove(sound).problems if problem.code == code] == []


def test_every_finding_has_its_case() -> None:
    answers = {"P005", "P006", "P007", "P008"}  # in test_prove_answers.py
    limits = {"P014", "P015"}  # below
    assert set(PROOFS) == {case.split()[0] for case in CASES} | answers | limits


def test_a_condition_that_holds_alone_is_a_fault_and_one_that_is_said_twice_a_remark() -> None:
    alone, twice = CASES["P002"][1], CASES["P002 context"][1]
    severity = {name: next(p.severity for p in prove(one).problems if p.code == "P002") for name, one in (("alone", alone), ("twice", twice))}  # fmt: skip
    assert severity == {"alone": "error", "twice": "note"}


# ---------------------------------------------------------------------------------------------------------------- paths
def test_paths_are_the_shortest_and_told_in_words() -> None:
    contacts = [q(f"c{k}") for k in range(4)]
    many = " + ".join(f"(1 if answered(c{k}) and c{k} == 1 else 0)" for k in range(4))
    questions = (q("consent"), *contacts, calculated("n", many), q("few", "consent == 1 and n <= 2"), q("many", "consent == 1 and n >= 2"), age(), q("old", "age > 64"))  # fmt: skip
    proof = prove(form(*questions))
    assert {name: path.words for name, path in proof.paths.items() if name in {"consent", "few", "many", "old"}} == {
        "consent": "",
        "few": "consent: Yes",
        "many": "consent: Yes; c0: Yes; c1: Yes",
        "old": "age: 65",
    }
    assert proof.paths["old"].steps == (Step(item="age", answer=65),)
    assert proof.possible == ()


def test_a_path_names_the_members_and_the_draws_that_matter() -> None:
    inner = (q("r", type="integer", minimum=0, maximum=5), q("s", "r > 3"))
    proof = prove(household(*inner, after=(q("z", "sum(r) > 5"), arm(), q("drawn", "arm == 2"), q("free"))))
    assert proof.paths["s"].words == "size: 1; r (1): 4"
    assert proof.paths["z"].words == "size: 2; r (1): 1; r (2): 5"
    assert proof.paths["drawn"].words == "arm: 2"
    assert proof.paths["free"].steps == ()


def test_words_of_a_path_in_another_language() -> None:
    item = Item(
        id="met",
        text={"en": "Met?", "ru": "Встречались?"},
        scale=Scale(codes=(1,), labels={1: {"en": "Yes", "ru": "Да"}}),
    )
    assert say(form(item), (Step(item="met", answer=1),), "ru") == "Встречались? Да"


# --------------------------------------------------------------------------------------------------------------- limits
def test_many_members_are_held_within_bounds_and_said_to_be_possible_only() -> None:
    inner = q("r", type="integer", minimum=1, maximum=5)
    proof = prove(
        household(
            inner, most=20, after=(q("few", "sum(r) == 3"), q("never", "sum(r) > 100"), q("odd", "min(r) > max(r)"))
        )
    )
    assert proof.possible == ("few",)
    assert {(p.code, p.severity) for p in proof.problems if "few" in p.message} == {("P015", "note")}
    assert [p.message for p in proof.errors] == ["No answers open item 'never'.", "No answers open item 'odd'."]
    assert [
        p.code for p in prove(household(inner, after=(q("few", "sum(r) == 3"),))).problems if p.code.startswith("P")
    ] == []


def test_what_the_solver_does_not_decide_is_told_as_undecided() -> None:
    numbers = [q(name, type="integer", missing={}) for name in "xyz"]
    hard = form(*numbers, q("b", "x * x * x + y * y * y + z * z * z == 114 and x > 1000"))
    proof = prove(hard, effort=50_000)
    assert ("P014", "note") in {(problem.code, problem.severity) for problem in proof.problems}
    assert "b" not in proof.paths
    assert proof.errors == ()
    easy = prove(form(*numbers, q("b", "x + y + z == 114 and x > 1000")))
    assert "P014" not in {problem.code for problem in easy.problems}
    assert "b" in easy.paths


def test_without_the_solver_the_error_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "z3", None)
    with pytest.raises(InstrumentError, match=r"trust-survey-kit\[prove\]"):
        prove(form(q("a")))


# ---------------------------------------------------------------------------------------------------- faulty instruments
HEAD = """\
schema: survey-kit/instrument/1
id: a
version: "1"
missing: {9: refused}
scales:
  s: {codes: [1, 2], labels: {1: Low, 2: High}, high: 2}
changelog: [{version: "1", text: first}]
modules:
  - id: m
    items:
"""


def written(tmp_path, *lines, more=""):
    body = HEAD + "".join(f"      - {{{line}}}\n" for line in lines) + more
    (tmp_path / "instrument.yaml").write_text(body, encoding="utf-8")
    return inspect(tmp_path)


def test_an_instrument_that_cannot_be_loaded_is_proved_as_far_as_it_goes(tmp_path) -> None:
    made = written(
        tmp_path,
        "id: a, scale: s, text: A",
        "id: b, scale: s, text: B, ask_if: a == 3",
        "id: c, scale: s, text: C, ask_if: d == 1",
        "id: d, scale: s, text: D, ask_if: c == 1",
        "id: e, scale: s, text: E, ask_if: nobody == 1",
        "id: f, scale: s, text: F, ask_if: a ==",
        "id: g, scale: s, text: G, ask_if: e == 1",
        "id: h, scale: s, text: H, ask_if: a == 1",
    )
    proof = prove(made)
    found = {(problem.code, int(problem.where.rsplit(":", 1)[1])) for problem in proof.errors}
    assert {("I012", 12), ("I011", 13), ("P010", 13), ("I010", 15), ("I009", 16), ("P001", 12)} == found
    assert "h" in proof.paths
    assert set(proof.possible) == {"c", "d", "e", "f", "g"}


@pytest.mark.parametrize("number", ["9" * 400, "1e999", "-1e61"])
def test_a_number_too_large_to_compute_with_is_a_fault_of_the_condition(number) -> None:
    for condition in (f"age > {number}", f"age in (1, {number})"):
        assert [p.code for p in prove(form(age(), q("b", condition))).errors] == ["I009"]
    assert prove(form(age(), q("b", "age > -1e59"), q("c", "age > 20"))).errors == ()


def test_problems_say_file_and_line_also_when_modules_are_switched_off(tmp_path) -> None:
    more = """\
  - id: off
    switch: extra
    items:
      - {id: x, scale: s, text: X}
  - id: on
    items:
      - {id: y, scale: s, text: Y}
      - {id: z, scale: s, text: Z, ask_if: y == 1 and y == 2}
switches: {extra: Extra}
"""
    made = written(tmp_path, "id: a, scale: s, text: A", more=more)
    assert made.off == ("extra",)
    assert [(p.code, p.where.rsplit(":", 1)[1]) for p in prove(made).errors] == [("P001", "19")]


def test_texts_are_counted_by_language_and_their_problems_are_told(tmp_path) -> None:
    (tmp_path / "translations").mkdir()
    (tmp_path / "translations" / "ru.yaml").write_text(
        "schema: survey-kit/translation/1\nlanguage: ru\ntexts:\n"
        f"  item.a.label: {{source: '000000000000', text: '{'Я' * 130}', status: draft}}\n",
        encoding="utf-8",
    )
    proof = prove(written(tmp_path, "id: a, scale: s, text: A, label: One"))
    assert proof.texts["en"] == {"texts": 4, "source": 4, "too_long": 0}
    assert proof.texts["ru"] == {"texts": 4, "missing": 3, "stale": 1, "too_long": 1}
    assert {"I015", "I016", "I029"} <= {problem.code for problem in proof.problems}


# --------------------------------------------------------------------------------------------------------------- results
def test_results_are_the_same_every_time_and_count_what_was_done() -> None:
    made = form(q("a"), age(constraint="age != 50"), q("b", "a == 1"), ask_if=None)
    first, second = prove(made), prove(made)
    assert first == second
    assert (first.items, first.conditions, first.constraints) == (3, 1, 1)
    assert first.calls > 3


def test_a_proof_shows_itself_small_and_escaped() -> None:
    proof = prove(form(q("a"), q("b", "a < 1 and a > 1")))
    page = proof._repr_html_()
    assert isinstance(proof, Proof)
    assert "P001" in page
    assert "1 faults" in page
    assert len(page) < 2000
    assert "<script" not in Proof(instrument="<script>", version="1", problems=(), paths={})._repr_html_()
