"""The committed comparison with pyxform and ODK Validate is what they say today, and nothing that it claims is asserted."""

from __future__ import annotations

import shutil
import sys
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture(scope="module")
def defects(root: Path) -> ModuleType:
    for module in ("pyxform", "openpyxl", "z3"):
        if find_spec(module) is None:
            pytest.skip(f"{module} not installed")
    if shutil.which("java") is None:
        pytest.skip("java not found")
    spec = spec_from_file_location("benchmark_defects", root / "benchmarks" / "defects.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look their annotations up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def rows(defects: ModuleType) -> list[Any]:
    return list(defects.run())


def test_the_page_is_what_they_say_today(defects: ModuleType, rows: list[Any]):
    page = defects.PAGE.read_text(encoding="utf-8")
    assert defects.page(rows) == page, "run benchmarks/defects.py --write and read what changed"


def test_nobody_speaks_of_a_sound_form(rows: list[Any]):
    sound = [row for row in rows if row.case.id == "sound"]
    assert [one.verdict for row in sound for one in (row.pyxform, row.validate, row.instrument, row.imported)] == [
        "nothing"
    ] * 4


def test_every_defect_is_told_for_what_it_is(rows: list[Any]):
    for row in rows:
        assert row.case.id == "sound" or row.instrument.heard or row.imported.heard, row.case.id
        if row.case.told:
            assert any(row.case.told in message for message in row.instrument.messages), row.case.id


def test_what_others_let_through_is_told_here(rows: list[Any]):
    through = [row for row in rows if row.case.id != "sound" and not (row.pyxform.heard or row.validate.heard)]
    assert len(through) > 30
    assert all(row.instrument.heard or row.imported.heard for row in through)


def test_every_folder_is_in_the_table(defects: ModuleType):
    folders = {path.name for path in defects.FOLDER.iterdir() if path.is_dir()}
    assert folders == {case.id for case in defects.cases()}


def test_forms_are_read_as_tables(defects: ModuleType):
    form = defects.sheets("| survey | | |\n| | type | name |\n| | text | why |\n| choices | |\n| | name |\n")
    assert form == {"survey": [["type", "name"], ["text", "why"]], "choices": [["name"]]}
