"""Design-based estimates: a point, its influence, and everything that follows from them."""

from survey_kit.estimate.adapter import Influence, from_fixed, from_influence
from survey_kit.estimate.api import mean, proportion, ratio, total
from survey_kit.estimate.contrasts import difference_in_differences, significance
from survey_kit.estimate.domains import Cells, cells
from survey_kit.estimate.estimates import Estimates, bind
from survey_kit.estimate.inequality import gini, mean_absolute_deviation
from survey_kit.estimate.margins import with_margins
from survey_kit.estimate.moments import correlation, covariance, geometric_mean, sd, variance
from survey_kit.estimate.multiplicity import adjust_p
from survey_kit.estimate.precision_table import precision
from survey_kit.estimate.quantile_api import cdf, median, quantile
from survey_kit.estimate.quantile_grouped import grouped_median
from survey_kit.estimate.shares import count, share
from survey_kit.estimate.statistics import MEAN, RATIO, TOTAL, Statistic
from survey_kit.estimate.trends import trend

__all__ = [
    "MEAN",
    "RATIO",
    "TOTAL",
    "Cells",
    "Estimates",
    "Influence",
    "Statistic",
    "adjust_p",
    "bind",
    "cdf",
    "cells",
    "correlation",
    "count",
    "covariance",
    "difference_in_differences",
    "from_fixed",
    "from_influence",
    "geometric_mean",
    "gini",
    "grouped_median",
    "mean",
    "mean_absolute_deviation",
    "median",
    "precision",
    "proportion",
    "quantile",
    "ratio",
    "sd",
    "share",
    "significance",
    "total",
    "trend",
    "variance",
    "with_margins",
]
