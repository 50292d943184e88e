"""The JSON Schema of an interview: what is simulated is valid, and each fault is found."""

import ast
import json
import operator
import random
import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from survey_kit.errors import InstrumentError
from survey_kit.instrument import Instrument, Item, Module, Repeat, Scale, inspect
from survey_kit.instrument.export.json_routes import days
from survey_kit.instrument.export.json_schema import to_json_schema, to_record, write_json_schema
from survey_kit.instrument.simulate import simulate

jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")

INSTRUMENTS = sorted(path.name for path in Path("instruments").iterdir() if (path / "instrument.yaml").is_file())


def checker(form):
    made = to_json_schema(form)
    jsonschema.Draft202012Validator.check_schema(made)
    return jsonschema.Draft202012Validator(made)


def records(form, n, seed=1):
    made = simulate(form, n, seed=seed)
    tables = {name: roster.frame() for name, roster in made.members.items()}
    out = []
    for row in made.frame().to_dict("records"):
        inner = {
            name: table[table["case"] == row["case"]].drop(columns=["case", "data_status"]).to_dict("records")
            for name, table in tables.items()
        }
        out.append(to_record(form, row, inner))
    return out


@pytest.fixture
def form():
    yes_no = Scale(codes=(1, 2), labels={1: {"en": "Yes"}, 2: {"en": "No"}})
    ways = Scale(codes=(1, 2, 3, 7), labels={7: {"en": "None"}})
    region = Scale(codes=("KZ-10", "KZ-11"), missing={})
    items = (
        Item(id="region", scale=region, text={"en": "Region"}),
        Item(id="age", type="integer", minimum=18, maximum=110, text={"en": "Age?"}, missing={998: "dont_know"}),
        Item(id="contact", scale="yes_no", text={"en": "Contact?"}, label={"en": "Contact"}),
        Item(id="paid", scale="yes_no", text={"en": "Paid?"}, ask_if="contact == 1 and age >= 30"),
        Item(id="ways", type="multiple", scale=ways, exclusive=(7,), most=2, text={"en": "Ways?"}),
        Item(id="web", scale="yes_no", text={"en": "Web?"}, ask_if="selected(ways, 2)"),
        Item(id="both", scale="yes_no", text={"en": "Both?"}, ask_if="count_selected(ways) >= 2"),
        Item(id="young", scale="yes_no", text={"en": "Young?"}, ask_if="not (age >= 30)"),
        Item(id="why_not", type="text", text={"en": "Why?"}, ask_if="not answered(contact)", optional=True),
        Item(id="same", scale="yes_no", text={"en": "Same?"}, ask_if="contact == paid"),
        Item(id="born", type="date", text={"en": "Since?"}),
        Item(id="late", scale="yes_no", text={"en": "Late?"}, ask_if="born >= '2026-06-01'"),
        Item(id="share", type="decimal", minimum=0, maximum=1, constraint="share <= 0.5", text={"en": "Share?"}),
        Item(id="half", type="decimal", text={"en": "Half?"}, ask_if="share * 2 > 1"),
        Item(id="chance", type="random", role="design"),
        Item(id="twice", type="calculated", value="age * 2"),
    )  # fmt: skip
    return Instrument(
        id="tiny", version="1.0", scales={"yes_no": yes_no}, missing={98: "dont_know"}, modules=(Module(id="m", items=items),)
    )  # fmt: skip


GOOD = {
    "data_status": "synthetic",
    "region": "KZ-10",
    "age": 40,
    "contact": 1,
    "paid": 2,
    "ways": [1, 2],
    "web": 1,
    "both": 98,
    "born": "2026-01-31",
    "share": 0.25,
    "chance": 0.5,
    "twice": 80,
}


def test_a_good_record(form):
    check = checker(form)
    assert list(check.iter_errors(GOOD)) == []
    assert list(check.iter_errors({**GOOD, "case": 7, "young": None, "half": 1})) == []
    for day in ("2026-06-01", "2026-06-30", "2026-10-01", "2027-01-01", "3000-12-31"):
        assert list(check.iter_errors({**GOOD, "born": day, "late": 1})) == []
    assert list(check.iter_errors({**GOOD, "share": 98})) == []


@pytest.mark.parametrize(
    "fault",
    [
        {"data_status": "probably real"},
        {"region": "KZ-99"},
        {"age": 17},
        {"age": 40.5},
        {"age": "forty"},
        {"contact": 3},
        {"contact": None},  # asked of everybody
        {"contact": 2},  # then nobody is asked whether they paid
        {"paid": None},
        {"age": 998},  # an unknown age opens nothing
        {"age": 20},
        {"ways": [1, 7]},  # 7 stands alone
        {"ways": [1, 2, 3]},  # at most two
        {"ways": [1, 1]},
        {"ways": [1, 98]},
        {"ways": []},
        {"ways": [1]},  # then the web is not asked
        {"ways": 1},
        {"both": None},
        {"young": 1},
        {"why_not": "because"},
        {"same": 1},  # 1 and 2 are not the same
        {"born": "31.01.2026"},
        {"born": "2026-13-01"},
        {"born": "2026-05-31", "late": 1},
        {"born": "2026-06-01"},
        {"born": "1999-12-31", "late": 1},
        {"share": 0.75},
        {"chance": 1.5},
        {"telephone": "+7 701"},
    ],
)
def test_each_fault_is_found(form, fault):
    assert list(checker(form).iter_errors({**GOOD, **fault}))


def test_what_cannot_be_said_is_told(form):
    made = to_json_schema(form)
    assert made["$comment"] == "Not expressed: half asked if share * 2 > 1 (it computes)"
    assert made["properties"]["contact"]["title"] == "Contact"
    labels = made["properties"]["contact"]["anyOf"][1]["oneOf"]
    assert {"const": 1, "title": "Yes"} in labels
    assert {"const": 98, "title": "Don't know", "x-missing": "dont_know"} in labels


@pytest.mark.parametrize("how", ["GtE", "Gt", "Lt", "LtE"])
@pytest.mark.parametrize("day", ["2026-07-01", "2000-01-01", "1999-12-31", "2009-09-29"])
def test_patterns_of_days(how, day):
    compare = {"GtE": operator.ge, "Gt": operator.gt, "Lt": operator.lt, "LtE": operator.le}[how]
    pattern = re.compile(days(getattr(ast, how), day))
    every = (date(1995, 1, 1) + timedelta(number) for number in range(14_000))
    assert all(bool(pattern.search(one.isoformat())) == compare(one.isoformat(), day) for one in every)


def test_members_are_lists_of_records():
    inner = Module(
        id="people", repeat=Repeat(count="size", most=2),
        items=(
            Item(id="years", type="integer", minimum=0, maximum=120, text={"en": "Age?"}),
            Item(id="works", scale=Scale(codes=(1, 2)), text={"en": "Works?"}, ask_if="years >= 15"),
        ),
    )  # fmt: skip
    size = Item(id="size", type="integer", minimum=0, maximum=5, text={"en": "How many?"})
    form = Instrument(id="home", version="1", modules=(Module(id="m", items=(size,)), inner))
    check = checker(form)
    good = {"data_status": "real", "size": 2, "people": [{"years": 40, "works": 1}, {"years": 3}]}
    assert list(check.iter_errors(good)) == []
    assert list(check.iter_errors({**good, "people": [{"years": 40}]}))
    assert list(check.iter_errors({**good, "people": [{"years": 3, "works": 1}]}))
    assert list(check.iter_errors({**good, "people": [{"years": 3}] * 3}))
    assert all(not list(check.iter_errors(one)) for one in records(form, 50))


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_simulated_interviews_are_valid_and_changed_ones_are_not(name):
    form = inspect(f"instruments/{name}")
    made = to_json_schema(form)
    check = checker(form)
    silent = made.get("$comment", "")
    rng = random.Random(5)
    tried = 0
    for record in records(form, 12):
        faults = [error.message[:200] for error in check.iter_errors(record)]
        assert faults == []
        asked = [
            item for item in form.items
            if item.data_column in record and not item.optional and item.type != "calculated" and item.id not in silent
        ]  # fmt: skip
        passed = [
            item
            for item in form.items
            if item.data_column not in record and form.codes(item.id) and item.id not in silent
        ]
        for item in rng.sample(asked, min(2, len(asked))):
            lost = {key: value for key, value in record.items() if key != item.data_column}
            assert not check.is_valid(lost), f"{item.id} is missing"
            tried += 1
        for item in rng.sample(passed, min(2, len(passed))):
            code = form.codes(item.id)[0]
            more = {**record, item.data_column: [code] if item.type == "multiple" else code}
            assert not check.is_valid(more), f"{item.id} was not asked"
            tried += 1
    assert tried >= 12


def test_it_is_written_with_its_language(form, tmp_path):
    path = write_json_schema(form, tmp_path / "tiny.json")
    assert json.loads(path.read_text(encoding="utf-8"))["$id"] == "urn:survey-kit:instrument:tiny:1.0"
    kazakh = write_json_schema(inspect("instruments/core"), tmp_path / "core.json", language="kk")
    assert kazakh.name == "core_pilot.json"
    assert json.loads(kazakh.read_text(encoding="utf-8"))["title"].startswith("ПИЛОТ. ")
    with pytest.raises(InstrumentError, match="no texts in 'fr'"):
        to_json_schema(form, language="fr")
