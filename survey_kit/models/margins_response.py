"""What a model predicts as a function of its linear predictors, with first and second derivatives.

A model has E linear predictors ``e`` (one; one per threshold, ``zeta_k - x'b``; one per level but the base) and predicts L
numbers ``mu(e)`` (a mean, or the probability of every level). Predictions, their averages, slopes and standard errors need
only ``mu``, ``dmu/de`` and ``d2mu/de2``, and how ``e`` depends on the parameters, which is linear.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from survey_kit import checks
from survey_kit.errors import EstimationError
from survey_kit.models.families import Family
from survey_kit.models.fit import ModelFit
from survey_kit.models.ordered_likelihood import LINKS, Threshold
from survey_kit.types import FloatArray

Scale = Literal["response", "link"]

#: ``mu'' / mu'`` of the inverse link of models with one predictor.
TURNS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "identity": np.zeros_like,
    "log": np.ones_like,
    "logit": LINKS["logit"].turn,
    "probit": LINKS["probit"].turn,
    "cloglog": LINKS["cloglog"].turn,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """Predicted numbers as functions of the linear predictors e (E, r).

    Attributes
    ----------
    labels
        The level of the outcome each of the L numbers belongs to; ``(None,)`` for a mean.
    value, first, second
        ``mu`` (L, r), ``dmu/de`` (L, E, r), ``d2mu/de2`` (L, E, E, r).
    """

    labels: tuple[Any, ...]
    value: Callable[[FloatArray], FloatArray]
    first: Callable[[FloatArray], FloatArray]
    second: Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictors:
    """How linear predictors depend on the parameters.

    Attributes
    ----------
    at
        ``(theta, X (r, p), constant) -> (E, r)``; without the constant the thresholds stay out, as for a derivative by X.
    pull
        ``(C (..., E, r), X, constant) -> (..., K)``: ``sum over e and r of C de/dtheta``.
    sign
        Of x'b, and of an offset, in e.
    """

    at: Callable[[FloatArray, FloatArray, bool], FloatArray]
    pull: Callable[[FloatArray, FloatArray, bool], FloatArray]
    sign: float = 1.0


# ------------------------------------------------------------------------------------------------------ linear predictors
def _single_at(theta: FloatArray, X: FloatArray, _constant: bool) -> FloatArray:  # one signature for all
    return (X @ theta)[None, :]


def _single_pull(C: FloatArray, X: FloatArray, _constant: bool) -> FloatArray:
    return C[..., 0, :] @ X


def _ordered_at(theta: FloatArray, X: FloatArray, constant: bool) -> FloatArray:
    p = X.shape[1]
    zeta = theta[p:, None] if constant else np.zeros((len(theta) - p, 1))
    return zeta - X @ theta[:p]


def _ordered_pull(C: FloatArray, X: FloatArray, constant: bool) -> FloatArray:
    own = C.sum(axis=-1)
    return np.concatenate([-(C.sum(axis=-2) @ X), own if constant else np.zeros_like(own)], axis=-1)


def _nominal_at(theta: FloatArray, X: FloatArray, _constant: bool) -> FloatArray:
    return theta.reshape(-1, X.shape[1]) @ X.T


def _nominal_pull(C: FloatArray, X: FloatArray, _constant: bool) -> FloatArray:
    out = C @ X
    return out.reshape(*out.shape[:-2], -1)


_SINGLE = Predictors(at=_single_at, pull=_single_pull)
_SEVERAL = {
    "ordered": Predictors(at=_ordered_at, pull=_ordered_pull, sign=-1.0),
    "nominal": Predictors(at=_nominal_at, pull=_nominal_pull),
}


def predictors_of(fit: ModelFit) -> Predictors:
    """Linear predictors of a model."""
    return _SEVERAL.get(fit.model.kind, _SINGLE)


def linear(fit: ModelFit, theta: FloatArray, X: FloatArray, offset: FloatArray | None) -> FloatArray:
    """Linear predictors (E, r) of the rows of a matrix (r, p)."""
    kind = predictors_of(fit)
    e = kind.at(theta, X, True)
    return e if offset is None else e + kind.sign * offset


# --------------------------------------------------------------------------------------------------------------- responses
def _mean_value(family: Family, e: FloatArray) -> FloatArray:
    return family.mean(e[0])[None, :]


def _mean_first(family: Family, e: FloatArray) -> FloatArray:
    return family.slope(e[0])[None, None, :]


def _mean_second(family: Family, turn: Callable[[FloatArray], FloatArray], e: FloatArray) -> FloatArray:
    return (family.slope(e[0]) * turn(e[0]))[None, None, None, :]


def _ordered_value(link: Threshold, e: FloatArray) -> FloatArray:
    edge = np.zeros((1, e.shape[1]))
    return np.asarray(np.diff(np.concatenate([edge, link.below(e), edge + 1.0]), axis=0), dtype=np.float64)


def _ordered_first(link: Threshold, e: FloatArray) -> FloatArray:
    f = np.exp(link.log_density(e))
    out = np.zeros((len(e) + 1, *e.shape))
    k = np.arange(len(e))
    out[k, k], out[k + 1, k] = f, -f
    return out


def _ordered_second(link: Threshold, e: FloatArray) -> FloatArray:
    bend = np.exp(link.log_density(e)) * link.turn(e)
    out = np.zeros((len(e) + 1, len(e), *e.shape))
    k = np.arange(len(e))
    out[k, k, k], out[k + 1, k, k] = bend, -bend
    return out


def _shares(e: FloatArray) -> FloatArray:
    whole = np.concatenate([np.zeros((1, e.shape[1])), e])
    share = np.exp(whole - whole.max(axis=0))
    return np.asarray(share / share.sum(axis=0))


def _shares_first(e: FloatArray) -> FloatArray:
    P = _shares(e)
    own = np.eye(len(P))[:, 1:, None]
    return np.asarray(P[:, None] * (own - P[None, 1:]))


def _shares_second(e: FloatArray) -> FloatArray:
    P, J = _shares(e), _shares_first(e)
    own = np.eye(len(P))[:, 1:, None, None]
    return np.asarray(J[:, None] * (own - P[None, 1:, None]) - P[:, None, None] * J[None, 1:])


def _itself(e: FloatArray) -> FloatArray:
    return e


def _itself_first(e: FloatArray) -> FloatArray:
    return np.broadcast_to(np.eye(len(e))[:, :, None], (len(e), *e.shape))


def _itself_second(e: FloatArray) -> FloatArray:
    return np.zeros((len(e), len(e), *e.shape))


def response_of(fit: ModelFit, scale: Scale) -> Response:
    """Tell what a model predicts: means and probabilities, or the linear predictors themselves.

    Raises
    ------
    EstimationError
        If the scale is unknown.
    """
    checks.choice(scale, "scale of predictions", ("response", "link"), EstimationError)
    kind, levels = fit.model.kind, fit.levels
    if scale == "link":
        labels: tuple[Any, ...] = (None,)
        if kind == "nominal":
            labels = levels[1:]
        elif kind == "ordered":
            labels = tuple(f"{low}|{high}" for low, high in pairwise(levels))
        return Response(labels=labels, value=_itself, first=_itself_first, second=_itself_second)
    if kind == "nominal":
        return Response(labels=levels, value=_shares, first=_shares_first, second=_shares_second)
    if kind == "ordered":
        link = LINKS[fit.link]
        return Response(
            labels=levels,
            value=partial(_ordered_value, link),
            first=partial(_ordered_first, link),
            second=partial(_ordered_second, link),
        )
    family = fit.model.family
    if family is None:
        raise EstimationError("This model predicts nothing.", found=fit.family)
    return Response(
        labels=(None,),
        value=partial(_mean_value, family),
        first=partial(_mean_first, family),
        second=partial(_mean_second, family, TURNS[fit.link]),
    )
