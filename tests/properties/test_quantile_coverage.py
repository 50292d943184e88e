"""Do intervals of quantiles cover, and is the standard error the spread of the estimates? Clusters, unequal weights.

The truth is that of the superpopulation; 700 seeded samples, so that 95 % coverage has a Monte-Carlo error of 0.8 points.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import survey_kit as sk

RUNS, STRATA, PSUS, SIZE = 700, 4, 15, 9
BETWEEN = 0.45  # standard deviation of the PSUs' means


def sample(rng: Any) -> pd.DataFrame:
    psu = np.repeat(np.arange(STRATA * PSUS), SIZE)
    z = BETWEEN * rng.normal(size=STRATA * PSUS)[psu] + rng.normal(size=len(psu))
    frame = pd.DataFrame({"psu": psu, "h": psu // PSUS, "w": rng.uniform(0.5, 2.0, len(psu)), "y": np.exp(z)})
    frame["trust"] = np.digitize(z, CUTS).astype(float)
    return frame


CUTS = np.array([-1.6, -0.7, 0.1, 0.8, 1.7])
SPREAD = np.hypot(1.0, BETWEEN)


def interpolated(p: float) -> float:
    """The grouped quantile of the whole population."""
    share = np.diff(np.concatenate(([0.0], stats.norm.cdf(CUTS, scale=SPREAD), [1.0])))
    below = np.concatenate(([0.0], np.cumsum(share)))
    k = int(np.searchsorted(below, p)) - 1
    return k - 0.5 + (p - below[k]) / share[k]


CASES: dict[str, tuple[Any, float]] = {
    "median": (lambda d: sk.median(d, "y"), 1.0),
    "median, hf7": (lambda d: sk.median(d, "y", rule="hf7"), 1.0),
    "upper tenth, logit": (
        lambda d: sk.quantile(d, "y", 0.9, interval="woodruff_logit"),
        float(np.exp(stats.norm.ppf(0.9, scale=SPREAD))),
    ),
    "grouped median": (lambda d: sk.grouped_median(d, "trust"), interpolated(0.5)),
    "grouped quarter, woodruff": (
        lambda d: sk.grouped_median(d, "trust", p=0.25, interval="woodruff"),
        interpolated(0.25),
    ),
}


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    rng = np.random.default_rng(20240607)
    found: dict[str, list[Any]] = {name: [] for name in CASES}
    for _ in range(RUNS):
        design = sk.Design(sample(rng), weight="w", strata="h", psu="psu")
        for name, (call, _) in CASES.items():
            row = call(design).table.iloc[0]
            found[name].append([row["estimate"], row["se"], row["ci_low"], row["ci_high"]])
    return {name: np.array(rows, dtype=float) for name, rows in found.items()}


@pytest.mark.parametrize("name", CASES)
def test_intervals_cover_and_standard_errors_are_the_spread(results: dict[str, Any], name: str) -> None:
    """The band is 3.5 Monte-Carlo errors; the ratio of standard error to spread is known to 3 %."""
    estimate, se, low, high = results[name].T
    truth = CASES[name][1]
    covered = np.mean((low <= truth) & (truth <= high))
    assert abs(covered - 0.95) < 3.5 * np.sqrt(0.95 * 0.05 / RUNS), covered
    assert np.sqrt(np.mean(se**2)) / estimate.std() == pytest.approx(1.0, abs=0.12)
    assert abs(estimate.mean() - truth) < 0.35 * estimate.std()
