"""The part of a page that belongs to one indicator: what was found, its chart, how it is made, its tables."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from survey_kit.report import figures, quality, tables
from survey_kit.report.book import Published
from survey_kit.report.display import missing
from survey_kit.report.elements import Box, Bullets, Chart, Element, Prose, Section, Stack, in_print
from survey_kit.report.info import THEMES, IndicatorInfo, StudyInfo
from survey_kit.report.links import numbers_of
from survey_kit.report.sentences import finding, findings

INTERVALS: Final = {
    "wald": "Student's t on the design's degrees of freedom",
    "logit": "Student's t on the logit scale",
    "beta": "Korn-Graubard (exact binomial on the effective sample size)",
    "korn_graubard": "Korn-Graubard (exact binomial on the effective sample size, at most the sample)",
    "arcsine": "Student's t on the arcsine scale",
    "wilson": "Wilson (score) on the effective sample size",
    "likelihood": "likelihood, scaled by the design effect",
}
DIRECTIONS: Final = {
    "up": "the study declares a higher figure as the aim",
    "down": "the study declares a lower figure as the aim",
    "none": "neither a higher nor a lower figure is an aim",
}


def indicator(book: Published, name: str) -> Section:
    """Give everything about one indicator: sentences, trend chart, how it is made, its tables, folded where long."""
    about = book.info.indicator(name)
    sentences = finding(book.info, book.records(name))
    told = Prose((" ".join(sentences),))
    parts: list[Element] = [told, figures.trend(book, name), made(book.info, about)]
    series: list[Element] = [tables.by_wave(book, name)]
    if any(not missing(row["nonresponse"]) for row in book.records(name)):
        series.append(tables.nonresponse(book, name))
    parts.append(Box("note", f"Table: {about.title}, every wave", tuple(series), folded=True))
    groups = tables.by_domain(book, name)
    if groups is not None:
        parts.append(Box("note", f"Table: {about.title}, by group", (groups,), folded=True))
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
        parts.append(Section(THEMES[theme], f"key-{theme.replace('_', '-')}", inside, depth))
    said = quality.notice(book)
    if not info.synthetic:
        return Stack((said, *parts))
    return Stack((Section("Rehearsal of the survey: synthetic data", "rehearsal", (said, *parts)),))


def _again(chart: Element) -> Element:
    """Give a chart that stands on another page too a name of its own here."""
    return replace(chart, id=f"key-{chart.id}") if isinstance(chart, Chart) else chart


def made(info: StudyInfo, about: IndicatorInfo) -> Box:
    """Say how an indicator is made: question, answers that count, base, intervals, family."""
    family = info.families.get(about.family, ())
    judged = f"together with {len(family) - 1} others (family “{about.family}”)" if len(family) > 1 else "on its own"
    told = (
        ("Question.", about.question),
        ("Answers that count.", about.answers),
        ("Base.", about.base_people),
        ("Don't know and refusal.", about.silent),
        ("Interval.", INTERVALS.get(about.interval, about.interval)),
        ("Direction.", DIRECTIONS.get(about.direction, "not declared")),
        ("Changes are judged", judged),
        ("Note.", about.note),
    )
    points = tuple((lead, text if text[-1:] in ".?!…)" else f"{text}.") for lead, text in told if text)
    return Box("note", f"How “{about.title}” is made", (Bullets(points),), folded=True)
