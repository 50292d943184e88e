"""Sheets of a form as rows of texts: a workbook read under guard, or tables in Markdown, or plain lists.

A workbook is a zip archive of XML. Before anything is parsed its sizes are held against limits, and entities, links to other
workbooks, macros and formulas are refused: a form needs none of them.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, TypeAlias
from zipfile import BadZipFile, ZipFile

from survey_kit.errors import InstrumentError
from survey_kit.files import existing

MAX_BYTES = 20_000_000  # of the file
MAX_UNPACKED = 48_000_000  # of all its parts
MAX_SHEET = 16_000_000  # of one sheet, or of the texts all sheets share
MAX_RATIO = 400  # of a part larger than a megabyte, unpacked against packed
MAX_PARTS = 500
MAX_ROWS, MAX_COLUMNS, MAX_CELLS = 20_000, 256, 200_000
MAX_TEXT = 32_767  # characters a spreadsheet keeps in a cell
_BROKEN = "Open it in its own program and save it again as .xlsx."
_READ = ("survey", "choices", "settings", "external_choices")

Table: TypeAlias = tuple[tuple[int, tuple[str, ...]], ...]  # the number of each row in its sheet, its cells
Source: TypeAlias = "Path | str | Mapping[str, Sequence[Mapping[str, Any]]]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """The sheets of a form by name, and how the form is called in messages."""

    name: str
    sheets: Mapping[str, Table]


def read_book(source: Source) -> Book:
    """Read the sheets of a form from a workbook (.xlsx), tables in Markdown (.md) or lists of rows by sheet."""
    if isinstance(source, Mapping):
        return Book(name="form", sheets={str(name): _listed(str(name), rows) for name, rows in source.items()})
    path = existing(Path(source), "form", InstrumentError)
    if path.stat().st_size > MAX_BYTES:
        raise _refused(path, "The form is too large.", f"{path.stat().st_size} bytes", "Split it.")
    if path.suffix.lower() == ".md":
        return Book(name=path.name, sheets=_markdown(path))
    if path.suffix.lower() not in {".xlsx", ".xlsm"}:
        raise _refused(path, "A form is read from .xlsx or .md.", f"'{path.suffix}'", "Save it as .xlsx.")
    content = path.read_bytes()
    _guard(path, content)
    return Book(name=path.name, sheets=_workbook(path, content))


# ------------------------------------------------------------------------------------------------------------ workbooks
def _guard(path: Path, content: bytes) -> None:
    """Refuse what is no workbook, what unpacks to too much, and what a form has no use for."""
    try:
        with ZipFile(BytesIO(content)) as archive:
            parts = archive.infolist()
            if len(parts) > MAX_PARTS:
                raise _refused(path, "The workbook has too many parts.", f"{len(parts)} parts", _BROKEN)
            if sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise _refused(path, "The workbook unpacks to too much.", _sizes(parts), "Remove what is no form.")
            names = [part.filename for part in parts]
            if len({name.casefold() for name in names}) < len(names):
                raise _refused(path, "Two parts of the workbook have the same name.", None, _BROKEN)
            for part in parts:
                _part(path, archive, part)
    except (BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as fault:
        if isinstance(fault, InstrumentError):
            raise
        raise _refused(path, "This is no workbook.", f"{type(fault).__name__}: {fault}", _BROKEN) from None
    except Exception as fault:  # noqa: BLE001  (damaged archives end in errors of their own of the unpackers)
        raise _refused(path, "This is no workbook.", f"{type(fault).__name__}: {fault}", _BROKEN) from None


def _part(path: Path, archive: ZipFile, part: Any) -> None:
    name = part.filename.lower()
    if part.file_size > 1_000_000 and part.file_size > MAX_RATIO * max(part.compress_size, 1):
        raise _refused(path, "A part of the workbook is packed too tightly.", _sizes([part]), _BROKEN)
    if "externallinks/" in name:
        raise _refused(path, "The workbook is linked to another one.", part.filename, "Break the links, keep values.")
    if name.endswith("vbaproject.bin"):
        raise _refused(path, "The workbook holds macros.", part.filename, "Save it as .xlsx.")
    if not name.endswith((".xml", ".rels", ".vml")):
        return
    with archive.open(part) as stream:
        text = stream.read(MAX_SHEET + 1)
    if len(text) > MAX_SHEET:
        raise _refused(
            path, "A part of the workbook is too large.", f"{part.filename}: over {MAX_SHEET} bytes", "Split it."
        )
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text or b"\x00" in text:
        raise _refused(path, "The workbook declares entities, or is not UTF-8.", part.filename, _BROKEN)
    if "worksheets/sheet" in name:
        _sheet_size(path, part.filename, text)


def _sheet_size(path: Path, name: str, text: bytes) -> None:
    cells = len(re.findall(rb"<(?:\w+:)?c[ >]", text))
    rows = max((int(found) for found in re.findall(rb'<(?:\w+:)?row [^<>]*?\br="(\d{1,9})', text)), default=0)
    if cells > MAX_CELLS or rows > MAX_ROWS:
        found = f"{name}: {cells} cells, row {rows}"
        raise _refused(
            path, "A sheet is too large.", found, f"At most {MAX_CELLS} cells in {MAX_ROWS} rows; delete empty ones."
        )


def _workbook(path: Path, content: bytes) -> dict[str, Table]:
    try:
        from openpyxl import load_workbook
    except ImportError:
        raise InstrumentError("XLSForms need openpyxl.", fix="pip install 'trust-survey-kit[forms]'") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what openpyxl does not keep, a form does not need
            book = load_workbook(BytesIO(content), read_only=True, data_only=False, keep_links=False)
            try:
                wanted = [sheet for sheet in book.worksheets if sheet.title.strip().lower() in _READ]
                return {sheet.title: _cells(path, sheet) for sheet in wanted or book.worksheets[:8]} | {
                    sheet.title: () for sheet in book.worksheets if wanted and sheet not in wanted
                }
            finally:
                book.close()
    except InstrumentError:
        raise
    except Exception as fault:  # noqa: BLE001  (whatever a parser raises ends in one message)
        raise _refused(path, "The workbook cannot be read.", f"{type(fault).__name__}: {fault}", _BROKEN) from None


def _cells(path: Path, sheet: Any) -> Table:
    out = []
    for number, row in enumerate(sheet.iter_rows(max_row=MAX_ROWS, max_col=MAX_COLUMNS), start=1):
        cells = [_text(path, sheet.title, cell) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            out.append((number, tuple(cells)))
    return tuple(out)


def _text(path: Path, sheet: str, cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        found = f"{sheet}!{cell.coordinate}: {str(getattr(value, 'text', value))[:60]}"
        raise _refused(
            path, "A cell holds a formula.", found, "Keep its value; a text that begins with = needs ' before it."
        )
    return plain(value)


def plain(value: Any) -> str:
    """Give a cell as text: whole numbers without a point, truths as a spreadsheet shows them, days as ISO.

    Examples
    --------
    >>> plain(1.0), plain(2.5), plain(True), plain("  yes ")
    ('1', '2.5', 'TRUE', 'yes')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if hasattr(value, "isoformat"):
        return str(value.isoformat()).removesuffix("T00:00:00")
    return str(value)[:MAX_TEXT].strip()


# ------------------------------------------------------------------------------------------------------ other than books
def _markdown(path: Path) -> dict[str, Table]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise _refused(path, "The form is not UTF-8.", None, "Save it as UTF-8.") from None
    return dict(markdown_tables(text))


def markdown_tables(text: str) -> Iterator[tuple[str, Table]]:
    r"""Give the sheets that tables in Markdown hold: a line with text in its first column begins a sheet.

    Examples
    --------
    >>> dict(markdown_tables("| survey | | |\n| | type | name |\n| | text | why |"))
    {'survey': ((1, ('type', 'name')), (2, ('text', 'why')))}
    """
    name, rows = "", list[tuple[int, tuple[str, ...]]]()
    for line in text.splitlines():
        if not line.strip().startswith("|") or ("-" in line and not line.strip("|:- \t")):
            continue
        inside = line.strip()[1:].removesuffix("|")
        first, *cells = [cell.replace("\\|", "|").strip() for cell in re.split(r"(?<!\\)\|", inside)]
        if first:
            if name:
                yield name, tuple(rows)
            name, rows = first, []
        elif name and any(cells):
            rows.append((len(rows) + 1, tuple(cells)))
    if name:
        yield name, tuple(rows)


def _listed(name: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    if not isinstance(rows, Sequence) or isinstance(rows, str) or not all(isinstance(row, Mapping) for row in rows):
        raise InstrumentError(f"The sheet '{name}' is no list of rows.", fix="Give a list of mappings: column to cell.")
    header = tuple(dict.fromkeys(str(column) for row in rows for column in row))
    body = [tuple(plain(row.get(column)) for column in header) for row in rows]
    return tuple((number, cells) for number, cells in enumerate([header, *body], start=1) if any(cells))


def _sizes(parts: Sequence[Any]) -> str:
    packed, unpacked = sum(part.compress_size for part in parts), sum(part.file_size for part in parts)
    return f"{packed} bytes unpack to {unpacked}"


def _refused(path: Path, what: str, found: str | None, fix: str) -> InstrumentError:
    return InstrumentError(what, where=str(path), found=found, fix=fix)
