"""Studies as data: what was surveyed when, how it was sampled, what is computed for whom, and where the answers are."""

from survey_kit.study.answers import make_design, make_weights, read_responses
from survey_kit.study.definition import AnyOf, Indicator, IndicatorsFile
from survey_kit.study.field_plan import FieldPlan, field_disclosure, write_disclosure
from survey_kit.study.field_screens import BackCheckPlan, SchedulePlan, ScreensPlan
from survey_kit.study.interviews import Held, read_interviews
from survey_kit.study.model import (
    Derived,
    Method,
    NotAsked,
    Obtain,
    RatingsPlan,
    Reasons,
    ReplicatePlan,
    ReportPlan,
    Sample,
    Source,
    StudyFile,
    Wave,
    Weighting,
    said,
)
from survey_kit.study.policy import Policy
from survey_kit.study.policy_read import read_policy
from survey_kit.study.read import read_study
from survey_kit.study.registry import Registry
from survey_kit.study.schema import write_schemas
from survey_kit.study.study import Study

__all__ = [
    "AnyOf",
    "BackCheckPlan",
    "Derived",
    "FieldPlan",
    "Held",
    "Indicator",
    "IndicatorsFile",
    "Method",
    "NotAsked",
    "Obtain",
    "Policy",
    "RatingsPlan",
    "Reasons",
    "Registry",
    "ReplicatePlan",
    "ReportPlan",
    "Sample",
    "SchedulePlan",
    "ScreensPlan",
    "Source",
    "Study",
    "StudyFile",
    "Wave",
    "Weighting",
    "field_disclosure",
    "make_design",
    "make_weights",
    "read_interviews",
    "read_policy",
    "read_responses",
    "read_study",
    "said",
    "write_disclosure",
    "write_schemas",
]
