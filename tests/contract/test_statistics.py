"""The rules every statistic keeps, on every frame library.

The law: scalar call = vector call = ``by`` a constant = the infinitesimal jackknife, the derivative of the whole way from weights to
estimate with respect to each unit's weight.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk

Call = Callable[..., "sk.Estimates"]
NUMBERS = ["estimate", "se", "ci_low", "ci_high", "df", "cv", "deff", "n", "weight_sum"]


def people(seed: int = 5, n: int = 240) -> pd.DataFrame:
    """Strata of unequal size, PSUs of unequal size, unequal weights, ties, domains that miss PSUs, a rare category."""
    rng = np.random.default_rng(seed)
    psu = np.sort(rng.choice(18, n, p=rng.dirichlet(np.full(18, 4.0))))
    psu[:18] = np.arange(18)
    effect = rng.normal(size=18)
    stratum = np.searchsorted([0, 3, 8, 12], psu, side="right")
    frame = pd.DataFrame({"stratum": stratum, "psu": psu, "w": rng.uniform(0.3, 4.0, n)})
    frame["N"] = frame["stratum"].map({1: 9, 2: 20, 3: 8, 4: 40})
    frame["y"] = np.round(10 + 3 * effect[psu] + rng.normal(size=n), 1)
    frame["x"] = np.round(rng.uniform(1, 9, n), 1)
    frame["q"] = np.where(rng.random(n) < 0.03, 3, rng.integers(1, 3, n))
    frame["b"] = (rng.random(n) < 0.3).astype(float)
    frame["dom"] = np.where(psu < 2, "a", rng.choice(["a", "b", "c"], n))
    frame["flag"] = (rng.random(n) < 0.6) & (psu != 4)
    frame["one"] = 1
    return frame.sample(frac=1, random_state=seed).reset_index(drop=True)


DECLARED: dict[str, Any] = {"weight": "w", "strata": "stratum", "psu": "psu"}
STATISTICS: dict[str, Call] = {
    "mean": lambda d, **k: sk.mean(d, "y", **k),
    "total": lambda d, **k: sk.total(d, "y", **k),
    "ratio": lambda d, **k: sk.ratio(d, "y", "x", **k),
    "proportion": lambda d, **k: sk.proportion(d, "q", **k),
    "share": lambda d, **k: sk.mean(d, "b", **k),
}
each = pytest.mark.parametrize("call", STATISTICS.values(), ids=STATISTICS.keys())


def same(
    a: sk.Estimates | pd.DataFrame, b: sk.Estimates | pd.DataFrame, names: list[str] | None = None, rtol: float = 1e-12
) -> None:
    one, two = (part.table if isinstance(part, sk.Estimates) else part for part in (a, b))
    for name in names or NUMBERS:
        np.testing.assert_allclose(
            one[name].to_numpy(float), two[name].to_numpy(float), rtol=rtol, atol=1e-13, err_msg=name
        )


@pytest.fixture
def frame() -> pd.DataFrame:
    return people()


@pytest.fixture
def design(frame: pd.DataFrame) -> sk.Design:
    return sk.Design(frame, **DECLARED)


# ----------------------------------------------------------------------------------------------------- frame libraries
def in_library(frame: pd.DataFrame, library: str) -> Any:
    if library == "pandas":
        return frame
    module = pytest.importorskip(library, reason=f"{library} is not installed")
    if library == "polars":
        return module.from_pandas(frame)
    if library == "pyarrow":
        return module.Table.from_pandas(frame, preserve_index=False)
    return module.sql("select * from frame")


@each
@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow", "duckdb"])
def test_every_library_gives_the_same_numbers_and_gets_its_own_frame_back(
    frame: pd.DataFrame, library: str, call: Call
) -> None:
    expected = call(sk.Design(frame, **DECLARED, fpc="N"), by="dom", where="flag", deff="srswr")
    ours = call(sk.Design(in_library(frame, library), **DECLARED, fpc="N"), by="dom", where="flag", deff="srswr")
    pd.testing.assert_frame_equal(ours.table, expected.table, check_exact=True)
    back = ours.to_frame()
    # DuckDB keeps relations, not tables of its own: it gets the default
    known = {"pandas": "pandas", "polars": "polars", "pyarrow": "pyarrow", "duckdb": "pandas"}
    assert type(back).__module__.split(".")[0] == known[library]
    names = list(back.column_names if known[library] == "pyarrow" else back.columns)
    assert names == list(expected.table.columns)


@each
def test_the_input_stays_as_it_was(frame: pd.DataFrame, call: Call) -> None:
    before = frame.copy(deep=True)
    est = call(sk.Design(frame, **DECLARED), by="dom", where="flag", deff="srswor")
    est.table.loc[:, "estimate"] = 0.0
    pd.testing.assert_frame_equal(frame, before)


# --------------------------------------------------------------------------------------------------------- invariances
@each
def test_row_order_does_not_matter(frame: pd.DataFrame, design: sk.Design, call: Call) -> None:
    shuffled = frame.sample(frac=1, random_state=1)  # with its index out of order, too
    same(call(sk.Design(shuffled, **DECLARED), by="dom", deff="srswr"), call(design, by="dom", deff="srswr"))


@each
@pytest.mark.parametrize("factor", [1e-6, 0.25, 1e7])
def test_the_scale_of_the_weights(frame: pd.DataFrame, design: sk.Design, call: Call, factor: float) -> None:
    scaled = call(sk.Design(frame.assign(w=frame["w"] * factor), **DECLARED), by="dom", deff="srswr").table
    plain = call(design, by="dom", deff="srswr").table
    amount = factor if plain["statistic"].iloc[0] == "total" else 1.0
    for name in ("estimate", "se", "ci_low", "ci_high"):
        np.testing.assert_allclose(scaled[name], amount * plain[name], rtol=1e-11, err_msg=name)
    same(scaled, plain, ["df", "cv", "deff", "n"], 1e-10)


@each
def test_rows_twice_are_weight_two(frame: pd.DataFrame, call: Call) -> None:
    twice = call(sk.Design(pd.concat([frame, frame]), **DECLARED), by="dom")
    heavy = call(sk.Design(frame.assign(w=2 * frame["w"]), **DECLARED), by="dom")
    same(twice, heavy, ["estimate", "se", "df", "weight_sum"])
    np.testing.assert_array_equal(twice.table["n"], 2 * heavy.table["n"])


@each
def test_names_and_labels_do_not_matter(frame: pd.DataFrame, design: sk.Design, call: Call) -> None:
    new = {"w": "g", "stratum": "h", "psu": "commune"}
    order = np.random.default_rng(3).permutation(18)
    other = frame.rename(columns=new).assign(
        commune=[f"K-{order[p]}" for p in frame["psu"]], h=frame["stratum"].map({1: "north", 2: "b", 3: "Z", 4: "é"})
    )
    renamed = sk.Design(other, weight="g", strata="h", psu="commune")
    same(call(renamed, by="dom", deff="srswr"), call(design, by="dom", deff="srswr"))


@each
def test_ids_unique_in_a_stratum_equal_ids_unique_overall(frame: pd.DataFrame, design: sk.Design, call: Call) -> None:
    local = frame.assign(psu=frame.groupby("stratum")["psu"].rank("dense").astype(int))
    same(call(sk.Design(local, **DECLARED, nest=True)), call(design))


@each
def test_answers_outside_a_domain_change_nothing_in_it(frame: pd.DataFrame, call: Call) -> None:
    """A domain's numbers do not move when people outside the domain answer otherwise."""
    outside = frame["dom"] != "a"
    other = frame.assign(
        y=frame["y"].where(~outside, -5.0),
        q=frame["q"].where(~outside, 3 - frame["q"] % 3),
        b=frame["b"].where(~outside, 1.0),
    )
    pick = [call(sk.Design(f, **DECLARED), by="dom").table for f in (frame, other)]
    same(*(table[table["dom"] == "a"] for table in pick), rtol=1e-11)


# ------------------------------------------------------------------------------------------------------------- the law
@each
def test_by_a_constant_is_the_call_without_by(design: sk.Design, call: Call) -> None:
    pd.testing.assert_frame_equal(
        call(design, by="one", deff="srswr").table.drop(columns="one"), call(design, deff="srswr").table
    )


def test_the_vector_call_is_the_scalar_calls(design: sk.Design) -> None:
    for function in (sk.mean, sk.total, sk.proportion):
        both = function(design, ("b", "q"), by="dom", deff="srswr")
        for name in ("b", "q"):
            alone = function(design, name, by="dom", deff="srswr").table
            part = both.table[both.table["variable"] == name].reset_index(drop=True)
            pd.testing.assert_frame_equal(part, alone, check_exact=True)


@each
def test_where_is_the_row_of_by(frame: pd.DataFrame, call: Call) -> None:
    d = sk.Design(frame.assign(inside=frame["dom"] == "b"), **DECLARED)
    by = call(d, by="inside", deff="srswr").table
    same(call(d, where="inside", deff="srswr"), by[by["inside"]].reset_index(drop=True), rtol=1e-11)


@each
def test_excluding_missing_answers_makes_them_a_domain(frame: pd.DataFrame, call: Call) -> None:
    absent = np.random.default_rng(9).random(len(frame)) < 0.2
    blank = frame.assign(**{name: frame[name].astype(float).mask(absent) for name in ("y", "q", "b")}, answered=~absent)
    ours = call(sk.Design(blank, **DECLARED), missing="exclude", deff="srswr")
    domain = call(sk.Design(frame.assign(answered=~absent), **DECLARED), where="answered", deff="srswr")
    same(ours, domain, ["estimate", "se", "cv", "deff", "n", "weight_sum"])
    assert (ours.table["df"] == sk.Design(frame, **DECLARED).df).all()  # not answering leaves the df alone


def derivatives(
    declared: dict[str, Any], frame: pd.DataFrame, point: Callable[[sk.Design], np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Give the numerical derivative of the point with respect to each PSU's weight, and the strata of the PSUs."""
    units = frame.groupby("psu")["stratum"].first()
    step, out = 1e-5, []
    for unit in units.index:
        inside = (frame["psu"] == unit).to_numpy()
        up, down = (point(sk.Design(frame.assign(w=frame["w"] * (1 + s * inside)), **declared)) for s in (step, -step))
        out.append((up - down) / (2 * step))
    return np.array(out), units.to_numpy()


def variance(t: np.ndarray, strata: np.ndarray, fraction: dict[Any, float]) -> np.ndarray:
    out = np.zeros((t.shape[1], t.shape[1]))
    for h in np.unique(strata):
        part = t[strata == h]
        part = part - part.mean(axis=0)
        out += (1 - fraction[h]) * len(part) / (len(part) - 1) * part.T @ part
    return out


CHAINS: dict[str, Call] = STATISTICS | {
    "by domain": lambda d, **_: sk.mean(d, ("y", "b"), by="dom"),
    "difference of domains": lambda d, **_: sk.mean(d, "y", by="dom").difference({"dom": "a"}, {"dom": "c"}),
    "net share": lambda d, **_: sk.proportion(d, "q").linear([[1.0, -1.0, 0.5]]),
    "change of ratios": lambda d, **_: sk.ratio(d, "y", "x", by="dom").change("dom"),
    "map of a map": lambda d, **_: sk.total(d, ("y", "x"), by="dom").linear(np.eye(6)[::-1]).linear(np.ones((1, 6))),
}


@pytest.mark.parametrize("finite", [False, True], ids=["no fpc", "fpc"])
@pytest.mark.parametrize("call", CHAINS.values(), ids=CHAINS.keys())
def test_variance_is_the_infinitesimal_jackknife(frame: pd.DataFrame, call: Call, finite: bool) -> None:
    declared = DECLARED | ({"fpc": "N"} if finite else {})
    est = call(sk.Design(frame, **declared))
    t, strata = derivatives(declared, frame, lambda d: call(d).table["estimate"].to_numpy(float))
    sizes = frame.groupby("stratum").agg(n=("psu", "nunique"), N=("N", "first"))
    expected = variance(t, strata, (sizes["n"] / sizes["N"] * finite).to_dict())
    ours = est.vcov()
    size = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    assert (np.abs(ours - expected) <= 1e-6 * size + 1e-14).all()
    np.testing.assert_allclose(est.table["se"], np.sqrt(np.diag(ours)), rtol=1e-12)


def test_a_total_is_its_own_jackknife(frame: pd.DataFrame, design: sk.Design) -> None:
    """Leave one PSU out and raise the others of its stratum: JKn equals Taylor for a total, whatever the design."""
    units = frame.groupby("psu")["stratum"].first()
    counts = units.value_counts()
    est = sk.total(design, ("y", "b"), by="dom")
    theta = est.table["estimate"].to_numpy()
    v = np.zeros((len(theta), len(theta)))
    for unit, h in units.items():
        n = counts[h]
        factor = np.where(frame["stratum"] == h, n / (n - 1), 1.0)
        kept = frame.assign(w=frame["w"] * factor)[frame["psu"] != unit]
        # a lonely remainder cannot arise: only the point is taken
        point = sk.total(sk.Design(kept, **DECLARED, lonely_psu="certainty"), ("y", "b"), by="dom").table["estimate"]
        v += (n - 1) / n * np.outer(point - theta, point - theta)
    np.testing.assert_allclose(est.vcov(), v, rtol=1e-9, atol=1e-9 * np.diag(v).max())


# -------------------------------------------------------------------------------------------------------- what adds up
def test_domains_add_up(design: sk.Design) -> None:
    whole = sk.total(design, "y")
    parts = sk.total(design, "y", by="dom")
    added = parts.linear(np.ones((1, 3)))
    same(added, whole, ["estimate", "se", "ci_low", "ci_high", "df"])


def test_the_total_of_one_is_the_sum_of_the_weights(frame: pd.DataFrame, design: sk.Design) -> None:
    ours = sk.total(design, "one", by="dom").table
    sums = frame.groupby("dom")["w"].sum()
    np.testing.assert_allclose(ours["estimate"], sums, rtol=1e-14)
    np.testing.assert_allclose(ours["weight_sum"], sums, rtol=1e-14)


def test_levels_add_up_to_one_without_uncertainty(design: sk.Design) -> None:
    ours = sk.proportion(design, "q", by="dom")
    np.testing.assert_allclose(ours.table.groupby("dom")["estimate"].sum(), 1.0, rtol=1e-14)
    sums = ours.linear(np.kron(np.eye(3), np.ones(3)))
    np.testing.assert_allclose(sums.table["se"], 0.0, atol=1e-15)


def test_a_mean_is_the_ratio_of_two_totals(design: sk.Design) -> None:
    same(sk.mean(design, "y", by="dom", deff="srswr"), sk.ratio(design, "y", "one", by="dom", deff="srswr"))
    same(sk.mean(design, "b"), sk.proportion(design, "b", interval="wald").table.query("category == 1"))


def test_influence_adds_up_to_zero_for_what_has_no_scale(design: sk.Design) -> None:
    """A statistic of degree zero in the weights has influence that sums to zero; a total's sums to the total."""
    for name, call in STATISTICS.items():
        est = call(design, by="dom")
        sums = np.zeros(len(est.table))
        for block in est.variance.blocks:
            sums[block.rows] += block.totals[0].sum(axis=0)
        expected = est.table["estimate"].to_numpy(float) if name == "total" else 0.0
        np.testing.assert_allclose(sums, expected, rtol=1e-12, atol=1e-12)


# -------------------------------------------------------------------------------------------------------- lost digits
@pytest.mark.parametrize("offset", [0.0, 1e4, 1e6, 1e8])
def test_a_large_mean_beside_a_small_spread_costs_no_digits(frame: pd.DataFrame, offset: float) -> None:
    whole = np.round(frame["y"] * 10)  # whole numbers, so that adding the offset is exact
    plain, moved = (
        sk.mean(sk.Design(frame.assign(y=whole + c), **DECLARED), "y", deff="srswr").table.iloc[0]
        for c in (0.0, offset)
    )
    np.testing.assert_allclose(moved["estimate"] - offset, plain["estimate"], rtol=0, atol=4e-16 * max(offset, 1e3))
    np.testing.assert_allclose([moved["se"], moved["deff"]], [plain["se"], plain["deff"]], rtol=1e-10)


@pytest.mark.parametrize("offset", [1e4, 1e6])
def test_domains_far_apart_cost_few_digits(frame: pd.DataFrame, offset: float) -> None:
    """One centre serves all domains, so domains far from it lose what lies between: 1e6 spreads apart, ten digits stay."""
    whole = np.round(frame["y"] * 10)
    shift = frame["dom"].map({"a": 0.0, "b": offset, "c": -offset})
    plain, moved = (
        sk.mean(sk.Design(frame.assign(y=y), **DECLARED), "y", by="dom").table for y in (whole, whole + shift)
    )
    np.testing.assert_allclose(moved["se"], plain["se"], rtol=1e-16 * offset * 100)


@pytest.mark.parametrize("offset", [1e3, 1e8])
def test_a_ratio_near_one_keeps_its_digits(frame: pd.DataFrame, offset: float) -> None:
    """y = x (1 + small): the ratio's SE is that of the small part."""
    small = np.round(frame["y"] * 10)
    base = pd.Series(2.0**27, index=frame.index) if offset > 1e6 else pd.Series(1024.0, index=frame.index)
    ours = sk.ratio(sk.Design(frame.assign(t=base + small, x=base), **DECLARED), "t", "x").table.iloc[0]
    part = sk.ratio(sk.Design(frame.assign(t=small, x=base), **DECLARED), "t", "x").table.iloc[0]
    np.testing.assert_allclose(ours["se"], part["se"], rtol=1e-10)


def test_domains_far_apart_keep_their_digits() -> None:
    """One centre for all domains would lose what distinguishes rows that lie a billion spreads away from it."""
    rng = np.random.default_rng(8)
    n = 2000
    spread = np.round(rng.normal(size=n) * 2**10) / 2**10  # exact when 2**30 is added
    side = np.arange(n) % 2
    frame = pd.DataFrame({"w": rng.uniform(1, 3, n), "psu": np.arange(n) // 20, "side": side, "near": spread})
    frame["far"] = frame["near"] + 2.0**30 * side
    design = sk.Design(frame, weight="w", psu="psu")
    near, far = (sk.mean(design, name, by="side", deff="srswr").table for name in ("near", "far"))
    np.testing.assert_allclose(far["se"], near["se"], rtol=1e-8)
    np.testing.assert_allclose(far["deff"], near["deff"], rtol=1e-7)
