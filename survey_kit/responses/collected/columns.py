"""Which column of an export holds which item: groups before the name, one column per answer, copies of rotated items."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from survey_kit.instrument import Instrument
from survey_kit.responses.codes import plain

if TYPE_CHECKING:
    import pandas as pd

WORD = re.compile(r"(?:^|(?<=[-/.:]))[^\W\d]\w*")
MARKS = ("/", "-", ".", ":")


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The names that columns of an instrument's forms can have, all versions together."""

    items: Mapping[str, str]  # name in the form -> id
    copies: Mapping[str, str]  # name of a copy, shown at one of an item's places -> id
    reasons: Mapping[str, str]  # name of the question why there is no date or text -> id
    several: Mapping[str, frozenset[str]]  # id of an item that takes several answers -> codes
    silent: frozenset[str]  # notes, headings and the like: names without an answer


@dataclass(slots=True)
class Sources:
    """The columns that hold one item: its own, its copies, those of single answers by code, the reasons for none."""

    own: list[str] = field(default_factory=list)
    copies: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    parts: dict[str, list[str]] = field(default_factory=dict)


def names_of(forms: Iterable[Instrument]) -> Names:
    """Collect the names that columns can have."""
    from survey_kit.instrument.export import form_columns

    items: dict[str, str] = {}
    several: dict[str, frozenset[str]] = {}
    of_kind: dict[str, dict[str, str]] = {"copy": {}, "missing": {}}
    silent: set[str] = set()
    for form in forms:
        silent |= {module.id for module in form.modules}
        silent |= {item.id for module in form.modules for item in module.items if item.id not in form}
        for item in form.items:
            items[item.id] = item.id
            items.setdefault(item.data_column, item.id)
            if item.type in {"date", "text"}:
                of_kind["missing"][f"{item.id}__missing"] = item.id
            if item.type == "multiple":
                codes = {plain(code) for code in (*form.codes(item.id), *form.missing_codes(item.id))}
                several[item.id] = several.get(item.id, frozenset()) | codes
        for name, column in form_columns(form).items():
            if column.kind in of_kind and column.item is not None:
                of_kind[column.kind][name] = column.item
            elif column.kind != "record":
                silent.add(name)
    return Names(
        items=items,
        copies=of_kind["copy"],
        reasons=of_kind["missing"],
        several=several,
        silent=frozenset(silent) - set(items),
    )


def find(header: str, names: Names) -> tuple[str, str, str] | None:
    """Say which item a column belongs to, and how: ``own copy reason``, or ``part`` with the code; None for no item.

    Examples
    --------
    >>> from survey_kit.instrument import Item, Module, Scale
    >>> asked = Item(id="q", type="multiple", scale=Scale(codes=("KZ-10", "KZ-79")))
    >>> names = names_of([Instrument(id="a", version="1", modules=(Module(id="m", items=(asked, Item(id="m"))),))])
    >>> find("m-q", names), find("m/q/KZ-10", names), find("m-m", names), find("qq", names)
    (('q', 'own', ''), ('q', 'part', 'KZ-10'), ('m', 'own', ''), None)
    """
    best: tuple[int, tuple[str, str, str]] | None = None
    for match in WORD.finditer(header):
        found = _read(match.group(), header[match.end() :], names)
        if found is not None and (best is None or found[0] >= best[0]):
            best = found
    return best[1] if best else None


def _read(word: str, rest: str, names: Names) -> tuple[int, tuple[str, str, str]] | None:
    """Read a word of a header and what follows it; the rank says how sure the reading is."""
    for how, known in (("own", names.items), ("copy", names.copies), ("reason", names.reasons)):
        item_id = known.get(word, "")
        if item_id and not rest:
            return 3, (item_id, how, "")
        if how != "reason" and item_id in names.several and rest[:1] in MARKS:
            sure = rest[1:] in names.several[item_id]
            if sure or rest[0] == "/":
                return (2 if sure else 1), (item_id, "part", rest[1:])
    base, mark, code = (word + rest).rpartition("__")
    several = names.items.get(base, "")
    if mark and code in names.several.get(several, ()):
        return 2, (several, "part", code)
    return None


def sort_columns(headers: Sequence[str], names: Names) -> tuple[dict[str, Sources], list[str]]:
    """Give the columns of each item, and those that belong to none."""
    out: dict[str, Sources] = {}
    others: list[str] = []
    for header in headers:
        found = find(header, names)
        if found is None:
            others.append(header)
            continue
        item_id, how, code = found
        sources = out.setdefault(item_id, Sources())
        if how == "part":
            sources.parts.setdefault(code, []).append(header)
        else:
            {"own": sources.own, "copy": sources.copies, "reason": sources.reasons}[how].append(header)
    return out, others


def joined(data: pd.DataFrame, columns: Sequence[str]) -> tuple[pd.Series, int]:
    """Take the first filled of several columns; count the rows in which two say different things."""
    out = data[columns[0]]
    differ = 0
    for name in columns[1:]:
        other = data[name]
        both = out.notna() & other.notna()
        if both.any():
            pairs = zip(out[both], other[both], strict=True)
            differ += sum(plain(one) != plain(two) for one, two in pairs)
        out = out.astype(object).where(out.notna(), other.astype(object))
    return out, differ


def ticked(data: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """Take the columns of one answer together that stand in several places: given in any of them."""
    if len(columns) == 1:
        return data[columns[0]]

    def rank(value: Any) -> int:
        return {"0": 0, "false": 0, "1": 2, "true": 2}.get(plain(value).casefold(), 1)

    out = data[columns[0]].astype(object)
    for name in columns[1:]:
        other = data[name].astype(object)
        better = other.notna() & (
            out.isna() | (other.map(rank, na_action="ignore") > out.map(rank, na_action="ignore"))
        )
        out = out.where(~better, other)
    return out
