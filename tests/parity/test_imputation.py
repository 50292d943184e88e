"""Rubin's rules against mitools and mice (imputation.R).

Tolerance 1e-8: the same formulas on results that agree with R survey to about 1e-12; the model's coefficients are those of R's
iterated glm.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk

HERE = Path(__file__).parent
RELATIVE = 1e-8
DATA = pd.read_csv(HERE / "imputation_data.csv", comment="#")
VALUES = pd.read_csv(HERE / "imputation.csv", comment="#")
CASES: dict[str, Callable[[sk.Design], sk.Estimates]] = {
    "mean": lambda design: sk.mean(design, "y"),
    "total": lambda design: sk.total(design, "y"),
    "by": lambda design: sk.mean(design, "y", by="g"),
    "ratio": lambda design: sk.ratio(design, "y", "w"),
    "model": lambda design: sk.ols(design, "y ~ x + C(g)").params,
}


def theirs(case: str, quantity: str) -> np.ndarray:
    rows = VALUES[(VALUES["case"] == case) & (VALUES["quantity"] == quantity)]
    return rows["value"].to_numpy()


def parts(case: str) -> list[sk.Estimates]:
    frames = [DATA.assign(y=DATA[f"y{i}"]) for i in range(1, 6)]
    return [CASES[case](sk.Design(frame, weight="w", strata="h", psu="psu")) for frame in frames]


@pytest.mark.parametrize("case", CASES)
def test_estimates_covariance_and_degrees_of_freedom(case: str) -> None:
    """Catches a between part without 1 + 1/m, a divisor m instead of m - 1, covariances left out, and degrees of freedom of
    infinite complete data."""
    out = sk.combine(parts(case))
    np.testing.assert_allclose(out.table["estimate"], theirs(case, "estimate"), rtol=RELATIVE)
    np.testing.assert_allclose(out.vcov().reshape(-1), theirs(case, "vcov"), rtol=RELATIVE, atol=1e-12)
    np.testing.assert_allclose(out.table["df"], theirs(case, "df"), rtol=RELATIVE)


@pytest.mark.parametrize("case", CASES)
def test_missing_information(case: str) -> None:
    """Catches a rate that leaves out the finite number of imputations."""
    rate = sk.missing_information(parts(case))["missing_information"]
    np.testing.assert_allclose(rate, theirs(case, "missing_information"), rtol=RELATIVE)
