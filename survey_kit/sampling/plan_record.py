"""The record of a plan as it was drawn, and drawing it again from the record."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit.errors import DesignError
from survey_kit.sampling.plan import SamplePlan
from survey_kit.sampling.plan_stage import StageDraw
from survey_kit.sampling.select import restored
from survey_kit.types import Frame

if TYPE_CHECKING:
    from survey_kit.sampling.plan_draw import PlanDraw

SCHEMA = "survey-kit/plan-draw/1"


def record_of(drawn: PlanDraw) -> dict[str, Any]:
    """Give all that repeats and audits a plan as plain values."""
    out = {"schema": SCHEMA, "plan": drawn.plan.to_dict(), "stages": [_stage(one) for one in drawn.stages]}
    return dict(json.loads(json.dumps(out, ensure_ascii=False)))


def _stage(one: StageDraw) -> dict[str, Any]:
    levels = one.draw.prepared.strata.levels
    released = {" | ".join(map(str, level)): int(k) for level, k in zip(levels, one.released, strict=True) if k}
    return {
        "unit": one.stage.unit,
        "seed": one.seed,
        "units": len(one.rows),
        "reserve": int(one.reserve.sum()),
        "released": released,
        "empty": [list(key) for key in one.empty],
        "turn_digest": hashlib.sha256(one.turn.astype("<i8", copy=False).tobytes()).hexdigest(),
        "draw": one.draw.record.to_dict(),
    }


def repeat_plan(listings: Sequence[Frame], record: Mapping[str, Any] | str) -> PlanDraw:
    """Draw a plan again from its record.

    Parameters
    ----------
    listings
        The frame and the listings of the later stages, as they were, in any library.
    record
        What ``PlanDraw.to_dict`` or ``PlanDraw.to_json`` gave.

    Raises
    ------
    DesignError
        If it is no such record, a frame is another one, or the numbers come out differently; the stage is named.

    Examples
    --------
    >>> import pandas as pd
    >>> from survey_kit.sampling import SamplePlan, Stage
    >>> towns = pd.DataFrame({"town": range(9)})
    >>> drawn = SamplePlan(stages=(Stage(unit="town", n=3, reserve=1),)).draw(towns, rng=5).release(1)
    >>> repeat_plan([towns], drawn.to_json()).last.rows.tolist() == drawn.last.rows.tolist()
    True
    """
    held = json.loads(record) if isinstance(record, str) else record
    stages = held.get("stages") if isinstance(held, Mapping) else None
    if not isinstance(stages, list) or held.get("schema") != SCHEMA:
        raise DesignError("This is no record of a plan.", fix="Give what PlanDraw.to_dict or to_json gave.")
    if len(listings) != len(stages):
        found = f"{len(listings)} frames, {len(stages)} stages"
        raise DesignError("A frame is needed for each stage that was drawn.", found=found, fix="Give them in order.")
    plan = SamplePlan.read(held["plan"])
    drawn: PlanDraw | None = None
    for number, (frame, told) in enumerate(zip(listings, stages, strict=True), 1):
        seed = told["seed"]
        luck = restored(seed) if isinstance(seed, Mapping) else seed
        if drawn is None:
            drawn = plan.draw(frame, rng=luck)
        else:
            drawn = drawn.next_stage(frame, rng=luck, empty=[tuple(key) for key in told["empty"]])
        drawn = _checked(drawn, told, number)
    if drawn is None:
        raise DesignError("The record holds no stage.", fix="Give what PlanDraw.to_dict gave.")
    return drawn


def _checked(drawn: PlanDraw, told: Mapping[str, Any], number: int) -> PlanDraw:
    """Refuse a stage that differs from its record, and release what had been released."""
    now, then = drawn.last.draw.record.to_dict(), told["draw"]
    where = f"stage {number}, unit '{told['unit']}'"
    if now["frame_digest"] != then["frame_digest"]:
        raise DesignError(
            "This is not the frame that the stage was drawn from.",
            where=f"{where}; {then['frame_rows']} rows then, {now['frame_rows']} now",
            found=f"SHA-256 {now['frame_digest'][:16]}... now, {then['frame_digest'][:16]}... in the record",
            fix="Use the frame as it was.",
        )
    turn = hashlib.sha256(drawn.last.turn.astype("<i8", copy=False).tobytes()).hexdigest()
    if now["rows_digest"] != then["rows_digest"] or turn != told["turn_digest"]:
        raise DesignError(
            "The stage came out differently.",
            where=where,
            found=f"NumPy {np.__version__} now, {then['numpy']} then",
            fix=f"Install numpy=={then['numpy']} and draw again.",
        )
    levels = drawn.last.draw.prepared.strata.levels
    keys = {" | ".join(map(str, level)): h for h, level in enumerate(levels)}
    released = np.zeros(len(levels), dtype=np.int64)
    for key, count in told["released"].items():
        released[keys[key]] = count
    return replace(drawn, stages=(*drawn.stages[:-1], replace(drawn.last, released=released)))
