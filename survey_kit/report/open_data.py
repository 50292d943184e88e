"""The figures as open data: rows with intervals and flags, a dictionary, missing answers, ratings, a description, terms.

Everything is plain CSV and JSON in UTF-8; two builds give the same bytes. A text that a spreadsheet would take for a
formula is written with an apostrophe before it. What is not published is null here as it is on the pages.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from survey_kit import files, ratings
from survey_kit.indicators.rows import COLUMNS, COUNTS, TEXTS
from survey_kit.indicators.rows import published as blanked
from survey_kit.report.about import REASONS
from survey_kit.report.info import StudyInfo
from survey_kit.report.rows import SYMBOLS

if TYPE_CHECKING:
    import pandas as pd

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")
DICTIONARY: Final = ("part", "name", "meaning", "type")
MISSING: Final = ("study", "data_status", "wave", "item", "asked", "answered", *REASONS)
INDICATOR: Final = {
    "title": "title",
    "question": "question",
    "answers": "answers that count",
    "base": "base",
    "dont_know": "don't know and refusal",
    "interval": "form of the interval",
    "direction": "declared direction",
    "family": "family of changes",
    "note": "note",
}


def write(folder: Path, rows: pd.DataFrame, info: StudyInfo) -> list[Path]:
    """Write the open data of a study into a folder.

    Parameters
    ----------
    folder
        Where to write; files of other names are left alone.
    rows
        The rows of the indicators; numbers that may not be published are blanked here.
    info
        The study.

    Returns
    -------
    list of Path
        The files written: indicators, dictionary, missing answers, ratings (if the study has them), ``datapackage.json``
        and ``README.txt``.
    """
    stem = info.file_stem.replace("-", "_")
    tables = {
        f"{stem}_indicators.csv": (blanked(rows), dict(COLUMNS), "Every figure with its interval, flags and changes"),
        f"{stem}_dictionary.csv": (_dictionary(info), {}, "What every column, indicator, wave and marker means"),
        f"{stem}_missing.csv": (_missing(info), {}, "Why answers are missing, by wave and question, not weighted"),
    }
    if info.ratings:
        tables[f"ratings_{info.ratings}.csv"] = (
            ratings.summary(info.ratings),
            {},
            "International ratings (real figures) with editions, sources and licences",
        )
        tables[f"ratings_{info.ratings}_cpi_sources.csv"] = (
            ratings.cpi_leave_one_out([info.ratings, *info.compare]),
            {},
            "Source scores of the Corruption Perceptions Index (real figures), and the score without each",
        )
    written = [files.write_text(folder / name, to_csv(table)) for name, (table, _, _) in tables.items()]
    resources = [
        _resource(path, *tables[path.name], status=str(tables[path.name][0].get("data_status", [info.data_status])[0]))
        for path in written
    ]
    package = {
        "name": stem.lower(),
        "title": f"{info.mark}: {info.title}" if info.mark else info.title,
        "data_status": info.data_status,
        "profile": "tabular-data-package",
        "description": _description(info),
        "sources": [{"title": info.producer}] if info.producer else [],
        "resources": resources,
    }
    text = json.dumps(package, ensure_ascii=False, indent=1) + "\n"
    written.append(files.write_text(folder / "datapackage.json", text))
    described = [(path.name, description) for path, (_, _, description) in zip(written, tables.values(), strict=False)]
    written.append(files.write_text(folder / "README.txt", _readme(info, described)))
    return written


def to_csv(table: pd.DataFrame) -> str:
    """Write a table as CSV whose texts no spreadsheet takes for a formula.

    Examples
    --------
    >>> import pandas as pd
    >>> print(to_csv(pd.DataFrame({"label": ["=1+1", "fine"], "value": [-1.5, None]})).strip())
    label,value
    '=1+1,-1.5
    fine,
    """
    out = table.copy()
    for name in out.columns:
        if out[name].dtype.kind not in "iufb":
            out[name] = out[name].map(_harmless, na_action="ignore")
    out.columns = [_harmless(str(name)) for name in out.columns]
    return str(out.to_csv(index=False, lineterminator="\n"))


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _dictionary(info: StudyInfo) -> pd.DataFrame:
    import pandas as pd

    def entries() -> Iterator[tuple[str, str, str, str]]:
        for name, meaning in COLUMNS.items():
            yield "column", name, meaning, _type(name)
        for one in info.indicators:
            for field, words in INDICATOR.items():
                if getattr(one, field):
                    yield "indicator", one.id, f"{words}: {getattr(one, field)}", one.unit
        for wave in info.waves:
            told = [info.wave_label(wave.id), wave.mode, wave.fieldwork, wave.break_note, *wave.notes]
            yield "wave", wave.id, "; ".join(filter(None, told)), wave.break_kind
        for domain in info.domains:
            yield "domain", domain.id, domain.label, "text"
        for marker, meaning in SYMBOLS.items():
            yield "marker", marker, meaning, ""

    table = pd.DataFrame(list(entries()), columns=list(DICTIONARY))
    table.insert(0, "data_status", info.data_status)
    return table


def _missing(info: StudyInfo) -> pd.DataFrame:
    import pandas as pd

    records = [
        (
            *(info.id, info.data_status, one.wave, one.item, one.asked, one.answered),
            *(one.reasons.get(kind, 0) for kind in REASONS),
        )
        for one in info.missing
    ]
    return pd.DataFrame(records, columns=list(MISSING))


def _type(name: str) -> str:
    return "integer" if name in COUNTS else "string" if name in TEXTS else "number"


def _resource(
    path: Path, table: pd.DataFrame, meanings: dict[str, str], description: str, *, status: str
) -> dict[str, Any]:
    kinds = {"i": "integer", "u": "integer", "f": "number", "b": "boolean"}
    fields = [
        {
            "name": str(name),
            "type": _type(str(name)) if meanings else kinds.get(table[name].dtype.kind, "string"),
            **({"description": meanings[str(name)]} if meanings.get(str(name)) else {}),
        }
        for name in table.columns
    ]
    return {
        "name": path.stem.lower(),
        "path": path.name,
        "description": description,
        "data_status": status,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": path.stat().st_size,
        "hash": f"sha256:{files.digest(path)}",
        "schema": {"fields": fields, "missingValues": [""]},
    }


def _description(info: StudyInfo) -> str:
    if info.synthetic:
        return (
            f"{info.mark} DATA: a rehearsal, no real answers. Made up by a seeded simulator; the figures say nothing about any "
            "country, institution or person."
        )
    return "Design-based estimates from a sample survey, with intervals, reliability flags and changes."


def _readme(info: StudyInfo, described: list[tuple[str, str]]) -> str:
    """Tell what the files hold, on which terms they may be used, what to beware of, and how to cite them."""
    width = max(len(name) for name, _ in described)
    parts = [
        f"{info.mark}: {info.title}" if info.mark else info.title,
        "",
        _description(info),
        "",
        "FILES",
        *(f"  {name.ljust(width)}  {text}" for name, text in described),
        f"  {'datapackage.json'.ljust(width)}  The same for machines, with the digest of every file (Frictionless Data Package)",
        "",
        "TERMS",
        f"  {info.terms or 'The study states no terms. Ask its authors before you pass the figures on.'}",
        *(["  International ratings: every row names its source, edition and licence."] if info.ratings else []),
        "",
        "BEFORE YOU USE THE FIGURES",
        "  Shares stand as 0 to 1. What people answered is what they said, not what they think or did.",
        "  Use ci_low and ci_high with every estimate, and previous_wording or baseline_wording with every change: a change",
        "  that is not called rose or fell is not told from no change. The interval that agrees with these words is fcr_low to",
        "  fcr_high. Where a break stands, the wave is not compared with the one before.",
        "  Numbers that are empty although the status is ok are not published; reliability_reason says why.",
        "  A text that begins with an apostrophe had a sign before which a spreadsheet would compute; take it away.",
        *(f"  {note}" for note in info.notes),
        "",
        "HOW TO CITE",
        f"  {info.cite or info.title}",
        "",
    ]
    return "\n".join(parts)
