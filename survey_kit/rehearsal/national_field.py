"""What the commands of a field team read on the national rehearsal: the frame of areas, the newest wave's issued cases, its contact log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from survey_kit.rehearsal.field import REHEARSAL, hold_field
from survey_kit.rehearsal.population import Population
from survey_kit.rehearsal.sampled import draw_wave

if TYPE_CHECKING:
    import pandas as pd

FRAME, ISSUED, CONTACTS = "synthetic_frame.csv.gz", "synthetic_issued.csv.gz", "synthetic_contacts.csv.gz"
KNOWN = ("case", "data_status", "psu", "stratum", "region", "settlement")


def field_tables(population: Population, number: int) -> dict[str, pd.DataFrame]:
    """Give the files of a wave's field by name.

    Parameters
    ----------
    population
        The country.
    number
        The wave.

    Returns
    -------
    dict
        The frame (one row for each area, regions taken to vary alike), the issued cases with their base weights, the contact log.

    Examples
    --------
    >>> from survey_kit.rehearsal import build_population
    >>> made = field_tables(build_population(16), 11)
    >>> list(made), len(made["synthetic_frame.csv.gz"])
    (['synthetic_frame.csv.gz', 'synthetic_issued.csv.gz', 'synthetic_contacts.csv.gz'], 4839)
    """
    held = hold_field(population, draw_wave(population, number), REHEARSAL)
    weight = (1 / (held.cases["p_area"] * held.cases["p_dwelling"])).round(6)
    frame = population.area_frame(number)
    return {
        FRAME: frame.assign(cv=1.0, data_status="synthetic"),
        ISSUED: held.cases[list(KNOWN)].assign(base_weight=weight),
        CONTACTS: held.contacts.assign(data_status="synthetic"),
    }
