"""Models under a sampling design: regression, small areas, decomposition."""

from survey_kit.models.api import cloglog, logit, multinomial, ols, ordered, poisson, probit
from survey_kit.models.area_diagnostics import AreaDiagnostics, area_diagnostics
from survey_kit.models.area_fit import AreaFit
from survey_kit.models.battese import battese_harter_fuller
from survey_kit.models.benchmark_areas import benchmark_areas
from survey_kit.models.decompose_kitagawa import kitagawa
from survey_kit.models.decompose_oaxaca import oaxaca_blinder
from survey_kit.models.fay_herriot import fay_herriot
from survey_kit.models.fit import ModelFit
from survey_kit.models.gvf import VarianceFunction, gvf
from survey_kit.models.pooled import Pooled, pooled_direct
from survey_kit.models.tidy import glance, tidy

__all__ = [
    "AreaDiagnostics",
    "AreaFit",
    "ModelFit",
    "Pooled",
    "VarianceFunction",
    "area_diagnostics",
    "battese_harter_fuller",
    "benchmark_areas",
    "cloglog",
    "fay_herriot",
    "glance",
    "gvf",
    "kitagawa",
    "logit",
    "multinomial",
    "oaxaca_blinder",
    "ols",
    "ordered",
    "poisson",
    "pooled_direct",
    "probit",
    "tidy",
]
