"""What every model obeys: order of rows, scale of weights, domains, the law, replicates, calibration, frame libraries, input."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import survey_kit as sk
from survey_kit.models import patterns, problem

EXACT = 1e-11  # of a standard error: two ways round the same sums
FINITE = 2e-6  # central differences of a fit that is good to 1e-13


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    n = 700
    frame = pd.DataFrame(
        {
            "w": rng.uniform(0.3, 5, n),
            "h": rng.integers(0, 7, n),
            "x": np.round(rng.normal(50, 12, n)),
            "z": rng.normal(1e6, 1.0, n),
            "g": rng.choice(["a", "b", "c"], n, p=[0.5, 0.3, 0.2]),
            "k": rng.integers(1, 4, n),
            "lx": rng.uniform(0, 1, n),
        }
    )
    frame["p"] = frame["h"] * 10 + rng.integers(0, 5, n)
    eta = 0.05 * (frame["x"] - 50) + np.where(frame["g"] == "b", 0.5, 0) + 0.1 * (frame["p"] % 10)
    frame["y"] = 10 + eta + rng.normal(size=n)
    frame["b"] = rng.random(n) < 1 / (1 + np.exp(-eta))
    frame["c"] = rng.poisson(np.exp(0.5 * eta + frame["lx"]))
    frame["o"] = np.digitize(eta + rng.logistic(size=n), [-1, 0.3, 1.4])
    frame["m"] = rng.choice(["left", "mid", "right"], n)
    frame["d"] = frame["x"] > 45
    frame["all"] = True
    return frame


MODELS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "ols": ("ols", "y ~ x + g + C(k)", {}),
    "ols_far": ("ols", "y ~ z + g", {}),
    "logit": ("logit", "b ~ x + g", {}),
    "logit_table": ("logit", "b ~ g * C(k)", {}),
    "probit": ("probit", "b ~ x + g", {"information": "observed"}),
    "cloglog": ("cloglog", "b ~ x + g", {"information": "observed"}),
    "poisson": ("poisson", "c ~ x + g", {"offset": "lx"}),
    "ordered": ("ordered", "o ~ x + g", {}),
    "ordered_probit": ("ordered", "o ~ x + g", {"link": "probit"}),
    "ordered_loglog": ("ordered", "o ~ g + C(k)", {"link": "loglog"}),
    "multinomial": ("multinomial", "m ~ x + g", {}),
}
EVERY = sorted(MODELS)


def designed(frame: Any, **more: Any) -> sk.Design:
    return sk.Design(frame, weight="w", strata="h", psu="p", **more)


def fitted(name: str, design: sk.Design, **more: Any) -> sk.ModelFit:
    function, formula, options = MODELS[name]
    return getattr(sk, function)(design, formula, **options, **more)


def same(ours: sk.ModelFit, theirs: sk.ModelFit, tolerance: float = EXACT) -> None:
    a, b = ours.params.table, theirs.params.table
    assert a["variable"].tolist() == b["variable"].tolist()
    for name in ("estimate", "se"):
        assert (np.abs(a[name] - b[name]) / b["se"]).max() < tolerance, name
    size = np.sqrt(np.outer(b["se"] ** 2, b["se"] ** 2))
    assert (np.abs(ours.params.vcov() - theirs.params.vcov()) / size).max() < 10 * tolerance
    np.testing.assert_allclose([ours.loglik, ours.loglik_null], [theirs.loglik, theirs.loglik_null], rtol=1e-11)


@pytest.mark.parametrize("name", EVERY)
def test_the_order_of_rows_does_not_matter(people: pd.DataFrame, name: str) -> None:
    mixed = people.sample(frac=1, random_state=3).reset_index(drop=True)
    same(fitted(name, designed(mixed)), fitted(name, designed(people)))


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("scale", [1e-6, 1 / 3, 4.0, 1e9])
def test_the_scale_of_weights_does_not_matter(people: pd.DataFrame, name: str, scale: float) -> None:
    same(fitted(name, designed(people.assign(w=people["w"] * scale))), fitted(name, designed(people)))


@pytest.mark.parametrize("name", EVERY)
def test_scores_are_zero_at_the_maximum(people: pd.DataFrame, name: str) -> None:
    """To 1e-10 of the sum of their sizes: converged fully, not until the deviance moves little."""
    design = designed(people)
    fit = fitted(name, design)
    z = fit.influence() * design.layout.weight[:, None]
    assert (np.abs(z.sum(axis=0)) / np.abs(z).sum(axis=0)).max() < 1e-12


@pytest.mark.parametrize("name", EVERY)
def test_influence_is_the_derivative_of_the_fit_by_every_weight(people: pd.DataFrame, name: str) -> None:
    """The law: the infinitesimal jackknife. Catches a bread that is not the derivative of the estimating equations."""
    design = designed(people)
    fit = fitted(name, design)
    z, w = fit.influence(), design.layout.weight
    unit = design.layout.stages[0].unit_of_row
    for chosen in (0, 11, 29):
        rows = unit == chosen
        step = np.where(rows, 1e-4, 0.0) * w
        slope = (fit.refit(w + step) - fit.refit(w - step)) / 2e-4
        exact = (w[rows, None] * z[rows]).sum(axis=0)
        scale = np.abs(w[:, None] * z).sum(axis=0)
        assert (np.abs(slope - exact) / scale).max() < FINITE


@pytest.mark.parametrize("name", EVERY)
def test_a_domain_of_everybody_is_no_domain(people: pd.DataFrame, name: str) -> None:
    same(fitted(name, designed(people), where="all"), fitted(name, designed(people)))


@pytest.mark.parametrize("name", EVERY)
def test_a_domain_keeps_units_that_have_no_member_of_it(people: pd.DataFrame, name: str) -> None:
    """Rows are never dropped: units without members count as zeros. Catches filtering the frame."""
    apart = people.assign(d=(people["p"] % 10 < 4) & people["d"])
    inside = fitted(name, designed(apart), where="d")
    cut = fitted(name, designed(apart[apart["d"]], lonely_psu="certainty"))
    np.testing.assert_allclose(inside.theta, cut.theta, rtol=1e-9)
    assert (np.abs(inside.params.table["se"] / cut.params.table["se"] - 1) > 1e-4).all()
    assert inside.df_residual == cut.df_residual


@pytest.mark.parametrize("name", EVERY)
def test_repeated_combinations_are_fitted_as_their_rows(
    people: pd.DataFrame, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches weights or influence that go to the wrong rows when equal rows are put together."""
    twice = pd.concat([people] * 4, ignore_index=True)
    together = fitted(name, designed(twice))
    assert together.problem.data.cell is not None
    monkeypatch.setattr(problem, "patterns", lambda *_: None)
    apart = fitted(name, designed(twice))
    assert apart.problem.data.cell is None
    same(together, apart)
    np.testing.assert_allclose(together.influence(), apart.influence(), rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(together.X, apart.X, rtol=1e-12)
    np.testing.assert_allclose(together.y, apart.y)
    assert patterns is not None


@pytest.mark.parametrize("name", ["ols", "logit", "logit_table", "ordered", "multinomial"])
def test_linearised_is_near_the_jackknife(people: pd.DataFrame, name: str) -> None:
    design = designed(people)
    linear = fitted(name, design).params.table["se"]
    again = fitted(name, sk.make_replicates(design, "JKn")).params.table["se"]
    assert (np.abs(again / linear - 1) < 0.25).all()


@pytest.mark.parametrize("name", ["ols", "logit_table", "ordered", "poisson"])
def test_calibration_to_what_explains_the_outcome_takes_it_out_of_the_variance(people: pd.DataFrame, name: str) -> None:
    """The law under calibration: total derivative by a unit's weight, calibrated again. Catches fixed weights."""
    totals = {"a": 900.0, "b": 700.0, "c": 300.0}
    plain = designed(people)
    design = sk.post_stratify(plain, "g", totals)
    fit = fitted(name, design)
    unit = plain.layout.stages[0].unit_of_row

    def again(chosen: int, step: float) -> np.ndarray:
        weight = people["w"] * np.where(unit == chosen, 1 + step, 1.0)
        moved = sk.post_stratify(designed(people.assign(w=weight)), "g", totals)
        return fit.refit(moved.layout.weight)

    slopes = np.stack([(again(u, 1e-4) - again(u, -1e-4)) / 2e-4 for u in range(plain.layout.stages[0].size)])
    stage = plain.layout.stages[0]
    variance = np.zeros(slopes.shape[1])
    for h in range(len(stage.n_h)):
        own = slopes[stage.stratum_of_unit == h]
        variance += len(own) / (len(own) - 1) * ((own - own.mean(axis=0)) ** 2).sum(axis=0)
    np.testing.assert_allclose(fit.params.table["se"], np.sqrt(variance), rtol=1e-5)


@pytest.mark.parametrize("name", EVERY)
def test_other_frame_libraries_give_the_same(people: pd.DataFrame, name: str) -> None:
    same(fitted(name, designed(pl.from_pandas(people))), fitted(name, designed(people)), 1e-13)


@pytest.mark.parametrize("name", EVERY)
def test_the_input_is_not_changed(people: pd.DataFrame, name: str) -> None:
    before = copy.deepcopy(people)
    fit = fitted(name, designed(people))
    theta, spec = fit.theta.copy(), repr(fit.spec)
    fit.predict_matrix(people.head(7))
    fit.test(next(term for term in fit.terms if term != "Intercept"), method="lrt")
    fit.anova()
    pd.testing.assert_frame_equal(people, before)
    np.testing.assert_array_equal(fit.theta, theta)
    assert repr(fit.spec) == spec


@pytest.mark.parametrize("name", EVERY)
def test_the_fit_shows_itself(people: pd.DataFrame, name: str) -> None:
    fit = fitted(name, designed(people))
    matrix = fit.predict_matrix(people)
    np.testing.assert_allclose(matrix, fit.X, rtol=1e-9)
    eta = fit.predictor(matrix, None if fit.offset is None else people["lx"].to_numpy())
    np.testing.assert_allclose(eta, fit.linear_predictor, rtol=1e-6)
    shares = fit.fitted(matrix, fit.offset)
    if fit.model.kind in ("ordered", "nominal"):
        np.testing.assert_allclose(shares.sum(axis=0), 1.0)
        assert shares.shape == (len(fit.levels), len(people))
    glance, tidy = sk.glance(fit), sk.tidy(fit)
    assert len(glance) == 1
    assert len(tidy) == len(fit.theta)
    text, html = fit.summary(), fit._repr_html_()
    for note in fit.notes:
        assert note in text
    assert fit.formula in text
    assert "<table" in html
    assert repr(fit) == text
