"""Areas that stand in for census enumeration areas, cut from the official population of 220 districts, urban and rural.

Real are the districts' names and sizes. Households, dwellings and areas are made up: a declared share of adults, a declared household.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from survey_kit.rehearsal.frame import ADULT_SHARE, RURAL, URBAN, District
from survey_kit.types import IntArray

SmallArray = NDArray[np.int8]

ADULTS_IN_DWELLING = (
    0.05,
    0.21,
    0.43,
    0.17,
    0.09,
    0.05,
)  # shares of dwellings with 0 (empty), 1, ... 5 adults: made up
DWELLINGS_PER_AREA = (
    50  # of the scaled country: a third of an area of 150, so that drawing 800 areas stays a sample of areas
)
SMALLEST_AREA = 36  # dwellings: two visits of 18 without meeting anybody twice
ROUNDED_TO = 10  # the frame gives dwellings in tens, as an older count would
AGED = 0.10  # standard deviation of the logarithm of the older count over the dwellings found today


@dataclass(frozen=True, slots=True, kw_only=True)
class Areas:
    """Areas (A,) in the order of region, settlement and district: where each lies, its dwellings, and what the frame says of them."""

    district: IntArray  # row of the public frame
    settlement: SmallArray
    dwellings: IntArray  # found when the area is listed
    size: IntArray  # in the frame, of an older count, in tens


def cut_country(districts: tuple[District, ...], rng: np.random.Generator, scale: int) -> Areas:
    """Cut every region's urban and rural part into areas of unequal size; an area lies in the district of its middle.

    Examples
    --------
    >>> from survey_kit.rehearsal.frame import read_districts
    >>> areas = cut_country(read_districts(), np.random.default_rng(1), 25)
    >>> 4_500 < len(areas.size) < 5_200, int(areas.dwellings.min())
    (True, 37)
    """
    district, settlement, dwellings = [], [], []
    for region in sorted({one.region for one in districts}):
        for kind in (URBAN, RURAL):
            people = [(one.urban if kind == URBAN else one.rural) * (one.region == region) for one in districts]
            if not sum(people):
                continue
            sizes = _cut(_dwellings(sum(people), scale), rng)
            ends = np.cumsum([_dwellings(part, scale) for part in people])
            middles = np.cumsum(sizes) - sizes // 2
            last = max(place for place, part in enumerate(people) if part)
            district.append(np.minimum(np.searchsorted(ends, middles, side="left"), last))
            settlement.append(np.full(len(sizes), kind, dtype=np.int8))
            dwellings.append(sizes)
    found = np.concatenate(dwellings)
    older = found * np.exp(rng.standard_normal(len(found)) * AGED)
    size = np.maximum(np.rint(older / ROUNDED_TO).astype(np.int64), 2) * ROUNDED_TO
    return Areas(district=np.concatenate(district), settlement=np.concatenate(settlement), dwellings=found, size=size)


def _dwellings(people: int, scale: int) -> int:
    mean = sum(adults * share for adults, share in enumerate(ADULTS_IN_DWELLING))
    return round(people * ADULT_SHARE / scale / mean)


def _cut(total: int, rng: np.random.Generator) -> IntArray:
    """Cut `total` dwellings into areas of unequal size, none below the smallest."""
    areas = max(1, round(total / DWELLINGS_PER_AREA))
    relative = 77 + rng.integers(0, 47, areas)  # before rounding, 77 to 123 % of the mean
    ends = np.cumsum(relative) * total // int(relative.sum())
    sizes = np.array([high - low for low, high in pairwise((0, *ends.tolist()))], dtype=np.int64)
    short = np.maximum(SMALLEST_AREA - sizes, 0)
    sizes = sizes + short
    sizes[int(sizes.argmax())] -= int(short.sum())
    return sizes
