"""A survey of the made-up country: the sample, the interviews, the rows of the response file.

Strata are the regions' urban and rural parts. In each, areas are drawn with replacement and with probability proportional
to their households; each time an area is drawn, eight of its households are drawn without replacement (never one already
taken) and one adult in each. So a draw is a sampling unit of its own, and the variance of an estimate between draws is
what the with-replacement formula estimates: exactly, but for the households that a second draw of an area cannot take
again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from survey_kit.rehearsal.country import NOT_ASKED, Country, SingleArray, SmallArray, reached
from survey_kit.rehearsal.frame import PERSONS_PER_MODEL_PERSON, Stratum
from survey_kit.rehearsal.questions import DONT_KNOW, NOT_APPLICABLE, QUESTIONS, REFUSED, WAVES, Question, normal_cut
from survey_kit.types import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

Nonresponse: TypeAlias = Literal["complete", "at_random", "not_at_random"]

DRAWS = 300
FEWEST_DRAWS = 4
HOUSEHOLDS_PER_DRAW = 8
TALKATIVE = 0.55  # how far one person's items go unanswered together
UNTALKATIVE = 0.835


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The drawn persons (places in the country), the number of the draw each came with, and the weights."""

    person: IntArray
    draw: IntArray
    stratum: IntArray
    weight: FloatArray


def allocate(strata: tuple[Stratum, ...], draws: int = DRAWS) -> IntArray:
    """Share the draws out in proportion to the square root of the households, at least four to a stratum.

    Examples
    --------
    >>> from survey_kit.rehearsal.frame import cut_areas, read_districts
    >>> shares = allocate(cut_areas(read_districts(), np.random.default_rng(1)))
    >>> int(shares.sum()), int(shares.min()), len(shares)
    (300, 5, 37)
    """
    size = np.sqrt([float(one.households.sum()) for one in strata])
    free = draws - FEWEST_DRAWS * len(strata)
    exact = size / size.sum() * free
    whole = np.floor(exact).astype(np.int64)
    first = np.argsort(whole - exact, kind="stable")[: free - int(whole.sum())]
    whole[first] += 1
    out: IntArray = whole + FEWEST_DRAWS
    return out


def draw_sample(country: Country, rng: np.random.Generator, draws: int = DRAWS) -> Sample:
    """Draw a sample of the country: areas, households, one adult in each household.

    Examples
    --------
    >>> from survey_kit.rehearsal.country import build_country
    >>> country = build_country(1, waves=("Rehearsal 1",))
    >>> sample = draw_sample(country, np.random.default_rng(1))
    >>> len(sample.person), len(set(sample.person.tolist())), len(set(sample.draw.tolist()))
    (2400, 2400, 300)
    """
    taken = allocate(country.strata, draws)
    first_area = np.concatenate([[0], np.cumsum([len(one.households) for one in country.strata])])
    household, weight = [], []
    for stratum, begin, count in zip(country.strata, first_area, taken, strict=False):
        ends = np.cumsum(stratum.households)
        total = int(ends[-1])
        areas = np.sort(np.searchsorted(ends, rng.integers(0, total, int(count)), side="right"))
        for area, times in zip(*np.unique(areas, return_counts=True), strict=True):
            chosen = rng.choice(
                int(stratum.households[area]), HOUSEHOLDS_PER_DRAW * int(times), replace=False, shuffle=True
            )
            household.append(chosen + country.area_start[begin + area])
        weight.append(np.full(int(count) * HOUSEHOLDS_PER_DRAW, total / (int(count) * HOUSEHOLDS_PER_DRAW)))
    homes = np.concatenate(household)
    adults = country.household_start[homes + 1] - country.household_start[homes]
    person = country.household_start[homes] + rng.integers(0, adults)
    return Sample(
        person=person,
        draw=np.repeat(np.arange(draws), HOUSEHOLDS_PER_DRAW),
        stratum=np.repeat(np.arange(len(taken)), taken * HOUSEHOLDS_PER_DRAW),
        weight=np.concatenate(weight) * adults * PERSONS_PER_MODEL_PERSON,
    )


def interview(
    country: Country, sample: Sample, wave: str, rng: np.random.Generator, nonresponse: Nonresponse = "at_random"
) -> SmallArray:
    """Give what the drawn persons said, a row per person and a column per item; -1 where an item was not reached.

    `nonresponse` is "complete" (everybody answers everything), "at_random" (who does not answer has nothing to do with
    what the answer would be) or "not_at_random" (it has: those who paid a bribe refuse to say so more often).
    """
    said = np.ascontiguousarray(country.answers[wave][sample.person].T)
    if nonresponse == "complete":
        return np.ascontiguousarray(said.T)
    place = {item: number for number, item in enumerate(country.items)}
    when = WAVES.index(wave)
    persons = len(sample.person)
    common = [rng.standard_normal(persons, dtype=np.float32) * np.float32(TALKATIVE) for _ in range(2)]
    blocks: dict[str, BoolArray] = {}
    for number, question in enumerate(QUESTIONS):
        asked = reached(question, said, place)
        said[number][~asked] = NOT_ASKED
        trait = country.traits[question.trait][sample.person] if nonresponse == "not_at_random" else None
        for kind, (code, rate) in enumerate(((DONT_KNOW, question.dont_know[when]), (REFUSED, question.refused[when]))):
            if rate:
                silent = _silent(question, rate, common[kind], trait, rng, blocks, f"{question.block} {code}")
                said[number][asked & silent] = code
        if question.not_applicable:
            said[number][asked & (rng.random(persons) < question.not_applicable)] = NOT_APPLICABLE
    return np.ascontiguousarray(said.T)


def _silent(
    question: Question,
    rate: float,
    common: SingleArray,
    trait: SingleArray | None,
    rng: np.random.Generator,
    blocks: dict[str, BoolArray],
    key: str,
) -> BoolArray:
    """Tell who does not answer; the items of a block share one decision."""
    if question.block and key in blocks:
        return blocks[key]
    tendency = common + rng.standard_normal(len(common), dtype=np.float32) * np.float32(UNTALKATIVE)
    if trait is not None and question.lean:
        rest = np.float32(round((1 - question.lean**2) ** 0.5, 4))
        tendency = trait * np.float32(question.lean) + tendency * rest
    out: BoolArray = tendency > np.float32(normal_cut(1 - rate))
    if question.block:
        blocks[key] = out
    return out


def response_table(country: Country, sample: Sample, said: SmallArray, wave: str) -> pd.DataFrame:
    """Give the rows of the response file: who, where, design columns, and the codes of the answers (null if not asked)."""
    import pandas as pd

    person = sample.person
    number = WAVES.index(wave) + 1
    columns: Mapping[str, object] = {
        "case": [f"{number}-{place:04d}" for place in range(1, len(person) + 1)],
        "wave": wave,
        "data_status": "synthetic",
        "stratum": np.array([one.name for one in country.strata])[sample.stratum],
        "psu": sample.draw + 1,
        "weight": sample.weight.round(3),
        "region": np.array(country.regions)[country.region[person]],
        "settlement": country.settlement[person],
        "language": country.language[person],
        "sex": country.sex[person],
        "age": country.age[person],
    }
    answers = pd.DataFrame(said, columns=list(country.items)).astype("Int16").mask(said == NOT_ASKED)
    return pd.concat([pd.DataFrame(columns), answers], axis=1)
