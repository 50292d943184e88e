"""One weight for all members of a household, as a step of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from survey_kit.design import Design
from survey_kit.design.calibrate_integrated import calibrate_households
from survey_kit.weighting.step import names


@dataclass(frozen=True, slots=True, kw_only=True)
class Integrated:
    """Calibrate persons so that a household has one weight: for its members and for itself.

    Totals of persons and of households then agree, whoever answers for the household. See
    :func:`survey_kit.design.calibrate_integrated.calibrate_households` for formula and source (Lemaitre & Dufour 1987).

    Parameters
    ----------
    household
        Column, or columns, that name the household.
    controls, population, distance, bounds
        As of :class:`Calibrate`. A number of households is a control of a column that is one divided by the members.

    Raises
    ------
    DesignError
        If members of a household have different weights before the step, or the controls cannot be reached.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> from survey_kit.weighting import Integrated, WeightingPlan
    >>> frame = pd.DataFrame({"w": [10.0] * 5, "home": [1, 1, 2, 3, 3], "sex": list("fmfff")})
    >>> plan = WeightingPlan(steps=(Integrated(household="home", controls={"sex": {"f": 50, "m": 15}}),))
    >>> plan.apply(sk.Design(frame, weight="w", psu="home")).values.round(6).tolist()
    [15.0, 15.0, 11.666667, 11.666667, 11.666667]
    """

    kind: ClassVar[str] = "integrated"
    household: str | tuple[str, ...]
    controls: Mapping[Any, Any]
    population: Any = None
    distance: str = "linear"
    bounds: tuple[float, float] | None = None

    def apply(self, design: Design) -> Design:
        """Give the design with the step taken."""
        return calibrate_households(
            design,
            self.controls,
            names(self.household, "household", least=1),
            population=self.population,
            distance=self.distance,
            bounds=self.bounds,
            kind=self.kind,
        )
