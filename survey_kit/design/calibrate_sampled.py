"""Targets that are totals of the sample itself: some rows are calibrated to what all rows of the sample add up to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from survey_kit.design.calibrate_columns import Columns
from survey_kit.types import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """Targets that move with the given weights: each column's total over the rows that are stood for.

    Attributes
    ----------
    columns
        The calibration variables of all these rows, block by block as those of the rows that are calibrated.
    """

    columns: tuple[Columns, ...]

    @property
    def blocks(self) -> tuple[Columns, ...]:
        """List the columns that targets are made of."""
        return self.columns

    def targets(self, weight: FloatArray, target: FloatArray) -> FloatArray:  # noqa: ARG002
        """Give the targets (q,) for given weights (n,)."""
        return np.concatenate([block.sums(weight) for block in self.columns])

    def lift(self) -> Any:
        """Turn coefficients of the columns into those of the targets' columns (q, q): they are the same."""
        from scipy import sparse

        return sparse.csr_array(sparse.eye_array(sum(block.size for block in self.columns)))
