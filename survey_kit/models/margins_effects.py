"""Average effects of covariates: slopes, discrete changes, and ratios of averages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np

from survey_kit import checks
from survey_kit.errors import EstimationError, did_you_mean
from survey_kit.estimate.covariances import Replicated
from survey_kit.estimate.estimates import Estimates, bind, combined
from survey_kit.models.fit import ModelFit
from survey_kit.models.margins_average import Averaging, Sample, Scenario, averaged, finished
from survey_kit.models.margins_matrix import derivative, matrix
from survey_kit.models.margins_population import (
    categorical,
    covariates,
    free_name,
    grid,
    known_covariate,
    levels_of,
    population,
    with_values,
)
from survey_kit.models.margins_response import Scale, response_of
from survey_kit.models.model import check_fit
from survey_kit.types import FloatArray, Interval

Contrast: TypeAlias = Literal["auto", "derivative", "reference", "sequential", "pairwise", "sd"] | float
Measure: TypeAlias = Literal["difference", "ratio", "odds_ratio"]
NAMED = ("auto", "derivative", "reference", "sequential", "pairwise", "sd")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Comparison:
    """How two averages a and b are compared.

    Attributes
    ----------
    statistic, sign
        What the row is called, and what stands between the two values in its name.
    value, slopes
        Of a and b: the number, and its derivatives by both.
    interval
        Of the limits.
    """

    statistic: str
    sign: str
    value: Callable[[FloatArray, FloatArray], FloatArray]
    slopes: Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]
    interval: Interval


def _odds_ratio(a: FloatArray, b: FloatArray) -> FloatArray:
    inside = (a > 0) & (a < 1) & (b > 0) & (b < 1)
    return np.where(inside, a * (1.0 - b) / ((1.0 - a) * b), np.nan)


def _odds_slopes(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    ratio = _odds_ratio(a, b)
    return ratio / (a * (1.0 - a)), -ratio / (b * (1.0 - b))


MEASURES: dict[str, _Comparison] = {
    "difference": _Comparison(
        statistic="average difference",
        sign=" - ",
        value=np.subtract,
        slopes=lambda a, b: (np.ones_like(a), -np.ones_like(b)),
        interval="wald",
    ),
    "ratio": _Comparison(
        statistic="ratio of averages",
        sign=" / ",
        value=lambda a, b: np.where(b > 0, a / b, np.nan),
        slopes=lambda a, b: (1.0 / b, -a / (b * b)),
        interval="log",
    ),
    "odds_ratio": _Comparison(
        statistic="odds ratio of averages", sign=" / ", value=_odds_ratio, slopes=_odds_slopes, interval="log"
    ),
}


def average_marginal_effects(
    fit: ModelFit,
    variables: str | Sequence[str] | None = None,
    *,
    by: str | Sequence[str] | None = None,
    contrast: Contrast = "auto",
    at: Mapping[str, Any] | None = None,
    sample: Sample = "random",
    scale: Scale = "response",
    level: float = 0.95,
) -> Estimates:
    r"""Average marginal effects of covariates.

    .. math:: \frac{\sum_i w_i\, \partial\mu(x_i; \hat\theta) / \partial x_{ij}}{\sum_i w_i}, \qquad
              \frac{\sum_i w_i \{\mu(x_i \text{ with } b) - \mu(x_i \text{ with } a)\}}{\sum_i w_i}

    Parameters
    ----------
    fit
        A model.
    variables
        Covariates; by default all of them.
    by
        Columns of the design: groups over whose own members is averaged.
    contrast
        ``"auto"``: the derivative for a number, and the change from the first level for categories and for numbers that are only
        0 and 1. ``"derivative"``: the derivative for every number. ``"reference"``, ``"sequential"``, ``"pairwise"``: changes
        between levels, or between the values of a number, against the first, the one before, or all. ``"sd"``: a change of one
        (weighted) standard deviation centred at the value observed, the standard deviation taken as known; a number: a change by
        it. Categories have their reference contrast under ``"derivative"``, ``"sd"`` and a number.
    at
        Covariates held at a value for everybody, one or several each.
    sample
        ``"random"``, the default: the covariates are a sample too, so that the effect is that in the population (Stata
        ``vce(unconditional)``). ``"fixed"``: only the parameters vary (the default of Stata and of R marginaleffects).
    scale
        ``"response"``, or the linear predictor: ``"link"``.
    level
        Confidence level.

    Returns
    -------
    Estimates
        ``variable`` is the covariate, the key ``contrast`` says ``"dy/dx"`` or the levels compared, ``category`` is the level of
        an ordered or multinomial outcome.

    Raises
    ------
    EstimationError
        If the model has no such covariate, or the contrast is unknown.

    Notes
    -----
    Derivatives by parameters and covariates are analytic (Greene 2012, Econometric Analysis, section 17.3.2); a note names
    covariates in splines, polynomials and the like, which are differentiated by a five-point rule. With replicates everything is
    computed again under every set of weights.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2, 1, 2], "y": [0, 1, 0, 1, 1, 0], "x": [1.0, 2, 3, 4, 5, 6], "g": list("aabbab")})
    >>> fit = sk.logit(sk.Design(frame, weight="w"), "y ~ x + g")
    >>> found = sk.average_marginal_effects(fit).table
    >>> found[["variable", "contrast", "estimate", "se"]].round(3).values.tolist()
    [['x', 'dy/dx', 0.019, 0.139], ['g', 'b - a', -0.388, 0.438]]
    """
    check_fit(fit)
    _check_contrast(contrast)
    ask = _ask(fit, by, sample, scale, level)
    return _all(ask, variables, contrast, at, MEASURES["difference"])


def comparisons(
    fit: ModelFit,
    variables: str | Sequence[str] | None = None,
    *,
    measure: Measure = "ratio",
    by: str | Sequence[str] | None = None,
    contrast: Contrast = "reference",
    at: Mapping[str, Any] | None = None,
    sample: Sample = "random",
    scale: Scale = "response",
    level: float = 0.95,
) -> Estimates:
    r"""Compare the averages with everybody at one value of a covariate and at another.

    .. math:: RR = \hat A_b / \hat A_a, \qquad OR = \frac{\hat A_b / (1 - \hat A_b)}{\hat A_a / (1 - \hat A_a)}

    Parameters and errors are those of :func:`average_marginal_effects`; besides,

    Parameters
    ----------
    measure
        ``"ratio"``: the risk ratio of two adjusted shares, or ratio of two means; ``"odds_ratio"``: of two adjusted shares, which
        is not the exponentiated coefficient (it is not conditional on covariates); ``"difference"``.

    Returns
    -------
    Estimates
        Limits of ratios are taken on the logarithmic scale. Averages outside 0 to 1 have no odds.

    Notes
    -----
    Bieler, Brown, Williams & Brogan (2010), American Journal of Epidemiology 171, 618-623: model-adjusted risk ratios under a
    design.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2, 1, 2], "y": [0, 1, 0, 1, 1, 0], "x": [1.0, 2, 3, 4, 5, 6], "g": list("aabbab")})
    >>> fit = sk.logit(sk.Design(frame, weight="w"), "y ~ x + g")
    >>> sk.comparisons(fit, "g").table[["contrast", "estimate", "se"]].round(3).values.tolist()
    [['b / a', 0.495, 0.503]]
    """
    check_fit(fit)
    checks.choice(measure, "measure", tuple(MEASURES), EstimationError)
    checks.choice(scale, "scale of predictions", ("response", "link"), EstimationError)
    _check_contrast(contrast)
    if measure != "difference" and scale == "link":
        raise EstimationError("A ratio of linear predictors has no meaning.", fix="Say scale='response'.")
    if measure == "odds_ratio" and fit.model.kind not in ("binary", "ordered", "nominal"):
        raise EstimationError("Only shares have odds.", found=fit.family, fix="Say measure='ratio'.")
    if contrast == "derivative":
        raise EstimationError("A comparison is of two values.", fix="Use average_marginal_effects for slopes.")
    ask = _ask(fit, by, sample, scale, level)
    return _all(ask, variables, contrast, at, MEASURES[measure])


def _check_contrast(contrast: Contrast) -> None:
    if isinstance(contrast, str):
        if contrast not in NAMED:
            raise EstimationError(f"There is no contrast '{contrast}'.", fix=did_you_mean(contrast, NAMED))
    elif not checks.number(
        contrast, "contrast", f"Say one of {', '.join(NAMED)}, or give the change.", EstimationError
    ):
        raise EstimationError("A change must be a number other than zero.", found=str(contrast))


def _ask(fit: ModelFit, by: str | Sequence[str] | None, sample: Sample, scale: Scale, level: float) -> Averaging:
    return Averaging(
        fit=fit,
        response=response_of(fit, scale),
        population=population(fit, by),
        sample=sample,
        level=checks.level(level),
    )


def _all(
    ask: Averaging,
    variables: str | Sequence[str] | None,
    contrast: Contrast,
    at: Mapping[str, Any] | None,
    measure: _Comparison,
) -> Estimates:
    fit = ask.fit
    names = (
        covariates(fit)
        if variables is None
        else [known_covariate(fit, name) for name in checks.names(variables, "variable")]
    )
    if not names:
        raise EstimationError("The model has no covariate.", where=fit.formula)
    settings = grid(fit, at, {})
    clash = [name for name in settings[0] if name in ask.population.keys]
    for name in ask.population.keys:
        free_name(name)
    if clash:
        raise EstimationError(f"'{clash[0]}' is in at= and in by=.", fix="Name it once.")
    parts = [
        _slope(ask, name, settings) if _smooth(ask, name, contrast) else _change(ask, name, contrast, settings, measure)
        for name in names
    ]
    return parts[0] if len(parts) == 1 else bind(*parts)


def _smooth(ask: Averaging, name: str, contrast: Contrast) -> bool:
    """Tell whether the derivative is asked for."""
    if categorical(ask.fit, name) or contrast not in ("auto", "derivative"):
        return False
    values = ask.population.frame[name].to_numpy(dtype=np.float64)
    return contrast == "derivative" or not bool(((values == 0.0) | (values == 1.0)).all())


def _slope(ask: Averaging, name: str, settings: list[dict[str, Any]]) -> Estimates:
    fit, frame = ask.fit, ask.population.frame
    observed = frame[name].to_numpy(dtype=np.float64)
    scenarios, exact = [], True
    for setting in settings:
        moved = with_values(fit, frame, setting)
        D, known = derivative(fit, moved, name, observed)
        scenarios.append(Scenario(X=matrix(fit, moved), D=D))
        exact &= known
    head: dict[str, list[Any]] = {"contrast": ["dy/dx"] * len(settings)}
    head |= {key: [setting[key] for setting in settings] for key in settings[0]}
    notes = [] if exact else [f"'{name}' is in a factor computed from its whole column: five-point derivatives"]
    return averaged(ask, scenarios, head | {"variable": [name] * len(settings)}, "average marginal effect", notes)


def _change(
    ask: Averaging, name: str, contrast: Contrast, settings: list[dict[str, Any]], measure: _Comparison
) -> Estimates:
    fit, frame = ask.fit, ask.population.frame
    if name in settings[0]:
        raise EstimationError(f"'{name}' is held by at=, so it cannot change.", fix="Leave it out of at=.")
    values, pairs, labels = _values(ask, name, contrast, measure.sign)
    scenarios = [
        Scenario(X=matrix(fit, with_values(fit, frame, {**setting, name: value})))
        for value in values
        for setting in settings
    ]
    S, L, size = len(settings), len(ask.response.labels), ask.population.size
    Q = len(scenarios)
    base = averaged(ask, scenarios, {"contrast": [None] * Q, "variable": [name] * Q}, "average")
    place = np.arange(size * Q * L).reshape(size, len(values), S, L)
    first = np.stack([place[:, high] for high, _ in pairs], axis=1).reshape(-1)  # group, pair, setting, level
    second = np.stack([place[:, low] for _, low in pairs], axis=1).reshape(-1)
    table = base.table.iloc[first]
    head: dict[str, list[Any]] = {key: table[key].tolist() for key in ask.population.keys}
    head["contrast"] = [label for label in labels for _ in range(S * L)] * size
    head |= {key: [s[key] for s in settings for _ in range(L)] * (len(pairs) * size) for key in settings[0]}
    head |= {"variable": [name] * len(first), "category": table["category"].tolist()}
    out = _compared(base, first, second, head, measure)
    out.table["weight_sum"] = table["weight_sum"].to_numpy(dtype=np.float64)
    notes = ["the standard deviation is taken as known"] if contrast == "sd" and not categorical(fit, name) else []
    return finished(out, ask.level, measure.interval, notes)


def _values(
    ask: Averaging, name: str, contrast: Contrast, sign: str
) -> tuple[list[Any], list[tuple[int, int]], list[str]]:
    """Values everybody is set to, pairs of them that are compared, and their names."""
    fit, frame = ask.fit, ask.population.frame
    if not categorical(fit, name) and (contrast == "sd" or not isinstance(contrast, str)):
        x = frame[name].to_numpy(dtype=np.float64)
        if isinstance(contrast, str):
            w = ask.population.shares(fit.design.layout.weight)[0].sum(axis=1)
            mean = float(w @ x / w.sum())
            size = float(np.sqrt(w @ (x - mean) ** 2 / w.sum()))
            return [x - size / 2, x + size / 2], [(1, 0)], ["+1 sd"]
        return [x, x + contrast], [(1, 0)], [f"{contrast:+g}"]
    levels = levels_of(fit, frame, name)
    every = range(len(levels))
    pairs = {
        "sequential": [(i, i - 1) for i in every[1:]],
        "pairwise": [(i, j) for j in every for i in every[j + 1 :]],
    }.get(str(contrast), [(i, 0) for i in every[1:]])
    if not pairs:
        raise EstimationError(f"'{name}' has only one value, so nothing can be compared.", where=f"column '{name}'")
    return levels, pairs, [f"{levels[i]}{sign}{levels[j]}" for i, j in pairs]


def _compared(base: Estimates, first: Any, second: Any, head: dict[str, list[Any]], measure: _Comparison) -> Estimates:
    """Compare pairs of rows."""
    from scipy import sparse

    theta = base.table["estimate"].to_numpy(dtype=np.float64)
    m = len(first)
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = measure.value(theta[first], theta[second])
        slopes = [np.where(np.isfinite(estimate), part, 0.0) for part in measure.slopes(theta[first], theta[second])]
        L = sparse.csr_array(
            (np.concatenate(slopes), (np.tile(np.arange(m), 2), np.concatenate([first, second]))), shape=(m, len(theta))
        )
        variance = base.variance.mapped(L, estimate)
        if isinstance(base.variance, Replicated) and isinstance(variance, Replicated):
            theta_r = base.variance.theta_r
            variance = replace(variance, theta_r=measure.value(theta_r[:, first], theta_r[:, second]))
    out = combined(base, L, estimate, head, measure.statistic, variance)
    lost = np.isfinite(theta[first]) & np.isfinite(theta[second]) & ~np.isfinite(estimate)
    out.table.loc[lost, "status"] = "undefined"
    return out
