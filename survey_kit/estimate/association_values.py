"""Measures of association of counted tables as estimates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from survey_kit.errors import EstimationError
from survey_kit.estimate.association_counts import Counts, Derived, derived_estimates
from survey_kit.estimate.association_measures import Measure, valued
from survey_kit.estimate.estimates import Estimates
from survey_kit.types import FloatArray, IntArray, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """The rows and columns of one domain's table that one value is made of."""

    domain: int
    place: int
    rows: IntArray
    columns: IntArray


def measured(counts: Counts, measure: Measure, interval: Interval | None, level: float) -> Estimates:
    """Give one measure of association in every domain; of every further row against the first for ``"R x 2"`` measures.

    Raises
    ------
    EstimationError
        If the table is not of the size the measure needs.
    """
    _check_size(counts, measure)
    D, R, C = counts.T.shape
    first, second = counts.items
    compared = measure.needs == "R x 2"
    M = R - 1 if compared else 1
    parts = list(_parts(counts, measure))
    value, slope = np.full((D, M), np.nan), np.zeros((D, M, R * C))
    n, weight_sum = (np.zeros((D, M)) for _ in range(2))
    for part in parts:
        at = np.ix_(part.rows, part.columns)
        T = counts.T[part.domain][at]
        n[part.domain, part.place] = counts.n[part.domain][at].sum()
        weight_sum[part.domain, part.place] = T.sum()
        if min(T.shape) >= 2 and T.sum() > 0:
            value[part.domain, part.place], gradient = valued(measure, T / T.sum())
            whole = np.zeros((R, C))
            whole[at] = gradient / T.sum()
            slope[part.domain, part.place] = whole.reshape(-1)
    name = f"{first.name} x {second.name}"
    derived = Derived(
        value=value,
        slope=slope,
        again=_again(measure, parts, value.shape),
        head={
            "variable": [name] * M,
            "category": [f"{level} / {first.levels[0]}" for level in first.levels[1:]] if compared else [None],
        },
        n=n,
        weight_sum=weight_sum,
        active=np.repeat(counts.active(), M, axis=1),
    )
    notes = []
    if compared:
        notes.append(f"the event is {second.name} = {second.levels[1]}")
    undefined = int((np.isnan(value) & (n > 0)).sum())
    if undefined:
        notes.append(f"{measure.name} is undefined in {undefined} of {value.size} tables: empty cells, rows or columns")
    kind: Interval = interval or measure.interval
    return derived_estimates(counts, derived, measure.name, interval=kind, level=level, notes=notes)


def _check_size(counts: Counts, measure: Measure) -> None:
    R, C = (len(item.levels) for item in counts.items)
    fits = {"any": R >= 2 and C >= 2, "R x 2": R >= 2 and C == 2, "2 x 2": R == 2 and C == 2}[measure.needs]
    if not fits:
        wanted = "2 x 2 or larger" if measure.needs == "any" else measure.needs
        raise EstimationError(
            f"'{measure.name}' is a measure of tables of size {wanted}.",
            found=f"{R} x {C}, {counts.items[0].name} x {counts.items[1].name}",
            fix="Group the levels, or take another measure.",
        )


def _parts(counts: Counts, measure: Measure) -> Iterator[_Part]:
    """Name the part of the table behind every value; measures of any table leave empty rows and columns out."""
    for d, T in enumerate(counts.T):
        if measure.needs == "R x 2":
            for row in range(1, len(T)):
                yield _Part(domain=d, place=row - 1, rows=np.array([0, row]), columns=np.arange(2))
        elif measure.needs == "2 x 2":
            yield _Part(domain=d, place=0, rows=np.arange(2), columns=np.arange(2))
        else:
            rows, columns = np.flatnonzero(T.sum(axis=1) > 0), np.flatnonzero(T.sum(axis=0) > 0)
            yield _Part(domain=d, place=0, rows=rows, columns=columns)


def _again(measure: Measure, parts: list[_Part], shape: tuple[int, ...]) -> Callable[[FloatArray], FloatArray]:
    def compute(T_r: FloatArray) -> Any:
        out = np.full((len(T_r), *shape), np.nan)
        for part in parts:
            if min(len(part.rows), len(part.columns)) < 2:
                continue
            tables = T_r[:, part.domain][:, part.rows[:, None], part.columns[None, :]]
            whole = tables.sum(axis=(1, 2), keepdims=True)
            with np.errstate(invalid="ignore", divide="ignore"):
                shares = tables / whole
                out[:, part.domain, part.place] = [measure.compute(p)[0] for p in shares]
        return out

    return compute
