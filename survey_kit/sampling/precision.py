r"""How large a sample has to be, and what a sample of a given size can show.

A `Measure` says how much one interview tells about a figure: its variance per interview of the whole sample. Everything else follows from it,

.. math:: V(\hat\theta) = \frac{\sigma^2}{n} \, deff \, \Bigl(1 - \frac nN\Bigr), \qquad
          V(\hat\theta_2 - \hat\theta_1) = \frac{2 \sigma^2}{n} \, deff \, (1 - P \rho)

for a figure, and for its change between two waves of n interviews that share a part P of their respondents or sampling points, with
correlation :math:`\rho` between what the shared part says (Kish 1965, Survey Sampling, section 12.4; Cochran 1977, section 12.11).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from survey_kit import checks
from survey_kit.errors import DesignError

Base: TypeAlias = float | Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A figure to be estimated, and what one interview tells about it.

    Attributes
    ----------
    name
        What it is, for tables.
    value
        The value one expects: a share from 0 to 1, or a mean.
    unit_variance
        Its variance in a simple random sample, times the number of interviews of the whole sample.
    """

    name: str
    value: float
    unit_variance: float


def share(p: float, *, base: Base = 1.0, name: str = "share") -> Measure:
    """Describe a share `p` among a part `base` of the sample, such as bribery among those with contact.

    `base` may be several parts, one for each filter: ``(0.77, 0.4)`` for those 40 % of the 77 % with contact who met a court.

    Examples
    --------
    >>> round(share(0.13, base=0.77).unit_variance, 4), round(share(0.13, base=(0.77, 0.4)).unit_variance, 4)
    (0.1469, 0.3672)
    """
    _between("share", p, 0, 1)
    return Measure(name=name, value=p, unit_variance=p * (1 - p) / _base(base))


def average(mean: float, sd: float, *, base: Base = 1.0, name: str = "mean") -> Measure:
    """Describe a mean with standard deviation `sd` among a part `base` of the sample."""
    part = _base(base)
    if not sd > 0:
        raise DesignError("A standard deviation is positive.", found=str(sd), fix="Take it from the last wave.")
    return Measure(name=name, value=mean, unit_variance=sd**2 / part)


def list_experiment(
    p: float, *, control_variance: float, treated: float = 0.5, base: Base = 1.0, name: str = "list experiment"
) -> Measure:
    r"""Describe a list experiment: the mean count of the treated less that of the control group.

    .. math:: \sigma^2 = \frac{V_c + p (1 - p)}{q} + \frac{V_c}{1 - q}

    with :math:`V_c` the variance of the number of innocuous items that apply and q the part treated, where the sensitive answer does not
    depend on the others (Blair & Imai 2012, Political Analysis 20:47-77).

    Examples
    --------
    >>> round(list_experiment(0.13, control_variance=0.6).unit_variance, 3)
    2.626
    """
    _between("share", p, 0, 1)
    _between("treated part", treated, 0, 1, inside=True)
    part = _base(base)
    variance = (control_variance + p * (1 - p)) / treated + control_variance / (1 - treated)
    return Measure(name=name, value=p, unit_variance=variance / part)


def crosswise(p: float, *, known: float, base: Base = 1.0, name: str = "crosswise") -> Measure:
    r"""Describe a crosswise question with an unrelated statement of `known` prevalence.

    .. math:: \lambda = p \pi + (1 - p)(1 - \pi), \qquad \sigma^2 = \frac{\lambda (1 - \lambda)}{(2 \pi - 1)^2}

    (Yu, Tian & Tang 2008, Metrika 67:251-263, with :math:`\pi` the known prevalence.)

    Examples
    --------
    >>> round(crosswise(0.13, known=0.25).unit_variance, 3)
    0.863
    """
    _between("share", p, 0, 1)
    _between("known prevalence", known, 0, 1, inside=True)
    part = _base(base)
    if abs(known - 0.5) < 1e-9:
        raise DesignError(
            "A known prevalence of one half tells nothing.", fix="Choose one away from 0.5, such as 0.15."
        )
    chance = p * known + (1 - p) * (1 - known)
    return Measure(name=name, value=p, unit_variance=chance * (1 - chance) / (2 * known - 1) ** 2 / part)


def forced_response(p: float, *, truth: float, yes: float, base: Base = 1.0, name: str = "forced response") -> Measure:
    r"""Describe a forced response: with chance `truth` the respondent answers truly, with chance `yes` says yes whatever is true.

    .. math:: \lambda = p_t p + p_y, \qquad \sigma^2 = \frac{\lambda (1 - \lambda)}{p_t^2}

    (Boruch 1971; Blair, Imai & Zhou 2015, JASA 110:1304-1319.)
    """
    _between("share", p, 0, 1)
    _between("chance of the truth", truth, 0, 1, inside=True)
    _between("chance of a forced yes", yes, 0, 1 - truth)
    part = _base(base)
    chance = truth * p + yes
    return Measure(name=name, value=p, unit_variance=chance * (1 - chance) / truth**2 / part)


def planned_se(measure: Measure, n: float, *, deff: float = 1.0, population: float | None = None) -> float:
    """Give the standard error that `n` interviews will have.

    Examples
    --------
    Bribery among those with contact, as planned for 2,000 interviews:

    >>> round(100 * planned_se(share(0.13, base=0.77), 2000, deff=1.6), 2)
    1.08
    """
    _sample(n, deff)
    rest = 1.0 if population is None else max(1 - n / population, 0.0)
    return math.sqrt(measure.unit_variance / n * deff * rest)


def sample_size(
    measure: Measure,
    *,
    se: float | None = None,
    margin: float | None = None,
    cv: float | None = None,
    deff: float = 1.0,
    population: float | None = None,
    response: float = 1.0,
    level: float = 0.95,
) -> SampleSize:
    """Give the interviews, and the cases to draw, for a wanted precision: a standard error, a margin or a coefficient of variation.

    Parameters
    ----------
    se, margin, cv
        One of them: the standard error; half the width of the interval at `level`; standard error over value.
    deff
        Design effect of weights and clusters.
    population
        Its size, where the sample will be a good part of it.
    response
        The share of drawn cases that end in an interview.

    Raises
    ------
    DesignError
        When not one precision is given, or a number is impossible.

    Examples
    --------
    >>> sample_size(share(0.5), margin=0.03, deff=1.5, response=0.6).cases
    2669
    """
    checks.level(level)
    _between("response rate", response, 0, 1)
    wanted = [
        one
        for one in (
            se,
            None if margin is None else margin / _z((1 + level) / 2),
            None if cv is None else cv * abs(measure.value),
        )
        if one is not None
    ]
    if len(wanted) != 1 or not wanted[0] > 0 or not response > 0:
        raise DesignError(
            "Give one wanted precision, above zero.",
            found=f"se={se}, margin={margin}, cv={cv}",
            fix="Write margin=0.03.",
        )
    free = measure.unit_variance * deff / wanted[0] ** 2
    n = free if population is None else free / (1 + free / population)
    return SampleSize.of(n, response)


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSize:
    """Interviews that are needed, and cases to draw for them."""

    interviews: int
    cases: int

    @classmethod
    def of(cls, n: float, response: float) -> SampleSize:
        """Round up both."""
        interviews = math.ceil(n - 1e-9)
        return cls(interviews=interviews, cases=math.ceil(interviews / response - 1e-9))


def change_se(
    measure: Measure,
    n: float,
    *,
    deff: float = 1.0,
    overlap: float = 0.0,
    correlation: float = 0.0,
    n_later: float | None = None,
    population: float | None = None,
) -> float:
    r"""Give the standard error of the change between two waves of `n` (and `n_later`) interviews.

    .. math:: V = \sigma^2 deff \Bigl[\frac1n + \frac1{n'} - \frac2N
              - 2 \rho \Bigl(\frac{m}{n n'} - \frac1N\Bigr)\Bigr]

    with m interviews in both waves and the same N people in both (Qualite & Tille 2008, Survey Methodology 34, 173-181); N infinite
    unless `population` is given. `overlap` is the part of the smaller wave whose respondents, or sampling points, were in the other
    too, and `correlation` that between their answers; for shared sampling points it is the correlation of point means.

    Examples
    --------
    >>> round(100 * change_se(share(0.6), 2000, deff=1.6), 2)
    1.96
    >>> round(100 * change_se(share(0.6), 2000, deff=1.6, overlap=0.5, correlation=0.6), 2)
    1.64
    """
    _sample(n, deff)
    _between("overlap", overlap, 0, 1)
    _between("correlation", correlation, -1, 1)
    later = n if n_later is None else n_later
    _sample(later, deff)
    shared = overlap * min(n, later)
    rest = 0.0 if population is None else 1 / population
    if rest * max(n, later) > 1:
        found = f"{max(n, later):g} interviews, population {population:g}"
        raise DesignError("A sample is at most its population.", found=found, fix="Correct one of them.")
    variance = 1 / n + 1 / later - 2 * rest - 2 * correlation * (shared / (n * later) - rest)
    return math.sqrt(max(measure.unit_variance * deff * variance, 0.0))


def detectable_change(
    measure: Measure,
    n: float,
    *,
    deff: float = 1.0,
    overlap: float = 0.0,
    correlation: float = 0.0,
    power: float = 0.8,
    level: float = 0.95,
    comparisons: int = 1,
    n_later: float | None = None,
    population: float | None = None,
) -> float:
    """Give the smallest change between two waves that a test at `level` finds with `power`.

    With several `comparisons` the test of each is that of Bonferroni.

    Examples
    --------
    >>> round(100 * detectable_change(share(0.13, base=0.77), 2000, deff=1.6), 1)
    4.3
    >>> round(100 * detectable_change(share(0.6), 2000, deff=1.6), 1)
    5.5
    """
    same = {"deff": deff, "overlap": overlap, "correlation": correlation}
    se = change_se(measure, n, **same, n_later=n_later, population=population)
    return _reach(power, level, comparisons) * se


def sample_size_for_change(
    measure: Measure,
    change: float,
    *,
    deff: float = 1.0,
    overlap: float = 0.0,
    correlation: float = 0.0,
    power: float = 0.8,
    level: float = 0.95,
    comparisons: int = 1,
    response: float = 1.0,
) -> SampleSize:
    """Give the interviews of each of two equal waves that find a `change` with `power`.

    Examples
    --------
    >>> sample_size_for_change(share(0.6), 0.03, deff=1.6).interviews
    6698
    """
    if not abs(change) > 0:
        raise DesignError(
            "A change to be found is not zero.", fix="Give the smallest change that matters, such as 0.03."
        )
    _between("response rate", response, 0, 1)
    one = change_se(measure, 1, deff=deff, overlap=overlap, correlation=correlation)
    return SampleSize.of((_reach(power, level, comparisons) * one / change) ** 2, response)


def detectable_difference(
    one: Measure,
    other: Measure,
    n: tuple[float, float],
    *,
    deff: float = 1.0,
    power: float = 0.8,
    level: float = 0.95,
    comparisons: int = 1,
) -> float:
    """Give the smallest difference between two groups, of n[0] and n[1] interviews, that a test finds with `power`."""
    for size in n:
        _sample(size, deff)
    variance = one.unit_variance / n[0] + other.unit_variance / n[1]
    return _reach(power, level, comparisons) * math.sqrt(variance * deff)


def _reach(power: float, level: float, comparisons: int) -> float:
    """Give z of the test plus z of the power."""
    checks.level(level)
    _between("power", power, 0, 1, inside=True)
    if comparisons < 1:
        raise DesignError("There is at least one comparison.", found=str(comparisons), fix="Write comparisons=1.")
    return _z(1 - (1 - level) / (2 * comparisons)) + _z(power)


def _z(p: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(p)


def _between(what: str, value: float, low: float, high: float, *, inside: bool = False) -> None:
    fine = low < value < high if inside else low <= value <= high
    if not fine:
        raise DesignError(f"The {what} lies between {low:g} and {high:g}.", found=str(value), fix="Correct it.")


def _base(base: Base) -> float:
    """Multiply the parts that filters leave."""
    parts = (base,) if isinstance(base, (int, float)) else tuple(base)
    for part in parts:
        if not isinstance(part, (int, float)) or not 0 < part <= 1:
            raise DesignError(
                "A base is a part of the sample, above 0 and at most 1.",
                found=checks.shown(part),
                fix="Write base=0.77.",
            )
    return math.prod(parts)


def _sample(n: float, deff: float) -> None:
    if not n > 0 or not deff > 0:
        raise DesignError(
            "Interviews and design effect are positive.", found=f"n={n:g}, deff={deff:g}", fix="Correct them."
        )
