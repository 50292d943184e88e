"""Digits and edges: no statistic loses its digits beside a large mean, and none says more than one, two or equal answers tell.

Would catch: squares added up before centring (all digits lost at mean / sd = 1e8), p-values as 1 - cdf, limits of 0 and 100 % that
leave the range or have no width by accident, weights of any size, units that are empty in a domain, and standard errors of zero or
of rounding where there is no spread.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.types import Interval

Call = Callable[..., "sk.Estimates"]


def people(seed: int = 3, n: int = 240) -> pd.DataFrame:
    """Answers in eighths, which keep all their bits when 1e8 is added; ties; units that are empty in a domain."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"psu": rng.integers(0, 12, n), "w": rng.uniform(0.5, 4, n)})
    frame["h"] = frame["psu"] // 4
    frame["y"] = np.round(8 * (rng.normal(size=n) + 0.5 * (frame["psu"] % 3))) / 8
    frame["x"] = np.round(8 * (0.5 * frame["y"] + rng.normal(size=n))) / 8
    frame["sex"] = rng.choice(["f", "m"], n)
    frame["age"] = rng.integers(1, 4, n)
    frame["dom"] = np.where(frame["psu"] == 1, "a", rng.choice(["a", "b"], n))
    frame["wave"] = rng.integers(0, 2, n)
    frame["none"], frame["every"], frame["rare"] = 0.0, 1.0, (np.arange(n) == 5).astype(float)
    return frame


FRAME = people()
CLUSTERS: dict[str, Any] = {"weight": "w", "strata": "h", "psu": "psu"}
SEX = {"f": 300.0, "m": 270.0}
DESIGNS: dict[str, Callable[[pd.DataFrame], sk.Design]] = {
    "clusters": lambda f: sk.Design(f, **CLUSTERS),
    "compiled": lambda f: sk.Design(f, **CLUSTERS, compiled=True),
    "rows": lambda f: sk.Design(f, weight="w"),
    "raked": lambda f: sk.rake(sk.Design(f, **CLUSTERS), {"sex": SEX, "age": {1: 200.0, 2: 190.0, 3: 180.0}}),
    "jackknife": lambda f: sk.make_replicates(sk.Design(f, **CLUSTERS), "JKn"),
    "bootstrap, mse": lambda f: sk.make_replicates(
        sk.Design(f, **CLUSTERS), "bootstrap", replicates=15, rng=1, mse=True
    ),
    "waves": lambda f: sk.Design(f, **CLUSTERS, wave="wave", overlap="psu"),
}
# what does not change when a number is added to the answers: the standard error, for measures of spread the estimate as well
EQUIVARIANT: dict[str, tuple[Call, bool]] = {
    "mean": (lambda d, **k: sk.mean(d, "y", **k), False),
    "quantile": (lambda d, **k: sk.quantile(d, "y", (0.3, 0.5), **k), False),
    "median hf7": (lambda d, **k: sk.median(d, "y", rule="hf7", **k), False),
    "grouped median": (lambda d, **k: sk.grouped_median(d, "y", width=0.125, **k), False),
    "variance": (lambda d, **k: sk.variance(d, "y", **k), True),
    "sd": (lambda d, **k: sk.sd(d, "y", **k), True),
    "covariance": (lambda d, **k: sk.covariance(d, ("y", "x"), **k), True),
    "correlation": (lambda d, **k: sk.correlation(d, ("y", "x"), **k), True),
    "mean deviation": (lambda d, **k: sk.mean_absolute_deviation(d, "y", **k), True),
    "about the median": (lambda d, **k: sk.mean_absolute_deviation(d, "y", about="median", **k), True),
    "difference": (
        lambda d, **_: sk.mean(d, "y", by="dom").difference({"dom": "a"}, {"dom": "b"}),
        True,
    ),
    "t, groups": (lambda d, **k: sk.ttest(d, "y", "sex", **k).estimates, True),
    "t, pairs": (lambda d, **k: sk.ttest(d, "y", paired="x", **k).estimates, True),
    "spearman": (lambda d, **k: sk.association(d, "y", "x", "spearman", **k), True),
    "slope": (lambda d, **_: sk.ols(d, "y ~ x + sex").params.linear(np.eye(3)[1:]), True),
}


@pytest.mark.parametrize("offset", [1e4, 1e6, 1e8])
@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("name", EQUIVARIANT)
def test_a_large_mean_costs_no_digits(name: str, design: str, offset: float) -> None:
    call, spread = EQUIVARIANT[name]
    moved = FRAME.assign(y=FRAME["y"] + offset, x=FRAME["x"] + offset)
    ours, plain = (call(DESIGNS[design](f), by="dom").table for f in (moved, FRAME))
    np.testing.assert_allclose(ours["se"], plain["se"], rtol=1e-7)  # 1e8 leaves the means 8 digits of their spread
    if spread:
        np.testing.assert_allclose(ours["estimate"], plain["estimate"], rtol=1e-7, atol=1e-9)
    else:
        np.testing.assert_allclose(ours["estimate"] - offset, plain["estimate"], rtol=0, atol=4e-16 * offset + 1e-12)


SIZES: dict[str, tuple[Call, int]] = {
    "mean": (lambda d, **k: sk.mean(d, "y", **k), 0),
    "total": (lambda d, **k: sk.total(d, "y", **k), 1),
    "ratio": (lambda d, **k: sk.ratio(d, "x", "every", **k), 0),
    "proportion": (lambda d, **k: sk.proportion(d, "age", **k), 0),
    "median": (lambda d, **k: sk.median(d, "y", **k), 0),
    "sd": (lambda d, **k: sk.sd(d, "y", **k), 0),
    "table": (lambda d, **k: sk.crosstab(d, "age", "sex", **k).shares(), 0),
    "odds ratio": (lambda d, **k: sk.association(d, "sex", "wave", "odds_ratio", **k), 0),
    "logit": (lambda d, **_: sk.logit(d, "wave ~ y").params, 0),
    "ordered": (lambda d, **_: sk.ordered(d, "age ~ y").params, 0),
    "gini": (lambda d, **k: sk.gini(d, "age", **k), 0),
}


@pytest.mark.parametrize("factor", [1e-12, 1e12])
@pytest.mark.parametrize("name", SIZES)
def test_weights_of_any_size(name: str, factor: float) -> None:
    call, degree = SIZES[name]
    for design in ("clusters", "jackknife"):
        ours, plain = (call(DESIGNS[design](FRAME.assign(w=FRAME["w"] * c)), by="dom").table for c in (factor, 1.0))
        for column in ("estimate", "se", "ci_low", "ci_high"):
            np.testing.assert_allclose(ours[column], plain[column] * factor**degree, rtol=1e-8, err_msg=column)


def test_one_weight_far_above_the_others_is_that_person() -> None:
    frame = FRAME.assign(w=np.where(np.arange(len(FRAME)) == 7, 1e12, FRAME["w"] * 1e-6))
    for call in (sk.mean, sk.median):
        row = call(sk.Design(frame, **CLUSTERS), "y").table.iloc[0]
        assert row["estimate"] == pytest.approx(frame["y"][7], rel=1e-12)
        assert np.isnan(row["se"]) or row["se"] < 1e-6


# ------------------------------------------------------------------------------------------------------ 0, 100 % and rare
@pytest.mark.parametrize("interval", [name for name in get_args(Interval) if name not in ("fisher", "log")])
def test_shares_at_the_ends(interval: Any) -> None:
    design = sk.Design(FRAME, **CLUSTERS)
    est = sk.mean(design, ("none", "every", "rare"), by="dom", interval=interval)
    table = est.table.set_index(["dom", "variable"])
    for dom in ("a", "b"):
        for name, value in (("none", 0.0), ("every", 1.0)):
            row = table.loc[(dom, name)]
            assert (row["estimate"], row["se"], row["status"]) == (value, 0.0, "one_value")
            low, high = row["ci_low"], row["ci_high"]
            if interval in ("wilson", "beta", "korn_graubard", "likelihood"):
                assert 0 <= low <= value <= high <= 1
                assert 0.001 < high - low < 0.1
            else:  # no limits, or none but the value itself
                assert (np.isnan(low) and np.isnan(high)) or (low == high == value)
        row = table.loc[(dom, "rare")]
        if row["se"] > 0 and interval != "wald":
            assert 0 <= row["ci_low"] < row["estimate"] < row["ci_high"] <= 1
    again = est.confint(0.5).table
    narrower = (again["ci_high"] - again["ci_low"]) < (est.table["ci_high"] - est.table["ci_low"])
    assert (narrower | ~(est.table["se"] > 0)).all()


# --------------------------------------------------------------------------------------------------- one, two, all equal
FEW: dict[str, Call] = {
    "mean": lambda d, **k: sk.mean(d, "y", **k),
    "total": lambda d, **k: sk.total(d, "y", **k),
    "ratio": lambda d, **k: sk.ratio(d, "y", "x", **k),
    "proportion": lambda d, **k: sk.proportion(d, "sex", **k),
    "median": lambda d, **k: sk.median(d, "y", **k),
    "grouped median": lambda d, **k: sk.grouped_median(d, "y", **k),
    "cdf": lambda d, **k: sk.cdf(d, "y", 2.0, **k),
    "variance": lambda d, **k: sk.variance(d, "y", **k),
    "sd": lambda d, **k: sk.sd(d, "y", **k),
    "covariance": lambda d, **k: sk.covariance(d, ("y", "x"), **k),
    "correlation": lambda d, **k: sk.correlation(d, ("y", "x"), **k),
    "geometric mean": lambda d, **k: sk.geometric_mean(d, "y", **k),
    "gini": lambda d, **k: sk.gini(d, "y", **k),
    "mean deviation": lambda d, **k: sk.mean_absolute_deviation(d, "y", **k),
    "count": lambda d, **k: sk.count(d, "sex", **k),
    "share": lambda d, by=None, **k: sk.share(d, "y", by="sex", within=by, **k),
    "table": lambda d, **k: sk.crosstab(d, "sex", "age", **k).shares(),
    "cramers v": lambda d, **k: sk.association(d, "sex", "age", "cramers_v", **k),
    "odds ratio": lambda d, **k: sk.association(d, "sex", "b", "odds_ratio", **k),
    "gamma": lambda d, **k: sk.association(d, "sex", "age", "gamma", **k),
    "spearman": lambda d, **k: sk.association(d, "y", "x", "spearman", **k),
    "t, groups": lambda d, **k: sk.ttest(d, "y", "sex", **k).estimates,
    "t, pairs": lambda d, **k: sk.ttest(d, "y", paired="x", **k).estimates,
}


def few(n: int) -> pd.DataFrame:
    """A domain of one row, one of one unit, one where all are equal, one with nobody, and the rest."""
    frame = FRAME.head(n).assign(b=lambda f: (f["age"] > 1).astype(int))
    frame["y"], frame["x"] = np.abs(np.round(frame["y"])) + 1, np.abs(np.round(frame["x"])) + 1
    place = np.arange(n)
    names = np.select([place == 3, frame["psu"] == 2, place % 3 == 0], ["one", "unit", "equal"], "rest")
    frame["g"] = pd.Categorical(names, ["one", "unit", "equal", "nobody", "rest"])
    equal = frame["g"] == "equal"
    frame["y"], frame["x"] = frame["y"].where(~equal, 2.0), frame["x"].where(~equal, 3.0)
    frame["sex"], frame["age"] = frame["sex"].where(~equal, "f"), frame["age"].where(~equal, 2)
    return frame


@pytest.mark.parametrize("design", ["clusters", "rows", "jackknife", "raked", "compiled"])
@pytest.mark.parametrize("name", FEW)
def test_few_and_equal_answers_are_named(name: str, design: str) -> None:
    """Every row says how much it knows: no standard error without spread or units, none that is rounding, no warning."""
    targets = {"sex": SEX, "age": {1: 200.0, 2: 190.0, 3: 180.0}}
    frame = few(240)
    made = DESIGNS[design](frame) if design != "raked" else sk.rake(sk.Design(frame, **CLUSTERS), targets)
    table = FEW[name](made, by="g").table.set_index("g")
    assert (table.loc[["nobody"], "status"] == "empty").all()
    assert table.loc[["nobody"], ["estimate", "se"]].isna().all(axis=None)
    estimate, se = table["estimate"].to_numpy(float), table["se"].to_numpy(float)
    known = table["status"] == "ok"
    assert (se[known] > 1e-12 * np.abs(estimate[known])).all(), table
    assert np.isfinite(table.loc[known, ["ci_low", "ci_high"]]).all(axis=None), table
    assert (table.loc[~known & (table["status"] != "tied"), "se"].fillna(0) <= 1e-6).all() or set(
        table.loc[~known, "status"]
    ) <= {"no_df", "tied", "empty", "one_value", "undefined", "no_interval"}, table
    rest = table.loc[["rest"], "status"]
    assert set(rest) <= {"ok", "tied"}, rest
    if design != "rows":
        assert not set(table.loc[["unit"], "status"]) & {"ok"}, table.loc[["unit"]]
    assert not set(table.loc[["one"], "status"]) & {"ok"}, table.loc[["one"]]


@pytest.mark.parametrize("name", FEW)
def test_two_rows(name: str) -> None:
    """Two people are a sample with one degree of freedom: a number, a status or an error that says why, no warning."""
    frame = few(2).assign(y=[1.0, 4.0], x=[2.0, 3.0], sex=["f", "m"], age=[1, 2], b=[0, 1])
    try:
        table = FEW[name](sk.Design(frame, weight="w")).table
    except sk.SurveyKitError:
        return
    assert set(table["status"]) <= {"ok", "tied", "no_df", "one_value", "undefined", "no_interval", "empty"}
    assert not np.isinf(table[["estimate", "se"]].to_numpy(float)).any()


# ----------------------------------------------------------------------------------------------------------------- tails
def test_p_values_far_in_the_tail() -> None:
    """Smaller than 1e-16 is not zero: 1 - cdf knows nothing below."""
    rng = np.random.default_rng(5)
    n = 400
    frame = pd.DataFrame({"w": rng.uniform(1, 2, n), "g": rng.integers(0, 2, n)})
    frame["y"] = frame["g"] * 1.5 + rng.normal(size=n)
    frame["k"] = np.clip(np.round(frame["y"]), 0, 2).astype(int)
    design = sk.Design(frame, weight="w")
    fit = sk.ols(design, "y ~ g")
    found = {
        "t": sk.ttest(design, "y", "g").table["p"],
        "ranks": sk.rank_test(design, "y", "g").table["p"],
        "wald": sk.wald_test(fit.params, [[0.0, 1.0]]).table["p"],
        "fit": sk.goodness_of_fit(design, "k", [0.9, 0.05, 0.05]).table["p"],
    }
    found |= {
        name: sk.crosstab(design, "k", "g").test(name).table["p"]
        for name in ("F", "chisq", "wald", "adjusted_wald", "lincom", "saddlepoint")
    }
    for name, p in found.items():
        assert 0 < float(p.iloc[0]) < 1e-18, (name, p.tolist())
