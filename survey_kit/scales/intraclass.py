"""Intraclass correlations: how much of the variance of ratings lies between the units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, TypeAlias

import numpy as np
from scipy.special import fdtri

from survey_kit import checks
from survey_kit.errors import EstimationError
from survey_kit.estimate.adapter import from_fixed
from survey_kit.estimate.estimates import Estimates
from survey_kit.estimate.own_limits import OwnLimits
from survey_kit.scales.ratings import Ratings, take_ratings, undefined
from survey_kit.types import FloatArray, Frame, Missing

IccForm: TypeAlias = Literal["ICC(1)", "ICC(A,1)", "ICC(C,1)", "ICC(k)", "ICC(A,k)", "ICC(C,k)"]
FORMS: tuple[IccForm, ...] = ("ICC(1)", "ICC(A,1)", "ICC(C,1)", "ICC(k)", "ICC(A,k)", "ICC(C,k)")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanSquares:
    """Mean squares of ratings of n units by k raters: of rows, columns, error, and within rows; numbers or arrays (R,)."""

    n: float
    k: float
    R: FloatArray
    C: FloatArray
    E: FloatArray
    W: FloatArray


def icc(
    ratings: Frame,
    *,
    raters: Sequence[str] | None = None,
    missing: Missing = "error",
    level: float = 0.95,
) -> Estimates:
    r"""Intraclass correlations of k raters, in the six forms of McGraw & Wong.

    With the mean squares of rows (units), columns (raters), error and within rows:

    .. math:: ICC(1) = \frac{MS_R - MS_W}{MS_R + (k - 1) MS_W}, \quad
              ICC(C,1) = \frac{MS_R - MS_E}{MS_R + (k - 1) MS_E}, \quad
              ICC(A,1) = \frac{MS_R - MS_E}{MS_R + (k - 1) MS_E + \frac{k}{n} (MS_C - MS_E)}

    and the same of the mean of k ratings: :math:`(MS_R - MS_W) / MS_R`, :math:`(MS_R - MS_E) / MS_R` and
    :math:`(MS_R - MS_E) / (MS_R + (MS_C - MS_E) / n)`. ``ICC(1)``: other raters for every unit. ``A``: absolute agreement,
    differences between raters count as error. ``C``: consistency, they do not.

    Parameters
    ----------
    ratings
        One row per unit, one column per rater; or an array (units, raters).
    raters
        The raters' columns; all by default.
    missing
        ``"error"`` if a rating lacks; ``"exclude"`` to leave out units that not all raters rated.
    level
        Confidence level.

    Returns
    -------
    Estimates
        Six rows, ``variable`` the form; ``n`` the units, ``weight_sum`` the ratings. Limits come from the F distribution,
        standard errors from leaving out each unit. Forms with A or C take ``ICC(1)`` to be the wrong model, and the
        other way round: choose by how the raters were assigned.

    Raises
    ------
    EstimationError
        If ratings lack, there are fewer than two units or raters, or all ratings are equal.

    Notes
    -----
    McGraw & Wong (1996), Psychological Methods 1, 30-46, tables 4 and 7 (with the correction of 1, 390); Shrout & Fleiss
    (1979), Psychological Bulletin 86, 420-428. Matches R ``psych::ICC(lmer = FALSE)``.

    Examples
    --------
    Shrout & Fleiss (1979), table 2:

    >>> import numpy as np, survey_kit as sk
    >>> scores = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float)
    >>> sk.icc(scores).table["estimate"].round(2).tolist()
    [0.17, 0.29, 0.71, 0.44, 0.62, 0.91]
    """
    checks.level(level)
    checks.choice(missing, "treatment of missing values", ("error", "exclude"), EstimationError)
    taken = take_ratings(ratings, raters, words=False)
    y, notes = _complete(taken, missing)
    ms = mean_squares(y)
    estimate = _forms(ms)[:, 0]
    without = mean_squares(y, leave_out=True)
    again = _forms(without)
    n = len(y)
    est = from_fixed(
        head={"variable": list(FORMS), "category": [None] * 6},
        statistic="icc",
        estimate=estimate,
        factor=np.sqrt((n - 1) / n) * (again - again.mean(axis=1, keepdims=True)).T,
        df=np.full(6, n - 1.0),
        n=np.full(6, float(n)),
        weight_sum=np.full(6, float(y.size)),
        level=level,
        notes=(*notes, "limits by F, standard errors by leaving out each unit"),
        library=taken.library,
    )
    own = OwnLimits(name="F", estimate=estimate, at=partial(_limits, ms))
    return replace(undefined(est), own_limits=own).confint(level)


def _complete(ratings: Ratings, missing: Missing) -> tuple[FloatArray, list[str]]:
    whole = np.asarray(ratings.given.all(axis=1))
    if missing == "error" and not whole.all():
        raise EstimationError(
            "Ratings are missing.",
            found=f"{int((~whole).sum())} of {len(whole)} units are not rated by all",
            fix="Say missing='exclude' to leave these units out, or use krippendorff_alpha.",
        )
    y: FloatArray = ratings.y[whole]
    if len(y) < 3:
        raise EstimationError(
            "Too few units are rated by all.",
            found=f"{len(y)} units",
            fix="An intraclass correlation with its standard error needs three or more.",
        )
    y = np.asarray(y - y.mean())
    if not np.ptp(y) > 0:
        raise EstimationError("All ratings are equal.", fix="Agreement is only defined where units or raters differ.")
    notes = [f"{len(y)} units by {y.shape[1]} raters"]
    if len(y) < len(whole):
        notes.append(f"{len(whole) - len(y)} units not rated by all are left out")
    return y, notes


def mean_squares(y: FloatArray, leave_out: bool = False) -> MeanSquares:
    """Give the mean squares of ratings (n, k), or those without each unit (n,).

    Examples
    --------
    >>> ms = mean_squares(np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]]))
    >>> round(float(ms.R[0]), 4), round(float(ms.E[0]), 4)
    (10.1667, 0.1667)
    """
    n, k = y.shape
    y = y - y.mean()
    rows, columns, squares = y.sum(axis=1), y.sum(axis=0)[None, :], np.array([(y**2).sum()])
    row_squares = np.array([(rows**2).sum()])
    if leave_out:
        columns, squares = columns - y, squares - (y**2).sum(axis=1)
        row_squares, n = row_squares - rows**2, n - 1
    total = columns.sum(axis=1) ** 2 / (n * k)
    of_rows = row_squares / k - total
    of_columns = (columns**2).sum(axis=1) / n - total
    within = squares - row_squares / k
    error = np.maximum(within - of_columns, 0.0)
    return MeanSquares(
        n=float(n),
        k=float(k),
        R=np.maximum(of_rows, 0.0) / (n - 1),
        C=of_columns / (k - 1),
        E=error / ((n - 1) * (k - 1)),
        W=np.maximum(within, 0.0) / (n * (k - 1)),
    )


def _forms(ms: MeanSquares) -> FloatArray:
    """Give the six forms (6, R)."""
    n, k, R, C, E, W = ms.n, ms.k, ms.R, ms.C, ms.E, ms.W
    with np.errstate(invalid="ignore", divide="ignore"):
        forms = np.stack(
            [
                (R - W) / (R + (k - 1) * W),
                (R - E) / (R + (k - 1) * E + k / n * (C - E)),
                (R - E) / (R + (k - 1) * E),
                (R - W) / R,
                (R - E) / (R + (C - E) / n),
                (R - E) / R,
            ]
        )
    return np.where(np.isfinite(forms), forms, np.nan)


def _limits(ms: MeanSquares, level: float) -> tuple[FloatArray, FloatArray]:
    """Give the limits (6,) of McGraw & Wong's table 7; those of means follow by the Spearman-Brown formula."""
    n, k = ms.n, ms.k
    R, C, E, W = (part[0] for part in (ms.R, ms.C, ms.E, ms.W))
    p = (1 + level) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        one = _from_f(R / W, n - 1, n * (k - 1), k, p)
        consistency = _from_f(R / E, n - 1, (n - 1) * (k - 1), k, p)
        agreement = _agreement(n, k, R, C, E, p)
        single = np.array([one, agreement, consistency])
        mean = k * single / (1 + (k - 1) * single)
    both = np.concatenate([single, mean])
    return both[:, 0], both[:, 1]


def _from_f(F: float, df1: float, df2: float, k: float, p: float) -> tuple[float, float]:
    low, high = F / fdtri(df1, df2, p), F * fdtri(df2, df1, p)
    return float((low - 1) / (low + k - 1)), float((high - 1) / (high + k - 1))


def _agreement(n: float, k: float, R: float, C: float, E: float, p: float) -> tuple[float, float]:
    """Limits for ICC(A,1), with Satterthwaite's degrees of freedom for the raters and the error together."""
    rho = (R - E) / (R + (k - 1) * E + k / n * (C - E))
    a = k * rho / (n * (1 - rho))
    b = 1 + k * rho * (n - 1) / (n * (1 - rho))
    v = (a * C + b * E) ** 2 / ((a * C) ** 2 / (k - 1) + (b * E) ** 2 / ((n - 1) * (k - 1)))
    f_low, f_high = fdtri(n - 1, v, p), fdtri(v, n - 1, p)
    others = k * C + (k * n - k - n) * E
    low = n * (R - f_low * E) / (f_low * others + n * R)
    high = n * (f_high * R - E) / (others + n * f_high * R)
    return float(low), float(high)
