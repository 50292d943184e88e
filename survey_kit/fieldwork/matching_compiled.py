"""The comparison of all pairs of interviews on bit planes, compiled by numba."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba
import numpy as np
from numpy.typing import NDArray

from survey_kit.types import FloatArray, IntArray

if TYPE_CHECKING:
    from survey_kit.fieldwork.matching import Nearest

ROWS, COLUMNS = 64, 512  # rows of a task; columns whose words stay in the cache


def nearest_compiled(codes: NDArray[np.uint8], least_joint: int) -> Nearest:
    """Find the nearest of every interview; the same result as matrix products give."""
    from survey_kit.fieldwork.matching import Nearest

    planes, valid = bit_planes(codes)
    share, other, joint = _nearest(planes, valid, least_joint)
    return Nearest(share=np.where(other >= 0, share, np.nan), other=other, joint=joint)


def bit_planes(codes: NDArray[np.uint8]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Cut answers (n, items) into bits: planes (bits, words, n) and which answers there are (words, n), 64 items a word."""
    n, items = codes.shape
    words, bits = -(-items // 64), max(int(codes.max(initial=1)).bit_length(), 1)
    padded = np.zeros((n, words * 64), dtype=np.uint8)
    padded[:, :items] = codes
    planes = np.stack([_packed((padded >> bit) & 1, words) for bit in range(bits)])
    return planes, _packed(padded > 0, words)


def _packed(flags: NDArray[Any], words: int) -> NDArray[np.uint64]:
    packed = np.packbits(flags, axis=1, bitorder="little").view(np.uint64).reshape(len(flags), words)
    return np.ascontiguousarray(packed.T)


@numba.njit(inline="always")  # type: ignore[untyped-decorator]
def _ones(x: Any) -> Any:
    """Count the bits that are set (Warren 2013, Hacker's Delight, figure 5-2)."""
    x = x - ((x >> np.uint64(1)) & np.uint64(0x5555555555555555))
    x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (x * np.uint64(0x0101010101010101)) >> np.uint64(56)


@numba.njit(parallel=True, cache=True)  # type: ignore[untyped-decorator]
def _nearest(planes: Any, valid: Any, least: int) -> tuple[FloatArray, IntArray, IntArray]:
    bits, words, n = planes.shape
    share = np.full(n, -1.0)
    other = np.full(n, -1, dtype=np.int64)
    joint = np.zeros(n, dtype=np.int64)
    for tile in numba.prange((n + ROWS - 1) // ROWS):
        both = np.empty(COLUMNS, dtype=np.uint64)
        same = np.empty(COLUMNS, dtype=np.uint64)
        for start in range(0, n, COLUMNS):
            size = min(start + COLUMNS, n) - start
            for i in range(tile * ROWS, min(tile * ROWS + ROWS, n)):
                both[:] = 0
                same[:] = 0
                for word in range(words):
                    mine = valid[word, i]
                    for j in range(size):
                        mask = mine & valid[word, start + j]
                        differ = planes[0, word, i] ^ planes[0, word, start + j]
                        for bit in range(1, bits):
                            differ |= planes[bit, word, i] ^ planes[bit, word, start + j]
                        both[j] += _ones(mask)
                        same[j] += _ones(mask & ~differ)
                best, who, both_best = share[i], other[i], joint[i]
                for j in range(size):
                    if both[j] >= least and start + j != i and same[j] > best * both[j]:
                        ratio = same[j] / both[j]
                        if ratio > best:
                            best, who, both_best = ratio, start + j, both[j]
                share[i], other[i], joint[i] = best, who, both_best
    return share, other, joint
