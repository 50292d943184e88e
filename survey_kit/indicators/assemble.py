"""From arrays to rows: reliability, intervals, families and words, then one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from survey_kit.estimate import reliability
from survey_kit.estimate.intervals import interval, t_quantile
from survey_kit.indicators import confidential, families
from survey_kit.indicators.cells import LEVEL_FIELDS, MISSING_FIELDS, Cells, Job
from survey_kit.indicators.comparable import NONE, Comparison
from survey_kit.indicators.earlier import known as known_before
from survey_kit.indicators.rows import AGAINST, COLUMNS, CONFIDENCE, COUNTS, TEXTS
from survey_kit.indicators.wording import Facts, words
from survey_kit.study import Indicator, Study
from survey_kit.types import FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

OUTWEIGHED_THEMES = ("trust", "corruption")
Objects = NDArray[np.object_]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Keys:
    """For each row (K,): the numbers of its indicator, domain, level (over all domains) and wave."""

    indicator: IntArray
    domain: IntArray
    level: IntArray
    wave: IntArray
    order: IntArray  # rows of the cells, domain after domain, in the order of the table

    def earlier(self, wave: IntArray) -> IntArray:
        """Give the row of the same indicator and level in another wave; rows stand wave after wave."""
        return np.asarray(np.arange(len(self.wave)) + np.where(wave == NONE, 0, wave - self.wave))


def assemble(study: Study, job: Job, cells: Sequence[Cells], earlier: pd.DataFrame | None = None) -> pd.DataFrame:
    """Make the rows: indicator by indicator, everybody first, then each domain's levels, wave after wave.

    `earlier` are rows of an earlier release: what it told is known, whatever is withheld.
    """
    import pandas as pd

    keys = _keys(cells)
    values = {
        name: np.concatenate([part.figures[name].ravel() for part in cells])[keys.order] for name in cells[0].figures
    }
    status: Objects = np.concatenate([part.status.ravel() for part in cells])[keys.order]
    data: dict[str, Any] = _described(study, job, cells, keys)
    data |= {name: values[name] for name in (*LEVEL_FIELDS, *MISSING_FIELDS)}
    data["status"] = status
    data |= _levels(job, keys, values)
    _protect(study, job, cells, keys, data, earlier)
    for against in AGAINST:
        data |= _changes(study, job, keys, against, values, data)
    data["note"] = _notes(job, keys)
    return pd.DataFrame({name: _typed(name, data[name], len(keys.wave)) for name in COLUMNS})


def _keys(cells: Sequence[Cells]) -> _Keys:
    parts: dict[str, list[IntArray]] = {name: [] for name in ("indicator", "domain", "level", "wave")}
    levels = 0
    for d, part in enumerate(cells):
        i, level, wave = np.indices(part.status.shape).reshape(3, -1)
        columns = (i, np.full(i.size, d), level + levels, wave)
        for name, column in zip(parts, columns, strict=True):
            parts[name].append(column.astype(np.int64))
        levels += len(part.domain.levels)
    joined = {name: np.concatenate(column) for name, column in parts.items()}
    order = np.lexsort((joined["wave"], joined["level"], joined["indicator"]))
    return _Keys(**{name: column[order] for name, column in joined.items()}, order=order)


def _per_indicator(job: Job, keys: _Keys, give: Callable[[Indicator], Any]) -> Objects:
    out = np.empty(len(job.indicators), dtype=object)
    out[:] = [give(one) for one in job.indicators]
    return out[keys.indicator]


def _per_wave(job: Job, keys: _Keys, give: Callable[[Indicator, int], Any]) -> Objects:
    out = np.empty((len(job.indicators), job.waves), dtype=object)
    for i, one in enumerate(job.indicators):
        out[i] = [give(one, v) for v in range(job.waves)]
    return np.asarray(out[keys.indicator, keys.wave])


def _described(study: Study, job: Job, cells: Sequence[Cells], keys: _Keys) -> dict[str, Any]:
    """Give the columns that say what a row is about."""
    size = len(keys.wave)
    data: dict[str, Any] = {
        name: _per_indicator(job, keys, lambda one, name=name: getattr(one, name))  # type: ignore[misc]
        for name in ("theme", "kind", "direction", "unit", "interval")
    }
    levels = np.array([(part.domain.name, *level) for part in cells for level in part.domain.levels], dtype=object)
    ids = np.array([wave.id for wave in study.waves], dtype=object)
    years = np.array([np.nan if wave.year is None else wave.year for wave in study.waves])
    breaks = {one.id: job.plans[one.id].breaks for one in job.indicators}
    data |= {
        "study": np.full(size, study.id, dtype=object),
        "data_status": np.full(size, study.data_status, dtype=object),
        "indicator": _per_indicator(job, keys, lambda one: one.id),
        "wave": ids[keys.wave],
        "year": years[keys.wave],
        "wave_order": keys.wave + 1.0,
        "domain": levels[keys.level, 0],
        "level": levels[keys.level, 1],
        "level_label": levels[keys.level, 2],
        "confidence": np.full(size, CONFIDENCE),
        "break": _per_wave(job, keys, lambda one, v: breaks[one.id][v][0] or ""),
        "break_note": _per_wave(job, keys, lambda one, v: breaks[one.id][v][1]),
    }
    return data


def _levels(job: Job, keys: _Keys, values: Mapping[str, FloatArray]) -> dict[str, Any]:
    """Give intervals, coefficient of variation and reliability of the estimates."""
    estimate, se, df, n = (values[name] for name in ("estimate", "se", "df", "n"))
    size = len(estimate)
    out: dict[str, Any] = {
        name: np.full(size, "", dtype=object) for name in ("reliability", "reliability_rule", "reliability_reason")
    }
    low, high = np.full(size, np.nan), np.full(size, np.nan)
    for i, one in enumerate(job.indicators):
        rows = keys.indicator == i
        part = (estimate[rows], se[rows], df[rows])
        low[rows], high[rows] = interval(one.interval, *part, n[rows], CONFIDENCE)
        several = len(job.columns[one.id]) > 1
        if one.kind == "net" or several:
            scale = one.limits[1] - one.limits[0]
            verdict = reliability.of_precision(*part, values["n_effective"][rows], scale)
        elif one.kind == "mean100":
            verdict = reliability.of_means(*part)
        else:
            verdict = reliability.of_shares(*part, n[rows])
        out["reliability"][rows], out["reliability_reason"][rows] = verdict.reliability, verdict.reason
        out["reliability_rule"][rows] = np.where(verdict.reliability == "none", "", verdict.rule)
    with np.errstate(invalid="ignore", divide="ignore"):
        cv = np.where(estimate != 0, se / np.abs(estimate), np.nan)
    deff_known = np.isfinite(values["deff"])
    return out | {
        "ci_low": low,
        "ci_high": high,
        "cv": cv,
        "deff_reference": np.where(deff_known, "srswr", "").astype(object),
    }


def _protect(
    study: Study,
    job: Job,
    cells: Sequence[Cells],
    keys: _Keys,
    data: dict[str, Any],
    earlier: pd.DataFrame | None,
) -> None:
    """Withhold figures that would give somebody's answer away; they then count as not published."""
    sizes = np.cumsum([part.status.size for part in cells])[:-1]
    unreliable = np.empty(len(keys.order), dtype=bool)
    unreliable[keys.order] = data["reliability"] == "suppress"
    parts = [flags.reshape(part.status.shape) for flags, part in zip(np.split(unreliable, sizes), cells, strict=True)]
    known = None if earlier is None else known_before(job, cells, [wave.id for wave in study.waves], earlier)
    accepted = study.disclosure.known is not None
    found = confidential.withheld(job, cells, parts, study.disclosure.least, known, accepted=accepted)
    rows = np.concatenate([part.ravel() for part in found])[keys.order]
    data["reliability"][rows] = "suppress"
    data["reliability_rule"][rows] = confidential.RULE
    data["reliability_reason"][rows] = confidential.REASON


def _changes(
    study: Study, job: Job, keys: _Keys, against: str, values: Mapping[str, FloatArray], data: Mapping[str, Any]
) -> dict[str, Any]:
    """Give every column of one comparison."""
    change, se, df, p = (values[f"{against}_{name}"] for name in ("change", "se", "df", "p"))

    def planned(give: Callable[[Comparison], Any]) -> Objects:
        return _per_wave(job, keys, lambda one, v: give(job.plans[one.id].against[against][v]))

    earlier = planned(lambda part: part.earlier).astype(np.int64)
    row = keys.earlier(earlier)
    compared = earlier != NONE
    scale = _per_indicator(job, keys, lambda one: one.limits[1] - one.limits[0]).astype(np.float64)
    shift = np.where(compared, values["nonresponse"] - values["nonresponse"][row], np.nan)
    heeded = _per_indicator(job, keys, lambda one: one.sensitive or one.theme in OUTWEIGHED_THEMES).astype(bool)
    with np.errstate(invalid="ignore"):
        outweighed = heeded & (np.abs(change) / scale < np.abs(shift))
    comparable = planned(lambda part: part.comparable).astype(bool)
    withheld, why_withheld = _withheld(data, row, compared, reliability.imprecise_change(se, df, scale))
    tested = compared & comparable & ~withheld & np.isfinite(change) & (se > 0) & (df > 0)
    number, names = _families(study, job, keys, against, data)
    judged = families.judge(change, se, df, p, number, tested=tested)
    estimated = np.isfinite(values["estimate"])
    wording, reason = words(
        Facts(
            compared=compared,
            asked=data["status"] != "not_asked",
            estimated=estimated,
            estimated_earlier=estimated[row],
            tested=tested,
            comparable=comparable,
            why_not=planned(lambda part: part.reason),
            withheld=withheld,
            why_withheld=why_withheld,
            outweighed=outweighed,
            low=judged.low,
            high=judged.high,
        )
    )
    half = t_quantile(CONFIDENCE, df) * np.where(se > 0, se, np.nan)
    ids = np.array([*(wave.id for wave in study.waves), ""], dtype=object)
    out = {
        "wave": ids[earlier],
        "change": change,
        "se": se,
        "df": df,
        "ci_low": change - half,
        "ci_high": change + half,
        "p": p,
        "family": np.where(judged.size > 0, names, ""),
        "family_size": np.where(judged.size > 0, judged.size, np.nan),
        "p_adjusted": judged.p_adjusted,
        "fcr_level": judged.level,
        "fcr_low": judged.low,
        "fcr_high": judged.high,
        "detectable": families.detectable(np.where(se > 0, se, np.nan), df),
        "nonresponse_shift": shift,
        "wording": wording,
        "reason": reason,
    }
    return {f"{against}_{name}": column for name, column in out.items()}


def _withheld(
    data: Mapping[str, Any], row: IntArray, compared: NDArray[np.bool_], imprecise: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], Objects]:
    """Tell which changes are not published since one end or the change itself is too unreliable, and why."""
    suppressed = data["reliability"] == "suppress"
    why = np.where(imprecise, "The change is too imprecise.", "").astype(object)
    for end, rows in (("the earlier figure", row), ("the figure", np.arange(len(row)))):
        at = compared & suppressed[rows]
        why[at] = [f"Not published because of {end}: {text}." for text in data["reliability_reason"][rows][at]]
    return compared & (suppressed | suppressed[row] | imprecise), why


def _families(study: Study, job: Job, keys: _Keys, against: str, data: Mapping[str, Any]) -> tuple[IntArray, Objects]:
    """Give each family a number (family name x wave x domain) and name them in words."""
    own = [study.family(one.id) for one in job.indicators]
    order = {name: k for k, name in enumerate(dict.fromkeys(own))}
    family = np.array([order[name] for name in own], dtype=np.int64)[keys.indicator]
    domains = int(keys.domain.max(initial=0)) + 1
    number = (family * job.waves + keys.wave) * domains + keys.domain
    texts = np.empty(len(number), dtype=object)
    _, first, inverse = np.unique(number, return_index=True, return_inverse=True)
    named = np.array(list(order), dtype=object)[family[first]]
    labels = [
        f"{name} | {against} | {wave} | {domain or 'everybody'}"
        for name, wave, domain in zip(named, data["wave"][first], data["domain"][first], strict=True)
    ]
    texts[:] = np.array(labels, dtype=object)[inverse]
    return number, texts


def _notes(job: Job, keys: _Keys) -> Objects:
    def note(one: Indicator, v: int) -> str:
        plan = job.plans[one.id]
        parts = [plan.notes[v], *(plan.against[against][v].note for against in AGAINST)]
        return " ".join(dict.fromkeys(filter(None, parts)))

    return _per_wave(job, keys, note)


def _typed(name: str, values: Any, size: int) -> Any:
    """Give a column its type: text with null for nothing (everybody keeps an empty text), whole numbers, or numbers."""
    import pandas as pd

    if name in TEXTS:
        texts = np.array(values, dtype=object)
        if name not in {"domain", "level", "level_label"}:
            texts[texts == ""] = None
        return pd.array(texts, dtype="str")
    numbers = np.asarray(values, dtype=np.float64)
    if len(numbers) != size:
        raise ValueError(name)
    return pd.Series(numbers).astype("Int64").array if name in COUNTS else numbers
