"""Replicates calibrated on kinds of rows are those calibrated row by row.

Would catch: a step that looks at something a kind does not know (a group, who responded, a fixed factor), a domain or wave
summed into the wrong cell, a unit's factor taken for another's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.design import Design
from survey_kit.design.calibrate_kinds import make_kinds
from survey_kit.design.calibration import apply_steps
from survey_kit.weighting import (
    Calibrate,
    Household,
    Nonresponse,
    PostStratify,
    Propensity,
    Rake,
    Trim,
    UnknownEligibility,
    WeightingPlan,
)

SEX = {"f": 260.0, "m": 240.0}
AGE = {"y": 150.0, "m": 200.0, "o": 150.0}
MARGINS = {"sex": SEX, "age": AGE}
SHARES = {"sex": {"f": 0.52, "m": 0.48}, "age": {"y": 0.3, "m": 0.4, "o": 0.3}}

PLANS: dict[str, tuple[Any, ...]] = {
    "rake": (Rake(margins=MARGINS),),
    "shares of the weights": (Rake(margins=SHARES),),
    "bounded": (Rake(margins=MARGINS, population=500, bounds=(0.05, 40)),),
    "linear": (Calibrate(controls=MARGINS),),
    "all steps": (
        UnknownEligibility(known="known", by="sex"),
        Nonresponse(respondent="r", by=("sex", "town")),
        Household(members="adults", cap=3),
        Rake(margins=MARGINS),
    ),
    "propensity": (Propensity(respondent="r", levels=("sex", "age")), PostStratify(by="age", totals=AGE)),
    "propensity of a number": (
        Propensity(respondent="r", levels="sex", numbers="z"),
        PostStratify(by="age", totals=AGE),
    ),
    "number": (Rake(margins=MARGINS), Calibrate(controls={"z": 20_000, "sex": SEX})),
    "trimmed": (Rake(margins=MARGINS), Trim(ratio=1.8)),
}
BY_ROW = {"propensity of a number", "number", "trimmed"}


def people() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    n = 720
    frame = pd.DataFrame({"psu": np.repeat(np.arange(36), n // 36), "w": rng.uniform(1, 3, n)})
    frame["h"], frame["case"] = frame["psu"] // 6, np.arange(n)
    frame["sex"], frame["age"] = rng.choice(["f", "m"], n), rng.choice(["y", "m", "o"], n)
    frame["town"], frame["dom"] = rng.random(n) < 0.4, rng.integers(0, 3, n)
    frame["known"], frame["adults"] = rng.random(n) < 0.9, rng.integers(1, 5, n)
    frame["r"] = frame["known"] & (rng.random(n) < 0.6)
    frame["z"] = rng.normal(40, 10, n)
    frame["y"] = (frame["z"] + rng.normal(size=n)).where(rng.random(n) < 0.95)
    return frame


def designs(case: str, method: str) -> Design:
    """The plan on a design with replicates that are made, or the same as columns of a producer."""
    design = sk.make_replicates(sk.Design(people(), weight="w", strata="h", psu="psu"), "JKn")
    if method == "given":
        made = design.replicates
        weights = np.stack(list(design.replicate_weights()), axis=1)
        design = replace(design, replicates=sk.Replicates(weights=weights, scale=made.scale, rscales=made.rscales))
    return WeightingPlan(steps=PLANS[case]).apply(design).design


@pytest.mark.parametrize("method", ["made", "given"])
@pytest.mark.parametrize("case", PLANS)
def test_weights_equal_those_of_rows(case: str, method: str) -> None:
    design = designs(case, method)
    assert (design.kinds() is None) == (case in BY_ROW)
    bare = sk.make_replicates(sk.Design(people(), weight="w", strata="h", psu="psu"), "JKn")
    for ours, before in zip(design.replicate_weights(), bare.replicate_weights(), strict=True):
        np.testing.assert_allclose(
            ours, apply_steps(design.calibration, before, design.layout.base_weight), rtol=1e-9, atol=1e-12
        )


@pytest.mark.parametrize("case", PLANS)
def test_estimates_equal_those_of_rows(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    design = designs(case, "made")
    calls = (
        lambda d: sk.mean(d, ("y", "z"), by="dom", missing="exclude"),
        lambda d: sk.ratio(d, "y", "z", by=("dom", "town"), missing="exclude"),
        lambda d: sk.total(d, "z", where="town"),
        lambda d: sk.variance(d, "z"),
    )
    ours = [call(design).table[["estimate", "se"]] for call in calls]
    monkeypatch.setattr(Design, "kinds", lambda _: None)
    for call, table in zip(calls, ours, strict=True):
        np.testing.assert_allclose(table, call(design).table[["estimate", "se"]], rtol=1e-8)


def test_waves() -> None:
    frame = pd.concat([people().assign(year=1), people().sample(frac=1, random_state=1).assign(year=2)])
    design = sk.Design(frame, weight="w", strata="h", psu="psu", wave="year")
    design = sk.make_replicates(design, "bootstrap", replicates=30, rng=2)
    design = sk.rake(design, {1: MARGINS, 2: {"sex": SEX}})
    ours = sk.mean(design, "y", by=("year", "dom"), missing="exclude").table["se"]
    rows = [
        apply_steps(design.calibration, w)
        for w in sk.make_replicates(
            sk.Design(frame, weight="w", strata="h", psu="psu", wave="year"), "bootstrap", replicates=30, rng=2
        ).replicate_weights()
    ]
    answered = frame["y"].notna().to_numpy()
    cell = [frame["year"].to_numpy()[answered], frame["dom"].to_numpy()[answered]]
    theta = np.stack(
        [
            (
                pd.Series(w[answered] * frame["y"].to_numpy()[answered]).groupby(cell).sum()
                / pd.Series(w[answered]).groupby(cell).sum()
            ).to_numpy()
            for w in rows
        ]
    )
    np.testing.assert_allclose(ours, theta.std(axis=0, ddof=1), rtol=1e-9)


def test_few_kinds_of_many_rows() -> None:
    """As many kinds as combinations that occur, not as rows: 2 x 3 levels, 3 numbers of adults kept, responded or not, known or not."""
    design = designs("all steps", "made")
    kinds = make_kinds(design.calibration, design.n)
    assert kinds is not None
    assert kinds.size <= 2 * 3 * 2 * 3 * 3
