"""One page for the field manager: whole in one file, without a script, read offline. For the field team only."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit.fieldwork.interviewer_pages import InterviewerPages, second_look
from survey_kit.fieldwork.progress_chart import lines, shade
from survey_kit.fieldwork.progress_report import MAIN, FieldReport
from survey_kit.language import Words, said, words
from survey_kit.types import DataStatus

if TYPE_CHECKING:
    import pandas as pd

STYLE = """
:root{color-scheme:light}body{font:16px/1.45 system-ui,sans-serif;color:#1d1d1d;background:#fff;margin:0 auto;max-width:1080px;padding:1rem}
h1{font-size:1.6rem;margin:.4rem 0}h2{font-size:1.2rem;margin:2rem 0 .5rem}.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;background:#fff}
.mark{border-left:6px solid #801650;background:#f6eef2;padding:.5rem .8rem;margin:.5rem 0;font-weight:600}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:.8rem;padding:0;list-style:none}
.cards li{border:1px solid #d9d9d9;padding:.6rem .8rem}.cards b{display:block;font-size:1.7rem}.cards small{color:#595959}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:.92rem;font-variant-numeric:tabular-nums}caption{text-align:left;color:#595959}
th,td{padding:.25rem .6rem;border-bottom:1px solid #d9d9d9;text-align:right;white-space:nowrap}th:first-child,th.word,td.word{text-align:left}thead th{border-bottom:2px solid #595959;white-space:normal;vertical-align:bottom}td.word{white-space:normal}.look th,.look td{text-align:left;vertical-align:top}a{color:#12436d}
svg{width:100%;height:auto}svg text{font-size:12px;fill:#595959;paint-order:stroke;stroke:#fff;stroke-width:4px}.end{text-anchor:end}.mid{text-anchor:middle}
svg .grid{stroke:#d9d9d9}svg .level{stroke:#595959;stroke-dasharray:4 3}svg polyline{fill:none;stroke-width:2.5}
.key{list-style:none;padding:0;display:flex;gap:1.2rem;flex-wrap:wrap}.key svg{width:30px;height:8px;display:inline-block}.key line{stroke-width:2.5}
@media(max-width:600px){svg text{font-size:21px}}
@media print{body{max-width:none}.wide{overflow:visible}}
"""
INTERVIEWER = {
    "days": "d", "attempts": "d", "contacts": "d", "completes": "d", "refusals": "d", "contact_rate": "%", "cooperation": "%",
    "attempts_per_complete": "f", "completes_per_day": "f", "minutes": "f", "minutes_per_complete": "f",
}  # fmt: skip
SHOWN_DAYS = 14  # the others fold away
UNIT = ("cases", "untried", "open", "completes", "refusals", "not_eligible", "attempts", "interviewers")


def field_page(
    report: FieldReport,
    study: str,
    *,
    data_status: DataStatus,
    language: str = "en",
    pages: InterviewerPages | None = None,
) -> str:
    """Write the page of the field manager.

    Parameters
    ----------
    report
        What :func:`field_report` has put together.
    study
        The study in words.
    data_status
        Whether the field is real or simulated; a simulated one says so on top.
    language
        Of the page: ``kk``, ``ru`` or ``en``.
    pages
        The pages of screens, in a folder beside this page.

    Examples
    --------
    >>> import pandas as pd
    >>> from survey_kit.fieldwork import field_report, read_contacts
    >>> log = pd.DataFrame({"case": [1, 2], "psu": 9, "interviewer": "a", "attempt": 1, "start": "2026-03-01T10:00", "code": ["1.1", "2.11"]})
    >>> page = field_page(field_report(read_contacts(log)), "Trust 2026", data_status="synthetic", language="ru")
    >>> "Только для полевой группы" in page, "<script" in page
    (True, False)
    """
    say = words("progress", language)
    title = say("title", study=study)
    mark = f"<p class='mark'>{escape(say('synthetic'))}</p>" if data_status == "synthetic" else ""
    head = f"{say('synthetic').partition(':')[0]}: {title}" if data_status == "synthetic" else title
    draft = f"<footer><p><small>{escape(say('draft'))}</small></p></footer>" if say.language != "en" else ""
    parts = [
        _cards(report, say),
        *([second_look(pages, language)] if pages is not None else []),
        _days(report, say),
        _outcomes(report, say),
        *(_domain(name, table, say) for name, table in report.domains.items()),
        _balance(report, say),
        _interviewers(report, say),
        _attempts(report, say),
        _hours(report, say),
        _units(report, say),
        _notes(report, say),
    ]
    return (
        f"<!doctype html><html lang='{say.language}'><head><meta charset='utf-8'><title>{escape(head)}</title>"
        "<meta name='viewport' content='width=device-width,initial-scale=1'><meta name='robots' content='noindex'>"
        "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none';style-src 'unsafe-inline'\">"
        f"<style>{STYLE}</style></head><body><a class='skip' href='#main'>{escape(say('skip'))}</a>"
        f"<header><h1>{escape(title)}</h1>{mark}<p class='mark'>{escape(say('private'))}</p>"
        f"<p>{escape(say('until', day=report.progress.until))}</p></header><main id='main'>{''.join(parts)}</main>{draft}</body></html>\n"
    )


# ------------------------------------------------------------------------------------------------------------- parts
def _cards(report: FieldReport, say: Words) -> str:
    progress = report.progress
    wanted = say("target", target=f"{progress.target:,}") if progress.target is not None else ""
    cards = [
        (say("completes"), f"{progress.completes:,}", wanted),
        (say("issued"), f"{len(report.log.cases):,}", ""),
        (say("open"), f"{len(progress.open_cases):,}", ""),
    ]
    if report.outcome.rates:
        both = [(say("unweighted"), report.outcome), *([(say("weighted"), report.weighted)] if report.weighted else [])]
        told = "; ".join(f"{name} {_percent(one.rates['RR3'])} %" for name, one in both[1:])
        cards.append((say("response"), f"{_percent(report.outcome.rates['RR3'])} %", told))
    if report.balance is not None:
        cards.append(
            (say("balance"), f"{report.balance.r:.3f} ± {1.96 * report.balance.r_se:.3f}", say("balance_note"))
        )
    items = [
        f"<li>{escape(name)}<b>{escape(value)}</b><small>{escape(more)}</small></li>" for name, value, more in cards
    ]
    return f"<ul class='cards'>{''.join(items)}</ul>"


def _days(report: FieldReport, say: Words) -> str:
    table, target = report.progress.by_day, report.progress.target
    days = table["day"].dt.strftime("%m-%d").tolist()
    level = None if target is None else (float(target), say("target", target=f"{target:,}"))
    chart = lines(
        days, {say("all_completes"): table["all_completes"].to_numpy(dtype=float)}, say("all_completes"), level=level
    )
    names = ("attempts", "contacts", "completes", "refusals", "interviewers", "all_completes", "open")
    rows = [[f"{row['day']:%Y-%m-%d}", *(f"{row[name]:,}" for name in names)] for row in table.to_dict("records")]
    head = [say("day"), *(say(name) for name in names)]
    shown = _table(head, rows[-SHOWN_DAYS:])
    if len(rows) > SHOWN_DAYS:
        shown += f"<details><summary>{escape(say('all_days'))}</summary>{_table(head, rows)}</details>"
    return _part(say("by_day"), chart + shown)


def _outcomes(report: FieldReport, say: Words) -> str:
    table = report.tables()["outcomes"]
    rows = [
        [row["group"], say(str(row["group"])), f"{row['cases']:,}", f"{_percent(row['share'])} %"]
        for row in table.to_dict("records")
    ]
    text = _table([say("group"), say("meaning"), say("cases"), say("share")], rows, worded=(1,))
    if report.outcome.rates:
        rates = report.rates()
        names = [name for name in rates.columns if name != "rate"]
        rows = [[row["rate"], *(f"{_percent(row[name])} %" for name in names)] for row in rates.to_dict("records")]
        text += f"<h3>{escape(say('rates'))}</h3>"
        text += f"<p>{escape(say('eligible', e=f'{report.outcome.e:.3f}', method=say(f'e_{report.e}')))}</p>"
        text += _table([say("rate"), *(say(name) for name in names)], rows)
    return _part(say("outcomes"), text)


def _domain(name: str, table: pd.DataFrame, say: Words) -> str:
    keys = name.split(" x ")
    rates = [one for one in MAIN if one in table]
    rows = [
        [
            " x ".join(str(row[key]) for key in keys),
            f"{row['cases']:,.0f}",
            f"{row['I']:,.0f}",
            *(f"{_percent(row[one])} %" for one in rates),
        ]
        for row in table.to_dict("records")
    ]
    return _part(say("by_domain", domain=name), _table([name, say("cases"), say("completes"), *rates], rows))


def _balance(report: FieldReport, say: Words) -> str:
    if report.track is None:
        return ""
    track = report.track
    days = track["day"].dt.strftime("%m-%d").tolist()
    series = {"R": track["r"].to_numpy(dtype=float), "BI": track["balance"].to_numpy(dtype=float)}
    series[say("responded")] = track["response"].to_numpy(dtype=float)
    text = lines(days, series, say("balance_track"), top=1.0)
    if report.balance is not None:
        ordered = report.balance.categories.sort_values("unconditional", kind="stable")
        rows = [
            [row["variable"], row["category"], f"{_percent(row['share'])} %", f"{_percent(row['response'])} %",
             f"{row['unconditional']:+.3f}", f"{row['unconditional_se']:.3f}"]
            for row in ordered.to_dict("records")
        ]  # fmt: skip
        names = ("variable", "category", "share", "responded", "too_few", "se")
        text += _table([say(one) for one in names], rows, worded=(1,))
    return _part(say("balance_track"), text)


def _interviewers(report: FieldReport, say: Words) -> str:
    rows = [
        [row["interviewer"], *(_figure(row[name], kind) for name, kind in INTERVIEWER.items())]
        for row in report.progress.by_interviewer.to_dict("records")
    ]
    return _part(say("by_interviewer"), _table([say("interviewer"), *(say(name) for name in INTERVIEWER)], rows))


def _attempts(report: FieldReport, say: Words) -> str:
    rows = [
        [str(row["attempt"]), f"{row['cases']:,}", f"{_percent(row['contact_rate'])}", f"{row['completes']:,}",
         f"{_percent(row['complete_rate'])}", f"{_percent(row['share'])}"]
        for row in report.progress.by_attempt.to_dict("records")
    ]  # fmt: skip
    names = ("attempt", "cases", "contact_rate", "completes", "complete_rate", "share_of_completes")
    return _part(say("by_attempt"), _table([say(name) for name in names], rows))


def _hours(report: FieldReport, say: Words) -> str:
    table = report.progress.by_hour
    hours = list(dict.fromkeys(table["hours"].tolist()))
    body = []
    for day in dict.fromkeys(table["weekday"].tolist()):
        cells = []
        for row in table[table["weekday"] == day].to_dict("records"):
            share = row["contact_rate"]
            text = f"{_percent(share)} ({row['attempts']:,})" if row["attempts"] else ""
            cells.append(f"<td style='background:{shade(share if row['attempts'] else 0.0)}'>{text}</td>")
        body.append(f"<tr><th scope='row'>{escape(say(str(day)))}</th>{''.join(cells)}</tr>")
    head = "".join(f"<th scope='col'>{escape(name)}</th>" for name in [say("weekday"), *hours])
    text = f"<div class='wide' tabindex='0'><table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    return _part(say("by_hour"), text)


def _units(report: FieldReport, say: Words) -> str:
    import pandas as pd

    rows = [
        [
            str(row["psu"]),
            *(f"{row[name]:,}" for name in UNIT),
            "" if pd.isna(row["last"]) else f"{row['last']:%Y-%m-%d}",
        ]
        for row in report.progress.by_unit.sort_values("open", ascending=False, kind="stable").to_dict("records")
    ]
    names = ["psu", *UNIT, "last"]
    return _part(say("by_unit"), _table([say(name) for name in names], rows))


def _notes(report: FieldReport, say: Words) -> str:
    notes = [*report.notes, *(report.balance.notes if report.balance is not None else ())]
    if not notes:
        return ""
    return _part(
        say("notes"), "<ul>" + "".join(f"<li>{escape(said(note, say.language))}</li>" for note in notes) + "</ul>"
    )


# ------------------------------------------------------------------------------------------------------------ pieces
def _part(title: str, text: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{text}</section>"


def _table(names: Sequence[str], rows: Sequence[Sequence[Any]], *, worded: Sequence[int] = ()) -> str:
    """Write a table; the first column heads its row, `worded` ones hold words."""
    head = "".join(
        f"<th scope='col'{' class=word' if k in worded else ''}>{escape(name)}</th>" for k, name in enumerate(names)
    )
    body = []
    for row in rows:
        cells = [f"<th scope='row'>{escape(str(row[0]))}</th>"]
        cells += [
            f"<td{' class=word' if k in worded else ''}>{escape(str(cell))}</td>" for k, cell in enumerate(row[1:], 1)
        ]
        body.append(f"<tr>{''.join(cells)}</tr>")
    return f"<div class='wide' tabindex='0'><table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"


def _figure(value: float, kind: str) -> str:
    if not np.isfinite(value):
        return ""
    return f"{value:,.0f}" if kind == "d" else _percent(value) if kind == "%" else f"{value:,.1f}"


def _percent(value: float) -> str:
    return f"{100 * value:.1f}" if np.isfinite(value) else ""
