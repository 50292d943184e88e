"""Tables: fixed ids, escaped labels, markers in brackets, nothing suppressed."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from survey_kit.report import quality, sections, tables
from survey_kit.report.elements import Bullets, Prose, markdown_text


class Reader(HTMLParser):
    """Collects cells and tags."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        del attrs
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_data(self, data):
        if self.rows and self.rows[-1] and data.strip():
            self.rows[-1][-1] += data.strip()


def every_table(book) -> list:
    out = [
        made(book, one.id)
        for one in book.info.indicators
        for made in (tables.by_wave, tables.by_domain, tables.nonresponse)
    ]
    return [*out, quality.sample(book), quality.missing_answers(book), quality.flags(book), quality.wordings(book)]


def test_tables_are_the_same_every_time(real):
    assert [one.markdown() for one in every_table(real)] == [one.markdown() for one in every_table(real)]


def test_ids_are_fixed_and_unique(real):
    ids = [one.id for one in every_table(real)]
    assert len(set(ids)) == len(ids)
    assert ids[0] == "toy-congress-waves"
    assert 'id="table-toy-congress-waves"' in tables.by_wave(real, "congress").rows


def test_cells_of_a_wave(real):
    rows = Reader(tables.by_wave(real, "congress").rows).rows
    assert rows[0][:4] == ["Wave", "Per cent", "95\u00a0% interval", "Since the wave before"]
    assert rows[4] == ["2021", "27.7", "24.8 to 30.7", "cannot be compared", "", "", "1\u202f478", "891", "120", "[b]"]


def test_not_asked_and_unreliable_have_their_own_markers(real):
    court = Reader(tables.by_wave(real, "court").rows).rows
    assert court[1][1] == "[z]"
    assert court[1][-1] == "[z]"
    made = tables.by_wave(real, "parties")
    assert Reader(made.rows).rows[2][1:4] == ["[u]", "", "not published"]
    assert any(note.startswith("[u] low reliability") for note in made.notes)
    regions = Reader(tables.by_domain(real, "congress").rows).rows
    caution = next(row for row in regions if row[0] == "Region 8")
    assert caution[1] != "[u]"
    assert caution[-1] == "[u]"


def test_markers_are_explained_where_they_are_used_only(real):
    assert not any("[z]" in note for note in tables.by_wave(real, "congress").notes)
    assert any("[z] not applicable" in note for note in tables.by_wave(real, "court").notes)


def test_suppressed_numbers_are_in_no_table(raw, secret):
    for made in every_table(raw):
        text = re.sub(r"<style>.*?</style>", "", made.markdown(), flags=re.DOTALL)
        assert not secret.search(text)


def test_labels_are_text_and_never_markup(real):
    made = tables.by_wave(real, "parties")
    assert "&lt;b&gt;parties&lt;/b&gt;" in made.rows or "<b>" not in made.rows
    assert "b" not in Reader(made.rows).tags
    assert r"\<b\>parties\</b\> & \*others\*" in made.markdown()
    assert markdown_text("{{< include x >}} `a` $b$ ::: # c") == r"\{\{\< include x \>\}\} \`a\` \$b\$ ::: \# c"


def test_synthetic_tables_are_marked_in_title_and_body(synthetic):
    for made in every_table(synthetic):
        assert made.title.startswith("SYNTHETIC: ")
        assert "SYNTHETIC DATA: a rehearsal, no real answers" in made.rows
        assert 'aria-label="SYNTHETIC: ' in made.rows
        assert "synthetic" in made.id


def test_real_tables_are_not_marked(real):
    for made in every_table(real):
        assert "SYNTHETIC" not in made.markdown()


def test_a_table_has_heads_that_a_screen_reader_finds(real):
    made = tables.by_domain(real, "congress").rows
    assert made.count('scope="col"') == 10
    assert 'scope="row"' in made
    assert 'scope="colgroup"' in made


def test_nonresponse_leaves_out_reasons_nobody_gave(real):
    heads = Reader(tables.nonresponse(real, "congress").rows).rows[0]
    assert "Did not know, %" in heads
    assert "Other or unknown, %" not in heads
    assert "At both extremes" in heads


def test_print_cuts_long_series_and_says_so(large, monkeypatch):
    assert len(Reader(tables.by_wave(large, "item0").rows).rows) == 34
    monkeypatch.setattr(tables, "in_print", lambda: True)
    made = tables.by_wave(large, "item0")
    assert len(Reader(made.rows).rows) == 10
    assert made.notes[0] == "The first and the latest 8 of 33 waves; all stand on the web page and in the data."
    assert "By region" in " ".join(tables.by_domain(large, "item0").notes)


def test_a_section_folds_its_tables(real):
    text = sections.indicator(real, "congress").markdown()
    assert text.startswith(r"## Trust in the National Congress {#sec-congress}")
    assert text.count('collapse="true"') == 3
    assert "Question." in text


@pytest.mark.parametrize("part", ["breaks", "problems", "method", "families", "assumptions", "notice"])
def test_quality_says_what_is_known(real, part):
    text = getattr(quality, part)(real).markdown()
    expected = {
        "breaks": "telephone instead of face to face", "problems": "Code 55 is not known", "method": "Not stated.",
        "families": "Benjamini", "assumptions": "Waves in common", "notice": "10 of the 11 elements of disclosure",
    }  # fmt: skip
    assert expected[part] in text


def test_elements_show_themselves_as_html_outside_a_report(tmp_path, monkeypatch):
    prose = Prose(("a < b",))
    monkeypatch.chdir(tmp_path)
    assert prose._repr_html_() == "<p>a &lt; b</p>"
    (tmp_path / "_quarto.yml").write_text("project: {type: website}\n")
    assert prose._repr_html_() is None
    assert Bullets((("A.", "b"),))._repr_markdown_() == "- **A.** b\n"
