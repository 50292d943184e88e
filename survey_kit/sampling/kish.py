"""Kish's grid: which adult of a household is interviewed (Kish 1949, Journal of the American Statistical Association 44, 380-387)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit.errors import DesignError
from survey_kit.types import FloatArray

if TYPE_CHECKING:
    from survey_kit.sampling.select_methods import Cell, Luck

KISH_TABLES: dict[str, tuple[int, ...]] = {
    "A": (1, 1, 1, 1, 1, 1),
    "B1": (1, 1, 1, 1, 2, 2),
    "B2": (1, 1, 1, 2, 2, 2),
    "C": (1, 1, 2, 2, 3, 3),
    "D": (1, 2, 2, 3, 4, 4),
    "E1": (1, 2, 3, 3, 3, 5),
    "E2": (1, 2, 3, 4, 5, 5),
    "F": (1, 2, 3, 4, 5, 6),
}
"""Number of the adult to interview with 1, 2, 3, 4, 5, and 6 or more adults, in each of Kish's tables (Kish 1949, table 1)."""

KISH_TWELFTHS: dict[str, int] = {"A": 2, "B1": 1, "B2": 1, "C": 2, "D": 2, "E1": 1, "E2": 1, "F": 2}
"""How many cases of twelve get each table."""

TABLE_ENDS = np.cumsum(list(KISH_TWELFTHS.values())) / 12
_PICK = np.array(list(KISH_TABLES.values()), dtype=np.int64)  # (8, 6)


def kish_chances(adults: int) -> FloatArray:
    """Give the chance of each adult (A,) of a household, in the order of the list.

    Examples
    --------
    >>> kish_chances(3).round(4).tolist(), (12 * kish_chances(5)).round(9).tolist(), (6 * kish_chances(7)).round(9).tolist()
    ([0.3333, 0.3333, 0.3333], [2.0, 2.0, 3.0, 2.0, 3.0], [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0])
    """
    if adults < 1:
        raise DesignError("A household has at least one adult.", found=str(adults), fix="Count them again.")
    pick = _PICK[:, min(adults, 6) - 1] - 1
    return np.asarray(
        np.bincount(pick, weights=np.array(list(KISH_TWELFTHS.values())) / 12, minlength=adults), dtype=np.float64
    )


def kish_kernel(cells: Sequence[Cell], luck: Luck) -> list[Any]:
    """Pick one adult of each household by a table drawn for it, or by the one its number stands for."""
    out = []
    for cell in cells:
        if round(cell.n) != 1:
            raise DesignError("Kish's grid picks one adult of a household.", found=f"n = {cell.n:g}", fix="Write n=1.")
        u = luck.rng.random(luck.repeats) if luck.numbers is None else luck.numbers[cell.rows[:1]]
        table = np.searchsorted(TABLE_ENDS, u, side="right")
        chosen = _PICK[np.minimum(table, len(_PICK) - 1), min(len(cell.rows), 6) - 1] - 1
        out.append(chosen[:, None] == np.arange(len(cell.rows)))
    return out
