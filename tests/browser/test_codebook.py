"""The codebook in a browser: readable at both widths, searched and narrowed to a language without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from survey_kit.instrument import inspect
from survey_kit.instrument.export.codebook import write_codebook

ROOT = Path(__file__).parents[2]
SHOWN = "return [...document.querySelectorAll('.item')].filter(e => e.offsetParent !== null).map(e => e.id)"
VISIBLE = "return [...document.querySelectorAll('#trust_police .q [data-l]')].filter(e => e.offsetParent !== null).map(e => e.lang)"
TYPE = "const s = document.getElementById('search'); s.value = '{}'; s.dispatchEvent(new Event('input'));"


@pytest.fixture(scope="module")
def codebook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    instrument = inspect(ROOT / "instruments" / "trust_in_institutions")
    return write_codebook(instrument, tmp_path_factory.mktemp("codebook"))[0]


@pytest.mark.parametrize("width", [1280, 360])
def test_the_page_has_no_faults(reader: Any, codebook: Path, width: int) -> None:
    assert reader.page_faults(codebook, width) == []


def test_search_finds_in_every_language_and_in_columns(reader: Any, codebook: Path) -> None:
    reader.open(codebook, 1280)
    everything = reader.ask(SHOWN)
    assert len(everything) == 62
    for asked, wanted in (
        ("қарапайым", []),
        ("полиция", ["trust_police", "conf_police"]),
        ("TRUST_POLICE", ["trust_police"]),
    ):
        reader.ask(TYPE.format(asked))
        assert set(wanted) <= set(reader.ask(SHOWN))
        assert len(reader.ask(SHOWN)) < len(everything)
    reader.ask(TYPE.format("zzzz"))
    assert reader.ask("return document.getElementById('told').textContent") == "Nothing found."
    reader.ask(TYPE.format(""))
    assert reader.ask(SHOWN) == everything


def test_one_language_at_a_time(reader: Any, codebook: Path) -> None:
    reader.open(codebook, 1280)
    assert reader.ask(VISIBLE) == ["en", "kk", "ru"]
    reader.ask("document.querySelector('input[value=kk]').click()")
    assert reader.ask(VISIBLE) == ["kk"]
    assert reader.ask("return document.documentElement.lang") == "kk"
    assert reader.ask("return document.querySelector('#trust_police dt').textContent") == "Баған"
    assert reader.complaints() == []


def test_the_first_stop_of_the_keyboard_skips_to_the_items(reader: Any, codebook: Path) -> None:
    reader.open(codebook, 360)
    assert reader.tab()[0][1] == "#items"
