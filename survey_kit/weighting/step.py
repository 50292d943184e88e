"""What every weighting step is, and how a step of its own making enters the chain of a design."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np

from survey_kit import checks
from survey_kit.design import Calibration, Design
from survey_kit.design.calibrate_columns import Columns, collapse
from survey_kit.design.calibrate_step import with_steps
from survey_kit.design.distances import LINEAR
from survey_kit.errors import WeightingError
from survey_kit.types import BoolArray, FloatArray, IntArray

CREDITED = "standard errors credit it"


@runtime_checkable
class Step(Protocol):
    """One step of a plan: its `kind` as a file names it, and what it does to a design."""

    kind: ClassVar[str]

    def apply(self, design: Design) -> Design:
        """Give the design with the step taken."""
        ...


def count(number: float) -> str:
    """Write a count for a reader.

    Examples
    --------
    >>> count(12345.0)
    '12,345'
    """
    return f"{number:,.0f}"


def span(g: FloatArray) -> str:
    """Write the range of some factors.

    Examples
    --------
    >>> span(np.array([1.0, 1.25]))
    'factors 1 to 1.25'
    """
    return f"factors {g.min():.3g} to {g.max():.3g}" if len(g) else "no factors"


def coded(design: Design, by: Sequence[str], rows: BoolArray, what: str) -> Columns:
    """Code the classes of some rows as columns, waves apart; rows outside are in none.

    Raises
    ------
    WeightingError
        If a class is missing in one of these rows.
    """
    L, wave, waves = 1, design.layout.wave_of_row, len(design.waves)
    code = np.zeros(design.n, dtype=np.int64)
    levels: Sequence[tuple[Any, ...]] = ((),)
    if by:
        grouped = design.groups(tuple(by), what)
        code, levels, L = grouped.codes, grouped.levels, max(len(grouped.levels), 1)
        lost = rows & (code < 0)
        if lost.any():
            raise WeightingError(
                f"The {what} is missing in some rows.",
                where=f"column '{' x '.join(by)}', first in row {int(np.flatnonzero(lost)[0]) + 1}",
                found=f"{int(lost.sum())} of {int(rows.sum())} rows that take part",
                fix="Make 'unknown' a level of its own, or fill the column from the frame.",
            )
    cell = wave * L + np.maximum(code, 0)
    present = np.flatnonzero(np.bincount(cell[rows], minlength=waves * L))
    place = np.full(waves * L, -1, dtype=np.int64)
    place[present] = np.arange(len(present))
    names = tuple(_named(design, by, levels[i % L] if by else (), i // L) for i in present.tolist())
    return Columns(code=np.where(rows, place[cell], -1), value=None, names=names, wave=(present // L).astype(np.int64))


def _named(design: Design, by: Sequence[str], level: tuple[Any, ...], wave: int) -> str:
    said = ", ".join(f"{name}={value}" for name, value in zip(by, level, strict=True)) or "everybody"
    return said if design.wave is None else f"{said}, wave {design.waves[wave]}"


def appended(
    design: Design,
    kind: str,
    g: FloatArray,
    note: str,
    *,
    asked: dict[str, Any],
    columns: tuple[Columns, ...] = (),
    **known: Any,
) -> Design:
    """Append a step to the chain of a design: its factors (n,), and what else a `Calibration` has to know of it."""
    cell: IntArray | None
    cell, cell_columns = collapse(columns) if columns else (None, ())
    size = sum(block.size for block in columns)
    step = Calibration(
        kind=kind,
        asked=asked,
        distance=LINEAR,
        columns=columns,
        target=np.ones(size),
        cell=cell,
        cell_columns=cell_columns,
        g=g,
        slope=known.pop("slope", np.zeros_like(g)),
        tolerance=1e-10,
        maxit=200,
        notes=(note,),
        **known,
    )
    return with_steps(design, (*design.calibration, step))


def names(value: str | Sequence[str] | None, what: str, *, least: int = 0) -> tuple[str, ...]:
    """Read the names of columns."""
    return checks.names(value, what, least=least)
