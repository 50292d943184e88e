"""Weighted counts of a two-way table in every domain, and smooth functions of them as estimates.

One pass over the rows gives sums by unit and cell; shares, tests and measures are algebra on that small table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from survey_kit.design import Design
from survey_kit.errors import EstimationError
from survey_kit.estimate.adapter import Influence, unit_totals
from survey_kit.estimate.building import build
from survey_kit.estimate.columns import Ask, Coded, both, coded
from survey_kit.estimate.domains import cells as result_cells
from survey_kit.estimate.estimates import Estimates
from survey_kit.estimate.grouped import backend, notes_of, objects
from survey_kit.estimate.replication import replicated
from survey_kit.estimate.variance import Block, Linearised, Variance
from survey_kit.types import BoolArray, FloatArray, IntArray, Interval

LARGEST_TABLE = 20_000  # cells x domains


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counts:
    """Weighted counts of a two-way table by domain.

    Attributes
    ----------
    design
        The sample.
    items
        The row and the column item.
    keys
        The `by` columns of the D domains.
    T, n : (D, R, C)
        Weighted and unweighted counts.
    totals
        For each wave, for each stage (P_s, D, RC): unit totals of the counts, of their residuals in a calibrated design.
        Empty on replicate designs.
    T_r : (B, D, RC) or None
        The counts of every replicate.
    active : (P, D)
        First-stage units with a member of the domain that was asked both items.
    members : (D,)
        Rows of each domain, asked or not.
    notes
        Assumptions and treatments in words.
    """

    design: Design
    items: tuple[Coded, Coded]
    keys: Mapping[str, Sequence[Any]]
    T: FloatArray
    n: FloatArray
    totals: tuple[tuple[FloatArray, ...], ...]
    T_r: FloatArray | None
    active: BoolArray
    members: IntArray
    notes: tuple[str, ...]

    @property
    def domains(self) -> int:
        """Count the domains (D)."""
        return len(self.T)


def count_table(design: Design, rows: str, columns: str, ask: Ask) -> Counts:
    """Count a two-way table in every domain.

    Raises
    ------
    EstimationError
        If a column lacks answers, both items are one, or the table would be very large.
    """
    if rows == columns:
        raise EstimationError("A table needs two items.", found=f"'{rows}' twice", fix="Name another column.")
    if rows in ask.by or columns in ask.by:
        raise EstimationError(
            "An item of the table cannot be a 'by' column too.", found=f"by={list(ask.by)}", fix="Take it from one."
        )
    items = tuple(coded(design, name, ask.missing, ask.where) for name in (rows, columns))
    found = result_cells(design, ask.by, ask.where)
    R, C = (max(len(item.levels), 1) for item in items)
    if found.size * R * C > LARGEST_TABLE:
        raise EstimationError(
            "This table would be very large.",
            found=f"{R} x {C} cells in {found.size} domains",
            fix="Group the levels of the items, or ask for fewer domains.",
        )
    a, b = items[0].codes[found.rows], items[1].codes[found.rows]
    asked = both(items[0].asked, items[1].asked)
    counts = (a >= 0) & (b >= 0)
    if asked is not None:
        counts &= asked[found.rows]
    all_count = bool(counts.all())
    kept, domain = (found.rows, found.code) if all_count else (found.rows[counts], found.code[counts])
    a, b = (a, b) if all_count else (a[counts], b[counts])
    cell = (domain * R + a) * C + b
    size = found.size * R * C
    w = design.layout.weight
    T = np.bincount(cell, weights=w if len(kept) == design.n else w[kept], minlength=size).astype(np.float64)
    totals, T_r = _spread(design, kept, cell, size)
    return Counts(
        design=design,
        items=(items[0], items[1]),
        keys=found.keys,
        T=T.reshape(found.size, R, C),
        n=np.bincount(cell, minlength=size).astype(np.float64).reshape(found.size, R, C),
        totals=tuple(tuple(t.reshape(len(t), found.size, R * C) for t in wave) for wave in totals),
        T_r=None if T_r is None else T_r.reshape(len(T_r), found.size, R * C),
        active=_active(design, found.rows, found.code, found.size, asked),
        members=np.bincount(found.code, minlength=found.size),
        notes=notes_of(design, ask, found.outside),
    )


def _active(design: Design, rows: IntArray, code: IntArray, size: int, asked: BoolArray | None) -> BoolArray:
    if asked is not None:
        rows, code = rows[asked[rows]], code[asked[rows]]
    stage = design.layout.stages[0]
    unit = stage.unit_of_row if len(rows) == design.n else stage.unit_of_row[rows]
    return np.bincount(unit * size + code, minlength=stage.size * size).reshape(stage.size, size) > 0


def _spread(
    design: Design, rows: IntArray, cell: IntArray, size: int
) -> tuple[list[tuple[FloatArray, ...]], FloatArray | None]:
    """Give unit totals of the counts by wave and stage; on replicate designs the counts of every replicate instead."""
    everybody = len(rows) == design.n
    made = design.replicates
    if made is None:
        ones = np.ones((len(rows), 1))
        return unit_totals(
            design.layout, Influence(z=ones, rows=None if everybody else rows, code=cell, size=size)
        ), None
    if made.factors is not None and not design.calibration:
        stage = design.layout.stages[made.stage]
        unit = (stage.unit_of_row if everybody else stage.unit_of_row[rows]) * size + cell
        w = design.layout.weight if everybody else design.layout.weight[rows]
        by_unit = np.bincount(unit, weights=w, minlength=stage.size * size).reshape(stage.size, size)
        return [], made.factors.T @ by_unit
    return [], np.stack([np.bincount(cell, weights=w[rows], minlength=size) for w in design.replicate_weights()])


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """M functions of the counts of each domain.

    Attributes
    ----------
    value : (D, M)
        NaN where not defined.
    slope : (D, M, RC)
        Their derivative with respect to the counts.
    again
        Computes the values (..., D, M) from other counts (..., D, R, C), for replicates.
    head
        Columns ``variable``, ``category`` and further keys, each with M entries.
    n, weight_sum : (D, M)
        Bases.
    """

    value: FloatArray
    slope: FloatArray
    again: Callable[[FloatArray], FloatArray]
    head: Mapping[str, Sequence[Any]]
    n: FloatArray
    weight_sum: FloatArray


def derived_estimates(
    counts: Counts,
    derived: Derived,
    statistic: str,
    *,
    interval: Interval = "wald",
    level: float = 0.95,
    notes: Sequence[str] = (),
) -> Estimates:
    """Wrap functions of the counts as estimates with their full covariance."""
    D, M = derived.value.shape
    value = derived.value.reshape(-1)
    units = _linearised(counts, derived.slope)
    variance: Variance = units
    if counts.T_r is not None:
        again = derived.again(counts.T_r.reshape(-1, *counts.T.shape)).reshape(-1, D * M)
        variance = replicated(counts.design, np.where(np.isfinite(value), again, np.nan), value, units)
    n = derived.n.reshape(-1)
    keys = (*counts.keys, *(key for key in derived.head if key not in ("variable", "category")))
    head = {key: objects(list(np.repeat(objects(list(values)), M))) for key, values in counts.keys.items()}
    head |= {key: objects(list(derived.head[key]) * D) for key in (*keys[len(counts.keys) :], "variable", "category")}
    return build(
        head=head,
        statistic=statistic,
        estimate=value,
        n=n,
        weight_sum=derived.weight_sum.reshape(-1),
        srs_variance=None,
        status=_status(counts, n, M),
        like=Estimates(
            table=None,  # type: ignore[arg-type]  # replaced by build
            keys=keys,
            variance=variance,
            level=level,
            interval=interval,
            backend=backend(counts.design.frame),
            notes=(*counts.notes, *notes),
        ),
    )


def _status(counts: Counts, n: FloatArray, M: int) -> Any:
    """Say ``empty`` where nobody answered, ``not_asked`` where nobody was asked though the domain has members."""
    unasked = np.repeat(~counts.active.any(axis=0) & (counts.members > 0), M)
    out = np.where(n > 0, "ok", "empty").astype(object)
    out[~(n > 0) & unasked] = "not_asked"
    return out


def _linearised(counts: Counts, slope: FloatArray) -> Linearised:
    D, M, _ = slope.shape
    design = counts.design
    G = np.where(np.isfinite(slope), slope, 0.0).transpose(0, 2, 1)
    blocks = []
    for wave in range(len(design.layout.waves)):
        here = np.repeat(counts.active[design.layout.units(wave)], M, axis=1)
        mapped = tuple(
            np.matmul(t.transpose(1, 0, 2), G).transpose(1, 0, 2).reshape(len(t), D * M)
            for t in (counts.totals[wave] if counts.totals else ())
        )
        some = here.any(axis=0)
        if mapped:
            some |= (mapped[0] != 0).any(axis=0)
        if some.any():
            whole = bool(some.all())
            blocks.append(
                Block(
                    wave=wave,
                    rows=np.flatnonzero(some),
                    totals=mapped if whole else tuple(t[:, some] for t in mapped),
                    active=here if whole else here[:, some],
                )
            )
    return Linearised(layout=design.layout, blocks=tuple(blocks), lonely_psu=design.lonely_psu, overlap=design.overlap)
