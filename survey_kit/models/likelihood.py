"""A model as functions of its parameters on blocks of rows, and the block for one linear predictor.

Rows stand in columns: X is (p, m), so that a block of rows is a slice and every sum over rows one matrix product.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np

from survey_kit import checks
from survey_kit.models.families import Family
from survey_kit.types import BoolArray, FloatArray, IntArray

Sums: TypeAlias = tuple[float, FloatArray, FloatArray]
Basis: TypeAlias = tuple[FloatArray, FloatArray]  # centre and scale (p,) of the columns


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Rows:
    """What a likelihood sees: rows, or distinct combinations of covariates and outcome with their weights added up.

    Attributes
    ----------
    X : (p, m)
        Columns less `centre` over `scale`, which keeps all digits when a covariate is far from zero.
    y : (m,)
        Outcome: numbers, or codes of its levels.
    w : (m,)
        Weights, mean one over the rows used.
    offset : (m,) or None
        Added to the linear predictor.
    cell : (rows,) or None
        Which combination each row is; None when every row stands for itself.
    basis
        centre and scale, (p,) each.
    """

    __repr__ = checks.brief

    X: FloatArray
    y: FloatArray
    w: FloatArray
    offset: FloatArray | None
    cell: IntArray | None
    basis: Basis

    def blocks(self) -> list[slice]:
        """Slices that keep a block of columns in the processor's second cache."""
        p, m = self.X.shape
        step = int(np.clip(40_000 // max(p, 1), 1024, 16_384))
        return [slice(i, min(i + step, m)) for i in range(0, m, step)]

    def cells(self, w: FloatArray) -> FloatArray:
        """Weights of the combinations from those of the rows."""
        if self.cell is None:
            return w
        return np.bincount(self.cell, weights=w, minlength=len(self.y)).astype(np.float64, copy=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Likelihood:
    """The log-likelihood of a model with K parameters, as sums over a block of b rows.

    Attributes
    ----------
    size
        K.
    sums
        ``(theta, X (p, b), y, w, offset) -> l, dl/dtheta (K,), -d2l/dtheta2 (K, K)``.
    information
        The expected value of the last, where the variance rests on it; None where the observed one stands there.
    scores
        ``(theta, X, y, offset) -> (K, b)``, the derivative of every row's log-likelihood.
    fitted
        ``(theta, X, offset) -> (L, b)``: the mean, or the probability of every level.
    start
        ``(X, y, w, intercept) -> theta``.
    restore
        ``basis, intercept -> A (K, K)``: parameters of the columns as the formula has them are A theta.
    recession
        ``(X, y) -> (C, equal)``: along a direction d of the parameters no row loses likelihood when ``C d >= 0``, with
        equality in the rows `equal`.
    """

    size: int
    sums: Callable[[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray | None], Sums]
    information: Callable[[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray | None], FloatArray] | None
    scores: Callable[[FloatArray, FloatArray, FloatArray, FloatArray | None], FloatArray]
    fitted: Callable[[FloatArray, FloatArray, FloatArray | None], FloatArray]
    start: Callable[[FloatArray, FloatArray, FloatArray, int | None], FloatArray]
    restore: Callable[[Basis, int | None], FloatArray]
    recession: Callable[[FloatArray, FloatArray], tuple[FloatArray, BoolArray]]


def of_family(family: Family, p: int) -> Likelihood:
    """Likelihood of a generalised linear model with p columns."""
    return Likelihood(
        size=p,
        sums=partial(_sums, family),
        information=None if family.expected is None else partial(_information, family),
        scores=partial(_scores, family),
        fitted=partial(_fitted, family),
        start=partial(_start, family),
        restore=restored,
        recession=partial(_recession, family),
    )


def _predictor(theta: FloatArray, X: FloatArray, offset: FloatArray | None) -> FloatArray:
    eta = theta @ X
    return eta if offset is None else eta + offset


def _sums(
    family: Family, theta: FloatArray, X: FloatArray, y: FloatArray, w: FloatArray, offset: FloatArray | None
) -> Sums:
    loglik, s, h = family.rows(_predictor(theta, X, offset), y)
    return float(loglik @ w), X @ (s * w), (X * (h * w)) @ X.T


def _information(
    family: Family, theta: FloatArray, X: FloatArray, y: FloatArray, w: FloatArray, offset: FloatArray | None
) -> FloatArray:
    eta = _predictor(theta, X, offset)
    h = family.rows(eta, y)[2] if family.expected is None else family.expected(eta)
    return (X * (h * w)) @ X.T


def _scores(family: Family, theta: FloatArray, X: FloatArray, y: FloatArray, offset: FloatArray | None) -> FloatArray:
    return X * family.rows(_predictor(theta, X, offset), y)[1]


def _fitted(family: Family, theta: FloatArray, X: FloatArray, offset: FloatArray | None) -> FloatArray:
    return family.mean(_predictor(theta, X, offset))[None, :]


def _start(family: Family, X: FloatArray, y: FloatArray, w: FloatArray, intercept: int | None) -> FloatArray:
    theta = np.zeros(len(X))
    if intercept is not None:
        theta[intercept] = float(family.predictor(np.asarray(y @ w / w.sum())))
    return theta


def _recession(family: Family, X: FloatArray, y: FloatArray) -> tuple[FloatArray, BoolArray]:
    if family.outcome == "count":
        return -X.T, y > 0
    return (X * np.where(y > 0.5, 1.0, -1.0)).T, (y > 0) & (y < 1)


def restored(basis: Basis, intercept: int | None) -> FloatArray:
    """Give A with beta = A theta for columns ``(x - centre) / scale``; the intercept takes up the centres.

    Examples
    --------
    >>> restored((np.array([0.0, 4.0]), np.array([1.0, 2.0])), 0)
    array([[ 1. , -2. ],
           [ 0. ,  0.5]])
    """
    centre, scale = basis
    A = np.diag(1.0 / scale)
    if intercept is not None:
        A[intercept] -= centre / scale
        A[intercept, intercept] = 1.0
    return A
