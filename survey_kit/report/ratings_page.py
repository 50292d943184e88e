"""International ratings of a country: real figures, never in one chart, table or sentence with a survey's.

Each rating is shown with its own uncertainty, edition, number of countries and licence. A rank never stands without the
number of countries it is a rank among; editions that compute the past anew are never differenced.
"""

from __future__ import annotations

from dataclasses import replace

from survey_kit import ratings
from survey_kit.report import display, rated_cpi, rated_others
from survey_kit.report.book import Published
from survey_kit.report.elements import Box, Bullets, Element, Section, Stack, in_print
from survey_kit.report.rated import sentence


def opening(book: Published) -> Stack:
    """Give the first words and the first chart of a report on a country with ratings; nothing without ratings."""
    if not book.info.ratings:
        return Stack(())
    chart = () if in_print() else (replace(rated_cpi.chart(book), id="key-cpi"),)
    parts = (rated_cpi.findings(book), *chart)
    return Stack((Section("International ratings: real figures", "key-ratings", parts),))


def sources(book: Published) -> Bullets:
    """Name the source, edition, verification and licence of every rating shown."""
    country = book.info.ratings
    frames = (
        ("Corruption Perceptions Index.", ratings.cpi(country)),
        ("Worldwide Governance Indicators.", ratings.wgi(country)),
        ("Rule of Law Index.", ratings.wjp(country)),
        ("E-Government Development Index.", ratings.egdi(country)),
    )
    points = []
    for name, frame in frames:
        last = frame.iloc[-1]
        states = display.listed(sorted({str(state) for state in frame["verified"]}))
        points.append(
            (name, f"{sentence(last['licence_note'])} Edition: {last['edition']}. Figures verified by {states}.")
        )
    return Bullets(tuple(points))


def international_ratings(book: Published) -> Stack:
    """Give the whole page of ratings."""
    cpi: list[Element] = [
        *(
            rated_cpi.findings(book),
            rated_cpi.chart(book),
            rated_cpi.changes(book),
            rated_cpi.sources(book),
            rated_cpi.countries(book),
        ),
        Box("note", "Table: Corruption Perceptions Index by year", (rated_cpi.by_year(book),), folded=True),
    ]
    other = rated_others.others(book)
    return Stack(
        (
            Section("Corruption Perceptions Index", "cpi", tuple(cpi)),
            Section("Worldwide Governance Indicators", "wgi", (rated_others.wgi(book),)),
            Section("Rule of Law Index", "wjp", (rated_others.wjp(book),)),
            Section("E-Government Development Index", "egdi", (rated_others.egdi(book),)),
            *((Section("Earlier national figures", "earlier", (other,)),) if other.parts else ()),
            Section("Sources and licences", "licences", (sources(book),)),
        )
    )
