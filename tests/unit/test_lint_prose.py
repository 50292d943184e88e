"""The linter of page prose: refuses what no row and no source supports, in three languages, and lets pass what one does."""

import json
import re
from pathlib import Path

import pytest

from survey_kit.cli.main import main
from survey_kit.report.lint import Known, Paragraph, _judge, lint, row_digest
from survey_kit.report.lint_prose import paragraphs
from survey_kit.report.lint_words import LANGUAGES, claims


@pytest.fixture
def page(tmp_path):
    def write(text, name="_a.qmd"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def codes(path, book=None):
    return [fault.code for fault in lint(path, book)]


NUMBERS = {
    "a share": "Trust stands at 45.2 % now.",
    "a count": "We asked 1 478 people.",
    "a year": "So it was in 2019.",
    "in a heading": "## The 20 regions",
    "in a list": "- 3 of them",
    "in bold": "**12** regions",
    "in a table": "| a | 17 |",
    "in words": "Forty per cent said so.",
    "in words, in a ratio": "One in ten said so.",
    "a part": "Half of the people said so.",
    "in a link's text": "[45 regions](data.qmd)",
}


@pytest.mark.parametrize("case", NUMBERS)
def test_a_number_typed_by_hand_is_refused(page, case):
    assert set(codes(page(NUMBERS[case]))) == {"L001"}


ALLOWED = {
    "a source": 'Decree No. [986]{.sourced data-source="Decree of the President"} asks for it.',
    "inside bold": '**No. [986]{.sourced data-source="Decree of the President"}**',
    "a name": "It follows SDG 16.5.1 and WCAG 2.2.",
    "code": "Write `value(45)` here.",
    "a block of code": "```\n45 % rose\n```",
    "a cell": "```{python}\n#| output: asis\nreport.trend(study, 2019)\n```",
    "an address": "[the data](open_data/rows_2019.csv) and <https://example.org/2019>",
    "an identifier": "## Reading {#sec-2019}",
    "a shortcode": "{{< include _parts/_2019.qmd >}}",
    "a numbered list": "1. First\n2. Second",
    "a footnote": "A word.[^1]",
    "a picture's width": '![Regions](a.svg){fig-alt="Regions" width="80%"}',
    "a comment": "<!-- 45 rose -->",
    "a reference": "See @fig-2019 and [-@tbl-3].",
    "words only mentioned": "A change is called **rose** or “fell”.",
    "no claim": "Nobody can be compared with the wave before.",
    "a fenced div": '::: {.callout-note title="Note 3"}\nText.\n:::',
}


@pytest.mark.parametrize("case", ALLOWED)
def test_what_is_marked_or_no_prose_passes(page, case):
    assert codes(page(ALLOWED[case])) == []


CLAIMS = {
    ("en", "Trust rose."): "L002", ("en", "Trust has fallen."): "L002", ("en", "Services improved."): "L002",
    ("en", "It fell due to the reform."): "L002", ("ru", "Доверие выросло."): "L002", ("ru", "Доверие упало."): "L002",
    ("ru", "Доверие улучшилось."): "L002", ("kk", "Сенім өсті."): "L002", ("kk", "Сенім төмендеді."): "L002",
    ("kk", "Жағдай нашарлады."): "L002", ("en", "This is thanks to eGov."): "L004", ("ru", "Это благодаря eGov."): "L004",
    ("kk", "Бұл реформаның арқасында."): "L004", ("ru", "Так считает каждый пятый."): "L001", ("kk", "Бұл он пайызы."): "L001",
}  # fmt: skip


@pytest.mark.parametrize("case", CLAIMS)
def test_a_change_or_a_cause_without_a_row_is_refused_in_each_language(page, case):
    language, text = case
    path = page(text, "_a.qmd" if language == "en" else f"_a.{language}.qmd")
    assert codes(path)[0] == CLAIMS[case]


def test_words_of_another_language_claim_nothing(page):
    assert codes(page("Доверие выросло.")) == []


def test_every_language_knows_every_kind_of_claim():
    words = {
        "en": "rose fell improved worsened caused half of",
        "ru": "вырос упал улучшился ухудшился благодаря половина",
        "kk": "өсті азайды жақсарды нашарлады арқасында жартысы",
    }
    kinds = ["rose", "fell", "better", "worse", "cause", "number"]
    told = {language: [kind for kind, _, _ in claims(words[language], language)] for language in LANGUAGES}
    assert told == dict.fromkeys(LANGUAGES, kinds)


def test_a_fault_names_its_line_and_what_to_do(page):
    (fault,) = lint(page("---\ntitle: A page\n---\n\nText.\n\nMore text,\nand 45 here.\n"))
    assert fault.where.endswith("_a.qmd:8")
    assert "data-source" in fault.fix


def test_a_title_is_prose_too(page):
    path = page("---\ntitle: The 20 regions\ntoc-depth: 2\n---\n\nText.\n")
    assert [fault.where.rsplit(":", 1)[1] for fault in lint(path)] == ["2"]


def test_a_mark_without_a_source_is_refused(page):
    assert codes(page("No. [986]{.sourced}.")) == ["L006"]
    assert codes(page('No. [986]{.sourced data-source=""}.')) == ["L006"]


def test_a_source_is_one_of_the_study_or_a_citation():
    (part,) = _prose('No. [986]{.sourced data-source="decre"} and [2]{.sourced data-source="A book (2021)"}.')
    known = Known(sources=frozenset({"decree"}))
    (fault,) = _judge(part, known)
    assert (fault.code, fault.found) == ("L006", "decre")
    assert "decree" in fault.fix


def _prose(text, tmp=None):
    path = Path(tmp or "/tmp") / "prose_of_a_test.qmd"
    path.write_text(text, encoding="utf-8")
    try:
        return tuple(paragraphs(path))
    finally:
        path.unlink()


# --------------------------------------------------------------------------------------------------------- commentaries
ROW = {
    "indicator": "courts", "wave": "2023", "domain": "", "level": "", "estimate": 0.5, "direction": "up", "status": "ok",
    "previous_wording": "rose", "baseline_wording": "no_significant_change",
}  # fmt: skip


class Book:
    """Rows as a built study gives them."""

    def __init__(self, tmp_path, **changes):
        import pandas as pd

        self.folder = tmp_path
        self.row = {**ROW, **changes}
        self.rows = pd.DataFrame([self.row])

    def records(self, indicator, wave, domain):
        return [self.row] if (indicator, wave, domain) == ("courts", "2023", "") else []


def commentary(text, row=ROW, more="", rows="courts|2023", digest=None):
    digest = row_digest([row]) if digest is None else digest
    return f'::: {{.commentary data-rows="{rows}" data-digest="{digest}"{more}}}\n{text}\n:::\n'


def test_a_commentary_may_say_what_its_row_says(page, tmp_path):
    book = Book(tmp_path)
    assert codes(page(commentary("Trust rose, so it improved.")), book) == []
    assert codes(page(commentary("Trust fell.")), book) == ["L003"]
    assert codes(page(commentary("It worsened.")), book) == ["L003"]


def test_a_judgement_follows_the_declared_direction(page, tmp_path):
    row = {**ROW, "direction": "down"}
    book = Book(tmp_path, direction="down")
    assert codes(page(commentary("It worsened.", row)), book) == []
    assert codes(page(commentary("It improved.", row)), book) == ["L003"]
    row = {**ROW, "direction": "none"}
    assert codes(page(commentary("It improved.", row)), Book(tmp_path, direction="none")) == ["L003"]


@pytest.mark.parametrize("wording", ["no_significant_change", "cannot_be_compared", "not_published", "first", None])
def test_no_other_class_supports_rose_or_fell(page, tmp_path, wording):
    row = {**ROW, "previous_wording": wording}
    book = Book(tmp_path, previous_wording=wording)
    assert codes(page(commentary("Trust rose. Then it fell.", row)), book) == ["L003", "L003"]


def test_a_change_since_the_baseline_is_held_against_the_baseline(page, tmp_path):
    path = page(commentary("Trust rose.", more=' data-against="baseline"'))
    assert codes(path, Book(tmp_path)) == ["L003"]


def test_a_commentary_older_than_its_rows_is_told(page, tmp_path):
    path = page(commentary("Trust rose."))
    assert codes(path, Book(tmp_path, estimate=0.51)) == ["L005"]
    (fault,) = lint(page(commentary("Trust rose.", digest="")), Book(tmp_path))
    assert fault.code == "L005"
    assert row_digest([ROW]) in fault.fix


def test_a_number_in_a_commentary_is_still_refused(page, tmp_path):
    assert codes(page(commentary("Trust rose to 45 %.")), Book(tmp_path)) == ["L001"]


def test_a_commentary_ends_where_it_ends(page, tmp_path):
    path = page(commentary("Trust rose.") + "\nTrust rose.\n")
    assert codes(path, Book(tmp_path)) == ["L002"]


@pytest.mark.parametrize("rows", ["court|2023", "courts|2022", "courts|2023|region|North", "courts"])
def test_a_row_that_does_not_exist_is_told(page, tmp_path, rows):
    assert "L006" in codes(page(commentary("Text.", rows=rows)), Book(tmp_path))


def test_a_commentary_without_a_build_or_rows_cannot_stand(page, tmp_path):
    assert codes(page(commentary("Text."))) == ["L006"]
    assert codes(page("::: {.commentary}\nText.\n:::\n"), Book(tmp_path)) == ["L006"]


def test_a_cause_stands_only_where_regions_were_drawn():
    part = Paragraph(
        file=Path("a.qmd"), line=1, language="en", text="due to the measure", commentary={"data-measure": "m"}
    )
    told = {drawn: {fault.code for fault in _judge(part, Known(measures={"m": drawn}))} for drawn in (True, False)}
    assert "L004" not in told[True]
    assert "L004" in told[False]


# ---------------------------------------------------------------------------------------------------- pages and command
def test_the_pages_of_the_toolkit_have_no_fault():
    assert [f"{fault.code} {fault.where} {fault.found}" for fault in lint(Path("reports"))] == []


def test_the_command_lists_faults_and_ends_with_one(page, capsys):
    path = page("Trust rose to 45 %.")
    assert main(["lint", str(path), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [fault["code"] for fault in told["faults"]] == ["L001", "L002"]
    assert main(["lint", str(path)]) == 1
    assert re.search(r"2 faults", capsys.readouterr().out)
    assert main(["lint", str(page("Nothing."))]) == 0
    assert main(["lint", str(path.parent / "none")]) == 2
