"""One grouped pass over the rows: sums by unit and domain, after which everything is algebra on a small table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from survey_kit.design.layout import Layout
from survey_kit.errors import EstimationError
from survey_kit.types import FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The rows that count in a pass, coded by domain, and what all row variables share.

    Attributes
    ----------
    rows : (m,) or None
        Row numbers; None for all rows.
    w : (m,)
        Weights.
    cell : (m,)
        Number of domain and wave, ``domain * waves + wave``.
    unit_cell
        For each stage (m,): number of unit and domain.
    domains, waves
        How many there are (D, V).
    n, w_sum : (D, V)
        Rows and sums of weights.
    unit_w
        For each stage (P, D): sums of weights.
    """

    rows: IntArray | None
    w: FloatArray
    cell: IntArray
    unit_cell: tuple[IntArray, ...]
    domains: int
    waves: int
    n: FloatArray
    w_sum: FloatArray
    unit_w: tuple[FloatArray, ...]

    def taken(self, values: FloatArray) -> FloatArray:
        """Take the values (n,) of the rows that count."""
        return values if self.rows is None else values[self.rows]

    def by_cell(self, weights: FloatArray | None) -> FloatArray:
        """Sum weights (m,), or count rows, by domain and wave (D, V)."""
        sums = np.bincount(self.cell, weights=weights, minlength=self.domains * self.waves)
        return sums.reshape(self.domains, self.waves).astype(np.float64, copy=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PsuTable:
    """Sums of row variables by unit and domain; additive, so tables of disjoint rows of one layout merge.

    Attributes
    ----------
    totals
        For each stage (J, P, D): sums of ``w * u_j`` by unit and domain; none where there are too many of both.
    n, w : (D, V)
        Rows that count and their weights' sum, by domain and wave.
    squares : (J, J, D, V) or None
        Sums of ``w * u_i * u_j``: what a design effect needs.
    sums : (J, D, V) or None
        Sums of ``w * u_j``, added up in the same order as `squares`, so that their difference keeps its digits; also where
        there are no totals by unit.
    crossed : (Q, J, D, V) or None
        Sums with the calibration variables, when the design is calibrated.
    """

    totals: tuple[FloatArray, ...]
    n: FloatArray
    w: FloatArray
    squares: FloatArray | None = None
    sums: FloatArray | None = None
    crossed: FloatArray | None = None

    def merge(self, other: PsuTable) -> PsuTable:
        """Add a table of other rows of the same layout, made with the same centres."""
        if [part.shape for part in self.totals] != [part.shape for part in other.totals]:
            raise EstimationError("Two unit tables do not fit together.", fix="Make both from one layout.")
        return PsuTable(
            totals=tuple(a + b for a, b in zip(self.totals, other.totals, strict=True)),
            n=self.n + other.n,
            w=self.w + other.w,
            squares=_added(self.squares, other.squares),
            sums=_added(self.sums, other.sums),
            crossed=_added(self.crossed, other.crossed),
        )


def _added(a: FloatArray | None, b: FloatArray | None) -> FloatArray | None:
    if (a is None) != (b is None):
        raise EstimationError("Two unit tables do not fit together.", fix="Make both in the same way.")
    return None if a is None or b is None else a + b


def count(layout: Layout, rows: IntArray, domain: IntArray, domains: int, *, by_unit: bool = True) -> Counted:
    """Code the rows that count.

    Parameters
    ----------
    layout
        The design as arrays.
    rows : (m,)
        The rows that count, increasing.
    domain : (m,)
        Their domain number, below `domains`.
    domains
        How many domains there are (D).
    by_unit
        False leaves the tables of units and domains out, where these would be too large.
    """
    every = len(rows) == len(layout.weight)
    w = layout.weight if every else layout.weight[rows]
    waves = len(layout.waves)
    cell = domain * waves + (layout.wave_of_row if every else layout.wave_of_row[rows]) if waves > 1 else domain
    stages = layout.stages if by_unit else ()
    unit_cell = tuple((s.unit_of_row if every else s.unit_of_row[rows]) * domains + domain for s in stages)
    return Counted(
        rows=None if every else rows,
        w=w,
        cell=cell,
        unit_cell=unit_cell,
        domains=domains,
        waves=waves,
        n=np.bincount(cell, minlength=domains * waves).reshape(domains, waves).astype(np.float64),
        w_sum=np.bincount(cell, weights=w, minlength=domains * waves)
        .reshape(domains, waves)
        .astype(np.float64, copy=False),
        unit_w=tuple(
            np.bincount(c, weights=w, minlength=s.size * domains)
            .reshape(s.size, domains)
            .astype(np.float64, copy=False)
            for c, s in zip(unit_cell, stages, strict=True)
        ),
    )


def accumulate(layout: Layout, counted: Counted, u: Sequence[FloatArray | None], *, squares: bool = False) -> PsuTable:
    """Sum row variables by unit and domain.

    Parameters
    ----------
    layout
        The design as arrays.
    counted
        The rows that count.
    u
        J row variables (m,), centred where the statistic says so; None stands for a variable that is 1 everywhere.
    squares
        Also sum their products.
    """
    wu = [counted.w if part is None else counted.w * part for part in u]
    totals = []
    for s, stage in enumerate(layout.stages[: len(counted.unit_cell)]):
        size = stage.size * counted.domains
        out = np.empty((len(u), stage.size, counted.domains))
        for j, part in enumerate(u):
            out[j] = (
                counted.unit_w[s]
                if part is None
                else np.bincount(counted.unit_cell[s], weights=wu[j], minlength=size).reshape(stage.size, -1)
            )
        totals.append(out)
    crossed = None
    if layout.sweep is not None:
        crossed = layout.sweep.crossed(counted.rows, counted.cell, counted.domains * counted.waves, u)
        crossed = crossed.reshape(*crossed.shape[:2], counted.domains, counted.waves)
    return PsuTable(
        totals=tuple(totals),
        n=counted.n,
        w=counted.w_sum,
        squares=_products(counted, u, wu) if squares else None,
        sums=np.stack([counted.by_cell(part) for part in wu]) if squares or not totals else None,
        crossed=crossed,
    )


def _products(counted: Counted, u: Sequence[FloatArray | None], wu: list[FloatArray]) -> FloatArray:
    J = len(u)
    out = np.empty((J, J, counted.domains, counted.waves))
    for i in range(J):
        for j in range(i + 1):
            other = u[j]
            out[i, j] = out[j, i] = counted.by_cell(wu[i] if other is None else wu[i] * other)
    return out
