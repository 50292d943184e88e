"""A plan of several stages: sizes from every form of n, listings, reserves, household rules; what is refused and how it is told."""

from datetime import date

import numpy as np
import pandas as pd
import polars as pl
import pytest

import survey_kit as sk
from survey_kit.errors import DesignError, SurveyKitError
from survey_kit.sampling import (
    KISH_TABLES,
    SRS,
    Stage,
    kish_chances,
    kish_grid,
    last_birthday,
    next_birthday,
    permanent_numbers,
    random_person,
)

AREAS = pd.DataFrame(
    {
        "area": [f"a{i:02}" for i in range(30)],
        "region": ["north"] * 10 + ["south"] * 14 + ["city"] * 6,
        "place": (["urban", "rural"] * 12) + ["urban"] * 6,
        "people": [100 + 7 * (i % 5) for i in range(30)],
        "sd": [0.4] * 10 + [0.5] * 14 + [0.3] * 6,
    }
)
FIRST = {"unit": "area", "strata": ["region"], "method": "pps_systematic", "size": "people", "n": 3}


def plan(*stages):
    return sk.SamplePlan.read({"schema": "survey-kit/sample/1", "stages": list(stages)})


def listing(drawn, houses=12, unit="area"):
    ids = drawn.frame[unit].tolist()
    return pd.DataFrame({unit: np.repeat(ids, houses), "house": np.tile(np.arange(houses), len(ids))})


# ------------------------------------------------------------------------------------------------------------- sizes
@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (3, {"city": 3, "north": 3, "south": 3}),
        ({"north": 2, "south": 4, "city": 1}, {"city": 1, "north": 2, "south": 4}),
        ({"rate": 0.2}, {"city": 1, "north": 2, "south": 3}),
        ({"rule": "equal", "total": 9}, {"city": 3, "north": 3, "south": 3}),
        ({"rule": "proportional", "total": 15, "measure": "people"}, {"city": 3, "north": 5, "south": 7}),
        ({"rule": "neyman", "total": 10, "sd": "sd"}, {"city": 2, "north": 3, "south": 5}),
        ({"rule": "equal", "total": 27, "minimum": 2}, {"city": 6, "north": 10, "south": 11}),
    ],
)
def test_sizes_in_every_form(n, expected):
    drawn = plan(FIRST | {"n": n}).draw(AREAS, rng=1)
    assert drawn.frame["region"].value_counts().to_dict() == expected


@pytest.mark.parametrize("n", [5, {"rule": "neyman", "total": 5, "sd": "one"}, {"rate": 5 / 30}])
def test_a_frame_without_strata(n):
    drawn = plan({"unit": "area", "n": n}).draw(AREAS.assign(one=1.0), rng=1)
    assert (drawn.n, drawn.deff) == (5, 1.0)
    assert drawn.self_weighting()


def test_a_rule_over_regions_and_proportional_within():
    n = {"rule": "equal", "total": 12, "by": ["region"], "by_minimum": 4, "minimum": 1}
    drawn = plan(FIRST | {"strata": ["region", "place"], "n": n}).draw(AREAS, rng=1)
    counts = drawn.frame.groupby(["region", "place"]).size()
    assert counts.groupby("region").sum().to_dict() == {"city": 4, "north": 4, "south": 4}
    assert counts.loc["north"].to_dict() == {"rural": 2, "urban": 2}


def test_precision_gives_the_cheapest_sizes():
    n = {"precision": [{"sd": "sd", "se": 0.05, "by": "region"}], "deff": 1.5, "per_unit": 20}
    drawn = plan(FIRST | {"n": n}).draw(AREAS, rng=1)
    for region, count in drawn.frame["region"].value_counts().items():
        here = AREAS[AREAS["region"] == region]
        people, sd = here["people"].sum(), here["sd"].iloc[0]
        interviews = 1.5 * sd**2 / (0.05**2 + 1.5 * sd**2 / people)
        assert count == np.ceil(np.ceil(interviews - 1e-9) / 20)


# ------------------------------------------------------------------------------------------------------------ stages
def test_probabilities_are_products_over_the_stages():
    drawn = plan(FIRST, {"unit": "house", "method": "systematic", "n": 4}).draw(AREAS, rng=3)
    whole = drawn.next_stage(listing(drawn), rng=4)
    frame = whole.frame
    known = AREAS.set_index("area")["people"]
    regions = AREAS.groupby("region")["people"].sum()
    expected = 3 * frame["area"].map(known) / frame["region"].map(regions) * 4 / 12
    np.testing.assert_allclose(frame["probability"], expected, rtol=1e-12)
    np.testing.assert_allclose(frame["weight"] * frame["pi_1"] * frame["pi_2"], 1.0)
    assert whole.summary()["units"].tolist() == [12, 12, 12]


def test_sizes_as_listed_make_a_self_weighting_sample_and_others_do_not():
    declared = plan(FIRST | {"strata": []}, {"unit": "house", "n": 10})
    drawn = declared.draw(AREAS, rng=5)
    sizes = AREAS.set_index("area")["people"]
    ids = drawn.frame["area"].tolist()
    exact = pd.DataFrame(
        {"area": np.repeat(ids, sizes[ids]), "house": np.concatenate([np.arange(sizes[i]) for i in ids])}
    )
    whole = drawn.next_stage(exact, rng=1)
    assert whole.self_weighting()
    assert whole.deff == pytest.approx(1.0)
    short = drawn.next_stage(exact[~((exact["area"] == ids[0]) & (exact["house"] > 50))], rng=1)
    assert not short.self_weighting()
    assert short.deff > 1.01


def test_a_rate_keeps_weights_nearly_equal_whatever_the_listing_finds():
    drawn = plan(FIRST, {"unit": "house", "n": {"rate": 0.02}}).draw(AREAS, rng=5)
    ids = drawn.frame["area"].tolist()
    counts = [60 + 40 * i for i in range(len(ids))]
    houses = pd.DataFrame({"area": np.repeat(ids, counts), "house": np.concatenate([np.arange(k) for k in counts])})
    whole = drawn.next_stage(houses, rng=1)
    assert abs(np.average(whole.probability) / 0.02 - 1) < 0.1
    assert whole.deff < 1.05


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_three_stages_in_any_library(library):
    wrap = pl.from_pandas if library == "polars" else (lambda frame: frame)
    declared = plan(FIRST, {"unit": "house", "n": 2}, {"unit": "person", "method": "random_person"})
    drawn = declared.draw(wrap(AREAS), rng=1)
    houses = drawn.next_stage(wrap(listing(declared.draw(AREAS, rng=1))), rng=2)
    chosen = houses.frame if library == "pandas" else houses.frame.to_pandas()
    adults = [1 + i % 4 for i in range(len(chosen))]
    roster = chosen[["area", "house"]].loc[np.repeat(chosen.index, adults)].reset_index(drop=True)
    roster["person"] = np.concatenate([np.arange(k) for k in adults])
    people = houses.next_stage(wrap(roster), rng=3)
    out = people.frame if library == "pandas" else people.frame.to_pandas()
    assert len(out) == len(chosen) == 18
    np.testing.assert_allclose(1 / out["pi_3"], adults)


# ---------------------------------------------------------------------------------------------------------- reserves
def test_a_reserve_waits_in_an_order_and_changes_the_probability_when_released():
    declared = plan(FIRST | {"reserve": 2})
    drawn = declared.draw(AREAS, rng=8)
    assert (drawn.n, len(drawn.reserves)) == (9, 6)
    assert drawn.reserves.groupby("region")["turn"].apply(list).tolist() == [[1, 2]] * 3
    before = drawn.frame.set_index("area")["probability"]
    more = drawn.release({"north": 1})
    after = more.frame.set_index("area")["probability"]
    assert set(before.index) < set(after.index)
    assert len(after) == 10
    north = AREAS.set_index("area")["region"] == "north"
    ratio = (after / before).dropna()
    np.testing.assert_allclose(ratio[north[ratio.index]], 4 / 3)
    np.testing.assert_allclose(ratio[~north[ratio.index]], 1.0)
    sizes = AREAS[AREAS["region"] == "north"].set_index("area")["people"]
    released = after[north[after.index]]
    np.testing.assert_allclose(released, 4 * sizes[released.index] / sizes.sum())
    with pytest.raises(DesignError, match=r"(?s)does not hold that many.*region north.*2 wanted, 1 left"):
        more.release({"north": 2})


def test_a_reserve_is_at_most_what_the_main_sample_leaves():
    assert len(plan(FIRST | {"n": 5, "reserve": 3}).draw(AREAS, rng=1).reserves) == 1 + 3 + 3


def test_permanent_numbers_order_the_reserve():
    frame = permanent_numbers(AREAS, "area", seed=4)
    stage = {"unit": "area", "strata": ["region"], "n": 3, "numbers": "prn"}
    plain = plan(stage).draw(frame, rng=1)
    more = plan(stage | {"reserve": 2}).draw(frame, rng=2)
    assert plain.frame["area"].tolist() == more.frame["area"].tolist()
    np.testing.assert_allclose(plain.probability, more.probability)
    five = plan(stage | {"n": 5}).draw(frame, rng=3)
    released = more.release(2)
    assert released.frame["area"].tolist() == five.frame["area"].tolist()
    np.testing.assert_allclose(released.probability, five.probability)


# ----------------------------------------------------------------------------------------------------------- refused
@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"schema": "survey-kit/sample/2"}, "does not say that it is a sample plan"),
        ({"stage": []}, "no key 'stage'.*did you mean 'stages'"),
        ({"stages": []}, "lists its stages"),
        ({"stages": [{"method": "systematic"}]}, "A stage names its unit"),
        ({"stages": [{"unit": "a", "sise": "x"}]}, "no key 'sise'.*did you mean 'size'"),
        ({"stages": [{"unit": "a", "method": "pps"}]}, "no method of selection"),
        ({"stages": [{"unit": "a", "n": {"rule": "kisch", "total": 4}}]}, "not a rule of allocation.*kish"),
        ({"stages": [{"unit": "a", "n": {"rule": "kish"}}]}, "'total' is missing"),
        ({"stages": [{"unit": "a", "n": {"rule": "kish", "total": 4, "bye": "b"}}]}, "no key 'bye'"),
        ({"stages": [{"unit": "a", "n": {"rate": 1.5}}]}, "rate lies above 0"),
        ({"stages": [{"unit": "a", "method": "kish_grid"}]}, "lacks 'sex'"),
        ({"stages": [{"unit": "a", "method": "random_person"}]}, "draws within households"),
        ({"stages": [{"unit": "a"}, {"unit": "a"}]}, "unit 'a' stands twice"),
        (
            {"stages": [{"unit": "a"}, {"unit": "b", "n": {"rule": "kish", "total": 4}}]},
            "spreads the units of the first",
        ),
        ({"stages": [{"unit": "a", "method": "Bernoulli", "reserve": 2}]}, "reserve needs a method that draws a fixed"),
        (
            {"stages": [{"unit": "a", "method": "pareto", "size": "s", "numbers": "prn", "reserve": 2}]},
            "undo the coordination",
        ),
        ({"stages": [{"unit": "a", "within": {"sex": "s"}}]}, "belongs to a household rule"),
        (
            {"stages": [{"unit": "a"}, {"unit": "p", "method": "random_person", "size": "x"}]},
            "takes no such option.*size",
        ),
    ],
)
def test_a_plan_that_contradicts_itself(value, told):
    with pytest.raises(DesignError, match=f"(?s){told}") as fault:
        sk.SamplePlan.read({"schema": "survey-kit/sample/1"} | value)
    assert fault.value.fix


def test_a_fault_in_a_file_names_its_line(tmp_path):
    path = tmp_path / "sample.yaml"
    path.write_text("schema: survey-kit/sample/1\nstages:\n  - unit: area\n    sise: people\n", encoding="utf-8")
    with pytest.raises(DesignError, match="no key 'sise'") as fault:
        sk.SamplePlan.from_yaml(path)
    assert fault.value.where.endswith("sample.yaml:4")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"n": 7}, r"stratum is smaller than its sample.*region city.*n = 7 of N = 6"),
        ({"n": {"rule": "equal", "total": 50}}, "does not fit the limits"),
        ({"n": {"rule": "equal", "total": 9, "by": "province"}}, "'by' names a stratum column, and 'province' is none"),
        ({"n": {"rule": "neyman", "total": 9, "sd": "people"}}, "same for all its units.*region north.*row 2"),
        ({"n": {"precision": [{"sd": "sd", "se": 1e-9}], "per_unit": 1}}, "target cannot be reached"),
        ({"reserve": 1.5}, "reserve is a whole number"),
        ({"reserve": {"nord": 1}}, "stratum 'nord' that the frame lacks"),
        ({"size": "none"}, r"size is zero or negative.*region north, column 'none', row 3"),
        ({"size": "gone"}, r"number is missing.*region north, column 'gone', row 2"),
        ({"n": {"rule": "kish", "total": 9}, "size": "none"}, r"missing, zero or negative.*region north.*row 3"),
        ({"n": 2, "certainty": "sure"}, "(?i)certain.*region north"),
        ({"n": {"north": 1, "south": 2}}, "stratum has no sample size.*region city"),
        ({"n": {"nord": 1, "south": 2, "city": 1}}, "stratum 'nord' that the frame lacks.*did you mean 'north'"),
        ({"strata": ["province"]}, "no column 'province'"),
        ({"n": 2, "reserve": 3, "certainty": "sure"}, "(?i)more certainty units|certain"),
    ],
)
def test_a_frame_that_the_plan_does_not_fit(change, told):
    more = {"none": AREAS["people"] * (AREAS.index != 2), "gone": AREAS["people"].where(AREAS.index != 1)}
    with pytest.raises(SurveyKitError, match=f"(?s){told}") as fault:
        plan(FIRST | change).draw(AREAS.assign(sure=AREAS.index < 3, **more), rng=1)
    assert fault.value.fix


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda frame: frame.rename(columns={"area": "psu"}), "does not say to which 'area'"),
        (lambda frame: frame.assign(area=frame["area"].mask(frame.index == 5, "zz")), r"belongs to no 'area'.*row 6"),
        (
            lambda frame: frame.assign(area=frame["area"].mask(frame.index == 5)),
            r"belongs to no 'area'.*row 6.*missing id",
        ),
        (lambda frame: frame[frame["area"] != frame["area"][0]], "'area' of the sample is not listed"),
        (
            lambda frame: frame.assign(house=frame["house"].mask(frame.index == 1, 0)),
            r"stands twice in the listing.*rows 1 and 2",
        ),
        (lambda frame: frame[frame["house"] < 3], r"smaller than its sample.*n = 4 of N = 3"),
    ],
)
def test_a_listing_that_does_not_fit_the_sample(spoil, told):
    drawn = plan(FIRST, {"unit": "house", "n": 4}).draw(AREAS, rng=3)
    with pytest.raises(DesignError, match=f"(?s){told}") as fault:
        drawn.next_stage(spoil(listing(drawn)), rng=1)
    assert fault.value.fix


def test_short_and_empty_areas_are_declared():
    drawn = plan(FIRST, {"unit": "house", "n": 4, "short": "all"}).draw(AREAS, rng=3)
    houses = listing(drawn)
    first, second = drawn.frame["area"][:2]
    left = houses[(houses["area"] != first) & ~((houses["area"] == second) & (houses["house"] > 1))]
    whole = drawn.next_stage(left.reset_index(drop=True), rng=1, empty=[first])
    counts = whole.frame["area"].value_counts()
    assert first not in counts
    assert counts[second] == 2
    with pytest.raises(DesignError, match="declared empty is not in the sample"):
        drawn.next_stage(left, rng=1, empty=[first, "zz"])
    with pytest.raises(DesignError, match="declared empty is listed"):
        drawn.next_stage(left, rng=1, empty=[first, second])
    with pytest.raises(DesignError, match="no further stage"):
        whole.next_stage(left, rng=1)


# --------------------------------------------------------------------------------------------------------- households
def test_the_grid_is_that_of_kish():
    shares = np.array([2, 1, 1, 2, 2, 1, 1, 2]) / 12
    for adults in range(1, 9):
        pick = [table[min(adults, 6) - 1] for table in KISH_TABLES.values()]
        by_hand = np.bincount(pick, weights=shares, minlength=adults + 1)[1:]
        np.testing.assert_allclose(kish_chances(adults), by_hand)
    np.testing.assert_allclose(kish_chances(4), 0.25)


def test_the_grid_lists_men_first_and_the_oldest_first():
    home = pd.DataFrame({"home": 1, "sex": ["f", "m", "f", "m"], "age": [70, 20, 30, 50], "kish": "D"})
    draw = kish_grid(home, "home", sex="sex", age="age", first="m", table="kish", rng=1)
    assert draw.rows.tolist() == [2 if KISH_TABLES["D"][3] == 4 else 0]
    for letter, numbers in KISH_TABLES.items():
        order = [3, 1, 0, 2]
        draw = kish_grid(home.assign(kish=letter), "home", sex="sex", age="age", first="m", table="kish", rng=1)
        assert draw.rows.tolist() == [order[numbers[3] - 1]]


def test_birthdays_go_round_the_year():
    home = pd.DataFrame({"home": 1, "month": [1, 6, 12, 2], "day": [2, 15, 31, 29]})
    for on, last, following in [
        (date(2026, 1, 1), 2, 0),
        (date(2026, 1, 2), 0, 3),
        (date(2027, 3, 1), 3, 1),
        (date(2026, 12, 30), 1, 2),
    ]:
        asked = {"month": "month", "day": "day", "on": on, "rng": 1}
        assert last_birthday(home, "home", **asked).rows.tolist() == [last], on
        assert next_birthday(home, "home", **asked).rows.tolist() == [following], on
    by_column = last_birthday(home.assign(seen="2026-07-01"), "home", month="month", day="day", on="seen", rng=1)
    assert by_column.rows.tolist() == [1]


def test_twins_are_told_apart_by_chance():
    home = pd.DataFrame({"home": np.repeat(np.arange(4000), 2), "month": 5, "day": 5})
    draw = last_birthday(home, "home", month="month", day="day", on=date(2026, 7, 1), rng=1)
    assert abs((draw.rows % 2).mean() - 0.5) < 4 * 0.5 / np.sqrt(4000)


@pytest.mark.parametrize(
    ("draw", "told"),
    [
        (
            lambda f: last_birthday(f.assign(day=31), "home", month="month", day="day", on=date(2026, 1, 1), rng=1),
            "no birthday.*row 2",
        ),
        (
            lambda f: last_birthday(f.assign(day=None), "home", month="month", day="day", on=date(2026, 1, 1), rng=1),
            "birthday is missing",
        ),
        (lambda f: next_birthday(f, "home", month="month", day="day", on="soon", rng=1), "no day of contact"),
        (
            lambda f: kish_grid(f.assign(kish="G"), "home", sex="sex", age="age", table="kish", rng=1),
            "no such table.*row 1",
        ),
        (
            lambda f: kish_grid(f.assign(kish=["A", "C"]), "home", sex="sex", age="age", table="kish", rng=1),
            "one table.*row 2",
        ),
        (lambda f: kish_grid(f.assign(age=[1, None]), "home", sex="sex", age="age", rng=1), "order of the grid.*row 2"),
        (lambda f: kish_grid(f, "home", sex="sex", age="age", first="male", rng=1), "listed first"),
        (lambda f: random_person(f.assign(home=[1, None]), "home", rng=1), "no stratum.*row 2"),
    ],
)
def test_rosters_that_cannot_be_drawn_from(draw, told):
    home = pd.DataFrame({"home": [1, 1], "sex": ["m", "f"], "age": [40, 41], "month": [1, 2], "day": [3, 4]})
    with pytest.raises(DesignError, match=f"(?s){told}"):
        draw(home)


def test_a_method_stands_for_its_name():
    assert Stage(unit="a", method=SRS).method == "simple random"
