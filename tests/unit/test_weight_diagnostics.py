"""What is said of weights: by domain, the largest, margins, the effect of every step, plans beside each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.errors import SurveyKitError, WeightingError
from survey_kit.weighting import (
    CalibrateToEstimates,
    Household,
    Nonresponse,
    PostStratify,
    Propensity,
    Rake,
    Trim,
    WeightingPlan,
    compare_plans,
)

SEX, AGE = {"f": 520.0, "m": 480.0}, {"y": 300.0, "m": 400.0, "o": 300.0}


def people(n: int = 240) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"w": rng.uniform(1, 3, n), "psu": np.arange(n) // 8, "h": np.arange(n) // 80})
    frame["sex"], frame["age"] = rng.choice(["f", "m"], n), rng.choice(["y", "m", "o"], n)
    frame["area"] = rng.choice(["a", "b", "c"], n)
    frame["adults"] = rng.integers(1, 6, n)
    frame["r"] = rng.random(n) < np.where(frame["area"] == "a", 0.5, 0.8)
    frame["y"] = (rng.normal(50, 10, n) + 8 * (frame["sex"] == "f")).where(frame["r"])
    frame["x"] = rng.uniform(1, 2, n)
    frame["id"] = [f"person {k}" for k in range(n)]
    frame["wave"] = np.arange(n) % 2 + 2025
    return frame


FRAME = people()
STEPS = (
    Household(members="adults", cap=4),
    Nonresponse(respondent="r", by="area"),
    Rake(margins={"sex": SEX, "age": AGE}),
)
PLAN = WeightingPlan(steps=STEPS)


def design(frame: pd.DataFrame = FRAME, **more: Any) -> sk.Design:
    return sk.Design(frame, weight="w", strata="h", psu="psu", **more)


MADE = PLAN.apply(design(case="id"))


# ------------------------------------------------------------------------------------------------------------ by domain
def test_domains_are_described_as_computed_by_hand() -> None:
    told = MADE.by(["area", "sex"]).set_index(["area", "sex"])
    inside = FRAME["r"]
    assert told["n"].sum() == inside.sum()
    for (area, sex), row in told.iterrows():
        w = MADE.values[inside & (FRAME["area"] == area) & (FRAME["sex"] == sex)]
        by_hand = [len(w), w.sum(), w.min(), np.median(w), w.max(), len(w) * (w**2).sum() / w.sum() ** 2]
        np.testing.assert_allclose(row[["n", "sum", "min", "median", "max", "deff"]].astype(float), by_hand, rtol=1e-12)
        assert row["n_effective"] == pytest.approx(len(w) / by_hand[-1])


def test_cases_without_a_level_have_a_line_of_their_own() -> None:
    frame = FRAME.assign(town=FRAME["area"].where(FRAME["area"] != "c"))
    told = PLAN.apply(design(frame)).by("town")
    assert told["town"].isna().tolist() == [False, False, True]
    assert told["n"].sum() == FRAME["r"].sum()


def test_every_wave_has_its_log() -> None:
    totals = {2025: SEX, 2026: SEX}
    both = WeightingPlan(
        steps=(STEPS[0], Nonresponse(respondent="r", by="area"), PostStratify(by="sex", totals=totals))
    )
    made = both.apply(design(wave="wave", nest=True))
    log = made.by_wave()
    assert log["step"].tolist() == ["start", "household", "nonresponse", "post_stratify"] * 2
    assert log["note"].tolist() == made.log["note"].tolist() * 2
    for column in ("rows", "changed", "fell_out", "sum"):
        np.testing.assert_allclose(log.groupby(log.index % 4)[column].sum(), made.log[column], rtol=1e-12)
    here = FRAME["r"] & (FRAME["wave"] == 2026)
    w = made.values[here]
    np.testing.assert_allclose(
        log.iloc[-1][["sum", "deff"]].astype(float), [1000, len(w) * (w**2).sum() / 1e6], rtol=1e-9
    )
    assert "Wave 2025" in made.story()
    assert MADE.by_wave()["wave"].isna().all()


# ---------------------------------------------------------------------------------------------------------- the largest
def test_the_largest_weights_and_who_has_them() -> None:
    told = MADE.largest(4)
    order = np.argsort(-MADE.values, kind="stable")[:4]
    np.testing.assert_array_equal(told["weight"], MADE.values[order])
    for name in ("area", "sex", "age"):
        assert told[name].tolist() == FRAME[name].iloc[order].tolist()
    factors = told[["start", "1 household", "2 nonresponse", "3 rake"]].prod(axis=1)
    np.testing.assert_allclose(factors, told["weight"], rtol=1e-12)
    np.testing.assert_allclose(told["times_median"], told["weight"] / np.median(MADE.values[FRAME["r"]]))
    assert {"id", "row"}.isdisjoint(told.columns)


def test_ids_are_for_the_field_only() -> None:
    assert MADE.largest(2, ids=True)["id"].str.startswith("person").all()
    with pytest.raises(WeightingError, match="Who a case is"):
        MADE.largest(2, show=["id"])
    with pytest.raises(WeightingError, match="not by single cases"):
        MADE.by("id")
    assert MADE.largest(2, show=["adults"]).columns[0] == "adults"


# ---------------------------------------------------------------------------------------------------------- the margins
def test_margins_before_and_after() -> None:
    told = MADE.margins().set_index("level")
    assert set(told.index) == {"sex=f", "sex=m", "age=m", "age=o", "age=y"}
    r = FRAME["r"].to_numpy()
    for name, margin in (("sex", SEX), ("age", AGE)):
        for level, target in margin.items():
            here, row = (FRAME[name] == level).to_numpy(), told.loc[f"{name}={level}"]
            assert row["target"] == target
            assert row["n"] == (here & r).sum()
            assert row["start"] == pytest.approx(FRAME["w"][here & r].sum())
            assert row["final"] == pytest.approx(target, rel=1e-9)
    trimmed = WeightingPlan(steps=(*STEPS, Trim(ratio=1.5))).apply(design()).margins().set_index("level")
    assert trimmed["missed"].abs().max() > 1e-4
    np.testing.assert_allclose(trimmed["after"], trimmed["target"], rtol=1e-9)
    np.testing.assert_allclose(trimmed["final"] / trimmed["target"] - 1, trimmed["missed"], atol=1e-15)


# ---------------------------------------------------------------------------------------------------------- the effects
def chain(w: np.ndarray, steps: tuple[Any, ...]) -> float:
    """Make the weights anew from other base weights; give the mean of y."""
    frame = FRAME.assign(w=w)
    values = WeightingPlan(steps=steps).apply(design(frame)).values if steps else w
    some = FRAME["y"].notna().to_numpy()
    return float(np.average(FRAME["y"][some], weights=values[some]))


@pytest.mark.parametrize("steps", [STEPS, (Propensity(respondent="r", levels="area", numbers="x"), STEPS[2])], ids=str)
def test_the_error_of_a_change_is_the_infinitesimal_jackknife(steps: tuple[Any, ...]) -> None:
    """Every unit's weight is moved a little and the whole plan taken anew, before and after the last step."""
    told = WeightingPlan(steps=steps).apply(design()).effects("y")
    w, eps = FRAME["w"].to_numpy(), 1e-5

    def change(weights: np.ndarray, upto: int, against: int) -> float:
        return chain(weights, steps[:upto]) - chain(weights, steps[:against])

    for column, against in (("change", len(steps) - 1), ("since_start", 0)):
        variance = 0.0
        for _, units in FRAME.groupby("h")["psu"]:
            t = []
            for unit in units.unique():
                up, down = (np.where(FRAME["psu"] == unit, w * (1 + s * eps), w) for s in (1, -1))
                t.append((change(up, len(steps), against) - change(down, len(steps), against)) / (2 * eps))
            n = len(t)
            variance += n / (n - 1) * float(((np.array(t) - np.mean(t)) ** 2).sum())
        last = told.iloc[-1]
        assert last[column] == pytest.approx(change(w, len(steps), against), rel=1e-8)
        assert last[f"{column}_se"] == pytest.approx(np.sqrt(variance), rel=1e-4)
    assert told["step"].tolist() == ["start", *(step.kind for step in steps)]


def test_effects_with_replicates_are_the_spread_of_the_replicates_changes() -> None:
    steps = (*STEPS, Trim(ratio=1.8))
    made = WeightingPlan(steps=steps).apply(sk.make_replicates(design(), "JKn"))
    told = made.effects("y")
    some = FRAME["y"].notna().to_numpy()

    def means(weights: Any) -> np.ndarray:
        return np.array([np.average(FRAME["y"][some], weights=w[some]) for w in weights])

    before = WeightingPlan(steps=STEPS).apply(sk.make_replicates(design(), "JKn"))
    d = means(made.replicates()) - means(before.replicates())
    c = made.design.replicates.scale * np.asarray(made.design.replicates.rscales)
    se = np.sqrt((c * (d - d.mean()) ** 2).sum())
    assert told["change_se"].iloc[-1] == pytest.approx(se, rel=1e-10)
    assert told["change"].iloc[-1] == pytest.approx(
        chain(FRAME["w"].to_numpy(), steps) - chain(FRAME["w"].to_numpy(), STEPS)
    )


def test_a_step_without_derivative_has_a_point_and_no_error() -> None:
    steps = (*STEPS, Trim(ratio=1.8))
    told = WeightingPlan(steps=steps).apply(design()).effects("y")
    assert told["estimate"].iloc[-1] == pytest.approx(chain(FRAME["w"].to_numpy(), steps))
    assert told[["se", "change_se", "since_start_se"]].iloc[-1].isna().all()
    assert told["se"].iloc[:-1].notna().all()
    assert told["change"].iloc[-1] == pytest.approx(told["estimate"].iloc[-1] - told["estimate"].iloc[-2])


def test_estimated_targets_add_their_variance_to_a_change() -> None:
    """After calibration the counts are the targets alone, which do not depend on the sample: the variances add up."""
    step = CalibrateToEstimates(controls={"sex": {"f": 250, "m": 230}}, se=(6, 8))
    told = WeightingPlan(steps=(step, Household(members="adults", cap=1))).apply(design())
    rows = told.effects(lambda d: sk.count(d, "sex")).set_index(["number", "category"])
    for level, se in (("f", 6), ("m", 8)):
        assert rows.loc[(1, level), "se"] == pytest.approx(se)
        assert rows.loc[(1, level), "change_se"] == pytest.approx(np.hypot(se, rows.loc[(0, level), "se"]))
        assert rows.loc[(2, level), "change_se"] == pytest.approx(0, abs=1e-6)
    plans = {
        "plain": WeightingPlan(steps=STEPS),
        "same": WeightingPlan(steps=(*STEPS, step)),
        "again": WeightingPlan(steps=(*STEPS, step)),
    }
    pair = compare_plans(plans, design(), lambda d: sk.count(d, "sex"), reference="same").set_index(
        ["plan", "category"]
    )
    assert pair.loc[("again", "f"), "difference_se"] == pytest.approx(0, abs=1e-6)
    assert pair.loc[("plain", "f"), "difference_se"] == pytest.approx(6, rel=1e-6)  # raked counts do not vary


def test_effects_on_any_estimates_and_domains() -> None:
    told = MADE.effects(lambda d: sk.ratio(d, "y", "x", missing="exclude"), "y", by=None)
    assert told["variable"].tolist() == ["y/x"] * 4 + ["y"] * 4
    by = MADE.effects("y", by="area")
    assert len(by) == 12
    final = sk.mean(MADE.design, "y", by="area", missing="exclude").table
    np.testing.assert_allclose(by[by["number"] == 3]["estimate"], final["estimate"])
    np.testing.assert_allclose(by[by["number"] == 3]["se"], final["se"])


# ------------------------------------------------------------------------------------------------------------ the plans
def test_plans_beside_each_other() -> None:
    plans = {"full": PLAN, "capped": WeightingPlan(steps=(Household(members="adults", cap=2), *STEPS[1:]))}
    told = compare_plans(plans, design(), "y").set_index("plan")
    alone = {name: plan.apply(design()) for name, plan in plans.items()}
    for name, made in alone.items():
        row = sk.mean(made.design, "y", missing="exclude").table.iloc[0]
        np.testing.assert_allclose(
            told.loc[name, ["estimate", "se"]].astype(float), row[["estimate", "se"]].astype(float)
        )
        assert told.loc[name, "n_effective"] == pytest.approx(made.log["n_effective"].iloc[-1])
    gap, gap_se = told.loc["capped", "difference"], told.loc["capped", "difference_se"]
    assert gap == pytest.approx(told.loc["capped", "estimate"] - told.loc["full", "estimate"])
    assert 0 < gap_se < told["se"].min()
    np.testing.assert_allclose(told.loc["capped", "bias2"], max(0.0, gap**2 - gap_se**2))
    np.testing.assert_allclose(told["mse"], told["se"] ** 2 + told["bias2"])
    assert told.loc["full", ["difference", "bias2"]].tolist() == [0, 0]
    turned = compare_plans(plans, design(), "y", reference="capped").set_index("plan")
    assert turned.loc["full", "difference"] == pytest.approx(-gap)
    assert turned.loc["full", "difference_se"] == pytest.approx(gap_se)


def test_a_trimmed_plan_is_compared_on_replicates() -> None:
    plans = {"full": PLAN, "trimmed": WeightingPlan(steps=(*STEPS, Trim(ratio=1.5)))}
    alone = compare_plans(plans, design(), "y").set_index("plan")
    assert np.isnan(alone.loc["trimmed", "se"])
    made = compare_plans(plans, sk.make_replicates(design(), "JKn"), "y").set_index("plan")
    assert made.loc["trimmed", "se"] > 0
    assert made.loc["trimmed", "deff"] < made.loc["full", "deff"]


REFUSED: dict[str, tuple[Any, tuple[str, ...]]] = {
    "no outcome": (MADE.effects, ("outcome",)),
    "no column": (lambda: MADE.effects("z"), ("'z'",)),
    "no estimates": (lambda: MADE.effects(lambda _: 3), ("gives no estimates", "int")),
    "a number": (lambda: MADE.effects(3), ("outcome", "3")),
    "no plan": (lambda: compare_plans({}, design(), "y"), ("no plan",)),
    "reference": (lambda: compare_plans({"full": PLAN}, design(), "y", reference="ful"), ("did you mean 'full'",)),
    "no domain": (lambda: MADE.by("regoin"), ("regoin",)),
    "k": (lambda: MADE.largest(0), ("at least 1",)),
    "show": (lambda: MADE.largest(3, show=["aera"]), ("did you mean 'area'",)),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_asked_wrongly_is_told(case: str) -> None:
    call, words = REFUSED[case]
    with pytest.raises(SurveyKitError) as refusal:
        call()
    for word in words:
        assert word in str(refusal.value)
