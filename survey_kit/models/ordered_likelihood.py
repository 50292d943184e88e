"""Cumulative (proportional odds and kin) models of an ordered outcome (McCullagh 1980, eq. 2.1).

``P(y <= k) = F(zeta_k - x'beta)``. With a = zeta_y - x'beta and b = zeta_{y-1} - x'beta, a row adds ``log(F(a) - F(b))``;
its derivatives need only f/(F(a) - F(b)) and f'/f at both ends. Parameters are theta = (beta, zeta_1 ... zeta_q).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.special import log_ndtr, ndtr, ndtri

from survey_kit.models.families import LOG_ROOT_2_PI
from survey_kit.models.likelihood import Basis, Likelihood, Sums
from survey_kit.types import BoolArray, FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """The distribution behind an ordered outcome.

    Attributes
    ----------
    name
        Its link.
    log_difference
        ``(a, b) -> log(F(a) - F(b))`` for a > b, either infinite.
    log_density
        ``t -> log f(t)`` for finite t.
    turn
        ``t -> f'(t) / f(t)``.
    below, quantile
        ``t -> F(t)`` and its inverse.
    """

    name: str
    log_difference: Callable[[FloatArray, FloatArray], FloatArray]
    log_density: Callable[[FloatArray], FloatArray]
    turn: Callable[[FloatArray], FloatArray]
    below: Callable[[FloatArray], FloatArray]
    quantile: Callable[[FloatArray], FloatArray]


def _log_below_logistic(t: FloatArray) -> FloatArray:
    return np.where(t > 0, -np.log1p(np.exp(-np.abs(t))), np.minimum(t, 0.0) - np.log1p(np.exp(-np.abs(t))))


def _logistic_difference(a: FloatArray, b: FloatArray) -> FloatArray:
    """F(a) - F(b) = F(a) F(-b) (1 - exp(b - a))."""
    return np.asarray(_log_below_logistic(a) + _log_below_logistic(-b) + np.log(-np.expm1(b - a)))


def _logistic_density(t: FloatArray) -> FloatArray:
    return -np.abs(t) - 2.0 * np.log1p(np.exp(-np.abs(t)))


def _logistic_turn(t: FloatArray) -> FloatArray:
    return np.asarray(-np.tanh(0.5 * t))


def _logistic_below(t: FloatArray) -> FloatArray:
    return np.asarray(np.exp(_log_below_logistic(t)))


def _logistic_quantile(share: FloatArray) -> FloatArray:
    return np.log(share) - np.log1p(-share)


def _normal_difference(a: FloatArray, b: FloatArray) -> FloatArray:
    """Take the tail that is nearer, so that no digits cancel."""
    upper = b > 0
    high = log_ndtr(np.where(upper, -b, a))
    low = log_ndtr(np.where(upper, -a, b))
    return np.asarray(high + np.log(-np.expm1(low - high)))


def _normal_density(t: FloatArray) -> FloatArray:
    return np.asarray(-0.5 * t * t - LOG_ROOT_2_PI)


def _gompertz_difference(a: FloatArray, b: FloatArray) -> FloatArray:
    """F(t) = 1 - exp(-exp(t)), so F(a) - F(b) = exp(-e^b) (1 - exp(e^b - e^a))."""
    with np.errstate(over="ignore"):
        low, high = np.exp(b), np.exp(a)
    return np.asarray(-low + np.log(-np.expm1(low - high)))


def _gompertz_density(t: FloatArray) -> FloatArray:
    return t - np.exp(t)


def _gompertz_turn(t: FloatArray) -> FloatArray:
    return 1.0 - np.exp(t)


def _gompertz_below(t: FloatArray) -> FloatArray:
    with np.errstate(over="ignore"):
        return -np.expm1(-np.exp(t))


def _gompertz_quantile(share: FloatArray) -> FloatArray:
    return np.asarray(np.log(-np.log1p(-share)))


def _gumbel_difference(a: FloatArray, b: FloatArray) -> FloatArray:
    return _gompertz_difference(-b, -a)


def _gumbel_density(t: FloatArray) -> FloatArray:
    return -t - np.exp(-t)


def _gumbel_turn(t: FloatArray) -> FloatArray:
    return np.exp(-t) - 1.0


def _gumbel_below(t: FloatArray) -> FloatArray:
    with np.errstate(over="ignore"):
        return np.exp(-np.exp(-t))


def _gumbel_quantile(share: FloatArray) -> FloatArray:
    return np.asarray(-np.log(-np.log(share)))


LINKS = {
    "logit": Threshold(
        name="logit",
        log_difference=_logistic_difference,
        log_density=_logistic_density,
        turn=_logistic_turn,
        below=_logistic_below,
        quantile=_logistic_quantile,
    ),
    "probit": Threshold(
        name="probit",
        log_difference=_normal_difference,
        log_density=_normal_density,
        turn=np.negative,
        below=ndtr,
        quantile=ndtri,
    ),
    "cloglog": Threshold(
        name="cloglog",
        log_difference=_gompertz_difference,
        log_density=_gompertz_density,
        turn=_gompertz_turn,
        below=_gompertz_below,
        quantile=_gompertz_quantile,
    ),
    "loglog": Threshold(
        name="loglog",
        log_difference=_gumbel_difference,
        log_density=_gumbel_density,
        turn=_gumbel_turn,
        below=_gumbel_below,
        quantile=_gumbel_quantile,
    ),
}


def of_levels(link: Threshold, levels: int, p: int) -> Likelihood:
    """Likelihood of a cumulative model; the outcome is a code below `levels`, lowest first."""
    q = levels - 1
    return Likelihood(
        size=q + p,
        sums=partial(_sums, link, q),
        information=None,
        scores=partial(_scores, link, q),
        fitted=partial(_fitted, link, q),
        start=partial(_start, link, q),
        restore=partial(_restore, q),
        recession=partial(_recession, q),
    )


def _predictor(q: int, theta: FloatArray, X: FloatArray, offset: FloatArray | None) -> FloatArray:
    eta = theta[:-q] @ X
    return eta if offset is None else eta + offset


def _ends(
    link: Threshold, q: int, theta: FloatArray, X: FloatArray, y: FloatArray, offset: FloatArray | None
) -> tuple[FloatArray, ...]:
    """Give log P, f(a)/P and f(b)/P (zero at infinite ends), -d2l/da2 and -d2l/db2; each (b,)."""
    eta = _predictor(q, theta, X, offset)
    zeta = np.concatenate([[-np.inf], theta[-q:], [np.inf]])
    code = y.astype(np.int64)
    a, b = zeta[code + 1] - eta, zeta[code] - eta
    with np.errstate(divide="ignore", invalid="ignore"):
        loglik = link.log_difference(a, b)
    g_a, r_a = _end(link, a, code == q, loglik)
    g_b, r_b = _end(link, b, code == 0, loglik)
    return loglik, g_a, g_b, g_a * (g_a - r_a), g_b * (g_b + r_b)


def _sums(
    link: Threshold,
    q: int,
    theta: FloatArray,
    X: FloatArray,
    y: FloatArray,
    w: FloatArray,
    offset: FloatArray | None,
) -> Sums:
    K = len(theta)
    if (np.diff(theta[-q:]) <= 0).any():
        return -np.inf, np.zeros(K), np.zeros((K, K))
    loglik, g_a, g_b, h_aa, h_bb = _ends(link, q, theta, X, y, offset)
    code = y.astype(np.int64)
    at_a, at_b, h_ab = w * h_aa, w * h_bb, -w * g_a * g_b

    def by_level(values: FloatArray) -> FloatArray:
        return np.bincount(code, weights=values, minlength=q + 1).astype(np.float64, copy=False)

    p = K - q
    score, H = np.empty(K), np.zeros((K, K))
    score[:p] = -(X @ (w * (g_a - g_b)))
    score[p:] = by_level(w * g_a)[:q] - by_level(w * g_b)[1:]
    k = p + np.arange(q)
    H[k, k] = by_level(at_a)[:q] + by_level(at_b)[1:]
    H[k[:-1], k[1:]] = H[k[1:], k[:-1]] = by_level(h_ab)[1:q]
    H[:p, :p] = (X * (at_a + at_b + 2.0 * h_ab)) @ X.T
    own = (code == np.arange(q + 1)[:, None]).astype(np.float64)
    cross = -((own * (at_a + h_ab))[:q] + (own * (at_b + h_ab))[1:]) @ X.T
    H[p:, :p], H[:p, p:] = cross, cross.T
    return float(loglik @ w), score, H


def _scores(
    link: Threshold, q: int, theta: FloatArray, X: FloatArray, y: FloatArray, offset: FloatArray | None
) -> FloatArray:
    _, g_a, g_b, _, _ = _ends(link, q, theta, X, y, offset)
    k = np.arange(q)[:, None]
    return np.concatenate([-X * (g_a - g_b), (y == k) * g_a - (y == k + 1) * g_b])


def _fitted(link: Threshold, q: int, theta: FloatArray, X: FloatArray, offset: FloatArray | None) -> FloatArray:
    below = link.below(theta[-q:, None] - _predictor(q, theta, X, offset))
    edge = np.zeros((1, X.shape[1]))
    return np.asarray(np.diff(np.concatenate([edge, below, edge + 1.0]), axis=0), dtype=np.float64)


def _start(link: Threshold, q: int, X: FloatArray, y: FloatArray, w: FloatArray, _intercept: int | None) -> FloatArray:
    below = np.cumsum(np.bincount(y.astype(np.int64), weights=w, minlength=q + 1))[:q] / w.sum()
    return np.concatenate([np.zeros(len(X)), link.quantile(below)])


def _restore(q: int, basis: Basis, _intercept: int | None) -> FloatArray:
    centre, scale = basis
    A = np.diag(np.concatenate([1.0 / scale, np.ones(q)]))
    A[len(scale) :, : len(scale)] = centre / scale
    return A


def _recession(q: int, X: FloatArray, y: FloatArray) -> tuple[FloatArray, BoolArray]:
    k = np.arange(q)
    high = np.concatenate([-X.T, (y[:, None] == k).astype(np.float64)], axis=1)[y < q]
    low = np.concatenate([X.T, -(y[:, None] == k + 1).astype(np.float64)], axis=1)[y > 0]
    C = np.concatenate([high, low])
    return C, np.zeros(len(C), dtype=bool)


def _end(link: Threshold, t: FloatArray, infinite: BoolArray, loglik: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give f(t) / P and f'(t) / f(t), both zero at an infinite end."""
    t = np.where(infinite, 0.0, t)
    with np.errstate(over="ignore", invalid="ignore"):
        g = np.exp(link.log_density(t) - loglik)
    return np.where(infinite, 0.0, g), np.where(infinite, 0.0, link.turn(t))
