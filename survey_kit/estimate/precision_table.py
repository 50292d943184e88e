"""How precise estimates are, and why: design and misspecification effects, effective sample size, reliability."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from inspect import signature
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from survey_kit import checks, frames
from survey_kit.design import Design
from survey_kit.errors import EstimationError
from survey_kit.estimate import reliability
from survey_kit.estimate.domains import cells
from survey_kit.estimate.estimates import Estimates
from survey_kit.estimate.margins import ALL
from survey_kit.estimate.shares import PEOPLE
from survey_kit.types import Deff, FloatArray, Frame

Rule: TypeAlias = Literal["nchs_2017", "nchs_2023", "cv_bands"]
#: The rule for each statistic; others have none, since a coefficient of variation says nothing about what may be zero.
_RULES: dict[str, Rule] = {
    "proportion": "nchs_2017",
    "share of people": "nchs_2017",
    "count": "nchs_2023",
    **dict.fromkeys(
        (
            "mean",
            "total",
            "ratio",
            "share of an amount",
            "variance",
            "sd",
            "geometric_mean",
            "gini",
            "mean_absolute_deviation",
        ),
        "cv_bands",
    ),
}


def precision(
    statistic: Callable[..., Estimates],
    design: Design,
    *args: Any,
    reference: Deff = "srswr",
    rule: Rule | None = None,
    **options: Any,
) -> Frame:
    r"""Say how precise estimates are, what the design and the weights cost, and whether to publish.

    Parameters
    ----------
    statistic
        Any statistic with a `deff` argument: ``mean``, ``proportion``, ``total``, ``variance`` ...
    design
        The sample.
    args, options
        What the statistic takes beside the design: names, `by`, `where`, `missing` ...
    reference
        What the design effect compares with: simple random sampling with (``"srswr"``) or without replacement
        (``"srswor"``).
    rule
        How reliability is judged: ``"nchs_2017"`` for shares, ``"nchs_2023"`` for counts, ``"cv_bands"`` of Statistics
        Canada. By default the one for the statistic; a mean of a variable that is 0 or 1 is better called a share.

    Returns
    -------
    frame
        In the library of the design's frame, one row per estimate: the `by` columns, ``variable``, ``category``,
        ``statistic``, ``estimate``, ``se``, ``df``, ``n`` and

        - ``cv``: SE over the estimate.
        - ``deff``, ``deft``: variance over that of a simple random sample of the same size, and its root (Kish 1965,
          section 8.2).
        - ``meff``, ``meft``: variance over what somebody would compute who takes the rows for equally weighted, independent
          draws, and its root (Skinner 1989, in Skinner, Holt & Smith, Analysis of Complex Surveys, chapter 2).
        - ``n_effective``: n over ``deff``, the simple random sample of the same precision.
        - ``deff_kish``: :math:`n \sum w^2 / (\sum w)^2`, what unequal weights alone would cost a variable unrelated to them
          (Kish 1992, Journal of Official Statistics 8, 183-200), of all members of the domain.
        - ``reliability``, ``reliability_rule``, ``reliability_reason``: publish, caution, review or suppress; by which rule;
          and why.

    Notes
    -----
    A design effect says what the design does to the variance, a misspecification effect what ignoring the design does to the
    reported one. They differ when weights move the point or the spread.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [2.0, 2, 3, 3], "town": [1, 1, 2, 3], "y": [1.0, 0, 1, 1]})
    >>> row = sk.precision(sk.mean, sk.Design(frame, weight="w", psu="town"), "y").iloc[0]
    >>> [round(float(row[name]), 3) for name in ("se", "deff", "meff", "n_effective", "deff_kish")]
    [0.18, 0.608, 0.518, 6.584, 1.04]
    """
    checks.choice(reference, "reference for deff", get_args(Deff), EstimationError)
    if rule is not None:
        checks.choice(rule, "rule", get_args(Rule), EstimationError)
    _takes_deff(statistic)
    est = statistic(design, *args, deff=reference, **options)
    plain = statistic(_independent(design), *args, deff="srswr", **options)
    table = est.table
    numbers = {name: table[name].to_numpy(dtype=np.float64) for name in ("estimate", "se", "df", "n", "cv", "deff")}
    with np.errstate(invalid="ignore", divide="ignore"):
        simple = plain.table["se"].to_numpy(dtype=np.float64) ** 2 / plain.table["deff"].to_numpy(dtype=np.float64)
        meff = np.where(simple > 0, numbers["se"] ** 2 / simple, np.nan)
        effective = numbers["n"] / numbers["deff"]
    people = plain.table["estimate"].to_numpy(dtype=np.float64) / float(design.layout.weight.mean())
    out = table[[*est.keys, "variable", "category", "statistic", "estimate", "se", "df", "n", "cv", "deff"]].copy()
    out["deft"] = np.sqrt(numbers["deff"])
    out["meff"], out["meft"] = meff, np.sqrt(meff)
    out["n_effective"] = effective
    out["deff_kish"] = _kish(design, est, options.get("where"))
    rules = [rule or _rule_of(*pair) for pair in zip(table["statistic"], table["variable"], strict=True)]
    verdicts = _judged(rules, numbers, people)
    for name, values in zip(("reliability", "reliability_rule", "reliability_reason"), verdicts, strict=True):
        out[name] = values
    if est.backend == "pandas":
        return out
    data = {name: out[name].astype(object).where(out[name].notna(), None).tolist() for name in out.columns}
    return frames.from_columns(data, est.backend)


def _takes_deff(statistic: Callable[..., Estimates]) -> None:
    if not callable(statistic):
        raise EstimationError("This is no statistic.", found=checks.shown(statistic), fix="Give sk.mean or the like.")
    parameters = signature(statistic).parameters
    if "deff" not in parameters and not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        name = getattr(statistic, "__name__", repr(statistic))
        raise EstimationError(
            f"'{name}' has no design effect.", fix="Use a statistic with a deff argument: mean, proportion, total ..."
        )


def _independent(design: Design) -> Design:
    """Give the same rows as if drawn one by one with one weight, whose sum is kept."""
    rows = design.frame if design.source is None else design.source
    plain = Design(rows, weight=design.weight, wave=design.wave, lonely_psu="certainty")
    equal = np.full(design.n, design.layout.weight.mean())
    object.__setattr__(plain, "layout", replace(plain.layout, weight=equal, base_weight=equal))
    return plain


def _kish(design: Design, est: Estimates, where: str | None) -> FloatArray:
    """Design effect of the weights of all members of each row's domain; a margin's domain is that of its other keys."""
    columns = [est.table[key].tolist() for key in est.keys]
    rows = [
        tuple((key, value) for key, value in zip(est.keys, values, strict=True) if value != ALL)
        for values in (zip(*columns, strict=True) if columns else [()] * len(est.table))
    ]
    known: dict[tuple[tuple[str, Any], ...], float] = {}
    for keys in dict.fromkeys(tuple(key for key, _ in row) for row in rows):
        found = cells(design, keys, where)
        w = design.layout.weight[found.rows]
        n, first, second = (np.bincount(found.code, weights=part, minlength=found.size) for part in (w**0, w, w**2))
        effect = np.divide(n * second, first**2, out=np.full(found.size, np.nan), where=first != 0).tolist()
        for cell, value in enumerate(effect):
            known[tuple((key, found.keys[key][cell]) for key in keys)] = value
    return np.array([known.get(row, np.nan) for row in rows])


def _rule_of(statistic: str, variable: str) -> Rule | None:
    if statistic == "share":
        statistic = "share of people" if variable == PEOPLE else "share of an amount"
    return _RULES.get(statistic)


def _judged(told: list[Rule | None], numbers: dict[str, FloatArray], people: FloatArray) -> tuple[Any, Any, Any]:
    """Give class, rule and reason of every row."""
    size = len(told)
    estimate, se, df, n = (numbers[name] for name in ("estimate", "se", "df", "n"))
    rules = np.array(told, dtype=object)
    off = estimate[(rules == "nchs_2017") & ((estimate < 0) | (estimate > 1))]
    if len(off):
        raise EstimationError(
            "The rule 'nchs_2017' is for shares between 0 and 1.",
            found=f"an estimate of {off[0]:.4g}",
            fix="Use rule='cv_bands'.",
        )
    verdict, reason = np.full(size, "none", dtype=object), np.full(size, "", dtype=object)
    judges: dict[Rule, Callable[[Any], reliability.Verdict]] = {
        "nchs_2017": lambda at: reliability.of_shares(estimate[at], se[at], df[at], n[at]),
        "nchs_2023": lambda at: reliability.of_counts(estimate[at], se[at], df[at], people[at]),
        "cv_bands": lambda at: reliability.of_means(estimate[at], se[at], df[at]),
    }
    for name, judge in judges.items():
        at = rules == name
        if at.any():
            judged = judge(at)
            verdict[at], reason[at] = judged.reliability, judged.reason
    return verdict, rules, reason
