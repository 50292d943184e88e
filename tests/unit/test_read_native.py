"""SPSS, Stata, Excel and Parquet: read in a process of their own, so that no file can harm the caller."""

import sys
import zipfile

import pandas as pd
import pytest

from survey_kit.errors import ResponsesError
from survey_kit.responses import read_labelled, read_table, sandbox
from survey_kit.responses.sandbox import Limits, parse

pyreadstat = pytest.importorskip("pyreadstat")

TABLE = pd.DataFrame({"case": [1.0, 2.0, 3.0], "q1": [1.0, 98.0, None], "city": ["Алматы", "", "Астана"]})


def told(path, **kwargs):
    with pytest.raises(ResponsesError) as caught:
        read_table(path, **kwargs)
    message = str(caught.value)
    assert len(message.splitlines()) <= 5
    assert path.name in message
    assert "Traceback" not in message
    return message


@pytest.fixture
def sav(tmp_path):
    path = tmp_path / "my.sav"
    pyreadstat.write_sav(
        TABLE,
        str(path),
        file_label="Trust 2026",
        column_labels={"q1": "Сотқа сенесіз бе?"},
        variable_value_labels={"q1": {1: "Иә", 2: "Жоқ", 98: "Білмеймін", 99: "Жауап бермеді"}},
        missing_ranges={"q1": [{"lo": 97, "hi": 99}]},
        variable_measure={"q1": "ordinal", "case": "scale", "city": "nominal"},
    )
    return path


@pytest.fixture
def parquet(tmp_path):
    path = tmp_path / "my.parquet"
    TABLE.to_parquet(path)
    return path


@pytest.fixture
def xlsx(tmp_path):
    path = tmp_path / "my.xlsx"
    TABLE.to_excel(path, index=False)
    return path


def test_spss_keeps_missing_codes_and_labels(sav):
    read = read_labelled(sav)
    assert read.frame["q1"].tolist()[:2] == [1.0, 98.0]
    assert read.frame["q1"].isna().tolist() == [False, False, True]
    assert read.frame["city"].isna().tolist() == [False, True, False]
    assert read.variable_labels == {"q1": "Сотқа сенесіз бе?"}
    assert read.value_labels["q1"] == {1: "Иә", 2: "Жоқ", 98: "Білмеймін", 99: "Жауап бермеді"}
    assert read.missing == {"q1": (98, 99)}
    assert read.measures["q1"] == "ordinal"
    assert read.title == "Trust 2026"


def test_stata_letters_become_codes(tmp_path):
    path = tmp_path / "my.dta"
    table = pd.DataFrame({"q1": [1, 2, "a", "b"]}, dtype=object)
    pyreadstat.write_dta(
        table,
        str(path),
        missing_user_values={"q1": ["a", "b"]},
        variable_value_labels={"q1": {1: "Yes", "a": "Refused"}},
    )
    read = read_labelled(path)
    assert read.frame["q1"].tolist() == ["1", "2", ".a", ".b"]
    assert read.value_labels["q1"][".a"] == "Refused"
    assert set(read.missing["q1"]) == {".a", ".b"}


def test_parquet_and_excel_give_the_same_table(parquet, xlsx):
    for path in (parquet, xlsx):
        frame = read_table(path)
        assert frame.columns.tolist() == ["case", "q1", "city"]
        assert frame["q1"].tolist()[:2] == [1.0, 98.0]
        assert frame["city"].tolist()[0] == "Алматы"
        frame.loc[0, "q1"] = 2.0  # the table is the caller's own


def test_only_the_columns_named_are_read(sav, parquet, xlsx):
    for path in (sav, parquet, xlsx):
        assert read_table(path, columns=["q1", "q2"]).columns.tolist() == ["q1"]


def test_excel_cells_of_several_kinds_and_several_sheets(tmp_path):
    path = tmp_path / "two.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"a": [1, "x", 2.5], "b": [True, False, None], "c": pd.to_datetime(["2026-01-02"] * 3)}).to_excel(
            book, sheet_name="answers", index=False
        )
        pd.DataFrame({"code": [1]}).to_excel(book, sheet_name="codes", index=False)
    assert "2 sheets" in told(path)
    assert "no sheet 'x'" in told(path, sheet="x")
    frame = read_table(path, sheet="answers")
    assert frame["a"].tolist() == ["1", "x", "2.5"]
    assert frame["c"].tolist()[0].startswith("2026-01-02")


@pytest.mark.parametrize("kind", ["sav", "parquet", "xlsx"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_truncated_file_is_one_error(kind, share, request):
    path = request.getfixturevalue(kind)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    assert "to do:" in told(path)


@pytest.mark.parametrize("name", ["my.sav", "my.dta", "my.parquet", "my.xlsx"])
def test_a_file_of_another_kind_is_one_error(tmp_path, name):
    (tmp_path / name).write_bytes(b"this is a letter to my aunt, not a data file\n" * 50)
    told(tmp_path / name)


def test_a_workbook_that_unpacks_to_too_much_is_refused_before_it_is_read(tmp_path, monkeypatch):
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 2_000_000)
    monkeypatch.setattr("survey_kit.responses.read.MAX_XLSX_BYTES", 1_000_000)
    monkeypatch.setattr("survey_kit.responses.read.parse", None)
    assert "unpacks to too much" in told(path)


def test_columns_equal_but_for_case_are_refused(tmp_path):
    path = tmp_path / "x.parquet"
    pd.DataFrame({"b31": [1], "B31": [2]}).to_parquet(path)
    assert "'b31' and 'B31'" in told(path)


def test_lists_in_parquet_are_refused(tmp_path):
    path = tmp_path / "x.parquet"
    pd.DataFrame({"a": [[1, 2]]}).to_parquet(path)
    assert "lists or records" in told(path)


def test_a_missing_library_names_the_extra(sav, monkeypatch):
    monkeypatch.setattr(sandbox, "find_spec", lambda name: None if name == "pyreadstat" else object())
    message = told(sav)
    assert "pyreadstat" in message
    assert "trust-survey-kit[files]" in message


PROGRAMS = {
    "crash": ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "signal 11"),
    "hang": ("import time; time.sleep(60)", "stopped after 1 seconds"),
    "exit": ("raise SystemExit('no')", "no"),
    "memory": (
        "import json, sys; sys.path.insert(0, {folder!r}); import native; native._limit(300_000_000, 9); x = bytearray(10**9)",
        "MemoryError",
    ),
    "busy": (
        "import sys; sys.path.insert(0, {folder!r}); import native; native._limit(10**10, 1)\nwhile True: pass",
        "stopped after 1 seconds",
    ),
}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no resource limits")
@pytest.mark.parametrize("case", PROGRAMS)
def test_a_parser_that_crashes_hangs_or_eats_memory_is_one_error(tmp_path, sav, monkeypatch, case):
    program, words = PROGRAMS[case]
    script = tmp_path / "parser.py"
    script.write_text(program.format(folder=str(sandbox.PROGRAM.parent)), encoding="utf-8")
    monkeypatch.setattr(sandbox, "PROGRAM", script)
    with pytest.raises(ResponsesError) as caught:
        parse(sav, "sav", limits=Limits(seconds=1 if case in {"hang", "busy"} else 20))
    assert words in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 5


def test_the_parser_runs_without_the_callers_environment(sav, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "s3cret")
    monkeypatch.setenv("PYTHONSTARTUP", "/nowhere")
    seen = {}

    class Done:
        returncode, stderr = 3, b""

    def run(arguments, **options):
        seen.update(options)
        assert arguments[1] == "-I"
        return Done()

    monkeypatch.setattr(sandbox.subprocess, "run", run)
    told(sav)
    assert "SECRET_TOKEN" not in seen["env"]
    assert seen["stdin"] == sandbox.subprocess.DEVNULL
