"""What a new file of answers changes against the last wave: columns, codes, labels, and which trends that stops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from survey_kit.drafting.columns import Column, code_of, look
from survey_kit.drafting.form import draft_form
from survey_kit.errors import did_you_mean
from survey_kit.instrument import Declaration, Instrument, Item, Module, Scale, compare

if TYPE_CHECKING:
    import pandas as pd

    from survey_kit.responses.read import Labelled
    from survey_kit.study import Study

Effect = Literal["none", "note", "break"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that changed: at which item or column, and what it does to a trend."""

    effect: Effect
    what: str
    kind: str
    text: str


def changes_of_form(old: Instrument, new: Instrument) -> Iterator[Change]:
    """Tell what changed between the two versions of the instrument."""
    for one in compare(old, new):
        text = f"{one.kind.replace('_', ' ')}: {one.text} (instrument {old.version} to {new.version})"
        yield Change(effect=one.effect, what=one.item, kind=one.kind, text=text)


def changes_of_columns(study: Study, form: Instrument, last: pd.DataFrame, now: pd.DataFrame) -> Iterator[Change]:
    """Tell which columns and codes of the study the new file lacks, and which it has beside them."""
    for name, use in _needed(study, form).items():
        if name not in now.columns:
            alike = next((column for column in now.columns if column.casefold() == name.casefold()), None)
            hint = f"'{alike}' differs only by case" if alike else did_you_mean(name, now.columns)
            yield Change(
                effect="break", what=name, kind="design", text=f"no such column in the new file, {use}; {hint}"
            )
    for item in form.items:
        column = item.data_column
        if column not in now.columns:
            if column in last.columns:
                yield Change(effect="break", what=item.id, kind="absent", text=f"no column '{column}' in the new file")
            continue
        if not now[column].notna().any():
            yield Change(effect="break", what=item.id, kind="absent", text="the column is empty: nobody was asked")
            continue
        yield from _codes(form, item, last, now[column])


def _codes(form: Instrument, item: Item, last: pd.DataFrame, now: pd.Series) -> Iterator[Change]:
    codes = set(form.codes(item.id))
    if item.type != "single" or not codes:
        return
    known = {*codes, *form.missing_codes(item.id)}
    counts = {code_of(value): int(count) for value, count in now.value_counts().items()}
    strange = {code: count for code, count in counts.items() if code not in known}
    if strange:
        told = ", ".join(f"{code} ({count} rows)" for code, count in list(strange.items())[:5])
        yield Change(
            effect="break", what=item.id, kind="codes", text=f"codes that the instrument does not know: {told}"
        )
    if item.data_column in last.columns:
        before = {code_of(value) for value in last[item.data_column].dropna().unique()}
        gone = [code for code in form.codes(item.id) if code in before and code not in counts]
        if gone:
            told = ", ".join(map(str, gone))
            yield Change(
                effect="note", what=item.id, kind="unused", text=f"answers given last time and not now: {told}"
            )


def changes_of_labels(form: Instrument, last: Labelled, now: Labelled) -> Iterator[Change]:
    """Tell which questions and answers are worded otherwise in the labels of the two files."""
    if not last.variable_labels or not now.variable_labels:
        return
    ids = {item.data_column: item.id for item in form.items}
    both = set(last.frame.columns) & set(now.frame.columns) & set(ids)
    one, other = (_as_instrument([c for c in look(file) if c.name in both], ids) for file in (last, now))
    for difference in compare(one, other):
        if difference.kind in {"wording", "labels", "direction", "missing_codes", "type"}:
            text = f"{difference.kind.replace('_', ' ')}: {difference.text} (labels of the files)"
            yield Change(effect=difference.effect, what=difference.item, kind=difference.kind, text=text)


def _as_instrument(columns: list[Column], ids: Mapping[str, str]) -> Instrument:
    """Read the labels of a file as an instrument."""
    form = draft_form("file", [replace(column, role="item") for column in columns])
    items = []
    for item in form.items:
        scale = item.scale
        codes = tuple(scale.labels) if scale else ()
        items.append(
            Item(
                id=ids[item.column.name],
                text={"en": item.column.label or item.column.name},
                type=item.type,
                scale=Scale(
                    codes=codes, labels={code: {"en": scale.labels[code]} for code in codes}, high=scale.high
                ) if scale and codes else None,
                missing=dict(item.missing),
            )
        )  # fmt: skip
    made = Declaration(id="file", version="1", modules=(Module(id="questions", items=tuple(items)),))
    return Instrument(id=made.id, version=made.version, modules=made.modules)


def changes_of_size(study: Study, last: pd.DataFrame, now: pd.DataFrame) -> Iterator[Change]:
    """Tell how many people, strata and units there are, beside the last wave."""
    yield Change(effect="none", what="rows", kind="size", text=f"{len(last):,} became {len(now):,}")
    for key in ("strata", "psu"):
        name = getattr(study.design, key)
        if isinstance(name, str) and name in last.columns and name in now.columns:
            before, after = last[name].nunique(), now[name].nunique()
            effect: Effect = "note" if after < before / 2 else "none"
            yield Change(
                effect=effect, what=name, kind="size", text=f"{key}: {before:,} different values became {after:,}"
            )


def stopped(study: Study, changes: list[Change]) -> dict[str, str]:
    """Name the indicators whose trend stops, each with the reason."""
    lost = [one for one in changes if one.kind == "design"]
    broken = {one.what: one.text for one in changes if one.effect == "break"}
    out: dict[str, str] = {}
    for indicator in study.definitions:
        reasons = [f"{name}: {broken[name]}" for name in indicator.needs() if name in broken]
        if lost:
            reasons.insert(0, f"{lost[0].what}: {lost[0].text}")
        if reasons:
            out[indicator.id] = reasons[0]
    return out


def _needed(study: Study, form: Instrument) -> dict[str, str]:
    """Name the columns without which nothing, or no domain, can be computed; items are told apart."""
    items = {item.data_column for item in form.items} | {item.id for item in form.items}
    out: dict[str, str] = {}
    for key in ("weight", "strata", "psu", "fpc"):
        value = getattr(study.design, key)
        for name in (value,) if isinstance(value, str) else value or ():
            if name:
                out[name] = f"needed for the design ({key})"
    if study.responses.case:
        out[study.responses.case] = "needed as case id"
    for name in study.domains:
        source = study.derive[name].from_ if name in study.derive else name
        if source not in items:
            out.setdefault(source, f"needed for the domain '{name}'")
    return out
