"""What steps and plans change of estimates, with the standard error of the change: they rest on the same units."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from survey_kit import checks
from survey_kit.design import Design
from survey_kit.design.calibrate_step import COLUMN_KINDS, with_steps
from survey_kit.errors import WeightingError, did_you_mean
from survey_kit.estimate import Estimates
from survey_kit.estimate.covariances import Block, Linearised, Variance, joined
from survey_kit.estimate.estimates import stacked
from survey_kit.types import FloatArray, Frame

if TYPE_CHECKING:
    from survey_kit.weighting.plan import WeightingPlan
    from survey_kit.weighting.weights import Weights

Outcome: TypeAlias = str | Callable[[Design], Estimates]
By: TypeAlias = str | Sequence[str] | None


# ------------------------------------------------------------------------------------------------------ the effects
def effects_of_steps(weights: Weights, outcomes: Sequence[Outcome], by: By, where: str | None) -> Any:
    """Tell what every step changes of some estimates; see :meth:`survey_kit.Weights.effects`."""
    import pandas as pd

    design = weights.design
    chain = design.calibration
    designs = [_started(design), *(with_steps(design, chain[:k]) for k in range(1, len(chain) + 1))]
    names = ["start", *(step.kind for step in chain)]
    tables = []
    for outcome in _checked(outcomes):
        parts, known = _estimates(designs, outcome, by, where)
        whole, K = together(parts, designs), len(parts[0].table)
        step, start = (np.full((3, len(parts), K), np.nan) for _ in range(2))
        for k in range(1, len(parts)):
            for against, out in ((k - 1, step), (0, start)):
                if known[k] and known[against]:
                    out[:, k] = difference(whole, k, against, K)
                else:
                    out[0, k] = _points(parts[k]) - _points(parts[against])
        for k, part in enumerate(parts):
            table = part.table[[*part.keys, "variable", "category", "statistic", "estimate", "se", "n"]].copy()
            table.insert(0, "step", names[k])
            table.insert(0, "number", k)
            if not known[k]:
                table["se"] = np.nan
            table["change"], table["change_se"], _ = step[:, k]
            table["since_start"], table["since_start_se"], table["df"] = start[:, k]
            tables.append(table)
    return pd.concat(tables, ignore_index=True)


def compare_plans(
    plans: Mapping[str, WeightingPlan],
    design: Design | Frame,
    *outcomes: Outcome,
    by: By = None,
    where: str | None = None,
    reference: str | None = None,
    **declared: Any,
) -> Any:
    r"""Set alternative plans beside each other: what each gains in variance and may cost in bias.

    .. math:: \widehat{B^2} = \max(0, (\hat\theta_p - \hat\theta_r)^2 - \hat V(\hat\theta_p - \hat\theta_r)), \qquad
              \widehat{MSE} = \hat V(\hat\theta_p) + \widehat{B^2}

    Parameters
    ----------
    plans
        ``{name: plan}``.
    design
        The sample they are applied to, or a frame with what a design declares (``strata=``, ``psu=`` ...); with replicates
        when a plan has a step without a derivative.
    outcomes, by, where
        As :meth:`survey_kit.Weights.effects` takes them.
    reference
        The plan that is held to be unbiased; the first when left out.

    Returns
    -------
    data frame
        One row per outcome and plan: ``estimate, se``, design effect of unequal weights and effective number, the largest
        weight in medians, ``difference`` from the reference with its standard error, ``bias2``, ``mse`` and its root.

    Raises
    ------
    WeightingError
        If there is no plan or no outcome, or the reference is none of the plans.

    Notes
    -----
    Potter (1990), Proceedings of the Survey Research Methods Section, American Statistical Association, 225-230. The square
    of the difference overstates that of the bias by the variance of the difference, which is taken off; a bias the reference
    has itself is not seen.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> from survey_kit.weighting import Household, WeightingPlan, compare_plans
    >>> frame = pd.DataFrame({"w": [1.0, 1, 1, 1], "adults": [1, 2, 2, 8], "y": [1.0, 0.0, 1.0, 0.0]})
    >>> plans = {"full": WeightingPlan(steps=(Household(members="adults"),)),
    ...          "capped": WeightingPlan(steps=(Household(members="adults", cap=4),))}
    >>> compare_plans(plans, sk.Design(frame, weight="w"), "y")[["plan", "estimate", "difference"]].round(3).values.tolist()
    [['full', 0.231, 0.0], ['capped', 0.333, 0.103]]
    """
    import pandas as pd

    if not isinstance(plans, Mapping) or not plans:
        raise WeightingError("There is no plan to compare.", found=checks.shown(plans), fix="Give {name: plan}.")
    names = list(plans)
    if reference is not None and reference not in plans:
        raise WeightingError(f"There is no plan '{reference}'.", fix=did_you_mean(reference, names))
    base = 0 if reference is None else names.index(reference)
    made = [plans[name].apply(design, **declared) for name in names]
    tables = []
    for outcome in _checked(outcomes):
        parts, known = _estimates([one.design for one in made], outcome, by, where)
        whole, K = together(parts, [one.design for one in made]), len(parts[0].table)
        for p, (name, one, part) in enumerate(zip(names, made, parts, strict=True)):
            table = part.table[[*part.keys, "variable", "category", "statistic", "estimate", "se"]].copy()
            table.insert(0, "plan", name)
            if not known[p]:
                table["se"] = np.nan
            gap, gap_se = _points(part) - _points(parts[base]), np.full(K, np.nan)
            if known[p] and known[base]:
                gap, gap_se, _ = difference(whole, p, base, K) if p != base else np.zeros((3, K))
            last = one.log.iloc[-1]
            w = one.values[one.inside]
            table["deff"], table["n_effective"] = float(last["deff"]), float(last["n_effective"])
            table["largest"] = float(w.max() / np.median(w))
            table["difference"], table["difference_se"] = gap, gap_se
            table["bias2"] = np.maximum(gap**2 - gap_se**2, 0.0)
            table["mse"] = table["se"] ** 2 + table["bias2"]
            table["rmse"] = np.sqrt(table["mse"])
            tables.append(table)
    return pd.concat(tables, ignore_index=True)


# ------------------------------------------------------------------------------------------------------ the algebra
def together(parts: Sequence[Estimates], designs: Sequence[Design]) -> Estimates:
    """Put the rows of the same units under other weights under each other, with the covariance between all of them.

    Linearised totals of one set of units are comparable whatever the weights; replicates are, when they are the same. What
    estimated targets add is shared by designs that are calibrated to the same estimates.
    """
    first = parts[0].variance
    shared: list[FloatArray] = []
    own = [_roots(design, shared) for design in designs]
    variances: list[Variance] = []
    for part, places in zip(parts, own, strict=True):
        variance = part.variance
        if isinstance(variance, Linearised) and isinstance(first, Linearised):
            blocks = tuple(_with_targets(block, places, shared) for block in variance.blocks)
            variance = replace(variance, layout=first.layout, blocks=blocks)
        variances.append(variance)
    return stacked(parts, joined(variances, [len(part.table) for part in parts]))


def _roots(design: Design, shared: list[FloatArray]) -> list[int]:
    """Give the places of a design's estimated targets among those of all designs, told apart by their covariance."""
    out = []
    for step in design.calibration:
        if step.estimated is None:
            continue
        root = step.estimated.root
        place = next((i for i, one in enumerate(shared) if np.array_equal(one, root)), len(shared))
        if place == len(shared):
            shared.append(root)
        out.append(place)
    return out


def _with_targets(block: Block, places: Sequence[int], shared: Sequence[FloatArray]) -> Block:
    """Give a block whose factors of estimated targets stand in the places all designs have for them, zero for others'."""
    stages = len(block.totals) - len(places)
    size = len(block.rows)
    beside = [np.zeros((root.shape[1], size)) for root in shared]
    for place, factor in zip(places, block.totals[stages:], strict=True):
        beside[place] = factor
    return replace(block, totals=(*block.totals[:stages], *beside))


def difference(whole: Estimates, a: int, b: int, size: int) -> FloatArray:
    """Give part `a` minus part `b`, of `size` rows each, its standard error and degrees of freedom: (3, size)."""
    from scipy import sparse

    row = np.arange(size)
    shape = (size, len(whole.table))
    L = sparse.csr_array((np.ones(size), (row, a * size + row)), shape=shape)
    L = L - sparse.csr_array((np.ones(size), (row, b * size + row)), shape=shape)
    made = whole.linear(L).table
    return np.stack([made[name].to_numpy(dtype=np.float64) for name in ("estimate", "se", "df")])


def _estimates(
    designs: Sequence[Design], outcome: Outcome, by: By, where: str | None
) -> tuple[list[Estimates], list[bool]]:
    """Estimate an outcome under every design; and tell which of them have a standard error."""
    parts, known = [], []
    for design in designs:
        linear = design.replicates is not None or all(step.rule is None for step in design.calibration)
        parts.append(_estimate(design if linear else _pointwise(design), outcome, by, where))
        known.append(linear)
    size = len(parts[0].table)
    if any(len(part.table) != size for part in parts):
        raise WeightingError(
            "An outcome has other rows under other weights.",
            found=" and ".join(str(len(part.table)) for part in parts),
            fix="Give a function whose rows do not depend on the weights.",
        )
    return parts, known


def _estimate(design: Design, outcome: Outcome, by: By, where: str | None) -> Estimates:
    from survey_kit.estimate import mean

    if isinstance(outcome, str):
        return mean(design, outcome, by=by, where=where, missing="exclude")
    made = outcome(design)
    if not isinstance(made, Estimates):
        raise WeightingError(
            "An outcome gives no estimates.",
            found=type(made).__name__,
            fix="Write lambda design: sk.mean(design, 'y').",
        )
    return made


def _started(design: Design) -> Design:
    """Give the design before the first step."""
    out = copy.copy(design)
    known = {key: part for key, part in design.known.items() if key[0] in COLUMN_KINDS}
    layout = replace(design.layout, weight=design.layout.base_weight, sweep=None)
    for name, value in (("calibration", ()), ("known", known), ("layout", layout)):
        object.__setattr__(out, name, value)
    return out


def _pointwise(design: Design) -> Design:
    """Give a design whose points are right and whose standard errors are not to be used."""
    out = copy.copy(design)
    object.__setattr__(out, "layout", replace(design.layout, sweep=None))
    return out


def _points(part: Estimates) -> FloatArray:
    points: FloatArray = part.table["estimate"].to_numpy(dtype=np.float64)
    return points


def _checked(outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
    wrong = next((one for one in outcomes if not isinstance(one, str) and not callable(one)), None)
    if not outcomes or wrong is not None:
        raise WeightingError(
            "An outcome is a column or a function of a design.",
            found=checks.shown(wrong) if outcomes else "none",
            fix="Write effects('trust'), or effects(lambda design: sk.ratio(design, 'a', 'b')).",
        )
    return outcomes
