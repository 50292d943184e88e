"""Whether an area model fits, and in which areas it rather than the sample makes the estimate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from survey_kit import checks
from survey_kit.models.area_fit import AreaFit
from survey_kit.types import BoolArray, FloatArray

if TYPE_CHECKING:
    import pandas as pd

SMALL_P = 0.05


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AreaDiagnostics:
    """What the model does to each area, and tests of the model.

    Attributes
    ----------
    table
        One row per area: ``area direct estimate gamma model_share direct_se rmse gain residual overlap``. `model_share` is
        1 - gamma; `gain` is MSE over sampling variance; `residual` the standardised residual of the direct estimate;
        `overlap` whether direct and model interval meet (Brown et al. 2001).
    tests
        ``test value statistic df p``: ``bias`` (value: slope of the direct on the model estimates), ``goodness_of_fit``
        (statistic over its df) and ``coverage`` (share of intervals that meet; statistic: misses) of Brown et al. (2001),
        ``normality`` of the residuals (Shapiro & Wilk 1965), ``no_variance_between`` areas (value: the variance estimated).
    notes
        In words.
    """

    table: pd.DataFrame
    tests: pd.DataFrame
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        both = f"{self.table.to_string(index=False)}\n\n{self.tests.to_string(index=False)}"
        return f"{both}\n" + "\n".join(self.notes)

    def _repr_html_(self) -> str:
        from html import escape

        parts = [
            frame.to_html(index=False, float_format=lambda x: f"{x:.4f}", na_rep="", border=0)
            for frame in (self.table, self.tests)
        ]
        return "".join(parts) + f"<p>{escape('; '.join(self.notes))}</p>"


def area_diagnostics(fit: AreaFit, *, level: float = 0.95) -> AreaDiagnostics:
    r"""Diagnose a small area model.

    Parameters
    ----------
    fit
        From :func:`fay_herriot` or :func:`battese_harter_fuller`, before benchmarking or after.
    level
        Of the intervals whose overlap is counted.

    Returns
    -------
    AreaDiagnostics
        Per area and for the model.

    Notes
    -----
    Brown, Chambers, Heady & Heasman (2001, Proceedings of Statistics Canada Symposium): the goodness of fit is
    :math:`\sum (y_i - \hat\theta_i)^2 / (D_i + MSE_i)` on m degrees of freedom; for the coverage, intervals are drawn with
    the multiplier :math:`z (1 + r)^{-1} \sqrt{1 + r^2}`, r the ratio of the two standard errors, so that two independent
    intervals of the same quantity meet with probability `level`, and misses are held against the binomial distribution.
    Estimates borrow from the direct ones, so both are cautious; and their bias diagnostic, a slope of 1 of direct on model
    estimates, is not to be expected of estimates that shrink: with equal gamma and no covariates it is 1 / gamma. The slope is
    therefore held against what the model itself implies. All on the model's scale.

    Examples
    --------
    >>> import survey_kit as sk
    >>> told = area_diagnostics(sk.fay_herriot([4.0, 6, 5, 9, 7], variance=[1.0] * 5))
    >>> told.table["model_share"].round(2).tolist()
    [0.27, 0.27, 0.27, 0.27, 0.27]
    >>> told.notes[0]
    'the model is 27 % of the estimate in the median sampled area, from 27 % to 27 %'
    """
    checks.level(level)
    import pandas as pd

    m = {
        name: fit.modelled[name].to_numpy(dtype=np.float64) for name in ("y", "D", "theta", "gamma", "mse", "synthetic")
    }
    sampled = np.isfinite(m["y"])
    spread = np.diag(fit.gap)
    residual = np.full(len(sampled), np.nan)
    told = sampled & (spread > 0)
    residual[told] = (m["y"] - m["theta"])[told] / np.sqrt(spread[told])
    overlap = _overlap(m, level)
    tests = pd.DataFrame(
        [_bias(fit, m), _fit_test(m, sampled), _coverage(overlap, sampled, level), _normality(residual), _between(fit)],
        columns=["test", "value", "statistic", "df", "p"],
    )
    table = pd.DataFrame(
        {
            "area": fit.table["area"],
            "direct": fit.table["direct"],
            "estimate": fit.table["estimate"],
            "gamma": m["gamma"],
            "model_share": 1.0 - m["gamma"],
            "direct_se": fit.table["direct_se"],
            "rmse": fit.table["rmse"],
            "gain": (fit.table["rmse"] / fit.table["direct_se"]) ** 2,
            "residual": residual,
            "overlap": pd.array(np.where(sampled, overlap, False), dtype="boolean").copy(),
        }
    )
    table.loc[~sampled, "overlap"] = pd.NA
    return AreaDiagnostics(table=table, tests=tests, notes=tuple(_notes(fit, table, tests, sampled)))


Row = tuple[str, float, float, float, float]


def _bias(fit: AreaFit, m: dict[str, FloatArray]) -> Row:
    """Slope of the direct on the model estimates, held against what shrinkage alone makes of it.

    With r the residuals of the direct estimates from the regression, R their covariance, c = 1 - gamma and H centring,
    ``N = sum (theta - mean)(y - theta) = r'cH(x'b) + r'cH gamma r``; its mean and variance under the model follow from R.
    """
    from scipy.special import ndtr

    keep = np.isfinite(m["y"]) & (m["gamma"] < 1)
    c, theta, line = 1.0 - m["gamma"][keep], m["theta"][keep], m["synthetic"][keep]
    centred = theta - theta.mean()
    square = float(centred @ centred)
    if len(c) < 3 or square <= 1e-20 * float(theta @ theta):
        return ("bias", np.nan, np.nan, np.nan, np.nan)
    N = float(centred @ (m["y"][keep] - theta))
    R = fit.gap[np.ix_(keep, keep)] / np.outer(c, c)
    S = c[:, None] * (np.eye(len(c)) - 1.0 / len(c)) * (1.0 - c)
    S = 0.5 * (S + S.T)
    straight = c * (line - line.mean())
    variance = float(straight @ R @ straight) + 2.0 * float(np.trace(S @ R @ S @ R))
    z = (N - float(np.trace(S @ R))) / np.sqrt(variance) if variance > 0 else np.nan
    return ("bias", 1.0 + N / square, z, np.inf, 2.0 * float(ndtr(-abs(z))))


def _fit_test(m: dict[str, FloatArray], sampled: BoolArray) -> Row:
    from scipy.special import chdtrc

    w = float(((m["y"] - m["theta"]) ** 2 / (m["D"] + m["mse"]))[sampled].sum())
    df = int(sampled.sum())
    return ("goodness_of_fit", w / df, w, df, float(chdtrc(df, w)))


def _overlap(m: dict[str, FloatArray], level: float) -> BoolArray:
    from scipy.special import ndtri

    a, b = np.sqrt(m["D"]), np.sqrt(m["mse"])
    with np.errstate(invalid="ignore", divide="ignore"):
        r = a / b
        z = float(ndtri(0.5 + level / 2)) * np.sqrt(1.0 + r**2) / (1.0 + r)
        return np.asarray(np.abs(m["y"] - m["theta"]) <= z * (a + b))


def _coverage(overlap: BoolArray, sampled: BoolArray, level: float) -> Row:
    from scipy.special import bdtrc

    n, misses = int(sampled.sum()), int((~overlap[sampled]).sum())
    p = 1.0 if misses == 0 else float(bdtrc(misses - 1, n, 1.0 - level))
    return ("coverage", 1.0 - misses / n, misses, n, p)


def _normality(residual: FloatArray) -> Row:
    from scipy.stats import shapiro

    known = residual[np.isfinite(residual)]
    if len(known) < 3 or np.ptp(known) == 0:
        return ("normality", np.nan, np.nan, len(known), np.nan)
    out = shapiro(known)
    return ("normality", np.nan, float(out.statistic), len(known), float(out.pvalue))


def _between(fit: AreaFit) -> Row:
    from scipy.special import chdtrc, fdtrc

    F, above, below = fit.heterogeneity
    p = chdtrc(above, F * above) if np.isinf(below) else fdtrc(above, below, F)
    return ("no_variance_between", fit.components["between"], F, above, float(p))


def _notes(fit: AreaFit, table: pd.DataFrame, tests: pd.DataFrame, sampled: BoolArray) -> list[str]:
    share = 100.0 * table["model_share"].to_numpy(dtype=np.float64)[sampled]
    span = f"from {share.min():.0f} % to {share.max():.0f} %"
    out = [f"the model is {np.median(share):.0f} % of the estimate in the median sampled area, {span}"]
    if fit.components["between"] == 0:
        out.append(
            "the variance between areas is estimated at zero: the sample of an area has no say beyond the regression"
        )
    means = {
        "bias": "the direct estimates depart from the model estimates by more, or less, than shrinkage explains",
        "goodness_of_fit": "the direct estimates lie further from the model estimates than their errors allow",
        "coverage": "too few model intervals meet the direct ones",
        "normality": "the residuals are not normal; look for outlying areas",
    }
    told = dict(zip(map(str, tests["test"]), map(float, tests["p"]), strict=True))
    out += [f"{words} (p = {told[test]:.2g})" for test, words in means.items() if told[test] < SMALL_P]
    if told["no_variance_between"] >= SMALL_P and fit.components["between"] > 0:
        out.append(
            f"variance between areas beyond the covariates is not established (p = {told['no_variance_between']:.2g})"
        )
    far = table.loc[table["residual"].abs() > 3, "area"].map(str).tolist()
    if far:
        out.append(f"direct estimates more than 3 standard errors from the model: {', '.join(far)}")
    return out
