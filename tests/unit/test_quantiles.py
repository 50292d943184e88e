"""Definitions of quantiles, and the seams: ties, ends, empty and one-value domains, few PSUs, negative weights, bad input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.estimate.quantile_cells import gather, weigh
from survey_kit.estimate.quantile_rules import RULES

NUMPY = {
    "math": "inverted_cdf",
    "hf1": "inverted_cdf",
    "school": "averaged_inverted_cdf",
    "hf2": "averaged_inverted_cdf",
    "hf4": "interpolated_inverted_cdf",
    "hf5": "hazen",
    "hf6": "weibull",
    "hf7": "linear",
    "hf8": "median_unbiased",
    "hf9": "normal_unbiased",
}


def points(rule: str, y: Any, w: Any, p: Any) -> Any:
    y, p = np.asarray(y, dtype=float), np.asarray(p, dtype=float)
    cell = np.zeros(len(y), dtype=np.int64)
    at = weigh(gather(y, cell, 1), np.asarray(w, dtype=float))
    return RULES[rule].point(at, np.zeros(len(p), dtype=np.int64), p)


def sample(y: Any, w: Any = 1.0, **columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"y": np.asarray(y, dtype=float), "w": w, **columns})


# --------------------------------------------------------------------------------------------------------- definitions
@pytest.mark.parametrize("rule", NUMPY)
@pytest.mark.parametrize("n", [1, 2, 5, 40])
def test_equal_weights_give_the_quantiles_everybody_knows(rule: str, n: int) -> None:
    """With ties, too; and a weight of 0.37 is no other than one of 1, although its multiples are rounded."""
    rng = np.random.default_rng(n)
    p = np.linspace(0, 1, 61)
    for y in (rng.normal(size=n), rng.integers(0, 5, n).astype(float), rng.integers(0, 5, n) / 2):
        expected = np.quantile(y, p, method=NUMPY[rule])
        for weight in (1.0, 0.37, 1 / 3, 1e-9):
            np.testing.assert_allclose(points(rule, y, np.full(n, weight), p), expected, rtol=1e-12, atol=1e-12)


def test_a_weight_is_that_many_rows() -> None:
    rng = np.random.default_rng(2)
    y, w = rng.integers(0, 30, 25).astype(float), rng.integers(1, 6, 25)
    p = np.linspace(0, 1, 101)
    for rule in ("math", "school", "grouped"):
        np.testing.assert_allclose(
            points(rule, y, w, p), points(rule, np.repeat(y, w), np.ones(w.sum()), p), rtol=1e-12, err_msg=rule
        )


def test_below_the_smallest_row_the_quantile_is_that_row() -> None:
    """R 4.1 gives 2 for math and school, and less than the smallest value for hf4."""
    for rule in ("math", "school", "hf4"):
        assert points(rule, [1, 2, 3, 4], [1, 1, 1, 1], [0.1])[0] == 1


def test_rows_without_weight_are_absent() -> None:
    for rule in RULES:
        with_them = points(rule, [0, 1, 2, 2, 3, 9], [0, 1, 2, 0, 1, 0], [0.0, 0.3, 0.5, 0.75, 1.0])
        np.testing.assert_array_equal(with_them, points(rule, [1, 2, 3], [1, 2, 1], [0.0, 0.3, 0.5, 0.75, 1.0]))


def test_many_equal_weights_reach_their_half_in_spite_of_rounding() -> None:
    """A sum of a million thirds is wrong in its eleventh digit, always in the same direction."""
    n = 1_000_000
    assert points("school", np.arange(n), np.full(n, 1 / 3), [0.5])[0] == n / 2 - 0.5
    assert points("math", np.arange(n), np.full(n, 1 / 3), [0.1])[0] == n / 10 - 1


def test_whole_numbers_by_table_are_those_by_sorting() -> None:
    rng = np.random.default_rng(4)
    y, code, w = rng.integers(-3, 8, 500).astype(float), rng.integers(0, 7, 500), rng.uniform(1, 3, 500)
    code[code == 4] = 5
    table, sort = weigh(gather(y, code, 8), w), weigh(gather(y + 0.25, code, 8), w)
    np.testing.assert_array_equal(table.value + 0.25, sort.value)
    for name in ("weight", "cum", "count", "start", "total", "rows"):
        np.testing.assert_array_equal(getattr(table, name), getattr(sort, name), err_msg=name)


def test_negative_weights_leave_the_first_value_that_reaches_p() -> None:
    """Cumulative weights 2, 1, 4, 3, 5 of 5: p = 0.35 is first reached at 1, p = 0.7 at 3."""
    y, w = [1, 2, 3, 4, 5], [2, -1, 3, -1, 2]
    np.testing.assert_array_equal(points("math", y, w, [0.0, 0.35, 0.41, 0.7, 0.81, 1.0]), [1, 1, 3, 3, 5, 5])
    p = np.linspace(0, 1, 101)
    for rule in RULES:
        found = points(rule, y, w, p)
        assert np.isfinite(found).all(), rule
        assert (np.diff(found) >= 0).all(), rule


# ------------------------------------------------------------------------------------------------------ ties and spread
def trust(n: int = 300, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return sample(
        np.clip(np.round(rng.normal(6.2, 2.2, n)), 0, 10), rng.uniform(0.7, 1.4, n), half=rng.integers(0, 2, n)
    )


def test_a_quantile_on_a_heavy_value_is_said_to_be_one() -> None:
    """On a 0-10 scale every definition gives 6 and a standard error that is the scale's step over 2t."""
    design = sk.Design(trust(), weight="w")
    for rule in ("math", "school", "hf4", "hf7", "shahvaish"):
        est = sk.median(design, "y", rule=rule)
        assert est.table["estimate"][0] == 6
        assert est.table["status"][0] == "tied"
        assert any("grouped_median" in note for note in est.notes)
    apart = sk.median(design, "y", by="half")
    assert apart.change("half").table["status"][0] == "tied"
    smooth = sk.grouped_median(design, "y", by="half")
    assert smooth.table["status"].tolist() == ["ok", "ok"]
    assert smooth.change("half").table["status"][0] == "ok"
    assert not any("grouped_median" in note for note in smooth.notes)


def test_a_value_may_weigh_less_than_the_interval_and_still_decide_it() -> None:
    """Eleven answers of 9 % each, an interval of 14 %: the standard error is one step over 2t whatever the sample says."""
    frame = sample(np.repeat(np.arange(11), 18), 1.0)
    row = sk.median(sk.Design(frame, weight="w"), "y").table.iloc[0]
    assert (row["status"], row["ci_high"] - row["ci_low"]) == ("tied", 1)


def test_a_continuous_quantile_is_not_called_tied() -> None:
    rng = np.random.default_rng(3)
    design = sk.Design(sample(rng.normal(size=40), rng.uniform(1, 9, 40)), weight="w")
    assert sk.quantile(design, "y", (0.3, 0.5, 0.7)).table["status"].tolist() == ["ok"] * 3


def test_the_grouped_median_by_hand() -> None:
    """Shares .1 .2 .4 .3: half is reached .2 into the .4 of class 3, so 2.5 + .2 / .4."""
    frame = sample([1, 2, 3, 4], [1.0, 2, 4, 3])
    assert sk.grouped_median(sk.Design(frame, weight="w"), "y").table["estimate"][0] == pytest.approx(3.0, rel=1e-15)
    quarter = sk.grouped_median(sk.Design(frame, weight="w"), "y", p=0.25).table
    assert quarter["estimate"][0] == pytest.approx(2.25, rel=1e-15)
    assert quarter["category"].tolist() == [0.25]
    wide = sk.grouped_median(sk.Design(frame.assign(y=25 * frame["y"]), weight="w"), "y", width=25).table
    np.testing.assert_allclose(wide["se"], 25 * sk.grouped_median(sk.Design(frame, weight="w"), "y").table["se"])


def test_half_reached_between_two_classes() -> None:
    """Touching classes: their border. A class without answers between them: the middle of the gap, and no density."""
    touching = sk.grouped_median(sk.Design(sample([1, 1, 2, 2]), weight="w"), "y").table
    assert (touching["estimate"][0], touching["status"][0]) == (1.5, "ok")
    gap = sk.grouped_median(sk.Design(sample([1, 1, 4, 4]), weight="w"), "y").table
    assert (gap["estimate"][0], gap["status"][0]) == (2.5, "no_interval")
    assert np.isnan(gap["se"][0])


# -------------------------------------------------------------------------------------------------------------- domains
@dataclass(frozen=True)
class Answers:
    frame: pd.DataFrame
    rows: dict[str, Any]

    def asked(self, name: str) -> Any:
        return self.rows.get(name)


def test_empty_one_value_lonely_and_not_asked_domains() -> None:
    rng = np.random.default_rng(6)
    dom = pd.Categorical(
        ["many"] * 40 + ["same"] * 10 + ["lone"] * 5 + ["mute"] * 5, ["many", "same", "lone", "mute", "nobody"]
    )
    y = np.concatenate([rng.normal(size=40), np.full(10, 7.25), rng.normal(size=5), np.full(5, np.nan)])
    frame = sample(y, 1.0, dom=dom, psu=np.concatenate([np.arange(50) % 8, np.full(5, 3), np.arange(5)]))
    design = sk.Design(Answers(frame, {"y": (dom != "mute")}), weight="w", psu="psu")
    for call in (sk.median, lambda d, y, **k: sk.quantile(d, y, (0.5,), rule="hf7", **k)):
        table = call(design, "y", by="dom", missing="exclude").table.set_index("dom")
        assert table["status"].to_dict() == {
            "many": "ok",
            "same": "one_value",
            "lone": "no_df",
            "mute": "not_asked",
            "nobody": "empty",
        }
        assert table.loc["same", ["estimate", "se"]].tolist() == [7.25, 0.0]
        assert table.loc[["same", "lone"], ["ci_low", "ci_high"]].isna().all(axis=None)
        assert np.isfinite(table.loc["lone", "estimate"])
        assert table.loc[["mute", "nobody"], ["estimate", "se", "ci_low", "ci_high", "df"]].isna().all(axis=None)
        assert table["n"].tolist() == [40, 10, 5, 0, 0]
    est = sk.median(design, "y", by="dom", missing="exclude")
    v = est.vcov()
    np.testing.assert_array_equal(v[np.ix_([1, 3, 4], [0, 1, 3, 4])], 0)  # no spread, or no estimate
    assert np.isnan(v[2, 2])
    assert est.difference({"dom": "many"}, {"dom": "nobody"}).table["status"][0] == "empty"


def test_the_ends_of_the_data() -> None:
    rng = np.random.default_rng(8)
    design = sk.Design(sample(rng.normal(size=30), rng.uniform(1, 2, 30)), weight="w")
    for rule in RULES:
        if rule == "grouped":
            continue
        est = sk.quantile(design, "y", (0.0, 0.98, 1.0), rule=rule)
        table = est.table
        assert table["status"].tolist() == ["no_interval"] * 3
        assert table[["se"]].isna().all(axis=None)
        assert any("woodruff_logit" in note for note in est.notes)
        assert table["estimate"].tolist()[::2] == [design.frame["y"].min(), design.frame["y"].max()]
    further = sk.quantile(design, "y", 0.9, interval="woodruff_logit").table
    assert further["status"].tolist() == ["ok"]
    change = sk.quantile(design, "y", (0.5, 1.0)).linear([[1.0, -1.0]]).table
    assert np.isnan(change["se"][0])  # an unknown standard error is not zero


def test_calibrated_weights_below_zero_are_told() -> None:
    rng = np.random.default_rng(9)
    x = rng.normal(3, 1, 80).round(2)
    frame = sample(x + rng.normal(size=80), rng.uniform(1, 2, 80), x=x, one=1.0)
    size = float(frame["w"].sum())
    design = sk.calibrate(sk.Design(frame, weight="w"), {"one": size, "x": 4.4 * size})
    w = design.layout.weight
    assert (w < 0).sum() > 5
    est = sk.quantile(design, "y", (0.1, 0.5, 0.9), interval="woodruff_logit")
    assert any("negative weights" in note for note in est.notes)
    order = np.argsort(frame["y"].to_numpy())
    share = np.cumsum(w[order]) / w.sum()
    first = [frame["y"].to_numpy()[order][np.flatnonzero(share >= p)[0]] for p in (0.1, 0.5, 0.9)]
    assert est.table["estimate"].tolist() == first
    assert np.isfinite(est.table["se"]).all()
    assert not any("negative weights" in note for note in sk.median(sk.Design(frame, weight="w"), "y").notes)


# ---------------------------------------------------------------------------------------------------------- replicates
def test_a_jackknife_of_quantiles_is_told_to_be_inconsistent() -> None:
    """Woodruff's interval from the same replicates is consistent; so is the grouped median."""
    frame = trust(120).assign(psu=np.arange(120) % 12, z=np.random.default_rng(1).normal(size=120))
    jackknife = sk.make_replicates(sk.Design(frame, weight="w", psu="psu"), "JK1")
    bootstrap = sk.make_replicates(sk.Design(frame, weight="w", psu="psu"), "bootstrap", replicates=30, rng=1)

    def told(est: sk.Estimates) -> bool:
        return any("jackknife" in note and "consistent" in note for note in est.notes)

    assert told(sk.median(jackknife, "z", interval="wald"))
    assert not told(sk.median(jackknife, "z"))
    assert not told(sk.grouped_median(jackknife, "y"))
    assert not told(sk.median(bootstrap, "z", interval="wald"))


def test_replicates_that_never_move_the_quantile_give_no_standard_error_to_trust() -> None:
    frame = sample([1] * 10 + [2] * 30 + [3] * 10, 1.0, psu=np.arange(50) % 10)
    design = sk.make_replicates(sk.Design(frame, weight="w", psu="psu"), "JK1")
    row = sk.median(design, "y", interval="wald").table.iloc[0]
    assert (row["status"], row["se"]) == ("tied", 0)


# ------------------------------------------------------------------------------------------- the distribution function
def test_the_distribution_function() -> None:
    frame = trust(50)
    design = sk.Design(frame, weight="w")
    every = sk.cdf(design, "y")
    np.testing.assert_array_equal(every.table["category"].tolist(), np.unique(frame["y"]))
    assert every.table["estimate"].iloc[-1] == 1
    assert (np.diff(every.table["estimate"]) > 0).all()
    beyond = sk.cdf(design, "y", (-3, 5.5, 99), interval="beta").table
    np.testing.assert_allclose(beyond["estimate"], [0, frame["w"][frame["y"] <= 5].sum() / frame["w"].sum(), 1])
    assert beyond["ci_high"][0] < 0.08  # nobody so low among 50
    shares = sk.proportion(design, "y").linear(np.tril(np.ones((len(every.table),) * 2)))
    np.testing.assert_allclose(every.table["se"], shares.table["se"], rtol=1e-9, atol=1e-14)


# ------------------------------------------------------------------------------------------------------------ bad input
def test_what_cannot_be_asked() -> None:
    rng = np.random.default_rng(5)
    design = sk.Design(sample(rng.normal(size=300)).assign(half=np.arange(300) % 5 / 2), weight="w")
    wrong: dict[str, Any] = {
        "shares from 0 to 1": lambda: sk.quantile(design, "y", (0.5, 50)),
        "each once": lambda: sk.quantile(design, "y", (0.5, 0.5)),
        "did you mean 'math'": lambda: sk.quantile(design, "y", rule="maths"),
        "did you mean 'woodruff'": lambda: sk.median(design, "y", interval="woodruf"),  # type: ignore[arg-type]
        "definition 3 goes by even ranks": lambda: sk.median(design, "y", rule="hf3"),
        "0.5 apart, classes of width 1": lambda: sk.grouped_median(design, "half"),
        "between 0 and 1": lambda: sk.grouped_median(design, "half", p=1.0, width=0.5),
        "width of classes is positive": lambda: sk.grouped_median(design, "half", width=0.0),
        "too many values": lambda: sk.cdf(design, "y"),
        "points that differ": lambda: sk.cdf(design, "y", (1, 1)),
    }
    for text, call in wrong.items():
        with pytest.raises(sk.SurveyKitError) as fault:
            call()
        assert text in str(fault.value), text
    assert sk.grouped_median(design, "half", width=0.5).table["status"][0] == "ok"


def test_classes_of_domains_coded_apart_do_not_overlap() -> None:
    """Values of one domain may lie between those of another."""
    frame = sample([1, 2, 2, 1.5, 2.5, 2.5], 1.0, dom=[1, 1, 1, 2, 2, 2])
    assert sk.grouped_median(sk.Design(frame, weight="w"), "y", by="dom").table["status"].tolist() == ["ok", "ok"]
