"""The same pass inside an engine: one grouped query gives the sums by unit and domain of all variables of a call."""

from __future__ import annotations

from typing import Any

import numpy as np

from survey_kit import frames
from survey_kit.design import Design, PsuTable
from survey_kit.errors import EstimationError, FrameError
from survey_kit.estimate.columns import Ask, Variable
from survey_kit.estimate.domains import Domains, by_result, crossed_levels
from survey_kit.estimate.passes import Gathered, Pass, finished
from survey_kit.estimate.statistics import Statistic
from survey_kit.types import FloatArray, IntArray


def gather_in_engine(design: Design, statistic: Statistic, variables: list[Variable], ask: Ask) -> Gathered:
    """Ask the engine for the sums of all variables, centred at each variable's own mean over the table."""
    table = design.frame
    weight = frames.engine.expression(table, design.weight, "weight").value
    where = None if ask.where is None else frames.engine.flag(table, ask.where)
    centres = [_centres(table, weight, variable, statistic, where) for variable in variables]
    measures: dict[str, Any] = {"rows": None}
    extremes: dict[str, Any] = {}
    for v, (variable, c) in enumerate(zip(variables, centres, strict=True)):
        u = _row_variables(variable, c, statistic)
        known = variable.answered.expr.ifelse(1.0, 0.0)
        measures |= {f"{v} n": known, f"{v} w": known * weight}
        measures |= {f"{v} t{j}": known * weight * part for j, part in enumerate(u)}
        if ask.deff is not None:
            measures |= {f"{v} s{i},{j}": known * weight * u[i] * u[j] for i in range(len(u)) for j in range(i + 1)}
        if variable.x is None:
            extremes[f"{v} y"] = variable.answered.expr.ifelse(variable.y.expr, None)
    units = design.units
    columns = () if units is None else units.columns
    keys = tuple(key for key in ask.by if key != design.wave)
    found = frames.engine.sums(table, (*columns, *keys), measures, where, extremes)
    domains, row, code = _placed(design, ask, found.keys, len(columns))
    inside = code >= 0
    domains = _with_outside(domains, int(found.measures["rows"][~inside].sum()))
    part = {name: values[inside] for name, values in found.measures.items()}
    row, code = row[inside], code[inside]
    stage = design.layout.stages[0]
    cell = stage.unit_of_row[row] * domains.size + code
    everybody = np.zeros((stage.size, domains.size), dtype=bool)
    everybody.reshape(-1)[cell] = True
    passes = tuple(
        _one(
            design,
            domains,
            statistic,
            variable,
            c,
            {k.split(" ")[1]: x for k, x in part.items() if k.split(" ")[0] == str(v)},
            row,
            code,
            ask,
            everybody,
        )
        for v, (variable, c) in enumerate(zip(variables, centres, strict=True))
    )
    return Gathered(domains=domains, everybody=everybody, passes=passes)


def _centres(table: Any, weight: Any, variable: Variable, statistic: Statistic, where: Any) -> FloatArray:
    """Mean of y (and of x for moments), or ratio, over the rows that count: one number each keeps the digits of the sums."""
    known = variable.answered.expr.ifelse(1.0, 0.0)
    base = known * weight
    asked = {"rows": None, "n": known, "w": base, "y": base * variable.y.expr}
    if variable.x is not None:
        asked["x"] = base * variable.x.expr
    sums = frames.engine.sums(table, (), asked, where).measures
    n, rows = float(sums["n"][0]), float(sums["rows"][0])
    if variable.strict and n < rows:
        raise EstimationError(
            f"'{variable.name}' has missing values.",
            where=f"column '{variable.name}'",
            found=f"{int(rows - n)} of {int(rows)} rows",
            fix="Say missing='exclude' to make those who answered the domain.",
        )
    if not all(np.isfinite(value[0]) for value in sums.values()):
        raise FrameError(
            f"The column '{variable.name}' holds infinite values.", fix="Set them missing or correct them."
        )
    w, y, x = (float(sums[name][0]) if name in sums else 0.0 for name in ("w", "y", "x"))
    if statistic.moments is None:
        base_sum = w if variable.x is None else x
        return np.array([y / base_sum if base_sum else 0.0])
    means = [y / w if w else 0.0] if variable.x is None else [y / w if w else 0.0, x / w if w else 0.0]
    return np.array(means)


def _row_variables(variable: Variable, c: FloatArray, statistic: Statistic) -> list[Any]:
    if statistic.moments is None:
        x = 1.0 if variable.x is None else variable.x.expr
        return [variable.y.expr - float(c[0]) * x, x]
    centred = [part.expr - float(c[i]) for i, part in enumerate((variable.y, variable.x)) if part is not None]
    out = []
    for powers in statistic.moments:
        term: Any = 1.0
        for part, power in zip(centred, powers, strict=False):
            for _ in range(power):
                term = part * term
        out.append(term)
    return out


def _placed(
    design: Design, ask: Ask, groups: tuple[tuple[Any, ...], ...], width: int
) -> tuple[Domains, IntArray, IntArray]:
    """Give the domains, and of every group the row of its unit and its domain number, -1 outside all."""
    if design.units is None:
        raise EstimationError("The table's rows are in memory.")
    keys = [key for key in ask.by if key != design.wave]
    seen = {key: sorted_levels([group[width + i] for group in groups]) for i, key in enumerate(keys)}
    levels = seen if ask.where is None else {key: frames.engine.levels(design.frame, key) for key in keys}
    domains = crossed_levels(design, ask.by, levels)
    row = np.array([design.units.place[group[:width]] for group in groups], dtype=np.int64)
    code = np.zeros(len(groups), dtype=np.int64)
    for i, key in enumerate(keys):
        place = {level: j for j, level in enumerate(levels[key])}
        own = np.array([place.get(group[width + i], -1) for group in groups], dtype=np.int64)
        code = np.where((code < 0) | (own < 0), -1, code * max(len(place), 1) + own)
    return domains, row, code


def sorted_levels(values: list[Any]) -> list[Any]:
    """Sort the distinct values that are not missing, whole numbers as such."""
    known = {value for value in values if value is not None}
    return sorted(known, key=lambda v: (str(type(v)), v))


def _with_outside(domains: Domains, outside: int) -> Domains:
    from dataclasses import replace

    return replace(domains, outside=outside)


def _one(
    design: Design,
    domains: Domains,
    statistic: Statistic,
    variable: Variable,
    c: FloatArray,
    part: dict[str, FloatArray],
    row: IntArray,
    code: IntArray,
    ask: Ask,
    everybody: Any,
) -> Pass:
    """Put one variable's grouped sums into a table of units."""
    layout = design.layout
    J = sum(name.startswith("t") for name in part)
    D, V = domains.size, len(layout.waves)
    cell = code * V + layout.wave_of_row[row]

    def by_cell(values: FloatArray) -> FloatArray:
        return np.bincount(cell, weights=values, minlength=D * V).reshape(D, V).astype(np.float64, copy=False)

    totals = []
    for stage in layout.stages:
        at, size = stage.unit_of_row[row] * D + code, stage.size * D
        out = np.empty((J, stage.size, D))
        for j in range(J):
            out[j] = np.bincount(at, weights=part[f"t{j}"], minlength=size).reshape(-1, D)
        totals.append(out)
    squares = None
    if ask.deff is not None:
        squares = np.empty((J, J, D, V))
        for i in range(J):
            for j in range(i + 1):
                squares[i, j] = squares[j, i] = by_cell(part[f"s{i},{j}"])
    ones = _ones(variable, statistic)
    sums = None if squares is None else _plain_sums(squares, ones, [by_cell(part[f"t{j}"]) for j in range(J)])
    table = PsuTable(totals=tuple(totals), n=by_cell(part["n"]), w=by_cell(part["w"]), squares=squares, sums=sums)
    waves = V if domains.by_wave else 1
    centres = np.broadcast_to(c[:, None, None], (len(c), D, waves)).copy()
    fixed = np.full((D, waves), np.nan)
    if variable.x is None:
        fixed = _fixed(part, table, domains, cell if waves == V else code, D * waves, statistic).reshape(D, waves)
    return finished(layout, domains, statistic, None, everybody, table, centres, fixed)


def _ones(variable: Variable, statistic: Statistic) -> int | None:
    """Give the number of the row variable that is 1 everywhere."""
    if statistic.moments is None:
        return 1 if variable.x is None else None
    return statistic.moments.index((0, 0)) if (0, 0) in statistic.moments else None


def _plain_sums(squares: FloatArray, ones: int | None, sums: list[FloatArray]) -> FloatArray:
    return np.stack(sums) if ones is None else squares[:, ones]


def _fixed(
    part: dict[str, FloatArray], table: PsuTable, domains: Domains, cell: IntArray, size: int, statistic: Statistic
) -> FloatArray:
    """Give the value of cells whose answers are all equal, NaN elsewhere."""
    low, high = np.full(size, np.inf), np.full(size, -np.inf)
    some = part["n"] > 0
    np.minimum.at(low, cell[some], part["y_min"][some])
    np.maximum.at(high, cell[some], part["y_max"][some])
    out = np.full(size, np.nan)
    equal = (low == high) & (by_result(table.n, domains).reshape(-1) > 0)
    out[equal] = statistic.constant(low[equal])
    return out
