"""From a design and a formula to the arrays a likelihood is maximised on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from survey_kit import checks, frames
from survey_kit.design import Design
from survey_kit.design.declared import check_design
from survey_kit.errors import EstimationError, did_you_mean
from survey_kit.models import outcome as outcomes
from survey_kit.models.columns import Source, complete, of_design
from survey_kit.models.formula import Parsed, materialise, parse
from survey_kit.models.likelihood import Basis, Rows
from survey_kit.models.outcome import Kind, Outcome
from survey_kit.models.patterns import patterns
from survey_kit.types import BoolArray, FloatArray, IntArray, Missing

PLAIN_SCALE = 1e-4, 1e4  # a standard deviation outside is brought to one
LARGEST = 1e140  # sums of squares of more than a million such values still are numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a model call asks beside its design and formula.

    Attributes
    ----------
    kind
        What the outcome must be.
    where, missing, levels, base, offset
        As in the public functions.
    thresholds
        Whether thresholds stand for the intercept.
    """

    kind: Kind
    where: str | None
    missing: Missing
    levels: Sequence[Any] | None = None
    base: Any = None
    offset: str | None = None
    thresholds: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Problem:
    """A design and a formula as arrays.

    Attributes
    ----------
    ask
        Domain, missing values and the rest of what was asked.
    parsed, outcome
        The formula and its left side.
    spec
        formulaic's specification of the right side.
    kinds
        What each column of the formula holds: numbers, categories or words.
    columns, terms
        Names of the columns, and which of them each term has.
    intercept, thresholds
        Place of the intercept among the columns, or None; whether thresholds stand for it.
    rows, active : (m,), (a,)
        Rows used, and rows that count for the degrees of freedom: those asked, whether or not they answered.
    data
        Rows or combinations of values, with weights of mean one.
    mean_weight, weight_sum
        Of the rows used.
    y_centre, y_scale
        What was taken off the outcome of a linear model and what it was divided by.
    notes
        Sentences that belong to the result.
    """

    __repr__ = checks.brief

    ask: Question
    parsed: Parsed
    outcome: Outcome
    spec: Any
    kinds: dict[str, str]
    columns: tuple[str, ...]
    terms: dict[str, slice]
    intercept: int | None
    thresholds: bool
    rows: IntArray
    active: IntArray
    data: Rows
    mean_weight: float
    weight_sum: float
    y_centre: float
    y_scale: float
    notes: tuple[str, ...]

    def weighted(self, w: FloatArray) -> Rows:
        """Give the data with other weights (n,) of the design's rows, brought to mean one over the rows used."""
        own = w if len(w) == len(self.rows) else w[self.rows]
        return replace(self.data, w=self.data.cells(own * (len(own) / own.sum())))

    def keeping(self, kept: IntArray) -> Problem:
        """Give the problem with some of the columns only, on the same rows."""
        data, places = self.data, kept.tolist()
        centre, scale = data.basis[0][kept], data.basis[1][kept]
        X, y, y_centre = data.X[kept], data.y, self.y_centre
        if self.intercept is not None and self.intercept not in places:  # nothing is left to take up the centres
            X, centre = X + (centre / scale)[:, None], np.zeros(len(kept))
            y, y_centre = y + y_centre / self.y_scale, 0.0
        terms = {}
        for name, at in self.terms.items():
            own = [places.index(j) for j in range(at.start, at.stop) if j in places]
            if own:
                terms[name] = slice(own[0], own[-1] + 1)
        return replace(
            self,
            columns=tuple(self.columns[j] for j in places),
            terms=terms,
            intercept=places.index(self.intercept) if self.intercept in places else None,
            data=replace(data, X=X, y=y, basis=(centre, scale)),
            y_centre=y_centre,
        )


def prepare(design: Design, formula: str, ask: Question) -> Problem:
    """Take the rows of a domain that are complete, and make their outcome, matrix and weights."""
    check_design(design)
    checks.choice(ask.missing, "treatment of missing values", ("error", "exclude"), EstimationError)
    known = frames.columns(design.frame)
    parsed, source = parse(formula, known), of_design(design)
    rows, asked = _domain(design, source, parsed, ask, known)
    w = design.layout.weight[rows]
    total = float(w.sum())
    if total <= 0:
        raise EstimationError("The weights of the domain do not add up to more than zero.", found=f"{total:g}")
    outcome = outcomes.take(source, parsed, rows, ask.kind, ask.levels, ask.base)
    offset = None if ask.offset is None else source.numbers(ask.offset).values[rows]
    combined = patterns(source, parsed, rows, outcome.y, offset)
    one = np.arange(len(rows)) if combined is None else combined[0]
    whole = combined is None and len(rows) == design.n
    made = materialise(parsed.right, source.frame(parsed.names, None if whole else rows[one]), formula)
    columns, terms, intercept = _shape(made.model_spec, thresholds=ask.thresholds)
    if not columns and not ask.thresholds:
        raise EstimationError("The formula has nothing on its right side.", found=formula, fix="Write 'y ~ 1' or more.")
    X, basis = _centred(made, columns, len(one), ask.thresholds or intercept is not None)
    y = outcome.y[one]
    y_centre, y_scale = _outcome_scale(parsed.outcome, y, intercept is not None) if ask.kind == "number" else (0.0, 1.0)
    problem = Problem(
        ask=ask,
        parsed=parsed,
        outcome=outcome,
        spec=made.model_spec,
        kinds={name: source.kind(name) for name in parsed.names},
        columns=columns,
        terms=terms,
        intercept=intercept,
        thresholds=ask.thresholds,
        rows=rows,
        active=np.flatnonzero(asked),
        data=Rows(
            X=X,
            y=(y - y_centre) / y_scale,
            w=np.ones(len(one)),
            offset=None if offset is None else offset[one],
            cell=None if combined is None else combined[1],
            basis=basis,
        ),
        mean_weight=total / len(rows),
        weight_sum=total,
        y_centre=y_centre,
        y_scale=y_scale,
        notes=(*outcome.notes, *_notes(source, parsed, rows, w, ask, int(asked.sum()))),
    )
    return replace(problem, data=problem.weighted(design.layout.weight))


def _domain(
    design: Design, source: Source, parsed: Parsed, ask: Question, known: list[str]
) -> tuple[IntArray, BoolArray]:
    """Rows used (m,), and rows asked (n,) as a mask."""
    names = parsed.names
    if ask.offset is not None:
        if ask.offset not in known:
            raise EstimationError(f"The offset '{ask.offset}' is no column.", fix=did_you_mean(ask.offset, known))
        names = tuple(dict.fromkeys((*names, ask.offset)))
    asked = design.inside(ask.where).copy()
    inside = int(asked.sum())
    for name in names:
        of_item = design.asked(name)
        if of_item is not None:
            asked &= of_item
    rows = np.flatnonzero(complete(source, names, asked, exclude=ask.missing == "exclude"))
    if not len(rows):
        raise EstimationError(
            "No row is left to fit the model on.",
            where=f"domain '{ask.where}'" if ask.where else None,
            found=f"{inside} rows in the domain, {int(asked.sum())} of them asked, none complete",
            fix="Widen the domain, or leave out a variable.",
        )
    return rows, asked


def _shape(spec: Any, *, thresholds: bool) -> tuple[tuple[str, ...], dict[str, slice], int | None]:
    """Names of the columns, columns of each term, place of the intercept; thresholds take the intercept's place."""
    names = [str(name) for name in spec.column_names]
    lost = 1 if thresholds and "Intercept" in names else 0
    terms: dict[str, slice] = {}
    for term, at in spec.term_slices.items():
        if at.stop == at.start:
            raise EstimationError(
                f"'{term}' has only one level in the rows used, so it has no coefficient.",
                where=f"term '{term}'",
                fix="Leave it out, or widen the domain.",
            )
        label = "Intercept" if names[at.start] == "Intercept" else str(term)
        if not (thresholds and label == "Intercept"):
            terms[label] = slice(at.start - lost, at.stop - lost)
    columns = tuple(name for name in names if not (thresholds and name == "Intercept"))
    return columns, terms, columns.index("Intercept") if "Intercept" in columns else None


def _centred(made: Any, columns: tuple[str, ...], m: int, centre: bool) -> tuple[FloatArray, Basis]:
    """Give the matrix with its columns less their mean, which an intercept takes up, and of a plain size."""
    p = len(columns)
    X, mean, scale = np.empty((p, m)), np.zeros(p), np.ones(p)
    skipped = made.shape[1] - p
    for j, name in enumerate(columns):
        values = made.iloc[:, j + skipped].to_numpy(dtype=np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            total = float(values.sum())
        bad = ~np.isfinite(values) if not np.isfinite(total) else None
        if bad is not None and bad.any():
            raise EstimationError(
                f"'{name}' is not a finite number in some rows.",
                where=f"column '{name}' of the model",
                found=f"{values[bad][0]}; {int(bad.sum())} of {m}",
                fix="Correct the values, or leave them out with where.",
            )
        if centre and name != "Intercept" and bad is None:
            mean[j] = total / m
        np.subtract(values, mean[j], out=X[j])
        _not_huge(name, float(np.abs(X[j]).max(initial=0.0)))
        sd = float(np.sqrt(X[j] @ X[j] / m))
        if sd > 0 and not PLAIN_SCALE[0] <= sd <= PLAIN_SCALE[1]:
            scale[j] = sd
            X[j] /= sd
    return X, (mean, scale)


def _not_huge(name: str, size: float) -> None:
    if not size < LARGEST:
        raise EstimationError(
            f"'{name}' holds values so large that their squares overflow.",
            where=f"column '{name}' of the model",
            found=f"{size:.3g}",
            fix="Divide it by a round number.",
        )


def _outcome_scale(name: str, y: FloatArray, centre: bool) -> tuple[float, float]:
    _not_huge(name, float(np.abs(y).max(initial=0.0)))
    middle = float(y.mean()) if centre else 0.0
    spread = float(np.abs(y - middle).max(initial=0.0))
    return middle, spread if spread > 0 else 1.0


def _notes(source: Source, parsed: Parsed, rows: IntArray, w: FloatArray, ask: Question, asked: int) -> tuple[str, ...]:
    notes = []
    if ask.where:
        notes.append(f"domain: {ask.where}")
    if ask.missing == "exclude":
        notes.append(f"base: rows with every value of the model, {len(rows)} of {asked} asked")
    for name in parsed.names:
        if name != parsed.column and (unused := source.unused(name, rows)):
            shown = ", ".join(map(repr, unused[:4])) + (", ..." if len(unused) > 4 else "")
            notes.append(f"no rows with {name} = {shown}: left out")
    if (negative := int((w < 0).sum())) > 0:
        notes.append(f"{negative} rows have a negative weight after calibration")
    return tuple(notes)
