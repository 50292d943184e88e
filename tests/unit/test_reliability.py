"""Reliability rules at their thresholds."""

from __future__ import annotations

import numpy as np
import pytest

from survey_kit.estimate import reliability
from survey_kit.estimate.intervals import interval


def one(value: float) -> np.ndarray:
    return np.array([value], dtype=np.float64)


def shares(p: float, n: float, df: float = 100.0, deff: float = 1.0) -> tuple[str, str]:
    se = np.sqrt(deff * p * (1 - p) / n)
    verdict = reliability.of_shares(one(p), one(se), one(df), one(n))
    assert verdict.rule == "nchs_2017"
    return verdict.reliability[0], verdict.reason[0]


@pytest.mark.parametrize(
    ("p", "n", "df", "expected"),
    [
        (0.5, 1000, 100, ("publish", "")),
        (0.5, 29, 28, ("suppress", "effective sample size under 30")),
        (0.5, 35, 34, ("suppress", "interval 0.30 wide or more")),
        (0.03, 100, 99, ("suppress", "interval wider than 1.3 times the share")),
        (0.97, 100, 99, ("caution", "interval wider than 1.3 times the complement")),
        (0.01, 4000, 100, ("publish", "")),  # at most 0.05 wide: shown although wide beside the share
        (0.001, 4000, 100, ("publish", "")),
        (0.5, 1000, 7, ("review", "fewer than 8 degrees of freedom")),
        (0.5, 1000, 8, ("publish", "")),
        (0.0, 1000, 100, ("review", "0 % or 100 %")),
        (1.0, 1000, 100, ("review", "0 % or 100 %")),
        (0.0, 29, 28, ("suppress", "effective sample size under 30")),
    ],
)
def test_nchs_tree(p, n, df, expected):
    assert shares(p, n, df) == expected


def test_design_effect_counts_against_the_share():
    assert shares(0.5, 100, deff=1.0)[0] == "publish"
    assert shares(0.5, 100, deff=4.0) == ("suppress", "effective sample size under 30")


def test_effective_size_is_at_most_n():
    assert reliability.effective_share(one(0.5), one(0.001), one(100))[0] == 100
    assert reliability.effective_share(one(0.5), one(0.05), one(200))[0] == pytest.approx(100)
    assert reliability.effective_share(one(0.0), one(0.0), one(80))[0] == 80
    assert np.isnan(reliability.effective_share(one(np.nan), one(np.nan), one(0)))[0]


def test_korn_graubard_width_caps_the_adjusted_size_at_n():
    """With a design effect below 1 the interval is that of a simple random sample of n, as in CDC's own code."""
    p, n = one(0.3), one(200)
    tiny = reliability._korn_graubard_width(p, one(0.001), one(199), n)
    low, high = interval("beta", p, np.sqrt(p * (1 - p) / n), one(199), n, 0.95)
    assert tiny == pytest.approx(high - low)


def test_without_degrees_of_freedom_nothing_is_published():
    assert shares(0.5, 1000, df=0) == ("suppress", "no degrees of freedom")
    assert reliability.of_means(one(50), one(1), one(0)).reason[0] == "no degrees of freedom"
    assert reliability.of_precision(one(0.1), one(0.01), one(0), one(500), 2.0).reason[0] == "no degrees of freedom"


@pytest.mark.parametrize(
    ("cv", "expected"), [(0.165, "publish"), (0.166, "caution"), (0.333, "caution"), (0.334, "suppress")]
)
def test_cv_bands(cv, expected):
    verdict = reliability.of_means(one(40.0), one(40.0 * cv), one(60))
    assert verdict.reliability[0] == expected
    assert verdict.rule == "cv_bands"


def test_mean_of_zero_has_no_small_cv():
    assert reliability.of_means(one(0.0), one(1.0), one(60)).reliability[0] == "suppress"


def test_net_scores_are_judged_by_half_width_not_by_cv():
    near_zero = reliability.of_precision(one(0.001), one(0.03), one(100), one(500), 2.0)
    assert (near_zero.reliability[0], near_zero.rule) == ("publish", "precision")
    wide = reliability.of_precision(one(0.5), one(0.16), one(100), one(60), 2.0)
    assert wide.reason[0] == "half-width of the interval 0.30 or more"
    small = reliability.of_precision(one(0.5), one(0.01), one(100), one(29), 2.0)
    assert small.reason[0] == "effective sample size under 30"
    few = reliability.of_precision(one(0.5), one(0.01), one(5), one(300), 2.0)
    assert few.reliability[0] == "review"


def test_a_change_may_be_as_imprecise_as_two_publishable_shares_make_it():
    scale = np.ones(2)
    df = np.full(2, 1e6)
    limit = 0.15 * np.sqrt(2) / 1.959964
    assert reliability.imprecise_change(np.array([limit * 0.999, limit * 1.001]), df, scale).tolist() == [False, True]
    assert not reliability.imprecise_change(one(np.nan), one(10), one(1))[0]


def test_nothing_estimated_is_not_judged():
    for verdict in (
        reliability.of_shares(one(np.nan), one(np.nan), one(np.nan), one(0)),
        reliability.of_means(one(np.nan), one(np.nan), one(np.nan)),
        reliability.of_precision(one(np.nan), one(np.nan), one(np.nan), one(np.nan), 1.0),
    ):
        assert (verdict.reliability[0], verdict.reason[0]) == ("none", "")
