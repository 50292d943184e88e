"""Distances from sampling points: who works elsewhere is found, honest spread is not; no position goes further than its distance."""

import numpy as np
import pandas as pd
import pytest

from survey_kit.errors import ResponsesError
from survey_kit.fieldwork import Interviews, screen_distance, screen_interviews
from survey_kit.fieldwork.positions import kilometres
from survey_kit.instrument import Instrument, Item, Module, Scale

N, POINTS = 600, 50
CENTRES = pd.DataFrame(
    {
        "psu": [str(k) for k in range(POINTS)],
        "latitude": 43 + 0.2 * np.arange(POINTS),
        "longitude": 70 + 0.1 * np.arange(POINTS),
    }
)


def held(rng, away=(), share=0.5, **columns):
    """Interviews of 20 interviewers, two in each of 50 points, within some hundred metres; `away` hold a share of theirs 40 km off."""
    psu = np.arange(N) // 12
    who = psu // 5 * 2 + rng.integers(0, 2, N)
    far = np.isin(who, away) & (rng.random(N) < share)
    frame = pd.DataFrame({"psu": psu, "who": who, "q": rng.integers(1, 3, N)})
    frame["lat"] = 43 + 0.2 * psu + 0.004 * rng.standard_normal(N) + np.where(far, 0.36, 0.0)
    frame["lon"] = 70 + 0.1 * psu + 0.004 * rng.standard_normal(N)
    return Interviews(
        frame=frame.assign(**columns), interviewer="who", psu="psu", within="psu", latitude="lat", longitude="lon"
    ), far


@pytest.mark.parametrize("points", [None, CENTRES])
@pytest.mark.parametrize("reach", [None, 5.0])
def test_who_works_elsewhere_is_found(points, reach):
    one, far = held(np.random.default_rng(1), away=(3, 8), share=0.35 if points is None else 0.5)
    found = screen_distance(one, points, reach=reach)
    assert sorted(found.flagged) == ([3, 8] if points is not None else [3])  # its own median sees less
    assert found.interviews["far"].to_numpy()[far].mean() > (0.8 if points is None else 0.99)
    assert found.interviews["far"].to_numpy()[~far].mean() < (0.08 if points is None else 0.02)
    assert not {"lat", "lon", "latitude", "longitude"} & (set(found.interviews) | set(found.table))


def test_distances_are_those_to_the_centre():
    one, _ = held(np.random.default_rng(2), away=(1,))
    found = screen_distance(one, CENTRES.assign(reach=3.0))
    psu = one.frame["psu"].to_numpy()
    way = kilometres(one.frame[["lat", "lon"]].to_numpy(), CENTRES[["latitude", "longitude"]].to_numpy()[psu])
    np.testing.assert_allclose(found.interviews["kilometres"], way, rtol=1e-12)
    np.testing.assert_array_equal(found.interviews["far"], way > 3)
    assert (
        str(found.notes[0])
        == f"Each sampling point has its own reach; {(way > 3).sum()} of 600 interviews are beyond it."
    )


def test_honest_interviewers_stand_out_seldom():
    """The level is kept: with everybody at their points, of many surveys few name anybody."""
    rng = np.random.default_rng(3)
    named = sum(bool(screen_distance(held(rng)[0], CENTRES).flagged) for _ in range(60))
    assert named <= 8


def test_a_point_worked_elsewhere_as_a_whole_is_seen_only_with_its_centre():
    one, _ = held(np.random.default_rng(4))
    moved = one.frame.assign(lat=np.where(one.frame["psu"] == 7, one.frame["lat"] + 1, one.frame["lat"]))
    all_of_it = Interviews(frame=moved, interviewer="who", psu="psu", latitude="lat", longitude="lon")
    here = moved["psu"].to_numpy() == 7
    assert screen_distance(all_of_it, CENTRES, reach=5).interviews["far"].to_numpy()[here].all()
    assert not screen_distance(all_of_it, reach=5).interviews["far"].to_numpy()[here].any()


def test_interviews_without_a_position_are_told_and_not_judged():
    one, _ = held(np.random.default_rng(5))
    frame = one.frame.assign(lat=one.frame["lat"].where(np.arange(N) % 10 > 0))
    bare = Interviews(frame=frame, interviewer="who", psu="psu", latitude="lat", longitude="lon")
    found = screen_distance(bare, CENTRES.iloc[1:])
    assert found.interviews["score"].isna().sum() == 60 + 10
    assert "70 interviews have no position" in str(found.notes[1])


def test_it_runs_with_the_others():
    one, _ = held(np.random.default_rng(6), away=(4,))
    form = Instrument(
        id="t",
        version="1",
        modules=(Module(id="m", items=(Item(id="q", text={"en": "q"}, scale=Scale(codes=(1, 2))),)),),
    )
    assert screen_interviews(one, form, points=CENTRES, reach=4, rng=1)["distance"].flagged == [4]
    without = Interviews(frame=one.frame, interviewer="who")
    assert screen_interviews(without, form, rng=1).left_out["distance"] == "positions are not named"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"points": pd.concat([CENTRES, CENTRES.iloc[[3]]])}, r"(?s)stands twice.*row 4"),
        ({"points": CENTRES.rename(columns={"psu": "point"})}, "no column 'psu'"),
        ({"points": CENTRES.assign(latitude=99.0)}, "missing or impossible"),
        ({"points": CENTRES.assign(longitude=np.nan)}, "missing or impossible"),
        ({"points": CENTRES.drop(columns="longitude")}, "no column 'longitude'"),
        ({"points": CENTRES.assign(reach=-1.0)}, r"(?s)above 0 km.*row 1, column 'reach'"),
        ({"points": CENTRES.assign(psu="x" + CENTRES["psu"])}, "No interview has a position and a point"),
        ({"reach": 0.0}, "above 0 km"),
        ({"reach": float("nan")}, "above 0 km"),
    ],
)
def test_what_is_refused(change, message):
    one, _ = held(np.random.default_rng(7))
    with pytest.raises(ResponsesError, match=message):
        screen_distance(one, **change)


def test_positions_have_to_be_named():
    one, _ = held(np.random.default_rng(8))
    for left in ({"psu": None}, {"latitude": None}, {"longitude": None}):
        names = {"psu": "psu", "latitude": "lat", "longitude": "lon"} | left
        with pytest.raises(ResponsesError, match="not named"):
            screen_distance(Interviews(frame=one.frame, interviewer="who", **names))
