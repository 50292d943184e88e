"""The outcome of a model: numbers, two values, counts, or levels in an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from survey_kit import checks
from survey_kit.errors import EstimationError, did_you_mean
from survey_kit.models.columns import Source
from survey_kit.models.formula import Parsed, materialise
from survey_kit.types import BoolArray, FloatArray, IntArray

Kind: TypeAlias = Literal["number", "binary", "count", "ordered", "nominal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What is modelled.

    Attributes
    ----------
    name
        The left side of the formula.
    y : (m,)
        Numbers, 0 and 1, or codes of `levels`.
    levels
        Of an ordered outcome from low to high; of a nominal one the base first; of two words the event last; else empty.
    notes
        Sentences about it.
    """

    name: str
    y: FloatArray
    levels: tuple[Any, ...] = ()
    notes: tuple[str, ...] = ()


def take(
    source: Source, parsed: Parsed, rows: IntArray, kind: Kind, levels: Sequence[Any] | None, base: Any
) -> Outcome:
    """Take the outcome of some rows out and check that it is what the model needs.

    Raises
    ------
    EstimationError
        If it is constant, is not what the model needs, or its order is not known.
    """
    if kind in ("ordered", "nominal"):
        return _of_levels(source, parsed, rows, kind, levels, base)
    values = _numbers(source, parsed, rows)
    if values is None:
        if kind != "binary":
            raise EstimationError(
                f"The outcome '{parsed.outcome}' does not hold numbers.",
                fix="Recode it to numbers, or use ordered or multinomial.",
            )
        return _two_words(source, parsed, rows)
    wrong = _wrong(values, kind)
    if wrong.any():
        raise EstimationError(
            f"The outcome '{parsed.outcome}' must {'be 0 or 1' if kind == 'binary' else 'not be negative'}.",
            found=f"{values[wrong][0]:g}; {int(wrong.sum())} of {len(values)} rows",
            fix=f"Name the event: 'I({parsed.outcome} == {values[wrong][0]:g}) ~ ...'."
            if kind == "binary"
            else "Recode the outcome.",
        )
    _not_constant(parsed, values)
    notes = []
    if kind == "binary" and not ((values == 0.0) | (values == 1.0)).all():
        notes.append(f"'{parsed.outcome}' holds shares between 0 and 1: a fractional outcome (quasi-binomial)")
    if kind == "count" and (values != np.round(values)).any():
        notes.append(f"'{parsed.outcome}' holds numbers that are not whole: a quasi-Poisson model of its mean")
    return Outcome(name=parsed.outcome, y=values, notes=tuple(notes))


def _wrong(values: FloatArray, kind: Kind) -> BoolArray:
    if kind == "binary":
        return (values < 0) | (values > 1)
    return values < 0 if kind == "count" else np.zeros(len(values), dtype=bool)


def _not_constant(parsed: Parsed, values: FloatArray) -> None:
    if len(values) and values.min() == values.max():
        raise EstimationError(
            f"The outcome '{parsed.outcome}' is the same in every row of the domain, so no model can be fitted.",
            found=f"{values[0]:g} in {len(values)} rows",
            fix="Widen the domain.",
        )


def _numbers(source: Source, parsed: Parsed, rows: IntArray) -> FloatArray | None:
    """Numbers of the left side; None where it holds words."""
    if parsed.column is not None and parsed.column == parsed.outcome:
        return source.numbers(parsed.column).values[rows] if source.numeric(parsed.column) else None
    if parsed.column is not None:
        return None
    made = materialise(parsed.left, source.frame(parsed.names, rows), parsed.text)
    columns = [name for name in made.columns if name != "Intercept"]
    if len(columns) != 1:
        raise EstimationError(
            f"The left side of the formula makes {'several columns' if columns else 'no column'}.",
            found=", ".join(map(str, columns[:4])) or "none",
            fix="Name one column, or one event such as I(vote == 'yes').",
        )
    values: FloatArray = np.asarray(made[columns[0]].to_numpy(dtype=np.float64))
    bad = ~np.isfinite(values)
    if bad.any():
        raise EstimationError(
            f"'{parsed.outcome}' is not a finite number in some rows.",
            found=f"{int(bad.sum())} of {len(bad)} rows, first row {int(rows[np.flatnonzero(bad)[0]]) + 1}",
            fix="Correct the values or leave them out with where.",
        )
    return values


def _codes(source: Source, parsed: Parsed, rows: IntArray) -> tuple[IntArray, list[Any]]:
    """Codes and levels of the left side, those without rows left out."""
    if parsed.column is not None:
        grouped = source.groups(parsed.column)
        codes, labels = grouped.codes[rows], [level[0] for level in grouped.levels]
    else:
        values = _numbers(source, parsed, rows)
        found, codes = np.unique(values if values is not None else np.zeros(0), return_inverse=True)
        labels = [int(value) if float(value).is_integer() else float(value) for value in found]
    used = np.flatnonzero(np.bincount(codes, minlength=len(labels)))
    place = np.full(len(labels), -1, dtype=np.int64)
    place[used] = np.arange(len(used))
    return place[codes], [labels[int(i)] for i in used]


def _two_words(source: Source, parsed: Parsed, rows: IntArray) -> Outcome:
    codes, labels = _codes(source, parsed, rows)
    if len(labels) > 2:
        raise EstimationError(
            f"The outcome '{parsed.outcome}' has {len(labels)} levels; this model needs two.",
            found=", ".join(map(repr, labels[:6])),
            fix=f"Name the event: 'I({parsed.column} == {labels[-1]!r}) ~ ...', or use multinomial.",
        )
    if len(labels) < 2:
        raise EstimationError(
            f"The outcome '{parsed.outcome}' is the same in every row of the domain, so no model can be fitted.",
            found=f"{labels[0]!r} in {len(codes)} rows" if labels else "no rows",
            fix="Widen the domain.",
        )
    note = f"outcome: {parsed.column} = {labels[1]!r} against {labels[0]!r}"
    return Outcome(name=parsed.outcome, y=codes.astype(np.float64), levels=tuple(labels), notes=(note,))


def _of_levels(
    source: Source, parsed: Parsed, rows: IntArray, kind: Kind, levels: Sequence[Any] | None, base: Any
) -> Outcome:
    codes, labels = _codes(source, parsed, rows)
    if len(labels) < 2:
        raise EstimationError(
            f"The outcome '{parsed.outcome}' is the same in every row of the domain, so no model can be fitted.",
            found=f"{labels[0]!r} in {len(codes)} rows" if labels else "no rows",
            fix="Widen the domain.",
        )
    if kind == "ordered":
        order = _order(source, parsed, labels, levels)
        note = f"outcome: {parsed.outcome} from {labels[order[0]]!r} (low) to {labels[order[-1]]!r} (high)"
    else:
        first = labels[0] if base is None else base
        if first not in labels:
            raise EstimationError(
                f"The base {base!r} is not a level of '{parsed.outcome}' in the domain.",
                fix=did_you_mean(str(base), labels),
            )
        order = [labels.index(first), *(i for i, label in enumerate(labels) if label != first)]
        note = f"outcome: {parsed.outcome}, each level against {first!r}"
    place = np.empty(len(labels), dtype=np.int64)
    place[order] = np.arange(len(order))
    return Outcome(
        name=parsed.outcome,
        y=place[codes].astype(np.float64),
        levels=tuple(labels[i] for i in order),
        notes=(note,),
    )


def _order(source: Source, parsed: Parsed, labels: list[Any], levels: Sequence[Any] | None) -> list[int]:
    """Places of the labels from low to high."""
    if levels is not None:
        if isinstance(levels, str) or not isinstance(levels, Sequence):
            raise EstimationError(
                "'levels' is a list.", found=checks.shown(levels), fix="Name all levels from low to high: [1, 2, 3]."
            )
        unknown = [label for label in labels if label not in levels]
        if unknown:
            raise EstimationError(
                f"'levels' leaves out a level of '{parsed.outcome}'.",
                found=", ".join(map(repr, unknown[:4])),
                fix="Name all levels from low to high.",
            )
        return sorted(range(len(labels)), key=lambda i: list(levels).index(labels[i]))
    words = all(isinstance(label, str) for label in labels)
    if words and parsed.column is not None and source.kind(parsed.column) == "words":
        raise EstimationError(
            f"The order of the levels of '{parsed.outcome}' is not known.",
            found=", ".join(map(repr, labels[:6])),
            fix="Name them from low to high with levels=, or make the column an ordered category.",
        )
    return list(range(len(labels)))
