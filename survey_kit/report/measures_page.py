"""Did the measures work? What each should move, how the figures went, and whether anything can be concluded on causes."""

from __future__ import annotations

from collections.abc import Sequence

from survey_kit.report.book import Published
from survey_kit.report.elements import Bullets, Element, Prose, Section, Stack
from survey_kit.report.policy_info import PolicyInfo, Speech, read, speech
from survey_kit.report.policy_pages import caveats, figure, others, sources
from survey_kit.report.rows import latest
from survey_kit.report.sentences import change_sentence, level_sentence
from survey_kit.study.policy import Measure
from survey_kit.study.policy_cover import Link


def measures(book: Published) -> Stack:
    """Give each measure of the Strategy: where and by whom it was taken, what it should move, and what can be concluded.

    The words on the figures are those of their rows. A conclusion on causes stands only where the regions that began first were
    drawn by lot.
    """
    info, say = read(book), speech(book)
    if info is None or not info.policy.measures:
        return Stack(())
    told = Prose(caveats(info, say))
    return Stack((told, *(measure(book, info, one, say) for one in info.policy.measures)))


def measure(book: Published, info: PolicyInfo, one: Measure, say: Speech) -> Section:
    """Give one measure."""
    moved = _sentences(book, info.measures[one.id], say)
    parts: list[Element] = [Bullets(tuple((lead, text) for lead, text in _facts(info, one, say) if text))]
    parts.append(Section(say("m_moves").rstrip("."), f"moves-{one.id.replace('_', '-')}", (moved,), 3))
    points = (
        (say("m_rating"), _rated(book, info.ratings[one.id], say)),
        (say("m_assessment"), _rated(book, info.assessments[one.id], say)),
        (say("m_conclusion"), say(f"m_{one.introduction}_conclusion")),
    )
    parts.append(Bullets(points))
    return Section(say.text(one.title), f"measure-{one.id.replace('_', '-')}", tuple(parts))


def _facts(info: PolicyInfo, one: Measure, say: Speech) -> tuple[tuple[str, str], ...]:
    bodies = [say.text(info.policy.dated(name).title) for name in one.responsible]
    where = ", ".join(one.regions) or say(f"m_{one.introduction}")
    start = say.day(one.since) if one.since else say("unknown")
    checked = "" if one.verified else f" ({say('unverified')})"
    return (
        (say("m_section"), f"{one.section or say('unknown_section')}."),
        (say("m_start"), f"{start}{checked}."),
        (say("m_regions"), f"{where}."),
        (say("m_body"), f"{'; '.join(bodies) or say('unknown')}."),
        ("", " ".join(filter(None, (say.text(one.note), sources(info, say, one.sources))))),
    )


def _sentences(book: Published, links: Sequence[Link], say: Speech) -> Element:
    """Say how the figures of a measure stand and went, in the words of their rows."""
    points = []
    for link in links:
        row = latest(book.records(link.id)) if link.state == "figure" else None
        if row is not None:
            told = (
                level_sentence(book.info, row, named=False),
                change_sentence(book.info, row, "previous", brief=True),
            )
            points.append((f"{say.text(link.title)}.", " ".join(filter(None, told))))
    points += [("", line) for line in others(links, say)]
    return Bullets(tuple(points or [("", say("nothing"))]))


def _rated(book: Published, links: Sequence[Link], say: Speech) -> str:
    """Say what is known of the items of a rating: which are asked, and where."""
    known = {one.id for one in book.info.indicators}
    told = [f"{say.text(link.title)}: {figure(book, link.id)}." for link in links if link.id in known]
    return " ".join([*told, *others([link for link in links if link.id not in known], say)]) or say("nothing")
