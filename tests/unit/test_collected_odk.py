"""Exports of ODK Central: what of them are answers, what stays apart, and what is wrong with them."""

import contextlib
import gzip
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from survey_kit.errors import ResponsesError
from survey_kit.instrument import Instrument, Item, Module, Repeat, Rotation, Scale
from survey_kit.responses.collected import archive as archives
from survey_kit.responses.collected import item_seconds, read_audit, read_collected

_spec = spec_from_file_location("collected_exports", Path(__file__).with_name("collected_exports.py"))
made_by = module_from_spec(_spec)
sys.modules["collected_exports"] = made_by
_spec.loader.exec_module(made_by)

YES_NO = Scale(codes=(1, 2), labels={1: {"en": "Yes", "ru": "Да"}, 2: {"en": "No", "ru": "Нет"}})


def rich(version="1.0"):
    """Make an instrument with every type of item."""
    first = Module(
        id="first",
        items=(
            Item(id="consent", text={"en": "Do you agree?"}, scale=YES_NO, missing={}),
            Item(id="held", type="date", missing={}),
            Item(id="half", type="arm", scale=Scale(codes=(1, 2)), role="design"),
            Item(id="start_at", type="arm", scale=Scale(codes=(1, 2, 3)), role="design"),
            Item(id="draw", type="random", role="design"),
            Item(id="phone", type="text", role="identifier"),
            Item(id="born", type="integer", minimum=1920, maximum=2008, missing={9998: "dont_know"}),
            Item(id="hours", type="decimal", minimum=0, maximum=24, missing={}),
            Item(id="age", type="calculated", value="2026 - born"),
        ),
    )
    asked = Module(
        id="asked",
        ask_if="consent == 1",
        items=(
            Item(
                id="trust",
                type="grid",
                scale=Scale(codes=(0, 1, 2, 3), high=3),
                rotate="start_at",
                rows=(Item(id="police"), Item(id="courts"), Item(id="parliament", ask_if="police > 0")),
            ),
            Item(id="ways", type="multiple", scale=Scale(codes=(1, 2, 3, 9)), exclusive=(9,), most=2),
            Item(id="regions", type="multiple", scale=Scale(codes=("KZ-10", "KZ-79")), ask_if="half == 2"),
            Item(id="office", scale=YES_NO, ask_if="selected(ways, 3)"),
            Item(id="many", scale=YES_NO, ask_if="count_selected(ways) > 1 or year(held) == 2025"),
            Item(id="why", type="text", optional=True),
            Item(id="reason", type="text", ask_if="office == 2"),
            Item(id="reason_known", scale=YES_NO, ask_if="answered(reason)"),
            Item(id="size", type="integer", minimum=0, maximum=6, missing={}),
            Item(id="adults", type="integer", minimum=0, maximum=6, constraint="adults <= size"),
            Item(id="thanks", type="note", text={"en": "Thank you."}),
        ),
    )
    roster = Module(
        id="roster",
        ask_if="consent == 1",
        repeat=Repeat(count="size", most=4),
        items=(
            Item(id="years", type="integer", minimum=0, maximum=99, missing={998: "dont_know"}),
            Item(id="works", scale=YES_NO, ask_if="years >= 16"),
            Item(id="ties", type="multiple", scale=Scale(codes=(1, 2, 3))),
            Item(id="name", type="text", role="identifier"),
        ),
    )
    last = Module(
        id="last",
        items=(
            Item(id="oldest", type="calculated", value="max(years)"),
            Item(id="share", type="calculated", value="sum(years) / count(roster)"),
            Item(id="care", scale=YES_NO, ask_if="max(years) >= 65"),
        ),
    )
    return Instrument(
        id="rich", version=version, missing={98: "dont_know", 99: "refused"}, modules=(first, asked, roster, last)
    )


def form(*items, version="1.0", **more):
    return Instrument(
        id="tiny", version=version, missing={98: "dont_know"}, modules=(Module(id="m", items=items),), **more
    )


def single(name, **more):
    return Item(id=name, text={"en": f"What about {name}?"}, scale=YES_NO, **more)


def export(folder, columns, name="tiny.csv", **more):
    """Write a small export: the columns given, with keys."""
    n = len(next(iter(columns.values())))
    columns = {"SubmissionDate": ["2026-05-01T09:00:00Z"] * n, **columns}
    columns = {**columns, "KEY": made_by.keys(n), **more}
    path = Path(folder) / name
    path.write_text(
        made_by.lines({key: list(map(made_by.cell, one)) for key, one in columns.items()}), encoding="utf-8"
    )
    return path


def told(fault):
    assert len(str(fault.value).splitlines()) <= 5
    return str(fault.value)


def codes(problems):
    return problems[["code", "column", "count", "found"]].values.tolist()


# ---------------------------------------------------------------------------------------------------------- as written
@pytest.mark.parametrize("split", [True, False])
@pytest.mark.parametrize("grouped", [True, False])
def test_interviews_come_back_as_they_were_held(tmp_path, split, grouped):
    made = made_by.interviews(rich(), 60, seed=3)
    tables = made_by.central(made, split=split, grouped=grouped)
    path = made_by.write_zip(tmp_path / "rich.csv.zip", tables)
    out = read_collected(path, rich()).take()
    assert made_by.differences(made, out) == []
    assert made_by.differences(made, out.members["roster"], "roster") == []
    assert out.problems.empty
    assert out.members["roster"].frame["member"].max() > 1


def test_what_identifies_stays_apart(tmp_path):
    made = made_by.interviews(rich(), 20, seed=1)
    files = made_by.central(made) | {"media/1.jpg": b"\xff\xd8", "media/voice.m4a": b"..."}
    collected = read_collected(made_by.write_zip(tmp_path / "rich.csv.zip", files), rich())
    kept = {*collected.frame, *collected.members["roster"], *collected.take().frame}
    for name in ("deviceid", "DeviceID", "SubmitterName", "SubmitterID", "phone", "name", "why"):
        assert name not in kept
    assert not any("Latitude" in name or "instanceName" in name for name in kept)
    apart = collected.identifiers[""]
    assert {"deviceid", "DeviceID", "SubmitterName", "start-geopoint-Latitude", "phone", "why"} <= set(apart)
    assert collected.identifiers["roster"].columns.tolist() == ["case", "member", "name"]
    assert "reason" in collected.frame  # a condition looks at it
    assert "reason" not in collected.take().frame
    assert {"start", "end", "submitted", "version", "edits"} <= set(collected.paradata)
    assert str(collected.paradata["start"].dtype).startswith("datetime64")
    for word in ("Aigerim", "collect:abc", "43.2", "Interviewer"):
        assert word not in collected._repr_html_()
        assert word not in repr(collected)


def test_a_folder_of_an_unpacked_export(tmp_path):
    made = made_by.interviews(rich(), 10, seed=2)
    for name, table in (made_by.central(made) | {"rich - audit.csv": made_by.audit(made, ["consent"])}).items():
        (tmp_path / name).write_text(made_by.lines(table), encoding="utf-8")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    out = read_collected(tmp_path / "rich.csv", rich())
    assert made_by.differences(made, out.take()) == []
    assert len(out.audit) == 30
    packed = tmp_path / "alone.csv.gz"
    packed.write_bytes(gzip.compress((tmp_path / "rich.csv").read_bytes()))
    assert len(read_collected(packed, rich()).frame) == 10


def test_columns_to_keep(tmp_path):
    path = export(tmp_path, {"m-a": [1, 2], "weight": [1.5, 0.5], "deviceid": ["x", "y"]})
    out = read_collected(path, form(single("a")), keep=["weight"])
    assert out.take(required=["weight"]).frame["weight"].tolist() == [1.5, 0.5]
    assert out.problems.empty
    with pytest.raises(ResponsesError, match="'deviceid' may identify somebody"):
        read_collected(path, form(single("a")), keep=["deviceid"])


def test_unknown_columns_are_told_and_stay_apart(tmp_path):
    path = export(tmp_path, {"m-a": [1, 2], "m-mood": ["fine", None], "m-empty": [None, None], "m-thanks": ["x", "x"]})
    out = read_collected(path, form(single("a"), Item(id="thanks", type="note")))
    assert codes(out.problems) == [["R027", "", 1, "m-mood"]]
    assert "m-mood" in out.identifiers[""]
    assert out.frame.columns.tolist() == ["case", "form_version", "a"]


# --------------------------------------------------------------------------------------------------- names of columns
def test_copies_of_items_in_a_drawn_order(tmp_path):
    rows = (Item(id="police"), Item(id="courts"))
    start = Item(id="start_at", type="arm", scale=Scale(codes=(1, 2)))
    ways = Item(id="ways", type="multiple", scale=Scale(codes=(1, 2)))
    one, two = Module(id="one", items=(single("x"), ways)), Module(id="two", items=(single("y"),))
    grid = Item(id="trust", type="grid", scale=YES_NO, rotate="start_at", rows=rows)
    turned = Instrument(
        id="turned",
        version="1",
        modules=(Module(id="m", items=(start, grid)), one, two),
        rotations={"order": Rotation(start="start_at", modules=("one", "two"))},
    )
    columns = {
        "m-start_at": [1, 2],
        "m-trust-police__a": [1, None],
        "m-trust-courts": [2, 1],
        "m-trust-police__b": [None, 2],
        "police": [1, None],
        "one__a-x__a": [1, None],
        "one__b-x__b": [None, 2],
        "one__a-ways__a": ["1 2", None],
        "one__a-ways__a/1": [1, 0],
        "one__a-ways__a/2": [1, 0],
        "one__b-ways__b": [None, "2"],
        "one__b-ways__b/1": [0, 0],
        "one__b-ways__b/2": [0, 1],
        "y": [1, 1],
    }
    out = read_collected(export(tmp_path, columns), turned).take()
    assert out.problems.empty
    assert out.frame["police"].tolist() == [1.0, 2.0]  # the copy counts where the joined value is blank
    assert out.frame["x"].tolist() == [1.0, 2.0]
    assert out.frame[["ways__1", "ways__2"]].values.tolist() == [[1.0, 1.0], [0.0, 1.0]]
    parted = {name: one for name, one in columns.items() if name not in {"one__a-ways__a", "one__b-ways__b"}}
    again = read_collected(export(tmp_path, parted), turned).take()
    assert again.frame[["ways__1", "ways__2"]].values.tolist() == [[1.0, 1.0], [0.0, 1.0]]


def test_the_reason_why_there_is_no_date(tmp_path):
    since = Item(id="since", type="date", text={"en": "Since when?"})
    path = export(tmp_path, {"m-since": ["2026-01-01", None], "m-since__missing": [None, 98]})
    out = read_collected(path, form(since)).take()
    assert out.frame["since"].tolist()[0] == "2026-01-01"
    assert out.missing["since"].tolist()[1] == "dont_know"
    assert out.problems.empty


def test_a_question_that_moved_stands_in_two_columns(tmp_path):
    path = export(tmp_path, {"old-a": [1, None, 1], "m-a": [None, 2, 2]})
    out = read_collected(path, form(single("a")))
    assert codes(out.problems) == [["R023", "a", 1, "old-a, m-a"]]
    assert out.take().frame["a"].tolist() == [1.0, 2.0, 1.0]


def test_a_group_may_have_the_name_of_an_item(tmp_path):
    path = export(tmp_path, {"a-a": [1, 2], "a-b": [2, 1], "deviceid": ["x", "y"], "DeviceID": ["x", "y"]})
    out = read_collected(path, form(single("a"), single("b"))).take()
    assert out.frame[["a", "b"]].values.tolist() == [[1.0, 2.0], [2.0, 1.0]]


def test_an_item_that_has_another_name_in_the_data(tmp_path):
    ways = Item(id="ways", type="multiple", scale=Scale(codes=(1, 2)), column="Q2")
    path = export(tmp_path, {"m-a": [1, 2], "m-ways": ["1 2", "2"], "m-ways/1": [1, 0], "m-ways/2": [1, 1]})
    out = read_collected(path, form(single("a", column="Q1"), ways)).take()
    assert out.frame["a"].tolist() == [1.0, 2.0]
    assert out.frame[["ways__1", "ways__2"]].values.tolist() == [[1.0, 1.0], [0.0, 1.0]]


# ------------------------------------------------------------------------------------------------------------ versions
def test_several_versions_in_one_export(tmp_path):
    old = form(single("a"), Item(id="b", scale=Scale(codes=(1, 2, 3))), single("gone"), version="1.0")
    new = form(single("a"), Item(id="b", scale=YES_NO), single("c"), version="1.1")
    columns = {"m-a": [1, 2, 1], "m-b": [3, 2, 3], "m-c": [None, 1, 2], "m-gone": [2, None, None]}
    path = export(tmp_path, columns, FormVersion=["1.0-0a1b2c3d", "1.1", "1.1-99999999"])
    collected = read_collected(path, {"1.1": new, "1.0": old})
    assert collected.frame["form_version"].tolist() == ["1.0", "1.1", "1.1"]
    out = collected.take()
    assert out.missing["gone"].tolist()[1:] == ["not_asked", "not_asked"]
    assert out.missing["c"].tolist()[0] == "not_asked"
    assert out.frame["gone"].tolist()[0] == 2.0
    assert codes(out.problems) == [["R001", "b", 1, "3 (1)"]]


def test_a_deleted_question_that_the_export_left_out_is_told(tmp_path):
    old, new = form(single("a"), single("gone"), version="1"), form(single("a"), version="2")
    path = export(tmp_path, {"m-a": [1, 2, 1]}, FormVersion=["1", "2", "1"])
    out = read_collected(path, {"2": new, "1": old}).take()
    assert out.problems["code"].tolist()[0] == "R022"
    assert codes(out.problems)[0] == ["R022", "1", 2, "gone"]
    assert out.frame["a"].tolist() == [1.0, 2.0, 1.0]
    with pytest.raises(ResponsesError, match=r"R022.*"):
        out.checked()


def test_versions_that_nobody_described(tmp_path):
    path = export(tmp_path, {"m-a": [1, 2]}, FormVersion=["7", "8"])
    out = read_collected(path, form(single("a"))).take()
    assert sorted(out.problems["found"]) == ["7", "8"]
    assert set(out.problems["code"]) == {"R021"}
    one = export(tmp_path, {"m-a": [1, 2]}, FormVersion=["2026050101"] * 2)
    assert read_collected(one, form(single("a"))).take().problems.empty  # a single form under the platform's own name


# ----------------------------------------------------------------------------------------------- doubles, review, keys
def test_doubled_keys_orphans_and_rejected_interviews(tmp_path):
    made = made_by.interviews(rich(), 8, seed=5)
    tables = made_by.central(made)
    root, roster = tables["rich.csv"], tables["rich-roster.csv"]
    assert len(set(roster["PARENT_KEY"])) > 2
    for column in root.values():
        column.append(column[0])
    rejected = roster["PARENT_KEY"][0]
    root["ReviewState"] = ["rejected" if key == rejected else "approved" for key in root["KEY"]]
    roster["PARENT_KEY"][-1] = "uuid:nobody"
    out = read_collected(made_by.write_zip(tmp_path / "rich.csv.zip", tables), rich()).take()
    found = {row[0]: row for row in codes(out.problems)}
    assert found["R017"][2:] == [1, root["KEY"][0]]
    assert found["R018"][1:] == ["roster", 1, "uuid:nobody"]
    assert found["R024"][2] == root["KEY"].count(rejected) - (rejected == root["KEY"][0])
    assert set(found) == {"R016", "R017", "R018", "R019", "R024"}  # without the member the stored sums are others
    assert rejected not in out.frame["case"].tolist()
    assert len(out.frame) == 7


def test_encrypted_interviews_hold_no_answers(tmp_path):
    path = export(tmp_path, {"m-a": [1, None, 2]}, Status=[None, "not decrypted", None])
    out = read_collected(path, form(single("a")))
    assert codes(out.problems) == [["R025", "", 1, made_by.keys(2)[1]]]
    assert len(out.frame) == 2


def test_members_left_over_when_the_count_was_corrected_are_none(tmp_path):
    made = made_by.interviews(rich(), 8, seed=5)
    tables = made_by.central(made)
    roster = tables["rich-roster.csv"]
    key = roster["PARENT_KEY"][0]
    there = roster["PARENT_KEY"].count(key)
    for name, column in roster.items():
        blank = "0" if "/" in name else ""
        column.append({"PARENT_KEY": key, "KEY": f"{key}/household/roster[{there + 1}]"}.get(name, blank))
    out = read_collected(made_by.write_zip(tmp_path / "rich.csv.zip", tables), rich()).take()
    assert out.problems.empty
    roster["years"][-1] = "30"
    out = read_collected(made_by.write_zip(tmp_path / "rich.csv.zip", tables), rich()).take()
    assert "R019" in out.problems["code"].tolist()


def test_a_table_that_cannot_be_read_or_belongs_nowhere(tmp_path):
    made = made_by.interviews(rich(), 6, seed=5)
    tables = made_by.central(made)
    tables["rich-roster.csv"] = 'years,PARENT_KEY,KEY\n"1,uuid:0\n'
    tables["rich-dogs.csv"] = {"colour": ["red"], "PARENT_KEY": ["uuid:0"], "KEY": ["uuid:0/dogs[1]"]}
    out = read_collected(made_by.write_zip(tmp_path / "rich.csv.zip", tables), rich())
    assert [row[:3] for row in codes(out.problems)] == [["R026", "rich-roster.csv", 1], ["R027", "dogs", 1]]
    latin = 'цена,PARENT_KEY,KEY\n"1","2","3"\n'.encode("cp1251")
    tables["rich-roster.csv"] = latin
    out = read_collected(made_by.write_zip(tmp_path / "rich.csv.zip", tables), rich())
    assert "not UTF-8" in out.problems["message"][0]


# --------------------------------------------------------------------------------------------------------------- audit
def test_the_audit_becomes_paradata(tmp_path):
    made = made_by.interviews(rich(), 3, seed=1)
    files = made_by.central(made) | {"rich - audit.csv": made_by.audit(made, ["consent", "held", "consent"])}
    path = made_by.write_zip(tmp_path / "rich.csv.zip", files)
    audit = read_collected(path, rich()).audit
    assert audit.columns.tolist() == ["case", "event", "node", "item", "member", "start", "end", "seconds"]
    pd.testing.assert_frame_equal(audit, read_audit(path))
    spent = item_seconds(audit)
    assert spent[["item", "seconds", "visits"]].values.tolist()[:2] == [["consent", 5.0, 2], ["held", 2.5, 1]]
    assert spent["case"].nunique() == 3
    for word in ("Interviewer", "43.2"):
        assert word not in audit.to_csv()


def test_an_audit_of_a_device_with_odd_times(tmp_path):
    file = tmp_path / "audit.csv"
    rows = [
        "event,node,start,end,latitude,longitude,accuracy,old-value,new-value",
        "form start,,1000,,43.2,76.9,10,,",
        "question,/data/m/roster[2]/age,1000,4000,43.2,76.9,10,,30",
        "group questions,/data/m/trust,9000,5000,,,,,",
        "question,/data/m/b,x,7000,,,,,",
        "question,/data/m/c,1000,99999999999999999,,,,,",
    ]
    file.write_text("\n".join(rows) + "\n")
    out = read_audit(file, case="one")
    assert out["seconds"].fillna(-1).tolist() == [-1, 3.0, -1, -1, -1]
    assert out["member"].fillna(0).tolist() == [0, 2, 0, 0, 0]
    assert set(out["case"]) == {"one"}
    assert item_seconds(out)["visits"].tolist() == [1, 1, 1, 1]
    with pytest.raises(ResponsesError, match="There is no audit"):
        read_audit(export(tmp_path, {"m-a": [1]}))
    made = made_by.interviews(rich(), 2, seed=1)
    wrong = made_by.audit(made, ["consent"])
    wrong["end"][1] = "5"
    files = made_by.central(made) | {"rich - audit.csv": wrong}
    problems = read_collected(made_by.write_zip(tmp_path / "rich.csv.zip", files), rich()).problems
    assert codes(problems) == [["R028", "audit", 1, "1 interviews"]]


# ------------------------------------------------------------------------------------------------- what ends in one error
def test_files_that_are_no_export(tmp_path):
    def refused(path, words, **more):
        with pytest.raises(ResponsesError, match=words) as fault:
            read_collected(path, form(single("a")), **more)
        assert told(fault)

    plain = tmp_path / "plain.csv"
    plain.write_text("a,b\n1,2\n")
    refused(plain, "no export of ODK Central")
    refused(plain, "no export of KoboToolbox", format="kobo")
    refused(plain, "is not a platform", format="limesurvey")
    refused(tmp_path / "none.csv.zip", "There is no export")
    empty = tmp_path / "empty.csv"
    empty.write_bytes(b"")
    refused(empty, "is empty")
    refused(export(tmp_path, {"m-a": []}, "nobody.csv"), "holds no interviews")
    refused(export(tmp_path, {"zzz": [1]}, "other.csv"), "No column is an item")
    ragged = tmp_path / "ragged.csv"
    ragged.write_text("a,KEY\n1,2\n1,2,3\n")
    refused(ragged, "not as many fields")
    latin = tmp_path / "latin.csv"
    latin.write_bytes("a,KEY\n1,цена\n".encode("cp1251"))
    refused(latin, "not UTF-8")
    assert len(read_collected(latin, form(single("a")), encoding="cp1251").frame) == 1
    two = made_by.write_zip(
        tmp_path / "two.csv.zip", {"a.csv": {"a": ["1"], "KEY": ["1"]}, "b.csv": {"a": ["1"], "KEY": ["1"]}}
    )
    refused(two, "a.csv, b.csv")
    with pytest.raises(ResponsesError, match="No instrument"):
        read_collected(latin, {}, encoding="cp1251")
    with pytest.raises(ResponsesError, match="name of a key, 'case'"):
        read_collected(export(tmp_path, {"m-case": [1]}), form(single("case")))


ROW = {"a": ["1"], "KEY": ["uuid:1"]}


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"../a.csv": ROW}, "names a file outside"),
        ({"tiny.csv": ROW, "media/../../a.jpg": b""}, "names a file outside"),
        ({"/etc/a.csv": ROW}, "names a file outside"),
        ({"..\\a.csv": ROW}, "names a file outside"),
        ({"C:\\a.csv": ROW}, "names a file outside"),
        ({"export.zip": b"PK"}, "another archive"),
        ({"readme.txt": b"hello"}, "holds no table"),
        ({"tiny.csv": ROW, "sub/Tiny.csv": ROW}, "holds a table twice"),
        ({f"t{number}.csv": ROW for number in range(201)}, "too many tables"),
    ],
)
def test_archives_that_are_refused(tmp_path, files, words):
    path = made_by.write_zip(tmp_path / "tiny.csv.zip", files)
    with pytest.raises(ResponsesError, match=words) as fault:
        read_collected(path, form(single("a")))
    assert told(fault)


def test_archives_inside_media_and_junk_are_never_opened(tmp_path):
    files = {
        "tiny.csv": ROW,
        "media/report.zip": b"PK",
        "__MACOSX/._tiny.csv": b"\0",
        "._x.csv": b"\0",
        "media/x.csv": b"\0",
    }
    assert len(read_collected(made_by.write_zip(tmp_path / "tiny.csv.zip", files), form(single("a"))).frame) == 1
    inside = {f"export/{name}": content for name, content in {"tiny.csv": ROW, "media/x.jpg": b""}.items()}
    assert len(read_collected(made_by.write_zip(tmp_path / "in.csv.zip", inside), form(single("a"))).frame) == 1


def test_a_bomb_is_not_unpacked(tmp_path):
    bomb = b"a,KEY\n" + b"1,1\n" * 6_000_000
    path = made_by.write_zip(tmp_path / "bomb.csv.zip", {"bomb.csv": bomb})
    assert path.stat().st_size < 100_000
    with pytest.raises(ResponsesError, match="unpacks to too much") as fault:
        read_collected(path, form(single("a")))
    assert "bytes from" in told(fault)


def test_limits_of_size_and_number(tmp_path, monkeypatch):
    path = made_by.write_zip(tmp_path / "tiny.csv.zip", {"tiny.csv": ROW, "media/a.jpg": b"1", "media/b.jpg": b"2"})
    for name, value, words in (
        ("MAX_ENTRIES", 2, "too many files"),
        ("MAX_DIRECTORY_BYTES", 20, "too many files"),
        ("MAX_BYTES", 5, "unpacks to too much"),
        ("MAX_TOTAL_BYTES", 5, "unpacks to too much"),
    ):
        monkeypatch.setattr(archives, name, value)
        with pytest.raises(ResponsesError, match=words):
            read_collected(path, form(single("a")))
        monkeypatch.undo()


def test_an_entry_that_lies_about_its_size(tmp_path, monkeypatch):
    path = made_by.write_zip(tmp_path / "tiny.csv.zip", {"tiny.csv": {"a": ["1"] * 5000, "KEY": ["1"] * 5000}})
    files = archives.open_export(path)
    monkeypatch.setattr(archives, "MAX_BYTES", 5000)
    with pytest.raises(ResponsesError, match="unpacks to too much"):
        files.read("tiny.csv")


def test_broken_archives(tmp_path):
    whole = made_by.write_zip(
        tmp_path / "tiny.csv.zip", {"tiny.csv": {"a": ["1"] * 500, "KEY": list(map(str, range(500)))}}
    )
    content = whole.read_bytes()
    rng = np.random.default_rng(1)
    for number in range(60):
        broken = bytearray(content)
        if number % 3 == 0:
            broken = broken[: rng.integers(1, len(broken))]
        else:
            for at in rng.integers(0, len(broken), 3):
                broken[at] = rng.integers(0, 256)
        path = tmp_path / "broken.csv.zip"
        path.write_bytes(bytes(broken))
        with contextlib.suppress(ResponsesError):  # a byte that does no harm is no fault
            read_collected(path, form(single("a")))
    path.write_bytes(content[:50])
    with pytest.raises(ResponsesError, match="cut off or damaged"):
        read_collected(path, form(single("a")))


def test_a_locked_archive(tmp_path):
    path = made_by.write_zip(tmp_path / "tiny.csv.zip", {"tiny.csv": ROW})
    content = bytearray(path.read_bytes())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.index(mark)
        content[place + at] |= 1
    path.write_bytes(bytes(content))
    with pytest.raises(ResponsesError, match="locked with a password"):
        read_collected(path, form(single("a")))
