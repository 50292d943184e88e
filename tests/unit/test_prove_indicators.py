"""Indicators against the routing: made-up faults beside sound twins, and the indicators of the real studies."""

from __future__ import annotations

import pytest

pytest.importorskip("z3", reason="z3 is not installed: pip install 'trust-survey-kit[prove]'")

from survey_kit.indicators.prove import PROOFS, prove_indicators
from survey_kit.instrument import Instrument, Item, Module, Scale
from survey_kit.study import AnyOf, Indicator, read_study

YES_NO = Scale(codes=(1, 2))
REFUSED = {9: "refused"}
SAME = {"theme": "other", "base": "answered", "dont_know": "exclude", "direction": "up", "title": {"en": "x"}}


def q(name, ask_if=None, **more):
    kinds = {} if more.get("type") == "integer" else {"scale": YES_NO}
    return Item(id=name, text={"en": name}, ask_if=ask_if, **(kinds | {"missing": REFUSED} | more))


def form(*items):
    return Instrument(id="a", version="1", modules=(Module(id="m", items=items),))


def share(*items, categories=(1,)):
    return Indicator(id="x", kind="share", items=items, categories=categories, **SAME)


def ratio(above, below, above_codes=(1,), below_codes=(1,)):
    halves = {
        "numerator": AnyOf(any=tuple(above), categories=above_codes),
        "denominator": AnyOf(any=tuple(below), categories=below_codes),
    }
    return Indicator(id="x", kind="ratio", **halves, **SAME)


ARM = q("arm", type="arm", missing={})
MET = (q("met_police"), q("met_court"))
PAID = (q("paid_police", "met_police == 1"), q("paid_court", "met_court == 1"))
EITHER = q("paid_police", "met_police == 1 or met_court == 1")
OFFICIALS = form(*MET, *PAID)
BRIBERY = ratio(["paid_police", "paid_court"], ["met_police", "met_court"])

# by code and what is tried: words of the message, the faulty and the sound indicator with their instruments
CASES = {
    "P101": ("'b'", (share("b"), form(q("a"))), (share("a"), form(q("a")))),
    "P102": ("counts 3", (share("a", categories=(1, 3)), form(q("a"))), (share("a", categories=(1, 2)), form(q("a")))),
    "P102 half": (
        "item 'paid_police'",
        (ratio(["paid_police"], ["met_police"], above_codes=(1, 7)), OFFICIALS),
        (ratio(["paid_police"], ["met_police"]), OFFICIALS),
    ),
    "P103": (
        "'b'",
        (share("b"), form(q("a"), q("b", "a == 1 and a == 2"))),
        (share("b"), form(q("a"), q("b", "a == 1"))),
    ),
    "P104": (
        "a, c | b. For example a == 2. Then 'a' is asked and 'b' is not.",
        (share("a", "b", "c"), form(q("a"), q("b", "a == 1"), q("c"))),
        (share("b", "c"), form(q("a"), q("b", "a == 1"), q("c", "not a != 1"))),
    ),
    "P104 arms": (
        "arm == 1",
        (share("b", "c"), form(ARM, q("b", "arm == 1"), q("c", "arm == 2"))),
        (share("b", "c"), form(ARM, q("b", "arm in (1, 2)"), q("c"))),
    ),
    "P105": (
        "For example met_police == 1, arm == 2.",
        (ratio(["paid"], ["met_police"]), form(*MET, ARM, q("paid", "met_police == 1 and arm == 1"))),
        (ratio(["paid"], ["met_police"]), form(*MET, ARM, q("paid", "met_police == 1 and arm in (1, 2)"))),
    ),
    "P105 whole": (
        "no item of its numerator",
        (ratio(["paid_police"], ["met_police", "met_court"]), OFFICIALS),
        (BRIBERY, OFFICIALS),
    ),
    "P106": (
        "'paid'",
        (ratio(["paid", "paid_police"], ["met_police"]), form(*MET, *PAID, q("paid", "met_police == 2"))),
        (ratio(["paid", "paid_police"], ["met_police"]), form(*MET, *PAID, q("paid", "met_police == 1"))),
    ),
    "P107": (
        "'paid_court'",
        (BRIBERY, form(*MET, ARM, EITHER, q("paid_court", "met_court == 1 and (arm == 1 or met_police == 2)"))),
        (BRIBERY, form(*MET, ARM, EITHER, q("paid_court", "met_court == 1 and (arm == 1 or arm == 2)"))),
    ),
    "P108": (
        "met_police | met_court",
        (BRIBERY, form(MET[0], q("met_court", "met_police == 2"), *PAID)),
        (BRIBERY, OFFICIALS),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_each_fault_is_found_and_its_sound_twin_is_not(case) -> None:
    code = case.split()[0]
    words, faulty, sound = CASES[case]
    found = [problem for problem in prove_indicators([faulty[0]], faulty[1]) if problem.code == code]
    assert len(found) == 1, found
    assert words in found[0].message
    assert found[0].where == "indicator 'x'"
    assert prove_indicators([sound[0]], sound[1]) == ()


def test_every_finding_has_its_case() -> None:
    assert set(PROOFS) == {case.split()[0] for case in CASES} | {"P109"}


def test_who_stays_undecided_is_told() -> None:
    numbers = [q(name, type="integer", missing={}) for name in "uvw"]
    hard = form(*numbers, q("a"), q("b", "u * u * u + v * v * v + w * w * w == 114 and u > 1000"))
    found = prove_indicators([share("a", "b")], hard, effort=50_000)
    assert ("P109", "note") in {(problem.code, problem.severity) for problem in found}
    assert [problem for problem in found if problem.severity == "error"] == []


def test_numbers_count_by_their_value() -> None:
    count = q("count", type="integer", minimum=0, maximum=9)
    asked = q("why", "count == 1 or count == 2")
    assert prove_indicators([ratio(["why"], ["count"], below_codes=(1, 2))], form(count, asked)) == ()
    told = prove_indicators([ratio(["why"], ["count"], below_codes=(1, 2, 3))], form(count, asked))
    assert [problem.code for problem in told] == ["P105"]
    assert "count == 3" in told[0].message


@pytest.mark.parametrize("study", ["kazakhstan", "us_confidence", "brazil_trust"])
def test_the_indicators_of_the_studies_are_asked_of_their_bases(root, monkeypatch, study) -> None:
    monkeypatch.chdir(root)
    read = read_study(root / "analyses" / study)
    for form_ in {one.version: one for one in read.instruments.values()}.values():
        assert prove_indicators(read.definitions, form_) == ()


def test_a_fault_put_into_a_real_study_is_found(root, monkeypatch) -> None:
    """The bribe question on the police is opened by contact with a court: the base of its ratio never sees it."""
    from dataclasses import replace

    monkeypatch.chdir(root)
    read = read_study(root / "analyses" / "kazakhstan")
    whole = read.instrument()
    modules = tuple(
        replace(
            module,
            items=tuple(
                replace(item, ask_if="contact_courts == 1") if item.id in {"paid_police", "asked_police"} else item
                for item in module.items
            ),
        )
        for module in whole.modules
    )
    found = prove_indicators(read.definitions, replace(whole, modules=modules))
    assert ("P105", "indicator 'bribery_police'") in {(problem.code, problem.where) for problem in found}
    assert {problem.where for problem in found} == {
        "indicator 'bribery_police'",
        "indicator 'bribery_paid_or_asked'",
        "indicator 'bribery_paid'",
    }
