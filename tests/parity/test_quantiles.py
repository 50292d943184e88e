"""Quantiles, the distribution function and the grouped median against R survey and psych (quantiles.R).

Tolerance 1e-10 relative: both sides sum the same few hundred doubles, only in another order. Degrees of freedom are R's
``degf(design)``, passed on as ``df=``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk

HERE = Path(__file__).parent
RELATIVE = 1e-10
INTERVALS = {
    "mean": "woodruff",
    "xlogit": "woodruff_logit",
    "beta": "woodruff_beta",
    "asin": "woodruff_arcsine",
    "quantile": "wald",
}


def read(name: str) -> pd.DataFrame:
    frame = pd.read_csv(HERE / name, comment="#", dtype={"domain": str})
    return frame.fillna({"domain": ""}) if "domain" in frame else frame


PEOPLE = read("quantiles_data.csv").assign(one=1.0)
ROWS = read("quantiles_rows.csv")
UNITS: dict[str, Any] = {"strata": "stratum", "psu": "psu"}


def replicated(columns: str, **how: Any) -> sk.Design:
    return sk.Design(PEOPLE, weight="w", **UNITS, replicates=sk.Replicates.given(columns, df=14, **how))


def design(name: str) -> sk.Design:
    plain = sk.Design(PEOPLE, weight="w", **UNITS)
    made = {
        "plain": lambda: plain,
        "fpc": lambda: sk.Design(PEOPLE, weight="w", fpc="N", **UNITS),
        "rows": lambda: sk.Design(PEOPLE, weight="w"),
        "mean_one": lambda: sk.Design(PEOPLE, weight="w1", **UNITS),
        "equal": lambda: sk.Design(PEOPLE, weight="one", **UNITS),
        "whole": lambda: sk.Design(PEOPLE, weight="whole", **UNITS),
        "post": lambda: sk.post_stratify(plain, "sex", {"f": 900, "m": 800}),
        "linear": lambda: sk.calibrate(plain, {"sex": {"f": 900, "m": 800}, "x": 15000.0}),
        "jackknife": lambda: replicated(
            "j*", method="JKn", scale=1.0, rscales=read("quantiles_jackknife.csv")["rscale"].to_numpy()
        ),
        "bootstrap": lambda: replicated("b*", method="bootstrap", scale=1 / 24),
        "bootstrap_mse": lambda: replicated("b*", method="bootstrap", scale=1 / 25, mse=True),
    }
    return made[name]()


def close(ours: Any, theirs: Any, what: str) -> None:
    np.testing.assert_allclose(
        np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float), rtol=RELATIVE, err_msg=what
    )


@pytest.mark.parametrize("name", ROWS["design"].unique())
def test_every_rule_and_interval_equals_r(name: str) -> None:
    """Catches a limit centred at p instead of F(q), a clamped limit, the df of the whole design in a domain, calibrated
    weights taken as fixed, a rule off by one row."""
    d, part = design(name), ROWS[ROWS["design"] == name]
    for key, theirs in part.groupby(["variable", "domain", "rule", "interval"]):
        variable, domain, rule, interval = (str(value) for value in key)
        est = sk.quantile(
            d,
            variable,
            theirs["p"].tolist(),
            by="dom" if domain else None,
            missing="exclude",
            rule=rule,
            interval=INTERVALS[interval],
        )
        ours = est.table[est.table["dom"] == domain] if domain else est.table
        # where every replicate gives the same value R's interval is that value; ours says there is none
        none = (theirs["se"] == 0).to_numpy() & (interval == "quantile")
        assert (ours["status"][none] == "tied").all()
        for column in ("estimate", "se", "df"):
            close(ours[column], theirs[column], f"{key} {column}")
        for column in ("ci_low", "ci_high"):
            close(ours[column][~none], theirs[column][~none], f"{key} {column}")
        assert ours["status"].isin(["ok", "tied", "no_interval"]).all()


def test_the_published_quantiles_of_apiclus1() -> None:
    """?svyquantile of survey 4.1, rule math; limits from the quantile at F(q) -+ t SE."""
    d = sk.Design(read("quantiles_api.csv"), weight="pw", psu="dnum", fpc="fpc")
    ours = sk.quantile(d, "api00").table
    assert ours["estimate"].tolist() == [552, 652, 719]
    assert ours["ci_low"].tolist() == [492, 561, 696]
    assert ours["ci_high"].tolist() == [627, 714, 777]
    np.testing.assert_allclose(ours["se"], [31.47166, 35.66788, 18.88300], atol=5e-6)


def test_the_distribution_function_equals_svyciprop() -> None:
    """R fits a logistic regression, converged to 1e-8 of the deviance: 1e-7 is what its limits can be asked for."""
    for name, theirs in read("quantiles_cdf.csv").groupby("design"):
        ours = sk.cdf(design(str(name)), "y", theirs["at"].tolist(), interval="logit").table
        for column in ("estimate", "se", "df"):
            close(ours[column], theirs[column], f"{name} {column}")
        np.testing.assert_allclose(ours[["ci_low", "ci_high"]], theirs[["ci_low", "ci_high"]], rtol=1e-7)


def test_the_grouped_median_equals_psych_and_its_replicates() -> None:
    """Catches a class border off by half, a variance that forgets the share of the median's own class."""
    table = read("quantiles_grouped.csv")
    for (name, domain, p), row in table.groupby(["design", "domain", "p"]):
        est = sk.grouped_median(
            design("whole" if name == "psych" else str(name)), "t", p=float(p), by="dom" if domain else None
        )
        ours = est.table[est.table["dom"] == domain] if domain else est.table
        close(ours["estimate"], row["estimate"], f"{name} {domain} {p}")
        if name != "psych":
            close(ours["se"], row["se"], f"{name} {p}")
