"""Columns of a design, or of new data, as the small pandas frame a formula is computed on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit import frames
from survey_kit.design import Design
from survey_kit.errors import EstimationError
from survey_kit.types import BoolArray, Frame, IntArray

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where columns come from: a design, which keeps what it has read, or a frame."""

    kind: Callable[[str], str]
    numbers: Callable[[str], frames.Numbers]
    groups: Callable[[str], frames.Codes]

    def numeric(self, name: str) -> bool:
        """Tell whether a column holds numbers."""
        return self.kind(name) == "number"

    def missing(self, name: str) -> BoolArray:
        """Rows (n,) without a value."""
        return self.numbers(name).missing if self.numeric(name) else self.groups(name).codes < 0

    def codes(self, name: str) -> IntArray:
        """Give distinct values as numbers (n,), -1 where missing."""
        return self.groups(name).codes

    def frame(self, names: Sequence[str], rows: IntArray | None) -> pd.DataFrame:
        """Give some rows of some columns: numbers as floats, the rest as categories without unused levels."""
        import pandas as pd

        data: dict[str, Any] = {}
        for name in names:
            if self.numeric(name):
                values = self.numbers(name).values
                data[name] = values if rows is None else values[rows]
                continue
            grouped = self.groups(name)
            codes = grouped.codes if rows is None else grouped.codes[rows]
            used = np.flatnonzero(np.bincount(codes[codes >= 0], minlength=len(grouped.levels)))
            place = np.full(len(grouped.levels) + 1, -1, dtype=np.int64)
            place[used] = np.arange(len(used))
            levels = [grouped.levels[int(i)][0] for i in used]
            data[name] = pd.Categorical.from_codes(place[codes], categories=pd.Index(levels, dtype=_dtype(levels)))
        size = 0 if rows is None else len(rows)
        return pd.DataFrame(data, copy=False) if data else pd.DataFrame(index=range(size))

    def unused(self, name: str, rows: IntArray) -> list[Any]:
        """Give the declared categories that no row has."""
        if self.numeric(name):
            return []
        grouped = self.groups(name)
        seen = np.bincount(grouped.codes[rows], minlength=len(grouped.levels)) > 0
        return [level[0] for level, there in zip(grouped.levels, seen, strict=True) if not there]


def _dtype(levels: Sequence[Any]) -> Any:
    return object if any(not isinstance(level, (int, float)) for level in levels) else None


def of_design(design: Design) -> Source:
    """Columns of a design."""
    return Source(kind=_once(design.frame), numbers=design.numbers, groups=design.groups)


def of_frame(frame: Frame) -> Source:
    """Columns of new data."""
    return Source(
        kind=_once(frame),
        numbers=lambda name: frames.numbers(frame, name),
        groups=lambda name: frames.group(frame, [name]),
    )


def _once(frame: Frame) -> Callable[[str], str]:
    """Tell the kind of a column, asking the frame only once."""
    known: dict[str, str] = {}

    def kind(name: str) -> str:
        if name not in known:
            known[name] = frames.kind(frame, name)
        return known[name]

    return kind


def complete(source: Source, names: Sequence[str], asked: BoolArray, *, exclude: bool) -> BoolArray:
    """Rows (n,) among those asked that have a value in every column.

    Raises
    ------
    EstimationError
        If some lack one and are not to be excluded.
    """
    absent = {name: source.missing(name) & asked for name in names}
    lacking = {name: int(rows.sum()) for name, rows in absent.items() if rows.any()}
    if lacking and not exclude:
        raise EstimationError(
            "Some rows lack a value the model needs.",
            where=", ".join(f"column '{name}'" for name in lacking),
            found=", ".join(f"{count} rows" for count in lacking.values()) + f" of {int(asked.sum())}",
            fix="Say missing='exclude' to make the complete rows the domain, or recode the reasons.",
        )
    out = asked.copy()
    for name in lacking:
        out &= ~absent[name]
    return out
