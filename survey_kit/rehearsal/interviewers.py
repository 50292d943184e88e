"""Interviewers of the simulated field: two for every area, met in changing pairs, its dwellings given to them at random."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from survey_kit.types import IntArray

AREAS_EACH = 6  # areas that an interviewer works in


def assign_interviewers(
    region: NDArray[Any], area: IntArray, rng: np.random.Generator
) -> tuple[IntArray, tuple[str, ...]]:
    """Give every case an interviewer.

    Parameters
    ----------
    region, area : (c,)
        The region and the area of each case; the cases of an area stand together.

    Returns
    -------
    interviewer : (c,)
        A number.
    codes
        The code of each interviewer: made up, never a name.

    Examples
    --------
    >>> who, codes = assign_interviewers(np.array(["KZ-10"] * 8), np.repeat([3, 7], 4), np.random.default_rng(1))
    >>> [sorted(set(who[:4].tolist())), sorted(set(who[4:].tolist()))], codes
    ([[0, 1], [0, 1]], ('KZ-10-01', 'KZ-10-02'))
    """
    _, at, place = np.unique(area, return_index=True, return_inverse=True)
    pair = np.zeros((len(at), 2), dtype=np.int64)
    codes: list[str] = []
    for name in np.unique(region):
        areas = np.flatnonzero(region[at] == name)
        team = max(2, round(2 * len(areas) / AREAS_EACH))
        turn = rng.permutation(len(areas))
        first = turn % team
        pair[areas, 0] = len(codes) + first
        pair[areas, 1] = len(codes) + (first + 1 + (turn // team) % (team - 1)) % team
        codes += [f"{name}-{number:02d}" for number in range(1, team + 1)]
    order = np.lexsort((rng.random(len(area)), place))
    within = np.empty(len(area), dtype=np.int64)
    size = np.bincount(place)
    within[order] = np.arange(len(area)) - np.repeat(np.cumsum(size) - size, size)
    return pair[place, within % 2], tuple(codes)
