"""Intervals of proportions, functions of estimates, trends and differences in differences against R survey (contrasts.R).

Tolerance 1e-10 relative: both sides do the same sums. Two of R's methods are looser by their own making and say so below.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk

HERE = Path(__file__).parent
RELATIVE = 1e-10
GLM = 1e-6  # R's "logit" stops its logistic regression at a relative deviance of 1e-8
SPLINE = 0.02  # R's "likelihood" reads its limit off a spline through some ten points of the profile

PEOPLE = pd.read_csv(HERE / "contrasts_data.csv", comment="#")
INTERVALS = pd.read_csv(HERE / "contrasts_intervals.csv", comment="#", keep_default_na=False)
ROWS = pd.read_csv(HERE / "contrasts_rows.csv", comment="#").set_index(["design", "case"])
ADJUSTED = pd.read_csv(HERE / "contrasts_adjusted.csv", comment="#")

DESIGNS = {
    "whole": {"strata": "stratum", "psu": "psu", "wave": "year"},
    "srs": {},
    "few": {"psu": "stratum"},
}
KINDS = {
    "mean": ("wald", RELATIVE),
    "logit": ("logit", GLM),
    "xlogit": ("xlogit", RELATIVE),
    "beta": ("beta", RELATIVE),
    "asin": ("arcsine", RELATIVE),
    "likelihood": ("likelihood", SPLINE),
    "rao_scott": ("likelihood", RELATIVE),
    "score": ("wilson", RELATIVE),
}


@pytest.mark.parametrize("method", KINDS)
def test_intervals_of_proportions_equal_svyciprop(method: str) -> None:
    """A wrong df, effective sample size or transformed standard error moves a limit in the third digit."""
    kind, relative = KINDS[method]
    cases = INTERVALS[INTERVALS["method"] == method]
    assert len(cases) > 20
    for row in cases.itertuples():
        design = sk.Design(PEOPLE, weight="weight", **DESIGNS[row.design])
        by = {"by": "sex"} if row.domain else {}
        ours = sk.mean(design, row.variable, **by, interval=kind, level=float(row.level)).table
        ours = (ours[ours["sex"] == row.domain] if row.domain else ours).iloc[0]
        assert (ours["df"], ours["n"]) == (float(row.df), int(row.n))
        np.testing.assert_allclose(
            [ours["ci_low"], ours["ci_high"]], [float(row.ci_low), float(row.ci_high)], rtol=relative, err_msg=str(row)
        )


# --------------------------------------------------------------------------------------------------------- functions
Of = Callable[[sk.Estimates], sk.Estimates]
ITEMS: dict[str, Of] = {
    "net": lambda e: e.map(lambda m: m["trust"] - m["distrust"]),
    "ratio": lambda e: e.map(lambda m: m["court"] / m["congress"]),
    "log": lambda e: e.map(lambda m: np.log(m["court"]) - np.log(m["congress"])),
    "odds": lambda e: e.map(lambda m: np.log(m["trust"] / (1 - m["trust"]))),
    "geometric": lambda e: e.map(lambda m: np.sqrt(m["court"] * m["congress"])),
    "power": lambda e: e.map(lambda m: m["court"] ** 2 + np.exp(-m["congress"]) * m["trust"] ** 1.5),
    "composite": lambda e: e.map(
        lambda m: 100 * np.mean([m["court"] / 10, m["congress"] / 10, m["trust"], 1 - m["distrust"]])
    ),
    "trigonometry": lambda e: e.map(
        lambda m: np.sin(m["court"]) * np.cos(m["congress"]) + np.arcsin(np.sqrt(m["trust"]))
    ),
}
WAVES: dict[str, Of] = {
    "ratio_of_changes": lambda e: e.map(
        lambda m: (m["court", 2023] - m["court", 2019]) / (m["congress", 2023] - m["congress", 2019]),
        along=("variable", "year"),
    ),
    "relative_change": lambda e: e.map(lambda m: m["2023"] / m["2015"] - 1, along="year"),
    "trend": lambda e: sk.trend(e, "year"),
    "segment_1": lambda e: sk.trend(e, "year", kind="piecewise", knots=[2019]),
    "segment_2": lambda e: sk.trend(e, "year", kind="piecewise", knots=["2019"]),
    "knot": lambda e: sk.trend(e, "year", kind="piecewise", knots=[2019.0]),
}
PLACE = {"segment_2": 1, "knot": 2}
SEXES: dict[str, Of] = {
    "did_2019": lambda e: sk.difference_in_differences(e, "year", "sex", base="f"),
    "did_2023_first": lambda e: sk.difference_in_differences(e, "year", "sex", to="first"),
}


@pytest.fixture(scope="module", params=["taylor", "jkn"])
def design(request: pytest.FixtureRequest) -> tuple[str, sk.Design]:
    made = sk.Design(PEOPLE, weight="weight", **DESIGNS["whole"])
    return request.param, made if request.param == "taylor" else sk.make_replicates(made, "JKn", mse=True)


def check(row: Any, name: str, case: str) -> None:
    theirs = ROWS.loc[name, case]
    np.testing.assert_allclose(
        [row["estimate"], row["se"], row["cv"]], theirs[["estimate", "se", "cv"]].to_numpy(float), rtol=RELATIVE
    )


@pytest.mark.parametrize("case", ITEMS)
def test_functions_of_estimates_equal_svycontrast(design: tuple[str, sk.Design], case: str) -> None:
    """A wrong derivative, or replicates taken through the derivative instead of the function, moves the SE."""
    name, declared = design
    check(ITEMS[case](sk.mean(declared, ("court", "congress", "trust", "distrust"))).table.iloc[0], name, case)


@pytest.mark.parametrize("case", WAVES)
def test_functions_over_time_equal_svycontrast(design: tuple[str, sk.Design], case: str) -> None:
    name, declared = design
    table = WAVES[case](sk.mean(declared, ("court", "congress"), by="year")).table
    court = table[table["variable"] == "court"] if "court" in set(table["variable"]) else table
    check(court.iloc[PLACE.get(case, 0)], name, case)


@pytest.mark.parametrize("case", SEXES)
def test_differences_in_differences_equal_svycontrast(design: tuple[str, sk.Design], case: str) -> None:
    name, declared = design
    table = SEXES[case](sk.mean(declared, "court", by=("year", "sex"))).table
    year = 2019 if case == "did_2019" else 2023
    check(table[(table["year"] == year) & (table["sex"] == "m")].iloc[0], name, case)


@pytest.mark.parametrize("method", ADJUSTED["method"].unique())
def test_adjusted_p_values_equal_p_adjust(method: str) -> None:
    """A missing p that is counted, or ties taken in another order, changes the others."""
    rows = ADJUSTED[ADJUSTED["method"] == method]
    ours = sk.adjust_p(rows["p"].to_numpy(float), method.lower())
    np.testing.assert_allclose(ours, rows["adjusted"].to_numpy(float), rtol=1e-14)
