"""Three languages: every phrase, every wording class, numbers and plurals, and not one English word in a Kazakh or Russian sentence."""

from __future__ import annotations

import re
from dataclasses import replace
from string import Formatter

import numpy as np
import pytest
from babel.core import Locale
from babel.numbers import format_decimal

from survey_kit.errors import ReportError
from survey_kit.estimate import reliability
from survey_kit.language import digest_of, known_languages, reviewed, words
from survey_kit.report import display, figures, quality, sections, tables
from survey_kit.report.book import Published
from survey_kit.report.elements import Element
from survey_kit.report.sentences import CLASSES, change_sentence, finding, headline, level_sentence, reason_told
from survey_kit.report.speech import CATALOGUES, NAMES, TOLD, plural, speech

LANGUAGES = ("kk", "ru", "en")
LATIN = re.compile(r"[A-Za-z]{2,}")
NAMED = re.compile(
    r"\bdf\b|Parker et al|Vital and Health Statistics|nchs_2017|cv_bands|precision|survey_kit|trust|R003|b13"
)
STEM = {
    "rose": {"kk": "өсті", "ru": "выросл?", "en": "rose"},
    "fell": {"kk": "төмендеді", "ru": "снизил", "en": "fell"},
    "no_significant_change": {
        "kk": "мәнді өзгеріс жоқ",
        "ru": "значимого изменения нет",
        "en": "no statistically significant",
    },
    "cannot_be_compared": {"kk": "салыстыруға болмайды", "ru": "сравнить нельзя", "en": "cannot be compared"},
    "not_published": {"kk": "жарияланбайды", "ru": "не публикуется", "en": "not published"},
}


def spoken(book: Published, language: str) -> Published:
    """Give the toy study with names and texts in no language, told in one."""
    info = book.info
    if language == "en":
        return book
    titles = tuple(
        replace(one, title=f"Ж{k}", saying="", question="Ж?", answers="Ж", note="")
        for k, one in enumerate(info.indicators)
    )
    waves = tuple(replace(one, break_note="", mode="", notes=()) for one in info.waves)
    domains = tuple(replace(one, label="Ж", levels={str(k): f"Ж{k}" for k in range(1, 21)}) for one in info.domains)
    told = replace(
        info, language=language, title="Ж", indicators=titles, waves=waves, domains=domains, notes=(), method={}, assumptions={},
        problems=(), producer="", terms="", cite="",
    )  # fmt: skip
    return replace(book, info=told)


@pytest.mark.parametrize("use", [*CATALOGUES, TOLD, NAMES])
def test_every_phrase_stands_in_three_languages_with_the_same_parts(use):
    assert set(known_languages(use)) == set(LANGUAGES)
    for key, texts in words(use, "en").texts.items():
        parts = {
            language: {name for _, name, _, _ in Formatter().parse(text) if name} for language, text in texts.items()
        }
        assert parts["kk"] == parts["ru"] == parts["en"], (use, key, parts)


def test_a_key_stands_in_one_catalogue_only():
    keys = [key for use in CATALOGUES for key in words(use, "en").texts]
    assert len(keys) == len(set(keys))
    with pytest.raises(ReportError, match="has the phrase 'class_ros'"):
        speech("kk")("class_ros")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("unit", ["share", "ratio", "points", "net"])
@pytest.mark.parametrize("wording", [one for one in CLASSES if one != "first"])
def test_a_wording_class_says_the_same_in_every_language(real, language, unit, wording):
    book = spoken(real, language)
    row = dict(book.records("congress")[-1]) | {"unit": unit, "previous_wording": wording, "previous_reason": None}
    sign = -1 if wording == "fell" else 1
    row |= {"previous_change": 0.05 * sign, "previous_fcr_low": 0.01 * sign, "previous_fcr_high": 0.09 * sign}
    told = change_sentence(book.info, row, "previous")
    for other, stems in STEM.items():
        assert bool(re.search(stems[language], told)) == (other == wording), (other, told)
    if language != "en":
        assert not LATIN.search(NAMED.sub("", told)), told
        assert "." not in re.sub(r"\.$", "", told), told  # no decimal point
    assert change_sentence(book.info, row | {"previous_wording": "first"}, "previous") == ""


@pytest.mark.parametrize("language", ["kk", "ru"])
@pytest.mark.parametrize("status", ["real", "synthetic"])
def test_no_english_word_is_left(real, synthetic, language, status):
    book = spoken(real if status == "real" else synthetic, language)
    elements: list[Element] = [
        *(sections.indicator(book, one.id) for one in book.info.indicators),
        *(figures.comparison(book, theme) for theme in book.info.themes),
        *(figures.small_multiples(book, theme) for theme in book.info.themes),
        *(make(book) for make in (quality.notice, quality.method, quality.sample, quality.breaks, quality.problems)),
        *(make(book) for make in (quality.flags, quality.wordings, quality.missing_answers, quality.source)),
        *(quality.rules(book), quality.symbols(book), tables.nonresponse(book, "congress")),
    ]
    for element in elements:
        for text in element.texts():
            plain = re.sub(r"<style>.*?</style>|<[^>]*>", " ", text, flags=re.DOTALL)
            assert not LATIN.search(NAMED.sub("", plain)), plain


@pytest.mark.parametrize("language", LANGUAGES)
def test_levels_headlines_and_findings(real, language):
    book = spoken(real, language)
    for one in book.info.indicators:
        rows = book.records(one.id)
        told = [*finding(book.info, rows), headline(book.info, rows[-1], one.title)]
        told += [level_sentence(book.info, row) for row in rows]
        point = "." if language == "en" else ","
        assert any(re.search(rf"\d{re.escape(point)}\d", text) for text in told)
        assert all(language == "en" or not LATIN.search(text) for text in told), told


def test_every_reason_of_the_reliability_rules_is_told_in_every_language():
    p, se = (part.ravel() for part in np.meshgrid([0.0, 0.02, 0.3, 0.98, 1.0], [0.0, 0.001, 0.05, 0.2, 0.6]))
    found = set()
    for df in (0.0, 4.0, 100.0):
        d, n = np.full(len(p), df), np.full(len(p), 60.0)
        found |= set(reliability.of_shares(p, se, d, n).reason)
        found |= set(reliability.of_means(p, se, d).reason)
        found |= set(reliability.of_precision(p, se, d, n / 3, 1.0).reason)
    found -= {""}
    assert len(found) >= 9
    for reason in found:
        for language in ("kk", "ru"):
            told = speech(language).told(f"Not published because of the figure: {reason}.")
            assert told != reason
            assert not LATIN.search(told), told


def test_a_break_is_told_with_the_words_of_the_study(real):
    info = replace(spoken(real, "ru").info)
    waves = tuple(replace(one, break_note="телефон") if one.id == "2021" else one for one in info.waves)
    reason = "The way of interviewing changed in 2021 (telephone instead of face to face)."
    assert reason_told(replace(info, waves=waves), reason) == "изменился способ опроса (2021: телефон)"
    assert reason_told(replace(info, language="en"), reason) == reason


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_numbers_are_those_of_the_locale(language):
    show = display.numbers(language)
    for value in (0.05, 3.0, 1234.5, -15764.25, 1e7):
        assert show.decimal(value, 2) == format_decimal(value, "#,##0.00", locale=language).replace("-", display.MINUS)
    percent = Locale.parse(language).percent_formats[None].pattern.removeprefix("#,##0")
    assert show.percent("5") == f"5{percent}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_plural_forms_are_those_of_the_locale(language):
    rule = Locale.parse(language).plural_form
    assert [plural(n, language) for n in range(300)] == [rule(n) for n in range(300)]


def test_a_catalogue_is_a_draft_until_its_words_are_reviewed(monkeypatch):
    from survey_kit.language import reviews

    record = {"form": {"kk": {"digest": digest_of("form", "kk"), "by": "A. Reader, editor"}}}
    monkeypatch.setattr(reviews, "_read", lambda: record)
    assert reviewed("form", "kk") == "A. Reader, editor"
    record["form"]["kk"]["digest"] = "0" * 16
    assert reviewed("form", "kk") == ""
