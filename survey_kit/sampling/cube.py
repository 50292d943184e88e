r"""Balanced sampling by the cube method: flight, then landing.

A sample is balanced when its Horvitz-Thompson totals of the balancing variables equal those of the population,

.. math:: \sum_{k \in s} x_k / \pi_k = \sum_k x_k \qquad\Longleftrightarrow\qquad A s = A \pi, \quad A = (x_k / \pi_k)

The flight moves pi inside the cube [0, 1]^N along the kernel of A, at random and without changing its expectation, until no
more than rank(A) units are undecided (Deville & Tille 2004, Biometrika 91:893-912). As Chauvet & Tille (2006, Computational
Statistics 21:53-61) do, only a few units are in the air at a time. Here these are a basis of independent columns and one unit
that comes in: with B the basis, the kernel is ``(B^-1 a, -1)``, and a unit that is decided leaves by one pivot on the inverse, so
a step costs p^2. The basis starts as unit vectors that never move, so neither rank nor order of the columns matters. Landing
decides the last units by leaving out balancing variables from the last to the first, or by a linear programme.
"""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np

from survey_kit.errors import DesignError
from survey_kit.types import BoolArray, FloatArray, IntArray

SETTLED = 1e-9  # a probability this near 0 or 1 is decided
FLAT = 1e-9  # a column that the basis does not span has at least this much outside it
REFRESH = 5_000  # units after which the inverse is formed anew
MOST_SAMPLES = 20_000  # samples a linear programme chooses from


def fly(A: FloatArray, pi: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Move probabilities along the kernel of A until its columns of undecided units are independent.

    Parameters
    ----------
    A : (p, N) or (R, p, N)
        Constraints, rows of similar size.
    pi : (R, N)
        Probabilities of R draws made side by side; decided ones stay.
    rng
        Source of the steps.

    Returns
    -------
    (R, N)
        Moved probabilities; at most p of each draw are strictly between 0 and 1.

    Examples
    --------
    >>> out = fly(np.ones((1, 4)), np.full((1, 4), 0.5), np.random.default_rng(1))
    >>> float(out.sum()), int(((out > 0) & (out < 1)).sum())
    (2.0, 0)
    """
    R, N = pi.shape
    A = np.broadcast_to(A, (R, *A.shape[-2:]))
    p = A.shape[1]
    out = pi.copy()
    inverse = np.broadcast_to(np.eye(p), (R, p, p)).copy()
    unit = np.full((R, p), -1, dtype=np.int64)  # who stands in the basis; -1 for a unit vector
    value = np.zeros((R, p))  # and its probability
    chance = rng.random((N, R))
    every = np.arange(R)
    for k in range(N):
        now = out[:, k]
        open_ = (now > 0) & (now < 1)
        if not open_.any():
            continue
        v = np.matmul(inverse, A[:, :, k, None])[:, :, 0]
        outside = np.abs(v) * (unit < 0)
        slot = outside.argmax(axis=1)
        spans = outside[every, slot] <= FLAT
        moved, left, slot = _step(v, value, unit, now, chance[k], spans, slot)
        value = np.where((open_ & spans)[:, None], moved, value)
        now = np.where(open_ & spans, left, now)
        settled = open_ & spans & ((now == 0) | (now == 1))
        out[:, k] = now
        enters = np.flatnonzero(open_ & ~settled)
        if len(enters):
            _pivot(inverse, v, slot, enters)
            at = slot[enters]
            old = unit[enters, at]
            real = old >= 0
            out[enters[real], old[real]] = value[enters[real], at[real]]
            unit[enters, at] = k
            value[enters, at] = now[enters]
        if k % REFRESH == REFRESH - 1:
            basis = np.where(
                (unit >= 0)[:, None, :], np.take_along_axis(A, np.maximum(unit, 0)[:, None, :], axis=2), np.eye(p)
            )
            inverse = np.linalg.inv(basis)
    rows, at = np.nonzero(unit >= 0)
    out[rows, unit[rows, at]] = value[rows, at]
    return out


def _step(
    v: FloatArray,
    value: FloatArray,
    unit: IntArray,
    now: FloatArray,
    chance: FloatArray,
    spans: BoolArray,
    slot: IntArray,
) -> tuple[FloatArray, FloatArray, IntArray]:
    """Step along ``(v, -1)`` to a side of the cube; give the basis' probabilities, the new unit's, and the slot that leaves."""
    u = np.where(unit >= 0, v, 0.0)
    moves = np.abs(u) > 1e-12
    safe = np.where(moves, u, 1.0)
    up = np.where(moves, np.where(u > 0, 1 - value, value) / np.abs(safe), np.inf)  # value + step u, now - step
    down = np.where(moves, np.where(u > 0, value, 1 - value) / np.abs(safe), np.inf)
    rise, fall = np.minimum(up.min(axis=1), now), np.minimum(down.min(axis=1), 1 - now)
    whole = rise + fall
    go = chance * whole < fall  # up with probability fall / (rise + fall): the expectation stays
    step = np.where(go, rise, -fall)
    limit = np.where(go[:, None], up, down)
    here = limit.argmin(axis=1)
    every = np.arange(len(now))
    basic = limit[every, here] <= np.abs(step)  # one of the basis is decided
    moved = np.clip(value + step[:, None] * u, 0.0, 1.0)
    moved = np.where(moved < SETTLED, 0.0, np.where(moved > 1 - SETTLED, 1.0, moved))
    sign = np.where(go, u[every, here], -u[every, here])
    moved[every, here] = np.where(basic, (sign > 0).astype(np.float64), moved[every, here])
    left = np.clip(now - step, 0.0, 1.0)
    left = np.where(left < SETTLED, 0.0, np.where(left > 1 - SETTLED, 1.0, left))
    left = np.where(basic, left, np.round(left))
    return moved, left, np.where(spans, here, slot)


def _pivot(inverse: FloatArray, v: FloatArray, slot: IntArray, rows: IntArray) -> None:
    """Put the new column into the slot of the basis: one elimination on the inverse."""
    at = slot[rows]
    column = v[rows]
    pivot = column[np.arange(len(rows)), at]
    part = inverse[rows]
    row = part[np.arange(len(rows)), at] / pivot[:, None]
    part -= column[:, :, None] * row[:, None, :]
    part[np.arange(len(rows)), at] = row
    inverse[rows] = part


def standardized(pi: FloatArray, groups: IntArray, balance: FloatArray) -> FloatArray:
    """Give the balancing variables over pi (q, N), centred in every group and scaled to size one.

    Centring changes nothing where the size of every group's sample is kept, and keeps digits.

    Parameters
    ----------
    pi : (N,)
        Probabilities strictly between 0 and 1.
    groups : (N,)
        Group whose sample size is kept, from 0.
    balance : (N, q)
        Balancing variables.
    """
    x = (balance / pi[:, None]).T
    if not len(x):
        return x.reshape(0, len(pi))
    counts = np.bincount(groups)
    x = x - np.stack([np.bincount(groups, weights=row) / counts for row in x])[:, groups]
    scale = np.sqrt((x**2).mean(axis=1, keepdims=True))
    return np.asarray(x / np.where(scale > 0, scale, 1.0))


def fixed_sizes(groups: IntArray, H: int) -> FloatArray:
    """Give the constraints (H, N) that keep the size of every group's sample."""
    out = np.zeros((H, len(groups)))
    out[groups, np.arange(len(groups))] = 1.0
    return out


def land_by_suppression(A: FloatArray, pi: FloatArray, rng: np.random.Generator) -> BoolArray:
    """Decide the units that are left by giving up constraints from the last to the first; (R, N)."""
    R = len(pi)
    index, p = _undecided(pi)
    small = (
        np.take_along_axis(np.broadcast_to(A, (R, *A.shape)), index[:, None, :], axis=2)
        if R > 1
        else A[None][:, :, index[0]]
    )
    for rows in range(A.shape[0] - 1, 0, -1):
        p = fly(small[:, :rows], p, rng)
        if not ((p > 0) & (p < 1)).any():
            break
    loose = (p > 0) & (p < 1)  # only rounding is left, or a size that is no whole number
    p = np.where(loose, (rng.random(p.shape) < p).astype(np.float64), p)
    out = pi.copy()
    np.put_along_axis(out, index, p, axis=1)
    return out > 0.5


def land_by_programme(
    fixed: FloatArray, x: FloatArray, pi: FloatArray, metric: FloatArray, rng: np.random.Generator
) -> BoolArray:
    r"""Decide the units that are left by the sampling design with the least expected imbalance; (R, N).

    Minimise :math:`\sum_s p(s) C(s)` subject to :math:`\sum_s p(s) s = \pi^*`, over samples of the size that is left, with
    :math:`C(s) = (X s - X \pi^*)' M (X s - X \pi^*)` (Deville & Tille 2004, section 5).

    Parameters
    ----------
    fixed : (H, N)
        Constraints that are kept: the sizes.
    x : (q, N)
        Balancing variables over pi.
    pi : (R, N)
        Probabilities after the flight.
    metric : (q, q)
        The matrix M, the inverse of X X' over the whole population.
    rng
        Source of the choice.

    Raises
    ------
    DesignError
        If more than 20,000 samples would have to be compared.
    """
    from scipy.optimize import linprog

    out = pi.copy()
    for r in range(len(pi)):
        rest = np.flatnonzero((pi[r] > 0) & (pi[r] < 1))
        if not len(rest):
            continue
        target = pi[r, rest]
        samples = _samples(len(rest), float(target.sum()))
        samples = samples[(np.abs(fixed[:, rest] @ (samples - target).T) < 1 - 1e-6).all(axis=0)]
        gap = (samples - target) @ x[:, rest].T
        cost = np.einsum("ij,jk,ik->i", gap, metric, gap)
        found = linprog(
            c=cost / max(float(cost.max()), 1e-300),
            A_eq=np.vstack([samples.T, np.ones(len(samples))]),
            b_eq=[*target, 1.0],
        )
        if found.status != 0 or found.x is None:
            raise DesignError("The linear programme of the landing failed.", found=found.message, fix="Use CUBE.")
        chance = np.maximum(found.x, 0.0)
        out[r, rest] = samples[rng.choice(len(samples), p=chance / chance.sum())]
    return out > 0.5


def _samples(m: int, size: float) -> FloatArray:
    """List the samples of m units whose size is the one left, or the two whole numbers around it."""
    low, high = int(np.floor(size + 1e-6)), int(np.ceil(size - 1e-6))
    if sum(comb(m, n) for n in {low, high}) > MOST_SAMPLES:
        raise DesignError(
            "The landing by linear programme has too many samples to compare.",
            found=f"{m} undecided units",
            fix="Balance on fewer variables (about 15 with the strata), or land by suppression: method=CUBE.",
        )
    chosen = [one for n in sorted({low, high}) for one in combinations(range(m), n)]
    out = np.zeros((len(chosen), m))
    for i, one in enumerate(chosen):
        out[i, list(one)] = 1.0
    return out


def _undecided(pi: FloatArray) -> tuple[IntArray, FloatArray]:
    """Gather the undecided units of every draw, padded with decided ones."""
    loose = (pi > 0) & (pi < 1)
    most = max(int(loose.sum(axis=1).max(initial=0)), 1)
    index = np.argsort(~loose, axis=1, kind="stable")[:, :most]
    return index, np.take_along_axis(pi, index, axis=1)
