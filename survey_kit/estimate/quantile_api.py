"""Quantiles, the median and the distribution function: check, take columns out, compute, wrap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

import numpy as np

from survey_kit import checks
from survey_kit.design import Design
from survey_kit.errors import EstimationError
from survey_kit.estimate.columns import By, make_ask, numeric
from survey_kit.estimate.estimates import Estimates
from survey_kit.estimate.grouped import estimate
from survey_kit.estimate.quantile_estimate import Asked, QuantileInterval, quantiles
from survey_kit.estimate.quantile_rules import RULES, QuantileRule, at_most
from survey_kit.estimate.statistics import PROPORTION
from survey_kit.types import FloatArray, Missing, ShareInterval

CDF = replace(PROPORTION, name="cdf")
MOST_POINTS = 200


def quantile(
    design: Design,
    y: str | Sequence[str],
    p: float | Sequence[float] = (0.25, 0.5, 0.75),
    *,
    by: By = None,
    where: str | None = None,
    missing: Missing = "error",
    rule: str = "math",
    interval: QuantileInterval = "woodruff",
    level: float = 0.95,
) -> Estimates:
    r"""Quantiles of one or several variables, with Woodruff's interval.

    .. math:: \hat q = \inf\{x: \hat F(x) \ge p\}, \qquad \hat F(x) = \sum w_i 1[y_i \le x] / \sum w_i

    The interval of the share :math:`\hat F(\hat q)` is carried back to the variable by the same definition,
    :math:`[L, U] = [\hat Q(F_L), \hat Q(F_U)]`; the standard error is :math:`(U - L) / 2t`, and the influence
    :math:`z_i = -(1[y_i \le \hat q] - \hat F(\hat q)) / (\hat f \sum w)` with the density :math:`\hat f` for which the two
    agree. So covariances, changes between waves and linear maps work as for any estimate.

    Parameters
    ----------
    design
        The sample.
    y
        Numeric column, or several.
    p
        Shares from 0 to 1; the column ``category`` holds them.
    by, where, missing, level
        As for :func:`mean`.
    rule
        The definition. With values :math:`x_k` weighing :math:`W_k` in :math:`c_k` rows, tied rows of :math:`w_k = W_k / c_k`
        each, cumulative weight :math:`C_k`, total C:

        - ``"math"``, ``"hf1"``: the formula above; ``"school"``, ``"hf2"``: where :math:`C_k = p C` the mean of
          :math:`x_k` and :math:`x_{k+1}` instead.
        - ``"hf4"`` to ``"hf9"``: linear between the points :math:`(C_k - \alpha w_k) / (C + (1 - \alpha - \beta) w_K)` of
          the rows, :math:`(\alpha, \beta)` being (0, 1), (1/2, 1/2), (0, 0), (1, 1), (1/3, 1/3) and (3/8, 3/8). ``"hf7"``
          under equal weights is what most software calls the quantile.
        - ``"shahvaish"``: steps at :math:`(n (C_k - w_k / 2) / C + 1/2) / (n + 1)`.
        - ``"grouped"``: values are midpoints of classes of width 1, see :func:`grouped_median`.
    interval
        ``"woodruff"``: the interval of the distribution function is :math:`\hat F \mp t\,SE`; ``"woodruff_logit"``,
        ``"woodruff_beta"``, ``"woodruff_arcsine"``: the intervals of those names, which stay between 0 and 1; ``"wald"``:
        quantile -+ t SE, with replicates the SE of the quantiles recomputed in each (not consistent for jackknives).

    Returns
    -------
    Estimates
        Status ``"tied"``: the estimate is a value so common, as on a 0-10 scale, that the interval of the distribution
        function spans fewer than two such values; its standard error then tells the steps of the scale and little else.
        ``"no_interval"``: a limit lies beyond the data, so there is no standard error.

    Raises
    ------
    EstimationError, FrameError
        If a share lies outside 0 to 1, the rule or interval is unknown, or as for :func:`mean`.

    Notes
    -----
    Woodruff (1952, JASA 47, 635-646); Francisco & Fuller (1991, Annals of Statistics 19, 454-469) for the influence; Hyndman &
    Fan (1996, American Statistician 50, 361-365) for the definitions, here weighted; Shah & Vaish (2006, Proceedings of the
    Survey Research Methods Section). With negative (calibrated) weights the running maximum of the distribution
    function stands for it.

    Matches R survey 4.1 ``svyquantile(~y, design, p, qrule=, interval.type=, df = degf(design))``, whose ``interval.type``
    is "mean", "xlogit", "beta", "asin" and, with replicates, "quantile" in the order above, but for these: below the weight
    of the smallest row R's rules "math", "school" and "hf4" go on to the second row, or below all rows; "hf4" to "hf9" depend
    on the order of tied rows of unequal weight; "shahvaish" on the scale of the weights; and "hf3" is not the definition of
    that name and not offered here. With replicates R 4.1 takes "mean" for every ``interval.type`` but "quantile".

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 2.0] * 20, "income": [float(i * i) for i in range(40)]})
    >>> est = sk.quantile(sk.Design(frame, weight="w"), "income")
    >>> est.table[["category", "estimate", "ci_low", "ci_high"]].values.tolist()
    [[0.25, 81.0, 16.0, 225.0], [0.5, 361.0, 169.0, 729.0], [0.75, 841.0, 576.0, 1225.0]]
    """
    return _quantiles(design, y, _shares(p), _known(rule), (by, where, missing), interval, level, "quantile")


def median(
    design: Design,
    y: str | Sequence[str],
    *,
    by: By = None,
    where: str | None = None,
    missing: Missing = "error",
    rule: str = "math",
    interval: QuantileInterval = "woodruff",
    level: float = 0.95,
) -> Estimates:
    """Median of one or several variables: :func:`quantile` at 0.5, with its parameters.

    On a scale of few answers it can only be one of them; :func:`grouped_median` moves with the shares.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [2.0, 1, 1, 2, 2, 2], "y": [1.0, 2, 3, 4, 6, 9]})
    >>> float(sk.median(sk.Design(frame, weight="w"), "y").table["estimate"][0])
    4.0
    """
    return _quantiles(design, y, _shares(0.5), _known(rule), (by, where, missing), interval, level, "median")


def cdf(
    design: Design,
    y: str,
    at: float | Sequence[float] | None = None,
    *,
    by: By = None,
    where: str | None = None,
    missing: Missing = "error",
    interval: ShareInterval = "korn_graubard",
    level: float = 0.95,
) -> Estimates:
    r"""Cumulative distribution function, :math:`\hat F(a) = \sum w_i 1[y_i \le a] / \sum w_i`, at given points.

    Parameters
    ----------
    design, by, where, missing, level
        As for :func:`mean`.
    y
        Numeric column.
    at
        Points a; the column ``category`` holds them. None: every value in the data, if they are not too many.
    interval
        As for :func:`proportion`: every point is a share.

    Raises
    ------
    EstimationError
        If no point is given and the variable has more than 200 values.

    Notes
    -----
    Matches R ``svymean(~I(y <= a), design)`` and ``svyciprop``.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [2.0, 2, 3, 3], "town": [1, 1, 2, 3], "y": [1.0, 2, 4, 5]})
    >>> sk.cdf(sk.Design(frame, weight="w", psu="town"), "y", (2, 4)).table["estimate"].round(2).tolist()
    [0.4, 0.7]
    """
    ask = make_ask(by, where, interval, level, None, missing)
    variable = numeric(design, y, missing, where)
    if at is None:
        points = np.unique(variable.y[variable.answered])
        if len(points) > MOST_POINTS:
            raise EstimationError(
                "This variable has too many values for a point at each.", found=f"{len(points)}", fix="Say at=(...)."
            )
    else:
        points = np.atleast_1d(checks.floats(at, "at", "Write at=5 or at=(2, 5, 8).", EstimationError))
    if points.ndim != 1 or not len(points) or not np.isfinite(points).all() or len(np.unique(points)) < len(points):
        raise EstimationError("'at' takes points that differ.", found=repr(at), fix="Give each point once.")
    columns = [replace(variable, category=a, y=at_most(variable.y, np.array([a]))) for a in points.tolist()]
    return estimate(design, CDF, columns, ask)


# ------------------------------------------------------------------------------------------------------------- checks
def _quantiles(
    design: Design,
    y: str | Sequence[str],
    p: FloatArray,
    rule: QuantileRule,
    base: tuple[By, str | None, Missing],
    interval: QuantileInterval,
    level: float,
    statistic: str,
) -> Estimates:
    by, where, missing = base
    checks.choice(interval, "interval of a quantile", get_args(QuantileInterval), EstimationError)
    ask = make_ask(by, where, "wald", level, None, missing)
    asked = Asked(p=p, rule=rule, interval=interval, statistic=statistic)
    return quantiles(design, checks.names(y, "y", least=1), asked, ask)


def _known(rule: str) -> QuantileRule:
    if rule == "hf3":
        raise EstimationError(
            "'hf3' is not offered: Hyndman & Fan's definition 3 goes by even ranks, which weighted rows do not have.",
            fix="Use 'math', 'school', or 'hf4' to 'hf9'.",
        )
    return RULES[checks.choice(rule, "definition of a quantile", tuple(RULES), EstimationError)]


def _shares(p: float | Sequence[float]) -> FloatArray:
    out = np.atleast_1d(checks.floats(p, "p", "Write p=0.5 or p=(0.25, 0.5, 0.75).", EstimationError))
    if out.ndim != 1 or not len(out) or not ((out >= 0) & (out <= 1)).all() or len(np.unique(out)) < len(out):
        raise EstimationError(
            "'p' takes shares from 0 to 1, each once.", found=repr(p), fix="Write p=0.5 or p=(0.25, 0.5, 0.75)."
        )
    return out
