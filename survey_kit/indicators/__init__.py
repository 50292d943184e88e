"""Indicators: one full row per indicator, wave and domain level, with its uncertainty, its change and what may be said."""

from survey_kit.indicators.compute import compute
from survey_kit.indicators.rows import COLUMNS, published
from survey_kit.indicators.series import IndicatorSeries
from survey_kit.study import Indicator

__all__ = ["COLUMNS", "Indicator", "IndicatorSeries", "compute", "published"]
