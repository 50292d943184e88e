"""Area and unit level models against R (small_areas.R: full matrices and lme4) and against published results.

Tolerance 1e-8 relative: R finds roots with uniroot, whose answer is good to about 1e-12 of the bracket. lme4 itself stops at
about 1e-8 of its optimum, so that its variances are compared at 1e-6.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit import models

HERE = Path(__file__).parent
RELATIVE = 1e-8
LME4 = 1e-6

VALUES = pd.read_csv(HERE / "small_areas.csv", comment="#")
MILK = pd.read_csv(HERE / "small_areas_milk.csv", comment="#")
REGIONS = pd.read_csv(HERE / "small_areas_regions.csv", comment="#")
CORN = pd.read_csv(HERE / "small_areas_corn.csv", comment="#")
COUNTIES = pd.read_csv(HERE / "small_areas_corn_means.csv", comment="#")
PUBLISHED = CORN[
    ~((CORN["county"] == 12) & (CORN["soy"] < 30))
]  # without the second segment of Hardin, as in the paper
METHODS = ("reml", "ml", "fh", "prasad_rao", "adjusted", "li_lahiri")


def theirs(case: str, method: str, quantity: str) -> np.ndarray:
    rows = VALUES[(VALUES["case"] == case) & (VALUES["method"] == method) & (VALUES["quantity"] == quantity)]
    return rows["value"].to_numpy()


def close(ours: object, case: str, method: str, quantity: str, relative: float = RELATIVE) -> None:
    values = theirs(case, method, quantity)
    assert len(values), (case, method, quantity)
    np.testing.assert_allclose(np.atleast_1d(np.asarray(ours, float)), values, rtol=relative, atol=1e-14)


def area_level(case: str, method: str, **more: object) -> models.AreaFit:
    if case == "milk":
        return sk.fay_herriot(MILK["y"], MILK, "~ C(major)", variance=MILK["sd"] ** 2, area="area", method=method)
    outcome = "tight" if case == "tight" else "y"
    return sk.fay_herriot(
        REGIONS[outcome], REGIONS, "~ poverty + coast", variance=REGIONS["v"], area="region", method=method, **more
    )


def same_area_model(fit: models.AreaFit, case: str, method: str) -> None:
    close(fit.components["between"], case, method, "A")
    close(fit.coefficients["estimate"], case, method, "beta")
    close(fit.coefficients["se"], case, method, "beta_se")
    close(fit.modelled["theta"], case, method, "estimate")
    m = fit.modelled
    close(m["g1"] + m["g2"] + 2 * m["g3"] - m["correction"], case, method, "mse")
    assert (m["mse"] > 0).all()  # the correction is left out where it would make the error negative
    close(fit.log_likelihood, case, method, "log_likelihood")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("case", ["milk", "regions", "tight"])
def test_fay_herriot_equals_r(case: str, method: str) -> None:
    """Each way to estimate the variance between areas with its own error; synthetic areas; a variance at zero.

    Would catch: the error of one method used for another, a local maximum, a wrong sign of the bias.
    """
    same_area_model(area_level(case, method), case, method)


def test_milk_equals_the_published_fit() -> None:
    """R sae 1.3, ``mseFH(yi ~ as.factor(MajorArea), SD^2, data = milk)``, printed to 7 digits: A, coefficients, EBLUP, MSE."""
    fit = area_level("milk", "reml")
    np.testing.assert_allclose(fit.components["between"], 0.01855033, atol=5e-9)
    np.testing.assert_allclose(fit.coefficients["estimate"], [0.9681890, 0.1327803, 0.2269462, -0.2413010], atol=5e-7)
    np.testing.assert_allclose(fit.coefficients["se"], [0.06936208, 0.10300072, 0.09232981, 0.08161707], atol=5e-7)
    np.testing.assert_allclose(
        fit.table["estimate"][:6], [1.0219703, 1.0476018, 1.0679513, 0.7608170, 0.8461574, 0.9743727], atol=5e-6
    )
    np.testing.assert_allclose(
        fit.table["rmse"][:6] ** 2,
        [0.013460220, 0.005372876, 0.005701990, 0.008541740, 0.009579594, 0.011670632],
        atol=5e-8,
    )


def test_variance_function_equals_r() -> None:
    """Would catch: back-transforming the log without a bias factor, or fitting areas without a sample."""
    out = models.gvf(REGIONS["v"], n=REGIONS["n"])
    for quantity, ours in (
        ("coefficient", out.coefficients),
        ("smoothed", out.smoothed),
        ("sigma", out.sigma),
        ("r2", out.r2),
    ):
        close(ours, "gvf", "log_variance", quantity)
    same_area_model(area_level("smoothed", "reml", smooth=out), "smoothed", "reml")


def test_arcsine_scale_equals_r() -> None:
    """Would catch: sin^2 of the mean in place of the mean of sin^2, a variance on the wrong scale."""
    fit = area_level("arcsine", "reml", transform="arcsine")
    same_area_model(fit, "arcsine", "reml")
    close(fit.table["estimate"], "arcsine", "reml", "share")
    close(fit.table["rmse"] ** 2, "arcsine", "reml", "share_mse", 1e-7)  # a difference of two integrals


def unit_level(case: str, method: str, **more: object) -> models.AreaFit:
    data = CORN if case == "corn_all" else PUBLISHED
    sizes = "segments" if case in {"corn_finite", "corn_all"} else None
    outcome = "soy" if case == "soy" else "corn"
    return sk.battese_harter_fuller(
        data,
        f"{outcome} ~ corn_pixels + soy_pixels",
        area="county",
        population_means=COUNTIES,
        population_sizes=sizes,
        method=method,
        **more,
    )


@pytest.mark.parametrize("method", ["reml", "ml"])
@pytest.mark.parametrize("case", ["corn", "soy", "corn_finite", "corn_all"])
def test_nested_error_regression_equals_r(case: str, method: str) -> None:
    """Would catch: sums of one area used for another, the population taken as infinite where it is not, ML without its bias."""
    fit = unit_level(case, method)
    variances = [fit.components["between"], fit.components["within"]]
    close(variances, case, method, "variances")
    close([*variances, *fit.coefficients["estimate"]], case, method, "lme4", LME4)
    close(fit.coefficients["estimate"], case, method, "beta")
    close(fit.coefficients["se"], case, method, "beta_se")
    close(fit.estimates.table["estimate"], case, method, "estimate")
    close(fit.estimates.table["se"] ** 2, case, method, "mse")
    close(fit.log_likelihood, case, method, "log_likelihood")


@pytest.mark.parametrize("case", ["corn", "soy"])
def test_fitting_of_constants_equals_r(case: str) -> None:
    fit = unit_level(case, "constants")
    close([fit.components["between"], fit.components["within"]], case, "constants", "variances")
    close(fit.heterogeneity[0], case, "constants", "area_effects")


def test_corn_equals_the_published_fit() -> None:
    """Battese, Harter & Fuller (1988, p. 33) without the outlier, as R agridat's documentation reproduces them with lme4.

    And R sae 1.3 on all 37 segments with the counties' sizes, printed to 6 decimals.
    """
    fit = unit_level("corn", "reml")
    assert [round(fit.components[name], 1) for name in ("between", "within")] == [140.0, 147.3]
    np.testing.assert_allclose(fit.coefficients["estimate"], [51.0703979, 0.3287217, -0.1345684], atol=5e-8)
    every = unit_level("corn_all", "reml").estimates.table["estimate"]
    printed = [122.582519, 123.527414, 113.034260, 114.990082, 137.266001, 108.980696]
    printed += [116.483886, 122.771075, 111.564754, 124.156518, 112.462566, 131.251525]
    np.testing.assert_allclose(every, printed, atol=2e-6)
