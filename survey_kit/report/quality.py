"""Method and quality: what was done, how good the data are, what the figures rest on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from survey_kit.indicators.rows import BREAKS
from survey_kit.report import display
from survey_kit.report.about import REASONS
from survey_kit.report.book import Published
from survey_kit.report.elements import Box, Bullets, Element, Prose, Stack, Table
from survey_kit.report.info import METHOD, MissingInfo
from survey_kit.report.rows import SYMBOLS
from survey_kit.report.sentences import marked
from survey_kit.report.tables import table

RULES: Final = (
    (
        "Shares: rule nchs_2017.",
        (
            "Parker et al. (2017), Vital and Health Statistics 2(175). Not published: effective n under 30, a Korn-Graubard "
            "interval 30 points wide or more, or wider than 1.3 times the share (unless at most 5 points wide). With caution: "
            "fewer than 8 degrees of freedom, 0 or 100 %, or an interval wider than 1.3 times the complement."
        ),
    ),
    (
        "Means: rule cv_bands.",
        (
            "Bands of Statistics Canada for the coefficient of variation: up to 16.5 % published, up to 33.3 % with caution, "
            "above not published."
        ),
    ),
    (
        "Net scores, composites and changes: rule precision.",
        (
            "Degrees of freedom, effective n and half-width of the interval, since a coefficient of variation says nothing "
            "of a figure that may be near zero."
        ),
    ),
)
ASSUMPTIONS: Final = {
    "variance": "Variance.",
    "overlap": "Waves in common.",
    "lonely_psu": "Strata with one unit.",
    "df": "Degrees of freedom.",
    "nest": "Unit ids.",
}
CLASSES: Final = {
    "publish": "published",
    "caution": "with caution [u]",
    "review": "with caution, under review [u]",
    "suppress": "not published [u]",
    "none": "no figure",
}


def notice(book: Published) -> Stack:
    """Say what kind of figures these are: synthetic, provisional; nothing for a complete real study."""
    info = book.info
    parts: list[Element] = []
    if info.synthetic:
        parts.append(
            Box(
                "important",
                f"{info.mark} DATA: a rehearsal, no real answers",
                (
                    Prose(
                        (
                            (
                                "Nobody was interviewed. The answers on this page were made up by a seeded simulator, so that the "
                                "whole way from questionnaire to report can be tried and checked against a known truth. The "
                                "figures say nothing about any country, institution or person."
                            ),
                        )
                    ),
                ),
            )
        )
    if info.not_stated:
        names = [METHOD[name].lower() for name in info.not_stated]
        count = f"{len(names)} of the {len(METHOD)} elements of disclosure are not stated"
        parts.append(Box("warning", f"Provisional: {count}", (Prose((f"Not stated: {display.listed(names)}.",)),)))
    return Stack(tuple(parts))


def method(book: Published) -> Stack:
    """Give the elements that the AAPOR Code (2021) asks to disclose, "not stated" where the study is silent."""
    points = tuple(
        (f"{number}. {title}.", book.info.method.get(name, "").strip() or "Not stated.")
        for number, (name, title) in enumerate(METHOD.items(), 1)
    )
    notes = tuple(note for note in (book.info.weights_note, *book.info.notes) if note)
    parts: list[Element] = [Bullets(points)]
    if notes:
        parts.append(Prose(notes))
    return Stack(tuple(parts))


def sample(book: Published) -> Table:
    """Give the sample of every wave: mode, interviews, units, strata, degrees of freedom, weights."""
    info = book.info
    columns = {
        "label": "Rehearsal" if info.synthetic else "Wave",
        "mode": "Mode",
        "when": "Fieldwork",
        "n": "Interviews",
        "psus": "Sampling units",
        "strata": "Strata",
        "lonely": "Strata with one unit",
        "df": "df",
        "weights": "Weights",
        "kish": "Kish effect of weights",
    }
    records = []
    for one in info.sample:
        wave = info.wave(one.wave)
        spread = (
            f"{display.significant(one.weight_min)} to {display.significant(one.weight_max)}"
            if one.weight_min is not None and one.weight_max is not None
            else ""
        )
        records.append(
            {
                "label": info.wave_label(one.wave),
                "mode": wave.mode or "not stated",
                "when": wave.fieldwork or "not stated",
                "n": display.count(one.interviews),
                "psus": "" if one.psus is None else display.count(one.psus),
                "strata": "" if one.strata is None else display.count(one.strata),
                "lonely": display.count(one.lonely),
                "df": "" if one.df is None else display.count(one.df),
                "weights": spread,
                "kish": "" if one.kish is None else display.decimal(one.kish, 2),
            }
        )
    if all(one["lonely"] == "0" for one in records):
        del columns["lonely"]
    for name in ("mode", "when"):
        if all(one[name] == "not stated" for one in records):
            del columns[name]
    notes = (
        (
            "The Kish effect is 1 plus the squared coefficient of variation of the weights: what unequal weights alone add to a "
            "variance. The design effect of every figure stands in the data."
        ),
    )
    return table(
        f"{info.file_stem}-sample",
        "The sample, wave by wave.",
        columns,
        records,
        info=info,
        left=("mode", "when"),
        notes=notes,
    )


def breaks(book: Published) -> Stack:
    """Say where the series breaks and what else to know of a wave."""
    info = book.info
    points = []
    for wave in info.waves:
        told = []
        if wave.break_kind:
            why = f" ({wave.break_note.rstrip('.')})" if wave.break_note else ""
            told.append(f"Break before this wave [b]: {BREAKS.get(wave.break_kind, wave.break_kind)}{why}.")
        told += [note if note.endswith(".") else f"{note}." for note in wave.notes]
        if told:
            points.append((f"{info.wave_label(wave.id)}.", marked(info, " ".join(told))))
    if not points:
        return Stack((Prose((marked(info, "No break is declared in any wave."),)),))
    return Stack((Bullets(tuple(points)),))


def missing_answers(book: Published) -> Table:
    """Give, wave by wave, why answers are missing: interviews times questions, not weighted."""
    info = book.info
    by_wave = {wave.id: [one for one in info.missing if one.wave == wave.id] for wave in info.waves}
    kinds = [kind for kind in REASONS if any(kind in one.reasons for one in info.missing)]
    columns = {"label": "Rehearsal" if info.synthetic else "Wave", "items": "Questions", "asked": "Answers due"}
    columns |= {"answered": "Answered, %"} | {kind: f"{REASONS[kind].capitalize()}, %" for kind in kinds}
    records = [
        {"label": info.wave_label(wave), "items": str(len(cells)), **_shares(cells, kinds)}
        for wave, cells in by_wave.items()
        if cells
    ]
    notes = (
        (
            "Answers due are interviews times the questions asked of them, for the questions that enter an indicator; shares are "
            "not weighted. Every question by wave stands in the data."
        ),
    )
    title = "Missing answers by reason, wave by wave."
    return table(f"{info.file_stem}-missing", title, columns, records, info=info, notes=notes)


def _shares(cells: Sequence[MissingInfo], kinds: Sequence[str]) -> dict[str, str]:
    due = sum(one.asked for one in cells)
    counts = {kind: sum(one.reasons.get(kind, 0) for one in cells) for kind in kinds}
    answered = sum(one.answered for one in cells)
    return {
        "asked": display.count(due),
        "answered": display.share(answered / due),
        **{kind: display.share(count / due) for kind, count in counts.items()},
    }


def problems(book: Published) -> Stack:
    """Give what did not fit when the answers were held against the questionnaire."""
    info = book.info
    if not info.problems:
        return Stack((Prose((marked(info, "Every answer fits the questionnaire; no problem was found."),)),))
    columns = {
        "code": "Code",
        "severity": "Severity",
        "wave": "Rehearsal" if info.synthetic else "Wave",
        "column": "Question",
        "count": "Rows",
        "message": "Problem",
    }
    records = [
        {
            "code": one.code,
            "severity": one.severity,
            "wave": info.wave_label(one.wave) if one.wave else "all",
            "column": one.column,
            "count": display.count(one.count),
            "message": one.message,
        }
        for one in info.problems
    ]
    left = ("severity", "wave", "column", "message")
    title = "Problems found in the answers."
    made = table(f"{info.file_stem}-problems", title, columns, records, info=info, left=left)
    if len(records) <= 12:
        return Stack((made,))
    counts = Counter(one.code for one in info.problems)
    told = display.listed([f"{code} ({count})" for code, count in sorted(counts.items())])
    opening = Prose((marked(info, f"{len(records)} problems were found, by code: {told}."),))
    return Stack((opening, Box("note", "Table: problems found in the answers", (made,), folded=True)))


def flags(book: Published) -> Table:
    """Count how many figures are published, with caution, or not at all."""
    info = book.info
    rows = book.rows
    known = [name for name in CLASSES if (rows["reliability"] == name).any()]
    columns = {"label": "Figures", **{name: CLASSES[name] for name in known}}
    everybody = rows["domain"] == ""
    records = [
        {"label": label, **{name: display.count(int((rows[keep]["reliability"] == name).sum())) for name in known}}
        for label, keep in (("Everybody", everybody), ("Groups", ~everybody))
        if keep.any()
    ]
    return table(f"{info.file_stem}-flags", "How many figures may be published.", columns, records, info=info)


def wordings(book: Published) -> Table:
    """Count what is said of the changes since the wave before."""
    from survey_kit.report.sentences import CLASSES as WORDS

    info, rows = book.info, book.rows
    known = [name for name in WORDS if (rows["previous_wording"] == name).any()]
    columns = {"label": "Changes since the wave before", **{name: WORDS[name] for name in known}}
    everybody = rows["domain"] == ""
    records = [
        {"label": label, **{name: display.count(int((rows[keep]["previous_wording"] == name).sum())) for name in known}}
        for label, keep in (("Everybody", everybody), ("Groups", ~everybody))
        if keep.any()
    ]
    return table(f"{info.file_stem}-wordings", "What is said of the changes.", columns, records, info=info)


def rules() -> Bullets:
    """Say by which rules a figure is published."""
    return Bullets(RULES)


def symbols() -> Bullets:
    """Explain the markers."""
    return Bullets(tuple((f"{marker}:", f"{text}.") for marker, text in SYMBOLS.items()))


def families(book: Published) -> Stack:
    """Say which changes are judged together."""
    info = book.info
    titles = {one.id: one.title for one in info.indicators}
    points = tuple(
        (f"{name}.", "; ".join(titles.get(one, one) for one in members) + ".")
        for name, members in info.families.items()
    )
    alone = [one.title for one in info.indicators if not any(one.id in members for members in info.families.values())]
    opening = (
        "A change is judged together with those of its family, wave and grouping: p is adjusted by Benjamini and Hochberg "
        "(1995) for a false discovery rate of 5 %, and the printed interval is that of Benjamini and Yekutieli (2005), so that "
        "interval and words always agree. Families are declared before the figures are seen."
    )
    last = ("Judged on its own:", "; ".join(alone) + ".")
    every = (*points, last) if alone else points
    return Stack((Prose((opening,)), Bullets(every))) if every else Stack((Prose((opening,)),))


def assumptions(book: Published) -> Bullets:
    """Say what the variances rest on."""
    told = book.info.assumptions
    points = tuple((ASSUMPTIONS[name], f"{_capital(told[name])}.") for name in ASSUMPTIONS if told.get(name))
    return Bullets(points)


def source(book: Published) -> Prose:
    """Say whose data these are, on which terms, and how to cite them."""
    told = (("Producer", book.info.producer), ("Terms", book.info.terms), ("To cite", book.info.cite))
    stated = tuple(f"{name}: {text.rstrip('.')}." for name, text in told if text)
    if book.info.synthetic:
        return Prose(
            (marked(book.info, "Made up by a seeded simulator that is part of survey_kit; free to use."), *stated)
        )
    return Prose(stated or ("The study states no producer and no terms.",))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
