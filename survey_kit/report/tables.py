"""Tables of rows: every wave of an indicator, its domains in the latest wave, those who did not answer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

from survey_kit.report import display
from survey_kit.report.book import Published
from survey_kit.report.display import missing
from survey_kit.report.elements import Table, in_print
from survey_kit.report.info import IndicatorInfo, StudyInfo
from survey_kit.report.rows import Row, explained, latest, markers, place_holder, shown
from survey_kit.report.sentences import change_cell

MOST_PRINTED: Final = 9
LEFT: Final = frozenset({"label", "result", "text"})
_STYLE: Final = re.compile(r"<style>.*?</style>\s*", re.DOTALL)
_VERBOSE: Final = re.compile(
    r' (?:headers="[^"]*"|id="[^"]*-stub-\d+"|rowspan="1"|colspan="1")|(?<=")gt_row |^ +', re.MULTILINE
)
_BLANK: Final = re.compile(r"\n\s*\n+")
_LOOK: Final = (
    "<style>#{id} table{{border-collapse:collapse;font-variant-numeric:tabular-nums;border-top:2px solid #1d1d1d;"
    "border-bottom:2px solid #1d1d1d}}#{id} th,#{id} td{{padding:.3rem .55rem;border-top:1px solid #d9d9d9;"
    "vertical-align:top;font-weight:400;overflow-wrap:normal}}#{id} .gt_right{{text-align:right}}#{id} .gt_left{{text-align:left}}"
    "#{id} td.gt_right{{white-space:nowrap}}#{id} td.gt_left{{min-width:7rem}}#{id} .gt_stub{{min-width:5rem}}"
    "#{id} thead th,#{id} .gt_group_heading{{font-weight:600;text-align:left;vertical-align:bottom}}"
    "#{id} thead th.gt_right{{text-align:right}}#{id} .gt_heading{{background:#b10e1e;color:#fff;font-weight:600}}</style>"
)


def table(
    name: str,
    title: str,
    columns: Mapping[str, str],
    records: Sequence[Mapping[str, str]],
    *,
    info: StudyInfo | None = None,
    left: Sequence[str] = (),
    group: str | None = None,
    subtitle: str = "",
    notes: Sequence[str] = (),
) -> Table:
    """Make a table with great_tables: the first column names the rows, `group` parts them.

    Parameters
    ----------
    name
        The id of the table, unique on a page; the same table has the same id in every build.
    columns
        Key and heading of each column, in order.
    records
        The cells, already written as texts.
    info
        The study the cells come from; its mark, if it has one, heads the table. None for figures of no study.
    left
        Columns of words, aligned to the left like the first.
    """
    import pandas as pd
    from great_tables import GT

    keys = list(columns)
    wanted = [*([group] if group else []), *keys]
    frame = pd.DataFrame([{key: record.get(key, "") for key in wanted} for record in records], columns=wanted)
    words = [key for key in keys[1:] if key in left or key in LEFT]
    made = GT(frame, rowname_col=keys[0], groupname_col=group, id=f"table-{name}")
    made = made.tab_stubhead(label=columns[keys[0]]).cols_label({key: columns[key] for key in keys[1:]})
    made = made.cols_align("right", columns=[key for key in keys[1:] if key not in words])
    made = made.cols_align("left", columns=words) if words else made
    if info is not None and info.synthetic:
        made = made.tab_header(title=f"{info.mark} DATA: a rehearsal, no real answers")
        title = f"{info.mark}: {title}"
    html = _VERBOSE.sub("", _STYLE.sub("", made.as_raw_html()))
    html = re.sub(r' aria-labelledby="[^"]*"', "", html)
    html = html.replace('<table class="gt_table"', f'<table class="gt_table" aria-label="{escape(title)}"', 1)
    html = _BLANK.sub("\n", html.replace("padding-top:10px;padding-bottom:10px;", "")).strip()
    html = html.replace("\n\n", "\n")
    look = _LOOK.format(id=f"table-{name}")
    return Table(id=name, title=title, subtitle=subtitle, rows=look + "\n" + html, notes=tuple(notes))


def by_wave(book: Published, indicator: str) -> Table:
    """Give every wave of an indicator: figure, interval, change since the wave before, bases, markers.

    In print a long series is cut to its first and its latest waves; all stand on the web page and in the data.
    """
    about = book.info.indicator(indicator)
    rows, cut = _printed(book.records(indicator))
    columns = {"label": "Rehearsal" if book.info.synthetic else "Wave", **_columns(rows, about)}
    records = [{"label": book.info.wave_label(row["wave"]), **_cells(row)} for row in rows]
    name = f"{book.info.file_stem}-{indicator}-waves"
    return table(name, f"{about.title}, wave by wave.", columns, records, info=book.info, notes=(*cut, *_notes(rows)))


def by_domain(book: Published, indicator: str) -> Table | None:
    """Give every domain of an indicator in the latest wave it was asked in; None without domains.

    In print domains of many levels are left to the web page and the data.
    """
    about = book.info.indicator(indicator)
    newest = latest(book.records(indicator))
    rows = book.records(indicator, wave=newest["wave"], domain=None) if newest is not None else []
    sizes = Counter(row["domain"] for row in rows)
    long = [name for name, size in sizes.items() if size > MOST_PRINTED] if in_print() else []
    rows = [row for row in rows if row["domain"] not in long]
    if newest is None or not rows:
        return None
    columns = {"label": "Group", **_columns(rows, about)}
    order = {name: i for i, name in enumerate(dict.fromkeys(row["domain"] for row in rows))}
    rows = sorted(rows, key=lambda row: order[row["domain"]])
    everybody = {"label": "Everybody", "group": "All", **_cells(newest)}
    records = [
        {"label": row["level_label"] or row["level"], "group": book.info.domain_label(row["domain"]), **_cells(row)}
        for row in rows
    ]
    where = book.info.wave_label(newest["wave"])
    name = f"{book.info.file_stem}-{indicator}-domains"
    left_out = display.listed([book.info.domain_label(one).lower() for one in long])
    cut = (f"By {left_out}: on the web page and in the data.",) if long else ()
    return table(
        name,
        f"{about.title} by group, {where}.",
        columns,
        [everybody, *records],
        info=book.info,
        group="group",
        notes=(*cut, *_notes([newest, *rows])),
    )


def nonresponse(book: Published, indicator: str) -> Table:
    """Give, wave by wave, who did not answer and why, and the figure had they all stood at one extreme."""
    about = book.info.indicator(indicator)
    rows, cut = _printed([row for row in book.records(indicator) if row["status"] != "not_asked"])
    columns = {
        "label": "Rehearsal" if book.info.synthetic else "Wave",
        "figure": "Figure",
        "bounds": "At both extremes",
        "dont_know": "Did not know, %",
        "refused": "Refused, %",
        "no_answer": "No answer, %",
        "other": "Other or unknown, %",
        "asked": "People asked",
    }
    records = [
        {
            "label": book.info.wave_label(row["wave"]),
            "figure": display.plain(row["estimate"], row["unit"]) if shown(row) else place_holder(row),
            "bounds": _interval(row, "bound_low", "bound_high") if shown(row) else "",
            "dont_know": display.share(row["dont_know"]),
            "refused": display.share(row["refused"]),
            "no_answer": display.share(row["no_answer"]),
            "other": display.share(row["other_missing"]),
            "asked": "" if missing(row["asked_n"]) else display.count(row["asked_n"]),
        }
        for row in rows
    ]
    never = {"dont_know": "dont_know", "refused": "refused", "no_answer": "no_answer", "other": "other_missing"}
    columns = {key: head for key, head in columns.items() if key not in never or any(row[never[key]] for row in rows)}
    name = f"{book.info.file_stem}-{indicator}-nonresponse"
    notes = (
        (
            "Weighted shares of those asked. At both extremes: the figure if all who did not answer stood at its low, or at "
            "its high end."
        ),
    )
    title = f"{about.title}: those who did not answer."
    return table(name, title, columns, records, info=book.info, notes=(*cut, *notes, *explained(rows)))


def _printed(rows: list[Row]) -> tuple[list[Row], tuple[str, ...]]:
    """Cut a long series for print to its first and its latest waves, and say so."""
    if not in_print() or len(rows) <= MOST_PRINTED:
        return rows, ()
    note = (
        f"The first and the latest {MOST_PRINTED - 1} of {len(rows)} waves; all stand on the web page and in the data."
    )
    return [rows[0], *rows[1 - MOST_PRINTED :]], (note,)


def _columns(rows: Sequence[Row], about: IndicatorInfo) -> dict[str, str]:
    confidence = next((row["confidence"] for row in rows if not missing(row["confidence"])), 0.95)
    heads = {"share": "Per cent", "ratio": "Per cent", "points": "Score", "net": "Net score"}
    return {
        "figure": heads[about.unit],
        "interval": f"{display.percent_level(confidence)} interval",
        "result": "Since the wave before",
        "change": "Change",
        "change_interval": "Interval of the change",
        "n": "n",
        "effective": "Effective n",
        "df": "df",
        "marks": "Marks",
    }


def _cells(row: Row) -> dict[str, str]:
    visible = shown(row)
    change, interval, result = change_cell(row, "previous")
    return {
        "figure": display.plain(row["estimate"], row["unit"]) if visible else place_holder(row),
        "interval": _interval(row, "ci_low", "ci_high") if visible else "",
        "change": change,
        "change_interval": interval,
        "result": result,
        "n": "" if missing(row["n"]) or row["status"] == "not_asked" else display.count(row["n"]),
        "effective": display.count(row["n_effective"]) if visible and not missing(row["n_effective"]) else "",
        "df": "" if missing(row["df"]) else display.count(row["df"]),
        "marks": markers(row),
    }


def _interval(row: Row, low: str, high: str) -> str:
    return "" if missing(row[low]) else display.interval(row[low], row[high], row["unit"])


def _notes(rows: Sequence[Row]) -> tuple[str, ...]:
    """Explain the markers and how the changes of these rows were judged."""
    judged = [row for row in rows if not missing(row["previous_fcr_level"])]
    told = list(explained(rows))
    if judged:
        sizes = sorted({int(row["previous_family_size"]) for row in judged if not missing(row["previous_family_size"])})
        levels = sorted({display.percent_level(row["previous_fcr_level"]) for row in judged})
        span = (
            f"in families of {sizes[0]}"
            if len(sizes) == 1
            else f"in families of {sizes[0]} to {sizes[-1]}"
            if sizes
            else ""
        )
        level = levels[0] if len(levels) == 1 else f"{levels[0]} to {levels[-1]}"
        told.append(
            f"Changes are judged {span} (Benjamini-Hochberg, false discovery rate 5{display.FIXED}%); the interval of a "
            f"change has the matching level, {level}, so it leaves out 0 exactly when the result says rose or fell."
        )
    return tuple(told)
