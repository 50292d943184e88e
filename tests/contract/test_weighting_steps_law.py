"""The law for steps that soften, limit, integrate, estimate or join: their influence is the derivative of the whole way.

Would catch: a ridge that is left out of the normal equations, a tolerance credited as if it were a target, limits of weights that the
replicates do not hold, a household's mean replaced by the person, a target's own error forgotten, a share that moves with the
sample taken for fixed. Solutions are also held against an optimiser that knows nothing of calibration.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.design.calibrate_softly import calibrate_softly
from survey_kit.design.calibration import apply_steps
from survey_kit.weighting import (
    Attrition,
    Calibrate,
    CalibrateRespondents,
    CalibrateToEstimates,
    Composite,
    FrameOverlap,
    Integrated,
    Multiplicity,
    Nonresponse,
    Rake,
    WeightingPlan,
)

_spec = spec_from_file_location("calibrated_cases", Path(__file__).with_name("test_calibrated.py"))
assert _spec is not None
assert _spec.loader is not None
cases = module_from_spec(_spec)
sys.modules["calibrated_cases"] = cases
_spec.loader.exec_module(cases)

SEX, AGE, AREA, SHARES = cases.SEX, cases.AGE, cases.AREA, cases.SHARES
ALL = {"sex": SEX, "age": AGE, "area": AREA}
DECLARED = cases.DECLARED
V = np.array([[400.0, -150.0, 300.0], [-150.0, 500.0, 100.0], [300.0, 100.0, 9000.0]])


def people() -> pd.DataFrame:
    """The people of the calibration tests, in households of one weight, with fieldwork, frames and samples."""
    frame = cases.people()
    frame["home"] = frame["psu"] * 100 + frame.groupby("psu").cumcount() // 3
    frame["w"] = frame.groupby("home")["w"].transform("first")
    frame["one_home"] = 1 / frame.groupby("home")["one"].transform("size")
    rng = np.random.default_rng(9)
    n = len(frame)
    frame["r"] = rng.random(n) < 0.5 + 0.2 * (frame["sex"] == "f")
    frame["left"] = ~frame["r"] & (rng.random(n) < 0.2)
    frame["earlier"] = frame["age"].where(rng.random(n) < 0.9)
    frame["score"] = frame["x"].where(rng.random(n) < 0.9)
    frame["ways"] = rng.integers(1, 4, n)
    frame["from"] = rng.choice(["list", "area"], n)
    frame["p_list"] = np.where(frame["from"] == "list", 0.2, rng.choice([0.0, 0.1], n))
    frame["p_area"] = 0.05
    frame["on_list"], frame["on_area"] = frame["p_list"] > 0, True
    return frame


FRAME = people()
PLANS: dict[str, tuple[Any, ...]] = {
    "cost": (Calibrate(controls=ALL, cost={"area": 0.5}),),
    "every cost, raking": (Rake(margins=ALL, cost=0.3),),
    "cost, logit": (Calibrate(controls=ALL, cost=0.3, distance="logit", bounds=(0.4, 3.0)),),
    "tolerance": (Calibrate(controls={**ALL, "income": 3300.0}, tolerance={"area": 0.03}),),
    "every tolerance, raking": (Rake(margins=ALL, tolerance=0.03),),
    "both, of shares": (
        Rake(
            margins={"sex": SHARES, "area": {"north": 0.3, "south": 0.3, "west": 0.4}},
            tolerance={"sex": 0.02},
            cost={"area": 2},
        ),
    ),
    "soft, then exact": (
        Rake(margins=ALL, cost={"area": 1}),
        Calibrate(controls={"income": 3300.0}, population=1000.0),
    ),
    "exact, then soft": (Calibrate(controls={"income": 3300.0}), Calibrate(controls=ALL, tolerance=0.05)),
    "integrated": (Integrated(household="home", controls={"sex": SEX, "age": AGE, "income": 3300.0}),),
    "integrated, raking": (
        Integrated(household="home", controls={"sex": SEX, "one_home": 380.0}, distance="raking"),
        Rake(margins={"age": AGE}),
    ),
    "respondents, logistic": (CalibrateRespondents(respondent="r", levels=("sex", "age"), numbers="x"),),
    "respondents, raking": (
        CalibrateRespondents(respondent="r", levels="sex", numbers="x", distance="raking"),
        Rake(margins=ALL),
    ),
    "respondents, linear": (CalibrateRespondents(respondent="r", levels=(("sex", "age"),), distance="linear"),),
    "attrition": (Attrition(stayed="r", levels=("earlier", "sex"), numbers="score", left="left"), Rake(margins=ALL)),
    "ways, frames": (
        Multiplicity(times="ways"),
        FrameOverlap(sample="from", frames={"list": "p_list", "area": "p_area"}),
        Rake(margins=ALL),
    ),
    "frames by shares": (
        FrameOverlap(sample="from", frames={"list": "on_list", "area": "on_area"}, shares={"list": 0.3, "area": 0.7}),
        Nonresponse(respondent="r", by="sex"),
    ),
    "composite": (
        Composite(sample="from", shares={"list": 0.4, "area": 0.6}),
        Rake(margins=ALL, tolerance={"age": 0.01}),
    ),
}
every_plan = pytest.mark.parametrize("plan", PLANS)


def taken(plan: str) -> Callable[[sk.Design], sk.Design]:
    return lambda design: WeightingPlan(steps=PLANS[plan]).apply(design).design


@every_plan
def test_influence_is_the_derivative_of_the_whole_way(plan: str) -> None:
    steps = taken(plan)
    design = steps(sk.Design(FRAME, **DECLARED))
    ours = np.concatenate([cases.influence(call(design), 0) for call in cases.CALLS.values()], axis=1)
    cases.agree(ours, cases.derivatives(FRAME, DECLARED, steps))


@every_plan
def test_replicates_in_the_limit(plan: str) -> None:
    """Replicates that move the weights by a millionth, each taken through all steps anew, give the linearised variance."""
    steps, design = taken(plan), sk.Design(FRAME, **DECLARED)
    ours = sk.mean(steps(design), ("y", "x"), by="dom")
    other = sk.mean(steps(replace(design, replicates=nearly(design))), ("y", "x"), by="dom")
    np.testing.assert_allclose(other.table["se"], ours.table["se"], rtol=1e-5)


def nearly(design: sk.Design) -> sk.Replicates:
    """Replicates that hardly move the weights."""
    first = design.layout.stages[0]
    small, same = 1e-6, first.stratum_of_unit[:, None] == first.stratum_of_unit
    n = first.n_h[first.stratum_of_unit]
    factors = 1 + small * (np.eye(first.size) - same / n[:, None])
    rscales = (1 - n / first.N_h[first.stratum_of_unit]) * n / (n - 1)
    return sk.Replicates(factors=factors, scale=small**-2, rscales=rscales, mse=True)


@pytest.mark.parametrize("distance", ["linear", "raking"])
def test_limits_of_weights_are_those_of_each_row(distance: str) -> None:
    """A weight at its limit stays with its row: a replicate moves it as it moves the row, and the rest makes up for it."""
    design = sk.Design(FRAME, **DECLARED)
    made = calibrate_softly(design, {"sex": SEX, "age": AGE}, weights=(1.5, 8.5), distance=distance)
    w = made.layout.weight
    assert ((w == 1.5) | (np.abs(w - 8.5) < 1e-9)).sum() > 5
    assert w.min() >= 1.5 - 1e-9
    assert w.max() <= 8.5 + 1e-9
    unit, ours = design.layout.stages[0].unit_of_row, cases.influence(sk.mean(made, ("y", "x"), by="dom"), 0)
    slopes = []
    for p in range(int(unit.max()) + 1):
        moved = [apply_steps(made.calibration, FRAME["w"].to_numpy() * (1 + s * (unit == p))) for s in (1e-5, -1e-5)]
        slopes.append((_means(moved[0]) - _means(moved[1])) / 2e-5)
    cases.agree(ours, np.array(slopes))
    other = sk.mean(replace(made, replicates=nearly(design)), ("y", "x"), by="dom")
    np.testing.assert_allclose(other.table["se"], sk.mean(made, ("y", "x"), by="dom").table["se"], rtol=1e-5)


def _means(w: np.ndarray) -> np.ndarray:
    inside = [(FRAME["dom"] == level).to_numpy() * w for level in ("a", "b")]
    return np.array([part @ FRAME[v] / part.sum() for part in inside for v in ("y", "x")])


# ------------------------------------------------------------------------------------------------------- estimated targets
def estimated(totals: list[float], *, known: bool = False, later: bool = True) -> Callable[[sk.Design], sk.Design]:
    controls = {"sex": {"m": totals[1], "f": totals[0]}, "income": totals[2]}
    order = [1, 0, 2]
    step = (
        Calibrate(controls=controls)
        if known
        else CalibrateToEstimates(controls=controls, covariance=V[order][:, order])
    )
    return lambda d: WeightingPlan(steps=(step, *([Rake(margins={"age": AGE})] if later else []))).apply(d).design


@pytest.mark.parametrize("later", [False, True])
def test_the_error_of_the_targets_is_added(later: bool) -> None:
    """V = V with known targets + D V* D', D the derivative of the estimates with respect to the targets."""
    design, targets = sk.Design(FRAME, **DECLARED), [520.0, 480.0, 3300.0]
    for call in (
        lambda d: sk.mean(d, ("y", "x"), by="dom"),
        lambda d: sk.ratio(d, "y", "x", where="flag"),
        lambda d: sk.ols(d, "y ~ x + sex").params,
    ):
        slopes = []
        for k, h in enumerate((0.2, 0.2, 1.0)):
            moved = [
                call(estimated([t + s * h * (i == k) for i, t in enumerate(targets)], known=True, later=later)(design))
                for s in (1, -1)
            ]
            slopes.append((moved[0].table["estimate"] - moved[1].table["estimate"]).to_numpy(float) / (2 * h))
        ours, known = (
            call(estimated(targets, later=later)(design)),
            call(estimated(targets, known=True, later=later)(design)),
        )
        added = np.array(slopes).T @ V @ np.array(slopes)
        np.testing.assert_allclose(ours.vcov() - known.vcov(), added, rtol=0, atol=1e-5 * np.abs(added).max())


def test_replicates_carry_the_error_of_the_targets() -> None:
    """With units that never move, what is left is the targets' error alone, and exactly it."""
    targets = [520.0, 480.0, 3300.0]
    design = sk.Design(FRAME, weight="w", psu="psu")
    made = sk.Replicates(factors=np.ones((14, 40)), scale=0.025, mse=True)
    found = estimated(targets, later=False)(replace(design, replicates=made))
    est = sk.bind(sk.count(found, "sex"), sk.total(found, "income"))
    np.testing.assert_allclose(est.vcov(), V, rtol=1e-8, atol=1e-6)
    mean = replace(design, replicates=replace(made, mse=False))
    est = sk.bind(sk.count(estimated(targets, later=False)(mean), "sex"))
    np.testing.assert_allclose(est.vcov(), V[:2, :2], rtol=1e-8, atol=1e-6)


def test_controls_come_from_estimates() -> None:
    large = sk.Design(FRAME.assign(w=FRAME["w"] * 3), **DECLARED)
    est = sk.bind(sk.count(large, "sex"), sk.total(large, "income"))
    made = WeightingPlan(steps=(CalibrateToEstimates.of(est),)).apply(
        sk.Design(FRAME.iloc[::2], **DECLARED, lonely_psu="certainty")
    )
    again = sk.bind(sk.count(made.design, "sex"), sk.total(made.design, "income"))
    np.testing.assert_allclose(again.table["estimate"], est.table["estimate"], rtol=1e-9)
    np.testing.assert_allclose(again.table["se"], est.table["se"], rtol=1e-7)


# --------------------------------------------------------------------------------------------------------------- optimum
@pytest.mark.parametrize("distance", ["linear", "raking"])
@pytest.mark.parametrize(
    "wish", [{"cost": 0.4}, {"tolerance": 0.04}, {"cost": {"age": 2.0}, "tolerance": {"sex": 0.01}}]
)
def test_the_solution_is_the_optimum(distance: str, wish: dict[str, Any]) -> None:
    """Against a general optimiser on ten weights: the distance, the cost of what is missed, the tolerances as limits."""
    from scipy.optimize import minimize

    frame = FRAME.iloc[:14]
    sex, age = {"f": 12.0, "m": 20.0}, {"18-34": 9.0, "35-54": 15.0, "55+": 8.0}
    made = calibrate_softly(sk.Design(frame, weight="w"), {"sex": sex, "age": age}, distance=distance, **wish)
    d = frame["w"].to_numpy() * 32 / frame["w"].sum()
    x = np.column_stack([frame["sex"] == k for k in sex] + [frame["age"] == k for k in age]).astype(float)
    targets = np.array([*sex.values(), *age.values()])
    name = np.array(["sex"] * 2 + ["age"] * 3)

    def asked(what: str, otherwise: float) -> np.ndarray:
        given = wish.get(what)
        given = given if isinstance(given, dict) else {} if given is None else {"sex": given, "age": given}
        return np.array([given.get(part, otherwise) for part in name])

    cost, free = asked("cost", 0.0), asked("tolerance", np.inf)

    def loss(g: np.ndarray) -> float:
        own = d @ ((g - 1) ** 2 / 2 if distance == "linear" else g * np.log(g) - g + 1)
        return float(own + 0.5 * (cost * targets) @ ((x.T @ (d * g)) / targets - 1) ** 2)

    exact = np.flatnonzero((cost == 0) & np.isinf(free))
    limits = [
        {"type": "ineq", "fun": lambda g, k=k, s=s: free[k] - s * ((x[:, k] @ (d * g)) / targets[k] - 1)}
        for k in np.flatnonzero(np.isfinite(free))
        for s in (1, -1)
    ]
    limits += [{"type": "eq", "fun": lambda g, k=k: x[:, k] @ (d * g) / targets[k] - 1} for k in exact[:-1]]
    best = minimize(
        loss,
        np.ones(len(d)),
        method="SLSQP",
        bounds=[(1e-6, None)] * len(d),
        constraints=limits,
        options={"maxiter": 500, "ftol": 1e-14},
    )
    assert best.success
    np.testing.assert_allclose(made.layout.weight, d * best.x, rtol=2e-5)
    assert loss(made.layout.weight / d) <= best.fun * (1 + 1e-9) + 1e-12


def test_softness_has_its_limits() -> None:
    """A very large cost is exact, a very small one leaves the weights alone, a wide tolerance does as well."""
    design = sk.Design(FRAME, **DECLARED)
    exact = sk.rake(design, ALL).layout.weight
    scaled = FRAME["w"].to_numpy() * 1000 / FRAME["w"].sum()
    of = {
        name: taken_with(design, **wish)
        for name, wish in {"dear": {"cost": 1e9}, "cheap": {"cost": 1e-9}, "wide": {"tolerance": 0.9}}.items()
    }
    np.testing.assert_allclose(of["dear"], exact, rtol=1e-6)
    np.testing.assert_allclose(of["cheap"], scaled, rtol=1e-6)
    np.testing.assert_allclose(of["wide"], scaled, rtol=1e-12)
    np.testing.assert_allclose(
        taken_with(sk.Design(FRAME.assign(w=FRAME["w"] * 1e4), **DECLARED), cost=0.5),
        taken_with(design, cost=0.5),
        rtol=1e-9,
    )


def taken_with(design: sk.Design, **wish: Any) -> np.ndarray:
    return calibrate_softly(design, ALL, distance="raking", **wish).layout.weight
