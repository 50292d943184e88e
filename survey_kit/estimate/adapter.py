"""Estimates from a row influence: the door for every statistic that is not a smooth function of a few totals.

A quantile, an inequality measure, a model's coefficients or a reliability coefficient gives its point and the influence of
every row; strata, units, calibration, replicates and waves are the design's business and happen here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from survey_kit.design import Design, Layout
from survey_kit.errors import EstimationError
from survey_kit.estimate.building import COLUMNS, build
from survey_kit.estimate.covariances import Block, Fixed, Linearised, Variance
from survey_kit.estimate.domains import sparsely
from survey_kit.estimate.estimates import Estimates
from survey_kit.estimate.grouped import backend, data_notes, objects
from survey_kit.estimate.replication import replicate_rows, replicated
from survey_kit.estimate.sparse_totals import counts, side_by_side, sums_by_unit
from survey_kit.types import FloatArray, IntArray, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Influence:
    """The influence of rows on k quantities, in each of `size` cells.

    Attributes
    ----------
    z : (m, k)
        Influence per row, never containing the weight: what is totalled is ``w z``.
    rows : (m,) or None
        Which rows of the design; None for all.
    code : (m,) or None
        The cell of each row. Column ``code * k + j`` of the result is quantity j of that cell.
    size
        How many cells.
    active_rows, active_code
        Rows (and their cells) that make a unit count for the degrees of freedom; by default `rows` and `code`.
    """

    z: FloatArray
    rows: IntArray | None = None
    code: IntArray | None = None
    size: int = 1
    active_rows: IntArray | None = None
    active_code: IntArray | None = None

    @property
    def width(self) -> int:
        """Count the columns it makes."""
        return int(self.z.shape[1]) * self.size


def from_influence(  # noqa: PLR0913  # one keyword per column of the result
    design: Design,
    influence: Influence | Sequence[Influence],
    *,
    head: Mapping[str, Sequence[Any]],
    statistic: str | Sequence[str],
    estimate: FloatArray,
    n: FloatArray,
    weight_sum: FloatArray,
    replicate: Callable[[FloatArray], FloatArray] | None = None,
    status: Sequence[str] | None = None,
    srs_variance: FloatArray | None = None,
    df_less: float = 0.0,
    interval: Interval = "wald",
    level: float = 0.95,
    notes: Sequence[str] = (),
) -> Estimates:
    """Wrap points and influences as estimates of a design.

    Parameters
    ----------
    design
        The sample.
    influence
        One or several; their columns, in order, are the K rows of the result.
    head
        The columns that name the rows: `by` columns, then ``variable`` and ``category``.
    statistic
        What the column ``statistic`` says, one for all rows or one each.
    estimate, n, weight_sum, srs_variance : (K,)
        Points, bases, and the variance under simple random sampling for a deff.
    replicate
        Computes the points (K,) from other weights (n,); replicate designs need it.
    status
        Of each row, such as ``"empty"``; by default ``"ok"`` where there is an estimate.
    df_less
        What parameters take off units minus strata.
    interval, level
        Of the limits.
    notes
        Sentences that belong to the result beside those of the design.

    Raises
    ------
    EstimationError
        If the design has replicate weights and the statistic cannot be recomputed.

    Notes
    -----
    Variance after Binder (1983, International Statistical Review 51, 279-292): that of the total of the influence.

    Examples
    --------
    >>> import numpy as np, pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [2.0, 2, 3, 3], "town": [1, 1, 2, 3], "y": [1.0, 0, 1, 1]})
    >>> design = sk.Design(frame, weight="w", psu="town")
    >>> z = ((frame["y"] - 0.8) / 10).to_numpy()[:, None]
    >>> one = np.ones(1)
    >>> est = from_influence(design, Influence(z=z), head={"variable": ["y"], "category": [None]}, statistic="mean",
    ...                      estimate=0.8 * one, n=4 * one, weight_sum=10 * one)
    >>> round(float(est.table["se"][0]), 4)
    0.18
    """
    parts = [influence] if isinstance(influence, Influence) else list(influence)
    size = len(estimate)
    if sum(part.width for part in parts) != size:
        raise EstimationError(
            "Influence and estimates do not fit.", found=f"{sum(p.width for p in parts)} columns, {size} estimates"
        )
    estimate = np.asarray(estimate, dtype=np.float64)
    keys = tuple(key for key in head if key not in COLUMNS)
    if status is None:
        status = np.where(np.isfinite(estimate), "ok", "empty").tolist()
    return build(
        head={key: objects(list(head[key])) for key in (*keys, "variable", "category")},
        statistic=statistic,
        estimate=estimate,
        n=np.asarray(n, dtype=np.float64),
        weight_sum=np.asarray(weight_sum, dtype=np.float64),
        srs_variance=srs_variance,
        status=objects(list(status)),
        like=Estimates(
            table=None,  # type: ignore[arg-type]  # replaced by build
            keys=keys,
            variance=_variance(design, parts, estimate, replicate, df_less),
            level=level,
            interval=interval,
            backend=backend(design.frame),
            notes=tuple(dict.fromkeys((*data_notes(design), *design.assumptions(), *notes))),
        ),
    )


def _variance(
    design: Design,
    parts: Sequence[Influence],
    estimate: FloatArray,
    replicate: Callable[[FloatArray], FloatArray] | None,
    df_less: float,
) -> Variance:
    layout = design.layout
    if design.replicates is not None and replicate is None:
        raise EstimationError(
            "This statistic cannot be recomputed from replicate weights.",
            fix="Use a design with strata and PSUs, or a statistic that can.",
        )
    linear = design.replicates is None
    few = [not sparsely(design, part.size) for part in parts]
    made = [unit_totals if own else _unit_totals_of_many for own in few]
    totals = [total(layout, part) for total, part in zip(made, parts, strict=True)] if linear else []
    active = side_by_side([_active(layout, part, full=own) for part, own in zip(parts, few, strict=True)])
    blocks = []
    for wave in range(len(layout.waves)):
        stages = layout.parts if linear else 0
        stacked = tuple(side_by_side([t[wave][s] for t in totals]) for s in range(stages))
        here = active[layout.units(wave)]
        some = counts(here) > 0
        if linear:
            some = some | (np.asarray(abs(stacked[0]).sum(axis=0)) > 0)
        if some.any():
            blocks.append(
                Block(
                    wave=wave,
                    rows=np.flatnonzero(some),
                    totals=tuple(t[:, np.flatnonzero(some)] for t in stacked),
                    active=here[:, np.flatnonzero(some)],
                )
            )
    units = Linearised(
        layout=layout,
        blocks=tuple(blocks),
        lonely_psu=design.lonely_psu,
        overlap=design.overlap,
        df_less=df_less,
    )
    if replicate is None or linear:
        return units
    return replicated(design, replicate_rows(design, replicate), estimate, units)


def unit_totals(layout: Layout, part: Influence) -> list[tuple[FloatArray, ...]]:
    """Total ``w z`` by unit (P_s, K) for every wave and stage, as residuals when the design is calibrated."""
    w = layout.weight if part.rows is None else layout.weight[part.rows]
    k, size = part.z.shape[1], part.size
    whole = []
    for stage in layout.stages:
        unit = stage.unit_of_row if part.rows is None else stage.unit_of_row[part.rows]
        cell = unit if part.code is None else unit * size + part.code
        out = np.empty((stage.size, size, k))
        for j in range(k):
            out[:, :, j] = np.bincount(cell, weights=w * part.z[:, j], minlength=stage.size * size).reshape(-1, size)
        whole.append(out.reshape(stage.size, size * k))
    by_wave = [tuple(t[layout.units(wave, s)] for s, t in enumerate(whole)) for wave in range(len(layout.waves))]
    if layout.sweep is None:
        return by_wave
    rows = np.arange(len(layout.weight)) if part.rows is None else part.rows
    code = np.zeros(len(rows), dtype=np.int64) if part.code is None else part.code
    crossed = layout.sweep.crossed(rows, code, size, np.ascontiguousarray(part.z.T))  # (Q, k, size)
    crossed = np.moveaxis(crossed, 1, 2).reshape(len(crossed), size * k)
    return [layout.sweep.residual(totals, crossed, wave) for wave, totals in enumerate(by_wave)]


def _unit_totals_of_many(layout: Layout, part: Influence) -> list[tuple[Any, ...]]:
    """Total the same for very many cells, without the zeros, of a design of one stage."""
    rows = slice(None) if part.rows is None else part.rows
    unit, w = layout.stages[0].unit_of_row[rows], layout.weight[rows]
    code = np.zeros(len(unit), dtype=np.int64) if part.code is None else part.code
    k, out = part.z.shape[1], []
    column = code[:, None] * k + np.arange(k)
    for wave in range(len(layout.waves)):
        units = layout.units(wave)
        here = (unit >= units.start) & (unit < units.stop)
        at, values = np.repeat(unit[here] - units.start, k), w[here, None] * part.z[here]
        shape = (units.stop - units.start, part.width)
        out.append((sums_by_unit(at, column[here].reshape(-1), values.reshape(-1), shape),))
    return out


def _active(layout: Layout, part: Influence, *, full: bool = True) -> Any:
    """First-stage units (P, K) with a row that counts."""
    rows = part.rows if part.active_rows is None else part.active_rows
    code = part.code if part.active_rows is None else part.active_code
    stage = layout.stages[0]
    unit = stage.unit_of_row if rows is None else stage.unit_of_row[rows]
    if not full and code is not None:
        k = part.z.shape[1]
        column = (code[:, None] * k + np.arange(k)).reshape(-1)
        some = np.ones(len(column), dtype=bool)
        return sums_by_unit(np.repeat(unit, k), column, some, (stage.size, part.width)).tocsr()
    cell = unit if code is None else unit * part.size + code
    seen = np.bincount(cell, minlength=stage.size * part.size).reshape(stage.size, part.size) > 0
    return np.repeat(seen, part.z.shape[1], axis=1)


def from_fixed(  # noqa: PLR0913  # one keyword per column of the result
    *,
    head: Mapping[str, Sequence[Any]],
    statistic: str | Sequence[str],
    estimate: FloatArray,
    factor: FloatArray,
    df: FloatArray,
    n: FloatArray,
    weight_sum: FloatArray,
    level: float = 0.95,
    interval: Interval = "wald",
    notes: Sequence[str] = (),
    library: str = "pandas",
) -> Estimates:
    """Wrap points with a covariance ``F'F`` that is known as such, of predictions or combined imputations.

    Parameters
    ----------
    head, statistic, estimate, n, weight_sum, level, interval, notes
        As for :func:`from_influence`.
    factor : (E, K)
        F.
    df : (K,)
        Degrees of freedom; infinite where the reference is the normal distribution.
    library
        The data frame library results go back to.

    Examples
    --------
    >>> import numpy as np
    >>> one = np.ones(1)
    >>> est = from_fixed(head={"variable": ["a"], "category": [None]}, statistic="eblup", estimate=one, n=one,
    ...                  factor=0.5 * np.ones((1, 1)), df=np.inf * one, weight_sum=one)
    >>> round(float(est.table["ci_high"][0]), 3)
    1.98
    """
    keys = tuple(key for key in head if key not in COLUMNS)
    estimate = np.asarray(estimate, dtype=np.float64)
    return build(
        head={key: objects(list(head[key])) for key in (*keys, "variable", "category")},
        statistic=statistic,
        estimate=estimate,
        n=np.asarray(n, dtype=np.float64),
        weight_sum=np.asarray(weight_sum, dtype=np.float64),
        srs_variance=None,
        status=np.where(np.isfinite(estimate), "ok", "empty").astype(object),
        like=Estimates(
            table=None,  # type: ignore[arg-type]  # replaced by build
            keys=keys,
            variance=Fixed(factor=np.asarray(factor, dtype=np.float64), df=np.asarray(df, dtype=np.float64)),
            level=level,
            interval=interval,
            backend=library,
            notes=tuple(notes),
        ),
    )
