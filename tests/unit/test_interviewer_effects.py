"""Interviewer effects: components of designs with known ones, limits that cover, what cannot be told apart said so."""

import numpy as np
import pandas as pd
import pytest

from survey_kit.fieldwork.interviewer_effects import components, interviewer_effects
from survey_kit.fieldwork.screens import Interviews


def interpenetrated(rng, a=0.3, b=0.5, areas=60, each=10):
    """Two interviewers in every area, each in five areas."""
    area = np.arange(areas * each) // each
    who = area // 5 * 2 + rng.integers(0, 2, len(area))
    y = (
        a * rng.standard_normal(who.max() + 1)[who]
        + b * rng.standard_normal(areas)[area]
        + rng.standard_normal(len(area))
    )
    return y, who, area


def test_components_are_unbiased_and_limits_cover():
    rng = np.random.default_rng(1)
    made = [components(*interpenetrated(rng)) for _ in range(1000)]
    for name, wanted in (("interviewer", 0.09), ("area", 0.25), ("residual", 1.0)):
        values = np.array([getattr(one, name) for one in made])
        assert abs(values.mean() - wanted) < 4 * values.std() / np.sqrt(1000), name
    covered = np.mean([one.low <= 0.09 / 1.34 <= one.high for one in made])
    assert 0.93 < covered < 0.97  # three standard errors of a thousand surveys at 95 %


def test_without_interviewer_effects_the_test_keeps_its_level():
    rng = np.random.default_rng(2)
    p = np.array([components(*interpenetrated(rng, a=0.0)).p for _ in range(1000)])
    assert 0.03 < (p < 0.05).mean() < 0.07


def test_areas_left_in_would_pass_for_interviewers():
    rng = np.random.default_rng(3)
    y, who, area = interpenetrated(rng, a=0.0, b=1.0)
    frame = pd.DataFrame({"y": y, "who": who, "area": area})
    apart = interviewer_effects(Interviews(frame=frame, interviewer="who", psu="area"), ["y"])
    mixed = interviewer_effects(Interviews(frame=frame, interviewer="who"), ["y"])
    assert apart.table.loc[0, "p"] > 0.05
    assert mixed.table.loc[0, "p"] < 0.001
    assert "areas are not taken out" in mixed.note
    assert mixed.table.loc[0, "deff"] == pytest.approx(
        1 + (mixed.table.loc[0, "workload"] - 1) * mixed.table.loc[0, "rho"]
    )


def test_what_cannot_be_told_is_said():
    rng = np.random.default_rng(4)
    frame = pd.DataFrame(
        {"who": np.arange(200) // 20, "area": np.arange(200) // 10, "y": rng.standard_normal(200), "same": 1.0}
    )
    frame.loc[3:, "few"] = np.nan
    frame.loc[:2, "few"] = [1.0, 2.0, 3.0]
    made = interviewer_effects(Interviews(frame=frame, interviewer="who", psu="area"), ["y", "same", "few"])
    assert dict(zip(made.table["item"], made.table["status"], strict=True)) == {
        "y": "confounded",
        "same": "one_value",
        "few": "too_few",
    }
    assert made.table[["rho", "p", "deff"]].isna().all(axis=None)
    assert "cannot be told apart" in made.note
    assert "Interviewer effects" in made._repr_html_()


def test_answers_without_any_rest_have_no_limits():
    made = components(np.array([1.0, 1, 2, 2]), np.array([0, 0, 1, 1]), np.zeros(4, dtype=int))
    assert made.rho == 1
    assert made.p == 0
    assert np.isnan([made.low, made.high]).all()
