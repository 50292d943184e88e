"""Calibration in which all members of a household get one weight: each stands with the mean of its household's variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit import checks
from survey_kit.design.calibrate_bounds import no_solution
from survey_kit.design.calibrate_build import build
from survey_kit.design.calibrate_columns import Columns
from survey_kit.design.calibrate_controls import by_wave, read_margins, settle
from survey_kit.design.calibrate_step import checked_bounds, with_steps
from survey_kit.design.calibration import Calibration, fallen, solve_step
from survey_kit.design.distances import DISTANCES, Bounds
from survey_kit.design.layout import joint
from survey_kit.errors import DesignError
from survey_kit.types import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from survey_kit.design.design import Design

SAME = 1e-9  # relative: weights of one household


def calibrate_households(
    design: Design,
    controls: Mapping[Any, Any],
    household: str | Sequence[str],
    *,
    population: float | Mapping[Any, float] | None = None,
    distance: str = "linear",
    bounds: Bounds | None = None,
    kind: str = "integrated",
) -> Design:
    r"""Calibrate persons so that all members of a household keep one weight, which is the household's weight as well.

    .. math:: g_i = F(\bar x_h'\lambda) \ \text{for all } i \in h, \qquad \bar x_h = \frac{1}{m_h} \sum_{i \in h} x_i,
              \qquad \sum_i d_i g_i x_i = T

    Parameters
    ----------
    design
        The sample of persons; before the step all members of a household have one weight.
    controls, population, distance, bounds
        As :func:`calibrate` takes them, of persons. A control of households is a number that adds up to one in each, such as
        one divided by the members.
    household
        Column, or columns, that name the household; a household lies within one first-stage unit.
    kind
        What the step is called in the log.

    Returns
    -------
    Design
        With the step appended.

    Raises
    ------
    DesignError
        If a household has members of different weights or units (it is named), or the controls cannot be reached.

    Notes
    -----
    Lemaitre & Dufour (1987), Survey Methodology 13, 199-207. Matches R ``calibrate`` with ``aggregate.stage``. The standard error
    is the derivative, with residuals on the means of the household.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [10.0] * 5, "home": [1, 1, 2, 3, 3], "sex": list("fmfff")})
    >>> made = calibrate_households(sk.Design(frame, weight="w", psu="home"), {"sex": {"f": 50, "m": 15}}, "home")
    >>> made.layout.weight.round(6).tolist()
    [15.0, 15.0, 11.666667, 11.666667, 11.666667]
    """
    checks.choice(distance, "distance", tuple(DISTANCES), DesignError)
    how = DISTANCES[distance]
    read = [m for wave, part in by_wave(design, controls, "controls").items() for m in read_margins(wave, part)]
    margins = settle(design, read, population)
    out = fallen(design.calibration, design.n)
    inside = np.ones(design.n, dtype=bool) if out is None else ~out
    keys = checks.names(household, "household", least=1)
    home = _homes(design, keys, inside)
    made = build(design, margins, None if out is None else inside)
    cell, columns, cells = _means(made.columns, home, inside)
    weight = design.layout.weight
    step = Calibration(
        kind=kind,
        asked={"controls": controls, "population": population, "household": household},
        distance=how,
        bounds=checked_bounds(bounds, how),
        columns=columns,
        target=made.target,
        relative=made.relative,
        cell=cell,
        cell_columns=cells,
        g=np.ones_like(weight),
        slope=np.ones_like(weight),
        tolerance=1e-10,
        maxit=200,
    )
    found = solve_step(step, step.by_cell(weight), weight)
    if not found.converged:
        raise no_solution(cells, step.by_cell(weight), step.targets(weight), how, step.bounds, found)
    g = found.g[cell]
    names = ", ".join(dict.fromkeys(margin.name for margin in margins))
    how_far = f"{how.name} distance, factors {g[inside].min():.3g} to {g[inside].max():.3g}"
    note = [
        f"weights calibrated to {names}, one for each of {int(home.max()) + 1:,} households ({how_far}); standard errors credit it"
    ]
    negative = int((weight * g < 0).sum())
    if negative:
        note.append(f"{negative} of {len(weight)} calibrated weights are negative")
    step = replace(
        step,
        g=g,
        slope=found.slope[cell],
        coefficients=found.coefficients,
        iterations=found.iterations,
        largest_error=float(found.error.max()),
        notes=tuple(note),
    )
    return with_steps(design, (*design.calibration, step))


def _homes(design: Design, keys: tuple[str, ...], inside: BoolArray) -> IntArray:
    """Give a number to the household of each row that takes part (n,); -1 outside."""
    grouped = design.groups(keys, "household")
    lost = inside & (grouped.codes < 0)
    named = " x ".join(keys)
    if lost.any():
        raise DesignError(
            "The household of some rows is missing.",
            where=f"column '{named}', first in row {int(np.flatnonzero(lost)[0]) + 1}",
            found=f"{int(lost.sum())} rows",
            fix="Give every person a household; who lives alone is one.",
        )
    rows = np.flatnonzero(inside)
    code, first = joint(design.layout.wave_of_row[rows], grouped.codes[rows])
    for what, values, tell in (
        ("lies in two first-stage units", design.layout.stages[0].unit_of_row[rows].astype(np.float64), ""),
        ("has members of different weights", design.layout.weight[rows], "weights"),
    ):
        apart = np.abs(values - values[first][code]) > SAME * np.abs(values)
        if apart.any():
            at = int(np.flatnonzero(apart)[0])
            level = ", ".join(str(part) for part in grouped.levels[grouped.codes[rows[at]]])
            pair = f"{values[first][code][at]:,.6g} and {values[at]:,.6g}; " if tell else ""
            raise DesignError(
                f"A household {what}.",
                where=f"household {level}, row {int(rows[at]) + 1}",
                found=f"{pair}{len(np.unique(code[apart]))} households of {len(first)}",
                fix="Take this step before any in which persons of a household are adjusted apart."
                if tell
                else "Join the unit to the columns that name the household.",
            )
    out = np.full(design.n, -1, dtype=np.int64)
    out[rows] = code
    return out


def _means(
    columns: Sequence[Columns], home: IntArray, inside: BoolArray
) -> tuple[IntArray, tuple[Columns, ...], tuple[Columns, ...]]:
    """Replace the variables by their household means, one column each; households alike in all of them are one cell."""
    from scipy import sparse

    rows = np.flatnonzero(inside)
    members = np.bincount(home[rows])
    average = sparse.csr_array((1.0 / members[home[rows]], (home[rows], rows)), shape=(len(members), len(home)))
    X = sparse.hstack([block.matrix() for block in columns], format="csr")
    means: FloatArray = (average @ X).toarray()  # (households, q)
    values, kind = np.unique(np.round(means, 14), axis=0, return_inverse=True)
    if not inside.all():
        values = np.vstack((values, np.zeros(values.shape[1])))  # the last cell holds the rows outside
    cell = np.where(home >= 0, kind.reshape(-1)[home], len(values) - 1)
    names = [name for block in columns for name in block.names]
    waves = np.concatenate([block.wave for block in columns])
    cells = tuple(
        Columns(code=np.where(x != 0, 0, -1), value=x, names=(name,), wave=waves[k : k + 1])
        for k, (x, name) in enumerate(zip(values.T, names, strict=True))
    )
    by_row = tuple(replace(block, code=block.code[cell], value=_at(block, cell)) for block in cells)
    return cell, by_row, cells


def _at(block: Columns, cell: IntArray) -> FloatArray | None:
    return None if block.value is None else block.value[cell]
