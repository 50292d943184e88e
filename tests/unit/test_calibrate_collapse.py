"""Replicates that lose a level: joined by the declared rule, counted, and refused without one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.errors import DesignError
from survey_kit.weighting import Rake, WeightingPlan

SEX = {"f": 60.0, "m": 40.0}
REGION = {"n": 20.0, "c": 50.0, "s": 30.0}


def people() -> pd.DataFrame:
    """Six units of six; only unit 1 has people in the north, only unit 6 in the south."""
    rng = np.random.default_rng(8)
    frame = pd.DataFrame({"psu": np.repeat(np.arange(1, 7), 6), "w": rng.uniform(1, 2, 36), "y": rng.normal(size=36)})
    frame["sex"] = ["f", "m"] * 18
    frame["region"] = "c"
    frame.loc[0:1, "region"] = "n"
    frame.loc[33:, "region"] = "s"
    return frame


def replicated(**options: Any) -> sk.Design:
    design = sk.make_replicates(sk.Design(people(), weight="w", psu="psu"), "JK1")
    return sk.rake(design, {"sex": SEX, "region": REGION}, **options)


def sums(w: Any) -> dict[str, float]:
    return pd.Series(w).groupby(people()["region"].to_numpy()).sum().round(8).to_dict()


def test_a_lost_level_joins_its_neighbour() -> None:
    """Replicate 1 has nobody in the north, 6 nobody in the south; as written, the centre is beside both."""
    first, *between, last = replicated(collapse="neighbour").replicate_weights()
    assert sums(first) == {"c": 70.0, "n": 0.0, "s": 30.0}
    assert sums(last) == {"c": 80.0, "n": 20.0, "s": 0.0}
    for w in between:
        assert sums(w) == {"c": 50.0, "n": 20.0, "s": 30.0}
    for w in (first, *between, last):
        assert pd.Series(w).groupby(people()["sex"].to_numpy()).sum().round(8).to_dict() == SEX


def test_the_neighbour_is_the_smaller_of_those_written_beside_it() -> None:
    """With the south written first and the north in the middle, the north joins the south, which is smaller than the centre."""
    design = sk.make_replicates(sk.Design(people(), weight="w", psu="psu"), "JK1")
    made = sk.rake(design, {"region": {"s": 30.0, "n": 20.0, "c": 50.0}}, collapse="neighbour")
    assert sums(next(made.replicate_weights())) == {"c": 50.0, "n": 0.0, "s": 50.0}


def test_declared_and_dropped() -> None:
    declared = replicated(collapse={"region": {"n": "s", "s": "n"}})
    first, *_, last = declared.replicate_weights()
    assert sums(first) == {"c": 50.0, "n": 0.0, "s": 50.0}
    assert sums(last) == {"c": 50.0, "n": 50.0, "s": 0.0}
    first, second, *_ = replicated(collapse="drop").replicate_weights()
    alone = sk.post_stratify(sk.Design(people()[people()["psu"] > 1], weight="w", psu="psu"), "sex", SEX).layout.weight
    np.testing.assert_allclose(first[6:], alone, rtol=1e-10)  # as if sex were the only margin
    assert sums(second) == {"c": 50.0, "n": 20.0, "s": 30.0}


def test_crossed_levels_stay_within_their_first_column() -> None:
    """Women of the north are lost: they join men of the north, not women of the centre, though these are fewer."""
    frame = people()
    frame.loc[7:8, "region"] = "n"
    frame.loc[7:8, "sex"] = "m"
    totals = {("c", "f"): 1.0, ("n", "f"): 30.0, ("n", "m"): 40.0, ("c", "m"): 10.0, ("s", "f"): 5.0, ("s", "m"): 14.0}
    design = sk.make_replicates(sk.Design(frame, weight="w", psu="psu"), "JK1")
    made = sk.post_stratify(design, ("region", "sex"), totals, collapse="neighbour")
    w = pd.Series(next(made.replicate_weights()))
    got = w.groupby([frame["region"].to_numpy(), frame["sex"].to_numpy()]).sum()
    np.testing.assert_allclose(got["n", "m"], 70.0, rtol=1e-12)
    np.testing.assert_allclose(got["c", "f"], 1.0, rtol=1e-12)


def test_it_is_counted_where_it_happens() -> None:
    said = "2 of 6 replicates have nobody of a level (region=n in 1, region=s in 1), which there is joined with its smaller neighbour"
    before = replicated(collapse="neighbour")
    assert said in before.calibration[0].notes
    after = sk.make_replicates(
        sk.rake(sk.Design(people(), weight="w", psu="psu"), {"sex": SEX, "region": REGION}, collapse="neighbour"), "JK1"
    )
    assert said in after.replicates.notes
    np.testing.assert_allclose(sk.mean(before, "y").table["se"], sk.mean(after, "y").table["se"], rtol=1e-12)
    design = sk.make_replicates(sk.Design(people(), weight="w", psu="psu"), "JK1")
    plan = WeightingPlan(steps=(Rake(margins={"sex": SEX, "region": REGION}, collapse="neighbour"),))
    assert said in plan.apply(design).log["note"].iloc[-1]
    fine = sk.post_stratify(design, "sex", SEX, collapse="drop")
    assert "no level is without people in any of 6 replicates" in fine.calibration[0].notes


def test_given_weights_are_counted_too() -> None:
    made = sk.make_replicates(sk.Design(people(), weight="w", psu="psu"), "JK1")
    weights = np.stack(list(made.replicate_weights()), axis=1)
    given = sk.Replicates(weights=weights, scale=5 / 6)
    design = sk.Design(people(), weight="w", psu="psu", replicates=given)
    raked = sk.rake(design, {"sex": SEX, "region": REGION}, collapse="neighbour")
    assert any(note.startswith("2 of 6 replicates have nobody") for note in raked.calibration[0].notes)
    ours = list(raked.replicate_weights())
    for a, b in zip(ours, replicated(collapse="neighbour").replicate_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "region=n"),
        ({"collapse": {"region": {"s": "c"}}}, "region=n"),
        ({"collapse": {"region": {"n": "s", "s": "n"}}}, None),
    ],
)
def test_without_a_way_out_it_is_an_error(options: Any, said: str | None) -> None:
    made = replicated(**options)
    if said is None:
        assert len(list(made.replicate_weights())) == 6
        return
    with pytest.raises(DesignError, match="weights of a replicate cannot be calibrated") as caught:
        list(made.replicate_weights())
    assert said in str(caught.value)
    assert "nobody of this level" in str(caught.value)


def test_the_last_margin_is_not_dropped() -> None:
    design = sk.make_replicates(sk.Design(people(), weight="w", psu="psu"), "JK1")
    made = sk.post_stratify(design, "region", REGION, collapse="drop")
    with pytest.raises(DesignError, match="no other level to join"):
        list(made.replicate_weights())


@pytest.mark.parametrize(
    ("collapse", "said"),
    [
        ("nearest", "rule for lost levels"),
        ({"town": {"a": "b"}}, "names margins"),
        ({"region": {"n": "west"}}, "level west"),
        ({"region": "s"}, "names margins"),
    ],
)
def test_rules_that_are_none(collapse: Any, said: str) -> None:
    with pytest.raises(DesignError, match=said):
        replicated(collapse=collapse)


def test_soft_margins_have_no_lost_levels_to_join() -> None:
    plan = WeightingPlan(steps=(Rake(margins={"sex": SEX}, cost=10, collapse="drop"),))
    with pytest.raises(DesignError, match="margins that are met"):
        plan.apply(sk.Design(people(), weight="w"))
