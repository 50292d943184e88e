"""The pages rendered: marks and words where a reader meets them, nothing suppressed anywhere, the same bytes twice."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace

import pytest

from survey_kit.report import book as books
from survey_kit.report import manifest, open_data
from survey_kit.report.pages import select_pages
from survey_kit.report.render import render_site
from survey_kit.report.scan import scan


def build(book, rows, root, monkeypatch):
    """What the pipeline does after the rows are computed."""
    folder = book.folder
    books.write(folder, rows, book.info)
    written = open_data.write(folder / "open_data", rows, book.info)
    told = manifest.make(book.info, inputs={}, outputs={path.name: path for path in written})
    manifest.write(folder / "open_data" / "manifest.json", told)
    shutil.copytree(root / "reports", folder / "site", dirs_exist_ok=True)
    shutil.copytree(folder / "open_data", folder / "site" / "open_data", dirs_exist_ok=True)
    select_pages(folder / "site", book.info)
    monkeypatch.setenv("SURVEY_KIT_BUILD", str(folder))
    monkeypatch.setenv("SURVEY_KIT_QUARTO", "none")
    render_site(folder / "site", folder / "report", formats=("html",))
    return folder / "report"


@pytest.fixture
def built_real(raw, root, monkeypatch):
    return build(raw, raw.rows, root, monkeypatch)


@pytest.fixture
def built_rated(rated, root, monkeypatch):
    return build(rated, rated.rows, root, monkeypatch)


def shown(path) -> str:
    """The text of a page without style sheets."""
    return re.sub(r"<style>.*?</style>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)


def test_a_real_study(built_real, secret):
    pages = {path.name: shown(path) for path in built_real.glob("*.html")}
    assert set(pages) == {
        "corruption.html",
        "data.html",
        "index.html",
        "legal-culture.html",
        "method.html",
        "trust.html",
    }
    assert "SYNTHETIC" not in "".join(pages.values())
    assert "Provisional" in pages["index.html"]
    assert "said they trust the National Congress" in pages["index.html"]
    assert pages["trust.html"].count("<details") >= 9
    assert 'href="open_data/toy_indicators.csv"' in pages["data.html"]
    assert (built_real / "open_data" / "toy_indicators.csv").is_file()
    page = (built_real / "data.html").read_text(encoding="utf-8")
    described = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)[1])
    assert all((built_real / one["contentUrl"]).is_file() for one in described["distribution"])
    for path in sorted(built_real.rglob("*")):
        if path.suffix in {".html", ".csv", ".json", ".txt"}:
            assert not secret.search(shown(path).replace("96.7", "")), path.name
    for path in sorted((built_real / "figures").glob("*.svg")):
        assert not secret.search(path.read_text(encoding="utf-8").split("</metadata>")[0]), path.name
    scan(built_real)


def test_a_synthetic_study_of_a_country_with_ratings(built_rated):
    index = shown(built_rated / "index.html")
    assert index.index("International ratings: real figures") < index.index("Rehearsal of the survey: synthetic data")
    for path in built_rated.glob("*.html"):
        text = shown(path)
        title = re.search(r"<title>(.*?)</title>", text, re.DOTALL)[1]
        assert "synthetic data" in title or "real figures" in title
        assert "SYNTHETIC DATA: " in text, "the notice above every page"
        for alt in re.findall(r'<img[^>]*\balt="([^"]*)"', text):
            assert alt.startswith("Synthetic data: ") or "Corruption Perceptions" in alt or "Kazakhstan" in alt
    figures = [path.name for path in (built_rated / "figures").iterdir()]
    assert all(name.startswith(("synthetic-", "ratings-KAZ-")) for name in figures)
    ratings = shown(built_rated / "ratings.html")
    assert "38 of 100" in ratings
    assert not re.search(r"Rehearsal \d", ratings), "no survey figure among the ratings"


def test_two_builds_give_the_same_bytes(real, root, monkeypatch):
    one = replace(real, info=replace(real.info, indicators=real.info.indicators[:2]))
    rows = one.rows[one.rows["indicator"].isin(["congress", "court"])]
    first = {path.relative_to(folder): path.read_bytes() for folder in [build(one, rows, root, monkeypatch)]
             for path in folder.rglob("*") if path.is_file()}  # fmt: skip
    shutil.rmtree(one.folder / "site")
    shutil.rmtree(one.folder / "report")
    folder = build(one, rows, root, monkeypatch)
    assert first == {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
