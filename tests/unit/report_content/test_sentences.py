"""Sentences say what the wording class says, no more; never whether it is good; never a suppressed number."""

from __future__ import annotations

import os
import re
from dataclasses import replace

import pytest

from survey_kit.errors import ReportError
from survey_kit.report import book as books
from survey_kit.report.display import FIXED, THIN
from survey_kit.report.info import IndicatorInfo
from survey_kit.report.sentences import (
    change_sentence,
    finding,
    findings,
    headline,
    level_sentence,
    missing_sentence,
    tally,
)

JUDGING = re.compile(
    r"\b(improv|worse|better|deteriorat|good|bad|alarm|success|fail|declin|unfortunate|encourag)\w*", re.IGNORECASE
)


def plain(text: str) -> str:
    return text.replace(FIXED, " ").replace(THIN, " ")


def every_sentence(book) -> list[str]:
    return [sentence for one in book.info.indicators for sentence in finding(book.info, book.records(one.id))]


def row_of(book, indicator: str, wave: str) -> dict:
    return dict(book.records(indicator, wave=wave)[0])


@pytest.mark.parametrize("wording", ["no_significant_change", "cannot_be_compared", "not_published", "first"])
@pytest.mark.parametrize("against", ["previous", "baseline"])
def test_rose_and_fell_are_said_by_their_class_only(real, wording, against):
    row = row_of(real, "congress", "2023") | {f"{against}_wording": wording, f"{against}_reason": "A reason."}
    told = change_sentence(real.info, row, against) + headline(real.info, row | {"previous_wording": wording}, "Title")
    assert not re.search(r"\b(rose|fell|increase|decrease|up|down|higher|lower)\b", told)


@pytest.mark.parametrize("wording", ["rose", "fell"])
def test_the_class_is_said(real, wording):
    low, high = (0.01, 0.05) if wording == "rose" else (-0.05, -0.01)
    row = row_of(real, "congress", "2023") | {
        "previous_wording": wording, "previous_change": (low + high) / 2, "previous_fcr_low": low, "previous_fcr_high": high,
    }  # fmt: skip
    sign = "" if wording == "rose" else "−"
    bounds = "1.0 to 5.0" if wording == "rose" else "−5.0 to −1.0"
    told = plain(change_sentence(real.info, row, "previous"))
    assert told.startswith(
        f"Compared with 2021, the share {wording} by 3.0 percentage points (96.7 % interval {bounds};"
    )
    assert wording in headline(real.info, row, "Trust in X") or sign


def test_no_sentence_judges(real, synthetic):
    for book in (real, synthetic):
        for sentence in every_sentence(book):
            assert not JUDGING.search(sentence), sentence


def test_people_are_quoted_with_what_they_said(real):
    told = plain(level_sentence(real.info, row_of(real, "congress", "2023")))
    assert told == "In 2023, 27.1 % said they trust the National Congress (95 % interval 24.2 to 30.1; n = 1 478)."
    assert "% said they trust the Supreme Court" in level_sentence(real.info, row_of(real, "court", "2023"))


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("Satisfied with health care", "30.0 % said they are satisfied with health care"),
        ("Said they paid a bribe", "30.0 % said they paid a bribe"),
        ("Bribery, police: said they paid", "30.0 % said they paid (“Bribery, police”)"),
        ("Knows the law", "the share for “Knows the law” was 30.0 %"),
    ],
)
def test_titles_become_what_people_said(real, title, said):
    info = replace(real.info, indicators=(IndicatorInfo(id="x", title=title),))
    row = row_of(real, "congress", "2023") | {"indicator": "x", "estimate": 0.3}
    assert said in plain(level_sentence(info, row))


def test_a_break_is_told_with_its_reason(real):
    told = change_sentence(real.info, row_of(real, "congress", "2021"), "previous")
    assert told == "It cannot be compared with 2018/19: the way of interviewing changed in 2021 (telephone)."


def test_a_question_not_asked_in_the_latest_wave_is_told_first(real):
    rows = [row for row in real.records("court") if row["wave"] != "2023"]
    told = finding(real.info, rows)
    assert told[0] == "This was not asked in 2021."
    assert told[1].startswith("In 2018/19, ")


def test_a_suppressed_figure_is_told_without_a_number(raw, secret):
    rows = [row for row in raw.records("parties") if row["wave"] == "2016/17"]
    for told in (finding(raw.info, rows), [headline(raw.info, rows[0], "Trust")]):
        text = " ".join(told)
        assert "not published" in text or "no figure published" in text
        assert not secret.search(text)


def test_a_figure_without_spread_is_shown_with_caution(real):
    row = row_of(real, "congress", "2023") | {
        "status": "one_value", "estimate": 1.0, "ci_low": None, "ci_high": None, "reliability": "review",
        "reliability_reason": "0 % or 100 %",
    }  # fmt: skip
    told = plain(level_sentence(real.info, row))
    assert (
        told
        == "In 2023, 100.0 % said they trust the National Congress (n = 1 478), to be used with caution (0 % or 100 %)."
    )


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (
            "Not published because of the earlier figure: no degrees of freedom.",
            "is not published because of the earlier figure:",
        ),
        ("The change itself is too imprecise.", "is not published: the change itself is too imprecise."),
    ],
)
def test_why_a_change_is_not_published(real, reason, told):
    row = row_of(real, "congress", "2023") | {"previous_wording": "not_published", "previous_reason": reason}
    assert told in change_sentence(real.info, row, "previous")


def test_those_who_did_not_answer_are_counted_with_both_extremes(real):
    told = plain(missing_sentence(real.info, row_of(real, "congress", "2023")))
    assert told.startswith("Of those asked in 2023, 3.1 % did not know, 1.2 % refused and 0.2 % gave no answer; ")
    assert told.endswith("the figure would lie from 25.9 to 30.4.")


def test_an_unknown_reason_is_not_called_a_refusal(real):
    row = row_of(real, "congress", "2023") | {
        "dont_know": 0.0,
        "refused": 0.0,
        "no_answer": 0.0,
        "other_missing": 0.021,
    }
    told = missing_sentence(real.info, row)
    assert "did not know" not in told
    assert "refused" not in told
    assert "one that was not recorded" in told


def test_every_synthetic_sentence_begins_with_the_mark(synthetic):
    sentences = [*every_sentence(synthetic), tally(synthetic.info, [row_of(synthetic, "congress", "2023")])]
    for sentence in sentences:
        assert sentence.startswith("Synthetic data: ")
        assert sentence.count(". ") == 0, f"a second sentence without the mark: {sentence}"
        assert not re.search(r"\b20(14|16|18|21|23)\b", sentence), "a synthetic wave is numbered, not dated"


def test_a_reason_shared_by_all_is_said_once(real):
    reason = "The way of interviewing changed in 2023 (on the web)."
    rows = real.rows.copy()
    latest = (rows["wave"] == "2023") & (rows["domain"] == "")
    rows.loc[latest, ["previous_wording", "baseline_wording"]] = "cannot_be_compared"
    rows.loc[latest, ["previous_wave", "baseline_wave"]] = ["2021", "2014"]
    rows.loc[latest, ["previous_reason", "baseline_reason"]] = reason
    text = findings(replace(real, rows=rows)).markdown()
    assert text.count("No figure can be compared with 2021: the way of interviewing changed in 2023") == 1
    assert "It cannot be compared" not in text


def test_rounding_never_makes_a_bound_zero(real):
    row = row_of(real, "congress", "2023") | {
        "previous_wording": "rose", "previous_change": 0.02, "previous_fcr_low": 0.0002, "previous_fcr_high": 0.04,
    }  # fmt: skip
    assert "interval 0.02 to 4.00" in change_sentence(real.info, row, "previous")


def test_rows_that_contradict_themselves_are_refused(real, tmp_path):
    rows = real.rows.copy()
    at = rows.index[(rows["previous_wording"] == "rose")][0]
    rows.loc[at, "previous_fcr_low"] = -0.5
    with pytest.raises(ReportError, match="is called 'rose', but its interval"):
        books.write(tmp_path / "bad", rows, real.info)


def test_real_and_synthetic_rows_never_stand_together(real):
    rows = real.rows.copy()
    rows.loc[0, "data_status"] = "synthetic"
    with pytest.raises(ReportError, match="Real and synthetic figures stand in one table"):
        replace(real, rows=rows)


def test_snapshot(real, synthetic, root):
    texts = [findings(real).markdown(), findings(synthetic, "corruption").markdown()]
    told = plain("\n\n".join(texts)) + "\n"
    path = root / "tests" / "snapshots" / "report_sentences.md"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.write_text(told, encoding="utf-8")
    assert told == path.read_text(encoding="utf-8")
