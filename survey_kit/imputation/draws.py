"""Drawing donors, and drawing the samples of donors that make multiple imputation proper."""

from __future__ import annotations

import numpy as np

from survey_kit.design import Design
from survey_kit.design.make_replicates_draws import rescaled_bootstrap
from survey_kit.errors import EstimationError
from survey_kit.types import FloatArray, IntArray


def pick(w: FloatArray, size: int, rng: np.random.Generator, left: IntArray | None = None) -> IntArray:
    """Draw donors with probability proportional to weight; positions (size,).

    Parameters
    ----------
    w : (d,)
        Weights, some positive.
    size
        How many to draw.
    rng
        Source of the draws.
    left : (d,)
        How often each may still be used; it is counted down. A draw that falls on a spent donor is repeated among the others.

    Raises
    ------
    EstimationError
        If donors run out.

    Examples
    --------
    >>> sorted(pick(np.array([1.0, 3.0, 0.0]), 4, np.random.default_rng(1), np.array([2, 2, 2])).tolist())
    [0, 0, 1, 1]
    """
    if left is None:
        return _drawn(w, size, rng)
    out = np.empty(size, dtype=np.int64)
    pending = rng.permutation(size)
    while len(pending):
        able = np.flatnonzero((left > 0) & (w > 0))
        if int(left[able].sum()) < len(pending):
            raise EstimationError(
                "The donors of a cell run out.",
                found=f"{int(left[able].sum())} uses left for {len(pending)} missing answers",
                fix="Raise reuse=, or form larger cells.",
            )
        drawn = able[_drawn(w[able], len(pending), rng)]
        order = np.argsort(drawn, kind="stable")
        first = np.flatnonzero(np.diff(drawn[order], prepend=-1))
        rank = np.empty(len(drawn), dtype=np.int64)
        rank[order] = np.arange(len(drawn)) - np.repeat(first, np.diff(np.append(first, len(drawn))))
        taken = rank < left[drawn]
        out[pending[taken]] = drawn[taken]
        np.subtract.at(left, drawn[taken], 1)
        pending = pending[~taken]
    return out


def _drawn(w: FloatArray, size: int, rng: np.random.Generator) -> IntArray:
    c = np.cumsum(w)
    return np.asarray(
        np.minimum(np.searchsorted(c, rng.random(size) * c[-1], side="right"), len(w) - 1), dtype=np.int64
    )


def multiplicities(d: int, rng: np.random.Generator) -> FloatArray:
    """Draw d of d rows with replacement and count them (d,)."""
    return rng.multinomial(d, np.full(d, 1.0 / d)).astype(np.float64)


def unit_factors(design: Design, rng: np.random.Generator) -> FloatArray:
    """Draw first-stage units within strata and give every row the factor of its unit (n,).

    Rao, Wu & Yue (1992), Survey Methodology 18, 209-217: n_h - 1 of the n_h units of a stratum with replacement.
    """
    stage = design.layout.stages[0]
    return np.asarray(1.0 + rescaled_bootstrap(stage.n_h, 1, rng)[stage.unit_of_row, 0])
