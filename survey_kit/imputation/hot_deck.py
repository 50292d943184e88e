"""Weighted random hot deck within imputation cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from survey_kit import checks, frames
from survey_kit.errors import EstimationError
from survey_kit.imputation.draws import multiplicities, pick, unit_factors
from survey_kit.imputation.imputations import Imputations, finish
from survey_kit.imputation.source import (
    Reasons,
    Source,
    Target,
    check_times,
    clusters_left_out,
    generators,
    take_source,
    take_target,
)
from survey_kit.types import FloatArray, IntArray

Draws = Literal["rows", "units"] | None
FEW = 5


def hot_deck(  # noqa: PLR0913  # one keyword per decision that must be declared
    data: Any,
    items: str | Sequence[str | tuple[str, ...]],
    *,
    cells: str | Sequence[str],
    times: int,
    rng: np.random.Generator | int,
    weight: str | None = None,
    where: str | None = None,
    reasons: Reasons = None,
    draws: Draws = "rows",
    collapse: bool | Sequence[Sequence[str]] = False,
    reuse: int | None = None,
    least_donors: int = 2,
) -> Imputations:
    r"""Impute each missing answer with that of a donor drawn from the same cell with probability proportional to weight.

    Parameters
    ----------
    data
        A frame, responses or a `Design`.
    items
        Columns of any type. A tuple of columns inside takes all of them from one donor, who answered them all, which keeps
        the relations between them: ``[("b31", "b13"), "income"]``.
    cells
        Columns whose combinations are the cells; ``()`` for one cell. They should predict the answer or whether there is
        one; on a clustered sample let them hold strata or regions, best the units where these are large enough.
    times
        How many completed data sets, 2 or more.
    rng
        A seed or a generator.
    weight
        Column of weights; by default those of the design.
    where
        Boolean column: the rows concerned, as recipients and donors (such as those who were asked).
    reasons
        Which reasons of a missing answer are imputed, ``("dont_know", "refused")``; needed for items of responses. Who was
        not asked is never imputed.
    draws
        What is drawn anew for every imputation, so that it shows what donors do not know (approximate Bayesian
        bootstrap): ``"rows"`` the donors of a cell; ``"units"`` first-stage units within strata, for clustered designs; None
        nothing, which understates the variance.
    collapse
        What becomes of recipients without enough donors: False an error; True drops the last of `cells`, then the one before
        it, until none is left; or a list of other cells to try in turn.
    reuse
        How often a donor may be used in one imputation.
    least_donors
        How few donors a cell may have.

    Returns
    -------
    Imputations

    Raises
    ------
    EstimationError
        If a cell lacks donors and `collapse` does not say what to do, donors run out under `reuse`, nobody answered, weights
        are negative or missing, or what is to be imputed is not declared.

    Notes
    -----
    Rao & Shao (1992), Biometrika 79, 811-822: donors with probability :math:`w_j / \sum w` keep the weighted mean of a cell
    in expectation. Rubin & Schenker (1986), JASA 81, 366-374: before, as many donors are drawn from the cell's with
    replacement; they keep their weights. Under a `reuse` limit probabilities are no longer quite proportional.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 1, 1, 3], "sex": list("mmmfff"), "trust": [1, 2, None, 4, 4, None]})
    >>> done = hot_deck(frame, "trust", cells="sex", times=3, rng=1, weight="w")
    >>> [completed["trust"].tolist()[5] for completed in done.frames], done.mask("trust").tolist()
    ([4.0, 4.0, 4.0], [False, False, True, False, False, True])
    """
    times = check_times(times)
    source = take_source(data, weight, where, reasons)
    checks.choice(draws, "kind of draws", ("rows", "units", None), EstimationError)
    if draws == "units" and source.design is None:
        raise EstimationError("Drawing units needs a design.", fix="Give a Design, or say draws='rows'.")
    for name, value in (("reuse", reuse), ("least_donors", least_donors)):
        if name == "reuse" and value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise EstimationError(f"{name} is a number of 1 or more.", found=checks.shown(value), fix=f"Say {name}=3.")
    groups = _groups(items)
    ladder = _ladder(checks.names(cells, "cells"), collapse)
    itself = {item for group in groups for item in group} & {key for keys in ladder for key in keys}
    if itself:
        raise EstimationError(
            f"'{min(itself)}' cannot form the cells it is imputed in.", fix="Impute it first, in a call of its own."
        )
    targets = [[take_target(source, item) for item in group] for group in groups]
    decks = [_deck(source, group, ladder, least_donors, reuse) for group in targets]
    records: list[dict[str, Any]] = []
    found: dict[str, list[IntArray]] = {target.item: [] for group in targets for target in group}
    for number, stream in enumerate(generators(rng, times)):
        factor = unit_factors(source.design, stream) if draws == "units" and source.design is not None else None
        for group, deck in zip(targets, decks, strict=True):
            donor, told = _fill(source, deck, draws, factor, reuse, stream)
            name = ", ".join(target.item for target in group)
            records += [{"item": name, "imputation": number + 1, **record} for record in told]
            for target in group:
                found[target.item].append(donor[target.recipients])
    drawn = {name: np.stack(parts) for name, parts in found.items()}
    flat = [target for group in targets for target in group]
    return finish(source, flat, drawn, records, "weighted random hot deck", _told(source, decks, draws, reuse, records))


# -------------------------------------------------------------------------------------------------------------- cells
@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    """Recipients (r,) and donors (d,) of one cell, and the keys it was formed by."""

    keys: tuple[str, ...]
    recipients: IntArray
    donors: IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class _Deck:
    """All cells of one item, or of items taken together."""

    name: str
    ladder: tuple[tuple[str, ...], ...]
    cells: tuple[_Cell, ...]


def _groups(items: str | Sequence[str | tuple[str, ...]]) -> list[tuple[str, ...]]:
    parts = [items] if isinstance(items, str) else items
    if not isinstance(parts, (list, tuple)):
        raise EstimationError("'items' takes column names.", found=checks.shown(items), fix="Name columns as text.")
    groups = [checks.names(part, "items") for part in parts]
    flat = checks.names([item for group in groups for item in group], "items")
    if not flat:
        raise EstimationError("There is nothing to impute.", fix="Name items.")
    return groups


def _ladder(cells: tuple[str, ...], collapse: bool | Sequence[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    if collapse is True:
        return tuple(cells[:k] for k in range(len(cells), -1, -1))
    if collapse is False:
        return (cells,)
    if not isinstance(collapse, (list, tuple)):
        raise EstimationError(
            "'collapse' is True, False, or a list of other cells.",
            found=checks.shown(collapse),
            fix="Write collapse=[('region',), ()].",
        )
    return (cells, *(checks.names(keys, "collapse") for keys in collapse))


def _deck(
    source: Source, group: list[Target], ladder: tuple[tuple[str, ...], ...], least: int, reuse: int | None
) -> _Deck:
    """Find the narrowest cell with enough donors for every recipient."""
    donors = group[0].donors
    pending = group[0].recipients
    for target in group[1:]:
        donors, pending = np.intersect1d(donors, target.donors), np.union1d(pending, target.recipients)
    name = ", ".join(target.item for target in group)
    cells: list[_Cell] = []
    lacking: list[str] = []
    for keys in ladder:
        coded = frames.group(source.frame, keys, "cells")
        codes, size = coded.codes, max(len(coded.levels), 1)
        known = donors[codes[donors] >= 0]
        count = np.bincount(codes[known], minlength=size)
        here = codes[pending]
        wanted = np.bincount(here[here >= 0], minlength=size)
        enough = (count >= least) if reuse is None else (count >= least) & (count * reuse >= wanted)
        able = (here >= 0) & enough[here]
        by_cell = known[np.argsort(codes[known], kind="stable")]
        start = np.cumsum(count) - count
        for code in np.unique(here[able]).tolist():
            own = by_cell[start[code] : start[code] + count[code]]
            cells.append(_Cell(keys=keys, recipients=pending[here == code], donors=own))
        if not lacking and not able.all():
            lacking = _lacking(keys, here[~able], coded.levels, count)
        pending = pending[~able]
    if len(pending):
        raise EstimationError(
            f"Cells of '{name}' lack donors.",
            where="; ".join(lacking),
            found=f"{len(pending)} missing answers have no cell with {least} donors or more{_limit(reuse)}",
            fix="Say collapse=True to drop the last of cells where needed, or form larger cells.",
        )
    return _Deck(name=name, ladder=ladder, cells=tuple(cells))


def _limit(reuse: int | None) -> str:
    return "" if reuse is None else f" to use {reuse} times each"


def _lacking(keys: tuple[str, ...], codes: IntArray, levels: Sequence[tuple[Any, ...]], count: IntArray) -> list[str]:
    if (codes < 0).any():
        return [f"{int((codes < 0).sum())} rows lack a value of {', '.join(keys)}"]
    named = [
        f"{', '.join(f'{k} {v}' for k, v in zip(keys, levels[code], strict=True))} ({count[code]} donors)"
        for code in np.unique(codes)[:3].tolist()
    ]
    return named if keys else ["the whole sample"]


# ------------------------------------------------------------------------------------------------------------- drawing
def _fill(
    source: Source,
    deck: _Deck,
    draws: Draws,
    factor: FloatArray | None,
    reuse: int | None,
    rng: np.random.Generator,
) -> tuple[IntArray, list[dict[str, Any]]]:
    """Draw one donor for every recipient; rows (n,) and counts by kind of cell."""
    donor = np.full(len(source.weight), -1, dtype=np.int64)
    left = None if reuse is None else np.full(len(source.weight), reuse, dtype=np.int64)
    kept: dict[tuple[str, ...], int] = {}
    for cell in deck.cells:
        w = source.weight[cell.donors]
        if draws is not None:
            drawn = w * (multiplicities(len(w), rng) if factor is None else factor[cell.donors])
            able = drawn > 0
            if able.any() and (left is None or left[cell.donors][able].sum() >= len(cell.recipients)):
                w = drawn
            else:  # the draw left too few donors
                kept[cell.keys] = kept.get(cell.keys, 0) + 1
        own = None if left is None else left[cell.donors]
        donor[cell.recipients] = cell.donors[pick(w, len(cell.recipients), rng, own)]
        if left is not None and own is not None:
            left[cell.donors] = own
    records = []
    for keys in deck.ladder:
        cells = [cell for cell in deck.cells if cell.keys == keys]
        if cells:
            _, uses = np.unique(donor[np.concatenate([cell.recipients for cell in cells])], return_counts=True)
            records.append(
                {
                    "cells_by": " × ".join(keys) or "all",
                    "cells": len(cells),
                    "imputed": sum(len(cell.recipients) for cell in cells),
                    "donors": sum(len(cell.donors) for cell in cells),
                    "fewest_donors": min(len(cell.donors) for cell in cells),
                    "donors_used": len(uses),
                    "most_uses": int(uses.max()),
                    "cells_not_redrawn": kept.get(keys, 0),
                }
            )
    return donor, records


def _told(
    source: Source, decks: list[_Deck], draws: Draws, reuse: int | None, records: list[dict[str, Any]]
) -> tuple[str, ...]:
    first = decks[0].ladder[0]
    how = {
        "rows": "donors of each cell drawn anew every time (approximate Bayesian bootstrap)",
        "units": "first-stage units drawn anew every time (bootstrap within strata)",
        None: "donors are not drawn anew, so the variance between imputations is too small",
    }
    out = [f"cells by {' × '.join(first) or 'nothing: one cell'}; {how[draws]}"]
    out += clusters_left_out(source, {key for deck in decks for key in deck.ladder[0]}, drawn=draws == "units")
    for deck in decks:
        for keys in deck.ladder[1:]:
            wide = [cell for cell in deck.cells if cell.keys == keys]
            if wide:
                rows = sum(len(cell.recipients) for cell in wide)
                out.append(
                    f"'{deck.name}': {rows} answers imputed in collapsed cells ({' × '.join(keys) or 'all rows'})"
                )
        few = sum(len(cell.donors) < FEW for cell in deck.cells)
        if few:
            out.append(f"'{deck.name}': {few} cells have fewer than {FEW} donors")
    if reuse is not None:
        out.append(f"a donor is used at most {reuse} times")
    kept = sum(record["cells_not_redrawn"] for record in records)
    if kept:
        out.append(f"in {kept} draws of a cell no donor was left, and all of its donors were kept")
    return tuple(out)
