"""A tab book as a workbook: contents with links, a sheet per question or one for all, ready to print.

Every text is written as a text, so that a label which begins with ``=`` stays a label.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from survey_kit.errors import EstimationError
from survey_kit.files import write_bytes
from survey_kit.tabbook.banner import Block
from survey_kit.tabbook.compute import Table
from survey_kit.tabbook.page import caption_of
from survey_kit.tabbook.shown import PLACES, percent, probability
from survey_kit.tabbook.taking import SHARES, Line
from survey_kit.tabbook.words import SYNTHETIC

if TYPE_CHECKING:
    from survey_kit.tabbook.book import TabBook

CONTENTS: Final = "Contents"
STUB_WIDTH: Final = 34
LONGEST_TEXT: Final = 32_000
_NOT_IN_NAMES: Final = re.compile(r"[\[\]:*?/\\\x00-\x1f']")
INK, GREY, RED = "#1b1b1b", "#595959", "#8a1020"


@dataclass(slots=True)
class Pen:
    """Writes on one sheet; formats of the workbook are made once."""

    workbook: Any
    formats: dict[tuple[tuple[str, Any], ...], Any]
    sheet: Any
    row: int = 0
    first_head: int = field(default=0)

    def look(self, **properties: Any) -> Any:
        """Give a format."""
        key = tuple(sorted(properties.items()))
        if key not in self.formats:
            self.formats[key] = self.workbook.add_format({"font_name": "Arial", "font_size": 9, **properties})
        return self.formats[key]

    def text(self, column: int, words: str, **properties: Any) -> None:
        """Write a text, never a formula."""
        self.sheet.write_string(self.row, column, words[:LONGEST_TEXT], self.look(**properties))

    def number(self, column: int, value: float, **properties: Any) -> None:
        """Write a number; nothing when it is not finite."""
        if math.isfinite(value):
            self.sheet.write_number(self.row, column, value, self.look(**properties))
        else:
            self.sheet.write_blank(self.row, column, None, self.look(**properties))

    def span(self, rows: int, column: int, columns: int, words: str, **properties: Any) -> None:
        """Write a text over several cells."""
        if rows * columns > 1:
            last = (self.row + rows - 1, column + columns - 1)
            self.sheet.merge_range(self.row, column, *last, "", self.look(**properties))
        self.text(column, words, **properties)


def write_workbook(book: TabBook, path: Path, one_sheet: bool, intervals: bool) -> Path:
    """Write the workbook, whole or not at all."""
    try:
        import xlsxwriter
    except ImportError:
        raise EstimationError(
            "Workbooks need XlsxWriter.", fix="pip install 'trust-survey-kit[excel]', or use .to_html(path)."
        ) from None
    if path.suffix.lower() != ".xlsx":
        raise EstimationError("A workbook's name ends with .xlsx.", found=f"'{path.name}'", fix="Name it so.")
    content = BytesIO()
    workbook = xlsxwriter.Workbook(content, {"in_memory": True})
    workbook.set_properties({"title": _title(book, book.title)})
    pen = Pen(workbook, {}, None)
    names = [CONTENTS] + [_sheet_name(i + 1, table.question.title) for i, table in enumerate(book.tables)]
    pen.sheet = workbook.add_worksheet(CONTENTS)
    if one_sheet:
        names = [CONTENTS] + ["Tables"] * len(book.tables)
        starts = _all_on_one(book, pen, intervals)
    else:
        starts = [0] * len(book.tables)
        for name, table in zip(names[1:], book.tables, strict=True):
            _question_sheet(book, table, pen, name, intervals)
    pen.sheet, pen.row = workbook.get_worksheet_by_name(CONTENTS), 0
    _contents(book, pen, names[1:], starts)
    workbook.close()
    return write_bytes(path, content.getvalue())


# ---------------------------------------------------------------------------------------------------------------- sheets
def _contents(book: TabBook, pen: Pen, names: Sequence[str], starts: Sequence[int]) -> None:
    pen.sheet.set_column(0, 0, 6)
    pen.sheet.set_column(1, 1, 100)
    pen.text(0, _title(book, book.title), bold=True, font_size=14, font_color=INK)
    pen.row += 2
    for i, (table, name, start) in enumerate(zip(book.tables, names, starts, strict=True)):
        pen.number(0, i + 1, font_color=GREY)
        place = f"internal:'{name}'!A{start + 1}"
        look = pen.look(font_color="#0b4f8a", underline=1)
        pen.sheet.write_url(pen.row, 1, place, look, string=table.question.title[:255])
        pen.row += 1
    pen.row += 1
    _notes(pen, book.notes, column=1)
    _print(pen, book, None)


def _question_sheet(book: TabBook, table: Table, pen: Pen, name: str, intervals: bool) -> None:
    pen.sheet, pen.row = pen.workbook.add_worksheet(name), 0
    _columns(book, pen)
    _heading(book, table, pen)
    link = pen.look(font_color="#0b4f8a", underline=1)
    pen.sheet.write_url(pen.row, 0, f"internal:'{CONTENTS}'!A1", link, string=CONTENTS)
    pen.row += 2
    top = pen.row
    _head(book.blocks, pen)
    pen.sheet.freeze_panes(pen.row, 1)
    _print(pen, book, (top, pen.row - 1))
    _table(book, table, pen, intervals)
    pen.row += 1
    _notes(pen, (*table.question.notes, *book.notes))


def _all_on_one(book: TabBook, pen: Pen, intervals: bool) -> list[int]:
    """Write all tables under one head; give the row each begins on."""
    pen.sheet, pen.row = pen.workbook.add_worksheet("Tables"), 0
    _columns(book, pen)
    pen.text(0, _title(book, book.title), bold=True, font_size=12)
    pen.row += 1
    _head(book.blocks, pen)
    pen.sheet.freeze_panes(pen.row, 1)
    _print(pen, book, (0, pen.row - 1))
    starts = []
    for table in book.tables:
        starts.append(pen.row)
        _heading(book, table, pen)
        _table(book, table, pen, intervals)
        for note in table.question.notes:
            pen.text(0, note, font_color=GREY, font_size=8)
            pen.row += 1
        pen.row += 1
    _notes(pen, book.notes)
    return starts


def _heading(book: TabBook, table: Table, pen: Pen) -> None:
    pen.text(0, _title(book, table.question.title), bold=True, font_size=12, font_color=INK)
    pen.row += 1
    for words in (table.question.text, caption_of(book, table)):
        if words:
            pen.text(0, words, font_color=GREY)
            pen.row += 1


def _notes(pen: Pen, notes: Sequence[str], column: int = 0) -> None:
    for note in notes:
        pen.text(column, note, font_color=GREY, font_size=8)
        pen.row += 1


def _columns(book: TabBook, pen: Pen) -> None:
    pen.sheet.set_column(0, 0, STUB_WIDTH)
    place = 1
    for block in book.blocks:
        for column in block.columns:
            longest = max((len(word) for label in column.labels[-1:] for word in label.split()), default=0)
            pen.sheet.set_column(place, place, min(max(9.5, longest + 1.5), 18))
            place += 1


def _print(pen: Pen, book: TabBook, repeated: tuple[int, int] | None) -> None:
    pen.sheet.set_landscape()
    pen.sheet.set_paper(9)
    pen.sheet.fit_to_pages(1, 0)
    pen.sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
    pen.sheet.set_footer(f"&L&8{_title(book, book.title)[:150].replace('&', '&&')}&R&8&P / &N")
    pen.sheet.hide_gridlines(2)
    if repeated is not None:
        pen.sheet.repeat_rows(*repeated)


# ---------------------------------------------------------------------------------------------------------------- tables
def _head(blocks: tuple[Block, ...], pen: Pen) -> None:
    """Write titles of blocks, a row of labels for every key of the deepest block, and the letters."""
    depth = max(len(block.keys) for block in blocks)
    look: dict[str, Any] = {"bold": True, "align": "center", "valign": "vcenter", "text_wrap": True, "bottom": 1}
    top, place = pen.row, 1
    for block in blocks:
        pen.row = top
        if not block.keys:
            pen.span(depth + 1, place, 1, block.columns[0].label, **look, left=1)
        else:
            pen.span(1, place, block.size, block.title, **look, left=1)
            for level in range(len(block.keys)):
                pen.row = top + 1 + level
                _labels(block, level, depth, place, pen, look)
        pen.row = top + depth + 1
        for i, column in enumerate(block.columns):
            edge = {"left": 1} if i == 0 else {}
            pen.text(place + i, column.letter, bold=True, align="center", font_color=RED, bottom=1, **edge)
        place += block.size
    pen.row = top + depth + 2
    longest = max(len(label) for block in blocks for column in block.columns for label in column.labels)
    pen.sheet.set_row(top + depth, 13.0 * min(max(1, math.ceil(longest / 10)), 5))


def _labels(block: Block, level: int, depth: int, place: int, pen: Pen, look: dict[str, Any]) -> None:
    last = level == len(block.keys) - 1
    start = 0
    for stop in range(1, block.size + 1):
        outer = block.columns[start].labels[: level + 1]
        if not last and stop < block.size and block.columns[stop].labels[: level + 1] == outer:
            continue
        edge = {"left": 1} if start == 0 else {}
        pen.span(depth - level if last else 1, place + start, stop - start, outer[-1], **look, **edge)
        start = stop


def _table(book: TabBook, table: Table, pen: Pen, intervals: bool) -> None:
    edges = [{"left": 1} if i == 0 else {} for block in book.blocks for i in range(block.size)]
    _bases(book, table, pen, edges)
    values = {name: table.joined(name) for name in ("estimate", "ci_low", "ci_high", "flag", "letters")}
    for i, line in enumerate(table.lines):
        cells = {name: value[i] for name, value in values.items()}
        bold = line.kind == "net"
        pen.text(0, line.label, bold=bold, text_wrap=True, valign="top", top=4, top_color="#bfbfbf")
        for k, edge in enumerate(edges):
            look = {"align": "right", "bold": bold, "top": 4, "top_color": "#bfbfbf", **edge}
            if cells["flag"][k] in PLACES:
                pen.text(k + 1, PLACES[cells["flag"][k]], font_color=GREY, **look)
            else:
                shape = _shape(line, table.question.digits, cells["flag"][k] == "small")
                pen.number(k + 1, cells["estimate"][k], num_format=shape, **look)
        pen.row += 1
        if intervals or line.kind not in SHARES:
            _limits(book, table, line, cells, pen, edges)
        if any(cells["letters"]):
            for k, edge in enumerate(edges):
                pen.text(k + 1, cells["letters"][k], align="right", font_color=RED, bold=True, font_size=8, **edge)
            pen.row += 1
    if (values["flag"] == "suppressed").any():
        pen.text(0, f"{PLACES['suppressed']} fewer than {book.plan.small[0]} interviews", font_color=GREY, font_size=8)
        pen.row += 1


def _limits(
    book: TabBook, table: Table, line: Line, cells: dict[str, Any], pen: Pen, edges: list[dict[str, Any]]
) -> None:
    level = percent(book.plan.levels[0])
    for name, words in (("ci_low", "lower"), ("ci_high", "upper")):
        pen.text(0, f"{level} interval, {words} limit", font_color=GREY, font_size=8, indent=1)
        for k, edge in enumerate(edges):
            value = math.nan if cells["flag"][k] in PLACES else float(cells[name][k])
            shape = _shape(line, table.question.digits, False)
            pen.number(k + 1, value, num_format=shape, font_color=GREY, font_size=8, **edge)
        pen.row += 1


def _shape(line: Line, digits: int, small: bool) -> str:
    """Give the number format: percentages are fractions, small bases stand in brackets."""
    number = "0.0 %" if line.kind in SHARES else "#,##0" + ("." + "0" * digits if digits else "")
    return f'"("{number}")";"("-{number}")"' if small else number


def _bases(book: TabBook, table: Table, pen: Pen, edges: list[dict[str, Any]]) -> None:
    told = [("Base, interviews", "base"), ("Base, weighted", "weighted"), ("Effective base", "effective")]
    if table.bases("unanswered").any():
        told.append(("No answer, left out", "unanswered"))
    for words, name in told:
        pen.text(0, words, font_color=GREY)
        for k, (edge, value) in enumerate(zip(edges, table.bases(name).tolist(), strict=True)):
            pen.number(k + 1, value, num_format="#,##0", font_color=GREY, **edge)
        pen.row += 1
    if len(book.blocks) > 1:
        pen.text(0, "Test of the block", font_color=GREY)
        place = 1
        for block, part in zip(book.blocks, table.parts, strict=True):
            words = "" if part.overall is None else probability(part.overall.p)
            pen.span(1, place, block.size, words, font_color=GREY, align="left", left=1)
            place += block.size
        pen.row += 1


# ------------------------------------------------------------------------------------------------------------ small parts
def _title(book: TabBook, words: str) -> str:
    return f"{SYNTHETIC}: {words}" if book.synthetic else words


def _sheet_name(number: int, title: str) -> str:
    """Name a sheet: at most 31 characters, none of those a sheet cannot have, different from all others by its number."""
    return f"{number} {_NOT_IN_NAMES.sub(' ', title)}"[:31].strip()
