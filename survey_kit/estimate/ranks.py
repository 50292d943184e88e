"""Rank tests for complex samples: scores of the estimated population distribution, compared between groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from survey_kit import checks, frames
from survey_kit.design import Design
from survey_kit.errors import EstimationError
from survey_kit.estimate.columns import By, Coded, coded, make_ask
from survey_kit.estimate.domains import cells as result_cells
from survey_kit.estimate.hypothesis import TestResult, equality_test
from survey_kit.estimate.hypothesis_means import group_means, pair_test, scores_variable
from survey_kit.estimate.ranks_ridits import ordered
from survey_kit.types import FloatArray, Missing


@dataclass(frozen=True, slots=True, kw_only=True)
class RankScore:
    """A rank test as a value: its name in print and the score of a rank between 0 and 1."""

    method: str
    score: Callable[[FloatArray], FloatArray]


def _above_the_middle(r: FloatArray) -> FloatArray:
    return np.asarray((r > 0.5).astype(np.float64))


#: Every kind of rank test by name.
RANK_SCORES: Mapping[str, RankScore] = {
    "wilcoxon": RankScore(method="Wilcoxon", score=lambda r: r),
    "kruskal_wallis": RankScore(method="Kruskal-Wallis", score=lambda r: r),
    "vanderwaerden": RankScore(method="van der Waerden", score=lambda r: np.asarray(ndtri(r))),
    "median": RankScore(method="median", score=_above_the_middle),
}


def rank_test(
    design: Design,
    y: str,
    group: str,
    kind: str | RankScore = "wilcoxon",
    *,
    by: By = None,
    where: str | None = None,
    missing: Missing = "error",
) -> TestResult:
    r"""Design-based rank test of equal distributions in two or more groups.

    Every row gets the score :math:`g(\hat F(y))` of its mid-rank in the estimated population, and the groups' mean scores are compared:
    two groups by t on the design's degrees of freedom less one, k groups by the Wald statistic over
    k - 1 on F(k - 1, df - (k - 1)).

    Parameters
    ----------
    design
        The sample.
    y
        Numeric or ordered column.
    group
        Column whose levels are compared.
    kind
        ``"wilcoxon"`` and ``"kruskal_wallis"`` (g the identity, for two and for more groups), ``"vanderwaerden"`` (normal scores),
        ``"median"`` (1 above the median), or a :class:`~survey_kit.estimate.ranks.RankScore` of your own.
    by, where, missing
        As for :func:`mean`; with `by` ranks are within domains and there is one test per domain.

    Returns
    -------
    TestResult
        `estimates` are the difference of the mean scores of two groups, or the mean scores of several.

    Notes
    -----
    Lumley & Scott (2013), Biometrika 100, 831-842: under the hypothesis, estimating the ranks adds nothing to the variance of the
    difference. Matches R ``svyranktest``. Ties get their weighted mid-rank; R averages the cumulative weights of tied rows without
    weights, which depends on their order when tied rows have unequal weights.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2, 1, 3, 2], "sex": list("ffmmfmf"), "y": [1, 2, 3, 5, 4, 6, 2]})
    >>> print(sk.rank_test(sk.Design(frame, weight="w"), "y", "sex"))
    Design-based Wilcoxon rank test: t = 4.157, df = 5, p = 0.0088
    """
    if not isinstance(kind, RankScore):
        checks.choice(kind, "kind of rank test", tuple(RANK_SCORES), EstimationError)
    chosen = RANK_SCORES[kind] if isinstance(kind, str) else kind
    ask = make_ask(by, where, "wald", 0.95, None, missing)
    item = _ranked(design, y, missing, where)
    groups = coded(design, group, missing, where) if group != design.wave else None
    found = result_cells(design, ask.by, where)
    counts = item.codes[found.rows] >= 0
    if groups is not None:
        counts &= groups.codes[found.rows] >= 0
    if item.asked is not None:
        counts &= item.asked[found.rows]
    rows, cell = found.rows[counts], found.code[counts]
    values = ordered(item.codes[rows], cell, found.size)
    with np.errstate(invalid="ignore"):
        scores = chosen.score(values.ridits(design.layout.weight[rows]))[values.group]
    variable = scores_variable(y, scores, rows, design.n, item.asked)
    means, levels = group_means(design, variable, group, ask)
    method = f"Design-based {chosen.method} rank test"
    if len(levels) == 2:
        return pair_test(means, levels, group, ask.by, 0.0, method)
    return equality_test(means, len(levels), dict(found.keys), method=method, kind="wald", less=1.0)


def _ranked(design: Design, y: str, missing: Missing, where: str | None) -> Coded:
    """Take an ordered column out; texts that are no categories have no order to rank by."""
    item = coded(design, y, missing, where)
    if frames.kind(design.frame, y) == "words":
        raise EstimationError(
            f"'{y}' holds words, whose order is that of the alphabet.",
            where=f"column '{y}'",
            found=", ".join(map(str, item.levels[:3])),
            fix="Recode it to numbers, or make it a category with its levels in order.",
        )
    return item
