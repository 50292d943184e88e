"""A plan drawn stage by stage: the sample with its probabilities, reserves, design, and the record of everything."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from survey_kit import checks, frames
from survey_kit.design import Design
from survey_kit.errors import DesignError, did_you_mean
from survey_kit.sampling.draw import Draw
from survey_kit.sampling.plan import SamplePlan
from survey_kit.sampling.plan_design import Variance, design_of_plan
from survey_kit.sampling.plan_record import record_of
from survey_kit.sampling.plan_stage import StageDraw, by_level, draw_stage
from survey_kit.types import BoolArray, FloatArray, Frame, IntArray, LonelyPsu

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlanDraw:
    """A plan as far as it has been drawn.

    Attributes
    ----------
    plan
        The plan.
    stages
        What each stage gave, from the first.
    """

    plan: SamplePlan
    stages: tuple[StageDraw, ...] = field(repr=False)

    def __repr__(self) -> str:
        left = [stage.unit for stage in self.plan.stages[len(self.stages) :]]
        told = "; ".join(map(repr, self.stages))
        return f"{told}; not yet drawn: {', '.join(left)}" if left else told

    def _repr_html_(self) -> str:
        lines = "".join(f"<li>{escape(repr(one))}</li>" for one in self.stages)
        return f"<ol>{lines}</ol>" + str(self.summary().to_html(index=False, max_rows=60))

    @property
    def last(self) -> StageDraw:
        """Give the last stage drawn."""
        return self.stages[-1]

    @property
    def draws(self) -> tuple[Draw, ...]:
        """List the draw of every stage, main sample and reserve together; each has its record."""
        return tuple(one.draw for one in self.stages)

    @property
    def n(self) -> int:
        """Count the units of the last stage, without what waits in reserve."""
        return len(self.last.rows)

    @property
    def probability(self) -> FloatArray:
        """Give the probability over all stages of every unit of `frame` (n,)."""
        return self.last.probability

    @property
    def weight(self) -> FloatArray:
        """Give the design weight of every unit of `frame` (n,): one over its probability."""
        return np.asarray(1 / self.probability)

    @property
    def frame(self) -> Frame:
        """Give the units of the last stage with their columns, in the listing's library.

        Added are ``pi_1 pi_2 ...`` for the stages, ``probability`` over all of them, ``weight``, ``certainty`` (of the last stage),
        ``turn`` (0 in the main sample, else the place in the reserve), and the strata and units of the stages above where the
        listing lacks them.
        """
        return self._framed(self.last.rows)

    @property
    def reserves(self) -> Frame:
        """Give the units of the last stage that wait, in the order in which they have to be released within each stratum."""
        rows = self.last.held
        return frames.gathered(
            frames.rows(self.last.draw.source, rows), {}, self._above(rows) | {"turn": self.last.turn_of(rows)}
        )

    def _framed(self, rows: IntArray) -> Frame:
        more = self._above(rows)
        at = rows
        chances: dict[str, Any] = {}
        for number in range(len(self.stages), 0, -1):
            one = self.stages[number - 1]
            chances[f"pi_{number}"] = (one.draw.expected if one.draw.method.replacement else one.pi)[at]
            at = self.stages[number - 2].rows[one.parent[at]] if number > 1 else at
        more |= dict(reversed(chances.items()))
        probability = np.prod(list(chances.values()), axis=0)
        more |= {"probability": probability, "weight": 1 / probability}
        more |= {"certainty": self.last.draw.certainty[rows], "turn": self.last.turn_of(rows)}
        return frames.gathered(frames.rows(self.last.draw.source, rows), {}, more)

    def _above(self, rows: IntArray) -> dict[str, Any]:
        """Give the units and strata of the stages above that the last listing lacks, for some of its rows."""
        known = {str(name).casefold() for name in frames.columns(self.last.draw.source)}
        out: dict[str, Any] = {}
        at = rows
        for number in range(len(self.stages) - 1, 0, -1):
            above = self.stages[number - 1]
            at = above.rows[self.stages[number].parent[at]]
            for name in (*above.stage.strata, above.stage.unit):
                if name.casefold() not in known and name not in out:
                    out[name] = frames.to_pandas(frames.rows(above.draw.source, at))[name].tolist()
        return out

    # ------------------------------------------------------------------------------------------------------- going on
    def next_stage(self, listing: Frame, *, rng: int | np.random.Generator, empty: Sequence[Any] = ()) -> PlanDraw:
        """Draw the next stage from a listing of the units drawn.

        Parameters
        ----------
        listing
            One row for each unit of the next stage, with the column of the unit above.
        rng
            A seed or a generator, of its own for each stage.
        empty
            Ids of units above in which nobody was found: without them a unit that is not listed is an error.

        Raises
        ------
        DesignError
            If a row belongs to a unit that was not drawn, a drawn unit has no rows, or the plan has no further stage.
        """
        if len(self.stages) == len(self.plan.stages):
            raise DesignError("The plan has no further stage.", found=repr(self.plan), fix="Add a stage to the plan.")
        stage = self.plan.stages[len(self.stages)]
        names = [str(name) for name in frames.columns(listing)]
        upper = tuple(one.stage.unit for one in self.stages if one.stage.unit in names)
        if self.last.stage.unit not in upper:
            raise DesignError(
                f"The listing does not say to which '{self.last.stage.unit}' its rows belong.",
                where=stage.where,
                fix=did_you_mean(self.last.stage.unit, names),
            )
        parent = self._parents(listing, upper, tuple(empty))
        made = draw_stage(stage, listing, upper, parent, self.last.probability, rng)
        nobody = tuple(one if isinstance(one, tuple) else (one,) for one in empty)
        made = replace(made, empty=nobody)
        return replace(self, stages=(*self.stages, made))

    def _parents(self, listing: Frame, upper: tuple[str, ...], empty: tuple[Any, ...]) -> IntArray:
        """Find the place (N,) of the unit above of every row of a listing."""
        drawn = frames.group(self._framed(self.last.rows), upper, "unit")
        place = {drawn.levels[code]: i for i, code in enumerate(drawn.codes.tolist())}
        if len(place) < len(drawn.codes):
            raise DesignError(
                "The ids of the units above are not unique.",
                found=", ".join(upper),
                fix="Add the columns of all units above.",
            )
        given = frames.group(listing, upper, "unit")
        at = np.array([place.get(level, -1) for level in given.levels] + [-1], dtype=np.int64)[given.codes]
        stray = np.flatnonzero(at < 0)
        if len(stray):
            row = int(stray[0])
            code = int(given.codes[row])
            raise DesignError(
                f"A listed row belongs to no '{upper[-1]}' of the sample.",
                where=f"column '{upper[-1]}', row {row + 1}; {len(stray)} rows",
                found="a missing id" if code < 0 else ", ".join(map(str, given.levels[code])),
                fix="Correct the id, leave the row out, or release the reserve first.",
            )
        listed = np.zeros(len(place), dtype=bool)
        listed[at] = True
        _refuse_gaps(upper[-1], place, listed, {one if isinstance(one, tuple) else (one,) for one in empty})
        return at

    def release(self, count: int | Mapping[Any, int]) -> PlanDraw:
        """Take units of the reserve of the last stage into the sample, whole and in their order.

        A reserve keeps probabilities only if every unit released is worked as the others are, to the end, whatever came of those
        before: it enlarges the sample, and is no substitute for a household that refuses (Chapman 1983, in Incomplete Data in Sample
        Surveys, vol. 2, 45-61; Vehovar 1999, Journal of Official Statistics 15, 335-350). Units are released before the next
        stage is drawn.

        Parameters
        ----------
        count
            Units to release of each stratum, or a mapping from stratum to number.

        Raises
        ------
        DesignError
            If the reserve holds fewer, or a stratum is not known.
        """
        one = self.last
        strata = one.draw.prepared.strata
        if isinstance(count, Mapping):
            given = by_level(count, strata)
            for key in given:
                if key not in strata.levels:
                    names = [", ".join(map(str, level)) for level in strata.levels]
                    said = ", ".join(map(str, key))
                    raise DesignError(f"There is no stratum '{said}'.", fix=did_you_mean(said, names))
            more = np.array([given.get(level, 0) for level in strata.levels], dtype=np.int64)
        else:
            more = np.full(len(strata.levels), int(checks.number(count, "count", "Give a number.", DesignError)))
        left = one.reserve - one.released
        short = np.flatnonzero((more > left) | (more < 0))
        if len(short):
            h = int(short[0])
            raise DesignError(
                "The reserve does not hold that many.",
                where=strata.label(h),
                found=f"{more[h]} wanted, {left[h]} left",
                fix="Release fewer, by a mapping from stratum to number.",
            )
        return replace(self, stages=(*self.stages[:-1], replace(one, released=one.released + more)))

    # --------------------------------------------------------------------------------------------------------- results
    def summary(self) -> pd.DataFrame:
        """Give one row per stratum of the first stage: its units, units and weights of the last stage."""
        rows = self.last.rows
        top = self.ways(rows)[0]
        first = self.stages[0]
        h = first.draw.stratum[top]
        H = len(first.main)
        weight = self.weight
        total, square = np.bincount(h, weights=weight, minlength=H), np.bincount(h, weights=weight**2, minlength=H)
        count = np.bincount(h, minlength=H)
        low, high = np.full(H, np.inf), np.zeros(H)
        np.minimum.at(low, h, weight)
        np.maximum.at(high, h, weight)
        with np.errstate(invalid="ignore", divide="ignore"):
            deff = count * square / total**2
        table = first.summary()
        return table.assign(units=count, weight_sum=total, weight_min=low, weight_max=high, deff_weights=deff)

    @property
    def deff(self) -> float:
        """Give the design effect of unequal weights alone, 1 + cv^2 of the weights (Kish 1992); 1 for a self-weighting sample."""
        weight = self.weight
        return float(len(weight) * (weight**2).sum() / weight.sum() ** 2)

    def self_weighting(self, tolerance: float = 1e-9) -> bool:
        """Tell whether all units of the last stage have the same weight, to a relative tolerance."""
        weight = self.weight
        return bool(weight.max() - weight.min() <= tolerance * weight.mean())

    def ways(self, rows: IntArray) -> list[IntArray]:
        """Give for rows of the last listing the row of every stage's frame they lie in, from the first stage on."""
        out = [rows]
        for number in range(len(self.stages) - 1, 0, -1):
            out.append(self.stages[number - 1].rows[self.stages[number].parent[out[-1]]])
        return out[::-1]

    def design(
        self,
        answers: Frame | None = None,
        *,
        weight: str | None = None,
        variance: Variance = "clusters",
        lonely_psu: LonelyPsu = "fail",
    ) -> Design:
        """Give the design with which the sample is estimated.

        Parameters
        ----------
        answers
            One or several rows for each unit of the last stage drawn, such as interviews, with its ids; the units themselves by
            default.
        weight
            Column of `answers` with the weight within the unit (say, the adults of a household of whom one was asked).
        variance
            ``"clusters"``: first-stage units are clusters drawn with replacement, which needs nothing of the stages below and errs on
            the safe side; a certainty unit is a stratum of its own, with its units of the next stage as clusters. ``"stages"``: every
            stage with its finite population, unequal probabilities of the first with the approximation that fits the method; a
            stage of one person of each household adds nothing, and neither does what lies below one with unequal
            probabilities. A plan of one stage always takes the latter.
        lonely_psu
            As in :class:`survey_kit.Design`.

        Raises
        ------
        DesignError
            If an answer comes from a unit that is not in the sample.

        Notes
        -----
        Kish (1965), section 5.6, and Cochran (1977), section 11.9, for the two forms.

        Examples
        --------
        >>> import pandas as pd
        >>> from survey_kit.sampling import SamplePlan, Stage
        >>> towns = pd.DataFrame({"town": range(40), "people": range(100, 140)})
        >>> SamplePlan(stages=(Stage(unit="town", n=8),)).draw(towns, rng=1).design().df
        7
        """
        checks.choice(variance, "form of the variance", get_args(Variance), DesignError)
        return design_of_plan(self, answers, weight, variance, lonely_psu)

    def to_dict(self) -> dict[str, Any]:
        """Give the record as plain values: the plan, and for each stage its seed, draw, reserve and what was released."""
        return record_of(self)

    def to_json(self) -> str:
        """Give the record as text; :func:`repeat_plan` draws the sample again from it."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2)


def _refuse_gaps(unit: str, place: Mapping[Any, int], listed: BoolArray, nobody: set[tuple[Any, ...]]) -> None:
    """Refuse a unit of the sample without rows that is not declared empty, and one declared empty that is not."""
    known = {*place, *(level[-1:] for level in place)}
    full = {key for level, i in place.items() if listed[i] for key in (level, level[-1:])}
    for key in sorted(nobody, key=str):
        if key not in known or key in full:
            raise DesignError(
                f"A '{unit}' declared empty is {'listed' if key in full else 'not in the sample'}.",
                found=", ".join(map(str, key)),
                fix="Take it out of empty." if key in full else did_you_mean(key[-1], [one[-1] for one in place]),
            )
    missing = [level for level, i in place.items() if not listed[i] and not {level, level[-1:]} & nobody]
    if missing:
        raise DesignError(
            f"A '{unit}' of the sample is not listed.",
            found=f"{', '.join(map(str, missing[0]))}; {len(missing)} such units",
            fix="List it, or name it in empty=[...] if nobody is there.",
        )


def first_stage(plan: SamplePlan, frame: Frame, rng: int | np.random.Generator) -> PlanDraw:
    """Draw the first stage of a plan."""
    zero = np.zeros(frames.row_count(frame), dtype=np.int64)
    made = draw_stage(plan.stages[0], frame, (), zero, np.ones(1), rng)
    return PlanDraw(plan=plan, stages=(made,))
