"""Regression models under made-up designs against R survey, and against sandwiches written out in R (models.R).

Tolerances are of a coefficient beside its standard error and of a covariance beside the product of two. 5e-9: the rounding of R's
own iterations, which models.R runs until the deviance stands still; 2e-8 for probit and cloglog, where R's Fisher scoring then still
is that far from the maximum. Probabilities of the working tests: R takes the saddlepoint approximation, solved for to 1e-8 of the
unit interval; the tests compare the same approximation to 1e-5 away from the mean, where it is 0 / 0, and our exact tail to 15 %, by
which the approximation of a single chi-square is wrong.
Peers (svyolr, nnet, VGAM) stop early: 2e-3 of a standard error.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk

HERE = Path(__file__).parent
RELATIVE, SLOW = 5e-9, 2e-8
SADDLEPOINT, EXACT, PEER = 1e-5, 0.15, 2e-3


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(HERE / name, comment="#")


PEOPLE = pd.read_csv(HERE / "models_data.csv")
ROWS, VCOV, TESTS = read("models_rows.csv"), read("models_vcov.csv"), read("models_tests.csv")
LAMBDA, FITS, PEERS = read("models_lambda.csv"), read("models_fit.csv"), read("models_peers.csv")
TARGETS = {"a": 40000, "b": 35000, "c": 20000, "d": 9000}
CASES = list(ROWS[["design", "model", "formula"]].drop_duplicates().itertuples(index=False, name=None))


@cache
def design(name: str) -> sk.Design:
    people = PEOPLE.assign(sub=PEOPLE["sub"] == 1)
    if name == "srs":
        return sk.Design(people, weight="weight")
    if name == "two":
        return sk.Design(people, weight="weight", strata="stratum", psu=("psu", "ssu"), fpc=("N1", "N2"), nest=True)
    out = sk.Design(people, weight="weight", strata="stratum", psu="psu", nest=True)
    if "post" in name:
        out = sk.post_stratify(out, "grp", TARGETS)
    if "jkn" in name:
        out = sk.make_replicates(out, "JKn")
    return out


@cache
def fitted(name: str, model: str, formula: str) -> sk.ModelFit:
    more: dict[str, object] = {"where": "sub"} if name.startswith("sub") else {}
    if name == "missing":
        more["missing"] = "exclude"
    if model == "poisson":
        more["offset"] = "lexpo"
    if model.startswith("ordered_"):
        return sk.ordered(design(name), formula, link=model.removeprefix("ordered_"), **more)
    if model == "multinomial":
        more["base"] = "left"
    return getattr(sk, model)(design(name), formula, **more)


def tolerance(model: str) -> float:
    return SLOW if model in ("probit", "cloglog") else RELATIVE


def of(table: pd.DataFrame, name: str, model: str, formula: str) -> pd.DataFrame:
    return table[(table["design"] == name) & (table["model"] == model) & (table["formula"] == formula)]


@pytest.mark.parametrize(("name", "model", "formula"), CASES)
def test_coefficients_equal_r(name: str, model: str, formula: str) -> None:
    """Catches wrong scores, information, normalisation, domains, calibration residuals or degrees of freedom."""
    theirs = of(ROWS, name, model, formula).sort_values("position")
    fit = fitted(name, model, formula)
    ours = fit.params.table
    assert len(ours) == len(theirs)
    columns = {"estimate": "estimate", "se": "se", "ci_low": "low", "ci_high": "high"}
    if (
        name == "postjkn"
    ):  # R takes the rank of the calibrated replicates for their degrees of freedom, which calibration lowers
        columns = {"estimate": "estimate", "se": "se"}
    else:
        assert ours["df"].tolist() == theirs["df"].tolist()
        np.testing.assert_allclose(fit.tidy()["p_value"], theirs["p"], rtol=1e-6)
    for mine, yours in columns.items():
        size = theirs["se"].to_numpy()
        np.testing.assert_allclose(
            ours[mine].to_numpy() / size, theirs[yours].to_numpy() / size, rtol=0, atol=tolerance(model), err_msg=mine
        )


@pytest.mark.parametrize(("name", "model", "formula"), CASES)
def test_covariances_equal_r(name: str, model: str, formula: str) -> None:
    """Catches a covariance right on its diagonal only."""
    theirs = of(VCOV, name, model, formula)
    found = fitted(name, model, formula).params.vcov()
    i, j = theirs["i"].to_numpy() - 1, theirs["j"].to_numpy() - 1
    size = np.sqrt(found[i, i] * found[j, j])
    np.testing.assert_allclose(found[i, j] / size, theirs["value"].to_numpy() / size, rtol=0, atol=2 * tolerance(model))


@pytest.mark.parametrize(("name", "model", "formula"), CASES)
def test_deviances_equal_r(name: str, model: str, formula: str) -> None:
    """Catches weights that are not brought to mean one over the rows used."""
    row = of(FITS, name, model, formula).iloc[0]
    fit = fitted(name, model, formula)
    scale = row["wmean"] * row["n"] / fit.n  # R keeps rows outside a calibrated domain, with weight zero
    np.testing.assert_allclose(fit.deviance * scale, row["deviance"], rtol=1e-9)
    if np.isfinite(row["null_deviance"]) and "0 +" not in formula:  # R's null model then lacks the intercept as well
        np.testing.assert_allclose(fit.deviance_null * scale, row["null_deviance"], rtol=1e-9)
    if np.isfinite(row["rss_dispersion"]) and name != "subpost":
        np.testing.assert_allclose(fit.dispersion * scale, row["rss_dispersion"], rtol=1e-8)


@pytest.mark.parametrize(("name", "model", "formula"), CASES)
def test_tests_of_terms_equal_r(name: str, model: str, formula: str) -> None:
    """Catches wrong eigenvalues, a likelihood ratio of other weights, or other degrees of freedom."""
    fit = fitted(name, model, formula)
    kinds = {"Wald": "wald", "LRT": "lrt", "WorkingWald": "working_wald", "anova_LRT": "lrt", "anova_Wald": "wald"}
    kinds["LRT_infinite"] = "lrt"
    sequential = {kind: fit.anova(method=kinds[kind]) for kind in ("anova_LRT", "anova_Wald")} if name == "one" else {}
    for row in of(TESTS, name, model, formula).itertuples():
        term = {"k": "C(k)", "log(x + 20)": "np.log(x + 20)"}.get(row.term, row.term)
        if row.kind.startswith("anova"):
            table = sequential[row.kind]
            found = table[table["term"] == term].iloc[0]
        elif row.kind == "LRT_satterthwaite":
            found = fit.test(term, method="lrt", rule="satterthwaite")
            np.testing.assert_allclose(found.p_value, row.p, rtol=1e-7)
        else:
            ddf = np.inf if row.kind == "LRT_infinite" else None
            found = fit.test(term, method=kinds[row.kind], rule="saddlepoint", ddf=ddf)
        assert (found.df, found.ddf) == (row.df, row.ddf)
        if row.kind.endswith("Wald") and row.kind != "WorkingWald":
            np.testing.assert_allclose([found.statistic, found.p_value], [row.statistic, row.p], rtol=1e-7)
            continue
        np.testing.assert_allclose(found.chisq, row.statistic, rtol=1e-7, atol=1e-9)
        if row.kind.startswith("anova"):
            continue
        theirs = of(LAMBDA, name, model, formula)
        theirs = theirs[(theirs["term"] == row.term) & (theirs["kind"] == row.kind)]["lambda"]
        np.testing.assert_allclose(found.eigenvalues, theirs, rtol=1e-7)
        if row.kind == "LRT_satterthwaite":
            continue
        if abs(found.statistic - 1) > 0.01:
            np.testing.assert_allclose(found.p_value, row.p, rtol=SADDLEPOINT)
        if np.isfinite(found.ddf):
            np.testing.assert_allclose(fit.test(term, method=found.method).p_value, row.p, rtol=EXACT)


CRITERIA = list(
    FITS[FITS["aic"].notna() & (FITS["model"] != "ols_aic")][["design", "model", "formula"]].itertuples(
        index=False, name=None
    )
)


@pytest.mark.parametrize(("name", "model", "formula"), CRITERIA)
def test_information_criteria_equal_r(name: str, model: str, formula: str) -> None:
    """Catches design effects of the wrong coefficients, or a BIC without its determinant."""
    row = of(FITS, name, model, formula).iloc[0]
    fit = fitted(name, model, formula)
    found = fit.aic()
    np.testing.assert_allclose([found.effective_parameters, found.value], [row["effp"], row["aic"]], rtol=1e-8)
    small = formula.replace("grp + ", "").replace(" + grp", "")
    np.testing.assert_allclose(fitted(name, model, small).bic(fit).value, row["bic"], rtol=1e-8)


def test_the_aic_of_a_linear_model_is_the_papers() -> None:
    row = of(FITS, "one", "ols_aic", "y ~ x * grp + C(k)").iloc[0]
    found = fitted("one", "ols", "y ~ x * grp + C(k)").aic()
    np.testing.assert_allclose([found.effective_parameters, found.value], [row["effp"], row["aic"]], rtol=1e-8)


@pytest.mark.parametrize(("model", "peer"), sorted(set(zip(PEERS["model"], PEERS["peer"], strict=True))))
def test_packages_that_stop_early_agree_as_far_as_they_go(model: str, peer: str) -> None:
    """Catches other definitions (signs, order of thresholds, base, link) than the packages people know."""
    theirs = PEERS[(PEERS["model"] == model) & (PEERS["peer"] == peer)].sort_values("position")
    formula = "m ~ x + grp" if model == "multinomial" else "o ~ x + grp"
    ours = fitted("one", model, formula).params.table
    se = ours["se"].to_numpy()
    np.testing.assert_allclose(ours["estimate"].to_numpy() / se, theirs["estimate"].to_numpy() / se, rtol=0, atol=PEER)
    if theirs["se"].notna().all():
        np.testing.assert_allclose(se, theirs["se"], rtol=PEER)
