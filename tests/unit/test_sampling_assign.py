"""Assignment of interviewers: at least two in each unit, workloads kept, dealt at random, linked, repeatable, refused in words."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pytest

from survey_kit.errors import DesignError
from survey_kit.sampling.assign import assign


def cases(units=12, each=6, areas=2):
    frame = pd.DataFrame({"psu": np.repeat(np.arange(units), each)})
    frame["case"] = [f"{psu}-{i % each}" for i, psu in enumerate(frame["psu"])]
    frame["region"] = [f"r{psu % areas}" for psu in frame["psu"]]
    return frame


def crew(n=6, areas=2, **more):
    return pd.DataFrame(
        {"interviewer": [f"i{j}" for j in range(n)], "region": [f"r{j % areas}" for j in range(n)], **more}
    )


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("k", [2, 3])
def test_every_rule_is_kept(seed, k):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(k, 15, 20)
    frame = pd.DataFrame({"psu": np.repeat(np.arange(20), sizes)})
    frame["region"] = frame["psu"] % 3
    people = pd.DataFrame({"interviewer": [f"i{j}" for j in range(15)], "region": [j % 3 for j in range(15)]})
    people["most"] = [int(np.ceil(frame["region"].eq(j % 3).sum() / 5)) + 6 for j in range(15)]
    made = assign(
        frame.sample(frac=1, random_state=seed), people, psu="psu", area="region", workload="most", per_psu=k, rng=seed
    )
    each = made.frame.groupby("psu")["interviewer"].agg(["nunique", "size"])
    assert (each["nunique"] == k).all()
    load = made.frame["interviewer"].value_counts()
    assert (load <= people.set_index("interviewer")["most"].reindex(load.index)).all()
    region = people.set_index("interviewer")["region"]
    assert (made.frame["interviewer"].map(region) == made.frame["region"]).all()
    parts = made.pairs.groupby("psu")["cases"].agg(["min", "max"])
    assert (parts["max"] - parts["min"] <= 1).all()
    assert made.workloads["cases"].sum() == len(frame)
    assert made.linked == made.areas == 3
    assert made.contrasts == (made.workloads["cases"] > 0).sum() - 3


def test_cases_are_dealt_at_random():
    """Each case has each interviewer of a unit with the same chance, and neighbours are no more together than chance has it."""
    frame, people = cases(units=1, each=8, areas=1), crew(n=2, areas=1)
    rng = np.random.default_rng(11)
    runs = 2000
    first = np.zeros(8)
    together = 0
    for _ in range(runs):
        dealt = assign(frame, people, psu="psu", workload=8, rng=rng).frame["interviewer"].to_numpy()
        first += dealt == "i0"
        together += dealt[0] == dealt[1]
    assert np.abs(first / runs - 0.5).max() < 4 * 0.5 / np.sqrt(runs)
    expected = 3 / 7
    assert abs(together / runs - expected) < 4 * np.sqrt(expected * (1 - expected) / runs)


def test_a_seed_repeats_and_the_record_says_so():
    made, again = (assign(cases(), crew(), psu="psu", area="region", workload=20, rng=5) for _ in range(2))
    assert made.frame["interviewer"].tolist() == again.frame["interviewer"].tolist()
    record = json.loads(made.to_json())
    assert record == json.loads(again.to_json())
    assert (record["seed"], record["per_psu"], record["cases"]) == (5, 2, 72)
    other = assign(cases(), crew(), psu="psu", area="region", workload=20, rng=6)
    assert other.record["assigned_digest"] != record["assigned_digest"]


def test_pairs_change_so_that_all_are_linked():
    made = assign(cases(units=6, each=4, areas=1), crew(n=6, areas=1), psu="psu", workload=4, rng=1)
    assert made.workloads["cases"].tolist() == [4] * 6
    assert made.linked == 1
    assert "5 comparisons between interviewers" in repr(made)


def test_an_interviewer_of_two_areas_links_them():
    people = pd.DataFrame({"interviewer": ["a", "b", "b", "c"], "region": ["r0", "r0", "r1", "r1"]})
    made = assign(cases(), people, psu="psu", area="region", workload=40, rng=2)
    assert (made.areas, made.linked) == (1, 1)
    assert made.workloads["cases"].tolist() == [18, 36, 18]


def test_the_frame_comes_back_in_its_library():
    made = assign(
        pl.from_pandas(cases()), pl.from_pandas(crew()), psu="psu", area="region", workload=20, case="case", rng=1
    )
    assert isinstance(made.frame, pl.DataFrame)
    assert made.frame.columns[-1] == "interviewer"


@pytest.mark.parametrize(
    ("frame", "people", "options", "told"),
    [
        (cases(each=1), crew(), {}, "unit 0; 12 units\n  found: 1 cases, 2 interviewers"),
        (cases(), crew(n=3), {}, "area r1\n  found: 1 interviewers, 2 in each unit"),
        (cases(), crew(), {"workload": 11}, "area r0\n  found: 36 cases, room for 33"),
        (cases(areas=3), crew(), {}, "No interviewer works in the area 'r2'"),
        (cases(), crew(most=[5, 0, 5, 5, 5, 5]), {"workload": "most"}, "interviewers, row 2\n  found: 0"),
        (cases(), crew(most=[5, None, 5, 5, 5, 5]), {"workload": "most"}, "row 2\n  found: missing"),
        (cases(), pd.concat([crew(), crew().tail(1)]), {}, "interviewer 'i5' stands twice"),
        (cases(), crew().assign(interviewer=[None, *"abcde"]), {}, "interviewers, row 1"),
        (cases().assign(psu=[None] + [0] * 71), crew(), {}, "column 'psu', row 1; 1 rows"),
        (cases().assign(region=["r1"] + ["r0"] * 71), crew(), {}, "row 2"),
        (cases().assign(case="x"), crew(), {"case": "case"}, "'x' stands twice"),
        (cases().assign(case=[None] + ["x"] * 71), crew(), {"case": "case"}, "no id"),
        (cases(), crew(), {"per_psu": 1.5}, "whole number"),
        (cases(), crew(), {"rng": None}, "needs a seed"),
        (cases().head(0), crew(), {}, "no case"),
        (cases(units=1, each=5, areas=1), crew(n=3, areas=1), {"workload": 2}, "No assignment was found"),
    ],
)
def test_what_cannot_be_assigned_is_told(frame, people, options, told):
    with pytest.raises(DesignError) as caught:
        assign(frame, people, **{"psu": "psu", "area": "region", "workload": 40, "rng": 1, **options})
    assert told in str(caught.value)
