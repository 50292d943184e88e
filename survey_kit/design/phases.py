"""Two-phase samples: a large first phase, and a second phase drawn among its rows.

With pi1 and pi2 the inclusion probabilities of the phases and ``D = 1 - pi_i pi_j / pi_ij`` of each, the variance of the
total of z from rows of the second phase is the quadratic form in ``t_i = z_i / (pi1_i pi2_i)`` with the matrix

    D1 (1 - D2) + D2        (elementwise)

since ``pi2_i pi2_j / pi2_ij = 1 - D2_ij`` (Sarndal, Swensson & Wretman 1992, eq. 9.3.7).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from survey_kit import frames
from survey_kit.design.design import Design
from survey_kit.design.layout import Layout, joint
from survey_kit.design.pps import LARGEST, TwoPhase
from survey_kit.errors import DesignError
from survey_kit.types import BoolArray, FloatArray, Frame, IntArray, LonelyPsu

WEIGHT = "two_phase_weight"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Second:
    rows: IntArray  # of the second phase, among the first's
    pi: FloatArray  # (m,) their probability given the first phase
    D: FloatArray  # (m, m)


def two_phase(
    frame: Frame,
    *,
    weight: str,
    second: str,
    strata: str | None = None,
    psu: str | None = None,
    fpc: str | None = None,
    nest: bool = False,
    second_strata: str | None = None,
    lonely_psu: LonelyPsu = "fail",
) -> Design:
    """Declare a sample drawn in two phases, the second by simple random sampling of rows within its own strata.

    Parameters
    ----------
    frame
        All rows of the first phase.
    weight, strata, psu, fpc, nest
        The first phase, as for :class:`Design`.
    second
        Boolean column: the rows drawn in the second phase.
    second_strata
        Strata of the second phase, known for every row of the first; None for one stratum.
    lonely_psu
        ``"fail"`` or ``"certainty"``.

    Returns
    -------
    Design
        Of the rows of the second phase, with the column ``two_phase_weight``: the first phase's weight divided by the
        share of its stratum that was drawn. Degrees of freedom are rows minus strata of the second phase.

    Raises
    ------
    DesignError
        If a second-phase stratum has one row of several, or there are too many rows for a matrix.

    Notes
    -----
    Matches R ``twophase(..., method = "full")`` with finite populations; without, R leaves the first phase's totals
    uncentred, here they are centred within strata as everywhere.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"w": [5.0] * 6, "kind": list("aaabbb"), "asked": [1, 1, 0, 1, 1, 0], "y": [1, 2, 0, 4, 6, 0]})
    >>> design = two_phase(people, weight="w", second="asked", second_strata="kind")
    >>> design.n, design.layout.weight.tolist()
    (4, [7.5, 7.5, 7.5, 7.5])
    """
    first = Design(frame, weight=weight, strata=strata, psu=psu, fpc=fpc, nest=nest, lonely_psu=lonely_psu)
    drawn = _second(first, first.flags(second, "second"), second_strata)
    D1 = _with_units(first.layout, drawn.rows)
    sample = frames.with_column(frames.rows(frame, drawn.rows), WEIGHT, first.layout.weight[drawn.rows] / drawn.pi)
    return Design(
        sample,
        weight=WEIGHT,
        strata=second_strata,
        pps=TwoPhase(matrix=D1 * (1 - drawn.D) + drawn.D),
        lonely_psu="certainty" if lonely_psu == "fail" else lonely_psu,
    )


def _second(first: Design, seen: BoolArray, strata: str | None) -> _Second:
    """Probabilities of the second phase: rows drawn among rows of each stratum."""
    code = np.zeros(first.n, dtype=np.int64) if strata is None else first.groups(strata, "strata").codes
    if (code < 0).any():
        raise DesignError(
            "The stratum of the second phase is missing in some rows of the first.",
            where=f"column '{strata}'",
            found=f"{int((code < 0).sum())} of {first.n} rows",
            fix="It must be known for every row of the first phase.",
        )
    rows = np.flatnonzero(seen)
    if not 2 <= len(rows) <= LARGEST:
        raise DesignError(
            "The second phase has too few or too many rows.",
            found=f"{len(rows):,} rows; 2 to {LARGEST:,}",
            fix="For larger second phases declare one phase with the product of the weights.",
        )
    size = int(code.max()) + 1
    n1, n2 = np.bincount(code, minlength=size), np.bincount(code[rows], minlength=size)
    lonely = np.flatnonzero((n2 < n1) & (n2 < 2))
    if len(lonely):
        k = int(lonely[0])
        raise DesignError(
            "A stratum of the second phase has fewer than two of its rows drawn.",
            where=f"column '{strata}', {len(lonely)} strata",
            found=f"{n2[k]} of {n1[k]} rows",
            fix="Join strata of the second phase.",
        )
    own = code[rows]
    pi = n2[own] / n1[own]
    n = n2[own].astype(np.float64)
    same = own[:, None] == own[None, :]
    D = np.where(same, -((1 - pi) / np.maximum(n - 1, 1))[:, None], 0.0)
    np.fill_diagonal(D, 1 - pi)
    return _Second(rows=rows, pi=pi, D=D)


def _with_units(layout: Layout, rows: IntArray) -> FloatArray:
    """D of the first phase for some of its rows: units of one stratum, drawn without replacement, or with if no fpc."""
    stage = layout.stages[0]
    if np.asarray(stage.lonely).any():
        raise DesignError(
            "A stratum of the first phase has one unit.", fix="Join strata: two phases have no rule for lonely units."
        )
    unit = stage.unit_of_row[rows]
    stratum = stage.stratum_of_unit[unit]
    n, f = stage.n_h[stratum].astype(np.float64), stage.f_h[stratum]
    other = -(1 - f) / np.maximum(n - 1, 1)
    D = np.where(stratum[:, None] == stratum[None, :], other[:, None], 0.0)
    return np.where(joint(unit)[0][:, None] == joint(unit)[0][None, :], (1 - f)[:, None], D)
