"""The rehearsal's study: its files can be written again, its answers fit its questionnaire, its truth is what was declared."""

from __future__ import annotations

import gzip
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from survey_kit.errors import StudyError
from survey_kit.indicators import compute
from survey_kit.instrument import read_instrument
from survey_kit.rehearsal import SEED, build_country, true_value, truth_table, write_rehearsal
from survey_kit.rehearsal.country import NOT_ASKED
from survey_kit.rehearsal.questions import DONT_KNOW, NOT_APPLICABLE, QUESTIONS, REFUSED, WAVES
from survey_kit.rehearsal.write import RESPONSES, TRUTH
from survey_kit.study import Indicator, read_responses, read_study

ROOT = Path(__file__).resolve().parents[2]
STUDY = ROOT / "analyses" / "kazakhstan"
PERSON = {"region", "settlement", "language", "sex", "age"}


@pytest.fixture(scope="module")
def study():
    return read_study(STUDY)


@pytest.fixture(scope="module")
def country():
    return build_country(SEED)


@pytest.fixture(scope="module")
def table():
    return pd.read_csv(STUDY / "data" / RESPONSES)


@pytest.fixture(scope="module")
def again(tmp_path_factory):
    """The files written into a copy of the study."""
    home = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "instruments" / "rehearsal", home / "instruments" / "rehearsal")
    folder = home / "analyses" / "kazakhstan"
    folder.mkdir(parents=True)
    for name in ("study.yaml", "indicators.yaml"):
        shutil.copy(STUDY / name, folder / name)
    write_rehearsal(folder)
    return folder


# ------------------------------------------------------------------------------------------------------------- files
def test_the_committed_truth_is_written_again_to_the_byte(again):
    assert (again / "data" / TRUTH).read_bytes() == (STUDY / "data" / TRUTH).read_bytes()


def test_the_committed_answers_are_written_again_to_the_byte(again):
    """Compared unpacked, since another zlib may pack the same bytes differently."""
    new, old = (gzip.decompress((folder / "data" / RESPONSES).read_bytes()) for folder in (again, STUDY))
    assert new == old


def test_the_packed_file_names_no_date_and_is_packed_the_same_twice(again):
    first = (again / "data" / RESPONSES).read_bytes()
    assert first[4:8] == b"\0\0\0\0"
    write_rehearsal(again)
    assert (again / "data" / RESPONSES).read_bytes() == first


def test_the_module_writes_the_files_and_says_where(again):
    done = subprocess.run(
        [sys.executable, "-m", "survey_kit.rehearsal", str(again)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    assert RESPONSES in done.stdout
    assert TRUTH in done.stdout


def test_a_study_of_real_answers_is_not_written_over(again, tmp_path):
    folder = tmp_path / "analyses" / "kazakhstan"
    shutil.copytree(again, folder)
    shutil.copytree(ROOT / "instruments" / "rehearsal", tmp_path / "instruments" / "rehearsal")
    text = (folder / "study.yaml").read_text(encoding="utf-8")
    (folder / "study.yaml").write_text(text.replace("data_status: synthetic", "data_status: real"), encoding="utf-8")
    before = (folder / "data" / RESPONSES).read_bytes()
    with pytest.raises(StudyError, match="not a rehearsal"):
        write_rehearsal(folder)
    assert (folder / "data" / RESPONSES).read_bytes() == before


def test_the_file_is_small_and_every_row_says_that_it_is_synthetic(table):
    assert (STUDY / "data" / RESPONSES).stat().st_size < 500_000
    assert len(table) == 7200
    assert (table["data_status"] == "synthetic").all()
    assert not table.duplicated(["wave", "case"]).any()


def test_waves_are_numbered_and_have_no_year(study, table):
    assert tuple(wave.id for wave in study.waves) == WAVES
    assert all(wave.year is None for wave in study.waves)
    assert tuple(table["wave"].unique()) == WAVES


# ---------------------------------------------------------------------------------------------- questionnaire and data
def test_answers_fit_the_questionnaire_without_a_problem(study):
    answers = read_responses(study)
    assert answers.problems.empty, answers.problems.to_string()
    assert not answers.asked("trust_prosecutor")[:2400].any()
    assert answers.asked("trust_prosecutor")[2400:].all()


def test_every_item_has_a_simulated_answer_and_the_other_way_round(study):
    form = study.instrument()
    assert {question.item for question in QUESTIONS} == {item.id for item in form.items} - PERSON
    assert [item.id for item in form.items if item.id not in PERSON] == [question.item for question in QUESTIONS]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.item)
def test_simulated_codes_and_routes_are_those_of_the_questionnaire(question):
    form = read_instrument(ROOT / "instruments" / "rehearsal")
    assert set(question.codes) - {DONT_KNOW} == set(form.codes(question.item))
    route = form.item(question.item).ask_if
    assert route == (" or ".join(f"{item} == {code}" for item, code in question.asked) or None)
    assert sum(question.shares) == pytest.approx(1, abs=1e-3)


def test_missing_codes_mean_the_same_in_both():
    form = read_instrument(ROOT / "instruments" / "rehearsal")
    kinds = {NOT_APPLICABLE: "not_asked", DONT_KNOW: "dont_know", REFUSED: "refused"}
    assert dict(form.missing) == kinds


def test_all_contacts_are_asked_before_the_first_bribe(study):
    order = [item.id for item in study.instrument().items]
    contacts = [k for k, item in enumerate(order) if item.startswith("contact_")]
    bribes = [k for k, item in enumerate(order) if item.startswith(("paid_", "asked_"))]
    assert max(contacts) < min(bribes)


def test_service_items_carry_the_published_wording_and_its_source(study):
    form = study.instrument()
    items = [item for item in form.items if item.source and item.source.standard.startswith("SDG 16.6.2")]
    assert len(items) == 25
    assert all(item.source.verified and item.source.item for item in items)
    bribes = [item for item in form.items if item.source and item.source.standard.startswith("SDG 16.5.1")]
    assert len(bribes) == 18
    assert not any(item.source.verified for item in bribes)


def test_translations_are_whole_and_drafts(study):
    form = study.instrument()
    assert form.languages == ("en", "kk", "ru")
    assert form.translation_status("kk") == form.translation_status("ru") == "draft"


def test_titles_stand_in_three_languages(study):
    assert set(study.title) == {"en", "kk", "ru"}
    assert all(set(one.title) == {"en", "kk", "ru"} for one in study.definitions)


def test_the_method_states_all_eleven_elements_and_that_nobody_was_interviewed(study):
    assert study.method.not_stated() == ()
    assert "Nobody was interviewed" in study.notes[0]["en"]


def test_the_method_counts_the_people_of_the_country(study, country):
    assert f"{len(country.age):,} made-up adults" in study.method.population["en"]


def test_the_note_about_false_words_is_true(study):
    """The study says how many changes are told and which of them did not happen."""
    rows = compute(study).select(domain="").rows
    truth = pd.read_csv(STUDY / "data" / TRUTH).set_index(["indicator", "wave"])["true_change"]
    told = rows[rows["previous_wording"].isin(["rose", "fell"])]
    happened = [truth[row.indicator, row.wave] for row in told.itertuples()]
    false = [
        (row.indicator, row.wave)
        for row, change in zip(told.itertuples(), happened, strict=True)
        if (row.previous_wording == "rose") != (change > 1e-12) or (row.previous_wording == "fell") != (change < -1e-12)
    ]
    assert f"Of the {len(told)} changes" in study.notes[1]["en"]
    assert false == [("trust_media", "Rehearsal 2")]


# ------------------------------------------------------------------------------------------------------------- truth
def test_truth_rises_falls_and_stays(study, country):
    truth = truth_table(study, country).set_index(["indicator", "wave"])["true_change"]
    last = truth.xs("Rehearsal 3", level="wave")
    assert last["trust_government"] > 0.05
    assert last["trust_police"] < -0.05
    assert last["bribery_paid_or_asked"] < -0.03
    for still in ("trust_president", "services_health", "services_health_attributes", "legal_attitudes", "contact_any"):
        assert (truth[still].dropna() == 0).all()


def test_truth_is_a_count_over_everybody(country):
    form = read_instrument(ROOT / "instruments" / "rehearsal")
    shared = {"title": {"en": "x"}, "base": "answered", "dont_know": "exclude", "direction": "up"}
    wave = WAVES[0]
    police = country.answer(wave, "trust_police")
    share = Indicator(id="a", kind="share", items=("trust_police",), categories=(6, 7, 8, 9, 10), **shared)
    assert true_value(country, wave, share, form).value == pytest.approx(np.mean(police >= 6))
    score = Indicator(id="b", kind="mean100", items=("trust_police",), **shared)
    assert true_value(country, wave, score, form).value == pytest.approx(10 * np.mean(police.astype(float)))
    net = Indicator(id="c", kind="net", items=("law_gift",), categories=(4, 5), low_categories=(1, 2), **shared)
    gift = country.answer(wave, "law_gift")
    assert true_value(country, wave, net, form).value == pytest.approx(np.mean(gift >= 4) - np.mean(gift <= 2))


def test_dont_know_about_the_law_counts_as_not_knowing(country):
    form = read_instrument(ROOT / "instruments" / "rehearsal")
    shared = {"title": {"en": "x"}, "kind": "share", "items": ("know_1",), "categories": (1,), "direction": "up"}
    said = country.answer(WAVES[0], "know_1")
    with_them = Indicator(id="a", base="answered", dont_know="include", **shared)
    without = Indicator(id="b", base="answered", dont_know="exclude", **shared)
    assert true_value(country, WAVES[0], with_them, form).value == pytest.approx(np.mean(said == 1))
    assert true_value(country, WAVES[0], without, form).value == pytest.approx(np.mean(said[said != DONT_KNOW] == 1))


def test_truth_of_users_leaves_out_those_who_were_not_asked(country):
    form = read_instrument(ROOT / "instruments" / "rehearsal")
    one = Indicator(
        id="a", title={"en": "x"}, kind="share", items=("health_overall",), categories=(2, 3), base="answered",
        dont_know="exclude", direction="up",
    )  # fmt: skip
    said = country.answer(WAVES[0], "health_overall")
    truth = true_value(country, WAVES[0], one, form)
    assert truth.persons == int((said != NOT_ASKED).sum()) < len(said)


def test_truth_of_bribery_has_those_with_contact_below_the_line(study, country):
    one = study.indicator("bribery_paid_or_asked")
    truth = true_value(country, WAVES[0], one, study.instrument())
    contact = np.zeros(len(country.age), dtype=bool)
    bribe = contact.copy()
    for name in ("police", "medical", "education", "akimat", "land", "courts"):
        contact |= country.answer(WAVES[0], f"contact_{name}") == 1
        bribe |= (country.answer(WAVES[0], f"paid_{name}") == 1) | (country.answer(WAVES[0], f"asked_{name}") == 1)
    assert truth.persons == contact.sum()
    assert truth.value == pytest.approx(bribe[contact].mean())
