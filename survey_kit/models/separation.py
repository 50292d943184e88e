"""Separation: covariates that tell the outcome without error, so that a coefficient is infinite.

An outcome is separated, wholly or in part, when there is a direction of the parameters along which no row loses likelihood
and some row gains (Albert & Anderson 1984, Biometrika 71, 1-10). It is found by a linear programme (Konis 2007, *Linear
programming algorithms for detecting separated data in binary logistic regression models*, chapter 4), into which
constraints are brought as they are violated, so that its size does not grow with the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from survey_kit.errors import EstimationError
from survey_kit.models.likelihood import Likelihood, Rows
from survey_kit.models.problem import Problem
from survey_kit.types import BoolArray, FloatArray

MOST_AT_ONCE, MOST_ROUNDS = 2000, 60
SLACK = 1e-7
GAIN = 1e-5


def refuse(likelihood: Likelihood, problem: Problem, rows: Rows) -> None:
    """Raise an error that names the columns when the outcome is separated; else do nothing."""
    found = direction(likelihood, rows)
    if found is None:
        return
    d = likelihood.restore(rows.basis, problem.intercept) @ found
    names = _columns_in(problem, rows, likelihood, d)
    raise EstimationError(
        f"The covariates tell the outcome '{problem.outcome.name}' without error in part of the rows (separation), "
        "so a coefficient has no finite value.",
        where=", ".join(f"'{name}'" for name in names[:6]),
        found=_told(problem, rows, names),
        fix="Join the category with another, leave the column out, or widen the domain.",
    )


def direction(likelihood: Likelihood, rows: Rows) -> FloatArray | None:
    """Find a direction (K,) along which the likelihood rises for ever; None when there is none."""
    kept = rows.w != 0
    largest = np.abs(rows.X).max(axis=1, initial=0.0)
    scale = np.where(largest > 0, largest, 1.0)
    level = replace(rows, X=rows.X[:, kept] / scale[:, None], y=rows.y[kept], w=rows.w[kept], offset=None, cell=None)
    gain = np.zeros(likelihood.size)
    for at in level.blocks():
        C, equal = likelihood.recession(level.X[:, at], level.y[at])
        gain += C[~equal].sum(axis=0)
    C, equal = np.zeros((0, likelihood.size)), np.zeros(0, dtype=bool)
    d = np.sign(gain)
    for _ in range(MOST_ROUNDS):
        worst, of_them = _violated(likelihood, level, d)
        if not len(worst):
            found = likelihood.restore((np.zeros(len(scale)), scale), None) @ d
            return found if gain @ d > GAIN else None
        C, equal = np.concatenate([C, worst]), np.concatenate([equal, of_them])
        solved = _programme(gain, C, equal)
        if solved is None:
            return None
        d = solved
    return None


def _programme(gain: FloatArray, C: FloatArray, equal: BoolArray) -> FloatArray | None:
    """Maximise ``gain'd`` within -1 <= d <= 1 such that ``C d >= 0``."""
    from scipy.optimize import linprog

    inside, fixed = C[~equal], C[equal]
    found = linprog(
        -gain,
        A_ub=-inside if len(inside) else None,
        b_ub=np.zeros(len(inside)) if len(inside) else None,
        A_eq=fixed if len(fixed) else None,
        b_eq=np.zeros(len(fixed)) if len(fixed) else None,
        bounds=(-1.0, 1.0),
        method="highs",
    )
    return None if found.x is None else np.asarray(found.x)


def _violated(likelihood: Likelihood, rows: Rows, d: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Give the constraints a direction violates most, each once."""
    worst, short, exact = np.zeros((0, len(d))), np.zeros(0), np.zeros(0, dtype=bool)
    for at in rows.blocks():
        C, equal = likelihood.recession(rows.X[:, at], rows.y[at])
        value = C @ d
        by = np.where(equal, np.abs(value), -value)
        out = by > SLACK
        worst, short, exact = (
            np.concatenate([worst, C[out]]),
            np.concatenate([short, by[out]]),
            np.concatenate([exact, equal[out]]),
        )
        if len(short) > 4 * MOST_AT_ONCE:
            most = np.argsort(-short, kind="stable")[:MOST_AT_ONCE]
            worst, short, exact = worst[most], short[most], exact[most]
    if not len(short):
        return worst, exact
    most = np.argsort(-short, kind="stable")[:MOST_AT_ONCE]
    _, first = np.unique(np.column_stack([worst[most], exact[most]]), axis=0, return_index=True)
    return worst[most][first], exact[most][first]


def _columns_in(problem: Problem, rows: Rows, likelihood: Likelihood, d: FloatArray) -> list[str]:
    """Name the columns a direction moves, in the order of the formula."""
    p = len(problem.columns)
    if not p:
        return []
    size = np.sqrt(np.einsum("pm,pm->p", rows.X, rows.X) / rows.X.shape[1]) * rows.basis[1]
    equations = max(1, likelihood.size // p) if not problem.thresholds else 1
    moved = np.abs(d[: equations * p].reshape(equations, p)).max(axis=0) * size
    return [name for name, by in zip(problem.columns, moved.tolist(), strict=True) if by > 1e-6 * moved.max()]


def _told(problem: Problem, rows: Rows, names: Sequence[str]) -> str:
    """Say where the outcome is always the same, if single categories show it."""
    count = rows.cells(np.ones(len(rows.y) if rows.cell is None else len(rows.cell)))
    values = rows.X * rows.basis[1][:, None] + rows.basis[0][:, None]
    dummies = {}
    for j, name in enumerate(problem.columns):
        if name in names and name != "Intercept":
            x = np.round(values[j], 9)
            if not np.isin(x, (0.0, 1.0)).all():
                return "a combination of these columns"
            dummies[name] = x == 1.0
    for name, holds in dummies.items():
        said = _always(problem, rows, holds, count)
        if said is not None:
            return f"{said} with {name}"
    nobody = ~np.logical_or.reduce(list(dummies.values())) if dummies else np.zeros(len(rows.y), dtype=bool)
    said = _always(problem, rows, nobody, count)
    return "a combination of these columns" if said is None else f"{said} with none of them (the reference category)"


def _always(problem: Problem, rows: Rows, holds: BoolArray, count: FloatArray) -> str | None:
    found = np.unique(rows.y[holds])
    levels: tuple[Any, ...] = problem.outcome.levels
    size = int(count[holds].sum())
    if len(found) == 1:
        value = repr(levels[int(found[0])]) if levels else f"{found[0]:g}"
        return f"the outcome is {value} in all {size} rows"
    lacking = [repr(level) for code, level in enumerate(levels) if code not in found]
    return f"the outcome is never {lacking[0]} in the {size} rows" if lacking and size else None
