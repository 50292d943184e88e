r"""How a sample is spread over strata.

With N_h units in stratum h, standard deviation S_h, cost c_h of an interview and size X_h, the sample is spread in proportion to

====================  =====================================================  =========================================
`EQUAL`               1
`PROPORTIONAL`        N_h
`NEYMAN`              N_h S_h                                                Neyman 1934, JRSS 97:558-625
`OPTIMUM`             N_h S_h / sqrt(c_h)                                    Cochran 1977, section 5.5
`power(a)`            X_h^a CV_h                                             Bankier 1988, Am. Stat. 42:174-177
`KISH`                sqrt(W_h^2 + 1 / H^2)                                  Kish 1976, JRSS A 139:80-95, with I = 1
====================  =====================================================  =========================================

within the limits of each stratum, in whole numbers. `NEYMAN` and `OPTIMUM` (in the number of interviews) are exact in whole numbers: units are
given one by one to the stratum where they lower the variance most (Wright 2012, Stat. Prob. Letters 82:1671-1675).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit.errors import DesignError, did_you_mean
from survey_kit.frames import to_pandas
from survey_kit.types import FloatArray, Frame, IntArray

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class Strata:
    """What is known of the strata (H,): units, standard deviations, costs, sizes, coefficients of variation."""

    N: FloatArray
    sd: FloatArray | None = None
    cost: FloatArray | None = None
    size: FloatArray | None = None
    cv: FloatArray | None = None

    def need(self, name: str, rule: str) -> FloatArray:
        """Give what a rule needs, or say that it lacks."""
        values = getattr(self, name)
        if values is None:
            raise DesignError(f"The allocation '{rule}' needs '{name}'.", fix=f"Name its column: {name}='...'.")
        return np.asarray(values, dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of allocation: what a stratum's sample is proportional to; `exact` rules are optimal in whole numbers."""

    name: str
    share: Callable[[Strata], FloatArray]
    exact: bool = False


EQUAL = Rule(name="equal", share=lambda s: np.ones_like(s.N))
PROPORTIONAL = Rule(name="proportional", share=lambda s: s.N)
NEYMAN = Rule(name="Neyman", share=lambda s: s.N * s.need("sd", "Neyman"), exact=True)
OPTIMUM = Rule(name="optimum", share=lambda s: s.N * s.need("sd", "optimum") / np.sqrt(s.need("cost", "optimum")))
KISH = Rule(name="Kish", share=lambda s: np.sqrt((s.N / s.N.sum()) ** 2 + 1 / len(s.N) ** 2))


def power(a: float = 0.5) -> Rule:
    """Give the power allocation of Bankier with exponent `a`: 0 makes every stratum equally precise, 1 is near Neyman's.

    Examples
    --------
    >>> power(0.5).name
    'power 0.5'
    """
    if not 0 <= a <= 1:
        raise DesignError(
            "The exponent of a power allocation lies between 0 and 1.", found=str(a), fix="Write power(0.5)."
        )
    return Rule(name=f"power {a:g}", share=lambda s: s.need("size", "power") ** a * s.need("cv", "power"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """A sample spread over strata.

    Attributes
    ----------
    table
        One row for each stratum: its keys, ``N``, ``n``, ``fraction`` n / N, ``weight`` N / n, and the limits that held it.
    rule
        The rule.
    """

    table: pd.DataFrame
    rule: str

    @property
    def n(self) -> int:
        """Give the size of the whole sample."""
        return int(self.table["n"].sum())

    @property
    def deff(self) -> float:
        """Give the design effect of unequal weights alone, 1 + cv^2 of the weights (Kish 1992, J. Off. Stat. 8:183-200)."""
        n, N = self.table["n"].to_numpy(dtype=np.float64), self.table["N"].to_numpy(dtype=np.float64)
        drawn = n > 0
        return float(n.sum() * (N[drawn] ** 2 / n[drawn]).sum() / N[drawn].sum() ** 2)

    def _repr_html_(self) -> str:
        head = f"<p><b>{self.n:,}</b> by the rule {self.rule}; design effect of the weights {self.deff:.3f}</p>"
        return head + str(self.table.to_html(index=False, max_rows=80))


def allocate(  # noqa: PLR0913  (what is known of the strata, and what the sample must keep to)
    strata: Frame,
    n: int,
    rule: Rule = PROPORTIONAL,
    *,
    N: str = "N",
    sd: str | None = None,
    cost: str | None = None,
    size: str | None = None,
    cv: str | None = None,
    minimum: int = 2,
    maximum: str | None = None,
    domain: str | None = None,
    domain_minimum: int = 0,
) -> Allocation:
    """Spread a sample over strata.

    Parameters
    ----------
    strata
        One row for each stratum.
    n
        The size of the whole sample.
    rule
        One of the rules of this module.
    N, sd, cost, size, cv
        Columns: units, standard deviation of what is measured, cost of an interview, size and coefficient of variation.
    minimum
        Fewest of each stratum (2, so that a variance can be estimated), or all its units where it has fewer.
    maximum
        Column with the most of each stratum; its units by default.
    domain, domain_minimum
        A column such as the region, and the fewest of each of its values: what lacks is taken from the other domains.

    Raises
    ------
    DesignError
        When the limits leave no such sample: the message says how many they need, or which stratum is at fault.

    Examples
    --------
    >>> import pandas as pd
    >>> strata = pd.DataFrame({"region": ["a", "b", "c"], "N": [1000, 500, 20], "sd": [1.0, 4.0, 2.0]})
    >>> allocate(strata, 100).table["n"].tolist(), allocate(strata, 100, NEYMAN, sd="sd").table["n"].tolist()
    ([65, 33, 2], [33, 65, 2])
    """
    frame = to_pandas(strata).reset_index(drop=True)
    named = {"N": N, "sd": sd, "cost": cost, "size": size, "cv": cv}
    values = {key: _positive(frame, name) for key, name in named.items() if name is not None}
    known = Strata(**values)
    low = np.minimum(float(minimum), known.N)
    high = known.N if maximum is None else np.minimum(_positive(frame, maximum), known.N)
    low = np.minimum(low, high)
    groups = _domains(frame, domain)
    low = _raised(low, high, groups, domain_minimum, rule.share(known), frame, domain)
    if not low.sum() <= n <= high.sum():
        found = f"n = {n}; the limits allow {int(low.sum())} to {int(high.sum())}"
        raise DesignError(
            "The sample does not fit the limits of the strata.", found=found, fix="Change n or the limits."
        )
    spread = _exact if rule.exact else _rounded
    out = spread(rule.share(known), n, low, high)
    table = frame.assign(N=known.N, n=out, fraction=out / known.N, weight=known.N / np.where(out > 0, out, np.nan))
    table["held_by"] = np.where(out >= high, "maximum", np.where(out <= low, "minimum", ""))
    return Allocation(table=table, rule=rule.name)


def _exact(share: FloatArray, n: int, low: FloatArray, high: FloatArray) -> IntArray:
    """Give units one by one to the stratum where the next lowers the variance most: share^2 / (m (m + 1))."""
    out = np.ceil(low).astype(np.int64)
    first = np.maximum(out, 1)
    heap = [
        (-(share[h] ** 2) / (first[h] * (first[h] + 1)), h) for h in range(len(out)) if out[h] < high[h] and out[h] > 0
    ]
    heap += [(-np.inf, h) for h in range(len(out)) if out[h] == 0 and high[h] >= 1]
    heapq.heapify(heap)
    for _ in range(n - int(out.sum())):
        _, h = heapq.heappop(heap)
        out[h] += 1
        if out[h] < high[h]:
            heapq.heappush(heap, (-(share[h] ** 2) / (out[h] * (out[h] + 1)), h))
    return out


def _rounded(share: FloatArray, n: int, low: FloatArray, high: FloatArray) -> IntArray:
    """Find the factor at which shares within their limits add up to n, then round by the largest remainders."""
    from scipy.optimize import brentq

    def over(log_factor: float) -> float:
        return float(np.clip(np.exp(log_factor) * share, low, high).sum() - n)

    start, end = np.log(np.maximum(low, 1e-12) / share).min() - 1, np.log(high / share).max() + 1
    exact = (
        np.clip(np.exp(brentq(over, float(start), float(end), xtol=1e-14)) * share, low, high)
        if low.sum() < n < high.sum()
        else (low if low.sum() >= n else high)
    )
    out = np.floor(exact + 1e-9).astype(np.int64)
    out = np.maximum(out, np.ceil(low).astype(np.int64))
    rest = exact - out
    for h in np.argsort(-rest, kind="stable"):
        if out.sum() >= n:
            break
        if out[h] + 1 <= high[h]:
            out[h] += 1
    return out


def _raised(
    low: FloatArray,
    high: FloatArray,
    groups: list[IntArray],
    least: int,
    share: FloatArray,
    frame: Any,
    domain: str | None,
) -> FloatArray:
    """Raise the lower limits of domains that would not reach their fewest, in proportion within the domain."""
    out = low.copy()
    for group in groups:
        if out[group].sum() >= least:
            continue
        if high[group].sum() < least:
            name = frame[domain].iloc[group[0]] if domain else ""
            found = f"{int(high[group].sum())} units, {least} wanted"
            raise DesignError(f"The domain '{name}' is smaller than its least sample.", found=found, fix="Lower it.")
        out[group] = _rounded(share[group], least, out[group], high[group])
    return out


def _domains(frame: pd.DataFrame, domain: str | None) -> list[IntArray]:
    if domain is None:
        return []
    if domain not in frame:
        raise DesignError(f"There is no column '{domain}'.", fix=did_you_mean(domain, list(map(str, frame.columns))))
    codes, _ = frame[domain].factorize()
    return [np.flatnonzero(codes == code) for code in np.unique(codes)]


def _positive(frame: pd.DataFrame, name: str) -> FloatArray:
    if name not in frame:
        raise DesignError(f"There is no column '{name}'.", fix=did_you_mean(name, list(map(str, frame.columns))))
    values = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = ~(np.isfinite(values) & (values > 0))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise DesignError(
            f"'{name}' is positive in every stratum.",
            where=f"row {row + 1}",
            found=str(values[row]),
            fix="Correct it, or join the stratum.",
        )
    return np.asarray(values)
