"""The rows a fitted model is averaged over, with some covariates set to other values."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit import checks
from survey_kit.errors import EstimationError, did_you_mean
from survey_kit.estimate.building import COLUMNS
from survey_kit.models.columns import of_design
from survey_kit.models.fit import ModelFit
from survey_kit.models.formula import columns_of
from survey_kit.models.margins_matrix import factors_with
from survey_kit.models.model import check_fit
from survey_kit.types import FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

MOST_LEVELS = 60  # of a numeric covariate that is taken as a set of values
Setting = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """The rows of a fit, in groups; equal rows are put together where the fit did so.

    Attributes
    ----------
    frame
        Covariates of the c rows or combinations of values.
    offset : (c,) or None
    cell : (m,)
        Which of them each row is.
    rows : (m,)
        Rows of the design that are in a group.
    code : (m,)
        The group of each.
    keys
        Columns that name the groups.
    size
        How many groups.
    outside
        Rows of the fit in no group.
    """

    frame: pd.DataFrame
    offset: FloatArray | None
    cell: IntArray
    rows: IntArray
    code: IntArray
    keys: dict[str, list[Any]]
    size: int
    outside: int

    def shares(self, w: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Weights (c, size) of the combinations in every group from those (n,) of the design's rows, and their sums."""
        c = len(self.frame)
        own = np.bincount(self.cell * self.size + self.code, weights=w[self.rows], minlength=c * self.size)
        shares: FloatArray = own.reshape(c, self.size).astype(np.float64, copy=False)
        return shares, shares.sum(axis=0)


def covariates(fit: ModelFit) -> list[str]:
    """Columns of the right side of the formula."""
    needed = set(columns_of(fit.problem.parsed.right, fit.formula, fit.problem.parsed.names))
    return [name for name in fit.problem.parsed.names if name in needed]


def population(fit: ModelFit, over: str | Sequence[str] | None) -> Population:
    """Give the rows of a fit in groups of other columns.

    Raises
    ------
    EstimationError
        If this is no model, a group has a reserved name, or no row is in a group.
    """
    check_fit(fit)
    names = checks.names(over, "over")
    data, rows = fit.problem.data, fit.rows
    if data.cell is None:
        first, cell = np.arange(len(rows)), np.arange(len(rows))
    else:
        first = np.full(len(data.y), -1, dtype=np.int64)
        first[data.cell[::-1]] = np.arange(len(rows))[::-1]
        cell = data.cell
    columns = covariates(fit)
    frame = of_design(fit.design).frame(columns, rows[first])
    for name in names:
        free_name(name)
    if names:
        groups = fit.design.groups(names, role="by")
        codes, levels = groups.codes[rows], groups.levels
    else:
        codes, levels = np.zeros(len(rows), dtype=np.int64), ((),)
    inside = codes >= 0
    used = np.flatnonzero(np.bincount(codes[inside], minlength=len(levels)))
    if not len(used):
        raise EstimationError("No row of the model is in a group.", where=", ".join(names))
    place = np.full(len(levels) + 1, -1, dtype=np.int64)
    place[used] = np.arange(len(used))
    return Population(
        frame=frame,
        offset=data.offset,
        cell=cell[inside].astype(np.int64),
        rows=rows[inside],
        code=place[codes[inside]],
        keys={name: [levels[int(i)][j] for i in used] for j, name in enumerate(names)},
        size=len(used),
        outside=int((~inside).sum()),
    )


def free_name(name: str) -> None:
    """Refuse a column whose name the table of estimates needs."""
    if name in COLUMNS or name in ("contrast", "from"):
        raise EstimationError(f"'{name}' is a column of the result.", fix="Rename the column.")


def known_covariate(fit: ModelFit, name: str) -> str:
    """Check that the model has a covariate.

    Raises
    ------
    EstimationError
        If it has not.
    """
    known = covariates(fit)
    if name not in known:
        raise EstimationError(
            f"The model has no covariate '{name}'.",
            where=fit.formula,
            fix=f"{did_you_mean(name, known)} Groups the model does not know go into over= or by=.",
        )
    return name


def categorical(fit: ModelFit, name: str) -> bool:
    """Tell whether a covariate stands for categories: words, a category, or numbers in ``C()``."""
    if fit.problem.kinds[name] != "number":
        return True
    stated = re.compile(rf"C\(\s*`?{re.escape(name)}`?\s*[,)]")
    return any(stated.match(expression) for expression in factors_with(fit, name))


def levels_of(fit: ModelFit, frame: pd.DataFrame, name: str) -> list[Any]:
    """Give the values of a covariate, in order.

    Raises
    ------
    EstimationError
        If it has very many.
    """
    column = frame[name]
    if fit.problem.kinds[name] != "number":
        return list(column.cat.categories)
    found = [plain(value) for value in np.unique(column.to_numpy())]
    if len(found) > MOST_LEVELS:
        raise EstimationError(
            f"'{name}' has very many values.",
            found=f"{len(found)} values",
            fix=f"Name those wanted: at={{'{name}': [...]}}.",
        )
    return found


def plain(value: Any) -> Any:
    """Give a whole number as such.

    Examples
    --------
    >>> plain(2.0), plain(2.5)
    (2, 2.5)
    """
    return int(value) if float(value).is_integer() else float(value)


def with_values(fit: ModelFit, frame: pd.DataFrame, setting: Setting) -> pd.DataFrame:
    """Give the frame with some covariates set to one value each, or to values (r,).

    Raises
    ------
    EstimationError
        If a category was not there when the model was fitted, or a number is none.
    """
    import pandas as pd

    made: dict[str, Any] = {}
    for name, value in setting.items():
        if fit.problem.kinds[name] == "number":
            made[name] = _number(name, value, len(frame))
            continue
        known = list(frame[name].cat.categories)
        if not isinstance(value, Hashable) or value not in known:
            raise EstimationError(
                f"'{name}' has a category the model was not fitted with.",
                where=f"column '{name}'",
                found=checks.shown(value),
                fix=f"Use one of {', '.join(map(repr, known[:8]))}, or fit the model with it.",
            )
        codes = np.full(len(frame), known.index(value))
        made[name] = pd.Categorical.from_codes(codes, categories=frame[name].cat.categories)
    return frame.assign(**made)


def _number(name: str, value: Any, size: int) -> FloatArray:
    try:
        out = np.broadcast_to(np.asarray(value, dtype=np.float64), (size,)).copy()
    except (TypeError, ValueError):
        out = np.full(size, np.nan)
    if not np.isfinite(out).all():
        raise EstimationError(
            f"'{name}' is a number in the model.", found=checks.shown(value), fix="Give a finite number."
        )
    return out


def held(at: Mapping[str, Any] | None) -> dict[str, Any]:
    """Give the covariates that are held at values.

    Raises
    ------
    EstimationError
        If they are not named by a mapping.

    Examples
    --------
    >>> held({"age": 40}), held(None)
    ({'age': 40}, {})
    """
    named: Mapping[str, Any] = checks.instance(
        {} if at is None else at,
        Mapping,
        "'at' names covariates and their values.",
        "Write at={'age': 40}, or at={'age': [20, 40, 60]}.",
        EstimationError,
    )
    return dict(named)


def grid(fit: ModelFit, at: Mapping[str, Any] | None, levels: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Give every combination of some levels and of the values of `at`, one or several each."""
    wanted: dict[str, list[Any]] = {name: list(values) for name, values in levels.items()}
    for name, value in held(at).items():
        known_covariate(fit, name)
        free_name(name)
        several = isinstance(value, (list, tuple, range, np.ndarray))
        wanted[name] = list(value) if several else [value]
        if not wanted[name]:
            raise EstimationError(f"There is no value of '{name}' to predict at.", where="at", fix="Give at least one.")
    return [dict(zip(wanted, values, strict=True)) for values in product(*wanted.values())]
