"""What the code of any package needs to know about a design, by the names of columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from survey_kit import frames
from survey_kit.design.arrays import per_stage
from survey_kit.design.calibrate_controls import Margin, by_wave, read_levels, read_margins, settle
from survey_kit.design.calibration import Calibration
from survey_kit.design.declared import check_design
from survey_kit.design.design import Design
from survey_kit.design.make_replicates_panel import panel_of
from survey_kit.errors import DesignError
from survey_kit.types import FloatArray, LonelyPsu

Names: TypeAlias = tuple[str | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One calibration as the targets it reaches: of everybody, of levels, or of a number within levels."""

    calibration: Calibration
    margins: tuple[Margin, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Replication:
    """Replicate columns of the file; `usual` says that the coefficients are those any package takes for the method."""

    method: str
    columns: tuple[str, ...]
    combined: bool
    coefficients: FloatArray
    usual: bool
    rho: float
    mse: bool
    df: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Facts:
    """A design by the names of its columns.

    Attributes
    ----------
    weight
        Column of the weight the code uses.
    psu, strata, fpc
        One entry for every stage that counts; None for rows, no strata, no correction.
    nest
        Ids of units are unique only within what stands above them.
    wave, waves
        Column of the waves and their labels, in order.
    crossed
        The strata are crossed with the waves: these share no units, or none that can be told.
    steps
        Calibration still to be done by the code.
    replication
        Replicate columns, when the design has them.
    known
        Names taken in the file.
    remarks
        What a reader of the code should know.
    """

    weight: str
    psu: Names
    strata: Names
    fpc: Names
    nest: bool
    wave: str | None
    waves: tuple[Any, ...]
    crossed: bool
    lonely_psu: LonelyPsu
    steps: tuple[Step, ...]
    replication: Replication | None
    known: frozenset[str]
    remarks: tuple[str, ...]

    def free(self, name: str) -> str:
        """Give a name no column of the file has."""
        while name in self.known:
            name += "_"
        return name


def facts_of(design: Design, prefix: str) -> Facts:
    """Read a design, refusing what cannot be said by columns of a file."""
    check_design(design)
    if design.pps is not None:
        raise DesignError(
            "Designs with unequal probabilities without replacement or two phases are not exported.",
            fix="Write R's svydesign(pps = ...) or twophase() by hand, or export the design without pps.",
        )
    replication = None if design.replicates is None else _replication(design, prefix)
    psu, strata, fpc = per_stage(design)
    stages = len(design.layout.stages)
    shared = design.overlap != "none" and _is_panel(design)
    public = replication is not None and not design.replicates.columns
    return Facts(
        weight=f"{prefix}0" if public or (replication is not None and design.calibration) else design.weight,
        psu=psu[:stages],
        strata=strata[:stages],
        fpc=fpc[:stages],
        nest=design.nest or stages > 1 or (design.wave is not None and not shared),
        wave=design.wave,
        waves=design.waves,
        crossed=design.wave is not None and not shared,
        lonely_psu=design.lonely_psu,
        steps=() if replication is not None else tuple(_step(design, step) for step in design.calibration),
        replication=replication,
        known=frozenset(map(str, frames.columns(design.frame))),
        remarks=_remarks(design, shared),
    )


def _is_panel(design: Design) -> bool:
    """Tell whether every wave holds the same units, by ids that stand in the file, with the same finite population."""
    layout = design.layout
    stage, panel = layout.stages[0], panel_of(layout)
    everywhere = len(np.unique(layout.identity)) * len(layout.waves) == stage.size
    if design.overlap != "psu" or design.psu is None or not everywhere or panel.rotating.any():
        return False
    N_p = stage.N_h[stage.stratum_of_unit]
    return bool(np.array_equal(N_p, N_p[panel.drawn[panel.source]]))


def _remarks(design: Design, shared: bool) -> tuple[str, ...]:
    layout = design.layout
    first = layout.stages[0]
    strata = "1 stratum" if len(first.n_h) == 1 else f"{len(first.n_h)} strata"
    out = [f"{design.n} rows, {first.size} first-stage units in {strata}", *design.assumptions()]
    if design.replicates is not None:
        return tuple(out)
    if design.wave is not None:
        if shared:
            out.append(f"all waves hold the same units: '{design.wave}' is a domain, and changes have their covariance")
        elif design.overlap != "none":
            out.append(
                "units of several waves are taken as different ones: the standard error of a wave is right, that of a "
                "change leaves out the covariance; replicate weights made here (JKn, bootstrap) carry it"
            )
    if any(step.residuals == "derivative" and step.distance.name != "linear" for step in design.calibration):
        out.append("after raking and other distances than linear R's residuals are those of residuals='R' here")
    if len(design.calibration) > 1:
        out.append("chains of calibrations: R's residuals are those of residuals='R' here")
    return tuple(out)


def _replication(design: Design, prefix: str) -> Replication:
    made = design.replicates
    R = made.size
    own = bool(made.columns) and not design.calibration
    usual = {
        "BRR": 1 / R,
        "Fay": 1 / (R * (1 - made.rho) ** 2),
        "SDR": 4 / R,
        "ACS": 4 / R,
    }.get(made.method)
    first = design.layout.stages[0]
    return Replication(
        method=made.method,
        columns=made.columns if own else tuple(f"{prefix}{r}" for r in range(1, R + 1)),
        combined=made.combined if own else True,
        coefficients=made.coefficients,
        usual=usual is not None and bool(np.allclose(made.coefficients, usual, rtol=1e-12)),
        rho=made.rho,
        mse=made.mse,
        df=float(first.size - len(first.n_h)) if made.df is None else made.df,
    )


def _step(design: Design, step: Calibration) -> Step:
    if step.kind not in {"post_stratify", "rake", "calibrate"} or step.distance.name == "sinh":
        raise _not_said(f"'{step.kind}' with the {step.distance.name} distance")
    if step.soft is not None:
        raise _not_said("targets that may be missed, or limits of the weights")
    asked: Mapping[str, Any] = step.asked
    if step.kind == "post_stratify":
        by = (asked["by"],) if isinstance(asked["by"], str) else tuple(asked["by"])
        read = [read_levels(wave, by, part) for wave, part in by_wave(design, asked["totals"], "totals").items()]
    else:
        controls = asked["margins" if step.kind == "rake" else "controls"]
        parts = by_wave(design, controls, "controls")
        read = [margin for wave, part in parts.items() for margin in read_margins(wave, part)]
    margins = settle(design, read, asked["population"])
    if any(margin.share_of is not None for margin in margins):
        raise _not_said("shares of the weights themselves")
    return Step(calibration=step, margins=tuple(margins))


def _not_said(what: str) -> DesignError:
    return DesignError(
        "This calibration cannot be written as code of another package.",
        found=what,
        fix="Make replicates and export those: their weights carry the calibration (public_replicate_weights).",
    )
