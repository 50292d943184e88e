"""The sampling design: who was drawn, in which strata and units, with which weight."""

from survey_kit.design.calibration import Calibration
from survey_kit.design.design import Design
from survey_kit.design.layout import Layout, Stage
from survey_kit.design.make_replicates import make_replicates
from survey_kit.design.psu_table import Counted, PsuTable, accumulate, count
from survey_kit.design.replicates import Replicates

__all__ = [
    "Calibration",
    "Counted",
    "Design",
    "Layout",
    "PsuTable",
    "Replicates",
    "Stage",
    "accumulate",
    "count",
    "make_replicates",
]
