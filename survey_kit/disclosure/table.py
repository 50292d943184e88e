"""A table to be published: cells, the sums that tie them together, and what anybody knows of them beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from survey_kit import checks
from survey_kit.errors import DisclosureError
from survey_kit.types import FloatArray

SLACK = 1e-7  # relative error of a sum that is taken for rounding


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """Cells with sums between them.

    Parameters
    ----------
    value : (m,)
        What the cells hold.
    sums : (k, m)
        One relation in each row: ``sums @ value`` is zero, such as 1 for the parts and -1 for their total.
    width : (m,)
        How wide the interval has to be that a reader can work out for a cell once it is withheld: the protection; zero for cells
        that need none.
    low, high : (m,), optional
        Between which limits anybody knows the cell to lie beforehand; 0 and the sum of all when left out.
    sensitive : (m,), optional
        Cells that must not be published; those with a positive `width` when left out.
    gone : (m,), optional
        Cells that are not published anyway, for another reason.
    fixed : (m,), optional
        Cells that are known already, such as those of an earlier release.
    cost : (m,), optional
        What withholding a cell costs; 1 each when left out.
    names
        The cells in words, for messages.

    Raises
    ------
    DisclosureError
        If shapes differ, a sum does not hold, a cell lies outside its limits, or a sensitive cell is known already.

    Examples
    --------
    >>> import numpy as np
    >>> table = Table(value=[3, 40, 57, 100], sums=[[1, 1, 1, -1]], width=[10, 0, 0, 0])
    >>> table.sensitive.tolist(), table.m
    ([True, False, False, False], 4)
    """

    value: FloatArray
    sums: Any = field(repr=False)  # csr_array once made
    width: FloatArray = field(repr=False)
    low: Any = field(default=None, repr=False)
    high: Any = field(default=None, repr=False)
    sensitive: Any = field(default=None, repr=False)
    gone: Any = field(default=None, repr=False)
    fixed: Any = field(default=None, repr=False)
    cost: Any = field(default=None, repr=False)
    names: Sequence[str] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        value = np.asarray(self.value, dtype=np.float64)
        m = len(value)
        everything = float(np.abs(value).sum())
        width = self._filled(self.width, m, 0.0, "width")
        made: dict[str, Any] = {
            "value": value,
            "sums": _sparse(self.sums),
            "width": width,
            "low": self._filled(self.low, m, 0.0, "low"),
            "high": self._filled(self.high, m, everything, "high"),
            "sensitive": self._filled(self.sensitive, m, width > 0, "sensitive").astype(bool),
            "gone": self._filled(self.gone, m, False, "gone").astype(bool),
            "fixed": self._filled(self.fixed, m, False, "fixed").astype(bool),
            "cost": self._filled(self.cost, m, 1.0, "cost"),
            "names": tuple(self.names) or tuple(f"cell {i + 1}" for i in range(m)),
        }
        for name, content in made.items():
            object.__setattr__(self, name, content)
        self._check(everything)

    @staticmethod
    def _filled(given: Any, m: int, otherwise: Any, what: str) -> Any:
        out = np.broadcast_to(np.asarray(otherwise if given is None else given), (m,)) if np.ndim(given) < 1 else given
        out = np.array(out, dtype=np.float64 if np.asarray(out).dtype != bool else bool)
        if out.shape != (m,):
            raise DisclosureError(
                f"'{what}' has one entry for each cell.", found=f"{out.shape} for {m} cells", fix="Give m numbers."
            )
        return out

    def _check(self, everything: float) -> None:
        if self.sums.shape[1] != self.m or len(self.names) != self.m:
            raise DisclosureError(
                "Sums and names have one entry for each cell.",
                found=f"{self.sums.shape[1]} columns of sums and {len(self.names)} names for {self.m} cells",
                fix="Give sums (k, m) and m names.",
            )
        if not np.isfinite(self.value).all():
            raise DisclosureError(
                "A cell has no value.",
                where=self.names[int(np.flatnonzero(~np.isfinite(self.value))[0])],
                fix="Leave cells without a figure out of the table, and out of its sums.",
            )
        slack = SLACK * max(everything, 1e-300)
        off = np.abs(self.sums @ self.value)
        if (off > slack).any():
            raise DisclosureError(
                "A sum does not hold.",
                where=f"relation {int(np.argmax(off)) + 1}",
                found=f"it is off by {checks.shown(float(off.max()))}",
                fix="Give the exact values, before they are rounded.",
            )
        outside = (self.value < self.low - slack) | (self.value > self.high + slack)
        if outside.any():
            raise DisclosureError(
                "A cell lies outside the limits anybody knows.",
                where=self.names[int(np.flatnonzero(outside)[0])],
                fix="Correct 'low' and 'high'.",
            )
        known = self.sensitive & self.fixed
        if known.any():
            raise DisclosureError(
                "A cell that must not be published is known already.",
                where=self.names[int(np.flatnonzero(known)[0])],
                fix="It was published before: withholding it now protects nobody. Record the exception with its reason.",
            )

    @property
    def m(self) -> int:
        """Count the cells."""
        return len(self.value)


def _sparse(sums: Any) -> Any:
    from scipy.sparse import csr_array

    made: Any = csr_array
    return made(sums, dtype=np.float64)
