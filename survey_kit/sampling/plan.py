"""The plan of a sample: stages as data, drawn one after the other from a frame and the listings of what was drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from survey_kit import checks
from survey_kit.errors import DesignError, did_you_mean
from survey_kit.files import read_yaml
from survey_kit.sampling.allocate import Allocation
from survey_kit.sampling.household import HOUSEHOLD_RULES
from survey_kit.sampling.plan_sizes import Precision, Rate, Spread, read_n, written
from survey_kit.sampling.select_methods import METHODS, Method
from survey_kit.types import Frame

if TYPE_CHECKING:
    from survey_kit.sampling.plan_draw import PlanDraw

SCHEMA = "survey-kit/sample/1"
BESIDE = ("seed", "data_status", "frame", "listings", "field")  # keys of the same file that belong to survey-kit sample
Short = Literal["error", "all"]

_KNOWN = {name.casefold(): name for name in (*METHODS, *HOUSEHOLD_RULES)}
_WITHIN = {
    "Kish grid": ("sex", "age"),
    "last birthday": ("month", "day", "on"),
    "next birthday": ("month", "day", "on"),
}
_MAY = {"Kish grid": ("first", "table")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of a sample.

    Attributes
    ----------
    unit
        Column with the ids of the units that are drawn. In a later stage an id has to be its own within the unit above.
    n
        Units to draw: a number of **each** stratum (in a later stage: of each unit above), a mapping, a column, an
        :class:`~survey_kit.sampling.Allocation`, a `Rate`, and in the first stage a `Spread` or a `Precision`.
    method
        A method of :mod:`survey_kit.sampling` or its name, also with underscores: ``pps_systematic``; or, for one adult of each
        household, ``kish_grid``, ``last_birthday``, ``next_birthday`` or ``random_person``.
    strata
        Columns of strata. In a later stage the units above are strata anyway, and these lie within them.
    size, order_by, serpentine, certainty, balance, numbers, start, reverse
        As in :func:`survey_kit.select`.
    reserve
        Units of each stratum drawn in addition and held back: a number, a mapping or a column. See `PlanDraw.release`.
    short
        What happens where a stratum has fewer units than are to be drawn: ``"error"``, or ``"all"`` takes them all.
    within
        For a household rule, the columns it goes by: ``sex age first table`` for the grid, ``month day on`` for birthdays.

    Raises
    ------
    DesignError
        If a part contradicts another.

    Examples
    --------
    >>> Stage(unit="area", method="pps_systematic", size="people", n=4, strata="region").method
    'PPS systematic'
    """

    unit: str
    n: Any = 1
    method: Any = "simple random"
    strata: tuple[str, ...] = ()
    size: str | None = None
    order_by: tuple[str, ...] = ()
    serpentine: bool = True
    certainty: str | None = None
    balance: tuple[str, ...] = ()
    numbers: str | None = None
    start: float | str = 0.0
    reverse: bool = False
    reserve: Any = 0
    short: Short = "error"
    within: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        name = self.method.name if isinstance(self.method, Method) else self.method
        told = name.replace("_", " ").casefold() if isinstance(name, str) else name
        if told not in _KNOWN:
            fix = did_you_mean(str(told), _KNOWN)
            raise DesignError("This is no method of selection.", where=self.where, found=checks.shown(name), fix=fix)
        object.__setattr__(self, "method", _KNOWN[told])
        for key in ("strata", "order_by", "balance"):
            object.__setattr__(self, key, checks.names(getattr(self, key), key))
        object.__setattr__(self, "n", read_n(self.n))
        object.__setattr__(self, "within", dict(self.within))
        if not isinstance(self.unit, str):
            raise DesignError("A stage names the column of its units.", found=checks.shown(self.unit), fix="unit: area")
        checks.choice(self.short, "rule for a stratum that is too small", get_args(Short), DesignError)
        if self.of_persons:
            self._check_rule()
        elif self.within:
            raise DesignError("'within' belongs to a household rule.", where=self.where, fix="Leave it out.")
        elif not (isinstance(self.reserve, int) and self.reserve == 0):
            self._check_reserve()

    def _check_reserve(self) -> None:
        """Refuse a reserve whose probabilities or coordination would not hold."""
        method = METHODS[self.method]
        if not method.fixed:
            raise DesignError(
                "A reserve needs a method that draws a fixed number.",
                where=self.where,
                found=f"method '{self.method}'",
                fix="Leave reserve out, or use SRS, SYSTEMATIC or PPS_SYSTEMATIC.",
            )
        if self.numbers is not None and method.sized is not False:
            raise DesignError(
                "A reserve would undo the coordination by permanent random numbers of a sample with unequal probabilities.",
                where=self.where,
                found=f"method '{self.method}', numbers '{self.numbers}'",
                fix="Leave reserve out and give a larger n, or use SRS.",
            )

    def _check_rule(self) -> None:
        """Refuse what a household rule does not take."""
        usual = {part.name: part.default for part in fields(self) if part.default is not MISSING}
        ruled = {name for name in usual if name not in {"unit", "method", "within", "strata"}}
        given = [name for name in sorted(ruled) if getattr(self, name) not in (usual[name], ())]
        if given or self.strata:
            raise DesignError(
                f"The rule '{self.method}' draws one adult of each household and takes no such option.",
                where=self.where,
                found=", ".join(given or ["strata"]),
                fix="Leave it out; the columns it goes by stand under within.",
            )
        needed = _WITHIN.get(self.method, ())
        for name in needed:
            if name not in self.within:
                raise DesignError(
                    f"The rule '{self.method}' lacks '{name}'.", where=self.where, fix=f"Add within: {{{name}: ...}}."
                )
        for name in self.within:
            if name not in (*needed, *_MAY.get(self.method, ())):
                fix = did_you_mean(name, (*needed, *_MAY.get(self.method, ())))
                raise DesignError(f"The rule '{self.method}' takes no '{name}'.", where=self.where, fix=fix)

    @property
    def where(self) -> str:
        """Name the stage in a message."""
        return f"stage of unit '{self.unit}'"

    @property
    def of_persons(self) -> bool:
        """Tell whether one adult of each household is drawn by a household rule."""
        return self.method in HOUSEHOLD_RULES

    @property
    def options(self) -> dict[str, Any]:
        """Give what :func:`survey_kit.select` takes beside the sizes."""
        names = ("size", "order_by", "serpentine", "certainty", "balance", "numbers", "start", "reverse")
        return {name: getattr(self, name) for name in names}

    def to_dict(self) -> dict[str, Any]:
        """Give what differs from the defaults, as plain values."""
        out: dict[str, Any] = {}
        for part in fields(self):
            value = getattr(self, part.name)
            if isinstance(value, Allocation):
                keys = value.table[list(self.strata)].itertuples(index=False, name=None)
                value = dict(zip(keys, value.table["n"].tolist(), strict=True))
            if part.name == "n" or value not in (part.default, (), {}):
                out[part.name] = written(value)
        return out


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePlan:
    """Stages of a sample, from the first units of a frame to the last of a listing.

    Parameters
    ----------
    stages
        The stages in order.
    title
        What it is, for tables and documents.

    Raises
    ------
    DesignError
        If there is no stage, two have one unit, or a later one has an allocation that only a frame allows.

    Notes
    -----
    The probability of a unit is the product of those of all stages, each given the stage above (Kish 1965, section 5.3; Cochran
    1977, chapter 11). Every stage has its own seed and its own record.

    Examples
    --------
    >>> import pandas as pd
    >>> areas = pd.DataFrame({"area": range(6), "region": list("aaabbb"), "people": [30, 20, 50, 40, 40, 20]})
    >>> plan = SamplePlan(stages=(
    ...     Stage(unit="area", strata="region", method="pps_systematic", size="people", n=2),
    ...     Stage(unit="house", method="systematic", n=5),
    ... ))
    >>> drawn = plan.draw(areas, rng=1)
    >>> chosen = drawn.frame["area"].tolist()
    >>> houses = pd.DataFrame({"area": [a for a in chosen for _ in range(10)], "house": list(range(10)) * len(chosen)})
    >>> whole = drawn.next_stage(houses, rng=2)
    >>> len(whole.frame), round(float(whole.frame["weight"].iloc[0] * areas["people"][chosen[0]]), 3)
    (20, 100.0)
    """

    stages: tuple[Stage, ...]
    title: str = ""

    def __post_init__(self) -> None:
        stages = tuple(self.stages) if isinstance(self.stages, list) else self.stages
        object.__setattr__(self, "stages", stages)
        if not isinstance(stages, tuple) or not stages or any(not isinstance(one, Stage) for one in stages):
            raise DesignError("A plan has stages.", found=checks.shown(stages), fix="Write stages=(Stage(...), ...).")
        checks.unique([stage.unit for stage in stages], "The unit", DesignError)
        if stages[0].of_persons:
            raise DesignError(
                f"The rule '{stages[0].method}' draws within households.", fix="Draw households in a stage before it."
            )
        for number, stage in enumerate(stages[1:], 2):
            if isinstance(stage.n, (Spread, Precision)):
                raise DesignError(
                    "A rule of allocation spreads the units of the first stage.",
                    where=f"stage {number}, unit '{stage.unit}'",
                    fix="Give a number of each unit above, a mapping, a column, or a rate.",
                )
        for number, stage in enumerate(stages[:-1], 1):
            if not stage.of_persons and METHODS[stage.method].replacement:
                raise DesignError(
                    "Units drawn with replacement have no stage below.",
                    where=f"stage {number}, unit '{stage.unit}'",
                    fix="Use a method without replacement.",
                )

    def __repr__(self) -> str:
        told = "; ".join(f"{stage.unit} ({_counted(stage)}, {stage.method})" for stage in self.stages)
        return f"SamplePlan of {len(self.stages)} stage{'s' if len(self.stages) > 1 else ''}: {told}"

    def _repr_html_(self) -> str:
        head = f"<p><b>{escape(self.title or 'Sample plan')}</b></p><ol>"
        return head + "".join(f"<li>{escape(line)}</li>" for line in self.story()) + "</ol>"

    def story(self) -> list[str]:
        """Tell every stage in a sentence."""
        return [_sentence(stage, above) for stage, above in zip(self.stages, (None, *self.stages), strict=False)]

    def draw(self, frame: Frame, *, rng: int | np.random.Generator) -> PlanDraw:
        """Draw the first stage from a frame; :meth:`PlanDraw.next_stage` draws the others.

        Raises
        ------
        DesignError
            What :func:`survey_kit.select` refuses: sizes that are missing, zero or negative, a stratum smaller than its sample ...
        """
        from survey_kit.sampling.plan_draw import first_stage

        return first_stage(self, frame, rng)

    def to_dict(self) -> dict[str, Any]:
        """Give the plan as plain values, as a file writes it."""
        out: dict[str, Any] = {"schema": SCHEMA}
        if self.title:
            out["title"] = self.title
        return out | {"stages": [stage.to_dict() for stage in self.stages]}

    @staticmethod
    def read(value: Mapping[str, Any]) -> SamplePlan:
        """Read a plan as a file writes it.

        Raises
        ------
        DesignError
            If a key is unknown or missing; the stage is named.

        Examples
        --------
        >>> SamplePlan.read({"schema": "survey-kit/sample/1", "stages": [{"unit": "town", "n": 3}]})
        SamplePlan of 1 stage: town (3, simple random)
        """
        return _read(value, _place)

    @staticmethod
    def from_yaml(path: str | Path) -> SamplePlan:
        """Read a plan from a YAML file that says ``schema: survey-kit/sample/1``; a fault is told with its line."""
        document = read_yaml(Path(path), "sample plan", DesignError)
        return _read(document.value, document.at)


def _place(way: Sequence[str | int]) -> str:
    """Name the place of a key in a mapping that comes from no file."""
    numbered = [f"stage {part + 1}" for part in way if isinstance(part, int)]
    return numbered[0] if numbered else ".".join(map(str, way)) or "the mapping"


def _read(value: Any, at: Callable[[Sequence[str | int]], str]) -> SamplePlan:
    """Read a plan; `at` says where a key stands."""
    if not isinstance(value, Mapping) or value.get("schema") != SCHEMA:
        found = checks.shown(value.get("schema") if isinstance(value, Mapping) else value)
        raise DesignError(
            "This does not say that it is a sample plan.", where=at(()), found=found, fix=f"Write 'schema: {SCHEMA}'."
        )
    for key in value:
        if key not in {"schema", "title", "stages", *BESIDE}:
            fix = did_you_mean(key, ("schema", "title", "stages", *BESIDE))
            raise DesignError(f"A sample plan has no key '{key}'.", where=at((key,)), fix=fix)
    stages = value.get("stages")
    if not isinstance(stages, list) or not stages:
        raise DesignError(
            "A sample plan lists its stages.", where=at(("stages",)), found=checks.shown(stages), fix="- unit: area"
        )
    made = tuple(_stage(one, ("stages", i), at) for i, one in enumerate(stages))
    return SamplePlan(stages=made, title=str(value.get("title", "")))


def _stage(value: Any, way: tuple[str | int, ...], at: Callable[[Sequence[str | int]], str]) -> Stage:
    known = [part.name for part in fields(Stage)]
    if not isinstance(value, Mapping) or "unit" not in value:
        raise DesignError("A stage names its unit.", where=at(way), found=checks.shown(value), fix="Add 'unit: area'.")
    for key in value:
        if key not in known:
            raise DesignError(f"A stage has no key '{key}'.", where=at((*way, key)), fix=did_you_mean(key, known))
    try:
        given: dict[str, Any] = {key: tuple(one) if isinstance(one, list) else one for key, one in value.items()}
        return Stage(**given)
    except DesignError as fault:
        raise DesignError(fault.what, where=at(way), found=fault.found, fix=fault.fix) from None


# ----------------------------------------------------------------------------------------------------------- in words
def _counted(stage: Stage) -> str:
    if stage.of_persons:
        return "1"
    if isinstance(stage.n, Rate):
        return f"rate {stage.n.rate:g}"
    if isinstance(stage.n, Spread):
        return f"{stage.n.total:,} {stage.n.rule}"
    if isinstance(stage.n, Precision):
        return "by precision"
    return f"{stage.n}" if isinstance(stage.n, (int, float)) else "as declared"


def _sentence(stage: Stage, above: Stage | None) -> str:
    if stage.of_persons:
        return f"One {stage.unit} of each {above.unit if above else 'household'}: {stage.method}."
    place = f"of each {above.unit}" if above else "of the frame"
    numbers = {
        Rate: lambda n: f"Units '{stage.unit}' {place} at an overall rate of {n.rate:g}",
        Spread: lambda n: (
            f"{n.total:,} units '{stage.unit}' {place}, spread by the rule {n.rule}"
            + (f" over {', '.join(n.by)}, in proportion to size within" if n.by else "")
        ),
        Precision: lambda n: f"As many units '{stage.unit}' {place} as {len(n.precision)} goals of precision need",
    }
    told = (
        numbers[type(stage.n)](stage.n)
        if type(stage.n) in numbers
        else f"{_counted(stage)} units '{stage.unit}' {place}"
    )
    parts = [
        f"in strata by {', '.join(stage.strata)}" if stage.strata else "",
        f"method {stage.method}" + (f" with the size {stage.size}" if stage.size else ""),
        f"in the order of {', '.join(stage.order_by)}" if stage.order_by else "",
        f"with permanent random numbers ({stage.numbers})" if stage.numbers else "",
        "with a reserve" if not (isinstance(stage.reserve, int) and stage.reserve == 0) else "",
    ]
    return ", ".join([told, *(part for part in parts if part)]) + "."
