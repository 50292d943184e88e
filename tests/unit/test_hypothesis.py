"""Tables without a test, groups without members, wrong questions; how results read; tails far out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import survey_kit as sk
from survey_kit.errors import EstimationError, FrameError
from survey_kit.estimate.association_table import TABLE_TESTS
from survey_kit.estimate.hypothesis_tails import chi2_tail, f_tail, mixture_tail, saddlepoint_tail, t_tail
from survey_kit.estimate.ranks import RankScore


def people(n: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"w": rng.uniform(1, 3, n), "psu": np.arange(n) // 6, "s": np.arange(n) // 30})
    frame["a"], frame["b"] = rng.integers(1, 4, n), rng.integers(1, 4, n)
    frame["kind"] = pd.Categorical(np.where(frame["a"] == 1, "x", "y"), categories=["w", "x", "y", "z"])
    frame["yes"] = rng.integers(0, 2, n)
    frame["no"] = 1 - frame["yes"]
    frame["again"] = frame["a"]
    frame["const"], frame["flat"], frame["nobody"] = 1, 2.0, np.nan
    frame["dom"] = np.where(frame["psu"] < 1, "tiny", "rest")
    frame["y"] = rng.normal(size=n)
    frame["lacking"] = frame["b"].where(rng.random(n) > 0.2)
    return frame


@pytest.fixture(scope="module")
def design() -> sk.Design:
    return sk.Design(people(), weight="w", strata="s", psu="psu")


def said(result: sk.TestResult | sk.Estimates, words: str) -> bool:
    return any(words in note for note in result.notes)


# --------------------------------------------------------------------------------------------------------- tables without a test
@pytest.mark.parametrize("statistic", TABLE_TESTS)
def test_one_row_or_column_is_no_table(design: sk.Design, statistic: str) -> None:
    for rows, columns in (("const", "b"), ("b", "const"), ("const", "flat")):
        result = sk.crosstab(design, rows, columns).test(statistic)
        assert np.isnan(result.p)
        assert result.table["status"].tolist() == ["one_value"]
        assert said(result, "no test: fewer than two rows or two columns hold anybody")


def test_all_in_one_cell(design: sk.Design) -> None:
    table = sk.crosstab(design, "const", "flat")
    assert table.cells.table["estimate"].tolist() == [1.0]
    assert table.cells.table["status"].tolist() == ["one_value"]
    assert "no result (one_value)" in str(table.test())


@pytest.mark.parametrize("statistic", TABLE_TESTS)
def test_empty_rows_are_left_out_and_said_so(design: sk.Design, statistic: str) -> None:
    """A category nobody chose neither breaks the test nor adds degrees of freedom."""
    result = sk.crosstab(design, "kind", "b").test(statistic)
    used = sk.Design(people().assign(kind=lambda f: f["kind"].astype(str)), weight="w", strata="s", psu="psu")
    expected = sk.crosstab(used, "kind", "b").test(statistic)
    assert result.statistic == pytest.approx(expected.statistic, rel=1e-10)
    assert (result.df1, result.df2) == pytest.approx((expected.df1, expected.df2))
    assert said(result, "2 empty rows of the table left out of the test")
    shown = sk.crosstab(design, "kind", "b").cells.table
    assert shown["kind"].drop_duplicates().tolist() == ["w", "x", "y", "z"]
    assert (shown.loc[shown["kind"] == "w", "estimate"] == 0).all()


@pytest.mark.parametrize("statistic", TABLE_TESTS)
def test_perfect_association_has_a_result(design: sk.Design, statistic: str) -> None:
    """Six of nine cells empty: R's design effects have no inverse there."""
    result = sk.crosstab(design, "a", "again").test(statistic)
    assert 0 < result.p < 1e-6
    assert said(result, "6 of 9 cells are empty")
    reason = "has rank 3" if "wald" in statistic else "at the shares under independence"
    assert said(result, reason)


def test_exact_independence() -> None:
    """Every PSU has the same table: no spread, no chi-square, and no test made of rounding."""
    frame = pd.DataFrame([(p, a, b) for p in range(8) for a in (0, 1) for b in (0, 1, 2)], columns=["psu", "a", "b"])
    design = sk.Design(frame.assign(w=1 / 3), weight="w", psu="psu")
    result = sk.crosstab(design, "a", "b").test()
    assert result.table["status"].tolist() == ["one_value"]
    assert said(result, "nothing varies between units")
    row = sk.association(design, "a", "b").table.iloc[0]
    assert (row["estimate"], row["status"]) == (0.0, "one_value")


@pytest.mark.parametrize("statistic", TABLE_TESTS)
def test_a_domain_in_one_unit_has_no_degrees_of_freedom(design: sk.Design, statistic: str) -> None:
    result = sk.crosstab(design, "a", "b", by="dom").test(statistic)
    assert result.table["status"].tolist() == ["ok", "no_df"]
    assert result.table["p"].notna().tolist() == [True, False]
    assert said(result, "dom tiny: no test")
    with pytest.raises(EstimationError, match="more than one test"):
        _ = result.p


def test_nobody_answered(design: sk.Design) -> None:
    table = sk.crosstab(design, "a", "nobody", missing="exclude")
    assert table.test().table["status"].tolist() == ["empty"]
    assert table.cells.table["status"].tolist() == ["empty"] * 3
    assert table.cells.table["estimate"].isna().all()
    with pytest.raises(EstimationError, match="missing values"):
        sk.crosstab(design, "a", "nobody")


def test_answers_of_both_items_are_the_base() -> None:
    frame = people()
    known = sk.Design(frame.assign(known=frame["lacking"].notna()), weight="w", strata="s", psu="psu")
    a = sk.crosstab(known, "a", "lacking", missing="exclude").test()
    b = sk.crosstab(known, "a", "b", where="known").test()
    assert a.statistic == pytest.approx(b.statistic, rel=1e-12)
    assert said(a, "base: those who answered")


# ------------------------------------------------------------------------------------------------------------- wrong questions
@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda d: sk.crosstab(d, "a", "a"), "A table needs two items"),
        (lambda d: sk.crosstab(d, "a", "b", by="a"), "cannot be a 'by' column too"),
        (lambda d: sk.crosstab(d, "a", "bb"), "did you mean 'b'"),
        (lambda d: sk.crosstab(d, "a", "b").test("wild"), "did you mean 'wald'"),
        (lambda d: sk.crosstab(d, "a", "b").test("F", "likely"), "did you mean 'likelihood'"),
        (lambda d: sk.crosstab(d, "a", "b").shares("rows"), "did you mean 'row'"),
        (lambda d: sk.association(d, "a", "b", "cramer_v"), "did you mean 'cramers_v'"),
        (lambda d: sk.association(d, "a", "b", ()), "No measure is named"),
        (lambda d: sk.crosstab(d, "a", "b").association("spearman"), "not a measure of association here"),
        (lambda d: sk.association(d, "yes", "a", "odds_ratio"), "tables of size R x 2"),
        (lambda d: sk.association(d, "a", "yes", "phi"), "tables of size 2 x 2"),
        (lambda d: sk.ttest(d, "y", "yes", paired="flat"), "groups or pairs, not both"),
        (lambda d: sk.ttest(d, "y", "const"), "fewer than two groups"),
        (lambda d: sk.ttest(d, "y", "yes", by="yes"), "cannot be a 'by' column too"),
        (lambda d: sk.ttest(d, "dom", "yes"), "does not hold numbers"),
        (lambda d: sk.rank_test(d, "y", "yes", "wilcox"), "did you mean 'wilcoxon'"),
        (lambda d: sk.rank_test(d, "dom", "yes"), "order is that of the alphabet"),
        (lambda d: sk.goodness_of_fit(d, "a", {1: 0.3, 2: 0.3, 4: 0.4}), "no level '4'"),
        (lambda d: sk.goodness_of_fit(d, "a", {1: 0.3, 2: 0.3}), "no share for '3'"),
        (lambda d: sk.goodness_of_fit(d, "a", [0.5, 0.5]), "2 shares, 3 levels"),
        (lambda d: sk.goodness_of_fit(d, "a", [0.5, 0.5, 0.0]), "positive numbers"),
        (lambda d: sk.goodness_of_fit(d, "a", [1, 1, 1], effects="seen"), "known: expected, observed"),
        (lambda d: sk.compare_quantiles(d, "y", "const"), "fewer than two groups"),
        (lambda d: sk.compare_quantiles(d, "y", "a", by="a"), "cannot be a 'by' column too"),
        (lambda d: sk.wald_test(sk.mean(d, "y", by="a"), [[1, -1]]), "weights do not fit"),
        (lambda d: sk.wald_test(sk.mean(d, "y", by="a"), null=[0, 1]), "2 values for 3 combinations"),
        (lambda d: sk.wald_test(sk.mean(d, "y", by="a"), method="F"), "known: adjusted, chisq, wald"),
    ],
)
def test_wrong_questions_are_told(design: sk.Design, ask: object, words: str) -> None:
    with pytest.raises((EstimationError, FrameError), match=words):
        ask(design)  # type: ignore[operator]


def test_columns_of_results_cannot_be_keys() -> None:
    design = sk.Design(people().rename(columns={"dom": "p"}), weight="w", strata="s", psu="psu")
    with pytest.raises(EstimationError, match="'p' is a column of the result of a test"):
        sk.ttest(design, "y", "yes", by="p")


def test_a_very_large_table_is_refused() -> None:
    frame = pd.DataFrame({"w": np.ones(500), "a": np.arange(500), "b": np.arange(500)})
    with pytest.raises(EstimationError, match="very large"):
        sk.crosstab(sk.Design(frame, weight="w"), "a", "b")
    assert sk.association(sk.Design(frame, weight="w"), "a", "b", "spearman").table["estimate"].tolist() == [1.0]


# ---------------------------------------------------------------------------------------------------------- groups and their scores
def test_groups_without_spread_or_members(design: sk.Design) -> None:
    assert sk.ttest(design, "flat", "yes").table["status"].tolist() == ["one_value"]
    assert sk.ttest(design, "flat", null=2.0).table["status"].tolist() == ["one_value"]
    assert sk.ttest(design, "y", "kind").df1 == design.df - 1  # two of four categories are used
    assert sk.ttest(design, "y", "yes", by="dom").table["status"].tolist() == ["ok", "no_df"]
    assert sk.rank_test(design, "flat", "a").table["status"].tolist() == ["one_value"]
    by_domain = sk.rank_test(design, "y", "a", by="dom")
    assert by_domain.table["status"].tolist() == ["ok", "no_df"]
    assert said(by_domain, "dom tiny: 1 of 3 groups without an estimate left out")


def test_ranks_are_weighted_mid_ranks() -> None:
    """Tied rows of unequal weight share one rank, whatever their order."""
    frame = pd.DataFrame({"w": [1.0, 3, 2, 2, 1, 4], "g": [0, 0, 1, 1, 0, 1], "y": [1.0, 2, 2, 3, 3, 4]})
    score = np.array([0.5, 3.5, 3.5, 7.5, 7.5, 11]) / 13
    frame["score"] = score
    design = sk.Design(frame, weight="w")
    expected = sk.ttest(design, "score", "g")
    assert sk.rank_test(design, "y", "g").statistic == pytest.approx(expected.statistic, rel=1e-12)
    shown = sk.rank_test(design, "y", "g").estimates
    assert shown is not None
    assert shown.table["category"].tolist() == ["1 - 0"]


def test_a_score_of_ones_own(design: sk.Design) -> None:
    """Savage's scores are 1 + log(1 - r), turned round."""
    savage = RankScore(method="Savage", score=lambda r: np.asarray(-np.log1p(-r) - 1))
    result = sk.rank_test(design, "y", "yes", savage)
    assert "Savage" in result.method
    assert 0 < result.p < 1


def test_an_ordered_category_has_ranks() -> None:
    levels = ["low", "middle", "high"]
    words = pd.Series(
        pd.Categorical(["low", "high", "middle", "middle", "high", "low"], categories=levels, ordered=True)
    )
    frame = pd.DataFrame({"w": [1.0, 2, 1, 3, 1, 1], "g": [0, 1, 0, 1, 1, 0], "y": words, "code": words.cat.codes})
    design = sk.Design(frame, weight="w")
    assert sk.rank_test(design, "y", "g").statistic == sk.rank_test(design, "code", "g").statistic


def test_an_equality_of_quantiles_says_which_are_tied() -> None:
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"w": np.ones(300), "g": np.arange(300) % 2, "y": rng.integers(0, 3, 300)})
    result = sk.compare_quantiles(sk.Design(frame, weight="w"), "y", "g", (0.25, 0.5))
    assert result.table["quantile"].tolist() == [0.25, 0.5]
    assert result.estimates is not None
    assert "tied" in set(result.estimates.table["status"])


# ----------------------------------------------------------------------------------------------------------------- Wald tests
def test_dependent_hypotheses_are_counted_once(design: sk.Design) -> None:
    means = sk.mean(design, "y", by="a")
    twice = sk.wald_test(means, [[1, -1, 0], [2, -2, 0]])
    once = sk.wald_test(means, [[1, -1, 0]])
    assert (twice.statistic, twice.df1, twice.p) == pytest.approx((once.statistic, 1, once.p), rel=1e-9)
    assert said(twice, "has rank 1")


def test_more_hypotheses_than_degrees_of_freedom() -> None:
    frame = people().assign(many=lambda f: np.arange(len(f)) % 20)
    design = sk.Design(frame, weight="w", strata="s", psu="psu")
    result = sk.wald_test(sk.mean(design, "y", by="many"))
    assert result.table["status"].tolist() == ["no_df"]
    assert said(result, "on 16 degrees of freedom")


def test_rows_without_an_estimate_are_left_out() -> None:
    frame = people().assign(kind=lambda f: pd.Categorical(f["yes"].map({0: "n", 1: "y"}), categories=["n", "y", "z"]))
    means = sk.mean(sk.Design(frame, weight="w", strata="s", psu="psu"), "y", by="kind")
    result = sk.wald_test(means)
    assert result.df1 == 2
    assert said(result, "1 combinations without an estimate left out")


# ------------------------------------------------------------------------------------------------------------------ measures
def test_ends_of_the_scales(design: sk.Design) -> None:
    est = sk.association(design, "a", "again", ("cramers_v", "gamma", "tau_b", "lambda", "somers_d", "spearman"))
    assert est.table["estimate"].tolist() == [1.0] * 6
    assert est.table["status"].tolist() == ["one_value"] * 6
    turned = sk.association(design, "yes", "no", ("phi", "yule_q", "yule_y", "odds_ratio", "risk_difference"))
    assert turned.table["estimate"].tolist()[:3] == [-1.0] * 3
    assert turned.table["status"].tolist()[3] == "undefined"
    assert turned.table["estimate"].iloc[4] == pytest.approx(-1.0)
    assert said(turned, "odds_ratio is undefined in 1 of 1 tables")


def test_intervals_keep_to_their_scales(design: sk.Design) -> None:
    est = sk.association(design, "yes", "kind", "cramers_v").table.iloc[0]
    assert 0 < est["ci_low"] < est["estimate"] < est["ci_high"] < 1
    ratio = sk.association(design, "a", "yes", "odds_ratio")
    assert ratio.interval == "log"
    low, high, estimate = (ratio.table[name].to_numpy(float) for name in ("ci_low", "ci_high", "estimate"))
    np.testing.assert_allclose(low * high, estimate**2, rtol=1e-12)
    assert ratio.table["category"].tolist() == ["2 / 1", "3 / 1"]
    assert said(ratio, "the event is yes = 1")
    wide = sk.association(design, "a", "yes", "odds_ratio", level=0.99)
    assert (wide.table["ci_low"] < ratio.table["ci_low"]).all()


def test_several_measures_share_a_covariance(design: sk.Design) -> None:
    both = sk.association(design, "a", "b", ("gamma", "tau_b"))
    alone = [sk.association(design, "a", "b", name).table["se"].iloc[0] for name in ("gamma", "tau_b")]
    V = both.vcov()  # noqa: N806
    np.testing.assert_allclose(np.sqrt(np.diag(V)), alone, rtol=1e-12)
    assert abs(V[0, 1]) > 0.9 * np.sqrt(V[0, 0] * V[1, 1])
    changes = sk.association(design, "a", "b", "gamma", by="dom")
    assert changes.change("dom").table["estimate"].notna().all()


# --------------------------------------------------------------------------------------------------------------- how results read
def test_results_read_well(design: sk.Design) -> None:
    result = sk.ttest(design, "y", "a")
    lines = str(result).splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("Design-based t-test of two groups [a 2, from 1]: t = ")
    adjusted = result.adjusted("holm")
    np.testing.assert_allclose(adjusted.table["p_adjusted"], sk.adjust_p(result.table["p"].to_numpy(), "holm"))
    assert said(adjusted, "p adjusted for 3 tests (holm)")
    assert "(adjusted)" in str(adjusted)
    page = adjusted._repr_html_()
    assert page.count("<tr") == 4
    assert "p_adjusted" in page
    assert list(result.to_frame().columns) == ["a", "from", "statistic", "df1", "df2", "p", "n", "status"]
    assert str(sk.wald_test(sk.mean(design, "y", by="a"), method="chisq")).startswith("Wald test, chi-square: chi2 = ")


def test_tables_read_well(design: sk.Design) -> None:
    table = sk.crosstab(design, "a", "b", by="dom")
    assert "Rao-Scott test of independence (a x b), second order [dom rest]: F = " in repr(table)
    assert "Shares within rows" in table._repr_html_()
    assert table.wide("table").shape == (6, 3)
    assert table.wide("table").loc["rest"].to_numpy().sum() == pytest.approx(1.0)
    assert list(table.to_frame().columns)[:4] == ["dom", "a", "variable", "category"]


def test_tiny_p_values_are_no_zeros() -> None:
    frame = pd.DataFrame(
        {"w": np.ones(4000), "a": np.arange(4000) % 2, "b": (np.arange(4000) % 2) ^ (np.arange(4000) % 3 == 0)}
    )
    result = sk.crosstab(sk.Design(frame, weight="w"), "a", "b").test()
    assert 0 < result.p < 1e-50
    assert "p = 0" not in str(result)


# ------------------------------------------------------------------------------------------------------------------------- tails
def test_the_tail_of_f_far_out() -> None:
    """1 - cdf gives 0 here; R gives 1.83e-24."""
    assert f_tail(3.84, 68.3, 77_886) == pytest.approx(1.8278149724535877e-24, rel=1e-9)
    assert f_tail(3.84, 68.3, 77_886) == pytest.approx(stats.f.sf(3.84, 68.3, 77_886), rel=1e-12)
    assert f_tail(2.0, 3, np.inf) == pytest.approx(chi2_tail(6.0, 3), rel=1e-14)
    assert t_tail(40, 30) == pytest.approx(2 * stats.t.sf(40, 30), rel=1e-12)
    assert t_tail(10, np.inf) == pytest.approx(2 * stats.norm.sf(10), rel=1e-12)


@pytest.mark.parametrize("tail", [chi2_tail, f_tail, t_tail, mixture_tail, saddlepoint_tail])
def test_tails_without_degrees_of_freedom(tail: object) -> None:
    weights = np.array([0.0])
    arguments = {chi2_tail: (1.0, 0), f_tail: (1.0, 2, 0), t_tail: (1.0, 0)}.get(tail, (1.0, weights))  # type: ignore[call-overload]
    assert np.isnan(tail(*arguments))  # type: ignore[operator]


@pytest.mark.parametrize("k", [1, 2, 3, 10, 76])
@pytest.mark.parametrize("df2", [1.0, 5.0, 30.0, 500.5, 80_000.0, np.inf])
def test_the_mixture_of_equal_weights_is_f(k: int, df2: float) -> None:
    """Ten digits from one half out to 1e-300, where quadrature of the real integral loses all of them."""
    for q in (0.01, 0.5, 1.0, k, 3.0 * k, 10.0 * k, 40.0 * k):
        expected = f_tail(q / k, k, df2)
        assert mixture_tail(2.5 * q, np.full(k, 2.5), df2) == pytest.approx(expected, rel=1e-10, abs=1e-300)


@pytest.mark.parametrize("weights", [(1.0, 0.01), (5.0, 1.0, 0.3, 0.01, 1e-6), (3.0, 2.0, 1.0, 0.5, 0.1)])
def test_the_mixture_of_unequal_weights(weights: tuple[float, ...]) -> None:
    """Against simulation, within four of its standard errors; the saddlepoint approximation within a twentieth."""
    l = np.array(weights)  # noqa: E741
    rng = np.random.default_rng(5)
    draws = rng.chisquare(1, (200_000, len(l))) @ l
    below = rng.chisquare(12, 200_000) / 12
    for q in (1.0, 5.0, 15.0):
        for df2, sample in ((np.inf, draws > q), (12.0, draws > q * below)):
            p = mixture_tail(q, l, df2)
            assert abs(sample.mean() - p) < 4 * np.sqrt(p * (1 - p) / 200_000)
            assert saddlepoint_tail(q, l, df2) == pytest.approx(p, rel=0.12)


def test_the_saddlepoint_at_the_mean() -> None:
    """The formula is 0 / 0 there; its limit stands in, without a step."""
    values = [saddlepoint_tail(q, np.ones(3), 20.0) for q in np.linspace(2.98, 3.02, 41)]
    steps = np.diff(values)
    assert (steps < 0).all()
    assert steps.min() > 1.5 * steps.max()


# --------------------------------------------------------------------------------------------------------- without weights or design
def test_measures_of_a_simple_sample_are_those_of_scipy() -> None:
    """Each measure has its textbook value when weights are equal: no other program's weights can hide a slip here."""
    frame = people(400)
    frame["b"] = np.clip(frame["a"] + np.arange(400) % 3 - 1, 1, 4)
    design = sk.Design(frame.assign(w=1.0), weight="w")
    x, y = frame["a"].to_numpy(), frame["b"].to_numpy()
    crossed = pd.crosstab(x, y).to_numpy()
    expected = {
        "cramers_v": stats.contingency.association(crossed, method="cramer"),
        "tau_b": stats.kendalltau(x, y).statistic,
        "tau_c": stats.kendalltau(x, y, variant="c").statistic,
        "somers_d": stats.somersd(x, y).statistic,
        "somers_d_rows": stats.somersd(y, x).statistic,
        "spearman": stats.spearmanr(x, y).statistic,
    }
    est = sk.association(design, "a", "b", tuple(expected))
    np.testing.assert_allclose(est.table["estimate"].to_numpy(float), list(expected.values()), rtol=1e-12)
    square = pd.crosstab(frame["yes"], frame["b"] > 2).to_numpy()
    odds = sk.association(sk.Design(frame.assign(w=1.0, much=frame["b"] > 2), weight="w"), "yes", "much", "odds_ratio")
    assert odds.table["estimate"].iloc[0] == pytest.approx(
        stats.contingency.odds_ratio(square, kind="sample").statistic
    )


def test_tests_of_a_simple_sample_are_near_those_of_scipy() -> None:
    """With equal weights and independent rows the design-based tests are Welch's, Pearson's and Wilcoxon's but for 1 / n."""
    frame = people(3000)
    frame["y"] += 0.08 * frame["yes"]
    design = sk.Design(frame.assign(w=1.0), weight="w")
    groups = [frame.loc[frame["yes"] == k, "y"].to_numpy() for k in (0, 1)]
    assert sk.ttest(design, "y", "yes").p == pytest.approx(stats.ttest_ind(*groups, equal_var=False).pvalue, rel=0.01)
    assert sk.rank_test(design, "y", "yes").p == pytest.approx(stats.mannwhitneyu(*groups).pvalue, rel=0.02)
    pearson = stats.chi2_contingency(pd.crosstab(frame["a"], frame["b"]), correction=False)
    assert sk.crosstab(design, "a", "b").test().p == pytest.approx(pearson.pvalue, rel=0.03)
    observed = frame["a"].value_counts().sort_index().to_numpy()
    fit = stats.chisquare(observed).pvalue
    assert sk.goodness_of_fit(design, "a", [1, 1, 1]).p == pytest.approx(fit, rel=0.02)
