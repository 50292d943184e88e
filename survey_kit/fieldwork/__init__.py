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
from survey_kit.fieldwork.eligibility import Eligibility, eligibility_of, eligible_share
from survey_kit.fieldwork.matching import Likeness, Nearest, likeness, nearest
from survey_kit.fieldwork.progress import Progress, progress_of
from survey_kit.fieldwork.progress_page import field_page
from survey_kit.fieldwork.progress_report import FieldReport, field_report
from survey_kit.fieldwork.rates import Outcome, outcome_rates
from survey_kit.fieldwork.rates_by import outcome_rates_by
from survey_kit.fieldwork.representativity import Imbalance, Representativity, imbalance, r_indicators
from survey_kit.fieldwork.representativity_daily import balance_by_day, response_of

__all__ = [
    "CODES",
    "GROUPS",
    "ContactLog",
    "Disposition",
    "Eligibility",
    "FieldReport",
    "Imbalance",
    "Likeness",
    "Nearest",
    "Outcome",
    "Progress",
    "Representativity",
    "balance_by_day",
    "check_contacts",
    "disposition",
    "eligibility_of",
    "eligible_share",
    "field_page",
    "field_report",
    "final_disposition",
    "final_dispositions",
    "imbalance",
    "interview_status",
    "likeness",
    "nearest",
    "outcome_rates",
    "outcome_rates_by",
    "progress_of",
    "r_indicators",
    "read_contacts",
    "response_of",
]
