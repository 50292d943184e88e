"""Method and quality: what was done, how good the data are, what the figures rest on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from survey_kit.report.about import REASONS
from survey_kit.report.book import Published
from survey_kit.report.elements import Box, Bullets, Element, Prose, Stack, Table
from survey_kit.report.info import METHOD, MissingInfo, StudyInfo
from survey_kit.report.rows import SYMBOLS, symbol
from survey_kit.report.sentences import CLASSES as WORDINGS
from survey_kit.report.sentences import break_told, marked
from survey_kit.report.speech import speech
from survey_kit.report.tables import table, wave_head

RULES: Final = ("shares", "means", "precision")
ASSUMPTIONS: Final = ("variance", "overlap", "lonely_psu", "df", "nest")
CLASSES: Final = ("publish", "caution", "review", "suppress", "none")


def notice(book: Published) -> Stack:
    """Say what kind of figures these are: synthetic, provisional; nothing for a complete real study."""
    info, say = book.info, book.info.say
    parts: list[Element] = []
    if info.synthetic:
        parts.append(Box("important", say("strip"), (Prose((say("nobody_interviewed"),)),)))
    if info.not_stated:
        names = [say(f"method_{name}").lower() for name in info.not_stated]
        title = say("provisional", count=len(names), of=len(METHOD))
        parts.append(Box("warning", title, (Prose((say("not_stated_names", names=info.show.listed(names)),)),)))
    return Stack(tuple(parts))


def method(book: Published) -> Stack:
    """Give the elements that the AAPOR Code (2021) asks to disclose, "not stated" where the study is silent."""
    info, say = book.info, book.info.say
    points = tuple(
        (f"{number}. {say(f'method_{name}')}.", info.method.get(name, "").strip() or say("not_stated"))
        for number, name in enumerate(METHOD, 1)
    )
    notes = tuple(note for note in (info.weights_note, *info.notes) if note)
    parts: list[Element] = [Bullets(points)]
    if notes:
        parts.append(Prose(notes))
    return Stack(tuple(parts))


def sample(book: Published) -> Table:
    """Give the sample of every wave: mode, interviews, units, strata, degrees of freedom, weights."""
    info, say, show = book.info, book.info.say, book.info.show
    silent = say("not_stated_cell")
    heads = ("mode", "when", "n", "psus", "strata", "lonely", "df", "weights", "kish")
    columns = {"label": wave_head(info), **{name: say(f"head_{name}") for name in heads}, "n": say("head_interviews")}
    records = []
    for one in info.sample:
        wave = info.wave(one.wave)
        spread = (
            show.span(show.significant(one.weight_min), show.significant(one.weight_max))
            if one.weight_min is not None and one.weight_max is not None
            else ""
        )
        records.append(
            {
                "label": info.wave_label(one.wave),
                "mode": wave.mode or silent,
                "when": wave.fieldwork or silent,
                "n": show.count(one.interviews),
                "psus": "" if one.psus is None else show.count(one.psus),
                "strata": "" if one.strata is None else show.count(one.strata),
                "lonely": show.count(one.lonely),
                "df": "" if one.df is None else show.count(one.df),
                "weights": spread,
                "kish": "" if one.kish is None else show.decimal(one.kish, 2),
            }
        )
    if all(one["lonely"] == "0" for one in records):
        del columns["lonely"]
    for name in ("mode", "when"):
        if all(one[name] == silent for one in records):
            del columns[name]
    name, left = f"{info.file_stem}-sample", ("mode", "when")
    return table(name, say("table_sample"), columns, records, info=info, left=left, notes=(say("note_kish"),))


def breaks(book: Published) -> Stack:
    """Say where the series breaks and what else to know of a wave."""
    info, say = book.info, book.info.say
    points = []
    for wave in info.waves:
        told = []
        if wave.break_kind:
            why = f" ({wave.break_note.rstrip('.')})" if wave.break_note else ""
            told.append(say("break_before", reason=f"{break_told(info, wave.break_kind)}{why}"))
        told += [note if note.endswith(".") else f"{note}." for note in wave.notes]
        if told:
            points.append((f"{info.wave_label(wave.id)}.", marked(info, " ".join(told))))
    if not points:
        return Stack((Prose((marked(info, say("no_break")),)),))
    return Stack((Bullets(tuple(points)),))


def missing_answers(book: Published) -> Table:
    """Give, wave by wave, why answers are missing: interviews times questions, not weighted."""
    info, say = book.info, book.info.say
    by_wave = {wave.id: [one for one in info.missing if one.wave == wave.id] for wave in info.waves}
    kinds = [kind for kind in REASONS if any(kind in one.reasons for one in info.missing)]
    columns = {"label": wave_head(info), "items": say("head_items"), "asked": say("head_due")}
    columns |= {"answered": say("head_answered")} | {kind: say(f"reason_{kind}") for kind in kinds}
    records = [
        {"label": info.wave_label(wave), "items": str(len(cells)), **_shares(info, cells, kinds)}
        for wave, cells in by_wave.items()
        if cells
    ]
    title, notes = say("table_missing"), (say("note_missing"),)
    return table(f"{info.file_stem}-missing", title, columns, records, info=info, notes=notes)


def _shares(info: StudyInfo, cells: Sequence[MissingInfo], kinds: Sequence[str]) -> dict[str, str]:
    show = info.show
    due = sum(one.asked for one in cells)
    counts = {kind: sum(one.reasons.get(kind, 0) for one in cells) for kind in kinds}
    answered = sum(one.answered for one in cells)
    return {
        "asked": show.count(due),
        "answered": show.share(answered / due),
        **{kind: show.share(count / due) for kind, count in counts.items()},
    }


def problems(book: Published) -> Stack:
    """Give what did not fit when the answers were held against the questionnaire."""
    info, say, show = book.info, book.info.say, book.info.show
    if not info.problems:
        return Stack((Prose((marked(info, say("no_problem")),)),))
    columns = {"code": say("head_code"), "severity": say("head_severity"), "wave": wave_head(info)}
    columns |= {"column": say("head_question"), "count": say("head_rows"), "message": say("head_problem")}
    records = [
        {
            "code": one.code,
            "severity": say.told(one.severity),
            "wave": info.wave_label(one.wave) if one.wave else say("all_waves"),
            "column": one.column,
            "count": show.count(one.count),
            "message": say.told(one.message),
        }
        for one in info.problems
    ]
    left = ("severity", "wave", "column", "message")
    title = say("table_problems")
    made = table(f"{info.file_stem}-problems", title, columns, records, info=info, left=left)
    if len(records) <= 12:
        return Stack((made,))
    counts = Counter(one.code for one in info.problems)
    told = show.listed([f"{code} ({count})" for code, count in sorted(counts.items())])
    opening = Prose((marked(info, say("problems_found", count=len(records), told=told)),))
    return Stack((opening, Box("note", say("box_problems"), (made,), folded=True)))


def flags(book: Published) -> Table:
    """Count how many figures are published, with caution, or not at all."""
    info, rows, say, show = book.info, book.rows, book.info.say, book.info.show
    known = [name for name in CLASSES if (rows["reliability"] == name).any()]
    columns = {"label": say("head_figures"), **{name: say(f"reliability_{name}") for name in known}}
    everybody = rows["domain"] == ""
    records = [
        {"label": label, **{name: show.count(int((rows[keep]["reliability"] == name).sum())) for name in known}}
        for label, keep in ((say("everybody"), everybody), (say("groups"), ~everybody))
        if keep.any()
    ]
    return table(f"{info.file_stem}-flags", say("table_flags"), columns, records, info=info)


def wordings(book: Published) -> Table:
    """Count what is said of the changes since the wave before."""
    info, rows, say, show = book.info, book.rows, book.info.say, book.info.show
    known = [name for name in WORDINGS if (rows["previous_wording"] == name).any()]
    columns = {"label": say("head_changes"), **{name: say(f"class_{name}") for name in known}}
    everybody = rows["domain"] == ""
    records = [
        {"label": label, **{name: show.count(int((rows[keep]["previous_wording"] == name).sum())) for name in known}}
        for label, keep in ((say("everybody"), everybody), (say("groups"), ~everybody))
        if keep.any()
    ]
    return table(f"{info.file_stem}-wordings", say("table_wordings"), columns, records, info=info)


def rules(book: Published | None = None) -> Bullets:
    """Say by which rules a figure is published; without a study in English."""
    say = book.info.say if book else speech("en")
    return Bullets(tuple((say(f"rule_{name}_lead"), say(f"rule_{name}")) for name in RULES))


def symbols(book: Published | None = None) -> Bullets:
    """Explain the markers; without a study in English."""
    say = book.info.say if book else speech("en")
    return Bullets(tuple((f"{marker}:", f"{symbol(marker, say)}.") for marker in SYMBOLS))


def families(book: Published) -> Stack:
    """Say which changes are judged together."""
    info, say = book.info, book.info.say
    titles = {one.id: one.title for one in info.indicators}
    points = tuple(
        (f"{info.family_label(name)}.", "; ".join(titles.get(one, one) for one in members) + ".")
        for name, members in info.families.items()
    )
    alone = [one.title for one in info.indicators if not any(one.id in members for members in info.families.values())]
    opening = say("families_opening")
    last = (say("families_alone"), "; ".join(alone) + ".")
    every = (*points, last) if alone else points
    return Stack((Prose((opening,)), Bullets(every))) if every else Stack((Prose((opening,)),))


def assumptions(book: Published) -> Bullets:
    """Say what the variances rest on."""
    told, say = book.info.assumptions, book.info.say
    points = tuple((say(f"assume_{name}"), f"{_capital(told[name])}.") for name in ASSUMPTIONS if told.get(name))
    return Bullets(points)


def source(book: Published) -> Prose:
    """Say whose data these are, on which terms, and how to cite them."""
    info, say = book.info, book.info.say
    told = (("producer", info.producer), ("terms", info.terms), ("cite", info.cite))
    stated = tuple(say(f"source_{name}", text=text.rstrip(".")) for name, text in told if text)
    if info.synthetic:
        return Prose((marked(info, say("source_synthetic")), *stated))
    return Prose(stated or (say("source_none"),))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
