"""The items of a scale: taken out of the design, turned round where they must be, and cut into the samples of the domains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, TypeAlias, get_args

import numpy as np

from survey_kit import checks
from survey_kit.design import Design
from survey_kit.design.declared import check_design
from survey_kit.errors import EstimationError, did_you_mean
from survey_kit.estimate.domains import Cells
from survey_kit.types import BoolArray, FloatArray, IntArray

ItemMissing: TypeAlias = Literal["listwise", "pairwise", "error"]
#: Items to turn round, with the lowest and highest point of their scale.
Reverse: TypeAlias = Mapping[str, tuple[float, float]] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """The answers to the k items of a scale.

    Attributes
    ----------
    names
        Of the columns.
    y : (n, k)
        Answers, reversed items turned round, 0 where there is none.
    answered, asked : (n, k)
        Who answered; who was asked, as far as the data say.
    missing
        How missing answers are treated.
    ends
        Ends of the scale of the items that were turned round.
    """

    names: tuple[str, ...]
    y: FloatArray
    answered: BoolArray
    asked: BoolArray
    missing: ItemMissing
    ends: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def counted(self) -> BoolArray:
        """Rows (n,) that count: every item answered, or, pairwise, at least one."""
        given = self.answered & self.asked
        return np.asarray(given.any(axis=1) if self.missing == "pairwise" else given.all(axis=1))

    @property
    def members(self) -> BoolArray:
        """Rows (n,) that were asked every item, or, pairwise, at least one."""
        return np.asarray(self.asked.any(axis=1) if self.missing == "pairwise" else self.asked.all(axis=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The rows of one domain that count.

    Attributes
    ----------
    rows : (m,)
        Where they stand in the design.
    y : (m, k)
        Answers less the middle of their range, 0 where there is none.
    answered : (m, k)
        Who answered.
    size : (k,)
        The largest absolute answer: a spread much below it is rounding.
    pairs : (k, k)
        How many rows answered both of two items.
    """

    rows: IntArray
    y: FloatArray
    answered: BoolArray
    size: FloatArray
    pairs: FloatArray

    @property
    def complete(self) -> bool:
        """Tell whether everybody answered everything."""
        return bool(self.answered.all())

    @property
    def n(self) -> float:
        """Give the smallest number of rows behind any pair of items."""
        return float(self.pairs.min())

    def weight_sum(self, w: FloatArray) -> float:
        """Give the smallest sum of weights (m,) behind any pair of items."""
        return float(w.sum()) if self.complete else float((self.answered.T @ (w[:, None] * self.answered)).min())


def take_items(
    design: Design, items: Sequence[str], missing: ItemMissing, where: str | None, reverse: Reverse, least: int = 2
) -> Items:
    """Take the items of a scale out.

    Parameters
    ----------
    design
        The sample.
    items
        Numeric columns, `least` or more.
    missing
        ``"listwise"``, ``"pairwise"`` or ``"error"``.
    where
        Boolean column that says where missing answers matter.
    reverse
        Items to turn round: y becomes low + high - y.
    least
        How many items are needed.

    Raises
    ------
    EstimationError
        If this is no design, there are too few items, an answer lies outside the ends of a reversed item, or answers lack under ``"error"``.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> design = sk.Design(pd.DataFrame({"w": [1.0, 1], "a": [1, 5], "b": [5, 2]}), weight="w")
    >>> take_items(design, ("a", "b"), "listwise", None, {"b": (1, 5)}).y.tolist()
    [[1.0, 1.0], [5.0, 4.0]]
    """
    check_design(design)
    names = checks.names(items, "items")
    checks.choice(missing, "treatment of missing answers", get_args(ItemMissing), EstimationError)
    if len(names) < least:
        raise EstimationError(
            f"This needs {least} items or more.",
            found=checks.shown(items),
            fix='Name them: ("trust1", "trust2", "trust3").',
        )
    ends = _ends_of(reverse, names)
    columns = [design.numbers(name) for name in names]
    told = [design.asked(name) for name in names]
    answered = np.stack([~column.missing for column in columns], axis=1)
    asked = np.stack([np.ones(design.n, dtype=bool) if part is None else part for part in told], axis=1)
    y = np.stack(
        [
            column.values if name not in ends else _turned(name, column.values, ~column.missing, ends[name])
            for name, column in zip(names, columns, strict=True)
        ],
        axis=1,
    )
    if missing == "error":
        _all_answered(design, names, asked & ~answered, where)
    return Items(names=names, y=y, answered=answered, asked=asked, missing=missing, ends=ends)


def samples(items: Items, found: Cells) -> list[Sample]:
    """Give the sample of every cell, also of the empty ones."""
    kept = items.counted[found.rows]
    rows, code = found.rows[kept], found.code[kept]
    order = np.argsort(code, kind="stable")
    starts = np.searchsorted(code[order], np.arange(found.size + 1))
    return [_sample(items, rows[order[a:b]]) for a, b in pairwise(starts)]


def _sample(items: Items, rows: IntArray) -> Sample:
    answered = items.answered[rows] & items.asked[rows]
    y = items.y[rows]
    low = np.where(answered, y, np.inf).min(axis=0, initial=np.inf)
    high = np.where(answered, y, -np.inf).max(axis=0, initial=-np.inf)
    some = low <= high
    middle = np.where(some, low + (np.where(some, high, 0.0) - np.where(some, low, 0.0)) / 2, 0.0)
    given = answered.astype(np.float64)
    return Sample(
        rows=rows,
        y=np.where(answered, y - middle, 0.0),
        answered=answered,
        size=np.where(some, np.maximum(np.abs(low), np.abs(high)), 0.0),
        pairs=given.T @ given,
    )


def _ends_of(reverse: Reverse, names: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Check the items to turn round and the ends of their scale."""
    if reverse is not None and not isinstance(reverse, Mapping):
        raise EstimationError(
            "An item is turned round between the ends of its scale.",
            found=f"reverse={checks.shown(reverse)}",
            fix=f"Write reverse={{'{names[-1]}': (1, 5)}}.",
        )
    out = {}
    for name, ends in (reverse or {}).items():
        if name not in names:
            raise EstimationError(f"'{name}' is to be reversed but is no item.", fix=did_you_mean(name, names))
        out[name] = checked_ends(ends, f"Write reverse={{'{name}': (1, 5)}}.")
    return out


def checked_ends(ends: Sequence[float], fix: str) -> tuple[float, float]:
    """Give the lowest and highest point of a scale as numbers.

    Examples
    --------
    >>> checked_ends((1, 5), "")
    (1.0, 5.0)
    """
    pair = tuple(ends) if isinstance(ends, Sequence) and not isinstance(ends, str) else ()
    if len(pair) != 2 or not all(isinstance(end, (int, float)) for end in pair) or not pair[0] < pair[1]:
        raise EstimationError(
            "The ends of a scale are its lowest and highest point.", found=checks.shown(ends), fix=fix
        )
    return float(pair[0]), float(pair[1])


def _turned(name: str, y: FloatArray, answered: BoolArray, ends: tuple[float, float]) -> FloatArray:
    low, high = ends
    beyond = answered & ((y < low) | (y > high))
    if beyond.any():
        raise EstimationError(
            f"Answers to '{name}' lie outside the ends of its scale.",
            where=f"column '{name}'",
            found=f"{int(beyond.sum())} answers, such as {y[beyond][0]:g}; ends {low:g} and {high:g}",
            fix="Correct the ends in reverse=, or recode the answers.",
        )
    return np.where(answered, low + high - y, 0.0)


def _all_answered(design: Design, names: Sequence[str], lacking: BoolArray, where: str | None) -> None:
    inside = design.inside(where)
    counts = (lacking & inside[:, None]).sum(axis=0)
    if counts.any():
        worst = int(np.argmax(counts))
        raise EstimationError(
            f"'{names[worst]}' has missing values.",
            where=f"column '{names[worst]}'",
            found=f"{int(counts[worst])} of {int(inside.sum())} rows",
            fix="Say missing='listwise' (rows that answered all items) or 'pairwise' (every pair on its own rows).",
        )
