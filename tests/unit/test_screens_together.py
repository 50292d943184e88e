"""All screens over a real questionnaire: what is taken from it, who is found, what cannot be run told with the reason."""

import numpy as np
import pandas as pd
import pytest

from survey_kit.errors import ResponsesError
from survey_kit.fieldwork import (
    Interviews,
    batteries,
    closing_answers,
    expected_seconds,
    pseudonyms,
    scale_ends,
    screen_interviews,
)
from survey_kit.instrument import read_instrument, simulate
from survey_kit.responses import take

KEY = "kept in the office safe"
N, BAD = 500, "Testova 5"


@pytest.fixture(scope="module")
def form():
    return read_instrument("instruments/public_service_quality")


@pytest.fixture(scope="module")
def collected(form):
    """Simulated interviews of twenty interviewers, two in each sampling point; one is fast and ticks the middle of every grid."""
    rng = np.random.default_rng(1)
    raw = simulate(form, N, seed=1).frame()
    taken = take(raw, instruments={"": form})
    psu = np.arange(N) // 20
    who = np.array([f"Testova {k}" for k in psu // 4 * 2 + rng.integers(0, 2, N)], dtype=object)
    frame = taken.frame.assign(psu=psu, who=who, phone=[f"8701{k:07d}" for k in range(N)])
    bad = who == BAD
    for rows in batteries(form).values():
        for row in rows:
            given = bad & frame[row].notna().to_numpy()
            frame.loc[given, row] = form.codes(row)[len(form.codes(row)) // 2]
    frame.loc[bad, "phone"] = "+7 701 555 00 11"
    seconds = expected_seconds(form, frame) * np.exp(0.2 * rng.standard_normal(N)) * np.where(bad, 0.4, 1.0)
    begin = (
        pd.Timestamp("2026-05-04 09:00")
        + pd.to_timedelta(np.arange(N) // 8, "D")
        + pd.to_timedelta(np.arange(N) % 8 * 100, "min")
    )
    frame["begin"], frame["stop"] = begin, begin + pd.to_timedelta(seconds, "s")
    held = Interviews(frame=frame, interviewer="who", within="psu", psu="psu", start="begin", end="stop")
    return held, taken.missing


def test_what_an_instrument_says(form):
    grids = batteries(form)
    assert len(grids["health_grid"]) == 5
    assert all(form.grid_of(row) is not None for rows in grids.values() for row in rows)
    closing = closing_answers(form)
    assert closing["health_need"] == (2,)
    assert closing["gov_received"] == (2, 3, 4)
    assert "gov_tried" not in closing
    assert all(len(form.codes(item)) >= 4 for item in scale_ends(form))


def test_filters_close_what_the_routes_say(form):
    """Over simulated interviews: behind a closing answer fewer questions are asked than behind another."""
    made = simulate(form, 600, seed=3)
    total = np.sum([asked.astype(int) for asked in made.asked.values()], axis=0)
    closing, checked = closing_answers(form), 0
    for item in ("health_need", "edu_children", "gov_need"):
        closed = np.array([value in closing[item] for value in made.answers[item]]) & made.asked[item]
        rest = made.asked[item] & ~closed & np.array([value in form.codes(item) for value in made.answers[item]])
        assert min(closed.sum(), rest.sum()) > 30
        assert total[closed].mean() < total[rest].mean(), item
        checked += 1
    assert checked == 3


def test_every_screen_runs_and_finds_who_is_odd(form, collected, tmp_path):
    held, reasons = collected
    made = screen_interviews(held, form, reasons=reasons, phone="phone", key=KEY, rng=1, data_status="synthetic")
    assert [one.screen.name for one in made.screens] == [
        "straightlining", "item_nonresponse", "contact_filters", "extreme_answers", "heaping", "small_variance", "alike",
        "duration", "duplicate_contacts", "drift_of_contact_filters", "schedule", "score",
    ]  # fmt: skip
    assert made.left_out == {"distance": "positions are not named"}
    for name in ("straightlining", "duration", "duplicate_contacts", "extreme_answers", "score"):
        assert made[name].flagged == [BAD], name
    table = made.table()
    assert table.loc[0, "interviewer"] == BAD
    assert (table.loc[1:, "stands_out_in"] <= 1).all()
    assert made.effects is not None
    assert len(made.effects.table) > 20
    written = made.write(tmp_path / "field", key=KEY, title="Rehearsal 1")
    assert pseudonyms([BAD], key=KEY, prefix="I-")[0] in written.pages
    text = "".join(path.read_text() for path in written.folder.iterdir())
    assert "Testova" not in text
    assert "5550011" not in text
    assert "Testova" not in repr(made.screens[0].screen)


def test_what_cannot_be_run_is_told(form, collected):
    held, _ = collected
    few = held.frame[["who", "gov_need"]]
    made = screen_interviews(Interviews(frame=few, interviewer="who"), form, rng=1)
    assert made.left_out["straightlining"] == "no battery of three items"
    assert made.left_out["duration"] == "begin and end are not named"
    assert "score" in made.left_out
    with pytest.raises(ResponsesError, match="begin and end"):
        made["duration"]
    assert "begin and end" in made._repr_html_()
    with pytest.raises(ResponsesError, match="no item of the instrument"):
        screen_interviews(Interviews(frame=few[["who"]], interviewer="who"), form, rng=1)
    again, same = (screen_interviews(Interviews(frame=few, interviewer="who"), form, rng=3).table() for _ in range(2))
    pd.testing.assert_frame_equal(again, same)
