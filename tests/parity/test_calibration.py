"""Calibrated designs against R survey (calibration.R), and the oracles its manual and vignettes publish.

Tolerance 1e-10 relative: both sides iterate to 1e-13, the largest difference met is 2e-12 (a jackknife of raked weights). A
standard error that is rounding noise (a total that is itself a control) is compared with that of the uncalibrated sample.
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

PEOPLE = pd.read_csv(HERE / "calibration_data.csv", comment="#")
SCHOOLS = pd.read_csv(HERE / "calibration_schools.csv", comment="#")
ROWS = pd.read_csv(HERE / "calibration_rows.csv", comment="#", keep_default_na=False)
REPLICATES = pd.read_csv(HERE / "calibration_replicates.csv", comment="#", keep_default_na=False)

SEX, AGE = {"f": 300, "m": 280}, {"y": 180, "m": 230, "o": 170}
AREA = {"north": 150, "south": 200, "west": 230}
CROSSED = {("f", "a"): 140, ("m", "a"): 150, ("f", "b"): 160, ("m", "b"): 130}
STANDARD = {"y": 3, "m": 4, "o": 3}
BOTH = {"sex": SEX, "income": 1900}
Step = Callable[..., sk.Design]

CASES: dict[str, Step] = {
    "post_stratify": lambda d, **k: sk.post_stratify(d, "sex", SEX, **k),
    "crossed": lambda d, **k: sk.post_stratify(d, ("sex", "dom"), CROSSED, **k),
    "rake": lambda d, **k: sk.rake(d, {"sex": SEX, "age": AGE, "area": AREA}, **k),
    "linear": lambda d, **k: sk.calibrate(d, {"sex": SEX, "age": AGE, "income": 1900, "hours": 2800}, **k),
    "bounded": lambda d, **k: sk.calibrate(d, BOTH, bounds=(0.8, 1.4), **k),
    "raking": lambda d, **k: sk.calibrate(d, BOTH, distance="raking", **k),
    "logit": lambda d, **k: sk.calibrate(d, BOTH, distance="logit", bounds=(0.4, 2.6), **k),
    "sinh": lambda d, **k: sk.calibrate(d, BOTH, distance="sinh", **k),
    "numbers": lambda d, **k: sk.calibrate(d, {"income": 1900, "hours": 2800}, **k),
    "standardize": lambda d, **k: sk.standardize(d, "age", STANDARD, over="dom", **k),
    "standardize_all": lambda d, **k: sk.standardize(d, "sex", {"f": 1, "m": 1}, **k),
}
CASES |= {
    "linear_then_post": lambda d, **k: CASES["crossed"](CASES["linear"](d, **k), **k),
    "rake_then_raking": lambda d, **k: CASES["raking"](CASES["rake"](d, **k), **k),
    "post_then_rake": lambda d, **k: CASES["rake"](CASES["crossed"](d, **k), **k),
    "linear_rake_post": lambda d, **k: CASES["crossed"](CASES["rake"](CASES["linear"](d, **k), **k), **k),
    "logit_then_standard": lambda d, **k: CASES["standardize"](CASES["logit"](d, **k), **k),
}
DESIGNS: dict[str, dict[str, Any]] = {
    "one": {"psu": "psu", "fpc": "N"},
    "two": {"psu": ("psu", "home"), "fpc": ("N", "M"), "nest": True},
    "JKn": {"psu": "psu"},
}


def declared(name: str) -> sk.Design:
    design = sk.Design(PEOPLE, weight="w", strata="stratum", **DESIGNS[name])
    return sk.make_replicates(design, "JKn", mse=True) if name == "JKn" else design


def figures(design: sk.Design) -> dict[tuple[str, str, str], tuple[float, float]]:
    """Everything the script writes for one case, by statistic, variable and domain."""
    w = design.layout.weight
    out = {
        ("weights", name, ""): (value, np.nan)
        for name, value in (("squares", w @ w), ("smallest", w.min()), ("largest", w.max()))
    }
    tables = [sk.mean(design, ("y", "x")), sk.total(design, ("y", "x")), sk.mean(design, ("y", "x"), by="dom")]
    tables += [sk.ratio(design, "y", "x"), sk.proportion(design, "area")]
    for est in tables:
        for row in est.table.to_dict("records"):
            name = row["variable"] if row["category"] is None else f"{row['variable']}={row['category']}"
            out[row["statistic"], name, row.get("dom", "")] = (row["estimate"], row["se"])
    return out


def compare(ours: dict[tuple[str, str, str], tuple[float, float]], rows: pd.DataFrame, free: sk.Design) -> None:
    noise = {key: 1e-8 * se for key, (_, se) in figures(free).items()}
    assert len(rows)
    for row in rows.to_dict("records"):
        key = row["statistic"], row["variable"], row["domain"]
        said = f"{row['case']} {key}"
        np.testing.assert_allclose(ours[key][0], float(row["estimate"]), rtol=RELATIVE, err_msg=said)
        if row["se"] != "":
            np.testing.assert_allclose(ours[key][1], float(row["se"]), rtol=RELATIVE, atol=noise[key], err_msg=said)


@pytest.mark.parametrize("case", CASES)
def test_as_r(case: str) -> None:
    """Catches: another order of sweeps, other weights in the projection, factors short of convergence."""
    rows = ROWS[(ROWS["case"] == case) & (ROWS["design"] == "one")]
    compare(figures(CASES[case](declared("one"), residuals="R")), rows, declared("one"))


@pytest.mark.parametrize("case", ["linear", "rake", "linear_then_post"])
def test_two_stages_as_r(case: str) -> None:
    """Catches: residuals used at the first stage only."""
    rows = ROWS[(ROWS["case"] == case) & (ROWS["design"] == "two")]
    compare(figures(CASES[case](declared("two"), residuals="R")), rows, declared("two"))


@pytest.mark.parametrize("case", ["post_stratify", "crossed", "linear", "numbers"])
@pytest.mark.parametrize("name", ["one", "two"])
def test_one_linear_step_needs_no_convention(case: str, name: str) -> None:
    """For one linear step on fixed totals the derivative is what R does."""
    rows = ROWS[(ROWS["case"] == case) & (ROWS["design"] == "one")]
    if name == "two":
        design, as_r = (figures(CASES[case](declared("two"), **k)) for k in ({}, {"residuals": "R"}))
        for key in design:
            np.testing.assert_allclose(design[key], as_r[key], rtol=1e-9, atol=1e-9)
        return
    compare(figures(CASES[case](declared("one"))), rows, declared("one"))


@pytest.mark.parametrize("case", ["rake", "raking", "logit", "linear_then_post", "rake_then_raking"])
def test_where_r_differs_from_the_derivative(case: str) -> None:
    """The default is the derivative, so that these differ: by a little in one step, by more in a chain."""
    mine, theirs = (figures(CASES[case](declared("one"), **k))["mean", "y", ""] for k in ({}, {"residuals": "R"}))
    np.testing.assert_allclose(mine[0], theirs[0], rtol=1e-12)
    assert 1e-6 < abs(mine[1] / theirs[1] - 1) < 0.3


def test_standardised_among_those_who_answered() -> None:
    """R leaves out those who did not answer before it standardises; `where` does, and keeps them in the design."""
    rows = ROWS[ROWS["case"] == "standardize_answered"]
    people = PEOPLE.assign(answered=PEOPLE["answered"] == 1)
    design = sk.Design(people, weight="w", strata="stratum", **DESIGNS["one"])
    for convention in ("R", "derivative"):  # a mean within one group does not feel how large the group is
        equal = sk.standardize(design, "age", STANDARD, over="dom", where="answered", residuals=convention)
        ours = sk.mean(equal, "y", by="dom", where="answered").table
        np.testing.assert_allclose(ours["estimate"], rows["estimate"].astype(float), rtol=RELATIVE)
        np.testing.assert_allclose(ours["se"], rows["se"].astype(float), rtol=RELATIVE)


@pytest.mark.parametrize("case", ["post_stratify", "rake", "linear", "raking", "linear_then_post"])
def test_replicates_are_calibrated_anew(case: str) -> None:
    """Catches: the full sample's factors used for every replicate."""
    rows = REPLICATES[REPLICATES["case"] == case]
    compare(figures(CASES[case](declared("JKn"))), rows, declared("JKn"))


# ----------------------------------------------------------------------------------------------------- published oracles
STYPE = {"E": 4421, "H": 755, "M": 1018}
TARGET = {"no": 1072, "yes": 5122}


def schools(**k: Any) -> dict[str, sk.Design]:
    plain = sk.Design(SCHOOLS, weight="w", psu="psu", fpc="fpc")
    linear = sk.calibrate(plain, {"stype": STYPE, "api99": 3914069}, **k)
    raked = sk.rake(plain, {"stype": STYPE, "target_met": TARGET}, **k)
    return {"linear": linear, "then": sk.post_stratify(linear, "target_met", TARGET, **k), "raked": raked}


def shown(est: sk.Estimates, digits: tuple[int, int]) -> tuple[str, str]:
    row = est.table.iloc[0]
    return f"{row['estimate']:.{digits[0]}f}", f"{row['se']:.{digits[1]}f}"


@pytest.mark.parametrize("convention", ["R", "derivative"])
def test_schools_calibrated_to_type_and_last_year(convention: str) -> None:
    """The calibration vignette of R survey. A rival gives 22.33460 in vector calls: weights taken as if never calibrated."""
    design = schools(residuals=convention)["linear"]
    assert shown(sk.mean(design, "api00"), (6, 5)) == ("665.309071", "3.44175")
    assert shown(sk.mean(design, ("api00", "enroll")), (6, 5)) == ("665.309071", "3.44175")
    assert shown(sk.total(design, ("enroll", "api00")), (0, 3))[1] == "385524.427"
    g = design.calibration[0].g
    assert (f"{g.min():.5f}", f"{g.max():.5f}") == ("0.41859", "1.83329")


def test_schools_calibrated_then_post_stratified() -> None:
    """Both steps are credited: a rival that credits the last one only has an SE of 21.984."""
    assert shown(sk.mean(schools(residuals="R")["then"], "api00"), (4, 5)) == ("663.8172", "3.21492")
    assert shown(sk.mean(schools()["then"], "api00"), (4, 5)) == ("663.8172", "2.90713")


def test_schools_raked() -> None:
    """`?rake` of R survey. 58.260 would be the SE of weights taken as if never raked."""
    assert shown(sk.mean(schools(residuals="R")["raked"], "enroll"), (4, 5)) == ("588.8408", "64.67602")
    assert shown(sk.mean(schools()["raked"], ("enroll", "api00")), (4, 5)) == ("588.8408", "64.27690")


def test_schools_linear_calibration_far_away_makes_negative_weights_and_says_so() -> None:
    """To a mean of 760 last year: factors from -1.92 to 4.42, 51 of 183 weights negative; raking stays positive, from .0054 to 23.2."""
    plain = sk.Design(SCHOOLS, weight="w", psu="psu", fpc="fpc")
    far = {"api99": 760 * 6194}
    linear = sk.calibrate(plain, far, population=6194)
    g = linear.calibration[0].g
    assert (f"{g.min():.2f}", f"{g.max():.2f}", linear.calibration[0].negative) == ("-1.92", "4.42", 51)
    assert any("51 of 183 calibrated weights are negative" in note for note in sk.mean(linear, "enroll").notes)
    g = sk.calibrate(plain, far, population=6194, distance="raking").calibration[0].g
    assert (f"{g.min():.4f}", f"{g.max():.1f}") == ("0.0054", "23.2")
