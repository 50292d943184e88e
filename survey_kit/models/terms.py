"""Tests of terms: Wald, and the working likelihood ratio of Rao & Scott."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit import checks
from survey_kit.errors import EstimationError, did_you_mean
from survey_kit.estimate.hypothesis_tails import f_tail, mixture_tail, saddlepoint_tail
from survey_kit.models.fit import ModelFit, TailRule, TestMethod
from survey_kit.models.newton import maximise, positive_inverse
from survey_kit.models.wrapping import restricted
from survey_kit.types import FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

SINGULAR = 1e-10  # share of a variance the other coefficients leave, below which too few units carry the covariance
_STATED = re.compile(r"C\(`?([^(),`]+)`?(?:,.*?)?\)(?=$|[\[:])")
RULES = "exact", "saddlepoint", "satterthwaite"
METHODS = {
    "wald": "Wald test",
    "adjusted_wald": "Adjusted Wald test",
    "lrt": "Working likelihood-ratio test",
    "working_wald": "Working Wald test",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TermTest:
    """A test that some coefficients are zero.

    Attributes
    ----------
    term
        What was tested.
    method
        ``"wald"``, ``"adjusted_wald"``, ``"lrt"`` or ``"working_wald"``.
    statistic
        F, or for the working tests the statistic over the mean of its eigenvalues and their number, about 1 in the long run
        when the coefficients are zero.
    df, ddf
        Numbers of coefficients and denominator degrees of freedom.
    p_value
        From the upper tail.
    chisq
        The quadratic or likelihood-ratio statistic before it was scaled, weights of mean one.
    eigenvalues
        Of the design effects of the working tests; empty for Wald.
    rule
        The reference distribution in words.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2, 1, 2], "y": [0, 1, 0, 1, 1, 0], "x": [1.0, 2, 3, 4, 5, 6]})
    >>> found = sk.logit(sk.Design(frame, weight="w"), "y ~ x").test("x")
    >>> found.df, found.ddf, found.rule
    (1, 4.0, 'F(1, 4)')
    """

    term: str
    method: str
    statistic: float
    df: int
    ddf: float
    p_value: float
    chisq: float
    eigenvalues: tuple[float, ...]
    rule: str

    def __repr__(self) -> str:
        p = "p < 1e-15" if self.p_value < 1e-15 else f"p = {self.p_value:.4g}"
        return f"{METHODS[self.method]} of {self.term}: statistic {self.statistic:.4g}, {p} ({self.rule})"


def places(fit: ModelFit, term: str | Sequence[str]) -> IntArray:
    """Places in `params` of the coefficients of terms, in all equations.

    Raises
    ------
    EstimationError
        If the model has no such term.
    """
    p = len(fit.columns)
    columns: list[int] = []
    for name in dict.fromkeys(_known(fit, said) for said in checks.names(term, "term", least=1)):
        columns += range(p)[fit.terms[name]]
    equations = len(fit.theta) // p if fit.model.kind == "nominal" else 1
    return np.asarray([e * p + j for e in range(equations) for j in columns], dtype=np.int64)


def _known(fit: ModelFit, name: str) -> str:
    """Find a term by its name, the parts of an interaction in any order, with or without C()."""
    if name in fit.terms:
        return name
    same = [term for term in fit.terms if sorted(term.split(":")) == sorted(name.replace(" ", "").split(":"))]
    same = same or [term for term in fit.terms if sorted(bare(term).split(":")) == sorted(bare(name).split(":"))]
    if len(same) != 1:
        raise EstimationError(f"The model has no term '{name}'.", fix=did_you_mean(name, fit.terms))
    return same[0]


def bare(name: str) -> str:
    """Give the name of a term or coefficient without what says that a covariate is categorical.

    Examples
    --------
    >>> bare("C(region)"), bare("age:C(region, Treatment('a'))[T.b]")
    ('region', 'age:region[T.b]')
    """
    return _STATED.sub(r"\1", name.replace(" ", ""))


def term_test(
    fit: ModelFit,
    term: str | Sequence[str],
    *,
    method: TestMethod = "wald",
    rule: TailRule = "exact",
    ddf: float | None = None,
) -> TermTest:
    r"""Test that all coefficients of a term, or of several together, are zero.

    Parameters
    ----------
    fit
        The model.
    term
        A term of the formula, such as ``"C(region)"`` or ``"age:C(sex)"``, or several; ``"region"`` finds ``C(region)``.
    method
        ``"wald"``: :math:`F = b' V^{-1} b / q` on q and the model's degrees of freedom. ``"adjusted_wald"``: times
        (d - q + 1) / d on q and d - q + 1, d the units minus strata (Korn & Graubard 1990, American Statistician 44).
        ``"lrt"``: the working likelihood ratio, twice the difference of the log pseudo-likelihoods with and without the
        columns, distributed as :math:`\sum_i \lambda_i F_i` with :math:`\lambda` the eigenvalues of
        :math:`V_0^{-1} V`, V_0 the naive covariance (Rao & Scott 1984; Lumley & Scott 2014, Australian & New Zealand Journal of
        Statistics 56, 1-14, theorem 1). ``"working_wald"``: the same reference for :math:`b' V_0^{-1} b`.
    rule
        How the tail of that sum is computed: ``"exact"`` by numerical inversion; ``"saddlepoint"``, as R does; or
        ``"satterthwaite"``, an F on :math:`(\sum \lambda)^2 / \sum \lambda^2` degrees of freedom.
    ddf
        Denominator degrees of freedom in place of the model's; ``np.inf`` for chi-square tests.

    Returns
    -------
    TermTest

    Raises
    ------
    EstimationError
        If there is no such term, or fewer units than coefficients tested.

    Notes
    -----
    Matches R ``regTermTest(model, ~term, df = ddf)`` with methods ``Wald``, ``LRT`` and ``WorkingWald``.
    """
    checks.choice(method, "test of a term", tuple(METHODS), EstimationError)
    checks.choice(rule, "rule for the tail", RULES, EstimationError)
    at = places(fit, term)
    name = " + ".join(checks.names(term, "term", least=1))
    below = fit.df_residual if ddf is None else _degrees(ddf)
    if not below > 0:
        raise _too_few(fit, name, len(at))
    found = _wald if method in ("wald", "adjusted_wald") else _working
    return found(fit, at, name, method, rule, below)


def _degrees(ddf: float) -> float:
    if isinstance(ddf, float) and ddf == np.inf:
        return ddf
    return checks.number(ddf, "ddf", "Give a number, or np.inf for a chi-square test.", EstimationError)


def _wald(fit: ModelFit, at: IntArray, name: str, method: TestMethod, _rule: TailRule, ddf: float) -> TermTest:
    b, q = fit.theta[at], len(at)
    inverse = positive_inverse(fit.params.vcov(at.tolist()), SINGULAR)
    if inverse is None:
        raise _too_few(fit, name, q)
    chisq, factor = float(b @ inverse @ b), 1.0
    if method == "adjusted_wald":
        slopes = len(fit.columns) - (0 if fit.problem.thresholds else 1)
        d = ddf + slopes
        factor, ddf = (d - q + 1) / d if np.isfinite(d) else 1.0, d - q + 1
        if not ddf > 0:
            raise _too_few(fit, name, q)
    F = factor * chisq / q
    return TermTest(
        term=name,
        method=method,
        statistic=F,
        df=q,
        ddf=ddf,
        p_value=f_tail(F, q, ddf),
        chisq=chisq,
        eigenvalues=(),
        rule=f"F({q}, {ddf:g})",
    )


def _working(fit: ModelFit, at: IntArray, name: str, method: TestMethod, rule: TailRule, ddf: float) -> TermTest:
    b, q = fit.theta[at], len(at)
    information = positive_inverse(fit.naive_cov[np.ix_(at, at)])
    if information is None:
        raise _too_few(fit, name, q)
    weights = effects(information, fit.params.vcov(at.tolist()))
    total = float(weights.sum())
    chisq = max(float(b @ information @ b) if method == "working_wald" else _ratio(fit, at), 0.0)
    if rule == "satterthwaite":
        df1 = total**2 / float(weights @ weights)
        p, said = f_tail(chisq / total, df1, ddf), f"F({df1:.3g}, {ddf:g}) after Satterthwaite"
    else:
        p = (mixture_tail if rule == "exact" else saddlepoint_tail)(chisq, weights, ddf)
        how = "numerical inversion" if rule == "exact" else "saddlepoint"
        said = f"weighted sum of {q} chi-squares over chi-square({ddf:g}), {how}"
    return TermTest(
        term=name,
        method=method,
        statistic=chisq / total,
        df=q,
        ddf=ddf,
        p_value=p,
        chisq=chisq,
        eigenvalues=tuple(weights.tolist()),
        rule=said,
    )


def effects(information: FloatArray, V: FloatArray) -> FloatArray:
    """Eigenvalues of ``information V``, largest first: generalised design effects."""
    root = np.linalg.cholesky(information)
    return np.maximum(np.linalg.eigvalsh(root.T @ V @ root)[::-1], 0.0)


def _too_few(fit: ModelFit, name: str, q: int) -> EstimationError:
    return EstimationError(
        f"There are too few units to test '{name}'.",
        found=f"{q} coefficients, {fit.df_residual:g} degrees of freedom left by the model",
        fix="Test fewer coefficients at once, or use a simpler model.",
    )


def _ratio(fit: ModelFit, at: IntArray) -> float:
    """Twice the difference of the log-likelihoods with and without some coefficients, weights of mean one."""
    without = reduced(fit, at)
    size = fit.problem.y_scale**2
    return 2.0 * size * (fit.maximum.solution.loglik - without)


def reduced(fit: ModelFit, at: IntArray) -> float:
    """Log-likelihood with the coefficients `at` held at zero."""
    p = len(fit.columns)
    gone = {int(i) % p for i in at}
    problem = fit.problem.keeping(np.asarray([j for j in range(p) if j not in gone], dtype=np.int64))
    data = problem.data
    likelihood = fit.model.likelihood(len(problem.outcome.levels), len(data.X))
    solution = maximise(likelihood, data, likelihood.start(data.X, data.y, data.w, problem.intercept))
    if not solution.settled:
        raise EstimationError(
            "The model without the term has no finite fit.", where=fit.formula, fix="Use method='wald'."
        )
    return solution.loglik


def anova(fit: ModelFit, *, method: TestMethod = "lrt") -> pd.DataFrame:
    """Test every term of a model given those before it, in the order of the formula.

    Parameters
    ----------
    fit
        The model.
    method
        As in :func:`term_test`.

    Returns
    -------
    DataFrame
        ``term method statistic df ddf p_value chisq``, one row per term. Matches R ``anova(svyglm)``: each term is tested in
        the model that ends with it.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2, 1, 2], "y": [0, 1, 0, 1, 1, 0], "x": [1.0, 2, 3, 4, 5, 6]})
    >>> sk.logit(sk.Design(frame, weight="w"), "y ~ x").anova(method="wald")["term"].tolist()
    ['x']
    """
    import pandas as pd

    shown = ["term", "method", "statistic", "df", "ddf", "p_value", "chisq"]
    kept: list[int] = []
    rows: list[dict[str, Any]] = []
    for name, columns in fit.terms.items():
        kept += range(len(fit.columns))[columns]
        if name != "Intercept":
            part = fit if len(kept) == len(fit.columns) else restricted(fit, np.asarray(kept, dtype=np.int64))
            found = term_test(part, name, method=method)
            rows.append({key: getattr(found, key) for key in shown})
    return pd.DataFrame(rows, columns=shown)
