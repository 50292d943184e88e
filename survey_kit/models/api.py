"""The public models: check, prepare, maximise, wrap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from survey_kit import checks
from survey_kit.design import Design
from survey_kit.errors import EstimationError
from survey_kit.models import model as models
from survey_kit.models.fit import ModelFit
from survey_kit.models.problem import Question
from survey_kit.models.wrapping import fit_model
from survey_kit.types import Missing

Information = Literal["expected", "observed"]
OrderedLink = Literal["logit", "probit", "cloglog", "loglog"]


def ols(
    design: Design, formula: str, *, where: str | None = None, missing: Missing = "error", level: float = 0.95
) -> ModelFit:
    r"""Linear regression by weighted least squares.

    .. math:: \hat\beta = (X'WX)^{-1} X'Wy, \qquad z_i = (\sum_j w_j x_j x_j')^{-1} x_i (y_i - x_i'\hat\beta)

    Parameters
    ----------
    design
        The sample.
    formula
        ``"outcome ~ age + C(region) * sex + bs(income, df=4)"``, in the language of formulaic: ``C()`` makes categories of
        numbers, words and categories are categories anyway, ``:`` and ``*`` are interactions, functions such as ``np.log``,
        ``poly``, ``center`` and splines (``bs``, ``cr``) are known. The first level is the reference. Knots, centres and the
        like come from the rows used, unweighted.
    where
        Boolean column: a domain, never a row filter.
    missing
        ``"error"`` if a row of the domain that was asked lacks a value, ``"exclude"`` to make the complete rows the domain.
    level
        Confidence level of ``params``.

    Returns
    -------
    ModelFit
        Its ``params`` are `Estimates`: ``variable`` is the column of the model.

    Raises
    ------
    EstimationError
        If the formula names an unknown column, columns are collinear, values are missing or infinite, or the outcome is
        constant in the domain.

    Notes
    -----
    Pseudo-maximum likelihood and its linearised variance after Binder (1983, International Statistical Review 51, 279-292);
    on a replicate design the model is fitted again under every replicate weight. Degrees of freedom are units minus strata
    less the columns besides the intercept. Matches R ``svyglm(formula, design)``.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2], "y": [1.0, 2, 2, 4], "x": [1.0, 2, 3, 4]})
    >>> fit = sk.ols(sk.Design(frame, weight="w"), "y ~ x")
    >>> [round(float(b), 4) for b in fit.params.table["estimate"]]
    [-0.0455, 0.9545]
    """
    return _fit(design, formula, models.OLS, where=where, missing=missing, level=level)


def logit(
    design: Design,
    formula: str,
    *,
    where: str | None = None,
    missing: Missing = "error",
    offset: str | None = None,
    level: float = 0.95,
) -> ModelFit:
    r"""Logistic regression of an outcome that is 0 or 1, true or false, or one of two words.

    .. math:: \log \frac{\mu}{1 - \mu} = x'\beta, \qquad z_i = I^{-1} x_i (y_i - \mu_i), \quad
              I = \sum_j w_j \mu_j (1 - \mu_j) x_j x_j'

    Parameters and errors are those of :func:`ols`; besides,

    Parameters
    ----------
    offset
        Column added to the linear predictor.

    Raises
    ------
    EstimationError
        If the covariates tell the outcome without error in part of the rows (separation): the message names column and level.

    Notes
    -----
    Of two words the second in the order of the categories (else of the alphabet) is the event; the notes say which. Shares
    between 0 and 1 are a fractional outcome. Matches R ``svyglm(formula, design, family = quasibinomial)``.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2, 1, 2], "y": [0, 1, 0, 1, 1, 0], "x": [1.0, 2, 3, 4, 5, 6]})
    >>> fit = sk.logit(sk.Design(frame, weight="w"), "y ~ x")
    >>> [round(float(b), 4) for b in fit.params.table["estimate"]]
    [1.0061, -0.2116]
    """
    return _fit(design, formula, models.LOGIT, where=where, missing=missing, offset=offset, level=level)


def probit(
    design: Design,
    formula: str,
    *,
    where: str | None = None,
    missing: Missing = "error",
    offset: str | None = None,
    information: Information = "expected",
    level: float = 0.95,
) -> ModelFit:
    r"""Probit regression, :math:`\Phi^{-1}(\mu) = x'\beta`, of an outcome of two values.

    Parameters and errors are those of :func:`logit`; besides,

    Parameters
    ----------
    information
        ``"expected"``: the information of the variance is the expected one, as in R ``svyglm``; ``"observed"``: minus the second
        derivative, as in Stata, which is the infinitesimal jackknife.

    Notes
    -----
    Matches R ``svyglm(formula, design, family = quasibinomial("probit"))``.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2, 1, 2], "y": [0, 1, 0, 1, 1, 0], "x": [1.0, 2, 3, 4, 5, 6]})
    >>> fit = sk.probit(sk.Design(frame, weight="w"), "y ~ x")
    >>> fit.link
    'probit'
    """
    return _fit(
        design,
        formula,
        models.PROBIT,
        where=where,
        missing=missing,
        offset=offset,
        level=level,
        information=information,
    )


def cloglog(
    design: Design,
    formula: str,
    *,
    where: str | None = None,
    missing: Missing = "error",
    offset: str | None = None,
    information: Information = "expected",
    level: float = 0.95,
) -> ModelFit:
    r"""Complementary log-log regression, :math:`\log(-\log(1 - \mu)) = x'\beta`, of an outcome of two values.

    Parameters and errors are those of :func:`probit`. Matches R
    ``svyglm(formula, design, family = quasibinomial("cloglog"))``.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2, 1, 2], "y": [0, 1, 0, 1, 1, 0], "x": [1.0, 2, 3, 4, 5, 6]})
    >>> sk.cloglog(sk.Design(frame, weight="w"), "y ~ x").link
    'cloglog'
    """
    return _fit(
        design,
        formula,
        models.CLOGLOG,
        where=where,
        missing=missing,
        offset=offset,
        level=level,
        information=information,
    )


def poisson(
    design: Design,
    formula: str,
    *,
    where: str | None = None,
    missing: Missing = "error",
    offset: str | None = None,
    level: float = 0.95,
) -> ModelFit:
    r"""Poisson regression, :math:`\log \mu = x'\beta`, of an outcome that is not negative.

    Parameters and errors are those of :func:`logit`; the design-based standard errors hold whatever the variance of the
    outcome. The logarithm of an exposure goes into `offset`. Matches R ``svyglm(formula, design, family = quasipoisson)``.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2, 1, 2], "y": [0, 1, 3, 1, 4, 5], "x": [1.0, 2, 3, 4, 5, 6]})
    >>> fit = sk.poisson(sk.Design(frame, weight="w"), "y ~ x")
    >>> [round(float(b), 4) for b in fit.params.table["estimate"]]
    [-1.052, 0.4447]
    """
    return _fit(design, formula, models.POISSON, where=where, missing=missing, offset=offset, level=level)


def ordered(
    design: Design,
    formula: str,
    *,
    link: OrderedLink = "logit",
    levels: Sequence[Any] | None = None,
    where: str | None = None,
    missing: Missing = "error",
    offset: str | None = None,
    level: float = 0.95,
) -> ModelFit:
    r"""Cumulative regression of an ordered outcome: proportional odds and its kin.

    .. math:: P(y \le k) = F(\zeta_k - x'\beta)

    so that a positive coefficient means higher levels. Other parameters and errors are those of :func:`logit`.

    Parameters
    ----------
    link
        F: ``"logit"`` (proportional odds), ``"probit"``, ``"cloglog"`` :math:`1 - \exp(-e^t)` (proportional hazards) or
        ``"loglog"`` :math:`\exp(-e^{-t})`.
    levels
        The levels from low to high; needed for words. Numbers have their order, categories the declared one.

    Returns
    -------
    ModelFit
        The thresholds stand after the coefficients in ``params``, named ``low|next``, with ``category`` ``"threshold"``.

    Notes
    -----
    Our own weighted likelihood with analytic scores (McCullagh 1980, Journal of the Royal Statistical Society B 42); the
    variance rests on the observed information. Matches R ``svyolr(formula, design, method = ...)`` as far as that converges;
    R's ``"cloglog"`` there is the distribution called ``"loglog"`` here.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2, 1, 2], "y": [1, 1, 2, 3, 2, 3], "x": [1.0, 2, 3, 2, 5, 6]})
    >>> sk.ordered(sk.Design(frame, weight="w"), "y ~ x").params.table["variable"].tolist()
    ['x', '1|2', '2|3']
    """
    checks.choice(link, "link of an ordered model", tuple(models.ORDERED), EstimationError)
    return _fit(
        design,
        formula,
        models.ORDERED[link],
        where=where,
        missing=missing,
        offset=offset,
        level=level,
        levels=levels,
    )


def multinomial(
    design: Design,
    formula: str,
    *,
    base: Any = None,
    where: str | None = None,
    missing: Missing = "error",
    level: float = 0.95,
) -> ModelFit:
    r"""Multinomial logit of an outcome with several levels.

    .. math:: P(y = k) = \frac{\exp(x'\beta_k)}{\sum_l \exp(x'\beta_l)}, \qquad \beta_{base} = 0

    Other parameters and errors are those of :func:`logit`.

    Parameters
    ----------
    base
        The level the others are compared with; by default the first.

    Returns
    -------
    ModelFit
        ``category`` in ``params`` is the level compared with the base.

    Notes
    -----
    Our own weighted likelihood; expected and observed information are the same. Matches the sandwich of ``VGAM::vglm`` with
    ``multinomial`` that ``svyVGAM::svy_vglm`` computes. Degrees of freedom lose the columns of one equation.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0] * 6, "y": list("abcabc"), "x": [1.0, 2, 3, 4, 5, 5]})
    >>> sk.multinomial(sk.Design(frame, weight="w"), "y ~ x", base="b").params.table["category"].tolist()
    ['a', 'a', 'c', 'c']
    """
    return _fit(design, formula, models.MULTINOMIAL, where=where, missing=missing, level=level, base=base)


def _fit(
    design: Design,
    formula: str,
    model: models.Model,
    *,
    where: str | None,
    missing: Missing,
    level: float,
    offset: str | None = None,
    levels: Sequence[Any] | None = None,
    base: Any = None,
    information: Information = "expected",
) -> ModelFit:
    checks.choice(information, "kind of information", ("expected", "observed"), EstimationError)
    ask = Question(
        kind=model.kind,
        where=where,
        missing=missing,
        levels=levels,
        base=base,
        offset=offset,
        thresholds=model.thresholds,
    )
    return fit_model(design, formula, model, ask, level, observed=information == "observed")
