"""The national rehearsal: its study, what it keeps, what is made again, and the truth it is held against."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from survey_kit.cli.main import main
from survey_kit.errors import StudyError
from survey_kit.estimate import mean
from survey_kit.fieldwork import read_contacts
from survey_kit.rehearsal import ROUNDS, build_population
from survey_kit.rehearsal.answering import make_teller
from survey_kit.rehearsal.national import (
    ANSWERS,
    CASES,
    DIGESTS,
    TOTALS,
    TRUTH,
    _text,
    _zipped,
    lacking,
    margins_of,
    national,
    totals_text,
    wave_tables,
    write_national,
)
from survey_kit.rehearsal.national_field import CONTACTS, FRAME, ISSUED, field_tables
from survey_kit.rehearsal.true_values import true_table
from survey_kit.study import make_design, make_weights, read_responses, read_study

ROOT = Path(__file__).resolve().parents[2]
STUDY = ROOT / "analyses" / "kazakhstan_annual"
WAVE = 8  # face to face, and all indicators but the Kurultai are asked


@pytest.fixture(scope="module")
def study():
    return read_study(STUDY)


@pytest.fixture(scope="module")
def teller(study):
    return make_teller(build_population(16), study.instrument())


@pytest.fixture(scope="module")
def tables(teller):
    return wave_tables(teller, WAVE)


@pytest.fixture(scope="module")
def one_wave(tmp_path_factory, tables):
    """A copy of the study with one wave, and that wave's answers."""
    home = tmp_path_factory.mktemp("project")
    (home / "instruments").symlink_to(ROOT / "instruments")
    folder = home / "analyses" / "kazakhstan_annual"
    shutil.copytree(STUDY, folder, ignore=shutil.ignore_patterns("*.csv.gz", "policy.yaml"))
    told = yaml.safe_load((folder / "study.yaml").read_text(encoding="utf-8"))
    name = f"Rehearsal {WAVE}"
    told["waves"] = [{"id": name, "version": "1.0", "not_asked": wave_of(told, name)["not_asked"]}]
    told["baseline"] = name
    rake = told["weighting"]["steps"][-1]
    rake["targets"] = {name: rake["targets"][name]}
    (folder / "study.yaml").write_text(yaml.safe_dump(told, allow_unicode=True), encoding="utf-8")
    for file, table in zip((ANSWERS, CASES), tables, strict=True):
        table.to_csv(folder / "data" / file, index=False)
    return read_study(folder)


def wave_of(told, name):
    return next(wave for wave in told["waves"] if wave["id"] == name)


# --------------------------------------------------------------------------------------------------------------- study
def test_the_study_leaves_out_what_the_country_is_not_asked(study, teller):
    assert [wave.id for wave in study.waves] == [wave.name for wave in ROUNDS]
    for wave in ROUNDS:
        assert study.not_asked(wave.name) == set(teller.models.unasked(wave.number)), wave.name


def test_the_study_declares_the_breaks_that_the_country_has(study, teller):
    for wave, declared in zip(ROUNDS, study.waves, strict=True):
        by_telephone = wave.mode == "telephone"
        assert (declared.break_ == "mode") == (by_telephone or wave.number == 8), wave.name
    other_words = {item for item, model in teller.models.models.items() if 9 in model.moves and item == "trust_media"}
    assert set(study.wave("Rehearsal 9").break_items) == other_words


def test_every_indicator_is_in_one_family(study):
    ids = [one.id for one in study.definitions]
    assert sorted(name for members in study.families.values() for name in members) == sorted(ids)
    assert ids[:1] == ["zero_tolerance"]
    assert {"bribery_paid_or_asked", "bribery_paid", "legal_knowledge", "legal_attitudes", "legal_practice"} <= set(ids)


def test_the_goal_of_the_strategy_stands_first(study):
    assert [one.id for one in study.definitions][:3] == [
        "zero_tolerance",
        "bribery_paid_or_asked",
        "bribery_paid",
    ]


def test_each_wave_is_raked_to_the_regions_it_knew():
    told = yaml.safe_load((STUDY / "study.yaml").read_text(encoding="utf-8"))["weighting"]["steps"][-1]["targets"]
    for wave in ROUNDS:
        assert told[wave.name] == f"data/{TOTALS}#{','.join(margins_of(wave.number))}"


# ---------------------------------------------------------------------------------------------------- made and kept
def test_the_totals_of_the_population_are_kept(teller):
    kept = (STUDY / "data" / TOTALS).read_text(encoding="utf-8")
    assert kept == "".join(totals_text(teller.population, tuple(wave.number for wave in ROUNDS)))


def test_a_wave_is_made_again_to_the_byte(tables):
    kept = (STUDY / "data" / DIGESTS).read_text(encoding="utf-8").splitlines()
    assert len(kept) == 25
    for file, table in zip((ANSWERS, CASES), tables, strict=True):
        assert f"{hashlib.sha256(_text(table)).hexdigest()}  {file[:-3]}, Rehearsal {WAVE}" in kept


def test_the_field_team_has_its_files(teller, tmp_path):
    """The commands of a field team run on what is made: next year's areas, the newest wave's progress."""
    kept = (STUDY / "data" / DIGESTS).read_text(encoding="utf-8").splitlines()
    for name, table in field_tables(teller.population, 11).items():
        text = _text(table)
        assert f"{hashlib.sha256(text).hexdigest()}  {name[:-3]}, Rehearsal 11" in kept
        assert set(table["data_status"]) == {"synthetic"}
        (tmp_path / name).write_bytes(_zipped(text))
    folder = ["--data", str(tmp_path), "--dry-run", "--json"]
    for command in ("sample", "field"):
        assert main([command, str(STUDY), *folder]) == 0
    log = read_contacts(pd.read_csv(tmp_path / CONTACTS), cases=pd.read_csv(tmp_path / ISSUED))
    assert 7000 < (log.status()["group"] == "I").sum() < 8500


def test_the_kept_truth_is_that_of_the_country(study, teller):
    kept = pd.read_csv(STUDY / "data" / TRUTH, keep_default_na=False, na_values={"true_change": [""]})
    kept = kept[kept["wave"] == f"Rehearsal {WAVE}"].reset_index(drop=True)
    again = true_table(teller, study.definitions, (WAVE,))
    assert kept[["indicator", "region"]].equals(again[["indicator", "region"]])
    np.testing.assert_allclose(kept["truth"], again["truth"], atol=5e-7)
    assert (kept["persons"] == again["persons"]).all()


def test_nothing_of_the_kept_files_is_large():
    kept = [
        path
        for path in STUDY.rglob("*")
        if path.is_file() and path.name not in {ANSWERS, CASES, FRAME, ISSUED, CONTACTS}
    ]
    assert sum(path.stat().st_size for path in kept) < 5_000_000


def test_other_answers_than_those_kept_are_refused(one_wave):
    folder = Path(one_wave.folder)
    with pytest.raises(StudyError, match="not those of the study") as fault:
        write_national(folder, seed=17)
    assert f"Rehearsal {WAVE}" in str(fault.value)


def test_only_the_national_rehearsal_is_written(study):
    assert national(study)
    other = read_study(ROOT / "analyses" / "kazakhstan")
    assert not national(other)
    assert not lacking(other)
    with pytest.raises(StudyError, match="not the national rehearsal"):
        write_national(ROOT / "analyses" / "kazakhstan")


# ------------------------------------------------------------------------------------------------------ a wave's way
def test_no_person_can_be_found_in_the_files(tables):
    answers, cases = tables
    assert not {"district", "district_no", "dwelling", "person"} & ({*answers.columns} | {*cases.columns})


def test_the_answers_fit_the_questionnaire_and_the_weights_the_population(one_wave):
    responses = read_responses(one_wave)
    assert responses.problems.empty, responses.problems.to_string()
    weights = make_weights(one_wave, responses)
    np.testing.assert_allclose(weights.values.sum(), 528_633, rtol=1e-9)
    assert make_design(one_wave, responses).describe()[0]["psus"] == 800


def test_estimates_of_a_wave_lie_about_the_truth(one_wave, study, teller):
    """Interviewers and silence at random widen the errors; most of the indicators lie within two standard errors."""
    responses = read_responses(one_wave)
    design = make_design(one_wave, responses)
    truth = true_table(teller, study.definitions, (WAVE,)).query("region == ''").set_index("indicator")["truth"]
    items = [one for one in study.definitions if one.kind == "mean100" and len(one.items) == 1 and one.id in truth]
    found = [mean(design, one.items[0], missing="exclude").to_frame().iloc[0] for one in items]
    scores = [
        (10 * told["estimate"] - truth[one.id]) / (10 * told["se"]) for told, one in zip(found, items, strict=True)
    ]
    assert len(items) == 8
    assert (np.abs(scores) < 4).all(), scores
