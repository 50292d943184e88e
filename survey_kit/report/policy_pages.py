"""From any sentence of the Strategy to the number that follows it, or to the plain word that nothing measures it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from survey_kit import ratings
from survey_kit.report.book import Published
from survey_kit.report.display import missing
from survey_kit.report.elements import Bullets, Element, Prose, Section, Stack
from survey_kit.report.plain_table import Cell, Text, plain_table
from survey_kit.report.policy_info import PolicyInfo, Voice, read, voice
from survey_kit.report.rows import Row, latest, markers, place_holder, shown
from survey_kit.study.policy import Dated, RatingTarget, StatementKind
from survey_kit.study.policy_cover import Link

KINDS: Final[tuple[StatementKind, ...]] = ("goal", "target", "task", "factor", "direction", "process")


def policy_in_force(book: Published) -> Stack:
    """Say which policy documents are in force, on what day and from which source; nothing for a study without a policy."""
    info, say = read(book), voice(book)
    if info is None:
        return Stack(())
    there = info.policy.in_force()
    day = say.day(info.policy.institutions.as_of)
    points = tuple((say.text(one.title) + ".", f"{_act(info, say, one)}") for one in there)
    told: list[Element] = [Prose((say("in_force" if there else "none_in_force", day=day),))]
    told += [Bullets(points)] if points else []
    more = []
    if info.policy.strategy is not None:
        followed = info.policy.dated(info.policy.strategy.document)
        more.append(say("follows", title=say.text(followed.title), act=say.text(followed.act)))
        more += _succession(info, say, followed)
    undated = [one for one in info.policy.institutions.documents if one.since is None]
    more += [say("dates_unknown", title=say.text(one.title)) for one in undated]
    parts = (*told, *([Prose((" ".join(more),))] if more else []))
    return Stack((Section(say("force_heading"), "policy-in-force", parts),))


def strategy(book: Published) -> Stack:
    """Give every sentence of the Strategy with what measures it and the latest figure, kind by kind, and what is not entered."""
    info, say = read(book), voice(book)
    if info is None or info.policy.strategy is None:
        return Stack(())
    declared = info.policy.strategy
    parts: list[Element] = [Prose(caveats(info, say))]
    for kind in KINDS:
        rows = [one for one in declared.statements if one.kind == kind]
        expected = [one for one in declared.expected if one.kind == kind]
        inside: list[Element] = []
        if rows:
            cells = [
                (
                    [Text(say.text(one.text)), *([] if one.verified else [Text(f"({say('unverified')})")])],
                    one.section or say("unknown_section"),
                    _measured(book, info.statements[one.id], say, say.text(one.unmeasured)),
                )
                for one in rows
            ]
            heads = (say("head_says"), say("head_section"), say("head_measured"))
            title = say("strategy_title", kind=say(f"kind_{kind}"))
            inside.append(plain_table(f"strategy-{kind}", title, heads, cells, mark=_mark(book, say)))
        for one in expected:
            entered = sum(say_.section == one.section for say_ in rows)
            if entered < one.number:
                told = say("not_entered", section=one.section, number=one.number, entered=entered)
                inside.append(Prose((told,)))
        if inside:
            parts.append(Section(say(f"kind_{kind}"), f"strategy-{kind}", tuple(inside)))
    if declared.rating_targets:
        aims = tuple(("", _aim(book, info, say, aim)) for aim in declared.rating_targets)
        parts.append(Section(say("aims_heading"), "strategy-aims", (Bullets(aims),)))
    return Stack((*parts, *_bodies(info, say)))


def risk_fields(book: Published) -> Stack:
    """Give the fields open to corruption, each with its figures, their bases and how reliable they are."""
    info, say = read(book), voice(book)
    if info is None or info.policy.strategy is None or not info.policy.strategy.fields:
        return Stack(())
    cells: list[tuple[Cell, ...]] = []
    for one in info.policy.strategy.fields:
        links = info.fields[one.id]
        rows = [(link, latest(book.records(link.id))) for link in links if link.state == "figure"]
        for link, row in rows:
            cells.append(((Text(say.text(one.title)),), (_link(book, link, say),), *_figures(book, row, say)))
        if not rows:
            told = others(links, say) or [say("nothing")]
            cells.append(
                ((Text(say.text(one.title)),), [Text(line) for line in told], "", "", "", say("reliable_none"))
            )
    heads = tuple(say(f"head_{name}") for name in ("field", "indicator", "figure", "interval", "base", "reliability"))
    made = plain_table(
        "risk-fields", say("fields_title"), heads, cells, mark=_mark(book, say), notes=(say("fields_note"),)
    )
    return Stack((Section(say("fields_heading"), "risk-fields", (made,)),))


def figure(book: Published, name: str) -> str:
    """Give the latest figure of an indicator with its interval, base and wave, or the marker in its place.

    A figure that may not be shown is the marker alone.
    """
    row = latest(book.records(name))
    if row is None:
        return "[z]"
    wave = book.info.wave_label(row["wave"])
    if not shown(row):
        return f"{place_holder(row)} ({wave})"
    value, interval, n = _written(book, row)
    return f"{value} ({'; '.join(filter(None, (interval, f'n = {n}', wave)))})"


def href(book: Published, name: str) -> str:
    """Give the place of an indicator on the pages."""
    page = book.info.indicator(name).theme.replace("_", "-")
    return f"{page}.html#sec-{name.replace('_', '-')}"


def sources(info: PolicyInfo, say: Voice, names: Sequence[str]) -> str:
    """Name sources with their addresses."""
    known = info.policy.institutions.sources
    told = [say.text(known[one].title) + (f" ({known[one].address})" if known[one].address else "") for one in names]
    return say("source", sources="; ".join(told))


def caveats(info: PolicyInfo, say: Voice) -> tuple[str, ...]:
    """Say that the sentences were not compared with the document, and that their texts are drafts in this language."""
    bodies, declared = info.policy.institutions, info.policy.strategy
    told = [] if declared is None or all(one.verified for one in declared.statements) else [say("not_compared")]
    if say.language != bodies.source_language and say.language not in bodies.reviewed:
        told.append(say("draft"))
    return (" ".join(told),) if told else ()


def _measured(book: Published, links: Sequence[Link], say: Voice, unmeasured: str) -> list[Text]:
    """Say what measures a sentence, the figures first."""
    told = [
        Text(f"{_link(book, link, say).words}: {figure(book, link.id)}", href(book, link.id))
        for link in links
        if link.state == "figure"
    ]
    rated = [link for link in links if link.state == "rating"]
    told += [Text(f"{say(f'rating_{link.id}')} ({say('ratings_page')})", "ratings.html") for link in rated]
    told += [Text(line) for line in others(links, say)]
    if not links:
        told.append(Text(say("nothing")))
    elif not any(link.state in {"figure", "rating"} for link in links):
        told.append(Text(say("no_figure")))
    return [*told, *([Text(say("unmeasured", text=unmeasured))] if unmeasured else [])]


def others(links: Sequence[Link], say: Voice) -> list[str]:
    """Say what is asked without a figure, here or elsewhere, and, where there is no figure at all, which is missing."""
    told = []
    for state in ("asked", "not_asked"):
        titles = [say.text(link.title) for link in links if link.state == state]
        told += [say(state, titles="; ".join(titles))] if titles else []
    forms = {link.instrument: link.form for link in links if link.state == "elsewhere"}
    for name, form in forms.items():
        count = sum(link.instrument == name for link in links)
        told.append(say("elsewhere", instrument=say.text(form) or name, count=count))
    if any(link.state == "figure" for link in links):
        return told
    return [*told, *(say("missing", name=link.id) for link in links if link.state == "missing")]


def _link(book: Published, link: Link, say: Voice) -> Text:
    return Text(say.text(link.title) or book.info.indicator(link.id).title, href(book, link.id))


def _figures(book: Published, row: Row | None, say: Voice) -> tuple[str, str, str, str]:
    if row is None:
        return "[z]", "", "", say("reliable_none")
    reliable = say(f"reliable_{row['reliability']}") if row["reliability"] else ""
    if not shown(row):
        return place_holder(row), "", "", reliable
    return (*_written(book, row), reliable)


def _written(book: Published, row: Row) -> tuple[str, str, str]:
    """Write the figure of a row with its markers, its interval and its base."""
    numbers = book.info.show
    interval = "" if missing(row["ci_low"]) else numbers.interval(row["ci_low"], row["ci_high"], row["unit"])
    value = " ".join(filter(None, (numbers.level(row["estimate"], row["unit"]), markers(row))))
    return value, interval, numbers.count(row["n"])


def _mark(book: Published, say: Voice) -> str:
    return say("synthetic") if book.info.synthetic else ""


def _act(info: PolicyInfo, say: Voice, one: Dated) -> str:
    told = [say("adopted", act=say.text(one.act), since=say.day(str(one.since)))]
    told += [] if one.verified else [f"({say('unverified')})"]
    return " ".join([*told, say.text(one.note), sources(info, say, one.sources)]).replace("  ", " ")


def _succession(info: PolicyInfo, say: Voice, one: Dated) -> list[str]:
    if one.successor is None or one.until is None:
        return []
    new = info.policy.dated(one.successor)
    told = [say("succeeded", old=say.text(one.title), new=say.text(new.title), day=say.day(one.until))]
    return told + ([] if one.successor_verified else [say("succession_unverified")])


def _bodies(info: PolicyInfo, say: Voice) -> list[Element]:
    """Tell the successions of bodies, each of which breaks the series about them."""
    told = [_succession(info, say, one) for one in info.policy.institutions.institutions if one.successor is not None]
    if not any(told):
        return []
    points = tuple(("", " ".join(one)) for one in told if one)
    return [Section(say("bodies_heading"), "successions", (Bullets(points), Prose((say("not_joined"),))))]


def _aim(book: Published, info: PolicyInfo, say: Voice, aim: RatingTarget) -> str:
    """Set a target of a rating beside its last value; both are real figures."""
    parts = {
        "rating": say(f"rating_{aim.rating}"),
        "value": f"{aim.value:g}",
        "year": aim.year,
        "document": say.text(info.policy.dated(aim.document).title),
    }
    source = sources(info, say, aim.sources)
    if aim.rating == "cpi" and book.info.ratings:
        last = ratings.cpi(book.info.ratings).iloc[-1]
        told = say("aim", **parts, last=f"{float(last['score']):g}", last_year=int(last["year"]))
        return f"{told} {source}"
    return f"{say('aim_plain', **parts)} {source}"
