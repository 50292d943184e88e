"""The codebook of an instrument: a page to read and search without a network, and a tidy table for programs."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path
from typing import Final

from survey_kit.files import write_text
from survey_kit.instrument.export.codebook_html import page
from survey_kit.instrument.export.codebook_rows import Entry, Value, entries
from survey_kit.instrument.questionnaire import Instrument

COLUMNS: Final = (
    "instrument",
    "version",
    "language",
    "part",
    "module",
    "module_title",
    "number",
    "item",
    "column",
    "type",
    "question",
    "label",
    "universe",
    "condition",
    "condition_words",
    "constraint",
    "computed",
    "code",
    "code_label",
    "points",
    "missing_kind",
    "minimum",
    "maximum",
    "unit",
    "period",
    "showcard",
    "role",
    "sensitive",
    "list_version",
    "source",
    "source_item",
    "source_verified",
    "status",
    "note",
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")


def write_codebook(instrument: Instrument, folder: Path | str) -> tuple[Path, ...]:
    """Write the codebook: ``<id>_<version>_codebook.html`` and ``.csv``, all languages in each.

    The page needs no network and no other file. The table has one row for each item, code and language; an item without codes has one row
    for each language. A text that a spreadsheet would take for a formula is written with an apostrophe before it.

    Examples
    --------
    >>> import tempfile
    >>> from survey_kit.instrument.load import read_instrument
    >>> [path.name for path in write_codebook(read_instrument("instruments/lapop_brazil"), tempfile.mkdtemp())]
    ['lapop_brazil_1.0_codebook.html', 'lapop_brazil_1.0_codebook.csv']
    """
    stem = f"{instrument.id}_{instrument.version}_codebook"
    folder = Path(folder)
    return (
        write_text(folder / f"{stem}.html", page(instrument)),
        write_text(folder / f"{stem}.csv", codebook_csv(instrument)),
    )


def codebook_csv(instrument: Instrument) -> str:
    """Give the table of the codebook.

    Examples
    --------
    >>> from survey_kit.instrument.load import read_instrument
    >>> len(codebook_csv(read_instrument("instruments/lapop_brazil")).splitlines()[0].split(","))
    34
    """
    out = StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n", restval="")
    writer.writeheader()
    languages = instrument.languages
    for entry in entries(instrument):
        for language in languages:
            shared = _shared(instrument, entry, language)
            for value in entry.values or (None,):
                writer.writerow({**shared, **(_coded(instrument, value, language) if value else {})})
    return out.getvalue()


def _shared(instrument: Instrument, entry: Entry, language: str) -> dict[str, str]:
    item, source = entry.item, entry.source
    texts = {
        "instrument": instrument.id,
        "version": instrument.version,
        "language": language,
        "part": entry.part,
        "module": entry.module.id,
        "module_title": entry.module.title.get(language, ""),
        "number": entry.number,
        "item": item.id,
        "column": item.data_column,
        "type": item.type,
        "question": " ".join(part for part in (entry.stem.get(language), entry.text.get(language)) if part),
        "label": item.label.get(language, ""),
        "universe": item.universe.get(language, ""),
        "condition": entry.condition[0] if entry.condition else "",
        "condition_words": entry.condition[1][language] if entry.condition else "",
        "constraint": item.constraint or "",
        "computed": item.value or "",
        "unit": item.unit or "",
        "period": item.period.get(language, ""),
        "showcard": item.showcard or "",
        "role": item.role,
        "sensitive": "yes" if item.sensitive else "no",
        "list_version": entry.list_version or "",
        "source": source.standard if source else "",
        "source_item": (source.item or "") if source else "",
        "source_verified": ("yes" if source.verified else "no") if source else "",
        "status": entry.statuses[language],
        "note": item.note or "",
    }
    limits = {name: _number(getattr(item, name)) for name in ("minimum", "maximum")}
    return {**{name: _guarded(text) for name, text in texts.items()}, **limits}


def _coded(instrument: Instrument, value: Value, language: str) -> dict[str, str]:
    label = value.labels.get(language, "")
    return {
        "column": _guarded(value.column),
        "code": _guarded(value.code) if isinstance(value.code, str) else str(value.code),
        "code_label": _guarded(label or (instrument.say(value.labels, language) if value.missing else "")),
        "points": _number(value.points),
        "missing_kind": value.missing or "",
    }


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.15g}"


def _guarded(text: str) -> str:
    """Keep a text from being taken for a formula, and on one line."""
    flat = " ".join(text.split("\n")) if "\n" in text else text
    return f"'{flat}" if flat.startswith(_FORMULA) else flat
