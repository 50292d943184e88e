"""Replicate variances on designs nobody thought of, and against the linearised variance within Monte-Carlo error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import survey_kit as sk

REPLICATES = 2000
NOISE = 4 / np.sqrt(2 * REPLICATES)  # four Monte-Carlo errors of a standard error


def sample(sizes: list[int], seed: int, rows: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    unit = np.repeat(np.arange(sum(sizes)), rows)
    stratum = np.repeat(np.repeat(np.arange(len(sizes)), sizes), rows)
    n = len(unit)
    effect = rng.normal(size=sum(sizes))[unit]
    return pd.DataFrame(
        {
            "h": stratum,
            "psu": unit,
            "ssu": np.tile(np.arange(rows), sum(sizes)),
            "N": (np.asarray(sizes) * 2 + 1)[stratum],
            "N2": 2 * rows,
            "w": rng.uniform(1, 5, n),
            "y": 10 + effect + rng.normal(size=n),
            "x": rng.uniform(1, 2, n),
            "sex": rng.integers(0, 2, n),
            "age": rng.integers(0, 3, n),
        }
    )


DECLARED: dict[str, Any] = {"weight": "w", "strata": "h", "psu": "psu", "fpc": "N"}


@given(sizes=st.lists(st.integers(2, 6), min_size=1, max_size=6), seed=st.integers(0, 10_000), mse=st.booleans())
@settings(max_examples=40, deadline=None)
def test_jackknife_of_totals_is_taylor_on_any_design(sizes: list[int], seed: int, mse: bool) -> None:
    design = sk.Design(sample(sizes, seed), **DECLARED)
    jackknife = sk.make_replicates(design, "JKn", mse=mse)
    ours, taylor = (sk.total(d, ("y", "x"), by="sex").vcov() for d in (jackknife, design))
    np.testing.assert_allclose(ours, taylor, rtol=1e-8, atol=1e-8 * np.abs(taylor).max())


@given(sizes=st.lists(st.integers(2, 9), min_size=1, max_size=5), seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_factors_never_move_the_number_of_units(sizes: list[int], seed: int) -> None:
    """Every method keeps the sum of factors within a stratum: equal units would have no variance."""
    frame = sample(sizes, seed)
    design = sk.Design(frame, weight="w", strata="h", psu="psu")
    stage = design.layout.stages[0]
    for method, more in (
        ("JKn", {}),
        ("bootstrap", {"rng": seed, "replicates": 20}),
        ("Preston", {"rng": seed, "replicates": 20}),
        ("SDR", {"order_by": "psu"}),
    ):
        made = sk.make_replicates(design, method, **more).replicates
        assert made.factors.min() >= 0
        sums = np.add.reduceat(made.factors, stage.stratum_start, axis=0)
        np.testing.assert_allclose(sums, np.repeat(stage.n_h[:, None], made.size, axis=1), rtol=1e-12)


ESTIMATES: dict[str, Any] = {
    "mean": lambda d: sk.mean(d, "y"),
    "mean by sex": lambda d: sk.mean(d, "y", by="sex"),
    "ratio": lambda d: sk.ratio(d, "y", "x"),
    "proportion": lambda d: sk.proportion(d, "age"),
}


@pytest.mark.parametrize("what", ESTIMATES)
@pytest.mark.parametrize(
    ("method", "declared"),
    [
        ("bootstrap", DECLARED),
        ("bootstrap", {"weight": "w", "strata": "h", "psu": "psu"}),
        ("Preston", DECLARED | {"psu": ("psu", "ssu"), "fpc": ("N", "N2")}),
    ],
)
def test_bootstraps_are_near_taylor(method: str, declared: dict[str, Any], what: str) -> None:
    """Smooth statistics of some eighty units: what is left beside Monte-Carlo error is of order 1/80."""
    design = sk.Design(sample([12] * 7, 11, rows=4), **declared)
    made = sk.make_replicates(design, method, replicates=REPLICATES, rng=5)
    ours, taylor = (ESTIMATES[what](d).table["se"].to_numpy(float) for d in (made, design))
    np.testing.assert_allclose(ours, taylor, rtol=NOISE + 1 / 80)


@pytest.mark.parametrize("method", ["JKn", "bootstrap"])
def test_replicates_of_a_calibrated_design_are_calibrated_again(method: str) -> None:
    """Without that the variance would be the one before raking; here that is half as large again."""
    frame = sample([12] * 7, 13, rows=4)
    frame["y"] += 6 * frame["sex"] + 3 * frame["age"]
    design = sk.Design(frame, weight="w", strata="h", psu="psu")
    margins = {"sex": {0: 450.0, 1: 560.0}, "age": {0: 300.0, 1: 350.0, 2: 360.0}}
    more: dict[str, Any] = {"rng": 5, "replicates": 500} if method == "bootstrap" else {}
    taylor = sk.mean(sk.rake(design, margins), "y").table
    before = sk.rake(sk.make_replicates(design, method, **more), margins)
    after = sk.make_replicates(sk.rake(design, margins), method, **more)
    ours = [sk.mean(d, "y").table for d in (before, after)]
    pd.testing.assert_frame_equal(ours[0], ours[1], rtol=1e-8)
    assert ours[0]["estimate"][0] == pytest.approx(taylor["estimate"][0], rel=1e-9)
    assert ours[0]["se"][0] == pytest.approx(taylor["se"][0], rel=0.15 if method == "bootstrap" else 0.05)
    assert sk.mean(design, "y").table["se"][0] > 1.5 * taylor["se"][0]


def test_successive_differences_see_the_gain_of_a_systematic_sample() -> None:
    """A sample drawn along a trend varies far less than the linearised variance says; neighbours show it."""
    rng = np.random.default_rng(8)
    N, step = 3000, 30  # noqa: N806
    population = np.linspace(0, 20, N) + rng.normal(size=N)
    truth, sdr, taylor = [], [], []
    for start in range(step):
        drawn = np.arange(start, N, step)
        frame = pd.DataFrame({"y": population[drawn], "w": float(step), "place": drawn})
        design = sk.Design(frame, weight="w")
        made = sk.make_replicates(design, "SDR", order_by="place")
        truth.append(frame["y"].mean())
        sdr.append(sk.mean(made, "y").table["se"][0] ** 2)
        taylor.append(sk.mean(design, "y").table["se"][0] ** 2)
    variance = np.var(truth)
    assert np.mean(taylor) > 20 * variance
    end_to_end = 0.5 * 20**2 / 100**2  # the circle closes from the last unit to the first
    assert np.mean(sdr) - end_to_end == pytest.approx(variance, rel=0.6)
