"""The codebook: every item, code and language once in the table, every text escaped in the page, nothing loaded from elsewhere."""

from __future__ import annotations

import csv
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

import pytest

from survey_kit.instrument import Instrument, Item, Module, Scale, Source, inspect
from survey_kit.instrument.export.codebook import codebook_csv, write_codebook
from survey_kit.instrument.export.codebook_html import page
from survey_kit.instrument.export.codebook_rows import entries

ROOT = Path(__file__).parents[2]
INSTRUMENTS = sorted(path.parent.name for path in (ROOT / "instruments").glob("*/instrument.yaml"))
VOID = frozenset({"meta", "input", "br", "link", "img", "hr"})


@pytest.fixture(scope="module")
def trust() -> Instrument:
    return inspect(ROOT / "instruments" / "trust_in_institutions")


def table(instrument: Instrument) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(codebook_csv(instrument))))


class Reader(HTMLParser):
    """Reads a page: which elements are open, the ids, the words."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        self.links += [str(given[name]) for name in ("href", "src") if given.get(name)]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)

    def handle_data(self, data: str) -> None:
        if "script" not in self.open and "style" not in self.open:
            self.words.append(data)


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    return reader


# --------------------------------------------------------------------------------------------------------------- table
@pytest.mark.parametrize("name", INSTRUMENTS)
def test_one_row_for_each_item_code_and_language(name: str) -> None:
    instrument = inspect(ROOT / "instruments" / name, None, None)
    rows, languages = table(instrument), instrument.languages
    keys = [(row["item"], row["code"], row["language"]) for row in rows]
    assert len(keys) == len(set(keys))
    wanted = {
        (item.id, str(code), language)
        for item in instrument.items
        for code in (*instrument.codes(item.id), *instrument.missing_codes(item.id)) or ("",)
        for language in languages
    }
    assert set(keys) == wanted
    assert all(row["question"] for row in rows if row["type"] not in {"arm", "calculated", "random"})


def test_values_carry_points_and_reasons(trust: Instrument) -> None:
    rows = {row["code"]: row for row in table(trust) if row["item"] == "trust_police" and row["language"] == "ru"}
    assert [rows[str(code)]["points"] for code in range(11)] == [str(10 * code) for code in range(11)]
    assert rows["98"]["missing_kind"] == "dont_know"
    assert rows["98"]["points"] == ""
    assert rows["0"]["code_label"] == "Совсем не доверяю"
    assert rows["5"]["code_label"] == ""
    assert rows["0"]["status"] == "draft"
    assert rows["0"]["source_verified"] == "no"
    assert rows["0"]["condition"] == "consent == 1"
    assert rows["0"]["condition_words"] == "ответ на B1 — «Да»"
    assert rows["0"]["sensitive"] == "yes"


def test_several_answers_have_a_column_each() -> None:
    scale = Scale(codes=(1, 2), labels={1: {"en": "A"}, 2: {"en": "B"}}, missing={98: "dont_know"})
    made = Instrument(
        id="a", version="1", modules=(Module(id="m", items=(Item(id="ways", type="multiple", scale=scale),)),)
    )
    assert [(row["code"], row["column"]) for row in table(made)] == [("1", "ways__1"), ("2", "ways__2"), ("98", "ways")]
    assert entries(made)[0].columns == ("ways__1", "ways__2")


def test_formulas_are_disarmed_and_numbers_are_not() -> None:
    scale = Scale(codes=("=1+1", "@x"), labels={"=1+1": {"en": "+cmd|' /C calc'!A0"}, "@x": {"en": "-2"}}, missing={})
    items = (
        Item(id="q", scale=scale, text={"en": '=HYPERLINK("http://x")'}, note="\t=1\n=2"),
        Item(id="n", type="integer", minimum=-5, missing={-9: "refused"}),
    )
    rows = table(Instrument(id="a", version="1", modules=(Module(id="m", items=items),)))
    texts = [
        value for row in rows for name, value in row.items() if name not in {"minimum", "maximum", "points", "code"}
    ]
    assert not [value for value in texts if value.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]
    assert rows[0]["question"] == '\'=HYPERLINK("http://x")'
    assert [row["code"] for row in rows] == ["'=1+1", "'@x", "-9"]
    assert rows[2]["minimum"] == "-5"


# ---------------------------------------------------------------------------------------------------------------- page
@pytest.mark.parametrize("name", INSTRUMENTS)
def test_the_page_is_whole_and_stands_alone(name: str) -> None:
    instrument = inspect(ROOT / "instruments" / name, None, None)
    html = page(instrument)
    reader = read(html)
    assert reader.faults == []
    assert reader.open == []
    assert len(reader.ids) == len(set(reader.ids))
    assert {item.id for item in instrument.items} <= set(reader.ids)
    assert {link.removeprefix("#") for link in reader.links if link.startswith("#")} <= set(reader.ids)
    outside = [link for link in reader.links if not link.startswith("#")]
    assert all(link.startswith("http") for link in outside)  # sources, to be followed by hand
    assert "url(" not in html
    assert "default-src 'none'" in html


def test_every_text_of_every_language_is_on_the_page(trust: Instrument) -> None:
    words = " ".join(" ".join(read(page(trust)).words).split())
    for item in trust.items:
        for texts in (item.text, item.label):
            assert all(" ".join(text.split()) in words for text in texts.values())
    assert "draw №1 is “Asked the four-point form too”" in words
    assert "№1 жеребе" in words


def test_texts_are_escaped_in_page_and_script() -> None:
    evil = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
    item = Item(
        id="q",
        text={"en": evil},
        scale=Scale(codes=(evil,), labels={evil: {"en": evil}}, version=evil),
        note=evil,
        source=Source(standard=evil, url="javascript:alert(1)"),
    )
    html = page(
        Instrument(
            id="a", version="1", title={"en": evil}, modules=(Module(id="m", title={"en": evil}, items=(item,)),)
        )
    )
    assert "<script>alert" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    assert read(html).faults == []


def test_codes_without_words_are_told_together_and_like_answers_once(trust: Instrument) -> None:
    words = " ".join(" ".join(read(page(trust)).words).split())
    assert "1 – 9" in words
    assert words.count("Answers as") > 10


def test_files_and_same_bytes(trust: Instrument, tmp_path: Path) -> None:
    once = write_codebook(trust, tmp_path)
    assert [path.name for path in once] == [
        "trust_in_institutions_1.0_codebook.html",
        "trust_in_institutions_1.0_codebook.csv",
    ]
    first = [path.read_bytes() for path in once]
    assert [path.read_bytes() for path in write_codebook(trust, tmp_path)] == first
