"""A booklet and its showcards as Word files: real headings and tables, page numbers, header rows that repeat, the language set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from survey_kit.instrument.export.paper_cards import Card, Cards
from survey_kit.instrument.export.paper_sheet import (
    Answer,
    Booklet,
    Choice,
    Choices,
    DateBoxes,
    Digits,
    Lines,
    Part,
    Question,
    Row,
    Run,
    Table,
    Text,
    plain,
)
from survey_kit.instrument.export.paper_word import Sheet, border
from survey_kit.language import NAMES, Words, words

ONE, SEVERAL, BOX, ARROW = "○", "□", "□", "→"  # signs every office font has
_PER_TABLE = 12  # members of a roster side by side


def paper_docx(booklet: Booklet) -> bytes:
    """Make the Word file of a booklet.

    Raises
    ------
    InstrumentError
        When python-docx is not installed.
    """
    say = words("paper", booklet.language)
    sheet = Sheet.begin(booklet.language, booklet.title, booklet.pilot)
    number = say("interview_number" if booklet.interviewed else "booklet_number")
    running = (
        f"{booklet.title} · {say('version', version=booklet.version)} · {NAMES.get(booklet.language, booklet.language)}"
    )
    sheet.header(booklet.pilot, f"{running}\t{number} {BOX * 8}")
    sheet.footer(say)
    _Booklet(sheet, booklet, say, words("form", booklet.language)).write()
    return sheet.content()


def cards_docx(made: Cards) -> bytes:
    """Make the Word file of showcards: A4 across, one card a page."""
    from docx.enum.section import WD_ORIENT
    from docx.shared import Mm, Pt

    say = words("paper", made.language)
    sheet = Sheet.begin(made.language, made.title, made.pilot)
    section = sheet.file.sections[0]
    section.orientation, section.page_width, section.page_height = WD_ORIENT.LANDSCAPE, Mm(297), Mm(210)
    section.footer.paragraphs[0].text = f"{made.pilot}\t\t{made.version}"
    for place, card in enumerate(made.cards):
        head = sheet.file.add_heading(say("card", number=card.number), level=1)
        head.paragraph_format.page_break_before = place > 0
        head.runs[0].font.size = Pt(34)
        _card(sheet, card)
    return sheet.content()


def _card(sheet: Sheet, card: Card) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    if card.line:
        table = sheet.table(1, len(card.answers), borders=True)
        for cell, (code, _) in zip(table.rows[0].cells, card.answers, strict=True):
            paragraph = sheet.fill(cell, code, size=24, bold=True)
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        ends = sheet.table(1, 2)
        for cell, (_, text) in zip(ends.rows[0].cells, (card.answers[0], card.answers[-1]), strict=True):
            sheet.fill(cell, plain(text), size=24)
        ends.rows[0].cells[1].paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
        return
    lines = sum(1 + len(plain(text)) // 60 for _, text in card.answers)
    size = next((points for points in (28, 24, 20, 16, 13) if lines * points * 1.6 <= 400), 11)
    for code, text in card.answers:
        told = f"{code}   {plain(text)}" if card.numbered else f"■  {plain(text)}"
        paragraph = sheet.paragraph([Run(told)], size=size)
        paragraph.paragraph_format.space_after = Pt(size * 0.4)


# ------------------------------------------------------------------------------------------------------------- booklet
@dataclass(frozen=True, slots=True)
class _Booklet:
    sheet: Sheet
    booklet: Booklet
    say: Words
    form: Words

    def write(self) -> None:
        """Write the cover and the parts."""
        self._cover()
        before = False
        for part in self.booklet.parts:
            self._part(part, fresh=self.booklet.interviewed and part.alone is not before)
            before = part.alone

    def _cover(self) -> None:
        made, sheet, say = self.booklet, self.sheet, self.say
        sheet.file.add_paragraph(made.title, style="Title")
        sheet.paragraph([Run(f"{say('questionnaire')} · {say('version', version=made.version)}")])
        if made.population:
            sheet.paragraph([Run(f"{say('population')}: "), *made.population])
        sheet.file.add_heading(say("cover" if made.interviewed else "cover_alone"), level=1)
        number = say("interview_number" if made.interviewed else "booklet_number")
        fields = [(number, BOX * 8), (say("language"), NAMES.get(made.language, made.language))]
        if made.interviewed:
            fields += [(say(key), f"{BOX * 2} : {BOX * 2}") for key in ("begin", "end")]
        table = sheet.table(len(fields), 2)
        for row, (label, field) in zip(table.rows, fields, strict=True):
            sheet.fill(row.cells[0], label)
            sheet.fill(row.cells[1], field, size=12)
        if made.draws or made.first_rows:
            sheet.file.add_heading(say("draws"), level=2)
            rows = f" {say('first_rows', items=made.first_rows)}" if made.first_rows else ""
            sheet.told("", (Run(say("draws_told") + rows),))
        for draw in made.draws:
            sheet.paragraph([Run(f"{draw.name}. "), *draw.label, Run(f" ({draw.shares})" if draw.shares else "")])
            ticked = [f"{'☒' if one.code == draw.drawn else BOX} {one.code} {plain(one.text)}" for one in draw.choices]
            sheet.paragraph([Run("    ".join(ticked))])
        sheet.file.add_heading(say("how_to"), level=1)
        for one in made.legend:
            sheet.paragraph([Run(one)], size=9)
        if made.to_fill:
            sheet.file.add_heading(say("to_fill"), level=1)
            for name, text in made.to_fill:
                sheet.paragraph([Run(f"[{name}] "), *text], size=9)

    def _part(self, part: Part, *, fresh: bool) -> None:
        head = self.sheet.file.add_heading(f"{self.say('part', part=part.letter)}. {plain(part.title)}", level=1)
        head.paragraph_format.page_break_before = fresh
        if part.rotated is not None:
            head.add_run(f"   {'☒' if part.rotated else BOX}")
        if part.only_if:
            self.sheet.framed(part.only_if)
        label = self.form("interviewer") if self.booklet.interviewed else ""
        self._notes((label, text) for text in part.told)
        if part.lead_in:
            self.sheet.paragraph(part.lead_in, size=10)
        label = "" if part.alone else label
        if part.members:
            self._roster(part, label)
        else:
            for question in part.questions:
                self._question(question, label, alone=part.alone)

    def _notes(self, told: Iterable[tuple[str, Text]]) -> None:
        joined: dict[str, Text] = {}
        for label, text in told:
            joined[label] = (*joined[label], Run(" "), *text) if label in joined else text
        for label, text in joined.items():
            self.sheet.told(label, text)

    def _question(self, question: Question, label: str, *, alone: bool) -> None:
        if question.only_if:
            self.sheet.framed(question.only_if)
        head = self.sheet.file.add_heading("", level=2)
        self.sheet.runs(head, [Run(f"{question.number}  "), *question.text], size=10.5, bold=question.kind != "text")
        if question.kind == "work":
            work = self.say("work_out")
            label = f"{self.form('interviewer')}: {work[:1].lower()}{work[1:]}" if self.booklet.interviewed else work
        told = [(label, text) for text in question.told]
        self._notes([*told, *((self.say("check"), text) for text in question.checks)])
        if isinstance(question.answer, Table):
            self._key(question.answer.missing, alone=alone)
            self._grid(question.answer)
        elif question.answer is not None:
            self._field(question.answer)
            typed = isinstance(question.answer, (Digits, DateBoxes, Lines))
            self._missing(question.missing, alone=alone, typed=typed)
        if question.after:
            self.sheet.paragraph([Run(f"{question.number} {ARROW} {question.after}")], bold=True).alignment = 2

    def _field(self, answer: Answer) -> None:
        match answer:
            case Choices(choices=choices, several=several, line=True):
                sign = SEVERAL if several else ONE
                told = "   ".join(f"{sign} {one.code}" for one in choices)
                ends = [plain(choices[0].text), plain(choices[-1].text)]
                self.sheet.paragraph([Run(f"{ends[0]}   {told}   {ends[1]}")])
            case Choices(choices=choices, several=several):
                for one in choices:
                    self._choice(one, several=several)
            case Digits(whole=whole, decimals=decimals, told=told):
                point = f" {self.say('decimal_sign')} {' '.join(BOX * decimals)}" if decimals else ""
                self.sheet.paragraph([Run(f"{' '.join(BOX * whole)}{point}   {told}")], size=12)
            case DateBoxes(labels=labels):
                boxes = (f"{' '.join(BOX * n)} {label}" for n, label in zip((2, 2, 4), labels, strict=True))
                self.sheet.paragraph([Run("     ".join(boxes))], size=12)
            case Lines(count=count):
                for _ in range(count):
                    border(self.sheet.paragraph([Run(" ")], size=14), ("bottom",), "single", 4)

    def _choice(self, one: Choice, *, several: bool) -> None:
        from docx.shared import Mm

        alone = [Run(f" ({self.say('alone')})")] if one.alone else []
        arrow = [Run(f"\t{ARROW} {one.arrow}")] if one.arrow else []
        paragraph = self.sheet.paragraph([Run(f"{SEVERAL if several else ONE} {one.code}   "), *one.text, *alone])
        self.sheet.runs(paragraph, arrow, bold=True)
        paragraph.paragraph_format.left_indent = Mm(8)
        paragraph.paragraph_format.tab_stops.add_tab_stop(Mm(180), 2, 1)  # right, with dots

    def _missing(self, missing: Sequence[Choice], *, alone: bool, typed: bool) -> None:
        if not missing:
            return
        quiet = self.form("not_read_out")
        label = self.say("no_answer_code") if typed else "" if alone else f"{quiet}:"
        if typed and not alone:
            label = f"{label[:-1]} ({quiet[:1].lower()}{quiet[1:]}):"
        paragraph = self.sheet.paragraph([Run(f"{label}   ")] if label else [], size=8.5, italic=True)
        for one in missing:
            arrow = f" {ARROW} {one.arrow}" if one.arrow else ""
            self.sheet.runs(paragraph, [Run(f"{ONE} {one.code} "), *one.text, Run(f"{arrow}     ")], size=8.5)
        if not alone:
            border(paragraph, ("top", "left", "bottom", "right"), "dashed", 4)

    # ------------------------------------------------------------------------------------------------------- tables
    def _key(self, missing: Sequence[Choice], *, alone: bool) -> None:
        """Say above a grid what its last columns mean."""
        listed = "; ".join(f"{one.code} = {plain(one.text)}" for one in missing)
        if listed:
            label = "" if alone else f"{self.form('not_read_out')}: "
            paragraph = self.sheet.paragraph([Run(label + listed)], size=8, italic=True)
            paragraph.alignment, paragraph.paragraph_format.keep_with_next = 2, True

    def _grid(self, table: Table) -> None:
        from docx.shared import Mm

        own = any(row.answer is not None for row in table.rows)
        extra = 1 if table.first else 0
        wide = [12.0, *([13.0] if extra else []), 0.0]
        worded = all(one.text for one in table.columns) and len(table.columns) <= 5
        widths = [
            *wide,
            *([19.0 if worded else 8.0] * len(table.columns)),
            *([9.0] * len(table.missing)),
            *([34.0] if own else []),
        ]
        widths[len(wide) - 1] = max(180 - sum(widths), 40)
        heads = ["", *([table.first] if extra else []), self.say("item")]
        heads += [plain(one.text) if worded else one.code for one in table.columns]
        heads += [one.code for one in table.missing] + ([self.say("answer")] if own else [])
        if not worded:
            key = "; ".join(f"{one.code} = {plain(one.text)}" for one in table.columns if one.text)
            self.sheet.paragraph([Run(key)] if key else [], size=8.5)
        grid = self.sheet.table(len(table.rows) + 1, len(widths), borders=True)
        grid.autofit = False
        for cell, text in zip(grid.rows[0].cells, heads, strict=True):
            self.sheet.fill(cell, text, size=8, bold=True)
        for line, row in zip(grid.rows[1:], table.rows, strict=True):
            self._row(line.cells, row, table)
        for column, width in zip(grid.columns, widths, strict=True):
            column.width = Mm(width)
        for line in grid.rows:
            for cell, width in zip(line.cells, widths, strict=True):
                cell.width = Mm(width)
        self.sheet.paragraph([], size=4)

    def _row(self, cells: Sequence[Any], row: Row, table: Table) -> None:
        at = 0
        self.sheet.fill(cells[at], row.number, bold=True)
        if table.first:
            at += 1
            self.sheet.fill(cells[at], "☒" if row.first else BOX, size=12)
        at += 1
        paragraph = cells[at].paragraphs[0]
        self.sheet.runs(paragraph, row.text, size=9)
        if row.only_if:
            self.sheet.runs(paragraph, [Run(f"\n{row.only_if}")], size=8, bold=True, italic=True)
        for text in row.told:
            self.sheet.runs(paragraph, [Run("\n"), *text], size=8, italic=True)
        for one in table.columns:
            at += 1
            self._code(cells[at], "" if row.answer is not None else one.code)
        for one in table.missing:
            at += 1
            self._code(cells[at], one.code)
        if row.answer is not None:
            self.sheet.fill(cells[at + 1], _cell(row.answer), size=10)

    def _code(self, cell: Any, code: str) -> None:
        self.sheet.fill(cell, code).alignment = 1

    def _roster(self, part: Part, label: str) -> None:
        for start in range(0, part.members, _PER_TABLE):
            count = min(_PER_TABLE, part.members - start)
            table = self.sheet.table(len(part.questions) + 1, count + 2, borders=True)
            heads = ["", self.say("item"), *(str(start + one + 1) for one in range(count))]
            for cell, text in zip(table.rows[0].cells, heads, strict=True):
                self.sheet.fill(cell, text, bold=True)
            for line, question in zip(table.rows[1:], part.questions, strict=True):
                self.sheet.fill(line.cells[0], question.number, bold=True)
                paragraph = line.cells[1].paragraphs[0]
                self.sheet.runs(paragraph, question.text, size=9, bold=True)
                notes = [
                    question.only_if,
                    *(f"{label}: {plain(text)}" if label else plain(text) for text in question.told),
                ]
                self.sheet.runs(paragraph, [Run(f"\n{one}") for one in notes if one], size=8, italic=True)
                self.sheet.runs(paragraph, [Run(f"\n{one}") for one in _codes(question)], size=8)
            self.sheet.paragraph([], size=4)


def _cell(answer: Answer) -> str:
    match answer:
        case Digits(whole=whole, told=told):
            return f"{BOX * whole} {told}"
        case DateBoxes():
            return f"{BOX * 2}.{BOX * 2}.{BOX * 4}"
        case Choices(choices=choices, several=several):
            return "  ".join(f"{SEVERAL if several else ONE} {one.code} {plain(one.text)}" for one in choices)
        case _:
            return " "


def _codes(question: Question) -> list[str]:
    """List the codes that may be written into a cell of a roster."""
    answer = question.answer
    if isinstance(answer, Table):
        rows = [f"{row.number} {plain(row.text)}" for row in answer.rows]
        return [*rows, *(f"{one.code} {plain(one.text)}".strip() for one in (*answer.columns, *answer.missing))]
    choices = answer.choices if isinstance(answer, Choices) else ()
    limits = [answer.told] if isinstance(answer, Digits) and answer.told else []
    return [*limits, *(f"{one.code} {plain(one.text)}".strip() for one in (*choices, *question.missing))]
