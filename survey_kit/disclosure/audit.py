r"""What a reader can work out about withheld cells: the smallest and largest value each can have, by linear programming.

The reader knows every published cell, every sum and the limits of every cell. For a withheld cell :math:`i` the two programmes

.. math:: \min x_i,\ \max x_i \quad\text{subject to}\quad A x = 0,\ l \le x \le u,\ x_j = a_j \text{ for every published } j

give all that follows from them (Fischetti & Salazar 2001, Management Science 47, eqs 5-6).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit.disclosure.table import Table
from survey_kit.errors import DisclosureError
from survey_kit.types import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

CLOSE = 1e-6  # of the width that is wanted: what the programmes may miss
MOST_VARIABLES = 4000  # of one programme that joins several


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Audit:
    """What follows about each cell.

    Attributes
    ----------
    table
        The table.
    withheld : (m,)
        The cells that are not published.
    low, high : (m,)
        The smallest and largest value that agree with everything published; the value itself where it is published.
    """

    table: Table = field(repr=False)
    withheld: BoolArray
    low: FloatArray
    high: FloatArray

    @property
    def exposed(self) -> BoolArray:
        """Tell which sensitive cells (m,) are published, or can be worked out more closely than their protection allows."""
        close = (self.high - self.low) < self.table.width * (1 - CLOSE)
        return np.asarray(self.table.sensitive & (~self.withheld | close))

    @property
    def safe(self) -> bool:
        """Tell whether no sensitive cell is exposed."""
        return not self.exposed.any()

    def to_frame(self) -> pd.DataFrame:
        """Give the withheld cells: what follows about each, and the width that is wanted. Keep this table to yourself."""
        import pandas as pd

        rows = np.flatnonzero(self.withheld | self.table.sensitive)
        return pd.DataFrame(
            {
                "cell": [self.table.names[i] for i in rows.tolist()],
                "sensitive": self.table.sensitive[rows],
                "low": self.low[rows],
                "high": self.high[rows],
                "wanted_width": self.table.width[rows],
                "exposed": self.exposed[rows],
            }
        )


def audit(table: Table, withheld: BoolArray) -> Audit:
    """Work out what a reader can know about withheld cells.

    Parameters
    ----------
    table
        The table.
    withheld : (m,)
        The cells that are not published.

    Returns
    -------
    Audit
        Limits of every cell; `safe` says whether the table may be published so.

    Examples
    --------
    The first cell follows from the total; with the second withheld as well it lies between 0 and 43.

    >>> import numpy as np
    >>> table = Table(value=[3, 40, 57, 100], sums=[[1, 1, 1, -1]], width=[10, 0, 0, 0])
    >>> alone = audit(table, np.array([True, False, False, False]))
    >>> float(alone.low[0]), float(alone.high[0]), alone.safe
    (3.0, 3.0, False)
    >>> both = audit(table, np.array([True, True, False, False]))
    >>> float(both.low[0]), float(both.high[0]), both.safe
    (0.0, 43.0, True)
    """
    hidden = (np.asarray(withheld, dtype=bool) | table.gone) & ~table.fixed
    low, high = table.value.copy(), table.value.copy()
    for rows, cells in components(table, hidden):
        limits(table, rows, cells, cells, low, high)
    return Audit(table=table, withheld=hidden, low=low, high=high)


def components(table: Table, hidden: BoolArray) -> list[tuple[IntArray, IntArray]]:
    """Split the hidden cells into groups that share no sum: relations and cells of each."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    cells = np.flatnonzero(hidden)
    part = table.sums[:, cells].tocoo()
    k, h = part.shape
    keep = part.data != 0
    link = coo_array((np.ones(int(keep.sum())), (part.row[keep], k + part.col[keep])), shape=(k + h, k + h))
    count, label = connected_components(link, directed=False)
    out = []
    for one in range(count):
        members = np.flatnonzero(label == one)
        own = members[members >= k] - k
        if len(own):
            out.append((members[members < k], cells[own]))
    return out


def safe(table: Table, hidden: BoolArray, among: BoolArray) -> bool:
    """Tell whether the sensitive cells in the groups of some cells (m,) keep their protection; stops at the first that does not."""
    low, high = table.value.copy(), table.value.copy()
    for rows, cells in components(table, hidden):
        if not among[cells].any():
            continue
        for cell in cells[table.sensitive[cells]]:
            limits(table, rows, cells, np.array([cell]), low, high)
            if high[cell] - low[cell] < table.width[cell] * (1 - CLOSE):
                return False
    return True


def limits(table: Table, rows: IntArray, cells: IntArray, wanted: IntArray, low: FloatArray, high: FloatArray) -> None:
    """Put in the limits of the wanted cells of one group."""
    if not len(rows):
        low[wanted], high[wanted] = table.low[wanted], table.high[wanted]
        return
    sums = table.sums[rows][:, cells]
    given = sums @ table.value[cells]  # what the published cells leave for these
    bounds = np.column_stack([table.low[cells], table.high[cells]])
    least = np.vstack([one * (cells == cell) for cell in wanted.tolist() for one in (1.0, -1.0)])
    found = _together(least, sums, given, bounds)
    if found is None:  # one of them has no limit, or no answer: one by one, to tell which
        names = [table.names[cell] for cell in wanted.tolist() for _ in range(2)]
        found = np.array([_solved(goal, sums, given, bounds, name) for goal, name in zip(least, names, strict=True)])
    low[wanted], high[wanted] = found[0::2], -found[1::2]


def _together(goals: FloatArray, sums: Any, given: FloatArray, bounds: FloatArray) -> FloatArray | None:
    """Minimise several goals (g, h) under the same conditions as one programme of blocks that share nothing; None if any fails."""
    from scipy.optimize import linprog
    from scipy.sparse import block_diag

    solve: Any = linprog  # its types know no sparse conditions
    count, step = len(goals), max(1, MOST_VARIABLES // goals.shape[1])
    out = np.empty(count)
    for first in range(0, count, step):
        part = goals[first : first + step]
        n = len(part)
        found = solve(
            part.ravel(),
            A_eq=block_diag([sums] * n, format="csr"),
            b_eq=np.tile(given, n),
            bounds=np.tile(bounds, (n, 1)),
            method="highs",
        )
        if not found.success:
            return None
        out[first : first + step] = (part * np.reshape(found.x, part.shape)).sum(axis=1)
    return out


def _solved(goal: FloatArray, sums: Any, given: FloatArray, bounds: FloatArray, name: str) -> float:
    from scipy.optimize import linprog

    solve: Any = linprog  # its types know no sparse conditions
    found = solve(goal, A_eq=sums, b_eq=given, bounds=bounds, method="highs")
    if found.status == 3:  # no limit in this direction
        return float(-np.inf)
    if not found.success:
        raise DisclosureError(
            "The audit of a withheld cell found no answer.",
            where=name,
            found=str(found.message),
            fix="Check the limits of the cells of its sums.",
        )
    return float(found.fun)
