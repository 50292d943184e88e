"""The two-page brief: what it says, in three languages, as PDF and for Word, and as a stage of a build."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

import survey_kit as sk
from survey_kit.cli import main
from survey_kit.errors import ReportError
from survey_kit.language import known_languages
from survey_kit.report import published
from survey_kit.report.brief_files import brief_docx, brief_pdf, fitted
from survey_kit.report.brief_text import SIGNED, brief

PAGE = re.compile(rb"/Type\s*/Page\b(?!s)")


def synthetic(study: Path) -> None:
    path = study / "study.yaml"
    text = path.read_text().replace("data_status: real", "data_status: synthetic")
    path.write_text(text.replace(", year: 2025", "").replace(", year: 2026", ""))


@pytest.fixture
def book(own):
    """Give the built own study, with synthetic answers."""
    synthetic(own)
    return published(sk.render(sk.read_study(own), formats=["brief"]).folder)


def docx_text(content: bytes, name: str) -> str:
    return re.sub(r"<[^>]+>", "", zipfile.ZipFile(io.BytesIO(content)).read(name).decode())


def test_every_phrase_stands_in_three_languages():
    assert {"en", "kk", "ru"} <= set(known_languages("brief"))


def test_the_figures_are_those_of_the_rows(book):
    made = brief(book)
    for row in book.records("courts", wave="2026"):
        assert book.info.show.plain(row["estimate"], row["unit"]) in bare(made.front)
        assert book.info.show.interval(row["ci_low"], row["ci_high"], row["unit"]) in bare(made.front)
        assert book.info.say(f"class_{row['previous_wording']}") in made.front
    assert made.left == 0
    assert all(made.say(step) in made.back for step in SIGNED)
    assert "nobody was interviewed" in made.back


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_two_pages_with_the_mark_on_both(book, language):
    told = replace(book, info=replace(book.info, language=language))
    made, size, pdf = fitted(told)
    assert len(PAGE.findall(pdf)) == 2
    assert brief_pdf(made, size) == pdf
    assert told.info.mark in made.mark
    if language != "en":
        assert words_of(made.back) & {"Согласование", "Келісу"}
        assert made.say("draft") in bare(made.front)
    word = brief_docx(made, size)
    assert brief_docx(made, size) == word
    parts = zipfile.ZipFile(io.BytesIO(word)).namelist()
    heads = [docx_text(word, name) for name in parts if re.match(r"word/header\d", name)]
    assert any(told.info.mark in head for head in heads)
    body = docx_text(word, "word/document.xml")
    assert made.say("approved") in body
    assert zipfile.ZipFile(io.BytesIO(word)).read("word/document.xml").count(b'w:type="page"') == 1


def bare(text: str) -> str:
    """Give Markdown without its escapes."""
    return text.replace("\\", "")


def words_of(text: str) -> set[str]:
    return set(re.findall(r"\w+", text))


def test_withheld_figures_stay_withheld(book):
    rows = book.rows.copy()
    chosen = (rows["indicator"] == "courts") & (rows["wave"] == "2026")
    withheld = rows.loc[chosen & (rows["domain"] == ""), "estimate"].iloc[0]
    rows.loc[chosen, ["reliability", "reliability_rule"]] = ["suppress", "confidential"]
    rows.loc[chosen, "previous_wording"] = "not_published"
    made = brief(replace(book, rows=rows))
    assert book.info.show.plain(withheld, "share") in bare(brief(book).front)
    assert book.info.show.plain(withheld, "share") not in bare(made.front + made.back)
    assert r"\[c\]" in made.front
    assert "figures that are not published: “Trust in courts”" in made.back


def test_fewer_indicators_rather_than_a_third_page(book):
    first = book.info.indicators[0]
    many = tuple(replace(first, title=f"Trust in courts, as answered by people number {i}") for i in range(90))
    info = replace(book.info, indicators=tuple(replace(one, id=f"courts{i}") for i, one in enumerate(many)))
    import pandas as pd

    base = book.rows[(book.rows["indicator"] == "courts") & (book.rows["domain"] == "")]
    rows = pd.concat([base.assign(indicator=one.id) for one in info.indicators], ignore_index=True)
    made, _, pdf = fitted(replace(book, info=info, rows=rows))
    assert len(PAGE.findall(pdf)) == 2
    assert made.shown + made.left == 90
    assert made.say("more", count=made.left) in made.front


def test_a_title_that_fits_nowhere_is_told(book):
    info = replace(book.info, indicators=(replace(book.info.indicators[0], title="very long words " * 800),))
    with pytest.raises(ReportError, match="does not fit on two pages"):
        fitted(replace(book, info=info))


def test_it_is_a_stage_of_the_build(own):
    path = own / "study.yaml"
    path.write_text(path.read_text().replace("formats: [html]", "formats: [html, brief]"))
    made = sk.render(sk.read_study(own))
    assert made.stages["brief"] == "made"
    assert [one.name for one in made.briefs] == ["own-brief-en.docx", "own-brief-en.pdf"]
    assert made.index is not None
    assert made.pdf is None
    assert "brief/own-brief-en.pdf" in (made.folder / "manifest.json").read_text()
    assert sk.render(sk.read_study(own)).stages["brief"] == "unchanged"
    path.write_text(path.read_text().replace("formats: [html, brief]", "formats: [html]"))
    assert not sk.render(sk.read_study(own)).briefs
    assert not (made.folder / "brief").exists()


def test_the_command_writes_it_in_a_language(own, capsys):
    assert main(["brief", str(own), "--language", "kk"]) == 0
    assert "own-brief-kk.pdf" in capsys.readouterr().out
    assert main(["brief", str(own), "--language", "kz"]) == 2
    assert "no language 'kz'" in capsys.readouterr().err
