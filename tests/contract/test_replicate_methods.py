"""Every way of making replicates obeys the rules of the house: order, scale, frame library, and the law."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.design.make_replicates_methods import METHODS

NUMBERS = ["estimate", "se", "ci_low", "ci_high", "df", "n", "weight_sum"]
PAIRS: dict[str, Any] = {"weight": "w", "strata": "h", "psu": "psu", "fpc": "N"}
ASKED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "JK1": ({"weight": "w", "psu": "psu"}, {}),
    "JKn": (PAIRS, {}),
    "BRR": (PAIRS, {}),
    "Fay": (PAIRS, {"rho": 0.5}),
    "bootstrap": (PAIRS, {"rng": 3, "replicates": 60}),
    "Preston": (PAIRS | {"psu": ("psu", "ssu"), "fpc": ("N", "N2")}, {"rng": 3, "replicates": 60}),
    "SDR": (PAIRS, {"order_by": "place"}),
}


def sample() -> pd.DataFrame:
    rng = np.random.default_rng(9)
    rows = [
        {"h": h, "psu": 10 * h + p, "ssu": s, "N": 7, "N2": 6, "place": 5 - p, "all": 1}
        | {"w": rng.uniform(1, 4), "y": 10 + rng.normal(), "x": rng.uniform(1, 2), "dom": "abc"[int(rng.integers(3))]}
        for h in range(6)
        for p in range(2)
        for s in range(3)
        for _ in range(int(rng.integers(1, 4)))
    ]
    return pd.DataFrame(rows)


def made(method: str, frame: Any) -> sk.Design:
    declared, more = ASKED[method]
    return sk.make_replicates(sk.Design(frame, **declared), method, **more)


def numbers(est: sk.Estimates) -> np.ndarray:
    return est.table[NUMBERS].to_numpy(float)


def test_every_method_is_asked() -> None:
    assert set(ASKED) == set(METHODS)


@pytest.mark.parametrize("method", METHODS)
def test_the_order_of_rows_does_not_matter(method: str) -> None:
    """Draws belong to units in the order of their ids, not to rows as they come."""
    frame = sample()
    shuffled = frame.sample(frac=1, random_state=1).reset_index(drop=True)
    ours, theirs = (numbers(sk.mean(made(method, f), ("y", "x"), by="dom")) for f in (frame, shuffled))
    np.testing.assert_allclose(ours, theirs, rtol=1e-10)


@pytest.mark.parametrize("method", METHODS)
def test_the_size_of_the_weights_does_not_matter(method: str) -> None:
    frame = sample()
    ours = sk.ratio(made(method, frame), "y", "x").table["se"][0]
    large = sk.ratio(made(method, frame.assign(w=frame["w"] * 1e6)), "y", "x").table["se"][0]
    assert large == pytest.approx(ours, rel=1e-10)


@pytest.mark.parametrize("method", METHODS)
def test_the_law(method: str) -> None:
    """Scalar = vector = by a constant, for totals and means."""
    design = made(method, sample())
    for statistic in (sk.mean, sk.total):
        one = numbers(statistic(design, "y"))
        np.testing.assert_allclose(numbers(statistic(design, ("y", "x")))[:1], one, rtol=1e-12)
        np.testing.assert_allclose(numbers(statistic(design, "y", by="all")), one, rtol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_covariances_of_domains_add_up_to_the_whole(method: str) -> None:
    design = made(method, sample())
    parts = sk.total(design, "y", by="dom").vcov()
    assert parts.sum() == pytest.approx(sk.total(design, "y").table["se"][0] ** 2, rel=1e-10)


@pytest.mark.parametrize("method", METHODS)
def test_frame_libraries_agree_and_are_left_as_they_were(method: str) -> None:
    import polars as pl

    frame = sample()
    before = frame.copy()
    ours = numbers(sk.mean(made(method, frame), "y", by="dom"))
    theirs = numbers(sk.mean(made(method, pl.from_pandas(frame)), "y", by="dom"))
    np.testing.assert_array_equal(ours, theirs)
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("method", METHODS)
def test_equal_units_have_no_variance(method: str) -> None:
    """Every replicate keeps the number of units: a constant total per unit never moves."""
    frame = sample().groupby(["h", "psu", "ssu"], as_index=False).first().assign(w=2.0, y=5.0)
    est = sk.total(made(method, frame), "y").table
    assert est["se"][0] == pytest.approx(0, abs=1e-9 * est["estimate"][0])


@pytest.mark.parametrize("method", METHODS)
def test_the_notes_name_method_number_and_centre(method: str) -> None:
    design = made(method, sample())
    said = "; ".join(sk.mean(design, "y").notes)
    assert f"variance by {design.replicates.size} {method} replicates" in said
    assert "centred at" in said
    assert ("finite population correction by counts" in said) == (method != "JK1")
