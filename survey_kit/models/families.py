"""Models of one linear predictor: what one row adds to the log-likelihood, its score and its curvature.

With eta = x'beta, everything a fit needs of a row is l(eta, y), s = dl/deta and h = -d2l/deta2; the expected value of h
stands in the variance (McCullagh & Nelder 1989, section 2.5). All functions take arrays and never the weight.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import expit, gammaln, log_ndtr, ndtr, ndtri, xlog1py, xlogy

from survey_kit.types import FloatArray

LOG_ROOT_2_PI = 0.5 * np.log(2.0 * np.pi)


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A distribution with its link.

    Attributes
    ----------
    name, link
        As they are printed.
    outcome
        What the outcome may hold: ``"number"``, ``"binary"`` (0 to 1) or ``"count"`` (not negative).
    rows
        ``(eta, y) -> l, s, h``, each (m,): log-likelihood, its first and its negative second derivative in eta.
    expected
        ``eta -> E h``, (m,); None where h does not depend on y (canonical links), so that both are the same.
    mean, slope
        ``eta -> mu`` and ``eta -> dmu/deta``.
    predictor
        ``mu -> eta``.
    spread
        ``mu -> V(mu)``, the variance function.
    saturated
        ``y -> l`` at mu = y.
    constant
        ``y ->`` the part of the log-likelihood that no parameter changes, left out of `rows` and `saturated`; None for 0.
    """

    name: str
    link: str
    outcome: Literal["number", "binary", "count"]
    rows: Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray, FloatArray]]
    expected: Callable[[FloatArray], FloatArray] | None
    mean: Callable[[FloatArray], FloatArray]
    slope: Callable[[FloatArray], FloatArray]
    predictor: Callable[[FloatArray], FloatArray]
    spread: Callable[[FloatArray], FloatArray]
    saturated: Callable[[FloatArray], FloatArray]
    constant: Callable[[FloatArray], FloatArray] | None = None


def _two_valued(y: FloatArray) -> bool:
    return bool(((y == 0.0) | (y == 1.0)).all())


# ------------------------------------------------------------------------------------------------------------ gaussian
def _gaussian_rows(eta: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    s = y - eta
    return -0.5 * s * s, s, np.ones_like(eta)


def _itself(values: FloatArray) -> FloatArray:
    return values


#: Linear model; the log-likelihood is that of unit variance, so that its deviance is the residual sum of squares.
GAUSSIAN = Family(
    name="ols",
    link="identity",
    outcome="number",
    rows=_gaussian_rows,
    expected=None,
    mean=_itself,
    slope=np.ones_like,
    predictor=_itself,
    spread=np.ones_like,
    saturated=np.zeros_like,
)


# --------------------------------------------------------------------------------------------------------------- logit
def _logit_rows(eta: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    t = np.exp(-np.abs(eta))
    below = t / (1.0 + t)  # the smaller of mu and 1 - mu, with all its digits
    mu = np.where(eta > 0, 1.0 - below, below)
    loglik = y * eta - np.maximum(eta, 0.0) - np.log1p(t)
    return loglik, y - mu, below * (1.0 - below)


def _logistic_slope(eta: FloatArray) -> FloatArray:
    t = np.exp(-np.abs(eta))
    return np.asarray(t / (1.0 + t) ** 2)


def _log_odds(mu: FloatArray) -> FloatArray:
    return np.log(mu) - np.log1p(-mu)


def _binary_spread(mu: FloatArray) -> FloatArray:
    return mu * (1.0 - mu)


def _binary_saturated(y: FloatArray) -> FloatArray:
    if _two_valued(y):
        return np.zeros_like(y)
    return np.asarray(xlogy(y, y) + xlog1py(1.0 - y, -y))


LOGIT = Family(
    name="logit",
    link="logit",
    outcome="binary",
    rows=_logit_rows,
    expected=None,
    mean=expit,
    slope=_logistic_slope,
    predictor=_log_odds,
    spread=_binary_spread,
    saturated=_binary_saturated,
)


# -------------------------------------------------------------------------------------------------------------- probit
def _hazard(t: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give log Phi(t) and phi(t) / Phi(t), good in both tails."""
    log_below = log_ndtr(t)
    return log_below, np.exp(-0.5 * t * t - LOG_ROOT_2_PI - log_below)


def _probit_rows(eta: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    if _two_valued(y):
        sign = 2.0 * y - 1.0
        t = sign * eta
        loglik, m = _hazard(t)
        return loglik, sign * m, m * (m + t)
    log_below, m = _hazard(eta)
    log_above, k = _hazard(-eta)
    loglik = y * log_below + (1.0 - y) * log_above
    return loglik, y * m - (1.0 - y) * k, y * m * (m + eta) + (1.0 - y) * k * (k - eta)


def _probit_expected(eta: FloatArray) -> FloatArray:
    return _hazard(eta)[1] * _hazard(-eta)[1]


def _normal_density(eta: FloatArray) -> FloatArray:
    return np.asarray(np.exp(-0.5 * eta * eta - LOG_ROOT_2_PI))


PROBIT = Family(
    name="probit",
    link="probit",
    outcome="binary",
    rows=_probit_rows,
    expected=_probit_expected,
    mean=ndtr,
    slope=_normal_density,
    predictor=ndtri,
    spread=_binary_spread,
    saturated=_binary_saturated,
)


# ------------------------------------------------------------------------------------------------------------- cloglog
def _cloglog_rows(eta: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    e = np.exp(eta)
    k = _inverse_growth(e)
    with np.errstate(divide="ignore"):
        loglik = xlogy(y, -np.expm1(-e)) - (1.0 - y) * e
    return loglik, y * k - (1.0 - y) * e, (1.0 - y) * e - y * k * (1.0 - e - k)


def _inverse_growth(e: FloatArray) -> FloatArray:
    """``e / (exp(e) - 1)``: 1 at zero, 0 far out."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.where(e > 0, np.where(e < 700, e / np.expm1(np.minimum(e, 700.0)), 0.0), 1.0)


def _cloglog_expected(eta: FloatArray) -> FloatArray:
    e = np.exp(eta)
    return e * _inverse_growth(e)


def _cloglog_mean(eta: FloatArray) -> FloatArray:
    return np.asarray(-np.expm1(-np.exp(eta)))


def _cloglog_slope(eta: FloatArray) -> FloatArray:
    return np.asarray(np.exp(eta - np.exp(eta)))


def _cloglog_predictor(mu: FloatArray) -> FloatArray:
    return np.asarray(np.log(-np.log1p(-mu)))


CLOGLOG = Family(
    name="cloglog",
    link="cloglog",
    outcome="binary",
    rows=_cloglog_rows,
    expected=_cloglog_expected,
    mean=_cloglog_mean,
    slope=_cloglog_slope,
    predictor=_cloglog_predictor,
    spread=_binary_spread,
    saturated=_binary_saturated,
)


# ------------------------------------------------------------------------------------------------------------- poisson
def _poisson_rows(eta: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    mu = np.exp(eta)
    return y * eta - mu, y - mu, mu


def _poisson_saturated(y: FloatArray) -> FloatArray:
    return np.asarray(xlogy(y, y) - y)


def _poisson_constant(y: FloatArray) -> FloatArray:
    return np.asarray(-gammaln(y + 1.0))


POISSON = Family(
    name="poisson",
    link="log",
    outcome="count",
    rows=_poisson_rows,
    expected=None,
    mean=np.exp,
    slope=np.exp,
    predictor=np.log,
    spread=_itself,
    saturated=_poisson_saturated,
    constant=_poisson_constant,
)
