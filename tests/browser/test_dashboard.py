"""The dashboard and the pages of regions as a reader meets them: by keyboard, on a telephone, without a network."""

from __future__ import annotations

from pathlib import Path

import pytest

from survey_kit.indicators.rows import COLUMNS
from survey_kit.report.book import Published, published, write
from survey_kit.report.dashboard import write_dashboard
from survey_kit.report.info import DomainInfo, IndicatorInfo, StudyInfo, WaveInfo

pd = pytest.importorskip("pandas")
COUNT = "return document.getElementById('count').textContent"
CHOSEN = "return document.querySelectorAll('#figures tbody tr').length"


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Published:
    waves = tuple(WaveInfo(id=str(2020 + k), label=str(2020 + k), year=2020 + k, order=k + 1) for k in range(3))
    about = tuple(IndicatorInfo(id=f"trust_{k}", title=f"Trust in body {k}", theme="trust") for k in range(4))
    domains = (DomainInfo(id="region", label="Region"),)
    info = StudyInfo(
        id="toy", title="Toy", data_status="real", waves=waves, indicators=about, domains=domains, regions="region"
    )
    rows = []
    for one in about:
        for wave in waves:
            for level in ("", "KZ-10", "KZ-71", "KZ-79"):
                held = level == "KZ-79"
                row = dict.fromkeys(COLUMNS) | {
                    "study": "toy", "data_status": "real", "theme": "trust", "indicator": one.id, "kind": "share",
                    "unit": "share", "wave": wave.id, "wave_order": wave.order, "domain": "region" if level else "",
                    "level": level, "level_label": level, "estimate": 0.4, "ci_low": 0.3, "ci_high": 0.5, "confidence": 0.95,
                    "n": 300, "asked_n": 320, "status": "ok", "reliability": "suppress" if held else "publish",
                    "reliability_rule": "confidential" if held else "nchs_2017",
                    "previous_wording": "first" if wave.order == 1 else "no_significant_change",
                    "previous_change": 0.0, "previous_fcr_low": -0.1, "previous_fcr_high": 0.1,
                    "baseline_wording": "first",
                }  # fmt: skip
                rows.append(row)
    folder = tmp_path_factory.mktemp("toy")
    write(folder, pd.DataFrame(rows, columns=list(COLUMNS)), info)
    return published(folder)


@pytest.fixture(scope="module")
def page(book: Published) -> Path:
    return write_dashboard(book, book.folder / "dashboard.html")


@pytest.mark.parametrize("width", [1280, 360])
def test_the_dashboard_has_no_faults(page: Path, reader, width: int) -> None:
    assert reader.page_faults(page, width) == []


def test_it_begins_with_everybody_in_the_latest_wave(page: Path, reader) -> None:
    reader.open(page)
    assert reader.ask(COUNT) == "Figures shown: 4 of 48"
    assert reader.ask("return document.querySelector('#figures td.id').textContent") == "trust_0.2022"
    assert reader.ask("return document.getElementById('count').getAttribute('role')") == "status"


def test_the_keyboard_alone_filters(page: Path, reader) -> None:
    from selenium.webdriver.common.keys import Keys

    reader.open(page)
    first = reader.tab()[0]
    assert first[1] == "#content"
    labels = []
    for _ in range(3):
        reader.tab()
        labels.append(reader.ask("return document.activeElement.labels[0].textContent.slice(0, 9)"))
    assert [label[:4] for label in labels] == ["Part", "Indi", "Grou"]
    reader.press(Keys.ARROW_DOWN)  # from everybody to the regions
    assert reader.ask(COUNT) == "Figures shown: 12 of 48"
    reader.tab()
    reader.press("A")  # the first region's name begins so
    assert reader.ask(CHOSEN) == 4
    assert "Abai Region" in reader.ask("return document.querySelector('#figures tbody').textContent")


def test_withheld_figures_have_their_reason_and_no_dot(page: Path, reader) -> None:
    reader.open(page)
    found = reader.ask(
        "const s = document.getElementById('by-state');"
        "document.getElementById('by-group').value = '';"
        "s.value = [...s.options].find(o => o.text.startsWith('withheld')).value;"
        "s.dispatchEvent(new Event('change', {bubbles: true}));"
        "return [...document.querySelectorAll('#figures tbody tr')].map(r => [r.cells[3].textContent, r.querySelector('.bar')])"
    )
    assert found == [["[c]", None]] * 4


def test_every_control_has_a_name_and_is_large_enough(page: Path, reader) -> None:
    reader.open(page, 360)
    small = reader.ask(
        "return [...document.querySelectorAll('select, button')].filter(e => e.getBoundingClientRect().height < 24"
        " || (e.tagName === 'SELECT' && !e.labels.length)).map(e => e.id)"
    )
    assert small == []
