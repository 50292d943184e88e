"""Where the covariance of a table of estimates comes from: unit totals, replicates, a fixed factor, or several of them.

The kinds answer the same four questions - covariance of some rows, variances of all, degrees of freedom, and what a
linear map makes of them - so that everything built on estimates never asks which kind it holds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from survey_kit import checks
from survey_kit.design.layout import Layout
from survey_kit.errors import EstimationError
from survey_kit.estimate import sparse_totals, taylor
from survey_kit.types import BoolArray, FloatArray, IntArray, LonelyPsu, Overlap


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


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Linearised:
    """Covariance by Taylor linearisation from unit totals of the influence.

    Attributes
    ----------
    layout
        The design as arrays.
    blocks
        Unit totals by wave.
    lonely_psu, overlap
        As the design declares them.
    df_less
        What a model's parameters take off units minus strata.
    """

    __repr__ = checks.brief

    layout: Layout
    blocks: tuple[Block, ...]
    lonely_psu: LonelyPsu
    overlap: Overlap
    df_less: float = 0.0

    def vcov(self, wanted: IntArray) -> FloatArray:
        """Covariance (k, k) of the rows `wanted`."""
        out = np.zeros((len(wanted), len(wanted)))
        parts = [(block, *matching(block.rows, wanted)) for block in self.blocks]
        for block, inside, place in parts:
            if len(place):
                A, B = taylor.factors(
                    self.layout,
                    block.wave,
                    tuple(sparse_totals.dense(t, inside) for t in block.totals),
                    self.lonely_psu,
                )
                out[np.ix_(place, place)] += A.T @ B
        if self.overlap != "none":
            for i, (a, in_a, at_a) in enumerate(parts):
                for b, in_b, at_b in parts[:i]:
                    both = taylor.cross(self.layout, (a.wave, b.wave), (a.totals[0][:, in_a], b.totals[0][:, in_b]))
                    if both is not None and len(at_a) and len(at_b):
                        C = both[0].T @ both[1]
                        out[np.ix_(at_a, at_b)] += C
                        out[np.ix_(at_b, at_a)] += C.T
        return out

    def variances(self, size: int) -> FloatArray:
        """Variances (K,); NaN where few common units put a covariance above what the variances allow."""
        out = np.zeros(size)
        for block in self.blocks:
            if sparse_totals.is_sparse(block.totals[0]):
                out[block.rows] += sparse_totals.variances(self.layout, block.wave, block.totals[0], self.lonely_psu)
                continue
            A, B = taylor.factors(self.layout, block.wave, block.totals, self.lonely_psu)
            out[block.rows] += np.einsum("pk,pk->k", A, B)
        own = np.abs(out)
        if self.overlap != "none":
            for i, a in enumerate(self.blocks):
                for b in self.blocks[:i]:
                    _, in_a, in_b = np.intersect1d(a.rows, b.rows, assume_unique=True, return_indices=True)
                    if not len(in_a):
                        continue
                    both = taylor.cross(self.layout, (a.wave, b.wave), (a.totals[0][:, in_a], b.totals[0][:, in_b]))
                    if both is not None:
                        out[a.rows[in_a]] += 2 * np.einsum("pk,pk->k", *both)
        return np.where(out < -1e-9 * own, np.nan, out)

    def degrees(self, size: int) -> FloatArray:
        """Distinct units minus distinct strata (K,) of every row, over all waves it draws on."""
        layout = self.layout
        if self.overlap == "none":
            df = np.zeros(size)
            for block in self.blocks:
                if sparse_totals.is_sparse(block.active):
                    strata_seen = sparse_totals.strata_counts(layout, block.wave, block.active)
                else:
                    strata_seen = _strata_with(layout, block).sum(axis=0)
                df[block.rows] += sparse_totals.counts(block.active) - strata_seen
            return df - self.df_less
        units = np.zeros((int(layout.identity.max()) + 1, size), dtype=bool)
        strata = np.zeros((int(layout.stratum_identity.max()) + 1, size), dtype=bool)
        for block in self.blocks:
            _mark(units, layout.identity[layout.units(block.wave)], block.rows, block.active)
            _mark(strata, layout.stratum_identity[layout.strata(block.wave)], block.rows, _strata_with(layout, block))
        return np.asarray(units.sum(axis=0) - strata.sum(axis=0), dtype=np.float64) - self.df_less

    def mapped(self, L: Any, theta: FloatArray) -> Linearised:  # noqa: ARG002
        """Apply linear combinations (M, K), a scipy sparse matrix."""
        blocks = tuple(block for block in (_mapped_block(block, L) for block in self.blocks) if len(block.rows))
        return replace(self, blocks=blocks)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Replicated:
    """Covariance from replicate estimates, ``sum_r c_r (theta_r - centre)(theta_r - centre)'``.

    Attributes
    ----------
    theta_r : (R, K)
        The estimates from each replicate; NaN where a replicate has no member of the domain: it is left out there.
    theta : (K,)
        The estimates from the full sample.
    coefficients : (R,)
        ``scale * rscales``.
    mse
        Centre at the full-sample estimate instead of the mean of the replicates.
    df
        Declared degrees of freedom; None: those of the units behind each row.
    units
        Units behind each row, without totals.
    """

    __repr__ = checks.brief

    theta_r: FloatArray
    theta: FloatArray
    coefficients: FloatArray
    mse: bool
    df: float | None
    units: Linearised

    def factor(self) -> FloatArray:
        """F (R, K) with ``F'F`` the covariance; the mean is that of the replicates with a coefficient above zero."""
        known = np.isfinite(self.theta_r)
        values = np.where(known, self.theta_r, 0.0)
        counted = known & (self.coefficients > 0)[:, None]
        if self.mse:
            centre = self.theta
        else:
            number = counted.sum(axis=0)
            centre = np.divide((values * counted).sum(axis=0), number, out=np.zeros(values.shape[1]), where=number > 0)
        return np.where(known, values - centre, 0.0) * np.sqrt(self.coefficients)[:, None]

    def vcov(self, wanted: IntArray) -> FloatArray:
        """Covariance (k, k) of the rows `wanted`."""
        F = replace(self, theta_r=self.theta_r[:, wanted], theta=self.theta[wanted]).factor()
        return F.T @ F

    def variances(self, size: int) -> FloatArray:  # noqa: ARG002
        """Variances (K,); NaN where no replicate has an estimate."""
        F = self.factor()
        return np.where(np.isfinite(self.theta_r).any(axis=0), np.einsum("rk,rk->k", F, F), np.nan)

    def degrees(self, size: int) -> FloatArray:
        """Degrees of freedom (K,)."""
        return self.units.degrees(size) if self.df is None else np.full(size, self.df - self.units.df_less)

    def mapped(self, L: Any, theta: FloatArray) -> Replicated:
        """Apply linear combinations (M, K); `theta` (M,) are the combined estimates."""
        known = np.isfinite(self.theta_r)
        lacking = np.asarray(abs(L).sign() @ (~known).T.astype(np.float64)).T > 0
        theta_r = np.asarray(L @ np.where(known, self.theta_r, 0.0).T).T
        units = self.units.mapped(L, theta)
        return replace(self, theta_r=np.where(lacking, np.nan, theta_r), theta=theta, units=units)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Fixed:
    """Covariance ``F'F`` known as such: of models' predictions, or of estimates combined over imputations.

    Attributes
    ----------
    factor : (E, K)
    df : (K,)
        Degrees of freedom; a combination takes the fewest of the rows it uses.
    """

    __repr__ = checks.brief

    factor: FloatArray
    df: FloatArray

    def vcov(self, wanted: IntArray) -> FloatArray:
        """Covariance (k, k) of the rows `wanted`."""
        F = self.factor[:, wanted]
        return F.T @ F

    def variances(self, size: int) -> FloatArray:  # noqa: ARG002
        """Variances (K,)."""
        return np.asarray(np.einsum("ek,ek->k", self.factor, self.factor))

    def degrees(self, size: int) -> FloatArray:  # noqa: ARG002
        """Degrees of freedom (K,)."""
        return self.df

    def mapped(self, L: Any, theta: FloatArray) -> Fixed:  # noqa: ARG002
        """Apply linear combinations (M, K)."""
        df = np.full(L.shape[0], np.nan)
        some = np.flatnonzero(np.diff(L.indptr) > 0)
        if len(some):
            df[some] = np.fmin.reduceat(self.df[L.indices], L.indptr[some])
        return Fixed(factor=np.asarray(L @ self.factor.T).T, df=df)


OneDesign: TypeAlias = Linearised | Replicated | Fixed


@dataclass(frozen=True, slots=True, kw_only=True)
class Independent:
    """Covariance of rows that draw on several independent designs: the sum of what each contributes.

    Attributes
    ----------
    parts
        One per design, each over all rows.
    used : (parts, K)
        Which rows draw on which part.
    """

    parts: tuple[OneDesign, ...]
    used: BoolArray

    def vcov(self, wanted: IntArray) -> FloatArray:
        """Covariance (k, k) of the rows `wanted`."""
        return np.asarray(sum(part.vcov(wanted) for part in self.parts))

    def variances(self, size: int) -> FloatArray:
        """Variances (K,)."""
        return np.asarray(sum(part.variances(size) for part in self.parts))

    def degrees(self, size: int) -> FloatArray:
        """Degrees of freedom (K,): those of the designs add up, as of independent waves; never more than a fixed part has."""
        units, fewest, some = np.zeros(size), np.full(size, np.inf), np.zeros(size, dtype=bool)
        for part, used in zip(self.parts, self.used, strict=True):
            own = part.degrees(size)
            if isinstance(part, Fixed):
                fewest = np.where(used, np.minimum(fewest, own), fewest)
            else:
                units, some = units + np.where(used, own, 0.0), some | used
        return np.where(some, np.minimum(units, fewest), fewest)

    def mapped(self, L: Any, theta: FloatArray) -> Independent:
        """Apply linear combinations (M, K)."""
        parts = tuple(placed(part, L, theta) for part in self.parts)
        return Independent(parts=parts, used=np.asarray(abs(L).sign() @ self.used.T.astype(np.float64)).T > 0)


Variance: TypeAlias = OneDesign | Independent


def placed(part: OneDesign, L: Any, theta: FloatArray) -> OneDesign:
    """Apply linear combinations to what one design contributes: its replicates are centred at its own share."""
    if isinstance(part, Replicated):
        return part.mapped(L, np.asarray(L @ np.where(np.isfinite(part.theta), part.theta, 0.0)))
    return part.mapped(L, theta)


def joined(parts: list[Variance], sizes: list[int]) -> Variance:
    """Put the rows of several results of one design under each other, with their full covariance."""
    first = parts[0]
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    if isinstance(first, Linearised):
        same = [p for p in parts if isinstance(p, Linearised) and p.layout is first.layout]
        if len(same) == len(parts):
            return _linearised(same, starts)
    if isinstance(first, Replicated):
        alike = [p for p in parts if isinstance(p, Replicated) and np.array_equal(p.coefficients, first.coefficients)]
        if len(alike) == len(parts):
            return replace(
                first,
                theta_r=np.concatenate([p.theta_r for p in alike], axis=1),
                theta=np.concatenate([p.theta for p in alike]),
                units=_linearised([p.units for p in alike], starts),
            )
    raise EstimationError(
        "These estimates do not come from one design, so their covariance is not known.",
        fix="Compute them from the same Design value; for independent surveys put both in one design with a wave.",
    )


def _linearised(parts: list[Linearised], starts: IntArray) -> Linearised:
    blocks = tuple(
        replace(block, rows=block.rows + start)
        for part, start in zip(parts, starts.tolist(), strict=True)
        for block in part.blocks
    )
    return replace(parts[0], blocks=by_wave(blocks), df_less=max(part.df_less for part in parts))


def by_wave(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """Put the blocks of each wave together."""
    out = []
    for wave in sorted({block.wave for block in blocks}):
        own = [block for block in blocks if block.wave == wave]
        out.append(
            Block(
                wave=wave,
                rows=np.concatenate([block.rows for block in own]),
                totals=tuple(sparse_totals.side_by_side(part) for part in zip(*(b.totals for b in own), strict=True)),
                active=sparse_totals.side_by_side([block.active for block in own]),
            )
        )
    return tuple(out)


def matching(rows: IntArray, wanted: IntArray) -> tuple[IntArray, IntArray]:
    """Give positions in `rows` and in `wanted` of the same rows; `wanted` may name a row twice."""
    if not len(rows):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    order = np.argsort(rows)
    at = np.searchsorted(rows[order], wanted)
    at = np.minimum(at, len(rows) - 1)
    place = np.flatnonzero(rows[order][at] == wanted)
    return order[at[place]], place


def _mapped_block(block: Block, L: Any) -> Block:
    """Apply linear combinations to the totals of one wave; keep the combinations that use it."""
    part = L[:, block.rows]
    rows = np.flatnonzero(np.diff(part.indptr) > 0)
    part = part[rows]
    involved = abs(part).sign()
    return replace(
        block,
        rows=rows,
        totals=tuple(sparse_totals.combine(part, t) for t in block.totals),
        active=sparse_totals.combine(involved, block.active.astype(np.float64)) > 0,
    )


def _mark(seen: BoolArray, identity: IntArray, rows: IntArray, active: BoolArray) -> None:
    for i, number in enumerate(identity):
        seen[number, rows] |= active[i]


def _strata_with(layout: Layout, block: Block) -> BoolArray:
    """Strata (H, k) with an active unit."""
    start = layout.stages[0].stratum_start[layout.strata(block.wave)] - layout.units(block.wave).start
    return np.logical_or.reduceat(block.active, start, axis=0)
