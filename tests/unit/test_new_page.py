"""A page begun by the command: it runs as it is, stands in the menu, and nothing else changed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

import survey_kit as sk
from survey_kit.cli import main
from survey_kit.errors import ReportError
from survey_kit.pipeline import stages
from survey_kit.pipeline.page import new_page
from survey_kit.report import published, value


@pytest.fixture
def pages(own) -> Path:
    """Give the pages beside the own study."""
    shutil.copytree(stages.pages_folder(sk.read_study(own)), "reports")
    return Path("reports").resolve()


def test_a_new_page_runs_as_it_is(own, pages, capsys):
    before = (pages / "_quarto.yml").read_text()
    assert main(["page", "new", "reception", str(own), "--title", 'Reception: "how it was"']) == 0
    assert "reception.qmd" in capsys.readouterr().out
    after = (pages / "_quarto.yml").read_text()
    new = [line for line in after.splitlines() if line not in before.splitlines()]
    assert len(new) == 1
    assert "\n".join(line for line in after.splitlines() if line not in new) == before.rstrip("\n")
    entries = yaml.safe_load(after)["website"]["navbar"]["left"]
    assert entries[-1] == {"text": 'Reception: "how it was"', "href": "reception.qmd"}
    made = sk.render(sk.read_study(own))
    page = (made.folder / "report" / "reception.html").read_text()
    assert f">{value(published(made.folder), 'courts.2026').text}</a>" in page  # the sentence has the row's figure
    assert "<svg" in page or "figures/" in page
    assert "<table" in page
    assert "reception.html" in (made.folder / "report" / "trust.html").read_text()


@pytest.mark.usefixtures("pages")
def test_the_prose_of_a_new_page_has_no_typed_number(own):
    made = new_page("reception", own)
    prose, code = [], False
    for line in made.part.read_text().splitlines():
        if line.startswith("```"):
            code = not code
        elif not code:
            prose.append(line)
    text = " ".join(prose).replace('report.value(study, "courts.2026")', "")
    assert not any(letter.isdigit() for letter in text)
    assert " rose" not in text
    assert " fell" not in text


@pytest.mark.parametrize("name", ["Reception", "a b", "../x", "number-x", "region-x", "", "-x", "x.qmd"])
def test_bad_names_are_refused(own, pages, name):
    before = sorted(path.name for path in pages.rglob("*"))
    with pytest.raises(ReportError):
        new_page(name, own)
    assert sorted(path.name for path in pages.rglob("*")) == before


@pytest.mark.usefixtures("pages")
def test_a_taken_name_is_refused(own):
    with pytest.raises(ReportError, match="There is a page of this name"):
        new_page("trust", own)


def test_a_menu_that_cannot_be_extended_is_left_alone(own, pages):
    menu = pages / "_quarto.yml"
    value = yaml.safe_load(menu.read_text())
    text = yaml.safe_dump(value, default_flow_style=True, width=10_000)
    menu.write_text(text)
    with pytest.raises(ReportError, match="cannot be extended") as told:
        new_page("reception", own)
    assert "href: reception.qmd" in str(told.value)
    assert menu.read_text() == text
    assert not (pages / "reception.qmd").exists()
    assert not (pages / "_parts" / "_reception.qmd").exists()
