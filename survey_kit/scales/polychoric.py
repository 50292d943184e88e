r"""Polychoric correlations of weighted ordered answers: thresholds from the margins, then maximum likelihood pair by pair.

Two steps after Olsson (1979, Psychometrika 44, 443-460). With thresholds :math:`\tau` at the normal quantiles of the weighted
margins, a pair's correlation solves :math:`\sum_{ab} N_{ab} \, \pi'_{ab} / \pi_{ab} = 0`, where :math:`\pi_{ab}` is the
probability of cell (a, b) and a prime its derivative by rho. Margins and score are one stacked estimating equation, so that
the influence on rho carries what the thresholds cost (Binder 1983, International Statistical Review 51, 279-292).
All pairs are solved at once, padded to the item with the most categories.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from survey_kit.scales.bivariate_normal import bivariate_density, bivariate_normal
from survey_kit.scales.items import Sample
from survey_kit.scales.matrices import Matrix
from survey_kit.types import BoolArray, FloatArray, IntArray

MOST_STEPS = 200
SMALLEST_STEP = 1e-9  # of Newton: what is left is its square
#: A correlation beyond this is at its end: an empty corner of the table.
END = 0.9999
LEAST_PROBABILITY = 1e-18  # differences of probabilities know no smaller ones
MOST_CATEGORIES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """Answers as category numbers (m, k), -1 where there is none; how many categories each item has (k,); the pairs (P, 2)."""

    codes: IntArray
    sizes: IntArray
    pairs: IntArray

    @property
    def K(self) -> int:  # noqa: N802  # the letter of the formulas
        """The most categories of any item."""
        return int(self.sizes.max(initial=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Probabilities of the cells of every table (P, K, K) and their first two derivatives by rho."""

    p: FloatArray
    d1: FloatArray
    d2: FloatArray

    def score(self, N: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Give the score by rho (P,), minus the observed and minus the expected information."""
        seen = N > 0
        p = np.where(seen, np.maximum(self.p, LEAST_PROBABILITY), 1.0)
        u = np.where(seen, self.d1 / p, 0.0)
        expected = -(N * u**2).sum(axis=(1, 2))
        return (N * u).sum(axis=(1, 2)), (N * np.where(seen, self.d2 / p, 0.0)).sum(axis=(1, 2)) + expected, expected


def polychoric(sample: Sample) -> Callable[[FloatArray], Matrix]:
    """Polychoric correlations of the items of a sample.

    Parameters
    ----------
    sample
        The rows; the distinct answers to an item, in order, are its categories.

    Returns
    -------
    callable
        ``w (m,) -> Matrix``. Undefined, with the reason, when a weighted count is negative, an item does not vary or a
        correlation is at its end. Thresholds rest on all rows that answered an item, tables on those that answered both.

    Examples
    --------
    >>> from survey_kit.scales.items import Items, _sample
    >>> y = np.repeat([[0.0, 0], [0, 1], [1, 0], [1, 1]], [40, 10, 10, 40], axis=0)
    >>> every = np.ones(y.shape, dtype=bool)
    >>> items = Items(names=("a", "b"), y=y, answered=every, asked=every, missing="listwise")
    >>> R = polychoric(_sample(items, np.arange(100)))(np.ones(100)).S
    >>> round(float(R[0, 1]), 6), round(float(np.sin(np.pi / 2 * 0.6)), 6)  # margins of one half: a closed form
    (0.809017, 0.809017)
    """
    coded = _coded(sample)
    start = np.zeros(len(coded.pairs))

    def estimate(w: FloatArray) -> Matrix:
        k = sample.y.shape[1]
        N, F = _tables(coded, w)
        problem = _unsuitable(N, F, coded, w)
        if problem:
            return _nothing(sample, problem)
        tau = _thresholds(F, coded.sizes)
        x, y = tau[coded.pairs[:, 0]], tau[coded.pairs[:, 1]]
        rho, settled = _solve(N, x, y, start)
        if not settled.all():
            return _nothing(sample, _at_the_end(rho, settled))
        start[:] = rho  # replicates begin where the last one ended
        S = np.eye(k)
        S[coded.pairs[:, 0], coded.pairs[:, 1]] = S[coded.pairs[:, 1], coded.pairs[:, 0]] = rho
        return Matrix(S=S, influence=lambda G: _influence(G, coded, w, N, F, tau, rho))

    return estimate


# ----------------------------------------------------------------------------------------------------------- the tables
def _coded(sample: Sample) -> Coded:
    m, k = sample.y.shape
    codes = np.full((m, k), -1, dtype=np.int64)
    sizes = np.zeros(k, dtype=np.int64)
    for j in range(k):
        given = sample.answered[:, j]
        levels, codes[given, j] = np.unique(sample.y[given, j], return_inverse=True)
        sizes[j] = len(levels)
    one, two = np.triu_indices(k, 1)
    return Coded(codes=codes, sizes=sizes, pairs=np.stack([one, two], axis=1))


def _tables(coded: Coded, w: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Weighted tables of all pairs (P, K, K) and cumulative margins of all items (k, K)."""
    K, codes = coded.K, coded.codes
    shown = np.where(codes < 0, K, codes)
    N = np.stack(
        [
            np.bincount(shown[:, j] * (K + 1) + shown[:, h], weights=w, minlength=(K + 1) ** 2).reshape(K + 1, K + 1)
            for j, h in coded.pairs
        ]
    )[:, :K, :K]
    margins = np.stack([np.bincount(column, weights=w, minlength=K + 1)[:K] for column in shown.T])
    with np.errstate(invalid="ignore", divide="ignore"):
        F: FloatArray = np.cumsum(margins, axis=1) / margins.sum(axis=1, keepdims=True)
    return np.asarray(N, dtype=np.float64), F


def _unsuitable(N: FloatArray, F: FloatArray, coded: Coded, w: FloatArray) -> str:
    if coded.K > MOST_CATEGORIES:
        return f"an item has {coded.K} categories, more than {MOST_CATEGORIES}: it is no ordered item"
    if not np.isfinite(F).all() or not (N.sum(axis=(1, 2)) > 0).all():
        return "a pair of items has no answers"
    if N.min() < -1e-12 * w.sum() or (np.diff(F, axis=1) < -1e-12).any():
        return "negative weights make a negative share of answers"
    rises = np.diff(F, axis=1, prepend=0.0) > 0
    return "an item does not vary" if (rises.sum(axis=1) < 2).any() else ""


def _thresholds(F: FloatArray, sizes: IntArray) -> FloatArray:
    """Give the normal quantiles (k, K + 1) of the cumulative margins, from minus to plus infinity."""
    k, K = F.shape
    last = np.arange(1, K + 1)[None, :] >= sizes[:, None]
    tau = np.full((k, K + 1), -np.inf)
    tau[:, 1:] = np.where(last, np.inf, ndtri(np.clip(F, 0.0, 1.0)))
    return tau


def _cells(x: FloatArray, y: FloatArray, rho: FloatArray) -> Cells:
    """Cell probabilities and their derivatives from thresholds (P, K + 1)."""
    h, k, r = x[:, :, None], y[:, None, :], rho[:, None, None]
    density = bivariate_density(h, k, r)
    a, b = np.where(np.isfinite(h), h, 0.0), np.where(np.isfinite(k), k, 0.0)
    v = (1 - r) * (1 + r)
    slope = density * (r / v + (a * b * (1 + r * r) - r * (a * a + b * b)) / v**2)
    return Cells(p=_differences(bivariate_normal(h, k, r)), d1=_differences(density), d2=_differences(slope))


def _differences(grid: FloatArray) -> FloatArray:
    return np.asarray(np.diff(np.diff(grid, axis=1), axis=2))


# ---------------------------------------------------------------------------------------------------------- the solution
def _solve(N: FloatArray, x: FloatArray, y: FloatArray, start: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Find the root of the score (P,) by Newton's method inside a shrinking bracket; tell which pairs have one inside."""
    rho = start.copy()
    low, high = np.full(len(rho), -1 + 1e-9), np.full(len(rho), 1 - 1e-9)
    for _ in range(MOST_STEPS):
        score, observed, expected = _cells(x, y, rho).score(N)
        low, high = np.where(score > 0, rho, low), np.where(score < 0, rho, high)
        slope = np.where(observed < 0, observed, expected)
        new = rho - np.divide(score, slope, out=np.zeros(len(rho)), where=slope < 0)
        new = np.where((new >= low) & (new <= high), new, (low + high) / 2)
        step, rho = np.abs(new - rho), new
        if (step <= SMALLEST_STEP).all():
            break
    return rho, (np.abs(rho) <= END) & (_likelihood(N, x, y, rho) > _likelihood(N, x, y, np.where(rho < 0, -END, END)))


def _likelihood(N: FloatArray, x: FloatArray, y: FloatArray, rho: FloatArray) -> FloatArray:
    """Log likelihood (P,) per unit of weight, to the digits that mean something."""
    p = np.where(N > 0, np.maximum(_cells(x, y, rho).p, LEAST_PROBABILITY), 1.0)
    return np.asarray(np.round((N * np.log(p)).sum(axis=(1, 2)) / N.sum(axis=(1, 2)), 9))


def _at_the_end(rho: FloatArray, settled: BoolArray) -> str:
    count = int((~settled).sum())
    which = "a polychoric correlation is" if count == 1 else f"{count} polychoric correlations are"
    worst = 1 if rho[~settled][0] > 0 else -1
    return f"{which} at the end of the scale ({worst}): a corner of the table is empty; join categories or leave an item out"


def _nothing(sample: Sample, problem: str) -> Matrix:
    m, k = sample.y.shape
    return Matrix(S=np.full((k, k), np.nan), influence=lambda G: np.zeros((m, len(G))), problem=problem)


# ------------------------------------------------------------------------------------------------------------ influence
def _influence(
    G: FloatArray, coded: Coded, w: FloatArray, N: FloatArray, F: FloatArray, tau: FloatArray, rho: FloatArray
) -> FloatArray:
    """Influence (m, q) of the rows on functions with gradients G."""
    one, two = coded.pairs[:, 0], coded.pairs[:, 1]
    x, y = tau[one], tau[two]
    cells = _cells(x, y, rho)
    _, information, _ = cells.score(N)
    seen = N > 0
    p = np.where(seen, np.maximum(cells.p, LEAST_PROBABILITY), 1.0)
    u = np.where(seen, cells.d1 / p, 0.0)
    ratio = np.where(seen, N / p, 0.0)
    by_x = _by_threshold(ratio, u, x, y, rho)
    by_y = _by_threshold(ratio.transpose(0, 2, 1), u.transpose(0, 2, 1), y, x, rho)
    z = np.zeros((len(w), len(G)))
    for at, (j, h) in enumerate(coded.pairs):
        a, b = coded.codes[:, j], coded.codes[:, h]
        both = (a >= 0) & (b >= 0)
        row = np.where(both, u[at][a, b], 0.0)
        for code, slope, item in ((a, by_x[at], j), (b, by_y[at], h)):
            given = code >= 0
            row += np.where(given, (_of_thresholds(F[item], tau[item]) @ slope)[code], 0.0) / w[given].sum()
        z += row[:, None] / -information[at] * (G[:, j, h] + G[:, h, j])
    return z


def _by_threshold(ratio: FloatArray, u: FloatArray, x: FloatArray, y: FloatArray, rho: FloatArray) -> FloatArray:
    """Give the derivative (P, K - 1) of every pair's score by the inner thresholds x."""
    r = rho[:, None, None]
    inner = x[:, 1:-1]
    root = np.sqrt((1 - r) * (1 + r))
    t = np.where(np.isfinite(inner), inner, 0.0)[:, :, None]
    density = np.where(np.isfinite(inner), np.exp(-(inner**2) / 2) / np.sqrt(2 * np.pi), 0.0)[:, :, None]
    p_slope = density * np.diff(ndtr((y[:, None, :] - r * t) / root), axis=2)
    joint = bivariate_density(inner[:, :, None], y[:, None, :], r)
    across = np.where(np.isfinite(y), y, 0.0)[:, None, :]
    d_slope = np.diff(-joint * (t - r * across) / root**2, axis=2)
    below = (ratio[:, :-1] * (d_slope - u[:, :-1] * p_slope)).sum(axis=2)
    above = (ratio[:, 1:] * (d_slope - u[:, 1:] * p_slope)).sum(axis=2)
    return np.asarray(below - above)


def _of_thresholds(F: FloatArray, tau: FloatArray) -> FloatArray:
    """Influence (K, K - 1) of an answer in each category on the inner thresholds, times the sum of weights."""
    inner = tau[1:-1]
    density = np.exp(-(inner**2) / 2) / np.sqrt(2 * np.pi)
    K = len(F)
    below = (np.arange(K)[:, None] < np.arange(1, K)[None, :]).astype(np.float64)
    out = np.zeros((K, K - 1))
    np.divide(below - F[None, :-1], density, out=out, where=density > 0)
    return out
