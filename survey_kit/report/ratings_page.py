"""International ratings of a country: real figures, never in one chart, table or sentence with a survey's.

Each rating is shown with its own uncertainty, edition, number of countries and licence. A rank never stands without the
number of countries it is a rank among; editions that compute the past anew are never differenced.
"""

from __future__ import annotations

from dataclasses import replace

from survey_kit import ratings
from survey_kit.report import rated_cpi, rated_others
from survey_kit.report.book import Published
from survey_kit.report.elements import Box, Bullets, Element, Section, Stack, in_print
from survey_kit.report.rated import sentence


def opening(book: Published) -> Stack:
    """Give the first words and the first chart of a report on a country with ratings; nothing without ratings."""
    if not book.info.ratings:
        return Stack(())
    chart = () if in_print() else (replace(rated_cpi.chart(book), id="key-cpi"),)
    parts = (rated_cpi.findings(book), *chart)
    return Stack((Section(book.info.say("ratings_opening"), "key-ratings", parts),))


def sources(book: Published) -> Bullets:
    """Name the source, edition, verification and licence of every rating shown."""
    country, say = book.info.ratings, book.info.say
    frames = (
        ("cpi_lead", ratings.cpi(country)),
        ("wgi_lead", ratings.wgi(country)),
        ("wjp_lead", ratings.wjp(country)),
        ("egdi_lead", ratings.egdi(country)),
    )
    points = []
    for name, frame in frames:
        last = frame.iloc[-1]
        states = book.info.show.listed(sorted({say.name(str(state)) for state in frame["verified"]}))
        edition = say("rating_edition", edition=say.name(last["edition"]), states=states)
        points.append((say(name), f"{sentence(say.name(last['licence_note']))} {edition}"))
    return Bullets(tuple(points))


def international_ratings(book: Published) -> Stack:
    """Give the whole page of ratings."""
    say = book.info.say
    cpi: list[Element] = [
        *(
            rated_cpi.findings(book),
            rated_cpi.chart(book),
            rated_cpi.changes(book),
            rated_cpi.sources(book),
            rated_cpi.countries(book),
        ),
        Box("note", say("cpi_box"), (rated_cpi.by_year(book),), folded=True),
    ]
    other = rated_others.others(book)
    return Stack(
        (
            Section(say("cpi_heading"), "cpi", tuple(cpi)),
            Section(say("wgi_heading"), "wgi", (rated_others.wgi(book),)),
            Section(say("wjp_heading"), "wjp", (rated_others.wjp(book),)),
            Section(say("egdi_heading"), "egdi", (rated_others.egdi(book),)),
            *((Section(say("others_heading"), "earlier", (other,)),) if other.parts else ()),
            Section(say("licences_heading"), "licences", (sources(book),)),
        )
    )
