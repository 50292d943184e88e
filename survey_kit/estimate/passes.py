"""One pass over the rows of a variable: sums by unit, the point, its gradient, and the unit totals of its influence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from survey_kit.design import Counted, Design, Layout, PsuTable, accumulate, count
from survey_kit.estimate.centres import near_means
from survey_kit.estimate.columns import Ask, Variable
from survey_kit.estimate.compiled import fused_tables
from survey_kit.estimate.domains import Domains, active_units, by_result, make_domains, sparsely
from survey_kit.estimate.sparse_totals import sums_by_unit
from survey_kit.estimate.statistics import Statistic
from survey_kit.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows of a pass: which of the domains' rows count (m,), None for all; these rows coded; row variables (m,), None for ones."""

    counts: BoolArray | None
    counted: Counted
    u: tuple[FloatArray | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What a pass over one variable gives; cells are domains x waves (D, V), or (D, 1) when waves are no key.

    Attributes
    ----------
    rows
        The rows it read; None when they stayed in an engine.
    active : (P, D)
        First-stage units with a row of the domain that was asked.
    table
        Sums by unit and domain.
    c : (C, D, V)
        Centres.
    T, gradient : (J, D, V)
        Totals of the row variables and the statistic's derivative with respect to them.
    theta : (D, V)
        The statistic.
    fixed : (D, V)
        Its value where all answers are equal and it cannot vary, NaN elsewhere: rounding must not look like spread.
    """

    rows: Rows | None
    active: BoolArray
    table: PsuTable
    c: FloatArray
    T: FloatArray
    gradient: FloatArray
    theta: FloatArray
    fixed: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """All passes of a call: the domains, the units with a member of each domain (P, D), one pass per variable."""

    domains: Domains
    everybody: BoolArray
    passes: tuple[Pass, ...]


def gather(design: Design, statistic: Statistic, variables: list[Variable], ask: Ask) -> Gathered:
    """Read the rows in memory, variable by variable."""
    domains, everybody, whole = _coded(design, ask)
    if design.compiled and whole.unit_w and _can_fuse(design, statistic, variables, ask):
        return _fused(design, statistic, variables, domains, everybody, whole)
    passes: list[Pass] = []
    before = Rows(counts=None, counted=whole, u=())
    for variable in variables:
        active = everybody if variable.asked is None else active_units(design, domains, variable.asked)
        passes.append(_one_pass(design, domains, variable, statistic, ask.deff is not None, active, before))
        before = passes[-1].rows or before
    return Gathered(domains=domains, everybody=everybody, passes=tuple(passes))


def _coded(design: Design, ask: Ask) -> tuple[Domains, BoolArray, Counted]:
    """Code rows by domain and unit; the last coding of a design is kept, since calls often ask for the same domains."""
    key = ("coded", *ask.by, "where", ask.where or "")
    if key not in design.known:
        for old in [known for known in design.known if known[0] == "coded"]:
            del design.known[old]
        domains = make_domains(design, ask.by, ask.where)
        by_unit = not sparsely(design, domains.size)
        whole = count(design.layout, domains.rows, domains.code, domains.size, by_unit=by_unit)
        design.known[key] = (domains, active_units(design, domains, None), whole)
    found: tuple[Domains, BoolArray, Counted] = design.known[key]
    return found


def _can_fuse(design: Design, statistic: Statistic, variables: list[Variable], ask: Ask) -> bool:
    """Tell whether the compiled pass computes what is asked: statistics of (y - c, 1) in all rows, without squares."""
    rows_needed = design.layout.sweep is not None or ask.deff is not None
    rows_needed |= design.replicates is not None and (design.replicates.factors is None or bool(design.calibration))
    return not rows_needed and all(
        statistic.moments is None and v.x is None and v.asked is None and v.answered.all() for v in variables
    )


def _fused(
    design: Design,
    statistic: Statistic,
    variables: list[Variable],
    domains: Domains,
    everybody: BoolArray,
    whole: Counted,
) -> Gathered:
    """Read the rows once for all variables."""
    layout = design.layout
    ys = [np.ascontiguousarray(whole.taken(variable.y)) for variable in variables]
    cell, waves = _result_cell(whole, domains)
    tables, centres = fused_tables(layout, whole, ys, cell, domains.size * waves)
    passes = []
    for y, table, own in zip(ys, tables, centres, strict=True):
        c = own.reshape(1, -1, waves)
        fixed = _fixed(layout, whole, domains, (y, None), table, c, statistic)
        passes.append(finished(layout, domains, statistic, None, everybody, table, c, fixed))
    return Gathered(domains=domains, everybody=everybody, passes=tuple(passes))


def _one_pass(
    design: Design,
    domains: Domains,
    variable: Variable,
    statistic: Statistic,
    squares: bool,
    active: BoolArray,
    before: Rows | None,
) -> Pass:
    """Accumulate one variable, centred near the mean of each cell; `before` lends its codes when the same rows count."""
    layout = design.layout
    counts = _counting(variable, domains)
    if before is not None and _same(counts, before.counts):
        counts, counted = before.counts, before.counted
    else:
        rows, code = (domains.rows, domains.code) if counts is None else (domains.rows[counts], domains.code[counts])
        counted = count(layout, rows, code, domains.size, by_unit=bool(before.counted.unit_w) if before else True)
    y = counted.taken(variable.y)
    x = None if variable.x is None else counted.taken(variable.x)
    u, c = (
        _ratio_rows(counted, y, x, domains)
        if statistic.moments is None
        else _moment_rows(counted, y, x, domains, statistic.moments)
    )
    table = accumulate(layout, counted, u, squares=squares)
    if x is None or statistic.moments is None:
        fixed = _fixed(layout, counted, domains, (y, x), table, c, statistic)
    else:
        fixed = np.full(c.shape[1:], np.nan)
    rows_read = Rows(counts=counts, counted=counted, u=u)
    return finished(layout, domains, statistic, rows_read, active, table, c, fixed)


def finished(
    layout: Layout,
    domains: Domains,
    statistic: Statistic,
    rows: Rows | None,
    active: BoolArray,
    table: PsuTable,
    c: FloatArray,
    fixed: FloatArray,
) -> Pass:
    """Take the point and its gradient from the sums."""
    waves = range(len(layout.waves))
    if table.totals or table.sums is None:
        sums = np.stack([table.totals[0][:, layout.units(v)].sum(axis=1) for v in waves], axis=-1)
    else:
        sums = table.sums
    T = by_result(sums, domains)
    theta = statistic.value(T, c)
    return Pass(
        rows=rows,
        active=active,
        table=table,
        c=c,
        T=T,
        gradient=np.where(np.isfinite(fixed), 0.0, statistic.gradient(T, c)),
        theta=np.where(np.isfinite(fixed), fixed, theta),
        fixed=fixed,
    )


def _counting(variable: Variable, domains: Domains) -> BoolArray | None:
    counts = variable.answered if variable.asked is None else variable.answered & variable.asked
    if counts.all():
        return None
    return np.asarray(counts[domains.rows], dtype=bool)


def _same(a: BoolArray | None, b: BoolArray | None) -> bool:
    return a is b or (a is not None and b is not None and np.array_equal(a, b))


def _result_cell(counted: Counted, domains: Domains) -> tuple[IntArray, int]:
    """Give the cell of each row among the results' cells, and how many waves these tell apart."""
    if domains.by_wave or counted.waves == 1:
        return counted.cell, counted.waves
    return counted.cell // counted.waves, 1


def _centres(values: FloatArray, base: FloatArray, cell: IntArray, size: int) -> FloatArray:
    top = np.bincount(cell, weights=values, minlength=size)
    return np.divide(top, base, out=np.zeros(size), where=base != 0)


def _ratio_rows(
    counted: Counted, y: FloatArray, x: FloatArray | None, domains: Domains
) -> tuple[tuple[FloatArray | None, ...], FloatArray]:
    cell, waves = _result_cell(counted, domains)
    size = counted.domains * waves
    if x is None:
        c = near_means([y], cell, size)[0]
        u0 = y - c[cell]
    else:
        base = np.bincount(cell, weights=counted.w * x, minlength=size).astype(np.float64, copy=False)
        c = _centres(counted.w * y, base, cell, size)
        u0 = y - c[cell] * x
    return (u0, x), c.reshape(1, -1, waves)


def _moment_rows(
    counted: Counted, y: FloatArray, x: FloatArray | None, domains: Domains, moments: tuple[tuple[int, int], ...]
) -> tuple[tuple[FloatArray | None, ...], FloatArray]:
    cell, waves = _result_cell(counted, domains)
    base = by_result(counted.w_sum, domains).reshape(-1)
    size = counted.domains * waves
    pair = (y,) if x is None else (y, x)
    c = np.stack([_centres(counted.w * part, base, cell, size) for part in pair])
    centred = [part - c[i][cell] for i, part in enumerate(pair)]
    u = []
    for powers in moments:
        out: FloatArray | None = None
        for part, power in zip(centred, powers, strict=False):
            for _ in range(power):
                out = part if out is None else out * part
        u.append(out)
    return tuple(u), c.reshape(len(pair), -1, waves)


def _fixed(
    layout: Layout,
    counted: Counted,
    domains: Domains,
    pair: tuple[FloatArray, FloatArray | None],
    table: PsuTable,
    c: FloatArray,
    statistic: Statistic,
) -> FloatArray:
    """Give the value of cells that have no spread, exactly, and NaN elsewhere; of a ratio those where y is always the same part of x.

    Only the rows of cells whose centred unit totals are all rounding are looked at.
    """
    (y, x), (cell, waves) = pair, _result_cell(counted, domains)
    size = counted.domains * waves
    if table.totals:
        units = np.abs(table.totals[0][0])
        spread = np.stack([units[layout.units(v)].sum(axis=0) for v in range(counted.waves)], axis=-1)
    else:
        spread = counted.by_cell(counted.w * np.abs(y - c.reshape(len(c), -1)[0][cell] * (1.0 if x is None else x)))
    base = by_result(counted.w_sum if x is None else counted.by_cell(counted.w * x), domains)
    level = np.abs(c[0] * base)
    suspect = (by_result(spread, domains) <= 1e-9 * level).reshape(-1)
    out = np.full(size, np.nan)
    rows = np.flatnonzero(suspect[cell])
    if len(rows) and x is not None:
        _proportional(out, cell[rows], y[rows], x[rows])
    elif len(rows):
        low, high = np.full(size, np.inf), np.full(size, -np.inf)
        np.minimum.at(low, cell[rows], y[rows])
        np.maximum.at(high, cell[rows], y[rows])
        equal = low == high
        out[equal] = statistic.constant(low[equal])
    return out.reshape(-1, waves)


def _proportional(out: FloatArray, cell: IntArray, y: FloatArray, x: FloatArray) -> None:
    """Put y / x into the cells where it is the same in every row, but for the rounding of a product."""
    first = np.zeros(len(out), dtype=np.int64)
    first[cell[::-1]] = np.arange(len(cell))[::-1]
    at = first[cell]
    one, other = y * x[at], x * y[at]
    differs = np.abs(one - other) > 4 * np.finfo(np.float64).eps * np.abs(one)
    here = np.bincount(cell, minlength=len(out)) > 0
    same = here & (np.bincount(cell, weights=differs, minlength=len(out)) == 0) & (x[first] != 0)
    out[same] = y[first[same]] / x[first[same]]


def influence_totals(layout: Layout, done: Pass, domains: Domains, wave: int) -> tuple[FloatArray, ...]:
    """Total ``w z`` by unit (P_s, D) of one wave at every stage, as residuals when the design is calibrated."""
    at = wave if domains.by_wave else 0
    if not done.table.totals and done.rows is not None:
        return (_sparse_influence(layout, done, done.rows, domains, wave),)
    g = done.gradient[:, :, at]
    totals = tuple(
        np.einsum("jpd,jd->pd", part[:, layout.units(wave, s)], g) for s, part in enumerate(done.table.totals)
    )
    if layout.sweep is None or done.table.crossed is None:
        return totals
    crossed = by_result(done.table.crossed, domains)[..., at]
    return layout.sweep.residual(totals, np.einsum("qjd,jd->qd", crossed, g), wave)


def _sparse_influence(layout: Layout, done: Pass, rows: Rows, domains: Domains, wave: int) -> Any:
    """Total ``w z`` by unit of one wave, without the zeros (P, D)."""
    counted, units = rows.counted, layout.units(wave)
    cell, _ = _result_cell(counted, domains)
    gradient = done.gradient.reshape(len(done.gradient), -1)
    wz = np.zeros(len(counted.w))
    for g, u in zip(gradient, rows.u, strict=True):
        wz += g[cell] if u is None else g[cell] * u
    wz *= counted.w
    unit = layout.stages[0].unit_of_row
    unit = unit if counted.rows is None else unit[counted.rows]
    here = (unit >= units.start) & (unit < units.stop)
    domain = counted.cell // counted.waves
    return sums_by_unit(unit[here] - units.start, domain[here], wz[here], (units.stop - units.start, domains.size))
