"""Columns out as typed arrays, results back in."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import narwhals.stable.v2 as nw
import numpy as np
from narwhals.exceptions import DuplicateError

from survey_kit.checks import brief, shown
from survey_kit.errors import FrameError, did_you_mean
from survey_kit.types import BoolArray, FloatArray, Frame, IntArray

LARGEST = 1e60  # its fourth power, weighted and summed, still is a number


@dataclass(frozen=True, slots=True, repr=False)
class Numbers:
    """A numeric column: values (n,), 0 where missing; missing (n,); how many of the missing were NaN."""

    __repr__ = brief

    values: FloatArray
    missing: BoolArray
    nan_count: int


@dataclass(frozen=True, slots=True, repr=False)
class Codes:
    """Rows as group numbers: codes (n,), -1 where a key is missing; levels, one tuple of keys per group, in order."""

    __repr__ = brief

    codes: IntArray
    levels: tuple[tuple[Any, ...], ...]


def _native(frame: Frame) -> nw.DataFrame[Any] | nw.LazyFrame[Any]:
    try:
        native: nw.DataFrame[Any] | nw.LazyFrame[Any] = nw.from_native(frame)
    except TypeError:
        raise FrameError(
            "This is not a data frame.",
            found=type(frame).__name__,
            fix="Give a pandas, polars, pyarrow or DuckDB frame.",
        ) from None
    return native


def _names(frame: Frame) -> list[str]:
    try:
        native = _native(frame)
        return list(native.columns if isinstance(native, nw.DataFrame) else native.collect_schema().names())
    except DuplicateError as fault:
        found = " ".join(str(fault).split()).removeprefix("Expected unique column names, got: - ")
        raise FrameError("Two columns have the same name.", found=found, fix="Rename one of them.") from None


def _wrap(frame: Frame) -> nw.DataFrame[Any]:
    native = _native(frame)
    return native.collect() if isinstance(native, nw.LazyFrame) else native


def columns(frame: Frame) -> list[str]:
    """Name the columns; two names equal but for case are an error, since some engines take them for one."""
    names = _names(frame)
    seen: dict[str, str] = {}
    for name in map(str, names):
        if name.casefold() in seen:
            raise FrameError(
                "Two columns have the same name but for case.",
                found=f"'{seen[name.casefold()]}' and '{name}'",
                fix="Rename one of them.",
            )
        seen[name.casefold()] = name
    return names


def row_count(frame: Frame) -> int:
    """Count the rows."""
    return len(_wrap(frame))


def snapshot(frame: Frame) -> Frame:
    """Give the frame as it is now: later assignments to a pandas frame do not reach it (copy-on-write, nothing is copied)."""
    return frame.copy(deep=False) if type(frame).__module__.startswith("pandas") else frame


def _series(frame: Frame, name: str, role: str) -> nw.Series[Any]:
    names = _names(frame)
    if not isinstance(name, Hashable) or name not in names:
        if not isinstance(name, str):
            raise FrameError(
                f"A column ({role}) is named by a text.",
                found=shown(name),
                fix="Put the values into the frame as a column, and name it.",
            )
        raise FrameError(f"There is no column '{name}' ({role}).", fix=did_you_mean(name, names))
    native = _native(frame)
    return (native.select(nw.col(name)).collect() if isinstance(native, nw.LazyFrame) else native)[name]


def numbers(frame: Frame, name: str, role: str = "variable") -> Numbers:
    """Take a numeric or boolean column out; words in it are an error that shows the first ones."""
    series = _series(frame, name, role)
    dtype = series.dtype
    if not (dtype.is_numeric() or dtype == nw.Boolean):
        distinct = _distinct_values(series)
        found = ([value for value in distinct if not _reads_as_number(value)] or distinct)[:3]
        if found or dtype not in {nw.Unknown, nw.Object, nw.String}:
            raise FrameError(
                f"The column '{name}' ({role}) does not hold numbers.",
                where=f"column '{name}'",
                found=", ".join(map(repr, found)) or str(dtype),
                fix="Recode it to numbers, or read it with the instrument that says what its codes mean.",
            )
        return Numbers(np.zeros(len(series)), np.ones(len(series), dtype=bool), 0)
    plain = series.to_numpy() if dtype in {nw.Float64, nw.Float32} else None
    if isinstance(plain, np.ndarray) and plain.dtype.kind == "f" and _usable(plain):
        return Numbers(plain.astype(np.float64, copy=False), np.zeros(len(plain), dtype=bool), 0)
    missing = np.asarray(series.is_null().to_numpy(), dtype=bool)
    values = np.asarray(series.cast(nw.Float64).fill_null(0.0).to_numpy(), dtype=np.float64)
    nan = np.isnan(values) & ~missing
    missing = missing | nan
    infinite = ~missing & ~(np.abs(values) <= LARGEST)
    if infinite.any():
        raise FrameError(
            f"The column '{name}' ({role}) holds infinite values, or values beyond {LARGEST:g}, whose powers overflow.",
            where=f"column '{name}', first in row {int(np.flatnonzero(infinite)[0]) + 1}",
            found=f"{int(infinite.sum())} rows",
            fix="Set them missing or correct them.",
        )
    return Numbers(np.where(missing, 0.0, values), missing, int(nan.sum()))


def _usable(values: Any) -> bool:
    """Tell whether no value is missing, infinite or beyond what powers of it can hold."""
    return float(values.min(initial=0)) >= -LARGEST and float(values.max(initial=0)) <= LARGEST


def _distinct_values(series: nw.Series[Any]) -> list[Any]:
    present = series.drop_nulls()
    try:
        return list(present.unique(maintain_order=True).to_list())
    except Exception:  # noqa: BLE001  what each library raises for values that cannot be compared is its own affair
        return list(present.head(3).to_list())


def kind(frame: Frame, name: str, role: str = "variable") -> Literal["number", "category", "words"]:
    """Tell whether a column holds numbers (or true and false), declared categories, or words."""
    dtype = _series(frame, name, role).dtype
    if dtype.is_numeric() or dtype == nw.Boolean:
        return "number"
    return "category" if isinstance(dtype, (nw.Enum, nw.Categorical)) else "words"


def _reads_as_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def flags(frame: Frame, name: str, role: str = "where") -> BoolArray:
    """Take a boolean column out; a missing value is an error, since a domain is yes or no."""
    column = numbers(frame, name, role)
    if column.missing.any() or not np.isin(column.values, (0.0, 1.0)).all():
        raise FrameError(
            f"The column '{name}' ({role}) is not true or false in every row.",
            found=f"{int(column.missing.sum())} missing values" if column.missing.any() else "other numbers",
            fix="Make a boolean column without missing values.",
        )
    return column.values.astype(bool)


def texts(frame: Frame, name: str, role: str = "variable") -> list[str | None]:
    """Take a column out as texts; whole numbers read without a trailing ``.0``."""
    return [None if _absent(value) else _plain_text(value) for value in _series(frame, name, role).to_list()]


def group(frame: Frame, names: Sequence[str], role: str = "by") -> Codes:
    """Give each occurring combination of `names` a number, in the order of their keys; categories keep their own order."""
    if not names:
        n = row_count(frame)
        return Codes(np.zeros(n, dtype=np.int64), ((),))
    parts = [_factorize(_series(frame, name, role)) for name in names]
    if len(parts) == 1:
        codes, levels = parts[0]
        return Codes(codes, tuple((level,) for level in levels))
    missing = np.logical_or.reduce([codes < 0 for codes, _ in parts])
    sizes = [max(len(levels), 1) for _, levels in parts]
    joint = np.ravel_multi_index([np.where(codes < 0, 0, codes) for codes, _ in parts], sizes)
    present, inverse = _distinct(joint[~missing])
    out = np.full(len(joint), -1, dtype=np.int64)
    out[~missing] = inverse
    keys = np.unravel_index(present, sizes)
    rows = zip(*(key.tolist() for key in keys), strict=True)
    return Codes(out, tuple(tuple(parts[j][1][i] for j, i in enumerate(row)) for row in rows))


def _factorize(series: nw.Series[Any]) -> tuple[IntArray, list[Any]]:
    """Give codes (-1 missing) and levels in order; every declared category stays a level, used or not."""
    categories: list[Any] | None = None
    if isinstance(series.dtype, nw.Enum):
        categories = list(series.dtype.categories)
    elif isinstance(series.dtype, nw.Categorical):
        categories = series.cat.get_categories().to_list()
    if series.dtype.is_integer():  # not by way of floats, which would join ids of more than 15 digits
        if not series.null_count():
            wholes, inverse = _distinct(series.to_numpy())
            return inverse, wholes.tolist()
        present = ~np.asarray(series.is_null().to_numpy(), dtype=bool)
        wholes, inverse = _distinct(series.drop_nulls().to_numpy())
        codes = np.full(len(series), -1, dtype=np.int64)
        codes[present] = inverse
        return codes, [int(level) for level in wholes]
    if series.dtype.is_numeric() or series.dtype == nw.Boolean:
        column = numbers(series.to_frame().to_native(), series.name)
        levels, inverse = np.unique(column.values[~column.missing], return_inverse=True)
        codes = np.full(len(series), -1, dtype=np.int64)
        codes[~column.missing] = inverse
        if series.dtype == nw.Boolean:
            return codes, [bool(level) for level in levels]
        whole = bool(np.all(levels == np.round(levels)))
        return codes, [int(level) if whole else float(level) for level in levels]
    try:
        found, distinct = _hashed(series)
        if categories is None:
            categories = sorted(distinct, key=lambda v: (str(type(v)), v))
    except (TypeError, ValueError):
        raise FrameError(
            f"The column '{series.name}' holds values that cannot be put into groups.",
            found=", ".join(map(shown, series.drop_nulls().head(3).to_list())),
            fix="Recode it to words or whole numbers.",
        ) from None
    index = {value: i for i, value in enumerate(categories)}
    place = np.array([index[value] for value in distinct] + [-1], dtype=np.int64)  # -1 picks the last: missing
    return place[found], categories


def _hashed(series: nw.Series[Any]) -> tuple[IntArray, list[Any]]:
    """Give each value the number of its first appearance, -1 where missing, and the distinct values."""
    import pandas as pd

    native = series.to_native()
    values = native if isinstance(native, pd.Series) else np.array(series.to_list(), dtype=object)
    codes, distinct = pd.factorize(values)
    return codes.astype(np.int64, copy=False), list(distinct)


def _distinct(values: Any) -> tuple[Any, IntArray]:
    """Give the distinct whole numbers in order and the place of each; by a table where they lie close together."""
    if not len(values):
        return values, np.zeros(0, dtype=np.int64)
    low, high = int(values.min()), int(values.max())
    if high - low > 4 * len(values) + 1000:
        levels, inverse = np.unique(values, return_inverse=True)
        return levels, inverse.astype(np.int64, copy=False)
    shifted = values.astype(np.int64, copy=False)
    shifted = shifted - low if low else shifted
    seen = np.zeros(high - low + 1, dtype=bool)
    seen[shifted] = True
    return np.flatnonzero(seen) + low, shifted if seen.all() else (np.cumsum(seen) - 1)[shifted]


def rows(frame: Frame, which: IntArray) -> Frame:
    """Give some rows of a frame, in its own library."""
    return _wrap(frame)[which.tolist()].to_native()


def with_column(frame: Frame, name: str, values: Any) -> Frame:
    """Give the frame with one more column; a name already taken is an error."""
    wrapped = _wrap(frame)
    if name.casefold() in {str(known).casefold() for known in wrapped.columns}:
        raise FrameError(f"The frame already has a column '{name}'.", fix="Rename or drop it.")
    series = nw.new_series(name, values, backend=wrapped.implementation)
    return wrapped.with_columns(series).to_native()


def gathered(frame: Frame, rows_of: Mapping[str, IntArray], more: Mapping[str, Any]) -> Frame:
    """Give the frame with some columns gathered from other rows of themselves, type kept, and `more` columns at its end."""
    wrapped = _wrap(frame)
    taken = {str(known).casefold() for known in wrapped.columns}
    for name in more:
        if name.casefold() in taken:
            raise FrameError(f"The frame already has a column '{name}'.", fix="Rename or drop it.")
    backend = wrapped.implementation
    columns = [wrapped[name][which.tolist()].alias(name) for name, which in rows_of.items()]
    columns += [nw.new_series(name, values, backend=backend) for name, values in more.items()]
    return wrapped.with_columns(*columns).to_native()


def from_columns(data: Mapping[str, Any], like: Frame | str | None = None) -> Frame:
    """Build a frame from columns in the library of `like` (a frame or ``"pandas"``, ``"polars"``, ``"pyarrow"``)."""
    if like is None or isinstance(like, str):
        backend: Any = like or "pandas"
    else:
        backend = nw.get_native_namespace(like).__name__
        backend = backend if backend in {"pandas", "polars", "pyarrow", "modin"} else "pyarrow"
    plain = {key: (list(v) if not isinstance(v, np.ndarray) else v) for key, v in data.items()}
    return nw.from_dict(plain, backend=backend).to_native()


def to_pandas(frame: Frame) -> Any:
    """Give the frame as a pandas DataFrame; a pandas frame comes back as it is."""
    return _wrap(frame).to_pandas()


def _absent(value: Any) -> bool:
    return value is None or type(value).__name__ in {"NAType", "NaTType"} or bool(value != value)  # noqa: PLR0124


def _plain_text(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
