"""The figures as a workbook for people: cover, contents, notes, then one indicator on each sheet.

The arrangement follows the guidance *Releasing statistics in spreadsheets* (Government Analysis Function, United Kingdom): one table on
a sheet, no merged cells, no empty rows, every marker explained, texts in place of numbers that are not there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from survey_kit.indicators.confidential import REASON
from survey_kit.language.catalogue import Words, words
from survey_kit.report import shorthand
from survey_kit.report.dictionary import CATALOGUE, draft, level_label, titles
from survey_kit.report.display import missing
from survey_kit.report.info import IndicatorInfo, StudyInfo
from survey_kit.report.ods import Cell, Number, Sheet
from survey_kit.report.rows import Row, place_holder, shown
from survey_kit.study import Study, said

if TYPE_CHECKING:
    import pandas as pd

FORMS: Final = {"share": "percent", "ratio": "percent", "points": "one", "net": "three"}
HEADS: Final = (
    *("head_wave", "head_group", "head_level", "head_estimate", "head_low", "head_high", "head_n"),
    *("head_change", "head_change_low", "head_change_high", "head_wording", "head_flags"),
)
COMPARED: Final = ("rose", "fell", "no_significant_change")


def sheets(rows: pd.DataFrame, info: StudyInfo, language: str, study: Study | None = None) -> tuple[Sheet, ...]:
    """Make the sheets in a language.

    Parameters
    ----------
    rows
        The rows as open data: blanked where nothing is published, with the markers of `shorthand.add_flags`.
    info
        The study.
    language
        A language of the toolkit; what the study does not say in it stands in the language of the report.
    study
        The study, for its titles and labels in that language.

    Examples
    --------
    >>> import pandas as pd
    >>> toy = StudyInfo(id="toy", title="Toy", data_status="real", waves=())
    >>> [sheet.name for sheet in sheets(pd.DataFrame({"indicator": []}), toy, "ru")]
    ['Титул', 'Содержание', 'Примечания']
    """
    say = words(CATALOGUE, language)
    named = titles(info, study, language)
    by_indicator: dict[str, list[Row]] = {}
    for row in rows.to_dict("records"):
        by_indicator.setdefault(str(row["indicator"]), []).append({str(name): value for name, value in row.items()})
    tables: list[Sheet] = []
    for one in info.indicators:
        if one.id in by_indicator:
            name = say("sheet_table", number=len(tables) + 1)
            tables.append(_table(name, named[one.id], one, by_indicator[one.id], info, say, study))
    return (_cover(info, say, study), _contents(tables, say), _notes(info, say), *tables)


def title(info: StudyInfo, say: Words, study: Study | None) -> str:
    """Name the workbook; the mark of synthetic data comes first."""
    told = say("book_title", title=info.title if study is None else said(study.title, say.language))
    return f"{info.mark}: {told}" if info.mark else told


def _cover(info: StudyInfo, say: Words, study: Study | None) -> Sheet:
    lines = [title(info, say, study)]
    if info.synthetic:
        lines.append(say("synthetic"))
    if draft(say.language):
        lines.append(say("draft"))
    for key, text in (("producer", info.producer), ("terms", info.terms), ("cite", info.cite)):
        if text:
            lines.append(f"{say(key)}: {text}")
    return Sheet(name=say("sheet_cover"), lines=tuple(lines))


def _contents(tables: Sequence[Sheet], say: Words) -> Sheet:
    head = (say("head_sheet"), say("head_table"))
    return Sheet(
        name=say("sheet_contents"),
        lines=(say("sheet_contents"),),
        head=head,
        rows=tuple((one.name, one.lines[0]) for one in tables),
    )


def _notes(info: StudyInfo, say: Words) -> Sheet:
    explained = [(marker, say(f"flag_{marker.strip('[]')}")) for marker in shorthand.MARKERS]
    return Sheet(
        name=say("sheet_notes"),
        lines=(say("sheet_notes"), *info.notes),
        head=(say("head_marker"), say("head_meaning")),
        rows=tuple(explained),
    )


def _table(
    name: str,
    heading: str,
    one: IndicatorInfo,
    rows: Sequence[Row],
    info: StudyInfo,
    say: Words,
    study: Study | None,
) -> Sheet:
    marked = f"{info.mark}: {heading}" if info.mark else heading
    lines = [marked, say(f"unit_{one.unit}"), say("one_table", notes=say("sheet_notes"))]
    if one.question:
        lines.insert(1, say("asked_question", text=one.question))
    return Sheet(
        name=name,
        lines=tuple(lines),
        head=tuple(say(head) for head in HEADS),
        rows=tuple(tuple(_line(row, info, say, study)) for row in rows),
    )


def _line(row: Row, info: StudyInfo, say: Words, study: Study | None) -> Iterator[Cell]:
    form = FORMS[str(row["unit"])]
    wave = info.wave(str(row["wave"]))
    yield say("rehearsal_wave", number=wave.order) if info.synthetic else wave.label
    everybody = missing(row["domain"])
    yield say("everybody") if everybody else _domain(row, info, say, study)
    yield say("everybody") if everybody else _level(row, say, study)
    absent = "" if shown(row) else place_holder(row)
    for column in ("estimate", "ci_low", "ci_high"):
        yield _number(row[column], form, absent or "[x]")
    yield _number(row["n"], "count", "[z]" if row["status"] == "not_asked" else "[x]")
    wording = "" if missing(row["previous_wording"]) else str(row["previous_wording"])
    compared = wording in COMPARED
    for column in ("previous_change", "previous_fcr_low", "previous_fcr_high"):
        yield _number(row[column] if compared else None, form, _unchanged(row, wording, absent))
    yield say(f"wording_{wording}") if wording else "[z]"
    yield str(row["flags"])


def _unchanged(row: Row, wording: str, absent: str) -> str:
    """Give the marker in place of a change that is not there."""
    if wording == "not_published":
        return "[c]" if absent == "[c]" or REASON in str(row["previous_reason"]) else "[u]"
    return "[x]" if wording == "cannot_be_compared" else "[z]"


def _number(value: Any, form: Any, absent: str) -> Cell:
    return absent if missing(value) else Number(float(value), form)


def _domain(row: Row, info: StudyInfo, say: Words, study: Study | None) -> str:
    name = str(row["domain"])
    return info.domain_label(name) if study is None else study.title_of(name, say.language)


def _level(row: Row, say: Words, study: Study | None) -> str:
    level = str(row["level"])
    label = level if missing(row["level_label"]) else str(row["level_label"])
    return level_label(study, str(row["domain"]), level, label, say.language)
