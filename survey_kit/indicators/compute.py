"""From answers to rows: estimates, reliability, changes, families, words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit import frames
from survey_kit.design import Design
from survey_kit.errors import IndicatorError
from survey_kit.indicators.assemble import assemble
from survey_kit.indicators.cells import Domain, Job, fill
from survey_kit.indicators.comparable import Planner
from survey_kit.indicators.earlier import before_of, differences, refuse
from survey_kit.indicators.score import Column, Scored, score
from survey_kit.indicators.series import IndicatorSeries
from survey_kit.responses import Responses
from survey_kit.study import Study, make_design, read_responses
from survey_kit.types import IntArray, Progress

if TYPE_CHECKING:
    import pandas as pd


def compute(
    study: Study,
    responses: Responses | None = None,
    design: Design | None = None,
    progress: Progress | None = None,
    earlier: pd.DataFrame | None = None,
) -> IndicatorSeries:
    """Compute every indicator of a study, in every wave, for everybody and for each level of each domain.

    Parameters
    ----------
    study
        The study.
    responses
        Its answers; read from its files when left out.
    design
        Its sample; made from the study file when left out. Rows must be those of `responses`.
    progress
        Called with what is being done, steps done and steps in all.
    earlier
        Rows of the release before, as `survey_kit.indicators.earlier.read_earlier` gives them; those the study names under
        ``disclosure: {earlier: ...}`` when left out. What they told is known to every reader, whatever is withheld now.

    Returns
    -------
    IndicatorSeries
        One row per indicator, wave and level; a wave in which an indicator was not asked has its row, without figures.

    Notes
    -----
    A share is the weighted mean of 0 and 1 over its base, a mean score that of the scale stretched to 0-100, a net score
    that of 1, 0 and -1, a ratio the weighted share of the numerator among the denominator. Several items give the simple
    mean of their values, each on its own base, with one joint linearisation. All variances are design-based (Taylor).

    Examples
    --------
    >>> from survey_kit.study import read_study
    >>> series = compute(read_study("analyses/kazakhstan"))
    >>> series.select("trust_courts", domain="").rows[["wave", "status", "previous_wave"]].values.tolist()[1]
    ['Rehearsal 2', 'ok', 'Rehearsal 1']
    """
    steps = len(study.domains) + 3
    tell = progress or (lambda what, done, of: None)  # noqa: ARG005 - a silent stand-in
    tell("answers", 0, steps)
    responses = (read_responses(study) if responses is None else responses).checked()
    tell("design", 1, steps)
    design = make_design(study, responses) if design is None else design
    if design.wave != study.wave_column or design.n != len(responses.frame):
        raise IndicatorError(
            "The design is not one of this study's answers.",
            found=f"wave column '{design.wave}', {design.n} rows; needed '{study.wave_column}', {len(responses.frame)}",
            fix="Make it with make_design(study, responses).",
        )
    wave = wave_numbers(study, responses)
    columns = score(study, responses, wave)
    domains = [everybody(len(wave)), *(_domain(study, responses, name) for name in study.domains)]
    scored = replace(design, frame=scored_frame(design, wave, columns, domains))
    planner = Planner(study)
    job = Job(
        design=scored,
        indicators=study.definitions,
        columns=columns,
        plans={one.id: planner.plan(one) for one in study.definitions},
        present=np.asarray(scored.waves, dtype=np.int64),
        wave=wave,
        waves=len(study.waves),
    )
    cells = []
    for k, domain in enumerate(domains):
        tell(f"estimates {domain.name or 'for everybody'}", 2 + k, steps)
        cells.append(fill(job, domain))
    before = before_of(study, earlier)
    rows = assemble(study, job, cells, before)
    if before is not None and study.disclosure.known is None:
        refuse(differences(rows, before, study.disclosure.least))
    tell("rows", steps, steps)
    return IndicatorSeries(rows=rows, study=study, notes=design.assumptions())


def wave_numbers(study: Study, responses: Responses) -> IntArray:
    """Give the number of each row's wave (n,) among the study's."""
    if responses.waves == tuple(wave.id for wave in study.waves):
        return responses.wave_codes()
    texts = frames.texts(responses.frame, study.wave_column, "wave")
    order = {wave.id: v for v, wave in enumerate(study.waves)}
    unknown = {text for text in set(texts) if text not in order}
    if unknown:
        raise IndicatorError(
            "The answers hold a wave the study does not declare.",
            where=f"column '{study.wave_column}'",
            found=", ".join(sorted(map(str, unknown))[:5]),
            fix="Declare it under 'waves:', or read the answers with read_responses(study).",
        )
    return np.fromiter((order[str(text)] for text in texts), dtype=np.int64, count=len(texts))


def everybody(n: int) -> Domain:
    """Give the domain of all n rows."""
    return Domain(name="", column=None, levels=(("", ""),), code=np.zeros(n, dtype=np.int64))


def _domain(study: Study, responses: Responses, name: str) -> Domain:
    """Give a number to the levels that occur, in their order; labels come from the study or the instrument."""
    grouped = frames.group(responses.frame, [name], "domain")
    used = np.unique(grouped.codes[grouped.codes >= 0])
    if not len(used):
        raise IndicatorError(
            f"The domain '{name}' has no level: nobody has a value.",
            where=f"column '{name}'",
            fix="Correct it, or take it out of 'domains:'.",
        )
    place = np.full(len(grouped.levels) + 1, -1, dtype=np.int64)  # the last place serves those in no level
    place[used] = np.arange(len(used))
    levels = [grouped.levels[int(k)][0] for k in used]
    return Domain(
        name=name,
        column=f"level of {name}",
        levels=tuple((str(level), study.label_of(name, level)) for level in levels),
        code=place[grouped.codes],
    )


def scored_frame(
    design: Design, wave: IntArray, columns: Mapping[str, tuple[Column, ...]], domains: Sequence[Domain]
) -> Scored:
    """Put the design's columns, the waves and levels as numbers, and the scores into one frame."""
    import pandas as pd

    own = frames.to_pandas(design.frame)
    data: dict[str, Any] = {name: own[name] for name in _design_columns(design)}
    data |= {domain.column: np.where(domain.code < 0, np.nan, domain.code) for domain in domains if domain.column}
    data[str(design.wave)] = wave
    by_name = {column.name: column for group in columns.values() for column in group}
    data |= {name: column.value for name, column in by_name.items()}
    return Scored(frame=pd.DataFrame(data), columns=by_name)


def _design_columns(design: Design) -> list[str]:
    parts = (design.weight, design.strata, design.psu, design.fpc, design.case)
    spread = [name for part in parts for name in (part if isinstance(part, tuple) else (part,))]
    return list(dict.fromkeys(name for name in spread if name is not None))
