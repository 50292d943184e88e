"""Several tests looked at together: p-values adjusted for their number, written once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from survey_kit import checks
from survey_kit.errors import EstimationError
from survey_kit.types import Adjustment, FloatArray


def adjust_p(p: Any, method: Adjustment = "bh", *, family: Any = None) -> FloatArray:
    r"""P-values adjusted for the number of tests.

    With :math:`p_{(1)} \le \dots \le p_{(m)}` the p-values of a family:

    ``none``
        As they are.
    ``bonferroni``
        :math:`\min(1, m p_{(i)})`: the chance of any false finding is at most the level.
    ``holm``
        :math:`\max_{j \le i} \min(1, (m - j + 1) p_{(j)})` (Holm 1979, Scandinavian Journal of Statistics 6, 65-70): the
        same, never worse.
    ``bh``
        :math:`\min_{j \ge i} \min(1, m p_{(j)} / j)` (Benjamini & Hochberg 1995, JRSS B 57, 289-300): the expected share
        of false findings among the findings, for independent or positively dependent tests.
    ``by``
        ``bh`` times :math:`\sum_{k \le m} 1 / k` (Benjamini & Yekutieli 2001, Annals of Statistics 29, 1165-1188): the
        same under any dependence.

    Parameters
    ----------
    p : (K,)
        P-values; NaN for a test that was not made, which does not count.
    method
        Which adjustment.
    family : (K,), optional
        Label of each test's family; families are adjusted apart. By default there is one.

    Returns
    -------
    array (K,)
        Compare it with the level itself.

    Raises
    ------
    EstimationError
        If the method is unknown, a p-value lies outside 0 to 1, or the families do not fit.

    Examples
    --------
    >>> adjust_p([0.01, 0.02, 0.03, float("nan")], "holm").tolist()
    [0.03, 0.04, 0.04, nan]
    >>> adjust_p([0.01, 0.02, 0.03], "bh").round(3).tolist()
    [0.03, 0.03, 0.03]
    >>> adjust_p([0.01, 0.02, 0.03], "bonferroni", family=["a", "a", "b"]).tolist()
    [0.02, 0.04, 0.03]
    """
    checks.choice(method, "method of adjustment", tuple(ADJUSTMENTS), EstimationError)
    values = np.atleast_1d(checks.floats(p, "p", "Give p-values.", EstimationError))
    if values.ndim != 1:
        raise EstimationError("p-values are one row of numbers.", found=f"{values.ndim} dimensions")
    wrong = values[(values < 0) | (values > 1)]
    if len(wrong):
        raise EstimationError("A p-value lies outside 0 to 1.", found=f"{wrong[0]:g}", fix="Give p-values.")
    if isinstance(family, str) or not (family is None or hasattr(family, "__len__")):
        raise EstimationError("The families are a list of labels.", found=checks.shown(family), fix="One per p-value.")
    labels = ["all"] * len(values) if family is None else list(family)
    if len(labels) != len(values):
        raise EstimationError(
            "The families do not fit the p-values.",
            found=f"{len(labels)} labels for {len(values)} p-values",
            fix="Give one label per p-value.",
        )
    numbers: dict[Any, int] = {}
    codes = np.fromiter(
        (numbers.setdefault(label, len(numbers)) for label in labels), dtype=np.int64, count=len(labels)
    )
    out = np.full(len(values), np.nan)
    known = np.flatnonzero(np.isfinite(values))
    order = known[np.lexsort((values[known], codes[known]))]
    for rows in np.split(order, np.flatnonzero(np.diff(codes[order])) + 1):
        out[rows] = ADJUSTMENTS[method](values[rows])
    return out


def _bonferroni(p: FloatArray) -> FloatArray:
    return np.minimum(len(p) * p, 1.0)


def _holm(p: FloatArray) -> FloatArray:
    return np.minimum(np.maximum.accumulate(p * np.arange(len(p), 0, -1)), 1.0)


def _step_up(p: FloatArray, factor: float = 1.0) -> FloatArray:
    raised = p * (len(p) / np.arange(1, len(p) + 1)) * factor
    return np.minimum(np.minimum.accumulate(raised[::-1])[::-1], 1.0)


def _any_dependence(p: FloatArray) -> FloatArray:
    return _step_up(p, float((1 / np.arange(1, len(p) + 1)).sum()))


#: Every adjustment by its name: from ascending p-values of one family to adjusted ones.
ADJUSTMENTS: Final[dict[Adjustment, Callable[[FloatArray], FloatArray]]] = {
    "none": lambda p: p,
    "bonferroni": _bonferroni,
    "holm": _holm,
    "bh": _step_up,
    "by": _any_dependence,
}
