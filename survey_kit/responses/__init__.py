"""Answers: read from a file, held against the instrument, with the reason of every missing one."""

from survey_kit.responses.read import Labelled, read_labelled, read_table
from survey_kit.responses.recode import recode
from survey_kit.responses.responses import PROBLEMS, Responses, Unasked
from survey_kit.responses.summary import missing_summary
from survey_kit.responses.validate import take

from survey_kit.responses.collected import Collected, item_seconds, read_audit, read_collected  # isort: skip  (rests on the above)

__all__ = [
    "PROBLEMS",
    "Collected",
    "Labelled",
    "Responses",
    "Unasked",
    "item_seconds",
    "missing_summary",
    "read_audit",
    "read_collected",
    "read_labelled",
    "read_table",
    "recode",
    "take",
]
