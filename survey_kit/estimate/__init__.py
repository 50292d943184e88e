"""Design-based estimates: a point, its influence, and everything that follows from them."""

from survey_kit.estimate.adapter import Influence, from_fixed, from_influence
from survey_kit.estimate.api import mean, proportion, ratio, total
from survey_kit.estimate.domains import Cells, cells
from survey_kit.estimate.estimates import Estimates, bind
from survey_kit.estimate.statistics import MEAN, RATIO, TOTAL, Statistic

__all__ = [
    "MEAN",
    "RATIO",
    "TOTAL",
    "Cells",
    "Estimates",
    "Influence",
    "Statistic",
    "bind",
    "cells",
    "from_fixed",
    "from_influence",
    "mean",
    "proportion",
    "ratio",
    "total",
]
