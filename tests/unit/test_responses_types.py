"""Every type of item: what becomes of its values, of several answers, of draws, of what is computed, of constraints."""

import numpy as np
import pandas as pd
import pytest

from survey_kit.errors import ResponsesError
from survey_kit.instrument import Instrument, Item, Module, Scale
from survey_kit.responses import Unasked, missing_summary, recode, take

YES_NO = Scale(codes=(1, 2))
CHANNEL = Scale(codes=(1, 2, 3, 9))
MISSING = {98: "dont_know", 99: "refused"}


def form(*items, version="1", **more):
    return Instrument(id="a", version=version, missing=MISSING, modules=(Module(id="m", items=items),), **more)


def several(name="q", **more):
    return Item(id=name, type="multiple", scale=more.pop("scale", CHANNEL), **more)


def single(name, **more):
    return Item(id=name, scale=YES_NO, **more)


def taken(data, *items, **more):
    return take(pd.DataFrame(data), instruments={"": form(*items)}, **more)


def values(out, name):
    return [None if pd.isna(value) else value for value in out.frame[name]]


def reasons(out, name):
    return [None if pd.isna(value) else value for value in out.missing[name]]


def problems(out):
    return out.problems[["code", "column", "count", "found"]].values.tolist()


# ------------------------------------------------------------------------------------------------------------ numbers
def test_a_whole_number_has_no_fraction_and_a_decimal_may():
    age = Item(id="age", type="integer", minimum=18, maximum=99, missing={999: "refused"})
    hours = Item(id="hours", type="decimal", minimum=0, missing={})
    out = taken({"age": ["30", "30.0", 30.5, 17, 999, "x"], "hours": [1, "1,5", 0.25, -1, None, 98]}, age, hours)
    assert values(out, "age") == [30.0, 30.0, None, None, None, None]
    assert reasons(out, "age") == [None, None, "unknown", "unknown", "refused", "unknown"]
    assert values(out, "hours") == [1.0, 1.5, 0.25, None, None, 98.0]
    assert sorted(problems(out)) == [
        ["R002", "age", 1, "x (1)"],
        ["R003", "age", 1, "17 (1)"],
        ["R003", "hours", 1, "-1 (1)"],
        ["R012", "age", 1, "30.5 (1)"],
    ]


def test_draws_are_taken_as_they_are_and_need_no_answer():
    arm = Item(id="arm", type="arm", scale=Scale(codes=(1, 2)), role="design")
    draw = Item(id="draw", type="random", role="design")
    out = taken({"arm": [1, 3, None], "draw": [0.25, 1.5, None]}, arm, draw)
    assert values(out, "arm") == [1.0, None, None]
    assert values(out, "draw") == [0.25, None, None]
    assert problems(out) == [["R001", "arm", 1, "3 (1)"], ["R003", "draw", 1, "1.5 (1)"]]
    nothing = taken({"arm": [None], "draw": [None]}, arm, draw)
    assert problems(nothing) == []  # nobody is asked a draw, so nobody fails to answer


@pytest.mark.parametrize(
    "day", ["2026-01-31", "2026-01-31T00:00:00", "2026-01-31T09:30:00.000+05:00", pd.Timestamp("2026-01-31")]
)
def test_dates_are_days_in_iso(day):
    out = taken({"held": [day]}, Item(id="held", type="date", missing={}))
    assert values(out, "held") == ["2026-01-31"]


@pytest.mark.parametrize("day", ["31.01.2026", "2026-02-30", "2026-1-31", "46053", "yesterday", "20260131"])
def test_other_dates_are_problems(day):
    out = taken({"held": [day, "2026-01-31", 98]}, Item(id="held", type="date"))
    assert problems(out) == [["R013", "held", 1, f"{day} (1)"]]
    assert reasons(out, "held") == ["unknown", None, "dont_know"]


def test_conditions_look_at_dates():
    held = Item(id="held", type="date", missing={})
    old = single("old", ask_if="held < '2026-01-01'")
    fresh = single("fresh", ask_if="year(held) == 2026 and month(held) > 1")
    out = taken(
        {"held": ["2025-12-31", "2026-02-01", None], "old": [1, 1, None], "fresh": [1, 2, None]}, held, old, fresh
    )
    assert reasons(out, "old") == [None, "not_asked", "not_asked"]
    assert reasons(out, "fresh") == ["not_asked", None, "not_asked"]


# ----------------------------------------------------------------------------------------------------- several answers
SPELLED = [
    {"q": ["1 3", "2", "98", None]},
    {"q": ["3  1 ", 2.0, "98.0", ""]},
    *(
        {f"q{mark}{code}": ticks for code, ticks in zip((1, 2, 3, 9, 98), TICKS, strict=True)}
        for mark in ("/", "__", "_", ".")
        for TICKS in (
            [[1, 0, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0]],
            [
                ["1", "0", "", None],
                ["0", "1", "", None],
                ["1", "0", "", None],
                ["0", "0", "", None],
                ["0", "0", "1", None],
            ],
        )
    ),
    {
        "q/1": [True, False, False, False],
        "q/2": ["FALSE", "True", None, None],
        "q/3": [1.0, 0, 0, 0],
        "q/98": [0, 0, 1, 0],
    },
]


@pytest.mark.parametrize("columns", SPELLED)
def test_several_answers_are_read_however_they_are_written(columns):
    out = taken(columns, several())
    assert [name for name in out.frame if name.startswith("q")] == ["q__1", "q__2", "q__3", "q__9"]
    assert values(out, "q__1") == [1.0, 0.0, None, None]
    assert values(out, "q__2") == [0.0, 1.0, None, None]
    assert values(out, "q__3") == [1.0, 0.0, None, None]
    assert values(out, "q__9") == [0.0, 0.0, None, None]
    for code in (1, 2, 3, 9):
        assert reasons(out, f"q__{code}") == [None, None, "dont_know", "unknown"]
    assert out.problems.empty


def test_conditions_see_the_set_of_answers():
    chosen = several()
    office = single("office", ask_if="selected(q, 3)")
    either = single("either", ask_if="selected(q, 1, 2)")
    many = single("many", ask_if="count_selected(q) > 1")
    out = taken(
        {"q": ["1 3", "3", "98", None, "1 2"], "office": 1, "either": 1, "many": 1}, chosen, office, either, many
    )
    assert reasons(out, "office") == [None, None, None, None, "not_asked"]  # unknown closes nothing that was answered
    assert reasons(out, "either") == [None, "not_asked", None, None, None]
    assert reasons(out, "many") == [None, "not_asked", None, None, None]
    assert out.problems[["code", "column", "count"]].values.tolist() == [
        ["R007", "office", 1],
        ["R007", "either", 1],
        ["R007", "many", 1],
    ]


def test_faults_of_several_answers():
    out = taken({"q": ["1 7", "9 1", "1 98", "1 2 3", "word", "1"]}, several(exclusive=(9,), most=2))
    assert sorted(problems(out)) == [
        ["R001", "q", 2, "1 7 (1), word (1)"],
        ["R014", "q", 2, "9 1 (1), 1 98 (1)"],
        ["R015", "q", 1, "1 2 3 (1)"],
    ]
    assert reasons(out, "q__1") == ["unknown"] * 5 + [None]


def test_faults_of_single_columns():
    out = taken({"q/1": [1, "x", 1, 0], "q/2": [0, 0, 0, 1], "q/7": [0, 0, 1, 0]}, several())
    assert sorted(problems(out)) == [["R001", "q", 1, "1 7 (1)"], ["R002", "q", 1, "x (1)"]]
    assert values(out, "q__2") == [0.0, None, None, 1.0]


def test_the_cell_and_the_single_columns_may_not_differ():
    out = taken({"q": ["1 3", "1", None], "q/1": [1, 0, 0], "q/2": [0, 1, 1], "q/3": [1, 0, 0]}, several())
    assert problems(out) == [["R023", "q", 1, ""]]
    assert values(out, "q__1") == [1.0, 1.0, 0.0]
    assert values(out, "q__2") == [0.0, 0.0, 1.0]  # a blank cell leaves it to the columns


def test_a_column_of_another_item_is_no_single_answer():
    out = taken({"q": ["1", "2"], "q_1": [2, 1]}, several(), single("q_1"))
    assert values(out, "q__1") == [1.0, 0.0]
    assert values(out, "q_1") == [2.0, 1.0]
    with pytest.raises(ResponsesError, match="no column 'q'"):
        taken({"q_1": [2, 1]}, several(), single("q_1"))


def test_text_codes_of_several_answers():
    out = taken({"q": ["KZ-10 KZ-79", "KZ-10"]}, several(scale=Scale(codes=("KZ-10", "KZ-79"))))
    assert values(out, "q__KZ-79") == [1.0, 0.0]
    out = taken({"q/KZ-10": [1, 1], "q/KZ-79": [1, 0]}, several(scale=Scale(codes=("KZ-10", "KZ-79"))))
    assert values(out, "q__KZ-79") == [1.0, 0.0]


def test_several_answers_by_name_of_one_column_and_in_other_tools():
    out = taken({"q": ["1 3", "98"], "x": [1, 2]}, several(), single("x"), items=["q__3"])
    assert out.frame.columns.tolist() == ["q__1", "q__2", "q__3", "q__9"]
    assert out.asked("q__3").tolist() == [True, True]
    assert recode(out, {"office": ("q__3", (1,))}).frame["office"].tolist()[0] == 1.0
    rows = missing_summary(out)
    assert rows[rows["item"] == "q__3"]["reason"].tolist() == ["answered", "dont_know"]


def test_a_code_that_came_later_was_not_asked_before():
    old, new = several(scale=Scale(codes=(1, 2))), several(scale=Scale(codes=(1, 2, 3)))
    data = pd.DataFrame({"wave": ["a", "b"], "q": ["1 2", "1 3"]})
    out = take(data, instruments={"a": form(old), "b": form(new, version="2")}, wave="wave", waves=("a", "b"))
    assert reasons(out, "q__3") == ["not_asked", None]
    assert values(out, "q__2") == [1.0, 0.0]


def test_one_answer_and_several_are_two_questions():
    data = pd.DataFrame({"wave": ["a", "b"], "q": ["1", "1 3"]})
    forms = {"a": form(Item(id="q", scale=CHANNEL)), "b": form(several(), version="2")}
    with pytest.raises(ResponsesError, match="one answer in one version and several"):
        take(data, instruments=forms, wave="wave", waves=("a", "b"))


def test_a_declared_form_and_an_assumed_one_of_several_answers():
    data = {"q/1": [1, 0, 0], "q/2": [0, 1, 0], "x": [1, 2, None]}
    rule = Unasked(items=("q",), when={"x": (1,)})
    out = taken(data, several(), single("x"), unasked_when={"": [rule]})
    assert reasons(out, "q__2") == ["not_asked", None, "unknown"]
    out = taken(data, several(), single("x"), unasked_when={"": [Unasked(items=("q", "x"), when="no_answer")]})
    assert reasons(out, "q__2") == [None, None, "not_asked"]


# ------------------------------------------------------------------------------------------------- grids, notes, arms
def test_the_rows_of_a_grid_are_items_and_its_name_stands_for_them():
    rows = (Item(id="police"), Item(id="courts"))
    grid = Item(id="trust", type="grid", scale=YES_NO, rows=rows)
    thanks = Item(id="thanks", type="note")
    data = pd.DataFrame({"police": [1, 2], "courts": [2, 99], "wave": ["a", "b"]})
    forms = {"": form(grid, thanks)}
    out = take(data, instruments=forms)
    assert out.frame.columns.tolist() == ["police", "courts"]
    assert reasons(out, "courts") == [None, "refused"]
    out = take(data, instruments=forms, wave="wave", waves=("a", "b"), not_asked={"a": ["trust", "thanks"]})
    assert reasons(out, "police") == ["not_asked", None]
    rule = Unasked(items=("trust",), when={"wave": ("b",)})
    out = take(data, instruments=forms, items=["trust"], unasked_when={"": [rule]})
    assert reasons(out, "courts") == [None, "not_asked"]


# --------------------------------------------------------------------------------------------------- computed, bounded
BORN = Item(id="born", type="integer", missing={9999: "refused"})
AGE = Item(id="age", type="calculated", value="2026 - born")


def test_a_computed_item_needs_no_column():
    out = taken({"born": [1990, 9999, None]}, BORN, AGE)
    assert values(out, "age") == [36.0, None, None]
    assert reasons(out, "age") == [None, "refused", "unknown"]
    adult = single("adult", ask_if="age >= 18")
    out = taken({"born": [1990, 2015], "adult": [1, 1]}, BORN, AGE, adult)
    assert reasons(out, "adult") == [None, "not_asked"]


def test_a_stored_value_is_held_against_the_computed_one():
    out = taken({"born": [1990, 1991, 9999, 1992], "age": [36, 30, 40, None]}, BORN, AGE)
    assert values(out, "age") == [36.0, 35.0, None, 34.0]
    assert problems(out) == [["R016", "age", 2, "30 instead of 35"]]
    third = Item(id="third", type="calculated", value="born / 3")
    out = taken({"born": [1000], "third": ["333.3333333333333"]}, BORN, third)
    assert problems(out) == []


def test_a_stored_value_counts_where_nothing_can_be_computed():
    out = taken({"age": [36, None]}, BORN, AGE, items=["age"])
    assert values(out, "age") == [36.0, None]
    with pytest.raises(ResponsesError, match="no column 'born'"):
        taken({"x": [1]}, BORN, AGE, items=["age"])


def test_a_computed_text_and_one_behind_a_filter():
    group = Item(id="group", type="calculated", value="'young' if age < 30 else 'old'", ask_if="answered(born)")
    out = taken({"born": [2000, 1980, 9999]}, BORN, AGE, group)
    assert values(out, "group") == ["young", "old", None]
    assert reasons(out, "group") == [None, None, "not_asked"]
    out = taken({"born": [2000, 1980], "group": ["young", "young"]}, BORN, AGE, group)
    assert problems(out) == [["R016", "group", 1, "young instead of old"]]


def test_broken_constraints_are_problems():
    size = Item(id="size", type="integer", missing={99: "refused"})
    adults = Item(id="adults", type="integer", missing={99: "refused"}, constraint="adults <= size")
    out = taken({"size": [3, 3, 99, 2], "adults": [2, 4, 4, 99]}, size, adults)
    assert values(out, "adults") == [2.0, None, 4.0, None]  # what cannot be decided passes
    assert reasons(out, "adults") == [None, "unknown", None, "refused"]
    assert problems(out) == [["R015", "adults", 1, "4 (1)"]]
    assert "adults <= size" in out.problems["message"][0]
    alone = taken({"adults": [4]}, size, adults, items=["adults"])  # nothing to hold it against
    assert values(alone, "adults") == [4.0]


def test_a_constraint_of_several_answers():
    out = taken({"q": ["1 2", "1"]}, several(constraint="not (selected(q, 1) and selected(q, 2))"))
    assert problems(out) == [["R015", "q", 1, "1 2 (1)"]]


def test_conditions_in_a_circle_are_one_error():
    with pytest.raises(ResponsesError, match="in a circle"):
        taken({"a": [1], "b": [1]}, single("a", ask_if="b == 1"), single("b", ask_if="a == 1"))


# -------------------------------------------------------------------------------------------------- several versions
def test_each_interview_is_held_against_its_version():
    old = form(single("a"), Item(id="b", scale=Scale(codes=(1, 2, 3))), version="1.0")
    new = form(single("a"), Item(id="b", scale=YES_NO), single("c"), version="1.1")
    data = pd.DataFrame({"v": ["1.0", "1.1", "1.1", None], "a": [1, 2, 1, 2], "b": [3, 3, 1, 1], "c": [None, 1, 2, 1]})
    out = take(data, instruments={"": new}, version="v", versions={"1.0": old, "1.1": new})
    assert values(out, "b") == [3.0, None, 1.0, 1.0]
    assert reasons(out, "c") == ["not_asked", None, None, None]
    assert problems(out) == [["R001", "b", 1, "3 (1)"]]
    assert recode(out, {"three": ("b", (3,))}).frame["three"].tolist()[0] == 1.0


def test_a_question_that_was_deleted_stays_for_its_version():
    old, new = form(single("a"), single("gone"), version="1"), form(single("a"), version="2")
    data = pd.DataFrame({"v": ["1", "2"], "a": [1, 2], "gone": [2, None]})
    out = take(data, instruments={"": new}, version="v", versions={"1": old, "2": new})
    assert values(out, "gone") == [2.0, None]
    assert reasons(out, "gone") == [None, "not_asked"]


def test_a_version_that_nobody_gave_is_told():
    new = form(single("a"), version="2")
    data = pd.DataFrame({"v": ["7", "2", "7"], "a": [1, 2, 1]})
    out = take(data, instruments={"": new}, version="v", versions={"2": new})
    assert problems(out) == [["R021", "v", 2, "7"]]
    assert values(out, "a") == [1.0, 2.0, 1.0]


def test_numbers_stay_numbers_and_texts_stay_texts():
    out = taken(
        {"q": ["1"], "held": ["2026-01-31"], "age": [30]},
        several(),
        Item(id="held", type="date"),
        Item(id="age", type="integer"),
    )
    assert out.frame["q__1"].dtype == np.float64
    assert out.frame["age"].dtype == np.float64
    assert str(out.frame["held"].dtype) == "str"
