"""Papers of the field as pages that print on A4: every text is escaped, nothing is loaded from anywhere."""

from __future__ import annotations

from html import escape

from survey_kit.sampling.documents import Document, Grid, Sheet

STYLE = """
@page{size:A4;margin:12mm}
.skp{font:10pt/1.35 "DejaVu Sans",system-ui,sans-serif;color:#000;background:#fff;max-width:190mm;margin:0 auto}
.skp section{break-after:page;padding:4mm 0}.skp section:last-child{break-after:auto}
.skp .banner{border:1pt solid #000;padding:1mm 2mm;text-align:center;font-weight:600;margin:0 0 3mm}
.skp h1{font-size:15pt;margin:0 0 2mm}.skp .note{border-left:2pt solid #000;padding-left:2mm;margin:2mm 0}
.skp dl{display:grid;grid-template-columns:max-content 1fr max-content 1fr;gap:1.5mm 3mm;margin:0 0 3mm}
.skp dt{font-size:8.5pt}.skp dd{margin:0;font-weight:600;border-bottom:.5pt solid #000;min-height:5mm;overflow-wrap:anywhere}
.skp table{border-collapse:collapse;width:100%;table-layout:fixed;margin:0 0 3mm;font-size:9pt}
.skp caption{text-align:left;font-weight:600;padding:1mm 0}.skp th{font-size:8pt;text-align:left}
.skp td,.skp th{border:.5pt solid #000;padding:.8mm 1.2mm;vertical-align:top;overflow-wrap:anywhere}
.skp tr{break-inside:avoid}.skp tr.write td{height:6.5mm}.skp thead{display:table-header-group}
"""


def page(document: Document) -> str:
    """Give a whole page."""
    return (
        f'<!doctype html>\n<html lang="{escape(document.language)}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">'
        f"<title>{escape(document.title)}</title></head><body>{body(document)}</body></html>\n"
    )


def body(document: Document) -> str:
    """Give what stands on a page, or in a notebook."""
    banner = f'<p class="banner">{escape(document.banner)}</p>' if document.banner else ""
    sheets = "\n".join(_sheet(sheet, banner) for sheet in document.sheets)
    return f'<style>{STYLE}</style><main class="skp" lang="{escape(document.language)}">{sheets}</main>'


def _sheet(sheet: Sheet, banner: str) -> str:
    facts = "".join(f"<dt>{escape(head)}</dt><dd>{escape(text) or '&nbsp;'}</dd>" for head, text in sheet.facts)
    told = f"<dl>{facts}</dl>" if facts else ""
    note = f'<p class="note">{escape(sheet.note)}</p>' if sheet.note else ""
    grids = "".join(_grid(grid) for grid in sheet.grids)
    return f"<section>{banner}<h1>{escape(sheet.title)}</h1>{told}{note}{grids}</section>"


def _grid(grid: Grid) -> str:
    whole = sum(grid.widths)
    columns = "".join(f'<col style="width:{100 * wide / whole:.2f}%">' for wide in grid.widths)
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in grid.columns)
    caption = f"<caption>{escape(grid.title)}</caption>" if grid.title else ""
    rows = "".join(
        ("<tr>" if all(row) else '<tr class="write">') + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
        for row in grid.rows
    )
    return f"<table>{caption}<colgroup>{columns}</colgroup><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
