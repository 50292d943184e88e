"""Bad calls of margins, scales, tab books, imputations and links: each raises one typed error that fits on five lines.

These tests would catch a bare error that escapes, a mistake that is passed over in silence, and a result that cannot be stored.
"""

from __future__ import annotations

import copy
import pickle
import re

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.errors import SurveyKitError


def people(n: int = 240) -> pd.DataFrame:
    """Six strata of four towns; three items of five points."""
    rng = np.random.default_rng(1)
    town = np.repeat(np.arange(24), n // 24)
    q = rng.integers(1, 6, n)
    return pd.DataFrame(
        {
            "w": rng.uniform(0.5, 2, n),
            "h": town // 4,
            "town": town,
            "year": 2023 + np.arange(n) % 2,
            "x": rng.normal(size=n),
            "y": rng.integers(0, 2, n),
            "z": rng.integers(0, 2, n),
            "q1": q,
            "q2": np.clip(q + rng.integers(-1, 2, n), 1, 5),
            "q3": np.clip(q + rng.integers(-1, 2, n), 1, 5),
            "region": rng.choice(["a", "b", "c"], n),
            "sex": rng.choice(["m", "f"], n),
            "some": np.where(rng.random(n) < 0.2, np.nan, rng.normal(size=n)),
        }
    )


FRAME = people()
DESIGN = sk.Design(FRAME, weight="w", strata="h", psu="town")
JACK = sk.make_replicates(DESIGN, "JKn")
FIT = sk.logit(DESIGN, "y ~ x + region")
STATED = sk.ols(DESIGN, "x ~ C(region) + C(q1):sex")
ORDERED = sk.ordered(DESIGN, "q1 ~ x")
ITEMS = ("q1", "q2", "q3")
PANEL = pd.DataFrame({"ann": [1, 2, 3, 3, 2, 1], "ben": [1, 2, 3, 3, 2, 2], "eva": [2, 3, 3, 3, 2, 3]})
FILLED = sk.hot_deck(DESIGN, "some", cells="sex", times=2, rng=1)
WAVES = sk.Design(FRAME, weight="w", strata="h", psu="town", wave="year")
OLD, NEW = (sk.mean(WAVES, name, by="year") for name in ("y", "z"))
ARRAY = np.array([1.0, 2.0, 3.0])


def book(questions="q1", banner="sex", **options):
    return sk.tab_book(DESIGN, questions, banner=banner, **options)


CALLS = {
    # ---------------------------------------------------------------- margins, predictions, contrasts
    "means of a table": (lambda: sk.adjusted_means(FRAME, "region"), "not a fitted model"),
    "effects of nothing": (lambda: sk.average_marginal_effects(None), "not a fitted model"),
    "ratios of estimates": (lambda: sk.comparisons(OLD, "region"), "not a fitted model"),
    "predictions of a design": (lambda: sk.predictions(DESIGN), "not a fitted model"),
    "contrasts of nothing": (lambda: sk.contrasts(None, "region"), "not a fitted model"),
    "measures of nothing": (lambda: sk.fit_measures(None), "not a fitted model"),
    "calibration of nothing": (lambda: sk.calibration_table(None), "not a fitted model"),
    "slope of nothing": (lambda: sk.calibration_slope(None, DESIGN), "not a fitted model"),
    "slope in a frame": (lambda: sk.calibration_slope(FIT, FRAME), "not a design"),
    "residuals of nothing": (lambda: sk.residual_test(None), "not a fitted model"),
    "lines of nothing": (lambda: sk.parallel_lines(None), "not a fitted model"),
    "lines by an array": (lambda: sk.parallel_lines(ORDERED, method=ARRAY), "ndarray"),
    "at a number": (lambda: sk.adjusted_means(FIT, at=3), "'at' names covariates"),
    "at a frame": (lambda: sk.average_marginal_effects(FIT, at=FRAME), "'at' names covariates"),
    "predictions at words": (lambda: sk.predictions(FIT, "x"), "."),
    "at no values": (lambda: sk.adjusted_means(FIT, "region", at={"region": ()}), "no value of 'region'"),
    "at a list of lists": (lambda: sk.predictions(FIT, {"region": [["a"]]}), "not fitted with"),
    "contrast of nothing": (lambda: sk.average_marginal_effects(FIT, contrast=None), "'contrast' takes"),
    "contrast of an array": (lambda: sk.comparisons(FIT, "region", contrast=ARRAY), "one finite number"),
    "contrast in capitals": (lambda: sk.comparisons(FIT, "region", contrast="Pairwise"), "did you mean 'pairwise'"),
    "interval of an array": (lambda: sk.predictions(FIT, {"x": 0}, interval=ARRAY), "not an interval"),
    "interval of nothing": (lambda: sk.adjusted_means(FIT, "region", interval=None), "not an interval"),
    "scale of an array": (lambda: sk.comparisons(FIT, "region", scale=ARRAY), "not a scale"),
    "contrasts of a number": (lambda: sk.contrasts(FIT, 3), "named by a mapping"),
    "contrasts of an array": (lambda: sk.contrasts(FIT, ARRAY), "named by a mapping"),
    "ratios by an array": (lambda: sk.contrasts(FIT, "region", exponentiate=ARRAY), "True or False"),
    "a tidy array": (lambda: sk.tidy(FIT, exponentiate=ARRAY), "True or False"),
    "a cutoff in words": (lambda: sk.fit_measures(FIT, cutoff="half"), "'cutoff' takes"),
    "a cutoff in percent": (lambda: sk.fit_measures(FIT, cutoff=50), "a probability"),
    "degrees in words": (lambda: FIT.test("region", ddf="many"), "'ddf' takes"),
    "no such term": (lambda: FIT.test("C(rgion)"), "no term"),
    # ---------------------------------------------------------------- fits asked with arrays
    "fitted of a row": (lambda: FIT.fitted(ARRAY), "wrong shape"),
    "fitted of nothing": (lambda: ORDERED.fitted(None), "'X' takes numbers"),
    "an offset too short": (lambda: FIT.fitted(FIT.X, ARRAY), "'offset' has the wrong shape"),
    "parameters too few": (lambda: FIT.fitted(FIT.X, theta=ARRAY), "'theta' has the wrong shape"),
    "predictor of two columns": (lambda: FIT.predictor(FIT.X[:, :2]), "'X' has the wrong shape"),
    "weights too few": (lambda: FIT.refit(np.ones(10)), r"\(10,\), not \(240,\)"),
    "weights of zero": (lambda: FIT.refit(np.zeros(240)), "more than zero"),
    "weights missing": (lambda: FIT.refit(np.full(240, np.nan)), "missing or infinite"),
    # ---------------------------------------------------------------- scales
    "alpha of a frame": (lambda: sk.alpha(FRAME, ITEMS), "not a design"),
    "ordinal alpha of nothing": (lambda: sk.ordinal_alpha(None, ITEMS), "not a design"),
    "omega of a frame": (lambda: sk.omega(FRAME, ITEMS), "not a design"),
    "item-rest of a frame": (lambda: sk.item_rest(FRAME, ITEMS), "not a design"),
    "standardized in a word": (lambda: sk.alpha(DESIGN, ITEMS, standardized="x"), "'standardized' is True or False"),
    "details in a word": (lambda: sk.item_rest(DESIGN, ITEMS, details="all"), "'details' is True or False"),
    "ordinal in a word": (lambda: sk.omega(DESIGN, ITEMS, ordinal="yes"), "'ordinal' is True or False"),
    "replicates in a word": (lambda: sk.krippendorff_alpha(PANEL, replicates="x", rng=1), "whole number"),
    "a seed in a word": (lambda: sk.krippendorff_alpha(PANEL, rng="x"), "generator or a seed"),
    "ratings of nothing": (lambda: sk.icc(None), "."),
    # ---------------------------------------------------------------- tab books
    "no questions": (lambda: book(None), "Questions are names"),
    "questions of a number": (lambda: book(3), "Questions are names"),
    "no banner": (lambda: book(banner=None), "banner takes column names"),
    "a banner of a number": (lambda: book(banner=3), "banner takes column names"),
    "words of a number": (lambda: book(words=3), "'words' takes BookWords"),
    "a book of a frame": (lambda: sk.tab_book(FRAME, "q1", banner="sex"), "not a design"),
    "no title": (lambda: book(words=sk.BookWords(title=None)), "'title' is a text"),
    "labels of a column": (lambda: book(words=sk.BookWords(labels={"q1": "one"})), "mapping for each column"),
    "nets of a list": (lambda: book(sk.SingleResponse("q1", nets=["top"])), "'nets' is a mapping"),
    "a net of nothing": (lambda: book(sk.SingleResponse("q1", nets={"top": None})), "several categories"),
    "columns of a list": (lambda: book(sk.MultipleResponse("m", ["y", "z"])), "'columns' is a mapping"),
    "an unknown median": (lambda: book(sk.NumericResponse("x", median=["plain"])), "not a kind of median"),
    "half a digit": (lambda: book(sk.NumericResponse("x", digits=0.5)), "'digits'"),
    # ---------------------------------------------------------------- imputations, links
    "collapse to nothing": (lambda: sk.hot_deck(DESIGN, "some", cells="sex", times=2, rng=1, collapse=None), "'collapse'"),
    "no least": (lambda: sk.hot_deck(DESIGN, "some", cells="sex", times=2, rng=1, least_donors=None), "least_donors"),
    "a mask of a list": (lambda: FILLED.mask(["some"]), "not imputed"),
    "imputation in words": (lambda: FILLED.completed("first"), "no imputation"),
    "no function": (lambda: FILLED.estimate("mean"), "no function"),
    "derive nothing": (lambda: FILLED.derive(None), "no function"),
    "combine nothing": (lambda: sk.combine(None), "no estimates"),
    "combine numbers": (lambda: sk.combine([1, 2]), "no estimates"),
    "link by an array": (lambda: sk.link_series(OLD, NEW, key=ARRAY, bridge=2023), "not a key"),
    "a bridge of nothing": (lambda: sk.link_series(OLD, NEW, key="year", bridge=()), "bridge is a label"),
    "successors in a word": (lambda: sk.link_factor(OLD, NEW, key="year", bridge=2023, variables="z"), "'variables' names"),
    "independent in a word": (lambda: sk.link_factor(OLD, NEW, key="year", bridge=2023, independent="no"), "True or False"),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_one_typed_error(name):
    call, words = CALLS[name]
    with pytest.raises(SurveyKitError) as caught:
        call()
    told = str(caught.value)
    assert len(told.splitlines()) <= 5, told
    assert re.search(words, told), told


STORED = {
    "alpha": sk.alpha(DESIGN, ITEMS, details=True),
    "replicated alpha": sk.alpha(JACK, ITEMS, by="sex"),
    "ordinal alpha": sk.ordinal_alpha(DESIGN, ITEMS),
    "omega": sk.omega(DESIGN, ITEMS),
    "item-rest": sk.item_rest(DESIGN, ITEMS, details=True),
    "icc": sk.icc(PANEL),
    "agreement": sk.krippendorff_alpha(PANEL, "ordinal", interval="jackknife"),
    "bootstrapped agreement": sk.krippendorff_alpha(PANEL, rng=1, replicates=200),
    "combined": FILLED.estimate(lambda design: sk.mean(design, "some")),
    "linked": sk.link_series(OLD, NEW, key="year", bridge=2023),
}


@pytest.mark.parametrize("name", STORED)
def test_results_can_be_stored(name):
    """Limits at another level come out alike afterwards."""
    thing = STORED[name]
    for again in (pickle.loads(pickle.dumps(thing)), copy.deepcopy(thing)):
        pd.testing.assert_frame_equal(again.table, thing.table)
        pd.testing.assert_frame_equal(again.confint(0.8).table, thing.confint(0.8).table)


def test_a_book_can_be_stored():
    made = book(
        [
            sk.SingleResponse("q1", mean=True),
            sk.NumericResponse("q2", median="grouped"),
            sk.MultipleResponse("m", {"a": "y", "b": "z"}),
        ]
    )
    assert pickle.loads(pickle.dumps(made)).html() == made.html()


@pytest.mark.parametrize("measurement", ["nominal", "ordinal", "interval", "ratio"])
def test_limits_of_agreement_stay_below_one(measurement):
    r"""Those of :math:`\log(1 - \hat\alpha)` by hand; t around the estimate gave 1.3."""
    row = sk.krippendorff_alpha(PANEL, measurement, interval="jackknife").table.iloc[0]
    rest = 1 - row["estimate"]
    step = 2.570581835636314 * row["se"] / rest  # t(5) at 0.975
    assert row["ci_low"] == pytest.approx(1 - rest * np.exp(step), rel=1e-10)
    assert row["ci_high"] == pytest.approx(1 - rest * np.exp(-step), rel=1e-10)
    assert row["ci_high"] < 1


def test_a_term_is_found_with_or_without_c():
    assert STATED.test("region").statistic == STATED.test("C(region)").statistic
    assert FIT.test("C(region)").statistic == FIT.test("region").statistic
    assert STATED.test("sex:q1").df == STATED.test("C(q1):sex").df
    assert STATED.test(("region", "C(region)")).df == 2


def test_contrasts_are_found_with_or_without_c():
    for fit, name in ((STATED, "region"), (FIT, "C(region)")):
        stated = "region" if "(" in name else "C(region)"
        assert sk.contrasts(fit, name).table.equals(sk.contrasts(fit, stated).table)
    one = sk.contrasts(STATED, {"b": {"region[T.b]": 1}})
    assert one.table["estimate"][0] == STATED.params.table.set_index("variable")["estimate"]["C(region)[T.b]"]


def test_two_terms_of_one_covariate_are_told_apart():
    """The exact name stands first."""
    both = sk.ols(DESIGN, "x ~ q1 + C(q2)")
    assert both.test("q1").df == 1
    assert both.test("q2").df == 4


def test_the_kind_of_information_is_said_where_it_matters():
    """Expected and observed information are the same of a canonical link."""
    said = {
        fit.family: any("information" in note for note in fit.notes)
        for fit in (STATED, FIT, sk.poisson(DESIGN, "q1 ~ x"), sk.probit(DESIGN, "y ~ x"), ORDERED)
    }
    assert said == {"ols": False, "logit": False, "poisson": False, "probit": True, "ordered": True}
