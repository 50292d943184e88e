"""Models that cannot be fitted say which column, which level and what to do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.errors import EstimationError, SurveyKitError


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    n = 400
    frame = pd.DataFrame(
        {
            "w": rng.uniform(0.5, 4, n),
            "h": rng.integers(0, 6, n),
            "x": rng.normal(size=n),
            "g": pd.Categorical(rng.choice(list("abcd"), n), categories=list("abcde")),
            "k": rng.integers(1, 4, n),
            "m": rng.choice(["l", "c", "r"], n),
            "words": rng.choice(["low", "mid", "high"], n),
        }
    )
    frame["p"] = frame["h"] * 100 + rng.integers(0, 5, n)
    eta = 0.7 * frame["x"] + 0.5 * (frame["g"] == "b")
    frame["y"] = (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(int)
    frame["o"] = np.digitize(eta + rng.logistic(size=n), [-1, 0, 1.5])
    frame["c"] = rng.poisson(np.exp(0.3 * eta))
    frame["only_c"] = frame["g"] == "c"
    frame["nobody"] = False
    frame["one"] = 7.0
    frame["x2"] = 2 * frame["x"] + 3
    frame["gaps"] = np.where(frame.index % 10 == 0, np.nan, frame["x"])
    frame["a name"] = frame["x"]
    return frame


def design(frame: pd.DataFrame) -> sk.Design:
    return sk.Design(frame, weight="w", strata="h", psu="p", lonely_psu="adjust")


def refused(frame: pd.DataFrame, function: str, formula: Any, **more: Any) -> EstimationError:
    with pytest.raises(EstimationError) as fault:
        getattr(sk, function)(design(frame), formula, **more)
    assert len(str(fault.value).splitlines()) <= 5
    return fault.value


# --------------------------------------------------------------------------------------------------------- separation
@pytest.mark.parametrize("function", ["logit", "probit", "cloglog"])
def test_a_category_whose_outcome_never_varies_is_named(people: pd.DataFrame, function: str) -> None:
    frame = people.assign(y=np.where(people["g"] == "c", 1, people["y"]))
    fault = refused(frame, function, "y ~ x + g")
    size = int((people["g"] == "c").sum())
    assert fault.where == "'g[T.c]'"
    assert fault.found == f"the outcome is 1 in all {size} rows with g[T.c]"
    assert "separation" in fault.what


def test_a_reference_category_whose_outcome_never_varies_is_told(people: pd.DataFrame) -> None:
    frame = people.assign(y=np.where(people["g"] == "a", 0, people["y"]))
    fault = refused(frame, "logit", "y ~ x + g")
    size = int((people["g"] == "a").sum())
    assert fault.found == f"the outcome is 0 in all {size} rows with none of them (the reference category)"


def test_words_of_the_outcome_are_told(people: pd.DataFrame) -> None:
    frame = people.assign(v=np.where((people["g"] == "c") | (people["y"] == 1), "yes", "no"))
    assert "'yes' in all" in str(refused(frame, "logit", "v ~ x + g").found)


def test_a_number_that_divides_the_outcome_is_named(people: pd.DataFrame) -> None:
    fault = refused(people.assign(y=(people["x"] > 0.1).astype(int)), "logit", "y ~ x + k")
    assert "'x'" in str(fault.where)
    assert fault.found == "a combination of these columns"


def test_a_number_that_divides_all_but_its_ties_is_named(people: pd.DataFrame) -> None:
    """Quasi-separation: rows at the border have both outcomes, all others are told by their side."""
    x = np.round(people["x"])
    frame = people.assign(x=x, y=np.where(x == 0, people["y"], x > 0).astype(int))
    assert "'x'" in str(refused(frame, "logit", "y ~ x").where)


def test_counts_that_are_all_zero_in_a_category(people: pd.DataFrame) -> None:
    fault = refused(people.assign(c=np.where(people["g"] == "c", 0, people["c"])), "poisson", "c ~ x + g")
    assert "the outcome is 0 in all" in str(fault.found)


def test_a_level_that_a_category_never_has(people: pd.DataFrame) -> None:
    frame = people.assign(m=np.where((people["g"] == "c") & (people["m"] == "r"), "l", people["m"]))
    assert "the outcome is never 'r'" in str(refused(frame, "multinomial", "m ~ x + g").found)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog", "loglog"])
def test_a_category_with_the_highest_level_only(people: pd.DataFrame, link: str) -> None:
    frame = people.assign(o=np.where(people["g"] == "c", 3, people["o"]))
    assert refused(frame, "ordered", "o ~ x + g", link=link).where == "'g[T.c]'"


def test_a_category_with_a_middle_level_only_is_no_separation(people: pd.DataFrame) -> None:
    """A cumulative model then has a finite fit; catches a check of empty cells in place of the linear programme."""
    frame = people.assign(o=np.where(people["g"] == "c", 1, people["o"]))
    assert sk.ordered(design(frame), "o ~ x + g").maximum.solution.settled


def test_strong_effects_are_no_separation() -> None:
    rng = np.random.default_rng(8)
    x = rng.normal(size=3000)
    frame = pd.DataFrame({"w": 1.0, "x": x, "y": rng.random(3000) < 1 / (1 + np.exp(-25 * x))})
    fit = sk.logit(sk.Design(frame, weight="w"), "y ~ x")
    assert 15 < fit.theta[1] < 40


def test_separation_of_many_rows_is_found() -> None:
    """Constraints come in as they are violated: catches a linear programme over all rows."""
    rng = np.random.default_rng(4)
    n = 60_000
    frame = pd.DataFrame({"w": rng.uniform(1, 2, n), "x": rng.normal(size=n), "z": rng.normal(size=n)})
    frame["y"] = frame["x"] + 0.5 * frame["z"] > 1
    with pytest.raises(EstimationError, match="separation"):
        sk.logit(sk.Design(frame, weight="w"), "y ~ x + z")


def test_a_replicate_without_a_fit_is_told() -> None:
    frame = pd.DataFrame({"w": 1.0, "p": np.repeat(np.arange(8), 4), "y": [0, 1] * 16, "s": ["a", "b", "a", "b"] * 8})
    frame["y"] = np.where(frame["p"] == 0, frame["y"], (frame["s"] == "b").astype(int))
    frame.loc[0, "s"] = "b"
    frame.loc[1, "s"] = "a"
    jackknife = sk.make_replicates(sk.Design(frame, weight="w", psu="p"), "JK1")
    with pytest.raises(EstimationError, match="replicate weights"):
        sk.logit(jackknife, "y ~ s")


# ------------------------------------------------------------------------------------------------------- collinearity
@pytest.mark.parametrize(
    ("formula", "found"),
    [
        ("y ~ x + x2", "x2 = 3 * Intercept + 2 * x"),
        ("y ~ x + one", "one = 7 * Intercept"),
        ("y ~ x + I(x + k) + k", "k = -x + I(x + k)"),
        ("y ~ 0 + g + C(k) + one", "one = 7 * g[a] + 7 * g[b] + 7 * g[c] + 7 * g[d]"),
    ],
)
def test_columns_that_say_the_same_are_named(people: pd.DataFrame, formula: str, found: str) -> None:
    fault = refused(people, "logit", formula)
    assert fault.found == found
    assert "collinearity" in fault.what


def test_thresholds_stand_for_the_intercept(people: pd.DataFrame) -> None:
    assert refused(people, "ordered", "o ~ 0 + g").found == "g[d] = the thresholds - g[a] - g[b] - g[c]"


def test_far_columns_are_not_collinear(people: pd.DataFrame) -> None:
    """A year near 2020, or a mean 1e8 standard deviations from zero, is no constant."""
    frame = people.assign(year=2020 + people["x"], far=1e8 + people["x"])
    near = sk.logit(design(people), "y ~ x").params.table
    for name in ("year", "far"):
        moved = sk.logit(design(frame), f"y ~ {name}").params.table
        np.testing.assert_allclose(moved["estimate"][1], near["estimate"][1], rtol=1e-7)
        np.testing.assert_allclose(moved["se"][1], near["se"][1], rtol=1e-7)


def test_nearly_collinear_columns_are_fitted(people: pd.DataFrame) -> None:
    rng = np.random.default_rng(1)
    frame = people.assign(close=people["x"] + 1e-6 * rng.normal(size=len(people)))
    assert np.isfinite(sk.logit(design(frame), "y ~ x + close").params.table["se"]).all()


def test_more_columns_than_rows(people: pd.DataFrame) -> None:
    assert "collinearity" in refused(people.head(6).assign(y=range(6)), "ols", "y ~ C(p) * C(k) + x").what


# ------------------------------------------------------------------------------------------------- formula and columns
@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("y ~ xx", "which is no column"),
        ("yy ~ x", "which is no column"),
        ("y ~ `a nam`", "did you mean 'a name'"),
        ("y ~ lag_of(x)", "which is no function"),
        ("y ~ x +", "cannot be read"),
        ("y ~ np.log(x", "cannot be read"),
        ("~ x", "needs one outcome"),
        ("y", "needs one outcome"),
        ("y + x ~ k", "needs one outcome"),
        ("y ~ x | k", "one right side"),
        ("y ~ np.log(x)", "not a finite number"),
        ("y ~ I(x * 1e200)", "overflow"),
        ("y ~ x.nothing()", "cannot be computed"),
        (5, "A formula is text"),
    ],
)
def test_formulas(people: pd.DataFrame, formula: Any, said: str) -> None:
    assert said in str(refused(people, "logit", formula))


def test_names_between_backticks(people: pd.DataFrame) -> None:
    fit = sk.ols(design(people), "y ~ np.exp(`a name`) + `a name`")
    assert fit.columns == ("Intercept", "np.exp(`a name`)", "a name")


def test_infinite_values_are_refused(people: pd.DataFrame) -> None:
    with pytest.raises(SurveyKitError, match="infinite"):
        sk.logit(design(people.assign(x=np.where(people.index == 3, np.inf, people["x"]))), "y ~ x")


def test_missing_values(people: pd.DataFrame) -> None:
    fault = refused(people, "logit", "y ~ gaps")
    assert (fault.where, fault.found) == ("column 'gaps'", "40 rows of 400")
    fit = sk.logit(design(people), "y ~ gaps", missing="exclude")
    assert fit.n == 360
    assert any("360 of 400 asked" in note for note in fit.notes)
    assert fit.df_residual == design(people).df - 1


def test_rows_not_asked_are_outside_and_take_their_units_along(people: pd.DataFrame) -> None:
    """Not asked reduces the degrees of freedom; not answering does not."""

    class Answers:
        def __init__(self, frame: pd.DataFrame) -> None:
            self.frame = frame

        def asked(self, name: str) -> np.ndarray | None:
            return (self.frame["h"] != 5).to_numpy() if name == "gaps" else None

    answers = Answers(people.assign(gaps=np.where(people["h"] == 5, np.nan, people["x"])))
    made = sk.Design(answers, weight="w", strata="h", psu="p", lonely_psu="adjust")
    fit = sk.logit(made, "y ~ gaps")
    assert fit.n == int((people["h"] != 5).sum())
    units = people[people["h"] != 5].groupby("h")["p"].nunique()
    assert fit.df_residual == units.sum() - len(units) - 1


def test_a_domain_without_rows(people: pd.DataFrame) -> None:
    assert "No row is left" in refused(people, "logit", "y ~ x", where="nobody").what


def test_one_level_left_in_the_domain(people: pd.DataFrame) -> None:
    assert "only one level" in refused(people, "logit", "y ~ x + g", where="only_c").what


def test_declared_levels_without_rows_are_noted(people: pd.DataFrame) -> None:
    fit = sk.logit(design(people), "y ~ g")
    assert "no rows with g = 'e': left out" in fit.notes
    assert fit.columns == ("Intercept", "g[T.b]", "g[T.c]", "g[T.d]")


def test_an_unknown_offset(people: pd.DataFrame) -> None:
    assert refused(people, "poisson", "c ~ x", offset="xx").fix == "did you mean 'x'?"


def test_an_unknown_link(people: pd.DataFrame) -> None:
    assert "cauchit" in refused(people, "ordered", "o ~ x", link="cauchit").what


# ------------------------------------------------------------------------------------------------------------ outcomes
@pytest.mark.parametrize(
    ("function", "formula", "said"),
    [
        ("logit", "k ~ x", "Name the event: 'I(k == 3) ~ ...'"),
        ("logit", "words ~ x", "has 3 levels; this model needs two"),
        ("logit", "one ~ x", "must be 0 or 1"),
        ("ols", "one ~ x", "the same in every row"),
        ("ols", "words ~ x", "does not hold numbers"),
        ("ols", "I(x * 1e200) ~ x", "overflow"),
        ("poisson", "x ~ k", "must not be negative"),
        ("poisson", "np.log(x) ~ k", "not a finite number"),
        ("ordered", "words ~ x", "order of the levels of 'words' is not known"),
        ("ordered", "one ~ x", "the same in every row"),
        ("multinomial", "one ~ x", "the same in every row"),
        ("ols", "bs(x, df=4) ~ k", "several columns"),
    ],
)
def test_outcomes(people: pd.DataFrame, function: str, formula: str, said: str) -> None:
    assert said in str(refused(people, function, formula))


def test_an_outcome_constant_in_a_domain(people: pd.DataFrame) -> None:
    frame = people.assign(
        y=np.where(people["only_c"], 1, people["y"]), v=np.where(people["only_c"], "no", people["words"])
    )
    for function, formula in (("logit", "y ~ x"), ("multinomial", "v ~ x"), ("logit", "v ~ x")):
        assert "the same in every row of the domain" in refused(frame, function, formula, where="only_c").what


def test_levels_and_base_of_an_outcome(people: pd.DataFrame) -> None:
    assert "leaves out a level" in refused(people, "ordered", "words ~ x", levels=["low", "mid"]).what
    assert refused(people, "multinomial", "words ~ x", base="lo").fix == "did you mean 'low'?"
    fit = sk.ordered(design(people), "words ~ x", levels=["low", "mid", "high"])
    assert fit.levels == ("low", "mid", "high")
    assert "outcome: words from 'low' (low) to 'high' (high)" in fit.notes
    declared = people.assign(words=pd.Categorical(people["words"], ["low", "mid", "high"], ordered=True))
    np.testing.assert_array_equal(sk.ordered(design(declared), "words ~ x").theta, fit.theta)
    against = sk.multinomial(design(people), "words ~ x", base="mid")
    assert against.levels == ("mid", "high", "low")


def test_two_words_are_an_event_and_its_opposite(people: pd.DataFrame) -> None:
    plain = sk.logit(design(people), "y ~ x")
    for values in (np.where(people["y"] == 1, "yes", "no"), people["y"] == 1, people["y"].astype(float)):
        other = sk.logit(design(people.assign(v=values)), "v ~ x")
        np.testing.assert_array_equal(other.theta, plain.theta)
    words = sk.logit(design(people.assign(v=np.where(people["y"] == 1, "yes", "no"))), "v ~ x")
    assert "outcome: v = 'yes' against 'no'" in words.notes
    named = sk.logit(design(people), "I(y == 1) ~ x")
    np.testing.assert_array_equal(named.theta, plain.theta)


# ------------------------------------------------------------------------------------------------------------ new data
def test_new_data(people: pd.DataFrame) -> None:
    fit = sk.logit(design(people), "y ~ x + g + C(k)")
    good = pd.DataFrame({"x": [1, 2.0], "g": ["b", "a"], "k": [1.0, 3.0]})
    expected = [[1, 1, 1, 0, 0, 0, 0], [1, 2, 0, 0, 0, 0, 1]]
    assert fit.predict_matrix(good).tolist() == expected
    for bad, said in (
        (good.assign(g="zz"), "'zz'"),
        (good.assign(k=[1, 9]), "9"),
        (good.drop(columns="k"), "no column 'k'"),
        (good.assign(x=np.nan), "missing"),
        (good.assign(x=["a", "b"]), "held numbers"),
        (good.assign(g=[1, 2]), "held words"),
    ):
        with pytest.raises(EstimationError, match=said):
            fit.predict_matrix(bad)
    assert fit.predict_matrix(good).tolist() == expected


def test_new_data_of_a_spline_use_its_knots(people: pd.DataFrame) -> None:
    fit = sk.logit(design(people), "y ~ bs(x, df=4) + center(k)")
    np.testing.assert_allclose(fit.predict_matrix(people.head(5)), fit.X[:5], atol=1e-12)


# --------------------------------------------------------------------------------------------------------- few units
def test_fewer_units_than_parameters_have_no_degrees_of_freedom(people: pd.DataFrame) -> None:
    few = people[people["h"] < 2].assign(p=lambda d: d["h"] * 2 + d.index % 2)
    fit = sk.ols(design(few), "x ~ k + y + c")
    assert (fit.params.table["status"] == "no_df").all()
    assert fit.params.table[["ci_low", "ci_high"]].isna().all(axis=None)
    assert any("4 units in 2 strata for 4 parameters" in note for note in fit.notes)
    assert fit.tidy()["p_value"].isna().all()
    for method in ("wald", "lrt"):
        with pytest.raises(EstimationError, match="too few units"):
            fit.test("k", method=method)
    assert "no_df" in fit.params.table["status"].tolist()
    assert isinstance(fit.summary(), str)


def test_a_joint_test_of_more_coefficients_than_units(people: pd.DataFrame) -> None:
    few = people[people["h"] < 3].assign(p=lambda d: d["h"] * 3 + d.index % 3)
    fit = sk.multinomial(design(few), "m ~ C(k) + y + c")
    assert fit.df_residual > 0
    with pytest.raises(EstimationError, match="too few units"):
        fit.test(["C(k)", "y", "c"])


def test_unknown_terms(people: pd.DataFrame) -> None:
    fit = sk.logit(design(people), "y ~ x * C(k)")
    assert fit.test("C(k):x").term == "C(k):x"
    with pytest.raises(EstimationError, match="did you mean 'x'"):
        fit.test("xx")
    with pytest.raises(EstimationError, match="test of a term"):
        fit.test("x", method="score")


def test_negative_weights_after_calibration(people: pd.DataFrame) -> None:
    """A linear model still has its minimum; a likelihood that has none says why."""
    frame = people.assign(one=1.0)
    pulled = sk.calibrate(design(frame), {"one": float(frame["w"].sum()), "x": float(frame["w"].sum())})
    assert (pulled.layout.weight < 0).any()
    fit = sk.ols(pulled, "y ~ k")
    assert any("negative weight" in note for note in fit.notes)
