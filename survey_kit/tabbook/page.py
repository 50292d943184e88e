"""A tab book as one page of HTML: no script, nothing from elsewhere, readable on a telephone and aloud."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, Final

from survey_kit.tabbook.banner import Block
from survey_kit.tabbook.compute import Plan, Table
from survey_kit.tabbook.shown import PLACES, decimal, figure, limits, percent, probability
from survey_kit.tabbook.taking import SHARES
from survey_kit.tabbook.words import SYNTHETIC

if TYPE_CHECKING:
    from survey_kit.tabbook.book import TabBook

SHOWN_IN_NOTEBOOK: Final = 10
CONTENTS_FROM: Final = 3
_ADJUSTED: Final = {
    "none": "p not adjusted",
    "bonferroni": "p adjusted (Bonferroni)",
    "holm": "p adjusted (Holm)",
    "bh": "p adjusted (Benjamini-Hochberg)",
    "by": "p adjusted (Benjamini-Yekutieli)",
}
_STYLE: Final = """
.tabbook{font-family:system-ui,"Segoe UI",Roboto,"Noto Sans",sans-serif;color:#1b1b1b;line-height:1.4}
.tabbook h1{font-size:1.5rem;margin:.2rem 0 .6rem}
.tabbook h2{font-size:1.1rem;margin:2rem 0 .2rem}
.tabbook .mark{background:#b10e1e;color:#fff;font-weight:600;padding:.4rem .7rem;margin:0 0 1rem}
.tabbook .wording{margin:0 0 .3rem;max-width:60rem}
.tabbook .table-scroll{position:relative;overflow-x:auto;margin:.3rem 0 .5rem}
.tabbook table{border-collapse:separate;border-spacing:0;font-size:.875rem;font-variant-numeric:tabular-nums;border-bottom:2px solid #1b1b1b}
.tabbook caption{text-align:left;padding:0 0 .35rem}
.tabbook caption span{position:sticky;left:0;display:inline-block;max-width:min(60rem,calc(100vw - 3rem));color:#444;font-size:.8125rem}
.tabbook th,.tabbook td{padding:.22rem .55rem;text-align:right;vertical-align:bottom;font-weight:400;border:0;background:#fff}
.tabbook thead th{border-bottom:1px solid #8a8a8a;text-align:center;font-weight:600;min-width:3.2rem;max-width:9rem}
.tabbook thead tr:first-child>*{border-top:2px solid #1b1b1b}
.tabbook .stub{position:sticky;left:0;z-index:1;text-align:left;min-width:8.5rem;max-width:17rem;overflow-wrap:break-word}
.tabbook .first{border-left:1px solid #b5b5b5}
.tabbook .letter{display:block;color:#8a1020;font-weight:600}
.tabbook td{white-space:nowrap;padding-right:.2rem}
.tabbook .sig{display:inline-block;min-width:1.5rem;padding-left:.15rem;text-align:left;color:#8a1020;font-weight:600;font-size:.75rem;vertical-align:.35em;line-height:1}
.tabbook .base>*{color:#444;font-size:.8125rem;padding-right:.55rem}
.tabbook .test td{text-align:left;padding-right:.55rem}
.tabbook tbody+tbody tr:first-child>*{border-top:1px solid #8a8a8a}
.tabbook .net>*{font-weight:600}
.tabbook .ci>*{color:#444;font-size:.75rem;padding-top:0}
.tabbook .ci td{padding-right:.55rem}
.tabbook .notes{font-size:.8125rem;color:#333;max-width:60rem}
.tabbook .notes li{margin:.15rem 0}
.tabbook .vh{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.tabbook .skip-link{position:absolute;left:-100rem}
.tabbook .skip-link:focus{left:.5rem;top:.5rem;background:#fff;padding:.4rem;z-index:3}
.tabbook a{color:#0b4f8a}
@media (max-width:40rem){.tabbook .stub{min-width:6.5rem;max-width:8.5rem}}
@media print{@page{size:landscape}.tabbook .table-scroll{overflow:visible}.tabbook section{break-inside:avoid}.tabbook .stub{position:static}}
""".strip()


def page(book: TabBook, intervals: bool) -> str:
    """Give the whole page."""
    title = f"{SYNTHETIC}: {book.title}" if book.synthetic else book.title
    contents = ""
    if len(book.tables) >= CONTENTS_FROM:
        links = "".join(
            f'<li><a href="#q{i + 1}">{escape(table.question.title)}</a></li>' for i, table in enumerate(book.tables)
        )
        contents = f'<nav aria-label="Questions"><ol>{links}</ol></nav>'
    return (
        '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>body{{margin:0;padding:1rem;background:#fff}}{_STYLE}</style></head>\n"
        '<body class="tabbook"><a class="skip-link" href="#content">Skip to the tables</a>\n'
        f"<header><h1>{escape(book.title)}</h1>{_mark(book)}{contents}</header>\n"
        f'<main id="content">\n{"".join(_section(book, i, intervals) for i in range(len(book.tables)))}'
        f'<section><h2 id="notes">Notes</h2>{_notes(book)}</section></main>\n</body></html>\n'
    )


def fragment(book: TabBook) -> str:
    """Give the first tables for a notebook."""
    count = min(len(book.tables), SHOWN_IN_NOTEBOOK)
    more = len(book.tables) - count
    left_out = f"<p>{more} more questions: see .html() or .to_xlsx(path).</p>" if more else ""
    return (
        f'<div class="tabbook"><style>{_STYLE}</style>{_mark(book)}'
        f"{''.join(_section(book, i, False) for i in range(count))}{left_out}{_notes(book)}</div>"
    )


def caption_of(book: TabBook, table: Table) -> str:
    """Say in one line what a table holds."""
    what = {
        "single": "Column percentages",
        "multiple": "Percentages of people in each column; several answers possible",
        "number": "Means with intervals",
    }[table.question.kind]
    base = "those who answered" if book.plan.missing == "exclude" else "all who were asked"
    where = "" if book.plan.where is None else f" where '{book.plan.where}'"
    mark = f"{SYNTHETIC}. " if book.synthetic else ""
    return f"{mark}{what}. Base: {base}{where}. {letters_said(book.plan, book.blocks)}".strip()


def unit_of(table: Table) -> str:
    """Name the unit of a table's figures; means and the like say in their line what they are."""
    return "" if table.question.kind == "number" else "Per cent"


def letters_said(plan: Plan, blocks: tuple[Block, ...]) -> str:
    """Say in one line what letters mean."""
    if len(blocks) < 2:
        return ""
    high, low = plan.levels
    weaker = "" if low is None else f", lower case {percent(low)}"
    adjusted = _ADJUSTED[plan.adjust]
    return f"Letters: significantly above those columns, {percent(high)}{weaker}, {adjusted}."


def _mark(book: TabBook) -> str:
    return f'<p class="mark">{SYNTHETIC}: nobody was interviewed.</p>' if book.synthetic else ""


def _notes(book: TabBook) -> str:
    return f'<ul class="notes">{"".join(f"<li>{escape(note)}</li>" for note in book.notes)}</ul>'


def _section(book: TabBook, number: int, intervals: bool) -> str:
    table = book.tables[number]
    name = f"q{number + 1}"
    title = f"{SYNTHETIC}: {table.question.title}" if book.synthetic else table.question.title
    wording = f'<p class="wording">{escape(table.question.text)}</p>' if table.question.text else ""
    said = "".join(f"<li>{escape(note)}</li>" for note in table.question.notes)
    return (
        f'<section><h2 id="{name}">{escape(title)}</h2>{wording}'
        f'<div class="table-scroll" role="region" aria-labelledby="{name}" tabindex="0">'
        f'<table aria-labelledby="{name}"><caption><span>{escape(caption_of(book, table))}</span></caption>'
        f"{_head(book.blocks, unit_of(table))}{_bases(book, table)}{_body(book, table, intervals)}</table></div>"
        f"{f'<ul class=notes>{said}</ul>' if said else ''}</section>\n"
    )


# -------------------------------------------------------------------------------------------------------------- the head
def _head(blocks: tuple[Block, ...], unit: str) -> str:
    """Give the rows of the head: titles of blocks, then a row of labels for every key of the deepest block."""
    depth = max(len(block.keys) for block in blocks)
    rows = ["" for _ in range(depth + 1)]
    rows[0] = f'<td class="stub" rowspan="{depth + 1}">{unit}</td>'
    for block in blocks:
        if not block.keys:
            rows[0] += f'<th scope="col" rowspan="{depth + 1}" class="first">{escape(block.columns[0].label)}</th>'
            continue
        rows[0] += f'<th scope="colgroup" colspan="{block.size}" class="first">{escape(block.title)}</th>'
        for level in range(len(block.keys)):
            rows[level + 1] += _labels(block, level, depth)
    return f"<thead>{''.join(f'<tr>{row}</tr>' for row in rows)}</thead>"


def _labels(block: Block, level: int, depth: int) -> str:
    last = level == len(block.keys) - 1
    out, start = "", 0
    for stop in range(1, block.size + 1):
        column = block.columns[start]
        outer = column.labels[: level + 1]
        if not last and stop < block.size and block.columns[stop].labels[: level + 1] == outer:
            continue
        edge = ' class="first"' if start == 0 or (len(block.keys) > 1 and _opens(block, start)) else ""
        if last:
            span = depth - level
            down = f' rowspan="{span}"' if span > 1 else ""
            letter = f'<span class="letter">{column.letter}</span>'
            out += f'<th scope="col"{down}{edge}>{escape(column.labels[level])}{letter}</th>'
        else:
            out += f'<th scope="colgroup" colspan="{stop - start}"{edge}>{escape(column.labels[level])}</th>'
        start = stop
    return out


def _opens(block: Block, place: int) -> bool:
    """Tell whether a column is the first of its outer group."""
    return place == 0 or block.columns[place].labels[:-1] != block.columns[place - 1].labels[:-1]


def _edges(blocks: tuple[Block, ...]) -> list[str]:
    """Give the class of the cells of every column: a line stands before each block."""
    return [
        ' class="first"' if place == 0 or (len(block.keys) > 1 and _opens(block, place)) else ""
        for block in blocks
        for place in range(block.size)
    ]


# -------------------------------------------------------------------------------------------------------------- the body
def _bases(book: TabBook, table: Table) -> str:
    edges = _edges(book.blocks)
    told = [("Base, interviews", "base"), ("Base, weighted", "weighted"), ("Effective base", "effective")]
    if table.bases("unanswered").any():
        told.append(("No answer, left out", "unanswered"))
    rows = ""
    for label, name in told:
        cells = "".join(
            f"<td{edge}>{decimal(value, 0)}</td>" for edge, value in zip(edges, table.bases(name).tolist(), strict=True)
        )
        rows += f'<tr class="base"><th scope="row" class="stub">{label}</th>{cells}</tr>'
    if len(book.blocks) > 1:
        cells = ""
        for block, part in zip(book.blocks, table.parts, strict=True):
            p = "" if part.overall is None else probability(part.overall.p)
            cells += f'<td class="first" colspan="{block.size}">{escape(p)}</td>'
        rows += f'<tr class="base test"><th scope="row" class="stub">Test of the block</th>{cells}</tr>'
    return f"<tbody>{rows}</tbody>"


def _body(book: TabBook, table: Table, intervals: bool) -> str:
    edges, digits = _edges(book.blocks), table.question.digits
    values = {name: table.joined(name) for name in ("estimate", "ci_low", "ci_high", "flag", "letters")}
    widths = _letter_widths(values["letters"])
    rows = ""
    for i, line in enumerate(table.lines):
        cells = ""
        for k, edge in enumerate(edges):
            flag, found = values["flag"][i, k], values["letters"][i, k]
            text = escape(figure(values["estimate"][i, k], line.kind, flag, digits))
            above = f'<span class="vh"> above </span>{found}' if found else ""
            cells += f'<td{edge}>{text}<span class="sig"{widths[k]}>{above}</span></td>'
        kind = ' class="net"' if line.kind == "net" else ""
        rows += f'<tr{kind}><th scope="row" class="stub">{escape(line.label)}</th>{cells}</tr>'
        if intervals or line.kind not in SHARES:
            spans = "".join(
                f"<td{edge}>{limits(values['ci_low'][i, k], values['ci_high'][i, k], line.kind, values['flag'][i, k], digits)}</td>"
                for k, edge in enumerate(edges)
            )
            rows += (
                f'<tr class="ci"><th scope="row" class="stub">{percent(book.plan.levels[0])} interval</th>{spans}</tr>'
            )
    stars = (values["flag"] == "suppressed").any()
    foot = ""
    if stars:
        told = f"{PLACES['suppressed']} fewer than {book.plan.small[0]} interviews"
        foot = f'<tfoot><tr class="base"><td class="stub" colspan="{len(edges) + 1}">{told}</td></tr></tfoot>'
    return f"<tbody>{rows}</tbody>{foot}"


def _letter_widths(letters: Any) -> list[str]:
    """Give the letters of every column the room of its longest, so that the numbers before them stand in line."""
    longest = [max(len(text) for text in column) for column in letters.T]
    return [f' style="min-width:{0.8 * size:.1f}em"' if size > 2 else "" for size in longest]
