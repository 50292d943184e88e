"""The two-page brief for the authorized body: key indicators, what changed, what cannot be concluded, lines to sign.

The brief is one Markdown text made from rows; `brief_files` sets it as PDF and as a Word file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final

from survey_kit.language import Words, words
from survey_kit.report import policy_info
from survey_kit.report.book import Published
from survey_kit.report.display import missing
from survey_kit.report.elements import markdown_text
from survey_kit.report.info import StudyInfo
from survey_kit.report.rows import Row, explained, latest, markers, place_holder, shown, withheld
from survey_kit.report.sentences import change_cell, marked, tally

MOST_NAMED: Final = 6
_LEVELS: Final = ("goal", "target", "context")
_COLUMNS: Final = (37, 19, 7, 19, 18)  # widths of the table of indicators, in hundredths
_SIGNED: Final = (28, 32, 22, 18)
_ROOM: Final = "`#box(height: 9mm)`{=typst}"  # room to sign; a Word file gets it when it is dressed
SIGNED: Final = ("prepared", "checked", "approved")


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """A brief as Markdown: the first page, the second, and what stands at the head and foot of both.

    Attributes
    ----------
    title, language, mark
        The title, the language, and the words at the head of each page; empty for final figures of real data.
    front, back
        The two pages, in pandoc's Markdown.
    shown, left
        How many indicators the first page shows, and how many stand in the report only.
    """

    title: str
    language: str
    mark: str
    front: str = field(repr=False)
    back: str = field(repr=False)
    shown: int
    left: int

    @property
    def say(self) -> Words:
        """Give the phrases of the brief."""
        return words("brief", self.language)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.front)}\n\n{escape(self.back)}</pre>"


def brief(book: Published, *, most: int | None = None) -> Brief:
    """Make the brief of a built study.

    Parameters
    ----------
    book
        The built study; its language is that of the brief.
    most
        How many indicators the first page may show; those of the goal come first, then the target indicators, where a study has a
        registry, else in the order of the study.

    Examples
    --------
    >>> from survey_kit.report import published
    >>> brief(published("build/kazakhstan")).title  # doctest: +SKIP
    'Brief for the authorized body'
    """
    info, say = book.info, words("brief", book.info.language)
    rows = _ordered(book)
    chosen = rows if most is None else rows[:most]
    mark = " · ".join(part for part in (info.mark, say("provisional") if info.provisional else "") if part)
    return Brief(
        title=say("title"),
        language=info.language,
        mark=mark,
        front=_front(info, say, rows, chosen),
        back=_back(info, say, rows),
        shown=len(chosen),
        left=len(rows) - len(chosen),
    )


def _ordered(book: Published) -> list[Row]:
    """Give the latest row of each indicator: those of the goal first, then the target indicators, then the others."""
    policy = policy_info.read(book)
    known = policy.registry if policy else {}
    found = [(one.id, latest(book.records(one.id))) for one in book.info.indicators]
    ranked = sorted(found, key=lambda pair: _LEVELS.index(known[pair[0]].level) if pair[0] in known else len(_LEVELS))
    return [row for _, row in ranked if row is not None]


# ------------------------------------------------------------------------------------------------------- first page
def _front(info: StudyInfo, say: Words, rows: Sequence[Row], chosen: Sequence[Row]) -> str:
    wave = max(info.waves, key=lambda one: one.order)
    interviews = next((one.interviews for one in info.sample if one.wave == wave.id), None)
    level = next((row["confidence"] for row in rows if not missing(row["confidence"])), 0.95)
    about = say(
        "about",
        wave=info.wave_label(wave.id),
        n=info.show.count(interviews) if interviews is not None else "–",
        level=info.show.percent_level(level),
    )
    heads = [say(name) for name in ("indicator", "figure", "n", "change", "result")]
    table = _table(_COLUMNS, heads, [_cells(info, say, row, wave.id) for row in chosen], right=(2,))
    notes = [say("units"), *explained(chosen, info.say)]
    if len(chosen) < len(rows):
        notes.append(say("more", count=len(rows) - len(chosen)))
    if info.language != "en":
        notes.append(say("draft"))
    parts = [
        f"# {markdown_text(say('title'))}",
        f"**{markdown_text(info.title)}**",
        markdown_text(marked(info, about)),
        f"## {markdown_text(say('key'))}",
        table,
        markdown_text(" ".join(notes)),
    ]
    return "\n\n".join(parts)


def _cells(info: StudyInfo, say: Words, row: Row, newest: str) -> list[str]:
    title = info.indicator(row["indicator"]).title
    if row["wave"] != newest:
        title = say("of_wave", title=title, wave=info.wave_label(row["wave"]))
    figure = place_holder(row)
    if shown(row):
        figure = info.show.level(row["estimate"], row["unit"])
        if not missing(row["ci_low"]):
            figure += f" ({info.show.interval(row['ci_low'], row['ci_high'], row['unit'])})"
        figure = " ".join(part for part in (figure, markers(row)) if part)
    change, bounds, result = change_cell(info, row, "previous")
    return [
        title,
        figure,
        "" if missing(row["n"]) or withheld(row) else info.show.count(row["n"]),
        f"{change} ({bounds})" if bounds else change,
        result,
    ]


# ------------------------------------------------------------------------------------------------------ second page
def _back(info: StudyInfo, say: Words, rows: Sequence[Row]) -> str:
    moved = [line for wording in ("rose", "fell") for line in _moved(info, say, rows, wording)]
    if not moved:
        moved = [markdown_text(say("changed_none"))]
    heads = [say(name) for name in ("role", "person", "signature", "date")]
    steps = [[say(name), "", "", ""] for name in SIGNED]
    parts = [
        f"## {markdown_text(say('changed'))}",
        markdown_text(tally(info, rows)),
        *moved,
        f"## {markdown_text(say('unsaid'))}",
        "\n".join(f"- {markdown_text(one)}" for one in _unsaid(info, say, rows)),
        f"## {markdown_text(say('sign'))}",
        _table(_SIGNED, heads, steps).replace("|   |", f"| {_ROOM} |"),
        markdown_text(marked(info, say("source"))),
    ]
    return "\n\n".join(part for part in parts if part)


def _moved(info: StudyInfo, say: Words, rows: Sequence[Row], wording: str) -> list[str]:
    """Name the indicators that rose, or fell, wave by wave of comparison: the largest changes of a unit first."""
    out = []
    found = [row for row in rows if row["previous_wording"] == wording and not missing(row["previous_change"])]
    for since in dict.fromkeys(row["previous_wave"] for row in found):
        here = [row for row in found if row["previous_wave"] == since]
        here.sort(key=lambda row: -abs(float(row["previous_change"])) * (1 if row["unit"] == "points" else 100))
        points = []
        for row in here[:MOST_NAMED]:
            change, bounds, _ = change_cell(info, row, "previous")
            points.append(f"- {markdown_text(f'{_title(info, row)}: {change} ({bounds})')}")
        if len(here) > MOST_NAMED:
            points.append(f"- {markdown_text(say('others', count=len(here) - MOST_NAMED))}")
        out += [f"**{markdown_text(say(wording, since=info.wave_label(since)))}**", "\n".join(points)]
    return out


def _unsaid(info: StudyInfo, say: Words, rows: Sequence[Row]) -> list[str]:
    """List what the figures do not allow to conclude: what holds for every survey, and what follows from these rows."""
    newest = max(info.waves, key=lambda one: one.order).id
    same = [row for row in rows if row["previous_wording"] == "no_significant_change"]
    found = [
        float(row["previous_detectable"]) * (1 if row["unit"] == "points" else 100)
        for row in same
        if not missing(row["previous_detectable"])
    ]
    out = [say("synthetic")] if info.synthetic else []
    out += [say("cause"), say("said")]
    if found:
        low, high = (info.show.decimal(value) for value in (min(found), max(found)))
        out.append(say("same", count=len(same), low=low, high=high))
    for key, kept in (
        ("not_compared", [row for row in rows if row["previous_wording"] == "cannot_be_compared"]),
        ("withheld", [row for row in rows if withheld(row)]),
        ("not_asked", [row for row in rows if row["wave"] != newest]),
    ):
        if kept:
            names = [f"“{_title(info, row)}”" if info.language == "en" else f"«{_title(info, row)}»" for row in kept]
            told = [
                *names[:MOST_NAMED],
                *([say("others", count=len(names) - MOST_NAMED)] if names[MOST_NAMED:] else []),
            ]
            out.append(say(key, names="; ".join(told), wave=info.wave_label(newest)))
    silent = [row for row in rows if shown(row) and not missing(row["nonresponse"]) and not missing(row["bound_low"])]
    if silent:
        most = max(silent, key=lambda row: float(row["nonresponse"]))
        share = info.show.level(most["nonresponse"], "share")
        bounds = info.show.interval(most["bound_low"], most["bound_high"], most["unit"])
        out.append(say("silent", share=share, title=_title(info, most), bounds=bounds))
    return [*out, say("ranks")]


def _title(info: StudyInfo, row: Row) -> str:
    return info.indicator(row["indicator"]).title


def _table(
    widths: Sequence[int], heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()
) -> str:
    """Write a pipe table; the dashes give the widths of its columns, since its lines are longer than pandoc's."""
    dashes = ["-" * 3 * width + ":" if i in right else ":" + "-" * 3 * width for i, width in enumerate(widths)]
    lines = [heads, *rows]
    cells = ["| " + " | ".join(markdown_text(cell) if cell else " " for cell in line) + " |" for line in lines]
    return "\n".join([cells[0], "|" + "|".join(dashes) + "|", *cells[1:]])
