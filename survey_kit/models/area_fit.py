"""The result of an area model: estimates, what they are made of, and the words that go with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit.estimate import Estimates, from_fixed
from survey_kit.types import FloatArray, Interval

if TYPE_CHECKING:
    import pandas as pd

    from survey_kit.models.area_diagnostics import AreaDiagnostics

MOST_NAMED = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AreaFit:
    """A small area model: its estimates with their mean squared errors, and what the model contributes to each.

    Attributes
    ----------
    estimates
        One row per area: estimate, root of the mean squared error as ``se``, interval from the normal distribution. Their
        covariance holds the cross products of the errors, so sums and differences of areas are linear maps.
    table
        One row per area on the published scale: ``area n direct direct_se synthetic gamma estimate rmse source``; ``gamma`` is
        the weight of the direct estimate, 0 where there is no sample, and ``direct_se`` the sampling error the model used.
    modelled
        The same on the scale of the model: ``y D synthetic theta gamma g1 g2 g3 correction mse slope``, the mean squared error
        being ``g1 + g2 + 2 g3 - correction`` and `slope` the derivative of the way back to the published scale.
    coefficients
        ``term estimate se z p`` of the regression.
    components
        Variances the model estimated.
    log_likelihood, aic, bic
        Of the full (not restricted) likelihood at the estimates; one parameter per coefficient and variance.
    model, method, scale
        What was fitted, how, and on which scale.
    mse : (M, M)
        Mean squared errors and cross products of the published estimates.
    gap : (M, M)
        Covariance of direct minus model estimate under the model, on its scale; zero without a sample.
    heterogeneity
        Statistic and degrees of freedom (F; infinite second ones: chi-squared over its df) of the test that nothing but the
        covariates varies between areas.
    notes
        What a reader has to know, in words; also part of `estimates`.

    Examples
    --------
    >>> import survey_kit as sk
    >>> fit = sk.fay_herriot([4.0, 6, 5, 9, 7], variance=[1.0] * 5)
    >>> fit.estimates.table["estimate"].round(3).tolist()
    [4.595, 6.054, 5.324, 8.243, 6.784]
    """

    estimates: Estimates
    table: pd.DataFrame
    modelled: pd.DataFrame
    coefficients: pd.DataFrame
    components: dict[str, float]
    log_likelihood: float
    aic: float
    bic: float
    model: str
    method: str
    scale: str
    mse: FloatArray
    gap: FloatArray
    heterogeneity: tuple[float, float, float]
    notes: tuple[str, ...]

    def diagnostics(self, level: float = 0.95) -> AreaDiagnostics:
        """Tell where the model does the work and whether it fits; see :func:`area_diagnostics`."""
        from survey_kit.models.area_diagnostics import area_diagnostics

        return area_diagnostics(self, level=level)

    def __repr__(self) -> str:
        return f"{self.table.to_string(index=False)}\n{'; '.join(self.notes)}"

    def _repr_html_(self) -> str:
        from html import escape

        shown = self.table.to_html(index=False, float_format=lambda x: f"{x:.4f}", na_rep="", border=0)
        return f"{shown}<p>{escape('; '.join(self.notes))}</p>"


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaHead:
    """How the areas are named in a result: key column, labels, variable, category, bases and sums of weights (M,)."""

    key: str
    areas: tuple[Any, ...]
    variable: Any
    category: Any
    n: FloatArray
    weight_sum: FloatArray
    library: str = "pandas"


def area_estimates(
    head: AreaHead,
    estimate: FloatArray,
    mse: FloatArray,
    sources: list[str],
    *,
    level: float,
    interval: Interval,
    notes: tuple[str, ...],
) -> Estimates:
    """Wrap the predictions of areas with the matrix of their mean squared errors (M, M)."""
    values, vectors = np.linalg.eigh(0.5 * (mse + mse.T))
    size = len(estimate)
    return from_fixed(
        head={
            head.key: list(head.areas),
            "variable": [head.variable] * size,
            "category": [head.category] * size,
        },
        statistic=sources,
        estimate=estimate,
        factor=np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T,
        df=np.full(size, np.inf),
        n=head.n,
        weight_sum=head.weight_sum,
        level=level,
        interval=interval,
        notes=notes,
        library=head.library,
    )


def published_table(
    head: AreaHead, direct: tuple[FloatArray, FloatArray], gamma: FloatArray, synthetic: FloatArray, est: Estimates
) -> pd.DataFrame:
    """Give `AreaFit.table`: direct estimates with their standard errors beside those of the model."""
    import pandas as pd

    return pd.DataFrame(
        {
            "area": pd.Series(list(head.areas), dtype=object),
            "n": head.n,
            "direct": direct[0],
            "direct_se": direct[1],
            "synthetic": synthetic,
            "gamma": gamma,
            "estimate": est.table["estimate"].to_numpy(dtype=np.float64),
            "rmse": est.table["se"].to_numpy(dtype=np.float64),
            "source": est.table["statistic"].tolist(),
        }
    )


def modelled_table(solution: Any, y: FloatArray, D: FloatArray, gamma: FloatArray, slope: FloatArray) -> pd.DataFrame:
    """Give `AreaFit.modelled` from the solution of either model."""
    import pandas as pd

    parts = {name: getattr(solution, name) for name in ("g1", "g2", "g3", "correction")}
    return pd.DataFrame(
        {"y": y, "D": D, "synthetic": solution.synthetic, "theta": solution.theta, "gamma": gamma}
        | parts
        | {"mse": np.diag(solution.mse), "slope": slope}
    )


def coefficient_table(names: tuple[str, ...], beta: FloatArray, covariance: FloatArray) -> pd.DataFrame:
    """Give ``term estimate se z p`` of a regression, p from the normal distribution's tail."""
    import pandas as pd
    from scipy.special import ndtr

    se = np.sqrt(np.diag(covariance))
    z = np.divide(beta, se, out=np.full_like(beta, np.nan), where=se > 0)
    return pd.DataFrame({"term": list(names), "estimate": beta, "se": se, "z": z, "p": 2.0 * ndtr(-np.abs(z))})


def shares_note(areas: tuple[Any, ...], gamma: FloatArray, sampled: Any) -> list[str]:
    """Say where the model does more than half of the work, and where all of it."""
    mostly = [str(a) for a, g, s in zip(areas, gamma, sampled, strict=True) if s and g < 0.5]
    wholly = [str(a) for a, s in zip(areas, sampled, strict=True) if not s]
    out = []
    if mostly:
        out.append(f"the model is more than half of the estimate in {len(mostly)} areas: {_named(mostly)}")
    if wholly:
        out.append(f"no sample, the estimate is all model in {len(wholly)} areas: {_named(wholly)}")
    return out


def _named(names: list[str]) -> str:
    return ", ".join(names[:MOST_NAMED]) + (", ..." if len(names) > MOST_NAMED else "")
