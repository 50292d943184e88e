"""From a model and a design to a fit: coefficients wrapped as estimates, with what they rest on."""

from __future__ import annotations

import numpy as np

from survey_kit import checks
from survey_kit.design import Design
from survey_kit.design.threads import one_thread
from survey_kit.estimate.adapter import Influence, from_influence
from survey_kit.estimate.estimates import Estimates
from survey_kit.models import fitting
from survey_kit.models.fit import ModelFit
from survey_kit.models.fitting import Maximum
from survey_kit.models.model import Model
from survey_kit.models.problem import Problem, Question, prepare
from survey_kit.types import IntArray

EXACT = 1e-24  # mean squared residual beside the squared range of the outcome


@one_thread()
def fit_model(design: Design, formula: str, model: Model, ask: Question, level: float, *, observed: bool) -> ModelFit:
    """Fit a model and wrap its coefficients as estimates of the design."""
    checks.level(level)
    return fit_problem(design, formula, model, prepare(design, formula, ask), level, observed=observed)


@one_thread()
def restricted(fit: ModelFit, kept: IntArray) -> ModelFit:
    """Fit the same model with some of its columns only, on the same rows."""
    observed = fit.maximum.likelihood.information is None
    problem = fit.problem.keeping(kept)
    return fit_problem(fit.design, fit.formula, fit.model, problem, fit.params.level, observed=observed)


def fit_problem(
    design: Design, formula: str, model: Model, problem: Problem, level: float, *, observed: bool = False
) -> ModelFit:
    """Fit a model on arrays that are prepared already."""
    maximum = fitting.fit(model, problem, observed=observed)
    return ModelFit(
        design=design,
        formula=formula,
        model=model,
        params=_params(design, model, problem, maximum, level),
        problem=problem,
        maximum=maximum,
        **_likelihoods(model, problem, maximum),
    )


def _params(design: Design, model: Model, problem: Problem, maximum: Maximum, level: float) -> Estimates:
    K, m = len(maximum.theta), len(problem.rows)
    names, equations, kinds = model.parameters(problem.columns, problem.outcome.levels)
    slopes = len(problem.columns) - (0 if problem.thresholds else 1)
    whole = m == design.n
    linear = design.replicates is None
    z = fitting.influence(maximum, problem).T if linear else np.zeros((m, K))
    return from_influence(
        design,
        Influence(
            z=z,
            rows=None if whole else problem.rows,
            active_rows=None if len(problem.active) == m and whole else problem.active,
        ),
        head={"variable": names, "category": equations},
        statistic=kinds,
        estimate=maximum.theta,
        n=np.full(K, float(m)),
        weight_sum=np.full(K, problem.weight_sum),
        replicate=lambda w: fitting.refit(maximum, problem, w),
        df_less=float(max(slopes, 0)),
        level=level,
        notes=_notes(design, model, problem, maximum, slopes),
    )


def _notes(design: Design, model: Model, problem: Problem, maximum: Maximum, slopes: int) -> tuple[str, ...]:
    title = model.name if model.link in ("identity", model.name) else f"{model.name} ({model.link} link)"
    out = [
        f"{title}: weighted pseudo-maximum likelihood, weights of mean one",
        *problem.notes,
        f"degrees of freedom less {slopes} covariate columns",
    ]
    if model.kind == "number" and maximum.solution.loglik > -0.5 * EXACT * len(problem.rows):
        out.append(
            "the covariates tell the outcome exactly: what is left are rounding errors, and so are the standard errors"
        )
    differ = model.kind == "ordered" or (model.family is not None and model.family.expected is not None)
    if design.replicates is None and differ:
        kind = "expected" if maximum.likelihood.information is not None else "observed"
        out.insert(1, f"influence by the {kind} information")
    stage = design.layout.stages[0]
    unit = stage.unit_of_row[problem.active]
    present = np.flatnonzero(np.bincount(unit, minlength=stage.size))
    units, strata = len(present), len(np.unique(stage.stratum_of_unit[present]))
    if units - strata < len(maximum.theta):
        out.append(
            f"{units} units in {strata} strata for {len(maximum.theta)} parameters: the covariance matrix is singular; "
            "tests of many coefficients at once are not possible"
        )
    return tuple(out)


def _likelihoods(model: Model, problem: Problem, maximum: Maximum) -> dict[str, float]:
    """Log-likelihoods and deviances on the scale of the outcome."""
    data, family = problem.data, model.family
    full, null = maximum.solution.loglik, fitting.without_covariates(model, problem)
    if family is None:
        return {
            "loglik": full,
            "loglik_null": null,
            "deviance": -2.0 * full,
            "deviance_null": -2.0 * null,
        }
    saturated = float(data.w @ family.saturated(data.y))
    size = problem.y_scale**2
    deviance, deviance_null = 2.0 * size * (saturated - full), 2.0 * size * (saturated - null)
    n = len(problem.rows)
    if family.outcome == "number":
        loglik, loglik_null = (
            -0.5 * n * (float(np.log(2.0 * np.pi * d / n)) + 1.0) if d > 0 else float("inf")
            for d in (deviance, deviance_null)
        )
    else:
        constant = 0.0 if family.constant is None else float(data.w @ family.constant(data.y))
        loglik, loglik_null = full + constant, null + constant
    return {
        "loglik": loglik,
        "loglik_null": loglik_null,
        "deviance": deviance,
        "deviance_null": deviance_null,
    }
