"""Moments of the distribution: variance, standard deviation, covariance, correlation, geometric mean."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from survey_kit import checks
from survey_kit.design import Design
from survey_kit.errors import EstimationError
from survey_kit.estimate.columns import Ask, By, Variable, both, make_ask, numeric
from survey_kit.estimate.estimates import Estimates
from survey_kit.estimate.grouped import estimate
from survey_kit.estimate.margins import crossed
from survey_kit.estimate.rows import rescaled, with_notes
from survey_kit.estimate.second_moments import CORRELATION, COVARIANCE, GEOMETRIC_MEAN, SD, VARIANCE
from survey_kit.estimate.statistics import Statistic
from survey_kit.types import Deff, Interval, Missing


def variance(
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
    r"""Variance of one or several variables in the population.

    .. math:: \hat\theta = \frac{n}{n-1} \frac{\sum w_i (y_i - \bar y)^2}{\sum w_i}, \qquad
              z_i = \frac{1}{\sum w_i} \left( \frac{n}{n-1} (y_i - \bar y)^2 - \hat\theta \right)

    Parameters and result are those of :func:`mean`; `margins` adds rows for all levels of each key together
    (:func:`with_margins`). The factor n / (n - 1), with n the number of answers, is that of
    R ``svyvar(~y, design)``: with equal weights the result is the usual sample variance. A domain with one answer is
    ``undefined``.

    Notes
    -----
    The mean is estimated too, but its influence on the variance is zero at the estimate (Sarndal, Swensson & Wretman
    1992, section 5.9). Sums are centred, so that no digits are lost when the mean is large beside the spread.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 1, 1, 1], "y": [1.0, 2, 3, 6]})
    >>> row = sk.variance(sk.Design(frame, weight="w"), "y").table.iloc[0]
    >>> round(float(row["estimate"]), 4), round(float(row["se"]), 4)
    (4.6667, 2.6943)
    """
    return _single(design, VARIANCE, y, make_ask(by, where, interval, level, deff, missing), margins)


def sd(
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
    r"""Root of :func:`variance`: the standard deviation, with influence :math:`z_i^{variance} / (2 \hat\theta)`.

    Parameters and result are those of :func:`variance`. Matches R ``svycontrast(svyvar(~y, design), quote(sqrt(V1)))``.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 1, 1, 1], "y": [1.0, 2, 3, 6]})
    >>> round(float(sk.sd(sk.Design(frame, weight="w"), "y").table["estimate"][0]), 4)
    2.1602
    """
    return _single(design, SD, y, make_ask(by, where, interval, level, deff, missing), margins)


def covariance(
    design: Design,
    y: Sequence[str],
    *,
    by: By = None,
    where: str | None = None,
    missing: Missing = "error",
    interval: Interval = "wald",
    level: float = 0.95,
    deff: Deff | None = None,
    margins: bool = False,
) -> Estimates:
    r"""Covariance of every pair of variables in the population.

    .. math:: \hat\theta = \frac{n}{n-1} \frac{\sum w_i (y_i - \bar y)(x_i - \bar x)}{\sum w_i}

    Parameters and result are those of :func:`variance`, with `y` two names or more; the column ``variable`` says ``y,x``. A
    pair rests on the rows where both are answered. Matches the off-diagonal of R ``svyvar(~y + x, design)``; for its
    diagonal bind :func:`variance`: ``bind(variance(d, names), covariance(d, names))`` has the covariance of them all.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 1, 1, 1], "y": [1.0, 2, 3, 6], "x": [2.0, 1, 5, 4]})
    >>> row = sk.covariance(sk.Design(frame, weight="w"), ("y", "x")).table.iloc[0]
    >>> row["variable"], round(float(row["estimate"]), 4)
    ('y,x', 2.3333)
    """
    ask = make_ask(by, where, interval, level, deff, missing)
    columns = _pairs(design, y, missing, where)
    return crossed(design, ask, margins, lambda part: _unbiased(estimate(design, COVARIANCE, columns, part)))


def correlation(
    design: Design,
    y: Sequence[str],
    *,
    by: By = None,
    where: str | None = None,
    missing: Missing = "error",
    interval: Interval = "fisher",
    level: float = 0.95,
    deff: Deff | None = None,
    margins: bool = False,
) -> Estimates:
    r"""Pearson correlation of every pair of variables.

    .. math:: \hat\theta = \frac{S_{yx}}{\sqrt{S_{yy} S_{xx}}}, \qquad z_i = \frac{1}{\sum w_i}
              \left( e_i f_i - \frac{\hat\theta}{2} (e_i^2 + f_i^2) \right)

    with :math:`e, f` the variables less their means in units of their standard deviations. Parameters and result are
    those of :func:`variance`, with `y` two names or more; the column ``variable`` says ``y,x``. A pair rests on the rows where
    both are answered, so the matrix of all pairs need not be positive definite when answers are missing. Where one of the
    two does not vary, the correlation is ``undefined``.

    Parameters
    ----------
    interval
        ``"fisher"``: limits on the scale of :math:`\operatorname{artanh} \hat\theta`, with standard error
        SE :math:`/ (1 - \hat\theta^2)` by the delta method, transformed back (Fisher 1921, Metron 1, 3-32).
        ``"wald"``: estimate -+ t SE.

    Notes
    -----
    The delta method on the covariance matrix of R ``svyvar(~y + x, design)`` gives the same SE.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 1, 1, 1], "y": [1.0, 2, 3, 6], "x": [2.0, 1, 5, 4]})
    >>> row = sk.correlation(sk.Design(frame, weight="w"), ("y", "x")).table.iloc[0]
    >>> [round(float(row[name]), 4) for name in ("estimate", "se")]
    [0.5916, 0.1593]
    """
    ask = make_ask(by, where, interval, level, deff, missing)
    columns = _pairs(design, y, missing, where)
    return crossed(design, ask, margins, lambda part: estimate(design, CORRELATION, columns, part))


def geometric_mean(
    design: Design,
    y: str | Sequence[str],
    *,
    by: By = None,
    where: str | None = None,
    missing: Missing = "error",
    interval: Interval = "log",
    level: float = 0.95,
    deff: Deff | None = None,
    margins: bool = False,
) -> Estimates:
    r"""Geometric mean of one or several positive variables.

    .. math:: \hat\theta = \exp \frac{\sum w_i \log y_i}{\sum w_i}, \qquad
              z_i = \hat\theta \, \frac{\log y_i - \log \hat\theta}{\sum w_i}

    Parameters and result are those of :func:`variance`. Limits are those of the mean of the logarithms, transformed back.
    Matches R ``svycontrast(svymean(~log(y), design), quote(exp(`log(y)`)))``.

    Raises
    ------
    EstimationError
        If a value that counts is not above zero.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 1, 1], "y": [1.0, 10, 100]})
    >>> round(float(sk.geometric_mean(sk.Design(frame, weight="w"), "y").table["estimate"][0]), 6)
    10.0
    """
    ask = make_ask(by, where, interval, level, deff, missing)
    columns = [
        _logarithm(design, numeric(design, name, missing, where), where) for name in checks.names(y, "y", least=1)
    ]
    return crossed(design, ask, margins, lambda part: estimate(design, GEOMETRIC_MEAN, columns, part))


def _single(design: Design, statistic: Statistic, y: str | Sequence[str], ask: Ask, margins: bool) -> Estimates:
    columns = [numeric(design, name, ask.missing, ask.where) for name in checks.names(y, "y", least=1)]
    return crossed(design, ask, margins, lambda part: _unbiased(estimate(design, statistic, columns, part)))


def _unbiased(est: Estimates) -> Estimates:
    """Apply the factor n / (n - 1), under the root for a standard deviation."""
    n = est.table["n"].to_numpy(dtype=np.float64)
    factor = np.divide(n, n - 1, out=np.full(len(n), np.nan), where=n > 1)
    under_root = bool((est.table["statistic"] == "sd").all())
    return with_notes(
        rescaled(est, np.sqrt(factor) if under_root else factor), ("variances with the factor n / (n - 1)",)
    )


def _pairs(design: Design, y: Sequence[str], missing: Missing, where: str | None) -> list[Variable]:
    names = checks.names(y, "y", least=1)
    if len(names) < 2:
        raise EstimationError(
            "A pair of variables is needed.", found=repr(y), fix='Name two columns or more: ("income", "age").'
        )
    columns = [numeric(design, name, missing, where) for name in names]
    return [
        Variable(
            name=f"{a.name},{b.name}",
            category=None,
            y=a.y,
            x=b.y,
            answered=a.answered & b.answered,
            asked=both(a.asked, b.asked),
        )
        for a, b in combinations(columns, 2)
    ]


def _logarithm(design: Design, variable: Variable, where: str | None) -> Variable:
    counts = variable.answered if variable.asked is None else variable.answered & variable.asked
    if where is not None or design.calibration:
        counts = counts & design.inside(where)
    low = counts & (variable.y <= 0)
    if low.any():
        raise EstimationError(
            "A geometric mean is for values above zero.",
            where=f"column '{variable.name}'",
            found=f"{int(low.sum())} of {int(counts.sum())} values are zero or less",
            fix="Recode them to missing, or take another mean.",
        )
    return Variable(
        name=variable.name,
        category=None,
        y=np.log(np.where(counts, variable.y, 1.0)),
        x=None,
        answered=variable.answered,
        asked=variable.asked,
    )
