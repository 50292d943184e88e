"""XPath of forms as conditions, limits and values: the same truth for every answer, blank and missing ones included."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from survey_kit.instrument.evaluate import evaluate
from survey_kit.instrument.expressions import parse
from survey_kit.instrument.imports import Imported, read_xlsform
from survey_kit.instrument.imports.blanks import holds
from survey_kit.instrument.imports.conditions import Writer
from survey_kit.instrument.imports.expressions import drawn, joined
from survey_kit.instrument.imports.logic import Lost, Scope, Target
from survey_kit.instrument.imports.translator import Translator
from survey_kit.instrument.imports.xpath_tree import Unreadable, read_xpath, references

TARGETS = {
    one.id: one
    for one in (
        Target(id="q", type="single", codes=(1, 2, 3), missing=(98, 99)),
        Target(id="p", type="single", codes=(1, 2)),
        Target(id="r", type="single", codes=("KZ-10", "KZ-79"), missing=(98,)),
        Target(id="m", type="multiple", codes=(1, 2, 3), missing=(98,)),
        Target(id="a", type="integer", missing=(98, 99)),
        Target(id="b", type="integer"),
        Target(id="d", type="date"),
        Target(id="t", type="text"),
        Target(id="arm", type="arm", codes=(1, 2)),
    )
}
GUARD = "(${q} != '' and ${q} != 98 and ${q} != 99)"


def written(text: str, *, own: str | None = None) -> tuple[Any, dict[str, tuple[Any, ...]]]:
    writer = Writer(own=own, always=frozenset({"arm"}))
    scope = Scope(targets=TARGETS, own=own, repeats={"member": "member"}, counts={"member__n": "member"})
    logic = Translator(scope).logic(read_xpath(text))
    return writer.write(logic, "refuses" if own else "opens"), writer.told


CONDITIONS: dict[str, str | bool] = {
    "${p} = 1": "p == 1",
    "${p}='1'": "p == 1",
    "'1' = ${p}": "p == 1",
    "3 < ${b}": "b > 3",
    "${p} = 1 or ${p} = 2": "p in (1, 2)",
    "${r} = 'KZ-10'": "r == 'KZ-10'",
    "${t} = '98'": "t == '98'",
    "${b} != ''": "answered(b)",
    "${b} = ''": "not answered(b)",
    "not(${b} = '')": "answered(b)",
    "string-length(${t}) > 0": "answered(t)",
    "${b} != 1": "not answered(b) or b != 1",
    "not(${b} > 1)": "not answered(b) or b <= 1",
    "not(${arm} > 1)": "arm <= 1",
    f"{GUARD} and ${{q}} != 1": "q != 1",
    f"not({GUARD})": "not answered(q)",
    f"{GUARD} and ${{q}} != 1 and ${{q}} != 2": "q not in (1, 2)",
    "selected(${p}, '2')": "p == 2",
    "selected(${m}, '1')": "selected(m, 1)",
    "selected(${m}, '1') or selected(${m}, '2')": "selected(m, 1, 2)",
    "not(selected(${m}, '1'))": "not answered(m) or not selected(m, 1)",
    "(${m} != '' and not(selected(${m}, '98'))) and not(selected(${m}, '1'))": "not selected(m, 1)",
    "count-selected(${m}) >= 2": "count_selected(m) >= 2",
    "${b} + 2 * ${b} > 7": "b + 2 * b > 7",
    "(${b} + 2) * 3 > 7 - (1 - ${b})": "(b + 2) * 3 > 7 - (1 - b)",
    "${b} div 2 = 1": "b / 2 == 1",
    "${b} mod 2 = 1": "b - floor(b / 2) * 2 == 1",
    "int(${b} div 2) = 1": "floor(b / 2) == 1",
    "-${b} < -1": "0 - b < -1",
    "if(${p} = 1, ${b} > 1, ${b} > 2)": "(p == 1 and b > 1) or ((not answered(p) or p != 1) and b > 2)",
    "if(${p} = 1, 5, ${b}) > 4": "p == 1 or ((not answered(p) or p != 1) and b > 4)",
    "${d} > date('2026-01-31')": "d > '2026-01-31'",
    "${d} > '2026-01-31'": "d > '2026-01-31'",
    "number(format-date(${d}, '%Y%m%d')) >= 20260131": "d >= '2026-01-31'",
    "number(format-date(${d}, '%Y')) = 2026": "year(d) == 2026",
    "format-date(${d}, '%n') = 6": "month(d) == 6",
    "count(${member}) > 2": "count(member) > 2",
    "${member__n} > 2": "count(member) > 2",
    "sum(${b}) > 2": "sum(b) > 2",
    "min(${a}[. != '' and . != 98 and . != 99]) < 2": "min(a) < 2",
    "if(count(${b}[. != '']) > 0, sum(${b}[. != '']), 0) > 3": "sum(b) > 3",
    "count(${b}[. != '']) > 0 and max(${b}[. != '']) < 2": "max(b) < 2",
    "${p} = 1 and (${b} = 2 or ${b} = 3)": "p == 1 and b in (2, 3)",
    "(${p} = 1 or ${b} = 2) and ${arm} = 1": "(p == 1 or b == 2) and arm == 1",
    "true()": True,
    "${p} = 1 or true()": True,
    "false() and ${p} = 1": False,
    "${b}": "answered(b)",
    "${p} = “1”": "p == 1",
}  # fmt: skip


@pytest.mark.parametrize(("xpath", "ours"), CONDITIONS.items(), ids=CONDITIONS.keys())
def test_a_condition_is_written_in_our_words(xpath: str, ours: str | bool):
    assert written(xpath) == (ours, {})


TAKEN: dict[str, tuple[str, dict[str, tuple[int, ...]]]] = {
    "${q} >= 2": ("q >= 2", {"q": (98, 99)}),
    "${q} = 98": ("not answered(q)", {"q": (98,)}),
    "${q} != ''": ("answered(q)", {"q": (98, 99)}),
    "${a} > ${b}": ("a > b", {"a": (98, 99)}),
}


@pytest.mark.parametrize(("xpath", "ours"), TAKEN.items(), ids=TAKEN.keys())
def test_a_missing_code_taken_for_an_answer_is_told(xpath: str, ours: tuple[str, dict[str, tuple[int, ...]]]):
    assert written(xpath) == ours


CONSTRAINTS = {
    "not(. != '' and . != 98 and . != 99 and ${b} != '' and . > ${b})": "a <= b",
    "not(${b} != '' and . > ${b})": "a <= b",
    ". <= ${b}": "answered(b) and a <= b",
    ". > 2 or . = 0": "a > 2 or a == 0",
}


@pytest.mark.parametrize(("xpath", "ours"), CONSTRAINTS.items(), ids=CONSTRAINTS.keys())
def test_a_constraint_is_written_in_our_words(xpath: str, ours: str):
    assert written(xpath, own="a")[0] == ours


LOST = (
    "today() > ${d}", "regex(${t}, 'x')", "string-length(${t}) > 3", "pulldata('a', 'b', 'c', 'd') = 1", "position(..) = 1", ". > 1",
    "selected(${m}, ${p})", "selected(${b}, '1')", "region = 1", "count(${b}[. > 3]) > 1", "concat('a', 'b') = 'ab'", "random() < 0.5",
)  # fmt: skip


@pytest.mark.parametrize("xpath", LOST)
def test_what_cannot_be_said_is_said_to_be_lost(xpath: str):
    with pytest.raises(Lost):
        written(xpath)


UNREADABLE = {
    "(${a} = 1": "opened and not closed", "${a} = 1)": "nothing can stand", "${a} == 1": "no operator", "${a} => 1": "no operator", "${a} AND 1": "no operator",
    "${a} = ": "has to follow", "= 1": "nothing can stand", "'a": "quote", "foo(1)": "no function", "../a": "path", "/data/a = 1": "nothing can stand|path",
    "${a} & 1": "no operator", "${a} ≤ 1": "cannot be read", "$a = 1": "cannot be read", "if(1,)": "comma", "${a} ${b}": "nothing can stand", "": "has to follow",
    "(" * 3000 + "1" + ")" * 3000: "nested too deeply", "-" * 3000 + "1": "nested too deeply", "1 + " * 9000 + "1": "characters",
    "1 + " * 900 + "1": "more than 250 parts",
}  # fmt: skip


@pytest.mark.parametrize(("xpath", "message"), UNREADABLE.items(), ids=[one[:20] for one in UNREADABLE])
def test_what_cannot_be_read_says_why(xpath: str, message: str):
    with pytest.raises(Unreadable, match=message):
        read_xpath(xpath)


def test_references_are_listed():
    assert list(references(read_xpath("if(${a} = 1, sum(${b}[. > ${c}]), ${a})"))) == ["a", "b", ".", "c", "a"]


def test_a_condition_is_as_true_as_in_the_form_for_every_answer():
    """Of one item, over every operator and constant: our three values say true exactly where the form does."""
    answers: list[tuple[str, ...]] = [(), ("1",), ("2",), ("3",)]
    literals = [f"${{p3}} {op} {value}" for op in ("=", "!=", "<", "<=", ">", ">=") for value in (0, 1, 2, 3)]
    literals += ["${p3} = ''", "${p3} != ''"]
    scope = Scope(targets={"p3": Target(id="p3", type="single", codes=(1, 2, 3))})
    values = np.array([np.nan, 1.0, 2.0, 3.0])
    columns = {"p3": (values, ~np.isnan(values))}
    for one, other in itertools.product(literals, repeat=2):
        for text in (f"{one} and {other}", f"{one} or {other}", f"not({one} and not({other}))"):
            logic = Translator(scope).logic(read_xpath(text))
            ours = Writer().write(logic, "opens")
            truth = [holds(logic, answer) for answer in answers]
            if isinstance(ours, bool):
                assert truth == [ours] * 4, text
            else:
                true, known = evaluate(parse(ours), columns, 4)
                assert (true & known).tolist() == truth, (text, ours)


def test_draws_are_recognised():
    assert drawn(read_xpath("once(random())")) == ("random", (), ())
    assert drawn(read_xpath("once(if(random() < 0.5, 1, if(random() < 0.5, 2, 3)))")) == (
        "arm",
        (1, 2, 3),
        (0.5, 0.25, 0.25),
    )
    assert drawn(read_xpath("int(4 * random()) + 0")) == ("arm", (0, 1, 2, 3), ())
    assert drawn(read_xpath("int(random() * ${a}) + 1")) is None
    assert drawn(read_xpath("if(${a} < 0.5, 1, 2)")) is None


def test_conditions_are_joined_with_brackets_where_they_need_them():
    assert joined([None, ""]) is None
    assert joined(["a == 1", "b == 1 or c == 1", "a == 1"]) == "a == 1 and (b == 1 or c == 1)"


# ------------------------------------------------------------------------------------------------------------ whole cells
def limits(constraint: str, kind: str = "integer") -> tuple[Imported, Any]:
    rows = [
        {"type": "integer", "name": "b", "label": "B?", "required": "yes"},
        {"type": kind, "name": "q", "label": "Q?", "required": "yes", "constraint": constraint},
    ]
    choices = [{"list_name": "l", "name": str(code), "label": f"Answer {code}"} for code in (1, 2, 3, 4)]
    made = read_xlsform({"survey": rows, "choices": choices if "l" in kind.split() else []})
    return made, made.instrument.item("q")


def test_limits_are_taken_out_of_a_constraint():
    _, item = limits(". >= 0 and . <= 20 and . != 13 and not(. > ${b})")
    assert (item.minimum, item.maximum, item.constraint) == (0, 20, "q != 13 and q <= b")
    _, item = limits(". > 0 and . < 20", "decimal")
    assert (item.minimum, item.maximum, item.constraint) == (None, None, "q > 0 and q < 20")
    _, item = limits("not(. < 3)")
    assert item.minimum == 3


@pytest.mark.parametrize(
    "alone",
    [
        "not(selected(., '4') and count-selected(.) > 1)",
        "not(selected(., 4)) or count-selected(.) = 1",
        "if(selected(., '4'), count-selected(.) = 1, true())",
        "(selected(., '4') and count-selected(.) < 2) or not(selected(., '4'))",
    ],
)
def test_answers_that_stand_alone_are_recognised(alone: str):
    made, item = limits(f"({alone}) and count-selected(.) <= 2", "select_multiple l")
    assert (item.exclusive, item.most, item.constraint, made.problems) == ((4,), 2, None, ())


def test_a_value_drops_the_guard_it_needs_in_a_form():
    rows = [
        {"type": "integer", "name": "a", "label": "A?", "required": "yes"},
        {"type": "calculate", "name": "b", "calculation": "if(${a} != '', ${a} + 1, '')"},
        {"type": "calculate", "name": "c", "calculation": "if(${a} > 3, ${a} + 1, '')"},
        {"type": "calculate", "name": "d", "calculation": "if(${a} > 3, 'many', 'few')"},
    ]
    form = read_xlsform({"survey": rows}).instrument
    assert [(form.item(name).value, form.item(name).ask_if) for name in "bcd"] == [
        ("a + 1", None),
        ("a + 1", "a > 3"),
        ("'many' if answered(a) and a > 3 else 'few'", None),
    ]


def test_a_very_long_condition_is_told_and_left_out():
    rows = [
        {"type": "integer", "name": "a", "label": "A?", "required": "yes"},
        {
            "type": "text",
            "name": "b",
            "label": "B?",
            "required": "yes",
            "relevant": " or ".join(f"${{a}} > {n}" for n in range(200)),
        },
    ]
    made = read_xlsform({"survey": rows})
    assert [(one.code, one.where) for one in made.problems] == [("X112", "form, survey row 3")]
    assert made.instrument.condition("b") is None
