"""The derivative of a model matrix by one covariate: exact where the formula's factors can be differentiated.

A column of the matrix is a product of factors, so its derivative is the sum, over the factors that hold the covariate, of the
column with that factor replaced by its derivative. A plain covariate has derivative 1; an expression such as ``np.log(x)`` or
``I(x**2)`` is evaluated with dual numbers, which is exact. Factors computed from the whole column (splines, polynomials,
``center``) have no such form: their columns are differentiated by a five-point rule, which is exact for polynomials up to the
fourth degree and inside the observed range of the covariate.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit.errors import EstimationError
from survey_kit.estimate.dual import Dual, Tape
from survey_kit.models.fit import ModelFit
from survey_kit.models.formula import QUOTED, materialise
from survey_kit.types import BoolArray, FloatArray

if TYPE_CHECKING:
    import pandas as pd

STEP = 1e-3  # of the observed range of the covariate
NODES = np.arange(-2, 3)
RULES = {  # five-point derivatives at the middle, the first and the last node (Abramowitz & Stegun 1964, table 25.2)
    0: np.array([1.0, -8.0, 0.0, 8.0, -1.0]) / 12.0,
    2: np.array([-25.0, 48.0, -36.0, 16.0, -3.0]) / 12.0,
    -2: np.array([3.0, -16.0, 36.0, -48.0, 25.0]) / 12.0,
}


def matrix(fit: ModelFit, frame: pd.DataFrame, seeds: dict[str, FloatArray] | None = None) -> FloatArray:
    """Matrix (r, p) of a small pandas frame, some factors replaced by given values."""
    made = materialise(fit.spec, frame, fit.formula, seeds)
    return np.asarray(made[list(fit.columns)].to_numpy(dtype=np.float64))


def factors_with(fit: ModelFit, name: str) -> list[str]:
    """Give the factors of the formula that hold a column."""
    found = [factor.expr for term in fit.spec.term_slices for factor in term.factors]
    return [expression for expression in dict.fromkeys(found) if name in _names(expression)]


def _names(expression: str) -> set[str]:
    quoted = set(QUOTED.findall(expression))
    try:
        tree = ast.parse(QUOTED.sub("_quoted", expression), mode="eval")
    except SyntaxError:
        return {expression}
    return {expression, *quoted, *(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))}


def derivative(fit: ModelFit, frame: pd.DataFrame, name: str, observed: FloatArray) -> tuple[FloatArray, bool]:
    """Give the derivative (r, p) of the matrix by a numeric column, and whether it is exact.

    Parameters
    ----------
    fit, frame, name
        The model, the rows, and the covariate.
    observed : (m,)
        Its values when the model was fitted.
    """
    places = _places(fit)
    D = np.zeros((len(frame), len(fit.columns)))
    rough = np.zeros(len(fit.columns), dtype=bool)
    for expression in factors_with(fit, name):
        columns = np.zeros(len(fit.columns), dtype=bool)
        for factors, at in places:
            columns[at] |= expression in factors
        slope = _slope(expression, frame, name)
        if slope is None:
            rough |= columns
        elif columns.any():
            D[:, columns] += matrix(fit, frame, {expression: slope})[:, columns]
    if rough.any():
        D[:, rough] = _stepped(fit, frame, name, observed, rough)
    if not np.isfinite(D).all():
        raise EstimationError(
            f"The model has no finite derivative by '{name}' in some rows.",
            where=f"column '{name}'",
            fix="Use a discrete change: contrast='sd' or a step.",
        )
    return D, not rough.any()


def _places(fit: ModelFit) -> list[tuple[set[str], slice]]:
    """Factors and columns of every term, among the columns of the fit."""
    lost = len(fit.spec.column_names) - len(
        fit.columns
    )  # thresholds took the place of the intercept, which is the first
    return [
        ({factor.expr for factor in term.factors}, slice(max(at.start - lost, 0), at.stop - lost))
        for term, at in fit.spec.term_slices.items()
        if at.stop > lost
    ]


def _slope(expression: str, frame: pd.DataFrame, name: str) -> FloatArray | None:
    """Give the derivative (r,) of a factor; None where it is computed from a whole column."""
    r = len(frame)
    if expression in (name, f"`{name}`"):
        return np.ones(r)
    if QUOTED.search(expression):
        return None
    values: dict[str, Any] = {
        column: frame[column].to_numpy(dtype=np.float64)
        for column in frame.columns
        if str(frame[column].dtype) == "float64"
    }
    values[name] = Dual(values[name], {0: np.ones(r)}, Tape())
    try:
        out = eval(expression, {"__builtins__": {}, **_plain_functions()}, values)  # noqa: S307  # the formula's own text, as when it was fitted
    except (EstimationError, NameError, TypeError, ValueError, AttributeError, IndexError):
        return None
    if not isinstance(out, Dual):
        return None
    slope = out.partials.get(0)
    return np.zeros(r) if slope is None else np.broadcast_to(np.asarray(slope, dtype=np.float64), (r,))


def _plain_functions() -> dict[str, Any]:
    from formulaic.transforms import TRANSFORMS

    known = {name: function for name, function in TRANSFORMS.items() if isinstance(function, np.ufunc)}
    return {"np": np, "I": _itself, **known}


def _itself(value: Any) -> Any:
    return value


def _stepped(fit: ModelFit, frame: pd.DataFrame, name: str, observed: FloatArray, columns: BoolArray) -> FloatArray:
    low, high = float(observed.min()), float(observed.max())
    h = STEP * (high - low) if high > low else STEP * max(abs(low), 1.0)
    x = frame[name].to_numpy(dtype=np.float64)
    inside = (x >= low) & (x <= high)
    shift = np.where(inside & (x - 2 * h < low), 2, np.where(inside & (x + 2 * h > high), -2, 0))
    rules = np.zeros((len(x), 5))
    for side, rule in RULES.items():
        rules[shift == side] = rule
    out = np.zeros((len(x), int(columns.sum())))
    for i, node in enumerate(NODES.tolist()):
        moved = frame.assign(**{name: x + h * (node + shift)})
        out += rules[:, i, None] * matrix(fit, moved)[:, columns]
    return out / h
