"""From the names of columns to the arrays of a layout, with every check that needs the data."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit import frames
from survey_kit.design.calibration import make_sweep, multiplied
from survey_kit.design.layout import Layout, Stage, joint, make_stage, wave_starts
from survey_kit.design.overlap import same_units
from survey_kit.design.pps import Quadratic, TwoPhase, make_quadratic
from survey_kit.errors import DesignError
from survey_kit.types import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from survey_kit.design.design import Design

LARGEST_WEIGHT = 1e30  # its square, times squares of values, still is a number
PerStage = str | tuple[str | None, ...] | None


def layout_of(design: Design) -> Layout:
    """Read the declared columns into arrays and check them against each other."""
    n = frames.row_count(design.frame)
    if n == 0:
        raise DesignError("The design has no rows.", fix="Check what was read.")
    base = _weights(design)
    weight = multiplied(design.calibration, base)
    wave, waves = _waves(design, n)
    psu, strata, fpc = per_stage(design)
    parent = np.zeros(n, dtype=np.int64)
    stages: list[Stage] = []
    starts: list[IntArray] = []
    for s, unit_name in enumerate(psu):
        stratum, _ = _codes(design, strata[s], "strata", n)
        unit, unit_levels = (
            (np.arange(n, dtype=np.int64), None) if unit_name is None else _codes(design, unit_name, "psu", n)
        )
        if s == 0 and unit_name is not None and strata[0] is not None and not design.nest:
            _check_nested(wave, waves, stratum, unit, unit_levels, design)
        N = None if fpc[s] is None else _counts(design, str(fpc[s]))
        stage, unit_row = make_stage(wave, parent, stratum, unit, N, str(fpc[s]))
        if s == 0:
            same_unit, same_stratum = _identities(design, stage, unit_row, wave, (stratum, unit, unit_levels is None))
            stage, form = _unequal(design, stage, unit_row, unit, unit_levels)
        stages.append(stage)
        starts.append(wave_starts(unit_row, wave, len(waves)))
        parent = stage.unit_of_row
        if N is None and (s > 0 or form is None):
            break
    stratum_starts = np.append(np.searchsorted(stages[0].stratum_start, starts[0][:-1]), len(stages[0].n_h)).astype(
        np.int64
    )
    layout = Layout(
        weight=weight,
        wave_of_row=wave,
        waves=waves,
        stages=tuple(stages),
        wave_start=tuple(starts),
        stratum_wave_start=stratum_starts,
        identity=same_unit,
        stratum_identity=same_stratum,
        base_weight=base,
        quadratic=form,
    )
    _check_lonely(design, layout)
    if not design.calibration:
        return layout
    sweep = make_sweep(design.calibration, base, layout, replicated=design.replicates is not None)
    return replace(layout, sweep=sweep)


def _unequal(
    design: Design, stage: Stage, unit_row: IntArray, unit: IntArray, levels: tuple[Any, ...] | None
) -> tuple[Stage, Quadratic | None]:
    """Read the inclusion probabilities of the first stage; strata of certainty units are whole populations."""
    pps = design.pps
    if pps is None:
        return stage, None
    if isinstance(pps, TwoPhase):
        if design.calibration:
            raise DesignError(
                "The variance of a calibrated two-phase sample is not known here.", fix="Calibrate the first phase."
            )
        return stage, pps.quadratic(unit_row)
    if per_stage(design)[2][0] is not None or design.overlap != "none":
        raise DesignError(
            "Unequal probabilities take the place of the first stage's fpc, and waves of such designs share no units.",
            found=f"fpc={design.fpc!r}, overlap={design.overlap!r}",
            fix="Leave out the first stage's fpc (None); declare overlap='none'.",
        )
    column = design.numbers(pps.probability, "probability")
    bad = column.missing | (column.values <= 0) | (column.values > 1)
    differs = column.values != column.values[unit_row][stage.unit_of_row]
    if bad.any() or differs.any():
        row = int(np.flatnonzero(bad | differs)[0])
        raise DesignError(
            "An inclusion probability is not one number above 0 and at most 1 for its unit.",
            where=f"column '{pps.probability}', row {row + 1}; {int((bad | differs).sum())} rows in all",
            found="missing" if column.missing[row] else f"{column.values[row]:g}",
            fix="Give the probability with which the first-stage unit was drawn, the same in all its rows.",
        )
    pi = column.values[unit_row]
    whole = np.minimum.reduceat(pi, stage.stratum_start) == 1
    stage = replace(stage, N_h=np.where(whole, stage.n_h, np.inf))
    if np.asarray(stage.lonely).any() and design.lonely_psu not in {"fail", "certainty"}:
        raise DesignError(
            f"The rule '{design.lonely_psu}' for lonely PSUs is not defined for unequal probabilities.",
            fix="Join strata, or declare lonely_psu='certainty'.",
        )
    ids = None if levels is None else tuple(levels[i] for i in unit[unit_row].tolist())
    return stage, make_quadratic(pps, stage, pi, ids)


def _weights(design: Design) -> FloatArray:
    column = design.numbers(design.weight, "weight")
    if not column.missing.any() and column.values.min() >= 1 / LARGEST_WEIGHT and column.values.max() <= LARGEST_WEIGHT:
        return column.values
    faults = {
        "missing": column.missing,
        "negative": ~column.missing & (column.values < 0),
        "zero": ~column.missing & (column.values == 0),
        "too large or too small to compute with": ~column.missing & ~_usable(column.values),
    }
    for kind, rows in faults.items():
        if rows.any():
            raise DesignError(
                f"A weight is {kind}.",
                where=f"column '{design.weight}', first in row {int(np.flatnonzero(rows)[0]) + 1}",
                found=("" if kind == "missing" else f"{column.values[rows][0]:g}; ")
                + f"{int(rows.sum())} of {len(rows)} rows",
                fix="Give every row a positive weight, or leave rows out that were not interviewed."
                if kind in {"missing", "negative", "zero"}
                else "Bring the weights to the size of a population or a sample.",
            )
    return column.values


def _usable(weight: FloatArray) -> BoolArray:
    out: BoolArray = (weight >= 1 / LARGEST_WEIGHT) & (weight <= LARGEST_WEIGHT)
    return out


def _waves(design: Design, n: int) -> tuple[IntArray, tuple[Any, ...]]:
    if design.wave is None:
        return np.zeros(n, dtype=np.int64), (None,)
    grouped = design.groups(design.wave, "wave")
    _no_missing(grouped.codes, design.wave, "wave")
    present, codes = np.unique(grouped.codes, return_inverse=True)
    return codes.astype(np.int64), tuple(grouped.levels[int(level)][0] for level in present)


def per_stage(design: Design) -> tuple[tuple[str | None, ...], tuple[str | None, ...], tuple[str | None, ...]]:
    """Spread strata, units and counts over the stages."""

    def spread(value: PerStage) -> tuple[str | None, ...]:
        return value if isinstance(value, tuple) else (value,)

    psu, strata, fpc = spread(design.psu), spread(design.strata), spread(design.fpc)
    stages = len(psu)
    if None in psu[:-1]:
        raise DesignError(
            "Only the last stage may draw rows themselves (None).", found=repr(psu), fix="Name the units."
        )
    for name, value in (("strata", strata), ("fpc", fpc)):
        if len(value) > stages:
            raise DesignError(
                f"'{name}' names more stages than 'psu'.",
                found=f"{len(value)} and {stages}",
                fix="Give psu one entry per stage; None for rows themselves.",
            )
    return psu, strata + (None,) * (stages - len(strata)), fpc + (None,) * (stages - len(fpc))


def _codes(design: Design, name: str | None, role: str, n: int) -> tuple[IntArray, tuple[Any, ...] | None]:
    if name is None:
        return np.zeros(n, dtype=np.int64), None
    grouped = design.groups(name, role)
    _no_missing(grouped.codes, name, role)
    return grouped.codes, tuple(level[0] for level in grouped.levels)


def _no_missing(codes: IntArray, name: str, role: str) -> None:
    rows = np.flatnonzero(codes < 0)
    if len(rows):
        raise DesignError(
            f"The {role} is missing in some rows.",
            where=f"column '{name}', first in row {int(rows[0]) + 1}",
            found=f"{len(rows)} of {len(codes)} rows",
            fix=f"Give every row a {role}, or declare that a wave has none.",
        )


def _counts(design: Design, name: str) -> FloatArray:
    column = design.numbers(name, "fpc")
    if column.missing.any():
        raise DesignError(
            "The population count (fpc) is missing in some rows.",
            where=f"column '{name}', first in row {int(np.flatnonzero(column.missing)[0]) + 1}",
            fix="Give every stratum its count.",
        )
    return column.values


def _check_nested(
    wave: IntArray,
    waves: tuple[Any, ...],
    stratum: IntArray,
    unit: IntArray,
    levels: tuple[Any, ...] | None,
    design: Design,
) -> None:
    pair_of_row, pair_row = joint(wave, unit)
    wrong = np.flatnonzero(stratum != stratum[pair_row][pair_of_row])
    if len(wrong):
        row = int(wrong[0])
        units = len(np.unique(pair_of_row[wrong]))
        label = levels[int(unit[row])] if levels else row
        at = "" if waves == (None,) else f" in wave {waves[int(wave[row])]}"
        raise DesignError(
            "A PSU id stands in two strata.",
            where=f"PSU {label}{at}, row {row + 1}; {units} PSUs in all",
            found="the same id in several strata",
            fix=f"Correct column '{design.psu}', or say nest=True if ids are unique only within their stratum.",
        )


def _check_lonely(design: Design, layout: Layout) -> None:
    if design.lonely_psu != "fail":
        return
    for s, stage in enumerate(layout.stages):
        lonely = np.flatnonzero(stage.lonely)
        if len(lonely):
            row = int(np.flatnonzero(stage.stratum_of_unit[stage.unit_of_row] == lonely[0])[0])
            wave = "" if design.wave is None else f", wave {layout.waves[int(layout.wave_of_row[row])]}"
            raise DesignError(
                "A stratum has only one sampling unit, so its variance cannot be estimated.",
                where=f"stage {s + 1}, stratum of row {row + 1}{wave}; {len(lonely)} such strata",
                found=f"one unit{_stratum_named(design, s, row)}",
                fix="Join strata, or declare lonely_psu: 'certainty', 'adjust' or 'average'.",
            )


def _stratum_named(design: Design, stage: int, row: int) -> str:
    """Name the stratum of a row as it stands in the data."""
    name = per_stage(design)[1][stage]
    return "" if name is None else f" in stratum {frames.texts(design.frame, name, 'strata')[row]}, column '{name}'"


def _check_overlap(design: Design, stages: int) -> None:
    if design.overlap == "none":
        return
    if design.wave is None:
        raise DesignError(
            "An overlap of waves needs a 'wave' column.", found=f"overlap={design.overlap!r}", fix="Name it."
        )
    if design.case is None and (design.overlap == "unit" or design.psu is None):
        raise DesignError("This overlap of waves is told by respondents, so it needs a 'case' column.", fix="Name it.")
    if stages > 1:
        raise DesignError(
            "Overlapping waves are estimated at the first stage only.",
            found=f"{stages} stages",
            fix="Leave out the stages below the first.",
        )


def _identities(
    design: Design, stage: Stage, unit_row: IntArray, wave: IntArray, codes: tuple[IntArray, IntArray, bool]
) -> tuple[IntArray, IntArray]:
    """Give each unit and stratum the number of the place or person behind it, by the declared overlap."""
    _check_overlap(design, len(per_stage(design)[0]))
    if design.overlap == "none":
        units = stage.unit_of_row if unit_row is stage.unit_of_row else np.arange(stage.size, dtype=np.int64)
        return units, np.arange(len(stage.n_h), dtype=np.int64)
    stratum, unit, rows_are_units = codes
    stratum_of_unit = stratum[unit_row]
    stratum_identity = joint(stratum_of_unit[stage.stratum_start])[0]
    if design.overlap == "psu" and not rows_are_units:
        unit_code = unit[unit_row]
        return (joint(stratum_of_unit, unit_code) if design.nest else joint(unit_code))[0], stratum_identity
    case = design.groups(str(design.case), "case").codes
    _no_missing(case, str(design.case), "case")
    return same_units(stage.unit_of_row, case, wave), stratum_identity
