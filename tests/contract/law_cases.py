"""What the law is asked of: every statistic, and every kind of design, on one small made-up survey.

`STATISTICS` and `DESIGNS` are values; a new statistic or design is one entry here, and every rule of `test_law.py` is asked of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

import survey_kit as sk
from survey_kit.weighting import (
    Attrition,
    Calibrate,
    CalibrateRespondents,
    CalibrateToEstimates,
    Composite,
    Household,
    Multiplicity,
    Nonresponse,
    Propensity,
    Rake,
    Trim,
    UnknownEligibility,
    WeightingPlan,
)

Call = Callable[..., "sk.Estimates"]
Declare = Callable[..., "sk.Design"]
UNITS = 14


def people(seed: int = 4, n: int = 210) -> pd.DataFrame:
    """Unequal weights and units, ties, a skewed amount, waves, a domain that misses units, two seen phases, probabilities."""
    rng = np.random.default_rng(seed)
    psu = np.sort(rng.choice(UNITS, n, p=rng.dirichlet(np.full(UNITS, 8.0))))
    psu[: 6 * UNITS] = np.repeat(np.arange(UNITS), 6)
    psu = np.sort(psu)
    effect = rng.normal(size=UNITS)
    frame = pd.DataFrame({"psu": psu, "h": np.searchsorted([0, 4, 9], psu, side="right")})
    frame["pair"], frame["lone"] = psu // 2, np.where(psu == 3, 9, frame["h"])
    frame["ssu"] = frame.groupby("psu").cumcount() % 3
    frame["N"], frame["M"] = frame["h"].map({1: 9, 2: 20, 3: 40}), 5 + psu % 3
    frame["lone_N"], frame["pair_N"] = np.where(psu == 3, 4, frame["N"]), 6 + psu // 2
    frame["people"], frame["place"] = 5000.0, (psu * 5) % UNITS
    frame["w"] = rng.uniform(0.5, 4.0, n)
    frame["pi"] = np.array([0.2, 0.35, 0.5, 0.3])[psu % 4]
    place = frame.groupby("psu").cumcount()
    frame["wave"] = place % 2
    frame["case"] = 1000 * psu + np.where(psu < 10, place // 2, place)  # some units are a panel, others new
    frame["sex"] = rng.choice(["f", "m"], n, p=[0.55, 0.45])
    frame["age"] = rng.choice(["18-34", "35-54", "55+"], n, p=[0.3, 0.4, 0.3])
    frame["y"] = np.round(6 + 2 * effect[psu] + (frame["sex"] == "f") + rng.normal(size=n), 1)
    frame["x"] = np.round(np.exp(0.1 * frame["y"] + 0.5 * rng.normal(size=n)) + 0.1, 2)
    frame["z"] = frame["x"]  # known of everybody, as calibration needs
    frame["o"] = np.clip(np.round(5 + frame["y"] / 4 + 2 * rng.normal(size=n)), 0, 10).astype(int)
    frame["b"] = (rng.random(n) < 0.2 + 0.3 * (frame["sex"] == "f")).astype(float)
    frame["e"] = (rng.random(n) < 0.3 + 0.3 * frame["b"]).astype(float)
    frame["c"] = rng.poisson(0.3 * frame["x"])
    frame["k"] = np.digitize(0.3 * frame["y"] + rng.logistic(size=n), [1.2, 2.6])
    frame["q"] = rng.integers(1, 4, n)
    frame["dom"] = np.where(psu < 1, "a", rng.choice(["a", "b"], n))
    frame["in_b"], frame["all"], frame["one"] = frame["dom"] == "b", True, 1
    frame["seen"] = rng.random(n) < 0.7
    frame["id"] = rng.permutation(n)
    rng = np.random.default_rng(seed + 100)  # fieldwork
    frame["answers"] = rng.random(n) < 0.55 + 0.3 * (frame["sex"] == "f")
    frame["eligible"] = frame["answers"] | (rng.random(n) < 0.7)
    frame["known"] = frame["answers"] | (rng.random(n) < 0.6)
    frame["adults"] = rng.integers(1, 6, n)
    return frame.sample(frac=1, random_state=seed).reset_index(drop=True)


# ------------------------------------------------------------------------------------------------------------ statistics
@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One statistic: its call; the degree of its scale in the weights; what it can be asked.

    `by` and `level` tell whether it takes them. `smooth` is False where the variance is not the derivative: quantiles, probit with the
    expected information, pooled estimates, whose shares of the years are fixed. `parts` are calls of the single rows of a vector call. `counts` says that rows written twice are more
    people, not heavier ones: n / (n - 1), or n / deff. `blank` names the columns whose blanks are missing answers.
    """

    call: Call
    degree: int = 0
    by: bool = True
    smooth: bool = True
    level: bool = True
    counts: bool = False
    parts: tuple[Call, ...] = ()
    blank: tuple[str, ...] = ("y",)
    rtol: float = 1e-9
    needs: str | None = None


def _parts(function: Callable[..., Any], *names: str, **more: Any) -> tuple[Call, ...]:
    return tuple(lambda d, name=name, **k: function(d, name, **more, **k) for name in names)


def _fit(kind: str, formula: str, **more: Any) -> Call:
    return lambda d, **k: getattr(sk, kind)(d, formula, **more, **k).params


def _association(measure: str) -> Call:
    names = ("b", "e") if measure.startswith(("odds", "risk", "phi", "yule")) else ("q", "k")
    return lambda d, **k: sk.association(d, *names, measure, **k)


STATISTICS: dict[str, Asked] = {
    "mean": Asked(call=lambda d, **k: sk.mean(d, ("y", "b"), **k), parts=_parts(sk.mean, "y", "b"), blank=("y", "b")),
    "total": Asked(
        call=lambda d, **k: sk.total(d, ("y", "x"), **k), parts=_parts(sk.total, "y", "x"), degree=1, blank=("y", "x")
    ),
    "ratio": Asked(call=lambda d, **k: sk.ratio(d, "y", "x", **k)),
    "proportion": Asked(
        call=lambda d, **k: sk.proportion(d, ("q", "e"), **k),
        parts=_parts(sk.proportion, "q", "e"),
        blank=("q", "e"),
    ),
    "quantile": Asked(
        call=lambda d, **k: sk.quantile(d, ("y", "x"), (0.25, 0.5), **k),
        parts=_parts(sk.quantile, "y", "x", p=(0.25, 0.5)),
        blank=("y", "x"),
        smooth=False,
    ),
    "median": Asked(call=lambda d, **k: sk.median(d, "y", rule="hf7", **k), smooth=False, counts=True),
    "grouped median": Asked(call=lambda d, **k: sk.grouped_median(d, "o", **k), blank=("o",)),
    "cdf": Asked(call=lambda d, **k: sk.cdf(d, "o", (5, 7, 9), **k), blank=("o",)),
    "variance": Asked(
        call=lambda d, **k: sk.variance(d, ("y", "x"), **k),
        parts=_parts(sk.variance, "y", "x"),
        counts=True,
        blank=("y", "x"),
    ),
    "sd": Asked(call=lambda d, **k: sk.sd(d, "y", **k), counts=True),
    "covariance": Asked(call=lambda d, **k: sk.covariance(d, ("y", "x"), **k), counts=True),
    "correlation": Asked(call=lambda d, **k: sk.correlation(d, ("y", "x"), **k)),
    "geometric mean": Asked(call=lambda d, **k: sk.geometric_mean(d, "x", **k), blank=("x",)),
    "count": Asked(call=lambda d, **k: sk.count(d, "q", **k), degree=1, blank=("q",)),
    "share": Asked(call=lambda d, by=None, **k: sk.share(d, "x", by="sex", within=by, **k), blank=("x",)),
    "gini": Asked(call=lambda d, **k: sk.gini(d, "x", **k), blank=("x",)),
    "mean deviation": Asked(call=lambda d, **k: sk.mean_absolute_deviation(d, "x", **k), blank=("x",)),
    "table": Asked(call=lambda d, **k: sk.crosstab(d, "q", "sex", **k).shares(), blank=("q",)),
    "row shares": Asked(call=lambda d, **k: sk.crosstab(d, "q", "sex", **k).shares("row"), blank=("q",)),
    "table totals": Asked(call=lambda d, **k: sk.crosstab(d, "q", "sex", **k).totals, degree=1, blank=("q",)),
    "cramers v": Asked(call=_association("cramers_v"), blank=("q",)),
    "gamma": Asked(call=_association("gamma"), blank=("q",)),
    "odds ratio": Asked(call=_association("odds_ratio"), blank=("b",)),
    "spearman": Asked(call=lambda d, **k: sk.association(d, "y", "x", "spearman", **k)),
    "t, groups": Asked(call=lambda d, **k: sk.ttest(d, "y", "sex", **k).estimates),
    "t, pairs": Asked(call=lambda d, **k: sk.ttest(d, "y", paired="x", **k).estimates),
    "ols": Asked(call=_fit("ols", "y ~ o + sex"), by=False),
    "logit": Asked(call=_fit("logit", "b ~ y + sex"), by=False, blank=("b",)),
    "probit": Asked(call=_fit("probit", "e ~ sex + C(q)"), by=False, smooth=False, blank=("e",)),
    "cloglog": Asked(call=_fit("cloglog", "b ~ sex"), by=False, blank=("b",)),
    "poisson": Asked(call=_fit("poisson", "c ~ x"), by=False, blank=("c",)),
    "ordered": Asked(call=_fit("ordered", "k ~ y"), by=False, blank=("k",)),
    "multinomial": Asked(call=_fit("multinomial", "q ~ y"), by=False, blank=("q",)),
    "oaxaca": Asked(call=lambda d, **k: sk.oaxaca_blinder(d, "y ~ o", "sex", **k), by=False),
    "kitagawa": Asked(call=lambda d, **k: sk.kitagawa(d, "y", "age", key="sex", **k), by=False),
    "map": Asked(
        call=lambda d, **k: sk.mean(d, ("y", "x", "b"), **k).map(
            lambda m: {"log": np.log(m["y"] / m["x"]), "odds": m["b"] / (1 - m["b"])}
        ),
        level=False,
        blank=("y", "x", "b"),
    ),
    "map of a map": Asked(
        call=lambda d, **k: sk.sd(d, ("y", "x"), **k).map(lambda m: m["y"] / m["x"]).map(lambda m: np.log(m["map"])),
        level=False,
        blank=("y", "x"),
    ),
    "change": Asked(
        call=lambda d, by=None, **k: sk.ratio(d, "x", "y", by=("sex", *((by,) if by else ())), **k).change("sex"),
        level=False,
    ),
    "pooled": Asked(
        call=lambda d, **k: sk.pooled_direct(d, "y", by="sex", **k).estimates,
        by=False,
        needs="wave",
        counts=True,
        smooth=False,
    ),
}


# --------------------------------------------------------------------------------------------------------------- designs
@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One design: how it is made of a frame, and what it is.

    `fixed` says that the weights are settled by known totals, `rows` that rows are units (written twice they are other units),
    `again` that it is a variant of another one here: each statistic is asked one group of rules of it, in turn.
    """

    make: Declare
    waves: bool = False
    replicated: bool = False
    quadratic: bool = False
    rows: bool = False
    fixed: bool = False
    again: bool = False


CLUSTERS: dict[str, Any] = {"weight": "w", "strata": "h", "psu": "psu"}
FINITE = CLUSTERS | {"fpc": "N"}
TWO_STAGES: dict[str, Any] = {"weight": "w", "strata": ("h", None), "psu": ("psu", "ssu"), "fpc": ("N", "M")}
PAIRS: dict[str, Any] = {"weight": "w", "strata": "pair", "psu": "psu", "fpc": "pair_N"}
LONELY: dict[str, Any] = {"weight": "w", "strata": "lone", "psu": "psu", "fpc": "lone_N"}
SEX, AGE = {"f": 260.0, "m": 215.0}, {"18-34": 140.0, "35-54": 185.0, "55+": 150.0}
AGE_ONE = {"18-34": 70.0, "35-54": 95.0, "55+": 75.0}
CROSSED = {
    ("f", "a"): 150.0,
    ("f", "b"): 110.0,
    ("m", "a"): 125.0,
    ("m", "b"): 90.0,
}


def _plain(declared: dict[str, Any]) -> Declare:
    return lambda f, **k: sk.Design(f, **declared, **k)


def negative(design: sk.Design) -> sk.Design:
    """Calibrate so hard that some weights are negative."""
    return sk.calibrate(design, {"sex": SEX, "o": 3600.0})


def chain(design: sk.Design) -> sk.Design:
    """Calibrate three times over, each step with its own distance."""
    design = sk.calibrate(design, {"age": AGE, "z": 1150.0})
    design = sk.rake(design, {"sex": SEX, "age": AGE})
    return sk.post_stratify(design, ("sex", "dom"), CROSSED)


def followed_up(design: sk.Design) -> sk.Design:
    """Spread unknown eligibility, adjust for nonresponse in classes, multiply with the household."""
    steps = (
        UnknownEligibility(known="known", by="age"),
        Nonresponse(respondent="answers", by="sex", eligible="eligible"),
        Household(members="adults", cap=3),
    )
    return WeightingPlan(steps=steps).apply(design).design


def propensities(design: sk.Design) -> sk.Design:
    """Divide by response propensities between a raking and two later steps."""
    steps = (
        Rake(margins={"sex": SEX, "age": AGE}),
        Propensity(respondent="known", levels=("sex",), numbers="z"),
        Nonresponse(respondent="answers", by="age"),
        Calibrate(controls={"age": AGE, "z": 1150.0}),
    )
    return WeightingPlan(steps=steps).apply(design).design


def softened(design: sk.Design) -> sk.Design:
    """Calibrate respondents to their sample, then to margins of which some may be missed."""
    steps = (
        CalibrateRespondents(respondent="answers", levels="sex", numbers="z"),
        Calibrate(controls={"sex": SEX, "age": AGE}, cost={"age": 0.5}),
        Rake(margins={"sex": SEX, "age": AGE}, tolerance={"age": 0.02}),
    )
    return WeightingPlan(steps=steps).apply(design).design


def joined(design: sk.Design) -> sk.Design:
    """Divide by the ways into the sample, follow a panel, join it with new cases, calibrate to estimated totals."""
    variance = [[90.0, -20.0, 30.0], [-20.0, 60.0, 10.0], [30.0, 10.0, 900.0]]
    steps = (
        Multiplicity(times="adults"),
        Attrition(stayed="known", levels="age", numbers="z"),
        Composite(sample="dom", shares={"a": 0.4, "b": 0.6}),
        CalibrateToEstimates(controls={"sex": SEX, "z": 1150.0}, covariance=variance),
    )
    return WeightingPlan(steps=steps).apply(design).design


def trimmed(design: sk.Design) -> sk.Design:
    """Adjust in classes of a propensity, trim and rake: steps only replicates can follow."""
    steps = (
        Propensity(respondent="answers", levels=("sex", "age"), classes=2),
        Trim(ratio=2.0, by="sex"),
        Rake(margins={"sex": SEX, "age": AGE}),
    )
    return WeightingPlan(steps=steps).apply(design).design


def _given(frame: pd.DataFrame, **more: Any) -> sk.Design:
    made = sk.make_replicates(sk.Design(frame, **CLUSTERS), "JKn").replicates
    names = [f"r{i}" for i in range(made.size)]
    rows = np.stack(list(sk.make_replicates(sk.Design(frame, **CLUSTERS), "JKn").replicate_weights()), axis=1)
    wide = pd.concat([frame, pd.DataFrame(rows, columns=names, index=frame.index)], axis=1)
    given = sk.Replicates.given(names, method="JKn", scale=1.0, rscales=made.rscales, df=11)
    return sk.Design(wide, weight="w", replicates=given, **more)


def _jackknifed(f: pd.DataFrame, **k: Any) -> sk.Design:
    return sk.make_replicates(sk.Design(f, **CLUSTERS, **k), "JKn")


def _pps(method: str, variance: str = "horvitz_thompson") -> Declared:
    pps = sk.Pps(probability="pi", method=method, variance=variance)  # type: ignore[arg-type]
    strata = {} if method == "poisson" else {"strata": "h"}
    return Declared(make=lambda f, **k: sk.Design(f, weight="w", psu="psu", **strata, pps=pps, **k), quadratic=True)


DESIGNS: dict[str, Declared] = {
    "rows": Declared(make=_plain({"weight": "w"}), rows=True),
    "rows, fpc": Declared(make=_plain({"weight": "w", "fpc": "people"}), rows=True),
    "strata of rows": Declared(make=_plain({"weight": "w", "strata": "h"}), rows=True),
    "clusters": Declared(make=_plain({"weight": "w", "psu": "psu"})),
    "strata, clusters": Declared(make=_plain(CLUSTERS)),
    "fpc": Declared(make=_plain(FINITE)),
    "two stages": Declared(make=_plain(TWO_STAGES)),
    "lonely adjust": Declared(make=_plain(LONELY | {"lonely_psu": "adjust"})),
    "lonely average": Declared(make=_plain(LONELY | {"lonely_psu": "average"})),
    "lonely certainty": Declared(make=_plain(LONELY | {"lonely_psu": "certainty"})),
    "waves": Declared(make=_plain(FINITE | {"wave": "wave"}), waves=True),
    "waves sharing units": Declared(make=_plain(FINITE | {"wave": "wave", "overlap": "psu"}), waves=True),
    "waves sharing cases": Declared(
        make=_plain(CLUSTERS | {"wave": "wave", "overlap": "unit", "case": "case"}), waves=True
    ),
    "post-stratified": Declared(
        make=lambda f, **k: sk.post_stratify(sk.Design(f, **FINITE, **k), "sex", SEX), fixed=True
    ),
    "raked": Declared(
        make=lambda f, **k: sk.rake(sk.Design(f, **TWO_STAGES, **k), {"sex": SEX, "age": AGE}), fixed=True
    ),
    "negative": Declared(make=lambda f, **k: negative(sk.Design(f, **CLUSTERS, **k)), fixed=True),
    "chain": Declared(make=lambda f, **k: chain(sk.Design(f, **FINITE, **k)), fixed=True),
    "chain of rows": Declared(make=lambda f, **k: chain(sk.Design(f, weight="w", **k)), fixed=True, rows=True),
    "standardised": Declared(
        make=lambda f, **k: sk.standardize(sk.Design(f, **CLUSTERS, **k), "age", {"18-34": 3, "35-54": 4, "55+": 3})
    ),
    "raked waves": Declared(
        make=lambda f, **k: sk.rake(
            sk.Design(f, **CLUSTERS, wave="wave", overlap="psu", **k),
            {0: {"sex": {"f": 140.0, "m": 100.0}, "age": AGE_ONE}, 1: {"sex": {"f": 130.0, "m": 115.0}}},
        ),
        waves=True,
        fixed=True,
    ),
    "followed up": Declared(make=lambda f, **k: followed_up(sk.Design(f, **TWO_STAGES, **k))),
    "propensities": Declared(make=lambda f, **k: propensities(sk.Design(f, **FINITE, **k)), fixed=True),
    "softened": Declared(make=lambda f, **k: softened(sk.Design(f, **FINITE, **k)), fixed=True),
    "joined": Declared(make=lambda f, **k: joined(sk.Design(f, **CLUSTERS, **k)), fixed=True),
    "trimmed": Declared(make=lambda f, **k: trimmed(_jackknifed(f, **k)), replicated=True, fixed=True),
    "JK1": Declared(
        make=lambda f, **k: sk.make_replicates(sk.Design(f, weight="w", psu="psu", **k), "JK1"), replicated=True
    ),
    "JKn": Declared(make=lambda f, **k: sk.make_replicates(sk.Design(f, **FINITE, **k), "JKn"), replicated=True),
    "BRR": Declared(make=lambda f, **k: sk.make_replicates(sk.Design(f, **PAIRS, **k), "BRR"), replicated=True),
    "Fay": Declared(
        make=lambda f, **k: sk.make_replicates(sk.Design(f, **PAIRS, **k), "Fay", rho=0.3), replicated=True
    ),
    "bootstrap": Declared(
        make=lambda f, **k: sk.make_replicates(sk.Design(f, **CLUSTERS, **k), "bootstrap", replicates=20, rng=5),
        replicated=True,
    ),
    "Preston": Declared(
        make=lambda f, **k: sk.make_replicates(sk.Design(f, **TWO_STAGES, **k), "Preston", replicates=20, rng=5),
        replicated=True,
    ),
    "SDR": Declared(
        make=lambda f, **k: sk.make_replicates(sk.Design(f, weight="w", psu="psu", **k), "SDR", order_by="place"),
        replicated=True,
    ),
    "given": Declared(make=_given, replicated=True),
    "recalibrated": Declared(make=lambda f, **k: chain(_jackknifed(f, **k)), replicated=True, fixed=True),
    "recalibrated, made after": Declared(
        make=lambda f, **k: sk.make_replicates(negative(sk.Design(f, **CLUSTERS, **k)), "JKn"),
        replicated=True,
        fixed=True,
    ),
    "given, raked": Declared(
        make=lambda f, **k: sk.rake(_given(f, **k), {"sex": SEX, "age": AGE}), replicated=True, fixed=True
    ),
    "Brewer": _pps("brewer"),
    "Hajek": _pps("hajek"),
    "Overton": _pps("overton"),
    "Overton, Yates-Grundy": _pps("overton", "yates_grundy"),
    "Hartley-Rao": _pps("hartley_rao"),
    "Hartley-Rao, Yates-Grundy": _pps("hartley_rao", "yates_grundy"),
    "Poisson": _pps("poisson"),
    "two phases": Declared(
        make=lambda f: sk.two_phase(f, weight="w", strata="h", psu="psu", fpc="N", second="seen", second_strata="sex"),
        quadratic=True,
        rows=True,
    ),
}
AGAIN = [
    "rows, fpc",
    "strata of rows",
    "clusters",
    "lonely certainty",
    "waves",
    "raked",
    "chain of rows",
    "JK1",
    "Fay",
    "SDR",
    "Preston",
]
AGAIN += [
    "Overton",
    "Overton, Yates-Grundy",
    "Hartley-Rao",
    "Hartley-Rao, Yates-Grundy",
    "Poisson",
    "given, raked",
    "given",
]
AGAIN += ["Hajek", "bootstrap", "lonely average", "raked waves", "post-stratified", "BRR", "waves sharing cases"]
DESIGNS |= {name: replace(DESIGNS[name], again=True) for name in AGAIN}
