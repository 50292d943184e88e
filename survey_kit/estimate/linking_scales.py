"""The scales on which a break is taken as the same at all waves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import expit, logit

from survey_kit.errors import EstimationError
from survey_kit.types import FloatArray

Method = Literal["difference", "ratio", "odds"]
Function = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A scale g with its inverse h, their derivatives, and how a shift on it is told.

    Attributes
    ----------
    name
        What a shift is called.
    g, dg, h, dh
        The scale, its inverse and the derivatives.
    factor, d_factor
        From a shift on the scale to what is printed, and the derivative.
    lowest, highest
        Values must lie strictly between.
    """

    name: str
    g: Function
    dg: Function
    h: Function
    dh: Function
    factor: Function
    d_factor: Function
    lowest: float
    highest: float

    def check(self, theta: FloatArray) -> None:
        """Refuse values the scale is not for.

        Raises
        ------
        EstimationError
            If one lies outside.
        """
        bad = np.isfinite(theta) & ~((theta > self.lowest) & (theta < self.highest))
        if bad.any():
            what = "positive values" if np.isinf(self.highest) else "shares strictly between 0 and 1"
            raise EstimationError(
                f"Linking by the {self.name} is for {what}.",
                found=", ".join(f"{value:.6g}" for value in theta[bad][:3]),
                fix="Say method='difference'.",
            )


def _one(u: FloatArray) -> FloatArray:
    return np.ones_like(u)


def _same(u: FloatArray) -> FloatArray:
    return u


def _d_logit(p: FloatArray) -> FloatArray:
    return 1 / (p * (1 - p))


def _d_expit(u: FloatArray) -> FloatArray:
    return np.asarray(expit(u) * expit(-u))


def _inverse(x: FloatArray) -> FloatArray:
    return 1 / x


#: Every scale by the method's name.
SCALES: dict[Method, Scale] = {
    "difference": Scale(
        name="difference",
        g=_same,
        dg=_one,
        h=_same,
        dh=_one,
        factor=_same,
        d_factor=_one,
        lowest=-np.inf,
        highest=np.inf,
    ),
    "ratio": Scale(
        name="ratio",
        g=np.log,
        dg=_inverse,
        h=np.exp,
        dh=np.exp,
        factor=np.exp,
        d_factor=np.exp,
        lowest=0.0,
        highest=np.inf,
    ),
    "odds": Scale(
        name="odds ratio",
        g=logit,
        dg=_d_logit,
        h=expit,
        dh=_d_expit,
        factor=np.exp,
        d_factor=np.exp,
        lowest=0.0,
        highest=1.0,
    ),
}
