"""A workbook of texts: no cell is ever a formula, and the same texts give the same bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from survey_kit.errors import InstrumentError
from survey_kit.files import write_bytes

LONGEST_CELL = 32_767  # characters a spreadsheet keeps
UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what no XML holds
_WIDTHS = {"type": 24, "name": 26, "list_name": 22, "relevant": 40, "constraint": 30, "calculation": 40, "order": 8}
_DATED = re.compile(rb"<dcterms:(created|modified)([^>]*)>[^<]*<")


def write_book(sheets: Mapping[str, Sequence[Sequence[str]]], path: Path) -> Path:
    """Write sheets of texts, the first row of each its header, whole or not at all."""
    if path.suffix.lower() != ".xlsx":
        raise InstrumentError("An XLSForm's name ends with .xlsx.", found=f"'{path.name}'", fix="Name it so.")
    return write_bytes(path, book(sheets))


def book(sheets: Mapping[str, Sequence[Sequence[str]]]) -> bytes:
    """Give the bytes of a workbook of texts.

    Raises
    ------
    InstrumentError
        When openpyxl is not installed, or a text does not fit into a cell.
    """
    try:
        from openpyxl import Workbook
    except ImportError:
        raise InstrumentError("XLSForms need openpyxl.", fix="pip install 'trust-survey-kit[forms]'") from None
    workbook = Workbook()
    workbook.remove(workbook.active)
    for name, table in sheets.items():
        _sheet(workbook.create_sheet(name), name, table)
    content = BytesIO()
    workbook.save(content)
    return _same_bytes(content.getvalue())


def _sheet(sheet: Any, name: str, table: Sequence[Sequence[str]]) -> None:
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    top, bold = Alignment(vertical="top", wrap_text=True), Font(bold=True)
    for row, cells in enumerate(table, start=1):
        for column, text in enumerate(cells, start=1):
            if not text:
                continue
            cell = sheet.cell(row=row, column=column)
            if len(text) > LONGEST_CELL or UNFIT.search(text):
                where = f"sheet '{name}', {get_column_letter(column)}{row}"
                fix = "Shorten it, or remove invisible characters."
                raise InstrumentError("A text does not fit into a cell.", where=where, found=ascii(text[:60]), fix=fix)
            cell.value = text
            cell.data_type = "s"
            if text[:1] in "=+-@":
                cell.quotePrefix = True
            if row == 1:
                cell.font = bold
            else:
                cell.alignment = top
    sheet.freeze_panes = "C2" if name == "survey" else "A2"
    for column, title in enumerate(table[0], start=1):
        width = _WIDTHS.get(title, 44 if title.startswith(("label", "hint")) else 18)
        sheet.column_dimensions[get_column_letter(column)].width = width


def _same_bytes(content: bytes) -> bytes:
    """Take the time of writing out of a workbook."""
    out = BytesIO()
    with ZipFile(BytesIO(content)) as old, ZipFile(out, "w", ZIP_DEFLATED) as new:
        for name in sorted(old.namelist(), key=lambda one: (one != "[Content_Types].xml", one)):
            part = old.read(name)
            if name == "docProps/core.xml":
                part = _DATED.sub(rb"<dcterms:\1\2>1980-01-01T00:00:00Z<", part)
            entry = ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            new.writestr(entry, part)
    return out.getvalue()
