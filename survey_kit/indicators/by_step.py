"""What every step of the weighting changes of the indicators, each change with its standard error."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit.design import Design
from survey_kit.errors import IndicatorError, did_you_mean
from survey_kit.estimate import Estimates, mean
from survey_kit.indicators.compute import everybody, scored_frame, wave_numbers
from survey_kit.indicators.score import score
from survey_kit.responses import Responses
from survey_kit.study import Study

if TYPE_CHECKING:
    from survey_kit.weighting import Weights


def effects_on_indicators(
    study: Study, responses: Responses, weights: Weights, indicators: Sequence[str] | None = None
) -> Any:
    """Tell what every step of a study's weighting changes of its indicators, for everybody in every wave.

    Parameters
    ----------
    study, responses
        The study and its answers.
    weights
        What :func:`survey_kit.make_weights` made of them.
    indicators
        Ids of indicators; all when left out.

    Returns
    -------
    data frame
        One row per indicator, wave and step: ``indicator, wave, number, step, unit, estimate, se, n, change, change_se,
        since_start, since_start_se, df``. Waves in which an indicator was not asked are left out.

    Raises
    ------
    IndicatorError
        If an indicator is not known.

    See Also
    --------
    survey_kit.Weights.effects : the same for any column or function of a design.
    """
    import pandas as pd

    known = [one.id for one in study.definitions]
    for name in indicators or ():
        if name not in known:
            raise IndicatorError(f"There is no indicator '{name}'.", fix=did_you_mean(name, known))
    wave = wave_numbers(study, responses)
    columns = score(study, responses, wave)
    scored = scored_frame(weights.design, wave, columns, [everybody(len(wave))])
    made = replace(weights, design=_numbered(weights.design.with_frame(scored), wave))
    tables = []
    for one in study.definitions:
        if indicators is not None and one.id not in indicators:
            continue
        names = [column.name for column in columns[one.id]]
        table = made.effects(_outcome(names, str(made.design.wave)))
        table = table[table["n"] > 0]
        place = table[str(made.design.wave)].to_numpy().astype(np.int64)
        labels = [study.waves[int(v)].id for v in place]
        out = table.assign(indicator=one.id, wave=labels, unit=one.unit)
        tables.append(out.sort_values(["wave", "number"], key=_order(study), kind="stable"))
    names_out = ("indicator", "wave", "number", "step", "unit", "estimate", "se", "n", "change", "change_se")
    return pd.concat(tables, ignore_index=True)[[*names_out, "since_start", "since_start_se", "df"]]


def _numbered(design: Design, wave: Any) -> Design:
    """Give the design with its waves named as the scored frame numbers them."""
    import copy

    out = copy.copy(design)
    number = [int(wave[design.layout.wave_of_row == v][0]) for v in range(len(design.waves))]
    object.__setattr__(out, "layout", replace(design.layout, waves=tuple(number)))
    return out


def _order(study: Study) -> Callable[[Any], Any]:
    place = {wave.id: v for v, wave in enumerate(study.waves)}
    return lambda column: column.map(place) if column.name == "wave" else column


def _outcome(names: Sequence[str], wave: str) -> Callable[[Design], Estimates]:
    """Give the function that estimates an indicator: the mean of its items' means, by wave."""

    def estimates(design: Design) -> Estimates:
        made = mean(design, list(names), by=wave, missing="exclude")
        k = len(names)
        if k == 1:
            return made
        waves = made.table[wave].to_numpy()[::k]
        L = np.kron(np.eye(len(waves)), np.full((1, k), 1 / k))  # noqa: N806 - as in the formula
        return made.linear(L, {wave: list(waves), "variable": ["mean of the items"] * len(waves)})

    return estimates
