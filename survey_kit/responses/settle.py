"""One item after another: its values, then the reason of every gap.

The order decides: what the study declares (not asked in this wave, or of these rows), then the item's filter, then
the producer's own reasons, then a declared assumption; a gap that nothing explains is ``unknown``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit.errors import ResponsesError, did_you_mean
from survey_kit.instrument import Instrument, Item
from survey_kit.instrument.evaluate import Column, evaluate
from survey_kit.responses.codes import (
    ANSWERED,
    EMPTY,
    FAULTS,
    KIND,
    Answers,
    definition,
    distinct,
    matches,
    plain,
    read_codes,
)
from survey_kit.responses.reasons import Reasons, Rows
from survey_kit.responses.responses import Log, Unasked
from survey_kit.types import BoolArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

NOT_ASKED, UNKNOWN = KIND["not_asked"], KIND["unknown"]


@dataclass(slots=True, kw_only=True)
class Taking:
    """What reading an item needs, and the items read so far: a filter is read before what it opens."""

    data: pd.DataFrame
    place: IntArray
    labels: tuple[str, ...]
    forms: Mapping[str, Instrument]
    not_asked: Mapping[str, frozenset[str]]
    unasked_when: Mapping[str, Sequence[Unasked]]
    reasons: Reasons | None
    log: Log
    source: str
    done: dict[str, Answers] = field(default_factory=dict)
    told: set[tuple[str, tuple[str, ...]]] = field(default_factory=set)

    def rows(self, wave: str | None, case: str | None) -> Rows:
        """Give the keys of the rows, for a table of reasons."""
        cases = self.data[case] if case else None
        return Rows(wave=wave, case=case, labels=self.labels, place=self.place, cases=cases)

    def settle(self, item_id: str) -> Answers:
        """Read an item and give every gap its reason."""
        if item_id in self.done:
            return self.done[item_id]
        out = self._read(item_id)
        self._declared(item_id, out)
        self._filtered(item_id, out)
        self._explained(item_id, out)
        self._assumed(item_id, out)
        out.state[out.state == EMPTY] = UNKNOWN
        self._silent(item_id, out)
        self.done[item_id] = out
        return out

    # ------------------------------------------------------------------------------------------------ before reading
    def require(self, ids: Sequence[str]) -> None:
        """Hold the columns and the declarations against the instruments; what is missing is one error."""
        for label, names in (*self.not_asked.items(), *self._partly()):
            if label not in self.labels:
                raise ResponsesError(f"'{label}' is not a wave of the study.", fix=did_you_mean(label, self.labels))
            for name in names:
                if not any(name in form for form in self.forms.values()):
                    known = [item.id for form in self.forms.values() for item in form.items]
                    what = f"The item '{name}', declared as not asked in wave {label or 'the file'}, is not known."
                    raise ResponsesError(what, fix=did_you_mean(name, known))
        absent: dict[str, str] = {}
        for item_id in self._with_filters(ids):
            for form, places in self._groups(item_id):
                column = form.item(item_id).data_column
                needed = [self.labels[p] for p in places if item_id not in self.not_asked.get(self.labels[p], ())]
                if column not in self.data and needed:
                    absent.setdefault(column, needed[0])
        for rules in self.unasked_when.values():
            for rule in rules:
                for column in rule.when if isinstance(rule.when, dict) else ():
                    if self._column(column) not in self.data:
                        absent.setdefault(column, "")
        if absent:
            first, near = next(iter(absent)), list(map(str, self.data.columns))
            same = next((one for one in near if one.casefold() == first.casefold()), None)
            hint = (
                f"did you mean '{same}'? Rename it, or give the item 'column: {same}'."
                if same
                else did_you_mean(first, near)
            )
            found = (
                "no column "
                + ", ".join(f"'{name}'" for name in list(absent)[:5])
                + (", ..." if len(absent) > 5 else "")
            )
            raise ResponsesError(
                "The answers lack columns of the instrument.",
                where=self.source or None,
                found=found,
                fix=f"For '{first}': {hint} If it was not asked, add it to 'not_asked:'.",
            )

    def _partly(self) -> list[tuple[str, tuple[str, ...]]]:
        return [(label, rule.items) for label, rules in self.unasked_when.items() for rule in rules]

    def _with_filters(self, ids: Sequence[str]) -> list[str]:
        out, waiting = dict.fromkeys(ids), list(ids)
        while waiting:
            item_id = waiting.pop()
            for form, _ in self._groups(item_id):
                route = form.route(item_id)
                for name in route.names if route else ():
                    if name not in out:
                        out[name] = None
                        waiting.append(name)
        return list(out)

    def _groups(self, item_id: str) -> list[tuple[Instrument, list[int]]]:
        """Give each instrument that has the item with the places of its waves."""
        out: dict[int, tuple[Instrument, list[int]]] = {}
        for place, label in enumerate(self.labels):
            form = self.forms[label]
            if item_id in form:
                out.setdefault(id(form), (form, []))[1].append(place)
        return list(out.values())

    def _item(self, item_id: str) -> Item:
        return next(form.item(item_id) for form in reversed(list(self.forms.values())) if item_id in form)

    def _column(self, name: str) -> str:
        """Give the column of the data for the name of an item or a column."""
        return self._item(name).data_column if any(name in form for form in self.forms.values()) else name

    def _in(self, places: Sequence[int]) -> BoolArray:
        return np.isin(self.place, places) if len(places) < len(self.labels) else np.ones(len(self.place), dtype=bool)

    # ------------------------------------------------------------------------------------------------------ reading
    def _read(self, item_id: str) -> Answers:
        n = len(self.data)
        groups = self._groups(item_id)
        numeric = all(definition(form, item_id).numeric for form, _ in groups)
        values: Any = np.full(n, np.nan) if numeric else np.full(n, None, dtype=object)
        out = Answers(values, np.full(n, NOT_ASKED, dtype=np.int8), np.zeros(n, dtype=bool))
        merged: dict[Any, list[int]] = {}
        for form, places in groups:
            merged.setdefault((form.item(item_id).data_column, definition(form, item_id)), []).extend(places)
        seen = np.zeros(n, dtype=bool)
        for (column, meaning), places in merged.items():
            rows = self._in(places)
            seen |= rows
            if column not in self.data:
                continue
            codes, values_found = distinct(self.data[column])
            read = list(read_codes(values_found, meaning))
            states = np.array([state for _, state, _ in read] + [EMPTY], dtype=np.int8)
            becomes: Any = np.array([value for value, _, _ in read] + [None], dtype=np.float64 if numeric else object)
            out.values[rows], out.state[rows] = becomes[codes[rows]], states[codes[rows]]
            self._faults(column, out, rows, codes, values_found)
        self._foreign(item_id, ~seen)
        return out

    def _faults(self, column: str, out: Answers, rows: BoolArray, codes: IntArray, values: pd.Series) -> None:
        for state, (code, message) in FAULTS.items():
            wrong = rows & (out.state == state)
            if not wrong.any():
                continue
            for place in np.unique(self.place[wrong]):
                here = wrong & (self.place == place)
                counts = np.bincount(codes[here], minlength=len(values))
                order = np.argsort(-counts, kind="stable")[:5]
                found = ", ".join(f"{plain(values.iloc[i])[:40]} ({counts[i]})" for i in order if counts[i])
                more = ", ..." if np.count_nonzero(counts) > 5 else ""
                label = self.labels[place]
                self.log.add(code, message, count=int(here.sum()), wave=label, column=column, found=found + more)
            out.empty(wrong, UNKNOWN)

    def _foreign(self, item_id: str, rows: BoolArray) -> None:
        """Set aside what stands in an item's column in waves whose instrument does not have the item."""
        column = self._item(item_id).data_column
        if rows.any() and column in self.data:
            filled = rows & self.data[column].notna().to_numpy()
            message = "Answers to an item that the wave's instrument lacks are set aside."
            self.log.by_wave("R006", message, filled, self.place, self.labels, item_id)

    # ------------------------------------------------------------------------------------------- reasons, in order
    def _declared(self, item_id: str, out: Answers) -> None:
        rows = np.zeros(len(out.state), dtype=bool)
        whole = [place for place, label in enumerate(self.labels) if item_id in self.not_asked.get(label, ())]
        if whole:
            rows |= self._in(whole)
        for place, label in enumerate(self.labels):
            for rule in self.unasked_when.get(label, ()):
                if item_id in rule.items and isinstance(rule.when, dict):
                    inside = self.place == place
                    for column, codes in rule.when.items():
                        inside &= matches(self.data[self._column(column)], codes)
                    rows |= inside
        self._set_aside("R006", "Answers to an item declared as not asked are set aside.", item_id, out, rows)

    def _filtered(self, item_id: str, out: Answers) -> None:
        for form, places in self._groups(item_id):
            route = form.route(item_id)
            if route is None:
                continue
            columns: dict[str, Column] = {}
            passed_by = np.zeros(len(out.state), dtype=bool)
            for name in route.names:
                answers = self.settle(name)
                columns[name] = (answers.values, answers.answered)
                passed_by |= answers.closed
            true, known = evaluate(route, columns, len(out.state))
            rows = self._in(places)
            out.closed |= rows & ~true & (known | passed_by)
            message = f"Answers although the filter is not met ({route.text}) are set aside."
            self._set_aside("R007", message, item_id, out, rows & out.closed)
            out.state[rows & ~true & (out.state == EMPTY)] = NOT_ASKED  # an unknown filter opens nothing

    def _set_aside(self, code: str, message: str, item_id: str, out: Answers, rows: BoolArray) -> None:
        if rows.any():
            self.log.by_wave(code, message, rows & out.answered, self.place, self.labels, item_id)
            out.empty(rows, NOT_ASKED)

    def _explained(self, item_id: str, out: Answers) -> None:
        if self.reasons is None:
            return
        told = self.reasons.of(self._item(item_id).data_column)
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
                    column = self._column(other)
                    if column in self.data:
                        rows &= self.data[column].isna().to_numpy()
                out.state[rows] = NOT_ASKED
                if rows.any() and (label, rule.items) not in self.told:
                    self.told.add((label, rule.items))
                    message = "Rows without an answer to any of some items count as not asked."
                    count = int(rows.sum())
                    self.log.add("R009", message, count=count, wave=label, found=", ".join(rule.items))

    def _silent(self, item_id: str, out: Answers) -> None:
        """Tell the waves in which an item was asked, as far as anybody declared, and nobody answered."""
        if self._item(item_id).role in {"design", "paradata"}:
            return
        n = len(self.labels)
        asked = np.bincount(self.place[out.state != NOT_ASKED], minlength=n)
        answered = np.bincount(self.place[out.state == ANSWERED], minlength=n)
        for place in np.flatnonzero((asked > 0) & (answered == 0)):
            message = "Nobody answered an item that the wave does not declare as not asked."
            self.log.add("R008", message, count=int(asked[place]), wave=self.labels[place], column=item_id)
