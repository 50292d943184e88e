"""The same pass inside an engine: one grouped query gives the sums by unit and domain of all variables of a call."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from survey_kit import frames
from survey_kit.design import Design, PsuTable
from survey_kit.errors import EstimationError, FrameError
from survey_kit.estimate.columns import Ask, Variable
from survey_kit.estimate.domains import Domains, by_result, crossed_levels
from survey_kit.estimate.passes import Gathered, Pass, finished
from survey_kit.estimate.statistics import Statistic
from survey_kit.types import BoolArray, FloatArray, IntArray

SAMPLE = 100_000  # rows from which provisional centres are taken: near enough to keep the digits of the sums


def gather_in_engine(design: Design, statistic: Statistic, variables: list[Variable], ask: Ask) -> Gathered:
    """Ask the engine for the sums of all variables: one reading for who answered, one for the sums by unit and domain."""
    table = design.frame
    weight = frames.engine.expression(table, design.weight, "weight").value
    where = None if ask.where is None else frames.engine.flag(table, ask.where)
    complete = _answered(table, variables, where)
    centres = _centres(table, weight, variables, statistic, where)
    measures: dict[str, Any] = {"rows": None, "w": weight}
    for v, (variable, c) in enumerate(zip(variables, centres, strict=True)):
        u = _row_variables(variable, c, statistic)
        ones = _ones(variable, statistic)
        known = 1.0 if complete[v] else variable.answered.expr.ifelse(1.0, 0.0)
        base = known * weight
        if not complete[v]:
            measures |= {f"{v} n": known, f"{v} w": base}
        measures |= {f"{v} t{j}": base * part for j, part in enumerate(u) if j != ones}
        if ask.deff is not None:
            measures |= {f"{v} s{i},{j}": base * u[i] * u[j] for i in range(len(u)) for j in range(i + 1)}
    units = design.units
    columns = () if units is None else units.columns
    keys = tuple(key for key in ask.by if key != design.wave)
    found = frames.engine.sums(table, (*columns, *keys), measures, where)
    domains, row, code = _placed(design, ask, found.keys, len(columns))
    inside = code >= 0
    domains = replace(domains, outside=int(found.measures["rows"][~inside].sum()))
    part = {name: values[inside] for name, values in found.measures.items()}
    row, code = row[inside], code[inside]
    stage = design.layout.stages[0]
    everybody = np.zeros((stage.size, domains.size), dtype=bool)
    everybody.reshape(-1)[stage.unit_of_row[row] * domains.size + code] = True
    found_here = _Found(design=design, domains=domains, row=row, code=code, everybody=everybody, ask=ask, where=where)
    passes = tuple(
        _one(found_here, statistic, variable, c, _of_variable(part, v, _ones(variable, statistic)))
        for v, (variable, c) in enumerate(zip(variables, centres, strict=True))
    )
    return Gathered(domains=domains, everybody=everybody, passes=passes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """The groups of a query: the row of the unit and the domain of each, and what was asked."""

    design: Design
    domains: Domains
    row: IntArray
    code: IntArray
    everybody: BoolArray
    ask: Ask
    where: Any


def _of_variable(part: dict[str, FloatArray], v: int, ones: int | None) -> dict[str, FloatArray]:
    """Take one variable's measures; where everybody answered they are everybody's."""
    own = {name.split(" ")[1]: values for name, values in part.items() if name.split(" ")[0] == str(v)}
    own.setdefault("n", part["rows"])
    own.setdefault("w", part["w"])
    if ones is not None:
        own[f"t{ones}"] = own["w"]
    return own


def _answered(table: Any, variables: list[Variable], where: Any) -> list[bool]:
    """Tell which variables everybody answered; a strict one that somebody did not answer is an error."""
    measures: dict[str, Any] = {"rows": None}
    measures |= {str(v): variable.answered.expr.ifelse(1.0, 0.0) for v, variable in enumerate(variables)}
    counts = frames.engine.sums(table, (), measures, where).measures
    rows = int(counts["rows"].sum())
    for v, variable in enumerate(variables):
        lacking = rows - int(counts[str(v)].sum())
        if variable.strict and lacking:
            raise EstimationError(
                f"'{variable.name}' has missing values.",
                where=f"column '{variable.name}'",
                found=f"{lacking} of {rows} rows",
                fix="Say missing='exclude' to make those who answered the domain.",
            )
    return [int(counts[str(v)].sum()) == rows for v in range(len(variables))]


def _centres(table: Any, weight: Any, variables: list[Variable], statistic: Statistic, where: Any) -> list[FloatArray]:
    """Mean of y (and of x for moments), or ratio, over some rows that count."""
    measures: dict[str, Any] = {}
    for v, variable in enumerate(variables):
        base = variable.answered.expr.ifelse(1.0, 0.0) * weight
        measures |= {f"{v} w": base, f"{v} y": base * variable.y.expr}
        if variable.x is not None:
            measures[f"{v} x"] = base * variable.x.expr
    sums = frames.engine.sums(table, (), measures, where, limit=SAMPLE).measures
    out = []
    for v, variable in enumerate(variables):
        w, y, x = (float(sums.get(f"{v} {name}", np.zeros(1)).sum()) for name in ("w", "y", "x"))
        tops = [y] if variable.x is None or statistic.moments is None else [y, x]
        below = x if variable.x is not None and statistic.moments is None else w
        centre = np.array([top / below if below else 0.0 for top in tops])
        out.append(np.where(np.isfinite(centre), centre, 0.0))
    return out


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


def _one(found: _Found, statistic: Statistic, variable: Variable, c: FloatArray, part: dict[str, FloatArray]) -> Pass:
    """Put one variable's grouped sums into a table of units."""
    design, domains, row, code = found.design, found.domains, found.row, found.code
    layout = design.layout
    if not all(np.isfinite(values).all() for values in part.values()):
        raise FrameError(
            f"The column '{variable.name}' holds infinite values.", fix="Set them missing or correct them."
        )
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
    if found.ask.deff is not None:
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
        fixed = _fixed(found, variable, part, table, c, statistic, cell if waves == V else code)
    return finished(layout, domains, statistic, None, found.everybody, table, centres, fixed)


def _ones(variable: Variable, statistic: Statistic) -> int | None:
    """Give the number of the row variable that is 1 everywhere."""
    if statistic.moments is None:
        return 1 if variable.x is None else None
    return statistic.moments.index((0, 0)) if (0, 0) in statistic.moments else None


def _plain_sums(squares: FloatArray, ones: int | None, sums: list[FloatArray]) -> FloatArray:
    return np.stack(sums) if ones is None else squares[:, ones]


def _fixed(
    found: _Found,
    variable: Variable,
    part: dict[str, FloatArray],
    table: PsuTable,
    c: FloatArray,
    statistic: Statistic,
    cell: IntArray,
) -> FloatArray:
    """Give the value of cells whose answers are all equal, NaN elsewhere.

    Only where the groups' means of y agree to rounding is the engine asked for the smallest and largest answer.
    """
    domains = found.domains
    counted = by_result(table.n, domains)
    size = counted.size
    low, high = np.full(size, np.inf), np.full(size, -np.inf)
    some = part["n"] > 0
    t0 = part["t0"] if statistic.moments is None else part[f"t{statistic.moments.index((1, 0))}"]
    means = c[0] + np.divide(t0, part["w"], out=np.zeros_like(t0), where=part["w"] != 0)
    np.minimum.at(low, cell[some], means[some])
    np.maximum.at(high, cell[some], means[some])
    out = np.full(size, np.nan)
    with np.errstate(invalid="ignore"):
        suspect = (counted.reshape(-1) > 0) & (high - low <= 1e-9 * np.maximum(np.abs(high), np.abs(c[0])))
    if suspect.any():
        smallest, largest = _extremes(found, variable, size)
        equal = suspect & (smallest == largest)
        out[equal] = statistic.constant(smallest[equal])
    return out.reshape(counted.shape)


def _extremes(found: _Found, variable: Variable, size: int) -> tuple[FloatArray, FloatArray]:
    """Ask for the smallest and largest answer of every cell."""
    design, domains = found.design, found.domains
    keys = [key for key in found.ask.by if key != design.wave]
    columns = (*(() if design.wave is None or not domains.by_wave else (design.wave,)), *keys)
    answers = variable.answered.expr.ifelse(variable.y.expr, None)
    told = frames.engine.sums(design.frame, columns, {"n": None}, found.where, {"y": answers})
    names = list(found.ask.by)
    place = (
        {key: k for k, key in enumerate(zip(*(domains.keys[name] for name in names), strict=True))}
        if names
        else {(): 0}
    )
    rank = np.argsort(domains.order.reshape(-1))  # from the result's rows to cells of domain and wave
    low, high = np.full(size, np.inf), np.full(size, -np.inf)
    for group, smallest, largest in zip(told.keys, told.measures["y_min"], told.measures["y_max"], strict=True):
        by_name = dict(zip(columns, group, strict=True))
        row = place.get(tuple(by_name[name] for name in names))
        if row is not None:
            low[rank[row]], high[rank[row]] = smallest, largest
    return low, high
