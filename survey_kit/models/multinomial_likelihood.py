"""Multinomial logit: a linear predictor for every level but the base (McCullagh & Nelder 1989, section 5.2).

``P(y = k) = exp(x'b_k) / sum_l exp(x'b_l)`` with ``b_base = 0``. Parameters are stacked by level: theta = (b_1, b_2, ...).
"""

from __future__ import annotations

from functools import partial

import numpy as np

from survey_kit.models.likelihood import Basis, Likelihood, Sums, restored
from survey_kit.types import BoolArray, FloatArray


def of_levels(levels: int, p: int) -> Likelihood:
    """Likelihood of a multinomial logit; the outcome is a code below `levels`, 0 being the base."""
    return Likelihood(
        size=(levels - 1) * p,
        sums=partial(_sums, levels),
        information=None,
        scores=partial(_scores, levels),
        fitted=partial(_fitted, levels),
        start=partial(_start, levels),
        restore=partial(_restore, levels),
        recession=partial(_recession, levels),
    )


def _log_shares(levels: int, theta: FloatArray, X: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Logarithms and values of the probabilities (L, b)."""
    eta = np.concatenate([np.zeros((1, X.shape[1])), theta.reshape(levels - 1, -1) @ X])
    top = eta.max(axis=0)
    share = np.exp(eta - top)
    total = share.sum(axis=0)
    return eta - top - np.log(total), share / total


def _residuals(levels: int, share: FloatArray, y: FloatArray) -> FloatArray:
    return np.asarray((y == np.arange(1, levels)[:, None]) - share[1:], dtype=np.float64)


def _sums(
    levels: int, theta: FloatArray, X: FloatArray, y: FloatArray, w: FloatArray, _offset: FloatArray | None
) -> Sums:
    log_share, share = _log_shares(levels, theta, X)
    loglik = log_share[y.astype(np.int64), np.arange(len(y))]
    score = (_residuals(levels, share, y) * w) @ X.T
    E, p = levels - 1, len(X)
    H = np.empty((E, p, E, p))
    for e in range(E):
        for f in range(e + 1):
            h = w * share[1 + e] * ((e == f) - share[1 + f])
            H[e, :, f, :] = H[f, :, e, :] = (X * h) @ X.T
    return float(loglik @ w), score.reshape(-1), H.reshape(E * p, E * p)


def _scores(levels: int, theta: FloatArray, X: FloatArray, y: FloatArray, _offset: FloatArray | None) -> FloatArray:
    s = _residuals(levels, _log_shares(levels, theta, X)[1], y)
    return (s[:, None, :] * X[None, :, :]).reshape(len(theta), -1)


def _fitted(levels: int, theta: FloatArray, X: FloatArray, _offset: FloatArray | None) -> FloatArray:
    return _log_shares(levels, theta, X)[1]


def _start(levels: int, X: FloatArray, y: FloatArray, w: FloatArray, intercept: int | None) -> FloatArray:
    theta = np.zeros((levels - 1, len(X)))
    if intercept is not None:
        base = np.bincount(y.astype(np.int64), weights=w, minlength=levels)
        theta[:, intercept] = np.log(base[1:] / base[0])
    return np.asarray(theta.reshape(-1), dtype=np.float64)


def _restore(levels: int, basis: Basis, intercept: int | None) -> FloatArray:
    return np.asarray(np.kron(np.eye(levels - 1), restored(basis, intercept)), dtype=np.float64)


def _recession(levels: int, X: FloatArray, y: FloatArray) -> tuple[FloatArray, BoolArray]:
    own = (y == np.arange(levels)[:, None]).astype(np.float64)
    out = []
    for k in range(levels):
        gain = own.copy()
        gain[k] -= 1.0  # own level's predictor less that of level k
        others = y != k
        product = gain[1:, None, others] * X[None, :, others]
        out.append(product.reshape((levels - 1) * len(X), -1).T)
    C = np.concatenate(out)
    return C, np.zeros(len(C), dtype=bool)
