"""Methods of selection, each a frozen value that holds its kernel; every kernel makes R draws side by side.

=========================  ==============================================================================================
`SRS`                      simple random, the n smallest of N random numbers (Sunter 1977; sequential with permanent numbers)
`SRS_REPLACEMENT`          simple random with replacement
`SYSTEMATIC`               every N/n-th unit in order, with a fractional interval
`BERNOULLI` `POISSON`      each unit by itself, with equal probabilities or proportional to size; the number drawn is random
`PPS_SYSTEMATIC`           systematic on the running total of sizes (Madow 1949)
`PPS_SYSTEMATIC_RANDOM`    the same after a random shuffle (Hartley & Rao 1962)
`BREWER`                   draw by draw (Brewer 1975)
`PARETO`                   order sampling (Rosen 1997)
`SEQUENTIAL_POISSON`       order sampling on u / size (Ohlsson 1998)
`MAXIMUM_ENTROPY`          Poisson sampling given its size (Hajek 1964; Chen, Dempster & Liu 1994)
`CUBE` `CUBE_PROGRAMME`    balanced on variables (Deville & Tille 2004), landing by suppression or by linear programme
=========================  ==============================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from survey_kit.sampling import probabilities_joint as joint
from survey_kit.sampling.cube import fixed_sizes, fly, land_by_programme, land_by_suppression, standardized
from survey_kit.sampling.kish import kish_chances, kish_kernel
from survey_kit.sampling.probabilities import (
    PARETO_RANKING,
    SEQUENTIAL_POISSON_RANKING,
    order_pi,
    remembered,
)
from survey_kit.types import FloatArray, IntArray

Kernel = Callable[["Sequence[Cell]", "Luck"], "list[Any]"]
Joint = Callable[[FloatArray, float, IntArray], FloatArray]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The units at risk of one stratum, without its certainty units.

    Attributes
    ----------
    rows : (N,)
        Rows of the frame, in the order in which they are drawn.
    target : (N,)
        Target probabilities, below 1.
    n
        Units to draw; the expected number where it is random.
    balance : (N, q)
        Balancing variables.
    """

    rows: IntArray
    target: FloatArray
    n: float
    balance: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Luck:
    """Where randomness comes from: a generator for R draws side by side, or permanent numbers of the frame's units."""

    rng: np.random.Generator
    repeats: int = 1
    numbers: FloatArray | None = None

    def of(self, rows: IntArray) -> FloatArray:
        """Give a number in [0, 1) for each unit and draw: (R, N)."""
        if self.numbers is not None:
            return np.asarray(self.numbers[rows][None, :])
        return self.rng.random((self.repeats, len(rows)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A method of selection.

    Attributes
    ----------
    name
        What it is called, also in the record of a draw.
    kernel
        Draws all cells: for each an array (R, N) of hits.
    sized
        Whether probabilities are proportional to a size (``None``: a size may be given).
    fixed
        Whether the number drawn is fixed.
    numbers
        Whether permanent random numbers can drive it.
    ordered
        Whether the order of the frame matters.
    replacement
        Whether a unit can come more than once.
    estimation
        How the variance is estimated: population counts (``fpc``), none, or a method of :class:`survey_kit.Pps`.
    joint
        Exact joint probabilities, or None.
    exact
        Exact probabilities from the target ones where they differ, and up to how many units they are computed.
    """

    name: str
    kernel: Kernel
    sized: bool | None
    fixed: bool = True
    numbers: bool = False
    ordered: bool = False
    replacement: bool = False
    estimation: Literal["fpc", "none", "poisson", "joint", "hartley_rao", "brewer", "hajek"]
    joint: Joint | None = None
    exact: tuple[Callable[[FloatArray, int], FloatArray], int] | None = None

    def __repr__(self) -> str:
        return f"<method: {self.name}>"


def _each(draw: Callable[[Cell, Luck], Any]) -> Kernel:
    """Draw every cell by itself."""
    return lambda cells, luck: [draw(cell, luck) for cell in cells]


# -------------------------------------------------------------------------------------------------------- kernels
def _smallest(score: FloatArray, n: float) -> Any:
    m = round(n)
    out = np.zeros(score.shape, dtype=bool)
    np.put_along_axis(out, np.argpartition(score, m - 1, axis=1)[:, :m], values=True, axis=1)
    return out


def _srs(cell: Cell, luck: Luck) -> Any:
    return _smallest(luck.of(cell.rows), cell.n)


def _srs_replacement(cell: Cell, luck: Luck) -> Any:
    R, N = luck.repeats, len(cell.rows)
    drawn = luck.rng.integers(0, N, size=(R, round(cell.n))) + N * np.arange(R)[:, None]
    return np.bincount(drawn.ravel(), minlength=R * N).reshape(R, N)


def _poisson(cell: Cell, luck: Luck) -> Any:
    return luck.of(cell.rows) < cell.target


def _pareto(cell: Cell, luck: Luck) -> Any:
    u = luck.of(cell.rows)
    return _smallest(u / (1 - u) * ((1 - cell.target) / cell.target), cell.n)


def _sequential_poisson(cell: Cell, luck: Luck) -> Any:
    return _smallest(luck.of(cell.rows) / cell.target, cell.n)


def _passed(ends: FloatArray, start: FloatArray, n: float) -> Any:
    """Tell in which intervals, ending at `ends` (R, N), one of start, start + 1, ... falls."""
    ends *= round(n) / ends[:, -1:]
    ends[:, -1] = round(n)
    count = np.ceil(ends - start)
    return np.diff(count, axis=1, prepend=np.ceil(-start)) > 0


def _systematic(cell: Cell, luck: Luck) -> Any:
    return _passed(np.cumsum(cell.target)[None, :], luck.rng.random((luck.repeats, 1)), cell.n)


def _systematic_random(cell: Cell, luck: Luck) -> Any:
    order = np.argsort(luck.rng.random((luck.repeats, len(cell.rows))), axis=1)
    found = _passed(np.cumsum(cell.target[order], axis=1), luck.rng.random((luck.repeats, 1)), cell.n)
    out = np.empty_like(found)
    np.put_along_axis(out, order, found, axis=1)
    return out


def _brewer(cell: Cell, luck: Luck) -> Any:
    taken = np.zeros((luck.repeats, len(cell.rows)), dtype=bool)
    every = np.arange(luck.repeats)
    for left in range(round(cell.n), 0, -1):
        ends = np.cumsum(joint.brewer_chances(cell.target, taken, left), axis=1)
        point = luck.rng.random((luck.repeats, 1)) * ends[:, -1:]
        taken[every, (ends <= point).sum(axis=1)] = True
    return taken


def _maximum_entropy(cell: Cell, luck: Luck) -> Any:
    """Poisson samples until one has the size (Hajek 1964); the chance of a try is about 1 / sqrt(2 pi V)."""
    m = round(cell.n)
    p = joint.poisson_of(cell.target, m)
    out = np.zeros((luck.repeats, len(cell.rows)), dtype=bool)
    waiting = np.arange(luck.repeats)
    while len(waiting):
        tried = luck.rng.random((len(waiting), len(cell.rows))) < p
        fits = tried.sum(axis=1) == m
        out[waiting[fits]] = tried[fits]
        waiting = waiting[~fits]
    return out


def _cube(cells: Sequence[Cell], luck: Luck, *, programme: bool) -> list[Any]:
    """Fly within each stratum, then over all with every stratum's size kept, then land (Chauvet 2009, Surv. Methodol. 35:115-119)."""
    if not cells:
        return []
    pi = np.concatenate([cell.target for cell in cells])
    group = np.repeat(np.arange(len(cells)), [len(cell.rows) for cell in cells])
    x = standardized(pi, group, np.concatenate([cell.balance for cell in cells]))
    now = np.broadcast_to(pi, (luck.repeats, len(pi))).copy()
    ends = np.cumsum([0, *(len(cell.rows) for cell in cells)])
    for first, last in pairwise(ends.tolist()):
        order = first + luck.rng.permutation(last - first)
        now[:, order] = fly(np.concatenate([np.ones((1, last - first)), x[:, order]]), now[:, order], luck.rng)
    loose = np.flatnonzero(((now > 0) & (now < 1)).any(axis=0))
    fixed, x_loose, rest = fixed_sizes(group[loose], len(cells)), x[:, loose], now[:, loose]
    A = np.concatenate([fixed, x_loose])
    if len(cells) > 1:
        rest = fly(A, rest, luck.rng)
    drawn = now > 0.5
    drawn[:, loose] = (
        land_by_programme(fixed, x_loose, rest, np.asarray(np.linalg.pinv(x @ x.T), dtype=np.float64), luck.rng)
        if programme
        else land_by_suppression(A, rest, luck.rng)
    )
    return np.split(drawn, ends[1:-1], axis=1)


# -------------------------------------------------------------------------------------------------------- methods
SRS = Method(
    name="simple random", kernel=_each(_srs), sized=False, numbers=True, estimation="fpc", joint=joint.srs_joint
)
SRS_REPLACEMENT = Method(
    name="simple random with replacement",
    kernel=_each(_srs_replacement),
    sized=False,
    replacement=True,
    estimation="none",
    joint=joint.replacement_joint,
)
SYSTEMATIC = Method(
    name="systematic",
    kernel=_each(_systematic),
    sized=False,
    ordered=True,
    estimation="fpc",
    joint=joint.systematic_joint,
)
BERNOULLI = Method(
    name="Bernoulli",
    kernel=_each(_poisson),
    sized=False,
    fixed=False,
    numbers=True,
    estimation="poisson",
    joint=joint.poisson_joint,
)
POISSON = Method(
    name="Poisson",
    kernel=_each(_poisson),
    sized=True,
    fixed=False,
    numbers=True,
    estimation="poisson",
    joint=joint.poisson_joint,
)
PPS_SYSTEMATIC = Method(
    name="PPS systematic",
    kernel=_each(_systematic),
    sized=True,
    ordered=True,
    estimation="brewer",
    joint=joint.systematic_joint,
)
PPS_SYSTEMATIC_RANDOM = Method(
    name="PPS systematic in random order", kernel=_each(_systematic_random), sized=True, estimation="hartley_rao"
)
BREWER = Method(name="Brewer", kernel=_each(_brewer), sized=True, estimation="brewer", joint=joint.brewer_joint)
PARETO = Method(
    name="Pareto",
    kernel=_each(_pareto),
    sized=True,
    numbers=True,
    estimation="hajek",
    joint=joint.pareto_joint,
    exact=(remembered(lambda a, n: order_pi(a, n, PARETO_RANKING)), PARETO_RANKING.most),
)
SEQUENTIAL_POISSON = Method(
    name="sequential Poisson",
    kernel=_each(_sequential_poisson),
    sized=True,
    numbers=True,
    estimation="hajek",
    joint=joint.sequential_poisson_joint,
    exact=(remembered(lambda a, n: order_pi(a, n, SEQUENTIAL_POISSON_RANKING)), SEQUENTIAL_POISSON_RANKING.most),
)
MAXIMUM_ENTROPY = Method(
    name="maximum entropy",
    kernel=_each(_maximum_entropy),
    sized=True,
    estimation="hajek",
    joint=joint.conditional_poisson_joint,
)
CUBE = Method(
    name="cube",
    kernel=lambda cells, luck: _cube(cells, luck, programme=False),
    sized=None,
    estimation="hajek",
)
CUBE_PROGRAMME = Method(
    name="cube landed by linear programme",
    kernel=lambda cells, luck: _cube(cells, luck, programme=True),
    sized=None,
    estimation="hajek",
)
KISH_GRID = Method(
    name="Kish grid",
    kernel=kish_kernel,
    sized=False,
    numbers=True,
    ordered=True,
    estimation="fpc",
    exact=(lambda target, _: kish_chances(len(target)), 10**6),
)

METHODS = {
    method.name: method
    for method in (
        SRS,
        SRS_REPLACEMENT,
        SYSTEMATIC,
        BERNOULLI,
        POISSON,
        PPS_SYSTEMATIC,
        PPS_SYSTEMATIC_RANDOM,
        BREWER,
        PARETO,
        SEQUENTIAL_POISSON,
        MAXIMUM_ENTROPY,
        CUBE,
        CUBE_PROGRAMME,
    )
}
