"""Tables for the authorized body as a workbook: what may be published, a sheet for each part and one of all figures.

No merged cells, one table on a sheet, its head in the first row, so that a screen reader and another program read it alike. Every text is
written as a text, never as a formula; the same rows give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from survey_kit.errors import ReportError
from survey_kit.files import write_bytes
from survey_kit.report import display
from survey_kit.report.book import Published
from survey_kit.report.display import missing
from survey_kit.report.links import row_id
from survey_kit.report.region_voice import CHANGED, Voice
from survey_kit.report.rows import SYMBOLS, Row, markers, shown

MADE: Final = datetime(2000, 1, 1)  # noqa: DTZ001 (a workbook has to name a day; the build's own stands in the manifest)
WIDTHS: Final = (44, 16, 30, 10, 10, 10, 26, 10, 10, 10, 9, 30, 9, 44)


def write_figures(book: Published, path: str | Path) -> Path:
    """Write the tables of a study as a workbook.

    Parameters
    ----------
    book
        The built study; what is withheld stands in it as its marker.
    path
        The file, ending with .xlsx.

    Raises
    ------
    ReportError
        If XlsxWriter is not installed, or the file has another ending.

    Examples
    --------
    >>> from survey_kit.report import published, write_figures
    >>> write_figures(published("build/kazakhstan"), "tables.xlsx")  # doctest: +SKIP
    """
    try:
        import xlsxwriter
    except ImportError:
        raise ReportError("Workbooks need XlsxWriter.", fix="pip install 'trust-survey-kit[excel]'.") from None
    target = Path(path)
    if target.suffix.lower() != ".xlsx":
        raise ReportError("A workbook's name ends with .xlsx.", found=f"'{target.name}'", fix="Name it so.")
    voice, content = Voice(book.info), BytesIO()
    made = xlsxwriter.Workbook(content, {"in_memory": True})
    made.set_properties({"title": voice("book_title", title=book.info.title), "created": MADE})
    sheets = _sheets(book, voice)
    cover = made.add_worksheet(voice("cover"))
    for name, rows in sheets:
        _fill(made, made.add_worksheet(name), book, voice, rows)
    _cover(made, cover, book, voice, [name for name, _ in sheets])
    made.close()
    return write_bytes(target, content.getvalue())


def _sheets(book: Published, voice: Voice) -> list[tuple[str, list[Row]]]:
    """Give the sheets: everybody by part, the regions in every wave, all figures."""
    order = [one.id for theme in book.info.themes for one in book.info.of_theme(theme)]
    out: list[tuple[str, list[Row]]] = []
    for theme in book.info.themes:
        rows = [row for one in book.info.of_theme(theme) for row in book.records(one.id)]
        out.append((_named(theme_title(theme, voice.language), len(out) + 1), rows))
    if book.info.regions:
        rows = [row for name in order for row in book.records(name, domain=book.info.regions)]
        out.append((_named(voice("regions"), len(out) + 1), rows))
    everything = [row for name in order for row in (*book.records(name), *book.records(name, domain=None))]
    return [*out, (_named(voice("all_figures"), len(out) + 1), everything)]


def theme_title(theme: str, language: str = "en") -> str:
    """Name a part of the report.

    Examples
    --------
    >>> theme_title("trust"), theme_title("trust", "ru")
    ('Trust in institutions', 'Доверие к институтам')
    """
    from survey_kit.language.catalogue import words

    return words("regions", language)(f"theme_{theme}")


def _named(title: str, number: int) -> str:
    return f"{number} {title}"[:31]


def _heads(voice: Voice, rows: Sequence[Row]) -> list[str]:
    level = voice.confidence(rows)
    return [
        *(voice(name) for name in ("indicator", "wave", "group", "figure")),
        *(f"{voice('interval', level=level)}, {voice(end)}" for end in ("low", "high")),
        *(
            voice(name)
            for name in ("result", "change_only", "change_low", "change_high", "n", "reliability", "marks", "id")
        ),
    ]


def _fill(made: Any, sheet: Any, book: Published, voice: Voice, rows: Sequence[Row]) -> None:
    """Write one table: a head and a row for each figure."""
    looks = {name: made.add_format({"font_size": 10, **look}) for name, look in _LOOKS.items()}
    sheet.hide_gridlines(2)
    sheet.freeze_panes(1, 1)
    for column, (head, width) in enumerate(zip(_heads(voice, rows), WIDTHS, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, head, looks["head"])
    for line, row in enumerate(rows, 1):
        for column, cell in enumerate(_cells(book, voice, row)):
            if isinstance(cell, str):
                sheet.write_string(line, column, cell, looks["text"])
            elif cell is not None:
                sheet.write_number(line, column, cell, looks["count" if isinstance(cell, int) else "number"])
    sheet.autofilter(0, 0, max(len(rows), 1), len(WIDTHS) - 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    if book.info.synthetic:
        sheet.set_header(f"&C&B{voice('mark_row')}")


_LOOKS: Final[dict[str, dict[str, Any]]] = {
    "head": {"bold": True, "text_wrap": True, "valign": "top", "bottom": 2},
    "text": {"valign": "top"},
    "number": {"num_format": "0.0", "valign": "top"},
    "count": {"num_format": "#,##0", "valign": "top"},
}


def _cells(book: Published, voice: Voice, row: Row) -> list[str | float | int | None]:
    """Give a figure as cells: numbers in the unit readers see, markers where there is none."""
    factor, visible = display.UNITS[row["unit"]].factor, shown(row)

    def scaled(name: str) -> float | None:
        return None if missing(row[name]) else round(float(row[name]) * factor, 6)

    changed = visible and row["previous_wording"] in CHANGED
    mark = f"{voice('mark')}: " if book.info.synthetic else ""
    wording = "" if missing(row["previous_wording"]) else voice(row["previous_wording"])
    group = voice.group(row)
    return [
        mark + book.info.indicator(row["indicator"]).title,
        book.info.wave_label(row["wave"]),
        f"{book.info.domain_label(row['domain'])}: {group}" if row["domain"] else group,
        scaled("estimate") if visible else voice.figure(row),
        *((scaled(name) if visible else None) for name in ("ci_low", "ci_high")),
        wording,
        *((scaled(f"previous_{name}") if changed else None) for name in ("change", "fcr_low", "fcr_high")),
        None if missing(row["n"]) or row["status"] == "not_asked" else int(row["n"]),
        voice.state(row),
        markers(row),
        row_id(row),
    ]


def _cover(made: Any, sheet: Any, book: Published, voice: Voice, names: Sequence[str]) -> None:
    """Write the first sheet: what the workbook holds, what the markers mean, who paid."""
    bold = made.add_format({"bold": True, "font_size": 14})
    plain = made.add_format({"font_size": 10, "text_wrap": True, "valign": "top"})
    link = made.add_format({"font_size": 10, "font_color": "#12436D", "underline": 1})
    sheet.set_column(0, 0, 110)
    sheet.hide_gridlines(2)
    sheet.write_string(0, 0, voice("book_title", title=book.info.title), bold)
    told = [voice("mark_row")] if book.info.synthetic else []
    told += [*voice.drafted, voice("published_only")]
    funder = book.info.method.get("sponsor", "").strip() or voice("not_stated")
    told.append(f"{voice('funder')} {funder}")
    told += [f"{marker} {voice(marker)}." for marker in SYMBOLS]
    for line, text in enumerate(told, 1):
        sheet.write_string(line, 0, text, plain)
    for line, name in enumerate(names, len(told) + 2):
        sheet.write_url(line, 0, f"internal:'{name}'!A1", link, string=name)
