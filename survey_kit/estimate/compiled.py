"""The pass over the rows compiled by numba: all variables of a call in one reading of weights and codes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from survey_kit.design import Counted, Layout, PsuTable
from survey_kit.errors import EstimationError
from survey_kit.estimate.centres import near_means
from survey_kit.types import FloatArray, IntArray


@cache
def _kernel() -> Callable[..., None]:
    try:
        import numba
    except ImportError:
        raise EstimationError(
            "numba is not installed.",
            fix='Install it (pip install "trust-survey-kit[fast]"), or leave compiled=True out: the numbers are the same.',
        ) from None

    def add(unit: Any, cell: Any, w: Any, ys: Any, c: Any, out: Any) -> None:
        for i in range(len(w)):
            d = cell[i]
            row = unit[i]
            for k in range(len(ys)):
                out[row, k] += w[i] * (ys[k][i] - c[d, k])

    compiled: Callable[..., None] = numba.njit(nogil=True)(add)
    return compiled


def fused_tables(
    layout: Layout, counted: Counted, ys: list[FloatArray], cell: IntArray, cells: int
) -> tuple[list[PsuTable], FloatArray]:
    """Sum centred means' row variables ``(y - c, 1)`` of several variables.

    Parameters
    ----------
    layout, counted
        The design as arrays and all its rows, coded.
    ys
        K variables (n,).
    cell : (n,)
        The result's cell of each row, below `cells`.

    Returns
    -------
    tables
        One per variable, as :func:`survey_kit.design.accumulate` makes them up to rounding.
    c : (K, cells)
        Centres: means of a sample of the rows, which is near enough to keep all digits.
    """
    add = _kernel()
    c = near_means(ys, cell, cells)
    sums = []
    for s, stage in enumerate(layout.stages):
        out = np.zeros((stage.size * counted.domains, len(ys)))
        read = [_read_only(part) for part in (counted.unit_cell[s], cell, counted.w)]
        add(*read, tuple(_read_only(y) for y in ys), np.ascontiguousarray(c.T), out)
        sums.append(out.reshape(stage.size, counted.domains, len(ys)))
    tables = [
        PsuTable(
            totals=tuple(np.stack([sums[s][:, :, k], counted.unit_w[s]]) for s in range(len(sums))),
            n=counted.n,
            w=counted.w_sum,
        )
        for k in range(len(ys))
    ]
    return tables, c


def _read_only(values: Any) -> Any:
    """Give a read-only view: one type for the compiler, whether or not the frame's own memory may be written."""
    out = np.ascontiguousarray(values).view()
    out.flags.writeable = False
    return out
