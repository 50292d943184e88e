"""The sampling design: who was drawn, in which strata and units, with which weight."""

from survey_kit.design.calibrate import calibrate, post_stratify, rake, standardize
from survey_kit.design.calibration import Calibration
from survey_kit.design.design import Design
from survey_kit.design.export import PublicWeights, export_design, public_replicate_weights
from survey_kit.design.layout import Layout, Stage
from survey_kit.design.make_replicates import make_replicates
from survey_kit.design.phases import two_phase
from survey_kit.design.pps import Pps
from survey_kit.design.psu_table import Counted, PsuTable, accumulate, count
from survey_kit.design.replicates import Replicates

__all__ = [
    "Calibration",
    "Counted",
    "Design",
    "Layout",
    "Pps",
    "PsuTable",
    "PublicWeights",
    "Replicates",
    "Stage",
    "accumulate",
    "calibrate",
    "count",
    "export_design",
    "make_replicates",
    "post_stratify",
    "public_replicate_weights",
    "rake",
    "standardize",
    "two_phase",
]
