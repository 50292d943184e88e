"""Maximising a weighted log-likelihood by Newton's method, in blocks of rows, to full precision."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from survey_kit.models.likelihood import Likelihood, Rows, Sums
from survey_kit.types import FloatArray

MOST_PASSES = 30
MOST_HALVINGS = 40
ROUNDING = (
    1e6  # nearly collinear columns leave a gain of rounding errors, which does not fall; an infinite maximum's does
)
SETTLED = 1e-10  # of a naive standard error times the root of the weights' sum: the curvature is then exact to 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """Where a likelihood ended.

    Attributes
    ----------
    theta : (K,)
    loglik
        At theta.
    curvature : (K, K)
        Minus the second derivative at theta, of weights with mean one.
    step : (K,)
        The last Newton step.
    passes
        How often the rows were read.
    settled, doubtful
        Whether theta is the maximum; whether that was taken from gains that no longer fell, as rounding errors do not.
    """

    theta: FloatArray
    loglik: float
    curvature: FloatArray
    step: FloatArray
    passes: int
    settled: bool
    doubtful: bool = False


def sums(likelihood: Likelihood, rows: Rows, theta: FloatArray) -> Sums:
    """Add the log-likelihood, its score and its curvature over the blocks, always in the same order."""
    loglik, score, curvature = 0.0, np.zeros(likelihood.size), np.zeros((likelihood.size, likelihood.size))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for at in rows.blocks():
            offset = None if rows.offset is None else rows.offset[at]
            part = likelihood.sums(theta, rows.X[:, at], rows.y[at], rows.w[at], offset)
            loglik += part[0]
            score += part[1]
            curvature += part[2]
    return loglik, score, curvature


def information(likelihood: Likelihood, rows: Rows, solution: Solution) -> FloatArray:
    """Give what the variance rests on: the expected curvature where the model says so, else the observed one."""
    if likelihood.information is None:
        return solution.curvature
    out = np.zeros((likelihood.size, likelihood.size))
    for at in rows.blocks():
        offset = None if rows.offset is None else rows.offset[at]
        out += likelihood.information(solution.theta, rows.X[:, at], rows.y[at], rows.w[at], offset)
    return out


def maximise(likelihood: Likelihood, rows: Rows, start: FloatArray) -> Solution:
    """Take Newton steps, halved while the likelihood falls, until a step is nothing beside a standard error.

    All likelihoods here are concave (Wedderburn 1976; Pratt 1981), so a maximum that is reached is the only one, and a
    likelihood that goes on rising has its maximum at infinity: the outcome is separated.
    """
    theta = start
    at = sums(likelihood, rows, theta)
    enough = SETTLED**2 * float(np.abs(rows.w).sum())
    step, before = np.zeros_like(theta), np.inf
    passes = 1
    while passes < MOST_PASSES:
        move = newton_step(at[2], at[1])
        if move is None or not np.isfinite(at[0]):
            break
        step, gain = move, float(at[1] @ move)
        noise = ROUNDING * enough >= gain > 0.5 * before
        if gain <= enough or noise:
            return replace(_solution(theta + step, at, step, passes, settled=True), doubtful=gain > enough)
        found = _uphill(likelihood, rows, theta, at, step)
        if found is None:
            break
        theta, at, used = found
        passes, before = passes + used, gain
    return _solution(theta, at, step, passes, settled=False)


def _solution(theta: FloatArray, at: Sums, step: FloatArray, passes: int, settled: bool) -> Solution:
    return Solution(theta=theta, loglik=at[0], curvature=at[2], step=step, passes=passes, settled=settled)


def _uphill(
    likelihood: Likelihood, rows: Rows, theta: FloatArray, at: Sums, step: FloatArray
) -> tuple[FloatArray, Sums, int] | None:
    """Go along the step, or half of it, or a quarter ..., to where the likelihood is not lower."""
    slack = 1e-10 * abs(at[0])
    for halving in range(MOST_HALVINGS):
        there = theta + step * 0.5**halving
        value = sums(likelihood, rows, there)
        if np.isfinite(value[0]) and value[0] >= at[0] - slack and np.isfinite(value[2]).all():
            return there, value, halving + 1
    return None


def newton_step(curvature: FloatArray, score: FloatArray) -> FloatArray | None:
    """Solve for the step by Cholesky after levelling the diagonal; None where the curvature is not positive definite."""
    inverse = positive_inverse(curvature)
    return None if inverse is None else inverse @ score


def positive_inverse(matrix: FloatArray, least: float = 0.0) -> FloatArray | None:
    """Inverse of a positive definite matrix, levelled first so that scale does not matter; None if it is not one.

    Parameters
    ----------
    matrix : (K, K)
        Symmetric.
    least
        The smallest share of a diagonal element that the rows before it may leave; below it the matrix counts as singular.

    Examples
    --------
    >>> positive_inverse(np.array([[4.0, 0.0], [0.0, 1e-12]])).diagonal().tolist()
    [0.25, 1000000000000.0]
    """
    size = np.diag(matrix)
    if not (np.isfinite(matrix).all() and (size > 0).all()):
        return None
    level = 1.0 / np.sqrt(size)
    try:
        root = np.linalg.cholesky(matrix * level[:, None] * level)
    except np.linalg.LinAlgError:
        return None
    if (np.diag(root) ** 2).min(initial=1.0) < least:
        return None
    half = np.linalg.solve(root, np.diag(level))
    return np.asarray(half.T @ half)
