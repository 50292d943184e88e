"""Weighted counts of a two-way table in every domain, and smooth functions of them as estimates.

One pass over the rows gives sums by unit and cell; shares, tests and measures are algebra on that small table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from survey_kit.design import Design
from survey_kit.errors import EstimationError
from survey_kit.estimate.adapter import Influence, unit_totals
from survey_kit.estimate.association_rows import Answers, answers
from survey_kit.estimate.building import build
from survey_kit.estimate.columns import Ask, Coded
from survey_kit.estimate.covariances import Block, Linearised, Variance
from survey_kit.estimate.estimates import Estimates
from survey_kit.estimate.grouped import backend, notes_of, objects
from survey_kit.estimate.replication import replicated
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
    answers
        The rows, or groups of rows, that were counted.
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
    answers: Answers
    members: IntArray
    notes: tuple[str, ...]

    def active(self, within: Literal["table", "row", "column"] = "table") -> BoolArray:
        """Tell which first-stage units (P, D x levels) have a member asked both items, in every domain, or row or column of it."""
        found, stage = self.answers, self.design.layout.stages[0]
        code, size = found.domain, found.size
        counts = found.asked
        if within != "table":
            place, item = (0, found.first) if within == "row" else (1, found.second)
            levels = self.T.shape[1 + place]
            code, size = code * levels + item, size * levels
            answered = item >= 0
            counts = counts if answered.all() else answered if counts is None else answered & counts
        unit = _taken(stage.unit_of_row, found.rows) * size + code
        seen = np.bincount(unit if counts is None else unit[counts], minlength=stage.size * size) > 0
        return seen.reshape(stage.size, size)


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
    found = answers(design, rows, columns, ask)
    R, C = (max(len(item.levels), 1) for item in found.items)
    size = found.size * R * C
    if size > LARGEST_TABLE:
        raise EstimationError(
            "This table would be very large.",
            found=f"{R} x {C} cells in {found.size} domains",
            fix="Group the levels of the items, or ask for fewer domains.",
        )
    counts = (found.first >= 0) & (found.second >= 0)
    if found.asked is not None:
        counts &= found.asked
    kept = None if counts.all() else np.flatnonzero(counts)
    domain, a, b = (_taken(part, kept) for part in (found.domain, found.first, found.second))
    place = _taken(np.arange(len(counts)) if found.rows is None else found.rows, kept) if _some(found, kept) else None
    cell = (domain * R + a) * C + b
    w = _taken(found.w, kept) if found.w is not None else _taken(design.layout.weight, place)
    totals, T_r = _spread(design, place, cell, size, None if found.w is None else w)
    n = np.bincount(cell, weights=None if found.n is None else _taken(found.n, kept), minlength=size)
    members = np.bincount(found.domain, weights=found.n, minlength=found.size)
    return Counts(
        design=design,
        items=found.items,
        keys=found.keys,
        T=np.bincount(cell, weights=w, minlength=size).astype(np.float64).reshape(found.size, R, C),
        n=n.astype(np.float64).reshape(found.size, R, C),
        totals=tuple(tuple(t.reshape(len(t), found.size, R * C) for t in wave) for wave in totals),
        T_r=None if T_r is None else T_r.reshape(len(T_r), found.size, R * C),
        answers=found,
        members=members.astype(np.int64),
        notes=notes_of(design, ask, found.outside),
    )


def _some(found: Answers, kept: IntArray | None) -> bool:
    return found.rows is not None or kept is not None


def _taken(values: Any, at: IntArray | None) -> Any:
    return values if at is None else values[at]


def _spread(
    design: Design, rows: IntArray | None, cell: IntArray, size: int, w: FloatArray | None
) -> tuple[list[tuple[FloatArray, ...]], FloatArray | None]:
    """Give unit totals of the counts by wave and stage; on replicate designs the counts of every replicate instead.

    `w` are weights of groups of rows, None for those of the layout.
    """
    made, layout = design.replicates, design.layout
    if made is None:
        z = np.ones((len(cell), 1)) if w is None else (w / _taken(layout.weight, rows))[:, None]
        return unit_totals(layout, Influence(z=z, rows=rows, code=cell, size=size)), None
    if made.factors is not None and not design.calibration:
        stage = layout.stages[made.stage]
        each = _taken(layout.weight, rows) if w is None else w
        unit = _taken(stage.unit_of_row, rows) * size + cell
        by_unit = np.bincount(unit, weights=each, minlength=stage.size * size).reshape(stage.size, size)
        return [], made.factors.T @ by_unit
    every = [np.bincount(cell, weights=_taken(w_r, rows), minlength=size) for w_r in design.replicate_weights()]
    return [], np.stack(every)


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
    active : (P, D x M)
        First-stage units that count for the degrees of freedom of each.
    """

    value: FloatArray
    slope: FloatArray
    again: Callable[[FloatArray], FloatArray]
    head: Mapping[str, Sequence[Any]]
    n: FloatArray
    weight_sum: FloatArray
    active: BoolArray


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
    units = _linearised(counts, derived)
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
    unasked = np.repeat(~counts.active().any(axis=0) & (counts.members > 0), M)
    out = np.where(n > 0, "ok", "empty").astype(object)
    out[~(n > 0) & unasked] = "not_asked"
    return out


def _linearised(counts: Counts, derived: Derived) -> Linearised:
    D, M, _ = derived.slope.shape
    design = counts.design
    G = np.where(np.isfinite(derived.slope), derived.slope, 0.0).transpose(0, 2, 1)
    blocks = []
    for wave in range(len(design.layout.waves)):
        here = derived.active[design.layout.units(wave)]
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
