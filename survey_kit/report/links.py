"""Permanent links: a page for each indicator on which every figure has its row id as an anchor, and figures in the text.

A row id is indicator, wave, domain and level with dots between; letters beside those of words become hyphens, so that it can stand in
an address. It does not depend on language, edition or order, and stays when a figure is revised.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Final

from survey_kit.errors import ReportError, did_you_mean
from survey_kit.report.book import Published
from survey_kit.report.elements import Bullets, Element, Links, Prose, Stack, Table, in_print, markdown_text
from survey_kit.report.region_voice import Voice
from survey_kit.report.rows import Row, markers

_APART: Final = re.compile(r"[^\w]+")


def row_id(row: Row) -> str:
    """Give the id of a row: what it is about, in an address.

    Examples
    --------
    >>> row_id({"indicator": "trust_courts", "wave": "Rehearsal 3", "domain": "", "level": ""})
    'trust_courts.rehearsal-3'
    >>> row_id({"indicator": "trust_courts", "wave": "2016/17", "domain": "age_group", "level": "60+"})
    'trust_courts.2016-17.age_group.60-plus'
    """
    parts = [row["indicator"], row["wave"], *((row["domain"], row["level"]) if row["domain"] else ())]
    return ".".join(_APART.sub("-", str(part).lower().replace("+", " plus")).strip("-") for part in parts)


def number_page(indicator: str) -> str:
    """Name the page on which every figure of an indicator stands.

    Examples
    --------
    >>> number_page("trust_courts")
    'number-trust-courts.html'
    """
    return f"number-{indicator.lower().replace('_', '-')}.html"


def address(row: Row) -> str:
    """Give the permanent link of a row.

    Examples
    --------
    >>> address({"indicator": "trust_courts", "wave": "2023", "domain": "", "level": ""})
    'number-trust-courts.html#trust_courts.2023'
    """
    return f"{number_page(row['indicator'])}#{row_id(row)}"


@dataclass(frozen=True, slots=True)
class Value(Element):
    """A figure inside a sentence, with the link to its row; a marker where it is withheld."""

    text: str
    href: str

    def markdown(self) -> str:
        """Give the figure; in print without its link."""
        words = markdown_text(self.text)
        return words if in_print() else f"[{words}]({self.href})"

    def html(self) -> str:
        """Give the figure with its link."""
        return f'<a href="{escape(self.href)}">{escape(self.text)}</a>'

    def texts(self) -> list[str]:
        """List the figure."""
        return [self.text]

    def _repr_markdown_(self) -> str:
        return self.markdown()


def value(book: Published, name: str) -> Value:
    """Give the figure of a row by its id, to stand in a sentence of a page.

    Parameters
    ----------
    book
        The built study.
    name
        The row id, such as ``trust_courts.rehearsal-3.region.kz-71``; it stands beside every figure on the pages of figures.

    Raises
    ------
    ReportError
        If no row has the id.

    Examples
    --------
    >>> from survey_kit.report import published, value
    >>> value(published("build/kazakhstan"), "trust_courts.rehearsal-3").text  # doctest: +SKIP
    '34.5 %'
    """
    rows = book.records(name.split(".", maxsplit=1)[0], domain=None) + book.records(name.split(".", maxsplit=1)[0])
    known = {row_id(row): row for row in rows}
    if name not in known:
        near = did_you_mean(name, known or [one.id for one in book.info.indicators])
        raise ReportError(f"No figure has the row id '{name}'.", fix=f"{near} The ids stand on the pages of figures.")
    row, voice = known[name], Voice(book.info)
    text = voice.figure(row)
    if text.startswith("["):
        return Value(text, address(row))
    marks = markers(row)
    return Value(str(voice.numbers.level(row["estimate"], row["unit"])) + (f" {marks}" if marks else ""), address(row))


def numbers_of(book: Published, indicator: str) -> Stack:
    """Give the link from an indicator's section to the page of its figures; nothing in print or where there is no such page."""
    voice = Voice(book.info)
    if in_print() or not Path(number_page(indicator).replace(".html", ".qmd")).is_file():
        return Stack(())
    title = book.info.indicator(indicator).title
    return Stack((Links(((voice("numbers_title", title=title), number_page(indicator), voice("numbers_link")),)),))


def numbers(book: Published, indicator: str) -> Stack:
    """Give every figure of an indicator with its anchor, and what belongs to all of them: question, base, interval, funder."""
    voice, about = Voice(book.info), book.info.indicator(indicator)
    rows = [*book.records(indicator), *book.records(indicator, domain=None)]
    _refuse_twins(rows)
    told = (
        (voice("question"), about.question),
        (voice("answers"), about.answers),
        (voice("base"), voice.base(about)),
        (voice("level"), voice("level_says", level=voice.confidence(rows))),
        (voice("funder"), book.info.method.get("sponsor", "").strip() or book.info.producer or voice("not_stated")),
    )
    points = Bullets(tuple((lead, text) for lead, text in told if text))
    heads = {name: voice(name) for name in ("wave", "group", "figure")}
    heads |= {"interval": voice("interval", level=voice.confidence(rows)), "n": voice("n"), "marks": voice("marks")}
    heads |= {"link": voice("link")}
    records = [
        Record(
            id=row_id(row),
            cells={
                "wave": book.info.wave_label(row["wave"]),
                "group": _grouped(book, voice, row),
                "figure": voice.figure(row),
                "interval": voice.interval(row),
                "n": "" if row["status"] == "not_asked" else voice.count(row["n"]),
                "marks": markers(row),
                "link": "#",
            },
            links={"link": (f"#{row_id(row)}", voice("link_to", id=row_id(row)))},
        )
        for row in rows
    ]
    title = voice("numbers_table", title=about.title)
    made = linked_table(book, f"numbers-{indicator}", title, heads, records, left=("group", "marks"), rows=rows)
    opening = (*voice.drafted, voice.marked(voice("numbers_lead")))
    return Stack((Prose(opening), points, made))


def _grouped(book: Published, voice: Voice, row: Row) -> str:
    return f"{book.info.domain_label(row['domain'])}: {voice.group(row)}" if row["domain"] else voice.group(row)


def _refuse_twins(rows: Sequence[Row]) -> None:
    seen: dict[str, Row] = {}
    for row in rows:
        name = row_id(row)
        if name in seen:
            told = " and ".join(f"'{one['wave']}' {one['domain']} '{one['level']}'" for one in (seen[name], row))
            raise ReportError(f"Two figures have the row id '{name}'.", found=told, fix="Rename the wave or the level.")
        seen[name] = row


# ------------------------------------------------------------------------------------------------------------ tables
@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A row of a table with links: its anchor, its cells, and of cells with a link the target and the words for it."""

    cells: dict[str, str]
    id: str = ""
    links: dict[str, tuple[str, str]]
    part: str = ""


def linked_table(
    book: Published,
    name: str,
    title: str,
    columns: dict[str, str],
    records: Sequence[Record],
    *,
    left: Sequence[str] = (),
    rows: Sequence[Row] = (),
    notes: Sequence[str] = (),
) -> Table:
    """Make a table whose cells may be links; the first column names the rows, `part` parts them.

    Parameters
    ----------
    name
        The id of the table, unique on its page.
    columns
        Key and heading of each column, in order.
    left
        Columns of words, aligned to the left like the first.
    rows
        The rows of the study whose markers are explained below.
    """
    voice, keys = Voice(book.info), list(columns)
    side = {key: "gt_left" if key in left or key == keys[0] else "gt_right" for key in keys}
    lines = []
    if book.info.synthetic:
        words = escape(voice("mark_row"))
        lines.append(f'<tr><th class="gt_heading" colspan="{len(keys)}" scope="colgroup">{words}</th></tr>')
    heads = "".join(f'<th scope="col" class="{side[key]}">{escape(columns[key])}</th>' for key in keys)
    lines.append(f"<tr>{heads}</tr></thead><tbody>")
    part = ""
    for record in records:
        if record.part != part:
            part = record.part
            lines.append(
                f'<tr><th class="gt_group_heading" colspan="{len(keys)}" scope="rowgroup">{escape(part)}</th></tr>'
            )
        anchor = f' id="{escape(record.id)}"' if record.id else ""
        lines.append(
            f"<tr{anchor}>{''.join(_cell(record, key, side[key], tag='th' if key == keys[0] else 'td') for key in keys)}</tr>"
        )
    marked = f"{voice('mark')}: {title}" if book.info.synthetic else title
    table_id = f"table-{book.info.file_stem}-{name}".replace("_", "-")
    look = _LOOK.format(id=table_id)
    body = f'<div id="{table_id}"><table class="gt_table" aria-label="{escape(marked)}"><thead>{chr(10).join(lines)}</tbody></table></div>'
    return Table(id=table_id, title=marked, rows=look + "\n" + body, notes=(*notes, *voice.explained(rows)))


_LOOK: Final = (
    "<style>#{id} table{{border-collapse:collapse;border-top:2px solid #1d1d1d;border-bottom:2px solid #1d1d1d}}"
    "#{id} th,#{id} td{{padding:.3rem .55rem;border-top:1px solid #d9d9d9;vertical-align:top;font-weight:400}}"
    "#{id} .gt_right{{text-align:right;white-space:nowrap}}#{id} .gt_left{{text-align:left;min-width:5rem}}"
    "#{id} thead th,#{id} .gt_group_heading{{font-weight:600;text-align:left;vertical-align:bottom}}"
    "#{id} thead th.gt_right{{text-align:right;white-space:normal}}#{id} .gt_heading{{background:#b10e1e;color:#fff}}"
    "#{id} tr:target>*{{background:#fdebe2;box-shadow:inset 0 2px #12436d,inset 0 -2px #12436d}}</style>"
)


def _cell(record: Record, key: str, side: str, *, tag: str) -> str:
    text = escape(record.cells.get(key, ""))
    if key in record.links and text:
        href, words = record.links[key]
        told = f' aria-label="{escape(words)}"' if words else ""
        text = f'<a href="{escape(href)}"{told}>{text}</a>'
    return f'<th scope="row" class="gt_stub {side}">{text}</th>' if tag == "th" else f'<td class="{side}">{text}</td>'
