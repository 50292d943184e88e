"""Tab books as pages and workbooks, made of responses and of bad input."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.instrument import Instrument, Item, Module, Scale
from survey_kit.responses import take

FORMULA = '=HYPERLINK("http://x","y")'
TAGS = "<b>Blue & Co</b>"


def people(n: int = 600) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    frame = pd.DataFrame(
        {"w": rng.uniform(0.5, 2, n).round(3), "psu": np.arange(n) // 10, "sex": rng.choice([1, 2], n)}
    )
    frame["region"] = rng.choice(["east", "west", "isle"], n, p=[0.5, 0.46, 0.04])
    frame["party"] = rng.choice([FORMULA, TAGS, "Green"], n)
    frame["trust"] = np.clip(rng.integers(1, 6, n) - (frame["sex"] == 1), 1, 5)
    frame["police"], frame["court"] = rng.random(n) < 0.3, rng.random(n) < 0.2
    frame["age"] = rng.integers(18, 90, n)
    return frame


@pytest.fixture(scope="module")
def book() -> sk.TabBook:
    questions = [
        sk.SingleResponse("trust", nets={"Trust (4-5)": (4, 5)}, mean=True),
        "party",
        sk.MultipleResponse(
            "contact", {"Police": "police", "=Court": "court"}, title="Contact: [a/b]*? 'with' anybody"
        ),
        sk.NumericResponse("age", median="grouped"),
    ]
    words = sk.BookWords(title="Trust & law <2024>", titles={"sex": "Sex"}, labels={"sex": {1: "Men", 2: "Women"}})
    design = sk.Design(people(), weight="w", psu="psu")
    return sk.tab_book(design, questions, banner=("sex", "region", ("sex", "region")), words=words)


# ---------------------------------------------------------------------------------------------------------------- workbook
def test_the_workbook_holds_the_numbers(book: sk.TabBook, tmp_path: Path) -> None:
    """Would catch: percentages as text, rows or columns shifted, a suppressed figure in a cell."""
    path = book.to_xlsx(tmp_path / "book.xlsx")
    sheets = openpyxl.load_workbook(path)
    assert len(sheets.sheetnames) == 5
    sheet = sheets[sheets.sheetnames[1]]
    rows = {sheet.cell(row, 1).value: row for row in range(1, sheet.max_row + 1)}
    frame = book.to_frame()
    wanted = frame[(frame["question"] == "trust") & (frame["line"] == "Trust (4-5)")].reset_index(drop=True)
    assert (wanted["flag"] == "suppressed").any()
    for k, record in enumerate(wanted.to_dict("records")):
        cell = sheet.cell(rows["Trust (4-5)"], k + 2)
        if record["flag"] == "suppressed":
            assert cell.value == "*"
            continue
        assert cell.value == pytest.approx(record["estimate"])
        assert cell.number_format == ('"("0.0 %")";"("-0.0 %")"' if record["flag"] == "small" else "0.0 %")
        assert (sheet.cell(rows["Trust (4-5)"] + 1, k + 2).value or "") == record["letters"]
        assert sheet.cell(rows["Base, interviews"], k + 2).value == record["n"]
    assert (wanted["letters"] != "").any()


def test_the_workbook_is_ready_to_print_and_to_find_ones_way(book: sk.TabBook, tmp_path: Path) -> None:
    sheets = openpyxl.load_workbook(book.to_xlsx(tmp_path / "book.xlsx"))
    contents = sheets["Contents"]
    links = [cell.hyperlink.location for row in contents.iter_rows() for cell in row if cell.hyperlink]
    assert [link.rpartition("!")[0].strip("'") for link in links] == sheets.sheetnames[1:]
    for name in sheets.sheetnames[1:]:
        sheet = sheets[name]
        assert sheet.freeze_panes is not None
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
        assert sheet.print_title_rows
        assert sheet.column_dimensions["A"].width > 20
        said = " ".join(str(sheet.cell(row, 1).value) for row in range(1, sheet.max_row + 1))
        for word in ("Base:", "95", "Taylor", "Holm", "fewer than 30 interviews"):
            assert word in said, (name, word)


def test_no_label_becomes_a_formula(book: sk.TabBook, tmp_path: Path) -> None:
    """Would catch: a category that begins with = run by the spreadsheet."""
    for arrangement in ("questions", "one"):
        sheets = openpyxl.load_workbook(
            book.to_xlsx(tmp_path / f"{arrangement}.xlsx", sheets=arrangement, intervals=True)
        )
        cells = [cell for sheet in sheets for row in sheet.iter_rows() for cell in row]
        assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
        assert {FORMULA, TAGS, "=Court"} <= {cell.value for cell in cells}


def test_one_sheet_for_all(book: sk.TabBook, tmp_path: Path) -> None:
    sheets = openpyxl.load_workbook(book.to_xlsx(tmp_path / "one.xlsx", sheets="one"))
    assert sheets.sheetnames == ["Contents", "Tables"]
    links = [cell.hyperlink.location for row in sheets["Contents"].iter_rows() for cell in row if cell.hyperlink]
    titles = [sheets["Tables"][link.rpartition("!")[2]].value for link in links]
    assert titles == [table.question.title for table in book.tables]


def test_a_workbook_is_written_whole_or_not_at_all(book: sk.TabBook, tmp_path: Path) -> None:
    with pytest.raises(sk.SurveyKitError, match=r"ends with \.xlsx"):
        book.to_xlsx(tmp_path / "book.xls")
    with pytest.raises(sk.SurveyKitError, match="did you mean 'questions'"):
        book.to_xlsx(tmp_path / "book.xlsx", sheets="question")
    assert not list(tmp_path.iterdir())


# -------------------------------------------------------------------------------------------------------------------- page
class Tables(HTMLParser):
    """Counts the cells of every row with their spans, and collects what the checks need."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tables: list[list[int]] = []
        self.carried: dict[int, int] = {}
        self.captions = 0
        self.scopes: list[str | None] = []
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.found.add(tag)
        if tag in ("meta", "br", "link"):
            return
        self.open.append(tag)
        if tag == "table":
            self.tables.append([])
            self.carried = {}
        if tag == "caption":
            self.captions += 1
        if tag == "tr":
            row = len(self.tables[-1])
            self.tables[-1].append(self.carried.pop(row, 0))
        if tag in ("td", "th"):
            row = len(self.tables[-1]) - 1
            width = int(told.get("colspan") or 1)
            self.tables[-1][-1] += width
            for below in range(1, int(told.get("rowspan") or 1)):
                self.carried[row + below] = self.carried.get(row + below, 0) + width
        if tag == "th":
            self.scopes.append(told.get("scope"))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_a_page_of_tables(book: sk.TabBook) -> None:
    """Would catch: a head that does not stand over its columns, unclosed tags, heads without scope."""
    for intervals in (False, True):
        page = Tables()
        page.feed(book.html(intervals=intervals))
        assert not page.open
        assert len(page.tables) == page.captions == 4
        columns = 1 + sum(block.size for block in book.blocks)
        assert {width for table in page.tables for width in table} == {columns}
        assert set(page.scopes) == {"col", "colgroup", "row"}
        assert "script" not in page.found


def test_the_page_escapes_what_people_wrote(book: sk.TabBook) -> None:
    page = book.html()
    assert TAGS not in page
    assert "&lt;b&gt;Blue &amp; Co&lt;/b&gt;" in page
    assert "<title>Trust &amp; law &lt;2024&gt;</title>" in page


def test_the_page_and_the_notebook_say_the_same(book: sk.TabBook) -> None:
    page, shown = book.html(), book._repr_html_()
    frame = book.to_frame()
    row = frame[(frame["question"] == "trust") & (frame["block"] == "Sex") & (frame["statistic"] == "net")].iloc[1]
    assert row["letters"] == "A"
    text = f'{row["estimate"] * 100:.1f}<span class="sig"><span class="vh"> above </span>A</span>'
    assert text in page
    assert text in shown
    assert "the Total with its own parts" in repr(book)


# ------------------------------------------------------------------------------------------------- responses and instruments
def responses(status: Any) -> Any:
    likert = Scale(codes=(3, 2, 1), labels={3: {"en": "Much"}, 2: {"en": "Some"}, 1: {"en": "None <at all>"}})
    items = (
        Item(
            id="q1",
            text={"en": "How much do you trust the courts?"},
            label={"en": "Courts"},
            scale=likert,
            missing={9: "dont_know"},
        ),
        Item(id="q2", text={"en": "And the police?"}, scale=likert, missing={9: "dont_know"}),
        Item(id="sex", text={"en": "Sex"}, scale=Scale(codes=(1, 2), labels={1: {"en": "Man"}, 2: {"en": "Woman"}})),
    )
    form = Instrument(id="tiny", version="1.0", modules=(Module(id="m", items=items),))
    rng = np.random.default_rng(3)
    n = 400
    frame = pd.DataFrame({"w": 1.0, "wave": np.repeat(["2030", "2032"], n // 2), "sex": rng.choice([1, 2], n)})
    frame["q1"] = rng.choice([1, 3, 9], n, p=[0.5, 0.4, 0.1])
    frame["q2"] = np.where(frame["wave"] == "2030", np.nan, rng.choice([1, 2, 3], n))
    return take(
        frame,
        instruments={"2030": form, "2032": form},
        wave="wave",
        waves=("2030", "2032"),
        required=("w",),
        not_asked={"2030": ["q2"]},
        data_status=status,
    )


def test_titles_labels_and_order_come_from_the_instrument() -> None:
    """Would catch: codes in the order of numbers, an answer nobody gave left out, don't know among the answers."""
    design = sk.Design(responses("real"), weight="w", wave="wave")
    book = sk.tab_book(design, ["q1", "q2"], banner=("sex", "wave"), missing="exclude")
    rows = book.to_frame()
    q1 = rows[(rows["question"] == "q1") & (rows["column"] == "Total")]
    assert q1["line"].tolist() == ["Much", "Some", "None <at all>"]
    assert q1["estimate"].iloc[1] == 0
    assert [table.question.title for table in book.tables] == ["Courts", "And the police?"]
    assert book.tables[0].question.text == "How much do you trust the courts?"
    assert book.tables[0].bases("unanswered")[0] > 0
    assert {column.label for block in book.blocks[1:2] for column in block.columns} == {"Man", "Woman"}
    q2 = rows[(rows["question"] == "q2") & (rows["block"] == "wave")]
    assert set(q2[q2["column"] == "2030"]["flag"]) == {"not_asked"}
    assert "not asked" in book.html()
    with pytest.raises(sk.SurveyKitError, match="missing values"):
        sk.tab_book(design, ["q1"], banner=["sex"])


def test_synthetic_data_are_marked_everywhere(tmp_path: Path) -> None:
    """Would catch: a sheet, caption or file that could pass for real; a synthetic wave with a year."""
    design = sk.Design(responses("synthetic"), weight="w", wave="wave")
    book = sk.tab_book(design, ["q1", "q2"], banner=("sex", "wave"), missing="exclude")
    page = book.html()
    captions = re.findall(r"<caption>.*?</caption>", page)
    assert captions
    assert all("SYNTHETIC DATA" in caption for caption in captions)
    assert "<title>SYNTHETIC DATA: Tab book</title>" in page
    assert "SYNTHETIC DATA" in book._repr_html_()
    assert book.to_frame()["data_status"].unique().tolist() == ["synthetic"]
    assert [column.label for column in book.blocks[2].columns] == ["Rehearsal 1", "Rehearsal 2"]
    assert book.to_html(tmp_path / "page.html").name == "synthetic-page.html"
    for arrangement in ("questions", "one"):
        path = book.to_xlsx(tmp_path / f"{arrangement}.xlsx", sheets=arrangement)
        assert path.name == f"synthetic-{arrangement}.xlsx"
        for sheet in openpyxl.load_workbook(path):
            assert "SYNTHETIC DATA" in str(sheet["A1"].value)
            assert "SYNTHETIC DATA" in sheet.oddFooter.left.text
    assert "SYNTHETIC" not in sk.tab_book(sk.Design(responses("real"), weight="w"), ["sex"], banner=["wave"]).html()


# --------------------------------------------------------------------------------------------------------------- bad input
def test_more_than_26_columns_have_two_letters() -> None:
    frame = people().assign(place=np.arange(600) % 30, y=lambda d: (d["place"] >= 28) * 1)
    book = sk.tab_book(sk.Design(frame, weight="w"), ["y", "trust"], banner=["place"], small=(0, 0))
    rows = book.to_frame()
    assert rows["letter"].drop_duplicates().tolist()[-4:] == ["Z", "AA", "AB", "AC", "AD"][-4:]
    assert book.html()
    trust = rows[rows["question"] == "trust"]
    assert all(re.fullmatch(r"([A-Za-z]{1,2}( |$))*", text) for text in trust["letters"])


@pytest.mark.parametrize(
    ("questions", "options", "message"),
    [
        (["trsut"], {}, "did you mean 'trust'"),
        (["trust"], {"banner": ["sx"]}, "sex"),
        (["trust"], {"banner": ["one"]}, "nothing to compare"),
        (["trust"], {"banner": [()]}, "names no column"),
        (["trust"], {"banner": ["sex", "sex"]}, "stands twice"),
        (["trust"], {"banner": ["w"]}, "too wide"),
        (["trust", "trust"], {}, "stands twice"),
        ([], {}, "no question"),
        ([3], {}, "not a question"),
        (["w"], {}, "NumericResponse"),
        ([sk.SingleResponse("trust", nets={"top": (4, 6)})], {}, "unknown category '6'"),
        ([sk.SingleResponse("trust", nets={"top": "45"})], {}, "several categories"),
        ([sk.MultipleResponse("c", {})], {}, "has no columns"),
        ([sk.MultipleResponse("c", {"A": "age"})], {}, "not 1 or 0"),
        ([sk.MultipleResponse("c", {"A": "police"}, nets={"x": ("B",)})], {}, "unknown category 'B'"),
        ([sk.NumericResponse("age", median="group")], {}, "did you mean 'grouped'"),
        ([sk.NumericResponse("party")], {}, "party"),
        (["trust"], {"adjust": "homl"}, "did you mean 'holm'"),
        (["trust"], {"level": (0.90, 0.95)}, "weaker level"),
        (["trust"], {"level": 95}, "between 0 and 1"),
        (["trust"], {"small": (100, 30)}, "smaller first"),
        (["trust"], {"missing": "drop"}, "treatment of missing"),
        (["trust"], {"where": "age"}, "age"),
    ],
)
def test_bad_input_is_told(questions: Any, options: dict[str, Any], message: str) -> None:
    design = sk.Design(people().assign(one=1), weight="w", psu="psu")
    with pytest.raises(sk.SurveyKitError, match=message):
        sk.tab_book(design, questions, **{"banner": ["sex"], **options})


def test_a_question_that_is_its_own_banner() -> None:
    """Would catch: the test of a question by itself raised as an error."""
    book = sk.tab_book(sk.Design(people(), weight="w", psu="psu"), ["sex"], banner=["sex", "region"])
    assert book.tests["p"].isna().tolist() == [True, False]
    assert book.html()


def test_no_banner_is_a_table_of_totals() -> None:
    book = sk.tab_book(sk.Design(people(), weight="w", psu="psu"), "trust", banner=())
    assert book.to_frame()["column"].unique().tolist() == ["Total"]
    assert book.tests.empty
    assert book.comparisons.empty
    assert "Letters" not in book.html()
