"""Questionnaires as data: what was asked, of whom, in which words, with which answers, and what changed since."""

from survey_kit.instrument.begin import begin
from survey_kit.instrument.compare import Difference, Verdict, broken, compare, verdicts
from survey_kit.instrument.compose import fill, placeholders, switched
from survey_kit.instrument.crosswalk import Crosswalk, find_crosswalk, read_crosswalk
from survey_kit.instrument.length import Length, Pace, length
from survey_kit.instrument.load import check_folder, find_instrument, inspect, read_instrument, versions
from survey_kit.instrument.model import (
    MISSING_LABELS,
    Change,
    Declaration,
    FieldTest,
    Institution,
    Item,
    Module,
    Problem,
    Repeat,
    Rotation,
    Scale,
    Source,
    Texts,
)
from survey_kit.instrument.prove import Proof, prove
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.instrument.release import Release, release
from survey_kit.instrument.rules import RULES, check
from survey_kit.instrument.schema import editor_schema
from survey_kit.instrument.simulate import Simulation, simulate
from survey_kit.instrument.texts import map_texts, walk_texts
from survey_kit.instrument.translate import draft_translation, write_translation
from survey_kit.instrument.write import to_yaml, write_instrument

__all__ = [
    "MISSING_LABELS",
    "RULES",
    "Change",
    "Crosswalk",
    "Declaration",
    "Difference",
    "FieldTest",
    "Institution",
    "Instrument",
    "Item",
    "Length",
    "Module",
    "Pace",
    "Problem",
    "Proof",
    "Release",
    "Repeat",
    "Rotation",
    "Scale",
    "Simulation",
    "Source",
    "Texts",
    "Verdict",
    "begin",
    "broken",
    "check",
    "check_folder",
    "compare",
    "draft_translation",
    "editor_schema",
    "fill",
    "find_crosswalk",
    "find_instrument",
    "inspect",
    "length",
    "map_texts",
    "placeholders",
    "prove",
    "read_crosswalk",
    "read_instrument",
    "release",
    "simulate",
    "switched",
    "to_yaml",
    "verdicts",
    "versions",
    "walk_texts",
    "write_instrument",
    "write_translation",
]
