"""Which rows a link compares, and which rows the linked series has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from survey_kit import checks
from survey_kit.errors import EstimationError, did_you_mean
from survey_kit.estimate.estimates import Estimates
from survey_kit.types import BoolArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

Group = tuple[Any, ...]  # values of the other keys, variable (the new one's name), category


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Rows to compute.

    Attributes
    ----------
    source : (M,)
        The row each starts from, -1 for none (a factor).
    linked : (M,)
        Whether a shift is added on the scale of the link.
    shift : (M, K)
        The shift as weights of the rows, sparse.
    head
        Names of the rows.
    """

    source: IntArray
    linked: BoolArray
    shift: Any
    head: Mapping[str, Sequence[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """The rows of both versions by group and time, and the bridge.

    Attributes
    ----------
    key
        The column of the time.
    others
        The other `by` columns.
    labels
        The waves of the bridge; None for a parallel run of its own.
    old, new
        ``{group: {time: row}}``, in the order of the tables; groups carry the new version's names.
    bridges
        ``{group: [(new row, old row)]}``.
    names
        The old version's name of each variable.
    times
        All times in order.
    size
        Number of rows.
    """

    key: str
    others: tuple[str, ...]
    labels: tuple[Any, ...] | None
    old: dict[Group, dict[Any, int]]
    new: dict[Group, dict[Any, int]]
    bridges: dict[Group, list[tuple[int, int]]]
    names: dict[Any, Any]
    times: tuple[Any, ...]
    size: int

    @classmethod
    def of(
        cls, parts: Sequence[Estimates], key: str, labels: tuple[Any, ...] | None, variables: Mapping[str, str] | None
    ) -> Sides:
        """Find the rows of the series and of the bridge.

        Raises
        ------
        EstimationError
            If keys or variables differ, or there is no bridge.
        """
        others = _others(parts[0], parts[1], key)
        names = _names(parts[0], parts[1], variables)
        start = np.cumsum([0, *(len(part.table) for part in parts)]).tolist()
        old = _rows(parts[0].table, key, others, start[0], names)
        new = _rows(parts[1].table, key, others, start[1], {})
        groups = list(dict.fromkeys((*new, *old)))
        if labels is None:
            bridges = _pair(parts, key, others, start, names, groups)
        else:
            for side, version in ((old, "old"), (new, "new")):
                known = list(dict.fromkeys(time for rows in side.values() for time in rows))
                for label in labels:
                    if label not in known:
                        raise EstimationError(
                            f"The {version} version was not fielded at {key} {label!r}.",
                            fix=f"Name a {key} at which both were: {did_you_mean(str(label), known)}.",
                        )
            bridges = {
                group: [
                    (new[group][t], old[group][t])
                    for t in labels
                    if t in new.get(group, {}) and t in old.get(group, {})
                ]
                for group in groups
            }
        if not any(bridges.values()):
            raise EstimationError(
                "There is no group in which both versions have estimates at the bridge.",
                where=f"{key} {', '.join(map(str, labels or ()))}",
                fix="Name where both were fielded, or map the old variables to the new: variables={'old': 'new'}.",
            )
        return cls(
            key=key,
            others=others,
            labels=labels,
            old=old,
            new=new,
            bridges=bridges,
            names={name: was for was, name in names.items()},
            times=tuple(_merged(*(list(dict.fromkeys(est.table[key].tolist())) for est in parts[:2]))),
            size=start[-1],
        )


def plan_series(sides: Sides, footing: Literal["new", "old"]) -> Plan:
    """Plan the rows of the linked series, time by time."""
    kept, moved, sign = (sides.new, sides.old, 1.0) if footing == "new" else (sides.old, sides.new, -1.0)
    order = {time: i for i, time in enumerate(sides.times)}
    wanted = [(time, group) for group in dict.fromkeys((*sides.new, *sides.old)) for time in sides.times]
    wanted.sort(key=lambda pair: order[pair[0]])
    source: list[int] = []
    linked: list[bool] = []
    head: list[tuple[Any, Group]] = []
    entries: list[tuple[int, int, float]] = []
    for time, group in wanted:
        row = kept.get(group, {}).get(time, -1)
        other = moved.get(group, {}).get(time, -1)
        if row < 0 and other < 0:
            continue
        if row < 0:
            entries += _shift(len(source), sides.bridges[group], sign)
        source.append(row if row >= 0 else other)
        linked.append(row < 0)
        head.append((time, group))
    named = {} if footing == "new" else sides.names
    return _plan(source, linked, entries, sides, [(t, (*g[:-2], named.get(g[-2], g[-2]), g[-1])) for t, g in head])


def plan_factors(sides: Sides) -> Plan:
    """Plan one factor per group."""
    groups = list(sides.bridges)
    entries = [entry for m, group in enumerate(groups) for entry in _shift(m, sides.bridges[group], 1.0)]
    none = [-1] * len(groups)
    return _plan(none, [True] * len(groups), entries, sides, [(None, group) for group in groups])


def _plan(
    source: list[int],
    linked: list[bool],
    entries: list[tuple[int, int, float]],
    sides: Sides,
    head: list[tuple[Any, Group]],
) -> Plan:
    from scipy import sparse

    at = ([m for m, _, _ in entries], [k for _, k, _ in entries])
    shift = sparse.csr_array(([a for _, _, a in entries], at), shape=(len(source), sides.size))
    columns: dict[str, list[Any]] = {}
    if any(time is not None for time, _ in head):
        columns[sides.key] = [time for time, _ in head]
    for j, name in enumerate((*sides.others, "variable", "category")):
        columns[name] = [group[j] for _, group in head]
    return Plan(source=np.array(source, dtype=np.int64), linked=np.array(linked, dtype=bool), shift=shift, head=columns)


def _shift(m: int, pairs: list[tuple[int, int]], sign: float) -> list[tuple[int, int, float]]:
    share = sign / len(pairs) if pairs else 0.0
    return [entry for new, old in pairs for entry in ((m, new, share), (m, old, -share))]


def _merged(old: Sequence[Any], new: Sequence[Any]) -> list[Any]:
    """Put the times of both versions in one order that keeps the order of each.

    Examples
    --------
    >>> _merged(["a", "b", "d"], ["b", "c", "d", "e"])
    ['a', 'b', 'c', 'd', 'e']
    """
    out = list(old)
    at = -1
    for time in new:
        if time in out:
            at = out.index(time)
        elif at < 0:
            at = min((out.index(other) for other in new if other in old), default=len(out))
            out.insert(at, time)
        else:
            at += 1
            out.insert(at, time)
    return out


def _others(old: Estimates, new: Estimates, key: str) -> tuple[str, ...]:
    for est in (old, new):
        if not isinstance(key, str) or key not in est.keys:
            said = key if isinstance(key, str) else checks.shown(key)
            raise EstimationError(f"'{said}' is not a key of these estimates.", fix=did_you_mean(said, est.keys))
    others = tuple(name for name in old.keys if name != key)
    if set(others) != {name for name in new.keys if name != key}:
        raise EstimationError(
            "The two series have different columns.",
            found=f"{', '.join(old.keys)} and {', '.join(new.keys)}",
            fix="Compute both by the same columns.",
        )
    return others


def _names(old: Estimates, new: Estimates, variables: Mapping[str, str] | None) -> dict[Any, Any]:
    """Give the new name of every old variable."""
    was, now = (list(dict.fromkeys(est.table["variable"].tolist())) for est in (old, new))
    for name, known in ((name, was) for name in variables or {}):
        if name not in known:
            raise EstimationError(f"The old series has no variable '{name}'.", fix=did_you_mean(name, known))
    for name in (variables or {}).values():
        if name not in now:
            raise EstimationError(f"The new series has no variable '{name}'.", fix=did_you_mean(name, now))
    if variables is not None:
        return {name: variables.get(name, name) for name in was}
    if len(was) == len(now) == 1:
        return {was[0]: now[0]}
    strange = [name for name in was if name not in now]
    if strange:
        raise EstimationError(
            f"The new series has no variable '{strange[0]}'.",
            fix="Map the old variables to the new: variables={'old': 'new'}.",
        )
    return {name: name for name in was}


def _rows(
    table: pd.DataFrame, key: str | None, others: tuple[str, ...], start: int, names: Mapping[Any, Any]
) -> dict[Group, dict[Any, int]]:
    """Give the row of every group and time that has an estimate."""
    known = np.isfinite(table["estimate"].to_numpy(dtype=np.float64))
    columns = [table[name].tolist() for name in others]
    variable = [names.get(name, name) for name in table["variable"].tolist()]
    category = [None if value != value else value for value in table["category"].tolist()]  # noqa: PLR0124
    when = list(range(len(table))) if key is None else table[key].tolist()
    out: dict[Group, dict[Any, int]] = {}
    for i, group in enumerate(zip(*columns, variable, category, strict=True)):
        rows = out.setdefault(group, {})
        if known[i]:
            if when[i] in rows:
                raise EstimationError(
                    "Two rows of a series are of the same time and group.",
                    where=str((when[i], *group)),
                    fix="Give one statistic of each variable.",
                )
            rows[when[i]] = start + i
    return out


def _pair(
    parts: Sequence[Estimates],
    key: str,
    others: tuple[str, ...],
    start: list[int],
    names: Mapping[Any, Any],
    groups: list[Group],
) -> dict[Group, list[tuple[int, int]]]:
    """Give every group of the series the rows of the parallel run that are about it."""
    run = parts[2:]
    shared = tuple(name for name in others if all(name in est.keys for est in run))
    extra = sorted({name for est in run for name in est.keys} - {*others, key})
    if extra or run[0].keys != run[1].keys:
        raise EstimationError(
            "The parallel run has columns that the series lack, or its two results differ.",
            found=", ".join(dict.fromkeys((*run[0].keys, *run[1].keys))),
            fix=f"Compute both by columns among {', '.join((key, *others))}.",
        )
    time = key if key in run[0].keys else None
    old = _rows(run[0].table, time, shared, start[2], _pair_names(run[0], names))
    new = _rows(run[1].table, time, shared, start[3], {})
    if (
        len({group[-2] for group in new}) == len({group[-2] for group in groups}) == 1
    ):  # one variable, whatever its name
        only = groups[0][-2]
        old = {(*group[:-2], only, group[-1]): rows for group, rows in old.items()}
        new = {(*group[:-2], only, group[-1]): rows for group, rows in new.items()}
    place = [others.index(name) for name in shared]
    out = {}
    for group in groups:
        own = (*(group[j] for j in place), *group[-2:])
        was, now = old.get(own, {}), new.get(own, {})
        out[group] = [(row, was[t]) for t, row in now.items() if t in was]
    return out


def _pair_names(run: Estimates, names: Mapping[Any, Any]) -> Mapping[Any, Any]:
    known = {*names.values()}
    return {name: names.get(name, name) for name in run.table["variable"].tolist() if name not in known} or names
