"""Pages: only those that serve a study stay; what is synthetic says so in titles, menu and above every page."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
import yaml

from survey_kit.errors import ReportError
from survey_kit.report.pages import select_pages


@pytest.fixture
def site(root, tmp_path):
    shutil.copytree(root / "reports", tmp_path / "site")
    return tmp_path / "site"


def front(path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf-8").split("---\n")[1])


def menu(site) -> list[str]:
    bar = yaml.safe_load((site / "_quarto.yml").read_text(encoding="utf-8"))["website"]["navbar"]
    return [entry["href"] for edge in bar.values() if isinstance(edge, list) for entry in edge]


def test_a_real_study_gets_the_pages_of_its_themes(site, real):
    kept = select_pages(site, real.info)
    assert kept == [
        "corruption.qmd",
        "data.qmd",
        "index.qmd",
        "legal-culture.qmd",
        "method.qmd",
        "report.qmd",
        "trust.qmd",
    ]
    assert sorted(path.name for path in site.glob("*.qmd")) == kept
    assert not {"services.qmd", "ratings.qmd"} & set(menu(site))
    text = (site / "report.qmd").read_text(encoding="utf-8")
    assert "_services.qmd" not in text
    assert "Public services" not in text
    assert "# Trust in institutions\n\n{{< include _parts/_trust.qmd >}}" in text
    assert "Synthetic" not in text
    assert front(site / "report.qmd")["title"] == "A toy study"


def test_a_country_with_ratings_gets_their_page(site, rated):
    assert "ratings.qmd" in select_pages(site, rated.info)
    assert front(site / "ratings.qmd")["title"] == "International ratings (real figures)"
    assert "ratings.qmd" in menu(site)


def test_every_title_of_a_synthetic_study_says_what_its_figures_are(site, synthetic):
    kept = select_pages(site, synthetic.info)
    for name in kept:
        assert "synthetic data" in front(site / name)["title"], name
    values = yaml.safe_load((site / "_quarto.yml").read_text(encoding="utf-8"))
    assert "synthetic data" in values["website"]["title"]
    assert values["website"]["announcement"]["content"].startswith("SYNTHETIC DATA: ")
    assert "synthetic-report.pdf" in menu(site)
    assert not (site / "report.qmd").exists()
    headings = [
        line
        for line in (site / "synthetic-report.qmd").read_text(encoding="utf-8").splitlines()
        if line.startswith("# ")
    ]
    assert headings
    assert all("synthetic data" in line for line in headings)


def test_real_ratings_stand_apart_in_the_titles_too(site, rated):
    select_pages(site, rated.info)
    assert front(site / "index.qmd")["title"] == "Key findings (real ratings; rehearsal with synthetic data)"
    assert "The international ratings are real." in (site / "_quarto.yml").read_text(encoding="utf-8")
    text = (site / "synthetic-report.qmd").read_text(encoding="utf-8")
    assert "# International ratings (real figures)\n" in text


def test_a_page_for_named_studies_serves_only_them(site, real):
    (site / "extra.qmd").write_text("---\ntitle: Extra\nstudies: [other]\n---\n\nText.\n", encoding="utf-8")
    assert "extra.qmd" not in select_pages(site, real.info)
    (site / "extra.qmd").write_text("---\ntitle: Extra\nstudies: toy\n---\n\nText.\n", encoding="utf-8")
    assert "extra.qmd" in select_pages(site, real.info)


def test_a_theme_that_is_none_is_told(site, real):
    (site / "extra.qmd").write_text("---\ntitle: Extra\nthemes: [trusts]\n---\n\nText.\n", encoding="utf-8")
    with pytest.raises(ReportError, match="theme 'trusts'") as fault:
        select_pages(site, real.info)
    assert "did you mean 'trust'?" in str(fault.value)


def test_titles_with_quotes_and_colons_stay_yaml(site, real):
    info = replace(real.info, title="A \"study\": of {trust}\\ and 'law' — сенім")
    select_pages(site, info)
    assert front(site / "report.qmd")["title"] == info.title


def test_variables_tell_the_study(site, synthetic):
    select_pages(site, synthetic.info)
    values = yaml.safe_load((site / "_variables.yml").read_text(encoding="utf-8"))["study"]
    assert values["status"] == "SYNTHETIC"
    assert values["last"] == "Rehearsal 5"
    assert values["file"] == "synthetic_toy"


def test_pages_only_call_the_toolkit(root):
    import re

    for path in sorted((root / "reports").rglob("*.qmd")):
        for cell in re.findall(r"```\{python\}\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL):
            lines = [line for line in cell.splitlines() if line.strip() and not line.startswith("#|")]
            assert all(
                re.match(r"(from survey_kit import report|study = )?(report\.\w+\(.*\))?$", line) for line in lines
            ), path
