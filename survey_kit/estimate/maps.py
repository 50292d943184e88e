"""Linear maps of estimates: which rows a combination uses and pairs, and how its rows are named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit import checks
from survey_kit.errors import EstimationError
from survey_kit.types import FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd


def check_estimates(est: Any) -> None:
    """Refuse what is no Estimates, such as their table.

    Raises
    ------
    EstimationError
        If it lacks the covariance that estimates carry.
    """
    if not callable(getattr(est, "vcov", None)) or not hasattr(est, "table"):
        raise EstimationError(
            "These are no estimates.",
            found=checks.shown(est),
            fix="Give what sk.mean, sk.proportion and the like return, not their table.",
        )


def places_of(rows: Any, size: int) -> IntArray:
    """Give the rows of a table that are wanted as numbers, counted from 0; True and False choose them too.

    Raises
    ------
    EstimationError
        If there are no such rows.
    """
    wanted = np.asarray(rows)
    if wanted.dtype == bool and wanted.shape == (size,):
        return np.flatnonzero(wanted)
    whole = wanted.size == 0 or wanted.dtype.kind in "iu"
    if wanted.ndim != 1 or not whole or (wanted.size and (wanted.min() < 0 or wanted.max() >= size)):
        raise EstimationError(
            "There are no such rows.", found=checks.shown(rows), fix=f"Give a list of row numbers from 0 to {size - 1}."
        )
    return wanted.astype(np.int64)


def smallest(used: Any, n: FloatArray) -> FloatArray:
    """Give the smallest base among the rows each combination uses."""
    out = np.zeros(used.shape[0])
    some = np.flatnonzero(np.diff(used.indptr) > 0)
    if len(some):
        out[some] = np.minimum.reduceat(n[used.indices], used.indptr[some])
    return out


def head_columns(names: Mapping[str, Sequence[Any]] | Sequence[str] | None, size: int) -> dict[str, Any]:
    """Give the naming columns of a new table."""
    listed = list(names.values()) if isinstance(names, Mapping) else [] if names is None else [names]
    if any(isinstance(part, str) or not hasattr(part, "__len__") for part in listed):
        raise EstimationError(
            "The combinations are named by a list, or a dict of lists.",
            found=checks.shown(names),
            fix="Give one name per combination: ['a - b'].",
        )
    if isinstance(names, Mapping):
        out = {key: np.asarray(list(values), dtype=object) for key, values in names.items()}
    else:
        out = {
            "variable": np.asarray([f"L{i + 1}" for i in range(size)] if names is None else list(names), dtype=object)
        }
    out.setdefault("variable", np.asarray([f"L{i + 1}" for i in range(size)], dtype=object))
    for key, values in out.items():
        if len(values) != size:
            raise EstimationError(f"'{key}' does not name every combination.", found=f"{len(values)} for {size}")
    return out


def pairs_along(table: pd.DataFrame, key: str, others: list[str], to: Any) -> list[tuple[int, int]]:
    """Pair the rows along `key` in the order of the table."""
    groups: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    present = np.isfinite(table["estimate"].to_numpy(dtype=np.float64))
    labels = list(zip(*(table[name].tolist() for name in others), strict=True))
    for row in np.flatnonzero(present).tolist():
        groups[labels[row]].append(row)
    when = table[key].tolist()
    pairs = []
    for rows in groups.values():
        for i, row in enumerate(rows):
            if to == "previous":
                base = rows[i - 1] if i else row
            elif to == "first":
                base = rows[0]
            else:
                base = next((other for other in rows if when[other] == to), row)
            if base != row:
                pairs.append((row, base))
    return sorted(pairs)
