"""DDI Codebook 2.5: the order of elements, references that lead somewhere, languages, counts that disclose nobody."""

import functools
import os
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pandas as pd
import pytest

from survey_kit.errors import InstrumentError
from survey_kit.instrument import Instrument, Item, Module, Repeat, Scale, inspect
from survey_kit.instrument.export.ddi import to_ddi_codebook, write_ddi_codebook
from survey_kit.instrument.export.ddi_counts import published
from survey_kit.instrument.export.ddi_facts import StudyFacts
from survey_kit.instrument.simulate import simulate
from survey_kit.responses import take

NS = "{ddi:codebook:2_5}"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
INSTRUMENTS = sorted(path.name for path in Path("instruments").iterdir() if (path / "instrument.yaml").is_file())
# the order of children in DDI Codebook 2.5, as far as it is used here; a * may stand once only
ORDER = {
    "codeBook": "docDscr stdyDscr fileDscr dataDscr otherMat",
    "docDscr": "citation* guide* docStatus* docSrc controlledVocabUsed notes",
    "stdyDscr": "citation studyAuthorization stdyInfo studyDevelopment method dataAccs othrStdyMat notes",
    "citation": "titlStmt* rspStmt* prodStmt* distStmt* serStmt verStmt biblCit* holdings notes",
    "titlStmt": "titl* subTitl altTitl parTitl IDNo",
    "rspStmt": "AuthEnty othId",
    "prodStmt": "producer copyright* prodDate prodPlac software fundAg grantNo",
    "distStmt": "distrbtr contact depositr depDate distDate*",
    "verStmt": "version* verResp* notes",
    "stdyInfo": "studyBudget subject abstract sumDscr qualityStatement* notes exPostEvaluation",
    "subject": "keyword topcClas",
    "sumDscr": "timePrd collDate nation geogCover geogUnit geoBndBox* boundPoly* anlyUnit universe dataKind",
    "method": "dataColl notes anlyInfo* stdyClas* dataProcessing codingInstructions",
    "dataColl": "timeMeth dataCollector collectorTraining frequenc sampProc sampleFrame targetSampleSize deviat collMode resInstru "
    "instrumentDevelopment sources* collSitu actMin ConOps weight cleanOps",
    "anlyInfo": "respRate EstSmpErr dataAppr",
    "dataAccs": "setAvail useStmt notes",
    "useStmt": "confDec* specPerm* restrctn* contact citReq* deposReq* conditions* disclaimer*",
    "fileDscr": "fileTxt locMap* notes",
    "fileTxt": "fileName* fileCitation* fileCont* fileStrc* dimensns*",
    "dimensns": "caseQnty varQnty logRecL",
    "dataDscr": "varGrp nCubeGrp var nCube notes",
    "varGrp": "labl txt concept defntn* universe* notes",
    "var": "location labl imputation* security* embargo* respUnit* anlysUnit* qstn valrng invalrng undocCod universe TotlResp* sumStat "
    "txt stdCatgry catgryGrp catgry codInstr verStmt concept derivation* varFormat* geoMap catLevel notes",
    "catgry": "catValu* labl txt catStat mrow*",
    "derivation": "drvdesc* drvcmd*",
    "targetSampleSize": "sampleSize* sampleSizeFormula*",
}
MIXED = {"qstn": {"preQTxt", "qstnLit", "postQTxt", "forward", "backward", "ivuInstr"}}
REFERENCES = ("var", "varGrp", "qstn", "files")


def parsed(xml):
    return ET.fromstring(xml.encode())


def disorder(root):
    """Name every element whose children do not stand in the order of the standard."""
    wrong = []
    for element in root.iter():
        tag, children = element.tag.removeprefix(NS), [child.tag.removeprefix(NS) for child in element]
        if tag in MIXED:
            wrong += [f"{tag}/{child}" for child in children if child not in MIXED[tag]]
        elif tag in ORDER:
            once = {name[:-1] for name in ORDER[tag].split() if name.endswith("*")}
            order = [name.rstrip("*") for name in ORDER[tag].split()]
            wrong += [f"{tag}/{child}" for child in children if child not in order]
            places = [order.index(child) for child in children if child in order]
            wrong += [f"{tag}: order"] if places != sorted(places) else []
            wrong += [f"{tag}/{name} twice" for name in once if children.count(name) > 1]
    return wrong


def loose_ends(root):
    """Name every reference that leads nowhere, and every id that stands twice."""
    ids = [element.get("ID") for element in root.iter() if element.get("ID")]
    wrong = [one for one in set(ids) if ids.count(one) > 1] if len(set(ids)) < len(ids) else []
    known = set(ids)
    for element in root.iter():
        for attribute in REFERENCES:
            wrong += [one for one in (element.get(attribute) or "").split() if one not in known]
    return wrong


@pytest.fixture
def form():
    yes_no = Scale(codes=(1, 2), labels={1: {"en": "Yes", "kk": "Иә"}, 2: {"en": "No", "kk": "Жоқ"}})
    ways = Scale(codes=(1, 2), labels={1: {"en": "Phone", "kk": "Телефон"}, 2: {"en": "Web", "kk": "Веб"}})
    police = Item(id="police", text={"en": "the police", "kk": "полиция"}, label={"en": "Police", "kk": "Полиция"})
    courts = Item(id="courts", text={"en": "the courts", "kk": "соттар"}, ask_if="paid == 2", sensitive=True)
    grid = Item(
        id="trust", type="grid", text={"en": "Do you trust", "kk": "Сенесіз бе"}, scale="yes_no", rows=(police, courts)
    )
    items = (
        Item(id="welcome", type="note", text={"en": "Welcome.", "kk": "Қош келдіңіз."}),
        Item(id="contact", scale="yes_no", text={"en": "Any contact?", "kk": "Байланыс болды ма?"}, instruction={"en": "Wait."}),
        Item(id="paid", scale="yes_no", text={"en": "Paid?", "kk": "Төледіңіз бе?"}, ask_if="contact == 1"),
        grid,
        Item(id="ways", type="multiple", scale=ways, text={"en": "Which ways?", "kk": "Қандай жолдар?"}, showcard="3"),
        Item(id="age", type="integer", minimum=18, maximum=110, unit="years", text={"en": "Age?"}, missing={998: "dont_know"}),
        Item(id="twice", type="calculated", value="age * 2"),
        Item(id="phone", type="text", text={"en": "Your number?"}, role="identifier"),
        Item(id="goodbye", type="note", text={"en": "Thank you."}),
    )  # fmt: skip
    return Instrument(
        id="tiny",
        version="1.0",
        title={"en": "A tiny survey", "kk": "Шағын сауалнама"},
        population={"en": "Adults"},
        modes=("face_to_face",),
        scales={"yes_no": yes_no},
        missing={9: "refused"},
        modules=(Module(id="m", title={"en": "Module"}, lead_in={"en": "Now this."}, items=items),),
    )


def variable(root, name):
    return next(one for one in root.iter(f"{NS}var") if one.get("name") == name)


def texts(element, tag):
    return {(one.get(XML_LANG), "".join(one.itertext())) for one in element.iter(f"{NS}{tag}")}


def test_order_and_references(form):
    root = parsed(to_ddi_codebook(form))
    assert root.tag == f"{NS}codeBook"
    assert root.get("version") == "2.5"
    assert disorder(root) == []
    assert loose_ends(root) == []


def test_the_order_test_can_fail(form):
    root = parsed(to_ddi_codebook(form))
    var = variable(root, "contact")
    var.insert(0, var[-1])
    assert disorder(root) == ["var: order"]
    var.set("qstn", "Q_nowhere")
    assert loose_ends(root) == ["Q_nowhere"]


def test_questions_in_every_language(form):
    root = parsed(to_ddi_codebook(form))
    contact = variable(root, "contact")
    assert texts(contact, "qstnLit") == {("en", "Any contact?"), ("kk", "Байланыс болды ма?")}
    assert texts(contact, "preQTxt") == {("en", "Now this."), ("en", "Welcome."), ("kk", "Қош келдіңіз.")}
    assert texts(contact, "ivuInstr") == {("en", "Wait.")}
    assert texts(variable(root, "courts"), "qstnLit") == {
        ("en", "Do you trust the courts"),
        ("kk", "Сенесіз бе соттар"),
    }
    assert texts(variable(root, "police"), "labl") >= {("en", "Police"), ("kk", "Полиция"), ("kk", "Иә")}
    assert texts(variable(root, "phone"), "postQTxt") == {("en", "Thank you.")}
    assert texts(variable(root, "ways__1"), "ivuInstr") == {("en", "Show card 3"), ("kk", "№ 3 карточканы көрсетіңіз")}


def test_routing_in_words_and_code(form):
    root = parsed(to_ddi_codebook(form))
    contact, paid = variable(root, "contact"), variable(root, "paid")
    (forward, *_) = contact.iter(f"{NS}forward")
    assert forward.get("qstn") == "Q_paid"
    assert forward.text.startswith("Asked next if the answer to")
    (backward, *_) = paid.iter(f"{NS}backward")
    assert backward.get("qstn") == "Q_contact"
    notes = {one.get("type"): one.text for one in paid.findall(f"{NS}notes")}
    assert notes["route"] == "contact == 1"
    assert ("en", "Everybody") in texts(contact, "universe")


def test_groups_of_grids_and_several_answers(form):
    root = parsed(to_ddi_codebook(form))
    groups = {one.get("name"): one for one in root.iter(f"{NS}varGrp")}
    assert groups["trust"].get("type") == "grid"
    assert groups["trust"].get("var") == "V_police V_courts"
    assert groups["ways"].get("type") == "multipleResp"
    assert groups["ways"].get("var") == "V_ways__1 V_ways__2"
    assert groups["m"].get("varGrp") == "G_m_trust G_m_ways"
    assert variable(root, "ways__2").get("qstn") == "Q_ways"


def test_codes_limits_and_missing(form):
    root = parsed(to_ddi_codebook(form))
    flags = {
        one.findtext(f"{NS}catValu"): (one.get("missing"), one.get("missType"))
        for one in variable(root, "contact").iter(f"{NS}catgry")
    }
    assert flags == {"1": (None, None), "2": (None, None), "9": ("Y", "refused")}
    age = variable(root, "age")
    span = next(age.iter(f"{NS}range"))
    assert (span.get("min"), span.get("max"), span.get("UNITS")) == ("18", "110", "INT")
    assert age.get("measUnit") == "years"
    assert variable(root, "twice").find(f"{NS}derivation").get("var") == "V_age"
    assert variable(root, "courts").findtext(f"{NS}security").startswith("Sensitive")
    assert "kept apart" in variable(root, "phone").findtext(f"{NS}security")


def test_small_counts_are_withheld(form):
    table = pd.DataFrame(
        {
            "contact": [1] * 60 + [2] * 37 + [9] * 3,
            "paid": [1] * 30 + [2] * 30 + [None] * 40,
            "ways": ["1"] * 95 + ["1 2"] * 5,
            "age": [30] * 92 + [998] * 8,
            "phone": ["+7 701"] * 100,
            "data_status": "synthetic",
        }
    )
    root = parsed(to_ddi_codebook(form, table))

    def counts(name):
        found = {}
        for one in variable(root, name).iter(f"{NS}catgry"):
            found[one.findtext(f"{NS}catValu") or one.get("missType")] = one.findtext(f"{NS}catStat")
        return found

    assert counts("contact") == {"1": "60", "2": None, "9": None}  # else 100 - 97 would tell
    assert counts("paid") == {"1": "30", "2": "30", "9": "0", "unknown": "40"}
    assert counts("ways__1") == {"0": "0", "1": "100", "9": "0"}
    assert counts("ways__2") == {"0": None, "1": None, "9": "0"}
    assert variable(root, "age").find(f"{NS}sumStat") is None
    assert "phone" not in "".join(one.text or "" for one in root.iter(f"{NS}catStat"))
    assert "+7 701" not in ET.tostring(root, encoding="unicode")
    assert disorder(root) == []
    assert loose_ends(root) == []
    taken = take(table, instruments={"": form}, data_status="synthetic", items=["contact", "paid", "ways", "age"])
    again = parsed(to_ddi_codebook(form, taken))
    paid = {one.get("missType"): one.findtext(f"{NS}catStat") for one in variable(again, "paid").iter(f"{NS}catgry")}
    assert paid["not_asked"] == "40"


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ({1: 3, 2: 4, 3: 500}, {1: None, 2: None, 3: None}),  # 7 are too few to be worked out together
        ({1: 9, 2: 9, 3: 500}, {1: None, 2: None, 3: 500}),
        ({1: 5}, {1: None}),
        ({1: 0, 2: 10}, {1: 0, 2: 10}),
        ({}, {}),
    ],
)
def test_what_is_withheld_cannot_be_worked_out(counts, shown):
    assert published(counts) == shown


def test_synthetic_and_pilot_say_so(form):
    table = simulate(form, 50, seed=1).frame()
    root = parsed(to_ddi_codebook(form, table))
    assert root.findtext(f"{NS}stdyDscr/{NS}citation/{NS}titlStmt/{NS}titl").startswith("SYNTHETIC DATA. ")
    titles = [one.text for one in root.iter(f"{NS}parTitl")]
    assert all(one.startswith("ЖАСАНДЫ ДЕРЕКТЕР. ПИЛОТ. ") for one in titles)
    notes = {(one.get("type"), one.get("subject")) for one in root.find(f"{NS}docDscr").iter(f"{NS}notes")}
    assert {("data_status", "synthetic"), ("PILOT", "kk")} <= notes
    with pytest.raises(InstrumentError, match="does not say"):
        to_ddi_codebook(form, table.drop(columns="data_status"))


def test_drafts_are_told():
    form = inspect("instruments/trust_in_institutions")
    root = parsed(to_ddi_codebook(form))
    told = [one.text for one in root.iter(f"{NS}notes") if one.get("type") == "translation"]
    assert len(told) == 2
    assert all(re.match(r"\d+ of \d+ texts in .* are machine-drafted", one) for one in told)


def test_facts_and_their_vocabularies(form):
    text = {"en": "Two stages", "kk": "Екі саты"}
    facts = StudyFacts(
        title={"en": "Trust 2026"}, authors=("The Bureau",), producer="The Bureau", funders=("A fund",), distributor="An archive",
        contact="office", abstract=text, keywords=(text,), period=("2026-01-01", "2026-12-31"), collected=("2026-09-01", "2026-09-30"),
        nation={"en": "Kazakhstan"}, country="KZ", coverage=text, smallest_area=text, sampling=text,
        sampling_procedure="Probability.Multistage", sample_size=2000, response_rate=text, weighting=text, confidentiality=text,
        conditions=text, citation="The Bureau (2026)", dated="2026-11-22",
    )  # fmt: skip
    root = parsed(to_ddi_codebook(form, facts=facts))
    assert disorder(root) == []
    terms = {(one.get("vocab"), one.text) for one in root.find(f"{NS}stdyDscr").iter(f"{NS}concept")}
    assert terms == {
        ("AnalysisUnit", "Individual"),
        ("TimeMethod", "CrossSection"),
        ("SamplingProcedure", "Probability.Multistage"),
        ("ModeOfCollection", "Interview.FaceToFace"),
        ("TypeOfInstrument", "Questionnaire.Structured"),
    }
    assert facts.not_stated() == ()
    assert next(root.iter(f"{NS}nation")).get("abbr") == "KZ"
    assert not [one for one in root.iter(f"{NS}notes") if one.get("type") == "not_stated"]
    empty = parsed(to_ddi_codebook(form))
    (note,) = [one.text for one in empty.iter(f"{NS}notes") if one.get("type") == "not_stated"]
    assert "sampling_procedure" in note
    with pytest.raises(InstrumentError, match="no term of the vocabulary"):
        StudyFacts(sampling_procedure="Multistage")


def test_strange_letters_and_languages(form):
    odd = Instrument(
        id="odd",
        version="1",
        modules=(Module(id="m", items=(Item(id="q", type="text", text={"en": "a\x0b <b> & \"c\" ]]>\ud800"}),)),),
    )  # fmt: skip
    root = parsed(to_ddi_codebook(odd))
    assert texts(variable(root, "q"), "qstnLit") == {("en", 'a <b> & "c" ]]>')}
    only = parsed(to_ddi_codebook(form, languages=["kk"]))
    assert {one.get(XML_LANG) for one in only.iter(f"{NS}qstnLit")} == {"kk"}
    with pytest.raises(InstrumentError, match="no texts in 'fr'"):
        to_ddi_codebook(form, languages=["fr"])


def test_repeated_modules_are_told():
    inner = Module(
        id="people", repeat=Repeat(count="size", most=4), items=(Item(id="born", type="integer", text={"en": "?"}),)
    )
    size = Item(id="size", type="integer", text={"en": "How many?"})
    root = parsed(to_ddi_codebook(Instrument(id="home", version="1", modules=(Module(id="m", items=(size,)), inner))))
    group = next(one for one in root.iter(f"{NS}varGrp") if one.get("name") == "people")
    assert group.get("type") == "repetition"
    assert group.findtext(f"{NS}notes") == "Asked once for each member, at most 4 times."


def test_the_file_of_a_pilot_says_so(form, tmp_path):
    assert write_ddi_codebook(form, tmp_path / "tiny.xml").name == "tiny_pilot.xml"
    assert write_ddi_codebook(form, tmp_path / "tiny.xml", languages=["en"]).name == "tiny.xml"


@functools.cache
def known(name):
    form = inspect(f"instruments/{name}")
    return form, simulate(form, 120, seed=2).frame()


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_every_instrument(name):
    form, table = known(name)
    for xml in (to_ddi_codebook(form), to_ddi_codebook(form, table)):
        root = parsed(xml)
        assert disorder(root) == []
        assert loose_ends(root) == []
        asked = {one.get("ID") for one in root.iter(f"{NS}qstn")}
        assert len(asked) == sum(item.type not in {"calculated", "arm", "random"} for item in form.items)
        small = [int(one.text) for one in root.iter(f"{NS}catStat")]
        assert not [count for count in small if 0 < count < 10]


SCHEMA = os.environ.get("SURVEY_KIT_DDI25_XSD", "")


@pytest.mark.skipif(not SCHEMA, reason="SURVEY_KIT_DDI25_XSD names no copy of the official codebook.xsd")
def test_valid_against_the_official_schema():
    etree = pytest.importorskip("lxml.etree", reason="lxml is not installed")
    schema = etree.XMLSchema(etree.parse(SCHEMA))
    for name in INSTRUMENTS:
        form, table = known(name)
        for xml in (to_ddi_codebook(form), to_ddi_codebook(form, table)):
            schema.assertValid(etree.fromstring(xml.encode()))
