"""Reliability of a scale under a sampling design: Cronbach's alpha, ordinal alpha, omega."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np

from survey_kit import checks
from survey_kit.design import Design
from survey_kit.errors import EstimationError
from survey_kit.estimate.columns import By, make_ask
from survey_kit.estimate.estimates import Estimates
from survey_kit.scales.coefficients import Evaluated, Formula, alpha_formula
from survey_kit.scales.estimating import Quantity, ReliabilityInterval, scale_estimates
from survey_kit.scales.items import ItemMissing, Reverse, take_items
from survey_kit.scales.matrices import covariances
from survey_kit.scales.one_factor import DISCREPANCIES, FactorMethod, fit_one_factor
from survey_kit.scales.polychoric import polychoric
from survey_kit.types import FloatArray

#: Residual correlations larger than this, root mean square, speak against one factor (Hu & Bentler 1999).
POOR_FIT = 0.08


def alpha(
    design: Design,
    items: Sequence[str],
    *,
    by: By = None,
    where: str | None = None,
    missing: ItemMissing = "error",
    reverse: Reverse = None,
    standardized: bool = False,
    details: bool = False,
    interval: ReliabilityInterval = "bonett",
    level: float = 0.95,
) -> Estimates:
    r"""Cronbach's alpha of a sum of items.

    .. math:: \hat\alpha = \frac{k}{k - 1} \left( 1 - \frac{\sum_j S_{jj}}{\sum_{jl} S_{jl}} \right), \qquad
              z_i = \frac{1}{\sum w_i} \sum_{jl} \frac{\partial \hat\alpha}{\partial S_{jl}}
              \left( e_{ij} e_{il} - S_{jl} \right)

    with S the weighted covariance matrix of the k items and e the answers less their means.

    Parameters
    ----------
    design
        The sample.
    items
        Two numeric columns or more.
    by
        Column or columns whose levels are domains.
    where
        Boolean column: a domain, never a row filter.
    missing
        ``"error"`` if an asked item lacks an answer. ``"listwise"``: the domain of rows that answered every item.
        ``"pairwise"``: every covariance on the rows that answered both.
    reverse
        Items to turn round and the ends of their scale: ``{"distrust": (1, 5)}``.
    standardized
        Alpha of the correlations.
    details
        Add the mean correlation between items (category ``"mean correlation"``) and, with three items or more, alpha
        without each item (category: the item).
    interval
        ``"bonett"``: limits on the scale of :math:`\log(1 - \hat\alpha)`, and Fisher's for the mean correlation.
        ``"wald"``: estimate -+ t SE.
    level
        Confidence level.

    Returns
    -------
    Estimates
        One row per domain, or more with details; ``variable`` names the items. `n` counts the rows behind it, or behind
        the pair with the fewest.

    Raises
    ------
    EstimationError
        If fewer than two items are named, or answers contradict `missing` or `reverse`.

    Notes
    -----
    Cronbach (1951), Psychometrika 16, 297-334; the influence is the derivative by every weight, so that the SE is that of
    R ``withReplicates`` up to the replicates' own noise, and the point that of ``svycralpha``. Not all that alpha measures
    is consistency: it is a lower bound of the reliability when errors are uncorrelated (Sijtsma 2009, Psychometrika 74,
    107-120). An item with a negative item-rest correlation is named in the notes.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2, 1, 3], "a": [1, 2, 3, 4, 5, 3], "b": [2, 1, 3, 5, 4, 3]})
    >>> frame["c"] = [5, 5, 2, 1, 2, 3]
    >>> row = sk.alpha(sk.Design(frame, weight="w"), ("a", "b", "c"), reverse={"c": (1, 5)}).table.iloc[0]
    >>> [round(float(row[name]), 4) for name in ("estimate", "se", "ci_low", "ci_high")]
    [0.9507, 0.0092, 0.9202, 0.9696]
    """
    checks.choice(interval, "interval", get_args(ReliabilityInterval), EstimationError)
    standardized = checks.flag(standardized, "standardized", EstimationError)
    details = checks.flag(details, "details", EstimationError)
    found = take_items(design, items, missing, where, reverse)
    ask = make_ask(by, where, "wald", level, None, "error")
    name = "standardized_alpha" if standardized else "alpha"
    quantities = _alpha_rows(found.names, name, details)
    return scale_estimates(design, found, ask, covariances, alpha_formula(standardized, details), quantities, interval)


def ordinal_alpha(
    design: Design,
    items: Sequence[str],
    *,
    by: By = None,
    where: str | None = None,
    missing: ItemMissing = "error",
    reverse: Reverse = None,
    details: bool = False,
    interval: ReliabilityInterval = "bonett",
    level: float = 0.95,
) -> Estimates:
    r"""Alpha of the polychoric correlations of ordered items (Zumbo, Gadermann & Zeisser 2007).

    Parameters and result are those of :func:`alpha`. The correlations are those of normal variables that are thought to
    stand behind the answers; weighted margins give the thresholds, weighted maximum likelihood each correlation
    (Olsson 1979). What they cost is in the standard error: margins and scores are one stacked estimating equation.

    Notes
    -----
    Journal of Modern Applied Statistical Methods 6, 21-29. It says how reliable the sum of the *latent* variables would be,
    not the sum of the answers as they are, and is higher than alpha (Chalmers 2018, Educational and Psychological
    Measurement 78, 1056-1071). Empty cells are left as they are (R ``psych::polychoric(correct = 0)``). An empty corner that
    puts a correlation at 1 or -1 leaves the domain ``undefined``, and a note says so.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"a": [0, 0, 1, 1, 2, 2, 1, 0], "b": [0, 1, 1, 2, 2, 1, 0, 0], "w": 1.0})
    >>> row = sk.ordinal_alpha(sk.Design(frame, weight="w"), ("a", "b")).table.iloc[0]
    >>> round(float(row["estimate"]), 4), row["statistic"]
    (0.8174, 'ordinal_alpha')
    """
    checks.choice(interval, "interval", get_args(ReliabilityInterval), EstimationError)
    details = checks.flag(details, "details", EstimationError)
    found = take_items(design, items, missing, where, reverse)
    ask = make_ask(by, where, "wald", level, None, "error")
    quantities = _alpha_rows(found.names, "ordinal_alpha", details)
    return scale_estimates(design, found, ask, polychoric, alpha_formula(False, details), quantities, interval)


def omega(
    design: Design,
    items: Sequence[str],
    *,
    by: By = None,
    where: str | None = None,
    missing: ItemMissing = "error",
    reverse: Reverse = None,
    ordinal: bool = False,
    method: FactorMethod = "ml",
    interval: ReliabilityInterval = "bonett",
    level: float = 0.95,
) -> Estimates:
    r"""Omega total of a one-factor model.

    .. math:: \hat\omega = \frac{(\sum_j \lambda_j)^2}{(\sum_j \lambda_j)^2 + \sum_j \psi_j}, \qquad
              \Sigma = \lambda \lambda' + \operatorname{diag} \psi

    fitted to the weighted covariance matrix. Parameters and result are those of :func:`alpha`, with three items or more.

    Parameters
    ----------
    ordinal
        Fit the polychoric correlations instead: omega of the latent variables, with the caution of :func:`ordinal_alpha`.
    method
        ``"ml"``: maximum likelihood. ``"uls"``: unweighted least squares, which also takes a matrix that is not positive
        definite, as polychoric and pairwise ones can be.

    Notes
    -----
    McDonald (1999), Test Theory, eq. 6.20b. The influence follows from the estimating equations of the model by implicit
    differentiation; the model need not hold, but where its residual correlations exceed 0.08 (root mean square; Hu &
    Bentler 1999, Structural Equation Modeling 6, 1-55) a note says so. No proper solution - no convergence, a uniqueness of
    zero or below (Heywood case) - leaves the domain ``undefined`` with the reason in the notes. Omega hierarchical, which
    needs several group factors, is not computed.

    Examples
    --------
    >>> import numpy as np, pandas as pd, survey_kit as sk
    >>> rng = np.random.default_rng(1)
    >>> trait = rng.normal(size=2000)
    >>> frame = pd.DataFrame({name: trait + rng.normal(size=2000) for name in "abcd"}).assign(w=1.0)
    >>> row = sk.omega(sk.Design(frame, weight="w"), list("abcd")).table.iloc[0]  # 16 / (16 + 4) = 0.8 in the population
    >>> round(float(row["estimate"]), 2), round(float(row["se"]), 2)
    (0.8, 0.01)
    """
    checks.choice(interval, "interval", get_args(ReliabilityInterval), EstimationError)
    ordinal = checks.flag(ordinal, "ordinal", EstimationError)
    checks.choice(method, "method of fitting", tuple(DISCREPANCIES), EstimationError)
    found = take_items(design, items, missing, where, reverse, least=3)
    ask = make_ask(by, where, "wald", level, None, "error")
    quantity = Quantity(
        variable=",".join(found.names), category=None, statistic="ordinal_omega" if ordinal else "omega", kind="bonett"
    )
    source = polychoric if ordinal else covariances
    formula = _omega_formula(method, found.names)
    return scale_estimates(design, found, ask, source, formula, [quantity], interval)


def _alpha_rows(names: Sequence[str], statistic: str, details: bool) -> list[Quantity]:
    scale = ",".join(names)
    out = [Quantity(variable=scale, category=None, statistic=statistic, kind="bonett")]
    if details:
        out.append(Quantity(variable=scale, category="mean correlation", statistic="mean_correlation", kind="fisher"))
        without = names if len(names) > 2 else ()
        out += [
            Quantity(variable=scale, category=name, statistic=f"{statistic}_without", kind="bonett") for name in without
        ]
    return out


def _omega_formula(method: FactorMethod, names: Sequence[str]) -> Formula:
    def formula(S: FloatArray) -> Evaluated:
        k = len(S)
        fit = fit_one_factor(S, method)
        if isinstance(fit, str):
            said = fit
            for j, name in enumerate(names):
                said = said.replace(f"item {j + 1} ", f"'{name}' ")
            return Evaluated(values=np.full(1, np.nan), gradients=np.zeros((1, k, k)), problems=(said,))
        common, unique = fit.loadings.sum(), fit.uniqueness.sum()
        total = common**2 + unique
        slope = np.concatenate([np.full(k, 2 * common * unique), np.full(k, -(common**2))]) / total**2
        poor = f"one factor fits poorly (root mean square residual correlation above {POOR_FIT})"
        return Evaluated(
            values=np.array([common**2 / total]),
            gradients=fit.pull(slope)[None],
            problems=(poor,) if fit.residual > POOR_FIT else (),
        )

    return formula
