"""Direct estimates of areas as an area model takes them: points, sampling variances, names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from survey_kit import checks, frames
from survey_kit.errors import EstimationError, did_you_mean
from survey_kit.estimate import Estimates
from survey_kit.models.area_covariates import AreaCovariates, is_frame
from survey_kit.models.area_fit import AreaHead
from survey_kit.types import FloatArray

CORRELATED = 0.1
MOST_AREAS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Direct:
    """Direct estimates y and their variances v (M,), NaN without a sample; names; what is to be said; degrees of freedom."""

    y: FloatArray
    v: FloatArray
    head: AreaHead
    notes: tuple[str, ...]
    df: FloatArray | None
    column: str | None


def direct_of(direct: Estimates | Any, variance: Any, area: str | None, covariates: Any) -> Direct:
    """Take direct estimates from Estimates, or from an array beside the rows of a frame."""
    if isinstance(direct, Estimates):
        return _from_estimates(direct, variance, area)
    fix = "Give Estimates by area, or one number per area: frame['mean'], variance=frame['variance']."
    y = checks.floats(None if isinstance(direct, (str, dict)) else direct, "direct", fix, EstimationError)
    if y.ndim != 1 or not len(y):
        raise EstimationError("Direct estimates are a row of numbers.", found=f"shape {y.shape}", fix=fix)
    if variance is None:
        raise EstimationError("An array of direct estimates needs their sampling variances.", fix="Give variance=...")
    labels: tuple[Any, ...] = tuple(range(1, len(y) + 1))
    if area is not None:
        labels = _labels(covariates, area, len(y))
    head = AreaHead(
        key=area or "area",
        areas=labels,
        variable="y",
        category=None,
        n=np.zeros(len(y)),
        weight_sum=np.full(len(y), np.nan),
    )
    v = _vector(variance, len(y))
    return Direct(y=y, v=np.where(np.isfinite(y), v, np.nan), head=head, notes=(), df=None, column=area)


def extended(direct: Direct, known: AreaCovariates) -> Direct:
    """Add the areas that only the covariates know, without a sample."""
    more = len(known.areas) - len(direct.y)
    if not more:
        return direct
    head = replace(
        direct.head,
        areas=known.areas,
        n=np.append(direct.head.n, np.zeros(more)),
        weight_sum=np.append(direct.head.weight_sum, np.full(more, np.nan)),
    )
    lacking = np.full(more, np.nan)
    df = None if direct.df is None else np.append(direct.df, lacking)
    return replace(direct, y=np.append(direct.y, lacking), v=np.append(direct.v, lacking), head=head, df=df)


def _from_estimates(est: Estimates, variance: Any, area: str | None) -> Direct:
    table = est.table
    key = _key(est, area)
    labels = table[key].tolist()
    for name in (*(k for k in est.keys if k != key), "variable", "category"):
        values = table[name].map(str).unique()
        if len(values) > 1:
            raise EstimationError(
                "These estimates have more than one row per area.",
                where=f"column '{name}'",
                found=", ".join(map(str, values[:4])),
                fix="Estimate one variable (and one category, one wave) by area, or pool the waves first.",
            )
    if len(set(labels)) < len(labels):
        raise EstimationError("An area stands twice among the direct estimates.", fix="Give one row per area.")
    y = table["estimate"].to_numpy(dtype=np.float64)
    v = table["se"].to_numpy(dtype=np.float64) ** 2 if variance is None else _vector(variance, len(y))
    head = AreaHead(
        key=key,
        areas=tuple(labels),
        variable=table["variable"].iloc[0],
        category=table["category"].iloc[0],
        n=table["n"].to_numpy(dtype=np.float64),
        weight_sum=table["weight_sum"].to_numpy(dtype=np.float64),
        library=est.backend,
    )
    notes = [note for note in est.notes if not note.startswith("deff ")] + _correlation(est, y)
    df = table["df"].to_numpy(dtype=np.float64) if variance is None else None
    return Direct(y=y, v=np.where(np.isfinite(y), v, np.nan), head=head, notes=tuple(notes), df=df, column=key)


def _key(est: Estimates, area: str | None) -> str:
    if area is None and len(est.keys) == 1:
        return est.keys[0]
    if area is None or area not in est.keys:
        raise EstimationError(
            "It is not said which column holds the areas."
            if area is None
            else f"'{area}' is not a key of these estimates.",
            found=f"keys: {', '.join(est.keys) or 'none'}",
            fix="Name it: area=..." if area is None else did_you_mean(area, est.keys),
        )
    return area


def _correlation(est: Estimates, y: FloatArray) -> list[str]:
    """Say when sampling errors of different areas are correlated, since the model takes them as independent."""
    rows = np.flatnonzero(np.isfinite(y))
    if len(rows) > MOST_AREAS:
        return []
    V = est.vcov(rows.tolist())
    sd = np.sqrt(np.diag(V))
    both = np.outer(sd, sd)
    R = np.abs(np.divide(V, both, out=np.zeros_like(V), where=both > 0))
    np.fill_diagonal(R, 0.0)
    top = float(R.max(initial=0.0))
    if top < CORRELATED:
        return []
    return [f"sampling errors of areas correlate up to {top:.2f} (shared units) and are taken as independent"]


def _labels(covariates: Any, area: str, size: int) -> tuple[Any, ...]:
    if not is_frame(covariates):
        raise EstimationError(f"There is no frame with a column '{area}'.", fix="Give the covariates as a frame.")
    grouped = frames.group(covariates, [area], "area")
    if len(grouped.codes) != size:
        raise EstimationError(
            "The covariates do not have one row per direct estimate.",
            found=f"{len(grouped.codes)} rows, {size} estimates",
            fix="Put NaN where an area has no sample.",
        )
    return tuple(grouped.levels[code][0] if code >= 0 else None for code in grouped.codes.tolist())


def _vector(values: Any, size: int) -> FloatArray:
    out = checks.floats(values, "variance", "Give one sampling variance per area, as numbers.", EstimationError)
    if out.shape != (size,):
        raise EstimationError("The sampling variances do not fit.", found=f"{out.shape} for {size} areas")
    return out
