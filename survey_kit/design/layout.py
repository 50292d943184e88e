"""A design as integer arrays, built once: units of each stage in order of wave, stratum and unit.

Because units are sorted, a wave and a stratum are contiguous runs of units, and every sum over them is one
``np.add.reduceat``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit import checks
from survey_kit.errors import DesignError
from survey_kit.types import FloatArray, IntArray

if TYPE_CHECKING:
    from survey_kit.design.calibration import Sweep
    from survey_kit.design.pps import Quadratic


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Stage:
    """One stage of sampling.

    Attributes
    ----------
    unit_of_row : (n,)
        The unit each row belongs to.
    stratum_of_unit : (P,)
        Stratum number of each unit, not decreasing.
    stratum_start : (H,)
        The first unit of each stratum.
    n_h : (H,)
        Units drawn in each stratum.
    N_h : (H,)
        Units there are in each stratum; infinite when the stage has no finite population correction.
    parent : (P,)
        The unit of the stage before; all zero at the first stage.
    """

    __repr__ = checks.brief

    unit_of_row: IntArray
    stratum_of_unit: IntArray
    stratum_start: IntArray
    n_h: IntArray
    N_h: FloatArray
    parent: IntArray

    @property
    def size(self) -> int:
        """Count the units."""
        return len(self.stratum_of_unit)

    @property
    def f_h(self) -> FloatArray:
        """Sampling fraction of each stratum (H,); 0 without a finite population correction."""
        return self.n_h / self.N_h

    @property
    def lonely(self) -> Any:
        """Strata (H,) with one unit that is not the whole population of the stratum."""
        return (self.n_h == 1) & (self.f_h < 1)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Layout:
    """The rows' weights and stages, and where each wave's units stand.

    Attributes
    ----------
    weight : (n,)
    wave_of_row : (n,)
    waves
        Labels of the waves, ``(None,)`` when the design has none.
    stages
        First stage first; only those that contribute to the variance.
    wave_start
        For each stage, the first unit of each wave and the number of units at the end: (waves + 1,).
    stratum_wave_start : (waves + 1,)
        The same for the first stage's strata.
    identity : (P,)
        Number of the place or person behind each first-stage unit: equal in two waves when they share it.
    stratum_identity : (H,)
        The same for the first stage's strata.
    base_weight : (n,)
        The weights before calibration.
    sweep
        What turns influence into residuals when the design is calibrated.
    quadratic
        The first stage's variance as a quadratic form, for unequal probabilities and two phases.
    """

    __repr__ = checks.brief

    weight: FloatArray
    wave_of_row: IntArray
    waves: tuple[Any, ...]
    stages: tuple[Stage, ...]
    wave_start: tuple[IntArray, ...]
    stratum_wave_start: IntArray
    identity: IntArray
    stratum_identity: IntArray
    base_weight: FloatArray
    sweep: Sweep | None = None
    quadratic: Quadratic | None = None

    @property
    def parts(self) -> int:
        """Count what the totals of an influence consist of: its stages, and the estimated targets of each calibration."""
        return len(self.stages) + (0 if self.sweep is None else self.sweep.beside)

    def units(self, wave: int, stage: int = 0) -> slice:
        """Give the units of a wave at a stage."""
        start = self.wave_start[stage]
        return slice(int(start[wave]), int(start[wave + 1]))

    def strata(self, wave: int) -> slice:
        """Give the first stage's strata of a wave."""
        return slice(int(self.stratum_wave_start[wave]), int(self.stratum_wave_start[wave + 1]))


def joint(*codes: IntArray) -> tuple[IntArray, IntArray]:
    """Give each occurring combination of codes a number, in order; return each row's number and one row of each."""
    n = len(codes[0])
    out, size = np.zeros(n, dtype=np.int64), 1
    for part in codes:
        levels = int(part.max(initial=0)) + 1
        if levels == 1:
            continue
        out = part if size == 1 else out * levels + part
        size = int(out.max(initial=0)) + 1
        if size > 2**40:
            out = np.unique(out, return_inverse=True)[1].astype(np.int64)
            size = int(out.max(initial=0)) + 1
    if size == 1:
        return out, np.zeros(min(n, 1), dtype=np.int64)
    if size == n and (out[1:] > out[:-1]).all():  # rows are units, in order
        return out, out
    if size > 4 * len(out) + 1000:
        _, first, inverse = np.unique(out, return_index=True, return_inverse=True)
        return inverse.astype(np.int64), first.astype(np.int64)
    row = np.full(size, -1, dtype=np.int64)
    row[out[::-1]] = np.arange(n - 1, -1, -1)  # the last to be written is the first in the data
    occurs = row >= 0
    return (out if occurs.all() else (np.cumsum(occurs) - 1)[out]), row[occurs]


def make_stage(
    wave: IntArray, parent_of_row: IntArray, stratum: IntArray, unit: IntArray, N: FloatArray | None, name: str = "fpc"
) -> tuple[Stage, IntArray]:
    """Build one stage from codes per row; give it and one row of each unit. `name` is the column of the counts."""
    stratum_of_row, stratum_row = joint(wave, parent_of_row, stratum)
    unit_of_row, unit_row = joint(stratum_of_row, unit)
    rows_are_units = unit_row is unit_of_row
    stratum_of_unit = stratum_of_row if rows_are_units else stratum_of_row[unit_row]
    n_h = np.bincount(stratum_of_unit, minlength=len(stratum_row))
    start = np.concatenate(([0], np.cumsum(n_h)[:-1])).astype(np.int64)
    if N is None:
        N_h = np.full(len(n_h), np.inf)
    else:
        N_h = N[stratum_row]
        _check_fpc(N, N_h[stratum_of_row], n_h, N_h, name)
    stage = Stage(
        unit_of_row=unit_of_row,
        stratum_of_unit=stratum_of_unit,
        stratum_start=start,
        n_h=n_h,
        N_h=N_h,
        parent=parent_of_row if rows_are_units else parent_of_row[unit_row],
    )
    return stage, unit_row


def _check_fpc(N: FloatArray, expected: FloatArray, n_h: IntArray, N_h: FloatArray, name: str) -> None:
    if (expected != N).any():
        row = int(np.flatnonzero(expected != N)[0])
        raise DesignError(
            "The population count (fpc) differs within a stratum.",
            where=f"column '{name}', row {row + 1}",
            found=f"{N[row]:g} and {expected[row]:g}",
            fix="Give one count per stratum.",
        )
    short = N_h < n_h
    if short.any():
        h = int(np.flatnonzero(short)[0])
        fraction = bool((N_h <= 1).all())
        raise DesignError(
            "The population count (fpc) is below the number of units drawn.",
            where=f"column '{name}', {int(short.sum())} of {len(n_h)} strata",
            found=f"{N_h[h]:g} in the population, {n_h[h]} drawn",
            fix="Give counts, not sampling fractions." if fraction else "Correct the counts.",
        )


def wave_starts(unit_row: IntArray, wave: IntArray, waves: int) -> IntArray:
    """Find the first unit of each wave, and the number of units."""
    if waves == 1:
        return np.array([0, len(unit_row)], dtype=np.int64)
    return np.searchsorted(wave[unit_row], np.arange(waves + 1)).astype(np.int64)
