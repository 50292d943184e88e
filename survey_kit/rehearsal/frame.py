"""The public frame of Kazakhstan, and the areas that stand in for census enumeration areas.

The population of every district, urban and rural, on 1 January 2023 is an official figure and is carried in
``frame_2023.csv`` with its source. Everything below the district is made up: households are counted out from the
population by a declared share of adults and a declared mean household, and cut into areas of unequal size.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from survey_kit.types import IntArray

ADULT_SHARE = 0.67  # adults 18+ among all residents: made up, the same everywhere; no age table is good enough to use
PERSONS_PER_MODEL_PERSON = 25  # one person of the model stands for 25 adults
ADULTS_PER_HOUSEHOLD = (0.22, 0.45, 0.18, 0.10, 0.05)  # shares of households with 1, 2, 3, 4, 5 adults: made up
HOUSEHOLDS_PER_AREA = 110
SMALLEST_AREA = 40  # households, so that an area drawn several times still has new ones to give

URBAN, RURAL = 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class District:
    """One row of the public frame: a district or a city administration with its population."""

    region: str
    region_en: str
    name_kk: str
    urban: int
    rural: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    """A region's urban or rural part: the areas cut in it (households of each) and the district of each area."""

    region: str
    settlement: int
    name: str
    households: IntArray
    district: IntArray


def read_districts() -> tuple[District, ...]:
    """Read the public frame that comes with the package.

    Examples
    --------
    >>> districts = read_districts()
    >>> len(districts), len({one.region for one in districts}), sum(one.urban + one.rural for one in districts)
    (220, 20, 19765004)
    """
    with Path(__file__).with_name("frame_2023.csv").open(encoding="utf-8", newline="") as stream:
        return tuple(
            District(
                region=row["region"],
                region_en=row["region_en"],
                name_kk=row["district_kk"],
                urban=int(row["urban"]),
                rural=int(row["rural"]),
            )
            for row in csv.DictReader(stream)
        )


def cut_areas(districts: tuple[District, ...], rng: np.random.Generator) -> tuple[Stratum, ...]:
    """Cut each region's urban and rural part into areas of unequal size; an area lies in the district of its middle."""
    strata = []
    for region in sorted({one.region for one in districts}):
        for settlement, letter in ((URBAN, "U"), (RURAL, "R")):
            people = [
                (one.urban if settlement == URBAN else one.rural) if one.region == region else 0 for one in districts
            ]
            if sum(people) == 0:
                continue
            sizes = _sizes(_households(sum(people)), rng)
            ends = np.cumsum([_households(part) for part in people])
            middles = np.cumsum(sizes) - sizes // 2
            district = np.minimum(np.searchsorted(ends, middles, side="left"), _last(people))
            strata.append(
                Stratum(
                    region=region, settlement=settlement, name=f"{region}-{letter}", households=sizes, district=district
                )
            )
    return tuple(strata)


def _households(people: int) -> int:
    mean = sum(size * share for size, share in enumerate(ADULTS_PER_HOUSEHOLD, 1))
    return round(people * ADULT_SHARE / PERSONS_PER_MODEL_PERSON / mean)


def _last(people: list[int]) -> int:
    return max(place for place, part in enumerate(people) if part)


def _sizes(total: int, rng: np.random.Generator) -> IntArray:
    """Cut `total` households at unequal distances, none below the smallest area."""
    areas = max(2, round(total / HOUSEHOLDS_PER_AREA))
    relative = 50 + rng.integers(0, 101, areas)  # the largest area is at most three times the smallest
    ends = np.cumsum(relative) * total // int(relative.sum())
    sizes = np.array([high - low for low, high in pairwise((0, *ends.tolist()))], dtype=np.int64)
    short = np.maximum(SMALLEST_AREA - sizes, 0)
    sizes = sizes + short
    sizes[int(sizes.argmax())] -= int(short.sum())
    return sizes
