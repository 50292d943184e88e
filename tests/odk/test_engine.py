"""ODK's engine is driven rightly: routing, limits, draws, languages, repeats, and an emptied instance is like a new one."""

from __future__ import annotations

import re
from types import ModuleType
from typing import Any

import pytest

FORM = """
| survey | | | | | | | | | | | |
| | type | name | label::English (en) | label::Русский (ru) | relevant | constraint | constraint_message::English (en) | constraint_message::Русский (ru) | calculation | required | parameters | choice_filter | repeat_count |
| | calculate | arm | | | | | | | once(int(random()*2)+1) | | | | |
| | calculate | seed | | | | | | | once(random()) | | | | |
| | select_one yesno | consent | May I ask? | Можно спросить? | | | | | | yes | | | |
| | begin group | inside | Group | Группа | ${consent} = 1 | | | | | | | | |
| | integer | age | Age | Возраст | | . >= 18 and . <= 110 | 18 or more | 18 или больше | | yes | | | |
| | select_multiple kinds | which | Which? | Какие? | ${arm} = 1 | not(selected(., '9') and count-selected(.) > 1) | Alone | Только один | | yes | randomize=true, seed=${seed} | | |
| | select_one region | region | Region | Регион | | | | | | yes | | | |
| | select_one district | district | District of ${region} | Район: ${region} | | | | | | yes | | region=${region} | |
| | decimal | income | Income | Доход | ${age} > 20 | | | | | | | | |
| | date | day | Day | День | | . <= '2026-01-01' | Past | Прошлое | | | | | |
| | note | thanks | Thank you | Спасибо | | | | | | | | | |
| | integer | size | Members | Члены семьи | | | | | | | | | |
| | begin repeat | member | Member | Член семьи | | | | | | | | | ${size} |
| | integer | member_age | Age of member | Возраст члена | | | | | | | | | |
| | select_one yesno | works | Works? | Работает? | ${member_age} > 15 | | | | | | | | |
| | end repeat | | | | | | | | | | | | |
| | calculate | together | | | | | | | sum(${member_age}) | | | | |
| | text | last | Last | Последний | ${together} > 50 | | | | | | | | |
| | end group | | | | | | | | | | | | |
| choices | | | | | |
| | list_name | name | label::English (en) | label::Русский (ru) | region |
| | yesno | 1 | Yes | Да | |
| | yesno | 2 | No | Нет | |
| | yesno | 98 | Don't know | Не знаю | |
| | kinds | 1 | One | Один | |
| | kinds | 2 | Two | Два | |
| | kinds | 9 | None | Ни одного | |
| | region | n | North | Север | |
| | region | s | South | Юг | |
| | district | n1 | N1 | С1 | n |
| | district | n2 | N2 | С2 | n |
| | district | s1 | S1 | Ю1 | s |
| settings | | | |
| | form_title | form_id | default_language |
| | Demo | demo | English (en) |
"""
ANSWERS: dict[str, list[Any]] = {
    "consent": ["7", "1"],
    "age": [17, 99_999_999_999, "x", 30],
    "which": [["9", "1"], ["1", "2"]],
    "region": ["n"],
    "district": ["s1", "n2"],
    "income": [3.5],
    "day": ["2027-01-01", "2020-02-30", "2020-02-02"],
    "size": [2],
    "member_age": [40],
    "works[1]": ["98"],
    "works[2]": ["1"],
    "last": ["end"],
}


@pytest.fixture(scope="module")
def xml() -> str:
    xls2xform = pytest.importorskip("pyxform.xls2xform", reason="pyxform not installed")
    return str(xls2xform.convert(FORM, file_type=".md", validate=False).xform)


@pytest.fixture(scope="module")
def form(engine: Any, xml: str) -> Any:
    return engine.load("demo", xml)


def test_a_form_is_taken_apart(form: Any):
    assert form.languages == ["English (en)", "Русский (ru)"]
    assert form.drawn == ["arm", "seed"]
    assert form.varying == ["which", "district"]


def test_answers_open_and_close_questions(engine: Any, form: Any):
    engine.start(form.name, seed=1)
    assert [one.question for one in engine.state()] == ["consent"]
    assert engine.answer("consent", "1") is None
    shown = {one.question: one for one in engine.state()}
    assert "income" not in shown
    assert shown["age"].required
    assert shown["region"].choices == [("n", "North"), ("s", "South")]
    assert shown["district"].choices == []
    engine.answer("region", "s")
    engine.answer("age", 40)
    shown = {one.question: one for one in engine.state()}
    assert shown["income"].type == "decimal"
    assert shown["district"].choices == [("s1", "S1")]
    assert shown["district"].label == "District of s"
    engine.answer("consent", "2")
    assert engine.end().groups["inside"] is False
    assert "age" not in engine.end().open


def test_refused_answers_say_why(engine: Any, form: Any, odk: ModuleType):
    engine.start(form.name, seed=1)
    assert engine.answer("consent", "7") == "choice"
    engine.answer("consent", "1")
    assert engine.answer("age", 17) == "constraint"
    assert next(one.message for one in engine.state() if one.question == "age") == "18 or more"
    assert engine.answer("age", 99_999_999_999) == "type"
    assert engine.answer("age", None) == "required"
    with pytest.raises(odk.EngineError, match="is not open"):
        engine.answer("income", 1)
    with pytest.raises(odk.EngineError, match="no question 'agee'"):
        engine.answer("agee", 1)


def test_languages_are_switched(engine: Any, form: Any):
    engine.start(form.name, seed=1)
    engine.answer("consent", "1")
    engine.answer("age", 3)
    engine.language("Русский (ru)")
    shown = {one.question: one for one in engine.state()}
    assert shown["consent"].label == "Можно спросить?"
    assert shown["consent"].choices == [("1", "Да"), ("2", "Нет"), ("98", "Не знаю")]
    assert shown["age"].message == "18 или больше"
    engine.language("English (en)")


def test_words_are_those_of_the_language(engine: Any, form: Any):
    engine.start(form.name, seed=1)
    assert engine.words()["consent"] == ("May I ask?", ["Yes", "No", "Don't know"])
    engine.language("Русский (ru)")
    assert engine.words()["income"] == ("Доход", [])
    engine.language("English (en)")


def test_members_of_a_repeat_follow_their_number(engine: Any, form: Any):
    engine.start(form.name, seed=1)
    engine.answer("consent", "1")
    engine.answer("size", 2)
    engine.answer("member_age[1]", 40)
    engine.answer("member_age[2]", 15)
    end = engine.end()
    assert "works[1]" in end.open
    assert "works[2]" not in end.open
    assert end.values["together"] == "55"
    assert "last" in end.open
    engine.answer("size", 1)
    assert "last" not in engine.end().open


def test_a_plan_is_an_interview(engine: Any, form: Any, odk: ModuleType):
    plan = odk.Plan(answers=ANSWERS, revised=[{"size": 1}, {"age": 18}, {"consent": "2"}])
    interviews = engine.run(form.name, [plan] * 40, seed=5)
    assert {rounds[0].result.values["arm"] for rounds in interviews} == {"1", "2"}
    for rounds in interviews:
        verdicts = {step.question: step.verdicts for step in rounds[0].steps}
        assert verdicts["consent"] == ["choice", None]
        assert verdicts["age"] == ["constraint", "type", "type", None]
        assert verdicts["day"] == ["constraint", "type", None]
        assert next(step.offered for step in rounds[0].steps if step.question == "district") == ["n1", "n2"]
        first, fewer, younger, refused = (one.result for one in rounds)
        assert ("which" in first.open) == (first.values["arm"] == "1")
        assert sorted(first.values.get("which", [])) == (["1", "2"] if first.values["arm"] == "1" else [])
        assert {"income", "works[2]", "last"} <= set(first.open)
        assert not {"works[2]", "last"} & set(fewer.open)
        assert "income" not in younger.open
        assert [one for one in refused.open if one != "instanceID"] == ["arm", "seed", "consent"]
        assert [one.revised for one in rounds] == [{}, {"size": None}, {"age": None}, {"consent": None}]


def test_an_emptied_instance_is_like_a_new_one(engine: Any, form: Any, odk: ModuleType):
    plans = [
        odk.Plan(answers={**ANSWERS, "consent": [answer], "size": [size]}) for answer in ("1", "2") for size in (0, 3)
    ]
    new = [odk.Plan(answers=plan.answers, fresh=True) for plan in plans]
    emptied, fresh = (engine.run(form.name, several * 5, seed=9) for several in (plans, new))
    for [one], [other] in zip(emptied, fresh, strict=True):
        assert one.steps == other.steps
        assert {**one.result.values, "instanceID": ""} == {**other.result.values, "instanceID": ""}
        assert one.result.open == other.result.open
        assert one.result.groups == other.result.groups


def test_the_same_seed_draws_the_same(engine: Any, form: Any, odk: ModuleType):
    plan = [odk.Plan(answers={})] * 300
    one, again, other = (
        [rounds[0].result.values["seed"] for rounds in engine.run(form.name, plan, seed=seed)] for seed in (3, 3, 4)
    )
    assert one == again != other
    assert len(set(one)) == 300
    assert 0.45 < sum(map(float, one)) / 300 < 0.55


def test_a_form_the_engine_rejects_is_told(engine: Any, xml: str, odk: ModuleType):
    for broken in (
        "<a/>",
        "no form",
        xml.replace("count-selected(.)", "count-selected(."),
        xml.replace("once(", "twice("),
    ):
        with pytest.raises(odk.EngineError, match="The engine rejects the form: "):
            engine.load("broken", broken)
    with pytest.raises(odk.EngineError, match="No form 'broken' is loaded"):
        engine.start("broken")


def test_validate_reads_many_forms_at_once(validator: ModuleType, xml: str):
    loop = re.sub(r"/data/inside/age\s+&gt; 20", "/data/inside/income &gt; 20", xml)
    said = validator.validate({"fine": xml, "loop": loop, "fine again": xml})
    assert [verdict.valid for verdict in said.values()] == [True, False, True]
    assert any("Cycle detected" in line for line in said["loop"].messages)
    assert not said["fine"].messages


@pytest.mark.parametrize(
    ("version", "fine"),
    [
        ("v18.20.4", False),
        ("v20.18.9", False),
        ("v20.19.2", True),
        ("v22.12.0", False),
        ("v22.20.0", True),
        ("v24.11.1", True),
        ("v26.0.0", True),
    ],
)
def test_an_old_node_is_told(version: str, fine: bool, odk: ModuleType, monkeypatch: pytest.MonkeyPatch):
    class Said:
        stdout = version

    monkeypatch.setattr(odk.subprocess, "run", lambda *_, **__: Said)
    assert (odk.missing() is None) == fine
    monkeypatch.setattr(odk.shutil, "which", lambda _: None)
    assert odk.missing() == "node not found"
