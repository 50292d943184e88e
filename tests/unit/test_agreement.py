"""Agreement of raters: Krippendorff's alpha from its definition, intraclass correlations, awkward panels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk


def panel(seed: int = 3, units: int = 15, raters: int = 4, gaps: float = 0.2) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    truth = rng.integers(1, 6, units)
    y = np.clip(truth[:, None] + rng.integers(-1, 2, (units, raters)), 1, 6).astype(float)
    y[rng.random(y.shape) < gaps] = np.nan
    return pd.DataFrame(y, columns=[f"r{j}" for j in range(raters)])


def difference(measurement: str, c: float, k: float, every: list[float]) -> float:
    """Squared difference of two values as Krippendorff writes it."""
    if measurement == "nominal":
        return float(c != k)
    if measurement == "interval":
        return (c - k) ** 2
    if measurement == "ratio":
        return ((c - k) / (c + k)) ** 2 if c + k else 0.0
    low, high = min(c, k), max(c, k)
    between = sum(low <= v <= high for v in every)
    return (between - (every.count(c) + every.count(k)) / 2) ** 2


def by_definition(frame: pd.DataFrame, measurement: str) -> float:
    units = [[v for v in row if v == v] for row in frame.to_numpy().tolist()]  # noqa: PLR0124
    units = [unit for unit in units if len(unit) > 1]
    every = [v for unit in units for v in unit]
    n = len(every)
    observed = sum(
        difference(measurement, a, b, every) / (len(unit) - 1)
        for unit in units
        for i, a in enumerate(unit)
        for j, b in enumerate(unit)
        if i != j
    )
    expected = sum(
        difference(measurement, a, b, every) for i, a in enumerate(every) for j, b in enumerate(every) if i != j
    )
    return 1 - (n - 1) * observed / expected


@pytest.mark.parametrize("measurement", ["nominal", "ordinal", "interval", "ratio"])
@pytest.mark.parametrize("seed", range(4))
def test_krippendorff_by_definition(measurement: str, seed: int) -> None:
    """Every ordered pair of ratings counted one by one, and so the jackknife."""
    frame = panel(seed)
    row = sk.krippendorff_alpha(frame, measurement, interval="jackknife").table.iloc[0]
    np.testing.assert_allclose(row["estimate"], by_definition(frame, measurement), rtol=1e-12)
    kept = frame[frame.notna().sum(axis=1) >= 2]
    without = np.array([by_definition(kept.drop(index=i), measurement) for i in kept.index])
    units = len(kept)
    np.testing.assert_allclose(
        row["se"] ** 2, (units - 1) / units * ((without - without.mean()) ** 2).sum(), rtol=1e-10
    )
    assert row["n"] == units


@pytest.mark.parametrize("measurement", ["nominal", "ordinal", "interval", "ratio"])
def test_the_bootstrap_draws_units(measurement: str) -> None:
    """The same seed gives the same limits; limits enclose the estimate and come near the jackknife's."""
    frame = panel(units=60)
    one, two = (sk.krippendorff_alpha(frame, measurement, rng=5, replicates=1000) for _ in range(2))
    pd.testing.assert_frame_equal(one.table, two.table)
    row, jack = one.table.iloc[0], sk.krippendorff_alpha(frame, measurement, interval="jackknife").table.iloc[0]
    assert row["ci_low"] < row["estimate"] < row["ci_high"]
    assert abs(row["se"] / jack["se"] - 1) < 0.2
    wider = one.confint(0.99).table.iloc[0]
    assert wider["ci_low"] <= row["ci_low"]
    assert wider["ci_high"] >= row["ci_high"]
    generator = sk.krippendorff_alpha(frame, measurement, rng=np.random.default_rng(5), replicates=1000)
    pd.testing.assert_frame_equal(generator.table, one.table)


def test_raters_and_units_in_any_order() -> None:
    frame = panel()
    base = sk.krippendorff_alpha(frame, "ordinal", interval="jackknife").table
    other = sk.krippendorff_alpha(
        frame.sample(frac=1, random_state=1)[["r3", "r1", "r0", "r2"]], "ordinal", interval="jackknife"
    )
    np.testing.assert_allclose(other.table[["estimate", "se"]], base[["estimate", "se"]], rtol=1e-12)
    some = sk.krippendorff_alpha(frame, "ordinal", raters=("r0", "r1"), interval="jackknife").table
    np.testing.assert_allclose(some["estimate"][0], by_definition(frame[["r0", "r1"]], "ordinal"), rtol=1e-12)


def test_scales_that_alpha_does_not_see() -> None:
    """Interval alpha knows no origin and no unit, ordinal alpha only the order."""
    frame = panel()
    for measurement, moved in (("interval", frame * 3 + 1e7), ("ordinal", np.exp(frame)), ("ratio", frame * 1e-9)):
        a, b = (
            sk.krippendorff_alpha(f, measurement, interval="jackknife").table["estimate"][0] for f in (frame, moved)
        )
        np.testing.assert_allclose(a, b, rtol=1e-9)


def test_words_are_nominal() -> None:
    frame = panel()
    words = frame.map(lambda v: None if v != v else f"class {v:.0f}")  # noqa: PLR0124
    a, b = (sk.krippendorff_alpha(f, interval="jackknife").table["estimate"][0] for f in (frame, words))
    np.testing.assert_allclose(a, b, rtol=1e-12)
    with pytest.raises(sk.SurveyKitError, match="does not hold numbers"):
        sk.krippendorff_alpha(words, "ordinal", interval="jackknife")


def test_another_frame_library() -> None:
    polars = pytest.importorskip("polars", reason="polars is not installed")
    frame = panel()
    ours = sk.krippendorff_alpha(polars.from_pandas(frame), "interval", interval="jackknife")
    expected = sk.krippendorff_alpha(frame, "interval", interval="jackknife")
    pd.testing.assert_frame_equal(ours.table, expected.table)
    assert type(ours.to_frame()).__module__.split(".")[0] == "polars"


@pytest.mark.parametrize("measurement", ["nominal", "ordinal", "interval", "ratio"])
def test_perfect_agreement_and_no_variation(measurement: str) -> None:
    perfect = np.tile(np.array([1.0, 2, 3, 4, 5])[:, None], 3)
    row = sk.krippendorff_alpha(perfect, measurement, interval="jackknife").table.iloc[0]
    assert (row["estimate"], row["se"], row["status"]) == (1.0, 0.0, "one_value")
    for interval in ("jackknife", "bootstrap"):
        est = sk.krippendorff_alpha(np.full((4, 3), 2.0), measurement, interval=interval, rng=1)
        assert est.table["status"].tolist() == ["undefined"]
        assert any("not defined" in note for note in est.notes)


def test_samples_without_variation_are_set_aside() -> None:
    rare = np.ones((6, 2))
    rare[0] = 2.0
    est = sk.krippendorff_alpha(rare, rng=1, replicates=500)
    assert any("set aside" in note for note in est.notes)


def test_units_with_one_rating_do_not_count() -> None:
    frame = panel(gaps=0.0)
    frame.loc[0, ["r1", "r2", "r3"]] = np.nan
    est = sk.krippendorff_alpha(frame, "interval", interval="jackknife")
    same = sk.krippendorff_alpha(frame.drop(index=0), "interval", interval="jackknife")
    np.testing.assert_allclose(est.table["estimate"], same.table["estimate"], rtol=1e-12)
    assert any("1 units with fewer than two" in note for note in est.notes)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: sk.krippendorff_alpha(panel(), "rank", rng=1), "is not a level of measurement"),
        (lambda: sk.krippendorff_alpha(panel()), "needs a seed"),
        (lambda: sk.krippendorff_alpha(panel(), rng=1, replicates=10), "Too few bootstrap samples"),
        (lambda: sk.krippendorff_alpha(panel(), interval="wald", rng=1), "is not an interval"),
        (lambda: sk.krippendorff_alpha(panel(), raters=("r0", "r9"), rng=1), "no column 'r9'"),
        (lambda: sk.krippendorff_alpha(panel(), raters="r0", rng=1), "two raters"),
        (lambda: sk.krippendorff_alpha(panel() - 4, "ratio", rng=1), "zero or more"),
        (lambda: sk.krippendorff_alpha(np.ones(3), rng=1), "two dimensions"),
        (lambda: sk.krippendorff_alpha(np.ones((1, 3)), rng=1), "two units"),
        (lambda: sk.krippendorff_alpha(np.array([[1, np.nan], [np.nan, 2], [1, 1]]), rng=1), "Too few units"),
        (lambda: sk.icc(panel()), "Ratings are missing"),
        (lambda: sk.icc(panel(gaps=0.0).iloc[:2]), "Too few units"),
        (lambda: sk.icc(np.full((5, 3), 2.0)), "All ratings are equal"),
        (lambda: sk.icc(panel(gaps=0.0), level=95), "between 0 and 1"),
        (lambda: sk.icc(panel(gaps=0.0), missing="listwise"), "is not a treatment of missing values"),
    ],
)
def test_refused(call: Any, words: str) -> None:
    with pytest.raises(sk.SurveyKitError, match=words):
        call()


# ----------------------------------------------------------------------------------------------- intraclass correlations
def test_icc_by_leaving_out_units() -> None:
    frame = panel(gaps=0.0)
    table = sk.icc(frame).table
    without = np.array([sk.icc(frame.drop(index=i)).table["estimate"] for i in frame.index])
    n = len(frame)
    expected = np.sqrt((n - 1) / n * ((without - without.mean(axis=0)) ** 2).sum(axis=0))
    np.testing.assert_allclose(table["se"], expected, rtol=1e-9)


def test_icc_leaves_out_units_not_rated_by_all() -> None:
    frame = panel(gaps=0.1)
    est = sk.icc(frame, missing="exclude")
    np.testing.assert_allclose(est.table["estimate"], sk.icc(frame.dropna()).table["estimate"], rtol=1e-12)
    assert any("left out" in note for note in est.notes)


def test_icc_of_moved_and_biased_raters() -> None:
    """A rater who is always 2 higher takes from agreement, not from consistency; a large mean costs no digits."""
    frame = panel(gaps=0.0)
    plain, biased, moved = (sk.icc(f).table for f in (frame, frame + np.array([0, 0, 0, 2.0]), frame + 1e8))
    np.testing.assert_allclose(moved[["estimate", "se"]], plain[["estimate", "se"]], rtol=1e-6)
    for form in ("ICC(C,1)", "ICC(C,k)"):
        at = plain["variable"] == form
        np.testing.assert_allclose(biased[at]["estimate"], plain[at]["estimate"], rtol=1e-10)
    for form in ("ICC(A,1)", "ICC(1)"):
        at = plain["variable"] == form
        assert (biased[at]["estimate"].to_numpy() < plain[at]["estimate"].to_numpy()).all()


def test_icc_of_perfect_agreement() -> None:
    table = sk.icc(np.tile(np.array([1.0, 2, 3, 4, 5])[:, None], 3)).table
    np.testing.assert_allclose(table["estimate"], 1.0)
    assert set(table["status"]) == {"one_value"}


def test_icc_at_another_level() -> None:
    frame = panel(gaps=0.0)
    a, b = sk.icc(frame).confint(0.8).table, sk.icc(frame, level=0.8).table
    np.testing.assert_allclose(a[["ci_low", "ci_high"]], b[["ci_low", "ci_high"]])
    assert (a["ci_low"] < a["estimate"]).all()
    assert (a["ci_high"] > a["estimate"]).all()
