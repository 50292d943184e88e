"""Weights as a value: the design that carries them, and the log of how they came about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit import checks, frames
from survey_kit.design import Design
from survey_kit.types import BoolArray, FloatArray, Frame
from survey_kit.weighting import diagnose
from survey_kit.weighting.diagnose_effects import Outcome, effects_of_steps
from survey_kit.weighting.log import shown, waves_told

if TYPE_CHECKING:
    from survey_kit.weighting.plan import WeightingPlan

SAME_SUM = 1e-9


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
    taken
        Of each row of the log, how many steps of the design's chain were taken by then.

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
    taken: tuple[int, ...] = ()

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

    def by_wave(self) -> Any:
        """Give the log of every wave of its own, with a column ``wave``; the log itself when there is one wave.

        Every step is counted among the cases of the wave alone; the note is that of the whole step.
        """
        return diagnose.log_by_wave(self)

    def by(self, by: str | Sequence[str]) -> Any:
        """Describe the weights of every level of some columns.

        Parameters
        ----------
        by
            Column, or columns that are crossed; the wave as well.

        Returns
        -------
        data frame
            ``n, sum, min, median, max, deff, n_effective`` of the cases that carry a weight; `deff` is Kish's (1965) design
            effect of unequal weights. Cases without a level have a line of their own.

        Examples
        --------
        >>> import pandas as pd, survey_kit as sk
        >>> design = sk.Design(pd.DataFrame({"w": [1.0, 3, 2, 2], "area": list("aabb")}), weight="w")
        >>> made = sk.WeightingPlan.read([{"kind": "household", "members": "w"}]).apply(design)
        >>> made.by("area")[["area", "n", "sum", "deff"]].values.tolist()
        [['a', 2, 10.0, 1.64], ['b', 2, 8.0, 1.0]]
        """
        return diagnose.by_domain(self, by)

    def largest(self, k: int = 10, *, show: Sequence[str] | None = None, ids: bool = False) -> Any:
        """List the largest weights and who has them.

        Parameters
        ----------
        k
            How many.
        show
            Columns that say who has them; those the steps looked at when left out.
        ids
            Name the rows and the design's column of cases as well: for the field team only.

        Returns
        -------
        data frame
            Largest first: the columns shown, ``weight``, its share of the sum, how many times the median (of the wave), the
            weight at the start, and the factor of every step.
        """
        return diagnose.largest(self, k, show, ids=ids)

    def margins(self) -> Any:
        """Compare every target of the plan with what the weights give, before and after.

        Returns
        -------
        data frame
            One row per level of every step with targets: ``n`` cases, ``target``, the sum of their weights at the ``start``,
            ``before`` and ``after`` the step, in the end (``final``), and what the final weights miss of the target, as a share.
            Cases that fell out before the step are in no level.

        Examples
        --------
        >>> import pandas as pd, survey_kit as sk
        >>> design = sk.Design(pd.DataFrame({"w": [1.0, 1, 2, 2], "sex": list("ffmm")}), weight="w")
        >>> plan = sk.WeightingPlan.read([{"kind": "post_stratify", "by": "sex", "totals": {"f": 6, "m": 4}}])
        >>> plan.apply(design).margins()[["level", "target", "start", "final", "missed"]].values.tolist()
        [['sex=f', 6.0, 2.0, 6.0, 0.0], ['sex=m', 4.0, 4.0, 4.0, 0.0]]
        """
        return diagnose.margins(self)

    def effects(self, *outcomes: Outcome, by: str | Sequence[str] | None = None, where: str | None = None) -> Any:
        """Tell what every step changes of some estimates, each change with its standard error.

        Parameters
        ----------
        outcomes
            Names of columns whose mean is taken among those who answered, or functions that give estimates of a design,
            ``lambda design: sk.ratio(design, "paid", "asked")``.
        by, where
            Domains of the means.

        Returns
        -------
        data frame
            One row per outcome and step: ``estimate, se, change`` from the step before with ``change_se``, and
            ``since_start`` with ``since_start_se`` and its degrees of freedom, ``df``.

        Notes
        -----
        The estimates of all steps rest on the same units, so the variance of a change is that of the difference of their
        linearised unit totals (or replicates): far smaller than that of two independent surveys. A step without a derivative has
        no standard error unless the design has replicates.

        Examples
        --------
        >>> import pandas as pd, survey_kit as sk
        >>> frame = pd.DataFrame({"w": [1.0, 1, 2, 2], "sex": list("fffm"), "y": [1.0, 0.0, 1.0, 1.0]})
        >>> plan = sk.WeightingPlan.read([{"kind": "post_stratify", "by": "sex", "totals": {"f": 5, "m": 5}}])
        >>> plan.apply(sk.Design(frame, weight="w")).effects("y")[["step", "estimate", "change"]].round(4).values.tolist()
        [['start', 0.8333, nan], ['post_stratify', 0.875, 0.0417]]
        """
        return effects_of_steps(self, outcomes, by, where)

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
            kept = abs(row["sum"] - before["sum"]) <= SAME_SUM * abs(before["sum"])
            sums = f"stays {row['sum']:,.0f}" if kept else f"goes from {before['sum']:,.0f} to {row['sum']:,.0f}"
            lines.append(
                f"{i}. {row['note'][:1].upper()}{row['note'][1:]}.{fell} The sum {sums}, the design effect of unequal weights "
                f"goes from {before['deff']:.2f} to {row['deff']:.2f}."
            )
            before = row
        lines.append(
            f"In the end {before['rows']:,} cases carry weights from {before['min']:,.4g} to {before['max']:,.4g}; for a mean "
            f"they are worth {before['n_effective']:,.0f} cases with equal weights."
        )
        lines += waves_told(self.design)
        lines.append(self._variance())
        return "\n".join(lines)

    def disclosure(self) -> dict[str, str]:
        """Give the elements 8 and 9 that the AAPOR Code (2021) asks to disclose, sample sizes and weighting, from the log.

        Examples
        --------
        >>> import pandas as pd, survey_kit as sk
        >>> design = sk.Design(pd.DataFrame({"w": [2.0, 2, 3, 3], "sex": list("ffmm")}), weight="w")
        >>> plan = sk.WeightingPlan.read([{"kind": "post_stratify", "by": "sex", "totals": {"f": 6, "m": 4}}])
        >>> plan.apply(design).disclosure()["sample_sizes"]
        '4 cases were drawn and 4 carry a weight; for a mean they are worth 4 with equal weights (design effect of unequal weights 1.04).'
        """
        rows = self.log.to_dict("records")
        last = rows[-1]
        cases = "cases were drawn" if rows[0]["rows"] != 1 else "case was drawn"
        sizes = (
            f"{rows[0]['rows']:,} {cases} and {last['rows']:,} carry a weight; for a mean they are worth "
            f"{last['n_effective']:,.0f} with equal weights (design effect of unequal weights {last['deff']:.2f})."
        )
        return {
            "sample_sizes": " ".join((sizes, *waves_told(self.design))),
            "weighting": " ".join(self.story().splitlines()),
        }

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
