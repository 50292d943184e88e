"""A design over a table that stays in its engine: one grouped query gives its units, and their layout is like any other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit import frames
from survey_kit.design.arrays import per_stage
from survey_kit.errors import DesignError, FrameError
from survey_kit.types import FloatArray

if TYPE_CHECKING:
    from survey_kit.design.design import Design

WEIGHT = f"{frames.engine.RESERVED}w"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Units:
    """The last sampled units of a table (U of them), by the design's columns.

    Attributes
    ----------
    frame
        One row per unit: the design's columns and the sum of its weights.
    columns
        The columns that tell units apart: wave, then strata and units of every stage.
    place
        The row of each combination of their values.
    n, squares, low, high : (U,)
        Rows, sum of squared weights, smallest and largest weight.
    """

    frame: Any
    columns: tuple[str, ...]
    place: dict[tuple[Any, ...], int]
    n: FloatArray
    squares: FloatArray
    low: FloatArray
    high: FloatArray


def units_of(design: Design) -> Units:
    """Group the table by the design's columns.

    Raises
    ------
    DesignError
        If the design needs single rows (units that are rows, cases, replicate columns, calibration), or a weight is not positive.
    """
    _check_possible(design)
    psu, strata, fpc = per_stage(design)
    named = [design.wave, *(name for pair in zip(strata, psu, strict=True) for name in pair)]
    columns = tuple(dict.fromkeys(name for name in named if name is not None))
    counts = {name: frames.engine.expression(design.frame, name, "fpc") for name in dict.fromkeys(fpc) if name}
    weight = frames.engine.expression(design.frame, design.weight, "weight")
    right = weight.known & (weight.value > 0)
    found = frames.engine.sums(
        design.frame,
        columns,
        {
            "n": None,
            "w": weight.value,
            "squares": weight.value * weight.value,
            "wrong": (~right).cast("float64"),
            **{f"lacking {name}": (~count.known).cast("float64") for name, count in counts.items()},
        },
        extremes={"weight": weight.value, **{name: count.value for name, count in counts.items()}},
    )
    part = found.measures
    if not part["n"].sum():
        raise DesignError("The design has no rows.", fix="Check what was read.")
    if part["wrong"].any():
        raise DesignError(
            "A weight is missing, zero or negative.",
            where=f"column '{design.weight}'",
            found=f"{int(part['wrong'].sum())} of {int(part['n'].sum())} rows",
            fix="Give every row a positive weight, or leave rows out that were not interviewed.",
        )
    data: dict[str, Any] = {name: [key[i] for key in found.keys] for i, name in enumerate(columns)}
    for name in counts:
        _check_count(name, part)
        data[name] = part[f"{name}_max"]
    return Units(
        frame=frames.from_columns({**data, WEIGHT: part["w"]}, "pandas"),
        columns=columns,
        place={key: i for i, key in enumerate(found.keys)},
        n=part["n"],
        squares=part["squares"],
        low=part["weight_min"],
        high=part["weight_max"],
    )


def _check_count(name: str, part: dict[str, FloatArray]) -> None:
    if part[f"lacking {name}"].any():
        raise DesignError(
            "The population count (fpc) is missing in some rows.",
            where=f"column '{name}'",
            fix="Give every stratum its count.",
        )
    if (part[f"{name}_min"] != part[f"{name}_max"]).any():
        u = int(np.flatnonzero(part[f"{name}_min"] != part[f"{name}_max"])[0])
        raise DesignError(
            "The population count (fpc) differs within a unit.",
            where=f"column '{name}'",
            found=f"{part[f'{name}_min'][u]:g} and {part[f'{name}_max'][u]:g}",
            fix="Give one count per stratum.",
        )


def _check_possible(design: Design) -> None:
    if any(str(name).startswith(frames.engine.RESERVED) for name in frames.columns(design.frame)):
        raise FrameError(
            f"Column names that begin with '{frames.engine.RESERVED}' are kept for the queries.",
            fix="Rename the column.",
        )
    psu = per_stage(design)[0]
    reasons = {
        "rows that are units themselves (psu)": None in psu,
        "replicate columns": getattr(design.replicates, "weights", None) is not None
        or (design.replicates is not None and not hasattr(design.replicates, "factors")),
        "calibration": bool(design.calibration),
        "unequal probabilities": design.pps is not None,
        "overlap by cases": design.overlap == "unit",
    }
    for what, needed in reasons.items():
        if needed:
            raise DesignError(
                f"A table in an engine is seen by its units only, so {what} cannot be used.",
                fix="Take the rows into memory (table.to_pandas()), or name a PSU column.",
            )
