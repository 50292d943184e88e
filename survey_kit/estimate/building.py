"""Finishing a table of estimates: variances and degrees of freedom from unit totals, then intervals and status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit.design.layout import Layout
from survey_kit.estimate import taylor
from survey_kit.estimate.intervals import interval as limits
from survey_kit.types import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from survey_kit.estimate.estimates import Block, Estimates

COLUMNS = (
    "variable",
    "category",
    "statistic",
    "estimate",
    "se",
    "ci_low",
    "ci_high",
    "df",
    "cv",
    "deff",
    "n",
    "weight_sum",
    "status",
)


def build(
    *,
    head: Mapping[str, Any],
    statistic: str,
    estimate: FloatArray,
    n: FloatArray,
    weight_sum: FloatArray,
    srs_variance: FloatArray | None,
    status: Any,
    like: Estimates,
) -> Estimates:
    """Finish a table: variances and degrees of freedom from the blocks, then intervals and status."""
    import pandas as pd

    size = len(estimate)
    variance = _variances(like, size)
    df = _degrees(like, size)
    absent = ~np.isfinite(estimate)
    se = np.where(absent, np.nan, np.sqrt(np.maximum(variance, 0.0)))
    status = np.where((status == "ok") & ((df <= 0) | np.isnan(variance)), "no_df", status)
    status = np.where((status == "ok") & (se <= 0), "one_value", status)
    df = np.where(absent, np.nan, df)
    low, high = limits(like.interval, estimate, se, df, n, like.level)
    with np.errstate(invalid="ignore", divide="ignore"):
        cv = np.where(estimate != 0, se / np.abs(estimate), np.nan)
        deff = (
            np.full(size, np.nan) if srs_variance is None else np.where(srs_variance > 0, se**2 / srs_variance, np.nan)
        )
    columns: dict[str, Any] = dict(head)
    columns["statistic"] = np.full(size, statistic, dtype=object)
    values = (estimate, se, low, high, df, cv, deff)
    columns |= dict(zip(("estimate", "se", "ci_low", "ci_high", "df", "cv", "deff"), values, strict=True))
    columns |= {"n": n.astype(np.int64), "weight_sum": weight_sum, "status": status.astype(object)}
    table = pd.DataFrame({name: _column(value) for name, value in columns.items()})
    return replace(like, table=table)


def _column(values: Any) -> Any:
    import pandas as pd

    return (
        values if isinstance(values, np.ndarray) and values.dtype != object else pd.Series(list(values), dtype=object)
    )


def _variances(like: Estimates, size: int) -> FloatArray:
    """Variances (K,); NaN where few common units put the covariance of two waves above what their variances allow."""
    out = np.zeros(size)
    for block in like.blocks:
        F = taylor.factors(like.layout, block.wave, block.totals, like.lonely_psu)
        out[block.rows] += np.einsum("pk,pk->k", F, F)
    own = out.copy()
    if like.overlap != "none":
        for i, a in enumerate(like.blocks):
            for b in like.blocks[:i]:
                _, in_a, in_b = np.intersect1d(a.rows, b.rows, assume_unique=True, return_indices=True)
                if not len(in_a):
                    continue
                both = taylor.cross(like.layout, (a.wave, b.wave), (a.totals[0][:, in_a], b.totals[0][:, in_b]))
                if both is not None:
                    out[a.rows[in_a]] += 2 * np.einsum("pk,pk->k", *both)
    return np.where(out < -1e-9 * own, np.nan, out)


def _degrees(like: Estimates, size: int) -> FloatArray:
    """Distinct units minus distinct strata of every row, over all waves it draws on."""
    layout = like.layout
    if like.overlap == "none":
        df = np.zeros(size)
        for block in like.blocks:
            df[block.rows] += block.active.sum(axis=0) - _strata_with(layout, block).sum(axis=0)
        return df
    units = np.zeros((int(layout.identity.max()) + 1, size), dtype=bool)
    strata = np.zeros((int(layout.stratum_identity.max()) + 1, size), dtype=bool)
    for block in like.blocks:
        _mark(units, layout.identity[layout.units(block.wave)], block.rows, block.active)
        _mark(strata, layout.stratum_identity[layout.strata(block.wave)], block.rows, _strata_with(layout, block))
    return np.asarray(units.sum(axis=0) - strata.sum(axis=0), dtype=np.float64)


def _mark(seen: BoolArray, identity: IntArray, rows: IntArray, active: BoolArray) -> None:
    for i, number in enumerate(identity):
        seen[number, rows] |= active[i]


def _strata_with(layout: Layout, block: Block) -> BoolArray:
    """Strata (H, k) with an active unit."""
    start = layout.stages[0].stratum_start[layout.strata(block.wave)] - layout.units(block.wave).start
    return np.logical_or.reduceat(block.active, start, axis=0)
