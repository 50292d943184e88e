"""Costs of cluster samples, and components of past waves as their input."""

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.errors import DesignError, EstimationError, SurveyKitError
from survey_kit.models import variance_components
from survey_kit.sampling import Costs, average, cluster_plan, cost_curve, optimum_cluster, share

MONEY = Costs(per_psu=300, per_interview=20, fixed=1000)


@pytest.mark.parametrize("rho", [0.01, 0.03, 0.05, 0.2, 0.6])
def test_the_optimum_is_the_best_of_all_sizes(rho):
    sizes = np.arange(1, 200)
    product = (300 / sizes + 20) * (1 + (sizes - 1) * rho)
    assert cluster_plan(share(0.3), MONEY, rho=rho, se=0.01).per_psu == sizes[product.argmin()]
    assert abs(optimum_cluster(MONEY, rho) - sizes[product.argmin()]) < 1


def test_a_wanted_error_is_reached_with_the_fewest_units():
    made = cluster_plan(average(10, 4), MONEY, rho=0.04, se=0.1, deff_weights=1.3)
    assert made.deff == pytest.approx(1.3 * (1 + (made.per_psu - 1) * 0.04))
    assert made.se <= 0.1 < np.sqrt(16 * made.deff / ((made.psus - 1) * made.per_psu))
    assert made.cost == 1000 + 300 * made.psus + 20 * made.interviews


def test_a_budget_is_kept():
    made = cluster_plan(share(0.5), MONEY, rho=0.05, budget=50_000, per_psu=10)
    assert made.psus == 98
    assert made.cost <= 50_000 < made.cost + 500


def test_curves_peak_at_the_optimum():
    curve = cost_curve(share(0.5), MONEY, rho=(0.0, 0.05, 0.2), sizes=range(2, 60), budget=100_000)
    assert (curve["efficiency"] <= 1 + 1e-12).all()
    best = curve.loc[curve.groupby("rho")["efficiency"].idxmax()].set_index("rho")["per_psu"]
    assert best.to_dict() == {0.0: 59, 0.05: 17, 0.2: 8}
    assert curve["cost"].max() <= 100_000


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: Costs(per_psu=0, per_interview=20), "'per_psu' is positive"),
        (lambda: Costs(per_psu=10, per_interview="x"), "per_interview"),
        (lambda: optimum_cluster(MONEY, 1.2), "rho lies between"),
        (lambda: cluster_plan(share(0.5), MONEY, rho=0.05), "wanted standard error or a budget"),
        (lambda: cluster_plan(share(0.5), MONEY, rho=0.05, budget=1500), "does not pay two sampling units"),
        (lambda: cluster_plan(share(0.5), MONEY, rho=0.05, se=0.1, deff_weights=0.5), "at least 1"),
        (lambda: cluster_plan(share(0.5), MONEY, rho=-0.5, se=0.1, per_psu=9), "design effect is not positive"),
        (lambda: cost_curve(share(0.5), MONEY, rho=2.0, se=0.1), "rho lies between"),
        (lambda: cluster_plan(share(0.5), MONEY, rho=0.05, se=0.1, per_psu=0), "at least one interview"),
    ],
)
def test_costs_that_cannot_be(call, told):
    with pytest.raises(SurveyKitError, match=told) as fault:
        call()
    assert isinstance(fault.value, DesignError)
    assert fault.value.fix


# -------------------------------------------------------------------------------------------------------- components
def wave(psus=60, m=10, rho=0.1, seed=0):
    luck = np.random.default_rng(seed)
    town = np.repeat(np.arange(psus), m)
    y = np.sqrt(rho) * luck.normal(size=psus)[town] + np.sqrt(1 - rho) * luck.normal(size=psus * m)
    return pd.DataFrame({"w": 1.0, "town": town, "h": town // 10, "y": y, "wave": "2025", "same": 1.0})


def test_rho_is_met_and_its_standard_error_is_that_of_repeated_samples():
    rows = []
    for seed in range(80):
        design = sk.Design(wave(seed=seed), weight="w", strata="h", psu="town")
        rows.append(variance_components(design, "y").table.iloc[0][["rho", "rho_se", "deff", "deff_clusters"]])
    found = pd.DataFrame(rows).astype(float)
    spread = found["rho"].std()
    assert abs(found["rho"].mean() - 0.1) < 4 * spread / np.sqrt(80)
    assert abs(found["rho_se"].mean() / spread - 1) < 4 / np.sqrt(2 * 80)
    assert abs(found["deff"].mean() / (1 + 9 * 0.1) - 1) < 0.15
    np.testing.assert_allclose(found["deff_clusters"], 1 + 9 * found["rho"])


def test_components_plan_the_next_survey():
    found = variance_components(sk.Design(wave(), weight="w", strata="h", psu="town"), "y", by="wave")
    rho = found.table["rho"].iloc[0]
    told = found.planned(20, deff_weights=1.2)
    assert told["wave"].tolist() == ["2025"]
    assert told["deff"].iloc[0] == pytest.approx(1.2 * (1 + 19 * rho))
    assert "rho" in found._repr_html_()
    with pytest.raises(EstimationError, match="at least one interview"):
        found.planned(0)


def test_domains_without_spread_are_told():
    frame = wave(psus=2, m=3)
    frame["h"] = 0
    frame["part"] = ["a", "b", "b", "c", "c", "b"]
    table = variance_components(sk.Design(frame, weight="w", strata="h", psu="town"), ("y", "same"), by="part").table
    known = table.set_index(["part", "variable"])["status"]
    assert known["a", "y"] == "no_df"
    assert known["b", "same"] == "one_value"
    with pytest.raises(EstimationError, match="Every row is its own sampling unit"):
        variance_components(sk.Design(frame, weight="w"), "y")
