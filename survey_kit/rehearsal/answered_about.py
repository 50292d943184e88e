"""What a questionnaire asks that the made-up country holds as a fact of the person: where, who, how many in the dwelling."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from survey_kit.instrument import Instrument
from survey_kit.rehearsal.draws import uniforms
from survey_kit.rehearsal.people import HIGHER, NOT_WORKING, RETIRED, SECONDARY, STUDYING, VOCATIONAL, WORKING
from survey_kit.rehearsal.population import Population
from survey_kit.types import IntArray

Answer = NDArray[np.int32]

CHILDREN = (0.45, 0.70, 0.88, 0.97)  # share of dwellings with no child, one at most, two at most, three at most
EDUCATION: Mapping[int, int] = {SECONDARY: 3, VOCATIONAL: 4, HIGHER: 5}
OCCUPATION: Mapping[int, tuple[int, ...]] = {
    WORKING: (1, 3, 4, 5, 5, 5, 7, 7),
    NOT_WORKING: (10, 11, 12),
    STUDYING: (8,),
    RETIRED: (9,),
}


def known_of(population: Population, instrument: Instrument, wave: int, person: IntArray) -> Mapping[str, Answer]:
    """Give what is known of people as answers (n,), for the items of the questionnaire that ask it.

    Examples
    --------
    >>> from survey_kit.instrument import read_instrument
    >>> from survey_kit.rehearsal.population import build_population
    >>> form = read_instrument("instruments/kazakhstan_annual")
    >>> told = known_of(build_population(16), form, 1, np.arange(1000))
    >>> bool((told["eligible_adults"] <= told["household_size"]).all())
    True
    """
    people, seed = population.people, population.seed
    dwelling = np.searchsorted(people.start, person, side="right") - 1
    adults = people.start[dwelling + 1] - people.start[dwelling]
    children = np.searchsorted(CHILDREN, uniforms(seed, "children", dwelling), side="right")
    work = uniforms(seed, "occupation", person)
    occupation = np.zeros(len(person), dtype=np.int32)
    for kind, codes in OCCUPATION.items():
        here = people.employment[person] == kind
        occupation[here] = np.array(codes)[np.floor(work[here] * len(codes)).astype(np.int64)]
    schooling = np.zeros(max(EDUCATION) + 1, dtype=np.int32)
    schooling[list(EDUCATION)] = list(EDUCATION.values())
    told: Mapping[str, NDArray[np.generic]] = {
        "consent": np.ones(len(person)),
        "settlement": population.areas.settlement[people.area[person]],
        "interview_language": people.language[person],
        "household_size": adults + children,
        "eligible_adults": adults,
        "sex": people.sex[person],
        "age": population.age(wave)[person],
        "education": schooling[people.education[person]],
        "occupation": occupation,
        "home_language": people.language[person],
    }
    return {name: values.astype(np.int32) for name, values in told.items() if name in instrument}
