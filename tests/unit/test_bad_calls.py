"""Bad calls: calibration, replicates, tests and functions of estimates asked wrongly; random calls; reprs and stored results.

The only errors that leave a public function are typed (or Python's own about a wrong signature): these tests would catch any other
that escapes, a repr that prints its arrays, and a result that cannot be stored.
"""

from __future__ import annotations

import copy
import pickle
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import survey_kit as sk
from survey_kit.errors import SurveyKitError


def people(n: int = 240) -> pd.DataFrame:
    """Six strata of four towns in two waves."""
    rng = np.random.default_rng(1)
    town = np.repeat(np.arange(24), n // 24)
    return pd.DataFrame(
        {
            "w": rng.uniform(0.5, 2, n),
            "h": town // 4,
            "town": town,
            "year": 2023 + np.arange(n) % 2,
            "x": rng.normal(size=n),
            "y": rng.integers(0, 2, n),
            "k": rng.integers(1, 5, n),
            "region": rng.choice(["a", "b", "c"], n),
            "sex": rng.choice(["m", "f"], n),
            "adult": rng.random(n) < 0.8,
            "nobody": np.nan,
            "some": np.where(rng.random(n) < 0.2, np.nan, rng.normal(size=n)),
            "mixed": [1, "a"] * (n // 2),
            "date": pd.to_datetime("2024-01-01") + pd.to_timedelta(rng.integers(0, 5, n), "D"),
            "huge": 1e200 * rng.normal(size=n),
            "tiny": 1e-300 * rng.random(n),
            "lists": [[1]] * n,
            "each": [f"u{i}" for i in range(n)],
            "part": pd.Categorical(rng.choice(["a", "b"], n), categories=["a", "b", "unused"]),
            "whole": pd.array(np.where(rng.random(n) < 0.2, None, 1), dtype="Int64"),
            "дауыс": rng.integers(0, 2, n),
        }
    )


FRAME = people()
DESIGN = sk.Design(FRAME, weight="w", strata="h", psu="town")
WAVES = sk.Design(FRAME, weight="w", strata="h", psu="town", wave="year")
JACK = sk.make_replicates(DESIGN, "JKn")
MEANS = sk.mean(WAVES, ("x", "y"), by=("year", "region"))
REGION = {"a": 100.0, "b": 100.0, "c": 100.0}


def refused(call, words: str) -> None:
    """The call raises one typed error of at most five lines with these words."""
    with pytest.raises(SurveyKitError) as caught:
        call()
    told = str(caught.value)
    assert len(told.splitlines()) <= 5, told
    assert re.search(words, told), told


def only_typed(call) -> None:
    """What escapes, if anything does, is typed and of at most five lines."""
    told = ""
    try:
        call()
    except SurveyKitError as fault:
        told = str(fault)
    assert len(told.splitlines()) <= 5, told


CALLS = {
    # ---------------------------------------------------------------- calibration
    "rake a frame": (lambda: sk.rake(FRAME, {"region": REGION}), "not a design"),
    "rake to nothing": (lambda: sk.rake(DESIGN, {}), "empty"),
    "rake an unknown column": (lambda: sk.rake(DESIGN, {"regoin": REGION}), "did you mean 'region'"),
    "rake to other levels": (lambda: sk.rake(DESIGN, {"region": {"A": 1.0, "b": 1.0, "c": 1.0}}), "level a[\\s\\S]*did you mean 'A'"),
    "rake a column of None": (lambda: sk.rake(DESIGN, {None: 300.0}), "names"),
    "rake to words": (lambda: sk.rake(DESIGN, {"region": {"a": "many", "b": 1, "c": 1}}), "many"),
    "rake to two populations": (lambda: sk.rake(DESIGN, {"region": REGION, "sex": {"m": 1.0, "f": 1.0}}), "different populations"),
    "rake a missing column": (lambda: sk.calibrate(DESIGN, {"some": 3.0}), "missing"),
    "a negative total": (lambda: sk.post_stratify(DESIGN, "region", {"a": -1.0, "b": 1.0, "c": 1.0}), "-1"),
    "bounds of one": (lambda: sk.calibrate(DESIGN, {"region": REGION}, bounds=(0.9,)), "smallest and largest"),
    "bounds of a number": (lambda: sk.calibrate(DESIGN, {"region": REGION}, bounds=3), "smallest and largest"),
    "a distance in capitals": (lambda: sk.calibrate(DESIGN, {"region": REGION}, distance="Raking"), "did you mean 'raking'"),
    "a tolerance in words": (lambda: sk.rake(DESIGN, {"region": REGION}, tolerance="small"), "tolerance"),
    "post-strata of nothing": (lambda: sk.post_stratify(DESIGN, (), REGION), "at least one"),
    "standardise by nothing": (lambda: sk.standardize(DESIGN, None, REGION), "column names|at least one"),
    # ---------------------------------------------------------------- replicates, export
    "replicates of a frame": (lambda: sk.make_replicates(FRAME, "JK1"), "not a design"),
    "jkn": (lambda: sk.make_replicates(DESIGN, "jkn"), "did you mean 'JKn'"),
    "no seed": (lambda: sk.make_replicates(DESIGN, "bootstrap"), "rng=7"),
    "a seed in words": (lambda: sk.make_replicates(DESIGN, "bootstrap", rng="seven"), "generator or a seed"),
    "an old generator": (lambda: sk.make_replicates(DESIGN, "bootstrap", rng=np.random.RandomState(1)), "generator or a seed"),
    "rho in words": (lambda: sk.make_replicates(DESIGN, "Fay", rho="half"), "rho"),
    "an order that is a number": (lambda: sk.make_replicates(DESIGN, "SDR", order_by=3), "order_by"),
    "export to sas": (lambda: sk.export_design(DESIGN, "sas"), "known: r, stata"),
    "export no design": (lambda: sk.export_design(None, "r"), "not a design"),
    "export to a path of None": (lambda: sk.export_design(DESIGN, "r", data=None), "'data' is a text"),
    "public weights of Taylor": (lambda: sk.public_replicate_weights(DESIGN), "make_replicates"),
    "public weight five": (lambda: sk.public_replicate_weights(JACK, replicates=5), "range"),
    "two phases without the second": (lambda: sk.two_phase(FRAME, weight="w", second="adlut"), "did you mean 'adult'"),
    "a table that is not there": (lambda: sk.open_table("nowhere/*.parquet"), "no such file"),
    "a table of None": (lambda: sk.open_table(None), "path is a text"),
    "a table of Python": (lambda: sk.open_table(__file__), "DuckDB cannot open"),
    # ---------------------------------------------------------------- tests
    "a table of one item": (lambda: sk.crosstab(DESIGN, "sex", None), "names"),
    "an unknown measure": (lambda: sk.association(DESIGN, "k", "sex", "gama"), "did you mean 'gamma'"),
    "a hypothesis in words": (lambda: sk.ttest(DESIGN, "x", null="zero"), "null"),
    "groups and pairs": (lambda: sk.ttest(DESIGN, "x", "sex", paired="k"), "not both"),
    "ranks of no kind": (lambda: sk.rank_test(DESIGN, "x", "sex", None), "kind of rank test"),
    "shares of five": (lambda: sk.goodness_of_fit(DESIGN, "region", [0.2] * 5), "5 shares, 3 levels"),
    "shares of None": (lambda: sk.goodness_of_fit(DESIGN, "region", None), "mapping or a list"),
    "shares in words": (lambda: sk.goodness_of_fit(DESIGN, "region", ["a", "b", "c"]), "expected"),
    "quantiles in words": (lambda: sk.quantile(DESIGN, "x", "half"), "'p' takes numbers"),
    "quantiles in percent": (lambda: sk.quantile(DESIGN, "x", 50), "from 0 to 1"),
    "a width in words": (lambda: sk.grouped_median(DESIGN, "k", width="one"), "width"),
    "precision of nothing": (lambda: sk.precision(None, DESIGN, "x"), "no statistic"),
    "margins of nothing": (lambda: sk.with_margins("mean", DESIGN, "x", by="sex"), "no statistic"),
    "compare one group": (lambda: sk.oaxaca_blinder(DESIGN, "x ~ k", "sex", compare=("m",)), "two groups"),
    "compare by two keys": (lambda: sk.kitagawa(WAVES, "y", "region", key=("year", "sex")), "one column"),
    # ---------------------------------------------------------------- small areas, fits
    "areas of a frame": (lambda: sk.fay_herriot(FRAME), "one number per area"),
    "variances in words": (lambda: sk.fay_herriot([1.0, 2.0, 3.0], variance="v"), "one sampling variance per area"),
    "a formula of three": (lambda: sk.fay_herriot([1.0, 2.0, 3.0], None, 3, variance=[0.1] * 3), "formula is text"),
    "the fit of a table": (lambda: sk.tidy(MEANS), "not a fitted model"),
    "a glance at nothing": (lambda: sk.glance(None), "not a fitted model"),
    "a criterion beside nothing": (lambda: sk.ols(DESIGN, "x ~ k").bic("y ~ x"), "not a fitted model"),
    # ---------------------------------------------------------------- functions of estimates
    "bind a table": (lambda: sk.bind(MEANS, MEANS.table), "no estimates"),
    "bind two designs": (lambda: sk.bind(MEANS, sk.mean(DESIGN, "x")), "one design"),
    "change along nothing": (lambda: MEANS.change("yaer"), "did you mean 'year'"),
    "change to a list": (lambda: MEANS.change("year", to=[1]), "one label"),
    "change to no year": (lambda: MEANS.change("year", to=2020), "2020"),
    "trend of a table": (lambda: sk.trend(MEANS.table, "year"), "no estimates"),
    "trend at words": (lambda: sk.trend(MEANS, "year", at=["a", "b"]), "'at' takes numbers"),
    "weights in words": (lambda: MEANS.linear("a - b"), "'L' takes numbers"),
    "weights without end": (lambda: MEANS.linear(np.full((1, 12), np.nan)), "finite"),
    "too few weights": (lambda: MEANS.linear([[1, -1]]), "2 weights, 12 rows"),
    "a name for three": (lambda: MEANS.linear(np.eye(12)[:3], "all"), "by a list"),
    "rows that are not there": (lambda: MEANS.vcov([99]), "0 to 11"),
    "rows before the first": (lambda: MEANS.vcov([-1]), "0 to 11"),
    "a row by its number": (lambda: MEANS.difference(0, 1), "named by a dict"),
    "map of no function": (lambda: MEANS.map("x - y"), "lambda m"),
    "level in percent": (lambda: MEANS.confint(95), "0.95 for 95 %"),
    "frame of another library": (lambda: MEANS.to_frame("Polars"), "did you mean 'polars'"),
    "p in words": (lambda: sk.adjust_p(["small"]), "'p' takes numbers"),
    "p above one": (lambda: sk.adjust_p([1.5]), "outside 0 to 1"),
    "families in a word": (lambda: sk.adjust_p([0.1, 0.2], family="ab"), "list of labels"),
    "adjusted by nobody": (lambda: sk.significance(MEANS, adjust="Holm"), "did you mean 'holm'"),
    "a null for two": (lambda: sk.wald_test(MEANS, null=(1, 2)), "2 values for 12"),
    "no term": (lambda: sk.ols(DESIGN, "x ~ region").test(()), "names no column|at least one"),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_one_typed_error(name):
    refused(*CALLS[name])


def test_totals_as_shares_and_percentages_are_taken_as_said():
    """Shares keep the weights' own total; other numbers are the population, and the design says what it sums to."""
    shares = sk.rake(DESIGN, {"region": {"a": 0.3, "b": 0.3, "c": 0.4}})
    assert shares.layout.weight.sum() == pytest.approx(FRAME["w"].sum(), rel=1e-9)
    percent = sk.rake(DESIGN, {"region": {"a": 30, "b": 30, "c": 40}})
    assert percent.layout.weight.sum() == pytest.approx(100, rel=1e-9)
    assert "factors" in repr(percent)


@pytest.mark.parametrize("library", ["polars", "pyarrow", "duckdb", "odd index"])
def test_other_frames_refuse_alike(library):
    if library == "odd index":
        frame = FRAME.set_index("each", drop=False)
    else:
        module = pytest.importorskip(library)
        plain = FRAME.drop(columns=["mixed", "lists", "part", "whole"])
        make = {"polars": "from_pandas", "duckdb": "from_df"}
        frame = module.Table.from_pandas(plain) if library == "pyarrow" else getattr(module, make[library])(plain)
    d = sk.Design(frame, weight="w", strata="h", psu="town")
    assert sk.mean(d, "x", by="region").table["estimate"].tolist() == pytest.approx(
        sk.mean(DESIGN, "x", by="region").table["estimate"].tolist(), rel=1e-12
    )
    refused(lambda: sk.mean(d, "regoin"), "did you mean 'region'")
    refused(lambda: sk.mean(d, "region"), "does not hold numbers")
    refused(lambda: sk.mean(d, "huge"), "beyond")
    refused(lambda: sk.mean(d, "some"), "missing='exclude'")


# ------------------------------------------------------------------------------------------------------------- random calls
NAMES = st.one_of(
    st.sampled_from([*FRAME.columns, "nope"]),
    st.sampled_from([None, 3, (), ["x", "y"], ("x", "nope"), {"x": 1}, b"x", True]),
)
KEYS = st.one_of(st.none(), st.sampled_from([*FRAME.columns, "nope", "n", ("sex", "region"), 3]))
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "by": KEYS,
        "where": KEYS,
        "missing": st.sampled_from(["error", "exclude", "Exclude", None]),
        "level": st.sampled_from([0.9, 0.95, 1, 95, "0.95", None, float("nan")]),
    },
)
DESIGNS = st.sampled_from([DESIGN, WAVES, JACK, sk.Design(FRAME, weight="w"), FRAME, None])


@settings(max_examples=150)
@given(
    design=DESIGNS,
    statistic=st.sampled_from([sk.mean, sk.total, sk.proportion, sk.count, sk.median, sk.gini, sk.sd, sk.geometric_mean, sk.cdf, sk.ttest]),
    y=NAMES,
    options=OPTIONS,
)  # fmt: skip
def test_random_questions(design, statistic, y, options):
    only_typed(lambda: statistic(design, y, **options)._repr_html_())


PARTS = ["x", "k", "region", "C(k)", "x:region", "np.log(x)", "nope", "huge", "nobody", "some", "0", "1", "part", "date", "I(x**2)", "`дауыс`", "mixed", "lists", "y"]  # fmt: skip


@settings(max_examples=80)
@given(
    model=st.sampled_from([sk.ols, sk.logit, sk.poisson, sk.ordered]),
    outcome=st.sampled_from(["x", "y", "k", "region", "nobody", "some", "part", "mixed", "1", "log(x)", ""]),
    parts=st.lists(st.sampled_from(PARTS), min_size=0, max_size=3),
    missing=st.sampled_from(["error", "exclude"]),
)
def test_random_formulas(model, outcome, parts, missing):
    only_typed(lambda: repr(model(DESIGN, f"{outcome} ~ {' + '.join(parts)}", missing=missing)))


@settings(max_examples=60)
@given(
    n=st.integers(0, 6),
    dtype=st.sampled_from(["float", "bool", "words", "missing", "category", "object"]),
    psu=st.booleans(),
    rule=st.sampled_from(["fail", "certainty", "adjust", "average"]),
    data=st.data(),
)
def test_random_small_frames(n, dtype, psu, rule, data):
    weight = data.draw(st.lists(st.sampled_from([1.0, 2.0, 0.0, -1.0, float("nan"), 1e-40]), min_size=n, max_size=n))
    y = {
        "float": [1.5] * n,
        "bool": [True] * n,
        "words": ["a"] * n,
        "missing": [None] * n,
        "category": pd.Categorical(["a"] * n, categories=["a", "b"]),
        "object": [(1, 2)] * n,
    }[dtype]
    frame = pd.DataFrame({"w": weight, "y": y, "town": np.arange(n) // 2})
    for statistic in (sk.mean, sk.proportion, sk.median):
        only_typed(
            lambda statistic=statistic: statistic(
                sk.Design(frame, weight="w", psu="town" if psu else None, lonely_psu=rule),
                "y",
                by="town",
                missing="exclude",
            )
        )


# ------------------------------------------------------------------------------------------------------------- first sight
FIT = sk.logit(DESIGN, "y ~ x + region")
RAKED = sk.rake(DESIGN, {"region": REGION})
SHOWN = {
    "design": (DESIGN, "n +psus +strata +df"),
    "replicates": (JACK.replicates, "24 JKn replicates"),
    "calibrated design": (RAKED, "raked to region"),
    "calibration": (RAKED.calibration[0], "kind='rake'"),
    "public weights": (sk.public_replicate_weights(JACK), "240 rows of weights: rw0, and rw1 to rw24"),
    "estimates": (MEANS, "Taylor"),
    "quantiles": (sk.median(DESIGN, "x", by="sex"), "woodruff"),
    "bound": (sk.bind(sk.median(DESIGN, "x"), sk.mean(DESIGN, "x")), "woodruff"),
    "calibrated mean": (sk.mean(RAKED, "x"), "raked"),
    "table": (sk.crosstab(DESIGN, "region", "sex"), "Rao-Scott"),
    "test": (sk.ttest(DESIGN, "x", "sex"), "df = "),
    "fit": (FIT, "n = 240"),
    "term": (FIT.test("region"), "Wald test of region"),
    "pooled": (sk.pooled_direct(WAVES, "y", by="region", key="year"), "pooled over year"),
    "layout": (DESIGN.layout, "weight=float64 \\(240,\\)"),
    "problem": (FIT.problem, "Intercept"),
}


@pytest.mark.parametrize("name", SHOWN)
def test_reprs_are_short_and_results_can_be_stored(name):
    thing, words = SHOWN[name]
    told = repr(thing)
    assert re.search(words, told), told
    assert len(told) < 2000, told
    assert max(map(len, told.splitlines())) < 500
    for again in (pickle.loads(pickle.dumps(thing)), copy.copy(thing), copy.deepcopy(thing)):
        assert repr(again) == told


def test_a_stored_design_gives_the_same_numbers():
    again = pickle.loads(pickle.dumps(RAKED))
    assert sk.mean(again, "x", by="region").table.equals(sk.mean(RAKED, "x", by="region").table)
    stored = pickle.loads(pickle.dumps(MEANS))
    assert stored.change("year").table.equals(MEANS.change("year").table)
