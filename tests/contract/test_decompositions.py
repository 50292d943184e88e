"""Decompositions obey the law: their variance is the infinitesimal jackknife of the whole way from weights to components.

Also: components add up exactly, what a decomposition says of the whole difference is what the difference of two means says, row order
and the scale of the weights do not matter, and replicate designs repeat the whole.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk

STEP = 1e-4  # of a central difference: error of its square and of rounding over it, about 1e-8 of the whole


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(20260906)
    n = 480
    made = pd.DataFrame({"unit": rng.integers(0, 24, n), "wave": rng.integers(1, 3, n)})
    made["h"] = made["unit"] // 8
    made["w"] = rng.uniform(1, 4, n)
    made["sex"] = np.where(rng.random(n) < 0.5, "f", "m")
    made["educ"] = np.array(["high", "low", "mid"])[rng.integers(0, 3, n)]
    made["age"] = rng.uniform(18, 80, n).round()
    made["y"] = 2 + 0.03 * made["age"] + 0.5 * (made["sex"] == "m") + 0.2 * (made["unit"] % 5) + rng.normal(size=n)
    made["b"] = (rng.random(n) < 1 / (1 + np.exp(4 - made["y"]))).astype(float)
    made["v"] = made["y"].where(rng.random(n) > 0.06)
    return made


Call = Callable[[sk.Design], sk.Estimates]
CALLS: dict[str, Call] = {
    "pooled": lambda d: sk.oaxaca_blinder(d, "y ~ age + educ", "sex"),
    "neumark": lambda d: sk.oaxaca_blinder(d, "y ~ age + educ", "sex", reference="neumark"),
    "cotton": lambda d: sk.oaxaca_blinder(d, "y ~ age * educ", "sex", reference="cotton"),
    "threefold": lambda d: sk.oaxaca_blinder(d, "y ~ age + educ", "sex", reference="threefold"),
    "missing": lambda d: sk.oaxaca_blinder(d, "v ~ age + educ", "sex", reference="a", missing="exclude"),
    "logit": lambda d: sk.oaxaca_blinder(d, "b ~ age + educ", "sex", model="logit"),
    "logit cotton": lambda d: sk.oaxaca_blinder(d, "b ~ age + educ", "sex", model="logit", reference="cotton"),
    "kitagawa": lambda d: sk.kitagawa(d, "y", "educ", key="sex"),
    "kitagawa joint": lambda d: sk.kitagawa(d, "v", ("educ", "wave"), key="sex", interaction=True, missing="exclude"),
}


def plain(frame: pd.DataFrame) -> sk.Design:
    return sk.Design(frame, weight="w", strata="h", psu="unit")


def calibrated(frame: pd.DataFrame) -> sk.Design:
    design = sk.calibrate(plain(frame), {"age": 62_000.0, "educ": {"high": 350.0, "low": 450.0, "mid": 420.0}})
    return sk.rake(design, {"sex": {"f": 700.0, "m": 520.0}, "educ": {"high": 350.0, "low": 450.0, "mid": 420.0}})


def jackknife(frame: pd.DataFrame, made: Callable[[pd.DataFrame], sk.Design], call: Call) -> np.ndarray:
    """Standard errors from the derivatives of the estimates by each unit's weight."""
    totals = []
    for unit in range(24):
        moved = []
        for sign in (1.0, -1.0):
            w = frame["w"] * np.where(frame["unit"] == unit, 1 + sign * STEP, 1.0)
            moved.append(call(made(frame.assign(w=w))).table["estimate"].to_numpy())
        totals.append((moved[0] - moved[1]) / (2 * STEP))
    by_stratum = np.stack(totals).reshape(3, 8, -1)
    centred = by_stratum - by_stratum.mean(axis=1, keepdims=True)
    return np.sqrt(8 / 7 * (centred**2).sum(axis=(0, 1)))


@pytest.mark.parametrize("name", list(CALLS))
@pytest.mark.parametrize("made", [plain, calibrated])
def test_standard_errors_are_those_of_the_infinitesimal_jackknife(
    frame: pd.DataFrame, made: Callable[[pd.DataFrame], sk.Design], name: str
) -> None:
    """Would catch: means, shares or pooled coefficients taken as fixed, and calibration left out of any of them."""
    ours = CALLS[name](made(frame)).table["se"].to_numpy()
    np.testing.assert_allclose(ours, jackknife(frame, made, CALLS[name]), rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("name", list(CALLS))
def test_components_add_up(frame: pd.DataFrame, name: str) -> None:
    table = CALLS[name](calibrated(frame)).table
    whole = table["educ"] == "all" if "educ" in table else table["variable"] == "total"
    totals = table[whole].groupby("category")["estimate"].sum()
    parts = table[~whole].groupby("category")["estimate"].sum()
    np.testing.assert_allclose(totals[parts.index], parts, atol=1e-12)
    change = totals["change"] if "change" in totals else totals["difference"]
    np.testing.assert_allclose(parts.sum(), change, atol=1e-12)
    if "mean_a" in totals:
        np.testing.assert_allclose(totals["mean_a"] - totals["mean_b"], change, atol=1e-12)


@pytest.mark.parametrize("overlap", ["none", "psu"])
def test_a_change_between_waves_is_the_change_of_means(frame: pd.DataFrame, overlap: str) -> None:
    """Would catch: shared units of two waves counted twice, or the later wave taken for the earlier."""
    design = sk.Design(frame, weight="w", strata="h", psu="unit", wave="wave", overlap=overlap)
    change = sk.mean(design, "y", by="wave").change("wave").table.iloc[0]
    rows = [
        sk.kitagawa(design, "y", "educ").table.iloc[0],
        sk.oaxaca_blinder(design, "y ~ age + educ", "wave").table.iloc[2],
    ]
    for row in rows:
        for name in ("estimate", "se", "df", "ci_low"):
            np.testing.assert_allclose(row[name], change[name], rtol=1e-10)


@pytest.mark.parametrize("name", list(CALLS))
def test_order_and_scale_do_not_matter(frame: pd.DataFrame, name: str) -> None:
    one = CALLS[name](plain(frame)).table
    other = CALLS[name](plain(frame.assign(w=1e4 * frame["w"]).sample(frac=1, random_state=2))).table
    np.testing.assert_allclose(other["estimate"], one["estimate"], atol=1e-11)
    np.testing.assert_allclose(other["se"], one["se"], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["pooled", "logit", "kitagawa"])
def test_replicate_designs_repeat_the_whole(frame: pd.DataFrame, name: str) -> None:
    """The jackknife of 24 units is near linearisation: within 8 %, but for the part of composition, which is nearly nothing here,
    so that its variance is mostly of the second order.
    """
    linear = CALLS[name](plain(frame)).table
    jackknifed = CALLS[name](sk.make_replicates(plain(frame), "JKn")).table
    np.testing.assert_allclose(jackknifed["estimate"], linear["estimate"], rtol=1e-12)
    whole = linear["category"].isin(["change", "difference", "explained", "unexplained", "rate"])
    totals = whole & (linear["educ"].eq("all") if "educ" in linear else linear["variable"].eq("total"))
    np.testing.assert_allclose(jackknifed["se"][totals], linear["se"][totals], rtol=0.08)


def test_other_groups_do_not_matter(frame: pd.DataFrame) -> None:
    """With four groups, comparing two is the same as the domain of the two."""
    four = frame.assign(quarter=frame["sex"] + frame["wave"].astype(str))
    four["here"] = four["quarter"].isin(["f1", "m1"])
    one = sk.oaxaca_blinder(plain(four), "y ~ age + educ", "quarter", compare=("m1", "f1")).table
    other = sk.oaxaca_blinder(plain(four), "y ~ age + educ", "quarter", where="here").table
    for name in ("estimate", "se", "df", "n"):
        np.testing.assert_allclose(one[name], other[name], rtol=1e-9, atol=1e-12)
