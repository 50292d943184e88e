"""Equality of a quantile across groups."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from survey_kit import checks
from survey_kit.design import Design
from survey_kit.errors import EstimationError
from survey_kit.estimate.columns import By, make_ask
from survey_kit.estimate.hypothesis import TestResult, equality_test
from survey_kit.estimate.quantile_api import quantile
from survey_kit.estimate.rows import rearranged
from survey_kit.types import Missing


def compare_quantiles(
    design: Design,
    y: str,
    group: str,
    p: float | Sequence[float] = 0.5,
    *,
    rule: str = "math",
    by: By = None,
    where: str | None = None,
    missing: Missing = "error",
    level: float = 0.95,
) -> TestResult:
    r"""Test that a quantile is the same in all groups.

    With q the quantiles of k groups, V their covariance from the influence
    :math:`-(1[y \le q] - \hat F(q)) / \hat f(q)` and L the differences from the first group, the adjusted Wald statistic
    :math:`\frac{d - k + 2}{(k - 1) d} (L q)' (L V L')^{-1} L q` is referred to F(k - 1, d - k + 2).

    Parameters
    ----------
    design
        The sample.
    y
        Numeric column.
    group
        Column whose levels are compared; the wave may be the group.
    p
        Which quantile, from 0 to 1, or several: a test each, with the key ``quantile``.
    rule
        Definition of the quantile, as for :func:`quantile`; ``"grouped"`` for scales of few answers.
    by, where, missing, level
        As for :func:`quantile`.

    Returns
    -------
    TestResult
        `estimates` are the quantiles of the groups.

    Raises
    ------
    EstimationError
        If there are fewer than two groups.

    Notes
    -----
    Francisco & Fuller (1991), Annals of Statistics 19, 454-469; Wald test as in :func:`wald_test`. Groups whose quantile has no
    interval are left out and said so. On tied answers a quantile's variance says little: a note tells.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0] * 40, "g": list("ab") * 20, "y": [float(i * 37 % 41) for i in range(40)]})
    >>> result = sk.compare_quantiles(sk.Design(frame, weight="w"), "y", "g")
    >>> result.estimates.table["estimate"].tolist(), round(result.p, 3)
    ([18.0, 22.0], 0.49)
    """
    ask = make_ask(by, where, "wald", level, None, missing)
    if group in ask.by:
        raise EstimationError("The group cannot be a 'by' column too.", found=f"by={list(ask.by)}")
    shares = tuple(np.atleast_1d(checks.floats(p, "p", "Write p=0.5.", EstimationError)).tolist())
    est = quantile(design, y, shares, by=(*ask.by, group), where=where, missing=missing, rule=rule, level=ask.level)
    groups = est.table[group].nunique()
    if groups < 2:
        raise EstimationError(f"'{group}' has fewer than two groups.", found=f"{groups}", fix="Name another column.")
    Q = len(shares)
    domains = len(est.table) // (groups * Q)
    order = np.arange(len(est.table)).reshape(domains, groups, Q).transpose(0, 2, 1).reshape(-1)
    est = rearranged(est, order) if Q > 1 else est
    head = {key: np.repeat(est.table[key].to_numpy(dtype=object)[:: groups * Q], Q).tolist() for key in ask.by}
    if Q > 1:
        head["quantile"] = list(shares) * domains
    return equality_test(est, groups, head, method=f"Equality of quantiles of {y} across {group}", kind="adjusted")
