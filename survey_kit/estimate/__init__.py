"""Design-based estimates: a point, its influence, and everything that follows from them."""

from survey_kit.estimate.api import mean, proportion, ratio, total
from survey_kit.estimate.estimates import Estimates
from survey_kit.estimate.statistics import MEAN, RATIO, TOTAL, Statistic

__all__ = ["MEAN", "RATIO", "TOTAL", "Estimates", "Statistic", "mean", "proportion", "ratio", "total"]
