"""``wave add``: last year copied forward, the author's file kept, what changed told."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from survey_kit.cli import main
from survey_kit.drafting import add_wave
from survey_kit.drafting.insert import appended
from survey_kit.errors import StudyError
from survey_kit.indicators import compute
from survey_kit.study import read_study

STUDY = """\
# our study
schema: survey-kit/study/1
id: own
title: Own
data_status: real
instrument: own
responses: {file: first.csv, wave: year}
design: {weight: w, psu: psu}   # drawn by hand
waves:   # oldest first
  - {id: "2025", year: 2025, version: "1.0"}
  - {id: "2026", year: 2026, version: "1.0", mode: Face to face, flag: [floods]}  # hard year

  # the families are frozen
families: {trust: [courts, police]}
domains: [sex]
"""
INDICATORS = """\
schema: survey-kit/indicators/1
indicators:
  - {id: courts, title: Courts, kind: share, items: [q1], categories: [3, 4], base: answered, dont_know: exclude, direction: up}
  - {id: police, title: Police, kind: share, items: [q2], categories: [3, 4], base: answered, dont_know: exclude, direction: up}
"""
FORM = """\
schema: survey-kit/instrument/1
id: own
version: "1.0"
missing: {9: refused}
scales: {four: {codes: [1, 2, 3, 4], ends: {1: none, 4: full}, high: 4}}
modules:
  - id: trust
    items:
      - {id: q1, scale: four, text: "Do you trust the courts?"}
      - {id: q2, scale: four, text: "Do you trust the police?"}
      - {id: sex, scale: {codes: [1, 2], labels: {1: m, 2: f}}, text: Sex, missing: {}}
"""


def answers(year: int, n: int = 200) -> pd.DataFrame:
    rng = np.random.default_rng(year)
    columns = {"year": year, "psu": np.arange(n) // 10, "w": 1.0}
    items = {name: rng.integers(1, 5, n) for name in ("q1", "q2")}
    return pd.DataFrame({**columns, **items, "sex": rng.integers(1, 3, n)})


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SURVEY_KIT_DATA", raising=False)
    study, form = tmp_path / "analyses" / "own", tmp_path / "instruments" / "own"
    (study / "data").mkdir(parents=True)
    form.mkdir(parents=True)
    (study / "study.yaml").write_text(STUDY)
    (study / "indicators.yaml").write_text(INDICATORS)
    (form / "instrument.yaml").write_text(FORM)
    pd.concat([answers(2025), answers(2026)]).to_csv(study / "data" / "first.csv", index=False)
    return study


def new(own, frame: pd.DataFrame | None = None, name: str = "2027.csv"):
    path = own.parents[1] / name
    (answers(2027) if frame is None else frame).to_csv(path, index=False)
    return path


def told(made):
    return {(one.effect, one.what, one.kind) for one in made.changes if one.effect != "none"}


def test_the_wave_goes_to_its_place_and_the_rest_stays(own):
    before = STUDY.splitlines()
    made = add_wave(own, "2027", new(own))
    after = (own / "study.yaml").read_text().splitlines()
    added = [line for line in after if line not in before]
    assert added == ['  - {id: "2027", year: 2027, version: "1.0", file: "2027.csv", mode: "Face to face"}']
    assert [line for line in after if line not in added] == before
    assert after.index(added[0]) == before.index(next(line for line in before if "hard year" in line)) + 1
    assert (told(made), made.stops, made.rows) == (set(), {}, 200)
    rows = compute(read_study(own)).select("courts", domain="").rows
    assert rows["wave"].tolist() == ["2025", "2026", "2027"]
    assert rows["previous_wording"].iloc[2] in {"rose", "fell", "no_significant_change"}


def test_entries_in_block_style_stay_in_block_style(own):
    block = STUDY.replace(
        '  - {id: "2026", year: 2026, version: "1.0", mode: Face to face, flag: [floods]}  # hard year\n',
        '  - id: "2026"\n    year: 2026\n    version: "1.0"\n    mode: >-\n      Face to\n      face\n    flag:\n      - floods  # hard\n',
    )
    (own / "study.yaml").write_text(block)
    add_wave(own, "2027", new(own))
    after = (own / "study.yaml").read_text()
    entry = '  - id: "2027"\n    year: 2027\n    version: "1.0"\n    file: "2027.csv"\n    mode: "Face to face"\n'
    assert after.replace(entry, "") == block
    assert after.index("floods  # hard") < after.index('"2027"') < after.index("# the families")


def test_a_dry_run_writes_nothing(own, capsys):
    path = new(own, answers(2027).drop(columns="q2"))
    before = {file: file.read_bytes() for file in own.rglob("*") if file.is_file()}
    words = ["wave", "add", "2027", "--responses", str(path), "--study", "own", "--dry-run", "--json"]
    assert main(words) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["written"] is False
    assert set(record["stops"]) == {"police"}
    assert before == {file: file.read_bytes() for file in own.rglob("*") if file.is_file()}


def test_an_item_that_is_gone_stops_its_trend(own, capsys):
    path = new(own, answers(2027).drop(columns="q2"))
    assert main(["wave", "add", "2027", "--responses", str(path), "--study", str(own)]) == 0
    out = capsys.readouterr().out
    assert "Trends that stop: 1" in out
    assert "police: q2: no column 'q2' in the new file" in out
    study = read_study(own)
    assert study.not_asked("2027") == {"q2"}
    assert compute(study).select("police", wave="2027", domain="").rows["status"].tolist() == ["not_asked"]


def test_an_empty_column_was_not_asked(own):
    made = add_wave(own, "2027", new(own, answers(2027).assign(q2=np.nan)))
    assert ("break", "q2", "absent") in told(made)
    assert read_study(own).not_asked("2027") == {"q2"}


def test_a_code_the_instrument_does_not_know_breaks(own):
    frame = answers(2027)
    frame.loc[:4, "q1"] = 5
    made = add_wave(own, "2027", new(own, frame))
    assert ("break", "q1", "codes") in told(made)
    wave = read_study(own).wave("2027")
    assert (wave.break_, wave.break_items) == ("scale", ("q1",))
    assert "# DECIDE" in made.entry
    assert set(made.stops) == {"courts"}


def test_an_answer_that_is_never_given_is_noted(own):
    frame = answers(2027)
    frame["q1"] = frame["q1"].clip(upper=3)
    made = add_wave(own, "2027", new(own, frame))
    assert told(made) == {("note", "q1", "unused")}
    assert made.stops == {}


@pytest.mark.parametrize(("change", "hint"), [({"w": "W"}, "differs only by case"), ({"w": "v8"}, "known:")])
def test_without_the_weight_every_trend_stops(own, change, hint):
    made = add_wave(own, "2027", new(own, answers(2027).rename(columns=change)))
    first = made.changes[0]
    assert (first.effect, first.what, first.kind) == ("break", "w", "design")
    assert hint in first.text
    assert set(made.stops) == {"courts", "police"}


def test_a_new_version_of_the_instrument_is_compared(own):
    form = own.parents[1] / "instruments" / "own"
    (form / "versions").mkdir()
    (form / "versions" / "1.0.yaml").write_text(FORM)
    newer = FORM.replace('"1.0"', '"2.0"').replace("Do you trust the courts?", "How much do you trust judges?")
    (form / "instrument.yaml").write_text(newer)
    made = add_wave(own, "2027", new(own))
    assert ("break", "q1", "wording") in told(made)
    wave = read_study(own).wave("2027")
    assert (wave.version, wave.break_, wave.break_items) == ("2.0", "wording", ("q1",))
    rows = compute(read_study(own)).select("courts", wave="2027", domain="").rows
    assert rows["previous_wording"].tolist() == ["cannot_be_compared"]


def test_words_that_changed_in_the_labels_of_the_files(own):
    pyreadstat = pytest.importorskip("pyreadstat")
    labels = {"q1": "Do you trust the courts?", "q2": "Do you trust the police?"}
    values = {"q1": {1: "none", 2: "little", 3: "some", 4: "full"}}
    path = own / "data" / "first.sav"
    pyreadstat.write_sav(answers(2026), str(path), column_labels=labels, variable_value_labels=values)
    text = STUDY.replace("first.csv", "first.sav").replace('  - {id: "2025", year: 2025, version: "1.0"}\n', "")
    (own / "study.yaml").write_text(text)
    newer = own.parents[1] / "2027.sav"
    labels["q2"] = "Do you trust the army?"
    values["q1"][4] = "no trust"
    pyreadstat.write_sav(answers(2027), str(newer), column_labels=labels, variable_value_labels=values)
    made = add_wave(own, "2027", newer)
    assert {("break", "q2", "wording"), ("break", "q1", "labels")} <= told(made)
    assert read_study(own).wave("2027").break_items == ("q1", "q2")


def test_a_file_in_the_data_folder_stays_there(own, tmp_path):
    folder = tmp_path / "elsewhere" / "own"
    folder.mkdir(parents=True)
    answers(2027).to_csv(folder / "2027.csv", index=False)
    made = add_wave(own, "2027", folder / "2027.csv", data=tmp_path / "elsewhere")
    assert made.file == folder / "2027.csv"
    assert not (own / "data" / "2027.csv").exists()
    assert read_study(own, data=tmp_path / "elsewhere").wave("2027").file == "own/2027.csv"


def test_what_cannot_be_added(own):
    before = (own / "study.yaml").read_text()
    with pytest.raises(StudyError, match="already"):
        add_wave(own, "2026", new(own))
    with pytest.raises(StudyError, match="no row of wave '2028'"):
        add_wave(own, "2028", new(own))
    with pytest.raises(StudyError, match="other waves"):
        add_wave(own, "2027", new(own, pd.concat([answers(2026), answers(2027)])))
    (own / "data" / "2027.csv").write_text("another file")
    with pytest.raises(StudyError, match="Another file of this name"):
        add_wave(own, "2027", new(own))
    assert (own / "study.yaml").read_text() == before
    assert (own / "data" / "2027.csv").read_text() == "another file"


def test_a_wave_that_is_no_year_is_asked_about(own):
    frame = answers(2027).drop(columns="year")
    made = add_wave(own, "autumn", new(own, frame))
    assert "year" not in made.entry.partition("#")[0]
    assert "# DECIDE: which year is this wave?" in made.entry


def test_the_only_study_of_a_folder_is_meant(own, capsys):
    assert main(["wave", "add", "2027", "--responses", str(new(own))]) == 0
    assert "Wave 2027 added" in capsys.readouterr().out


def test_a_list_in_brackets_is_told():
    with pytest.raises(StudyError, match="cannot be added to"):
        appended("waves: [{id: a}]\n", "waves", ["- {id: b}"], "study.yaml")


def test_windows_line_ends_and_no_last_line_end():
    assert appended("waves:\r\n- {id: a}\r\n", "waves", ["- {id: b}"], "") == "waves:\r\n- {id: a}\r\n- {id: b}\r\n"
    assert appended("waves:\n    - {id: a}", "waves", ["- {id: b}"], "") == "waves:\n    - {id: a}\n    - {id: b}\n"
