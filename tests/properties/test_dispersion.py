"""Inequalities and definitions that hold for second moments, Gini coefficients and absolute deviations of any sample."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

import survey_kit as sk

weights = st.floats(0.1, 50.0)
tied = st.integers(0, 4).map(float)
spread = st.floats(0.0, 1e6).map(lambda v: round(v, 3))


@st.composite
def samples(draw: st.DrawFn) -> pd.DataFrame:
    """Two to thirty people with ties or without, in one to three domains."""
    n = draw(st.integers(2, 30))
    values = draw(st.sampled_from([tied, spread]))

    def column(of: st.SearchStrategy[float]) -> list[float]:
        return draw(st.lists(of, min_size=n, max_size=n))

    frame = pd.DataFrame({"w": column(weights), "y": column(values), "x": column(values)})
    return frame.assign(dom=draw(st.lists(st.integers(1, 3), min_size=n, max_size=n)))


def points(est: sk.Estimates) -> np.ndarray:
    return est.table["estimate"].to_numpy(float)


@given(samples())
def test_gini_is_its_double_sum(frame: pd.DataFrame) -> None:
    """In every domain, whatever the ties; the middle of a scale of domains is no place for an off-by-one."""
    ours = sk.gini(sk.Design(frame, weight="w"), "y", by="dom").table
    for row in ours.itertuples():
        part = frame[frame["dom"] == row.dom]
        w, y = part["w"].to_numpy(), part["y"].to_numpy()
        total = 2 * w.sum() * (w * y).sum()
        if total == 0:
            assert row.status == "undefined"
            continue
        expected = (np.outer(w, w) * np.abs(np.subtract.outer(y, y))).sum() / total
        np.testing.assert_allclose(row.estimate, expected, rtol=1e-9, atol=1e-12)
        assert -1e-12 <= row.estimate < 1


@given(samples())
def test_absolute_deviations_are_at_most_the_sd(frame: pd.DataFrame) -> None:
    """Median minimises, then Jensen's inequality; and the median form is no larger from any other centre."""
    d = sk.Design(frame, weight="w")
    about_median, about_mean = (
        points(sk.mean_absolute_deviation(d, "y", about=about))[0] for about in ("median", "mean")
    )
    sd = float(points(sk.sd(d, "y"))[0]) * np.sqrt((len(frame) - 1) / len(frame))
    slack = 1e-9 * (1 + sd)
    assert about_median <= about_mean + slack <= sd + 2 * slack
    for centre in frame["y"]:
        assert about_median <= np.average(np.abs(frame["y"] - centre), weights=frame["w"]) + slack


@given(samples(), st.floats(0.01, 100.0), st.floats(-1e4, 1e4))
def test_moments_move_as_they_must(frame: pd.DataFrame, factor: float, shift: float) -> None:
    moved = frame.assign(y=factor * frame["y"] + shift)
    a, b = (sk.Design(part, weight="w") for part in (frame, moved))
    np.testing.assert_allclose(
        points(sk.variance(b, "y")), factor**2 * points(sk.variance(a, "y")), rtol=1e-6, atol=1e-6
    )
    r, again = (points(sk.correlation(d, ("y", "x")))[0] for d in (a, b))
    if np.isfinite(r) and frame["y"].std() > 1e-3 * (1 + abs(shift) / factor):
        assert abs(r) <= 1
        np.testing.assert_allclose(again, r, rtol=1e-6, atol=1e-9)


@given(samples())
def test_shares_and_counts_add_up(frame: pd.DataFrame) -> None:
    d = sk.Design(frame, weight="w")
    shares = sk.share(d, by=("dom",))
    np.testing.assert_allclose(points(shares).sum(), 1.0, rtol=1e-12)
    v = shares.vcov()
    np.testing.assert_allclose(v.sum(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(points(sk.count(d, "dom")).sum(), frame["w"].sum(), rtol=1e-12)
