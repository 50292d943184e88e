"""``survey-kit field`` with screens: from study.yaml, a contact log and answers to tables and pages; names stay hidden, refusals are clear."""

from __future__ import annotations

import json
import re
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from survey_kit.cli import main
from survey_kit.fieldwork import pseudonyms, read_contacts
from survey_kit.fieldwork.screens import Screen
from survey_kit.fieldwork.screens_words import NULLS
from survey_kit.language import known_languages, words
from survey_kit.language.catalogue import FOLDER as CATALOGUES
from survey_kit.report.scan import findings
from survey_kit.study import read_interviews, read_study

KEY = "kept in the office safe"
BAD = "int07"
PAGES = Path("build/own-field/interviewers")
FORM = """\
schema: survey-kit/instrument/1
id: own
version: "1.0"
missing: {8: dont_know, 9: refused}
scales:
  four: {codes: [1, 2, 3, 4], ends: {1: none, 4: full}, high: 4}
  yes_no: {codes: [1, 2], labels: {1: "yes", 2: "no"}}
modules:
  - id: trust
    items:
      - {id: q1, scale: four, text: "Do you trust the courts?"}
      - {id: q2, scale: four, text: "Do you trust the police?"}
      - {id: g, type: grid, scale: four, text: "And these?", rows: [{id: g1, text: a}, {id: g2, text: b}, {id: g3, text: c}, {id: g4, text: d}]}
      - {id: met, scale: yes_no, text: "Did you meet an official?"}
      - {id: paid, scale: yes_no, text: "Did you pay?", ask_if: met == 1}
      - {id: age, type: integer, text: "Your age?", missing: {}}
      - {id: sex, scale: {codes: [1, 2], labels: {1: men, 2: women}}, text: Sex, missing: {}}
      - {id: interviewer, type: integer, role: paradata, text: Code, missing: {}}
"""
FIELD = """\
field:
  contacts: contacts.csv
  cases: cases.csv
  target: 400
  screens:
    within: psu
    latitude: lat
    longitude: lon
    phone: telephone
    key_file: field.key
    points: points.csv
    back_checks: {file: again.csv, items: [met, age], tolerance: {age: 1}}
"""
HOMES = (
    "back_checks",
    "interviewer_score",
    *(f"screens_{one}" for one in ("answers", "contacts", "order", "places", "times")),
)


@pytest.fixture
def screened(own: Path) -> Path:
    """Give the own study with a field of twenty interviewers, two in each sampling point; one ticks the middle, far away, under one number."""
    rng = np.random.default_rng(11)
    n = 480
    psu = np.arange(n) // 12
    who = np.array([f"int{k:02d}" for k in psu // 4 * 2 + rng.integers(0, 2, n)])
    bad = who == BAD
    cases = pd.DataFrame({"case": np.arange(7000, 7000 + n), "psu": psu})
    begin = pd.Timestamp("2026-03-02 09:00") + pd.to_timedelta(np.arange(n) // 8, "D")
    begin += pd.to_timedelta(np.arange(n) % 8 * 80, "min")
    took = np.where(bad, 8, 25 + rng.integers(0, 10, n))
    log = pd.DataFrame(
        {
            "case": cases["case"],
            "interviewer": who,
            "attempt": 1,
            "start": begin.strftime("%Y-%m-%dT%H:%M"),
            "end": (begin + pd.to_timedelta(took, "min")).strftime("%Y-%m-%dT%H:%M"),
            "code": np.where(np.arange(n) % 12 == 11, "2.112", "1.1"),
        }
    )
    table = pd.DataFrame({"id": cases["case"], "year": 2026, "stratum": 1, "psu": psu, "units": 500, "w": 1.0})
    for name in ("q1", "q2", "g1", "g2", "g3", "g4"):
        table[name] = np.where(bad, 3, rng.choice([1, 2, 3, 4, 8], n, p=[0.2, 0.25, 0.3, 0.2, 0.05]))
    table["met"] = np.where(bad, 2, rng.integers(1, 3, n))
    table["paid"] = np.where(table["met"] == 1, rng.integers(1, 3, n), np.nan)
    table["age"], table["sex"] = rng.integers(18, 80, n), rng.integers(1, 3, n)
    table["lat"] = 43 + 0.1 * psu + 0.002 * rng.standard_normal(n) + np.where(bad, 0.3, 0)
    table["lon"] = 76 + 0.002 * rng.standard_normal(n)
    table["interviewer"] = 1  # an item of the name that the log has for another thing
    table["telephone"] = np.where(bad, "+7 701 555 00 11", [f"8702{k:07d}" for k in range(n)])
    table = table[(log["code"] == "1.1").to_numpy()]
    again = table.iloc[::3][["id", "met", "age"]].copy()
    again["met"] = np.where(bad[again.index], 1, again["met"])
    again["age"] += np.where(bad[again.index], 20, rng.integers(-1, 2, len(again)))
    data = own / "data"
    older = pd.read_csv(data / "own.csv")
    older = older[older["year"] == 2025].assign(g1=1, g2=1, g3=1, g4=1, met=2, age=40, interviewer=1)
    pd.concat([older, table]).to_csv(data / "own.csv", index=False)
    log.to_csv(data / "contacts.csv", index=False)
    cases.to_csv(data / "cases.csv", index=False)
    again.to_csv(data / "again.csv", index=False)
    pd.DataFrame({"psu": range(40), "latitude": 43 + 0.1 * np.arange(40), "longitude": 76.0}).to_csv(
        data / "points.csv", index=False
    )
    (data / "field.key").write_text(KEY)
    (own.parents[1] / "instruments" / "own" / "instrument.yaml").write_text(FORM)
    declare(own, FIELD)
    return own


def declare(study: Path, text: str) -> None:
    path = study / "study.yaml"
    path.write_text(path.read_text().split("field:")[0] + text)


def test_interviews_are_those_of_the_wave_and_the_log(screened):
    study = read_study(screened)
    log = read_contacts(screened / "data" / "contacts.csv", cases=screened / "data" / "cases.csv")
    held = read_interviews(study, log)
    assert held.interviews.n == 440
    assert (held.unknown, held.problems) == (0, 0)
    assert held.interviews.interviewer == "log: interviewer"
    assert held.interviews.frame["log: interviewer"].nunique() == 20
    assert (held.interviews.psu, held.interviews.start, held.interviews.case) == ("log: psu", "log: start", "id")
    assert held.interviews.frame["q1"].isin([1, 2, 3, 4]).sum() + held.reasons["q1"].notna().sum() == 440
    assert len(read_interviews(study, log, until="2026-03-10").interviews.frame) == 66


@pytest.mark.usefixtures("screened")
def test_the_command_screens_and_hides(capsys):
    assert main(["field", "own", "--quiet"]) == 0
    said = capsys.readouterr().out
    hidden = pseudonyms([BAD], key=KEY, prefix="I-")[0]
    for name in ("straightlining", "distance", "duplicate contacts", "duration", "back checks", "contact filters"):
        assert re.search(rf"{name} +\d+ +1 +{hidden}", said), name
    assert "kappa" in said
    assert BAD not in said.split("Screens of")[1]
    folder = Path("build/own-field")
    table = pd.read_csv(folder / "own-screens.csv")
    assert table.loc[0, "interviewer"] == hidden
    assert (table["data_status"] == "real").all()
    evidence = pd.read_csv(folder / "own-screens_evidence.csv")
    assert set(evidence.loc[evidence["screen"] == "distance", "interviewer"]) == set(table["interviewer"])
    marked = pd.read_csv(folder / "own-screens_interviews.csv")
    assert {"case", "marks", "far", "short", "contact_twice"} <= set(marked)
    assert len(pd.read_csv(folder / "own-back_checks_items.csv")) == 2
    page = (folder / "own-field.html").read_text()
    assert f'href="interviewers/{hidden}.html"' in page
    assert (PAGES / f"{hidden}.html").is_file()
    assert findings(PAGES) == []
    for path in [*folder.glob("*screens*.csv"), *folder.glob("*back_checks*"), *PAGES.iterdir()]:
        text = path.read_text()
        assert BAD not in text
        assert KEY not in text
        assert "5550011" not in re.sub(r"\D", "", text)
    assert main(["field", "own", "--who", str(hidden)]) == 0
    assert capsys.readouterr().out.strip() == f"{hidden} is {BAD}."
    assert main(["field", "own", "--who", "I-000000000000"]) == 2


@pytest.mark.usefixtures("screened")
def test_the_machine_record_counts_and_names_nobody(capsys):
    assert main(["field", "own", "--json", "--dry-run"]) == 0
    said = capsys.readouterr().out
    record = json.loads(said)
    assert record["interviewers"] == 20
    assert record["second_look"] >= 1
    assert {one["screen"] for one in record["screens"]} >= {"distance", "back_checks", "score"}
    assert record["back_checks"]["interviews"] == 147
    assert "int0" not in said
    assert "I-" not in said
    assert not Path("build").exists()


# ----------------------------------------------------------------------------------------------------------- the words
FORBIDDEN = {
    "en": r"fraud|fabricat|falsif|cheat|fake|forg|dishonest|honest|suspic|liar|lying|invent|guilt|crime|manipulat",
    "ru": r"мошен|фальсиф|поддел|обман|сфабрик|жульн|подлог|честн|подозр|виновн|преступ|лож[ьн]|врань|врёт|махин|подтас",
    "kk": r"алая[қғ]|жалған|бұрмала|алда[пуғ]|өтірік|күдік|қолдан жаса|адал|кінә|қылмыс|амал-айла|арам |сұмды",
}


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
@pytest.mark.parametrize("use", ["screens", "progress"])
def test_no_language_accuses(use, language):
    say = words(use, language)
    assert language in known_languages(use)
    for key, text in say.texts.items():
        assert not re.search(FORBIDDEN[language], text[language], re.IGNORECASE), key
    assert "drafts until a named person" in (CATALOGUES / f"{use}.yaml").read_text().replace("\n# ", " ")


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_pages_speak_every_language_and_accuse_nobody(screened, language):
    assert main(["field", "own", "--quiet", "--language", language]) == 0
    pages = [*PAGES.iterdir(), Path("build/own-field/own-field.html")]
    say = words("screens", language)
    for path in pages:
        text = re.sub(r"(?s)<style>.*?</style>", "", path.read_text())
        assert re.search(rf"<html lang=.{language}.", text)
        assert not re.search("|".join(FORBIDDEN.values()), text, re.IGNORECASE)
        assert not re.search(r"[{}]|None\b|\bnan\b", text)
        assert (say("draft") in text) == (language != "en") or language == "en"
    hidden = pseudonyms([BAD], key=KEY, prefix="I-")[0]
    one = (PAGES / f"{hidden}.html").read_text()
    for key in ("look", "title_distance", "title_back_checks", "title_score", "null_dealt", "usual_there", "axis"):
        assert say(key) in one, key
    if language != "en":
        seen = re.sub(r"(?s)<style>.*?</style>|<[^>]*>|Benjamini &amp; Hochberg|survey-kit field", " ", one)
        assert not re.findall(r"\b[a-z]{4,}\b", seen.replace(str(hidden), "").split("An own study")[1])
    assert screened.exists()


def test_every_screen_has_its_words():
    """What the catalogue says in English is what the screens say of themselves, so that no language speaks of something else."""
    say = words("screens", "en")
    checked = 0
    for home in HOMES:
        module = import_module(f"survey_kit.fieldwork.{home}")
        for screen in (one for one in vars(module).values() if isinstance(one, Screen)):
            if screen.name == "drift":
                assert say("null_drift") == screen.null
                continue
            assert say(f"null_{NULLS[screen.name]}") == screen.null
            assert f"title_{screen.name}" in say.texts
            if screen.name not in {"schedule", "heaping"}:
                assert say(f"measure_{screen.name}") == screen.measures
            checked += 1
    assert checked == 13


# --------------------------------------------------------------------------------------------------------- the refusals
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    key_file: field.key\n", "", "there is no key to make them with"),
        ("key_file: field.key", "key_file: lost.key", r"(?s)key is not there.*--key .*lost\.key makes one"),
        ("latitude: lat\n", "latitude: lat\n    start: lat\n", "'start' and 'end' go together"),
        ("    longitude: lon\n", "", "'latitude' and 'longitude' go together"),
        (
            "latitude: lat",
            "latitude: lattitude",
            r"(?s)column that the screens look at is missing.*no column 'lattitude'",
        ),
        ("within: psu", "within: region", "no column 'region'"),
        ("items: [met, age]", "items: [met, ages]", r"(?s)no item 'ages'.*'age'"),
        ("key_file: field.key", "closing: {met: [7]}", r"(?s)no such answer to close others.*7.*It has 1, 2"),
        ("key_file: field.key", "closing: {meet: [2]}", "no item 'meet'"),
        ("key_file: field.key", "reach: -1", "'reach' of the screens cannot be"),
        ("key_file: field.key", "level: 2", "'level' of the screens cannot be"),
        ("key_file: field.key", "limits: {first_hour: 23}", "'first_hour' of the screens cannot be"),
        ("key_file: field.key", "timezone: Asia/Nowhere", "no such time zone"),
        ("key_file: field.key", "salt: x", "Unknown key 'salt'"),
        ("points: points.csv", "points: lost.csv", "missing"),
        ("file: again.csv", "file: lost.csv", "missing"),
        ("key_file: field.key", "key_file: field.key\n    interviewer: q1", "An interview has no interviewer"),
    ],
)
def test_what_cannot_be_screened(screened, capsys, old, new, message):
    assert old in FIELD
    declare(screened, FIELD.replace(old, new))
    assert main(["field", "own", "--quiet"]) == 2
    assert re.search(message, capsys.readouterr().err)
    assert not PAGES.exists()


def test_a_key_is_made_once_and_kept_apart(screened, capsys):
    declare(screened, FIELD.replace("    key_file: field.key\n", ""))
    key = Path("safe/team.key")
    assert main(["field", "own", "--quiet", "--key", str(key), "--dry-run"]) == 0
    assert not key.exists()
    assert main(["field", "own", "--quiet", "--key", str(key)]) == 0
    made = key.read_text()
    assert len(made.strip()) >= 24
    assert key.stat().st_mode & 0o077 == 0
    assert made.strip() not in capsys.readouterr().out
    names = {path.name for path in PAGES.iterdir()}
    assert main(["field", "own", "--quiet", "--key", str(key)]) == 0
    assert (key.read_text(), {path.name for path in PAGES.iterdir()}) == (made, names)
    for place, message in (("build/own-field/a.key", "beside the pages"), ("build/own/a.key", "the build of a report")):
        Path("build/own").mkdir(exist_ok=True)
        (Path("build/own") / ".state.json").write_text("{}")
        assert main(["field", "own", "--quiet", "--key", place]) == 2
        assert message in capsys.readouterr().err
        assert not Path(place).exists()
    key.write_text("short")
    assert main(["field", "own", "--quiet", "--key", str(key)]) == 2
    assert "too short to hide" in capsys.readouterr().err


def test_no_build_of_a_report_holds_pages_or_key(screened, capsys):
    Path("build/own").mkdir(parents=True)
    (Path("build/own") / ".state.json").write_text("{}")
    assert main(["field", "own", "--to", "build/own/field", "--quiet"]) == 2
    assert "build of a report" in capsys.readouterr().err
    assert [path.name for path in Path("build/own").iterdir()] == [".state.json"]
    assert not {"field.key", "again.csv", "points.csv"} & {path.name for path in read_study(screened).sources()}
    assert "key_file" not in str(read_study(screened).inputs)


def test_before_there_are_answers_the_rest_goes_on(screened, capsys):
    (screened / "data" / "own.csv").unlink()
    assert main(["field", "own", "--quiet"]) == 0
    assert "Screens were not run" in capsys.readouterr().out
    assert not PAGES.exists()
    assert main(["field", "own", "--json", "--dry-run"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["screens"] is None
    assert "missing" in record["screens_not_run"]


def test_columns_of_the_field_team_may_stand_in_a_file_of_their_own(screened, capsys):
    data = screened / "data"
    table = pd.read_csv(data / "own.csv")
    private = table.loc[table["year"] == 2026, ["id", "lat", "lon", "telephone"]].sample(frac=1, random_state=1)
    private.to_csv(data / "paradata.csv", index=False)
    table.drop(columns=["lat", "lon", "telephone"]).to_csv(data / "own.csv", index=False)
    declare(screened, FIELD.replace("    within:", "    file: paradata.csv\n    within:"))
    assert main(["field", "own", "--quiet"]) == 0
    hidden = pseudonyms([BAD], key=KEY, prefix="I-")[0]
    assert re.search(rf"distance +\d+ +1 +{hidden}", capsys.readouterr().out)
    pd.concat([private, private.iloc[:1]]).to_csv(data / "paradata.csv", index=False)
    assert main(["field", "own", "--quiet"]) == 2
    assert "An interview stands twice" in capsys.readouterr().err


def test_answers_and_log_of_other_cases_are_refused(screened, capsys):
    table = pd.read_csv(screened / "data" / "own.csv")
    table["id"] += 90000
    table.to_csv(screened / "data" / "own.csv", index=False)
    assert main(["field", "own", "--quiet"]) == 2
    assert "No interview is of a case that the contact log calls interviewed" in capsys.readouterr().err


def test_a_study_without_screens_is_followed_as_before(screened, capsys):
    declare(screened, FIELD.split("  screens:", maxsplit=1)[0])
    assert main(["field", "own", "--quiet"]) == 0
    assert "Screens" not in capsys.readouterr().out
    assert main(["field", "own", "--quiet", "--who", "I-1"]) == 2
    assert "declares no screens" in capsys.readouterr().err
