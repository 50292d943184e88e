"""Estimates, changes and nonresponse of every indicator in every wave and level of one domain, as arrays (I, D, W)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from survey_kit.design import Design
from survey_kit.estimate import Estimates, mean
from survey_kit.estimate.intervals import p_value
from survey_kit.estimate.reliability import effective_share
from survey_kit.indicators.comparable import NONE, Plan
from survey_kit.indicators.rows import AGAINST
from survey_kit.indicators.score import ANSWERED, DONT_KNOW, NO_ANSWER, OTHER, REFUSED, Column
from survey_kit.study import Indicator
from survey_kit.types import FloatArray, IntArray

REASONS: Final = {"dont_know": DONT_KNOW, "refused": REFUSED, "no_answer": NO_ANSWER, "other_missing": OTHER}
LEVEL_FIELDS: Final = ("estimate", "se", "df", "n", "n_effective", "weight_sum", "deff")
MISSING_FIELDS: Final = ("asked_n", *REASONS, "nonresponse", "bound_low", "bound_high")
CHANGE_FIELDS: Final = ("change", "se", "df", "p")


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """One domain: its column in the frame (None for everybody), its levels and, for each row, the number of its level."""

    name: str
    column: str | None
    levels: tuple[tuple[str, str], ...]  # code as text, label
    code: IntArray  # (n,), -1 for none


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Figures (I, D, W) by name; those of a change stand under ``<against>_<name>``; status as text."""

    domain: Domain
    figures: Mapping[str, FloatArray]
    status: NDArray[np.object_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is the same for every domain: the sample, the indicators, their columns and their comparisons.

    Attributes
    ----------
    present : (W',)
        The study's waves that the design holds, in its order.
    wave : (n,)
        The number of each row's wave among the study's.
    """

    design: Design
    indicators: Sequence[Indicator]
    columns: Mapping[str, tuple[Column, ...]]
    plans: Mapping[str, Plan]
    present: IntArray
    wave: IntArray
    waves: int

    @property
    def flat(self) -> list[Column]:
        """List the columns, indicator by indicator."""
        return [column for one in self.indicators for column in self.columns[one.id]]

    @property
    def places(self) -> list[IntArray]:
        """Give, for every indicator, the places of its columns in `flat`."""
        ends = np.cumsum([len(self.columns[one.id]) for one in self.indicators])
        return [np.arange(end - len(self.columns[one.id]), end) for one, end in zip(self.indicators, ends, strict=True)]


def fill(job: Job, domain: Domain) -> Cells:
    """Estimate everything for one domain: one pass over the rows, then algebra on unit totals."""
    shape = (len(job.indicators), len(domain.levels), job.waves)
    figures = {name: np.full(shape, np.nan) for name in (*LEVEL_FIELDS, *MISSING_FIELDS)}
    figures |= {f"{against}_{name}": np.full(shape, np.nan) for against in AGAINST for name in CHANGE_FIELDS}
    status = np.full(shape, "not_asked", dtype=object)
    names = [column.name for column in job.flat]
    by = [str(job.design.wave)] + ([domain.column] if domain.column else [])
    base = mean(job.design, names, by=by, missing="exclude", deff="srswr")
    _levels(job, domain, base, figures, status)
    _combined(job, domain, base, figures, status)
    _missing(job, domain, figures)
    for i, one in enumerate(job.indicators):
        never = ~np.asarray(job.plans[one.id].asked)
        status[i][:, never] = "not_asked"
        for values in figures.values():
            values[i][:, never] = np.nan
    return Cells(domain=domain, figures=figures, status=status)


def _levels(
    job: Job, domain: Domain, base: Estimates, figures: dict[str, FloatArray], status: NDArray[np.object_]
) -> None:
    """Put the estimates of single items in place; of several, the smallest base and precision of theirs."""
    table, D, W = base.table, len(domain.levels), len(job.present)  # noqa: N806 - sizes

    def grid(name: str) -> Any:
        return table[name].to_numpy().reshape(W, D, -1)  # wave, level, column

    parts = {name: grid(name).astype(np.float64) for name in ("estimate", "se", "df", "n", "weight_sum", "deff")}
    said = grid("status")
    for i, (one, places) in enumerate(zip(job.indicators, job.places, strict=True)):
        at = (i, slice(None), job.present)
        own = {name: values[:, :, places] for name, values in parts.items()}
        if one.kind in {"share", "ratio"}:
            effective = effective_share(own["estimate"], own["se"], own["n"])
        else:
            with np.errstate(invalid="ignore", divide="ignore"):
                effective = np.minimum(own["n"], own["n"] / own["deff"])
        for name, values in (("n", own["n"]), ("weight_sum", own["weight_sum"]), ("n_effective", effective)):
            figures[name][at] = values.min(axis=2)
        if len(places) == 1:
            for name in ("estimate", "se", "df", "deff"):
                figures[name][at] = own[name][:, :, 0]
            status[at] = said[:, :, places[0]]


def _combined(
    job: Job, domain: Domain, base: Estimates, figures: dict[str, FloatArray], status: NDArray[np.object_]
) -> None:
    """Take means of several items and all changes as linear maps of the items' estimates, in one call."""
    from scipy import sparse

    maps = _Maps.start(job, domain, base)
    targets: list[tuple[str, IntArray]] = []
    for i, one in enumerate(job.indicators):
        waves = np.arange(job.waves)[np.isin(np.arange(job.waves), job.present)]
        if len(job.places[i]) > 1:
            targets.append(("", maps.add(i, waves, None)))
        for against in AGAINST:
            earlier = np.array([part.earlier for part in job.plans[one.id].against[against]], dtype=np.int64)
            both = waves[(earlier[waves] != NONE) & np.isin(earlier[waves], job.present)]
            targets.append((f"{against}_", maps.add(i, both, earlier[both])))
    if not maps.rows:
        return
    rows, columns, weights = (np.concatenate(part) for part in (maps.rows, maps.columns, maps.weights))
    L: Any = sparse.csr_array((weights, (rows, columns)), shape=(maps.size, len(base.table)))  # noqa: N806 - as in the formula
    table = base.linear(L).table
    values = {name: table[name].to_numpy(dtype=np.float64) for name in ("estimate", "se", "df")}
    said = table["status"].to_numpy(dtype=object)
    start = 0
    for prefix, cells in targets:
        here = slice(start, start + cells.shape[1])
        start = here.stop
        at = tuple(cells)
        figures[f"{prefix}{'change' if prefix else 'estimate'}"][at] = values["estimate"][here]
        for name in ("se", "df"):
            figures[f"{prefix}{name}"][at] = values[name][here]
        if not prefix:
            status[at] = said[here]
    for against in AGAINST:
        change, se = figures[f"{against}_change"], figures[f"{against}_se"]
        with np.errstate(invalid="ignore", divide="ignore"):
            t = np.where(se > 0, change / se, np.nan)
        figures[f"{against}_p"][...] = p_value(t, figures[f"{against}_df"])


@dataclass(slots=True)
class _Maps:
    """The entries of a sparse matrix of linear maps, gathered indicator by indicator."""

    job: Job
    levels: int
    items: int
    order: IntArray  # place of a study's wave in the design
    size: int
    rows: list[IntArray]
    columns: list[IntArray]
    weights: list[FloatArray]

    @classmethod
    def start(cls, job: Job, domain: Domain, base: Estimates) -> _Maps:
        order = np.full(job.waves, NONE, dtype=np.int64)
        order[job.present] = np.arange(len(job.present))
        levels = len(domain.levels)
        items = len(base.table) // max(levels * len(job.present), 1)
        return cls(job, levels, items, order, 0, [], [], [])

    def add(self, i: int, later: IntArray, earlier: IntArray | None) -> IntArray:
        """Add the mean of an indicator's items in `later`, minus that in `earlier`; give the cells (3, M) it fills."""
        places = self.job.places[i]
        wave, level = (
            part.ravel() for part in np.meshgrid(np.arange(len(later)), np.arange(self.levels), indexing="ij")
        )
        row = self.size + np.arange(len(wave))
        for waves, sign in ((later, 1.0), (earlier, -1.0)):
            if waves is None:
                continue
            cell = self.order[waves][wave] * self.levels + level
            self.rows.append(np.repeat(row, len(places)))
            self.columns.append((cell[:, None] * self.items + places).ravel())
            self.weights.append(np.full(len(row) * len(places), sign / len(places)))
        self.size += len(row)
        return np.stack([np.full(len(wave), i), level, later[wave]])


def _missing(job: Job, domain: Domain, figures: dict[str, FloatArray]) -> None:
    """Weighted shares of those asked who gave no answer, by reason, and the bounds; of several items, the means."""
    D, W = len(domain.levels), job.waves  # noqa: N806 - sizes
    inside = (domain.code >= 0) & job.design.inside()  # rows that a weighting step let fall out were not interviewed
    cell = np.where(inside, domain.code * W + job.wave, 0)
    weight = job.design.layout.weight
    for i, (one, places) in enumerate(zip(job.indicators, job.places, strict=True)):
        low, high = one.limits
        sums = {name: np.zeros((D, W)) for name in MISSING_FIELDS}
        smallest = np.full((D, W), np.inf)
        for place in places:
            column = job.flat[place]
            rows = np.flatnonzero(inside & column.asked)
            at, w = cell[rows], weight[rows]
            classes = np.bincount(at * (OTHER + 1) + column.reason[rows], weights=w, minlength=D * W * (OTHER + 1))
            classes = classes.reshape(D, W, OTHER + 1)
            total = classes.sum(axis=2)
            answer = np.nan_to_num(column.answer[rows], nan=0.0)
            answered = np.bincount(at, weights=w * answer, minlength=D * W).reshape(D, W)
            with np.errstate(invalid="ignore", divide="ignore"):
                shares = {name: classes[:, :, number] / total for name, number in REASONS.items()}
                lacking = 1 - classes[:, :, ANSWERED] / total
                known = answered / total
            lacking = np.maximum(lacking, 0.0)
            parts = shares | {
                "nonresponse": sum(shares.values()),
                "bound_low": known + lacking * low,
                "bound_high": known + lacking * high,
            }
            for name, values in parts.items():
                sums[name] += values / len(places)
            smallest = np.minimum(smallest, np.bincount(at, minlength=D * W).reshape(D, W))
        sums["asked_n"] = np.where(np.isfinite(smallest), smallest, np.nan)
        for name, values in sums.items():
            figures[name][i] = values
