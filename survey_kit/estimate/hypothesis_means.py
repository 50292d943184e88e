"""Design-based t-tests: of one mean, of differences between groups, of differences within persons."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np

from survey_kit import checks, frames
from survey_kit.design import Design
from survey_kit.errors import EstimationError
from survey_kit.estimate.columns import Ask, By, Variable, both, coded, make_ask, numeric
from survey_kit.estimate.estimates import Estimates
from survey_kit.estimate.grouped import estimate
from survey_kit.estimate.hypothesis import Test, TestResult, fewer_df, make_result
from survey_kit.estimate.hypothesis_tails import t_tail
from survey_kit.estimate.rows import rearranged
from survey_kit.estimate.statistics import MEAN
from survey_kit.types import BoolArray, FloatArray, IntArray, Missing


def ttest(
    design: Design,
    y: str,
    group: str | None = None,
    *,
    paired: str | None = None,
    null: float = 0.0,
    by: By = None,
    where: str | None = None,
    missing: Missing = "error",
    level: float = 0.95,
) -> TestResult:
    r"""Design-based t-test.

    One mean: :math:`t = (\bar y - c) / s(\bar y)` on the degrees of freedom of the design. Two groups:
    :math:`t = (\bar y_2 - \bar y_1 - c) / s(\bar y_2 - \bar y_1)` on one less, with the covariance of the two means, which units that
    hold members of both make.

    Parameters
    ----------
    design
        The sample.
    y
        Numeric column.
    group
        Column whose levels are compared, the later minus the earlier; with more than two levels every pair is a test. The wave may be
        the group.
    paired
        Second numeric column: the test of the mean of ``y - paired`` within rows.
    null
        The mean, or the difference, under the hypothesis.
    by, where, missing
        As for :func:`mean`; with `by` one test per domain.
    level
        Of the intervals in `estimates`.

    Returns
    -------
    TestResult
        `estimates` holds the mean or the differences with intervals on the same degrees of freedom.

    Raises
    ------
    EstimationError
        If `group` and `paired` are both given, or fewer than two groups have members.

    Notes
    -----
    Korn & Graubard (1999), Analysis of Health Surveys, section 3.2. Two groups match R ``svyttest(y ~ group)``, whose degrees of
    freedom are those of a regression with two coefficients. For one mean R 4.1 takes one degree of freedom less than here.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2, 1, 3], "sex": list("ffmmfm"), "y": [1, 2, 3, 5, 4, 6], "z": [1, 1, 3, 2, 4, 5]})
    >>> design = sk.Design(frame, weight="w")
    >>> print(sk.ttest(design, "y", "sex"))
    Design-based t-test of two groups: t = 3.404, df = 4, p = 0.0272
    >>> print(sk.ttest(design, "y", paired="z"))
    Design-based paired t-test: t = 2.354, df = 5, p = 0.0653
    >>> print(sk.ttest(design, "y", null=3.0))
    Design-based t-test of one mean: t = 1.124, df = 5, p = 0.3122
    """
    if group is not None and paired is not None:
        raise EstimationError("A t-test compares groups or pairs, not both.", fix="Give 'group' or 'paired'.")
    null = checks.number(null, "null", "Give the value to test against.", EstimationError)
    ask = make_ask(by, where, "wald", level, None, missing)
    variable = numeric(design, y, missing, where)
    if group is not None:
        means, levels = group_means(design, variable, group, ask)
        return pair_test(means, levels, group, ask.by, null, "Design-based t-test of two groups")
    if paired is not None:
        variable = _minus(variable, numeric(design, paired, missing, where))
    est = estimate(design, MEAN, [variable], ask)
    method = "Design-based t-test of one mean" if paired is None else "Design-based paired t-test"
    return t_result(est, null, method, {key: est.table[key].tolist() for key in ask.by})


def group_means(design: Design, variable: Variable, group: str, ask: Ask) -> tuple[Estimates, list[Any]]:
    """Give the means of a variable in the groups of every domain, group by group, and the levels of the groups.

    Raises
    ------
    EstimationError
        If there are fewer than two groups.
    """
    if group in ask.by:
        raise EstimationError("The group cannot be a 'by' column too.", found=f"by={list(ask.by)}")
    inside = make_ask((*ask.by, group), ask.where, "wald", ask.level, None, ask.missing)
    if group != design.wave and design.units is None:  # in an engine, rows without a group are outside
        grouped = coded(design, group, ask.missing, ask.where)
        variable = replace(variable, answered=variable.answered & (grouped.codes >= 0))
    means = _used(estimate(design, MEAN, [variable], inside), group)
    levels = means.table[group].drop_duplicates().tolist()
    if len(levels) < 2:
        raise EstimationError(
            f"'{group}' has fewer than two groups.",
            found=", ".join(map(str, levels)) or "no value",
            fix="Name another.",
        )
    return means, levels


def _used(means: Estimates, group: str) -> Estimates:
    """Leave groups out that nobody belongs to in any domain, such as categories without use."""
    members = means.table.groupby(group, sort=False, observed=False)["n"].transform("sum").to_numpy() > 0
    return means if members.all() or not members.any() else rearranged(means, np.flatnonzero(members))


def pair_test(
    means: Estimates, levels: list[Any], group: str, by: tuple[str, ...], null: float, method: str
) -> TestResult:
    """Test the difference of every two groups, the later minus the earlier, on one degree of freedom less."""
    k, D = len(levels), len(means.table) // len(levels)
    pairs = list(combinations(range(k), 2))
    L = np.zeros((D * len(pairs), D * k))
    for d in range(D):
        for i, (earlier, later) in enumerate(pairs):
            L[d * len(pairs) + i, [d * k + later, d * k + earlier]] = 1.0, -1.0
    head: dict[str, Any] = {key: np.repeat(means.table[key].to_numpy(dtype=object)[::k], len(pairs)) for key in by}
    if k > 2:
        head[group] = [levels[later] for _ in range(D) for _, later in pairs]
        head["from"] = [levels[earlier] for _ in range(D) for earlier, _ in pairs]
    keys = {key: list(values) for key, values in head.items()}
    head["variable"] = np.repeat(means.table["variable"].to_numpy(dtype=object)[::k], len(pairs))
    head["category"] = [f"{levels[later]} - {levels[earlier]}" for _ in range(D) for earlier, later in pairs]
    differences = fewer_df(means, 1).linear(L, head, statistic="difference")
    return t_result(differences, null, method, keys)


def _minus(first: Variable, second: Variable) -> Variable:
    """Give the difference of two variables, of rows in memory or of an engine's expressions."""
    deferred = isinstance(first.y, frames.engine.Deferred)
    return Variable(
        name=f"{first.name} - {second.name}",
        category=None,
        y=frames.engine.Deferred(first.y.expr - second.y.expr) if deferred else first.y - second.y,
        x=None,
        answered=first.answered & second.answered,
        asked=both(first.asked, second.asked),
        strict=first.strict,
    )


def t_result(est: Estimates, null: float, method: str, head: dict[str, list[Any]]) -> TestResult:
    """Test every row of some estimates against a number."""
    theta, se, df, n = (est.table[name].to_numpy(dtype=np.float64) for name in ("estimate", "se", "df", "n"))
    rows: list[Test] = []
    for i, state in enumerate(est.table["status"].tolist()):
        if state == "ok" and se[i] > 0:
            t = (theta[i] - null) / se[i]
            rows.append((t, df[i], float("nan"), t_tail(t, df[i]), n[i], "ok"))
        else:
            nan = float("nan")
            rows.append((nan, nan, nan, nan, n[i], state))
    notes = ["some tests have no result: see the column status"] if any(row[5] != "ok" for row in rows) else []
    return make_result(rows=rows, head=head, name="t", method=method, estimates=est, notes=notes)


def scores_variable(name: str, scores: FloatArray, rows: IntArray, n: int, asked: BoolArray | None) -> Variable:
    """Make a variable of scores (m,) known for some `rows` of n."""
    y, answered = np.zeros(n), np.zeros(n, dtype=bool)
    y[rows], answered[rows] = scores, True
    return Variable(name=name, category=None, y=y, x=None, answered=answered, asked=asked)
