"""Covariates of areas: which area each row describes, and the columns of the regression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from survey_kit import checks, frames
from survey_kit.errors import EstimationError, did_you_mean
from survey_kit.models.columns import complete, of_frame
from survey_kit.models.formula import Parsed, materialise, parse
from survey_kit.types import FloatArray, Frame, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaCovariates:
    """Areas in order, their covariates X (M, p) and the names of the columns."""

    areas: tuple[Any, ...]
    X: FloatArray
    names: tuple[str, ...]


def is_frame(value: Any) -> bool:
    """Tell a data frame from an array.

    Examples
    --------
    >>> import pandas as pd
    >>> is_frame(pd.DataFrame()), is_frame(np.ones((2, 1)))
    (True, False)
    """
    return hasattr(value, "columns") or hasattr(value, "column_names")


def covariates_of(
    covariates: Frame | Any | None, formula: str | None, areas: Sequence[Any], area: str | None
) -> AreaCovariates:
    """Bring covariates into the order of the areas; areas of the frame without a direct estimate follow after them.

    Parameters
    ----------
    covariates
        A frame with one row per area and a column `area`, an array (M, p) in the order of `areas`, or None for a mean alone.
    formula
        Right-hand side, such as ``"~ poverty + C(coast)"``; None takes all numeric columns of the frame.
    areas
        Labels of the areas that have direct estimates.
    area
        Column of the frame that holds the labels; None if its rows are in the order of `areas`.
    """
    if formula is not None and not isinstance(formula, str):
        raise EstimationError("A formula is text.", found=checks.shown(formula), fix="Write '~ age + income'.")
    if covariates is None:
        if formula is not None and formula.replace(" ", "") not in {"~1", "1"}:
            raise EstimationError("A formula needs a frame of covariates.", found=formula, fix="Give covariates.")
        return AreaCovariates(areas=tuple(areas), X=np.ones((len(areas), 1)), names=("Intercept",))
    if not is_frame(covariates):
        fix = "Give a frame with a row per area, or a matrix of numbers."
        return _from_array(np.atleast_1d(checks.floats(covariates, "covariates", fix, EstimationError)), formula, areas)
    order, labels = _order(covariates, areas, area)
    X, names = design_matrix(covariates, formula, area)
    return AreaCovariates(areas=labels, X=X[order], names=names)


def _from_array(X: FloatArray, formula: str | None, areas: Sequence[Any]) -> AreaCovariates:
    X = X[:, None] if X.ndim == 1 else X
    if formula is not None:
        raise EstimationError("A formula needs a frame of covariates.", found="an array", fix="Leave out the formula.")
    if X.ndim != 2 or len(X) != len(areas):
        raise EstimationError(
            "The covariates do not have one row per area.", found=f"{len(X)} rows, {len(areas)} areas"
        )
    if not np.isfinite(X).all():
        row = int(np.flatnonzero(~np.isfinite(X).all(axis=1))[0])
        raise EstimationError("A covariate is missing or infinite.", where=f"area {areas[row]}")
    return AreaCovariates(areas=tuple(areas), X=X, names=tuple(f"x{j + 1}" for j in range(X.shape[1])))


def _order(covariates: Frame, areas: Sequence[Any], area: str | None) -> tuple[list[int], tuple[Any, ...]]:
    """Find the row of every area, and the areas that only the covariates know."""
    if area is None:
        if frames.row_count(covariates) != len(areas):
            raise EstimationError(
                "The covariates do not have one row per area.",
                found=f"{frames.row_count(covariates)} rows, {len(areas)} areas",
                fix="Name the column that holds the areas: area=...",
            )
        return list(range(len(areas))), tuple(areas)
    grouped = frames.group(covariates, [area], "area")
    labels = [level[0] for level in grouped.levels]
    if (grouped.codes < 0).any():
        raise EstimationError("An area of the covariates has no name.", where=f"column '{area}'")
    sizes = np.bincount(grouped.codes, minlength=len(labels))
    if (sizes > 1).any():
        twice = labels[int(np.argmax(sizes > 1))]
        raise EstimationError(
            "An area stands twice among the covariates.",
            where=f"column '{area}', area {twice}",
            fix="Give one row per area.",
        )
    row_of = {labels[code]: row for row, code in enumerate(grouped.codes.tolist())}
    lacking = [label for label in areas if label not in row_of]
    if lacking:
        raise EstimationError(
            "An area with a direct estimate has no covariates.",
            where=f"column '{area}'",
            found=f"{lacking[0]}; {len(lacking)} areas in all",
            fix=did_you_mean(str(lacking[0]), row_of),
        )
    known = set(areas)
    more = [labels[code] for code in grouped.codes.tolist() if labels[code] not in known]
    every = [*areas, *more]
    return [row_of[label] for label in every], tuple(every)


def design_matrix(frame: Frame, formula: str | None, area: str | None) -> tuple[FloatArray, tuple[str, ...]]:
    """Evaluate the right-hand side of a formula (n, p); without one, an intercept and all numeric columns.

    Examples
    --------
    >>> import pandas as pd
    >>> design_matrix(pd.DataFrame({"a": [1.0, 2], "b": ["x", "y"]}), "~ a + b", None)[1]
    ('Intercept', 'a', 'b[T.y]')
    """
    columns = [name for name in frames.columns(frame) if name != area]
    if formula is None:
        return _numeric_columns(frame, columns)
    parsed = parse(f"1 ~ {formula.split('~', maxsplit=1)[-1].strip()}", columns)
    rows = np.flatnonzero(
        complete(of_frame(frame), parsed.names, np.ones(frames.row_count(frame), bool), exclude=False)
    )
    return matrix_of(parsed, frame, rows)


def matrix_of(parsed: Parsed, frame: Frame, rows: IntArray) -> tuple[FloatArray, tuple[str, ...]]:
    """Evaluate the right-hand side of a formula on some rows of a frame."""
    if not parsed.names:
        return np.ones((len(rows), 1)), ("Intercept",)
    made = materialise(parsed.right, of_frame(frame).frame(parsed.names, rows), parsed.text)
    X = np.asarray(made.to_numpy(dtype=np.float64))
    if not np.isfinite(X).all():
        raise EstimationError("A covariate is not a finite number.", where=parsed.text, fix="Correct the values.")
    return X, tuple(map(str, made.columns))


def _numeric_columns(frame: Frame, columns: Sequence[str]) -> tuple[FloatArray, tuple[str, ...]]:
    X, names = [np.ones(frames.row_count(frame))], ["Intercept"]
    for name in columns:
        column = frames.numbers(frame, name, "covariate")
        if column.missing.any():
            raise EstimationError(
                "A covariate is missing.",
                where=f"column '{name}', {int(column.missing.sum())} rows",
                fix="Complete it, or name the covariates in a formula.",
            )
        X.append(column.values)
        names.append(name)
    return np.column_stack(X), tuple(names)


def check_rank(X: FloatArray, names: Sequence[str], areas: str = "areas") -> None:
    """Raise when the regression has no unique solution, naming the first column that depends on those before it."""
    if len(X) <= X.shape[1]:
        raise EstimationError(
            f"There are too few {areas} for these covariates.",
            found=f"{len(X)} {areas} with a sample, {X.shape[1]} coefficients",
            fix="Use fewer covariates.",
        )
    scale = np.sqrt((X**2).sum(axis=0))
    if (scale == 0).any():
        raise EstimationError("A covariate is zero everywhere.", where=str(names[int(np.argmax(scale == 0))]))
    Z = X / scale
    for j in range(1, Z.shape[1]):
        rest = Z[:, j] - Z[:, :j] @ np.linalg.lstsq(Z[:, :j], Z[:, j], rcond=None)[0]
        if float(rest @ rest) < 1e-16:
            raise EstimationError(
                "The covariates are collinear.",
                found=f"'{names[j]}' follows from those before it",
                fix="Leave it out.",
            )
