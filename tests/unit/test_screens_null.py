"""The null of the screens: moments against brute force, p against dealing at random, honest spread found and not caused by those far out."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from survey_kit.fieldwork.screens_null import dealt, judge


def test_moments_equal_those_of_every_way_to_deal():
    """Two strata of 5 and 4 scores, three units: all 5!/(2!2!1!) x 4!/(1!2!1!) = 360 ways."""
    one, two = [0.2, 1.0, 3.5, 0.7, 0.9], [4.0, 2.0, 2.5, 7.0]
    first, second = [0, 0, 1, 1, 2], [0, 1, 1, 2]
    score = np.array(one + two)
    within = np.array([0] * 5 + [1] * 4)
    found = dealt(score, np.array(first + second), within)
    ways = [
        [sum(x for x, k in zip(score, (*a, *b), strict=True) if k == unit) for unit in range(3)]
        for a in set(itertools.permutations(first))
        for b in set(itertools.permutations(second))
    ]
    assert len(ways) == 360
    means = np.array(ways) / found.n
    np.testing.assert_allclose(found.expected, means.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(found.se, means.std(axis=0), rtol=1e-13)
    np.testing.assert_allclose(found.third, ((means - means.mean(axis=0)) ** 3).mean(axis=0), rtol=1e-12)


@pytest.mark.parametrize("kind", ["counts", "skewed", "even"])
def test_p_is_near_that_of_dealing_at_random(kind):
    """Within a factor of two where p is between 0.002 and 1, for rare counts as well."""
    rng = np.random.default_rng(3)
    n = 600
    score = {
        "counts": (rng.random(n) < 0.04).astype(float),
        "skewed": rng.exponential(size=n) ** 1.5,
        "even": rng.random(n),
    }[kind]
    who, within = rng.permutation(np.arange(n) % 20), np.repeat([0, 1, 2], 200)
    found = dealt(score, who, within)
    draws = 20_000
    means = np.zeros((draws, 20))
    for draw in range(draws):
        mixed = np.concatenate([rng.permutation(score[within == h]) for h in range(3)])
        means[draw] = np.bincount(who, weights=mixed) / found.n
    wanted = np.quantile(means, [0.9, 0.99, 0.995], axis=0)
    for target in wanted:
        more, s = (means >= target - 1e-9).mean(axis=0), found.se
        gap = (target - found.expected - found.step / 2 / found.n) / s
        p = stats.pearson3.sf(gap, found.third / s**3)
        assert (np.maximum(p / more, more / p) < 2).all()
        # a spread, which these made-up means show, never makes anybody stand out more
        assert (judge(replace(found, observed=target), tail="high").p >= p * 0.999).all()


def far_out(rng, honest, units=40, each=25, bad=0, shift=0.0):
    effect = honest * rng.standard_normal(units)
    effect[:bad] += shift
    who = np.repeat(np.arange(units), each)
    return effect[who] + rng.standard_normal(units * each), who


@pytest.mark.parametrize(("honest", "low", "high"), [(0.0, 0.025, 0.05), (0.3, 0.04, 0.065)])
def test_false_alarms_of_honest_units_are_as_many_as_said(honest, low, high):
    rng = np.random.default_rng(11)
    p = []
    for _ in range(200):
        score, who = far_out(rng, honest)
        p.append(judge(dealt(score, who, np.zeros(1000, dtype=np.int64)), tail="both").p)
    share = (np.concatenate(p) < 0.05).mean()
    # 8,000 units, in surveys that share a spread: about 0.004 either way; where there is none, a spread is never below 0 and p too large
    assert low < share < high, share


def test_the_honest_spread_is_found_and_units_far_out_do_not_hide_in_it():
    rng = np.random.default_rng(12)
    clean, dirty, found = [], [], []
    for _ in range(100):
        score, who = far_out(rng, 0.3)
        clean.append(judge(dealt(score, who, np.zeros(1000, dtype=np.int64)), tail="high").spread)
        score, who = far_out(rng, 0.3, bad=3, shift=2.0)
        made = judge(dealt(score, who, np.zeros(1000, dtype=np.int64)), tail="high")
        dirty.append(made.spread)
        found.append((made.p[:3] < 0.01).mean())
    assert np.mean(clean) == pytest.approx(0.3, abs=0.05)
    assert np.mean(dirty) < 0.55  # with the three among them the plain standard deviation is 0.6
    assert np.mean(found) > 0.8


def test_a_unit_alone_in_its_place_is_not_judged():
    score = np.arange(20.0)
    found = dealt(score, np.repeat([0, 1, 2], [10, 5, 5]), np.repeat([0, 1], 10))
    made = judge(found, tail="both")
    assert np.isnan(made.p[0])
    assert np.isfinite(made.p[1:]).all()
