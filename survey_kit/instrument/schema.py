"""JSON schemas for editors, made from the same dataclasses that read the files.

An editor that knows the schema completes keys and marks mistakes while a questionnaire is being written. The schemas
in ``schemas/`` are written by `write_schemas` and a test keeps them equal to the dataclasses.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from survey_kit.files import write_text
from survey_kit.instrument.model import SCHEMA, Declaration
from survey_kit.instrument.translate import SCHEMA as TRANSLATION_SCHEMA
from survey_kit.instrument.translate import Translation

FOLDER = Path(__file__).parent / "schemas"


def editor_schema(kind: type[Any], schema: str, title: str = "") -> dict[str, Any]:
    """Give the JSON schema of a file that is read into `kind`; `schema` is what its ``schema`` key must say.

    Examples
    --------
    >>> made = editor_schema(Translation, TRANSLATION_SCHEMA)
    >>> made["properties"]["schema"], made["additionalProperties"]
    ({'const': 'survey-kit/translation/1'}, False)
    """
    out = TypeAdapter(kind).json_schema(mode="validation")
    out["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    out["$id"] = schema
    out["title"] = title or schema
    out["properties"] = {"schema": {"const": schema}, **out.get("properties", {})}
    out["required"] = ["schema", *out.get("required", [])]
    return out


def write_schemas(folder: Path = FOLDER) -> tuple[Path, ...]:
    """Write the schemas of instruments and translations into `folder`."""
    kinds = {"instrument-1": (Declaration, SCHEMA), "translation-1": (Translation, TRANSLATION_SCHEMA)}
    return tuple(
        write_text(folder / f"{name}.json", json.dumps(editor_schema(kind, schema), indent=1, sort_keys=True) + "\n")
        for name, (kind, schema) in kinds.items()
    )
