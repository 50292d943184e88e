"""The registry of indicators: what each is, how it is computed, which standard it follows, what it is to reach, who answers for it."""

from __future__ import annotations

from typing import Final

from survey_kit.report.book import Published
from survey_kit.report.elements import Box, Bullets, Section, Stack
from survey_kit.report.policy_info import PolicyInfo, Voice, read, voice
from survey_kit.study.registry import Registry

WORDS: Final = ("definition", "formula", "numerator", "denominator", "reference_period")


def registry(book: Published) -> Stack:
    """Give the registry entry of every indicator that has one, folded; nothing when none has."""
    info, say = read(book), voice(book)
    if info is None or not info.registry:
        return Stack(())
    boxes = tuple(
        Box("note", book.info.indicator(name).title, (Bullets(_points(book, info, name, entry, say)),), folded=True)
        for name, entry in info.registry.items()
    )
    return Stack((Section(say("r_heading"), "registry", boxes),))


def _points(book: Published, info: PolicyInfo, name: str, entry: Registry, say: Voice) -> tuple[tuple[str, str], ...]:
    told = [(say("r_level"), say(f"level_{entry.level}") + (f" ({entry.section})" if entry.section else ""))]
    told += [(say(f"r_{key}"), say.text(getattr(entry, key))) for key in WORDS]
    told.append((say("r_list_version"), entry.list_version or ""))
    if entry.standard is not None:
        standard = entry.standard
        checked = "" if standard.verified else f" ({say('unverified')})"
        address = f", {standard.url}" if standard.url else ""
        told.append((say("r_standard"), f"{standard.name}{address}{checked}. {say.text(standard.differs)}".strip()))
    told.append(
        (say("r_baseline"), book.info.wave_label(entry.baseline or book.info.baseline or book.info.waves[0].id))
    )
    unit = book.info.indicator(name).unit
    targets = [
        say(
            "r_target",
            value=book.info.show.level(one.value, unit),
            year=one.year,
            document=say.text(info.policy.dated(one.document).title),
        )
        for one in entry.targets
    ]
    told.append((say("r_targets"), "; ".join(targets) or say("no_target")))
    body = say.text(info.policy.dated(entry.responsible).title) if entry.responsible else say("unknown")
    told.append((say("r_responsible"), body))
    told.append((say("r_digest"), info.digests[name][:16]))
    told += [("", say("r_stale"))] if name in info.stale else []
    return tuple((lead, text if text.endswith((".", "!", "?")) else f"{text}.") for lead, text in told if text)
