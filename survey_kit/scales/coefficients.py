"""Reliability coefficients as functions of the covariance matrix of the items, with their gradients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from survey_kit.scales.matrices import correlations, from_correlations
from survey_kit.types import FloatArray

#: What rounding may add to an upper bound.
SLACK = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """Values (q,) of functions of a covariance matrix, their symmetric gradients (q, k, k), and what went wrong, in words."""

    values: FloatArray
    gradients: FloatArray
    problems: tuple[str, ...] = ()


Formula: TypeAlias = Callable[[FloatArray], Evaluated]


def alpha_of(S: FloatArray) -> tuple[float, FloatArray]:
    r"""Cronbach's alpha of a covariance matrix and its gradient (k, k).

    .. math:: \alpha = \frac{k}{k - 1} \left( 1 - \frac{\operatorname{tr} S}{1' S 1} \right)

    (Cronbach 1951, Psychometrika 16, 297-334, eq. 2). NaN where the items or their sum do not vary, and
    where alpha would exceed 1, which no covariances of answers make it do.

    Examples
    --------
    >>> round(alpha_of(np.array([[1.0, 0.5], [0.5, 1.0]]))[0], 4)
    0.6667
    """
    k, total, trace = len(S), S.sum(), np.trace(S)
    if not total > 0 or k < 2 or total > k * trace * (1 + SLACK):
        return np.nan, np.zeros(S.shape)
    factor = k / (k - 1)
    return float(factor * (1 - trace / total)), factor * (trace / total**2 - np.eye(k) / total)


def alpha_formula(standardized: bool, details: bool) -> Formula:
    """Alpha; with details also the mean correlation between items and alpha without each item (three items or more).

    Parameters
    ----------
    standardized
        Alpha of the correlations, so that every item has the same variance.
    details
        Give all of these.

    Examples
    --------
    >>> S = np.array([[2.0, 0.5, 0.5], [0.5, 1.0, 0.5], [0.5, 0.5, 1.0]])
    >>> alpha_formula(False, True)(S).values.round(4).tolist()
    [0.6429, 0.4024, 0.6667, 0.5, 0.5]
    """

    def formula(S: FloatArray) -> Evaluated:
        k = len(S)
        R = correlations(S)
        T = R if standardized else S
        parts = [alpha_of(T)]
        if details:
            off = (1 - np.eye(k)) / (k * (k - 1))
            parts += [(float((off * R).sum()), off)]
            parts += [_without(T, j) for j in range(k)] if k > 2 else []
        values = np.array([value for value, _ in parts])
        gradients = np.stack([gradient for _, gradient in parts])
        on_R = np.full(len(parts), standardized)
        on_R[1:2] = True
        varied = (np.diag(S) > 0).all()
        if on_R.any():
            values = np.where(on_R & ~varied, np.nan, values)
            if varied:
                gradients = np.where(on_R[:, None, None], from_correlations(gradients, S), gradients)
        return Evaluated(values=values, gradients=gradients)

    return formula


def item_rest_formula(S: FloatArray) -> Evaluated:
    r"""Correlation of every item with the sum of the others.

    .. math:: r_j = \frac{S_{j \cdot} - S_{jj}}{\sqrt{S_{jj} \, (S_{\cdot\cdot} - 2 S_{j \cdot} + S_{jj})}}

    (Henrysson 1963, Psychometrika 28, 211-218). NaN where the item or the sum of the others does not vary,
    and where the covariances of different rows contradict each other so that r would exceed 1.

    Examples
    --------
    >>> item_rest_formula(np.array([[1.0, 0.5], [0.5, 1.0]])).values.tolist()
    [0.5, 0.5]
    """
    k = len(S)
    values, gradients = np.full(k, np.nan), np.zeros((k, k, k))
    for j in range(k):
        own = np.eye(k)[j]
        rest = 1 - own
        v, u, c = S[j, j], rest @ S @ rest, S[j] @ rest
        if not (v > 0 and u > 0):
            continue
        root = np.sqrt(v * u)
        if abs(c) > root * (1 + SLACK):
            continue
        values[j] = min(max(c / root, -1.0), 1.0)
        cross = (np.outer(own, rest) + np.outer(rest, own)) / 2
        spread = np.outer(own, own) / v + np.outer(rest, rest) / u
        gradients[j] = cross / root - values[j] / 2 * spread
        if abs(values[j]) > 1 - 1e-14:
            gradients[j] = 0.0
    return Evaluated(values=values, gradients=gradients)


def _without(S: FloatArray, j: int) -> tuple[float, FloatArray]:
    """Alpha without item j, its gradient in the whole matrix."""
    kept = np.arange(len(S)) != j
    value, inner = alpha_of(S[np.ix_(kept, kept)])
    gradient = np.zeros(S.shape)
    gradient[np.ix_(kept, kept)] = inner
    return value, gradient
