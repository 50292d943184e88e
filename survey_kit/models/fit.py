"""A fitted model: its coefficients are estimates, and it knows how to be asked further."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from survey_kit import checks
from survey_kit.design import Design
from survey_kit.errors import EstimationError, did_you_mean
from survey_kit.estimate.estimates import Estimates
from survey_kit.models import fitting
from survey_kit.models.columns import of_frame
from survey_kit.models.fitting import Maximum
from survey_kit.models.formula import materialise
from survey_kit.models.model import Model
from survey_kit.models.problem import Problem
from survey_kit.types import FloatArray, Frame, IntArray

if TYPE_CHECKING:
    import pandas as pd

    from survey_kit.models.criteria import Criterion
    from survey_kit.models.terms import TermTest

TestMethod = Literal["wald", "adjusted_wald", "lrt", "working_wald"]
TailRule = Literal["exact", "saddlepoint", "satterthwaite"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelFit:
    """A model fitted under a design.

    Attributes
    ----------
    design, formula
        What was fitted on what.
    model
        Name, link and likelihood.
    params
        The coefficients as `Estimates`: ``variable`` is the column of the model, ``category`` the level of the outcome
        (multinomial) or ``"threshold"`` (ordered); contrasts, intervals at another level and maps are those of `Estimates`.
    problem, maximum
        The arrays behind the fit.
    loglik, loglik_null
        Log pseudo-likelihood of the model and of its intercept alone, weights of mean one over the rows used, so that they
        are on the scale of n rows. Of a linear model with the variance that maximises it.
    deviance, deviance_null
        Twice the distance from the saturated model; the weighted sum of squares of a linear model.

    Notes
    -----
    Weights enter divided by their mean over the rows used; their scale and the order of rows do not matter.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2, 1, 2], "y": [0, 1, 0, 1, 1, 0], "x": [1.0, 2, 3, 4, 5, 6]})
    >>> fit = sk.logit(sk.Design(frame, weight="w"), "y ~ x")
    >>> fit.params.table["variable"].tolist(), fit.n, fit.df_residual
    (['Intercept', 'x'], 6, 4.0)
    """

    design: Design
    formula: str
    model: Model
    params: Estimates
    problem: Problem
    maximum: Maximum
    loglik: float
    loglik_null: float
    deviance: float
    deviance_null: float

    # ------------------------------------------------------------------------------------------------------ what it is
    @property
    def family(self) -> str:
        """Name of the model."""
        return self.model.name

    @property
    def link(self) -> str:
        """Name of the link."""
        return self.model.link

    @property
    def outcome(self) -> str:
        """Left side of the formula."""
        return self.problem.outcome.name

    @property
    def levels(self) -> tuple[Any, ...]:
        """Levels of the outcome: low to high, the base first, or the event last; empty for numbers."""
        return self.problem.outcome.levels

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns of X (p,)."""
        return self.problem.columns

    @property
    def terms(self) -> dict[str, slice]:
        """Columns of each term of the formula."""
        return self.problem.terms

    @property
    def spec(self) -> Any:
        """The specification of the right side (formulaic's ModelSpec)."""
        return self.problem.spec

    @property
    def rows(self) -> IntArray:
        """Rows of the design that were used (m,)."""
        return self.problem.rows

    @property
    def n(self) -> int:
        """Count the rows used."""
        return len(self.problem.rows)

    @property
    def weight_sum(self) -> float:
        """Sum of their weights."""
        return self.problem.weight_sum

    @property
    def theta(self) -> FloatArray:
        """Parameters (K,), in the order of `params`."""
        return self.maximum.theta

    @property
    def naive_cov(self) -> FloatArray:
        """Inverse information (K, K), weights of mean one: the covariance if the design were ignored, but for dispersion."""
        return self.maximum.naive_cov

    @property
    def df_residual(self) -> float:
        """Degrees of freedom: units minus strata of the domain, less the columns besides the intercept."""
        return float(self.params.table["df"].iloc[0])

    @property
    def dispersion(self) -> float:
        """Pearson's statistic over n minus parameters, weights of mean one; 1 for ordered and multinomial models.

        Of a linear model the residual variance. The design-based standard errors do not use it.
        """
        left = self.n - len(self.theta)
        if self.model.family is None:
            return 1.0
        return fitting.pearson(self.model, self.maximum, self.problem) / left if left > 0 else float("nan")

    @property
    def notes(self) -> tuple[str, ...]:
        """Assumptions and treatments in words."""
        return self.params.notes

    # --------------------------------------------------------------------------------------------------------- matrices
    @property
    def X(self) -> FloatArray:  # noqa: N802  # the letter of the formulas
        """Matrix (m, p) of the rows used, made when asked for."""
        data = self.problem.data
        centre, scale = data.basis
        X = data.X * scale[:, None] + centre[:, None]
        return (X if data.cell is None else X[:, data.cell]).T

    @property
    def y(self) -> FloatArray:
        """Outcome (m,) of the rows used: numbers, or codes of `levels`."""
        y = self.problem.data.y * self.problem.y_scale + self.problem.y_centre
        return y if self.problem.data.cell is None else y[self.problem.data.cell]

    @property
    def weights(self) -> FloatArray:
        """Weights (m,) of the rows used, mean one."""
        w = self.design.layout.weight[self.problem.rows]
        return w / self.problem.mean_weight

    @property
    def linear_predictor(self) -> FloatArray:
        """Linear predictor of the rows used: (m,), or (levels - 1, m) of a multinomial model; thresholds not in it."""
        return self.predictor(self.X, self.offset)

    @property
    def offset(self) -> FloatArray | None:
        """Offset (m,) of the rows used."""
        data = self.problem.data
        return data.offset if data.offset is None or data.cell is None else data.offset[data.cell]

    def predictor(self, X: FloatArray, offset: FloatArray | None = None) -> FloatArray:
        """Linear predictor of the rows of a matrix (r, p): (r,), or (levels - 1, r) of a multinomial model."""
        X, offset = self._matrix(X, offset)
        p = len(self.columns)
        eta = self.theta.reshape(-1, p) @ X.T if self.model.kind == "nominal" else self.theta[:p] @ X.T
        return eta if offset is None else eta + offset

    def fitted(self, X: FloatArray, offset: FloatArray | None = None, theta: FloatArray | None = None) -> FloatArray:
        """Mean (1, r), or probability of every level (L, r), for the rows of a matrix (r, p)."""
        X, offset = self._matrix(X, offset)
        theta = self.theta if theta is None else _shaped(theta, "theta", self.theta.shape, "one number per parameter")
        return self.maximum.likelihood.fitted(theta, np.ascontiguousarray(X.T), offset)

    def _matrix(self, X: FloatArray, offset: FloatArray | None) -> tuple[FloatArray, FloatArray | None]:
        """Check a matrix (r, p) and its offset."""
        rows = np.shape(X)[0] if isinstance(X, np.ndarray) and X.ndim else len(X) if isinstance(X, (list, tuple)) else 0
        X = _shaped(X, "X", (rows, len(self.columns)), "a matrix with the columns of the fit, as predict_matrix gives")
        if offset is None or (isinstance(offset, (int, float)) and not isinstance(offset, bool)):
            return X, None if offset is None else np.full(rows, float(offset))
        return X, _shaped(offset, "offset", (rows,), "one number per row")

    def predict_matrix(self, frame: Frame) -> FloatArray:
        """Matrix (r, p) of new data.

        Raises
        ------
        EstimationError
            If a column is absent, a value missing, or a category was not there when the model was fitted.
        """
        from survey_kit import frames

        names = [name for name in self.problem.parsed.names if name in self._needed]
        known = frames.columns(frame)
        for name in names:
            if name not in known:
                raise EstimationError(f"The new data have no column '{name}'.", fix=did_you_mean(name, known))
        source, m = of_frame(frame), frames.row_count(frame)
        for name in names:
            was = self.problem.kinds[name]
            if (was == "number") != source.numeric(name):
                raise EstimationError(
                    f"'{name}' held {'numbers' if was == 'number' else 'words'} when the model was fitted.",
                    found="words" if was == "number" else "numbers",
                    fix="Recode it.",
                )
            absent = source.missing(name)
            if absent.any():
                raise EstimationError(
                    f"'{name}' is missing in the new data.",
                    found=f"{int(absent.sum())} of {m} rows",
                    fix="Leave those rows out.",
                )
        made = materialise(self.spec, source.frame(names, np.arange(m)), self.formula)
        return np.asarray(made[list(self.columns)].to_numpy(dtype=np.float64))

    @property
    def _needed(self) -> set[str]:
        from survey_kit.models.formula import columns_of

        return set(columns_of(self.problem.parsed.right, self.formula, self.problem.parsed.names))

    # ------------------------------------------------------------------------------------------------- asking further
    def influence(self) -> FloatArray:
        """Influence (m, K) of the rows used on the parameters, per unit of the design's weight."""
        return fitting.influence(self.maximum, self.problem).T

    def refit(self, weight: FloatArray) -> FloatArray:
        """Parameters (K,) under other weights (n,) of the design's rows."""
        weight = _shaped(weight, "weight", (self.design.n,), "one weight per row of the design")
        if not weight[self.rows].sum() > 0:
            raise EstimationError("The weights do not add up to more than zero.", fix="Give other weights.")
        return fitting.refit(self.maximum, self.problem, weight)

    def at(self, term: str | Sequence[str]) -> IntArray:
        """Places in `params` of the coefficients of one term or several, in all equations."""
        from survey_kit.models.terms import places

        return places(self, term)

    def test(
        self,
        term: str | Sequence[str],
        *,
        method: TestMethod = "wald",
        rule: TailRule = "exact",
        ddf: float | None = None,
    ) -> TermTest:
        """Test that all coefficients of a term (or of several together) are zero.

        See :func:`survey_kit.models.terms.term_test` for the methods and rules.
        """
        from survey_kit.models.terms import term_test

        return term_test(self, term, method=method, rule=rule, ddf=ddf)

    def anova(self, *, method: TestMethod = "lrt") -> pd.DataFrame:
        """Test every term after those before it; see :func:`survey_kit.models.terms.anova`."""
        from survey_kit.models.terms import anova

        return anova(self, method=method)

    def aic(self) -> Criterion:
        """Design-based AIC; see :func:`survey_kit.models.criteria.aic`."""
        from survey_kit.models.criteria import aic

        return aic(self)

    def bic(self, maximal: ModelFit | None = None) -> Criterion:
        """Design-based BIC beside a maximal model; see :func:`survey_kit.models.criteria.bic`."""
        from survey_kit.models.criteria import bic

        return bic(self, self if maximal is None else maximal)

    def tidy(self, *, exponentiate: bool = False) -> pd.DataFrame:
        """One row per coefficient; see :func:`survey_kit.tidy`."""
        from survey_kit.models.tidy import tidy

        return tidy(self, exponentiate=exponentiate)

    def glance(self) -> pd.DataFrame:
        """One row for the model; see :func:`survey_kit.glance`."""
        from survey_kit.models.tidy import glance

        return glance(self)

    def summary(self, *, exponentiate: bool = False) -> str:
        """Coefficients, fit and assumptions as text."""
        from survey_kit.models.tidy import summary

        return summary(self, exponentiate=exponentiate)

    def __repr__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        from survey_kit.models.tidy import html

        return html(self)


def _shaped(value: Any, name: str, shape: tuple[int, ...], what: str) -> FloatArray:
    """Return finite numbers of a shape."""
    fix = f"Give {what}."
    out = checks.floats(value, name, fix, EstimationError)
    if out.shape != shape:
        raise EstimationError(f"'{name}' has the wrong shape.", found=f"{out.shape}, not {shape}", fix=fix)
    if not np.isfinite(out).all():
        raise EstimationError(f"'{name}' holds missing or infinite values.", fix=fix)
    return out
