"""Weighting: from the probabilities of a draw to weights that can be defended, each step a value with its line in a log."""

from survey_kit.weighting.attrition import Attrition
from survey_kit.weighting.combining import Composite, FrameOverlap, Multiplicity, effective_shares
from survey_kit.weighting.diagnose_effects import compare_plans
from survey_kit.weighting.estimated import CalibrateToEstimates
from survey_kit.weighting.integrated import Integrated
from survey_kit.weighting.nonresponse import Nonresponse, UnknownEligibility
from survey_kit.weighting.plan import WeightingPlan
from survey_kit.weighting.propensity import Propensity
from survey_kit.weighting.respondents import CalibrateRespondents
from survey_kit.weighting.starting import Base, Household
from survey_kit.weighting.targets import TargetMargin, Targets, read_targets
from survey_kit.weighting.targets_checked import Survey
from survey_kit.weighting.targets_reached import Calibrate, PostStratify, Rake
from survey_kit.weighting.targets_used import Sources
from survey_kit.weighting.trim import Trim
from survey_kit.weighting.trim_error import TrimToError
from survey_kit.weighting.weights import Weights

__all__ = [
    "Attrition",
    "Base",
    "Calibrate",
    "CalibrateRespondents",
    "CalibrateToEstimates",
    "Composite",
    "FrameOverlap",
    "Household",
    "Integrated",
    "Multiplicity",
    "Nonresponse",
    "PostStratify",
    "Propensity",
    "Rake",
    "Sources",
    "Survey",
    "TargetMargin",
    "Targets",
    "Trim",
    "TrimToError",
    "UnknownEligibility",
    "WeightingPlan",
    "Weights",
    "compare_plans",
    "effective_shares",
    "read_targets",
]
