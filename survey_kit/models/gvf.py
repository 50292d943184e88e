"""Generalised variance functions: sampling variances of many areas drawn together by a regression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from survey_kit import checks
from survey_kit.errors import EstimationError
from survey_kit.estimate import Estimates
from survey_kit.types import BoolArray, FloatArray

Of: TypeAlias = Literal["variance", "relvariance"]
Correction: TypeAlias = Literal["ratio", "lognormal", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VarianceFunction:
    """Sampling variances smoothed by a regression on the log scale.

    Attributes
    ----------
    smoothed : (M,)
        The smoothed variances; NaN where the sample size is not positive.
    observed : (M,)
        The direct ones.
    names, coefficients : (k,)
        Of the regression of the log variance (or log relvariance).
    used : (M,)
        Areas in the regression: those with a positive variance.
    factor
        What the back-transformed fit was multiplied by, against the bias of the log.
    r2, sigma
        Of the regression, on the log scale.
    of, correction
        As asked for.

    Examples
    --------
    >>> out = gvf([0.04, 0.021, 0.0105], n=[10, 20, 40])
    >>> out.coefficients.round(2).tolist(), out.smoothed.round(4).tolist()
    ([-0.99, -0.96], [0.0403, 0.0206, 0.0106])
    """

    smoothed: FloatArray
    observed: FloatArray
    names: tuple[str, ...]
    coefficients: FloatArray
    used: BoolArray
    factor: float
    r2: float
    sigma: float
    of: Of
    correction: Correction

    def note(self) -> str:
        """Say in words what was done."""
        left = int((~self.used & np.isfinite(self.smoothed)).sum())
        out = (
            f"sampling variances smoothed: log {self.of} on {', '.join(self.names[1:])}, R2 {self.r2:.2f}, "
            f"bias factor {self.factor:.3f} ({self.correction})"
        )
        return out + (f"; {left} areas with a variance of zero take the fitted one" if left else "")


def gvf(
    direct: Estimates | Any,
    *,
    n: Any = None,
    predictors: Any = None,
    estimate: Any = None,
    of: Of = "variance",
    correction: Correction = "ratio",
) -> VarianceFunction:
    r"""Fit a generalised variance function and give the smoothed variances.

    .. math:: \log v_i = a + b \log n_i + c'z_i + \epsilon_i, \qquad \tilde v_i = \Delta \exp(\hat a + \hat b \log n_i + \hat c'z_i)

    with :math:`\Delta = \sum v_i / \sum \exp(\cdot)` over the areas of the fit, so that the smoothed variances add up to the
    direct ones. Direct variances of few units are themselves noisy, and an area-level model takes them for known.

    Parameters
    ----------
    direct
        Estimates, one row per area, or direct variances (M,).
    n
        Sample (or effective sample) sizes (M,); taken from the estimates when not given.
    predictors
        Further columns z (M, k), already on the scale of the regression. Without them the regression is on log n alone. The
        direct estimate itself is no good predictor: its error would enter the variance.
    estimate
        Direct estimates (M,), needed for ``of="relvariance"`` when `direct` are variances.
    of
        ``"variance"``, or ``"relvariance"`` v / y^2 (Wolter 2007, section 7.2).
    correction
        ``"ratio"``: the factor above (Beaumont & Bocci 2016, Canadian Journal of Statistics 44; Hidiroglou, Beaumont & Yung
        2019, Survey Methodology 45). ``"lognormal"``: exp(sigma^2 / 2). ``"none"``: 1.

    Raises
    ------
    EstimationError
        If fewer areas have a positive variance than the regression has coefficients plus one, or the predictors are
        collinear.

    Examples
    --------
    >>> out = gvf([0.04, 0.021, 0.0, 0.0105], n=[10, 20, 30, 40])  # an area where all answers were equal
    >>> out.smoothed.round(4).tolist()
    [0.0403, 0.0206, 0.014, 0.0106]
    """
    checks.choice(of, "quantity to smooth", get_args(Of), EstimationError)
    checks.choice(correction, "bias correction", get_args(Correction), EstimationError)
    if isinstance(direct, Estimates):
        table = direct.table
        v = table["se"].to_numpy(dtype=np.float64) ** 2
        estimate = table["estimate"].to_numpy(dtype=np.float64)
        n = table["n"].to_numpy(dtype=np.float64) if n is None else n
    else:
        v = np.asarray(direct, dtype=np.float64)
    if n is None:
        raise EstimationError("A variance function needs the sample sizes.", fix="Give n.")
    if of == "relvariance" and estimate is None:
        raise EstimationError("A relvariance needs the direct estimates.", fix="Give estimate.")
    base = np.square(np.asarray(estimate, dtype=np.float64)) if of == "relvariance" else np.ones(len(v))
    sizes = np.asarray(n, dtype=np.float64)
    Z = np.empty((len(v), 0)) if predictors is None else np.asarray(predictors, dtype=np.float64).reshape(len(v), -1)
    if sizes.shape != v.shape or base.shape != v.shape:
        raise EstimationError(
            "Variances, sample sizes and estimates do not fit.", found=f"{v.shape}, {sizes.shape}, {base.shape}"
        )
    return _fit(v, sizes, base, Z, of, correction)


def _fit(
    v: FloatArray, n: FloatArray, base: FloatArray, Z: FloatArray, of: Of, correction: Correction
) -> VarianceFunction:
    sized = np.isfinite(n) & (n > 0) & np.isfinite(Z).all(axis=1) & np.isfinite(base) & (base > 0)
    used = sized & np.isfinite(v) & (v > 0)
    design = np.column_stack([np.ones(len(v)), np.log(np.where(sized, n, 1.0)), np.where(sized[:, None], Z, 0.0)])
    # equal sample sizes tell the regression nothing about n
    constant = used.any() and np.ptp(design[used, 1]) <= 1e-12 * np.abs(design[used, 1]).max(initial=1.0)
    columns = [0, *range(2, design.shape[1])] if constant else list(range(design.shape[1]))
    if int(used.sum()) <= len(columns):
        raise EstimationError(
            "Too few areas have a positive sampling variance to fit a variance function.",
            found=f"{int(used.sum())} areas, {len(columns)} coefficients",
            fix="Give fewer predictors, or give the variances yourself.",
        )
    X = design[:, columns]
    if np.linalg.matrix_rank(X[used]) < len(columns):
        raise EstimationError("The predictors of the variance function are collinear.", fix="Leave one out.")
    target = np.log(v[used] / base[used])
    a = np.linalg.lstsq(X[used], target, rcond=None)[0]
    residual = target - X[used] @ a
    freedom = len(target) - len(columns)
    sigma2 = float(residual @ residual) / freedom
    fitted = base * np.exp(X @ a)
    factors = {
        "ratio": float(v[used].sum() / fitted[used].sum()),
        "lognormal": float(np.exp(sigma2 / 2)),
        "none": 1.0,
    }
    spread = float(((target - target.mean()) ** 2).sum())
    every = ("(Intercept)", "log n", *(f"z{j + 1}" for j in range(Z.shape[1])))
    return VarianceFunction(
        smoothed=np.where(sized, factors[correction] * fitted, np.nan),
        observed=v,
        names=tuple(every[j] for j in columns),
        coefficients=a,
        used=used,
        factor=factors[correction],
        r2=1.0 - float(residual @ residual) / spread if spread > 0 else 1.0,
        sigma=float(np.sqrt(sigma2)),
        of=of,
        correction=correction,
    )
