"""The rehearsal: a made-up country whose truth is known, surveyed three times.

It stands on Kazakhstan's public frame (regions and districts with their official population) and on nothing else that is
real: nobody was interviewed, and no figure says anything about a real institution, place or person.
"""

from survey_kit.rehearsal.country import Country, build_country
from survey_kit.rehearsal.survey import Nonresponse, Sample, draw_sample, interview, response_table
from survey_kit.rehearsal.truth import Truth, true_value
from survey_kit.rehearsal.write import SEED, survey_table, truth_table, truths, write_rehearsal

__all__ = [
    "SEED",
    "Country",
    "Nonresponse",
    "Sample",
    "Truth",
    "build_country",
    "draw_sample",
    "interview",
    "response_table",
    "survey_table",
    "true_value",
    "truth_table",
    "truths",
    "write_rehearsal",
]
