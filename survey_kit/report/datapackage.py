"""The description of the open data for machines: a Frictionless Data Package with the schema and digest of every file.

Data Package, Data Resource and Table Schema, version 1 (specs.frictionlessdata.io), which readers of version 2 read as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from survey_kit import files
from survey_kit.language.catalogue import words
from survey_kit.report import shorthand
from survey_kit.report.dictionary import CATALOGUE, column_meaning, column_type
from survey_kit.report.info import StudyInfo

if TYPE_CHECKING:
    import pandas as pd

NAME: Final = "datapackage.json"
KEY: Final = ("indicator", "wave", "domain", "level")
REQUIRED: Final = ("study", "data_status", "indicator", "wave", "wave_order", "status", "obs_status", "conf_status")
ENUMS: Final[Mapping[str, tuple[str, ...]]] = {
    "data_status": ("real", "synthetic"),
    "status": ("ok", "not_asked", "empty", "one_value", "no_df", "undefined"),
    "reliability": ("publish", "caution", "review", "suppress", "none"),
    "obs_status": ("A", "B", "L", "O", "P", "Q", "U"),
    "conf_status": ("F", "C"),
}
MEDIA: Final = {
    ".csv": "text/csv",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".xml": "application/xml",
    ".json": "application/json",
}


def resource(path: Path, part: str, *, status: str) -> dict[str, Any]:
    """Describe a file with its size and digest; `part` says what it is, a phrase ``file_<part>`` of the catalogue."""
    kind = path.suffix
    return {
        "name": "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in path.stem.lower()),
        "path": path.name,
        "description": words(CATALOGUE, "en")(f"file_{part}"),
        "part": part,
        "data_status": status,
        "profile": "data-resource",
        "type": "file",
        "format": kind.removeprefix("."),
        "mediatype": MEDIA[kind],
        **({} if kind == ".ods" else {"encoding": "utf-8"}),
        "bytes": path.stat().st_size,
        "hash": f"sha256:{files.digest(path)}",
    }


def table(path: Path, content: pd.DataFrame, part: str, *, status: str, figures: bool) -> dict[str, Any]:
    """Describe a table of text with its columns; `figures` says that these are the rows of the indicators."""
    kinds = {"i": "integer", "u": "integer", "f": "number", "b": "boolean"}
    known = set(shorthand.COLUMNS)
    fields = []
    for name in map(str, content.columns):
        field: dict[str, Any] = {"name": name}
        field["type"] = column_type(name) if figures else kinds.get(content[name].dtype.kind, "string")
        if figures:
            field["description"] = column_meaning(name, "en")
            rules: dict[str, Any] = {"required": True} if name in REQUIRED else {}
            if name in ENUMS and (name in known or set(content[name].dropna()) <= set(ENUMS[name])):
                rules["enum"] = list(ENUMS[name])
            if rules:
                field["constraints"] = rules
        fields.append(field)
    schema: dict[str, Any] = {"fields": fields, "missingValues": [""]}
    if figures:
        schema["primaryKey"] = list(KEY)
    return resource(path, part, status=status) | {
        "profile": "tabular-data-resource",
        "type": "table",
        "schema": schema,
    }


def package(info: StudyInfo, description: str, resources: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Describe all files together: title, source, terms, languages, markers."""
    stem = info.file_stem.replace("-", "_")
    return {
        "name": stem.lower(),
        "title": f"{info.mark}: {info.title}" if info.mark else info.title,
        "data_status": info.data_status,
        "provisional": info.provisional,
        "profile": "data-package",
        "description": description,
        "languages": list(info.languages),
        "keywords": ["survey", "public trust", *info.themes],
        "contributors": [{"title": info.producer, "role": "author"}] if info.producer else [],
        "sources": [{"title": info.producer}] if info.producer else [],
        "terms": info.terms,
        "citation": info.cite,
        "resources": list(resources),
    }
