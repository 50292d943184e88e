"""Aliases shared by every room; nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
BoolArray: TypeAlias = NDArray[np.bool_]
Frame: TypeAlias = Any  # a data frame of any library narwhals knows; only survey_kit.frames looks inside

Code: TypeAlias = int | str  # the value that stands in the data for one answer
Progress: TypeAlias = Callable[[str, int, int], None]  # what is being done, steps done, steps in all
DataStatus: TypeAlias = Literal["real", "synthetic"]
MissingKind: TypeAlias = Literal["not_asked", "dont_know", "refused", "no_answer", "not_reached", "skipped", "unknown"]
MISSING_KINDS: tuple[MissingKind, ...] = (
    "not_asked",
    "dont_know",
    "refused",
    "no_answer",
    "not_reached",
    "skipped",
    "unknown",
)

LonelyPsu: TypeAlias = Literal["fail", "certainty", "adjust", "average"]
Overlap: TypeAlias = Literal["none", "psu", "unit"]
Missing: TypeAlias = Literal["error", "exclude"]
Deff: TypeAlias = Literal["srswor", "srswr"]
Interval: TypeAlias = Literal[
    "wald", "logit", "xlogit", "beta", "korn_graubard", "arcsine", "wilson", "likelihood", "fisher", "log"
]
ShareInterval: TypeAlias = Literal["wald", "logit", "beta", "korn_graubard", "arcsine", "wilson", "likelihood"]
Adjustment: TypeAlias = Literal["none", "bonferroni", "holm", "bh", "by"]

EstimateStatus: TypeAlias = Literal[
    "ok", "empty", "not_asked", "one_value", "no_df", "undefined", "tied", "no_interval", "linked"
]
IndicatorKind: TypeAlias = Literal["share", "mean100", "net", "ratio"]
Theme: TypeAlias = Literal["services", "trust", "corruption", "legal_culture", "other"]
Break: TypeAlias = Literal["mode", "wording", "scale", "frame", "weighting", "design", "territory"]
Reliability: TypeAlias = Literal["publish", "caution", "review", "suppress", "none"]
Wording: TypeAlias = Literal["rose", "fell", "no_significant_change", "cannot_be_compared", "not_published", "first"]
