"""Inclusion probabilities against the R package sampling (selection.R beside selection.csv and selection_joint.csv).

Would catch: certainty units found only once, another form of the maximum-entropy design, joint probabilities of systematic
sampling that forget the end of the circle, and Brewer's chances with the wrong number of draws left.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from survey_kit.sampling.probabilities import inclusion_probabilities
from survey_kit.sampling.select import BREWER, MAXIMUM_ENTROPY, PPS_SYSTEMATIC, select

HERE = Path(__file__).parent
FIRST = pd.read_csv(HERE / "selection.csv", comment="#")
JOINT = pd.read_csv(HERE / "selection_joint.csv", comment="#")


def theirs(case: str, column: str = "joint") -> np.ndarray:
    part = JOINT[JOINT["case"] == case]
    return part.pivot_table(index="k", columns="l", values=column).to_numpy()


@pytest.mark.parametrize("case", FIRST["case"].unique())
def test_inclusion_probabilities_equal_r(case: str) -> None:
    part = FIRST[FIRST["case"] == case]
    np.testing.assert_allclose(inclusion_probabilities(part["size"], int(part["n"].iloc[0])), part["pi"], rtol=1e-12)


@pytest.mark.parametrize("case", FIRST["case"].unique())
@pytest.mark.parametrize(
    ("method", "name", "tolerance"),
    [
        (PPS_SYSTEMATIC, "systematic", 1e-12),
        (MAXIMUM_ENTROPY, "maximum entropy", 5e-6),
    ],  # R stops its iteration at 1e-6
)
def test_joint_probabilities_equal_r(case: str, method, name: str, tolerance: float) -> None:
    part = FIRST[FIRST["case"] == case]
    draw = select(part, int(part["n"].iloc[0]), method=method, size="size", rng=1)
    np.testing.assert_allclose(draw.joint(whole=True), theirs(f"{case} {name}"), rtol=0, atol=tolerance)


def test_brewer_agrees_with_the_frequencies_of_r() -> None:
    part = FIRST[FIRST["case"] == "mild"]
    exact = select(part, 3, method=BREWER, size="size", rng=1).joint(whole=True)
    z = (exact - theirs("mild Brewer")) / theirs("mild Brewer", "se")
    above = np.triu_indices(len(exact))
    assert np.abs(z[above]).max() < norm.isf(0.001 / 2 / len(above[0]))
