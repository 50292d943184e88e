"""What the columns of somebody's file are: facts read from the values, roles guessed from names, labels and values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from survey_kit.drafting.words import Role, missing_kind, named_role
from survey_kit.types import Code, MissingKind

if TYPE_CHECKING:
    from survey_kit.responses.read import Labelled

MANY = 40  # distinct values beyond which a column is no list of answers
WAVES = 60  # distinct values beyond which a column cannot tell waves apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of the file: its labels, its values, and the guess what it is for."""

    name: str
    label: str
    labels: Mapping[Code, str]
    declared: frozenset[Code]
    values: tuple[Code, ...]
    numeric: bool
    whole: bool
    rows: int
    filled: int
    distinct: int
    longest: int
    low: float = 0.0
    high: float = 0.0
    role: Role = "item"
    missing: Mapping[Code, MissingKind] = field(default_factory=dict)

    @property
    def answers(self) -> tuple[Code, ...]:
        """List the codes that are answers: labelled ones, and observed ones that belong to their run."""
        labelled = [code for code in self.labels if code not in self.missing]
        seen = [code for code in self.values if code not in self.missing]
        if not self.numeric or not self.whole:
            return tuple(labelled or seen)
        run = _run([int(code) for code in labelled], [int(code) for code in seen])
        return tuple(sorted(run))

    @property
    def strays(self) -> tuple[Code, ...]:
        """List observed codes that are neither answers nor known to be missing."""
        known = {*self.answers, *self.missing}
        return tuple(code for code in self.values if code not in known)

    @property
    def single(self) -> bool:
        """Say whether the column holds a choice among a few answers."""
        words = sum(code not in self.missing for code in self.labels)
        if words:
            return words > 3 or self.distinct <= MANY
        return self.distinct <= 12 and (self.whole if self.numeric else self.longest <= 40)


def look(labelled: Labelled) -> tuple[Column, ...]:
    """Read the facts and guess the role of every column, in the order of the file."""
    columns = [_facts(labelled, name) for name in labelled.frame.columns]
    return tuple(_settled(columns))


def _facts(labelled: Labelled, name: str) -> Column:
    series = labelled.frame[name]
    labels = {code_of(code): str(text) for code, text in (labelled.value_labels.get(name) or {}).items()}
    filled = series.dropna()
    numeric = filled.dtype.kind in "iufb" or (not len(filled) and bool(labels))
    numbers = filled.to_numpy(dtype=np.float64) if numeric and len(filled) else np.empty(0)
    distinct = int(filled.nunique())
    listed = distinct <= MANY or (bool(labels) and distinct <= 500)
    values = tuple(sorted({code_of(value) for value in filled.unique()}, key=_order)) if listed else ()
    declared = frozenset(code_of(code) for code in labelled.missing.get(name, ()))
    missing = _missing(labels, declared)
    answers = numbers[~np.isin(numbers, [code for code in missing if isinstance(code, int)])]
    return Column(
        name=name,
        label=" ".join((labelled.variable_labels.get(name) or "").split()),
        labels=labels,
        declared=declared,
        values=values,
        numeric=numeric,
        whole=bool(np.all(numbers == np.round(numbers))) and numeric,
        rows=len(series),
        filled=len(filled),
        distinct=distinct,
        longest=0 if numeric or not len(filled) else int(filled.astype(str).str.len().max()),
        low=float(answers.min()) if len(answers) else 0.0,
        high=float(answers.max()) if len(answers) else 0.0,
        missing=missing,
    )


def _missing(labels: Mapping[Code, str], declared: frozenset[Code]) -> dict[Code, MissingKind]:
    """Guess which codes are no answers: by the words of their labels, else because the file calls them missing."""
    out: dict[Code, MissingKind] = {}
    for code in sorted({*labels, *declared}, key=_order):
        kind = missing_kind(labels.get(code, ""))
        if kind is not None:
            out[code] = kind
        elif code in declared:
            out[code] = "unknown"
    return out


def _settled(columns: list[Column]) -> Iterable[Column]:
    """Guess roles; of several candidates for a part of the design the first is taken, the others are set aside.

    Of several weights the first that every row has goes before the others.
    """
    roles = [_role(column) for column in columns]
    weights = [column for column, role in zip(columns, roles, strict=True) if role == "weight"]
    taken: set[Role] = set()
    best = min(weights, key=lambda column: column.filled < column.rows or column.low <= 0, default=None)
    for column, role in zip(columns, roles, strict=True):
        second = role in taken or (role == "weight" and column is not best)
        if role in {"weight", "strata", "psu", "fpc", "wave", "case"} and not second:
            taken.add(role)
        yield replace(column, role="paradata" if second else role)


def _role(column: Column) -> Role:
    named = named_role(column.name, column.label)
    fits = {
        "weight": column.numeric and column.distinct > 1 and len(column.labels) < 3 and column.low >= 0,
        "strata": column.distinct >= 1,
        "psu": column.distinct > 1,
        "fpc": column.numeric and column.low > 0,
        "wave": 1 <= column.distinct <= WAVES and column.filled == column.rows,
        "case": column.filled == column.rows and column.distinct > column.rows / WAVES and column.distinct > MANY,
        "identifier": True,
        "paradata": True,
        "background": True,
    }
    if named is not None and fits.get(named, True):
        return named
    if column.distinct < 2:
        return "constant"
    if not column.numeric and not column.labels and (column.longest > 40 or column.distinct > MANY):
        return "open"
    return "item" if column.single else "background"


def _run(labelled: list[int], seen: list[int]) -> set[int]:
    """Give the codes of a scale: the labelled ones and those between them, or the first run of observed ones."""
    if labelled:
        low, high = min(labelled), max(labelled)
        between = {code for code in seen if low < code < high and code not in labelled}
        named_at_its_ends = bool(between) and len(set(labelled)) <= 3 and high - low <= 10
        return {*labelled, *between} | (set(range(low, high + 1)) if named_at_its_ends else set())
    run: list[int] = []
    for code in sorted(set(seen)):
        if run and code - run[-1] > 2:
            break
        run.append(code)
    return set(range(run[0], run[-1] + 1)) if run else set()


def code_of(value: object) -> Code:
    """Give a value as the code it is.

    Examples
    --------
    >>> code_of(1.0), code_of("1"), code_of(2.5)
    (1, '1', '2.5')
    """
    if isinstance(value, (int, float, np.integer, np.floating)):
        number = float(value)
        return int(number) if number.is_integer() else str(value)
    return str(value)


def _order(code: Code) -> tuple[int, float, str]:
    return (1, 0.0, code) if isinstance(code, str) else (0, float(code), "")
