"""The design and the record that follow from a plan of several stages."""

import json

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.errors import DesignError
from survey_kit.sampling import Stage, allocate, repeat_plan

LUCK = np.random.default_rng(3)
AREAS = pd.DataFrame(
    {"area": range(24), "region": ["a"] * 10 + ["b"] * 14, "people": LUCK.integers(20, 60, 24).astype(float)}
)
SIZES = {"method": "pps_systematic", "size": "people"}


def plan(*stages):
    return sk.SamplePlan.read({"schema": "survey-kit/sample/1", "stages": list(stages)})


def houses_of(drawn, seed=1):
    luck = np.random.default_rng(seed)
    out = drawn.frame[["area"]].loc[lambda f: f.index.repeat(9)].reset_index(drop=True)
    out["house"] = out.groupby("area").cumcount()
    out["y"] = luck.normal(5, 1, len(out)) + out["area"] % 5
    return out


def two_stages(rng=1, **first):
    drawn = plan({"unit": "area", "strata": ["region"], "n": 5} | first, {"unit": "house", "n": 4}).draw(AREAS, rng=rng)
    return drawn.next_stage(houses_of(drawn), rng=rng + 100)


def test_both_stages_are_those_of_cochran():
    """Cochran (1977), equation 11.24: simple random sampling in both stages, summed over strata."""
    drawn = two_stages()
    frame = drawn.frame
    V = 0.0  # noqa: N806
    for region, n_all in (("a", 10), ("b", 14)):
        here = frame[frame["region"] == region]
        units = here.groupby("area")["y"]
        totals = 9 * units.mean()
        V += (  # noqa: N806
            n_all**2 * (1 - 5 / n_all) * totals.var(ddof=1) / 5
            + n_all / 5 * (81 * (1 - 4 / 9) * units.var(ddof=1) / 4).sum()
        )
    found = sk.total(drawn.design(variance="stages"), "y").table
    np.testing.assert_allclose(found["se"].iloc[0] ** 2, V)
    np.testing.assert_allclose(found["estimate"].iloc[0], (frame["y"] * frame["weight"]).sum())


def test_clusters_are_drawn_with_replacement():
    drawn = two_stages()
    frame = drawn.frame.assign(t=lambda f: f["y"] * f["weight"])
    totals = frame.groupby(["region", "area"])["t"].sum()
    V = sum(5 * part.var(ddof=1) for _, part in totals.groupby("region"))  # noqa: N806
    np.testing.assert_allclose(sk.total(drawn.design(), "y").table["se"].iloc[0] ** 2, V)
    assert drawn.design().df == 8


def test_a_certainty_unit_is_a_stratum_of_its_houses():
    frame = AREAS.assign(sure=AREAS["area"] == 0)
    drawn = plan({"unit": "area", "strata": ["region"], "n": 5, "certainty": "sure"}, {"unit": "house", "n": 4}).draw(
        frame, rng=2
    )
    whole = drawn.next_stage(houses_of(drawn), rng=3)
    design = whole.design()
    assert design.df == (4 - 1) + (5 - 1) + (4 - 1)
    sure = whole.frame[whole.frame["area"] == 0]
    rest = whole.frame[whole.frame["area"] != 0].assign(t=lambda f: f["y"] * f["weight"])
    V = 4 * (sure["y"] * sure["weight"]).var(ddof=1)  # noqa: N806
    V += sum(len(t) * t.var(ddof=1) for _, t in rest.groupby(["region", "area"])["t"].sum().groupby("region"))  # noqa: N806
    np.testing.assert_allclose(sk.total(design, "y").table["se"].iloc[0] ** 2, V)
    by_stage = sk.total(whole.design(variance="stages"), "y").table["se"].iloc[0]
    assert 0 < by_stage < np.sqrt(V)


def test_unequal_probabilities_have_their_approximation_and_the_second_stage_comes_on_top():
    """Horvitz & Thompson (1952), Cochran (1977), equation 11.42: V of the unit totals, plus the variance within units over pi."""
    drawn = two_stages(**SIZES)
    design = drawn.design(variance="stages")
    assert design.pps.method == "brewer"
    units = (
        drawn.frame.groupby(["region", "area"])
        .agg(mean=("y", "mean"), s2=("y", "var"), pi=("pi_1", "first"))
        .reset_index()
    )
    units["t"], units["w"] = 9 * units["mean"], 1 / units["pi"]
    first = sk.Design(units, weight="w", strata="region", psu="area", pps=sk.Pps(probability="pi", method="brewer"))
    within = (81 * (1 - 4 / 9) * units["s2"] / 4 / units["pi"]).sum()
    expected = sk.total(first, "t").table["se"].iloc[0] ** 2 + within
    np.testing.assert_allclose(sk.total(design, "y").table["se"].iloc[0] ** 2, expected)


def test_answers_of_units_released_and_weights_within_them():
    drawn = plan({"unit": "area", "strata": ["region"], "n": 4, "reserve": 1} | SIZES).draw(AREAS, rng=1)
    waiting = drawn.reserves["area"].iloc[0]
    answers = pd.DataFrame({"area": [*drawn.frame["area"], waiting], "adults": 2.0})
    with pytest.raises(DesignError, match=r"(?s)not in the sample.*row 9.*release the reserve"):
        drawn.design(answers)
    more = drawn.release({"a": 1})
    design = more.design(answers, weight="adults", lonely_psu="certainty")
    by_area = more.frame.set_index("area")["weight"]
    np.testing.assert_allclose(design.layout.weight, 2 * by_area[answers["area"]])
    with pytest.raises(DesignError, match="matched to units by their column 'area'"):
        more.design(answers.rename(columns={"area": "psu"}))


def test_estimates_are_unbiased_and_their_variances_safe():
    """Over 300 draws of two stages the mean estimate is the truth, and the mean variance of both forms that of the estimates or more."""
    luck = np.random.default_rng(0)
    houses = AREAS.loc[AREAS.index.repeat(9), ["area"]].reset_index(drop=True)
    houses["house"] = houses.groupby("area").cumcount()
    houses["y"] = luck.normal(5, 1, len(houses)) + houses["area"] % 5
    declared = plan({"unit": "area", "strata": ["region"], "n": 3}, {"unit": "house", "n": 2})
    found = []
    for seed in range(300):
        drawn = declared.draw(AREAS, rng=seed)
        here = houses[houses["area"].isin(drawn.frame["area"])].reset_index(drop=True)
        whole = drawn.next_stage(here, rng=seed + 1000)
        both = [sk.total(whole.design(variance=form), "y").table.iloc[0] for form in ("stages", "clusters")]
        found.append([both[0]["estimate"], both[0]["se"] ** 2, both[1]["se"] ** 2])
    estimate, by_stages, by_clusters = np.array(found).T
    spread = estimate.var(ddof=1)
    assert abs(estimate.mean() - houses["y"].sum()) < 4 * np.sqrt(spread / 300)
    assert abs(by_stages.mean() / spread - 1) < 4 * np.sqrt(2 / 300) + 4 * by_stages.std() / by_stages.mean() / np.sqrt(
        300
    )
    assert by_clusters.mean() > by_stages.mean()


# ------------------------------------------------------------------------------------------------------------ record
@pytest.mark.parametrize("seed", [5, "generator"])
def test_a_plan_is_repeated_from_its_record(seed):
    rng = np.random.default_rng(9) if seed == "generator" else seed
    n = allocate(pd.DataFrame({"region": ["a", "b"], "N": [10, 14]}), 8)
    first = Stage(unit="area", strata="region", reserve=2, n=n, method="pps_systematic", size="people")
    third = Stage(unit="person", method="last_birthday", within={"month": "month", "day": "day", "on": "2026-07-01"})
    second = Stage(unit="house", n=3, reserve=dict.fromkeys(range(24), 2), short="all")
    declared = sk.SamplePlan(stages=(first, second, third), title="Test")
    drawn = declared.draw(AREAS, rng=rng).release({"a": 1})
    ids = drawn.frame["area"].tolist()
    houses = houses_of(drawn)
    houses = houses[houses["area"] != ids[0]].reset_index(drop=True)
    second_drawn = drawn.next_stage(houses, rng=rng, empty=[ids[0]]).release({ids[1]: 1})
    luck = np.random.default_rng(1)
    roster = second_drawn.frame[["area", "house"]].loc[lambda f: f.index.repeat(3)].reset_index(drop=True)
    roster["person"] = roster.groupby(["area", "house"]).cumcount()
    roster["month"], roster["day"] = luck.integers(1, 13, len(roster)), luck.integers(1, 29, len(roster))
    whole = second_drawn.next_stage(roster, rng=rng)
    again = repeat_plan([AREAS, houses, roster], whole.to_json())
    pd.testing.assert_frame_equal(again.frame, whole.frame)
    assert again.to_dict() == whole.to_dict()
    assert json.loads(whole.to_json())["stages"][0]["released"] == {"a": 1}
    with pytest.raises(DesignError, match=r"(?s)not the frame that the stage was drawn from.*stage 2, unit 'house'"):
        repeat_plan([AREAS, houses[houses["house"] != 8], roster], whole.to_dict())
    with pytest.raises(DesignError, match=r"(?s)A frame is needed for each stage.*2 frames, 3 stages"):
        repeat_plan([AREAS, houses], whole.to_dict())
    spoilt = whole.to_dict()
    spoilt["stages"][0]["turn_digest"] = "0"
    with pytest.raises(DesignError, match=r"came out differently.*(?s:.)*stage 1"):
        repeat_plan([AREAS, houses, roster], spoilt)
    with pytest.raises(DesignError, match="no record of a plan"):
        repeat_plan([AREAS], {"schema": "survey-kit/draw/1"})


def test_a_plan_written_is_the_plan_read(tmp_path):
    value = {
        "schema": "survey-kit/sample/1",
        "title": "Two stages",
        "stages": [
            {
                "unit": "area",
                "strata": ["region"],
                "method": "PPS systematic",
                "size": "people",
                "n": {
                    "precision": [{"sd": "sd", "se": 0.02, "by": "region"}],
                    "deff": 1.4,
                    "per_unit": 10.0,
                    "minimum": 1,
                },
                "reserve": 2,
            },
            {"unit": "house", "n": {"rate": 0.01}},
            {"unit": "person", "n": 1, "method": "Kish grid", "within": {"sex": "sex", "age": "age"}},
        ],
    }
    made = sk.SamplePlan.read(value)
    assert sk.SamplePlan.read(json.loads(json.dumps(made.to_dict()))) == made
    assert len(made.story()) == 3
    assert "Kish grid" in made._repr_html_()
    path = tmp_path / "sample.yaml"
    path.write_text(json.dumps(value), encoding="utf-8")
    assert sk.SamplePlan.from_yaml(path) == made
