"""The difference of changes: whether a figure went another way in the regions where a measure began first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

import numpy as np

from survey_kit import frames
from survey_kit.design import Design
from survey_kit.estimate import mean
from survey_kit.estimate.intervals import p_value, t_quantile
from survey_kit.indicators.cells import Domain
from survey_kit.indicators.comparable import NONE, Planner
from survey_kit.indicators.compute import scored_frame, wave_numbers
from survey_kit.indicators.score import score
from survey_kit.responses import Responses
from survey_kit.study import Study
from survey_kit.study.policy import Measure
from survey_kit.types import FloatArray, IntArray

FEWEST: Final = 30  # answers in each of the four groups
ALPHA: Final = 0.05
Verdict: TypeAlias = Literal["rose", "fell", "no_significant_change", "cannot_be_compared", "not_published"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """The difference of changes of one indicator.

    Attributes
    ----------
    indicator, unit
        The indicator and its unit.
    earlier, later
        The last wave before the measure that can be compared, and the first in which it could be felt.
    first, others
        The change in the regions that began first, and in the others.
    difference, se, df, low, high, level
        `first` less `others` with its interval, whose level is adjusted for all indicators of the measure (Bonferroni).
    n
        The smallest base of the four.
    wording, reason
        What may be said of the difference, and why not more.
    """

    indicator: str
    unit: str
    earlier: str = ""
    later: str = ""
    first: float | None = None
    others: float | None = None
    difference: float | None = None
    se: float | None = None
    df: float | None = None
    low: float | None = None
    high: float | None = None
    level: float | None = None
    n: int = 0
    wording: Verdict = "cannot_be_compared"
    reason: str = ""


def contrasts(
    study: Study, responses: Responses, design: Design, measure: Measure, indicators: Sequence[str] | None = None
) -> tuple[Contrast, ...]:
    """Give the difference of changes of every indicator that a measure should move.

    With `y_gt` the estimate of group g (the regions that began first, 1; the others, 0) in wave t, the contrast is
    ``(y_11 - y_10) - (y_01 - y_00)`` (Card & Krueger 1994, table 3), a linear map of one object of estimates, so that its variance
    holds every covariance of the design. It estimates an effect only where the regions were drawn by lot.

    Parameters
    ----------
    study, responses, design
        The study, its answers and its sample.
    measure
        A measure that began in some regions first.
    indicators
        Ids of indicators; those of the measure that the study has when left out.

    Returns
    -------
    tuple of Contrast
        Nothing for a measure without regions.
    """
    wanted = measure.indicators if indicators is None else indicators
    chosen = [one for one in study.definitions if one.id in wanted]
    if not measure.regions or measure.first_wave is None or not chosen:
        return ()
    study = replace(study, definitions=tuple(chosen))
    wave = wave_numbers(study, responses)
    columns = score(study, responses, wave)
    groups = _groups(responses, measure)
    scored = replace(design, frame=scored_frame(design, wave, columns, [groups]))
    names = [column.name for one in chosen for column in columns[one.id]]
    base = mean(scored, names, by=[str(design.wave), str(groups.column)], missing="exclude")
    present = np.asarray(scored.waves, dtype=np.int64)
    later = next(v for v, one in enumerate(study.waves) if one.id == measure.first_wave)
    n = base.table["n"].to_numpy(dtype=np.float64).reshape(len(present), 2, len(names))
    places = np.split(np.arange(len(names)), np.cumsum([len(columns[one.id]) for one in chosen])[:-1])
    maps, told = [], []
    planner = Planner(study)
    for one, own in zip(chosen, places, strict=True):
        against = planner.plan(one).against["previous"][later]
        start = Contrast(indicator=one.id, unit=one.unit, later=measure.first_wave, reason=against.reason)
        if against.earlier == NONE or not against.comparable:
            told.append(start)
            continue
        t = [int(np.flatnonzero(present == v)[0]) if v in present else NONE for v in (against.earlier, later)]
        if NONE in t:
            told.append(start)
            continue
        smallest = int(np.min(n[t][:, :, own]))
        start = replace(start, earlier=study.waves[against.earlier].id, n=smallest, reason="")
        if smallest < FEWEST:
            told.append(replace(start, wording="not_published"))
            continue
        maps.append(_maps(n.shape, t, own))
        told.append(replace(start, wording="no_significant_change"))
    if not maps:
        return tuple(told)
    made = base.linear(np.concatenate(maps)).table
    estimate, se, df = (made[name].to_numpy(dtype=np.float64).reshape(-1, 3) for name in ("estimate", "se", "df"))
    level = 1 - ALPHA / len(maps)
    values = iter(zip(estimate, se[:, 2], df[:, 2], strict=True))
    return tuple(_filled(one, *next(values), level) if one.wording == "no_significant_change" else one for one in told)


def _groups(responses: Responses, measure: Measure) -> Domain:
    """Give each row the number of its group: 0 the regions that began first, 1 the others, -1 without a region."""
    grouped = frames.group(responses.frame, [measure.domain], "domain")
    first = np.array([str(level[0]) in measure.regions for level in grouped.levels] + [False])
    code = np.where(grouped.codes < 0, -1, np.where(first[grouped.codes], 0, 1)).astype(np.int64)
    return Domain(name=measure.id, column=f"group of {measure.id}", levels=(("0", ""), ("1", "")), code=code)


def _maps(shape: tuple[int, ...], t: list[int], own: IntArray) -> FloatArray:
    """Give the maps (3, K) of an indicator: change in the first regions, in the others, and their difference."""
    maps = np.zeros((3, *shape))
    for group in (0, 1):
        maps[group, t[1], group, own] = 1 / len(own)
        maps[group, t[0], group, own] = -1 / len(own)
    maps[2] = maps[0] - maps[1]
    return maps.reshape(3, -1)


def _filled(one: Contrast, estimate: FloatArray, se: float, df: float, level: float) -> Contrast:
    if not (np.isfinite(se) and np.isfinite(df) and df > 0):
        return replace(one, wording="not_published")
    half = float(t_quantile(level, np.array([df]))[0] * se)
    difference = float(estimate[2])
    wording: Verdict = "no_significant_change"
    if se > 0 and p_value(np.array([difference / se]), np.array([df]))[0] < 1 - level:
        wording = "rose" if difference > 0 else "fell"
    return replace(
        one,
        first=float(estimate[0]),
        others=float(estimate[1]),
        difference=difference,
        se=float(se),
        df=float(df),
        low=difference - half,
        high=difference + half,
        level=level,
        wording=wording,
    )
