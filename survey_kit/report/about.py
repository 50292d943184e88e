"""From a study, its answers and its design to what the pages tell of them beside the figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from survey_kit import frames
from survey_kit.instrument import MISSING_LABELS, Instrument
from survey_kit.report.info import (
    METHOD,
    DomainInfo,
    IndicatorInfo,
    MissingInfo,
    ProblemInfo,
    SampleInfo,
    StudyInfo,
    WaveInfo,
)
from survey_kit.report.speech import speech
from survey_kit.study import Indicator, Study, field_disclosure, said
from survey_kit.study.quality_file import read_quality
from survey_kit.study.sample_disclosure import sample_disclosure
from survey_kit.types import MISSING_KINDS

if TYPE_CHECKING:
    from survey_kit.design import Design
    from survey_kit.responses import Responses
    from survey_kit.types import BoolArray
    from survey_kit.weighting import Weights


def study_info(
    study: Study, responses: Responses, design: Design, language: str = "en", weights: Weights | None = None
) -> StudyInfo:
    """Collect what the pages tell of a study: waves, indicators, method, sample, problems, missing answers.

    Parameters
    ----------
    study, responses, design
        The study, its answers and the design they were computed with.
    language
        The language of the report.
    weights
        The weights the study's weighting has made: where its author states neither sample sizes nor weighting, they are
        told from the log.
    """
    obtain = study.responses.obtain
    plan, say, english = study.design, speech(language), language == "en"  # English names the setting too
    quality = read_quality(study)
    assumptions = {
        "variance": "; ".join(say.told(part) for part in design.assumptions()),
        "overlap": f"{f'{plan.overlap}: ' if english else ''}{say(f'overlap_{plan.overlap}')}",
        "lonely_psu": f"{f'{plan.lonely_psu}: ' if english else ''}{say(f'lonely_{plan.lonely_psu}')}",
        "df": say("df_rule"),
        "nest": say("nest_stratum" if plan.nest else "nest_wave"),
    }
    return StudyInfo(
        id=study.id,
        title=said(study.title, language),
        data_status=study.data_status,
        waves=_waves(study, language),
        indicators=tuple(_indicator(study, one, language) for one in study.definitions),
        domains=tuple(_domain(study, responses, name, language) for name in study.domains),
        baseline=study.baseline_wave,
        families=dict(study.families),
        ratings=study.ratings.country if study.ratings else "",
        compare=study.ratings.compare if study.ratings else (),
        producer=said(obtain.producer, language) if obtain else "",
        terms=said(obtain.terms, language) if obtain else "",
        cite=said(obtain.cite, language) if obtain else "",
        method=_method(study, language, weights),
        assumptions=assumptions,
        weights_note=said(study.weights_note, language),
        notes=tuple(said(note, language) for note in study.notes),
        sample=_sample(design),
        problems=_problems(responses),
        missing=_missing(study, responses, design.inside()),
        languages=study.report.languages,
        language=language,
        lacking=_lacking(study, language),
        regions=study.report.regions.domain if study.report.regions else "",
        quality=quality.texts() if quality else {},
        reviewed=dict(quality.reviewed or {}) if quality else {},
    )


def _lacking(study: Study, language: str) -> tuple[str, ...]:
    """Name the texts of a study's files that readers meet and that do not stand in a language, by their place."""
    if language == "en":
        return ()
    texts: dict[str, Any] = {"title": study.title, "weights_note": study.weights_note}
    texts |= {f"notes {k}": note for k, note in enumerate(study.notes, 1)}
    texts |= {f"method.{name}": text for name, text in study.method.elements().items()}
    for wave in study.waves:
        parts = {"mode": wave.mode, "fieldwork": wave.fieldwork, "break_note": wave.break_note}
        texts |= {f"{wave.id}.{name}": text for name, text in parts.items()}
        texts |= {f"{wave.id}.flag {k}": text for k, text in enumerate(wave.flag, 1)}
    for one in study.definitions:
        own = {"title": one.title, "question": one.question, "saying": one.saying, "note": one.note}
        texts |= {f"{one.id}.{name}": text for name, text in own.items()}
    return tuple(name for name, text in texts.items() if text and language not in text)


def _method(study: Study, language: str, weights: Weights | None) -> dict[str, str]:
    """Give the elements of disclosure: the author's words, else what sample, field and the log of the weights tell."""
    told = field_disclosure(study) | sample_disclosure(study)
    for name, text in ({} if weights is None else weights.disclosure()).items():
        told[name] = f"{told[name]} {text}" if name in told else text
    say = speech(language)
    told = {name: say.told(text) for name, text in told.items()}
    written = {name: said(text, language) for name, text in study.method.elements().items() if name in METHOD}
    return written | {
        name: say("marked", sentence=text) if study.data_status == "synthetic" else text
        for name, text in told.items()
        if not written.get(name, "").strip()
    }


def _waves(study: Study, language: str) -> tuple[WaveInfo, ...]:
    return tuple(
        WaveInfo(
            id=wave.id,
            label=wave.id,
            year=wave.year,
            order=v + 1,
            break_kind=wave.break_ or "",
            break_note=said(wave.break_note, language),
            mode=said(wave.mode, language),
            fieldwork=said(wave.fieldwork, language),
            notes=tuple(said(flag, language) for flag in wave.flag),
        )
        for v, wave in enumerate(study.waves)
    )


def _indicator(study: Study, one: Indicator, language: str) -> IndicatorInfo:
    form = study.instrument()
    first = next((item for item in one.needs() if item in form), None)
    question = said(one.question, language) or (form.text(first, language) if first else "")
    more = len(one.items) - 1
    if one.question is None and more > 0:
        question = speech(language).counted("answers_and_more", more, question=question)
    return IndicatorInfo(
        id=one.id,
        title=said(one.title, language),
        theme=one.theme,
        kind=one.kind,
        unit=one.unit,
        direction=one.direction,
        saying=(one.saying or {}).get(language, "") if language != "en" else said(one.saying, language),
        question=question,
        answers=_answers(one, form, language),
        base=one.base,
        dont_know=one.dont_know,
        interval=one.interval,
        family=study.family(one.id),
        sensitive=one.sensitive,
        note=said(one.note, language),
    )


def _domain(study: Study, responses: Responses, name: str, language: str) -> DomainInfo:
    """Name a grouping variable; its levels too where another language than the rows' English is told."""
    levels: dict[str, str] = {}
    if language != "en":
        levels = {
            str(level): study.label_of(name, level, language)
            for (level,) in frames.group(responses.frame, [name], "domain").levels
        }
    return DomainInfo(id=name, label=study.title_of(name, language), levels=levels)


def _answers(one: Indicator, form: Instrument, language: str) -> str:
    """Name the answers that count, with the ends of the scale."""
    say = speech(language)
    if one.numerator is not None and one.denominator is not None:
        above = _labels(form, one.numerator.any, one.numerator.categories, language)
        below = _labels(form, one.denominator.any, one.denominator.categories, language)
        n, m = len(one.numerator.any), len(one.denominator.any)
        return say("answers_ratio", above=above, below=below, n=n, m=m)
    items = [item for item in one.items if item in form]
    if not items:
        return ""
    scale = form.scale_of(items[0])
    codes = scale.codes if scale else ()
    first, last = (_label(form, items[0], codes[at], language) if codes else "" for at in (0, -1))
    ends = say("answers_ends", first=first, last=last) if codes else ""
    if one.kind == "mean100":
        return say("answers_mean", ends=ends) if ends else say("answers_mean_plain")
    told = _labels(form, items, one.categories, language)
    if one.kind == "net":
        told = say("answers_net", told=told, low=_labels(form, items, one.low_categories, language))
    return say("answers_of", told=told, ends=ends) if ends and len(codes) > 2 else told


def _labels(form: Instrument, items: tuple[str, ...] | list[str], codes: tuple[Any, ...], language: str) -> str:
    item = next((name for name in items if name in form), None)
    labels = [str(code) if item is None else _label(form, item, code, language) for code in codes]
    if len(labels) < 2:
        return "".join(labels)
    return speech(language)("answers_or", first=", ".join(labels[:-1]), last=labels[-1])


def _label(form: Instrument, item: str, code: Any, language: str) -> str:
    words = form.label(item, code, language)
    return (
        words if words != str(code) and not str(code).isdigit() else f"{code} {words}" if words != str(code) else words
    )


def _sample(design: Design) -> tuple[SampleInfo, ...]:
    return tuple(
        SampleInfo(
            wave=str(one["wave"]),
            interviews=int(one["n"]),
            psus=int(one["psus"]),
            strata=int(one["strata"]),
            df=float(one["df"]),
            lonely=int(one["lonely"]),
            weight_min=float(one["weight_min"]),
            weight_max=float(one["weight_max"]),
            kish=float(one["deff_kish"]),
        )
        for one in design.describe()
        if int(one["n"])
    )


def _problems(responses: Responses) -> tuple[ProblemInfo, ...]:
    return tuple(
        ProblemInfo(
            code=str(one["code"]),
            severity=str(one["severity"]),
            wave=str(one["wave"]),
            column=str(one["column"]),
            count=int(one["count"]),
            message=str(one["message"]),
        )
        for one in responses.problems.to_dict("records")
    )


def _missing(study: Study, responses: Responses, inside: BoolArray) -> tuple[MissingInfo, ...]:
    """Count the interviews by the reason of the missing answer, per wave and item of an indicator."""
    wanted = dict.fromkeys(item for one in study.definitions for item in one.needs() if item in responses.missing)
    place, waves = responses.wave_codes(), responses.waves or ("",)
    kinds = len(MISSING_KINDS)
    out = []
    for item in wanted:
        codes = responses.missing[item].cat.codes.to_numpy().astype(np.int64)
        cell = place * (kinds + 1) + np.where(codes < 0, kinds, codes)
        counts = np.bincount(cell[(place >= 0) & inside], minlength=len(waves) * (kinds + 1)).reshape(-1, kinds + 1)
        for wave, row in zip(waves, counts[: len(waves)].tolist(), strict=True):
            reasons: Mapping[str, int] = dict(zip(MISSING_KINDS, row, strict=False))
            asked = sum(row) - reasons["not_asked"]
            if asked:
                told = {kind: count for kind, count in reasons.items() if count and kind != "not_asked"}
                out.append(MissingInfo(wave=wave, item=item, asked=asked, answered=row[kinds], reasons=told))
    return tuple(out)


REASONS: Final[dict[str, str]] = {str(kind): label for kind, label in MISSING_LABELS.items()}
