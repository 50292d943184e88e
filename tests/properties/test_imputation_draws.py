"""Imputation over repeated draws: expectations in closed form, and coverage with its Monte-Carlo band."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk

TIMES = 3000  # the Monte-Carlo error of a variance is sqrt(2 / TIMES) = 2.6 %
SAMPLES = 200
BAND = 3.5  # standard errors


def cells(n: int = 90) -> pd.DataFrame:
    rng = np.random.default_rng(12)
    frame = pd.DataFrame({"w": np.exp(rng.normal(0, 0.6, n)), "cell": rng.integers(0, 3, n)})
    frame["y"] = 3.0 * frame["cell"] + 0.5 * frame["w"] + rng.normal(0, 1, n)
    frame.loc[rng.random(n) < 0.35, "y"] = np.nan
    return frame


def closed_form(frame: pd.DataFrame) -> tuple[float, float, float]:
    """Mean of the completed data in expectation, and its variance by the choice of donors and by that of their sample."""
    total = drawn = known = 0.0
    for _, part in frame.groupby("cell"):
        given = part.dropna()
        w, y = given["w"].to_numpy(), given["y"].to_numpy()
        lost = part["w"][part["y"].isna()].to_numpy()
        mean = np.average(y, weights=w)
        total += mean * part["w"].sum()
        drawn += (lost**2).sum() * np.average((y - mean) ** 2, weights=w)
        known += lost.sum() ** 2 * (w**2 * (y - mean) ** 2).sum() / w.sum() ** 2
    size = frame["w"].sum()
    return total / size, drawn / size**2, known / size**2


@pytest.mark.parametrize(("draws", "tolerance"), [(None, 0.1), ("rows", 0.15)])
def test_expectation_and_variance_between_imputations(draws: str | None, tolerance: float) -> None:
    """Rao & Shao (1992): in expectation the weighted mean of the cell; catches donors drawn with equal probability (the item
    depends on the weight), and a bootstrap that varies too little. The bootstrap of a ratio is known to first order."""
    frame = cells()
    mean, drawn, known = closed_form(frame)
    done = sk.hot_deck(frame, "y", cells="cell", times=TIMES, rng=5, weight="w", draws=draws)
    y = np.tile(frame["y"].to_numpy(), (TIMES, 1))
    y[:, done.recipients["y"]] = frame["y"].to_numpy()[done.drawn["y"]]
    means = np.average(y, axis=1, weights=frame["w"])
    expected = drawn + (known if draws else 0.0)
    assert abs(means.mean() - mean) < BAND * np.sqrt(expected / TIMES) + (0.01 if draws else 0.0)
    assert abs(means.var() / expected - 1) < tolerance


def sample(rng: np.random.Generator, n: int = 240) -> pd.DataFrame:
    frame = pd.DataFrame({"h": np.repeat(np.arange(3), n // 3), "cell": rng.integers(0, 3, n)})
    frame["w"] = np.array([1.0, 2, 4])[frame["h"]] * rng.uniform(0.7, 1.3, n)
    frame["x"] = frame["cell"] + rng.uniform(-0.5, 0.5, n)
    frame["y"] = 1 + frame["x"] + 0.5 * frame["h"] + rng.normal(0, 1, n)
    frame.loc[rng.random(n) < np.array([0.1, 0.3, 0.6])[frame["cell"]], "y"] = np.nan
    return frame


@pytest.mark.parametrize("method", ["hot deck", "matching"])
def test_rubin_intervals_cover(method: str) -> None:
    """Answers missing at random in cells: no bias, where those who answered alone are biased, and 95 % intervals
    that cover within the Monte-Carlo band (a point less is granted to the approximate bootstrap of small cells)."""
    truth = 1 + 1 + 0.5 * (1 * 2 + 2 * 4) / 7
    found = []
    for r in range(SAMPLES):
        frame = sample(np.random.default_rng([21, r]))
        made = sk.Design(frame, weight="w", strata="h")
        if method == "hot deck":
            done = sk.hot_deck(made, "y", cells=("cell", "h"), times=6, rng=r, collapse=True)
        else:
            done = sk.predictive_mean_matching(made, "y ~ x + C(h)", times=6, rng=r)
        row = done.estimate(lambda d: sk.mean(d, "y")).table.iloc[0]
        found.append((row["estimate"], row["ci_low"] <= truth <= row["ci_high"]))
    estimate, covered = np.array(found, dtype=float).T
    assert abs(estimate.mean() - truth) < BAND * estimate.std() / np.sqrt(SAMPLES)
    assert covered.mean() > 0.94 - BAND * np.sqrt(0.95 * 0.05 / SAMPLES)
    alone = np.mean([sk.mean(sk.Design(sample(np.random.default_rng([21, r])), weight="w", strata="h"), "y", missing="exclude").table["estimate"][0] for r in range(10)])  # fmt: skip
    assert alone < truth - 0.15
