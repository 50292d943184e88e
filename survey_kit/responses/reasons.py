"""Why answers are missing, from a table of its own that some producers publish beside the answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from survey_kit.checks import choice
from survey_kit.errors import ResponsesError
from survey_kit.frames import columns as column_names
from survey_kit.frames import to_pandas
from survey_kit.responses.codes import EMPTY, KIND, distinct, plain
from survey_kit.responses.responses import Log
from survey_kit.types import MISSING_KINDS, Frame, IntArray, MissingKind

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The key of each row of answers: the place of its wave and its case id."""

    wave: str | None
    case: str | None
    labels: tuple[str, ...]
    place: IntArray
    cases: pd.Series | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """The table of reasons and the row of the answers that each of its rows belongs to."""

    table: pd.DataFrame
    rows: IntArray
    n: int
    kinds: Mapping[str, MissingKind]
    suffix: str
    log: Log = field(repr=False)

    def of(self, column: str) -> NDArray[np.int8] | None:
        """Give for each row of answers the place of its reason, `EMPTY` where none is given; None without a column."""
        name = column + self.suffix
        if name not in self.table:
            return None
        places, letters = distinct(self.table[name])
        meaning = np.full(len(letters) + 1, EMPTY, dtype=np.int8)
        for place, letter in enumerate(map(plain, letters)):
            if letter in self.kinds:
                meaning[place] = KIND[self.kinds[letter]]
            elif letter:
                count = int((places == place).sum())
                message = "The reasons hold a letter that nobody explained."
                self.log.add("R010", message, count=count, column=name, found=f"'{letter}'")
        out = np.full(self.n, EMPTY, dtype=np.int8)
        out[self.rows] = meaning[places]
        return out


def read_reasons(
    table: Frame, kinds: Mapping[str, MissingKind], suffix: str, rows: Rows, source: str, log: Log
) -> Reasons:
    """Match a table of reasons with the answers by wave and case."""
    import pandas as pd

    data = to_pandas(table)
    known = column_names(data)
    for kind in kinds.values():
        choice(kind, "reason for a missing answer", MISSING_KINDS, ResponsesError)
    if rows.case is None or rows.cases is None:
        raise ResponsesError("Reasons are matched by the case id, and none is declared.", fix="Name the column of it.")
    keys = [key for key in (rows.wave, rows.case) if key]
    absent = [key for key in keys if key not in known]
    if absent or not any(name.endswith(suffix) for name in known):
        found = f"no column '{absent[0]}'" if absent else f"no column that ends in '{suffix}'"
        fix = f"It needs {', '.join(keys)} and one column <item>{suffix} per item."
        raise ResponsesError("The table of reasons does not fit.", where=source or None, found=found, fix=fix)
    place = np.zeros(len(data), dtype=np.int64)
    if rows.wave is not None:
        order = {label: number for number, label in enumerate(rows.labels)}
        codes, values = distinct(data[rows.wave])
        place = np.array([*(order.get(plain(value), -1) for value in values), -1], dtype=np.int64)[codes]
    data, place = data[place >= 0].reset_index(drop=True), place[place >= 0]
    theirs = pd.DataFrame({"wave": place, "case": same_kind(data[rows.case], rows.cases)})
    if theirs.duplicated().any():
        count = int(theirs.duplicated().sum())
        raise ResponsesError(
            "The table of reasons names a case twice.", found=f"{count} rows too many", fix="Remove them."
        )
    ours = pd.DataFrame(
        {"wave": rows.place, "case": same_kind(rows.cases, data[rows.case]), "row": np.arange(len(rows.place))}
    )
    matched = theirs.merge(ours, on=["wave", "case"], how="left")["row"].to_numpy()
    hit = ~np.isnan(matched)
    if not hit.all():
        message = "Reasons are given for cases that are not among the answers."
        log.add("R011", message, count=int((~hit).sum()), column=rows.case)
    found_rows = matched[hit].astype(np.int64)
    return Reasons(
        table=data[hit].reset_index(drop=True), rows=found_rows, n=len(rows.place), kinds=kinds, suffix=suffix, log=log
    )


def same_kind(column: pd.Series, other: pd.Series) -> pd.Series:
    """Give the ids as they are when both tables hold numbers, else as texts."""
    if column.dtype.kind in "iuf" and other.dtype.kind in "iuf":
        return column
    places, values = distinct(column)
    texts = np.array([*(plain(value) for value in values), ""], dtype=object)
    out: pd.Series = column.astype(object)
    out[:] = texts[places]
    return out
