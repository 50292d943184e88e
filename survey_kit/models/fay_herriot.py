"""Fay-Herriot: direct estimates of areas joined with a regression between areas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from survey_kit import checks
from survey_kit.design.threads import one_thread
from survey_kit.errors import EstimationError
from survey_kit.estimate import Estimates
from survey_kit.models import area_model
from survey_kit.models.area_covariates import AreaCovariates, check_rank, covariates_of
from survey_kit.models.area_direct import Direct, direct_of, extended
from survey_kit.models.area_fit import (
    AreaFit,
    AreaHead,
    area_estimates,
    coefficient_table,
    modelled_table,
    published_table,
    shares_note,
)
from survey_kit.models.area_scale import SCALES, Scale
from survey_kit.models.gvf import VarianceFunction, gvf
from survey_kit.types import BoolArray, FloatArray, Frame

Method: TypeAlias = Literal["reml", "ml", "fh", "prasad_rao", "adjusted", "li_lahiri"]
Transform: TypeAlias = Literal["arcsine"]
FEW_DF = 10


@one_thread()
def fay_herriot(
    direct: Estimates | Any,
    covariates: Frame | Any | None = None,
    formula: str | None = None,
    *,
    variance: Any = None,
    area: str | None = None,
    method: Method = "reml",
    smooth: Literal["gvf"] | VarianceFunction | None = None,
    transform: Transform | None = None,
    level: float = 0.95,
) -> AreaFit:
    r"""Empirical best linear unbiased predictors of area means from direct estimates and covariates of the areas.

    .. math:: \hat\theta_i = \gamma_i y_i + (1 - \gamma_i) x_i'\hat\beta, \qquad \gamma_i = A / (A + D_i)

    with y the direct estimate, D its sampling variance and A the variance between areas that the covariates leave.

    Parameters
    ----------
    direct
        Estimates with one row per area (an empty row is an area without a sample), or an array (m,) with NaN there.
    covariates
        A frame with one row per area, also for areas without a direct estimate, which get a synthetic one; an array (m, p) in
        the order of the areas, intercept included; or None for a common mean.
    formula
        Right-hand side over the frame's columns, such as ``"~ poverty + C(coast)"``; None takes all numeric columns.
    variance
        Sampling variances (m,), when `direct` is an array or its own are not to be used.
    area
        Column of the areas: the key of the estimates, and the column of the covariates with the same labels.
    method
        How A is estimated. ``"reml"``, ``"ml"``; ``"fh"`` the moment equation of Fay & Herriot (1979, eq. 2.5);
        ``"prasad_rao"`` simple moments. All of these may give 0, which makes every estimate synthetic; ``"adjusted"``
        (Yoshimori & Lahiri 2014) and ``"li_lahiri"`` (2010) maximise the residual likelihood times a factor that vanishes at
        0, so that A is always positive.
    smooth
        ``"gvf"``: sampling variances through a generalised variance function of the sample size; or one fitted by
        :func:`survey_kit.models.gvf`; None takes them as they are.
    transform
        ``"arcsine"`` for shares: the model holds for arcsin sqrt p.
    level
        Confidence level.

    Returns
    -------
    AreaFit
        ``fit.estimates`` are Estimates; ``fit.diagnostics()`` tells where the model does the work.

    Raises
    ------
    EstimationError
        If areas and covariates do not match, a sampling variance is zero or missing, there are no more areas than covariates,
        or covariates are collinear.

    Notes
    -----
    Mean squared error ``g1 + g2 + 2 g3 - b (1 - gamma)^2`` with b the bias of A: Prasad & Rao (1990, JASA 85, eq. 5.15) for
    ``prasad_rao``; Datta & Lahiri (2000, Statistica Sinica 10, eq. 4.4-4.5) for ``reml`` and ``ml``; Datta, Rao & Smith (2005,
    Biometrika 92, eq. 11) for ``fh``; Li & Lahiri (2010, Journal of Multivariate Analysis 101, section 3) for ``li_lahiri``;
    Yoshimori & Lahiri (2014, Journal of Multivariate Analysis 124, section 3) for ``adjusted``. Sampling errors of different
    areas are taken as independent, as they are where areas are strata. With ``transform="arcsine"`` the published estimate is
    the mean of sin^2 given the data, and its error the variance of sin^2 given the data plus the cost of the parameters by the
    delta method. The intervals use the normal distribution.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> regions = pd.DataFrame({"region": list("abcdef"), "poverty": [10.0, 12, 20, 25, 31, 40]})
    >>> fit = fay_herriot([40.0, 46, 49, 61, 60, None], regions, "~ poverty", variance=[16.0, 9, 25, 9, 16, None],
    ...                   area="region")
    >>> fit.table[["area", "gamma", "estimate", "source"]].round(2).iloc[[0, 5]].values.tolist()
    [['a', 0.14, 42.22, 'eblup'], ['f', 0.0, 72.17, 'synthetic']]
    >>> fit.notes[2]
    'the model is more than half of the estimate in 5 areas: a, b, c, d, e'
    """
    checks.choice(method, "method", tuple(area_model.METHODS), EstimationError)
    checks.choice(transform, "transformation", tuple(SCALES), EstimationError)
    checks.level(level)
    taken = direct_of(direct, variance, area, covariates)
    known = covariates_of(covariates, formula, taken.head.areas, taken.column)
    taken = extended(taken, known)
    model = _Model(method=area_model.METHODS[method], scale=SCALES[transform], level=level)
    y, D = model.scale.forward(taken.y, taken.v)
    D, said = _smoothed(y, D, taken, smooth)
    D = np.where(_sampled(y, D, taken.head), D, np.nan)
    check_rank(known.X[np.isfinite(D)], known.names)
    _enough(int(np.isfinite(D).sum()), known.X.shape[1], method)
    return _result(y, D, known, taken, model, said)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    """What was asked for."""

    method: area_model.AreaMethod
    scale: Scale
    level: float


def _smoothed(
    y: FloatArray, D: FloatArray, taken: Direct, smooth: Literal["gvf"] | VarianceFunction | None
) -> tuple[FloatArray, list[str]]:
    """Put sampling variances through a variance function, or say what taking them as they are means."""
    if smooth is None:
        low = np.nan if taken.df is None else np.nanmin(np.where(np.isfinite(y), taken.df, np.nan))
        if low < FEW_DF:
            return D, [f"sampling variances rest on as few as {low:.0f} degrees of freedom and are taken as known"]
        return D, []
    if isinstance(smooth, VarianceFunction):
        fitted = smooth
    elif smooth == "gvf":
        if not (taken.head.n[np.isfinite(y)] > 0).all():
            raise EstimationError(
                "A variance function needs the sample sizes of the areas.",
                fix="Give estimates, or fit one: smooth=survey_kit.models.gvf(variance, n=...).",
            )
        fitted = gvf(np.where(np.isfinite(y), D, np.nan), n=taken.head.n)
    else:
        raise EstimationError(f"'{smooth}' is no way to smooth variances.", fix="Say 'gvf', None, or give one fitted.")
    if len(fitted.smoothed) not in {len(y), int(np.isfinite(y).sum())}:
        raise EstimationError(
            "The variance function is of other areas.", found=f"{len(fitted.smoothed)} variances, {len(y)} areas"
        )
    out = np.full(len(y), np.nan)
    out[np.isfinite(y) if len(fitted.smoothed) != len(y) else slice(None)] = fitted.smoothed
    return np.where(np.isfinite(y), out, np.nan), [fitted.note()]


def _sampled(y: FloatArray, D: FloatArray, head: AreaHead) -> BoolArray:
    """Areas with a direct estimate; each needs a positive sampling variance."""
    given = np.isfinite(y)
    wrong = given & ~(np.isfinite(D) & (D > 0))
    if wrong.any():
        names = [str(head.areas[i]) for i in np.flatnonzero(wrong)]
        zero = int((given & (D == 0)).sum())
        raise EstimationError(
            "A sampling variance is not positive, so the direct estimate would count as exact.",
            where=f"areas {', '.join(names[:6])}{', ...' if len(names) > 6 else ''}",
            found=f"{zero} zero, {int(wrong.sum()) - zero} missing or negative",
            fix="Say smooth='gvf' to draw variances together, or leave these areas without a direct estimate.",
        )
    return given


def _enough(areas: int, p: int, method: str) -> None:
    if method == "li_lahiri" and areas <= p + 2:
        raise EstimationError(
            "The likelihood adjusted by A has no maximum with so few areas.",
            found=f"{areas} areas, {p} coefficients; it needs {p + 3}",
            fix="Use method='adjusted', or fewer covariates.",
        )


def _result(
    y: FloatArray, D: FloatArray, known: AreaCovariates, taken: Direct, model: _Model, said: list[str]
) -> AreaFit:
    sampled = np.isfinite(D)
    s = area_model.solve(y, D, known.X, model.method)
    estimate, posterior = model.scale.back(s.theta, s.g1)
    slope = model.scale.slope(s.theta)
    own = posterior + slope**2 * (np.diag(s.mse) - s.g1)
    mse = s.mse * np.outer(slope, slope)
    np.fill_diagonal(mse, own)
    notes = (*taken.notes, *_notes(s, sampled, known.areas, model), *said)
    sources = ["eblup" if one else "synthetic" for one in sampled]
    estimates = area_estimates(
        taken.head, estimate, mse, sources, level=model.level, interval=model.scale.interval, notes=notes
    )
    parameters, m = known.X.shape[1] + 1, int(sampled.sum())
    return AreaFit(
        estimates=estimates,
        table=published_table(
            taken.head,
            (taken.y, np.sqrt(D) * np.abs(model.scale.slope(y))),
            s.gamma,
            model.scale.back(s.synthetic, np.full(len(y), s.A))[0],
            estimates,
        ),
        modelled=modelled_table(s, y, D, s.gamma, slope),
        coefficients=coefficient_table(known.names, s.beta, s.beta_cov),
        components={"between": s.A, "between_se": s.A_se},
        log_likelihood=s.log_likelihood,
        aic=-2.0 * s.log_likelihood + 2.0 * parameters,
        bic=-2.0 * s.log_likelihood + parameters * float(np.log(m)),
        model="fay_herriot",
        method=model.method.name,
        scale=model.scale.name,
        mse=mse,
        gap=s.gap,
        heterogeneity=(s.heterogeneity / (m - known.X.shape[1]), float(m - known.X.shape[1]), np.inf),
        notes=notes,
    )


def _notes(s: area_model.AreaSolution, sampled: BoolArray, areas: tuple[Any, ...], model: _Model) -> list[str]:
    out = [
        f"Fay-Herriot model, {model.method.source}",
        f"variance between areas {s.A:.4g} (se {s.A_se:.2g}) beside sampling variances that are taken as known",
    ]
    if s.A == 0:
        out.append(
            "the variance between areas is estimated at zero: every estimate is all model and its error understated; "
            "method='adjusted' keeps it positive"
        )
    else:
        out += shares_note(areas, s.gamma, sampled)
    if (s.g1 + s.g2 + 2.0 * s.g3 - s.correction <= 0).any():
        out.append("where the bias correction made a mean squared error negative it was left out")
    if model.scale.name != "none":
        out.append(f"modelled on the {model.scale.name} scale")
    return out
