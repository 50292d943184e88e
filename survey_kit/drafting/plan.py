"""Draft a study file: where the answers are, how the sample was drawn, which waves there are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from survey_kit.drafting.columns import Column, code_of
from survey_kit.drafting.decisions import Ledger, short
from survey_kit.drafting.form import DraftForm, quoted

if TYPE_CHECKING:
    import pandas as pd

FILE = "study.yaml"
DOMAIN_NAMES = (
    r"^(sex|gender|region|oblast|province|state|urban\w*|rural|settlement\w*|educ\w*|edu|language|lang|пол|регион|область|образование|язык"
    r"|жынысы?|өңір|облыс|білімі?|тіл)$"
)
METHOD = {
    "strategy": "how the data were collected",
    "sponsor": "who sponsored, conducted and paid",
    "instruments": "the questions in full, with context",
    "population": "the population under study",
    "recruitment": "frame, coverage, selection, incentives",
    "modes": "modes and languages of the interview",
    "dates": "when the data were collected",
    "sample_sizes": "sample sizes and precision",
    "weighting": "how weights were made, from which sources",
    "processing": "processing and quality checks",
    "limitations": "what limits the findings",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """What the columns and rows of the file say about the sample."""

    weight: str | None
    weights: tuple[str, ...]
    strata: str | None
    psu: str | None
    fpc: str | None
    wave: str | None
    case: str | None
    nest: bool
    crossing: int
    lonely: int
    waves: tuple[str, ...]
    silent: Mapping[str, tuple[str, ...]]


def sampling_of(columns: Sequence[Column], frame: pd.DataFrame) -> Sampling:
    """Read the sampling design off the columns."""
    role = {column.role: column.name for column in reversed(columns)}
    strata, psu, wave, case = (role.get(name) for name in ("strata", "psu", "wave", "case"))
    crossing, nest, lonely = _nesting(frame, wave, strata, psu)
    if case is not None and frame.duplicated([name for name in (wave, case) if name]).any():
        case = None
    waves = next((tuple(map(str, column.values)) for column in columns if column.name == wave), ())
    return Sampling(
        weight=role.get("weight"),
        weights=tuple(
            c.name for c in columns if c.numeric and re.search(r"wei?gh?t|^w\d?$|wtss|вес|салмақ", c.name.lower())
        ),
        strata=strata,
        psu=psu,
        fpc=role.get("fpc"),
        wave=wave,
        case=case,
        nest=nest,
        crossing=crossing,
        lonely=lonely,
        waves=waves,
        silent=_silent(columns, frame, wave),
    )


def _nesting(frame: pd.DataFrame, wave: str | None, strata: str | None, psu: str | None) -> tuple[int, bool, int]:
    """Count PSU ids that stand in several strata of a wave; say whether most do where any does; count lonely strata."""
    if psu is None:
        return 0, False, 0
    by = frame[wave] if wave else frame[psu].map(lambda _: 0)
    crossing = units = lonely = 0
    for _, rows in frame.groupby(by):
        pairs = rows[[name for name in (strata, psu) if name]].dropna().drop_duplicates()
        counts = pairs[psu].value_counts()
        here = int((counts > 1).sum())
        crossing, units = crossing + here, units + (len(counts) if here else 0)
        lonely += int((pairs[strata].value_counts() == 1).sum()) if strata else 0
    return crossing, crossing > units / 2, lonely


def _silent(columns: Sequence[Column], frame: pd.DataFrame, wave: str | None) -> dict[str, tuple[str, ...]]:
    """Name the columns that nobody has a value in, by wave."""
    if wave is None:
        return {}
    names = [column.name for column in columns if column.role in {"item", "background", "strata", "psu"}]
    filled = frame.groupby(wave)[names].count()
    silent = {label: [name for name in names if not counts[name]] for label, counts in filled.to_dict("index").items()}
    return {str(code_of(label)): tuple(found) for label, found in silent.items() if found}


def plan_yaml(
    name: str,
    file: str,
    form: DraftForm,
    columns: Sequence[Column],
    sampling: Sampling,
    families: Mapping[str, Sequence[str]],
    ledger: Ledger,
) -> str:
    """Write the study file; what was guessed is marked."""
    title = name.replace("_", " ").capitalize()
    lines = [
        "schema: survey-kit/study/1",
        f"id: {name}",
        f"title: {quoted(title)}  " + ledger.ask(FILE, "title", "What is the study called?", guess=title, why="its id"),
        f"source_language: {form.language}",
        "data_status: real",
        f"instrument: {form.id}",
    ]
    lines += _responses_yaml(file, sampling, ledger)
    lines += _design_yaml(sampling, ledger)
    lines += _waves_yaml(file, form, sampling, ledger)
    lines += _domains_yaml(form, columns, ledger)
    if families:
        mark = ledger.ask(
            FILE,
            "families",
            "Which indicators' changes are judged together?",
            guess="those of one theme",
            why="a change is called real within its family; the families are frozen with a release",
        )
        lines += [
            f"families:  {mark}",
            *(f"  {family}: [{', '.join(members)}]" for family, members in families.items()),
        ]
    lines.append("indicators: indicators.yaml")
    mark = ledger.ask(
        FILE,
        "method",
        "How was the survey made? (eleven elements of the AAPOR Code)",
        guess="not stated; the report says so and is marked provisional",
        why="no data file holds it",
    )
    lines += [f"method: {{}}  {mark}", *(f"#  {key}: {text}" for key, text in METHOD.items())]
    lines += ["report: {languages: [en], formats: [html, pdf]}"]
    return "\n".join(lines) + "\n"


def _responses_yaml(file: str, sampling: Sampling, ledger: Ledger) -> list[str]:
    lines = ["responses:"]
    if sampling.wave:
        mark = ledger.ask(
            FILE,
            "responses.wave",
            f"Does '{sampling.wave}' tell the waves apart?",
            guess=sampling.wave,
            why="its name and its few values",
        )
        lines += [f"  file: {quoted(file)}", f"  wave: {quoted(sampling.wave)}  {mark}"]
    if sampling.case:
        mark = ledger.ask(
            FILE,
            "responses.case",
            f"Is '{sampling.case}' the respondent's number?",
            guess=sampling.case,
            why="its name; no value stands twice in a wave",
        )
        lines.append(f"  case: {quoted(sampling.case)}  {mark}")
    return lines if len(lines) > 1 else ["responses: {}"]


def _design_yaml(sampling: Sampling, ledger: Ledger) -> list[str]:
    lines = ["design:"]
    if sampling.weight:
        others = [name for name in sampling.weights if name != sampling.weight]
        why = "its name and its positive values" + (f"; other candidates: {', '.join(others)}" if others else "")
        mark = ledger.ask(FILE, "design.weight", f"Is '{sampling.weight}' the weight?", guess=sampling.weight, why=why)
        lines.append(f"  weight: {quoted(sampling.weight)}  {mark}")
    else:
        mark = ledger.ask(
            FILE, "design.weight", "Which column is the weight?", guess="nothing", open=True,
            why="no column looks like one; survey_kit computes nothing without weights (a sample in which all had the same chance needs a column of equal weights)",
        )  # fmt: skip
        lines.append(f"  weight: WEIGHT_COLUMN  {mark}")
    for key, value, what in (
        ("strata", sampling.strata, "strata"),
        ("psu", sampling.psu, "primary sampling units"),
        ("fpc", sampling.fpc, "population counts of units"),
    ):
        if value:
            mark = ledger.ask(FILE, f"design.{key}", f"Does '{value}' hold the {what}?", guess=value, why="its name")
            lines.append(f"  {key}: {quoted(value)}  {mark}")
        elif key != "fpc":
            without = (
                "no strata: one stratum per wave"
                if key == "strata"
                else "no clusters: every respondent is a unit of their own"
            )
            mark = ledger.ask(
                FILE,
                f"design.{key}",
                f"Which column holds the {what}, if any?",
                guess=without,
                why="no column looks like it",
            )
            lines.append(f"  {mark}")
    if sampling.crossing:
        mark = ledger.ask(
            FILE, "design.nest", "Do unit numbers start anew in each stratum?", guess=str(sampling.nest).lower(), open=not sampling.nest,
            why=f"{sampling.crossing} unit ids stand in several strata of a wave",
        )  # fmt: skip
        lines.append(f"  nest: {str(sampling.nest).lower()}  {mark}")
    if sampling.lonely:
        mark = ledger.ask(
            FILE, "design.lonely_psu", "What does a stratum with a single unit contribute?", guess="fail: nothing is computed until this is decided", open=True,
            why=f"{sampling.lonely} strata have one unit; adjust centres them at the mean of the wave, certainty lets them contribute nothing",
        )  # fmt: skip
        lines.append(f"  lonely_psu: fail  {mark}")
    mark = ledger.ask(
        FILE,
        "design.overlap",
        "Which units do two waves share? (none, psu, unit)",
        guess="none",
        why="equal ids do not prove equal places or people; independent samples are the safe reading",
    )
    lines.append(f"  overlap: none  {mark}")
    return lines


def _waves_yaml(file: str, form: DraftForm, sampling: Sampling, ledger: Ledger) -> list[str]:
    lines = ["waves:"]
    if not sampling.wave:
        found = re.search(r"(19|20)\d\d", file)
        year = found.group() if found else None
        guess = f"one wave, {year}" if year else "one wave, without a year"
        mark = ledger.ask(
            FILE,
            "waves",
            "Which wave is this, and of which year?",
            guess=guess,
            why="the file's name" if year else "no column and no name tells",
        )
        head = f'id: "{year or 1}", ' + (f"year: {year}, " if year else "")
        return [*lines, f'  - {{{head}version: "1.0", file: {quoted(file)}}}  {mark}']
    unasked, undesigned = _waves_marks(form, sampling, ledger)
    for wave in sampling.waves:
        year = wave if re.fullmatch(r"(19|20)\d\d", wave) else None
        silent = [item.id for item in form.items if item.column.name in sampling.silent.get(wave, ())]
        without = [key for key in ("psu", "strata") if getattr(sampling, key) in sampling.silent.get(wave, ())]
        parts = [f"id: {quoted(wave)}", *([f"year: {year}"] if year else []), 'version: "1.0"']
        parts += [f"not_asked: [{', '.join(silent)}]"] if silent else []
        parts += [f"design: {{{', '.join(f'{key}: null' for key in without)}}}"] if without else []
        marks = [unasked] if silent else []
        marks += [undesigned] if without else []
        if not year:
            question = f"Which year is wave '{wave}'? Add 'year:'."
            marks.append(ledger.ask(FILE, f"waves.{wave}", question, guess="no year", why="its id is not a year"))
        lines.append("  ".join([f"  - {{{', '.join(parts)}}}", *marks]))
    if len(sampling.waves) > 1:
        mark = ledger.ask(
            FILE, "waves", "Did mode, wording, frame or weighting change between waves? Add 'break:' and 'break_note:' there.",
            guess="nothing changed", why="a data file does not tell; an undeclared break is read as a change of opinion",
        )  # fmt: skip
        lines.append(f"  {mark}")
    return lines


def _waves_marks(form: DraftForm, sampling: Sampling, ledger: Ledger) -> tuple[str, str]:
    """Ask once about all items that a wave lacks, and once about all waves without strata or units."""
    silent = {name for names in sampling.silent.values() for name in names}
    lacking = sorted({item.id for item in form.items if item.column.name in silent})
    without = [key for key in ("strata", "psu") if getattr(sampling, key) in silent]
    unasked = undesigned = ""
    if lacking:
        told = ", ".join(lacking[:6]) + (f" and {len(lacking) - 6} more" if len(lacking) > 6 else "")
        question, why = f"Were these not asked in some waves: {told}?", "nobody has a value there"
        unasked = ledger.ask(FILE, "waves.not_asked", question, guess="not asked, wave by wave", why=why)
    if without:
        question = f"Is there really no {' and no '.join(without)} in some waves?"
        guess, why = "none there: every respondent is a unit, the wave one stratum", "nobody has a value there"
        undesigned = ledger.ask(FILE, "waves.design", question, guess=guess, why=why)
    return short(unasked), short(undesigned)


def _domains_yaml(form: DraftForm, columns: Sequence[Column], ledger: Ledger) -> list[str]:
    domains, derive = [], []
    for column in columns:
        item = form.item(column.name)
        if column.role != "background" or item is None:
            continue
        if item.type == "single" and re.search(DOMAIN_NAMES, column.name.lower()) and 2 <= len(column.answers) <= 30:
            domains.append(item.id)
        elif item.type == "number" and re.match(r"age|возраст|жас", column.name.lower()) and column.high > 30:
            cuts = [cut for cut in (15, 18, 30, 45, 60) if cut == 15 or cut > 15]
            low = 15 if column.low < 18 else 18
            mark = ledger.ask(
                FILE,
                "derive.age_group",
                "Are these the age groups of the report?",
                guess=f"from {low}, 30, 45, 60",
                why="usual groups; the cut points are lower bounds",
            )
            derive = [
                f"derive:  {mark}",
                f"  age_group: {{title: Age group, from: {item.id}, cut: [{low}, {', '.join(str(c) for c in cuts if c > 18)}]}}",
            ]
            domains.append("age_group")
    if not domains:
        return []
    mark = ledger.ask(
        FILE, "domains", "For which groups is every indicator shown?", guess=", ".join(domains), why="their names"
    )
    return [*derive, f"domains: [{', '.join(domains)}]  {mark}"]
