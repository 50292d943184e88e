"""Files of targets: what they hold, what is refused, and what a plan makes of them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.errors import WeightingError
from survey_kit.weighting import Sources, Survey, TargetMargin, Targets, WeightingPlan, read_targets
from survey_kit.weighting.targets_checked import moment

HEAD = """\
schema: survey-kit/targets/1
id: town
title: Adults of the town
date: 2023-01-01
source: Register of residents
"""
GOOD = f"""{HEAD}margins:
  sex: {{by: sex, totals: {{f: 520, m: 480}}}}
  age: {{by: age, shares: {{1: 0.3, 2: 0.7}}}}
  sex_age: {{by: [sex, age], totals: {{f: {{1: 150, 2: 370}}, m: {{1: 150, 2: 330}}}}}}
  income: {{number: income, total: 9000}}
  income_sex: {{by: sex, number: income, totals: {{f: 4000, m: 5000}}}}
"""
PEOPLE = pd.DataFrame(
    {
        "w": [1.0, 2, 3, 1, 2, 3],
        "sex": list("fmfmfm"),
        "age": [1, 1, 2, 2, 1, 2],
        "income": [5.0, 9, 8, 12, 7, 8],
        "wave": [1, 1, 1, 1, 1, 1],
    }
)


def written(folder: Path, text: str, name: str = "town.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


# ------------------------------------------------------------------------------------------------------ what they hold
def test_a_file_of_targets_is_read(tmp_path: Path) -> None:
    targets = read_targets(written(tmp_path, GOOD))
    assert targets.people == 1000
    assert targets.controls("sex", "age") == {"sex": {"f": 520, "m": 480}, "age": {1: 300, 2: 700}}
    assert targets.controls("sex_age")[("sex", "age")][("f", 2)] == 370
    assert targets.controls("income", "income_sex") == {"income": 9000, ("sex", "income"): {"f": 4000, "m": 5000}}
    assert "Register of residents, 2023-01-01; town.yaml" in targets.told(["sex"])
    assert "sex x age" in repr(targets)
    assert "<table>" in targets._repr_html_()


def test_shares_stay_shares_where_nobody_is_counted() -> None:
    age = TargetMargin(by=("age",), shares={1: 0.25, 2: 0.75})
    targets = Targets(id="t", title="T", date="2023", source="S", margins={"age": age})
    assert targets.people is None
    assert targets.controls("age") == {"age": {1: 0.25, 2: 0.75}}


def test_rounded_tables_are_scaled_to_one_population(tmp_path: Path) -> None:
    text = GOOD.replace("m: 480}}\n", "m: 481}}\n", 1).replace(
        "margins:", "population: 1000\nmay_differ: 0.01\nmargins:"
    )
    made = read_targets(written(tmp_path, text)).controls("sex", "age")
    assert sum(made["sex"].values()) == pytest.approx(1000, rel=1e-14)
    assert made["sex"]["f"] == pytest.approx(520 * 1000 / 1001)
    assert sum(made["age"].values()) == pytest.approx(1000, rel=1e-14)


def test_the_digest_of_the_producers_file_is_verified(tmp_path: Path) -> None:
    (tmp_path / "register.csv").write_text("1,2\n")
    digest = hashlib.sha256(b"1,2\n").hexdigest()
    text = GOOD.replace("margins:", f"file: {{name: register.csv, sha256: {digest}}}\nmargins:")
    assert read_targets(written(tmp_path, text)).file.sha256 == digest
    (tmp_path / "register.csv").write_text("1,3\n")
    with pytest.raises(WeightingError, match="not the one the targets were taken from") as refusal:
        read_targets(tmp_path / "town.yaml")
    assert digest[:16] in str(refusal.value)


def test_dates_are_middles_of_what_they_name() -> None:
    assert moment("2024", "") == 2024.5
    assert moment("2024-02", "") == pytest.approx(2024 + 1.5 / 12, abs=1e-4)
    assert moment("2024-12-31", "") == pytest.approx(2025 - 0.5 / 366)


REFUSED: dict[str, tuple[str, tuple[str, ...]]] = {
    "two populations": (
        GOOD.replace("m: 480}}\n", "m: 490}}\n", 1),
        ("town.yaml:9", "'sex' and 'sex_age'", "1,010 and 1,000", "-10"),
    ),
    "population": (
        GOOD.replace("margins:", "population: 1200\nmargins:"),
        ("'population' and 'sex'", "1,200 and 1,000"),
    ),
    "crossed against its margin": (
        GOOD.replace("f: {1: 150, 2: 370}, m: {1: 150, 2: 330}", "f: {1: 150, 2: 360}, m: {1: 150, 2: 340}"),
        ("do not agree", "sex=f", "520 and 510", "-10"),
    ),
    "negative": (GOOD.replace("f: 520", "f: -520"), ("no count", "f: -520", "town.yaml:7")),
    "shares": (GOOD.replace("1: 0.3", "1: 0.4"), ("do not add up to 1", "1.1")),
    "nesting": (GOOD.replace("{f: {1: 150, 2: 370}, m: {1: 150, 2: 330}}", "{f: 520, m: 480}"), ("sex x age", "Nest")),
    "words": (GOOD.replace("f: 520", "f: many"), ("'sex'",)),
    "both": (GOOD.replace("totals: {f: 520, m: 480}", "totals: {f: 520, m: 480}, shares: {f: 0.5, m: 0.5}"), ("one of them", "totals and shares")),
    "neither": (GOOD.replace("{by: sex, totals: {f: 520, m: 480}}", "{by: sex}"), ("totals or shares",)),
    "of what": (GOOD.replace("by: sex, totals: {f: 520, m: 480}", "totals: {f: 520, m: 480}"), ("does not say of what",)),
    "unknown key": (GOOD.replace("source:", "sauce:"), ("sauce", "source", "town.yaml:5")),
    "no date": (GOOD.replace("2023-01-01", "2023-13-01"), ("no date", "2023-13-01", "town.yaml:4")),
    "no margin": (f"{HEAD}margins: {{}}\n", ("no margin",)),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_contradicts_itself_is_refused(case: str, tmp_path: Path) -> None:
    text, words = REFUSED[case]
    with pytest.raises(WeightingError) as refusal:
        read_targets(written(tmp_path, text))
    for word in words:
        assert word in str(refusal.value)
    assert len(str(refusal.value).splitlines()) <= 5


# ----------------------------------------------------------------------------------------------------------- in a plan
def test_a_plan_takes_its_totals_from_a_file(tmp_path: Path) -> None:
    written(tmp_path, GOOD)
    path = written(tmp_path, '- {kind: rake, targets: "town.yaml#sex,age", bounds: [0.01, 900]}\n', "plan.yaml")
    design = sk.Design(PEOPLE, weight="w")
    made = WeightingPlan.from_yaml(path).apply(design)
    by_hand = sk.rake(design, {"sex": {"f": 520, "m": 480}, "age": {1: 300, 2: 700}}, bounds=(0.01, 900))
    np.testing.assert_allclose(made.values, by_hand.layout.weight, rtol=1e-12)
    assert (
        made.log["note"].iloc[-1].endswith("targets: Adults of the town (Register of residents, 2023-01-01; town.yaml)")
    )
    assert "Register of residents" in made.story()
    assert "Register of residents" in made.disclosure()["weighting"]


def planned(folder: Path, record: dict[str, Any], **survey: Any) -> WeightingPlan:
    written(folder, GOOD)
    waves = survey.pop("waves", ())
    return WeightingPlan.read([record], sources=Sources(folder=folder, survey=Survey(**survey), waves=waves))


def test_crossed_margins_and_numbers_reach_their_steps(tmp_path: Path) -> None:
    design = sk.Design(PEOPLE, weight="w")
    post = planned(tmp_path, {"kind": "post_stratify", "targets": "town.yaml#sex_age"}).apply(design)
    sums = pd.Series(post.values).groupby([PEOPLE["sex"], PEOPLE["age"]]).sum()
    assert sums.to_dict() == pytest.approx({("f", 1): 150, ("f", 2): 370, ("m", 1): 150, ("m", 2): 330})
    cal = planned(tmp_path, {"kind": "calibrate", "targets": ["town.yaml#sex", "town.yaml#income"]}).apply(design)
    assert cal.values @ PEOPLE["income"] == pytest.approx(9000)
    assert cal.values[PEOPLE["sex"] == "f"].sum() == pytest.approx(520)


def test_targets_by_wave(tmp_path: Path) -> None:
    frame = pd.concat([PEOPLE, PEOPLE.assign(wave=2)], ignore_index=True)
    design = sk.Design(frame, weight="w", wave="wave")
    same = planned(tmp_path, {"kind": "rake", "targets": "town.yaml#sex"}, waves=(1, 2)).apply(design)
    assert pd.Series(same.values).groupby([frame["wave"], frame["sex"]]).sum().tolist() == pytest.approx([520, 480] * 2)
    own = planned(tmp_path, {"kind": "rake", "targets": {1: None, 2: "town.yaml#sex"}}, waves=(1, 2)).apply(design)
    assert pd.Series(own.values).groupby([frame["wave"], frame["sex"]]).sum().tolist() == pytest.approx(
        [6, 6, 520, 480]
    )


def test_two_files_stand_beside_each_other(tmp_path: Path) -> None:
    written(tmp_path, GOOD.replace("Register of residents", "Census"), "census.yaml")
    made = planned(tmp_path, {"kind": "rake", "targets": ["town.yaml#sex", "census.yaml#age"]})
    assert "Register of residents" in made.told[0]
    assert "Census" in made.told[0]


SURVEY: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[str, ...]]] = {
    "older": ({}, {"dates": {None: "2026-05"}}, ("3.4 years older", "at most 2", "2023-01-01", "2026-05", "#sex")),
    "newer": ({}, {"dates": {None: "2018"}}, ("years newer", "2018")),
    "boundaries": ({"boundaries": "regions_2018"}, {"boundaries": "regions_2022"}, ("'regions_2018' and 'regions_2022'",)),
    "no boundaries there": ({}, {"boundaries": "regions_2022"}, ("none named", "to the file of targets")),
    "no boundaries here": ({"boundaries": "regions_2018"}, {}, ("does not say which", "boundaries: regions_2018")),
}  # fmt: skip


@pytest.mark.parametrize("case", SURVEY)
def test_targets_of_another_time_or_place_are_refused(case: str, tmp_path: Path) -> None:
    more, survey, words = SURVEY[case]
    written(tmp_path, GOOD.replace("margins:", "".join(f"{k}: {v}\n" for k, v in more.items()) + "margins:"))
    with pytest.raises(WeightingError) as refusal:
        WeightingPlan.read(
            [{"kind": "rake", "targets": "town.yaml#sex"}], sources=Sources(folder=tmp_path, survey=Survey(**survey))
        )
    for word in (*words, "step 1 of the plan"):
        assert word in str(refusal.value)


def test_age_is_declared(tmp_path: Path) -> None:
    record = {"kind": "rake", "targets": "town.yaml#sex"}
    assert planned(tmp_path, record, dates={None: "2026-05"}, max_age=4.0).told[0]


ASKED: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "no margin named": ({"kind": "rake", "targets": "town.yaml"}, ("town.yaml#sex,age,sex_age,income", "'town.yaml'")),
    "unknown margin": ({"kind": "rake", "targets": "town.yaml#sexes"}, ("no margin 'sexes'", "did you mean 'sex'")),
    "no file": ({"kind": "rake", "targets": "twn.yaml#sex"}, ("no file of targets", "did you mean 'town.yaml'")),
    "twice": ({"kind": "rake", "targets": "town.yaml#sex", "margins": {"age": {1: 1}}}, ("targets twice", "'margins'")),
    "no totals": ({"kind": "trim", "iqr": 3, "targets": "town.yaml#sex"}, ("takes no targets",)),
    "two for one": ({"kind": "post_stratify", "targets": "town.yaml#sex,age"}, ("one margin", "sex, age")),
    "same columns": ({"kind": "rake", "targets": ["town.yaml#sex", "town.yaml#sex"]}, ("same columns",)),
}


@pytest.mark.parametrize("case", ASKED)
def test_targets_asked_for_wrongly(case: str, tmp_path: Path) -> None:
    record, words = ASKED[case]
    with pytest.raises(WeightingError) as refusal:
        planned(tmp_path, record)
    for word in words:
        assert word in str(refusal.value)


def test_a_level_nobody_has_is_named(tmp_path: Path) -> None:
    written(tmp_path, GOOD.replace("f: 520, m: 480", "f: 500, m: 480, x: 20").replace("  sex_age", "  #"))
    plan = WeightingPlan.read([{"kind": "rake", "targets": "town.yaml#sex"}], sources=Sources(folder=tmp_path))
    with pytest.raises(sk.SurveyKitError, match="x"):
        plan.apply(sk.Design(PEOPLE, weight="w"))


def test_files_of_different_populations_are_refused_together(tmp_path: Path) -> None:
    written(tmp_path, f"{HEAD}margins:\n  age: {{by: age, totals: {{1: 400, 2: 700}}}}\n", "census.yaml")
    plan = planned(tmp_path, {"kind": "rake", "targets": ["town.yaml#sex", "census.yaml#age"]})
    with pytest.raises(sk.SurveyKitError, match="different populations") as refusal:
        plan.apply(sk.Design(PEOPLE, weight="w"))
    assert "1,000 and 1,100" in str(refusal.value)
