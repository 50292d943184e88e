"""Replicate weights that a user brings: what each method takes for granted, and what is refused in words to act on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.errors import DesignError, FrameError


def sample(n: int = 12, replicates: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"w": rng.uniform(5, 9, n), "y": rng.normal(10, 2, n)})
    for r in range(replicates):
        factor = np.where(np.arange(n) % replicates == r, 0.0, replicates / (replicates - 1))
        frame[f"w{r + 1}"] = frame["w"] * factor
    return frame


def design(frame: pd.DataFrame | None = None, columns: Any = "w[0-9]*", **more: Any) -> sk.Design:
    declared = {"method": "JK1"} | more
    made = sk.Replicates.given(columns, **declared)
    return sk.Design(sample() if frame is None else frame, weight="w", replicates=made)


# ------------------------------------------------------------------------------------------------------- conventions
CONVENTIONS: dict[str, tuple[dict[str, Any], float, bool]] = {
    "BRR": ({}, 1 / 4, False),
    "Fay": ({"rho": 0.5}, 1 / (4 * 0.25), False),
    "JK1": ({}, 3 / 4, False),
    "JK2": ({}, 1.0, False),
    "JKn": ({"rscales": [0.5, 0.5, 0.75, 0.75]}, 1.0, False),
    "bootstrap": ({}, 1 / 3, False),
    "SDR": ({}, 1.0, True),
    "ACS": ({}, 1.0, True),
    "custom": ({"scale": 0.00654}, 0.00654, False),
}


@pytest.mark.parametrize("method", CONVENTIONS)
def test_the_usual_scale_and_centre_of_each_method(method: str) -> None:
    more, scale, mse = CONVENTIONS[method]
    made = design(method=method, **more).replicates
    assert made.scale == pytest.approx(scale, rel=1e-15)
    assert made.mse is mse
    assert made.df == 3
    np.testing.assert_allclose(made.coefficients, scale * np.asarray(more.get("rscales", np.ones(4))))


def test_a_bootstrap_centred_at_the_sample_divides_by_all_replicates() -> None:
    assert design(method="bootstrap", mse=True).replicates.scale == pytest.approx(1 / 4)


def test_a_published_scale_replaces_the_usual_one() -> None:
    made = design(method="BRR", scale=0.00654, df=41).replicates
    assert made.scale == 0.00654
    table = sk.mean(design(method="BRR", scale=0.00654, df=41), "y").table
    assert table["df"][0] == 41


def test_factors_of_the_weight_make_the_same_replicates() -> None:
    """Uncombined columns taken for combined ones would lose the weight."""
    frame = sample()
    bare = frame.copy()
    for r in range(1, 5):
        bare[f"w{r}"] = frame[f"w{r}"] / frame["w"]
    ours = sk.mean(design(bare, combined=False), "y").table
    pd.testing.assert_frame_equal(ours, sk.mean(design(frame), "y").table, rtol=1e-14)


def test_a_pattern_never_takes_the_weight_itself() -> None:
    """With the weight among them there would be one replicate too many, and it would never differ."""
    assert design(columns="w*").replicates.size == 4
    np.testing.assert_array_equal(design(columns="w*").replicates.weights, design().replicates.weights)


def test_the_notes_say_how_the_variance_was_made() -> None:
    notes = sk.mean(design(method="Fay", rho=0.3), "y").notes
    assert "variance by 4 Fay replicates, rho 0.3, centred at the mean of the replicates" in notes
    notes = sk.mean(design(method="SDR"), "y").notes
    assert "variance by 4 SDR replicates, centred at the estimate of the full sample" in notes


def test_changing_the_frame_afterwards_does_not_reach_the_replicates() -> None:
    frame = sample()
    d = design(frame)
    before = sk.mean(d, "y").table
    frame["w1"] = 0.0
    pd.testing.assert_frame_equal(sk.mean(d, "y").table, before)


# --------------------------------------------------------------------------------------------------------- refused
def changed(**columns: Any) -> pd.DataFrame:
    return sample().assign(**columns)


def many(order: Any = None, factor: float = 1.0) -> pd.DataFrame:
    """Forty replicates whose rows are put in another order, or whose weight is another one."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"w": np.exp(rng.normal(3, 1.2, 60))})
    base = frame["w"].to_numpy() if order is None else frame["w"].to_numpy()[order]
    drawn = {f"w{r}": base * factor * rng.integers(0, 3, 60) for r in range(40)}
    return pd.concat([frame, pd.DataFrame(drawn)], axis=1)


REFUSED: dict[str, tuple[Any, dict[str, Any], str]] = {
    "unknown method": (None, {"method": "jackknife"}, "'jackknife' is not a replicate method.*known"),
    "Fay without rho": (None, {"method": "Fay"}, "'Fay' need 'rho'"),
    "rho of one": (None, {"method": "Fay", "rho": 1.0}, "rho is Fay's coefficient, between 0 and 1"),
    "rho elsewhere": (None, {"method": "BRR", "rho": 0.3}, "rho is Fay's.*method='BRR'"),
    "JKn without rscales": (None, {"method": "JKn"}, "'JKn' need 'rscales'"),
    "custom without scale": (None, {"method": "custom"}, "'custom' need 'scale'"),
    "too few rscales": (
        None,
        {"method": "JKn", "rscales": [1, 2, 3]},
        "one coefficient per replicate.*3 rscales for 4",
    ),
    "negative rscale": (None, {"rscales": [1, 2, 3, -1]}, "coefficients of replicates.*rscales from -1 to 3"),
    "all rscales zero": (None, {"rscales": [0, 0, 0, 0]}, "coefficients of replicates.*some above"),
    "negative scale": (None, {"scale": -1.0}, "scale must be positive.*-1"),
    "scale of nothing": (None, {"scale": float("nan")}, "scale must be positive.*nan"),
    "df of zero": (None, {"df": 0}, "degrees of freedom must be positive"),
    "one replicate": (None, {"columns": "w1"}, "at least two columns.*1 columns: w1"),
    "no replicate": (None, {"columns": "rw*"}, "at least two columns.*0 columns"),
    "no such column": (None, {"columns": ["w1", "w22"]}, "no column 'w22'.*did you mean 'w2'"),
    "the weight among them": (None, {"columns": ["w", "w1"]}, "weight itself stands among.*'w'"),
    "missing": (
        changed(w2=[None, *range(1, 12)]),
        {},
        "replicate weight is missing.*'w2', first in row 1.*1 of 12 rows",
    ),
    "zero column": (changed(w3=0.0), {}, "do not add up to anything.*'w3'.*sum 0; 1 of 4"),
    "negative column": (changed(w3=-1.0), {}, "do not add up to anything.*'w3'"),
    "factors taken for weights": (
        changed(w1=1.0, w2=0.5, w3=1.5, w4=1.0),
        {},
        "do not match the weight 'w'.*0.1.*times.*combined=False",
    ),
    "weights taken for factors": (None, {"combined": False}, "do not match the weight 'w'.*combined=True"),
    "weights of another year": (many(factor=2.0), {}, "do not match the weight 'w'.*2.0.* times its sum"),
    "rows in another order": (many(np.random.default_rng(3).permutation(60)), {}, "row by row.*same order"),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_what_is_refused(fault: str) -> None:
    frame, more, message = REFUSED[fault]
    with pytest.raises(DesignError, match=f"(?s){message}"):
        design(frame, **more)


def test_infinite_and_wordy_columns_are_named() -> None:
    with pytest.raises(FrameError, match=r"'w2' .replicate weight. holds infinite values"):
        design(changed(w2=np.inf))
    with pytest.raises(FrameError, match=r"'w2' .replicate weight. does not hold numbers"):
        design(changed(w2=list("abcdefghijkl")))


MATRICES: dict[str, tuple[dict[str, Any], str]] = {
    "neither": ({}, "either factors of units or weights of rows"),
    "both": ({"factors": np.ones((3, 2)), "weights": np.ones((3, 2))}, "either factors"),
    "a vector": ({"factors": np.ones(3)}, "form a matrix.*1 dimensions"),
    "one replicate": ({"factors": np.ones((3, 1))}, "At least two replicates"),
    "not finite": ({"factors": np.array([[1.0, np.nan], [1, 1]])}, "not finite.*line 1, replicate 2"),
    "negative factor": ({"factors": np.array([[1.0, 1], [-0.5, 1]])}, "factor is negative.*unit 2, replicate 1.*-0.5"),
    "zero replicate": ({"factors": np.array([[1.0, 0], [2, 0]])}, "zero for every unit.*replicate 2"),
    "rscales": ({"factors": np.ones((3, 2)), "rscales": np.ones(3)}, "one coefficient per replicate"),
}


@pytest.mark.parametrize("fault", MATRICES)
def test_matrices_are_checked_when_made(fault: str) -> None:
    more, message = MATRICES[fault]
    with pytest.raises(DesignError, match=f"(?s){message}"):
        sk.Replicates(scale=1.0, **more)


def test_factors_must_fit_the_units_and_weights_the_rows() -> None:
    frame = sample().assign(psu=[1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6])
    jackknife = sk.Replicates(factors=1.2 * (1 - np.eye(6)), scale=5 / 6, method="JK1")
    declared: dict[str, Any] = {"weight": "w", "psu": "psu"}
    assert sk.mean(sk.Design(frame, **declared, replicates=jackknife), "y").table["df"][0] == 5
    with pytest.raises(DesignError, match=r"(?s)do not fit the units.*6 for 12 units"):
        sk.Design(frame, weight="w", replicates=jackknife)
    with pytest.raises(DesignError, match=r"(?s)do not fit the rows.*6 for 12 rows"):
        sk.Design(frame, **declared, replicates=sk.Replicates(weights=np.ones((6, 2)), scale=1.0))
    with pytest.raises(DesignError, match=r"(?s)stage the design does not have.*stage=1, 1 stages"):
        sk.Design(frame, **declared, replicates=sk.Replicates(factors=np.ones((6, 2)), scale=1.0, stage=1))


def test_negative_replicate_weights_of_rows_are_allowed() -> None:
    """Linear calibration of a replicate can make a weight negative; the producer's figures are taken as they are."""
    frame = sample()
    frame.loc[0, "w2"] = -0.1
    assert np.isfinite(sk.mean(design(frame), "y").table["se"][0])
