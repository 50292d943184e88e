"""Screens: planted oddities found, what is measured equal to what is counted by hand, identifiers kept out, bad input named."""

import itertools

import numpy as np
import pandas as pd
import polars as pl
import pytest

from survey_kit.errors import ResponsesError
from survey_kit.fieldwork.positions import Displacement, destination, displace, kilometres
from survey_kit.fieldwork.screens import SECOND_LOOK, Interviews, Screen, screened, seldom
from survey_kit.fieldwork.screens_answers import (
    battery_indexes,
    beside_mean,
    screen_filters,
    screen_heaping,
    screen_item_nonresponse,
    screen_straightlining,
)
from survey_kit.fieldwork.screens_contacts import pseudonyms, screen_duplicates
from survey_kit.fieldwork.screens_order import _dealt, _variances, screen_drift, screen_variance
from survey_kit.fieldwork.screens_times import Limits, screen_duration, screen_schedule, usual

KEY = "kept in the office safe"


def survey(n=600, seed=1):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.integers(1, 6, (n, 8)), columns=[f"t{k}" for k in range(8)])
    table["filter"] = rng.integers(1, 3, n)
    table["region"] = np.arange(n) // (n // 3)
    table["who"] = table["region"] * 10 + rng.integers(0, 10, n)
    table["start"] = pd.Timestamp("2026-05-04 09:00") + pd.to_timedelta(np.arange(n) * 3, "h")
    table["end"] = table["start"] + pd.to_timedelta(40, "min")
    table["phone"] = [f"8701{k:07d}" for k in range(n)]
    return table


def held(table, **more):
    return Interviews(frame=table, interviewer="who", within="region", **more)


# ------------------------------------------------------------------------------------------------------------ batteries
def by_hand(row):
    x = [v for v in row if not np.isnan(v)]
    runs = [len(list(group)) for _, group in itertools.groupby(x)]
    pairs = [abs(a - b) ** 0.5 for a, b in itertools.combinations(x, 2)]
    shares = [x.count(v) / len(x) for v in set(x)]
    return {
        "differentiation": 1 - sum(s**2 for s in shares),
        "identical": float(len(set(x)) == 1),
        "longest": max(runs) / len(x),
        "sd": float(np.std(x, ddof=1)),
        "root_pairs": float(np.mean(pairs)),
    }


def test_indexes_of_batteries_equal_those_by_hand():
    rng = np.random.default_rng(2)
    answers = rng.integers(1, 5, (200, 7)).astype(float)
    answers[rng.random(answers.shape) < 0.3] = np.nan
    answers[:5] = 3.0
    made = battery_indexes(answers)
    for place, row in enumerate(answers):
        if np.isfinite(row).sum() >= 3:
            for name, value in by_hand(row).items():
                assert made[name][place] == pytest.approx(value, abs=1e-12), name
        else:
            assert all(np.isnan(values[place]) for values in made.values())


@pytest.mark.parametrize("index", ["differentiation", "identical", "longest", "sd", "root_pairs"])
def test_each_index_finds_one_who_ticks_the_middle(index):
    table = survey()
    table.loc[table["who"] == 12, [f"t{k}" for k in range(8)]] = 3
    found = screen_straightlining(
        held(table), {"a": ["t0", "t1", "t2", "t3"], "b": ["t4", "t5", "t6", "t7"]}, index=index
    )
    assert found.flagged == [12]
    assert set(found.interviews) == {"case", "interviewer", "score", "a", "b"}


def test_where_everybody_ticks_the_middle_nobody_stands_out():
    table = survey()
    table[["t0", "t1", "t2", "t3"]] = 5
    found = screen_straightlining(held(table), {"a": ["t0", "t1", "t2", "t3"], "b": ["t4", "t5", "t6", "t7"]})
    assert found.flagged == []


def test_other_routes_do_not_make_an_interviewer_odd():
    """The battery where answers vary least was asked of one region only; the mean beside the battery's own stays even."""
    values = np.array([[0.2, np.nan], [0.2, np.nan], [np.nan, 0.8], [0.2, 0.8]])
    np.testing.assert_allclose(beside_mean(values), np.full(4, beside_mean(values)[0]), atol=1e-15)


# ------------------------------------------------------------------------------------------------- answers that are none
def test_reasons_and_codes_say_the_same():
    table = survey()
    rng = np.random.default_rng(3)
    silent = rng.random((600, 2)) < 0.1
    silent[(table["who"] == 4).to_numpy()] = True
    coded = table.assign(a=np.where(silent[:, 0], 9, 1), b=np.where(silent[:, 1], 8, 1))
    coded.loc[::7, "b"] = np.nan
    reasons = pd.DataFrame(
        {"a": np.where(silent[:, 0], "refused", None), "b": np.where(silent[:, 1], "dont_know", None)}
    )
    reasons.loc[::7, "b"] = "not_asked"
    one = screen_item_nonresponse(held(coded), ["a", "b"], codes=[8, 9])
    two = screen_item_nonresponse(held(coded), ["a", "b"], reasons=reasons)
    assert one.flagged == two.flagged == [4]
    pd.testing.assert_frame_equal(one.table, two.table)


def test_no_item_without_an_answer_deserves_a_look_as_well():
    table = survey(3000)
    rng = np.random.default_rng(3)
    table["a"] = np.where(rng.random(3000) < 0.25, 9, 1)
    table.loc[table["who"] == 4, "a"] = 1
    found = screen_item_nonresponse(held(table), ["a"], codes=[9])
    assert found.flagged == [4]
    assert found.table.loc[0, "statistic"] == 0
    assert SECOND_LOOK in found.table.loc[0, "sentence"]


# -------------------------------------------------------------------------------------------------------- times and places
def test_length_is_judged_beside_the_same_route():
    """One interviewer has short routes and honest times; another long routes and short times."""
    rng = np.random.default_rng(5)
    table = survey()
    table["asked"] = np.where(table["who"] == 3, 20, rng.integers(40, 80, 600))
    extra = table["who"].isin([3]) | (rng.random(600) < 0.1)
    table["asked"] = np.where(extra, 20, table["asked"])
    table["minutes"] = (
        table["asked"] * 0.5 * np.exp(0.25 * rng.standard_normal(600)) * np.where(table["who"] == 15, 0.4, 1)
    )
    found = screen_duration(held(table), "asked", minutes="minutes")
    assert found.flagged == [15]
    rows = found.interviews
    assert rows.loc[rows["interviewer"] == 15, "short"].mean() > 0.6
    assert rows.loc[rows["interviewer"] != 15, "short"].mean() < 0.02


def test_the_usual_length_is_the_median_of_at_least_thirty_next_to_each_other():
    length = np.repeat([1.0, 2.0, 3.0, 4.0], [40, 10, 25, 5])
    took = np.arange(80.0) + 1
    made = usual(took, length)
    assert made[:40].tolist() == [20.5] * 40
    assert made[40:].tolist() == [60.5] * 40  # 10 + 25, and the 5 left over with them


def day(*rows):
    return pd.DataFrame(rows, columns=["who", "start", "end", "lat", "lon"]).assign(region=1)


def test_schedules_that_cannot_be():
    table = day(
        ("a", "2026-05-04 10:00", "2026-05-04 11:00", 43.2, 76.9),
        ("a", "2026-05-04 10:10", "2026-05-04 10:20", 43.2, 76.9),  # within the first
        ("a", "2026-05-04 10:30", "2026-05-04 11:20", 43.2, 76.9),  # the first still runs, though the last has ended
        ("b", "2026-05-04 10:00", "2026-05-04 10:30", 43.2, 76.9),
        ("b", "2026-05-04 11:00", "2026-05-04 11:30", 44.2, 76.9),  # 111 km in half an hour
        ("b", "2026-05-04 23:30", "2026-05-04 23:50", 44.2, 76.9),  # night
        ("c", "2026-05-04 10:00", "2026-05-04 10:30", 43.2, 76.9),
        ("c", "2026-05-04 12:00", "2026-05-04 12:30", 44.2, 76.9),  # 111 km in an hour and a half
        ("d", None, None, None, None),
    )
    found = screen_schedule(held(table, start="start", end="end", latitude="lat", longitude="lon"))
    rows = found.interviews
    assert rows.index[rows["overlap"]].tolist() == [1, 2]
    assert rows.index[rows["travel"]].tolist() == [4]
    assert rows.index[rows["night"]].tolist() == [5]
    assert found.flagged == ["a", "b"]
    assert not {"lat", "lon", "start", "end"} & {*rows, *found.table}
    assert "43.2" not in found.table.to_csv() + rows.to_csv() + " ".join(found.table["sentence"])
    assert str(found.notes[0]).startswith("1 interviews have no time")


def test_hours_are_those_of_the_place_and_days_have_a_most():
    table = day(*[("a", f"2026-05-04 {h:02d}:00", f"2026-05-04 {h:02d}:05", 43.2, 76.9) for h in range(4, 19)])
    here = screen_schedule(held(table, start="start", end="end"), timezone="Asia/Almaty")
    assert here.interviews["night"].sum() == 2  # 17 and 18 in UTC are 22 and 23
    assert here.interviews["many"].all()
    some = screen_schedule(held(table, start="start", end="end"), limits=Limits(a_day=15, first_hour=4))
    assert not some.interviews["many"].any()
    assert not some.interviews["night"].any()


# ---------------------------------------------------------------------------------------------- contacts, order, variance
def test_numbers_are_the_same_however_they_are_written_and_never_shown():
    table = survey()
    table.loc[table["who"] == 7, "phone"] = ["+7 (705) 111-22-33", "8705 111 22 33", "7051112233"][0]
    table.loc[table.index[table["who"] == 7][:3], "phone"] = "8705 111 22 33"
    table.loc[0, "phone"] = "none"
    found = screen_duplicates(held(table), "phone", key=KEY)
    assert found.flagged == [7]
    own = found.interviews[found.interviews["interviewer"] == 7]
    assert set(own["contact"]) == {own["contact"].iloc[0]}
    assert (own["times"] == len(own)).all()
    assert np.isnan(found.interviews.loc[0, "score"])
    assert not any("111" in str(value) and "2233" in str(value) for value in found.interviews["contact"])
    other = screen_duplicates(held(table), "phone", key=KEY + "!")
    assert set(other.interviews["contact"].dropna()) & set(found.interviews["contact"].dropna()) == set()


def test_open_words_are_compared_without_signs():
    table = survey().assign(why="")
    table["why"] = [f"reason number {k} of many" for k in range(600)]
    table.loc[table["who"] == 7, "why"] = "Because the queue was LONG"
    table.loc[table.index[table["who"] == 7][0], "why"] = "because the queue, was long."
    assert screen_duplicates(held(table), "why", key=KEY, kind="text").flagged == [7]


def test_what_grows_is_found_and_what_is_high_throughout_is_not():
    table = survey(900)
    rng = np.random.default_rng(8)
    order = table.groupby("who").cumcount() / table.groupby("who")["who"].transform("size")
    table["filter"] = 1 + (rng.random(900) < np.where(table["who"] == 5, 0.05 + 0.9 * (order > 0.5), 0.5))
    table.loc[table["who"] == 6, "filter"] = 2
    interviews = held(table, start="start", end="end")
    level = screen_filters(interviews, {"filter": [2]})
    drift = screen_drift(interviews, level)
    assert level.flagged == [6]
    assert drift.flagged == [5]
    assert 0.5 < drift.table.loc[0, "statistic"] < 1.5
    assert drift.screen.name == "drift_of_contact_filters"


def test_variances_within_units_equal_those_by_hand():
    rng = np.random.default_rng(9)
    x = rng.standard_normal((60, 5))
    given = rng.random((60, 5)) < 0.8
    who = rng.integers(0, 6, 60)
    made = _variances(np.where(given, x, 0.0), given, who, 6)
    frame = pd.DataFrame(np.where(given, x, np.nan))
    np.testing.assert_allclose(made, frame.groupby(who).var().mean(axis=1), rtol=1e-12)


def test_dealing_keeps_the_workloads_of_each_stratum():
    rng = np.random.default_rng(9)
    who, strata = rng.integers(0, 6, 200), rng.integers(0, 4, 200)
    mixed = _dealt(who, strata, rng)
    assert (mixed != who).any()
    for h in range(4):
        assert sorted(mixed[strata == h]) == sorted(who[strata == h])


def test_areas_that_are_alike_do_not_make_interviewers_odd():
    """Answers hang together by area, each worked by one interviewer: variances are small for everybody, and nobody stands out."""
    rng = np.random.default_rng(10)
    table = survey(900)
    items = [f"t{k}" for k in range(8)]
    effect = rng.standard_normal((30, 8))
    table[items] = np.round(effect[table["who"]] + rng.standard_normal((900, 8)))
    found = screen_variance(held(table), items, rng=1)
    assert found.flagged == []
    table.loc[table["who"] == 9, items] = np.round(
        effect[9] + 0.3 * rng.standard_normal(((table["who"] == 9).sum(), 8))
    )
    assert screen_variance(held(table), items, rng=1).flagged == [9]


def test_heaping_is_beside_others():
    rng = np.random.default_rng(6)
    table = survey(900).assign(age=lambda t: rng.integers(18, 80, len(t)))
    table["age"] = np.where(rng.random(900) < 0.2, table["age"] // 5 * 5, table["age"])
    table.loc[table["who"] == 11, "age"] = table.loc[table["who"] == 11, "age"] // 10 * 10
    assert screen_heaping(held(table), ["age"]).flagged == [11]


# ------------------------------------------------------------------------------------------------------------- positions
def test_displaced_points_lie_within_their_ways_and_directions_are_even():
    rng = np.random.default_rng(1)
    n = 20_000
    table = pd.DataFrame({"lat": rng.uniform(41, 55, n), "lon": rng.uniform(47, 87, n), "town": rng.random(n) < 0.4})
    moved = displace(table, latitude="lat", longitude="lon", urban="town", rng=3)
    way = kilometres(table[["lat", "lon"]].to_numpy(), moved[["latitude", "longitude"]].to_numpy())
    town = table["town"].to_numpy()
    assert way[town].max() <= 2 + 1e-6
    assert way[~town].max() <= 10 + 1e-6
    assert (way[town] > 1).mean() == pytest.approx(0.5, abs=0.02)  # the way is uniform
    assert (way[~town] > 2.5).mean() == pytest.approx(0.5, abs=0.02)
    assert 0.002 < (way[~town] > 5).mean() < 0.008  # half of one in a hundred
    north = moved["latitude"] > table["lat"]
    east = moved["longitude"] > table["lon"]
    for share in ((north & east).mean(), (north & ~east).mean(), (~north & east).mean()):
        assert share == pytest.approx(0.25, abs=0.015)


def test_a_way_there_is_as_long_as_it_was_said():
    rng = np.random.default_rng(2)
    start = np.stack([rng.uniform(-80, 80, 500), rng.uniform(-180, 180, 500)], axis=1)
    way = rng.uniform(0, 500, 500)
    np.testing.assert_allclose(
        kilometres(start, destination(start, way, rng.uniform(0, 7, 500))), way, rtol=1e-6, atol=1e-6
    )


def test_a_sampling_point_moves_whole_and_stays_inside_its_area():
    table = pl.DataFrame(
        {"psu": [1, 1, 2, 2], "lat": [43.2, 43.2, 43.3, 43.3], "lon": [76.9] * 4, "town": [True, True, False, False]}
    )
    asked = []

    def west(which, place):
        asked.append(len(which))
        return place[:, 1] < 76.9

    moved = displace(table, latitude="lat", longitude="lon", urban="town", cluster="psu", rng=1, inside=west)
    assert isinstance(moved, pl.DataFrame)
    assert moved.shape == (2, 3)
    assert (moved["longitude"] < 76.9).all()
    assert len(asked) >= 1
    with pytest.raises(ResponsesError, match="finds no place"):
        displace(
            table, latitude="lat", longitude="lon", urban="town", rng=1, inside=lambda which, place: place[:, 0] > 90,  # noqa: ARG005
            rule=Displacement(tries=3),
        )  # fmt: skip


# ------------------------------------------------------------------------------------------------------------- bad input
@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda t: held(t.assign(who=t["who"].where(t["who"] != 3))), "row \\d+, column 'who'"),
        (lambda t: held(t, case="region"), "row 2, column 'region'"),
        (lambda t: held(t, psu="pus"), "no column 'pus'"),
        (lambda t: held(t.head(0)), "no interviews"),
        (lambda t: held(t).units("psu"), "not named"),
        (lambda t: screen_straightlining(held(t), {"a": ["t0", "t1"]}), "battery 'a'"),
        (lambda t: screen_straightlining(held(t), {}), "No battery"),
        (lambda t: screen_straightlining(held(t.assign(t1="word")), {"a": ["t0", "t1", "t2"]}), "row 1, column 't1'"),
        (lambda t: screen_item_nonresponse(held(t), ["t0"]), "not said which"),
        (lambda t: screen_filters(held(t), {"filter": ["2"]}), "1 and '1'"),
        (lambda t: screen_filters(held(t), {}), "No item"),
        (lambda t: screen_heaping(held(t), ["t0"], step=0), "above 0"),
        (lambda t: screen_duration(held(t, start="end", end="start"), "t0"), "row 1, and 599 more"),
        (lambda t: screen_duration(held(t), "t0"), "Begin and end"),
        (lambda t: screen_duration(held(t.assign(m=-1.0)), "t0", minutes="m"), "row 1, column 'm'"),
        (lambda t: screen_duration(held(t.assign(start="noon"), start="start", end="end"), "t0"), "row 1, column 'start'"),
        (lambda t: screen_duration(held(t, start="start", end="end"), [1.0]), "do not fit"),
        (lambda t: screen_duplicates(held(t), "phone", key="short"), "too short"),
        (lambda t: screen_duplicates(held(t.assign(phone="-")), "phone", key=KEY), "nothing to compare"),
        (lambda t: screen_variance(held(t.assign(t0=1)), ["t0"], rng=1), "two different answers"),
        (lambda t: screen_variance(held(t), ["t0"], rng=1, draws=5), "Too few draws"),
        (lambda t: screen_drift(held(t, start="start", end="end"), screen_filters(held(t.tail(300)), {"filter": [2]})), "other interviews"),
        (lambda t: displace(t.assign(lat=91.0, lon=0.0, u=True), latitude="lat", longitude="lon", urban="u", rng=1), "row 1, and 599 more"),
        (lambda t: displace(t.assign(lat=1.0, lon=0.0, u=t.index > 5), latitude="lat", longitude="lon", urban="u", cluster="region", rng=1), "urban and rural"),
    ],
)  # fmt: skip
def test_bad_input_is_named(make, told):
    with pytest.raises(ResponsesError, match=told):
        make(survey())


def test_two_who_share_all_points_stand_on_either_side():
    table = survey()
    table["filter"] = 1
    table.loc[table["who"].isin(range(4)), "filter"] = 2
    found = screen_filters(held(table), {"filter": [2]})
    assert set(found.flagged) <= {0, 1, 2, 3}


def test_words_never_accuse_and_say_how_seldom():
    table = survey()
    table.loc[table["who"] == 12, "filter"] = 2
    found = screen_filters(held(table), {"filter": [2]})
    words = found.table["sentence"].str.cat(sep=" ") + found._repr_html_()
    assert SECOND_LOOK in words
    assert not {"fraud", "fabricat", "fake", "cheat", "guilt"} & set(words.casefold().split())
    assert [seldom(p) for p in (1.0, 0.03, 0.004)] == [
        "about 100 in 100 would be as far out by chance",
        "about 3 in 100 would be as far out by chance",
        "about 4 in 1,000 would be as far out by chance",
    ]
    assert "For the field team only" in found._repr_html_()


def test_sampling_points_are_units_as_well_and_few_interviews_are_not_judged():
    table = survey().assign(psu=lambda t: np.arange(len(t)) // 10)
    table.loc[table["psu"] == 7, "filter"] = 2
    screen = Screen(name="x", measures="a share", null="", needs=())
    made = screened(held(table, psu="psu"), screen, (table["filter"] == 2).to_numpy(float), unit="psu", level=0.2)
    assert "psu" in made.table
    few = screened(held(table), screen, (table["filter"] == 2).to_numpy(float), least=1000)
    assert few.flagged == []
    assert few.table["p"].isna().all()
    assert (few.table["rank"] == 0).all()
    assert few.table["sentence"].str.contains("not judged").all()


def test_pseudonyms_need_their_key():
    assert pseudonyms(["a", None, "b", "a"], key=KEY, prefix="I-")[1] is None
    assert pseudonyms(["a"], key=KEY) != pseudonyms(["a"], key=KEY[::-1])
