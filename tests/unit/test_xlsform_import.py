"""An XLSForm as an instrument: types, answers, words, groups, and every fault of a spreadsheet with its row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from survey_kit.errors import InstrumentError
from survey_kit.instrument import RULES, Repeat, check_folder, inspect
from survey_kit.instrument.imports import IMPORT_NOTES, Imported, import_xlsform, read_xlsform

YES_NO = [("yes_no", "1", "Yes"), ("yes_no", "2", "No"), ("yes_no", "98", "Don't know")]
TRUST = [
    ("trust", str(code), f"{code} {words}".strip())
    for code, words in ((0, "Not at all"), (1, ""), (2, ""), (3, "Fully"))
]
ASKED = {"type": "select_one yes_no", "name": "contact", "label": "Any contact?", "required": "yes"}


def form(*rows: dict[str, str], choices: Any = (*YES_NO, *TRUST), settings: Any = None, **more: str) -> dict[str, Any]:
    """Give a form with these rows, and another column of the choices."""
    lists = [dict(zip(("list_name", "name", "label", *more), row, strict=False)) for row in choices]
    used = {row["type"].split()[1] for row in rows if row.get("type", "").startswith("select") and " " in row["type"]}
    kept = [one for one in lists if one["list_name"] in used or more]
    return {"survey": list(rows), "choices": kept, **({"settings": [settings]} if settings else {})}


def read(*rows: dict[str, str], **more: Any) -> Imported:
    return read_xlsform(form(*rows, **more))


def told(made: Imported) -> list[tuple[str, str, str]]:
    return [(one.severity, one.code, one.where.removeprefix("form, ")) for one in made.problems]


def question(kind: str, name: str = "q", **cells: str) -> dict[str, str]:
    return {"type": kind, "name": name, "label": f"Question {name}?", "required": "yes", **cells}


# ------------------------------------------------------------------------------------------------------------------ types
def test_types_become_types():
    made = read(
        question("integer", "a", constraint=". >= 0 and . < 20"),
        question("decimal", "b", constraint=". >= 0.5"),
        question("text", "c", required=""),
        question("date", "d"),
        question("select_one yes_no", "e"),
        question("select_multiple yes_no", "f", constraint="count-selected(.) <= 1"),
        question("range", "g", parameters="start=1 end=5 step=1"),
        {"type": "note", "name": "h", "label": "Thank you."},
        {"type": "calculate", "name": "i", "calculation": "${a} * 2"},
        {"type": "calculate", "name": "j", "calculation": "once(random())"},
        {"type": "calculate", "name": "k", "calculation": "once(int(random()*3)+1)"},
        {"type": "calculate", "name": "l", "calculation": "if(. = '', if(random() < 0.25, 1, 2), .)"},
    )
    form = made.instrument
    module = form.modules[0]
    assert [item.type for item in module.items] == [
        *("integer", "decimal", "text", "date", "single", "multiple", "integer", "note"),
        *("calculated", "random", "arm", "arm"),
    ]
    assert (form.item("a").minimum, form.item("a").maximum, form.item("b").minimum) == (0, 19, 0.5)
    assert (form.item("c").optional, form.item("d").optional, form.item("f").most) == (True, False, 1)
    assert (form.item("g").minimum, form.item("g").maximum, form.item("i").value) == (1, 5, "a * 2")
    assert (form.codes("k"), form.codes("l"), form.item("l").shares) == ((1, 2, 3), (1, 2), (0.25, 0.75))
    assert made.problems == ()


def test_codes_that_are_no_answers_are_found_by_their_words():
    answers = [
        ("trust", code, words)
        for code, words in (("1", "A little"), ("2", "A lot"), ("8", "Hard to say"), ("9", "Prefer not to answer"))
    ]
    made = read(question("select_one trust"), choices=answers)
    assert (made.instrument.codes("q"), made.instrument.missing_codes("q")) == ((1, 2), {8: "dont_know", 9: "refused"})
    assert made.problems == ()


def test_words_like_those_of_no_answer_stay_answers_among_others():
    answers = [("got", code, words) for code, words in (("1", "I got it"), ("2", "No answer"), ("3", "Still waiting"))]
    assert read(question("select_one got"), choices=answers).instrument.codes("q") == (1, 2, 3)
    answers = [("know", "1", "I know it"), ("know", "2", "I don't know whom to tell")]
    assert read(question("select_one know"), choices=answers).instrument.codes("q") == (1, 2)


def test_a_code_like_98_that_stands_apart_is_no_answer_and_told():
    answers = [
        ("judged", "1", "Good"),
        ("judged", "2", "Bad"),
        ("judged", "98", "Not on this evidence"),
        ("judged", "97", "Other"),
    ]
    made = read(question("select_one judged"), choices=answers)
    assert made.instrument.codes("q") == (1, 2, 97)
    assert told(made) == [("note", "X119", "choices row 4")]


def test_numbers_take_their_codes_from_the_constraint_or_the_hint():
    made = read(
        question("integer", "age", constraint=". = 998 or . = 999 or (. >= 18 and . <= 110)"),
        question("integer", "visits", hint="If there is no answer, enter 98 (Don't know), 99 (Refused to answer)"),
        question("integer", "rooms", constraint=". = 5 or . = 6"),
    )
    form = made.instrument
    assert form.missing_codes("age") == {998: "dont_know", 999: "refused"}
    assert (form.item("age").minimum, form.item("age").maximum, form.item("age").constraint) == (18, 110, None)
    assert form.missing_codes("visits") == {98: "dont_know", 99: "refused"}
    assert (form.missing_codes("rooms"), form.item("rooms").constraint) == ({}, "rooms in (5, 6)")


def test_a_scale_that_shows_its_numbers_names_its_ends():
    made = read(question("select_one trust"))
    scale = made.instrument.scale_of("q")
    assert scale is not None
    assert (scale.codes, scale.labels, scale.ends) == ((0, 1, 2, 3), {}, {0: {"en": "Not at all"}, 3: {"en": "Fully"}})


def test_codes_keep_their_letters_and_zeros():
    answers = [("region", "KZ-10", "Abai"), ("region", "07", "Old"), ("region", "98", "Don't know")]
    made = read(question("select_one region"), choices=answers)
    assert made.instrument.codes("q") == ("KZ-10", "07")
    assert made.instrument.missing_codes("q") == {98: "dont_know"}


def test_hints_are_taken_apart():
    hint = "Show card T1\nChoose all that apply\nDo not read the answers out\nInterviewer: Wait for an answer."
    made = read(question("select_multiple yes_no", hint=hint))
    item, scale = made.instrument.item("q"), made.instrument.scale_of("q")
    assert (item.showcard, item.instruction) == ("T1", {"en": "Wait for an answer."})
    assert scale is not None
    assert not scale.read_out


# ---------------------------------------------------------------------------------------------------------------- languages
def test_every_language_is_kept_and_written_as_a_draft(tmp_path: Path):
    survey = [
        {
            "type": "select_one yes_no",
            "name": "q",
            "label::Русский (ru)": "Да?",
            "label::Қазақша (kk)": "Иә?",
            "required": "yes",
        }
    ]
    choices = [
        {"list_name": "yes_no", "name": code, "label::Русский (ru)": ru, "label::Қазақша (kk)": kk}
        for code, ru, kk in (
            ("1", "Да", "Иә"),
            ("2", "Нет", "Жоқ"),
            ("99", "Отказ от ответа", "Жауап беруден бас тартты"),
        )
    ]
    settings = [{"form_id": "Trust 2026", "version": "2", "default_language": "Русский (ru)", "form_title": "Опрос"}]
    markdown = tmp_path / "a.md"
    markdown.write_text(_markdown({"survey": survey, "choices": choices, "settings": settings}), encoding="utf-8")
    made = import_xlsform(markdown, tmp_path)
    assert made.path == tmp_path / "trust_2026" / "instrument.yaml"
    assert [one for one in made.problems if one.severity == "error"] == []
    form = inspect(tmp_path / "trust_2026")
    assert (form.source_language, form.languages, form.version) == ("ru", ("ru", "kk"), "2")
    assert (form.text("q", "kk"), form.label("q", 1, "kk"), form.label("q", 99, "kk")) == (
        "Иә?",
        "Иә",
        "Жауап беруден бас тартты",
    )
    assert set(form.statuses["kk"].values()) == {"draft", "missing"}  # the title stands in one language
    assert {one.code for one in check_folder(tmp_path / "trust_2026")} == {"I015"}
    with pytest.raises(InstrumentError, match="already"):
        import_xlsform(markdown, tmp_path)
    assert import_xlsform(markdown, tmp_path, name="other").path == tmp_path / "other" / "instrument.yaml"


@pytest.mark.parametrize(
    ("column", "language"),
    [
        ("label::Русский (ru)", "ru"),
        ("label::Russian", "ru"),
        ("label:kk", "kk"),
        ("Label :: Қазақ тілі", "kk"),
        ("label::Latin", "latin"),
    ],
)
def test_languages_of_columns(column: str, language: str):
    made = read_xlsform({"survey": [{"type": "text", "name": "q", column: "?", "required": "yes"}]})
    assert made.instrument.source_language == language


@pytest.mark.parametrize(
    ("text", "language"), [("How are you?", "en"), ("Сколько Вам лет?", "ru"), ("Жасыңыз қаншада?", "kk"), ("12", "en")]
)
def test_the_language_of_texts_without_one_is_guessed_by_their_letters(text: str, language: str):
    made = read_xlsform({"survey": [{"type": "text", "name": "q", "label": text, "required": "yes"}]})
    assert made.instrument.source_language == language


# ------------------------------------------------------------------------------------------------------------------- groups
def test_groups_become_modules_and_pages_of_like_questions_grids():
    made = read(
        question("integer", "first"),
        {"type": "begin_group", "name": "about", "label": "About", "relevant": "${first} > 1"},
        {"type": "begin_group", "name": "page", "label": "How much do you trust", "appearance": "field-list"},
        question("select_one trust", "t_court"),
        question("select_one trust", "t_police", relevant="${first} = 3"),
        {"type": "end_group"},
        {"type": "begin_group", "name": "inner", "label": "Inner", "relevant": "${first} < 9"},
        question("text", "why", relevant="${t_court} = 0"),
        {"type": "end_group"},
        {"type": "end_group"},
        question("text", "last"),
    )
    form = made.instrument
    assert [module.id for module in form.modules] == ["questions", "about", "questions_2"]
    assert form.condition("t_police") == "(first > 1) and (first == 3)"
    grid = form.grid_of("t_court")
    assert grid is not None
    assert (grid.id, grid.scale, grid.text) == ("page", "trust", {"en": "How much do you trust"})
    assert form.item("why").ask_if == "first < 9 and t_court == 0"
    assert [item.id for item in form.modules[1].items] == ["page", "inner", "why"]
    assert told(made) == [("note", "X117", "survey row 8")]


def test_repeats_become_repeated_modules():
    made = read(
        question("integer", "size", constraint=". >= 1 and . <= 12"),
        {"type": "begin_repeat", "name": "member", "label": "Member", "repeat_count": "${size}"},
        question("integer", "age", constraint=". >= 0 and . <= 120"),
        {"type": "end_repeat"},
        {"type": "calculate", "name": "oldest", "calculation": "max(${age})"},
        question("text", "why", relevant="count(${member}) > 2 and ${oldest} > 60"),
    )
    form = made.instrument
    assert form.modules[1].repeat == Repeat(count="size", most=12, name={"en": "Member"})
    assert (form.item("oldest").value, form.item("why").ask_if) == ("max(age)", "count(member) > 2 and oldest > 60")
    assert made.problems == ()


def test_a_computed_value_is_moved_behind_what_it_looks_at():
    made = read(
        {"type": "calculate", "name": "twice", "calculation": "${age} * 2"},
        question("integer", "age"),
        question("text", "why", relevant="${twice} > 30"),
    )
    assert [item.id for item in made.instrument.items] == ["age", "twice", "why"]
    assert made.problems == ()


def test_a_chain_of_computed_values_is_put_in_order():
    chain = [{"type": "calculate", "name": f"c{n}", "calculation": f"${{c{n + 1}}} + 1"} for n in range(300)]
    chain.append({"type": "calculate", "name": "c300", "calculation": "${age} + 1"})
    made = read(*chain, question("integer", "age"))
    assert [item.id for item in made.instrument.items] == ["age", *(f"c{n}" for n in range(300, -1, -1))]
    assert made.problems == ()


def test_a_circle_of_computed_values_is_told():
    made = read(
        {"type": "calculate", "name": "a", "calculation": "${b} + 1"},
        {"type": "calculate", "name": "b", "calculation": "${a} + 1"},
        question("text"),
    )
    assert {item.id for item in made.instrument.items} == {"a", "b", "q"}
    assert [problem.code for problem in made.problems] == ["I011"]


# ------------------------------------------------------------------------------------------------------------------- faults
FAULTS: dict[str, tuple[list[dict[str, str]], list[tuple[str, str, str]]]] = {
    "an unknown type": ([ASKED, question("selct_one yes_no")], [("error", "X103", "survey row 3")]),
    "a type that cannot be expressed": ([ASKED, question("image")], [("error", "X104", "survey row 3")]),
    "a row without a type": ([ASKED, {"type": "", "name": "x", "label": "?"}], [("error", "X103", "survey row 3")]),
    "a misspelt column": ([{**ASKED, "relevnt": "1"}], [("error", "X102", "survey row 1")]),
    "a column nobody knows": ([{**ASKED, "colour": "red"}], [("note", "X102", "survey row 1")]),
    "a value of required": ([{**ASKED, "required": "yess"}], [("error", "X110", "survey row 2")]),
    "required under a condition": ([{**ASKED, "required": "${x} = 1"}], [("note", "X115", "survey row 2")]),
    "a default": ([{**ASKED, "default": "1"}], [("note", "X115", "survey row 2")]),
    "a group left open": (
        [{"type": "begin_group", "name": "g", "label": "G"}, ASKED],
        [("error", "X105", "survey row 2")],
    ),
    "a group closed twice": ([ASKED, {"type": "end_group"}], [("error", "X105", "survey row 3")]),
    "a group closed as a repeat": (
        [{"type": "begin_group", "name": "g", "label": "G"}, ASKED, {"type": "end_repeat"}],
        [("error", "X105", "survey row 4")],
    ),
    "a name with a space": ([question("text", "a b")], [("error", "X106", "survey row 2")]),
    "a name of XML": ([question("text", "a-b")], [("note", "X106", "survey row 2")]),
    "no name": ([question("text", "")], [("error", "X106", "survey row 2")]),
    "a reserved word": ([question("text", "class")], [("error", "I002", "survey row 2")]),
    "names that differ by case": ([ASKED, {**ASKED, "name": "Contact"}], [("error", "I001", "survey row 3")]),
    "no label": ([{**ASKED, "label": ""}], [("error", "X109", "survey row 2"), ("error", "I014", "survey row 2")]),
    "an open bracket": ([ASKED, question("text", relevant="(${contact} = 1")], [("error", "X111", "survey row 3")]),
    "an unknown function": ([ASKED, question("text", relevant="chosen(1)")], [("error", "X111", "survey row 3")]),
    "an unknown question": ([ASKED, question("text", relevant="${x} = 1")], [("error", "I010", "survey row 3")]),
    "a later question": ([question("text", relevant="${contact} = 1"), ASKED], [("error", "I011", "survey row 2")]),
    "a code that does not exist": ([ASKED, question("text", relevant="${contact} = 5")], [("error", "I012", "survey row 3")]),
    "what cannot be said": ([ASKED, question("date", constraint=". <= today()")], [("error", "X112", "survey row 3")]),
    "a code that is no answer": ([ASKED, question("text", relevant="${contact} > 1")], [("error", "X113", "survey row 3")]),
    "a filter on no column": (
        [ASKED, {**ASKED, "name": "b", "choice_filter": "regoin = ${contact}"}],
        [("error", "X114", "survey row 3"), ("error", "X114", "survey row 3")],
    ),
    "or_other": ([{**ASKED, "type": "select_one yes_no or_other"}], [("error", "X114", "survey row 2")]),
    "a record of the device": ([ASKED, {"type": "start-geopoint", "name": "g"}], [("note", "X116", "survey row 3")]),
    "an order without a draw": ([{**ASKED, "parameters": "randomize=true"}], [("error", "X118", "survey row 2")]),
    "a repeat without a number": (
        [{"type": "begin_repeat", "name": "r", "label": "R"}, ASKED, {"type": "end_repeat"}],
        [("error", "X121", "survey row 2")],
    ),
    "a placeholder": ([{**ASKED, "label": "For [[sponsor]]"}], [("note", "X122", "texts")]),
    "a code in words and limits": (
        [question("integer", label="How often? (98: don't know)", constraint=". >= 0 and . <= 365")],
        [("error", "X120", "survey row 2")],
    ),
    "a Latin letter": ([{**ASKED, "label": "Сiз"}], [("error", "I028", "survey row 2")]),
    "an invisible character": ([{**ASKED, "label": "con\u200btact?"}], [("error", "I042", "survey row 2")]),
    "never asked": ([ASKED, question("text", relevant="false()")], [("note", "X112", "survey row 3"), ("error", "I013", "survey row 3")]),
    "an empty calculation": ([ASKED, {"type": "calculate", "name": "c"}], [("error", "X110", "survey row 3")]),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "problems"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_told_with_its_row(rows: list[dict[str, str]], problems: list[tuple[str, str, str]]):
    made = read(*rows)
    assert told(made) == problems
    assert all(one.code in {*IMPORT_NOTES, *RULES} for one in made.problems)


CHOICES: dict[str, tuple[Any, list[tuple[str, str, str]]]] = {
    "no such list": ([], [("error", "X107", "survey row 2"), ("error", "I003", "survey row 2")]),
    "a code twice": ([*YES_NO[:2], ("yes_no", "1", "Again")], [("error", "X108", "choices row 4")]),
    "no code": ([*YES_NO[:2], ("yes_no", "", "Third")], [("error", "X108", "choices row 4")]),
    "no words": ([*YES_NO[:2], ("yes_no", "3", "")], [("error", "X108", "choices row 4"), ("note", "I021", "choices row 2")]),
    "no list": ([*YES_NO[:2], ("", "3", "Third")], [("error", "X108", "choices row 4")]),
    "a list nobody uses": ([*YES_NO[:2], ("spare", "1", "One")], [("note", "X107", "choices row 4")]),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "problems"), CHOICES.values(), ids=CHOICES.keys())
def test_a_fault_of_the_choices_is_told_with_its_row(rows: Any, problems: list[tuple[str, str, str]]):
    lists = [dict(zip(("list_name", "name", "label"), row, strict=True)) for row in rows]
    made = read_xlsform({"survey": [ASKED], "choices": lists})
    assert told(made) == problems


def test_a_single_cell_without_translation_is_told():
    en, kk = "label::English (en)", "label::Қазақша (kk)"
    rows = [
        {"type": "text", "name": "a", en: "Why?", kk: "Неге?", "required": "yes"},
        {"type": "text", "name": "b", en: "How?", "required": "yes"},
    ]
    made = read_xlsform({"survey": rows})
    assert told(made) == [("error", "X109", "survey row 3")]
    assert "no text in kk" in made.problems[0].message


def test_a_choice_filter_on_a_column_is_not_kept():
    choices = [("yes_no", "1", "Yes", "a"), ("yes_no", "2", "No", "b")]
    made = read({**ASKED, "choice_filter": "region = 'a'"}, choices=choices, region="")
    assert told(made) == [("error", "X114", "survey row 2")]
    assert "not expressed" in made.problems[0].message


def test_sheets_are_named_without_regard_to_case_and_others_are_told():
    made = read_xlsform({"Survey": [question("text")], "choises": [], "notes": []})
    assert told(made) == [("error", "X101", "sheet 'choises'"), ("note", "X101", "sheet 'notes'")]


def test_a_form_without_questions_is_refused():
    with pytest.raises(InstrumentError, match=r"(?s)no sheet 'survey'.*did you mean 'survy'"):
        read_xlsform({"survy": [ASKED]})


def test_a_setting_that_is_misspelt_is_told():
    made = read(ASKED, settings={"form_tilte": "T", "form_id": "a"})
    assert told(made) == [("error", "X102", "settings row 1")]


def test_every_code_is_explained():
    assert sorted(IMPORT_NOTES) == [f"X{number}" for number in range(101, 124)]


def _markdown(sheets: dict[str, list[dict[str, str]]]) -> str:
    lines = []
    for name, rows in sheets.items():
        header = list(dict.fromkeys(column for row in rows for column in row))
        lines.append(f"| {name} |" + " |" * len(header))
        lines += [
            "| | " + " | ".join(cells) + " |"
            for cells in (header, *([row.get(one, "") for one in header] for row in rows))
        ]
    return "\n".join(lines)
