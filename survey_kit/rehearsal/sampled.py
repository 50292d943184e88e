"""The sample of a wave, drawn by a plan of the toolkit: areas with probability proportional to size, dwellings in them, one adult of each.

Strata are the regions that the wave knows, urban and rural. Areas are drawn by Pareto sampling with permanent random numbers whose start
moves from wave to wave, so that a declared share of areas stays (Ohlsson 1995; :func:`survey_kit.sampling.refresh`). Dwellings have permanent
numbers too, spread evenly around the listing of their area: a wave goes on where the last one stopped, so that nobody is asked in two waves
running. The adult is found at the door by Kish's grid.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import gcd
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from survey_kit.errors import StudyError
from survey_kit.frames import to_pandas
from survey_kit.rehearsal.people import FEMALE
from survey_kit.rehearsal.population import Population
from survey_kit.rehearsal.streams import stream
from survey_kit.rehearsal.waves import ROUNDS, wave_of
from survey_kit.sampling import (
    PARETO,
    Allocation,
    Method,
    SamplePlan,
    Stage,
    allocate,
    inclusion_probabilities,
    permanent_numbers,
)
from survey_kit.sampling import power as power_allocation
from survey_kit.sampling.kish import KISH_TABLES, KISH_TWELFTHS, kish_chances
from survey_kit.sampling.plan_draw import PlanDraw
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
    drawn
        The plan as it was drawn: areas, then dwellings; its record repeats it.
    area : (c,)
        Area of each dwelling drawn, its row in the frame.
    dwelling : (c,)
        Dwelling of each case, its row in the country.
    p_area, p_dwelling : (c,)
        Probabilities of the two stages.
    """

    wave: int
    drawn: PlanDraw = field(repr=False)
    area: IntArray = field(repr=False)
    dwelling: IntArray = field(repr=False)
    p_area: FloatArray = field(repr=False)
    p_dwelling: FloatArray = field(repr=False)

    def __repr__(self) -> str:
        areas = self.drawn.draws[0].n
        return f"Sample of wave {self.wave}: {len(self.dwelling):,} dwellings in {areas:,} areas of a made-up country"


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


def wave_plan(population: Population, wave: int, *, areas: int = AREAS, method: Method = PARETO) -> SamplePlan:
    """Give the plan by which a wave is drawn, as :func:`draw_wave` draws it.

    Examples
    --------
    >>> from survey_kit.rehearsal.population import build_population
    >>> wave_plan(build_population(16), 11)
    SamplePlan of 2 stages: area (as declared, Pareto); dwelling (18, simple random)
    """
    options: dict[str, Any] = {"numbers": "prn", "start": "start"} if method.numbers else {}
    if method.ordered:
        options["order_by"] = ("district_no",)
    sizes = dict(_sizes(population, wave, areas))
    first = Stage(unit="area", n=sizes, method=method, strata=("stratum",), size="size", **options)
    second = Stage(unit="dwelling", n=dwellings_drawn(wave), numbers="prn", start="start")
    return SamplePlan(stages=(first, second), title=wave_of(wave).name)


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
    frame = _frame(population, number)
    if method.numbers:
        frame = permanent_numbers(frame, "area", seed=luck).assign(start=_starts(population, number, areas, keep))
    plan = wave_plan(population, number, areas=areas, method=method)
    drawn = plan.draw(frame, rng=stream(luck, f"draw {number}"))
    listed = listing(population, drawn.draws[0].rows, number, seed=luck)
    return sample_of(population, number, drawn.next_stage(listed, rng=stream(luck, f"dwellings {number}")))


def listing(population: Population, areas: ArrayLike, wave: int, *, seed: int | None = None) -> pd.DataFrame:
    """List the dwellings of areas, as a listing in the field would.

    Parameters
    ----------
    areas : (k,)
        Their ids, or their rows in the frame.
    wave
        The wave, for the start.
    seed
        Of the permanent random numbers of the dwellings; the country's own unless told.

    Returns
    -------
    DataFrame
        ``area``, ``dwelling`` (its number in the listing, from 1), ``prn`` (a permanent number: those of an area lie evenly on [0, 1), neighbours far apart) and
        ``start``, where the waves before stopped.

    Examples
    --------
    >>> from survey_kit.rehearsal.population import build_population
    >>> listing(build_population(16), ["A00003"], 1)["dwelling"].tolist()[:3]
    [1, 2, 3]
    """
    import pandas as pd

    rows = _area_rows(population, areas)
    count = population.areas.dwellings[rows]
    area = np.repeat(rows, count)
    place = np.arange(len(area)) - np.repeat(np.cumsum(count) - count, count)
    length = population.areas.dwellings[area]
    luck = stream(population.seed if seed is None else seed, "listings").random(len(population.areas.dwellings))
    back = _turns(int(population.areas.dwellings.max()))[length]
    turn = (place - np.floor(luck[area] * length).astype(np.int64)) * back % length
    ids = np.array([f"A{row + 1:05d}" for row in rows.tolist()])
    met = sum(dwellings_drawn(before) for before in range(1, wave_of(wave).number))
    told = {
        "area": np.repeat(ids, count),
        "dwelling": place + 1,
        "prn": (turn + 0.5) / length,
        "start": met % length / length,
    }
    return pd.DataFrame(told)


def sample_of(population: Population, wave: int, drawn: PlanDraw) -> WaveSample:
    """Take a sample that any plan has drawn, so that a field can be held on it: a team's own design.

    Parameters
    ----------
    drawn
        A plan of two stages, ``area`` from :meth:`Population.area_frame` and ``dwelling`` from :func:`listing`. The adult is found at the
        door.

    Raises
    ------
    StudyError
        If the plan has other stages.
    """
    units = [one.stage.unit for one in drawn.stages]
    if units != ["area", "dwelling"]:
        fix = "Draw areas from area_frame and dwellings from listing."
        raise StudyError("The field needs areas and dwellings.", found=", ".join(units), fix=fix)
    told = to_pandas(drawn.frame)
    area = _area_rows(population, told["area"].to_numpy())
    order = np.argsort(area, kind="stable")
    first = np.cumsum(population.areas.dwellings) - population.areas.dwellings
    dwelling = first[area] + told["dwelling"].to_numpy(dtype=np.int64) - 1
    return WaveSample(
        wave=wave_of(wave).number,
        drawn=drawn,
        area=area[order],
        dwelling=dwelling[order],
        p_area=told["pi_1"].to_numpy(dtype=np.float64)[order],
        p_dwelling=told["pi_2"].to_numpy(dtype=np.float64)[order],
    )


def _area_rows(population: Population, areas: ArrayLike) -> IntArray:
    """Read ids or rows of areas as rows."""
    given = np.asarray(areas)
    rows = np.array([int(str(one)[1:]) - 1 for one in given.tolist()]) if given.dtype.kind in "OUT" else given
    wrong = (rows < 0) | (rows >= len(population.areas.size))
    if wrong.any():
        found = str(given[wrong][0])
        raise StudyError("The country has no such area.", found=found, fix="Take ids from area_frame.")
    return np.asarray(rows, dtype=np.int64)


@lru_cache(maxsize=16)
def _frame(population: Population, wave: int) -> pd.DataFrame:
    """Give the frame of a wave, made once; nobody changes it."""
    return population.area_frame(wave)


@lru_cache(maxsize=16)
def _sizes(population: Population, wave: int, areas: int) -> tuple[tuple[str, int], ...]:
    """Give the areas to draw of every stratum."""
    table = allocate_areas(population, wave, areas).table
    return tuple(zip(table["stratum"].tolist(), table["n"].tolist(), strict=True))


def _starts(population: Population, wave: int, areas: int, keep: float) -> FloatArray:
    """Move the start of every area (A,) by (1 - keep) pi for each wave that has been."""
    out = np.zeros(len(population.areas.size))
    for before in range(1, wave):
        alike = next(one.number for one in ROUNDS if one.regions == wave_of(before).regions)
        out += (1 - keep) * _targets(population, alike, areas)
    return np.mod(out, 1.0)


@lru_cache(maxsize=8)
def _targets(population: Population, wave: int, areas: int) -> FloatArray:
    """Give the probability of every area (A,) in a wave; it is the same in all waves that know the same regions."""
    frame = _frame(population, wave)
    out = np.zeros(len(frame))
    for stratum, n in _sizes(population, wave, areas):
        rows = np.flatnonzero(frame["stratum"] == stratum)
        out[rows] = inclusion_probabilities(population.areas.size[rows].astype(np.float64), n)
    return out


@lru_cache(maxsize=8)
def _turns(most: int) -> IntArray:
    """Give for each length of a listing (most + 1,) the inverse of a step near its golden section, modulo the length.

    Steps of one length that has no divisor in common with the listing meet each dwelling once, and neighbours late.
    """
    out = np.ones(most + 1, dtype=np.int64)
    for length in range(2, most + 1):
        coprime = [step for step in range(1, length) if gcd(step, length) == 1]
        out[length] = pow(min(coprime, key=lambda step, goal=GOLDEN * length: abs(step - goal)), -1, length)  # type: ignore[misc]
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
