"""``study new``: what is guessed from a labelled file, what is asked, and that the draft can be computed."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from survey_kit.cli import main
from survey_kit.drafting import draft, words
from survey_kit.drafting.columns import look
from survey_kit.drafting.form import draft_form
from survey_kit.drafting.plan import sampling_of
from survey_kit.errors import ResponsesError, StudyError
from survey_kit.indicators import compute
from survey_kit.responses.read import Labelled
from survey_kit.study import read_study

pyreadstat = pytest.importorskip("pyreadstat")

TRUST = {0.0: "No trust at all", 10.0: "Complete trust", 98.0: "Don't know", 99.0: "Refused"}
YES = {1.0: "Yes", 2.0: "No", 8.0: "Don't know", 9.0: "Refused"}
LABELS = {
    "weight": "Sampling weight",
    "courts": "How much do you trust the courts?",
    "bribe": "Did an official ask you for a bribe?",
    "sex": "Sex",
    "age": "Age in years",
}
VALUES = {"courts": TRUST, "bribe": YES, "sex": {1.0: "Male", 2.0: "Female"}}


def answers(year: int = 2026, seed: int = 1, units: int = 40, people: int = 10) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    n = units * people
    psu = np.repeat(np.arange(1, units + 1), people)
    trust = np.clip(np.round(rng.normal(5, 2.5, n)), 0, 10)
    trust[rng.random(n) < 0.05] = 98
    trust[rng.random(n) < 0.02] = 99
    trust[:11] = np.arange(11)
    return pd.DataFrame(
        {
            "year": float(year),
            "respid": np.arange(n) + 1.0,
            "stratum": (psu - 1) // 10 + 1.0,
            "psu": psu + 0.0,
            "weight": np.round(rng.uniform(0.5, 2, n), 3),
            "courts": trust,
            "bribe": rng.choice([1.0, 2.0, 8.0, 9.0], n, p=[0.1, 0.8, 0.05, 0.05]),
            "sex": rng.integers(1, 3, n) + 0.0,
            "age": rng.integers(18, 86, n) + 0.0,
            "phone": [f"+7701{k:07d}" for k in range(n)],
        }
    )


def sav(path, frame, labels=LABELS, values=VALUES, missing=None):
    pyreadstat.write_sav(
        frame,
        str(path),
        column_labels={name: text for name, text in labels.items() if name in frame},
        variable_value_labels={name: codes for name, codes in values.items() if name in frame},
        missing_ranges=missing or {},
    )
    return path


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SURVEY_KIT_DATA", raising=False)
    return tmp_path


@pytest.fixture
def two_waves(place):
    both = pd.concat([answers(2025, 1), answers(2026, 2)], ignore_index=True)
    return sav(place / "my.sav", both, missing={"courts": [{"lo": 98.0, "hi": 99.0}]})


def test_a_safe_draft_is_valid_at_once(two_waves, capsys):
    made = draft("my_trust", two_waves)
    assert (made.items, made.figures, made.open) == (4, 3, ())
    assert main(["check", "my_trust", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["findings"]
    assert {one["severity"] for one in found} == {"note"}
    study = read_study(made.folder)
    assert [wave.year for wave in study.waves] == [2025, 2026]
    assert (study.design.weight, study.design.strata, study.design.psu) == ("weight", "stratum", "psu")
    assert study.responses.case == "respid"
    form = study.instrument()
    assert form.missing == {98: "dont_know", 99: "refused"}
    assert form.missing_codes("bribe") == {8: "dont_know", 9: "refused"}
    assert form.codes("courts") == tuple(range(11))
    assert (form.scale_of("courts").high, form.scale_of("bribe").high) == (10, 1)
    assert form.missing_codes("age") == {}
    assert study.indicator("courts_share").categories == (6, 7, 8, 9, 10)
    assert [(one.theme, one.direction) for one in study.definitions][-1] == ("corruption", "down")


def test_the_draft_computes_what_the_file_says(two_waves):
    study = read_study(draft("my_trust", two_waves).folder)
    row = compute(study).select("courts_share", wave="2026", domain="").rows.iloc[0]
    frame = answers(2026, 2)
    kept = frame[frame["courts"] <= 10]
    assert row["estimate"] == pytest.approx(np.average(kept["courts"] >= 6, weights=kept["weight"]), rel=1e-12)
    assert row["n"] == len(kept)
    assert row["df"] == 40 - 4


def test_every_decision_is_numbered_listed_and_marked(two_waves):
    made = draft("my_trust", two_waves)
    assert [one.number for one in made.decisions] == list(range(1, len(made.decisions) + 1))
    listed = (made.folder / "DECISIONS.md").read_text()
    for one in made.decisions:
        file = (made.instrument if one.file == "instrument.yaml" else made.folder) / one.file
        assert f"# DECIDE D{one.number}:" in file.read_text()
        assert f"{one.number}. **{one.question}**" in listed
    assert "`phone`" in listed
    assert made.left_out == {"identifier": ("phone",)}
    assert "phone" not in (made.instrument / "instrument.yaml").read_text()


def test_answers_stay_out_of_version_control(two_waves):
    made = draft("my_trust", two_waves)
    assert (made.folder / "data" / ".gitignore").read_text().splitlines()[1] == "*"
    assert (made.folder / "data" / "my.sav").read_bytes() == two_waves.read_bytes()


@pytest.mark.parametrize("taken", ["analyses/my_trust", "instruments/my_trust"])
def test_nothing_is_overwritten(two_waves, place, taken):
    (place / taken).mkdir(parents=True)
    (place / taken / "mine.txt").write_text("mine")
    with pytest.raises(StudyError, match="there already"):
        draft("my_trust", two_waves)
    left = [path for path in place.rglob("*") if path.is_file() and path != two_waves]
    assert left == [place / taken / "mine.txt"]


@pytest.mark.parametrize("name", ["My Trust", "../x", "2026", ""])
def test_a_name_is_plain(two_waves, name):
    with pytest.raises(StudyError, match="small letters"):
        draft(name, two_waves)


def test_a_broken_file_leaves_nothing(place):
    (place / "my.sav").write_bytes(b"$FL2 broken")
    with pytest.raises(ResponsesError):
        draft("my_trust", place / "my.sav")
    assert [path.name for path in place.iterdir()] == ["my.sav"]


def test_without_a_weight_the_draft_says_so_and_stops(place, capsys):
    sav(place / "my.sav", answers().drop(columns=["weight"]))
    made = draft("my_trust", place / "my.sav")
    assert [one.key for one in made.open] == ["design.weight"]
    assert main(["check", "my_trust"]) == 1
    assert "WEIGHT_COLUMN" in capsys.readouterr().out
    assert main(["report", "my_trust"]) == 2
    assert "WEIGHT_COLUMN" in capsys.readouterr().err


def test_a_file_of_one_wave_names_its_own_file(place):
    sav(place / "survey_2026.sav", answers().drop(columns=["year"]))
    study = read_study(draft("my_trust", place / "survey_2026.sav").folder)
    assert [(wave.id, wave.year, wave.file) for wave in study.waves] == [("2026", 2026, "survey_2026.sav")]
    assert len(compute(study).select(domain="").rows) == 3


def test_units_numbered_anew_in_each_stratum(place):
    frame = answers()
    frame["psu"] = (frame["psu"] - 1) % 10 + 1
    made = draft("my_trust", sav(place / "my.sav", frame))
    assert read_study(made.folder).design.nest
    assert made.open == ()


def test_few_ids_in_two_strata_are_asked_about(place):
    frame = answers()
    frame.loc[frame["psu"] == 11, "psu"] = 1
    made = draft("my_trust", sav(place / "my.sav", frame))
    assert [one.key for one in made.open] == ["design.nest"]
    assert main(["check", "my_trust"]) == 1


def test_a_lonely_unit_is_asked_about(place):
    frame = answers()
    frame.loc[frame["psu"] == 40, "stratum"] = 9
    made = draft("my_trust", sav(place / "my.sav", frame))
    assert [one.key for one in made.open] == ["design.lonely_psu"]
    assert main(["check", "my_trust"]) == 1
    text = (made.folder / "study.yaml").read_text()
    (made.folder / "study.yaml").write_text(text.replace("lonely_psu: fail", "lonely_psu: adjust"))
    assert main(["check", "my_trust"]) == 0


def test_what_a_wave_lacks_is_declared(place):
    first, second = answers(2025, 1), answers(2026, 2)
    first["bribe"] = np.nan
    first[["stratum", "psu"]] = np.nan
    made = draft("my_trust", sav(place / "my.sav", pd.concat([first, second], ignore_index=True)))
    study = read_study(made.folder)
    assert study.not_asked("2025") == {"bribe"}
    assert study.wave("2025").design == {"psu": None, "strata": None}
    assert main(["check", "my_trust"]) == 0
    rows = compute(study).select("bribe_share", domain="").rows
    assert rows["status"].tolist() == ["not_asked", "ok"]


def test_a_code_nobody_explains_is_asked_about(place):
    frame = answers()
    frame.loc[3, "courts"] = 77.0
    made = draft("my_trust", sav(place / "my.sav", frame))
    assert [one.question for one in made.open] == ["What do the codes 77 of 'courts' mean?"]
    assert main(["check", "my_trust"]) == 1


def test_stata_files(place):
    frame = answers()
    pyreadstat.write_dta(
        frame, str(place / "my.dta"), column_labels=LABELS, variable_value_labels={k: {int(c): t for c, t in v.items()} for k, v in VALUES.items()}
    )  # fmt: skip
    made = draft("my_trust", place / "my.dta")
    assert made.open == ()
    assert main(["check", "my_trust"]) == 0


def test_a_csv_without_labels_asks_for_the_words_once(place):
    answers().to_csv(place / "my.csv", index=False)
    made = draft("my_trust", place / "my.csv")
    asked = [one for one in made.decisions if one.question.startswith("What was asked in")]
    assert len(asked) == 1
    assert "courts" in asked[0].question
    assert read_study(made.folder).instrument().text("courts") == "courts"


@pytest.mark.parametrize(
    ("language", "ends", "missing", "label"),
    [
        ("ru", ("Совсем не доверяю", "Полностью доверяю"), ("Затрудняюсь ответить", "Отказ"), "Насколько Вы доверяете судам?"),
        ("kk", ("Мүлдем сенбеймін", "Толық сенемін"), ("Білмеймін", "Жауап беруден бас тарту"), "Сотқа қаншалықты сенесіз?"),
    ],
)  # fmt: skip
def test_other_languages(place, language, ends, missing, label):
    values = {"courts": {0.0: ends[0], 10.0: ends[1], 98.0: missing[0], 99.0: missing[1]}}
    labels = {"courts": label}
    made = draft("my_trust", sav(place / "my.sav", answers()[["year", "weight", "courts"]], labels, values))
    study = read_study(made.folder)
    form = study.instrument()
    assert (form.source_language, study.source_language) == (language, language)
    assert form.missing_codes("courts") == {98: "dont_know", 99: "refused"}
    assert form.scale_of("courts").high == 10
    assert study.definitions[0].theme == "trust"
    assert form.text("courts", language) == label


def test_texts_that_yaml_could_misread_come_back(place):
    nasty = "Trust: \"courts\" #1 {a} 'b' — no"
    made = draft("my_trust", sav(place / "my.sav", answers(), {**LABELS, "courts": nasty}))
    assert read_study(made.folder).instrument().text("courts") == nasty


# ------------------------------------------------------------------------------------------------------- the guesses
@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("Don't know", "dont_know"), ("DON’T KNOW", "dont_know"), ("DK", "dont_know"), ("Hard to say", "dont_know"),
        ("No opinion", "dont_know"), ("Refused", "refused"), ("Prefer not to say", "refused"), ("Refused to answer", "refused"),
        ("No answer", "no_answer"), ("Not applicable", "not_asked"), ("IAP", "not_asked"), ("Not asked in survey", "not_asked"),
        ("Skipped on web", "skipped"), ("Затрудняюсь ответить", "dont_know"), ("Отказ от ответа", "refused"),
        ("Нет ответа", "no_answer"), ("Не задавался", "not_asked"), ("Жауап беруге қиналамын", "dont_know"),
        ("Жауап беруден бас тартты", "refused"), ("Жауап жоқ", "no_answer"), ("Not at all", None), ("No", None), ("None", None),
        ("No trust at all", None), ("Refugee", None), ("Нет", None), ("Жоқ", None), ("Never", None), ("", None),
    ],
)  # fmt: skip
def test_words_of_missing_codes(label, kind):
    assert words.missing_kind(label) == kind


@pytest.mark.parametrize(
    ("first", "last", "end"),
    [
        ("A great deal", "None at all", "first"), ("Strongly disagree", "Strongly agree", "last"), ("Yes", "No", "first"),
        ("Never", "Always", "last"), ("Very bad", "Very good", "last"), ("Да", "Нет", "first"), ("Иә", "Жоқ", "first"),
        ("Нашар", "Өте жақсы", "last"), ("Low", "High", "last"), ("Astana", "Almaty", None), ("", "", None),
    ],
)  # fmt: skip
def test_the_high_end(first, last, end):
    assert words.high_end(first, last) == end


@pytest.mark.parametrize(
    ("name", "label", "role"),
    [
        ("wtssps", "", "weight"), ("pspwght", "", "weight"), ("вес", "", "weight"), ("v99", "Sampling weight", "weight"),
        ("q5", "What is your weight (kg)?", None), ("upm", "", "psu"), ("cluster_id", "", "psu"), ("estratopri", "", "strata"),
        ("wave", "", "wave"), ("Year", "", "wave"), ("caseid", "", "case"), ("phone_number", "", "identifier"),
        ("gps_lat", "", "identifier"), ("interviewer", "", "paradata"), ("region", "", "background"), ("q12", "", None),
        ("region", "Sampling stratum", "strata"), ("latin_america", "", None), ("trust_ip", "", "identifier"),
    ],
)  # fmt: skip
def test_roles_by_name(name, label, role):
    assert words.named_role(name, label) == role


def labelled(**columns):
    frame = pd.DataFrame({name: values for name, (values, _) in columns.items()})
    return Labelled(frame=frame, value_labels={name: labels for name, (_, labels) in columns.items() if labels})


def codes_of(values, labels):
    return look(labelled(q=(values, labels), other=([1, 2] * (len(values) // 2), None)))[0].answers


def test_scales():
    assert codes_of([0, 3, 5, 10], {0: "none", 10: "all"}) == tuple(range(11))
    assert codes_of([1, 5, 5, 1], {1: "Yes", 5: "No"}) == (1, 5)
    assert codes_of([1, 2, 3, 9], {1: "a lot", 2: "some", 3: "none", 9: "Don't know"}) == (1, 2, 3)
    assert codes_of([1, 2, 4, 98], None) == (1, 2, 3, 4)
    assert codes_of(["yes", "no", "yes", "no"], None) == ("no", "yes")


def test_above_the_middle():
    def above(n, high):
        ends = {1: "never", n: "always"} if high == n else {1: "always", n: "never"}
        form = draft_form("x", look(labelled(q=(list(range(1, n + 1)) * 2, ends))))
        return form.scales[0].above

    assert above(3, 3) == (3,)
    assert above(4, 4) == (3, 4)
    assert above(5, 5) == (4, 5)
    assert above(7, 7) == (5, 6, 7)
    assert above(5, 1) == (1, 2)
    assert above(10, 10) == (6, 7, 8, 9, 10)


def test_a_number_is_no_list_and_keeps_its_values():
    ages = [float(age) for age in (*range(18, 98), 98, 999)]
    column = look(labelled(age=(ages, {98: "Don't know", 999: "Refused"})))[0]
    item = draft_form("x", [column]).items[0]
    assert (column.role, item.type, item.missing) == ("background", "number", {98: "dont_know", 999: "refused"})
    ages += [99.0, 99.0]
    item = draft_form("x", look(labelled(age=(ages, {98: "Don't know", 999: "Refused"})))).items[0]
    assert item.missing == {999: "refused"}, "98 is an age here"


def test_of_two_weights_the_complete_one():
    frame = answers()
    frame.insert(0, "weight_old", np.where(np.arange(len(frame)) < 5, np.nan, 1.0 + np.arange(len(frame)) % 3))
    columns = look(Labelled(frame=frame))
    assert sampling_of(columns, frame).weight == "weight"
    assert next(column.role for column in columns if column.name == "weight_old") == "paradata"


def test_a_constant_is_no_question():
    assert look(labelled(country=([15.0] * 4, None)))[0].role == "constant"
