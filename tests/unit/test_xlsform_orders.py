"""Orders drawn at random in a form: rows, modules, rows within modules, answers; each start shows the cyclic order it stands for."""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest

from survey_kit.instrument import Instrument, Item, Module, Repeat, Rotation, Scale, switched
from survey_kit.instrument.export import XlsForm, form_columns, to_xlsform
from survey_kit.instrument.export.xform import convert
from survey_kit.instrument.export.xlsform_draws import balanced, drawn, places

SCALE = Scale(codes=(1, 2, 3), labels={code: {"en": f"Answer {code}"} for code in (1, 2, 3)}, missing={})
STARTS = Scale(codes=(1, 2, 3), ends={1: {"en": "First"}}, missing={})
TWO = Scale(codes=(1, 2), ends={1: {"en": "First"}}, missing={})


def holds(when: str, start: dict[str, int | None]) -> bool:
    """Evaluate a condition on draws as XPath does: a blank compares as false; members there are enough."""
    now = {name: float("nan") if value is None else value for name, value in start.items()}
    text = re.sub(r"\$\{(\w+__n)\}", "9", when).replace("position(..)", "1").replace(" mod ", " % ")
    text = re.sub(r"\$\{(\w+)\}", lambda found: f"now[{found[1]!r}]", text).replace("not(", "neg(")
    return not when or bool(eval(text, {"now": now, "neg": lambda one: not one}))


def instrument(*modules: Module, rotations: dict[str, Rotation] | None = None, **more: Any) -> Instrument:
    draws = Module(
        id="draws",
        items=tuple(
            Item(id=name, type="arm", scale=scale, text={"en": name})
            for name, scale in (("row", STARTS), ("turn", STARTS), ("side", TWO))
        ),
    )
    return Instrument(id="made", version="1", modules=(draws, *modules), rotations=rotations or {}, **more)


def grid(name: str, **more: Any) -> Item:
    rows = tuple(Item(id=f"{name}{letter}", text={"en": f"Row {letter}"}) for letter in "xyz")
    return Item(id=name, type="grid", scale=SCALE, text={"en": "Stem"}, rotate="row", rows=rows, **more)


def order(form: XlsForm, start: dict[str, int | None]) -> list[str]:
    """Give the questions in the order in which they are shown."""
    out: list[str] = []
    shut: list[bool] = []
    for row in form.survey:
        open_now = row["type"].startswith("end_") or holds(row.get("relevant", ""), start)
        if row["type"] in {"begin_group", "begin_repeat"}:
            shut.append(not open_now)
        elif row["type"].startswith("end_"):
            shut.pop()
        elif row["type"].startswith("select") and open_now and not any(shut):
            out.append(row["name"])
    return out


@pytest.mark.parametrize("size", [2, 3, 4, 7])
def test_places_hold_every_cyclic_order(size: int):
    for pivot in (None, *range(size)):
        every = places("start", size, pivot)
        assert len(every) == 2 * size - 1
        assert max(Counter(place.part for place in every).values()) == 2
        single = [place.part for place in every if not place.copy]
        assert single == [size - 1 if pivot is None else pivot]
        for start in range(1, size + 1):
            shown = [place.part for place in every if holds(place.when, {"start": start})]
            assert shown == [(start - 1 + step) % size for step in range(size)]
        blank = [place.part for place in every if holds(place.when, {"start": None})]
        assert sorted(blank) == list(range(size))


def test_rows_begin_where_the_draw_says():
    made = instrument(Module(id="m", items=(grid("g"),)))
    form = to_xlsform(made)
    assert convert(form)[1] == ()
    assert order(form, {"row": 1}) == ["gx__a", "gy__a", "gz"]
    assert order(form, {"row": 2}) == ["gy__a", "gz", "gx__b"]
    assert order(form, {"row": 3}) == ["gz", "gx__b", "gy__b"]
    own = {row["name"]: row.get("calculation") for row in form.survey if row["name"] in {"gx", "gy", "gz"}}
    assert own == {
        "gx": "coalesce(${gx__a}, ${gx__b})",
        "gy": "coalesce(${gy__a}, ${gy__b})",
        "gz": None,
    }
    copies = {name: one.item for name, one in form_columns(made).items() if one.kind == "copy"}
    assert copies == {"gx__a": "gx", "gx__b": "gx", "gy__a": "gy", "gy__b": "gy"}
    assert [note.code for note in form.notes if note.severity == "note"] == ["X001"]


def test_a_row_keeps_its_own_route_in_both_copies():
    rows = (Item(id="x", text={"en": "X"}), Item(id="y", text={"en": "Y"}, ask_if="first == 1"), Item(id="z"))
    first = Item(id="first", scale=SCALE, text={"en": "First"})
    made = Item(id="g", type="grid", scale=SCALE, text={"en": "Stem"}, rotate="row", rows=rows)
    form = to_xlsform(instrument(Module(id="m", items=(first, made))))
    found = {row["name"]: row.get("relevant") for row in form.survey}
    assert found["y__a"] == "(not(${row} > 2)) and (${first} = 1)"
    assert found["y__b"] == "(${row} > 2) and (${first} = 1)"


def test_dates_and_decimals_in_copies_keep_their_kind():
    kinds = (("a", "date"), ("b", "decimal"), ("c", "integer"), ("d", "text"))
    items = tuple(Item(id=name, type=kind, missing={}, text={"en": f"{name}?"}) for name, kind in kinds)
    modules = (Module(id="p", items=items), Module(id="q", items=(Item(id="z", scale=SCALE, text={"en": "Z"}),)))
    form = to_xlsform(instrument(*modules, rotations={"r": Rotation(start="side", modules=("p", "q"))}))
    assert convert(form)[1] == ()
    found = {row["name"]: row.get("bind::type", "") for row in form.survey}
    assert [found[name] for name in "abcd"] == ["date", "decimal", "", ""]


def turns(**more: Any) -> tuple[Module, ...]:
    out = []
    for name in ("p", "q", "s"):
        items: tuple[Item, ...] = (Item(id=f"{name}1", scale=SCALE, text={"en": f"{name}1?"}), grid(f"{name}g"))
        if name == "p":
            items = (
                *items,
                Item(id="p2", type="calculated", value="p1 + 1"),
                Item(id="pn", type="note", text={"en": "N"}),
            )
        out.append(Module(id=name, title={"en": name}, items=items, **more))
    return tuple(out)


ROTATION = {"r": Rotation(start="turn", modules=("p", "q", "s"))}


def test_modules_and_the_rows_inside_them_are_both_rotated():
    made = instrument(*turns(), rotations=ROTATION)
    form = to_xlsform(made)
    assert convert(form)[1] == ()
    for turn in (1, 2, 3):
        for row in (1, 2, 3):
            shown = [name.split("__")[0] for name in order(form, {"turn": turn, "row": row})]
            rows = [("x", "y", "z")[(row - 1 + step) % 3] for step in range(3)]
            modules = [("p", "q", "s")[(turn - 1 + step) % 3] for step in range(3)]
            assert shown == [name for one in modules for name in (f"{one}1", *(f"{one}g{letter}" for letter in rows))]
    names = Counter(row["name"] for row in form.survey if not row["type"].startswith("end_"))
    assert set(names.values()) == {1}
    own = {row["name"]: row.get("calculation", "") for row in form.survey}
    assert own["pgx"] == "coalesce(${pgx__aa}, coalesce(${pgx__ab}, coalesce(${pgx__ba}, ${pgx__bb})))"
    assert own["pgz"] == "coalesce(${pgz__a}, ${pgz__b})"
    assert own["sgx"] == "coalesce(${sgx__a}, ${sgx__b})"
    assert own["p2"].endswith("(${p1} + 1), '')")
    assert max(Counter(one.item for one in form.columns if one.kind == "copy").values()) == 4


def test_notes_stand_in_both_copies_and_computed_items_once():
    form = to_xlsform(instrument(*turns(), rotations=ROTATION))
    names = [row["name"] for row in form.survey]
    assert {"pn__a", "pn__b"} <= set(names)
    assert "pn" not in names
    assert [name for name in names if name.startswith("p2")] == ["p2"]


def test_a_repeated_module_stands_once_in_the_middle():
    p, q, s = turns()
    count = Module(id="count", items=(Item(id="size", type="integer", missing={}, text={"en": "Size?"}),))
    member = Module(
        id="q",
        repeat=Repeat(count="size", most=3),
        items=(Item(id="q1", scale=SCALE, text={"en": "q1?"}), Item(id="q2", scale=SCALE, text={"en": "q2?"})),
    )
    form = to_xlsform(instrument(count, p, member, s, rotations=ROTATION))
    assert convert(form)[1] == ()
    assert [row["name"] for row in form.survey if row["type"] == "begin_repeat"] == ["q"]
    for turn, modules in ((1, "pqs"), (2, "qsp"), (3, "spq")):
        shown = [name[0] for name in order(form, {"turn": turn, "row": 1}) if name[1] == "1"]
        assert shown == list(modules)
    again = Module(id="s", repeat=Repeat(count="size", most=3), items=(Item(id="s1", scale=SCALE, text={"en": "s1?"}),))
    two = to_xlsform(instrument(count, p, member, again, rotations=ROTATION))
    assert [note.code for note in two.notes if note.severity == "error"] == ["X002"]
    assert order(two, {"turn": 3, "row": 1})[0] == "p1"
    assert q.id == "q"


def test_modules_that_are_switched_off_leave_the_order_of_the_others():
    p, q, s = turns()
    optional = Module(id="q", switch="more", items=q.items)
    made = instrument(p, optional, s, rotations=ROTATION, switches={"more": {"en": "More"}})
    form = to_xlsform(switched(made, ())[0])
    assert convert(form)[1] == ()
    for turn, modules in ((1, "ps"), (2, "sp"), (3, "sp")):
        assert [name[0] for name in order(form, {"turn": turn, "row": 1}) if name[1] == "1"] == list(modules)


def test_answers_shown_in_texts_find_the_copy_that_was_shown():
    told = Module(id="told", items=(Item(id="n", type="note", text={"en": "You said ${gx}."}),))
    form = to_xlsform(instrument(Module(id="m", items=(grid("g"),)), told))
    found = {row["name"]: row for row in form.survey}
    label = "coalesce(jr:choice-name(${gx__a}, '${gx__a}'), jr:choice-name(${gx__b}, '${gx__b}'))"
    assert found["gx__label"]["calculation"] == label
    assert found["n"]["label::English (en)"] == "You said ${gx__label}."


# ------------------------------------------------------------------------------------------------------------ answers
def shuffled(kind: str = "single", **more: Any) -> XlsForm:
    items = (
        Item(id="draw", type="random", text={"en": "Draw"}),
        Item(id="pick", type=kind, shuffle="draw", text={"en": "Pick?"}, **more),
    )
    return to_xlsform(Instrument(id="made", version="1", modules=(Module(id="m", items=items),)))


def test_answers_without_missing_codes_are_shuffled_by_a_whole_number():
    form = shuffled(scale=SCALE)
    found = {row["name"]: row for row in form.survey}
    assert found["pick"]["parameters"] == "randomize=true, seed=${draw__seed}"
    assert found["draw__seed"]["calculation"] == "int(coalesce(${draw}, 0) * 999999999) + 1"
    assert [one.kind for one in form.columns] == ["seed"]
    assert convert(form)[1] == ()


@pytest.mark.parametrize("kind", ["single", "multiple"])
def test_what_is_no_answer_stays_last(kind: str):
    codes = (1, 2, 3, 4, 9)
    labels = {code: {"en": f"Answer {code}"} for code in codes}
    alone = {"exclusive": (9,)} if kind == "multiple" else {}
    form = shuffled(kind, scale=Scale(codes=codes, labels=labels, missing={98: "dont_know"}), **alone)
    assert convert(form)[1] == ()
    row = next(row for row in form.survey if row["name"] == "pick")
    orders: dict[str, list[str]] = {}
    for choice in form.choices:
        orders.setdefault(choice["order"], []).append(choice["name"])
    moved = 4 if alone else 5
    size = moved if moved % 2 == 0 else 2 * moved
    assert row["choice_filter"] == f"order = int(coalesce(${{draw}}, 0) * {size}) + 1"
    assert list(orders) == [str(number) for number in range(1, size + 1)]
    assert all(names[-1] == "98" and (not alone or names[-2] == "9") for names in orders.values())
    assert all(sorted(names) == ["1", "2", "3", "4", "9", "98"] for names in orders.values())
    assert form.settings[0]["allow_choice_duplicates"] == "yes"
    assert [note.code for note in form.notes] == ["X003"]


def test_very_many_answers_are_shuffled_with_the_missing_codes_among_them():
    codes = tuple(range(1, 21))
    labels = {code: {"en": f"Answer {code}"} for code in codes}
    form = shuffled(scale=Scale(codes=codes, labels=labels, missing={98: "dont_know"}))
    assert "parameters" in next(row for row in form.survey if row["name"] == "pick")
    assert [note.code for note in form.notes] == ["X003"]


@pytest.mark.parametrize("size", range(2, 13))
def test_balanced_orders_are_balanced(size: int):
    orders = balanced(size)
    times = len(orders) // size
    assert all(sorted(one) == list(range(size)) for one in orders)
    for place in range(size):
        assert set(Counter(one[place] for one in orders).values()) == {times}
    after = Counter(pair for one in orders for pair in pairwise(one))
    assert len(after) == size * (size - 1)
    assert set(after.values()) == {times}


@pytest.mark.parametrize("shares", [(2, 1, 1), (1, 0, 3), (1, 1, 1, 0.01, 0.01, 1, 1, 1, 1, 1, 1, 1), (0.5,)])
def test_arms_are_drawn_with_their_shares(shares: tuple[float, ...]):
    text, rest, found = drawn(tuple(range(1, len(shares) + 1)), shares), Fraction(1), {}
    while text.startswith("if("):
        odds, code, text = re.fullmatch(r"if\(random\(\) < ([0-9.]+), (\d+), (.*)\)", text).groups()
        found[int(code)] = rest * Fraction(odds)
        rest *= 1 - Fraction(odds)
    if text.isdigit():
        found[int(text)] = rest
        for code, share in enumerate(shares, start=1):
            assert float(found.get(code, 0)) == pytest.approx(share / sum(shares), abs=1e-11)
    else:
        assert text == "int(random() * 1) + 1"


def test_arms_with_other_codes_are_drawn_in_equal_shares():
    assert drawn((0, 1)) == "if(random() < 0.5, 0, 1)"
    assert drawn(("a", "b")) == "if(random() < 0.5, 'a', 'b')"
