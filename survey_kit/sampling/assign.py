"""Who interviews where: cases shared out among interviewers so that the effects of interviewers and of places can be told apart."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit import checks, frames
from survey_kit.errors import DesignError, did_you_mean
from survey_kit.types import Frame, IntArray

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "survey-kit/assignment/1"
ATTEMPTS = 200


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Assignment:
    """Cases with their interviewers.

    Attributes
    ----------
    frame
        The cases with the column ``interviewer``, in their own library.
    pairs
        ``psu interviewer cases``: one row for each interviewer in each unit.
    workloads
        ``interviewer limit cases psus``: one row for each interviewer.
    linked
        Groups of interviewers that share units, directly or by way of others: comparisons are possible within a group.
    areas
        The least number of such groups that the areas of work allow.
    record
        What repeats it: seed, state of the generator, digests of what was given.
    """

    frame: Frame = field(repr=False)
    pairs: pd.DataFrame = field(repr=False)
    workloads: pd.DataFrame = field(repr=False)
    linked: int
    areas: int
    record: Mapping[str, Any] = field(repr=False)

    def __repr__(self) -> str:
        load = self.workloads["cases"]
        each = self.pairs.groupby("psu")["interviewer"].size()
        per = f"{each.min()}" if each.min() == each.max() else f"{each.min()} to {each.max()}"
        working = int((load > 0).sum())
        told = f"{int(load.sum()):,} cases in {len(each):,} units, {working} interviewers, {per} in each unit"
        return f"{told}; workloads {load.min()} to {load.max()}; {self.contrasts} comparisons between interviewers"

    def _repr_html_(self) -> str:
        return f"<p><b>{escape(repr(self))}</b></p>" + str(self.workloads.to_html(index=False, max_rows=60))

    @property
    def contrasts(self) -> int:
        """Count the comparisons between interviewers that no unit confounds: interviewers less linked groups."""
        return int((self.workloads["cases"] > 0).sum()) - self.linked

    def to_json(self) -> str:
        """Give the record as text."""
        return json.dumps(self.record, ensure_ascii=False, indent=2)


@dataclass(frozen=True, slots=True)
class _Crew:
    """Interviewers: names (I,), limits (I,), and for each area the interviewers that may work there."""

    names: tuple[str, ...]
    limits: IntArray
    of_area: Mapping[str, IntArray]


def assign(
    cases: Frame,
    interviewers: Frame,
    *,
    psu: str,
    rng: int | np.random.Generator,
    workload: float | str,
    interviewer: str = "interviewer",
    area: str | None = None,
    per_psu: int = 2,
    case: str | None = None,
) -> Assignment:
    """Share the cases of every sampling unit out among at least two interviewers, at random (Mahalanobis 1946).

    Where one interviewer does a whole unit, what looks like a difference between places may be one between interviewers, and the other
    way round. Within a unit the cases are dealt at random, so that each interviewer has a random part of it (an interpenetrated
    subsample); units get interviewers by lot among those with the most room, and of several lots one that links all interviewers of an
    area is taken, so that each can be compared with each.

    Parameters
    ----------
    cases
        One row for each case: a household or person to be interviewed.
    interviewers
        One row for each interviewer, or for each area an interviewer works in.
    psu
        Column of `cases` with the sampling unit.
    rng
        A seed, or a NumPy generator; it goes into the record.
    workload
        The most cases for one interviewer: a number, or a column of `interviewers`.
    interviewer
        Column of `interviewers` with their ids: pseudonyms, never names.
    area
        Column of both frames: an interviewer works only in units of the area.
    per_psu
        Interviewers in each unit.
    case
        Column of case ids, to be checked for repeats.

    Raises
    ------
    DesignError
        If a unit has fewer cases than interviewers, an area has too few interviewers or too little room; with the numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> homes = pd.DataFrame({"psu": [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]})
    >>> people = pd.DataFrame({"interviewer": ["i1", "i2", "i3"]})
    >>> made = assign(homes, people, psu="psu", workload=5, rng=1)
    >>> made
    12 cases in 3 units, 3 interviewers, 2 in each unit; workloads 4 to 4; 2 comparisons between interviewers
    """
    k = int(checks.number(per_psu, "per_psu", "Give a number of interviewers.", DesignError))
    if k < 1 or k != per_psu:
        raise DesignError("'per_psu' is a whole number above zero.", found=f"{per_psu:g}", fix="Write per_psu=2.")
    seed = int(rng) if isinstance(rng, (int, np.integer)) and not isinstance(rng, bool) else None
    if seed is None and not isinstance(rng, np.random.Generator):
        fix = "Write rng=2026, so that the assignment can be repeated."
        raise DesignError("An assignment needs a seed.", found=checks.shown(rng), fix=fix)
    generator = np.random.default_rng(rng)
    state = json.loads(json.dumps(generator.bit_generator.state, default=lambda one: one.tolist()))
    grouped = frames.group(cases, [psu], "psu")
    units = _units(grouped.codes, psu)
    if case is not None:
        _once(cases, case)
    crew = _crew(interviewers, interviewer, workload, area)
    where = _areas_of(cases, area, units)
    labels = [str(level[0]) for level in grouped.levels]
    counts = np.array([len(rows) for rows in units])
    _possible(counts, where, labels, crew, k)
    least = _least(where, crew)
    lots = _best(counts, where, crew, k, least, generator)
    chosen = np.full(len(grouped.codes), -1, dtype=np.int64)
    for u, rows in enumerate(units):
        mixed = generator.permutation(rows)
        start = 0
        for who, part in lots[u]:
            chosen[mixed[start : start + part]] = who
            start += part
    made = frames.with_column(cases, "interviewer", [crew.names[who] for who in chosen.tolist()])
    pairs, workloads = _tables(lots, labels, crew)
    record = {
        "schema": SCHEMA,
        "psu": psu,
        "area": area,
        "per_psu": k,
        "interviewers": list(crew.names),
        "limits": crew.limits.tolist(),
        "seed": seed,
        "generator": state,
        "cases": len(chosen),
        "units_digest": hashlib.sha256("\n".join(labels[c] for c in grouped.codes.tolist()).encode()).hexdigest(),
        "assigned_digest": hashlib.sha256(chosen.astype("<i8").tobytes()).hexdigest(),
        "numpy": np.__version__,
    }
    linked = _groups(lots)
    return Assignment(frame=made, pairs=pairs, workloads=workloads, linked=linked, areas=least, record=record)


# ------------------------------------------------------------------------------------------------------------ inputs
def _units(codes: IntArray, psu: str) -> list[IntArray]:
    missing = np.flatnonzero(codes < 0)
    if not len(codes):
        raise DesignError("There is no case to assign.", fix="Give one row for each case.")
    if len(missing):
        where = f"column '{psu}', row {int(missing[0]) + 1}; {len(missing)} rows"
        raise DesignError("A case has no sampling unit.", where=where, fix="Fill it in.")
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.cumsum(np.bincount(codes))[:-1])


def _once(cases: Frame, case: str) -> None:
    seen: dict[str | None, int] = {}
    for row, one in enumerate(frames.texts(cases, case, "case")):
        if one is None or seen.setdefault(one, row) != row:
            where = f"column '{case}', row {row + 1}"
            what = "A case has no id." if one is None else f"The case '{one}' stands twice."
            raise DesignError(what, where=where, fix="Give every case an id of its own.")


def _crew(interviewers: Frame, name: str, workload: float | str, area: str | None) -> _Crew:
    ids = frames.texts(interviewers, name, "interviewer")
    places = ["" for _ in ids] if area is None else frames.texts(interviewers, area, "area")
    if isinstance(workload, str):
        column = frames.numbers(interviewers, workload, "workload")
        limits = np.where(column.missing, -1.0, column.values)
    else:
        limits = np.full(len(ids), checks.number(workload, "workload", "Give a number of cases.", DesignError))
    known: dict[str, float] = {}
    of_area: dict[str, list[str]] = {}
    for row, (one, place) in enumerate(zip(ids, places, strict=True)):
        where = f"interviewers, row {row + 1}"
        if one is None or place is None:
            what = "An interviewer has no id." if one is None else "An interviewer has no area."
            raise DesignError(what, where=where, fix="Fill it in.")
        if not limits[row] > 0 or limits[row] != round(limits[row]):
            found = "missing" if limits[row] == -1 else f"{limits[row]:g}"
            raise DesignError("A workload is a whole number above zero.", where=where, found=found, fix="Give one.")
        if known.setdefault(one, limits[row]) != limits[row] or one in of_area.setdefault(place, []):
            fix = "Give an interviewer one row for each area, with one workload."
            raise DesignError(f"The interviewer '{one}' stands twice.", where=where, fix=fix)
        of_area[place].append(one)
    number = {one: i for i, one in enumerate(known)}
    return _Crew(
        names=tuple(known),
        limits=np.array(list(known.values()), dtype=np.int64),
        of_area={place: np.array([number[one] for one in listed]) for place, listed in of_area.items()},
    )


def _areas_of(cases: Frame, area: str | None, units: Sequence[IntArray]) -> list[str]:
    """Give the area of each unit; a unit lies in one."""
    if area is None:
        return [""] * len(units)
    places = frames.texts(cases, area, "area")
    out = []
    for rows in units:
        here = places[int(rows[0])]
        odd = next((row for row in rows.tolist() if places[row] is None or places[row] != here), None)
        if odd is not None or here is None:
            row = int(rows[0]) if odd is None else odd
            fix = "Give all cases of a unit one area."
            raise DesignError("A case has no area, or another than its unit.", where=f"row {row + 1}", fix=fix)
        out.append(here)
    return out


def _possible(counts: IntArray, where: Sequence[str], labels: Sequence[str], crew: _Crew, k: int) -> None:
    """Refuse what no lot can mend, with the numbers."""
    small = np.flatnonzero(counts < k)
    if len(small):
        u = int(small[0])
        raise DesignError(
            "A unit has fewer cases than interviewers.",
            where=f"unit {labels[u]}; {len(small)} units",
            found=f"{counts[u]} cases, {k} interviewers",
            fix="Draw more cases there, join the unit with a neighbour, or lower per_psu.",
        )
    for place in dict.fromkeys(where):
        told = f"area {place}" if place else "all areas"
        if place not in crew.of_area:
            fix = did_you_mean(place, crew.of_area)
            raise DesignError(f"No interviewer works in the area '{place}'.", fix=fix)
        here = crew.of_area[place]
        wanted = int(counts[[u for u, other in enumerate(where) if other == place]].sum())
        room = int(crew.limits[here].sum())
        if len(here) < k:
            found = f"{len(here)} interviewers, {k} in each unit"
            raise DesignError("An area has too few interviewers.", where=told, found=found, fix="Add interviewers.")
        if room < wanted:
            found = f"{wanted} cases, room for {room}"
            fix = "Add interviewers, or raise their workload."
            raise DesignError("The interviewers of an area cannot do its cases.", where=told, found=found, fix=fix)


# -------------------------------------------------------------------------------------------------------------- lots
def _best(
    counts: IntArray, where: Sequence[str], crew: _Crew, k: int, least: int, rng: np.random.Generator
) -> list[list[tuple[int, int]]]:
    """Take the first lot that links all who can be linked, else the one with the fewest groups."""
    best: list[list[tuple[int, int]]] | None = None
    fewest = 0
    for attempt in range(ATTEMPTS):
        lots = _lot(counts, where, crew, k, rng, slack=0.0 if attempt < ATTEMPTS // 4 else 1.5)
        if lots is None:
            continue
        groups = _groups(lots)
        if best is None or groups < fewest:
            best, fewest = lots, groups
        if fewest <= least:
            break
    if best is None:
        raise DesignError(
            "No assignment was found that keeps to all workloads.",
            found=f"{int(counts.sum())} cases, room for {int(crew.limits.sum())}, {ATTEMPTS} attempts",
            fix="Raise the workloads a little, or let interviewers work in more areas.",
        )
    return best


def _lot(
    counts: IntArray, where: Sequence[str], crew: _Crew, k: int, rng: np.random.Generator, *, slack: float
) -> list[list[tuple[int, int]]] | None:
    """Give each unit, largest first, the interviewers with the most room, equals by lot; None where the room is too small.

    `slack` counts interviewers as equals whose room differs by so many parts: other pairs, less even workloads.
    """
    room = crew.limits.copy()
    lots: list[list[tuple[int, int]]] = [[] for _ in counts]
    luck = rng.random(len(counts))
    for u in np.lexsort((luck, -counts)).tolist():
        here = crew.of_area[where[u]]
        near = room[here] + slack * counts[u] / k * rng.random(len(here))
        first = here[np.lexsort((rng.random(len(here)), -near))][:k]
        parts = counts[u] // k + (np.arange(k) < counts[u] % k)
        if (room[first] < parts).any():
            return None
        room[first] -= parts
        lots[u] = list(zip(first.tolist(), parts.tolist(), strict=True))
    return lots


def _groups(lots: Sequence[Sequence[tuple[int, int]]]) -> int:
    """Count the groups of interviewers that units link."""
    return _parts([[who for who, _ in lot] for lot in lots])


def _least(where: Sequence[str], crew: _Crew) -> int:
    """Count the groups that would be left if everybody worked in all units of an area."""
    return _parts([crew.of_area[place].tolist() for place in dict.fromkeys(where)])


def _parts(ties: Sequence[Sequence[int]]) -> int:
    home: dict[int, int] = {}

    def root(i: int) -> int:
        while home.setdefault(i, i) != i:
            i = home[i]
        return i

    for tie in ties:
        for other in tie:
            home[root(other)] = root(tie[0])
    return len({root(i) for i in home})


def _tables(
    lots: Sequence[Sequence[tuple[int, int]]], labels: Sequence[str], crew: _Crew
) -> tuple[pd.DataFrame, pd.DataFrame]:
    import pandas as pd

    rows = [(labels[u], crew.names[who], part) for u, lot in enumerate(lots) for who, part in sorted(lot)]
    pairs = pd.DataFrame(rows, columns=["psu", "interviewer", "cases"])
    sums = pairs.groupby("interviewer")["cases"].agg(["sum", "size"])
    load = [int(sums["sum"].get(one, 0)) for one in crew.names]
    units = [int(sums["size"].get(one, 0)) for one in crew.names]
    columns = {"interviewer": crew.names, "limit": crew.limits, "cases": load, "psus": units}
    return pairs, pd.DataFrame(columns)
