"""Second moments, shares, inequality and precision against closed forms, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.estimate import reliability
from survey_kit.estimate.intervals import t_quantile


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    n = 60
    out = pd.DataFrame({"w": rng.uniform(1, 3, n), "one": 1.0, "psu": np.repeat(np.arange(20), 3)})
    out["y"] = rng.normal(10, 2, n)
    out["x"] = out["y"] / 2 + rng.normal(size=n)
    out["z"] = rng.exponential(3, n)
    out["sex"] = rng.choice(["f", "m"], n)
    out["area"] = rng.choice(["n", "s", "w"], n)
    return out


def value(est: sk.Estimates, column: str = "estimate") -> float:
    return float(est.table[column].iloc[0])


# -------------------------------------------------------------------------------------------------------- closed forms
def test_equal_weights_give_the_usual_sample_moments(frame: pd.DataFrame) -> None:
    d = sk.Design(frame, weight="one")
    np.testing.assert_allclose(value(sk.variance(d, "y")), frame["y"].var(), rtol=1e-13)
    np.testing.assert_allclose(value(sk.sd(d, "y")), frame["y"].std(), rtol=1e-13)
    np.testing.assert_allclose(value(sk.covariance(d, ("y", "x"))), frame["y"].cov(frame["x"]), rtol=1e-13)
    np.testing.assert_allclose(value(sk.correlation(d, ("y", "x"))), frame["y"].corr(frame["x"]), rtol=1e-13)
    np.testing.assert_allclose(value(sk.geometric_mean(d, "z")), np.exp(np.log(frame["z"]).mean()), rtol=1e-13)


def test_se_of_a_variance_without_design(frame: pd.DataFrame) -> None:
    """Divisor n - 1 throughout: sd of n / (n - 1) (y - ybar)^2 over the root of n."""
    n = len(frame)
    e2 = n / (n - 1) * (frame["y"] - frame["y"].mean()) ** 2
    np.testing.assert_allclose(value(sk.variance(sk.Design(frame, weight="one"), "y"), "se"), e2.std() / np.sqrt(n))


@pytest.mark.parametrize("n", [2, 10, 37])
def test_gini_of_the_first_whole_numbers(n: int) -> None:
    """Of 1, ..., n it is (n - 1) / 3n in the population form, whose double sum counts everybody with himself."""
    d = sk.Design(pd.DataFrame({"w": np.ones(n), "y": np.arange(1.0, n + 1)}), weight="w")
    np.testing.assert_allclose(value(sk.gini(d, "y")), (n - 1) / (3 * n), rtol=1e-14)


def test_gini_where_one_has_all() -> None:
    d = sk.Design(pd.DataFrame({"w": np.ones(50), "y": [0.0] * 49 + [7.0]}), weight="w")
    np.testing.assert_allclose(value(sk.gini(d, "y")), 1 - 1 / 50, rtol=1e-14)


@pytest.mark.parametrize("function", [sk.gini, sk.mean_absolute_deviation, sk.variance, sk.correlation])
def test_a_weight_of_three_is_three_people(function: Any) -> None:
    few = pd.DataFrame({"w": [3.0, 1, 2, 2], "y": [1.0, 4, 4, 9], "x": [2.0, 2, 5, 1]})
    many = few.loc[np.repeat(few.index, few["w"].astype(int))].assign(w=1.0)
    y: Any = ("y", "x") if function is sk.correlation else "y"
    a, b = (value(function(sk.Design(part, weight="w"), y)) for part in (few, many))
    factor = (4 / 3) / (8 / 7) if function is sk.variance else 1.0
    np.testing.assert_allclose(a, factor * b, rtol=1e-14)


def test_deviations_about_mean_and_median() -> None:
    d = sk.Design(pd.DataFrame({"w": [1.0, 1, 1, 1, 1], "y": [0.0, 0, 1, 4, 10]}), weight="w")
    assert value(sk.mean_absolute_deviation(d, "y")) == 3.2
    assert value(sk.mean_absolute_deviation(d, "y", about="median")) == 2.8


def test_a_mean_on_a_value_takes_the_middle_of_both_derivatives() -> None:
    """Moving the mean of 1, 2, 3 up or down adds a third of it or takes it away: on balance nothing."""
    d = sk.Design(pd.DataFrame({"w": [1.0, 1, 1], "y": [1.0, 2, 3]}), weight="w")
    e = np.array([1.0, 0, 1]) - 2 / 3
    np.testing.assert_allclose(value(sk.mean_absolute_deviation(d, "y"), "se"), np.sqrt(3 / 2 * (e**2).sum()) / 3)


def test_the_fisher_interval_of_a_correlation(frame: pd.DataFrame) -> None:
    row = sk.correlation(sk.Design(frame, weight="w", psu="psu"), ("y", "x")).table.iloc[0]
    half = float(t_quantile(0.95, np.array([19.0]))[0]) * row["se"] / (1 - row["estimate"] ** 2)
    expected = np.tanh(np.arctanh(row["estimate"]) + half * np.array([-1, 1]))
    np.testing.assert_allclose(row[["ci_low", "ci_high"]].to_numpy(float), expected, rtol=1e-13)


def test_the_interval_of_a_geometric_mean_is_that_of_the_logarithms(frame: pd.DataFrame) -> None:
    frame["log"] = np.log(frame["z"])
    d = sk.Design(frame, weight="w", psu="psu")
    ours, logs = sk.geometric_mean(d, "z").table.iloc[0], sk.mean(d, "log").table.iloc[0]
    for name in ("estimate", "ci_low", "ci_high"):
        np.testing.assert_allclose(ours[name], np.exp(logs[name]), rtol=1e-13)


def test_a_perfect_correlation_is_exact(frame: pd.DataFrame) -> None:
    """Rounding must give neither a correlation above 1 nor a standard error."""
    d = sk.Design(frame.assign(x=3.3 * frame["y"] - 1e6), weight="w")
    row = sk.correlation(d, ("y", "x")).table.iloc[0]
    np.testing.assert_allclose(row["estimate"], 1.0, rtol=1e-12)
    assert row["se"] < 1e-9
    row = sk.correlation(sk.Design(frame.assign(x=-frame["y"]), weight="w"), ("y", "x")).table.iloc[0]
    assert (row["estimate"], row["se"], row["status"]) == (-1.0, 0.0, "one_value")


def test_bound_moments_make_a_regression_slope(frame: pd.DataFrame) -> None:
    """Covariance over variance is the slope; its SE by the delta method on the common covariance is the linearised one."""
    d = sk.Design(frame, weight="w", psu="psu")
    both = sk.bind(sk.covariance(d, ("y", "x")), sk.variance(d, "x"))
    cov, var = both.table["estimate"]
    g = np.array([1 / var, -cov / var**2])
    w, y, x = (frame[name] for name in ("w", "y", "x"))
    dy, dx = y - np.average(y, weights=w), x - np.average(x, weights=w)
    slope = (w * dy * dx).sum() / (w * dx**2).sum()
    t = (w * (dy - slope * dx) * dx / (w * dx**2).sum()).groupby(frame["psu"]).sum()
    np.testing.assert_allclose(cov / var, slope, rtol=1e-13)
    np.testing.assert_allclose(np.sqrt(g @ both.vcov() @ g), np.sqrt(20 / 19 * ((t - t.mean()) ** 2).sum()), rtol=1e-12)


# -------------------------------------------------------------------------------------------------------------- shares
def test_shares_add_up_within_what_they_are_shares_of(frame: pd.DataFrame) -> None:
    d = sk.Design(frame, weight="w", psu="psu")
    for est in (sk.share(d, "z", by="area", within="sex"), sk.share(d, by="area", within="sex")):
        assert est.keys == ("sex", "area")
        assert est.table[["sex", "area"]].values.tolist() == [[s, a] for s in "fm" for a in "nsw"]
        sums = est.linear(np.kron(np.eye(2), np.ones(3))).table
        np.testing.assert_allclose(sums["estimate"], 1.0, rtol=1e-14)
        np.testing.assert_allclose(sums["se"], 0.0, atol=1e-16)
    inside = sk.proportion(d, "area", by="sex").table
    ours = sk.share(d, by="area", within="sex").table
    np.testing.assert_allclose(
        ours[["estimate", "se", "ci_low", "n"]].to_numpy(float),
        inside[["estimate", "se", "ci_low", "n"]].to_numpy(float),
    )


def test_a_cell_with_nobody_has_a_share_of_nought(frame: pd.DataFrame) -> None:
    frame["area"] = pd.Categorical(frame["area"], ["n", "s", "w", "e"])
    d = sk.Design(frame, weight="w")
    for est in (sk.share(d, "z", by="area"), sk.share(d, by="area")):
        row = est.table.set_index("area").loc["e"]
        assert (row["estimate"], row["se"], row["status"]) == (0.0, 0.0, "one_value")


def test_margins_of_shares_are_the_sums_of_their_cells(frame: pd.DataFrame) -> None:
    d = sk.Design(frame, weight="w", psu="psu")
    for y in (None, "z"):
        est = sk.share(d, y, by=("sex", "area"), margins=True)
        table = est.table
        sums = est.linear(((table["sex"] == "f") & (table["area"] != "all")).to_numpy(float)).table.iloc[0]
        row = table[(table["sex"] == "f") & (table["area"] == "all")].iloc[0]
        np.testing.assert_allclose(row[["estimate", "se"]].to_numpy(float), [sums["estimate"], sums["se"]], rtol=1e-12)
        assert table.iloc[-1][["sex", "area", "estimate", "se"]].tolist() == ["all", "all", 1.0, 0.0]


def test_rows_without_a_key_belong_to_no_share(frame: pd.DataFrame) -> None:
    frame.loc[:9, "area"] = None
    est = sk.share(sk.Design(frame, weight="w"), "z", by="area")
    np.testing.assert_allclose(est.table["estimate"].sum(), 1.0)
    assert "10 rows belong to no domain because a 'by' column is missing" in est.notes


def test_what_shares_refuse(frame: pd.DataFrame) -> None:
    d = sk.Design(frame, weight="w")
    with pytest.raises(sk.SurveyKitError, match="both 'by' and 'within'"):
        sk.share(d, "z", by="area", within="area")
    with pytest.raises(sk.SurveyKitError, match="needs the domains"):
        sk.share(d, "z", by=())


# ------------------------------------------------------------------------------------------------------ refused, noted
def test_a_geometric_mean_of_what_is_not_above_zero(frame: pd.DataFrame) -> None:
    frame.loc[3:4, "z"] = [0.0, -1.0]
    with pytest.raises(sk.SurveyKitError, match="2 of 60 values are zero or less"):
        sk.geometric_mean(sk.Design(frame, weight="w"), "z")
    frame["above"] = frame["z"] > 0
    assert value(sk.geometric_mean(sk.Design(frame, weight="w"), "z", where="above"), "n") == 58


@pytest.mark.parametrize("function", [sk.covariance, sk.correlation])
def test_a_pair_needs_two(frame: pd.DataFrame, function: Any) -> None:
    for y in ("y", ("y",)):
        with pytest.raises(sk.SurveyKitError, match="pair of variables"):
            function(sk.Design(frame, weight="w"), y)


def test_gini_of_debts_and_of_nothing(frame: pd.DataFrame) -> None:
    frame["z"] -= 1.0
    low = int((frame["z"] < 0).sum())
    frame["zero"] = np.where(frame["sex"] == "f", 0.0, 2.0 + frame["z"])
    d = sk.Design(frame, weight="w")
    assert f"{low} values of 'z' are below zero, so its Gini coefficient can exceed 1" in sk.gini(d, "z").notes
    table = sk.gini(d, "zero", by="sex").table.set_index("sex")
    assert table["status"].tolist() == ["undefined", "ok"]
    assert np.isnan(table.loc["f", "estimate"])


def test_an_interval_for_another_scale(frame: pd.DataFrame) -> None:
    d = sk.Design(frame, weight="w")
    with pytest.raises(sk.SurveyKitError, match="correlations between -1 and 1"):
        sk.variance(d, "y", interval="fisher")
    with pytest.raises(sk.SurveyKitError, match="zero or more"):
        sk.correlation(sk.Design(frame.assign(x=-frame["y"]), weight="w"), ("y", "x"), interval="log")
    with pytest.raises(sk.SurveyKitError, match="shares between 0 and 1"):
        sk.mean_absolute_deviation(d, "z", interval="logit")
    with pytest.raises(sk.SurveyKitError, match="centre of deviations"):
        sk.mean_absolute_deviation(d, "z", about="mode")  # type: ignore[arg-type]


def test_negative_calibrated_weights_stop_nothing(frame: pd.DataFrame) -> None:
    d = sk.calibrate(sk.Design(frame, weight="w", psu="psu"), {"y": 1800, "z": 120}, population=120)
    assert (d.layout.weight < 0).any()
    for function in (sk.variance, sk.sd, sk.gini, sk.mean_absolute_deviation, sk.geometric_mean):
        assert set(function(d, "z", by="sex").table["status"]) <= {"ok", "undefined"}
    assert set(sk.correlation(d, ("y", "x"), by="sex").table["status"]) <= {"ok", "one_value", "undefined"}


# ----------------------------------------------------------------------------------------------------------- precision
def test_equal_weights_and_independent_rows_cost_nothing(frame: pd.DataFrame) -> None:
    table = sk.precision(sk.mean, sk.Design(frame, weight="one"), ("y", "z"))
    np.testing.assert_allclose(table[["deff", "deft", "meff", "meft", "deff_kish"]], 1.0, rtol=1e-12)
    np.testing.assert_allclose(table["n_effective"], 60, rtol=1e-12)


def test_precision_takes_any_statistic_and_keeps_its_rows(frame: pd.DataFrame) -> None:
    d = sk.Design(frame, weight="w", psu="psu")
    for statistic, y in (
        (sk.proportion, "area"),
        (sk.count, "area"),
        (sk.total, "z"),
        (sk.gini, "z"),
        (sk.variance, "y"),
    ):
        est = statistic(d, y, by="sex", deff="srswor")
        table = sk.precision(statistic, d, y, by="sex", reference="srswor")
        for name in ("sex", "variable", "category", "statistic"):
            assert table[name].tolist() == est.table[name].tolist()
        for name in ("estimate", "se", "df", "n", "cv", "deff"):
            np.testing.assert_allclose(table[name], est.table[name])
        np.testing.assert_allclose(table["n_effective"] * table["deff"], table["n"])
        assert np.isfinite(table[["meff", "deff_kish"]]).all(axis=None)


def test_a_total_is_not_misspecified_by_the_sum_of_the_weights(frame: pd.DataFrame) -> None:
    """Independent draws are given the design's sum of weights, or the effect would be the square of a mean weight."""
    d = sk.Design(frame.assign(w=40.0), weight="w")
    row = sk.precision(sk.total, d, "y").iloc[0]
    np.testing.assert_allclose([row["deff"], row["meff"]], 1.0, rtol=1e-12)


def test_margins_have_the_kish_effect_of_their_domain(frame: pd.DataFrame) -> None:
    d = sk.Design(frame, weight="w")
    table = sk.precision(sk.variance, d, "y", by=("sex", "area"), margins=True)
    w = frame["w"]
    whole = table[(table["sex"] == "all") & (table["area"] == "all")].iloc[0]
    np.testing.assert_allclose(whole["deff_kish"], 60 * (w**2).sum() / w.sum() ** 2)
    part = w[frame["sex"] == "f"]
    row = table[(table["sex"] == "f") & (table["area"] == "all")].iloc[0]
    np.testing.assert_allclose(row["deff_kish"], len(part) * (part**2).sum() / part.sum() ** 2)


def test_each_statistic_has_its_rule(frame: pd.DataFrame) -> None:
    d = sk.Design(frame, weight="w", psu="psu")
    rules = {
        "nchs_2017": [sk.precision(sk.proportion, d, "area"), sk.precision(sk.share, d, by="area")],
        "nchs_2023": [sk.precision(sk.count, d, "area", by="sex")],
        "cv_bands": [sk.precision(sk.mean, d, "y"), sk.precision(sk.share, d, "z", by="area")],
    }
    for rule, tables in rules.items():
        for table in tables:
            assert set(table["reliability_rule"]) == {rule}
            assert set(table["reliability"]) <= {"publish", "caution", "review", "suppress"}
    none = sk.precision(sk.correlation, d, ("y", "x"))
    assert none[["reliability", "reliability_rule"]].values.tolist() == [["none", None]]
    share = sk.precision(sk.mean, sk.Design(frame.assign(b=frame["y"] > 10), weight="w"), "b", rule="nchs_2017")
    assert share["reliability_rule"].tolist() == ["nchs_2017"]


def test_a_count_is_judged_on_the_people_of_its_category(frame: pd.DataFrame) -> None:
    """Not on the base: eight people of sixty are too few."""
    frame["rare"] = np.where(np.arange(60) % 8 == 0, "yes", "no")
    table = sk.precision(sk.count, sk.Design(frame, weight="w"), "rare").set_index("category")
    assert table.loc["yes", "reliability_reason"] == "fewer than 10 people"
    assert table.loc["no", "reliability"] == "publish"


def test_what_precision_refuses(frame: pd.DataFrame) -> None:
    d = sk.Design(frame, weight="w")
    with pytest.raises(sk.SurveyKitError, match="is for shares between 0 and 1"):
        sk.precision(sk.mean, d, "y", rule="nchs_2017")
    with pytest.raises(sk.SurveyKitError, match="is not a rule"):
        sk.precision(sk.mean, d, "y", rule="nchs")  # type: ignore[arg-type]
    with pytest.raises(sk.SurveyKitError, match="is not a reference"):
        sk.precision(sk.mean, d, "y", reference="srs")  # type: ignore[arg-type]
    with pytest.raises(sk.SurveyKitError, match="'median' has no design effect"):
        sk.precision(sk.median, d, "y")


@pytest.mark.parametrize(
    ("se", "df", "n", "verdict", "reason"),
    [
        (100.0, 40.0, 50.0, "publish", ""),
        (100.0, 40.0, 9.0, "suppress", "fewer than 10 people"),
        (370.0, 40.0, 50.0, "suppress", "interval wider than 1.6 times the count"),
        (100.0, 7.0, 50.0, "review", "fewer than 8 degrees of freedom"),
        (100.0, 0.0, 50.0, "suppress", "no degrees of freedom"),
    ],
)
def test_the_standard_for_counts(se: float, df: float, n: float, verdict: str, reason: str) -> None:
    """Relative width 2 sinh(t SE / count) of the interval on the log scale: 1.6 at t SE / count = 0.7327."""
    one = np.ones(1)
    told = reliability.of_counts(1000.0 * one, se * one, df * one, n * one)
    assert (told.reliability[0], told.reason[0]) == (verdict, reason)


def test_precision_comes_back_in_the_frame_of_the_design(frame: pd.DataFrame) -> None:
    polars = pytest.importorskip("polars")
    table = sk.precision(sk.mean, sk.Design(polars.from_pandas(frame), weight="w"), "y", by="sex")
    assert isinstance(table, polars.DataFrame)
    assert table["sex"].to_list() == ["f", "m"]
