"""The scale an area model is fitted on, and the way back to the published one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from survey_kit.errors import EstimationError
from survey_kit.types import FloatArray, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A transformation of direct estimates.

    Attributes
    ----------
    name, interval
        As asked for; the interval of the published estimates.
    forward
        ``(y, v) -> y, v`` on the model's scale; v is NaN where the transformed variance is unknown.
    back
        ``(theta, s2) -> E, Var`` of the published quantity when it is normal (theta, s2) on the model's scale.
    slope
        ``theta -> `` derivative of the way back.
    """

    name: str
    interval: Interval
    forward: Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]
    back: Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]
    slope: Callable[[FloatArray], FloatArray]


def _same(y: FloatArray, v: FloatArray) -> tuple[FloatArray, FloatArray]:
    return y, v


def _ones(theta: FloatArray) -> FloatArray:
    return np.ones_like(theta)


def _arcsine(p: FloatArray, v: FloatArray) -> tuple[FloatArray, FloatArray]:
    known = np.isfinite(p)
    if ((p[known] < 0) | (p[known] > 1)).any():
        raise EstimationError(
            "The arcsine transformation is for shares between 0 and 1.",
            found=f"{p[known][(p[known] < 0) | (p[known] > 1)][0]:g}",
            fix="Leave out the transformation.",
        )
    inside = known & (p > 0) & (p < 1)
    spread = np.where(inside, 4.0 * p * (1.0 - p), np.nan)
    return np.arcsin(np.sqrt(np.where(known, p, np.nan))), v / spread


def _arcsine_back(theta: FloatArray, s2: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Moments of sin^2: ``E = (1 - e^(-2 s2) cos 2t) / 2`` and ``E sin^4 = 3/8 - e^(-2 s2) cos 2t / 2 + e^(-8 s2) cos 4t / 8``."""
    two, four = np.exp(-2.0 * s2) * np.cos(2.0 * theta), np.exp(-8.0 * s2) * np.cos(4.0 * theta)
    mean = 0.5 * (1.0 - two)
    return mean, np.maximum(0.375 - 0.5 * two + 0.125 * four - mean**2, 0.0)


def _arcsine_slope(theta: FloatArray) -> FloatArray:
    return np.sin(2.0 * theta)


#: The published scale itself.
IDENTITY = Scale(name="none", interval="wald", forward=_same, back=_same, slope=_ones)
#: ``arcsin sqrt p`` with variance v / (4 p (1 - p)): stable whatever the share; back by the mean of sin^2 (Hadam, Wurz &
#: Kreutzmann 2020), not by sin^2 of the mean.
ARCSINE = Scale(name="arcsine", interval="arcsine", forward=_arcsine, back=_arcsine_back, slope=_arcsine_slope)

SCALES = {None: IDENTITY, "arcsine": ARCSINE}
