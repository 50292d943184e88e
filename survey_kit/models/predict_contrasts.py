"""Linear hypotheses about coefficients, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from survey_kit import checks
from survey_kit.errors import EstimationError, did_you_mean
from survey_kit.estimate.covariances import Replicated
from survey_kit.estimate.estimates import Estimates, combined
from survey_kit.models.fit import ModelFit
from survey_kit.models.margins_average import finished
from survey_kit.models.margins_matrix import factors_with, matrix
from survey_kit.models.margins_population import (
    categorical,
    covariates,
    known_covariate,
    levels_of,
    population,
    with_values,
)
from survey_kit.models.model import check_fit
from survey_kit.models.terms import bare
from survey_kit.types import FloatArray

Weights = Mapping[str, float]


def contrasts(
    fit: ModelFit, wanted: str | Mapping[str, Weights], *, exponentiate: bool = False, level: float = 0.95
) -> Estimates:
    r"""Linear combinations of coefficients, ``L b`` with covariance ``L V L'``.

    Parameters
    ----------
    fit
        A model.
    wanted
        ``{"name": {"column": weight}}``, columns as in ``fit.params``; thresholds of an ordered model by their names, such as
        ``"1|2"``. Or a categorical covariate: the differences between all its levels, pairwise.
    exponentiate
        Give ratios of odds, rates or hazards, limits exponentiated.
    level
        Confidence level.

    Returns
    -------
    Estimates
        One row per combination, and of a multinomial model per level of the outcome. P-values, adjusted for their number, are
        those of ``sk.significance(contrasts(...), adjust="holm")`` (of the contrasts themselves, not of ratios); one joint test
        is ``sk.wald_test``.

    Raises
    ------
    EstimationError
        If a column is unknown, `wanted` is neither, or the covariate takes part in an interaction, so that its levels differ by more than
        coefficients.

    Notes
    -----
    Matches R ``svycontrast``, and for pairs ``pairs(emmeans(...))`` on the link scale.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2, 1, 2], "y": [1.0, 2, 2, 4, 3, 3], "x": [1.0, 2, 3, 4, 5, 6], "g": list("abcabc")})
    >>> fit = sk.ols(sk.Design(frame, weight="w"), "y ~ g + x")
    >>> sk.contrasts(fit, "g").table[["variable", "estimate"]].round(3).values.tolist()
    [['b - a', -0.667], ['c - a', -1.444], ['c - b', -0.778]]
    >>> one = sk.contrasts(fit, {"b and c less a": {"g[T.b]": 0.5, "g[T.c]": 0.5}})
    >>> round(float(one.table["estimate"][0]), 4)
    -1.0556
    """
    from scipy import sparse

    check_fit(fit)
    exponentiate = checks.flag(exponentiate, "exponentiate", EstimationError)
    L, names, equations = _pairs(fit, wanted) if isinstance(wanted, str) else _named(fit, wanted)
    estimate = L @ fit.theta
    head: dict[str, list[Any]] = {"variable": names, "category": equations}
    link = fit.link != "identity"
    if not exponentiate:
        return finished(combined(fit.params, sparse.csr_array(L), estimate, head, "contrast"), level, "wald", ())
    if not link:
        raise EstimationError("The coefficients of this model are no logarithms.", fix="Leave out exponentiate=True.")
    with np.errstate(over="ignore"):
        ratio = np.exp(estimate)
    slope = sparse.csr_array(ratio[:, None] * L)
    variance = fit.params.variance.mapped(slope, ratio)
    if isinstance(fit.params.variance, Replicated) and isinstance(variance, Replicated):
        from dataclasses import replace

        variance = replace(variance, theta_r=np.exp(fit.params.variance.theta_r @ L.T))
    out = combined(fit.params, slope, ratio, head, "exponentiated contrast", variance)
    return finished(out, level, "log", ())


def _equations(fit: ModelFit) -> list[Any]:
    return list(fit.levels[1:]) if fit.model.kind == "nominal" else [None]


def _named(fit: ModelFit, wanted: Mapping[str, Weights]) -> tuple[FloatArray, list[str], list[Any]]:
    names = fit.params.table["variable"].tolist()
    equations = _equations(fit)
    size = len(names) // len(equations)
    rows, labels, categories = [], [], []
    checks.instance(
        wanted,
        Mapping,
        "Contrasts are named by a mapping, or are those of a covariate.",
        f"Write {{'name': {{'{names[0]}': 1}}}}, or the name of a categorical covariate.",
        EstimationError,
    )
    if not wanted:
        raise EstimationError("There is no contrast.", fix="Write {'name': {'column': weight}}.")
    for label, weights in wanted.items():
        if not isinstance(weights, Mapping) or not weights:
            raise EstimationError(
                f"The contrast '{label}' has no weights.", fix=f"Write {{'{label}': {{'{names[0]}': 1}}}}."
            )
        row = np.zeros(size)
        for name, weight in weights.items():
            row[_place(name, names[:size])] += _finite(label, weight)
        for e, equation in enumerate(equations):
            rows.append(np.concatenate([np.zeros(e * size), row, np.zeros((len(equations) - e - 1) * size)]))
            labels.append(label)
            categories.append(equation)
    return np.stack(rows), labels, categories


def _place(name: str, names: list[str]) -> int:
    """Find a coefficient by its name, with or without the C() of its covariate."""
    if name in names:
        return names.index(name)
    same = [i for i, known in enumerate(names) if bare(known) == bare(str(name))]
    if len(same) != 1:
        raise EstimationError(f"The model has no coefficient '{name}'.", fix=did_you_mean(name, names))
    return same[0]


def _finite(label: str, weight: Any) -> float:
    try:
        value = float(weight)
    except (TypeError, ValueError):
        value = float("nan")
    if not np.isfinite(value):
        raise EstimationError(f"A weight of the contrast '{label}' is no number.", found=checks.shown(weight))
    return value


def _pairs(fit: ModelFit, name: str) -> tuple[FloatArray, list[str], list[Any]]:
    name = known_covariate(fit, name if name in covariates(fit) else bare(name))
    if not categorical(fit, name):
        raise EstimationError(
            f"'{name}' is a number in the model.", fix=f"Write C({name}) in the formula, or name the coefficient."
        )
    holding = factors_with(fit, name)
    terms = [term for term in fit.spec.term_slices if any(factor.expr in holding for factor in term.factors)]
    if any(len(list(term.factors)) > 1 for term in terms):
        raise EstimationError(
            f"'{name}' takes part in an interaction, so its levels differ by more than its coefficients.",
            where=", ".join(str(term) for term in terms),
            fix=f"Use average_marginal_effects(fit, '{name}', contrast='pairwise', scale='link').",
        )
    frame = population(fit, None).frame.iloc[np.zeros(1, dtype=np.int64)].reset_index(drop=True)
    levels = levels_of(fit, frame, name) if fit.problem.kinds[name] != "number" else _numbers(fit, name)
    X = np.concatenate([matrix(fit, with_values(fit, frame, {name: level})) for level in levels])
    pairs = [(i, j) for j in range(len(levels)) for i in range(j + 1, len(levels))]
    rows = np.stack([X[i] - X[j] for i, j in pairs])
    equations = _equations(fit)
    E, K, p = len(equations), len(fit.theta), len(fit.columns)
    L = np.zeros((len(pairs) * E, K))
    for e in range(E):
        L[e::E, e * p : (e + 1) * p] = rows
    names = [f"{levels[i]} - {levels[j]}" for i, j in pairs]
    return L, [label for label in names for _ in equations], equations * len(pairs)


def _numbers(fit: ModelFit, name: str) -> list[Any]:
    return levels_of(fit, population(fit, None).frame, name)
