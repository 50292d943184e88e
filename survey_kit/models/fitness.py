"""How well a model fits: shares explained, errors of prediction and classification, as estimates with standard errors.

Every measure is a function of weighted means over the rows, so it has an influence like any estimate. Log-likelihoods are at
their maximum, so the parameters add nothing to the influence of measures made of them (the derivative is zero); measures of
the predictions themselves (Tjur's, Brier's, root mean squares) carry the parameters' part.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from survey_kit import checks
from survey_kit.errors import EstimationError
from survey_kit.estimate.adapter import Influence, from_influence
from survey_kit.estimate.estimates import Estimates
from survey_kit.models.families import Family
from survey_kit.models.fit import ModelFit
from survey_kit.models.likelihood import Rows
from survey_kit.models.margins_response import linear, predictors_of, response_of
from survey_kit.models.model import check_fit
from survey_kit.models.newton import maximise
from survey_kit.types import BoolArray, FloatArray

Found: TypeAlias = tuple[float, FloatArray]  # the measure, and the influence (m,) of the rows


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """A fit under some weights.

    Attributes
    ----------
    fit, theta
        The model and its parameters under these weights.
    X, y, w, W
        Matrix, outcome and weights of the rows, and their sum.
    loglik, null : (m,)
        Log-likelihood of every row, of the model and of the intercept alone.
    mu : (L, m)
        Predictions.
    score : (m,) or None
        Predictions of the fit under the design's own weights, where they are taken as given: linear predictor of an event.
    hit : (m,)
        Whether the class foretold by them is right.
    foretold : (m,)
        Whether the event is foretold.
    influence : (m, K) or None
        Of the parameters; None where only the point is wanted.
    """

    fit: ModelFit
    theta: FloatArray
    X: FloatArray
    y: FloatArray
    w: FloatArray
    W: float
    loglik: FloatArray
    null: FloatArray
    mu: FloatArray
    score: FloatArray | None
    hit: BoolArray
    foretold: BoolArray
    influence: FloatArray | None

    def through_parameters(self, C: FloatArray) -> FloatArray:
        """Influence (m,) by way of the parameters of ``sum over rows and levels of C mu``, C (L, m)."""
        if self.influence is None:
            return np.zeros(len(self.y))
        e = linear(self.fit, self.theta, self.X, self.fit.offset)
        J = response_of(self.fit, "response").first(e)
        gradient = predictors_of(self.fit).pull(np.einsum("lr,ler->er", C, J), self.X, True)
        return np.asarray(self.influence @ gradient)

    def mean(self, v: FloatArray, inside: BoolArray | None = None) -> Found:
        """Weighted mean of row values, among some rows, with its influence at fixed parameters."""
        share = self.w if inside is None else self.w * inside
        total = float(share.sum())
        if not total > 0:
            return float("nan"), np.zeros(len(v))
        value = float(share @ v / total)
        return value, (v - value) / total * (1.0 if inside is None else inside)


# ----------------------------------------------------------------------------------------------------------------- measures
def _r2(state: _State) -> Found:
    left = (state.y - state.mu[0]) ** 2
    middle = float(state.w @ state.y / state.W)
    whole = (state.y - middle) ** 2
    total = float(state.w @ whole)
    ratio = float(state.w @ left) / total
    return 1.0 - ratio, -(left - ratio * whole) / total


def _rmse(state: _State) -> Found:
    apart = state.mu[0] - state.y
    value, z = state.mean(apart**2)
    root = float(np.sqrt(value))
    z = z + state.through_parameters((2.0 * apart * state.w / state.W)[None, :])
    return root, z / (2.0 * root) if root > 0 else z


def _mcfadden(state: _State) -> Found:
    null = float(state.w @ state.null)
    ratio = float(state.w @ state.loglik) / null
    return 1.0 - ratio, -(state.loglik - ratio * state.null) / null


def _deviance_r2(state: _State) -> Found:
    best = _saturated(state)
    null = float(state.w @ (best - state.null))
    ratio = float(state.w @ (best - state.loglik)) / null
    return 1.0 - ratio, -((best - state.loglik) - ratio * (best - state.null)) / null


def _saturated(state: _State) -> FloatArray:
    """Log-likelihood (m,) of predictions that are the outcomes themselves: 0 for levels."""
    family = state.fit.model.family
    return np.zeros_like(state.y) if family is None else family.saturated(state.y) + _constant(family, state.y)


def _cox_snell(state: _State) -> Found:
    gain, z = state.mean(state.loglik - state.null)
    left = float(np.exp(-2.0 * gain))
    return 1.0 - left, 2.0 * left * z


def _nagelkerke(state: _State) -> Found:
    value, z = _cox_snell(state)
    null, z_null = state.mean(state.null - _saturated(state))
    room = -float(np.expm1(2.0 * null))
    return value / room, z / room + value / room**2 * 2.0 * (1.0 - room) * z_null


def _tjur(state: _State) -> Found:
    event = state.y == 1.0
    high, z_high = state.mean(state.mu[0], event)
    low, z_low = state.mean(state.mu[0], ~event)
    C = state.w * (event / float(state.w @ event) - ~event / float(state.w @ ~event))
    return high - low, z_high - z_low + state.through_parameters(C[None, :])


def _brier(state: _State) -> Found:
    own = state.y[None, :] if len(state.mu) == 1 else (state.y == np.arange(len(state.mu))[:, None]).astype(np.float64)
    apart = state.mu - own
    value, z = state.mean((apart**2).sum(axis=0))
    return value, z + state.through_parameters(2.0 * apart * state.w / state.W)


def _auc(state: _State) -> Found:
    event = state.y == 1.0
    if state.score is None:
        return float("nan"), np.zeros(len(event))
    place = np.unique(state.score, return_inverse=True)[1]
    size = int(place.max()) + 1
    cases, others = (np.bincount(place, weights=state.w * part, minlength=size) for part in (event, ~event))
    W_1, W_0 = float(cases.sum()), float(others.sum())
    below = (np.cumsum(others) - 0.5 * others)[place] / W_0
    above = (W_1 - np.cumsum(cases) + 0.5 * cases)[place] / W_1
    value = float(state.w @ (event * below)) / W_1
    return value, np.where(event, (below - value) / W_1, (above - value) / W_0)


def _correct(state: _State) -> Found:
    return state.mean(state.hit.astype(np.float64))


def _sensitivity(state: _State) -> Found:
    return state.mean(state.foretold.astype(np.float64), state.y == 1.0)


def _specificity(state: _State) -> Found:
    return state.mean((~state.foretold).astype(np.float64), state.y == 0.0)


_Measures: TypeAlias = dict[str, Callable[[_State], Found]]
_SHARES: _Measures = {"mcfadden": _mcfadden, "cox_snell": _cox_snell, "nagelkerke": _nagelkerke}
_FRACTION: _Measures = {"mcfadden": _mcfadden, "brier": _brier}
_LEVELS: _Measures = {**_SHARES, "brier": _brier, "correct": _correct}
#: Measures of every kind of outcome, in the order of the table.
MEASURES: dict[str, _Measures] = {
    "number": {"r2": _r2, "rmse": _rmse},
    "binary": {
        **_SHARES,
        "tjur": _tjur,
        "brier": _brier,
        "auc": _auc,
        "correct": _correct,
        "sensitivity": _sensitivity,
        "specificity": _specificity,
    },
    "count": {**_SHARES, "deviance_r2": _deviance_r2, "rmse": _rmse},
    "ordered": _LEVELS,
    "nominal": _LEVELS,
}


def fit_measures(fit: ModelFit, *, cutoff: float = 0.5, level: float = 0.95) -> Estimates:
    r"""Measures of fit, with standard errors under the design.

    ``r2``, ``rmse``
        :math:`1 - \sum w e^2 / \sum w (y - \bar y)^2` and :math:`\sqrt{\sum w e^2 / \sum w}`.
    ``mcfadden``
        :math:`1 - \ell / \ell_0` of the log pseudo-likelihoods (McFadden 1974).
    ``cox_snell``, ``nagelkerke``
        :math:`R = 1 - \exp\{2 (\ell_0 - \ell) / \sum w\}` and :math:`R / (1 - \exp\{-D_0 / \sum w\})`, D the deviance
        (Lumley 2017, Australian & New Zealand Journal of Statistics 59, 299-311).
    ``deviance_r2``
        :math:`1 - D / D_0` (Cameron & Windmeijer 1997, Journal of Econometrics 77, 329-342).
    ``tjur``
        Mean prediction among events less that among the others (Tjur 2009, American Statistician 63, 366-372).
    ``brier``
        Mean squared distance of the predicted probabilities from what happened, summed over the levels of the outcome if there
        are more than two.
    ``auc``
        Area under the ROC curve: the chance that the score of an event is above that of another, ties counted half (Yao, Li &
        Graubard 2015, Statistics in Medicine 34, 1293-1303).
    ``correct``, ``sensitivity``, ``specificity``
        Shares classified rightly: of all, of the events, of the others.

    Parameters
    ----------
    fit
        A model.
    cutoff
        A probability at least so high foretells the event.
    level
        Confidence level.

    Returns
    -------
    Estimates
        One row per measure, named in ``statistic``, as far as the outcome has it. Scores and classes behind ``auc`` and the
        shares classified rightly are taken as given; everything is of the rows the model was fitted on.

    Raises
    ------
    EstimationError
        If the cutoff lies outside 0 to 1.

    Notes
    -----
    Matches R ``psrsq`` (Cox-Snell and Nagelkerke).

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2, 1, 2], "y": [0, 1, 0, 1, 1, 0], "x": [1.0, 2, 3, 4, 5, 6]})
    >>> found = sk.fit_measures(sk.logit(sk.Design(frame, weight="w"), "y ~ x")).table
    >>> found[["statistic", "estimate"]].round(3).head(3).values.tolist()
    [['mcfadden', 0.023], ['cox_snell', 0.031], ['nagelkerke', 0.041]]
    """
    check_fit(fit)
    cutoff = checks.number(cutoff, "cutoff", "Give a number between 0 and 1.", EstimationError)
    if not 0 < cutoff < 1:
        raise EstimationError("A cutoff is a probability.", found=f"{cutoff:g}", fix="Give a number between 0 and 1.")
    checks.level(level)
    measures = MEASURES[fit.model.kind]
    own = fit.design.layout.weight
    fractional = fit.model.kind == "binary" and not bool(((fit.y == 0.0) | (fit.y == 1.0)).all())
    if fractional:
        measures = _FRACTION
    given = _given(fit, cutoff)
    state = _state(fit, own, fit.theta, given, exact=fit.design.replicates is None)
    found = [measure(state) for measure in measures.values()]
    M, one = len(found), np.ones(len(found))

    def again(w: FloatArray) -> FloatArray:
        other = _state(fit, w, fit.refit(w), given, exact=False)
        return np.array([measure(other)[0] for measure in measures.values()])

    return from_influence(
        fit.design,
        Influence(z=np.stack([z for _, z in found], axis=1), rows=fit.rows, active_rows=fit.problem.active),
        head={"variable": [fit.outcome] * M, "category": [None] * M},
        statistic=list(measures),
        estimate=np.array([value for value, _ in found]),
        n=fit.n * one,
        weight_sum=fit.weight_sum * one,
        replicate=again,
        df_less=float(max(len(fit.columns) - (0 if fit.model.thresholds else 1), 0)),
        level=level,
        notes=(
            f"measures of {fit.family}: {fit.formula}, on the rows it was fitted on",
            *(f"{note}" for note in fit.problem.notes),
            *(
                [f"event foretold from a probability of {cutoff:g} on; scores and classes taken as given"]
                if "auc" in measures
                else []
            ),
        ),
    )


def _given(fit: ModelFit, cutoff: float) -> tuple[FloatArray | None, BoolArray, BoolArray]:
    """Scores and classes of the fit: linear predictor, whether the class is right, whether the event is foretold."""
    mu = response_of(fit, "response").value(linear(fit, fit.theta, fit.X, fit.offset))
    if len(mu) > 1:
        hit = mu.argmax(axis=0) == fit.y
        return None, hit, hit
    eta = np.asarray(fit.linear_predictor)
    size = float(np.abs(eta).max(initial=1.0))
    foretold = mu[0] >= cutoff
    return (
        np.round(eta / size, 12),
        foretold == (fit.y == 1.0),
        foretold,
    )  # equal covariates are ties whatever rounding does


def _state(
    fit: ModelFit,
    weight: FloatArray,
    theta: FloatArray,
    given: tuple[FloatArray | None, BoolArray, BoolArray],
    *,
    exact: bool,
) -> _State:
    X, y, w = fit.X, fit.y, weight[fit.rows]
    e = linear(fit, theta, X, fit.offset)
    mu = response_of(fit, "response").value(e)
    score, hit, foretold = given
    return _State(
        fit=fit,
        theta=theta,
        X=X,
        y=y,
        w=w,
        W=float(w.sum()),
        loglik=_loglik(fit, e[0], mu, y),
        null=_null(fit, y, w),
        mu=mu,
        score=score,
        hit=hit,
        foretold=foretold,
        influence=fit.influence() if exact else None,
    )


def _loglik(fit: ModelFit, eta: FloatArray, mu: FloatArray, y: FloatArray) -> FloatArray:
    family = fit.model.family
    if family is not None:
        return np.asarray(family.rows(eta, y)[0] + _constant(family, y))
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(mu[y.astype(np.int64), np.arange(len(y))]))


def _constant(family: Family, y: FloatArray) -> FloatArray:
    return np.zeros_like(y) if family.constant is None else family.constant(y)


def _null(fit: ModelFit, y: FloatArray, w: FloatArray) -> FloatArray:
    """Log-likelihood (m,) of the intercept or the thresholds alone, fitted under the same weights."""
    if fit.model.kind == "number":
        return np.zeros_like(y)  # measures of linear models do not use it
    columns = 0 if fit.model.thresholds else 1
    likelihood = fit.model.likelihood(len(fit.levels), columns)
    rows = Rows(
        X=np.ones((columns, len(y))),
        y=y,
        w=w * (len(w) / w.sum()),
        offset=fit.offset,
        cell=None,
        basis=(np.zeros(columns), np.ones(columns)),
    )
    theta = maximise(likelihood, rows, likelihood.start(rows.X, y, rows.w, None if fit.model.thresholds else 0)).theta
    eta = np.zeros(len(y)) if not columns else theta[0] + (0.0 if fit.offset is None else fit.offset)
    return _loglik(fit, eta, likelihood.fitted(theta, rows.X, fit.offset), y)
