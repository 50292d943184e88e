r"""The cheapest sample that reaches several precisions at once, for many indicators and domains (Bethel 1989; Chromy 1987).

Minimise :math:`\sum_h c_h n_h` subject to

.. math:: \sum_{h \in d} \frac{N_h^2 S_{hj}^2}{n_h} - \sum_{h \in d} N_h S_{hj}^2 \le V_{dj}^*

for every indicator j and domain d with a target, and to the limits of each stratum. The problem is convex in :math:`n_h`; its dual has one
price for each target, and at given prices :math:`n_h = \sqrt{\sum_j \lambda_j a_{jh} / c_h}`, so the prices are found by a bounded quasi-Newton
method (L-BFGS-B) and the whole numbers by taking away what no target needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit.errors import DesignError, did_you_mean
from survey_kit.frames import to_pandas
from survey_kit.sampling.allocate import Allocation, _positive
from survey_kit.types import FloatArray, Frame, IntArray

if TYPE_CHECKING:
    import pandas as pd

GAP = 1e-9  # relative, between the cost of a sample that meets every target and the bound that proves it least
MOST_STEPS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A precision that has to be reached: the standard error of an indicator's mean in a domain.

    Attributes
    ----------
    indicator
        The column with its standard deviations by stratum.
    se
        The standard error wanted.
    domain, value
        The column and value of the domain; None for the whole population.
    """

    indicator: str
    se: float
    domain: str | None = None
    value: Any = None

    @property
    def told(self) -> str:
        """Name the target."""
        where = "" if self.domain is None else f" in {self.domain} {self.value}"
        return f"{self.indicator}{where}: standard error {self.se:g}"


def targets(indicators: Mapping[str, float], strata: Frame, domain: str) -> tuple[Target, ...]:
    """Give the same precision for every value of a domain.

    Examples
    --------
    >>> import pandas as pd
    >>> [one.told for one in targets({"sd": 0.02}, pd.DataFrame({"region": ["a", "b"]}), "region")]
    ['sd in region a: standard error 0.02', 'sd in region b: standard error 0.02']
    """
    values = list(dict.fromkeys(to_pandas(strata)[domain]))
    return tuple(
        Target(indicator=name, se=se, domain=domain, value=value) for name, se in indicators.items() for value in values
    )


def bethel(
    strata: Frame,
    wanted: tuple[Target, ...],
    *,
    N: str = "N",
    cost: str | None = None,
    deff: float = 1.0,
    minimum: int = 2,
    maximum: str | None = None,
) -> Allocation:
    """Find the cheapest sample that reaches every target.

    Parameters
    ----------
    strata
        One row for each stratum: units, standard deviations of the indicators, cost, domains.
    wanted
        The targets.
    N, cost
        Columns: units of the stratum; cost of an interview (equal by default).
    deff
        Design effect of clusters and later weighting: variances are that much larger.
    minimum, maximum
        Fewest of each stratum; column with the most (its units by default).

    Returns
    -------
    Allocation
        ``table`` with n by stratum; :func:`reached` says what it gives each target.

    Raises
    ------
    DesignError
        When a target cannot be reached with all units that may be drawn: the message names it and what is reachable.

    Notes
    -----
    Bethel (1989), Survey Methodology 15:47-57; Chromy (1987), Proceedings of the ASA Survey Research Section 194-199.

    Examples
    --------
    One target alone is Neyman's allocation:

    >>> import pandas as pd
    >>> strata = pd.DataFrame({"N": [1000, 500], "sd": [1.0, 4.0]})
    >>> bethel(strata, (Target(indicator="sd", se=0.2),)).table["n"].tolist()
    [30, 61]
    """
    frame = to_pandas(strata).reset_index(drop=True)
    units = _positive(frame, N)
    costs = np.ones(len(units)) if cost is None else _positive(frame, cost)
    high = units if maximum is None else np.minimum(_positive(frame, maximum), units)
    low = np.minimum(float(minimum), high)
    a = _coefficients(frame, wanted, units, deff)
    _reachable(a, wanted, high)
    n = _whole(_solve(a, costs, low, high), a, costs, low, high)
    table = frame.assign(N=units, n=n, fraction=n / units, weight=units / np.where(n > 0, n, np.nan))
    table["held_by"] = np.where(n >= high, "maximum", np.where(n <= low, "minimum", ""))
    return Allocation(table=table, rule=f"Bethel, {len(wanted)} targets")


def reached(allocation: Allocation, wanted: tuple[Target, ...], *, N: str = "N", deff: float = 1.0) -> pd.DataFrame:
    """Give for each target the standard error that an allocation reaches; ``binding`` where it is within 1 % of what was wanted.

    Examples
    --------
    >>> import pandas as pd
    >>> goal = (Target(indicator="sd", se=0.2),)
    >>> reached(bethel(pd.DataFrame({"N": [1000, 500], "sd": [1.0, 4.0]}), goal), goal)["se"].round(3).tolist()
    [0.2]
    """
    import pandas as pd

    units = _positive(allocation.table, N)
    a = _coefficients(allocation.table, wanted, units, deff)
    used = (a / allocation.table["n"].to_numpy(dtype=np.float64)).sum(axis=1)
    rows = []
    for one, ratio in zip(wanted, used, strict=True):
        inside, S, total = _domain(allocation.table, one, units)
        fixed = deff * (units[inside] * S[inside] ** 2).sum() / total**2
        se = float(np.sqrt(max(ratio * (one.se**2 + fixed) - fixed, 0.0)))
        rows.append((one.indicator, one.domain, one.value, one.se, se, se >= 0.99 * one.se))
    return pd.DataFrame(rows, columns=["indicator", "domain", "value", "wanted", "se", "binding"])


def _coefficients(frame: pd.DataFrame, wanted: tuple[Target, ...], units: FloatArray, deff: float) -> FloatArray:
    """Give a (J, H) with the targets written as sum_h a_jh / n_h <= 1."""
    if not wanted:
        raise DesignError("There is no target.", fix="Give at least one Target(indicator=..., se=...).")
    rows = []
    for one in wanted:
        if not one.se > 0:
            raise DesignError("A wanted standard error is positive.", found=one.told, fix="Correct it.")
        inside, S, total = _domain(frame, one, units)
        variance = one.se**2 + deff * (units[inside] * S[inside] ** 2).sum() / total**2
        rows.append(np.where(inside, deff * (units * S) ** 2 / total**2, 0.0) / variance)
    return np.array(rows)


def _domain(frame: pd.DataFrame, one: Target, units: FloatArray) -> tuple[Any, FloatArray, float]:
    for name in (one.indicator, *([one.domain] if one.domain else [])):
        if name not in frame:
            raise DesignError(f"There is no column '{name}'.", fix=did_you_mean(name, list(map(str, frame.columns))))
    inside = np.ones(len(units), dtype=bool) if one.domain is None else (frame[one.domain] == one.value).to_numpy()
    if not inside.any():
        known = did_you_mean(str(one.value), list(map(str, frame[one.domain].unique())))
        raise DesignError("A target's domain has no stratum.", found=one.told, fix=known)
    S = frame[one.indicator].to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = inside & ~(np.isfinite(S) & (S >= 0))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise DesignError(f"'{one.indicator}' is no standard deviation.", where=f"row {row + 1}", found=str(S[row]))
    return inside, S, float(units[inside].sum())


def _reachable(a: FloatArray, wanted: tuple[Target, ...], high: FloatArray) -> None:
    best = (a / high).sum(axis=1)
    missed = np.flatnonzero(best > 1 + 1e-12)
    if len(missed):
        worst = int(missed[np.argmax(best[missed])])
        found = f"{wanted[worst].told}; {len(missed)} of {len(wanted)} targets"
        fix = f"Even all units that may be drawn need {best[worst]:.2f} times their number. Raise the standard error or the most."
        raise DesignError("A target cannot be reached.", found=found, fix=fix)


def _solve(a: FloatArray, c: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """Find the real-valued optimum through the prices of the targets; the gap to its dual proves it.

    A target's price is multiplied by the square of how far it is missed (Chromy 1987, eq. 5), until the cost of a sample that meets every
    target and the lower bound that the prices give are one.
    """
    start = float(np.sqrt(c * a.max(axis=0)).sum()) ** 2 / len(a) / len(c)
    prices = np.full(len(a), start)
    n = high
    for _ in range(MOST_STEPS):
        free = np.clip(np.sqrt(prices @ a / c), low, high)
        used = (a / free).sum(axis=1)
        n = np.minimum(free * max(float(used.max()), 1.0), high)
        bound = float(c @ free + prices @ (used - 1))
        if float(c @ n) - bound <= GAP * float(c @ n) and (a / n).sum(axis=1).max() <= 1 + GAP:
            return n
        prices = prices * used**2
    return _descend(a, c, low, high, prices)


def _descend(a: FloatArray, c: FloatArray, low: FloatArray, high: FloatArray, prices: FloatArray) -> FloatArray:
    """Go on from the prices where multiplying them is too slow: a bounded quasi-Newton method on the dual."""
    from scipy.optimize import minimize

    scale = float(c.sum())

    def dual(price: FloatArray) -> tuple[float, FloatArray]:
        n = np.clip(np.sqrt(price @ a / c), low, high)
        slack = (a / n).sum(axis=1) - 1
        return -float(c @ n + price @ slack) / scale, -slack / scale

    limits = [(0.0, None)] * len(a)
    found = minimize(dual, prices, jac=True, method="L-BFGS-B", bounds=limits, options={"maxiter": 5000, "ftol": 1e-15})
    n = np.clip(np.sqrt(found.x @ a / c), low, high)
    for _ in range(200):  # strata at their most cannot take their part of what is missed
        over = float((a / n).sum(axis=1).max())
        if over <= 1 + GAP:
            break
        n = np.minimum(n * over, high)
    return np.asarray(n)


def _whole(n: FloatArray, a: FloatArray, c: FloatArray, low: FloatArray, high: FloatArray) -> IntArray:
    """Round up to whole numbers that meet every target, then take away units that none of them needs, dearest first."""
    out = np.minimum(np.ceil(n - 1e-9), np.floor(high + 1e-9)).astype(np.int64)
    while ((a / out).sum(axis=1) > 1 + 1e-12).any():
        short = (a / out).sum(axis=1) > 1 + 1e-12
        gain = np.where(out < high, (a[short] / (out * (out + 1.0))).sum(axis=0) / c, -1.0)
        if gain.max() <= 0:
            break
        out[int(np.argmax(gain))] += 1
    used = (a / out).sum(axis=1)
    for h in sorted(range(len(out)), key=lambda h: -c[h]):
        while out[h] - 1 >= max(low[h], 1) and (used + a[:, h] * (1 / (out[h] - 1) - 1 / out[h]) <= 1 + 1e-12).all():
            used += a[:, h] * (1 / (out[h] - 1) - 1 / out[h])
            out[h] -= 1
    return out
