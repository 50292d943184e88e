"""Instruments as XLSForms: every type, routes, words in all languages, pilots, what the device records."""

from __future__ import annotations

from typing import Any

import pytest

from survey_kit.errors import InstrumentError
from survey_kit.instrument import Instrument, Item, Module, Repeat, Scale
from survey_kit.instrument.export import XlsForm, form_columns, to_xform, to_xlsform, write_xform
from survey_kit.instrument.export.xform import convert

pytest.importorskip("pyxform", reason="pyxform not installed")

YES_NO = Scale(codes=(1, 2), labels={1: {"en": "Yes"}, 2: {"en": "No"}}, read_out=False)
TRUST = Scale(codes=tuple(range(11)), ends={0: {"en": "Not at all"}, 10: {"en": "Completely"}}, high=10)
KINDS = Scale(codes=(1, 2, 9), labels={1: {"en": "A"}, 2: {"en": "B"}, 9: {"en": "None"}})
EN, RU, KK = "English (en)", "Русский (ru)", "Қазақша (kk)"


def instrument(*items: Item, **more: Any) -> Instrument:
    module = {one: more.pop(one) for one in ("ask_if", "lead_in", "instruction", "self_completed") if one in more}
    declared = {"missing": {98: "dont_know", 99: "refused"}, "modes": ("face_to_face",), **more}
    modules = declared.pop("modules", (Module(id="m", title={"en": "Module"}, items=items, **module),))
    return Instrument(
        id="made", version="1.2", scales={"yes_no": YES_NO, "trust": TRUST, "kinds": KINDS}, modules=modules, **declared
    )


def rows(form: XlsForm) -> dict[str, dict[str, str]]:
    """Give the rows by name and see that pyxform takes them without a word."""
    assert convert(form)[1] == ()
    return {row["name"]: row for row in form.survey if not row["type"].startswith("end_")}


def choices(form: XlsForm, name: str, language: str = EN) -> list[tuple[str, str]]:
    return [(row["name"], row[f"label::{language}"]) for row in form.choices if row["list_name"] == name]


def q(name: str, kind: str = "integer", **more: Any) -> Item:
    return Item(id=name, type=kind, text={"en": f"Question {name}?"}, **more)


def test_every_type_has_its_row():
    form = to_xlsform(
        instrument(
            q("one", "single", scale="yes_no"),
            q("many", "multiple", scale="kinds"),
            q("whole"),
            q("part", "decimal"),
            q("old", "number"),
            q("words", "text", missing={}),
            q("day", "date", missing={}),
            q("shown", "note"),
            q("twice", "calculated", value="whole * 2"),
            q("draw", "random"),
            q("half", "arm", scale="yes_no"),
            Item(id="rows", type="grid", text={"en": "Stem"}, scale="trust", rows=(Item(id="r1", text={"en": "R1"}),)),
        )
    )
    kinds = {name: row["type"] for name, row in rows(form).items()}
    assert kinds == {
        "m": "begin_group",
        "one": "select_one yes_no",
        "many": "select_multiple kinds",
        "whole": "integer",
        "part": "decimal",
        "old": "decimal",
        "words": "text",
        "day": "date",
        "shown": "note",
        "twice": "calculate",
        "draw": "calculate",
        "half": "calculate",
        "rows": "begin_group",
        "rows__stem": "note",
        "r1": "select_one trust",
    }
    assert rows(form)["draw"]["calculation"] == "once(random())"
    assert rows(form)["half"]["calculation"] == "once(int(random() * 2) + 1)"
    assert rows(form)["twice"]["calculation"].endswith("(${whole} * 2), '')")
    assert rows(form)["rows"]["appearance"] == "field-list"


def test_everything_that_is_asked_needs_an_answer_unless_it_is_optional():
    found = rows(to_xlsform(instrument(q("a"), q("b", optional=True), q("c", "note"), q("d", "calculated", value="a"))))
    assert {name for name, row in found.items() if row.get("required") == "yes"} == {"a"}
    assert found["a"][f"required_message::{EN}"] == "This question needs an answer."


def test_routes_of_modules_grids_rows_and_notes():
    grid = Item(
        id="g", type="grid", scale="yes_no", ask_if="a == 1", rows=(Item(id="r", text={"en": "R"}, ask_if="b > 2"),)
    )
    form = to_xlsform(
        instrument(
            modules=(
                Module(id="first", items=(q("a", missing={}), q("b", missing={}))),
                Module(id="second", ask_if="a >= 1", items=(grid, q("n", "note", ask_if="b == 3"))),
            )
        )
    )
    found = rows(form)
    assert found["second"]["relevant"] == "${a} != '' and ${a} >= 1"
    assert found["g"]["relevant"] == "${a} = 1"
    assert found["r"]["relevant"] == "${b} != '' and ${b} > 2"
    assert found["n"]["relevant"] == "${b} = 3"
    assert "relevant" not in found["first"]


def test_limits_and_what_is_said_when_they_are_broken():
    items = (
        q("age", minimum=18, maximum=110, missing={999: "refused"}),
        q("adults", minimum=1, constraint="adults <= age", message={"en": "Too many."}, missing={}),
        q("many", "multiple", scale="kinds", exclusive=(9,), most=2, missing={}),
    )
    found = rows(to_xlsform(instrument(*items)))
    assert found["age"]["constraint"] == ". = 999 or (. >= 18 and . <= 110)"
    assert found["age"][f"constraint_message::{EN}"] == "A number from 18 to 110"
    assert found["adults"][f"constraint_message::{EN}"] == "Too many."
    assert "count-selected(.) <= 2" in found["many"]["constraint"]
    assert found["many"][f"constraint_message::{EN}"] == "At most 2 answers"


def test_missing_codes_stand_last_and_are_not_read_out():
    form = to_xlsform(instrument(q("one", "single", scale="yes_no"), missing_labels={98: {"en": "No idea"}}))
    told = [
        ("1", "Yes"),
        ("2", "No"),
        ("98", "No idea (do not read out)"),
        ("99", "Refused to answer (do not read out)"),
    ]
    assert choices(form, "yes_no") == told


def test_who_answers_alone_reads_the_missing_codes():
    form = to_xlsform(instrument(q("one", "single", scale="yes_no"), modes=("web",)))
    assert choices(form, "yes_no")[2:] == [("98", "Don't know"), ("99", "Refused to answer")]
    assert rows(form)["one"][f"hint::{EN}"] == "Choose one answer"


def test_scales_that_name_their_ends_show_their_numbers_side_by_side():
    form = to_xlsform(instrument(q("one", "single", scale="trust")))
    assert choices(form, "trust")[:2] == [("0", "0 Not at all"), ("1", "1")]
    assert choices(form, "trust")[10] == ("10", "10 Completely")
    assert rows(form)["one"]["appearance"] == "columns-pack"


def test_equal_lists_are_one_list_and_different_ones_are_not():
    form = to_xlsform(
        instrument(
            q("a", "single", scale="yes_no"),
            q("b", "single", scale="yes_no"),
            q("c", "single", scale="yes_no", missing={}),
            q("d", "single", scale=KINDS),
        )
    )
    kinds = [rows(form)[name]["type"] for name in "abcd"]
    assert kinds == ["select_one yes_no", "select_one yes_no", "select_one yes_no__2", "select_one d"]
    assert len(choices(form, "yes_no__2")) == 2


def test_numbers_take_missing_codes_and_say_so():
    hint = rows(to_xlsform(instrument(q("size"))))["size"][f"hint::{EN}"]
    assert hint == "If there is no answer, enter 98 (Don't know), 99 (Refused to answer)"


@pytest.mark.parametrize("kind", ["date", "text"])
def test_why_a_date_or_text_is_missing_is_asked(kind: str):
    form = to_xlsform(instrument(q("since", kind)))
    found = rows(form)
    assert "required" not in found["since"]
    assert found["since__missing"]["relevant"] == "${since} = ''"
    assert found["since__missing"]["required"] == "yes"
    assert [code for code, _ in choices(form, "since__missing")] == ["98", "99"]
    assert form_columns(instrument(q("since", kind)))["since__missing"].kind == "missing"


def test_optional_dates_may_stay_blank():
    assert "since__missing" not in rows(to_xlsform(instrument(q("since", "date", optional=True))))


def test_hints_tell_the_interviewer_what_to_do():
    item = q("one", "multiple", scale="kinds", showcard="7", instruction={"en": "Wait."})
    assert rows(to_xlsform(instrument(item)))["one"][f"hint::{EN}"].splitlines() == [
        "Show card 7",
        "Choose all that apply",
        "Interviewer: Wait.",
    ]
    alone = rows(to_xlsform(instrument(item, self_completed=True)))
    assert alone["one"][f"hint::{EN}"].splitlines() == ["Choose all that apply", "Wait."]
    assert alone["m__lead"][f"label::{EN}"] == "Hand over the device. The respondent answers alone."
    assert alone["m__back"]["type"] == "note"


def test_a_lead_in_is_a_note_with_the_instruction_below():
    found = rows(to_xlsform(instrument(q("a"), lead_in={"en": "Now to work."}, instruction={"en": "Read it."})))
    assert found["m__lead"][f"label::{EN}"] == "Now to work."
    assert found["m__lead"][f"hint::{EN}"] == "Interviewer: Read it."


def test_all_languages_stand_in_columns_and_nothing_is_blank():
    both = {"en": "Any contact?", "ru": "Был ли контакт?"}
    form = to_xlsform(
        instrument(Item(id="a", scale="yes_no", text=both), q("b"), title={"en": "Contacts", "ru": "Контакты"})
    )
    assert form.languages == ("en", "ru")
    header = form.sheets["survey"][0]
    assert header[:4] == ("type", "name", f"label::{EN}", f"label::{RU}")
    found = rows(form)
    assert found["a"][f"label::{RU}"] == "Был ли контакт?"
    assert found["b"][f"label::{RU}"] == "Question b?"
    for row in (*form.survey, *form.choices):
        for kind in ("label", "hint", "constraint_message", "required_message"):
            given = [bool(row.get(f"{kind}::{tongue}")) for tongue in (EN, RU)]
            assert len(set(given)) == 1
    told = next(note for note in form.notes if note.code == "X004")
    assert told.where == "ru"
    assert "texts are missing in 'ru' and stand in 'en'" in told.message
    assert choices(form, "yes_no", RU)[2] == ("98", "Затрудняюсь ответить (не зачитывать)")


def test_languages_can_be_chosen():
    both = Item(id="a", scale="yes_no", text={"en": "Any?", "ru": "Был?", "kk": "Бар ма?"})
    form = to_xlsform(instrument(both), languages=("kk", "ru"))
    assert form.settings[0]["default_language"] == KK
    assert not any("English" in column for row in form.survey for column in row)
    assert to_xlsform(instrument(both), default="ru").settings[0]["default_language"] == RU
    with pytest.raises(InstrumentError, match="no texts in 'fr'"):
        to_xlsform(instrument(both), languages=("fr",))
    with pytest.raises(InstrumentError, match="cannot begin in 'en'"):
        to_xlsform(instrument(both), languages=("ru",), default="en")


def test_settings_name_the_form_its_version_and_no_person():
    sample = (q("psu", role="design"), q("name", "text", role="identifier"), q("day", "date", role="paradata"))
    ready = to_xlsform(instrument(*sample, title={"en": "Contacts"}))
    settings = ready.settings[0]
    assert (settings["form_title"], settings["form_id"], ready.pilot) == ("Contacts", "made", False)
    assert settings["instance_name"] == "concat('made', ' ', ${psu}, ' ', ${day})"
    assert settings["version"].startswith("1.2-")
    assert settings["version"] == to_xlsform(instrument(*sample, title={"en": "Contacts"})).settings[0]["version"]
    assert settings["version"] != to_xlsform(instrument(*sample[1:], title={"en": "Contacts"})).settings[0]["version"]


def test_drafts_say_pilot_everywhere():
    item = Item(id="a", scale="yes_no", text={"en": "Any?", "ru": "Был?"})
    form = to_xlsform(instrument(item, title={"en": "Contacts"}))
    assert form.pilot
    assert form.settings[0]["form_title"] == "PILOT - draft text: Contacts"
    assert form.form_id == "made_pilot"
    found = rows(form)
    assert found["form__pilot"][f"label::{RU}"].startswith("ПИЛОТ")
    assert found["m"][f"label::{RU}"].startswith("ПИЛОТ")
    assert found["m"][f"label::{EN}"] == "Module"
    assert any(note.code == "X005" and note.where == "ru" for note in form.notes)


def test_only_what_is_declared_is_recorded():
    assert not [one for one in to_xlsform(instrument(q("a"))).columns if one.kind == "record"]
    form = to_xlsform(instrument(q("a"), collect={"audit": "timing", "location": "checks", "device": "which tablet"}))
    found = rows(form)
    assert {found[name]["type"] for name in ("form__start", "form__end", "form__device", "audit")} == {
        "start",
        "end",
        "deviceid",
        "audit",
    }
    assert "location-priority=balanced" in found["audit"]["parameters"]
    assert next(note.message for note in form.notes if note.code == "X008") == "The device records audit: timing"
    assert {one.column for one in form.columns} == {"form__start", "form__end", "form__device", "audit"}
    alone = rows(to_xlsform(instrument(q("a"), collect={"location": "checks", "audio": "checks"})))
    assert alone["form__place"]["type"] == "start-geopoint"
    assert alone["form__audio"]["parameters"] == "quality=voice-only"


def test_answers_shown_in_texts_are_shown_by_their_words():
    shown = Item(id="then", type="note", text={"en": "You said ${one}, ${size} and ${many}."})
    form = to_xlsform(
        instrument(q("one", "single", scale="yes_no"), q("size"), q("many", "multiple", scale="kinds"), shown)
    )
    found = rows(form)
    assert found["then"][f"label::{EN}"] == "You said ${one__label}, ${size} and ${many}."
    assert found["one__label"]["calculation"] == "jr:choice-name(${one}, '${one}')"
    assert [note.where for note in form.notes if note.severity == "error"] == ["many"]


def test_two_answers_side_by_side_keep_the_space_between_them():
    shown = Item(id="then", type="note", text={"en": "${a} ${b}"})
    found = rows(to_xlsform(instrument(q("a"), q("b"), shown)))
    assert found["then"][f"label::{EN}"] == "${a}\N{NO-BREAK SPACE}${b}"


def test_a_warning_of_pyxform_is_an_error(monkeypatch: pytest.MonkeyPatch):
    form = to_xlsform(instrument(q("a")))
    strange = XlsForm(
        survey=tuple({key.replace(" (en)", ""): value for key, value in row.items()} for row in form.survey),
        choices=(),
        settings=({**form.settings[0], "default_language": "English"},),
        languages=form.languages,
    )
    monkeypatch.setattr(
        XlsForm, "sheets", property(lambda self: {"survey": (tuple({k for r in self.survey for k in r}),)})
    )
    assert [problem.code for problem in convert(strange)[1]] == ["X009"]
    monkeypatch.setattr("survey_kit.instrument.export.xform.to_xlsform", lambda *_, **__: strange)
    with pytest.raises(InstrumentError, match="pyxform warns"):
        to_xform(instrument(q("a")))


def test_members_are_asked_at_most_so_often_and_counted_by_their_number():
    member = Module(
        id="person",
        title={"en": "People"},
        lead_in={"en": "Now everybody."},
        ask_if="size != 3",
        repeat=Repeat(count="size", most=4, name={"en": "person"}),
        items=(q("age", missing={}), q("alone", "calculated", value="size - 1")),
    )
    last = Module(
        id="last", items=(q("n", "calculated", value="count(person)"), q("t", "calculated", value="sum(age)"))
    )
    made = instrument(modules=(Module(id="first", items=(q("size"),)), member, last))
    form = to_xlsform(made)
    found = rows(form)
    assert found["person"]["repeat_count"] == "${person__n}"
    assert found["person__n"]["calculation"].endswith("if(${size} > 4, 4, int(${size})), 0)")
    assert found["person__each"]["relevant"] == "position(..) <= ${person__n}"
    assert found["person__lead"][f"label::{EN}"] == "Now everybody."
    assert found["n"]["calculation"] == "${person__n}"
    assert "sum(${age}[. != ''])" in found["t"]["calculation"]
    assert form_columns(made)["person__n"].kind == "count"


def test_computed_numbers_that_need_not_be_whole_are_decimals():
    items = (
        q("a"),
        q("whole", "calculated", value="a * 2"),
        q("part", "calculated", value="a / 2"),
        q("more", "calculated", value="part + 1"),
        q("word", "calculated", value="'x' if a == 1 else 'y'"),
        q("draw", "random"),
    )
    found = rows(to_xlsform(instrument(*items)))
    assert {name for name, row in found.items() if row.get("bind::type") == "decimal"} == {"part", "more", "draw"}


def test_names_never_meet():
    grid = Item(id="trust", type="grid", scale="trust", text={"en": "Stem"}, rows=(Item(id="r", text={"en": "R"}),))
    form = to_xlsform(
        instrument(modules=(Module(id="trust", items=(grid,)), Module(id="age", items=(q("age"), q("data")))))
    )
    names = [row["name"] for row in form.survey if not row["type"].startswith("end_")]
    assert len(names) == len(set(names))
    assert {"trust", "trust__group", "age__group", "age"} <= set(names)
    assert form.settings[0]["name"] == "interview"
    assert convert(form)[1] == ()


def test_a_module_of_draws_alone_is_no_group():
    form = to_xlsform(
        instrument(
            modules=(
                Module(id="first", items=(q("a"),)),
                Module(id="draws", ask_if="a == 1", items=(q("half", "arm", scale="yes_no"),)),
            )
        )
    )
    assert "draws" not in rows(form)
    assert rows(form)["half"]["relevant"] == "${a} = 1"


def test_what_cannot_be_expressed_is_told():
    wide = q("spent", maximum=10**12, missing={})
    spaced = q("place", "multiple", scale=Scale(codes=("a b", "c"), labels={"a b": {"en": "AB"}, "c": {"en": "C"}}))
    marked = Item(id="n", type="note", text={"en": "This is *very* important"})
    told = {note.code: note.severity for note in to_xlsform(instrument(wide, spaced, marked)).notes}
    assert told == {"X010": "error", "X011": "error", "X012": "note"}
    plain = Item(id="n", type="note", text={"en": "2 * 3 * 4, some_long_name, a < b, [[sponsor]]"})
    assert "X012" not in {note.code for note in to_xlsform(instrument(plain)).notes}


def test_xforms_are_written_and_marked(tmp_path: Any):
    made = instrument(Item(id="a", scale="yes_no", text={"en": "Any?", "ru": "Был?"}))
    path = write_xform(made, tmp_path / "form.xml")
    assert path.name == "form_pilot.xml"
    assert path.read_text(encoding="utf-8") == to_xform(made)


def test_a_form_pyxform_refuses_is_told():
    spaced = q("place", "multiple", scale=Scale(codes=("a b", "c"), labels={"a b": {"en": "AB"}, "c": {"en": "C"}}))
    with pytest.raises(InstrumentError, match="pyxform refuses"):
        to_xform(instrument(spaced))
