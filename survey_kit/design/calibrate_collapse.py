"""Levels that nobody in a replicate has: joined with others by a declared rule, and counted.

A replicate that leaves units out may lose a level of a margin; no factor then reaches its target. The rule keeps the population:
joined levels have the sum of their targets. The sample itself needs somebody of every level.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit import checks
from survey_kit.design.calibrate_columns import Columns, table
from survey_kit.design.calibrate_solve import Factors, solve
from survey_kit.errors import DesignError, did_you_mean
from survey_kit.types import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from survey_kit.design.calibrate_controls import Margin
    from survey_kit.design.calibration import Calibration
    from survey_kit.design.layout import Layout
    from survey_kit.design.replicates import Replicates

RULES = {
    "neighbour": "joined with its smaller neighbour",
    "drop": "whose margin is left out",
    "declared": "joined as declared",
}
NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Collapse:
    """What is done where a replicate has nobody of a level.

    Attributes
    ----------
    rule
        ``"neighbour"``, ``"drop"`` or ``"declared"``.
    order : (q,)
        Place of each column's level as its margin was written.
    family : (q,)
        Columns of one wave whose levels differ in the last crossed column only.
    partner : (q,)
        The column a level joins when that is declared; -1 for none.
    """

    __repr__ = checks.brief

    rule: str
    order: IntArray
    family: IntArray
    partner: IntArray

    def group(self, columns: Sequence[Columns], members: FloatArray, target: FloatArray) -> IntArray:
        """Give each column (q,) the number of a column it is joined with, so that none is without members; -1 leaves it out.

        Raises
        ------
        DesignError
            If a level has no other to join.
        """
        block = np.repeat(np.arange(len(columns)), [part.size for part in columns])
        wave = np.concatenate([part.wave for part in columns])
        margin = block * (int(wave.max(initial=0)) + 1) + wave
        counts = np.repeat([part.value is None for part in columns], [part.size for part in columns])
        group = np.arange(len(target))
        while True:
            here = np.where(
                group < 0, 1.0, np.bincount(np.maximum(group, 0), members * (group >= 0), len(group))[group]
            )
            lost = np.flatnonzero((here == 0) & (target != 0))
            if not len(lost):
                return group
            k = int(lost[0])
            mine = group == group[k]
            if self.rule == "drop" and counts[k] and ((group >= 0) & (wave == wave[k]) & (margin != margin[k])).any():
                group[margin == margin[k]] = -1
                continue
            other = self._other(mine, margin == margin[k], group, target) if counts[k] else None
            if other is None:
                raise _nobody(columns, k, "There is no other level to join.")
            group[mine] = group[other]

    def _other(self, mine: BoolArray, margin: BoolArray, group: IntArray, target: FloatArray) -> int | None:
        """Choose a column that the columns `mine` (q,) are joined with."""
        if self.rule == "declared":
            partners = self.partner[mine]
            free = [int(k) for k in partners if k >= 0 and not mine[k]]
            return free[0] if free else None
        if self.rule != "neighbour":
            return None
        k = int(np.flatnonzero(mine)[0])
        for others in (margin & ~mine & (self.family == self.family[k]), margin & ~mine):
            at = np.flatnonzero(others)
            below, above = (at[self.order[at] < self.order[mine].min()], at[self.order[at] > self.order[mine].max()])
            near = [
                int(side[pick(self.order[side])])
                for side, pick in ((below, np.argmax), (above, np.argmin))
                if len(side)
            ]
            if near:
                return min(near, key=lambda j: float(target[group == group[j]].sum()))
        return None


def joined(
    columns: Sequence[Columns], target: FloatArray, group: IntArray
) -> tuple[tuple[Columns, ...], FloatArray, IntArray]:
    """Join columns by group (q,); gives fewer columns, their targets (q',) and the place (q,) of each old column, -1 if left out."""
    kept = np.unique(group[group >= 0])
    place = np.where(group >= 0, np.searchsorted(kept, group), -1)
    out = []
    first = start = 0
    for block in columns:
        local = place[first : first + block.size]
        own = kept[(kept >= first) & (kept < first + block.size)] - first
        code = np.append(np.where(local >= 0, local - start, -1), -1)[block.code]
        names = tuple(" + ".join(block.names[i] for i in np.flatnonzero(local == start + j)) for j in range(len(own)))
        if len(own):
            out.append(replace(block, code=code, names=names, wave=block.wave[own]))
        first += block.size
        start += len(own)
    stays = place >= 0
    sums = np.bincount(place[stays], weights=target[stays], minlength=len(kept)).astype(np.float64, copy=False)
    return tuple(out), sums, place


def members(columns: Sequence[Columns], weight: FloatArray) -> FloatArray:
    """Count the rows or cells (m,) with a weight in every column (q,)."""
    some = (weight != 0).astype(np.float64)
    return np.concatenate([np.bincount(block.code + 1, some, block.size + 1)[1:] for block in columns])


def solve_joined(step: Calibration, given: FloatArray, weight: FloatArray) -> Factors | None:
    """Solve a step for weights (n,), `given` (m,) by cell, without anybody of a level, as its rule says.

    None when every level has somebody.

    Raises
    ------
    DesignError
        If there is no rule, or it has no level to join.
    """
    here, target = members(step.cell_columns, given), step.targets(weight)
    lost = np.flatnonzero((here == 0) & (target != 0))
    if not len(lost):
        return None
    if step.collapse is None:
        raise _nobody(step.cell_columns, int(lost[0]), None)
    columns, sums, place = joined(step.cell_columns, target, step.collapse.group(step.cell_columns, here, target))
    found = solve(
        columns,
        given,
        sums,
        distance=step.distance,
        bounds=step.bounds,
        tolerance=step.tolerance,
        maxit=step.maxit,
    )
    return replace(found, error=np.where(place >= 0, found.error[place], 0.0))


def not_calibrated(step: Calibration, found: Factors) -> DesignError:
    """Say which margin the weights of a replicate cannot reach."""
    worst = int(np.argmax(found.error))
    return DesignError(
        "The weights of a replicate cannot be calibrated.",
        where=step.names[worst],
        found=f"relative error {found.error[worst]:.1e} after {found.iterations} steps",
        fix="Join small levels, or make replicates that leave fewer people out.",
    )


def _nobody(columns: Sequence[Columns], k: int, more: str | None) -> DesignError:
    return DesignError(
        "The weights of a replicate cannot be calibrated.",
        where=[name for block in columns for name in block.names][k],
        found="nobody of this level is in the replicate" + (f". {more}" if more else ""),
        fix="Say collapse='neighbour' (or 'drop', or which levels join), join small levels, or make replicates that leave fewer "
        "people out.",
    )


# ------------------------------------------------------------------------------------------------------------- as asked for
def read_collapse(
    asked: Any, margins: Sequence[Margin], listed: Sequence[Sequence[tuple[int, Any]]]
) -> Collapse | None:
    """Read ``collapse=``; `listed` holds the wave and level of every column, block by block.

    Raises
    ------
    DesignError
        If the rule is not known, or names a column or level that no margin has.
    """
    if asked is None:
        return None
    rule = (
        "declared"
        if hasattr(asked, "items")
        else checks.choice(asked, "rule for lost levels", ("neighbour", "drop"), DesignError)
    )
    keys = list(dict.fromkeys((margin.columns, margin.number) for margin in margins))
    order, family, places = [], [], []
    families: dict[Any, int] = {}
    for (columns, number), block in zip(keys, listed, strict=True):
        written = {
            (margin.wave, level): i
            for margin in margins
            if (margin.columns, margin.number) == (columns, number)
            for i, level in enumerate(margin.totals)
        }
        for wave, level in block:
            order.append(written[wave, level])
            family.append(families.setdefault((columns, number, wave, level[:-1]), len(families)))
            places.append((columns, number, wave, level))
    partner = np.full(len(order), -1, dtype=np.int64)
    if rule == "declared":
        _declare(partner, asked, places)
    return Collapse(rule=rule, order=np.asarray(order), family=np.asarray(family), partner=partner)


def _declare(partner: IntArray, asked: Mapping[Any, Any], places: list[tuple[Any, ...]]) -> None:
    known = {columns for columns, number, *_ in places if number is None}
    for key, joins in asked.items():
        columns = (key,) if isinstance(key, str) else tuple(key)
        if columns not in known or not hasattr(joins, "items"):
            raise DesignError(
                "collapse names margins, and for each the level that a level joins.",
                where=f"'{' x '.join(map(str, columns))}'",
                fix=f"Write {{column: {{level: level}}}}; {did_you_mean(' x '.join(map(str, columns)), [' x '.join(c) for c in known])}",
            )
        for a, b in joins.items():
            pair = [level if isinstance(level, tuple) else (level,) for level in (a, b)]
            ends = [
                [(i, p[2]) for i, p in enumerate(places) if p[0] == columns and p[1] is None and p[3] == level]
                for level in pair
            ]
            for level, end in zip((a, b), ends, strict=True):
                if not end:
                    said = [" x ".join(map(str, p[3])) for p in places if p[0] == columns]
                    raise DesignError(
                        "collapse names a level that the margin does not have.",
                        where=f"'{' x '.join(columns)}', level {level}",
                        fix=did_you_mean(str(level), said),
                    )
            for i, wave in ends[0]:
                partner[i] = next((j for j, other in ends[1] if other == wave), -1)


# ------------------------------------------------------------------------------------------------------------------ the log
def told(step: Calibration, made: Replicates, layout: Layout) -> tuple[str, ...]:
    """Say in how many replicates a level has nobody, which levels, and what is done; nothing without a rule."""
    if step.collapse is None:
        return ()
    gone = np.concatenate([_gone(block, made, layout) for block in step.columns])  # (q, R)
    times = gone.sum(axis=1)
    if not times.any():
        return (f"no level is without people in any of {made.size} replicates",)
    often = [k for k in np.argsort(-times, kind="stable")[:NAMED] if times[k]]
    more = int((times > 0).sum()) - len(often)
    said = ", ".join(f"{step.names[k]} in {int(times[k])}" for k in often) + (f", {more} more" if more else "")
    replicates = int(gone.any(axis=0).sum())
    return (
        f"{replicates} of {made.size} replicates have nobody of a level ({said}), which there is {RULES[step.collapse.rule]}",
    )


def _gone(block: Columns, made: Replicates, layout: Layout) -> BoolArray:
    """Tell which columns have nobody in which replicate (q, R)."""
    if made.factors is None:
        some = [members([block], w) == 0 for w in made.of_rows(layout)]
        return np.stack(some, axis=1)
    stage = layout.stages[made.stage]
    here = table(block.code, block.size, stage.unit_of_row, stage.size, np.ones(len(block.code)))
    out: BoolArray = np.asarray(here @ (made.factors != 0).astype(np.float64)) == 0
    return out
