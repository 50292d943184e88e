"""Imputation: who gives, who receives, what is refused, and what comes back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import survey_kit as sk
from survey_kit.errors import EstimationError, FrameError
from survey_kit.imputation.draws import pick
from survey_kit.imputation.matching import match, normal_draw
from survey_kit.instrument import Instrument, Item, Module, Scale
from survey_kit.responses import take


def sample(n: int = 240, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {"w": np.exp(rng.normal(0, 0.5, n)), "psu": np.arange(n) // 12, "id": [f"P{i}" for i in range(n)]}
    )
    frame["h"] = frame["psu"] // 5
    frame["sex"], frame["age"] = rng.integers(1, 3, n), rng.integers(18, 80, n).astype(float)
    frame["y"] = 10 * frame["sex"] + 0.1 * frame["age"] + rng.normal(0, 1, n)
    frame["z"] = frame["y"] - 5 + rng.normal(0, 1, n)
    frame.loc[rng.random(n) < 0.3, "y"] = np.nan
    frame.loc[rng.random(n) < 0.2, "z"] = np.nan
    return frame


def design(frame: Any) -> sk.Design:
    return sk.Design(frame, weight="w", strata="h", psu="psu")


# ---------------------------------------------------------------------------------------------------------- hot deck
def test_values_come_from_the_cell_and_nothing_else_changes() -> None:
    """Catches donors of other cells, a changed frame, and answers replaced."""
    frame = sample()
    before = frame.copy(deep=True)
    done = sk.hot_deck(design(frame), "y", cells="sex", times=4, rng=3)
    pd.testing.assert_frame_equal(frame, before)
    given = frame["y"].notna()
    for number, completed in enumerate(done.frames):
        assert completed["y"][given].equals(frame["y"][given])
        for sex in (1, 2):
            here = completed["sex"] == sex
            assert set(completed["y"][here & ~given]) <= set(frame["y"][here & given])
        assert completed["y_imputed"].tolist() == (~given).tolist() == done.mask("y").tolist()
        pd.testing.assert_frame_equal(completed.drop(columns=["y", "y_imputed"]), frame.drop(columns="y"))
        assert completed.equals(done.completed(number))


def test_no_respondent_is_named_in_what_is_told() -> None:
    """Catches donors' rows or ids in the log, the notes or what is shown."""
    done = sk.hot_deck(design(sample()), "y", cells=("sex",), times=2, rng=3)
    shown = repr(done) + done._repr_html_() + done.log.to_string() + " ".join(done.notes)
    assert "P1" not in shown
    assert set(done.log.columns) == {
        "item", "imputation", "cells_by", "cells", "imputed", "donors", "fewest_donors", "donors_used", "most_uses",
        "cells_not_redrawn",
    }  # fmt: skip


def test_more_imputations_leave_the_first_as_they_are() -> None:
    few, many = (sk.hot_deck(design(sample()), "y", cells="sex", times=times, rng=8) for times in (2, 5))
    assert few.completed(1).equals(many.completed(1))


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_frames_come_back_in_their_own_library(library: str) -> None:
    frame = sample(60)
    frame["word"] = np.where(frame["y"].isna(), None, np.where(frame["sex"] == 1, "low", "high"))
    given = {"pandas": frame, "polars": pl.from_pandas(frame), "pyarrow": pa.Table.from_pandas(frame)}[library]
    done = sk.hot_deck(given, ("y", "word"), cells="sex", times=2, rng=1, weight="w")
    back = done.completed(0)
    assert type(back) is type(given)
    expected = sk.hot_deck(frame, ("y", "word"), cells="sex", times=2, rng=1, weight="w").completed(0)
    assert sk.Design(back, weight="w").numbers("y").values.tolist() == expected["y"].tolist()
    assert sk.Design(back, weight="w").groups("word").codes.min() == 0


def test_types_and_categories_stay() -> None:
    frame = pd.DataFrame(
        {"w": 1.0, "c": pd.Categorical(["b", None, "a", "b"], categories=["b", "a", "never"])}, index=[7, 7, 3, 1]
    )
    completed = sk.hot_deck(frame, "c", cells=(), times=2, rng=1, weight="w").completed(0)
    assert completed["c"].dtype == frame["c"].dtype
    assert completed.index.tolist() == [7, 7, 3, 1]
    assert completed["c"].notna().all()


def test_items_of_one_tuple_come_from_one_donor() -> None:
    """Catches imputed pairs that nobody gave."""
    frame = sample()
    frame["copy"] = frame["y"] * 2
    done = sk.hot_deck(design(frame), [("y", "copy")], cells="sex", times=2, rng=3)
    for completed in done.frames:
        np.testing.assert_allclose(completed["copy"], 2 * completed["y"])


def test_cells_collapse_in_the_declared_order_and_say_so() -> None:
    frame = pd.DataFrame({"w": 1.0, "a": [1] * 6 + [2] * 6, "b": [1, 1, 1, 2, 2, 2] * 2, "y": np.arange(12.0)})
    frame.loc[[3, 4, 5], "y"] = np.nan  # a 1, b 2 has no donor
    with pytest.raises(EstimationError, match=r"a 1, b 2 \(0 donors\)(?s:.*)collapse=True"):
        sk.hot_deck(frame, "y", cells=("a", "b"), times=2, rng=1, weight="w")
    done = sk.hot_deck(frame, "y", cells=("a", "b"), times=2, rng=1, weight="w", collapse=True)
    assert set(done.completed(0)["y"][3:6]) <= {0.0, 1.0, 2.0}
    assert any("3 answers imputed in collapsed cells (a)" in note for note in done.notes)
    other = sk.hot_deck(frame, "y", cells=("a", "b"), times=2, rng=1, weight="w", collapse=[("b",)])
    assert set(other.completed(0)["y"][3:6]) <= {9.0, 10.0, 11.0}


def test_a_row_without_its_cell_waits_for_a_wider_one() -> None:
    frame = pd.DataFrame({"w": 1.0, "a": [1, 1, 1, None], "y": [1.0, 2, 3, None]})
    with pytest.raises(EstimationError, match="1 rows lack a value of a"):
        sk.hot_deck(frame, "y", cells="a", times=2, rng=1, weight="w")
    assert sk.hot_deck(frame, "y", cells="a", times=2, rng=1, weight="w", collapse=True).completed(1)["y"].notna().all()


def test_a_donor_is_not_used_more_often_than_allowed() -> None:
    frame = sample()
    frame.loc[frame.index % 3 > 0, "y"] = np.nan
    for draws in ("rows", None):
        done = sk.hot_deck(design(frame), "y", cells="sex", times=3, rng=3, reuse=4, draws=draws)
        assert done.log["most_uses"].max() <= 4
    with pytest.raises(EstimationError, match="to use 1 times each"):
        sk.hot_deck(design(frame), "y", cells="sex", times=3, rng=3, reuse=1)


def test_donors_are_drawn_by_weight() -> None:
    """Catches equal probabilities: the expected share of the heavy donor is 3/4."""
    drawn = pick(np.array([1.0, 0.0, 3.0]), 40_000, np.random.default_rng(2))
    share = np.bincount(drawn, minlength=3) / 40_000
    assert share[1] == 0
    assert abs(share[2] - 0.75) < 4 * np.sqrt(0.75 * 0.25 / 40_000)


def test_zero_weights_never_give() -> None:
    frame = pd.DataFrame({"w": [0.0, 1, 1, 1], "y": [99.0, 1, 2, np.nan]})
    done = sk.hot_deck(frame, "y", cells=(), times=30, rng=1, weight="w")
    assert all(completed["y"][3] < 99 for completed in done.frames)


# --------------------------------------------------------------------------------------------------------- responses
def answers() -> sk.responses.Responses:
    scale = Scale(codes=(1, 2, 3, 4), high=4)
    items = tuple(
        Item(id=name, text={"en": name}, scale=scale, missing={7: "not_asked", 8: "dont_know", 9: "refused"})
        for name in ("q1", "q2")
    )
    form = Instrument(id="tiny", version="1.0", modules=(Module(id="m", items=items),))
    frame = pd.DataFrame({"w": 1.0, "q1": [1, 2, 3, 4, 8, 9, 7, 7], "q2": [1, 2, 3, 4, 4, 3, 2, 1]})
    return take(frame, instruments={"": form}, required=("w",))


def test_only_declared_reasons_are_imputed_and_never_who_was_not_asked() -> None:
    """Catches answers invented for people who never got the question."""
    given = answers()
    with pytest.raises(EstimationError, match="Declare reasons"):
        sk.hot_deck(given, "q1", cells=(), times=2, rng=1, weight="w")
    with pytest.raises(EstimationError, match="never imputed"):
        sk.hot_deck(given, "q1", cells=(), times=2, rng=1, weight="w", reasons=("not_asked",))
    done = sk.hot_deck(given, "q1", cells=(), times=2, rng=1, weight="w", reasons="dont_know")
    back = done.completed(0)
    assert np.flatnonzero(done.mask("q1")).tolist() == [4]
    assert back.frame["q1"].isna().tolist() == [False] * 5 + [True] * 3
    assert back.missing["q1"].isna().tolist() == [True] * 5 + [False] * 3
    assert back.asked("q1").tolist() == given.asked("q1").tolist()
    assert given.missing["q1"].notna().sum() == 4
    assert back.data_status == given.data_status
    assert any("3 missing answers are of other reasons" in note for note in done.notes)


def test_a_design_on_responses_keeps_who_was_asked() -> None:
    made = sk.Design(answers(), weight="w")
    done = sk.hot_deck(made, "q1", cells=(), times=3, rng=1, reasons=("dont_know", "refused"))
    est = done.estimate(lambda completed: sk.mean(completed, "q1"))
    assert est.table["n"].tolist() == [6]
    recoded = done.derive(lambda a: sk.recode(a, {"high": ("q1", (3, 4))}))
    assert recoded.estimate(lambda completed: sk.mean(completed, "high")).table["n"].tolist() == [6]


# ------------------------------------------------------------------------------------------------ estimates and designs
def test_the_design_is_kept_whole() -> None:
    """Catches a completed design that lost calibration, replicates or lonely units."""
    frame = sample()
    raked = sk.rake(design(frame), {"sex": {1: 100.0, 2: 140.0}})
    done = sk.hot_deck(raked, "y", cells="sex", times=3, rng=1)
    for made in done.designs():
        assert made.layout is raked.layout
        assert made.assumptions() == raked.assumptions()
    replicated = sk.make_replicates(design(frame), "JKn")
    est = sk.hot_deck(replicated, "y", cells="sex", times=3, rng=1).estimate(lambda d: sk.mean(d, "y", by="sex"))
    assert (est.table["se"] > 0).all()


def test_changes_functions_and_models_are_combined() -> None:
    frame = sample().assign(year=lambda f: f["h"] % 2 + 2020)
    made = sk.Design(frame, weight="w", strata="h", psu="psu", wave="year")
    done = sk.hot_deck(made, ("y", "z"), cells="sex", times=4, rng=1)
    change = done.estimate(lambda d: sk.mean(d, "y", by="year").change("year"))
    assert change.table["from"].tolist() == [2020]
    ratio = done.estimate(lambda d: sk.mean(d, ("y", "z")).map(lambda m: m["z"] / m["y"], name="share"))
    assert ratio.table["variable"].tolist() == ["share"]
    params = done.estimate(lambda d: sk.ols(d, "y ~ z").params)
    assert params.table["variable"].tolist() == ["Intercept", "z"]
    assert any("imputed 4 times" in note for note in params.notes)
    with pytest.raises(EstimationError, match="\\.params"):
        done.estimate(lambda d: sk.ols(d, "y ~ z"))


def test_from_a_frame_the_design_is_declared_afterwards() -> None:
    done = sk.hot_deck(sample(), "y", cells="sex", times=2, rng=1, weight="w")
    with pytest.raises(EstimationError, match="not declared"):
        done.estimate(lambda d: sk.mean(d, "y"))
    est = done.estimate(lambda d: sk.mean(d, "y"), weight="w", strata="h", psu="psu")
    assert est.table["n"].tolist() == [240]
    with pytest.raises(EstimationError, match="declared before"):
        sk.hot_deck(design(sample()), "y", cells="sex", times=2, rng=1).designs(weight="w")


def test_without_missing_answers_nothing_is_added() -> None:
    frame = sample().assign(y=1.0 + sample()["age"])
    done = sk.hot_deck(design(frame), "y", cells="sex", times=3, rng=1)
    est, plain = done.estimate(lambda d: sk.mean(d, "y")), sk.mean(design(frame), "y")
    for name in ("estimate", "se", "df"):
        np.testing.assert_allclose(est.table[name], plain.table[name], rtol=1e-12)


# --------------------------------------------------------------------------------------------------------------- Rubin
def test_rubins_rules_by_hand() -> None:
    """Rubin (1987), eq. 3.1.2-3.1.8, with estimates 1, 2, 3 and variance 1 each: T = 1 + 4/3, df = 2 (1 + 1/r)^2, r = 4/3."""
    from survey_kit.estimate import from_fixed

    one = np.ones(1)
    parts = [
        from_fixed(
            head={"variable": ["y"], "category": [None]}, statistic="mean", estimate=q * one, factor=np.ones((1, 1)),
            df=np.inf * one, n=9 * one, weight_sum=one,
        )
        for q in (1.0, 2.0, 3.0)
    ]  # fmt: skip
    out = sk.combine(parts).table.iloc[0]
    np.testing.assert_allclose([out["estimate"], out["se"] ** 2, out["df"]], [2, 7 / 3, 2 * (1 + 3 / 4) ** 2])
    told = sk.missing_information(parts).iloc[0]
    nu = 2 * (7 / 4) ** 2
    np.testing.assert_allclose(told["missing_information"], (4 / 3 + 2 / (nu + 3)) / (7 / 3))


def test_only_alike_results_are_combined() -> None:
    made = design(sample())
    one, two = (sk.mean(made, name, missing="exclude") for name in ("y", "z"))
    with pytest.raises(EstimationError, match="same rows"):
        sk.combine([one, two])
    with pytest.raises(EstimationError, match="At least two"):
        sk.combine([one])


def test_domains_that_nobody_is_in_stay_empty() -> None:
    frame = sample().assign(group=pd.Categorical(["a"] * 240, categories=["a", "b"]))
    done = sk.hot_deck(design(frame), "y", cells="sex", times=3, rng=1)
    out = done.estimate(lambda d: sk.mean(d, "y", by="group")).table
    assert out["status"].tolist() == ["ok", "empty"]
    assert np.isnan(out["estimate"][1])


@pytest.mark.parametrize("interval", ["logit", "beta", "wilson"])
def test_intervals_of_shares_are_kept(interval: str) -> None:
    frame = sample().assign(high=lambda f: (f["y"] > 20).where(f["y"].notna()).astype(float))
    done = sk.hot_deck(design(frame), "high", cells="sex", times=5, rng=1)
    out = done.estimate(lambda d: sk.mean(d, "high", interval=interval))
    assert out.interval == interval
    assert out.table["ci_low"][0] > 0


# -------------------------------------------------------------------------------------------- predictive mean matching
def test_matching_takes_observed_values_near_the_prediction() -> None:
    frame = sample()
    done = sk.predictive_mean_matching(design(frame), "y ~ C(sex) + age", times=3, rng=2, donors=4)
    lost = frame["y"].isna()
    for completed in done.frames:
        assert set(completed["y"][lost]) <= set(frame["y"][~lost])
        gap = completed["y"][lost] - (10 * frame["sex"] + 0.1 * frame["age"])[lost]
        assert gap.abs().max() < 5  # another sex would be 10 away
        assert abs(gap.mean()) < 0.5
    assert done.log["donors_used"].min() > 20


def test_equal_predictions_are_all_donors_whatever_the_order() -> None:
    """Catches the first rows being taken again and again where predictors are categories only."""
    predicted, w = np.repeat([1.0, 2.0], 50), np.ones(100)
    drawn = match(predicted, w, np.full(2000, 2.3), 5, np.random.default_rng(1))
    assert set(drawn.tolist()) == set(range(50, 100))


@pytest.mark.parametrize("shift", [0.0, 1e8])
def test_the_nearest_are_found_as_by_looking_at_all(shift: float) -> None:
    """Catches a window that misses donors on one side or at the ends."""
    rng = np.random.default_rng(4)
    predicted, wanted = shift + rng.normal(size=60).round(3), shift + np.linspace(-5, 5, 41)
    w = rng.uniform(1, 2, 60)
    for k in (1, 3, 60, 99):
        seen = [set() for _ in wanted]
        for _ in range(60):
            for place, donor in zip(seen, match(predicted, w, wanted, k, rng).tolist(), strict=True):
                place.add(donor)
        for place, at in zip(seen, wanted, strict=True):
            distance = np.abs(predicted - at)
            reach = np.sort(distance)[min(k, 60) - 1]
            assert distance[list(place)].max() <= reach + 1e-6


def test_drawn_parameters_have_the_sandwich_covariance() -> None:
    """Catches parameters that vary too little, by rows instead of units: the moments of 4,000 draws."""
    frame = sample().dropna()
    made = sk.ols(sk.Design(frame, weight="w", strata="h", psu="psu"), "y ~ age").params
    x = np.column_stack([np.ones(len(frame)), frame["age"]])
    y, w = frame["y"].to_numpy(), frame["w"].to_numpy()
    _, unit = np.unique(frame["psu"], return_inverse=True)
    stratum = np.unique(np.column_stack([unit, frame["h"]]), axis=0)[:, 1]
    rng = np.random.default_rng(9)
    beta = made.table["estimate"].to_numpy()
    drawn = np.stack([normal_draw(x, y, w, beta, (unit, stratum), rng) for _ in range(4000)])
    expected = made.vcov() * len(y) / (len(y) - 2)
    size = np.sqrt(np.outer(*[np.diag(expected)] * 2))
    np.testing.assert_allclose(np.cov(drawn.T) / size, expected / size, atol=0.1)


def test_several_items_in_turn_and_in_circles() -> None:
    frame = sample()
    chain = sk.predictive_mean_matching(design(frame), ("z ~ C(sex) + age", "y ~ z + C(sex)"), times=2, rng=1)
    assert chain.log["pass"].max() == 1
    circle = sk.predictive_mean_matching(design(frame), ("y ~ z + C(sex)", "z ~ y + age"), times=2, rng=1, iterations=4)
    assert circle.log["pass"].max() == 4
    for done in (chain, circle):
        completed = done.completed(0)
        assert completed[["y", "z"]].notna().all().all()
        lost = frame["y"].isna()
        assert np.corrcoef(completed["y"][lost], completed["z"][lost])[0, 1] > 0.9


@pytest.mark.parametrize("draws", ["normal", "rows", "units"])
def test_binary_and_ordered_items(draws: Any) -> None:
    frame = sample()
    frame["high"] = (frame["y"] > 18).where(frame["y"].notna()).astype(float)
    level = pd.cut(frame["y"], [0, 14, 20, 99], labels=["low", "middle", "top"])
    frame["level"] = level
    done = sk.predictive_mean_matching(
        design(frame), ("high ~ age + C(sex)", "level ~ high + age"), times=2, rng=1, draws=draws
    )
    completed = done.completed(1)
    assert set(completed["high"]) == {0.0, 1.0}
    assert completed["level"].dtype == level.dtype
    assert completed["level"].notna().all()


def test_the_frame_library_does_not_matter_to_matching() -> None:
    frame = sample()
    ours = sk.predictive_mean_matching(frame, "y ~ age + C(sex)", times=2, rng=1, weight="w").completed(0)
    theirs = sk.predictive_mean_matching(
        pl.from_pandas(frame), "y ~ age + C(sex)", times=2, rng=1, weight="w"
    ).completed(0)
    assert isinstance(theirs, pl.DataFrame)
    assert theirs["y"].to_list() == ours["y"].tolist()


# ------------------------------------------------------------------------------------------------------------- refused
HOT = {"cells": "sex", "times": 2, "rng": 1}
PMM = {"times": 2, "rng": 1}


@pytest.mark.parametrize(
    ("change", "more", "told"),
    [
        ({}, {"times": 1}, "At least two imputations"),
        ({}, {"rng": -1}, "a generator or a seed"),
        ({}, {"draws": "some"}, "not a kind of draws"),
        ({}, {"reuse": 0}, "number of 1 or more"),
        ({}, {"reasons": "refused"}, "do not say why"),
        ({}, {"cells": ("sex", "y")}, "cannot form the cells"),
        ({"y": np.nan}, {}, "Nobody answered 'y'"),
    ],
)
def test_what_a_hot_deck_refuses(change: dict[str, Any], more: dict[str, Any], told: str) -> None:
    with pytest.raises(EstimationError, match=told):
        sk.hot_deck(design(sample().assign(**change)), "y", **{**HOT, **more})


def test_what_is_refused_of_frames_and_weights() -> None:
    frame = sample()
    with pytest.raises(EstimationError, match="needs its weights"):
        sk.hot_deck(frame, "y", **HOT)
    with pytest.raises(EstimationError, match="negative weight"):
        sk.hot_deck(frame.assign(w=-1.0), "y", **HOT, weight="w")
    with pytest.raises(EstimationError, match="Weights are missing"):
        sk.hot_deck(frame.assign(w=np.nan), "y", **HOT, weight="w")
    with pytest.raises(EstimationError, match="needs a design"):
        sk.hot_deck(frame, "y", **HOT, weight="w", draws="units")
    with pytest.raises(EstimationError, match="belongs to the design"):
        sk.hot_deck(design(frame), "h", **HOT)
    with pytest.raises(EstimationError, match="nothing to impute"):
        sk.hot_deck(design(frame), (), **HOT)
    with pytest.raises(EstimationError, match="takes column names"):
        sk.hot_deck(design(frame), 7, **HOT)
    with pytest.raises(FrameError, match="not a data frame"):
        sk.hot_deck([1, 2], "y", **HOT, weight="w")
    with pytest.raises(EstimationError, match="no estimates"):
        sk.combine([frame, frame])
    with pytest.raises(EstimationError, match="no estimates"):
        sk.link_series(frame, frame, key="wave", bridge=1)
    with pytest.raises(FrameError, match="did you mean 'sex'"):
        sk.hot_deck(design(frame), "y", **{**HOT, "cells": "sexx"})
    with pytest.raises(FrameError, match="no column 'trust'"):
        sk.hot_deck(design(frame), "trust", **HOT)
    with pytest.raises(FrameError, match="infinite"):
        sk.hot_deck(design(frame.assign(y=np.inf)), "y", **HOT)
    with pytest.raises(FrameError, match="already has a column"):
        sk.hot_deck(design(frame.assign(y_imputed=0)), "y", **HOT).completed(0)
    with pytest.raises(EstimationError, match="was not imputed"):
        sk.hot_deck(design(frame), "y", **HOT).mask("z")


@pytest.mark.parametrize(
    ("formula", "more", "told"),
    [
        ("y ~ agee", {}, "did you mean 'age'"),
        ("income ~ age", {}, "no column 'income'"),
        ("y ~ z", {}, "'z' of 'y' has missing values"),
        ("y ~ y + age", {}, "cannot predict itself"),
        ("age", {}, "one item and its predictors"),
        ("y ~ (age", {}, "cannot be read"),
        ("y ~ np.log(age - age)", {}, "not finite"),
        ("y ~ np.nothing(age)", {}, "cannot be computed"),
        ("id ~ age", {}, "without an order"),
        ("y ~ age", {"donors": 0}, "number of 1 or more"),
        ("y ~ age", {"times": 0}, "At least two"),
        ("y ~ age", {"draws": "bayes"}, "not a kind of draws"),
        ((), {}, "nothing to impute"),
        (("y ~ age", "y ~ sex"), {}, "stands twice"),
        (7, {}, "A formula is text"),
    ],
)
def test_what_matching_refuses(formula: Any, more: dict[str, Any], told: str) -> None:
    frame = sample()
    frame.loc[0, "id"] = None
    given = [formula] if isinstance(formula, int) else formula
    with pytest.raises(EstimationError, match=told):
        sk.predictive_mean_matching(design(frame), given, **{**PMM, **more})


def test_too_few_answers_for_the_predictors() -> None:
    frame = sample()
    frame.loc[3:, "y"] = np.nan
    with pytest.raises(EstimationError, match="Too few answered"):
        sk.predictive_mean_matching(design(frame), "y ~ age + C(sex)", **PMM)
