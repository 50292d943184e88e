"""What everything after a fit obeys: the law (derivative by every weight, model fitted again), scale, replicates, calibration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.models import fitness
from survey_kit.models.margins_response import linear, response_of

FINITE = 1e-6  # of a standard error: central differences of a fit that is good to 1e-13
ROUGH = 1e-5  # slopes of splines are differences themselves
STEP = 1e-4
GIVEN = ["auc", "correct", "sensitivity", "specificity"]  # measures of scores that are taken as given


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    rng = np.random.default_rng(12)
    n = 500
    frame = pd.DataFrame(
        {
            "w": rng.uniform(0.3, 5, n),
            "h": rng.integers(0, 6, n),
            "x": np.round(rng.uniform(20, 70, n)),
            "g": rng.choice(["a", "b", "c"], n, p=[0.5, 0.3, 0.2]),
            "k": rng.integers(1, 4, n),
            "t": rng.choice([2021, 2022, 2023], n),
            "lx": rng.uniform(0, 1, n),
        }
    )
    frame["p"] = frame["h"] * 10 + rng.integers(0, 4, n)
    eta = 0.04 * (frame["x"] - 45) + np.where(frame["g"] == "b", 0.6, 0) + 0.2 * (frame["p"] % 10) - 0.3
    frame["y"] = 10 + eta + rng.normal(size=n)
    frame["b"] = (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(float)
    frame["c"] = rng.poisson(np.exp(0.4 * eta + frame["lx"]))
    frame["o"] = np.digitize(eta + rng.logistic(size=n), [-1, 0.3, 1.4])
    frame["d"] = (frame["p"] % 10 < 3) & (frame["x"] < 60)
    frame["m"] = np.array(["left", "mid", "right"])[np.digitize(0.5 * eta + rng.logistic(size=n), [-1, 1])]
    return frame


MODELS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "ols": ("ols", "y ~ x * g + C(t)", {}),
    "logit_domain": ("logit", "b ~ x * g", {"where": "d", "missing": "exclude"}),
    "logit": ("logit", "b ~ np.log(x) * g + C(t)", {}),
    "logit_table": ("logit", "b ~ g + C(t) + C(k)", {}),
    "spline": ("logit", "b ~ bs(x, df=4) + g + C(t)", {}),
    "probit": ("probit", "b ~ x + I(x**2) + g", {"information": "observed"}),
    "cloglog": ("cloglog", "b ~ x + g", {"information": "observed"}),
    "poisson": ("poisson", "c ~ x + g", {"offset": "lx"}),
    "ordered": ("ordered", "o ~ x + g", {}),
    "ordered_probit": ("ordered", "o ~ x * g", {"link": "probit"}),
    "ordered_loglog": ("ordered", "o ~ x + g", {"link": "loglog"}),
    "multinomial": ("multinomial", "m ~ x * g", {}),
}
EVERY = sorted(MODELS)

ASKED: dict[str, Callable[[sk.ModelFit], sk.Estimates]] = {
    "adjusted": lambda fit: sk.adjusted_means(fit, "g"),
    "adjusted_over": lambda fit: sk.adjusted_means(fit, "g", over="k"),
    "effects": sk.average_marginal_effects,
    "effects_by": lambda fit: sk.average_marginal_effects(fit, "g", by="k", contrast="pairwise"),
    "step": lambda fit: sk.average_marginal_effects(fit, contrast=0.01 if "x" in fit.formula else 1),
    "ratio": lambda fit: sk.comparisons(fit, "g"),
    "measures": sk.fit_measures,
}


SIBLINGS = ("ordered_probit", "ordered_loglog", "cloglog", "spline")  # a step would leave the range of the spline
CASES = [
    (asked, name)
    for asked in sorted(ASKED)
    for name in EVERY
    if asked not in ("step", "effects_by") or name not in SIBLINGS
]


def designed(frame: pd.DataFrame, **more: Any) -> sk.Design:
    return sk.Design(frame, weight="w", strata="h", psu="p", **more)


def fitted(name: str, design: sk.Design, **more: Any) -> sk.ModelFit:
    function, formula, options = MODELS[name]
    return getattr(sk, function)(design, formula, **options, **more)


def by_hand(
    frame: pd.DataFrame, ask: Callable[[sk.Design], sk.Estimates], make: Callable[[pd.DataFrame], sk.Design], unit: int
) -> np.ndarray:
    """Everything again with the weights of one unit a little larger and smaller: the derivative by its weight."""
    ends = [
        ask(make(frame.assign(w=frame["w"] * np.where(frame["p"] == unit, 1 + step, 1.0)))) for step in (STEP, -STEP)
    ]
    return (ends[0].table["estimate"].to_numpy() - ends[1].table["estimate"].to_numpy()) / (2 * STEP)


def apart(
    frame: pd.DataFrame, ask: Callable[[sk.Design], sk.Estimates], make: Callable[[pd.DataFrame], sk.Design]
) -> tuple[sk.Estimates, np.ndarray]:
    """How far the unit totals of an estimate's influence are from the derivative by the units' weights, beside its SE."""
    est = ask(make(frame))
    (block,) = est.variance.blocks
    units = sorted(frame["p"].unique())
    out = []
    for place in (0, 13):
        theirs = by_hand(frame, ask, make, units[place])
        out.append(np.abs(block.totals[0][place] - theirs) / est.table["se"].to_numpy())
    return est, np.max(out, axis=0)


@pytest.mark.parametrize(("asked", "name"), CASES)
def test_the_law(people: pd.DataFrame, name: str, asked: str) -> None:
    """Catches a missing part of the influence (covariates, parameters, their covariance) or a wrong derivative."""
    est, far = apart(people, lambda design: ASKED[asked](fitted(name, design)), designed)
    free = ~np.isin(est.table["statistic"], GIVEN)
    assert far[free].max() < (ROUGH if name == "spline" else FINITE), far
    assert est.table["df"].tolist() == [fitted(name, designed(people)).df_residual] * len(est.table)


def test_scores_that_are_given_have_the_influence_of_a_mean(people: pd.DataFrame) -> None:
    """The area under the curve and the shares classified rightly, the scores held: the derivative by every weight."""
    design = designed(people)
    fit = fitted("logit", design)
    est = sk.fit_measures(fit)
    rows = np.flatnonzero(np.isin(est.table["statistic"], GIVEN))
    (block,) = est.variance.blocks
    given = fitness._given(fit, 0.5)
    w, unit = design.layout.weight, design.layout.stages[0].unit_of_row

    def points(weight: np.ndarray) -> np.ndarray:
        state = fitness._state(fit, weight, fit.theta, given, exact=False)
        return np.array([fitness.MEASURES["binary"][est.table["statistic"][row]](state)[0] for row in rows])

    for place in (0, 13):
        step = np.where(unit == place, STEP, 0.0)
        slope = (points(w * (1 + step)) - points(w * (1 - step))) / (2 * STEP)
        np.testing.assert_allclose(block.totals[0][place, rows], slope, atol=1e-7)


@pytest.mark.parametrize("name", ["ols", "logit", "ordered", "multinomial", "poisson"])
@pytest.mark.parametrize("asked", ["adjusted", "effects"])
def test_the_law_under_calibration(people: pd.DataFrame, name: str, asked: str) -> None:
    """Weights calibrated again at every step. Catches residuals taken of one part of the influence only."""
    totals = {"a": 900.0, "b": 700.0, "c": 300.0}

    def make(frame: pd.DataFrame) -> sk.Design:
        return sk.post_stratify(designed(frame), "g", totals)

    _, far = apart(people, lambda design: ASKED[asked](fitted(name, design)), make)
    assert far.max() < FINITE


@pytest.mark.parametrize("name", ["logit", "multinomial"])
@pytest.mark.parametrize("asked", ["adjusted_over", "effects", "ratio", "measures"])
def test_replicates_fit_and_average_again(people: pd.DataFrame, name: str, asked: str) -> None:
    """Catches averages under the full weights, or parameters that are not fitted again."""
    made = sk.make_replicates(designed(people), "JKn")
    question = ASKED[asked]
    est = question(fitted(name, made))
    cs = made.replicates.coefficients
    theta = [
        question(fitted(name, sk.Design(people.assign(w=w)[w > 0], weight="w"))).table["estimate"].to_numpy()
        for w in made.replicate_weights()
    ]
    points = np.stack(theta)
    se = np.sqrt((cs[:, None] * (points - points.mean(axis=0)) ** 2).sum(axis=0))
    free = ~np.isin(est.table["statistic"], GIVEN)
    np.testing.assert_allclose(est.table["se"][free], se[free], rtol=1e-6)
    linear = question(fitted(name, designed(people))).table
    np.testing.assert_allclose(est.table["estimate"], linear["estimate"], rtol=1e-12)
    assert (np.abs(est.table["se"] / linear["se"] - 1) < 0.3).all()


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("asked", ["effects", "measures"])
def test_the_scale_of_weights_does_not_matter(people: pd.DataFrame, name: str, asked: str) -> None:
    one, other = (ASKED[asked](fitted(name, designed(people.assign(w=people["w"] * s)))).table for s in (1, 1e7))
    for column in ("estimate", "se"):
        assert (np.abs(one[column] - other[column]) / one["se"]).max() < 1e-9


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("scale", ["response", "link"])
def test_derivatives_of_the_response(people: pd.DataFrame, name: str, scale: str) -> None:
    """First and second derivatives by the linear predictors, against differences."""
    fit = fitted(name, designed(people))
    response = response_of(fit, scale)
    e = linear(fit, fit.theta, fit.X[:40], None if fit.offset is None else fit.offset[:40])
    h = 1e-5
    for j in range(len(e)):
        up, down = e.copy(), e.copy()
        up[j] += h
        down[j] -= h
        first = (response.value(up) - response.value(down)) / (2 * h)
        np.testing.assert_allclose(response.first(e)[:, j], first, atol=1e-8 * max(1, np.abs(first).max()))
        second = (response.first(up) - response.first(down)) / (2 * h)
        np.testing.assert_allclose(response.second(e)[:, :, j], second, atol=1e-8 * max(1, np.abs(second).max()))
    assert len(response.labels) == len(response.value(e))
    if scale == "response":
        np.testing.assert_allclose(response.value(e), fit.fitted(fit.X, fit.offset)[:, :40], rtol=1e-9)


@pytest.mark.parametrize("name", EVERY)
def test_small_and_large_questions_agree(people: pd.DataFrame, name: str) -> None:
    """Averages as observed are the mean prediction; fixed covariates leave the parameters' part; effects are differences."""
    fit = fitted(name, designed(people))
    whole = sk.adjusted_means(fit).table
    mean = fit.fitted(fit.X, fit.offset) @ fit.weights / fit.weights.sum()
    np.testing.assert_allclose(whole["estimate"], mean, rtol=1e-10)
    levels = sk.adjusted_means(fit, "g")
    effects = sk.average_marginal_effects(fit, "g").table
    theta = levels.table["estimate"].to_numpy().reshape(3, -1)
    np.testing.assert_allclose(effects["estimate"], (theta[1:] - theta[0]).reshape(-1), atol=1e-12)
    fixed = sk.adjusted_means(fit, "g", sample="fixed").table
    np.testing.assert_allclose(fixed["estimate"], levels.table["estimate"])
    link = sk.adjusted_means(fit, "g", at={"x": 40} if "x" in fit.formula.split("~")[1] else None, kind="conditional")
    assert (link.table["se"] > 0).all()
    rows = sk.predictions(fit, people.iloc[fit.rows[:5]], offset=None if fit.offset is None else fit.offset[:5])
    np.testing.assert_allclose(rows.table["estimate"], fit.fitted(fit.X, fit.offset)[:, :5].T.reshape(-1), rtol=1e-9)
    same = sk.predictions(fit).table.head(len(rows.table))
    np.testing.assert_allclose(same["se"], rows.table["se"], rtol=1e-7)


@pytest.mark.parametrize("name", EVERY)
def test_predictions_vary_as_the_fit_does(people: pd.DataFrame, name: str) -> None:
    def question(design: sk.Design) -> sk.Estimates:
        fit = fitted(name, design)
        at = {"g": ["a", "c"]} | ({"x": 33} if "x" in fit.formula.split("~")[1] else {})
        for text, setting in {"C(t)": {"t": 2022}, "C(k)": {"k": 2}}.items():
            at |= setting if text in fit.formula else {}
        return sk.predictions(fit, at, offset=0.5 if fit.offset is not None else None)

    assert apart(people, question, designed)[1].max() < FINITE


def test_adjusted_change_between_waves_is_one_call(people: pd.DataFrame) -> None:
    """Waves of one design, overlapping units: the covariance through the shared parameters is kept."""
    frame = people.assign(p=people["h"] * 100 + people["t"] % 10 * 20 + people["p"] % 10)
    design = sk.Design(frame, weight="w", strata="h", psu="p", wave="t")
    fit = sk.logit(design, "b ~ x + g + C(t)")
    change = sk.adjusted_means(fit, "t").change("t", to="first")
    effect = sk.average_marginal_effects(fit, "t")
    np.testing.assert_allclose(change.table["estimate"], effect.table["estimate"], rtol=1e-12)
    np.testing.assert_allclose(change.table["se"], effect.table["se"], rtol=1e-12)
    assert change.table["from"].tolist() == [2021, 2021]


def test_negative_calibrated_weights_are_borne(people: pd.DataFrame) -> None:
    """A regression estimator's negative weights must not fail averages or measures."""
    frame = people.assign(one=1.0, far=np.where(people["x"] > 65, 40.0, people["x"] % 7))
    design = designed(frame)
    total = float((frame["w"] * frame["far"]).sum()) * 0.2
    made = sk.calibrate(design, {"one": float(frame["w"].sum()), "far": total})
    assert (made.layout.weight < 0).any()
    fit = sk.ols(made, "y ~ x + g")
    assert np.isfinite(sk.adjusted_means(fit, "g").table["se"]).all()
    assert np.isfinite(sk.fit_measures(fit).table["se"]).all()
