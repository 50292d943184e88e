"""The weighting a study declares: its plan read, its columns named, its weights made."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from survey_kit.errors import StudyError, WeightingError
from survey_kit.weighting import Base, Sources, Survey, WeightingPlan

if TYPE_CHECKING:
    from survey_kit.design import Design
    from survey_kit.study.model import StudyFile
    from survey_kit.study.study import Study
    from survey_kit.weighting import Weights

NAMED = (
    *(
        "probability",
        "members",
        "times",
        "where",
        "sample",
        "known",
        "by",
        "respondent",
        "eligible",
        "levels",
        "numbers",
    ),
    *("stayed", "left", "household", "outcomes"),
)
KEYED = ("margins", "controls")  # {wave: {column: ...}}


def read_plan(study: StudyFile, folder: Path, at: Callable[..., str]) -> tuple[WeightingPlan | None, tuple[Path, ...]]:
    """Read the plan a study declares, and the files of targets it names.

    Parameters
    ----------
    study
        What the study file declares.
    folder
        Its folder, from which files of targets are named.
    at
        Gives the line of a key.

    Raises
    ------
    StudyError, WeightingError
        If a step is not known, lacks something, or names targets that do not fit the survey.
    """
    declared = study.weighting
    if declared is None:
        if study.design.weight is None:
            raise StudyError(
                "The design names no weight.",
                where=at("design"),
                fix="Add 'weight:', or 'weighting:' with base probabilities as its first step.",
            )
        return None, ()
    known = {wave.id for wave in study.waves}
    strange = next((wave for wave in declared.dates if wave not in known), None)
    if strange is not None:
        raise StudyError(f"There is no wave '{strange}'.", where=at("weighting", "dates"), fix="Name a wave's id.")
    years = {wave.id: str(wave.year) for wave in study.waves if wave.year is not None}
    sources = Sources(
        folder=folder,
        survey=Survey(dates=years | dict(declared.dates), boundaries=declared.boundaries, max_age=declared.max_age),
        waves=tuple(wave.id for wave in study.waves),
    )
    try:
        plan = WeightingPlan.read(declared.steps, sources=sources)
    except WeightingError as error:
        where = error.where if error.where and ".yaml:" in error.where else f"{_line_of(error, at)}, {error.where}"
        raise WeightingError(error.what, where=where, found=error.found, fix=error.fix) from None
    undated = [wave for wave in sources.waves if wave not in sources.survey.dates]
    if sources.read and undated and study.data_status == "real":  # synthetic waves are numbered, not dated
        raise StudyError(
            "The age of the targets cannot be judged: a wave has neither year nor date.",
            where=at("weighting"),
            found=f"wave '{undated[0]}'",
            fix=f"Add 'year:' to the wave, or 'dates: {{{undated[0]}: 2026-05}}' under 'weighting:'.",
        )
    if study.design.weight is None and not isinstance(plan.steps[0], Base):
        raise StudyError(
            "The design names no weight, and the weighting does not begin with base probabilities.",
            where=at("design"),
            found=f"the first step is '{plan.steps[0].kind}'",
            fix="Add 'weight:' to 'design:', or '- {kind: base, probability: ...}' before the other steps.",
        )
    return plan, tuple(sources.read)


def _line_of(error: WeightingError, at: Callable[..., str]) -> str:
    """Give the line of the step that an error names."""
    number = re.match(r"step (\d+) of", error.where or "")
    if number is None:
        return at("weighting")
    step = int(number[1]) - 1
    return max(at("weighting", step), at("weighting", "steps", step), key=lambda place: int(place.rpartition(":")[2]))


def plan_columns(plan: WeightingPlan | None) -> tuple[list[str], list[str]]:
    """Name the columns the steps of a study's plan look at, and every other text of them, which may name one."""
    needed: list[str] = []
    perhaps: list[str] = []
    for step in () if plan is None else plan.steps:
        for part in fields(step):  # type: ignore[arg-type]  # every step is a dataclass
            value = getattr(step, part.name)
            if part.name in NAMED:
                needed += _texts(value)
            elif part.name in KEYED:
                margins = [one for one in value.values() if isinstance(one, Mapping)]
                needed += [text for margin in margins for columns in margin for text in _texts(columns)]
            elif part.name == "frames":  # {frame: column}
                needed += _texts(tuple(value.values()))
            elif not isinstance(step, Base):
                perhaps += _texts(value)
    return list(dict.fromkeys(needed)), list(dict.fromkeys(perhaps))


def weigh(study: Study, design: Design) -> Weights | None:
    """Take the steps of a study's plan on its design, in every replicate when it declares replicates.

    Parameters
    ----------
    study
        The study.
    design
        The design before weighting.

    Returns
    -------
    Weights or None
        None when the study declares no weighting.

    Raises
    ------
    WeightingError, DesignError
        What a step refuses.
    """
    from survey_kit.design import make_replicates

    if study.plan is None or study.weighting is None:
        return None
    how = study.weighting.replicates
    if how is not None:
        design = make_replicates(design, how.method, replicates=how.number, rng=how.seed)
    return study.plan.apply(design)


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for key, part in value.items() for text in (*_texts(key), *_texts(part))]
    return [text for part in value for text in _texts(part)] if isinstance(value, (list, tuple)) else []
