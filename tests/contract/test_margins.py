"""Margins: every sub-combination of keys is the call with fewer keys, in one result with its covariance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk

Call = Callable[..., "sk.Estimates"]
NUMBERS = ["estimate", "se", "ci_low", "ci_high", "df", "cv", "deff", "n", "weight_sum"]
DECLARED: dict[str, Any] = {"weight": "w", "strata": "stratum", "psu": "psu"}


def people(seed: int = 11, n: int = 220) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    psu = np.sort(np.concatenate([np.repeat(np.arange(16), 2), rng.integers(0, 16, n - 32)]))
    frame = pd.DataFrame({"psu": psu, "stratum": np.searchsorted([0, 3, 8, 12], psu, side="right")})
    frame["w"] = rng.uniform(0.3, 4.0, n)
    frame["y"] = np.round(10 + np.sin(psu) + rng.normal(size=n), 1)
    frame["x"] = np.round(np.exp(rng.normal(size=n)) + 0.1, 2)
    frame["q"] = rng.integers(1, 4, n)
    frame["dom"] = np.where(psu < 2, "a", rng.choice(["a", "b", "c"], n))
    frame["sex"] = rng.choice(["f", "m"], n)
    return frame.sample(frac=1, random_state=seed).reset_index(drop=True)


@pytest.fixture
def frame() -> pd.DataFrame:
    return people()


def settings(frame: pd.DataFrame) -> dict[str, sk.Design]:
    plain = sk.Design(frame, **DECLARED)
    return {
        "plain": plain,
        "calibrated": sk.rake(plain, {"sex": {"f": 300, "m": 250}, "q": {1: 200, 2: 200, 3: 150}}),
        "replicates": sk.make_replicates(plain, "JKn"),
    }


MARGINED: dict[str, Call] = {
    "mean": lambda d, **k: sk.with_margins(sk.mean, d, ("y", "x"), **k),
    "proportion": lambda d, **k: sk.with_margins(sk.proportion, d, "q", **k),
    "total": lambda d, **k: sk.with_margins(sk.total, d, "y", **k),
    "count": lambda d, **k: sk.count(d, "q", margins=True, **k),
    "variance": lambda d, **k: sk.variance(d, ("y", "x"), margins=True, **k),
    "correlation": lambda d, **k: sk.correlation(d, ("y", "x"), margins=True, **k),
    "gini": lambda d, **k: sk.gini(d, "x", margins=True, **k),
}
PLAIN: dict[str, Call] = {
    "mean": lambda d, **k: sk.mean(d, ("y", "x"), **k),
    "proportion": lambda d, **k: sk.proportion(d, "q", **k),
    "total": lambda d, **k: sk.total(d, "y", **k),
    "count": lambda d, **k: sk.count(d, "q", **k),
    "variance": lambda d, **k: sk.variance(d, ("y", "x"), **k),
    "correlation": lambda d, **k: sk.correlation(d, ("y", "x"), **k),
    "gini": lambda d, **k: sk.gini(d, "x", **k),
}


@pytest.mark.parametrize("kind", ["plain", "calibrated", "replicates"])
@pytest.mark.parametrize("name", MARGINED)
def test_margins_are_the_calls_with_fewer_keys(frame: pd.DataFrame, name: str, kind: str) -> None:
    design = settings(frame)[kind]
    whole = MARGINED[name](design, by=("dom", "sex"), deff="srswr")
    assert whole.keys == ("dom", "sex")
    assert whole.table["dom"].unique().tolist() == ["a", "b", "c", "all"]
    for keys in (("dom", "sex"), ("dom",), ("sex",), ()):
        expected = PLAIN[name](design, by=keys or None, deff="srswr").table
        rows = np.logical_and.reduce([(whole.table[key] == "all") == (key not in keys) for key in ("dom", "sex")])
        part = whole.table[rows].reset_index(drop=True)
        for column in (*keys, "variable", "category"):
            assert part[column].tolist() == expected[column].tolist()
        np.testing.assert_allclose(part[NUMBERS].to_numpy(float), expected[NUMBERS].to_numpy(float), rtol=1e-12)
    first = PLAIN[name](design, by=("dom", "sex"))
    full = np.flatnonzero(((whole.table["dom"] != "all") & (whole.table["sex"] != "all")).to_numpy())
    np.testing.assert_allclose(whole.vcov(full.tolist()), first.vcov(), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", ["mean", "proportion", "total"])
def test_margins_as_an_argument(frame: pd.DataFrame, name: str) -> None:
    design = settings(frame)["plain"]
    ours = PLAIN[name](design, by=("dom", "sex"), margins=True)
    expected = MARGINED[name](design, by=("dom", "sex"))
    pd.testing.assert_frame_equal(ours.table, expected.table, check_exact=True)
    assert ours.notes == expected.notes
    assert PLAIN[name](design, margins=True).notes == PLAIN[name](design).notes


@pytest.mark.parametrize("level", [0.95, 0.8])
def test_margins_keep_limits_of_their_own(frame: pd.DataFrame, level: float) -> None:
    """A quantile's limits are not estimate -+ t SE, at no level and in no row."""
    design = settings(frame)["plain"]
    ours = sk.with_margins(sk.median, design, "y", by="dom").confint(level).table
    expected = sk.bind(sk.median(design, "y", by="dom"), sk.median(design, "y")).confint(level).table
    alone = [sk.median(design, "y", by=by, level=level).table for by in ("dom", None)]
    for column in ("ci_low", "ci_high"):
        np.testing.assert_array_equal(ours[column], np.concatenate([table[column] for table in alone]))
        np.testing.assert_array_equal(expected[column], ours[column])


def test_bound_results_keep_their_kinds_of_interval(frame: pd.DataFrame) -> None:
    design = settings(frame)["plain"]
    parts = sk.mean(design, "y"), sk.proportion(design, "q"), sk.correlation(design, ("y", "x"))
    ours = sk.bind(*parts).confint(0.8).table
    for column in ("ci_low", "ci_high"):
        expected = np.concatenate([part.confint(0.8).table[column] for part in parts])
        np.testing.assert_array_equal(ours[column], expected)


def test_cells_and_margins_have_a_covariance(frame: pd.DataFrame) -> None:
    design = settings(frame)["plain"]
    totals = sk.with_margins(sk.total, design, "y", by=("dom", "sex"))
    parts = (totals.table["sex"] == "all") & (totals.table["dom"] != "all")
    whole = (totals.table["sex"] == "all") & (totals.table["dom"] == "all")
    weights = (parts * 1.0 - whole * 1.0).to_numpy()
    nothing = totals.linear(weights[None, :]).table.iloc[0]
    scale = float(totals.table["se"].max())
    assert abs(nothing["estimate"]) <= 1e-9 * scale
    assert nothing["se"] <= 1e-9 * scale


def test_the_wave_has_no_margin_unless_asked(frame: pd.DataFrame) -> None:
    """A change along the wave must not run into a row of all years."""
    both = pd.concat([frame.assign(wave=1), people(seed=12).assign(wave=2)], ignore_index=True)
    d = sk.Design(both, **DECLARED, wave="wave")
    est = sk.with_margins(sk.mean, d, "y", by=("wave", "dom"))
    assert est.table["wave"].unique().tolist() == [1, 2]
    assert est.change("wave").table["dom"].tolist() == ["a", "b", "c", "all"]
    every = sk.with_margins(sk.mean, d, "y", by=("wave", "dom"), over=("wave", "dom")).table
    assert every["wave"].unique().tolist() == [1, 2, "all"]
    pooled = sk.mean(d, "y").table["estimate"][0]
    assert every.iloc[-1]["estimate"] == pooled


def test_a_level_called_like_the_margin(frame: pd.DataFrame) -> None:
    d = sk.Design(frame.assign(dom=frame["dom"].replace("a", "all")), **DECLARED)
    with pytest.raises(sk.SurveyKitError, match="called 'all' like the margin"):
        sk.with_margins(sk.mean, d, "y", by="dom")
    table = sk.with_margins(sk.mean, d, "y", by="dom", label="(total)").table
    assert table["dom"].tolist() == ["all", "b", "c", "(total)"]
