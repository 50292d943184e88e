"""Interviews walked through the routing: which items are open, which answers count, for n interviews at once.

The walk is what an interviewer's device does: each item in order, open or closed by the answers before it. Simulation, the check
of forms against other engines and the reading of answers rest on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from survey_kit.errors import InstrumentError
from survey_kit.instrument.evaluate import Column, compute, evaluate
from survey_kit.instrument.expressions import Expression, parse, parse_value
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.types import BoolArray, Code, IntArray


@dataclass(slots=True, kw_only=True)
class Walk:
    """Interviews on their way through an instrument.

    Answers are put in one item after another, in the order of the questionnaire; calculated items are computed when they are reached.

    Attributes
    ----------
    n
        The number of interviews, or of members inside a repeated module.
    columns
        What is known so far: the values (n,) of each item and whether each is an answer.

    Examples
    --------
    >>> from survey_kit.instrument.model import Item, Module, Scale
    >>> yes_no = Scale(codes=(1, 2), missing={9: "refused"})
    >>> asked = Item(id="contact", text={"en": "Any contact?"}, scale=yes_no)
    >>> paid = Item(id="paid", text={"en": "Did you pay?"}, scale=yes_no, ask_if="contact == 1")
    >>> form = Instrument(id="a", version="1", modules=(Module(id="m", items=(asked, paid)),))
    >>> walk = Walk(instrument=form, n=3)
    >>> walk.put("contact", [1, 2, 9])
    >>> walk.open("paid").tolist()
    [True, False, False]
    """

    instrument: Instrument
    n: int
    columns: dict[str, Column] = field(default_factory=dict)
    outer: Walk | None = None
    place: IntArray | None = None  # of each member, the interview it belongs to
    module: str | None = None

    def open(self, item_id: str) -> BoolArray:
        """Say which interviews ask an item."""
        route = self.instrument.route(item_id)
        return np.ones(self.n, dtype=bool) if route is None else self._true(route)

    def holds(self, condition: str | None) -> BoolArray:
        """Say in which interviews a condition is certainly true; None holds everywhere."""
        return np.ones(self.n, dtype=bool) if condition is None else self._true(parse(condition))

    def put(self, item_id: str, answers: Sequence[Any]) -> None:
        """Take answers to an item: codes, numbers, texts, or a list of codes; None where there is none.

        What stands in an interview that does not ask the item is set aside.
        """
        asked = self.open(item_id)
        given = [value if sure else None for value, sure in zip(answers, asked, strict=True)]
        self.columns[item_id] = self._column(item_id, given)

    def calculate(self, item_id: str) -> None:
        """Compute a calculated item."""
        item = self.instrument.item(item_id)
        if item.value is None:
            raise InstrumentError(f"Item '{item_id}' has no 'value:'.", fix="Only calculated items can be computed.")
        expression = parse_value(item.value)
        values, known = compute(expression, self._seen(expression), self.n)
        known = known & self.open(item_id)
        self.columns[item_id] = values, known

    def accepts(self, item_id: str, answers: Sequence[Any]) -> BoolArray:
        """Say which answers meet the limits and the constraint of an item; blanks and missing codes always do, an open doubt does."""
        item, missing = self.instrument.item(item_id), self.instrument.missing_codes(item_id)
        values, known = self._column(item_id, list(answers))
        fine = np.ones(self.n, dtype=bool)
        if item.type == "multiple":
            return self._accepts_several(item_id, answers)
        for limit, compare in ((item.minimum, np.less), (item.maximum, np.greater)):
            if limit is not None:
                fine &= ~(compare(np.where(known, values, limit).astype(np.float64), limit) & known)
        if item.constraint:
            expression = parse(item.constraint)
            true, sure = evaluate(expression, {**self._seen(expression), item_id: (values, known)}, self.n)
            fine &= true | ~sure
        return np.asarray(fine | np.array([blank(one) or one in missing for one in answers], dtype=bool))

    def members(self, module_id: str, counts: Sequence[float | None]) -> Walk:
        """Begin a repeated module: one row for each member, so many per interview; none where the module is not asked."""
        module = next(one for one in self.instrument.modules if one.id == module_id)
        repeat, asked = module.repeat, self.holds(module.ask_if)
        if repeat is None:
            raise InstrumentError(f"The module '{module_id}' is not repeated.", fix="Give it 'repeat:'.")
        sizes = [
            max(0, min(int(size), repeat.most)) if sure and size is not None and not blank(size) else 0
            for size, sure in zip(counts, asked.tolist(), strict=True)
        ]
        place = np.repeat(np.arange(self.n), sizes).astype(np.int64)
        return Walk(instrument=self.instrument, n=len(place), outer=self, place=place, module=module_id)

    def close(self, inner: Walk) -> None:
        """End a repeated module: what conditions outside ask of its members is summed up."""
        if inner.place is None or inner.module is None:
            raise InstrumentError("This walk is not one through the members of a repeated module.")
        sizes = np.bincount(inner.place, minlength=self.n).astype(np.float64)
        everywhere = np.ones(self.n, dtype=bool)
        self.columns[f"count({inner.module})"] = sizes, everywhere
        for item_id, (values, known) in inner.columns.items():
            if not self.instrument.item(item_id).numeric and np.asarray(values).dtype.kind == "O":
                continue
            at, numbers = inner.place[known], np.asarray(values, dtype=np.float64)[known]
            some = np.bincount(at, minlength=self.n) > 0
            self.columns[f"sum({item_id})"] = np.bincount(at, weights=numbers, minlength=self.n), everywhere
            for how, pick, start in (("min", np.minimum, np.inf), ("max", np.maximum, -np.inf)):
                out = np.full(self.n, start)
                pick.at(out, at, numbers)
                self.columns[f"{how}({item_id})"] = np.where(some, out, np.nan), some

    # -------------------------------------------------------------------------------------------------------- inside
    def _accepts_several(self, item_id: str, answers: Sequence[Any]) -> BoolArray:
        item = self.instrument.item(item_id)
        alone = {*item.exclusive, *self.instrument.missing_codes(item_id)}
        most = len(self.instrument.codes(item_id)) if item.most is None else item.most
        fine = [
            not one or (len(one) == 1 and bool(set(one) & alone)) or (not set(one) & alone and len(set(one)) <= most)
            for one in answers
        ]
        out = np.array(fine, dtype=bool)
        if item.constraint:
            expression = parse(item.constraint)
            columns = {**self._seen(expression), item_id: self._column(item_id, list(answers))}
            true, sure = evaluate(expression, columns, self.n)
            missing = set(self.instrument.missing_codes(item_id))
            free = np.array([not one or bool(set(one) & missing) for one in answers], dtype=bool)
            out &= true | ~sure | free
        return out

    def _true(self, expression: Expression) -> BoolArray:
        true, _ = evaluate(expression, self._seen(expression), self.n)
        return true

    def _seen(self, expression: Expression) -> Mapping[str, Column]:
        """Give the columns an expression needs; what was never put in is unknown."""
        names = (*expression.names, *(f"{how}({name})" for how, name in expression.aggregates))
        return {name: self._find(name) for name in names}

    def _find(self, name: str) -> Column:
        if name in self.columns:
            return self.columns[name]
        if self.outer is not None and self.place is not None:
            values, known = self.outer._find(name)  # noqa: SLF001
            return np.asarray(values)[self.place], known[self.place]
        if name.startswith(("count(", "sum(")):
            return np.zeros(self.n), np.ones(self.n, dtype=bool)
        wordy = name in self.instrument and not self._numeric(name)
        return np.full(self.n, None if wordy else np.nan, dtype=object if wordy else np.float64), np.zeros(self.n, bool)

    def _numeric(self, item_id: str) -> bool:
        item = self.instrument.item(item_id)
        coded = item.type in {"single", "arm"}
        return item.numeric or (coded and all(isinstance(code, int) for code in self.instrument.codes(item_id)))

    def _column(self, item_id: str, given: list[Any]) -> Column:
        missing: Mapping[Code, Any] = self.instrument.missing_codes(item_id)
        if self.instrument.item(item_id).type == "multiple":
            chosen = np.empty(self.n, dtype=object)
            for row, one in enumerate(given):
                chosen[row] = frozenset(one) if one and not set(one) & set(missing) else None
            return chosen, np.array([one is not None for one in chosen], dtype=bool)
        known = np.array([not blank(value) and value not in missing for value in given], dtype=bool)
        numeric = self._numeric(item_id)
        values = [value if sure else (np.nan if numeric else None) for value, sure in zip(given, known, strict=True)]
        return np.array(values, dtype=np.float64 if numeric else object), known


def blank(value: Any) -> bool:
    """Say whether there is no answer: None or not a number.

    Examples
    --------
    >>> blank(None), blank(float("nan")), blank(0)
    (True, True, False)
    """
    return value is None or (isinstance(value, float) and bool(np.isnan(value)))
