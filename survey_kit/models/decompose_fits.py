"""The two fits behind a decomposition: means, coefficients and what every row adds to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from survey_kit.errors import EstimationError
from survey_kit.models import fitting
from survey_kit.models.decompose_parts import Reference, jacobian
from survey_kit.models.fitting import Maximum
from survey_kit.models.model import Model
from survey_kit.models.problem import Problem
from survey_kit.types import BoolArray, FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A model of some rows, told by a mask over the rows used (m,)."""

    mask: BoolArray
    problem: Problem
    maximum: Maximum


@dataclass(frozen=True, slots=True, kw_only=True)
class Fits:
    """Two groups with their models, and the pooled one where the reference needs it.

    Attributes
    ----------
    X, y : (m, p), (m,)
        Rows used, as the formula has them.
    w : (m,)
        Their weights.
    problem
        Of both groups together.
    a, b, pooled
        The models.
    reference, model
        As asked for.
    """

    X: FloatArray
    y: FloatArray
    w: FloatArray
    problem: Problem
    a: Fitted
    b: Fitted
    pooled: Fitted | None
    reference: Reference
    model: Model

    def values(self, weights: FloatArray | None = None) -> dict[str, FloatArray]:
        """Means and coefficients, under other weights (n,) of the design's rows if given."""
        w = self.w if weights is None else weights[self.problem.rows]
        out: dict[str, FloatArray] = {}
        for name, side in (("a", self.a), ("b", self.b)):
            own = w[side.mask]
            out[f"x_{name}"] = own @ self.X[side.mask] / own.sum()
            out[f"x_{name}"][self.problem.intercept] = 1.0
            out[f"b_{name}"] = self._theta(side, weights)
        if self.pooled is not None:
            out["b_p"] = self._theta(self.pooled, weights)[: self.X.shape[1]]
        out["s_a"] = np.array([w[self.a.mask].sum() / w.sum()])
        if self.model.family is not None and self.model.kind == "binary":
            b_r = self.reference.value(out)
            predictions = [(self.a, out["b_a"]), (self.b, out["b_b"]), (self.a, b_r), (self.b, b_r)]
            out["m"] = np.array([self._mean(side.mask, b, w)[0] for side, b in predictions])
        return out

    def _theta(self, side: Fitted, weights: FloatArray | None) -> FloatArray:
        return side.maximum.theta if weights is None else fitting.refit(side.maximum, side.problem, weights)

    def _mean(self, mask: BoolArray, b: FloatArray, w: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Mean prediction of a group, the predictions (rows,), and the derivative of the mean by the coefficients (p,)."""
        family = self.model.family
        if family is None:
            raise EstimationError("Mean predictions need a generalised linear model.")
        eta, own = self.X[mask] @ b, w[mask]
        mu = family.mean(eta)
        return float(own @ mu / own.sum()), mu, (own * family.slope(eta)) @ self.X[mask] / own.sum()

    def influence(self, values: Mapping[str, FloatArray], J: dict[str, FloatArray]) -> FloatArray:
        """Influence (m, K) of the rows used on K quantities with derivatives J (K, size) by the values."""
        J = dict(J)
        K = len(next(iter(J.values())))
        z = np.zeros((len(self.y), K))
        if "m" in values:
            self._through_means(values, J, z)
        for name, side in (("a", self.a), ("b", self.b)):
            total = self.w[side.mask].sum()
            z[side.mask] += (self.X[side.mask] - values[f"x_{name}"]) @ J[f"x_{name}"].T / total
            z[side.mask] += fitting.influence(side.maximum, side.problem).T @ J[f"b_{name}"].T
        if self.pooled is not None:
            p = self.X.shape[1]
            z += fitting.influence(self.pooled.maximum, self.pooled.problem)[:p].T @ J["b_p"].T
        z += (self.a.mask - values["s_a"][0])[:, None] * J["s_a"].T / self.w.sum()
        return z

    def _through_means(self, values: Mapping[str, FloatArray], J: dict[str, FloatArray], z: FloatArray) -> None:
        """Add what rows do to the mean predictions directly; put what coefficients do to them into J."""
        b_r = self.reference.value(values)
        outer = jacobian(self.reference.value, {name: value for name, value in values.items() if name != "m"})
        for j, (side, b, own) in enumerate(
            (
                (self.a, values["b_a"], "b_a"),
                (self.b, values["b_b"], "b_b"),
                (self.a, b_r, None),
                (self.b, b_r, None),
            )
        ):
            by_mean = J["m"][:, j : j + 1]
            mean, mu, slope = self._mean(side.mask, b, self.w)
            z[side.mask] += (mu - mean)[:, None] * by_mean.T / self.w[side.mask].sum()
            if own is not None:
                J[own] = J[own] + by_mean * slope
                continue
            for name, by_value in outer.items():
                J[name] = J[name] + by_mean * (slope @ by_value)


def fit_both(
    problem: Problem, w: FloatArray, in_a: BoolArray, names: tuple[str, str], model: Model, reference: Reference
) -> Fits:
    """Fit the model in both groups, and pooled where the reference asks for it.

    Parameters
    ----------
    problem
        Of both groups.
    w : (n,)
        The design's weights.
    in_a : (m,)
        Which of the rows used are in group a.
    names
        What messages call the groups.
    model, reference
        As asked for.

    Raises
    ------
    EstimationError
        If the model has no fit in a group; the message names the group.
    """
    data = problem.data
    cell = slice(None) if data.cell is None else data.cell
    whole = replace(
        problem,
        data=replace(data, X=data.X[:, cell], y=data.y[cell], w=np.ones(len(problem.rows)), cell=None),
    )
    centre, scale = data.basis
    X = (whole.data.X * scale[:, None] + centre[:, None]).T
    sides = []
    for name, mask in zip(names, (in_a, ~in_a), strict=True):
        try:
            sides.append(_subset(whole, mask, w, model))
        except EstimationError as fault:
            at = name if fault.where is None else f"{name}; {fault.where}"
            raise EstimationError(fault.what, where=at, found=fault.found, fix=fault.fix) from None
    pooled = None
    if reference.pooled:
        joint = _with_group(whole, in_a) if reference.grouped else whole
        pooled = _subset(joint, np.ones(len(in_a), dtype=bool), w, model)
    return Fits(
        X=np.ascontiguousarray(X),
        y=whole.data.y * problem.y_scale + problem.y_centre,
        w=w[problem.rows],
        problem=problem,
        a=sides[0],
        b=sides[1],
        pooled=pooled,
        reference=reference,
        model=model,
    )


def _subset(problem: Problem, mask: BoolArray, w: FloatArray, model: Model) -> Fitted:
    """Fit the model to some of the rows."""
    rows = problem.rows[mask]
    total = float(w[rows].sum())
    own = replace(
        problem,
        rows=rows,
        data=replace(problem.data, X=problem.data.X[:, mask], y=problem.data.y[mask], w=np.ones(len(rows))),
        mean_weight=total / len(rows),
        weight_sum=total,
    )
    own = replace(own, data=own.weighted(w))
    return Fitted(mask=mask, problem=own, maximum=fitting.fit(model, own))


def _with_group(problem: Problem, in_a: BoolArray) -> Problem:
    """Add an indicator of group a as the last column."""
    data, p = problem.data, len(problem.columns)
    centre, scale = data.basis
    middle = float(in_a.mean())
    return replace(
        problem,
        columns=(*problem.columns, "group"),
        terms={**problem.terms, "group": slice(p, p + 1)},
        data=replace(
            data,
            X=np.vstack([data.X, in_a - middle]),
            basis=(np.append(centre, middle), np.append(scale, 1.0)),
        ),
    )
