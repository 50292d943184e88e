r"""The one-factor model of a covariance matrix, :math:`\Sigma = \lambda \lambda' + \Psi`, and the derivatives of its solution.

Both discrepancies have the gradient :math:`\partial F / \partial \theta_a = \operatorname{tr} C \Sigma_a` with
:math:`\Sigma_a = \partial \Sigma / \partial \theta_a` and

- maximum likelihood, :math:`F = \log|\Sigma| + \operatorname{tr} S \Sigma^{-1}`, :math:`C = \Sigma^{-1} - \Sigma^{-1} S
  \Sigma^{-1}` (Joreskog 1967, Psychometrika 32, 443-482);
- unweighted least squares, :math:`F = \tfrac12 \operatorname{tr} (S - \Sigma)^2`, :math:`C = \Sigma - S` (Harman & Jones
  1966, Psychometrika 31, 351-368).

At the solution H dtheta = tr(Q dS Q Sigma_a), H the Hessian and Q = Sigma^-1 or the identity: the influence of a row on any
function of the parameters follows from its influence on S.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from survey_kit.scales.matrices import correlations
from survey_kit.types import FloatArray

FactorMethod: TypeAlias = Literal["ml", "uls"]
MOST_STEPS = 150
TOLERANCE = 1e-10
#: A Hessian with a smaller ratio of its eigenvalues does not tell the parameters apart.
SINGULAR = 1e-11
#: A uniqueness below this part of the item's variance is no uniqueness.
HEYWOOD = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """A way to fit: its value, C with the matrices Q and A of ``dC = Q E Q``-like changes, all functions of (S, Sigma).

    Attributes
    ----------
    value
        F; infinite where Sigma is not allowed.
    parts
        ``(C, Q, A)``: a change B of Sigma changes C by ``Q B A + A B Q - Q B Q`` for maximum likelihood and by B for least
        squares, which `change` says.
    change
        ``(B (b, k, k), Q, A) -> dC (b, k, k)``.
    """

    value: Callable[[FloatArray, FloatArray], float]
    parts: Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray, FloatArray]]
    change: Callable[[FloatArray, FloatArray, FloatArray], FloatArray]


@dataclass(frozen=True, slots=True, kw_only=True)
class OneFactor:
    """A fitted one-factor model.

    Attributes
    ----------
    loadings, uniqueness : (k,)
        On the scale of S, loadings with a sum of zero or more.
    residual
        Root mean square of the residual correlations.
    pull
        From gradients by (loadings, uniqueness) (2 k,) to the gradient (k, k) by S.
    """

    loadings: FloatArray
    uniqueness: FloatArray
    residual: float
    pull: Callable[[FloatArray], FloatArray]


def fit_one_factor(S: FloatArray, method: FactorMethod = "ml") -> OneFactor | str:
    """Fit one factor to a covariance matrix.

    Parameters
    ----------
    S : (k, k)
        k of three or more.
    method
        ``"ml"`` or ``"uls"``; least squares of the covariances, not of the correlations.

    Returns
    -------
    OneFactor or str
        Or why there is no proper solution: not positive definite, no convergence, or a Heywood case, with the number of
        the item.

    Examples
    --------
    >>> loadings = np.array([0.8, 0.7, 0.6, 0.5])
    >>> fit = fit_one_factor(np.outer(loadings, loadings) + np.diag(1 - loadings**2))
    >>> fit.loadings.round(6).tolist()
    [0.8, 0.7, 0.6, 0.5]
    """
    if not np.isfinite(S).all() or not (np.diag(S) > 0).all():
        return "an item does not vary"
    rule = DISCREPANCIES[method]
    R = correlations(S)
    if method == "ml" and np.linalg.eigvalsh(R)[0] < 1e-10:
        return "the covariance matrix is not positive definite: leave an item out, or use method='uls'"
    scale = np.sqrt(np.diag(S)) if method == "ml" else np.full(len(S), np.sqrt(np.diag(S).mean()))
    T = S / np.outer(scale, scale)
    theta = _minimise(rule, T, _start(R) * np.concatenate([np.sqrt(np.diag(T)), np.diag(T)]))
    if theta is None:
        return "the one-factor model did not converge"
    k = len(S)
    loadings, uniqueness = theta[:k] * scale, theta[k:] * scale**2
    improper = np.flatnonzero(uniqueness <= HEYWOOD * np.diag(S))
    if len(improper):
        return f"Heywood case: the one-factor model leaves item {improper[0] + 1} no variance of its own"
    loadings = loadings if loadings.sum() >= 0 else -loadings
    off = np.triu_indices(k, 1)
    apart = (S - np.outer(loadings, loadings))[off] / np.sqrt(np.outer(np.diag(S), np.diag(S)))[off]
    return OneFactor(
        loadings=loadings,
        uniqueness=uniqueness,
        residual=float(np.sqrt((apart**2).mean())),
        pull=lambda g: _pull(rule, S, loadings, uniqueness, g),
    )


# ------------------------------------------------------------------------------------------------------- discrepancies
def _ml_value(S: FloatArray, Sigma: FloatArray) -> float:
    try:
        L = np.linalg.cholesky(Sigma)
    except np.linalg.LinAlgError:
        return np.inf
    return float(2 * np.log(np.diag(L)).sum() + np.trace(np.linalg.solve(Sigma, S)))


def _ml_parts(S: FloatArray, Sigma: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    Q: FloatArray = np.asarray(np.linalg.inv(Sigma), dtype=np.float64)
    A = Q @ S @ Q
    return Q - A, Q, A


def _ml_change(B: FloatArray, Q: FloatArray, A: FloatArray) -> FloatArray:
    left = Q @ B
    return left @ (A - Q) + A @ B @ Q


def _uls_value(S: FloatArray, Sigma: FloatArray) -> float:
    return float(((S - Sigma) ** 2).sum() / 2)


def _uls_parts(S: FloatArray, Sigma: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    return Sigma - S, np.eye(len(S)), np.eye(len(S))


def _uls_change(B: FloatArray, Q: FloatArray, A: FloatArray) -> FloatArray:  # noqa: ARG001
    return B


#: Every way to fit by its name.
DISCREPANCIES: dict[FactorMethod, Discrepancy] = {
    "ml": Discrepancy(value=_ml_value, parts=_ml_parts, change=_ml_change),
    "uls": Discrepancy(value=_uls_value, parts=_uls_parts, change=_uls_change),
}


# ------------------------------------------------------------------------------------------------------------- solution
def _start(R: FloatArray) -> FloatArray:
    """Give loadings and uniquenesses to begin with: the first principal axis of the correlations with the diagonal reduced."""
    k = len(R)
    try:
        unique = np.clip((1 - 0.5 / k) / np.diag(np.linalg.inv(R)), 0.05, 0.95)
    except np.linalg.LinAlgError:
        unique = np.full(k, 0.5)
    values, vectors = np.linalg.eigh(R - np.diag(unique))
    loadings = vectors[:, -1] * np.sqrt(max(values[-1], 0.1))
    return np.concatenate([loadings * (1 if loadings.sum() >= 0 else -1), unique])


def _sigma(theta: FloatArray) -> FloatArray:
    k = len(theta) // 2
    return np.outer(theta[:k], theta[:k]) + np.diag(theta[k:])


def _slopes(loadings: FloatArray) -> FloatArray:
    """Give the derivatives of Sigma (2 k, k, k) by the loadings and the uniquenesses."""
    k = len(loadings)
    out = np.zeros((2 * k, k, k))
    at = np.arange(k)
    out[at, at, :] += loadings
    out[at, :, at] += loadings
    out[k + at, at, at] = 1.0
    return out


def _derivatives(rule: Discrepancy, S: FloatArray, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Gradient (2 k,), Hessian (2 k, 2 k) and Q."""
    k = len(S)
    C, Q, A = rule.parts(S, _sigma(theta))
    B = _slopes(theta[:k])
    gradient = np.concatenate([2 * C @ theta[:k], np.diag(C)])
    H = np.einsum("aij,bij->ab", B, rule.change(B, Q, A))
    H[:k, :k] += 2 * C
    return gradient, (H + H.T) / 2, Q


def _minimise(rule: Discrepancy, S: FloatArray, theta: FloatArray) -> FloatArray | None:
    """Newton's method, damped where the Hessian is not positive or a step does not lead down; None without convergence."""
    F, damping = rule.value(S, _sigma(theta)), 0.0
    for _ in range(MOST_STEPS):
        if not np.isfinite(F):
            return None
        g, H, _ = _derivatives(rule, S, theta)
        if not np.isfinite(H).all():
            return None
        eigenvalues = np.linalg.eigvalsh(H)
        lowest = eigenvalues[0]
        positive = lowest > SINGULAR * eigenvalues[-1]
        if np.abs(g).max() <= TOLERANCE and positive:
            return theta
        ridge = max(damping, 0.0 if positive else 1e-3 - 1.5 * min(lowest, 0.0))
        new = theta - np.linalg.solve(H + ridge * np.eye(len(H)), g)
        F_new = rule.value(S, _sigma(new))
        if F_new <= F + 1e-12 * max(abs(F), 1.0):
            theta, F, damping = new, F_new, damping / 10 if damping > 1e-6 else 0.0
        else:
            damping = max(10 * damping, 1e-3)
    return None


def _pull(
    rule: Discrepancy, S: FloatArray, loadings: FloatArray, uniqueness: FloatArray, gradient: FloatArray
) -> FloatArray:
    """Turn a gradient by the parameters into one by S: implicit differentiation of the estimating equations."""
    k = len(S)
    _, H, Q = _derivatives(rule, S, np.concatenate([loadings, uniqueness]))
    v = np.linalg.solve(H, gradient)
    V = np.outer(v[:k], loadings) + np.outer(loadings, v[:k]) + np.diag(v[k:])
    return np.asarray(Q @ V @ Q)
