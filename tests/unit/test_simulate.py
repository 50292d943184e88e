"""Synthetic interviews: they follow the routing, keep to what is expected, and always say that they are synthetic."""

import numpy as np
import pytest

from survey_kit.errors import InstrumentError
from survey_kit.instrument import Instrument, Item, Module, Repeat, Scale, read_instrument
from survey_kit.instrument.simulate import simulate
from survey_kit.instrument.walk import Walk

YES_NO = Scale(codes=(1, 2), missing={9: "refused"})


def item(name, ask_if=None, **more):
    return Item(id=name, text={"en": name}, ask_if=ask_if, **({"scale": YES_NO} | more))


def form(*items, **more):
    return Instrument(id="a", version="1", modules=(Module(id="m", items=items),), **more)


@pytest.mark.parametrize(
    "name", ["core", "trust_in_institutions", "corruption_experience", "public_service_quality", "legal_culture"]
)
def test_drawn_interviews_walk_through_the_routing_again_and_come_out_the_same(name):
    instrument = read_instrument(f"instruments/{name}")
    made = simulate(instrument, 300, seed=4)
    walk = Walk(instrument=instrument, n=300)
    for one in instrument.items:
        assert (walk.open(one.id) == made.asked[one.id]).all()
        given = made.answers[one.id]
        assert all(value is None for value, asked in zip(given, made.asked[one.id], strict=True) if not asked)
        if one.type == "calculated":
            walk.calculate(one.id)
            continue
        assert walk.accepts(one.id, given).all()
        walk.put(one.id, given)


def test_the_same_seed_gives_the_same_interviews_and_another_does_not():
    instrument = read_instrument("instruments/core")
    one, same, other = (simulate(instrument, 50, seed=seed).frame() for seed in (1, 1, 2))
    assert one.equals(same)
    assert not one.equals(other)


def test_every_row_says_that_it_is_synthetic():
    made = simulate(form(item("a")), 20)
    assert set(made.frame()["data_status"]) == {"synthetic"}
    assert set(made.bases()["data_status"]) == {"synthetic"}
    assert "synthetic" in made._repr_html_()


def test_bases_follow_the_expected_shares_within_their_range():
    made = simulate(
        form(item("a"), item("b", "a == 1"), item("c", "b == 1")),
        20_000,
        expected={"a": {1: 0.3, 2: 0.7}, "b": {1: 1, 2: 9}},
        refused=0.1,
    )
    bases = made.bases(planned=1000).set_index("item")
    assert bases.loc["a", "base"] == 1000
    # 0.3 * 0.9 and 0.27 * 0.1 * 0.9; four standard errors of 20,000 draws
    assert abs(bases.loc["b", "share_asked"] - 0.27) < 4 * np.sqrt(0.27 * 0.73 / 20_000)
    assert abs(bases.loc["c", "share_asked"] - 0.0243) < 4 * np.sqrt(0.0243 / 20_000)
    assert bases.loc["c", "base_low"] < bases.loc["c", "base"] < bases.loc["c", "base_high"]


def test_an_arm_is_drawn_by_its_shares_and_never_refused():
    arm = item("arm", type="arm", scale=Scale(codes=(1, 2)), shares=(3.0, 1.0))
    given = np.array(simulate(form(arm), 20_000, refused=0.5).answers["arm"])
    assert abs((given == 1).mean() - 0.75) < 0.02
    assert set(given) == {1, 2}


def test_several_answers_keep_to_what_stands_alone_and_to_their_number():
    scale = Scale(codes=(1, 2, 3, 4, 9), missing={})
    made = simulate(
        form(item("a", type="multiple", scale=scale, exclusive=(9,), most=2)),
        2000,
        expected={"a": {1: 0.9, 2: 0.9, 9: 0.1}},
    )
    for chosen in made.answers["a"]:
        assert 1 <= len(chosen) <= 2
        assert 9 not in chosen or len(chosen) == 1
    assert "1 2" in set(made.frame()["a"])


def test_a_constraint_is_met_and_one_that_nothing_meets_leaves_blanks():
    low = item("low", type="integer", scale=None, minimum=0, maximum=10)
    high = item("high", type="integer", scale=None, minimum=0, maximum=10, constraint="high >= low")
    never = item("never", type="integer", scale=None, minimum=0, maximum=10, constraint="never > 10")
    made = simulate(form(low, high, never), 500, refused=0.0)
    assert all(a <= b for a, b in zip(made.answers["low"], made.answers["high"], strict=True))
    assert set(made.answers["never"]) == {None}


def test_members_of_a_household_are_asked_once_each_and_summed_up():
    size = item("size", type="integer", scale=None, minimum=1, maximum=4)
    age = item("age", type="integer", scale=None, minimum=0, maximum=90)
    adult = item("adult", type="calculated", scale=None, value="1 if age >= 18 else 0")
    adults = item("adults", type="calculated", scale=None, value="sum(adult)")
    roster = Module(id="roster", items=(age, adult), repeat=Repeat(count="size", most=3))
    instrument = Instrument(
        id="a", version="1", modules=(Module(id="m", items=(size,)), roster, Module(id="n", items=(adults,)))
    )
    made = simulate(instrument, 200, seed=3)
    members = made.members["roster"].frame()
    sizes = np.minimum(made.answers["size"], 3)
    assert members.groupby("case").size().tolist() == sizes.tolist()
    expected = members.assign(adult=members["age"] >= 18).groupby("case")["adult"].sum()
    assert made.answers["adults"] == expected.astype(float).tolist()
    assert made.bases(planned=1000).set_index("item").loc["age", "base"] == round(1000 * sizes.mean())


@pytest.mark.parametrize(
    ("expected", "told"),
    [
        ({"b": {1: 1}}, "no item 'b'"),
        ({"a": {3: 1}}, "not one of its codes"),
        ({"a": {1: -1, 2: 2}}, "not positive"),
        ({"a": {1: 0}}, "not positive"),
    ],
)
def test_what_cannot_be_expected_is_refused(expected, told):
    with pytest.raises(InstrumentError, match=told):
        simulate(form(item("a")), 10, expected=expected)


def test_fewer_than_one_interview_is_refused():
    with pytest.raises(InstrumentError, match="Fewer than one"):
        simulate(form(item("a")), 0)


def test_expected_answers_of_used_modules_come_along():
    made = simulate(read_instrument("instruments/trust_in_institutions"), 4000, seed=5)
    assert abs(made.asked["sex"].mean() - 0.97 * 1.0) < 0.02
    assert "Assumptions" in made.source


def test_a_blank_and_a_missing_code_meet_every_constraint():
    first = item("first", type="integer", scale=None, minimum=0, maximum=9)
    scale = Scale(codes=(1, 2), missing={9: "refused"})
    late = item("late", type="multiple", scale=scale, constraint="first > 5 and selected(late, 1)")
    walk = Walk(instrument=form(first, late), n=4)
    walk.put("first", [1, 1, 1, 7])
    assert walk.accepts("late", [None, (9,), (1,), (1,)]).tolist() == [True, True, False, True]
