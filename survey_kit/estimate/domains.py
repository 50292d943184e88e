"""Domains: which rows count, in which cell of wave x domain, and which row of the result each cell is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from survey_kit.design import Design
from survey_kit.design.declared import check_design
from survey_kit.errors import EstimationError
from survey_kit.estimate import sparse_totals
from survey_kit.estimate.sparse_totals import sums_by_unit
from survey_kit.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Domains:
    """Rows that count, the domain of each apart from its wave, and how wave x domain cells make the result's keys."""

    rows: IntArray
    code: IntArray
    size: int
    by_wave: bool
    keys: dict[str, list[Any]]
    order: IntArray  # (cells,) position of every wave x domain cell among the keys
    outside: int


def make_domains(design: Design, by: tuple[str, ...], where: str | None) -> Domains:
    """Cross the levels of the `by` columns; a wave among them is told apart by the unit blocks."""
    check_design(design)
    keep = design.inside(where)
    code = np.zeros(design.n, dtype=np.int64)
    levels: list[list[Any]] = []
    known: BoolArray = np.ones(design.n, dtype=bool)
    for key in by:
        if key == design.wave:
            levels.append(list(design.waves))
            continue
        grouped = design.groups(key)
        levels.append([level[0] for level in grouped.levels])
        if not grouped.levels:
            raise EstimationError(
                f"'{key}' is missing in every row, so it makes no domains.",
                where=f"column '{key}'",
                fix="Leave it out of 'by', or look at how it was read.",
            )
        code = code * max(len(grouped.levels), 1) + np.maximum(grouped.codes, 0)
        known &= grouped.codes >= 0
    rows = np.flatnonzero(keep & known)
    crossed = _crossed(design, by, levels)
    return replace(crossed, rows=rows, code=code[rows], outside=int((keep & ~known).sum()))


def crossed_levels(design: Design, by: tuple[str, ...], levels: Mapping[str, list[Any]]) -> Domains:
    """Cross known levels of the `by` columns, waves of the design among them; no rows."""
    return _crossed(design, by, [list(design.waves) if key == design.wave else levels[key] for key in by])


def _crossed(design: Design, by: tuple[str, ...], levels: list[list[Any]]) -> Domains:
    sizes = [len(part) for part in levels]
    by_wave = design.wave in by
    grid = np.arange(int(np.prod(sizes, dtype=np.int64))).reshape(sizes or [1])
    at = by.index(str(design.wave)) if by_wave else 0
    moved = np.moveaxis(grid, at, -1).reshape(-1, sizes[at]) if by_wave else grid.reshape(-1, 1)
    places = np.unravel_index(np.arange(grid.size), sizes) if sizes else ()
    keys = {key: [levels[j][i] for i in places[j]] for j, key in enumerate(by)}
    nobody = np.zeros(0, dtype=np.int64)
    return Domains(rows=nobody, code=nobody, size=moved.shape[0], by_wave=by_wave, keys=keys, order=moved, outside=0)


def active_units(design: Design, domains: Domains, asked: BoolArray | None) -> BoolArray:
    """Units (P, D) with a row of the domain that was asked."""
    rows, code = domains.rows, domains.code
    if asked is not None:
        rows, code = rows[asked[rows]], code[asked[rows]]
    unit = design.layout.stages[0].unit_of_row
    unit = unit if len(rows) == design.n else unit[rows]
    size = design.layout.stages[0].size
    if sparsely(design, domains.size):
        return sums_by_unit(unit, code, np.ones(len(rows), dtype=bool), (size, domains.size)).tocsr()  # type: ignore[no-any-return]
    return (np.bincount(unit * domains.size + code, minlength=size * domains.size) > 0).reshape(size, domains.size)


def sparsely(design: Design, domains: int) -> bool:
    """Tell whether a table of units and domains would be large and nearly empty, and can be kept without its zeros."""
    layout = design.layout
    plain = design.units is None and design.replicates is None and design.overlap == "none"
    plain = plain and layout.sweep is None and layout.quadratic is None and len(layout.stages) == 1
    size = layout.stages[0].size * domains
    return plain and size > max(sparse_totals.SMALL, sparse_totals.FULL * len(layout.weight))


def by_result(cells: FloatArray, domains: Domains) -> FloatArray:
    """Keep waves apart (D, V) when they are keys, else add them up (D, 1)."""
    return cells if domains.by_wave else cells.sum(axis=-1, keepdims=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """The rows of a call (m,), the result cell of each, how many cells, and the keys of every cell.

    The wave counts like any other key. `outside` rows belong to no cell because a `by` column is missing.
    """

    rows: IntArray
    code: IntArray
    size: int
    keys: dict[str, list[Any]]
    outside: int


def cells(design: Design, by: tuple[str, ...], where: str | None) -> Cells:
    """Cross the levels of the `by` columns, waves included, for statistics computed cell by cell from the rows.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"w": [1.0, 1, 1], "region": ["a", "b", "a"]})
    >>> found = cells(Design(frame, weight="w"), ("region",), None)
    >>> found.code.tolist(), found.keys
    ([0, 1, 0], {'region': ['a', 'b']})
    """
    domains = make_domains(design, by, where)
    wave = design.layout.wave_of_row[domains.rows] if domains.by_wave else 0
    return Cells(
        rows=domains.rows,
        code=domains.order[domains.code, wave],
        size=domains.order.size,
        keys=domains.keys,
        outside=domains.outside,
    )
