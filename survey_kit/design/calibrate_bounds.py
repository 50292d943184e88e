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
LEAST_SHARE = 1e-6  # of the way to the targets
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
            fix = "Join levels, or drop a margin."
            return DesignError(
                "These margins cannot be reached together" + (" within the bounds." if bounded else "."),
                where=_listed([names[k] for k in far]),
                found=_listed([f"nearest {target[k] - gap[k]:,.6g} for {target[k]:,.6g}" for k in far if indicator[k]])
                or None,
                fix=_advice(columns, weight, target, (low, high), positive=distance.positive) if bounded else fix,
            )
    order = np.argsort(found.error)[::-1][:NAMED]
    return DesignError(
        "The calibration does not converge.",
        where=_listed([names[k] for k in order]),
        found=f"relative errors up to {found.error.max():.1e} after {found.iterations} steps",
        fix="Join small levels, drop a margin, or allow more steps (maxit).",
    )


def _advice(
    columns: Sequence[Columns], weight: FloatArray, target: FloatArray, bounds: Bounds, *, positive: bool
) -> str:
    A = _matrix(columns, weight)
    away = (bounds[0] - 1, bounds[1] - 1)
    reach = _largest_share(A, target - A @ np.ones(A.shape[1]), away)
    low, high = (1 + edge / reach if reach else float("nan") for edge in away)
    if positive and not low >= 0:  # the lower bound ends at zero: only the upper one moves
        reach = _largest_share(A, target, (0.0, 1.0))
        low, high = 0.0, 1 / reach if reach else float("nan")
    if np.isnan(high):
        return "Join levels, or drop a margin: no bounds of this shape will do."
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
    identity = sparse.eye_array(q)
    limits: Any = np.vstack([np.tile(bounds, (m, 1)), np.tile((0.0, np.inf), (2 * q, 1))])
    done = linprog(
        np.concatenate((np.zeros(m), np.ones(2 * q))),
        A_eq=sparse.hstack([sparse.diags_array(1 / scale) @ A, identity, -identity], format="csc"),
        b_eq=target / scale,
        bounds=limits,
        method="highs",
    )
    return np.zeros(q) if done.x is None else scale * (done.x[m : m + q] - done.x[m + q :])


def _largest_share(A: Any, target: FloatArray, bounds: Bounds) -> float | None:
    """Give the largest s with ``A z = s target`` for z within bounds around zero: stretched by 1 / s, these reach the target.

    As many rows as margins have levels; None when no stretch will do.
    """
    from scipy import sparse
    from scipy.optimize import linprog

    q, m = A.shape
    scale = np.maximum(np.abs(target), abs(A).max(axis=1).toarray().ravel())
    scale = np.where(scale > 0, scale, 1.0)
    limits: Any = np.vstack([np.tile(bounds, (m, 1)), (0.0, 1.0)])
    done = linprog(
        np.append(np.zeros(m), -1.0),
        A_eq=sparse.hstack(
            [sparse.diags_array(1 / scale) @ A, sparse.csr_array(-(target / scale)[:, None])], format="csc"
        ),
        b_eq=np.zeros(q),
        bounds=limits,
        method="highs",
    )
    return None if done.x is None or not done.x[-1] > LEAST_SHARE else float(done.x[-1])


def _listed(said: Sequence[str]) -> str:
    return "; ".join(said[:NAMED]) + (f"; {len(said) - NAMED} more" if len(said) > NAMED else "")
