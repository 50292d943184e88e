"""Joint inclusion probabilities of pairs of units, for every method that gives them exactly.

Each function takes the probabilities of the units at risk, the sample size and the rows wanted, and gives a matrix (rows, rows)
with the probabilities of the units themselves on the diagonal.
"""

from __future__ import annotations

from math import comb

import numpy as np

from survey_kit.errors import DesignError
from survey_kit.sampling.probabilities import (
    PARETO_RANKING,
    SEQUENTIAL_POISSON_RANKING,
    Ranking,
    conditional_poisson_p,
    order_joint,
    order_pi,
    remembered,
    spectrum,
)
from survey_kit.types import FloatArray, IntArray

MOST_SETS = 400_000  # samples that are listed one by one for Brewer's method
MOST_BITS = 62

poisson_of = remembered(conditional_poisson_p)


def srs_joint(pi: FloatArray, n: float, rows: IntArray) -> FloatArray:
    """Give those of simple random sampling: n (n - 1) / (N (N - 1))."""
    N = len(pi)
    out = np.full((len(rows), len(rows)), n * (n - 1) / (N * (N - 1)) if N > 1 else 1.0)
    return _with_diagonal(out, pi[rows])


def replacement_joint(pi: FloatArray, n: float, rows: IntArray) -> FloatArray:
    """Give those of simple random sampling with replacement: 1 - 2 (1 - 1/N)^n + (1 - 2/N)^n."""
    N = len(pi)
    out = np.full((len(rows), len(rows)), 1 - 2 * (1 - 1 / N) ** n + (1 - 2 / N) ** n)
    return _with_diagonal(out, pi[rows])


def poisson_joint(pi: FloatArray, n: float, rows: IntArray) -> FloatArray:  # noqa: ARG001
    """Give those of independent draws: pi_k pi_l."""
    return _with_diagonal(np.outer(pi[rows], pi[rows]), pi[rows])


def systematic_joint(pi: FloatArray, n: float, rows: IntArray) -> FloatArray:  # noqa: ARG001
    """Give those of systematic sampling in the order given: the length two units share, each an arc of length pi_k on a circle of length 1.

    Unit k comes when the random start lies in ``[V_{k-1}, V_k)`` modulo 1, with V the running sum of pi (Madow 1949, Ann. Math.
    Stat. 20:333-354; Connor 1966, JASA 61:384-390). Pairs that never come together have probability 0.
    """
    ends = np.cumsum(pi)
    start = ((ends - pi) % 1.0)[rows]
    end = start + pi[rows]
    out = np.zeros((len(rows), len(rows)))
    for turn in (-1.0, 0.0, 1.0):
        shared = np.minimum(end[:, None], end[None, :] + turn) - np.maximum(start[:, None], start[None, :] + turn)
        out += np.maximum(shared, 0.0)
    out[out < 1e-13] = 0.0  # rounding of the running sum
    return _with_diagonal(out, pi[rows])


def brewer_joint(pi: FloatArray, n: float, rows: IntArray) -> FloatArray:
    """Give those of Brewer's draw-by-draw method, from the probabilities of all sets after each draw, by recursion over the draws.

    The chance of the next unit depends on the set drawn so far (Brewer 1975, Austral. J. Stat. 17:166-172), so the sets are
    listed; for two draws there are only N of them. With more than 400,000 sets the matrix is refused.
    """
    m, N = round(n), len(pi)
    if m == 1:
        return _with_diagonal(np.zeros((len(rows), len(rows))), pi[rows])
    if m == 2:
        first = brewer_chances(pi, np.zeros((1, N), dtype=bool), 2)[0]
        then = brewer_chances(pi, np.eye(N, dtype=bool), 1)
        out = first[:, None] * then
        return _with_diagonal((out + out.T)[np.ix_(rows, rows)], pi[rows])
    if N > MOST_BITS or max(comb(N, r) for r in range(m + 1)) > MOST_SETS:
        raise DesignError(
            "The joint probabilities of Brewer's method cannot be listed for so many samples.",
            found=f"{m} of {N} units",
            fix="Estimate with Pps(method='brewer'), or draw with MAXIMUM_ENTROPY, whose joint probabilities are known.",
        )
    bit = np.left_shift(np.int64(1), np.arange(N, dtype=np.int64))
    sets: IntArray = np.zeros(1, dtype=np.int64)
    chance: FloatArray = np.ones(1)
    for left in range(m, 0, -1):
        taken = (sets[:, None] & bit[None, :]) != 0
        onward = chance[:, None] * brewer_chances(pi, taken, left)
        grown = (sets[:, None] | bit[None, :])[~taken]
        sets, at = np.unique(grown, return_inverse=True)
        chance = np.asarray(np.bincount(at, weights=onward[~taken]), dtype=np.float64)
    member = ((sets[:, None] & bit[rows][None, :]) != 0).astype(np.float64)
    return _with_diagonal(member.T @ (chance[:, None] * member), pi[rows])


def brewer_chances(pi: FloatArray, taken: np.ndarray[tuple[int, int], np.dtype[np.bool_]], left: int) -> FloatArray:
    r"""Chances of the next unit, (R, N), given the units taken (R, N) and the draws that are left.

    .. math:: p_k \propto \pi_k \frac{n - a - \pi_k}{n - a - \pi_k l}, \qquad a = \sum_{j \in s} \pi_j

    with l the draws left (Brewer 1975; Brewer & Hanif 1983, procedure 8 and its extension; Tille 2006, section 6.3).
    """
    top = round(float(pi.sum())) - taken @ pi
    chance = np.where(taken, 0.0, pi * (top[:, None] - pi) / (top[:, None] - pi * left))
    return np.asarray(chance / chance.sum(axis=1, keepdims=True))


def conditional_poisson_joint(pi: FloatArray, n: float, rows: IntArray) -> FloatArray:
    r"""Give those of maximum entropy with fixed size: :math:`\pi_{kl} = p_k p_l P(S_{-kl} = n - 2) / P(S = n)` (Hajek 1964)."""
    m = round(n)
    if m == 1:
        return _with_diagonal(np.zeros((len(rows), len(rows))), pi[rows])
    p = poisson_of(pi, m)
    whole = spectrum(p)
    inverse = whole.inverse(rows)
    out = ((inverse * whole.term(m - 2)) @ inverse.T).real / float(whole.term(m).sum().real)
    return _with_diagonal(out * np.outer(p[rows], p[rows]), pi[rows])


def pareto_joint(pi: FloatArray, n: float, rows: IntArray) -> FloatArray:
    """Give those of Pareto sampling with *target* probabilities pi; the diagonal holds the exact ones."""
    return _ordered(pi, n, rows, PARETO_RANKING)


def sequential_poisson_joint(pi: FloatArray, n: float, rows: IntArray) -> FloatArray:
    """Give those of sequential Poisson sampling with *target* probabilities pi; the diagonal holds the exact ones."""
    return _ordered(pi, n, rows, SEQUENTIAL_POISSON_RANKING)


def _ordered(target: FloatArray, n: float, rows: IntArray, ranking: Ranking) -> FloatArray:
    if len(target) > ranking.most:
        raise DesignError(
            "The joint probabilities of order sampling are not computed for so many units.",
            found=f"{len(target):,} units in a stratum, at most {ranking.most:,}",
            fix="Estimate with Pps(method='hajek'), which is very close for such samples.",
        )
    m = round(n)
    exact = order_pi(target, m, ranking)[rows]
    if m == 1:
        return _with_diagonal(np.zeros((len(rows), len(rows))), exact)
    return _with_diagonal(order_joint(target, m, ranking, rows), exact)


def _with_diagonal(out: FloatArray, pi: FloatArray) -> FloatArray:
    np.fill_diagonal(out, pi)
    return out
