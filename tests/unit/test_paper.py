"""The questionnaire on paper and its showcards: what a fieldwork company prints, read back from the files."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from survey_kit.errors import InstrumentError
from survey_kit.instrument import Instrument, Item, Module, Repeat, Rotation, Scale, fill, inspect
from survey_kit.instrument.export.paper import write_paper, write_showcards
from survey_kit.instrument.export.paper_build import booklet
from survey_kit.instrument.export.paper_cards import cards
from survey_kit.instrument.export.paper_routes import way
from survey_kit.instrument.export.paper_sheet import Booklet, Choices, Digits, Question, Table, plain
from survey_kit.instrument.export.paper_typst import paper_pdf, paper_typst
from survey_kit.instrument.export.sentences import Sentences, numbers

ROOT = Path(__file__).parents[2]
POPULATION = ("trust_in_institutions", "corruption_experience")
YES_NO = Scale(codes=(1, 2), labels={1: {"en": "Yes"}, 2: {"en": "No"}}, missing={98: "dont_know"}, read_out=False)
TRUST = Scale(codes=tuple(range(11)), ends={0: {"en": "Not at all"}, 10: {"en": "Completely"}}, missing={99: "refused"})


@pytest.fixture(scope="module")
def trust() -> Instrument:
    return inspect(ROOT / "instruments" / "trust_in_institutions")


def read(pdf: Path) -> str:
    """Give the words of a PDF, or skip when nothing here can read one."""
    program = shutil.which("pdftotext")
    if program is None:
        pytest.skip("pdftotext not found: install poppler-utils")
    run = subprocess.run([program, "-layout", str(pdf), "-"], capture_output=True, check=True)
    return run.stdout.decode("utf-8")


def words_of(document: Any) -> str:
    """Give the words of a Word file: body, tables, header and footer."""
    parts = [one.text for one in document.paragraphs]
    for table in document.tables:
        parts += [cell.text for row in table.rows for cell in row.cells]
    return "\n".join(parts)


def questions(made: Booklet) -> dict[str, Question]:
    return {one.id: one for part in made.parts for one in part.questions}


def form(*items: Item, **more: Any) -> Instrument:
    scales = {"yes_no": YES_NO, "trust": TRUST}
    return Instrument(
        id="a", version="1", title={"en": "A form"}, scales=scales, modules=(Module(id="m", items=items),), **more
    )


# --------------------------------------------------------------------------------------------------------------- files
def test_names_tell_instrument_version_language_and_pilot(trust: Instrument, tmp_path: Path) -> None:
    made = write_paper(trust, tmp_path, ["kk", "en"], ["pdf"])
    assert [one.name for one in made] == [
        "trust_in_institutions_1.0_paper_kk_pilot.pdf",
        "trust_in_institutions_1.0_paper_en_pilot.pdf",
    ]
    ready = fill(trust, dict.fromkeys(("sponsor", "minutes", "contact"), "x"))
    assert [one.name for one in write_paper(ready, tmp_path, ["en"], ["pdf"])] == [
        "trust_in_institutions_1.0_paper_en.pdf"
    ]


def test_same_bytes_twice(trust: Instrument, tmp_path: Path) -> None:
    once = [
        one.read_bytes()
        for one in (*write_paper(trust, tmp_path / "1", ["kk"]), *write_showcards(trust, tmp_path / "1", ["kk"]))
    ]
    twice = [
        one.read_bytes()
        for one in (*write_paper(trust, tmp_path / "2", ["kk"]), *write_showcards(trust, tmp_path / "2", ["kk"]))
    ]
    assert once == twice
    assert len(once) == 4


@pytest.mark.parametrize(
    "bad", [{"languages": ["xx"]}, {"formats": ["odt"]}, {"arm": {"nothing": 1}}, {"arm": {"arm_bridge": 7}}]
)
def test_what_cannot_be_printed_is_said(trust: Instrument, tmp_path: Path, bad: dict[str, Any]) -> None:
    with pytest.raises(InstrumentError):
        write_paper(trust, tmp_path, **bad)
    assert list(tmp_path.iterdir()) == []


# ----------------------------------------------------------------------------------------------------------------- PDF
@pytest.mark.parametrize(("language", "pilot", "filter_", "arrow"), [
    ("en", "PILOT - draft text", "ask only if draw №1 is", "go to part C"),
    ("kk", "ПИЛОТ - мәтін жобасы", "тек мына жағдайда сұраңыз: №1 жеребе", "C бөліміне өтіңіз"),
    ("ru", "ПИЛОТ - черновик текста", "задать, только если жребий №1", "к части C"),
])  # fmt: skip
def test_the_pdf_says_what_the_form_says(
    trust: Instrument, tmp_path: Path, language: str, pilot: str, filter_: str, arrow: str
) -> None:
    text = read(write_paper(trust, tmp_path, [language], ["pdf"])[0])
    pages = [page for page in text.split("\f") if page.strip()]
    assert all(pilot in page for page in pages)
    assert all(trust.version in page for page in pages)
    flat = " ".join(text.split())
    assert filter_ in flat
    assert arrow in flat
    for key in ("[sponsor]", "[contact]", "[minutes]"):
        assert flat.count(key) >= 2  # the blank, and the list of what is to be filled in
    for item in trust.items:
        if item.type not in {"arm", "calculated"}:
            assert numbers(trust)[item.id] in flat
    assert "trust_president" not in flat


def test_the_pdf_is_tagged_in_its_language_and_brings_its_fonts(trust: Instrument, tmp_path: Path) -> None:
    path = write_paper(trust, tmp_path, ["kk"], ["pdf"])[0]
    content = path.read_bytes()
    assert b"/MarkInfo" in content
    assert b"/Lang(kk)" in content
    assert b"pdfuaid" in content
    if (program := shutil.which("pdffonts")) is not None:
        listed = subprocess.run([program, str(path)], capture_output=True, text=True, check=True).stdout.splitlines()[
            2:
        ]
        assert listed
        assert all("DejaVu" in line and " yes " in line for line in listed)


def test_texts_cannot_break_out_of_the_page() -> None:
    evil = '#panic("x") $ ] } \\ " // @here <label> ${nothing} *bold*'
    item = Item(
        id="q", scale=Scale(codes=("#a", "]"), labels={"#a": {"en": evil}, "]": {"en": evil}}), text={"en": evil}
    )
    made = booklet(form(item, placeholders={"x": {"en": evil}}), "en")
    assert evil.split("${", maxsplit=1)[0].replace('"', '\\"').split("\\ ")[0] in paper_typst(made)
    assert paper_pdf(made).startswith(b"%PDF")


# ---------------------------------------------------------------------------------------------------------------- Word
def test_the_word_file_has_headings_tables_pages_and_the_same_words(trust: Instrument, tmp_path: Path) -> None:
    docx = pytest.importorskip("docx", reason="python-docx is not installed")
    path = write_paper(trust, tmp_path, ["ru"], ["docx"])[0]
    document = docx.Document(str(path))
    heads = [one.text for one in document.paragraphs if one.style.name == "Heading 1"]
    assert [one for one in heads if one.startswith("Часть ")] == [
        f"Часть {part.letter}. {plain(part.title)}" for part in booklet(trust, "ru").parts
    ]
    assert sum(one.style.name == "Heading 2" for one in document.paragraphs) > 25
    section = document.sections[0]
    assert "ПИЛОТ" in section.header.paragraphs[0].text
    footer = section.footer._element.xml
    assert 'w:instr="PAGE"' in footer
    assert 'w:instr="NUMPAGES"' in footer
    grids = [table for table in document.tables if table.style.name == "Table Grid"]
    assert len(grids) == 4
    assert all("w:tblHeader" in table.rows[0]._tr.xml for table in grids)
    flat = words_of(document)
    for question in questions(booklet(trust, "ru")).values():
        assert plain(question.text) in flat
    assert "______ [sponsor]" in flat
    assert "→ к части C" in flat
    assert document.core_properties.title.startswith("ПИЛОТ")
    assert 'w:val="ru-RU"' in document.styles["Normal"].element.xml


@pytest.mark.parametrize("name", POPULATION)
def test_cards_show_answers_and_nothing_else(name: str, tmp_path: Path) -> None:
    docx = pytest.importorskip("docx", reason="python-docx is not installed")
    instrument = inspect(ROOT / "instruments" / name)
    for language in ("en", "kk", "ru"):
        pdf, word = write_showcards(instrument, tmp_path, [language])
        hidden = {
            instrument.label(item.id, code, language)
            for item in instrument.items
            for code in instrument.missing_codes(item.id)
        }
        for text in (read(pdf), words_of(docx.Document(str(word)))):
            lines = {line.strip() for line in text.splitlines()}
            flat = " ".join(text.split())
            assert not [one for one in hidden if any(line.endswith(one) for line in lines)]
            assert not [item.id for item in instrument.items if "_" in item.id and item.id in flat]
            assert not {"97", "98", "99"} & set(flat.split())
            for card in cards(instrument, language).cards:
                assert card.number in flat


def test_one_card_a_page(trust: Instrument, tmp_path: Path) -> None:
    made = cards(trust, "kk")
    pages = [page for page in read(write_showcards(trust, tmp_path, ["kk"], ["pdf"])[0]).split("\f") if page.strip()]
    assert len(pages) == len(made.cards) == len({card.number for card in made.cards})
    for page, card in zip(pages, made.cards, strict=True):
        flat = " ".join(page.split())
        assert all(plain(text).split()[0] in flat for _, text in card.answers if text)


def test_a_long_card_stays_on_its_page(tmp_path: Path) -> None:
    scale = Scale(
        codes=tuple(range(1, 41)),
        labels={n: {"en": f"Answer {n} with a good many words to it, so that it is long"} for n in range(1, 41)},
    )
    made = form(Item(id="q", scale=scale, showcard="1"), Item(id="r", scale="yes_no", showcard="2"))
    pages = [page for page in read(write_showcards(made, tmp_path, ["en"], ["pdf"])[0]).split("\f") if page.strip()]
    assert len(pages) == 2
    assert "Answer 40" in " ".join(pages[0].split())


def test_no_cards_no_file(tmp_path: Path) -> None:
    assert write_showcards(form(Item(id="q", scale="yes_no")), tmp_path) == ()


# ------------------------------------------------------------------------------------------------------------- booklet
def test_answers_by_type() -> None:
    items = (
        Item(id="age", type="integer", minimum=18, maximum=110, unit="years", missing={998: "dont_know"}),
        Item(id="pay", type="decimal", minimum=0),
        Item(id="trust", scale="trust"),
        Item(id="met", scale="yes_no"),
        Item(id="ways", type="multiple", scale=YES_NO, exclusive=(2,)),
        Item(id="born", type="date"),
        Item(id="why", type="text"),
    )
    made = questions(booklet(form(*items), "en"))
    assert made["age"].answer == Digits(whole=3, told="years, from 18 to 110")
    assert made["pay"].answer == Digits(whole=6, decimals=2, told="0 or more")
    line, several = made["trust"].answer, made["ways"].answer
    assert isinstance(line, Choices)
    assert line.line
    assert isinstance(several, Choices)
    assert several.several
    assert [one.alone for one in several.choices] == [False, True]
    assert [one.code for one in made["met"].missing] == ["98"]
    assert [type(made[name].answer).__name__ for name in ("born", "why")] == ["DateBoxes", "Lines"]


def test_rows_with_other_answers_get_their_own_field() -> None:
    rows = (Item(id="r1"), Item(id="r2", type="integer", maximum=9), Item(id="r3", ask_if="met == 1"))
    made = questions(
        booklet(form(Item(id="met", scale="yes_no"), Item(id="g", type="grid", scale="trust", rows=rows)), "en")
    )
    table = made["g"].answer
    assert isinstance(table, Table)
    assert table.ends_only
    assert [row.answer is None for row in table.rows] == [True, False, True]
    assert table.rows[2].only_if == "only if the answer to A1 is “Yes”"


def test_rows_that_rest_on_the_row_of_the_same_letter_are_told_once() -> None:
    first = Item(id="a", type="grid", scale="yes_no", rows=tuple(Item(id=f"a{n}") for n in range(3)))
    second = Item(
        id="b", type="grid", scale="yes_no", rows=tuple(Item(id=f"b{n}", ask_if=f"a{n} == 1") for n in range(3))
    )
    crossed = Item(
        id="c", type="grid", scale="yes_no", rows=tuple(Item(id=f"c{n}", ask_if=f"a{2 - n} == 1") for n in range(3))
    )
    made = questions(booklet(form(first, second, crossed), "en"))
    assert [plain(text) for text in made["b"].told] == [
        "Ask only the rows whose row of the same letter in A1 has the answer “Yes”."
    ]
    assert isinstance(made["b"].answer, Table)
    assert {row.only_if for row in made["b"].answer.rows} == {""}
    assert isinstance(made["c"].answer, Table)
    assert made["c"].answer.rows[0].only_if == "only if the answer to A1c is “Yes”"


def test_a_filter_several_share_stands_once() -> None:
    items = (
        Item(id="a", scale="yes_no"),
        *(Item(id=f"b{n}", scale="yes_no", ask_if="a == 1") for n in range(3)),
        Item(id="c", scale="yes_no"),
    )
    made = [one.only_if for one in booklet(form(*items), "en").parts[0].questions]
    assert made == ["", "A2–A4: ask only if the answer to A1 is “Yes”.", "", "", ""]


def test_computed_numbers_are_worked_out_and_say_when_to_leave_them() -> None:
    items = (
        Item(id="a", scale="yes_no"),
        Item(id="safe", type="calculated", value="1 if answered(a) and a == 1 else 0"),
        Item(id="open_", type="calculated", value="1 if a == 1 else 0"),
        Item(id="b", ask_if="safe == 1 or open_ == 1"),
    )
    made = questions(booklet(form(*items), "en"))
    assert [plain(text) for text in made["safe"].told] == ["1 if the answer to A1 is “Yes”; otherwise 0."]
    assert [plain(text) for text in made["open_"].told][1:] == ["Leave it blank if an answer that it needs is missing."]


def test_a_form_of_one_arm(trust: Instrument) -> None:
    all_, none = questions(booklet(trust, "en")), questions(booklet(trust, "en", {"arm_bridge": 2}))
    assert "conf_grid" in all_
    assert "conf_grid" not in none
    bridged = booklet(trust, "en", {"arm_bridge": 1, "order_trust": 6})
    assert questions(bridged)["conf_grid"].only_if == ""
    assert [draw.drawn for draw in bridged.draws] == ["1"]
    table = questions(bridged)["trust_state_grid"].answer
    assert isinstance(table, Table)
    assert [row.number for row in table.rows if row.first] == ["E1f"]


def test_a_form_of_one_arm_has_its_own_name(trust: Instrument, tmp_path: Path) -> None:
    made = write_paper(trust, tmp_path, ["en"], ["pdf"], {"arm_bridge": 2})
    assert [one.name for one in made] == ["trust_in_institutions_1.0_paper_arm_bridge-2_en_pilot.pdf"]


def test_rosters_rotations_and_earlier_answers(tmp_path: Path) -> None:
    docx = pytest.importorskip("docx", reason="python-docx is not installed")
    made = Instrument(
        id="a",
        version="1",
        title={"en": "Households"},
        scales={"yes_no": YES_NO},
        rotations={"turn": Rotation(start="order", modules=("one", "two"))},
        modules=(
            Module(id="start", items=(Item(id="order", type="arm", scale="yes_no"), Item(id="size", type="integer", maximum=12))),
            Module(id="one", title={"en": "One"}, items=(Item(id="a", scale="yes_no", text={"en": "You said ${size}?"}),)),
            Module(id="two", title={"en": "Two"}, items=(Item(id="b", scale="yes_no"),)),
            Module(
                id="people",
                title={"en": "People"},
                repeat=Repeat(count="size", most=14, name={"en": "person"}),
                items=(Item(id="old", type="integer", text={"en": "How old?"}), Item(id="work", scale="yes_no", ask_if="old >= 16")),
            ),
        ),
    )  # fmt: skip
    sheet = booklet(made, "en", {"order": 2})
    assert [part.rotated for part in sheet.parts] == [None, False, True, None]
    assert plain(questions(sheet)["a"].text) == "You said [answer to A1]?"
    assert sheet.parts[3].members == 14
    assert "Parts B, C: begin with the ticked part, then on in this order; after C comes B." in plain(
        sheet.parts[1].told[0]
    )
    pdf, word = write_paper(made, tmp_path, ["en"])
    text = " ".join(read(pdf).split())
    assert "One column for each: person. As many columns as the number in A1 says, at most 14." in text
    tables = [table for table in docx.Document(str(word)).tables if table.style.name == "Table Grid"]
    assert [len(table.columns) for table in tables] == [14, 4]
    assert "only if the number in D1 is 16 or more" in tables[0].rows[2].cells[1].text


def test_another_language_stands_in_marked(trust: Instrument) -> None:
    item = Item(id="q", type="text", text={"en": "Only English"})
    made = booklet(
        Instrument(id="a", version="1", modules=(Module(id="m", title={"ru": "Часть"}, items=(item,)),)), "ru"
    )
    assert [run.language for run in made.parts[0].questions[0].text] == ["en"]
    assert '#text(lang: "en")' in paper_typst(made)
    assert {run.language for run in questions(booklet(trust, "kk"))["consent"].text} == {""}


def test_filled_in_alone_nobody_is_told_not_to_read_out() -> None:
    made = booklet(
        form(
            Item(id="q", scale=Scale(codes=(1, 2, 3), missing={9: "refused"}, read_out=False), showcard="1"),
            modes=("web",),
        ),
        "en",
    )
    assert not made.interviewed
    assert made.parts[0].questions[0].told == ()
    assert "Do not read out" not in paper_typst(made)


@pytest.mark.parametrize("name", sorted(path.parent.name for path in (ROOT / "instruments").glob("*/instrument.yaml")))
def test_every_instrument_can_be_printed(name: str, tmp_path: Path) -> None:
    instrument = inspect(ROOT / "instruments" / name, None, None)
    made = write_paper(instrument, tmp_path, instrument.languages[:2])
    assert all(path.stat().st_size > 20_000 for path in made)


@pytest.mark.parametrize("language", ["en", "kk", "ru"])
@pytest.mark.parametrize("name", ["corruption_experience", "public_service_quality", "business_integrity"])
def test_what_is_printed_is_the_way_that_was_worked_out(name: str, language: str) -> None:
    instrument = inspect(ROOT / "instruments" / name, None, None)
    made, planned, say = booklet(instrument, language), way(instrument), Sentences(instrument, language)
    for part in made.parts:
        condition = planned.filters[part.id]
        assert (say.condition(condition) in part.only_if) if condition else part.only_if == ""
        module = next(one for one in instrument.modules if one.id == part.id)
        conditions = {item.id: item.ask_if for item in module.items}
        standing: str | None = None
        for question in part.questions:
            if question.only_if:
                standing = conditions[question.id]
                assert standing is not None
                assert say.condition(standing) in question.only_if
            assert conditions[question.id] in {None, standing}
            arrows = {one.code for one in question.missing if one.arrow}
            if isinstance(question.answer, Choices):
                arrows |= {one.code for one in question.answer.choices if one.arrow}
            assert arrows == {str(code) for code in planned.by_code.get(question.id, {})}
            assert bool(question.after) == (question.id in planned.after)
