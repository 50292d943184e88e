"""The sample of a wave, drawn by the toolkit: areas with probability proportional to size, dwellings in them, one adult of each.

Strata are the regions that the wave knows, urban and rural. Areas are drawn by Pareto sampling with permanent random numbers whose start
moves from wave to wave, so that a declared share of areas stays (Ohlsson 1995; :func:`survey_kit.sampling.refresh`). In an area dwellings
are drawn systematically around the listing, and every wave goes on where the last one stopped, so that nobody is asked in two waves running. The adult is
found at the door by Kish's grid.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import gcd
from typing import TYPE_CHECKING

import numpy as np

from survey_kit.errors import StudyError
from survey_kit.rehearsal.people import FEMALE
from survey_kit.rehearsal.population import Population
from survey_kit.rehearsal.streams import stream
from survey_kit.rehearsal.waves import ROUNDS, wave_of
from survey_kit.sampling import (
    PARETO,
    Allocation,
    Draw,
    Method,
    allocate,
    inclusion_probabilities,
    permanent_numbers,
    select,
)
from survey_kit.sampling import power as power_allocation
from survey_kit.sampling.kish import KISH_TABLES, KISH_TWELFTHS, kish_chances
from survey_kit.types import FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

AREAS = 800
POWER = 0.5  # exponent of the power allocation: between equal regions (0) and proportional ones (1)
FEWEST_OF_STRATUM, FEWEST_OF_REGION = 2, 10
KEPT = 0.5  # share of areas that stay from one wave to the next
GOLDEN = (5**0.5 - 1) / 2
DWELLINGS: Mapping[int, int] = {1: 16, 5: 17, 9: 18}  # drawn in an area from these waves on: more as fewer take part


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WaveSample:
    """The sample of a wave.

    Attributes
    ----------
    wave
        Its number.
    draw
        The draw of areas: probabilities of the whole frame, and the record that repeats it.
    area : (c,)
        Area of each dwelling drawn, its row in the frame.
    dwelling : (c,)
        Dwelling of each case, its row in the country.
    p_area, p_dwelling : (c,)
        Probabilities of the two stages.
    """

    wave: int
    draw: Draw = field(repr=False)
    area: IntArray = field(repr=False)
    dwelling: IntArray = field(repr=False)
    p_area: FloatArray = field(repr=False)
    p_dwelling: FloatArray = field(repr=False)

    def __repr__(self) -> str:
        return f"Sample of wave {self.wave}: {len(self.dwelling):,} dwellings in {self.draw.n:,} areas of a made-up country"


def allocate_areas(population: Population, wave: int, areas: int = AREAS) -> Allocation:
    """Spread the areas of a wave over its strata: by the square root of their size, ten at least to every region.

    No stratum gives more than half of its areas.

    Examples
    --------
    >>> from survey_kit.rehearsal.population import build_population
    >>> spread = allocate_areas(build_population(16), 11)
    >>> spread.n, len(spread.table), int(spread.table.groupby("region")["n"].sum().min()) >= 10
    (800, 37, True)
    """
    frame = population.area_frame(wave)
    strata = frame.groupby(["stratum", "region"], sort=True, as_index=False).agg(
        N=("size", "size"), size=("size", "sum")
    )
    strata = strata.assign(most=np.maximum(strata["N"] // 2, 1), cv=1.0)
    return allocate(
        strata,
        areas,
        power_allocation(POWER),
        size="size",
        cv="cv",
        minimum=FEWEST_OF_STRATUM,
        maximum="most",
        domain="region",
        domain_minimum=FEWEST_OF_REGION,
    )


def dwellings_drawn(wave: int) -> int:
    """Tell how many dwellings are drawn in an area.

    Examples
    --------
    >>> dwellings_drawn(4), dwellings_drawn(5), dwellings_drawn(11)
    (16, 17, 18)
    """
    return next(count for since, count in sorted(DWELLINGS.items(), reverse=True) if since <= wave)


def draw_wave(
    population: Population,
    wave: int,
    *,
    seed: int | None = None,
    areas: int = AREAS,
    keep: float = KEPT,
    method: Method = PARETO,
) -> WaveSample:
    """Draw the sample of a wave.

    Parameters
    ----------
    population
        The country.
    wave
        Number of the wave.
    seed
        Of the permanent random numbers; the country's own unless told. Another seed is another series of samples.
    areas
        Areas to draw.
    keep
        Share of areas that stay from wave to wave.
    method
        How areas are drawn. With a method that takes no permanent numbers, such as ``PPS_SYSTEMATIC``, the wave is drawn for itself, from
        areas in the order of their districts (implicit stratification) where the method looks at the order.

    Raises
    ------
    StudyError
        If the share is not between 0 and 1, or there is no such wave.

    Examples
    --------
    >>> from survey_kit.rehearsal.population import build_population
    >>> country = build_population(16)
    >>> draw_wave(country, 11)
    Sample of wave 11: 14,400 dwellings in 800 areas of a made-up country
    """
    number = wave_of(wave).number
    if not 0 <= keep <= 1:
        raise StudyError("The share of areas that stay lies between 0 and 1.", found=f"{keep:g}", fix="Write keep=0.5.")
    luck = population.seed if seed is None else seed
    frame, n = _frame(population, number), dict(_sizes(population, number, areas))
    options: dict[str, object] = {"size": "size", "strata": "stratum", "unit": "area"}
    if method.numbers:
        frame = permanent_numbers(frame, "area", seed=luck).assign(start=_starts(population, number, areas, keep))
        options |= {"numbers": "prn", "start": "start"}
    elif method.ordered:
        options["order_by"] = "district_no"
    rng = stream(luck, f"draw {number}")
    draw = select(frame, n, method=method, rng=rng, **options)  # type: ignore[arg-type]
    dwelling, p_dwelling = _dwellings(population, draw.rows, number, luck)
    m = dwellings_drawn(number)
    return WaveSample(
        wave=number,
        draw=draw,
        area=np.repeat(draw.rows, m),
        dwelling=dwelling,
        p_area=np.repeat(draw.pi[draw.rows], m),
        p_dwelling=p_dwelling,
    )


def _starts(population: Population, wave: int, areas: int, keep: float) -> FloatArray:
    """Move the start of every area (A,) by (1 - keep) pi for each wave that has been."""
    out = np.zeros(len(population.areas.size))
    for before in range(1, wave):
        alike = next(one.number for one in ROUNDS if one.regions == wave_of(before).regions)
        out += (1 - keep) * _targets(population, alike, areas)
    return np.mod(out, 1.0)


@lru_cache(maxsize=16)
def _frame(population: Population, wave: int) -> pd.DataFrame:
    """Give the frame of a wave, made once; nobody changes it."""
    return population.area_frame(wave)


@lru_cache(maxsize=16)
def _sizes(population: Population, wave: int, areas: int) -> tuple[tuple[str, int], ...]:
    """Give the areas to draw of every stratum."""
    table = allocate_areas(population, wave, areas).table
    return tuple(zip(table["stratum"].tolist(), table["n"].tolist(), strict=True))


@lru_cache(maxsize=8)
def _targets(population: Population, wave: int, areas: int) -> FloatArray:
    """Give the probability of every area (A,) in a wave; it is the same in all waves that know the same regions."""
    frame = _frame(population, wave)
    out = np.zeros(len(frame))
    for stratum, n in _sizes(population, wave, areas):
        rows = np.flatnonzero(frame["stratum"] == stratum)
        out[rows] = inclusion_probabilities(population.areas.size[rows].astype(np.float64), n)
    return out


def _dwellings(population: Population, rows: IntArray, wave: int, seed: int) -> tuple[IntArray, FloatArray]:
    """Draw dwellings of the areas drawn: steps of one length around the circle of the listing, from where the last wave stopped.

    The step has no divisor in common with the dwellings N, so that N steps meet each of them once; where it starts is left to chance for
    good, so every dwelling has the probability m / N in every wave.
    """
    m, listed = dwellings_drawn(wave), population.areas.dwellings
    first = (np.cumsum(listed) - listed)[rows]
    step = _steps(int(listed.max()))[listed[rows]]
    start = np.floor(stream(seed, "listings").random(len(listed)) * listed).astype(np.int64)[rows]
    met = sum(dwellings_drawn(before) for before in range(1, wave))
    place = (start[:, None] + (met + np.arange(m)) * step[:, None]) % listed[rows][:, None]
    return (first[:, None] + place).ravel(), np.repeat(m / listed[rows], m)


@lru_cache(maxsize=8)
def _steps(most: int) -> IntArray:
    """Give for each length of a listing (most + 1,) a step near the golden section of it, without a common divisor."""
    out = np.ones(most + 1, dtype=np.int64)
    for length in range(2, most + 1):
        coprime = [step for step in range(1, length) if gcd(step, length) == 1]
        out[length] = min(coprime, key=lambda step, goal=GOLDEN * length: abs(step - goal))  # type: ignore[misc]
    return out


def draw_adults(
    population: Population, dwelling: IntArray, wave: int, rng: np.random.Generator
) -> tuple[IntArray, FloatArray]:
    """Find one adult of each dwelling by Kish's grid: men from the oldest to the youngest, then women.

    Returns
    -------
    person : (c,)
        -1 where the dwelling is empty.
    chance : (c,)
        The probability of that adult; NaN where the dwelling is empty.
    """
    people = population.people
    start = people.start[dwelling]
    adults = people.start[dwelling + 1] - start
    case = np.repeat(np.arange(len(dwelling)), adults)
    within = np.arange(len(case)) - np.repeat(np.cumsum(adults) - adults, adults)
    person = start[case] + within
    order = np.lexsort((-population.age(wave)[person].astype(np.int64), people.sex[person] == FEMALE, case))
    person = person[order]
    tables = _kish_tables(len(dwelling), rng)
    lived = adults > 0
    pick = np.zeros(len(dwelling), dtype=np.int64)
    column = np.clip(adults, 1, tables.shape[1]) - 1
    pick[lived] = tables[np.arange(len(dwelling)), column][lived] - 1
    chances = np.full((int(adults.max()) + 1, int(adults.max())), np.nan)
    for size in range(1, len(chances)):
        chances[size, :size] = kish_chances(size)
    drawn = np.full(len(dwelling), -1, dtype=np.int64)
    drawn[lived] = person[(np.cumsum(adults) - adults)[lived] + pick[lived]]
    return drawn, np.where(lived, chances[adults, pick], np.nan)


def _kish_tables(n: int, rng: np.random.Generator) -> IntArray:
    """Give each of n cases a table of the grid (n, 6), in shuffled dozens of the fixed proportions."""
    dozen = np.repeat(np.array(list(KISH_TABLES.values())), list(KISH_TWELFTHS.values()), axis=0)
    order = rng.permuted(np.tile(np.arange(12), (-(-n // 12), 1)), axis=1).ravel()[:n]
    return np.asarray(dozen[order])


def case_columns(population: Population, sample: WaveSample) -> pd.DataFrame:
    """Give what the frame knows of every case: ids, places and the probabilities of the two stages."""
    import pandas as pd

    frame = _frame(population, sample.wave).iloc[sample.area].reset_index(drop=True)
    case = [f"{sample.wave:02d}-{number:05d}" for number in range(1, len(sample.area) + 1)]
    known = {
        "case": case,
        "wave": wave_of(sample.wave).name,
        "data_status": "synthetic",
        "psu": frame["area"],
        **{name: frame[name] for name in ("stratum", "region", "settlement", "district", "district_no")},
        "p_area": sample.p_area,
        "p_dwelling": sample.p_dwelling,
    }
    return pd.DataFrame(known)
