"""Every rule of an instrument, one small questionnaire each: which code, which line."""

import pytest

from survey_kit.errors import InstrumentError
from survey_kit.instrument import RULES, Instrument, Item, Module, Scale, check, check_folder, read_instrument

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
    "I024": ("modules:\n  - {id: m, use: core}\n  - {id: n, items: [{id: q, scale: s, text: Q}]}\n", 8),
    "I025": (items("id: q, scale: s, text: 'Do you trust ${r}?'", "id: r, scale: s, text: R"), 10),
    "I025 unknown": (items("id: q, scale: s, text: 'Do you trust ${p}?'"), 10),
    "I026": (items("id: q, scale: s, text: 'For [[sponsor]]?'"), 10),
    "I027": (items(f"id: {'q' * 33}, scale: s, text: Q"), 10),
    "I028": (items("id: q, scale: s, text: {en: Trust, kk: cенім}"), 10),
    "I029": (items(f"id: q, scale: s, text: Q, label: {'long ' * 60}"), 10),
    "I029 answer": (items(f"id: q, scale: {{codes: [1], labels: {{1: {'long ' * 30}}}}}, text: Q"), 10),
    "I030": (items("id: q, type: multiple, scale: s, text: Q, exclusive: [3]"), 10),
    "I030 most": (items("id: q, type: multiple, scale: s, text: Q, most: 3"), 10),
    "I030 one": (items("id: q, scale: s, text: Q, exclusive: [1]"), 10),
    "I031": (items("id: q, type: arm, scale: s, shares: [1]"), 10),
    "I031 negative": (items("id: q, type: arm, scale: s, shares: [1, -1]"), 10),
    "I031 type": (items("id: q, scale: s, text: Q, shares: [1, 1]"), 10),
    "I031 words": (items("id: q, type: arm, scale: {codes: [a, b], labels: {a: A}}"), 10),
    "I032": (items("id: q, scale: s, text: Q, shuffle: r", "id: r, type: random"), 10),
    "I032 rows": (
        items(
            "id: a, type: arm, scale: {codes: [1, 2, 3], labels: {1: First}}",
            "id: g, type: grid, scale: s, text: G, rotate: a, rows: [{id: x, text: X}, {id: y, text: Y}]",
        ),
        11,
    ),
    "I032 modules": (items(Q) + "rotations:\n  r: {start: q, modules: [m, n]}\n", 12),
    "I032 start": (items(Q) + "rotations:\n  r: {start: q, modules: [m]}\n", 12),
    "I033": (items("id: q, type: calculated"), 10),
    "I033 other": (items("id: q, scale: s, text: Q, value: '1'"), 10),
    "I034": ("modules:\n  - {id: m, repeat: {count: n, most: 3}, items: [{id: q, scale: s, text: Q}]}\n", 8),
    "I034 inside": (
        (
            "modules:\n  - {id: a, items: [{id: n, type: integer, text: N, minimum: 0, maximum: 9}]}\n"
            "  - {id: m, repeat: {count: n, most: 3}, items: [{id: q, scale: s, text: Q}]}\n"
            "  - {id: z, items: [{id: r, scale: s, text: R, ask_if: q == 1}]}\n"
        ),
        10,
    ),
    "I034 sum": (items("id: n, type: integer, text: N", "id: r, type: calculated, value: sum(n)"), 11),
    "I035": (items("id: q, type: multiple, scale: s, text: Q", "id: r, scale: s, text: R, ask_if: q == 1"), 11),
    "I035 one": (items(Q, "id: r, scale: s, text: R, ask_if: 'selected(q, 1)'"), 11),
    "I035 year": (items("id: n, type: integer, text: N", "id: r, scale: s, text: R, ask_if: year(n) > 1"), 11),
    "I035 text": (
        items(
            "id: t, type: text, text: T", "id: n, type: integer, text: N", "id: r, scale: s, text: R, ask_if: t == n"
        ),
        12,
    ),
    "I035 sum": (items("id: t, type: text, text: T", "id: r, type: calculated, value: t + 1"), 11),
    "I036": (items("id: q, scale: s, text: Q, message: Why not"), 10),
    "I037": ("modules:\n  - {id: m, switch: extra, items: [{id: q, scale: s, text: Q}]}\n", 8),
    "I038": (items("id: q, scale: s, text: Q, about: court"), 10),
    "I039": (items("id: g, type: grid, scale: s, text: G", Q), 10),
    "I039 other": (items("id: g, scale: s, text: G, rows: [{id: x, text: X}]"), 10),
    "I039 row": (items("id: g, type: grid, scale: s, text: G, rows: [{id: x, type: random}]"), 10),
    "I040": (items("id: q, type: text, text: Q"), 5),
    "I041": (
        items(
            "id: q, scale: s, text: Q, showcard: A",
            "id: r, scale: {codes: [1], labels: {1: Yes}}, text: R, showcard: A",
        ),
        11,
    ),
    "I042": (items('id: q, scale: s, text: "=1+1"'), 10),
    "I042 hidden": (items('id: q, scale: s, text: "Q\\u202E?"'), 10),
    "I043": (items("id: q, scale: {codes: [1, 2], labels: {1: A}, points: {1: 0}}, text: Q"), 10),
}


@pytest.mark.parametrize("case", CASES)
def test_each_rule_is_told_with_its_line(tmp_path, case):
    body, line = CASES[case]
    code = case.split()[0]
    every = problems(tmp_path, body, HEAD.replace('"1", text', '"0", text') if code == "I020" else HEAD)
    found = tuple(problem for problem in every if problem.code == code)
    assert len(found) == 1
    assert {problem.code for problem in every} <= {code, "I040", "I021"}
    assert found[0].where.endswith(f"instrument.yaml:{line}")
    assert found[0].fix
    if found[0].severity == "error":
        with pytest.raises(InstrumentError, match=code):
            read_instrument(tmp_path)
    else:
        assert read_instrument(tmp_path).problems == every


def test_every_rule_but_those_of_translations_is_tried_here():
    tried = {case.split()[0] for case in CASES}
    assert set(RULES) - tried == {"I000", "I015", "I016", "I017", "I018"}


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


def test_an_institution_that_ended_is_told(tmp_path):
    head = HEAD.replace("text: first", 'text: first, date: "2026-11-22"') + (
        'institutions: {agency: {name: Agency, since: "2019-06", until: "2025-06", successor: service}}\n'
    )
    found = problems(tmp_path, items("id: q, scale: s, text: Q, about: agency"), head)
    assert [(problem.code, problem.severity) for problem in found] == [("I038", "note")]
    assert "service" in found[0].fix
    dated = items(
        "id: day, type: date, text: Day", "id: q, scale: s, text: Q, about: agency, ask_if: day < '2025-07-01'"
    )
    assert problems(tmp_path, dated, head) == ()


def test_every_fault_of_the_schema_is_told_with_its_line(tmp_path):
    body = items("id: q, scale: s, text: Q, typ: single", "scale: s, text: R", "id: r, minimum: low, text: R")
    (tmp_path / "instrument.yaml").write_text(HEAD + body, encoding="utf-8")
    found = check_folder(tmp_path)
    assert [(problem.code, problem.where.rsplit(":", 1)[1]) for problem in found] == [
        ("I000", "10"),
        ("I000", "11"),
        ("I000", "12"),
    ]
    assert "did you mean 'type'" in found[0].fix


def test_a_module_of_another_instrument_is_told_where_it_is_wrong(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "instrument.yaml").write_text(HEAD.replace("id: a", "id: b") + items(Q), encoding="utf-8")
    (tmp_path / "a").mkdir()

    def found(text):
        (tmp_path / "a" / "instrument.yaml").write_text(text, encoding="utf-8")
        return [(problem.code, problem.severity) for problem in check_folder(tmp_path / "a")]

    head = HEAD.replace("scales:\n  s: {codes: [1, 2], labels: {1: Low, 2: High}, high: 2}\n", 'uses: {b: "1"}\n')
    assert found(head + "modules:\n  - {id: m, use: b}\n") == []
    assert found(head + "modules:\n  - {id: n, use: b}\n")[0] == ("I024", "error")
    assert found(head.replace('{b: "1"}', '{b: "2"}') + "modules:\n  - {id: m, use: b}\n")[0] == ("I024", "error")
    assert (
        found(
            HEAD.replace("2: High", "2: Low").replace("scales:", 'uses: {b: "1"}\nscales:')
            + "modules:\n  - {id: m, use: b}\n"
        )
        == []
    )
    other = HEAD.replace("codes: [1, 2]", "codes: [1, 2, 3]").replace("high: 2", "high: 3")
    assert (
        found(other.replace("scales:", 'uses: {b: "1"}\nscales:') + "modules:\n  - {id: m, use: b}\n")[0][0] == "I024"
    )


def test_instruments_that_use_each_other_are_told(tmp_path):
    for one, other in (("a", "b"), ("b", "a")):
        (tmp_path / one).mkdir()
        text = HEAD.replace("id: a", f"id: {one}").replace("scales:", f'uses: {{{other}: "1"}}\nscales:') + items(Q)
        (tmp_path / one / "instrument.yaml").write_text(text, encoding="utf-8")
    told = [problem for problem in check_folder(tmp_path / "a") if problem.code == "I024"]
    assert "circle" in told[0].message


def test_modules_behind_a_switch_are_checked_and_left_out_until_it_is_on(tmp_path):
    body = "switches: {extra: More}\nmodules:\n  - {id: m, items: [{id: q, scale: s, text: Q}]}\n"
    body += "  - {id: n, switch: extra, items: [{id: r, scale: s, text: R, ask_if: q == 1}]}\n"
    (tmp_path / "instrument.yaml").write_text(HEAD + body, encoding="utf-8")
    assert check_folder(tmp_path) == ()
    plain, more = read_instrument(tmp_path), read_instrument(tmp_path, switches=("extra",))
    assert ([item.id for item in plain.items], plain.off) == (["q"], ("extra",))
    assert ([item.id for item in more.items], more.off) == (["q", "r"], ())
    with pytest.raises(InstrumentError, match="did you mean 'extra'"):
        read_instrument(tmp_path, switches=("extr",))


@pytest.mark.parametrize(
    ("condition", "code"),
    [("q ==", "I009"), ("p == 1", "I010"), ("r == 1", "I011"), ("q == 7", "I012"), ("q == 1", None)],
)
def test_the_condition_of_what_is_only_shown_is_checked_too(tmp_path, condition, code):
    body = items(Q, f"id: n, type: note, text: N, ask_if: {condition}", "id: r, scale: s, text: R")
    assert [problem.code for problem in problems(tmp_path, body)] == ([code] if code else [])
