"""Ratings of units by several raters: one row per unit, one column per rater."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from survey_kit import checks, frames
from survey_kit.errors import EstimationError
from survey_kit.estimate.estimates import Estimates
from survey_kit.types import BoolArray, FloatArray, Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratings:
    """Ratings of U units by J raters.

    Attributes
    ----------
    y : (U, J)
        Ratings as numbers; words are numbered. 0 where there is none.
    given : (U, J)
        Where there is one.
    library
        Where results go back to.
    """

    y: FloatArray
    given: BoolArray
    library: str


def take_ratings(ratings: Frame, raters: Sequence[str] | None, words: bool) -> Ratings:
    """Take ratings out of a frame.

    Parameters
    ----------
    ratings
        One row per unit, one column per rater; or an array (U, J), NaN where there is no rating.
    raters
        The raters' columns; all columns by default.
    words
        Whether ratings may be words (nominal ones) instead of numbers.

    Raises
    ------
    EstimationError
        If there are fewer than two raters or two units.

    Examples
    --------
    >>> import pandas as pd
    >>> take_ratings(pd.DataFrame({"ann": ["a", "b", None], "ben": ["a", "a", "b"]}), None, words=True).y.tolist()
    [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    """
    frame = _as_frame(ratings)
    names = tuple(map(str, frames.columns(frame))) if raters is None else checks.names(raters, "raters")
    if len(names) < 2:
        raise EstimationError(
            "Agreement needs two raters or more.",
            found=f"{len(names)} columns",
            fix="Give one column per rater and one row per unit.",
        )
    numeric = all(frames.kind(frame, name, "rater") == "number" for name in names)
    columns = [_worded(frame, name) if words and not numeric else _numbered(frame, name) for name in names]
    given = np.stack([part for _, part in columns], axis=1)
    values: list[Any] = [value for value, _ in columns]
    if words and not numeric:
        levels = {level: i for i, level in enumerate(sorted({v for part in values for v in part if v is not None}))}
        values = [np.array([0.0 if v is None else levels[v] for v in part]) for part in values]
    if len(given) < 2:
        raise EstimationError(
            "Agreement needs two units or more.",
            found=f"{len(given)} rows",
            fix="Give one row per unit that was rated.",
        )
    library = type(frame).__module__.split(".")[0]
    return Ratings(
        y=np.stack(values, axis=1).astype(np.float64),
        given=given,
        library=library if library in {"pandas", "polars", "pyarrow"} else "pandas",
    )


def undefined(est: Estimates) -> Estimates:
    """Say ``undefined`` of rows without an estimate: there are ratings, but they do not differ.

    Examples
    --------
    >>> import survey_kit as sk
    >>> sk.krippendorff_alpha(np.ones((3, 2)), interval="jackknife").table["status"].tolist()
    ['undefined']
    """
    table = est.table.copy()
    table["status"] = table["status"].where(table["estimate"].notna(), "undefined")
    return replace(est, table=table)


def _as_frame(ratings: Any) -> Frame:
    if not isinstance(ratings, np.ndarray):
        return ratings
    if ratings.ndim != 2:
        raise EstimationError(
            "An array of ratings has two dimensions.",
            found=f"{ratings.ndim}",
            fix="Give units as rows, raters as columns.",
        )
    return frames.from_columns({f"rater{j + 1}": ratings[:, j] for j in range(ratings.shape[1])})


def _numbered(frame: Frame, name: str) -> tuple[FloatArray, BoolArray]:
    column = frames.numbers(frame, name, "rater")
    return column.values, ~column.missing


def _worded(frame: Frame, name: str) -> tuple[list[str | None], BoolArray]:
    texts = frames.texts(frame, name, "rater")
    return texts, np.array([text is not None for text in texts], dtype=bool)
