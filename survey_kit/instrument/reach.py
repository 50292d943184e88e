"""Which items can never be asked: their conditions, and those of the items they depend on, contradict each other.

Each item takes few values, and a number only matters on the two sides of what it is compared with; so all
combinations are tried at once. What that cannot try (several answers, computed values, long chains) is left to the solver of
`survey_kit.instrument.prove`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise

import numpy as np

from survey_kit.instrument.evaluate import Column, evaluate
from survey_kit.instrument.expressions import Expression, comparisons
from survey_kit.instrument.model import Item, Scale
from survey_kit.types import BoolArray, Code

MOST_COMBINATIONS = 500_000
MOST_ITEMS = 60  # that a condition depends on
_TRIED = frozenset({"single", "arm", "integer", "decimal", "number", "text"})


def unreachable(items: Mapping[str, tuple[Item, Scale | None]], routes: Mapping[str, Expression]) -> Iterator[str]:
    """Name the items that no combination of answers opens; a case too large to try is left alone."""
    compared: dict[str, set[Code | float]] = {}
    for condition in routes.values():
        for name, value in comparisons(condition):
            compared.setdefault(name, set()).add(value)
    for item_id, condition in routes.items():
        involved = _involved(condition, routes)
        if len(involved) > MOST_ITEMS:
            continue
        conditions = [condition, *(routes[name] for name in involved if name in routes)]
        tried = all(name in items and items[name][0].type in _TRIED for name in involved)
        if not tried or any(one.aggregates for one in conditions):
            continue
        domains = [_domain(*items[name], compared.get(name, set())) for name in involved]
        n = math.prod(len(domain) + 1 for domain in domains)  # one more: not answered
        if n > MOST_COMBINATIONS:
            continue
        columns = _grid(involved, domains, n)
        possible = np.ones(n, dtype=bool)
        for name in involved:
            if name in routes:
                asked, _ = evaluate(routes[name], columns, n)
                possible &= asked | ~columns[name][1]
        opened, _ = evaluate(condition, columns, n)
        if not (possible & opened).any():
            yield item_id


def _involved(condition: Expression, routes: Mapping[str, Expression]) -> list[str]:
    out, waiting = dict.fromkeys(condition.items), list(condition.items)
    while waiting and len(out) <= MOST_ITEMS:
        name = waiting.pop()
        for other in routes[name].items if name in routes else ():
            if other not in out:
                out[other] = None
                waiting.append(other)
    return list(out)


def _domain(item: Item, scale: Scale | None, compared: AbstractSet[Code | float]) -> list[Code | float]:
    if scale is not None:
        return list(scale.codes)
    if not item.numeric:
        return [*(value for value in compared if isinstance(value, str)), "\x00"]
    ends = [value for value in (item.minimum, item.maximum) if value is not None]
    marks = sorted({float(value) for value in compared if not isinstance(value, str)} | set(ends) or {0.0})
    between = [(one + other) / 2 for one, other in pairwise(marks)]
    steps = [mark + step for mark in marks for step in (-1, 0, 1)]
    low = item.minimum if item.minimum is not None else -math.inf
    high = item.maximum if item.maximum is not None else math.inf
    return sorted(value for value in {*steps, *between} if low <= value <= high)


def _grid(names: Sequence[str], domains: Sequence[Sequence[Code | float]], n: int) -> dict[str, Column]:
    """Give every combination of values as columns; the last place of each domain stands for no answer."""
    columns: dict[str, Column] = {}
    repeat = n
    for name, domain in zip(names, domains, strict=True):
        repeat //= len(domain) + 1
        place = (np.arange(n) // repeat) % (len(domain) + 1)
        known: BoolArray = place < len(domain)
        text = any(isinstance(value, str) for value in domain)
        values = np.array([*domain, "" if text else 0], dtype=object if text else np.float64)
        columns[name] = (values[place], known)
    return columns
