"""Trends, differences in differences and tests of estimates: positions, knots, gaps, names and families."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import survey_kit as sk


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(12)
    n = 900
    frame = pd.DataFrame({"psu": rng.integers(0, 30, n), "w": rng.uniform(0.5, 2.5, n)})
    frame["wave"] = rng.choice(["2018/19", "2021", "2022", "2024"], n)
    frame["year"] = frame["wave"].map({"2018/19": 2019, "2021": 2021, "2022": 2022, "2024": 2024})
    frame["town"] = rng.choice(["a", "b", "c"], n)
    frame["court"] = np.round(5 + (frame["year"] - 2019) / 3 + rng.normal(size=n), 1)
    frame["police"] = np.round(4 + rng.normal(size=n), 1)
    frame["late"] = frame["court"].where(frame["year"] > 2020)
    return frame


@pytest.fixture(scope="module")
def by_year(frame: pd.DataFrame) -> sk.Estimates:
    return sk.mean(sk.Design(frame, weight="w", psu="psu", wave="year"), ("court", "police"), by="year")


@pytest.fixture(scope="module")
def by_wave(frame: pd.DataFrame) -> sk.Estimates:
    return sk.mean(sk.Design(frame, weight="w", psu="psu", wave="wave"), "court", by="wave")


@pytest.fixture(scope="module")
def by_town(frame: pd.DataFrame) -> sk.Estimates:
    design = sk.Design(frame, weight="w", psu="psu", wave="year")
    return sk.mean(design, ("court", "police"), by=("year", "town"))


# ---------------------------------------------------------------------------------------------------------------- trends
def test_the_slope_is_that_of_least_squares(by_year: sk.Estimates) -> None:
    out = sk.trend(by_year, "year").table
    assert out["variable"].tolist() == ["court", "police"]
    assert out[["begin", "end"]].values.tolist() == [[2019, 2024], [2019, 2024]]
    for row in out.itertuples():
        theta = by_year.table.loc[by_year.table["variable"] == row.variable, "estimate"]
        assert row.estimate == pytest.approx(np.polyfit([2019, 2021, 2022, 2024], theta, 1)[0], rel=1e-9)


def test_positions_in_several_ways(by_wave: sk.Estimates, by_year: sk.Estimates) -> None:
    years = {"2018/19": 2019, "2021": 2021, "2022": 2022, "2024": 2024}
    slope = sk.trend(by_year, "year").table.iloc[0]
    for at in (years, list(years.values()), np.array([0.0, 2, 3, 5])):
        ours = sk.trend(by_wave, "wave", at=at).table.iloc[0]
        assert (ours["estimate"], ours["se"]) == (pytest.approx(slope["estimate"]), pytest.approx(slope["se"]))
        assert (ours["begin"], ours["end"]) == ("2018/19", "2024")
    apart = sk.trend(by_wave, "wave")
    assert any("one apart" in note for note in apart.notes)
    equal = sk.trend(by_wave, "wave", at=[0, 1, 2, 3]).table.iloc[0]
    assert apart.table["estimate"].iloc[0] == pytest.approx(equal["estimate"], rel=1e-13)
    backwards = sk.trend(by_wave, "wave", at=[2024, 2022, 2021, 2019]).table.iloc[0]
    assert (backwards["begin"], backwards["end"]) == ("2024", "2018/19")


def test_segments_meet_at_the_knots(by_year: sk.Estimates) -> None:
    out = sk.trend(by_year, "year", kind="piecewise", knots=[2021, 2022])
    court = out.table[out.table["variable"] == "court"]
    assert court["statistic"].tolist() == ["slope"] * 3 + ["change of slope"] * 2
    assert court[["begin", "end"]].values.tolist() == [
        [2019, 2021],
        [2021, 2022],
        [2022, 2024],
        [2021, 2021],
        [2022, 2022],
    ]
    theta = by_year.table.loc[by_year.table["variable"] == "court", "estimate"].to_numpy()
    slopes = np.diff(theta) / np.array([2, 1, 2])  # as many knots as a line through every wave needs
    np.testing.assert_allclose(court["estimate"], [*slopes, *np.diff(slopes)], rtol=1e-9)
    changes = by_year.change("year").table
    changes = changes[changes["variable"] == "court"]
    np.testing.assert_allclose(court["se"].iloc[:3], changes["se"] / np.array([2, 1, 2]), rtol=1e-9)
    assert court["n"].iloc[0] == changes["n"].iloc[0]  # a weight of 1e-17 would make the third wave count


def test_a_knot_between_waves_and_one_named_by_its_label(by_wave: sk.Estimates) -> None:
    at = [2019, 2021, 2022, 2024]
    named = sk.trend(by_wave, "wave", kind="piecewise", at=at, knots=["2021"])
    placed = sk.trend(by_wave, "wave", kind="piecewise", at=at, knots=[2021.0])
    np.testing.assert_allclose(named.table["estimate"], placed.table["estimate"])
    between = sk.trend(by_wave, "wave", kind="piecewise", at=at, knots=[2021.5]).table
    assert between["end"].tolist() == [2021.5, "2024", 2021.5]


def test_waves_without_an_estimate_are_passed_over(frame: pd.DataFrame) -> None:
    design = sk.Design(frame, weight="w", psu="psu", wave="year")
    est = sk.mean(design, ("court", "late"), by="year", missing="exclude")
    out = sk.trend(est, "year").table.set_index("variable")
    theta = est.table[(est.table["variable"] == "late") & (est.table["year"] > 2020)]["estimate"]
    assert out.loc["late", "estimate"] == pytest.approx(np.polyfit([2021, 2022, 2024], theta, 1)[0], rel=1e-9)
    broken = sk.trend(est, "year", kind="piecewise", knots=[2021, 2022]).table
    assert broken[broken["variable"] == "late"]["status"].tolist() == ["empty"] * 5
    assert broken[broken["variable"] == "court"]["status"].tolist() == ["ok"] * 5


def test_trends_of_functions_and_of_gaps_between_groups(by_town: sk.Estimates) -> None:
    logs = sk.trend(by_town.map(lambda m: {"log court": np.log(m["court"])}), "year")
    assert logs.table["town"].tolist() == ["a", "b", "c"]
    gaps = by_town.change("town", to="first")
    gap = sk.trend(gaps, "year").table.set_index(["town", "variable"])
    slopes = sk.trend(by_town, "year").table.set_index(["town", "variable"])["estimate"]
    assert gap.loc[("b", "court"), "estimate"] == pytest.approx(slopes["b", "court"] - slopes["a", "court"])


def test_two_statistics_keep_their_courses_apart(frame: pd.DataFrame) -> None:
    design = sk.Design(frame, weight="w", psu="psu", wave="year")
    both = sk.bind(sk.mean(design, "court", by="year"), sk.total(design, "court", by="year"))
    assert sk.trend(both, "year").table["statistic"].tolist() == ["slope of mean", "slope of total"]


FAULTS: dict[str, tuple[Any, str]] = {
    "key": (lambda e: sk.trend(e, "yaer"), "did you mean 'year'"),
    "kind": (lambda e: sk.trend(e, "year", kind="piece"), "did you mean 'piecewise'"),
    "no knots": (lambda e: sk.trend(e, "year", kind="piecewise"), "needs knots"),
    "knots of a line": (lambda e: sk.trend(e, "year", knots=[2021]), "has no knots"),
    "knot at the end": (lambda e: sk.trend(e, "year", kind="piecewise", knots=[2024]), "strictly between"),
    "knot twice": (lambda e: sk.trend(e, "year", kind="piecewise", knots=[2021, "2021"]), "strictly between"),
    "unknown knot": (lambda e: sk.trend(e, "year", kind="piecewise", knots=["2020a"]), "did you mean"),
    "too many knots": (
        lambda e: sk.trend(e, "year", kind="piecewise", knots=[2020, 2021, 2022]),
        "cannot tell so many slopes apart",
    ),
    "positions": (lambda e: sk.trend(e, "year", at=[1, 2]), "2 positions for 4 labels"),
    "equal positions": (lambda e: sk.trend(e, "year", at=[1, 2, 2, 3]), "different finite numbers"),
    "a label without position": (lambda e: sk.trend(e, "year", at={2019: 1}), "'2021' has no position"),
    "did key": (lambda e: sk.difference_in_differences(e, "yaer", "town"), "did you mean 'year'"),
    "did group": (lambda e: sk.difference_in_differences(e, "year", "twon"), "did you mean 'town'"),
    "did group is the key": (lambda e: sk.difference_in_differences(e, "year", "year"), "no group"),
    "did base": (lambda e: sk.difference_in_differences(e, "year", "town", base="z"), "There is no town 'z'"),
    "did to": (lambda e: sk.difference_in_differences(e, "year", "town", to=2020), "There is no year '2020'"),
    "did of changes": (lambda e: sk.difference_in_differences(e.change("town"), "year", "town"), "changes already"),
    "adjustment": (lambda e: sk.significance(e, adjust="hol"), "did you mean 'holm'"),
    "family": (lambda e: sk.significance(e, family="twon"), "did you mean 'town'"),
    "null": (lambda e: sk.significance(e, [0, 1]), "2 values for 24 rows"),
    "p": (lambda _: sk.adjust_p([1.2]), "outside 0 to 1"),
    "p families": (lambda _: sk.adjust_p([0.2, 0.3], family=["a"]), "1 labels for 2 p-values"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_cannot_be_done_is_said(by_town: sk.Estimates, fault: str) -> None:
    call, message = FAULTS[fault]
    with pytest.raises(sk.SurveyKitError, match=message) as caught:
        call(by_town)
    assert len(str(caught.value).splitlines()) <= 5


# --------------------------------------------------------------------------------------------- differences in differences
def test_the_difference_of_two_changes(by_town: sk.Estimates) -> None:
    out = sk.difference_in_differences(by_town, "year", "town", base="b")
    changes = by_town.change("year")
    assert len(out.table) == 3 * 2 * 2  # pairs of waves, other towns, variables
    assert set(out.table["against"]) == {"b"}
    for row in out.table.itertuples():
        one, two = (
            changes.difference(
                {"year": row.year, "town": town, "variable": row.variable},
                {"year": row.year, "town": "b", "variable": row.variable},
            ).table.iloc[0]
            for town in (row.town, "b")
        )
        assert row.estimate == pytest.approx(one["estimate"], rel=1e-10)
        assert row.se == pytest.approx(one["se"], rel=1e-10)
        assert two["estimate"] == 0


def test_items_can_be_the_groups_and_any_wave_the_base(by_town: sk.Estimates) -> None:
    out = sk.difference_in_differences(by_town, "year", "variable", base="police", to="2021").table
    assert out["from"].unique().tolist() == [2021]
    assert set(out["variable"]) == {"court"}
    assert set(out["year"]) == {2019, 2022, 2024}


def test_where_the_base_lacks_a_wave_the_row_is_empty(frame: pd.DataFrame) -> None:
    gone = frame[(frame["town"] != "a") | (frame["year"] != 2022)]
    est = sk.mean(sk.Design(gone, weight="w", psu="psu", wave="year"), "court", by=("year", "town"))
    out = sk.difference_in_differences(est, "year", "town").table
    assert out[out["town"] == "b"].set_index("year")["status"].to_dict() == {2021: "ok", 2022: "empty", 2024: "empty"}


def test_waves_that_share_units_count_their_covariance(frame: pd.DataFrame) -> None:
    declared = {"weight": "w", "psu": "psu", "wave": "year"}
    apart = sk.mean(sk.Design(frame, **declared), "court", by=("year", "town"))
    shared = sk.mean(sk.Design(frame, **declared, overlap="psu"), "court", by=("year", "town"))
    one, two = (sk.difference_in_differences(est, "year", "town", to="first").table for est in (apart, shared))
    np.testing.assert_allclose(one["estimate"], two["estimate"])
    assert not np.allclose(one["se"], two["se"])


# ----------------------------------------------------------------------------------------------------------------- tests
def test_t_p_and_families(by_town: sk.Estimates) -> None:
    changes = by_town.change("year")
    tests = sk.significance(changes, adjust="holm", family="variable")
    table, rows = tests.table, changes.table
    np.testing.assert_allclose(table["statistic"], rows["estimate"] / rows["se"], rtol=1e-14)
    np.testing.assert_allclose(table["p"], 2 * stats.t.sf(np.abs(table["statistic"]), rows["df"]), rtol=1e-10)
    for variable in ("court", "police"):
        at = (rows["variable"] == variable).to_numpy()
        np.testing.assert_allclose(table["p_adjusted"][at], sk.adjust_p(table["p"][at], "holm"), rtol=1e-14)
    assert "18 tests, p adjusted within each variable (holm)" in tests.notes
    plain = sk.significance(changes)
    np.testing.assert_array_equal(plain.table["p_adjusted"], plain.table["p"])
    assert "18 tests, p not adjusted for their number" in plain.notes


def test_the_interval_excludes_the_null_when_p_is_small(by_year: sk.Estimates) -> None:
    table = by_year.change("year").table
    tests = sk.significance(by_year.change("year"), null=table["ci_low"].to_numpy()).table
    np.testing.assert_allclose(tests["p"], 0.05, rtol=1e-9)


def test_rows_that_cannot_be_tested_do_not_count(frame: pd.DataFrame) -> None:
    design = sk.Design(frame.assign(fixed=1.0), weight="w", psu="psu", wave="year")
    est = sk.mean(design, ("court", "late", "fixed"), by="year", missing="exclude").change("year")
    tests = sk.significance(est, adjust="bonferroni").table
    tested = tests["p"].notna().to_numpy()
    assert tested.sum() == 5  # three changes of one item, two of the other, none of what never varies
    np.testing.assert_allclose(tests["p_adjusted"][tested], np.minimum(5 * tests["p"][tested], 1))


def test_very_small_p_values_keep_their_digits() -> None:
    """One minus a distribution function is 0 from 1e-16 on."""
    frame = pd.DataFrame({"w": 1.0, "y": np.tile([9.9, 10.0, 10.1], 100)})
    tests = sk.significance(sk.mean(sk.Design(frame, weight="w"), "y"), null=9.9).table.iloc[0]
    assert tests["p"] == pytest.approx(2 * stats.t.sf(tests["statistic"], 299), rel=1e-9)
    assert 0 < tests["p"] < 1e-40
