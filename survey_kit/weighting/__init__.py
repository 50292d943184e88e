"""Weighting: from the probabilities of a draw to weights that can be defended, each step a value with its line in a log."""

from survey_kit.weighting.diagnose_effects import compare_plans
from survey_kit.weighting.nonresponse import Nonresponse, UnknownEligibility
from survey_kit.weighting.plan import WeightingPlan
from survey_kit.weighting.propensity import Propensity
from survey_kit.weighting.starting import Base, Household
from survey_kit.weighting.targets import TargetMargin, Targets, read_targets
from survey_kit.weighting.targets_checked import Survey
from survey_kit.weighting.targets_reached import Calibrate, PostStratify, Rake
from survey_kit.weighting.targets_used import Sources
from survey_kit.weighting.trim import Trim
from survey_kit.weighting.weights import Weights

__all__ = [
    "Base",
    "Calibrate",
    "Household",
    "Nonresponse",
    "PostStratify",
    "Propensity",
    "Rake",
    "Sources",
    "Survey",
    "TargetMargin",
    "Targets",
    "Trim",
    "UnknownEligibility",
    "WeightingPlan",
    "Weights",
    "compare_plans",
    "read_targets",
]
