"""The README's lines of Python print what the README shows, and its commands are those of the Makefile."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)


def test_the_lines_of_python_print_what_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    (code,), (shown,) = blocks("python"), blocks("text")
    assert sum(bool(line.strip()) for line in code.splitlines()) == 12
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("SURVEY_KIT_DATA", raising=False)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "README.md", "exec"), {})
    assert printed.getvalue().strip() == shown.strip()
    assert "SYNTHETIC" in shown


def test_the_two_commands_come_first() -> None:
    first = blocks("console")[0]
    assert [line.split()[1:3] for line in first.splitlines()] == [["make", "report"], ["make", "test"]]


def test_links_and_pictures_are_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (ROOT / target).exists(), target


@pytest.mark.parametrize("name", ["analyses/brazil_trust", "analyses/us_confidence", "HOUSE.md", "CITATION.cff"])
def test_named_places_exist(name: str) -> None:
    assert name in README
    assert (ROOT / name).exists()
