"""Who lives in the made-up country: adults in dwellings, and what of a person moves the traits. Every figure is made up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from survey_kit.rehearsal.areas import ADULTS_IN_DWELLING, Areas, SmallArray
from survey_kit.rehearsal.frame import RURAL
from survey_kit.rehearsal.streams import stream
from survey_kit.rehearsal.waves import Trait
from survey_kit.types import BoolArray, IntArray

SingleArray = NDArray[np.float32]

YOUNGEST, OLDEST = 18, 85
MALE, FEMALE = 1, 2
SECONDARY, VOCATIONAL, HIGHER = 1, 2, 3
WORKING, NOT_WORKING, STUDYING, RETIRED = 1, 2, 3, 4
KAZAKH, RUSSIAN = 1, 2
AGE_GROUPS = (18, 30, 45, 60)

# What moves a trait, in standard deviations. A person's own part is made of what all traits share and of its own: their squares add up to 1.
COMMON: Mapping[Trait, float] = {
    "state": 0.7,
    "service": 0.5,
    "law": 0.3,
    "knowledge": 0.2,
    "contact": 0.0,
    "bribe": -0.4,
    "response": 0.5,
}
BY_RURAL: Mapping[Trait, float] = {
    "state": 0.15,
    "service": -0.05,
    "law": 0.04,
    "knowledge": -0.10,
    "contact": -0.10,
    "bribe": -0.05,
    "response": 0.10,
}
BY_AGE: Mapping[Trait, float] = {  # for 16 years
    "state": 0.12,
    "service": 0.06,
    "law": 0.10,
    "knowledge": -0.04,
    "contact": -0.08,
    "bribe": -0.14,
    "response": 0.10,
}
BY_FEMALE: Mapping[Trait, float] = {
    "state": 0.04,
    "service": 0.0,
    "law": 0.06,
    "knowledge": -0.02,
    "contact": 0.05,
    "bribe": -0.10,
    "response": 0.08,
}
BY_HIGHER: Mapping[Trait, float] = {"knowledge": 0.30, "contact": 0.15, "state": -0.08}
BY_RUSSIAN: Mapping[Trait, float] = {"state": -0.06, "response": -0.04}


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Everybody (n,), dwelling by dwelling, in wave 1; `start` (D + 1,) says where the adults of a dwelling begin."""

    start: IntArray
    area: IntArray
    sex: SmallArray
    age: SmallArray
    education: SmallArray
    employment: SmallArray
    language: SmallArray
    phone: BoolArray


def make_people(seed: int, areas: Areas, region: IntArray) -> People:
    """Fill the dwellings: `region` (A,) is the region of each area, a number.

    Examples
    --------
    >>> from survey_kit.rehearsal.areas import cut_country
    >>> from survey_kit.rehearsal.frame import read_districts
    >>> areas = cut_country(read_districts(), np.random.default_rng(1), 40)
    >>> people = make_people(1, areas, np.zeros(len(areas.size), dtype=np.int64))
    >>> int(people.start[-1]) == len(people.age), int(people.age.min()), int(people.age.max())
    (True, 18, 85)
    """
    dwellings = int(areas.dwellings.sum())
    limits = np.cumsum(ADULTS_IN_DWELLING)[:-1]
    adults = np.searchsorted(limits, stream(seed, "dwellings").random(dwellings), side="right")
    area = np.repeat(np.repeat(np.arange(len(areas.size)), areas.dwellings), adults)
    rural = areas.settlement[area] == RURAL
    persons = len(area)
    rng = stream(seed, "people")
    young = np.minimum(rng.random(persons), rng.random(persons))
    age = (YOUNGEST + np.floor((OLDEST - YOUNGEST + 1) * young)).astype(np.int8)
    sex = np.where(rng.random(persons) < 0.47, MALE, FEMALE).astype(np.int8)
    drawn = rng.random(persons)
    higher = np.where(rural, 0.22, 0.38) - np.where(age > 60, 0.08, 0.0)
    education = np.where(drawn < higher, HIGHER, np.where(drawn < higher + 0.38, VOCATIONAL, SECONDARY)).astype(np.int8)
    return People(
        start=np.concatenate([[0], np.cumsum(adults)]).astype(np.int64),
        area=area,
        sex=sex,
        age=age,
        education=education,
        employment=_employment(age, sex, rng.random(persons)),
        language=_language(seed, adults, rural, region[area]),
        phone=rng.random(persons) < 0.985 - np.where(age > 70, 0.10, 0.0) - np.where(rural, 0.03, 0.0),
    )


def _employment(age: SmallArray, sex: SmallArray, drawn: NDArray[np.float64]) -> SmallArray:
    pension = np.where(sex == FEMALE, 61, 63)
    working = np.where(sex == FEMALE, 0.66, 0.78)
    active = np.where(drawn < working, WORKING, NOT_WORKING)
    student = np.where(drawn < 0.45, STUDYING, np.where(drawn < 0.80, WORKING, NOT_WORKING))
    retired = np.where(drawn < 0.88, RETIRED, WORKING)
    return np.where(age < 23, student, np.where(age >= pension, retired, active)).astype(np.int8)


def _language(seed: int, adults: IntArray, rural: BoolArray, region: IntArray) -> SmallArray:
    """Language of the interview, one for a dwelling; regions differ by chance, not as the real ones do."""
    rng = stream(seed, "language")
    lean = rng.standard_normal(32, dtype=np.float32)[region] * np.float32(0.35)
    own = np.repeat(rng.standard_normal(len(adults), dtype=np.float32), adults)
    kazakh = own + lean + np.where(rural, np.float32(0.7), np.float32(0.2)) > 0
    return np.where(kazakh, KAZAKH, RUSSIAN).astype(np.int8)


def person_part(seed: int, trait: Trait, people: People, rural: BoolArray) -> SingleArray:
    """Give the part of a trait that is the person's own, wave 1's age left out: (n,)."""
    n = len(people.area)
    common = COMMON[trait]
    value: SingleArray = stream(seed, "common").standard_normal(n, dtype=np.float32) * np.float32(common)
    own = np.float32(round((1 - common**2) ** 0.5, 6))
    value += stream(seed, f"trait {trait}").standard_normal(n, dtype=np.float32) * own
    value += np.float32(BY_RURAL[trait]) * rural
    value += np.float32(BY_FEMALE[trait]) * (people.sex == FEMALE)
    value += np.float32(BY_HIGHER.get(trait, 0.0)) * (people.education == HIGHER)
    value += np.float32(BY_RUSSIAN.get(trait, 0.0)) * (people.language == RUSSIAN)
    return value


def age_part(trait: Trait, age: SmallArray) -> SingleArray:
    """Give the part of a trait that age makes: (n,).

    Examples
    --------
    >>> age_part("state", np.array([24, 40, 56], dtype=np.int8)).round(2).tolist()
    [-0.11999999731779099, 0.0, 0.11999999731779099]
    """
    return (age.astype(np.float32) - np.float32(40)) * np.float32(BY_AGE[trait] / 16)


def age_group(age: SmallArray) -> SmallArray:
    """Give the age group, 1 (18-29) to 4 (60 and over).

    Examples
    --------
    >>> age_group(np.array([18, 29, 30, 85], dtype=np.int8)).tolist()
    [1, 1, 2, 4]
    """
    return np.searchsorted(AGE_GROUPS, age, side="right").astype(np.int8)


def person_columns(people: People, age: SmallArray, rows: IntArray | None = None) -> Mapping[str, NDArray[Any]]:
    """Give what is known of persons as columns, codes for categories: of everybody (n,), or of some rows."""
    at: Any = slice(None) if rows is None else rows
    then = age[at]
    return {
        "sex": people.sex[at],
        "age": then,
        "age_group": age_group(then),
        "education": people.education[at],
        "employment": people.employment[at],
        "language": people.language[at],
        "phone": people.phone[at],
    }
