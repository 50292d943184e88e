"""Why factors cannot be found: which margins are out of reach, and which bounds would do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from survey_kit.design.calibrate_columns import Columns
from survey_kit.design.calibrate_solve import Factors
from survey_kit.design.distances import Bounds, Distance
from survey_kit.errors import DesignError
from survey_kit.types import FloatArray

LARGEST_PROGRAMME = 200_000  # cells
NAMED = 4


def check_range(columns: Sequence[Columns], weight: FloatArray, target: FloatArray, bounds: Bounds) -> None:
    """Compare the mean factor each level needs with the bounds, before anything is solved.

    Raises
    ------
    DesignError
        Naming the first levels out of reach.
    """
    first = 0
    out = []
    for block in columns:
        wanted = target[first : first + block.size]
        first += block.size
        if block.value is not None:
            continue
        sums = block.sums(weight)
        mean = np.divide(wanted, sums, out=np.ones_like(sums), where=sums > 0)
        out += [
            f"{block.names[k]} needs a mean factor of {mean[k]:.4g}"
            for k in np.flatnonzero((mean < bounds[0]) | (mean > bounds[1]))
        ]
    if out:
        raise DesignError(
            "Some margins cannot be reached within the bounds.",
            where=_listed(out),
            found=f"bounds {bounds[0]:g} to {bounds[1]:g}",
            fix="Widen the bounds, join levels, or bring the weights to the size of the population first.",
        )


def no_solution(
    columns: Sequence[Columns],
    weight: FloatArray,
    target: FloatArray,
    distance: Distance,
    bounds: Bounds,
    found: Factors,
) -> DesignError:
    """Say why a calibration has no solution: the smallest violation of the margins over all allowed factors.

    A linear programme over the factors (m,) of rows or cells within the bounds.
    """
    names = [name for block in columns for name in block.names]
    low, high = max(bounds[0], 0.0) if distance.positive else bounds[0], bounds[1]
    if len(weight) <= LARGEST_PROGRAMME:
        gap = _smallest_gap(columns, weight, target, (low, high))
        far = np.flatnonzero(np.abs(gap) > 1e-7 * np.maximum(np.abs(target), 1e-300))
        if len(far):
            indicator = np.concatenate([np.full(block.size, block.value is None) for block in columns])
            bounded = np.isfinite(bounds[0]) or np.isfinite(bounds[1])
            return DesignError(
                "These margins cannot be reached together" + (" within the bounds." if bounded else "."),
                where=_listed([names[k] for k in far]),
                found=_listed([f"nearest {target[k] - gap[k]:,.6g} for {target[k]:,.6g}" for k in far if indicator[k]])
                or None,
                fix=_advice(columns, weight, target, (low, high)) if bounded else "Join levels, or drop a margin.",
            )
    order = np.argsort(found.error)[::-1][:NAMED]
    return DesignError(
        "The calibration does not converge.",
        where=_listed([names[k] for k in order]),
        found=f"relative errors up to {found.error.max():.1e} after {found.iterations} steps",
        fix="Join small levels, drop a margin, or allow more steps (maxit).",
    )


def _advice(columns: Sequence[Columns], weight: FloatArray, target: FloatArray, bounds: Bounds) -> str:
    reach = _smallest_stretch(columns, weight, target, bounds)
    if reach is None:
        return "Join levels, or drop a margin: no bounds of this shape will do."
    low, high = (1 + reach * (edge - 1) for edge in bounds)
    return f"Join levels, or widen the bounds: beyond {low:.4g} to {high:.4g} there is a solution."


def _matrix(columns: Sequence[Columns], weight: FloatArray) -> Any:
    from scipy import sparse

    X = sparse.hstack([block.matrix() for block in columns], format="csr")
    return sparse.csr_array(X.T.multiply(weight[None, :]))


def _smallest_gap(columns: Sequence[Columns], weight: FloatArray, target: FloatArray, bounds: Bounds) -> FloatArray:
    """Give target minus nearest total (q,) where the sum of relative gaps is smallest."""
    from scipy import sparse
    from scipy.optimize import linprog

    A = _matrix(columns, weight)
    q, m = A.shape
    scale = np.where(target != 0, np.abs(target), 1.0)
    identity = sparse.diags_array(scale)
    done = linprog(
        np.concatenate((np.zeros(m), np.ones(2 * q))),
        A_eq=sparse.hstack([A, identity, -identity], format="csc"),
        b_eq=target,
        bounds=[_limits(bounds)] * m + [(0, None)] * (2 * q),
        method="highs",
    )
    return np.zeros(q) if done.x is None else scale * (done.x[m : m + q] - done.x[m + q :])


def _smallest_stretch(
    columns: Sequence[Columns], weight: FloatArray, target: FloatArray, bounds: Bounds
) -> float | None:
    """By how much both bounds have to move away from 1 for a solution; None when that does not help."""
    from scipy import sparse
    from scipy.optimize import linprog

    A = _matrix(columns, weight)
    q, m = A.shape
    edges = [(sign, edge) for sign, edge in ((1.0, bounds[1]), (-1.0, bounds[0])) if np.isfinite(edge)]
    one: Any = sparse.eye_array(m, format="csr")
    room: list[Any] = [
        sparse.hstack([sign * one, sparse.csr_array(np.full((m, 1), -sign * (edge - 1.0)))]) for sign, edge in edges
    ]
    nothing: Any = sparse.csr_array((q, 1))
    limits: list[tuple[float | None, float | None]] = [(None, None)] * m + [(0.0, None)]
    done = linprog(
        np.append(np.zeros(m), 1.0),
        A_ub=sparse.vstack(room, format="csc"),
        b_ub=np.repeat([sign for sign, _ in edges], m),
        A_eq=sparse.hstack([A, nothing], format="csc"),
        b_eq=target,
        bounds=limits,
        method="highs",
    )
    return None if done.x is None or not done.success else float(done.x[-1])


def _limits(bounds: Bounds) -> tuple[float | None, float | None]:
    low, high = (None if not np.isfinite(edge) else float(edge) for edge in bounds)
    return low, high


def _listed(said: Sequence[str]) -> str:
    return "; ".join(said[:NAMED]) + (f"; {len(said) - NAMED} more" if len(said) > NAMED else "")
