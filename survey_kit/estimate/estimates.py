"""Estimates: a table of rows, and the unit totals of their influence from which any covariance is formed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit import checks, frames
from survey_kit.design.layout import Layout
from survey_kit.errors import EstimationError, did_you_mean
from survey_kit.estimate import taylor
from survey_kit.estimate.intervals import interval as limits
from survey_kit.types import BoolArray, FloatArray, Frame, IntArray, Interval, LonelyPsu, Overlap

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "variable",
    "category",
    "statistic",
    "estimate",
    "se",
    "ci_low",
    "ci_high",
    "df",
    "cv",
    "deff",
    "n",
    "weight_sum",
    "status",
)
LARGEST_VCOV = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What one wave contributes to some rows.

    Attributes
    ----------
    wave
        Number of the wave in the layout.
    rows : (k,)
        Rows of the table.
    totals
        For each stage (P_s, k): unit totals of ``w z``.
    active : (P, k)
        First-stage units with a member of the row's domain: they count for the degrees of freedom.
    """

    wave: int
    rows: IntArray
    totals: tuple[FloatArray, ...]
    active: BoolArray


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
    blocks
        Unit totals of the influence, by wave.
    level, interval
        Of the limits in the table.
    notes
        Assumptions and treatments in words.

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
    layout: Layout
    blocks: tuple[Block, ...]
    lonely_psu: LonelyPsu
    overlap: Overlap
    level: float
    interval: Interval
    backend: str
    notes: tuple[str, ...]

    # ------------------------------------------------------------------------------------------------- covariance
    def vcov(self, rows: Sequence[int] | None = None) -> FloatArray:
        """Covariance matrix (K, K) of some rows, all by default; zero for rows without an estimate."""
        wanted = np.arange(len(self.table)) if rows is None else np.asarray(rows, dtype=np.int64)
        if len(wanted) > LARGEST_VCOV:
            raise EstimationError(
                "This covariance matrix would be very large.", found=f"{len(wanted)} rows", fix="Ask for fewer rows."
            )
        out = np.zeros((len(wanted), len(wanted)))
        parts = [(block, *_matching(block.rows, wanted)) for block in self.blocks]
        for block, inside, place in parts:
            if len(place):
                F = taylor.factors(self.layout, block.wave, tuple(t[:, inside] for t in block.totals), self.lonely_psu)
                out[np.ix_(place, place)] += F.T @ F
        if self.overlap != "none":
            for i, (a, in_a, at_a) in enumerate(parts):
                for b, in_b, at_b in parts[:i]:
                    both = taylor.cross(self.layout, (a.wave, b.wave), (a.totals[0][:, in_a], b.totals[0][:, in_b]))
                    if both is not None and len(at_a) and len(at_b):
                        C = both[0].T @ both[1]
                        out[np.ix_(at_a, at_b)] += C
                        out[np.ix_(at_b, at_a)] += C.T
        return out

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

        weights: Any = L if sparse.issparse(L) else np.atleast_2d(np.asarray(L, dtype=np.float64))
        L = sparse.csr_array(weights)
        if L.shape[1] != len(self.table):
            raise EstimationError(
                "The weights do not fit the estimates.",
                found=f"{L.shape[1]} weights, {len(self.table)} rows",
                fix="Give one weight per row of the table.",
            )
        used = abs(L).sign()
        blocks = tuple(block for block in (_mapped(block, L) for block in self.blocks) if len(block.rows))
        theta = self.table["estimate"].to_numpy(dtype=np.float64)
        absent = ~np.isfinite(theta)
        lacking = np.asarray(used @ absent.astype(np.float64)) > 0
        estimate = np.where(lacking, np.nan, L @ np.where(absent, 0.0, theta))
        base = _smallest(used, self.table["n"].to_numpy(dtype=np.float64))
        head = _head(names, L.shape[0])
        keys = tuple(key for key in head if key not in COLUMNS)
        head.setdefault("category", np.full(L.shape[0], None, dtype=object))
        return build(
            head={key: head[key] for key in (*keys, "variable", "category")},
            statistic=statistic,
            estimate=estimate,
            n=base,
            weight_sum=np.full(L.shape[0], np.nan),
            srs_variance=None,
            status=np.where(lacking, "empty", "ok").astype(object),
            like=replace(self, keys=keys, blocks=blocks, interval="wald"),
        )

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
        if key not in self.keys:
            raise EstimationError(f"'{key}' is not a key of these estimates.", fix=did_you_mean(key, self.keys))
        pairs = _pairs(self.table, key, [k for k in (*self.keys, "variable", "category") if k != key], to)
        if to not in ("previous", "first") and not (self.table[key] == to).any():
            raise EstimationError(f"There is no {key} '{to}'.", fix=did_you_mean(str(to), self.table[key].unique()))
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

    def confint(self, level: float) -> Estimates:
        """Give the same estimates with limits at another level."""
        table = self.table.copy()
        estimate, se, df, n = (table[name].to_numpy(dtype=np.float64) for name in ("estimate", "se", "df", "n"))
        table["ci_low"], table["ci_high"] = limits(self.interval, estimate, se, df, n, checks.level(level))
        return replace(self, table=table, level=level)

    # -------------------------------------------------------------------------------------------------- presenting
    def to_frame(self, library: str | None = None) -> Frame:
        """Give the table in the caller's library, or in ``"pandas"``, ``"polars"``, ``"pyarrow"``."""
        wanted = library or self.backend
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

        shown = self.table.to_html(index=False, float_format=lambda x: f"{x:.4f}", na_rep="", max_rows=60, border=0)
        return f"{shown}<p>{escape(self._caption())}</p>"

    def _caption(self) -> str:
        return "; ".join((f"{self.level:.0%} intervals ({self.interval})", *self.notes))

    def _row(self, where: Mapping[str, Any]) -> int:
        fits = np.ones(len(self.table), dtype=bool)
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


# --------------------------------------------------------------------------------------------------------- building
def build(
    *,
    head: Mapping[str, Any],
    statistic: str,
    estimate: FloatArray,
    n: FloatArray,
    weight_sum: FloatArray,
    srs_variance: FloatArray | None,
    status: Any,
    like: Estimates,
) -> Estimates:
    """Finish a table: variances and degrees of freedom from the blocks, then intervals and status."""
    import pandas as pd

    size = len(estimate)
    variance = _variances(like, size)
    df = _degrees(like, size)
    absent = ~np.isfinite(estimate)
    se = np.where(absent, np.nan, np.sqrt(np.maximum(variance, 0.0)))
    status = np.where((status == "ok") & (df <= 0), "no_df", status)
    status = np.where((status == "ok") & (se <= 0), "one_value", status)
    df = np.where(absent, np.nan, df)
    low, high = limits(like.interval, estimate, se, df, n, like.level)
    with np.errstate(invalid="ignore", divide="ignore"):
        cv = np.where(estimate != 0, se / np.abs(estimate), np.nan)
        deff = (
            np.full(size, np.nan) if srs_variance is None else np.where(srs_variance > 0, se**2 / srs_variance, np.nan)
        )
    columns: dict[str, Any] = dict(head)
    columns["statistic"] = np.full(size, statistic, dtype=object)
    values = (estimate, se, low, high, df, cv, deff)
    columns |= dict(zip(("estimate", "se", "ci_low", "ci_high", "df", "cv", "deff"), values, strict=True))
    columns |= {"n": n.astype(np.int64), "weight_sum": weight_sum, "status": status.astype(object)}
    table = pd.DataFrame({name: _column(value) for name, value in columns.items()})
    return replace(like, table=table)


def _column(values: Any) -> Any:
    import pandas as pd

    return (
        values if isinstance(values, np.ndarray) and values.dtype != object else pd.Series(list(values), dtype=object)
    )


def _variances(like: Estimates, size: int) -> FloatArray:
    out = np.zeros(size)
    for block in like.blocks:
        F = taylor.factors(like.layout, block.wave, block.totals, like.lonely_psu)
        out[block.rows] += np.einsum("pk,pk->k", F, F)
    if like.overlap != "none":
        for i, a in enumerate(like.blocks):
            for b in like.blocks[:i]:
                _, in_a, in_b = np.intersect1d(a.rows, b.rows, assume_unique=True, return_indices=True)
                if not len(in_a):
                    continue
                both = taylor.cross(like.layout, (a.wave, b.wave), (a.totals[0][:, in_a], b.totals[0][:, in_b]))
                if both is not None:
                    out[a.rows[in_a]] += 2 * np.einsum("pk,pk->k", *both)
    return out


def _degrees(like: Estimates, size: int) -> FloatArray:
    """Distinct units minus distinct strata of every row, over all waves it draws on."""
    layout = like.layout
    if like.overlap == "none":
        df = np.zeros(size)
        for block in like.blocks:
            df[block.rows] += block.active.sum(axis=0) - _strata_with(layout, block).sum(axis=0)
        return df
    units = np.zeros((int(layout.identity.max()) + 1, size), dtype=bool)
    strata = np.zeros((int(layout.stratum_identity.max()) + 1, size), dtype=bool)
    for block in like.blocks:
        _mark(units, layout.identity[layout.units(block.wave)], block.rows, block.active)
        _mark(strata, layout.stratum_identity[layout.strata(block.wave)], block.rows, _strata_with(layout, block))
    return np.asarray(units.sum(axis=0) - strata.sum(axis=0), dtype=np.float64)


def _mark(seen: BoolArray, identity: IntArray, rows: IntArray, active: BoolArray) -> None:
    for i, number in enumerate(identity):
        seen[number, rows] |= active[i]


def _strata_with(layout: Layout, block: Block) -> BoolArray:
    """Strata (H, k) with an active unit."""
    start = layout.stages[0].stratum_start[layout.strata(block.wave)] - layout.units(block.wave).start
    return np.logical_or.reduceat(block.active, start, axis=0)


def _matching(rows: IntArray, wanted: IntArray) -> tuple[IntArray, IntArray]:
    """Give positions in `rows` and in `wanted` of the same rows; `wanted` may name a row twice."""
    order = np.argsort(rows)
    at = np.searchsorted(rows[order], wanted)
    at = np.minimum(at, len(rows) - 1)
    place = np.flatnonzero(rows[order][at] == wanted)
    return order[at[place]], place


def _mapped(block: Block, L: Any) -> Block:
    part = L[:, block.rows]
    rows = np.flatnonzero(np.diff(part.indptr) > 0)
    part = part[rows]
    involved = abs(part).sign()
    return Block(
        wave=block.wave,
        rows=rows,
        totals=tuple(np.ascontiguousarray((part @ t.T).T) for t in block.totals),
        active=np.ascontiguousarray((involved @ block.active.T.astype(np.float64)).T > 0),
    )


def _smallest(used: Any, n: FloatArray) -> FloatArray:
    """Give the smallest base among the rows each combination uses."""
    out = np.zeros(used.shape[0])
    some = np.flatnonzero(np.diff(used.indptr) > 0)
    if len(some):
        out[some] = np.minimum.reduceat(n[used.indices], used.indptr[some])
    return out


def _head(names: Mapping[str, Sequence[Any]] | Sequence[str] | None, size: int) -> dict[str, Any]:
    if isinstance(names, Mapping):
        out = {key: np.asarray(list(values), dtype=object) for key, values in names.items()}
    else:
        out = {
            "variable": np.asarray([f"L{i + 1}" for i in range(size)] if names is None else list(names), dtype=object)
        }
    out.setdefault("variable", np.asarray([f"L{i + 1}" for i in range(size)], dtype=object))
    for key, values in out.items():
        if len(values) != size:
            raise EstimationError(f"'{key}' does not name every combination.", found=f"{len(values)} for {size}")
    return out


def _pairs(table: pd.DataFrame, key: str, others: list[str], to: Any) -> list[tuple[int, int]]:
    """Pair the rows along `key` in the order of the table."""
    from collections import defaultdict

    groups: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    present = np.isfinite(table["estimate"].to_numpy(dtype=np.float64))
    labels = list(zip(*(table[name].tolist() for name in others), strict=True))
    for row in np.flatnonzero(present).tolist():
        groups[labels[row]].append(row)
    when = table[key].tolist()
    pairs = []
    for rows in groups.values():
        for i, row in enumerate(rows):
            if to == "previous":
                base = rows[i - 1] if i else row
            elif to == "first":
                base = rows[0]
            else:
                base = next((other for other in rows if when[other] == to), row)
            if base != row:
                pairs.append((row, base))
    return sorted(pairs)
