"""docs/parity.md is generated (docs/make_parity.py): it may not fall behind the scripts and tests it speaks of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARITY = ROOT / "tests" / "parity"
PAGE = (ROOT / "docs" / "parity.md").read_text(encoding="utf-8")
AGAIN = "run SURVEY_KIT_DATA=folder python docs/make_parity.py"


@pytest.mark.parametrize("script", sorted(path.name for path in PARITY.glob("*.R")))
def test_every_script_and_its_versions_stand_on_the_page(script: str) -> None:
    assert f"tests/parity/{script}" in PAGE, AGAIN
    for result in PARITY.glob(f"{script.removesuffix('.R')}*.csv"):
        with result.open(encoding="utf-8") as lines:
            told = re.match(r"# (R \d[\d.]*, .*\d)$", next(lines))
        assert told is None or told[1] in PAGE, f"{result.name}: {AGAIN}"


@pytest.mark.parametrize("tests", sorted(path.name for path in PARITY.glob("test_*.py")))
def test_every_module_of_tests_stands_on_the_page(tests: str) -> None:
    assert f"tests/parity/{tests}" in PAGE, AGAIN


def test_the_page_says_nothing_about_the_machine() -> None:
    assert not re.search(r"/(work|home|root|tmp|usr)/|20\d\d-\d\d-\d\d", PAGE)


def test_no_difference_is_infinite() -> None:
    assert "inf" not in re.findall(r"\b(?:inf|nan)\b", PAGE)
