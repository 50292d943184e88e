"""Every rule of an instrument, one small questionnaire each: which code, which line."""

import pytest

from survey_kit.errors import InstrumentError
from survey_kit.instrument import RULES, Instrument, Item, Module, Scale, check, read_instrument

HEAD = """\
schema: survey-kit/instrument/1
id: a
version: "1"
scales:
  s: {codes: [1, 2], labels: {1: Low, 2: High}, high: 2}
changelog: [{version: "1", text: first}]
"""


def problems(tmp_path, body, head=HEAD):
    (tmp_path / "instrument.yaml").write_text(head + body, encoding="utf-8")
    from survey_kit.instrument.load import inspect

    return inspect(tmp_path).problems


def items(*lines):
    return "modules:\n  - id: m\n    items:\n" + "".join(f"      - {{{line}}}\n" for line in lines)


Q = "id: q, scale: s, text: Q"

CASES = {
    "I001": (items(Q, Q), 11),
    "I001 case": (items(Q, "id: Q, scale: s, text: Q"), 11),
    "I001 column": (items(Q, "id: p, scale: s, text: P, column: q"), 11),
    "I002": (items("id: 1q, scale: s, text: Q"), 10),
    "I003": (items("id: q, scale: z, text: Q"), 10),
    "I004": (items("id: q, text: Q"), 10),
    "I004 number": (items("id: q, type: number, scale: s, text: Q"), 10),
    "I004 limits": (items("id: q, scale: s, minimum: 1, text: Q"), 10),
    "I005": (items("id: q, scale: {codes: [1, 1], labels: {1: A}}, text: Q"), 10),
    "I005 none": (items("id: q, scale: {codes: []}, text: Q"), 10),
    "I006": (items("id: q, scale: {codes: [1, 2], labels: {3: A}}, text: Q"), 10),
    "I007": (items("id: q, scale: {codes: [1, 2, 3], labels: {1: A}, high: 2}, text: Q"), 10),
    "I008": (items("id: q, scale: s, text: Q, missing: {2: refused}"), 10),
    "I008 number": (items("id: q, type: number, text: Q, minimum: 0, maximum: 120, missing: {98: refused}"), 10),
    "I009": (items(Q, "id: r, scale: s, text: R, ask_if: q ="), 11),
    "I010": (items(Q, "id: r, scale: s, text: R, ask_if: p == 1"), 11),
    "I011": (items("id: r, scale: s, text: R, ask_if: q == 1", Q), 10),
    "I011 itself": (items("id: r, scale: s, text: R, ask_if: r == 1"), 10),
    "I012": (items(Q, "id: r, scale: s, text: R, ask_if: q == 3"), 11),
    "I012 missing": (
        items("id: q, scale: s, text: Q, missing: {9: refused}", "id: r, scale: s, text: R, ask_if: q == 9"),
        11,
    ),
    "I012 text": (items("id: q, type: number, text: Q", "id: r, scale: s, text: R, ask_if: q == 'a'"), 11),
    "I013": (items(Q, "id: r, scale: s, text: R, ask_if: q == 1 and q == 2"), 11),
    "I014": (items("id: q, scale: s, text: {ru: В}"), 10),
    "I019": (items("id: q, scale: s, text: Q, source: {standard: ESS}"), 10),
    "I020": (items(Q), 3),
    "I021": (items("id: q, scale: {codes: [1, 2]}, text: Q"), 10),
    "I022": (items("id: q, type: number, minimum: 9, maximum: 1, text: Q"), 10),
    "I023": ("modules: []\n", 7),
}


@pytest.mark.parametrize("case", CASES)
def test_each_rule_is_told_with_its_line(tmp_path, case):
    body, line = CASES[case]
    code = case.split()[0]
    every = problems(tmp_path, body, HEAD.replace('"1", text', '"0", text') if code == "I020" else HEAD)
    found = tuple(problem for problem in every if problem.code == code)
    assert len(found) == 1
    assert {problem.code for problem in every} <= {code, "I040"}
    assert found[0].where.endswith(f"instrument.yaml:{line}")
    assert found[0].fix
    if found[0].severity == "error":
        with pytest.raises(InstrumentError, match=code):
            read_instrument(tmp_path)
    else:
        assert read_instrument(tmp_path).problems == every


def test_every_rule_but_those_of_translations_is_tried_here():
    tried = {case.split()[0] for case in CASES}
    assert set(RULES) - tried == {"I015", "I016", "I017", "I018"}


def test_several_problems_are_told_at_once_and_counted_in_the_error(tmp_path):
    body = items("id: 1q, scale: z, text: Q", "id: r, text: R")
    assert [problem.code for problem in problems(tmp_path, body)] == ["I002", "I003", "I004", "I040"]
    with pytest.raises(InstrumentError, match="2 more problems"):
        read_instrument(tmp_path)


def test_a_sound_instrument_has_no_problems(tmp_path):
    body = items(
        Q,
        "id: n, type: number, minimum: 0, maximum: 10, text: N, missing: {98: refused}",
        "id: r, scale: s, text: R, ask_if: q == 1 and (n > 3 or not answered(n))",
        "id: t, type: text, text: T, ask_if: 'r in (1, 2)', column: T.1",
    )
    assert problems(tmp_path, body) == ()


def test_an_item_behind_closed_filters_is_found_unreachable():
    yes_no = Scale(codes=(1, 2), labels={1: {"en": "Yes"}})

    def item(name, ask_if=None, **more):
        return Item(id=name, text={"en": name}, ask_if=ask_if, **({"scale": yes_no} | more))

    number = {"type": "number", "scale": None, "minimum": 18, "maximum": 99}
    form = Instrument(
        id="a",
        version="1",
        modules=(
            Module(
                id="m",
                items=(
                    item("age", **number),
                    item("a"),
                    item("b", "a == 1"),
                    item("c", "b == 1 and a == 2"),  # b is asked only if a == 1
                    item("d", "age < 18"),
                    item("e", "age > 98.5"),
                    item("f", "18 < age < 19"),
                    item("g", "not answered(b) and a == 1"),
                ),
            ),
        ),
    )
    found = [problem for problem in check(form) if problem.code == "I013"]
    assert [problem.message.split("'")[1] for problem in found] == ["c", "d"]


def test_a_card_may_show_the_same_answers_in_both_directions(tmp_path):
    card = "id: {}, text: Q, showcard: A, scale: {{codes: [1, 2], labels: {{1: Low, 2: {}}}, high: {}}}"
    same = items(card.format("q", "High", 2), card.format("r", "High", 1))
    other = items(card.format("q", "High", 2), card.format("r", "Top", 2))
    assert [[p.code for p in problems(tmp_path, body) if p.code == "I041"] for body in (same, other)] == [[], ["I041"]]
