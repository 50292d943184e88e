"""Calibration to targets of which some may be missed, and with limits of the weights: from what is asked to a design."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit import checks
from survey_kit.design.calibrate_bounds import check_range
from survey_kit.design.calibrate_build import Controls, build
from survey_kit.design.calibrate_columns import Columns, collapse
from survey_kit.design.calibrate_controls import Margin, by_wave, read_margins, settle
from survey_kit.design.calibrate_soft import Soft, solve_soft
from survey_kit.design.calibrate_step import Ask, calibrated, checked_bounds, with_steps
from survey_kit.design.calibration import Calibration, fallen
from survey_kit.design.distances import DISTANCES, LINEAR, NO_BOUNDS, Bounds
from survey_kit.errors import DesignError, did_you_mean
from survey_kit.types import FloatArray

if TYPE_CHECKING:
    from survey_kit.design.design import Design

MISSED = 1e-6
LARGEST_PROGRAMME = 200_000  # rows or cells
NAMED = 3
Wish = float | Mapping[Any, float] | None


def calibrate_softly(
    design: Design,
    controls: Mapping[Any, Any],
    *,
    tolerance: Wish = None,
    cost: Wish = None,
    weights: tuple[float, float] | None = None,
    population: float | Mapping[Any, float] | None = None,
    distance: str = "linear",
    bounds: Bounds | None = None,
    kind: str = "calibrate",
) -> Design:
    r"""Calibrate where some targets may be missed, or where the weights themselves have limits.

    .. math:: \min \sum d_i G(g_i) + \tfrac12 \sum_k c_k T_k (t_k / T_k - 1)^2, \qquad |t_k / T_k - 1| \le \delta_k,
              \qquad L \le d_i g_i \le U

    Parameters
    ----------
    design
        The sample.
    controls, population, distance, bounds
        As :func:`calibrate` takes them; every control without tolerance or cost is met exactly.
    tolerance
        ``{column: delta}``: a level may be off by this share of its target, and is left alone while it is not; one number for
        all margins of levels. Crossed margins are named by their tuple, or as ``"sex x age"``.
    cost
        ``{column: c}``: what missing a level costs. With 1, a level that is off by one per cent costs as much as moving the
        weights of as many people by one per cent; less is softer, more is nearer to exact.
    weights
        Smallest and largest weight; who would exceed it stands at it while the others make up for it, in every step of the
        iteration (trimming inside calibration).
    kind
        What the step is called in the log.

    Returns
    -------
    Design
        With the step appended; what was missed stands among its notes. Where a target of totals may be missed, the weights are
        first brought to the size of the population, as a step of its own, so that their scale does not matter.

    Raises
    ------
    DesignError
        If a margin is unknown or a number, the controls contradict each other, or they cannot be reached within the limits.

    Notes
    -----
    Cost: ridge calibration, Bardsley & Chambers (1984), Applied Statistics 33, 290-299; Rao & Singh (1997), ASA Proceedings of the
    Survey Research Methods Section, 57-65; Beaumont & Bocci (2008), Metron 66, 5-20. Limits of weights: R ``calibrate`` with
    ``bounds.const``; Deville, Sarndal & Sautory (1993), JASA 88, 1013-1020. Standard errors are the derivative of all of it; a
    level within its tolerance, and a weight at its limit, take nothing out. In replicates the limits hold for each row's
    factor, as they are here.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0] * 8, "sex": list("ffffmmmm"), "area": list("aaababbb")})
    >>> sex, area = {"f": 50, "m": 50}, {"a": 20, "b": 80}
    >>> made = calibrate_softly(sk.Design(frame, weight="w"), {"sex": sex, "area": area}, tolerance={"area": 0.1})
    >>> pd.Series(made.layout.weight).groupby(frame["area"]).sum().round(6).tolist()
    [22.0, 78.0]
    """
    checks.choice(distance, "distance", tuple(DISTANCES), DesignError)
    how = DISTANCES[distance]
    read = [m for wave, part in by_wave(design, controls, "controls").items() for m in read_margins(wave, part)]
    asked = {"controls": controls, "population": population, "tolerance": tolerance, "cost": cost, "weights": weights}
    limits = checked_bounds(bounds, how)
    margins = settle(design, read, population)
    free, costs = _wishes(tolerance, "tolerance", margins), _wishes(cost, "cost", margins)
    ask = Ask(kind=kind, asked=asked, distance=how, bounds=limits, residuals="derivative")
    if free or costs:
        design = _to_size(design, margins)
    return _softly(design, ask, margins, free, costs, weights)


def _softly(
    design: Design,
    ask: Ask,
    margins: Sequence[Margin],
    free: Mapping[str, float],
    costs: Mapping[str, float],
    weights: tuple[float, float] | None,
) -> Design:
    out = fallen(design.calibration, design.n)
    inside = np.ones(design.n, dtype=bool) if out is None else ~out
    made = build(design, margins, None if out is None else inside)
    named = list(dict.fromkeys((margin.columns, margin.number, margin.name) for margin in margins))
    weight = design.layout.weight
    cost = _spread([costs.get(name, np.inf) for *_, name in named], made.columns)
    tolerance = _spread([free.get(name, 0.0) for *_, name in named], made.columns)
    edges = None if weights is None else _limits(weights, weight, inside, ask.bounds)
    cell, cell_columns = collapse(made.columns) if edges is None else (None, made.columns)
    exact = np.isinf(cost) & (tolerance == 0)
    soft = Soft(
        cost=cost,
        tolerance=tolerance,
        least=None if edges is None else edges[0],
        most=None if edges is None else edges[1],
        active=np.ones(len(cost), dtype=bool),
        reached=np.ones(len(cost)),
    )
    step = Calibration(
        kind=ask.kind,
        asked=ask.asked,
        distance=ask.distance,
        bounds=ask.bounds,
        columns=made.columns,
        target=made.target,
        relative=made.relative,
        cell=cell,
        cell_columns=cell_columns,
        g=np.ones_like(weight),
        slope=np.ones_like(weight),
        tolerance=ask.tolerance,
        maxit=ask.maxit,
        soft=soft,
    )
    targets = step.targets(weight)
    if exact.all():
        check_range(made.columns, weight, targets, ask.bounds)
    if weights is not None:
        _check_reach(made.columns, inside, targets, weights, exact)
    found, soft = solve_soft(step, soft, step.by_cell(weight), targets)
    if not found.converged:
        raise _no_solution(step, weight, found.error, weights)
    row = slice(None) if cell is None else cell
    step = replace(step, g=found.g[row], slope=found.slope[row], iterations=found.iterations, soft=soft)
    step = replace(step, largest_error=float(np.abs(soft.reached - 1).max()))
    note = _note(step, soft, exact, [name for *_, name in named], made, weight, weights)
    return with_steps(design, (*design.calibration, replace(step, notes=note)))


def _wishes(wish: Wish, what: str, margins: Sequence[Margin]) -> dict[str, float]:
    """Read tolerances or costs by the name of the margin."""
    if wish is None:
        return {}
    levels = list(dict.fromkeys(margin.name for margin in margins if margin.number is None and margin.columns))
    given = wish if isinstance(wish, Mapping) else dict.fromkeys(levels, wish)
    fix = f"Write {what}={{{(levels or ['region'])[0]!r}: {'0.02' if what == 'tolerance' else '1'}}}."
    out: dict[str, float] = {}
    for key, value in given.items():
        name = key if isinstance(key, str) else " x ".join(checks.names(key, what, least=1))
        if name not in levels:
            number = any(margin.name == name for margin in margins)
            raise DesignError(
                f"A {what} belongs to a margin of levels.",
                where=f"'{name}'",
                found="a total of a number" if number else "no control of this name",
                fix="Cut the number into classes." if number else did_you_mean(name, levels),
            )
        amount = checks.number(value, what, fix, DesignError)
        if not 0 < amount < (1 if what == "tolerance" else np.inf):
            raise DesignError(
                "A tolerance is a relative error between 0 and 1." if what == "tolerance" else "A cost is above zero.",
                where=f"'{name}'",
                found=f"{amount:g}",
                fix=fix,
            )
        out[name] = amount
    return out


def _spread(values: Sequence[float], columns: Sequence[Columns]) -> FloatArray:
    return np.repeat(np.asarray(values, dtype=np.float64), [block.size for block in columns])


def _to_size(design: Design, margins: Sequence[Margin]) -> Design:
    """Bring the weights of each wave to the size of its population, where the targets say it."""
    sizes = []
    for wave in sorted({margin.wave for margin in margins}):
        counts = [m for m in margins if m.wave == wave and m.number is None and m.share_of is None]
        if counts:
            sizes.append(Margin(wave=wave, columns=(), number=None, totals={(): counts[0].sum}))
    if not sizes:
        return design
    asked = {"controls": {"population": sizes[0].sum}, "population": sizes[0].sum}
    ask = Ask(kind="to_size", asked=asked, distance=LINEAR, bounds=NO_BOUNDS, residuals="derivative")
    return calibrated(design, ask, sizes)


def _limits(weights: Any, weight: FloatArray, inside: Any, bounds: Bounds) -> tuple[FloatArray, FloatArray]:
    """Give the limits of each row's factor (n,) from those of the weights."""
    fix = "Give weights=(smallest, largest), such as (50, 4000)."
    pair = checks.floats(None if isinstance(weights, (str, dict)) else weights, "weights", fix, DesignError)
    if pair.shape != (2,) or not 0 <= pair[0] < pair[1]:
        raise DesignError("Limits are the smallest and largest weight.", found=checks.shown(weights), fix=fix)
    wrong = inside & ~(weight > 0)
    if wrong.any():
        raise DesignError(
            "Limits of weights need weights above zero to begin with.",
            where=f"first in row {int(np.flatnonzero(wrong)[0]) + 1}",
            found=f"{int(wrong.sum())} rows",
            fix="Calibrate before with distance='raking', which keeps weights positive.",
        )
    d = np.where(inside, weight, 1.0)
    least, most = np.maximum(pair[0] / d, bounds[0]), np.minimum(pair[1] / d, bounds[1])
    return np.where(inside, least, -np.inf), np.where(inside, most, np.inf)


def _check_reach(
    columns: Sequence[Columns], inside: Any, target: FloatArray, weights: tuple[float, float], exact: Any
) -> None:
    """Compare the mean weight that each level needs with the limits, before anything is solved."""
    first, out = 0, []
    for block in columns:
        at = slice(first, first + block.size)
        first += block.size
        if block.value is not None:
            continue
        people = np.bincount(block.code[inside & (block.code >= 0)], minlength=block.size)
        mean = target[at] / np.maximum(people, 1)
        far = exact[at] & ((mean < weights[0]) | (mean > weights[1]))
        out += [f"{block.names[k]} needs a mean weight of {mean[k]:,.4g}" for k in np.flatnonzero(far)]
    if out:
        raise DesignError(
            "Some margins cannot be reached within the limits of the weights.",
            where="; ".join(out[:NAMED]) + (f"; {len(out) - NAMED} more" if len(out) > NAMED else ""),
            found=f"weights from {weights[0]:,.6g} to {weights[1]:,.6g}",
            fix="Widen the limits, join levels, or let the margin be missed (tolerance, cost).",
        )


def _no_solution(
    step: Calibration, weight: FloatArray, error: FloatArray, weights: tuple[float, float] | None
) -> DesignError:
    """Say which margins stay out of reach where their violations, beyond what is free, add up to the least."""
    within = "" if weights is None else f" with weights from {weights[0]:,.6g} to {weights[1]:,.6g}"
    free = step.soft is not None and bool((step.soft.tolerance > 0).any())
    what = f"These margins cannot be reached together{within}{', tolerances included' if free else ''}."
    fix = "Widen the limits or tolerances, join levels, or let more margins be missed (tolerance, cost)."
    far = _beyond(step, weight) if len(weight) <= LARGEST_PROGRAMME else {}
    if far:
        listed = sorted(far, key=lambda k: -abs(far[k]))[:NAMED]
        more = f"; {len(far) - NAMED} more" if len(far) > NAMED else ""
        nearest = "; ".join(f"{far[k]:+.2%}" for k in listed)
        return DesignError(
            what,
            where="; ".join(step.names[k] for k in listed) + more,
            found=f"at the least {nearest} off" + (" beyond the tolerance" if free else ""),
            fix=fix,
        )
    worst = np.argsort(error)[::-1][:NAMED]
    return DesignError(
        "The calibration does not converge.",
        where="; ".join(step.names[k] for k in worst),
        found=f"relative errors up to {error.max():.1e}",
        fix=fix,
    )


def _beyond(step: Calibration, weight: FloatArray) -> dict[int, float]:
    """Find by a linear programme the least violations (relative, beyond the tolerance) of the columns that bind."""
    from scipy import sparse
    from scipy.optimize import linprog

    soft, target = step.soft, step.targets(weight)
    if soft is None:
        return {}
    bind = np.flatnonzero(np.isinf(soft.cost))
    scale = np.where(target != 0, np.abs(target), 1.0)
    X = sparse.hstack([block.matrix() for block in step.cell_columns], format="csr")
    given = step.by_cell(weight)
    A = sparse.csr_array(X.T.multiply(given[None, :] / scale[:, None]))[bind]
    low, high = (np.broadcast_to(edge, given.shape) for edge in soft.bounds(step.bounds))
    low = np.maximum(low, 0.0) if step.distance.positive else low
    over = sparse.eye_array(len(bind), format="csr")
    level, delta = target[bind] / scale[bind], soft.tolerance[bind]
    done = linprog(
        np.concatenate((np.zeros(len(given)), np.ones(2 * len(bind)))),
        A_ub=sparse.vstack([sparse.hstack([A, -over, 0 * over]), sparse.hstack([-A, 0 * over, -over])], format="csc"),
        b_ub=np.concatenate((level + delta, delta - level)),
        bounds=[*zip(low, high, strict=True), *[(0.0, np.inf)] * (2 * len(bind))],
        method="highs",
    )
    if done.x is None:
        return {}
    above, below = np.split(done.x[len(given) :], 2)
    return {int(k): float(u - v) for k, u, v in zip(bind, above, below, strict=True) if max(u, v) > MISSED}


def _note(
    step: Calibration,
    soft: Soft,
    exact: Any,
    names: Sequence[str],
    made: Controls,
    weight: FloatArray,
    weights: tuple[float, float] | None,
) -> tuple[str, ...]:
    """Say what was done and what was missed."""
    kept, first = [], 0
    for name, block in zip(names, made.columns, strict=True):
        k, first = first, first + block.size
        if exact[k]:
            kept.append(name)
        elif np.isfinite(soft.cost[k]):
            also = f", at most {soft.tolerance[k]:.3g} off" if soft.tolerance[k] else ""
            kept.append(f"{name} at cost {soft.cost[k]:g}{also}")
        else:
            kept.append(f"{name} within {soft.tolerance[k]:.3g}")
    inside = step.g != 0
    how = f"{step.distance.name} distance, factors {step.g[inside].min():.3g} to {step.g[inside].max():.3g}"
    out = [f"weights calibrated to {', '.join(kept)} ({how}); standard errors credit it"]
    off = soft.reached - 1
    far = [k for k in np.argsort(-np.abs(off)) if abs(off[k]) > MISSED and not exact[k]]
    if far:
        said = ", ".join(f"{step.names[k]} by {off[k]:+.2%}" for k in far[:NAMED])
        out.append(
            f"misses {len(far)} target{'' if len(far) == 1 else 's'}: {said}{' ...' if len(far) > NAMED else ''}"
        )
    if weights is not None and soft.least is not None and soft.most is not None:
        at = ((step.g <= soft.least) | (step.g >= soft.most)) & (weight > 0)
        out.append(f"{int(at.sum())} weights stand at a limit ({weights[0]:,.6g} to {weights[1]:,.6g})")
    if step.relative is not None:
        out.append("shares were scaled to the sum of the weights")
    negative = int((weight * step.g < 0).sum())
    if negative:
        out.append(f"{negative} of {len(weight)} calibrated weights are negative")
    return tuple(out)
