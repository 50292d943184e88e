"""Estimates from several imputations of the missing answers, combined by Rubin's rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit import checks
from survey_kit.errors import EstimationError
from survey_kit.estimate.adapter import from_fixed
from survey_kit.estimate.estimates import Estimates
from survey_kit.estimate.maps import check_estimates
from survey_kit.types import FloatArray

if TYPE_CHECKING:
    import pandas as pd


def combine(estimates: Sequence[Estimates]) -> Estimates:
    r"""Combine the same estimates from m imputed data sets.

    .. math:: \bar Q = \frac1m \sum Q_i, \quad T = \bar U + (1 + 1/m) B, \quad
              \bar U = \frac1m \sum U_i, \quad B = \frac1{m-1} \sum (Q_i - \bar Q)(Q_i - \bar Q)'

    Parameters
    ----------
    estimates
        One result per imputation, of the same call; also of changes, contrasts, models' ``params`` or any function of
        estimates: combine these themselves, which is exact, rather than transforming the combined.

    Returns
    -------
    Estimates
        Degrees of freedom after Barnard & Rubin (1999), with the design's as those of complete data. A linear combination
        of the result takes the fewest of its rows.

    Raises
    ------
    EstimationError
        If there are fewer than two, or their rows differ.

    Notes
    -----
    Rubin (1987), *Multiple Imputation for Nonresponse in Surveys*, eq. 3.1.2-3.1.8; Barnard & Rubin (1999), Biometrika 86,
    948-955. Estimates and variances match R ``mitools::MIcombine(results, variances)``; degrees of freedom match
    ``mice::pool.scalar``. Those of ``MIcombine(df.complete=)`` are larger by a little, as it leaves out the factor 1 + 1/m of B
    in the share of what was observed.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frames = [pd.DataFrame({"w": [1.0] * 4, "y": [1.0, 2, 3, x]}) for x in (4, 6, 5)]
    >>> est = combine([sk.mean(sk.Design(frame, weight="w"), "y") for frame in frames])
    >>> est.table[["estimate", "se", "df"]].round(3).values.tolist()
    [[2.75, 0.924, 1.79]]
    """
    parts = _checked(estimates)
    first = parts[0]
    Q, U, B = _moments(parts)
    m = len(parts)
    total = U + (1 + 1 / m) * B
    defined = np.isfinite(Q).all(axis=0)
    total[~defined] = total[:, ~defined] = 0.0
    values, vectors = np.linalg.eigh((total + total.T) / 2)
    factor = np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T
    complete = np.min([part.table["df"].to_numpy(dtype=np.float64) for part in parts], axis=0)
    df = _degrees(np.diag(U), np.diag(B), complete, m)
    head = {name: first.table[name].tolist() for name in (*first.keys, "variable", "category")}
    rates = _missing_rate(np.diag(U), np.diag(B), m)
    largest = float(np.nanmax(rates, initial=0.0))
    own = any(part.own_limits is not None for part in parts)
    out = from_fixed(
        head=head,
        statistic=first.table["statistic"].tolist(),
        estimate=np.where(defined, Q.mean(axis=0), np.nan),
        factor=factor,
        df=df,
        n=np.min([part.table["n"].to_numpy(dtype=np.float64) for part in parts], axis=0),
        weight_sum=np.mean([part.table["weight_sum"].to_numpy(dtype=np.float64) for part in parts], axis=0),
        level=first.level,
        interval="wald" if own else first.interval,
        notes=(*first.notes, *_notes(m, largest, own)),
        library=first.backend,
    )
    reason = np.where(np.isfinite(first.table["estimate"]), "undefined", first.table["status"])
    lost = ~defined
    out.table.loc[lost, "status"] = reason[lost]
    linked = (first.table["status"] == "linked") & (out.table["status"] == "ok")
    out.table.loc[linked, "status"] = "linked"
    return out


def _notes(m: int, largest: float, own: bool) -> list[str]:
    missing = f"at most {largest:.0%} of a variance is due to missing answers"
    out = [f"combined from {m} imputations by Rubin's rules; {missing}"]
    return [*out, "limits by t: those of the single results cannot be combined"] if own else out


def missing_information(estimates: Sequence[Estimates]) -> pd.DataFrame:
    """Tell how much of each variance is due to the missing answers.

    Returns
    -------
    DataFrame
        The rows' names, ``within`` and ``between`` variance, ``relative_increase`` (1 + 1/m) B / U,
        ``missing_information`` (Rubin 1987, eq. 3.1.10: (r + 2 / (nu + 3)) / (r + 1)) and ``efficiency`` of m imputations.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frames = [pd.DataFrame({"w": [1.0] * 4, "y": [1.0, 2, 3, x]}) for x in (4, 6, 5)]
    >>> parts = [sk.mean(sk.Design(frame, weight="w"), "y") for frame in frames]
    >>> round(float(missing_information(parts)["relative_increase"][0]), 3)
    0.108
    """
    parts = _checked(estimates)
    _, U, B = _moments(parts)
    m = len(parts)
    within, between = np.diag(U), np.diag(B)
    out = parts[0].table[[*parts[0].keys, "variable", "category"]].copy()
    with np.errstate(invalid="ignore", divide="ignore"):
        r = (1 + 1 / m) * between / within
        nu = (m - 1) * (1 + 1 / r) ** 2
        rate = (r + 2 / (nu + 3)) / (r + 1)
    out["within"], out["between"], out["relative_increase"] = within, between, r
    out["missing_information"] = np.where(between > 0, rate, 0.0)
    out["efficiency"] = 1 / (1 + out["missing_information"] / m)
    return out


def _checked(estimates: Sequence[Estimates]) -> list[Estimates]:
    """Give the results one by one; refuse what cannot be combined."""
    if not isinstance(estimates, Iterable) or isinstance(estimates, (str, bytes)):
        raise EstimationError(
            "These are no estimates of several imputations.",
            found=checks.shown(estimates),
            fix="Give a list with one result per imputation.",
        )
    parts = list(estimates)
    for part in parts:
        check_estimates(part)
    if len(parts) < 2:
        raise EstimationError(
            "At least two imputations are needed.", found=f"{len(parts)}", fix="Impute several times."
        )
    names = [*parts[0].keys, "variable", "category", "statistic"]

    def rows(part: Estimates) -> list[Any]:
        return part.table[names].astype(object).where(part.table[names].notna(), None).values.tolist()

    for i, part in enumerate(parts[1:]):
        if part.keys != parts[0].keys or rows(part) != rows(parts[0]):
            raise EstimationError(
                "The imputations do not give the same rows.",
                where=f"imputation {i + 2}",
                fix="Make the same call on every imputed data set.",
            )
    return parts


def _moments(parts: Sequence[Estimates]) -> tuple[FloatArray, FloatArray, FloatArray]:
    Q = np.stack([part.table["estimate"].to_numpy(dtype=np.float64) for part in parts])
    U = np.mean([part.vcov() for part in parts], axis=0)
    d = np.nan_to_num(Q - Q.mean(axis=0))
    return Q, U, d.T @ d / (len(parts) - 1)


def _degrees(U: FloatArray, B: FloatArray, complete: FloatArray, m: int) -> FloatArray:
    """Barnard & Rubin (1999), eq. 3-5."""
    with np.errstate(invalid="ignore", divide="ignore"):
        gamma = (1 + 1 / m) * B / (U + (1 + 1 / m) * B)
        old = (m - 1) / gamma**2
        observed = np.where(np.isinf(complete), np.inf, (complete + 1) / (complete + 3) * complete * (1 - gamma))
        df = np.where(np.isinf(observed), old, 1 / (1 / old + 1 / observed))
    return np.where(B > 0, df, complete)


def _missing_rate(U: FloatArray, B: FloatArray, m: int) -> FloatArray:
    total = U + (1 + 1 / m) * B
    return np.divide((1 + 1 / m) * B, total, out=np.zeros_like(total), where=total > 0)
