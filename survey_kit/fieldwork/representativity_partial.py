"""Partial R-indicators: which variable, and which of its categories, makes response unrepresentative.

With N_h / N the share of category h and rho_h its mean propensity,

    unconditional   P_u(Z, h) = sqrt(N_h / N) (rho_h - rho),   P_u(Z)^2 = sum_h P_u(Z, h)^2     spread between the categories
    conditional     P_c(Z, h)^2 = sum_(i in h) (rho_i - rho_others(i))^2 / N,  P_c(Z)^2 = sum_h   spread within the cells of the others

Schouten, Shlomo & Skinner (2011), Journal of Official Statistics 27, 231-253.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from survey_kit.design import Design
from survey_kit.fieldwork.representativity_model import Auxiliary, Fitted, covariance, fit, spread_variance
from survey_kit.types import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd


def partials(
    design: Design, known: Auxiliary, model: Fitted, answered: BoolArray, kept: float, *, clustered: bool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compute the partial indicators by variable and by category; `kept` is the share of the variance that is no bias."""
    import pandas as pd

    variables: list[tuple[object, ...]] = []
    categories: list[pd.DataFrame] = []
    for v, name in enumerate(known.names):
        share, response, between, between_se = unconditional(design, known, v, answered)
        within, within_se = conditional(design, known, model, v)
        p_u, p_c = float(np.sqrt(between @ between)), float(np.sqrt(within @ within))
        se = _one_variable(design, known, v, answered, clustered=clustered)
        variables.append((name, p_u * np.sqrt(kept), se, p_u, p_c * np.sqrt(kept), p_c))
        rows = {
            "variable": name,
            "category": known.levels[v],
            "share": share,
            "response": response,
            "unconditional": between,
            "unconditional_se": between_se,
            "conditional": within,
            "conditional_se": within_se,
        }
        categories.append(pd.DataFrame(rows))
    names = ["variable", "unconditional", "se", "unconditional_unadjusted", "conditional", "conditional_unadjusted"]
    return pd.DataFrame(variables, columns=names), pd.concat(categories, ignore_index=True)


def unconditional(
    design: Design, known: Auxiliary, v: int, answered: BoolArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    r"""Compute share, response, unconditional partial indicator and its standard error of each category (H,).

    The propensities of a category average to its response. The influence of a row on :math:`\sqrt{f_h} (m_h - m)` is

    .. math:: z = \frac{(\delta_h - f_h)(m_h - m)}{2 \sqrt{f_h} N} + \sqrt{f_h} \left( \frac{\delta_h (r - m_h)}{N f_h} - \frac{r - m}{N} \right)
    """
    w, code, size = design.layout.weight, known.code[v], len(known.levels[v])
    total = float(w.sum())
    f = np.bincount(code, weights=w, minlength=size) / total
    m = np.bincount(code, weights=w * answered, minlength=size) / (total * f)
    mean = float(f @ m)
    member = (code[:, None] == np.arange(size)).astype(np.float64)
    r = answered.astype(np.float64)[:, None]
    z = (member - f) * (m - mean) / (2 * np.sqrt(f) * total)
    z += np.sqrt(f) * (member * (r - m) / (f * total) - (r - mean) / total)
    return f, m, np.sqrt(f) * (m - mean), np.sqrt(np.diag(covariance(design, z)))


def conditional(design: Design, known: Auxiliary, model: Fitted, v: int) -> tuple[FloatArray, FloatArray]:
    """Compute the conditional partial indicator of each category (H,) and its standard error (RISQ manual 2.1)."""
    others = _others(known, v)
    size = int(others.max()) + 1
    heavy = np.bincount(others, weights=model.weight, minlength=size)

    def centred(values: FloatArray) -> FloatArray:
        means = np.bincount(others, weights=model.weight * values, minlength=size) / heavy
        return np.asarray(values - means[others])

    apart = centred(model.p)
    z = np.stack([centred(column) for column in model.z.T], axis=1)
    total = float(model.weight.sum())
    out, se = [], []
    for h in range(len(known.levels[v])):
        member = (known.of_cell[v] == h).astype(np.float64)
        heavy_here = model.weight * member
        spread = float(heavy_here @ apart**2)
        a, both = z.T @ (heavy_here * apart), z.T @ (z * heavy_here[:, None]) @ model.sigma
        drawn = float(covariance(design, (apart**2 * member)[known.cell][:, None])[0, 0])
        variance = float(4 * a @ model.sigma @ a + 2 * np.trace(both @ both) + drawn)
        out.append(np.sqrt(spread / total))
        se.append(0.5 * np.sqrt(variance / (total * spread)) if spread > 1e-20 * total else np.nan)
    return np.array(out), np.array(se)


def _others(known: Auxiliary, v: int) -> IntArray:
    """Give numbers to the cells (C,) of the variables beside one."""
    cell = np.zeros(known.of_cell.shape[1], dtype=np.int64)
    for k, code in enumerate(known.of_cell):
        if k != v:
            _, cell = np.unique(cell * len(known.levels[k]) + code, return_inverse=True)
    return cell.astype(np.int64)


def _one_variable(design: Design, known: Auxiliary, v: int, answered: BoolArray, *, clustered: bool) -> float:
    """Give the standard error of an unconditional indicator: half that of the R-indicator of the variable alone."""
    size = len(known.levels[v])
    alone = Auxiliary(
        names=known.names[v : v + 1],
        levels=known.levels[v : v + 1],
        code=known.code[v : v + 1],
        cell=known.code[v],
        of_cell=np.arange(size)[None, :],
        x=np.concatenate([np.ones((size, 1)), np.eye(size)[:, 1:]], axis=1),
    )
    model = fit(design, alone, answered, clustered=clustered)
    if model.variance <= 1e-20:
        return float("nan")
    return 0.5 * float(np.sqrt(spread_variance(design, alone, model) / model.variance))
