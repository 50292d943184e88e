"""`survey-kit instrument`: every subcommand on good and on broken questionnaires; exit codes; JSON; never a traceback."""

import json

import pytest

from survey_kit.cli import main
from survey_kit.cli.exporting import WRITERS
from survey_kit.instrument import inspect, write_translation


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capsys, *words):
    code = main([*words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def begun(capsys):
    assert run(capsys, "instrument", "new", "courts")[0] == 0


@pytest.mark.usefixtures("place")
def test_a_new_questionnaire_is_sound_and_is_not_written_over(capsys):
    begun(capsys)
    code, told = run(capsys, "instrument", "check", "courts")
    assert (code, told["errors"], told["problems"], told["texts"]) == (0, 0, [], {"en": {"source": 24}})
    code, told = run(capsys, "instrument", "new", "courts")
    assert (code, told["error"]) == (2, "InstrumentError")


@pytest.mark.parametrize("name", ["Courts", "1a", "a/b", "../a", "a b", ""])
def test_names_that_are_no_names_are_refused(place, capsys, name):
    assert run(capsys, "instrument", "new", name)[0] == 2
    assert list(place.iterdir()) == []


def test_every_fault_of_a_file_is_told(place, capsys):
    begun(capsys)
    path = place / "instruments" / "courts" / "instrument.yaml"
    path.write_text(
        path.read_text().replace("unit: person", "unit: planet").replace("modes:", "mods:"), encoding="utf-8"
    )
    code, told = run(capsys, "instrument", "check", "courts")
    assert code == 1
    assert [problem["code"] for problem in told["problems"]] == ["I000", "I000"]
    for command in ("prove", "simulate"):
        assert run(capsys, "instrument", command, "courts")[0] == 2


def test_a_proof_says_how_each_item_is_reached(place, capsys):
    pytest.importorskip("z3")
    begun(capsys)
    code, told = run(capsys, "instrument", "prove", "courts")
    assert (code, told["problems"]) == (0, [])
    assert [(step["item"], step["answer"]) for step in told["paths"]["police_fair"]] == [
        ("consent", 1),
        ("contact_police", 1),
    ]
    path = place / "instruments" / "courts" / "instrument.yaml"
    path.write_text(
        path.read_text().replace("ask_if: contact_police == 1", "ask_if: contact_police == 1 and consent == 2")
    )
    code, told = run(capsys, "instrument", "prove", "courts")
    assert code == 1
    assert "P001" in {problem["code"] for problem in told["problems"]}


def test_two_versions_are_compared_item_by_item(place, capsys):
    begun(capsys)
    folder = place / "instruments" / "courts"
    old = (folder / "instrument.yaml").read_text()
    (folder / "versions").mkdir()
    (folder / "versions" / "1.0.yaml").write_text(old)
    (folder / "instrument.yaml").write_text(
        old.replace('version: "1.0"\n', 'version: "1.1"\n', 1).replace("How fair", "How just")
    )
    code, told = run(capsys, "instrument", "diff", "courts@1.0", "courts")
    assert code == 0
    assert told["verdicts"]["police_fair"] == "bridge_needed"
    assert told["verdicts"]["contact_police"] == "comparable"
    assert [(one["item"], one["kind"]) for one in told["differences"]] == [("police_fair", "wording")]
    assert run(capsys, "instrument", "diff", "courts@0.9", "courts")[0] == 2


def test_a_simulation_writes_what_says_that_it_is_synthetic(place, capsys):
    begun(capsys)
    code, told = run(capsys, "instrument", "simulate", "courts", "-n", "50", "--planned", "900", "--to", "out")
    assert (code, told["data_status"]) == (0, "synthetic")
    assert {row["item"]: row["base"] for row in told["bases"]}["consent"] == 900
    rows = (place / "out" / "courts_synthetic.csv").read_text().splitlines()
    assert len(rows) == 51
    assert all(",synthetic," in row for row in rows[1:])


def test_every_format_is_written_and_drafts_are_pilots(place, capsys):
    for package in ("pyxform", "docx", "typst", "ddi_l"):
        pytest.importorskip(package)
    begun(capsys)
    write_translation(inspect("instruments/courts"), "kk", {"title": "Соттар"})
    code, told = run(
        capsys, "instrument", "export", "courts", "--format", "all", "--fill", "sponsor=us", "--fill", "contact=12"
    )
    assert code == 0
    assert (told["languages"]["en"]["ready"], told["languages"]["kk"]["ready"]) == (True, False)
    assert len(told["written"]) >= len(WRITERS)
    for path in told["written"]:
        assert (place / path).stat().st_size > 500
    assert any("kk_pilot" in path for path in told["written"])
    assert any("pilot" in path and path.endswith(".xlsx") for path in told["written"])


@pytest.mark.parametrize(
    "words",
    [
        ("--format", "xlsform", "--fill", "sponsor"),
        ("--format", "xlsform", "--fill", "sponsr=us"),
        ("--format", "xlsform", "--fill", "sponsor=us", "--fill", "sponsor.en=us"),
        ("--format", "xlsform", "--language", "kk"),
        ("--format", "xlsform", "--switch", "extra"),
        ("--format", "spreadsheet"),
        (),
    ],
)
def test_exports_that_are_not_understood_write_nothing(place, capsys, words):
    begun(capsys)
    assert run(capsys, "instrument", "export", "courts", *words)[0] == 2
    assert not (place / "build").exists()


def test_a_form_goes_out_and_comes_in(place, capsys):
    pytest.importorskip("pyxform")
    begun(capsys)
    run(capsys, "instrument", "export", "courts", "--format", "xlsform", "--fill", "sponsor=us", "--fill", "contact=12")
    form = place / "build" / "instruments" / "courts" / "courts.xlsx"
    code, told = run(capsys, "instrument", "import", str(form), "--to", "other", "--id", "again")
    assert code == 0
    assert run(capsys, "instrument", "check", "other/again")[1]["errors"] == 0
    assert told["instrument"].endswith("other/again/instrument.yaml")


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("command", ["check", "prove", "simulate"])
def test_what_is_not_there_names_the_nearest(capsys, command):
    begun(capsys)
    code, told = run(capsys, "instrument", command, "court")
    assert code == 2
    assert "courts" in told["fix"]


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 broken"])
def test_a_broken_form_is_refused_in_words(place, capsys, content):
    pytest.importorskip("openpyxl")
    (place / "form.xlsx").write_bytes(content)
    code, told = run(capsys, "instrument", "import", "form.xlsx")
    assert (code, told["error"]) == (2, "InstrumentError")
