"""Response propensities on the cells of the auxiliary variables, and what indicators of representativity are made of.

Everything but design variances is algebra on the table of occupied cells; the rows are read once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from survey_kit import checks, frames
from survey_kit.design import Design
from survey_kit.design.calibrate_columns import Columns
from survey_kit.design.calibrate_response import fit_response
from survey_kit.errors import DesignError, ResponsesError
from survey_kit.estimate.adapter import Influence, unit_totals
from survey_kit.estimate.taylor import factors
from survey_kit.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Auxiliary:
    """Auxiliary variables known of every case.

    Attributes
    ----------
    names : (V,)
        The variables; a crossing has the names of its columns.
    levels : V tuples
        The categories of each in words.
    code : V arrays (n,)
        The category of each case.
    cell : (n,)
        The occupied cell of all variables together.
    of_cell : (V, C)
        The category of each cell.
    x : (C, p)
        Main effects: a constant and every category but the first.
    """

    __repr__ = checks.brief

    names: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    code: tuple[IntArray, ...]
    cell: IntArray
    of_cell: IntArray
    x: FloatArray

    def sums(self, values: FloatArray) -> FloatArray:
        """Sum values of rows (n,) by cell (C,)."""
        return np.bincount(self.cell, weights=values, minlength=len(self.x)).astype(np.float64, copy=False)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Fitted:
    """A fitted model of response, by cell.

    Attributes
    ----------
    p : (C,)
        Propensities.
    weight : (C,)
        Sums of the weights.
    z : (C, p)
        Derivative of each propensity in the coefficients.
    sigma : (p, p)
        Covariance of the coefficients.
    """

    __repr__ = checks.brief

    p: FloatArray
    weight: FloatArray
    z: FloatArray
    sigma: FloatArray

    @property
    def mean(self) -> float:
        """Give the mean propensity."""
        return float(self.weight @ self.p / self.weight.sum())

    @property
    def variance(self) -> float:
        """Give the variance of the propensities, divided by the size of the population."""
        return float(self.weight @ (self.p - self.mean) ** 2 / self.weight.sum())


def auxiliary(design: Design, by: Sequence[str | tuple[str, ...]]) -> Auxiliary:
    """Code the auxiliary variables.

    Raises
    ------
    ResponsesError
        If there is none, one stands twice, or one is missing for some case.
    """
    if not by:
        raise ResponsesError("Balance needs variables known of every case.", fix="Name columns of the issued cases.")
    parts = [(one,) if isinstance(one, str) else tuple(one) for one in by]
    names = tuple(" x ".join(part) for part in parts)
    checks.unique(names, "A variable", ResponsesError)
    levels, codes = [], []
    for name, part in zip(names, parts, strict=True):
        grouped = frames.group(design.frame, part, "auxiliary variable")
        lost = np.flatnonzero(grouped.codes < 0)
        if len(lost):
            raise ResponsesError(
                f"'{name}' is not known of every case.",
                where=f"row {int(lost[0]) + 1}",
                found=f"missing in {len(lost):,} of {len(grouped.codes):,} rows",
                fix="Take what the frame knows of all, or make 'unknown' a level of its own.",
            )
        present, code = np.unique(grouped.codes, return_inverse=True)
        levels.append(tuple(" x ".join(map(str, grouped.levels[k])) for k in present.tolist()))
        codes.append(code.astype(np.int64))
    cell, of_cell = _cells(codes, [len(one) for one in levels])
    blocks = [np.ones((of_cell.shape[1], 1))]
    blocks += [of_cell[v][:, None] == np.arange(1, len(one)) for v, one in enumerate(levels)]
    x = np.concatenate(blocks, axis=1).astype(np.float64)
    return Auxiliary(names=names, levels=tuple(levels), code=tuple(codes), cell=cell, of_cell=of_cell, x=x)


def _cells(codes: Sequence[IntArray], sizes: Sequence[int]) -> tuple[IntArray, IntArray]:
    """Give numbers to the occupied cells: the cell of each row (n,), the category of each cell (V, C)."""
    cell = np.zeros(len(codes[0]), dtype=np.int64)
    for code, size in zip(codes, sizes, strict=True):
        _, cell = np.unique(cell * size + code, return_inverse=True)
    _, first = np.unique(cell, return_index=True)
    return cell.astype(np.int64), np.stack([code[first] for code in codes])


def fit(design: Design, known: Auxiliary, answered: BoolArray, *, clustered: bool) -> Fitted:
    """Fit a logistic response propensity with the main effects of the auxiliary variables.

    The covariance of the coefficients is the model's, weights scaled to mean 1, or, `clustered`, that of the design.

    Raises
    ------
    ResponsesError
        If everybody or nobody of a category responded: a propensity of 1 or 0. The category is named.
    """
    w = design.layout.weight
    size = len(known.x)
    yes, weight = known.sums(w * answered), known.sums(w)
    _check_levels(known, weight, yes)
    # each cell once with its respondents, once with the others
    code = [np.zeros(2 * size, dtype=np.int64), *(np.concatenate([one, one]) for one in known.of_cell)]
    names = [
        ("everybody",),
        *(tuple(f"{v}={k}" for k in one) for v, one in zip(known.names, known.levels, strict=True)),
    ]
    wave = [np.zeros(len(one), dtype=np.int64) for one in names]
    columns = [Columns(code=c, value=None, names=k, wave=v) for c, k, v in zip(code, names, wave, strict=True)]
    both, said = np.concatenate([yes, weight - yes]), np.arange(2 * size) < size
    counted = both > 0
    try:
        p = fit_response(columns, both, said & counted, counted).p
    except DesignError as fault:
        raise ResponsesError(fault.what, where=fault.where, found=fault.found, fix=fault.fix) from None
    p = np.where(yes > 0, p[:size], p[size:])
    x, spread = known.x, p * (1 - p)
    gram = x.T @ (x * (weight * spread)[:, None])
    if clustered:
        bread = np.linalg.pinv(gram, hermitian=True)
        sigma = bread @ covariance(design, (answered - p[known.cell])[:, None] * x[known.cell]) @ bread
    else:
        sigma = np.linalg.pinv(gram / (weight.sum() / len(w)), hermitian=True)
    return Fitted(p=p, weight=weight, z=x * spread[:, None], sigma=sigma)


def _check_levels(known: Auxiliary, weight: FloatArray, yes: FloatArray) -> None:
    for v, name in enumerate(known.names):
        size = len(known.levels[v])
        all_of = np.bincount(known.of_cell[v], weights=weight, minlength=size)
        share = np.bincount(known.of_cell[v], weights=yes, minlength=size) / all_of
        sure = np.flatnonzero((share <= 0) | (share >= 1 - 1e-12))
        if len(sure):
            who = "nobody" if share[sure[0]] <= 0 else "everybody"
            raise ResponsesError(
                f"The response propensity of a category is {0 if who == 'nobody' else 1}: {who} responded.",
                where=f"{name}={known.levels[v][int(sure[0])]}" + (f"; {len(sure) - 1} more" if len(sure) > 1 else ""),
                fix="Join the category with one alike, or wait until some have responded and some have not.",
            )


def covariance(design: Design, z: FloatArray) -> FloatArray:
    """Give the covariance (k, k) of the totals of ``w z``, z (n, k), under the design."""
    totals = unit_totals(design.layout, Influence(z=z))[0]
    a, b = factors(design.layout, 0, totals, design.lonely_psu)
    return np.asarray(a.T @ b)


def linear_fit(known: Auxiliary, weight: FloatArray, yes: FloatArray) -> FloatArray:
    """Give fitted response (C,) by least squares on the main effects; it may leave 0 to 1."""
    gram = known.x.T @ (known.x * weight[:, None])
    return np.asarray(known.x @ (np.linalg.pinv(gram, hermitian=True) @ (known.x.T @ yes)))


def spread_bias(design: Design, known: Auxiliary, model: Fitted) -> float:
    """Give the bias of the variance of estimated propensities (Shlomo, Skinner & Schouten 2012, section 4)."""
    total = float(model.weight.sum())
    inflated = float(model.weight @ np.einsum("ci,ij,cj->c", model.z, model.sigma, model.z))
    of_mean = float(covariance(design, model.p[known.cell][:, None])[0, 0]) / total
    return (inflated - of_mean) / total


def spread_variance(design: Design, known: Auxiliary, model: Fitted) -> float:
    """Give the variance of the variance of estimated propensities (the same, section 5)."""
    total = float(model.weight.sum())
    share, apart = model.weight / total, model.p - model.mean
    z = model.z - share @ model.z
    a, b = z.T @ (share * apart), z.T @ (z * share[:, None])
    drawn = float(covariance(design, ((model.p - model.mean) ** 2)[known.cell][:, None])[0, 0]) / total**2
    both = b @ model.sigma
    return float(4 * a @ model.sigma @ a + 2 * np.trace(both @ both) + drawn)
