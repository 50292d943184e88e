"""One item after another: its values, then the reason of every gap.

The order decides: what the study declares (not asked in this wave, or of these rows), then the item's filter, then
the producer's own reasons, then a declared assumption; a gap that nothing explains is ``unknown``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit.errors import ResponsesError
from survey_kit.instrument import Instrument, Item
from survey_kit.instrument.evaluate import Column, evaluate
from survey_kit.instrument.expressions import Expression
from survey_kit.instrument.model import DRAWN
from survey_kit.responses import computed
from survey_kit.responses.codes import (
    ANSWERED,
    EMPTY,
    FAULTS,
    KIND,
    Answers,
    Definition,
    definition,
    distinct,
    matches,
    plain,
    read_codes,
)
from survey_kit.responses.reasons import Reasons
from survey_kit.responses.responses import Log, Unasked
from survey_kit.responses.several import columns_of, read_several
from survey_kit.types import BoolArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

NOT_ASKED, UNKNOWN = KIND["not_asked"], KIND["unknown"]


@dataclass(slots=True, kw_only=True)
class Taking:
    """What reading an item needs, and the items read so far: a filter is read before what it opens.

    `place` is the wave of each row, `form` its instrument among `forms`, the oldest first. The members of a repeated module
    are a taking of their own: `outer` holds the interviews, `parent` the interview of each member.
    """

    data: pd.DataFrame
    place: IntArray
    labels: tuple[str, ...]
    forms: tuple[Instrument, ...]
    form: IntArray
    not_asked: Mapping[str, frozenset[str]]
    unasked_when: Mapping[str, Sequence[Unasked]]
    log: Log
    source: str
    reasons: Reasons | None = None
    outer: Taking | None = None
    parent: IntArray | None = None
    module: str = ""
    lacking: BoolArray | None = None  # of members, the interviews whose members the file does not hold
    inner: dict[str, Taking] = field(default_factory=dict)
    done: dict[str, Answers] = field(default_factory=dict)
    busy: set[str] = field(default_factory=set)
    told: set[tuple[str, tuple[str, ...]]] = field(default_factory=set)

    def settle(self, item_id: str) -> Answers:
        """Read an item and give every gap its reason."""
        if item_id in self.done:
            return self.done[item_id]
        if item_id in self.busy:
            what = f"The conditions of '{item_id}' look at each other in a circle."
            raise ResponsesError(what, fix="Check the instrument; a condition looks backwards only.")
        self.busy.add(item_id)
        out = self._outside(item_id)
        if out is None:
            out = self._read(item_id)
            self._declared(item_id, out)
            self._filtered(item_id, out)
            computed.compare(self, item_id, out)
            computed.constrain(self, item_id, out)
            self._explained(item_id, out)
            self._assumed(item_id, out)
            out.state[out.state == EMPTY] = UNKNOWN
            self._silent(item_id, out)
        self.busy.discard(item_id)
        self.done[item_id] = out
        return out

    # -------------------------------------------------------------------------------------------- what there is to read
    def groups(self, item_id: str) -> list[tuple[Instrument, BoolArray]]:
        """Give each instrument that has the item with its rows."""
        if len(self.forms) == 1:
            every = np.ones(len(self.data), dtype=bool)
            return [(self.forms[0], every)] if item_id in self.forms[0] else []
        return [(form, self.form == place) for place, form in enumerate(self.forms) if item_id in form]

    def item(self, item_id: str) -> Item:
        """Give an item as the newest instrument that has it says it."""
        return next(form.item(item_id) for form in reversed(self.forms) if item_id in form)

    def known(self, name: str) -> bool:
        """Say whether a name is an item of any instrument."""
        return any(name in form for form in self.forms)

    def home(self, item_id: str) -> str:
        """Name the repeated module an item stands in; nothing for an item asked once."""
        module = next((form.module_of(item_id) for form in reversed(self.forms) if item_id in form), None)
        return module.id if module is not None and module.repeat is not None else ""

    def column(self, name: str) -> str:
        """Give the column of the data for the name of an item or a column."""
        return self.item(name).data_column if self.known(name) else name

    def held(self, form: Instrument, item_id: str) -> bool:
        """Say whether the data hold a column of an item."""
        item = form.item(item_id)
        if item.data_column in self.data:
            return True
        codes = (*form.codes(item_id), *form.missing_codes(item_id))
        return item.type == "multiple" and bool(columns_of(item.data_column, codes, self.data.columns, self.taken()))

    def has(self, item_id: str) -> bool:
        """Say whether there is anything to read an item from: a column, what it is computed from, or a declaration."""
        if self.outer is not None and self.home(item_id) != self.module:
            return self.outer.has(item_id)
        if self.home(item_id) != self.module:
            return False
        if all(item_id in self.not_asked.get(label, ()) for label in self.labels):
            return True
        found = self.groups(item_id)
        return any(self.held(form, item_id) or computed.ready(self, form.item(item_id)) for form, _ in found)

    def taken(self) -> frozenset[str]:
        """Name the columns that are an item's own."""
        return frozenset(item.data_column for form in self.forms for item in form.items)

    def columns(self, expression: Expression, own: tuple[str, Column] | None = None) -> dict[str, Column]:
        """Give what an expression looks at; what the data do not hold is unknown."""
        out: dict[str, Column] = {}
        for name in expression.names:
            if own is not None and name == own[0]:
                out[name] = own[1]
                continue
            answers = self.settle(name) if self.has(name) else self._nothing(name)
            out[name] = (answers.values, answers.answered)
        for how, name in expression.aggregates:
            out[f"{how}({name})"] = self.aggregate(how, name)
        return out

    def aggregate(self, how: str, name: str) -> Column:
        """Give what an expression asks of the members of a repeated module."""
        if self.outer is not None and self.parent is not None:
            values, known = self.outer.aggregate(how, name)
            return values[self.parent], known[self.parent]
        n = len(self.data)
        members = self.inner.get(name if how == "count" else self.home(name))
        if members is None or members.parent is None:
            return np.full(n, np.nan), np.zeros(n, dtype=bool)
        there = np.ones(n, dtype=bool) if members.lacking is None else ~members.lacking
        if how == "count":
            return np.bincount(members.parent, minlength=n).astype(np.float64), there
        values, known = computed.summed(how, members.settle(name), members.parent, n)
        return values, known & there

    def opened(self, form: Instrument, item_id: str) -> BoolArray:
        """Say in which rows the filter of an item is met."""
        route = form.route(item_id)
        every = np.ones(len(self.data), dtype=bool)
        return every if route is None else evaluate(route, self.columns(route), len(every))[0]

    def _outside(self, item_id: str) -> Answers | None:
        """Give an item that stands outside this module: the interview's own answer for each of its members."""
        home = self.home(item_id)
        if home == self.module:
            return None
        if self.outer is not None and self.parent is not None and not home:
            return self.outer.settle(item_id).at(self.parent)
        return self._nothing(item_id)

    def _nothing(self, item_id: str) -> Answers:
        n = len(self.data)
        numeric = all(definition(form, item_id).numeric for form, _ in self.groups(item_id))
        values: Any = np.full(n, np.nan) if numeric else np.full(n, None, dtype=object)
        return Answers(values, np.full(n, UNKNOWN, dtype=np.int8), np.zeros(n, dtype=bool))

    # ------------------------------------------------------------------------------------------------------ reading
    def _read(self, item_id: str) -> Answers:
        n = len(self.data)
        merged: dict[tuple[str, Definition, str | None], BoolArray] = {}
        for form, rows in self.groups(item_id):
            item = form.item(item_id)
            key = (item.data_column, definition(form, item_id), item.value)
            merged[key] = merged[key] | rows if key in merged else rows
        self._same_shape(item_id, [meaning for _, meaning, _ in merged])
        parts = []
        for (column, meaning, value), rows in merged.items():
            if meaning.kind == "calculated":
                parts.append((rows, *computed.computed(self, column, value)))
            elif meaning.kind == "multiple":
                parts.append((rows, *self._several(column, meaning, rows)))
            elif column in self.data:
                parts.append((rows, *self._single(column, meaning, rows)))
            else:
                empty: Any = np.full(n, np.nan) if meaning.numeric else np.full(n, None, dtype=object)
                parts.append((rows, empty, np.full(n, EMPTY, dtype=np.int8)))
        numeric = all(values.dtype.kind == "f" for _, values, _ in parts)
        whole: Any = np.full(n, np.nan) if numeric else np.full(n, None, dtype=object)
        out = Answers(whole, np.full(n, NOT_ASKED, dtype=np.int8), np.zeros(n, dtype=bool))
        seen = np.zeros(n, dtype=bool)
        for rows, values, state in parts:
            out.values[rows], out.state[rows] = values[rows], state[rows]
            seen |= rows
        if not numeric:
            out.values[out.state != ANSWERED] = None
        self._foreign(item_id, ~seen)
        return out

    def _same_shape(self, item_id: str, meanings: Sequence[Definition]) -> None:
        if len({meaning.kind == "multiple" for meaning in meanings}) > 1:
            what = f"The item '{item_id}' takes one answer in one version and several in another."
            raise ResponsesError(what, where=self.source or None, fix="Give the new question an id of its own.")

    def _single(self, column: str, meaning: Definition, rows: BoolArray) -> tuple[Any, Any]:
        codes, values_found = distinct(self.data[column])
        read = list(read_codes(values_found, meaning))
        states = np.array([state for _, state, _ in read] + [EMPTY], dtype=np.int8)[codes]
        kind: Any = np.float64 if meaning.numeric else object
        becomes: Any = np.array([value for value, _, _ in read] + [None], dtype=kind)[codes]
        self.faults(column, states, rows, self.data[column])
        return becomes, states

    def _several(self, column: str, meaning: Definition, rows: BoolArray) -> tuple[Any, Any]:
        cells = read_several(self.data, column, meaning, self.taken())
        message = "The cell of all answers and the columns of single answers differ; the cell counts."
        self.log.by_wave("R023", message, cells.differ & rows, self.place, self.labels, column)
        self.faults(column, cells.state, rows, cells.shown)
        return cells.values, cells.state

    def faults(self, column: str, state: Any, rows: BoolArray, shown: pd.Series, why: str = "") -> None:
        """Tell the faults of a column by wave, with the values that occur most; they are no answers from now on."""
        for fault, (code, message) in FAULTS.items():
            wrong = rows & (state == fault)
            if not wrong.any():
                continue
            for place in np.unique(self.place[wrong]):
                here = wrong & (self.place == place)
                codes, values = distinct(shown[here])
                counts = np.bincount(codes[codes >= 0], minlength=len(values))
                order = np.argsort(-counts, kind="stable")[:5]
                found = ", ".join(f"{plain(values.iloc[i])[:40]} ({counts[i]})" for i in order if counts[i])
                more = ", ..." if np.count_nonzero(counts) > 5 else ""
                self.log.add(
                    code,
                    why or message,
                    count=int(here.sum()),
                    wave=self.labels[place],
                    column=column,
                    found=found + more,
                )
            state[wrong] = UNKNOWN

    def _foreign(self, item_id: str, rows: BoolArray) -> None:
        """Set aside what stands in an item's column in rows whose instrument does not have the item."""
        column = self.item(item_id).data_column
        if rows.any() and column in self.data:
            filled = rows & self.data[column].notna().to_numpy()
            message = "Answers to an item that the wave's instrument lacks are set aside."
            self.log.by_wave("R006", message, filled, self.place, self.labels, item_id)

    # ------------------------------------------------------------------------------------------- reasons, in order
    def _declared(self, item_id: str, out: Answers) -> None:
        whole = [place for place, label in enumerate(self.labels) if item_id in self.not_asked.get(label, ())]
        rows = np.isin(self.place, whole) if whole else np.zeros(len(out.state), dtype=bool)
        for place, label in enumerate(self.labels):
            for rule in self.unasked_when.get(label, ()):
                if item_id in rule.items and isinstance(rule.when, dict):
                    inside = self.place == place
                    for column, codes in rule.when.items():
                        inside &= matches(self._raw(self.column(column)), codes)
                    rows |= inside
        self._set_aside("R006", "Answers to an item declared as not asked are set aside.", item_id, out, rows)

    def _filtered(self, item_id: str, out: Answers) -> None:
        for form, rows in self.groups(item_id):
            route = form.route(item_id)
            if route is None:
                continue
            columns = self.columns(route)
            passed_by = np.zeros(len(out.state), dtype=bool)
            for name in route.names:
                passed_by |= self.settle(name).closed if name in self.done else False
            true, known = evaluate(route, columns, len(out.state))
            out.closed |= rows & ~true & (known | passed_by)
            if form.item(item_id).type == "calculated":  # computed by the form itself, and only where it is open
                out.empty(rows & ~true, NOT_ASKED)
                continue
            message = f"Answers although the filter is not met ({route.text}) are set aside."
            self._set_aside("R007", message, item_id, out, rows & out.closed)
            out.state[rows & ~true & (out.state == EMPTY)] = NOT_ASKED  # an unknown filter opens nothing

    def _raw(self, column: str) -> pd.Series:
        """Give a column as the file has it; of members, else the one of their interviews."""
        if column not in self.data and self.outer is not None and self.parent is not None:
            return self.outer.data[column].iloc[self.parent].reset_index(drop=True)
        return self.data[column]

    def _set_aside(self, code: str, message: str, item_id: str, out: Answers, rows: BoolArray) -> None:
        if rows.any():
            self.log.by_wave(code, message, rows & out.answered, self.place, self.labels, item_id)
            out.empty(rows, NOT_ASKED)

    def _explained(self, item_id: str, out: Answers) -> None:
        if self.reasons is None:
            return
        told = self.reasons.of(self.item(item_id).data_column)
        if told is None:
            return
        message = "A reason for a missing answer is given where there is an answer."
        self.log.by_wave("R011", message, (told != EMPTY) & out.answered, self.place, self.labels, item_id)
        open_rows = (out.state == EMPTY) & (told != EMPTY)
        out.state[open_rows] = told[open_rows]

    def _assumed(self, item_id: str, out: Answers) -> None:
        for place, label in enumerate(self.labels):
            for rule in self.unasked_when.get(label, ()):
                if item_id not in rule.items or rule.when != "no_answer":
                    continue
                rows = (self.place == place) & (out.state == EMPTY)
                for other in rule.items:
                    rows &= self._blank(other)
                out.state[rows] = NOT_ASKED
                if rows.any() and (label, rule.items) not in self.told:
                    self.told.add((label, rule.items))
                    message = "Rows without an answer to any of some items count as not asked."
                    count = int(rows.sum())
                    self.log.add("R009", message, count=count, wave=label, found=", ".join(rule.items))

    def _blank(self, item_id: str) -> BoolArray:
        """Say in which rows the file holds nothing for an item."""
        column = self.column(item_id)
        if self.known(item_id) and self.item(item_id).type == "multiple":
            form = next(form for form in reversed(self.forms) if item_id in form)
            return np.asarray(
                read_several(self.data, column, definition(form, item_id), self.taken()).state == EMPTY, dtype=bool
            )
        if column not in self.data:
            return np.ones(len(self.data), dtype=bool)
        return np.asarray(self.data[column].isna().to_numpy(), dtype=bool)

    def _silent(self, item_id: str, out: Answers) -> None:
        """Tell the waves in which an item was asked, as far as anybody declared, and nobody answered."""
        item = self.item(item_id)
        if item.role in {"design", "paradata"} or item.type in {"calculated", *DRAWN}:
            return
        n = len(self.labels)
        asked = np.bincount(self.place[out.state != NOT_ASKED], minlength=n)
        answered = np.bincount(self.place[out.state == ANSWERED], minlength=n)
        for place in np.flatnonzero((asked > 0) & (answered == 0)):
            message = "Nobody answered an item that the wave does not declare as not asked."
            self.log.add("R008", message, count=int(asked[place]), wave=self.labels[place], column=item_id)
