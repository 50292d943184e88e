"""Variance from replicate weights: the statistic of every replicate, from unit totals where that is enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from survey_kit.design import Design
from survey_kit.design.calibrate_columns import occupied
from survey_kit.design.calibrate_kinds import Kinds
from survey_kit.design.threads import one_thread
from survey_kit.errors import EstimationError
from survey_kit.estimate.covariances import Linearised, Replicated
from survey_kit.estimate.domains import Domains, by_result
from survey_kit.estimate.passes import Pass, Rows
from survey_kit.estimate.statistics import Statistic
from survey_kit.types import FloatArray, IntArray


def replicated(design: Design, theta_r: FloatArray, theta: FloatArray, units: Linearised) -> Replicated:
    """Wrap replicate estimates (R, K) with the design's coefficients and the units behind each row."""
    made = design.replicates
    if made is None:
        raise EstimationError("The design has no replicate weights.")
    return Replicated(
        theta_r=theta_r, theta=theta, coefficients=made.coefficients, mse=made.mse, df=made.df, units=units
    )


def replicate_values(
    design: Design, statistic: Statistic, domains: Domains, passes: Sequence[Pass]
) -> list[FloatArray]:
    """Give the statistic of every replicate (R, cells) for every pass."""
    out = []
    for done, T in zip(passes, _sums(design, passes), strict=True):
        T_r = by_result(T, domains)  # (R, J, D, V)
        c = done.c[:, None]
        with np.errstate(invalid="ignore", divide="ignore"):
            theta = statistic.value(np.moveaxis(T_r, 1, 0), np.broadcast_to(c, (len(c), len(T_r), *c.shape[2:])))
        theta = np.where(np.isfinite(done.fixed), done.fixed, theta)
        out.append(theta.reshape(len(theta), -1))
    return out


def _sums(design: Design, passes: Sequence[Pass]) -> list[FloatArray]:
    """Total the row variables in every replicate (R, J, D, V): from units, from units and kinds of rows, or from the rows."""
    if design.replicates is not None and design.replicates.factors is not None:
        if not design.calibration:
            return _from_units(design, passes)
        kinds = design.kinds()
        if kinds is not None and all(done.rows is not None for done in passes):
            return _from_kinds(design, passes, kinds)
    return _from_rows(design, passes)


@one_thread()
def _from_units(design: Design, passes: Sequence[Pass]) -> list[FloatArray]:
    """Totals of the row variables in every replicate (R, J, D, V), from unit totals (P, D) and factors (P, R)."""
    layout, made = design.layout, design.replicates
    if made is None or made.factors is None:
        raise EstimationError("The design has no replicate factors.")
    out = []
    for done in passes:
        totals = done.table.totals[made.stage]
        J, _, D = totals.shape
        T = np.empty((made.size, J, D, len(layout.waves)))
        for v in range(len(layout.waves)):
            units = layout.units(v, made.stage)
            T[..., v] = np.stack([made.factors[units].T @ totals[j, units] for j in range(J)], axis=1)
        out.append(T)
    return out


@dataclass(frozen=True, slots=True, kw_only=True)
class _UnitKinds:
    """Row variables summed by unit, domain and kind.

    One sparse table (L, kinds) each; the unit (L,) of every line; the array (cells, L) that adds up domains and waves.
    """

    tables: tuple[Any, ...]
    unit: IntArray
    cells: Any


def _unit_kinds(design: Design, rows: Rows, kinds: Kinds, stage: int) -> _UnitKinds:
    from scipy import sparse

    counted, layout = rows.counted, design.layout
    unit_of_row, base = layout.stages[stage].unit_of_row, counted.taken(layout.base_weight)
    kind = kinds.of_row if counted.rows is None else kinds.of_row[counted.rows]
    unit = unit_of_row if counted.rows is None else unit_of_row[counted.rows]
    lines = occupied([counted.unit_cell[stage]], [layout.stages[stage].size * counted.domains])
    L = len(lines.first)
    sums = [base if part is None else base * part for part in rows.u]
    cell = counted.cell[lines.first]
    return _UnitKinds(
        tables=tuple(sparse.csr_array((part, (lines.of_row, kind)), shape=(L, kinds.size)) for part in sums),
        unit=unit[lines.first],
        cells=sparse.csr_array((np.ones(L), (cell, np.arange(L))), shape=(counted.domains * counted.waves, L)),
    )


def _from_kinds(design: Design, passes: Sequence[Pass], kinds: Kinds) -> list[FloatArray]:
    """Compute the same for calibrated weights from factors of units and of kinds of rows."""
    made = design.replicates
    if made is None or made.factors is None:
        raise EstimationError("The design has no replicate factors.")
    read = [done.rows for done in passes if done.rows is not None]
    known = [_unit_kinds(design, rows, kinds, made.stage) for rows in read]
    out = [np.empty((made.size, len(rows.u), rows.counted.domains, rows.counted.waves)) for rows in read]
    most = max(len(table.unit) for table in known)
    for here, G in kinds.blocks(made, design.layout, most=most):
        F = made.factors[:, here]
        for table, T in zip(known, out, strict=True):
            f = F[table.unit]
            for j, sums in enumerate(table.tables):
                T[here, j] = (table.cells @ ((sums @ G) * f)).T.reshape(-1, *T.shape[2:])
    return out


def _from_rows(design: Design, passes: Sequence[Pass]) -> list[FloatArray]:
    """Compute the same from full replicate weights of the rows."""
    if design.replicates is None:
        raise EstimationError("The design has no replicate weights.")
    R = design.replicates.size
    read = [done.rows for done in passes if done.rows is not None]
    out = [np.empty((R, len(rows.u), rows.counted.domains, rows.counted.waves)) for rows in read]
    for r, weights in enumerate(design.replicate_weights()):
        for rows, T in zip(read, out, strict=True):
            w = rows.counted.taken(weights)
            for j, part in enumerate(rows.u):
                T[r, j] = rows.counted.by_cell(w if part is None else w * part)
    return out


def replicate_rows(design: Design, point: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """Compute ``point(w_r)`` (K,) for every replicate weight (n,): (R, K)."""
    return np.stack([point(w) for w in design.replicate_weights()])
