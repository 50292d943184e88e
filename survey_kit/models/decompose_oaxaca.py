"""Oaxaca-Blinder: a difference between two groups or two waves, by characteristics and by what they count for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from survey_kit import checks
from survey_kit.design import Design
from survey_kit.design.threads import one_thread
from survey_kit.errors import EstimationError, did_you_mean
from survey_kit.estimate import Estimates, Influence, from_influence
from survey_kit.models.decompose_fits import Fits, fit_both
from survey_kit.models.decompose_parts import (
    REFERENCES,
    Factor,
    Pieces,
    Reference,
    jacobian,
    threefold,
    twofold,
    twofold_of_means,
    weighted_reference,
)
from survey_kit.models.model import LOGIT, OLS
from survey_kit.models.problem import Problem, Question, prepare
from survey_kit.types import BoolArray, FloatArray, Missing

Coefficients: TypeAlias = Literal["pooled", "neumark", "cotton", "a", "b", "threefold"]
Detail: TypeAlias = Literal["terms", "columns", "none"]
KINDS = {"linear": OLS, "logit": LOGIT}
TWO = ("explained", "unexplained")
THREE = ("endowments", "coefficients", "interaction")


@one_thread()
def oaxaca_blinder(
    design: Design,
    formula: str,
    group: str,
    *,
    compare: tuple[Any, Any] | None = None,
    reference: Coefficients | float = "pooled",
    model: Literal["linear", "logit"] = "linear",
    detail: Detail = "terms",
    where: str | None = None,
    missing: Missing = "error",
    level: float = 0.95,
) -> Estimates:
    r"""Take the difference between two means apart into characteristics and what they count for.

    .. math:: \bar y_a - \bar y_b = (\bar x_a - \bar x_b)'\beta_r +
              \bigl[\bar x_a'(\beta_a - \beta_r) + \bar x_b'(\beta_r - \beta_b)\bigr]

    Parameters
    ----------
    design
        The sample.
    formula
        Of the outcome in either group, with an intercept.
    group
        Column with the two groups, or the wave: then a change between two waves is taken apart.
    compare
        The two levels (a, b); None where there are just two: the second less the first, as a change is.
    reference
        The coefficients that value the difference in characteristics: ``"pooled"`` over both groups beside an indicator of the
        group (Jann 2008), ``"neumark"`` pooled without it (Neumark 1988; Oaxaca & Ransom 1994), ``"cotton"`` weighted by the
        groups' shares (Cotton 1988), ``"a"``, ``"b"``, or a number s for s a + (1 - s) b. ``"threefold"`` has none: endowments
        at b's coefficients, coefficients at b's characteristics, and their interaction.
    model
        ``"linear"``, or ``"logit"`` for an outcome of 0 and 1.
    detail
        Contributions of every term, of every column, or none. The constant has none to what is explained.
    where, missing, level
        As in :func:`survey_kit.ols`.

    Returns
    -------
    Estimates
        ``variable`` is ``"total"`` or the term, ``category`` the component: ``mean_a mean_b difference explained
        unexplained`` (or ``endowments coefficients interaction``). Components add up to the difference.

    Raises
    ------
    EstimationError
        If there are not two groups, a group lacks a category or has too few rows, the formula has no intercept, or a logit is
        separated in a group.

    Notes
    -----
    Blinder (1973), Oaxaca (1973). Standard errors count the sampling of characteristics as well as of coefficients: the
    influences of means and coefficients of both groups are stacked and multiplied by exact derivatives, so that strata, units,
    calibration and the overlap of two waves enter as in any other estimate; replicate designs repeat the whole. Categorical
    terms are normalised, so that contributions of coefficients do not depend on the omitted category (Yun 2005); they do
    depend on where a numeric covariate has its zero. With ``model="logit"`` differences of mean predictions are shared out by
    the weights of Yun (2004). Degrees of freedom are those of the design.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0] * 8, "sex": list("ffffmmmm"), "x": [1.0, 2, 3, 4, 2, 3, 4, 5],
    ...                       "y": [1.0, 2, 2, 3, 3, 5, 5, 7]})
    >>> out = oaxaca_blinder(sk.Design(frame, weight="w"), "y ~ x", "sex", reference="b", detail="none")
    >>> dict(zip(out.table["category"], out.table["estimate"].round(6).tolist()))
    {'mean_a': 5.0, 'mean_b': 2.0, 'difference': 3.0, 'explained': 0.6, 'unexplained': 2.4}
    """
    checks.choice(model, "model", tuple(KINDS), EstimationError)
    checks.choice(detail, "detail", get_args(Detail), EstimationError)
    checks.level(level)
    chosen = _reference(reference, model)
    kind = KINDS[model]
    problem = prepare(design, formula, Question(kind=kind.kind, where=where, missing=missing))
    if problem.intercept is None:
        raise EstimationError("A decomposition needs an intercept.", where=formula, fix="Take '- 1' or '0 +' out.")
    problem, in_a, labels = _two(design, problem, group, compare)
    names = (f"{group} = {labels[0]}", f"{group} = {labels[1]}")
    fits = fit_both(problem, design.layout.weight, in_a, names, kind, chosen)
    pieces = _pieces(problem, fits.X, detail)
    components = THREE if reference == "threefold" else TWO
    take: Callable[[Any], Any] = (
        partial(threefold, pieces)
        if reference == "threefold"
        else partial(twofold_of_means if model == "logit" else twofold, pieces, chosen)
    )
    return _estimates(design, fits, take, (pieces, components, detail), (group, labels, level))


def _reference(reference: Coefficients | float, model: str) -> Reference:
    if isinstance(reference, str):
        checks.choice(reference, "reference", get_args(Coefficients), EstimationError)
        if reference != "threefold":
            return REFERENCES[reference]
        if model == "logit":
            raise EstimationError(
                "A threefold decomposition is for linear models.", fix="Name a reference, such as 'pooled'."
            )
        return REFERENCES["b"]
    reference = checks.number(reference, "reference", "Name one, such as 'pooled', or a share.", EstimationError)
    if not 0 <= reference <= 1:
        raise EstimationError("The share of group a's coefficients lies between 0 and 1.", found=repr(reference))
    return weighted_reference(float(reference))


def _two(
    design: Design, problem: Problem, group: str, compare: tuple[Any, Any] | None
) -> tuple[Problem, BoolArray, tuple[Any, Any]]:
    """Keep the rows of the two groups; tell which are in a."""
    checks.instance(group, str, "'group' names one column.", "Write group='sex'.", EstimationError)
    if group in problem.parsed.names:
        raise EstimationError(f"'{group}' cannot be the group and stand in the formula.", where=problem.parsed.text)
    grouped = design.groups(group, "group")
    codes, levels = grouped.codes[problem.rows], [level[0] for level in grouped.levels]
    present = [levels[code] for code in np.unique(codes[codes >= 0])]
    if compare is not None and (not isinstance(compare, (tuple, list)) or len(compare) != 2):
        raise EstimationError("'compare' names two groups.", found=checks.shown(compare), fix="Write compare=(a, b).")
    if compare is None:
        if len(present) != 2:
            raise EstimationError(
                f"'{group}' does not have two groups.",
                found=", ".join(map(str, present[:6])),
                fix="Name the two: compare=(a, b).",
            )
        labels = (present[1], present[0])
    else:
        labels = (compare[0], compare[1])
        for label in labels:
            if label not in present:
                raise EstimationError(
                    f"'{group}' has no group '{label}' in these rows.", fix=did_you_mean(str(label), present)
                )
        if labels[0] == labels[1]:
            raise EstimationError("The two groups are the same.", found=f"{labels[0]!r} twice")
    a, b = (levels.index(label) for label in labels)
    keep = (codes == a) | (codes == b)
    every = grouped.codes[problem.active]
    data = problem.data
    if data.cell is not None:
        data = replace(data, cell=data.cell[keep])
    else:
        data = replace(data, X=data.X[:, keep], y=data.y[keep], w=data.w[keep])
    own = replace(problem, rows=problem.rows[keep], active=problem.active[(every == a) | (every == b)], data=data)
    return own, codes[keep] == a, labels


def _pieces(problem: Problem, X: FloatArray, detail: Detail) -> Pieces:
    """Name what contributions are told for, with a column for the omitted category of every categorical main effect."""
    columns = list(problem.columns)
    factors, of_factor = [], []
    state = getattr(problem.spec, "encoder_state", {})
    for term, at in problem.terms.items():
        found = state.get(term, (None, {}))[1].get("categories")
        indices = np.arange(at.start, at.stop)
        plain = found is not None and len(found) == len(indices) + 1
        if plain and bool(((X[:, indices] == 0) | (X[:, indices] == 1)).all()):
            names = {columns[j] for j in indices}
            base = next((level for level in found if f"{term}[T.{level}]" not in names), found[0])
            factors.append(Factor(columns=indices, base=f"{term}[{base}]"))
            of_factor.append(term)
    size = len(columns) + len(factors)
    if detail == "columns":
        labels = [*columns, *(factor.base for factor in factors)]
        sums = np.eye(size)
    else:
        labels = list(problem.terms)
        sums = np.zeros((len(labels), size))
        for i, (term, at) in enumerate(problem.terms.items()):
            sums[i, at] = 1.0
            if term in of_factor:
                sums[i, len(columns) + of_factor.index(term)] = 1.0
    return Pieces(
        labels=tuple(labels),
        sums=sums,
        factors=tuple(factors),
        intercept=0 if problem.intercept is None else problem.intercept,
    )


def _estimates(
    design: Design,
    fits: Fits,
    take: Callable[[Any], Any],
    shape: tuple[Pieces, Sequence[str], Detail],
    said: tuple[str, tuple[Any, Any], float],
) -> Estimates:
    pieces, components, detail = shape
    group, labels, level = said
    values = fits.values()
    names = [*["total"] * (3 + len(components)), *np.repeat(pieces.labels, len(components)).tolist()]
    parts = ["mean_a", "mean_b", "difference", *components, *list(components) * len(pieces.labels)]
    told = [
        i
        for i, (name, part) in enumerate(zip(names, parts, strict=True))
        if name == "total" or (detail != "none" and (name != "Intercept" or part == components[1]))
    ]
    count = len(told)

    def point(weights: FloatArray) -> FloatArray:
        return np.asarray(np.real(take(fits.values(weights))))[told]

    estimate = np.asarray(take(values))[told]
    J = jacobian(lambda v: take(v)[told], values)
    z = fits.influence(values, {name: np.where(np.isfinite(part), part, 0.0) for name, part in J.items()})
    n_a = int(fits.a.mask.sum())
    n = np.full(count, float(len(fits.y)))
    weight = np.full(count, float(fits.w.sum()))
    n[:2] = n_a, len(fits.y) - n_a
    weight[:2] = fits.w[fits.a.mask].sum(), fits.w[fits.b.mask].sum()
    return from_influence(
        design,
        Influence(z=z, rows=fits.problem.rows, active_rows=fits.problem.active),
        head={"variable": [names[i] for i in told], "category": [parts[i] for i in told]},
        statistic="oaxaca_blinder",
        estimate=estimate,
        n=n,
        weight_sum=weight,
        replicate=point,
        level=level,
        notes=(*fits.problem.notes, *_notes(fits, pieces, components, group, labels)),
    )


def _notes(
    fits: Fits, pieces: Pieces, components: Sequence[str], group: str, labels: tuple[Any, Any]
) -> tuple[str, ...]:
    out = [f"a: {group} = {labels[0]!r}, b: {group} = {labels[1]!r}; differences are a less b"]
    out.append(
        "threefold, from the point of view of b"
        if len(components) == 3
        else f"differences in characteristics valued at {fits.reference.name}"
    )
    if pieces.factors:
        out.append("categorical terms normalised: their coefficients are deviations from the mean of the levels")
    if fits.model is LOGIT:
        out.append("logit: mean predictions, shared out by the weights of Yun (2004)")
    return tuple(out)
