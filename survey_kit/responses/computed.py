"""What follows from other answers: computed items, constraints, sums over the members of a repeated module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from survey_kit.instrument.evaluate import Column, compute, evaluate
from survey_kit.instrument.expressions import Expression, parse, parse_value
from survey_kit.instrument.model import Item
from survey_kit.responses.codes import ANSWERED, BROKEN, EMPTY, KIND, Answers, as_number, distinct, plain
from survey_kit.types import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from survey_kit.responses.settle import Taking

NOT_ASKED, UNKNOWN = KIND["not_asked"], KIND["unknown"]
RELATIVE = 1e-9  # how far a stored number may lie from the computed one: what writing it in decimals loses


def ready(taking: Taking, item: Item) -> bool:
    """Say whether the data hold everything a computed item is made of."""
    if item.type != "calculated" or item.value is None:
        return False
    expression = parse_value(item.value)
    modules = {name if how == "count" else taking.home(name) for how, name in expression.aggregates}
    members = (taking.outer or taking).inner
    return all(map(taking.has, expression.names)) and modules <= set(members)


def computed(taking: Taking, column: str, value: str | None) -> tuple[Any, NDArray[np.int8]]:
    """Compute an item from the answers; where the data lack what it is made of, the stored column counts."""
    n = len(taking.data)
    item = Item(id=column, type="calculated", value=value)
    if not ready(taking, item):
        stored, told = stored_values(taking, column)
        return stored, np.where(told, ANSWERED, EMPTY).astype(np.int8)
    expression = parse_value(value or "")
    values, known = compute(expression, taking.columns(expression), n)
    state = np.full(n, UNKNOWN, dtype=np.int8)
    for name in reversed(expression.names):
        reason = taking.settle(name).state
        state = np.where(reason == ANSWERED, state, reason).astype(np.int8)
    if expression.aggregates and not expression.names:
        state[:] = NOT_ASKED  # the least of nobody
    state[known] = ANSWERED
    wordy = np.asarray(values).dtype.kind in "OUS"
    whole: Any = np.asarray(values, dtype=object if wordy else np.float64).copy()
    whole[~known] = None if wordy else np.nan
    unheld = _unheld(taking, expression)
    if unheld.any():
        stored, told = stored_values(taking, column)
        same = stored.dtype.kind == whole.dtype.kind
        whole = whole if same else whole.astype(object)
        whole[unheld] = stored[unheld]
        state[unheld] = np.where(told, ANSWERED, UNKNOWN)[unheld]
    return whole, state


def _unheld(taking: Taking, expression: Expression) -> BoolArray:
    """Say in which rows the file does not hold the members that an expression sums up."""
    out = np.zeros(len(taking.data), dtype=bool)
    for how, name in expression.aggregates if taking.outer is None else ():
        members = taking.inner.get(name if how == "count" else taking.home(name))
        if members is not None and members.lacking is not None:
            out |= members.lacking
    return out


def stored_values(taking: Taking, column: str) -> tuple[Any, BoolArray]:
    """Give what the file holds of a computed item: numbers where all are numbers, else texts; known (n,)."""
    n = len(taking.data)
    if column not in taking.data:
        return np.full(n, np.nan), np.zeros(n, dtype=bool)
    places, found = distinct(taking.data[column])
    texts = [plain(value) for value in found]
    told = np.array([*(bool(text) for text in texts), False])[places]
    numbers = [as_number(text) if text else np.nan for text in texts]
    if all(number is not None for number in numbers):
        return np.array([*numbers, np.nan], dtype=np.float64)[places], told
    return np.array([*(text or None for text in texts), None], dtype=object)[places], told


def compare(taking: Taking, item_id: str, out: Answers) -> None:
    """Tell where the stored value of a computed item is another than the answers give."""
    for form, rows in taking.groups(item_id):
        item = form.item(item_id)
        if item.type != "calculated" or item.data_column not in taking.data or not ready(taking, item):
            continue
        stored, told = stored_values(taking, item.data_column)
        differ = rows & told & taking.opened(form, item_id) & ~_same(stored, out)
        for place in np.unique(taking.place[differ]):
            here = differ & (taking.place == place)
            first = int(np.flatnonzero(here)[0])
            is_now = plain(out.values[first]) if out.answered[first] else "nothing"
            taking.log.add(
                "R016",
                f"The stored value is not what the answers give ({item.value}); the computed one counts.",
                count=int(here.sum()),
                wave=taking.labels[place],
                column=item_id,
                found=f"{plain(stored[first])} instead of {is_now}",
            )


def constrain(taking: Taking, item_id: str, out: Answers) -> None:
    """Take away the answers that break their item's constraint; what cannot be decided passes."""
    import pandas as pd

    for form, rows in taking.groups(item_id):
        text = form.item(item_id).constraint
        if not text:
            continue
        expression = parse(text)
        columns = taking.columns(expression, own=(item_id, (out.values, out.answered)))
        true, known = evaluate(expression, columns, len(out.state))
        broken = rows & out.answered & ~true & known
        if broken.any():
            shown = pd.Series([_shown(value) for value in out.values], dtype=object)
            state = np.where(broken, BROKEN, ANSWERED)
            taking.faults(item_id, state, rows, shown, f"The answer breaks the constraint ({text}).")
            out.empty(broken, UNKNOWN)


def summed(how: str, answers: Answers, parent: IntArray, n: int) -> Column:
    """Sum the numbers of members up by interview; of nobody the sum is 0, and there is no least and no most."""
    known = answers.answered
    if answers.values.dtype.kind != "f":
        return np.full(n, np.nan), np.zeros(n, dtype=bool)
    at, numbers = parent[known], answers.values[known]
    if how == "sum":
        return np.bincount(at, weights=numbers, minlength=n), np.ones(n, dtype=bool)
    some = np.bincount(at, minlength=n) > 0
    out: FloatArray = np.full(n, np.inf if how == "min" else -np.inf)
    (np.minimum if how == "min" else np.maximum).at(out, at, numbers)
    return np.where(some, out, np.nan), some


def _same(stored: Any, out: Answers) -> BoolArray:
    if stored.dtype.kind == "f" and out.values.dtype.kind == "f":
        return np.asarray(np.isclose(stored, out.values, rtol=RELATIVE, atol=RELATIVE), dtype=bool)
    pairs = zip(stored, out.values, strict=True)
    return np.fromiter((plain(one) == plain(other) for one, other in pairs), bool, len(stored))


def _shown(value: Any) -> Any:
    return " ".join(sorted(map(str, value))) if isinstance(value, frozenset) else value
