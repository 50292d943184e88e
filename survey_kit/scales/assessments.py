"""Two sides that judge the same things: their ratings side by side, and how far they agree.

An internal and an external monitoring of the same measures are worth more together than apart, if both are shown and their agreement is
measured and not assumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from survey_kit import checks
from survey_kit.errors import EstimationError, did_you_mean
from survey_kit.frames import to_pandas
from survey_kit.types import Code, FloatArray, Frame

if TYPE_CHECKING:
    import pandas as pd

Weights = Literal["quadratic", "linear"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SideBySide:
    """What two sides said of the same things.

    Attributes
    ----------
    table
        One row for each thing and rating: how many assessors of each side, their medians and means, the difference second less first.
    agreement
        One row for each rating: the things both sides rated, agreement, weighted kappa and mean difference with their limits, and
        Krippendorff's alpha of all assessors and within each side (ordinal).
    notes
        What was set aside.
    """

    table: pd.DataFrame
    agreement: pd.DataFrame
    sides: tuple[str, str]
    notes: tuple[str, ...] = ()

    def _repr_html_(self) -> str:
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        return (
            f"<p><b>{escape(self.sides[0])} and {escape(self.sides[1])}</b></p>{self.agreement.round(3).to_html(index=False)}"
            f"{self.table.round(2).to_html(index=False, max_rows=60)}<ul>{notes}</ul>"
        )


def side_by_side(
    assessments: Frame,
    ratings: Sequence[str],
    *,
    unit: str,
    side: str,
    sides: tuple[Code, Code] = (1, 2),
    labels: tuple[str, str] = ("internal", "external"),
    assessor: str | None = None,
    level: float = 0.95,
) -> SideBySide:
    r"""Set the ratings of two sides beside each other and measure their agreement.

    A side's rating of a thing is the median of its assessors. Cohen's weighted kappa of the pairs of medians, with weights
    :math:`1 - ((i - j) / (K - 1))^2` over the distinct ratings, has the standard error of leaving out each thing; so has the mean
    difference. Things that one side alone rated stand in the table and count for nothing else.

    Parameters
    ----------
    assessments
        One row for each assessment: the thing, the side, the assessor, one column for each rating (numbers; empty where not given).
    ratings
        The columns with ratings.
    unit, side, assessor
        The columns of the thing assessed, of the side, and of the assessor's pseudonym.
    sides, labels
        The codes of the two sides, and what to call them.
    level
        Confidence level.

    Raises
    ------
    EstimationError
        If a column is missing, or an assessor rated a thing twice.

    Notes
    -----
    Cohen (1968), Psychological Bulletin 70, 213-220; Krippendorff (2019), chapter 12. With three things or fewer no limits are given.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> seen = pd.DataFrame({"measure": [1, 1, 2, 2, 3, 3, 4, 4], "side": [1, 2] * 4, "delivery": [5, 4, 4, 4, 3, 2, 5, 5]})
    >>> both = sk.side_by_side(seen, ["delivery"], unit="measure", side="side")
    >>> both.table["difference"].tolist(), round(float(both.agreement["kappa"][0]), 3)
    ([-1.0, 0.0, -1.0, 0.0], 0.765)
    """
    import pandas as pd

    checks.level(level)
    frame = to_pandas(assessments)
    for name in (*ratings, unit, side, *([assessor] if assessor else [])):
        if name not in frame:
            raise EstimationError(
                f"There is no column '{name}'.", fix=did_you_mean(name, list(map(str, frame.columns)))
            )
    if assessor is not None and (twice := frame.duplicated([unit, side, assessor])).any():
        row = frame[twice].iloc[0]
        found = f"assessor {row[assessor]}, {unit} {row[unit]}; {int(twice.sum())} rows too many"
        raise EstimationError("An assessor rated a thing twice.", found=found, fix="Keep the last assessment.")
    known = frame[side].isin(sides)
    notes = [f"{int((~known).sum())} assessments of neither side are set aside"] if not known.all() else []
    frame = frame[known]
    tables, rows = [], []
    for rating in ratings:
        one = _table(frame, rating, unit, side, sides, labels)
        tables.append(one)
        rows.append(
            {"rating": rating, **_agreement(one, labels, level), **_alphas(frame, rating, unit, side, sides, labels)}
        )
    return SideBySide(
        table=pd.concat(tables, ignore_index=True), agreement=pd.DataFrame(rows), sides=labels, notes=tuple(notes)
    )


def weighted_kappa(first: FloatArray, second: FloatArray, weights: Weights = "quadratic") -> float:
    r"""Give Cohen's weighted kappa of paired ratings; not a number when both sides gave one value throughout.

    .. math:: \kappa_w = 1 - \frac{\sum_u d(x_u, y_u) / n}{\sum_{i,j} p_{i \cdot} p_{\cdot j} d(i, j)}

    with d the squared (``quadratic``) or absolute (``linear``) difference.

    Notes
    -----
    Cohen (1968), Psychological Bulletin 70, 213-220.

    Examples
    --------
    >>> weighted_kappa(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 2.0]))
    0.6666666666666667
    """
    power = 2 if weights == "quadratic" else 1
    observed = (np.abs(first - second) ** power).mean()
    expected = (np.abs(first[:, None] - second[None, :]) ** power).mean()
    return float(1 - observed / expected) if expected > 0 else float("nan")


def _table(
    frame: pd.DataFrame, rating: str, unit: str, side: str, sides: tuple[Code, Code], labels: tuple[str, str]
) -> pd.DataFrame:
    import pandas as pd

    out = pd.DataFrame({unit: sorted(frame[unit].dropna().unique())})
    out.insert(0, "rating", rating)
    for code, label in zip(sides, labels, strict=True):
        grouped = frame[frame[side] == code].groupby(unit)[rating]
        out[f"{label}_n"] = out[unit].map(grouped.count()).fillna(0).astype(int)
        out[f"{label}_median"] = out[unit].map(grouped.median()).astype(float)
        out[f"{label}_mean"] = out[unit].map(grouped.mean()).astype(float)
    out["difference"] = out[f"{labels[1]}_median"] - out[f"{labels[0]}_median"]
    return out


def _agreement(table: pd.DataFrame, labels: tuple[str, str], level: float) -> dict[str, Any]:
    both = table.dropna(subset=["difference"])
    first, second = (both[f"{label}_median"].to_numpy(dtype=np.float64) for label in labels)
    n = len(both)
    out: dict[str, Any] = {"both": n, "one_side_only": len(table) - n}
    if not n:
        return out
    gap = np.abs(second - first)
    out |= {"equal": float((gap == 0).mean()), "within_one": float((gap <= 1).mean())}
    out |= _limits("kappa", weighted_kappa(first, second), [_without(first, second, u) for u in range(n)], level)
    mean = float((second - first).mean())
    rest = [float(np.delete(second - first, u).mean()) if n > 1 else float("nan") for u in range(n)]
    return out | _limits("difference", mean, rest, level)


def _without(first: FloatArray, second: FloatArray, u: int) -> float:
    return weighted_kappa(np.delete(first, u), np.delete(second, u)) if len(first) > 1 else float("nan")


def _limits(name: str, estimate: float, without: list[float], level: float) -> dict[str, float]:
    """Give an estimate with the standard error of leaving out each unit, and Student's t."""
    from scipy import stats

    again = np.array(without)
    n = len(again)
    se = (
        float(np.sqrt((n - 1) / n * ((again - again.mean()) ** 2).sum()))
        if n > 3 and np.isfinite(again).all()
        else np.nan
    )
    reach = float(stats.t.ppf((1 + level) / 2, n - 1)) * se if n > 3 else np.nan
    return {name: estimate, f"{name}_se": se, f"{name}_low": estimate - reach, f"{name}_high": estimate + reach}


def _alphas(
    frame: pd.DataFrame, rating: str, unit: str, side: str, sides: tuple[Code, Code], labels: tuple[str, str]
) -> dict[str, float]:
    """Give Krippendorff's alpha of all assessors, and of those of each side."""
    out = {"alpha_all": _alpha(frame, rating, unit)}
    for code, label in zip(sides, labels, strict=True):
        out[f"alpha_{label}"] = _alpha(frame[frame[side] == code], rating, unit)
    return out


def _alpha(frame: pd.DataFrame, rating: str, unit: str) -> float:
    """Give the ordinal alpha of whoever rated a thing; not a number when nothing was rated twice."""
    from survey_kit.scales.krippendorff import krippendorff_alpha

    given = frame.dropna(subset=[rating])
    numbered = given.assign(_place=given.groupby(unit).cumcount())
    wide = numbered.pivot_table(index=unit, columns="_place", values=rating)
    if (wide.notna().sum(axis=1) >= 2).sum() < 2:
        return float("nan")
    return float(
        krippendorff_alpha(wide.to_numpy(dtype=np.float64), "ordinal", interval="jackknife").table["estimate"].iloc[0]
    )
