"""Do the intervals of the rehearsal hold the truth, and are its words true? Judged with the run's own Monte-Carlo band.

The whole measurement, 2,000 surveys, is ``benchmarks/rehearsal_coverage.py``; its result stands in ``benchmarks/rehearsal_coverage.md``.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from survey_kit.rehearsal import SEED, build_country
from survey_kit.rehearsal.country import stream
from survey_kit.study import read_responses, read_study

ROOT = Path(__file__).resolve().parents[2]
RUNS = 80


def load():
    spec = importlib.util.spec_from_file_location("coverage_benchmark", ROOT / "benchmarks" / "rehearsal_coverage.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


bench = load()


@pytest.fixture(scope="module")
def study():
    return read_study(ROOT / "analyses" / "kazakhstan")


@pytest.fixture(scope="module")
def country():
    return build_country(SEED)


@pytest.fixture(scope="module")
def runs(study, country):
    return bench.repeat(study, country, RUNS, seed=80, nonresponse="at_random")


def pooled(runs, kind):
    """Mean coverage over all cells of a run, and its Monte-Carlo error over independent runs."""
    truth = runs.true_change if kind else runs.truth
    low, high = runs.figures[f"{kind}ci_low"], runs.figures[f"{kind}ci_high"]
    known = np.isfinite(truth)
    share = ((low <= truth) & (truth <= high))[:, known].mean(axis=1)
    return share.mean(), share.std(ddof=1) / np.sqrt(len(share))


def test_what_the_benchmark_measures_is_what_reading_the_file_gives(study, country):
    rngs = [stream(SEED, f"survey {wave.id}") for wave in study.waves]
    made, read = bench.survey(study, country, rngs, "at_random"), read_responses(study)
    items = list(made.missing)
    assert len(items) >= 60
    for item in items:
        a, b = made.frame[item].to_numpy(float), read.frame[item].to_numpy(float, na_value=np.nan)
        assert np.array_equal(a, b, equal_nan=True), item
        assert made.missing[item].astype(object).equals(read.missing[item].astype(object)), item
    assert np.array_equal(made.frame["weight"].to_numpy(float), read.frame["weight"].to_numpy(float))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["", "previous_"], ids=["levels", "changes"])
def test_intervals_hold_the_truth(runs, kind):
    mean, error = pooled(runs, kind)
    assert abs(mean - 0.95) < 0.005 + 4 * error
    cells = bench.covered(runs, kind)
    cells = cells[np.isfinite(cells)]
    assert cells.min() >= bench.lowest(len(cells), RUNS)


@pytest.mark.slow
def test_standard_errors_are_those_of_repeated_sampling(runs):
    """Each run's squared error over its estimated variance has mean near 1."""
    known = np.isfinite(runs.truth)
    z2 = ((runs.figures["estimate"] - runs.truth) / runs.figures["se"])[:, known] ** 2
    by_run = np.median(z2, axis=0)  # robust against rare indicators of few people
    assert abs(np.mean(by_run) - 0.455) < 0.12  # the median of a chi-squared with one degree of freedom


@pytest.mark.slow
def test_a_false_rise_or_fall_is_rare_in_every_family(study, runs):
    counted = bench.alarms(study, runs)
    assert len(counted) == 2 * len(study.families)
    for one in counted:
        assert one.false_share <= 0.05 + 4 * max(one.mc_error, np.sqrt(0.05 * 0.95 / RUNS)), one


@pytest.mark.slow
def test_declared_changes_are_found(study, runs):
    found = {(one.family, one.wave): one.found for one in bench.alarms(study, runs)}
    assert found["legal_culture", "Rehearsal 3"] > 0.8
    assert found["corruption", "Rehearsal 3"] > 0.6


@pytest.mark.slow
def test_an_interval_from_an_understated_error_is_caught(runs):
    """The band is worth something: standard errors a third too small fall out of it."""
    low = runs.figures["estimate"] - 1.96 * 0.66 * runs.figures["se"]
    high = runs.figures["estimate"] + 1.96 * 0.66 * runs.figures["se"]
    known = np.isfinite(runs.truth)
    share = ((low <= runs.truth) & (runs.truth <= high))[:, known].mean(axis=1)
    error = share.std(ddof=1) / np.sqrt(len(share))
    assert abs(share.mean() - 0.95) > 0.005 + 4 * error
