"""Limits that do not follow from an estimate and its standard error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from survey_kit.types import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLimits:
    """Limits that do not follow from an estimate and its standard error, such as Woodruff's for quantiles.

    Attributes
    ----------
    name
        What the caption calls them.
    estimate : (K,)
        The estimates they belong to; other rows get the limits of `Estimates.interval`.
    at
        ``level -> (low, high)``.
    """

    name: str
    estimate: FloatArray
    at: Callable[[float], tuple[FloatArray, FloatArray]]

    def of(self, estimate: FloatArray) -> bool:
        """Tell whether these are the estimates the limits belong to."""
        return np.array_equal(self.estimate, estimate, equal_nan=True)
