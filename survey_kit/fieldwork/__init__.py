"""Fieldwork: what became of the sampled cases, how the field goes on, and what deserves a second look."""

from survey_kit.fieldwork.back_checks import BackChecks, back_checks
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
from survey_kit.fieldwork.interviewer_effects import InterviewerEffects, interviewer_effects
from survey_kit.fieldwork.interviewer_pages import InterviewerPages, write_interviewer_pages
from survey_kit.fieldwork.interviewer_score import interviewer_score
from survey_kit.fieldwork.matching import Likeness, Nearest, likeness, nearest
from survey_kit.fieldwork.positions import Displacement, displace
from survey_kit.fieldwork.progress import Progress, progress_of
from survey_kit.fieldwork.progress_page import field_page
from survey_kit.fieldwork.progress_report import FieldReport, field_report
from survey_kit.fieldwork.rates import Outcome, outcome_rates
from survey_kit.fieldwork.rates_by import outcome_rates_by
from survey_kit.fieldwork.representativity import Imbalance, Representativity, imbalance, r_indicators
from survey_kit.fieldwork.representativity_daily import balance_by_day, response_of
from survey_kit.fieldwork.screens import Interviews, Screen, Screened, screened
from survey_kit.fieldwork.screens_answers import (
    battery_indexes,
    screen_extremes,
    screen_filters,
    screen_heaping,
    screen_item_nonresponse,
    screen_straightlining,
)
from survey_kit.fieldwork.screens_contacts import pseudonyms, screen_alike, screen_duplicates
from survey_kit.fieldwork.screens_instrument import batteries, closing_answers, expected_seconds, scale_ends
from survey_kit.fieldwork.screens_order import screen_drift, screen_variance
from survey_kit.fieldwork.screens_places import screen_distance
from survey_kit.fieldwork.screens_times import Limits, screen_duration, screen_schedule
from survey_kit.fieldwork.screens_together import Screening, screen_interviews

__all__ = [
    "CODES",
    "GROUPS",
    "BackChecks",
    "ContactLog",
    "Displacement",
    "Disposition",
    "Eligibility",
    "FieldReport",
    "Imbalance",
    "InterviewerEffects",
    "InterviewerPages",
    "Interviews",
    "Likeness",
    "Limits",
    "Nearest",
    "Outcome",
    "Progress",
    "Representativity",
    "Screen",
    "Screened",
    "Screening",
    "back_checks",
    "balance_by_day",
    "batteries",
    "battery_indexes",
    "check_contacts",
    "closing_answers",
    "displace",
    "disposition",
    "eligibility_of",
    "eligible_share",
    "expected_seconds",
    "field_page",
    "field_report",
    "final_disposition",
    "final_dispositions",
    "imbalance",
    "interview_status",
    "interviewer_effects",
    "interviewer_score",
    "likeness",
    "nearest",
    "outcome_rates",
    "outcome_rates_by",
    "progress_of",
    "pseudonyms",
    "r_indicators",
    "read_contacts",
    "response_of",
    "scale_ends",
    "screen_alike",
    "screen_distance",
    "screen_drift",
    "screen_duplicates",
    "screen_duration",
    "screen_extremes",
    "screen_filters",
    "screen_heaping",
    "screen_interviews",
    "screen_item_nonresponse",
    "screen_schedule",
    "screen_straightlining",
    "screen_variance",
    "screened",
    "write_interviewer_pages",
]
