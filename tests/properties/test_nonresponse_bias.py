"""A plan removes the bias its targets know, with standard errors that hold, and leaves one they do not know."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

RUNS = 300


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    path = Path(__file__).parents[2] / "benchmarks" / "nonresponse.py"
    spec = importlib.util.spec_from_file_location("benchmark_nonresponse", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_a_bias_the_targets_know_is_removed(benchmark: ModuleType) -> None:
    told = benchmark.simulate("schooling, known", RUNS)
    error = told["after_sd"] / np.sqrt(RUNS)
    assert abs(told["after_bias"]) < 4 * error
    assert told["before_bias"] > 8 * error
    assert told["after_se"] == pytest.approx(told["after_sd"], rel=0.15)
    assert abs(told["after_cover"] - 0.95) < 4 * np.sqrt(0.95 * 0.05 / RUNS)


def test_a_bias_nobody_knows_stays(benchmark: ModuleType) -> None:
    """Would catch: a test above that any weighting passes."""
    told = benchmark.simulate("the answer itself", RUNS)
    assert told["after_bias"] > 20 * told["after_sd"] / np.sqrt(RUNS)
    assert told["after_cover"] < 0.3
