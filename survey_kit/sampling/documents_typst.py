"""Papers of the field as PDF by way of Typst: tagged (PDF/UA-1), with the fonts inside, the same bytes each time."""

from __future__ import annotations

import json
from pathlib import Path

from survey_kit import typeset
from survey_kit.errors import DesignError, ReportError
from survey_kit.sampling.documents import Document, Grid, Sheet

STYLE = """
#let blank = 6.5mm
#let fact(head, text) = ([#std.text(7.5pt, head)], box(width: 1fr, stroke: (bottom: 0.5pt), inset: (bottom: 0.6mm), strong(text + h(1fr))))
#let banner(words) = block(width: 100%, stroke: 1pt, inset: 1.5mm, below: 3mm, align(center, strong(words)))
#let note(words) = block(stroke: (left: 1.5pt), inset: (left: 2mm, y: 0.5mm), words)
"""
_INSTALL = "Install the 'report' extra: pip install 'trust-survey-kit[report]', or write HTML."


def pdf(document: Document) -> bytes:
    """Make the PDF of a document.

    Raises
    ------
    DesignError
        When the packages of the extra 'report' are not installed.
    """
    try:
        return typeset.pdf(source(document), root=Path(__file__).parent, standards=("ua-1",))
    except ImportError:
        raise DesignError("Typst is not installed.", fix=_INSTALL) from None
    except ReportError as fault:
        raise DesignError(fault.what, found=fault.found, fix=fault.fix) from fault


def source(document: Document) -> str:
    """Write a document as Typst."""
    language = _quoted(document.language)
    setup = [
        f"#set document(title: {_quoted(document.title)}, date: none)",
        f'#set text(font: "DejaVu Sans", size: 9pt, lang: {language}, hyphenate: false)',
        '#set page(paper: "a4", margin: 12mm, footer: context align(center, text(7.5pt, counter(page).display())))',
        "#show heading.where(level: 1): set text(14pt)",
        "#show heading.where(level: 2): set text(9.5pt)",
    ]
    sheets = "\n#pagebreak()\n".join(_sheet(sheet, document.banner) for sheet in document.sheets)
    return STYLE + "\n".join(setup) + "\n" + sheets + "\n"


def _quoted(text: str) -> str:
    """Write a text as a string of Typst; signs that cannot be printed are left out."""
    return json.dumps("".join(sign for sign in " ".join(text.split()) if sign.isprintable()), ensure_ascii=False)


def _sheet(sheet: Sheet, banner: str) -> str:
    lines = [f"#banner({_quoted(banner)})"] if banner else []
    lines.append(f"#heading(level: 1, {_quoted(sheet.title)})")
    if sheet.facts:
        told = ", ".join(f"..fact({_quoted(head)}, {_quoted(text)})" for head, text in sheet.facts)
        columns = "(auto, 1fr, auto, 1fr)"
        lines.append(f"#grid(columns: {columns}, column-gutter: 2mm, row-gutter: 2.2mm, align: bottom, {told})")
    if sheet.note:
        lines.append(f"#note({_quoted(sheet.note)})")
    return "\n".join([*lines, *(_grid(grid) for grid in sheet.grids)])


def _grid(grid: Grid) -> str:
    columns = ", ".join(f"{wide:g}fr" for wide in grid.widths)
    rows = ["auto", *("auto" if all(row) else "blank" for row in grid.rows)]
    head = ", ".join(f"text(7.5pt, strong({_quoted(name)}))" for name in grid.columns)
    cells = ", ".join(f"text(8pt, {_quoted(cell)})" for row in grid.rows for cell in row)
    title = f"#heading(level: 2, {_quoted(grid.title)})\n" if grid.title else ""
    return (
        f"{title}#table(columns: ({columns}{',' if len(grid.widths) == 1 else ''}), rows: ({', '.join(rows)}), "
        f"inset: 1.1mm, stroke: 0.5pt, align: left, table.header({head}), {cells})"
    )
