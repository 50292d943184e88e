"""Which figures are withheld so that nobody's answer can be worked out: too few people behind them, or behind what they give away.

A figure is sensitive when fewer people than the study allows stand behind it or behind its complement: those whose answer counts,
those whose does not, or, for a mean, those in the base. A reader who knows the sums of weights can subtract, since the figures of the
levels of a domain, each times its sum of weights, make up that of everybody. So for every indicator and wave the levels of all domains
stand in one table with everybody, other levels are withheld with the sensitive ones, and a linear programme confirms that no withheld
figure follows more closely than to that many people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from survey_kit.disclosure import Table, protect, share_width
from survey_kit.errors import DisclosureError
from survey_kit.indicators.cells import Cells, Job
from survey_kit.study import Indicator
from survey_kit.types import BoolArray, FloatArray, IntArray

RULE: Final = "confidential"
REASON: Final = "withheld to protect those who answered"
EVERYBODY: Final = 0  # the first domain of the cells
NEGLIGIBLE: Final = 1e-9  # of the sum of weights: a remainder that nobody is in


@dataclass(frozen=True, slots=True, kw_only=True)
class _Levels:
    """The cells of one indicator in one wave: everybody first, then the levels of every domain."""

    estimate: FloatArray
    weight: FloatArray
    n: FloatArray
    fewest: FloatArray
    domain: IntArray
    known: BoolArray


def withheld(
    job: Job,
    cells: Sequence[Cells],
    unreliable: Sequence[BoolArray],
    least: int,
    known: Sequence[BoolArray] | None = None,
    *,
    accepted: bool = False,
) -> list[BoolArray]:
    """Tell which figures (I, D, W) of each domain are withheld for the sake of respondents.

    Parameters
    ----------
    job
        The sample, the indicators and their columns.
    cells
        The figures of every domain, everybody first.
    unreliable
        Of each domain (I, D, W), the figures that are not published since they are too imprecise.
    least
        Fewest people who may stand behind a figure and behind its complement; 0 withholds nothing.
    known
        Of each domain (I, D, W), the figures that an earlier release has published on the same base; none when left out. A reader has them
        whatever is withheld now.
    accepted
        Whether figures that are known may stand, since a reason is given; else one that has to be withheld is an error.

    Raises
    ------
    DisclosureError
        If a figure cannot be protected whatever else is withheld, or was published before.
    """
    told = [np.zeros(part.status.shape, dtype=bool) for part in cells] if known is None else known
    out = [np.zeros(part.status.shape, dtype=bool) for part in cells]
    if least <= 0:
        return out
    fewest = [_fewest(job, part) for part in cells]
    for i, one in enumerate(job.indicators):
        for v in range(job.waves):
            levels = _Levels(
                estimate=_joined([part.figures["estimate"][i, :, v] for part in cells]),
                weight=_joined([part.figures["weight_sum"][i, :, v] for part in cells]),
                n=_joined([part.figures["n"][i, :, v] for part in cells]),
                fewest=_joined([part[i, :, v] for part in fewest]),
                domain=np.repeat(np.arange(len(cells)), [part.status.shape[1] for part in cells]),
                known=_joined([part[i, :, v] for part in told]).astype(bool),
            )
            gone = _joined([part[i, :, v] for part in unreliable]).astype(bool)
            if accepted:
                levels.fewest[levels.known] = np.inf
            hidden = _of_one(one, levels, gone, least, several=len(job.columns[one.id]) > 1)
            for d in range(len(cells)):
                out[d][i, :, v] = hidden[levels.domain == d]
    return out


def _joined(parts: Sequence[Any]) -> NDArray[Any]:
    return np.concatenate(parts)


def _of_one(one: Indicator, levels: _Levels, gone: BoolArray, least: int, *, several: bool) -> BoolArray:
    """Choose the figures of one indicator in one wave that are withheld."""
    known = np.isfinite(levels.estimate) & (levels.weight > 0)
    sensitive = known & (levels.fewest < least)
    if not sensitive.any():
        return np.zeros(len(known), dtype=bool)
    if (sensitive & levels.known).any():
        raise DisclosureError(
            f"A figure of '{one.id}' that has to be withheld was published in an earlier release.",
            found=f"{int((sensitive & levels.known).sum())} figures in one wave",
            fix="Withholding it now protects nobody. Say why it may stand under 'disclosure: {known: ...}', or take it back there first.",
        )
    table, place = _table(one, levels, known, sensitive, gone, least, several=several)
    try:
        found = protect(table).withheld
    except DisclosureError as fault:
        raise DisclosureError(
            f"A figure of '{one.id}' cannot be protected: {fault.what}",
            where=fault.where,
            found=fault.found,
            fix="Leave out a domain, join levels, or publish the indicator for everybody only.",
        ) from fault
    out = np.zeros(len(known), dtype=bool)
    out[place] = found[: len(place)]
    return out


def _table(
    one: Indicator,
    levels: _Levels,
    known: BoolArray,
    sensitive: BoolArray,
    gone: BoolArray,
    least: int,
    *,
    several: bool,
) -> tuple[Table, IntArray]:
    """Make the table of weighted totals: the levels of a domain and the rest make up everybody.

    Means of several items, each on its own base, make up everybody only nearly; what is lacking is counted as part of the rest then.
    """
    low, high = one.limits
    place = np.flatnonzero(known)
    domains = [d for d in np.unique(levels.domain[place]).tolist() if d != EVERYBODY]
    m = len(place)
    weight = levels.weight[place]
    value = weight * levels.estimate[place]
    sums = np.zeros((len(domains), m + len(domains)))
    rest_value, rest_weight = np.zeros(len(domains)), np.zeros(len(domains))
    whole = np.flatnonzero(levels.domain[place] == EVERYBODY)
    for k, d in enumerate(domains):
        parts = levels.domain[place] == d
        sums[k, :m][parts] = 1.0
        sums[k, m + k] = 1.0
        if len(whole):
            sums[k, whole[0]] = -1.0
            rest_value[k] = value[whole[0]] - value[parts].sum()
            rest_weight[k] = max(weight[whole[0]] - weight[parts].sum(), 0.0)
        else:
            sums[k] = 0.0
    nobody = rest_weight <= NEGLIGIBLE * weight.sum()
    bottom = np.concatenate([low * weight, np.where(nobody, 0.0, low * rest_weight)])
    top = np.concatenate([high * weight, np.where(nobody, 0.0, high * rest_weight)])
    full = np.concatenate([value, rest_value])
    if several:  # the bases of the items differ, so the rest may lie outside its own limits
        bottom, top = np.minimum(bottom, full), np.maximum(top, full)
    elif nobody.any():
        full[m:][nobody] = 0.0
    width = np.concatenate(
        [
            np.where(sensitive[place], share_width(least, levels.n[place], weight) * (high - low), 0.0),
            np.zeros(len(domains)),
        ]
    )
    table = Table(
        value=np.clip(full, bottom, top),
        sums=sums,
        width=width,
        low=bottom,
        high=top,
        sensitive=np.append(sensitive[place], np.zeros(len(domains), dtype=bool)),
        gone=np.append(gone[place], ~nobody | several),
        fixed=np.append(levels.known[place], nobody & ~several),
        cost=np.append(levels.n[place], np.ones(len(domains))),
        names=[f"indicator '{one.id}', cell {int(k) + 1}" for k in place] + [f"rest of domain {d}" for d in domains],
    )
    return table, place


# ------------------------------------------------------------------------------------------------------------- people
def _fewest(job: Job, part: Cells) -> FloatArray:
    """Count the people (I, D, W) behind a figure or its complement, whichever are fewer; of several items the fewest."""
    D, W = len(part.domain.levels), job.waves  # noqa: N806 - sizes
    inside = (part.domain.code >= 0) & job.design.inside()
    cell = np.where(inside, part.domain.code * W + job.wave, 0)
    out = np.full((len(job.indicators), D, W), np.inf)
    for i, (one, places) in enumerate(zip(job.indicators, job.places, strict=True)):
        for place in places:
            value = job.flat[place].value
            rows = np.flatnonzero(inside & np.isfinite(value))
            at, score = cell[rows], value[rows]
            sides = [np.ones(len(rows), dtype=bool)]
            if one.kind != "mean100":
                sides = [score > 0, score <= 0] + ([score < 0, score >= 0] if one.kind == "net" else [])
            for side in sides:
                count = np.bincount(at, weights=side, minlength=D * W).reshape(D, W)
                out[i] = np.minimum(out[i], count)
    return out
