"""What a two-way table is counted from: single rows in memory, or an engine's sums by unit and cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from survey_kit import frames
from survey_kit.design import Design
from survey_kit.errors import EstimationError
from survey_kit.estimate.columns import Ask, Coded, both, coded
from survey_kit.estimate.domains import cells, crossed_levels
from survey_kit.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Rows, or groups of rows, of the domains of a call.

    Attributes
    ----------
    items
        The row and the column item.
    keys
        The `by` columns of the domains.
    size
        How many domains there are.
    rows : (m,) or None
        Places in the design's layout; None for all of them.
    domain, first, second : (m,)
        Number of the domain, and of the level of both items, -1 where not answered.
    asked : (m,) or None
        Who was asked both items; None for all.
    w, n : (m,)
        Weight and rows of each; None for the layout's weights and for ones.
    outside
        Rows that belong to no domain because a `by` column is missing.
    """

    items: tuple[Coded, Coded]
    keys: Mapping[str, Sequence[Any]]
    size: int
    rows: IntArray | None
    domain: IntArray
    first: IntArray
    second: IntArray
    asked: BoolArray | None
    w: FloatArray | None
    n: FloatArray | None
    outside: int


def answers(design: Design, rows: str, columns: str, ask: Ask) -> Answers:
    """Take both items and the domains out.

    Raises
    ------
    EstimationError
        If a column lacks answers under ``missing="error"``.
    """
    return _in_memory(design, rows, columns, ask) if design.units is None else _in_engine(design, rows, columns, ask)


def _in_memory(design: Design, rows: str, columns: str, ask: Ask) -> Answers:
    items = (coded(design, rows, ask.missing, ask.where), coded(design, columns, ask.missing, ask.where))
    found = cells(design, ask.by, ask.where)
    everybody = len(found.rows) == design.n
    first, second = (item.codes if everybody else item.codes[found.rows] for item in items)
    asked = both(items[0].asked, items[1].asked)
    return Answers(
        items=items,
        keys=found.keys,
        size=found.size,
        rows=None if everybody else found.rows,
        domain=found.code,
        first=first,
        second=second,
        asked=None if asked is None else asked[found.rows],
        w=None,
        n=None,
        outside=found.outside,
    )


def _in_engine(design: Design, rows: str, columns: str, ask: Ask) -> Answers:
    """Ask the engine for rows and weights by unit, domain and both items, in one query."""
    table, units = design.frame, design.units
    if units is None:
        raise EstimationError("The table's rows are in memory.")
    where = None if ask.where is None else frames.engine.flag(table, ask.where)
    keys = tuple(key for key in ask.by if key != design.wave)
    weight = frames.engine.expression(table, design.weight, "weight").value
    measures = {"n": None, "w": weight}
    found = frames.engine.sums(table, (*units.columns, *keys, rows, columns), measures, where)
    width = len(units.columns)
    levels = {key: frames.engine.levels(table, key) for key in (*keys, rows, columns)}
    n, w = found.measures["n"], found.measures["w"]
    codes = {
        key: _places([group[width + i] for group in found.keys], levels[key])
        for i, key in enumerate((*keys, rows, columns))
    }
    if ask.missing == "error":
        for name in (rows, columns):
            _answers_needed(name, codes[name], n)
    domains = crossed_levels(design, ask.by, levels)
    row = np.array([units.place[group[:width]] for group in found.keys], dtype=np.int64)
    code = np.zeros(len(row), dtype=np.int64)
    for key in keys:
        code = np.where((code < 0) | (codes[key] < 0), -1, code * max(len(levels[key]), 1) + codes[key])
    inside = code >= 0
    wave = design.layout.wave_of_row[row[inside]] if domains.by_wave else 0
    return Answers(
        items=(_item(rows, levels[rows]), _item(columns, levels[columns])),
        keys=domains.keys,
        size=domains.order.size,
        rows=row[inside],
        domain=domains.order[code[inside], wave],
        first=codes[rows][inside],
        second=codes[columns][inside],
        asked=None,
        w=w[inside],
        n=n[inside],
        outside=int(n[~inside].sum()),
    )


def _item(name: str, levels: list[Any]) -> Coded:
    return Coded(name=name, codes=np.zeros(0, dtype=np.int64), levels=tuple(levels), asked=None)


def _places(values: list[Any], levels: list[Any]) -> IntArray:
    place = {level: i for i, level in enumerate(levels)}
    return np.array([place.get(value, -1) for value in values], dtype=np.int64)


def _answers_needed(name: str, codes: IntArray, n: FloatArray) -> None:
    lacking = n[codes < 0].sum()
    if lacking:
        raise EstimationError(
            f"'{name}' has missing values.",
            where=f"column '{name}'",
            found=f"{int(lacking)} of {int(n.sum())} rows",
            fix="Say missing='exclude' to make those who answered the domain.",
        )
