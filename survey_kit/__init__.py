"""survey_kit: from interviews to a published year-over-year report on public trust.

The public names, in the order a researcher meets them; each is loaded on first use, so that importing is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "read_study": "study",
    "read_instrument": "instrument",
    "prove": "instrument",
    "simulate": "instrument",
    "read_responses": "study",
    "read_collected": "responses",
    "make_design": "study",
    "missing_summary": "responses",
    "recode": "responses",
    "open_table": "frames",
    "Design": "design",
    "public_replicate_weights": "design",
    "export_design": "design",
    "post_stratify": "design",
    "rake": "design",
    "calibrate": "design",
    "standardize": "design",
    "WeightingPlan": "weighting",
    "Weights": "weighting",
    "make_replicates": "design",
    "Replicates": "design",
    "Pps": "design",
    "two_phase": "design",
    "mean": "estimate",
    "proportion": "estimate",
    "ratio": "estimate",
    "total": "estimate",
    "quantile": "estimate",
    "median": "estimate",
    "grouped_median": "estimate",
    "cdf": "estimate",
    "correlation": "estimate",
    "covariance": "estimate",
    "geometric_mean": "estimate",
    "sd": "estimate",
    "variance": "estimate",
    "gini": "estimate",
    "mean_absolute_deviation": "estimate",
    "with_margins": "estimate",
    "count": "estimate",
    "share": "estimate",
    "precision": "estimate",
    "bind": "estimate",
    "bind_independent": "estimate",
    "link_series": "estimate",
    "link_factor": "estimate",
    "combine": "estimate",
    "missing_information": "estimate",
    "trend": "estimate",
    "difference_in_differences": "estimate",
    "significance": "estimate",
    "adjust_p": "estimate",
    "crosstab": "estimate",
    "association": "estimate",
    "ttest": "estimate",
    "rank_test": "estimate",
    "goodness_of_fit": "estimate",
    "compare_quantiles": "estimate",
    "wald_test": "estimate",
    "Crosstab": "estimate",
    "TestResult": "estimate",
    "Estimates": "estimate",
    "ols": "models",
    "logit": "models",
    "probit": "models",
    "cloglog": "models",
    "poisson": "models",
    "ordered": "models",
    "multinomial": "models",
    "ModelFit": "models",
    "tidy": "models",
    "glance": "models",
    "predictions": "models",
    "adjusted_means": "models",
    "average_marginal_effects": "models",
    "comparisons": "models",
    "contrasts": "models",
    "fit_measures": "models",
    "calibration_table": "models",
    "calibration_slope": "models",
    "residual_test": "models",
    "parallel_lines": "models",
    "fay_herriot": "models",
    "battese_harter_fuller": "models",
    "pooled_direct": "models",
    "benchmark_areas": "models",
    "oaxaca_blinder": "models",
    "kitagawa": "models",
    "tab_book": "tabbook",
    "TabBook": "tabbook",
    "SingleResponse": "tabbook",
    "MultipleResponse": "tabbook",
    "NumericResponse": "tabbook",
    "BookWords": "tabbook",
    "alpha": "scales",
    "ordinal_alpha": "scales",
    "omega": "scales",
    "item_rest": "scales",
    "krippendorff_alpha": "scales",
    "side_by_side": "scales",
    "outcome_rates": "fieldwork",
    "likeness": "fieldwork",
    "icc": "scales",
    "hot_deck": "imputation",
    "predictive_mean_matching": "imputation",
    "Imputations": "imputation",
    "compute": "indicators",
    "IndicatorSeries": "indicators",
    "cpi": "ratings",
    "wgi": "ratings",
    "wjp": "ratings",
    "egdi": "ratings",
    "render": "pipeline",
    "SurveyKitError": "errors",
}

_ROOMS = (
    "instrument",
    "responses",
    "design",
    "estimate",
    "models",
    "scales",
    "tabbook",
    "imputation",
    "study",
    "indicators",
    "ratings",
    "report",
    "pipeline",
)

__all__ = [*_HOME, "__version__"]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"survey_kit.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'survey_kit' has no attribute '{name}'")
    return getattr(import_module(f"survey_kit.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*__all__, *_ROOMS})
