"""The weighting of a study: from study.yaml to design, indicators, method chapter, build folder and command line."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.cli import main
from survey_kit.errors import SurveyKitError
from survey_kit.indicators.by_step import effects_on_indicators
from survey_kit.pipeline import stages
from survey_kit.report.about import study_info
from survey_kit.study import make_design, make_weights, read_responses, read_study
from survey_kit.study.weights import KEYED, NAMED, plan_columns
from survey_kit.weighting import Nonresponse, Rake, WeightingPlan
from survey_kit.weighting.plan import KINDS

TOWN = """\
schema: survey-kit/targets/1
id: town
title: Adults of the town
date: 2025-01-01
source: Register of residents
boundaries: quarters_2020
margins:
  sex: {by: sex, totals: {1: 4800, 2: 5200}}
  quarter: {by: stratum, totals: {1: 2000, 2: 3000, 3: 2000, 4: 3000}}
"""
STEPS = """\
    - {kind: nonresponse, respondent: came, by: stratum}
    - {kind: rake, targets: "town.yaml#sex,quarter"}
"""
WEIGHTING = f"weighting:\n  boundaries: quarters_2020\n  steps:\n{STEPS}"
SEX, QUARTER = {1: 4800, 2: 5200}, {1: 2000, 2: 3000, 3: 2000, 4: 3000}


@pytest.fixture
def weighted(own: Path) -> Path:
    """Give the own study with nonrespondents in its file and a weighting."""
    path = own / "data" / "own.csv"
    frame = pd.read_csv(path)
    rng = np.random.default_rng(3)
    frame["came"] = rng.random(len(frame)) < 0.8
    frame["p"] = rng.uniform(0.1, 0.5, len(frame)).round(4)
    frame.loc[~frame["came"], ["q1", "q2"]] = np.nan
    frame.to_csv(path, index=False)
    (own / "town.yaml").write_text(TOWN)
    declare(own, WEIGHTING)
    return own


def declare(study: Path, text: str, **changed: str) -> None:
    whole = (study / "study.yaml").read_text().split("weighting:")[0] + text
    for old, new in changed.items():
        assert old.replace("__", ": ") in whole
        whole = whole.replace(old.replace("__", ": "), new)
    (study / "study.yaml").write_text(whole)


def weighed(path: Path) -> sk.Weights | None:
    study = read_study(path)
    return make_weights(study, read_responses(study).checked())


def by_hand(study: Path) -> sk.Weights:
    frame = pd.read_csv(study / "data" / "own.csv")
    design = sk.Design(frame, weight="w", strata="stratum", psu="psu", fpc="units", wave="year", case="id")
    margins = {year: {"sex": SEX, "stratum": QUARTER} for year in (2025, 2026)}
    return WeightingPlan(steps=(Nonresponse(respondent="came", by="stratum"), Rake(margins=margins))).apply(design)


# ------------------------------------------------------------------------------------------------------ design and rows
def test_a_study_weighs_as_the_plan_by_hand(weighted: Path) -> None:
    study = read_study(weighted)
    responses = read_responses(study)
    made = make_weights(study, responses)
    np.testing.assert_allclose(made.values, by_hand(weighted).values, rtol=1e-12)
    np.testing.assert_array_equal(make_design(study, responses).layout.weight, made.values)
    assert weighted / "town.yaml" in study.inputs


def test_indicators_are_of_those_who_came_with_their_errors(weighted: Path) -> None:
    rows = sk.compute(read_study(weighted)).rows
    frame, hand = pd.read_csv(weighted / "data" / "own.csv"), by_hand(weighted)
    frame["trusts"] = np.where(frame["q1"].isin([1, 2, 3, 4]), frame["q1"].isin([3, 4]), np.nan)
    expected = sk.mean(hand.design.with_frame(frame), "trusts", by="year", missing="exclude").table
    got = rows[(rows["indicator"] == "courts") & (rows["domain"] == "")]
    for column in ("estimate", "se", "n", "df"):
        np.testing.assert_allclose(got[column].astype(float), expected[column].astype(float), rtol=1e-10)
    assert got["asked_n"].tolist() == frame[frame["came"]].groupby("year").size().tolist()


def test_totals_by_hand_and_by_wave(weighted: Path) -> None:
    declare(weighted, "weighting:\n  - kind: rake\n    margins: {2025: {sex: {1: 10, 2: 20}}, 2026: null}\n")
    study = read_study(weighted)
    made = make_weights(study, read_responses(study))
    frame = pd.read_csv(weighted / "data" / "own.csv")
    sums = pd.Series(made.values).groupby([frame["year"], frame["sex"]]).sum()
    np.testing.assert_allclose(sums[2025], [10, 20], rtol=1e-9)
    np.testing.assert_allclose(sums[2026], frame[frame["year"] == 2026].groupby("sex")["w"].sum(), rtol=1e-12)


def test_weights_begin_with_probabilities(weighted: Path) -> None:
    declare(weighted, f"weighting:\n  boundaries: quarters_2020\n  steps:\n    - {{kind: base, probability: p}}\n{STEPS}", weight__w="")  # fmt: skip
    (weighted / "study.yaml").write_text((weighted / "study.yaml").read_text().replace("{, ", "{"))
    study = read_study(weighted)
    made = make_weights(study, read_responses(study))
    frame = pd.read_csv(weighted / "data" / "own.csv")
    np.testing.assert_allclose(made.design.layout.base_weight, 1 / frame["p"], rtol=1e-12)
    assert made.values.sum() == pytest.approx(20_000)
    assert sk.compute(study).rows["estimate"].notna().any()


def test_a_step_without_derivative_goes_through_replicates(weighted: Path) -> None:
    steps = f"weighting:\n  boundaries: quarters_2020\n  steps:\n{STEPS}    - {{kind: trim, cap: 95, by: year}}\n"
    declare(weighted, f"{steps}  replicates: {{method: bootstrap, number: 30, seed: 1}}\n")
    study = read_study(weighted)
    made = make_weights(study, read_responses(study))
    assert made.design.replicates.size == 30
    assert sk.compute(study).rows["se"].notna().any()
    assert "30 bootstrap replicates" in made.story()


# ------------------------------------------------------------------------------------------------------------- refusals
BASE = "weighting:\n  boundaries: quarters_2020\n  steps:\n"
REFUSED: dict[str, tuple[str, tuple[str, ...]]] = {
    "kind": ("weighting:\n  - {kind: raked}\n", ("did you mean 'rake'", "study.yaml:15", "step 1")),
    "key": (f"{BASE}{STEPS}    - {{kind: trim, iqrs: 3}}\n", ("no key 'iqrs'", "'iqr'", "study.yaml:19", "step 3")),
    "column": (f"{BASE}    - {{kind: nonresponse, respondent: cam, by: stratum}}\n", ("no column 'cam'", "did you mean 'came'")),
    "margin's column": ("weighting:\n  - {kind: rake, margins: {sx: {1: 1, 2: 1}}}\n", ("no column 'sx'",)),
    "boundaries": (WEIGHTING.replace("quarters_2020", "quarters_1990"), ("quarters_2020' and 'quarters_1990",)),
    "undeclared": (WEIGHTING.replace("  boundaries: quarters_2020\n", ""), ("boundaries: quarters_2020",)),
    "age": (f"{WEIGHTING}  max_age: 0.25\n", ("0.5 years older", "interviews of 2025", "wave 2025")),
    "dates": (f"{WEIGHTING}  dates: {{2031: 2031-05}}\n", ("no wave '2031'",)),
    "replicates": (f"{WEIGHTING}    - {{kind: trim, ratio: 1.5, by: year}}\n", ("need replicates", "trim", "method: bootstrap")),
    "level": ("weighting:\n  - {kind: rake, margins: {sex: {1: 10, 2: 20, 3: 5}}}\n", ("sex", "3")),
    "unknown key": ("weighting:\n  step: []\n", ("'step'", "'steps'")),
    "nothing": ("weighting: []\n", ("has steps",)),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_bad_weighting_is_told(weighted: Path, case: str) -> None:
    text, words = REFUSED[case]
    declare(weighted, text)
    with pytest.raises(SurveyKitError) as refusal:
        weighed(weighted)
    for word in words:
        assert word in str(refusal.value)
    assert len(str(refusal.value).splitlines()) <= 5


def test_targets_of_a_real_wave_without_date_are_refused(weighted: Path) -> None:
    path = weighted / "study.yaml"
    path.write_text(path.read_text().replace('id: "2026", year: 2026', 'id: "2026"'))
    with pytest.raises(SurveyKitError, match="neither year nor date") as refusal:
        read_study(weighted)
    assert "dates: {2026: 2026-05}" in str(refusal.value)
    declare(weighted, f"{WEIGHTING}  dates: {{2026: 2026-05}}\n")
    assert read_study(weighted).plan is not None
    declare(weighted, WEIGHTING, data_status__real="data_status: synthetic")
    assert read_study(weighted).plan is not None


@pytest.mark.parametrize("text", ["", WEIGHTING], ids=["no weighting", "no base"])
def test_a_design_without_weight_is_told(weighted: Path, text: str) -> None:
    declare(weighted, text)
    whole = (weighted / "study.yaml").read_text()
    (weighted / "study.yaml").write_text(whole.replace("weight: w, ", ""))
    with pytest.raises(SurveyKitError, match="names no weight"):
        read_study(weighted)


# --------------------------------------------------------------------------------------------------- method and build
def info(study: sk.study.Study):  # type: ignore[name-defined]
    responses = read_responses(study)
    weights = make_weights(study, responses)
    return study_info(study, responses, make_design(study, responses), weights=weights)


def test_the_log_fills_what_the_author_left_empty(weighted: Path) -> None:
    told = info(read_study(weighted)).method
    assert told["weighting"].startswith("The weights were made in 2 steps, starting from 480 cases")
    assert "Register of residents, 2025-01-01; town.yaml" in told["weighting"]
    assert "480 cases were drawn and" in told["sample_sizes"]
    assert not told["population"]
    declare(weighted, f"{WEIGHTING}method: {{weighting: The author's words.}}\n")
    told = info(read_study(weighted)).method
    assert told["weighting"] == "The author's words."
    assert told["sample_sizes"].startswith("480 cases")
    declare(weighted, WEIGHTING, data_status__real="data_status: synthetic")
    assert info(read_study(weighted)).method["weighting"].startswith("Synthetic data: The weights were made")


def test_nonrespondents_are_no_missing_answers(weighted: Path) -> None:
    study = read_study(weighted)
    frame = pd.read_csv(weighted / "data" / "own.csv")
    came = frame[frame["came"]].groupby("year").size()
    assert [one.asked for one in info(study).missing if one.item == "q1"] == came.tolist()


def test_the_log_goes_into_the_build_and_leaves_it(weighted: Path) -> None:
    folder = Path("made")
    folder.mkdir()
    plan = stages.Plan(study=read_study(weighted), formats=("html",), tell=lambda *_: None)
    stages.STAGES[0].make(plan, folder)
    log = pd.read_csv(folder / stages.WEIGHTS_LOG)
    assert log["step"].tolist() == ["start", "nonresponse", "rake"] * 2
    assert set(log["data_status"]) == {"real"}
    assert log.loc[log["step"] == "rake", "sum"].tolist() == pytest.approx([10_000, 10_000])


# -------------------------------------------------------------------------------------------------------- the command
def test_effects_on_the_indicators_are_the_changes_of_their_estimates(weighted: Path) -> None:
    study = read_study(weighted)
    responses = read_responses(study)
    made = make_weights(study, responses)
    told = effects_on_indicators(study, responses, made, ["police"])
    rows = sk.compute(study).rows
    final = rows[(rows["indicator"] == "police") & (rows["domain"] == "")]
    last = told[told["step"] == "rake"]
    np.testing.assert_allclose(last["estimate"], final["estimate"].astype(float), rtol=1e-12)
    np.testing.assert_allclose(last["se"], final["se"].astype(float), rtol=1e-10)
    start = told[told["step"] == "start"]
    np.testing.assert_allclose(last["since_start"], last["estimate"].to_numpy() - start["estimate"].to_numpy())
    assert last["wave"].tolist() == ["2025", "2026"]
    with pytest.raises(SurveyKitError, match="did you mean 'police'"):
        effects_on_indicators(study, responses, made, ["polce"])


@pytest.mark.usefixtures("weighted")
def test_a_dry_run_prints_and_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    before = set(Path().rglob("*"))
    assert main(["weight", "own", "--dry-run", "--by", "sex"]) == 0
    told = capsys.readouterr().out
    for words in ("The weights were made in 2 steps", "2 rake", "stratum=4, wave 2026", "Largest weights", "courts", "Nothing was written"):  # fmt: skip
        assert words in told
    assert set(Path().rglob("*")) == before


def test_weights_are_written_with_pseudonyms(weighted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["weight", "own", "--key", "keys/own.key", "--to", "first", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["exit_code"] == 0
    assert len(record["written"]) == 9
    made = pd.read_csv("first/own-weights.csv")
    np.testing.assert_allclose(made["weight"], by_hand(weighted).values, rtol=1e-12)
    assert made["case"].is_unique
    assert Path("keys/own.key").stat().st_mode & 0o077 == 0
    ids = set(map(str, pd.read_csv(weighted / "data" / "own.csv")["id"]))
    assert not ids & set(map(str, made["case"]))
    assert main(["weight", "own", "--key", "keys/own.key", "--to", "again"]) == 0
    assert pd.read_csv("again/own-weights.csv")["case"].equals(made["case"])
    assert main(["weight", "own", "--to", "other"]) == 0
    assert not set(pd.read_csv("other/own-weights.csv")["case"]) & set(made["case"])


def test_the_command_refuses(weighted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path("build/own")
    folder.mkdir(parents=True)
    (folder / ".state.json").write_text("{}")
    assert main(["weight", "own", "--to", "build/own/weights"]) == 2
    assert "build of a report" in capsys.readouterr().err
    Path("short.key").write_text("abc")
    assert main(["weight", "own", "--key", "short.key"]) == 2
    assert "no secret" in capsys.readouterr().err
    assert main(["weight", "own", "--dry-run", "--by", "id"]) == 2
    assert "not by single cases" in capsys.readouterr().err
    declare(weighted, "")
    assert main(["weight", "own"]) == 2
    assert "declares no weighting" in capsys.readouterr().err


def test_synthetic_weights_say_so(weighted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    declare(weighted, WEIGHTING, data_status__real="data_status: synthetic")
    assert main(["weight", "own"]) == 0
    assert "Synthetic data: The weights were made" in capsys.readouterr().out
    files = sorted(Path("build/synthetic-own-weights").iterdir())
    assert all(path.name.startswith("synthetic-own-") for path in files)
    assert set(pd.read_csv(next(path for path in files if path.name.endswith("weights.csv")))["data_status"]) == {
        "synthetic"
    }


@pytest.mark.usefixtures("weighted")
def test_the_check_of_a_study_counts_what_the_log_tells(capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "own", "--json"])
    found = [one for one in json.loads(capsys.readouterr().out)["findings"] if one["code"] == "METHOD"]
    assert found[0]["message"].startswith("9 of 11")
    assert "weighting" not in found[0]["message"]


def test_every_key_of_a_step_is_known_to_name_columns_or_not() -> None:
    """A new step's key has to be placed: what names a column is read with the answers, and its absence told."""
    others = {
        *(
            "name",
            "cap",
            "shares",
            "classes",
            "distance",
            "totals",
            "population",
            "collapse",
            "bounds",
            "tolerance",
            "cost",
        ),
        *("weights", "covariance", "se", "seed", "ratio", "iqr", "spread", "strict", "frames"),
    }
    keys = {part.name for kind in KINDS.values() for part in fields(kind)}
    assert keys - others == {*NAMED, *KEYED} & keys
    assert not others & {*NAMED, *KEYED}


def test_columns_of_frames_and_samples_are_read() -> None:
    record = {"kind": "frame_overlap", "sample": "from", "frames": {"a": "on_a", "b": "on_b"}}
    needed, perhaps = plan_columns(WeightingPlan.read([record, {"kind": "trim", "cap": 9, "by": ["region", "sex"]}]))
    assert needed == ["from", "on_a", "on_b", "region", "sex"]
    assert perhaps == ["proportional"]


# ------------------------------------------------------------------------------------------------------ issued cases
CASES = WEIGHTING.replace("respondent: came", "respondent: interviewed") + "  cases: issued.csv\n"


@pytest.fixture
def apart(weighted: Path) -> Path:
    """Give the same study with interviews in one file and all issued cases, in another order, in another."""
    frame = pd.read_csv(weighted / "data" / "own.csv")
    known = ["year", "id", "stratum", "psu", "units", "w", "sex"]
    frame.loc[frame["came"], ["year", "id", "q1", "q2", "sex", "units"]].to_csv(
        weighted / "data" / "own.csv", index=False
    )
    frame[known].assign(phone="87010000000").sample(frac=1, random_state=1).to_csv(
        weighted / "data" / "issued.csv", index=False
    )
    declare(weighted, CASES)
    return weighted


def test_issued_cases_beside_the_interviews_give_the_same(weighted: Path, apart: Path) -> None:
    study = read_study(apart)
    responses = read_responses(study).checked()
    made = make_weights(study, responses)
    assert "phone" not in responses.frame
    rows = sk.compute(study).rows
    by_case = pd.Series(made.values, index=pd.MultiIndex.from_frame(responses.frame[["year", "id"]].astype(str)))
    frame = pd.read_csv(apart / "data" / "issued.csv")
    answers = pd.read_csv(apart / "data" / "own.csv").assign(came=True)
    whole = frame.merge(answers[["year", "id", "q1", "came"]], how="left", on=["year", "id"]).sort_values(
        ["year", "id"]
    )
    whole["came"] = whole["came"].eq(True)
    design = sk.Design(whole, weight="w", strata="stratum", psu="psu", fpc="units", wave="year", case="id")
    margins = {year: {"sex": SEX, "stratum": QUARTER} for year in (2025, 2026)}
    hand = WeightingPlan(steps=(Nonresponse(respondent="came", by="stratum"), Rake(margins=margins))).apply(design)
    keys = pd.MultiIndex.from_frame(whole[["year", "id"]].astype(str))
    np.testing.assert_allclose(by_case.reindex(keys), hand.values, rtol=1e-12)
    whole["trusts"] = np.where(whole["q1"].isin([1, 2, 3, 4]), whole["q1"].isin([3, 4]), np.nan)
    expected = sk.mean(hand.design.with_frame(whole), "trusts", by="year", missing="exclude").table
    got = rows[(rows["indicator"] == "courts") & (rows["domain"] == "")]
    np.testing.assert_allclose(
        got[["estimate", "se", "n"]].astype(float), expected[["estimate", "se", "n"]].astype(float)
    )
    assert weighted / "data" / "issued.csv" in study.sources()


def test_issued_cases_that_do_not_fit_are_told(apart: Path) -> None:
    path = apart / "data" / "issued.csv"
    issued, answers = pd.read_csv(path), pd.read_csv(apart / "data" / "own.csv")
    first = (issued["year"] == answers["year"][0]) & (issued["id"] == answers["id"][0])
    for frame, words in (
        (issued[~first], ("no case that was issued", "first in row 2", "1 of")),
        (pd.concat([issued, issued.iloc[[3]]]), ("issued twice", "rows 5 and 482")),
        (issued.drop(columns="id"), ("lack the column 'id'",)),
        (issued.drop(columns="stratum"), ("'stratum'",)),
    ):
        frame.to_csv(path, index=False)
        with pytest.raises(SurveyKitError) as refusal:
            weighed(apart)
        for word in words:
            assert word in str(refusal.value)
    issued.to_csv(path, index=False)
    (apart / "study.yaml").write_text((apart / "study.yaml").read_text().replace(", case: id", ""))
    with pytest.raises(SurveyKitError, match="no column of cases"):
        weighed(apart)


def test_a_wave_before_the_issued_cases_is_all_interviews(apart: Path) -> None:
    path = apart / "data" / "issued.csv"
    issued = pd.read_csv(path)
    issued[issued["year"] == 2026].to_csv(path, index=False)
    answers = pd.read_csv(apart / "data" / "own.csv")
    old = issued[["year", "id", "stratum", "psu", "w"]]
    answers.merge(old, on=["year", "id"]).to_csv(apart / "data" / "own.csv", index=False)
    made = weighed(apart)
    log = made.by_wave().set_index(["wave", "step"])["rows"]
    assert log["2025", "start"] == log["2025", "nonresponse"] == (answers["year"] == 2025).sum()
    assert log["2026", "start"] == 240
    assert log["2026", "nonresponse"] == (answers["year"] == 2026).sum()
