"""DDI Lifecycle 3.3: valid against the library's schemas, every reference resolved, all languages, the flow with its conditions."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from survey_kit.instrument import Instrument, Item, Module, Repeat, Rotation, Scale, inspect
from survey_kit.instrument.export.ddi_facts import StudyFacts
from survey_kit.instrument.export.ddi_lifecycle import lifecycle_faults, to_ddi_lifecycle, write_ddi_lifecycle

pytest.importorskip("ddi_l", reason="ddi-l is not installed")

R, D, L, C = (
    "{ddi:reusable:3_3}",
    "{ddi:datacollection:3_3}",
    "{ddi:logicalproduct:3_3}",
    "{ddi:conceptualcomponent:3_3}",
)
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
INSTRUMENTS = sorted(path.name for path in Path("instruments").iterdir() if (path / "instrument.yaml").is_file())


@pytest.fixture
def form():
    yes_no = Scale(codes=(1, 2), labels={1: {"en": "Yes", "kk": "Иә"}, 2: {"en": "No", "kk": "Жоқ"}})
    arm = Scale(codes=(1, 2))
    rows = (
        Item(id="police", text={"en": "the police", "kk": "полиция"}),
        Item(id="courts", text={"en": "the courts"}, ask_if="paid == 2"),
    )
    items = (
        Item(id="start", type="arm", scale=arm, shares=(2, 1), role="design"),
        Item(id="contact", scale="yes_no", text={"en": "Any contact?", "kk": "Байланыс болды ма?"}, instruction={"en": "Wait."}),
        Item(id="paid", scale="yes_no", text={"en": "Paid?", "kk": "Төледіңіз бе?"}, ask_if="contact == 1", showcard="2"),
        Item(id="trust", type="grid", text={"en": "Do you trust", "kk": "Сенесіз бе"}, scale="yes_no", rows=rows, rotate="start"),
        Item(id="ways", type="multiple", scale=arm, most=2, text={"en": "Which ways?"}),
        Item(id="age", type="integer", minimum=18, maximum=110, text={"en": "Age?"}, missing={998: "dont_know"}),
        Item(id="born", type="date", text={"en": "Since when?"}),
        Item(id="why", type="text", text={"en": "Why?"}),
        Item(id="twice", type="calculated", value="age * 2"),
        Item(id="thanks", type="note", text={"en": "Thank you."}),
    )  # fmt: skip
    people = Module(
        id="people", repeat=Repeat(count="age", most=3), items=(Item(id="name_of", type="text", text={"en": "Who?"}),)
    )
    return Instrument(
        id="tiny",
        version="1.0",
        title={"en": "A tiny survey", "kk": "Шағын сауалнама"},
        population={"en": "Adults", "kk": "Ересектер"},
        scales={"yes_no": yes_no},
        missing={9: "refused"},
        rotations={"order": Rotation(start="start", modules=("m", "other"))},
        modules=(
            Module(id="m", title={"en": "Module"}, lead_in={"en": "Now this."}, items=items, ask_if=None),
            Module(id="other", ask_if="contact == 1", items=(Item(id="more", type="text", text={"en": "More?"}),)),
            people,
        ),
    )


@pytest.fixture
def root(form):
    return ET.fromstring(
        to_ddi_lifecycle(form, facts=StudyFacts(agency="kz.survey", abstract={"en": "About trust."})).encode()
    )


def test_it_is_valid_and_stays_the_same(form):
    xml = to_ddi_lifecycle(form)
    assert lifecycle_faults(xml) == ()
    assert xml == to_ddi_lifecycle(form)


def test_the_check_can_fail(form):
    xml = to_ddi_lifecycle(form)
    assert lifecycle_faults(
        xml.replace("<d:QuestionText>", "<d:QuestionWord>").replace("</d:QuestionText>", "</d:QuestionWord>")
    )
    key = ET.fromstring(xml.encode()).find(f".//{D}QuestionItem/{R}ID").text
    lost = xml.replace(f"<r:ID>{key}</r:ID>", "<r:ID>11111111-1111-5111-8111-111111111111</r:ID>", 1)
    assert any("cannot be resolved" in fault for fault in lifecycle_faults(lost))


def test_texts_in_every_language(root):
    questions = {one.find(f"{R}UserID").text: one for one in root.iter(f"{D}QuestionItem")}
    said = {(one.get(XML_LANG), one.text) for one in questions["police"].iter(f"{D}Text")}
    assert said == {("en", "Do you trust the police"), ("kk", "Сенесіз бе полиция")}
    titles = {(one.get(XML_LANG), one.text) for one in root.find(f"{R}Citation").iter(f"{R}String")}
    assert titles == {("en", "A tiny survey"), ("kk", "ПИЛОТ. Шағын сауалнама")}
    words = {(one.get(XML_LANG), one.text) for one in root.iter(f"{R}Content")}
    assert {("kk", "Иә"), ("kk", "Ересектер"), ("en", "About trust."), ("kk", "Жауап беруден бас тартты")} <= words


def test_the_flow_holds_the_conditions(root):
    conditions = {one.find(f"{D}ConstructName/{R}String").text: one for one in root.iter(f"{D}IfThenElse")}
    assert set(conditions) == {"if paid", "if courts", "if other"}
    inside = conditions["if paid"].find(f"{D}IfCondition")
    assert inside.find(f".//{R}CommandContent").text == "contact == 1"
    assert {one.get(XML_LANG) for one in inside.iter(f"{R}Content")} == {"en", "kk"}
    orders = [one.text for one in root.iter(f"{D}ItemSequenceType")]
    assert orders == ["Rotate"]
    assert root.find(f".//{D}Loop/{D}LoopWhile//{R}CommandContent").text == "member <= age and member <= 3"
    codes = {one.find(f"{R}CommandCode//{R}CommandContent").text for one in root.iter(f"{D}ComputationItem")}
    assert codes == {"draw 1 with odds 2, 2 with odds 1", "age * 2"}
    statements = {one.text for item in root.iter(f"{D}StatementItem") for one in item.iter(f"{D}Text")}
    assert statements == {"Now this.", "Thank you."}
    told = {one.text for item in root.iter(f"{D}Instruction") for one in item.iter(f"{D}Text")}
    assert told == {"Wait.", "Show card 2", "№ 2 карточканы көрсетіңіз"}


def test_variables_and_codes(root):
    variables = {one.find(f"{L}VariableName/{R}String").text: one for one in root.iter(f"{L}Variable")}
    assert list(variables) == [
        "start", "contact", "paid", "police", "courts", "ways__1", "ways__2", "age", "born", "why", "twice", "more", "name_of",
    ]  # fmt: skip
    number = variables["age"].find(f".//{R}NumericRepresentation")
    assert number.get("missingValue") == "998"
    assert (number.find(f".//{R}Low").text, number.find(f".//{R}High").text) == ("18", "110")
    assert variables["twice"].find(f"{R}SourceVariableReference") is not None
    lists = {
        one.find(f"{R}ID").text: [code.text for code in one.iter(f"{R}Value")] for one in root.iter(f"{L}CodeList")
    }
    target = variables["contact"].find(f".//{R}CodeListReference/{R}ID").text
    assert lists[target] == ["1", "2", "9"]
    assert variables["paid"].find(f".//{R}CodeListReference/{R}ID").text == target, "the same codes are one list"
    missing = [one for one in root.iter(f"{L}Category") if one.get("isMissing") == "true"]
    assert len(missing) == 1
    described = {(one.get(XML_LANG), one.text) for one in variables["age"].find(f"{R}Description")}
    assert described == {("en", "998 = Don't know"), ("kk", "998 = Білмеймін")}


def test_a_pilot_says_so(form, tmp_path):
    assert write_ddi_lifecycle(form, tmp_path / "tiny.xml").name == "tiny_pilot.xml"
    assert write_ddi_lifecycle(form, tmp_path / "tiny.xml", languages=["en"]).name == "tiny.xml"


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_every_instrument_is_valid(name):
    form = inspect(f"instruments/{name}")
    xml = to_ddi_lifecycle(form)
    assert lifecycle_faults(xml) == ()
    found = ET.fromstring(xml.encode())
    asked = [item for item in form.items if item.type not in {"calculated", "arm", "random"}]
    assert len(list(found.iter(f"{D}QuestionItem"))) == len(asked)
    routed = sum(1 for one in found.iter(f"{D}IfThenElse"))
    rows = [row for module in form.modules for item in module.items for row in (item, *item.rows)]
    assert routed == sum(bool(one.ask_if) for one in (*form.modules, *rows))
