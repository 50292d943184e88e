"""Models under a sampling design: regression, small areas, decomposition."""

from survey_kit.models.api import cloglog, logit, multinomial, ols, ordered, poisson, probit
from survey_kit.models.area_diagnostics import AreaDiagnostics, area_diagnostics
from survey_kit.models.area_fit import AreaFit
from survey_kit.models.battese import battese_harter_fuller
from survey_kit.models.benchmark_areas import benchmark_areas
from survey_kit.models.calibration_table import calibration_slope, calibration_table
from survey_kit.models.components import Components, variance_components
from survey_kit.models.decompose_kitagawa import kitagawa
from survey_kit.models.decompose_oaxaca import oaxaca_blinder
from survey_kit.models.fay_herriot import fay_herriot
from survey_kit.models.fit import ModelFit
from survey_kit.models.fitness import fit_measures
from survey_kit.models.fitness_tests import parallel_lines, residual_test
from survey_kit.models.gvf import VarianceFunction, gvf
from survey_kit.models.margins import adjusted_means
from survey_kit.models.margins_effects import average_marginal_effects, comparisons
from survey_kit.models.pooled import Pooled, pooled_direct
from survey_kit.models.predict import predictions
from survey_kit.models.predict_contrasts import contrasts
from survey_kit.models.tidy import glance, tidy

__all__ = [
    "AreaDiagnostics",
    "AreaFit",
    "Components",
    "ModelFit",
    "Pooled",
    "VarianceFunction",
    "adjusted_means",
    "area_diagnostics",
    "average_marginal_effects",
    "battese_harter_fuller",
    "benchmark_areas",
    "calibration_slope",
    "calibration_table",
    "cloglog",
    "comparisons",
    "contrasts",
    "fay_herriot",
    "fit_measures",
    "glance",
    "gvf",
    "kitagawa",
    "logit",
    "multinomial",
    "oaxaca_blinder",
    "ols",
    "ordered",
    "parallel_lines",
    "poisson",
    "pooled_direct",
    "predictions",
    "probit",
    "residual_test",
    "tidy",
    "variance_components",
]
