"""The three studies as a reader meets them: built whole, then looked at in a browser at desktop and phone width."""

from __future__ import annotations

import csv
import subprocess
from pathlib import Path

import pytest

from survey_kit.pipeline import Build, build

ROOT = Path(__file__).resolve().parents[2]
SYNTHETIC = {"index.html", "services.html", "trust.html", "corruption.html", "legal-culture.html", "method.html"}


@pytest.fixture(scope="module")
def kazakhstan(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return build(ROOT / "analyses" / "kazakhstan", to=tmp_path_factory.mktemp("kazakhstan"))


@pytest.fixture(scope="module")
def brazil(tmp_path_factory: pytest.TempPathFactory, data_folder: Path) -> Build:
    return build(ROOT / "analyses" / "brazil_trust", data=data_folder, to=tmp_path_factory.mktemp("brazil"))


@pytest.fixture(scope="module")
def us(tmp_path_factory: pytest.TempPathFactory, data_folder: Path) -> Build:
    return build(ROOT / "analyses" / "us_confidence", data=data_folder, to=tmp_path_factory.mktemp("us"))


@pytest.mark.browser
def test_kazakhstan_can_be_read(kazakhstan: Build, reader) -> None:
    assert reader.faults(kazakhstan.folder / "report") == []


@pytest.mark.browser
@pytest.mark.data
def test_brazil_can_be_read(brazil: Build, reader) -> None:
    assert reader.faults(brazil.folder / "report") == []


@pytest.mark.browser
@pytest.mark.data
def test_the_general_social_survey_can_be_read(us: Build, reader) -> None:
    assert reader.faults(us.folder / "report") == []


def test_synthetic_pages_say_so_and_real_ratings_come_first(kazakhstan: Build) -> None:
    report = kazakhstan.folder / "report"
    for name in SYNTHETIC:
        assert "SYNTHETIC" in (report / name).read_text(encoding="utf-8"), name
    index = (report / "index.html").read_text(encoding="utf-8")
    main = index[index.index("<main") :]
    assert 0 < main.index("Corruption Perceptions Index") < main.index("Rehearsal of the survey")
    charts = sorted((report / "figures").glob("*.svg"))
    assert charts
    for chart in charts:
        real = "real" in chart.name or "ratings" in chart.name
        assert real != ("synthetic" in chart.name), chart.name


def test_every_target_indicator_has_its_page(kazakhstan: Build) -> None:
    pages = {page.name for page in (kazakhstan.folder / "report").glob("*.html")}
    assert {"services.html", "trust.html", "legal-culture.html", "ratings.html", "corruption.html"} <= pages


@pytest.mark.data
def test_brazil_shows_what_lapop_publishes(brazil: Build) -> None:
    with (brazil.folder / "rows.csv").open(encoding="utf-8", newline="") as stream:
        rows = {(row["indicator"], row["wave"]): row for row in csv.DictReader(stream) if not row["domain"]}
    expected = {
        ("trust_legislature", "2018/19"): (30.32138, 27.76127, 32.88150),
        ("trust_supreme_court", "2018/19"): (43.08618, 40.06770, 46.10465),
        ("trust_legislature", "2023"): (35.25472, 32.18235, 38.32709),
    }
    for key, figures in expected.items():
        shown = [round(100 * float(rows[key][name]), 5) for name in ("estimate", "ci_low", "ci_high")]
        assert shown == list(figures)
    for wave in ("2014", "2016/17", "2021"):
        row = rows["trust_supreme_court", wave]
        assert (row["status"], row["estimate"]) == ("not_asked", "")
    assert rows["support_democracy", "2021"]["break"] == "mode"
    page = (brazil.folder / "report" / "trust.html").read_text(encoding="utf-8")
    assert "35.3" in page
    assert "SYNTHETIC" not in page


def test_the_pdf_reads_as_text(kazakhstan: Build) -> None:
    from shutil import which

    if which("pdftotext") is None:
        pytest.skip("pdftotext is not installed (Debian package poppler-utils)")
    text = subprocess.run(
        ["pdftotext", str(kazakhstan.folder / "report" / "synthetic-report.pdf"), "-"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    assert "Key findings" in text
    sheets = text.rstrip("\f\n").split("\f")
    assert all("SYNTHETIC" in sheet.upper() for sheet in sheets)
