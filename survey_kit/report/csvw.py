"""CSV on the Web: one file of metadata beside the tables, at the place where the recommendation looks for it.

Metadata Vocabulary for Tabular Data (W3C Recommendation, 17 December 2015); the place is ``csv-metadata.json`` in the folder of the
tables (Model for Tabular Data, section 5.3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

NAME: Final = "csv-metadata.json"
DATATYPES: Final[Mapping[str, Any]] = {
    "integer": "integer",
    "number": "double",
    "string": "string",
    "boolean": {"base": "boolean", "format": "True|False"},
}


def metadata(title: str, resources: Sequence[Mapping[str, Any]], language: str) -> dict[str, Any]:
    """Describe tables by their entries in the data package.

    Parameters
    ----------
    title
        What the tables are together.
    resources
        Entries with ``path``, ``description`` and a ``schema`` of fields; what has no schema is left out.
    language
        The language of the descriptions.

    Examples
    --------
    >>> field = {"name": "n", "type": "integer", "description": "people"}
    >>> made = metadata("Toy", [{"path": "toy.csv", "description": "Rows", "schema": {"fields": [field]}}], "en")
    >>> made["tables"][0]["tableSchema"]["columns"][0]["datatype"]
    'integer'
    """
    return {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": language}],
        "dc:title": title,
        "tables": [_table(one) for one in resources if "schema" in one],
    }


def _table(resource: Mapping[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = {"columns": [_column(field) for field in resource["schema"]["fields"]]}
    if "primaryKey" in resource["schema"]:
        schema["primaryKey"] = list(resource["schema"]["primaryKey"])
    return {"url": resource["path"], "dc:description": resource["description"], "tableSchema": schema}


def _column(field: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {"name": field["name"], "titles": field["name"], "datatype": DATATYPES[field["type"]]}
    if field.get("constraints", {}).get("required"):
        out["required"] = True
    if field.get("description"):
        out["dc:description"] = field["description"]
    return out
