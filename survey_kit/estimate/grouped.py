"""From one grouped pass per variable to a table of estimates with their variance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from survey_kit.design import Design
from survey_kit.estimate.building import build
from survey_kit.estimate.columns import Ask, Variable
from survey_kit.estimate.covariances import Block, Linearised, Variance
from survey_kit.estimate.domains import Domains, by_result
from survey_kit.estimate.estimates import Estimates
from survey_kit.estimate.intervals import check_scale
from survey_kit.estimate.passes import Pass, gather, influence_totals
from survey_kit.estimate.remote import gather_in_engine
from survey_kit.estimate.replication import replicate_values, replicated
from survey_kit.estimate.sparse_totals import counts, side_by_side
from survey_kit.estimate.statistics import PROPORTION, Statistic
from survey_kit.types import BoolArray, Deff, FloatArray


def estimate(design: Design, statistic: Statistic, variables: list[Variable], ask: Ask) -> Estimates:
    """Estimate a statistic of several variables in all domains at once."""
    gathered = (gather if design.units is None else gather_in_engine)(design, statistic, variables, ask)
    domains, passes = gathered.domains, gathered.passes
    layout, V = design.layout, len(variables)
    cells = domains.order.size
    out = {name: np.full((cells, V), np.nan) for name in ("estimate", "srs")}
    n, weight_sum = np.zeros((cells, V)), np.zeros((cells, V))
    status = np.full((cells, V), "ok", dtype=object)
    columns: dict[tuple[int, str], list[Any]] = {}
    at = domains.order.reshape(-1)
    for v, done in enumerate(passes):
        cell_n, cell_w = by_result(done.table.n, domains), by_result(done.table.w, domains)
        n[at, v], weight_sum[at, v] = cell_n.reshape(-1), cell_w.reshape(-1)
        out["estimate"][at, v] = np.where(cell_n > 0, done.theta, np.nan).reshape(-1)
        srs = _srs_variance(done, ask.deff, domains)
        out["srs"][at, v] = np.where(np.isfinite(done.fixed), np.nan, srs).reshape(-1)
        status[at, v] = _status(cell_n, done.active, gathered.everybody, domains, design).reshape(-1)
        for wave in range(len(layout.waves)):
            columns.setdefault((wave, "active"), []).append(done.active[layout.units(wave)])
            if design.replicates is None:
                for s, part in enumerate(influence_totals(layout, done, domains, wave)):
                    columns.setdefault((wave, f"t{s}"), []).append(part)
    if statistic is not PROPORTION:  # a share is on the scale of every kind, but for negative weights
        check_scale(ask.interval, out["estimate"])
    stages = layout.parts if design.replicates is None else 0
    units = Linearised(
        layout=layout,
        blocks=tuple(_block(columns, wave, domains, V, stages) for wave in range(len(layout.waves))),
        lonely_psu=design.lonely_psu,
        overlap=design.overlap,
    )
    variance: Variance = units
    if design.replicates is not None:
        theta_r = np.full((design.replicates.size, cells, V), np.nan)
        for v, part in enumerate(replicate_values(design, statistic, domains, passes)):
            theta_r[:, at, v] = part
        variance = replicated(design, theta_r.reshape(len(theta_r), -1), out["estimate"].reshape(-1), units)
    like = Estimates(
        table=None,  # type: ignore[arg-type]  # replaced by build
        keys=ask.by,
        variance=variance,
        level=ask.level,
        interval=ask.interval,
        backend=backend(design.frame),
        notes=(*notes_of(design, ask, domains.outside), *_out_of_range(statistic, ask, out["estimate"])),
    )
    head = {key: np.repeat(objects(values), V) for key, values in domains.keys.items()}
    head["variable"] = np.tile(objects([variable.name for variable in variables]), cells)
    head["category"] = np.tile(objects([variable.category for variable in variables]), cells)
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


def objects(values: Sequence[Any]) -> Any:
    """Give an object array (K,) of any values, also of tuples."""
    out = np.empty(len(values), dtype=object)
    out[:] = list(values)
    return out


def _srs_variance(done: Pass, deff: Deff | None, domains: Domains) -> FloatArray:
    """Variance of the statistic under simple random sampling of the same size.

    With z the influence, ``s2 = n / (n - 1) (sum w z^2 / W - (sum w z / W)^2)`` and ``V = W^2 s2 / n``, times ``1 - n / W``
    without replacement (Kish 1965, section 8.2).
    """
    if deff is None or done.table.squares is None or done.table.sums is None:
        return np.full_like(done.theta, np.nan)
    n, W = by_result(done.table.n, domains), by_result(done.table.w, domains)
    S, T = by_result(done.table.squares, domains), by_result(done.table.sums, domains)
    with np.errstate(invalid="ignore", divide="ignore"):
        centred = S / W - T[:, None] * T[None, :] / W**2
        s2 = n / (n - 1) * np.einsum("i...,ij...,j...->...", done.gradient, centred, done.gradient)
        without = np.where(n <= W, 1 - n / W, np.nan) if deff == "srswor" else 1.0
        return np.where(n > 1, W**2 * s2 / n * without, np.nan)


def _status(cell_n: FloatArray, active: BoolArray, everybody: BoolArray, domains: Domains, design: Design) -> Any:
    waves = design.layout.waves
    units = [design.layout.units(wave) for wave in range(len(waves))]
    anybody, present = (np.stack([counts(t, part) > 0 for part in units], axis=-1) for t in (active, everybody))
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
        totals=tuple(side_by_side(columns[wave, f"t{s}"]) for s in range(stages)),
        active=side_by_side(columns[wave, "active"]),
    )


def _out_of_range(statistic: Statistic, ask: Ask, estimate: FloatArray) -> tuple[str, ...]:
    beyond = int(((estimate < -1e-12) | (estimate > 1 + 1e-12)).sum())
    if statistic is not PROPORTION or not beyond:
        return ()
    kind = "" if ask.interval == "wald" else f" and have no {ask.interval} limits"
    return (f"{beyond} shares lie outside 0 to 1 because some calibrated weights are negative{kind}",)


def data_notes(design: Design) -> tuple[str, ...]:
    """Say what kind of data these are, where that must be said."""
    synthetic = getattr(design.source, "data_status", "real") == "synthetic"
    return ("SYNTHETIC DATA: made up by a simulator, nobody was interviewed",) if synthetic else ()


def notes_of(design: Design, ask: Ask, outside: int) -> tuple[str, ...]:
    """Say in words what the numbers rest on."""
    notes = [*data_notes(design), *design.assumptions()]
    if ask.deff:
        notes.append(f"deff against simple random sampling {'with' if ask.deff == 'srswr' else 'without'} replacement")
    if ask.missing == "exclude":
        notes.append("base: those who answered")
    if ask.where:
        notes.append(f"domain: {ask.where}")
    if outside:
        notes.append(f"{outside} rows belong to no domain because a 'by' column is missing")
    return tuple(notes)


def backend(frame: Any) -> str:
    """Name the library a result goes back to."""
    library = type(frame).__module__.split(".")[0]
    return library if library in {"pandas", "polars", "pyarrow"} else "pandas"
