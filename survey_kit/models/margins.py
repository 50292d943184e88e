"""Adjusted means: what a model predicts for a population in which everybody had one value of a covariate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from survey_kit import checks
from survey_kit.errors import EstimationError
from survey_kit.estimate.estimates import Estimates
from survey_kit.models.fit import ModelFit
from survey_kit.models.margins_average import Averaging, Sample, Scenario, averaged
from survey_kit.models.margins_matrix import matrix
from survey_kit.models.margins_population import (
    Population,
    categorical,
    covariates,
    free_name,
    grid,
    held,
    known_covariate,
    levels_of,
    population,
    with_values,
)
from survey_kit.models.margins_response import Scale, response_of
from survey_kit.models.predict import predicted
from survey_kit.types import FloatArray, Interval

Kind = Literal["average", "conditional"]
Factors = Literal["shares", "equal"]


def adjusted_means(  # every one is a choice the reader must see
    fit: ModelFit,
    by: str | Sequence[str] | None = None,
    *,
    over: str | Sequence[str] | None = None,
    at: Mapping[str, Any] | None = None,
    kind: Kind = "average",
    factors: Factors = "shares",
    sample: Sample = "random",
    scale: Scale = "response",
    interval: Interval = "wald",
    level: float = 0.95,
) -> Estimates:
    r"""Means adjusted for the covariates of a model: predictive margins.

    .. math:: \hat A_v = \frac{\sum_i w_i \mu(x_i \text{ with } v; \hat\theta)}{\sum_i w_i}

    the weighted average of the predictions when everybody has the value v of `by` and keeps everything else.

    Parameters
    ----------
    fit
        A model.
    by
        Covariate or covariates of the model whose values are compared; every combination is one row. None: everybody as
        observed, or as `at` says.
    over
        Columns of the design: groups over whose own members the averages are taken. They need not be in the model.
    at
        Other covariates held at a value for everybody, ``{"age": 40}`` or ``{"age": [20, 40, 60]}``; for a covariate of `by`
        the values wanted.
    kind
        ``"average"`` as above: standardised to the covariates of the sample. ``"conditional"``: the prediction for one person
        with the weighted mean of every numeric covariate, the linear predictor averaged over the categories of the others;
        not the mean of any population unless the link is the identity.
    factors
        How ``"conditional"`` averages over categories: by their ``"shares"`` in the sample, or ``"equal"`` as in a balanced
        experiment (Searle, Speed & Milliken 1980; the default of R emmeans).
    sample
        ``"random"``: the covariates are a sample too, and their sampling is part of the standard error, as it must be for a
        mean of the population (Stata ``vce(unconditional)``); ``"fixed"``: only the parameters vary. ``"conditional"``
        means are always of fixed covariates.
    scale
        ``"response"``, or the linear predictor: ``"link"``.
    interval, level
        Limits; ``"logit"`` keeps those of a probability inside 0 and 1.

    Returns
    -------
    Estimates
        One row per group, combination of values, and level of an ordered or multinomial outcome (``category``). `by`, `at` and
        `over` are keys, so that ``adjusted_means(fit, "wave").change("wave")`` is the adjusted change, with the covariance
        between waves through parameters, covariates and units they share.

    Raises
    ------
    EstimationError
        If the model has no such covariate, or a category was not there when it was fitted.

    Notes
    -----
    Graubard & Korn (1999), Biometrics 55, 652-659. R ``svypredmeans`` adds the variances of the two parts and leaves out their
    covariance; here both are one total. With replicates the model is fitted and averaged again under every set of weights.
    Degrees of freedom are those of the model.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2, 1, 2], "y": [1.0, 2, 2, 4, 3, 3], "x": [1.0, 2, 3, 4, 5, 6], "g": list("ababab")})
    >>> fit = sk.ols(sk.Design(frame, weight="w"), "y ~ g + x")
    >>> sk.adjusted_means(fit, "g").table[["g", "estimate", "se"]].round(3).values.tolist()
    [['a', 2.222, 0.323], ['b', 2.889, 0.498]]
    """
    checks.choice(kind, "kind of adjusted mean", ("average", "conditional"), EstimationError)
    checks.choice(factors, "treatment of categories", ("shares", "equal"), EstimationError)
    everyone = population(fit, over)
    settings = _settings(fit, by, at, everyone)
    if kind == "conditional":
        X, offset, head = _typical(fit, everyone, settings, factors)
        how = "by their shares in the sample" if factors == "shares" else "equally"
        note = f"conditional on the means of numeric covariates, categories weighted {how}: only the parameters vary"
        n, sums = np.bincount(everyone.code, minlength=everyone.size), everyone.shares(fit.design.layout.weight)[1]
        bases = np.repeat(n, len(settings)), np.repeat(sums, len(settings))
        return predicted(
            fit,
            X,
            offset,
            head,
            response_of(fit, scale),
            "adjusted mean",
            bases=bases,
            interval=interval,
            level=level,
            notes=[note],
        )
    ask = Averaging(
        fit=fit,
        response=response_of(fit, scale),
        population=everyone,
        sample=sample,
        level=checks.level(level),
        interval=interval,
    )
    scenarios = [Scenario(X=matrix(fit, with_values(fit, everyone.frame, setting))) for setting in settings]
    head = {name: [setting[name] for setting in settings] for name in settings[0]}
    return averaged(ask, scenarios, head, "adjusted mean")


def _settings(
    fit: ModelFit, by: str | Sequence[str] | None, at: Mapping[str, Any] | None, everyone: Population
) -> list[dict[str, Any]]:
    """Every combination of values that is asked for."""
    at = held(at)
    levels: dict[str, Sequence[Any]] = {}
    for name in checks.names(by, "by"):
        known_covariate(fit, name)
        free_name(name)
        if name in everyone.keys:
            raise EstimationError(f"'{name}' is in by= and in over=.", fix="Name it once.")
        if name in at:
            given = at.pop(name)
            levels[name] = list(given) if isinstance(given, (list, tuple, range, np.ndarray)) else [given]
            if not levels[name]:
                raise EstimationError(f"There is no value of '{name}' to predict at.", fix="Give at least one.")
        else:
            levels[name] = levels_of(fit, everyone.frame, name)
    for name in at:
        if name in everyone.keys:
            raise EstimationError(f"'{name}' is in at= and in over=.", fix="Name it once.")
    return grid(fit, at, levels)


def _typical(
    fit: ModelFit, everyone: Population, settings: list[dict[str, Any]], factors: Factors
) -> tuple[FloatArray, FloatArray | None, dict[str, list[Any]]]:
    """One averaged row of the matrix (and offset) for every group and setting, and the columns naming them."""
    shares, sums = everyone.shares(fit.design.layout.weight)
    shares = shares / sums
    names = covariates(fit)
    numeric = [name for name in names if not categorical(fit, name)]
    X, offsets = [], []
    for s in range(everyone.size):
        own = shares[:, s]
        means = {name: float(own @ everyone.frame[name].to_numpy(dtype=np.float64)) for name in numeric}
        for setting in settings:
            frame, weight = everyone.frame, own
            if factors == "equal":
                others = {
                    name: levels_of(fit, frame, name) for name in names if name not in numeric and name not in setting
                }
                cells = grid(fit, None, others)
                frame = frame.iloc[np.zeros(len(cells), dtype=np.int64)].reset_index(drop=True)
                frame, weight = _crossed(fit, frame, cells), np.full(len(cells), 1.0 / len(cells))
            X.append(weight @ matrix(fit, with_values(fit, frame, means | setting)))
            if everyone.offset is not None:
                offsets.append(float(own @ everyone.offset))
    head: dict[str, list[Any]] = {
        name: [value for value in values for _ in settings] for name, values in everyone.keys.items()
    }
    head |= {name: [setting[name] for setting in settings] * everyone.size for name in settings[0]}
    return np.stack(X), np.array(offsets) if offsets else None, head


def _crossed(fit: ModelFit, frame: Any, cells: list[dict[str, Any]]) -> Any:
    """Give a frame whose rows are the cells."""
    import pandas as pd

    made: dict[str, Any] = {}
    for name in cells[0]:
        values = [cell[name] for cell in cells]
        if fit.problem.kinds[name] == "number":
            made[name] = np.asarray(values, dtype=np.float64)
        else:
            made[name] = pd.Categorical(values, categories=frame[name].cat.categories)
    return frame.assign(**made)
