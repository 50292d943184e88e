"""Differences in differences, as linear maps of estimates; and the tests of any row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from survey_kit import checks
from survey_kit.errors import EstimationError, did_you_mean
from survey_kit.estimate.estimates import Estimates, combined
from survey_kit.estimate.hypothesis import TestResult, make_result
from survey_kit.estimate.hypothesis_tails import t_tail
from survey_kit.estimate.maps import check_estimates, pairs_along
from survey_kit.estimate.multiplicity import ADJUSTMENTS, adjust_p
from survey_kit.types import Adjustment


def difference_in_differences(
    est: Estimates, key: str, group: str, *, base: Any = None, to: Any = "previous"
) -> Estimates:
    r"""Change over time in each group minus the change in a base group.

    .. math:: (\hat\theta_{g,t} - \hat\theta_{g,s}) - (\hat\theta_{b,t} - \hat\theta_{b,s})

    for repeated cross-sections or panels: the covariance of waves that share units is that of the estimates.

    Parameters
    ----------
    est
        Estimates with the columns `key` and `group`.
    key
        The `by` column that holds the time, such as the wave.
    group
        The `by` column (or ``"variable"``, ``"category"``) whose changes are compared.
    base
        The group the others are compared with; by default the first.
    to
        ``"previous"``: each wave against the one before; ``"first"``: against the first; or the label of another base.

    Returns
    -------
    Estimates
        One row per other group and pair of waves, within every other key: `key` holds the later wave, ``from`` the
        earlier, `group` the group and ``against`` the base. Where the base lacks a wave the row is empty.

    Raises
    ------
    EstimationError
        If a name is unknown.

    Notes
    -----
    It is the effect of what happened to one group only if both would otherwise have moved in parallel, which the data
    cannot show; earlier pairs of waves can cast doubt on it. Matches R ``svycontrast`` with weights 1, -1, -1, 1.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0] * 8, "year": [1, 1, 1, 1, 2, 2, 2, 2], "town": list("aabb" * 2)})
    >>> frame["y"] = [1.0, 2, 1, 3, 2, 5, 1, 4]
    >>> by_both = sk.mean(sk.Design(frame, weight="w", wave="year"), "y", by=("year", "town"))
    >>> effect = sk.difference_in_differences(by_both, "year", "town", base="b").table
    >>> effect[["year", "from", "town", "against", "estimate", "se"]].round(4).values.tolist()
    [[2, 1, 'a', 'b', 1.5, 1.9579]]
    """
    labels = labels_of(est, key)
    if "from" in est.keys:
        raise EstimationError("These estimates are changes already.", fix="Give the estimates of the waves themselves.")
    if group == key or group not in (*est.keys, "variable", "category"):
        raise EstimationError(
            f"'{group}' is no group of these estimates.",
            fix=did_you_mean(group, [name for name in (*est.keys, "variable", "category") if name != key]),
        )
    levels = list(dict.fromkeys(est.table[group].tolist()))
    against = levels[0] if base is None else _named(base, levels, group)
    to = to if to in ("previous", "first") else _named(to, labels, key)
    columns = [name for name in other_columns(est, key) if name != group]
    place = {
        label: row
        for row, label in enumerate(zip(*(est.table[c].tolist() for c in (*columns, group, key)), strict=True))
    }
    rows: list[int] = []
    used: list[int] = []
    values: list[float] = []
    made: list[tuple[int, int]] = []
    lacking: list[bool] = []
    when, which = (est.table[name].tolist() for name in (key, group))
    rests = list(zip(*(est.table[name].tolist() for name in columns), strict=True))
    for later, earlier in pairs_along(est.table, key, [*columns, group], to):
        if which[later] == against:
            continue
        others = [place.get((*rests[later], against, when[row]), -1) for row in (later, earlier)]
        known = min(others) >= 0
        if known:
            rows += [len(made)] * 4
            used += [later, earlier, *others]
            values += [1.0, -1.0, -1.0, 1.0]
        made.append((later, earlier))
        lacking.append(not known)
    head: dict[str, Any] = {}
    for name in (*est.keys, "variable", "category"):
        column = est.table[name].tolist()
        head[name] = [column[later] for later, _ in made]
        if name == key:
            head["from"] = [column[earlier] for _, earlier in made]
        if name == group:
            head["against"] = [against] * len(made)
    out = linear_rows(est, (rows, used, values), np.array(lacking, dtype=bool), head, "difference in differences")
    note = f"difference in differences: change of each {group} minus change of '{against}'; an effect if both would move in parallel"
    return replace(out, notes=(*out.notes, note))


def _named(label: Any, labels: Sequence[Any], what: str) -> Any:
    found = [other for other in labels if other == label] or [other for other in labels if str(other) == str(label)]
    if not found:
        raise EstimationError(f"There is no {what} '{label}'.", fix=did_you_mean(str(label), labels))
    return found[0]


# ----------------------------------------------------------------------------------------------------------------- tests
def significance(
    est: Estimates,
    null: float | Sequence[float] = 0.0,
    *,
    adjust: Adjustment = "none",
    family: str | Sequence[str] | None = None,
) -> TestResult:
    r"""Test every row: :math:`t = (\hat\theta - \theta_0) / s` on the row's degrees of freedom, adjusted for their number.

    Parameters
    ----------
    est
        Any estimates: changes, trends, differences, functions of estimates.
    null
        The value under the hypothesis: one number, or one per row.
    adjust
        ``"none"``, ``"bonferroni"``, ``"holm"``, ``"bh"`` or ``"by"``: see :func:`survey_kit.adjust_p`.
    family
        Column or columns of the table: rows that agree in them are a family of their own. By default all rows are one.

    Returns
    -------
    TestResult
        One row per estimate, with two-sided p and ``p_adjusted``. Rows without a standard error are not tested and do not
        count. For one joint test of several rows see ``wald_test``.

    Raises
    ------
    EstimationError
        If a name is unknown or `null` does not fit.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0] * 12, "t": [1, 2, 3] * 4, "y": [1.0, 3, 4, 2, 4, 4, 1, 4, 5, 2, 5, 4]})
    >>> changes = sk.mean(sk.Design(frame, weight="w", wave="t"), "y", by="t").change("t")
    >>> tests = sk.significance(changes, adjust="holm")
    >>> tests.table[["t", "from", "p", "p_adjusted"]].round(4).values.tolist()
    [[2, 1, 0.0025, 0.0049], [3, 2, 0.6202, 0.6202]]
    """
    checks.choice(adjust, "method of adjustment", tuple(ADJUSTMENTS), EstimationError)
    check_estimates(est)
    table = est.table
    theta, se, df, n = (table[name].to_numpy(dtype=np.float64) for name in ("estimate", "se", "df", "n"))
    try:
        expected = np.broadcast_to(checks.floats(null, "null", "Give numbers.", EstimationError), theta.shape)
    except EstimationError:
        raise
    except ValueError:
        raise EstimationError(
            "The hypothesis does not fit the rows.",
            found=f"{np.size(null)} values for {len(theta)} rows",
            fix="Give one number, or one per row.",
        ) from None
    columns = checks.names(family, "family")
    for column in columns:
        if column not in table.columns:
            raise EstimationError(f"There is no column '{column}'.", fix=did_you_mean(column, table.columns))
    tested = np.isfinite(theta) & (se > 0) & (df > 0)
    t = np.divide(theta - expected, se, out=np.full(len(theta), np.nan), where=tested)
    p = np.array([t_tail(one, d) if known else np.nan for one, d, known in zip(t, df, tested, strict=True)])
    rows = list(zip(t, df, np.full(len(t), np.nan), p, n, table["status"], strict=True))
    heads = (*est.keys, "variable", *(["category"] if table["category"].notna().any() else []))
    result = make_result(
        rows=rows,
        head={name: table[name].tolist() for name in heads},
        name="t",
        method="t test of each estimate",
        estimates=est,
        notes=[_said(adjust, columns, int(tested.sum()))],
    )
    labels = list(zip(*(table[column].tolist() for column in columns), strict=True)) if columns else None
    return replace(result, table=result.table.assign(p_adjusted=adjust_p(p, adjust, family=labels)))


def _said(adjust: str, columns: tuple[str, ...], tests: int) -> str:
    if adjust == "none":
        return f"{tests} tests, p not adjusted for their number"
    within = f" within each {', '.join(columns)}" if columns else ""
    return f"{tests} tests, p adjusted{within} ({adjust})"


# ----------------------------------------------------------------------------------------------------------- small parts
def labels_of(est: Estimates, key: str) -> list[Any]:
    """Give the labels of a `by` column in order."""
    check_estimates(est)
    checks.choice(key, "key of these estimates", est.keys, EstimationError)
    return list(dict.fromkeys(est.table[key].tolist()))


def other_columns(est: Estimates, key: str) -> list[str]:
    """Name the columns that tell one course over time from another."""
    several = ["statistic"] if len(set(est.table["statistic"])) > 1 else []
    return [*(name for name in est.keys if name != key), "variable", "category", *several]


def linear_rows(
    est: Estimates,
    entries: tuple[list[int], list[int], list[float]],
    empty: Any,
    head: Mapping[str, Sequence[Any]],
    statistic: str | list[str],
) -> Estimates:
    """Make linear combinations, given as row, column and weight of each entry; some have no value."""
    from scipy import sparse

    rows, columns, values = entries
    keep = [i for i, value in enumerate(values) if value != 0]
    at = ([rows[i] for i in keep], [columns[i] for i in keep])
    L = sparse.csr_array(([values[i] for i in keep], at), shape=(len(empty), len(est.table)))
    theta = est.table["estimate"].to_numpy(dtype=np.float64)
    value = np.where(empty, np.nan, L @ np.where(np.isfinite(theta), theta, 0.0))
    return combined(est, L, value, head, statistic)
