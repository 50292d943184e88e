"""Fitting: maximise, find out why when there is no maximum, and turn scores into influence."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from survey_kit import checks
from survey_kit.errors import EstimationError
from survey_kit.models import collinear, separation
from survey_kit.models.likelihood import Likelihood, Rows
from survey_kit.models.model import Model
from survey_kit.models.newton import Solution, information, maximise, positive_inverse
from survey_kit.models.patterns import small_whole
from survey_kit.models.problem import Problem
from survey_kit.types import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Maximum:
    """A fitted likelihood.

    Attributes
    ----------
    likelihood
        What was maximised.
    solution
        Where, in the centred and scaled columns.
    theta : (K,)
        The same in the columns as the formula has them.
    inverse : (K, K)
        Inverse information of weights with mean one, in the centred and scaled columns.
    A : (K, K)
        ``theta = y_scale A solution.theta`` but for the centre of the outcome.
    """

    __repr__ = checks.brief

    likelihood: Likelihood
    solution: Solution
    theta: FloatArray
    inverse: FloatArray
    A: FloatArray

    @property
    def naive_cov(self) -> FloatArray:
        """Inverse information (K, K) in the columns as the formula has them, of weights with mean one."""
        return self.A @ self.inverse @ self.A.T


def fit(model: Model, problem: Problem, *, observed: bool = False) -> Maximum:
    """Maximise the weighted likelihood.

    Parameters
    ----------
    model, problem
        What to fit on what.
    observed
        Let the variance rest on the observed information where the model would take the expected one.

    Raises
    ------
    EstimationError
        If columns are collinear, the outcome is separated, or the weights leave no maximum.
    """
    data = problem.data
    collinear.check(data, problem.columns, problem.intercept, thresholds=problem.thresholds)
    likelihood = model.likelihood(len(problem.outcome.levels), len(problem.columns))
    if observed:
        likelihood = replace(likelihood, information=None)
    solution = maximise(likelihood, data, likelihood.start(data.X, data.y, data.w, problem.intercept))
    if not solution.settled:
        _explain(likelihood, problem, data, solution)
    if solution.doubtful:
        separation.refuse(likelihood, problem, data)
    inverse = positive_inverse(information(likelihood, data, solution))
    if inverse is None:
        _explain(likelihood, problem, data, solution)
    A = likelihood.restore(data.basis, problem.intercept)
    return Maximum(
        likelihood=likelihood,
        solution=solution,
        theta=restored(problem, A, solution.theta),
        inverse=np.zeros_like(A) if inverse is None else inverse,
        A=A,
    )


def restored(problem: Problem, A: FloatArray, theta: FloatArray) -> FloatArray:
    """Give the parameters of the columns as the formula has them."""
    out = problem.y_scale * (A @ theta)
    if problem.intercept is not None:
        out[problem.intercept] += problem.y_centre
    return out


def _explain(likelihood: Likelihood, problem: Problem, rows: Rows, solution: Solution) -> None:
    negative = int((rows.w < 0).sum())
    if not negative:
        separation.refuse(likelihood, problem, rows)
    raise EstimationError(
        f"The model of '{problem.outcome.name}' has no maximum that could be reached.",
        where=problem.parsed.text,
        found=f"{solution.passes} passes over the rows" + (f"; {negative} negative weights" if negative else ""),
        fix="Use weights that are not negative (calibrate with distance='raking')."
        if negative
        else "Look for covariates with extreme values, or leave some out.",
    )


def refit(maximum: Maximum, problem: Problem, w: FloatArray) -> FloatArray:
    """Give the parameters (K,) under other weights (n,) of the design's rows, starting from the fit.

    Raises
    ------
    EstimationError
        If the model has no finite fit under these weights.
    """
    solution = maximise(maximum.likelihood, problem.weighted(w), maximum.solution.theta)
    if not solution.settled:
        raise EstimationError(
            f"The model of '{problem.outcome.name}' has no finite fit under a set of replicate weights.",
            where=problem.parsed.text,
            found="a category or an outcome has too few rows left in that replicate",
            fix="Join categories, or use a design with strata and PSUs.",
        )
    return restored(problem, maximum.A, solution.theta)


def influence(maximum: Maximum, problem: Problem) -> FloatArray:
    """Influence of the rows used on the parameters (K, m), per unit of the design's weight.

    ``z_i = I^-1 dl_i / dtheta / mean weight`` with I the information of weights of mean one (Binder 1983, eq. 3.4).
    """
    data, theta = problem.data, maximum.solution.theta
    bread = (problem.y_scale / problem.mean_weight) * (maximum.A @ maximum.inverse)
    out = np.empty((len(theta), len(data.y)))
    for at in data.blocks():
        offset = None if data.offset is None else data.offset[at]
        np.matmul(bread, maximum.likelihood.scores(theta, data.X[:, at], data.y[at], offset), out=out[:, at])
    return out if data.cell is None else out[:, data.cell]


def without_covariates(model: Model, problem: Problem) -> float:
    """Log-likelihood (as `Solution.loglik`) of the intercept or the thresholds alone."""
    columns = 0 if problem.thresholds else 1
    likelihood = model.likelihood(len(problem.outcome.levels), columns)
    y, w, offset = problem.data.y, problem.data.w, problem.data.offset
    if offset is None and model.kind != "number" and (small := small_whole(y)) is not None:
        w = np.bincount(small, weights=w).astype(np.float64)
        y = np.arange(len(w), dtype=np.float64)
        y, w = y[w != 0], w[w != 0]
    basis = np.zeros(columns), np.ones(columns)
    rows = replace(problem.data, X=np.ones((columns, len(y))), y=y, w=w, cell=None, basis=basis)
    start = likelihood.start(rows.X, rows.y, rows.w, None if problem.thresholds else 0)
    return maximise(likelihood, rows, start).loglik


def pearson(model: Model, maximum: Maximum, problem: Problem) -> float:
    """Sum of ``w (y - mu)^2 / V(mu)`` of a generalised linear model, weights of mean one."""
    family, data = model.family, problem.data
    if family is None:
        return float("nan")
    total = 0.0
    for at in data.blocks():
        offset = None if data.offset is None else data.offset[at]
        mu = maximum.likelihood.fitted(maximum.solution.theta, data.X[:, at], offset)[0]
        with np.errstate(divide="ignore", invalid="ignore"):
            total += float(data.w[at] @ ((data.y[at] - mu) ** 2 / family.spread(mu)))
    return total * problem.y_scale**2
