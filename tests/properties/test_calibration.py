"""Calibration on samples nobody thought of: whatever can be reached is reached, and the variance is the limit of replication."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import survey_kit as sk
from survey_kit.design.distances import DISTANCES, NO_BOUNDS

BOUNDS = {"linear": None, "raking": None, "sinh": None, "logit": (0.3, 3.5)}


@dataclass(frozen=True)
class Sample:
    """A sample, and positive factors that show that the targets taken from them can be reached."""

    frame: pd.DataFrame
    factor: np.ndarray

    @property
    def design(self) -> sk.Design:
        return sk.Design(self.frame, weight="w", strata="h", psu="unit")

    def levels(self, column: str) -> dict[Any, float]:
        weight = self.frame["w"] * self.factor
        return {level: float(total) for level, total in weight.groupby(self.frame[column]).sum().items()}

    def number(self, column: str) -> float:
        return float((self.frame["w"] * self.factor) @ self.frame[column])


@st.composite
def samples(draw: st.DrawFn) -> Sample:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    units = draw(st.integers(6, 14))
    sizes = rng.integers(4, 12, units)
    unit = np.repeat(np.arange(units), sizes)
    n = len(unit)
    frame = pd.DataFrame({"unit": unit, "h": unit % 2, "w": np.exp(rng.normal(scale=0.6, size=n))})
    for name in ("a", "b", "c"):
        k = draw(st.integers(2, 5))
        frame[name] = rng.choice(k, n, p=rng.dirichlet(np.full(k, 3.0)))
    frame["x"] = np.round(rng.normal(draw(st.sampled_from([0.0, 50.0, -3.0])), 1.0, n), 2)
    frame["y"] = np.round(rng.normal(size=n) + frame["a"] + rng.normal(size=units)[unit], 2)
    return Sample(frame, rng.uniform(0.6, 2.2, n))


def near(design: sk.Design, sample: Sample, columns: tuple[str, ...], numbers: tuple[str, ...] = ()) -> None:
    weight = pd.Series(design.layout.weight)
    for column in columns:
        sums = weight.groupby(sample.frame[column]).sum()
        np.testing.assert_allclose(sums, pd.Series(sample.levels(column)).sort_index(), rtol=1e-9)
    for column in numbers:
        size = float(np.abs(weight) @ np.abs(sample.frame[column]))
        assert abs(weight @ sample.frame[column] - sample.number(column)) <= 1e-9 * size


@given(samples(), st.sampled_from(list(BOUNDS)))
def test_controls_are_hit(sample: Sample, distance: str) -> None:
    controls = {"a": sample.levels("a"), "b": sample.levels("b"), "x": sample.number("x")}
    made = sk.calibrate(sample.design, controls, distance=distance, bounds=BOUNDS[distance])
    near(made, sample, ("a", "b"), ("x",))
    g = made.calibration[0].g
    assert distance == "linear" or (g > 0).all()
    if distance == "logit":
        assert ((g >= 0.3) & (g <= 3.5)).all()


@given(samples())
def test_raking_is_iterative_proportional_fitting(sample: Sample) -> None:
    margins = {name: sample.levels(name) for name in ("a", "b", "c")}
    made = sk.rake(sample.design, margins)
    near(made, sample, ("a", "b", "c"))
    weight = sample.frame["w"].copy()
    for _ in range(3000):
        before = weight
        for name, totals in margins.items():
            weight = weight * sample.frame[name].map(totals) / weight.groupby(sample.frame[name]).transform("sum")
        if np.abs(weight / before - 1).max() < 1e-13:
            break
    np.testing.assert_allclose(made.layout.weight, weight, rtol=1e-7)


@given(samples(), st.sampled_from([1e-6, 0.2, 40.0, 1e6]))
def test_the_size_of_the_weights_does_not_matter(sample: Sample, factor: float) -> None:
    """With totals as targets and the population among the controls, only the proportions of the weights count."""
    scaled = replace(sample, frame=sample.frame.assign(w=sample.frame["w"] * factor))
    margins = {"a": sample.levels("a"), "b": sample.levels("b")}
    for step in (lambda d: sk.rake(d, margins), lambda d: sk.calibrate(d, margins | {"x": sample.number("x")})):
        ours, other = (step(part.design) for part in (sample, scaled))
        np.testing.assert_allclose(other.layout.weight, ours.layout.weight, rtol=1e-7, atol=1e-9)
        a, b = (sk.mean(d, "y").table for d in (ours, other))
        np.testing.assert_allclose(b[["estimate", "se"]], a[["estimate", "se"]], rtol=1e-6)


@given(samples(), st.sampled_from(["linear", "raking", "sinh"]))
def test_calibrating_again_changes_nothing(sample: Sample, distance: str) -> None:
    controls = {"a": sample.levels("a"), "x": sample.number("x")}
    once = sk.calibrate(sample.design, controls, distance=distance)
    twice = sk.calibrate(once, controls, distance=distance)
    np.testing.assert_allclose(twice.calibration[1].g, 1.0, rtol=1e-9)
    a, b = (sk.mean(d, ("y", "x")).table["se"] for d in (once, twice))
    np.testing.assert_allclose(b, a, rtol=1e-6, atol=1e-9)


@given(
    samples(),
    st.lists(st.sampled_from(["post", "rake", "linear", "logit", "shares", "standard"]), min_size=1, max_size=3),
)
def test_the_variance_is_the_limit_of_replication(sample: Sample, names: list[str]) -> None:
    """Any chain of steps: replicates that move each unit's weight a little, calibrated anew, give the linearised SE."""
    shares = {level: 1 / sample.frame["b"].nunique() for level in sample.frame["b"].unique()}
    steps = {
        "post": lambda d: sk.post_stratify(d, "c", sample.levels("c")),
        "rake": lambda d: sk.rake(d, {"a": sample.levels("a"), "b": sample.levels("b")}),
        "linear": lambda d: sk.calibrate(d, {"x": sample.number("x"), "b": sample.levels("b")}),
        "logit": lambda d: sk.calibrate(d, {"a": sample.levels("a")}, distance="logit", bounds=(0.01, 60.0)),
        "shares": lambda d: sk.rake(d, {"b": shares}),
        "standard": lambda d: sk.standardize(d, "b", shares, over="h", empty="drop"),
    }

    def whole(design: sk.Design) -> sk.Design:
        for name in names:
            design = steps[name](design)
        return design

    small = 1e-6
    first = sample.design.layout.stages[0]
    n = first.n_h[first.stratum_of_unit]
    same = first.stratum_of_unit[:, None] == first.stratum_of_unit
    made = sk.Replicates(
        factors=1 + small * (np.eye(first.size) - same / n[:, None]), scale=small**-2, rscales=n / (n - 1), mse=True
    )
    linear = whole(sample.design)
    limit = whole(replace(sample.design, replicates=made))
    for function in (sk.mean, sk.total):
        ours, theirs = (function(d, ("y", "x")).table for d in (linear, limit))
        np.testing.assert_allclose(ours["estimate"], theirs["estimate"], rtol=1e-12)
        free = function(sample.design, ("y", "x")).table["se"].max()
        np.testing.assert_allclose(theirs["se"], ours["se"], rtol=2e-4, atol=1e-5 * free)


@pytest.mark.parametrize("name", list(DISTANCES))
@given(st.floats(-0.6, 3.0))
def test_slopes_are_slopes(name: str, u: float) -> None:
    distance = DISTANCES[name]
    bounds = (0.2, 5.0) if distance.needs_bounds else NO_BOUNDS
    h = 1e-6
    up, down, here = (distance.factor(np.array([u + s]), bounds)[0] for s in (h, -h, 0.0))
    slope = distance.slope(np.array([u]), bounds)[0]
    assert abs((up - down) / (2 * h) - slope) <= 1e-7 * max(1.0, slope)
    assert down <= here <= up
    zero = np.zeros(1)
    np.testing.assert_allclose([distance.factor(zero, bounds)[0], distance.slope(zero, bounds)[0]], 1.0, rtol=1e-14)
