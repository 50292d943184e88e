"""Every instrument of the project becomes a form that pyxform takes without a warning and ODK Validate accepts."""

from __future__ import annotations

import shutil
import subprocess
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from survey_kit.instrument import Instrument, inspect
from survey_kit.instrument.export import XlsForm, form_columns, to_xlsform
from survey_kit.instrument.export.xform import convert

pytest.importorskip("pyxform", reason="pyxform not installed")

INSTRUMENTS = sorted(path.parent for path in (Path(__file__).parents[2] / "instruments").glob("*/instrument.yaml"))


@lru_cache
def made(folder: Path) -> tuple[Instrument, XlsForm]:
    """Give an instrument with all its switches on, and its form."""
    instrument = inspect(folder, switches=None)
    return instrument, to_xlsform(instrument)


@pytest.mark.parametrize("folder", INSTRUMENTS, ids=lambda folder: folder.name)
def test_pyxform_takes_it_without_a_warning(folder: Path):
    _, sheets = made(folder)
    xml, problems = convert(sheets)
    assert problems == ()
    assert xml.startswith("<?xml")
    assert [note for note in sheets.notes if note.severity == "error"] == []


@pytest.mark.parametrize("folder", INSTRUMENTS, ids=lambda folder: folder.name)
def test_every_column_is_an_item_or_known_as_something_else(folder: Path):
    form, sheets = made(folder)
    known = form_columns(form)
    names = {row["name"] for row in sheets.survey if not row["type"].startswith(("begin_", "end_"))}
    assert names == {item.id for item in form.items} | set(known)
    assert not {item.id for item in form.items} & set(known)


@pytest.mark.slow
def test_odk_validate_accepts_them_all(tmp_path: Path):
    spec = find_spec("pyxform")
    if shutil.which("java") is None or spec is None or spec.origin is None:
        pytest.skip("java not found: ODK Validate needs it")
    jar = Path(spec.origin).parent / "validators" / "odk_validate" / "bin" / "ODK_Validate.jar"
    paths = []
    for folder in INSTRUMENTS:
        path = tmp_path / f"{folder.name}.xml"
        path.write_text(convert(made(folder)[1])[0], encoding="utf-8")
        paths.append(str(path))
    command = ["java", "-Djava.awt.headless=true", "-jar", str(jar), *paths]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, timeout=300)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    assert done.stdout.count("Validating: ") == len(INSTRUMENTS) or done.stderr.count("Validating: ") == len(
        INSTRUMENTS
    )
