"""What a design refuses, in words a user can act on, and what it tells about itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.errors import DesignError, FrameError


def sample(**changed: Any) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "w": [1.0, 2, 1, 2, 3, 1, 2, 1],
            "h": [1, 1, 1, 1, 2, 2, 2, 2],
            "psu": [1, 1, 2, 2, 3, 3, 4, 4],
            "N": [5, 5, 5, 5, 9, 9, 9, 9],
            "y": [1.0, 2, 3, 4, 5, 6, 7, 9],
        }
    )
    return frame.assign(**changed)


DECLARED: dict[str, Any] = {"weight": "w", "strata": "h", "psu": "psu"}
MISSING = [None, 1, 1, 1, 2, 2, 2, 2]

REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "weight zero": ({"w": [0.0, 2, 1, 2, 3, 1, 2, 1]}, {}, r"weight is zero.*'w', first in row 1.*1 of 8 rows"),
    "weight negative": ({"w": [1.0, 2, 1, -2, 3, 1, 2, 1]}, {}, "weight is negative.*row 4"),
    "weight missing": ({"w": [1.0, 2, np.nan, 2, 3, 1, 2, 1]}, {}, "weight is missing.*row 3"),
    "weight infinite": ({"w": [1.0, 2, np.inf, 2, 3, 1, 2, 1]}, {}, "'w' .weight. holds infinite values"),
    "weight text": ({"w": list("abcdefgh")}, {}, "'w' .weight. does not hold numbers.*'a'"),
    "no such column": ({}, {"weight": "wt"}, "no column 'wt' .weight.*did you mean 'w'"),
    "no such stratum": ({}, {"strata": "region"}, "no column 'region' .strata"),
    "stratum missing": ({"h": MISSING}, {}, "strata is missing.*column 'h', first in row 1"),
    "unit missing": ({"psu": [1, 1, 2, 2, 3, 3, 4, None]}, {}, "psu is missing.*row 8"),
    "unit in two strata": ({"psu": [1, 1, 2, 2, 2, 3, 4, 4]}, {}, "PSU id stands in two strata.*PSU 2.*nest=True"),
    "lonely unit": (
        {"psu": [1, 1, 2, 2, 3, 3, 3, 3]},
        {},
        "only one sampling unit.*stage 1, stratum of row 5.*lonely_psu",
    ),
    "fpc below the sample": (
        {"N": [1] * 4 + [9] * 4},
        {"fpc": "N"},
        "below the number of units drawn.*1 in the population, 2 drawn",
    ),
    "fpc as fraction": ({"N": [0.1] * 8}, {"fpc": "N"}, "below the number of units.*counts, not sampling fractions"),
    "fpc differs": ({"N": [5, 5, 5, 6, 9, 9, 9, 9]}, {"fpc": "N"}, "fpc. differs within a stratum.*row 4"),
    "fpc missing": ({"N": [np.nan] + [9.0] * 7}, {"fpc": "N"}, "fpc. is missing.*row 1"),
    "unknown rule": ({}, {"lonely_psu": "remove"}, "'remove' is not a rule for lonely PSUs"),
    "unknown overlap": ({}, {"overlap": "some"}, "'some' is not a kind of overlap"),
    "overlap without wave": ({}, {"overlap": "psu"}, "needs a 'wave' column"),
    "overlap by cases without them": ({"t": 1}, {"overlap": "unit", "wave": "t"}, "needs a 'case' column"),
    "more strata than stages": ({}, {"strata": ("h", "h")}, "'strata' names more stages than 'psu'"),
    "rows between stages": ({}, {"psu": (None, "psu")}, "Only the last stage may draw rows"),
    "wave missing": ({"t": MISSING}, {"wave": "t"}, "wave is missing.*column 't'"),
    "columns that differ by case": ({"W": 1.0}, {}, "same name but for case.*'w' and 'W'"),
}


@pytest.mark.parametrize(("changed", "declared", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_with_place_and_remedy(changed: dict[str, Any], declared: dict[str, Any], message: str) -> None:
    with pytest.raises((DesignError, FrameError), match=f"(?s){message}") as caught:
        sk.Design(sample(**changed), **DECLARED | declared)
    assert isinstance(caught.value, ValueError)
    assert len(str(caught.value).splitlines()) <= 5
    assert caught.value.fix


def test_no_rows() -> None:
    with pytest.raises(DesignError, match="no rows"):
        sk.Design(sample().head(0), **DECLARED)


def test_not_a_frame() -> None:
    with pytest.raises(sk.SurveyKitError, match="not a data frame"):
        sk.Design([1, 2, 3], weight="w")


def test_a_lonely_unit_at_the_second_stage_is_told_with_its_stage() -> None:
    frame = sample(ssu=[1, 2, 1, 1, 1, 2, 1, 2], M=4)
    with pytest.raises(DesignError, match=r"stage 2, stratum of row 3"):
        sk.Design(frame, weight="w", strata="h", psu=("psu", "ssu"), fpc=("N", "M"))


def test_a_unit_taken_with_certainty_is_not_lonely() -> None:
    frame = sample(psu=[1, 1, 1, 1, 3, 3, 4, 4], N=[1, 1, 1, 1, 9, 9, 9, 9])
    design = sk.Design(frame, **DECLARED, fpc="N")
    assert design.df == 1
    assert sk.mean(design, "y").table["se"].iloc[0] > 0


def test_stages_without_population_counts_add_nothing() -> None:
    frame = sample(ssu=[1, 2, 1, 2, 1, 2, 1, 2])
    deep = sk.Design(frame, weight="w", strata="h", psu=("psu", "ssu"))
    assert len(deep.layout.stages) == 1
    flat = sk.Design(frame, **DECLARED)
    assert sk.mean(deep, "y").table["se"].iloc[0] == sk.mean(flat, "y").table["se"].iloc[0]


def test_ids_that_recur_between_waves_are_nested_in_their_wave() -> None:
    early, late = sample(t=1), sample(t=2, h=[2, 2, 2, 2, 1, 1, 1, 1])  # PSU 1 is in stratum 1, then in stratum 2
    both = pd.concat([early, late])
    design = sk.Design(both, **DECLARED, wave="t")
    assert design.df == 4
    assert [record["df"] for record in design.describe()] == [2, 2]


def test_a_design_describes_itself() -> None:
    design = sk.Design(sample(), **DECLARED, fpc="N")
    (record,) = design.describe()
    assert (record["n"], record["psus"], record["strata"], record["df"], record["lonely"]) == (8, 4, 2, 2, 0)
    w = sample()["w"]
    assert record["weight_sum"] == w.sum()
    np.testing.assert_allclose(record["deff_kish"], 8 * (w**2).sum() / w.sum() ** 2)
    said = " ".join(design.assumptions())
    assert "Taylor" in said
    assert "counts" in said
    html = design._repr_html_()
    assert html.startswith("<table>")
    assert "scope='col'" in html


def test_assumptions_name_the_overlap_and_the_lonely_rule() -> None:
    frame = sample(t=[1, 1, 1, 1, 2, 2, 2, 2], psu=[1, 1, 2, 2, 3, 3, 3, 3])
    said = " ".join(sk.Design(frame, **DECLARED, wave="t", lonely_psu="adjust").assumptions())
    assert "no units in common" in said
    assert "'adjust'" in said


def test_labels_are_escaped_in_html() -> None:
    frame = sample(t="<script>")
    assert "<script>" not in sk.Design(frame, **DECLARED, wave="t")._repr_html_()


def test_text_weights_of_whole_nothing_are_missing() -> None:
    with pytest.raises(DesignError, match="weight is missing"):
        sk.Design(sample(w=[None] * 8), **DECLARED)


def test_units_that_share_cases_are_one() -> None:
    """Towns are renumbered between waves; the people in them tell which is which."""
    frame = pd.DataFrame(
        {
            "t": [1] * 6 + [2] * 6,
            "town": [1, 1, 2, 2, 3, 3, 30, 30, 20, 20, 10, 10],
            "case": list("abcdef") + list("efcdab"),
            "y": [1.0, 2, 4, 5, 9, 7, 8, 8, 4, 7, 2, 2],
            "w": 1.0,
        }
    )
    by_case = sk.Design(frame, weight="w", psu="town", wave="t", overlap="unit", case="case")
    stable = frame.assign(town=frame["town"].replace({10: 1, 20: 2, 30: 3}))
    by_id = sk.Design(stable, weight="w", psu="town", wave="t", overlap="psu")
    changes = [sk.mean(design, "y", by="t").change("t").table.iloc[0] for design in (by_case, by_id)]
    assert changes[0]["se"] == pytest.approx(changes[1]["se"], rel=1e-12)
    assert changes[0]["df"] == changes[1]["df"] == 2


@pytest.mark.parametrize(
    ("case", "message"),
    [
        (["a", "a", "a", "b", "c", "d", "a", "b", "c", "d", "x", "y"], "stands in two units of one wave"),
        (
            ["a", "b", "c", "d", "e", "f", "a", "c", "x", "y", "z", "q"],
            "shares cases with two units|share cases with one unit",
        ),
    ],
)
def test_cases_that_contradict_the_units(case: list[str], message: str) -> None:
    town = [1, 1, 2, 2, 3, 3] * 2
    frame = pd.DataFrame({"t": [1] * 6 + [2] * 6, "town": town, "case": case, "w": 1.0})
    with pytest.raises(DesignError, match=message):
        sk.Design(frame, weight="w", psu="town", wave="t", overlap="unit", case="case")
