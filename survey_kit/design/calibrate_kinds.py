"""Kinds of rows that every calibration step treats alike: replicates are calibrated on their sums, never row by row.

The weight of row i in replicate r is ``d_i f_pr G_kr``, with d the weights before calibration, f the factor of the row's unit and
G that of its kind. The steps see the sums ``W_kr = sum_p D_kp f_pr`` only, D (kinds, units) being summed once, without its zeros.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit.design.calibrate_columns import Columns, occupied
from survey_kit.design.calibrate_estimated import of_replicates
from survey_kit.design.calibration import Relative
from survey_kit.design.threads import one_thread
from survey_kit.types import FloatArray, IntArray

if TYPE_CHECKING:
    from survey_kit.design.calibration import Calibration
    from survey_kit.design.layout import Layout
    from survey_kit.design.replicates import Replicates

MOST_FIXED = 1000  # distinct numbers that rows may be multiplied with in one step
BLOCK = 4_000_000  # numbers in a block of replicates
MOST_AT_ONCE = 64
BY_ROW = ("g", "slope", "fixed", "cell")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kinds:
    """The kind of every row (n,), how many kinds there are (m), and the steps as they apply to kinds instead of rows."""

    of_row: IntArray
    size: int
    steps: tuple[Calibration, ...]

    def factors(self, sums: FloatArray, steps: Sequence[Calibration] | None = None) -> FloatArray:
        """Give the factors (m,) of all steps, or of other steps of kinds, for sums of weights by kind (m,)."""
        out, weight = np.ones(len(sums)), sums
        for step in self.steps if steps is None else steps:
            g = step.factors(weight)
            out, weight = out * g, weight * g
        return out

    def blocks(self, made: Replicates, layout: Layout, *, most: int = 0) -> Iterator[tuple[slice, FloatArray]]:
        """Yield factors (m, B) of some replicates at a time, made of factors of units, and which replicates these are.

        `most` numbers the caller keeps for each replicate of a block.
        """
        from scipy import sparse

        if made.factors is None:
            return
        stage = layout.stages[made.stage]
        at = (self.of_row, stage.unit_of_row)
        D = sparse.csr_array((layout.base_weight, at), shape=(self.size, stage.size))
        each = of_replicates(self.steps, made.coefficients)
        B = min(max(BLOCK // max(self.size, most), 1), MOST_AT_ONCE)
        for first in range(0, made.size, B):
            here = slice(first, min(first + B, made.size))
            W = np.ascontiguousarray((D @ np.ascontiguousarray(made.factors[:, here])).T)
            with one_thread():
                G = np.stack([self.factors(w, steps) for w, steps in zip(W, each[here], strict=True)], axis=1)
            yield here, G


def make_kinds(steps: Sequence[Calibration], n: int) -> Kinds | None:
    """Find the kinds of n rows; None when a step looks at rows one by one: at numbers, or at the size of each weight.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [2.0, 2, 3, 3], "sex": ["f", "m", "m", "f"]})
    >>> made = sk.post_stratify(sk.Design(frame, weight="w"), "sex", {"f": 60, "m": 40})
    >>> kinds = make_kinds(made.calibration, 4)
    >>> kinds.of_row.tolist(), kinds.factors(np.array([4.0, 6.0])).round(6).tolist()
    ([0, 1, 1, 0], [15.0, 6.666667])
    """
    codes: list[IntArray] = []
    sizes: list[int] = []
    for step in steps:
        more = _codes(step, n)
        if more is None:
            return None
        codes += [code for code, _ in more]
        sizes += [size for _, size in more]
    if not codes:
        codes, sizes = [np.zeros(n, dtype=np.int64)], [1]
    found = occupied(codes, sizes)
    first = found.first
    return Kinds(of_row=found.of_row, size=len(first), steps=tuple(_taken(step, first) for step in steps))


def replicate_rows(made: Replicates, layout: Layout, kinds: Kinds) -> Iterator[FloatArray]:
    """Yield the calibrated weights (n,) of one replicate after the other."""
    if made.factors is None:
        for w, steps in zip(made.of_rows(layout), of_replicates(kinds.steps, made.coefficients), strict=True):
            sums = np.bincount(kinds.of_row, weights=w, minlength=kinds.size).astype(np.float64, copy=False)
            g = kinds.factors(sums, steps)
            yield w * g[kinds.of_row]
        return
    unit = layout.stages[made.stage].unit_of_row
    for here, G in kinds.blocks(made, layout):
        for r, g in zip(range(here.start, here.stop), G.T, strict=True):
            yield layout.base_weight * made.factors[:, r][unit] * np.ascontiguousarray(g)[kinds.of_row]


def _codes(step: Calibration, n: int) -> list[tuple[IntArray, int]] | None:
    """Code what a step looks at in a row; None when these are not few."""
    if step.rule is not None or not isinstance(step.relative, Relative | None) or _looks_at_rows(step, n):
        return None
    if any(block.value is not None for block in step.columns):
        return None
    out = [] if step.cell is None else [(step.cell, len(step.cell_columns[0].code))]
    if step.relative is not None:
        out.append((step.relative.groups.code, step.relative.groups.size))
    if step.response is not None:
        out += [(part.astype(np.int64), 2) for part in (step.response.answered, step.response.inside)]
    if step.fixed is not None:
        values, code = np.unique(step.fixed, return_inverse=True)
        if len(values) > MOST_FIXED:
            return None
        out.append((code.astype(np.int64, copy=False), len(values)))
    return out


def _looks_at_rows(step: Calibration, n: int) -> bool:
    """Tell whether a step, or its softness, holds an array by row that kinds do not know of."""
    parts: list[Any] = [getattr(step, part.name) for part in fields(step) if part.name not in BY_ROW]
    soft = getattr(step, "soft", None)
    if soft is not None:
        parts += [getattr(soft, part.name) for part in fields(soft)]
    return any(isinstance(part, np.ndarray) and len(part) == n and n != step.size for part in parts)


def _taken(step: Calibration, rows: IntArray) -> Calibration:
    """Give a step of some rows only, for the sums of weights that these stand for."""

    def some(block: Columns) -> Columns:
        return replace(block, code=block.code[rows])

    fitted = step.response
    relative = step.relative if isinstance(step.relative, Relative) else None
    if fitted is not None:
        fitted = replace(fitted, answered=fitted.answered[rows], inside=fitted.inside[rows], p=fitted.p[rows])
    return replace(
        step,
        columns=tuple(some(block) for block in step.columns),
        relative=None if relative is None else replace(relative, groups=some(relative.groups)),
        response=fitted,
        cell=None if step.cell is None else step.cell[rows],
        g=step.g[rows],
        slope=step.slope[rows],
        fixed=None if step.fixed is None else step.fixed[rows],
    )
