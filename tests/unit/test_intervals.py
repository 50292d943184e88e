"""Every kind of interval: closed forms, the ends of the scale, and what has no interval."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import xlog1py, xlogy

import survey_kit as sk
from survey_kit.estimate.intervals import KINDS, interval, t_quantile
from survey_kit.types import Interval, ShareInterval

SHARES = [kind for kind, kept in KINDS.items() if (kept.lowest, kept.highest) == (0, 1)]
ENDED = ["beta", "korn_graubard", "wilson", "likelihood"]  # the kinds with limits at 0 and 1


def limits(
    kind: str, p: float, se: float, df: float = 29.0, n: float = 300.0, level: float = 0.95
) -> tuple[float, float]:
    low, high = interval(kind, *(np.array([float(x)]) for x in (p, se, df, n)), level)
    return float(low[0]), float(high[0])


def test_every_kind_has_a_function() -> None:
    assert set(KINDS) == set(get_args(Interval))
    assert set(get_args(ShareInterval)) < set(KINDS)


def test_three_in_three_hundred() -> None:
    """The example of 3 cases in 300 from 30 units, p = .01035: limits published from R survey."""
    se = 0.012780 / float(t_quantile(0.95, np.array([29.0]))[0])
    published = {
        "wald": (-0.00243, 0.02313),
        "logit": (0.002993, 0.035145),
        "arcsine": (0.001501, 0.026996),
        "likelihood": (0.002174, 0.028741),
        "beta": (0.001735, 0.032683),
    }
    for kind, known in published.items():
        np.testing.assert_allclose(limits(kind, 0.01035, se), known, rtol=0.01, err_msg=kind)


def test_nobody_and_everybody() -> None:
    """At 0 and 1 the standard error is 0 because of the estimate, not because of the design."""
    assert limits("korn_graubard", 0, 0) == (0.0, pytest.approx(1 - 0.98681, abs=5e-6))
    n_star = 300 * (stats.t.ppf(0.975, 299) / stats.t.ppf(0.975, 29)) ** 2
    assert limits("korn_graubard", 0, 0)[1] == pytest.approx(1 - 0.025 ** (1 / n_star), rel=1e-12)
    t2 = stats.t.ppf(0.975, 29) ** 2
    assert limits("wilson", 0, 0) == (0.0, pytest.approx(t2 / (300 + t2), rel=1e-12))
    assert limits("likelihood", 0, 0) == (0.0, pytest.approx(1 - np.exp(-t2 / 600), rel=1e-12))
    for kind in ENDED:
        low, high = limits(kind, 0, 0)
        assert limits(kind, 1, 0) == (pytest.approx(1 - high, rel=1e-12), 1.0)
        assert low == 0.0
    for kind in ("wald", "logit", "xlogit", "arcsine"):
        assert np.isnan(limits(kind, 0, 0)).all()
        assert np.isnan(limits(kind, 1, 0)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_without_degrees_of_freedom_or_an_estimate_there_is_no_interval(kind: str) -> None:
    for p, se, df, n in ((0.3, 0.1, 0, 50), (np.nan, np.nan, 9, 0), (0.3, 0.1, np.nan, 50), (0.3, np.nan, np.nan, 1)):
        assert np.isnan(limits(kind, p, se, df, n)).all(), (p, se, df, n)


def test_the_capped_interval_is_never_narrower() -> None:
    """With few units a standard error can be too small by luck; beta then takes the sample for larger than it is."""
    p, se = 0.05, 0.004
    low, high = limits("beta", p, se, df=4)
    capped = limits("korn_graubard", p, se, df=4)
    assert capped[0] < low < high < capped[1]
    np.testing.assert_allclose(capped, stats.binomtest(15, 300).proportion_ci(method="exact"), rtol=1e-12)
    assert limits("beta", p, 0.05, df=4) == limits("korn_graubard", p, 0.05, df=4)


def test_simple_random_samples_give_the_textbook_intervals() -> None:
    """With the binomial standard error, df = infinity and n_e = n."""
    k, n = 7, 40
    p = k / n
    se, df = np.sqrt(p * (1 - p) / n), 1e9
    exact = stats.binomtest(k, n).proportion_ci(method="exact")
    np.testing.assert_allclose(limits("beta", p, se, df=n - 1, n=n), exact, rtol=1e-10)
    np.testing.assert_allclose(limits("korn_graubard", p, se, df=n - 1, n=n), exact, rtol=1e-10)
    wilson = stats.binomtest(k, n).proportion_ci(method="wilson")
    np.testing.assert_allclose(limits("wilson", p, se, df=df, n=n), wilson, rtol=1e-7)


def test_arcsine_stops_at_the_ends() -> None:
    """Squaring the sine of a negative angle would fold the lower limit back into the scale."""
    p, se = 0.01, 0.03
    low, high = limits("arcsine", p, se)
    assert low == 0.0
    assert high > p
    assert limits("arcsine", 1 - p, se) == (pytest.approx(1 - high), 1.0)
    half = stats.t.ppf(0.975, 29) * 0.02 / (2 * np.sqrt(0.3 * 0.7))
    assert limits("arcsine", 0.3, 0.02)[1] == pytest.approx(np.sin(np.arcsin(np.sqrt(0.3)) + half) ** 2, rel=1e-12)


def test_fisher_is_for_correlations() -> None:
    low, high = limits("fisher", 0.6, 0.08, df=60)
    half = stats.t.ppf(0.975, 60) * 0.08 / (1 - 0.36)
    np.testing.assert_allclose([low, high], np.tanh(np.arctanh(0.6) + np.array([-half, half])), rtol=1e-12)
    assert np.isnan(limits("fisher", 1.0, 0.0)).all()
    assert limits("fisher", -0.6, 0.08, df=60) == (pytest.approx(-high), pytest.approx(-low))


share = st.floats(1e-6, 1 - 1e-6)


@pytest.mark.parametrize("kind", SHARES)
@given(p=share, effective=st.floats(0.5, 1e6), df=st.integers(1, 500), level=st.sampled_from([0.5, 0.95, 0.999]))
def test_limits_of_shares_are_shares_around_the_estimate(
    kind: str, p: float, effective: float, df: int, level: float
) -> None:
    se = np.sqrt(p * (1 - p) / effective)
    low, high = limits(kind, p, se, df=df, n=2e6, level=level)
    assert 0 <= low <= p * (1 + 1e-9)
    assert p * (1 - 1e-9) <= high <= 1
    inner = limits(kind, p, se, df=df, n=2e6, level=level / 2)
    assert low <= inner[0] * (1 + 1e-9)
    assert inner[1] <= high * (1 + 1e-9)
    mirrored = limits(kind, 1 - p, se, df=df, n=2e6, level=level)
    np.testing.assert_allclose(mirrored, (1 - high, 1 - low), rtol=1e-6, atol=1e-9)


@given(p=share, effective=st.floats(0.5, 1e6), df=st.integers(1, 500), level=st.sampled_from([0.5, 0.95, 0.999]))
def test_the_deviance_at_the_likelihood_limits_is_t_squared(p: float, effective: float, df: int, level: float) -> None:
    """Newton's method that stops too soon or on the wrong side."""
    low, high = limits("likelihood", p, np.sqrt(p * (1 - p) / effective), df=df, level=level)
    t2 = stats.t.ppf(0.5 + level / 2, df) ** 2
    for mu in (low, high):
        if 1e-300 < mu < 1 - 1e-12:
            deviance = 2 * effective * (xlogy(p, p / mu) + xlog1py(1 - p, -p) - xlog1py(1 - p, -mu))
            assert deviance == pytest.approx(t2, rel=1e-6)


# ------------------------------------------------------------------------------------------------------- in public calls
@pytest.fixture(scope="module")
def design() -> sk.Design:
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"psu": rng.integers(0, 20, 300), "w": rng.uniform(0.5, 2, 300)})
    frame["yes"] = (rng.random(300) < 0.06).astype(float)
    frame["never"], frame["one"] = 0.0, 1.0
    frame["score"] = rng.normal(size=300)
    return sk.Design(frame, weight="w", psu="psu")


@pytest.mark.parametrize("kind", [kind for kind in get_args(Interval) if kind != "fisher"])
def test_public_calls_take_every_kind(design: sk.Design, kind: Interval) -> None:
    mean = sk.mean(design, "yes", interval=kind)
    ratio = sk.ratio(design, "yes", "one", interval=kind)
    shares = sk.proportion(design, "yes", interval=kind)
    row = mean.table.iloc[0]
    np.testing.assert_allclose(ratio.table[["ci_low", "ci_high"]], mean.table[["ci_low", "ci_high"]], rtol=1e-12)
    np.testing.assert_allclose(shares.table.loc[1, ["ci_low", "ci_high"]].to_list(), [row["ci_low"], row["ci_high"]])
    low, high = limits(kind, row["estimate"], row["se"], row["df"], row["n"], 0.9)
    again = mean.confint(0.9).table.iloc[0]
    assert (again["ci_low"], again["ci_high"]) == (low, high)
    assert np.isfinite(sk.mean(design, "never", interval=kind).table["ci_high"].iloc[0]) == (kind in ENDED)
    if kind != "wald":
        with pytest.raises(sk.SurveyKitError, match="interval is for"):
            sk.mean(design, "score", interval=kind)


def test_a_single_year_of_a_rare_item_still_has_an_interval() -> None:
    """Domains take their own n: with the frame's n the upper limit at 0 of 40 would be that of 0 of 400."""
    frame = pd.DataFrame({"year": [1] * 40 + [2] * 360, "w": 1.0, "bribe": [0.0] * 40 + [1.0] * 20 + [0.0] * 340})
    by_year = sk.mean(sk.Design(frame, weight="w"), "bribe", by="year", interval="korn_graubard").table
    assert by_year["ci_high"].iloc[0] == pytest.approx(1 - 0.025 ** (1 / 40), rel=1e-9)
