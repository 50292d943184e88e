"""The log of a plan: what every step did to the weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from survey_kit.design import Design

SAME = 1e-12


def line(kind: str, before: Design | None, after: Design, note: str) -> dict[str, Any]:
    """Give the line of one step.

    Kish's (1965) design effect of unequal weights is ``n sum w^2 / (sum w)^2``, the effective number n over it.
    """
    inside = after.inside()
    w = after.layout.weight[inside]
    total, squares = float(w.sum()), float((w**2).sum())
    deff = float(len(w) * squares / total**2) if total else float("nan")
    changed = fell = 0
    if before is not None:
        old = before.layout.weight
        stays = before.inside() & inside
        changed = int((np.abs(after.layout.weight - old) > SAME * np.abs(old))[stays].sum())
        fell = int((before.inside() & ~inside).sum())
    rule = before is not None and any(step.rule is not None for step in after.calibration[len(before.calibration) :])
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
        "note": note,
        "replicate_only": rule,
    }


def shown(log: Any) -> Any:
    """Round a log for a reader."""
    out = log.copy()
    for name, digits in (("sum", 1), ("min", 3), ("max", 3), ("deff", 3), ("n_effective", 1)):
        out[name] = [f"{value:,.{digits}f}" for value in log[name]]
    return out
