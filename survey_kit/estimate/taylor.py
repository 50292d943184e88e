"""Variance from unit totals of influence values: strata, stages, finite populations, lonely units; written once.

Notation of Sarndal, Swensson & Wretman (1992), sections 4.3 and 5.5. With z the influence of the rows,

    t_hp = sum of w z over unit p of stratum h
    V_1  = sum_h (1 - f_h) n_h / (n_h - 1) sum_p (t_hp - tbar_h)(t_hp - tbar_h)'

and stage k + 1 adds the same expression within each unit of stage k, times the product of the sampling fractions
f_1 ... f_k above it. The stages are returned as factor matrices A and B, one under the other, with ``A'B`` the covariance, so
that any block of a covariance is one product.
"""

from __future__ import annotations

import numpy as np

from survey_kit.design.layout import Layout, Stage
from survey_kit.errors import EstimationError
from survey_kit.types import BoolArray, FloatArray, IntArray, LonelyPsu


def factors(
    layout: Layout, wave: int, totals: tuple[FloatArray, ...], rule: LonelyPsu
) -> tuple[FloatArray, FloatArray]:
    """Stack the factor matrices of all stages of one wave.

    Parameters
    ----------
    layout
        The design as arrays.
    wave
        Whose units.
    totals
        For each stage (P_s, K), P_s the units of this wave; below them factors (m, K) of what is independent of the sample, such
        as the error of estimated calibration targets.
    rule
        What a stratum with one unit contributes.

    Returns
    -------
    A, B : (sum P_s, K)
        With ``A'B`` the covariance matrix; one and the same array where the variance is a sum of squares.
    """
    left: list[FloatArray] = []
    right: list[FloatArray] = []
    above = np.ones(1)  # product of sampling fractions above, by unit of the stage before
    for s, (stage, t) in enumerate(zip(layout.stages, totals, strict=False)):
        units = layout.units(wave, s)
        stratum = stage.stratum_of_unit[units]
        h = slice(int(stratum[0]), int(stratum[-1]) + 1)
        local = stratum - h.start
        first_unit = stage.stratum_start[h] - units.start
        parent = stage.parent[units]
        parent = parent - (layout.units(wave, s - 1).start if s else 0)
        if s == 0 and layout.quadratic is not None:
            left.append(t)
            right.append(layout.quadratic.right(t, units.start))
            above = layout.quadratic.f[units]
            continue
        left.append(_stage_factor(stage, h, local, first_unit, t, rule, above[parent], parent[first_unit]))
        right.append(left[-1])
        above = above[parent] * np.minimum(stage.f_h[h][local], 1.0)
    beside = totals[len(layout.stages) :]
    left.extend(beside)
    right.extend(beside)
    A = np.concatenate(left)
    return A, A if layout.quadratic is None else np.concatenate(right)


def _stage_factor(
    stage: Stage,
    h: slice,
    local: IntArray,
    first_unit: IntArray,
    t: FloatArray,
    rule: LonelyPsu,
    above: FloatArray,
    parent_of_stratum: IntArray,
) -> FloatArray:
    n_h, f_h = stage.n_h[h].astype(np.float64), stage.f_h[h]
    lonely = np.asarray(stage.lonely[h])
    centre = np.add.reduceat(t, first_unit, axis=0) / n_h[:, None]
    scale = (1.0 - f_h) * np.divide(n_h, n_h - 1.0, out=np.zeros_like(n_h), where=n_h > 1)
    if lonely.any():
        scale, centre = _lonely(scale, centre, f_h, t, lonely, rule, parent_of_stratum)
    return (t - centre[local]) * np.sqrt(above * scale[local])[:, None]


def _lonely(
    scale: FloatArray,
    centre: FloatArray,
    f_h: FloatArray,
    t: FloatArray,
    lonely: BoolArray,
    rule: LonelyPsu,
    parent_of_stratum: IntArray,
) -> tuple[FloatArray, FloatArray]:
    """Apply the declared rule to strata with one unit; "certainty" leaves their scale at zero."""
    if rule == "fail":
        raise EstimationError("A stratum has one unit.", fix="Declare lonely_psu on the design.")
    if rule == "adjust":
        scale = np.where(lonely, 1.0 - f_h, scale)
        centre = np.where(lonely[:, None], t.mean(axis=0), centre)
    if rule == "average":
        size = int(parent_of_stratum.max()) + 1
        strata = np.bincount(parent_of_stratum, minlength=size)
        kept = np.bincount(parent_of_stratum, weights=~lonely, minlength=size)
        raised = np.divide(strata, kept, out=np.ones(size), where=kept > 0)
        scale = scale * raised[parent_of_stratum]
    return scale, centre


def cross(
    layout: Layout, waves: tuple[int, int], totals: tuple[FloatArray, FloatArray]
) -> tuple[FloatArray, FloatArray] | None:
    """Give factors A, B of the covariance ``A'B`` of two waves from their common units.

    In each pair of strata with n_c common units the covariance is ``n_c / (n_c - 1)`` times the cross-product of their
    totals centred over the common units; a unit of one wave only is no row of the other. One common unit tells nothing.

    Parameters
    ----------
    layout
        The design as arrays, with the identity of its units.
    waves
        Two waves.
    totals
        First-stage totals (P_a, K_a) and (P_b, K_b).
    """
    a, b = (layout.units(wave) for wave in waves)
    _, in_a, in_b = np.intersect1d(layout.identity[a], layout.identity[b], assume_unique=True, return_indices=True)
    if not len(in_a):
        return None
    stage = layout.stages[0]
    stratum_a, stratum_b = stage.stratum_of_unit[a][in_a], stage.stratum_of_unit[b][in_b]
    _, cell, n_c = np.unique(stratum_a * (len(stage.n_h) + 1) + stratum_b, return_inverse=True, return_counts=True)
    scale = np.divide(n_c, n_c - 1.0, out=np.zeros(len(n_c)), where=n_c > 1)[cell]
    fpc_a, fpc_b = 1.0 - stage.f_h[stratum_a], 1.0 - stage.f_h[stratum_b]
    root = np.sqrt(scale * np.sqrt(fpc_a * fpc_b))[:, None]
    return _centred(totals[0][in_a], cell, n_c) * root, _centred(totals[1][in_b], cell, n_c) * root


def _centred(t: FloatArray, cell: IntArray, n_c: IntArray) -> FloatArray:
    sums = np.zeros((len(n_c), t.shape[1]))
    np.add.at(sums, cell, t)
    return t - (sums / n_c[:, None])[cell]
