"""Averages of predictions and of their slopes over the sample, with everything that varies in them.

With mu_i(theta) the prediction for row i, some covariates set to other values, the average over a group g is
``A = sum_g w_i mu_i(theta) / sum_g w_i`` and the influence of a row

    z_i = 1(i in g) (mu_i - A) / sum_g w_j  +  G z_i(theta),      G = sum_g w_j dmu_j/dtheta / sum_g w_j

whose first part is the sampling of the covariates, the second that of the parameters (Graubard & Korn 1999, Biometrics 55,
652-659; both together as one total after Binder 1983). The first is left out where the covariates are taken as given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from survey_kit import checks
from survey_kit.errors import EstimationError
from survey_kit.estimate.adapter import Influence, from_influence
from survey_kit.estimate.covariances import Replicated, Variance
from survey_kit.estimate.estimates import Estimates, bind, combined
from survey_kit.estimate.intervals import KINDS, check_scale
from survey_kit.models.fit import ModelFit
from survey_kit.models.margins_population import Population
from survey_kit.models.margins_response import Response, linear, predictors_of
from survey_kit.types import FloatArray, Interval

Sample = Literal["random", "fixed"]
BLOCK = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What every row is set to, or what its prediction is differentiated by.

    Attributes
    ----------
    X : (c, p)
        Matrix.
    D : (c, p) or None
        Derivative of the matrix: then the slope of the prediction is averaged instead of the prediction.
    """

    X: FloatArray
    D: FloatArray | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Averaging:
    """A question about averages.

    Attributes
    ----------
    fit, response, population
        The model, what it predicts, and over whom.
    sample
        Whether the covariates are a sample or given.
    level, interval
        Of the limits.
    """

    fit: ModelFit
    response: Response
    population: Population
    sample: Sample
    level: float
    interval: Interval = "wald"


def averaged(
    ask: Averaging, scenarios: Sequence[Scenario], head: dict[str, list[Any]], statistic: str, notes: Sequence[str] = ()
) -> Estimates:
    """Average every scenario in every group: rows in the order group, scenario, level of the outcome.

    Parameters
    ----------
    ask
        The question.
    scenarios
        Q settings of the covariates.
    head
        Columns naming the scenarios, Q values each; those of the groups and the outcome are put beside them.
    statistic, notes
        As in `Estimates`.
    """
    checks.choice(ask.sample, "treatment of the sample", ("random", "fixed"), EstimationError)
    fit, over = ask.fit, ask.population
    w = fit.design.layout.weight
    V = np.concatenate([_values(ask, fit.theta, part) for part in scenarios])  # (Q L, c)
    shares, sums = over.shares(w)
    if not (sums > 0).all():
        raise EstimationError("The weights of a group do not add up to more than zero.", found=f"{sums.min():g}")
    A = (shares / sums).T @ V.T  # (size, Q L)
    G = np.concatenate([_gradients(ask, part, shares / sums) for part in scenarios], axis=1)  # (size, Q L, K)
    estimate = A.reshape(-1)
    n = np.bincount(over.code, minlength=over.size).astype(np.float64)
    named = _head(ask, len(scenarios), head)
    columns = {name: named[name] for name in named if name not in ("variable", "category")}
    if fit.design.replicates is not None:
        base, L = fit.params, G.reshape(len(estimate), -1)
        variance: Variance = _replicated(ask, scenarios, base, L, estimate)
    else:
        base, L = _with_rows(ask, V, A, n, sums, G)
        variance = base.variance.mapped(_sparse(L), estimate)
    out = combined(
        base, _sparse(L), estimate, {**columns, **{k: named[k] for k in ("variable", "category")}}, statistic, variance
    )
    out.table["n"] = np.repeat(n, V.shape[0]).astype(np.int64)
    out.table["weight_sum"] = np.repeat(sums, V.shape[0])
    return finished(out, ask.level, ask.interval, (*notes, *_notes(ask)))


def finished(est: Estimates, level: float, interval: Interval, notes: Sequence[str]) -> Estimates:
    """Give an estimate its limits and its sentences."""
    checks.choice(interval, "interval", tuple(KINDS), EstimationError)
    if interval != "wald":
        check_scale(interval, est.table["estimate"].to_numpy(dtype=np.float64))
    out = replace(est, interval=interval, notes=tuple(dict.fromkeys((*est.notes, *notes))))
    return out.confint(checks.level(level))


def _values(ask: Averaging, theta: FloatArray, part: Scenario) -> FloatArray:
    """Prediction or slope (L, c)."""
    e = linear(ask.fit, theta, part.X, ask.population.offset)
    if part.D is None:
        return ask.response.value(e)
    moving = predictors_of(ask.fit).at(theta, part.D, False)
    return np.asarray(np.einsum("ler,er->lr", ask.response.first(e), moving))


def _gradients(ask: Averaging, part: Scenario, shares: FloatArray) -> FloatArray:
    """Weighted sums (size, L, K) of the derivative of the values by the parameters, `shares` being (c, size)."""
    fit, kind, offset = ask.fit, predictors_of(ask.fit), ask.population.offset
    out = np.zeros((shares.shape[1], len(ask.response.labels), len(fit.theta)))
    for start in range(0, len(shares), BLOCK):
        at = slice(start, start + BLOCK)
        X, own = part.X[at], shares[at]
        e = linear(fit, fit.theta, X, None if offset is None else offset[at])
        J = ask.response.first(e)
        D = None if part.D is None else part.D[at]
        turned = J
        if D is not None:
            turned = np.einsum("lefr,fr->ler", ask.response.second(e), kind.at(fit.theta, D, False))
        for s in np.flatnonzero((own != 0).any(axis=0)).tolist():
            some = np.flatnonzero(own[:, s])
            share = own[some, s]
            out[s] += kind.pull(turned[..., some] * share, X[some], True)
            if D is not None:
                out[s] += kind.pull(J[..., some] * share, D[some], False)
    return out


def _with_rows(
    ask: Averaging, V: FloatArray, A: FloatArray, n: FloatArray, sums: FloatArray, G: FloatArray
) -> tuple[Estimates, FloatArray]:
    """Put the sampling of the covariates before the parameters: estimates, and the map that adds both parts."""
    fit, over = ask.fit, ask.population
    gradient = G.reshape(A.size, -1)
    if ask.sample == "fixed":
        return fit.params, gradient
    z = (V.T[over.cell] - A[over.code]) / sums[over.code, None]
    k = V.shape[0]
    rows = from_influence(
        fit.design,
        Influence(z=z, rows=over.rows, code=over.code, size=over.size),
        head={"variable": [fit.outcome] * A.size, "category": [None] * A.size},
        statistic="average",
        estimate=A.reshape(-1),
        n=np.repeat(n, k),
        weight_sum=np.repeat(sums, k),
        level=ask.level,
    )
    return bind(rows, fit.params), np.concatenate([np.eye(A.size), gradient], axis=1)


def _replicated(
    ask: Averaging, scenarios: Sequence[Scenario], base: Estimates, L: FloatArray, estimate: FloatArray
) -> Replicated:
    """Average again with the parameters, and unless the covariates are given the weights, of every replicate."""
    was, over = base.variance, ask.population
    if not isinstance(was, Replicated):
        raise EstimationError("The design has no replicate weights.")
    shares, sums = over.shares(ask.fit.design.layout.weight)
    again = []
    for theta, w in zip(was.theta_r, ask.fit.design.replicate_weights(), strict=True):
        if ask.sample == "random":
            shares, sums = over.shares(w)
        with np.errstate(invalid="ignore", divide="ignore"):
            part = np.where(sums != 0, shares / sums, np.nan)
        again.append(np.concatenate([part.T @ _values(ask, theta, one).T for one in scenarios], axis=1).reshape(-1))
    return replace(was, theta_r=np.stack(again), theta=estimate, units=was.units.mapped(_sparse(L), estimate))


def _head(ask: Averaging, scenarios: int, head: dict[str, list[Any]]) -> dict[str, list[Any]]:
    labels, over = list(ask.response.labels), ask.population
    out: dict[str, list[Any]] = {
        name: [value for value in values for _ in range(scenarios * len(labels))] for name, values in over.keys.items()
    }
    for name, values in head.items():
        out[name] = [value for value in values for _ in labels] * over.size
    out.setdefault("variable", [ask.fit.outcome] * (over.size * scenarios * len(labels)))
    out["category"] = labels * (over.size * scenarios)
    return out


def _sparse(L: FloatArray) -> Any:
    from scipy import sparse

    kept = np.ones_like(L, dtype=bool) if L.size < 1 else (L != 0) | ~(L != 0).any(axis=1)[:, None]
    row, column = np.nonzero(kept)
    return sparse.csr_array((L[row, column], (row, column)), shape=L.shape)


def _notes(ask: Averaging) -> tuple[str, ...]:
    out = [
        "averages over the sample's covariates as a sample of the population's: both parameters and covariates vary"
        if ask.sample == "random"
        else "averages over the sample's covariates as given: only the parameters vary"
    ]
    if ask.population.outside:
        out.append(f"{ask.population.outside} rows of the model are in no group: left out")
    return tuple(out)
