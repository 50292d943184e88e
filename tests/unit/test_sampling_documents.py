"""Papers of the field: what stands on them, in three languages, as pages and PDF; cases; where they must not go."""

import re

import numpy as np
import pandas as pd
import polars as pl
import pytest

from survey_kit.errors import DesignError, SurveyKitError
from survey_kit.fieldwork.dispositions import CODES
from survey_kit.language import known_languages, words
from survey_kit.sampling.documents import CONTACT_LOG, OUTCOMES, Document, Papers, refuse_report, write_papers
from survey_kit.sampling.documents_cases import case_list
from survey_kit.sampling.documents_typst import source
from survey_kit.sampling.kish import KISH_TABLES, KISH_TWELFTHS

UNITS = pd.DataFrame(
    {
        "area": [1001, 1002, 1003],
        "village": ['Алға <b>"x"</b>', "Береке \\u{41} #panic()", None],
        "region": ["N", "S", "S"],
        "homes": [100, 12000, 35],
        "probability": [0.1, 0.0123456, 1.0],
        "weight": [10.0, 81.000648, 1.0],
        "turn": [0, 0, 1],
    }
)


def papers(language="en", **more):
    return Papers(unit="area", name="village", strata=("region",), size="homes", language=language, **more)


def cases():
    made = case_list(UNITS, unit="area", n=4, rng=3, keep=("village", "region"))
    return made.assign(interviewer=["i1", "i2"] * 6)


def test_the_catalogue_speaks_three_languages_and_holds_the_codes():
    assert known_languages("sample") == ("en", "kk", "ru")
    assert set(OUTCOMES) <= set(CODES)
    assert all(words("sample", "kk")(f"code_{code}") for code in OUTCOMES)
    assert {"case", "attempt", "start", "end", "code"} <= set(CONTACT_LOG)


def test_the_list_of_units():
    grid = papers().units(UNITS).sheets[0].grids[0]
    assert grid.columns == ("Unit", "Place", "Stratum", "Size", "Probability", "Weight", "Reserve")
    assert grid.rows[1] == ("1002", "Береке \\u{41} #panic()", "S", "12000", "0.01235", "81", "0")
    assert grid.rows[2][1] == ""
    plain = Papers(unit="area").units(UNITS[["area"]].assign(pi=0.5, interviewers="i1, i2")).sheets[0].grids[0]
    assert plain.rows[0] == ("1001", "0.5", "i1, i2")


def test_listing_sheets_have_empty_lines():
    made = papers("ru").listing(UNITS, lines=33)
    assert len(made.sheets) == 3
    assert [row[0] for row in made.sheets[0].grids[0].rows] == [str(i) for i in range(1, 34)]
    assert all(cell == "" for row in made.sheets[0].grids[0].rows for cell in row[1:])
    assert made.sheets[0].facts[0] == ("Единица", "1001")


def test_contact_sheets_carry_the_table_of_their_case():
    table = cases()
    made = papers().contacts(table)
    assert len(made.sheets) == 12
    for sheet, letter in zip(made.sheets, table["kish"], strict=True):
        last = sheet.grids[-1]
        assert last.title == f"Whom to interview: table {letter}"
        assert tuple(map(int, last.rows[0][1:])) == KISH_TABLES[letter]
        assert not re.search("name|phone", " ".join(last.columns))
    assert made.sheets[5].facts == (
        ("Case", "1002-02"),
        ("Unit", "1002"),
        ("Place", "Береке \\u{41} #panic()"),
        ("Stratum", "S"),
        ("Interviewer", "i2"),
        ("Line on the listing sheet", ""),
    )
    assert len(papers().contacts(table.drop(columns="kish")).sheets[0].grids) == 2
    with pytest.raises(DesignError, match="no such table"):
        papers().contacts(table.assign(kish="Q"))


def test_assignments_list_every_case_once():
    made = papers("kk").assignments(cases())
    assert [dict(sheet.facts)["Интервьюер"] for sheet in made.sheets] == ["i1", "i2"]
    listed = [case for sheet in made.sheets for row in sheet.grids[0].rows for case in row[-1].split(", ")]
    assert sorted(listed) == sorted(cases()["case"])


@pytest.mark.parametrize("language", ["en", "kk", "ru"])
def test_pages_escape_texts_and_say_what_they_are(language):
    page = papers(language, synthetic=True).units(UNITS).to_html()
    assert f'<html lang="{language}">' in page
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert "http" not in page
    say = words("sample", language)
    assert f"{say('synthetic')}. {say('field_only')}" in page
    assert say("synthetic") not in papers(language).units(UNITS).to_html()


def test_a_pdf_is_whole_and_the_same_each_time():
    made = papers("kk").contacts(cases().head(2))
    first = made.to_pdf()
    assert first.startswith(b"%PDF")
    assert first == made.to_pdf()
    assert '"Алға <b>\\"x\\"</b>"' in source(made)
    assert "panic" not in re.sub(r'"(?:[^"\\]|\\.)*"', "", source(papers().units(UNITS)))


def test_cases_are_numbered_and_tables_dealt_in_dozens():
    made = case_list(pl.DataFrame({"area": ["a", "b"], "n": [12, 132]}), unit="area", n="n", rng=8)
    assert isinstance(made, pl.DataFrame)
    assert made["case"].to_list()[:2] == ["a-001", "a-002"]
    assert made["case"].n_unique() == 144
    counts = dict(made["kish"].value_counts().iter_rows())
    assert counts == {letter: 12 * often for letter, often in KISH_TWELFTHS.items()}
    again = case_list(pl.DataFrame({"area": ["a", "b"], "n": [12, 132]}), unit="area", n="n", rng=8)
    assert made.equals(again)


@pytest.mark.parametrize(
    ("frame", "n", "told"),
    [
        (UNITS, 0, "unit 1001, row 1; 3 units"),
        (UNITS.assign(n=[2, np.nan, 3]), "n", "unit 1002, row 2; 1 units"),
        (UNITS.assign(n=[2, 2.5, 3]), "n", "found: 2.5"),
        (UNITS.assign(area=1), 2, "The unit '1' stands twice"),
    ],
)
def test_cases_that_cannot_be_numbered(frame, n, told):
    with pytest.raises(SurveyKitError) as caught:
        case_list(frame, unit="area", n=n, rng=1)
    assert told in str(caught.value)


def test_written_papers(tmp_path):
    made = write_papers(
        tmp_path / "field", [papers("kk").units(UNITS), papers("ru").units(UNITS)], formats=("html", "pdf")
    )
    assert sorted(path.name for path in made) == ["units.kk.html", "units.kk.pdf", "units.ru.html", "units.ru.pdf"]


@pytest.mark.parametrize("mark", [".state.json", "manifest.json"])
def test_papers_never_go_into_a_report(tmp_path, mark):
    (tmp_path / mark).write_text("{}")
    with pytest.raises(DesignError, match="do not go into the folder of a report"):
        write_papers(tmp_path / "sub" / "field", [papers().units(UNITS)])
    assert not (tmp_path / "sub").exists()
    refuse_report(tmp_path.parent / "other")


def test_sheets_are_split_by_label():
    made = papers().contacts(cases())
    parts = made.split(["Ә/1", "Б/1"] * 6)
    assert [part.name for part in parts] == ["contacts-_1", "contacts-_1-2"]
    assert [len(part.sheets) for part in parts] == [6, 6]
    assert parts[1].sheets == made.sheets[1::2]
    with pytest.raises(DesignError, match="one label"):
        made.split(["a"])


def test_what_papers_do_not_take(tmp_path):
    with pytest.raises(DesignError, match="language of the papers"):
        Papers(unit="area", language="fr")
    with pytest.raises(DesignError, match="format of papers"):
        write_papers(tmp_path, [], formats=("docx",))
    with pytest.raises(DesignError, match="from 1 to 500"):
        papers().listing(UNITS, lines=0)
    assert repr(Document(name="x", title="t", language="en", sheets=())) == "Document 'x' (en): 0 sheets"
