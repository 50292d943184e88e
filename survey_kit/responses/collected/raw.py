"""What every platform's export comes down to before items are looked for: interviews, members, times, keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from survey_kit.responses.codes import distinct, plain
from survey_kit.responses.responses import Log
from survey_kit.types import BoolArray

if TYPE_CHECKING:
    import pandas as pd

Platform: TypeAlias = Literal["odk", "kobo"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A table of members: its name in the export, the case and the number of each member."""

    name: str
    data: pd.DataFrame
    case: pd.Series
    member: pd.Series


@dataclass(slots=True, kw_only=True)
class Raw:
    """An export as it came: the interviews, their cases and the names of their versions, the members, the audit."""

    platform: Platform
    where: str
    data: pd.DataFrame
    case: pd.Series
    version: pd.Series
    parts: list[Part] = field(default_factory=list)
    audit: pd.DataFrame | None = None
    attachments: int = 0

    def keep(self, rows: BoolArray) -> None:
        """Keep some interviews; their members and times go with them when they are matched."""
        self.data = self.data[rows].reset_index(drop=True)
        self.case = self.case[rows].reset_index(drop=True)
        self.version = self.version[rows].reset_index(drop=True)


def texts(column: pd.Series) -> pd.Series:
    """Give a column as texts, whole numbers without ``.0``; nulls stay nulls.

    Examples
    --------
    >>> import pandas as pd
    >>> texts(pd.Series([1.0, None, "a "])).tolist()
    ['1', None, 'a']
    """
    import numpy as np
    import pandas as pd

    places, values = distinct(column)
    out = np.array([*(plain(value) or None for value in values), None], dtype=object)[places]
    return pd.Series(out, index=column.index, dtype=object)


def without_doubles(raw: Raw, log: Log) -> frozenset[str]:
    """Keep the first interview of each case; give the cases that stood twice or had no key."""
    blank = raw.case.isna().to_numpy()
    twice = raw.case.duplicated().to_numpy() & ~blank
    if twice.any():
        shown = ", ".join(map(str, raw.case[twice].unique()[:3]))
        log.add("R017", "Interviews stand twice in the export; the first counts.", count=int(twice.sum()), found=shown)
    if blank.any():
        log.add("R017", "Interviews have no key and are set aside.", count=int(blank.sum()), found="no key")
    doubled = frozenset(raw.case[twice])
    if (twice | blank).any():
        raw.keep(~(twice | blank))
    return doubled
