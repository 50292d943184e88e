"""Item analysis: how every item goes with the others, and what its answers look like."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias, get_args

import numpy as np

from survey_kit import checks
from survey_kit.design import Design
from survey_kit.errors import EstimationError
from survey_kit.estimate.columns import Ask, By, Variable, make_ask
from survey_kit.estimate.estimates import Estimates, bind
from survey_kit.estimate.grouped import estimate
from survey_kit.estimate.rows import rescaled, with_notes
from survey_kit.estimate.second_moments import SD
from survey_kit.estimate.statistics import MEAN, PROPORTION
from survey_kit.scales.coefficients import item_rest_formula
from survey_kit.scales.estimating import Quantity, own_limits, scale_estimates
from survey_kit.scales.items import ItemMissing, Items, Reverse, checked_ends, take_items
from survey_kit.scales.matrices import covariances
from survey_kit.types import BoolArray, FloatArray

ItemInterval: TypeAlias = Literal["fisher", "wald"]


def item_rest(
    design: Design,
    items: Sequence[str],
    *,
    by: By = None,
    where: str | None = None,
    missing: ItemMissing = "error",
    reverse: Reverse = None,
    details: bool = False,
    ends: tuple[float, float] | None = None,
    interval: ItemInterval = "fisher",
    level: float = 0.95,
) -> Estimates:
    r"""Correlation of every item with the sum of the others (corrected item-total correlation).

    .. math:: r_j = \operatorname{cor} \Big( y_j, \sum_{l \ne j} y_l \Big)

    Parameters
    ----------
    design
        The sample.
    items
        Two numeric columns or more.
    by
        Column or columns whose levels are domains.
    where
        Boolean column: a domain, never a row filter.
    missing
        As in :func:`alpha`.
    reverse
        Items to turn round and the ends of their scale: ``{"distrust": (1, 5)}``; below they count as turned.
    details
        Add for every item, each in a row of its own named in ``category``: its mean, its standard deviation (with the
        factor n / (n - 1)), the share of those asked who did not answer (``"missing"``), and the shares at the lowest
        (``"floor"``) and highest (``"ceiling"``) point of the scale. These rest on all who answered, or were asked, the item.
    ends
        Lowest and highest point of the items' scale, for floor and ceiling; by default those in `reverse`, and of other
        items the lowest and highest answer to each.
    interval
        ``"fisher"``: limits on the scale of artanh r, or ``"wald"``. Shares have logit limits, means and standard
        deviations Wald's.
    level
        Confidence level.

    Returns
    -------
    Estimates
        One row per domain and item; ``variable`` is the item.

    Raises
    ------
    EstimationError
        If fewer than two items are named, or answers contradict `missing`, `reverse` or `ends`.

    Notes
    -----
    Henrysson (1963), Psychometrika 28, 211-218. Matches ``r.drop`` of R ``psych::alpha`` when weights are equal.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2, 1, 3], "a": [1, 2, 3, 4, 5, 3], "b": [2, 1, 3, 5, 4, 3]})
    >>> frame["c"] = [1, 1, 4, 5, 4, 3]
    >>> table = sk.item_rest(sk.Design(frame, weight="w"), ("a", "b", "c")).table
    >>> table[["variable", "estimate"]].round(4).values.tolist()
    [['a', 0.8498], ['b', 0.928], ['c', 0.9574]]
    """
    checks.choice(interval, "interval", get_args(ItemInterval), EstimationError)
    details = checks.flag(details, "details", EstimationError)
    found = take_items(design, items, missing, where, reverse)
    ask = make_ask(by, where, "wald", level, None, "error")
    quantities = [Quantity(variable=name, category=None, statistic="item_rest", kind="fisher") for name in found.names]
    est = scale_estimates(design, found, ask, covariances, item_rest_formula, quantities, interval)
    return bind(est, *_details(design, found, ask, _ends(found, ends), ends is None)) if details else est


def _ends(items: Items, ends: tuple[float, float] | None) -> list[tuple[float, float]]:
    """Give the ends of every item's scale."""
    if ends is not None:
        low, high = checked_ends(ends, "Write ends=(1, 5).")
        answers = items.y[items.answered & items.asked]
        beyond = (answers < low) | (answers > high)
        if beyond.any():
            raise EstimationError(
                "Answers lie outside the ends of the scale.",
                found=f"{int(beyond.sum())} answers, such as {answers[beyond][0]:g}; ends {low:g} and {high:g}",
                fix="Correct ends=, or leave it out to take the lowest and highest answer to each item.",
            )
        return [(low, high)] * len(items.names)
    out = []
    for j, name in enumerate(items.names):
        answers = items.y[items.answered[:, j] & items.asked[:, j], j]
        seen = (float(answers.min()), float(answers.max())) if len(answers) else (0.0, 0.0)
        out.append(items.ends.get(name, seen))
    return out


def _details(
    design: Design, items: Items, ask: Ask, ends: Sequence[tuple[float, float]], observed: bool
) -> list[Estimates]:
    """Mean, standard deviation, missing, floor and ceiling of every item."""
    given = items.answered & items.asked

    def columns(category: str, value: Callable[[int], FloatArray | BoolArray], base: BoolArray) -> list[Variable]:
        return [
            Variable(
                name=name,
                category=category,
                y=np.asarray(value(j), dtype=np.float64),
                x=None,
                answered=base[:, j],
                asked=items.asked[:, j],
            )
            for j, name in enumerate(items.names)
        ]

    def y(j: int) -> FloatArray:
        return items.y[:, j]

    mean = estimate(design, MEAN, columns("mean", y, given), ask)
    spread = estimate(design, SD, columns("sd", y, given), ask)
    n = spread.table["n"].to_numpy(dtype=np.float64)
    spread = rescaled(spread, np.sqrt(np.divide(n, n - 1, out=np.full(len(n), np.nan), where=n > 1)))
    lacking, floor, ceiling = (
        _with_logit(estimate(design, PROPORTION, part, ask))
        for part in (
            columns("missing", lambda j: ~given[:, j], items.asked),
            columns("floor", lambda j: y(j) == ends[j][0], given),
            columns("ceiling", lambda j: y(j) == ends[j][1], given),
        )
    )
    said = (
        "the lowest and highest answer to each item, or its ends in reverse"
        if observed
        else "{:g} and {:g}".format(*ends[0])
    )
    return [mean, spread, lacking, floor, with_notes(ceiling, (f"floor and ceiling: {said}",))]


def _with_logit(est: Estimates) -> Estimates:
    """Give shares logit limits, none where negative weights take a share out of the scale."""
    return own_limits(est, ["logit"] * len(est.table))
