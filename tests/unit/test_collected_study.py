"""A study whose answers are exports: waves from ODK and KoboToolbox beside a table, rosters, versions, kept columns."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pandas as pd
import pytest

from survey_kit.errors import ResponsesError, StudyError
from survey_kit.instrument import read_instrument
from survey_kit.study import make_design, read_responses, read_study

_spec = spec_from_file_location("collected_exports", Path(__file__).with_name("collected_exports.py"))
made_by = module_from_spec(_spec)
sys.modules["collected_exports"] = made_by
_spec.loader.exec_module(made_by)

FORM = """\
schema: survey-kit/instrument/1
id: home
version: "{version}"
missing: {{98: dont_know, 99: refused}}
scales:
  yes_no: {{codes: [1, 2], labels: {{1: "Yes", 2: "No"}}}}
  ways: {{codes: [1, 2, 3], labels: {{1: "Office", 2: "Telephone", 3: "Internet"}}}}
modules:
  - id: sample
    items:
      - {{id: stratum, scale: yes_no, text: "Stratum", missing: {{}}, role: design}}
      - {{id: point, type: integer, minimum: 1, maximum: 9, text: "Point", missing: {{}}, role: design}}
      - {{id: eligible, type: integer, minimum: 1, maximum: 9, text: "How many adults?", missing: {{}}, role: design}}
  - id: asked
    items:
      - {{id: contact, scale: yes_no, text: "Any contact?"}}
      - {{id: ways, type: multiple, scale: ways, text: "Which ways?", ask_if: contact == 1}}
{more}
      - {{id: size, type: integer, minimum: 0, maximum: 3, text: "How many?", missing: {{}}}}
  - id: roster
    repeat: {{count: size, most: 3, name: member}}
    items:
      - {{id: years, type: integer, minimum: 0, maximum: 99, text: "Age?", missing: {{}}}}
  - id: rest
    items:
      - {{id: oldest, type: calculated, value: max(years)}}
      - {{id: care, scale: yes_no, text: "Do you need care?", ask_if: max(years) >= 65}}
"""
GONE = '      - {id: gone, scale: yes_no, text: "A question that was deleted later?"}'
STUDY = """\
schema: survey-kit/study/1
id: home
title: Homes
data_status: real
instrument: home
responses: {responses}
design: {{weight: eligible, strata: stratum, psu: point, nest: true, lonely_psu: adjust}}
waves:
{waves}
domains: [stratum]
derive: {{by_office: {{from: ways__1, groups: {{"yes": [1], "no": [0]}}}}, old: {{from: oldest, cut: [0, 65]}}}}
"""
INDICATORS = """\
schema: survey-kit/indicators/1
indicators:
  - {id: contact, title: Contact, kind: share, items: [contact], categories: [1], base: answered, dont_know: exclude, direction: none}
  - {id: care, title: Care, kind: share, items: [care], categories: [1], base: asked, dont_know: exclude, direction: none}
"""


@pytest.fixture
def folder(tmp_path):
    home = tmp_path / "instruments" / "home"
    (home / "versions").mkdir(parents=True)
    (home / "instrument.yaml").write_text(FORM.format(version="1.1", more=""), encoding="utf-8")
    (home / "versions" / "1.0.yaml").write_text(FORM.format(version="1.0", more=GONE), encoding="utf-8")
    data = tmp_path / "analyses" / "home" / "data"
    data.mkdir(parents=True)
    (data.parent / "indicators.yaml").write_text(INDICATORS, encoding="utf-8")
    return data


def study(folder, responses, waves):
    text = STUDY.format(responses=responses, waves="\n".join(f"  - {wave}" for wave in waves))
    (folder.parent / "study.yaml").write_text(text, encoding="utf-8")
    return read_study(folder.parent)


def held(folder, seed, version="1.1", n=60):
    form = read_instrument(folder.parents[2] / "instruments" / "home", None if version == "1.1" else version)
    return made_by.interviews(form, n, seed)


def same(responses, made, wave=None):
    """Compare the answers that were taken with the interviews."""
    rows = slice(None) if wave is None else (responses.frame["wave"] == wave).to_numpy()
    for item in ("contact", "care", "oldest", "stratum"):
        values, known = made.walk.columns[item]
        came = responses.frame[item][rows].tolist()
        assert [None if pd.isna(one) else one for one in came] == [
            value if sure else None for value, sure in zip(values, known, strict=True)
        ]


def test_one_export(folder):
    made = held(folder, 1)
    made_by.write_zip(folder / "home.csv.zip", made_by.central(made))
    plan = study(folder, "{file: home.csv.zip, format: odk}", ['{id: "2026", version: "1.1"}'])
    out = read_responses(plan)
    assert out.checked() is out
    same(out, made)
    assert out.frame["case"].tolist() == made_by.keys(60)
    assert set(out.frame["by_office"].dropna()) == {"yes", "no"}
    assert "start" not in out.frame
    assert make_design(plan, out).describe()[0]["df"] > 1


def test_waves_from_a_table_and_two_platforms(folder):
    first, second, third = held(folder, 1), held(folder, 2), held(folder, 3)
    table = pd.DataFrame(made_by.table(first, grouped=False, split=False))
    table.assign(case=[f"t{row}" for row in range(60)]).to_csv(folder / "old.csv", index=False)
    made_by.write_zip(folder / "odk.csv.zip", made_by.central(second))
    pytest.importorskip("openpyxl")
    pytest.importorskip("python_calamine")
    made_by.write_workbook(folder / "kobo.xlsx", made_by.kobo(third))
    waves = [
        '{id: "2024", year: 2024, version: "1.1", file: old.csv, format: table}',
        '{id: "2025", year: 2025, version: "1.1", file: odk.csv.zip}',
        '{id: "2026", year: 2026, version: "1.1", file: kobo.xlsx, format: kobo}',
    ]
    out = read_responses(study(folder, "{format: odk, case: case}", waves))
    assert out.problems[["code", "wave"]].values.tolist() == [["R020", "2024"]]  # the table came without its members
    same(out, first, "2024")  # so what was summed up is taken from it
    same(out, second, "2025")
    same(out, third, "2026")
    named = read_responses(study(folder, "{format: odk, case: respondent}", waves[1:]))
    assert named.frame["respondent"].tolist() == [
        *made_by.keys(60),
        *(key.removeprefix("uuid:") for key in made_by.keys(60)),
    ]
    same(named, third, "2026")


def test_several_versions_in_the_export_of_one_wave(folder):
    old, new = held(folder, 1, "1.0"), held(folder, 2)
    tables = made_by.central(old, version="1.0-0a1b2c3d")
    more = made_by.central(new)
    shift = {key: key.replace("uuid:0", "uuid:1") for key in made_by.keys(60)}
    joined = {}
    for name, table in tables.items():
        rows = len(table["KEY"])
        added = more[name]
        size = len(added["KEY"])
        joined[name] = {column: [*table[column], *added.get(column, [""] * size)] for column in table}
        for column in ("KEY", "PARENT_KEY", "meta-instanceID"):
            if column in table:
                late = [shift[key.split("/")[0]] + key[len(key.split("/")[0]) :] for key in joined[name][column][rows:]]
                joined[name][column] = [*joined[name][column][:rows], *late]
    made_by.write_zip(folder / "home.csv.zip", joined)
    out = read_responses(study(folder, "{file: home.csv.zip, format: odk}", ['{id: "2026", version: "1.1"}']))
    assert out.checked() is out
    assert len(out.frame) == 120
    _, known = old.walk.columns["contact"]
    assert out.frame["contact"][:60].notna().tolist() == known.tolist()


def test_versions_under_the_names_of_the_platform(folder):
    made = held(folder, 1, n=20)
    columns = made_by.kobo(made)["home"]
    columns["__version__"] = ["vOne"] * 10 + ["vTwo"] * 10
    (folder / "home.csv").write_text(made_by.lines(columns, ";"), encoding="utf-8")
    wave = ['{id: "2026", version: "1.1"}']
    told = read_responses(study(folder, "{file: home.csv, format: kobo}", wave)).problems
    assert set(told[told["severity"] == "error"]["code"]) == {"R021"}
    out = read_responses(study(folder, '{file: home.csv, format: kobo, versions: {vOne: "1.1", vTwo: "1.1"}}', wave))
    assert set(out.problems["code"]) == {"R020"}  # CSV exports hold no repeats
    with pytest.raises(StudyError, match=r"no version '2.0'"):
        read_responses(study(folder, '{file: home.csv, format: kobo, versions: {vOne: "2.0"}}', wave))
    columns["__version__"] = ["vOne"] * 20
    (folder / "home.csv").write_text(made_by.lines(columns, ";"), encoding="utf-8")
    out = read_responses(study(folder, "{file: home.csv, format: kobo}", wave))
    assert set(out.problems["code"]) == {"R020"}


def test_a_module_with_a_grid_that_was_not_asked(folder):
    home = folder.parents[2] / "instruments" / "home" / "instrument.yaml"
    grid = """\
  - id: trust
    items:
      - id: trust_grid
        type: grid
        scale: yes_no
        text: "Do you trust"
        rows: [{id: police, text: "the police?"}, {id: courts, text: "the courts?"}]
  - id: rest
"""
    home.write_text(home.read_text(encoding="utf-8").replace("  - id: rest\n", grid), encoding="utf-8")
    made_by.write_zip(folder / "home.csv.zip", made_by.central(held(folder, 1)))
    wave = '{id: "2026", version: "1.1", not_asked: [trust]}'
    plan = study(folder, "{file: home.csv.zip, format: odk}", [wave])
    assert plan.not_asked("2026") == {"police", "courts"}


def test_problems_of_the_export_stop_a_study(folder):
    made = held(folder, 1)
    tables = made_by.central(made)
    for column in tables["home.csv"].values():
        column.append(column[0])
    made_by.write_zip(folder / "home.csv.zip", tables)
    plan = study(folder, "{file: home.csv.zip, format: odk}", ['{id: "2026", version: "1.1"}'])
    out = read_responses(plan)
    assert out.problems["wave"].tolist() == ["2026"]
    with pytest.raises(ResponsesError, match="R017"):
        out.checked()


def test_weights_from_a_column_of_the_export(folder):
    made = held(folder, 1)
    tables = made_by.central(made)
    tables["home.csv"]["w"] = ["1.5"] * 60
    made_by.write_zip(folder / "home.csv.zip", tables)
    plan = study(folder, "{file: home.csv.zip, format: odk}", ['{id: "2026", version: "1.1", design: {weight: w}}'])
    assert read_responses(plan).frame["w"].tolist() == [1.5] * 60
    plan = study(folder, "{file: home.csv.zip, format: odk}", ['{id: "2026", version: "1.1", design: {weight: v}}'])
    with pytest.raises(ResponsesError, match="no column 'v'"):
        read_responses(plan)
    plan = study(
        folder, "{file: home.csv.zip, format: odk}", ['{id: "2026", version: "1.1", design: {psu: SubmitterName}}']
    )
    with pytest.raises(ResponsesError, match="may identify somebody"):
        read_responses(plan)
