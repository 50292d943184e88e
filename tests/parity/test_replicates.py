"""Replicates made by us, and weights drawn or shaped by R and brought to us, against R survey (replicates.R).

Tolerance 1e-10 relative: both sides sum the same few hundred doubles. Raked replicates are solved to R's and our own
tolerance of 1e-11 and compared at 1e-8.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.design.make_replicates_balanced import hadamard

HERE = Path(__file__).parent
RELATIVE = 1e-10
RAKED = 1e-8

PEOPLE = pd.read_csv(HERE / "replicates_data.csv", comment="#")
PEOPLE["sixty"] = 60
MANY = PEOPLE[PEOPLE["kind"] == "many"].reset_index(drop=True)
PAIRS = PEOPLE[PEOPLE["kind"] == "pairs"].reset_index(drop=True)
DRAWN = pd.concat([MANY, pd.read_csv(HERE / "replicates_drawn.csv", comment="#")], axis=1)
TEXTS: Any = {"category": str, "domain": str}
ROWS = pd.read_csv(HERE / "replicates_rows.csv", comment="#", dtype=TEXTS).fillna({"category": "", "domain": ""})
VCOV = pd.read_csv(HERE / "replicates_vcov.csv", comment="#")
SCALES = ROWS[ROWS["case"] == "scales"].set_index("variable")

STRATA = {"strata": "stratum", "psu": "psu"}
SEXES = {1: 1100.0, 2: 1300.0}
CLASSES = {1: 900.0, 2: 1000.0, 3: 500.0}


def made(frame: pd.DataFrame, method: str, mse: bool, declared: dict[str, Any], **more: Any) -> sk.Design:
    return sk.make_replicates(sk.Design(frame, weight="weight", **declared), method, mse=mse, **more)


def given(name: str, mse: bool, **more: Any) -> sk.Design:
    columns = sk.Replicates.given(f"{name}_[0-9]*", mse=mse, **more)
    return sk.Design(DRAWN, weight="weight", replicates=columns)


def as_drawn(name: str, mse: bool) -> sk.Design:
    scale, rscale = (float(SCALES.loc[name, column]) for column in ("estimate", "se"))
    return given(name, mse, method="custom", scale=scale, rscales=[rscale] * 30)


def factors(mse: bool) -> sk.Design:
    frame = MANY.copy()
    for name in DRAWN.filter(regex="^bootstrap_"):
        frame[name] = DRAWN[name] / frame["weight"]
    columns = sk.Replicates.given("bootstrap_*", method="bootstrap", combined=False, scale=1 / 29, mse=mse)
    return sk.Design(frame, weight="weight", replicates=columns)


CASES: dict[str, Any] = {
    "JK1": lambda mse: made(MANY, "JK1", mse, {"psu": "psu"}),
    "JK1_fpc": lambda mse: made(MANY, "JK1", mse, {"psu": "psu", "fpc": "sixty"}),
    "JKn": lambda mse: made(MANY, "JKn", mse, STRATA),
    "JKn_fpc": lambda mse: made(MANY, "JKn", mse, STRATA | {"fpc": "N1"}),
    "BRR": lambda mse: made(PAIRS, "BRR", mse, STRATA, replicates=12),
    "Fay": lambda mse: made(PAIRS, "Fay", mse, STRATA, replicates=12, rho=0.3),
    "JKn_poststratified": lambda mse: sk.post_stratify(made(MANY, "JKn", mse, STRATA), "sex", SEXES),
    "JKn_raked": lambda mse: sk.rake(made(MANY, "JKn", mse, STRATA), {"sex": SEXES, "q": CLASSES}, tolerance=1e-11),
    "given_bootstrap": lambda mse: as_drawn("bootstrap", mse),
    "given_subbootstrap": lambda mse: as_drawn("subbootstrap", mse),
    "given_mrbbootstrap": lambda mse: as_drawn("mrbbootstrap", mse),
    "given_bootstrap_usual": lambda mse: given("subbootstrap", mse, method="bootstrap", scale=1 / 29),
    "given_BRR": lambda mse: given("mrbbootstrap", mse, method="BRR"),
    "given_Fay": lambda mse: given("mrbbootstrap", mse, method="Fay", rho=0.4),
    "given_JK1": lambda mse: given("subbootstrap", mse, method="JK1"),
    "given_JK2": lambda mse: given("subbootstrap", mse, method="JK2"),
    "given_JKn": lambda mse: given("subbootstrap", mse, method="JKn", rscales=np.linspace(0, 0.9, 30)),
    "given_ACS": lambda mse: given("bootstrap", mse, method="ACS"),
    "given_published": lambda mse: given("bootstrap", mse, method="custom", scale=0.00654),
    "given_factors": factors,
}


def close(ours: Any, theirs: Any, case: str) -> None:
    """Compare; a share that was raked to has no variance, and 1e-14 of it is rounding on both sides."""
    relative, absolute = (RAKED, 1e-14) if "raked" in case else (RELATIVE, 0.0)
    np.testing.assert_allclose(
        np.asarray(ours, float), np.asarray(theirs, float), rtol=relative, atol=absolute, err_msg=case
    )


def estimated(design: sk.Design, statistic: str, variable: str, domain: str) -> pd.DataFrame:
    if statistic == "ratio":
        return sk.ratio(design, "y", "x").table
    missing = {"missing": "exclude"} if variable == "v" else {}
    by = {"by": "dom"} if domain else {}
    table = getattr(sk, statistic)(design, variable, **missing, **by).table
    return table[table["dom"] == domain] if domain else table


def test_every_case_of_r_is_compared() -> None:
    """A case added to the script and forgotten here would go unseen."""
    assert set(ROWS["case"]) == {*CASES, "scales"}


@pytest.mark.parametrize("mse", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_estimates_equal_r_survey(case: str, mse: bool) -> None:
    """Catches a wrong coefficient, a centre at the other point, an fpc lost, a replicate without domain members kept."""
    design = CASES[case](mse)
    theirs = ROWS[(ROWS["case"] == case) & (ROWS["mse"] == mse)]
    for (statistic, variable, domain), part in theirs.groupby(["statistic", "variable", "domain"], sort=False):
        ours = estimated(design, statistic, variable, domain)
        if statistic == "proportion":
            assert ours["category"].astype(str).tolist() == part["category"].tolist()
        close(ours["estimate"], part["estimate"], case)
        close(ours["se"], part["se"], case)


@pytest.mark.parametrize("mse", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_covariances_equal_r_survey(case: str, mse: bool) -> None:
    """Catches replicates of several variables or domains that are not the same replicates."""
    design = CASES[case](mse)
    theirs = VCOV[(VCOV["case"] == case) & (VCOV["mse"] == mse)]
    for names, est in (
        (["y", "x"], sk.mean(design, ("y", "x"))),
        (["a", "b", "c"], sk.mean(design, "y", by="dom")),
    ):
        v = est.vcov()
        part = theirs[theirs["first"].isin(names)]
        ours = [v[names.index(i), names.index(j)] for i, j in zip(part["first"], part["second"], strict=True)]
        close(ours, part["value"], case)


def test_r_halves_by_the_same_matrix() -> None:
    """The script builds Paley's matrix anew; a change of ours would make means differ but not totals."""
    symbol = np.array([0, *(1 if any(k * k % 11 == s for k in range(1, 11)) else -1 for s in range(1, 11))])
    paley = np.ones((12, 12), dtype=int)
    paley[1:, 0] = -1
    paley[1:, 1:] = symbol[(np.arange(11)[:, None] - np.arange(11)[None, :]) % 11]
    paley[0, 0] = 0
    paley = paley + np.eye(12, dtype=int)
    paley = paley * paley[0]
    np.testing.assert_array_equal(paley * paley[:, :1], hadamard(12))
