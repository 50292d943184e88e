"""Finishing a table of estimates: variances, degrees of freedom, intervals and status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit.estimate.intervals import interval as limits
from survey_kit.types import FloatArray

if TYPE_CHECKING:
    from survey_kit.estimate.estimates import Estimates

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
    statistic: str | Sequence[str],
    estimate: FloatArray,
    n: FloatArray,
    weight_sum: FloatArray,
    srs_variance: FloatArray | None,
    status: Any,
    like: Estimates,
) -> Estimates:
    """Finish a table: variances and degrees of freedom, then intervals and status."""
    import pandas as pd

    size = len(estimate)
    variance = like.variance.variances(size)
    df = like.variance.degrees(size)
    absent = ~np.isfinite(estimate)
    status = np.where((status == "ok") & absent, "undefined", status)
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
    columns["statistic"] = np.array([statistic] * size if isinstance(statistic, str) else list(statistic), dtype=object)
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
