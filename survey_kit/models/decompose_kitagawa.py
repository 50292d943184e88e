"""Kitagawa: a change of a rate or mean, by composition and by the rates within groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from survey_kit import checks
from survey_kit.design import Design
from survey_kit.errors import EstimationError, did_you_mean
from survey_kit.estimate import Estimates, Influence, from_influence
from survey_kit.estimate.columns import Variable, numeric
from survey_kit.estimate.margins import ALL
from survey_kit.types import FloatArray, IntArray, Missing

TWO = ("composition", "rate")
THREE = ("composition", "rate", "joint")


def kitagawa(
    design: Design,
    y: str,
    by: str | Sequence[str],
    *,
    key: str | None = None,
    to: Any = "previous",
    interaction: bool = False,
    where: str | None = None,
    missing: Missing = "error",
    level: float = 0.95,
) -> Estimates:
    r"""Take a change of a rate apart into a change of composition and changes of the rates within groups.

    .. math:: R_1 - R_0 = \sum_j (c_{j1} - c_{j0}) \frac{r_{j1} + r_{j0}}{2} + \sum_j (r_{j1} - r_{j0}) \frac{c_{j1} + c_{j0}}{2}

    Parameters
    ----------
    design
        The sample.
    y
        Numeric column whose mean (or share) changes.
    by
        Columns whose crossed levels are the groups j, with shares c and rates r.
    key
        What is compared: the design's wave, or another column such as the region.
    to
        ``"previous"``: each level against the one before; ``"first"``; or the label of another base.
    interaction
        Give composition at the base's rates, rates at the base's composition, and their joint part apart.
    where, missing, level
        As in :func:`survey_kit.mean`.

    Returns
    -------
    Estimates
        Keys: `key`, ``from`` and the columns of `by`, ``"all"`` for the sums; ``category`` is ``change composition rate`` (and
        ``joint``). The cells add up to the sums and the sums to the change.

    Raises
    ------
    EstimationError
        If there are fewer than two levels of `key` with answers, or no such base.

    Notes
    -----
    What a single group adds to the composition counts its whole rate, so only the sum over groups is free of where y has its
    zero. Kitagawa (1955, Journal of the American Statistical Association 50, 1168-1194, section 3). Standard errors by
    linearisation of shares and rates together; those of two waves share units as the design declares. A group that one side
    lacks has no rate there: it is given the other side's, so that it counts as composition, and a note says so.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0] * 8, "year": [1] * 4 + [2] * 4, "educ": list("llhhlhhh"),
    ...                       "y": [0.0, 1, 1, 1, 0, 1, 1, 1]})
    >>> out = kitagawa(sk.Design(frame, weight="w", wave="year"), "y", "educ")
    >>> out.table.loc[out.table["educ"] == "all", ["category", "estimate"]].values.tolist()
    [['change', 0.0], ['composition', 0.1875], ['rate', -0.1875]]
    """
    checks.level(level)
    if key is None and design.wave is None:
        raise EstimationError("The design has no waves to compare.", fix="Say key=, or declare the design's wave.")
    key = str(design.wave) if key is None else key
    checks.instance(key, str, "'key' names one column.", "Write key='year'.", EstimationError)
    cells = _cells(design, numeric(design, y, missing, where), checks.names(by, "by"), key, where)
    pairs = _pairs(cells, to)
    theta = _shares_and_rates(cells, cells.w)
    components = THREE if interaction else TWO

    def point(weights: FloatArray) -> FloatArray:
        return _components(_shares_and_rates(cells, weights[cells.rows]), pairs, interaction)[0]

    estimate, J_c, J_r = _components(theta, pairs, interaction)
    n, weight = _bases(cells, pairs, len(components))
    return from_influence(
        design,
        Influence(z=_influence(cells, theta, J_c, J_r), rows=cells.rows, active_rows=cells.active),
        head=_head(cells, pairs, components, key, y),
        statistic="kitagawa",
        estimate=estimate,
        n=n,
        weight_sum=weight,
        replicate=point,
        level=level,
        notes=_notes(cells, theta, pairs, interaction, (missing, where)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cells:
    """Rows that count (m,), their side t and group j, y and w; levels of the sides, labels of the groups; rows asked."""

    rows: IntArray
    t: IntArray
    j: IntArray
    y: FloatArray
    w: FloatArray
    sides: tuple[Any, ...]
    groups: dict[str, list[Any]]
    size: int
    active: IntArray
    outside: int


def _cells(design: Design, variable: Variable, by: tuple[str, ...], key: str, where: str | None) -> _Cells:
    if not by:
        raise EstimationError("A composition needs its groups.", fix="Name the columns in by.")
    if key in by:
        raise EstimationError(f"'{key}' is compared and cannot be part of the composition.")
    sides = design.groups(key, "key")
    keep = design.inside(where)
    parts = [design.groups(name, "by") for name in by]
    known = np.logical_and.reduce([sides.codes >= 0, *(part.codes >= 0 for part in parts)])
    sizes = [len(part.levels) for part in parts]
    joint = np.ravel_multi_index([np.maximum(part.codes, 0) for part in parts], sizes)
    asked = keep & known if variable.asked is None else keep & known & variable.asked
    counted = asked & variable.answered
    present = np.unique(joint[counted])
    if not len(present):
        raise EstimationError(f"Nobody answered '{variable.name}' in a known group.", fix="Widen the domain.")
    rows = np.flatnonzero(counted)
    places = np.unravel_index(present, sizes)
    return _Cells(
        rows=rows,
        t=sides.codes[rows],
        j=np.searchsorted(present, joint[rows]),
        y=variable.y[rows],
        w=design.layout.weight[rows],
        sides=tuple(level[0] for level in sides.levels),
        groups={name: [parts[i].levels[k][0] for k in places[i].tolist()] for i, name in enumerate(by)},
        size=len(present),
        active=np.flatnonzero(asked),
        outside=int((keep & ~known).sum()),
    )


def _pairs(cells: _Cells, to: Any) -> list[tuple[int, int]]:
    """Pair every side that has answers with its base, (later, earlier)."""
    seen = np.unique(cells.t).tolist()
    if to not in ("previous", "first"):
        known = [cells.sides[t] for t in seen]
        if to not in known:
            raise EstimationError(f"There is no base '{to}'.", fix=did_you_mean(str(to), known))
        base = cells.sides.index(to)
        pairs = [(t, base) for t in seen if t != base]
    else:
        pairs = [(t, seen[i - 1] if to == "previous" else seen[0]) for i, t in enumerate(seen) if i]
    if not pairs:
        raise EstimationError("There is nothing to compare.", found=f"{len(seen)} levels with answers")
    return pairs


def _shares_and_rates(cells: _Cells, w: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give sums of weights W, shares c and rates r (T, J); r is NaN in an empty group."""
    T, J = len(cells.sides), cells.size
    at = cells.t * J + cells.j
    W = np.bincount(at, weights=w, minlength=T * J).reshape(T, J).astype(np.float64)
    centre = float(cells.y.mean())
    Y = np.bincount(at, weights=w * (cells.y - centre), minlength=T * J).reshape(T, J)
    filled = np.bincount(at, minlength=T * J).reshape(T, J) > 0
    whole = W.sum(axis=1, keepdims=True)
    c = np.divide(W, whole, out=np.zeros_like(W), where=whole != 0)
    r = np.divide(Y, W, out=np.full_like(Y, np.nan), where=filled & (W != 0)) + centre
    return W, c, r


def _components(
    theta: tuple[FloatArray, FloatArray, FloatArray], pairs: list[tuple[int, int]], interaction: bool
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give the components (K,) and their derivatives by shares and rates (K, T, J); sums first, then groups."""
    _, c, r = theta
    T, J = c.shape
    one = np.eye(J)
    values: list[FloatArray] = []
    by_c: list[FloatArray] = []
    by_r: list[FloatArray] = []
    for later, base in pairs:
        r1 = np.where(np.isfinite(r[later]), r[later], r[base])
        r0 = np.where(np.isfinite(r[base]), r[base], r[later])
        c1, c0 = c[later], c[base]
        # derivatives by (c1, c0, r1, r0) of every part, per group
        if interaction:
            parts = [
                ((c1 - c0) * r0, (r0, -r0, 0 * r0, c1 - c0)),
                ((r1 - r0) * c0, (0 * r0, r1 - r0, c0, -c0)),
                ((c1 - c0) * (r1 - r0), (r1 - r0, r0 - r1, c1 - c0, c0 - c1)),
            ]
        else:
            middle, half, share = 0.5 * (r1 + r0), 0.5 * (c1 - c0), 0.5 * (c1 + c0)
            slope = 0.5 * (r1 - r0)
            parts = [
                ((c1 - c0) * middle, (middle, -middle, half, half)),
                ((r1 - r0) * share, (slope, slope, share, -share)),
            ]
        own = np.stack(
            [np.nan_to_num(part) for part, _ in parts]
        )  # (components, J); a group of neither side counts nothing
        slopes = np.nan_to_num(np.stack([np.stack(d) for _, d in parts]))  # (components, 4, J)
        cells_c, cells_r = np.zeros((2, len(parts), J, T, J))
        cells_c[:, :, later], cells_c[:, :, base] = slopes[:, 0, None] * one, slopes[:, 1, None] * one
        at_1, at_0 = _places(r, later, base)
        for g in range(J):  # a missing rate stands for the other side's
            cells_r[:, g, at_1[g], g] += slopes[:, 2, g]
            cells_r[:, g, at_0[g], g] += slopes[:, 3, g]
        sums = own.sum(axis=1)
        values.append(np.concatenate([[sums.sum()], sums, own.T.reshape(-1)]))
        for out, cells in ((by_c, cells_c), (by_r, cells_r)):
            whole = cells.sum(axis=1)
            out.append(np.concatenate([whole.sum(axis=0)[None], whole, np.moveaxis(cells, 1, 0).reshape(-1, T, J)]))
    return np.concatenate(values), np.concatenate(by_c), np.concatenate(by_r)


def _places(r: FloatArray, later: int, base: int) -> tuple[list[int], list[int]]:
    """Tell whose rate stands for the later and for the earlier side, by group."""
    known = np.isfinite(r)
    at_1 = np.where(known[later], later, base)
    at_0 = np.where(known[base], base, later)
    return at_1.tolist(), at_0.tolist()


def _influence(
    cells: _Cells, theta: tuple[FloatArray, FloatArray, FloatArray], J_c: FloatArray, J_r: FloatArray
) -> FloatArray:
    """``dc_tj (1[i in j] - c_tj) / W_t + dr_tj 1[i in j](y - r_tj) / W_tj`` for every row (m, K)."""
    W, c, r = theta
    whole = W.sum(axis=1)
    mean = np.einsum("ktj,tj->kt", J_c, c)
    z = (J_c[:, cells.t, cells.j] - mean[:, cells.t]) / whole[cells.t]
    z += J_r[:, cells.t, cells.j] * ((cells.y - r[cells.t, cells.j]) / W[cells.t, cells.j])
    return np.ascontiguousarray(z.T)


def _bases(cells: _Cells, pairs: list[tuple[int, int]], parts: int) -> tuple[FloatArray, FloatArray]:
    T, J = len(cells.sides), cells.size
    at = cells.t * J + cells.j
    out = []
    for weights in (None, cells.w):
        per = np.bincount(at, weights=weights, minlength=T * J).reshape(T, J).astype(np.float64)
        both = [per[later] + per[base] for later, base in pairs]
        out.append(
            np.concatenate([np.concatenate([np.full(1 + parts, own.sum()), np.repeat(own, parts)]) for own in both])
        )
    return out[0], out[1]


def _head(
    cells: _Cells, pairs: list[tuple[int, int]], components: Sequence[str], key: str, y: str
) -> dict[str, list[Any]]:
    parts, J = len(components), cells.size
    block = 1 + parts + J * parts
    head: dict[str, list[Any]] = {
        key: [cells.sides[later] for later, _ in pairs for _ in range(block)],
        "from": [cells.sides[base] for _, base in pairs for _ in range(block)],
    }
    for name, labels in cells.groups.items():
        one = [ALL] * (1 + parts) + [label for label in labels for _ in range(parts)]
        head[name] = one * len(pairs)
    head["variable"] = [y] * (block * len(pairs))
    head["category"] = (["change", *components] + list(components) * J) * len(pairs)
    return head


def _notes(
    cells: _Cells,
    theta: tuple[FloatArray, FloatArray, FloatArray],
    pairs: list[tuple[int, int]],
    interaction: bool,
    said: tuple[Missing, str | None],
) -> tuple[str, ...]:
    missing, where = said
    out = [
        "composition at the base's rates, rates at the base's composition"
        if interaction
        else "composition at mean rates, rates at mean composition (Kitagawa 1955)"
    ]
    if missing == "exclude":
        out.append("base: those who answered")
    if where:
        out.append(f"domain: {where}")
    if cells.outside:
        out.append(f"{cells.outside} rows belong to no group because a column is missing")
    known = np.isfinite(theta[2])
    lacking = sum(int((known[later] != known[base]).sum()) for later, base in pairs)
    if lacking:
        out.append(f"{lacking} groups are empty on one side: they count as composition only")
    return tuple(out)
