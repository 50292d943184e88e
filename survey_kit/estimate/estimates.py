"""Estimates: a table of rows, and the variance from which any covariance is formed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit import checks, frames
from survey_kit.design.threads import one_thread
from survey_kit.errors import EstimationError, FrameError, did_you_mean
from survey_kit.estimate.building import COLUMNS, build
from survey_kit.estimate.covariances import Variance, joined
from survey_kit.estimate.intervals import interval as limits
from survey_kit.estimate.maps import check_estimates, head_columns, pairs_along, places_of, smallest
from survey_kit.estimate.own_limits import OwnLimits
from survey_kit.types import FloatArray, Frame, Interval

if TYPE_CHECKING:
    import pandas as pd

LARGEST_VCOV = 5000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Estimates:
    """Estimates with their uncertainty and everything needed for their covariance.

    Attributes
    ----------
    table
        One row per estimate: the `by` columns, then ``variable category statistic estimate se ci_low ci_high df cv deff n
        weight_sum status``.
    keys
        Names of the `by` columns.
    variance
        Where the covariance comes from: unit totals of the influence, replicates, or a fixed factor.
    level, interval
        Of the limits in the table.
    notes
        Assumptions and treatments in words.
    own_limits
        Where limits do not follow from the standard errors.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0] * 6, "t": [1, 1, 1, 2, 2, 2], "y": [1, 2, 3, 3, 4, 6]})
    >>> by_year = sk.mean(sk.Design(frame, weight="w", wave="t"), "y", by="t")
    >>> change = by_year.change("t").table.iloc[0]
    >>> [round(float(change[name]), 4) for name in ("estimate", "se")]
    [2.3333, 1.0541]
    """

    table: pd.DataFrame
    keys: tuple[str, ...]
    variance: Variance
    level: float
    interval: Interval
    backend: str
    notes: tuple[str, ...]
    own_limits: OwnLimits | None = None

    # ------------------------------------------------------------------------------------------------- covariance
    @one_thread()
    def vcov(self, rows: Sequence[int] | None = None) -> FloatArray:
        """Covariance matrix (K, K) of some rows, all by default; zero for rows without an estimate."""
        wanted = np.arange(len(self.table)) if rows is None else places_of(rows, len(self.table))
        if len(wanted) > LARGEST_VCOV:
            raise EstimationError(
                "This covariance matrix would be very large.", found=f"{len(wanted)} rows", fix="Ask for fewer rows."
            )
        return self.variance.vcov(wanted)

    def linear(
        self, L: Any, names: Mapping[str, Sequence[Any]] | Sequence[str] | None = None, *, statistic: str = "linear"
    ) -> Estimates:
        """Linear combinations ``L theta`` with covariance ``L V L'``.

        Parameters
        ----------
        L : (M, K)
            One row of weights per combination; an array or a scipy sparse matrix.
        names
            Name of each combination, or columns (such as ``variable`` and `by` columns) of the new table.
        statistic
            What the column ``statistic`` says.

        Returns
        -------
        Estimates
            `n` is the smallest base among the rows used; degrees of freedom are the distinct units minus strata of all
            rows used; a combination that uses a row without an estimate is empty.
        """
        from scipy import sparse

        fix = "Give one finite weight per row of the table."
        weights: Any = L if sparse.issparse(L) else np.atleast_2d(checks.floats(L, "L", fix, EstimationError))
        if weights.ndim != 2 or not np.isfinite(weights.sum()):
            raise EstimationError("The weights are no matrix of finite numbers.", found=checks.shown(L), fix=fix)
        L = sparse.csr_array(weights)
        if L.shape[1] != len(self.table):
            raise EstimationError(
                "The weights do not fit the estimates.",
                found=f"{L.shape[1]} weights, {len(self.table)} rows",
                fix=fix,
            )
        theta = self.table["estimate"].to_numpy(dtype=np.float64)
        return combined(self, L, L @ np.where(np.isfinite(theta), theta, 0.0), names, statistic)

    def difference(self, a: Mapping[str, Any], b: Mapping[str, Any]) -> Estimates:
        """First minus second: each named by values of the table's columns that fit one row."""
        rows = self._row(a), self._row(b)
        L = np.zeros((1, len(self.table)))
        L[0, rows[0]] += 1
        L[0, rows[1]] -= 1
        first, second = (self.table.iloc[row] for row in rows)
        head = {
            key: [first[key] if first[key] == second[key] else f"{first[key]} - {second[key]}"]
            for key in (*self.keys, "variable", "category")
        }
        return self.linear(L, head, statistic="difference")

    def change(self, key: str, to: Any = "previous") -> Estimates:
        """Later minus earlier along one `by` column, within every other key.

        Parameters
        ----------
        key
            The `by` column that orders the rows, such as the wave.
        to
            ``"previous"``: each against the one before; ``"first"``: each against the first; or the label of another
            base. Rows without an estimate are passed over, so "previous" is the last one that has an estimate.

        Returns
        -------
        Estimates
            The column `key` holds the later, ``from`` the earlier label.
        """
        checks.choice(key, "key of these estimates", self.keys, EstimationError)
        if to is not None and not np.isscalar(to):
            raise EstimationError("'to' is one label.", found=checks.shown(to), fix="Write to='first', or a label.")
        pairs = pairs_along(self.table, key, [k for k in (*self.keys, "variable", "category") if k != key], to)
        if to not in ("previous", "first") and not (self.table[key] == to).any():
            raise EstimationError(f"There is no {key} {to!r}.", fix=did_you_mean(str(to), self.table[key].unique()))
        from scipy import sparse

        m = len(pairs)
        at = np.repeat(np.arange(m), 2)
        columns = np.asarray(pairs, dtype=np.int64).reshape(-1)
        L = sparse.csr_array((np.tile([1.0, -1.0], m), (at, columns)), shape=(m, len(self.table)))
        later, earlier = columns[0::2], columns[1::2]
        head: dict[str, Any] = {}
        for name in self.keys:
            head[name] = self.table[name].to_numpy(dtype=object)[later]
            if name == key:
                head["from"] = self.table[name].to_numpy(dtype=object)[earlier]
        for name in ("variable", "category"):
            head[name] = self.table[name].to_numpy(dtype=object)[later]
        return self.linear(L, head, statistic="difference")

    def map(
        self,
        f: Callable[[Mapping[Any, Any]], Any],
        *,
        along: str | Sequence[str] | None = None,
        name: str | None = None,
        interval: Interval = "wald",
    ) -> Estimates:
        """Any smooth function of the estimates, with its standard error: see the module `mapping`.

        Parameters
        ----------
        f
            Takes the estimates `m` and gives one value or a dict ``{name: value}``. ``m["trust"]`` is the estimate of a
            variable, ``m["vote", "yes"]`` that of a category, or of whatever `along` says; ``m[["a", "b"]]`` is a list.
            NumPy's functions work, also ``np.mean``, ``np.sum`` and ``np.dot`` over a list.
        along
            The column or columns whose values name an estimate: ``"variable"`` by default (with ``"category"`` where
            there are categories), or `by` columns such as the wave. Every combination of the other columns is a group,
            and the function is evaluated in all groups at once.
        name
            What a single result is called; by default the function's own name, or ``map``.
        interval
            Kind of the limits.

        Returns
        -------
        Estimates
            One row per group and result. A function along the variables makes new variables; any other is a new
            statistic of each variable. A group that lacks an estimate the function uses is empty.

        Raises
        ------
        EstimationError
            If a name is unknown, two rows have the same names, or the function does what has no derivative.

        Notes
        -----
        With D the derivatives, exact by automatic differentiation, the covariance is ``D V D'`` (Binder 1983,
        International Statistical Review 51, 279-292; Rust 1985, Journal of Official Statistics 1, 381-397). With
        replicates the function is evaluated in each of them instead. Near a kink (``abs``, ``np.maximum``, a choice by
        ``np.where``) a note says in how many groups. Matches R ``svycontrast(x, quote(...))``.

        Examples
        --------
        >>> import pandas as pd, survey_kit as sk
        >>> frame = pd.DataFrame({"w": [2.0, 2, 3, 3], "trust": [1, 0, 1, 1], "distrust": [0, 1, 0, 0]})
        >>> both = sk.mean(sk.Design(frame, weight="w"), ("trust", "distrust"))
        >>> net = both.map(lambda m: m["trust"] - m["distrust"], name="net").table
        >>> net[["variable", "estimate", "se"]].round(4).values.tolist()
        [['net', 0.6, 0.4283]]
        """
        from survey_kit.estimate.mapping import map_estimates

        return map_estimates(self, f, along=along, name=name, interval=interval)

    def confint(self, level: float) -> Estimates:
        """Give the same estimates with limits at another level."""
        table = self.table.copy()
        estimate, se, df, n = (table[name].to_numpy(dtype=np.float64) for name in ("estimate", "se", "df", "n"))
        checks.level(level)
        own = self.own_limits
        table["ci_low"], table["ci_high"] = (
            limits(self.interval, estimate, se, df, n, level) if own is None or not own.of(estimate) else own.at(level)
        )
        return replace(self, table=table, level=level)

    # -------------------------------------------------------------------------------------------------- presenting
    def to_frame(self, library: str | None = None) -> Frame:
        """Give the table in the caller's library, or in ``"pandas"``, ``"polars"``, ``"pyarrow"``."""
        known = ("pandas", "polars", "pyarrow")
        wanted = self.backend if library is None else checks.choice(library, "data frame library", known, FrameError)
        if wanted == "pandas":
            return self.table.copy()
        data = {
            name: self.table[name].astype(object).where(self.table[name].notna(), None).tolist()
            for name in self.table.columns
        }
        return frames.from_columns(data, wanted)

    def __repr__(self) -> str:
        return f"{self.table.to_string(max_rows=40)}\n{self._caption()}"

    def _repr_html_(self) -> str:
        from html import escape

        shown = self.table.drop(columns=[name for name in ("category", "deff") if self.table[name].isna().all()])
        formats: dict[str, Callable[[Any], str]] = {
            "df": lambda x: "" if x != x else f"{x:.0f}",  # noqa: PLR0124
            "n": "{:,}".format,
            "weight_sum": lambda x: "" if x != x else f"{x:,.1f}",  # noqa: PLR0124
        }
        table = shown.to_html(
            index=False, float_format=lambda x: f"{x:.4f}", formatters=formats, na_rep="", max_rows=60, border=0
        )
        return f"{table}<p>{escape(self._caption())}</p>"

    def _caption(self) -> str:
        kind = self.interval if self.own_limits is None else self.own_limits.name
        return "; ".join((f"{self.level:.0%} intervals ({kind})", *self.notes))

    def _row(self, where: Mapping[str, Any]) -> int:
        fits = np.ones(len(self.table), dtype=bool)
        checks.instance(
            where, Mapping, "A row is named by a dict.", "Write {'variable': 'trust', 'year': 2024}.", EstimationError
        )
        for name, value in where.items():
            if name not in self.table.columns:
                raise EstimationError(f"There is no column '{name}'.", fix=did_you_mean(name, self.table.columns))
            fits &= (self.table[name] == value).to_numpy(dtype=bool)
        found = np.flatnonzero(fits)
        if len(found) != 1:
            raise EstimationError(
                "One row is needed.",
                where=str(dict(where)),
                found=f"{len(found)} rows",
                fix="Name more columns or values.",
            )
        return int(found[0])


def combined(
    est: Estimates,
    L: Any,
    estimate: FloatArray,
    names: Mapping[str, Sequence[Any]] | Sequence[str] | None,
    statistic: str | Sequence[str],
    variance: Variance | None = None,
) -> Estimates:
    """Make rows with the values `estimate` (M,) whose derivative with respect to the rows of `est` is `L` (M, K), sparse."""
    used = abs(L).sign()
    absent = ~np.isfinite(est.table["estimate"].to_numpy(dtype=np.float64))
    lacking = (np.asarray(used @ absent.astype(np.float64)) > 0) | ~np.isfinite(estimate)
    estimate = np.where(lacking, np.nan, estimate)
    tied = np.asarray(used @ (est.table["status"] == "tied").to_numpy(dtype=np.float64)) > 0
    head = head_columns(names, L.shape[0])
    keys = tuple(key for key in head if key not in COLUMNS)
    notes = tuple(note for note in est.notes if not note.startswith("deff "))
    head.setdefault("category", np.full(L.shape[0], None, dtype=object))
    linked = np.asarray(used @ (est.table["status"] == "linked").to_numpy(dtype=np.float64)) > 0
    out = build(
        head={key: head[key] for key in (*keys, "variable", "category")},
        statistic=statistic,
        estimate=estimate,
        n=smallest(used, est.table["n"].to_numpy(dtype=np.float64)),
        weight_sum=np.full(L.shape[0], np.nan),
        srs_variance=None,
        status=np.where(lacking, "empty", np.where(tied, "tied", "ok")).astype(object),
        like=replace(
            est,
            keys=keys,
            variance=est.variance.mapped(L, estimate) if variance is None else variance,
            interval="wald",
            notes=notes,
            own_limits=None,
        ),
    )
    out.table.loc[linked & (out.table["status"] == "ok"), "status"] = "linked"
    return out


def bind(*estimates: Estimates) -> Estimates:
    """Put the rows of several results of one design under each other, with the covariance between all of them.

    Parameters
    ----------
    estimates
        Results of any statistics of one `Design` value. `by` columns one of them lacks hold None there.

    Returns
    -------
    Estimates
        At the level of the first; notes are those of all.

    Raises
    ------
    EstimationError
        If the designs differ: their covariance is not known.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [2.0, 2, 3, 3], "town": [1, 1, 2, 3], "y": [1.0, 0, 1, 1], "x": [1.0, 2, 3, 4]})
    >>> design = sk.Design(frame, weight="w", psu="town")
    >>> both = sk.bind(sk.mean(design, "y"), sk.total(design, "x"))
    >>> both.table["statistic"].tolist(), both.vcov().shape
    (['mean', 'total'], (2, 2))
    """
    if not estimates:
        raise EstimationError("There is nothing to bind.", fix="Give estimates.")
    for est in estimates:
        check_estimates(est)
    return stacked(estimates, joined([est.variance for est in estimates], [len(est.table) for est in estimates]))


def stacked(estimates: Sequence[Estimates], variance: Variance) -> Estimates:
    """Put rows under each other, with the variance of all."""
    import pandas as pd

    first = estimates[0]
    keys = tuple(dict.fromkeys(key for est in estimates for key in est.keys))
    tables = []
    for est in estimates:
        table = est.confint(first.level).table
        for key in keys:
            if key not in table.columns:
                table = table.assign(**{key: pd.Series([None] * len(table), dtype=object)})
        tables.append(table[[*keys, *COLUMNS]].astype(dict.fromkeys((*keys, "variable", "category"), object)))
    kinds = {est.interval for est in estimates}
    return replace(
        first,
        table=pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True),
        keys=keys,
        variance=variance,
        interval=first.interval if len(kinds) == 1 else "wald",
        notes=tuple(dict.fromkeys(note for est in estimates for note in est.notes)),
        own_limits=_kept_limits(estimates) if len(kinds) > 1 or any(est.own_limits for est in estimates) else None,
    )


def _kept_limits(estimates: Sequence[Estimates]) -> OwnLimits:
    """Let every result keep its kind of limits, at any level."""
    names = dict.fromkeys(est.interval if est.own_limits is None else est.own_limits.name for est in estimates)
    values = [est.table["estimate"].to_numpy(dtype=np.float64) for est in estimates]
    return OwnLimits(
        name=" and ".join(names), estimate=np.concatenate(values), at=partial(_limits_of, tuple(estimates))
    )


def _limits_of(estimates: Sequence[Estimates], level: float) -> tuple[FloatArray, FloatArray]:
    tables = [est.confint(level).table for est in estimates]
    low, high = (np.concatenate([t[name].to_numpy(dtype=np.float64) for t in tables]) for name in ("ci_low", "ci_high"))
    return low, high
