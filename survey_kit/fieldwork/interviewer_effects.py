"""Interviewer effects: how much of an answer's variance lies between interviewers, apart from the areas they work in, and what it costs.

Interviewers and areas are told apart only where areas have two interviewers or more: assignments are interpenetrated (Mahalanobis 1946). Variance
components come from fitting constants (Henderson 1953, Biometrics 9:226-252, method 3), which needs no distribution; tests and limits are those of
Wald, exact for normal answers (Harville & Fenech 1985, Biometrics 41:137-152).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from survey_kit import checks
from survey_kit.estimate import adjust_p
from survey_kit.fieldwork.screens import Interviews
from survey_kit.fieldwork.screens_answers import answers_of
from survey_kit.types import Adjustment, FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

EffectStatus: TypeAlias = Literal["ok", "confounded", "one_value", "too_few"]
STATUSES = {
    "ok": "",
    "confounded": "every area has one interviewer, so that area and interviewer cannot be told apart",
    "one_value": "all answers are the same",
    "too_few": "too few answers for as many interviewers and areas",
}
_ZERO = 1e-9
_ROUNDING = 1e-12  # of the whole sum of squares


@dataclass(frozen=True, slots=True, kw_only=True)
class Components:
    """Components of the variance of one item.

    Attributes
    ----------
    n, units, areas
        Answers, interviewers and areas with an answer.
    workload
        Mean number of answers of an answer's interviewer, sum of squares over sum.
    interviewer, area, residual
        The components; those of interviewers and areas may come out below 0.
    rho, low, high
        Share of interviewers in the whole, with limits.
    f, df, df_residual, p
        The test that interviewers do not differ.
    """

    n: int
    units: int
    areas: int
    workload: float
    interviewer: float = np.nan
    area: float = np.nan
    residual: float = np.nan
    rho: float = np.nan
    low: float = np.nan
    high: float = np.nan
    f: float = np.nan
    df: int = 0
    df_residual: int = 0
    p: float = np.nan
    status: EffectStatus = "ok"

    @property
    def deff(self) -> float:
        r"""Give :math:`1 + (\bar m - 1) \rho` (Kish 1962, JASA 57:92-115); 1 where rho is below 0."""
        return 1 + (self.workload - 1) * max(self.rho, 0.0) if np.isfinite(self.rho) else np.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class InterviewerEffects:
    """Interviewer effects of several items.

    Attributes
    ----------
    table
        A row for each item, the largest share first: ``item n interviewers areas workload rho low high deff rho_area variance p p_adjusted status``.
    level
        Of the limits.
    note
        What the effects are free of.
    """

    table: pd.DataFrame = field(repr=False)
    level: float
    note: str

    def _repr_html_(self) -> str:
        from html import escape

        told = self.table.round({"workload": 1, "rho": 4, "low": 4, "high": 4, "deff": 2, "rho_area": 4, "variance": 4})
        return f"<p><b>Interviewer effects</b>: {escape(self.note)}</p>{told.to_html(index=False)}"


def interviewer_effects(
    interviews: Interviews, items: Sequence[str], *, level: float = 0.95, adjust: Adjustment = "bh"
) -> InterviewerEffects:
    """Estimate for each item the share of interviewers in its variance, and the design effect it makes.

    With ``psu`` named, areas are taken out. Without areas of two interviewers there is no such estimate, and the status is ``confounded``.

    Parameters
    ----------
    items
        Columns of answers that are numbers or in order; a yes and no as 0 and 1.
    level
        Of the limits of rho. Beside areas they hold the ratio of area to residual variance as estimated.
    adjust
        How p-values are adjusted for the number of items.

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> table = pd.DataFrame({"psu": np.arange(1200) // 12, "who": (np.arange(1200) // 12) // 5 * 2 + np.arange(1200) % 2})
    >>> table["trust"] = 0.4 * rng.standard_normal(40)[table["who"]] + 0.5 * rng.standard_normal(100)[table["psu"]] + rng.standard_normal(1200)
    >>> made = interviewer_effects(Interviews(frame=table, interviewer="who", psu="psu"), ["trust"])
    >>> made.table[["rho", "low", "high", "deff"]].round(2).values.tolist()
    [[0.07, 0.03, 0.16, 3.15]]
    """
    import pandas as pd

    checks.level(level)
    answers = answers_of(interviews, items)
    who, _ = interviews.units("interviewer")
    area = interviews.units("psu")[0] if interviews.psu else np.zeros(interviews.n, dtype=np.int64)
    rows = []
    for place, item in enumerate(items):
        given = np.isfinite(answers[:, place]) & (area >= 0)
        found = components(answers[given, place], who[given], area[given], level=level)
        whole = found.residual + max(found.interviewer, 0.0) + max(found.area if interviews.psu else 0.0, 0.0)
        rows.append(
            {
                "item": item,
                "n": found.n,
                "interviewers": found.units,
                "areas": found.areas if interviews.psu else 0,
                "workload": found.workload,
                "rho": found.rho,
                "low": found.low,
                "high": found.high,
                "deff": found.deff,
                "rho_area": found.area / whole if interviews.psu and whole > 0 else np.nan,
                "variance": whole,
                "p": found.p,
                "status": found.status,
            }
        )
    table = pd.DataFrame(rows)
    table.insert(table.columns.get_loc("status"), "p_adjusted", adjust_p(table["p"].to_numpy(dtype=np.float64), adjust))  # type: ignore[arg-type]
    table = table.sort_values("rho", ascending=False, kind="stable", ignore_index=True)
    note = (
        "apart from areas, told from them where an area has two interviewers."
        if interviews.psu
        else "areas are not taken out; where interviewers work in different places, part of it is the places."
    )
    said = "; ".join(f"{status}: {STATUSES[status]}" for status in table["status"].unique() if status != "ok")
    return InterviewerEffects(table=table, level=level, note=f"{note} {said}".strip())


def components(y: FloatArray, who: IntArray, area: IntArray, *, level: float = 0.95) -> Components:
    r"""Tell the variance of an item into interviewers, areas and the rest, by fitting constants.

    With :math:`C = D_a - N' D_b^{-1} N` (counts of interviewers a and areas b), :math:`R(a|b) = q' C^- q`, :math:`R(b|a) = R(a,b) - R(a)`:
    :math:`\hat\sigma_e^2 = (y'y - R(a,b)) / (n - \mathrm{rank})`, :math:`\hat\sigma_a^2 = (R(a|b) - r_a \hat\sigma_e^2) / \mathrm{tr}\, C`,
    :math:`\hat\sigma_b^2 = (R(b|a) - r_b \hat\sigma_e^2) / (n - \sum n_{ab}^2 / n_a)`
    (Searle, Casella & McCulloch 1992, Variance Components, section 5.5). One area is the analysis of variance of one way.

    Parameters
    ----------
    y, who, area : (n,)
        Answers, and the places of interviewer and area.
    level
        Of the limits.

    Examples
    --------
    >>> made = components(np.array([1.0, 2, 4, 5, 9, 7]), np.array([0, 0, 1, 1, 2, 2]), np.zeros(6, dtype=np.int64))
    >>> round(made.residual, 4), round(made.interviewer, 4), round(made.rho, 4)
    (1.0, 10.0833, 0.9098)
    """
    from scipy import sparse

    a, b = np.unique(who, return_inverse=True)[1], np.unique(area, return_inverse=True)[1]
    n, units, areas = len(y), int(a.max(initial=-1)) + 1, int(b.max(initial=-1)) + 1
    n_a = np.bincount(a, minlength=units).astype(np.float64)
    plain = {"n": n, "units": units, "areas": areas, "workload": float((n_a**2).sum() / max(n, 1))}
    if n < 2 or not np.ptp(y) > 0:
        return Components(**plain, status="one_value" if n else "too_few")  # type: ignore[arg-type]
    x = y - y.mean()
    n_b = np.bincount(b, minlength=areas).astype(np.float64)
    both = sparse.csr_array((np.ones(n), (b, a)), shape=(areas, units))
    both.sum_duplicates()
    shares = sparse.diags_array(1 / n_b) @ both
    total_a, total_b = np.bincount(a, weights=x, minlength=units), np.bincount(b, weights=x, minlength=areas)
    joint = np.diag(n_a) - (both.T @ shares).toarray()
    q = total_a - shares.T @ total_b
    d, vectors = np.linalg.eigh((joint + joint.T) / 2)
    free = d > _ZERO * max(n_a.max(), 1.0)
    d, turned = d[free], (vectors.T @ q)[free]
    r_a, by_b = int(free.sum()), float((total_b**2 / n_b).sum())
    a_beside_b = float((turned**2 / d).sum())
    df = n - areas - r_a
    if not r_a or df < 1:
        return Components(**plain, status="confounded" if not r_a and areas > 1 else "too_few")  # type: ignore[arg-type]
    left, whole = float(x @ x) - by_b - a_beside_b, float(x @ x)
    residual = left / df if left > _ROUNDING * whole else 0.0
    interviewer = (a_beside_b - r_a * residual) / float(d.sum())
    area_part = 0.0
    if areas > 1:
        b_beside_a = by_b + a_beside_b - float((total_a**2 / n_a).sum())
        squares = float((both.multiply(both) @ (1 / n_a)).sum())
        area_part = (b_beside_a - (areas + r_a - units) * residual) / (n - squares) if n > squares else 0.0
    whole = residual + max(interviewer, 0.0) + max(area_part, 0.0)
    f, p, low, high = _tested(turned, d, residual, df, level)
    beside = 1 + max(area_part, 0.0) / residual if residual > 0 else np.nan
    return Components(
        **plain,  # type: ignore[arg-type]
        interviewer=interviewer,
        area=area_part,
        residual=residual,
        rho=interviewer / whole,
        low=low / (low + beside),
        high=1.0 if high == np.inf else high / (high + beside),
        f=f,
        df=r_a,
        df_residual=df,
        p=p,
    )


def _tested(
    turned: FloatArray, d: FloatArray, residual: float, df: int, level: float
) -> tuple[float, float, float, float]:
    r"""Give F and p of no interviewer effect, and limits of :math:`\lambda = \sigma_a^2 / \sigma_e^2`.

    :math:`\sum_k t_k^2 / (d_k (1 + d_k \lambda)) / (r \hat\sigma_e^2)` has the F distribution with r and df degrees of freedom (Harville & Fenech
    1985, equation 2.5), whatever the areas are.
    """
    from scipy import optimize, stats

    if not residual > 0:
        return np.inf, 0.0, np.nan, np.nan

    def ratio(lam: float) -> float:
        return float((turned**2 / (d * (1 + d * lam))).sum() / (len(d) * residual))

    def limit(wanted: float) -> float:
        if ratio(0.0) <= wanted:
            return 0.0
        top = 1.0
        while ratio(top) > wanted and top < 1e12:
            top *= 4
        gap: Callable[[float], float] = lambda lam: ratio(lam) - wanted  # noqa: E731
        return float(optimize.brentq(gap, 0.0, top, xtol=1e-14, rtol=1e-13)) if top < 1e12 else np.inf

    f = ratio(0.0)
    tail = (1 - level) / 2
    low, high = limit(float(stats.f.isf(tail, len(d), df))), limit(float(stats.f.ppf(tail, len(d), df)))
    return f, float(stats.f.sf(f, len(d), df)), low, high
