"""The only door to data frame libraries: columns out as arrays, results back in the caller's library.

Null means missing. A NaN in a user's numeric column becomes null here, once, and is counted.
"""

from survey_kit.frames import engine
from survey_kit.frames.engine import open_table
from survey_kit.frames.frames import (
    Codes,
    Numbers,
    columns,
    flags,
    from_columns,
    gathered,
    group,
    kind,
    numbers,
    row_count,
    rows,
    snapshot,
    texts,
    to_pandas,
    with_column,
)

__all__ = [
    "Codes",
    "Numbers",
    "columns",
    "engine",
    "flags",
    "from_columns",
    "gathered",
    "group",
    "kind",
    "numbers",
    "open_table",
    "row_count",
    "rows",
    "snapshot",
    "texts",
    "to_pandas",
    "with_column",
]
