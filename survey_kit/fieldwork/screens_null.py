"""How far out an interviewer is: beside interviews exchanged among interviewers of the same place, and beside how honest interviewers differ.

Interviewers differ for good reasons. So two sources of difference are told apart: chance, exactly, as if the interviews of a stratum had been
dealt to its interviewers at random; and the honest spread between interviewers, from the middle of them, so that those far out do not hide
themselves (Spiegelhalter 2005, Statistics in Medicine 24:1185-1202, and Quality and Safety in Health Care 14:347-351).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from survey_kit.types import FloatArray, IntArray

Tail: TypeAlias = Literal["high", "low", "both"]
TRIMMED = 0.1  # of the z at each end, when the honest spread is found
_CUT = 1.2815515655446004  # the normal's 90 % point
_KEPT = 0.8 - 2 * _CUT * 0.17549833193248685 + 2 * TRIMMED * _CUT**2  # variance of a standard normal trimmed there
FEWEST_UNITS = 5  # to tell a spread
_LATTICE = 12  # so few different scores are counts, and need a correction for continuity
_SMALLEST = 1e-300


@dataclass(frozen=True, slots=True, kw_only=True)
class Dealt:
    """Means of units under dealing at random: of each unit (I,), scores it has, mean, and the mean's expectation, error and third cumulant.

    `step` is the distance between scores that are counts, else 0.
    """

    n: IntArray
    observed: FloatArray
    expected: FloatArray
    se: FloatArray
    third: FloatArray
    step: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """How far out each unit is (I,): z and p; `spread` is the standard deviation between honest units beyond chance."""

    z: FloatArray
    p: FloatArray
    spread: float


def dealt(score: FloatArray, who: IntArray, within: IntArray) -> Dealt:
    r"""Give the mean of each unit and its moments when the scores of a stratum are dealt to its units at random.

    A unit with :math:`m_h` of the :math:`N_h` scores of stratum h has a sum of mean :math:`\sum_h m_h \bar x_h`, variance
    :math:`\sum_h m_h (1 - m_h / N_h) S_h^2` and third cumulant
    :math:`\sum_h m_h (N_h - m_h)(N_h - 2 m_h) / (N_h (N_h - 1)(N_h - 2)) \sum (x - \bar x_h)^3` (sampling without replacement; Cochran 1977,
    Sampling Techniques, chapter 2).

    Parameters
    ----------
    score : (n,)
        One number for each interview; NaN for none.
    who, within : (n,)
        Places of the unit and of the stratum, from 0.

    Examples
    --------
    >>> made = dealt(np.array([1.0, 1.0, 0.0, 0.0]), np.array([0, 0, 1, 1]), np.zeros(4, dtype=np.int64))
    >>> made.observed.tolist(), made.expected.tolist(), made.se.round(4).tolist()
    ([1.0, 0.0], [0.5, 0.5], [0.2887, 0.2887])
    """
    units, strata = int(who.max(initial=-1)) + 1, int(within.max(initial=-1)) + 1
    given = np.isfinite(score)
    x, i, h = score[given], who[given], within[given]
    size = np.bincount(h, minlength=strata).astype(np.float64)
    centre = np.bincount(h, weights=x, minlength=strata) / np.maximum(size, 1)
    d = x - centre[h]
    second = np.bincount(h, weights=d**2, minlength=strata) / np.maximum(size - 1, 1)
    third = np.bincount(h, weights=d**3, minlength=strata) / np.maximum(size * (size - 1) * (size - 2), 1)
    pairs, at = np.unique(i * strata + h, return_inverse=True)
    unit, stratum = pairs // max(strata, 1), pairs % max(strata, 1)
    m = np.bincount(at).astype(np.float64) if len(pairs) else np.zeros(0)
    n = np.bincount(i, minlength=units)
    count = np.maximum(n, 1)
    total = np.bincount(i, weights=x, minlength=units)
    of = size[stratum]
    variance = np.bincount(unit, weights=m * (1 - m / of) * second[stratum], minlength=units)
    cumulant = np.bincount(unit, weights=m * (of - m) * (of - 2 * m) * third[stratum], minlength=units)
    blank = np.where(n > 0, 1.0, np.nan)
    return Dealt(
        n=n,
        observed=total / count * blank,
        expected=np.bincount(unit, weights=m * centre[stratum], minlength=units) / count * blank,
        se=np.sqrt(variance) / count * blank,
        third=cumulant / count.astype(np.float64) ** 3 * blank,
        step=_step(x),
    )


def judge(found: Dealt, *, tail: Tail, usable: IntArray | None = None) -> Judged:
    r"""Say how far out each unit is.

    The honest spread :math:`\tau` comes from :math:`z = (y - e) / s` pulled in to their 10 % and 90 % points (Spiegelhalter 2005), divided by the variance 0.679 that pulling in leaves of a normal:
    :math:`\tau^2 = (\sum z^2 - (I - 1)) / (\sum w - \sum w^2 / \sum w)`, :math:`w = 1 / s^2`, zero when negative. Then
    :math:`z = (y - e) / \sqrt{s^2 + \tau^2}`, with p of a Pearson type III distribution of the same skewness (Mielke & Berry 2007,
    Permutation Methods, chapter 2), and half a step off for counts.

    Parameters
    ----------
    found
        What `dealt` gives.
    tail
        Which side deserves a look.
    usable
        Units that are judged; by default those with any chance of differing.

    Examples
    --------
    >>> score = np.tile([0.0, 1.0, 2.0, 3.0], 30)
    >>> made = judge(dealt(score, np.repeat(np.arange(12), 10), np.zeros(120, dtype=np.int64)), tail="both")
    >>> made.spread, bool((made.p > 0.3).all())
    (0.0, True)
    """
    from scipy import stats

    free = np.isfinite(found.observed) & (found.se > 0)
    if usable is not None:
        free &= np.isin(np.arange(len(free)), usable)
    z, p = np.full(len(free), np.nan), np.full(len(free), np.nan)
    gap, s = (found.observed - found.expected)[free], found.se[free]
    spread = _spread(gap, s)
    wide = np.sqrt(s**2 + spread**2)
    skew = np.clip(found.third[free] / wide**3, -8, 8)
    z[free] = gap / wide
    half = found.step / 2 / found.n[free]
    above = stats.pearson3.sf((gap - half) / wide, skew)
    below = stats.pearson3.cdf((gap + half) / wide, skew)
    p[free] = {"high": above, "low": below, "both": 2 * np.minimum(above, below)}[tail]
    return Judged(z=z, p=np.where(free, np.clip(p, _SMALLEST, 1.0), np.nan), spread=spread)


def _spread(gap: FloatArray, s: FloatArray) -> float:
    """Find the standard deviation between honest units beyond chance."""
    if len(gap) < FEWEST_UNITS:
        return 0.0
    z = gap / s
    low, high = np.quantile(z, [TRIMMED, 1 - TRIMMED])
    excess = float((np.clip(z, low, high) ** 2).sum()) / _KEPT - (len(z) - 1)
    w = 1 / s**2
    return float(np.sqrt(max(excess / (w.sum() - (w**2).sum() / w.sum()), 0.0)))


def _step(x: FloatArray) -> float:
    """Give the distance between scores that take few, even values; 0 for a measure."""
    values = np.unique(np.round(x, 12))
    if not 2 <= len(values) <= _LATTICE:
        return 0.0
    gaps = np.diff(values)
    step = float(gaps.min())
    return step if np.allclose(gaps / step, np.round(gaps / step), atol=1e-9) else 0.0
