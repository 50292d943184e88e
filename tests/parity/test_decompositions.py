"""Oaxaca-Blinder and Kitagawa against R (decompositions.R): points, and standard errors from complex-step PSU totals.

Tolerance 1e-9 relative: both sides are exact but for rounding; the smallest of the quantities lose a few digits to
cancellation, so that what is below 1e-13 is taken as nothing.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk

HERE = Path(__file__).parent
RELATIVE = 1e-9

PEOPLE = pd.read_csv(HERE / "decompositions_data.csv", comment="#")
THEIRS = pd.read_csv(HERE / "decompositions.csv", comment="#")
COLUMNS = {"educ[T.low]": "educlow", "educ[T.middle]": "educmiddle"}


@pytest.fixture(scope="module")
def design() -> sk.Design:
    return sk.Design(PEOPLE, weight="weight", strata="stratum", psu="unit", nest=True, wave="wave")


def same(ours: pd.DataFrame, case: str, tiny: float = 1e-13) -> None:
    theirs = THEIRS[THEIRS["case"] == case].set_index(["variable", "category"])
    mine = ours.assign(variable=ours["variable"].replace(COLUMNS)).set_index(["variable", "category"])
    assert set(mine.index) <= set(theirs.index)
    assert len(mine) >= len(theirs) - 2  # the constant has no characteristics
    for name in ("estimate", "se"):
        np.testing.assert_allclose(mine[name], theirs.loc[mine.index, name], rtol=RELATIVE, atol=tiny)


@pytest.mark.parametrize("reference", ["a", "b", "half", "cotton", "neumark", "pooled", "threefold"])
@pytest.mark.parametrize("group", ["sex", "wave"])
def test_oaxaca_blinder_equals_r(design: sk.Design, group: str, reference: str) -> None:
    """Would catch: characteristics taken as fixed, one group's coefficients for the other's, contributions of education
    that depend on the omitted category, strata of two waves run together.
    """
    chosen = 0.5 if reference == "half" else reference
    out = sk.oaxaca_blinder(design, "y ~ age + educ", group, reference=chosen, detail="columns")
    same(out.table, f"{group} {reference}")


@pytest.mark.parametrize("reference", ["a", "b", "half", "cotton", "neumark", "pooled"])
def test_logit_equals_r(design: sk.Design, reference: str) -> None:
    """Would catch: the weights of a linear decomposition without the scaling to mean predictions, or their variance left out."""
    chosen = 0.5 if reference == "half" else reference
    out = sk.oaxaca_blinder(design, "b ~ age + educ", "sex", reference=chosen, model="logit", detail="columns")
    same(out.table, f"logit {reference}")


@pytest.mark.parametrize("joint", [False, True])
def test_kitagawa_equals_r(design: sk.Design, joint: bool) -> None:
    """Would catch: rates or shares taken as fixed, the base mixed up."""
    out = sk.kitagawa(design, "b" if joint else "y", "educ", interaction=joint).table
    same(out.assign(variable=out["educ"]), "kitagawa joint" if joint else "kitagawa")
