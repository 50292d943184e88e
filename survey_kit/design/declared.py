"""What a design declares, checked before any column is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit import checks, frames
from survey_kit.design.calibration import Calibration
from survey_kit.design.pps import Pps, TwoPhase
from survey_kit.errors import DesignError
from survey_kit.types import FloatArray, Frame

if TYPE_CHECKING:
    from survey_kit.design.design import Design


def check_declared(design: Design) -> None:
    """Check the kinds of what was declared; lists become tuples.

    Raises
    ------
    DesignError
        If a role does not name columns, or an option is not what it must be.
    """
    for role in ("weight", "wave", "case"):
        value = getattr(design, role)
        if not isinstance(value, str) and not (value is None and role != "weight"):
            raise DesignError(
                f"'{role}' names one column.", found=checks.shown(value), fix=f"Write {role}='its name', as text."
            )
    for role in ("strata", "psu", "fpc"):
        object.__setattr__(design, role, _per_stage(getattr(design, role), role))
    for role in ("nest", "compiled"):
        if not isinstance(getattr(design, role), bool):
            raise DesignError(
                f"'{role}' is True or False.", found=checks.shown(getattr(design, role)), fix="Say which."
            )
    if design.calibration is None or isinstance(design.calibration, list):
        object.__setattr__(design, "calibration", tuple(design.calibration or ()))
    if not isinstance(design.calibration, tuple) or any(not isinstance(s, Calibration) for s in design.calibration):
        raise DesignError(
            "'calibration' holds steps that were made by calibrating.",
            found=checks.shown(design.calibration),
            fix="Leave it out, and call post_stratify, rake or calibrate on the design.",
        )
    if design.pps is not None and not isinstance(design.pps, (Pps, TwoPhase)):
        raise DesignError(
            "'pps' says how units were drawn with unequal probabilities.",
            found=checks.shown(design.pps),
            fix="Write pps=sk.Pps(probability='its column').",
        )


def take_over(design: Design, made: Design) -> None:
    """Give a design the weight column and the steps of one whose weights a plan has made."""
    if design.calibration:
        raise DesignError(
            "The weights of a plan come with their own steps.",
            found=f"calibration={checks.shown(design.calibration)}",
            fix="Leave calibration out, and calibrate afterwards.",
        )
    object.__setattr__(design, "weight", made.weight)
    object.__setattr__(design, "calibration", made.calibration)


def with_base(frame: Frame, name: str, weight: FloatArray) -> Frame:
    """Give the frame with the column of weights (n,) the steps start from; one it has already has to be the same.

    Raises
    ------
    DesignError
        If the frame has other rows than the weights.
    """
    fix = "Give the rows the weights were made of, in their order."
    if frames.engine.is_engine(frame):
        raise DesignError("Weights made in memory do not go with a table whose rows stay in their engine.", fix=fix)
    if frames.row_count(frame) != len(weight):
        found = f"{frames.row_count(frame)} rows, {len(weight)} weights"
        raise DesignError("The frame does not have the rows of the weights.", found=found, fix=fix)
    if name not in frames.columns(frame):
        return frames.with_column(frame, name, weight)
    column = frames.numbers(frame, name, "weight")
    differs = column.missing | (column.values != weight)
    if differs.any():
        row = int(np.flatnonzero(differs)[0])
        raise DesignError(
            "The frame does not have the rows of the weights.",
            where=f"column '{name}', row {row + 1}",
            found=f"{column.values[row]:g}, not {weight[row]:g}; {int(differs.sum())} rows in all",
            fix=fix,
        )
    return frame


def _per_stage(value: Any, role: str) -> Any:
    """Give a name, None, or a tuple of them."""
    out = tuple(value) if isinstance(value, list) else value
    stages = out if isinstance(out, tuple) else (out,)
    if not stages or any(stage is not None and not isinstance(stage, str) for stage in stages):
        raise DesignError(
            f"'{role}' names a column, or one column (or None) per stage.",
            found=checks.shown(value),
            fix=f"Write {role}='its name' or {role}=('first', 'second').",
        )
    return out


def check_design(design: Any) -> None:
    """Refuse what is no design, such as the frame itself.

    Raises
    ------
    DesignError
        If it is not a :class:`Design`.
    """
    if not callable(getattr(design, "replicate_weights", None)):
        raise DesignError(
            "This is not a design.",
            found=checks.shown(design),
            fix="Declare one, design = sk.Design(frame, weight='its column', ...), and give it first.",
        )
