"""Fay-Herriot, nested error regression, variance functions, benchmarking and diagnostics: awkward seams and bad input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit import models
from survey_kit.errors import EstimationError
from survey_kit.models import area_model, battese_model

Y = np.array([40.0, 46, 49, 61, 60, 52, 44, 58])
V = np.array([16.0, 9, 25, 9, 16, 4, 9, 12])
AREAS = pd.DataFrame(
    {"region": list("abcdefgh"), "poverty": [10.0, 12, 20, 25, 31, 22, 15, 27], "coast": list("nnyyynyn")}
)


def fitted(**more: object) -> models.AreaFit:
    return sk.fay_herriot(Y, AREAS, "~ poverty", variance=V, area="region", **({"method": "adjusted"} | more))


# ------------------------------------------------------------------------------------------------------- what is estimated
@pytest.mark.parametrize("method", sorted(area_model.METHODS))
def test_scale_and_place_do_not_matter(method: str) -> None:
    """Would catch: a search for the variance between areas that depends on the unit of measurement."""
    one = sk.fay_herriot(Y, AREAS, "~ poverty", variance=V, area="region", method=method)
    other = sk.fay_herriot(1000 * Y + 7e5, AREAS, "~ poverty", variance=V * 1e6, area="region", method=method)
    np.testing.assert_allclose(other.components["between"], one.components["between"] * 1e6, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(other.table["estimate"], 1000 * one.table["estimate"] + 7e5, rtol=1e-10)
    np.testing.assert_allclose(other.table["rmse"], 1000 * one.table["rmse"], rtol=1e-8)


@pytest.mark.parametrize("method", sorted(area_model.METHODS))
def test_order_of_the_areas_does_not_matter(method: str) -> None:
    order = [5, 2, 7, 0, 1, 6, 3, 4]
    one = sk.fay_herriot(Y, AREAS, "~ poverty + coast", variance=V, area="region", method=method).table
    other = sk.fay_herriot(
        Y[order], AREAS.iloc[order], "~ poverty + coast", variance=V[order], area="region", method=method
    ).table
    np.testing.assert_allclose(other["estimate"], one["estimate"].to_numpy()[order], rtol=1e-10)
    np.testing.assert_allclose(other["rmse"], one["rmse"].to_numpy()[order], rtol=1e-8)


@pytest.mark.parametrize(("name", "of"), [("reml", area_model._restricted), ("ml", area_model.log_likelihood)])
def test_the_slope_is_the_derivative_of_the_likelihood(name: str, of: object) -> None:
    basis = np.linalg.qr(np.column_stack([np.ones(8), AREAS["poverty"]]))[0]
    data = area_model.AreaData(y=Y, D=V, Q=basis)
    slope = {"reml": area_model._reml_slope, "ml": area_model._ml_slope}[name]
    for at in (0.5, 4.0, 60.0):
        low, high = of(np.array([at - 1e-4, at + 1e-4]), data)
        np.testing.assert_allclose(slope(at, data), (high - low) / 2e-4, rtol=1e-6, atol=1e-9)


def test_the_adjusted_slope_is_the_derivative() -> None:
    data = area_model.AreaData(y=Y, D=V, Q=np.linalg.qr(np.ones((8, 1)))[0])
    for value, slope in (
        (area_model._yoshimori_lahiri, area_model._yoshimori_lahiri_slope),
        (area_model._li_lahiri, area_model._li_lahiri_slope),
    ):
        low, high = value(np.array([3.0 - 1e-4, 3.0 + 1e-4]), data)
        np.testing.assert_allclose(slope(3.0, data), (high - low) / 2e-4, rtol=1e-6)


def test_the_highest_of_several_maxima_is_found() -> None:
    """The likelihood of areas with very unequal variances may have two tops; a local search from zero takes the lower."""
    y = np.array([0.0, 0.05, -0.04, 0.02, 9.0, -11.0, 10.0, -8.5])
    variance = np.array([1e-3, 1e-3, 1e-3, 1e-3, 40.0, 40.0, 40.0, 40.0])
    data = area_model.AreaData(y=y, D=variance, Q=np.linalg.qr(np.ones((8, 1)))[0])
    found = area_model.METHODS["ml"].estimate(data)
    grid = np.concatenate(([0.0], np.geomspace(1e-8, 1e4, 4000)))
    best = area_model.log_likelihood(grid, data).max()
    assert area_model.log_likelihood(np.array([found]), data)[0] >= best - 1e-9


def test_a_variance_of_zero_is_said_and_the_adjusted_methods_keep_it_positive() -> None:
    close = 40.0 + 0.5 * AREAS["poverty"].to_numpy()
    flat = sk.fay_herriot(close, AREAS, "~ poverty", variance=V, area="region")
    assert flat.components["between"] == 0
    assert (flat.table["gamma"] == 0).all()
    assert any("estimated at zero" in note for note in flat.estimates.notes)
    assert any("estimated at zero" in note for note in flat.diagnostics().notes)
    for method in ("adjusted", "li_lahiri"):
        fit = sk.fay_herriot(close, AREAS, "~ poverty", variance=V, area="region", method=method)
        assert fit.components["between"] > 0
        assert (fit.table["rmse"] > 0).all()


def test_areas_without_a_sample_get_the_synthetic_estimate() -> None:
    fit = sk.fay_herriot(
        np.append(Y[:6], [np.nan, np.nan]),
        AREAS,
        "~ poverty",
        variance=np.append(V[:6], [np.nan, np.nan]),
        area="region",
    )
    last = fit.table.iloc[6:]
    b = fit.coefficients["estimate"].to_numpy()
    np.testing.assert_allclose(last["estimate"], b[0] + b[1] * AREAS["poverty"][6:], rtol=1e-12)
    assert last["source"].tolist() == ["synthetic", "synthetic"]
    assert fit.estimates.table["statistic"].tolist()[-1] == "synthetic"
    assert (last["rmse"].to_numpy() ** 2 > fit.components["between"]).all()
    assert any("all model in 2 areas: g, h" in note for note in fit.notes)


def test_sums_of_areas_use_the_cross_products_of_the_errors() -> None:
    fit = fitted()
    w = np.arange(1.0, 9) / 36
    both = fit.estimates.linear(w[None, :]).table.iloc[0]
    np.testing.assert_allclose(both["se"] ** 2, w @ fit.mse @ w, rtol=1e-10)
    assert w @ fit.mse @ w > w**2 @ np.diag(fit.mse)  # the regression is common to all areas
    assert np.isinf(both["df"])


# --------------------------------------------------------------------------------------------------- estimates of a design
@pytest.fixture(scope="module")
def design() -> sk.Design:
    rng = np.random.default_rng(7)
    n = 900
    frame = pd.DataFrame(
        {"w": rng.uniform(1, 3, n), "wave": rng.integers(2021, 2024, n), "psu": rng.integers(0, 90, n)}
    )
    frame["region"] = np.array(list("abcdefghi"))[frame["psu"] % 9]
    frame["yes"] = (rng.random(n) < 0.35 + 0.03 * (frame["psu"] % 9)).astype(float)
    frame.loc[frame["region"] == "e", "yes"] = 1.0
    return sk.Design(frame, weight="w", strata="region", psu="psu", wave="wave", overlap="psu")


COVARIATES = pd.DataFrame({"region": list("jihgfedcba"), "x": np.arange(10.0)})


def test_pooled_years_go_into_the_model(design: sk.Design) -> None:
    """Would catch: covariates taken in the frame's order, a zero variance taken as exact, a lost area."""
    direct = sk.pooled_direct(design, "yes", by="region").estimates
    with pytest.raises(EstimationError, match="not positive") as caught:
        sk.fay_herriot(direct, COVARIATES, "~ x")
    assert "areas e" in str(caught.value)
    assert "gvf" in str(caught.value)
    fit = sk.fay_herriot(direct, COVARIATES, "~ x", smooth="gvf", transform="arcsine", method="adjusted")
    table = fit.estimates.table
    assert table["region"].tolist() == list("abcdefghij")
    assert table["statistic"].tolist() == ["eblup"] * 9 + ["synthetic"]
    assert table["variable"].unique().tolist() == ["yes"]
    assert ((table["ci_low"] >= 0) & (table["ci_high"] <= 1) & (table["ci_low"] < table["estimate"])).all()
    assert table["n"].tolist()[:9] == direct.table["n"].tolist()
    assert fit.coefficients["estimate"][1] < 0  # x falls where the share rises
    assert any("1 areas with a variance of zero" in note for note in fit.notes)
    assert any("pooled over wave" in note for note in fit.notes)


def test_national_figure_from_the_sample(design: sk.Design) -> None:
    direct = sk.mean(design, "yes", by="region")
    fit = sk.fay_herriot(direct, COVARIATES, "~ x", smooth="gvf", method="adjusted")
    population = dict(zip("abcdefghij", range(10, 20), strict=True))
    national = sk.mean(design, "yes")
    out = sk.benchmark_areas(fit, national, weights=population)
    w = np.array([population[a] for a in out.table["area"]], float)
    np.testing.assert_allclose(w @ out.table["estimate"] / w.sum(), national.table["estimate"][0], rtol=1e-12)
    assert out.estimates.table["region"].tolist() == fit.estimates.table["region"].tolist()
    assert out.estimates.notes[-1].startswith("benchmarked to")


def test_few_degrees_of_freedom_and_shared_units_are_said() -> None:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"town": np.repeat(np.arange(6), 40), "area": list("abcd") * 60})
    frame["y"] = rng.normal(size=240) + 3 * rng.normal(size=6)[frame["town"]]
    est = sk.mean(sk.Design(frame.assign(w=1.0), weight="w", psu="town"), "y", by="area")
    notes = sk.fay_herriot(est, method="adjusted").notes
    assert any("as few as 5 degrees of freedom" in note for note in notes)
    assert any("correlate up to" in note for note in notes)


# -------------------------------------------------------------------------------------------------------------- benchmarking
@pytest.mark.parametrize("method", ["mse", "ratio", "difference"])
@pytest.mark.parametrize("target", [None, 51.0])
def test_benchmarked_areas_add_up(method: str, target: float | None) -> None:
    fit, w = fitted(), np.arange(1.0, 9)
    out = sk.benchmark_areas(fit, target, weights=w, method=method)
    wanted = w @ Y / w.sum() if target is None else target
    np.testing.assert_allclose(w @ out.table["estimate"] / w.sum(), wanted, rtol=1e-12)
    assert (out.table["rmse"] > fit.table["rmse"]).all()
    assert fit.estimates.table["estimate"][0] != out.estimates.table["estimate"][0]
    moved = out.table["estimate"] - fit.table["estimate"]
    if method == "difference":
        np.testing.assert_allclose(moved, moved[0], rtol=1e-9)
    if method == "ratio":
        np.testing.assert_allclose(
            out.table["estimate"] / fit.table["estimate"], 1 + moved[0] / fit.table["estimate"][0]
        )
    if method == "mse":
        np.testing.assert_allclose(
            moved / (w * fit.table["rmse"] ** 2), moved[0] / fit.table["rmse"][0] ** 2, rtol=1e-9
        )


def test_an_external_census_figure_takes_error_away() -> None:
    """With a known total the weighted sum of the areas has no error left; would catch the target taken as independent noise."""
    out = sk.benchmark_areas(fitted(), 51.0, weights=np.ones(8), source="external")
    whole = out.estimates.linear(np.full((1, 8), 1 / 8)).table.iloc[0]
    assert whole["estimate"] == pytest.approx(51.0)
    assert whole["se"] == pytest.approx(0.0, abs=1e-6)
    noisy = sk.benchmark_areas(fitted(), 51.0, weights=np.ones(8), source="external", target_variance=4.0)
    assert noisy.estimates.linear(np.full((1, 8), 1 / 8)).table["se"][0] == pytest.approx(2.0)


def test_a_gap_that_the_model_cannot_explain_is_said() -> None:
    out = sk.benchmark_areas(fitted(), 90.0, weights=np.ones(8))
    assert "the model is biased or the figures differ in kind" in out.notes[-1]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"weights": {"a": 1.0}}, "has no weight"),
        ({"weights": dict.fromkeys("abcdefgz", 1.0)}, "'z' is not an area"),
        ({"weights": np.ones(3)}, "one weight per area"),
        ({"weights": -np.ones(8)}, "not negative"),
        ({"weights": np.ones(8), "target": np.nan}, "one national figure"),
        ({"weights": np.ones(8), "source": "external"}, "has to be given"),
        ({"weights": np.ones(8), "method": "raking"}, "is not a way to benchmark"),
    ],
)
def test_benchmarking_says_what_is_wrong(changes: dict[str, object], words: str) -> None:
    with pytest.raises(EstimationError, match=words):
        sk.benchmark_areas(fitted(), **changes)


def test_direct_estimates_of_some_areas_are_no_national_target() -> None:
    fit = sk.fay_herriot(np.append(Y[:7], np.nan), AREAS, "~ poverty", variance=V, area="region")
    with pytest.raises(EstimationError, match="do not cover the nation"):
        sk.benchmark_areas(fit, weights=np.ones(8))
    out = sk.benchmark_areas(fit, weights=[1, 1, 1, 1, 1, 1, 1, 0])
    np.testing.assert_allclose(out.table["estimate"][:7].mean(), Y[:7].mean())


# --------------------------------------------------------------------------------------------------------------- diagnostics
def test_diagnostics_tell_where_the_model_does_the_work() -> None:
    told = fitted().diagnostics()
    np.testing.assert_allclose(told.table["model_share"], 1 - told.table["gamma"])
    assert told.notes[0].startswith("the model is ")
    assert told.tests["test"].tolist() == ["bias", "goodness_of_fit", "coverage", "normality", "no_variance_between"]
    assert told.table["overlap"].all()
    assert "goodness_of_fit" in repr(told)
    assert "<table" in told._repr_html_()


def test_an_outlying_area_is_found() -> None:
    y = Y.copy()
    y[3] += 90
    told = sk.fay_herriot(y, AREAS, "~ poverty", variance=V / 10, area="region", method="ml").diagnostics()
    p = told.tests.set_index("test")["p"]
    assert p["normality"] < 0.01
    assert any("not normal" in note for note in told.notes)


def test_the_slope_of_direct_on_model_estimates_is_judged_by_the_model() -> None:
    """With equal gamma and no covariates the slope is 1 / gamma, exactly as the model says: no sign of bias."""
    fit = sk.fay_herriot([4.0, 6, 5, 9, 7], variance=[1.0] * 5)
    bias = fit.diagnostics().tests.iloc[0]
    assert bias["value"] == pytest.approx(1 / fit.table["gamma"][0])
    assert bias["p"] == pytest.approx(1.0)


# ---------------------------------------------------------------------------------------------------------- variance functions
def test_variance_functions() -> None:
    n = np.array([10.0, 20, 40, 80, 160])
    exact = models.gvf(0.3 / n, n=n)
    np.testing.assert_allclose(exact.smoothed, 0.3 / n, rtol=1e-12)
    assert exact.factor == pytest.approx(1.0)
    noisy = 0.3 / n * np.array([0.5, 1.6, 0.9, 1.4, 0.7])
    np.testing.assert_allclose(models.gvf(noisy, n=n).smoothed.sum(), noisy.sum())
    assert models.gvf(noisy, n=n, correction="lognormal").factor > 1
    relative = models.gvf(noisy, n=n, of="relvariance", estimate=[1.0, 2, 3, 4, 5])
    assert relative.smoothed[4] / relative.smoothed[0] == pytest.approx(25 * (n[4] / n[0]) ** relative.coefficients[1])
    more = models.gvf(noisy, n=n, predictors=np.array([0.0, 1, 0, 1, 1]))
    assert more.names == ("(Intercept)", "log n", "z1")
    same_size = models.gvf([1.0, 2, 3], n=[10, 10, 10])
    np.testing.assert_allclose(same_size.smoothed, 2.0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"direct": [1.0, 2]}, "needs the sample sizes"),
        ({"direct": [1.0, 0, 0], "n": [1, 2, 3]}, "Too few areas"),
        ({"direct": [1.0, 2, 3], "n": [1, 2]}, "do not fit"),
        ({"direct": [1.0, 2, 3], "n": [1, 2, 3], "of": "relvariance"}, "needs the direct estimates"),
        ({"direct": [1.0, 2, 3, 4], "n": [1, 2, 3, 4], "predictors": np.log([1, 2, 3, 4])}, "collinear"),
        ({"direct": [1.0, 2, 3], "n": [1, 2, 3], "of": "cv"}, "is not a quantity"),
    ],
)
def test_a_variance_function_says_what_is_wrong(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(EstimationError, match=words):
        models.gvf(**arguments)


# ------------------------------------------------------------------------------------------------------------------ bad input
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"formula": "~ povety"}, "did you mean 'poverty'"),
        ({"formula": "~ poverty + I(2 * poverty)"}, "collinear"),
        ({"formula": "~ C(region)"}, "no column"),
        ({"formula": "~ C(poverty)"}, "too few areas"),
        ({"variance": V * 0}, "not positive"),
        ({"variance": V[:3]}, "do not fit"),
        ({"variance": None}, "needs their sampling variances"),
        ({"method": "bayes"}, "is not a method"),
        ({"transform": "arcsine"}, "shares between 0 and 1"),
        ({"transform": "log"}, "is not a transformation"),
        ({"smooth": "gvf"}, "needs the sample sizes"),
        ({"smooth": "loess"}, "no way to smooth"),
        ({"smooth": models.gvf([1.0, 2, 3], n=[1, 2, 3])}, "other areas"),
        ({"covariates": AREAS.iloc[:5]}, "one row per direct estimate"),
        ({"covariates": AREAS.assign(poverty=np.nan)}, "missing|lack a value"),
        ({"covariates": pd.concat([AREAS.iloc[:7], AREAS.iloc[:1]])}, "stands twice"),
        ({"covariates": np.ones((8, 1)), "formula": "~ x", "area": None}, "needs a frame"),
        ({"covariates": np.ones((5, 1)), "formula": None, "area": None}, "one row per area"),
        ({"covariates": None}, "no frame"),
        ({"direct": Y[:, None]}, "row of numbers"),
        ({"level": 95}, "level"),
    ],
)
def test_fay_herriot_says_what_is_wrong(changes: dict[str, object], words: str) -> None:
    asked = {"direct": Y, "covariates": AREAS, "formula": "~ poverty", "variance": V, "area": "region"} | changes
    with pytest.raises(sk.SurveyKitError, match=words):
        sk.fay_herriot(**asked)


def test_areas_that_do_not_match_are_named(design: sk.Design) -> None:
    est = sk.mean(design, "yes", by="region")
    with pytest.raises(EstimationError, match="has no covariates") as caught:
        sk.fay_herriot(est, COVARIATES[COVARIATES["region"] != "c"], "~ x", smooth="gvf")
    assert "c; 1 areas" in str(caught.value)
    with pytest.raises(EstimationError, match="more than one row per area"):
        sk.fay_herriot(sk.mean(design, "yes", by=("wave", "region")), COVARIATES, "~ x", area="region", smooth="gvf")
    with pytest.raises(EstimationError, match="which column holds the areas"):
        sk.fay_herriot(sk.mean(design, "yes", by=("wave", "region")), COVARIATES, "~ x")
    with pytest.raises(EstimationError, match="did you mean 'region'"):
        sk.fay_herriot(est, COVARIATES, "~ x", area="regoin")


def test_li_and_lahiri_need_areas() -> None:
    with pytest.raises(EstimationError, match="no maximum with so few areas"):
        sk.fay_herriot(Y[:4], variance=V[:4], covariates=np.column_stack([np.ones(4), Y[::-1][:4]]), method="li_lahiri")


# ------------------------------------------------------------------------------------------------------- nested error regression
@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    frame = pd.DataFrame(
        {"town": rng.integers(0, 12, 150), "age": rng.uniform(18, 80, 150), "sex": rng.integers(1, 3, 150)}
    )
    frame["y"] = (
        2 + 0.05 * frame["age"] + 0.4 * (frame["sex"] == 2) + rng.normal(size=12)[frame["town"]] + rng.normal(size=150)
    )
    return frame


TOWNS = pd.DataFrame(
    {"town": range(14), "age": np.linspace(40, 50, 14), "C(sex)[T.2]": 0.5, "N": np.arange(100, 240, 10)}
)
FORMULA = "y ~ age + C(sex)"


def units(people: pd.DataFrame, **more: object) -> models.AreaFit:
    return sk.battese_harter_fuller(people, FORMULA, area="town", population_means=TOWNS, **more)


@pytest.mark.parametrize("method", sorted(battese_model.METHODS))
def test_units_order_scale_and_place(people: pd.DataFrame, method: str) -> None:
    """Would catch: digits lost when the outcome is far from zero, sums by area that depend on the order of rows."""
    one = units(people, method=method)
    other = units(people.assign(y=1000 * people["y"] + 1e8).sample(frac=1, random_state=1), method=method)
    np.testing.assert_allclose(other.components["between"], 1e6 * one.components["between"], rtol=1e-6)
    np.testing.assert_allclose(other.table["rmse"], 1000 * one.table["rmse"], rtol=1e-6)
    np.testing.assert_allclose(other.table["estimate"] - 1e8, 1000 * one.table["estimate"], rtol=1e-6)


def test_a_census_has_no_error(people: pd.DataFrame) -> None:
    n = people["town"].value_counts()
    fit = units(people, population_sizes={t: int(n.get(t, 50)) for t in TOWNS["town"]})
    whole = fit.table[fit.table["n"] > 0]
    np.testing.assert_allclose(whole["rmse"], 0.0, atol=1e-7)
    np.testing.assert_allclose(whole["gamma"], 1.0)


def test_the_bootstrap_agrees_with_the_analytic_error(people: pd.DataFrame) -> None:
    """400 samples: the root of the error is known to about 4 %; 15 % holds with certainty beyond four sigmas."""
    analytic = units(people, population_sizes="N")
    drawn = units(people, population_sizes="N", bootstrap=400, rng=5)
    ratio = (drawn.table["rmse"] / analytic.table["rmse"]).to_numpy()
    assert (np.abs(ratio - 1) < 0.18).all()
    again = units(people, population_sizes="N", bootstrap=400, rng=5)
    assert (again.table["rmse"] == drawn.table["rmse"]).all()
    assert any("400 parametric bootstrap samples" in note for note in drawn.notes)


def test_units_with_missing_answers(people: pd.DataFrame) -> None:
    holes = people.assign(y=people["y"].where(people.index > 5))
    with pytest.raises(EstimationError, match="lack a value"):
        units(holes)
    fit = units(holes, missing="exclude")
    assert any("6 units with missing values left out" in note for note in fit.notes)
    np.testing.assert_allclose(fit.table["estimate"], units(people.iloc[6:]).table["estimate"], rtol=1e-10)


def test_a_design_says_that_its_weights_play_no_part(people: pd.DataFrame) -> None:
    fit = sk.battese_harter_fuller(
        sk.Design(people.assign(w=1.0), weight="w"), FORMULA, area="town", population_means=TOWNS
    )
    assert any("play no part" in note for note in fit.notes)
    assert fit.diagnostics().tests["p"].iloc[-1] < 0.01
    out = sk.benchmark_areas(fit, 4.0, weights=TOWNS["N"].to_numpy(float))
    np.testing.assert_allclose(np.average(out.table["estimate"], weights=TOWNS["N"]), 4.0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"formula": "y ~ agge"}, "did you mean 'age'"),
        ({"formula": "age + sex"}, "one outcome"),
        ({"formula": "np.log(y) ~ age"}, "one numeric column"),
        ({"formula": "y ~ age + I(2 * age)"}, "is not given|collinear"),
        ({"area": "twn"}, "did you mean 'town'"),
        ({"population_means": TOWNS.drop(columns="age")}, "population mean of 'age' is not given"),
        ({"population_means": TOWNS.iloc[:3]}, "has no population means"),
        ({"population_means": pd.concat([TOWNS, TOWNS.iloc[:1]])}, "one row per area"),
        ({"population_means": TOWNS.assign(age=np.nan)}, "population mean is missing"),
        ({"population_sizes": dict.fromkeys(range(14), 0.2)}, "smaller than its sample"),
        ({"population_sizes": {0: 100}}, "has no population size"),
        ({"method": "fh"}, "is not a method"),
        ({"bootstrap": 1}, "at least two samples"),
    ],
)
def test_nested_error_regression_says_what_is_wrong(
    people: pd.DataFrame, changes: dict[str, object], words: str
) -> None:
    asked = {"formula": FORMULA, "area": "town", "population_means": TOWNS} | changes
    with pytest.raises(sk.SurveyKitError, match=words):
        sk.battese_harter_fuller(people, **asked)


def test_too_few_areas_or_units(people: pd.DataFrame) -> None:
    with pytest.raises(EstimationError, match="at least two areas"):
        sk.battese_harter_fuller(people.assign(town=1), "y ~ age", area="town", population_means=TOWNS)
    alone = people.drop_duplicates("town")
    with pytest.raises(EstimationError, match="Too few units within areas"):
        sk.battese_harter_fuller(alone, "y ~ age", area="town", population_means=TOWNS)
    exact = people.assign(y=2 * people["age"] + people["town"])
    with pytest.raises(EstimationError, match="explain every unit"):
        sk.battese_harter_fuller(exact, "y ~ age", area="town", population_means=TOWNS)
