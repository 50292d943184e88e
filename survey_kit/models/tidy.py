"""Fitted models as tables in the shape the field knows, and as text."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import stdtr

from survey_kit import checks
from survey_kit.errors import EstimationError
from survey_kit.models.fit import ModelFit
from survey_kit.models.model import check_fit

if TYPE_CHECKING:
    import pandas as pd


def tidy(fit: ModelFit, *, exponentiate: bool = False) -> pd.DataFrame:
    """Coefficients as a data frame, one row each.

    Parameters
    ----------
    fit
        A model.
    exponentiate
        Give odds, rate or hazard ratios: estimate and limits exponentiated, the standard error by the delta method.
        Thresholds stay as they are.

    Returns
    -------
    DataFrame
        ``term level estimate std_error statistic p_value conf_low conf_high df``: broom's columns (Robinson 2014) with
        underscores, as marginaleffects writes them in Python, so that tables and plots made for either work on it. `level` is
        the level of the outcome or ``"threshold"``, and is left out where there is one equation only. Statistic and p-value are
        those of the coefficient, also of an exponentiated one; p from Student's t.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2, 1, 2], "y": [0, 1, 0, 1, 1, 0], "x": [1.0, 2, 3, 4, 5, 6]})
    >>> list(sk.tidy(sk.logit(sk.Design(frame, weight="w"), "y ~ x")).columns)
    ['term', 'estimate', 'std_error', 'statistic', 'p_value', 'conf_low', 'conf_high', 'df']
    """
    import pandas as pd

    check_fit(fit)
    exponentiate = checks.flag(exponentiate, "exponentiate", EstimationError)
    table = fit.params.table
    b, se, low, high, df = (
        table[name].to_numpy(dtype=np.float64) for name in ("estimate", "se", "ci_low", "ci_high", "df")
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(se > 0, b / se, np.nan)
    p = np.where(df > 0, 2.0 * stdtr(np.where(df > 0, df, 1.0), -np.abs(t)), np.nan)
    if exponentiate:
        ratio = (table["statistic"] != "threshold").to_numpy()
        with np.errstate(over="ignore"):
            se = np.where(ratio, np.exp(b) * se, se)
            b, low, high = (np.where(ratio, np.exp(part), part) for part in (b, low, high))
    out = {"term": table["variable"].astype(object)}
    if table["category"].notna().any():
        out["level"] = table["category"].astype(object)
    values = (b, se, t, p, low, high, df)
    names = ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high", "df")
    return pd.DataFrame(out | {name: pd.Series(part) for name, part in zip(names, values, strict=True)})


def glance(fit: ModelFit) -> pd.DataFrame:
    """Describe a model in one row.

    Parameters
    ----------
    fit
        A model.

    Returns
    -------
    DataFrame
        ``model link outcome n weight_sum parameters df_residual deviance null_deviance log_lik null_log_lik dispersion daic
        effective_parameters passes``. Log pseudo-likelihoods and deviances are of weights with mean one.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2, 1, 2], "y": [0, 1, 0, 1, 1, 0], "x": [1.0, 2, 3, 4, 5, 6]})
    >>> sk.glance(sk.logit(sk.Design(frame, weight="w"), "y ~ x"))[["model", "n", "parameters"]].values.tolist()
    [['logit', 6, 2]]
    """
    import pandas as pd

    check_fit(fit)
    criterion = fit.aic()
    row: dict[str, Any] = {
        "model": fit.family,
        "link": fit.link,
        "outcome": fit.outcome,
        "n": fit.n,
        "weight_sum": fit.weight_sum,
        "parameters": len(fit.theta),
        "df_residual": fit.df_residual,
        "deviance": fit.deviance,
        "null_deviance": fit.deviance_null,
        "log_lik": fit.loglik,
        "null_log_lik": fit.loglik_null,
        "dispersion": fit.dispersion,
        "daic": criterion.value,
        "effective_parameters": criterion.effective_parameters,
        "passes": fit.maximum.solution.passes,
    }
    return pd.DataFrame({name: [value] for name, value in row.items()})


def summary(fit: ModelFit, *, exponentiate: bool = False) -> str:
    """Coefficients, fit and assumptions as text."""
    table = tidy(fit, exponentiate=exponentiate)
    shown = table.to_string(
        index=False,
        na_rep="",
        formatters={"p_value": shown_p},
        float_format=lambda value: f"{value:.5g}",
    )
    lines = [f"{fit.formula}   ({_title(fit)})", "", shown, "", _fit_line(fit)]
    return "\n".join([*lines, *(f"- {note}" for note in fit.notes)])


def shown_p(value: Any) -> str:
    """Print a p-value: three decimals, or that it is smaller.

    Examples
    --------
    >>> shown_p(0.0421), shown_p(1e-9)
    ('0.042', '<0.001')
    """
    if np.isnan(value):
        return ""
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _title(fit: ModelFit) -> str:
    return fit.family if fit.link in ("identity", fit.family) else f"{fit.family}, {fit.link} link"


def _fit_line(fit: ModelFit) -> str:
    return (
        f"n = {fit.n:,}; weights {fit.weight_sum:,.6g}; degrees of freedom {fit.df_residual:g}; "
        f"log pseudo-likelihood {fit.loglik:.6g} (null {fit.loglik_null:.6g}); dispersion {fit.dispersion:.4g}"
    )


def html(fit: ModelFit) -> str:
    """Coefficients, fit and assumptions as HTML."""
    table = tidy(fit).to_html(
        index=False, border=0, na_rep="", formatters={"p_value": shown_p}, float_format=lambda value: f"{value:.5g}"
    )
    notes = "".join(f"<li>{escape(note)}</li>" for note in fit.notes)
    head = f"{escape(fit.formula)} ({escape(_title(fit))})"
    table = table.replace("<thead>", f"<caption>{head}</caption><thead>", 1)
    return f"{table}<p>{escape(_fit_line(fit))}</p><ul>{notes}</ul>"
