"""Exports of KoboToolbox: CSV and Excel, repeats by index, answers in columns of their own, labels in the place of codes."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from survey_kit.errors import ResponsesError
from survey_kit.instrument import Instrument, Item, Module, Repeat, Scale
from survey_kit.responses.collected import read_collected

_spec = spec_from_file_location("collected_exports", Path(__file__).with_name("collected_exports.py"))
made_by = module_from_spec(_spec)
sys.modules["collected_exports"] = made_by
_spec.loader.exec_module(made_by)

YES_NO = Scale(codes=(1, 2), labels={1: {"en": "Yes", "ru": "Да"}, 2: {"en": "No", "ru": "Нет"}})


def homes():
    first = Module(
        id="first",
        items=(
            Item(id="contact", text={"en": "Any contact?", "ru": "Был контакт?"}, scale=YES_NO),
            Item(
                id="ways",
                type="multiple",
                text={"en": "Which ways?"},
                scale=Scale(codes=(1, 2, 3)),
                ask_if="contact == 1",
            ),
            Item(id="held", type="date", missing={}),
            Item(id="hours", type="decimal", minimum=0, maximum=9, missing={}),
            Item(id="telephone", type="text", role="identifier"),
            Item(id="size", type="integer", minimum=0, maximum=4, missing={}),
        ),
    )
    roster = Module(
        id="roster",
        repeat=Repeat(count="size", most=4),
        items=(
            Item(id="years", type="integer", minimum=0, maximum=99, missing={998: "dont_know"}),
            Item(id="ties", type="multiple", scale=Scale(codes=(1, 2))),
        ),
    )
    return Instrument(id="homes", version="1.0", missing={98: "dont_know"}, modules=(first, roster))


def codes(problems):
    return problems[["code", "column", "count", "found"]].values.tolist()


def flat():
    """Make an instrument without a repeated module, as CSV exports hold it."""
    whole = homes()
    return Instrument(id="homes", version="1.0", missing=whole.missing, modules=whole.modules[:1])


def write_csv(path, columns, separator=";"):
    path.write_text(made_by.lines(columns, separator), encoding="utf-8")
    return path


# ---------------------------------------------------------------------------------------------------------- as written
@pytest.mark.parametrize("split", ["both", "summary", "details"])
@pytest.mark.parametrize("separator", [";", ","])
def test_csv_comes_back_as_it_was_held(tmp_path, split, separator):
    made = made_by.interviews(flat(), 40, seed=2)
    path = write_csv(tmp_path / "homes.csv", made_by.kobo(made, split=split)["homes"], separator)
    out = read_collected(path, flat()).take()
    assert made_by.differences(made, out) == []
    assert out.problems.empty


@pytest.mark.parametrize("split", ["both", "summary", "details"])
def test_a_workbook_with_repeats_comes_back_as_it_was_held(tmp_path, split):
    pytest.importorskip("openpyxl")
    pytest.importorskip("python_calamine")
    made = made_by.interviews(homes(), 25, seed=4)
    path = made_by.write_workbook(tmp_path / "homes.xlsx", made_by.kobo(made, split=split))
    out = read_collected(path, homes(), format="kobo").take()
    assert made_by.differences(made, out) == []
    assert made_by.differences(made, out.members["roster"], "roster") == []
    assert out.problems.empty


def test_members_are_found_by_their_index(tmp_path):
    pytest.importorskip("openpyxl")
    pytest.importorskip("python_calamine")
    made = made_by.interviews(homes(), 12, seed=4)
    sheets = made_by.kobo(made)
    roster = sheets["roster"]
    del roster["_submission__uuid"]
    out = read_collected(made_by.write_workbook(tmp_path / "homes.xlsx", sheets), homes()).take()
    assert made_by.differences(made, out.members["roster"], "roster") == []
    assert out.problems.empty
    roster["_parent_index"][0] = "99"
    out = read_collected(made_by.write_workbook(tmp_path / "homes.xlsx", sheets), homes()).take()
    assert sorted(out.problems["code"]) == ["R018", "R019"]


def test_what_identifies_stays_apart(tmp_path):
    made = made_by.interviews(flat(), 5, seed=1)
    columns = made_by.kobo(made)["homes"]
    columns |= {
        "_geolocation": ["[43.2, 76.9]"] * 5,
        "first/place": ["43.2 76.9 10 5"] * 5,
        "_first/place_latitude": ["43.2"] * 5,
    }
    collected = read_collected(write_csv(tmp_path / "homes.csv", columns), flat())
    apart = collected.identifiers[""]
    wanted = {"case", "username", "_submitted_by", "_geolocation", "first/place", "_first/place_latitude", "telephone"}
    assert wanted <= set(apart)
    assert wanted & set(collected.frame) == {"case"}
    assert {"start", "submitted", "number", "version"} <= set(collected.paradata)
    assert codes(collected.problems) == [["R027", "", 1, "first/place"]]


def test_the_row_of_tags_is_no_interview(tmp_path):
    made = made_by.interviews(flat(), 5, seed=1)
    columns = made_by.kobo(made)["homes"]
    tagged = {name: ["#contact" if name.endswith("contact") else "", *one] for name, one in columns.items()}
    out = read_collected(write_csv(tmp_path / "homes.csv", tagged), flat()).take()
    assert made_by.differences(made, out) == []


def test_versions_under_the_names_of_the_platform(tmp_path):
    made = made_by.interviews(flat(), 4, seed=1)
    columns = made_by.kobo(made)["homes"]
    columns["__version__"] = ["vOld", "vOld", "", "vNew"]
    columns["__version__001"] = ["", "", "vNew", ""]
    path = write_csv(tmp_path / "homes.csv", columns)
    out = read_collected(path, flat()).take()
    assert sorted(row[3] for row in codes(out.problems)) == ["vNew", "vOld"]
    collected = read_collected(path, {"vNew": flat(), "vOld": flat()})
    assert collected.frame["form_version"].tolist() == ["vOld", "vOld", "vNew", "vNew"]
    assert collected.take().problems.empty


def test_interviews_that_a_reviewer_refused(tmp_path):
    made = made_by.interviews(flat(), 3, seed=1)
    columns = made_by.kobo(made)["homes"]
    columns["_validation_status"] = ["validation_status_approved", "validation_status_not_approved", "Not Approved"]
    collected = read_collected(write_csv(tmp_path / "homes.csv", columns), flat())
    assert [row[:3] for row in codes(collected.problems)] == [["R024", "", 2]]
    assert len(collected.frame) == 1


# -------------------------------------------------------------------------------------------------------- what is refused
def test_labels_are_refused_with_the_remedy(tmp_path):
    n = 3
    keys = {"_uuid": ["a", "b", "c"], "_id": ["1", "2", "3"]}
    for columns, words in (
        ({"first/contact": ["Yes", "No", "Yes"]}, "labels instead of codes"),
        ({"first/contact": ["Да", None, "нет"]}, "labels instead of codes"),
        ({"Any contact?": ["Yes", "No", "Yes"]}, "named by labels"),
        ({"Первая/Был контакт?": ["Да", "Нет", "Да"]}, "named by labels"),
    ):
        path = write_csv(
            tmp_path / "homes.csv", {name: [made_by.cell(v) for v in one] for name, one in columns.items()} | keys
        )
        with pytest.raises(ResponsesError, match=words) as fault:
            read_collected(path, flat())
        assert "XML values" in str(fault.value)
        assert len(str(fault.value).splitlines()) <= 5
    partly = {"first/contact": ["Yes", "1", "2"], **keys}  # one odd cell is a problem, not another kind of export
    out = read_collected(write_csv(tmp_path / "homes.csv", partly), flat()).take(items=["contact"])
    assert codes(out.problems) == [["R002", "contact", 1, "Yes (1)"]]
    assert n == len(out.frame)


def test_files_that_are_no_export(tmp_path):
    archive = made_by.write_zip(tmp_path / "homes.zip", {"homes.csv": {"a": ["1"]}})
    with pytest.raises(ResponsesError, match="as CSV or Excel"):
        read_collected(archive, flat(), format="kobo")
    with pytest.raises(ResponsesError, match="There is no export"):
        read_collected(tmp_path / "none.xlsx", flat())
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(ResponsesError, match="cut off"):
        read_collected(broken, flat())


def test_a_workbook_of_something_else(tmp_path):
    pytest.importorskip("openpyxl")
    pytest.importorskip("python_calamine")
    other = made_by.write_workbook(tmp_path / "other.xlsx", {"one": {"a": ["1"]}, "two": {"b": ["2"]}})
    with pytest.raises(ResponsesError, match="no export of KoboToolbox"):
        read_collected(other, flat())
    made = made_by.interviews(homes(), 5, seed=1)
    sheets = made_by.kobo(made)
    sheets["dogs"] = {"colour": ["red"], "_index": ["1"], "_parent_table_name": ["homes"], "_parent_index": ["1"]}
    collected = read_collected(made_by.write_workbook(tmp_path / "homes.xlsx", sheets), homes())
    assert codes(collected.problems) == [["R027", "dogs", 1, ""]]
    twice = tmp_path / "twice.xlsx"
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["contact", "contact", "_uuid"])
    book.active.append(["1", "2", "a"])
    book.save(twice)
    with pytest.raises(ResponsesError, match="same name"):
        read_collected(twice, homes())
