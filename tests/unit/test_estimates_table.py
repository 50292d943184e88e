"""The table of estimates: columns, status, names, changes, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.errors import EstimationError, FrameError

COLUMNS = [
    "variable",
    "category",
    "statistic",
    "estimate",
    "se",
    "ci_low",
    "ci_high",
    "df",
    "cv",
    "deff",
    "n",
    "weight_sum",
    "status",
]


def people() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "w": [1.0, 2, 1, 2, 3, 1, 2, 1, 1, 1, 2, 2],
            "psu": [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6],
            "year": ["2019"] * 4 + ["2020"] * 4 + ["2021"] * 4,
            "sex": pd.Categorical(["f", "m"] * 6, categories=["m", "f", "x"]),
            "y": [1.0, 2, 3, 4, 5, 6, 7, 9, 4, 3, 1, 0],
            "b": [1, 0, 1, 1, 0, 0, 1, 0, 1, 1, 1, 0],
            "all": 1,
            "gap": [1.0, None, 3, 4, 5, 6, 7, 9, 4, 3, 1, 0],
            "here": [True] * 8 + [False] * 4,
        }
    )


@pytest.fixture
def design() -> sk.Design:
    return sk.Design(people(), weight="w", psu="psu", wave="year")


def test_columns_in_their_order(design: sk.Design) -> None:
    assert list(sk.mean(design, "y").table) == COLUMNS
    assert list(sk.mean(design, "y", by=("year", "sex")).table) == ["year", "sex", *COLUMNS]
    change = sk.mean(design, "y", by=("year", "sex")).change("year").table
    assert list(change) == ["year", "from", "sex", *COLUMNS]
    assert set(change["statistic"]) == {"difference"}


def test_rows_in_the_order_of_their_keys_and_declared_categories(design: sk.Design) -> None:
    table = sk.mean(design, ("y", "b"), by=("sex", "year")).table
    assert table["sex"].tolist() == ["m"] * 6 + ["f"] * 6 + ["x"] * 6
    assert table["year"].tolist() == ["2019", "2019", "2020", "2020", "2021", "2021"] * 3
    assert table["variable"].tolist() == ["y", "b"] * 9
    assert (table[table["sex"] == "x"]["status"] == "empty").all()


def test_status(design: sk.Design) -> None:
    assert sk.mean(design, "all").table["status"].tolist() == ["one_value"]
    row = sk.mean(design, "all").table.iloc[0]
    assert (row["estimate"], row["se"]) == (1.0, 0.0)
    assert np.isnan([row["ci_low"], row["ci_high"], row["deff"]]).all()
    frame = people().assign(only=[True] + [False] * 11)
    single = sk.mean(sk.Design(frame, weight="w", psu="psu"), "y", where="only").table.iloc[0]
    assert (single["status"], single["df"], single["n"]) == ("no_df", 0, 1)
    assert np.isnan(single["ci_low"])


def test_three_equal_answers_have_exactly_no_spread() -> None:
    """Rounding must not pass for uncertainty, whatever the weights."""
    rng = np.random.default_rng(0)
    for value in (0.1, 1 / 3, 75.0, 1.0, 0.0):
        y = np.where(np.arange(40) < 20, value, rng.normal(size=40))
        frame = pd.DataFrame({"w": rng.uniform(0.1, 9, 40), "y": y, "d": np.arange(40) < 20})
        row = sk.mean(sk.Design(frame, weight="w"), "y", by="d", deff="srswr").table.query("d").iloc[0]
        assert (row["estimate"], row["se"], row["status"]) == (value, 0.0, "one_value")


def test_shares_of_nobody_and_everybody_are_exact() -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"w": rng.uniform(0.1, 9, 60), "d": np.arange(60) % 3, "q": rng.integers(1, 4, 60)})
    frame.loc[frame["d"] == 0, "q"] = 2
    for kind in ("logit", "beta"):
        table = sk.proportion(sk.Design(frame, weight="w"), "q", by="d", interval=kind).table
        assert table["estimate"].tolist()[:3] == [0.0, 1.0, 0.0]
        assert table["ci_low"].notna().tolist()[:3] == [kind == "beta"] * 3


def test_proportions_have_a_row_for_every_level(design: sk.Design) -> None:
    table = sk.proportion(design, "sex").table
    assert table["category"].tolist() == ["m", "f", "x"]
    assert table["estimate"].sum() == pytest.approx(1)
    assert table["estimate"].iloc[2] == 0


def test_missing_answers_are_an_error_unless_excluded(design: sk.Design) -> None:
    with pytest.raises(EstimationError, match=r"(?s)'gap' has missing values.*1 of 12 rows.*missing='exclude'"):
        sk.mean(design, "gap")
    est = sk.mean(design, "gap", missing="exclude")
    assert est.table["n"].tolist() == [11]
    assert est.table["df"].tolist() == [6 - 3]
    assert "base: those who answered" in est.notes
    without_first = people().assign(others=[True, False] + [True] * 10)
    assert sk.mean(sk.Design(without_first, weight="w"), "gap", where="others").table["n"].tolist() == [11]


REFUSED: dict[str, tuple[Any, str]] = {
    "no such variable": (lambda d: sk.mean(d, "yy"), "no column 'yy'"),
    "text": (lambda d: sk.mean(d, "sex"), "does not hold numbers"),
    "a name twice": (lambda d: sk.mean(d, ("y", "y")), "names a column twice"),
    "by a result column": (lambda d: sk.mean(d, "y", by="n"), "column of the result"),
    "by from": (lambda d: sk.mean(d, "y", by="from"), "column of the result"),
    "where not boolean": (lambda d: sk.mean(d, "b", where="y"), "not true or false"),
    "level": (lambda d: sk.mean(d, "y", level=95), "between 0 and 1"),
    "interval": (lambda d: sk.mean(d, "y", interval="wilsn"), "not a interval|not an interval"),
    "logit of a mean": (lambda d: sk.mean(d, "y", interval="logit"), "shares between 0 and 1"),
    "missing": (lambda d: sk.mean(d, "y", missing="drop"), "treatment of missing"),
    "deff": (lambda d: sk.mean(d, "y", deff="wr"), "reference for deff"),
    "change of no key": (lambda d: sk.mean(d, "y", by="year").change("yaer"), "did you mean 'year'"),
    "change to no label": (lambda d: sk.mean(d, "y", by="year").change("year", to="2018"), "no year '2018'"),
    "difference of no row": (
        lambda d: sk.mean(d, "y", by="year").difference({"year": "2019"}, {"year": "1"}),
        "0 rows",
    ),
    "difference of several": (lambda d: sk.mean(d, "y", by="year").difference({}, {"year": "2019"}), "3 rows"),
    "difference by no column": (lambda d: sk.mean(d, "y").difference({"when": 1}, {}), "no column 'when'"),
    "wrong weights": (lambda d: sk.mean(d, "y", by="year").linear([[1, 2]]), "2 weights, 3 rows"),
    "wrong names": (lambda d: sk.mean(d, "y", by="year").linear([[1, 2, 3]], ["a", "b"]), "does not name every"),
}


@pytest.mark.parametrize(("call", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(design: sk.Design, call: Any, message: str) -> None:
    with pytest.raises(sk.SurveyKitError, match=f"(?s){message}") as caught:
        call(design)
    assert isinstance(caught.value, (EstimationError, FrameError, sk.SurveyKitError))
    assert len(str(caught.value).splitlines()) <= 5


def test_change_to_previous_first_and_a_label(design: sk.Design) -> None:
    est = sk.mean(design, "y", by="year")
    y = est.table["estimate"].to_numpy()
    expected = {
        "previous": [y[1] - y[0], y[2] - y[1]],
        "first": [y[1] - y[0], y[2] - y[0]],
        "2020": [y[0] - y[1], y[2] - y[1]],
    }
    for to, values in expected.items():
        np.testing.assert_allclose(est.change("year", to=to).table["estimate"], values)


def test_difference_is_first_minus_second_and_counts_the_smaller_base(design: sk.Design) -> None:
    est = sk.mean(design, ("y", "b"), by="sex", missing="exclude")
    row = est.difference({"sex": "m", "variable": "y"}, {"sex": "f", "variable": "b"}).table.iloc[0]
    rows = est.table.set_index(["sex", "variable"])
    assert row["estimate"] == pytest.approx(rows.loc[("m", "y"), "estimate"] - rows.loc[("f", "b"), "estimate"])
    assert row["n"] == 6
    assert row["statistic"] == "difference"
    assert row["sex"] == "m - f"


def test_a_combination_with_an_empty_row_is_empty(design: sk.Design) -> None:
    row = sk.mean(design, "y", by="sex").linear([[1, 0, -1]]).table.iloc[0]
    assert row["status"] == "empty"
    assert np.isnan(row["estimate"])
    assert np.isnan(row["se"])


def test_a_weight_of_zero_in_a_combination_asks_nothing_of_its_row(design: sk.Design) -> None:
    row = sk.mean(design, "y", by="sex").linear([[1, -1, 0]], ["m minus f"]).table.iloc[0]
    assert row["status"] == "ok"
    assert row["variable"] == "m minus f"


def test_confint_changes_the_limits_only(design: sk.Design) -> None:
    est = sk.mean(design, "y", by="year")
    wider = est.confint(0.99)
    assert wider.level == 0.99
    assert (wider.table["ci_low"] < est.table["ci_low"]).all()
    pd.testing.assert_series_equal(wider.table["se"], est.table["se"])
    pd.testing.assert_frame_equal(wider.confint(0.95).table, est.table)
    pd.testing.assert_frame_equal(sk.mean(design, "y", by="year", level=0.99).table, wider.table)


def test_pooling_waves_is_one_design_of_all_strata(design: sk.Design) -> None:
    crossed = sk.Design(people(), weight="w", strata="year", psu="psu")
    for call in (sk.mean, sk.total):
        pooled, one = call(design, "y", by="sex").table, call(crossed, "y", by="sex").table
        for name in ("estimate", "se", "df", "n"):
            np.testing.assert_allclose(pooled[name], one[name], rtol=1e-12)


def test_vcov_of_some_rows_is_a_block(design: sk.Design) -> None:
    est = sk.proportion(design, ("b", "sex"), by="year")
    rows = [4, 0, 9, 4]
    np.testing.assert_array_equal(est.vcov(rows), est.vcov()[np.ix_(rows, rows)])


def test_effective_sample_size_of_simple_random_sampling_is_the_sample() -> None:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"w": np.full(50, 7.0), "y": rng.normal(size=50), "N": 350})
    with_replacement = sk.mean(sk.Design(frame, weight="w"), "y", deff="srswr").table.iloc[0]
    without = sk.mean(sk.Design(frame, weight="w", fpc="N"), "y", deff="srswor").table.iloc[0]
    total = sk.total(sk.Design(frame, weight="w"), "y", deff="srswr").table.iloc[0]
    for row in (with_replacement, without, total):
        assert row["deff"] == pytest.approx(1.0, rel=1e-12)


def test_normalised_weights_have_no_deff_without_replacement() -> None:
    """Weights with mean 1 say that the sample is the population: no number is better than a wrong one."""
    frame = pd.DataFrame({"w": np.linspace(0.5, 1.4, 20), "y": np.arange(20.0)})
    table = sk.mean(sk.Design(frame, weight="w"), "y", deff="srswor").table
    assert frame["w"].sum() < 20
    assert np.isnan(table["deff"].iloc[0])


def test_rows_without_a_key_belong_to_no_domain_and_are_counted() -> None:
    frame = people().assign(region=["a", None] * 6)
    est = sk.mean(sk.Design(frame, weight="w"), "y", by="region")
    assert est.table["n"].tolist() == [6]
    assert any("6 rows belong to no domain" in note for note in est.notes)


def test_shown_as_text_and_html_with_what_it_rests_on(design: sk.Design) -> None:
    est = sk.mean(design, "y", by="year")
    assert "Taylor" in repr(est)
    html = est._repr_html_()
    assert "<table" in html
    assert "95% intervals" in html


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_to_frame(design: sk.Design, library: str) -> None:
    pytest.importorskip(library, reason=f"{library} is not installed")
    out = sk.mean(design, "y", by=("year", "sex")).to_frame(library)
    assert type(out).__module__.split(".")[0] == library
    missing = {"pandas": lambda f: f["estimate"].isna().sum(), "polars": lambda f: f["estimate"].null_count()}
    count = missing.get(library, lambda f: f["estimate"].null_count)(out)
    assert count == 3


def test_the_table_given_out_is_a_copy(design: sk.Design) -> None:
    est = sk.mean(design, "y")
    out = est.to_frame()
    out.loc[0, "estimate"] = -1
    assert est.table["estimate"].iloc[0] > 0
