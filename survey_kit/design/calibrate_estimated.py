"""Targets that are estimates: their covariance, in the linearised variance and in replicates.

A total calibrated to an estimate T* of another survey with covariance V* has, beside the variance of its residuals, ``B'V*B`` with
B the coefficients of its calibration (Dever & Valliant 2010, Survey Methodology 36, 45-56; 2016, Journal of Survey Statistics and
Methodology 4, 289-318). In replicate r the targets are ``T* + e_r`` with ``sum c_r e_r e_r' = V*`` (Fuller 1998, Statistica
Sinica 8, 1153-1164; Opsomer & Erciulescu 2021, Survey Methodology 47, 265-277).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from survey_kit import checks
from survey_kit.errors import DesignError
from survey_kit.types import FloatArray

if TYPE_CHECKING:
    from survey_kit.design.calibration import Calibration

SAME = 1e-12  # relative: an eigenvalue that is rounding


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Estimated:
    """The covariance of a step's targets.

    Attributes
    ----------
    root : (q, m)
        L with ``L L' = V*``, m the rank.
    seed
        Of the deviations of the replicates.
    """

    __repr__ = checks.brief

    root: FloatArray
    seed: int

    def deviations(self, coefficients: FloatArray) -> FloatArray:
        """Give e_r (R, q) for coefficients c_r (R,): they add up to zero and ``sum c_r e_r e_r'`` is the covariance.

        Raises
        ------
        DesignError
            If there are not more replicates than the covariance has dimensions.

        Examples
        --------
        >>> e = Estimated(root=np.array([[2.0], [1.0]]), seed=1).deviations(np.full(4, 0.25))
        >>> (0.25 * e.T @ e).round(12).tolist(), np.abs(e.sum(axis=0)).max() < 1e-12
        ([[4.0, 2.0], [2.0, 1.0]], np.True_)
        """
        used = np.flatnonzero(coefficients > 0)
        m = self.root.shape[1]
        if len(used) <= m:
            raise DesignError(
                "There are too few replicates for the covariance of the estimated targets.",
                found=f"{len(used)} replicates, rank {m}",
                fix="Make more replicates, such as a bootstrap, or linearise.",
            )
        scale = 1 / np.sqrt(coefficients[used])
        drawn = np.random.default_rng(self.seed).normal(size=(len(used), m))
        Q = np.linalg.qr(np.column_stack((scale, drawn)))[0][:, 1:]  # orthonormal, and orthogonal to the scale
        out = np.zeros((len(coefficients), len(self.root)))
        out[used] = (Q * scale[:, None]) @ self.root.T
        return out


def covariance_root(covariance: FloatArray) -> FloatArray:
    """Give L (q, m) with ``L L'`` a covariance (q, q) of rank m.

    Examples
    --------
    >>> covariance_root(np.array([[4.0, 2.0], [2.0, 1.0]])).round(6).tolist()
    [[2.0], [1.0]]
    """
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    kept = values > SAME * max(float(values.max(initial=0.0)), 0.0)
    root = vectors[:, kept] * np.sqrt(values[kept])
    sign = np.sign(root[np.abs(root).argmax(axis=0), np.arange(root.shape[1])])
    return np.asarray(root * np.where(sign == 0, 1.0, sign))


def of_replicates(steps: Sequence[Calibration], coefficients: FloatArray) -> list[tuple[Calibration, ...]]:
    """Give the steps of every replicate: as they are, or with the targets that a replicate of estimated ones has."""
    known = [None if step.estimated is None else step.estimated.deviations(coefficients) for step in steps]
    return [
        tuple(
            step if e is None else replace(step, target=step.target + e[r])
            for step, e in zip(steps, known, strict=True)
        )
        for r in range(len(coefficients))
    ]
