"""Weighted kappa of two sides against R psych (assessments.R); both compute one formula, so 1e-12."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.scales.assessments import weighted_kappa

HERE = Path(__file__).parent
DATA = pd.read_csv(HERE / "assessments_data.csv").astype(float)
ROWS = pd.read_csv(HERE / "assessments.csv", comment="#").set_index("weights")["kappa"]


@pytest.mark.parametrize("weights", ["quadratic", "linear"])
def test_weighted_kappa(weights):
    ours = weighted_kappa(DATA["internal"].to_numpy(), DATA["external"].to_numpy(), weights)
    np.testing.assert_allclose(ours, ROWS[weights], rtol=1e-12)


def test_kappa_of_two_sides_in_a_table():
    long = DATA.melt(id_vars="measure", var_name="side", value_name="delivery")
    both = sk.side_by_side(long, ["delivery"], unit="measure", side="side", sides=("internal", "external"))
    np.testing.assert_allclose(both.agreement["kappa"][0], ROWS["quadratic"], rtol=1e-12)
