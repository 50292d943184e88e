"""Workbooks for people as OpenDocument spreadsheets: one table on each sheet, no merged cell, no empty row, the same bytes every time.

OpenDocument 1.3 (OASIS Standard, 27 April 2021). Texts are typed as texts, so that no program takes one for a formula. A table has its
heading rows marked and a named range, which screen readers and other programs use.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Final, Literal, TypeAlias

from survey_kit import files

MEDIA: Final = "application/vnd.oasis.opendocument.spreadsheet"
DATED: Final = (1980, 1, 1, 0, 0, 0)  # of every part, so that two writings are the same
WIDTHS: Final = {"wide": "9cm", "text": "4.5cm", "number": "3cm"}
_SPACES: Final = {
    "office": "office:1.0", "style": "style:1.0", "text": "text:1.0", "table": "table:1.0",
    "number": "datastyle:1.0", "fo": "xsl-fo-compatible:1.0",
}  # fmt: skip
_NAMES: Final = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}"' for short, name in _SPACES.items()
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number and how it is shown: a share in per cent, with one decimal, or as a count."""

    value: float
    form: Literal["percent", "one", "three", "count"]


Cell: TypeAlias = "str | Number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A sheet: its name, the lines above the table, the head of the table and its rows; without a head it holds lines only."""

    name: str
    lines: tuple[str, ...]
    head: tuple[str, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()


def write(path: Path, sheets: Sequence[Sheet], *, title: str, language: str) -> Path:
    """Write a workbook.

    Parameters
    ----------
    path
        Where to.
    sheets
        The sheets; names differ.
    title, language
        Of the document.
    """
    return files.write_bytes(path, content(sheets, title=title, language=language))


def content(sheets: Sequence[Sheet], *, title: str, language: str) -> bytes:
    """Give the bytes of a workbook.

    Examples
    --------
    >>> made = content([Sheet(name="One", lines=("Title",), head=("a",), rows=(("x",),))], title="T", language="en")
    >>> zipfile.ZipFile(io.BytesIO(made)).read("mimetype").decode()
    'application/vnd.oasis.opendocument.spreadsheet'
    """
    parts = {
        "mimetype": MEDIA,
        "META-INF/manifest.xml": _manifest(),
        "meta.xml": _meta(title, language),
        "styles.xml": _styles(language),
        "content.xml": _content(sheets),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as bundle:
        for name, text in parts.items():
            one = zipfile.ZipInfo(name, date_time=DATED)
            one.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            one.external_attr = 0o644 << 16
            one.create_system = 3
            bundle.writestr(one, text.encode("utf-8"), compresslevel=9)
    return out.getvalue()


def _content(sheets: Sequence[Sheet]) -> str:
    body = "".join(line for sheet in sheets for line in _sheet(sheet))
    ranges = "".join(_range(k, sheet) for k, sheet in enumerate(sheets, 1) if sheet.head)
    ranges = f"<table:database-ranges>{ranges}</table:database-ranges>" if ranges else ""
    columns = "".join(
        f'<style:style style:name="{name}" style:family="table-column">'
        f'<style:table-column-properties style:column-width="{width}"/></style:style>'
        for name, width in WIDTHS.items()
    )
    numbers = (
        _number("percent", "percentage", 1)
        + _number("one", "number", 1)
        + _number("three", "number", 3)
        + _number("count", "number", 0)
    )
    cells = "".join(
        f'<style:style style:name="cell-{name}" style:family="table-cell" style:parent-style-name="Default" '
        f'style:data-style-name="{name}"/>'
        for name in ("percent", "one", "three", "count")
    )
    heads = (
        '<style:style style:name="head" style:family="table-cell" style:parent-style-name="Default">'
        '<style:table-cell-properties fo:wrap-option="wrap"/><style:text-properties fo:font-weight="bold"/></style:style>'
    )
    return _document(
        "document-content",
        f"<office:automatic-styles>{columns}{numbers}{cells}{heads}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{body}{ranges}</office:spreadsheet></office:body>",
    )


def _number(name: str, kind: str, digits: int) -> str:
    sign = "<number:text>\u00a0%</number:text>" if kind == "percentage" else ""
    inside = f'<number:number number:decimal-places="{digits}" number:min-integer-digits="1" number:grouping="true"/>'
    return f'<number:{kind}-style style:name="{name}">{inside}{sign}</number:{kind}-style>'


def _sheet(sheet: Sheet) -> Iterator[str]:
    yield f'<table:table table:name="{_plain(sheet.name)}">'
    for k in range(max(len(sheet.head), 1)):
        style = "wide" if not sheet.head else _width(sheet, k)
        yield f'<table:table-column table:style-name="{style}"/>'
    for k, line in enumerate(sheet.lines):
        yield f"<table:table-row>{_cell(line, 'head' if k == 0 else '')}</table:table-row>"
    if sheet.head:
        heads = "".join(_cell(text, "head") for text in sheet.head)
        yield f"<table:table-header-rows><table:table-row>{heads}</table:table-row></table:table-header-rows>"
    for row in sheet.rows:
        yield f"<table:table-row>{''.join(map(_cell, row))}</table:table-row>"
    yield "</table:table>"


def _width(sheet: Sheet, k: int) -> str:
    cells = [row[k] for row in sheet.rows]
    if any(isinstance(cell, Number) for cell in cells):
        return "number"
    return "wide" if any(isinstance(cell, str) and len(cell) > 40 for cell in cells) else "text"


def _cell(cell: Cell, style: str = "") -> str:
    if isinstance(cell, str):
        named = f' table:style-name="{style}"' if style else ""
        if not cell:
            return f"<table:table-cell{named}/>"
        paragraphs = "".join(f"<text:p>{_plain(part)}</text:p>" for part in cell.splitlines())
        return f'<table:table-cell{named} office:value-type="string">{paragraphs}</table:table-cell>'
    kind = "percentage" if cell.form == "percent" else "float"
    shown = {"percent": f"{cell.value:.1%}", "one": f"{cell.value:.1f}", "three": f"{cell.value:.3f}"}
    return (
        f'<table:table-cell table:style-name="cell-{cell.form}" office:value-type="{kind}" '
        f'office:value="{float(cell.value)!r}"><text:p>{shown.get(cell.form, f"{cell.value:.0f}")}</text:p></table:table-cell>'
    )


def _range(number: int, sheet: Sheet) -> str:
    first, last = len(sheet.lines) + 1, len(sheet.lines) + 1 + len(sheet.rows)
    quoted = sheet.name.replace("'", "''")
    whole = f"$'{quoted}'.$A${first}:$'{quoted}'.${_letters(len(sheet.head))}${last}"
    return (
        f'<table:database-range table:name="table_{number}" table:target-range-address="{_plain(whole)}" '
        'table:contains-header="true"/>'
    )


def _letters(column: int) -> str:
    out = ""
    while column:
        column, rest = divmod(column - 1, 26)
        out = chr(65 + rest) + out
    return out


def _plain(text: str) -> str:
    """Escape a text, without the signs XML does not know."""
    return escape("".join(sign for sign in text if sign >= " " or sign in "\t\n"))


def _document(name: str, inside: str, more: str = "") -> str:
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f'{head}<office:{name} {_NAMES}{more} office:version="1.3">{inside}</office:{name}>'


def _styles(language: str) -> str:
    text = f'<style:text-properties fo:font-family="sans-serif" fo:font-size="11pt" fo:language="{_plain(language)}" fo:country="none"/>'
    default = f'<style:default-style style:family="table-cell">{text}</style:default-style>'
    named = '<style:style style:name="Default" style:family="table-cell"/>'
    return _document("document-styles", f"<office:styles>{default}{named}</office:styles>")


def _meta(title: str, language: str) -> str:
    inside = f"<dc:title>{_plain(title)}</dc:title><dc:language>{_plain(language)}</dc:language>"
    return _document(
        "document-meta", f"<office:meta>{inside}</office:meta>", ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
    )


def _manifest() -> str:
    space = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    parts = (("/", MEDIA), *((name, "text/xml") for name in ("content.xml", "styles.xml", "meta.xml")))
    entries = "".join(
        f'<manifest:file-entry manifest:full-path="{name}" manifest:media-type="{kind}"/>' for name, kind in parts
    )
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f'{head}<manifest:manifest xmlns:manifest="{space}" manifest:version="1.3">{entries}</manifest:manifest>'
