"""Charts of weights: the values they draw, and that they say what they must."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import survey_kit as sk
from survey_kit.report.weight_figures import (
    MOST_LEVELS,
    draw_weights,
    effects_drawing,
    margins_drawing,
    spread_drawing,
)
from survey_kit.weighting import Calibrate, Nonresponse, Rake, Trim, WeightingPlan

RNG = np.random.default_rng(2)
FRAME = pd.DataFrame(
    {
        "w": RNG.uniform(1, 3, 300),
        "sex": RNG.choice(["f", "m"], 300),
        "age": RNG.choice(["y", "m", "o"], 300),
        "came": RNG.random(300) < 0.8,
        "z": RNG.normal(10, 3, 300),
        "many": np.arange(300) % 60,
    }
)
RAKE = Rake(margins={"sex": {"f": 520, "m": 480}, "age": {"y": 300, "m": 400, "o": 300}})
PLAN = WeightingPlan(steps=(Nonresponse(respondent="came", by="sex"), RAKE))
STUDY = SimpleNamespace(
    data_status="synthetic",
    definitions=[
        SimpleNamespace(id="a", title={"en": "Trust in courts"}),
        SimpleNamespace(id="b", title={"en": "None"}),
    ],
)
EFFECTS = pd.DataFrame(
    {
        "indicator": ["a", "a"],
        "wave": ["1", "2"],
        "unit": ["share", "share"],
        "since_start": [0.01, -0.02],
        "since_start_se": [0.004, 0.005],
        "df": [10.0, 20.0],
    }
)


def made(*steps: object) -> sk.Weights:
    return WeightingPlan(steps=steps or PLAN.steps).apply(sk.Design(FRAME, weight="w"))


def test_gaps_are_shares_less_target_shares() -> None:
    pairs = {pair.label: pair for pair in margins_drawing(made()).pairs}
    assert set(pairs) == {"sex=f", "sex=m", "age=y", "age=m", "age=o"}
    came = FRAME[FRAME["came"]]
    share = came.loc[came["sex"] == "f", "w"].sum() / came["w"].sum()
    assert pairs["sex=f"].before == pytest.approx(100 * (share - 0.52))
    assert abs(pairs["age=o"].after) < 1e-7
    trimmed = {pair.label: pair for pair in margins_drawing(made(RAKE, Trim(ratio=1.5))).pairs}
    assert max(abs(pair.after) for pair in trimmed.values()) > 0.01


def test_of_many_levels_the_widest_gaps_are_drawn() -> None:
    drawing = margins_drawing(made(Rake(margins={"many": dict.fromkeys(range(60), 10)})))
    assert len(drawing.pairs) == MOST_LEVELS
    assert "widest" in drawing.subtitle


def test_the_spread_of_every_step() -> None:
    start, response, rake = spread_drawing(made()).spreads
    assert (start.label, response.label, rake.label) == ("start", "1 nonresponse", "2 rake")
    w = made().values[FRAME["came"]]
    np.testing.assert_allclose(rake.quantiles, np.quantile(w, [0.01, 0.25, 0.5, 0.75, 0.99]) / w.mean())
    assert rake.deff == pytest.approx(made().log["deff"].iloc[-1])


def test_effects_are_in_points_with_students_interval() -> None:
    (dot,) = effects_drawing(STUDY, EFFECTS).dots
    half = stats.t.ppf(0.975, 20) * 0.5
    assert (dot.label, dot.text, dot.value) == ("Trust in courts", "-2.0", -2.0)
    assert (dot.low, dot.high) == pytest.approx((-2 - half, -2 + half))
    (unknown,) = effects_drawing(STUDY, EFFECTS.assign(since_start_se=np.nan)).dots
    assert unknown.low is None


def test_charts_are_drawn_and_synthetic_ones_say_so(tmp_path: Path) -> None:
    files = draw_weights(tmp_path, "synthetic-own", STUDY, made(), EFFECTS)
    assert [path.name for path in files] == [f"synthetic-own-{name}.svg" for name in ("spread", "margins", "effects")]
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert "SYNTHETIC: " in text
    assert "sex=f" in (tmp_path / "synthetic-own-margins.svg").read_text(encoding="utf-8")


def test_a_plan_without_targets_and_negative_weights(tmp_path: Path) -> None:
    files = draw_weights(tmp_path, "a", STUDY, made(Nonresponse(respondent="came", by="sex")), EFFECTS.head(0))
    assert [path.name for path in files] == ["a-spread.svg"]
    hard = made(Calibrate(controls={"z": 16 * float(FRAME["w"].sum())}, population=float(FRAME["w"].sum())))
    assert (hard.values < 0).any()
    assert draw_weights(tmp_path, "b", STUDY, hard, EFFECTS)[0].is_file()
