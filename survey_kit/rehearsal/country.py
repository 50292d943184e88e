"""A finite population with known answers: households in areas, adults in households, traits, and what each would say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from survey_kit.rehearsal.frame import ADULTS_PER_HOUSEHOLD, RURAL, Stratum, cut_areas, read_districts
from survey_kit.rehearsal.questions import QUESTIONS, TRAITS, WAVES, Question, Trait
from survey_kit.rehearsal.streams import stream
from survey_kit.types import BoolArray, IntArray

SmallArray = NDArray[np.int8]
SingleArray = NDArray[np.float32]

NOT_ASKED = -1
KAZAKH, RUSSIAN = 1, 2
MALE, FEMALE = 1, 2

# What moves a trait, in standard deviations of the person's own part: made up.
REGION, DISTRICT, AREA = 0.17, 0.10, 0.16
COMMON: Mapping[Trait, float] = {
    "state": 0.7,
    "service": 0.5,
    "law": 0.3,
    "knowledge": 0.2,
    "contact": 0.0,
    "bribe": -0.4,
}
OWN: Mapping[Trait, float] = {
    "state": 0.714,
    "service": 0.866,
    "law": 0.954,
    "knowledge": 0.98,
    "contact": 1.0,
    "bribe": 0.917,
}
BY_RURAL: Mapping[Trait, float] = {
    "state": 0.15,
    "service": -0.05,
    "law": 0.04,
    "knowledge": -0.10,
    "contact": -0.10,
    "bribe": -0.05,
}
BY_AGE: Mapping[Trait, float] = {
    "state": 0.12,
    "service": 0.06,
    "law": 0.10,
    "knowledge": -0.04,
    "contact": -0.08,
    "bribe": -0.14,
}
BY_FEMALE: Mapping[Trait, float] = {
    "state": 0.04,
    "service": 0.0,
    "law": 0.06,
    "knowledge": -0.02,
    "contact": 0.05,
    "bribe": -0.10,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """Everybody: where households and areas begin, who lives in them, their traits, and their answers by wave.

    `answers[wave]` has a row per person and a column per item of `items`; -1 stands where the person would not be asked.
    """

    seed: int
    strata: tuple[Stratum, ...]
    area_start: IntArray  # first household of each area, and the end
    household_start: IntArray  # first person of each household, and the end
    stratum: SmallArray
    settlement: SmallArray
    region: SmallArray  # place in `regions`
    language: SmallArray
    sex: SmallArray
    age: SmallArray
    traits: Mapping[Trait, SingleArray]
    answers: Mapping[str, SmallArray]
    regions: tuple[str, ...]
    items: tuple[str, ...]

    def answer(self, wave: str, item: str) -> SmallArray:
        """Give everybody's answer to an item in a wave."""
        column: SmallArray = self.answers[wave][:, self.items.index(item)]
        return column


def build_country(seed: int, waves: tuple[str, ...] = WAVES) -> Country:
    """Make the country of a seed: about half a million adults, one for every 25 of Kazakhstan's.

    Examples
    --------
    >>> country = build_country(1, waves=("Rehearsal 1",))
    >>> len(country.strata), len(country.regions), 500_000 < len(country.age) < 550_000
    (37, 20, True)
    """
    strata = cut_areas(read_districts(), stream(seed, "areas"))
    households = np.concatenate([one.households for one in strata])
    area_start = np.concatenate([[0], np.cumsum(households)]).astype(np.int64)
    limits = np.cumsum(ADULTS_PER_HOUSEHOLD)[:-1]
    size = np.searchsorted(limits, stream(seed, "sizes").random(int(area_start[-1])), side="right") + 1
    household_start = np.concatenate([[0], np.cumsum(size)]).astype(np.int64)

    regions = tuple(sorted({one.region for one in strata}))
    area_of = np.repeat(np.repeat(np.arange(len(households)), households), size)
    areas = np.array([len(one.households) for one in strata])
    stratum = np.repeat(np.arange(len(strata)), areas)[area_of].astype(np.int8)
    region = np.array([regions.index(one.region) for one in strata], dtype=np.int8)[stratum]
    settlement = np.array([one.settlement for one in strata], dtype=np.int8)[stratum]
    district = np.concatenate([one.district for one in strata])[area_of]

    persons = len(area_of)
    people = stream(seed, "people")
    young = np.minimum(people.random(persons), people.random(persons))
    age = (18 + np.floor(68 * young)).astype(np.int8)
    sex = np.where(people.random(persons) < 0.47, MALE, FEMALE).astype(np.int8)
    language = _languages(seed, size, region, settlement)
    traits = {
        trait: _trait(seed, trait, region=region, district=district, area=area_of)
        + _demographic(trait, settlement=settlement, age=age, sex=sex)
        for trait in TRAITS
    }
    return Country(
        seed=seed,
        strata=strata,
        area_start=area_start,
        household_start=household_start,
        stratum=stratum,
        settlement=settlement,
        region=region,
        language=language,
        sex=sex,
        age=age,
        traits=traits,
        answers=_answers(seed, traits, size, waves),
        regions=regions,
        items=tuple(question.item for question in QUESTIONS),
    )


def _languages(seed: int, size: IntArray, region: SmallArray, settlement: SmallArray) -> SmallArray:
    """Language of the interview, one for a household; regions differ by chance, not as the real ones do."""
    rng = stream(seed, "language")
    lean = rng.standard_normal(32, dtype=np.float32)[region] * np.float32(0.35)
    own = np.repeat(rng.standard_normal(len(size), dtype=np.float32), size)
    kazakh = own + lean + np.where(settlement == RURAL, np.float32(0.7), np.float32(0.2)) > 0
    return np.where(kazakh, KAZAKH, RUSSIAN).astype(np.int8)


def _trait(seed: int, trait: Trait, *, region: SmallArray, district: IntArray, area: IntArray) -> SingleArray:
    rng = stream(seed, f"trait {trait}")
    places = rng.standard_normal((3, 4096), dtype=np.float32)
    value: SingleArray = places[0][region] * np.float32(REGION)
    value += places[1][district] * np.float32(DISTRICT)
    value += places[2][area] * np.float32(AREA)
    value += stream(seed, "common").standard_normal(len(area), dtype=np.float32) * np.float32(COMMON[trait])
    value += rng.standard_normal(len(area), dtype=np.float32) * np.float32(OWN[trait])
    return value


def _demographic(trait: Trait, *, settlement: SmallArray, age: SmallArray, sex: SmallArray) -> SingleArray:
    value: SingleArray = np.where(settlement == RURAL, np.float32(BY_RURAL[trait]), np.float32(0))
    value += np.where(sex == FEMALE, np.float32(BY_FEMALE[trait]), np.float32(0))
    value += (age.astype(np.float32) - np.float32(40)) * np.float32(BY_AGE[trait] / 16)
    return value


def _answers(
    seed: int, traits: Mapping[Trait, SingleArray], size: IntArray, waves: tuple[str, ...]
) -> dict[str, SmallArray]:
    persons = len(traits["state"])
    out = {wave: np.full((len(QUESTIONS), persons), NOT_ASKED, dtype=np.int8) for wave in waves}
    place = {question.item: number for number, question in enumerate(QUESTIONS)}
    for number, question in enumerate(QUESTIONS):
        latent = _latent(seed, question, traits, size)
        cuts, codes = np.array(question.cuts, dtype=np.float32), np.array(question.codes, dtype=np.int8)
        for wave in waves:
            shift = np.float32(question.shift[WAVES.index(wave)])
            said = codes[np.searchsorted(cuts, latent + shift, side="right")]
            out[wave][number] = np.where(reached(question, out[wave], place), said, np.int8(NOT_ASKED))
    return {wave: np.ascontiguousarray(table.T) for wave, table in out.items()}


def _latent(seed: int, question: Question, traits: Mapping[Trait, SingleArray], size: IntArray) -> SingleArray:
    rng = stream(seed, f"item {question.item}")
    trait = traits[question.trait]
    if question.by_household:
        noise = np.repeat(rng.standard_normal(len(size), dtype=np.float32), size)
    else:
        noise = rng.standard_normal(len(trait), dtype=np.float32)
    latent: SingleArray = trait * np.float32(question.loading) + noise * np.float32(question.noise)
    return latent


def reached(question: Question, answers: SmallArray, place: Mapping[str, int]) -> BoolArray:
    """Tell who is asked a question, given the answers so far (one row per item)."""
    if not question.asked:
        return np.ones(answers.shape[1], dtype=bool)
    out = np.zeros(answers.shape[1], dtype=bool)
    for item, code in question.asked:
        out |= answers[place[item]] == code
    return out
