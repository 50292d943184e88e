"""The nested error regression model of Battese, Harter & Fuller (1988) on arrays.

With unit j of area i,

    y_ij = x_ij'b + v_i + e_ij,   Var v_i = s2_v,   Var e_ij = s2_e,   gamma_i = s2_v / (s2_v + s2_e / n_i)

Everything is a function of the sums by area of the least squares residuals and of an orthonormal basis of the covariates,
so that a large mean costs no digits. With L = s2_v / s2_e and k_i = L / (1 + n_i L),

    V^-1 s2_e = I - sum k_i 1_i 1_i',   M = Q'V^-1 Q s2_e = I - sum k_i s_i s_i',   s_i = sum_j q_ij
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from survey_kit.errors import EstimationError
from survey_kit.types import FloatArray, IntArray

GRID = np.concatenate(([0.0], np.geomspace(1e-10, 1e10, 240)))


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitData:
    """Sums of a sample: sizes n (m,), basis sums s (m, p), residual sums t (m,), square sum of the residuals."""

    n: FloatArray
    s: FloatArray
    t: FloatArray
    square: float
    within: float
    freedom_within: int

    @property
    def size(self) -> int:
        """Count the units."""
        return int(self.n.sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitMethod:
    """How the two variances are estimated, with the covariance (2, 2) and bias (2,) of (s2_v, s2_e)."""

    name: str
    source: str
    estimate: Callable[[UnitData], tuple[float, float]]
    spread: Callable[[float, float, UnitData], FloatArray]
    bias: Callable[[float, float, UnitData], FloatArray]


def unit_data(y: FloatArray, Q: FloatArray, area: IntArray) -> UnitData:
    """Sum a sample: answers y (n,), orthonormal covariates Q (n, p), area (n,) counted from 0."""
    r = y - Q @ (Q.T @ y)
    m, p = int(area.max()) + 1, Q.shape[1]
    n = np.bincount(area, minlength=m).astype(np.float64)
    s = np.stack([np.bincount(area, weights=Q[:, j], minlength=m) for j in range(p)], axis=1).astype(np.float64)
    t = np.bincount(area, weights=r, minlength=m).astype(np.float64)
    inside = Q - (s / n[:, None])[area]
    outcome = r - (t / n)[area]
    values, vectors = np.linalg.eigh(inside.T @ inside)
    kept = values > 1e-10
    explained = (vectors[:, kept].T @ (inside.T @ outcome)) ** 2 / values[kept]
    return UnitData(
        n=n,
        s=s,
        t=t,
        square=float(r @ r),
        within=float(outcome @ outcome - explained.sum()),
        freedom_within=len(y) - m - int(kept.sum()),
    )


# ---------------------------------------------------------------------------------------------------------- likelihoods
def _parts(L: FloatArray, data: UnitData) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give M (G, p, p), coefficients beyond least squares (G, p) and the residual sum of squares (G,)."""
    k = L[:, None] / (1.0 + data.n * L[:, None])
    M = np.eye(data.s.shape[1]) - np.einsum("gm,mp,mq->gpq", k, data.s, data.s)
    right = -(k * data.t) @ data.s
    b = np.linalg.solve(M, right[:, :, None])[:, :, 0]
    return M, b, data.square - (k * data.t**2).sum(axis=1) - (right * b).sum(axis=1)


def _profile(L: FloatArray, data: UnitData, restricted: bool) -> FloatArray:
    """Log likelihood (G,) up to a constant, s2_e profiled out."""
    M, _, rss = _parts(L, data)
    freedom = data.size - (data.s.shape[1] if restricted else 0)
    out = freedom * np.log(rss) + np.log1p(data.n * L[:, None]).sum(axis=1)
    return np.asarray(-0.5 * (out + (np.linalg.slogdet(M)[1] if restricted else 0.0)))


def _slope(L: float, data: UnitData, restricted: bool) -> float:
    M, b, rss = _parts(np.array([L]), data)
    falls = 1.0 / (1.0 + data.n * L) ** 2
    freedom = data.size - (data.s.shape[1] if restricted else 0)
    residual = data.t - data.s @ b[0]
    out = -freedom * float(falls @ residual**2) / float(rss[0]) + float((data.n / (1.0 + data.n * L)).sum())
    if restricted:
        out -= float(np.trace(np.linalg.solve(M[0], (data.s * falls[:, None]).T @ data.s)))
    return -0.5 * out


def _likelihood(restricted: bool) -> Callable[[UnitData], tuple[float, float]]:
    def estimate(data: UnitData) -> tuple[float, float]:
        from scipy.optimize import brentq

        best = int(np.argmax(_profile(GRID, data, restricted)))
        L = float(GRID[best])
        if best or _slope(0.0, data, restricted) > 0:
            low, high = float(GRID[max(best - 1, 0)]), float(GRID[min(best + 1, len(GRID) - 1)])
            if _slope(low, data, restricted) > 0 > _slope(high, data, restricted):
                L = float(
                    brentq(
                        lambda x: _slope(x, data, restricted), low, high, xtol=1e-15 * high, rtol=8.9e-16, maxiter=500
                    )
                )
        rss = float(_parts(np.array([L]), data)[2][0])
        s2_e = rss / (data.size - (data.s.shape[1] if restricted else 0))
        return L * s2_e, s2_e

    return estimate


def _constants(data: UnitData) -> tuple[float, float]:
    """Fitting of constants: ``s2_e = SSW / nu``, ``s2_v = [SSR - (n - p) s2_e] / n*`` (Prasad & Rao 1990, section 4)."""
    s2_e = data.within / data.freedom_within
    between = data.square - (data.size - data.s.shape[1]) * s2_e
    return max(0.0, between / _stars(data)[0]), s2_e


def _stars(data: UnitData) -> tuple[float, float]:
    """``n* = tr Z'RZ`` and ``n** = tr (Z'RZ)^2`` with R what least squares leaves."""
    kept = np.diag(data.n) - data.s @ data.s.T
    return float(np.trace(kept)), float((kept**2).sum())


# ------------------------------------------------------------------------------------------ what estimating variances costs
def _information(s2_v: float, s2_e: float, data: UnitData) -> FloatArray:
    """Inverse of the information of (s2_v, s2_e); with a_i = s2_e + n_i s2_v (Prasad & Rao 1990, section 5)."""
    a = s2_e + data.n * s2_v
    vv, ve = (data.n**2 / a**2).sum(), (data.n / a**2).sum()
    ee = ((data.n - 1.0) / s2_e**2 + 1.0 / a**2).sum()
    return np.asarray(np.linalg.inv(0.5 * np.array([[vv, ve], [ve, ee]])))


def _constants_spread(s2_v: float, s2_e: float, data: UnitData) -> FloatArray:
    star, stars = _stars(data)
    nu, rest = data.freedom_within, data.size - data.s.shape[1]
    ee = 2.0 * s2_e**2 / nu
    vv = 2.0 / star**2 * (rest * (rest - nu) / nu * s2_e**2 + 2.0 * star * s2_e * s2_v + stars * s2_v**2)
    ve = -(rest - nu) / star * ee
    return np.array([[vv, ve], [ve, ee]])


def _no_bias(s2_v: float, s2_e: float, data: UnitData) -> FloatArray:  # noqa: ARG001
    return np.zeros(2)


def _ml_bias(s2_v: float, s2_e: float, data: UnitData) -> FloatArray:
    """``1/2 I^-1 tr[(X'V^-1 X)^-1 d X'V^-1 X / d s2]`` (Datta & Lahiri 2000, eq. 3.6)."""
    a = s2_e + data.n * s2_v
    k = s2_v / a
    M = np.eye(data.s.shape[1]) - (data.s * k[:, None]).T @ data.s
    by_v = -(data.s * (1.0 / a**2)[:, None]).T @ data.s
    by_e = -M / s2_e**2 + (data.s * (s2_v / a**2)[:, None]).T @ data.s / s2_e
    traces = [np.trace(np.linalg.solve(M / s2_e, part)) for part in (by_v, by_e)]
    return np.asarray(0.5 * _information(s2_v, s2_e, data) @ np.array(traces))


METHODS = {
    "reml": UnitMethod(
        name="reml",
        source="restricted maximum likelihood; error after Datta & Lahiri (2000)",
        estimate=_likelihood(True),
        spread=_information,
        bias=_no_bias,
    ),
    "ml": UnitMethod(
        name="ml",
        source="maximum likelihood; error after Datta & Lahiri (2000)",
        estimate=_likelihood(False),
        spread=_information,
        bias=_ml_bias,
    ),
    "constants": UnitMethod(
        name="constants",
        source="fitting of constants, as Battese, Harter & Fuller (1988); error after Prasad & Rao (1990)",
        estimate=_constants,
        spread=_constants_spread,
        bias=_no_bias,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitSample:
    """A sample: y (n,), X (n, p), area (n,) as a number among all M areas."""

    y: FloatArray
    X: FloatArray
    area: IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Means of the covariates (M, p) and sizes (M,), infinite where not known."""

    means: FloatArray
    sizes: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitSolution:
    """What the model gives for all M areas; the names of `AreaSolution`, and the two variances.

    ``n`` and ``mean_y`` are the sample's; ``direct`` is the survey regression estimate ``ybar + (Xbar - xbar)'b``, and ``weight``
    what it counts in the estimate: ``f + (1 - f) gamma``. ``heterogeneity`` is the F test of area effects with its two df.
    """

    s2_v: float
    s2_e: float
    spread: FloatArray
    beta: FloatArray
    beta_cov: FloatArray
    n: FloatArray
    mean_y: FloatArray
    direct: FloatArray
    effect: FloatArray
    gamma: FloatArray
    weight: FloatArray
    theta: FloatArray
    synthetic: FloatArray
    g1: FloatArray
    g2: FloatArray
    g3: FloatArray
    correction: FloatArray
    mse: FloatArray
    gap: FloatArray
    log_likelihood: float
    heterogeneity: tuple[float, float, float]


def solve(sample: UnitSample, population: Population, method: UnitMethod) -> UnitSolution:
    """Fit the model and predict the mean of every area.

    With f_i = n_i / N_i the estimate is ``f ybar + (Xbar - f xbar)'b + (1 - f) v_i`` and its error

        (1 - f)^2 (g1 + g2 + 2 g3 - correction) + (1 - f) s2_e / N

    (Rao & Molina 2015, section 7.2). Areas without a sample have f = 0, gamma = 0 and g1 = s2_v.
    """
    M = len(population.means)
    seen, code = np.unique(sample.area, return_inverse=True)
    Q, R = np.linalg.qr(sample.X)
    data = unit_data(sample.y, Q, code.astype(np.int64))
    _check(data, len(seen))
    s2_v, s2_e = method.estimate(data)
    inverse = np.linalg.inv(R)
    m_matrix, b, rss = _parts(np.array([s2_v / s2_e]), data)
    beta = inverse @ (Q.T @ sample.y + b[0])
    beta_cov = s2_e * inverse @ np.linalg.inv(m_matrix[0]) @ inverse.T
    n = np.zeros(M)
    n[seen] = data.n
    sums = np.stack([np.bincount(sample.area, weights=column, minlength=M) for column in (sample.y, *sample.X.T)])
    means = np.divide(sums, n, out=np.zeros_like(sums), where=n > 0)
    mean_y, mean_x = means[0], means[1:].T
    a = s2_e + n * s2_v
    gamma = n * s2_v / a
    effect = gamma * (mean_y - mean_x @ beta)
    f = n / population.sizes
    theta = f * mean_y + (population.means - f[:, None] * mean_x) @ beta + (1.0 - f) * effect
    unseen = _unseen(population, n, mean_x)
    d = (1.0 - f)[:, None] * (unseen - gamma[:, None] * mean_x)
    spread, bias = method.spread(s2_v, s2_e, data), method.bias(s2_v, s2_e, data)
    h = s2_e**2 * spread[0, 0] + s2_v**2 * spread[1, 1] - 2.0 * s2_e * s2_v * spread[0, 1]
    own = (1.0 - f) ** 2
    g1, g3 = own * (1.0 - gamma) * s2_v, own * n * h / a**3
    correction = own * (bias[0] * (1.0 - gamma) ** 2 + bias[1] * n * (s2_v / a) ** 2)
    g2 = d @ beta_cov @ d.T
    rest = (1.0 - f) * s2_e / population.sizes
    gap_scale = (1.0 - f) * (1.0 - gamma) * (n > 0)
    within = np.divide(s2_e, n, out=np.zeros(M), where=n > 0)
    gap = np.diag(s2_v + within) - mean_x @ beta_cov @ mean_x.T
    error = g1 + 2.0 * g3 - correction
    error = np.where(error + np.diag(g2) > 0, error, g1 + 2.0 * g3) + rest
    return UnitSolution(
        s2_v=s2_v,
        s2_e=s2_e,
        spread=spread,
        beta=beta,
        beta_cov=beta_cov,
        n=n,
        mean_y=np.where(n > 0, mean_y, np.nan),
        direct=np.where(n > 0, mean_y + (population.means - mean_x) @ beta, np.nan),
        effect=effect,
        gamma=gamma,
        weight=np.where(n > 0, f + (1.0 - f) * gamma, 0.0),
        theta=theta,
        synthetic=population.means @ beta,
        g1=g1,
        g2=np.diag(g2).copy(),
        g3=g3,
        correction=correction,
        mse=g2 + np.diag(error),
        gap=gap * np.outer(gap_scale, gap_scale),
        log_likelihood=-0.5
        * (data.size * np.log(2 * np.pi * s2_e) + np.log1p(data.n * s2_v / s2_e).sum() + float(rss[0]) / s2_e),
        heterogeneity=_area_effects(data),
    )


def _area_effects(data: UnitData) -> tuple[float, float, float]:
    """F test of fixed area effects beside the covariates, with its degrees of freedom."""
    between = data.size - data.s.shape[1] - data.freedom_within
    F = (data.square - data.within) / between / (data.within / data.freedom_within) if between else np.nan
    return F, float(between), float(data.freedom_within)


def _unseen(population: Population, n: FloatArray, mean_x: FloatArray) -> FloatArray:
    """Means of the covariates of the units not in the sample (M, p)."""
    rest = population.sizes - n
    known = np.isfinite(rest) & (rest > 0)
    share = np.divide(n, rest, out=np.zeros(len(n)), where=known)[:, None]
    return population.means + share * (population.means - mean_x)


def _check(data: UnitData, areas: int) -> None:
    p = data.s.shape[1]
    if areas < 2:
        raise EstimationError("A nested error model needs at least two areas with a sample.", found=f"{areas}")
    if data.freedom_within < 1:
        raise EstimationError(
            "Too few units within areas to tell the two variances apart.",
            found=f"{data.size} units in {areas} areas, {p} coefficients",
            fix="Use fay_herriot on direct estimates, or fewer covariates.",
        )
    if data.within <= 1e-14 * max(data.square, 1e-300):
        raise EstimationError("The covariates explain every unit within the areas exactly.", fix="Look at the outcome.")


def bootstrap(
    sample: UnitSample, population: Population, method: UnitMethod, replicates: int, rng: np.random.Generator
) -> FloatArray:
    """Parametric bootstrap of the squared error (M,), Gonzalez-Manteiga et al. (2008, Computational Statistics & Data Analysis 52)."""
    fit = solve(sample, population, method)
    finite = np.isfinite(population.sizes)
    rest = np.where(finite, population.sizes - fit.n, 1.0)
    f = fit.n / population.sizes
    total = np.zeros(len(fit.theta))
    level = sample.X @ fit.beta
    for _ in range(replicates):
        v = rng.normal(0.0, np.sqrt(fit.s2_v), len(fit.theta))
        e = rng.normal(0.0, np.sqrt(fit.s2_e), len(sample.y))
        again = solve(UnitSample(y=level + v[sample.area] + e, X=sample.X, area=sample.area), population, method)
        others = np.where(finite & (rest > 0), np.sqrt(fit.s2_e / np.maximum(rest, 1.0)), 0.0)
        mean_e = np.bincount(sample.area, weights=e, minlength=len(v)) / np.maximum(fit.n, 1.0)
        truth = fit.synthetic + v + f * mean_e + (1.0 - f) * others * rng.normal(size=len(v))
        total += (again.theta - truth) ** 2
    return total / replicates
