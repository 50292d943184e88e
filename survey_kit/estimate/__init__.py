"""Design-based estimates: a point, its influence, and everything that follows from them."""

from survey_kit.estimate.adapter import Influence, from_fixed, from_influence
from survey_kit.estimate.api import mean, proportion, ratio, total
from survey_kit.estimate.association_api import Crosstab, association, crosstab
from survey_kit.estimate.contrasts import difference_in_differences, significance
from survey_kit.estimate.domains import Cells, cells
from survey_kit.estimate.estimates import Estimates, bind
from survey_kit.estimate.goodness import goodness_of_fit
from survey_kit.estimate.hypothesis import TestResult, wald_test
from survey_kit.estimate.hypothesis_means import ttest
from survey_kit.estimate.hypothesis_quantiles import compare_quantiles
from survey_kit.estimate.independent import bind_independent
from survey_kit.estimate.inequality import gini, mean_absolute_deviation
from survey_kit.estimate.linking import link_factor, link_series
from survey_kit.estimate.margins import with_margins
from survey_kit.estimate.moments import correlation, covariance, geometric_mean, sd, variance
from survey_kit.estimate.multiplicity import adjust_p
from survey_kit.estimate.precision_table import precision
from survey_kit.estimate.quantile_api import cdf, median, quantile
from survey_kit.estimate.quantile_grouped import grouped_median
from survey_kit.estimate.ranks import rank_test
from survey_kit.estimate.rubin import combine, missing_information
from survey_kit.estimate.shares import count, share
from survey_kit.estimate.statistics import MEAN, RATIO, TOTAL, Statistic
from survey_kit.estimate.trends import trend

__all__ = [
    "MEAN",
    "RATIO",
    "TOTAL",
    "Cells",
    "Crosstab",
    "Estimates",
    "Influence",
    "Statistic",
    "TestResult",
    "adjust_p",
    "association",
    "bind",
    "bind_independent",
    "cdf",
    "cells",
    "combine",
    "compare_quantiles",
    "correlation",
    "count",
    "covariance",
    "crosstab",
    "difference_in_differences",
    "from_fixed",
    "from_influence",
    "geometric_mean",
    "gini",
    "goodness_of_fit",
    "grouped_median",
    "link_factor",
    "link_series",
    "mean",
    "mean_absolute_deviation",
    "median",
    "missing_information",
    "precision",
    "proportion",
    "quantile",
    "rank_test",
    "ratio",
    "sd",
    "share",
    "significance",
    "total",
    "trend",
    "ttest",
    "variance",
    "wald_test",
    "with_margins",
]
