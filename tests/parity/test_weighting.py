"""Weighting steps against R (weighting.R): trimWeights of R survey, and class and propensity adjustments written out there.

Tolerance 1e-8 relative, as R's glm and its trimming stop early; differences met are below 1e-11.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.weighting import Nonresponse, PostStratify, Propensity, Trim, UnknownEligibility, WeightingPlan

HERE = Path(__file__).parent
CASES = pd.read_csv(HERE / "weighting_data.csv", comment="#").astype({"answers": bool, "known": bool})
ROWS = pd.read_csv(HERE / "weighting_rows.csv", comment="#")
RELATIVE = 1e-8

PLANS: dict[str, tuple[object, ...]] = {
    "unknown": (UnknownEligibility(known="known", by="age"),),
    "nonresponse": (Nonresponse(respondent="answers", by=("sex", "age")),),
    "propensity": (Propensity(respondent="answers", levels=("sex", "age"), numbers="z"),),
    "propensity_crossed": (Propensity(respondent="answers", levels=(("sex", "age"),)),),
    "nonresponse_then_post": (
        Nonresponse(respondent="answers", by="sex"),
        PostStratify(by="age", totals={"y": 300, "m": 260, "o": 240}),
    ),
    "trim_once": (Trim(cap=8, spread="equal", strict=False),),
    "trim_strict": (Trim(cap=4, spread="equal"),),
}


@pytest.mark.parametrize("case", PLANS)
def test_steps_equal_r(case: str) -> None:
    design = sk.Design(CASES, weight="w", strata="h", psu="psu", fpc="N")
    made = WeightingPlan(steps=PLANS[case]).apply(design)  # type: ignore[arg-type]
    rows = ROWS[ROWS["case"] == case]
    theirs = rows.loc[rows["what"] == "weight", "value"].to_numpy()
    np.testing.assert_allclose(made.values, theirs, rtol=RELATIVE)
    for se in rows.loc[rows["what"] == "se", "value"]:
        np.testing.assert_allclose(sk.total(made.design, "y").table["se"][0], se, rtol=RELATIVE)


def test_every_case_is_asked() -> None:
    assert set(ROWS["case"]) == set(PLANS)
