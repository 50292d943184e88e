"""The superpopulation of the rehearsal: everybody of the made-up country, their traits in eleven waves, and what is true of them.

A trait is the sum of parts of the region, the district, the area and the person, moved by the person's settlement, age, sex, education and
language and by the declared changes of the waves. Parts of places and persons stay for good, so that what is not declared to change does not
change at all. One person of the model stands for `scale` adults.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from survey_kit import checks
from survey_kit.errors import StudyError
from survey_kit.rehearsal.areas import Areas, SmallArray, cut_country
from survey_kit.rehearsal.frame import RURAL, URBAN, District, read_districts
from survey_kit.rehearsal.people import OLDEST, People, age_part, make_people, person_columns, person_part
from survey_kit.rehearsal.streams import stream
from survey_kit.rehearsal.waves import RENAMED, TRAITS, Trait, region_then, shift_of, wave_of, years_older
from survey_kit.types import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

SingleArray = NDArray[np.float32]

SCALE = 25
LARGEST_SCALE = 30  # beyond, a region's rural part has too few areas to sample
REGION, DISTRICT, AREA = 0.17, 0.10, 0.16  # standard deviations of the parts of places, a person's own part having 1
SETTLEMENTS: Mapping[int, str] = {URBAN: "urban", RURAL: "rural"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Population:
    """Everybody of the made-up country.

    Attributes
    ----------
    seed, scale
        What it was made from; one person stands for `scale` adults.
    districts : (220,)
        The public frame.
    areas : (A,)
        Areas that stand in for enumeration areas.
    people : (n,)
        Adults, dwelling by dwelling, as they are in wave 1.
    traits
        For each trait the part (n,) that stays for good.
    """

    seed: int
    scale: int
    districts: tuple[District, ...] = field(repr=False)
    areas: Areas = field(repr=False)
    people: People = field(repr=False)
    traits: Mapping[Trait, SingleArray] = field(repr=False)

    @property
    def n(self) -> int:
        """Count the adults of the model."""
        return len(self.people.area)

    @property
    def digest(self) -> str:
        """Give the SHA-256 of everything in it: the same for the same seed and scale."""
        out = hashlib.sha256()
        for one in (self.areas, self.people):
            for part in fields(one):
                out.update(np.ascontiguousarray(getattr(one, part.name)).tobytes())
        for trait in TRAITS:
            out.update(np.ascontiguousarray(self.traits[trait]).tobytes())
        return out.hexdigest()

    def __repr__(self) -> str:
        places = f"{len(self.areas.size):,} areas of {len(self.districts)} districts"
        return f"Made-up country of {self.n:,} adults in {places}, seed {self.seed}: nobody lives there"

    def _repr_html_(self) -> str:
        return f"<p><b>{self!r}</b></p>"

    # ------------------------------------------------------------------------------------------------------ places
    def region_of_areas(self, wave: int) -> NDArray[Any]:
        """Give the region of every area (A,), from the list that the wave knows."""
        then = [region_then(one.region, wave_of(wave).regions) for one in self.districts]
        return np.array(then)[self.areas.district]

    def region(self, wave: int) -> NDArray[Any]:
        """Give the region of every person (n,), from the list that the wave knows."""
        return np.asarray(self.region_of_areas(wave)[self.people.area])

    @property
    def settlement(self) -> SmallArray:
        """Give the settlement of every person (n,): 1 urban, 2 rural."""
        return np.asarray(self.areas.settlement[self.people.area])

    def area_frame(self, wave: int) -> pd.DataFrame:
        """Give the sampling frame of a wave, one row for each area: its id, region, district, settlement, stratum and size."""
        import pandas as pd

        region = self.region_of_areas(wave)
        settlement = np.array(["", *SETTLEMENTS.values()])[self.areas.settlement]
        return pd.DataFrame(
            {
                "area": [f"A{number:05d}" for number in range(1, len(region) + 1)],
                "region": region,
                "settlement": settlement,
                "district": np.array([one.name_kk for one in self.districts])[self.areas.district],
                "district_no": self.areas.district + 1,
                "stratum": [f"{one}-{kind[:1].upper()}" for one, kind in zip(region, settlement, strict=True)],
                "size": self.areas.size,
            }
        )

    def region_names(self, wave: int) -> Mapping[str, str]:
        """Name the regions of a wave in English, by code."""
        regions = wave_of(wave).regions
        names = {one.region: one.region_en for one in self.districts}
        then = {region_then(code, regions) for code in names}
        renamed = RENAMED if regions < 17 else {}
        return {code: renamed.get(code, names[code]) for code in sorted(then)}

    # ------------------------------------------------------------------------------------------------------ people
    def age(self, wave: int) -> SmallArray:
        """Give everybody's age in a wave (n,)."""
        out: SmallArray = np.minimum(self.people.age + np.int8(years_older(wave)), np.int8(OLDEST))
        return out

    def trait(self, trait: Trait, wave: int) -> SingleArray:
        """Give everybody's trait in a wave (n,): what stays, what age makes, and every declared change until then."""
        number = wave_of(wave).number
        moved = np.array([shift_of(trait, number, one.region) for one in self.districts], dtype=np.float32)
        out: SingleArray = self.traits[trait] + age_part(trait, self.age(number))
        return out + moved[self.areas.district][self.people.area]

    def latent(self, item: str, trait: Trait, wave: int, loading: float = 0.7) -> SingleArray:
        r"""Give the latent value (n,) behind an item: :math:`a t + \sqrt{1 - a^2} e`, with a noise e of person and item that stays for good."""
        noise = stream(self.seed, f"item {item}").standard_normal(self.n, dtype=np.float32)
        rest = np.float32(round((1 - loading**2) ** 0.5, 6))
        out: SingleArray = self.trait(trait, wave) * np.float32(loading) + noise * rest
        return out

    def person_frame(self, wave: int) -> pd.DataFrame:
        """Give a row for each person: where, and who, with the codes of `people`."""
        import pandas as pd

        where = {"region": self.region(wave), "settlement": self.settlement}
        return pd.DataFrame({**where, **person_columns(self.people, self.age(wave))})

    def truth(self, values: ArrayLike, by: str | Sequence[str] = (), wave: int = 11) -> pd.DataFrame:
        """Give the true mean of any value of persons, over everybody or by domain.

        Parameters
        ----------
        values : (n,)
            Numbers or true and false; NaN for whoever is not in the base.
        by
            Columns of :meth:`person_frame`, such as ``"region"`` or ``("settlement", "sex")``.
        wave
            The wave whose regions and ages the domains use.

        Returns
        -------
        DataFrame
            The domain, ``truth`` (the mean of those in the base) and ``persons`` (how many they are).

        Raises
        ------
        StudyError
            If there is not one value for each person, or a column does not exist.
        """
        import pandas as pd

        value: FloatArray = np.asarray(values, dtype=np.float64)
        if value.shape != (self.n,):
            found = f"shape {value.shape}, {self.n:,} persons"
            raise StudyError("The truth needs one value for each person.", found=found, fix="Give an array (n,).")
        names = list(checks.names(by, "by"))
        inside = np.isfinite(value)
        people = self.person_frame(wave) if names else pd.DataFrame({"": np.zeros(self.n, dtype=np.int8)})
        for name in names:
            checks.choice(name, "column of persons", tuple(people.columns), StudyError)
        grouped = people.assign(truth=value)[inside].groupby(names or [""], sort=True, observed=True)["truth"]
        out = grouped.agg(truth="mean", persons="size").reset_index()
        return out if names else out.drop(columns="")

    def says(
        self, item: str, trait: Trait, wave: int, share: float, *, loading: float = 0.7, effect: ArrayLike = 0.0
    ) -> BoolArray:
        """Tell who would say yes (n,) to an item that about `share` of people affirm when nothing moves its trait.

        `effect` moves the latent value, as an interviewer or a mode does.
        """
        from survey_kit.rehearsal.questions import normal_cut

        latent = self.latent(item, trait, wave, loading) + np.asarray(effect, dtype=np.float32)
        return np.asarray(latent > np.float32(normal_cut(1 - share)))


def build_population(seed: int, scale: int = SCALE) -> Population:
    """Make everybody of a seed.

    Parameters
    ----------
    seed
        A whole number; the same one gives the same people, to the byte.
    scale
        Adults of the country that one person of the model stands for, from 1 to 30.

    Raises
    ------
    StudyError
        If the scale is outside its limits.

    Examples
    --------
    >>> country = build_population(16)
    >>> country
    Made-up country of 528,633 adults in 4,839 areas of 220 districts, seed 16: nobody lives there
    >>> trusting = country.says("trust", "state", 1, 0.45)
    >>> country.truth(trusting, "settlement", wave=1).round(3).values.tolist()
    [[1.0, 0.454, 326759.0], [2.0, 0.522, 201874.0]]
    """
    checks.instance(seed, (int, np.integer), "The seed is a whole number.", "Write seed=16.", StudyError)
    checks.instance(scale, (int, np.integer), "The scale is a whole number.", "Write scale=25.", StudyError)
    if not 1 <= scale <= LARGEST_SCALE:
        fix = f"Give 1 to {LARGEST_SCALE}."
        raise StudyError("A country of this scale cannot be sampled by region.", found=f"scale {scale}", fix=fix)
    districts = read_districts()
    areas = cut_country(districts, stream(seed, "areas"), int(scale))
    codes = sorted({one.region for one in districts})
    region: IntArray = np.array([codes.index(one.region) for one in districts])[areas.district]
    people = make_people(seed, areas, region)
    rural = areas.settlement[people.area] == RURAL
    traits = {
        trait: person_part(seed, trait, people, rural) + _place_part(seed, trait, areas, region)[people.area]
        for trait in TRAITS
    }
    return Population(seed=seed, scale=int(scale), districts=districts, areas=areas, people=people, traits=traits)


def _place_part(seed: int, trait: Trait, areas: Areas, region: IntArray) -> SingleArray:
    """Give the parts of region, district and area: (A,)."""
    rng = stream(seed, f"places {trait}")
    value: SingleArray = rng.standard_normal(32, dtype=np.float32)[region] * np.float32(REGION)
    value += rng.standard_normal(256, dtype=np.float32)[areas.district] * np.float32(DISTRICT)
    value += rng.standard_normal(len(region), dtype=np.float32) * np.float32(AREA)
    return value
