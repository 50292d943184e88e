"""Weights fitted to population totals, as steps of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from survey_kit.design import Design, calibrate, post_stratify, rake
from survey_kit.design.calibrate_softly import calibrate_softly
from survey_kit.errors import DesignError
from survey_kit.weighting.step import names


@dataclass(frozen=True, slots=True, kw_only=True)
class PostStratify:
    """Make the weights of every level add up to its population total: :func:`survey_kit.post_stratify` as a step.

    Parameters
    ----------
    by
        Column, or columns that are crossed.
    totals
        ``{level: total}``; for crossed columns the level is a tuple, or the mappings are nested as a file writes them.
        Numbers that add up to 1 are shares. By wave when the design has waves.
    population
        Size of the population.
    collapse
        What is done where a replicate has nobody of a level, ``"neighbour"``, ``"drop"`` or ``{column: {level: level}}``; see
        :func:`survey_kit.post_stratify`.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> from survey_kit.weighting import PostStratify, WeightingPlan
    >>> frame = pd.DataFrame({"w": [1.0, 1, 2, 2], "sex": list("fmfm")})
    >>> plan = WeightingPlan(steps=(PostStratify(by="sex", totals={"f": 6, "m": 3}),))
    >>> plan.apply(sk.Design(frame, weight="w")).values.tolist()
    [2.0, 1.0, 4.0, 2.0]
    """

    kind: ClassVar[str] = "post_stratify"
    by: str | tuple[str, ...]
    totals: Mapping[Any, Any]
    population: Any = None
    collapse: str | Mapping[Any, Any] | None = None

    def apply(self, design: Design) -> Design:
        """Give the design with the step taken."""
        columns = names(self.by, "by", least=1)
        depth = len(columns)
        waves = design.wave is not None
        totals = {wave: flat(part, depth) for wave, part in self.totals.items()} if waves else flat(self.totals, depth)
        by = columns if depth > 1 else columns[0]
        return post_stratify(design, by, totals, population=self.population, collapse=self.collapse)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rake:
    """Fit the weights to several margins at once: :func:`survey_kit.rake` as a step.

    Parameters
    ----------
    margins
        ``{column: {level: total}}``; by wave when the design has waves.
    population
        Size of the population.
    bounds
        Smallest and largest factor.
    tolerance, cost
        ``{column: share}`` and ``{column: cost}`` of margins that may be missed, or one number for all: soft margins, for targets
        in conflict. What is missed stands in the log. See
        :func:`survey_kit.design.calibrate_softly.calibrate_softly`.
    weights
        Smallest and largest weight, held in every iteration while the margins are met: trimming inside the raking.
    collapse
        As of :class:`PostStratify`; for margins that are met.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> from survey_kit.weighting import Rake, WeightingPlan
    >>> frame = pd.DataFrame({"w": [1.0, 1, 2, 2], "sex": list("fmfm"), "age": list("yyoo")})
    >>> plan = WeightingPlan(steps=(Rake(margins={"sex": {"f": 6, "m": 3}, "age": {"y": 3, "o": 6}}),))
    >>> plan.apply(sk.Design(frame, weight="w")).values.round(6).tolist()
    [2.0, 1.0, 4.0, 2.0]
    """

    kind: ClassVar[str] = "rake"
    margins: Mapping[Any, Any]
    population: Any = None
    bounds: tuple[float, float] | None = None
    tolerance: float | Mapping[Any, float] | None = None
    cost: float | Mapping[Any, float] | None = None
    weights: tuple[float, float] | None = None
    collapse: str | Mapping[Any, Any] | None = None

    def apply(self, design: Design) -> Design:
        """Give the design with the step taken."""
        if _soft(self):
            return _softly(design, self, self.margins, self.kind, "raking")
        return rake(design, self.margins, population=self.population, bounds=self.bounds, collapse=self.collapse)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrate:
    """Calibrate the weights to totals of levels and numbers: :func:`survey_kit.calibrate` as a step.

    Parameters
    ----------
    controls
        As :func:`survey_kit.calibrate` takes them.
    population
        Size of the population.
    distance
        ``"linear"``, ``"raking"``, ``"logit"`` (needs bounds) or ``"sinh"``.
    bounds
        Smallest and largest factor.
    tolerance, cost, weights
        As of :class:`Rake`: controls of levels that may be missed, and limits of the weights.
    collapse
        As of :class:`PostStratify`; for controls of levels that are met.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> from survey_kit.weighting import Calibrate, WeightingPlan
    >>> frame = pd.DataFrame({"w": [1.0, 1, 2, 2], "x": [1.0, 2.0, 1.0, 2.0]})
    >>> made = WeightingPlan(steps=(Calibrate(controls={"x": 10}, population=6),)).apply(sk.Design(frame, weight="w"))
    >>> round(float(made.values @ frame["x"]), 6)
    10.0
    """

    kind: ClassVar[str] = "calibrate"
    controls: Mapping[Any, Any]
    population: Any = None
    distance: str = "linear"
    bounds: tuple[float, float] | None = None
    tolerance: float | Mapping[Any, float] | None = None
    cost: float | Mapping[Any, float] | None = None
    weights: tuple[float, float] | None = None
    collapse: str | Mapping[Any, Any] | None = None

    def apply(self, design: Design) -> Design:
        """Give the design with the step taken."""
        if _soft(self):
            return _softly(design, self, self.controls, self.kind, self.distance)
        return calibrate(
            design,
            self.controls,
            population=self.population,
            distance=self.distance,
            bounds=self.bounds,
            collapse=self.collapse,
        )


def _soft(step: Rake | Calibrate) -> bool:
    return any(value is not None for value in (step.tolerance, step.cost, step.weights))


def _softly(design: Design, step: Rake | Calibrate, controls: Mapping[Any, Any], kind: str, distance: str) -> Design:
    if step.collapse is not None:
        raise DesignError(
            "Levels are joined for margins that are met, and these may be missed.",
            where=f"step '{kind}', collapse",
            fix="Leave out collapse, or tolerance, cost and weights.",
        )
    if kind == "rake":
        parts = [controls] if design.wave is None else [part for part in controls.values() if hasattr(part, "items")]
        number = next((key for part in parts for key, value in part.items() if not hasattr(value, "items")), None)
        if number is not None:
            raise DesignError(
                "Raking takes margins of levels, not totals of numbers.",
                where=f"'{number}'",
                fix="Use kind: calibrate.",
            )
    return calibrate_softly(
        design,
        controls,
        population=step.population,
        bounds=step.bounds,
        tolerance=step.tolerance,
        cost=step.cost,
        weights=step.weights,
        distance=distance,
        kind=kind,
    )


def flat(totals: Mapping[Any, Any], depth: int) -> Mapping[Any, Any]:
    """Write nested levels as tuples.

    Examples
    --------
    >>> flat({"f": {"y": 1, "o": 2}}, 2)
    {('f', 'y'): 1, ('f', 'o'): 2}
    """
    if depth == 1 or not all(hasattr(part, "items") for part in totals.values()):
        return totals
    out: dict[Any, Any] = {}
    for level, part in totals.items():
        for below, total in flat(part, depth - 1).items():
            out[(level, *(below if isinstance(below, tuple) else (below,)))] = total
    return out
