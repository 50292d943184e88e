"""How a rating is written: its chart's file, its 90 % interval, its rank among how many."""

from __future__ import annotations

from typing import Any, Final

from survey_kit.report.book import Published
from survey_kit.report.display import missing
from survey_kit.report.drawing import Drawing, draw
from survey_kit.report.elements import Chart
from survey_kit.report.info import StudyInfo

Z90: Final = 1.64  # the factor that Transparency International and the World Bank print for 90 %


def rating_chart(book: Published, name: str, drawing: Drawing, alt: str, caption: str) -> Chart:
    """Draw a chart of ratings into the report's figures."""
    stem = f"ratings-{book.info.ratings}-{name}"
    return Chart(id=stem, path=draw(book.figures / f"{stem}.svg", drawing, alt), alt=alt, caption=caption)


def rating_name(book: Published, name: str) -> str:
    """Name a table of ratings."""
    return f"ratings-{book.info.ratings}-{name}"


def span90(info: StudyInfo, value: float, se: float, digits: int = 1) -> str:
    """Write the 90 % interval of a value with this standard error."""
    return span(info, value - Z90 * se, value + Z90 * se, digits)


def span(info: StudyInfo, low: float, high: float, digits: int = 1) -> str:
    """Write an interval."""
    return info.show.span(info.show.decimal(low, digits), info.show.decimal(high, digits))


def rank(info: StudyInfo, row: Any) -> str:
    """Write a rank with the number of countries, or nothing."""
    if missing(row["rank"]) or missing(row["n_countries"]):
        return ""
    return info.say("rank_of", rank=int(row["rank"]), of=int(row["n_countries"]))


def ranked(info: StudyInfo, row: Any) -> str:
    """Say the rank among how many countries."""
    if not rank(info, row):
        return info.say("rank_none")
    return info.say("rank_countries", rank=int(row["rank"]), of=int(row["n_countries"]))


def maybe(info: StudyInfo, value: Any, digits: int = 1) -> str:
    """Write a number, or nothing when it is missing."""
    return "" if missing(value) else info.show.decimal(value, digits)


def sentence(text: Any) -> str:
    """End a text with one full stop."""
    return f"{str(text).rstrip('.')}."
