"""From a matrix of the items and a function of it to estimates: domains, replicates, limits and what must be said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, TypeAlias

import numpy as np

from survey_kit.design import Design
from survey_kit.design.threads import one_thread
from survey_kit.estimate.adapter import Influence, from_influence
from survey_kit.estimate.columns import Ask
from survey_kit.estimate.covariances import Replicated
from survey_kit.estimate.domains import Cells, cells
from survey_kit.estimate.estimates import Estimates
from survey_kit.estimate.grouped import notes_of
from survey_kit.estimate.intervals import KINDS, t_quantile
from survey_kit.estimate.own_limits import OwnLimits
from survey_kit.estimate.rows import with_notes
from survey_kit.scales.coefficients import Evaluated, Formula, item_rest_formula
from survey_kit.scales.items import Items, Sample, samples
from survey_kit.scales.matrices import Matrix, Source, correlations
from survey_kit.types import FloatArray

ReliabilityInterval: TypeAlias = Literal["bonett", "wald"]
RowInterval: TypeAlias = Literal["bonett", "fisher", "logit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """One row of the result in every domain: what it is called and whether it is a reliability or a correlation."""

    variable: str
    category: str | None
    statistic: str
    kind: RowInterval


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    """A domain's sample, its matrix as a function of the weights, and what came out under the design's weights."""

    sample: Sample
    matrix: Callable[[FloatArray], Matrix]
    found: Evaluated
    z: FloatArray
    S: FloatArray


def scale_estimates(
    design: Design,
    items: Items,
    ask: Ask,
    source: Source,
    formula: Formula,
    quantities: Sequence[Quantity],
    interval: str,
) -> Estimates:
    """Estimate functions of the items' matrix in every domain.

    Parameters
    ----------
    design
        The sample.
    items
        Of the scale.
    ask
        Domains and level.
    source
        How the matrix is estimated.
    formula
        From the matrix to the values and their gradients.
    quantities
        Names of the values.
    interval
        ``"wald"``, or anything else for the kind each quantity names.
    """
    found = cells(design, ask.by, ask.where)
    weight, q = design.layout.weight, len(quantities)
    with one_thread():
        done = [_evaluate(sample, source, formula, weight, q) for sample in samples(items, found)]
        est = _assembled(design, items, ask, found, done, formula, quantities)
    est = with_notes(est, _lost_replicates(est))
    return est if interval == "wald" else own_limits(est, [quantity.kind for quantity in quantities] * found.size)


def _evaluate(sample: Sample, source: Source, formula: Formula, weight: FloatArray, q: int) -> _Cell:
    m, k = sample.y.shape
    matrix = source(sample)
    if sample.n < 2:
        nothing = Evaluated(values=np.full(q, np.nan), gradients=np.zeros((q, k, k)))
        return _Cell(sample=sample, matrix=matrix, found=nothing, z=np.zeros((m, q)), S=np.full((k, k), np.nan))
    made = matrix(weight[sample.rows])
    out = _formula_of(made, formula, q)
    z = np.where(np.isfinite(out.values), made.influence(out.gradients), 0.0)
    return _Cell(sample=sample, matrix=matrix, found=out, z=z, S=made.S)


def _formula_of(made: Matrix, formula: Formula, q: int) -> Evaluated:
    if made.problem or not np.isfinite(made.S).all():
        problems = (made.problem,) if made.problem else ()
        return Evaluated(values=np.full(q, np.nan), gradients=np.zeros((q, *made.S.shape)), problems=problems)
    return formula(made.S)


def _assembled(
    design: Design,
    items: Items,
    ask: Ask,
    found: Cells,
    done: list[_Cell],
    formula: Formula,
    quantities: Sequence[Quantity],
) -> Estimates:
    q, weight = len(quantities), design.layout.weight
    members = items.members[found.rows]
    code = np.repeat(np.arange(found.size), [len(cell.sample.rows) for cell in done])
    head: dict[str, list[Any]] = {
        key: [value for value in values for _ in range(q)] for key, values in found.keys.items()
    }
    head |= {
        "variable": [quantity.variable for quantity in quantities] * found.size,
        "category": [quantity.category for quantity in quantities] * found.size,
    }

    def replicate(w: FloatArray) -> FloatArray:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.concatenate([_again(cell, w, formula) for cell in done])

    return from_influence(
        design,
        Influence(
            z=np.concatenate([cell.z for cell in done]) if done else np.zeros((0, q)),
            rows=np.concatenate([cell.sample.rows for cell in done]) if done else np.zeros(0, dtype=np.int64),
            code=code,
            size=found.size,
            active_rows=found.rows[members],
            active_code=found.code[members],
        ),
        head=head,
        statistic=[quantity.statistic for quantity in quantities] * found.size,
        estimate=np.concatenate([cell.found.values for cell in done]) if done else np.zeros(0),
        n=np.repeat([cell.sample.n for cell in done], q),
        weight_sum=np.repeat([cell.sample.weight_sum(weight[cell.sample.rows]) for cell in done], q),
        replicate=replicate,
        status=np.repeat(_status(items, found, done), q).tolist(),
        level=ask.level,
        notes=(*notes_of(design, ask, found.outside), *_said(items, found, done)),
    )


def _again(cell: _Cell, w: FloatArray, formula: Formula) -> FloatArray:
    """Compute the values under other weights (n,); what is undefined stays so."""
    known = np.isfinite(cell.found.values)
    if not known.any():
        return cell.found.values
    return np.where(known, _formula_of(cell.matrix(w[cell.sample.rows]), formula, len(known)).values, np.nan)


def _status(items: Items, found: Cells, done: list[_Cell]) -> list[str]:
    present = np.bincount(found.code, minlength=found.size) > 0
    asked = np.bincount(found.code[items.members[found.rows]], minlength=found.size) > 0
    out = []
    for cell, here, some in zip(done, present, asked, strict=True):
        if len(cell.sample.rows):
            out.append("ok")
        else:
            out.append("not_asked" if here and not some else "empty")
    return out


# ------------------------------------------------------------------------------------------------------------- in words
def _lost_replicates(est: Estimates) -> list[str]:
    """Say when replicates had no solution where the sample has one: they are left out, so the SE is too small."""
    if not isinstance(est.variance, Replicated):
        return []
    lost = ~np.isfinite(est.variance.theta_r) & np.isfinite(est.variance.theta)
    counts = lost.sum(axis=0)
    if not counts.any():
        return []
    rows, most = int((counts > 0).sum()), int(counts.max())
    return [
        f"{rows} rows have replicates without a solution (up to {most} of {len(lost)}): left out, so SE are too small"
    ]


def _said(items: Items, found: Cells, done: list[_Cell]) -> list[str]:
    """Say the base, what stands out in the items and what could not be computed."""
    asked = int(items.members[found.rows].sum())
    counted = int((items.counted & items.members)[found.rows].sum())
    k = len(items.names)
    if items.missing == "pairwise":
        out = [f"pairwise: every pair of {k} items on the rows that answered both; n is the smallest such number"]
    else:
        out = [f"listwise: {counted} of {asked} rows answered all {k} items"]
    told: dict[str, list[int]] = {}
    for at, cell in enumerate(done):
        if not len(cell.sample.rows):
            continue
        for sentence in (*_about_items(items.names, cell), *cell.found.problems):
            told.setdefault(sentence, []).append(at)
    used = sum(len(cell.sample.rows) > 0 for cell in done)
    return out + [f"{sentence}{_where(found, at, used)}" for sentence, at in told.items()]


def _about_items(names: Sequence[str], cell: _Cell) -> list[str]:
    out = []
    n, k = cell.sample.n, len(names)
    if n < 2:
        return ["fewer than two rows behind a pair of items"]
    if n <= k:
        out.append(f"{n:.0f} rows for {k} items")
    y, given = cell.sample.y, cell.sample.answered
    flat = [name for name, column, kept in zip(names, y.T, given.T, strict=True) if np.ptp(column[kept]) == 0]
    out += [f"'{name}' does not vary" for name in flat]
    if np.isfinite(cell.S).all():
        if _indefinite(cell.S):
            out.append(
                "the matrix of the items is not positive semidefinite: pairwise, polychoric, or of negative weights"
            )
        against = item_rest_formula(cell.S).values
        out += [
            f"'{name}' runs against the other items: is it reversed? Say reverse={{'{name}': (low, high)}}"
            for name, r in zip(names, against, strict=True)
            if r < 0
        ]
    return out


def _indefinite(S: FloatArray) -> bool:
    """Tell whether no complete answers with positive weights could have this covariance matrix."""
    v = np.diag(S)
    varied = v > 0
    if not varied.any():
        return bool((v < 0).any())
    R = correlations(S[np.ix_(varied, varied)])
    return bool((v < 0).any() or np.linalg.eigvalsh(R)[0] < -1e-8)


def _where(found: Cells, at: list[int], used: int) -> str:
    if used == 1 or not found.keys:
        return ""
    if len(at) > 3:
        return f" (in {len(at)} of {used} domains)"
    labels = ["; ".join(f"{key} {values[cell]}" for key, values in found.keys.items()) for cell in at]
    return f" (in {', and '.join(labels)})"


# --------------------------------------------------------------------------------------------------------------- limits
def own_limits(est: Estimates, kinds: Sequence[RowInterval]) -> Estimates:
    r"""Give every row its kind of limits.

    ``bonett``: Wald on :math:`\log(1 - \hat\theta)`, whose standard error is :math:`s / (1 - \hat\theta)`, transformed back, so
    that no limit exceeds 1 (Bonett 2002, Journal of Educational and Behavioral Statistics 27, 335-340). Others: the kinds of
    :mod:`survey_kit.estimate.intervals`.

    Parameters
    ----------
    est
        The estimates.
    kinds
        One for every row.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> est = sk.mean(sk.Design(pd.DataFrame({"w": [1.0, 1], "y": [0.2, 0.6]}), weight="w"), "y", level=0.5)
    >>> own_limits(est, ["bonett"]).table[["ci_low", "ci_high"]].round(4).values.tolist()
    [[0.1626, 0.5701]]
    """
    estimate, se, df, n = (est.table[name].to_numpy(dtype=np.float64) for name in ("estimate", "se", "df", "n"))
    at = partial(_limits, tuple(kinds), (estimate, se, df, n))
    own = OwnLimits(name=" and ".join(dict.fromkeys(kinds)), estimate=estimate, at=at)
    return replace(est, own_limits=own).confint(est.level)


def _limits(
    kinds: tuple[RowInterval, ...], parts: tuple[FloatArray, ...], level: float
) -> tuple[FloatArray, FloatArray]:
    """Limits of rows by their kinds from estimates, standard errors, degrees of freedom and bases."""
    names, size = np.array(kinds, dtype=object), len(kinds)
    low, high = np.full(size, np.nan), np.full(size, np.nan)
    for kind in dict.fromkeys(kinds):
        rows = names == kind
        limits = _bonett if kind == "bonett" else KINDS[kind].limits
        estimate, se, df, n = (part[rows] for part in parts)
        low[rows], high[rows] = limits(estimate, se, df, n, level)
    return low, high


def _bonett(
    estimate: FloatArray,
    se: FloatArray,
    df: FloatArray,
    n: FloatArray,  # noqa: ARG001  # the shape of every kind
    level: float,
) -> tuple[FloatArray, FloatArray]:
    inside = (estimate < 1) & (se > 0)
    rest = np.where(inside, 1 - estimate, 1.0)
    with np.errstate(over="ignore"):
        factor = np.exp(np.where(inside, t_quantile(level, df) * se / rest, np.nan))
    return 1 - rest * factor, 1 - rest / factor
