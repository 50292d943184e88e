"""Numbered cases for every unit drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from survey_kit import checks, frames
from survey_kit.errors import DesignError
from survey_kit.sampling.household import kish_tables
from survey_kit.types import Frame


def case_list(
    units: Frame,
    *,
    unit: str,
    n: float | str,
    rng: int | np.random.Generator,
    keep: Sequence[str] = (),
    kish: bool = True,
) -> Frame:
    """Give every unit drawn its numbered cases, with a table of Kish's grid for each.

    Parameters
    ----------
    units
        One row for each unit drawn, in any library.
    unit
        Column of unit ids; a case is called after it, ``<unit>-01``.
    n
        Cases of each unit: a number, or a column.
    rng
        A seed, or a NumPy generator, by which the tables are dealt.
    keep
        Columns of the unit that its cases carry.
    kish
        Whether cases get a table (column ``kish``).

    Returns
    -------
    frame
        ``<unit> [keep ...] case [kish]``, in the library of `units`.

    Raises
    ------
    DesignError
        If a unit has no whole number of cases above zero, or stands twice.

    Examples
    --------
    >>> import pandas as pd
    >>> case_list(pd.DataFrame({"area": ["a1", "b7"]}), unit="area", n=2, rng=1)["case"].tolist()
    ['a1-01', 'a1-02', 'b7-01', 'b7-02']
    """
    ids = frames.texts(units, unit, "unit")
    checks.unique(ids, "The unit", DesignError)
    if isinstance(n, str):
        column = frames.numbers(units, n, "n")
        counts = np.where(column.missing, 0, column.values)
    else:
        counts = np.full(len(ids), checks.number(n, "n", "Give a number of cases.", DesignError))
    wrong = np.flatnonzero((counts < 1) | (counts != np.round(counts)))
    if len(wrong):
        row = int(wrong[0])
        where = f"unit {ids[row]}, row {row + 1}; {len(wrong)} units"
        raise DesignError(
            "A unit has no whole number of cases.", where=where, found=f"{counts[row]:g}", fix="Give one."
        )
    of = np.repeat(np.arange(len(ids)), counts.astype(np.int64))
    wide = max(2, len(str(int(counts.max()))))
    numbers = [i for count in counts.astype(np.int64).tolist() for i in range(1, count + 1)]
    part = frames.rows(units, of)
    columns: dict[str, Any] = {}
    plain = frames.to_pandas(part)
    for name in dict.fromkeys((unit, *checks.names(tuple(keep), "keep"))):
        frames.texts(units, name, "keep")
        columns[name] = plain[name].tolist()
    columns["case"] = [f"{ids[row]}-{i:0{wide}}" for row, i in zip(of.tolist(), numbers, strict=True)]
    if kish:
        columns["kish"] = kish_tables(len(of), rng=rng)
    return frames.from_columns(columns, like=units)
