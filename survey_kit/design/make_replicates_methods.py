"""The methods of making replicates: what each needs, and the factors it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from survey_kit.design.layout import Layout
from survey_kit.design.make_replicates_balanced import hadamard_order, half_samples, successive_differences
from survey_kit.design.make_replicates_draws import (
    multistage_bootstrap,
    rescaled_bootstrap,
    shared_multipliers,
    shrunk,
)
from survey_kit.design.make_replicates_jackknife import jackknife
from survey_kit.design.make_replicates_panel import Panel
from survey_kit.errors import DesignError
from survey_kit.types import FloatArray, IntArray

_USUAL = 1000  # replicates of a bootstrap unless told: standard errors then carry 2.2 % of Monte-Carlo error
_LARGEST = 2**27  # factors held at most: 1 GiB


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What every maker is given; `f` (H_s,) are sampling fractions by stage, zero without correction."""

    layout: Layout
    panel: Panel
    f: tuple[FloatArray, ...]
    lonely_psu: str
    replicates: int | None
    rho: float
    rng: np.random.Generator | None
    order: IntArray | None
    mse: bool
    halves: bool
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """Factors (P, R) of the units of a stage with their coefficients."""

    factors: FloatArray
    scale: float
    rscales: FloatArray | None = None
    stage: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """One method: its function, the options it takes and needs, and what it can do with lonely and rotating units."""

    make: Callable[[Plan], Made]
    takes: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    mse: bool = False
    lonely: bool = False
    stages: bool = False


# ---------------------------------------------------------------------------------------------------------- the methods
def _leave_one_out(plan: Plan) -> Made:
    _check_size(plan, plan.layout.stages[0].size, "units")
    factors, rscales = jackknife(plan.layout, plan.f[0], plan.lonely_psu)
    return Made(factors=factors, scale=1.0, rscales=rscales)


def _leave_one_out_unstratified(plan: Plan) -> Made:
    strata = len(plan.layout.stages[0].n_h)
    if strata > 1:
        raise DesignError(
            "JK1 is for designs without strata.", found=f"{strata} strata, counted in each wave", fix="Say 'JKn'."
        )
    made = _leave_one_out(plan)
    rscales = np.ones(1) if made.rscales is None else made.rscales
    return Made(factors=made.factors, scale=float(rscales[0]))


def _balanced(plan: Plan) -> Made:
    panel = _steady(plan)
    if plan.method == "Fay" and not 0 < plan.rho < 1:
        raise DesignError(
            "Fay's rho lies between 0 and 1.", found=f"rho={plan.rho:g}", fix="Take 0.5, or say method='BRR'."
        )
    several = panel.n_h[panel.n_h > 1]
    if not plan.halves and (several != 2).any():
        raise DesignError(
            f"Method '{plan.method}' needs two units in every stratum.",
            found=f"{int((several != 2).sum())} of {len(panel.n_h)} strata have more, up to {int(several.max())}",
            fix="Say halves=True with a seeded rng to divide each stratum into two groups, or use 'JKn' or 'bootstrap'.",
        )
    if plan.halves and plan.rng is None:
        raise no_generator()
    R = hadamard_order(len(several) + 1) if plan.replicates is None else plan.replicates
    _check_size(plan, R)
    deviations = half_samples(panel.n_h, R, plan.rho)
    if plan.halves and plan.rng is not None:
        deviations = _placed(deviations, panel, plan.rng.random(len(panel.drawn)))
    factors, tau2 = shrunk(_corrected(panel.spread(deviations), plan))
    said = ("units of each stratum divided into two groups at random",) if plan.halves else ()
    return Made(factors=factors, scale=tau2 / (R * (1 - plan.rho) ** 2), notes=said)


def _successive(plan: Plan) -> Made:
    panel = _steady(plan)
    units = len(panel.drawn)
    R = hadamard_order(min(units + 1, _USUAL)) if plan.replicates is None else plan.replicates
    _check_size(plan, R)
    order = np.zeros(0) if plan.order is None else plan.order[panel.drawn]
    deviations = _placed(successive_differences(panel.n_h, R), panel, order)
    said = () if units < R else (f"{R} replicates for {units} units: rows of the Hadamard matrix are used again",)
    return Made(factors=1.0 + _corrected(panel.spread(deviations), plan), scale=4 / R, notes=said)


def _bootstrap(plan: Plan) -> Made:
    layout, panel, rng = plan.layout, plan.panel, plan.rng
    R = _USUAL if plan.replicates is None else plan.replicates
    if rng is None:
        raise no_generator()
    _check_size(plan, R)
    stage = layout.stages[0]
    deviations = panel.spread(rescaled_bootstrap(panel.n_h, R, rng))
    said: tuple[str, ...] = ()
    if panel.rotating.any():
        turning = panel.rotating[stage.stratum_of_unit]
        n_h = stage.n_h[panel.rotating]
        deviations[turning] = shared_multipliers(layout.identity[turning], n_h, R, rng)
        said = ("units that rotate between waves share a random sign instead of draws",)
    factors, tau2 = shrunk(_corrected(deviations, plan))
    return Made(factors=factors, scale=_bootstrap_scale(R, plan) * tau2, notes=(*said, _noise(R)))


def _preston(plan: Plan) -> Made:
    layout, rng = plan.layout, plan.rng
    R = _USUAL if plan.replicates is None else plan.replicates
    if rng is None:
        raise no_generator()
    if len(plan.panel.drawn) < layout.stages[0].size:
        raise DesignError(
            "Preston's bootstrap does not know units that waves share.", fix="Say 'bootstrap', which does."
        )
    _check_size(plan, R, stage=len(layout.stages) - 1)
    factors, tau2 = shrunk(multistage_bootstrap(layout.stages, plan.f, R, rng))
    last = len(layout.stages) - 1
    return Made(factors=factors, scale=_bootstrap_scale(R, plan) * tau2, stage=last, notes=(_noise(R),))


METHODS: dict[str, Maker] = {
    "JK1": Maker(make=_leave_one_out_unstratified, lonely=True),
    "JKn": Maker(make=_leave_one_out, lonely=True),
    "BRR": Maker(make=_balanced, takes=frozenset({"replicates", "rng", "halves"})),
    "Fay": Maker(make=_balanced, takes=frozenset({"replicates", "rng", "halves", "rho"}), needs=frozenset({"rho"})),
    "bootstrap": Maker(make=_bootstrap, takes=frozenset({"replicates", "rng"}), needs=frozenset({"rng"})),
    "Preston": Maker(make=_preston, takes=frozenset({"replicates", "rng"}), needs=frozenset({"rng"}), stages=True),
    "SDR": Maker(
        make=_successive, takes=frozenset({"replicates", "order_by"}), needs=frozenset({"order_by"}), mse=True
    ),
}


# ------------------------------------------------------------------------------------------------------------- the parts
def _corrected(deviations: FloatArray, plan: Plan) -> FloatArray:
    """Shrink the deviations of first-stage units by the finite population of their stratum."""
    root = np.sqrt(np.maximum(1.0 - plan.f[0], 0.0))[plan.layout.stages[0].stratum_of_unit]
    return np.asarray(deviations * root[:, None])


def _placed(deviations: FloatArray, panel: Panel, order: FloatArray | IntArray) -> FloatArray:
    """Give deviations made for units in some order within their stratum to the units as they stand."""
    stratum = np.repeat(np.arange(len(panel.n_h)), panel.n_h)
    out = np.empty_like(deviations)
    out[np.lexsort((order, stratum))] = deviations
    return out


def _bootstrap_scale(R: int, plan: Plan) -> float:
    return 1 / R if plan.mse else 1 / (R - 1)


def _noise(R: int) -> str:
    return f"{R} draws: standard errors carry a Monte-Carlo error of about {np.sqrt(0.5 / R):.1%}"


def _steady(plan: Plan) -> Panel:
    if plan.panel.rotating.any():
        raise DesignError(
            f"Method '{plan.method}' cannot follow units that rotate between waves.",
            found=f"{int(plan.panel.rotating.sum())} strata share some units with another wave, but not all",
            fix="Say 'JKn' or 'bootstrap', which can; or leave the replicates to the linearised variance.",
        )
    return plan.panel


def no_generator() -> DesignError:
    """Say that a method draws at random."""
    return DesignError("What is drawn at random needs a seeded generator.", fix="Say rng=7, or any other seed.")


def _check_size(plan: Plan, R: int, what: str = "replicates", stage: int = 0) -> None:
    if isinstance(R, bool) or not isinstance(R, int | np.integer) or R < 2:
        raise DesignError("The number of replicates is a whole number of at least 2.", found=f"{R!r}", fix="Take 1000.")
    units = plan.layout.stages[stage].size
    if units * R > _LARGEST:
        raise DesignError(
            "The replicate factors would not fit into memory.",
            found=f"{units:,} units times {R:,} {what}",
            fix="Declare the sampling units (psu), take fewer replicates, or leave the variance to linearisation.",
        )
