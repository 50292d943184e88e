"""The sampling design: who was drawn, in which strata and units, with which weight."""

from survey_kit.design.design import Design
from survey_kit.design.layout import Layout, Stage
from survey_kit.design.psu_table import PsuTable, accumulate

__all__ = ["Design", "Layout", "PsuTable", "Stage", "accumulate"]
