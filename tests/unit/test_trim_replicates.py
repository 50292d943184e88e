"""Trimming in a replicate: a unit drawn twice is two units with their own weights, not one with a double weight."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.design import Replicates
from survey_kit.weighting import Nonresponse, Trim, WeightingPlan
from survey_kit.weighting.trim import quantiles

RNG = np.random.default_rng(12)
FRAME = pd.DataFrame(
    {
        "w": RNG.lognormal(2, 0.8, 60).round(3),
        "psu": np.arange(60) // 2,
        "sex": RNG.choice(["f", "m"], 60),
        "came": RNG.random(60) < 0.85,
        "y": RNG.normal(size=60),
        "N": 300,
    }
)


@pytest.mark.parametrize("step", [Trim(cap=20), Trim(ratio=2.5), Trim(iqr=1.5, by="sex"), Trim(cap=14, spread="equal")])
def test_a_replicate_equals_the_sample_written_out(step: Trim):
    times = np.random.default_rng(4).multinomial(30, np.full(30, 1 / 30))
    rows = np.repeat(np.arange(60), times[FRAME["psu"]])
    given = FRAME.assign(one=FRAME["w"] * times[FRAME["psu"]], other=FRAME["w"])
    steps = (Nonresponse(respondent="came", by="sex"), step)
    design = sk.Design(given, weight="w", psu="psu", replicates=Replicates.given(["one", "other"], method="bootstrap"))
    ours = next(iter(WeightingPlan(steps=steps).apply(design).replicates()))
    written = WeightingPlan(steps=steps).apply(sk.Design(FRAME.iloc[rows].reset_index(drop=True), weight="w")).values
    expected = pd.Series(written).groupby(rows).sum().reindex(np.arange(60), fill_value=0.0)
    np.testing.assert_allclose(ours, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("step", [Trim(ratio=2.5), Trim(iqr=3)])
def test_finite_populations_leave_small_weights_in_replicates(step: Trim):
    """With a finite population a unit that is not drawn keeps a small weight, which is a small part of a unit."""
    design = sk.make_replicates(sk.Design(FRAME, weight="w", psu="psu", fpc="N"), "bootstrap", replicates=40, rng=1)
    made = WeightingPlan(steps=(step,)).apply(design)
    limit = made.values.max()
    totals = [w.sum() for w in made.replicates()]
    assert len(totals) == 40
    assert sk.mean(made.design, "y").table["se"][0] > 0
    assert 0.3 * FRAME["w"].sum() < min(totals) < max(totals) < 3 * FRAME["w"].sum()
    assert limit < FRAME["w"].max()


def test_quantiles_of_values_that_stand_several_times():
    rng = np.random.default_rng(8)
    for _ in range(50):
        values, times = rng.normal(size=9).round(1), rng.integers(0, 4, 9)
        if times.sum():
            at = (0.0, 0.25, 0.5, 0.9, 1.0)
            expected = np.quantile(np.repeat(values, times), at)
            np.testing.assert_allclose(
                quantiles(values[times > 0], times[times > 0].astype(float), at), expected, atol=1e-12
            )
