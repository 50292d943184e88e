"""The rules every statistic keeps, for reliability coefficients and item analysis, also calibrated and replicated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk

Call = Callable[..., "sk.Estimates"]
NUMBERS = ["estimate", "se", "ci_low", "ci_high", "df", "n", "weight_sum"]
ITEMS = ("i1", "i2", "i3", "i4")
DECLARED: dict[str, Any] = {"weight": "w", "strata": "stratum", "psu": "psu"}


def people(seed: int = 3, n: int = 420) -> pd.DataFrame:
    """Unequal strata, PSUs and weights; items of 3 to 5 points that share a trait; missing answers; a domain few reach."""
    rng = np.random.default_rng(seed)
    psu = np.sort(rng.choice(14, n, p=rng.dirichlet(np.full(14, 5.0))))
    psu[:28] = np.repeat(np.arange(14), 2)
    psu = np.sort(psu)
    frame = pd.DataFrame({"psu": psu, "stratum": np.searchsorted([0, 3, 7, 10], psu, side="right")})
    frame["w"] = rng.uniform(0.3, 4.0, n)
    frame["N"] = frame["stratum"].map({1: 9, 2: 20, 3: 8, 4: 40})
    trait = rng.normal(size=14)[psu] * 0.5 + rng.normal(size=n)
    for j, points in enumerate((5, 4, 3, 5)):
        answer = 0.9 * trait + rng.normal(size=n) * (0.8 + 0.1 * j) + 0.2 * j
        frame[f"i{j + 1}"] = np.clip(np.round(answer + (points + 1) / 2), 1, points)
        frame[f"gap{j + 1}"] = frame[f"i{j + 1}"].mask(rng.random(n) < 0.08)
    frame["dom"] = np.where(psu < 2, "a", rng.choice(["a", "b"], n))
    frame["sex"] = rng.choice(["f", "m"], n)
    frame["flag"] = (rng.random(n) < 0.7) & (psu != 4)
    frame["one"] = 1
    return frame.sample(frac=1, random_state=seed).reset_index(drop=True)


GAPS = tuple(f"gap{j}" for j in range(1, 5))
STATISTICS: dict[str, Call] = {
    "alpha": lambda d, **k: sk.alpha(d, ITEMS, details=True, **k),
    "standardized alpha": lambda d, **k: sk.alpha(d, ITEMS, standardized=True, details=True, **k),
    "alpha, two items": lambda d, **k: sk.alpha(d, ITEMS[:2], details=True, interval="wald", **k),
    "alpha, gaps": lambda d, **k: sk.alpha(d, GAPS, missing="listwise", reverse={"gap1": (1, 5)}, **k),
    "alpha, pairwise": lambda d, **k: sk.alpha(d, GAPS, missing="pairwise", details=True, **k),
    "ordinal alpha": lambda d, **k: sk.ordinal_alpha(d, ITEMS, details=True, **k),
    "ordinal alpha, pairwise": lambda d, **k: sk.ordinal_alpha(d, GAPS, missing="pairwise", **k),
    "omega": lambda d, **k: sk.omega(d, ITEMS, **k),
    "omega, least squares": lambda d, **k: sk.omega(d, GAPS, method="uls", missing="pairwise", **k),
    "ordinal omega": lambda d, **k: sk.omega(d, ITEMS, ordinal=True, method="uls", **k),
    "item rest": lambda d, **k: sk.item_rest(d, GAPS, missing="listwise", details=True, **k),
    "item rest, pairwise": lambda d, **k: sk.item_rest(d, GAPS, missing="pairwise", **k),
}
each = pytest.mark.parametrize("name", STATISTICS)


def same(a: Any, b: Any, names: list[str] | None = None, rtol: float = 1e-9) -> None:
    one, two = (part.table if isinstance(part, sk.Estimates) else part for part in (a, b))
    for name in names or NUMBERS:
        np.testing.assert_allclose(
            one[name].to_numpy(float), two[name].to_numpy(float), rtol=rtol, atol=1e-12, err_msg=name
        )


@pytest.fixture
def frame() -> pd.DataFrame:
    return people()


@pytest.fixture
def design(frame: pd.DataFrame) -> sk.Design:
    return sk.Design(frame, **DECLARED)


# --------------------------------------------------------------------------------------------------------- invariances
@each
def test_row_order_does_not_matter(frame: pd.DataFrame, design: sk.Design, name: str) -> None:
    shuffled = sk.Design(frame.sample(frac=1, random_state=1), **DECLARED)
    same(STATISTICS[name](shuffled, by="dom"), STATISTICS[name](design, by="dom"))


@each
@pytest.mark.parametrize("factor", [1e-6, 1e7])
def test_the_scale_of_the_weights(frame: pd.DataFrame, design: sk.Design, name: str, factor: float) -> None:
    """Catches a tolerance or a likelihood that takes weights for counts."""
    scaled = STATISTICS[name](sk.Design(frame.assign(w=frame["w"] * factor), **DECLARED), by="dom")
    same(scaled, STATISTICS[name](design, by="dom"), NUMBERS[:-1])


@each
def test_answers_outside_a_domain_change_nothing_in_it(frame: pd.DataFrame, name: str) -> None:
    outside = frame["dom"] != "a"
    other = frame.assign(**{item: frame[item].where(~outside, 2.0) for item in (*ITEMS[:3], *GAPS[:3])})
    pick = [STATISTICS[name](sk.Design(f, **DECLARED), by="dom").table for f in (frame, other)]
    same(*(table[table["dom"] == "a"] for table in pick))


@each
def test_the_input_stays_as_it_was(frame: pd.DataFrame, name: str) -> None:
    before = frame.copy(deep=True)
    STATISTICS[name](sk.Design(frame, **DECLARED), by="dom", where="flag")
    pd.testing.assert_frame_equal(frame, before)


@each
def test_another_frame_library(frame: pd.DataFrame, name: str) -> None:
    polars = pytest.importorskip("polars", reason="polars is not installed")
    ours = STATISTICS[name](sk.Design(polars.from_pandas(frame), **DECLARED), by="dom", where="flag")
    expected = STATISTICS[name](sk.Design(frame, **DECLARED), by="dom", where="flag")
    pd.testing.assert_frame_equal(ours.table, expected.table)
    assert type(ours.to_frame()).__module__.split(".")[0] == "polars"


@pytest.mark.parametrize("name", [name for name in STATISTICS if not name.startswith("ordinal")])
def test_a_large_mean_beside_a_small_spread_costs_no_digits(frame: pd.DataFrame, name: str) -> None:
    moved = frame.assign(**{item: frame[item] + 1e8 for item in (*ITEMS, *GAPS)})
    call = STATISTICS[name]
    if name == "alpha, gaps":
        shifted = sk.alpha(sk.Design(moved, **DECLARED), GAPS, missing="listwise", reverse={"gap1": (1e8 + 1, 1e8 + 5)})
    else:
        shifted = call(sk.Design(moved, **DECLARED))
    plain = call(sk.Design(frame, **DECLARED)).table
    kept = (plain["category"] != "mean").to_numpy()
    same(shifted.table[kept], plain[kept], rtol=1e-7)


# ------------------------------------------------------------------------------------------------------------- the law
def settings(frame: pd.DataFrame) -> dict[str, sk.Design]:
    plain = sk.Design(frame, **DECLARED, fpc="N")
    return {
        "plain": plain,
        "calibrated": sk.calibrate(
            sk.post_stratify(plain, "sex", {"f": 400, "m": 450}), {"i3": 1650, "dom": {"a": 450, "b": 400}}
        ),
        "replicates": sk.make_replicates(plain, "JKn"),
    }


@pytest.mark.parametrize("kind", ["plain", "calibrated", "replicates"])
@each
def test_by_a_constant_is_the_call_without_by(frame: pd.DataFrame, name: str, kind: str) -> None:
    design = settings(frame)[kind]
    by = STATISTICS[name](design, by="one").table.drop(columns="one")
    same(by, STATISTICS[name](design))


@each
def test_where_is_the_row_of_by(frame: pd.DataFrame, name: str) -> None:
    d = sk.Design(frame.assign(inside=frame["dom"] == "b"), **DECLARED)
    by = STATISTICS[name](d, by="inside").table
    same(STATISTICS[name](d, where="inside"), by[by["inside"]].reset_index(drop=True))


def jackknife(
    frame: pd.DataFrame, apply: Callable[[sk.Design], sk.Design], call: Callable[[sk.Design], sk.Estimates]
) -> np.ndarray:
    """Covariance from the numerical derivative of all that is done to the weights, by each PSU's weight."""
    units = frame.groupby("psu")["stratum"].first()
    step, out = 1e-5, []
    for unit in units.index:
        inside = (frame["psu"] == unit).to_numpy()
        up, down = (
            call(apply(sk.Design(frame.assign(w=frame["w"] * (1 + s * inside)), **DECLARED, fpc="N"))).table["estimate"]
            for s in (step, -step)
        )
        out.append((up - down).to_numpy(float) / (2 * step))
    t, strata, v = np.array(out), units.to_numpy(), 0.0
    for h in np.unique(strata):
        part = t[strata == h] - t[strata == h].mean(axis=0)
        fraction = len(part) / frame.loc[frame["stratum"] == h, "N"].iloc[0]
        v = v + (1 - fraction) * len(part) / (len(part) - 1) * part.T @ part
    return np.asarray(v)


STEPS: dict[str, Callable[[sk.Design], sk.Design]] = {
    "plain": lambda d: d,
    "calibrated": lambda d: sk.calibrate(
        sk.post_stratify(d, "sex", {"f": 400, "m": 450}), {"i3": 1650, "dom": {"a": 450, "b": 400}}
    ),
}


@pytest.mark.parametrize("steps", STEPS)
@each
def test_variance_is_the_infinitesimal_jackknife(frame: pd.DataFrame, name: str, steps: str) -> None:
    """Catches any term left out of an influence: thresholds of a polychoric correlation, a model's Hessian, pairs' means."""

    def call(d: sk.Design) -> sk.Estimates:
        return STATISTICS[name](d, by="dom")

    est = call(STEPS[steps](sk.Design(frame, **DECLARED, fpc="N")))
    expected, ours = jackknife(frame, STEPS[steps], call), est.vcov()
    size = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    assert (np.abs(ours - expected) <= 2e-5 * size + 1e-12 * size.max()).all()
    np.testing.assert_allclose(est.table["se"], np.sqrt(np.diag(ours)), rtol=1e-10, atol=1e-15)


@each
def test_influence_adds_up_to_zero(design: sk.Design, name: str) -> None:
    """No coefficient has a scale, so multiplying all weights changes nothing."""
    est = STATISTICS[name](design, by="dom")
    sums = np.zeros(len(est.table))
    for block in est.variance.blocks:
        sums[block.rows] += block.totals[0].sum(axis=0)
    np.testing.assert_allclose(sums, 0.0, atol=1e-10)


# ------------------------------------------------------------------------------------------------- replicates and waves
@pytest.mark.parametrize("name", [name for name in STATISTICS if name != "item rest"])
def test_replicates_recompute_the_statistic(frame: pd.DataFrame, design: sk.Design, name: str) -> None:
    """Catches a warm start that leaks from one replicate into the next."""
    made = sk.make_replicates(design, "JKn")
    ours = STATISTICS[name](made, by="dom")
    theta = []
    for w in made.replicate_weights():
        again = sk.Design(frame.assign(w=np.maximum(w, 1e-12)), **DECLARED)
        theta.append(STATISTICS[name](again, by="dom").table["estimate"].to_numpy(float))
    given = np.array(theta)
    centred = given - given.mean(axis=0)
    expected = (made.replicates.coefficients[:, None] * centred).T @ centred
    np.testing.assert_allclose(ours.vcov(), expected, rtol=1e-6, atol=1e-12)
    linear = STATISTICS[name](design, by="dom").table["se"]
    assert (np.abs(ours.table["se"] / linear - 1) < 0.25).all()


@each
def test_waves_and_their_change(frame: pd.DataFrame, name: str) -> None:
    """A wave is the design of its rows alone; the change knows what the waves share."""
    both = pd.concat([frame.assign(wave=1), people(seed=12).assign(wave=2)], ignore_index=True)
    d = sk.Design(both, **DECLARED, wave="wave", overlap="psu")
    est = STATISTICS[name](d, by="wave")
    for wave, part in both.groupby("wave"):
        alone = STATISTICS[name](sk.Design(part, **DECLARED))
        same(est.table[est.table["wave"] == wave].reset_index(drop=True), alone)
    change = est.change("wave").table
    at = [est.table.index[(est.table["wave"] == wave)].to_numpy() for wave in (1, 2)]
    v = est.vcov()
    expected = np.diag(v)[at[0]] + np.diag(v)[at[1]] - 2 * v[at[0], at[1]]
    names = ["variable", "category"]
    first = list(map(str, est.table.iloc[at[0]][names].to_numpy().tolist()))
    ours = dict(zip(map(str, change[names].to_numpy().tolist()), change["se"], strict=True))
    np.testing.assert_allclose([ours[key] ** 2 for key in first], expected, rtol=1e-9, atol=1e-16)


@each
def test_limits_at_another_level_are_those_of_another_call(design: sk.Design, name: str) -> None:
    moved, fresh = STATISTICS[name](design, by="dom").confint(0.8), STATISTICS[name](design, by="dom", level=0.8)
    same(moved, fresh, ["ci_low", "ci_high"], 1e-12)


def test_coefficients_of_one_design_have_their_covariance(frame: pd.DataFrame) -> None:
    def call(d: sk.Design) -> sk.Estimates:
        return sk.bind(sk.alpha(d, ITEMS), sk.omega(d, ITEMS), sk.ordinal_alpha(d, ITEMS), sk.mean(d, ITEMS))

    est = call(sk.Design(frame, **DECLARED, fpc="N"))
    expected, ours = jackknife(frame, STEPS["plain"], call), est.vcov()
    size = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    assert (np.abs(ours - expected) <= 2e-5 * size).all()
    gap = est.linear(np.array([[1.0, -1.0] + [0.0] * 5]), ["alpha less omega"]).table
    assert gap["se"][0] < est.table["se"][0]  # both from the same answers
