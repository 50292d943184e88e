"""Weights fitted to known population totals; every function gives a new design and leaves the old one as it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from survey_kit import checks
from survey_kit.design.calibrate_build import standard
from survey_kit.design.calibrate_controls import by_wave, read_levels, read_margins, settle
from survey_kit.design.calibrate_step import Ask, calibrated, checked_bounds
from survey_kit.design.calibration import Residuals, apply_steps
from survey_kit.design.declared import check_design
from survey_kit.design.distances import DISTANCES, LINEAR, NO_BOUNDS, RAKING, Bounds
from survey_kit.errors import DesignError

if TYPE_CHECKING:
    from survey_kit.design.design import Design

__all__ = ["apply_steps", "calibrate", "post_stratify", "rake", "standardize"]


def post_stratify(
    design: Design,
    by: str | Sequence[str],
    totals: Mapping[Any, Any],
    *,
    population: float | Mapping[Any, float] | None = None,
    residuals: Residuals = "derivative",
    collapse: str | Mapping[Any, Any] | None = None,
) -> Design:
    r"""Make the weights of every level add up to its population total.

    .. math:: g_i = N_c / \hat N_c, \qquad \hat N_c = \sum_{i \in c} d_i

    Parameters
    ----------
    design
        The sample; earlier calibrations stay credited.
    by
        Column, or columns that are crossed.
    totals
        ``{level: total}``, the level a tuple for several columns; ``{wave: {level: total}}`` when the design has waves.
        Every level of the sample needs one. Numbers that add up to 1 are shares: of `population`, or else of the
        weights as they are.
    population
        Size of the population, by wave when the design has waves.
    residuals
        What the variance rests on: ``"derivative"`` of the whole chain of steps, or ``"R"`` as R's survey package
        (see :func:`calibrate`).
    collapse
        What is done where a replicate has nobody of a level: ``"neighbour"`` joins it with the smaller of the levels
        written before and after it, ``"drop"`` leaves its margin out, ``{column: {level: level}}`` says which it joins. How
        many replicates that is stands in the log. None is an error.

    Returns
    -------
    Design
        With the step appended. ``design.weight`` still names the column of the weights before calibration;
        ``design.layout.weight`` holds the calibrated ones.

    Raises
    ------
    DesignError
        If a level stands only in the sample or only among the totals, or a value is missing.

    Notes
    -----
    Holt & Smith (1979), Journal of the Royal Statistical Society A 142, 33-46. Matches R ``postStratify``.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [2.0, 2, 3, 3], "town": [1, 1, 2, 3], "sex": ["f", "m", "m", "f"], "y": [1.0, 0, 1, 1]})
    >>> design = sk.post_stratify(sk.Design(frame, weight="w", psu="town"), "sex", {"f": 60, "m": 40})
    >>> design.layout.weight.tolist(), float(sk.total(design, "y").table["estimate"][0])
    ([24.0, 16.0, 24.0, 36.0], 84.0)
    """
    columns = checks.names(by, "by", least=1)
    margins = [read_levels(wave, columns, part) for wave, part in by_wave(design, totals, "totals").items()]
    asked = {"by": by, "totals": totals, "population": population}
    step = Ask(
        kind="post_stratify", asked=asked, distance=LINEAR, bounds=NO_BOUNDS, residuals=residuals, collapse=collapse
    )
    return calibrated(design, step, settle(design, margins, population))


def rake(
    design: Design,
    margins: Mapping[Any, Any],
    *,
    population: float | Mapping[Any, float] | None = None,
    bounds: Bounds | None = None,
    tolerance: float = 1e-10,
    maxit: int = 200,
    residuals: Residuals = "derivative",
    collapse: str | Mapping[Any, Any] | None = None,
) -> Design:
    r"""Fit the weights to several margins at once, each factor a product of one number per level.

    .. math:: g_i = \exp(x_i'\lambda), \qquad \sum d_i g_i x_i = T

    Parameters
    ----------
    design
        The sample.
    margins
        ``{column: {level: total}}``; a tuple of columns is a crossed margin with tuples as levels;
        ``{wave: {column: ...}}`` when the design has waves. Shares as in :func:`post_stratify`.
    population
        Size of the population, by wave when the design has waves.
    bounds
        Smallest and largest factor, such as ``(0.3, 3)``; None for none.
    tolerance
        Largest relative error of any level of any margin. (Not of the weights: these may drift for ever.)
    maxit
        Most steps.
    residuals
        ``"derivative"``, or ``"R"``: R's projections on one margin after the other, unweighted.
    collapse
        What is done where a replicate has nobody of a level; see :func:`post_stratify`.

    Returns
    -------
    Design
        With the step appended; see :func:`post_stratify`.

    Raises
    ------
    DesignError
        If two margins add up to different populations, a level has nobody in the sample or no target, or the margins
        cannot be reached: the message names them.

    Notes
    -----
    The solution of iterative proportional fitting (Deming & Stephan 1940), found by Newton's method on the combinations of
    levels that occur; the full cross-table is never made. Deville, Sarndal & Sautory (1993), JASA 88, 1013-1020. Factors
    match R ``rake``; standard errors match with ``residuals="R"``.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [2.0, 2, 3, 3], "sex": ["f", "m", "m", "f"], "age": ["y", "y", "o", "o"]})
    >>> design = sk.Design(frame, weight="w")
    >>> raked = sk.rake(design, {"sex": {"f": 60, "m": 40}, "age": {"y": 50, "o": 50}})
    >>> raked.layout.weight.round(6).tolist()
    [30.0, 20.0, 20.0, 30.0]
    """
    read = [m for wave, part in by_wave(design, margins, "margins").items() for m in read_margins(wave, part)]
    numbers = [margin.number for margin in read if margin.number is not None]
    if numbers:
        raise DesignError(
            "Raking takes margins of levels, not totals of numbers.",
            where=f"'{numbers[0]}'",
            fix="Give {level: total}, or use calibrate(..., distance='raking').",
        )
    asked = {"margins": margins, "population": population}
    step = Ask(
        kind="rake",
        asked=asked,
        distance=RAKING,
        bounds=checked_bounds(bounds, RAKING),
        residuals=residuals,
        tolerance=tolerance,
        maxit=maxit,
        collapse=collapse,
    )
    return calibrated(design, step, settle(design, read, population))


def calibrate(
    design: Design,
    controls: Mapping[Any, Any],
    *,
    population: float | Mapping[Any, float] | None = None,
    distance: str = "linear",
    bounds: Bounds | None = None,
    tolerance: float = 1e-10,
    maxit: int = 200,
    residuals: Residuals = "derivative",
    collapse: str | Mapping[Any, Any] | None = None,
) -> Design:
    r"""Calibrate the weights to totals of levels and of numbers.

    .. math:: \min \sum d_i G(g_i) \ \text{with} \ \sum d_i g_i x_i = T \quad\Rightarrow\quad g_i = F(x_i'\lambda)

    Parameters
    ----------
    design
        The sample.
    controls
        ``{column: {level: total}}`` for categories, ``{column: total}`` for a number, ``{(column, number): {level: total}}``
        for a number by level; a tuple of columns is crossed. ``{wave: controls}`` when the design has waves.
    population
        Size of the population, by wave when the design has waves: a control of its own beside numbers, and what shares
        are multiplied with.
    distance
        ``"linear"`` (the generalised regression estimator; factors may be negative, which is noted), ``"raking"``,
        ``"logit"`` (needs bounds) or ``"sinh"``.
    bounds
        Smallest and largest factor; None for none.
    tolerance
        Largest relative error of any control.
    maxit
        Most steps.
    residuals
        ``"derivative"``: residuals are fitted with d F'(u), from the last step back to the first, so that the standard error
        is the derivative of everything that was done to the weights. ``"R"``: fitted with d, in the order of the steps.
    collapse
        What is done where a replicate has nobody of a level; see :func:`post_stratify`. Totals of numbers are not joined.

    Returns
    -------
    Design
        With the step appended; see :func:`post_stratify`.

    Raises
    ------
    DesignError
        If the controls contradict each other or cannot be reached within the bounds: the message names the margins and the
        bounds that would do.

    Notes
    -----
    Deville & Sarndal (1992), JASA 87, 376-382. Matches R ``calibrate`` with the same `distance` (`calfun`) and bounds.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [2.0, 2, 3, 3], "age": [20.0, 30, 40, 60], "y": [1.0, 0, 1, 1]})
    >>> design = sk.calibrate(sk.Design(frame, weight="w"), {"age": 4200}, population=100)
    >>> weight = design.layout.weight
    >>> round(float(weight.sum()), 6), round(float(weight @ frame["age"]), 6)
    (100.0, 4200.0)
    """
    checks.choice(distance, "distance", tuple(DISTANCES), DesignError)
    how = DISTANCES[distance]
    read = [m for wave, part in by_wave(design, controls, "controls").items() for m in read_margins(wave, part)]
    asked = {"controls": controls, "population": population}
    step = Ask(
        kind="calibrate",
        asked=asked,
        distance=how,
        bounds=checked_bounds(bounds, how),
        residuals=residuals,
        tolerance=tolerance,
        maxit=maxit,
        collapse=collapse,
    )
    return calibrated(design, step, settle(design, read, population))


def standardize(
    design: Design,
    by: str | Sequence[str],
    population: Mapping[Any, Any],
    *,
    over: str | Sequence[str] | None = None,
    where: str | None = None,
    empty: str = "error",
    residuals: Residuals = "derivative",
) -> Design:
    """Give every group the same composition, for directly standardised means and proportions.

    Parameters
    ----------
    design
        The sample.
    by
        Column, or crossed columns, whose composition is made equal.
    population
        ``{level: number or share}`` of the standard population, used in every wave, or ``{wave: {level: ...}}``.
    over
        The groups that are to be compared; each keeps the sum of its weights, and so does each wave.
    where
        Boolean column: only these rows are standardised (say, those who answered); use the same ``where`` in the estimate.
    empty
        ``"error"`` if a group has nobody of some level; ``"drop"`` to leave the level out of that group's standard.
    residuals
        ``"derivative"``, in which the kept sums move with the sample, or ``"R"``, in which they are fixed.

    Returns
    -------
    Design
        With the step appended; see :func:`post_stratify`.

    Notes
    -----
    Korn & Graubard (1999), *Analysis of Health Surveys*, section 2.6. Matches R ``svystandardize``.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [2.0, 2, 3, 3], "age": ["y", "o", "y", "o"], "area": [1, 1, 2, 2], "y": [1.0, 0, 1, 1]})
    >>> equal = sk.standardize(sk.Design(frame, weight="w"), "age", {"y": 30, "o": 70}, over="area")
    >>> sk.mean(equal, "y", by="area").table["estimate"].round(3).tolist()
    [0.3, 1.0]
    """
    check_design(design)
    checks.choice(empty, "treatment of empty levels", ("error", "drop"), DesignError)
    groups, levels = checks.names(over, "over"), checks.names(by, "by", least=1)
    numbers = hasattr(population, "items") and not any(hasattr(part, "items") for _, part in population.items())
    in_waves = design.wave is not None and numbers  # one standard for every wave
    parts = by_wave(design, dict.fromkeys(design.waves, population) if in_waves else population, "population")
    inside = None if where is None else design.flags(where)
    margins = [read_levels(wave, levels, part) for wave, part in parts.items()]
    margins, dropped = standard(design, margins, groups, inside, drop=empty == "drop")
    asked = {"by": by, "population": population, "over": over, "where": where, "empty": empty}
    step = Ask(kind="standardize", asked=asked, distance=LINEAR, bounds=NO_BOUNDS, residuals=residuals)
    notes = [f"levels without anybody, left out of the standard of their group: {dropped}"] if dropped else []
    return calibrated(design, step, margins, inside, notes)
