"""Linked series against R svycontrast (linking.R): a parallel run of two arms of one sample.

Tolerance 1e-8: both are delta methods with exact derivatives.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk

HERE = Path(__file__).parent
RELATIVE = 1e-8
DATA = pd.read_csv(HERE / "linking_data.csv", comment="#")
VALUES = pd.read_csv(HERE / "linking.csv", comment="#")


def theirs(case: str, quantity: str) -> np.ndarray:
    return VALUES[(VALUES["case"] == case) & (VALUES["quantity"] == quantity)]["value"].to_numpy()


def versions() -> tuple[sk.Estimates, sk.Estimates]:
    frame = DATA.assign(is_old=DATA["arm"] == "old", is_new=DATA["arm"] == "new")
    design = sk.Design(frame, weight="w", strata="h", psu="psu", nest=True, wave="wave")
    old, new = (sk.mean(design, "y", by="wave", where=name) for name in ("is_old", "is_new"))
    return old, new


@pytest.mark.parametrize(
    ("case", "method", "footing"),
    [
        ("difference", "difference", "new"),
        ("ratio", "ratio", "new"),
        ("odds", "odds", "new"),
        ("backwards", "difference", "old"),
    ],
)
def test_linked_series(case: str, method: str, footing: str) -> None:
    """Catches a link whose error is left out, taken as independent of the arms' clusters, or not shared by all linked rows."""
    out = sk.link_series(*versions(), key="wave", bridge=3, method=method, footing=footing)
    assert out.table["wave"].tolist() == [1, 2, 3, 4]
    np.testing.assert_allclose(out.table["estimate"], theirs(case, "estimate"), rtol=RELATIVE)
    np.testing.assert_allclose(out.vcov().reshape(-1), theirs(case, "vcov"), rtol=RELATIVE, atol=1e-12)


@pytest.mark.parametrize("method", ["ratio", "odds"])
def test_link_factors(method: str) -> None:
    """Catches a factor told on the scale of logarithms."""
    out = sk.link_factor(*versions(), key="wave", bridge=3, method=method)
    np.testing.assert_allclose(out.table["estimate"], theirs(f"factor {method}", "estimate"), rtol=RELATIVE)
    np.testing.assert_allclose(out.vcov().reshape(-1), theirs(f"factor {method}", "vcov"), rtol=RELATIVE)
