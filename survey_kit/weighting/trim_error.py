"""Weights cut where that makes the estimated mean squared error of some outcomes smallest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from survey_kit import checks
from survey_kit.design import Design
from survey_kit.errors import WeightingError
from survey_kit.types import FloatArray, IntArray
from survey_kit.weighting.step import appended, coded, count, names
from survey_kit.weighting.trim import ROUNDING, TrimRule, quantiles

CANDIDATES = 60
LOWEST = 0.5  # quantile of the weights below which no limit is tried


@dataclass(frozen=True, slots=True, kw_only=True)
class TrimToError:
    r"""Cut weights at the limit with the smallest mean squared error of the means of some outcomes.

    .. math:: \widehat{MSE}(c) = (\bar y_c - \bar y)^2 - \hat V(\bar y) + 2\,\widehat{Cov}(\bar y_c, \bar y)

    Parameters
    ----------
    outcomes
        Columns of numbers; their relative errors ``MSE(c) / V`` are averaged.
    by
        Columns whose combinations are the cells: each keeps its sum, and its limit is the same multiple of its mean weight.
    spread
        As of :class:`Trim`.

    Raises
    ------
    WeightingError
        If no outcome has a variance, or one is missing everywhere.

    Notes
    -----
    Potter (1990), Proceedings of the Survey Research Methods Section, ASA, 225-230, with the estimator of Cox & McGrath (1981),
    The effect of sample weight truncation on the mean square error, Biometric Society ENAR, Richmond. Up to 60 limits between the median and the largest weight are tried, and none at all;
    variances and covariances are those of linearised means over first-stage units within strata. The limit is found anew in every
    replicate; there is no derivative, so standard errors need replicates. A limit good for some outcomes may not be for others:
    the log names them.

    Examples
    --------
    >>> import numpy as np, pandas as pd, survey_kit as sk
    >>> from survey_kit.weighting import TrimToError, WeightingPlan
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame({"w": np.exp(rng.normal(0, 1.2, 300)), "y": rng.normal(10, 1, 300)})
    >>> made = WeightingPlan(steps=(TrimToError(outcomes="y"),)).apply(sk.Design(frame, weight="w"))
    >>> bool(made.log["deff"].iloc[-1] < made.log["deff"].iloc[0]), round(float(made.values.sum() / frame["w"].sum()), 9)
    (True, 1.0)
    """

    kind: ClassVar[str] = "trim_to_error"
    outcomes: str | tuple[str, ...]
    by: str | tuple[str, ...] = ()
    spread: str = "proportional"

    def apply(self, design: Design) -> Design:
        """Give the design with the step taken."""
        checks.choice(self.spread, "way to spread what was cut", ("proportional", "equal"), WeightingError)
        listed, by = names(self.outcomes, "outcomes", least=1), names(self.by, "by")
        inside = design.inside()
        cells = coded(design, by, inside, "cell")
        values = []
        for name in listed:
            column = design.numbers(name, "outcome")
            if not (inside & ~column.missing).any():
                raise WeightingError(
                    "An outcome is missing in all rows.", where=f"column '{name}'", fix="Leave it out."
                )
            values.append(np.where(inside & ~column.missing, column.values, np.nan))
        stage = design.layout.stages[0]
        rule = ErrorRule(
            trim=TrimRule(
                code=cells.code,
                names=cells.names,
                cap=np.inf,
                ratio=np.inf,
                iqr=np.inf,
                equal=self.spread == "equal",
                strict=True,
            ),
            y=np.stack(values),
            unit=stage.unit_of_row,
            stratum=stage.stratum_of_unit,
            left=1.0 - stage.f_h,
        )
        weight = design.layout.weight
        if (inside & ~(weight > 0)).any():
            raise WeightingError(
                "Weights to be trimmed are above zero.",
                found=f"{int((inside & ~(weight > 0)).sum())} rows are not",
                fix="Calibrate with distance='raking' before.",
            )
        limit, error = rule.best(weight)
        g = rule.factors(weight)
        cut = int((g < 1 - ROUNDING).sum())
        where = f" within {' x '.join(by)}" if by else ""
        said = (
            f"at {limit:.3g} times the mean weight{where}"
            if np.isfinite(limit)
            else "nowhere: no limit has a smaller error"
        )
        note = (
            f"{count(cut)} weights trimmed {said}, the mean squared error of {', '.join(listed)} estimated at {error:.3g} of what "
            "it was; replicates only"
        )
        return appended(design, self.kind, g, note, asked={"outcomes": listed, "by": by}, rule=rule)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ErrorRule:
    """The rule of a trimming to the smallest error, for any weights of the same rows.

    Attributes
    ----------
    trim
        How weights are cut at a limit.
    y : (K, n)
        Outcomes; NaN for no answer.
    unit : (n,)
    stratum : (P,)
    left : (H,)
        One minus the sampling fraction.
    """

    trim: TrimRule
    y: FloatArray
    unit: IntArray
    stratum: IntArray
    left: FloatArray
    why: ClassVar[str] = "trimming follows a rule that looks at the weights and the answers"

    def factors(self, weight: FloatArray, mass: FloatArray | None = None) -> FloatArray:
        """Give the factors (n,) of weights (n,), in which a row counts `mass` (n,) times."""
        limit, _ = self.best(weight, mass)
        return np.ones_like(weight) if not np.isfinite(limit) else self._at(weight, limit, mass)

    def best(self, weight: FloatArray, mass: FloatArray | None = None) -> tuple[float, float]:
        """Give the best limit in multiples of the mean weight of a cell, infinite for none, and its relative error."""
        multiple, times = self._multiples(weight, mass)
        tried = quantiles(multiple, times, tuple(np.linspace(LOWEST, 1.0, CANDIDATES).tolist()))
        low, tried = max(float(tried[0]), 1.0), np.unique(tried)
        best, least = np.inf, 1.0
        before, V = self._means(weight)
        if not (V > 0).any():
            raise WeightingError(
                "No outcome varies between the units, so no error can be estimated.",
                fix="Name outcomes that vary, or trim by a rule (Trim).",
            )
        for limit in tried[(tried > low) & (tried < tried.max())]:
            error = self._error(weight, weight * self._at(weight, float(limit), mass), before, V)
            if error < least:
                best, least = float(limit), error
        return best, least

    def _multiples(self, weight: FloatArray, mass: FloatArray | None) -> tuple[FloatArray, FloatArray]:
        """Give the weights that take part in multiples of the mean of their cell, and how often each counts."""
        _, code, w, m = self.trim.taking_part(weight, mass)
        return w / self._mean(weight, mass)[code], m

    def _mean(self, weight: FloatArray, mass: FloatArray | None) -> FloatArray:
        _, code, w, m = self.trim.taking_part(weight, mass)
        size = len(self.trim.names)
        number = np.bincount(code, weights=m, minlength=size)
        return np.divide(np.bincount(code, weights=m * w, minlength=size), number, out=np.ones(size), where=number > 0)

    def _at(self, weight: FloatArray, limit: float, mass: FloatArray | None) -> FloatArray:
        return self.trim.cut(weight, limit * self._mean(weight, mass), mass)

    def _means(self, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Means (K,) and their variances (K,)."""
        mean, t = self._totals(weight)
        return mean, self._covariance(t, t, weight)

    def _error(self, weight: FloatArray, trimmed: FloatArray, before: FloatArray, V: FloatArray) -> float:
        """Give the mean over the outcomes of ``MSE / V``."""
        mean, t = self._totals(trimmed)
        _, t0 = self._totals(weight)
        error = (mean - before) ** 2 - V + 2 * self._covariance(t, t0, weight)
        return float(np.mean(error[V > 0] / V[V > 0]))

    def _totals(self, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Means (K,) and the unit totals of their influence (K, P)."""
        means, totals = np.empty(len(self.y)), np.empty((len(self.y), len(self.stratum)))
        for k, y in enumerate(self.y):
            w = np.where(np.isnan(y), 0.0, weight)
            value = np.where(np.isnan(y), 0.0, y)
            means[k] = w @ value / w.sum()
            z = w * (value - means[k]) / w.sum()
            totals[k] = np.bincount(self.unit, weights=z, minlength=len(self.stratum))
        return means, totals

    def _covariance(self, a: FloatArray, b: FloatArray, weight: FloatArray) -> FloatArray:
        """Covariances (K,) of unit totals (K, P) within strata, units without weight left out."""
        here = np.bincount(self.unit, weights=weight, minlength=len(self.stratum)) > 0
        h, H = self.stratum[here], len(self.left)
        n = np.bincount(h, minlength=H)
        scale = self.left * np.divide(n, n - 1.0, out=np.zeros(H), where=n > 1)
        out = np.empty(len(a))
        for k in range(len(a)):
            ta, tb = (
                t - (np.bincount(h, weights=t, minlength=H) / np.maximum(n, 1))[h] for t in (a[k, here], b[k, here])
            )
            out[k] = float((scale[h] * ta) @ tb)
        return out
