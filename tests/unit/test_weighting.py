"""Weighting plans: what stands in the log and the story, plans read from a file, weights carried to another design, replicates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.errors import DesignError, SurveyKitError, WeightingError
from survey_kit.weighting import (
    Base,
    Calibrate,
    Household,
    Nonresponse,
    PostStratify,
    Propensity,
    Rake,
    Trim,
    UnknownEligibility,
    WeightingPlan,
)

SEX, AGE = {"f": 520.0, "m": 480.0}, {"y": 300.0, "m": 400.0, "o": 300.0}


def people(n: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"w": rng.uniform(1, 3, n), "psu": np.arange(n) // 10, "sex": rng.choice(["f", "m"], n)})
    frame["p1"], frame["p2"] = rng.uniform(0.2, 0.9, n), rng.uniform(0.2, 1.0, n)
    frame["age"] = rng.choice(["y", "m", "o"], n)
    frame["region"] = rng.choice(["a", "b", "c"], n)
    frame["z"] = rng.normal(50, 10, n)
    frame["adults"] = rng.integers(1, 7, n)
    frame["known"] = rng.random(n) < 0.9
    frame["eligible"] = frame["known"] & (rng.random(n) < 0.9)
    frame["r"] = frame["eligible"] & (rng.random(n) < 0.6)
    frame["y"] = (frame["z"] + rng.normal(size=n)).where(frame["r"])
    frame["age_of_respondent"] = frame["age"].where(frame["r"])
    frame["wave"] = np.arange(n) % 2
    return frame


FRAME = people()


@pytest.fixture(scope="module")
def design() -> sk.Design:
    return sk.Design(FRAME, weight="w", psu="psu")


def plan(*steps: Any) -> WeightingPlan:
    return WeightingPlan(steps=steps)


FIELD = (UnknownEligibility(known="known", by="region"), Nonresponse(respondent="r", eligible="eligible", by="region"))


# ---------------------------------------------------------------------------------------------------------------- the way
def test_the_whole_way_from_probabilities_to_margins() -> None:
    steps = (
        Base(probability=("p1", "p2")),
        *FIELD,
        Household(members="adults", cap=4, where="r"),
        Rake(margins={"sex": SEX, "age_of_respondent": AGE}),
    )
    made = plan(*steps).apply(FRAME, psu="psu")
    d = 1 / (FRAME["p1"] * FRAME["p2"]).to_numpy()
    region = FRAME["region"].to_numpy()
    eligible, r = FRAME["eligible"].to_numpy(), FRAME["r"].to_numpy()
    for c in "abc":
        here = region == c
        d[here] *= d[here].sum() / d[here & FRAME["known"]].sum() * FRAME["known"][here]
        d[here] *= d[here & eligible].sum() / d[here & r].sum() * r[here]
    d *= np.minimum(FRAME["adults"], 4)
    before = plan(*steps[:-1]).apply(FRAME, psu="psu").values
    np.testing.assert_allclose(before, d, rtol=1e-12)
    for column, margin in (("sex", SEX), ("age_of_respondent", AGE)):
        sums = pd.Series(made.values).groupby(FRAME[column]).sum()
        np.testing.assert_allclose(sums[list(margin)], list(margin.values()), rtol=1e-10)
    assert made.log["step"].tolist() == ["start", "unknown_eligibility", "nonresponse", "household", "rake"]
    assert made.log["rows"].tolist() == [400, int(FRAME["known"].sum()), r.sum(), r.sum(), r.sum()]
    assert made.log["fell_out"].sum() == 400 - r.sum()
    np.testing.assert_allclose(made.log["n_effective"].iloc[-1], made.values.sum() ** 2 / (made.values**2).sum())
    assert not made.replicate_only


def test_rows_that_fell_out_are_in_no_domain(design: sk.Design) -> None:
    """Their answers are missing, and nobody has to say so; nor do they count."""
    made = plan(*FIELD).apply(design).design
    found = sk.mean(made, "y").table
    assert found["n"][0] == FRAME["r"].sum()
    assert sk.proportion(made, "sex", by="region").table["n"].groupby(level=0).first().sum() > 0
    assert sk.ols(made, "y ~ z + sex").params.table["n"].max() == FRAME["r"].sum()
    assert sk.median(made, "y").table["n"][0] == FRAME["r"].sum()
    record = made.describe()[0]
    assert record["n"] == FRAME["r"].sum()
    assert record["weight_min"] > 0
    with pytest.raises(SurveyKitError, match="missing"):
        sk.mean(design, "y")


def test_two_wave_classes_stay_apart() -> None:
    design = sk.Design(FRAME, weight="w", psu="psu", wave="wave", overlap="psu")
    values = plan(Nonresponse(respondent="r", by="region")).apply(design).values
    before, after = (
        pd.Series(w).groupby([FRAME["wave"], FRAME["region"]]).sum() for w in (FRAME["w"].to_numpy(), values)
    )
    np.testing.assert_allclose(after, before, rtol=1e-12)


def test_a_propensity_of_crossed_levels_is_a_class_adjustment(design: sk.Design) -> None:
    one = plan(Propensity(respondent="r", levels=(("sex", "region"),))).apply(design)
    two = plan(Nonresponse(respondent="r", by=("sex", "region"))).apply(design)
    np.testing.assert_allclose(one.values, two.values, rtol=1e-10)
    a, b = (sk.total(made.design, "y").table for made in (one, two))
    np.testing.assert_allclose(a["se"], b["se"], rtol=1e-9)


def test_classes_of_a_propensity_keep_their_sums(design: sk.Design) -> None:
    made = plan(Propensity(respondent="r", levels="sex", numbers="z", classes=5)).apply(design)
    np.testing.assert_allclose(made.values.sum(), FRAME["w"].sum(), rtol=1e-12)
    factor = np.round(made.values[FRAME["r"]] / FRAME["w"][FRAME["r"]], 10)
    assert len(np.unique(factor)) == 5


# -------------------------------------------------------------------------------------------------------------- trimming
@pytest.mark.parametrize("spread", ["proportional", "equal"])
def test_trimming_keeps_the_sum_of_each_cell(design: sk.Design, spread: str) -> None:
    made = plan(Trim(ratio=1.2, by="region", spread=spread)).apply(design)
    before, after = (pd.Series(w).groupby(FRAME["region"]) for w in (FRAME["w"].to_numpy(), made.values))
    np.testing.assert_allclose(after.sum(), before.sum(), rtol=1e-12)
    assert (after.max() <= 1.2 * before.median() * (1 + 1e-9)).all()
    assert made.replicate_only == ("trim",)
    assert "trimmed" in made.log["note"].iloc[-1]


def test_trimming_once_may_lift_others_above_the_limit() -> None:
    frame = pd.DataFrame({"w": [1.0, 3.9, 10.0, 1.0]})
    once, again = (
        plan(Trim(cap=5, strict=strict)).apply(sk.Design(frame, weight="w")).values for strict in (False, True)
    )
    assert once.max() > 5
    np.testing.assert_allclose((again.max(), again.sum()), (5, 15.9))


def test_a_rule_refuses_linearisation_and_goes_through_replicates(design: sk.Design) -> None:
    steps = plan(Nonresponse(respondent="r", by="region"), Trim(iqr=0.5), Rake(margins={"sex": SEX, "age": AGE}))
    made = steps.apply(design)
    with pytest.raises(DesignError, match="no derivative") as refusal:
        sk.mean(made.design, "y")
    assert "make_replicates" in str(refusal.value)
    before = steps.apply(sk.make_replicates(design, "JK1"))
    after = sk.make_replicates(made.design, "JK1")
    a, b = (sk.mean(d, "y").table["se"][0] for d in (before.design, after))
    assert a > 0
    np.testing.assert_allclose(a, b, rtol=1e-12)
    for w in before.replicates():
        np.testing.assert_allclose(pd.Series(w).groupby(FRAME["sex"]).sum()[["f", "m"]], [520, 480], rtol=1e-9)
        assert not w[~FRAME["r"]].any()
    assert "replicates" in before.story()
    assert "refused" in made.story()


def test_a_step_says_which_target_it_misses(design: sk.Design) -> None:
    rake = Rake(margins={"sex": SEX, "age": AGE})
    made = plan(rake, Trim(ratio=1.5), rake).apply(design)
    assert [("misses the target of" in note) for note in made.log["note"]] == [False, False, True, False]
    trimmed = pd.Series(plan(rake, Trim(ratio=1.5)).apply(design).values)
    off = {
        f"{name}={level}": trimmed.groupby(FRAME[name]).sum()[level] / total - 1
        for name, margin in (("sex", SEX), ("age", AGE))
        for level, total in margin.items()
    }
    worst = max(off, key=lambda name: abs(off[name]))
    assert f"{worst} by {off[worst]:+.2%}" in made.log["note"][2]


# ------------------------------------------------------------------------------------------------------ words and files
def test_the_story_tells_every_step(design: sk.Design) -> None:
    made = plan(*FIELD, PostStratify(by="sex", totals=SEX)).apply(design)
    told = made.story()
    assert told.count("\n") == 5
    for word in ("3 steps", "unknown eligibility", "nonrespondents", "post-stratified to sex", "credit every step"):
        assert word in told
    page = made._repr_html_()
    assert page.count("<tr>") == 5
    assert "nonresponse" in repr(made)
    assert any("nonrespondents" in note for note in made.design.assumptions())


YAML = """\
weighting:
  - {kind: base, probability: [p1, p2]}
  - {kind: unknown_eligibility, known: known, by: region}
  - {kind: nonresponse, respondent: r, eligible: eligible, by: [region]}
  - {kind: household, members: adults, cap: 4}
  - kind: propensity
    respondent: r
    levels: [sex, [age, region]]
    numbers: z
    classes: 4
  - {kind: post_stratify, by: [sex, age], totals: {f: {y: 1, m: 2, o: 1}, m: {y: 2, m: 2, o: 2}}}
  - {kind: rake, margins: {sex: {f: 520, m: 480}}, bounds: [0.2, 5]}
  - {kind: calibrate, controls: {sex: {f: 520, m: 480}}, distance: raking}
  - {kind: trim, cap: 50, by: sex}
"""


def test_a_plan_is_read_from_yaml(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(YAML)
    read = WeightingPlan.from_yaml(path)
    assert read.steps == (
        Base(probability=("p1", "p2")),
        UnknownEligibility(known="known", by="region"),
        Nonresponse(respondent="r", eligible="eligible", by=("region",)),
        Household(members="adults", cap=4),
        Propensity(respondent="r", levels=("sex", ("age", "region")), numbers="z", classes=4),
        PostStratify(by=("sex", "age"), totals={"f": {"y": 1, "m": 2, "o": 1}, "m": {"y": 2, "m": 2, "o": 2}}),
        Rake(margins={"sex": {"f": 520, "m": 480}}, bounds=(0.2, 5)),
        Calibrate(controls={"sex": {"f": 520, "m": 480}}, distance="raking"),
        Trim(cap=50, by="sex"),
    )
    crossed = plan(read.steps[5]).apply(sk.Design(FRAME, weight="w"))
    sums = pd.Series(crossed.values).groupby([FRAME["sex"], FRAME["age"]]).sum()
    np.testing.assert_allclose(sums["f"]["m"], 2)


# -------------------------------------------------------------------------------------------------- carried to a design
def test_weights_go_into_another_design(design: sk.Design) -> None:
    made = plan(*FIELD, Rake(margins={"sex": SEX, "age": AGE})).apply(design)
    again = sk.Design(FRAME.drop(columns="w"), weight=made, psu="psu")  # type: ignore[arg-type]
    one, two = (sk.mean(d, "y", by="region").table for d in (made.design, again))
    pd.testing.assert_frame_equal(one, two)
    assert made.frame("final")["final"].tolist() == again.layout.weight.tolist()
    with pytest.raises(DesignError, match="rows of the weights"):
        sk.Design(FRAME.iloc[1:], weight=made, psu="psu")  # type: ignore[arg-type]
    with pytest.raises(DesignError, match="rows of the weights"):
        sk.Design(FRAME.iloc[::-1], weight=made, psu="psu")  # type: ignore[arg-type]
    with pytest.raises(DesignError, match="own steps"):
        sk.Design(FRAME, weight=made, calibration=made.design.calibration)  # type: ignore[arg-type]


def test_the_frame_stays() -> None:
    before = FRAME.copy(deep=True)
    plan(Base(probability="p1"), *FIELD, Trim(iqr=1)).apply(FRAME, psu="psu")
    pd.testing.assert_frame_equal(FRAME, before)


# ------------------------------------------------------------------------------------------------------------- bad input
def bad(**columns: Any) -> sk.Design:
    return sk.Design(FRAME.assign(**columns), weight="w", psu="psu")


NOBODY = FRAME["r"] & (FRAME["region"] != "b")
ALL = FRAME["r"] | (FRAME["region"] == "b")
REFUSED: dict[str, tuple[Any, tuple[str, ...]]] = {
    "class without respondents": (
        lambda: plan(Nonresponse(respondent="r", by="region")).apply(bad(r=NOBODY)),
        ("no case that is respondent", "class region=b", "1 of 3 classes"),
    ),
    "class without known": (
        lambda: plan(UnknownEligibility(known="r", by="region")).apply(bad(r=NOBODY)),
        ("known eligibility", "region=b"),
    ),
    "missing class": (
        lambda: plan(Nonresponse(respondent="r", by="gap")).apply(bad(gap=FRAME["sex"].where(FRAME.index > 4))),
        ("class is missing", "'gap', first in row 1", "5 of 400"),
    ),
    "respondent who is not eligible": (
        lambda: plan(Nonresponse(respondent="known", eligible="eligible")).apply(bad()),
        ("A respondent is not eligible",),
    ),
    "nobody responded": (
        lambda: plan(Nonresponse(respondent="r")).apply(bad(r=False)),
        ("Nobody responded",),
    ),
    "propensity of 0": (
        lambda: plan(Propensity(respondent="r", levels=("sex", "region"))).apply(bad(r=NOBODY)),
        ("is 0: nobody responded", "region=b"),
    ),
    "propensity of 1": (
        lambda: plan(Propensity(respondent="r", levels="region")).apply(bad(r=ALL)),
        ("is 1: everybody responded", "region=b"),
    ),
    "propensity of 0 by a number": (
        lambda: plan(Propensity(respondent="r", numbers="z", levels="sex")).apply(bad(r=FRAME["z"] > 50)),
        ("propensity is 0 or 1", "sex="),
    ),
    "missing covariate": (
        lambda: plan(Propensity(respondent="r", numbers="y")).apply(bad()),
        ("covariate", "'y'"),
    ),
    "one class of propensities": (
        lambda: plan(Propensity(respondent="r", levels="sex", classes=1)).apply(bad()),
        ("at least 2",),
    ),
    "probability of zero": (
        lambda: plan(Base(probability="p")).apply(FRAME.assign(p=np.where(FRAME.index == 2, 0.0, 0.5))),
        ("above 0 and at most 1", "row 3 (0)", "1 wrong of 400"),
    ),
    "negative probability": (
        lambda: plan(Base(probability="p")).apply(FRAME.assign(p=np.where(FRAME.index < 2, -0.5, 0.5))),
        ("row 1 (-0.5)", "2 wrong"),
    ),
    "missing probability": (
        lambda: plan(Base(probability="p")).apply(FRAME.assign(p=np.where(FRAME.index == 7, np.nan, 0.5))),
        ("row 8 (missing)",),
    ),
    "zero base weight": (
        lambda: plan(Nonresponse(respondent="r")).apply(FRAME.assign(w=0.0), weight="w"),
        ("weight is zero",),
    ),
    "base weights late": (lambda: plan(*FIELD, Base(probability="p1")), ("Base weights come first", "step 3")),
    "base weights after calibration": (
        lambda: plan(Base(probability="p1")).apply(sk.post_stratify(bad(), "sex", SEX)),
        ("Base weights come first",),
    ),
    "column of base weights taken": (
        lambda: plan(Base(probability="p1", name="w")).apply(FRAME),
        ("already has a column", "'w'"),
    ),
    "household of nobody": (
        lambda: plan(Household(members="adults")).apply(bad(adults=FRAME["adults"] - 1)),
        ("a count of 1 or more", "'adults'"),
    ),
    "cap below one": (lambda: plan(Household(members="adults", cap=0)).apply(bad()), ("at least 1",)),
    "category nobody has": (
        lambda: plan(Rake(margins={"sex": {"f": 500, "m": 400, "x": 100}})).apply(bad()),
        ("nobody in the sample", "'sex', level x"),
    ),
    "category only nonrespondents have": (
        lambda: plan(Nonresponse(respondent="r"), PostStratify(by="region", totals={"a": 1, "b": 2, "c": 3})).apply(
            bad(r=NOBODY)
        ),
        ("nobody in the sample", "'region', level b"),
    ),
    "no limit": (lambda: plan(Trim()).apply(bad()), ("needs a limit",)),
    "limit of zero": (lambda: plan(Trim(cap=0)).apply(bad()), ("above zero",)),
    "limit below the mean": (
        lambda: plan(Trim(cap=1.5, by="sex")).apply(bad()),
        ("below the mean weight", "sex=f; sex=m"),
    ),
    "unknown spread": (lambda: plan(Trim(cap=3, spread="equall")).apply(bad()), ("did you mean 'equal'",)),
    "no steps": (plan, ("A plan has steps",)),
    "no step": (lambda: plan("rake"), ("A plan has steps",)),
    "declared twice": (lambda: plan(*FIELD).apply(bad(), psu="psu"), ("declared already",)),
    "no list": (lambda: WeightingPlan.read("rake"), ("list of steps",)),
    "no kind": (lambda: WeightingPlan.read([{"by": "sex"}]), ("step 1", "kind")),
    "unknown kind": (lambda: WeightingPlan.read([{"kind": "raek"}]), ("step 1", "did you mean 'rake'")),
    "unknown key": (
        lambda: WeightingPlan.read([{"kind": "trim", "cap": 3}, {"kind": "trim", "capp": 3}]),
        ("step 2", "no key 'capp'", "did you mean 'cap'"),
    ),
    "missing key": (lambda: WeightingPlan.read([{"kind": "nonresponse"}]), ("lacks 'respondent'",)),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_told(case: str) -> None:
    call, words = REFUSED[case]
    with pytest.raises((WeightingError, DesignError)) as refusal:
        call()
    for word in words:
        assert word in str(refusal.value)
    assert len(str(refusal.value).splitlines()) <= 5


def test_negative_factors_are_told(design: sk.Design) -> None:
    hard = plan(Calibrate(controls={"z": 46000.0}, population=float(FRAME["w"].sum()))).apply(design)
    assert (hard.values < 0).any()
    assert "calibrated weights are negative" in hard.log["note"].iloc[-1]


def test_a_replicate_without_respondents_of_a_class_is_named() -> None:
    frame = people(40).assign(
        r=lambda f: (f["psu"] != 0) | (f.index == 0), region=lambda f: np.where(f["psu"] == 0, "a", "b")
    )
    frame.loc[10, ["region"]] = "a"
    frame["r"] = frame["r"] & ~((frame["region"] == "a") & (frame.index == 10))
    made = plan(Nonresponse(respondent="r", by="region")).apply(
        sk.make_replicates(sk.Design(frame, weight="w", psu="psu"), "JK1")
    )
    with pytest.raises(DesignError, match="replicate cannot be calibrated") as refusal:
        list(made.replicates())
    assert "region=a" in str(refusal.value)
