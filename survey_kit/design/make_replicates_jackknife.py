"""The jackknife that leaves one first-stage unit out at a time."""

from __future__ import annotations

import numpy as np

from survey_kit.design.layout import Layout
from survey_kit.errors import DesignError
from survey_kit.types import FloatArray, IntArray


def jackknife(layout: Layout, f_h: FloatArray, rule: str) -> tuple[FloatArray, FloatArray]:
    r"""Delete-one jackknife; factors (P, R) and coefficients (R,), one replicate for each unit.

    .. math:: a_{hj}^{(hi)} = \frac{n_h}{n_h - 1} 1[j \ne i], \qquad c_{hi} = (1 - f_h) \frac{n_h - 1}{n_h}

    (Rust & Rao 1996, Statistical Methods in Medical Research 5, 283-310). A unit that several waves share is left out of
    all of them at once; where their coefficients differ, the replicate takes the largest and the deviations of the other
    waves shrink by the root of the ratio. A lonely unit under ``"adjust"`` is replaced by the mean unit of its wave, with
    coefficient ``1 - f_h``; ``"average"`` raises the coefficients of a wave as its strata outnumber those not lonely.

    Parameters
    ----------
    layout
        The design as arrays.
    f_h : (H,)
        Sampling fractions of the first stage's strata.
    rule
        What a stratum with one unit contributes.

    Raises
    ------
    DesignError
        If no stratum varies: every unit is there with certainty.
    """
    stage = layout.stages[0]
    c_h = _coefficients(layout, f_h, rule)
    varies = np.flatnonzero(c_h[stage.stratum_of_unit] > 0)
    if not len(varies):
        raise DesignError(
            "No stratum has a unit to leave out.", fix="The sample is the whole population: say fpc=False."
        )
    replicate, c_r = _shared(layout.identity[varies], c_h[stage.stratum_of_unit[varies]])
    column = np.full(stage.size, -1, dtype=np.int64)
    column[varies] = replicate
    factors = np.ones((stage.size, len(c_r)))
    for h in np.flatnonzero(c_h > 0).tolist():
        n = int(stage.n_h[h])
        own = slice(int(stage.stratum_start[h]), int(stage.stratum_start[h]) + n)
        at = column[own]
        shrink = np.sqrt(c_h[h] / c_r[at])
        if n > 1:
            factors[own, at] += shrink / (n - 1)
            left = -shrink * n / (n - 1)
        else:
            wave = int(np.searchsorted(layout.stratum_wave_start, h, side="right")) - 1
            units = layout.units(wave)
            factors[units, at] += shrink / (units.stop - units.start)
            left = -shrink
        factors[np.arange(own.start, own.stop), at] += left
    return np.maximum(factors, 0.0), c_r


def _coefficients(layout: Layout, f_h: FloatArray, rule: str) -> FloatArray:
    """Coefficient of leaving out one unit of each stratum (H,); zero where nothing varies."""
    stage = layout.stages[0]
    c_h = np.maximum(1.0 - f_h, 0.0) * (stage.n_h - 1.0) / stage.n_h
    lonely = np.asarray(stage.lonely)
    if rule == "adjust":
        c_h = np.where(lonely, 1.0 - f_h, c_h)
    if rule == "average":
        for wave in range(len(layout.waves)):
            strata = layout.strata(wave)
            kept = int((~lonely[strata]).sum())
            c_h[strata] *= (strata.stop - strata.start) / max(kept, 1)
    return np.asarray(c_h, dtype=np.float64)


def _shared(identity: IntArray, c: FloatArray) -> tuple[IntArray, FloatArray]:
    """Give replicates numbers by identity in order of appearance; the largest coefficient of an identity counts."""
    _, first, who = np.unique(identity, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    replicate = rank[who]
    c_r = np.zeros(len(first))
    np.maximum.at(c_r, replicate, c)
    return replicate, c_r
