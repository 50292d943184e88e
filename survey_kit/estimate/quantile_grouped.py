"""The median of a scale with few answers: classes instead of points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np

from survey_kit import checks
from survey_kit.design import Design
from survey_kit.errors import EstimationError
from survey_kit.estimate.columns import By, make_ask
from survey_kit.estimate.estimates import Estimates
from survey_kit.estimate.quantile_estimate import Asked, QuantileInterval, quantiles
from survey_kit.estimate.quantile_rules import grouped
from survey_kit.types import Missing


def grouped_median(
    design: Design,
    y: str | Sequence[str],
    *,
    p: float = 0.5,
    by: By = None,
    where: str | None = None,
    missing: Missing = "error",
    width: float = 1.0,
    interval: QuantileInterval = "wald",
    level: float = 0.95,
) -> Estimates:
    r"""Median of an ordinal item from classes (interpolated): it moves with the shares where the plain median stays put.

    Every answer stands for a class of equal width h around it, over which its share is spread. With k the class where the
    cumulative share reaches p, :math:`F_b` the share below it and :math:`\pi_k` its own,

    .. math:: \hat\theta = x_k - h/2 + h\,\frac{p - F_b}{\pi_k}, \qquad
              z_i = -\frac{h}{\pi_k \sum w}\,(u_i - p), \quad u_i = \min(\max((\hat\theta - y_i)/h + 1/2,\ 0),\ 1)

    so that :math:`u_i` is 1 below the class, the part of the class below the median in it, and 0 above: a smooth function of
    two shares, whose variance needs no Woodruff interval.

    Parameters
    ----------
    design, by, where, missing, level
        As for :func:`mean`.
    y
        Numeric column, or several, with the same distance between neighbouring answers.
    p
        Another quantile than the median.
    width
        The distance between neighbouring answers, h: 1 for codes 0 to 10, 25 for 0, 25, 50, 75, 100.
    interval
        ``"wald"``: estimate -+ t SE. The ``"woodruff"`` kinds carry the interval of the share below the estimate back.

    Returns
    -------
    Estimates
        With status ``"no_interval"`` where p is reached exactly between two classes that do not touch: the estimate is then
        the middle of the gap and has no density.

    Raises
    ------
    EstimationError
        If answers lie closer to each other than `width`, so that classes would overlap.

    Notes
    -----
    Formula of the median from grouped data: Blalock (1979, *Social Statistics*, on grouped data); Hays (1994,
    *Statistics*, on central tendency). Unweighted it equals ``interp.median`` of R's psych. Where the median falls on the border of two classes of
    unequal shares, its distribution has a kink there, and the variance takes the class below.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0] * 8, "trust": [2, 3, 3, 4, 4, 4, 5, 5]})
    >>> design = sk.Design(frame, weight="w")
    >>> [round(float(f(design, "trust").table["estimate"][0]), 3) for f in (sk.median, sk.grouped_median)]
    [4.0, 3.833]
    """
    checks.choice(interval, "interval of a quantile", get_args(QuantileInterval), EstimationError)
    p = checks.number(p, "p", "Write p=0.5 for the median.", EstimationError)
    width = checks.number(width, "width", "Give the answers' distance.", EstimationError)
    if not 0 < p < 1:
        raise EstimationError("'p' lies between 0 and 1.", found=repr(p), fix="Write p=0.5 for the median.")
    if width <= 0:
        raise EstimationError("The width of classes is positive.", found=repr(width), fix="Give the answers' distance.")
    asked = Asked(p=np.array([p]), rule=grouped(width), interval=interval, statistic="grouped_median")
    return quantiles(design, checks.names(y, "y", least=1), asked, make_ask(by, where, "wald", level, None, missing))
