"""The part of a page that belongs to one indicator: what was found, its chart, how it is made, its tables."""

from __future__ import annotations

from typing import Final

from survey_kit.report import figures, tables
from survey_kit.report.display import missing
from survey_kit.report.elements import Box, Bullets, Element, Prose, Section, Stack
from survey_kit.report.info import IndicatorInfo, StudyInfo
from survey_kit.report.published import Published
from survey_kit.report.sentences import finding

BASES: Final = {
    "answered": "those who gave an answer",
    "asked": "all who were asked, those without an answer among them",
}
DONT_KNOW: Final = {
    "exclude": "left out of the base",
    "include": "counted in the base, not among the answers that count",
    "bounds": "left out of the base; the figure at both extremes is shown",
}
INTERVALS: Final = {
    "wald": "Student's t on the design's degrees of freedom",
    "logit": "Student's t on the logit scale",
    "beta": "Korn-Graubard (exact binomial on the effective sample size)",
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
    return Section(about.title, name.replace("_", "-"), tuple(parts))


def indicators(book: Published, theme: str) -> Stack:
    """Give the sections of all indicators of a theme."""
    return Stack(tuple(indicator(book, one.id) for one in book.info.of_theme(theme)))


def made(info: StudyInfo, about: IndicatorInfo) -> Box:
    """Say how an indicator is made: question, answers that count, base, intervals, family."""
    family = info.families.get(about.family, ())
    judged = f"together with {len(family) - 1} others (family “{about.family}”)" if len(family) > 1 else "on its own"
    told = (
        ("Question.", about.question),
        ("Answers that count.", about.answers),
        ("Base.", BASES.get(about.base, about.base)),
        ("Don't know and refusal.", DONT_KNOW.get(about.dont_know, about.dont_know)),
        ("Interval.", INTERVALS.get(about.interval, about.interval)),
        ("Direction.", DIRECTIONS.get(about.direction, "not declared")),
        ("Changes are judged", judged),
        ("Note.", about.note),
    )
    points = tuple((lead, text if text[-1:] in ".?!…)" else f"{text}.") for lead, text in told if text)
    return Box("note", f"How “{about.title}” is made", (Bullets(points),), folded=True)
