r"""How alike people of one sampling unit answer, and what the design effect consists of: past waves as the input of the next plan.

Within strata the variance of an answer is split between and within sampling units by the analysis of variance for unequal sizes
(Searle, Casella & McCulloch 1992, Variance Components, section 3.6),

.. math:: \hat\sigma_b^2 = \frac{MSB - MSW}{m_0}, \quad \hat\sigma_w^2 = MSW, \quad
          \hat\rho = \frac{\hat\sigma_b^2}{\hat\sigma_b^2 + \hat\sigma_w^2}, \quad
          m_0 = \frac{1}{P - H} \sum_h \Bigl(M_h - \frac{\sum_j m_{hj}^2}{M_h}\Bigr)

and the design effect into those of weights and of clusters (Gabler, Haeder & Lahiri 1999, Survey Methodology 25, 105-106),

.. math:: deff \approx \underbrace{\frac{n \sum w^2}{(\sum w)^2}}_{weights} \;
          \underbrace{\bigl(1 + (m^* - 1) \rho\bigr)}_{clusters}, \qquad
          m^* = \frac{\sum_j (\sum_i w_{ij})^2}{\sum w^2}.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit import checks
from survey_kit.design import Design
from survey_kit.errors import EstimationError
from survey_kit.estimate import mean
from survey_kit.types import BoolArray, FloatArray, IntArray, Missing

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Components:
    """Variance components of some variables and domains.

    Attributes
    ----------
    table
        One row for each: ``n psus per_psu`` (the m* above), ``between within`` variances, ``rho rho_se``, the design effect
        ``deff`` of the mean by linearisation, ``deff_weights deff_clusters`` as above, ``deff_rest`` what is left (stratification,
        calibration, weights that go with the answers), and ``roh``, the homogeneity that explains the whole of deff beside
        the weights (Kish 1965, section 5.4). ``status`` is ``ok``, ``empty``, ``one_value`` or ``no_df``.
    """

    table: pd.DataFrame

    def __repr__(self) -> str:
        known = self.table["rho"].dropna()
        told = f"; rho {known.min():.3f} to {known.max():.3f}, median {known.median():.3f}" if len(known) else ""
        return f"Components of {len(self.table)} means{told}"

    def _repr_html_(self) -> str:
        return f"<p><b>{escape(repr(self))}</b></p>" + str(self.table.to_html(index=False, max_rows=60))

    def planned(self, per_psu: float, *, deff_weights: float | None = None) -> pd.DataFrame:
        """Give the design effect of a next survey with another number of interviews per sampling unit.

        Parameters
        ----------
        per_psu
            Interviews of each sampling unit.
        deff_weights
            Design effect of its weights; by default as it was.

        Returns
        -------
        pandas.DataFrame
            The table's keys with ``rho deff_weights deff_clusters deff``; a negative rho counts as zero.
        """
        m = checks.number(per_psu, "per_psu", "Give a number of interviews.", EstimationError)
        if m < 1:
            raise EstimationError(
                "A sampling unit gives at least one interview.", found=f"{m:g}", fix="Write per_psu=10."
            )
        keys = list(self.table.columns[: list(self.table.columns).index("n")])
        out = self.table[[*keys, "rho", "deff_weights"]].copy()
        if deff_weights is not None:
            out["deff_weights"] = deff_weights
        out["deff_clusters"] = 1 + (m - 1) * out["rho"].clip(lower=0)
        return out.assign(deff=out["deff_weights"] * out["deff_clusters"])


def variance_components(
    design: Design,
    y: str | Sequence[str],
    *,
    by: str | Sequence[str] | None = None,
    where: str | None = None,
    missing: Missing = "error",
) -> Components:
    """Split the variance of answers between and within sampling units, and the design effect into its parts.

    Parameters
    ----------
    design
        A design with sampling units of several rows; waves may be told apart with ``by``.
    y
        Columns of numbers; shares are columns of 0 and 1.
    by, where, missing
        As in :func:`survey_kit.mean`.

    Returns
    -------
    Components
        ``rho_se`` is the jackknife over sampling units within strata. The components go without weights; a negative rho is
        shown as it is.

    Raises
    ------
    EstimationError
        If every row is its own sampling unit.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": 1.0, "town": [1, 1, 2, 2, 3, 3, 4, 4], "y": [1, 1, 1, 0, 0, 0, 0, 1]})
    >>> found = variance_components(sk.Design(frame, weight="w", psu="town"), "y").table
    >>> found[["between", "within", "rho"]].round(4).values.tolist()
    [[0.0417, 0.25, 0.1429]]
    """
    import pandas as pd

    names, keys = checks.names(y, "y", least=1), checks.names(by, "by")
    direct = mean(design, names, by=keys or None, where=where, missing=missing, deff="srswr").table
    stage = design.layout.stages[0]
    if stage.size == design.n:
        raise EstimationError(
            "Every row is its own sampling unit, so nothing can be told about people of one unit.",
            fix="Declare psu=... in the design.",
        )
    groups = design.groups(keys) if keys else None
    place = {level: g for g, level in enumerate(groups.levels)} if groups is not None else {}
    inside = design.inside(where)
    rows = []
    for told in direct.to_dict("records"):
        column = design.numbers(told["variable"])
        here = inside & ~column.missing
        if groups is not None:
            here = here & (groups.codes == place.get(tuple(told[key] for key in keys), -2))
        rows.append(_row(told, keys, column.values, here, design, stage))
    return Components(table=pd.DataFrame(rows))


def _row(
    told: Mapping[Any, Any], keys: tuple[str, ...], y: FloatArray, here: BoolArray, design: Design, stage: Any
) -> dict[str, Any]:
    """Put one line of the table together."""
    unit = stage.unit_of_row[here]
    w = design.layout.weight[here]
    out: dict[str, Any] = {key: told[key] for key in (*keys, "variable")}
    clusters = np.bincount(unit, weights=w, minlength=stage.size)
    n, squares = len(w), float((w**2).sum())
    per_psu = float((clusters**2).sum()) / squares if n else np.nan
    out |= {"n": n, "psus": int(np.count_nonzero(clusters)), "per_psu": per_psu}
    e = y[here] - (y[here].mean() if n else 0.0)  # centred, so that no digits are lost
    sums = np.array([np.bincount(unit, weights=part, minlength=stage.size) for part in (np.ones(n), e, e**2)])
    between, within, rho, status = components(sums, stage.stratum_of_unit)
    out |= {"between": between, "within": within, "rho": rho, "rho_se": _jackknife(sums, stage.stratum_of_unit)}
    weights = n * squares / float(w.sum()) ** 2 if n else np.nan
    deff = float(told["deff"]) if told["deff"] is not None else np.nan
    of_clusters = 1 + (per_psu - 1) * rho
    roh = (deff / weights - 1) / (per_psu - 1) if n and per_psu > 1 else np.nan
    out |= {"deff": deff, "deff_weights": weights, "deff_clusters": of_clusters}
    with np.errstate(divide="ignore", invalid="ignore"):
        out |= {"deff_rest": np.float64(deff) / (weights * of_clusters), "roh": roh}
    return out | {"status": "empty" if not n else status}


def components(sums: FloatArray, stratum: IntArray) -> tuple[float, float, float, str]:
    """Give the variance between and within units, rho, and a status.

    Parameters
    ----------
    sums : (3, P)
        Rows, sum and sum of squares of each unit; units without rows have zeros.
    stratum : (P,)
        Stratum of each unit.

    Examples
    --------
    >>> components(np.array([[2.0, 2], [2, 0], [2, 0]]), np.array([0, 0]))
    (0.5, 0.0, 1.0, 'ok')
    """
    found = _moments(sums, stratum)
    ssb, ssw, df_b, df_w, spread = (float(part.sum()) for part in found)
    if df_b <= 0 or df_w <= 0:
        return np.nan, np.nan, np.nan, "no_df"
    between, within, rho = (float(part) for part in _split(ssb, ssw, df_b, df_w, spread))
    return between, within, rho, "one_value" if between == within == 0 else "ok"


def _moments(sums: FloatArray, stratum: IntArray) -> tuple[Any, ...]:
    """Give by stratum the sums of squares between and within, their degrees of freedom, and M_h - sum m^2 / M_h: five (H,)."""
    m, t, q = sums
    H = int(stratum.max(initial=-1)) + 1
    used = m > 0
    own = np.where(used, t**2 / np.maximum(m, 1), 0.0)
    M, T, P = (np.bincount(stratum, weights=part, minlength=H) for part in (m, t, used))
    ssb = np.bincount(stratum, weights=own, minlength=H) - T**2 / np.maximum(M, 1)
    ssw = np.bincount(stratum, weights=q - own, minlength=H)
    spread = M - np.bincount(stratum, weights=m**2, minlength=H) / np.maximum(M, 1)
    return np.maximum(ssb, 0.0), np.maximum(ssw, 0.0), np.maximum(P - 1, 0), M - P, spread


def _split(ssb: Any, ssw: Any, df_b: Any, df_w: Any, spread: Any) -> tuple[Any, Any, Any]:
    """Give the variance between and within units and rho from sums of squares."""
    with np.errstate(divide="ignore", invalid="ignore"):
        within = np.divide(ssw, df_w)
        between = (np.divide(ssb, df_b) - within) / np.divide(spread, df_b)
        return between, within, between / (between + within)


def _jackknife(sums: FloatArray, stratum: IntArray) -> float:
    """Give the standard error of rho: every unit left out in turn, within strata (Wolter 2007, section 4.5)."""
    used = np.flatnonzero(sums[0] > 0)
    m, t, q = sums[:, used]
    h = stratum[used]
    whole = _moments(sums, stratum)
    if whole[2].sum() <= 1 or whole[3].sum() <= 0:
        return np.nan
    parts = (m, t, np.ones(len(h)), t**2 / m, m**2)
    M, T, P, own, m2 = (np.bincount(h, weights=part, minlength=len(whole[0]))[h] for part in parts)
    left = M - m
    over = np.where(left > 0, left, 1.0)
    between = np.where(left > 0, own - t**2 / m - (T - t) ** 2 / over, 0.0)
    unequal = np.where(left > 0, left - (m2 - m**2) / over, 0.0)
    ssb = whole[0].sum() - whole[0][h] + between
    df_b = whole[2].sum() - whole[2][h] + np.maximum(P - 2, 0)
    spread = whole[4].sum() - whole[4][h] + unequal
    ssw = whole[1].sum() - (q - t**2 / m)
    df_w = whole[3].sum() - (m - 1)
    rho = _split(ssb, ssw, df_b, df_w, spread)[2]
    counted = (P > 1) & np.isfinite(rho)
    if not counted.any():
        return np.nan
    centre = np.bincount(h[counted], weights=rho[counted], minlength=len(whole[0])) / np.maximum(
        np.bincount(h[counted], minlength=len(whole[0])), 1
    )
    return float(np.sqrt((((P - 1) / P) * (rho - centre[h]) ** 2)[counted].sum()))
