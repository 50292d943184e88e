"""Draws by counting: the draw of a person depends on the seed, a name and the person's number, never on who else is drawn."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from survey_kit.types import FloatArray, IntArray

GOLDEN, FIRST, SECOND = (
    np.uint64(one) for one in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)  # increment and multipliers of SplitMix64
BITS = 53


def uniforms(seed: int, name: str, person: IntArray) -> FloatArray:
    """Give a uniform number (n,) inside 0 to 1 for each person.

    The generator is SplitMix64 (Steele, Lea & Flood 2014, figure 16) with the person as its counter.

    Examples
    --------
    >>> everybody = uniforms(16, "trust", np.arange(1000))
    >>> bool((uniforms(16, "trust", np.array([700, 3])) == everybody[[700, 3]]).all())
    True
    """
    start = np.uint64(zlib.crc32(name.encode()) << 32 | zlib.crc32(f"{seed} {name}".encode()))
    with np.errstate(over="ignore"):
        state = _mixed(_mixed(np.array([start]) + GOLDEN) + (person.astype(np.uint64) + np.uint64(1)) * GOLDEN)
    out: FloatArray = ((state >> np.uint64(64 - BITS)).astype(np.float64) + 0.5) / float(1 << BITS)
    return out


def normals(seed: int, name: str, person: IntArray) -> FloatArray:
    """Give a standard normal number (n,) for each person.

    Examples
    --------
    >>> drawn = normals(16, "trust", np.arange(100_000))
    >>> abs(float(drawn.mean())) < 0.01, round(float(drawn.std()), 2)
    (True, 1.0)
    """
    from scipy.special import ndtri

    out: FloatArray = ndtri(uniforms(seed, name, person))
    return out


def _mixed(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    state = (state ^ (state >> np.uint64(30))) * FIRST
    state = (state ^ (state >> np.uint64(27))) * SECOND
    return np.asarray(state ^ (state >> np.uint64(31)))
