"""Fieldwork: what became of the sampled cases, how the field goes on, and what deserves a second look."""

from survey_kit.fieldwork.contacts import ContactLog, check_contacts, read_contacts
from survey_kit.fieldwork.dispositions import (
    CODES,
    GROUPS,
    Disposition,
    disposition,
    final_disposition,
    final_dispositions,
    interview_status,
)
from survey_kit.fieldwork.matching import Likeness, Nearest, likeness, nearest
from survey_kit.fieldwork.rates import Outcome, outcome_rates
from survey_kit.fieldwork.representativity import Imbalance, Representativity, imbalance, r_indicators

__all__ = [
    "CODES",
    "GROUPS",
    "ContactLog",
    "Disposition",
    "Imbalance",
    "Likeness",
    "Nearest",
    "Outcome",
    "Representativity",
    "check_contacts",
    "disposition",
    "final_disposition",
    "final_dispositions",
    "imbalance",
    "interview_status",
    "likeness",
    "nearest",
    "outcome_rates",
    "r_indicators",
    "read_contacts",
]
