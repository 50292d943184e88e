"""Numbers of predictive mean matching: weighted least squares, drawn parameters, nearest donors."""

from __future__ import annotations

import numpy as np

from survey_kit.types import FloatArray, IntArray

TIED = 1e-9  # of the range of the predictions: nearer ones are equal


def fitted(X: FloatArray, y: FloatArray, w: FloatArray) -> FloatArray:
    """Weighted least squares (p,), of minimal norm where columns are collinear."""
    root = np.sqrt(w)
    return np.asarray(np.linalg.lstsq(X * root[:, None], y * root, rcond=None)[0])


def normal_draw(
    X: FloatArray,
    y: FloatArray,
    w: FloatArray,
    beta: FloatArray,
    units: tuple[IntArray, IntArray],
    rng: np.random.Generator,
) -> FloatArray:
    r"""Draw parameters from the normal approximation of their design-based distribution.

    .. math:: \beta^* = \hat\beta + A^+ \sum_p c_h (s_p - \bar s_h) \epsilon_p, \qquad A = X'WX, \quad
              s_p = \sum_{i \in p} w_i x_i e_i, \quad \epsilon_p \sim N(0, 1)

    which has the sandwich covariance (Binder 1983, International Statistical Review 51, 279-292), with
    :math:`c_h^2 = n_h / (n_h - 1) \cdot n / (n - p)`.

    Parameters
    ----------
    X, y, w : (n, p), (n,), (n,)
        Predictors, item and weights of those who answered.
    beta : (p,)
    units : (n,), (P,)
        Unit of each row and stratum of each unit.
    rng
        Source of the draws.
    """
    unit, stratum = units
    e = (y - X @ beta) * w
    P, H = len(stratum), int(stratum.max(initial=0)) + 1
    scores = np.stack([np.bincount(unit, weights=X[:, j] * e, minlength=P) for j in range(X.shape[1])], axis=1)
    n_h = np.bincount(stratum, minlength=H)
    sums = np.stack([np.bincount(stratum, weights=column, minlength=H) for column in scores.T], axis=1)
    mean = sums / np.maximum(n_h, 1)[:, None]
    lonely = n_h[stratum] == 1
    centred = np.where(lonely[:, None], scores - scores.mean(axis=0), scores - mean[stratum])
    n, p = X.shape
    inflation = np.sqrt(np.where(lonely, 1.0, n_h[stratum] / np.maximum(n_h[stratum] - 1, 1)) * n / max(n - p, 1))
    shift = (centred * inflation[:, None]).T @ rng.standard_normal(P)
    return np.asarray(beta + np.linalg.pinv((X * w[:, None]).T @ X, hermitian=True) @ shift)


def match(predicted: FloatArray, w: FloatArray, wanted: FloatArray, donors: int, rng: np.random.Generator) -> IntArray:
    """Draw for each wanted prediction (r,) one of the nearest donors (d,), with probability proportional to weight.

    The pool of a recipient is every donor not farther than the `donors`-th nearest: equal predictions are all in it, so
    that neither row order nor a choice among equals matters.

    Examples
    --------
    >>> pool = match(np.array([1.0, 1.0, 1.0, 9.0]), np.ones(4), np.full(200, 1.2), 2, np.random.default_rng(1))
    >>> sorted(set(pool.tolist()))
    [0, 1, 2]
    """
    order = np.argsort(predicted, kind="stable")
    s = predicted[order]
    d, k = len(s), min(donors, len(s))
    at = np.searchsorted(s, wanted)
    window = at[:, None] + np.arange(-k, k)
    distance = np.where((window >= 0) & (window < d), np.abs(s[np.clip(window, 0, d - 1)] - wanted[:, None]), np.inf)
    reach = np.partition(distance, k - 1, axis=1)[:, k - 1] + TIED * (s[-1] - s[0])
    reach = reach + 8 * np.finfo(np.float64).eps * max(np.abs(s).max(), np.abs(wanted).max(initial=0.0))
    low = np.searchsorted(s, wanted - reach, side="left")
    high = np.searchsorted(s, wanted + reach, side="right")
    c = np.concatenate(([0.0], np.cumsum(w[order])))
    target = c[low] + rng.random(len(wanted)) * (c[high] - c[low])
    place = np.searchsorted(c, target, side="right") - 1
    return np.asarray(order[np.clip(place, low, high - 1)])
