"""Every method draws with the probabilities it states: 200,000 draws of small frames, all cells looked at together.

The kernels of the package make many draws side by side, so what is simulated is what `select` runs. A cell is a unit or a pair of
units; its frequency is compared with the stated probability in its own Monte-Carlo standard error, with Bonferroni's bound over all
cells of the case at a level of 1 in 1,000. Stated zeros and ones must hold in every draw.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from survey_kit.sampling.coordinate import Rotation, overlap, permanent_numbers, refresh, rotation_groups
from survey_kit.sampling.cube import fixed_sizes, fly, standardized
from survey_kit.sampling.probabilities import PARETO_RANKING, order_pi
from survey_kit.sampling.probabilities_joint import systematic_joint
from survey_kit.sampling.select import (
    BERNOULLI,
    BREWER,
    CUBE,
    CUBE_PROGRAMME,
    MAXIMUM_ENTROPY,
    PARETO,
    POISSON,
    PPS_SYSTEMATIC,
    PPS_SYSTEMATIC_RANDOM,
    SEQUENTIAL_POISSON,
    SRS,
    SRS_REPLACEMENT,
    SYSTEMATIC,
    Luck,
    select,
)

R = 200_000
BLOCK = 50_000
FRAME = pd.DataFrame({"x": [3.0, 5, 8, 2, 6, 4, 9, 5], "h": list("aaaabbbb"), "z": [1.0, 4, 2, 9, 3, 3, 8, 1]})
# a large unit in stratum a is certain, two in b; order of the rows mixes the strata
TWO = pd.DataFrame(
    {"x": [50.0, 4, 30, 6, 5, 40, 7, 3, 6, 8, 4], "h": list("abbaabaabba"), "z": [2.0, 7, 1, 8, 2, 8, 1, 8, 2, 8, 4]}
)
BY_SIZE = (PPS_SYSTEMATIC, BREWER, PARETO, SEQUENTIAL_POISSON, MAXIMUM_ENTROPY)
CASES = {
    "SRS": (FRAME, 3, {"method": SRS}),
    "SRS with replacement": (FRAME, 5, {"method": SRS_REPLACEMENT}),
    "systematic": (FRAME, 3, {"method": SYSTEMATIC, "order_by": ("h", "z")}),
    "Bernoulli": (FRAME, 2.5, {"method": BERNOULLI}),
    "Poisson": (FRAME, 3.5, {"method": POISSON, "size": "x"}),
    **{f"{m.name}, {n}": (FRAME, n, {"method": m, "size": "x"}) for m in BY_SIZE for n in (1, 2, 3, 4)},
    **{
        f"{m.name}, strata": (TWO, {"a": 3, "b": 4}, {"method": m, "size": "x", "strata": "h"})
        for m in (*BY_SIZE, POISSON)
    },
    "SRS, strata": (TWO, {"a": 3, "b": 2}, {"method": SRS, "strata": "h"}),
}


def simulate(draw, seed=0, repeats=R):
    """Sum hits and pairs of hits over many draws of the same prepared sample."""
    rng = np.random.default_rng(seed)
    units = len(draw.pi)
    pairs, sizes = np.zeros((units, units)), set()
    for _ in range(repeats // BLOCK):
        hits = np.zeros((BLOCK, units), dtype=np.float32)
        if not draw.method.replacement:
            hits[:, draw.certainty] = 1
        cells = draw.prepared.cells
        for cell, drawn in zip(cells, draw.method.kernel(cells, Luck(rng=rng, repeats=BLOCK)), strict=True):
            hits[:, cell.rows] = drawn > 0
        pairs += hits.T @ hits
        sizes |= set(np.unique(hits.sum(axis=1)).astype(int).tolist())
    return pairs / (repeats // BLOCK * BLOCK), sizes


def furthest(seen, stated, repeats=R):
    """Give the largest distance in standard errors, as a share of the bound over all cells."""
    sure = (stated < 1e-12) | (stated > 1 - 1e-12)
    np.testing.assert_array_equal(seen[sure], np.round(stated[sure]))
    p = stated[~sure]
    if not len(p):
        return 0.0
    z = (seen[~sure] - p) / np.sqrt(p * (1 - p) / repeats)
    return float(np.abs(z).max() / norm.isf(0.001 / 2 / len(p)))


def upper(matrix):
    return matrix[np.triu_indices(len(matrix))]


@pytest.mark.parametrize("case", CASES)
def test_first_and_second_order_probabilities_are_those_stated(case):
    frame, n, options = CASES[case]
    draw = select(frame, n, rng=1, **options)
    stated = draw.joint(whole=True)
    np.testing.assert_allclose(np.diag(stated), draw.pi, rtol=1e-9)
    seen, sizes = simulate(draw)
    assert furthest(upper(seen), upper(stated)) < 1
    if draw.method.fixed and not draw.method.replacement:
        assert sizes == {int(draw.prepared.n_h.sum())}
        np.testing.assert_allclose(draw.pi.sum(), draw.prepared.n_h.sum(), rtol=1e-9)
        if len(draw.prepared.n_h) == 1:
            off = stated - np.diag(draw.pi)
            np.testing.assert_allclose(off.sum(axis=1), (n - 1) * draw.pi, atol=1e-9)


def test_the_bound_would_notice_target_probabilities_in_place_of_exact_ones():
    draw = select(FRAME.iloc[:5], 2, method=SEQUENTIAL_POISSON, size="x", rng=1)
    seen, _ = simulate(draw)
    assert furthest(np.diag(seen), draw.pi) < 1
    assert furthest(np.diag(seen), draw.prepared.target) > 3
    product = np.outer(draw.pi, draw.pi)
    assert furthest(upper(seen - np.diag(np.diag(seen))), upper(product - np.diag(np.diag(product)))) > 3


def test_systematic_in_random_order_has_the_mean_of_all_orders():
    frame = FRAME.iloc[:6]
    draw = select(frame, 3, method=PPS_SYSTEMATIC_RANDOM, size="x", rng=1)
    stated = np.zeros((6, 6))
    orders = list(permutations(range(6)))
    for order in orders:
        at = np.array(order)
        stated[np.ix_(at, at)] += systematic_joint(draw.pi[at], 3, np.arange(6)) / len(orders)
    seen, sizes = simulate(draw)
    assert sizes == {3}
    assert furthest(upper(seen), upper(stated)) < 1


@pytest.mark.parametrize(
    ("frame", "n", "options"),
    [
        (FRAME, 3, {"size": "x", "balance": ("x", "z")}),
        (FRAME, 4, {"balance": "z"}),
        (TWO, {"a": 3, "b": 4}, {"size": "x", "strata": "h", "balance": ("z",)}),
    ],
)
def test_the_cube_keeps_probabilities_and_sizes(frame, n, options):
    draw = select(frame, n, method=CUBE, rng=1, **options)
    seen, sizes = simulate(draw)
    assert sizes == {int(draw.prepared.n_h.sum())}
    assert furthest(np.diag(seen), draw.pi) < 1


def test_the_cube_landed_by_linear_programme_keeps_probabilities():
    draw = select(FRAME, 3, method=CUBE_PROGRAMME, size="x", balance=("x", "z"), rng=1)
    repeats = 2_000
    rng = np.random.default_rng(3)
    hits = draw.method.kernel(draw.prepared.cells, Luck(rng=rng, repeats=repeats))[0]
    assert set(hits.sum(axis=1).tolist()) == {3}
    assert furthest(hits.mean(axis=0), draw.pi[draw.prepared.cells[0].rows], repeats) < 1


def test_the_flight_keeps_the_balancing_equations_and_leaves_few_units():
    rng = np.random.default_rng(4)
    units, q = 300, 6
    pi = rng.uniform(0.05, 0.6, units)
    pi *= 60 / pi.sum()
    x = np.column_stack([rng.gamma(2, 1, (units, q - 2)), np.ones(units), np.zeros(units)])  # two that add no rank
    group = rng.integers(0, 3, units)
    rows = np.concatenate([fixed_sizes(group, 3), standardized(pi, group, x)])
    out = fly(rows, np.broadcast_to(pi, (200, units)), rng)
    np.testing.assert_allclose(out @ rows.T, np.broadcast_to(rows @ pi, (200, len(rows))), atol=1e-7)
    undecided = ((out > 0) & (out < 1)).sum(axis=1)
    assert undecided.max() <= np.linalg.matrix_rank(rows)
    z = (out.mean(axis=0) - pi) / np.maximum(out.std(axis=0) / np.sqrt(200), 1e-9)
    assert np.abs(z).max() < norm.isf(0.001 / 2 / units)


def test_a_balanced_sample_misses_its_totals_by_the_last_units_only():
    """At most as many units as constraints are decided off balance (Deville & Tille 2004, section 5)."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(rng.gamma(2, 1, (1000, 5)), columns=list("abcde")).assign(h=rng.integers(0, 5, 1000))
    frame["a"] += 3
    balance, declared = ["b", "c", "d"], {"size": "a", "strata": "h"}
    off = {}
    for method, given in ((CUBE, balance), (MAXIMUM_ENTROPY, None)):
        draws = [select(frame, 40, method=method, balance=given, rng=i, **declared) for i in range(20)]
        tables = [draw.balance(tuple(balance)) for draw in draws]
        off[method.name] = np.array([table["estimate"] - table["total"] for table in tables])
    furthest_unit = (frame[balance].to_numpy() / draws[0].pi[:, None]).max(axis=0)
    assert (np.abs(off["cube"]) <= (5 + 3) * furthest_unit).all()
    spread = {name: np.sqrt((found**2).mean(axis=0)) for name, found in off.items()}
    assert (spread["cube"] < spread["maximum entropy"] / 3).all()  # order q / n beside 1 / sqrt(n)
    draw = select(frame, 40, method=CUBE, balance="b", rng=1, **declared)
    assert draw.balance("a")["relative_difference"].abs().iloc[0] < 1e-12  # the size: the stratum samples are fixed
    assert draw.summary()["drawn"].tolist() == [40] * 5


# ------------------------------------------------------------------------------------------------------ coordination
POPULATION = pd.DataFrame({"id": range(120), "x": np.random.default_rng(6).gamma(2, 10, 120) + 5, "h": ["a", "b"] * 60})


def overlaps(repeats, first, second):
    """Give the units two samples share, over many sets of permanent numbers."""
    found = []
    for seed in range(repeats):
        frame = permanent_numbers(POPULATION, "id", seed=seed)
        one = select(frame, rng=1, numbers="prn", unit="id", **first)
        found.append(overlap(one, select(frame, rng=1, numbers="prn", unit="id", **second)))
    return found


@pytest.mark.parametrize(("reverse", "end"), [(False, "most"), (True, "least")])
def test_poisson_samples_reach_the_ends_of_the_overlap(reverse, end):
    found = overlaps(
        300,
        {"n": 50, "method": POISSON, "size": "x"},
        {"n": 80, "method": POISSON, "size": "x", "reverse": reverse},
    )
    common = np.array([one.common for one in found])
    stated = getattr(found[0], end)
    assert 0 < stated < 60
    assert abs(common.mean() - stated) < 4 * common.std() / np.sqrt(len(common))


def test_simple_random_samples_overlap_wholly_or_not_at_all():
    same = {"n": 15, "method": SRS, "strata": "h"}
    assert {one.common for one in overlaps(5, same, {**same, "n": 20})} == {30}
    assert {one.common for one in overlaps(5, same, {**same, "reverse": True})} == {0}
    assert {one.common for one in overlaps(5, same, {**same, "start": 0.5})} == {0}


@pytest.mark.parametrize("method", [POISSON, PARETO, SEQUENTIAL_POISSON])
def test_a_refreshed_panel_keeps_its_share_and_its_probabilities(method):
    """A unit is in both waves with probability min(keep pi, pi'): exactly for Poisson sampling, within 3 % for a fixed size."""
    keep, common, hits, repeats = 0.7, [], np.zeros(130), 200
    born = pd.DataFrame({"id": range(200, 215), "x": 20.0, "h": "a"})
    now = pd.concat([POPULATION, born]).iloc[5:]  # five have died
    declared = {"n": 30, "method": method, "size": "x", "numbers": "prn", "unit": "id", "rng": 1}
    for seed in range(repeats):
        frame, later = (permanent_numbers(one, "id", seed=seed) for one in (POPULATION, now))
        one = select(frame, **declared)
        two = select(refresh(one, later, keep=keep), start="start", **declared)
        common.append(overlap(one, two).common)
        hits[two.rows] += 1
    stated = np.minimum(keep * one.prepared.target[5:], two.prepared.target[:115]).sum()
    allowed = 0 if method is POISSON else 0.03 * stated
    assert abs(np.mean(common) - stated) < allowed + 4 * np.std(common) / np.sqrt(repeats)
    assert furthest(hits / repeats, two.pi, repeats) < 1


def test_rotation_has_the_overlap_of_its_pattern():
    scheme = Rotation(pattern=(1, 1, 1, 1, *(0,) * 8, 1, 1, 1, 1))  # 4-8-4
    assert (scheme.groups, scheme.overlap(1), scheme.overlap(4), scheme.overlap(12)) == (8, 0.75, 0.0, 0.5)
    for lag in (1, 4, 9, 12, 15):
        shared = set(scheme.panels(40)) & set(scheme.panels(40 - lag))
        assert len(shared) / 8 == scheme.overlap(lag)
    draw = select(POPULATION, 20, method=SRS, strata="h", rng=1)
    group = rotation_groups(draw, scheme.panels(40), rng=2)
    counts = pd.crosstab(draw.frame["stratum"], group)
    assert set(counts.columns) == set(scheme.panels(40))
    assert (counts.max(axis=1) - counts.min(axis=1)).max() == 1
    assert counts.sum().tolist() == [5] * 8


def test_exact_pareto_probabilities_do_not_need_a_small_frame():
    rng = np.random.default_rng(7)
    target = rng.uniform(0.02, 0.5, 3000)
    target *= round(target.sum()) / target.sum()
    exact = order_pi(target, round(target.sum()), PARETO_RANKING)
    np.testing.assert_allclose(exact.sum(), target.sum(), rtol=1e-11)
    assert 1e-9 < np.abs(exact / target - 1).max() < 1e-4
