"""Variance from replicate weights: the statistic of every replicate, from unit totals where that is enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from survey_kit.design import Design
from survey_kit.design.threads import one_thread
from survey_kit.errors import EstimationError
from survey_kit.estimate.covariances import Linearised, Replicated
from survey_kit.estimate.domains import Domains, by_result
from survey_kit.estimate.passes import Pass
from survey_kit.estimate.statistics import Statistic
from survey_kit.types import FloatArray


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
    sums = _from_units if design.replicates is not None and _by_units(design) else _from_rows
    out = []
    for done, T in zip(passes, sums(design, passes), strict=True):
        T_r = by_result(T, domains)  # (R, J, D, V)
        c = done.c[:, None]
        with np.errstate(invalid="ignore", divide="ignore"):
            theta = statistic.value(np.moveaxis(T_r, 1, 0), np.broadcast_to(c, (len(c), len(T_r), *c.shape[2:])))
        theta = np.where(np.isfinite(done.fixed), done.fixed, theta)
        out.append(theta.reshape(len(theta), -1))
    return out


def _by_units(design: Design) -> bool:
    """Tell whether unit totals are enough: factors of units, and no calibration to repeat."""
    return design.replicates is not None and design.replicates.factors is not None and not design.calibration


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
