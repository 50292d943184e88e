"""Tables that stay where they are: grouped sums run inside DuckDB, Spark or any engine Ibis knows.

Three traps of such engines are closed here. Some take two names that differ only by case for one (`columns` refuses such
tables, and every name made here starts with ``__x_``). NaN is a number to most of them (it counts as missing here, as everywhere).
Rows have no order (so no column is ever taken out by itself, only grouped sums).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from survey_kit.errors import FrameError, did_you_mean
from survey_kit.types import FloatArray

RESERVED = "__x_"


def is_engine(frame: Any) -> bool:
    """Tell whether a frame is an Ibis table, whose rows stay in their engine."""
    return type(frame).__module__.split(".")[0] == "ibis"


def open_table(path: str | Path, *, memory: str = "1GB", threads: int | None = None) -> Any:
    """Open Parquet or CSV files for estimation inside DuckDB, without reading them into memory.

    Parameters
    ----------
    path
        A file, or a pattern such as ``"data/*.parquet"``.
    memory
        What DuckDB may use before it writes to disk.
    threads
        How many it uses; all by default.

    Returns
    -------
    ibis.Table
        Goes into :class:`Design` like a data frame. Statistics that are functions of totals run in the engine.

    Raises
    ------
    FrameError
        If there is no such file, or the extra ``engines`` is not installed.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk, tempfile
    >>> folder = tempfile.mkdtemp()
    >>> pd.DataFrame({"w": [2.0, 2, 3, 3], "town": [1, 1, 2, 3], "y": [1.0, 0, 1, 1]}).to_parquet(f"{folder}/a.parquet")
    >>> table = sk.open_table(f"{folder}/*.parquet")
    >>> float(sk.mean(sk.Design(table, weight="w", psu="town"), "y").table["estimate"][0])
    0.8
    """
    try:
        import ibis
    except ImportError:
        raise FrameError("Ibis is not installed.", fix='Install it: pip install "trust-survey-kit[engines]".') from None
    if not isinstance(path, (str, Path)):
        raise FrameError("A path is a text.", found=type(path).__name__, fix="Give a file or a pattern of files.")
    where = Path(path)
    if not list(where.parent.glob(where.name)):
        raise FrameError("There is no such file.", where=str(path), fix="Give a file or a pattern of files.")
    csv = where.name.removesuffix(".gz").endswith(".csv")
    import duckdb

    try:
        with _quiet():
            connection = ibis.duckdb.connect(memory_limit=memory, **({} if threads is None else {"threads": threads}))
            return connection.read_csv(str(path)) if csv else connection.read_parquet(str(path))
    except duckdb.Error as fault:
        raise FrameError(
            "DuckDB cannot open the table.",
            where=str(path),
            found=str(fault).split("\n")[0],
            fix="Give Parquet or CSV files, memory such as '2GB', and a whole number of threads.",
        ) from None


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the notices about older names that Ibis and its engines give each other from the user."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", FutureWarning)
        yield


@dataclass(frozen=True, slots=True)
class Expression:
    """A numeric column of an engine: its value, 0 where missing, and whether it is known."""

    value: Any
    known: Any


@dataclass(frozen=True, slots=True)
class Deferred:
    """An expression that stands where rows in memory are expected; using it as rows is an error that says so."""

    expr: Any

    def __and__(self, other: Deferred) -> Deferred:
        return Deferred(self.expr & other.expr)

    def __getattr__(self, name: str) -> Any:
        raise _needs_rows()

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise _needs_rows()

    def __getitem__(self, item: Any) -> Any:
        raise _needs_rows()

    def __invert__(self) -> Any:
        raise _needs_rows()

    def __le__(self, other: Any) -> Any:
        raise _needs_rows()

    def __len__(self) -> int:
        raise _needs_rows()


def _needs_rows() -> FrameError:
    return FrameError(
        "This statistic needs single rows, and the table's rows stay in their engine.",
        fix="Take the columns into memory first: table.select(...).to_pandas().",
    )


@dataclass(frozen=True, slots=True)
class Sums:
    """Grouped sums: the key values of every group, and each measure (G,)."""

    keys: tuple[tuple[Any, ...], ...]
    measures: dict[str, FloatArray]


def expression(table: Any, name: str, role: str = "variable") -> Expression:
    """Give a numeric or boolean column as an expression."""
    column = _column(table, name, role)
    kind = column.type()
    if not (kind.is_numeric() or kind.is_boolean()):
        raise FrameError(
            f"The column '{name}' ({role}) does not hold numbers.",
            where=f"column '{name}'",
            found=str(kind),
            fix="Recode it to numbers.",
        )
    known = column.notnull()
    if kind.is_floating():
        known = known & ~column.isnan().fill_null(False)
    value = column.cast("int8") if kind.is_boolean() else column
    return Expression(known.ifelse(value.cast("float64"), 0.0), known)


def indicator(table: Any, name: str, level: Any) -> Expression:
    """Give the indicator of one level of a column as an expression."""
    column = _key(table, name)
    return Expression((column == level).fill_null(False).ifelse(1.0, 0.0), column.notnull())


def flag(table: Any, name: str) -> Any:
    """Give a boolean column as a condition; a missing value is an error."""
    found = expression(table, name, "where")
    wrong = sums(table, (), {"wrong": (~found.known | ~found.value.isin([0.0, 1.0])).cast("float64")}).measures["wrong"]
    if wrong.sum() > 0:
        raise FrameError(
            f"The column '{name}' (where) is not true or false in every row.",
            found=f"{int(wrong.sum())} rows",
            fix="Make a boolean column without missing values.",
        )
    return found.value == 1.0


def levels(table: Any, name: str, role: str = "by") -> list[Any]:
    """List the values of a column, in order, without missing ones."""
    _column(table, name, role)
    found = sums(table, (name,), {"n": None}).keys
    values = {key[0] for key in found if key[0] is not None}
    whole = all(isinstance(value, (int, float)) and float(value).is_integer() for value in values)
    plain = {value if isinstance(value, bool) or not whole else int(value) for value in values}
    return sorted(plain, key=lambda v: (str(type(v)), v))


def sums(
    table: Any,
    keys: Sequence[str],
    measures: Mapping[str, Any],
    where: Any = None,
    extremes: Mapping[str, Any] | None = None,
    *,
    limit: int | None = None,
) -> Sums:
    """Group by `keys` and sum.

    Parameters
    ----------
    table
        An Ibis table.
    keys
        Columns; NaN and null are one group, with None as its key.
    measures
        Expressions to be summed; None counts the rows.
    where
        Condition on the rows.
    extremes
        Expressions of which the smallest and largest value are taken, as ``<name>_min`` and ``<name>_max``.
    """
    part = table if where is None else table.filter(where)
    if limit is not None:
        part = part.limit(limit)
    named = [_key(part, name).name(f"{RESERVED}k{i}") for i, name in enumerate(keys)]
    asked = {name: (part.count() if expr is None else expr.sum()) for name, expr in measures.items()}
    for name, expr in (extremes or {}).items():
        asked |= {f"{name}_min": expr.min(), f"{name}_max": expr.max()}
    columns = [expr.cast("float64").name(f"{RESERVED}m{i}") for i, expr in enumerate(asked.values())]
    query = part.group_by(named).aggregate(columns) if named else part.aggregate(columns)
    with _quiet():
        found = query.to_pyarrow()
    groups = [[_plain(v) for v in found.column(f"{RESERVED}k{i}").to_pylist()] for i in range(len(keys))]
    values = {
        name: np.asarray(found.column(f"{RESERVED}m{i}").fill_null(0.0).to_numpy(), dtype=np.float64)
        for i, name in enumerate(asked)
    }
    return Sums(tuple(zip(*groups, strict=True)) if keys else ((),), values)


def _column(table: Any, name: str, role: str) -> Any:
    if name not in table.columns:
        raise FrameError(f"There is no column '{name}' ({role}).", fix=did_you_mean(name, list(table.columns)))
    return table[name]


def _key(table: Any, name: str) -> Any:
    column = _column(table, name, "by")
    return column.isnan().ifelse(None, column) if column.type().is_floating() else column


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value
