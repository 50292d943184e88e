"""Did the measures work? What each should move, how the figures went, and whether anything can be concluded on causes."""

from __future__ import annotations

from collections.abc import Sequence

from survey_kit.report.book import Published
from survey_kit.report.elements import Bullets, Element, Prose, Section, Stack
from survey_kit.report.plain_table import plain_table
from survey_kit.report.policy_info import PolicyInfo, Voice, read, voice
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
    info, say = read(book), voice(book)
    if info is None or not info.policy.measures:
        return Stack(())
    told = Prose(caveats(info, say))
    return Stack((told, *(measure(book, info, one, say) for one in info.policy.measures)))


def measure(book: Published, info: PolicyInfo, one: Measure, say: Voice) -> Section:
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
    if info.contrasts.get(one.id):
        parts.append(_contrasts(book, info, one, say))
    return Section(say.text(one.title), f"measure-{one.id.replace('_', '-')}", tuple(parts))


def _contrasts(book: Published, info: PolicyInfo, one: Measure, say: Voice) -> Element:
    """Give the differences of changes of a measure that began in some regions first."""
    rows = []
    for made in info.contrasts[one.id]:
        waves = [book.info.wave_label(name) if name else "" for name in (made.earlier, made.later)]
        numbers = ("", "")
        if made.difference is not None and made.low is not None and made.high is not None:
            digits = book.info.show.change_digits(made.difference, made.low, made.high, made.unit)
            interval = book.info.show.change_interval(made.low, made.high, made.unit, digits=digits)
            numbers = (book.info.show.change(made.difference, made.unit, digits=digits), interval)
        rows.append((book.info.indicator(made.indicator).title, *waves, *numbers, say(f"contrast_{made.wording}")))
    mark = say("synthetic") if book.info.synthetic else ""
    name = f"contrast-{one.id.replace('_', '-')}"
    keys = ("indicator", "from", "to", "difference", "interval", "conclusion")
    heads = tuple(say(f"head_{key}") for key in keys)
    return plain_table(name, say("contrast_title"), heads, rows, mark=mark, notes=(say("contrast_note"),))


def _facts(info: PolicyInfo, one: Measure, say: Voice) -> tuple[tuple[str, str], ...]:
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


def _sentences(book: Published, links: Sequence[Link], say: Voice) -> Element:
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


def _rated(book: Published, links: Sequence[Link], say: Voice) -> str:
    """Say what is known of the items of a rating: which are asked, and where."""
    known = {one.id for one in book.info.indicators}
    told = [f"{say.text(link.title)}: {figure(book, link.id)}." for link in links if link.id in known]
    return " ".join([*told, *others([link for link in links if link.id not in known], say)]) or say("nothing")
