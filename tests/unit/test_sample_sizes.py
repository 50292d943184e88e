"""Sample size and power: the numbers of the planning notes, closed forms, and simulation."""

import math

import numpy as np
import pandas as pd
import pytest

from survey_kit.errors import DesignError
from survey_kit.sampling.precision import (
    average,
    change_se,
    crosswise,
    detectable_change,
    detectable_difference,
    forced_response,
    list_experiment,
    planned_se,
    sample_size,
    sample_size_for_change,
    share,
)
from survey_kit.sampling.precision_tables import power_curve, region_precision, region_sizes

BRIBERY, TRUST = share(0.13, base=0.77, name="bribery"), share(0.6, name="trust")


def test_the_figures_of_the_planning_notes():
    assert round(100 * planned_se(BRIBERY, 2000, deff=1.6), 2) == 1.08
    assert round(100 * planned_se(TRUST, 2000, deff=1.6), 2) == 1.39
    assert round(100 * detectable_change(BRIBERY, 2000, deff=1.6), 1) == 4.3
    assert round(100 * detectable_change(TRUST, 2000, deff=1.6), 1) == 5.5


@pytest.mark.parametrize("measure", [TRUST, BRIBERY, average(5.0, 2.5), crosswise(0.1, known=0.15)])
@pytest.mark.parametrize(("overlap", "correlation"), [(0.0, 0.0), (0.5, 0.6), (1.0, 0.3)])
def test_the_size_for_a_change_is_the_inverse_of_the_detectable_change(measure, overlap, correlation):
    found = sample_size_for_change(measure, 0.04, deff=1.4, overlap=overlap, correlation=correlation)
    for n, fine in ((found.interviews, True), (found.interviews - 1, False)):
        reached = detectable_change(measure, n, deff=1.4, overlap=overlap, correlation=correlation) <= 0.04 * (
            1 + 1e-12
        )
        assert reached is fine


def test_precision_wanted_as_error_margin_or_coefficient_is_one_thing():
    by_se = sample_size(TRUST, se=0.01, deff=1.5)
    assert sample_size(TRUST, margin=0.01 * 1.959963984540054, deff=1.5) == by_se
    assert sample_size(TRUST, cv=0.01 / 0.6, deff=1.5) == by_se
    assert planned_se(TRUST, by_se.interviews, deff=1.5) <= 0.01


def test_a_small_population_needs_less_and_response_needs_more_cases():
    free, small = sample_size(TRUST, se=0.01), sample_size(TRUST, se=0.01, population=5000)
    assert small.interviews == math.ceil(2400 / (1 + 2400 / 5000))
    assert (
        planned_se(TRUST, small.interviews, population=5000)
        <= 0.01
        < planned_se(TRUST, small.interviews - 2, population=5000)
    )
    assert sample_size(TRUST, se=0.01, response=0.6).cases == math.ceil(free.interviews / 0.6)


def test_more_comparisons_and_smaller_waves_need_larger_changes():
    one = detectable_change(TRUST, 2000)
    assert detectable_change(TRUST, 2000, comparisons=20) > one
    assert detectable_change(TRUST, 2000, n_later=1000) > one
    assert detectable_difference(TRUST, TRUST, (2000, 2000)) == pytest.approx(one)


def _rng():
    return np.random.default_rng(5)


def test_indirect_questions_have_the_variance_they_say():
    rng, n, runs, p = _rng(), 400, 20_000, 0.2
    truth = rng.random((runs, n)) < p
    # crosswise: "both or none" against one of the two
    known = 0.15
    same = (truth == (rng.random((runs, n)) < known)).mean(axis=1)
    estimates = (same + known - 1) / (2 * known - 1)
    assert np.var(estimates) * n == pytest.approx(crosswise(p, known=known).unit_variance, rel=0.04)
    # forced response: a die says the truth 3/4, yes 1/6, no 1/12
    die = rng.random((runs, n))
    yes = np.where(die < 0.75, truth, die < 0.75 + 1 / 6).mean(axis=1)
    assert np.var((yes - 1 / 6) / 0.75) * n == pytest.approx(
        forced_response(p, truth=0.75, yes=1 / 6).unit_variance, rel=0.04
    )
    # list experiment: four innocuous items, half treated
    counts = rng.binomial(4, 0.3, (runs, n))
    difference = (counts + truth)[:, : n // 2].mean(axis=1) - counts[:, n // 2 :].mean(axis=1)
    expected = list_experiment(p, control_variance=4 * 0.3 * 0.7).unit_variance
    assert np.var(difference) * n == pytest.approx(expected, rel=0.04)


def test_the_error_of_a_change_of_overlapping_waves_is_that_of_simulated_ones():
    rng, n, part, rho = _rng(), 200, 0.6, 0.5
    shared = round(part * n)
    first = rng.standard_normal((20_000, n))
    second = rng.standard_normal((20_000, n))
    second[:, :shared] = rho * first[:, :shared] + math.sqrt(1 - rho**2) * second[:, :shared]
    change = second.mean(axis=1) - first.mean(axis=1)
    assert np.std(change) == pytest.approx(change_se(average(0.0, 1.0), n, overlap=part, correlation=rho), rel=0.02)


def test_a_curve_has_a_row_for_each_measure_and_size():
    table = power_curve([TRUST, BRIBERY], [500, 1000, 2000], deff=1.6)
    assert table["measure"].tolist() == ["trust"] * 3 + ["bribery"] * 3
    assert table["detectable_change"].is_monotonic_decreasing is False  # it starts anew with the second measure
    assert (table.groupby("measure")["se"].diff().dropna() < 0).all()


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: share(1.2), "between 0 and 1"),
        (lambda: share(0.2, base=0), "base"),
        (lambda: average(1, 0), "positive"),
        (lambda: crosswise(0.1, known=0.5), "tells nothing"),
        (lambda: forced_response(0.1, truth=0.8, yes=0.3), "forced yes"),
        (lambda: list_experiment(0.1, control_variance=1, treated=1.0), "treated part"),
        (lambda: sample_size(TRUST), "one wanted precision"),
        (lambda: sample_size(TRUST, se=0.1, margin=0.1), "one wanted precision"),
        (lambda: sample_size(TRUST, se=-1), "one wanted precision"),
        (lambda: sample_size_for_change(TRUST, 0.0), "not zero"),
        (lambda: detectable_change(TRUST, 100, power=1.0), "power"),
        (lambda: detectable_change(TRUST, 100, comparisons=0), "one comparison"),
        (lambda: planned_se(TRUST, 0), "positive"),
        (lambda: change_se(TRUST, 100, overlap=2), "overlap"),
    ],
)
def test_what_cannot_be_planned_is_refused(call, told):
    with pytest.raises(DesignError, match=told):
        call()


# ----------------------------------------------------------------------------------------- filters, populations, regions
def test_filters_multiply():
    assert share(0.2, base=(0.77, 0.4)).unit_variance == pytest.approx(share(0.2, base=0.308).unit_variance)
    with pytest.raises(DesignError, match="above 0 and at most 1"):
        share(0.2, base=(0.77, 1.2))


@pytest.mark.parametrize(("overlap", "rho"), [(0.0, 0.7), (0.5, 0.7), (1.0, 0.4)])
def test_change_in_a_finite_population_is_that_of_all_samples(overlap, rho):
    """Two waves of n of the same N people, m of them in both: the variance over draws of everything."""
    luck = np.random.default_rng(1)
    N, n = 60, 20  # noqa: N806
    m = round(overlap * n)
    first = luck.normal(size=N)
    second = rho * first + np.sqrt(1 - rho**2) * luck.normal(size=N)
    both = np.array([first, second]) - np.mean([first, second], axis=1, keepdims=True)
    q, _ = np.linalg.qr(both.T)  # made to have exactly unit variance and correlation rho
    q *= np.sqrt(N - 1)
    first, second = q[:, 0], rho * q[:, 0] + np.sqrt(1 - rho**2) * q[:, 1]
    order = luck.random((40_000, N)).argsort(axis=1)
    change = second[order[:, n - m : 2 * n - m]].mean(axis=1) - first[order[:, :n]].mean(axis=1)
    told = change_se(average(0, 1), n, overlap=overlap, correlation=rho, population=N)
    assert change.std() == pytest.approx(told, rel=4 / np.sqrt(2 * 40_000))


def test_the_whole_population_leaves_only_its_own_change():
    assert change_se(TRUST, 500, overlap=1.0, correlation=0.5, population=500) == pytest.approx(0.0)
    with pytest.raises(DesignError, match="at most its population"):
        change_se(TRUST, 500, population=400)


def test_every_region_at_once():
    regions = pd.DataFrame(
        {"region": ["a", "b", "c"], "n": [300, 500, 400], "people": [4e5, 9e5, 600.0], "deff": [1.5, 2, 1]}
    )
    table = region_precision([TRUST, BRIBERY], regions, region="region", n="n", population="people", deff="deff")
    assert table["n"].tolist() == [300, 500, 400, 1200] * 2
    for i, row in regions.iterrows():
        assert table["se"][i] == pytest.approx(planned_se(TRUST, row["n"], deff=row["deff"], population=row["people"]))
        found = detectable_change(BRIBERY, row["n"], deff=row["deff"], population=row["people"])
        assert table["detectable_change"][4 + i] == pytest.approx(found)
    weight = regions["people"] / regions["people"].sum()
    assert table["se"][3] == pytest.approx(np.sqrt((weight**2 * table["se"][:3] ** 2).sum()))
    wanted = region_sizes(TRUST, regions, region="region", margin=0.05, population="people", deff="deff", response=0.5)
    for i, row in regions.iterrows():
        one = sample_size(TRUST, margin=0.05, population=row["people"], deff=row["deff"], response=0.5)
        assert (wanted["interviews"][i], wanted["cases"][i]) == (one.interviews, one.cases)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"region": ["a", "a"]}, "region 'a' stands twice"),
        ({"region": ["a", None]}, "(?s)no name.*row 2"),
        ({"n": [100, 0]}, "(?s)positive.*column 'n', row 2"),
        ({"n": [100, None]}, "(?s)positive.*missing value"),
    ],
)
def test_regions_that_cannot_be_planned(change, told):
    regions = pd.DataFrame({"region": ["a", "b"], "n": [100, 200]} | change)
    with pytest.raises(DesignError, match=told):
        region_precision([TRUST], regions, region="region", n="n")
