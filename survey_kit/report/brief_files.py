"""A brief as PDF and as a Word file: two sheets of A4, the mark of the data at the head of both."""

from __future__ import annotations

import re
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from survey_kit import files, typeset
from survey_kit.errors import ReportError
from survey_kit.instrument.export.paper_word import Sheet
from survey_kit.language import words
from survey_kit.report.book import Published
from survey_kit.report.brief_text import Brief, brief

PAGES: Final = 2
_ROWS: Final = (None, 28, 24, 20, 16, 12, 8)  # indicators on the first page: fewer, until it is one page
_SIZES: Final = (9.0, 8.5, 8.0)  # points
_TEMPLATE: Final = Path(__file__).parent / "builtin" / "brief.typ"
_PAGE: Final = re.compile(rb"/Type\s*/Page\b(?!s)")
_BREAK: Final = '```{=typst}\n#pagebreak()\n```\n\n```{=openxml}\n<w:p><w:r><w:br w:type="page"/></w:r></w:p>\n```'


def write_brief(folder: Path, book: Published) -> list[Path]:
    """Write the brief of a built study, ``<id>-brief-<language>.pdf`` and ``.docx``.

    Parameters
    ----------
    folder
        Where the two files are written.
    book
        The built study; its language is that of the brief.

    Returns
    -------
    list of Path
        The PDF and the Word file.

    Raises
    ------
    ReportError
        If two pages do not hold it.
    """
    made, size, pdf = fitted(book)
    stem = f"{book.info.file_stem}-brief-{book.info.language}"
    return [
        files.write_bytes(folder / f"{stem}.pdf", pdf),
        files.write_bytes(folder / f"{stem}.docx", brief_docx(made, size)),
    ]


def fitted(book: Published) -> tuple[Brief, float, bytes]:
    """Give the brief with as many indicators as two pages hold, the size of its letters, and its PDF."""
    told = 0
    for most in _ROWS:
        made = brief(book, most=most)
        if most is not None and not made.left:
            continue
        for size in _SIZES:
            content = brief_pdf(made, size)
            told = len(_PAGE.findall(content))
            if told == PAGES:
                return made, size, content
    raise ReportError(
        "The brief does not fit on two pages.",
        found=f"{told} pages with {_ROWS[-1]} indicators in letters of {_SIZES[-1]} points",
        fix="Shorten the titles of the indicators.",
    )


def brief_pdf(made: Brief, size: float = _SIZES[0]) -> bytes:
    """Set a brief as an accessible PDF (PDF/UA-1)."""
    options = [f"--template={_TEMPLATE}", "--standalone", "--fail-if-warnings", "--wrap=preserve", "--columns=40"]
    shown = {"lang": made.language, "title": made.title, "mark": made.mark, "size": f"{size:g}pt"}
    options += [f"--variable={name}={text}" for name, text in shown.items() if text]
    options.append(f"--variable=foot={made.say('page', page='#here().page()', pages='#counter(page).final().first()')}")
    source = typeset.pandoc(_source(made), to="typst", options=options)
    return typeset.pdf(source, root=_TEMPLATE.parent, standards=["ua-1"])


def brief_docx(made: Brief, size: float = _SIZES[0]) -> bytes:
    """Set a brief as a Word file: real headings and tables, header rows that repeat, page numbers, the language set."""
    try:
        from docx import Document
    except ImportError:
        fix = "Install the 'forms' extra: pip install 'trust-survey-kit[forms]'."
        raise ReportError("python-docx is not installed.", fix=fix) from None
    with tempfile.TemporaryDirectory(prefix="brief-") as scratch:
        path = Path(scratch) / "brief.docx"
        typeset.pandoc(_source(made), to="docx", options=[f"--output={path}", "--columns=40", "--fail-if-warnings"])
        blank = Sheet.begin(made.language, made.title, made.mark)  # the look of the toolkit's Word files
        file = Document(BytesIO(path.read_bytes()))
    _dressed(file, blank.file, size)
    sheet = Sheet(file, made.language)
    sheet.header(made.mark, made.title)
    sheet.footer(words("paper", made.language))
    properties = blank.file.core_properties
    for name in ("title", "language", "author", "comments"):
        setattr(file.core_properties, name, getattr(properties, name))
    return sheet.content()


def _source(made: Brief) -> str:
    return f"{made.front}\n\n{_BREAK}\n\n{made.back}\n"


def _dressed(file: Any, model: Any, size: float) -> None:
    """Give a file of pandoc the page, letters and table lines of the toolkit's Word files."""
    from copy import deepcopy

    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt, RGBColor

    section = file.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(15)
    section.top_margin, section.bottom_margin = Mm(18), Mm(14)
    section.header_distance = section.footer_distance = Mm(7)
    dress = model.styles["Normal"].element.rPr
    for style in file.styles:
        if style.type != 1:  # paragraphs only
            continue
        if style.element.rPr is not None:
            style.element.remove(style.element.rPr)
        style.element.append(deepcopy(dress))
        level = {"Heading 1": 15.0, "Heading 2": 11.0}.get(style.name, size)
        style.font.size, style.font.bold = Pt(level), style.name.startswith("Heading")
        style.font.color.rgb = RGBColor(0x12, 0x43, 0x6D) if style.name.startswith("Heading") else RGBColor(0, 0, 0)
        style.paragraph_format.space_before = Pt(9 if style.name == "Heading 2" else 0)
        style.paragraph_format.space_after = Pt(3 if style.name != "Compact" else 1)
    for number, table in enumerate(file.tables):
        signed = number == len(file.tables) - 1
        for place, row in enumerate(table.rows):
            if signed and place:
                row.height = Mm(11)
            for cell in row.cells:
                for paragraph in cell.paragraphs:
                    paragraph.paragraph_format.space_after = Pt(1)
                    for run in paragraph.runs:
                        run.font.size, run.font.bold = Pt(size - 0.5), place == 0
            lines = OxmlElement("w:tcBorders")
            line = OxmlElement("w:bottom")
            for name, value in (("val", "single"), ("sz", "8" if place == 0 else "4"), ("color", "8A8A8A")):
                line.set(qn(f"w:{name}"), value)
            lines.append(line)
            for cell in row.cells:
                cell._element.get_or_add_tcPr().append(deepcopy(lines))  # noqa: SLF001
