"""Smooth functions of estimates with their standard errors: the delta method with exact derivatives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit import checks
from survey_kit.errors import EstimationError, did_you_mean
from survey_kit.estimate.covariances import Replicated, Variance
from survey_kit.estimate.dual import Dual, seeds
from survey_kit.estimate.estimates import combined
from survey_kit.estimate.intervals import check_scale
from survey_kit.types import FloatArray, IntArray, Interval

if TYPE_CHECKING:
    from survey_kit.estimate.estimates import Estimates

NEAR_A_KINK = 2.0  # standard errors


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grid:
    """The rows of a table as members (along some columns) x groups (every combination of the other columns).

    Attributes
    ----------
    along, rest
        Names of the columns.
    members, groups
        Their values, as tuples.
    row : (P, G)
        Row of the table, -1 where there is none.
    """

    along: tuple[str, ...]
    rest: tuple[str, ...]
    members: tuple[tuple[Any, ...], ...]
    groups: tuple[tuple[Any, ...], ...]
    row: IntArray

    def values(self, theta: FloatArray) -> FloatArray:
        """Spread estimates (..., K) over members and groups (..., P, G)."""
        return np.where(self.row >= 0, theta[..., self.row], np.nan)


class _Inputs(Mapping[Any, Any]):
    """What the function sees: estimates by the values of the columns it runs along."""

    def __init__(self, grid: _Grid, values: Sequence[FloatArray], *, exact: bool) -> None:
        varying = [j for j in range(len(grid.along)) if len({member[j] for member in grid.members}) > 1]
        self._short = varying or [0]
        self._grid = grid
        self._place = {member: p for p, member in enumerate(grid.members)}
        self._duals = seeds(values, exact=exact)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, list):
            return [self[part] for part in key]
        wanted = key if isinstance(key, tuple) else (key,)
        if len(wanted) == len(self._grid.along):
            known = self._place
        elif len(wanted) == len(self._short):
            known = {tuple(member[j] for j in self._short): p for member, p in self._place.items()}
        else:
            raise EstimationError(
                f"An estimate is named by {len(self._grid.along)} values here.",
                found=repr(key),
                fix=f"Write m[{', '.join(self._grid.along)}].",
            )
        if wanted in known:
            return self._duals[known[wanted]]
        alike = [p for label, p in known.items() if tuple(map(str, label)) == tuple(map(str, wanted))]
        if len(alike) == 1:  # a year may be a number in the data and a text in the call
            return self._duals[alike[0]]
        raise EstimationError(
            f"There is no estimate of {', '.join(self._grid.along)} {_shown(wanted)}.",
            fix=did_you_mean(_shown(wanted), map(_shown, known)),
        )

    def __iter__(self) -> Iterator[Any]:
        for member in self._grid.members:
            label = tuple(member[j] for j in self._short)
            yield label[0] if len(label) == 1 else label

    def __len__(self) -> int:
        return len(self._grid.members)


def map_estimates(
    est: Estimates,
    f: Callable[[Mapping[Any, Any]], Any],
    *,
    along: str | Sequence[str] | None,
    name: str | None,
    interval: Interval,
) -> Estimates:
    """Evaluate a function of the estimates in every group; see :meth:`Estimates.map`."""
    grid = _grid(est, along)
    theta = grid.values(est.table["estimate"].to_numpy(dtype=np.float64))
    out = _evaluate(f, _Inputs(grid, list(theta), exact=True), name)
    results = list(out.values())
    estimate = np.stack([part.value for part in results], axis=1).reshape(-1)
    L = _jacobian(results, grid, len(est.table))
    variance: Variance = est.variance.mapped(L, estimate)
    how = "delta method with exact derivatives"
    if isinstance(est.variance, Replicated) and isinstance(variance, Replicated):
        variance = replace(variance, theta_r=_replicates(est.variance.theta_r, f, grid, name))
        how = "evaluated in every replicate"
    head, statistic = _names(grid, list(out))
    result = combined(est, L, estimate, head, statistic, variance=variance)
    known = [np.isfinite(theta[sorted(part.partials)]).all(axis=0) & ~np.isfinite(part.value) for part in results]
    result.table.loc[np.stack(known, axis=1).reshape(-1), "status"] = "undefined"
    if interval != "wald":
        check_scale(interval, estimate)
        result = replace(result, interval=interval).confint(result.level)
    notes = (*result.notes, f"function of estimates: {how}", *_cautions(est, grid, results, L))
    return replace(result, notes=tuple(dict.fromkeys(notes)))


def _replicates(
    theta_r: FloatArray, f: Callable[[Mapping[Any, Any]], Any], grid: _Grid, name: str | None
) -> FloatArray:
    """Evaluate the function at the estimates (R, K) of every replicate at once: (R, M)."""
    P, G = grid.row.shape
    R = len(theta_r)
    values = np.moveaxis(grid.values(theta_r), 1, 0).reshape(P, R * G)
    out = _evaluate(f, _Inputs(grid, list(values), exact=False), name)
    stacked = np.stack([part.value.reshape(R, G) for part in out.values()], axis=2).reshape(R, -1)
    return np.where(np.isfinite(stacked), stacked, np.nan)


# ------------------------------------------------------------------------------------------------------ rows as a grid
def _grid(est: Estimates, along: str | Sequence[str] | None) -> _Grid:
    table = est.table
    if along is None:
        along = ("variable",) if table["category"].isna().all() else ("variable", "category")
    columns = (*est.keys, "variable", "category", "statistic")
    chosen = checks.names(along, "along")
    for column in chosen:
        if column not in columns:
            raise EstimationError(f"These estimates have no column '{column}'.", fix=did_you_mean(column, columns))
    if not chosen:
        raise EstimationError("A function needs a column to run along.", fix="Say along='variable'.")
    rest = tuple(column for column in columns if column not in chosen and column != "statistic")
    members, at_member = _distinct(table, chosen)
    groups, at_group = _distinct(table, rest)
    row = np.full((len(members), len(groups)), -1, dtype=np.int64)
    for k, (p, g) in enumerate(zip(at_member, at_group, strict=True)):
        if row[p, g] >= 0:
            raise EstimationError(
                f"Two rows are '{_shown(members[p])}'.",
                where=f"along {', '.join(chosen)}",
                fix="Name more columns in along, such as 'statistic'.",
            )
        row[p, g] = k
    return _Grid(along=chosen, rest=rest, members=members, groups=groups, row=row)


def _distinct(table: Any, columns: tuple[str, ...]) -> tuple[tuple[tuple[Any, ...], ...], list[int]]:
    """Give the combinations of values in the order they come, and the number of each row's."""
    parts = [[None if value != value else value for value in table[column].tolist()] for column in columns]  # noqa: PLR0124
    numbers: dict[tuple[Any, ...], int] = {}
    place = [numbers.setdefault(label, len(numbers)) for label in zip(*parts, strict=True)]
    return tuple(numbers), place if columns else [0] * len(table)


def _names(grid: _Grid, labels: list[str]) -> tuple[dict[str, list[Any]], list[str]]:
    """Name the rows: a function of variables makes a new variable, any other a new statistic of the variable it is of."""
    G, M = len(grid.groups), len(labels)
    head = {column: [group[j] for group in grid.groups for _ in range(M)] for j, column in enumerate(grid.rest)}
    if "variable" not in grid.along:
        return head, labels * G
    return {**head, "variable": labels * G}, ["map"] * (G * M)


def _shown(label: tuple[Any, ...]) -> str:
    return ", ".join(map(str, label))


# --------------------------------------------------------------------------------------------------------- derivatives
def _evaluate(f: Callable[[Mapping[Any, Any]], Any], inputs: _Inputs, name: str | None) -> dict[str, Dual]:
    if not callable(f):
        raise EstimationError(
            "map() takes a function.", found=checks.shown(f), fix="Write est.map(lambda m: m['a'] - m['b'])."
        )
    try:
        made = f(inputs)
    except ValueError as fault:
        if "truth value of an array" not in str(fault):
            raise
        raise EstimationError(
            "A function of map() is evaluated for all groups at once, so it cannot choose by 'if', min or max.",
            fix="Write np.where(condition, a, b), np.minimum or np.maximum.",
        ) from fault
    own = getattr(f, "__name__", "<lambda>")
    out = made if isinstance(made, Mapping) else {name or ("map" if own == "<lambda>" else own): made}
    if isinstance(made, Mapping) and name is not None:
        raise EstimationError("The function names its results itself.", found=f"name={name!r}", fix="Leave name out.")
    for label, part in out.items():
        if not isinstance(part, Dual):
            raise EstimationError(
                f"The function's result '{label}' is not made of estimates.",
                found=type(part).__name__,
                fix="Return one value, or a dict {name: value}, computed from m[...].",
            )
    if not out:
        raise EstimationError("The function returns nothing.", fix="Return a value or a dict {name: value}.")
    return {str(label): part for label, part in out.items()}


def _jacobian(results: list[Dual], grid: _Grid, size: int) -> Any:
    """Give the derivatives (G M, K) of all results in all groups, group by group, sparse.

    What does not matter (a derivative of 0) is no entry, unless nothing in its row matters.
    """
    from scipy import sparse

    G, M = len(grid.groups), len(results)
    rows, columns, values = [], [], []
    for j, result in enumerate(results):
        matters = np.zeros(G, dtype=bool)
        for part in result.partials.values():
            matters |= part != 0
        for p, part in result.partials.items():
            kept = np.flatnonzero((grid.row[p] >= 0) & ((part != 0) | ~matters))
            rows.append(kept * M + j)
            columns.append(grid.row[p][kept])
            values.append(part[kept])
    if not rows:
        return sparse.csr_array((G * M, size))
    entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    return sparse.csr_array(entries, shape=(G * M, size))


def _cautions(est: Estimates, grid: _Grid, results: list[Dual], L: Any) -> list[str]:
    """Say where a standard error by derivatives is not to be relied on."""
    out = []
    value = np.stack([part.value for part in results], axis=1).reshape(-1)
    broken = (~np.isfinite(L @ np.ones(L.shape[1]))) & np.isfinite(value)
    if broken.any():
        out.append("where a derivative is infinite or missing there is no standard error")
    flat = np.flatnonzero((abs(L).sum(axis=1) == 0) & (np.diff(L.indptr) > 0))
    if len(flat):
        out.append(
            f"in {len(flat)} of {L.shape[0]} rows all derivatives are 0: a standard error by derivatives says nothing"
        )
    kinks = [(name, apart) for name, apart in results[0].tape.kinks if apart.partials]
    if kinks:
        G = len(grid.groups)
        away = _jacobian([apart for _, apart in kinks], grid, len(est.table))
        distance = np.stack([apart.value for _, apart in kinks], axis=1)
        spread = np.sqrt(np.maximum(est.variance.mapped(away, distance.reshape(-1)).variances(distance.size), 0.0))
        near = np.abs(distance) <= NEAR_A_KINK * spread.reshape(distance.shape)
        if near.any():
            names = dict.fromkeys(kinks[int(j)][0] for j in np.flatnonzero(near.any(axis=0)))
            out.append(
                f"{', '.join(names)}: in {int(near.any(axis=1).sum())} of {G} groups within two standard errors of a kink, "
                "where standard errors are rough"
            )
    return out
