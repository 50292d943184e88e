"""The page of quality: the edition and its mark, the European concepts, how exact the figures are, what was revised, what is not published."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any, Final

from survey_kit.language import words
from survey_kit.report import esms
from survey_kit.report.edition import USE, EditionInfo, read_edition
from survey_kit.report.elements import Box, Bullets, Element, Prose, Section, Stack, Table
from survey_kit.report.sentences import marked
from survey_kit.report.tables import table
from survey_kit.study.quality_file import CONCEPTS

if TYPE_CHECKING:
    from survey_kit.report.book import Published
    from survey_kit.report.info import StudyInfo

MOST: Final = 40  # differences that the page shows
LOG: Final = "revisions.csv"
UNITS: Final = {"share": 100.0, "ratio": 100.0, "net": 100.0, "points": 1.0}
COLUMNS: Final = ("estimate", "ci_low", "ci_high")


def quality_report(book: Published) -> Stack:
    """Give the whole page: status, concepts, errors, revisions, what is not published."""
    say = words(USE, book.info.language)
    return Stack(
        (
            edition_status(book),
            Section(say("section_concepts"), "concepts", (concepts(book),)),
            Section(say("section_errors"), "errors", (errors(book),)),
            Section(say("section_revisions"), "revisions", (revisions(book),)),
            Section(say("section_unpublished"), "unpublished", (unpublished(book),)),
        )
    )


def edition_status(book: Published) -> Stack:
    """Say what edition this is, who approved it, who saw it early, and what keeps it from being final."""
    language = book.info.language
    say = words(USE, language)
    edition = read_edition(book.folder)
    if edition is None:
        missing = [*(book.info.say(f"method_{name}") for name in book.info.not_stated)]
        missing += [say(f"concept_{name}") for name in esms.lacking(book)]
        told: Element = Prose((marked(book.info, say("complete")),))
        if missing:
            title = say("provisional_title", count=book.info.show.count(len(missing)))
            told = Box("warning", title, (Prose((f"{'; '.join(missing)}.",)),))
        return Stack((Prose((marked(book.info, say("no_release")),)), told))
    parts: list[Element] = [Bullets(tuple(_edition_points(edition, language)))]
    if edition.findings:
        reasons = Bullets(tuple((f"{one.code}.", one.text(language)) for one in edition.findings))
        parts.append(Box("warning", say("not_final_title"), (reasons,)))
    else:
        parts.append(Prose((say("complete"),)))
    return Stack(tuple(parts))


def _edition_points(edition: EditionInfo, language: str) -> list[tuple[str, str]]:
    say = words(USE, language)
    points = [(say("status_title"), f"{say(f'mark_{edition.status}')}, {edition.edition}")]
    points.append((say("released_title"), edition.released))
    if edition.embargo:
        points.append((say("embargo_title"), edition.embargo))
    points.append((say("approved_title"), "; ".join(map(str, edition.approvals)) or say("nobody")))
    early = [
        f"{one.name}, {one.role} ({say('access_hours', hours=one.hours, reason=_in(one.reason, language))})"
        for one in edition.access
    ]
    points.append((say("access_title"), "; ".join(early) or say("nobody")))
    if edition.previous:
        points.append((say("previous_title"), edition.previous))
    return points


def concepts(book: Published) -> Stack:
    """Give every concept of the ESMS with its text, and whether its authors or the data tell it."""
    language = book.info.language
    say = words(USE, language)
    points = []
    for name, (text, origin) in esms.concepts(book).items():
        lead = f"{CONCEPTS[name][0]} {say(f'concept_{name}')}."
        points.append((lead, text if origin == "stated" else " ".join(filter(None, (text, f"({say(origin)})")))))
    return Stack((Prose((say("esms_title"),)), Bullets(tuple(points))))


def errors(book: Published) -> Table:
    """Give, for every indicator, how exact its last figure is: variation, half-width, design effect, missing answers, series."""
    info, language = book.info, book.info.language
    say, few = words(USE, language), book.info.show
    lengths = esms.lengths_of(book.rows)
    columns = {
        "label": say("head_indicator"),
        "cv": say("head_figure_cv"),
        "half": say("head_half"),
        "deff": say("head_effect"),
        "silent": say("head_silent"),
        "length": say("head_length"),
    }
    records = []
    for row in esms.latest(book).to_dict("records"):
        half = (
            (float(row["ci_high"]) - float(row["ci_low"])) / 2 * UNITS[str(row["unit"])]
            if _there(row["ci_low"])
            else None
        )
        records.append(
            {
                "label": info.indicator(str(row["indicator"])).title,
                "cv": few.decimal(100 * abs(float(row["cv"]))) if _there(row["cv"]) else "",
                "half": few.decimal(half) if half is not None else "",
                "deff": few.decimal(float(row["deff"]), 2) if _there(row["deff"]) else "",
                "silent": few.decimal(100 * float(row["nonresponse"])) if _there(row["nonresponse"]) else "",
                "length": few.count(lengths.get(str(row["indicator"]), 0)),
            }
        )
    return table(f"{info.file_stem}-errors", say("errors_title"), columns, records, info=info)


def revisions(book: Published) -> Stack:
    """Give the figures of the edition before that are other now: old value, new value, reason; corrections first."""
    info, language = book.info, book.info.language
    say, few = words(USE, language), book.info.show
    edition = read_edition(book.folder)
    if edition is None:
        return Stack((Prose((marked(info, say("no_release")),)),))
    parts: list[Element] = []
    if edition.corrections:
        told = tuple((f"{one.date}.", _in(one.what, language)) for one in edition.corrections)
        parts.append(Box("important", say("corrections_title"), (Bullets(told),)))
    log = [one for one in _log(book) if one["change"] != "added"]
    if not log:
        words_ = say("revisions_none", previous=edition.previous) if edition.previous else say("revisions_first")
        return Stack((*parts, Prose((marked(info, words_),))))
    columns = {
        "label": say("head_indicator"),
        "wave": say("head_wave"),
        "group": say("head_group"),
        "what": say("head_what"),
        "old": say("head_old"),
        "new": say("head_new"),
        "reason": say("head_reason"),
    }
    seen = [one for one in log if one["visible"] == "yes"] or log
    records = [_revision(book, one, edition.reasons) for one in seen[:MOST]]
    notes = (
        (say("revisions_more", shown=few.count(len(records)), count=few.count(len(log))),)
        if len(records) < len(log)
        else ()
    )
    left = ("wave", "group", "what", "reason")
    name = f"{info.file_stem}-revisions"
    parts.append(table(name, say("revisions_title"), columns, records, info=info, left=left, notes=notes))
    return Stack(tuple(parts))


def _revision(book: Published, one: dict[str, str], reasons: dict[str, dict[str, str]]) -> dict[str, str]:
    info = book.info
    say = words(USE, info.language)
    titles = {each.id: each.title for each in info.indicators}
    waves = {wave.id for wave in info.waves}
    units = dict(zip(book.rows["indicator"], book.rows["unit"], strict=True))
    scale = UNITS.get(str(units.get(one["indicator"], "points")), 1.0) if one["column"] in COLUMNS else 1.0
    same = book.rows[(book.rows["domain"] == one["domain"]) & (book.rows["level"] == one["level"])]
    level = info.level_label({str(name): value for name, value in same.iloc[0].items()}) if len(same) else one["level"]
    return {
        "label": titles.get(one["indicator"], one["indicator"]),
        "wave": info.wave_label(one["wave"]) if one["wave"] in waves else one["wave"],
        "group": f"{info.domain_label(one['domain'])}: {level}" if one["domain"] else say("everybody"),
        "what": say(f"column_{one['column']}"),
        "old": _value(one["old"], scale, one["column"], info),
        "new": _value(one["new"], scale, one["column"], info),
        "reason": _in(reasons.get(one["reason"], {}), info.language) or one["reason"],
    }


def _value(text: str, scale: float, column: str, info: StudyInfo) -> str:
    try:
        number = float(text)
    except ValueError:
        return _word(text, column, info)
    return info.show.count(number) if column == "n" else info.show.decimal(number * scale, 2)


def _word(text: str, column: str, info: StudyInfo) -> str:
    """Say a marker as it is, and the code of a class in words."""
    if not text or text.startswith("["):
        return text
    if column == "status":
        return words(USE, info.language)(f"status_{text}")
    return info.say(f"{'reliability' if column == 'reliability' else 'class'}_{text}")


def unpublished(book: Published) -> Stack:
    """Say what was measured and is not published: figures that are withheld, questions that stand in no figure."""
    info, language = book.info, book.info.language
    say, few = words(USE, language), book.info.show
    counts = esms.withheld(book.rows)
    told = {name: few.count(count) for name, count in counts.items()}
    opening = Prose((marked(info, say("withheld_count", whole=few.count(len(book.rows)), **told)),))
    edition = read_edition(book.folder)
    if edition is None:
        return Stack((opening,))
    if not edition.unpublished:
        return Stack((opening, Prose((marked(info, say("unpublished_none")),))))
    points = tuple(
        (
            say("unpublished_why", reason=_in(one.reason, language)) if one.reason else say("unpublished_silent"),
            ", ".join(one.items),
        )
        for one in edition.unpublished
    )
    return Stack((opening, Bullets(points)))


def _log(book: Published) -> list[dict[str, str]]:
    path = book.folder / LOG
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _in(texts: dict[str, str], language: str) -> str:
    return texts.get(language) or next(iter(texts.values()), "")


def _there(value: Any) -> bool:
    return value is not None and str(value) not in {"nan", "<NA>", ""}
