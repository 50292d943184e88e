"""Krippendorff's alpha: agreement of any number of raters, on any level of measurement, with ratings missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Literal, TypeAlias, get_args

import numpy as np

from survey_kit import checks
from survey_kit.errors import EstimationError
from survey_kit.estimate.adapter import from_fixed
from survey_kit.estimate.estimates import Estimates
from survey_kit.estimate.own_limits import OwnLimits
from survey_kit.scales.estimating import own_limits
from survey_kit.scales.ratings import Ratings, take_ratings, undefined
from survey_kit.types import FloatArray, Frame

Measurement: TypeAlias = Literal["nominal", "ordinal", "interval", "ratio"]
AgreementInterval: TypeAlias = Literal["bootstrap", "jackknife"]
Seed: TypeAlias = "int | np.random.Generator | None"
#: Disagreement within the units and of all pairs of ratings: ``(N (U, V), counts (R, U), values (V,)) -> (D, E)``, both (R,).
Disagreement: TypeAlias = Callable[[FloatArray, FloatArray, FloatArray], tuple[FloatArray, FloatArray]]
FEWEST_REPLICATES = 100


def krippendorff_alpha(
    ratings: Frame,
    measurement: Measurement = "nominal",
    *,
    raters: Sequence[str] | None = None,
    interval: AgreementInterval = "bootstrap",
    replicates: int = 2000,
    rng: Seed = None,
    level: float = 0.95,
) -> Estimates:
    r"""Krippendorff's alpha, one less the observed over the expected disagreement.

    .. math:: \hat\alpha = 1 - \frac{D_o}{D_e}, \qquad
              D_o = \frac1n \sum_u \sum_{c \ne k} \frac{n_{uc} n_{uk}}{m_u - 1} \delta^2_{ck}, \qquad
              D_e = \frac{1}{n (n - 1)} \sum_{c \ne k} n_c n_k \delta^2_{ck}

    over the units with :math:`m_u \ge 2` ratings, :math:`n_{uc}` of them with value c. The squared difference is 1 (nominal);
    that of the mid-ranks among all n ratings (ordinal); :math:`(c - k)^2` (interval); :math:`((c - k) / (c + k))^2` (ratio).

    Parameters
    ----------
    ratings
        One row per unit, one column per rater, empty where a rater did not rate; or an array (units, raters).
    measurement
        Level of measurement: ``"nominal"`` (also words), ``"ordinal"``, ``"interval"`` or ``"ratio"`` (zero or more).
    raters
        The raters' columns; all by default.
    interval
        ``"bootstrap"``: percentiles over samples of units with replacement. ``"jackknife"``: the standard error of
        leaving out each unit, and Student's t on the scale of :math:`\log(1 - \hat\alpha)`, so that no limit exceeds 1
        (Bonett 2002, as for :func:`alpha`).
    replicates
        How many bootstrap samples.
    rng
        Seed or generator; the bootstrap needs it.
    level
        Confidence level.

    Returns
    -------
    Estimates
        One row; ``category`` is the level of measurement, ``n`` the units that count, ``weight_sum`` their ratings.

    Raises
    ------
    EstimationError
        If no unit has two ratings, ratio values are negative, words are not nominal, or the bootstrap has no `rng`.

    Notes
    -----
    Krippendorff (2019), Content Analysis, 4th ed., chapter 12; Hayes & Krippendorff (2007), Communication Methods and
    Measures 1, 77-89. They bootstrap pairs of ratings with the expected disagreement fixed; here units are drawn, since
    pairs of one unit are not independent (Zapf, Castell, Morawietz & Karch 2016, BMC Medical Research Methodology 16:93).
    Samples in which all ratings are equal have no alpha and are set aside. Raters are taken as they are: the interval is
    about other units, not other raters.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> panel = pd.DataFrame({"ann": [1, 2, 3, 3, 2, 1], "ben": [1, 2, 3, 3, 2, 2], "eva": [None, 3, 3, 3, 2, 3]})
    >>> row = sk.krippendorff_alpha(panel, "ordinal", interval="jackknife").table.iloc[0]
    >>> [round(float(row[name]), 4) for name in ("estimate", "se", "n")]
    [0.5932, 0.2998, 6.0]
    """
    checks.choice(measurement, "level of measurement", get_args(Measurement), EstimationError)
    checks.choice(interval, "interval", get_args(AgreementInterval), EstimationError)
    checks.level(level)
    taken = take_ratings(ratings, raters, words=measurement == "nominal")
    N, values = _table(taken, measurement)
    U = len(N)
    disagreement = DISAGREEMENTS[measurement]
    estimate = _alphas(disagreement, N, np.ones((1, U)), values)
    notes = [f"{int(N.sum())} ratings of {U} units with two or more, by {taken.y.shape[1]} raters"]
    alone = len(taken.y) - U
    if alone:
        notes.append(f"{alone} units with fewer than two ratings do not count")
    if not np.isfinite(estimate[0]):
        notes.append("all ratings are equal: agreement beyond chance is not defined")
    if interval == "jackknife":
        draws = _alphas(disagreement, N, 1 - np.eye(U), values)
        scale = (U - 1) / U
        notes.append("standard error by leaving out each unit, limits on the scale of log(1 - alpha)")
    else:
        draws = _alphas(disagreement, N, _bootstrap(U, replicates, rng), values)
        scale = 1 / max(int(np.isfinite(draws).sum()) - 1, 1)
        notes.append(f"percentiles of {replicates} bootstrap samples of units")
    lost = int((~np.isfinite(draws)).sum())
    if lost and np.isfinite(estimate[0]):
        notes.append(f"{lost} of them have equal ratings only and are set aside")
    est = _wrapped(estimate, draws, scale, N, measurement, level, notes, taken.library)
    return _percentiles(est, draws, estimate) if interval == "bootstrap" else own_limits(est, ["bonett"])


def _table(ratings: Ratings, measurement: Measurement) -> tuple[FloatArray, FloatArray]:
    """Count the ratings of every value in the units with two or more (U, V), and give the values (V,)."""
    kept = ratings.given.sum(axis=1) >= 2
    if kept.sum() < 2:
        raise EstimationError(
            "Too few units have two ratings.",
            found=f"{int(kept.sum())} of {len(kept)} units",
            fix="Agreement needs two units or more that two raters rated.",
        )
    y, given = ratings.y[kept], ratings.given[kept]
    if measurement == "ratio" and (y[given] < 0).any():
        raise EstimationError(
            "Ratings on a ratio scale are zero or more.",
            found=f"{y[given].min():g}",
            fix="Say measurement='interval'.",
        )
    values, code = np.unique(y[given], return_inverse=True)
    unit = np.nonzero(given)[0]
    size = len(y) * len(values)
    N = np.bincount(unit * len(values) + code, minlength=size).reshape(len(y), -1)
    return N.astype(np.float64), values


def _alphas(disagreement: Disagreement, N: FloatArray, counts: FloatArray, values: FloatArray) -> FloatArray:
    """Alpha (R,) of R samples in which unit u stands counts[r, u] times; NaN where all ratings are equal."""
    n = counts @ N.sum(axis=1)
    observed, expected = disagreement(N, counts, values)
    out = np.full(len(counts), np.nan)
    np.divide((n - 1) * observed, expected, out=out, where=expected > 1e-12 * n)
    return 1 - out


def _bootstrap(U: int, replicates: int, rng: Seed) -> FloatArray:
    if rng is None:
        raise EstimationError(
            "The bootstrap draws at random and needs a seed.", fix="Say rng=1, or interval='jackknife'."
        )
    if isinstance(replicates, bool) or not isinstance(replicates, (int, np.integer)):
        raise EstimationError(
            "'replicates' is a whole number.", found=checks.shown(replicates), fix="Say replicates=2000."
        )
    if replicates < FEWEST_REPLICATES:
        raise EstimationError(
            "Too few bootstrap samples for percentiles.",
            found=f"{replicates}",
            fix=f"Say replicates={FEWEST_REPLICATES} or more.",
        )
    generator = rng
    if not isinstance(generator, np.random.Generator):
        if isinstance(rng, bool) or not isinstance(rng, (int, np.integer)) or rng < 0:
            raise EstimationError(
                "rng is a generator or a seed.",
                found=checks.shown(rng),
                fix="Say rng=7, or numpy.random.default_rng(7).",
            )
        generator = np.random.default_rng(int(rng))
    return generator.multinomial(U, np.full(U, 1 / U), size=replicates).astype(np.float64)


# -------------------------------------------------------------------------------------------------------- disagreements
def _nominal(N: FloatArray, counts: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:  # noqa: ARG001
    m, n = N.sum(axis=1), counts @ N
    within = (m**2 - (N**2).sum(axis=1)) / (m - 1)
    return counts @ within, n.sum(axis=1) ** 2 - (n**2).sum(axis=1)


def _interval(N: FloatArray, counts: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    s = values - values.mean()
    s = s / max(np.abs(s).max(), 1e-300)  # alpha has no scale
    n, m = counts @ N, N.sum(axis=1)
    within = 2 * (m * (N @ s**2) - (N @ s) ** 2) / (m - 1)
    return counts @ within, 2 * (n.sum(axis=1) * (n @ s**2) - (n @ s) ** 2)


def _ordinal(N: FloatArray, counts: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:  # noqa: ARG001
    """Sum over mid-ranks, which differ by Krippendorff's ordinal difference and are those of every sample for itself."""
    n, m = counts @ N, N.sum(axis=1)
    total = n.sum(axis=1)
    ranks = (np.cumsum(n, axis=1) - n / 2) / total[:, None] - 0.5  # (R, V)
    within = 2 * (m * (ranks**2 @ N.T) - (ranks @ N.T) ** 2) / (m - 1)
    expected = 2 * (total * (n * ranks**2).sum(axis=1) - (n * ranks).sum(axis=1) ** 2)
    return (counts * within).sum(axis=1), expected


def _ratio(N: FloatArray, counts: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    sums = values[:, None] + values[None, :]
    difference = np.divide(values[:, None] - values[None, :], sums, out=np.zeros(sums.shape), where=sums > 0) ** 2
    n, m = counts @ N, N.sum(axis=1)
    within = ((N @ difference) * N).sum(axis=1) / (m - 1)
    return counts @ within, ((n @ difference) * n).sum(axis=1)


#: Every level of measurement by its name.
DISAGREEMENTS: dict[Measurement, Disagreement] = {
    "nominal": _nominal,
    "ordinal": _ordinal,
    "interval": _interval,
    "ratio": _ratio,
}


# --------------------------------------------------------------------------------------------------------------- result
def _wrapped(
    estimate: FloatArray,
    draws: FloatArray,
    scale: float,
    N: FloatArray,
    measurement: str,
    level: float,
    notes: Sequence[str],
    library: str,
) -> Estimates:
    known = draws[np.isfinite(draws)]
    apart = known - known.mean() if len(known) else np.zeros(1)
    est = from_fixed(
        head={"variable": ["ratings"], "category": [measurement]},
        statistic="krippendorff_alpha",
        estimate=estimate,
        factor=np.sqrt(scale) * apart[:, None],
        df=np.array([len(N) - 1.0]),
        n=np.array([float(len(N))]),
        weight_sum=np.array([N.sum()]),
        level=level,
        notes=notes,
        library=library,
    )
    return undefined(est)


def _percentiles(est: Estimates, draws: FloatArray, estimate: FloatArray) -> Estimates:
    known = draws[np.isfinite(draws) & np.isfinite(estimate)]
    own = OwnLimits(name="bootstrap percentiles", estimate=estimate, at=partial(_middle, known))
    return replace(est, own_limits=own).confint(est.level)


def _middle(draws: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
    if len(draws) < 2:
        return np.full(1, np.nan), np.full(1, np.nan)
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return np.array([low]), np.array([high])
