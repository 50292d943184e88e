"""The part of a page that belongs to one indicator: what was found, its chart, how it is made, its tables."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from survey_kit.report import figures, quality, tables
from survey_kit.report.book import Published
from survey_kit.report.display import missing
from survey_kit.report.elements import Box, Bullets, Chart, Element, Prose, Section, Stack, in_print
from survey_kit.report.info import IndicatorInfo, StudyInfo
from survey_kit.report.links import numbers_of
from survey_kit.report.sentences import finding, findings

INTERVALS: Final = frozenset({"wald", "logit", "beta", "korn_graubard", "arcsine", "wilson", "likelihood"})


def indicator(book: Published, name: str) -> Section:
    """Give everything about one indicator: sentences, trend chart, how it is made, its tables, folded where long."""
    about = book.info.indicator(name)
    sentences = finding(book.info, book.records(name))
    told = Prose((" ".join(sentences),))
    parts: list[Element] = [told, figures.trend(book, name), made(book.info, about)]
    series: list[Element] = [tables.by_wave(book, name)]
    if any(not missing(row["nonresponse"]) for row in book.records(name)):
        series.append(tables.nonresponse(book, name))
    say = book.info.say
    parts.append(Box("note", say("box_waves", title=about.title), tuple(series), folded=True))
    groups = tables.by_domain(book, name)
    if groups is not None:
        parts.append(Box("note", say("box_groups", title=about.title), (groups,), folded=True))
    parts.append(numbers_of(book, name))
    return Section(about.title, name.replace("_", "-"), tuple(parts))


def indicators(book: Published, theme: str) -> Stack:
    """Give the sections of all indicators of a theme."""
    return Stack(tuple(indicator(book, one.id) for one in book.info.of_theme(theme)))


def overview(book: Published) -> Stack:
    """Give the first page: what kind of figures these are, then the findings of each theme and its latest figures."""
    info = book.info
    depth = 3 if info.synthetic else 2
    parts: list[Element] = []
    for theme in info.themes:
        latest = [] if in_print() else [_again(chart) for chart in figures.comparison(book, theme).parts]
        inside: tuple[Element, ...] = (findings(book, theme), *latest)
        parts.append(Section(info.say(f"theme_{theme}"), f"key-{theme.replace('_', '-')}", inside, depth))
    said = quality.notice(book)
    if not info.synthetic:
        return Stack((said, *parts))
    return Stack((Section(info.say("rehearsal_heading"), "rehearsal", (said, *parts)),))


def _again(chart: Element) -> Element:
    """Give a chart that stands on another page too a name of its own here."""
    return replace(chart, id=f"key-{chart.id}") if isinstance(chart, Chart) else chart


def made(info: StudyInfo, about: IndicatorInfo) -> Box:
    """Say how an indicator is made: question, answers that count, base, intervals, family."""
    say, family = info.say, info.families.get(about.family, ())
    judged = say("judged_alone")
    if len(family) > 1:
        judged = say.counted("judged", len(family) - 1, family=info.family_label(about.family))
    direction = about.direction if about.direction in {"up", "down", "none"} else "unknown"
    told = (
        ("made_question", about.question),
        ("made_answers", about.answers),
        ("made_base", info.base_people(about)),
        ("made_silent", info.silent(about)),
        ("made_interval", say(f"interval_{about.interval}") if about.interval in INTERVALS else about.interval),
        ("made_direction", say(f"direction_{direction}")),
        ("made_judged", judged),
        ("made_note", about.note),
    )
    points = tuple((say(lead), text if text[-1:] in ".?!…)" else f"{text}.") for lead, text in told if text)
    return Box("note", say("box_made", title=about.title), (Bullets(points),), folded=True)
