"""The simulated field of a wave: visits, refusals, interviews, and a contact log in the format of `survey_kit.fieldwork`.

Nobody is visited. Who takes part follows the scenario: by chance alone (`UNBIASED`), by what the frame and the population tables know
(`CORRECTABLE`: region, settlement, sex, age), or by how willing people are, which goes with how they trust the state (`BIASED`). Every area
has two interviewers, and its dwellings are given to them at random, so that their effects can be told from the area's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from survey_kit import checks
from survey_kit.errors import StudyError
from survey_kit.fieldwork import CODES, GROUPS
from survey_kit.fieldwork.contacts import COLUMNS
from survey_kit.rehearsal.interviewers import assign_interviewers
from survey_kit.rehearsal.outcomes import COMPLETE, Visits, interview_minutes, outcomes
from survey_kit.rehearsal.people import MALE, age_group, person_columns
from survey_kit.rehearsal.population import Population
from survey_kit.rehearsal.sampled import WaveSample, case_columns, draw_adults
from survey_kit.rehearsal.schedule import contact_log
from survey_kit.rehearsal.streams import stream
from survey_kit.rehearsal.waves import shift_of, wave_of
from survey_kit.types import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

Participation: TypeAlias = Literal["unbiased", "correctable", "biased"]

CONTACT, COOPERATION = 0.52, 0.72  # chance that a visit finds somebody; that a person found takes part, in wave 1
URBAN_CONTACT, RURAL_CONTACT = 0.92, 1.15  # factors, where participation is not by chance alone
URBAN_COOPERATION, RURAL_COOPERATION = 0.93, 1.09
MALE_COOPERATION, FEMALE_COOPERATION = 0.90, 1.08
AGE_COOPERATION = (0.86, 0.97, 1.06, 1.14)  # by age group
REGION_SPREAD = 0.10  # standard deviation of the logarithm of a region's factor
LEAN = 0.25  # of cooperation on the willingness of a person: exp(LEAN x response)
MOST = 0.97
PACE = 0.08  # standard deviation of the logarithm of an interviewer's pace
FABRICATED_SHARE = 0.5  # of a fabricator's cases, how many are invented, whatever would have come of them
FABRICATED_MINUTES = 0.45  # length of an invented interview over an honest one


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What the simulated field does to a sample.

    Attributes
    ----------
    participation
        ``"unbiased"``, ``"correctable"`` or ``"biased"``.
    interviewers
        Standard deviation of what interviewers do to answers, on the latent scale; 0 for none.
    mode_break
        Whether waves by telephone (`waves.ROUNDS`) are held so: no interview without a telephone, and answers moved by the mode.
    fabricators
        Interviewers who invent interviews.
    """

    participation: Participation = "unbiased"
    interviewers: float = 0.0
    mode_break: bool = False
    fabricators: int = 0

    def __post_init__(self) -> None:
        checks.choice(self.participation, "participation", ("unbiased", "correctable", "biased"), StudyError)
        if not 0 <= self.interviewers <= 2 or self.fabricators < 0:
            found = f"interviewers={self.interviewers:g}, fabricators={self.fabricators}"
            fix = "Give a standard deviation from 0 to 2 and a number of people."
            raise StudyError("The scenario has no such effect.", found=found, fix=fix)


UNBIASED = Scenario()
CORRECTABLE = Scenario(participation="correctable")
BIASED = Scenario(participation="biased")
REHEARSAL = Scenario(participation="correctable", interviewers=0.10, mode_break=True)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Field:
    """What came of a wave.

    Attributes
    ----------
    wave, scenario
        What was simulated.
    cases
        One row for each dwelling drawn (c rows): ids, places, probabilities, interviewer, code, group, ``known`` (whether eligibility is),
        ``eligible``, ``respondent``, and of respondents ``members`` (one over the chance of the adult within the dwelling), sex, age ...
    contacts
        The contact log, ``survey-kit/contacts/1``: for the field team only; empty when it was not asked for.
    person : (r,)
        Respondents, rows of the country.
    effect : (r,)
        What interviewer and mode do to the latent value of what a respondent says.
    copied : (r,)
        For an invented interview the respondent (0 to r - 1) whose answers were copied; -1 for an honest one.
    """

    wave: int
    scenario: Scenario
    cases: pd.DataFrame = field(repr=False)
    contacts: pd.DataFrame = field(repr=False)
    person: IntArray = field(repr=False)
    effect: FloatArray = field(repr=False)
    copied: IntArray = field(repr=False)

    @property
    def respondents(self) -> pd.DataFrame:
        """Give the rows of those who were interviewed, in the order of `person`."""
        return self.cases[self.cases["respondent"]].reset_index(drop=True)

    def with_answers(self, **answers: NDArray[Any]) -> pd.DataFrame:
        """Give the cases with columns of answers (r,), missing where there was no interview; an invented interview says what it copied."""
        out = self.cases.copy()
        for name, values in answers.items():
            if len(values) != len(self.person):
                found = f"'{name}' has {len(values)}, {len(self.person)} respondents"
                raise StudyError("There is one answer for each respondent.", found=found, fix="Use Field.person.")
            said = np.asarray(values, dtype=np.float64)
            column = np.full(len(out), np.nan)
            column[out["respondent"].to_numpy()] = np.where(self.copied >= 0, said[self.copied], said)
            out[name] = column
        return out

    def __repr__(self) -> str:
        told = f"{len(self.person):,} simulated interviews of {len(self.cases):,} cases, {len(self.contacts):,} visits"
        return f"{wave_of(self.wave).name}, participation {self.scenario.participation}: {told}; nobody was interviewed"

    def _repr_html_(self) -> str:
        table = self.cases["group"].value_counts().reindex(list(GROUPS), fill_value=0).rename("cases").to_frame()
        table.insert(0, "meaning", [GROUPS[one] for one in table.index])
        return f"<p><b>{self!r}</b></p>{table.to_html()}"


def hold_field(
    population: Population,
    sample: WaveSample,
    scenario: Scenario = UNBIASED,
    *,
    seed: int | None = None,
    log: bool = True,
) -> Field:
    """Simulate the field of a wave.

    Parameters
    ----------
    population, sample
        The country and the sample drawn from it.
    scenario
        Who takes part, and what interviewers, the mode and fabricators do.
    seed
        Of the field; the country's own unless told.
    log
        Whether to write the contact log; without it thousands of fields are held sooner.

    Examples
    --------
    >>> from survey_kit.rehearsal.population import build_population
    >>> from survey_kit.rehearsal.sampled import draw_wave
    >>> country = build_population(16)
    >>> held = hold_field(country, draw_wave(country, 11))
    >>> held.cases["group"].isin(["I", "P"]).sum() == len(held.person)
    np.True_
    """
    wave = wave_of(sample.wave)
    rng = stream(population.seed if seed is None else seed, f"field {wave.number}")
    by_telephone = scenario.mode_break and wave.mode == "telephone"
    cases = case_columns(population, sample)
    adult, chance = draw_adults(population, sample.dwelling, wave.number, rng)
    lived = adult >= 0
    region = cases["region"].to_numpy()
    who, codes = assign_interviewers(region, sample.area, rng)
    persons = np.where(lived, adult, 0)
    contact, cooperation = chances(population, persons, region, wave.number, scenario)
    reachable = population.people.phone[persons] | (not by_telephone)
    visits = outcomes(lived, contact, cooperation, reachable, rng)
    visits, invented = _fabricated(visits, who, lived, scenario.fabricators, rng)
    took = visits.interviewed
    pace = np.exp(rng.standard_normal(len(codes)) * PACE)[who] * np.where(invented, FABRICATED_MINUTES, 1.0)
    age = population.age(wave.number)[persons]
    minutes = np.where(took, interview_minutes(age, pace, rng), np.nan)
    moved = rng.standard_normal(len(codes)) * scenario.interviewers + (wave.mode_effect if by_telephone else 0.0)
    mode = "telephone" if by_telephone else "face_to_face"
    copied = _copied(invented[took], who[took], rng)
    contacts = contact_log(cases, who, codes, visits, minutes, mode, rng) if log else _no_contacts()
    return Field(
        wave=wave.number,
        scenario=scenario,
        cases=_told(cases, population, wave.number, adult, chance, visits, np.array(codes)[who], minutes, mode),
        contacts=contacts,
        person=adult[took],
        effect=moved[who][took],
        copied=copied,
    )


def _no_contacts() -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(columns=list(COLUMNS))


def chances(
    population: Population, person: IntArray, region: NDArray[Any], wave: int, scenario: Scenario
) -> tuple[FloatArray, FloatArray]:
    """Give the chance that a visit finds somebody (c,), and that the person then takes part (c,)."""
    n = len(person)
    base = COOPERATION * float(np.exp(shift_of("response", wave, "")))
    contact, cooperation = np.full(n, CONTACT), np.full(n, base)
    if scenario.participation == "unbiased":
        return contact, cooperation
    people = population.people
    urban = population.areas.settlement[people.area[person]] == 1
    names, place = np.unique(region, return_inverse=True)
    own = [stream(population.seed, f"participation {name}").standard_normal() for name in names.tolist()]
    spread = np.array(own) * REGION_SPREAD
    contact = contact * np.where(urban, URBAN_CONTACT, RURAL_CONTACT)
    cooperation = cooperation * np.where(urban, URBAN_COOPERATION, RURAL_COOPERATION) * np.exp(spread)[place]
    cooperation = cooperation * np.where(people.sex[person] == MALE, MALE_COOPERATION, FEMALE_COOPERATION)
    cooperation = cooperation * np.array(AGE_COOPERATION)[age_group(population.age(wave)[person]) - 1]
    if scenario.participation == "biased":
        cooperation = cooperation * np.exp(LEAN * population.trait("response", wave)[person])
    return contact, np.minimum(cooperation, MOST)


def _told(
    cases: pd.DataFrame,
    population: Population,
    wave: int,
    adult: IntArray,
    chance: FloatArray,
    visits: Visits,
    interviewer: NDArray[Any],
    minutes: FloatArray,
    mode: str,
) -> pd.DataFrame:
    """Add to the cases what the field found: codes for all, the person for respondents alone."""
    import pandas as pd

    group = np.array([CODES[code].group for code in visits.code.tolist()])
    took = visits.interviewed
    known = ~np.isin(group, ("UH", "UO"))
    found: dict[str, Any] = {
        "interviewer": interviewer,
        "mode": mode,
        "code": visits.code,
        "group": group,
        "known": known,
        "eligible": known & (group != "NE"),
        "respondent": took,
        "visits": visits.visits,
        "minutes": minutes,
        "members": np.where(took, 1 / chance, np.nan),
    }
    who = person_columns(population.people, population.age(wave), np.where(took, adult, 0))
    for name in ("sex", "age", "age_group", "education", "employment", "language"):
        found[name] = pd.array(who[name], dtype="Int16")
        found[name][~took] = pd.NA
    return cases.assign(**found)


def _fabricated(
    visits: Visits, who: IntArray, lived: BoolArray, fabricators: int, rng: np.random.Generator
) -> tuple[Visits, BoolArray]:
    """Let some interviewers write interviews that never were: which cases these are, and the visits as they are told."""
    if not fabricators:
        return visits, np.zeros(len(who), dtype=bool)
    if fabricators > len(np.unique(who)):
        found = f"{fabricators}, {len(np.unique(who))} interviewers"
        raise StudyError("There are more fabricators than interviewers.", found=found, fix="Plant fewer.")
    inventing = rng.choice(np.unique(who), size=fabricators, replace=False)
    there = lived & ~np.char.startswith(visits.code.astype(str), "3.")
    invented = there & np.isin(who, inventing) & (rng.random(len(who)) < FABRICATED_SHARE)
    told = Visits(
        visits=np.where(invented, 1, visits.visits),
        code=np.where(invented, COMPLETE, visits.code),
        appointment=visits.appointment & ~invented,
    )
    return told, invented


def _copied(invented: BoolArray, who: IntArray, rng: np.random.Generator) -> IntArray:
    """Give every invented interview an honest one of the same interviewer to copy; of anybody's where he has none."""
    out = np.full(len(invented), -1, dtype=np.int64)
    honest = np.flatnonzero(~invented)
    for row in np.flatnonzero(invented).tolist():
        own = honest[who[honest] == who[row]]
        out[row] = rng.choice(own if len(own) else honest)
    return out
