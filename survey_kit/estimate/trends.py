"""Trends: slopes of estimates over time, as linear maps of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from survey_kit import checks
from survey_kit.errors import EstimationError, did_you_mean
from survey_kit.estimate.contrasts import labels_of, linear_rows, other_columns
from survey_kit.estimate.estimates import Estimates
from survey_kit.types import FloatArray

ROUNDING = 1e-12  # a weight so much smaller than the largest is 0: that wave does not matter
Positions = Mapping[Any, float] | Sequence[float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One number of a trend: what it is called, where it begins and ends, its weights in the fitted coefficients."""

    statistic: str
    begin: Any
    end: Any
    of_coefficients: FloatArray


def trend(
    est: Estimates,
    key: str,
    *,
    kind: Literal["linear", "piecewise"] = "linear",
    at: Positions = None,
    knots: Sequence[Any] = (),
) -> Estimates:
    r"""Slope of estimates over time, over all waves or on both sides of knots.

    The line of least squares through the estimates of one group, every wave counting alike, with positions
    :math:`x_t`: :math:`\hat b = \sum_t (x_t - \bar x) \hat\theta_t / \sum_t (x_t - \bar x)^2`. Its weights are known
    numbers, so the standard error is that of a linear combination, with whatever units the waves share.

    Parameters
    ----------
    est
        Estimates with the column `key`.
    key
        The `by` column that holds the time, such as the wave.
    kind
        ``"linear"``: one slope. ``"piecewise"``: lines that meet at the knots; one slope per segment and the change of
        slope at each knot.
    at
        Where the waves lie: ``{label: position}``, or positions in the order of the labels. By default the labels
        themselves where they are numbers (years), else 0, 1, 2 ... in their order.
    knots
        For ``"piecewise"``: labels of waves, or positions strictly between the first and the last.

    Returns
    -------
    Estimates
        One row per group and slope: ``begin`` and ``end`` say from where to where; `statistic` is ``slope`` (per unit of
        position) or ``change of slope``. Waves without an estimate are passed over; a group with too few is empty.

    Raises
    ------
    EstimationError
        If a name or position is unknown, or the waves cannot tell so many slopes apart.

    Notes
    -----
    A description of the estimates, not a model of them: it needs no assumption that the true course is a line. For
    trends of log odds or logarithms use ``est.map`` first. Matches R ``svycontrast`` with the same weights.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0] * 8, "year": [2019, 2020, 2021, 2023] * 2, "y": [1.0, 2, 4, 5, 2, 2, 3, 7]})
    >>> by_year = sk.mean(sk.Design(frame, weight="w", wave="year"), "y", by="year")
    >>> sk.trend(by_year, "year").table[["begin", "end", "estimate", "se"]].round(4).values.tolist()
    [[2019, 2023, 1.1714, 0.2763]]
    >>> parts = sk.trend(by_year, "year", kind="piecewise", knots=[2021]).table
    >>> parts[["statistic", "begin", "end", "estimate"]].round(3).values.tolist()[2]
    ['change of slope', 2021, 2021, 0.333]
    """
    checks.choice(kind, "kind of trend", ("linear", "piecewise"), EstimationError)
    labels = labels_of(est, key)
    x, said = _positions(labels, key, at)
    where = _knots(kind, knots, labels, x, key)
    parts = _parts(kind, where, labels, x)
    grid = _by_group(est, key)
    of_label = dict(zip(labels, x.tolist(), strict=True))
    when = [of_label[label] for label in est.table[key].tolist()]
    fits: dict[tuple[float, ...], FloatArray | None] = {}
    weights, groups = [], []
    for label, rows in grid.items():
        here = tuple(when[row] for row in rows)
        if here not in fits:
            fits[here] = _coefficients(np.array(here), [position for position, _ in where], x[0])
        weights.append((rows, fits[here]))
        groups.append(label)
    if all(fitted is None for _, fitted in weights):
        raise EstimationError(
            "The waves cannot tell so many slopes apart.",
            where=f"column '{key}', {len(labels)} waves, {len(where)} knots",
            fix="Use fewer knots; every segment needs a wave of its own.",
        )
    rows, columns, values = [], [], []
    for g, (used, fitted) in enumerate(weights):
        for j, part in enumerate(parts):
            if fitted is not None:
                rows += [g * len(parts) + j] * len(used)
                columns += used
                values += (part.of_coefficients @ fitted).tolist()
    others = other_columns(est, key)
    head: dict[str, Any] = {
        name: [group[i] for group in groups for _ in parts] for i, name in enumerate(others) if name in est.keys
    }
    head |= {"begin": [part.begin for part in parts] * len(groups), "end": [part.end for part in parts] * len(groups)}
    head |= {name: [group[others.index(name)] for group in groups for _ in parts] for name in ("variable", "category")}
    statistic = [
        part.statistic if "statistic" not in others else f"{part.statistic} of {group[others.index('statistic')]}"
        for group in groups
        for part in parts
    ]
    empty = np.repeat([fitted is None for _, fitted in weights], len(parts))
    out = linear_rows(est, (rows, columns, values), empty, head, statistic)
    return replace(out, notes=(*out.notes, f"trend: least squares over the waves, each counting alike; {said}"))


def _positions(labels: list[Any], key: str, at: Positions) -> tuple[FloatArray, str]:
    """Give every label its number."""
    if at is None:
        try:
            x = np.array([float(label) for label in labels])
        except (TypeError, ValueError):
            x = np.arange(len(labels), dtype=np.float64)
            return x, f"{key} taken as one apart, in the order of its labels"
    elif isinstance(at, Mapping):
        absent = [label for label in labels if label not in at]
        if absent:
            raise EstimationError(f"'{absent[0]}' has no position.", where="at", fix=did_you_mean(str(absent[0]), at))
        x = checks.floats([at[label] for label in labels], "at", "Give each label a number.", EstimationError)
    else:
        x = checks.floats(at, "at", "Give each label a number.", EstimationError)
        if x.shape != (len(labels),):
            raise EstimationError(
                "The positions do not fit the labels.",
                where=f"at, for column '{key}'",
                found=f"{x.size} positions for {len(labels)} labels",
                fix=f"Give one each for {', '.join(map(str, labels[:6]))}.",
            )
    if not np.isfinite(x).all() or len(np.unique(x)) < len(x):
        raise EstimationError("Positions are different finite numbers.", where=f"column '{key}'", found=str(x.tolist()))
    return x, f"{key} at {', '.join(f'{value:g}' for value in x)}"


def _knots(kind: str, knots: Sequence[Any], labels: list[Any], x: FloatArray, key: str) -> list[tuple[float, Any]]:
    """Give the position of every knot, and what it is called, in order."""
    if kind == "linear":
        if knots:
            raise EstimationError("A linear trend has no knots.", fix="Say kind='piecewise'.")
        return []
    if isinstance(knots, str) or not knots:
        raise EstimationError(
            "A piecewise trend needs knots.", fix=f"Name them, such as knots=[{labels[len(labels) // 2]!r}]."
        )
    by_text = {str(label): j for j, label in enumerate(labels)}
    out = []
    for knot in knots:
        if str(knot) in by_text:
            j = by_text[str(knot)]
            out.append((float(x[j]), labels[j]))
        elif isinstance(knot, (int, float)):
            out.append((float(knot), knot))
        else:
            raise EstimationError(f"There is no {key} '{knot}'.", fix=did_you_mean(str(knot), labels))
    wrong = [name for position, name in out if not x.min() < position < x.max()]
    if wrong or len({position for position, _ in out}) < len(out):
        raise EstimationError(
            "A knot lies strictly between the first and the last wave, and stands once.",
            found=str(wrong[0] if wrong else list(knots)),
            fix="Choose another.",
        )
    return sorted(out, key=lambda pair: pair[0])


def _parts(kind: str, knots: list[tuple[float, Any]], labels: list[Any], x: FloatArray) -> list[_Part]:
    """Name the slopes; coefficients are level, first slope, and a change of slope per knot."""
    ends = [labels[int(x.argmin())], *(name for _, name in knots), labels[int(x.argmax())]]
    size = 2 + len(knots)
    out = [
        _Part(
            statistic="slope",
            begin=ends[s],
            end=ends[s + 1],
            of_coefficients=np.array([0.0, *([1.0] * (s + 1)), *([0.0] * (size - s - 2))]),
        )
        for s in range(size - 1)
    ]
    if kind == "piecewise":
        out += [
            _Part(statistic="change of slope", begin=name, end=name, of_coefficients=np.eye(size)[2 + s])
            for s, (_, name) in enumerate(knots)
        ]
    return out


def _coefficients(x: FloatArray, knots: list[float], origin: float) -> FloatArray | None:
    """Give the weights (C, T) of the estimates in each coefficient of the broken line; None where they are not told apart."""
    X = np.stack([np.ones_like(x), x - origin, *(np.maximum(x - knot, 0.0) for knot in knots)], axis=1)
    if len(x) < X.shape[1] or np.linalg.matrix_rank(X) < X.shape[1]:
        return None
    fitted = np.linalg.pinv(X)
    return np.where(np.abs(fitted) > ROUNDING * np.abs(fitted).max(axis=1, keepdims=True), fitted, 0.0)


def _by_group(est: Estimates, key: str) -> dict[tuple[Any, ...], list[int]]:
    """Give the rows with an estimate of every course over time, in the order of the table."""
    present = np.isfinite(est.table["estimate"].to_numpy(dtype=np.float64))
    out: dict[tuple[Any, ...], list[int]] = {}
    for row, label in enumerate(zip(*(est.table[name] for name in other_columns(est, key)), strict=True)):
        rows = out.setdefault(label, [])
        if present[row]:
            rows.append(row)
    return out
