"""The rehearsal: a made-up country whose truth is known, and surveys of it.

It stands on Kazakhstan's public frame (regions and districts with their official population) and on nothing else that is
real: nobody was interviewed, and no figure says anything about a real institution, place or person.

`build_country` and what follows it make three small waves of answers. `build_population`, `draw_wave`, `hold_field` and `weigh` go the whole
way of a national survey in eleven waves: a frame of areas, a sample drawn by the toolkit, a simulated field with its contact log, weights.
`make_teller` lets the same people answer a whole questionnaire through its routing, as ``answers.yaml`` says; `true_table` counts what is true,
and `write_national` writes the study in ``analyses/kazakhstan_annual``.
"""

from survey_kit.rehearsal.answer_model import AnswerModel, AnswerModels, answer_models
from survey_kit.rehearsal.answering import Answers, Teller, make_teller
from survey_kit.rehearsal.country import Country, build_country
from survey_kit.rehearsal.field import BIASED, CORRECTABLE, REHEARSAL, UNBIASED, Field, Scenario, hold_field
from survey_kit.rehearsal.national import wave_tables, write_national
from survey_kit.rehearsal.population import Population, build_population
from survey_kit.rehearsal.sampled import (
    WaveSample,
    allocate_areas,
    draw_adults,
    draw_wave,
    listing,
    sample_of,
    wave_plan,
)
from survey_kit.rehearsal.survey import Nonresponse, Sample, draw_sample, interview, response_table
from survey_kit.rehearsal.true_values import true_answers, true_table
from survey_kit.rehearsal.truth import Truth, true_value
from survey_kit.rehearsal.waves import CHANGES, ROUNDS, Change, Wave
from survey_kit.rehearsal.weighted import population_totals, weigh, weighting_plan
from survey_kit.rehearsal.write import SEED, survey_table, truth_table, truths, write_rehearsal

__all__ = [
    "BIASED",
    "CHANGES",
    "CORRECTABLE",
    "REHEARSAL",
    "ROUNDS",
    "SEED",
    "UNBIASED",
    "AnswerModel",
    "AnswerModels",
    "Answers",
    "Change",
    "Country",
    "Field",
    "Nonresponse",
    "Population",
    "Sample",
    "Scenario",
    "Teller",
    "Truth",
    "Wave",
    "WaveSample",
    "allocate_areas",
    "answer_models",
    "build_country",
    "build_population",
    "draw_adults",
    "draw_sample",
    "draw_wave",
    "hold_field",
    "interview",
    "listing",
    "make_teller",
    "population_totals",
    "response_table",
    "sample_of",
    "survey_table",
    "true_answers",
    "true_table",
    "true_value",
    "truth_table",
    "truths",
    "wave_plan",
    "wave_tables",
    "weigh",
    "weighting_plan",
    "write_national",
    "write_rehearsal",
]
