"""Spreading a sample over strata: exact in whole numbers, within limits, and the cheapest that meets many precisions."""

import itertools

import numpy as np
import pandas as pd
import pytest

from survey_kit.errors import DesignError
from survey_kit.sampling.allocate import EQUAL, KISH, NEYMAN, OPTIMUM, PROPORTIONAL, allocate, power
from survey_kit.sampling.bethel import Target, _coefficients, _solve, bethel, reached, targets

STRATA = pd.DataFrame(
    {
        "region": ["a", "a", "b", "c"],
        "N": [900, 300, 450, 30],
        "sd": [1.0, 3.0, 2.0, 4.0],
        "cost": [1.0, 4.0, 1.0, 9.0],
        "size": [9.0, 3.0, 4.5, 0.3],
        "cv": [0.5, 0.4, 0.6, 0.9],
    }
)


def variance(n):
    return float((STRATA["N"] ** 2 * STRATA["sd"] ** 2 / np.asarray(n)).sum())


def test_neyman_is_the_best_of_all_whole_numbers():
    n = 24
    found = allocate(STRATA, n, NEYMAN, sd="sd").table["n"].tolist()
    every = [one for one in itertools.product(range(2, n), repeat=4) if sum(one) == n]
    assert variance(found) == pytest.approx(min(map(variance, every)), rel=1e-14)


@pytest.mark.parametrize(
    ("rule", "more", "shares"),
    [
        (EQUAL, {}, [1, 1, 1, 1]),
        (PROPORTIONAL, {}, [900, 300, 450, 30]),
        (OPTIMUM, {"sd": "sd", "cost": "cost"}, [900, 450, 900, 40]),
        (power(0.5), {"size": "size", "cv": "cv"}, [1.5, 0.4 * 3**0.5, 0.6 * 4.5**0.5, 0.9 * 0.3**0.5]),
        (KISH, {}, np.sqrt((np.array([900, 300, 450, 30]) / 1680) ** 2 + 1 / 16)),
    ],
)
def test_rules_are_proportional_to_what_they_say(rule, more, shares):
    n = 119  # no limit holds
    found = allocate(STRATA, n, rule, minimum=1, **more)
    exact = n * np.asarray(shares) / np.sum(shares)
    assert np.abs(found.table["n"] - exact).max() < 1
    assert found.n == n
    assert (found.table["weight"] * found.table["n"]).tolist() == pytest.approx(STRATA["N"].tolist())


def test_limits_hold_and_the_rest_is_spread_again():
    found = allocate(STRATA.assign(most=[900, 300, 20, 30]), 600, NEYMAN, sd="sd", maximum="most", minimum=25).table
    assert found["n"].sum() == 600
    assert found.loc[2, "n"] == 20  # its most is below the least of the others
    assert found.loc[3, "n"] >= 25
    assert found["held_by"].tolist()[2] == "maximum"


def test_every_domain_gets_its_least():
    found = allocate(STRATA, 200, PROPORTIONAL, domain="region", domain_minimum=28).table
    assert found.groupby("region")["n"].sum().min() == 28
    assert found["n"].sum() == 200


def test_the_design_effect_of_equal_weights_is_one():
    even = allocate(STRATA[STRATA["N"] != 30], 165, PROPORTIONAL)
    assert even.deff == pytest.approx(1.0, abs=1e-6)
    assert allocate(STRATA, 100, EQUAL).deff > 1.2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"n": 7}, "does not fit the limits"),
        ({"n": 2000}, "does not fit the limits"),
        ({"n": 100, "rule": NEYMAN}, "needs 'sd'"),
        ({"n": 100, "N": "M"}, "no column 'M'"),
        ({"n": 100, "domain": "region", "domain_minimum": 31}, "smaller than its least"),
        ({"n": 100, "domain": "oblast"}, "no column 'oblast'"),
    ],
)
def test_what_cannot_be_spread_is_refused(arguments, told):
    with pytest.raises(DesignError, match=told):
        allocate(STRATA, **arguments)


@pytest.mark.parametrize("value", [0, -5, None, np.nan])
def test_a_stratum_without_units_is_named(value):
    with pytest.raises(DesignError, match="positive in every stratum") as caught:
        allocate(STRATA.assign(N=pd.array([900, value, 450, 30], dtype="Float64")), 20)
    assert caught.value.where == "row 2"


def test_a_power_outside_its_range_is_refused():
    with pytest.raises(DesignError, match="exponent"):
        power(1.5)


# ------------------------------------------------------------------------------------------------- many precisions at once
def made(seed, strata=30, indicators=6):
    rng = np.random.default_rng(seed)
    sds = {f"s{j}": rng.uniform(0.1, 0.5, strata) for j in range(indicators)}
    frame = pd.DataFrame(
        {"region": np.arange(strata) // 3, "N": rng.integers(500, 90_000, strata), "c": rng.uniform(1, 4, strata)} | sds
    )
    wanted = targets({f"s{j}": rng.uniform(0.02, 0.05) for j in range(indicators)}, frame, "region")
    return frame, wanted + tuple(Target(indicator=f"s{j}", se=rng.uniform(0.004, 0.01)) for j in range(indicators))


@pytest.mark.parametrize("seed", range(6))
def test_every_target_is_reached_and_no_interview_is_to_spare(seed):
    frame, wanted = made(seed)
    found = bethel(frame, wanted, cost="c", deff=1.3)
    told = reached(found, wanted, deff=1.3)
    assert (told["se"] <= told["wanted"] * (1 + 1e-9)).all()
    assert told["binding"].any()
    a = _coefficients(frame, wanted, frame["N"].to_numpy(float), 1.3)
    n = found.table["n"].to_numpy()
    for h in np.flatnonzero(n > 2):
        less = n.copy()
        less[h] -= 1
        assert ((a / less).sum(axis=1) > 1).any()


@pytest.mark.parametrize("seed", range(4))
def test_the_optimum_is_that_of_a_general_optimiser(seed):
    from scipy.optimize import minimize

    frame, wanted = made(seed, strata=12, indicators=3)
    units, c = frame["N"].to_numpy(float), frame["c"].to_numpy(float)
    a = _coefficients(frame, wanted, units, 1.0)
    ours = _solve(a, c, np.full(12, 2.0), units)
    total = float(c @ ours)
    other = minimize(  # in the logarithm of n everything is convex
        lambda u: float(c @ np.exp(u)) / total,
        np.log(ours * 1.5),
        jac=lambda u: c * np.exp(u) / total,
        constraints=[{"type": "ineq", "fun": lambda u: 1 - a @ np.exp(-u), "jac": lambda u: a * np.exp(-u)}],
        bounds=[(np.log(2.0), np.log(most)) for most in units],
        method="SLSQP",
        options={"ftol": 1e-13, "maxiter": 2000},
    )
    assert (a @ np.exp(-other.x)).max() <= 1 + 1e-7
    assert float(other.fun) == pytest.approx(1.0, abs=1e-5)


def test_one_target_is_neymans_allocation():
    frame = STRATA[["N", "sd"]]
    found = bethel(frame, (Target(indicator="sd", se=0.12),))
    best = allocate(frame, found.n, NEYMAN, sd="sd").table["n"]
    assert np.abs(found.table["n"] - best).max() <= 1


def test_a_target_out_of_reach_is_named():
    few = pd.DataFrame({"N": [1000, 500], "sd": [1.0, 4.0], "most": [10, 10]})
    with pytest.raises(DesignError, match="cannot be reached") as caught:
        bethel(few, (Target(indicator="sd", se=0.1),), maximum="most")
    assert "sd: standard error 0.1" in str(caught.value)


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ((), "no target"),
        ((Target(indicator="sd", se=0.0),), "positive"),
        ((Target(indicator="SD", se=0.1),), "did you mean 'sd'"),
        ((Target(indicator="sd", se=0.1, domain="region", value="z"),), "no stratum"),
    ],
)
def test_targets_that_make_no_sense_are_refused(wanted, told):
    with pytest.raises(DesignError, match=told):
        bethel(STRATA, wanted)
