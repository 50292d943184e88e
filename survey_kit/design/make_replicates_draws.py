"""Replicates that are drawn: the rescaling bootstraps and, for units that rotate, a shared multiplier.

All makers work on arrays and give deviations (P, R): the factor of a unit is 1 plus its deviation, and for a total
``1 / (R - 1) * sum_r (sum_p t_p delta_pr)^2`` estimates the variance without bias.
"""

from __future__ import annotations

import numpy as np

from survey_kit.design.layout import Stage
from survey_kit.types import BoolArray, FloatArray, IntArray


def rescaled_bootstrap(n_h: IntArray, R: int, rng: np.random.Generator) -> FloatArray:
    r"""Rescaling bootstrap; deviations (P, R).

    .. math:: \delta_{hi} = \frac{n_h}{n_h - 1} r_{hi} - 1

    with r the multiplicities of n_h - 1 draws with replacement from the n_h units of a stratum (Rao, Wu & Yue 1992,
    Survey Methodology 18, 209-217). A finite population multiplies the deviations by ``sqrt(1 - f_h)`` (Rao & Wu 1988,
    JASA 83, 231-241). Strata with one unit do not vary.

    Parameters
    ----------
    n_h : (H,)
        Units of each stratum, which stand one after the other.
    R
        Replicates.
    rng
        Source of the draws.
    """
    out = np.zeros((int(n_h.sum()), R))
    start = np.cumsum(n_h) - n_h
    for n in np.unique(n_h[n_h > 1]).tolist():
        for first in start[n_h == n].tolist():
            drawn = rng.multinomial(n - 1, np.full(n, 1.0 / n), size=R).T
            out[first : first + n] = drawn * (n / (n - 1.0)) - 1.0
    return out


def shared_multipliers(identity: IntArray, n_h: IntArray, R: int, rng: np.random.Generator) -> FloatArray:
    r"""Multipliers that units of different waves share; deviations (P, R).

    .. math:: \delta_{hi} = \sqrt{n_h / (n_h - 1)} (e_i - \bar e_h), \qquad e_i = \pm 1

    with one fair sign per identity. Within a stratum the deviations have the moments of the rescaling bootstrap; units
    of two waves covary exactly when they are the same, whatever else rotates in or out (generalised bootstrap, Beaumont
    & Patak 2012, International Statistical Review 80, 127-148).

    Parameters
    ----------
    identity : (P,)
        Who stands behind each unit.
    n_h : (H,)
        Units of each stratum, which stand one after the other.
    R
        Replicates.
    rng
        Source of the signs.
    """
    who, at = np.unique(identity, return_inverse=True)
    sign = (2.0 * rng.integers(0, 2, size=(len(who), R)) - 1.0)[at]
    start = np.cumsum(n_h) - n_h
    mean = np.add.reduceat(sign, start, axis=0) / n_h[:, None]
    root = np.sqrt(np.divide(n_h, n_h - 1.0, out=np.zeros(len(n_h)), where=n_h > 1))
    return np.asarray((sign - np.repeat(mean, n_h, axis=0)) * np.repeat(root, n_h)[:, None])


def multistage_bootstrap(
    stages: tuple[Stage, ...], f: tuple[FloatArray, ...], R: int, rng: np.random.Generator
) -> FloatArray:
    r"""Preston's multistage rescaled bootstrap; deviations (P_S, R) of the units of the last stage.

    With m = floor(n / 2) of the n units of a stratum drawn without replacement at each stage (all when f = 1) and
    d = 1 for a drawn unit,

    .. math::

        \delta = \sum_s \Big( \prod_{t<s} \sqrt{n_t / m_t}\, d_t \Big) \lambda_s \Big( \frac{n_s}{m_s} d_s - 1 \Big),
        \qquad \lambda_s^2 = f_1 \cdots f_{s-1} \frac{m_s (1 - f_s)}{n_s - m_s}

    (Preston 2009, Survey Methodology 35, 227-234).

    Parameters
    ----------
    stages
        First stage first.
    f
        For each stage, the sampling fraction of its strata (H_s,).
    R
        Replicates.
    rng
        Source of the draws.
    """
    out = np.zeros((1, R))
    path, above = np.ones((1, R)), np.ones(1)  # product of sqrt(n / m) d and of f over the stages before, by unit
    for stage, f_h in zip(stages, f, strict=True):
        n = stage.n_h
        m = np.where((f_h >= 1) | (n == 1), n, n // 2)
        kept = _without_replacement(n, m, R, rng)
        left = np.maximum(n - m, 1)
        spread = np.sqrt(np.where(n > m, m * np.maximum(1 - f_h, 0.0) / left, 0.0))
        ratio = n / m
        of = stage.stratum_of_unit
        lam = np.sqrt(above[stage.parent]) * spread[of]
        path = path[stage.parent]
        out = out[stage.parent] + path * lam[:, None] * (ratio[of][:, None] * kept - 1.0)
        path = path * np.sqrt(ratio[of])[:, None] * kept
        above = above[stage.parent] * np.minimum(f_h[of], 1.0)
    return out


def _without_replacement(n_h: IntArray, m_h: IntArray, R: int, rng: np.random.Generator) -> BoolArray:
    """Draw m_h of the n_h units of every stratum, R times: (P, R)."""
    out = np.ones((int(n_h.sum()), R), dtype=bool)
    start = np.cumsum(n_h) - n_h
    for h in np.flatnonzero(m_h < n_h).tolist():
        n, m = int(n_h[h]), int(m_h[h])
        ticket = rng.random((n, R))
        out[start[h] : start[h] + n] = ticket <= np.partition(ticket, m - 1, axis=0)[m - 1]
    return out


def shrunk(deviations: FloatArray) -> tuple[FloatArray, float]:
    """Bring deviations up to -1 by dividing them by tau, the scale then being tau^2 times; give factors and tau^2.

    Beaumont & Patak (2012), International Statistical Review 80, 127-148, on negative bootstrap weights.
    """
    tau = max(1.0, -float(deviations.min(initial=0.0)))
    return np.maximum(1.0 + deviations / tau, 0.0), tau**2
