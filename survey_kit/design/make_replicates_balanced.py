"""Replicates from Hadamard matrices: balanced half samples, Fay's and Rao and Shao's factors, successive differences.

All makers work on arrays and give deviations (P, R): the factor of a unit is 1 plus its deviation, and for a total
``scale * sum_r (sum_p t_p delta_pr)^2`` is the variance.
"""

from __future__ import annotations

from math import gcd, isqrt

import numpy as np

from survey_kit.errors import DesignError
from survey_kit.types import FloatArray, IntArray


def hadamard_order(least: int) -> int:
    """Give the smallest order of at least `least` that :func:`hadamard` can build.

    Examples
    --------
    >>> [hadamard_order(k) for k in (2, 5, 29, 50)]
    [2, 8, 32, 56]
    """
    order = max(least, 1)
    while not _buildable(order):
        order += 1
    return order


def hadamard(order: int) -> IntArray:
    """Build a Hadamard matrix (order, order) of 1 and -1, its first row and column all ones.

    Orders are 1, 2, q + 1 for primes q = 3 mod 4, 2 (q + 1) for primes q = 1 mod 4 (Paley 1933, Journal of Mathematics
    and Physics 12, 311-320), and twice any of these (Sylvester).

    Raises
    ------
    DesignError
        If no such construction has this order.

    Examples
    --------
    >>> H = hadamard(12)
    >>> bool((H @ H.T == 12 * np.eye(12)).all())
    True
    """
    if not _buildable(order):
        raise DesignError(
            "No Hadamard matrix of this order is at hand.",
            found=f"{order} replicates",
            fix=f"The next orders are {hadamard_order(order)} and {hadamard_order(hadamard_order(order) + 1)}.",
        )
    H = _build(order)
    H = H * H[0]
    return np.asarray(H * H[:, :1], dtype=np.int64)


def half_samples(n_h: IntArray, order: int, rho: float) -> FloatArray:
    r"""Balanced half samples of strata with two units or two groups of units; deviations (P, R).

    With m_1 units in the first group of a stratum, m_2 in the second, and e = 1 or -1 from the matrix,

    .. math:: \delta_1 = (1 - \rho) e \sqrt{m_2 / m_1}, \qquad \delta_2 = -(1 - \rho) e \sqrt{m_1 / m_2}

    which for two units is McCarthy's half sample (rho = 0) or Fay's factor, and for more the unbiased grouping of Rao &
    Shao (1996), JASA 91, 343-348. The scale is ``1 / (R (1 - rho)^2)``. The first group of a stratum is its first
    ``n_h // 2`` units; strata with one unit do not vary.

    Parameters
    ----------
    n_h : (H,)
        Units of each stratum, which stand one after the other.
    order
        Replicates, above the number of strata so that every stratum has a row of its own beside that of ones.
    rho
        Fay's coefficient, 0 for full half samples.

    Raises
    ------
    DesignError
        If there are too few replicates, or a factor would be negative.
    """
    paired = n_h > 1
    if order < int(paired.sum()) + 1:
        raise DesignError(
            "Balance needs more replicates than strata.",
            found=f"{order} replicates, {int(paired.sum())} strata",
            fix=f"Take {hadamard_order(int(paired.sum()) + 1)} or more, or leave 'replicates' out.",
        )
    m1 = n_h // 2
    m2 = n_h - m1
    root = np.sqrt(np.divide(m2, m1, out=np.zeros(len(n_h)), where=m1 > 0))
    if (root * (1 - rho) > 1 + 1e-12).any():
        least = float(1 - 1 / root.max())
        raise DesignError(
            "Strata with an odd number of units need Fay's rho, else a factor would be negative.",
            found=f"rho={rho:g}, smallest odd stratum {int(n_h[np.argmax(root)])} units",
            fix=f"Say method='Fay' with rho of at least {np.ceil(100 * least) / 100:g}, or use 'JKn' or 'bootstrap'.",
        )
    row = np.zeros(len(n_h), dtype=np.int64)
    row[paired] = 1 + np.arange(int(paired.sum()))
    start = np.cumsum(n_h) - n_h
    place = np.arange(int(n_h.sum())) - np.repeat(start, n_h)
    first = place < np.repeat(m1, n_h)
    inverse = np.divide(1.0, root, out=np.zeros(len(n_h)), where=root > 0)
    size = (1 - rho) * np.where(first, np.repeat(root, n_h), -np.repeat(inverse, n_h))
    return np.asarray(size[:, None] * hadamard(order)[np.repeat(row, n_h)], dtype=np.float64)


def successive_differences(n_h: IntArray, order: int) -> FloatArray:
    r"""Successive-difference replicates of ordered units; deviations (P, R).

    .. math:: \delta_{pr} = 2^{-3/2} (a_{i_p r} - a_{j_p r})

    with rows i, j of a Hadamard matrix that chain the units of a stratum in a circle (Fay & Train 1995, Proceedings of
    the Section on Government Statistics, American Statistical Association, 154-159). With scale 4/R and as many rows as
    units the variance of a total is exactly half the sum of squared differences of neighbours, the last unit being
    neighbour of the first. Fewer rows are used again at a wider step, so that pairs differ but where a circle closes.

    Parameters
    ----------
    n_h : (H,)
        Units of each stratum, which stand one after the other in their order.
    order
        Replicates.
    """
    rows = _row_sequence(int(n_h.sum()), order - 1) + 1
    start = np.cumsum(n_h) - n_h
    following = np.arange(len(rows)) + 1
    following[start + n_h - 1] = start
    H = hadamard(order)
    return np.asarray(2**-1.5 * (H[rows] - H[rows[following]]), dtype=np.float64)


def _row_sequence(length: int, rows: int) -> IntArray:
    """Go through all rows with step 1, then with the next step that has no divisor in common with their number."""
    out: list[IntArray] = []
    step, have = 0, 0
    while have < length:
        step = step % rows + 1
        if gcd(step, rows) == 1:
            out.append(np.arange(rows, dtype=np.int64) * step % rows)
            have += rows
    return np.concatenate(out)[:length]


# ------------------------------------------------------------------------------------------------------ construction
def _buildable(order: int) -> bool:
    if order in {1, 2}:
        return True
    if order % 4:
        return False
    return _prime(order - 1) or (order // 2 % 4 == 2 and _prime(order // 2 - 1)) or _buildable(order // 2)


def _prime(q: int) -> bool:
    return q > 2 and q % 2 == 1 and all(q % d for d in range(3, isqrt(q) + 1, 2))


def _build(order: int) -> IntArray:
    if order == 1:
        return np.ones((1, 1), dtype=np.int64)
    pair = np.array([[1, 1], [1, -1]])
    if order == 2:
        return pair
    if _prime(order - 1):
        border = _bordered(order - 1)
        border[1:, 0] = -1
        return border + np.eye(order, dtype=np.int64)
    half = order // 2
    if half % 4 == 2 and _prime(half - 1):
        turned = np.array([[1, -1], [-1, -1]])
        return np.kron(_bordered(half - 1), pair) + np.kron(np.eye(half, dtype=np.int64), turned)
    return np.kron(pair, _build(half))


def _bordered(q: int) -> IntArray:
    """Matrix (q + 1, q + 1) of Legendre symbols of i - j, with a border of ones and a zero diagonal."""
    symbol = np.full(q, -1, dtype=np.int64)
    symbol[np.arange(1, q) ** 2 % q] = 1
    symbol[0] = 0
    out = np.ones((q + 1, q + 1), dtype=np.int64)
    at = np.arange(q)
    out[1:, 1:] = symbol[(at[:, None] - at[None, :]) % q]
    out[0, 0] = 0
    return out
