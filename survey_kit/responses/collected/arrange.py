"""From the columns of an export to items: tables that `take` reads, with everything else put apart."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from survey_kit.errors import ResponsesError, did_you_mean
from survey_kit.instrument import Instrument
from survey_kit.instrument.expressions import parse, parse_value
from survey_kit.responses.codes import plain
from survey_kit.responses.collected.columns import Names, Sources, joined, ticked
from survey_kit.responses.collected.raw import Raw, texts
from survey_kit.responses.responses import Log

if TYPE_CHECKING:
    import pandas as pd

REJECTED = ("rejected", "not_approved", "not approved")
XML_VALUES = "Export again with 'XML values and headers', which gives the codes."


def set_aside(raw: Raw, log: Log) -> frozenset[str]:
    """Leave out what was never decrypted and what a reviewer rejected; give the cases of these."""
    gone: set[str] = set()
    for code, message, rows in (
        ("R025", "Interviews are encrypted or incomplete and hold no answers.", _undecrypted(raw)),
        ("R024", "Interviews that a reviewer rejected are set aside.", _rejected(raw)),
    ):
        if rows.any():
            log.add(code, message, count=int(rows.sum()), found=", ".join(map(str, raw.case[rows].head(3))))
            gone |= set(raw.case[rows])
    if gone:
        raw.keep(~raw.case.isin(gone).to_numpy())
    return frozenset(gone)


def items_of(
    data: pd.DataFrame, wanted: Mapping[str, Sources], names: Mapping[str, Sequence[str]], log: Log
) -> dict[str, pd.Series]:
    """Give a column for each item, those of single answers as ``<item>/<code>``; tell where two columns contradict each other.

    `names` are the columns in which the instrument, in any of its versions, looks for an item.
    """
    out: dict[str, pd.Series] = {}
    for item_id, sources in wanted.items():
        columns = [*sources.own, *sources.copies]
        if columns:
            answers, differ = joined(data, columns)
            for name in sources.reasons:
                answers = answers.astype(object).where(answers.notna(), data[name].astype(object))
            out |= dict.fromkeys(names[item_id], answers)
            if differ:
                message = "Columns of one question say different things; the first counts."
                log.add("R023", message, count=differ, column=item_id, found=", ".join(columns)[:200])
        for code, parts in sources.parts.items():
            ticks = ticked(data, parts)
            out |= {f"{name}/{code}": ticks for name in names[item_id]}
    return out


def data_columns(forms: Iterable[Instrument]) -> dict[str, tuple[str, ...]]:
    """Give the columns of the data in which each item is looked for."""
    out: dict[str, dict[str, None]] = {}
    for form in forms:
        for item in form.items:
            out.setdefault(item.id, {})[item.data_column] = None
    return {item_id: tuple(names) for item_id, names in out.items()}


def module_of(columns: Mapping[str, Sources], homes: Mapping[str, str]) -> str:
    """Name the repeated module that most columns of a table belong to; nothing when none does."""
    homes_found = [homes[one] for one in columns if homes[one]]
    return max(set(homes_found), key=lambda one: (homes_found.count(one), one)) if homes_found else ""


def homes_of(forms: Iterable[Instrument]) -> dict[str, str]:
    """Give the repeated module of each item; nothing for an item asked once."""
    return {item.id: _repeated(form, item.id) for form in forms for item in form.items}


def private(forms: Sequence[Instrument]) -> frozenset[str]:
    """Name the items that stay apart from the answers: identifiers, and open texts that no condition looks at."""
    looked_at: set[str] = set()
    for form in forms:
        for item in form.items:
            route = form.route(item.id)
            looked_at |= set(route.items if route else ())
            looked_at |= set(parse(item.constraint).items) if item.constraint else set()
            looked_at |= set(parse_value(item.value).items) if item.value else set()
    items = [item for form in forms for item in form.items]
    return frozenset(
        item.id for item in items if item.role == "identifier" or (item.type == "text" and item.id not in looked_at)
    )


def refuse_labels(data: pd.DataFrame, columns: Mapping[str, Sources], forms: Sequence[Instrument], where: str) -> None:
    """Refuse an export of labels: what the interviewer read differs by language and version, and is no code."""
    if not columns:
        words = {
            _flat(text) for form in forms for item in form.items for text in (*item.text.values(), *item.label.values())
        }
        headers = [str(name) for name in data.columns]
        spoken = [name for name in headers if any(_flat(part) in words for part in (name, name.rpartition("/")[2]))]
        found = ", ".join(map(repr, (spoken or headers)[:3]))
        if spoken:
            raise ResponsesError("The columns are named by labels.", where=where, found=found[:200], fix=XML_VALUES)
        fix = f"Give the instrument the form was made from. {did_you_mean(headers[0], homes_of(forms)) if headers else ''}"
        raise ResponsesError("No column is an item of the instrument.", where=where, found=found[:200], fix=fix)
    languages = [form.languages for form in forms]
    for item_id, sources in columns.items():
        codes = {plain(code) for form in forms if item_id in form for code in _codes(form, item_id)}
        for name in sources.own if codes else ():
            told = [plain(value) for value in data[name].dropna().unique()[:200] if plain(value)]
            if not told or any(part in codes for value in told for part in (value, *value.split())):
                continue
            labels = {
                _flat(form.label(item_id, code, language))
                for form, spoken in zip(forms, languages, strict=True)
                if item_id in form
                for code in _codes(form, item_id)
                for language in spoken
            }
            spoken = [value for value in told if _flat(value) in labels]
            if spoken:
                found = f"{spoken[0]!r} in column '{name}'"
                raise ResponsesError(
                    "The cells hold labels instead of codes.", where=where, found=found, fix=XML_VALUES
                )


def lost(
    raw: Raw, present: Collection[str], forms: Mapping[str, Instrument], newest: Instrument, log: Log
) -> list[str]:
    """Tell the questions of earlier versions that the export has no column for; platforms drop what a newer form lacks."""
    out: list[str] = []
    for name, form in forms.items():
        rows = int((raw.version == name).sum())
        gone = [
            item.id
            for item in form.items
            if item.id not in present and item.id not in newest and item.type != "calculated"
        ]
        if rows and gone:
            message = "Questions of an earlier version have no column in the export: their answers are lost."
            shown = ", ".join(gone[:5]) + (", ..." if len(gone) > 5 else "")
            log.add("R022", message, count=rows, column=name, found=shown)
            out += gone
    return list(dict.fromkeys(out))


def filled(names: Names, headers: Sequence[str], data: pd.DataFrame) -> list[str]:
    """Leave out of the unknown columns what holds no answer: notes, headings, and columns without a single value."""
    return [
        header
        for header in headers
        if header.replace("/", "-").rpartition("-")[2] not in names.silent and data[header].notna().any()
    ]


# ------------------------------------------------------------------------------------------------------------- inside
def _codes(form: Instrument, item_id: str) -> tuple[int | str, ...]:
    return (*form.codes(item_id), *form.missing_codes(item_id)) if form.codes(item_id) else ()


def _repeated(form: Instrument, item_id: str) -> str:
    module = form.module_of(item_id)
    return module.id if module.repeat is not None else ""


def _flat(text: object) -> str:
    return " ".join(str(text).split()).casefold()


def _undecrypted(raw: Raw) -> np.ndarray:
    if raw.platform != "odk" or "Status" not in raw.data:
        return np.zeros(len(raw.data), dtype=bool)
    return np.asarray(raw.data["Status"].notna().to_numpy(), dtype=bool)


def _rejected(raw: Raw) -> np.ndarray:
    name = next((one for one in ("ReviewState", "_validation_status") if one in raw.data), None)
    if name is None:
        return np.zeros(len(raw.data), dtype=bool)
    said = [str(one or "").casefold() for one in texts(raw.data[name])]
    return np.array([any(word in one for word in REJECTED) for one in said], dtype=bool)
