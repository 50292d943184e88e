"""The estimated mean squared errors of small area models against the errors that repeated samples show.

Each case is drawn with a seed. The mean of the estimated errors over areas is held against the mean of the squared errors: with
R runs of m areas the second is known to about ``sqrt(2 / (R m))`` relative (the squared errors of an area are nearly
independent over runs), the first much better; the band is 4 times that, plus 4 % for what is left after the first order in 1/m.
"""

from __future__ import annotations

import numpy as np
import pytest

import survey_kit as sk
from survey_kit.models import area_model, battese_model

RUNS, AREAS = 700, 20
LEFT = 0.04


@pytest.mark.parametrize("method", ["reml", "ml", "fh", "prasad_rao", "adjusted"])
def test_error_of_the_area_level_model(method: str) -> None:
    """Would catch: g3 counted once, a bias with the wrong sign, the error of another method."""
    rng = np.random.default_rng(20260903)
    variance = np.repeat([0.4, 0.6, 1.0, 1.4, 2.2], 4)
    covariates = np.column_stack([np.ones(AREAS), rng.normal(size=AREAS)])
    squared, estimated, covered = 0.0, 0.0, 0
    for _ in range(RUNS):
        theta = covariates @ [1.0, 2.0] + rng.normal(size=AREAS)
        out = area_model.solve(
            theta + rng.normal(size=AREAS) * np.sqrt(variance), variance, covariates, area_model.METHODS[method]
        )
        error = out.theta - theta
        squared += float((error**2).mean())
        estimated += float(np.diag(out.mse).mean())
        covered += int((np.abs(error) < 1.96 * np.sqrt(np.diag(out.mse))).sum())
    band = 4 * np.sqrt(2 / (RUNS * AREAS)) + LEFT
    assert abs(estimated / squared - 1) < band
    assert covered / (RUNS * AREAS) > 0.93


@pytest.mark.parametrize("size", [np.inf, 40.0])
def test_error_of_the_unit_level_model(size: float) -> None:
    """Would catch: the sampling fraction forgotten in the error, or the part of the units not drawn."""
    rng = np.random.default_rng(20260904)
    n = np.repeat([2, 3, 5, 8, 12], 4)
    area = np.repeat(np.arange(AREAS), n)
    x = rng.normal(size=len(area))
    matrix = np.column_stack([np.ones(len(area)), x])
    sample_mean = np.bincount(area, weights=x) / n
    mean = 0.1 * rng.normal(size=AREAS) if np.isinf(size) else sample_mean + 0.1 * rng.normal(size=AREAS)
    population = battese_model.Population(means=np.column_stack([np.ones(AREAS), mean]), sizes=np.full(AREAS, size))
    f = n / size
    runs = RUNS // 2
    squared, estimated = 0.0, 0.0
    for _ in range(runs):
        v, e = rng.normal(size=AREAS), 1.4 * rng.normal(size=len(area))
        y = matrix @ [1.0, 2.0] + v[area] + e
        rest = 0.0 if np.isinf(size) else 1.4 * rng.normal(size=AREAS) / np.sqrt(size - n)
        truth = 1.0 + 2.0 * mean + v + f * np.bincount(area, weights=e) / n + (1 - f) * rest
        sample = battese_model.UnitSample(y=y, X=matrix, area=area)
        out = battese_model.solve(sample, population, battese_model.METHODS["reml"])
        squared += float(((out.theta - truth) ** 2).mean())
        estimated += float(np.diag(out.mse).mean())
    assert abs(estimated / squared - 1) < 4 * np.sqrt(2 / (runs * AREAS)) + LEFT


@pytest.mark.parametrize("method", ["mse", "ratio"])
def test_error_after_benchmarking(method: str) -> None:
    """Would catch: the error of the benchmark left out, or counted as if it were independent of the estimates."""
    rng = np.random.default_rng(20260905)
    variance = np.repeat([0.4, 0.6, 1.0, 1.4, 2.2], 4)
    weights = rng.uniform(1, 9, AREAS)
    runs, squared, estimated = 200, 0.0, 0.0
    for _ in range(runs):
        theta = 10.0 + rng.normal(size=AREAS)
        fit = sk.fay_herriot(theta + rng.normal(size=AREAS) * np.sqrt(variance), variance=variance)
        out = sk.benchmark_areas(fit, weights=weights, method=method).table
        squared += float(((out["estimate"] - theta) ** 2).mean())
        estimated += float((out["rmse"] ** 2).mean())
    assert abs(estimated / squared - 1) < 4 * np.sqrt(2 / (runs * AREAS)) + LEFT
