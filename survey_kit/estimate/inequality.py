"""Inequality and dispersion beyond second moments: Gini coefficient, mean absolute deviation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from survey_kit import checks
from survey_kit.design import Design
from survey_kit.errors import EstimationError
from survey_kit.estimate.adapter import Influence, from_influence
from survey_kit.estimate.columns import Ask, By, Variable, make_ask, numeric
from survey_kit.estimate.domains import Cells, cells
from survey_kit.estimate.estimates import Estimates
from survey_kit.estimate.grouped import notes_of
from survey_kit.estimate.intervals import check_scale
from survey_kit.estimate.margins import crossed
from survey_kit.estimate.rows import rearranged
from survey_kit.types import BoolArray, Deff, FloatArray, IntArray, Interval, Missing

About: TypeAlias = Literal["mean", "median"]
#: Give the value and the influence (m,) of one sample: values in increasing order, weights.
Ordered: TypeAlias = Callable[[FloatArray, FloatArray], tuple[float, FloatArray]]


def gini(
    design: Design,
    y: str | Sequence[str],
    *,
    by: By = None,
    where: str | None = None,
    missing: Missing = "error",
    interval: Interval = "wald",
    level: float = 0.95,
    deff: Deff | None = None,
    margins: bool = False,
) -> Estimates:
    r"""Gini coefficient: half the mean difference of two members of the population, over the mean.

    .. math:: \hat\theta = \frac{\sum_i \sum_j w_i w_j |y_i - y_j|}{2 \hat N \hat Y}, \qquad
              z_i = \frac{\sum_j w_j |y_i - y_j| - \hat\theta (\hat Y + \hat N y_i)}{\hat N \hat Y}

    with :math:`\hat N = \sum w_j` and :math:`\hat Y = \sum w_j y_j`. Parameters and result are those of :func:`variance`. A
    domain whose total is not above zero is ``undefined``; values below zero are allowed and noted, since the coefficient
    can then exceed 1.

    Notes
    -----
    Influence after Langel & Tille (2013, Journal of the Royal Statistical Society A 176, 521-540) and Osier
    (2009, Survey Research Methods 3, 167-195): the derivative of the double sum, in which ties need no rule. Computed from
    ordered running sums.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 1, 1, 1], "y": [1.0, 2, 3, 6]})
    >>> row = sk.gini(sk.Design(frame, weight="w"), "y").table.iloc[0]
    >>> round(float(row["estimate"]), 4), round(float(row["se"]), 4)
    (0.3333, 0.0818)
    """
    ask = make_ask(by, where, interval, level, deff, missing)
    columns = [numeric(design, name, missing, where) for name in checks.names(y, "y", least=1)]
    notes = [note for note in (_below_zero(column) for column in columns) if note]
    return crossed(design, ask, margins, lambda part: _ordered(design, "gini", _gini, columns, part, notes))


def mean_absolute_deviation(
    design: Design,
    y: str | Sequence[str],
    *,
    about: About = "mean",
    by: By = None,
    where: str | None = None,
    missing: Missing = "error",
    interval: Interval = "wald",
    level: float = 0.95,
    deff: Deff | None = None,
    margins: bool = False,
) -> Estimates:
    r"""Mean absolute deviation about the mean or about the median.

    .. math:: \hat\theta = \frac{\sum w_i |y_i - m|}{\sum w_i}, \qquad
              z_i = \frac{|y_i - m| - \hat\theta + \lambda (y_i - m)}{\sum w_i}

    About the mean, :math:`\lambda` is the share below the mean less the share above it; about the median it is zero, since
    the median minimises the sum. Parameters and result are those of :func:`variance`.

    Parameters
    ----------
    about
        ``"mean"`` or ``"median"``.

    Notes
    -----
    Influence by Deville (1999, Survey Methodology 25, 193-203). Where the mean falls on a value that people gave, or the
    median between two, the derivative differs from left to right and their average is taken.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> design = sk.Design(pd.DataFrame({"w": [1.0, 1, 1, 1], "y": [1.0, 2, 3, 10]}), weight="w")
    >>> [float(sk.mean_absolute_deviation(design, "y", about=about).table["estimate"][0]) for about in ("mean", "median")]
    [3.0, 2.5]
    """
    checks.choice(about, "centre of deviations", get_args(About), EstimationError)
    ask = make_ask(by, where, interval, level, deff, missing)
    columns = [numeric(design, name, missing, where) for name in checks.names(y, "y", least=1)]
    function = _about_mean if about == "mean" else _about_median
    notes = (f"deviations about the {about}",)
    return crossed(
        design, ask, margins, lambda part: _ordered(design, "mean_absolute_deviation", function, columns, part, notes)
    )


# ------------------------------------------------------------------------------------------- one ordered sample at a time
def _gini(y: FloatArray, w: FloatArray) -> tuple[float, FloatArray]:
    N, Y = w.sum(), (w * y).sum()
    if not Y > 0 or not N > 0:
        return np.nan, np.zeros(len(y))
    if y[0] == y[-1]:
        return 0.0, np.zeros(len(y))
    e = y - Y / N  # differences do not change, and running sums keep their digits
    below, sum_below = np.cumsum(w), np.cumsum(w * e)
    difference = e * (2 * below - N) + sum_below[-1] - 2 * sum_below
    theta = float((w * difference).sum() / (2 * N * Y))
    return theta, (difference - theta * (Y + N * y)) / (N * Y)


def _about_mean(y: FloatArray, w: FloatArray) -> tuple[float, FloatArray]:
    N = w.sum()
    if y[0] == y[-1] or not N > 0:
        return (0.0 if N > 0 else np.nan), np.zeros(len(y))
    e = y - y[len(y) // 2]
    e = e - (w * e).sum() / N
    e[np.abs(e) <= 1e-14 * max(abs(y[0]), abs(y[-1]))] = 0.0
    theta = float((w * np.abs(e)).sum() / N)
    slope = -(w * np.sign(e)).sum() / N
    return theta, (np.abs(e) - theta + slope * e) / N


def _about_median(y: FloatArray, w: FloatArray) -> tuple[float, FloatArray]:
    N = w.sum()
    if y[0] == y[-1] or not N > 0:
        return (0.0 if N > 0 else np.nan), np.zeros(len(y))
    share = np.cumsum(w) / N - 0.5
    at = int(np.argmax(share > -1e-12))
    even = share[at] < 1e-12 and at + 1 < len(y)
    e = np.abs(y - (0.5 * (y[at] + y[at + 1]) if even else y[at]))
    theta = float((w * e).sum() / N)
    return theta, (e - theta) / N


# ---------------------------------------------------------------------------------------------------- cells of a design
@dataclass(frozen=True, slots=True, kw_only=True)
class _Sorted:
    """The rows (m,) of a variable that count, by cell and then by value; the values; where each of the cells starts."""

    rows: IntArray
    code: IntArray
    y: FloatArray
    start: IntArray

    def samples(self) -> list[tuple[int, slice]]:
        """Give the cells that have rows, and these rows."""
        ends = zip(self.start[:-1].tolist(), self.start[1:].tolist(), strict=True)
        return [(cell, slice(a, b)) for cell, (a, b) in enumerate(ends) if b > a]


def _sorted(variable: Variable, found: Cells) -> _Sorted:
    counts = variable.answered if variable.asked is None else variable.answered & variable.asked
    kept = counts[found.rows]
    rows, code = found.rows[kept], found.code[kept]
    y = variable.y[rows]
    order = np.lexsort((y, code))
    start = np.searchsorted(code[order], np.arange(found.size + 1))
    return _Sorted(rows=rows[order], code=code[order], y=y[order], start=start)


def _values(function: Ordered, part: _Sorted, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give the value of every cell, NaN where it is empty, and the influence of every row."""
    w = weight[part.rows]
    theta, z = np.full(len(part.start) - 1, np.nan), np.zeros(len(w))
    for cell, at in part.samples():
        theta[cell], z[at] = function(part.y[at], w[at])
    return theta, z


def _ordered(
    design: Design, name: str, function: Ordered, variables: list[Variable], ask: Ask, notes: Sequence[str]
) -> Estimates:
    """Estimate a statistic of the ordered values of several variables in all domains."""
    found = cells(design, ask.by, ask.where)
    V, size, weight = len(variables), found.size, design.layout.weight
    parts = [_sorted(variable, found) for variable in variables]
    points = [_values(function, part, weight) for part in parts]
    influences, status = [], []
    for variable, part, (theta, z) in zip(variables, parts, points, strict=True):
        asked = np.ones(len(found.rows), dtype=bool) if variable.asked is None else variable.asked[found.rows]
        influences.append(
            Influence(
                z=z[:, None],
                rows=part.rows,
                code=part.code,
                size=size,
                active_rows=found.rows[asked],
                active_code=found.code[asked],
            )
        )
        status.append(_status(theta, part, found, asked))
    theta = np.concatenate([point[0] for point in points])
    check_scale(ask.interval, theta)
    n = np.concatenate([np.diff(part.start) for part in parts]).astype(np.float64)
    sums = [np.bincount(part.code, weights=weight[part.rows], minlength=size) for part in parts]
    est = from_influence(
        design,
        influences,
        head={key: list(values) * V for key, values in found.keys.items()}
        | {"variable": [v.name for v in variables for _ in range(size)], "category": [None] * (V * size)},
        statistic=name,
        estimate=theta,
        n=n,
        weight_sum=np.concatenate(sums),
        replicate=lambda w_r: np.concatenate([_values(function, part, w_r)[0] for part in parts]),
        status=np.concatenate(status).tolist(),
        srs_variance=None if ask.deff is None else _srs_variance(parts, points, weight, n, ask.deff),
        interval=ask.interval,
        level=ask.level,
        notes=(*notes_of(design, ask, found.outside), *notes),
    )
    return rearranged(est, np.arange(V * size).reshape(V, size).T.reshape(-1))


def _status(theta: FloatArray, part: _Sorted, found: Cells, asked: BoolArray) -> Any:
    present, somebody = (np.bincount(code, minlength=found.size) > 0 for code in (found.code, found.code[asked]))
    empty = np.diff(part.start) == 0
    out = np.where(np.isfinite(theta), "ok", "undefined").astype(object)
    out[empty] = "empty"
    out[empty & present & ~somebody] = "not_asked"
    return out


def _srs_variance(
    parts: list[_Sorted], points: list[tuple[FloatArray, FloatArray]], weight: FloatArray, n: FloatArray, deff: Deff
) -> FloatArray:
    """Variance under simple random sampling (Kish 1965, section 8.2): that of the influence, as for a mean."""
    W = np.concatenate([np.bincount(p.code, weights=weight[p.rows], minlength=len(p.start) - 1) for p in parts])
    S = np.concatenate(
        [
            np.bincount(part.code, weights=weight[part.rows] * z**2, minlength=len(part.start) - 1)
            for part, (_, z) in zip(parts, points, strict=True)
        ]
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        without = np.where(n <= W, 1 - n / W, np.nan) if deff == "srswor" else 1.0
        return np.where(n > 1, W * S / (n - 1) * without, np.nan)


def _below_zero(variable: Variable) -> str | None:
    counts = variable.answered if variable.asked is None else variable.answered & variable.asked
    low = int((variable.y[counts] < 0).sum())
    return f"{low} values of '{variable.name}' are below zero, so its Gini coefficient can exceed 1" if low else None
