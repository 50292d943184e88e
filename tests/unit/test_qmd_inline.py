"""Code inside a sentence: run in the page's namespace, its own Markdown or its text, and nothing in blocks of code."""

from __future__ import annotations

from pathlib import Path

import pytest

from survey_kit.errors import ReportError
from survey_kit.report import qmd, qmd_cells
from survey_kit.report.qmd_read import read_page, read_project

CELL = "```{python}\nclass Own:\n    def _repr_markdown_(self): return '[5](a.html)'\nx = 3\n```\n\n"


@pytest.fixture
def run(tmp_path: Path):
    def run(text: str) -> str:
        (tmp_path / "_quarto.yml").write_text("execute: {echo: false}\n", encoding="utf-8")
        (tmp_path / "page.qmd").write_text(f"---\ntitle: A\n---\n{CELL}{text}\n", encoding="utf-8")
        page = read_page(tmp_path / "page.qmd", read_project(tmp_path))
        return "\n".join(line.text for line in qmd_cells.run(page, tmp_path / "page_files"))

    return run


def test_values_stand_in_the_sentence(run) -> None:
    assert "It was [5](a.html), not 4 nor a\\_b." in run(
        "It was `{python} Own()`, not `{python} x + 1` nor `{python} 'a_b'`."
    )


def test_blocks_of_code_stay_as_they_are(run) -> None:
    shown = "```\n`{python} x`\n```"
    assert shown in run(shown)
    assert "Then 3." in run(f"{shown}\n\nThen `{{python}} x`.")


def test_a_fault_names_its_line(run) -> None:
    with pytest.raises(ReportError) as found:
        run("First.\n\nThen `{python} nothing`.")
    assert str(found.value.where).endswith("page.qmd:12")
    with pytest.raises(ReportError, match="nothing to show"):
        run("`{python} None`")


def test_a_whole_page_is_rendered(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "_quarto.yml").write_text("project: {type: website}\n", encoding="utf-8")
    page = f"---\ntitle: A\n---\n\n{CELL}The figure is `{{python}} x`.\n"
    (tmp_path / "site" / "index.qmd").write_text(page, encoding="utf-8")
    qmd.render(tmp_path / "site", tmp_path / "out", formats=["html"])
    assert "The figure is 3." in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
