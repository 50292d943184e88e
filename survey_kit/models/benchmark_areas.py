"""Small area estimates that add up to the national figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeAlias

import numpy as np

from survey_kit import checks
from survey_kit.errors import EstimationError, did_you_mean
from survey_kit.estimate import Estimates
from survey_kit.models.area_fit import AreaFit, AreaHead, area_estimates
from survey_kit.types import FloatArray

Adjustment: TypeAlias = Literal["mse", "ratio", "difference"]
Source: TypeAlias = Literal["sample", "external"]


def _by_error(theta: FloatArray, w: FloatArray, mse: FloatArray) -> FloatArray:  # noqa: ARG001
    spread = w * np.diag(mse)
    return np.asarray(spread / (w @ spread))


def _by_ratio(theta: FloatArray, w: FloatArray, mse: FloatArray) -> FloatArray:  # noqa: ARG001
    whole = float(w @ theta)
    if abs(whole) <= 1e-12 * float(w @ np.abs(theta)):
        raise EstimationError("The estimates add up to zero, so no ratio makes them fit.", fix="Use method='mse'.")
    return theta / whole


def _by_difference(theta: FloatArray, w: FloatArray, mse: FloatArray) -> FloatArray:  # noqa: ARG001
    return np.full(len(theta), 1.0 / float(w.sum()))


#: How the gap is spread over the areas: a (M,) with w'a = 1.
ADJUSTMENTS: dict[str, Callable[[FloatArray, FloatArray, FloatArray], FloatArray]] = {
    "mse": _by_error,
    "ratio": _by_ratio,
    "difference": _by_difference,
}


def benchmark_areas(
    fit: AreaFit,
    target: float | Estimates | None = None,
    *,
    weights: Mapping[Any, float] | Sequence[float] | FloatArray,
    method: Adjustment = "mse",
    source: Source = "sample",
    target_variance: float | None = None,
) -> AreaFit:
    r"""Adjust small area estimates so that their weighted mean is the national figure.

    .. math:: \tilde\theta_i = \hat\theta_i + a_i \Bigl(t - \sum_j w_j \hat\theta_j\Bigr), \qquad \sum_i w_i a_i = 1

    Parameters
    ----------
    fit
        From :func:`fay_herriot` or :func:`battese_harter_fuller`.
    target
        The national figure t: a number, Estimates of one row, or None for the weighted mean of the direct estimates.
    weights
        Population of every area, by label or in the order of ``fit.table``; shares w are formed from it.
    method
        ``"mse"``: a_i proportional to w_i MSE_i, so that areas known best move least (Wang, Fuller & Qu 2008, Survey
        Methodology 34, eq. 11 and 16); ``"ratio"``: all areas by one factor; ``"difference"``: all areas by one amount.
    source
        ``"sample"``: t comes from the same sample as the direct estimates; ``"external"``: from elsewhere, with
        `target_variance` and independent errors.
    target_variance
        Variance of an external figure; that of the Estimates when not given, else 0.

    Returns
    -------
    AreaFit
        The same fit with adjusted estimates and mean squared errors.

    Raises
    ------
    EstimationError
        If weights are missing, negative or of unknown areas, or the target is not one number.

    Notes
    -----
    With a treated as fixed: for ``"sample"`` the model error is uncorrelated with the gap, so that
    ``MSE_i + a_i^2 w'Gw``, G the covariance of direct minus model estimates (Wang, Fuller & Qu 2008, section 3; Steorts &
    Ghosh 2013, Statistica Sinica 23). For ``"external"`` ``(I - a w')M(I - a w')' + a a' Var t``.

    Examples
    --------
    >>> import survey_kit as sk
    >>> fit = sk.fay_herriot([4.0, 6, 5, 9, 7], variance=[1.0, 2, 1, 2, 1])
    >>> out = sk.benchmark_areas(fit, weights=[1, 1, 2, 1, 1])
    >>> round(float(out.estimates.table["estimate"] @ np.array([1, 1, 2, 1, 1]) / 6), 6)  # the direct (4 + 6 + 2 * 5 + 9 + 7) / 6
    6.0
    """
    checks.choice(method, "way to benchmark", tuple(ADJUSTMENTS), EstimationError)
    checks.choice(source, "source of the target", ("sample", "external"), EstimationError)
    w = _shares(fit, weights)
    theta = fit.table["estimate"].to_numpy(dtype=np.float64)
    t, variance = _target(fit, target, w, target_variance, source)
    a = ADJUSTMENTS[method](theta, w, fit.mse)
    gap = t - float(w @ theta)
    slope = fit.modelled["slope"].to_numpy(dtype=np.float64)
    if source == "sample":
        weighted = w * slope
        spread = float(weighted @ fit.gap @ weighted)
        mse = fit.mse + np.outer(a, a) * spread
    else:
        keep = np.eye(len(a)) - np.outer(a, w)
        mse = keep @ fit.mse @ keep.T + np.outer(a, a) * variance
        spread = float(w @ fit.mse @ w) + variance
    said = f"benchmarked to {t:.6g} by {method}: the areas gave {t - gap:.6g}, a gap of {gap:.3g}"
    if spread > 0:
        z = abs(gap) / np.sqrt(spread)
        said += f" ({z:.1f} standard errors)" + (": the model is biased or the figures differ in kind" if z > 3 else "")
    return _adjusted(fit, theta + a * gap, mse, said)


def _shares(fit: AreaFit, weights: Mapping[Any, float] | Sequence[float] | FloatArray) -> FloatArray:
    areas = fit.table["area"].tolist()
    if isinstance(weights, Mapping):
        unknown = [label for label in weights if label not in set(areas)]
        lacking = [label for label in areas if label not in weights]
        if unknown or lacking:
            label = unknown[0] if unknown else lacking[0]
            raise EstimationError(
                f"'{label}' is not an area of this model." if unknown else f"The area '{label}' has no weight.",
                found=f"{len(unknown)} unknown, {len(lacking)} without a weight",
                fix=did_you_mean(str(label), areas if unknown else weights),
            )
        weights = [weights[label] for label in areas]
    w = checks.floats(weights, "weights", "Give every area its population.", EstimationError)
    if w.shape != (len(areas),):
        raise EstimationError("There is not one weight per area.", found=f"{w.shape} for {len(areas)} areas")
    if not np.isfinite(w).all() or (w < 0).any() or w.sum() <= 0:
        raise EstimationError("Weights of areas are populations: finite, not negative, not all zero.")
    return np.asarray(w / w.sum())


def _target(
    fit: AreaFit, target: float | Estimates | None, w: FloatArray, variance: float | None, source: Source
) -> tuple[float, float]:
    if isinstance(target, Estimates):
        if len(target.table) != 1 or not np.isfinite(target.table["estimate"].iloc[0]):
            raise EstimationError("The target is one national figure.", found=f"{len(target.table)} rows")
        row = target.table.iloc[0]
        return float(row["estimate"]), float(row["se"]) ** 2 if variance is None else float(variance)
    if target is not None:
        figure = checks.number(target, "target", "Give one national figure, or Estimates of it.", EstimationError)
        return figure, 0.0 if variance is None else float(variance)
    if source == "external":
        raise EstimationError("An external target has to be given.", fix="Give target, or say source='sample'.")
    direct = fit.table["direct"].to_numpy(dtype=np.float64)
    lacking = (w > 0) & ~np.isfinite(direct)
    if lacking.any():
        raise EstimationError(
            "The direct estimates do not cover the nation, so they give no target.",
            found=f"area {fit.table['area'].tolist()[int(np.argmax(lacking))]} has no sample; {int(lacking.sum())} in all",
            fix="Give target, such as the survey's national estimate.",
        )
    return float(w[w > 0] @ direct[w > 0]), 0.0


def _adjusted(fit: AreaFit, theta: FloatArray, mse: FloatArray, said: str) -> AreaFit:
    old = fit.estimates
    head = AreaHead(
        key=old.keys[0],
        areas=tuple(fit.table["area"].tolist()),
        variable=old.table["variable"].iloc[0],
        category=old.table["category"].iloc[0],
        n=old.table["n"].to_numpy(dtype=np.float64),
        weight_sum=old.table["weight_sum"].to_numpy(dtype=np.float64),
        library=old.backend,
    )
    notes = (*fit.notes, said)
    estimates = area_estimates(
        head, theta, mse, fit.table["source"].tolist(), level=old.level, interval=old.interval, notes=notes
    )
    table = fit.table.assign(estimate=theta, rmse=np.sqrt(np.diag(mse)))
    return replace(fit, estimates=estimates, table=table, mse=mse, notes=notes)
