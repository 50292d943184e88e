"""Design-based information criteria (Lumley & Scott 2015, Journal of Survey Statistics and Methodology 3, 1-18)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from survey_kit.errors import EstimationError
from survey_kit.models.fit import ModelFit
from survey_kit.models.model import check_fit
from survey_kit.models.newton import positive_inverse
from survey_kit.models.terms import SINGULAR, effects, places


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """A criterion of model choice; smaller is better.

    Attributes
    ----------
    name
        ``"dAIC"`` or ``"dBIC"``.
    value
        The criterion, weights of mean one.
    effective_parameters
        What is counted for the parameters: the sum of their design effects (dAIC), or their number (dBIC).
    mean_effect
        Mean design effect of the coefficients: 1 under simple random sampling and a right model.
    """

    name: str
    value: float
    effective_parameters: float
    mean_effect: float


def aic(fit: ModelFit) -> Criterion:
    r"""Design-based AIC.

    .. math:: dAIC = D + 2\, \mathrm{tr}(\hat\Delta), \qquad \hat\Delta = V_0^{-1} V

    with D the deviance (for a linear model minus twice the log pseudo-likelihood, and its variance among the parameters),
    V the design-based and V_0 the naive covariance of all coefficients but the intercepts and thresholds (eq. 8).

    Notes
    -----
    Matches R ``extractAIC`` of ``svyglm`` for binomial and Poisson models. For linear models R 4.1 divides by the residual
    variance afterwards and takes that variance from Pearson residuals that hold the weight already; here the paper's formula
    stands.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2, 1, 2], "y": [0, 1, 0, 1, 1, 0], "x": [1.0, 2, 3, 4, 5, 6]})
    >>> found = sk.logit(sk.Design(frame, weight="w"), "y ~ x").aic()
    >>> found.name, found.value > 0
    ('dAIC', True)
    """
    slopes = [name for name in fit.terms if name != "Intercept"]
    at = places(fit, slopes) if slopes else np.zeros(0, dtype=np.int64)
    weights = np.zeros(0)
    if len(at):
        information = positive_inverse(fit.naive_cov[np.ix_(at, at)])
        if information is None:
            raise EstimationError("The information matrix is singular.", where=fit.formula, fix="Simplify the model.")
        weights = effects(information, fit.params.vcov(at.tolist())) / _unit(fit)
    if fit.model.kind == "number":
        weights = np.append(weights, _variance_effect(fit))
    count = float(weights.sum())
    return Criterion(
        name="dAIC",
        value=_deviance(fit) + 2.0 * count,
        effective_parameters=count,
        mean_effect=float(weights.mean()) if len(weights) else float("nan"),
    )


def _unit(fit: ModelFit) -> float:
    """Variance of a row by which the naive covariance is short: that of a linear model, 1 elsewhere."""
    return fit.deviance / fit.n if fit.model.kind == "number" else 1.0


def _deviance(fit: ModelFit) -> float:
    return -2.0 * fit.loglik if fit.model.kind == "number" else fit.deviance


def _variance_effect(fit: ModelFit) -> float:
    """Design effect of the variance of a linear model, ``sum w U^2 / I`` with U its score."""
    e = fit.y - fit.predictor(fit.X)
    s2 = fit.deviance / fit.n
    U = (e * e / s2 - 1.0) / (2.0 * s2)
    return float(fit.weights @ (U * U)) / (fit.n / (2.0 * s2 * s2))


def bic(fit: ModelFit, maximal: ModelFit) -> Criterion:
    r"""Design-based BIC of a model beside a maximal one that contains it.

    .. math:: dBIC = W + p \log n + \log|\hat\Delta| + D_M

    where W is the Wald statistic of the coefficients the model leaves out of the maximal one, :math:`\hat\Delta = V_0^{-1} V` of
    these, p the model's coefficients and D_M the deviance of the maximal model, as in :func:`aic` (eq. 12); a maximal model
    beside itself has :math:`p \log n + D`. Matches R ``BIC(svyglm, maximal = ...)`` for binomial and Poisson models.

    Parameters
    ----------
    fit, maximal
        Models of one outcome on the same rows.

    Raises
    ------
    EstimationError
        If the maximal model lacks a coefficient, or was fitted on other rows.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2, 1, 2], "y": [0, 1, 0, 1, 1, 0], "x": [1.0, 2, 3, 4, 5, 6]})
    >>> design = sk.Design(frame, weight="w")
    >>> small, large = sk.logit(design, "y ~ 1"), sk.logit(design, "y ~ x")
    >>> small.bic(large).effective_parameters
    1.0
    """
    check_fit(maximal)
    own, full = (_labels(part) for part in (fit, maximal))
    lacking = [label for label in own if label not in full]
    if lacking:
        raise EstimationError(
            "The maximal model lacks a coefficient of this one.", found=str(lacking[0][0]), fix="Give a larger model."
        )
    if fit.n != maximal.n or fit.outcome != maximal.outcome or fit.model.name != maximal.model.name:
        raise EstimationError(
            "The two models are not of one outcome on the same rows.",
            found=f"{fit.outcome} on {fit.n} rows, {maximal.outcome} on {maximal.n}",
            fix="Fit both on the rows complete for the larger one.",
        )
    at = np.asarray([i for i, label in enumerate(full) if label not in own], dtype=np.int64)
    wald = log_det = 0.0
    if len(at):
        V = maximal.params.vcov(at.tolist())
        inverse, information = positive_inverse(V, SINGULAR), positive_inverse(maximal.naive_cov[np.ix_(at, at)])
        if inverse is None or information is None:
            raise EstimationError(
                "There are too few units for the coefficients the model leaves out.", found=f"{len(at)} coefficients"
            )
        b = maximal.theta[at]
        wald = float(b @ inverse @ b)
        log_det = float(np.log(effects(information, V) / _unit(maximal)).sum())
    p = len(own)
    return Criterion(
        name="dBIC",
        value=wald + p * float(np.log(fit.n)) + log_det + _deviance(maximal),
        effective_parameters=float(p),
        mean_effect=float(np.exp(log_det / len(at))) if len(at) else 1.0,
    )


def _labels(fit: ModelFit) -> list[tuple[object, object]]:
    table = fit.params.table
    return list(zip(table["variable"], table["category"], strict=True))
