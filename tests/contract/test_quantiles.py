"""The rules every statistic keeps, for quantiles, the grouped median and the distribution function.

The law: scalar call = vector call = ``by`` a constant = the infinitesimal jackknife. A quantile is no smooth function of the
weights, so it is held to its own influence instead: that of the share below it over the density its interval implies.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk

Call = Callable[..., "sk.Estimates"]
NUMBERS = ["estimate", "se", "ci_low", "ci_high", "df", "cv", "n", "weight_sum"]
DECLARED: dict[str, Any] = {"weight": "w", "strata": "stratum", "psu": "psu"}


def people(seed: int = 5, n: int = 300) -> pd.DataFrame:
    """Strata of unequal size, PSUs of unequal size, unequal weights, a tied scale, domains that miss PSUs."""
    rng = np.random.default_rng(seed)
    psu = np.sort(rng.choice(18, n, p=rng.dirichlet(np.full(18, 4.0))))
    psu[:18] = np.arange(18)
    effect = rng.normal(size=18)
    stratum = np.searchsorted([0, 3, 8, 12], psu, side="right")
    frame = pd.DataFrame({"stratum": stratum, "psu": psu, "w": rng.uniform(0.3, 4.0, n)})
    frame["N"] = frame["stratum"].map({1: 9, 2: 20, 3: 8, 4: 40})
    frame["y"] = np.round(10 + 3 * effect[psu] + rng.normal(size=n), 2)
    frame["t"] = np.clip(np.round(5.4 + effect[psu] + rng.normal(scale=2.0, size=n)), 0, 10)
    frame["sex"] = rng.choice(["f", "m"], n)
    frame["dom"] = np.where(psu < 2, "a", rng.choice(["a", "b", "c"], n))
    frame["flag"] = (rng.random(n) < 0.6) & (psu != 4)
    frame["wave"] = np.where(rng.random(n) < 0.5, 2021, 2023)
    frame.loc[:35, "wave"] = np.tile([2021, 2023], 18)
    frame["one"] = 1
    return frame.sample(frac=1, random_state=seed).reset_index(drop=True)


STATISTICS: dict[str, Call] = {
    "quantile": lambda d, **k: sk.quantile(d, "y", **k),
    "quantile hf7": lambda d, **k: sk.quantile(d, "y", rule="hf7", **k),
    "quantile logit": lambda d, **k: sk.quantile(d, "y", (0.1, 0.9), interval="woodruff_logit", **k),
    "quantile wald": lambda d, **k: sk.quantile(d, "y", interval="wald", **k),
    "median of a scale": lambda d, **k: sk.median(d, "t", **k),
    "grouped median": lambda d, **k: sk.grouped_median(d, "t", **k),
    "grouped, woodruff": lambda d, **k: sk.quantile(d, "t", (0.3, 0.6), rule="grouped", **k),
    "cdf": lambda d, **k: sk.cdf(d, "y", (8, 10.5, 12), **k),
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
    assert one["status"].tolist() == two["status"].tolist()


@pytest.fixture
def frame() -> pd.DataFrame:
    return people()


@pytest.fixture
def design(frame: pd.DataFrame) -> sk.Design:
    return sk.Design(frame, **DECLARED)


# ----------------------------------------------------------------------------------------------------- frame libraries
@each
@pytest.mark.parametrize("library", ["polars", "pyarrow", "duckdb"])
def test_every_library_gives_the_same_numbers(frame: pd.DataFrame, library: str, call: Call) -> None:
    module = pytest.importorskip(library, reason=f"{library} is not installed")
    if library == "duckdb":
        native: Any = module.sql("select * from frame")
    elif library == "polars":
        native = module.from_pandas(frame)
    else:
        native = module.Table.from_pandas(frame, preserve_index=False)
    expected = call(sk.Design(frame, **DECLARED, fpc="N"), by="dom", where="flag")
    ours = call(sk.Design(native, **DECLARED, fpc="N"), by="dom", where="flag")
    pd.testing.assert_frame_equal(ours.table, expected.table, check_exact=True)


@each
def test_the_input_stays_as_it_was(frame: pd.DataFrame, call: Call) -> None:
    before = frame.copy(deep=True)
    est = call(sk.Design(frame, **DECLARED), by="dom", where="flag")
    est.table.loc[:, "estimate"] = 0.0
    pd.testing.assert_frame_equal(frame, before)


# --------------------------------------------------------------------------------------------------------- invariances
@each
@pytest.mark.parametrize("seed", range(4))
def test_row_order_does_not_matter(frame: pd.DataFrame, design: sk.Design, call: Call, seed: int) -> None:
    """R's hf6 and hf7 take the weight of whichever of the tied largest rows comes last."""
    shuffled = frame.sample(frac=1, random_state=seed)
    same(call(sk.Design(shuffled, **DECLARED), by="dom"), call(design, by="dom"))


@pytest.mark.parametrize("rule", ["school", "hf4", "hf5", "hf6", "hf7", "hf8", "hf9", "shahvaish"])
def test_row_order_does_not_matter_among_ties(frame: pd.DataFrame, rule: str) -> None:
    p = np.linspace(0, 1, 21).tolist()
    first, second = (
        sk.quantile(sk.Design(frame.sample(frac=1, random_state=seed), **DECLARED), "t", p, rule=rule)
        for seed in (1, 2)
    )
    same(first, second)


@each
@pytest.mark.parametrize("factor", [1e-6, 0.25, 1 / 3, 1e7])
def test_the_scale_of_the_weights(frame: pd.DataFrame, design: sk.Design, call: Call, factor: float) -> None:
    scaled = call(sk.Design(frame.assign(w=frame["w"] * factor), **DECLARED), by="dom")
    same(scaled, call(design, by="dom"), [name for name in NUMBERS if name != "weight_sum"], 1e-11)


@each
def test_rows_twice_are_weight_two(frame: pd.DataFrame, call: Call) -> None:
    """Except for the definitions that count rows."""
    twice = call(sk.Design(pd.concat([frame, frame]), **DECLARED), by="dom").table
    heavy = call(sk.Design(frame.assign(w=2 * frame["w"]), **DECLARED), by="dom").table
    if call is not STATISTICS["quantile hf7"]:
        same(twice.assign(status=""), heavy.assign(status=""), ["estimate", "se", "df", "weight_sum"])


@each
def test_names_and_labels_do_not_matter(frame: pd.DataFrame, design: sk.Design, call: Call) -> None:
    order = np.random.default_rng(3).permutation(18)
    other = frame.rename(columns={"w": "g", "stratum": "h", "psu": "commune"}).assign(
        commune=[f"K-{order[p]}" for p in frame["psu"]], h=frame["stratum"].map({1: "north", 2: "b", 3: "Z", 4: "é"})
    )
    same(call(sk.Design(other, weight="g", strata="h", psu="commune"), by="dom"), call(design, by="dom"))


@each
def test_answers_outside_a_domain_change_nothing_in_it(frame: pd.DataFrame, call: Call) -> None:
    outside = frame["dom"] != "a"
    other = frame.assign(y=frame["y"].where(~outside, -5.25), t=frame["t"].where(~outside, 9.0))
    pick = [call(sk.Design(f, **DECLARED), by="dom").table for f in (frame, other)]
    same(*(table[table["dom"] == "a"] for table in pick), rtol=1e-11)


@each
def test_moving_and_stretching_the_scale(frame: pd.DataFrame, design: sk.Design, call: Call) -> None:
    if call is STATISTICS["cdf"]:
        return
    moved = call(sk.Design(frame.assign(y=frame["y"] + 512, t=frame["t"] + 512), **DECLARED), by="dom").table
    plain = call(design, by="dom").table
    same(moved.assign(estimate=moved["estimate"] - 512), plain, ["estimate", "se", "df"], 1e-9)


# ------------------------------------------------------------------------------------------------------------- the law
@each
def test_by_a_constant_is_the_call_without_by(design: sk.Design, call: Call) -> None:
    pd.testing.assert_frame_equal(call(design, by="one").table.drop(columns="one"), call(design).table)


@pytest.mark.parametrize("calibrated", [False, True], ids=["plain", "calibrated"])
@pytest.mark.parametrize("function", [sk.quantile, sk.median, sk.grouped_median], ids=lambda f: f.__name__)
def test_the_vector_call_is_the_scalar_calls(frame: pd.DataFrame, function: Call, calibrated: bool) -> None:
    frame["u"] = np.round(frame["y"])
    d = sk.Design(frame, **DECLARED)
    d = sk.rake(d, {"sex": {"f": 400.0, "m": 350.0}}) if calibrated else d
    both = function(d, ("u", "t"), by="dom")
    for name in ("u", "t"):
        alone = function(d, name, by="dom").table
        part = both.table[both.table["variable"] == name].reset_index(drop=True)
        pd.testing.assert_frame_equal(part, alone, check_exact=True)


@each
def test_where_is_the_row_of_by(frame: pd.DataFrame, call: Call) -> None:
    d = sk.Design(frame.assign(inside=frame["dom"] == "b"), **DECLARED)
    by = call(d, by="inside").table
    same(call(d, where="inside"), by[by["inside"]].reset_index(drop=True), rtol=1e-11)


@each
def test_excluding_missing_answers_makes_them_a_domain(frame: pd.DataFrame, call: Call) -> None:
    absent = np.random.default_rng(9).random(len(frame)) < 0.2
    blank = frame.assign(**{name: frame[name].mask(absent) for name in ("y", "t")}, answered=~absent)
    ours = call(sk.Design(blank, **DECLARED), missing="exclude")
    domain = call(sk.Design(frame.assign(answered=~absent), **DECLARED), where="answered")
    same(ours, domain)
    assert (ours.table["df"] == sk.Design(frame, **DECLARED).df).all()


def derivatives(frame: pd.DataFrame, made: Callable[[pd.DataFrame], sk.Design], call: Call) -> tuple[Any, Any]:
    """Give the numerical derivative of the point with respect to each PSU's weight, and the strata of the PSUs."""
    units = frame.groupby("psu")["stratum"].first()
    step, out = 1e-4, []
    for unit in units.index:
        inside = (frame["psu"] == unit).to_numpy()
        up, down = (
            call(made(frame.assign(w=frame["w"] * (1 + s * inside)))).table["estimate"].to_numpy(float)
            for s in (step, -step)
        )
        out.append((up - down) / (2 * step))
    return np.array(out), units.to_numpy()


def variance(t: Any, strata: Any) -> Any:
    out = np.zeros((t.shape[1], t.shape[1]))
    for h in np.unique(strata):
        part = t[strata == h] - t[strata == h].mean(axis=0)
        out += len(part) / (len(part) - 1) * part.T @ part
    return out


STEPS: dict[str, Callable[[pd.DataFrame], sk.Design]] = {
    "plain": lambda f: sk.Design(f, **DECLARED),
    "post-stratified": lambda f: sk.post_stratify(sk.Design(f, **DECLARED), "sex", {"f": 400.0, "m": 350.0}),
    "raked, then linear": lambda f: sk.calibrate(
        sk.rake(sk.Design(f, **DECLARED), {"sex": {"f": 0.5, "m": 0.5}, "dom": {"a": 0.4, "b": 0.3, "c": 0.3}}),
        {"y": 7000.0},
    ),
}


@pytest.mark.parametrize("made", STEPS.values(), ids=STEPS.keys())
@pytest.mark.parametrize("by", [None, "dom"])
def test_the_grouped_median_is_its_infinitesimal_jackknife(frame: pd.DataFrame, made: Any, by: str | None) -> None:
    """Also for calibrated weights: the median of a class scale is a smooth function of two shares."""

    def call(d: sk.Design) -> sk.Estimates:
        return sk.quantile(d, "t", (0.2, 0.5, 0.8), by=by, rule="grouped")

    t, strata = derivatives(frame, made, call)
    expected = variance(t, strata)
    ours = call(made(frame)).vcov()
    size = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    assert (np.abs(ours - expected) <= 2e-6 * size).all()


@pytest.mark.parametrize("made", STEPS.values(), ids=STEPS.keys())
def test_the_influence_of_a_quantile_is_that_of_the_share_below_it(frame: pd.DataFrame, made: Any) -> None:
    """Covariances of quantiles, over domains and shares, are those of F(q) over the densities of their intervals."""
    d = made(frame)
    est = sk.quantile(d, "y", (0.25, 0.6), by="dom")
    rows = est.table
    shares = sk.bind(*(sk.cdf(d, "y", float(q), by="dom", interval="wald") for q in rows["estimate"]))
    own = [3 * i + "abc".index(dom) for i, dom in enumerate(rows["dom"])]
    v = shares.vcov(own)
    scale = rows["se"].to_numpy() / np.sqrt(np.diag(v))
    np.testing.assert_allclose(est.vcov(), scale[:, None] * v * scale, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(rows["se"], np.sqrt(np.diag(est.vcov())), rtol=1e-12)
    np.testing.assert_allclose(est.linear(np.eye(len(rows))).table["se"], rows["se"], rtol=1e-12)


# ------------------------------------------------------------------------------------------------------- waves, changes
@pytest.mark.parametrize("overlap", ["none", "psu"])
def test_change_between_waves_uses_what_they_share(frame: pd.DataFrame, overlap: str) -> None:
    d = sk.Design(frame, **DECLARED, wave="wave", overlap=overlap)
    est = sk.quantile(d, "y", 0.5, by="wave")
    change = est.change("wave").table.iloc[0]
    v = est.vcov()
    assert (v[0, 1] == 0) == (overlap == "none")
    np.testing.assert_allclose(change["se"] ** 2, v[0, 0] + v[1, 1] - 2 * v[0, 1], rtol=1e-12)
    np.testing.assert_allclose(change["estimate"], np.diff(est.table["estimate"])[0], rtol=1e-12)
    for wave, row in est.table.set_index("wave").iterrows():
        alone = sk.quantile(sk.Design(frame[frame["wave"] == wave], **DECLARED, lonely_psu="certainty"), "y", 0.5).table
        np.testing.assert_allclose(
            row[["estimate", "se", "ci_low", "ci_high"]].astype(float),
            alone[["estimate", "se", "ci_low", "ci_high"]].iloc[0],
            rtol=1e-12,
        )


# ---------------------------------------------------------------------------------------------------------- replicates
def test_replicates_recompute_the_quantile_or_the_share(frame: pd.DataFrame) -> None:
    d = sk.make_replicates(sk.Design(frame, **DECLARED), "bootstrap", replicates=40, rng=1)
    weights = list(d.replicate_weights())

    def point(w: Any, y: Any) -> float:
        order = np.argsort(y)
        return float(y[order][np.searchsorted(np.cumsum(w[order]), 0.5 * w.sum())])

    y = frame["y"].to_numpy()
    again = np.array([point(w, y) for w in weights])
    row = sk.median(d, "y", interval="wald").table.iloc[0]
    c = d.replicates.coefficients
    np.testing.assert_allclose(row["se"], np.sqrt(c @ (again - again.mean()) ** 2), rtol=1e-10)
    below = np.array([w @ (y <= row["estimate"]) / w.sum() for w in weights])
    woodruff = sk.median(d, "y")
    share = sk.cdf(d, "y", row["estimate"], interval="wald").table.iloc[0]
    np.testing.assert_allclose(share["se"], np.sqrt(c @ (below - below.mean()) ** 2), rtol=1e-10)
    low = sk.quantile(d, "y", float(share["ci_low"])).table["estimate"][0]
    assert woodruff.table["ci_low"][0] == low
    np.testing.assert_allclose(np.sqrt(woodruff.vcov()[0, 0]), woodruff.table["se"][0], rtol=1e-12)


# --------------------------------------------------------------------------------------------------- limits, afterwards
@each
def test_limits_at_another_level_are_those_of_another_call(design: sk.Design, call: Call) -> None:
    """Woodruff's limits are no multiple of the standard error. (Where they are, it is the one of the level asked for.)"""
    if call is STATISTICS["quantile wald"]:
        return
    moved, fresh = call(design, by="dom").confint(0.8), call(design, by="dom", level=0.8)
    np.testing.assert_allclose(moved.table[["ci_low", "ci_high"]], fresh.table[["ci_low", "ci_high"]], rtol=1e-12)


def test_binding_keeps_the_limits(design: sk.Design) -> None:
    quantiles, mean = sk.quantile(design, "y"), sk.mean(design, "y")
    both = sk.bind(quantiles, mean)
    for name in NUMBERS:
        np.testing.assert_array_equal(both.table[name], pd.concat([quantiles.table, mean.table])[name])
    assert abs(both.vcov()[1, 3]) > 0  # the median and the mean of one variable go together
