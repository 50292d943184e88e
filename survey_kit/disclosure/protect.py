r"""Which cells to withhold beside the sensitive ones, so that nothing withheld can be worked out.

One sensitive cell after the other, the largest protection first. For cell :math:`p` with wanted width :math:`w_p` two tables are
looked for that nobody could tell from the true one, one above and one below it at :math:`p`:

.. math:: \min \sum_i c_i (y_i^+ + y_i^- + z_i^+ + z_i^-) \quad\text{subject to}\quad
   A (y^+ - y^-) = 0,\ A (z^+ - z^-) = 0,\ (y_p^+ - y_p^-) - (z_p^+ - z_p^-) = w_p,

with the deviations within what the limits of the cells allow. Cells in which the two differ from the true table are withheld; a cell that
is withheld already costs nothing (Kelly, Golden & Assad 1992, Networks 22, section 4; sliding protection: Fischetti & Salazar 2001).
Then cells that turn out not to be needed are published again, as long as the audit allows, and the audit has the last word.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit.disclosure.audit import Audit, audit, components, safe
from survey_kit.disclosure.table import Table
from survey_kit.errors import DisclosureError
from survey_kit.types import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

MOVED = 1e-7  # of the wanted width: a deviation that counts
FREE = 1e-4  # cost of a cell that is withheld already, so that short ways are preferred
MARGIN = 1e-3  # of the wanted width: wanted on top, against rounding


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Protection:
    """Which cells are withheld.

    Attributes
    ----------
    table
        The table.
    primary, secondary : (m,)
        Sensitive cells, and cells withheld to protect them.
    audit
        What a reader can still work out: nothing that is sensitive.
    """

    table: Table = field(repr=False)
    primary: BoolArray
    secondary: BoolArray
    audit: Audit

    @property
    def withheld(self) -> BoolArray:
        """Tell which cells (m,) are withheld for the sake of respondents."""
        return np.asarray(self.primary | self.secondary)

    def summary(self) -> pd.DataFrame:
        """Count the cells; this may be published."""
        import pandas as pd

        m = self.table.m
        told = {
            "cells": m,
            "withheld": int(self.withheld.sum()),
            "withheld for another reason": int((self.table.gone & ~self.withheld).sum()),
        }
        return pd.DataFrame({"what": list(told), "count": list(told.values())})

    def __repr__(self) -> str:
        return (
            f"Protection of {self.table.m} cells: {int(self.withheld.sum())} withheld; the audit finds none recoverable"
        )

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>"


def protect(table: Table) -> Protection:
    """Choose the cells to withhold.

    Parameters
    ----------
    table
        Cells, sums, limits and which cells are sensitive.

    Returns
    -------
    Protection
        With an audit in which no sensitive cell is exposed.

    Raises
    ------
    DisclosureError
        If a cell cannot be protected, whatever is withheld: the limits are too narrow, or what was published before gives it away.

    Examples
    --------
    >>> table = Table(value=[3, 40, 57, 100], sums=[[1, 1, 1, -1]], width=[10, 0, 0, 0], cost=[1, 40, 57, 100])
    >>> protect(table).withheld.tolist()
    [True, True, False, False]
    """
    hidden = table.sensitive | table.gone
    seen = audit(table, hidden)
    for p in _order(table, seen.exposed):
        hidden = hidden | _needed(table, p, hidden)
    hidden = _released(table, hidden)
    seen = audit(table, hidden)
    if not seen.safe:
        lost = int(np.flatnonzero(seen.exposed)[0])
        raise DisclosureError(
            "A cell cannot be protected.",
            where=table.names[lost],
            fix="Leave out a table of which it is a part, or join categories.",
        )
    extra = hidden & ~table.sensitive & ~table.gone
    return Protection(table=table, primary=table.sensitive, secondary=extra, audit=seen)


def _order(table: Table, exposed: BoolArray) -> list[int]:
    cells = np.flatnonzero(exposed)
    return [int(p) for p in cells[np.argsort(-table.width[cells], kind="stable")]]


def _needed(table: Table, p: int, hidden: BoolArray) -> BoolArray:
    """Find the cells that have to be withheld for the sake of cell `p`."""
    from scipy.optimize import linprog
    from scipy.sparse import block_diag, csr_array, hstack, vstack

    m, cells = table.m, np.flatnonzero(~table.fixed)
    sums = table.sums[:, cells]
    both = hstack([sums, -sums])
    at = int(np.searchsorted(cells, p))
    h = len(cells)
    pick = np.zeros(4 * h)
    pick[[at, h + at]] = 1.0, -1.0
    pick[[2 * h + at, 3 * h + at]] = -1.0, 1.0
    conditions = vstack([block_diag([both, both]), csr_array(pick[None, :])])
    wanted = table.width[p] * (1 + MARGIN)
    right = np.append(np.zeros(conditions.shape[0] - 1), wanted)
    up, down = table.high[cells] - table.value[cells], table.value[cells] - table.low[cells]
    room = np.maximum(np.concatenate([up, down, up, down]), 0.0)
    cost = np.tile(np.where(hidden[cells], FREE, table.cost[cells]), 4)
    scale = np.minimum(np.where(room > 0, room, 1.0), wanted)  # a cell costs about the same however little it moves
    solve: Any = linprog  # its types know no sparse conditions
    found = solve(
        cost / scale, A_eq=conditions, b_eq=right, bounds=np.column_stack([np.zeros(4 * h), room]), method="highs"
    )
    if not found.success:
        raise DisclosureError(
            "A cell cannot be protected, whatever is withheld beside it.",
            where=table.names[p],
            found=f"an interval of {table.width[p]:.3g} is wanted",
            fix="Leave out a table of which it is a part, join categories, or do not publish the total it belongs to.",
        )
    moved = found.x.reshape(4, h).max(axis=0) > MOVED * max(wanted, 1e-300)
    out = np.zeros(m, dtype=bool)
    out[cells[moved]] = True
    return out


def _released(table: Table, hidden: BoolArray) -> BoolArray:
    """Publish again what need not be withheld, the dearest first."""
    out = hidden.copy()
    group = np.zeros(table.m, dtype=np.int64)
    for k, (_, cells) in enumerate(components(table, hidden), 1):
        group[cells] = k
    extra: IntArray = np.flatnonzero(hidden & ~table.sensitive & ~table.gone)
    for cell in extra[np.argsort(-table.cost[extra], kind="stable")].tolist():
        out[cell] = False
        out[cell] = not safe(table, out, group == group[cell])
    return out


def share_width(least: int, n: FloatArray, weight: FloatArray) -> FloatArray:
    """Give the width of protection of weighted counts: the least to be shown, of average weight, at most half of those in the base.

    Parameters
    ----------
    least
        Fewest contributors that may be shown.
    n, weight : (m,)
        Contributors to the base, and the sum of their weights.

    Examples
    --------
    >>> share_width(10, np.array([40.0, 5.0]), np.array([400.0, 50.0])).tolist()
    [100.0, 25.0]
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        average = np.where(n > 0, weight / n, 0.0)
    return np.asarray(np.minimum(least * average, weight / 2))
