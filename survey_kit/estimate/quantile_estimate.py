r"""From a definition of the quantile to estimates: the share below the quantile carries the variance.

With :math:`\hat F` the weighted distribution function and :math:`\hat q` the quantile, the share :math:`\hat F(\hat q)` is a
mean over the rows, so strata, units, calibration, replicates and overlapping waves are those of any mean. Its interval, carried
back through :math:`\hat F^{-1}`, is Woodruff's; dividing its influence by the density that this interval implies makes the
influence of the quantile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, TypeAlias

import numpy as np

from survey_kit.design import Design
from survey_kit.errors import EstimationError
from survey_kit.estimate.building import build
from survey_kit.estimate.columns import Ask, Variable, numeric
from survey_kit.estimate.covariances import Linearised, Replicated, Variance
from survey_kit.estimate.domains import Cells, cells
from survey_kit.estimate.estimates import Estimates
from survey_kit.estimate.grouped import estimate
from survey_kit.estimate.intervals import t_quantile
from survey_kit.estimate.own_limits import OwnLimits
from survey_kit.estimate.quantile_cells import Distribution, Values, gather, weigh
from survey_kit.estimate.quantile_rules import QuantileRule
from survey_kit.estimate.replication import replicate_rows
from survey_kit.estimate.statistics import PROPORTION
from survey_kit.types import BoolArray, FloatArray, IntArray, Interval

QuantileInterval: TypeAlias = Literal["woodruff", "woodruff_logit", "woodruff_beta", "woodruff_arcsine", "wald"]
#: The interval of the distribution function behind each kind.
SHARE_INTERVALS: dict[QuantileInterval, Interval] = {
    "woodruff": "wald",
    "woodruff_logit": "logit",
    "woodruff_beta": "beta",
    "woodruff_arcsine": "arcsine",
    "wald": "wald",
}
#: A value that holds more than this part of the interval of the distribution function decides the standard error by its size.
HEAVY = 0.5
_SHARE = replace(PROPORTION, name="share below")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One variable: its distribution in every cell and its quantiles (cells, P), NaN in empty cells."""

    variable: Variable
    rows: IntArray
    values: Values
    distribution: Distribution
    q: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The shares asked for (P,), the definition, the kind of interval and the name of the statistic."""

    p: FloatArray
    rule: QuantileRule
    interval: QuantileInterval
    statistic: str


def quantiles(design: Design, names: Sequence[str], asked: Asked, ask: Ask) -> Estimates:
    """Estimate quantiles of several variables in all domains at once; rows are cells x variables x shares."""
    found = cells(design, ask.by, ask.where)
    items = [_item(design, name, asked, ask, found) for name in names]
    below = [part for item in items for part in _below(design, item, asked, found)]
    shares = estimate(design, _SHARE, below, replace(ask, interval=SHARE_INTERVALS[asked.interval]))
    q = _joined([item.q for item in items])
    recomputed = asked.interval == "wald" and isinstance(shares.variance, Replicated)
    scale = _scale(items, asked, shares)
    variance = _again(design, items, asked, shares.variance, q) if recomputed else _scaled(shares.variance, scale, q)
    status = _status(items, asked, shares, np.sqrt(variance.variances(len(q))) if recomputed else scale)
    est = build(
        head={name: shares.table[name].to_numpy(dtype=object) for name in (*shares.keys, "variable", "category")},
        statistic=asked.statistic,
        estimate=q,
        n=shares.table["n"].to_numpy(dtype=np.float64),
        weight_sum=shares.table["weight_sum"].to_numpy(dtype=np.float64),
        srs_variance=None,
        status=status,
        like=replace(
            shares, variance=variance, interval="wald", notes=(*shares.notes, *_notes(design, items, asked, status))
        ),
    )
    return est if asked.interval == "wald" else _with_limits(est, [item.distribution for item in items], asked, shares)


# ----------------------------------------------------------------------------------------------- points and row variables
def _item(design: Design, name: str, asked: Asked, ask: Ask, found: Cells) -> Item:
    variable = numeric(design, name, ask.missing, ask.where)
    counts = variable.answered if variable.asked is None else variable.answered & variable.asked
    rows, code = found.rows, found.code
    if not counts.all():
        kept = counts[rows]
        rows, code = rows[kept], code[kept]
    values = gather(variable.y[rows], code, found.size)
    distribution = weigh(values, design.layout.weight[rows])
    if asked.rule.check is not None:
        asked.rule.check(distribution, name)
    return Item(variable=variable, rows=rows, values=values, distribution=distribution, q=_points(distribution, asked))


def _points(distribution: Distribution, asked: Asked) -> FloatArray:
    """Quantiles (cells, P), NaN in empty cells."""
    P = len(asked.p)
    out = np.full((len(distribution.total), P), np.nan)
    full = np.flatnonzero(distribution.sizes > 0)
    cell, p = np.repeat(full, P), np.tile(asked.p, len(full))
    out[full] = asked.rule.point(distribution, cell, p).reshape(-1, P)
    return out


def _below(design: Design, item: Item, asked: Asked, found: Cells) -> list[Variable]:
    """One row variable per share asked for: whether y lies below the quantile of the row's cell."""
    whole = len(found.rows) == design.n
    y = item.variable.y if whole else item.variable.y[found.rows]
    out = []
    for j, p in enumerate(asked.p.tolist()):
        q = np.nan_to_num(item.q[:, j])
        part = asked.rule.below(y, q[found.code] if found.size > 1 else q[:1])
        if not whole:
            spread = np.zeros(design.n)
            spread[found.rows] = part
            part = spread
        out.append(replace(item.variable, category=p, y=part))
    return out


# ------------------------------------------------------------------------------------------------------------ uncertainty
def _joined(parts: list[FloatArray]) -> FloatArray:
    """Put (cells, P) of every variable in the order of the rows (K,)."""
    return np.concatenate(parts, axis=1).reshape(-1)


def _everywhere(item: Item, asked: Asked, of: Callable[[IntArray, FloatArray, FloatArray], FloatArray]) -> FloatArray:
    """Compute ``of(cell, p, q)`` (cells, P) in the cells that are not empty, 0 in the others."""
    P = len(asked.p)
    out = np.zeros(item.q.shape)
    full = np.flatnonzero(item.distribution.sizes > 0)
    out[full] = of(np.repeat(full, P), np.tile(asked.p, len(full)), item.q[full].reshape(-1)).reshape(-1, P)
    return out


def _limits(distributions: list[Distribution], asked: Asked, shares: Estimates) -> tuple[FloatArray, FloatArray]:
    """Carry the limits of the distribution function (K,) back; NaN where one leaves the range from 0 to 1.

    The smallest and the largest value (p of 0 and 1) have none either.
    """
    sides, within = [], _within(asked)
    for name in ("ci_low", "ci_high"):
        share = shares.table[name].to_numpy(dtype=np.float64).reshape(-1, len(distributions), len(asked.p))
        side = np.full(share.shape, np.nan)
        for v, distribution in enumerate(distributions):
            inside = (share[:, v] >= 0) & (share[:, v] <= 1) & (distribution.sizes > 1)[:, None] & within
            cell = np.nonzero(inside)[0]
            side[:, v][inside] = asked.rule.point(distribution, cell, share[:, v][inside])
        sides.append(side.reshape(-1))
    return sides[0], sides[1]


def _within(asked: Asked) -> BoolArray:
    """Tell which shares (P,) lie between 0 and 1."""
    return np.asarray((asked.p > 0) & (asked.p < 1))


def _scale(items: list[Item], asked: Asked, shares: Estimates) -> FloatArray:
    """Give what the influence of a share is multiplied by (K,) to be that of the quantile; NaN where that is not known.

    It is one over the density of the distribution function, negative: that of the definition, or the one by which the
    half width of the interval is t standard errors.
    """
    density, distinct = asked.rule.density, _distinct(items, asked)
    if density is not None:
        at = [_everywhere(i, asked, lambda cell, p, q, i=i: density(i.distribution, cell, p)) for i in items]  # type: ignore[misc]  # noqa: ARG005
        f = _joined([np.where(_within(asked), part, np.nan) for part in at])
        return np.where(distinct == 0, 0.0, -1.0 / np.where(f > 0, f, np.nan))
    low, high = _limits([item.distribution for item in items], asked, shares)
    se, df = (shares.table[name].to_numpy(dtype=np.float64) for name in ("se", "df"))
    half = (high - low) / (2 * t_quantile(shares.level, df))
    return np.where(distinct <= 1, 0.0, -half / np.where(se > 0, se, np.nan))


def _distinct(items: list[Item], asked: Asked) -> FloatArray:
    """Count the distinct values (K,) in each row's cell."""
    return _joined([np.repeat(item.distribution.sizes[:, None], len(asked.p), axis=1) for item in items])


def _scaled(variance: Variance, scale: FloatArray, q: FloatArray) -> Variance:
    """Carry the variance of the shares over to the quantiles; replicates lie about the quantiles, as maps of them expect."""
    if isinstance(variance, Linearised):
        blocks = (
            replace(block, totals=tuple(t * scale[block.rows] for t in block.totals)) for block in variance.blocks
        )
        return replace(variance, blocks=tuple(blocks))
    if isinstance(variance, Replicated):
        return replace(variance, theta_r=q + (variance.theta_r - variance.theta) * scale, theta=q)
    raise EstimationError("Quantiles need a design with units or replicates.")


def _again(design: Design, items: list[Item], asked: Asked, variance: Variance, q: FloatArray) -> Variance:
    """Recompute the quantiles in every replicate."""

    def point(w: FloatArray) -> FloatArray:
        return np.concatenate([_points(weigh(i.values, w[i.rows]), asked) for i in items], axis=1).reshape(-1)

    if not isinstance(variance, Replicated):
        raise EstimationError("The design has no replicate weights.")
    return replace(variance, theta_r=replicate_rows(design, point), theta=q)


def _status(items: list[Item], asked: Asked, shares: Estimates, scale: FloatArray) -> Any:
    """Say what stands behind each row; `scale` (K,) is NaN where there is no standard error and 0 where it is 0."""
    table = shares.table
    status = table["status"].to_numpy(dtype=object).copy()
    known = np.isin(status, ("ok", "one_value"))
    status[known] = "ok"
    status[known & ~np.isfinite(scale)] = "no_interval"
    if asked.rule.density is None:
        low, high = (table[name].to_numpy(dtype=np.float64) for name in ("ci_low", "ci_high"))
        at = [_everywhere(i, asked, lambda cell, p, q, i=i: i.distribution.share_of_ties(cell, q)) for i in items]  # type: ignore[misc]  # noqa: ARG005
        status[known & ((_joined(at) > HEAVY * np.nan_to_num(high - low)) | (scale == 0))] = "tied"
        status[known & (_distinct(items, asked) == 1)] = "one_value"
    return status


def _with_limits(est: Estimates, distributions: list[Distribution], asked: Asked, shares: Estimates) -> Estimates:
    """Put the limits in that come from the distribution function, at any level."""
    at = partial(_limits_at, distributions, asked, shares)
    own = OwnLimits(name=asked.interval, estimate=est.table["estimate"].to_numpy(dtype=np.float64), at=at)
    return replace(est, own_limits=own).confint(est.level)


def _limits_at(
    distributions: list[Distribution], asked: Asked, shares: Estimates, level: float
) -> tuple[FloatArray, FloatArray]:
    return _limits(distributions, asked, shares.confint(level))


def _notes(design: Design, items: list[Item], asked: Asked, status: Any) -> list[str]:
    notes = [f"quantile: {asked.rule.says}"]
    tied, without = int((status == "tied").sum()), int((status == "no_interval").sum())
    recomputed = design.replicates is not None and asked.interval == "wald"
    if asked.rule.density is None and not recomputed:
        kind = SHARE_INTERVALS[asked.interval]
        notes.append(
            f"standard error of a quantile: half of Woodruff's (1952) interval over t ({kind} limits of the distribution "
            "function, carried back to the variable)"
        )
    if tied:
        notes.append(
            f"{tied} of {len(status)} quantiles fall on a value so common that the interval of the distribution function spans "
            "fewer than two such values: their standard errors are steps of the scale and say little (status 'tied'); "
            "grouped_median() or rule='grouped' is made for such scales"
        )
    if without:
        notes.append(
            f"{without} of {len(status)} quantiles lie too near an end of the data for this interval and level "
            "(status 'no_interval'); interval='woodruff_logit' reaches further"
        )
    if any(item.distribution.decreasing for item in items):
        notes.append("negative weights: the running maximum of the distribution function stands for it")
    if (
        design.replicates is not None
        and recomputed
        and asked.rule.density is None
        and design.replicates.method[:2] == "JK"
    ):
        notes.append(
            "jackknife replicates do not give a consistent variance of quantiles: use interval='woodruff', or bootstrap or "
            "BRR replicates"
        )
    return notes
