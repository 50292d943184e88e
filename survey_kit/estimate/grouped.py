"""The one grouped pass: points, influence totals by unit, and the table they make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from survey_kit.design import Design, Layout, PsuTable, accumulate
from survey_kit.errors import EstimationError
from survey_kit.estimate.building import build
from survey_kit.estimate.columns import Ask, Variable
from survey_kit.estimate.domains import Domains, active_units, by_result, make_domains
from survey_kit.estimate.estimates import Block, Estimates
from survey_kit.estimate.statistics import Statistic
from survey_kit.types import BoolArray, Deff, FloatArray, IntArray


def estimate(design: Design, statistic: Statistic, variables: list[Variable], ask: Ask) -> Estimates:
    """Estimate a statistic of several variables in all domains at once."""
    domains = make_domains(design, ask.by, ask.where)
    layout, V = design.layout, len(variables)
    cells = domains.order.size
    out = {name: np.full((cells, V), np.nan) for name in ("estimate", "srs")}
    n, weight_sum = np.zeros((cells, V)), np.zeros((cells, V))
    status = np.full((cells, V), "ok", dtype=object)
    columns: dict[tuple[int, str], list[Any]] = {}
    everybody = active_units(design, domains, None)
    for v, variable in enumerate(variables):
        table, c, fixed = _pass(design, domains, variable, statistic)
        active = everybody if variable.asked is None else active_units(design, domains, variable.asked)
        theta, gradient, unit = _point(statistic, table, c, layout, domains)
        theta = np.where(np.isfinite(fixed), fixed, theta)
        cell_n, cell_w = by_result(table.n, domains), by_result(table.w, domains)
        at = domains.order.reshape(-1)
        n[at, v], weight_sum[at, v] = cell_n.reshape(-1), cell_w.reshape(-1)
        out["estimate"][at, v] = np.where(cell_n > 0, theta, np.nan).reshape(-1)
        srs = _srs_variance(statistic, table, theta, c, ask.deff, domains)
        out["srs"][at, v] = np.where(np.isfinite(fixed), np.nan, srs).reshape(-1)
        status[at, v] = _status(cell_n, active, domains, design).reshape(-1)
        for wave in range(len(layout.waves)):
            columns.setdefault((wave, "active"), []).append(active[layout.units(wave)])
            for s in range(len(layout.stages)):
                part = unit[s][:, layout.units(wave, s)]
                g0, g1, known = (g[:, wave if domains.by_wave else 0] for g in (*gradient, np.isfinite(fixed)))
                columns.setdefault((wave, f"t{s}"), []).append(np.where(known, 0.0, part[0] * g0 + part[1] * g1))
    _check_scale(ask, out["estimate"])
    notes = _notes(design, ask, domains)
    like = Estimates(
        table=None,  # type: ignore[arg-type]  # replaced by build
        keys=ask.by,
        layout=layout,
        blocks=tuple(_block(columns, wave, domains, V, len(layout.stages)) for wave in range(len(layout.waves))),
        lonely_psu=design.lonely_psu,
        overlap=design.overlap,
        level=ask.level,
        interval=ask.interval,
        backend=_backend(design.frame),
        notes=notes,
    )
    head = {key: np.repeat(_objects(values), V) for key, values in domains.keys.items()}
    head["variable"] = np.tile(_objects([variable.name for variable in variables]), cells)
    head["category"] = np.tile(_objects([variable.category for variable in variables]), cells)
    return build(
        head=head,
        statistic=statistic.name,
        estimate=out["estimate"].reshape(-1),
        n=n.reshape(-1),
        weight_sum=weight_sum.reshape(-1),
        srs_variance=None if ask.deff is None else out["srs"].reshape(-1),
        status=status.reshape(-1),
        like=like,
    )


def _objects(values: Sequence[Any]) -> Any:
    out = np.empty(len(values), dtype=object)
    out[:] = list(values)
    return out


def _pass(
    design: Design, domains: Domains, variable: Variable, statistic: Statistic
) -> tuple[PsuTable, FloatArray, FloatArray]:
    """Accumulate one variable, centred at the mean (or ratio) of each cell; give the table, the centres, fixed values."""
    counts: BoolArray = variable.answered[domains.rows]
    if variable.asked is not None:
        counts = np.logical_and(counts, variable.asked[domains.rows])
    rows, code = domains.rows[counts], domains.code[counts]
    w = design.layout.weight[rows]
    y = variable.y[rows]
    x = np.ones(len(rows)) if variable.x is None else variable.x[rows]
    waves = len(design.layout.waves) if domains.by_wave else 1
    cell = code * waves + design.layout.wave_of_row[rows] if domains.by_wave else code
    base = np.bincount(cell, weights=w * x, minlength=domains.size * waves)
    top = np.bincount(cell, weights=w * y, minlength=domains.size * waves)
    c = np.divide(top, base, out=np.zeros_like(base), where=base != 0)
    table = accumulate(design.layout, rows, code, domains.size, np.stack([y - c[cell] * x, x]))
    constant = statistic.residual == "ratio" and variable.x is None
    return table, c.reshape(-1, waves), _fixed(design.layout, domains, rows, code, y, constant)


def _fixed(
    layout: Layout, domains: Domains, rows: IntArray, code: IntArray, y: FloatArray, constant: bool
) -> FloatArray:
    """Give the value of domains (D, V) that have no spread, exactly, and NaN elsewhere: rounding must not look like one.

    A mean is fixed where all answers are equal, any statistic where all are zero.
    """
    waves = len(layout.waves)
    cell = code * waves + layout.wave_of_row[rows]
    low, high = np.full(domains.size * waves, np.inf), np.full(domains.size * waves, -np.inf)
    np.minimum.at(low, cell, y)
    np.maximum.at(high, cell, y)
    lowest, highest = low.reshape(-1, waves), high.reshape(-1, waves)
    if not domains.by_wave:
        lowest, highest = lowest.min(axis=1, keepdims=True), highest.max(axis=1, keepdims=True)
    return np.where((lowest == highest) & (constant | (lowest == 0)), lowest, np.nan)


def _point(
    statistic: Statistic, table: PsuTable, c: FloatArray, layout: Layout, domains: Domains
) -> tuple[FloatArray, tuple[FloatArray, FloatArray], tuple[FloatArray, ...]]:
    waves = len(layout.waves)
    T = np.stack([table.totals[0][:, layout.units(wave)].sum(axis=1) for wave in range(waves)], axis=-1)
    T = by_result(T, domains)
    return statistic.value(T[0], T[1], c), statistic.gradient(T[0], T[1], c), table.totals


def _srs_variance(
    statistic: Statistic, table: PsuTable, theta: FloatArray, c: FloatArray, deff: Deff | None, domains: Domains
) -> FloatArray:
    """Variance of the statistic under simple random sampling of the same size.

    With e the residual, ``s2 = n / (n - 1) sum w e^2 / W`` and the statistic's scale b (W / X for ratios, W for totals),
    ``V = b^2 s2 / n``, times ``1 - n / W`` without replacement.
    """
    if deff is None:
        return np.full_like(theta, np.nan)
    n, W = by_result(table.n, domains), by_result(table.w, domains)
    S = by_result(table.squares, domains)
    with np.errstate(invalid="ignore", divide="ignore"):
        if statistic.residual == "ratio":
            d = theta - c
            sum_e2 = S[0, 0] - 2 * d * S[0, 1] + d**2 * S[1, 1]
            scale = W / by_result(table.x, domains)
        else:
            mean_y = theta / W - c
            sum_e2 = S[0, 0] - W * mean_y**2
            scale = W
        s2 = n / (n - 1) * sum_e2 / W
        without = np.where(n <= W, 1 - n / W, np.nan) if deff == "srswor" else 1.0
        return np.where(n > 1, scale**2 * s2 / n * without, np.nan)


def _status(cell_n: FloatArray, active: BoolArray, domains: Domains, design: Design) -> Any:
    waves = design.layout.waves
    anybody = np.stack([active[design.layout.units(wave)].any(axis=0) for wave in range(len(waves))], axis=-1)
    everybody = active_units(design, domains, None)
    present = np.stack([everybody[design.layout.units(wave)].any(axis=0) for wave in range(len(waves))], axis=-1)
    if not domains.by_wave:
        anybody = np.asarray(anybody.any(axis=-1, keepdims=True))
        present = np.asarray(present.any(axis=-1, keepdims=True))
    out = np.where(cell_n > 0, "ok", "empty").astype(object)
    out[~(cell_n > 0) & present & ~anybody] = "not_asked"
    return out


def _block(columns: dict[tuple[int, str], list[Any]], wave: int, domains: Domains, V: int, stages: int) -> Block:
    """Collect the (P, D) columns of all variables; a row's number is its key's place times V plus the variable."""
    place = domains.order[:, wave if domains.by_wave else 0]
    rows = (place[None, :] * V + np.arange(V)[:, None]).reshape(-1)
    return Block(
        wave=wave,
        rows=rows,
        totals=tuple(np.concatenate(columns[wave, f"t{s}"], axis=1) for s in range(stages)),
        active=np.concatenate(columns[wave, "active"], axis=1),
    )


def _check_scale(ask: Ask, estimate: FloatArray) -> None:
    seen = estimate[np.isfinite(estimate)]
    if ask.interval != "wald" and ((seen < 0) | (seen > 1)).any():
        raise EstimationError(
            f"A '{ask.interval}' interval is for shares between 0 and 1.",
            found=f"an estimate of {seen[(seen < 0) | (seen > 1)][0]:.4g}",
            fix="Use interval='wald'.",
        )


def _notes(design: Design, ask: Ask, domains: Domains) -> tuple[str, ...]:
    synthetic = getattr(design.source, "data_status", "real") == "synthetic"
    notes = ["SYNTHETIC DATA: made up by a simulator, nobody was interviewed"] if synthetic else []
    notes += design.assumptions()
    if ask.deff:
        notes.append(f"deff against simple random sampling {'with' if ask.deff == 'srswr' else 'without'} replacement")
    if ask.missing == "exclude":
        notes.append("base: those who answered")
    if ask.where:
        notes.append(f"domain: {ask.where}")
    if domains.outside:
        notes.append(f"{domains.outside} rows belong to no domain because a 'by' column is missing")
    return tuple(notes)


def _backend(frame: Any) -> str:
    library = type(frame).__module__.split(".")[0]
    return library if library in {"pandas", "polars", "pyarrow"} else "pandas"
