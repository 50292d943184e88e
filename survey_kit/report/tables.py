"""Tables of rows: every wave of an indicator, its domains in the latest wave, those who did not answer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

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
        made = made.tab_header(title=info.say("strip"))
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
    rows, cut = _printed(book.info, book.records(indicator))
    info, say = book.info, book.info.say
    columns = {"label": wave_head(info), **_columns(info, rows, about)}
    records = [{"label": info.wave_label(row["wave"]), **_cells(info, row)} for row in rows]
    name = f"{info.file_stem}-{indicator}-waves"
    title = say("table_waves", title=about.title)
    return table(name, title, columns, records, info=info, notes=(*cut, *_notes(info, rows)))


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
    info, say = book.info, book.info.say
    columns = {"label": say("head_group"), **_columns(info, rows, about)}
    order = {name: i for i, name in enumerate(dict.fromkeys(row["domain"] for row in rows))}
    rows = sorted(rows, key=lambda row: order[row["domain"]])
    everybody = {"label": say("everybody"), "group": say("all"), **_cells(info, newest)}
    records = [
        {"label": info.level_label(row), "group": info.domain_label(row["domain"]), **_cells(info, row)} for row in rows
    ]
    name = f"{info.file_stem}-{indicator}-domains"
    left_out = info.show.listed([info.domain_label(one).lower() for one in long])
    cut = (say("left_to_web", groups=left_out),) if long else ()
    return table(
        name,
        say("table_groups", title=about.title, wave=info.wave_label(newest["wave"])),
        columns,
        [everybody, *records],
        info=info,
        group="group",
        notes=(*cut, *_notes(info, [newest, *rows])),
    )


def nonresponse(book: Published, indicator: str) -> Table:
    """Give, wave by wave, who did not answer and why, and the figure had they all stood at one extreme."""
    about = book.info.indicator(indicator)
    info, say, show = book.info, book.info.say, book.info.show
    rows, cut = _printed(info, [row for row in book.records(indicator) if row["status"] != "not_asked"])
    heads = ("figure", "bounds", "dont_know", "refused", "no_answer", "other", "asked")
    columns = {"label": wave_head(info), **{key: say(f"head_{key}") for key in heads}}
    records = [
        {
            "label": info.wave_label(row["wave"]),
            "figure": show.plain(row["estimate"], row["unit"]) if shown(row) else place_holder(row),
            "bounds": _interval(info, row, "bound_low", "bound_high") if shown(row) else "",
            "dont_know": show.share(row["dont_know"]),
            "refused": show.share(row["refused"]),
            "no_answer": show.share(row["no_answer"]),
            "other": show.share(row["other_missing"]),
            "asked": "" if missing(row["asked_n"]) else show.count(row["asked_n"]),
        }
        for row in rows
    ]
    never = {"dont_know": "dont_know", "refused": "refused", "no_answer": "no_answer", "other": "other_missing"}
    columns = {key: head for key, head in columns.items() if key not in never or any(row[never[key]] for row in rows)}
    name = f"{info.file_stem}-{indicator}-nonresponse"
    title = say("table_nonresponse", title=about.title)
    notes = (*cut, say("note_nonresponse"), *explained(rows, say))
    return table(name, title, columns, records, info=info, notes=notes)


def wave_head(info: StudyInfo) -> str:
    """Name the column of waves."""
    return info.say("head_rehearsal" if info.synthetic else "head_wave")


def _printed(info: StudyInfo, rows: list[Row]) -> tuple[list[Row], tuple[str, ...]]:
    """Cut a long series for print to its first and its latest waves, and say so."""
    if not in_print() or len(rows) <= MOST_PRINTED:
        return rows, ()
    note = info.say("note_printed", latest=MOST_PRINTED - 1, of=len(rows))
    return [rows[0], *rows[1 - MOST_PRINTED :]], (note,)


def _columns(info: StudyInfo, rows: Sequence[Row], about: IndicatorInfo) -> dict[str, str]:
    confidence = next((row["confidence"] for row in rows if not missing(row["confidence"])), 0.95)
    say = info.say
    return {
        "figure": say(f"head_{'share' if about.unit == 'ratio' else about.unit}"),
        "interval": say("head_interval", level=info.show.percent_level(confidence)),
        **{key: say(f"head_{key}") for key in ("result", "change", "change_interval", "n", "effective", "df", "marks")},
    }


def _cells(info: StudyInfo, row: Row) -> dict[str, str]:
    visible, show = shown(row), info.show
    change, interval, result = change_cell(info, row, "previous")
    return {
        "figure": show.plain(row["estimate"], row["unit"]) if visible else place_holder(row),
        "interval": _interval(info, row, "ci_low", "ci_high") if visible else "",
        "change": change,
        "change_interval": interval,
        "result": result,
        "n": "" if missing(row["n"]) or row["status"] == "not_asked" else show.count(row["n"]),
        "effective": show.count(row["n_effective"]) if visible and not missing(row["n_effective"]) else "",
        "df": "" if missing(row["df"]) else show.count(row["df"]),
        "marks": markers(row),
    }


def _interval(info: StudyInfo, row: Row, low: str, high: str) -> str:
    return "" if missing(row[low]) else info.show.interval(row[low], row[high], row["unit"])


def _notes(info: StudyInfo, rows: Sequence[Row]) -> tuple[str, ...]:
    """Explain the markers and how the changes of these rows were judged."""
    judged = [row for row in rows if not missing(row["previous_fcr_level"])]
    told, say, show = list(explained(rows, info.say)), info.say, info.show
    if not judged:
        return tuple(told)
    sizes = sorted({int(row["previous_family_size"]) for row in judged if not missing(row["previous_family_size"])})
    levels = sorted({show.percent_level(row["previous_fcr_level"]) for row in judged})
    level = levels[0] if len(levels) == 1 else show.span(levels[0], levels[-1])
    size = "" if not sizes else str(sizes[0]) if len(sizes) == 1 else show.span(str(sizes[0]), str(sizes[-1]))
    key = "note_judged" if size else "note_judged_alone"
    told.append(say(key, size=size, rate=show.percent("5"), level=level))
    return tuple(told)
