"""Rendering a report into a folder: which program does it, and that the folder is whole or untouched."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest

from survey_kit.errors import ReportError
from survey_kit.report.render import render_site


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "_quarto.yml").write_text("lang: en\n", encoding="utf-8")
    (folder / "index.qmd").write_text("---\ntitle: A\n---\nText\n", encoding="utf-8")
    (folder / "report.qmd").write_text("---\ntitle: B\nformat: typst\n---\nText\n", encoding="utf-8")
    return folder


@pytest.fixture
def built_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SURVEY_KIT_QUARTO", "none")


@pytest.mark.usefixtures("built_in")
def test_progress_is_told(site, tmp_path):
    told = []
    render_site(site, tmp_path / "out", progress=lambda *what: told.append(what))
    assert told == [("report.pdf", 0, 2), ("index.html", 1, 2), ("pages", 2, 2)]


@pytest.mark.usefixtures("built_in")
def test_an_earlier_report_is_replaced_whole(site, tmp_path):
    to = tmp_path / "out"
    render_site(site, to)
    (site / "index.qmd").rename(site / "start.qmd")
    render_site(site, to)
    assert sorted(path.name for path in to.iterdir()) == ["report.pdf", "site_libs", "start.html"]
    assert stat.S_IMODE(to.stat().st_mode) == 0o755


@pytest.mark.usefixtures("built_in")
def test_a_failed_report_leaves_the_earlier_one(site, tmp_path):
    to = tmp_path / "out"
    render_site(site, to)
    before = (to / "index.html").read_bytes()
    (site / "index.qmd").write_text("---\ntitle: A\n---\n```{python}\n1 / 0\n```\n", encoding="utf-8")
    with pytest.raises(ReportError, match="cell of a page failed"):
        render_site(site, to)
    assert (to / "index.html").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "site"]


@pytest.mark.usefixtures("built_in")
@pytest.mark.parametrize(
    ("name", "formats", "what"),
    [
        ("site", ("html",), "over its own pages"),
        (".", ("html",), "over its own pages"),
        ("out", ("docx",), "no such format"),
        ("out", (), "no such format"),
        ("other", ("html",), "holds something else"),
    ],
)
def test_a_wrong_call_is_refused(name, formats, what, site, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "precious.txt").touch()
    with pytest.raises(ReportError, match=what):
        render_site(site, tmp_path / name, formats=formats)
    assert (tmp_path / "other" / "precious.txt").exists()


@pytest.mark.usefixtures("built_in")
def test_a_project_without_pages_in_a_format_is_told(site, tmp_path):
    (site / "report.qmd").unlink()
    with pytest.raises(ReportError, match="no page in this format"):
        render_site(site, tmp_path / "out", formats=("pdf",))
    with pytest.raises(ReportError, match="no Quarto project"):
        render_site(tmp_path / "nowhere", tmp_path / "out")


# -------------------------------------------------------------------------------------------------------- Quarto itself
@pytest.fixture
def pretended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Put a command of that name in place which does as told."""

    def pretend(script: str) -> Path:
        program = tmp_path / "bin" / "quarto"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.delenv("SURVEY_KIT_QUARTO", raising=False)
        return tmp_path / "said"

    return pretend


def test_quarto_is_called_once_without_its_daemon(site, tmp_path, pretended):
    said = tmp_path / "said"
    pretended(
        f'echo "$@" > {said}; cat _quarto-survey-kit.yml >> {said}; ls _fonts >> {said}\n'
        "mkdir _rendered; echo page > _rendered/index.html; echo pdf > _rendered/report.pdf; echo x > _rendered/search.json"
    )
    made = render_site(site, tmp_path / "out")
    assert [path.name for path in made] == ["index.html", "report.pdf"]
    assert (tmp_path / "out" / "search.json").is_file()
    text = said.read_text(encoding="utf-8")
    assert f"render {site} --profile survey-kit --no-execute-daemon" in text
    assert "- index.qmd" in text
    assert "DejaVuSans.ttf" in text
    assert sorted(path.name for path in site.iterdir()) == ["_quarto.yml", "index.qmd", "report.qmd"]


def test_quarto_is_given_the_pages_of_the_formats_asked_for(site, tmp_path, pretended):
    said = tmp_path / "said"
    pretended(f"cat _quarto-survey-kit.yml > {said}; mkdir _rendered; echo pdf > _rendered/report.pdf")
    assert [path.name for path in render_site(site, tmp_path / "out", formats=("pdf",))] == ["report.pdf"]
    assert "index.qmd" not in said.read_text(encoding="utf-8")


def test_a_fault_of_quarto_is_one_error_with_its_last_lines(site, tmp_path, pretended):
    pretended("printf 'much\\ntalk\\n\\033[31mERROR: no kernel\\033[0m\\nStack\\n' >&2; exit 1")
    with pytest.raises(ReportError, match="Quarto could not render") as fault:
        render_site(site, tmp_path / "out")
    assert "ERROR: no kernel | Stack" in str(fault.value.found)
    assert sorted(path.name for path in site.iterdir()) == ["_quarto.yml", "index.qmd", "report.qmd"]
    assert not (tmp_path / "out").exists()


def test_a_page_that_quarto_did_not_make_is_told(site, tmp_path, pretended):
    pretended("mkdir _rendered; echo page > _rendered/index.html")
    with pytest.raises(ReportError, match="made no such page") as fault:
        render_site(site, tmp_path / "out")
    assert fault.value.found == "report.pdf"


@pytest.mark.quarto
def test_the_real_quarto_renders_the_sample(root, tmp_path):
    if not shutil.which("quarto"):
        pytest.skip("quarto not found: install it from quarto.org to check the pages with it")
    shutil.copytree(root / "tests" / "unit" / "data" / "site", tmp_path / "sample")
    shutil.copytree(root / "reports" / "styles", tmp_path / "sample" / "styles")
    made = render_site(tmp_path / "sample", tmp_path / "out")
    assert [path.name for path in made] == ["index.html", "report.pdf", "trust.html"]
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "Figure&nbsp;1" in page or "Figure\u00a01" in page
