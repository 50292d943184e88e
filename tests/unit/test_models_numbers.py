"""Models whose answer is known: saturated ones are domain estimates; derivatives; far tails; statsmodels for the points."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.models import families, multinomial_likelihood, ordered_likelihood
from survey_kit.models.likelihood import Likelihood, Rows, of_family
from survey_kit.models.newton import sums


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    rng = np.random.default_rng(21)
    n = 900
    frame = pd.DataFrame(
        {
            "w": rng.uniform(0.3, 5, n),
            "h": rng.integers(0, 9, n),
            "g": rng.choice(["a", "b", "c"], n, p=[0.5, 0.3, 0.2]),
            "x": rng.normal(size=n),
            "e": rng.uniform(1, 4, n),
        }
    )
    frame["p"] = frame["h"] * 10 + rng.integers(0, 4, n)
    frame["b"] = (rng.random(n) < np.where(frame["g"] == "b", 0.7, 0.4)).astype(int)
    frame["c"] = rng.poisson(1.5, n)
    frame["o"] = rng.integers(1, 5, n)
    frame["y"] = rng.normal(50, 3, n)
    return frame


@pytest.fixture(scope="module")
def design(people: pd.DataFrame) -> sk.Design:
    return sk.Design(people, weight="w", strata="h", psu="p", lonely_psu="adjust")


# ------------------------------------------------------------------------------------ saturated models are domain estimates
def test_a_linear_model_of_categories_is_their_means(design: sk.Design) -> None:
    fit = sk.ols(design, "y ~ 0 + g").params.table
    means = sk.mean(design, "y", by="g").table
    np.testing.assert_allclose(fit["estimate"], means["estimate"], rtol=1e-12)
    np.testing.assert_allclose(fit["se"], means["se"], rtol=1e-11)


def test_a_linear_model_with_an_intercept_is_their_differences(design: sk.Design) -> None:
    fit = sk.ols(design, "y ~ g").params.table
    changes = sk.mean(design, "y", by="g").change("g", to="a").table
    np.testing.assert_allclose(fit["estimate"][1:], changes["estimate"], rtol=1e-10)
    np.testing.assert_allclose(fit["se"][1:], changes["se"], rtol=1e-11)


@pytest.mark.parametrize(
    ("function", "link", "slope"),
    [
        ("logit", lambda p: np.log(p / (1 - p)), lambda p: 1 / (p * (1 - p))),
        ("cloglog", lambda p: np.log(-np.log(1 - p)), lambda p: -1 / ((1 - p) * np.log(1 - p))),
    ],
)
def test_a_binary_model_of_categories_is_the_link_of_their_shares(design, function, link, slope) -> None:
    fit = getattr(sk, function)(design, "b ~ 0 + g").params.table
    shares = sk.mean(design, "b", by="g").table
    p = shares["estimate"].to_numpy()
    np.testing.assert_allclose(fit["estimate"], link(p), rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(fit["se"], shares["se"] * slope(p), rtol=1e-11)


def test_a_poisson_model_of_categories_is_the_log_of_their_rates(design: sk.Design, people: pd.DataFrame) -> None:
    made = sk.Design(people.assign(le=np.log(people["e"])), weight="w", strata="h", psu="p", lonely_psu="adjust")
    fit = sk.poisson(made, "c ~ 0 + g", offset="le").params.table
    rates = sk.ratio(design, "c", "e", by="g").table
    np.testing.assert_allclose(fit["estimate"], np.log(rates["estimate"]), rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(fit["se"], rates["se"] / rates["estimate"], rtol=1e-11)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog", "loglog"])
def test_thresholds_alone_are_the_link_of_the_cumulative_shares(design: sk.Design, link: str) -> None:
    fit = sk.ordered(design, "o ~ 1", link=link)
    shares = sk.proportion(design, "o")
    lower = np.tril(np.ones((3, 4)))
    below = lower @ shares.table["estimate"].to_numpy()
    zeta = fit.params.table["estimate"].to_numpy()
    np.testing.assert_allclose(ordered_likelihood.LINKS[link].below(zeta), below, rtol=1e-12)
    se = np.sqrt(np.diag(lower @ shares.vcov() @ lower.T))
    density = np.exp(ordered_likelihood.LINKS[link].log_density(zeta))
    np.testing.assert_allclose(fit.params.table["se"], se / density, rtol=1e-10)
    assert fit.loglik == pytest.approx(fit.loglik_null, rel=1e-13)


def test_a_multinomial_model_without_covariates_is_the_log_of_the_odds(design: sk.Design) -> None:
    fit = sk.multinomial(design, "o ~ 1", base=2)
    shares = sk.proportion(design, "o")
    p = shares.table["estimate"].to_numpy()
    slope = np.zeros((3, 4))
    slope[[0, 1, 2], [0, 2, 3]] = 1 / p[[0, 2, 3]]
    slope[:, 1] = -1 / p[1]
    np.testing.assert_allclose(fit.theta, np.log(p[[0, 2, 3]] / p[1]), rtol=1e-11)
    np.testing.assert_allclose(fit.params.vcov(), slope @ shares.vcov() @ slope.T, rtol=1e-9)


def test_two_levels_are_a_logit_either_way(design: sk.Design) -> None:
    plain = sk.logit(design, "b ~ x + g")
    ordered, nominal = sk.ordered(design, "b ~ x + g"), sk.multinomial(design, "b ~ x + g")
    np.testing.assert_allclose(nominal.theta, plain.theta, rtol=1e-10)
    np.testing.assert_allclose(ordered.theta, [*plain.theta[1:], -plain.theta[0]], rtol=1e-10)
    np.testing.assert_allclose(nominal.params.vcov(), plain.params.vcov(), rtol=1e-9)
    np.testing.assert_allclose(ordered.params.table["se"][:3], plain.params.table["se"][1:], rtol=1e-10)
    for other in (ordered, nominal):
        np.testing.assert_allclose([other.loglik, other.loglik_null], [plain.loglik, plain.loglik_null], rtol=1e-12)


# ---------------------------------------------------------------------------------------------------------- derivatives
RNG = np.random.default_rng(3)
X = np.vstack([np.ones(200), RNG.normal(size=(2, 200))])
ETA = np.array([0.2, 0.5, -0.4]) @ X
LIKELIHOODS: dict[str, tuple[Likelihood, np.ndarray, np.ndarray]] = {
    "ols": (of_family(families.GAUSSIAN, 3), X, ETA + RNG.normal(size=200)),
    "logit": (of_family(families.LOGIT, 3), X, (RNG.random(200) < 0.5) * 1.0),
    "probit": (of_family(families.PROBIT, 3), X, (RNG.random(200) < 0.5) * 1.0),
    "probit_shares": (of_family(families.PROBIT, 3), X, RNG.random(200)),
    "cloglog": (of_family(families.CLOGLOG, 3), X, (RNG.random(200) < 0.5) * 1.0),
    "cloglog_shares": (of_family(families.CLOGLOG, 3), X, RNG.random(200)),
    "poisson": (of_family(families.POISSON, 3), X, RNG.poisson(1.3, 200) * 1.0),
    "multinomial": (multinomial_likelihood.of_levels(4, 3), X, RNG.integers(0, 4, 200) * 1.0),
} | {
    f"ordered_{name}": (ordered_likelihood.of_levels(link, 4, 2), X[1:], RNG.integers(0, 4, 200) * 1.0)
    for name, link in ordered_likelihood.LINKS.items()
}


@pytest.mark.parametrize("name", sorted(LIKELIHOODS))
def test_scores_and_curvature_are_derivatives(name: str) -> None:
    likelihood, x, y = LIKELIHOODS[name]
    p = len(x)
    offset = None if name == "multinomial" else 0.1 * np.cos(np.arange(200))
    rows = Rows(X=x, y=y, w=1 + 0.5 * np.sin(np.arange(200)), offset=offset, cell=None, basis=(np.zeros(p), np.ones(p)))
    theta = 0.1 * np.cos(np.arange(likelihood.size))
    if name.startswith("ordered"):
        theta[-3:] = [-0.7, 0.1, 0.9]
    _, score, curvature = sums(likelihood, rows, theta)
    steps = 1e-6 * np.eye(likelihood.size)
    slope = [(sums(likelihood, rows, theta + e)[0] - sums(likelihood, rows, theta - e)[0]) / 2e-6 for e in steps]
    turn = [(sums(likelihood, rows, theta + e)[1] - sums(likelihood, rows, theta - e)[1]) / 2e-6 for e in steps]
    np.testing.assert_allclose(score, slope, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(curvature, -np.array(turn), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(likelihood.scores(theta, x, y, offset) @ rows.w, score, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("family", [families.PROBIT, families.CLOGLOG, families.LOGIT], ids=lambda f: f.name)
def test_expected_curvature_is_the_mean_of_the_observed(family: families.Family) -> None:
    eta = np.linspace(-3, 1.2, 30)
    mu = family.mean(eta)
    h = [family.rows(eta, np.full(30, y))[2] for y in (0.0, 1.0)]
    expected = h[1] if family.expected is None else family.expected(eta)
    np.testing.assert_allclose((1 - mu) * h[0] + mu * h[1], expected, rtol=1e-10)
    np.testing.assert_allclose(family.slope(eta) ** 2 / family.spread(mu), expected, rtol=1e-10)
    np.testing.assert_allclose(family.predictor(mu), eta, rtol=1e-9)


@pytest.mark.parametrize("link", sorted(ordered_likelihood.LINKS))
def test_ordered_shares_keep_their_digits_far_out(link: str) -> None:
    """P between thresholds 30 and 31 is not zero: catches F(a) - F(b) computed by subtraction."""
    made = ordered_likelihood.LINKS[link]
    a = np.array([-30.0, 31.0, 6.0, -5.0]) if link in ("logit", "probit") else np.array([2.0, -2.0, 0.5, -1.0])
    b = a - 1.0
    with np.errstate(all="ignore"):
        found = made.log_difference(a, b)
    assert np.isfinite(found).all()
    middle = np.linspace(0, 1, 20_001)[:, None] * (a - b) + b
    area = np.exp(made.log_density(middle) - found)
    np.testing.assert_allclose(np.trapezoid(area, middle, axis=0), 1.0, rtol=1e-6)


def test_linear_models_keep_their_digits_far_from_zero(people: pd.DataFrame) -> None:
    """Mean over sd up to 1e8 in outcome and covariate (the accuracy gate)."""
    near = sk.ols(sk.Design(people, weight="w"), "y ~ x").params.table
    for offset in (1e4, 1e6, 1e8):
        frame = people.assign(y=people["y"] + offset, x=people["x"] + offset)
        far = sk.ols(sk.Design(frame, weight="w"), "y ~ x").params.table
        tolerance = 1e-15 * offset * 50
        np.testing.assert_allclose(far["estimate"][1], near["estimate"][1], rtol=tolerance)
        np.testing.assert_allclose(far["se"][1], near["se"][1], rtol=tolerance)


def test_units_of_measurement_do_not_matter(people: pd.DataFrame) -> None:
    plain = sk.logit(sk.Design(people, weight="w"), "b ~ x + c").params.table
    for unit in (1e-12, 1e12):
        moved = sk.logit(sk.Design(people.assign(x=people["x"] * unit), weight="w"), "b ~ x + c").params.table
        np.testing.assert_allclose(moved["estimate"][1] * unit, plain["estimate"][1], rtol=1e-11)
        np.testing.assert_allclose(moved["se"][1] * unit, plain["se"][1], rtol=1e-11)


def test_an_exact_fit_says_so(people: pd.DataFrame) -> None:
    fit = sk.ols(sk.Design(people.assign(y=3 * people["x"] + 1), weight="w"), "y ~ x + c")
    np.testing.assert_allclose(fit.theta, [1, 3, 0], atol=1e-12)
    assert any("tell the outcome exactly" in note for note in fit.notes)


# ----------------------------------------------------------------------------------------------------------- statsmodels
@pytest.mark.parametrize("function", ["ols", "logit", "probit", "cloglog", "poisson"])
def test_points_and_likelihoods_equal_statsmodels(people: pd.DataFrame, function: str) -> None:
    """Catches a log-likelihood without its constants."""
    sm = pytest.importorskip("statsmodels.genmod.families")
    glm = pytest.importorskip("statsmodels.genmod.generalized_linear_model")
    kinds = {
        "ols": (sm.Gaussian(), "y"),
        "logit": (sm.Binomial(), "b"),
        "probit": (sm.Binomial(sm.links.Probit()), "b"),
        "cloglog": (sm.Binomial(sm.links.CLogLog()), "b"),
        "poisson": (sm.Poisson(), "c"),
    }
    family, outcome = kinds[function]
    fit = getattr(sk, function)(sk.Design(people, weight="w"), f"{outcome} ~ x + g")
    theirs = glm.GLM(people[outcome], fit.X, family=family, freq_weights=fit.weights).fit(tol=1e-14, maxiter=200)
    np.testing.assert_allclose(fit.theta, theirs.params, rtol=1e-7)
    np.testing.assert_allclose(fit.loglik, theirs.llf, rtol=1e-9)
    np.testing.assert_allclose([fit.deviance, fit.deviance_null], [theirs.deviance, theirs.null_deviance], rtol=1e-9)
    np.testing.assert_allclose(fit.dispersion, theirs.pearson_chi2 / theirs.df_resid, rtol=1e-6)


# ----------------------------------------------------------------------------------------------------- tests and tables
def test_adjusted_wald_and_one_coefficient(design: sk.Design) -> None:
    fit = sk.logit(design, "b ~ x + g")
    plain, adjusted = fit.test("g"), fit.test("g", method="adjusted_wald")
    d = fit.df_residual + 3
    assert (adjusted.df, adjusted.ddf) == (2, d - 1)
    assert adjusted.statistic == pytest.approx(plain.statistic * (d - 1) / d)
    row = fit.tidy().set_index("term").loc["x"]
    assert fit.test("x").statistic == pytest.approx(row["statistic"] ** 2)
    assert fit.test("x").p_value == pytest.approx(row["p_value"])
    assert fit.test(["x", "g"]).df == 3
    assert fit.test("Intercept").df == 1
    assert fit.test("Intercept", method="lrt").chisq > 0


def test_ratios(design: sk.Design) -> None:
    fit = sk.ordered(design, "o ~ x + g")
    plain, ratio = sk.tidy(fit), sk.tidy(fit, exponentiate=True)
    slopes = plain["level"].isna()
    for name in ("estimate", "conf_low", "conf_high"):
        np.testing.assert_allclose(ratio[name][slopes], np.exp(plain[name][slopes]))
        np.testing.assert_allclose(ratio[name][~slopes], plain[name][~slopes])
    np.testing.assert_allclose(ratio["std_error"][slopes], (np.exp(plain["estimate"]) * plain["std_error"])[slopes])
    np.testing.assert_allclose(ratio["p_value"], plain["p_value"])
    assert "odds" not in fit.summary()


def test_criteria_prefer_the_smaller_model_of_noise(design: sk.Design) -> None:
    small, large = sk.logit(design, "b ~ g"), sk.logit(design, "b ~ g + x + y")
    assert small.aic().value < large.aic().value
    assert small.bic(large).value < large.bic().value
    assert large.bic(large).value == large.bic().value
    with pytest.raises(sk.SurveyKitError, match="lacks a coefficient"):
        large.bic(small)
    with pytest.raises(sk.SurveyKitError, match="same rows"):
        small.bic(sk.probit(design, "b ~ g + x"))
    assert np.isnan(sk.logit(design, "b ~ 1").aic().mean_effect)


def test_estimates_of_a_model_are_estimates(design: sk.Design) -> None:
    """Contrasts, other levels and covariances with other results of the design need nothing new."""
    fit = sk.logit(design, "b ~ g", level=0.9)
    difference = fit.params.difference({"variable": "g[T.c]"}, {"variable": "g[T.b]"}).table.iloc[0]
    assert difference["estimate"] == pytest.approx(fit.theta[2] - fit.theta[1])
    wide = fit.params.confint(0.99).table
    assert (wide["ci_high"] > fit.params.table["ci_high"]).all()
    both = sk.bind(fit.params, sk.mean(design, "b"))
    assert both.vcov().shape == (4, 4)
    ratio = fit.params.map(lambda b: {"odds ratio": np.exp(b["g[T.b]"])}).table.iloc[0]
    tidy = fit.tidy(exponentiate=True).iloc[1]
    assert [ratio["estimate"], ratio["se"]] == pytest.approx([tidy["estimate"], tidy["std_error"]])


@pytest.mark.parametrize(
    ("function", "formula"),
    [
        ("logit", "b ~ g + bs(x, df=4)"),
        ("ordered", "o ~ x"),
        ("multinomial", "o ~ C(g) + x"),
        ("poisson", "c ~ poly(x, 2)"),
    ],
)
def test_a_fit_can_be_stored_and_asked_later(
    design: sk.Design, people: pd.DataFrame, function: str, formula: str
) -> None:
    fit = getattr(sk, function)(design, formula)
    again = pickle.loads(pickle.dumps(fit))
    np.testing.assert_array_equal(again.predict_matrix(people.head(9)), fit.predict_matrix(people.head(9)))
    last = list(fit.terms)[-1]
    assert again.test(last, method="lrt").p_value == fit.test(last, method="lrt").p_value
