"""Editor schemas: the shipped files are what the dataclasses make, and the committed studies follow them."""

from __future__ import annotations

import json

import pytest

from survey_kit.files import read_yaml
from survey_kit.study import schema, write_schemas


def test_shipped_schemas_are_current(tmp_path):
    for path in write_schemas(tmp_path):
        shipped = schema.FOLDER / path.name
        assert path.read_text(encoding="utf-8") == shipped.read_text(encoding="utf-8"), f"write {path.name} anew"


def test_every_key_is_described():
    made = json.loads((schema.FOLDER / "study-1.json").read_text(encoding="utf-8"))
    for name, part in [("study", made), *made["$defs"].items()]:
        for key, value in part.get("properties", {}).items():
            if key != "schema" and name != "Unasked":
                assert value.get("description") or "$ref" in value, (name, key)


@pytest.mark.parametrize("study", ["brazil_trust", "us_confidence"])
@pytest.mark.parametrize("name", ["study", "indicators"])
def test_committed_files_name_their_schema_and_use_known_keys(root, study, name):
    path = root / "analyses" / study / f"{name}.yaml"
    first = path.read_text(encoding="utf-8").splitlines()[0]
    named = (path.parent / first.split("$schema=")[1]).resolve()
    assert named == (schema.FOLDER / f"{name}-1.json").resolve()
    keys = json.loads(named.read_text(encoding="utf-8"))["properties"]
    assert set(read_yaml(path).value) <= set(keys)
