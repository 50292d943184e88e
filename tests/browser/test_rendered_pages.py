"""A reader with a browser gets the pages of the sample project: at a desk, on a telephone, with the keyboard alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from survey_kit.report.render import render_site


@pytest.fixture(scope="module")
def report(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = tmp_path_factory.mktemp("site") / "site"
    shutil.copytree(root / "tests" / "unit" / "data" / "site", site)
    shutil.copytree(root / "reports" / "styles", site / "styles")
    to = site.parent / "report"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SURVEY_KIT_QUARTO", "none")
        render_site(site, to, formats=("html",))
    return to


def test_nothing_is_wrong_at_both_widths(reader, report):
    assert reader.faults(report) == []


def test_a_long_table_scrolls_in_its_own_box_on_a_telephone(reader, report):
    reader.open(report / "index.html", 360)
    inside, box = reader.ask(
        "const b = document.querySelector('#tbl-long .table-scroll'); return [b.scrollWidth, b.clientWidth]"
    )
    assert box < 360 < inside
    assert reader.ask("return document.querySelector('#tbl-long .table-scroll').tabIndex") == 0


def test_the_keyboard_reaches_every_page_at_a_desk(reader, report):
    reader.open(report / "index.html", 1280)
    stops = [link for _, link, _ in reader.tab(5)]
    assert stops == ["#content", "index.html", "index.html", "trust.html", "https://example.org"]
    assert reader.ask("return document.querySelector('[aria-current]').textContent") == "Key findings"


def test_the_keyboard_opens_the_menu_on_a_telephone(reader, report):
    reader.open(report / "trust.html", 360)
    assert not reader.ask("return document.querySelector('.site-menu').open")
    assert [tag for tag, _, _ in reader.tab(3)] == ["A", "A", "SUMMARY"]
    reader.press("\ue007")
    assert reader.ask("return document.querySelector('.site-menu').open")
    assert reader.tab()[0][1] == "index.html"


def test_the_link_to_the_content_skips_the_menu(reader, report):
    reader.open(report / "index.html", 1280)
    reader.tab()
    reader.press("\ue007")
    assert reader.ask("return document.activeElement.id") == "content"


def test_a_folded_box_opens(reader, report):
    reader.open(report / "index.html", 1280)
    reader.ask("document.querySelector('details.callout summary').click()")
    assert reader.ask("return document.querySelector('details.callout').open")


def test_the_reader_notices_what_is_wrong(reader, tmp_path):
    page = (
        "<!DOCTYPE html><html><head><title></title></head><body><h1>One</h1><h1>Two</h1>"
        '<img src="nowhere.png"><p style="color:#ccc">Pale</p><div style="width:2000px">Wide</div>'
        '<script src="https://example.org/x.js"></script></body></html>'
    )
    (tmp_path / "bad.html").write_text(page, encoding="utf-8")
    said = "\n".join(reader.page_faults(tmp_path / "bad.html", 360))
    for fault in ("wider", "picture", "hard to read", "elsewhere", "main headings", "no language", "no title"):
        assert fault in said
