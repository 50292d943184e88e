"""The weights of a simulated wave: a plan of the toolkit, with the totals that the made-up country's own tables give."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from survey_kit.frames import to_pandas
from survey_kit.rehearsal.field import Field
from survey_kit.rehearsal.population import Population
from survey_kit.types import Frame
from survey_kit.weighting import Base, Household, Nonresponse, Rake, UnknownEligibility, WeightingPlan, Weights

if TYPE_CHECKING:
    import pandas as pd

    from survey_kit.weighting.step import Step


@lru_cache(maxsize=16)
def population_totals(population: Population, wave: int) -> Mapping[str, Mapping[str, int]]:
    """Count the made-up country by stratum (region and settlement) and by sex and age, as official tables would.

    Examples
    --------
    >>> from survey_kit.rehearsal.population import build_population
    >>> totals = population_totals(build_population(16), 11)
    >>> len(totals["stratum"]), list(totals["sex_age"])[:3]
    (37, ['1-1', '1-2', '1-3'])
    """
    people = population.person_frame(wave)
    stratum = population.area_frame(wave)["stratum"].to_numpy()[population.people.area]
    out = {}
    for name, keys in (("stratum", stratum), ("sex_age", _sex_age(people))):
        counts = people.groupby(keys).size()
        out[name] = {str(key): int(count) for key, count in counts.items()}
    return out


def _sex_age(frame: pd.DataFrame) -> pd.Series[str]:
    """Give sex and age group as one key, '1-4'; empty where there was no interview."""
    known = frame["sex"].notna()
    key = frame["sex"].astype(str) + "-" + frame["age_group"].astype(str)
    return key.where(known, "")


def weighting_plan(population: Population, wave: int, *, calibrated: bool = True) -> WeightingPlan:
    """Give the plan: probabilities, unknown eligibility, nonresponse by stratum, the adult within the dwelling, raking.

    `calibrated=False` leaves out the adjustment for nonresponse and the raking: what a survey would say that did nothing about it.
    """
    totals = population_totals(population, wave)
    start: tuple[Step, ...] = (Base(probability=("p_area", "p_dwelling")),)
    if not calibrated:
        return WeightingPlan(steps=(*start, Nonresponse(respondent="respondent"), Household(members="members")))
    steps: tuple[Step, ...] = (
        UnknownEligibility(known="known", by="stratum"),
        Nonresponse(respondent="respondent", by="stratum", eligible="eligible"),
        Household(members="members"),
        Rake(margins={name: dict(totals[name]) for name in ("stratum", "sex_age")}),
    )
    return WeightingPlan(steps=(*start, *steps))


def weigh(population: Population, held: Field, answers: Frame | None = None, *, calibrated: bool = True) -> Weights:
    """Weight a wave.

    Parameters
    ----------
    population
        The country, for the totals.
    held
        The field.
    answers
        The cases with their answers, as :meth:`Field.with_answers` gives them; the cases alone by default.
    calibrated
        Whether nonresponse is adjusted for, and the weights are raked.

    Returns
    -------
    Weights
        ``design`` estimates with standard errors that credit every step; respondents alone carry weight.

    Examples
    --------
    >>> import survey_kit as sk
    >>> from survey_kit.rehearsal.field import hold_field
    >>> from survey_kit.rehearsal.population import build_population
    >>> from survey_kit.rehearsal.sampled import draw_wave
    >>> country = build_population(16)
    >>> held = hold_field(country, draw_wave(country, 11))
    >>> weights = weigh(country, held)
    >>> bool(abs(weights.values.sum() - country.n) < 1e-4)
    True
    """
    frame = to_pandas(held.cases if answers is None else answers)
    frame = frame.assign(sex_age=_sex_age(frame))
    plan = weighting_plan(population, held.wave, calibrated=calibrated)
    return plan.apply(frame, strata="stratum", psu="psu")
