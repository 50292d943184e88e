"""What every indicator truly is in the made-up country: counted over everybody, with no estimator in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from survey_kit.errors import IndicatorError
from survey_kit.instrument import Instrument
from survey_kit.rehearsal.country import Country
from survey_kit.study import AnyOf, Indicator
from survey_kit.types import BoolArray, Code


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """The true value of an indicator in a wave, and how many people of the model it is a value of."""

    value: float
    persons: int


def true_value(
    country: Country, wave: str, one: Indicator, form: Instrument, where: BoolArray | None = None
) -> Truth | None:
    """Count the true value of an indicator: everybody was interviewed, nobody refused, nobody misreported.

    "Don't know" counts where the country itself does not know, as with statements about the law. `where` (one flag per
    person) keeps a part of the country. None when nobody of it is in the base.

    Examples
    --------
    >>> from survey_kit.instrument import read_instrument
    >>> from survey_kit.rehearsal.country import build_country
    >>> form = read_instrument("instruments/rehearsal")
    >>> one = Indicator(id="media", title={"en": "Trust in the media"}, kind="share", items=("trust_media",),
    ...                 categories=(6, 7, 8, 9, 10), base="answered", dont_know="exclude", direction="up")
    >>> truth = true_value(build_country(16, waves=("Rehearsal 1",)), "Rehearsal 1", one, form)
    >>> 0.3 < truth.value < 0.4
    True
    """
    inside = np.ones(len(country.age), dtype=bool) if where is None else where
    if one.kind == "ratio":
        return _ratio(country, wave, one, inside)
    parts = [_item(country, wave, one, item, form, inside) for item in one.items]
    counted = [part for part in parts if part is not None]
    if len(counted) < len(parts):
        return None
    return Truth(
        value=sum(part.value for part in counted) / len(counted), persons=min(part.persons for part in counted)
    )


def _item(country: Country, wave: str, one: Indicator, item: str, form: Instrument, inside: BoolArray) -> Truth | None:
    if item not in country.items:
        raise IndicatorError(
            f"The made-up country has no answers to '{item}'.", fix="Declare the item in questions.py."
        )
    said = country.answer(wave, item)[inside]
    codes = form.codes(item)
    counts = {code: int((said == code).sum()) for code in codes}
    base = sum(counts.values())
    unknowing = sum(int((said == code).sum()) for code, kind in form.missing_codes(item).items() if kind == "dont_know")
    if one.base == "asked" or one.dont_know == "include":
        base += unknowing
    if not base:
        return None
    if one.kind == "mean100":
        return Truth(value=_score(counts, codes, form, item) / base, persons=base)
    high = sum(counts[code] for code in codes if code in one.categories)
    low = sum(counts[code] for code in codes if code in one.low_categories)
    return Truth(value=(high - low) / base, persons=base)


def _score(counts: dict[Code, int], codes: Sequence[Code], form: Instrument, item: str) -> float:
    numbers = [float(code) for code in codes]
    low, high = min(numbers), max(numbers)
    scale = form.scale_of(item)
    upward = scale is None or scale.high is None or float(scale.high) == high
    total = sum(count * ((float(code) - low) if upward else (high - float(code))) for code, count in counts.items())
    return 100 * total / (high - low)


def _ratio(country: Country, wave: str, one: Indicator, inside: BoolArray) -> Truth | None:
    if one.numerator is None or one.denominator is None:
        raise IndicatorError(f"The ratio '{one.id}' has no numerator or no denominator.", fix="Declare both.")
    below = _any(country, wave, one.denominator) & inside
    above = _any(country, wave, one.numerator) & below
    persons = int(below.sum())
    return Truth(value=int(above.sum()) / persons, persons=persons) if persons else None


def _any(country: Country, wave: str, half: AnyOf) -> BoolArray:
    out = np.zeros(len(country.age), dtype=bool)
    for item in half.any:
        out |= np.isin(country.answer(wave, item), [int(code) for code in half.categories])
    return out
