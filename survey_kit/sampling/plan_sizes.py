r"""How many units a stage draws: a number, a mapping, a column, a rate, a rule of allocation, or precisions to be reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit import checks, frames
from survey_kit.errors import DesignError, did_you_mean
from survey_kit.sampling.allocate import (
    EQUAL,
    KISH,
    NEYMAN,
    OPTIMUM,
    PROPORTIONAL,
    Allocation,
    Rule,
    _exact,
    _rounded,
    allocate,
    power,
)
from survey_kit.sampling.allocate import Strata as Known
from survey_kit.sampling.bethel import Target, bethel, targets
from survey_kit.sampling.select_inputs import Strata
from survey_kit.types import FloatArray, Frame

if TYPE_CHECKING:
    import pandas as pd

RULES: dict[str, Rule] = {
    "equal": EQUAL,
    "proportional": PROPORTIONAL,
    "neyman": NEYMAN,
    "optimum": OPTIMUM,
    "kish": KISH,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    r"""An overall sampling fraction: every unit of the population is to have the same chance.

    A stratum, or a unit of the stage above with probability :math:`\pi_i` and :math:`N_i` listed units, gives
    :math:`n_i = f N_i / \pi_i` units, rounded, at least one (Kish 1965, Survey Sampling, section 7.2). Rounding makes weights differ a
    little; `PlanDraw.weights` says how much.

    Attributes
    ----------
    rate
        The fraction f, above 0 and at most 1.
    """

    rate: float

    def __post_init__(self) -> None:
        value = checks.number(self.rate, "rate", "Write rate: 0.001.", DesignError)
        if not 0 < value <= 1:
            raise DesignError("A rate lies above 0 and at most at 1.", found=f"{value:g}", fix="Write rate: 0.001.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A total that a rule spreads over the strata, or first over the groups of `by` and then proportionally within each.

    Attributes
    ----------
    rule
        ``equal``, ``proportional``, ``neyman``, ``optimum``, ``power`` or ``kish``: see :mod:`survey_kit.sampling.allocate`.
    total
        Units to draw in all strata together.
    by
        Stratum columns, such as the region, over whose groups the rule spreads the total; within a group the strata share it in
        proportion to `measure`. By default the rule goes over the strata themselves.
    minimum
        Fewest of each stratum, or all its units where it has fewer.
    by_minimum
        Fewest of each group of `by`.
    measure
        Column summed over a stratum's units to say how large it is; by default the stage's size, or else the number of units.
    sd, cost, cv
        Columns with the standard deviation, cost and coefficient of variation of each stratum (of each group, where `by` is given).
    exponent
        Exponent of the power rule, from 0 to 1.

    Raises
    ------
    DesignError
        If the rule is not known, or a number is impossible.
    """

    rule: str
    total: int
    by: tuple[str, ...] = ()
    minimum: int = 1
    by_minimum: int = 0
    measure: str | None = None
    sd: str | None = None
    cost: str | None = None
    cv: str | None = None
    exponent: float = 0.5

    def __post_init__(self) -> None:
        object.__setattr__(self, "by", checks.names(self.by, "by"))
        checks.choice(self.rule, "rule of allocation", (*RULES, "power"), DesignError)
        for name in ("total", "minimum", "by_minimum"):
            value = checks.number(getattr(self, name), name, "Give a whole number.", DesignError)
            if value != round(value) or value < (1 if name == "total" else 0):
                raise DesignError(f"'{name}' is a whole number.", found=f"{value:g}", fix=f"Write {name}: 400.")
            object.__setattr__(self, name, int(value))
        if self.by_minimum and not self.by:
            raise DesignError("'by_minimum' is the fewest of each group of 'by'.", fix="Name the column: by: region.")

    @property
    def value(self) -> Rule:
        """Give the rule itself."""
        return power(self.exponent) if self.rule == "power" else RULES[self.rule]


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A standard error that a mean or share has to reach, overall or for every value of `by`.

    Attributes
    ----------
    sd
        Column of the frame with the standard deviation of what is measured, the same for all units of a stratum.
    se
        The standard error wanted.
    by
        Stratum column; None for the whole population.
    """

    sd: str
    se: float
    by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """Precisions from which the cheapest sizes follow (:func:`survey_kit.sampling.bethel`).

    Attributes
    ----------
    precision
        The goals.
    deff
        Design effect of clusters and weights.
    per_unit
        Interviews that one unit of this stage gives; the sizes are those of interviews divided by it, rounded up.
    minimum
        Fewest units of each stratum.
    cost
        Column with the cost of an interview.
    measure
        Column summed over a stratum's units to say how many people it has; by default the stage's size, or the number of units.

    Raises
    ------
    DesignError
        If there is no goal, or a number is not positive.
    """

    precision: tuple[Goal, ...]
    deff: float = 1.0
    per_unit: float = 1.0
    minimum: int = 1
    cost: str | None = None
    measure: str | None = None

    def __post_init__(self) -> None:
        goals = tuple(_made(Goal, one, "a goal of precision") for one in self.precision or ())
        object.__setattr__(self, "precision", goals)
        if not goals:
            raise DesignError("There is no goal of precision.", fix="Write precision: [{sd: sd_trust, se: 0.02}].")
        for name in ("deff", "per_unit"):
            value = checks.number(getattr(self, name), name, "Give a number above zero.", DesignError)
            if value <= 0:
                raise DesignError(f"'{name}' is above zero.", found=f"{value:g}", fix=f"Write {name}: 1.")


def read_n(value: Any) -> Any:
    """Read `n` of a stage as a file writes it: mappings with ``rule``, ``precision`` or ``rate`` become values.

    Examples
    --------
    >>> read_n({"rule": "kish", "total": 400}).rule, read_n({"north": 3, "south": 4})
    ('kish', {'north': 3, 'south': 4})
    """
    kinds = {"rule": Spread, "precision": Precision, "rate": Rate}
    for key, kind in kinds.items():
        if isinstance(value, Mapping) and key in value:
            return _made(kind, value, "'n'")
    return dict(value) if isinstance(value, Mapping) else value


def written(value: Any) -> Any:
    """Give `n` as plain values that a file can hold."""
    if isinstance(value, (Rate, Spread, Precision, Goal)):
        given = {part.name: getattr(value, part.name) for part in fields(value)}
        return {key: written(one) for key, one in given.items() if one not in (None, ())}
    if isinstance(value, tuple):
        return [written(one) for one in value]
    if isinstance(value, Mapping):
        return {_key(key): one for key, one in value.items()}
    return value


def _key(key: Any) -> Any:
    return " | ".join(map(str, key)) if isinstance(key, tuple) else key


def _made(kind: type[Any], value: Any, what: str) -> Any:
    """Make a value of a mapping; a key that is unknown or missing is told."""
    if isinstance(value, kind):
        return value
    if not isinstance(value, Mapping):
        raise DesignError(f"This is not {what}.", found=checks.shown(value), fix="Write a mapping.")
    known = {part.name: part for part in fields(kind)}
    for key in value:
        if key not in known:
            raise DesignError(f"There is no key '{key}' in {what}.", fix=did_you_mean(key, known))
    for name, part in known.items():
        if name not in value and part.default is MISSING:
            raise DesignError(f"The key '{name}' is missing in {what}.", fix=f"Add '{name}:'.")
    return kind(**{key: tuple(part) if isinstance(part, list) else part for key, part in value.items()})


# ------------------------------------------------------------------------------------------------------- to sizes
def allocation_of(n: Spread | Precision, frame: Frame, strata: Strata, size: str | None) -> Allocation:
    """Spread a stage's sample over the strata of its frame.

    Returns
    -------
    Allocation
        ``table`` with the stratum keys, ``N`` units, ``measure`` and ``n``.
    """
    table = _table(n, frame, strata, n.measure or size)
    if isinstance(n, Precision):
        return _for_precision(n, table, strata)
    if not n.by:
        more: dict[str, Any] = {name: name for name in ("sd", "cost", "cv") if getattr(n, name)}
        out = allocate(
            table, n.total, n.value, N="measure", size="measure", minimum=n.minimum, maximum="units", **more
        ).table
        return Allocation(table=_finished(out), rule=n.rule)
    return Allocation(table=_finished(_within_groups(n, table, strata)), rule=f"{n.rule} over {', '.join(n.by)}")


def _table(n: Spread | Precision, frame: Frame, strata: Strata, measure: str | None) -> pd.DataFrame:
    import pandas as pd

    out = pd.DataFrame({name: [level[j] for level in strata.levels] for j, name in enumerate(strata.names)})
    counts = strata.counts.astype(np.float64)
    out["units"] = counts
    out["measure"] = counts if measure is None else np.bincount(strata.codes, weights=_column(frame, measure, strata))
    named = {} if isinstance(n, Precision) else {"sd": n.sd, "cv": n.cv}
    for key, name in (named | {"cost": n.cost}).items():
        if name is not None:
            out[key] = _constant(frame, name, strata)
    for goal in n.precision if isinstance(n, Precision) else ():
        out[f"sd of {goal.sd}"] = _constant(frame, goal.sd, strata)
    return out


def _column(frame: Frame, name: str, strata: Strata) -> FloatArray:
    column = frames.numbers(frame, name, "measure of size")
    wrong = np.flatnonzero(column.missing | (column.values <= 0))
    if len(wrong):
        row = int(wrong[0])
        raise DesignError(
            "A measure of size is missing, zero or negative.",
            where=f"{strata.label(int(strata.codes[row]))}, column '{name}', row {row + 1}; {len(wrong)} rows",
            fix="Correct it, or leave the unit out of the frame and say so.",
        )
    return column.values


def _constant(frame: Frame, name: str, strata: Strata) -> FloatArray:
    """Take what is known of each stratum (H,) from a column that is constant within strata."""
    column = frames.numbers(frame, name, "n")
    first = np.zeros(len(strata.levels), dtype=np.int64)
    first[strata.codes[::-1]] = np.arange(len(strata.codes) - 1, -1, -1)
    wrong = np.flatnonzero(column.missing | (column.values != column.values[first][strata.codes]))
    if len(wrong):
        row = int(wrong[0])
        raise DesignError(
            "What is known of a stratum is the same for all its units.",
            where=f"{strata.label(int(strata.codes[row]))}, column '{name}', row {row + 1}; {len(wrong)} rows",
            found="a missing value" if column.missing[row] else f"{column.values[row]:g}",
            fix="Give every unit of a stratum the same value.",
        )
    return column.values[first]


def _within_groups(n: Spread, table: pd.DataFrame, strata: Strata) -> pd.DataFrame:
    """Spread over the groups by the rule, then within each in proportion to the measure."""
    import pandas as pd

    for name in n.by:
        if name not in strata.names:
            fix = did_you_mean(name, strata.names)
            raise DesignError(f"'by' names a stratum column, and '{name}' is none.", fix=fix)
    groups = [part for _, part in table.groupby(list(n.by), sort=False, observed=True)]
    high = np.array([part["units"].sum() for part in groups], dtype=np.float64)
    least = np.array([np.minimum(part["units"], n.minimum).sum() for part in groups], dtype=np.float64)
    least = np.minimum(np.maximum(least, n.by_minimum), high)
    if not least.sum() <= n.total <= high.sum():
        raise DesignError(
            "The total does not fit the limits of the groups.",
            found=f"total {n.total}; the limits allow {int(least.sum())} to {int(high.sum())}",
            fix="Change total, minimum or by_minimum.",
        )
    known = {name: np.array([part[name].iloc[0] for part in groups]) for name in ("sd", "cost", "cv") if name in table}
    measure = np.array([part["measure"].sum() for part in groups])
    spread = _exact if n.value.exact else _rounded
    sizes = spread(n.value.share(Known(N=measure, size=measure, **known)), n.total, least, high)
    parts = []
    for part, total in zip(groups, sizes.tolist(), strict=True):
        made = allocate(part, total, N="measure", minimum=n.minimum, maximum="units").table
        parts.append(made.set_index(part.index))
    return pd.concat(parts).loc[table.index]


def _for_precision(n: Precision, table: pd.DataFrame, strata: Strata) -> Allocation:
    wanted: list[Target] = []
    for goal in n.precision:
        name = f"sd of {goal.sd}"
        if goal.by is None:
            wanted.append(Target(indicator=name, se=goal.se))
        elif goal.by in strata.names:
            wanted.extend(targets({name: goal.se}, table, goal.by))
        else:
            raise DesignError(
                f"A goal's 'by' names a stratum column, and '{goal.by}' is none.",
                fix=did_you_mean(goal.by, strata.names),
            )
    most = table.assign(most=np.minimum(table["units"] * n.per_unit, table["measure"]))
    cost = "cost" if n.cost else None
    made = bethel(most, tuple(wanted), N="measure", cost=cost, deff=n.deff, minimum=1, maximum="most").table
    interviews = made["n"].to_numpy(dtype=np.float64)
    units = np.minimum(np.maximum(np.ceil(interviews / n.per_unit - 1e-9), n.minimum), table["units"])
    out = table.assign(interviews=interviews, n=units.astype(np.int64))
    return Allocation(table=_finished(out), rule=f"Bethel, {len(wanted)} targets")


def _finished(table: pd.DataFrame) -> pd.DataFrame:
    """Give the table with N the number of units, as the rest of the toolkit reads it."""
    out = table.drop(columns=["N", "fraction", "weight", "held_by"], errors="ignore").rename(columns={"units": "N"})
    return out.assign(N=out["N"].astype(np.int64)).assign(fraction=lambda t: t["n"] / t["N"])
