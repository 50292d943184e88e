"""Workbooks that are broken or meant to do harm: refused with a message, in bounded time and memory."""

from __future__ import annotations

import struct
import tracemalloc
import warnings
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from time import perf_counter, process_time
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from survey_kit.errors import InstrumentError
from survey_kit.instrument.imports import read_xlsform

openpyxl = pytest.importorskip("openpyxl", reason="openpyxl not installed")

ROWS = [("type", "name", "label"), ("text", "why", "Why?")]


def workbook(cell: str | None = None, value: object = None) -> bytes:
    """Make a form; another cell may be set."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "survey"
    for row in ROWS:
        sheet.append(row)
    if cell:
        sheet[cell] = value
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def changed(content: bytes, parts: Mapping[str, bytes | Callable[[bytes], bytes] | None]) -> bytes:
    """Change, add or take away parts of a workbook."""
    out = BytesIO()
    with ZipFile(BytesIO(content)) as old, ZipFile(out, "w", ZIP_DEFLATED) as new:
        kept = {name: old.read(name) for name in old.namelist()}
        for name, part in parts.items():
            if part is None:
                del kept[name]
            else:
                kept[name] = part(kept[name]) if callable(part) else part
        for name, part in kept.items():
            new.writestr(name, part)
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


def _rows(n: int, text: str = "x") -> bytes:
    body = "".join(
        f'<row r="{row}"><c r="A{row}" t="inlineStr"><is><t>{text}</t></is></c></row>' for row in range(1, n)
    )
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<worksheet xmlns="{space}"><sheetData>{body}</sheetData></worksheet>'.encode()


def _twice() -> bytes:
    out = BytesIO(workbook())
    with warnings.catch_warnings(), ZipFile(out, "a") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("xl/Workbook.xml", b"<x/>")
    return out.getvalue()


def _lying() -> bytes:
    """Say that a part is smaller than it is."""
    content = bytearray(changed(workbook(), {SHEET: _rows(90_000)}))
    at = content.rfind(SHEET.encode()) - 46
    content[at + 24 : at + 28] = struct.pack("<I", 100)
    return bytes(content)


ENTITY = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
LAUGHS = b"<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>" + b"".join(
    b"<!ENTITY %c '%s'>" % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(8)
)
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "no archive": (lambda: b"PK no archive", "no workbook"),
    "empty": (lambda: b"", "no workbook"),
    "cut off": (lambda: workbook()[:-600], "no workbook"),
    "no sheets": (lambda: changed(workbook(), {"xl/workbook.xml": None}), "cannot be read"),
    "broken XML": (lambda: changed(workbook(), {SHEET: lambda text: text[:-30]}), "cannot be read"),
    "a formula": (lambda: workbook("C2", "=HYPERLINK(1)"), r"(?s)holds a formula.*survey!C2: =HYPERLINK\(1\)"),
    "a formula of an array": (lambda: workbook("D2", "=SUM(A1:A2)"), "holds a formula"),
    "an external entity": (lambda: changed(workbook(), {SHEET: lambda text: ENTITY + text}), "declares entities"),
    "a billion laughs": (lambda: changed(workbook(), {"xl/workbook.xml": LAUGHS}), "declares entities"),
    "another encoding": (lambda: changed(workbook(), {SHEET: lambda text: text.decode().encode("utf-16")}), "not UTF-8"),
    "an external link": (lambda: changed(workbook(), {"xl/externalLinks/externalLink1.xml": b"<x/>"}), "linked to another"),
    "macros": (lambda: changed(workbook(), {"xl/vbaProject.bin": b"x"}), "holds macros"),
    "packed tightly": (lambda: changed(workbook(), {"xl/x.bin": b" " * 30_000_000}), "packed too tightly"),
    "too much": (lambda: changed(workbook(), {f"xl/{n}.xml": b"<x/>" * 2_000_000 for n in range(7)}), "unpacks to too much|too tightly"),
    "too many parts": (lambda: changed(workbook(), {f"xl/{n}.png": b"x" for n in range(600)}), "too many parts"),
    "too many rows": (lambda: changed(workbook(), {SHEET: _rows(30_000)}), "sheet is too large"),
    "a row far below": (lambda: changed(workbook(), {SHEET: lambda text: text.replace(b'r="2"', b'r="1048576"')}), "sheet is too large"),
    "a part twice": (_twice, "same name"),
    "a size that lies": (_lying, "no workbook|too large|too tightly"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_a_hostile_workbook_is_refused(tmp_path: Path, content: Callable[[], bytes], message: str):
    path = tmp_path / "form.xlsx"
    path.write_bytes(content())
    begun = perf_counter()
    tracemalloc.start()
    try:
        with pytest.raises(InstrumentError, match=message) as caught:
            read_xlsform(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert perf_counter() - begun < 5
    assert peak < 100_000_000
    assert caught.value.fix
    assert len(str(caught.value).splitlines()) <= 5


def test_the_sound_workbook_is_read(tmp_path: Path):
    path = tmp_path / "form.xlsx"
    path.write_bytes(workbook())
    assert [item.id for item in read_xlsform(path).instrument.items] == ["why"]


def test_a_text_that_begins_like_a_formula_is_a_text(tmp_path: Path):
    book = openpyxl.Workbook()
    book.active.title = "survey"
    for row in ROWS:
        book.active.append(row)
    book.active["C2"] = "=1+1"
    book.active["C2"].data_type = "s"
    book.save(tmp_path / "form.xlsx")
    made = read_xlsform(tmp_path / "form.xlsx")
    assert [one.code for one in made.problems] == ["I042"]  # told by the rules of texts


def test_cells_that_are_no_texts_become_texts(tmp_path: Path):
    path = tmp_path / "form.xlsx"
    path.write_bytes(workbook("C2", 12.0))
    assert read_xlsform(path).instrument.text("why") == "12"


def test_columns_far_to_the_right_are_not_read(tmp_path: Path):
    path = tmp_path / "form.xlsx"
    path.write_bytes(workbook("ZZ1", "label::Kazakh"))
    assert read_xlsform(path).instrument.languages == ("en",)


@pytest.mark.parametrize(
    ("name", "message"), [("a.xls", r"\.xlsx or \.md"), ("a.csv", r"\.xlsx or \.md"), ("gone.xlsx", "no form")]
)
def test_other_files_are_refused(tmp_path: Path, name: str, message: str):
    if not name.startswith("gone"):
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(InstrumentError, match=message):
        read_xlsform(tmp_path / name)


def test_a_folder_is_no_form(tmp_path: Path):
    (tmp_path / "a.xlsx").mkdir()
    with pytest.raises(InstrumentError, match="no form"):
        read_xlsform(tmp_path / "a.xlsx")


def test_markdown_in_another_encoding_is_refused(tmp_path: Path):
    (tmp_path / "a.md").write_bytes("| survey | | |\n| | type | é |".encode("latin-1"))
    with pytest.raises(InstrumentError, match="not UTF-8"):
        read_xlsform(tmp_path / "a.md")


def test_groups_nested_very_deeply_are_refused():
    rows = [{"type": "begin_group", "name": f"g{n}", "label": "G"} for n in range(50)]
    with pytest.raises(InstrumentError, match="nested too deeply"):
        read_xlsform({"survey": rows})


def test_very_many_faults_are_told_up_to_a_number():
    rows = [{"type": "nonsense", "name": f"q{n}", "label": "Q"} for n in range(5000)]
    begun = perf_counter()
    made = read_xlsform({"survey": rows})
    assert len(made.problems) <= 2100
    assert perf_counter() - begun < 5


def test_a_long_form_is_read_in_a_few_seconds():
    rows = [{"type": "integer", "name": "q0", "label": "Q 0?", "required": "yes"}]
    rows += [
        {
            "type": "integer",
            "name": f"q{n}",
            "label": f"Q {n}?",
            "required": "yes",
            "relevant": f"${{q{n - 1}}} > {n % 7}",
        }
        for n in range(1, 1500)
    ]
    begun = perf_counter()
    made = read_xlsform({"survey": rows})
    assert len(made.instrument.items) == 1500
    assert perf_counter() - begun < 20


def test_lists_of_rows_are_checked():
    with pytest.raises(InstrumentError, match="no list of rows"):
        read_xlsform({"survey": [1, 2]})  # type: ignore[list-item]
    with pytest.raises(InstrumentError, match="no list of rows"):
        read_xlsform({"survey": "text"})  # type: ignore[dict-item]


ASKED = [
    {"type": "select_one l", "name": "consent", "label": "C?", "required": "yes"},
    {"type": "integer", "name": "age", "label": "A?", "required": "yes"},
]
LISTS = [{"list_name": "l", "name": str(code), "label": f"Answer {code}"} for code in range(1, 6)]
UNFOLDING = {
    "a sum of choices": {"relevant": "(" + " + ".join(f"if(${{consent}} = {n}, 1, 0)" for n in range(24)) + ") > 3"},
    "choices in tests": {"relevant": "if(" * 60 + "${age} > 1" + ", ${age} > 2, ${age} > 3)" * 60},
    "choices in values": {"relevant": "if(" * 60 + "${age}" + " = 1, ${age}, ${consent})" * 60 + " = 1"},
    "computed choices": {"type": "calculate", "calculation": "if(" * 60 + "${age}" + " = 1, ${age}, ${consent})" * 60},
    "remainders": {"type": "calculate", "calculation": " mod ".join(["${age}"] * 30)},
    "brackets": {"relevant": "(" * 9000 + "${age} > 1" + ")" * 9000},
    "blanks": {"relevant": " " * 19_000 + "${age} > 1"},
    "signs": {"relevant": "- " * 9900 + "1"},
    "a long chain": {"relevant": " or ".join(f"(${{age}} > {n} and ${{consent}} = {n})" for n in range(240))},
    "open references": {"label": "${" * 16_000},
    "open placeholders": {"label": "[[" * 16_000},
    "open brackets in words": {"label": "(" * 32_000, "hint": "1 (" * 10_000},
    "dashes": {"label": "98 " + "-" * 30_000, "type": "integer"},
    "a long name": {"name": "x" * 30_000},
    "a long type": {"type": "select_one " + "x" * 30_000},
}


@pytest.mark.parametrize("cells", UNFOLDING.values(), ids=UNFOLDING.keys())
def test_what_would_unfold_is_read_in_no_time(cells: dict[str, str]):
    begun = process_time()
    row = {"type": "text", "name": "q", "label": "Q?", "required": "yes", **cells}
    made = read_xlsform({"survey": [*ASKED, row], "choices": LISTS})
    assert process_time() - begun < 2
    assert made.instrument.items[0].id == "consent"


def questions(n: int, **cells: str) -> list[dict[str, str]]:
    """Make questions; an N inside a cell is the number of the question."""
    rows = [{"type": "integer", "name": "question_N", "label": "Q N?", "required": "yes", **cells} for _ in range(n)]
    return [{key: text.replace("N", str(number)) for key, text in row.items()} for number, row in enumerate(rows)]


MANY = {
    "unknown references": (questions(700, relevant="${qestion_N} > 1"), []),
    "unknown lists": (
        questions(1000, type="select_one lst_N"),
        [{"list_name": f"list_{n}", "name": "1", "label": "x"} for n in range(1000)],
    ),
    "unknown codes": (
        [*ASKED, *questions(250, relevant="${consent} = 'xN'")],
        [{"list_name": "l", "name": str(n), "label": "x"} for n in range(1500)],
    ),
    "a long list": (ASKED, [{"list_name": "l", "name": str(n), "label": "x"} for n in range(6_000)]),
    "late values": ([{"type": "calculate", "name": f"c{n}", "calculation": f"${{question_{n}}}"} for n in range(500)] + questions(500), []),
}  # fmt: skip


@pytest.mark.parametrize(("survey", "choices"), MANY.values(), ids=MANY.keys())
def test_very_many_faults_take_a_few_seconds(survey: list[dict[str, str]], choices: list[dict[str, str]]):
    begun = process_time()
    read_xlsform({"survey": survey, "choices": choices})
    assert process_time() - begun < 5
