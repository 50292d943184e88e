"""Do intervals of the eleven-wave rehearsal hold the truth, and do weights repair what they can? Judged with the runs' own Monte-Carlo error.

The whole measurement is ``benchmarks/country.py``; its result stands in ``benchmarks/country.md``.
"""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from survey_kit.rehearsal import BIASED, CORRECTABLE, UNBIASED, build_population

ROOT = Path(__file__).resolve().parents[2]
RUNS, BIASED_RUNS = 30, 20


def load():
    spec = importlib.util.spec_from_file_location("country_benchmark", ROOT / "benchmarks" / "country.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


bench = load()


@pytest.fixture(scope="module")
def results():
    country = build_population(bench.SEED)
    return bench.run(country, {UNBIASED: RUNS, CORRECTABLE: BIASED_RUNS, BIASED: BIASED_RUNS})


def off(estimates, truth):
    """The mean error in its Monte-Carlo standard errors, by cell."""
    errors = estimates - truth[: estimates.shape[1]]
    return errors.mean(axis=0) / (errors.std(axis=0, ddof=1) / np.sqrt(len(errors)))


@pytest.mark.slow
def test_unbiased_intervals_hold_the_truth_of_every_indicator_and_region(results):
    one = results[0]
    least = stats.binom.ppf(0.05 / len(one.cells), RUNS, 0.95)  # exact: the benchmark's normal band is for many runs
    assert (RUNS * one.covered() >= least - 1e-9).all()
    assert abs(off(one.estimate, one.truth)).max() < 4


@pytest.mark.slow
def test_standard_errors_are_the_spread_of_the_estimates(results):
    one = results[0]
    ratio = one.se[:, :6].mean(axis=0) / one.estimate[:, :6].std(axis=0, ddof=1)
    assert 0.75 < ratio.mean() < 1.3


@pytest.mark.slow
def test_the_plan_removes_a_bias_that_the_tables_know(results):
    one = results[1]
    trust = one.cells.index("trust")
    assert off(one.raw, one.truth)[trust] > 3
    assert abs(off(one.estimate, one.truth)[:6]).max() < 3.5


@pytest.mark.slow
def test_no_weight_removes_a_bias_that_goes_with_trust(results):
    one = results[2]
    trust = one.cells.index("trust")
    assert off(one.estimate, one.truth)[trust] > 6
    assert one.covered()[trust] < 0.6


@pytest.mark.slow
def test_the_page_tells_what_was_found(results):
    one = results[0]
    wide = replace(one, low=np.zeros_like(one.low), high=np.ones_like(one.high))
    page = bench.told([wide, *results[1:]], 60.0)
    assert "Nobody was interviewed" in page
    assert "**Coverage holds**" in page
    assert f"{RUNS} unbiased runs" in page
    narrow = replace(one, low=one.truth + np.ones_like(one.low))
    assert "DOES NOT HOLD" in bench.told([narrow, *results[1:]], 60.0)
