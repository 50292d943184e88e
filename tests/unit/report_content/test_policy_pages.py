"""The pages on a policy: what measures a sentence is computed, a withheld figure is never shown, real and synthetic stay apart."""

import json
import re
from html import unescape

import pytest

from survey_kit.indicators.contrasts import Contrast
from survey_kit.language.catalogue import known_languages
from survey_kit.report import policy_info
from survey_kit.report.measures_page import measures
from survey_kit.report.policy_info import PolicyInfo, Voice
from survey_kit.report.policy_pages import others, policy_in_force, risk_fields, strategy
from survey_kit.report.registry_page import registry
from survey_kit.study.policy import (
    Dated,
    Expected,
    InstitutionsFile,
    Measure,
    Policy,
    PolicySource,
    RatingTarget,
    RiskField,
    Statement,
    StrategyFile,
)
from survey_kit.study.policy_cover import Link
from survey_kit.study.registry import Registry, Standard, Target


def words(text):
    return {"en": text, "ru": f"{text} (по-русски)", "kk": f"{text} (қазақша)"}


def policy(name):
    """Give a policy whose first sentence is measured by `name`, and whose second by nothing."""
    source = ("act",)
    figure = Link(id=name, title=words("A figure"), state="figure")
    bodies = InstitutionsFile(
        as_of="2024-06-01",
        sources={"act": PolicySource(title=words("The act"), address="https://example.org/act", read=True)},
        documents=(
            Dated(id="old", title=words("Old"), act=words("Decree one"), since="2015", until="2022-02-02", successor="new", sources=source),
            Dated(id="new", title=words("New"), act=words("Decree two"), since="2022-02-02", sources=source, verified=True),
            Dated(id="plan", title=words("Plan"), sources=source),
        ),
        institutions=(
            Dated(id="court", title=words("Court"), until="2020", successor="tribunal", sources=source),
            Dated(id="tribunal", title=words("Tribunal"), sources=source),
        ),
    )  # fmt: skip
    declared = StrategyFile(
        document="old",
        statements=(
            Statement(id="trust", section="3.1", kind="goal", text=words("Trust"), sources=source),
            Statement(id="other", kind="task", section="3.2", text=words("Other"), sources=source),
        ),
        expected=(Expected(section="3.2", kind="task", number=6, sources=source),),
        fields=(
            RiskField(id="tax", title=words("Tax"), sections=("2.2",), sources=source),
            RiskField(id="banks", title=words("Banks"), sections=("2.2",), sources=source),
        ),
        rating_targets=(RatingTarget(rating="cpi", year=2025, value=45, document="plan", sources=source),),
    )
    taken = (
        Measure(id="a", title=words("Measure A"), sources=source, responsible=("court",)),
        Measure(id="b", title=words("Measure B"), sources=source, introduction="everywhere", since="2022-02"),
        Measure(id="c", title=words("Measure C"), sources=source, introduction="chosen", regions=("North",), first_wave="2021"),
    )  # fmt: skip
    entry = Registry(
        level="target",
        section="3.1",
        definition=words("Those who trust"),
        standard=Standard(name="A standard"),
        targets=(Target(year=2025, value=0.6, document="plan"),),
        responsible="court",
    )
    return PolicyInfo(
        policy=Policy(institutions=bodies, strategy=declared, measures=taken),
        statements={"trust": (figure,), "other": ()},
        fields={"tax": (figure,), "banks": ()},
        measures={"a": (figure,), "b": (), "c": ()},
        ratings=dict.fromkeys("abc", ()),
        assessments={
            name: (Link(id="x", title=words("X"), state="elsewhere", instrument="m", form=words("Group")),)
            for name in "abc"
        },
        registry={name: entry},
        digests={name: "ab" * 32},
        stale=(name,),
        contrasts={
            "c": (
                Contrast(
                    indicator=name,
                    unit="share",
                    earlier="2018/19",
                    later="2023",
                    first=0.09,
                    others=0.01,
                    difference=0.08,
                    se=0.02,
                    df=100.0,
                    low=0.0403,
                    high=0.1197,
                    level=0.95,
                    n=400,
                    wording="rose",
                ),
                Contrast(indicator=name, unit="share", later="2023", reason="a break"),
            )
        },
    )


def with_policy(book, name):
    body = {"schema": policy_info.SCHEMA, **policy_info._ADAPTER.dump_python(policy(name), mode="json")}
    (book.folder / policy_info.NAME).write_text(json.dumps(body), encoding="utf-8")
    return book


def plain(element):
    text = "\n".join(re.sub(r"<style>.*?</style>", "", one, flags=re.DOTALL) for one in element.texts())
    return unescape(re.sub(r"<[^>]+>", " ", text))


@pytest.fixture
def book(real):
    return with_policy(real, "congress")


@pytest.fixture
def in_russian(monkeypatch):
    for page in ("policy_pages", "measures_page", "registry_page"):
        monkeypatch.setattr(f"survey_kit.report.{page}.voice", lambda _: Voice("ru"))


def test_a_study_without_a_policy_has_no_parts(real):
    assert [page(real).parts for page in (policy_in_force, strategy, risk_fields, measures, registry)] == [()] * 5


def test_a_policy_goes_through_its_file(book):
    assert policy_info.read(book) == policy("congress")


def test_a_file_of_another_version_is_refused(book):
    (book.folder / policy_info.NAME).write_text('{"schema": "survey-kit/policy/0"}', encoding="utf-8")
    with pytest.raises(ValueError, match="cannot be read"):
        policy_info.read(book)


def test_page_one_names_the_document_in_force_and_its_source(book):
    told = plain(policy_in_force(book))
    assert "On 1 June 2024" in told
    assert "New. Decree two; since 2 February 2022. Source: The act (https://example.org/act)." in told
    assert "“Old” was succeeded by “New”: 2 February 2022. This succession was not compared with an act." in told
    assert "Its dates are not known: Plan." in told


def test_a_sentence_leads_to_its_figure_or_to_nothing(book):
    made = strategy(book)
    told = plain(made)
    assert 'href="trust.html#sec-congress"' in "\n".join(made.texts())
    assert re.search(r"A figure: \d+\.\d.%.*n = 1.478; 2023", told)
    assert "Nothing measures it yet." in told
    assert "Sentences of this kind in section 3.2: 6; entered here: 1." in told
    assert "They were not compared with its text and are no quotations." in told
    assert "Corruption Perceptions Index: target 45 for 2025" in told
    assert "“Court” was succeeded by “Tribunal”: 2020." in told


def test_a_missing_indicator_is_told_where_no_figure_stands():
    gone, there = Link(id="gone", title={}, state="missing"), Link(id="here", title={}, state="figure")
    assert others([gone], Voice("en")) == ["The study has no indicator “gone”."]
    assert others([gone, there], Voice("en")) == []


def test_a_field_without_a_figure_says_so(book):
    told = plain(risk_fields(book))
    assert re.search(r"Banks\s+Nothing measures it yet\.\s+no figure", told)
    assert re.search(r"Tax\s+A figure\s+\d+\.\d.%", told)


def test_no_cause_is_concluded_where_regions_were_not_drawn(book):
    told = plain(measures(book))
    assert told.count("No causal conclusion.") == 3
    assert "No source tells how the measure was introduced" in told
    assert "taken everywhere at once, so nothing shows" in told
    assert "were chosen, not drawn by lot" in told
    assert "Number of questions in “Group”, which this study does not field: 1." in told


def test_the_difference_of_changes_stands_with_its_interval(book):
    told = plain(measures(book))
    assert re.search(r"2018/19\s+2023\s+\+8\.0\s+4\.0 to 12\.0\s+higher than elsewhere", told)
    assert re.search(r"2023\s+cannot be compared", told)


def test_the_registry_tells_targets_with_their_document_and_stale_words(book):
    told = plain(registry(book))
    assert "Targets. 60.0\u202f%" in told.replace("\u00a0", "\u202f")
    assert "for 2025 (Plan)." in told
    assert "These words were written for an earlier definition." in told
    assert "abababababababab." in told


def test_a_suppressed_figure_shows_nowhere(real, secret):
    hidden = real.rows.loc[real.rows["reliability"].eq("suppress"), "indicator"].unique()
    assert len(hidden)
    for name in hidden:
        book = with_policy(real, str(name))
        for page in (strategy, risk_fields, measures, registry):
            assert not secret.search(plain(page(book)))


def test_synthetic_figures_are_marked_and_apart_from_real_ones(rated):
    book = with_policy(rated, "congress")
    tables = [one for one in strategy(book).texts() + risk_fields(book).texts() if "<table" in one]
    assert all("SYNTHETIC DATA" in one for one in tables)
    assert all("45" not in unescape(re.sub(r"<[^>]+>|\d+\.\d", " ", one)).split() for one in tables)
    assert "The edition of 2025: 38." in plain(strategy(book))


@pytest.mark.usefixtures("in_russian")
def test_a_page_in_russian_says_that_its_texts_are_drafts(book):
    told = plain(strategy(book))
    assert "черновики" in told
    assert "Пока ничто это не измеряет." in told
    assert "Trust (по-русски)" in told
    assert "Причинный вывод невозможен." in plain(measures(book))


def test_every_phrase_stands_in_three_languages():
    assert known_languages("policy") == ("en", "kk", "ru")
