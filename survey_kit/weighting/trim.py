"""Weights cut where a few would decide alone, and what was cut given to the others."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np

from survey_kit import checks
from survey_kit.design import Design
from survey_kit.errors import WeightingError
from survey_kit.types import BoolArray, FloatArray, IntArray
from survey_kit.weighting.step import appended, coded, count, names

ROUNDS = 1000
ROUNDING = 1e-12
MOST_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Trim:
    r"""Cut weights at a limit and spread what was cut over the others of the cell, so that the cell keeps its sum.

    .. math:: L = \min(cap,\ ratio \cdot med(w),\ med(w) + k \cdot IQR(w))

    Parameters
    ----------
    ratio
        Largest weight, in medians.
    iqr
        k of the median plus k interquartile ranges; 3 to 5 are usual.
    cap
        Largest weight.
    by
        Columns whose combinations are the cells: each has its own median, and keeps its sum.
    spread
        ``"proportional"`` multiplies the others by one factor, ``"equal"`` adds one amount to each (as R's trimWeights).
    strict
        Repeat until no weight is above the limit; False cuts once, so that what is spread may lift others above it.

    Raises
    ------
    WeightingError
        If no limit is given, one is not positive, or the limit is below the mean weight of a cell (it is named).

    Notes
    -----
    Potter (1990), Proceedings of the Survey Research Methods Section, American Statistical Association, 225-230. Margins
    reached before are missed afterwards: put Rake behind it, or bound the factors of Rake instead. A rule that looks at
    the weights has no derivative: standard errors need replicates, in each of which the rule is applied anew.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> from survey_kit.weighting import Trim, WeightingPlan
    >>> design = sk.Design(pd.DataFrame({"w": [1.0, 1, 2, 6]}), weight="w")
    >>> WeightingPlan(steps=(Trim(cap=4),)).apply(design).values.tolist()
    [1.5, 1.5, 3.0, 4.0]
    """

    kind: ClassVar[str] = "trim"
    ratio: float | None = None
    iqr: float | None = None
    cap: float | None = None
    by: str | tuple[str, ...] = ()
    spread: str = "proportional"
    strict: bool = True

    def apply(self, design: Design) -> Design:
        """Give the design with the step taken."""
        limits = {name: getattr(self, name) for name in ("cap", "ratio", "iqr")}
        given = {name: value for name, value in limits.items() if value is not None}
        if not given:
            raise WeightingError("Trimming needs a limit.", fix="Give cap=, ratio= or iqr=, such as iqr=4.")
        for name, value in given.items():
            if checks.number(value, name, "Give a number.", WeightingError) <= 0:
                raise WeightingError(f"'{name}' is above zero.", found=f"{value:g}", fix="Give a larger one.")
        checks.choice(self.spread, "way to spread what was cut", ("proportional", "equal"), WeightingError)
        by = names(self.by, "by")
        cells = coded(design, by, design.inside(), "cell")
        infinite = float("inf")
        rule = TrimRule(
            code=cells.code,
            names=cells.names,
            cap=infinite if self.cap is None else float(self.cap),
            ratio=infinite if self.ratio is None else float(self.ratio),
            iqr=infinite if self.iqr is None else float(self.iqr),
            equal=self.spread == "equal",
            strict=self.strict,
        )
        weight = design.layout.weight
        g = rule.factors(weight)
        cut = int((g < 1 - ROUNDING).sum())
        lost = float((weight - np.minimum(weight * g, weight)).sum())
        said = ", ".join(f"{name} {value:g}" for name, value in given.items())
        where = f" within {' x '.join(by)}" if by else ""
        note = f"{count(cut)} weights trimmed ({said}{where}), {lost / weight.sum():.2%} of the sum spread over the others; replicates only"
        return appended(design, self.kind, g, note, asked=dict(given) | {"by": by}, rule=rule)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrimRule:
    """The rule of a trimming, for any weights of the same rows.

    Attributes
    ----------
    code : (n,)
        Cell of each row; -1 for rows that fell out.
    names
        Of the cells.
    cap, ratio, iqr
        Limits; infinite for none.
    equal, strict
        How what was cut is spread, and whether the cut is repeated.
    """

    code: IntArray
    names: tuple[str, ...]
    cap: float
    ratio: float
    iqr: float
    equal: bool
    strict: bool
    why: ClassVar[str] = "trimming follows a rule that looks at the weights"

    def factors(self, weight: FloatArray, mass: FloatArray | None = None) -> FloatArray:
        """Give the factors (n,) of weights (n,), in which a row counts `mass` (n,) times with an equal part of its weight."""
        rows, code, w, m = self.taking_part(weight, mass)
        return self._cut_rows(rows, code, w, m, self._limits(code, w, m), len(weight))

    def cut(self, weight: FloatArray, limit: FloatArray, mass: FloatArray | None = None) -> FloatArray:
        """Give the factors (n,) of weights (n,) for the limit of each cell (cells,)."""
        rows, code, w, m = self.taking_part(weight, mass)
        return self._cut_rows(rows, code, w, m, limit, len(weight))

    def taking_part(
        self, weight: FloatArray, mass: FloatArray | None
    ) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
        """Give the rows that take part, their cells, the weight of each time a row counts, and how often it does."""
        rows = np.flatnonzero((self.code >= 0) & (weight > 0))
        m = np.ones(len(rows)) if mass is None else mass[rows]
        return rows, self.code[rows], weight[rows] / m, m

    def _cut_rows(
        self, rows: IntArray, code: IntArray, w: FloatArray, m: FloatArray, limit: FloatArray, n: int
    ) -> FloatArray:
        size = len(limit)
        number = np.bincount(code, weights=m, minlength=size)
        sums = np.bincount(code, weights=m * w, minlength=size)
        mean = np.divide(sums, number, out=np.zeros(size), where=number > 0)
        low = np.flatnonzero(limit < mean * (1 - ROUNDING))
        if len(low):
            raise WeightingError(
                "A limit is below the mean weight, so the weights cannot keep their sum.",
                where="; ".join(self.names[k] for k in low[:MOST_NAMED]),
                found=f"limit {limit[low[0]]:,.6g}, mean weight {mean[low[0]]:,.6g}",
                fix="Raise the limit.",
            )
        out = np.ones(n)
        out[rows] = self._cut(code, w, m, limit) / w
        return out

    def _limits(self, code: IntArray, w: FloatArray, m: FloatArray) -> FloatArray:
        limit = np.full(len(self.names), self.cap)
        if np.isinf(self.ratio) and np.isinf(self.iqr):
            return limit
        order = np.argsort(code, kind="stable")
        ends = np.searchsorted(code[order], np.arange(len(limit) + 1))
        for k, (start, stop) in enumerate(pairwise(ends.tolist())):
            if stop > start:
                here = order[start:stop]
                low, median, high = quantiles(w[here], m[here], (0.25, 0.5, 0.75)).tolist()
                if np.isfinite(self.ratio):
                    limit[k] = min(limit[k], self.ratio * median)
                if np.isfinite(self.iqr):
                    limit[k] = min(limit[k], median + self.iqr * (high - low))
        return limit

    def _cut(self, code: IntArray, w: FloatArray, m: FloatArray, limit: FloatArray) -> FloatArray:
        """Cut and spread, once or until nothing is above the limit (m,); every round cuts at least one more row."""
        size, most = len(limit), limit[code]
        at: BoolArray = np.zeros(len(w), dtype=bool)
        for _ in range(ROUNDS):
            over = (w > most * (1 + ROUNDING)) & ~at
            if not over.any():
                return w
            at |= over
            cut = np.bincount(code, weights=np.where(over, m * (w - most), 0.0), minlength=size)
            w = np.where(over, most, w)
            part = np.where(at, 0.0, 1.0 if self.equal else w)
            free = np.bincount(code, weights=m * part, minlength=size)
            w = w + np.divide(cut, free, out=np.zeros(size), where=free > 0)[code] * part
            if not self.strict:
                return w
        return w


def quantiles(values: FloatArray, mass: FloatArray, at: tuple[float, ...]) -> FloatArray:
    """Give quantiles of values (m,) that each stand `mass` (m,) times, interpolated as those of a list (definition 7).

    Examples
    --------
    >>> quantiles(np.array([3.0, 1.0]), np.array([2.0, 1.0]), (0.25, 0.5)), np.quantile([1, 3, 3], (0.25, 0.5))
    (array([2., 3.]), array([2., 3.]))
    """
    order = np.argsort(values, kind="stable")
    ends = np.cumsum(mass[order])
    place = np.asarray(at) * max(float(ends[-1]) - 1, 0.0)
    low = np.floor(place * (1 + ROUNDING))
    below, above = (
        values[order[np.minimum(np.searchsorted(ends, j * (1 + ROUNDING), side="right"), len(order) - 1)]]
        for j in (low, low + 1)
    )
    return np.asarray(below + (place - low) * (above - below))
