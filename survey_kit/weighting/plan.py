"""A weighting plan: steps as data, taken one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

from survey_kit import checks
from survey_kit.design import Design
from survey_kit.errors import DesignError, WeightingError, did_you_mean
from survey_kit.files import read_yaml
from survey_kit.types import Frame
from survey_kit.weighting.attrition import Attrition
from survey_kit.weighting.combining import Composite, FrameOverlap, Multiplicity
from survey_kit.weighting.estimated import CalibrateToEstimates
from survey_kit.weighting.integrated import Integrated
from survey_kit.weighting.log import line, missed
from survey_kit.weighting.nonresponse import Nonresponse, UnknownEligibility
from survey_kit.weighting.propensity import Propensity
from survey_kit.weighting.respondents import CalibrateRespondents
from survey_kit.weighting.starting import Base, Household
from survey_kit.weighting.step import Step
from survey_kit.weighting.targets_reached import Calibrate, PostStratify, Rake
from survey_kit.weighting.targets_used import Sources, by_wave, with_targets
from survey_kit.weighting.trim import Trim
from survey_kit.weighting.trim_error import TrimToError
from survey_kit.weighting.weights import Weights

KINDS: dict[str, type[Any]] = {
    kind.kind: kind
    for kind in (
        Base,
        Household,
        Multiplicity,
        FrameOverlap,
        UnknownEligibility,
        Nonresponse,
        Propensity,
        CalibrateRespondents,
        Attrition,
        Composite,
        PostStratify,
        Rake,
        Calibrate,
        Integrated,
        CalibrateToEstimates,
        Trim,
        TrimToError,
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightingPlan:
    """Steps from a draw to final weights.

    Parameters
    ----------
    steps
        Step values in the order in which they are taken: `Base`, `Household`, `Multiplicity`, `FrameOverlap`, `UnknownEligibility`,
        `Nonresponse`, `Propensity`, `CalibrateRespondents`, `Attrition`, `Composite`, `PostStratify`, `Rake`, `Calibrate`,
        `Integrated`, `CalibrateToEstimates`, `Trim`, `TrimToError`.
    told
        Of each step, where its targets come from; empty where the plan does not say.

    Raises
    ------
    WeightingError
        If there is no step, one is no step, or Base is not the first.

    Notes
    -----
    Every step enters the design's chain, so that the linearised variance is the derivative of all of them one after the other.
    A step without a derivative (Trim, classes of a propensity) makes the design refuse linearisation; on a design with
    replicates it is repeated in each.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> from survey_kit.weighting import Nonresponse, PostStratify, WeightingPlan
    >>> frame = pd.DataFrame({"w": [10.0] * 6, "r": [True, True, False, True, True, True], "sex": list("ffffmm")})
    >>> frame["y"] = [1.0, 0.0, None, 1.0, 0.0, 1.0]
    >>> plan = WeightingPlan(steps=(Nonresponse(respondent="r", by="sex"), PostStratify(by="sex", totals={"f": 45, "m": 15})))
    >>> made = plan.apply(sk.Design(frame, weight="w"))
    >>> made.values.round(6).tolist(), made.log["rows"].tolist()
    ([15.0, 15.0, 0.0, 15.0, 7.5, 7.5], [6, 5, 5])
    >>> round(float(sk.total(made.design, "y").table["estimate"][0]), 6)
    37.5
    """

    steps: tuple[Step, ...]
    told: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        steps = tuple(self.steps) if isinstance(self.steps, list) else self.steps
        object.__setattr__(self, "steps", steps)
        if not isinstance(steps, tuple) or not steps or any(not isinstance(step, Step) for step in steps):
            raise WeightingError(
                "A plan has steps.", found=checks.shown(self.steps), fix=f"Give a tuple of {', '.join(_classes())}."
            )
        late = [i for i, step in enumerate(steps) if isinstance(step, Base) and i]
        if late:
            raise WeightingError(
                "Base weights come first.", where=f"step {late[0] + 1}", fix="Put Base at the head of the plan."
            )

    def apply(self, design: Design | Frame, **declared: Any) -> Weights:
        """Take the steps on a design, or on a frame with what a design declares (``strata=``, ``psu=`` ...).

        Raises
        ------
        WeightingError, DesignError
            What a step refuses, with its number in the plan.
        """
        first, steps = self.steps[0], self.steps
        if isinstance(design, Design):
            if declared:
                raise WeightingError("A design is declared already.", found=", ".join(declared), fix="Leave these out.")
            current = design
        elif isinstance(first, Base):
            current = Design(first.frame(design), **{"weight": first.name} | declared)
        else:
            current = Design(design, **declared)
        if current.units is not None:
            raise DesignError(
                "Weighting needs single rows, and this table's rows stay in their engine.",
                fix="Take the columns into memory first: table.select(...).to_pandas().",
            )
        if isinstance(first, Base):
            steps = steps[1:]
            current = first.apply(current) if isinstance(design, Design) else current
            rows = [line("start", None, current, first.note())]
        else:
            rows = [line("start", None, current, f"the weights of column '{current.weight}'")]
        taken = [len(current.calibration)]
        sources = (*self.told, *[""] * len(self.steps))[len(self.steps) - len(steps) :]
        for step, source in zip(steps, sources, strict=False):
            after = step.apply(current)
            told = (*after.calibration[-1].notes, source, missed(current, after))
            rows.append(line(step.kind, current, after, "; ".join(note for note in told if note)))
            current = after
            taken.append(len(current.calibration))
        import pandas as pd

        return Weights(design=current, plan=self, log=pd.DataFrame(rows), taken=tuple(taken))

    @staticmethod
    def read(records: Sequence[Mapping[str, Any]], *, sources: Sources | None = None) -> WeightingPlan:
        """Read steps as a file writes them: a list of mappings, each with its ``kind``.

        A step that takes totals may name them instead, ``targets: population_2023.yaml#region``: margins of a file of targets
        (:func:`survey_kit.weighting.read_targets`), looked for where `sources` says; by default in the working folder.

        Raises
        ------
        WeightingError
            If a kind or key is unknown or missing; the step is named.

        Examples
        --------
        >>> WeightingPlan.read([{"kind": "nonresponse", "respondent": "r", "by": ["region", "sex"]}]).steps[0].by
        ('region', 'sex')
        """
        if isinstance(records, str) or not isinstance(records, Sequence):
            raise WeightingError("A plan is a list of steps.", found=checks.shown(records), fix="Write '- kind: base'.")
        sources = Sources(folder=Path()) if sources is None else sources
        made = [_step(record, i, sources) for i, record in enumerate(records, 1)]
        return WeightingPlan(steps=tuple(step for step, _ in made), told=tuple(told for _, told in made))

    @staticmethod
    def from_yaml(path: str | Path) -> WeightingPlan:
        """Read a plan from a YAML file: a list of steps, or a mapping with the list under ``weighting``.

        Files of targets are named from the folder of this file.
        """
        value = read_yaml(Path(path), "weighting plan", WeightingError).value
        steps = value.get("weighting", ()) if isinstance(value, dict) else value
        return WeightingPlan.read(steps, sources=Sources(folder=Path(path).parent))


def _classes() -> list[str]:
    return [kind.__name__ for kind in KINDS.values()]


def _step(record: Any, number: int, sources: Sources) -> tuple[Step, str]:
    place = f"step {number} of the plan"
    if not hasattr(record, "items") or "kind" not in record:
        raise WeightingError(
            "A step says its kind.", where=place, found=checks.shown(record), fix="Write 'kind: rake'."
        )
    kind = record["kind"]
    if kind not in KINDS:
        raise WeightingError(
            "A step of this kind is not known.", where=place, found=repr(kind), fix=did_you_mean(kind, KINDS)
        )
    made, told = KINDS[kind], ""
    if "targets" in record:
        record, told = with_targets(record, [part.name for part in fields(made)], sources, place)
    record = by_wave(record, sources.waves)
    given = {key: _frozen(value) for key, value in record.items() if key != "kind"}
    known = {part.name: part for part in fields(made)}
    for key in given:
        if key not in known:
            raise WeightingError(f"Step '{kind}' has no key '{key}'.", where=place, fix=did_you_mean(key, known))
    for name, part in known.items():
        if name not in given and part.default is MISSING and part.default_factory is MISSING:
            raise WeightingError(f"Step '{kind}' lacks '{name}'.", where=place, fix=f"Add '{name}:'.")
    step: Step = made(**given)
    return step, told


def _frozen(value: Any) -> Any:
    """Give lists as tuples."""
    return tuple(_frozen(part) for part in value) if isinstance(value, list) else value
