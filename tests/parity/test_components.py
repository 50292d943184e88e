"""Variance components, homogeneity and design effects against R (components.R): anova, a jackknife of it, survey, lme4.

Tolerance 1e-9 relative, as R's anova subtracts large sums of squares; 1e-5 for lme4, whose optimiser stops there.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.models import variance_components

HERE = Path(__file__).parent
DATA = pd.read_csv(HERE / "components_data.csv", comment="#")
ROWS = pd.read_csv(HERE / "components_rows.csv", comment="#")
EXACT = ["between", "within", "rho", "rho_se", "deff", "deff_weights", "per_psu"]


@pytest.mark.parametrize("data", ["uneven", "even"])
@pytest.mark.parametrize("domain", ["all", "f"])
def test_components_equal_r(data: str, domain: str) -> None:
    here = DATA[DATA["data"] == data].reset_index(drop=True)
    here["f"] = here["sex"] == "f"
    design = sk.Design(here, weight="w", strata="h", psu="psu")
    found = variance_components(design, ("y", "yes"), where=None if domain == "all" else "f").table.set_index(
        "variable"
    )
    told = ROWS[(ROWS["data"] == data) & (ROWS["domain"] == domain)]
    for variable in ("y", "yes"):
        r = told[told["y"] == variable].set_index("what")["value"]
        np.testing.assert_allclose(found.loc[variable, EXACT].to_numpy(dtype=float), r[EXACT], rtol=1e-9)
        if "reml_between" in r:
            ours = found.loc[variable, ["between", "within"]].to_numpy(dtype=float)
            np.testing.assert_allclose(ours, r[["reml_between", "reml_within"]], rtol=1e-5)


def test_by_equals_each_domain_alone() -> None:
    here = DATA[DATA["data"] == "uneven"].reset_index(drop=True)
    here["f"] = here["sex"] == "f"
    design = sk.Design(here, weight="w", strata="h", psu="psu")
    both = variance_components(design, ("y", "yes"), by="sex").table
    alone = variance_components(design, ("y", "yes"), where="f").table
    part = both[both["sex"] == "f"].drop(columns="sex").reset_index(drop=True)
    pd.testing.assert_frame_equal(part, alone.reset_index(drop=True))
