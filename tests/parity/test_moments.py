"""Variances, covariances, correlations, counts, shares, geometric means, Gini and absolute deviations against R (moments.R).

Tolerance 1e-10 relative: both sides sum the same few hundred doubles, only in another order.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk

HERE = Path(__file__).parent
RELATIVE = 1e-10

ONE = {"strata": "stratum", "psu": "psu", "nest": True}
DESIGNS = {
    "srs": {},
    "strata_only": {"strata": "stratum"},
    "one": ONE,
    "one_fpc": ONE | {"fpc": "N1"},
    "two": {"strata": "stratum", "psu": ("psu", "ssu"), "fpc": ("N1", "N2"), "nest": True},
    "three": {
        "strata": ("stratum", "half"),
        "psu": ("psu", "ssu", "tsu"),
        "fpc": ("N1", "N2half", "N3"),
        "nest": True,
    },
}


def read(name: str) -> pd.DataFrame:
    texts = {"domain": str, "category": str, "variable": str, "a": str, "b": str}
    frame = pd.read_csv(HERE / name, comment="#", dtype=texts)
    return frame.fillna({name: "" for name in texts if name in frame})


PEOPLE = pd.read_csv(HERE / "designs_data.csv").query("kind == 'base'")
ROWS = read("moments_rows.csv")
VCOV = read("moments_vcov.csv")

CALLS: dict[str, Callable[..., sk.Estimates]] = {
    "variance": lambda d, y, **k: sk.variance(d, y, missing="exclude", **k),
    "sd": lambda d, y, **k: sk.sd(d, y, missing="exclude", **k),
    "covariance": lambda d, y, **k: sk.covariance(d, y.split(";"), **k),
    "correlation": lambda d, y, **k: sk.correlation(d, y.split(";"), **k),
    "geometric_mean": sk.geometric_mean,
    "count": sk.count,
    "gini": sk.gini,
    "mean_absolute_deviation_mean": sk.mean_absolute_deviation,
    "mean_absolute_deviation_median": lambda d, y, **k: sk.mean_absolute_deviation(d, y, about="median", **k),
}


PLAIN = tuple(DESIGNS)
EVERY = (*PLAIN, "post", "greg", "jkn")


def make(name: str) -> sk.Design:
    d = sk.Design(PEOPLE, weight="weight", **DESIGNS.get(name, ONE))
    if name == "post":
        return sk.post_stratify(d, "sex", {1: 9000, 2: 10000})
    if name == "greg":
        return sk.calibrate(d, {"x": 210000, "sex": {1: 9000, 2: 10000}})
    return sk.make_replicates(d, "JKn") if name == "jkn" else d


def close(ours: object, theirs: object, scale: float = 0.0, relative: float = RELATIVE) -> None:
    np.testing.assert_allclose(np.asarray(ours, float), np.asarray(theirs, float), rtol=relative, atol=1e-13 * scale)


@pytest.mark.parametrize("name", EVERY)
def test_estimates_equal_r_survey(name: str) -> None:
    """Catches a wrong divisor, an uncredited mean, a missing stage, or n taken from the whole sample in a domain."""
    d = make(name)
    part = ROWS[(ROWS["design"] == name) & ROWS["statistic"].isin(CALLS)]
    for (statistic, variable), theirs in part.groupby(["statistic", "variable"], sort=False):
        whole = CALLS[statistic](d, variable).table
        by = CALLS[statistic](d, variable, by="dom").table
        for domain, expected in theirs.groupby("domain", sort=False):
            ours = by[by["dom"] == domain] if domain else whole
            close(ours["estimate"], expected["estimate"])
            close(ours["se"], expected["se"], scale=float(np.abs(expected["estimate"]).max()))


@pytest.mark.parametrize("reference", ["srswr", "srswor"])
@pytest.mark.parametrize("name", PLAIN)
def test_design_effects_of_counts_equal_r_survey(name: str, reference: str) -> None:
    part = ROWS[(ROWS["design"] == name) & (ROWS["statistic"] == "count")]
    by = sk.count(make(name), "q", by="dom", deff=reference).table
    for domain, expected in part[part["domain"] != ""].groupby("domain", sort=False):
        ours = by[by["dom"] == domain]
        told = expected[f"deff_{reference}"].notna().to_numpy()
        close(ours["deff"][told], expected[f"deff_{reference}"][told], relative=2 * RELATIVE)


@pytest.mark.parametrize("name", EVERY)
def test_shares_equal_ratios_of_totals_and_means_of_cells(name: str) -> None:
    d = make(name)
    part = ROWS[ROWS["design"] == name]
    amounts, people = sk.share(d, "x", by="dom").table, sk.share(d, by=("dom", "sex")).table
    expected = part[part["statistic"] == "share_of_total"]
    assert amounts["dom"].tolist() == expected["domain"].tolist()
    close(amounts[["estimate", "se"]], expected[["estimate", "se"]])
    expected = part[part["statistic"] == "share_of_people"].set_index("domain")
    label = people["dom"] + "|" + people["sex"].astype(str)
    close(people[["estimate", "se"]], expected.loc[label, ["estimate", "se"]])


def matrices(d: sk.Design) -> dict[str, sk.Estimates]:
    moments = sk.bind(sk.variance(d, ("y", "x")), sk.covariance(d, ("y", "x")))
    return {
        "moments": moments,
        "count": sk.count(d, "q"),
        "share": sk.share(d, "x", by="dom"),
        "cells": sk.share(d, by=("dom", "sex")),
        "variance by domain": sk.variance(d, "y", by="dom"),
        "inequality": sk.bind(sk.gini(d, "x"), sk.mean_absolute_deviation(d, "y")),
    }


def labels(what: str, table: pd.DataFrame) -> list[str]:
    if what == "moments":
        return [f"{s} {v.replace(',', ';')}" for s, v in zip(table["statistic"], table["variable"], strict=True)]
    if what == "count":
        return [f"count {c}" for c in table["category"]]
    if what == "cells":
        return (table["dom"] + "|" + table["sex"].astype(str)).tolist()
    if what == "inequality":
        return ["gini x", "mad y"]
    return table["dom"].tolist()


def compare(ours: sk.Estimates, what: str, theirs: pd.DataFrame) -> None:
    at = {text: i for i, text in enumerate(labels(what, ours.table))}
    a, b = theirs["a"].map(at).to_numpy(), theirs["b"].map(at).to_numpy()
    v = ours.vcov()
    # a covariance is judged beside the product of its standard errors: it may itself be nearly zero
    size = np.sqrt(v[a, a] * v[b, b])
    assert len(theirs) == len(at) * (len(at) + 1) // 2
    np.testing.assert_allclose(v[a, b] / size, theirs["value"] / size, rtol=0, atol=RELATIVE, err_msg=what)
    assert (np.abs(v - v.T) <= 1e-13 * np.abs(v)).all()


@pytest.mark.parametrize("name", EVERY)
def test_covariances_equal_r_survey(name: str) -> None:
    """Catches rows or influence columns out of order, which leave every single SE right."""
    d = make(name)
    for what, est in matrices(d).items():
        theirs = VCOV[(VCOV["design"] == name) & (VCOV["what"] == what)]
        if len(theirs) or name != "jkn":
            compare(est, what, theirs)


@pytest.mark.parametrize("name", [name for name in EVERY if name != "jkn"])
def test_precision_equals_r(name: str) -> None:
    """Catches a misspecified variance that keeps the weights, the strata or the finite population."""
    d = make(name)
    whole, by = sk.precision(sk.mean, d, "y"), sk.precision(sk.mean, d, "y", by="dom")
    part = ROWS[(ROWS["design"] == name) & ROWS["statistic"].isin(["meff", "n_effective", "deff_kish"])]
    assert len(part) == 15
    for row in part.itertuples():
        ours = by[by["dom"] == row.domain] if row.domain else whole
        close(ours[row.statistic], [row.estimate], relative=3 * RELATIVE)
