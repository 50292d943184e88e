"""The covariance matrix of the items of one sample, and the influence of the rows on any function of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from survey_kit.scales.items import Sample
from survey_kit.types import FloatArray

#: A standard deviation below this part of the largest answer is rounding, not spread.
ROUNDING = 1e-13


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """A symmetric matrix estimated from weighted rows.

    Attributes
    ----------
    S : (k, k)
        Covariances or correlations; NaN where they are not defined.
    influence
        From the symmetric gradients G (q, k, k) of q functions, ``df = sum G dS``, to the influence (m, q) of every row.
    problem
        Why the matrix is not defined, in words; empty when it is.
    """

    S: FloatArray
    influence: Callable[[FloatArray], FloatArray]
    problem: str = ""


#: How a matrix is estimated: prepared once for a sample, then a function of the weights (m,).
Source: TypeAlias = Callable[[Sample], Callable[[FloatArray], Matrix]]


def covariances(sample: Sample) -> Callable[[FloatArray], Matrix]:
    r"""Weighted covariance matrix.

    .. math:: S_{jl} = \frac{n_{jl}}{n_{jl} - 1} \frac{\sum w_i (y_{ij} - \bar y_j) (y_{il} - \bar y_l)}{\sum w_i}

    over the :math:`n_{jl}` rows that answered both items, with their own means, as R ``svyvar`` and, with equal weights,
    ``cov(use = "pairwise")``. The influence of a row on it is its term less S, over the sum of weights.

    Parameters
    ----------
    sample
        The rows.

    Returns
    -------
    callable
        ``w (m,) -> Matrix``. An item that does not vary has zeros.

    Examples
    --------
    >>> from survey_kit.scales.items import _sample, Items
    >>> y = np.array([[1.0, 2.0], [2.0, 2.0], [3.0, 5.0]])
    >>> every = np.ones(y.shape, dtype=bool)
    >>> items = Items(names=("a", "b"), y=y, answered=every, asked=every, missing="listwise")
    >>> covariances(_sample(items, np.arange(3)))(np.ones(3)).S.tolist()
    [[1.0, 1.5], [1.5, 3.0]]
    """
    n = sample.pairs
    factor = np.divide(n, n - 1, out=np.full(n.shape, np.nan), where=n > 1)
    return lambda w: (_complete if sample.complete else _pairwise)(sample, w, factor)


def _complete(sample: Sample, w: FloatArray, factor: FloatArray) -> Matrix:
    W = w.sum()
    if not W > 0:
        return _undefined(sample)
    e = sample.y - w @ sample.y / W
    S, flat = _without_rounding(factor * (e.T @ (w[:, None] * e)) / W, sample)
    e[:, flat] = 0.0

    def influence(G: FloatArray) -> FloatArray:
        return np.asarray(np.stack([((e @ (g * factor)) * e).sum(axis=1) - (g * S).sum() for g in G], axis=1) / W)

    return Matrix(S=S, influence=influence)


def _pairwise(sample: Sample, w: FloatArray, factor: FloatArray) -> Matrix:
    M = sample.answered.astype(np.float64)
    W = M.T @ (w[:, None] * M)
    if not (W > 0).all():
        return _undefined(sample)
    y = sample.y
    mean = (y.T @ (w[:, None] * M)) / W  # (k, k): of item j over the rows that answered l too
    plain = (y.T @ (w[:, None] * y)) / W - mean * mean.T
    S, flat = _without_rounding(factor * plain, sample)
    known = ~(flat[:, None] | flat[None, :])

    def influence(G: FloatArray) -> FloatArray:
        out = []
        for g in G:
            H = np.where(known, g * factor / W, 0.0)
            quadratic = ((y @ H) * y).sum(axis=1)
            linear = ((y @ (H * mean.T)) * M).sum(axis=1)
            constant = ((M @ (H * (mean * mean.T - plain))) * M).sum(axis=1)
            out.append(quadratic - 2 * linear + constant)
        return np.stack(out, axis=1)

    return Matrix(S=S, influence=influence)


def _without_rounding(S: FloatArray, sample: Sample) -> tuple[FloatArray, np.ndarray]:
    """Put zeros where an item is one number but for rounding; tell which items are."""
    flat = np.abs(np.diag(S)) <= (ROUNDING * sample.size) ** 2
    out = np.where(flat[:, None] | flat[None, :], 0.0, S)
    return out, flat


def _undefined(sample: Sample) -> Matrix:
    m, k = sample.y.shape
    return Matrix(S=np.full((k, k), np.nan), influence=lambda G: np.zeros((m, len(G))))


def correlations(S: FloatArray) -> FloatArray:
    """Turn covariances (k, k) into correlations, NaN where an item has no variance.

    Examples
    --------
    >>> correlations(np.array([[4.0, 1.0], [1.0, 1.0]])).tolist()
    [[1.0, 0.5], [0.5, 1.0]]
    """
    v = np.diag(S)
    scale = np.sqrt(np.where(v > 0, v, np.nan))
    R: FloatArray = S / np.outer(scale, scale)
    np.fill_diagonal(R, np.where(v > 0, 1.0, np.nan))
    return R


def from_correlations(G: FloatArray, S: FloatArray) -> FloatArray:
    r"""Gradients (q, k, k) with respect to covariances from those with respect to their correlations.

    With :math:`dR_{jl} = dS_{jl} / s_j s_l - R_{jl} (dS_{jj} / S_{jj} + dS_{ll} / S_{ll}) / 2`.

    Examples
    --------
    >>> from_correlations(np.array([[[0.0, 0.5], [0.5, 0.0]]]), np.array([[4.0, 1.0], [1.0, 1.0]]))[0].tolist()
    [[-0.0625, 0.25], [0.25, -0.25]]
    """
    v, R = np.diag(S), correlations(S)
    scale = np.sqrt(v)
    off = G * (1 - np.eye(len(S)))
    out = off / np.outer(scale, scale)
    at = np.arange(len(S))
    out[:, at, at] = -(off * R).sum(axis=2) / v
    return np.asarray(out)
