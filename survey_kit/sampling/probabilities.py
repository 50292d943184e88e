r"""Inclusion probabilities: proportional to size, and those of conditional Poisson and order sampling, computed exactly.

Sums of independent indicators with probabilities p_j are handled by their characteristic function on M equidistant points,

.. math:: P(S = s) = \frac1M \sum_t e^{-i t s} \prod_j f_j(t), \qquad f_j(t) = 1 - p_j + p_j e^{it}

Leaving units out is division by their factors, so one pass gives the probabilities of all units, and one matrix product those of
all pairs. M and the points kept follow from the variance V of S, since ``|prod f| <= exp(-V (1 - cos t))``: what is left out is
below the rounding of double precision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

import numpy as np

from survey_kit.errors import DesignError
from survey_kit.types import BoolArray, FloatArray, IntArray

CERTAIN = 1 - 1e-12  # a probability from here on is one
NEGLIGIBLE = 40.0  # exp(-40) is below rounding
BLOCK = 20_000  # units whose factors are held at a time
SMALL = 100  # units of a population where the quadrature takes more points than it needs
REMEMBERED = 64  # results kept, since samples are often drawn again from the same frame


def inclusion_probabilities(size: FloatArray, n: float, *, certainty: BoolArray | None = None) -> FloatArray:
    r"""Probabilities proportional to size that add up to n; units too large for that are certain.

    .. math:: \pi_k = m x_k / \sum_{j \notin C} x_j, \qquad m = n - |C|

    with C the units whose probability would reach 1, found again until none is left (Sarndal, Swensson & Wretman 1992,
    section 3.6.2).

    Parameters
    ----------
    size : (N,)
        Sizes, positive.
    n
        Units wanted; the expected number where the size of the sample is random.
    certainty : (N,), optional
        Units that are taken in any case.

    Returns
    -------
    (N,)
        Probabilities; exactly 1 for certainty units.

    Raises
    ------
    DesignError
        If a size is not positive, n is larger than N, or the certainty units leave nothing for the others.

    Examples
    --------
    >>> inclusion_probabilities([10, 1, 2, 3], 2).round(4)
    array([1.    , 0.1667, 0.3333, 0.5   ])
    """
    x = np.asarray(size, dtype=np.float64)
    wrong = np.flatnonzero(~(np.isfinite(x) & (x > 0)))
    if len(wrong):
        row = int(wrong[0])
        raise DesignError(
            "A size is not positive.", where=f"row {row + 1}; {len(wrong)} rows", found=f"{x[row]:g}", fix="Correct it."
        )
    if not 0 < n <= len(x):
        raise DesignError("The sample does not fit.", found=f"n = {n:g} of {len(x)} units", fix="Take n from 1 to N.")
    certain = np.zeros(len(x), dtype=bool) if certainty is None else np.array(certainty, dtype=bool)
    pi = np.ones(len(x))
    while not certain.all():
        rest = ~certain
        left = n - int(certain.sum())
        if left <= 0:
            raise DesignError(
                "There are more certainty units than the sample has room for.",
                found=f"{int(certain.sum())} certain of n = {n:g}, {int(rest.sum())} units left without a chance",
                fix="Raise n, or declare fewer certainty units.",
            )
        pi[rest] = x[rest] * (left / x[rest].sum())
        more = rest & (pi >= CERTAIN)
        if not more.any():
            break
        certain |= more
        pi[more] = 1.0
    return pi


# ------------------------------------------------------------------------------------------------ sums of indicators
@dataclass(frozen=True, slots=True, kw_only=True)
class Spectrum:
    """The characteristic function of a sum of independent indicators on half a circle.

    Attributes
    ----------
    p : (N,)
        Probabilities of the indicators.
    t : (T,)
        Points.
    weight : (T,)
        Weight of each point's real part, 1 / M at zero and 2 / M elsewhere.
    phi : (T,)
        The characteristic function, complex.
    M
        Points of the whole circle.
    factors : (N, T), optional
        The factors f_k(t), kept for few units.
    """

    p: FloatArray
    t: FloatArray
    weight: FloatArray
    phi: np.ndarray[tuple[int], np.dtype[np.complex128]]
    M: int
    factors: np.ndarray[tuple[int, int], np.dtype[np.complex128]] | None

    def inverse(self, rows: IntArray | slice) -> np.ndarray[tuple[int, int], np.dtype[np.complex128]]:
        """Give 1 / f_k(t) for some units: (rows, T)."""
        if self.factors is not None:
            return np.asarray(1.0 / self.factors[rows])
        return np.asarray(1.0 / (1.0 + self.p[rows][:, None] * (np.exp(1j * self.t)[None, :] - 1.0)))

    def term(self, s: int) -> np.ndarray[tuple[int], np.dtype[np.complex128]]:
        """Give what ``P(S = s)`` is the real part of the sum of: (T,)."""
        return np.asarray(self.weight * np.exp(-1j * self.t * s) * self.phi)

    def at_most(self, m: int) -> np.ndarray[tuple[int], np.dtype[np.complex128]] | float:
        """Give the terms of ``P(S <= m)``, or 0 or 1 where m lies outside all that S can reach in double precision."""
        low = max(0, min(int(np.floor(self.p.sum() - self.M / 2)), len(self.p) + 1 - self.M))
        if m < low:
            return 0.0
        if m >= low + self.M - 1:
            return 1.0
        z = np.exp(-1j * self.t)
        count = m - low + 1
        with np.errstate(invalid="ignore", divide="ignore"):
            geometric = np.where(self.t == 0, count, (1 - z**count) / (1 - z))
        return np.asarray(self.weight * z**low * geometric * self.phi)


def spectrum(p: FloatArray) -> Spectrum:
    """Form the characteristic function of the sum of independent indicators with probabilities p (N,)."""
    V = float((p * (1 - p)).sum())
    M = int(min(len(p) + 1, np.ceil(20 * np.sqrt(V) + 120))) | 1  # odd: no point at pi, where a factor can vanish
    t = 2 * np.pi * np.arange((M + 1) // 2) / M
    t = t[(V - 0.5) * (1 - np.cos(t)) < NEGLIGIBLE]
    phi, factors = np.ones(len(t), dtype=np.complex128), None
    turn = np.exp(1j * t)[None, :] - 1.0
    for block in blocks(len(p)):
        factors = 1.0 + p[block][:, None] * turn
        phi *= np.multiply.reduce(factors, axis=0)
    weight = np.where(t == 0, 1.0, 2.0) / M
    return Spectrum(p=p, t=t, weight=weight, phi=phi, M=M, factors=factors if len(p) <= BLOCK else None)


def blocks(N: int) -> Iterator[slice]:
    """Cut N units into blocks."""
    for start in range(0, N, BLOCK):
        yield slice(start, min(start + BLOCK, N))


# --------------------------------------------------------------------------------------------- conditional Poisson
def conditional_poisson_pi(p: FloatArray, n: int) -> FloatArray:
    r"""Inclusion probabilities of Poisson sampling with probabilities p, given that n units came (Hajek 1964).

    .. math:: \pi_k = p_k P(S_{-k} = n - 1) / P(S = n)
    """
    whole = spectrum(p)
    term = whole.term(n - 1)
    out = np.concatenate([(whole.inverse(block) @ term).real for block in blocks(len(p))])
    return np.asarray(p * out / float(whole.term(n).sum().real))


def remembered(compute: Callable[[FloatArray, int], FloatArray]) -> Callable[[FloatArray, int], FloatArray]:
    """Keep the last results of a costly function of probabilities (N,) and a sample size."""

    @lru_cache(maxsize=REMEMBERED)
    def of_bytes(raw: bytes, n: int) -> FloatArray:
        out = compute(np.frombuffer(raw, dtype=np.float64), n)
        out.flags.writeable = False
        return out

    return lambda pi, n: of_bytes(np.ascontiguousarray(pi, dtype=np.float64).tobytes(), n)


def conditional_poisson_p(pi: FloatArray, n: int, *, tolerance: float = 1e-12, most: int = 2000) -> FloatArray:
    r"""Find the Poisson probabilities p whose conditional sampling has the inclusion probabilities pi.

    The exponents :math:`\lambda_k = \log p_k / (1 - p_k)` move by :math:`(\pi_k - \pi_k(\lambda)) / c_k`, an approximate
    Newton step with the Hajek form of the covariance (Chen, Dempster & Liu 1994, Biometrika 81:457-469; Deville 2000), shortened
    whenever the largest difference grows. p adds up to n.

    Parameters
    ----------
    pi : (N,)
        Inclusion probabilities strictly between 0 and 1 with sum n.
    n
        Units drawn.
    tolerance
        Largest difference that is left.
    most
        Steps at most.

    Raises
    ------
    DesignError
        If the steps do not end.

    Examples
    --------
    >>> pi = np.array([0.2, 0.5, 0.5, 0.8])
    >>> bool(np.allclose(conditional_poisson_pi(conditional_poisson_p(pi, 2), 2), pi))
    True
    """
    if len(pi) < 2 or n in {0, len(pi)}:
        raise DesignError("There is nothing to draw at random.", found=f"{n} of {len(pi)} units", fix="Lower n.")
    logit = np.log(pi / (1 - pi))
    c = pi * (1 - pi) * len(pi) / (len(pi) - 1)
    share, best, step = 1.0, np.inf, np.zeros(len(pi))
    for _ in range(most):
        tried = logit + share * step
        p = _centred(tried, n)
        gap = pi - conditional_poisson_pi(p, n)
        largest = float((np.abs(gap) / np.minimum(pi, 1 - pi)).max())
        if largest <= tolerance:
            return p
        if largest > best * 1.0001:
            share /= 2
            if share < 1e-3:
                break
            continue
        logit, best, step = np.log(p / (1 - p)), largest, gap / c
        share = min(1.0, share * 1.5)
    if best < 1e-9:
        return _centred(logit, n)
    raise DesignError(
        "The maximum-entropy design with these probabilities was not found.",
        found=f"a relative difference of {best:.1e} is left",
        fix="Use BREWER or PARETO, or make units with probabilities very near 1 certain.",
    )


def _centred(logit: FloatArray, n: int) -> FloatArray:
    """Shift the exponents until the probabilities add up to n."""
    shift = 0.0
    for _ in range(200):
        p = 1 / (1 + np.exp(-(logit + shift)))
        off = n - float(p.sum())
        if abs(off) < 1e-9 * n:
            break
        shift += float(np.clip(off / max(float((p * (1 - p)).sum()), 1e-12), -2, 2))
    return np.asarray(p)


# ------------------------------------------------------------------------------------------------- order sampling
@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """The distribution of ranking variables Q_k on a scale v, by which the n smallest are taken (Rosen 1997).

    Attributes
    ----------
    F, f
        Distribution function and density at v for target probabilities (N,).
    upper
        Where the scale ends.
    kinks
        Points where some density is not smooth.
    most
        Units of a population up to which the probabilities are integrated.
    """

    F: Callable[[float, FloatArray], FloatArray]
    f: Callable[[float, FloatArray], FloatArray]
    upper: Callable[[FloatArray], float]
    kinks: Callable[[FloatArray], FloatArray]
    most: int


def _pareto_odds(target: FloatArray) -> FloatArray:
    return np.asarray(target / (1 - target))


PARETO_RANKING = Ranking(  # v = q / (1 + q)
    F=lambda v, a: v * _pareto_odds(a) / (1 - v + v * _pareto_odds(a)),
    f=lambda v, a: _pareto_odds(a) / (1 - v + v * _pareto_odds(a)) ** 2,
    upper=lambda a: 1.0,  # noqa: ARG005
    kinks=lambda a: np.zeros(0),  # noqa: ARG005
    most=20_000,
)
SEQUENTIAL_POISSON_RANKING = Ranking(  # v = q
    F=lambda v, a: np.minimum(1.0, v * a),
    f=lambda v, a: np.where(v * a < 1, a, 0.0),
    upper=lambda a: float(1 / a.min()),
    kinks=lambda a: np.unique(1 / a),
    most=2_000,
)


def order_pi(target: FloatArray, n: int, ranking: Ranking) -> FloatArray:
    r"""Exact inclusion probabilities of order sampling, by quadrature.

    .. math:: \pi_k = \int f_k(v)\, P\Big(\sum_{j \ne k} 1[Q_j < v] \le n - 1\Big)\, dv

    (Rosen 1997, J. Stat. Plan. Inf. 62:159-191; Aires 1999, Methodol. Comput. Appl. Probab. 1:457-469). They differ from the
    target probabilities by a few thousandths in small populations.

    Parameters
    ----------
    target : (N,)
        Target probabilities strictly between 0 and 1 with sum n.
    n
        Units drawn.
    ranking
        `PARETO_RANKING` or `SEQUENTIAL_POISSON_RANKING`.
    """
    nodes, weights, low = _nodes(target, n, ranking)
    out = np.asarray(ranking.F(low, target), dtype=np.float64).copy()
    for v, w in zip(nodes, weights, strict=True):
        whole = spectrum(ranking.F(v, target))
        terms = whole.at_most(n - 1)
        density = w * ranking.f(v, target)
        if isinstance(terms, float):
            out += density * terms
        else:
            for block in blocks(len(target)):
                out[block] += density[block] * (whole.inverse(block) @ terms).real
    return out


def order_joint(target: FloatArray, n: int, ranking: Ranking, rows: IntArray) -> FloatArray:
    r"""Exact joint inclusion probabilities of order sampling for some units, by quadrature; (rows, rows), diagonal not set.

    .. math:: \pi_{kl} = \int (f_k F_l + f_l F_k)(v)\, P\Big(\sum_{j \ne k, l} 1[Q_j < v] \le n - 2\Big)\, dv
    """
    nodes, weights, low = _nodes(target, n, ranking)
    F = ranking.F(low, target)[rows]
    out = np.outer(F, F)
    for v, w in zip(nodes, weights, strict=True):
        both = np.outer(w * ranking.f(v, target)[rows], ranking.F(v, target)[rows])
        whole = spectrum(ranking.F(v, target))
        terms = whole.at_most(n - 2)
        chance: float | FloatArray
        if isinstance(terms, float):
            chance = terms
        else:
            inverse = whole.inverse(rows)
            chance = ((inverse * terms) @ inverse.T).real
        out += (both + both.T) * chance
    return np.asarray(out)


def _nodes(target: FloatArray, n: int, ranking: Ranking) -> tuple[FloatArray, FloatArray, float]:
    """Give points and weights of the quadrature, and the point below which n units are never reached."""
    upper = ranking.upper(target)
    tried = np.linspace(0, min(upper, 4.0), 1001)
    if upper > 4:
        tried = np.concatenate([tried, np.geomspace(4.0, upper, 101)[1:]])
    mean, V = np.array(
        [[p.sum(), (p * (1 - p)).sum()] for p in (ranking.F(float(v), target) for v in tried)], dtype=np.float64
    ).T
    off = np.abs(n - mean) - 3  # leaving two units out
    far = (off > 0) & (off**2 / (2 * (V + np.maximum(off, 0) / 3) + 1e-300) > NEGLIGIBLE)
    below, above = np.flatnonzero(far & (mean < n)), np.flatnonzero(far & (mean > n))
    low = float(tried[below[-1]]) if len(below) else 0.0
    high = float(tried[above[0]]) if len(above) else upper
    kinks = ranking.kinks(target)
    edges = np.concatenate([[low], kinks[(kinks > low) & (kinks < high)], [high]])
    if len(edges) == 2 and len(target) <= SMALL:
        edges = np.linspace(low, high, 4)
    edges = edges[np.concatenate([[True], np.diff(edges) > 1e-12 * upper])]
    least = 8 if len(target) <= SMALL else 6
    found = [_panel(a, b, least + int(np.ceil(100 * (b - a) / (high - low)))) for a, b in pairwise(edges.tolist())]
    return np.concatenate([x for x, _ in found]), np.concatenate([w for _, w in found]), low


def _panel(a: float, b: float, points: int) -> tuple[FloatArray, FloatArray]:
    x, w = _gauss(points)
    return (a + b) / 2 + (b - a) / 2 * x, (b - a) / 2 * w


@cache
def _gauss(points: int) -> tuple[FloatArray, FloatArray]:
    return np.polynomial.legendre.leggauss(points)
