"""The coverage benchmark draws what it says and computes what the package computes."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk


@pytest.fixture(scope="module")
def benchmark(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmark_intervals", root / "benchmarks" / "intervals.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look their annotations up
    spec.loader.exec_module(module)
    return module


def test_its_figures_are_those_of_mean(benchmark: ModuleType) -> None:
    for plan in benchmark.PLANS:
        y, w = benchmark.sample(plan, 0.1, 3, np.random.default_rng(1))
        p, se = benchmark.estimated(plan, y, w)
        for run in range(3):
            frame = pd.DataFrame({"y": y[run], "w": w[run], "stratum": plan.stratum, "unit": plan.unit})
            row = sk.mean(sk.Design(frame, weight="w", strata="stratum", psu="unit"), "y").table.iloc[0]
            assert (row["df"], row["n"]) == (plan.df, plan.n)
            np.testing.assert_allclose([p[run], se[run]], [row["estimate"], row["se"]], rtol=1e-12)


def test_the_truth_is_the_truth(benchmark: ModuleType) -> None:
    """A wrong share of a stratum or unit would bias every estimate."""
    for plan in benchmark.PLANS:
        p, se = benchmark.estimated(plan, *benchmark.sample(plan, 0.3, 2000, np.random.default_rng(2)))
        assert abs(p.mean() - 0.3) < 4 * p.std() / np.sqrt(2000), plan.name
        # linearised variances of ratios run a little low with few units and unequal weights
        assert np.sqrt((se**2).mean()) == pytest.approx(p.std(), rel=0.1), plan.name


def test_a_few_runs_make_a_page(benchmark: ModuleType) -> None:
    cells = [cell for plan in benchmark.PLANS for p in benchmark.SHARES for cell in benchmark.simulate(plan, p, 40, 7)]
    assert cells == [
        cell for plan in benchmark.PLANS for p in benchmark.SHARES for cell in benchmark.simulate(plan, p, 40, 7)
    ]
    page = benchmark.judged(cells, 40)
    assert all(kind in page for kind in benchmark.KINDS)


def test_the_committed_page_names_the_default(root: Path) -> None:
    """The rule: the narrowest kind that keeps 94 % wherever any does."""
    text = (root / "benchmarks" / "intervals.md").read_text(encoding="utf-8")
    assert "**The narrowest of them is korn_graubard.**" in text
