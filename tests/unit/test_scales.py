"""Reliability of scales: awkward items, missing answers, notes and refusals; what theory says about their standard errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import survey_kit as sk
from survey_kit.scales.bivariate_normal import bivariate_normal
from survey_kit.scales.one_factor import fit_one_factor

ABC = ("a", "b", "c")


def answers(seed: int = 1, n: int = 120, **columns: Any) -> pd.DataFrame:
    """Three items of five points that go together."""
    rng = np.random.default_rng(seed)
    trait = rng.normal(size=n)
    frame = pd.DataFrame({name: np.clip(np.round(3 + trait + 0.8 * rng.normal(size=n)), 1, 5) for name in ABC})
    return frame.assign(w=rng.uniform(0.5, 2, n), g=np.where(np.arange(n) < n // 2, "x", "y"), **columns)


def design(frame: pd.DataFrame) -> sk.Design:
    return sk.Design(frame, weight="w")


class Answered:
    """Data that know who was asked: a split ballot."""

    def __init__(self, frame: pd.DataFrame, asked: dict[str, np.ndarray]) -> None:
        self.frame, self._asked = frame, asked

    def asked(self, name: str) -> np.ndarray | None:
        return self._asked.get(name)


# -------------------------------------------------------------------------------------------------------------- refusals
@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda d: sk.alpha(d, "a"), "needs 2 items"),
        (lambda d: sk.alpha(d, ["a"]), "needs 2 items"),
        (lambda d: sk.omega(d, ("a", "b")), "needs 3 items"),
        (lambda d: sk.item_rest(d, ("a", "a")), "names a column twice"),
        (lambda d: sk.alpha(d, ("a", "bb")), "no column 'bb'"),
        (lambda d: sk.alpha(d, ("a", "g")), "does not hold numbers"),
        (lambda d: sk.alpha(d, ABC, missing="exclude"), "is not a treatment of missing answers"),
        (lambda d: sk.alpha(d, ABC, interval="logit"), "is not an interval"),
        (lambda d: sk.alpha(d, ABC, reverse=["c"]), "between the ends"),
        (lambda d: sk.alpha(d, ABC, reverse={"d": (1, 5)}), "is no item"),
        (lambda d: sk.alpha(d, ABC, reverse={"c": (5, 1)}), "lowest and highest"),
        (lambda d: sk.alpha(d, ABC, reverse={"c": 5}), "lowest and highest"),
        (lambda d: sk.alpha(d, ABC, reverse={"c": (1, 4)}), "outside the ends"),
        (lambda d: sk.item_rest(d, ABC, details=True, ends=(1, 4)), "outside the ends"),
        (lambda d: sk.item_rest(d, ABC, details=True, ends=(5, 1)), "lowest and highest"),
        (lambda d: sk.omega(d, ABC, method="pa"), "is not a method of fitting"),
        (lambda d: sk.alpha(d, ABC, by="estimate"), "cannot be a 'by' column"),
    ],
)
def test_refused(call: Any, words: str) -> None:
    with pytest.raises(sk.SurveyKitError, match=words) as raised:
        call(design(answers()))
    assert raised.value.fix


def test_missing_answers_are_an_error_when_asked_for() -> None:
    frame = answers()
    frame.loc[:4, "b"] = np.nan
    with pytest.raises(sk.SurveyKitError, match="'b' has missing values") as raised:
        sk.alpha(design(frame), ABC, missing="error")
    assert raised.value.found == "5 of 120 rows"
    frame["rest"] = np.arange(len(frame)) > 4
    assert sk.alpha(design(frame), ABC, missing="error", where="rest").table["n"][0] == 115


def test_a_table_that_stays_in_its_engine_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("ibis", reason="ibis is not installed")
    answers().to_csv(tmp_path / "answers.csv", index=False)
    table = sk.open_table(tmp_path / "answers.csv")
    for call in (sk.alpha, sk.ordinal_alpha, sk.omega, sk.item_rest):
        with pytest.raises(sk.SurveyKitError, match="needs single rows"):
            call(sk.Design(table, weight="w", psu="g"), ABC)


# --------------------------------------------------------------------------------------------------------------- missing
def test_listwise_is_the_domain_of_those_who_answered_everything() -> None:
    """Catches rows dropped before the design is read: they still count for the degrees of freedom."""
    frame = answers(town=np.repeat(np.arange(12), 10))
    frame.loc[frame["town"] < 2, "c"] = np.nan
    frame["whole"] = frame["c"].notna()
    d = sk.Design(frame, weight="w", psu="town")
    ours = sk.alpha(d, ABC, missing="listwise")
    domain = sk.alpha(sk.Design(frame.fillna({"c": 3.0}), weight="w", psu="town"), ABC, where="whole")
    for name in ("estimate", "se", "n", "weight_sum"):
        np.testing.assert_allclose(ours.table[name], domain.table[name], rtol=1e-12)
    assert (ours.table["df"][0], domain.table["df"][0]) == (11, 9)
    assert "listwise: 100 of 120 rows answered all 3 items" in ours.notes


def test_pairwise_covariances_rest_on_their_own_rows() -> None:
    frame = answers()
    frame.loc[:9, "a"] = np.nan
    frame.loc[30:49, "b"] = np.nan
    est = sk.alpha(design(frame.assign(w=1.0)), ABC, missing="pairwise")
    s = frame[list(ABC)].cov().to_numpy()
    np.testing.assert_allclose(est.table["estimate"][0], 1.5 * (1 - np.trace(s) / s.sum()), rtol=1e-12)
    assert est.table["n"][0] == 90
    assert any(note.startswith("pairwise") for note in est.notes)


def test_items_not_asked_are_no_missing_answers() -> None:
    frame = answers()
    half = (frame["g"] == "x").to_numpy()
    frame.loc[~half, "c"] = np.nan
    d = sk.Design(Answered(frame, {"c": half}), weight="w")
    for call in (sk.alpha, sk.ordinal_alpha, sk.omega):
        table = call(d, ABC, by="g", missing="error").table.set_index("g")
        assert table["status"].tolist() == ["ok", "not_asked"]
        assert table.loc["x", "n"] == half.sum()
        assert np.isnan(table.loc["y", "estimate"])
    rest = sk.item_rest(d, ABC, by="g", details=True).table
    assert set(rest[(rest["g"] == "y") & (rest["variable"] == "c")]["status"]) == {"not_asked"}


# ----------------------------------------------------------------------------------------------------------------- notes
def test_a_reversed_item_is_found_and_turned() -> None:
    frame = answers()
    turned = frame.assign(c=6 - frame["c"])
    est = sk.alpha(design(turned), ABC)
    assert any(
        "'c' runs against the other items" in note and "reverse={'c': (low, high)}" in note for note in est.notes
    )
    mended = sk.alpha(design(turned), ABC, reverse={"c": (1, 5)})
    assert not any("runs against" in note for note in mended.notes)
    np.testing.assert_allclose(mended.table["estimate"], sk.alpha(design(frame), ABC).table["estimate"], rtol=1e-12)
    details = sk.item_rest(design(turned), ABC, reverse={"c": (1, 5)}, details=True)
    expected = sk.item_rest(design(frame), ABC, details=True, ends=(1, 5))
    np.testing.assert_allclose(details.table["estimate"], expected.table["estimate"], rtol=1e-12)


def test_a_reversed_item_of_one_domain_is_told_with_the_domain() -> None:
    frame = answers()
    frame["c"] = frame["c"].where(frame["g"] == "x", 6 - frame["c"])
    notes = sk.alpha(design(frame), ABC, by="g").notes
    assert any("'c' runs against" in note and note.endswith("(in g y)") for note in notes)


def test_an_item_that_does_not_vary() -> None:
    """Raw alpha exists, correlations do not; 0.1 + 0.2 must not look like spread."""
    for value in (3.0, 0.1 + 0.2, 1e8 / 3):
        d = design(answers().assign(c=value))
        raw, standard = sk.alpha(d, ABC), sk.alpha(d, ABC, standardized=True)
        two = sk.alpha(d, ("a", "b")).table["estimate"][0]
        s = answers()[["a", "b"]].to_numpy()
        s = np.cov(s.T, aweights=answers()["w"], bias=True)
        np.testing.assert_allclose(raw.table["estimate"][0], 1.5 * (1 - np.trace(s) / s.sum()), rtol=1e-10)
        assert two > raw.table["estimate"][0]
        assert "'c' does not vary" in raw.notes
        rest = sk.item_rest(d, ABC).table
        assert rest["status"].tolist() == ["ok", "ok", "undefined"]
        for est in (standard, sk.omega(d, ABC), sk.ordinal_alpha(d, ABC)):
            assert est.table["status"].tolist() == ["undefined"]
            assert est.table[["estimate", "se", "ci_low"]].isna().all(axis=None)


def test_items_that_are_one_item() -> None:
    frame = answers()
    est = sk.alpha(design(frame.assign(b=frame["a"], c=frame["a"])), ABC, details=True).table
    np.testing.assert_allclose(est["estimate"], 1.0, rtol=1e-12)
    assert (est["se"] < 1e-10).all()


def test_few_rows_and_nobody() -> None:
    frame = answers().assign(few="rest")
    frame.loc[0, "few"], frame.loc[1:2, "few"] = "one", "two"
    frame["few"] = pd.Categorical(frame["few"], ["none", "one", "two", "rest"])
    for call in (sk.alpha, sk.omega, sk.ordinal_alpha):
        est = call(design(frame), ABC, by="few")
        table = est.table.set_index("few")
        assert table.loc["none", "status"] == "empty"
        assert table.loc["one", "status"] == "undefined"
        assert table.loc["rest", "status"] == "ok"
        inside = call(design(frame.assign(inside=frame["few"] == "rest")), ABC, where="inside").table
        np.testing.assert_allclose(
            table.loc["rest", ["estimate", "se"]].astype(float), inside[["estimate", "se"]].iloc[0]
        )
        assert any("2 rows for 3 items" in note for note in est.notes)
        assert any("fewer than two rows" in note for note in est.notes)


def test_pairs_that_contradict_each_other_are_told() -> None:
    """Each pair on other rows: r(a, b) = r(b, c) = 1 and r(a, c) = -1 are no correlations of three items."""
    gap = np.nan
    rows = [
        [1, 1, gap],
        [2, 2, gap],
        [3, 3, gap],
        [gap, 1, 1],
        [gap, 2, 2],
        [gap, 3, 3],
        [1, gap, 3],
        [2, gap, 2],
        [3, gap, 1],
    ]
    d = design(pd.DataFrame(rows, columns=list(ABC)).assign(w=1.0))
    for call in (sk.alpha, sk.item_rest):
        assert any("not positive semidefinite" in note for note in call(d, ABC, missing="pairwise").notes)
    assert sk.item_rest(d, ABC, missing="pairwise").table["status"].tolist()[1] == "undefined"
    assert sk.omega(d, ABC, missing="pairwise").table["status"].tolist() == ["undefined"]


def test_replicates_without_a_solution_are_told() -> None:
    """A replicate left out in silence makes the standard error too small."""
    frame = answers(n=14, town=np.arange(14) // 2)
    made = sk.make_replicates(sk.Design(frame, weight="w", psu="town"), "bootstrap", replicates=60, rng=1)
    est = sk.ordinal_alpha(made, ABC)
    assert any("replicates without a solution" in note for note in est.notes)
    assert not any("without a solution" in note for note in sk.alpha(made, ABC).notes)


def test_alpha_without_an_item_needs_three() -> None:
    table = sk.alpha(design(answers()), ("a", "b"), details=True).table
    assert [None if part is None else str(part) for part in table["category"]] == [None, "mean correlation"]


# ------------------------------------------------------------------------------------------------------- polychoric, omega
def test_bivariate_normal_against_integration() -> None:
    """Catches a branch of Owen's formula: signs, zeros, infinities, a correlation near one."""
    points = [-np.inf, -3.0, -0.4, 0.0, 0.7, 2.5, np.inf]
    for rho in (-0.99, -0.5, 0.0, 0.3, 0.95):
        for h in points:
            for k in points:
                ours = float(bivariate_normal(np.array(h), np.array(k), np.array(rho)))
                if np.isinf(h) or np.isinf(k):
                    expected = 0.0 if min(h, k) == -np.inf else stats.norm.cdf(min(h, k))
                else:
                    from scipy.integrate import quad

                    root = np.sqrt(1 - rho**2)
                    expected = quad(
                        lambda x, k=k, rho=rho, root=root: stats.norm.pdf(x) * stats.norm.cdf((k - rho * x) / root),
                        -12,
                        h,
                        epsabs=1e-13,
                        limit=400,
                        points=[min(max(k / rho, -11.9), h - 0.01)] if rho else None,
                    )[0]
                np.testing.assert_allclose(ours, expected, atol=2e-9)


def test_polychoric_correlations_find_the_latent_ones() -> None:
    rng = np.random.default_rng(4)
    z = rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], 20000)
    frame = pd.DataFrame({"a": np.digitize(z[:, 0], [-1, 0.2, 1]), "b": np.digitize(z[:, 1], [0.5]), "w": 1.0})
    row = sk.ordinal_alpha(design(frame), ("a", "b"), details=True).table.iloc[1]
    assert abs(row["estimate"] - 0.6) < 3 * row["se"]
    assert 0.005 < row["se"] < 0.015


def test_an_empty_corner_puts_a_correlation_at_its_end() -> None:
    frame = pd.DataFrame({"a": [0, 0, 1, 1, 1, 0] * 4, "b": [0, 0, 1, 1, 0, 0] * 4, "w": 1.0})
    est = sk.ordinal_alpha(design(frame), ("a", "b"))
    assert est.table["status"].tolist() == ["undefined"]
    assert any("a corner of the table is empty" in note for note in est.notes)


def test_too_many_categories_are_no_ordered_item() -> None:
    frame = answers().assign(c=np.arange(120))
    assert any("categories" in note for note in sk.ordinal_alpha(design(frame), ABC).notes)


def test_three_items_have_a_closed_form() -> None:
    """With three items loadings are ratios of covariances, whatever the method."""
    s = np.array([[2.0, 0.8, 0.6], [0.8, 1.5, 0.7], [0.6, 0.7, 1.2]])
    expected = np.sqrt([s[0, 1] * s[0, 2] / s[1, 2], s[0, 1] * s[1, 2] / s[0, 2], s[0, 2] * s[1, 2] / s[0, 1]])
    for method in ("ml", "uls"):
        fit = fit_one_factor(s, method)
        assert not isinstance(fit, str)
        np.testing.assert_allclose(fit.loadings, expected, rtol=1e-8)
        np.testing.assert_allclose(fit.uniqueness, np.diag(s) - expected**2, rtol=1e-7)


def test_heywood_cases_are_named() -> None:
    """r12 r13 / r23 = 1.2: the first item would share more than its variance."""
    root = np.linalg.cholesky(np.array([[1.0, 0.8, 0.75], [0.8, 1.0, 0.5], [0.75, 0.5, 1.0]]))
    rng = np.random.default_rng(2)
    x = rng.normal(size=(200, 3))
    x = (x - x.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(x.T))).T @ root.T
    for method in ("ml", "uls"):
        est = sk.omega(design(pd.DataFrame(x, columns=list(ABC)).assign(w=1.0)), ABC, method=method)
        assert est.table["status"].tolist() == ["undefined"]
        assert any("Heywood case" in note and "'a'" in note for note in est.notes), est.notes


def test_items_that_repeat_each_other_are_no_model() -> None:
    frame = answers()
    est = sk.omega(design(frame.assign(d=frame["a"] + frame["b"])), (*ABC, "d"))
    assert est.table["status"].tolist() == ["undefined"]
    assert any("not positive definite" in note for note in est.notes)


def test_two_factors_are_told() -> None:
    rng = np.random.default_rng(5)
    f = rng.normal(size=(500, 2))
    frame = pd.DataFrame({f"i{j}": f[:, j // 3] + 0.6 * rng.normal(size=500) for j in range(6)}).assign(w=1.0)
    assert any("fits poorly" in note for note in sk.omega(design(frame), [f"i{j}" for j in range(6)]).notes)


def test_many_items_have_no_numbers_mistaken() -> None:
    """Item 1 must not be taken for item 11 when a Heywood case is named."""
    rng = np.random.default_rng(6)
    common = rng.normal(size=400)
    frame = pd.DataFrame({f"i{j}": common + rng.normal(size=400) for j in range(1, 12)}).assign(w=1.0)
    frame["i11"] = common + 0.01 * rng.normal(size=400)
    est = sk.omega(design(frame), [f"i{j}" for j in range(1, 12)])
    assert est.table["status"][0] == "ok" or any("'i11'" in note for note in est.notes)


# ---------------------------------------------------------------------------------------------------------------- theory
def test_the_standard_error_of_alpha_for_parallel_normal_items() -> None:
    """Van Zyl, Neudecker & Nel (2000), Psychometrika 65, 271-280: n var(alpha) = 2 k (1 - alpha)^2 / (k - 1)."""
    rng = np.random.default_rng(8)
    n, k = 40000, 4
    frame = pd.DataFrame(rng.normal(size=(n, 1)) + rng.normal(size=(n, k)), columns=list("abcd")).assign(w=1.0)
    row = sk.alpha(design(frame), list("abcd")).table.iloc[0]
    expected = np.sqrt(2 * k / (k - 1) / n) * (1 - row["estimate"])
    np.testing.assert_allclose(row["se"], expected, rtol=0.02)
    omega = sk.omega(design(frame), list("abcd")).table.iloc[0]
    np.testing.assert_allclose(omega["se"], expected, rtol=0.02)  # the same to first order when items are parallel


def test_intervals_cover() -> None:
    """In samples of 60 from items of five points, Bonett's limits cover alpha about as often as they say."""
    population = answers(seed=100, n=200_000)
    s = population[list(ABC)].cov().to_numpy()
    truth = 1.5 * (1 - np.trace(s) / s.sum())
    rng = np.random.default_rng(9)
    covered = 0
    for _ in range(200):
        part = population.iloc[rng.integers(0, len(population), 60)].assign(w=1.0)
        row = sk.alpha(design(part), ABC).table.iloc[0]
        covered += row["ci_low"] <= truth <= row["ci_high"]
    assert covered >= 180  # 95 % of 200 less more than three standard errors


def test_limits_of_bonett_never_exceed_one() -> None:
    table = sk.alpha(design(answers(n=12)), ABC, details=True).table
    assert (table["ci_high"] < 1).all()
    assert (table["ci_low"] < table["estimate"]).all()
    wald = sk.alpha(design(answers(n=12)), ABC, interval="wald").table.iloc[0]
    np.testing.assert_allclose(wald["ci_high"] - wald["estimate"], wald["estimate"] - wald["ci_low"], rtol=1e-10)
