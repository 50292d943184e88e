"""Integrated, limited, softened weights and respondents calibrated to their sample against R (weighting_steps.R).

Tolerance 1e-8 relative: R's solver stops at 1e-13 of a margin; differences met are below 1e-13.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.weighting import Calibrate, CalibrateRespondents, CalibrateToEstimates, Integrated, WeightingPlan

HERE = Path(__file__).parent
CASES = pd.read_csv(HERE / "weighting_steps_data.csv", comment="#").astype({"r": bool})
ROWS = pd.read_csv(HERE / "weighting_steps_rows.csv", comment="#")
RELATIVE = 1e-8

SEX, AGE = {"f": 460.0, "m": 420.0}, {"y": 270.0, "m": 320.0, "o": 290.0}
PEOPLE = {"sex": SEX, "age": AGE, "x": 2700.0}
ANSWERED = {"respondent": "r", "levels": ("sex", "age"), "numbers": "x"}
V = [[220.0, -60.0, -90.0], [-60.0, 300.0, -110.0], [-90.0, -110.0, 260.0]]
LIMITS = (2.0, 6.5)

STEPS: dict[str, object] = {
    "integrated_linear": Integrated(household="home", controls=PEOPLE),
    "integrated_raking": Integrated(household="home", controls=PEOPLE, distance="raking"),
    "integrated_homes": Integrated(household="home", controls={"sex": SEX, "one_home": 350.0}),
    "limited_linear": Calibrate(controls={"sex": SEX, "age": AGE}, weights=LIMITS),
    "limited_raking": Calibrate(controls={"sex": SEX, "age": AGE}, weights=LIMITS, distance="raking"),
    "respondents_linear": CalibrateRespondents(**ANSWERED, distance="linear"),  # type: ignore[arg-type]
    "respondents_raking": CalibrateRespondents(**ANSWERED, distance="raking"),  # type: ignore[arg-type]
    "respondents_logistic": CalibrateRespondents(**ANSWERED),  # type: ignore[arg-type]
    "ridge": Calibrate(controls={"sex": SEX, "age": AGE}, cost={"age": 0.7}),
    "estimated": CalibrateToEstimates(controls={"age": {name: AGE[name] for name in ("y", "m", "o")}}, covariance=V),
}


@pytest.mark.parametrize("case", STEPS)
def test_steps_equal_r(case: str) -> None:
    homes = case.startswith("integrated")
    design = (
        sk.Design(CASES, weight="w", psu="home")
        if homes
        else sk.Design(CASES, weight="own", strata="h", psu="psu", fpc="N")
    )
    made = WeightingPlan(steps=(STEPS[case],)).apply(design)  # type: ignore[arg-type]
    rows = ROWS[ROWS["case"] == case]
    theirs = rows.loc[rows["what"] == "weight", "value"].to_numpy()
    np.testing.assert_allclose(made.values, theirs, rtol=RELATIVE)
    for se in rows.loc[rows["what"] == "se", "value"]:
        np.testing.assert_allclose(sk.total(made.design, "y").table["se"][0], se, rtol=RELATIVE)


def test_every_case_is_asked() -> None:
    assert set(ROWS["case"]) == set(STEPS)
    assert ROWS["what"].eq("se").sum() == 7
