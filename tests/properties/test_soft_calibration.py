"""Soft calibration on margins nobody thought of: what can be reached is reached, and what is refused a linear programme refuses as well.

Would catch: tolerances whose edges contradict each other taken for unreachable, a search that stops between two edges, a limit of the
weights that is left.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

import survey_kit as sk
from survey_kit.design.calibrate_softly import calibrate_softly
from survey_kit.errors import DesignError

Margins = dict[str, dict[int, float]]


def sample(rng: np.random.Generator, n: int, sizes: list[int]) -> pd.DataFrame:
    columns = {f"m{i}": np.concatenate([np.arange(k), rng.choice(k, n - k)]) for i, k in enumerate(sizes)}
    return pd.DataFrame(columns | {"w": np.exp(rng.normal(0, 0.6, n))})


def possible(frame: pd.DataFrame, margins: Margins, tolerance: dict[str, float]) -> bool:
    """Ask a linear programme whether weights above zero meet the margins within their tolerances."""
    rows, limits = [], []
    for name, levels in margins.items():
        free = tolerance.get(name, 0.0)
        for level, total in levels.items():
            x = (frame[name] == level).to_numpy(float)
            rows += [x, -x]
            limits += [total * (1 + free), -total * (1 - free)]
    done = linprog(np.zeros(len(frame)), A_ub=np.array(rows), b_ub=limits, bounds=(1e-6, None), method="highs")
    return bool(done.status == 0)


@pytest.mark.parametrize("distance", ["linear", "raking"])
def test_tolerances_are_met_wherever_they_can_be(distance: str) -> None:
    refused = 0
    for seed in range(60):
        rng = np.random.default_rng(1000 + seed)
        n = int(rng.integers(20, 300))
        sizes = rng.integers(2, 7, 4).tolist()
        frame = sample(rng, n, sizes)
        margins = {
            f"m{i}": {j: float(x) for j, x in enumerate(rng.dirichlet(np.full(k, 5.0)) * 1000)}
            for i, k in enumerate(sizes)
        }
        free = {f"m{i}": float(rng.choice([0.01, 0.05, 0.2, 0.5])) for i in range(4) if rng.random() < 0.7} or {
            "m0": 0.1
        }
        try:
            w = calibrate_softly(sk.Design(frame, weight="w"), margins, tolerance=free, distance=distance).layout.weight
        except DesignError:
            refused += 1
            assert not possible(frame, margins, free), seed
            continue
        for name, levels in margins.items():
            off = pd.Series(w).groupby(frame[name]).sum() / pd.Series(levels) - 1
            assert off.abs().max() <= free.get(name, 0.0) + 1e-8, (seed, name)
    assert refused <= 6


@pytest.mark.parametrize("distance", ["linear", "raking", "sinh"])
def test_limits_of_weights_are_kept_and_margins_reached(distance: str) -> None:
    for seed in range(50):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(30, 400))
        sizes = rng.integers(2, 6, 3).tolist()
        frame, low, high = sample(rng, n, sizes), 0.4, float(rng.uniform(2.2, 4.2))
        there = np.clip(np.exp(rng.normal(0, 1.0 if seed % 2 else 0.5, n)), low, high)  # weights that would do
        margins = {f"m{i}": {j: float(there[frame[f"m{i}"] == j].sum()) for j in range(k)} for i, k in enumerate(sizes)}
        w = calibrate_softly(
            sk.Design(frame, weight="w"), margins, weights=(low, high), distance=distance
        ).layout.weight
        assert w.min() >= low - 1e-9
        assert w.max() <= high + 1e-9
        for name, levels in margins.items():
            np.testing.assert_allclose(pd.Series(w).groupby(frame[name]).sum(), list(levels.values()), rtol=1e-9)
