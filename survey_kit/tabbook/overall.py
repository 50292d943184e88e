"""One test of a question against a whole block of columns: whether there is any difference at all."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from survey_kit.design import Design
from survey_kit.estimate import Estimates
from survey_kit.estimate.association_api import crosstab
from survey_kit.estimate.association_counts import Counts
from survey_kit.estimate.columns import Coded
from survey_kit.estimate.hypothesis import equality_test, joint_df
from survey_kit.estimate.hypothesis_tails import f_tail
from survey_kit.tabbook.banner import Block

NAN = float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class Overall:
    """A test of one question by one block: F on `df1` and `df2` degrees of freedom; NaN where there is no test."""

    method: str
    statistic: float = NAN
    df1: float = NAN
    df2: float = NAN
    p: float = NAN


def single_test(design: Design, column: str, block: Block, where: str | None) -> Overall:
    """Rao-Scott test of second order (Rao & Scott 1984) that one answer of several does not depend on the column.

    It is that of :meth:`Crosstab.test`; nested keys count as one item with a level for every column.
    """
    method = "Rao-Scott F"
    if column in block.keys:
        return Overall(method=method)
    *outer, inner = block.keys
    table = crosstab(design, inner, column, by=outer or None, where=where, missing="exclude")
    if outer:
        table = replace(table, data=_folded(table.data))
        table = replace(table, cells=table.shares("table"))
    found = table.test()
    return Overall(method=method, statistic=found.statistic, df1=found.df1, df2=found.df2, p=found.p)


def _folded(data: Counts) -> Counts:
    """Make one table (1, D R, C) of the tables of D domains (D, R, C)."""
    D, R, C = data.T.shape
    row, column = data.items
    levels = tuple((d, level) for d in range(D) for level in row.levels)
    answers = data.answers
    inside = answers.first >= 0
    first = np.where(inside, answers.domain * R + answers.first, -1)
    joined = Coded(name=row.name, codes=first, levels=levels, asked=row.asked)
    return replace(
        data,
        items=(joined, column),
        keys={},
        T=data.T.reshape(1, D * R, C),
        n=data.n.reshape(1, D * R, C),
        totals=tuple(tuple(t.reshape(len(t), 1, D * R * C) for t in wave) for wave in data.totals),
        T_r=None if data.T_r is None else data.T_r.reshape(len(data.T_r), 1, D * R * C),
        answers=replace(answers, items=(joined, column), keys={}, size=1, domain=answers.domain * 0, first=first),
        members=data.members.sum(keepdims=True),
    )


def multiple_test(est: Estimates, columns: int, lines: int) -> Overall:
    r"""Test that the shares of all J answers of a multiple response are the same in every column.

    .. math:: X^2 = n \sum_j \sum_c \pi_c \frac{(p_{cj} - p_{.j})^2}{p_{.j} (1 - p_{.j})}

    adds the Pearson statistics of the answers up (Agresti & Liu 1999, Biometrics 55, 936-943). It is a quadratic form of
    differences with covariance V; with :math:`\lambda` the eigenvalues of the form times V, its generalised design effects
    (Decady & Thomas 2000, Biometrics 56, 893-896), :math:`F = X^2 / \sum \lambda` on
    :math:`d = (\sum \lambda)^2 / \sum \lambda^2` and :math:`d \nu` (second order, Rao & Scott 1984).

    Parameters
    ----------
    est
        Rows of the columns, at least `lines` answers first in each.
    columns, lines
        How many columns, and answers.
    """
    method = "Rao-Scott F, all answers together"
    V = len(est.table) // columns
    theta, n, W = (
        est.table[name].to_numpy(dtype=np.float64).reshape(columns, V)[:, :lines]
        for name in ("estimate", "n", "weight_sum")
    )
    used = np.flatnonzero(np.isfinite(theta).all(axis=1) & (n[:, 0] > 0))
    if len(used) < 2:
        return Overall(method=method)
    share = W[used, 0] / W[used, 0].sum()
    p = share @ theta[used]
    kept = np.flatnonzero((p > 0) & (p < 1))
    rows = (used[:, None] * V + kept[None, :]).reshape(-1)
    H = np.eye(len(used)) - share[None, :]
    scale = float(n[used, 0].sum()) * share[:, None] / (p[kept] * (1 - p[kept]))[None, :]
    half = (np.sqrt(scale).reshape(-1)[:, None]) * np.kron(H, np.eye(len(kept)))
    weighted = half @ theta[used][:, kept].reshape(-1)
    form = half @ est.vcov(rows.tolist()) @ half.T
    trace, squares = float(np.trace(form)), float((form**2).sum())
    df = joint_df(est, rows.tolist())
    if not (trace > 0 and df > 0):
        return Overall(method=method)
    statistic, df1 = float(weighted @ weighted) / trace, trace**2 / squares
    return Overall(method=method, statistic=statistic, df1=df1, df2=df1 * df, p=f_tail(statistic, df1, df1 * df))


def mean_test(est: Estimates, columns: int) -> Overall:
    """Test by an adjusted Wald statistic that the means of all columns are equal."""
    method = "adjusted Wald F of equal means"
    found = equality_test(est, columns, {}, method=method, kind="adjusted").table.iloc[0]
    statistic, df1, df2, p = (float(found[name]) for name in ("statistic", "df1", "df2", "p"))
    return Overall(method=method, statistic=statistic, df1=df1, df2=df2, p=p)
