"""Tables of words: heads, rows and cells of lines, of which some are links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final, TypeAlias

from survey_kit.report.elements import Table, in_print

_LOOK: Final = (
    "<style>#{id}{{border-collapse:collapse;border-top:2px solid #1d1d1d;border-bottom:2px solid #1d1d1d;width:100%}}"
    "#{id} th,#{id} td{{padding:.3rem .55rem;border-top:1px solid #d9d9d9;vertical-align:top;text-align:left;font-weight:400;"
    "min-width:6rem}}#{id} thead th{{font-weight:600}}#{id} p{{margin:0 0 .3rem}}"
    "#{id} thead th.mark{{background:#b10e1e;color:#fff}}</style>"
)


@dataclass(frozen=True, slots=True)
class Text:
    """A line of a cell; with an address it is a link, in print plain text."""

    words: str
    href: str = ""


Cell: TypeAlias = str | Sequence[Text]


def plain_table(
    name: str,
    title: str,
    heads: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    *,
    mark: str = "",
    notes: Sequence[str] = (),
) -> Table:
    """Make a table of words: the first cell of a row heads it.

    Parameters
    ----------
    name
        The id of the table, unique on a page.
    title
        What the table shows; also its name for a screen reader.
    heads
        The heading of each column.
    rows
        One sequence of cells per row; a cell is a text or lines.
    mark
        What must stand over every figure of the table, such as that it is synthetic.
    notes
        Notes below the table.

    Examples
    --------
    >>> made = plain_table("t", "Fields", ("Field", "Figure"), [("Tax", [Text("3 %", "corruption.html")])])
    >>> '<td><p><a href="corruption.html">3 %</a></p></td>' in made.rows
    True
    """
    key = f"table-{name}"
    over = f'<tr><th class="mark" colspan="{len(heads)}" scope="colgroup">{escape(mark)}</th></tr>' if mark else ""
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in heads)
    body = "\n".join(
        f'<tr><th scope="row">{_inner(first)}</th>{"".join(f"<td>{_inner(cell)}</td>" for cell in rest)}</tr>'
        for first, *rest in rows
    )
    html = (
        f'<div style="overflow-x:auto" tabindex="0" role="region" aria-label="{escape(title)}">'
        f'<table id="{key}" aria-label="{escape(title)}">\n<thead>{over}<tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n'
        "</table></div>"
    )
    return Table(id=name, title=title, rows=_LOOK.format(id=key) + "\n" + html, notes=tuple(notes))


def _inner(cell: Cell) -> str:
    if isinstance(cell, str):
        return escape(cell)
    return "".join(f"<p>{_line(one)}</p>" for one in cell)


def _line(one: Text) -> str:
    return f'<a href="{escape(one.href)}">{escape(one.words)}</a>' if one.href and not in_print() else escape(one.words)
