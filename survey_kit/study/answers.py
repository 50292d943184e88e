"""From the files of a study to its responses and its design."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from survey_kit import frames
from survey_kit.design import Design
from survey_kit.errors import StudyError
from survey_kit.responses import Responses, read_table, take
from survey_kit.study.model import Columns, Derived, DesignKey
from survey_kit.study.study import Study
from survey_kit.study.tables import needed, read_files
from survey_kit.study.weights import weigh
from survey_kit.types import FloatArray, IntArray
from survey_kit.weighting import Base

if TYPE_CHECKING:
    import pandas as pd

    from survey_kit.weighting import Weights

UNWEIGHTED = "inverse of the selection probability"


def read_responses(study: Study) -> Responses:
    """Read the answers of a study and hold them against its instruments; make its derived domains.

    Items and columns that no indicator, domain or design of the study needs are left behind. Faults in the data stand
    in ``.problems``; ``.checked()`` turns the gravest into one error.

    Examples
    --------
    >>> from survey_kit.study import read_study
    >>> answers = read_responses(read_study("analyses/kazakhstan"))
    >>> answers.waves, len(answers.problems)
    (('Rehearsal 1', 'Rehearsal 2', 'Rehearsal 3'), 0)
    """
    reasons = study.responses.reasons
    items, columns, perhaps = needed(study)
    files = read_files(study, items, [*columns, *perhaps])
    columns += [name for name in perhaps if name in files.frame]
    responses = take(
        files.frame,
        instruments=dict(study.instruments),
        wave=study.wave_column,
        waves=[wave.id for wave in study.waves],
        items=items,
        required=columns,
        case=files.case,
        version=files.version,
        versions=files.versions,
        members=files.members,
        not_asked={wave.id: sorted(study.not_asked(wave.id)) for wave in study.waves},
        unasked_when={wave.id: study.unasked_when(wave.id) for wave in study.waves},
        reasons=None if reasons is None else read_table(study.data_file(reasons.file)),
        reason_kinds={} if reasons is None else reasons.kinds,
        reason_suffix="" if reasons is None else reasons.suffix,
        data_status=study.data_status,
        source=", ".join(str(path) for path in study.answer_files()),
    )
    responses = replace(responses, problems=files.told(responses.problems))
    if study.responses.unknown_codes == "missing":
        responses = _tolerated(responses)
    derived = {name: _derive(responses.frame, name, plan) for name, plan in study.derive.items()}
    return responses.with_columns(derived) if derived else responses


def _tolerated(responses: Responses) -> Responses:
    """Make notes of the codes that no instrument knows; their answers are missing for an unknown reason already."""
    problems = responses.problems.copy()
    problems.loc[problems["code"] == "R001", "severity"] = "note"
    return replace(responses, problems=problems.sort_values("severity", kind="stable", ignore_index=True))


def make_design(study: Study, responses: Responses) -> Design:
    """Make the design of a study: one over all waves, with what differs in a wave put in its place.

    Where waves differ, a helper column holds each wave's own values; a wave without strata is one stratum, a wave
    without units has every row as its own unit. The weights are those the study's weighting has made, when it declares
    one; see :func:`make_weights`.

    Examples
    --------
    >>> from survey_kit.study import read_study
    >>> study = read_study("analyses/kazakhstan")
    >>> [wave["df"] for wave in make_design(study, read_responses(study)).describe()]
    [263, 263, 263]
    """
    made = make_weights(study, responses)
    return _declared_design(study, responses) if made is None else made.design


def make_weights(study: Study, responses: Responses) -> Weights | None:
    """Make the weights of a study by the steps it declares; None when it declares none.

    Parameters
    ----------
    study, responses
        The study and its answers, as :func:`read_study` and :func:`read_responses` give them.

    Returns
    -------
    Weights or None
        With the design, the log and the story of every step.

    Raises
    ------
    WeightingError, DesignError
        What a step refuses, or a step without a derivative when the study declares no replicates.

    Examples
    --------
    >>> from survey_kit.study import read_study
    >>> study = read_study("analyses/kazakhstan")
    >>> make_weights(study, read_responses(study)) is None
    True
    """
    if study.plan is None:
        return None
    made = weigh(study, _declared_design(study, responses))
    if made is not None and made.replicate_only and made.design.replicates is None:
        raise StudyError(
            "A step of the weighting has no derivative, so standard errors need replicates.",
            where=f"{study.path}, step '{made.replicate_only[0]}'",
            fix="Write 'weighting: {steps: [...], replicates: {method: bootstrap, number: 500, seed: 1}}'.",
        )
    return made


def _declared_design(study: Study, responses: Responses) -> Design:
    """Make the design a study declares, before its weighting."""
    plan, place = study.design, responses.wave_codes()
    if study.plan is not None and plan.weight is None and isinstance(study.plan.steps[0], Base):
        base = study.plan.steps[0]
        weights = base.frame(responses.frame)[base.name]
        responses, plan = responses.with_columns({UNWEIGHTED: weights}), replace(plan, weight=UNWEIGHTED)
    helpers: dict[str, Any] = {}
    parts: dict[str, Columns] = {}
    for key in get_args(DesignKey):
        own = {v: wave.design[key] for v, wave in enumerate(study.waves) if key in wave.design}
        common = getattr(plan, key)
        if not own:
            parts[key] = common
            continue
        if isinstance(common, tuple) or any(isinstance(columns, tuple) for columns in own.values()):
            raise StudyError(
                f"A wave cannot change '{key}' of a sample with several stages.",
                where=str(study.path),
                fix="Put the columns together in the data.",
            )
        if key in {"weight", "fpc"} and None in own.values():
            raise StudyError(
                f"A wave of the study has no '{key}'.", where=str(study.path), fix="Name a column for every wave."
            )
        name = f"{common or key} (by wave)"
        helpers[name] = _joined(responses.frame, place, common, own, key)
        parts[key] = name
    source = responses.with_columns(helpers) if helpers else responses
    return Design(
        source,
        weight=str(parts["weight"]),
        strata=parts["strata"],
        psu=parts["psu"],
        fpc=parts["fpc"],
        nest=plan.nest,
        wave=study.wave_column,
        overlap=plan.overlap,
        case=study.responses.case,
        lonely_psu=plan.lonely_psu,
    )


# -------------------------------------------------------------------------------------------------- derived columns
def _derive(frame: pd.DataFrame, name: str, plan: Derived) -> Any:
    """Give the class or group of each row as an ordered category; null for none."""
    import pandas as pd

    levels = list(plan.levels())
    if plan.cut:
        column = frames.numbers(frame, plan.from_, f"source of '{name}'")
        code = np.searchsorted(np.asarray(plan.cut), column.values, side="right") - 1
        code[column.missing] = -1
    else:
        number = {str(value): k for k, values in enumerate(plan.groups.values()) for value in values}
        grouped = frames.group(frame, [plan.from_], f"source of '{name}'")
        place = [number.get(str(level[0]), -1) for level in grouped.levels]
        code = np.array([*place, -1], dtype=np.int64)[grouped.codes]
    return pd.Categorical.from_codes(code.tolist(), dtype=pd.CategoricalDtype(levels, ordered=True))


def _joined(
    frame: pd.DataFrame, place: IntArray, common: str | None, own: Mapping[int, Columns], key: DesignKey
) -> FloatArray:
    """Put each wave's own column together as numbers; null where a named column is null.

    Texts become numbers that no other column uses. In a wave without such a column all rows share one number of their
    own, or, for units, each row has its own.
    """
    import pandas as pd

    out = np.full(len(frame), np.nan)
    used, numbered = 0.0, {}
    for v in np.unique(place):
        here = np.flatnonzero(place == v)
        name = own.get(int(v), common)
        if name is None:
            out[here] = -1.0 - v if key != "psu" else -1.0 - here
            continue
        name = str(name)
        if name not in numbered:
            if frame[name].dtype.kind in "iufb" or key in {"weight", "fpc"}:
                column = frames.numbers(frame, name, key)
                numbered[name] = np.where(column.missing, np.nan, column.values)
            else:
                code, texts = pd.factorize(frame[name])
                numbered[name] = np.where(code < 0, np.nan, code + used + 1e9)
                used += len(texts)
        out[here] = numbered[name][here]
    return out
