"""What a design declares, checked before any column is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from survey_kit import checks
from survey_kit.design.calibration import Calibration
from survey_kit.design.pps import Pps, TwoPhase
from survey_kit.errors import DesignError

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
