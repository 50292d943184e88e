"""Several years of direct estimates pooled into one per area."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from survey_kit import checks
from survey_kit.design import Design
from survey_kit.errors import EstimationError, did_you_mean
from survey_kit.estimate import Estimates, mean
from survey_kit.types import FloatArray, Missing

if TYPE_CHECKING:
    import pandas as pd

Weights: TypeAlias = Literal["effective", "n", "weight_sum", "equal", "variance"]
SMALL_P = 0.05
Weigh: TypeAlias = "Callable[[pd.DataFrame, FloatArray], FloatArray]"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pooled:
    """Pooled estimates and whether the years were alike.

    Attributes
    ----------
    estimates
        One row per area (every combination of the keys but the pooled one).
    weights
        Share of every row of the direct estimates in its pooled one: their keys, ``variable category weight``.
    homogeneity
        Per pooled estimate: ``waves F df1 df2 p``, the adjusted Wald test that all its years are equal.
    """

    estimates: Estimates
    weights: pd.DataFrame
    homogeneity: pd.DataFrame

    def __repr__(self) -> str:
        return f"{self.estimates!r}\n\n{self.homogeneity.to_string(index=False)}"

    def _repr_html_(self) -> str:
        tests = self.homogeneity.to_html(index=False, float_format=lambda x: f"{x:.4f}", na_rep="", border=0)
        return f"{self.estimates._repr_html_()}{tests}"


def pooled_direct(
    source: Design | Estimates,
    y: str | Sequence[str] | None = None,
    *,
    by: str | Sequence[str] | None = None,
    key: str | None = None,
    weights: Weights | Mapping[Any, float] = "effective",
    where: str | None = None,
    missing: Missing = "error",
    level: float = 0.95,
) -> Pooled:
    r"""Pool direct estimates over years, with the covariance between years.

    .. math:: \tilde\theta_a = \sum_t \lambda_{at} \hat\theta_{at}, \qquad V = \Lambda V \Lambda'

    Parameters
    ----------
    source
        Estimates with `key` and the areas among their keys, or a design, whose means of `y` by `key` and `by` are taken.
    y, by, where, missing, level
        For a design: as in :func:`survey_kit.mean`.
    key
        What is pooled over: the design's wave unless named.
    weights
        Shares of the years of an area, made to add up to 1 over the years that have an estimate: ``"effective"`` effective
        sample size n / deff (p (1 - p) / v for shares without a deff), ``"n"``, ``"weight_sum"`` (as if the years were one
        sample), ``"equal"`` (the mean of the years), ``"variance"`` (generalised least squares: smallest variance), or a mapping
        from years to weights. All are taken as fixed.

    Returns
    -------
    Pooled
        ``.estimates`` are Estimates, made for :func:`fay_herriot`; ``n`` is the sum over the years.

    Raises
    ------
    EstimationError
        If `key` is not a key, a year has no weight, or effective sizes are not known.

    Notes
    -----
    A pooled estimate describes the average of the years, not the last; `homogeneity` tells where that hides a change. Its test
    is the Wald statistic W of the k - 1 differences, as ``F = (d - k + 2) / (d (k - 1)) W`` on k - 1 and d - k + 2 degrees of
    freedom, d those of the pooled estimate (Korn & Graubard 1990, American Statistician 44, 270-276).

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0] * 8, "year": [1, 1, 1, 1, 2, 2, 2, 2], "region": list("aabbaabb"),
    ...                       "y": [1.0, 3, 5, 7, 2, 6, 5, 8]})
    >>> out = pooled_direct(sk.Design(frame, weight="w", wave="year"), "y", by="region", key="year", weights="equal")
    >>> out.estimates.table[["region", "estimate", "n"]].values.tolist()
    [['a', 3.0, 4], ['b', 6.25, 4]]
    """
    key = _key_of(source, key)
    est = _means(source, y, by, key, where, missing, level)
    if key not in est.keys:
        raise EstimationError(f"'{key}' is not a key of these estimates.", fix=did_you_mean(key, est.keys))
    weigh = _weigh(weights, est, key)
    others = [name for name in (*est.keys, "variable", "category") if name != key]
    groups: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for row, label in enumerate(zip(*(est.table[name].tolist() for name in others), strict=True)):
        groups[label].append(row)
    L = np.zeros((len(groups), len(est.table)))
    tests: list[tuple[int, FloatArray, FloatArray]] = []
    theta = est.table["estimate"].to_numpy(dtype=np.float64)
    for i, rows in enumerate(groups.values()):
        known = np.array([row for row in rows if np.isfinite(theta[row])] or rows)
        V = est.vcov(known.tolist())
        shares = weigh(est.table.iloc[known], V)
        if not np.isfinite(shares).all() or shares.sum() <= 0:
            shares = np.ones(len(known))
        L[i, known] = shares / shares.sum()
        tests.append((len(known) if np.isfinite(theta[known]).all() else 0, theta[known], V))
    names = {name: [label[j] for label in groups] for j, name in enumerate(others)}
    return _pooled(est, L, names, tests, (key, weights))


def _key_of(source: Design | Estimates, key: str | None) -> str:
    """Give the named key, or the design's wave."""
    if key is not None:
        return key
    if isinstance(source, Estimates):
        if "wave" in source.keys:
            return "wave"
        raise EstimationError("The key to pool over is not named.", fix=f"Say key=, one of {', '.join(source.keys)}.")
    if source.wave is None:
        raise EstimationError("The design has no waves to pool over.", fix="Say key=, or declare the design's wave.")
    return source.wave


def _means(
    source: Design | Estimates, y: Any, by: Any, key: str, where: str | None, missing: Missing, level: float
) -> Estimates:
    if isinstance(source, Estimates):
        if y is not None or by is not None or where is not None:
            raise EstimationError("Estimates are pooled as they are.", fix="Leave out y, by and where.")
        return source
    if y is None:
        raise EstimationError("A design needs the variable to pool.", fix="Give y.")
    keys = (key, *(name for name in checks.names(by, "by") if name != key))
    return mean(source, y, by=keys, where=where, missing=missing, level=level, deff="srswr")


# ------------------------------------------------------------------------------------------------------------- weights
def _effective(part: pd.DataFrame, V: FloatArray) -> FloatArray:
    n, deff, p = (part[name].to_numpy(dtype=np.float64) for name in ("n", "deff", "estimate"))
    v = np.diag(V)
    inside = (p > 0) & (p < 1) & (v > 0)
    share = np.divide(p * (1.0 - p), v, out=n.copy(), where=inside)
    return np.where(deff > 0, n / np.where(deff > 0, deff, 1.0), share)


def _column(name: str) -> Weigh:
    def weigh(part: pd.DataFrame, V: FloatArray) -> FloatArray:  # noqa: ARG001
        return part[name].to_numpy(dtype=np.float64)

    return weigh


def _equal(part: pd.DataFrame, V: FloatArray) -> FloatArray:  # noqa: ARG001
    return np.ones(len(part))


def _least_variance(part: pd.DataFrame, V: FloatArray) -> FloatArray:
    if not (np.diag(V) > 0).all():
        return np.ones(len(part))
    return np.asarray(np.linalg.pinv(V, hermitian=True).sum(axis=1))


WEIGHTS: dict[str, Weigh] = {
    "effective": _effective,
    "n": _column("n"),
    "weight_sum": _column("weight_sum"),
    "equal": _equal,
    "variance": _least_variance,
}


def _weigh(weights: Weights | Mapping[Any, float], est: Estimates, key: str) -> Weigh:
    if isinstance(weights, Mapping):
        lacking = [label for label in est.table[key].unique() if label not in weights]
        if lacking:
            raise EstimationError(
                f"The {key} '{lacking[0]}' has no weight.", fix=did_you_mean(str(lacking[0]), weights)
            )
        if any(not np.isfinite(value) or value < 0 for value in weights.values()):
            raise EstimationError("Weights of years are finite and not negative.", found=str(dict(weights)))
        given = {label: float(value) for label, value in weights.items()}
        return lambda part, V: np.array([given[label] for label in part[key]])  # noqa: ARG005
    checks.choice(weights, "way to weight the years", tuple(WEIGHTS), EstimationError)
    if weights == "effective" and est.table["deff"].isna().all():
        known = est.table["estimate"].dropna()
        if not ((known >= 0) & (known <= 1)).all():
            raise EstimationError(
                "Effective sample sizes are not known.",
                fix="Estimate with deff='srswr', or choose other weights.",
            )
    return WEIGHTS[weights]


# -------------------------------------------------------------------------------------------------------------- results
def _pooled(
    est: Estimates,
    L: FloatArray,
    names: dict[str, list[Any]],
    tests: list[tuple[int, FloatArray, FloatArray]],
    said: tuple[str, Any],
) -> Pooled:
    import pandas as pd

    key, weights = said
    theta = est.table["estimate"].to_numpy(dtype=np.float64)
    out = est.linear(L, names, statistic="pooled")
    used = (L != 0) & np.isfinite(theta)
    table = out.table.copy()
    for name in ("n", "weight_sum"):
        values = est.table[name].to_numpy(dtype=np.float64)
        total = np.where(used, np.where(np.isfinite(values), values, 0.0), 0.0).sum(axis=1)
        table[name] = total.astype(np.int64) if name == "n" else total
    df = table["df"].to_numpy(dtype=np.float64)
    rows = [_homogeneous(*test, float(d)) for test, d in zip(tests, df, strict=True)]
    homogeneity = pd.DataFrame(
        names | dict(zip(("waves", "F", "df1", "df2", "p"), zip(*rows, strict=True), strict=True))
    )
    row, at = np.nonzero(used)
    direct = est.table.iloc[at]
    shares = pd.DataFrame({name: direct[name].to_numpy() for name in (*est.keys, "variable", "category")})
    shares["weight"] = L[row, at]
    notes = [note for note in out.notes if not note.startswith("deff ")]
    notes.append(f"pooled over {key}, weights: {weights if isinstance(weights, str) else 'given'}, taken as fixed")
    fewer = int((homogeneity["waves"] < homogeneity["waves"].max()).sum())
    if fewer:
        notes.append(f"{fewer} pooled estimates lack a {key} that others have")
    unlike = homogeneity.loc[homogeneity["p"] < SMALL_P]
    if len(unlike):
        notes.append(f"{len(unlike)} of {len(homogeneity)} pooled estimates join years that differ (p < {SMALL_P})")
    return Pooled(estimates=replace(out, table=table, notes=tuple(notes)), weights=shares, homogeneity=homogeneity)


def _homogeneous(waves: int, theta: FloatArray, V: FloatArray, d: float) -> tuple[int, float, float, float, float]:
    from scipy.special import chdtrc, fdtrc

    k = waves - 1
    if k < 1:
        return waves, np.nan, max(k, 0), np.nan, np.nan
    C = np.eye(k, k + 1) - np.eye(k, k + 1, 1)
    difference, spread = C @ theta, C @ V @ C.T
    if np.linalg.matrix_rank(spread, hermitian=True) < k:
        return waves, np.nan, k, np.nan, np.nan
    W = float(difference @ np.linalg.solve(spread, difference))
    if np.isinf(d):
        return waves, W / k, k, np.inf, float(chdtrc(k, W))
    df2 = d - k + 1
    if not df2 > 0:
        return waves, np.nan, k, np.nan, np.nan
    F = W * df2 / (d * k)
    return waves, F, k, df2, float(fdtrc(k, df2, F))
