"""Scales: reliability of sums of items under a sampling design, item analysis, agreement of raters.

What a factor, invariance or response model shares stands apart: items of a domain (`items`), a matrix with the influence of
every row (`matrices`, `polychoric`), functions of it (`coefficients`, `one_factor`), and the way to estimates (`estimating`).
"""

from survey_kit.scales.assessments import SideBySide, side_by_side
from survey_kit.scales.intraclass import icc
from survey_kit.scales.item_analysis import item_rest
from survey_kit.scales.krippendorff import krippendorff_alpha
from survey_kit.scales.reliability import alpha, omega, ordinal_alpha

__all__ = [
    "SideBySide",
    "alpha",
    "icc",
    "item_rest",
    "krippendorff_alpha",
    "omega",
    "ordinal_alpha",
    "side_by_side",
]
