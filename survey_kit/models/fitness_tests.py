"""Tests of a model as a whole: mean residuals by predicted value, and parallel lines of an ordered model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from survey_kit import checks
from survey_kit.errors import EstimationError
from survey_kit.estimate.estimates import bind
from survey_kit.estimate.hypothesis import TestResult, joint_df, joint_test, make_result
from survey_kit.estimate.hypothesis_tails import f_tail
from survey_kit.models import model as models
from survey_kit.models.calibration_table import group_means, grouped_predictions
from survey_kit.models.fit import ModelFit
from survey_kit.models.margins_response import linear, response_of
from survey_kit.models.model import Model, check_fit
from survey_kit.models.outcome import Outcome
from survey_kit.models.problem import Problem
from survey_kit.models.wrapping import fit_problem

BINARY: dict[
    str, tuple[Model, bool]
] = {  # the binary model of each ordered one, and whether its event is the upper part
    "logit": (models.LOGIT, True),
    "probit": (models.PROBIT, True),
    "cloglog": (models.CLOGLOG, False),
    "loglog": (models.CLOGLOG, True),
}


def residual_test(fit: ModelFit, *, groups: int = 10) -> TestResult:
    r"""Test that mean residuals are zero in every group of the predicted value.

    .. math:: W = \hat M' \hat V(\hat M)^{-1} \hat M, \qquad F = \frac{f - g + 2}{f g} W \sim F(g - 1, f - g + 2)

    with :math:`\hat M` the g mean residuals, f units minus strata.

    Parameters
    ----------
    fit
        A model of a binary outcome or another single mean.
    groups
        How many groups of about equal weight.

    Returns
    -------
    TestResult
        A small p speaks against the model; with few units the test sees little. ``estimates`` are the mean residuals.

    Raises
    ------
    EstimationError
        If the model predicts more than one number, or there are more groups than degrees of freedom.

    Notes
    -----
    Archer, Lemeshow & Hosmer (2007), Computational Statistics & Data Analysis 51, 4450-4464: residuals are taken as data.

    Examples
    --------
    >>> import numpy as np, pandas as pd, survey_kit as sk
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame({"w": 1.0, "x": rng.normal(size=200)})
    >>> frame["y"] = (rng.random(200) < 1 / (1 + np.exp(-frame["x"]))).astype(int)
    >>> found = sk.residual_test(sk.logit(sk.Design(frame, weight="w"), "y ~ x"), groups=5)
    >>> int(found.df1), int(found.df2), found.p > 0.05
    (4, 196, True)
    """
    code, size = grouped_predictions(fit, groups)
    mu = response_of(fit, "response").value(linear(fit, fit.theta, fit.X, fit.offset))[0]
    means = group_means(fit, fit.y - mu, code, size, "mean residual", fit.params.level)
    rows = np.arange(size)
    f = joint_df(means, rows)
    if not f - size + 2 > 0:
        raise EstimationError(
            "There are more groups than the units can tell apart.",
            found=f"{size} groups, {f:g} degrees of freedom",
            fix=f"Use groups={max(int(f), 2)} or fewer.",
        )
    M = means.table["estimate"].to_numpy(dtype=np.float64)
    (W, q, _, _, status), notes = joint_test(M, means.vcov(), f, "chisq")
    F = W * (f - size + 2) / (f * size)
    p = f_tail(F, size - 1, f - size + 2) if status == "ok" else float("nan")
    if q < size and status == "ok":
        notes = [*notes, "the covariance of the mean residuals is singular: its generalised inverse stands"]
    return make_result(
        rows=[(F, float(size - 1), f - size + 2, p, float(fit.n), status)],
        head={},
        name="F",
        method="Mean residuals by predicted value (Archer-Lemeshow)",
        estimates=means,
        notes=[*notes, f"{size} groups by the weighted distribution of the prediction"],
    )


def parallel_lines(fit: ModelFit, *, method: str = "adjusted") -> TestResult:
    r"""Test the one assumption of an ordered model: the same coefficients at every threshold.

    The binary models of ``y > k`` are fitted for every k; their coefficients, jointly linearised, are compared:
    :math:`\beta_1 = \dots = \beta_q`.

    Parameters
    ----------
    fit
        An ordered model.
    method
        As in :func:`survey_kit.wald_test`.

    Returns
    -------
    TestResult
        One row for each term of the formula and one, ``(all)``, for them together. ``estimates`` are the coefficients of the
        binary models, the key ``split`` naming them.

    Raises
    ------
    EstimationError
        If the model is not ordered, has two levels only, or one of the binary models has no finite fit.

    Notes
    -----
    Brant (1990), Biometrics 46, 1171-1178, with the design's covariance in place of the model's.

    Examples
    --------
    >>> import numpy as np, pandas as pd, survey_kit as sk
    >>> rng = np.random.default_rng(3)
    >>> frame = pd.DataFrame({"w": 1.0, "x": rng.normal(size=300)})
    >>> frame["y"] = np.digitize(frame["x"] + rng.logistic(size=300), [-1, 1])
    >>> found = sk.parallel_lines(sk.ordered(sk.Design(frame, weight="w"), "y ~ x")).table
    >>> found["term"].tolist(), bool((found["p"] > 0.05).all())
    (['x', '(all)'], True)
    """
    check_fit(fit)
    checks.choice(method, "kind of Wald test", ("adjusted", "wald", "chisq"), EstimationError)
    if fit.model.kind != "ordered" or len(fit.levels) < 3:
        raise EstimationError(
            "Parallel lines are assumed by an ordered model of three levels or more.",
            found=f"{fit.family}, {len(fit.levels)} levels",
        )
    model, upper = BINARY[fit.link]
    splits = [_split(fit.problem, k, upper=upper) for k in range(len(fit.levels) - 1)]
    fits = [fit_problem(fit.design, fit.formula, model, problem, fit.params.level) for problem in splits]
    parts = []
    for k, one in enumerate(fits):
        size = len(one.theta)
        head = {
            "split": [f"{fit.levels[k]}|{fit.levels[k + 1]}"] * size,
            "variable": one.params.table["variable"].tolist(),
            "category": [None] * size,
        }
        sign = np.ones(size) if upper else -np.ones(size)
        parts.append(one.params.linear(np.diag(sign), head, statistic="coefficient"))
    together = bind(*parts)
    size, q = len(fit.columns) + 1, len(fits)
    rows = []
    terms = {**fit.terms, "(all)": slice(0, len(fit.columns))}
    notes: list[str] = []
    for name, columns in terms.items():
        at = np.arange(len(fit.columns))[columns] + 1
        L = np.zeros(((q - 1) * len(at), q * size))
        for k in range(q - 1):
            for i, j in enumerate(at.tolist()):
                L[k * len(at) + i, j], L[k * len(at) + i, (k + 1) * size + j] = -1.0, 1.0
        found = together.linear(L)
        theta = found.table["estimate"].to_numpy(dtype=np.float64)
        row, said = joint_test(theta, found.vcov(), joint_df(found, np.arange(len(theta))), method)
        rows.append((*row[:4], float(fit.n), row[4]))
        notes += [f"{name}: {note}" for note in said]
    return make_result(
        rows=rows,
        head={"term": list(terms)},
        name="chi2" if method == "chisq" else "F",
        method="Wald test of parallel lines (Brant)",
        estimates=together,
        notes=notes,
    )


def _split(problem: Problem, k: int, *, upper: bool) -> Problem:
    """Make the binary problem of the rows above level k (or up to it) with an intercept where the thresholds were."""
    data = problem.data
    centre, scale = data.basis
    y = (data.y > k) if upper else (data.y <= k)
    name = f"{problem.outcome.name} beyond level {k + 1}"
    rows = replace(
        data,
        X=np.concatenate([np.ones((1, data.X.shape[1])), data.X]),
        y=y.astype(np.float64),
        basis=(np.concatenate([[0.0], centre]), np.concatenate([[1.0], scale])),
    )
    terms = {"Intercept": slice(0, 1)} | {term: slice(at.start + 1, at.stop + 1) for term, at in problem.terms.items()}
    return replace(
        problem,
        outcome=Outcome(name=name, y=y.astype(np.float64)),
        columns=("Intercept", *problem.columns),
        terms=terms,
        intercept=0,
        thresholds=False,
        data=rows,
    )
