"""What is imputed from: the rows, their weights, and which missing answers may be filled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from survey_kit import checks, frames
from survey_kit.design import Design
from survey_kit.errors import EstimationError
from survey_kit.responses import Responses
from survey_kit.types import MISSING_KINDS, BoolArray, FloatArray, Frame, IntArray, MissingKind

Reasons = Sequence[MissingKind] | MissingKind | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Rows to impute from.

    Attributes
    ----------
    given
        What the caller gave: a frame, responses or a design.
    frame
        Its frame.
    weight : (n,)
    inside : (n,)
        The rows concerned.
    design, responses
        The design and the responses there are.
    reasons
        Which reasons of a missing answer are imputed; None where the data give no reasons.
    """

    given: Any
    frame: Frame
    weight: FloatArray
    inside: BoolArray
    design: Design | None
    responses: Responses | None
    reasons: tuple[MissingKind, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The rows of one item.

    Attributes
    ----------
    donors : (d,)
        Rows with an answer and a weight.
    recipients : (r,)
        Rows whose missing answer is filled.
    notes
        What the data do not say.
    """

    item: str
    donors: IntArray
    recipients: IntArray
    notes: tuple[str, ...]


def take_source(given: Any, weight: str | None, where: str | None, reasons: Reasons) -> Source:
    """Take rows and weights, and check what was declared.

    Raises
    ------
    EstimationError
        If weights are lacking, negative or missing, the rows stay in an engine, or reasons do not fit the data.
    """
    design = given if isinstance(given, Design) else None
    responses = given if isinstance(given, Responses) else design.source if design is not None else None
    frame = design.frame if design is not None else responses.frame if responses is not None else given
    if frames.engine.is_engine(frame):
        raise EstimationError(
            "Imputation needs single rows, and the table's rows stay in their engine.",
            fix="Take the columns into memory first: table.select(...).to_pandas().",
        )
    if design is None and weight is None:
        raise EstimationError(
            "Imputation from a frame needs its weights.",
            fix="Say weight='column', or give a Design instead of the frame.",
        )
    n = frames.row_count(frame)
    inside = np.ones(n, dtype=bool) if where is None else frames.flags(frame, where)
    return Source(
        given=given,
        frame=frame,
        weight=_weights(frame, weight) if weight is not None or design is None else _positive(design.layout.weight),
        inside=inside,
        design=design,
        responses=responses,
        reasons=_declared(reasons, responses),
    )


def _weights(frame: Frame, name: str | None) -> FloatArray:
    column = frames.numbers(frame, str(name), "weight")
    if column.missing.any():
        raise EstimationError(
            "Weights are missing.",
            where=f"column '{name}'",
            found=f"{int(column.missing.sum())} rows",
            fix="Give every row a weight; 0 for rows that must not be donors.",
        )
    return _positive(column.values)


def _positive(w: FloatArray) -> FloatArray:
    if (w < 0).any():
        raise EstimationError(
            "A donor cannot be drawn with a negative weight.",
            found=f"{int((w < 0).sum())} rows",
            fix="Calibrate with distance='raking', or name the weights before calibration: weight='column'.",
        )
    return w


def _declared(reasons: Reasons, responses: Responses | None) -> tuple[MissingKind, ...] | None:
    if reasons is None:
        return None
    if responses is None:
        raise EstimationError(
            "The data do not say why answers are missing.",
            found="reasons= with a frame",
            fix="Give responses, or name the rows concerned: where='column' of true and false.",
        )
    kinds = (reasons,) if isinstance(reasons, str) else tuple(reasons)
    for kind in kinds:
        checks.choice(kind, "reason of a missing answer", MISSING_KINDS, EstimationError)
    if "not_asked" in kinds:
        raise EstimationError(
            "Who was not asked is never imputed.", found="reasons with 'not_asked'", fix="Leave 'not_asked' out."
        )
    return kinds


def take_target(source: Source, item: str) -> Target:
    """Find who gives and who receives an item.

    Raises
    ------
    EstimationError
        If it belongs to the design, nobody answered, or the reasons to impute are not declared.
    """
    if source.design is not None and item in _design_columns(source.design):
        raise EstimationError(
            f"'{item}' belongs to the design and cannot be imputed.",
            fix="Complete strata, units and waves from the frame.",
        )
    missing = missing_rows(source.frame, item)
    wanted, notes = source.inside & missing, []
    if source.responses is not None and item in source.responses.missing:
        if source.reasons is None and wanted.any():
            raise EstimationError(
                f"Say which missing answers of '{item}' are imputed.",
                fix="Declare reasons=('dont_know', 'refused', 'no_answer') or others; who was not asked is never imputed.",
            )
        codes = [MISSING_KINDS.index(kind) for kind in source.reasons or ()]
        wanted &= np.isin(source.responses.missing[item].cat.codes.to_numpy(), codes)
        left = int((source.inside & missing & ~wanted).sum())
        if left:
            notes.append(f"'{item}': {left} missing answers are of other reasons (or were not asked) and stay missing")
    elif wanted.any():
        notes.append(f"'{item}': the data do not say why answers are missing, all {int(wanted.sum())} are imputed")
    donors = np.flatnonzero(source.inside & ~missing & (source.weight > 0))
    if not len(donors):
        raise EstimationError(
            f"Nobody answered '{item}', so there is no donor.",
            where=f"column '{item}'",
            found=f"{int((source.inside & missing).sum())} missing answers",
            fix="Impute items with answers, or widen where=.",
        )
    return Target(item=item, donors=donors, recipients=np.flatnonzero(wanted), notes=tuple(notes))


def missing_rows(frame: Frame, item: str) -> BoolArray:
    """Tell which rows (n,) lack a value."""
    if frames.kind(frame, item) == "number":
        return frames.numbers(frame, item).missing
    return np.asarray(frames.group(frame, (item,), "item").codes < 0)


def _design_columns(design: Design) -> set[str]:
    parts = (design.weight, design.strata, design.psu, design.fpc, design.wave, design.case)
    return {name for part in parts for name in named(part)}


def named(columns: str | Sequence[str | None] | None) -> set[str]:
    """Name the columns of a declaration with one or several stages."""
    return {columns} if isinstance(columns, str) else {name for name in columns or () if name is not None}


def clusters_left_out(source: Source, used: set[str], *, drawn: bool) -> list[str]:
    """Say so when the imputation does not know the units of a clustered sample."""
    if source.design is None or not named(source.design.psu) or used & named(source.design.psu):
        return []
    mended = "in part made up for by drawing units" if drawn else "draws='units' makes up for part of it"
    lost = "what people of one unit share beyond the predictors is lost for imputed answers"
    return [f"units are not part of the imputation: {lost}, and standard errors are too small by that; {mended}"]


def check_times(times: int) -> int:
    """Return a number of imputations from which a variance between them can be had.

    Raises
    ------
    EstimationError
        If it is less than 2.
    """
    if isinstance(times, bool) or not isinstance(times, int | np.integer) or times < 2:
        raise EstimationError(
            "At least two imputations are needed, or standard errors would not know what was imputed.",
            found=f"times={times!r}",
            fix="Say times=20.",
        )
    return int(times)


def generators(rng: np.random.Generator | int, times: int) -> list[np.random.Generator]:
    """Give every imputation its own stream, so that more imputations leave the first as they are.

    Raises
    ------
    EstimationError
        If `rng` is neither a generator nor a seed.
    """
    if isinstance(rng, np.random.Generator):
        return list(rng.spawn(times))
    if isinstance(rng, bool) or not isinstance(rng, int | np.integer) or rng < 0:
        raise EstimationError(
            "rng is a generator or a seed.", found=checks.shown(rng), fix="Say rng=7, or numpy.random.default_rng(7)."
        )
    return list(np.random.default_rng(int(rng)).spawn(times))
