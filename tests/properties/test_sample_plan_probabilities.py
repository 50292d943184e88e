"""Over many draws of small frames, units come as often as a plan says: stages, reserves as far as released, household rules.

One draw of a frame that holds many copies of a small one, each a stratum, is many draws of the small one.
"""

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.sampling import kish_grid, kish_tables, last_birthday

LIMIT = 4.5  # standard errors; with some 60 frequencies looked at a false alarm comes once in 2,500 runs

AREAS = pd.DataFrame({"area": range(7), "region": list("aaaabbb"), "people": [9.0, 2, 3, 2, 5, 4, 6]})
AREAS["sure"] = AREAS["area"] == 1
AREAS["houses"] = 2 + AREAS["area"] % 3
TAKE = {0: 1, 1: 2, 2: 3, 3: 1, 4: 2, 5: 2, 6: 1}


def copies(frame, count):
    return (
        frame.loc[np.tile(frame.index, count)]
        .assign(copy=np.repeat(np.arange(count), len(frame)))
        .reset_index(drop=True)
    )


def agree(counts, expected, draws):
    """Compare frequencies with probabilities; those of 0 and 1 have to hold exactly."""
    sure = (expected < 1e-12) | (expected > 1 - 1e-12)
    np.testing.assert_allclose(counts[sure] / draws, expected[sure])
    p = expected[~sure]
    z = (counts[~sure] / draws - p) / np.sqrt(p * (1 - p) / draws)
    assert np.abs(z).max(initial=0) < LIMIT


def stage(method, **more):
    sized = {"size": "people"} if method in {"pps_systematic", "brewer", "pareto"} else {}
    return {"unit": "id", "strata": ["copy", "region"], "method": method} | sized | more


def plan(*stages):
    return sk.SamplePlan.read({"schema": "survey-kit/sample/1", "stages": list(stages)})


@pytest.mark.parametrize("method", ["pps_systematic", "brewer", "systematic", "simple_random"])
def test_units_of_all_stages_come_with_their_probabilities(method):
    draws = 1500
    frame = copies(AREAS, draws)
    frame["id"] = frame.index
    drawn = plan(
        stage(method, n=2),
        {"unit": "house", "method": "systematic", "n": "take"},
        {"unit": "person", "method": "random_person"},
    ).draw(frame, rng=1)
    chosen = drawn.frame
    houses = chosen.loc[chosen.index.repeat(chosen["houses"]), ["id", "copy", "area"]].reset_index(drop=True)
    houses["house"] = houses.groupby("id").cumcount()
    houses["take"] = houses["area"].map(TAKE)
    second = drawn.next_stage(houses, rng=2)
    homes = second.frame
    people = homes.loc[homes.index.repeat(1 + homes["house"]), ["id", "copy", "area", "house"]].reset_index(drop=True)
    people["person"] = people.groupby(["id", "house"]).cumcount()
    last = second.next_stage(people, rng=3).frame
    pi_1 = drawn.last.pi[:7]
    found = last.groupby(["area", "house", "person"])["probability"].agg(["size", "min", "max"]).reset_index()
    by_hand = pi_1[found["area"]] * found["area"].map(TAKE) / (2 + found["area"] % 3) / (1 + found["house"])
    np.testing.assert_allclose(found["min"], by_hand)
    np.testing.assert_allclose(found["max"], by_hand)
    assert len(found) == sum(k * (k + 1) // 2 for k in AREAS["houses"])
    agree(found["size"].to_numpy(), by_hand.to_numpy(), draws)


@pytest.mark.parametrize(
    ("method", "released", "certainty"),
    [
        ("pps_systematic", 0, None),
        ("pps_systematic", 1, "sure"),
        ("pareto", 0, None),
        ("simple_random", 1, None),
        ("systematic", 0, "sure"),
        ("systematic", 2, None),
    ],
)
def test_a_reserve_keeps_the_probabilities_of_what_is_released(method, released, certainty):
    draws = 4000
    frame = copies(AREAS, draws)
    frame["id"] = frame.index
    sizes = {f"{c} | {region}": n for c in range(draws) for region, n in (("a", 2), ("b", 1))}
    drawn = plan(stage(method, n=sizes, reserve=2, certainty=certainty)).draw(frame, rng=4).release(released)
    counts = np.bincount(frame["area"].to_numpy()[drawn.last.rows], minlength=7)
    pi = drawn.last.pi[:7]
    np.testing.assert_allclose([pi[:4].sum(), pi[4:].sum()], [2 + released, 1 + released])
    agree(counts, pi, draws)
    if certainty:
        assert pi[1] == 1


def test_pairs_of_the_main_sample_are_those_of_simple_random_sampling():
    draws = 6000
    frame = copies(AREAS, draws)
    frame["id"] = frame.index
    drawn = plan(stage("simple_random", n=2, reserve=1) | {"strata": ["copy"]}).draw(frame, rng=5)
    pairs = frame["area"].to_numpy()[drawn.last.rows].reshape(draws, 2)
    counts = np.bincount(7 * pairs[:, 0] + pairs[:, 1], minlength=49).reshape(7, 7)[np.triu_indices(7, 1)]
    agree(counts, np.full(21, 2 / 42), draws)


def test_kish_tables_pick_with_their_chances():
    homes = np.arange(12_000)
    adults = 1 + homes % 8
    roster = pd.DataFrame({"home": np.repeat(homes, adults)})
    roster["age"] = 90 - roster.groupby("home").cumcount()
    roster["sex"] = "m"
    for table in (None, "table"):
        given = roster.assign(table=np.repeat(kish_tables(len(homes), rng=3), adults))
        draw = kish_grid(given, "home", sex="sex", age="age", table=table, rng=2)
        assert draw.n == len(homes)
        for size in range(1, 9):
            rows = np.flatnonzero(np.repeat(adults, adults) == size).reshape(-1, size)
            agree(np.isin(rows, draw.rows).sum(axis=0), draw.pi[rows[0]], len(rows))


def test_birthdays_that_fall_at_random_give_every_adult_the_same_chance():
    homes = np.arange(9_000)
    adults = 1 + homes % 4
    luck = np.random.default_rng(5)
    roster = pd.DataFrame({"home": np.repeat(homes, adults)})
    roster["month"] = luck.integers(1, 13, len(roster))
    roster["day"] = luck.integers(1, 29, len(roster))
    draw = last_birthday(roster, "home", month="month", day="day", on="2026-05-17", rng=1)
    for size in range(1, 5):
        rows = np.flatnonzero(np.repeat(adults, adults) == size).reshape(-1, size)
        agree(np.isin(rows, draw.rows).sum(axis=0), draw.pi[rows[0]], len(rows))
