"""The law after every calibration step, alone and chained.

Scalar call = vector call = ``by`` a constant = the infinitesimal jackknife: the derivative of the whole way from the design's weights,
through every step solved anew, to the estimate, with respect to each unit's weight. A rival that credits only the last step, or
credits calibration in scalar calls only, is wrong by a factor of 6 on textbook data.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.design.calibration import apply_steps

Step = Callable[[sk.Design], sk.Design]
Call = Callable[[sk.Design], "sk.Estimates"]

STEP = 1e-4  # of the central difference: what it leaves out is some 1e-8 of the derivative
CLOSE = 3e-7


def people(seed: int = 3, n: int = 230) -> pd.DataFrame:
    """Unequal weights, PSU sizes and households; categories that leave PSUs and domains empty; a skewed number."""
    rng = np.random.default_rng(seed)
    psu = np.sort(rng.choice(14, n, p=rng.dirichlet(np.full(14, 4.0))))
    psu[:28] = np.repeat(np.arange(14), 2)
    psu = np.sort(psu)
    frame = pd.DataFrame({"psu": psu, "stratum": np.searchsorted([0, 3, 8], psu, side="right")})
    frame["home"] = frame.groupby("psu").cumcount() % 4  # second stage: four households of each PSU at most
    frame["N"] = frame["stratum"].map({1: 9, 2: 20, 3: 40})
    frame["M"] = 6 + frame["psu"] % 3
    frame["w"] = rng.uniform(0.5, 4.0, n)
    frame["sex"] = rng.choice(["f", "m"], n, p=[0.6, 0.4])
    frame["age"] = rng.choice(["18-34", "35-54", "55+"], n, p=[0.2, 0.45, 0.35])
    frame["area"] = np.where(psu < 5, "north", rng.choice(["south", "west"], n))
    frame["income"] = np.round(np.exp(rng.normal(1.0, 0.7, n)), 2)
    frame["y"] = np.round(3 + (frame["sex"] == "f") * 2 + 0.8 * frame["income"] + rng.normal(size=n) + psu / 5, 1)
    frame["x"] = np.round(rng.uniform(1, 9, n), 1)
    frame["q"] = rng.integers(1, 4, n)
    frame["dom"] = np.where(psu < 2, "a", rng.choice(["a", "b"], n))
    frame["flag"] = (rng.random(n) < 0.6) & (psu != 4)
    frame["one"] = 1
    frame["wave"] = np.where(rng.random(n) < 0.5, 2021, 2023)
    frame.loc[:27, "wave"] = np.tile([2021, 2023], 14)
    return frame.sample(frac=1, random_state=seed).reset_index(drop=True)


SEX, AGE, AREA = (
    {"f": 520.0, "m": 480.0},
    {"18-34": 300.0, "35-54": 400.0, "55+": 300.0},
    {
        "north": 350.0,
        "south": 300.0,
        "west": 350.0,
    },
)
SHARES = {"f": 0.52, "m": 0.48}
STEPS: dict[str, Step] = {
    "post_stratify": lambda d: sk.post_stratify(d, "sex", SEX),
    "post_stratify to shares": lambda d: sk.post_stratify(d, "sex", SHARES),
    "crossed": lambda d: sk.post_stratify(
        d, ("sex", "flag"), {("f", True): 300, ("f", False): 200, ("m", True): 280, ("m", False): 220}
    ),
    "rake": lambda d: sk.rake(d, {"sex": SEX, "age": AGE, "area": AREA}),
    "rake to shares": lambda d: sk.rake(d, {"sex": SHARES, "area": {"north": 0.3, "south": 0.3, "west": 0.4}}),
    "bounded rake": lambda d: sk.rake(d, {"sex": SEX, "age": AGE}, bounds=(0.5, 3.1)),
    "linear": lambda d: sk.calibrate(d, {"sex": SEX, "age": AGE, "income": 3300.0}),
    "linear, numbers only": lambda d: sk.calibrate(d, {"income": 3300.0, "x": 5200.0}),
    "negative": lambda d: sk.calibrate(d, {"sex": SEX, "income": 6200.0}),
    "truncated": lambda d: sk.calibrate(d, {"age": AGE, "x": 5600.0}, bounds=(-0.5, 3.3)),
    "by level": lambda d: sk.calibrate(d, {"sex": SEX, ("sex", "income"): {"f": 1700.0, "m": 1500.0}}),
    "raking distance": lambda d: sk.calibrate(d, {"sex": SEX, "income": 3300.0}, distance="raking"),
    "logit": lambda d: sk.calibrate(d, {"sex": SEX, "income": 3300.0}, distance="logit", bounds=(0.4, 4.0)),
    "sinh": lambda d: sk.calibrate(d, {"age": AGE, "income": 3300.0}, distance="sinh"),
    "standardize": lambda d: sk.standardize(d, "age", {"18-34": 3, "35-54": 4, "55+": 3}, over="dom"),
    "standardize some": lambda d: sk.standardize(d, "sex", {"f": 1, "m": 1}, where="flag"),
}


def chain(*names: str) -> Step:
    def apply(design: sk.Design) -> sk.Design:
        for name in names:
            design = STEPS[name](design)
        return design

    return apply


CHAINS = [
    ("linear", "crossed"),
    ("negative", "rake", "truncated"),
    ("linear", "rake", "crossed"),
    ("rake", "raking distance"),
    ("rake", "rake to shares", "linear"),
    ("standardize", "post_stratify"),
    ("post_stratify to shares", "standardize"),
    ("logit", "sinh", "post_stratify to shares"),
    ("bounded rake", "standardize some", "by level"),
]
EVERY = {name: STEPS[name] for name in STEPS} | {" > ".join(names): chain(*names) for names in CHAINS}
every_chain = pytest.mark.parametrize("steps", EVERY.values(), ids=EVERY.keys())

DECLARED: dict[str, Any] = {"weight": "w", "strata": "stratum", "psu": "psu", "fpc": "N"}
CALLS: dict[str, Call] = {
    "means by domain": lambda d: sk.mean(d, ("y", "x"), by="dom"),
    "total": lambda d: sk.total(d, ("y", "one")),
    "ratio where": lambda d: sk.ratio(d, "y", "x", where="flag"),
    "proportion": lambda d: sk.proportion(d, "q"),
}


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return people()


def points(design: sk.Design, frame: pd.DataFrame) -> np.ndarray:
    """The estimates of CALLS, written out."""
    w, flag = design.layout.weight, frame["flag"].to_numpy()
    y, x, q = (frame[name].to_numpy(float) for name in ("y", "x", "q"))
    inside = [(frame["dom"] == level).to_numpy() * w for level in ("a", "b")]
    means = [part @ v / part.sum() for part in inside for v in (y, x)]
    return np.array(
        [*means, w @ y, w.sum(), (w * flag) @ y / ((w * flag) @ x), *(w[q == k].sum() / w.sum() for k in (1, 2, 3))]
    )


def influence(est: sk.Estimates, stage: int) -> np.ndarray:
    """Unit totals (P, K) of the influence at one stage, all waves one below the other."""
    layout = est.variance.layout
    out = np.zeros((layout.stages[stage].size, len(est.table)))
    for block in est.variance.blocks:
        out[layout.units(block.wave, stage), block.rows] += block.totals[stage]
    return out


def derivatives(
    frame: pd.DataFrame,
    declared: dict[str, Any],
    steps: Step,
    stage: int = 0,
    points: Callable[[sk.Design, pd.DataFrame], np.ndarray] = points,
) -> np.ndarray:
    """Central differences (P, K) of all points with respect to the weight of each unit of a stage."""
    unit_of_row = sk.Design(frame, **declared).layout.stages[stage].unit_of_row
    out = []
    for unit in range(int(unit_of_row.max()) + 1):
        up, down = (
            points(steps(sk.Design(frame.assign(w=frame["w"] * (1 + s * (unit_of_row == unit))), **declared)), frame)
            for s in (STEP, -STEP)
        )
        out.append((up - down) / (2 * STEP))
    return np.array(out)


def agree(ours: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(ours, expected, rtol=0, atol=CLOSE * np.abs(expected).max(axis=0).max() + 1e-12)
    scale = np.abs(expected).max(axis=0)
    for k in np.flatnonzero(scale > 1e-8 * scale.max()):
        np.testing.assert_allclose(ours[:, k] / scale[k], expected[:, k] / scale[k], rtol=0, atol=1e-5)


@every_chain
def test_influence_is_the_derivative_of_the_whole_way(frame: pd.DataFrame, steps: Step) -> None:
    """Catches: steps not credited, F' left out, the wrong order of steps, targets that move taken for fixed."""
    design = steps(sk.Design(frame, **DECLARED))
    ours = np.concatenate([influence(call(design), 0) for call in CALLS.values()], axis=1)
    design_points = np.concatenate([call(design).table["estimate"].to_numpy(float) for call in CALLS.values()])
    np.testing.assert_allclose(design_points, points(design, frame), rtol=1e-12)
    agree(ours, derivatives(frame, DECLARED, steps))


@every_chain
def test_variance_is_that_of_the_residuals(frame: pd.DataFrame, steps: Step) -> None:
    """Catches: residuals formed but the variance taken of something else; strata and fpc lost on the way."""
    est = sk.mean(steps(sk.Design(frame, **DECLARED)), ("y", "x"), by="dom")
    z = influence(est, 0)
    stratum = frame.groupby("psu")["stratum"].first().to_numpy()
    v = np.zeros((z.shape[1], z.shape[1]))
    for h, size in {1: 9, 2: 20, 3: 40}.items():
        part = z[stratum == h] - z[stratum == h].mean(axis=0)
        n = len(part)
        v += (1 - n / size) * n / (n - 1) * part.T @ part
    np.testing.assert_allclose(est.vcov(), v, rtol=1e-9, atol=1e-12 * np.abs(v).max())
    np.testing.assert_allclose(est.table["se"], np.sqrt(np.diag(v)), rtol=1e-9)


@pytest.mark.parametrize("names", [("linear",), ("rake", "linear", "post_stratify"), ("standardize", "rake")])
def test_two_stages(frame: pd.DataFrame, names: tuple[str, ...]) -> None:
    """Residual totals are needed at every stage that has an fpc, not only at the first."""
    declared = DECLARED | {"psu": ("psu", "home"), "fpc": ("N", "M"), "lonely_psu": "certainty"}
    steps = chain(*names)
    design = steps(sk.Design(frame, **declared))
    expected = derivatives(frame, declared, steps, 1)[:, :4]
    est = CALLS["means by domain"](design)
    agree(influence(est, 1), expected)
    parent = design.layout.stages[1].parent
    first = np.array([expected[parent == p].sum(axis=0) for p in range(design.layout.stages[0].size)])
    agree(influence(est, 0), first)


def by_wave(**of: Step) -> dict[str, Step]:
    return of


WAVES = by_wave(
    post_stratify=lambda d: sk.post_stratify(d, "sex", {2021: SEX, 2023: {"f": 700, "m": 650}}),
    rake_then_linear=lambda d: sk.calibrate(
        sk.rake(d, {2021: {"sex": SEX, "area": AREA}, 2023: {"sex": SHARES}}), {2021: None, 2023: {"income": 4100.0}}
    ),
    standardize=lambda d: sk.standardize(d, "age", {"18-34": 0.3, "35-54": 0.4, "55+": 0.3}),
)


@pytest.mark.parametrize("overlap", ["none", "psu"])
@pytest.mark.parametrize("steps", WAVES.values(), ids=WAVES.keys())
def test_waves(frame: pd.DataFrame, steps: Step, overlap: str) -> None:
    """Columns are per wave: a wave's residuals are its own, whether the estimate is by wave or joins the waves."""
    declared = DECLARED | {"wave": "wave", "overlap": overlap, "lonely_psu": "certainty"}
    calls: dict[str, Call] = {
        "by wave": lambda d: sk.mean(d, "y", by=("wave", "dom")),
        "joined": lambda d: sk.mean(d, "y", by="dom"),
        "total": lambda d: sk.total(d, "y", by="wave"),
    }
    design = steps(sk.Design(frame, **declared))
    ours = np.concatenate([influence(call(design), 0) for call in calls.values()], axis=1)

    def called(design: sk.Design, _: pd.DataFrame) -> np.ndarray:
        return np.concatenate([call(design).table["estimate"].to_numpy(float) for call in calls.values()])

    agree(ours, derivatives(frame, declared, steps, 0, called))


def test_a_wave_is_calibrated_as_if_it_were_alone(frame: pd.DataFrame) -> None:
    """Catches: coefficients fitted across waves."""
    both = sk.rake(
        sk.Design(frame, **DECLARED, wave="wave", lonely_psu="certainty"),
        {2021: {"sex": SEX, "area": AREA}, 2023: {"sex": {"f": 1, "m": 3}, "age": {"18-34": 2, "35-54": 1, "55+": 1}}},
    )
    by = sk.mean(both, ("y", "x"), by="wave").table
    margins = {
        2021: {"sex": SEX, "area": AREA},
        2023: {"sex": {"f": 1, "m": 3}, "age": {"18-34": 2, "35-54": 1, "55+": 1}},
    }
    for wave, part in frame.groupby("wave"):
        alone = sk.mean(sk.rake(sk.Design(part, **DECLARED, lonely_psu="certainty"), margins[wave]), ("y", "x")).table
        ours = by[by["wave"] == wave]
        np.testing.assert_allclose(ours[["estimate", "se"]], alone[["estimate", "se"]], rtol=1e-9)


# ------------------------------------------------------------------------------------------- scalar = vector = by a constant
@every_chain
def test_vector_calls_and_by_a_constant_are_the_scalar_call(frame: pd.DataFrame, steps: Step) -> None:
    """Catches: calibration credited in one entry point only (a rival's SE is 6.5 times too wide in vector calls)."""
    design = steps(sk.Design(frame, **DECLARED))
    for function in (sk.mean, sk.total):
        both = function(design, ("y", "x")).table
        for name in ("y", "x"):
            alone = function(design, name).table
            by_one = function(design, name, by="one").table
            ours = both[both["variable"] == name]
            for other in (ours, by_one):
                np.testing.assert_allclose(other[["estimate", "se"]], alone[["estimate", "se"]], rtol=1e-12)
    by = sk.mean(design, "y", by="flag").table
    where = sk.mean(design, "y", where="flag").table
    np.testing.assert_allclose(by[by["flag"]][["estimate", "se"]], where[["estimate", "se"]], rtol=1e-10)


def test_what_is_calibrated_has_no_variance(frame: pd.DataFrame) -> None:
    design = chain("rake", "linear")(sk.Design(frame, **DECLARED))
    ours = sk.total(design, ("income", "one")).table
    np.testing.assert_allclose(ours["estimate"], [3300.0, 1000.0], rtol=1e-10)
    free = sk.total(sk.Design(frame, **DECLARED), ("income", "one")).table
    assert (ours["se"] <= 1e-9 * free["se"]).all()
    shares = sk.proportion(design, "sex").table
    np.testing.assert_allclose(shares["estimate"], [0.52, 0.48], rtol=1e-10)
    np.testing.assert_allclose(shares["se"], 0, atol=1e-12)


def test_moving_targets_move(frame: pd.DataFrame) -> None:
    """Shares of the weights leave the population's size uncertain: a total's SE is not that of fixed totals."""
    free = sk.total(sk.Design(frame, **DECLARED), "one").table["se"].iloc[0]
    moving = sk.total(STEPS["post_stratify to shares"](sk.Design(frame, **DECLARED)), "one").table["se"].iloc[0]
    np.testing.assert_allclose(moving, free, rtol=1e-10)


@every_chain
def test_steps_can_be_applied_to_other_weights(frame: pd.DataFrame, steps: Step) -> None:
    """Replicates are calibrated by the same steps: as if the calibration had been asked for with their weights."""
    other = frame["w"] * (1 + 0.3 * np.cos(np.arange(len(frame))))
    expected = steps(sk.Design(frame.assign(w=other), **DECLARED)).layout.weight
    again = apply_steps(steps(sk.Design(frame, **DECLARED)).calibration, other.to_numpy())
    np.testing.assert_allclose(again, expected, rtol=1e-9)


@every_chain
def test_order_of_rows_and_size_of_weights(frame: pd.DataFrame, steps: Step) -> None:
    shuffled = frame.sample(frac=1, random_state=1)
    ours, other = (sk.mean(steps(sk.Design(f, **DECLARED)), "y", by="dom").table for f in (frame, shuffled))
    np.testing.assert_allclose(other[["estimate", "se"]], ours[["estimate", "se"]], rtol=1e-9)


@every_chain
def test_replicates_in_the_limit(frame: pd.DataFrame, steps: Step) -> None:
    """Replicates that move the weights by a millionth, each calibrated anew, give the linearised variance."""
    design = sk.Design(frame, **DECLARED)
    first = design.layout.stages[0]
    small, same = 1e-6, first.stratum_of_unit[:, None] == first.stratum_of_unit
    n = first.n_h[first.stratum_of_unit]
    factors = 1 + small * (np.eye(first.size) - same / n[:, None])
    rscales = (1 - n / first.N_h[first.stratum_of_unit]) * n / (n - 1)
    made = sk.Replicates(factors=factors, scale=small**-2, rscales=rscales, mse=True)
    ours = sk.mean(steps(design), ("y", "x"), by="dom")
    for replicated in (steps(replace(design, replicates=made)), replace(steps(design), replicates=made)):
        other = sk.mean(replicated, ("y", "x"), by="dom")
        np.testing.assert_allclose(other.table["se"], ours.table["se"], rtol=1e-5)


def test_jackknife_is_near_linearisation(frame: pd.DataFrame) -> None:
    design = sk.Design(frame, weight="w", strata="stratum", psu="psu")
    steps = chain("post_stratify", "linear")
    linear = sk.mean(steps(design), ("y", "x")).table["se"]
    after = sk.mean(steps(sk.make_replicates(design, "JKn")), ("y", "x")).table["se"]
    before = sk.mean(sk.make_replicates(steps(design), "JKn"), ("y", "x")).table["se"]
    np.testing.assert_allclose(after, before, rtol=1e-9)
    np.testing.assert_allclose(after, linear, rtol=0.2)


OTHERS: dict[str, Call] = {
    "variance": lambda d: sk.variance(d, "y"),
    "correlation": lambda d: sk.correlation(d, ("y", "x")),
    "share of a total": lambda d: sk.share(d, "income", by="dom"),
    "geometric mean": lambda d: sk.geometric_mean(d, "income"),
    "gini": lambda d: sk.gini(d, "income", by="dom"),
    "distribution": lambda d: sk.cdf(d, "y", at=(5.0,)),
}


@pytest.mark.parametrize("call", OTHERS.values(), ids=OTHERS.keys())
def test_other_statistics(frame: pd.DataFrame, call: Call) -> None:
    """Statistics with an influence of their own are credited in the same place."""
    steps = chain("rake", "linear", "crossed")
    expected = derivatives(frame, DECLARED, steps, 0, lambda d, _: call(d).table["estimate"].to_numpy(float))
    agree(influence(call(steps(sk.Design(frame, **DECLARED))), 0), expected)
