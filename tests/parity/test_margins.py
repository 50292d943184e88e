"""Predictions, adjusted means, effects, contrasts and measures of fit against R survey, emmeans and influences written out (margins.R).

Tolerances are of a standard error. 1e-8 where R computes analytically, after its iterations have stopped; 5e-8 where margins.R
differentiates numerically (standard errors of averages and everything about slopes).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk

HERE = Path(__file__).parent
ANALYTIC, NUMERIC = 1e-8, 5e-8
PEOPLE = pd.read_csv(HERE / "models_data.csv")
ROWS = pd.read_csv(HERE / "margins_rows.csv", comment="#", dtype={"name": str})
TARGETS = {"a": 40000, "b": 35000, "c": 20000, "d": 9000}
CASES = list(ROWS[["design", "model", "formula"]].drop_duplicates().itertuples(index=False, name=None))


@cache
def fitted(name: str, model: str, formula: str) -> sk.ModelFit:
    if name == "two":
        design = sk.Design(PEOPLE, weight="weight", strata="stratum", psu=("psu", "ssu"), fpc=("N1", "N2"), nest=True)
    else:
        design = sk.Design(PEOPLE, weight="weight", strata="stratum", psu="psu", nest=True)
    if name == "post":
        design = sk.post_stratify(design, "grp", TARGETS)
    if name == "jkn":
        design = sk.make_replicates(design, "JKn")
    return getattr(sk, model)(design, formula)


def of(case: tuple[str, str, str], what: str) -> pd.DataFrame:
    rows = ROWS[(ROWS["what"] == what) & (ROWS["design"] == case[0])]
    return rows[(rows["model"] == case[1]) & (rows["formula"] == case[2])]


def equal(ours: pd.DataFrame, theirs: pd.DataFrame, estimate: float, se: float, column: str = "se") -> None:
    assert len(ours) == len(theirs)
    size = theirs["se"].to_numpy(dtype=float)
    points = ours["estimate"].to_numpy(), theirs["estimate"].to_numpy(dtype=float)
    np.testing.assert_allclose(points[0] / size, points[1] / size, rtol=0, atol=estimate)
    np.testing.assert_allclose(ours["se"], theirs[column].to_numpy(dtype=float), rtol=se)


@pytest.mark.parametrize("case", [case for case in CASES if case[0] != "jkn"])
@pytest.mark.parametrize("scale", ["response", "link"])
def test_predictions_equal_r(case: tuple[str, str, str], scale: str) -> None:
    """Catches a wrong derivative of the response, or a matrix of new data that is coded anew."""
    theirs = of(case, f"predict_{scale}")
    at = {"grp": list("abcd"), "x": [25, 60]} | ({"k": 2} if "C(k)" in case[2] else {})
    ours = sk.predictions(fitted(*case), at, scale=scale)
    equal(ours.table, theirs, ANALYTIC, ANALYTIC)
    frame = pd.DataFrame([(25.0, "a", 2), (60.0, "a", 2)], columns=["x", "grp", "k"])
    equal(sk.predictions(fitted(*case), frame, scale=scale).table, theirs.head(2), ANALYTIC, ANALYTIC)


@pytest.mark.parametrize("case", CASES)
def test_adjusted_means_equal_the_linearisation(case: tuple[str, str, str]) -> None:
    """Both parts of the influence, together and that of the parameters alone. Catches a lost covariance between them."""
    theirs = of(case, "adjusted")
    equal(sk.adjusted_means(fitted(*case), "grp").table, theirs, ANALYTIC, NUMERIC)
    if case[0] != "jkn":
        fixed = sk.adjusted_means(fitted(*case), "grp", sample="fixed")
        equal(fixed.table, theirs, ANALYTIC, NUMERIC, "extra")


@pytest.mark.parametrize("case", CASES)
def test_marginal_effects_equal_the_linearisation(case: tuple[str, str, str]) -> None:
    """Catches second derivatives, interactions and transformed covariates."""
    theirs = of(case, "ame").set_index("name", drop=False)
    for name, variable in (("dy/dx", "x"), ("b - a", "grp")):
        if name not in theirs.index:
            continue
        wanted = theirs[theirs["name"] == name] if variable == "x" else theirs[theirs["name"] != "dy/dx"]
        ours = sk.average_marginal_effects(fitted(*case), variable)
        assert ours.table["contrast"].tolist() == wanted["name"].tolist()
        equal(ours.table, wanted, NUMERIC, NUMERIC)
        if case[0] != "jkn":
            fixed = sk.average_marginal_effects(fitted(*case), variable, sample="fixed")
            equal(fixed.table, wanted, NUMERIC, NUMERIC, "extra")


@pytest.mark.parametrize("case", [case for case in CASES if case[0] != "jkn" and case[1] != "ols"])
def test_ratios_of_adjusted_means_equal_the_linearisation(case: tuple[str, str, str]) -> None:
    equal(sk.comparisons(fitted(*case), "grp").table, of(case, "ratio"), NUMERIC, NUMERIC)


@pytest.mark.parametrize("case", [case for case in CASES if case[0] == "one"])
def test_conditional_means_and_contrasts_equal_emmeans_and_svycontrast(case: tuple[str, str, str]) -> None:
    """Catches averages over categories of the response instead of the linear predictor, and pairs in another order."""
    fit = fitted(*case)
    means = sk.adjusted_means(fit, "grp", at={"x": 40}, kind="conditional", factors="equal", scale="link")
    equal(means.table, of(case, "conditional_equal"), ANALYTIC, ANALYTIC)
    if not len(of(case, "pairs")):
        return
    pairs, theirs = sk.contrasts(fit, "grp").table, of(case, "pairs").set_index("name")
    assert set(pairs["variable"]) == set(theirs.index)
    equal(pairs, theirs.loc[pairs["variable"]], ANALYTIC, ANALYTIC)
    weights = {"mine": {"grp[T.b]": 0.5, "grp[T.c]": 0.5, "grp[T.d]": -1}}
    equal(sk.contrasts(fit, weights).table, of(case, "contrast"), ANALYTIC, ANALYTIC)
    equal(sk.contrasts(fit, weights, exponentiate=True).table, of(case, "exp_contrast"), ANALYTIC, ANALYTIC)


def test_svypredmeans_leaves_out_a_covariance() -> None:
    """R adds the variances of the two parts; its parts are ours, and ours together differ by their covariance."""
    case = next(case for case in CASES if case[:2] == ("one", "logit"))
    theirs = of(case, "svypredmeans").sort_values("name")
    fit = fitted(*case)
    both, fixed = (sk.adjusted_means(fit, "grp", sample=sample).table for sample in ("random", "fixed"))
    np.testing.assert_allclose(both["estimate"], theirs["estimate"], rtol=1e-8)
    np.testing.assert_allclose(fixed["se"], theirs["extra"], rtol=1e-7)
    assert (np.abs(both["se"] / theirs["se"].to_numpy() - 1) < 0.1).all()
    assert (np.abs(both["se"] / theirs["se"].to_numpy() - 1) > 1e-4).any()


@pytest.mark.parametrize("case", [case for case in CASES if len(of(case, "measure"))])
def test_measures_of_fit_equal_r(case: tuple[str, str, str]) -> None:
    """Catches weights of another scale in the exponents, ties in the ROC curve."""
    ours = sk.fit_measures(fitted(*case)).table.set_index("statistic")
    for row in of(case, "measure").itertuples():
        np.testing.assert_allclose(ours.loc[row.name, "estimate"], float(row.estimate), rtol=1e-9, err_msg=row.name)
        if row.se == row.se:
            np.testing.assert_allclose(ours.loc[row.name, "se"], float(row.se), rtol=1e-9, err_msg=row.name)


def test_archer_lemeshow_equals_the_formula() -> None:
    case = next(case for case in CASES if case[:2] == ("one", "logit"))
    (theirs,) = of(case, "archer_lemeshow").itertuples()
    found = sk.residual_test(fitted(*case), groups=6)
    np.testing.assert_allclose([found.statistic, found.p], [float(theirs.estimate), float(theirs.se)], rtol=1e-6)
    assert found.df2 == float(theirs.extra)
