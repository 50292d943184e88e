"""The workbook of a form: texts only, the same bytes again, and back through openpyxl and pyxform without a change."""

from __future__ import annotations

import re
import time
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from survey_kit.errors import InstrumentError
from survey_kit.instrument import Instrument, Item, Module, Scale, inspect
from survey_kit.instrument.export import to_xlsform, write_xlsform
from survey_kit.instrument.export.xform import convert
from survey_kit.instrument.export.xlsform_book import book

openpyxl = pytest.importorskip("openpyxl", reason="openpyxl not installed")

STRANGE = (
    "=1+1",
    "+7 701",
    "-1",
    "@sum(a1)",
    '=HYPERLINK("http://x")',
    "  two  ",
    "a\nb",
    "Қазақстан",
    "<b>&amp;",
    "001",
    "1e5",
)


def made(*texts: str) -> Instrument:
    items = tuple(
        Item(id=f"q{number}", type="integer", missing={}, text={"en": text}) for number, text in enumerate(texts)
    )
    return Instrument(id="made", version="1", modules=(Module(id="m", items=items),))


def read(path: Path | BytesIO) -> dict[str, list[list[str]]]:
    workbook = openpyxl.load_workbook(path)
    return {
        sheet.title: [[cell.value or "" for cell in row] for row in sheet.iter_rows()] for sheet in workbook.worksheets
    }


def test_texts_like_formulas_stay_texts(tmp_path: Path):
    path = write_xlsform(made(*STRANGE), tmp_path / "form.xlsx")
    sheet = openpyxl.load_workbook(path)["survey"]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    found = [cell.value for cell in cells]
    assert all(text.strip() in found for text in STRANGE)
    with ZipFile(path) as parts:
        assert not any(re.search(rb"<f[ >]", parts.read(name)) for name in parts.namelist() if "sheets/" in name)
    assert next(cell for cell in cells if cell.value == "=1+1").quotePrefix


def test_a_workbook_comes_back_as_it_was_written(tmp_path: Path):
    written = {name: [list(row) for row in table] for name, table in to_xlsform(made(*STRANGE)).sheets.items()}
    written["choices"] = []  # there are none
    assert read(write_xlsform(made(*STRANGE), tmp_path / "form.xlsx")) == written


def test_the_same_instrument_gives_the_same_bytes(tmp_path: Path):
    first = write_xlsform(made("One?"), tmp_path / "a.xlsx").read_bytes()
    time.sleep(2.1)  # the clock of a zip file has steps of two seconds
    assert write_xlsform(made("One?"), tmp_path / "b.xlsx").read_bytes() == first
    assert write_xlsform(made("Two?"), tmp_path / "b.xlsx").read_bytes() != first


def test_the_header_stays_in_sight(tmp_path: Path):
    workbook = openpyxl.load_workbook(write_xlsform(made("One?"), tmp_path / "a.xlsx"))
    assert workbook.sheetnames == ["survey", "choices", "settings"]
    assert workbook["survey"].freeze_panes == "C2"
    assert workbook["survey"]["A1"].font.bold
    assert workbook["survey"].column_dimensions["C"].width > 30


def test_drafts_are_named_pilot(tmp_path: Path):
    item = Item(id="a", scale=Scale(codes=(1,), labels={1: {"en": "Yes"}}), text={"en": "Any?", "ru": "Был?"})
    draft = Instrument(id="a", version="1", modules=(Module(id="m", items=(item,)),))
    assert write_xlsform(draft, tmp_path / "form.xlsx").name == "form_pilot.xlsx"
    assert write_xlsform(draft, tmp_path / "form.xlsx", languages=("en",)).name == "form.xlsx"


@pytest.mark.parametrize("text", ["x" * 40_000, "a\x0bb", "a\ufffeb", "a\ud800b"])
def test_what_fits_into_no_cell_is_told_with_its_place(text: str):
    with pytest.raises(InstrumentError, match="does not fit into a cell") as told:
        book({"survey": [["type", "label"], ["note", text]]})
    assert told.value.where == "sheet 'survey', B2"


def test_what_no_xml_holds_is_no_form():
    pytest.importorskip("pyxform", reason="pyxform not installed")
    with pytest.raises(InstrumentError, match="invisible character"):
        convert(to_xlsform(made("a\x0bb")))


def test_only_xlsx_is_written(tmp_path: Path):
    with pytest.raises(InstrumentError, match=r"ends with \.xlsx"):
        write_xlsform(made("One?"), tmp_path / "form.xls")


@pytest.mark.parametrize("name", ["trust_in_institutions", "public_service_quality", "gss_confidence"])
def test_the_workbook_and_the_sheets_make_the_same_form(name: str, root: Path, tmp_path: Path):
    pyxform = pytest.importorskip("pyxform.xls2xform", reason="pyxform not installed")
    form = inspect(root / "instruments" / name)
    path = write_xlsform(form, tmp_path / "form.xlsx")
    warnings: list[str] = []
    assert pyxform.convert(str(path), warnings=warnings).xform == convert(to_xlsform(form))[0]
    assert warnings == []
