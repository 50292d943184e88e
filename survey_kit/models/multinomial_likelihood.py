"""Multinomial logit: a linear predictor for every level but the base (McCullagh & Nelder 1989, section 5.2).

``P(y = k) = exp(x'b_k) / sum_l exp(x'b_l)`` with ``b_base = 0``. Parameters are stacked by level: theta = (b_1, b_2, ...).
"""

from __future__ import annotations

import numpy as np

from survey_kit.models.likelihood import Basis, Likelihood, Sums, restored
from survey_kit.types import BoolArray, FloatArray


def of_levels(levels: int, p: int) -> Likelihood:
    """Likelihood of a multinomial logit; the outcome is a code below `levels`, 0 being the base."""
    E = levels - 1
    pairs = [(e, f) for e in range(E) for f in range(e + 1)]

    def log_shares(theta: FloatArray, X: FloatArray) -> tuple[FloatArray, FloatArray]:
        eta = np.concatenate([np.zeros((1, X.shape[1])), theta.reshape(E, p) @ X])
        top = eta.max(axis=0)
        share = np.exp(eta - top)
        total = share.sum(axis=0)
        return eta - top - np.log(total), share / total

    def residuals(share: FloatArray, y: FloatArray) -> FloatArray:
        return np.asarray((y == np.arange(1, levels)[:, None]) - share[1:], dtype=np.float64)

    def sums(theta: FloatArray, X: FloatArray, y: FloatArray, w: FloatArray, _offset: FloatArray | None) -> Sums:
        log_share, share = log_shares(theta, X)
        loglik = log_share[y.astype(np.int64), np.arange(len(y))]
        score = (residuals(share, y) * w) @ X.T
        H = np.empty((E, p, E, p))
        for e, f in pairs:
            h = w * share[1 + e] * ((e == f) - share[1 + f])
            H[e, :, f, :] = H[f, :, e, :] = (X * h) @ X.T
        return float(loglik @ w), score.reshape(-1), H.reshape(E * p, E * p)

    def scores(theta: FloatArray, X: FloatArray, y: FloatArray, _offset: FloatArray | None) -> FloatArray:
        s = residuals(log_shares(theta, X)[1], y)
        return (s[:, None, :] * X[None, :, :]).reshape(E * p, -1)

    def fitted(theta: FloatArray, X: FloatArray, _offset: FloatArray | None) -> FloatArray:
        return log_shares(theta, X)[1]

    def start(_X: FloatArray, y: FloatArray, w: FloatArray, intercept: int | None) -> FloatArray:
        theta = np.zeros((E, p))
        if intercept is not None:
            base = np.bincount(y.astype(np.int64), weights=w, minlength=levels)
            theta[:, intercept] = np.log(base[1:] / base[0])
        return np.asarray(theta.reshape(-1), dtype=np.float64)

    def restore(basis: Basis, intercept: int | None) -> FloatArray:
        return np.asarray(np.kron(np.eye(E), restored(basis, intercept)), dtype=np.float64)

    def recession(X: FloatArray, y: FloatArray) -> tuple[FloatArray, BoolArray]:
        m = X.shape[1]
        own = (y == np.arange(levels)[:, None]).astype(np.float64)
        out = []
        for k in range(levels):
            gain = own.copy()
            gain[k] -= 1.0  # own level's predictor less that of level k
            gain = gain[:, y != k]
            x = X[:, y != k]
            out.append((gain[1:, None, :] * x[None, :, :]).reshape(E * p, -1).T)
        return np.concatenate(out), np.zeros(m * E, dtype=bool)

    return Likelihood(
        size=E * p,
        sums=sums,
        information=None,
        scores=scores,
        fitted=fitted,
        start=start,
        restore=restore,
        recession=recession,
    )
