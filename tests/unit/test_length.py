"""The length of an interview: syllables read, answers given, routes taken; and the pace fitted to real timings."""

import numpy as np
import pytest

from survey_kit.errors import InstrumentError
from survey_kit.instrument import Instrument, Item, Module, Scale
from survey_kit.instrument.length import Pace, calibrate, item_seconds, length, syllables
from survey_kit.instrument.simulate import simulate

SCALE = Scale(codes=(1, 2, 3), labels={1: {"en": "often"}, 2: {"en": "rarely"}, 3: {"en": "never"}})
PACE = Pace(syllables=2.0, answer={"single": 3.0, "row": 1.0, "integer": 5.0, "note": 0.5}, page=10.0)


def item(name, text="Do you trust them?", ask_if=None, **more):
    return Item(id=name, text={"en": text}, ask_if=ask_if, **({"scale": SCALE} | more))


def form(*modules):
    return Instrument(id="a", version="1", modules=modules)


@pytest.mark.parametrize(
    ("text", "language", "count"),
    [
        ("Do you trust the courts?", "en", 5),
        ("police", "en", 2),  # a silent e
        ("the", "en", 1),
        ("Доверяете ли вы судам?", "ru", 9),
        ("қоғам", "kk-KZ", 2),
        ("12", "en", 4),
        ("${age} [[sponsor]]", "ru", 0),
    ],
)
def test_syllables_are_counted_by_language(text, language, count):
    assert syllables(text, language) == count


def test_answers_are_read_out_once_and_not_from_a_card():
    grid = item(
        "g", "How often", type="grid", rows=(Item(id="r1", text={"en": "one"}), Item(id="r2", text={"en": "two"}))
    )
    made = form(
        Module(
            id="m", items=(item("a"), item("b", showcard="1"), item("n", "How old?", type="integer", scale=None), grid)
        )
    )
    seconds = item_seconds(made, "en", PACE)
    # "Do you trust them" 4, "often rarely never" 2 + 3 + 2
    assert seconds == {"a": 11 / 2 + 3, "b": 4 / 2 + 3, "n": 2 / 2 + 5, "r1": (3 + 1 + 7) / 2 + 3, "r2": 1 / 2 + 1}


def test_minutes_are_those_of_the_items_each_interview_meets():
    first = Module(id="first", items=(item("a", showcard="1"),))
    more = Module(
        id="more",
        items=(item("b", showcard="1"), Item(id="t", type="note", text={"en": "Thank you."})),
        ask_if="a == 1",
    )
    made = form(first, more)
    drawn = simulate(made, 400, seed=2, expected={"a": {1: 1, 2: 1}})
    out = length(made, simulation=drawn, pace=PACE)
    asked = np.array([one == 1 for one in drawn.answers["a"]])
    short, long = (5 + 10) / 60, (5 + 10 + 5 + 10 + 2 / 2 + 0.5) / 60
    np.testing.assert_allclose(out.minutes, np.where(asked, long, short), rtol=1e-12)
    table = out.table().set_index("part")
    assert table.loc["more", "share_reached"] == asked.mean()
    assert table.loc["whole interview", "p95"] == round(long, 2)
    routes = out.by_route()
    assert set(routes["route"]) == {"more", "(the common modules only)"}
    assert routes["share"].sum() == pytest.approx(1.0)
    assert set(routes["data_status"]) == {"synthetic"}


def test_what_to_cut_is_named_until_the_limit_is_met():
    made = form(
        *(Module(id=name, items=(item(name, "word " * size),)) for name, size in (("a", 20), ("b", 200), ("c", 100)))
    )
    out = length(made, n=10, pace=PACE)
    cut = out.to_cut(2.0, keep=("a",))
    assert [name for name, _ in cut] == ["b"]
    assert cut[0][1] <= 2.0 < out.percentile(75)
    assert out.to_cut(60.0) == ()
    assert [name for name, _ in out.to_cut(0.0, keep=("a",))] == ["b", "c"]  # not enough, and nothing else may go


def test_a_pace_is_found_again_from_timings_made_with_it():
    rng = np.random.default_rng(1)
    items = [item(f"s{size}", "word " * size, showcard="1") for size in (3, 8, 15, 30)]
    items += [item(f"n{size}", "word " * size, type="integer", scale=None) for size in (4, 9, 20)]
    made = form(Module(id="m", items=tuple(items)))
    truth = Pace(syllables=3.5, answer={"single": 2.0, "integer": 6.0})
    seconds = item_seconds(made, "en", truth)
    timings = {name: value * rng.lognormal(0, 0.1, 4001) for name, value in seconds.items()}
    found = calibrate(made, timings, "en")
    assert found.syllables == pytest.approx(3.5, rel=0.03)
    assert found.answer["single"] == pytest.approx(2.0, abs=0.15)
    assert found.answer["integer"] == pytest.approx(6.0, abs=0.15)
    assert found.calibrated == 7 * 4001


def test_timings_that_say_nothing_are_refused():
    made = form(Module(id="m", items=tuple(item(f"s{size}", "word " * size, showcard="1") for size in (3, 8, 15, 30))))
    with pytest.raises(InstrumentError, match="Too few items"):
        calibrate(made, {"s3": [5.0] * 20}, "en")
    with pytest.raises(InstrumentError, match="did not take longer"):
        calibrate(made, {f"s{size}": [100.0 - size] * 20 for size in (3, 8, 15, 30)}, "en")
