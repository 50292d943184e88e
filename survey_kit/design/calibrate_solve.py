"""Finding the factors of a calibration: Newton's method on the occupied cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from survey_kit.design.calibrate_columns import Columns, products
from survey_kit.design.distances import Bounds, Distance
from survey_kit.design.threads import one_thread
from survey_kit.types import FloatArray

RANK_TOLERANCE = 2e-15  # times the number of columns
HALVINGS = 40
DAMPINGS = (0.0, 1e-3, 1.0)
SWEEPS = 3
FAR = 20.0  # times: weights and population are of different sizes
STALLED = 25  # steps in which the error has to fall by half


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """Factors g and slopes F'(u) by row or cell, the steps it took and the largest relative error of a margin.

    Attributes
    ----------
    g, slope : (m,)
    coefficients : (q,)
        Lambda.
    error : (q,)
        Relative error of every column.
    iterations
    converged
        Whether every error is within the tolerance.
    """

    g: FloatArray
    slope: FloatArray
    coefficients: FloatArray
    error: FloatArray
    iterations: int
    converged: bool


@np.errstate(over="ignore", invalid="ignore")  # a step that goes too far is halved
def solve(
    columns: Sequence[Columns],
    weight: FloatArray,
    target: FloatArray,
    *,
    distance: Distance,
    bounds: Bounds,
    tolerance: float,
    maxit: int,
    start: FloatArray | None = None,
) -> Factors:
    """Find lambda with ``sum d F(x'lambda) x = T`` (Deville & Sarndal 1992, eq. 2.4) by damped Newton steps.

    Parameters
    ----------
    columns
        Calibration variables of rows or cells.
    weight : (m,)
        Their weights.
    target : (q,)
        Totals to be reached.
    distance, bounds
        How weights may move.
    tolerance
        Largest relative error of a total.
    maxit
        Most steps.
    start : (q,), optional
        Where to begin, such as the solution for weights alike.
    """
    size = _size(columns, weight, target) if distance.adds and not np.isfinite(bounds).any() else np.ones(1)
    weight = weight * size
    if start is None:
        start = _start(columns, weight, target) if distance.positive else np.zeros(len(target))

    def at(lam: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        u = _predictor(columns, lam)
        reached = weight * distance.factor(u, bounds)
        return u, target - _sums(columns, reached), _scale(columns, reached, target)

    coefficients = start
    u, misfit, scale = at(coefficients)
    history = [float(np.abs(misfit / scale).max(initial=0.0))]
    iterations = 0
    while iterations < maxit and not _finished(history, tolerance):
        slope = distance.slope(u, bounds)
        found = _step(at, coefficients, misfit, products(columns, columns, [weight * slope] * len(columns)), scale)
        iterations += 1
        if found is None:
            break
        coefficients, u, misfit, scale = found
        history.append(float(np.abs(misfit / scale).max(initial=0.0)))
    g, slope = distance.factor(u, bounds), distance.slope(u, bounds)
    return Factors(
        g=g * size,
        slope=slope,
        coefficients=coefficients,
        error=np.abs(misfit / scale),
        iterations=iterations,
        converged=history[-1] <= tolerance,
    )


def pseudo_inverse(gram: Any) -> Callable[[FloatArray], FloatArray]:
    """Apply the pseudo-inverse of a Gram matrix, scaled to a unit diagonal; divisions when it is diagonal."""
    diagonal = gram.diagonal()
    inverse = np.divide(1.0, diagonal, out=np.zeros_like(diagonal), where=diagonal != 0)
    dense = isinstance(gram, np.ndarray)
    filled = np.count_nonzero(gram) if dense else gram.count_nonzero()
    if filled == np.count_nonzero(diagonal):
        return partial(_times, inverse)
    root = np.sqrt(np.abs(inverse))
    with one_thread():
        values, vectors = np.linalg.eigh((gram if dense else gram.toarray()) * root[:, None] * root)
    kept = np.abs(values) > RANK_TOLERANCE * len(values) * np.abs(values).max()
    half = root[:, None] * vectors[:, kept]
    return partial(_times_spectral, half, values[kept])


def _times(inverse: FloatArray, right: FloatArray) -> FloatArray:
    return (inverse * right.T).T


def _times_spectral(half: FloatArray, values: FloatArray, right: FloatArray) -> FloatArray:
    return np.asarray(half @ ((half.T @ right).T / values).T)


def _finished(history: list[float], tolerance: float) -> bool:
    """Stop one step after the tolerance is reached, or when the error no longer falls."""
    if len(history) > 1 and history[-2] <= tolerance:
        return True
    return len(history) > STALLED and history[-1] > 0.5 * history[-STALLED]


def _step(
    at: Callable[[FloatArray], tuple[FloatArray, FloatArray, FloatArray]],
    start: FloatArray,
    misfit: FloatArray,
    gram: Any,
    scale: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray] | None:
    """Take a Newton step, halved until the error falls (its sum of squares falls along it), damped if that fails."""
    norm = float(((misfit / scale) ** 2).sum())
    diagonal = gram.diagonal()
    floor = float(diagonal.max(initial=0.0)) or 1.0
    for damping in DAMPINGS:
        damped = gram if damping == 0 else _with_ridge(gram, damping * np.maximum(diagonal, 1e-3 * floor))
        direction = pseudo_inverse(damped)(misfit)
        length = 1.0
        for _ in range(HALVINGS):
            lam = start + length * direction
            u, left, new_scale = at(lam)
            after = left / scale
            if np.isfinite(after).all() and float(after @ after) <= (1 - 1e-4 * length) * norm:
                return lam, u, left, new_scale
            length /= 2
    return None


def _with_ridge(gram: Any, ridge: FloatArray) -> Any:
    if isinstance(gram, np.ndarray):
        return gram + np.diag(ridge)
    from scipy import sparse

    return gram + sparse.diags_array(ridge)


def _start(columns: Sequence[Columns], weight: FloatArray, target: FloatArray) -> FloatArray:
    """Fit the margins in turn, as iterative proportional fitting does, a few times: a Newton step from far away is wild."""
    out = np.zeros(len(target))
    u = np.zeros(len(weight))
    for _ in range(SWEEPS):
        first = 0
        for block in columns:
            at = slice(first, first + block.size)
            first += block.size
            if block.value is not None:
                continue
            sums = block.sums(weight * np.exp(u))
            possible = (sums > 0) & (target[at] > 0)
            move = np.zeros(block.size)
            move[possible] = np.log(target[at][possible] / sums[possible])
            out[at] += move
            u += block.spread(move)
    return out


def _size(columns: Sequence[Columns], weight: FloatArray, target: FloatArray) -> FloatArray:
    """Bring the weights of each wave to the size of its population first (m,), when both are far apart.

    ``1 + u`` loses digits when it has to be small. The solution is the same if a sum of columns is 1 in every row.
    """
    inside = np.logical_or.reduce([block.code >= 0 for block in columns])
    first = 0
    for block in columns:
        at = slice(first, first + block.size)
        first += block.size
        if block.value is not None or (inside & (block.code < 0)).any():
            continue
        wave = block.wave[block.code]  # of no meaning outside
        sums = np.bincount(wave, weights=np.where(inside, weight, 0.0))
        wanted = np.bincount(block.wave, weights=target[at])
        size = np.divide(wanted, sums, out=np.ones_like(sums), where=(sums > 0) & (wanted > 0))
        far = (size < 1 / FAR) | (size > FAR)
        return np.where(inside & far[wave], size[wave], 1.0)
    return np.ones(1)


def _scale(columns: Sequence[Columns], reached: FloatArray, target: FloatArray) -> FloatArray:
    """Say what an error is compared with: the target, or for numbers that may cancel the sum of their sizes."""
    sizes = np.concatenate(
        [
            np.zeros(block.size)
            if block.value is None
            else np.bincount(block.code + 1, weights=np.abs(reached * block.value), minlength=block.size + 1)[1:]
            for block in columns
        ]
    )
    scale = np.maximum(np.abs(target), sizes)
    return np.where(scale > 0, scale, 1.0)


def _predictor(columns: Sequence[Columns], coefficients: FloatArray) -> FloatArray:
    out = np.zeros(len(columns[0].code))
    first = 0
    for block in columns:
        out += block.spread(coefficients[first : first + block.size])
        first += block.size
    return out


def _sums(columns: Sequence[Columns], weight: FloatArray) -> FloatArray:
    return np.concatenate([block.sums(weight) for block in columns])
