"""Two-way tables with design-based tests, and measures of association with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from survey_kit import checks
from survey_kit.design import Design
from survey_kit.design.threads import one_thread
from survey_kit.errors import EstimationError, did_you_mean
from survey_kit.estimate.association_counts import Counts, Derived, count_table, derived_estimates
from survey_kit.estimate.association_measures import MEASURES
from survey_kit.estimate.association_spearman import spearman
from survey_kit.estimate.association_table import (
    TABLE_TESTS,
    cell_shares,
    column_shares,
    independence,
    row_shares,
    shares_slope,
)
from survey_kit.estimate.association_values import measured
from survey_kit.estimate.columns import By, make_ask
from survey_kit.estimate.estimates import Estimates, bind
from survey_kit.estimate.hypothesis import TestResult, make_result
from survey_kit.types import BoolArray, FloatArray, Frame, Interval, Missing

Base = Literal["table", "row", "column"]
SHARES = {"table": cell_shares, "row": row_shares, "column": column_shares}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Crosstab:
    """A two-way table, in every domain when there are `by` columns.

    Attributes
    ----------
    cells
        Share of every cell in the whole table, with intervals and full covariance; the row item is a key.
    interval, level
        Of all shares.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2, 1, 3], "sex": list("ffmmfm"), "trust": [1, 0, 1, 1, 1, 0]})
    >>> table = sk.crosstab(sk.Design(frame, weight="w"), "sex", "trust")
    >>> table.row_shares.table[["sex", "category", "estimate"]].round(3).values.tolist()
    [['f', 0, 0.5], ['f', 1, 0.5], ['m', 0, 0.5], ['m', 1, 0.5]]
    """

    cells: Estimates
    interval: Interval
    level: float
    data: Counts

    @property
    def row_shares(self) -> Estimates:
        """Share of every column level within each row, as ``proportion(design, columns, by=rows)``."""
        return self.shares("row")

    @property
    def column_shares(self) -> Estimates:
        """Share of every row level within each column."""
        return self.shares("column")

    @property
    def totals(self) -> Estimates:
        """Weighted count of every cell."""
        data = self.data
        D, R, C = data.T.shape
        eye = np.broadcast_to(np.eye(R * C), (D, R * C, R * C))
        derived = _derived(data, data.T, eye, lambda T: T, "table")
        return derived_estimates(data, derived, "total", level=self.level)

    def shares(self, of: Base = "table", interval: Interval | None = None) -> Estimates:
        """Shares of the table, of each row or of each column.

        Parameters
        ----------
        of
            ``"table"``, ``"row"`` or ``"column"``: what adds up to 1.
        interval
            Kind of interval; that of the table unless given.
        """
        checks.choice(of, "base of shares", get_args(Base), EstimationError)
        return _share_estimates(self.data, of, interval or self.interval, self.level)

    def test(self, statistic: str = "F", of: Literal["pearson", "likelihood"] = "pearson") -> TestResult:
        """Test independence of the two items, in every domain.

        Parameters
        ----------
        statistic
            ``"F"`` Rao-Scott of second order (the default); ``"chisq"`` of first order; ``"lincom"`` the exact distribution
            of a weighted sum of chi-squares; ``"saddlepoint"`` its approximation; ``"wald"`` and ``"adjusted_wald"``.
        of
            For the first four: Pearson's X2 or the likelihood ratio G2.

        Returns
        -------
        TestResult
            `estimates` are the cell shares.

        Notes
        -----
        Rao & Scott (1984), Annals of Statistics 12, 46-60; Thomas & Rao (1987), Journal of the American Statistical
        Association 82, 630-636; Koch, Freeman & Freeman (1975), International Statistical Review 43, 59-78. Matches R
        ``svychisq`` with statistics F, Chisq, lincom, saddlepoint, Wald and adjWald, but that R cuts the denominator's degrees of
        freedom of the saddlepoint to a whole number, and on replicate designs takes infinitely many for it and for lincom.

        Examples
        --------
        >>> import pandas as pd, survey_kit as sk
        >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2, 1, 3] * 5, "a": list("ffmmfm") * 5, "b": [1, 0, 1, 1, 1, 0] * 5})
        >>> table = sk.crosstab(sk.Design(frame, weight="w"), "a", "b")
        >>> print(table.test("adjusted_wald"))
        Adjusted Wald test of independence (a x b): F = 0, df = 1 and 29, p = 1.0000
        """
        with one_thread():
            return independence_test(self, statistic, of)

    def association(self, measure: str | Sequence[str] = "cramers_v") -> Estimates:
        """Measures of association of this table; see :func:`survey_kit.association`."""
        names = checks.names(measure, "measure")
        _known(names, tuple(MEASURES))
        parts = [measured(self.data, MEASURES[name], None, self.level) for name in names]
        return parts[0] if len(parts) == 1 else bind(*parts)

    def to_frame(self, of: Base = "row", library: str | None = None) -> Frame:
        """Give the shares as a long frame, in the caller's library or another."""
        return self.shares(of).to_frame(library)

    def wide(self, of: Base = "row") -> Any:
        """Give the shares as a pandas frame with one column per level of the column item.

        Examples
        --------
        >>> import pandas as pd, survey_kit as sk
        >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2], "sex": list("ffmm"), "trust": [1, 0, 1, 1]})
        >>> sk.crosstab(sk.Design(frame, weight="w"), "sex", "trust").wide().round(2).to_dict("index")
        {'f': {0: 0.67, 1: 0.33}, 'm': {0: 0.0, 1: 1.0}}
        """
        import pandas as pd

        keys = [*self.data.keys, self.data.items[0].name]
        table = self.shares(of).table
        index = pd.MultiIndex.from_frame(table[keys]) if len(keys) > 1 else pd.Index(table[keys[0]])
        levels = pd.Index(self.data.items[1].levels, name=self.data.items[1].name)
        places = np.arange(0, len(table), max(len(levels), 1))
        values = table["estimate"].to_numpy(dtype=np.float64).reshape(-1, max(len(levels), 1))[:, : len(levels)]
        return pd.DataFrame(values, index=index[places], columns=levels)

    def __repr__(self) -> str:
        return f"{self.wide().to_string(float_format=lambda x: f'{x:.3f}', max_rows=60)}\n{self.test()!r}"

    def _repr_html_(self) -> str:
        shown = self.wide().to_html(float_format=lambda x: f"{x:.3f}", na_rep="", max_rows=60, border=0)
        return f"<p>Shares within rows</p>{shown}{self.test()._repr_html_()}"


def crosstab(
    design: Design,
    rows: str,
    columns: str,
    *,
    by: By = None,
    where: str | None = None,
    missing: Missing = "error",
    interval: Interval = "korn_graubard",
    level: float = 0.95,
) -> Crosstab:
    """Cross two items: shares of the table, of rows and of columns, and tests of independence.

    Parameters
    ----------
    design
        The sample.
    rows, columns
        The two items.
    by
        Column or columns whose levels are domains: a table each, with the covariance between all of them.
    where
        Boolean column: a domain, never a row filter.
    missing
        ``"error"`` if an asked item lacks an answer, ``"exclude"`` to make those who answered both the domain.
    interval
        Of the shares; as for :func:`proportion`.
    level
        Confidence level.

    Returns
    -------
    Crosstab
        With :attr:`~Crosstab.cells`, :attr:`~Crosstab.row_shares`, :attr:`~Crosstab.column_shares`,
        :meth:`~Crosstab.test` and :meth:`~Crosstab.association`.

    Raises
    ------
    EstimationError, FrameError
        If a column is absent or lacks answers under ``missing="error"``.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2, 1, 3, 1, 1], "sex": list("ffmmfmfm"), "trust": [1, 0, 1, 1, 1, 0, 1, 1]})
    >>> table = sk.crosstab(sk.Design(frame, weight="w"), "sex", "trust")
    >>> print(table.test())
    Rao-Scott test of independence (sex x trust), second order: F = 0.004484, df = 1 and 7, p = 0.9485
    """
    make_ask(rows, where, interval, level, None, missing)  # the row item becomes a key of the shares
    ask = make_ask(by, where, interval, level, None, missing)
    data = count_table(design, rows, columns, ask)
    with one_thread():
        cells = _share_estimates(data, "table", interval, ask.level)
    return Crosstab(cells=cells, interval=interval, level=ask.level, data=data)


def association(
    design: Design,
    rows: str,
    columns: str,
    measure: str | Sequence[str] = "cramers_v",
    *,
    by: By = None,
    where: str | None = None,
    missing: Missing = "error",
    interval: Interval | None = None,
    level: float = 0.95,
) -> Estimates:
    r"""Measures of association of two items, with design-based standard errors and intervals.

    Parameters
    ----------
    design
        The sample.
    rows, columns
        The explaining and the explained item. Levels are in the order of the columns (categories keep theirs).
    measure
        One or several of

        ``cramers_v``, ``phi`` (2 x 2), ``lambda``, ``lambda_rows``, ``lambda_symmetric``
            for items without an order; plain ``lambda`` predicts the columns from the rows.
        ``gamma``, ``tau_b``, ``tau_c``, ``somers_d``, ``somers_d_rows``, ``somers_d_symmetric``, ``spearman``
            for ordered items; plain ``somers_d`` explains the columns by the rows.
        ``odds_ratio``, ``risk_ratio``, ``risk_difference``
            for columns of two levels, the second being the event: each further row against the first.
        ``yule_q``, ``yule_y``
            for 2 x 2 tables.
    by, where, missing, level
        As for :func:`crosstab`.
    interval
        Kind of interval. Unless given: ``"log"`` for ratios, ``"fisher"`` for those between -1 and 1, ``"logit"`` for those
        between 0 and 1, ``"wald"`` for the risk difference.

    Returns
    -------
    Estimates
        Rows with the covariance of all of them.

    Raises
    ------
    EstimationError
        If a measure is unknown or the table is not of the size it needs.

    Notes
    -----
    The influence of a row is the gradient of the measure applied to the cell indicators; for Spearman's rho, the correlation
    of weighted ridits, see :func:`~survey_kit.estimate.association_spearman.spearman`. Measures that are zero at independence
    and positive elsewhere (Cramer's V, lambda) have no usable standard error there: test with :meth:`Crosstab.test`.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2, 1, 3, 1, 1], "age": [1, 1, 2, 2, 3, 3, 3, 1], "trust": [1, 0, 1, 1, 1, 0, 1, 1]})
    >>> est = sk.association(sk.Design(frame, weight="w"), "age", "trust", ("gamma", "tau_b"))
    >>> est.table[["statistic", "estimate", "se"]].round(4).values.tolist()
    [['gamma', -0.2, 0.7542], ['tau_b', -0.1233, 0.4705]]
    """
    ask = make_ask(by, where, interval or "wald", level, None, missing)
    names = checks.names(measure, "measure")
    _known(names, (*MEASURES, "spearman"))
    data = count_table(design, rows, columns, ask) if set(names) - {"spearman"} else None
    parts = [
        spearman(design, rows, columns, ask, interval or "fisher")
        if name == "spearman" or data is None
        else measured(data, MEASURES[name], interval, ask.level)
        for name in names
    ]
    return parts[0] if len(parts) == 1 else bind(*parts)


def independence_test(table: Crosstab, statistic: str, of: str) -> TestResult:
    """Test independence in every domain of a table."""
    checks.choice(statistic, "test of a table", tuple(TABLE_TESTS), EstimationError)
    checks.choice(of, "chi-square", ("pearson", "likelihood"), EstimationError)
    kind, data = TABLE_TESTS[statistic], table.data
    D, R, C = data.T.shape
    cells = table.cells
    totals = table.totals if kind.from_totals else None
    df = cells.variance.degrees(D * R * C).reshape(D, -1)
    rows, notes = [], []
    for d in range(D):
        at = np.arange(d * R * C, (d + 1) * R * C)
        n = float(data.n[d].sum())
        evidence, said = independence(
            data.T[d],
            cells.vcov(at.tolist()),
            lambda at=at: np.zeros((0, 0)) if totals is None else totals.vcov(at.tolist()),  # type: ignore[misc]
            n,
            float(df[d, 0]) if R * C else 0.0,
        )
        where = ", ".join(f"{key} {values[d]}" for key, values in data.keys.items())
        notes += [f"{where}: {note}" if where else note for note in said]
        if evidence is None:
            rows.append((np.nan, np.nan, np.nan, np.nan, n, "one_value" if n else "empty"))
            continue
        found, reasons = kind.run(evidence, of)
        notes += [f"{where}: {note}" if where else note for note in reasons]
        rows.append((found.statistic, found.df1, found.df2, found.p, n, found.status))
    what = f"independence ({data.items[0].name} x {data.items[1].name})"
    name = kind.name if of == "pearson" or kind.name != "X2" else "G2"
    method = kind.method.format(what=what) + (
        ", likelihood ratio" if of == "likelihood" and not kind.from_totals else ""
    )
    return make_result(rows=rows, head=dict(data.keys), name=name, method=method, estimates=cells, notes=notes)


# ----------------------------------------------------------------------------------------------------------- shares as estimates
def _share_estimates(data: Counts, of: Base, interval: Interval, level: float) -> Estimates:
    slope = np.stack([shares_slope(T, of) for T in data.T])
    derived = _derived(data, SHARES[of](data.T), slope, SHARES[of], of)
    return derived_estimates(
        data, derived, "proportion", interval=interval, level=level, notes=(f"shares of the {of}",)
    )


def _derived(data: Counts, value: FloatArray, slope: FloatArray, again: Any, of: Base) -> Derived:
    D, R, C = data.T.shape
    axes = {"table": (1, 2), "row": (2,), "column": (1,)}[of]
    bases = [
        np.broadcast_to(part.sum(axis=axes, keepdims=True), (D, R, C)).reshape(D, R * C) for part in (data.n, data.T)
    ]
    first, second = data.items
    one = first.levels or (None,)
    two = second.levels or (None,)
    return Derived(
        value=value.reshape(D, R * C),
        slope=slope,
        again=again,
        head={
            first.name: [level for level in one for _ in two],
            "variable": [second.name] * (R * C),
            "category": [level for _ in one for level in two],
        },
        n=bases[0],
        weight_sum=bases[1],
        active=_active(data, of),
    )


def _known(names: Sequence[str], known: Sequence[str]) -> None:
    if not names:
        raise EstimationError("No measure is named.", fix="Name one, such as measure='cramers_v'.")
    for name in names:
        if name not in known:
            raise EstimationError(f"'{name}' is not a measure of association here.", fix=did_you_mean(name, known))


def _active(data: Counts, of: Base) -> BoolArray:
    """Tell which units (P, D x R x C) count for the degrees of freedom of every cell's share."""
    D, R, C = data.T.shape
    units = data.active(of)
    if of == "column":
        return np.tile(units.reshape(-1, D, 1, C), (1, 1, R, 1)).reshape(len(units), -1)
    return np.repeat(units, C if of == "row" else R * C, axis=1)
