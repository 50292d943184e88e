"""Every finding of the proofs of constraints and codes, each beside a sound twin that gives none."""

from __future__ import annotations

import pytest

pytest.importorskip("z3", reason="z3 is not installed: pip install 'trust-survey-kit[prove]'")

from survey_kit.instrument import Instrument, Item, Module, Scale
from survey_kit.instrument.prove import prove

THREE = Scale(codes=(1, 2, 3), labels={code: {"en": str(code)} for code in (1, 2, 3)})


def q(name, **more):
    kinds = {"scale": THREE} if more.get("type", "single") in {"single", "multiple", "arm"} else {}
    return Item(id=name, text={"en": name}, **(kinds | {"missing": {}} | more))


def number(name, **more):
    return q(name, type="integer", **({"minimum": 0, "maximum": 20} | more))


def form(*items):
    return Instrument(id="a", version="1", modules=(Module(id="m", items=items),))


# by code and what is tried: words of the message, what is faulty, its sound twin
CASES = {
    "P005": ("item 'a'", form(number("a", constraint="a > 20")), form(number("a", constraint="a > 19"))),
    "P005 codes": ("item 'a'", form(q("a", constraint="a == 1 and a == 2")), form(q("a", constraint="a != 1"))),
    "P005 several": (
        "item 'a'",
        form(q("a", type="multiple", exclusive=(3,), constraint="selected(a, 3) and count_selected(a) == 2")),
        form(q("a", type="multiple", exclusive=(2,), constraint="selected(a, 3) and count_selected(a) == 2")),
    ),
    "P005 date": (
        "item 'd'",
        form(q("d", type="date", constraint="year(d) == 2026 and d < '2026-01-01'")),
        form(q("d", type="date", constraint="year(d) == 2026 and d <= '2026-01-01'")),
    ),
    "P006": ("item 'a'", form(number("a", constraint="a <= 20")), form(number("a", constraint="a <= 19"))),
    "P006 codes": ("item 'a'", form(q("a", constraint="a in (1, 2, 3)")), form(q("a", constraint="a in (2, 3)"))),
    "P006 route": (
        "item 'b'",
        form(number("a"), number("b", ask_if="a == 0", constraint="b >= a")),
        form(number("a"), number("b", ask_if="a >= 0", constraint="b >= a")),
    ),
    "P007": (
        "Wherever item 'b' is asked",
        form(number("a"), number("b", ask_if="a > 10", maximum=9, constraint="b >= a")),
        form(number("a", maximum=9), number("b", ask_if="a > 5", maximum=9, constraint="b >= a")),
    ),
    "P007 some": (
        "In some interviews the constraint of item 'b' refuses every answer. For example a == 11.",
        form(number("a"), number("b", maximum=10, constraint="b >= a")),
        form(number("a"), number("b", maximum=10, ask_if="a <= 10", constraint="b >= a")),
    ),
    "P007 named": (
        "item 'last'",
        form(q("one"), q("two"), q("last", constraint="last == 1 and one == 1 or last == 2 and two == 1")),
        form(
            q("one"),
            q("two"),
            q(
                "last",
                ask_if="one == 1 or two == 1",
                constraint="last == 1 and one == 1 or last == 2 and two == 1 or last == 3",
            ),
        ),
    ),
    "P008": (
        "The answer 3 of item 'a'",
        form(q("a", constraint="a != 3")),
        form(q("a", constraint="a != 3 or a == 3")),
    ),
    "P008 two": (
        "The answers 1, 2 of item 'a'",
        form(q("c"), q("a", constraint="a > 2")),
        form(q("c"), q("a", constraint="a > 2 or c == 1")),
    ),
    "P008 several": (
        "The answer 1 of item 'a'",
        form(q("a", type="multiple", constraint="not selected(a, 1)")),
        form(q("a", type="multiple", constraint="not (selected(a, 1) and selected(a, 2))")),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_each_fault_is_found_and_its_sound_twin_is_not(case) -> None:
    code = case.split()[0]
    words, faulty, sound = CASES[case]
    found = [problem for problem in prove(faulty).problems if problem.code == code]
    assert len(found) == 1, found
    assert words in found[0].message
    assert found[0].where.endswith("constraint")
    assert found[0].fix
    assert [problem for problem in prove(sound).problems if problem.code == code] == []


def test_an_unknown_answer_passes_a_constraint() -> None:
    """A constraint that compares with an answer that may be missing refuses nothing then."""
    proof = prove(form(number("a", missing={99: "refused"}), number("b", constraint="b > a and a > 19")))
    assert [problem.code for problem in proof.problems if problem.code.startswith("P")] == ["P007"]  # a == 20, a == 3
    assert prove(form(number("a"), q("b", ask_if="not answered(a)", constraint="a > 20 or b == 1"))).errors == ()


def test_a_computed_value_that_may_be_unknown_makes_no_constraint_impossible() -> None:
    computed = Item(id="c", type="calculated", value="0 - 1", ask_if="a == 1", text={"en": "c"})
    assert prove(form(q("a"), computed, q("b", constraint="c > 0 or b > 3"))).errors[0].message.startswith("In some")
    always = Item(id="c", type="calculated", value="0 - 1", text={"en": "c"})
    assert prove(form(q("a"), always, q("b", constraint="c > 0 or b > 3"))).errors[0].code == "P005"
