"""Awkward questions after a fit: what is refused, and in which words; splines, categories, offsets, calibration, parallel lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import survey_kit as sk
from survey_kit.errors import EstimationError, SurveyKitError
from survey_kit.models.margins_matrix import derivative, matrix


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    n = 400
    frame = pd.DataFrame(
        {
            "w": rng.uniform(1, 3, n),
            "x": rng.uniform(1, 5, n),
            "g": rng.choice(list("abc"), n),
            "k": rng.integers(1, 4, n),
            "p": rng.integers(0, 40, n),
            "u": rng.integers(0, 2, n),
            "my var": rng.normal(size=n),
            "ex": np.log(rng.uniform(1, 3, n)),
        }
    )
    frame["cat"] = pd.Categorical(rng.choice(["lo", "hi"], n), categories=["lo", "mid", "hi"], ordered=True)
    frame["y"] = frame["x"] + rng.normal(size=n)
    frame["b"] = (rng.random(n) < 1 / (1 + np.exp(2 - 0.7 * frame["x"]))).astype(int)
    frame["o"] = np.digitize(frame["x"] + 1.5 * rng.logistic(size=n), [2, 4])
    frame["c"] = rng.poisson(2, n)
    return frame


@pytest.fixture(scope="module")
def design(people: pd.DataFrame) -> sk.Design:
    return sk.Design(people, weight="w", psu="p")


@pytest.fixture(scope="module")
def fit(design: sk.Design) -> sk.ModelFit:
    return sk.logit(design, "b ~ x*g + C(k) + u + cat + `my var`")


REFUSED: list[tuple[Callable[[sk.ModelFit], Any], str, str]] = [
    (lambda fit: sk.predictions(fit, {"g": "q"}), "'g' has a category", "'a', 'b', 'c'"),
    (lambda fit: sk.predictions(fit, {"cat": "mid"}), "'cat' has a category", "'lo', 'hi'"),
    (lambda fit: sk.predictions(fit, {"k": 9}), "'C(k)' has a category", "1, 2, 3"),
    (lambda fit: sk.predictions(fit, {"xx": 2}), "no covariate 'xx'", "did you mean 'x'?"),
    (lambda fit: sk.predictions(fit, {"x": "old"}), "'x' is a number", "finite number"),
    (lambda fit: sk.predictions(fit, {"x": []}), "no value of 'x'", "at least one"),
    (lambda fit: sk.predictions(fit, {"x": 1}, scale="odds"), "'odds' is not a scale", "response"),
    (lambda fit: sk.predictions(fit, {"x": 1}, offset=1.0), "has no offset", "Leave offset= out"),
    (lambda fit: sk.adjusted_means(fit, "x"), "'x' has very many values", "at={'x': [...]}"),
    (lambda fit: sk.adjusted_means(fit, "p"), "no covariate 'p'", "over="),
    (lambda fit: sk.adjusted_means(fit, "g", over="g"), "by= and in over=", "once"),
    (lambda fit: sk.adjusted_means(fit, "g", over="k", at={"k": 1}), "at= and in over=", "once"),
    (lambda fit: sk.adjusted_means(fit, "g", over="pp"), "no column 'pp'", "did you mean 'p'?"),
    (lambda fit: sk.adjusted_means(fit, "g", sample="all"), "'all' is not", "fixed, random"),
    (lambda fit: sk.adjusted_means(fit, "g", kind="lsmeans"), "'lsmeans' is not", "average, conditional"),
    (lambda fit: sk.average_marginal_effects(fit, contrast="refrence"), "no contrast 'refrence'", "'reference'"),
    (lambda fit: sk.average_marginal_effects(fit, contrast=0), "other than zero", ""),
    (lambda fit: sk.average_marginal_effects(fit, "g", at={"g": "a"}), "'g' is held by at=", "Leave it out"),
    (lambda fit: sk.average_marginal_effects(fit, by="k", at={"k": 1}), "at= and in by=", "once"),
    (lambda fit: sk.comparisons(fit, "g", measure="risk"), "'risk' is not a measure", "odds_ratio"),
    (lambda fit: sk.comparisons(fit, "g", scale="link"), "ratio of linear predictors", "response"),
    (lambda fit: sk.comparisons(fit, "x", contrast="derivative"), "comparison is of two values", "average_marginal"),
    (lambda fit: sk.contrasts(fit, {"one": {"xx": 1}}), "no coefficient 'xx'", "did you mean 'x'?"),
    (lambda fit: sk.contrasts(fit, {"one": {"x": float("nan")}}), "weight of the contrast 'one'", ""),
    (lambda fit: sk.contrasts(fit, {"one": {}}), "'one' has no weights", "Write"),
    (lambda fit: sk.contrasts(fit, {}), "no contrast", "Write"),
    (lambda fit: sk.contrasts(fit, "g"), "takes part in an interaction", "pairwise"),
    (lambda fit: sk.contrasts(fit, "x"), "'x' is a number", "C(x)"),
    (lambda fit: sk.fit_measures(fit, cutoff=1.5), "cutoff is a probability", "between 0 and 1"),
    (lambda fit: sk.calibration_table(fit, groups=1), "two groups", ""),
    (lambda fit: sk.residual_test(fit, groups=60), "more groups than the units", "groups=39"),
    (sk.parallel_lines, "assumed by an ordered model", ""),
]


@pytest.mark.parametrize(("ask", "what", "fix"), REFUSED)
def test_what_cannot_be_asked_is_said(fit: sk.ModelFit, ask: Callable[[sk.ModelFit], Any], what: str, fix: str) -> None:
    with pytest.raises(SurveyKitError) as caught:
        ask(fit)
    assert what in str(caught.value)
    assert fix in str(caught.value)


def test_new_data_are_checked(fit: sk.ModelFit, people: pd.DataFrame) -> None:
    some = people.head(4)
    with pytest.raises(EstimationError, match=r"'g' has a category.*\n.*1 rows\n.*'q'"):
        sk.predictions(fit, some.assign(g=["a", "q", "b", "c"]))
    with pytest.raises(EstimationError, match=r"no column 'cat'"):
        sk.predictions(fit, some.drop(columns="cat").rename(columns={"u": "cats"}).assign(u=1))
    with pytest.raises(EstimationError, match="'x' is missing in the new data"):
        sk.predictions(fit, some.assign(x=[1.0, np.nan, 2, 3]))
    assert len(sk.predictions(fit, some.head(0)).table) == 0
    a, b = sk.predictions(fit, some), sk.predictions(fit, pl.from_pandas(some))
    np.testing.assert_array_equal(a.table["se"], b.table["se"])
    assert a.table["k"].tolist() == some["k"].tolist()


def test_a_model_of_means_has_no_odds_and_no_ratios(design: sk.Design) -> None:
    fit = sk.ols(design, "y ~ x + g")
    with pytest.raises(EstimationError, match="Only shares have odds"):
        sk.comparisons(fit, "g", measure="odds_ratio")
    with pytest.raises(EstimationError, match="no logarithms"):
        sk.contrasts(fit, "g", exponentiate=True)
    with pytest.raises(EstimationError, match="interval is for shares"):
        sk.adjusted_means(fit, "g", interval="logit")


def test_a_ratio_to_a_mean_below_zero_is_undefined(people: pd.DataFrame) -> None:
    design = sk.Design(people.assign(y=people["y"] - 100), weight="w")
    table = sk.comparisons(sk.ols(design, "y ~ g"), "g").table
    assert table["status"].tolist() == ["undefined"] * 2
    assert table["estimate"].isna().all()


def test_what_is_held_is_told(fit: sk.ModelFit) -> None:
    (note,) = (note for note in sk.predictions(fit, {"x": [1, 2]}).notes if note.startswith("held:"))
    for name in ("g = ", "k = ", "u = ", "cat = ", "my var = "):
        assert name in note
    assert "x = " not in note
    assert ".0 (most common)" not in note


def test_an_offset_must_be_given_for_new_rows(design: sk.Design, people: pd.DataFrame) -> None:
    fit = sk.poisson(design, "c ~ x + g", offset="ex")
    with pytest.raises(EstimationError, match="has the offset 'ex'"):
        sk.predictions(fit, {"x": 1})
    with pytest.raises(EstimationError, match="offsets do not fit"):
        sk.predictions(fit, people.head(3), offset=[0.0, 1.0])
    rate = sk.predictions(fit, {"x": 1, "g": "a"}, offset=0).table
    double = sk.predictions(fit, {"x": 1, "g": "a"}, offset=np.log(2)).table
    np.testing.assert_allclose(double["estimate"], 2 * rate["estimate"])
    np.testing.assert_allclose(double["se"], 2 * rate["se"])


@pytest.mark.parametrize(
    ("right", "exact", "tolerance"),
    [
        ("x * g + np.log(x) + I(x**2):`my var`", True, 1e-6),
        ("x:np.sqrt(x) + g", True, 1e-6),
        ("np.where(x > 3, x - 3, 0) + x", True, 1e-6),
        ("g * poly(x, 3)", False, 1e-5),
        ("bs(x, df=5) + x:`my var`", False, 1e-5),
        ("center(x) * g", False, 1e-9),
        ("{x**3} + g", True, 1e-6),
    ],
)
def test_the_derivative_of_the_matrix(
    design: sk.Design, people: pd.DataFrame, right: str, exact: bool, tolerance: float
) -> None:
    """Against differences with steps that stay inside the range, where splines are defined."""
    fit = sk.ols(design, f"y ~ {right}")
    frame = people[[name for name in ("x", "g", "my var") if name in fit.problem.parsed.names]]
    slope, told = derivative(fit, frame, "x", frame["x"].to_numpy())
    h = 1e-5
    low, high = frame["x"].min(), frame["x"].max()
    inside = ((frame["x"] > low + 0.01) & (frame["x"] < high - 0.01) & ((frame["x"] - 3).abs() > 0.01)).to_numpy()
    ends = [matrix(fit, frame.assign(x=(frame["x"] + step).clip(low, high))) for step in (h, -h)]
    theirs = (ends[0] - ends[1]) / (2 * h)
    assert told is exact
    assert np.abs(slope - theirs)[inside].max() / np.abs(theirs).max() < tolerance


def test_splines_are_told(design: sk.Design) -> None:
    notes = sk.average_marginal_effects(sk.logit(design, "b ~ bs(x, df=4)"), "x").notes
    assert any("five-point" in note for note in notes)
    assert not any("five-point" in note for note in sk.average_marginal_effects(sk.logit(design, "b ~ x"), "x").notes)


def test_calibration_of_the_own_sample(design: sk.Design) -> None:
    """A logit reproduces the total of its sample; its slope on itself is one; differences of groups add up to nothing."""
    fit = sk.logit(design, "b ~ x + g")
    np.testing.assert_allclose(sk.calibration_slope(fit, design).table["estimate"], [0, 1], atol=1e-8)
    table = sk.calibration_table(fit, groups=5).table
    parts = {name: table[table["statistic"] == name] for name in ("observed", "predicted", "difference")}
    assert [len(part) for part in parts.values()] == [5, 5, 5]
    weight = parts["observed"]["weight_sum"].to_numpy()
    assert abs(weight @ parts["difference"]["estimate"].to_numpy()) < 1e-7
    np.testing.assert_allclose(weight / weight.sum(), 0.2, atol=0.02)


def test_calibration_elsewhere(people: pd.DataFrame, design: sk.Design) -> None:
    """A sample with fewer events is calibrated worse in the large. Catches the linear predictor of other rows."""
    rng = np.random.default_rng(8)
    fewer = people.assign(b=np.where(rng.random(len(people)) < 0.5, 0, people["b"]))
    fit = sk.logit(design, "b ~ x + g")
    found = sk.calibration_slope(fit, sk.Design(fewer, weight="w", psu="p")).table.set_index("statistic")
    assert found.loc["in the large", "ci_high"] < 0
    for other in (sk.post_stratify(design, "g", {"a": 100, "b": 200, "c": 300}), sk.make_replicates(design, "JKn")):
        assert (sk.calibration_slope(fit, other).table["se"] > 0).all()
    with pytest.raises(EstimationError, match="without an offset"):
        sk.calibration_slope(sk.poisson(design, "c ~ x", offset="ex"), design)
    with pytest.raises(EstimationError, match="no column 'x'"):
        sk.calibration_slope(fit, sk.Design(people.drop(columns="x"), weight="w"))


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog", "loglog"])
def test_parallel_lines_see_lines_that_are_not(people: pd.DataFrame, link: str) -> None:
    """The slope differs between thresholds in one sample only. Catches a sign or an event turned round."""
    rng = np.random.default_rng(4)
    n = 1500
    x = rng.normal(size=n)
    same = np.digitize(x + rng.logistic(size=n), [-1, 1])
    up = rng.random(n) < 1 / (1 + np.exp(-1.5 * x))
    top = rng.random(n) < 1 / (1 + np.exp(1.5 * x))
    frame = pd.DataFrame({"w": rng.uniform(1, 2, n), "x": x, "same": same, "other": up.astype(int) + (up & top)})
    design = sk.Design(frame, weight="w")
    found = sk.parallel_lines(sk.ordered(design, "other ~ x", link=link))
    assert found.table["term"].tolist() == ["x", "(all)"]
    assert (found.table["p"] < 1e-6).all()
    if link == "logit":
        assert (sk.parallel_lines(sk.ordered(design, "same ~ x")).table["p"] > 0.01).all()
    slopes = found.estimates.table[found.estimates.table["variable"] == "x"]["estimate"]
    assert slopes.iloc[0] > 0 > slopes.iloc[1]
    assert people is not None


def test_parallel_lines_under_replicates_and_calibration(people: pd.DataFrame, design: sk.Design) -> None:
    linear = sk.parallel_lines(sk.ordered(design, "o ~ x + g")).table
    again = sk.parallel_lines(sk.ordered(sk.make_replicates(design, "JKn"), "o ~ x + g")).table
    assert linear["df1"].tolist() == [1, 2, 3]
    np.testing.assert_allclose(again["statistic"], linear["statistic"], rtol=0.3)
    assert len(people) == 400


def test_measures_of_a_model_that_tells_much(design: sk.Design, people: pd.DataFrame) -> None:
    """Known values: the sums written out."""
    fit = sk.ols(design, "y ~ x")
    found = sk.fit_measures(fit).table.set_index("statistic")["estimate"]
    w, y = people["w"].to_numpy(), people["y"].to_numpy()
    e = y - fit.fitted(fit.X)[0]
    middle = (w @ y) / w.sum()
    np.testing.assert_allclose(found["r2"], 1 - (w @ e**2) / (w @ (y - middle) ** 2))
    np.testing.assert_allclose(found["rmse"], np.sqrt(w @ e**2 / w.sum()))
    fit = sk.logit(design, "b ~ x + g")
    found = sk.fit_measures(fit).table.set_index("statistic")["estimate"]
    mu, b = fit.fitted(fit.X)[0], people["b"].to_numpy()
    np.testing.assert_allclose(found["mcfadden"], 1 - fit.loglik / fit.loglik_null)
    np.testing.assert_allclose(found["tjur"], (w * b) @ mu / (w * b).sum() - (w * (1 - b)) @ mu / (w * (1 - b)).sum())
    np.testing.assert_allclose(found["brier"], w @ (b - mu) ** 2 / w.sum())
    pairs = (mu[:, None] > mu) + 0.5 * (mu[:, None] == mu)
    np.testing.assert_allclose(found["auc"], (w * b) @ pairs @ (w * (1 - b)) / ((w * b).sum() * (w * (1 - b)).sum()))
    np.testing.assert_allclose(found["sensitivity"], (w * b) @ (mu >= 0.5) / (w * b).sum())
    ordered = sk.ordered(design, "o ~ x")
    found = sk.fit_measures(ordered).table.set_index("statistic")["estimate"]
    np.testing.assert_allclose(found["mcfadden"], 1 - ordered.loglik / ordered.loglik_null)


def test_a_fractional_outcome_has_no_classes(people: pd.DataFrame) -> None:
    design = sk.Design(people.assign(share=people["x"] / 6), weight="w")
    assert sk.fit_measures(sk.logit(design, "share ~ g")).table["statistic"].tolist() == ["mcfadden", "brier"]


def test_zero_and_one_are_compared_and_not_differentiated(design: sk.Design) -> None:
    fit = sk.logit(design, "b ~ x + u")
    table = sk.average_marginal_effects(fit).table
    assert table[["variable", "contrast"]].to_numpy().tolist() == [["x", "dy/dx"], ["u", "1 - 0"]]
    assert sk.average_marginal_effects(fit, "u", contrast="derivative").table["contrast"].tolist() == ["dy/dx"]


def test_contrasts_of_a_multinomial_model_come_for_every_level(design: sk.Design) -> None:
    fit = sk.multinomial(design, "o ~ x + g")
    table = sk.contrasts(fit, "g").table
    assert table["category"].tolist() == [1, 2] * 3
    slopes = fit.params.table.set_index(["variable", "category"])["estimate"]
    np.testing.assert_allclose(
        table["estimate"].to_numpy()[-2:],
        [slopes["g[T.c]", level] - slopes["g[T.b]", level] for level in (1, 2)],
    )
    gap = sk.contrasts(sk.ordered(design, "o ~ x"), {"gap": {"1|2": 1, "0|1": -1}})
    assert gap.table["estimate"].iloc[0] > 0
