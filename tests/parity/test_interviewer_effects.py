"""Interviewer effects against R (interviewer_effects.R): fitting constants with whole matrices, F tests of lm, REML of lme4 on an even design.

Tolerance 1e-8 relative; limits 1e-6, as R's uniroot stops there; REML 1e-5, as its optimiser stops early.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from survey_kit.fieldwork.interviewer_effects import components, interviewer_effects
from survey_kit.fieldwork.screens import Interviews

HERE = Path(__file__).parent
DATA = pd.read_csv(HERE / "interviewer_effects_data.csv", comment="#")
ROWS = pd.read_csv(HERE / "interviewer_effects_rows.csv", comment="#")
RELATIVE = {"constants": 1e-8, "lm": 1e-8, "lme4": 1e-5}


def made(design: str, item: str):
    rows = DATA[DATA["design"] == design]
    return components(rows[item].to_numpy(float), rows["a"].to_numpy(), rows["b"].to_numpy())


@pytest.mark.parametrize("method", list(RELATIVE))
def test_components_equal_r(method: str) -> None:
    for (design, item), rows in ROWS[ROWS["method"] == method].groupby(["design", "item"]):
        found = made(design, item)
        exact = ~rows["quantity"].isin(["low", "high"])
        for part, relative in ((rows[exact], RELATIVE[method]), (rows[~exact], 1e-6)):
            ours = np.array([getattr(found, name) for name in part["quantity"]], dtype=float)
            np.testing.assert_allclose(ours, part["value"].to_numpy(), rtol=relative, atol=1e-9)


def test_the_table_says_the_same() -> None:
    rows = DATA[DATA["design"] == "uneven"]
    told = interviewer_effects(Interviews(frame=rows, interviewer="a", psu="b"), ["y", "yes"]).table.set_index("item")
    wanted = ROWS[(ROWS["method"] == "constants") & (ROWS["design"] == "uneven")].set_index(["item", "quantity"])[
        "value"
    ]
    for item in ("y", "yes"):
        np.testing.assert_allclose(told.loc[item, "rho"], wanted[item, "rho"], rtol=1e-8)
        np.testing.assert_allclose(told.loc[item, "p"], wanted[item, "p"], rtol=1e-8)
