"""The rules of tables, tests and measures of association, on every kind of design and frame.

The law: every share and every measure has the variance of its infinitesimal jackknife, the derivative of the whole way from weights to
estimate with respect to each unit's weight, also after calibration. A call with ``by`` a constant, or ``where`` everybody, is the call
without.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.estimate.association_measures import MEASURES

STEP = 1e-5
LAW_RTOL = 1e-6  # central differences


def people(seed: int = 11, n: int = 260) -> pd.DataFrame:
    """Strata and PSUs of unequal size, unequal weights, ties, two waves that share PSUs, a domain that misses PSUs."""
    rng = np.random.default_rng(seed)
    psu = np.sort(rng.choice(16, n, p=rng.dirichlet(np.full(16, 5.0))))
    psu[:16] = np.arange(16)
    effect = rng.normal(size=16)
    frame = pd.DataFrame({"psu": psu, "stratum": np.searchsorted([0, 3, 7, 11], psu, side="right")})
    frame["w"] = rng.uniform(0.4, 4.0, n)
    frame["a"] = rng.integers(1, 4, n)
    frame["b"] = np.clip(np.round(frame["a"] / 2 + effect[psu] + rng.normal(size=n) + 2), 1, 5).astype(int)
    frame["x"] = rng.integers(0, 2, n)
    frame["ill"] = (rng.random(n) < 0.25 + 0.2 * frame["x"]).astype(int)
    frame["y"] = np.round(10 + 2 * effect[psu] + rng.normal(size=n), 1)
    frame["z"] = np.round(frame["y"] + rng.normal(size=n), 1)
    frame["sex"] = rng.choice(["f", "m"], n)
    frame["wave"] = rng.choice([2020, 2022], n)
    frame["dom"] = np.where(psu < 2, "n", rng.choice(["n", "s"], n))
    frame["in_s"] = frame["dom"] == "s"
    frame["all"], frame["one"] = True, 1
    return frame.sample(frac=1, random_state=seed).reset_index(drop=True)


DECLARED = {"weight": "w", "strata": "stratum", "psu": "psu"}
MARGIN = {"f": 300.0, "m": 280.0}


def plain(frame: Any) -> sk.Design:
    return sk.Design(frame, **DECLARED)


DESIGNS: dict[str, Callable[[Any], sk.Design]] = {
    "plain": plain,
    "rows": lambda f: sk.Design(f, weight="w"),
    "post-stratified": lambda f: sk.post_stratify(plain(f), "sex", MARGIN),
    "jackknife": lambda f: sk.make_replicates(plain(f), "JKn"),
}
SHARES: dict[str, Callable[..., sk.Estimates]] = {
    of: (lambda d, of=of, **k: sk.crosstab(d, "a", "b", interval="wald", **k).shares(of))
    for of in ("table", "row", "column")
}
ASSOCIATIONS: dict[str, Callable[..., sk.Estimates]] = {
    name: (
        lambda d, name=name, **k: sk.association(
            d, *("ab" if MEASURES[name].needs == "any" else ("x", "ill")), name, **k
        )
    )
    for name in MEASURES
}
RESULTS: dict[str, Callable[..., sk.Estimates]] = {
    **SHARES,
    "totals": lambda d, **k: sk.crosstab(d, "a", "b", **k).totals,
    **ASSOCIATIONS,
    "odds ratios of three rows": lambda d, **k: sk.association(d, "a", "ill", "odds_ratio", **k),
    "spearman": lambda d, **k: sk.association(d, "a", "b", "spearman", **k),
    "spearman, many values": lambda d, **k: sk.association(d, "y", "z", "spearman", **k),
}
TESTS: dict[str, Callable[..., sk.TestResult]] = {
    **{
        name: (lambda d, name=name, **k: sk.crosstab(d, "a", "b", **k).test(name))
        for name in ("F", "chisq", "lincom", "saddlepoint", "wald", "adjusted_wald")
    },
    "likelihood": lambda d, **k: sk.crosstab(d, "a", "b", **k).test("F", "likelihood"),
    "t, groups": lambda d, **k: sk.ttest(d, "y", "sex", **k),
    "t, every pair": lambda d, **k: sk.ttest(d, "y", "a", **k),
    "t, pairs": lambda d, **k: sk.ttest(d, "y", paired="z", **k),
    "t, one": lambda d, **k: sk.ttest(d, "y", null=10.0, **k),
    **{
        f"rank, {name}": (lambda d, name=name, **k: sk.rank_test(d, "y", "a", name, **k))
        for name in ("wilcoxon", "vanderwaerden", "median", "kruskal_wallis")
    },
    "fit": lambda d, **k: sk.goodness_of_fit(d, "a", [0.3, 0.3, 0.4], **k),
    "fit, as observed": lambda d, **k: sk.goodness_of_fit(d, "a", [0.3, 0.3, 0.4], effects="observed", **k),
    "medians": lambda d, **k: sk.compare_quantiles(d, "y", "a", **k),
}
each_result = pytest.mark.parametrize("call", RESULTS.values(), ids=RESULTS.keys())
each_test = pytest.mark.parametrize("call", TESTS.values(), ids=TESTS.keys())
each_design = pytest.mark.parametrize("declare", DESIGNS.values(), ids=DESIGNS.keys())


def columns(table: pd.DataFrame, names: tuple[str, ...]) -> np.ndarray:
    return table[list(names)].to_numpy(dtype=float)


def same_estimates(one: sk.Estimates, two: sk.Estimates, rtol: float = 1e-10) -> None:
    names = ("estimate", "se", "ci_low", "ci_high", "df", "n")
    np.testing.assert_allclose(columns(one.table, names), columns(two.table, names), rtol=rtol, atol=1e-12)


def same_tests(one: sk.TestResult, two: sk.TestResult, rtol: float = 1e-8) -> None:
    names = ("statistic", "df1", "df2", "p", "n")
    np.testing.assert_allclose(columns(one.table, names), columns(two.table, names), rtol=rtol, atol=1e-12)


# --------------------------------------------------------------------------------------------------------------- the law
@cache
def moved_designs(name: str) -> tuple[sk.Design, pd.DataFrame, tuple[list[sk.Design], list[sk.Design]]]:
    """Give a design, its units, and for each unit the designs with its weights moved up and down a little."""
    frame, declare = people(), DESIGNS[name]
    units = frame[["stratum", "psu"]].drop_duplicates().sort_values(["stratum", "psu"])

    def moved(psu: int, by: float) -> sk.Design:
        return declare(frame.assign(w=frame["w"] * np.where(frame["psu"] == psu, 1 + by, 1.0)))

    return declare(frame), units, tuple([moved(psu, by) for psu in units["psu"]] for by in (STEP, -STEP))


@pytest.mark.parametrize("name", ["plain", "post-stratified"])
@each_result
def test_standard_errors_are_those_of_the_infinitesimal_jackknife(call: Callable[..., sk.Estimates], name: str) -> None:
    """Would catch a gradient with an error, a share whose base is taken as known, or a calibration step not credited."""
    whole, units, moved = moved_designs(name)
    est = call(whole)
    up, down = (np.stack([call(d).table["estimate"].to_numpy(dtype=float) for d in side]) for side in moved)
    t = (up - down) / (2 * STEP)
    variance = np.zeros(t.shape[1])
    for _, part in units.reset_index(drop=True).groupby("stratum"):
        own = t[part.index]
        variance += len(own) / (len(own) - 1) * ((own - own.mean(axis=0)) ** 2).sum(axis=0)
    np.testing.assert_allclose(est.table["se"].to_numpy(dtype=float), np.sqrt(variance), rtol=LAW_RTOL, atol=1e-9)


# ------------------------------------------------------------------------------------------------------------ entry points agree
@each_design
@each_result
def test_a_constant_domain_changes_no_estimate(
    call: Callable[..., sk.Estimates], declare: Callable[[Any], sk.Design]
) -> None:
    design = declare(people())
    plainly = call(design)
    same_estimates(plainly, call(design, by="one"))
    same_estimates(plainly, call(design, where="all"))


@each_design
@each_test
def test_a_constant_domain_changes_no_test(
    call: Callable[..., sk.TestResult], declare: Callable[[Any], sk.Design]
) -> None:
    design = declare(people())
    plainly = call(design)
    same_tests(plainly, call(design, by="one"))
    same_tests(plainly, call(design, where="all"))


@each_design
@each_test
def test_one_domain_of_many_is_the_domain_alone(
    call: Callable[..., sk.TestResult], declare: Callable[[Any], sk.Design]
) -> None:
    """Would catch ranks, shares or degrees of freedom taken over all domains together."""
    design = declare(people())
    alone, many = call(design, where="in_s"), call(design, by="dom")
    chosen = many.table[many.table["dom"] == "s"]
    names = ("statistic", "df1", "df2", "p", "n")
    np.testing.assert_allclose(columns(alone.table, names), columns(chosen, names), rtol=1e-8)


@each_result
def test_one_domain_of_many_has_its_own_estimates(call: Callable[..., sk.Estimates]) -> None:
    design = plain(people())
    alone, many = call(design, where="in_s"), call(design, by="dom")
    names = ("estimate", "se", "ci_low", "ci_high", "df", "n")
    chosen = many.table[many.table["dom"] == "s"]
    np.testing.assert_allclose(columns(alone.table, names), columns(chosen, names), rtol=1e-9, atol=1e-12)


@each_result
def test_neither_order_nor_scale_matters_to_estimates(call: Callable[..., sk.Estimates]) -> None:
    frame = people()
    turned = frame.iloc[::-1].reset_index(drop=True)
    same_estimates(call(plain(frame)), call(plain(turned)))
    scaled = call(plain(frame.assign(w=frame["w"] * 1e4)))
    if set(scaled.table["statistic"]) != {"total"}:
        same_estimates(call(plain(frame)), scaled)


@each_test
def test_neither_order_nor_scale_matters_to_tests(call: Callable[..., sk.TestResult]) -> None:
    """Would catch ranks of tied rows that depend on their order."""
    frame = people()
    turned = frame.iloc[::-1].reset_index(drop=True)
    same_tests(call(plain(frame)), call(plain(turned)))
    same_tests(call(plain(frame)), call(plain(frame.assign(w=frame["w"] * 1e4))))


@each_test
def test_frames_of_any_library(call: Callable[..., sk.TestResult]) -> None:
    polars = pytest.importorskip("polars")
    frame = people()
    result = call(plain(polars.from_pandas(frame)))
    same_tests(call(plain(frame)), result)
    assert isinstance(result.to_frame(), polars.DataFrame)


def test_the_frame_of_the_user_is_not_changed() -> None:
    frame = people()
    before = frame.copy()
    for call in (*TESTS.values(), *RESULTS.values()):
        call(plain(frame))
    pd.testing.assert_frame_equal(frame, before)


# ----------------------------------------------------------------------------------------------------------- relations between results
def test_shares_are_those_of_proportion() -> None:
    """Row shares are proportions by rows, cell shares are shares of a cross-tabulation, with the same covariance."""
    for declare in DESIGNS.values():
        design = declare(people())
        table = sk.crosstab(design, "a", "b")
        rows = sk.proportion(design, "b", by="a")
        names = ("estimate", "se", "ci_low", "ci_high", "df", "n", "weight_sum")
        np.testing.assert_allclose(
            columns(table.row_shares.table, names), columns(rows.table, names), rtol=1e-9, atol=1e-13
        )
        np.testing.assert_allclose(table.row_shares.vcov(), rows.vcov(), rtol=1e-8, atol=1e-15)
        cells = sk.share(design, by=("a", "b"))
        np.testing.assert_allclose(
            columns(table.cells.table, names), columns(cells.table, names), rtol=1e-9, atol=1e-13
        )
        turned = sk.crosstab(design, "b", "a")
        order = np.arange(15).reshape(3, 5).T.reshape(-1)
        expected = columns(table.column_shares.table, names)[order]
        np.testing.assert_allclose(columns(turned.row_shares.table, names), expected, rtol=1e-9, atol=1e-13)


def test_shares_of_two_waves_can_be_compared() -> None:
    """A change of a share between waves that share units has their covariance."""
    design = sk.Design(people(), **DECLARED, wave="wave", overlap="psu")
    change = sk.crosstab(design, "a", "b", by="wave").row_shares.change("wave")
    assert len(change.table) == 15
    one = sk.proportion(design, "b", by=("wave", "a")).change("wave")
    np.testing.assert_allclose(change.table["se"].to_numpy(float), one.table["se"].to_numpy(float), rtol=1e-9)


def test_waves_as_groups() -> None:
    """The t-test between waves is the change of the mean; independent waves would have another standard error."""
    frame = people()
    shared, apart = (sk.Design(frame, **DECLARED, wave="wave", overlap=kind) for kind in ("psu", "none"))
    for design in (shared, apart):
        change = sk.mean(design, "y", by="wave").change("wave").table.iloc[0]
        result = sk.ttest(design, "y", "wave")
        assert result.statistic == pytest.approx(change["estimate"] / change["se"], rel=1e-12)
        assert result.df1 == change["df"] - 1
        assert sk.rank_test(design, "y", "wave").df1 == change["df"] - 1
    assert sk.ttest(shared, "y", "wave").statistic != pytest.approx(sk.ttest(apart, "y", "wave").statistic, rel=0.02)


def test_two_groups_by_t_and_by_wald() -> None:
    design = plain(people())
    t = sk.ttest(design, "y", "sex")
    means = sk.mean(design, "y", by="sex")
    wald = sk.wald_test(means, [[-1, 1]], method="wald")
    assert wald.statistic == pytest.approx(t.statistic**2, rel=1e-10)
    assert sk.wald_test(means, [[-1, 1]]).p == pytest.approx(wald.p, rel=1e-12)  # one combination: nothing to adjust


def test_every_pair_is_the_pair_alone() -> None:
    frame = people()
    every = sk.ttest(plain(frame), "y", "a")
    assert every.table[["a", "from"]].values.tolist() == [[2, 1], [3, 1], [3, 2]]
    design = plain(frame.assign(pair=frame["a"] != 2))
    same = sk.ttest(design, "y", "a", where="pair")
    assert same.statistic == pytest.approx(every.table["statistic"].iloc[1], rel=1e-10)


def test_tables_and_tests_in_an_engine(tmp_path: Any) -> None:
    """DuckDB gives the counts by unit and cell; everything after is the same."""
    pytest.importorskip("ibis")
    frame = people()
    frame["dom"] = frame["dom"].mask(np.arange(len(frame)) % 17 == 0)
    frame.to_parquet(tmp_path / "people.parquet")
    table = sk.open_table(tmp_path / "people.parquet")
    for declared in (DECLARED, {**DECLARED, "wave": "wave", "overlap": "psu"}):
        memory, engine = sk.Design(frame, **declared), sk.Design(table, **declared)
        for asked in ({}, {"by": "dom"}, {"by": ("wave", "dom")}, {"where": "in_s"}):
            one, two = (sk.crosstab(d, "a", "b", **asked) for d in (memory, engine))
            for of in ("table", "row", "column"):
                same_estimates(one.shares(of), two.shares(of), rtol=1e-9)
            same_tests(one.test(), two.test())
            same_tests(one.test("wald"), two.test("wald"))
            same_tests(sk.ttest(memory, "y", "sex", **asked), sk.ttest(engine, "y", "sex", **asked))
            same_tests(
                sk.goodness_of_fit(memory, "a", [1, 1, 1], **asked), sk.goodness_of_fit(engine, "a", [1, 1, 1], **asked)
            )
        same_tests(sk.ttest(memory, "y", paired="z"), sk.ttest(engine, "y", paired="z"))
    with pytest.raises(sk.SurveyKitError, match="single rows"):
        sk.rank_test(sk.Design(table, **DECLARED), "y", "sex")
