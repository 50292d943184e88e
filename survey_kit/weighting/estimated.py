"""Weights calibrated to totals that are estimates of another survey: their error enters the variance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from survey_kit import checks
from survey_kit.design import Design, calibrate
from survey_kit.design.calibrate_build import build
from survey_kit.design.calibrate_controls import SHARES, Margin, by_wave, read_margins, settle
from survey_kit.design.calibrate_estimated import Estimated, covariance_root
from survey_kit.design.calibrate_step import with_steps
from survey_kit.design.calibration import fallen
from survey_kit.errors import WeightingError
from survey_kit.types import FloatArray

ROUNDING = 1e-8
Place = tuple[int, tuple[Any, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrateToEstimates:
    r"""Calibrate to estimated totals, and add what their error contributes to every variance.

    .. math:: V(\hat t) = V(\hat t \mid T^*) + B'V^*B

    Parameters
    ----------
    controls
        Totals as :class:`Calibrate` takes them; no shares.
    covariance
        Covariance matrix V* of all these totals, in the order in which they are listed.
    se
        In its place: standard errors of the totals, in the order in which they are listed, when they are independent.
    distance, bounds
        As of :class:`Calibrate`.
    population
        Size of the population beside totals of numbers, known without error.
    seed
        Of the deviations of the targets in replicates.

    Raises
    ------
    WeightingError
        If the covariance has another size, is none, lets two margins of one population add up to different sums, or the controls
        are shares.

    Notes
    -----
    Dever & Valliant (2010), Survey Methodology 36, 45-56; (2016), Journal of Survey Statistics and Methodology 4, 289-318.
    The other survey is independent of this one. With replicates the targets of each move so that the covariance is
    reproduced (Fuller 1998; Opsomer & Erciulescu 2021, Survey Methodology 47, 265-277).

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> from survey_kit.weighting import CalibrateToEstimates, WeightingPlan
    >>> frame = pd.DataFrame({"w": [10.0] * 4, "sex": list("ffmm"), "y": [1.0, 3, 2, 2]})
    >>> step = CalibrateToEstimates(controls={"sex": {"f": 25, "m": 20}}, se=(2, 1))
    >>> made = WeightingPlan(steps=(step,)).apply(sk.Design(frame, weight="w"))
    >>> sk.count(made.design, "sex").table["se"].round(6).tolist()
    [2.0, 1.0]
    """

    kind: ClassVar[str] = "calibrate_to_estimates"
    controls: Mapping[Any, Any]
    covariance: Any = None
    se: tuple[float, ...] | None = None
    population: Any = None
    distance: str = "linear"
    bounds: tuple[float, float] | None = None
    seed: int = 1

    @classmethod
    def of(cls, estimates: Any, **options: Any) -> CalibrateToEstimates:
        """Take controls and covariance from counts and totals estimated with this toolkit.

        Parameters
        ----------
        estimates
            Result of ``sk.count`` or ``sk.total`` without `by`, or several of them bound.
        options
            Other parameters of the step.

        Examples
        --------
        >>> import pandas as pd, survey_kit as sk
        >>> large = sk.Design(pd.DataFrame({"w": [30.0] * 5, "sex": list("ffmmm")}), weight="w")
        >>> CalibrateToEstimates.of(sk.count(large, "sex")).controls
        {'sex': {'f': 60.0, 'm': 90.0}}
        """
        table = estimates.table
        controls: dict[Any, Any] = {}
        for variable, category, value in zip(table["variable"], table["category"], table["estimate"], strict=True):
            if category is None or category != category:  # noqa: PLR0124  # NaN: a total of a number
                controls[variable] = float(value)
            else:
                controls.setdefault(variable, {})[category] = float(value)
        return cls(controls=controls, covariance=estimates.vcov(), **options)

    def apply(self, design: Design) -> Design:
        """Give the design with the step taken."""
        controls = by_wave(design, self.controls, "controls")
        read = [m for wave, part in controls.items() for m in read_margins(wave, part)]
        for margin in read:
            if margin.number is None and abs(margin.sum - 1) <= SHARES:
                raise WeightingError(
                    "Estimated controls are totals, with the covariance of totals; these are shares.",
                    where=f"'{margin.name}'",
                    found="they add up to 1",
                    fix="Multiply shares and covariance with the size of the population.",
                )
        V = self._covariance(sum(len(margin.totals) for margin in read))
        _check_sums(read, V)
        made = calibrate(design, self.controls, population=self.population, distance=self.distance, bounds=self.bounds)
        J = _columns_by_total(design, read, settle(design, read, self.population))
        step = made.calibration[-1]
        root = covariance_root(J @ V @ J.T)
        worst = float(np.sqrt(np.diag(V)).max(initial=0.0))
        note = f"{step.notes[0]}; the {len(V)} targets are estimates (standard errors up to {worst:,.4g}), whose covariance is added"
        step = replace(
            step,
            kind=self.kind,
            estimated=Estimated(root=root, seed=self.seed),
            notes=(note, *step.notes[1:]),
        )
        return with_steps(design, (*design.calibration, step))

    def _covariance(self, size: int) -> FloatArray:
        if (self.covariance is None) == (self.se is None):
            raise WeightingError(
                "Estimated controls need their covariance, or their standard errors.",
                found="both" if self.se is not None else "neither",
                fix="Give covariance= as a matrix, or se= in the order of the totals.",
            )
        what = "covariance" if self.se is None else "se"
        fix = f"Give one for each of the {size} totals, in the order in which they are listed."
        given = checks.floats(self.covariance if self.se is None else self.se, what, fix, WeightingError)
        V = np.diag(given**2) if self.se is not None and given.ndim == 1 and (given >= 0).all() else given
        if V.shape != (size, size) or not np.isfinite(V).all():
            raise WeightingError(
                f"The {what} of the controls does not fit them.", found=f"shape {given.shape}, {size} totals", fix=fix
            )
        spread = float(np.abs(V).max(initial=0.0))
        if np.abs(V - V.T).max(initial=0.0) > ROUNDING * spread or np.linalg.eigvalsh(V).min() < -ROUNDING * spread:
            raise WeightingError(
                "This is no covariance matrix.",
                found="it is not symmetric, or has a negative variance in some direction",
                fix="Take it as the other survey's estimates give it: estimates.vcov().",
            )
        return V


def _listed(margins: Sequence[Margin]) -> list[Place]:
    return [(i, level) for i, margin in enumerate(margins) for level in margin.totals]


def _check_sums(margins: Sequence[Margin], V: FloatArray) -> None:
    """Refuse a covariance by which two margins of one population would add up to different sums."""
    places = _listed(margins)
    for wave in sorted({margin.wave for margin in margins}):
        counts = [i for i, margin in enumerate(margins) if margin.wave == wave and margin.number is None]
        for a, b in pairwise(counts):
            apart = np.array([float(i == a) - float(i == b) for i, _ in places])
            spread = max(float(np.diag(V).max(initial=0.0)), np.finfo(float).tiny)
            if apart @ V @ apart > ROUNDING * spread * len(V):
                raise WeightingError(
                    "By this covariance two margins of one population add up to sums that differ.",
                    where=f"'{margins[a].name}' and '{margins[b].name}'",
                    found=f"standard error of the difference {np.sqrt(apart @ V @ apart):,.4g}",
                    fix="Give the full covariance of both margins, or calibrate to one of them.",
                )


def _columns_by_total(design: Design, read: Sequence[Margin], settled: Sequence[Margin]) -> FloatArray:
    """Differentiate the step's own targets, which are centred and scaled, with respect to the totals: (columns, totals)."""
    places = _listed(read)
    out = fallen(design.calibration, design.n)
    inside = None if out is None else ~out
    if all(margin.number is None for margin in settled):  # each column is a total: numbered totals come back in order
        numbered = [
            replace(
                margin,
                totals={
                    level: float(places.index((i, level)) + 1) if total else 0.0
                    for level, total in margin.totals.items()
                },
            )
            for i, margin in enumerate(settled)
        ]
        return np.eye(len(places))[build(design, numbered, inside).target.astype(np.int64) - 1]
    start = build(design, settled, inside).target
    J = np.zeros((len(start), len(places)))
    for k, (i, level) in enumerate(places):
        total = settled[i].totals[level]
        move = 0.01 * max(abs(total), 1.0)  # targets are linear in the totals
        moved = [
            replace(margin, totals={**margin.totals, level: total + move}) if j == i else margin
            for j, margin in enumerate(settled)
        ]
        J[:, k] = (build(design, moved, inside).target - start) / move
    return J
