"""Weights as a value: the design that carries them, and the log of how they came about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit import checks, frames
from survey_kit.design import Design
from survey_kit.types import BoolArray, FloatArray, Frame
from survey_kit.weighting.log import shown

if TYPE_CHECKING:
    from survey_kit.weighting.plan import WeightingPlan


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Weights:
    """The weights a plan has made.

    Attributes
    ----------
    design
        The sample with every step in its chain: estimates made with it have standard errors that credit each of them.
        Rows that fell out (nonrespondents, ineligible cases) are still rows of it, with weight zero and in no domain.
    plan
        The steps.
    log
        One row per step: ``step, rows`` (with weight), ``changed, fell_out, sum, min, max, deff`` (Kish), ``n_effective,
        note, replicate_only``.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> from survey_kit.weighting import Nonresponse
    >>> people = pd.DataFrame({"w": [2.0, 2, 3, 3], "came": [True, False, True, True], "area": [1, 1, 2, 2]})
    >>> made = sk.WeightingPlan(steps=(Nonresponse(respondent="came", by="area"),)).apply(sk.Design(people, weight="w"))
    >>> made.values.tolist()
    [4.0, 0.0, 3.0, 3.0]
    """

    design: Design
    plan: WeightingPlan
    log: Any

    @property
    def values(self) -> FloatArray:
        """Give the weights (n,), zero for rows that fell out."""
        return self.design.layout.weight

    @property
    def inside(self) -> BoolArray:
        """Tell which rows (n,) carry a weight."""
        return self.design.inside()

    @property
    def replicate_only(self) -> tuple[str, ...]:
        """Name the steps that linearisation cannot follow."""
        return tuple(step.kind for step in self.design.calibration if step.rule is not None)

    def replicates(self) -> Iterator[FloatArray]:
        """Yield the weights (n,) of every replicate, each through all steps; never all at once."""
        return self.design.replicate_weights()

    def frame(self, name: str = "weight") -> Frame:
        """Give the design's frame with the weights as a column, rows that fell out left in with zero."""
        return frames.with_column(self.design.frame, name, np.asarray(self.values))

    def story(self) -> str:
        """Tell in plain sentences how the weights were made, for the chapter on methods."""
        rows = self.log.to_dict("records")
        steps = rows[1:]
        plural = "" if len(steps) == 1 else "s"
        start = f"{rows[0]['rows']:,} cases with {rows[0]['note']} (sum {rows[0]['sum']:,.0f})"
        lines = [f"The weights were made in {len(steps)} step{plural}, starting from {start}."]
        before = rows[0]
        for i, row in enumerate(steps, 1):
            fell = f" {row['fell_out']:,} cases left with weight zero." if row["fell_out"] else ""
            lines.append(
                f"{i}. {row['note'][:1].upper()}{row['note'][1:]}.{fell} The sum went from {before['sum']:,.0f} to "
                f"{row['sum']:,.0f}, the design effect of unequal weights from {before['deff']:.2f} to {row['deff']:.2f}."
            )
            before = row
        lines.append(
            f"In the end {before['rows']:,} cases carry weights from {before['min']:,.4g} to {before['max']:,.4g}; for a mean "
            f"they are worth {before['n_effective']:,.0f} cases with equal weights."
        )
        lines.append(self._variance())
        return "\n".join(lines)

    def _variance(self) -> str:
        made = self.design.replicates
        if made is not None:
            return (
                f"Standard errors come from {made.size} {made.method} replicates, each taken through every step anew."
            )
        if self.replicate_only:
            kinds = ", ".join(self.replicate_only)
            return f"Linearised standard errors are refused, since a step has no derivative ({kinds}); make replicates."
        return "Standard errors are linearised and credit every step, the adjustment for nonresponse included."

    def __repr__(self) -> str:
        return f"Weights of {checks.shown(int(self.inside.sum()))} rows\n{shown(self.log).to_string(index=False)}"

    def _repr_html_(self) -> str:
        table = shown(self.log)
        head = "".join(f"<th scope='col'>{escape(str(name))}</th>" for name in table.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(str(value))}</td>" for value in row) + "</tr>"
            for row in table.itertuples(index=False)
        )
        caption = f"Weights: {escape(self._variance())}"
        return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
