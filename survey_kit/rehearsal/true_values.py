"""What every indicator of the national rehearsal truly is, by wave and region: counted over everybody, with no estimator in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from survey_kit.errors import IndicatorError
from survey_kit.instrument import Instrument
from survey_kit.rehearsal.answering import NOT_ASKED, Answers, Teller
from survey_kit.rehearsal.waves import wave_of
from survey_kit.study import AnyOf, Indicator
from survey_kit.types import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

EVERYBODY = ""


def true_answers(teller: Teller, wave: int, definitions: Sequence[Indicator]) -> Answers:
    """Let everybody tell the truth about the items that indicators need."""
    items = [name for one in definitions for name in one.needs() if teller.models.models[name].asked(wave)]
    everybody = np.arange(teller.population.n)
    return teller.tell(wave, everybody, silent=False, items=list(dict.fromkeys(items)))


def regions_today(teller: Teller) -> tuple[tuple[str, ...], IntArray]:
    """Give the codes of today's regions, and of everybody (n,) the place among them.

    Districts carry an answer through the changes of the list, so these are the same places in every wave.
    """
    country = teller.population
    codes = tuple(sorted({one.region for one in country.districts}))
    place = np.array([codes.index(one.region) for one in country.districts])
    return codes, place[country.areas.district][country.people.area]


def true_table(teller: Teller, definitions: Sequence[Indicator], waves: Sequence[int]) -> pd.DataFrame:
    """Give the true value of every indicator by wave, of everybody and by region, and its true change since it was last asked.

    Parameters
    ----------
    teller
        The country and its questionnaire.
    definitions
        The indicators.
    waves
        Numbers of waves, in their order.

    Returns
    -------
    DataFrame
        ``data_status indicator unit wave region truth true_change persons``; the region of everybody is empty. Where a wave did not ask an
        item of an indicator, or nobody is in the base, there is no row.
    """
    import pandas as pd

    codes, place = regions_today(teller)
    parts: list[pd.DataFrame] = []
    for number, wave in enumerate(waves):
        told = true_answers(teller, wave, definitions)
        for order, one in enumerate(definitions):
            if not all(name in told.values and (told.values[name] != NOT_ASKED).any() for name in one.needs()):
                continue
            value, persons = true_values(told, one, place, len(codes))
            rows = {"data_status": "synthetic", "indicator": one.id, "unit": one.unit, "wave": wave_of(wave).name}
            table = pd.DataFrame({**rows, "region": [EVERYBODY, *codes], "truth": value, "persons": persons})
            parts.append(table[persons > 0].assign(order=order, number=number))
    out = pd.concat(parts).sort_values(["order", "region", "number"], ignore_index=True)
    out["true_change"] = out.groupby(["order", "region"])["truth"].diff()
    return out[["data_status", "indicator", "unit", "wave", "region", "truth", "true_change", "persons"]]


def true_values(told: Answers, one: Indicator, place: IntArray, places: int) -> tuple[FloatArray, IntArray]:
    """Count an indicator over everybody, then in each of some places.

    Parameters
    ----------
    told
        True answers of everybody (n,).
    one
        The indicator.
    place : (n,)
        Where everybody lives, 0 to `places` - 1.

    Returns
    -------
    value : (1 + places,)
        Of everybody first; NaN where nobody is in the base.
    persons : (1 + places,)
        How many the base holds, the smallest of those of several items.
    """
    if one.kind == "ratio":
        parts = [_ratio(told, one)]
    else:
        parts = [_item(told, told.instrument, one, item) for item in one.items]
    values, counts = [], []
    for value in parts:
        inside = np.isfinite(value)
        n = np.bincount(place[inside], minlength=places)
        total = np.bincount(place[inside], weights=value[inside], minlength=places)
        with np.errstate(invalid="ignore", divide="ignore"):
            values.append(np.concatenate([[total.sum()], total]) / np.concatenate([[n.sum()], n]))
        counts.append(np.concatenate([[n.sum()], n]))
    return np.mean(values, axis=0), np.min(counts, axis=0)


def _item(told: Answers, form: Instrument, one: Indicator, item: str) -> FloatArray:
    """Give what an item contributes (n,); NaN outside the base."""
    said = told.values[item]
    unknowing = [code for code, kind in form.missing_codes(item).items() if kind == "dont_know"]
    value = np.full(len(said), np.nan)
    for code, worth in _worth(form, one, item).items():
        value[said == code] = worth
    if one.base == "asked" or one.dont_know == "include":
        value[np.isin(said, unknowing)] = 0.0
    return value


def _worth(form: Instrument, one: Indicator, item: str) -> Mapping[int, float]:
    """Give what each code is worth to an indicator."""
    codes = [int(code) for code in form.codes(item)]
    if one.kind != "mean100":
        high, low = {int(code) for code in one.categories}, {int(code) for code in one.low_categories}
        return {code: float(code in high) - float(code in low) for code in codes}
    scale = form.scale_of(item)
    if scale is not None and scale.hundred:
        return {int(code): worth for code, worth in scale.hundred.items()}
    step = 100.0 / (max(codes) - min(codes))
    return {code: (code - min(codes)) * step for code in codes}


def _ratio(told: Answers, one: Indicator) -> FloatArray:
    if one.numerator is None or one.denominator is None:
        raise IndicatorError(f"The ratio '{one.id}' has no numerator or no denominator.", fix="Declare both.")
    below = _any(told, one.denominator)
    return np.where(below, _any(told, one.numerator).astype(np.float64), np.nan)


def _any(told: Answers, half: AnyOf) -> BoolArray:
    out = np.zeros(len(told.person), dtype=bool)
    for item in half.any:
        out |= told.said(item, half.categories)
    return np.asarray(out)
