"""The nearest interview of every interview: exact, the same with and without numba, planted copies found, honest surveys left alone."""

import numpy as np
import pandas as pd
import pytest

from survey_kit.errors import ResponsesError
from survey_kit.fieldwork import likeness, nearest
from survey_kit.fieldwork.matching import _products, encode


def survey(n=400, items=60, seed=1, missing=0.05):
    """Make answers in which people differ by one trait and give few answers at random."""
    rng = np.random.default_rng(seed)
    trait = rng.standard_normal(n)
    raw = trait[:, None] * rng.uniform(0, 1.2, items) + rng.standard_normal((n, items))
    codes = np.clip(np.round(raw * 1.2 + 3), 1, 5)
    codes[rng.random((n, items)) < missing] = np.nan
    frame = pd.DataFrame(codes, columns=[f"q{k}" for k in range(items)])
    frame["interviewer"] = rng.permutation(np.arange(n) % 20)
    frame["psu"] = np.arange(n) // 10
    return frame


def names(frame):
    return [name for name in frame if name.startswith("q")]


def by_hand(codes, least):
    n = len(codes)
    share, other, joint = np.full(n, np.nan), np.full(n, -1), np.zeros(n, dtype=int)
    for i in range(n):
        for j in range(n):
            both = int(((codes[i] > 0) & (codes[j] > 0)).sum())
            same = int(((codes[i] == codes[j]) & (codes[i] > 0)).sum())
            if i != j and both >= least and (other[i] < 0 or same / both > share[i]):
                share[i], other[i], joint[i] = same / both, j, both
    return share, other, joint


@pytest.mark.parametrize(("items", "missing", "least"), [(63, 0.1, 20), (64, 0.0, 20), (65, 0.6, 20), (130, 0.8, 20)])
def test_both_ways_find_what_comparing_by_hand_finds(items, missing, least):
    codes = encode(survey(80, items, missing=missing)[[f"q{k}" for k in range(items)]])
    share, other, joint = by_hand(codes, least)
    for found in (nearest(codes, least_joint=least), _products(codes, least)):
        np.testing.assert_array_equal(found.other, other)
        np.testing.assert_array_equal(found.joint, joint)
        np.testing.assert_allclose(found.share, share, rtol=1e-14)


def test_planted_copies_are_found_and_stand_with_their_interviewer():
    frame = survey()
    rng = np.random.default_rng(9)
    items = names(frame)
    one = frame.index[frame["interviewer"] == 3]
    for row, source in zip(one[:8], one[8:16], strict=True):  # copies with a tenth of the answers changed
        copied = frame.loc[source, items].to_numpy()
        changed = rng.random(len(items)) < 0.1
        frame.loc[row, items] = np.where(changed, rng.integers(1, 6, len(items)), copied)
    made = likeness(frame, items, interviewer="interviewer", psu="psu", surveys=5, level=0.005, rng=4)
    told = made.concentration("interviewer")
    assert told.loc[0, "interviewer"] == 3
    assert told.loc[0, "stand_out"] >= 14
    assert told.loc[0, "p_chance"] < 1e-12
    copies = made.interviews.loc[one[:16]]
    assert copies["stands_out"].mean() > 0.85
    assert copies.loc[copies["stands_out"], "same_interviewer"].all()


def test_an_honest_survey_stands_out_as_seldom_as_chance_does():
    """Answers hang together through a trait, which exchange among neighbours keeps; twenty surveys."""
    outs = 0
    for seed in range(20):
        frame = survey(200, 40, seed=seed)
        made = likeness(
            frame, names(frame), blocks=[names(frame)[:20], names(frame)[20:]], surveys=5, level=0.01, rng=seed
        )
        outs += int(made.interviews["stands_out"].sum())
    # 1 % by construction if exchanged answers were as much alike as honest ones; they are a little less, and pairs come together
    assert 0.002 < outs / 4000 < 0.03


def test_the_same_seed_gives_the_same_chance():
    frame = survey(100)
    one, same = (likeness(frame, names(frame), rng=3) for _ in range(2))
    pd.testing.assert_frame_equal(one.interviews, same.interviews)


def test_interviews_with_too_few_answers_have_no_nearest():
    frame = survey(60, 40)
    frame.loc[5, names(frame)[15:]] = np.nan
    row = likeness(frame, names(frame), rng=1).interviews.loc[5]
    assert pd.isna(row["nearest"])
    assert pd.isna(row["share"])
    assert not row["stands_out"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"items": ["q0", "q1"]}, "Too little"),
        ({"interviewer": "who"}, "no column 'who'"),
        ({"blocks": [["q0", "q0"]]}, "names 'q0' twice"),
        ({"blocks": [["zz"]]}, "names 'zz'"),
    ],
)
def test_what_cannot_be_compared_is_refused(change, told):
    frame = survey(50)
    with pytest.raises(ResponsesError, match=told):
        likeness(frame, **{"items": names(frame), "rng": 1, **change})


def test_numbers_have_to_be_grouped_first():
    frame = survey(300).assign(q0=np.arange(300))
    with pytest.raises(ResponsesError, match="too many different answers"):
        likeness(frame, names(frame), rng=1)
