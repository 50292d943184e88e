"""From questions and columns to tables of numbers: the Total and every block in turn, all questions within it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from survey_kit.design import Design
from survey_kit.design.threads import one_thread
from survey_kit.estimate import Estimates
from survey_kit.estimate.columns import make_ask
from survey_kit.tabbook.banner import Block
from survey_kit.tabbook.overall import Overall, mean_test, multiple_test, single_test
from survey_kit.tabbook.pairs import Pairs, compare, letters_of
from survey_kit.tabbook.taking import Line, Taken, kish, members
from survey_kit.types import Adjustment, BoolArray, FloatArray, Interval, Missing

NUMBERS: Final = ("estimate", "se", "ci_low", "ci_high", "df", "n", "weight_sum")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is asked for beside questions and columns.

    Attributes
    ----------
    levels
        Of confidence: of intervals and upper-case letters, and of lower-case letters (None: no such letters).
    small
        Bases below the first are suppressed, below the second bracketed.
    """

    where: str | None
    missing: Missing
    interval: Interval
    levels: tuple[float, float | None]
    adjust: Adjustment
    small: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The numbers of one question in one block: L lines, D columns.

    Attributes
    ----------
    values
        Each of ``estimate se ci_low ci_high df n weight_sum`` as (L, D).
    status, letters, flag : (L, D)
        Of every cell; `flag` is empty, ``"small"`` or ``"suppressed"``, or says why there is no number.
    base, weighted, effective, unanswered : (D,)
        Who answered: rows, weights, effective sample size; rows asked and not answered.
    pairs
        Tests of pairs: the places of their lines, and the tests.
    overall
        The test of the whole block; None for the Total.
    notes
        Of the estimates.
    """

    values: dict[str, FloatArray]
    status: Any
    letters: Any
    flag: Any
    base: FloatArray
    weighted: FloatArray
    effective: FloatArray
    unanswered: FloatArray
    pairs: tuple[tuple[tuple[int, ...], Pairs], ...] = field(repr=False)
    overall: Overall | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One question: its lines, and a part for the Total and every block."""

    question: Taken
    parts: tuple[Part, ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines in order."""
        return self.question.lines

    def joined(self, name: str) -> Any:
        """Give a quantity of every cell (L, K) over all columns: a number, ``letters``, ``flag`` or ``status``."""
        return np.concatenate(
            [part.values[name] if name in NUMBERS else getattr(part, name) for part in self.parts], axis=1
        )

    def bases(self, name: str) -> FloatArray:
        """Give a base of every column (K,): ``base``, ``weighted``, ``effective`` or ``unanswered``."""
        return np.concatenate([getattr(part, name) for part in self.parts])


def tables(design: Design, questions: list[Taken], blocks: tuple[Block, ...], plan: Plan) -> tuple[Table, ...]:
    """Compute everything; blocks outside, so that the rows of a block are coded once."""
    rows = [members(design, question, plan.where) for question in questions]
    parts: list[list[Part]] = [[] for _ in questions]
    with one_thread():
        for block in blocks:
            for i, question in enumerate(questions):
                parts[i].append(_part(design, question, rows[i], block, plan))
    return tuple(Table(question=q, parts=tuple(found)) for q, found in zip(questions, parts, strict=True))


def _part(design: Design, question: Taken, rows: tuple[BoolArray, BoolArray], block: Block, plan: Plan) -> Part:
    ask = make_ask(block.keys, plan.where, plan.interval, plan.levels[0], None, plan.missing)
    D = block.size
    found = [batch.compute(ask) for batch in question.batches]
    values = {name: np.concatenate([_cells(est, name, D) for est in found]) for name in NUMBERS}
    status = np.concatenate([_cells(est, "status", D) for est in found])
    flag = _flags(status, values["n"], plan.small)
    letters = np.full(flag.shape, "", dtype=object)
    pairs: list[tuple[tuple[int, ...], Pairs]] = []
    start = 0
    for batch, est in zip(question.batches, found, strict=True):
        places = range(start, start + len(batch.lines))
        start = places.stop
        if not batch.tested or D < 2:
            continue
        own = slice(places.start, places.stop)
        usable = np.isin(flag[own], ("", "small")) & (
            values["se"][own] > 0
        )  # where all answer alike nothing is known of spread
        tests = compare(est, D, usable, plan.adjust)
        letters[own] = letters_of(tests, tuple(column.letter for column in block.columns), plan.levels)
        pairs.append((tuple(places), tests))
    return Part(
        values=values,
        status=status,
        letters=letters,
        flag=flag,
        pairs=tuple(pairs),
        overall=_overall(design, question, found[0], block, plan) if D > 1 else None,
        notes=tuple(dict.fromkeys(note for est in found for note in est.notes)),
        **_bases(design, rows, block),
    )


def _cells(est: Estimates, name: str, columns: int) -> Any:
    """Give a column of the table as (V, D)."""
    kind = object if name == "status" else np.float64
    return est.table[name].to_numpy(dtype=kind).reshape(columns, -1).T


def _flags(status: Any, n: FloatArray, small: tuple[int, int]) -> Any:
    """Say of every cell whether it can be shown."""
    flag = np.where(n < small[1], "small", "").astype(object)
    flag[n < small[0]] = "suppressed"
    for reason in ("empty", "not_asked", "undefined"):
        flag[status == reason] = reason
    return flag


def _bases(design: Design, rows: tuple[BoolArray, BoolArray], block: Block) -> dict[str, FloatArray]:
    cells, D = block.cells, block.size
    answered, lacking = (part[cells.rows] for part in rows)
    code, w = cells.code[answered], design.layout.weight[cells.rows][answered]
    return {
        "base": np.bincount(code, minlength=D).astype(np.float64),
        "weighted": np.bincount(code, weights=w, minlength=D).astype(np.float64),
        "effective": kish(w, code, D),
        "unanswered": np.bincount(cells.code[lacking], minlength=D).astype(np.float64),
    }


def _overall(design: Design, question: Taken, first: Estimates, block: Block, plan: Plan) -> Overall:
    if question.kind == "single":
        return single_test(design, question.name, block, plan.where)
    if question.kind == "multiple":
        shares = sum(line.kind == "share" for line in question.batches[0].lines)
        return multiple_test(first, block.size, shares)
    return mean_test(first, block.size)
