"""Weighting steps that soften, limit, integrate, estimate, join and follow: what they make, what they tell, what they refuse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.errors import DesignError, SurveyKitError, WeightingError
from survey_kit.weighting import (
    Attrition,
    Calibrate,
    CalibrateRespondents,
    CalibrateToEstimates,
    Composite,
    FrameOverlap,
    Integrated,
    Multiplicity,
    Propensity,
    Rake,
    TrimToError,
    WeightingPlan,
    effective_shares,
)

SEX, AGE = {"f": 520.0, "m": 480.0}, {"y": 300.0, "m": 400.0, "o": 300.0}


def people(n: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"psu": np.arange(n) // 10, "home": np.arange(n) // 2})
    frame["w"] = rng.uniform(1, 4, n // 2)[frame["home"]]
    frame["sex"], frame["age"] = rng.choice(["f", "m"], n), rng.choice(["y", "m", "o"], n)
    frame["region"] = rng.choice(["a", "b", "c"], n)
    frame["x"] = np.round(rng.uniform(1, 9, n), 1)
    frame["r"] = rng.random(n) < 0.6
    frame["from"] = rng.choice(["list", "area"], n)
    frame["on_list"], frame["on_area"] = (frame["from"] == "list") | (rng.random(n) < 0.5), True
    frame["p_list"], frame["p_area"] = np.where(frame["on_list"], 0.1, 0.0), 0.05
    frame["ways"] = rng.integers(1, 4, n)
    frame["trust"] = frame["age"].where(rng.random(n) < 0.9)
    frame["score"] = frame["x"].where(rng.random(n) < 0.9)
    frame["left"] = ~frame["r"] & (rng.random(n) < 0.2)
    frame["y"] = rng.normal(10, 3, n)
    return frame


FRAME = people()


@pytest.fixture(scope="module")
def design() -> sk.Design:
    return sk.Design(FRAME, weight="w", psu="psu")


def plan(*steps: Any) -> WeightingPlan:
    return WeightingPlan(steps=steps)


def sums(values: np.ndarray, column: str, frame: pd.DataFrame = FRAME) -> pd.Series:
    return pd.Series(values).groupby(frame[column].to_numpy()).sum()


# ------------------------------------------------------------------------------------------------------------------ soft
def test_what_is_missed_stands_in_the_log(design: sk.Design) -> None:
    hard = {"a": 700.0, "b": 200.0, "c": 100.0}
    made = plan(Rake(margins={"sex": SEX, "region": hard}, tolerance={"region": 0.1})).apply(design)
    off = sums(made.values, "region") / pd.Series(hard) - 1
    assert (off.abs() <= 0.1 + 1e-9).all()
    np.testing.assert_allclose(sums(made.values, "sex")[list(SEX)], list(SEX.values()), rtol=1e-9)
    note = made.log["note"].iloc[-1]
    worst = off.abs().idxmax()
    assert f"region={worst} by {off[worst]:+.2%}" in made.design.calibration[-1].notes[1]
    assert "region within 0.1" in note
    assert not made.replicate_only
    assert "made" in made.story()


def test_tolerances_that_are_kept_anyway_change_nothing(design: sk.Design) -> None:
    reached = {level: float(total) for level, total in sums(FRAME["w"].to_numpy(), "region").items()}
    made = plan(Rake(margins={"region": reached}, tolerance=0.01)).apply(design)
    np.testing.assert_allclose(made.values, FRAME["w"], rtol=1e-12)
    assert "misses" not in made.log["note"].iloc[-1]


def test_weights_stay_within_their_limits_and_reach_the_margins(design: sk.Design) -> None:
    made = plan(Rake(margins={"sex": SEX, "age": AGE}, weights=(1.2, 4.0))).apply(design)
    assert made.values.min() >= 1.2 - 1e-12
    assert made.values.max() <= 4.0 + 1e-12
    for column, margin in (("sex", SEX), ("age", AGE)):
        np.testing.assert_allclose(sums(made.values, column)[list(margin)], list(margin.values()), rtol=1e-9)
    assert "weights stand at a limit (1.2 to 4)" in made.design.calibration[-1].notes[1]


def test_soft_margins_by_wave() -> None:
    frame = FRAME.assign(wave=FRAME.index % 2)
    design = sk.Design(frame, weight="w", psu="psu", wave="wave", overlap="psu")
    both = {0: {"sex": SEX, "age": AGE}, 1: {"sex": {"f": 700.0, "m": 300.0}, "age": AGE}}
    made = plan(Calibrate(controls=both, cost={"age": 0.5})).apply(design)
    for wave in (0, 1):
        alone = plan(Calibrate(controls=both[wave], cost={"age": 0.5})).apply(
            sk.Design(frame[frame["wave"] == wave], weight="w", psu="psu")
        )
        np.testing.assert_allclose(made.values[frame["wave"] == wave], alone.values, rtol=1e-9)
        se = [sk.mean(made.design, "y", by="wave").table["se"][wave], sk.mean(alone.design, "y").table["se"][0]]
        np.testing.assert_allclose(se[0], se[1], rtol=1e-9)


def test_soft_calibrations_are_not_written_as_exact_ones_of_another_package(design: sk.Design) -> None:
    made = plan(Rake(margins={"sex": SEX, "age": AGE}, cost={"age": 1})).apply(design).design
    with pytest.raises(DesignError, match="cannot be written as code"):
        sk.export_design(made, "r")


# -------------------------------------------------------------------------------------------------------------- integrated
def test_a_household_has_one_weight_and_replicates_keep_it(design: sk.Design) -> None:
    step = Integrated(household="home", controls={"sex": SEX, "age": AGE}, distance="raking")
    made = plan(step).apply(sk.make_replicates(design, "JK1"))
    for w in (made.values, *list(made.replicates())[:3]):
        assert pd.Series(w).groupby(FRAME["home"]).nunique().max() == 1
        np.testing.assert_allclose(sums(w, "sex")[list(SEX)], list(SEX.values()), rtol=1e-9)


# --------------------------------------------------------------------------------------------------------------- combining
def test_frames_joined_by_shares_and_by_probabilities(design: sk.Design) -> None:
    frames = {"list": "on_list", "area": "on_area"}
    shares = plan(FrameOverlap(sample="from", frames=frames, shares={"list": 1, "area": 3})).apply(design)
    own = np.where(FRAME["from"] == "list", 1, 3)
    np.testing.assert_allclose(shares.values, FRAME["w"] * own / (3 + FRAME["on_list"]), rtol=1e-12)
    single = plan(FrameOverlap(sample="from", frames={"list": "p_list", "area": "p_area"})).apply(design)
    p = np.where(FRAME["from"] == "list", FRAME["p_list"], FRAME["p_area"])
    np.testing.assert_allclose(single.values, FRAME["w"] * p / (FRAME["p_list"] + FRAME["p_area"]), rtol=1e-12)
    assert "single frame" in single.log["note"].iloc[-1]


def test_two_frames_cover_everybody_once() -> None:
    """Many samples from two overlapping frames: both estimators have the population total as their mean."""
    rng = np.random.default_rng(5)
    size = 600
    people = pd.DataFrame({"on_list": rng.random(size) < 0.6, "on_area": True, "y": rng.normal(5, 2, size)})
    people["p_list"], people["p_area"] = np.where(people["on_list"], 0.3, 0.0), 0.2
    steps = (
        FrameOverlap(sample="from", frames={"list": "on_list", "area": "on_area"}, shares={"list": 0.6, "area": 0.4}),
        FrameOverlap(sample="from", frames={"list": "p_list", "area": "p_area"}),
    )
    found = np.empty((300, 2))
    for run in range(300):
        parts = [
            people[rng.random(size) < people[f"p_{name}"]].assign(
                **{"from": name, "w": lambda f, n=name: 1 / f[f"p_{n}"]}
            )
            for name in ("list", "area")
        ]
        drawn = sk.Design(pd.concat(parts, ignore_index=True), weight="w", strata="from")
        for k, step in enumerate(steps):
            made = plan(step).apply(drawn)
            found[run, k] = made.values @ made.design.numbers("y").values
    noise = found.std(axis=0, ddof=1) / np.sqrt(300)
    assert (np.abs(found.mean(axis=0) - people["y"].sum()) < 4 * noise).all()


def test_composite_by_effective_sizes_within_cells(design: sk.Design) -> None:
    made = plan(Composite(sample="from", by="region")).apply(design)
    for _, part in FRAME.assign(v=made.values).groupby("region"):
        n = part.groupby("from")["w"].agg(lambda w: w.sum() ** 2 / (w**2).sum())
        for name, share in (n / n.sum()).items():
            here = part["from"] == name
            np.testing.assert_allclose(part.loc[here, "v"], part.loc[here, "w"] * share, rtol=1e-12)
    assert abs(sum(effective_shares(design, "from").values()) - 1) < 1e-12
    assert "within region" in made.log["note"].iloc[-1]


def test_ways_into_the_sample_divide() -> None:
    made = plan(Multiplicity(times="ways", where="r")).apply(sk.Design(FRAME, weight="w"))
    np.testing.assert_allclose(made.values, FRAME["w"] / np.where(FRAME["r"], FRAME["ways"], 1))


# --------------------------------------------------------------------------------------------------------------- attrition
def test_attrition_is_a_propensity_of_earlier_answers(design: sk.Design) -> None:
    made = plan(Attrition(stayed="r", levels="sex", numbers="x")).apply(design)
    same = plan(Propensity(respondent="r", levels="sex", numbers="x")).apply(design)
    np.testing.assert_allclose(made.values, same.values, rtol=1e-12)


def test_who_gave_no_answer_before_is_a_level_and_who_left_is_stood_for_by_nobody(design: sk.Design) -> None:
    made = plan(Attrition(stayed="r", levels="trust", left="left")).apply(design)
    told = FRAME["trust"].fillna("no answer")
    stay = FRAME["r"]
    for _, part in FRAME.groupby(told):
        here = part[~part["left"]]
        rate = here.loc[here["r"], "w"].sum() / here["w"].sum()
        np.testing.assert_allclose(made.values[part.index[part["r"]]], part.loc[part["r"], "w"] / rate, rtol=1e-8)
    assert not made.values[~stay].any()
    note = made.log["note"].iloc[-1]
    assert f"{int(FRAME['left'].sum())} known to have left" in note
    assert "trust a level of its own" in note


def test_no_answer_that_cannot_stand_alone_joins_the_commonest_level() -> None:
    frame = FRAME.assign(trust=FRAME["age"].where(FRAME.index > 1), r=FRAME["r"] | (FRAME.index < 2))
    made = plan(Attrition(stayed="r", levels="trust", numbers="score")).apply(sk.Design(frame, weight="w"))
    common = frame.loc[frame.index > 1, "trust"].value_counts().idxmax()
    assert f"trust with {common} (2)" in made.log["note"].iloc[-1]
    assert "score with the mean" in made.log["note"].iloc[-1]


# ------------------------------------------------------------------------------------------------------- trimming to error
def heavy(related: float, seed: int, n: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    u = rng.normal(size=n)
    return pd.DataFrame(
        {"w": np.exp(1.1 * u), "y": related * np.exp(1.1 * u) + rng.normal(0, 1, n), "cell": rng.choice(["a", "b"], n)}
    )


def test_the_limit_has_the_smallest_estimated_error() -> None:
    frame = heavy(0.0, 1)
    made = plan(TrimToError(outcomes="y")).apply(sk.Design(frame, weight="w"))
    rule, w, y = made.design.calibration[-1].rule, frame["w"].to_numpy(), frame["y"].to_numpy()
    n = len(w)

    def influence(v: np.ndarray) -> np.ndarray:
        return v * (y - v @ y / v.sum()) / v.sum()

    def error(v: np.ndarray) -> float:
        a, b = influence(v), influence(w)
        variance, covariance = n / (n - 1) * (b @ b), n / (n - 1) * (a @ b)
        return float(((v @ y / v.sum() - w @ y / w.sum()) ** 2 - variance + 2 * covariance) / variance)

    assert rule is not None
    limit, least = rule.best(w)  # type: ignore[attr-defined]
    np.testing.assert_allclose(error(made.values), least, rtol=1e-9)
    tried = [error(w * rule.trim.cut(w, np.array([k * w.mean()]))) for k in np.linspace(1.05, 12, 200)]  # type: ignore[attr-defined]
    assert least <= min(tried) + 0.02
    assert 1 < limit < w.max() / w.mean()
    np.testing.assert_allclose(made.values.sum(), w.sum(), rtol=1e-12)
    assert made.values.max() <= limit * w.mean() * (1 + 1e-9)


def test_trimming_to_error_helps_where_weights_do_not_matter_and_refrains_where_they_do() -> None:
    squares = {0.0: np.zeros(2), 3.0: np.zeros(2)}
    truth = {0.0: 0.0, 3.0: 3.0 * np.exp(1.5 * 1.1**2)}
    for related, found in squares.items():
        for seed in range(60):
            design = sk.Design(heavy(related, seed), weight="w")
            made = plan(TrimToError(outcomes="y")).apply(design)
            y = design.numbers("y").values
            for k, w in enumerate((design.layout.weight, made.values)):
                found[k] += (w @ y / w.sum() - truth[related]) ** 2
    assert squares[0.0][1] < 0.85 * squares[0.0][0]
    assert squares[3.0][1] < 1.15 * squares[3.0][0]


def test_trimming_to_error_goes_through_replicates_and_keeps_cells() -> None:
    frame = heavy(0.0, 3)
    made = plan(TrimToError(outcomes="y", by="cell")).apply(
        sk.make_replicates(sk.Design(frame.assign(psu=frame.index // 20), weight="w", psu="psu"), "JK1")
    )
    np.testing.assert_allclose(sums(made.values, "cell", frame), frame.groupby("cell")["w"].sum(), rtol=1e-12)
    assert made.replicate_only == ("trim_to_error",)
    assert sk.mean(made.design, "y").table["se"][0] > 0
    assert "mean squared error of y" in made.log["note"].iloc[-1]


# ------------------------------------------------------------------------------------------------------------------- files
YAML = """\
weighting:
  - {kind: multiplicity, times: ways}
  - {kind: frame_overlap, sample: from, frames: {list: on_list, area: on_area}, shares: {list: 0.4, area: 0.6}}
  - {kind: calibrate_respondents, respondent: r, levels: [sex, [age, region]], distance: raking}
  - {kind: attrition, stayed: r, levels: trust, left: left}
  - {kind: composite, sample: from, shares: effective, by: [region]}
  - {kind: rake, margins: {sex: {f: 520, m: 480}, age: {y: 300, m: 400, o: 300}}, tolerance: {age: 0.02}, cost: {sex: 2}}
  - {kind: integrated, household: home, controls: {sex: {f: 520, m: 480}}}
  - {kind: calibrate_to_estimates, controls: {sex: {f: 520, m: 480}}, se: [9, 7]}
  - {kind: trim_to_error, outcomes: [x, y], by: region}
"""


def test_steps_are_read_from_yaml(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(YAML)
    assert WeightingPlan.from_yaml(path).steps == (
        Multiplicity(times="ways"),
        FrameOverlap(sample="from", frames={"list": "on_list", "area": "on_area"}, shares={"list": 0.4, "area": 0.6}),
        CalibrateRespondents(respondent="r", levels=("sex", ("age", "region")), distance="raking"),
        Attrition(stayed="r", levels="trust", left="left"),
        Composite(sample="from", shares="effective", by=("region",)),
        Rake(margins={"sex": SEX, "age": AGE}, tolerance={"age": 0.02}, cost={"sex": 2}),
        Integrated(household="home", controls={"sex": SEX}),
        CalibrateToEstimates(controls={"sex": SEX}, se=(9, 7)),
        TrimToError(outcomes=("x", "y"), by="region"),
    )


# --------------------------------------------------------------------------------------------------------------- bad input
def bad(**columns: Any) -> sk.Design:
    return sk.Design(FRAME.assign(**columns), weight="w", psu="psu")


NOBODY = FRAME["r"] & (FRAME["region"] != "b")
MARGINS = {"sex": SEX, "age": AGE}
REFUSED: dict[str, tuple[Callable[[], Any], tuple[str, ...]]] = {
    "tolerance of no margin": (
        lambda: plan(Rake(margins=MARGINS, tolerance={"agee": 0.1})).apply(bad()),
        ("belongs to a margin", "'agee'", "did you mean 'age'"),
    ),
    "tolerance of a number": (
        lambda: plan(Calibrate(controls={"sex": SEX, "x": 5000.0}, cost={"x": 1})).apply(bad()),
        ("'x'", "Cut the number into classes"),
    ),
    "tolerance above one": (
        lambda: plan(Rake(margins=MARGINS, tolerance=2)).apply(bad()),
        ("between 0 and 1", "'sex'", "2"),
    ),
    "cost of zero": (lambda: plan(Rake(margins=MARGINS, cost={"age": 0})).apply(bad()), ("above zero", "'age'")),
    "raking a number softly": (
        lambda: plan(Rake(margins={"sex": SEX, "x": 5000.0}, tolerance=0.1)).apply(bad()),
        ("margins of levels", "'x'"),
    ),
    "limits out of reach": (
        lambda: plan(Rake(margins={"sex": SEX, "region": {"a": 900.0, "b": 50.0, "c": 50.0}}, weights=(1, 5))).apply(
            bad()
        ),
        ("within the limits", "region=a needs a mean weight", "weights from 1 to 5"),
    ),
    "limits that margins cannot meet together": (
        lambda: plan(
            Calibrate(
                controls={"sex": {"f": 503.0, "m": 497.0}, "age": {"y": 300.0, "m": 420.0, "o": 280.0}},
                weights=(2.2, 2.9),
            )
        ).apply(bad(age=np.where(FRAME["sex"] == "f", "y", FRAME["age"].where(FRAME["age"] != "y", "o")))),
        ("the limits", "needs a mean weight"),
    ),
    "tolerances that are too narrow": (
        lambda: plan(
            Rake(margins={"age": AGE, "region": {"y": 500.0, "m": 200.0, "o": 300.0}}, tolerance={"region": 0.05})
        ).apply(bad(region=FRAME["age"])),
        ("cannot be reached together, tolerances included", "region=y", "beyond the tolerance"),
    ),
    "limits that are too narrow together": (
        lambda: plan(
            Rake(margins={"sex": {"f": 530.0, "m": 470.0}, "half": {"f": 480.0, "m": 520.0}}, weights=(1.5, 4))
        ).apply(bad(half=np.where(FRAME.index < 3, "m", FRAME["sex"]))),
        ("cannot be reached together with weights from 1.5 to 4", "% off"),
    ),
    "limits in reverse": (lambda: plan(Rake(margins=MARGINS, weights=(5, 1))).apply(bad()), ("smallest and largest",)),
    "household of two weights": (
        lambda: plan(Integrated(household="home", controls={"sex": SEX})).apply(bad(w=FRAME["w"] + FRAME.index % 2)),
        ("different weights", "household 0, row 2", "200 households of 200"),
    ),
    "household across units": (
        lambda: plan(Integrated(household="psu", controls={"sex": SEX})).apply(
            sk.Design(FRAME, weight="w", psu="home")
        ),
        ("two first-stage units", "household 0"),
    ),
    "household missing": (
        lambda: plan(Integrated(household="gap", controls={"sex": SEX})).apply(
            bad(gap=FRAME["home"].where(FRAME.index > 4))
        ),
        ("household of some rows is missing", "first in row 1", "5 rows"),
    ),
    "covariance of another size": (
        lambda: plan(CalibrateToEstimates(controls={"sex": SEX}, covariance=[[1.0]])).apply(bad()),
        ("does not fit", "2 totals"),
    ),
    "covariance that is none": (
        lambda: plan(CalibrateToEstimates(controls={"sex": SEX}, covariance=[[1.0, 3.0], [3.0, 1.0]])).apply(bad()),
        ("no covariance matrix",),
    ),
    "covariance and errors": (
        lambda: plan(CalibrateToEstimates(controls={"sex": SEX})).apply(bad()),
        ("covariance, or their standard errors", "neither"),
    ),
    "two margins with independent errors": (
        lambda: plan(CalibrateToEstimates(controls=MARGINS, se=(9, 9, 8, 8, 8))).apply(bad()),
        ("sums that differ", "'sex' and 'age'"),
    ),
    "estimated shares": (
        lambda: plan(CalibrateToEstimates(controls={"sex": {"f": 0.5, "m": 0.5}}, se=(0.1, 0.1))).apply(bad()),
        ("these are shares", "'sex'"),
    ),
    "too few replicates for the covariance": (
        lambda: list(
            plan(CalibrateToEstimates(controls={"sex": SEX}, se=(9, 9)))
            .apply(sk.make_replicates(sk.Design(FRAME.assign(psu=FRAME.index % 2), weight="w", psu="psu"), "JK1"))
            .replicates()
        ),
        ("too few replicates", "2 replicates, rank 2"),
    ),
    "respondents of no level": (
        lambda: plan(CalibrateRespondents(respondent="r", levels=("sex", "region"))).apply(bad(r=NOBODY)),
        ("no respondent", "region=b"),
    ),
    "respondents that stand for less than nobody": (
        lambda: plan(CalibrateRespondents(respondent="r", numbers="x", distance="linear")).apply(
            bad(r=(FRAME["x"] < 3.5) | (FRAME.index == 7))
        ),
        ("less than nobody", "distance='logistic'"),
    ),
    "logistic respondents who cannot": (
        lambda: plan(CalibrateRespondents(respondent="r", numbers="x")).apply(bad(r=FRAME["x"] < 4)),
        ("cannot be calibrated to the sample",),
    ),
    "nobody of a panel level stayed": (
        lambda: plan(Attrition(stayed="r", levels="region")).apply(bad(r=NOBODY)),
        ("is 0: nobody responded", "region=b"),
    ),
    "left and stayed": (
        lambda: plan(Attrition(stayed="r", levels="sex", left="r")).apply(bad()),
        ("left the population and took part",),
    ),
    "no way into the sample": (
        lambda: plan(Multiplicity(times="ways")).apply(bad(ways=FRAME["ways"] - 1)),
        ("a count of 1 or more", "'ways'"),
    ),
    "off its own frame": (
        lambda: plan(
            FrameOverlap(sample="from", frames={"list": "r", "area": "on_area"}, shares={"list": 1, "area": 1})
        ).apply(bad()),
        ("drawn from a frame that it is not on", "column 'r'"),
    ),
    "frame that is not declared": (
        lambda: plan(FrameOverlap(sample="from", frames={"lists": "p_list", "area": "p_area"})).apply(bad()),
        ("not declared", "list", "did you mean 'lists'"),
    ),
    "probability above one": (
        lambda: plan(FrameOverlap(sample="from", frames={"list": "ways", "area": "p_area"})).apply(bad()),
        ("a probability from 0 to 1", "'ways'"),
    ),
    "one frame": (lambda: plan(FrameOverlap(sample="from", frames={"list": "p_list"})).apply(bad()), ("two or more",)),
    "share lacking": (
        lambda: plan(Composite(sample="from", shares={"list": 1.0})).apply(bad()),
        ("has a share", "one for each of"),
    ),
    "shares beyond one": (
        lambda: plan(Composite(sample="from", shares={"list": 0.7, "area": 0.7})).apply(bad()),
        ("add up to 1", "1.4"),
    ),
    "samples of different populations": (
        lambda: plan(Composite(sample="from")).apply(bad(w=FRAME["w"] * np.where(FRAME["from"] == "list", 5, 1))),
        ("do not stand for one population", "weights add up to"),
    ),
    "sample missing": (
        lambda: plan(Composite(sample="gap")).apply(bad(gap=FRAME["from"].where(FRAME.index > 2))),
        ("missing which sample", "row 1"),
    ),
    "outcome without spread": (
        lambda: plan(TrimToError(outcomes="flat")).apply(bad(flat=1.0)),
        ("No outcome varies",),
    ),
    "outcome missing": (
        lambda: plan(TrimToError(outcomes="none")).apply(bad(none=np.full(len(FRAME), np.nan))),
        ("missing in all rows", "'none'"),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_told(case: str) -> None:
    call, words = REFUSED[case]
    with pytest.raises((WeightingError, DesignError, SurveyKitError)) as refusal:
        call()
    for word in words:
        assert word in str(refusal.value)
    assert len(str(refusal.value).splitlines()) <= 5
