"""A report in three languages: one site for each, the switch, drafts told on every page, stale and missing translations told."""

from __future__ import annotations

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

from survey_kit.errors import ReportError
from survey_kit.pipeline import build
from survey_kit.report.translated import digest, read_texts, states, translate

NAMED = re.compile(
    r"AAPOR|PDF|CSVW?|ODS|XML|JSON|SHA-256|SDMX|DDI|DCAT|schema\.org|Python|[\w.-]*survey[_-]kit[\w.-]*|Parker et al|NCHS"
    r"|Vital and Health Statistics|Frictionless Data Package|Korn|nchs_2017|cv_bands|precision|Taylor|English|[\w./-]+\.\w{2,5}\b"
)
TEXTS = {
    "title: An own study": "title: {en: An own study, ru: Свой опрос, kk: Өз сауалнама}",
    "formats: [html]": "languages: [kk, ru, en], formats: [html]",
    "title: Trust in courts": "title: {en: Trust in courts, ru: Доверие к судам, kk: Соттарға сенім}",
    "title: Trust in the police": "title: {en: Trust in the police, ru: Доверие к полиции, kk: Полицияға сенім}",
    'text: "Do you trust the courts?"': 'text: {en: "Do you trust the courts?", ru: "Доверяете судам?", kk: "Соттарға сенесіз бе?"}',
    'text: "Do you trust the police?"': 'text: {en: "Do you trust the police?", ru: "Доверяете полиции?", kk: "Полицияға сенесіз бе?"}',
    "{1: none, 4: full}": "{1: {en: none, ru: нет, kk: жоқ}, 4: {en: full, ru: полное, kk: толық}}",
    "{1: men, 2: women}": "{1: {en: men, ru: мужчины, kk: ерлер}, 2: {en: women, ru: женщины, kk: әйелдер}}",
    "text: Sex": "text: {en: Sex, ru: Пол, kk: Жынысы}",
}


class Read(HTMLParser):
    """What a reader meets of a page: its text, alternative texts and labels, but code and what is marked as English."""

    def __init__(self) -> None:
        super().__init__()
        self.silent: list[bool] = []
        self.told: list[str] = []

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        self.told += [told.get(name) or "" for name in ("alt", "aria-label")]
        self.told += [told.get("content") or ""] if told.get("name") == "description" else []
        if tag not in {"link", "meta", "img", "br", "hr", "input", "col"}:
            self.silent.append(
                tag in {"script", "style", "code"} or told.get("lang") == "en" or "permalink" in str(attrs)
            )

    def handle_endtag(self, tag):
        if tag not in {"link", "meta", "img", "br", "hr", "input", "col"} and self.silent:
            self.silent.pop()

    def handle_data(self, data):
        if not any(self.silent):
            self.told.append(data)


@pytest.fixture
def three(own: Path) -> Path:
    """Give the own study with its texts in three languages."""
    for path in (
        own / "study.yaml",
        own / "indicators.yaml",
        own.parents[1] / "instruments" / "own" / "instrument.yaml",
    ):
        text = path.read_text()
        for english, every in TEXTS.items():
            text = text.replace(english, every)
        path.write_text(text)
    return own


def test_one_site_for_each_language(three):
    made = build(three)
    report = made.folder / "report"
    assert made.index == report / "index.html"
    start = made.index.read_text()
    assert all(f'href="{one}/index.html"' in start for one in ("kk", "ru", "en"))
    names = {path.name for path in (report / "en").glob("*.html")}
    assert {"index.html", "trust.html", "method.html", "data.html"} <= names
    for language in ("kk", "ru", "en"):
        assert {path.name for path in (report / language).glob("*.html")} == names
        for name in names:
            text = (report / language / name).read_text()
            assert f'<html lang="{language}"' in text
            for other in ("kk", "ru", "en"):
                assert f'<link rel="alternate" hreflang="{other}" href="../{other}/{name}">' in text
            assert re.search(rf'<a href="../{language}/{name}" [^>]*aria-current="true"', text)
            assert ("Аударманың жобасы" in text) == (language == "kk")
            assert ("Черновой перевод" in text) == (language == "ru")
    assert made.untranslated == {}
    assert states(read_texts(made.folder / "site" / "kk"), "missing", "stale") == ()
    for language in ("kk", "ru"):
        left = set()
        for path in (report / language).glob("*.html"):
            reader = Read()
            reader.feed(path.read_text())
            pages = [] if path.name == "data.html" or path.name.startswith("number-") else reader.told  # files, ids
            left |= {(path.name, told.strip()) for told in pages if re.search(r"[A-Za-z]{4,}", NAMED.sub("", told))}
        assert left == set()


def test_english_alone_is_what_english_is_among_three(three):
    whole = build(three, to="whole").folder / "report" / "en"
    text = (three / "study.yaml").read_text().replace("[kk, ru, en]", "[en]")
    (three / "study.yaml").write_text(text)
    alone = build(three, to="alone")
    assert not (alone.folder / "languages").exists()
    for page in ("index.html", "trust.html", "method.html"):
        among = re.sub(
            r'<link rel="alternate" hreflang.*\n|\n<nav class="language-switch".*?</nav>',
            "",
            (whole / page).read_text(),
        )
        assert among == (alone.folder / "report" / page).read_text()


def test_a_language_nobody_speaks_and_one_named_twice(three):
    text = (three / "study.yaml").read_text()
    for languages, words in (("[kk, de]", "'de' is none that a report speaks"), ("[kk, kk]", "'kk' is named twice")):
        (three / "study.yaml").write_text(text.replace("[kk, ru, en]", languages))
        with pytest.raises(ReportError, match=words):
            build(three)


def site(tmp_path: Path) -> Path:
    """Give a small project with one page, its part and a translation of it."""
    folder = tmp_path / "site"
    (folder / "_parts").mkdir(parents=True)
    (folder / "_quarto.yml").write_text("lang: en\nwebsite: {navbar: {left: [{text: Trust, href: trust.qmd}]}}\n")
    (folder / "trust.qmd").write_text('---\ntitle: "Trust in institutions"\n---\n\n{{< include _parts/_trust.qmd >}}\n')
    english = "Trust is said.\n"
    (folder / "_parts" / "_trust.qmd").write_text(english)
    (folder / "_parts" / "_trust.ru.qmd").write_text(f"<!-- translation of {digest(english)}; draft -->\nДоверие.\n")
    return folder


def told(folder: Path, language: str) -> dict[str, str]:
    return {one.name: one.state for one in translate(folder, language) if one.name.endswith(".qmd")}


def test_a_translation_takes_the_place_of_its_english(tmp_path):
    folder = site(tmp_path)
    assert told(folder, "ru") == {"_parts/_trust.qmd": "draft", "trust.qmd": "reviewed"}
    assert (folder / "_parts" / "_trust.qmd").read_text() == "Доверие.\n"
    assert 'title: "Доверие к институтам"' in (folder / "trust.qmd").read_text()
    assert "Доверие" in (folder / "_quarto.yml").read_text()
    assert not [*folder.rglob("*.ru.qmd")]


def test_a_missing_and_a_stale_translation_are_told(tmp_path):
    assert told(site(tmp_path / "a"), "kk")["_parts/_trust.qmd"] == "missing"
    folder = site(tmp_path / "b")
    (folder / "_parts" / "_trust.qmd").write_text("Trust is what is said.\n")
    assert told(folder, "ru")["_parts/_trust.qmd"] == "stale"
    assert (folder / "_parts" / "_trust.qmd").read_text() == "Trust is what is said.\n"
    folder = site(tmp_path / "c")
    (folder / "trust.qmd").write_text('---\ntitle: "A page of my own"\n---\n\nProse of its own.\n')
    assert told(folder, "ru")["trust.qmd"] == "missing"


def test_a_reviewed_translation_names_its_reviewer(tmp_path):
    folder = site(tmp_path)
    path = folder / "_parts" / "_trust.ru.qmd"
    path.write_text(path.read_text().replace("draft", "reviewed by A. Reader, editor, 2026-01-31"))
    found = {one.name: one for one in translate(folder, "ru")}["_parts/_trust.qmd"]
    assert (found.state, found.by) == ("reviewed", "A. Reader, editor, 2026-01-31")


def test_a_translation_of_nothing_and_one_that_does_not_say_of_what(tmp_path):
    folder = site(tmp_path / "a")
    (folder / "_parts" / "_other.ru.qmd").write_text("Другое.\n")
    with pytest.raises(ReportError, match="has no English page"):
        translate(folder, "ru")
    folder = site(tmp_path / "b")
    (folder / "_parts" / "_trust.ru.qmd").write_text("Доверие.\n")
    with pytest.raises(ReportError, match="does not say what it translates"):
        translate(folder, "ru")


def test_every_text_of_the_toolkits_pages_is_translated(tmp_path, root):
    for language in ("kk", "ru"):
        folder = Path(shutil.copytree(root / "reports", tmp_path / language))
        found = translate(folder, language)
        assert states(found, "missing", "stale") == (), language


def test_the_frame_in_kazakh_has_every_key_of_quarto(root):
    import yaml

    kazakh = yaml.safe_load((root / "reports" / "_language-kk.yml").read_text())
    recorded = (root / "tests" / "unit" / "data" / "quarto_language_keys.txt").read_text().split()
    assert sorted(kazakh) == sorted(recorded)
    assert all(not re.search(r"[A-Za-z]{4,}", re.sub("BibTeX|MECA|Binder", "", str(text))) for text in kazakh.values())
