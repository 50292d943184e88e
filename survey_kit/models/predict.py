"""Predictions as estimates: a smooth function of the parameters at given covariates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from survey_kit import frames
from survey_kit.errors import EstimationError
from survey_kit.estimate.covariances import Replicated
from survey_kit.estimate.estimates import Estimates, combined
from survey_kit.models.columns import of_frame
from survey_kit.models.fit import ModelFit
from survey_kit.models.margins_average import finished
from survey_kit.models.margins_matrix import matrix
from survey_kit.models.margins_population import (
    categorical,
    covariates,
    free_name,
    grid,
    plain,
    population,
    with_values,
)
from survey_kit.models.margins_response import Response, Scale, linear, predictors_of, response_of
from survey_kit.models.model import check_fit
from survey_kit.types import FloatArray, Frame, Interval

MOST_ROWS = 20_000
Bases = tuple[Any, Any]


def predictions(
    fit: ModelFit,
    at: Frame | Mapping[str, Any] | None = None,
    *,
    scale: Scale = "response",
    offset: float | Sequence[float] | None = None,
    interval: Interval = "wald",
    level: float = 0.95,
) -> Estimates:
    r"""Predict the mean, or the probability of every level, with standard errors.

    .. math:: \hat\mu(x) = \mu(x; \hat\theta), \qquad
              V = \frac{\partial\mu}{\partial\theta'} V(\hat\theta) \frac{\partial\mu'}{\partial\theta}

    Parameters
    ----------
    fit
        A model.
    at
        A frame of new data with the covariates of the model; a dict of values, one or several each,
        ``{"age": [20, 40], "sex": "f"}``, whose combinations are predicted, the covariates it leaves out at their weighted mean
        or their most common category (which the notes name); None: the rows the model was fitted on.
    scale
        ``"response"``, or ``"link"`` for the linear predictor (of an ordered model the logit, or the like, of being at most at
        each level).
    offset
        Offset of the rows of `at`, for a model that has one.
    interval, level
        Limits; ``"logit"`` keeps those of a probability inside 0 and 1, ``"log"`` those of a rate above 0.

    Returns
    -------
    Estimates
        One row per row of `at` and level of an ordered or multinomial outcome (``category``). The covariates are keys; rows of a
        frame are told apart by the key ``row``.

    Raises
    ------
    EstimationError
        If the new data lack a column, a value is missing, or a category was not there when the model was fitted.

    Notes
    -----
    The uncertainty of the mean at x, not of one answer there. Derivatives are analytic; with replicates the prediction is made in
    each of them. Matches R ``predict(svyglm, se.fit = TRUE)``.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2, 1, 2], "y": [0, 1, 0, 1, 1, 0], "x": [1.0, 2, 3, 4, 5, 6]})
    >>> fit = sk.logit(sk.Design(frame, weight="w"), "y ~ x")
    >>> sk.predictions(fit, {"x": [1, 6]}, interval="logit").table[["x", "estimate", "se"]].round(3).values.tolist()
    [[1, 0.689, 0.387], [6, 0.435, 0.378]]
    """
    check_fit(fit)
    response = response_of(fit, scale)
    notes: list[str] = []
    if at is None:
        X, shift = fit.X, fit.offset
        head: dict[str, list[Any]] = {"row": (fit.rows + 1).tolist()}
    else:
        if isinstance(at, Mapping):
            frame, head, notes = _of_dict(fit, at)
            X = matrix(fit, frame)
        else:
            X, head = fit.predict_matrix(at), _shown(fit, at)
        shift = _offset(fit, offset, len(X))
    if len(X) * len(response.labels) > MOST_ROWS:
        raise EstimationError(
            "So many predictions with standard errors would be very large.",
            found=f"{len(X)} rows",
            fix="Predict at fewer rows, or take fit.fitted(fit.X) for the numbers alone.",
        )
    return predicted(fit, X, shift, head, response, "prediction", interval=interval, level=level, notes=notes)


def predicted(  # one part of the result each
    fit: ModelFit,
    X: FloatArray,
    offset: FloatArray | None,
    head: Mapping[str, Sequence[Any]],
    response: Response,
    statistic: str,
    *,
    bases: Bases | None = None,
    interval: Interval = "wald",
    level: float = 0.95,
    notes: Sequence[str] = (),
) -> Estimates:
    """Predict for the rows of a matrix (r, p): rows of the result in the order row, level of the outcome."""
    from scipy import sparse

    kind, r, labels = predictors_of(fit), len(X), response.labels
    e = linear(fit, fit.theta, X, offset)
    J = np.moveaxis(response.first(e), 2, 0)  # (r, L, E)
    G = np.stack([kind.pull(J[i][..., None], X[i : i + 1], True) for i in range(r)]) if r else np.zeros((0, 1, 1))
    estimate = response.value(e).T.reshape(-1)
    L = sparse.csr_array(G.reshape(len(estimate), len(fit.theta)))
    variance = fit.params.variance.mapped(L, estimate)
    was = fit.params.variance
    if isinstance(was, Replicated) and isinstance(variance, Replicated):
        again = [response.value(linear(fit, theta, X, offset)).T.reshape(-1) for theta in was.theta_r]
        variance = replace(variance, theta_r=np.stack(again))
    named = {name: [value for value in values for _ in labels] for name, values in head.items()}
    named |= {"variable": [fit.outcome] * len(estimate), "category": list(labels) * r}
    out = combined(fit.params, L, estimate, named, statistic, variance)
    n, sums = (np.full(r, fit.n), np.full(r, fit.weight_sum)) if bases is None else bases
    out.table["n"], out.table["weight_sum"] = np.repeat(n, len(labels)).astype(np.int64), np.repeat(sums, len(labels))
    return finished(out, level, interval, notes)


def _of_dict(fit: ModelFit, at: Mapping[str, Any]) -> tuple[Any, dict[str, list[Any]], list[str]]:
    """Frame of all combinations, the covariates not named held at something typical."""
    everyone = population(fit, None)
    own = everyone.shares(fit.design.layout.weight)[0][:, 0]
    typical: dict[str, Any] = {}
    held = []
    for name in covariates(fit):
        if name in at:
            continue
        column = everyone.frame[name]
        if not categorical(fit, name):
            typical[name] = float(own @ column.to_numpy(dtype=np.float64) / own.sum())
            held.append(f"{name} = {typical[name]:.6g} (mean)")
            continue
        codes = column.cat.codes.to_numpy() if fit.problem.kinds[name] != "number" else None
        values, codes = (
            (list(column.cat.categories), codes) if codes is not None else np.unique(column, return_inverse=True)
        )
        found = values[int(np.argmax(np.bincount(codes, weights=own)))]
        typical[name] = plain(found) if fit.problem.kinds[name] == "number" else found
        held.append(f"{name} = {typical[name]} (most common)")
    settings = grid(fit, at, {})
    frame = everyone.frame.iloc[np.zeros(1, dtype=np.int64)].reset_index(drop=True)
    made = [with_values(fit, frame, typical | setting) for setting in settings]
    import pandas as pd

    head = {name: [setting[name] for setting in settings] for name in settings[0]}
    return pd.concat(made, ignore_index=True), head, [f"held: {', '.join(held)}"] if held else []


def _shown(fit: ModelFit, frame: Frame) -> dict[str, list[Any]]:
    """Covariates of new data as keys, and the row where they do not tell rows apart."""
    source, names = of_frame(frame), covariates(fit)
    head: dict[str, list[Any]] = {"row": list(range(1, frames.row_count(frame) + 1))}
    for name in names:
        free_name(name)
        if source.numeric(name):
            head[name] = [plain(value) for value in source.numbers(name).values]
        else:
            groups = source.groups(name)
            head[name] = [groups.levels[int(code)][0] for code in groups.codes]
    return head


def _offset(fit: ModelFit, offset: float | Sequence[float] | None, size: int) -> FloatArray | None:
    name = fit.problem.ask.offset
    if name is None:
        if offset is not None:
            raise EstimationError("The model has no offset.", fix="Leave offset= out.")
        return None
    if offset is None:
        raise EstimationError(
            f"The model has the offset '{name}', so predictions at new rows need one.",
            fix="Give offset=0 for a rate per unit, or one value per row.",
        )
    try:
        return np.broadcast_to(np.asarray(offset, dtype=np.float64), (size,)).copy()
    except ValueError:
        raise EstimationError(
            "The offsets do not fit the rows.", found=f"{np.size(offset)} for {size} rows", fix="Give one per row."
        ) from None
