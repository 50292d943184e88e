"""The eleven numbered waves: which regions each knows, how it interviews, and every true change on the way.

All of it is declared here and nowhere else. Waves have numbers and no dates; the two changes of the list of regions follow the real ones
(Shymkent apart from South Kazakhstan in June 2018; Abai, Zhetisu and Ulytau in June 2022), and districts carry an answer through them.
What changes in people is made up: where `CHANGES` has no line, nothing changes at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from survey_kit.errors import StudyError

Trait: TypeAlias = Literal["state", "service", "law", "knowledge", "contact", "bribe", "response"]
Mode: TypeAlias = Literal["face_to_face", "telephone"]

TRAITS: tuple[Trait, ...] = ("state", "service", "law", "knowledge", "contact", "bribe", "response")

# the region a district belonged to before, by the region it belongs to now
BEFORE_2018: Mapping[str, str] = {"KZ-79": "KZ-61"}
BEFORE_2022: Mapping[str, str] = {"KZ-10": "KZ-63", "KZ-33": "KZ-19", "KZ-62": "KZ-35"}
RENAMED: Mapping[str, str] = {"KZ-61": "South Kazakhstan Region"}  # until June 2018


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """A wave: its number, how many regions its country had, the mode of its interviews, what that mode does to answers.

    `mode_effect` moves the latent value of what a person says, in standard deviations, beside what is true of the person.
    """

    number: int
    regions: Literal[16, 17, 20]
    mode: Mode = "face_to_face"
    mode_effect: float = 0.0

    @property
    def name(self) -> str:
        """Name the wave; never with a date."""
        return f"Rehearsal {self.number}"


ROUNDS: tuple[Wave, ...] = (
    Wave(number=1, regions=16),
    Wave(number=2, regions=16),
    Wave(number=3, regions=16),
    Wave(number=4, regions=16),
    Wave(number=5, regions=17),
    Wave(number=6, regions=17),
    Wave(number=7, regions=17, mode="telephone", mode_effect=0.15),
    Wave(number=8, regions=17),
    Wave(number=9, regions=20),
    Wave(number=10, regions=20),
    Wave(number=11, regions=20),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A true change: from a wave on, a trait is `shift` standard deviations higher, everywhere or in some regions of the list of 20."""

    trait: Trait
    wave: int
    shift: float
    regions: tuple[str, ...] = ()


CHANGES: tuple[Change, ...] = (
    Change(trait="state", wave=4, shift=-0.10),
    Change(trait="state", wave=6, shift=0.15),
    Change(trait="state", wave=10, shift=0.10),
    Change(trait="service", wave=3, shift=0.06),
    Change(trait="service", wave=5, shift=0.06),
    Change(
        trait="service", wave=8, shift=0.30, regions=("KZ-33", "KZ-55", "KZ-59")
    ),  # a measure that three regions have
    Change(trait="knowledge", wave=3, shift=0.05),
    Change(trait="knowledge", wave=10, shift=0.08),
    Change(trait="contact", wave=6, shift=-0.25),
    Change(trait="contact", wave=8, shift=0.25),
    Change(trait="bribe", wave=5, shift=-0.10),
    Change(trait="bribe", wave=9, shift=-0.10),
    Change(trait="response", wave=5, shift=-0.06),
    Change(trait="response", wave=9, shift=-0.06),
)  # of "law" nothing ever changes; from 1 to 2 and from 10 to 11 nothing at all

YEARS_OLDER: Mapping[int, int] = {5: 1, 9: 1}  # everybody is a year older from these waves on (85 at most)


def wave_of(number: int) -> Wave:
    """Give a wave by its number.

    Examples
    --------
    >>> wave_of(7).name, wave_of(7).mode, wave_of(7).regions
    ('Rehearsal 7', 'telephone', 17)
    """
    for wave in ROUNDS:
        if wave.number == number:
            return wave
    raise StudyError(
        "The rehearsal has no such wave.", found=repr(number), fix=f"Give a number from 1 to {len(ROUNDS)}."
    )


def region_then(region: str, regions: int) -> str:
    """Give the region that a district of today's `region` belonged to when the country had 16, 17 or 20.

    Examples
    --------
    >>> region_then("KZ-79", 16), region_then("KZ-79", 17), region_then("KZ-10", 17), region_then("KZ-10", 20)
    ('KZ-61', 'KZ-79', 'KZ-63', 'KZ-10')
    """
    if regions < 20:
        region = BEFORE_2022.get(region, region)
    return BEFORE_2018.get(region, region) if regions < 17 else region


def years_older(wave: int) -> int:
    """Tell how many years older everybody is than in wave 1.

    Examples
    --------
    >>> years_older(4), years_older(5), years_older(11)
    (0, 1, 2)
    """
    return sum(years for since, years in YEARS_OLDER.items() if since <= wave)


def shift_of(trait: Trait, wave: int, region: str) -> float:
    """Give how far a trait has moved since wave 1 in a region of the list of 20.

    Examples
    --------
    >>> shift_of("service", 8, "KZ-55"), shift_of("service", 8, "KZ-71"), shift_of("law", 11, "KZ-71")
    (0.42, 0.12, 0.0)
    """
    moved = (one for one in CHANGES if one.trait == trait and one.wave <= wave)
    return round(sum(one.shift for one in moved if not one.regions or region in one.regions), 6) + 0.0
