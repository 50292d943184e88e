"""Formulas: which columns they need and the matrix they make of them, by formulaic."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from survey_kit.errors import EstimationError, did_you_mean

QUOTED = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A formula taken apart.

    Attributes
    ----------
    text
        As it was given.
    outcome
        Its left side as text.
    column
        The outcome's column when the left side is one, or one in C(); else None.
    left, right
        Formulas of formulaic.
    names
        All columns it needs, those of the outcome first.
    plain
        Columns of the right side when every factor there is a column or C() of one, so that equal values make equal rows;
        None when a factor is computed from the whole column, as splines and centred variables are.
    """

    text: str
    outcome: str
    column: str | None
    left: Any
    right: Any
    names: tuple[str, ...]
    plain: tuple[str, ...] | None


def parse(text: str, columns: Sequence[str]) -> Parsed:
    """Take a formula apart and check its names.

    Raises
    ------
    EstimationError
        If it has no left side, cannot be read, or names an unknown column.

    Examples
    --------
    >>> parse("trust ~ age + C(sex)", ["trust", "age", "sex"]).names
    ('trust', 'age', 'sex')
    """
    formula = _formula(text)
    left, right = getattr(formula, "lhs", None), getattr(formula, "rhs", None)
    if left is None or right is None or not hasattr(left, "required_variables") or len(list(left)) != 1:
        raise EstimationError(
            "A formula needs one outcome and its covariates.",
            found=text,
            fix="Write 'outcome ~ age + C(region)'.",
        )
    if not hasattr(right, "required_variables"):
        raise EstimationError("A formula has one right side.", found=text, fix="Leave out the bar.")
    outcome = _expressions(left)[0]
    named = [name for part in (left, right) for name in columns_of(part, text, columns)]
    return Parsed(
        text=text,
        outcome=outcome,
        column=_plain_column(outcome, columns),
        left=left,
        right=right,
        names=tuple(dict.fromkeys(named)),
        plain=_plain_columns(right, columns),
    )


def _formula(text: str) -> Any:
    try:
        from formulaic import Formula
        from formulaic.errors import FormulaicError
    except ModuleNotFoundError:
        raise EstimationError(
            "Models need the package formulaic.", fix="Install it: pip install 'trust-survey-kit[models]'."
        ) from None
    if not isinstance(text, str):
        raise EstimationError("A formula is text.", found=type(text).__name__, fix="Write 'outcome ~ age'.")
    try:
        return Formula(text)
    except (FormulaicError, SyntaxError) as fault:
        raise EstimationError(
            "The formula cannot be read.",
            where=text,
            found=str(fault).split("\n")[0],
            fix="Write 'outcome ~ age + C(region)'; names with spaces stand between backticks: `age group`.",
        ) from None


def _expressions(formula: Any) -> list[str]:
    return [factor.expr for term in formula for factor in term.factors]


def columns_of(formula: Any, text: str, columns: Sequence[str]) -> list[str]:
    """Name the columns in the expressions of a formula; functions are known by name."""
    functions = _functions()
    out: list[str] = []
    strange: list[str] = []
    for factor in (factor for term in formula for factor in term.factors):
        expression = factor.expr
        if expression in columns or factor.eval_method.value == "lookup":
            out.append(expression)
            continue
        quoted = QUOTED.findall(expression)
        tree = _tree(QUOTED.sub("_quoted", expression), text)
        called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        for node in ast.walk(tree):
            if not isinstance(node, ast.Name) or node.id == "_quoted":
                continue
            if node.id in functions and (id(node) in called or node.id not in columns):
                continue
            (strange if id(node) in called and node.id not in columns else out).append(node.id)
        out += quoted
    if strange:
        raise EstimationError(
            f"The formula calls '{strange[0]}', which is no function it knows.",
            where=text,
            fix="Leave it out and say offset='column' beside the formula."
            if strange[0] == "offset"
            else f"{did_you_mean(strange[0], functions)} Functions of numpy are written np.log(x).",
        )
    unknown = [name for name in out if name not in columns]
    if unknown:
        raise EstimationError(
            f"The formula names '{unknown[0]}', which is no column.",
            where=text,
            fix=did_you_mean(unknown[0], columns),
        )
    return out


def _functions() -> set[str]:
    from formulaic.transforms import TRANSFORMS

    return {*TRANSFORMS, "np", "C", "True", "False", "None"}


def _tree(expression: str, text: str) -> ast.AST:
    try:
        return ast.parse(expression, mode="eval")
    except SyntaxError:
        raise EstimationError(
            f"The formula names '{expression}', which cannot be read.",
            where=text,
            fix="Put names that are not one word between backticks.",
        ) from None


def _plain_columns(formula: Any, columns: Iterable[str]) -> tuple[str, ...] | None:
    out: list[str] = []
    for term in formula:
        for factor in term.factors:
            if factor.eval_method.value == "literal":
                continue
            column = _plain_column(factor.expr, columns)
            if column is None:
                return None
            out.append(column)
    return tuple(dict.fromkeys(out))


def _plain_column(expression: str, columns: Iterable[str]) -> str | None:
    """Give the column an expression is, or is C() of."""
    names = set(columns)
    if expression in names:
        return expression
    found = re.match(r"C\(\s*(?:`(?P<quoted>[^`]+)`|(?P<name>\w+))\s*(?P<more>,[^`]*)?\)$", expression)
    if not found:
        return None
    more = set(re.findall(r"\w+", found["more"] or ""))
    name = found["quoted"] or found["name"]
    return name if name in names and not more & names else None


# ------------------------------------------------------------------------------------------------------------- matrices
def _categorical(values: Any, contrasts: Any = None, *, levels: Any = None) -> Any:
    """Stand for C(): whole numbers read as such, so that a level is 2 and not 2.0."""
    from formulaic.transforms import C

    if str(getattr(values, "dtype", "")) == "float64" and bool((values == values.round()).all()):
        values = values.astype("int64")
    return C(values, contrasts, levels=levels)


def materialise(formula: Any, frame: Any, text: str, seeds: Mapping[str, Any] | None = None) -> Any:
    """Give the model matrix of a formula, or of the specification of an earlier one, on a pandas frame.

    `seeds` are values (rows,) that stand for factors instead of what the frame gives, such as their derivatives.

    Raises
    ------
    EstimationError
        If a factor cannot be computed, or a category was not there when the model was fitted.
    """
    from copy import deepcopy

    import numpy as np
    from formulaic.errors import FormulaicError
    from formulaic.materializers import FormulaMaterializer

    formula = deepcopy(formula)  # new data must not change what was fitted
    maker = FormulaMaterializer.for_data(frame)(frame, context={"np": np, "C": _categorical})
    for expression, values in (seeds or {}).items():
        maker.factor_cache[expression] = _seeded(expression, values, frame.index)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            out = maker.get_model_matrix(formula, output="pandas", na_action="ignore")
    except (FormulaicError, ValueError, TypeError, KeyError) as fault:
        _unseen(formula, maker)
        raise EstimationError(
            "The formula cannot be computed.",
            where=text,
            found=str(fault).split("\n")[0],
            fix="Write names with spaces between backticks, not in Q()." if "Q(" in text else "Correct the formula.",
        ) from None
    _unseen(formula, maker)
    return out


def _seeded(expression: str, values: Any, index: Any) -> Any:
    import pandas as pd
    from formulaic.materializers.types import EvaluatedFactor, FactorValues
    from formulaic.parser.types import Factor

    kind = Factor.Kind.NUMERICAL
    return EvaluatedFactor(
        factor=Factor(expression, kind=kind),
        values=FactorValues(pd.Series(values, index=index), kind=kind),
        variables=None,
    )


def _unseen(spec: Any, maker: Any) -> None:
    """Refuse categories that the fitted model does not know."""
    import pandas as pd

    for expression, (_, state) in getattr(spec, "encoder_state", {}).items():
        known = state.get("categories")
        if known is None or expression not in maker.factor_cache:
            continue
        values = maker.factor_cache[expression].values
        series = pd.Series(getattr(values, "__wrapped__", values))
        new = [level for level in series.dropna().unique().tolist() if level not in set(known)]
        if new:
            raise EstimationError(
                f"'{expression}' has a category the model was not fitted with.",
                where=f"column '{expression}', {int(series.isin(new).sum())} rows",
                found=", ".join(map(repr, new[:3])),
                fix=f"Use categories among {', '.join(map(repr, list(known)[:8]))}, or fit the model with the new one.",
            )
