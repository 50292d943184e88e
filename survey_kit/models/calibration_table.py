"""Observed beside predicted: the calibration of a model, in its own sample and in another."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from survey_kit import checks, frames
from survey_kit.design import Design
from survey_kit.design.declared import check_design
from survey_kit.errors import EstimationError
from survey_kit.estimate.adapter import Influence, from_influence
from survey_kit.estimate.estimates import Estimates, bind
from survey_kit.models.fit import ModelFit
from survey_kit.models.margins_average import Averaging, Scenario, averaged
from survey_kit.models.margins_matrix import matrix
from survey_kit.models.margins_population import population
from survey_kit.models.margins_response import linear, response_of
from survey_kit.models.model import check_fit
from survey_kit.types import FloatArray, IntArray

LP = "linear_predictor_of_the_model"


def calibration_table(fit: ModelFit, *, groups: int = 10, level: float = 0.95) -> Estimates:
    r"""Observed and predicted means in groups of about equal weight, ordered by the prediction.

    Parameters
    ----------
    fit
        A model of one mean: not ordered or multinomial.
    groups
        How many groups; equal predictions stay together.
    level
        Confidence level.

    Returns
    -------
    Estimates
        For every ``group`` (1: the lowest predictions) the rows ``observed``, ``predicted`` and ``difference`` (observed less
        predicted). Groups are taken as given; predictions vary with the parameters, so that the difference has its own standard
        error and not the sum of two. What a calibration plot draws.

    Raises
    ------
    EstimationError
        If the model predicts more than one number, or there are fewer than two groups.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2, 1, 2], "y": [0, 1, 0, 1, 1, 0], "x": [1.0, 2, 3, 4, 5, 6]})
    >>> fit = sk.logit(sk.Design(frame, weight="w"), "y ~ x")
    >>> found = sk.calibration_table(fit, groups=2).table
    >>> found[["group", "statistic", "estimate"]].round(3).head(2).values.tolist()
    [[1, 'observed', 0.333], [2, 'observed', 0.667]]
    """
    code, size = grouped_predictions(fit, groups)
    everyone = replace(population(fit, None), code=code, size=size, keys={"group": list(range(1, size + 1))})
    ask = Averaging(
        fit=fit,
        response=response_of(fit, "response"),
        population=everyone,
        sample="random",
        level=checks.level(level),
    )
    predicted = averaged(ask, [Scenario(X=matrix(fit, everyone.frame))], {}, "predicted")
    observed = group_means(fit, fit.y, code, size, "observed", level)
    L = np.concatenate([np.eye(size), -np.eye(size)], axis=1)
    head = {name: observed.table[name].tolist() for name in ("group", "variable", "category")}
    apart = bind(observed, predicted).linear(L, head, statistic="difference")
    out = bind(observed, predicted, apart)
    note = f"{size} groups by the weighted distribution of the prediction, taken as given"
    return replace(out, notes=tuple(dict.fromkeys((*out.notes, note))))


def grouped_predictions(fit: ModelFit, groups: int) -> tuple[IntArray, int]:
    """Give every row (m,) the number of its group by its prediction, and how many groups there are.

    Raises
    ------
    EstimationError
        If the model predicts more than one number, or there are fewer than two groups.
    """
    check_fit(fit)
    if fit.model.family is None:
        raise EstimationError(
            "A calibration table is of one mean.",
            found=fit.family,
            fix="Fit a logit of one level, or look at fit_measures(fit).",
        )
    if isinstance(groups, bool) or not isinstance(groups, (int, np.integer)) or groups < 2:
        raise EstimationError("At least two groups are needed.", found=checks.shown(groups))
    eta = linear(fit, fit.theta, fit.X, fit.offset)[0]
    place = np.unique(np.round(eta / float(np.abs(eta).max(initial=1.0)), 12), return_inverse=True)[1]
    own = np.bincount(place, weights=fit.design.layout.weight[fit.rows])
    share = np.cumsum(own) / own.sum()
    number = np.clip(np.ceil(share * groups - 1e-9), 1, groups).astype(np.int64)
    used = np.unique(number)
    return np.searchsorted(used, number)[place].astype(np.int64), len(used)


def group_means(fit: ModelFit, v: FloatArray, code: IntArray, size: int, statistic: str, level: float) -> Estimates:
    """Weighted means of row values (m,) in groups of the rows of a fit, the values taken as data."""
    rows = fit.rows

    def means(w: FloatArray) -> tuple[FloatArray, FloatArray]:
        sums: FloatArray = np.bincount(code, weights=w[rows], minlength=size).astype(np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.bincount(code, weights=w[rows] * v, minlength=size) / sums, sums

    value, sums = means(fit.design.layout.weight)
    return from_influence(
        fit.design,
        Influence(z=((v - value[code]) / sums[code])[:, None], rows=rows, code=code, size=size),
        head={"group": list(range(1, size + 1)), "variable": [fit.outcome] * size, "category": [None] * size},
        statistic=statistic,
        estimate=value,
        n=np.bincount(code, minlength=size).astype(np.float64),
        weight_sum=sums,
        replicate=lambda w: means(w)[0],
        level=level,
    )


def calibration_slope(fit: ModelFit, design: Design, *, where: str | None = None, level: float = 0.95) -> Estimates:
    r"""Calibration of a model in a sample it was not fitted on.

    .. math:: g(\mu) = \alpha + \hat\eta \quad\text{(in the large)}, \qquad g(\mu) = \gamma + \beta \hat\eta

    with :math:`\hat\eta` the model's linear predictor: :math:`\alpha = 0` where predictions are right on average,
    :math:`\beta = 1` where they are spread rightly (below 1: overfitted).

    Parameters
    ----------
    fit
        A logit, probit, cloglog, Poisson or linear model.
    design
        Another sample with the same columns, such as the next wave.
    where
        Domain of it.
    level
        Confidence level.

    Returns
    -------
    Estimates
        Rows ``in the large`` and ``slope`` in ``statistic``. The model's parameters are taken as given: what is examined is this
        model.

    Raises
    ------
    EstimationError
        If the model predicts more than one number, has an offset, or the new sample lacks a covariate.

    Notes
    -----
    Cox (1958), Biometrika 45, 562-565; Steyerberg (2019), Clinical Prediction Models, chapter 15. In its own sample a logit,
    Poisson or linear model has 0 and 1 whatever its merits.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2, 1, 2], "y": [0, 1, 0, 1, 1, 0], "x": [1.0, 2, 3, 4, 5, 6]})
    >>> design = sk.Design(frame, weight="w")
    >>> sk.calibration_slope(sk.logit(design, "y ~ x"), design).table["estimate"].round(6).abs().tolist()
    [0.0, 1.0]
    """
    from survey_kit.models.problem import Question
    from survey_kit.models.wrapping import fit_model

    check_fit(fit)
    check_design(design)
    if fit.model.family is None or fit.problem.ask.offset is not None:
        raise EstimationError("Calibration is of a model of one mean without an offset.", found=fit.family)
    inside = np.flatnonzero(design.inside(where))
    X = fit.predict_matrix(frames.rows(design.frame, inside))
    eta = np.full(design.n, float("nan"))
    eta[inside] = fit.predictor(X)
    wider = replace(design, frame=frames.with_column(design.frame, LP, eta))
    kind: Any = fit.model.kind
    whole = f"{fit.outcome} ~ "

    def fitted(right: str, offset: str | None) -> Estimates:
        ask = Question(kind=kind, where=where, missing="error", offset=offset)
        return fit_model(wider, whole + right, fit.model, ask, level, observed=False).params

    large, spread = fitted("1", LP), fitted(LP, None)
    L = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    out = bind(large, spread).linear(L, {"variable": [fit.outcome] * 2, "category": [None] * 2})
    out.table["statistic"] = ["in the large", "slope"]
    return replace(out, notes=(*out.notes, f"calibration of {fit.formula}, its parameters taken as given"))
