"""The predictors of an item: the columns a formula names, and their matrix."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from survey_kit.errors import EstimationError, did_you_mean
from survey_kit.types import FloatArray

_QUOTED = re.compile(r"`([^`]+)`")
_CONSTANTS = {"np", "True", "False", "None", "_quoted"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """An item and what predicts it.

    Attributes
    ----------
    text
        The formula.
    item
        Its left side.
    right
        Its right side, a formula of formulaic.
    names
        Columns of the right side.
    """

    text: str
    item: str
    right: Any
    names: tuple[str, ...]


def read_relation(text: str, columns: Sequence[str]) -> Relation:
    """Read a formula and check its names.

    Raises
    ------
    EstimationError
        If it cannot be read, its left side is not a column, or it names an unknown column.

    Examples
    --------
    >>> read_relation("trust ~ np.log(age) + C(sex)", ["trust", "age", "sex"]).names
    ('age', 'sex')
    """
    try:
        from formulaic import Formula
        from formulaic.errors import FormulaicError
    except ModuleNotFoundError:
        raise EstimationError(
            "Predictive mean matching needs the package formulaic.",
            fix="Install it: pip install 'trust-survey-kit[models]', or use hot_deck.",
        ) from None
    if not isinstance(text, str):
        raise EstimationError("A formula is text.", found=type(text).__name__, fix="Write 'item ~ age + C(region)'.")
    try:
        formula = Formula(text)
    except (FormulaicError, SyntaxError) as fault:
        raise EstimationError(
            "The formula cannot be read.",
            where=text,
            found=str(fault).split("\n")[0],
            fix="Write 'item ~ age + C(region)'.",
        ) from None
    left, right = getattr(formula, "lhs", None), getattr(formula, "rhs", None)
    items = [factor.expr for term in left or () for factor in term.factors]
    if right is None or len(items) != 1:
        raise EstimationError(
            "A formula needs one item and its predictors.", found=text, fix="Write 'item ~ age + C(region)'."
        )
    if items[0] not in columns:
        raise EstimationError(
            f"There is no column '{items[0]}' to impute.", where=text, fix=did_you_mean(items[0], columns)
        )
    expressions = [factor.expr for term in right for factor in term.factors if factor.eval_method.value != "literal"]
    names = dict.fromkeys(name for expression in expressions for name in _names(expression, text, columns))
    if items[0] in names:
        raise EstimationError(f"'{items[0]}' cannot predict itself.", where=text, fix="Leave it out of the right side.")
    return Relation(text=text, item=items[0], right=right, names=tuple(names))


def _names(expression: str, text: str, columns: Sequence[str]) -> list[str]:
    from formulaic.transforms import TRANSFORMS

    if expression in columns:
        return [expression]
    out = _QUOTED.findall(expression)
    try:
        tree = ast.parse(_QUOTED.sub("_quoted", expression), mode="eval")
    except SyntaxError:
        tree = ast.parse("_quoted", mode="eval")
        out.append(expression)
    functions = {*TRANSFORMS, "C"} | _CONSTANTS
    out += [
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and (node.id in columns or node.id not in functions) and node.id != "_quoted"
    ]
    unknown = [name for name in out if name not in columns]
    if unknown:
        raise EstimationError(
            f"The formula names '{unknown[0]}', which is no column.", where=text, fix=did_you_mean(unknown[0], columns)
        )
    return out


def matrix(relation: Relation, frame: Any) -> FloatArray:
    """Give the predictors (m, p) of the rows of a pandas frame; columns are scaled to one length.

    Raises
    ------
    EstimationError
        If a predictor is missing or infinite in some row, or cannot be computed.
    """
    from formulaic.errors import FormulaicError
    from formulaic.materializers import FormulaMaterializer

    for name in relation.names:
        lacking = int(frame[name].isna().sum())
        if lacking:
            raise EstimationError(
                f"The predictor '{name}' of '{relation.item}' has missing values.",
                where=f"column '{name}'",
                found=f"{lacking} of {len(frame)} rows",
                fix=f"Give it a formula of its own before: ('{name} ~ ...', '{relation.text}'), or leave it out.",
            )
    try:
        maker = FormulaMaterializer.for_data(frame)(frame, context={"np": np})
        with np.errstate(all="ignore"):
            out = np.asarray(
                maker.get_model_matrix(relation.right, output="numpy", na_action="ignore"), dtype=np.float64
            )
    except (FormulaicError, ValueError, TypeError, KeyError) as fault:
        raise EstimationError(
            "The formula cannot be computed.",
            where=relation.text,
            found=str(fault).split("\n")[0],
            fix="Correct the formula.",
        ) from None
    bad = ~np.isfinite(out).all(axis=1)
    if bad.any():
        raise EstimationError(
            f"The predictors of '{relation.item}' are not finite.",
            where=relation.text,
            found=f"{int(bad.sum())} of {len(out)} rows",
            fix="Correct the values, or the function that makes them infinite.",
        )
    size = np.sqrt((out**2).mean(axis=0))
    return np.asarray(out / np.where(size > 0, size, 1.0))
