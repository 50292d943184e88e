"""One grouped pass over the rows: sums by unit and domain, after which everything is algebra on a small table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from survey_kit.design.layout import Layout
from survey_kit.errors import EstimationError
from survey_kit.types import FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class PsuTable:
    """Sums of row variables by unit and domain; additive, so tables of disjoint rows of one layout merge.

    Attributes
    ----------
    totals
        For each stage (J, P, D): sums of ``w * u_j`` by unit and domain.
    n : (D, V)
        Rows that count, by domain and wave.
    w : (D, V)
        Their weights' sum.
    x : (D, V)
        Sums of ``w * u_1``, the last row variable: the base of a ratio.
    squares : (J, J, D, V)
        Sums of ``w * u_i * u_j``: what a design effect needs.
    """

    totals: tuple[FloatArray, ...]
    n: FloatArray
    w: FloatArray
    x: FloatArray
    squares: FloatArray

    def merge(self, other: PsuTable) -> PsuTable:
        """Add a table of other rows of the same layout, made with the same centres."""
        if [part.shape for part in self.totals] != [part.shape for part in other.totals]:
            raise EstimationError("Two unit tables do not fit together.", fix="Make both from one layout.")
        return PsuTable(
            totals=tuple(a + b for a, b in zip(self.totals, other.totals, strict=True)),
            n=self.n + other.n,
            w=self.w + other.w,
            x=self.x + other.x,
            squares=self.squares + other.squares,
        )


def accumulate(layout: Layout, rows: IntArray, domain: IntArray, domains: int, u: FloatArray) -> PsuTable:
    """Sum row variables by unit and domain.

    Parameters
    ----------
    layout
        The design as arrays.
    rows : (m,)
        The rows that count.
    domain : (m,)
        Their domain number, below `domains`.
    domains
        How many domains there are (D).
    u : (J, m)
        Row variables, centred where the statistic says so.
    """
    w = layout.weight[rows]
    totals = []
    for stage in layout.stages:
        cell = stage.unit_of_row[rows] * domains + domain
        out = np.empty((len(u), stage.size, domains))
        for j, part in enumerate(u):
            out[j] = np.bincount(cell, weights=w * part, minlength=stage.size * domains).reshape(-1, domains)
        totals.append(out)
    waves = len(layout.waves)
    cell = domain * waves + layout.wave_of_row[rows]
    size = domains * waves

    def by_cell(values: FloatArray | None) -> FloatArray:
        return np.bincount(cell, weights=values, minlength=size).reshape(domains, waves).astype(np.float64)

    J = len(u)
    squares = np.empty((J, J, domains, waves))
    for i in range(J):
        for j in range(i + 1):
            squares[i, j] = squares[j, i] = by_cell(w * u[i] * u[j])
    return PsuTable(totals=tuple(totals), n=by_cell(None), w=by_cell(w), x=by_cell(w * u[-1]), squares=squares)
