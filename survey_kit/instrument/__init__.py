"""Questionnaires as data: what was asked, of whom, in which words, with which answers, and what changed since."""

from survey_kit.instrument.compare import Difference, broken, compare
from survey_kit.instrument.load import check_folder, find_instrument, read_instrument, versions
from survey_kit.instrument.model import (
    MISSING_LABELS,
    Change,
    Declaration,
    Instrument,
    Item,
    Module,
    Problem,
    Scale,
    Source,
    Texts,
)
from survey_kit.instrument.rules import RULES, check
from survey_kit.instrument.schema import editor_schema
from survey_kit.instrument.translate import draft_translation
from survey_kit.instrument.write import to_yaml, write_instrument

__all__ = [
    "MISSING_LABELS",
    "RULES",
    "Change",
    "Declaration",
    "Difference",
    "Instrument",
    "Item",
    "Module",
    "Problem",
    "Scale",
    "Source",
    "Texts",
    "broken",
    "check",
    "check_folder",
    "compare",
    "draft_translation",
    "editor_schema",
    "find_instrument",
    "read_instrument",
    "to_yaml",
    "versions",
    "write_instrument",
]
