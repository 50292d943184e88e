"""From answers to the numbers an indicator averages: one column per indicator and item, and why each lacks a value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from survey_kit.instrument.questionnaire import Instrument
from survey_kit.responses import Responses
from survey_kit.study import AnyOf, Indicator, Study
from survey_kit.types import MISSING_KINDS, BoolArray, Code, FloatArray, IntArray

Kinds = NDArray[np.int8]

ANSWERED: Final = 0  # a row's class: an answer, or one of the reasons for none
DONT_KNOW: Final = 1
REFUSED: Final = 2
NO_ANSWER: Final = 3
OTHER: Final = 4
NOT_ASKED: Final = 5
_CLASS: Final[Mapping[str, int]] = {
    **dict.fromkeys(MISSING_KINDS, OTHER),
    "dont_know": DONT_KNOW,
    "refused": REFUSED,
    "no_answer": NO_ANSWER,
    "not_asked": NOT_ASKED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What one item gives to one indicator, row by row.

    Attributes
    ----------
    name
        ``<indicator>:<item>``.
    value : (n,)
        What is averaged; NaN outside the base.
    answer : (n,)
        The value of those who gave an answer, whatever the base; NaN for the others.
    reason : (n,)
        Answered, or why not.
    """

    name: str
    value: FloatArray
    answer: FloatArray
    reason: Kinds

    @property
    def asked(self) -> BoolArray:
        """Tell who was asked."""
        return np.asarray(self.reason != NOT_ASKED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A frame of scored columns that knows who was asked: what a design takes."""

    frame: Any
    columns: Mapping[str, Column]

    def asked(self, name: str) -> BoolArray | None:
        """Tell in which rows a column was asked; None for a column that is not a score."""
        return self.columns[name].asked if name in self.columns else None


def score(study: Study, responses: Responses, wave: IntArray) -> dict[str, tuple[Column, ...]]:
    """Score every indicator of a study: its columns, one per item, by indicator.

    `wave` (n,) numbers the study's waves.
    """
    answers = _Answers(study=study, responses=responses, wave=wave, cache={})
    return {
        one.id: (_ratio(one, answers),)
        if one.kind == "ratio"
        else tuple(_item(one, item, answers) for item in one.items)
        for one in study.definitions
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answers:
    """The answers of items as codes and reasons, taken out of the frame once."""

    study: Study
    responses: Responses
    wave: IntArray
    cache: dict[str, tuple[Any, Kinds]]

    def take(self, item: str) -> tuple[Any, Kinds]:
        """Give the codes (n,) of an item and the reasons (n,)."""
        if item not in self.cache:
            self.cache[item] = self._take(item)
        return self.cache[item]

    def _take(self, item: str) -> tuple[Any, Kinds]:
        frame, missing = self.responses.frame, self.responses.missing
        if item not in missing.columns:
            return np.full(len(frame), np.nan), np.full(len(frame), NOT_ASKED, dtype=np.int8)
        codes = frame[item]
        numeric = codes.dtype.kind in "iuf"
        values = codes.to_numpy(dtype=np.float64 if numeric else object)
        kinds = missing[item].cat
        classes = np.array([*(_CLASS[kind] for kind in kinds.categories), ANSWERED], dtype=np.int8)
        reason = classes[kinds.codes.to_numpy()]  # the last class serves the code -1: no reason, an answer
        never = [
            v
            for v, wave in enumerate(self.study.waves)
            if item not in self.study.instruments[wave.id] or item in self.study.not_asked(wave.id)
        ]
        reason[np.isin(self.wave, never)] = NOT_ASKED
        return values, reason

    def forms(self) -> list[tuple[Instrument, IntArray]]:
        """Give each version of the instrument and the waves asked with it."""
        forms: dict[str, tuple[Instrument, list[int]]] = {}
        for v, wave in enumerate(self.study.waves):
            form = self.study.instruments[wave.id]
            forms.setdefault(form.version, (form, []))[1].append(v)
        return [(form, np.asarray(waves, dtype=np.int64)) for form, waves in forms.values()]


def _item(one: Indicator, item: str, answers: _Answers) -> Column:
    codes, reason = answers.take(item)
    answered = reason == ANSWERED
    answer = np.full(len(reason), np.nan)
    if one.kind == "mean100":
        for form, waves in answers.forms():
            if item in form:
                rows = answered if len(waves) == len(answers.study.waves) else answered & np.isin(answers.wave, waves)
                answer[rows] = _scaled(codes[rows].astype(np.float64), form, item)
    else:
        answer[answered] = _among(codes[answered], one.categories)
        if one.kind == "net":
            answer[answered] -= _among(codes[answered], one.low_categories)
    return Column(name=f"{one.id}:{item}", value=_based(one, answer, reason), answer=answer, reason=reason)


def _scaled(codes: FloatArray, form: Instrument, item: str) -> FloatArray:
    """Stretch codes to 0-100, 100 at the scale's high end: ``100 (x - min) / (max - min)``, or its mirror image."""
    known = [float(code) for code in form.codes(item)]
    low, high = min(known), max(known)
    scaled = 100 * (codes - low) / (high - low)
    scale = form.scale_of(item)
    downward = scale is not None and scale.high is not None and float(scale.high) == low
    return 100 - scaled if downward else scaled


def _based(one: Indicator, answer: FloatArray, reason: Kinds) -> FloatArray:
    """Put those without an answer into the base as far as the indicator says; they then count as neither."""
    value = answer.copy()
    if one.base == "asked":
        value[(reason != ANSWERED) & (reason != NOT_ASKED)] = 0.0
    elif one.dont_know == "include":
        value[reason == DONT_KNOW] = 0.0
    return value


def _ratio(one: Indicator, answers: _Answers) -> Column:
    """Count the numerator among the denominator; everybody outside the denominator was not asked.

    In each half a person counts who gave one of the categories to any of the items, does not count who gave only other
    answers (items not put to that person are passed over), and is missing who gave no answer at all.
    """
    if one.numerator is None or one.denominator is None:
        raise ValueError(one.id)
    below, why_below = _any(one.denominator, answers)
    above, why_above = _any(one.numerator, answers)
    inside, unknown = below == 1, np.isin(why_below, (DONT_KNOW, REFUSED, NO_ANSWER, OTHER))
    answer = np.where(inside, above, np.nan)
    reason = np.where(inside, why_above, np.where(unknown, why_below, NOT_ASKED)).astype(np.int8)
    # among the denominator, an item that was put to nobody of them is an answer that is lacking, unless the wave has none
    has = np.isin(answers.wave, _waves_with(answers.study, one))
    reason[inside & (reason == NOT_ASKED) & has] = OTHER
    reason[~has] = NOT_ASKED
    answer[~has] = np.nan
    return Column(name=f"{one.id}:any", value=_based(one, answer, reason), answer=answer, reason=reason)


def _any(half: AnyOf, answers: _Answers) -> tuple[FloatArray, Kinds]:
    n = len(answers.wave)
    yes, some, reason = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool), np.full(n, NOT_ASKED, dtype=np.int8)
    for item in half.any:
        codes, why = answers.take(item)
        answered = why == ANSWERED
        hit = np.zeros(n, dtype=bool)
        hit[answered] = _among(codes[answered], half.categories) > 0
        yes |= hit
        some |= answered
        reason = np.where(reason == NOT_ASKED, why, reason).astype(np.int8)
    reason[some] = ANSWERED
    return np.where(some, yes.astype(np.float64), np.nan), reason


def _waves_with(study: Study, one: Indicator) -> list[int]:
    return [v for v, wave in enumerate(study.waves) if not lacking(study, one, wave.id)]


def lacking(study: Study, one: Indicator, wave: str) -> tuple[str, ...]:
    """Name the items of an indicator that were not asked at all in a wave; any makes the indicator not asked then."""
    form, not_asked = study.instruments[wave], study.not_asked(wave)
    return tuple(item for item in one.needs() if item not in form or item in not_asked)


def _among(codes: Any, categories: Sequence[Code]) -> FloatArray:
    if codes.dtype == object:
        return np.fromiter((code in categories for code in codes), dtype=np.float64, count=len(codes))
    return np.isin(codes, [float(code) for code in categories]).astype(np.float64)
