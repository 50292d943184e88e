"""The Fay-Herriot model on arrays: the variance between areas by each method, and the error it leaves.

Notation of Rao & Molina (2015), chapter 6. With y_i the direct estimate of area i, D_i its sampling variance and x_i its
covariates,

    y_i = x_i'b + v_i + e_i,   Var v_i = A,   Var e_i = D_i,   V = diag(A + D_i),   gamma_i = A / (A + D_i)
    P = V^-1 - V^-1 X (X'V^-1 X)^-1 X'V^-1
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from survey_kit.errors import EstimationError
from survey_kit.types import FloatArray

GRID = 400
ROOT = 1e-14


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaData:
    """Sampled areas: direct estimates y (m,), their variances D (m,), an orthonormal basis Q (m, p) of the covariates."""

    y: FloatArray
    D: FloatArray
    Q: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaMethod:
    """How the variance between areas is estimated, and what that does to the mean squared error.

    Attributes
    ----------
    name, source
        As asked for, and where it comes from.
    estimate
        ``data -> A``.
    spread
        ``(A, data) -> `` asymptotic variance of the estimate.
    bias
        ``(A, data) -> `` its bias of order 1/m; zero where it is of smaller order.
    """

    name: str
    source: str
    estimate: Callable[[AreaData], float]
    spread: Callable[[float, AreaData], float]
    bias: Callable[[float, AreaData], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gls:
    """Generalised least squares at given A (G,): M = Q'V^-1 Q (G, p, p), coefficients (G, p), residuals (G, m), 1/v (G, m)."""

    M: FloatArray
    b: FloatArray
    r: FloatArray
    w: FloatArray


def gls(A: FloatArray, data: AreaData) -> Gls:
    """Fit the regression at every value of the variance between areas."""
    w = 1.0 / (A[:, None] + data.D)
    wQ = w[:, :, None] * data.Q
    M = np.einsum("gmp,mq->gpq", wQ, data.Q)
    b = np.linalg.solve(M, np.einsum("gmp,m->gp", wQ, data.y)[:, :, None])[:, :, 0]
    return Gls(M=M, b=b, r=data.y - b @ data.Q.T, w=w)


# ------------------------------------------------------------------------------------------- likelihoods and their slopes
def log_likelihood(A: FloatArray, data: AreaData) -> FloatArray:
    """Profile log likelihood (G,): ``-1/2 (m log 2 pi + sum log(A + D_i) + sum r_i^2 / (A + D_i))``."""
    fit = gls(A, data)
    return np.asarray(
        -0.5 * (len(data.y) * np.log(2 * np.pi) - np.log(fit.w).sum(axis=1) + (fit.w * fit.r**2).sum(axis=1))
    )


def _ml_slope(A: float, data: AreaData) -> float:
    fit = gls(np.array([A]), data)
    return float(-0.5 * fit.w.sum() + 0.5 * ((fit.w * fit.r) ** 2).sum())


def _restricted(A: FloatArray, data: AreaData) -> FloatArray:
    fit = gls(A, data)
    return np.asarray(0.5 * (np.log(fit.w).sum(axis=1) - np.linalg.slogdet(fit.M)[1] - (fit.w * fit.r**2).sum(axis=1)))


def _reml_slope(A: float, data: AreaData) -> float:
    return _ml_slope(A, data) - 0.5 * _trace_lost(A, data)


def _trace_lost(A: float, data: AreaData) -> float:
    """``tr(P) - tr(V^-1)``, which is minus ``tr[(X'V^-1 X)^-1 X'V^-2 X]``."""
    fit = gls(np.array([A]), data)
    squared = (data.Q * fit.w[0, :, None] ** 2).T @ data.Q
    return -float(np.trace(np.linalg.solve(fit.M[0], squared)))


def _moment(A: float, data: AreaData) -> float:
    """Fay & Herriot (1979): ``sum r_i^2 / (A + D_i) - (m - p)``, falling in A."""
    fit = gls(np.array([A]), data)
    return float((fit.w * fit.r**2).sum() - (data.Q.shape[0] - data.Q.shape[1]))


# ------------------------------------------------------------------------------------------------ adjustments, as factors
def _li_lahiri_slope(A: float, data: AreaData) -> float:
    return _reml_slope(A, data) + 1.0 / A


def _li_lahiri(A: FloatArray, data: AreaData) -> FloatArray:
    return _restricted(A, data) + np.log(A)


def _yoshimori_lahiri(A: FloatArray, data: AreaData) -> FloatArray:
    share = (A[:, None] / (A[:, None] + data.D)).sum(axis=1)
    return np.asarray(_restricted(A, data) + np.log(np.arctan(share)) / len(data.D))


def _yoshimori_lahiri_slope(A: float, data: AreaData) -> float:
    share = float((A / (A + data.D)).sum())
    rise = float((data.D / (A + data.D) ** 2).sum())
    return _reml_slope(A, data) + rise / (len(data.D) * float(np.arctan(share)) * (1.0 + share**2))


# ------------------------------------------------------------------------------------------------------------ estimates
def _highest(
    value: Callable[[FloatArray, AreaData], FloatArray],
    slope: Callable[[float, AreaData], float],
    zero: bool,
) -> Callable[[AreaData], float]:
    """Give a function that finds the highest point over A >= 0: a grid on the log scale, then the root of the slope."""

    def estimate(data: AreaData) -> float:
        from scipy.optimize import brentq

        grid = _grid(data)
        grid = np.concatenate(([0.0], grid)) if zero else grid
        best = int(np.argmax(value(grid, data)))
        if best == 0 and zero and slope(0.0, data) <= 0:
            return 0.0
        low = float(grid[best - 1]) if best else float(grid[0]) * (0.0 if zero else 1e-12)
        high = float(grid[min(best + 1, len(grid) - 1)])
        if slope(low, data) <= 0 or slope(high, data) >= 0:
            return float(grid[best])
        return float(brentq(lambda a: slope(a, data), low, high, xtol=ROOT * high, rtol=8.9e-16, maxiter=500))

    return estimate


def _grid(data: AreaData) -> FloatArray:
    r = data.y - data.Q @ (data.Q.T @ data.y)
    top = 100.0 * (float(r @ r) + float(data.D.max()))
    return np.geomspace(1e-12 * top, top, GRID)


def _fay_herriot(data: AreaData) -> float:
    from scipy.optimize import brentq

    if _moment(0.0, data) <= 0:
        return 0.0
    high = float(_grid(data)[-1])
    return float(brentq(lambda a: _moment(a, data), 0.0, high, xtol=ROOT * high, rtol=8.9e-16, maxiter=500))


def _prasad_rao(data: AreaData) -> float:
    """Prasad & Rao (1990, eq. 2.9): ``[sum r_i^2 - sum D_i (1 - h_ii)] / (m - p)`` from unweighted residuals."""
    m, p = data.Q.shape
    r = data.y - data.Q @ (data.Q.T @ data.y)
    leverage = (data.Q**2).sum(axis=1)
    return max(0.0, float((r @ r - (data.D * (1.0 - leverage)).sum()) / (m - p)))


# ------------------------------------------------------------------------------------- what the estimate of A itself costs
def _information(A: float, data: AreaData) -> float:
    """``2 / sum (A + D_i)^-2``: REML, ML and adjusted likelihood."""
    return float(2.0 / ((A + data.D) ** -2.0).sum())


def _moment_spread(A: float, data: AreaData) -> float:
    return float(2.0 * len(data.D) / (1.0 / (A + data.D)).sum() ** 2)


def _prasad_rao_spread(A: float, data: AreaData) -> float:
    return float(2.0 * ((A + data.D) ** 2).sum() / len(data.D) ** 2)


def _none(A: float, data: AreaData) -> float:  # noqa: ARG001
    return 0.0


def _ml_bias(A: float, data: AreaData) -> float:
    return _trace_lost(A, data) / float(((A + data.D) ** -2.0).sum())


def _moment_bias(A: float, data: AreaData) -> float:
    w = 1.0 / (A + data.D)
    return float(2.0 * (len(w) * (w**2).sum() - w.sum() ** 2) / w.sum() ** 3)


def _li_lahiri_bias(A: float, data: AreaData) -> float:
    return _information(A, data) / A


METHODS = {
    "reml": AreaMethod(
        name="reml",
        source="restricted maximum likelihood; error after Datta & Lahiri (2000)",
        estimate=_highest(_restricted, _reml_slope, True),
        spread=_information,
        bias=_none,
    ),
    "ml": AreaMethod(
        name="ml",
        source="maximum likelihood; error after Datta & Lahiri (2000)",
        estimate=_highest(log_likelihood, _ml_slope, True),
        spread=_information,
        bias=_ml_bias,
    ),
    "fh": AreaMethod(
        name="fh",
        source="moments of Fay & Herriot (1979); error after Datta, Rao & Smith (2005)",
        estimate=_fay_herriot,
        spread=_moment_spread,
        bias=_moment_bias,
    ),
    "prasad_rao": AreaMethod(
        name="prasad_rao",
        source="moments and error of Prasad & Rao (1990)",
        estimate=_prasad_rao,
        spread=_prasad_rao_spread,
        bias=_none,
    ),
    "adjusted": AreaMethod(
        name="adjusted",
        source="adjusted residual likelihood of Yoshimori & Lahiri (2014), positive by construction",
        estimate=_highest(_yoshimori_lahiri, _yoshimori_lahiri_slope, False),
        spread=_information,
        bias=_none,
    ),
    "li_lahiri": AreaMethod(
        name="li_lahiri",
        source="adjusted residual likelihood of Li & Lahiri (2010), positive by construction",
        estimate=_highest(_li_lahiri, _li_lahiri_slope, False),
        spread=_information,
        bias=_li_lahiri_bias,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaSolution:
    """What the model gives for all areas, those without a sample too.

    Attributes
    ----------
    A, A_se
        Variance between areas and its asymptotic standard error.
    beta : (p,)
        Coefficients of the columns of X.
    beta_cov : (p, p)
        Their covariance at A.
    gamma : (M,)
        Weight of the direct estimate; 0 without a sample.
    theta : (M,)
        ``gamma y + (1 - gamma) x'b``.
    synthetic : (M,)
        ``x'b``.
    g1, g2, g3, correction : (M,)
        Parts of the mean squared error: ``mse = g1 + g2 + 2 g3 - correction``.
    mse : (M, M)
        Mean squared error and cross products of the errors.
    gap : (M, M)
        Covariance of direct minus model estimate under the model; zero without a sample.
    log_likelihood
        At A, of all sampled areas (not the restricted one).
    heterogeneity
        ``sum (y - x'b_0)^2 / D`` with b_0 at A = 0: chi-squared on m - p degrees of freedom if nothing varies between areas.
    """

    A: float
    A_se: float
    beta: FloatArray
    beta_cov: FloatArray
    gamma: FloatArray
    theta: FloatArray
    synthetic: FloatArray
    g1: FloatArray
    g2: FloatArray
    g3: FloatArray
    correction: FloatArray
    mse: FloatArray
    gap: FloatArray
    log_likelihood: float
    heterogeneity: float


def solve(y: FloatArray, D: FloatArray, X: FloatArray, method: AreaMethod) -> AreaSolution:
    """Fit the model to the areas with a sample and predict for all.

    Parameters
    ----------
    y, D : (M,)
        Direct estimates and sampling variances; NaN in areas without a sample.
    X : (M, p)
        Covariates of full rank over the sampled areas.
    method
        One of `METHODS`.

    Examples
    --------
    >>> y, D = np.array([4.0, 6, 5, 9, 7]), np.full(5, 1.0)
    >>> out = solve(y, D, np.ones((5, 1)), METHODS["reml"])  # balanced: A is the sample variance less D
    >>> round(out.A, 6), out.gamma.round(4).tolist()
    (2.7, [0.7297, 0.7297, 0.7297, 0.7297, 0.7297])
    """
    sampled = np.isfinite(y) & np.isfinite(D)
    Q, R = np.linalg.qr(X[sampled])
    data = AreaData(y=y[sampled], D=D[sampled], Q=Q)
    A = method.estimate(data)
    if not np.isfinite(A):
        raise EstimationError("The variance between areas could not be estimated.", fix="Look at the direct estimates.")
    fit = gls(np.array([A]), data)
    inverse = np.linalg.inv(R)
    beta = inverse @ fit.b[0]
    beta_cov = inverse @ np.linalg.inv(fit.M[0]) @ inverse.T
    D_all = np.where(sampled, D, np.inf)
    gamma = np.where(sampled, A / (A + D_all), 0.0)
    synthetic = X @ beta
    theta = np.where(sampled, gamma * np.where(sampled, y, 0.0) + (1.0 - gamma) * synthetic, synthetic)
    rest = (1.0 - gamma)[:, None] * X
    spread = method.spread(A, data)
    with np.errstate(invalid="ignore"):
        g3 = np.where(sampled, D_all**2 / (A + D_all) ** 3 * spread, 0.0)
    g1 = np.where(sampled, gamma * np.where(sampled, D, 0.0), A)
    g2 = rest @ beta_cov @ rest.T
    correction = method.bias(A, data) * (1.0 - gamma) ** 2
    own = g1 + 2.0 * g3 - correction
    own = np.where(own + np.diag(g2) > 0, own, g1 + 2.0 * g3)
    e = np.where(sampled, 1.0, 0.0)[:, None] * rest
    V = np.where(sampled, (1.0 - gamma) ** 2 * (A + np.where(sampled, D, 0.0)), 0.0)
    return AreaSolution(
        A=A,
        A_se=float(np.sqrt(spread)),
        beta=beta,
        beta_cov=beta_cov,
        gamma=gamma,
        theta=theta,
        synthetic=synthetic,
        g1=g1,
        g2=np.diag(g2).copy(),
        g3=g3,
        correction=correction,
        mse=g2 + np.diag(own),
        gap=np.diag(V) - e @ beta_cov @ e.T,
        log_likelihood=float(log_likelihood(np.array([A]), data)[0]),
        heterogeneity=_moment(0.0, data) + data.Q.shape[0] - data.Q.shape[1],
    )
