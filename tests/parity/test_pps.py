"""Unequal probabilities without replacement and two phases, against R survey (pps.R beside pps.csv).

Would catch: a joint probability approximated by another author's formula, Yates-Grundy without the diagonal, second-stage
variance not multiplied by the unit's probability, and a second phase treated as if the first were the population.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.errors import DesignError, FrameError

HERE = Path(__file__).parent
TOLERANCE = 1e-10  # closed forms on both sides
RESULTS = pd.read_csv(HERE / "pps.csv", comment="#").fillna({"dom": ""})
ROWS = pd.read_csv(HERE / "pps_data.csv")
JOINT = pd.read_csv(HERE / "pps_joint.csv").to_numpy()
PHASE = pd.read_csv(HERE / "pps_phase.csv")
UNITS = ROWS.drop_duplicates("psu").assign(w=lambda d: d["w1"])


def make(case: str) -> sk.Design:
    method, _, variance = case.partition(" ")
    if method == "brewer_two_stage":
        return sk.Design(
            ROWS, weight="w", strata="stratum", psu=("psu", "ssu"), fpc=(None, "N2"), pps=sk.Pps(probability="p")
        )
    if method == "phase_srs":
        return sk.two_phase(PHASE, weight="w0", fpc="N0", second="seen", second_strata="class")
    if method == "phase_cluster_fpc":
        return sk.two_phase(
            PHASE, weight="w1", strata="region", psu="area", fpc="N1", second="seen", second_strata="class"
        )
    frame, strata, options = ROWS.assign(w=ROWS["w1"]), "stratum", {}
    if method == "joint":
        frame, options = UNITS, {"joint": JOINT, "units": list(range(1, 15))}
    if method == "poisson":
        frame, strata = UNITS, None
    if method == "hartley_rao_known":
        method, strata, options = "hartley_rao", None, {"sum_squares": 0.47}
    pps = sk.Pps(probability="p", method=method, variance=variance or "horvitz_thompson", **options)
    return sk.Design(frame, weight="w", strata=strata, psu="psu", pps=pps)


def ours(design: sk.Design, statistic: str, by: str | None) -> pd.DataFrame:
    if statistic == "ratio":
        return sk.ratio(design, "y", "x", by=by).table
    return (sk.total if statistic == "total" else sk.mean)(design, "y", by=by).table


@pytest.mark.parametrize("case", RESULTS["case"].unique())
def test_equal_to_r(case: str) -> None:
    design = make(case)
    for row in RESULTS[RESULTS["case"] == case].itertuples():
        table = ours(design, row.statistic, "dom" if row.dom else None)
        got = table[table["dom"] == row.dom].iloc[0] if row.dom else table.iloc[0]
        np.testing.assert_allclose(got["estimate"], row.estimate, rtol=TOLERANCE)
        np.testing.assert_allclose(got["se"], row.se, rtol=TOLERANCE, err_msg=f"{row.statistic} {row.dom}")
        if not row.dom:
            assert got["df"] == row.df
        if np.isnan(row.se):  # a quadratic form can be negative: no number rather than zero
            assert got["status"] == "no_df"


def test_hajek_is_brewer_when_probabilities_are_equal() -> None:
    """Equal probabilities: both are simple random sampling without replacement."""
    frame = ROWS.assign(p=0.4, N=lambda d: d.groupby("stratum")["psu"].transform("nunique") / 0.4)
    declared = {"weight": "w", "strata": "stratum", "psu": "psu"}
    srs = sk.mean(sk.Design(frame, **declared, fpc="N"), "y").table["se"][0]
    for method in ("hajek", "brewer"):
        se = sk.mean(sk.Design(frame, **declared, pps=sk.Pps(probability="p", method=method)), "y").table["se"][0]
        np.testing.assert_allclose(se, srs, rtol=1e-12)


def test_certainty_units_add_nothing() -> None:
    frame = pd.DataFrame({"w": 1.0, "p": 1.0, "psu": [1, 2, 3], "y": [1.0, 5, 9]})
    assert sk.total(sk.Design(frame, weight="w", psu="psu", pps=sk.Pps(probability="p")), "y").table["se"][0] == 0


def test_changes_between_domains_carry_the_form() -> None:
    design = make("overton yates_grundy")
    by = sk.mean(design, "y", by="dom")
    v = by.vcov()
    se = by.difference({"dom": "a"}, {"dom": "b"}).table["se"][0]
    np.testing.assert_allclose(se**2, v[0, 0] + v[1, 1] - 2 * v[0, 1], rtol=1e-10)
    assert v[0, 1] != 0


def test_bad_declarations_say_what_to_do() -> None:
    declared = {"weight": "w1", "strata": "stratum", "psu": "psu"}
    with pytest.raises(DesignError, match="column 'p', row 1"):
        sk.Design(ROWS.assign(p=1.5), **declared, pps=sk.Pps(probability="p"))
    with pytest.raises(DesignError, match="same in all its rows"):
        sk.Design(ROWS.assign(p=np.linspace(0.1, 0.9, len(ROWS))), **declared, pps=sk.Pps(probability="p"))
    with pytest.raises(DesignError, match="one variance estimator only"):
        sk.Pps(probability="p", variance="yates_grundy")
    with pytest.raises(DesignError, match="not a method"):
        sk.Pps(probability="p", method="overtone")  # type: ignore[arg-type]
    few = sk.Pps(probability="p", method="joint", joint=JOINT[:9, :9], units=list(range(1, 10)))
    with pytest.raises(DesignError, match="lack some units"):
        sk.Design(UNITS, weight="w", psu="psu", pps=few)
    with pytest.raises(DesignError, match="take the place"):
        sk.Design(ROWS.assign(N=50), **declared, fpc="N", pps=sk.Pps(probability="p"))
    lonely = ROWS[(ROWS["stratum"] == 1) | (ROWS["psu"] == 9)]
    with pytest.raises(DesignError, match="not defined for unequal"):
        sk.Design(lonely, **declared, lonely_psu="adjust", pps=sk.Pps(probability="p"))
    with pytest.raises(DesignError, match="fewer than two of its rows"):
        sk.two_phase(PHASE.assign(**{"class": PHASE["id"] // 2}), weight="w0", second="seen", second_strata="class")
    with pytest.raises(FrameError, match="no column 'unseen'"):
        sk.two_phase(PHASE, weight="w0", second="unseen")


def test_a_column_called_asked_is_a_column() -> None:
    """pandas gives columns as attributes: a frame with such a column is not taken for responses."""
    assert sk.Design(PHASE.assign(asked=1), weight="w0").source is None
