"""The schemas for editors are those of the dataclasses, and the real instruments keep to them."""

import json

import pytest

from survey_kit.instrument.schema import FOLDER, write_schemas


@pytest.mark.parametrize("name", ["instrument-1", "translation-1"])
def test_the_schema_in_the_package_is_the_one_the_dataclasses_give(tmp_path, name):
    write_schemas(tmp_path)
    assert (tmp_path / f"{name}.json").read_bytes() == (FOLDER / f"{name}.json").read_bytes()


def test_the_schema_knows_keys_kinds_and_texts():
    schema = json.loads((FOLDER / "instrument-1.json").read_text(encoding="utf-8"))
    assert schema["properties"]["schema"] == {"const": "survey-kit/instrument/1"}
    assert {"schema", "id", "version", "modules"} <= set(schema["required"])
    item = schema["$defs"]["Item"]
    assert item["additionalProperties"] is False
    assert item["properties"]["text"]["anyOf"][0] == {"type": "string"}
    assert "quasi_identifier" in item["properties"]["role"]["enum"]
