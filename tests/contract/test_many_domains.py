"""Very many domains: tables of units and domains without their zeros give the numbers of full ones, soon and in little memory.

Would catch: units that are empty in a domain left out of the mean of their stratum, a lonely unit's rule forgotten there, and a table
that grows with the product of units and domains (50,000 rows in 7,000 groups were 85 seconds in R, and would be gigabytes here).
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.estimate import sparse_totals

NUMBERS = ["estimate", "se", "ci_low", "ci_high", "df", "deff", "n", "weight_sum"]


def people(n: int, groups: int, units: int, seed: int = 2) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {"psu": rng.integers(0, units, n), "w": rng.uniform(0.5, 3, n), "g": rng.integers(0, groups, n)}
    )
    frame["h"] = frame["psu"] // 4
    frame["lone"] = np.where(frame["psu"] % 7 == 0, 1000 + frame["psu"], frame["h"])
    frame["N"], frame["lone_N"] = 9, 9
    frame["y"] = np.round(1e4 + frame["psu"] % 5 + rng.normal(size=n), 1)
    frame["x"] = np.where(rng.random(n) < 0.1, np.nan, rng.uniform(1, 2, n))
    frame["q"] = rng.integers(1, 4, n)
    frame["flag"] = rng.random(n) < 0.7
    frame["wave"] = rng.integers(0, 2, n)
    return frame


DESIGNS: dict[str, dict[str, Any]] = {
    "rows": {},
    "strata of rows": {"strata": "h"},
    "fpc": {"strata": "h", "psu": "psu", "fpc": "N"},
    "adjust": {"strata": "lone", "psu": "psu", "fpc": "lone_N", "lonely_psu": "adjust"},
    "average": {"strata": "lone", "psu": "psu", "lonely_psu": "average"},
    "certainty": {"strata": "lone", "psu": "psu", "lonely_psu": "certainty"},
    "waves": {"strata": "h", "psu": "psu", "wave": "wave", "lonely_psu": "certainty"},
}
CALLS: dict[str, Callable[[sk.Design], sk.Estimates]] = {
    "mean": lambda d: sk.mean(d, ("y", "q"), by="g", deff="srswr"),
    "total where": lambda d: sk.total(d, ("x", "y"), by="g", where="flag", missing="exclude"),
    "ratio": lambda d: sk.ratio(d, "x", "y", by=("g", "wave"), missing="exclude"),
    "proportion": lambda d: sk.proportion(d, "q", by="g"),
    "sd": lambda d: sk.sd(d, "y", by="g"),
    "median": lambda d: sk.median(d, "y", by="g"),
    "change": lambda d: sk.mean(d, "y", by=("wave", "g")).change("wave"),
    "deviation": lambda d: sk.mean_absolute_deviation(d, "y", by="g"),
    "map": lambda d: sk.mean(d, ("y", "q"), by="g").map(lambda m: m["y"] / m["q"]),
    "bound": lambda d: sk.bind(sk.mean(d, "y", by="g"), sk.gini(d, "y", by="g")),
}


@pytest.mark.parametrize("declared", DESIGNS.values(), ids=DESIGNS.keys())
def test_tables_without_zeros_give_the_same_numbers(declared: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    frame = people(150, 9, 24)
    full = {name: call(sk.Design(frame, weight="w", **declared)) for name, call in CALLS.items()}
    monkeypatch.setattr(sparse_totals, "SMALL", 0)
    monkeypatch.setattr(sparse_totals, "FULL", 0)
    design = sk.Design(frame, weight="w", **declared)
    for name, call in CALLS.items():
        ours, theirs = call(design), full[name]
        assert ours.table["status"].tolist() == theirs.table["status"].tolist(), name
        assert any(sparse_totals.is_sparse(block.totals[0]) for block in ours.variance.blocks), name
        for column in NUMBERS:
            one, two = (est.table[column].to_numpy(float) for est in (ours, theirs))
            np.testing.assert_allclose(one, two, rtol=1e-10, atol=1e-11, err_msg=f"{name} {column}")
        one, two = ours.vcov(), theirs.vcov()  # not known for medians too near an end
        assert (np.isfinite(one) == np.isfinite(two)).all(), name
        v = np.nan_to_num(two)
        size = np.sqrt(np.outer(np.diag(v), np.diag(v)))
        assert (np.abs(np.nan_to_num(one) - v) <= 1e-9 * size + 1e-16).all(), name


def test_thousands_of_groups_of_rows_that_are_units() -> None:
    """In full this would be 2.7 GB a table."""
    design = sk.Design(people(50_000, 6760, 1200), weight="w")
    tracemalloc.start()
    try:
        est = sk.mean(design, "y", by="g")
        assert tracemalloc.get_traced_memory()[1] < 60e6
    finally:
        tracemalloc.stop()
    part = est.table[est.table["g"] == 17]
    alone = sk.mean(
        sk.Design(people(50_000, 6760, 1200).assign(own=lambda f: f["g"] == 17), weight="w"), "y", where="own"
    )
    np.testing.assert_allclose(part["se"], alone.table["se"], rtol=1e-9)
