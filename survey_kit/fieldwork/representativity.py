"""How like the issued sample the respondents are: R-indicators, the variation of propensities, balance and distance.

With rho the response propensity given what is known of every case,

    R = 1 - 2 S(rho)                        1 when everybody is equally likely to respond, 0 at worst
    CV = S(rho) / mean(rho)                 the largest bias of a mean of respondents, in standard deviations of the variable
    IMB = P^2 (xbar_r - xbar_s)' Sigma_s^-1 (xbar_r - xbar_s)
    BI = 1 - sqrt(IMB / (P (1 - P)))        1 when the respondents' means are those of the sample
    dist = sqrt(IMB) / (P (1 - P))          the distance of respondents from nonrespondents

They speak of the variables that are put in, and of nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from survey_kit import frames
from survey_kit.design import Design
from survey_kit.errors import ResponsesError
from survey_kit.fieldwork.representativity_model import (
    Auxiliary,
    auxiliary,
    fit,
    linear_fit,
    spread_bias,
    spread_variance,
)
from survey_kit.fieldwork.representativity_partial import partials
from survey_kit.language import Note
from survey_kit.types import BoolArray, Frame, LonelyPsu

if TYPE_CHECKING:
    import pandas as pd

By = Sequence[str | tuple[str, ...]]
WEIGHT = "(weight)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Imbalance:
    """How far the respondents' means of the auxiliary variables are from the sample's.

    Attributes
    ----------
    response
        P, the weighted share that responded.
    imbalance, balance, distance
        IMB, BI and dist.
    """

    response: float
    imbalance: float
    balance: float
    distance: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Representativity:
    """Indicators of the representativity of response.

    Attributes
    ----------
    cases, respondents
        How many.
    r, r_se, r_unadjusted
        The R-indicator less its bias from estimating propensities, its standard error, and the raw figure.
    cv, cv_se, cv_unadjusted
        The coefficient of variation of the propensities, likewise: the maximal absolute bias in standard deviations.
    response
        The mean propensity.
    balance
        Imbalance, balance indicator and distance.
    variables
        By variable: ``unconditional`` and ``conditional`` partial indicators (adjusted as R), raw, and the standard error of the first.
    categories
        By category: share of the sample, response, ``unconditional`` (negative: too few) and ``conditional``, with standard errors.
    notes
        How standard errors were made.
    """

    cases: int
    respondents: int
    response: float
    r: float
    r_se: float
    r_unadjusted: float
    cv: float
    cv_se: float
    cv_unadjusted: float
    balance: Imbalance
    variables: pd.DataFrame
    categories: pd.DataFrame
    notes: tuple[Note, ...] = field(default=())

    def __repr__(self) -> str:
        """Say the main figures."""
        main = f"R {self.r:.3f} (se {self.r_se:.3f}), CV {self.cv:.3f}, balance {self.balance.balance:.3f}"
        return f"<Representativity: {main}; {self.respondents:,} of {self.cases:,} cases responded>"

    def table(self) -> pd.DataFrame:
        """Give the indicators of the whole: name, value, standard error, meaning."""
        import pandas as pd

        rows = [
            ("R", self.r, self.r_se, "1: all equally likely to respond"),
            ("R, unadjusted", self.r_unadjusted, np.nan, "before the correction of bias"),
            ("CV", self.cv, self.cv_se, "largest bias of a respondent mean, in standard deviations"),
            ("response", self.response, np.nan, "mean propensity"),
            ("IMB", self.balance.imbalance, np.nan, "imbalance; 0 to P (1 - P)"),
            ("BI", self.balance.balance, np.nan, "1: respondents have the means of the sample"),
            ("distance", self.balance.distance, np.nan, "between respondents and nonrespondents"),
        ]
        return pd.DataFrame(rows, columns=["indicator", "value", "se", "meaning"])

    def _repr_html_(self) -> str:
        from html import escape

        parts = [frame.round(4).to_html(index=False) for frame in (self.table(), self.variables, self.categories)]
        return "".join(parts) + "".join(f"<p>{escape(str(note))}</p>" for note in self.notes)


def r_indicators(
    cases: Frame,
    respondent: str,
    by: By,
    *,
    weight: str | None = None,
    strata: str | None = None,
    psu: str | None = None,
    fpc: str | None = None,
    lonely_psu: LonelyPsu = "fail",
) -> Representativity:
    """Compute R-indicators, partial R-indicators, the coefficient of variation of propensities, and balance.

    Parameters
    ----------
    cases
        One row for each eligible case.
    respondent
        The boolean column of who responded.
    by
        Columns of categories known of every case: main effects of a logistic model; a tuple is crossed.
    weight, strata, psu, fpc, lonely_psu
        The design of the sample, as in :class:`survey_kit.Design`; equal weights when none are given. With `psu` the covariance of the
        coefficients is the design's, else the model's.

    Raises
    ------
    ResponsesError
        If a variable is missing somewhere; if everybody or nobody of a category responded (it is named); if all or none responded.

    Notes
    -----
    Schouten, Cobben & Bethlehem (2009), Survey Methodology 35, 101-113 (R, maximal bias); bias and standard error: Shlomo, Skinner &
    Schouten (2012), Journal of Statistical Planning and Inference 142, 201-211; partial indicators: Schouten, Shlomo & Skinner (2011), Journal
    of Official Statistics 27, 231-253; CV: de Heij, Schouten & Shlomo (2015), RISQ manual 2.1. The standard error of an unconditional
    partial indicator of a category is its linearisation under the design; balance: Sarndal (2011), Journal of Official Statistics 27,
    1-21; Sarndal & Lundquist (2014), Journal of Survey Statistics and Methodology 2, 361-387.

    Examples
    --------
    >>> import pandas as pd
    >>> cases = pd.DataFrame({"town": ["a"] * 50 + ["b"] * 50, "here": [True] * 40 + [False] * 10 + [True] * 20 + [False] * 30})
    >>> made = r_indicators(cases, "here", ["town"])
    >>> round(made.r_unadjusted, 4), made.categories["unconditional"].round(4).tolist()
    (0.598, [0.1414, -0.1414])
    """
    design, answered = _read(cases, respondent, weight, strata, psu, fpc, lonely_psu)
    return measured(design, auxiliary(design, by), answered, clustered=psu is not None)


def measured(
    design: Design, known: Auxiliary, answered: BoolArray, *, clustered: bool, detailed: bool = True
) -> Representativity:
    """Compute the indicators of coded cases; without `detailed` the partial ones are left out."""
    model = fit(design, known, answered, clustered=clustered)
    n, total, mean = len(answered), float(model.weight.sum()), model.mean
    raw = model.variance * total / (total - 1)
    bias = spread_bias(design, known, model)
    kept = max(0.0, 1 - bias / raw) if raw > 0 else 0.0
    spread = float(np.sqrt(raw * kept))
    r_variance = spread_variance(design, known, model) / model.variance if model.variance > 1e-20 else float("nan")
    cv = spread / mean
    variables, categories = partials(design, known, model, answered, kept, clustered=clustered) if detailed else _none()
    how = "model_units" if clustered else "model_cases"
    return Representativity(
        cases=n,
        respondents=int(answered.sum()),
        response=mean,
        r=1 - 2 * spread,
        r_se=float(np.sqrt(r_variance)),
        r_unadjusted=1 - 2 * float(np.sqrt(raw)),
        cv=cv,
        cv_se=float(np.sqrt(0.25 * r_variance / mean**2 + cv**4 / n)),
        cv_unadjusted=float(np.sqrt(raw)) / mean,
        balance=balance_of(design, known, answered),
        variables=variables,
        categories=categories,
        notes=(Note("progress", how, {"names": ", ".join(known.names)}),),
    )


def imbalance(cases: Frame, respondent: str, by: By, *, weight: str | None = None) -> Imbalance:
    """Compute imbalance, balance indicator and distance; they need no propensities, so they hold from the first day on.

    Notes
    -----
    Sarndal (2011), Journal of Official Statistics 27, 1-21, section 5; Sarndal & Lundquist (2014), section 3. IMB is the variance of the
    least-squares prediction of response.

    Examples
    --------
    >>> import pandas as pd
    >>> cases = pd.DataFrame({"town": ["a"] * 50 + ["b"] * 50, "here": [True] * 40 + [False] * 10 + [True] * 20 + [False] * 30})
    >>> made = imbalance(cases, "here", ["town"])
    >>> round(made.response, 2), round(made.imbalance, 4), round(made.balance, 4), round(made.distance, 4)
    (0.6, 0.04, 0.5918, 0.8333)
    """
    design, answered = _read(cases, respondent, weight, None, None, None, "fail")
    return balance_of(design, auxiliary(design, by), answered)


def balance_of(design: Design, known: Auxiliary, answered: BoolArray) -> Imbalance:
    """Compute the balance of coded cases."""
    w = design.layout.weight
    weight, yes = known.sums(w), known.sums(w * answered)
    share = float(yes.sum() / weight.sum())
    made = float(weight @ (linear_fit(known, weight, yes) - share) ** 2 / weight.sum())
    most = share * (1 - share)
    return Imbalance(
        response=share,
        imbalance=made,
        balance=1 - float(np.sqrt(min(made / most, 1.0))),
        distance=float(np.sqrt(made)) / most,
    )


def _read(
    cases: Frame,
    respondent: str,
    weight: str | None,
    strata: str | None,
    psu: str | None,
    fpc: str | None,
    lonely_psu: LonelyPsu,
) -> tuple[Design, BoolArray]:
    if weight is None:
        weight, cases = WEIGHT, frames.with_column(cases, WEIGHT, np.ones(frames.row_count(cases)))
    design = Design(cases, weight=weight, strata=strata, psu=psu, fpc=fpc, lonely_psu=lonely_psu)
    answered = frames.flags(design.frame, respondent, "respondent")
    if answered.all() or not answered.any():
        raise ResponsesError(
            f"{'Everybody' if answered.all() else 'Nobody'} responded, so response cannot be unbalanced.",
            where=f"column '{respondent}'",
            fix="Give all issued cases, respondents and others.",
        )
    return design, answered


def _none() -> tuple[pd.DataFrame, pd.DataFrame]:
    import pandas as pd

    return pd.DataFrame(), pd.DataFrame()
