"""docs/tutorial.md, docs/instruments.md, docs/sampling.md, docs/weighting.md and docs/fieldwork.md run from top to bottom and print what stands in them."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from survey_kit.cli import main

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {
    "tutorial.md": "pyreadstat",
    "instruments.md": "z3",
    "sampling.md": "scipy",
    "weighting.md": "scipy",
    "fieldwork.md": "scipy",
}  # and what each needs
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def steps(text: str) -> Iterator[tuple[str, str, str]]:
    """Give each block with what follows from it: kind, what is done, what is expected (or was printed, for text)."""
    blocks = BLOCK.findall(text)
    for k, (kind, body) in enumerate(blocks):
        if kind == "console":
            for command in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
                line, _, expected = command.partition("\n")
                yield kind, line, expected
        elif kind == "python":
            yield kind, body, blocks[k + 1][1] if blocks[k + 1 : k + 2] and blocks[k + 1][0] == "text" else ""
        elif kind == "diff":
            yield kind, body, ""


def done(kind: str, body: str, namespace: dict[str, object]) -> str:
    """Do one step and give what it prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        if kind == "python":
            exec(compile(body, "a page of docs", "exec"), namespace)
        elif kind == "console":
            line, _, code = body.partition("  # exit code ")
            words = shlex.split(line)
            assert words[0] == "survey-kit"
            assert main(words[1:]) == int(code or 0)
        else:
            changed(body)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def changed(diff: str) -> None:
    """Make the change that a reader makes in an editor."""
    head, *lines = diff.splitlines()
    path = Path(head.removeprefix("--- "))
    old = "".join(f"{line[1:]}\n" for line in lines if line.startswith("-"))
    new = "".join(f"{line[1:]}\n" for line in lines if line.startswith("+"))
    text = path.read_text()
    assert old in text, f"{path} does not hold:\n{old}"
    path.write_text(text.replace(old, new, 1))


def comparable(text: str) -> str:
    """Leave out what may differ from run to run: seconds."""
    return re.sub(r"\d+\.\d s\b", "... s", text)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_runs(page, tmp_path, monkeypatch):
    pytest.importorskip(PAGES[page])
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SURVEY_KIT_DATA", raising=False)
    namespace: dict[str, object] = {}
    told = list(steps((DOCS / page).read_text(encoding="utf-8")))
    assert {kind for kind, _, _ in told} == {"python", "console", "diff"}
    for kind, body, expected in told:
        assert comparable(done(kind, body, namespace)) == comparable(expected), body


@pytest.mark.parametrize("page", PAGES)
def test_no_block_is_left_out(page):
    text = (DOCS / page).read_text(encoding="utf-8")
    kinds = [kind for kind, _ in BLOCK.findall(text)]
    assert set(kinds) <= {"python", "text", "console", "diff"}
    assert text.count("```") == 2 * len(kinds)
