"""Study files: what they declare, and one message with file and line for whatever is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from survey_kit.errors import DataMissingError, DesignError, IndicatorError, ResponsesError, StudyError
from survey_kit.indicators import compute
from survey_kit.study import make_design, read_responses, read_study

INSTRUMENT = """\
schema: survey-kit/instrument/1
id: tiny
version: "1.0"
scales:
  trust: {codes: [1, 2, 3, 4], labels: {1: None, 4: A lot}, high: 4}
  ten: {codes: [0, 1, 2, 3, 4, 5], high: 5}
  sex: {codes: [1, 2], labels: {1: Men, 2: Women}}
  place: {codes: [1, 2, 3], labels: {1: City, 2: Town, 3: Village}}
missing: {8: dont_know, 9: refused}
modules:
  - id: trust
    items:
      - {id: court, text: "Do you trust the court?", scale: trust}
      - {id: police, text: "Do you trust the police?", scale: trust}
      - {id: life, text: "How satisfied are you?", scale: ten}
  - id: people
    items:
      - {id: sex, text: Your sex, label: Sex, scale: sex}
      - {id: place, text: "Where do you live?", scale: place}
      - {id: age, text: Your age, type: number, minimum: 18, maximum: 99}
"""
STUDY = """\
schema: survey-kit/study/1
id: small
title: A small study
data_status: synthetic
instrument: tiny
responses: {file: answers.csv, wave: wave}
design: {weight: w, strata: h, psu: town, nest: true}
waves:
  - {id: "2023", year: 2023, version: "1.0"}
  - {id: "2024", year: 2024, version: "1.0", not_asked: [police]}
baseline: "2023"
families:
  trust: [trust_court, trust_police]
domains: [sex, age_group, settlement]
derive:
  age_group: {from: age, cut: [18, 30, 60], title: Age}
  settlement: {from: place, groups: {urban: [1, 2], rural: [3]}, labels: {urban: City or town}}
"""
INDICATORS = """\
schema: survey-kit/indicators/1
indicators:
  - id: trust_court
    title: Trust in the court
    kind: share
    items: [court]
    categories: [3, 4]
    base: answered
    dont_know: exclude
    direction: up
  - id: trust_police
    title: {ru: Доверие к полиции}
    kind: mean100
    items: [police]
    base: answered
    dont_know: bounds
    direction: up
"""


def people(n=80):
    rng = np.random.default_rng(7)
    size = 2 * n
    table = pd.DataFrame({"wave": np.repeat([2023, 2024], n), "w": rng.uniform(0.5, 2, size)})
    table["h"], table["town"] = np.tile(np.repeat([1, 2], n // 2), 2), np.tile(np.arange(8), size // 8)
    for item in ("court", "police"):
        table[item] = rng.choice([1, 2, 3, 4, 8, 9], size)
    table["life"] = rng.integers(0, 6, size)
    table.loc[table["wave"] == 2024, "police"] = np.nan
    table["sex"], table["place"], table["age"] = (
        rng.integers(1, 3, size),
        rng.integers(1, 4, size),
        rng.integers(18, 90, size),
    )
    return table


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.delenv("SURVEY_KIT_DATA", raising=False)
    home = tmp_path / "analyses" / "small"
    (home / "data").mkdir(parents=True)
    (tmp_path / "instruments" / "tiny").mkdir(parents=True)
    (tmp_path / "instruments" / "tiny" / "instrument.yaml").write_text(INSTRUMENT, encoding="utf-8")
    (home / "study.yaml").write_text(STUDY, encoding="utf-8")
    (home / "indicators.yaml").write_text(INDICATORS, encoding="utf-8")
    people().to_csv(home / "data" / "answers.csv", index=False)
    return home


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, text.count(old)
    path.write_text(text.replace(old, new), encoding="utf-8")


# -------------------------------------------------------------------------------------------------------- what it says
def test_reads_a_study(folder):
    study = read_study(folder)
    assert (study.id, study.baseline_wave, study.wave_column) == ("small", "2023", "wave")
    assert study.title == {"en": "A small study"}
    assert [one.id for one in study.definitions] == ["trust_court", "trust_police"]
    assert study.indicator("trust_police").title == {"ru": "Доверие к полиции"}
    assert study.not_asked("2024") == {"police"}
    assert study.family("trust_court") == "trust"
    assert study.instrument("2024").version == "1.0"
    assert study.title_of("sex") == "Sex"
    assert study.title_of("age_group") == "Age"
    assert study.label_of("sex", 2) == "Women"
    assert (study.label_of("settlement", "urban"), study.label_of("settlement", "rural")) == ("City or town", "rural")
    assert len(study.method.not_stated()) == 11
    assert "2024" in study._repr_html_()
    assert {path.name for path in study.sources()} == {
        "study.yaml",
        "indicators.yaml",
        "instrument.yaml",
        "answers.csv",
    }
    assert read_study(folder / "study.yaml").id == "small"


def test_bare_texts_are_of_the_source_language(folder):
    change(folder / "study.yaml", "id: small\n", "id: small\nsource_language: ru\n")
    study = read_study(folder)
    assert study.title == {"ru": "A small study"}
    assert study.indicator("trust_court").title == {"ru": "Trust in the court"}


def test_modules_stand_for_their_items(folder):
    change(folder / "study.yaml", "not_asked: [police]", "not_asked: [{items: [trust], when: {sex: [1]}}, police]")
    study = read_study(folder)
    assert study.not_asked("2024") == {"police"}
    assert study.unasked_when("2024")[0].items == ("court", "police", "life")


def test_answers_get_their_derived_domains(folder):
    responses = read_responses(read_study(folder)).checked()
    frame = responses.frame
    assert frame["age_group"].cat.categories.tolist() == ["18-29", "30-59", "60+"]
    ages = people()["age"]
    assert frame["age_group"].tolist() == ["18-29" if a < 30 else "30-59" if a < 60 else "60+" for a in ages]
    assert set(frame["settlement"][people()["place"] == 3]) == {"rural"}
    assert not responses.asked("police")[people()["wave"] == 2024].any()


def test_rows_of_a_study_from_files(folder):
    out = compute(read_study(folder)).rows
    assert out["domain"].unique().tolist() == ["", "sex", "age_group", "settlement"]
    assert out.loc[out["domain"] == "settlement", "level_label"].unique().tolist() == ["City or town", "rural"]
    assert out["year"].unique().tolist() == [2023, 2024]


# ---------------------------------------------------------------------------------------------------------- where data
def test_data_are_looked_for_where_the_user_says(folder, tmp_path, monkeypatch):
    own = folder / "data" / "answers.csv"
    assert read_study(folder).response_path() == own
    (tmp_path / "named").mkdir()
    (tmp_path / "named" / "answers.csv").write_bytes(own.read_bytes())
    monkeypatch.setenv("SURVEY_KIT_DATA", str(tmp_path / "named"))
    assert read_study(folder).response_path() == tmp_path / "named" / "answers.csv"
    (tmp_path / "given").mkdir()
    assert read_study(folder, tmp_path / "given").response_path() == own  # what a study brings along is always found


def test_missing_data_say_what_to_obtain(folder):
    (folder / "data" / "answers.csv").unlink()
    with pytest.raises(DataMissingError, match=r"Put 'answers.csv' into .*SURVEY_KIT_DATA") as plain:
        read_study(folder).response_path()
    assert len(str(plain.value).splitlines()) <= 5
    change(
        folder / "study.yaml",
        "wave: wave}",
        "wave: wave, obtain: {producer: The Bureau, terms: free, how: the file answers, cite: Bureau 2024}}",
    )
    with pytest.raises(DataMissingError, match=r"the file answers[\s\S]*The Bureau[\s\S]*free") as told:
        read_responses(read_study(folder))
    assert len(str(told.value).splitlines()) <= 5


def test_a_wave_may_bring_its_own_file(folder):
    table = people()
    table[table["wave"] == 2023].to_csv(folder / "data" / "answers.csv", index=False)
    table[table["wave"] == 2024].drop(columns=["wave", "police"]).to_csv(folder / "data" / "new.csv", index=False)
    change(folder / "study.yaml", "not_asked: [police]", "not_asked: [police], file: new.csv")
    study = read_study(folder)
    responses = read_responses(study).checked()
    assert responses.wave_codes().tolist() == [0] * 80 + [1] * 80
    assert [path.name for path in study.answer_files()] == ["answers.csv", "new.csv"]
    table.to_csv(folder / "data" / "new.csv", index=False)
    with pytest.raises(StudyError, match="holds another wave"):
        read_responses(study)


def test_a_study_of_one_wave_needs_no_wave_column(folder):
    path = folder / "study.yaml"
    change(path, '  - {id: "2024", year: 2024, version: "1.0", not_asked: [police]}\n', "")
    change(path, "wave: wave}", "case: null}")
    table = people()
    table[table["wave"] == 2023].drop(columns="wave").to_csv(folder / "data" / "answers.csv", index=False)
    out = compute(read_study(folder)).rows
    assert out["previous_wording"].unique().tolist() == ["first"]


# -------------------------------------------------------------------------------------------------------------- design
def test_design_is_one_over_all_waves(folder):
    study = read_study(folder)
    design = make_design(study, read_responses(study))
    assert [record["df"] for record in design.describe()] == [14, 14]


def test_a_wave_may_differ_in_its_design(folder):
    table = people().assign(v=1.0)
    table.loc[table["wave"] == 2023, ["h", "town"]] = np.nan
    table.to_csv(folder / "data" / "answers.csv", index=False)
    study = read_study(folder)
    with pytest.raises(DesignError, match="missing"):
        make_design(study, read_responses(study))
    change(folder / "study.yaml", "year: 2023,", "year: 2023, design: {weight: v, strata: null, psu: null},")
    study = read_study(folder)
    described = make_design(study, read_responses(study)).describe()
    assert [record["strata"] for record in described] == [1, 2]
    assert [record["psus"] for record in described] == [80, 16]
    assert [record["weight_sum"] for record in described] == pytest.approx([80, table["w"][80:].sum()])


def test_texts_as_units_keep_their_identity_between_waves(folder):
    table = people()
    table["town"] = "town " + table["town"].astype(str)
    table.to_csv(folder / "data" / "answers.csv", index=False)
    change(folder / "study.yaml", "year: 2023,", "year: 2023, design: {psu: town},")
    study = read_study(folder)
    design = make_design(study, read_responses(study))
    units = design.frame["town (by wave)"]
    assert units[:80].tolist() == units[80:].tolist()


@pytest.mark.parametrize(("value", "message"), [(0, "zero"), (-1, "negative"), (None, "missing"), ("many", "numbers")])
def test_bad_weights_are_told(folder, value, message):
    table = people()
    table["w"] = table["w"].astype(object)
    table.loc[5, "w"] = value
    table.to_csv(folder / "data" / "answers.csv", index=False)
    study = read_study(folder)
    with pytest.raises((DesignError, ResponsesError, ValueError), match=message):
        compute(study)


# -------------------------------------------------------------------------------------------------------------- errors
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("families:", "familes:", r"Unknown key 'familes'[\s\S]*study.yaml:12[\s\S]*did you mean 'families'"),
        ("weight: w,", "weigth: w,", r"weigth'[\s\S]*study.yaml:7[\s\S]*did you mean 'weight'"),
        ("not_asked: [police]", "not_askd: [police]", r"not_askd'[\s\S]*study.yaml:10[\s\S]*did you mean 'not_asked'"),
        ("not_asked: [police]", "brake: mode", r"brake'[\s\S]*study.yaml:10[\s\S]*did you mean 'break'"),
        ("from: age,", "form: age,", r"form'[\s\S]*study.yaml:16[\s\S]*did you mean 'from'"),
        ("data_status: synthetic", "data_status: invented", r"'real' or 'synthetic'[\s\S]*study.yaml:4"),
        ("instrument: tiny\n", "", r"'instrument' is missing"),
        ("instrument: tiny\n", "instrument: tny\n", r"no instrument 'tny'[\s\S]*did you mean 'tiny'"),
        ('- {id: "2024", year: 2024', '- {id: "2023", year: 2024', r"'2023' stands twice[\s\S]*study.yaml:10"),
        (
            "year: 2024",
            "year: 2020",
            r"order of their years[\s\S]*study.yaml:10[\s\S]*2023 \(2023\) before 2024 \(2020\)",
        ),
        ('baseline: "2023"', 'baseline: "2023a"', r"no wave '2023a'[\s\S]*study.yaml:11[\s\S]*did you mean '2023'"),
        ("not_asked: [police]", "not_asked: [polise]", r"'polise'[\s\S]*study.yaml:10[\s\S]*did you mean 'police'"),
        (
            "[trust_court, trust_police]",
            "[trust_court, trust_polic]",
            r"no indicator 'trust_polic'[\s\S]*study.yaml:13",
        ),
        ("families:\n", "families:\n  more: [trust_court]\n", r"stands in two places[\s\S]*'more' and 'trust'"),
        ("domains: [sex,", "domains: [age, sex,", r"'age' has no classes[\s\S]*study.yaml:14[\s\S]*from: age"),
        ("domains: [sex,", "domains: [sex, sex,", r"'sex' cannot be a domain"),
        ("cut: [18, 30, 60]", "cut: [18, 60, 30]", r"Cut points must rise[\s\S]*study.yaml:16"),
        ("from: age, cut: [18, 30, 60],", "from: age,", r"either 'cut' or 'groups'[\s\S]*study.yaml:16"),
        ("rural: [3]", "rural: [2, 3]", r"code 2 stands in two groups"),
        ("labels: {urban:", "labels: {urbn:", r"no level 'urbn'[\s\S]*study.yaml:17[\s\S]*did you mean 'urban'"),
        (
            "not_asked: [police]",
            "not_asked: [police], comparable_with: '2023'",
            r"'comparable_with' belongs to a break",
        ),
        ("not_asked: [police]", "not_asked: [police], break: mode, comparable_with: '2022'", r"no earlier wave '2022'"),
        ("not_asked: [police]", "not_asked: [police], break: mode, break_items: [curt]", r"no item .*'curt'"),
        ('version: "1.0", not_asked', "version: 1.0, not_asked", r"in quotes"),
        ('version: "1.0", not_asked', 'version: "3.0", not_asked', r"no version '3.0'"),
        ('  - {id: "2023"', '\t- {id: "2023"', r"tab"),
    ],
)
def test_study_faults_are_told_with_their_line(folder, old, new, message):
    change(folder / "study.yaml", old, new)
    with pytest.raises(ValueError, match=message) as told:
        read_study(folder)
    assert len(str(told.value).splitlines()) <= 5


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "categories: [3, 4]",
            "categories: [3, 5]",
            r"code 5 is not on the scale of 'court'[\s\S]*indicators.yaml:7[\s\S]*1, 2, 3, 4",
        ),
        ("items: [court]", "items: [curt]", r"needs 'curt'[\s\S]*indicators.yaml:6[\s\S]*did you mean 'court'"),
        ("    categories: [3, 4]\n", "", r"A 'share' needs 'categories'[\s\S]*indicators.yaml:5"),
        (
            "items: [police]",
            "items: [police]\n    categories: [1]",
            r"has no use for 'categories'[\s\S]*indicators.yaml:15",
        ),
        ("items: [police]", "items: [police, life]", r"different scales[\s\S]*4 codes and 6 codes"),
        ("dont_know: bounds", "dont_know: include", r"no value for those who gave no answer"),
        ("dont_know: bounds\n", "dont_know: bounds\n    interval: beta\n", r"'beta' is for a single share"),
        ("id: trust_police", "id: trust_court", r"'trust_court' stands twice"),
        ("    dont_know: exclude\n", "", r"'dont_know' is missing[\s\S]*indicators.yaml:3"),
        ("kind: share", "kind: shear", r"'share'[\s\S]*indicators.yaml:5"),
        ("    items: [court]\n", "    items: [court]\n    itmes: [court]\n", r"itmes'[\s\S]*did you mean 'items'"),
        ("items: [police]", "items: [age]", r"'age' has no scale of numbers"),
    ],
)
def test_indicator_faults_are_told_with_their_line(folder, old, new, message):
    change(folder / "indicators.yaml", old, new)
    with pytest.raises((IndicatorError, StudyError), match=message) as told:
        read_study(folder)
    assert len(str(told.value).splitlines()) <= 5


def test_an_item_never_asked_is_told(folder):
    change(folder / "study.yaml", 'version: "1.0"}', 'version: "1.0", not_asked: [police]}')
    with pytest.raises(IndicatorError, match="'police' of the indicator 'trust_police' was asked in no wave"):
        read_study(folder)


def test_a_column_the_data_lack_is_told(folder):
    people().drop(columns="town").to_csv(folder / "data" / "answers.csv", index=False)
    with pytest.raises(ResponsesError, match="town"):
        read_responses(read_study(folder))


def test_a_domain_without_anybody_is_told(folder):
    change(folder / "study.yaml", "cut: [18, 30, 60]", "cut: [120]")
    with pytest.raises(IndicatorError, match="'age_group' has no level"):
        compute(read_study(folder))


def test_unknown_names_are_told(folder):
    study = read_study(folder)
    with pytest.raises(StudyError, match="did you mean '2023'"):
        study.wave("2023a")
    with pytest.raises(StudyError, match="did you mean 'trust_court'"):
        study.indicator("trust_cort")
