r"""What a cluster sample costs, and how many interviews of each sampling unit make the most of the money.

With cost :math:`c_1` of a sampling unit (travel, listing, permission), :math:`c_2` of an interview, m interviews of each unit and
homogeneity :math:`\rho` within units,

.. math:: C = c_0 + n_1 (c_1 + m c_2), \qquad V = \frac{\sigma^2}{n_1 m} \, (1 + (m - 1) \rho) \, deff_w

so that cost times variance is least for (Hansen, Hurwitz & Madow 1953, vol. 1, ch. 6; Kish 1965, section 8.3; Cochran 1977, section 10.6)

.. math:: m^* = \sqrt{\frac{c_1}{c_2} \, \frac{1 - \rho}{\rho}}
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from survey_kit import checks
from survey_kit.errors import DesignError
from survey_kit.sampling.precision import Measure

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Costs of a survey in one currency.

    Attributes
    ----------
    per_psu
        Of one sampling unit: travel, listing, permission.
    per_interview
        Of one interview, with the attempts it takes.
    fixed
        Whatever the size.

    Raises
    ------
    DesignError
        If a cost is no number, or one that has to be positive is not.
    """

    per_psu: float
    per_interview: float
    fixed: float = 0.0

    def __post_init__(self) -> None:
        for name in ("per_psu", "per_interview", "fixed"):
            value = checks.number(getattr(self, name), name, "Give a cost.", DesignError)
            if value < 0 or (name != "fixed" and value == 0):
                raise DesignError(f"The cost '{name}' is positive.", found=f"{value:g}", fix="Correct it.")

    def total(self, psus: float, interviews: float) -> float:
        """Give the cost of a sample."""
        return self.fixed + psus * self.per_psu + interviews * self.per_interview


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterPlan:
    """Sampling units and interviews that reach a precision or use up a budget.

    Attributes
    ----------
    per_psu
        Interviews of each sampling unit.
    psus, interviews
        How many in all.
    deff
        Design effect of clusters and weights.
    se
        Standard error.
    cost
        Cost.
    """

    per_psu: int
    psus: int
    interviews: int
    deff: float
    se: float
    cost: float


def optimum_cluster(costs: Costs, rho: float) -> float:
    r"""Give the best number of interviews of each sampling unit, :math:`m^*`; at least 1, infinite where rho is not positive.

    Examples
    --------
    >>> round(optimum_cluster(Costs(per_psu=300, per_interview=20), rho=0.05), 1)
    16.9
    """
    _rho(rho)
    if rho <= 0:
        return math.inf
    return max(math.sqrt(costs.per_psu / costs.per_interview * (1 - rho) / rho), 1.0)


def cluster_plan(
    measure: Measure,
    costs: Costs,
    *,
    rho: float,
    se: float | None = None,
    budget: float | None = None,
    per_psu: int | None = None,
    deff_weights: float = 1.0,
    most: int = 1000,
) -> ClusterPlan:
    """Give the cheapest sample with a wanted standard error, or the most precise one for a budget.

    Parameters
    ----------
    measure
        What is estimated: :func:`survey_kit.sampling.share`, :func:`~survey_kit.sampling.average` ...
    costs
        The costs.
    rho
        Homogeneity within sampling units, such as :func:`survey_kit.models.variance_components` gives for past waves.
    se, budget
        One of them: the standard error wanted, or the money there is.
    per_psu
        Interviews of each sampling unit; by default the best whole number.
    deff_weights
        Design effect of unequal weights.
    most
        Largest number of interviews of a unit, where `rho` is so small that the best is larger.

    Raises
    ------
    DesignError
        When not one of se and budget is given, or the budget does not pay two sampling units.

    Examples
    --------
    >>> from survey_kit.sampling.precision import share
    >>> plan = cluster_plan(share(0.5), Costs(per_psu=300, per_interview=20), rho=0.05, se=0.015)
    >>> plan.per_psu, plan.psus, plan.interviews, plan.cost, round(plan.se, 4)
    (17, 118, 2006, 75520.0, 0.015)
    """
    _rho(rho)
    _wanted(se, budget)
    if not deff_weights >= 1:
        raise DesignError("The design effect of weights is at least 1.", found=f"{deff_weights:g}", fix="Correct it.")
    m = (
        _whole(costs, rho, most)
        if per_psu is None
        else int(checks.number(per_psu, "per_psu", "Give a number.", DesignError))
    )
    if m < 1:
        raise DesignError("A sampling unit gives at least one interview.", found=str(m), fix="Write per_psu=10.")
    deff = (1 + (m - 1) * rho) * deff_weights
    if deff <= 0:
        raise DesignError(
            "With so negative a homogeneity the design effect is not positive.",
            found=f"rho={rho:g}, m={m}",
            fix="Use rho=0.",
        )
    if se is not None:
        psus = math.ceil(measure.unit_variance * deff / se**2 / m - 1e-9)
    else:
        psus = math.floor(((budget or 0.0) - costs.fixed) / (costs.per_psu + m * costs.per_interview) + 1e-9)
        if psus < 2:
            least = costs.total(2, 2 * m)
            found = f"{budget:g}; two units with {m} interviews each cost {least:g}"
            raise DesignError(
                "The budget does not pay two sampling units.", found=found, fix="Raise it, or lower per_psu."
            )
    psus = max(psus, 2)
    reached = math.sqrt(measure.unit_variance * deff / (psus * m))
    return ClusterPlan(
        per_psu=m, psus=psus, interviews=psus * m, deff=deff, se=reached, cost=costs.total(psus, psus * m)
    )


def cost_curve(
    measure: Measure,
    costs: Costs,
    *,
    rho: float | Iterable[float],
    sizes: Iterable[int] = (2, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40),
    se: float | None = None,
    budget: float | None = None,
    deff_weights: float = 1.0,
) -> pd.DataFrame:
    """Give cost and precision for several numbers of interviews per sampling unit: the data of a figure.

    Returns
    -------
    pandas.DataFrame
        ``rho per_psu psus interviews deff se cost efficiency``, the last being the least cost times variance for that rho over
        that of the row: 1 at the optimum, and flat around it.

    Examples
    --------
    >>> from survey_kit.sampling.precision import share
    >>> money = Costs(per_psu=300, per_interview=20)
    >>> cost_curve(share(0.5), money, rho=0.05, sizes=(5, 10, 20, 40), se=0.015)["efficiency"].round(2).tolist()
    [0.71, 0.93, 0.99, 0.84]
    """
    import pandas as pd

    _wanted(se, budget)
    several = [rho] if isinstance(rho, (int, float)) else list(rho)
    listed = list(sizes)
    rows = []
    for one in several:
        _rho(one)
        alike = max(one, 0.0)
        best = _product(costs, alike, min(optimum_cluster(costs, one), 1e6))
        for m in listed:
            made = cluster_plan(measure, costs, rho=one, se=se, budget=budget, per_psu=m, deff_weights=deff_weights)
            efficiency = best / _product(costs, alike, m)
            rows.append((one, m, made.psus, made.interviews, made.deff, made.se, made.cost, efficiency))
    names = ["rho", "per_psu", "psus", "interviews", "deff", "se", "cost", "efficiency"]
    return pd.DataFrame(rows, columns=names)


def _product(costs: Costs, rho: float, m: float) -> float:
    """Give what cost times variance is proportional to."""
    return (costs.per_psu / m + costs.per_interview) * (1 + (m - 1) * rho)


def _whole(costs: Costs, rho: float, most: int) -> int:
    """Give the best whole number of interviews per unit."""
    m = min(optimum_cluster(costs, rho), float(most))
    return min((max(math.floor(m), 1), math.ceil(m)), key=lambda one: _product(costs, rho, one))


def _rho(rho: float) -> None:
    if not isinstance(rho, (int, float)) or not -1 < rho < 1:
        raise DesignError("The homogeneity rho lies between -1 and 1.", found=checks.shown(rho), fix="Write rho=0.05.")


def _wanted(se: float | None, budget: float | None) -> None:
    given = [one for one in (se, budget) if one is not None]
    if len(given) != 1 or not given[0] > 0:
        found = f"se={se}, budget={budget}"
        raise DesignError("Give a wanted standard error or a budget, above zero.", found=found, fix="Write se=0.015.")
