"""Missing answers imputed several times, so that standard errors know about them."""

from survey_kit.imputation.hot_deck import hot_deck
from survey_kit.imputation.imputations import Imputations
from survey_kit.imputation.mean_matching import predictive_mean_matching

__all__ = ["Imputations", "hot_deck", "predictive_mean_matching"]
