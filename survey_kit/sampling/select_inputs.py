"""From a frame and a declaration to the units at risk of every stratum; whatever is wrong is told with its stratum and row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from survey_kit import checks, frames
from survey_kit.errors import DesignError, did_you_mean
from survey_kit.sampling.allocate import Allocation
from survey_kit.sampling.probabilities import inclusion_probabilities
from survey_kit.sampling.select_methods import Cell, Method
from survey_kit.types import BoolArray, FloatArray, Frame, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Strata:
    """The strata of a frame.

    Attributes
    ----------
    names
        Columns that form them; none for one stratum.
    codes : (N,)
        Stratum of each unit.
    levels : (H,)
        Keys of each stratum, in order.
    """

    names: tuple[str, ...]
    codes: IntArray
    levels: tuple[tuple[Any, ...], ...]

    @property
    def counts(self) -> IntArray:
        """Count the units of each stratum."""
        return np.bincount(self.codes, minlength=len(self.levels))

    def label(self, h: int) -> str:
        """Name a stratum."""
        keys = ", ".join(f"{name} {key}" for name, key in zip(self.names, self.levels[h], strict=True))
        return f"stratum {keys}" if keys else "the frame"

    def rows(self) -> list[IntArray]:
        """List the rows of each stratum."""
        if len(self.levels) == 1:
            return [np.arange(len(self.codes))]
        return np.split(np.argsort(self.codes, kind="stable"), np.cumsum(self.counts)[:-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """All that a draw needs: sample sizes (H,), target probabilities (N,) with 1 for certainty units, and the cells."""

    strata: Strata
    n_h: FloatArray
    target: FloatArray
    cells: tuple[Cell, ...]


# ------------------------------------------------------------------------------------------------------- strata and n
def read_strata(frame: Frame, names: tuple[str, ...]) -> Strata:
    """Give a number to the strata that occur; a missing key is an error."""
    grouped = frames.group(frame, names, "strata")
    missing = np.flatnonzero(grouped.codes < 0)
    if not len(grouped.codes):
        raise DesignError("The frame has no units.", fix="Give a frame with one row per unit.")
    if len(missing):
        where = f"columns {', '.join(names)}, row {int(missing[0]) + 1}; {len(missing)} rows"
        raise DesignError("A unit has no stratum.", where=where, fix="Fill it in.")
    if len(grouped.levels) == 1:
        return Strata(names=names, codes=grouped.codes, levels=grouped.levels)
    present = np.flatnonzero(np.bincount(grouped.codes, minlength=len(grouped.levels)))
    codes = np.searchsorted(present, grouped.codes)
    return Strata(names=names, codes=codes, levels=tuple(grouped.levels[i] for i in present.tolist()))


def sample_sizes(frame: Frame, n: Any, strata: Strata, method: Method) -> FloatArray:
    """Give the sample size of each stratum (H,) from a number, a mapping, a column or an allocation."""
    if isinstance(n, Allocation):
        table = n.table
        lacking = [name for name in strata.names if name not in table]
        if lacking or not strata.names:
            raise DesignError(
                "An allocation goes by the columns of its strata.",
                found=", ".join(map(str, table.columns)),
                fix=f"Name the same columns in strata ({', '.join(lacking) or 'strata=...'}).",
            )
        keys = zip(*(frames.group(table, [name]).codes for name in strata.names), strict=True)
        levels = [frames.group(table, [name]).levels for name in strata.names]
        at = [tuple(levels[j][code][0] for j, code in enumerate(row)) for row in keys]
        n = dict(zip(at, table["n"].tolist(), strict=True))
    if isinstance(n, Mapping):
        out = _from_mapping(n, strata)
    elif isinstance(n, str):
        out = _from_column(frame, n, strata)
    else:
        out = np.full(len(strata.levels), checks.number(n, "n", "Give a number of units.", DesignError))
    N_h = strata.counts
    for h in np.flatnonzero(~(out > 0) | (method.fixed & (out != np.round(out)))).tolist():
        raise DesignError(
            "A sample size is not a whole number above zero.",
            where=strata.label(h),
            found=f"{out[h]:g}",
            fix="Give one; leave strata out of the frame that are not sampled, and say so in the report.",
        )
    for h in np.flatnonzero((out > N_h) & (not method.replacement)).tolist():
        raise DesignError(
            "A stratum is smaller than its sample.",
            where=strata.label(h),
            found=f"n = {out[h]:g} of N = {N_h[h]}",
            fix="Lower n there (at most N), or join the stratum with its neighbour.",
        )
    return out


def _from_mapping(n: Mapping[Any, Any], strata: Strata) -> FloatArray:
    given = {key if isinstance(key, tuple) else (key,): value for key, value in n.items()}
    known = set(strata.levels)
    for key in given:
        if key not in known:
            said = ", ".join(map(str, key))
            names = [", ".join(map(str, level)) for level in strata.levels]
            raise DesignError(
                f"The sample sizes name a stratum '{said}' that the frame lacks.", fix=did_you_mean(said, names)
            )
    for h, level in enumerate(strata.levels):
        if level not in given:
            raise DesignError("A stratum has no sample size.", where=strata.label(h), fix="Add it to the mapping.")
    fix = "Give a number of units."
    return np.array([checks.number(given[level], "n", fix, DesignError) for level in strata.levels])


def _from_column(frame: Frame, name: str, strata: Strata) -> FloatArray:
    values = _numbers(frame, name, "n", strata)
    first = np.zeros(len(strata.levels), dtype=np.int64)
    first[strata.codes[::-1]] = np.arange(len(values) - 1, -1, -1)
    differs = np.flatnonzero(values != values[first][strata.codes])
    if len(differs):
        row = int(differs[0])
        h = int(strata.codes[row])
        raise DesignError(
            "The sample size differs within a stratum.",
            where=f"{strata.label(h)}, column '{name}', row {row + 1}",
            found=f"{values[row]:g} and {values[first[h]]:g}",
            fix="Give every unit of a stratum the same n.",
        )
    return values[first]


# ----------------------------------------------------------------------------------------------------------- columns
def _numbers(frame: Frame, name: str, role: str, strata: Strata) -> FloatArray:
    column = frames.numbers(frame, name, role)
    missing = np.flatnonzero(column.missing)
    if len(missing):
        row = int(missing[0])
        raise DesignError(
            f"A number is missing ({role}).",
            where=f"{strata.label(int(strata.codes[row]))}, column '{name}', row {row + 1}; {len(missing)} rows",
            fix="Fill it in, or leave the units out of the frame and say so.",
        )
    return column.values


def read_sizes(frame: Frame, name: str, strata: Strata) -> FloatArray:
    """Take the sizes (N,) out; missing, zero and negative ones are errors."""
    values = _numbers(frame, name, "size", strata)
    if float(values.min()) > 0:
        return values
    wrong = np.flatnonzero(values <= 0)
    row = int(wrong[0])
    raise DesignError(
        "A size is zero or negative: the unit could never be drawn.",
        where=f"{strata.label(int(strata.codes[row]))}, column '{name}', row {row + 1}; {len(wrong)} rows",
        found=f"{values[row]:g}",
        fix="Correct the size, give it a small positive one, join the unit with a neighbour, or leave it out and say so.",
    )


def read_balance(frame: Frame, names: tuple[str, ...], strata: Strata) -> FloatArray:
    """Take the balancing variables (N, q) out."""
    out = np.empty((len(strata.codes), len(names)))
    for j, name in enumerate(names):
        out[:, j] = _numbers(frame, name, "balance", strata)
    return out


def read_permanent(frame: Frame, name: str, start: float | str, *, reverse: bool, strata: Strata) -> FloatArray:
    """Take the permanent random numbers (N,) out, counted from `start` upwards, or downwards when reversed."""
    u = _numbers(frame, name, "numbers", strata)
    wrong = np.flatnonzero((u < 0) | (u >= 1))
    if len(wrong):
        row = int(wrong[0])
        raise DesignError(
            "A permanent random number lies outside [0, 1).",
            where=f"{strata.label(int(strata.codes[row]))}, column '{name}', row {row + 1}; {len(wrong)} rows",
            found=f"{u[row]:g}",
            fix="Make them with permanent_numbers.",
        )
    fix = "Give a number or a column."
    from_ = (
        _numbers(frame, start, "start", strata)
        if isinstance(start, str)
        else checks.number(start, "start", fix, DesignError)
    )
    out = np.mod((-u if reverse else u) - from_, 1.0)
    return np.asarray(np.minimum(out, np.nextafter(1.0, 0.0)))


def check_units(frame: Frame, name: str, strata: Strata) -> None:
    """Refuse units that are missing or stand twice."""
    grouped = frames.group(frame, [name], "unit")
    missing = np.flatnonzero(grouped.codes < 0)
    if len(missing):
        where = f"column '{name}', row {int(missing[0]) + 1}; {len(missing)} rows"
        raise DesignError("A unit has no id.", where=where, fix="Give every unit one.")
    twice = np.flatnonzero(np.bincount(grouped.codes, minlength=1) > 1)
    if len(twice):
        rows = np.flatnonzero(grouped.codes == twice[0])
        raise DesignError(
            "A unit stands twice in the frame: it would have twice its chance.",
            where=f"{strata.label(int(strata.codes[rows[0]]))}, column '{name}', rows {rows[0] + 1} and {rows[1] + 1}",
            found=f"{grouped.levels[int(twice[0])][0]}; {len(twice)} such ids",
            fix="Keep one row of each.",
        )


def sorting_keys(frame: Frame, names: Sequence[str]) -> list[FloatArray]:
    """Give a number (N,) to sort by for each column; missing values come after all others."""
    out = []
    for name in names:
        if frames.kind(frame, name, "order_by") == "number":
            column = frames.numbers(frame, name, "order_by")
            out.append(np.where(column.missing, np.inf, column.values))
        else:
            codes = frames.group(frame, [name], "order_by").codes.astype(np.float64)
            out.append(np.where(codes < 0, np.inf, codes))
    return out


def in_order(keys: Sequence[FloatArray], *, serpentine: bool) -> IntArray:
    """Sort by several keys; serpentine turns the direction of a key with every group of those before it.

    Neighbours in the list then are alike also where a group ends (Williams & Chromy 1980; SAS calls it ``serp``). Ties keep
    the order of the frame.

    Examples
    --------
    >>> region, size = np.array([1.0, 1, 1, 2, 2, 2]), np.array([1.0, 2, 3, 1, 2, 3])
    >>> in_order([region, size], serpentine=True).tolist()
    [0, 1, 2, 5, 4, 3]
    """
    group = np.zeros(len(keys[0]), dtype=np.int64)
    order = np.arange(len(group))
    for j, key in enumerate(keys):
        turned = np.where(group % 2 == 1, -key, key) if serpentine and j else key
        order = np.lexsort((turned, group)) if j else np.argsort(key, kind="stable")
        if j < len(keys) - 1:
            sorted_group, sorted_key = group[order], turned[order]
            new = (sorted_group[1:] != sorted_group[:-1]) | (sorted_key[1:] != sorted_key[:-1])
            group = np.empty_like(group)
            group[order] = np.concatenate([[0], np.cumsum(new)])
    return order


# ------------------------------------------------------------------------------------------------------------- cells
def prepare(
    strata: Strata,
    n_h: FloatArray,
    method: Method,
    *,
    size: FloatArray | None,
    forced: BoolArray | None,
    balance: FloatArray,
    keys: Sequence[FloatArray],
    serpentine: bool,
) -> Prepared:
    """Give every unit its target probability and split certainty units off."""
    target = np.empty(len(strata.codes))
    cells = []
    for h, rows in enumerate(strata.rows()):
        at = rows[in_order([key[rows] for key in keys], serpentine=serpentine)] if keys else rows
        if method.replacement:
            target[at] = 1 / len(at)
            cells.append(Cell(rows=at, target=target[at], n=float(n_h[h]), balance=balance[at]))
            continue
        try:
            pi = inclusion_probabilities(
                np.ones(len(at)) if size is None else size[at],
                float(n_h[h]),
                certainty=None if forced is None else forced[at],
            )
        except DesignError as fault:
            raise DesignError(fault.what, where=strata.label(h), found=fault.found, fix=fault.fix) from None
        target[at] = pi
        chance = pi < 1
        left = float(n_h[h]) - float(len(at) - chance.sum())
        if chance.any():
            at = at[chance]
            cells.append(Cell(rows=at, target=pi[chance], n=left, balance=balance[at]))
    return Prepared(strata=strata, n_h=n_h, target=target, cells=tuple(cells))


def frame_digest(frame: Frame, names: Sequence[str]) -> str:
    """Give the SHA-256 of the columns a draw rests on, the same in every frame library."""
    out = hashlib.sha256(f"{frames.row_count(frame)} rows".encode())
    for name in names:
        out.update(f"\n{name}\n".encode())
        if frames.kind(frame, name) == "number":
            column = frames.numbers(frame, name)
            out.update(column.values.astype("<f8", copy=False).data)
            if column.missing.any():
                out.update(np.packbits(column.missing).data)
        else:
            grouped = frames.group(frame, [name])
            out.update(json.dumps([str(level[0]) for level in grouped.levels], ensure_ascii=False).encode())
            out.update(grouped.codes.astype("<i8", copy=False).data)
    return out.hexdigest()
