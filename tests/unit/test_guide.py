"""docs/estimation.md runs from top to bottom and prints what stands in it; its dictionary names what there is."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

import survey_kit as sk

GUIDE = Path(__file__).parents[2] / "docs" / "estimation.md"
TEXT = GUIDE.read_text(encoding="utf-8")
KNOWN = {
    "est",
    "fit",
    "frame",
    "term",
    "level",
    "L",
    "f",
}  # what stands for the reader's own, and arguments without "="
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks() -> list[tuple[str, str]]:
    """Give each block of Python with what stands under it, or nothing."""
    found = BLOCK.findall(TEXT)
    assert len(found) * 2 == TEXT.count("```")
    assert {kind for kind, _ in found} == {"python", "text"}
    after = [*found[1:], ("", "")]
    return [
        (body, shown if next_kind == "text" else "")
        for (kind, body), (next_kind, shown) in zip(found, after, strict=True)
        if kind == "python"
    ]


def test_the_guide_prints_what_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for extra in ("formulaic", "statsmodels", "duckdb", "ibis", "numba", "xlsxwriter"):
        pytest.importorskip(extra)
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {}
    for body, shown in blocks():
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(body, GUIDE.name, "exec"), namespace)
        lines = [line.rstrip() for line in printed.getvalue().splitlines()]
        assert lines == shown.splitlines(), body


def test_the_dictionary_names_what_there_is() -> None:
    rows = [line.split("|")[3] for line in TEXT.split("## Names")[1].splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 25
    codes = [code for row in rows for code in re.findall(r"`([^`]+)`", row)]
    said = {name for code in codes for name in re.findall(r"(?<![\w.])[A-Za-z]\w*(?!\w*=)", code)}
    assert {name for name in said if not hasattr(sk, name)} <= KNOWN
    for method in (code.split("(")[0] for code in codes if code.startswith(("est.", "fit."))):
        owner = sk.Estimates if method.startswith("est.") else sk.ModelFit
        assert hasattr(owner, method.split(".")[1]), method


@pytest.mark.parametrize("name", sorted(set(re.findall(r"\bsk\.([A-Za-z_]+)", TEXT))))
def test_every_name_in_the_guide_is_public(name: str) -> None:
    assert name in sk.__all__


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`((?:docs|benchmarks|tests)/[\w./]+)`", TEXT))))
def test_named_places_exist(target: str) -> None:
    assert (GUIDE.parents[1] / target).exists()
