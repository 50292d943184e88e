"""The log of a plan: what every step did to the weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from survey_kit.design import Design
from survey_kit.types import BoolArray, FloatArray

SAME = 1e-12
MISSED = 1e-6  # relative error of a target that was reached before


def line(kind: str, before: Design | None, after: Design, note: str) -> dict[str, Any]:
    """Give the line of one step."""
    rule = before is not None and any(step.rule is not None for step in after.calibration[len(before.calibration) :])
    was = None if before is None else (before.layout.weight, before.inside())
    return counted(kind, was, (after.layout.weight, after.inside())) | {"note": note, "replicate_only": rule}


def counted(
    kind: str, before: tuple[FloatArray, BoolArray] | None, after: tuple[FloatArray, BoolArray]
) -> dict[str, Any]:
    """Count what a step did to weights (m,), given with who is in (m,) before and after it.

    Kish's (1965) design effect of unequal weights is ``n sum w^2 / (sum w)^2``, the effective number n over it.
    """
    weight, inside = after
    w = weight if inside.all() else weight[inside]
    total, squares = float(w.sum()), float(np.einsum("i,i->", w, w))
    deff = float(len(w) * squares / total**2) if total else float("nan")
    changed = fell = 0
    if before is not None:
        old, could = before
        stays = could & inside
        moved, least = weight - old, np.abs(old)
        least *= SAME
        changed = int(((np.abs(moved, out=moved) > least) & stays).sum())
        fell = int(could.sum() - stays.sum())
    return {
        "step": kind,
        "rows": len(w),
        "changed": changed,
        "fell_out": fell,
        "sum": total,
        "min": float(w.min(initial=np.inf)),
        "max": float(w.max(initial=-np.inf)),
        "deff": deff,
        "n_effective": len(w) / deff if deff else float("nan"),
    }


def missed(before: Design, after: Design) -> str:
    """Say which level, reached by an earlier step, the last one misses most; nothing when all are kept.

    Levels with fixed totals are looked at, not totals of numbers nor targets that move with the weights.
    """
    worst, said = MISSED, ""
    for step in before.calibration:
        if step.relative is not None or step.response is not None or not step.size:
            continue
        first = 0
        for block in step.columns:
            target = step.target[first : first + block.size]
            first += block.size
            if block.value is not None:
                continue
            reached, had = (block.sums(design.layout.weight) / target - 1 for design in (after, before))
            kept = np.where(np.abs(had) < MISSED, np.abs(reached), 0.0)
            at = int(np.argmax(kept)) if len(kept) else 0
            if len(kept) and kept[at] > worst:
                worst, said = float(kept[at]), f"misses the target of {block.names[at]} by {reached[at]:+.2%}"
    return said


def waves_told(design: Design) -> list[str]:
    """Say of every wave how many cases carry a weight and what they are worth; nothing for a single wave."""
    if len(design.waves) < 2:
        return []
    return [
        f"Wave {one['wave']}: {one['n']:,} cases, weights from {one['weight_min']:,.4g} to {one['weight_max']:,.4g} (sum "
        f"{one['weight_sum']:,.0f}), worth {one['n'] / one['deff_kish']:,.0f} with equal weights."
        for one in design.describe()
        if one["n"]
    ]


def shown(log: Any) -> Any:
    """Round a log for a reader."""
    out = log.copy()
    for name, digits in (("sum", 1), ("min", 3), ("max", 3), ("deff", 3), ("n_effective", 1)):
        out[name] = [f"{value:,.{digits}f}" for value in log[name]]
    return out
