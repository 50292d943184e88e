"""One stage drawn: the main sample, the reserve in its order, and the probabilities of what has been released."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from survey_kit import checks, frames
from survey_kit.errors import DesignError, did_you_mean
from survey_kit.sampling.draw import Draw
from survey_kit.sampling.household import HOUSEHOLD_RULES
from survey_kit.sampling.plan_sizes import Precision, Rate, Spread, allocation_of
from survey_kit.sampling.probabilities import inclusion_probabilities
from survey_kit.sampling.select import plain, select
from survey_kit.sampling.select_inputs import Strata, check_units, read_permanent, read_strata, sample_sizes
from survey_kit.sampling.select_methods import METHODS
from survey_kit.types import BoolArray, FloatArray, Frame, IntArray

if TYPE_CHECKING:
    import pandas as pd

    from survey_kit.sampling.plan import Stage


Drawn: TypeAlias = tuple[Draw, IntArray, IntArray, BoolArray, IntArray]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StageDraw:
    r"""What one stage gave.

    With n units wanted in a stratum, C of them with certainty, and r in reserve, the draw is one of n + r units with probabilities
    :math:`\pi^+`. A random part of it is the main sample, the others wait in a random order. When k of them are released,

    .. math:: \pi_i = \pi_i^+ \frac{n + k - C}{n + r - C}

    for all but the C units, exactly.

    Attributes
    ----------
    stage
        The declaration.
    draw
        Main sample and reserve together.
    turn : (m,)
        For every row of the draw: 0 in the main sample, else its place in the reserve of its stratum.
    main : (H,)
        Units of the main sample, in each stratum.
    reserve : (H,)
        Units of the reserve.
    released : (H,)
        Units of the reserve released so far.
    sure : (N,)
        Which units of the frame the main sample takes with certainty.
    parent : (N,)
        For every row of the listing the place of the unit above among that stage's `rows`; 0 in the first stage.
    above : (p,)
        Overall probability of each unit of the stage above; one number 1 in the first stage.
    empty
        Ids of units above in which nobody was found.
    seed
        What the stage was drawn with: a seed, or the state of a generator.
    """

    stage: Stage
    draw: Draw
    turn: IntArray = field(repr=False)
    main: IntArray = field(repr=False)
    reserve: IntArray = field(repr=False)
    released: IntArray = field(repr=False)
    sure: BoolArray = field(repr=False)
    parent: IntArray = field(repr=False)
    above: FloatArray = field(repr=False)
    empty: tuple[tuple[Any, ...], ...] = ()
    seed: Any

    def __repr__(self) -> str:
        held = int(self.reserve.sum() - self.released.sum())
        told = f", {int(self.released.sum())} of the reserve among them" if self.released.any() else ""
        more = f"; {held} in reserve" if held else ""
        return f"Stage '{self.stage.unit}': {len(self.rows):,} units by {self.stage.method}{told}{more}"

    @property
    def rows(self) -> IntArray:
        """Give the rows of the frame or listing that belong to the sample now (n,)."""
        return np.asarray(self.draw.rows[self._out])

    @property
    def held(self) -> IntArray:
        """Give the rows that wait in reserve (r,), in the order of strata and of their turn."""
        rows, turn = self.draw.rows[~self._out], self.turn[~self._out]
        return np.asarray(rows[np.lexsort((turn, self.draw.stratum[rows]))])

    @property
    def pi(self) -> FloatArray:
        """Give the probability of every row of the frame or listing at this stage (N,), given the unit above."""
        return np.asarray(np.where(self.sure, self.draw.pi, self.draw.pi * self.share[self.draw.stratum]))

    @property
    def share(self) -> FloatArray:
        """Give the part of the units at risk that is released, of those drawn (H,)."""
        certain = np.bincount(self.draw.stratum, weights=self.sure, minlength=len(self.main))
        at_risk = self.main + self.reserve - certain
        return np.asarray(np.where(at_risk > 0, (self.main + self.released - certain) / np.maximum(at_risk, 1), 1.0))

    @property
    def probability(self) -> FloatArray:
        """Give the probability over all stages so far of the rows of the sample (n,)."""
        expected = self.pi if not self.draw.method.replacement else self.draw.expected
        return np.asarray(self.above[self.parent[self.rows]] * expected[self.rows])

    @property
    def _out(self) -> Any:
        return self.turn <= self.released[self.draw.stratum[self.draw.rows]]

    def turn_of(self, rows: IntArray) -> IntArray:
        """Give the turn of some rows drawn (k,)."""
        return self.turn[np.searchsorted(self.draw.rows, rows)]

    def summary(self) -> pd.DataFrame:
        """Give one row per stratum: keys, N, main sample, reserve, released, certainty units, range of probabilities."""
        table = self.draw.summary().drop(columns=["n", "drawn", "weight_sum", "pi_min", "pi_max"])
        H = len(self.main)
        low, high = np.full(H, np.inf), np.zeros(H)
        np.minimum.at(low, self.draw.stratum, self.pi)
        np.maximum.at(high, self.draw.stratum, self.pi)
        table.insert(len(table.columns) - 1, "n", self.main)
        return table.assign(reserve=self.reserve, released=self.released, pi_min=low, pi_max=high)


def draw_stage(
    stage: Stage,
    frame: Frame,
    upper: tuple[str, ...],
    parent: IntArray,
    above: FloatArray,
    rng: int | np.random.Generator,
) -> StageDraw:
    """Draw one stage.

    Parameters
    ----------
    frame
        The frame, or the listing of the units above.
    upper
        Columns of the listing that name the unit above; none in the first stage.
    parent : (N,)
        Place of the unit above.
    above : (p,)
        Overall probabilities of the units above.
    rng
        A seed or a generator.
    """
    luck, seed = _seeded(rng)
    strata = read_strata(frame, (*upper, *stage.strata))
    drawn = _one_person if stage.of_persons else _units
    draw, main, reserve, sure, turn = drawn(stage, frame, upper, strata, _first(strata, parent, above), luck)
    return StageDraw(
        stage=stage,
        draw=draw,
        turn=turn,
        main=main,
        reserve=reserve,
        released=np.zeros_like(reserve),
        sure=sure,
        parent=parent,
        above=above,
        seed=seed,
    )


def _first(strata: Strata, parent: IntArray, above: FloatArray) -> FloatArray:
    """Give for each stratum (H,) the overall probability of the unit above, in which it lies."""
    at = np.zeros(len(strata.levels), dtype=np.int64)
    at[strata.codes] = parent
    return above[at]


def _one_person(
    stage: Stage, frame: Frame, upper: tuple[str, ...], strata: Strata, _: FloatArray, luck: np.random.Generator
) -> Drawn:
    """Draw one adult of each household by a rule."""
    draw = HOUSEHOLD_RULES[stage.method](frame, upper, rng=luck, **stage.within)
    ones = np.ones(len(strata.levels), dtype=np.int64)
    return draw, ones, np.zeros_like(ones), draw.certainty, np.zeros(draw.n, dtype=np.int64)


def _units(
    stage: Stage, frame: Frame, upper: tuple[str, ...], strata: Strata, above: FloatArray, luck: np.random.Generator
) -> Drawn:
    """Draw main sample and reserve together, and tell them apart."""
    if upper:
        check_units_within(frame, upper, stage.unit, strata)
    else:
        check_units(frame, stage.unit, strata)
    main = sizes_of(stage, frame, strata, above, later=bool(upper))
    reserve = _reserve(stage, frame, strata, main, later=bool(upper))
    draw = select(
        frame,
        dict(zip(strata.levels, (main + reserve).tolist(), strict=True)),
        method=METHODS[stage.method],
        rng=luck,
        strata=strata.names,
        unit=None if upper else stage.unit,
        **stage.options,
    )
    whole = np.round(main).astype(np.int64)
    sure = _sure(stage, frame, strata, main) if reserve.any() else draw.certainty
    number = None
    if stage.numbers is not None and reserve.any():
        number = read_permanent(frame, stage.numbers, stage.start, reverse=stage.reverse, strata=strata)
    return draw, whole, reserve, sure, _queue(draw, whole, reserve, sure, luck, number)


def _seeded(rng: Any) -> tuple[np.random.Generator, Any]:
    if isinstance(rng, np.random.Generator):
        return rng, plain(rng.bit_generator.state)
    whole = isinstance(rng, (int, np.integer)) and not isinstance(rng, bool) and rng >= 0
    if not whole:
        raise DesignError(
            "A draw needs a seed or a NumPy generator.", found=checks.shown(rng), fix="Write rng=2026, for example."
        )
    return np.random.default_rng(int(rng)), int(rng)


def check_units_within(frame: Frame, upper: tuple[str, ...], unit: str, strata: Strata) -> None:
    """Refuse units that are missing, or stand twice within the unit above."""
    grouped = frames.group(frame, (*upper, unit), "unit")
    missing = np.flatnonzero(grouped.codes < 0)
    if len(missing):
        where = f"column '{unit}', row {int(missing[0]) + 1}; {len(missing)} rows"
        raise DesignError("A unit has no id.", where=where, fix="Give every unit one.")
    twice = np.flatnonzero(np.bincount(grouped.codes, minlength=1) > 1)
    if len(twice):
        rows = np.flatnonzero(grouped.codes == twice[0])
        raise DesignError(
            "A unit stands twice in the listing: it would have twice its chance.",
            where=f"{strata.label(int(strata.codes[rows[0]]))}, column '{unit}', rows {rows[0] + 1} and {rows[1] + 1}",
            found=f"{', '.join(map(str, grouped.levels[int(twice[0])]))}; {len(twice)} such ids",
            fix="Keep one row of each.",
        )


# -------------------------------------------------------------------------------------------------------------- sizes
def sizes_of(stage: Stage, frame: Frame, strata: Strata, above: FloatArray, *, later: bool = False) -> FloatArray:
    """Give the size of the main sample in each stratum (H,); `above` (H,) is the probability of the unit it lies in."""
    n, method = stage.n, METHODS[stage.method]
    N_h = strata.counts.astype(np.float64)
    if isinstance(n, Rate):
        out = np.maximum(np.round(n.rate * N_h / above), 1.0)
        n = dict(zip(strata.levels, out.tolist(), strict=True))
    elif isinstance(n, (Spread, Precision)):
        n = dict(zip(strata.levels, allocation_of(n, frame, strata, stage.size).table["n"].tolist(), strict=True))
    elif isinstance(n, Mapping):
        n = by_level(n, strata, later=later)
    elif isinstance(n, (int, float)) and not isinstance(n, bool):
        n = dict.fromkeys(strata.levels, n)
    if stage.short == "all" and isinstance(n, Mapping):
        n = {level: min(n[level], N_h[h]) if level in n else None for h, level in enumerate(strata.levels)}
        n = {level: value for level, value in n.items() if value is not None}
    return sample_sizes(frame, n, strata, method)


def by_level(n: Mapping[Any, Any], strata: Strata, *, later: bool = False) -> dict[Any, Any]:
    """Read the keys of a mapping: levels of the strata, or their texts joined by " | "; later stages pass over units not drawn."""
    texts = {" | ".join(map(str, level)): level for level in strata.levels}
    given = {texts.get(key, key) if isinstance(key, str) else key: value for key, value in n.items()}
    out = {key if isinstance(key, tuple) else (key,): value for key, value in given.items()}
    known = set(strata.levels)
    return {key: value for key, value in out.items() if key in known} if later else out


def _reserve(stage: Stage, frame: Frame, strata: Strata, main: FloatArray, *, later: bool) -> IntArray:
    """Give the size of the reserve in each stratum (H,), at most what the main sample leaves."""
    wanted = stage.reserve
    if isinstance(wanted, Mapping):
        given = by_level(wanted, strata, later=later)
        for key in given:
            if key not in strata.levels:
                said = " | ".join(map(str, key))
                names = [" | ".join(map(str, level)) for level in strata.levels]
                fix = did_you_mean(said, names)
                raise DesignError(
                    f"The reserve names a stratum '{said}' that the frame lacks.", where=stage.where, fix=fix
                )
        out = np.array([given.get(level, 0) for level in strata.levels], dtype=np.float64)
    elif isinstance(wanted, str):
        column = frames.numbers(frame, wanted, "reserve")
        out = np.zeros(len(strata.levels))
        np.maximum.at(out, strata.codes, column.values)
    else:
        out = np.full(len(strata.levels), checks.number(wanted, "reserve", "Give a number of units.", DesignError))
    wrong = np.flatnonzero((out < 0) | (out != np.round(out)))
    if len(wrong):
        h = int(wrong[0])
        raise DesignError(
            "A reserve is a whole number, zero or more.",
            where=f"{stage.where}, {strata.label(h)}",
            found=f"{out[h]:g}",
            fix="Write reserve: 2.",
        )
    if not out.any():
        return np.zeros(len(out), dtype=np.int64)
    return np.round(np.minimum(out, strata.counts - main)).astype(np.int64)


def _sure(stage: Stage, frame: Frame, strata: Strata, main: FloatArray) -> BoolArray:
    """Tell which units (N,) a main sample of these sizes takes with certainty."""
    size = None if stage.size is None else frames.numbers(frame, stage.size, "size").values
    forced = None if stage.certainty is None else frames.flags(frame, stage.certainty, "certainty")
    out = np.zeros(len(strata.codes), dtype=bool)
    for h, rows in enumerate(strata.rows()):
        x = np.ones(len(rows)) if size is None else size[rows]
        try:
            pi = inclusion_probabilities(x, float(main[h]), certainty=None if forced is None else forced[rows])
        except DesignError as fault:
            raise DesignError(fault.what, where=strata.label(h), found=fault.found, fix=fault.fix) from None
        out[rows] = pi >= 1
    return out


def _queue(
    draw: Draw,
    main: IntArray,
    reserve: IntArray,
    sure: BoolArray,
    luck: np.random.Generator,
    number: FloatArray | None,
) -> IntArray:
    """Say for every row drawn whether it is of the main sample (0), or when its turn of the reserve comes.

    Certainty units are of the main sample. Of the others a part is taken at random; after an ordered method systematically along the
    order of the draw, so that the main sample keeps its spread; the rest waits in a random order. With permanent random numbers (N,)
    these are the order of both.
    """
    turn = np.zeros(draw.n, dtype=np.int64)
    if not reserve.any():
        return turn
    rank = len(draw.pi) + np.arange(len(draw.pi))  # units that the enlarged draw takes whole come last
    ordered = np.concatenate([np.zeros(0, dtype=np.int64), *(cell.rows for cell in draw.prepared.cells)])
    rank[ordered] = np.arange(len(ordered))
    loose = np.flatnonzero(~sure[draw.rows])
    loose = loose[np.argsort(rank[draw.rows[loose]])]
    h_of = draw.stratum[draw.rows[loose]]
    certain = np.bincount(draw.stratum, weights=sure, minlength=len(main)).astype(np.int64)
    for h in np.flatnonzero(reserve).tolist():
        drawn, keep = loose[h_of == h], int(main[h] - certain[h])
        if draw.method.ordered and keep:
            at = np.floor((luck.random() + np.arange(keep)) * (len(drawn) / keep)).astype(np.int64)
            chosen = drawn[np.minimum(at, len(drawn) - 1)]
        elif number is not None:
            drawn = drawn[np.argsort(number[draw.rows[drawn]], kind="stable")]
            chosen = drawn[:keep]
        else:
            chosen = luck.permutation(drawn)[:keep]
        rest = drawn[keep:] if number is not None else luck.permutation(np.setdiff1d(drawn, chosen))
        turn[rest] = 1 + np.arange(len(rest))
    return turn
