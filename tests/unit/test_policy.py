"""The files of a policy: read, checked against the study, and held against what measures each sentence."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from survey_kit.errors import StudyError
from survey_kit.instrument.load import read_instrument
from survey_kit.study import read_study
from survey_kit.study.policy import RiskField, Statement
from survey_kit.study.policy_cover import cover, gaps, measured, registry, stale
from survey_kit.study.policy_read import read_policy
from survey_kit.study.registry import Registry, changed_since, definition_digests

TEXT = {"en": "Text"}
INSTITUTIONS = {
    "schema": "survey-kit/institutions/1",
    "as_of": "2024-06",
    "sources": {"act": {"title": "The act", "read": True}},
    "documents": [
        {"id": "old", "title": "Old", "since": "2015", "until": "2022-02-02", "successor": "new", "sources": ["act"]},
        {"id": "new", "title": "New", "since": "2022-02-02", "sources": ["act"]},
    ],
    "institutions": [{"id": "court", "title": "Court", "sources": ["act"]}],
}
STRATEGY = {
    "schema": "survey-kit/strategy/1",
    "document": "old",
    "expected": [{"section": "3.2", "kind": "task", "number": 6, "sources": ["act"]}],
    "statements": [
        {"id": "trust", "section": "3.1", "kind": "target", "text": "Trust", "sources": ["act"], "items": ["b31"]},
        {
            "id": "zero",
            "section": "3.1",
            "kind": "goal",
            "text": "Zero",
            "sources": ["act"],
            "indicators": ["zero_tolerance"],
        },
    ],
}
MEASURES = {
    "schema": "survey-kit/measures/1",
    "measures": [{"id": "courts", "title": "Courts", "sources": ["act"], "responsible": ["court"]}],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    there = tmp_path / "analyses" / "brazil_trust"
    shutil.copytree("analyses/brazil_trust", there)
    (tmp_path / "instruments").symlink_to(Path("instruments").resolve())
    return there


def written(folder: Path, institutions=INSTITUTIONS, strategy=STRATEGY, measures=MEASURES):
    for name, body in (("institutions", institutions), ("strategy", strategy), ("measures", measures)):
        if body is not None:
            (folder / f"{name}.yaml").write_text(json.dumps(body), encoding="utf-8")  # JSON is YAML
    return read_study(folder)


def changed(body, *way, **keys):
    """Give a copy of `body` with keys changed in the mapping at `way`."""
    copy = json.loads(json.dumps(body))
    place = copy
    for step in way:
        place = place[step]
    place.update(keys)
    return copy


def test_without_the_files_there_is_no_policy(folder):
    assert read_policy(read_study(folder)) is None


def test_an_item_brings_the_indicators_made_of_it(folder):
    study = written(folder)
    policy = read_policy(study)
    trust, zero = policy.strategy.statements
    assert {link.state for link in cover(study, trust)} == {"figure"}
    assert all("b31" in study.indicator(link.id).needs() for link in cover(study, trust))
    assert [(link.id, link.state) for link in cover(study, zero)] == [("zero_tolerance", "missing")]
    assert measured(cover(study, trust))
    assert not measured(cover(study, zero))


def test_a_figure_on_several_items_stands_for_no_field_with_one_of_them(folder):
    study = written(folder)
    both = next(one for one in study.definitions if len(one.needs()) == 1)
    item = both.needs()[0]
    wider = replace(both, id="wider", items=(item, "b21"))
    study = replace(study, definitions=(both, wider))
    links = cover(study, RiskField(id="f", title=TEXT, sections=("2.2",), sources=("act",), items=(item,)))
    assert [link.id for link in links] == [both.id]
    says = Statement(id="s", kind="goal", text=TEXT, sources=("act",), items=(item,))
    assert [link.id for link in cover(study, says)] == [both.id, "wider"]


def test_an_item_of_another_instrument_is_asked_elsewhere(folder):
    strategy = changed(STRATEGY, "statements", 0, items=["legal_culture/law_ignore"])
    study = written(folder, strategy=strategy)
    (link,) = cover(study, read_policy(study).strategy.statements[0])
    assert (link.state, link.instrument, link.id) == ("elsewhere", "legal_culture", "law_ignore")
    assert {"kk", "ru", "en"} <= set(link.title)


def test_what_is_open_is_told(folder):
    study = written(folder)
    told = "\n".join(gaps(study, read_policy(study)))
    assert "Of 6 sentences of the kind 'task' in section 3.2, 0 are entered." in told
    assert "No figure measures 1 sentences: zero." in told
    assert "The study has no indicator zero_tolerance." in told


def test_the_document_in_force_changes_with_its_successor(folder):
    policy = read_policy(written(folder))
    assert [one.id for one in policy.in_force()] == ["new"]
    assert [one.id for one in policy.in_force("2022-02-01")] == ["old"]
    assert [one.id for one in policy.in_force("2022-02-02")] == ["new"]
    assert [one.id for one in policy.in_force("2014")] == []
    assert [(old.id, new.id) for old, new in policy.successions()] == [("old", "new")]


DOCUMENT = ("documents", 0)
BAD_INSTITUTIONS = {
    "a fact without a source": (changed(INSTITUTIONS, *DOCUMENT, sources=[]), "stands without a source"),
    "an unknown source": (changed(INSTITUTIONS, *DOCUMENT, sources=["atc"]), "no source 'atc'"),
    "an unknown successor": (changed(INSTITUTIONS, *DOCUMENT, successor="nwe"), "no successor 'nwe'"),
    "a successor without an end": (changed(INSTITUTIONS, *DOCUMENT, until=None), "has a successor but no end"),
    "an end before the beginning": (changed(INSTITUTIONS, *DOCUMENT, until="2014"), "ends before it begins"),
    "a date that is none": (changed(INSTITUTIONS, *DOCUMENT, since="in 2015"), "since"),
    "a circle": (
        changed(INSTITUTIONS, "documents", 1, until="2023", successor="old"),
        "go round in a circle",
    ),
    "an id twice": (changed(INSTITUTIONS, "institutions", 0, id="old"), "stands twice"),
}


@pytest.mark.parametrize("case", BAD_INSTITUTIONS)
def test_bad_bodies_are_refused_with_their_line(folder, case):
    body, told = BAD_INSTITUTIONS[case]
    study = written(folder, institutions=body)
    with pytest.raises(StudyError) as caught:
        read_policy(study)
    assert told in str(caught.value)
    assert "institutions.yaml:" in caught.value.where
    assert caught.value.fix


ENTRY = {"level": "target", "targets": [{"year": 2025, "value": 0.45, "document": "old"}]}
BAD_STRATEGY = {
    "an unknown document": (changed(STRATEGY, document="strategy"), "no document 'strategy'"),
    "an item that is none": (changed(STRATEGY, "statements", 0, items=["b_31"]), "no item 'b_31'"),
    "an item of an instrument that lacks it": (
        changed(STRATEGY, "statements", 0, items=["legal_culture/law_ignored"]),
        "no item 'law_ignored' in the instrument 'legal_culture'",
    ),
    "a statement without a source": (changed(STRATEGY, "statements", 1, sources=[]), "stands without a source"),
    "more sentences than there are": (
        changed(STRATEGY, "expected", 0, section="3.1", kind="goal", number=1)
        | {"statements": [*STRATEGY["statements"], {**STRATEGY["statements"][1], "id": "other"}]},
        "more sentences",
    ),
    "a target without a document": (
        {**STRATEGY, "registry": {"trust_court": {"targets": [{"year": 2025, "value": 0.4}]}}},
        "document",
    ),
    "a target of an unknown document": (
        {**STRATEGY, "registry": {"x": changed(ENTRY, "targets", 0, document="plan")}},
        "no document 'plan'",
    ),
    "two targets for one year": (
        {**STRATEGY, "registry": {"x": {"targets": ENTRY["targets"] * 2}}},
        "two targets for 2025",
    ),
    "an unknown body": ({**STRATEGY, "registry": {"x": {"responsible": "curt"}}}, "no body 'curt'"),
    "an unknown baseline": ({**STRATEGY, "registry": {"x": {"baseline": "1999"}}}, "no wave '1999'"),
}


@pytest.mark.parametrize("case", BAD_STRATEGY)
def test_a_bad_strategy_is_refused_with_its_line(folder, case):
    body, told = BAD_STRATEGY[case]
    study = written(folder, strategy=body)
    with pytest.raises(StudyError) as caught:
        read_policy(study)
    assert told in str(caught.value)
    assert "strategy.yaml:" in caught.value.where
    assert caught.value.fix


def test_a_target_beyond_the_scale_is_refused(folder):
    study = written(folder)
    name = next(one.id for one in study.definitions if one.kind == "share")
    entry = changed(ENTRY, "targets", 0, value=45)
    study = written(folder, strategy={**STRATEGY, "registry": {name: entry}})
    with pytest.raises(StudyError, match="no value the figure can take"):
        read_policy(study)


BAD_MEASURES = {
    "regions though taken everywhere": (
        {"introduction": "everywhere", "regions": ["1"]},
        "not how they came to be first",
    ),
    "some regions first without regions": ({"introduction": "chosen", "first_wave": "2021"}, "'regions' is missing"),
    "some regions first without a wave": ({"introduction": "drawn", "regions": ["1"]}, "'first_wave' is missing"),
    "a region that does not exist": (
        {"introduction": "drawn", "first_wave": "2021", "domain": "b31", "regions": ["Nowhere"]},
        "Nowhere",
    ),
    "a domain that is none": (
        {"introduction": "drawn", "first_wave": "2021", "domain": "oblast", "regions": ["1"]},
        "no domain 'oblast'",
    ),
    "an unknown wave": ({"first_wave": "1999"}, "no wave '1999'"),
    "an unknown body": ({"responsible": ["curt"]}, "no body 'curt'"),
    "an unknown item": ({"rating": ["b_31"]}, "no item 'b_31'"),
    "no source": ({"sources": []}, "stands without a source"),
}


@pytest.mark.parametrize("case", BAD_MEASURES)
def test_a_bad_measure_is_refused_with_its_line(folder, case):
    keys, told = BAD_MEASURES[case]
    study = replace(written(folder, measures=changed(MEASURES, "measures", 0, **keys)), domains=("b31",))
    with pytest.raises(StudyError) as caught:
        read_policy(study)
    assert told in str(caught.value)
    assert "measures.yaml:" in caught.value.where
    assert caught.value.fix


def test_a_strategy_without_its_sources_is_refused(folder):
    study = written(folder, institutions=None)
    with pytest.raises(StudyError, match="without the file that names their sources"):
        read_policy(study)


def test_an_entry_may_stand_with_the_indicator_or_beside_it_not_both(folder):
    study = written(folder)
    name = study.definitions[0].id
    study = written(folder, strategy={**STRATEGY, "registry": {name: ENTRY}})
    assert registry(study, read_policy(study))[name].level == "target"
    own = tuple(replace(one, registry=Registry(level="goal")) if one.id == name else one for one in study.definitions)
    with pytest.raises(StudyError, match="stands in two places"):
        read_policy(replace(study, definitions=own))


def test_an_entry_written_for_another_definition_is_told(folder):
    study = written(folder)
    one = study.definitions[0]
    digest = definition_digests(study.definitions)[one.id]
    entries = {one.id: Registry(describes=(digest[:16],))}
    assert stale(study, entries) == ()
    other = replace(study, definitions=(replace(one, dont_know="bounds"), *study.definitions[1:]))
    assert stale(other, entries) == (one.id,)


def test_a_digest_holds_what_decides_the_figure_and_no_words(folder):
    definitions = read_study(folder).definitions
    frozen = definition_digests(definitions)
    assert changed_since(frozen, definitions) == {}
    first = definitions[0]
    words = replace(first, title={"en": "Other words"}, note={"en": "A note"}, registry=Registry(responsible="court"))
    assert changed_since(frozen, (words, *definitions[1:])) == {}
    for other in (
        replace(first, base="asked"),
        replace(first, categories=first.categories[:-1]),
        replace(first, registry=Registry(list_version="2")),
    ):
        assert changed_since(frozen, (other, *definitions[1:])) == {first.id: "changed"}
    new = replace(first, id="other")
    assert changed_since(frozen, (new, *definitions[1:])) == {first.id: "gone", "other": "new"}


def test_kazakhstan_names_what_it_does_not_know():
    study = read_study("analyses/kazakhstan")
    policy = read_policy(study)
    states = {one.id: [link.state for link in cover(study, one)] for one in policy.strategy.fields}
    assert states["agriculture"] == states["banking"] == []
    assert not any(one.verified for one in policy.strategy.statements)
    assert {one.kind for one in policy.strategy.statements if one.section == "3.1"} == {"goal", "target"}
    assert sum(one.kind == "target" for one in policy.strategy.statements) == 4
    assert all({"kk", "ru", "en"} <= set(one.text) for one in policy.strategy.statements)
    (aim,) = policy.strategy.rating_targets
    assert (aim.rating, aim.year, aim.value, aim.document) == ("cpi", 2025, 45.0, "ndp_2025")


def test_institutions_the_instrument_asks_about_bring_their_dates(folder):
    study = replace(written(folder), instruments={"2023": read_instrument("instruments/trust_in_institutions")})
    study = replace(study, waves=study.waves[-1:], definitions=())
    (folder / "strategy.yaml").unlink()
    policy = read_policy(study)
    kurultai = policy.dated("mazhilis").successor
    assert ("mazhilis", kurultai) in [(old.id, new.id) for old, new in policy.successions()]
    assert policy.dated("mazhilis").sources == ("instrument",)
    body = changed(
        INSTITUTIONS, institutions=[{"id": "senate", "title": "Senate", "until": "2020", "sources": ["act"]}]
    )
    body["sources"]["act"]["read"] = False
    (folder / "measures.yaml").unlink()
    (folder / "institutions.yaml").write_text(json.dumps(body), encoding="utf-8")
    with pytest.raises(StudyError, match="'senate' has other dates in the instrument"):
        read_policy(study)


def test_a_study_may_follow_the_policy_of_another(folder):
    written(folder)
    other = folder.parent / "other"
    shutil.copytree(folder, other)
    for name in ("institutions", "strategy", "measures"):
        (other / f"{name}.yaml").unlink()
    pointer = {"schema": "survey-kit/policy/1", "folder": "../brazil_trust"}
    (other / "policy.yaml").write_text(json.dumps(pointer), encoding="utf-8")
    study = read_study(other)
    assert read_policy(study) == read_policy(read_study(folder))
    assert {"policy.yaml", "strategy.yaml"} <= {path.name for path in study.inputs}
    (other / "policy.yaml").write_text(json.dumps({**pointer, "folder": "../nowhere"}), encoding="utf-8")
    with pytest.raises(StudyError, match="no policy where the study says"):
        read_study(other)
