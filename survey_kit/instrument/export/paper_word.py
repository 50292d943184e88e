"""Word files in the look of a questionnaire: paragraphs, frames, tables, page numbers, one font, one language."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from survey_kit.errors import InstrumentError
from survey_kit.instrument.export.paper_sheet import Run, Text, plain
from survey_kit.language import Words

_FONT = "Arial"  # holds the Kazakh letters wherever Word runs
_LOCALES = {"en": "en-GB", "ru": "ru-RU", "kk": "kk-KZ"}
_DATED = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*<")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A Word file being written: paragraphs and tables of the booklet's look."""

    file: Any
    language: str

    @classmethod
    def begin(cls, language: str, title: str, pilot: str) -> Sheet:
        """Open a file: A4, one font, one language, a title."""
        try:
            from docx import Document
        except ImportError:
            fix = "Install the 'forms' extra: pip install 'trust-survey-kit[forms]'."
            raise InstrumentError("python-docx is not installed.", fix=fix) from None
        from docx.shared import Mm, Pt

        file = Document()
        section = file.sections[0]
        section.page_width, section.page_height = Mm(210), Mm(297)
        section.left_margin = section.right_margin = Mm(15)
        section.top_margin, section.bottom_margin = Mm(20), Mm(16)
        for name, size in (("Normal", 9.5), ("Title", 20), ("Heading 1", 13), ("Heading 2", 10.5)):
            _dress(file.styles[name], size, language)
        file.styles["Normal"].paragraph_format.space_after = Pt(3)
        for name, before in (("Heading 1", 14), ("Heading 2", 9)):
            file.styles[name].paragraph_format.space_before = Pt(before)
            file.styles[name].paragraph_format.space_after = Pt(3)
        properties = file.core_properties
        properties.title = f"{pilot}: {title}" if pilot else title
        properties.language, properties.author, properties.comments = _LOCALES.get(language, language), "", ""
        return cls(file, language)

    def content(self) -> bytes:
        """Give the bytes; the time of writing does not enter them."""
        out, made = BytesIO(), BytesIO()
        self.file.save(made)
        with ZipFile(made) as old, ZipFile(out, "w", ZIP_DEFLATED) as new:
            for name in old.namelist():
                part = old.read(name)
                if name == "docProps/core.xml":
                    part = _DATED.sub(rb"\g<1>1980-01-01T00:00:00Z<", part)
                entry = ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
                entry.compress_type = ZIP_DEFLATED
                new.writestr(entry, part)
        return out.getvalue()

    def header(self, pilot: str, running: str) -> None:
        """Put the banner of a pilot and a running line on every page."""
        from docx.shared import Mm

        paragraph = self.file.sections[0].header.paragraphs[0]
        if pilot:
            paragraph.alignment = 1
            paragraph.add_run(pilot).bold = True
            border(paragraph, ("top", "left", "bottom", "right"), "single", 8)
            paragraph = self.file.sections[0].header.add_paragraph()
        paragraph.paragraph_format.tab_stops.add_tab_stop(Mm(180), 2)
        sized(paragraph.add_run(running), 8)
        border(paragraph, ("bottom",), "single", 4)

    def footer(self, say: Words) -> None:
        """Put page numbers at the foot."""
        paragraph = self.file.sections[0].footer.paragraphs[0]
        paragraph.alignment = 1
        for part in re.split("(\0|\1)", say("page", page="\0", pages="\1")):
            if part in {"\0", "\1"}:
                _field(paragraph, "PAGE" if part == "\0" else "NUMPAGES")
            elif part:
                sized(paragraph.add_run(part), 8)

    def paragraph(
        self, text: Iterable[Run], *, size: float = 9.5, bold: bool | None = None, italic: bool = False
    ) -> Any:
        """Write a paragraph."""
        paragraph = self.file.add_paragraph()
        self.runs(paragraph, text, size=size, bold=bold, italic=italic)
        return paragraph

    def runs(
        self, paragraph: Any, text: Iterable[Run], *, size: float = 9.5, bold: bool | None = None, italic: bool = False
    ) -> None:
        """Write runs; a blank is underlined, another language is marked."""
        for run in text:
            made = paragraph.add_run(plain((run,)))
            if bold is not None:
                made.bold = bold
            if italic or run.blank:
                made.italic = True
            if run.blank:
                made.underline = True
            sized(made, size)
            if run.language:
                _language(made._element.get_or_add_rPr(), run.language)  # noqa: SLF001

    def framed(self, text: str) -> None:
        """Write a filter in a frame."""
        paragraph = self.paragraph([Run(text)], size=9, bold=True)
        border(paragraph, ("top", "left", "bottom", "right"), "single", 6)
        paragraph.paragraph_format.keep_with_next = True

    def told(self, label: str, text: Text) -> None:
        """Write an instruction: slanted, with a bar."""
        paragraph = self.file.add_paragraph()
        if label:
            self.runs(paragraph, [Run(f"{label}: ")], size=8.5, bold=True, italic=True)
        self.runs(paragraph, text, size=8.5, italic=True)
        border(paragraph, ("left",), "single", 18)
        paragraph.paragraph_format.keep_with_next = True

    def table(self, rows: int, columns: int, *, borders: bool = False) -> Any:
        """Make a table; with borders, its first row repeats on every page."""
        from docx.oxml import OxmlElement

        table = self.file.add_table(rows, columns)
        if borders:
            table.style = "Table Grid"
            mark = OxmlElement("w:tblHeader")
            table.rows[0]._tr.get_or_add_trPr().append(mark)  # noqa: SLF001
        for row in table.rows:
            row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))  # noqa: SLF001
        return table

    def fill(self, cell: Any, text: str, *, size: float = 8.5, bold: bool | None = None) -> Any:
        """Write into a cell."""
        paragraph = cell.paragraphs[0]
        self.runs(paragraph, [Run(text)], size=size, bold=bold)
        paragraph.paragraph_format.space_after = 0
        return paragraph


def _dress(style: Any, size: float, language: str) -> None:
    """Give a style the font, black letters and the language."""
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    style.font.name, style.font.size, style.font.color.rgb = _FONT, Pt(size), RGBColor(0, 0, 0)
    properties = style.element.get_or_add_rPr()
    fonts = properties.rFonts
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)
    for kind in ("ascii", "hAnsi", "cs", "eastAsia"):
        fonts.set(qn(f"w:{kind}"), _FONT)
    _language(properties, language)


def _language(properties: Any, language: str) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    tag = OxmlElement("w:lang")
    tag.set(qn("w:val"), _LOCALES.get(language, language))
    properties.append(tag)


def sized(run: Any, size: float) -> None:
    """Give a run its size in points."""
    from docx.shared import Pt

    run.font.size = Pt(size)


def border(paragraph: Any, sides: Iterable[str], line: str, weight: int) -> None:
    """Draw lines around a paragraph."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    frame = OxmlElement("w:pBdr")
    for side in sides:
        edge = OxmlElement(f"w:{side}")
        for name, value in (("val", line), ("sz", str(weight)), ("space", "3"), ("color", "000000")):
            edge.set(qn(f"w:{name}"), value)
        frame.append(edge)
    properties = paragraph._p.get_or_add_pPr()  # noqa: SLF001
    properties.insert_element_before(
        frame, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def _field(paragraph: Any, code: str) -> None:
    """Put in a field that Word fills: the page, the number of pages."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), code)
    run = OxmlElement("w:r")
    text = OxmlElement("w:t")
    text.text = "1"
    run.append(text)
    field.append(run)
    paragraph._p.append(field)  # noqa: SLF001
