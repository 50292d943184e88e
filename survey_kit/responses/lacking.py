"""What the data have to hold before any item is read: the columns of the items, and of what their conditions look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from survey_kit.errors import ResponsesError, did_you_mean
from survey_kit.instrument import Instrument
from survey_kit.instrument.expressions import Expression, parse_value
from survey_kit.responses.responses import Unasked
from survey_kit.responses.settle import Taking


def require(taking: Taking, ids: Sequence[str]) -> None:
    """Hold the columns and the declarations against the instruments; what is missing is one error."""
    _declared(taking)
    absent: dict[str, str] = {}
    for item_id in with_filters(taking, ids):
        table = _table(taking, item_id)
        if table is None:
            continue
        for form, rows in table.groups(item_id):
            asked = [label for label in _waves(table, rows) if item_id not in taking.not_asked.get(label, ())]
            if asked and not table.held(form, item_id) and form.item(item_id).type != "calculated":
                absent.setdefault(form.item(item_id).data_column, asked[0])
    for rules in taking.unasked_when.values():
        for rule in rules:
            for column in rule.when if isinstance(rule.when, dict) else ():
                if taking.column(column) not in taking.data:
                    absent.setdefault(taking.column(column), "")
    if absent:
        raise _lacks(taking, list(absent))


def with_filters(taking: Taking, ids: Sequence[str]) -> list[str]:
    """Name the items, and all that their filters look at; what computed items are made of where the file does not say them."""
    out, waiting = dict.fromkeys(ids), list(ids)
    while waiting:
        item_id = waiting.pop()
        for form in taking.forms:
            if item_id not in form:
                continue
            for expression in _looked_at(taking, form, item_id):
                for name in expression.items:
                    if name not in out:
                        out[name] = None
                        waiting.append(name)
    return list(out)


def written_out(forms: Sequence[Instrument], names: Sequence[str]) -> tuple[str, ...]:
    """Put the rows of a grid in the place of its name; a note holds no answer and falls out.

    Examples
    --------
    >>> from survey_kit.instrument import Item, Module, Scale
    >>> grid = Item(id="trust", type="grid", scale=Scale(codes=(1, 2)), rows=(Item(id="police"), Item(id="courts")))
    >>> written_out([Instrument(id="a", version="1", modules=(Module(id="m", items=(grid,)),))], ["trust", "age"])
    ('police', 'courts', 'age')
    """
    inside = {
        item.id: tuple(row.id for row in item.rows)
        for form in forms
        for module in form.modules
        for item in module.items
        if item.type in {"grid", "note"} and item.id not in form
    }
    return tuple(dict.fromkeys(one for name in names for one in inside.get(name, (name,))))


def rewritten(forms: Sequence[Instrument], rules: Mapping[str, Sequence[Unasked]]) -> dict[str, tuple[Unasked, ...]]:
    """Put the rows of grids into the rules of who was not asked."""
    return {
        label: tuple(replace(rule, items=written_out(forms, rule.items)) for rule in of_wave)
        for label, of_wave in rules.items()
    }


# ------------------------------------------------------------------------------------------------------------- inside
def _looked_at(taking: Taking, form: Instrument, item_id: str) -> Iterator[Expression]:
    route, item = form.route(item_id), form.item(item_id)
    if route is not None:
        yield route
    table = _table(taking, item_id)
    if item.type == "calculated" and item.value and table is not None and not table.held(form, item_id):
        yield parse_value(item.value)


def _table(taking: Taking, item_id: str) -> Taking | None:
    """Give the table an item stands in; None for members nobody gave."""
    home = taking.home(item_id)
    return taking.inner.get(home) if home else taking


def _waves(table: Taking, rows: np.ndarray) -> list[str]:
    return [table.labels[place] for place in np.unique(table.place[rows])]


def _declared(taking: Taking) -> None:
    parts = [(label, rule.items) for label, rules in taking.unasked_when.items() for rule in rules]
    for label, names in (*taking.not_asked.items(), *parts):
        if label not in taking.labels:
            raise ResponsesError(f"'{label}' is not a wave of the study.", fix=did_you_mean(label, taking.labels))
        for name in names:
            if not taking.known(name):
                known = [item.id for form in taking.forms for item in form.items]
                what = f"The item '{name}', declared as not asked in wave {label or 'the file'}, is not known."
                raise ResponsesError(what, fix=did_you_mean(name, known))


def _lacks(taking: Taking, absent: Sequence[str]) -> ResponsesError:
    first, near = absent[0], list(map(str, taking.data.columns))
    same = next((one for one in near if one.casefold() == first.casefold()), None)
    hint = (
        f"did you mean '{same}'? Rename it, or give the item 'column: {same}'." if same else did_you_mean(first, near)
    )
    found = "no column " + ", ".join(f"'{name}'" for name in absent[:5]) + (", ..." if len(absent) > 5 else "")
    return ResponsesError(
        "The answers lack columns of the instrument.",
        where=taking.source or None,
        found=found,
        fix=f"For '{first}': {hint} If it was not asked, add it to 'not_asked:'.",
    )
