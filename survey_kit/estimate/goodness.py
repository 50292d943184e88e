"""Goodness of fit of one item's shares to a known distribution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from survey_kit import checks
from survey_kit.design import Design
from survey_kit.errors import EstimationError, did_you_mean
from survey_kit.estimate.association_table import TABLE_TESTS, Evidence, above_rounding, quadratic_form
from survey_kit.estimate.columns import By, categorical, make_ask
from survey_kit.estimate.estimates import Estimates
from survey_kit.estimate.grouped import estimate
from survey_kit.estimate.hypothesis import Test, TestResult, make_result
from survey_kit.estimate.statistics import PROPORTION, TOTAL
from survey_kit.types import FloatArray, IntArray, Missing

NAN = float("nan")


def goodness_of_fit(
    design: Design,
    y: str,
    expected: Mapping[Any, float] | Sequence[float],
    *,
    statistic: str = "F",
    of: Literal["pearson", "likelihood"] = "pearson",
    effects: Literal["expected", "observed"] = "expected",
    by: By = None,
    where: str | None = None,
    missing: Missing = "error",
    level: float = 0.95,
) -> TestResult:
    r"""Test that the shares of an item's levels are those expected.

    .. math:: X^2 = n \sum_j (\hat p_j - p_{0j})^2 / p_{0j}, \qquad
              \text{design effects: eigenvalues of } n D_0^{-1/2} \hat V D_0^{-1/2}

    with D_0 the diagonal of p_0 and V the covariance of the shares; their sum and squares correct X2 to first or second order.

    Parameters
    ----------
    design
        The sample.
    y
        Column with two levels or more.
    expected
        Share of every level, by level or in their order; scaled to sum to 1.
    statistic
        ``"F"`` (Rao-Scott of second order), ``"chisq"`` (first order), ``"lincom"``, ``"saddlepoint"``, ``"wald"``,
        ``"adjusted_wald"``; as for :meth:`Crosstab.test`.
    of
        Pearson's X2 or the likelihood ratio.
    effects
        ``"expected"``: design effects as above. ``"observed"``: from the covariance of :math:`(O - E) / \sqrt E` at the observed
        counts O, with :math:`E = p_0 \sum O` estimated: the convention of R ``svygofchisq``, which refers to df2 infinite.
    by, where, missing, level
        As for :func:`proportion`.

    Returns
    -------
    TestResult
        `estimates` are the shares.

    Raises
    ------
    EstimationError
        If a level lacks an expected share, or one is not positive.

    Notes
    -----
    Rao & Scott (1981), Journal of the American Statistical Association 76, 221-230; Thomas & Rao (1987), ibid. 82, 630-636.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2, 1, 3, 2], "vote": list("aabbcca")})
    >>> result = sk.goodness_of_fit(sk.Design(frame, weight="w"), "vote", {"a": 0.5, "b": 0.3, "c": 0.2})
    >>> print(result)
    Rao-Scott test of fit (vote), second order: F = 0.2509, df = 1.756 and 10.539, p = 0.7553
    """
    checks.choice(statistic, "test of fit", tuple(TABLE_TESTS), EstimationError)
    checks.choice(of, "chi-square", ("pearson", "likelihood"), EstimationError)
    checks.choice(effects, "place of the design effects", ("expected", "observed"), EstimationError)
    ask = make_ask(by, where, "korn_graubard", level, None, missing)
    variables = categorical(design, y, missing, where)
    p0 = _expected(expected, [variable.category for variable in variables], y)
    est = estimate(design, PROPORTION, variables, ask)
    observed = effects == "observed"
    plain = make_ask(by, where, "wald", level, None, missing)
    counts = estimate(design, TOTAL, variables, plain) if observed else est
    k = len(p0)
    kind = TABLE_TESTS[statistic]
    theta, n, df = (est.table[name].to_numpy(dtype=np.float64) for name in ("estimate", "n", "df"))
    head = {key: est.table[key].to_numpy(dtype=object)[::k].tolist() for key in ask.by}
    rows: list[Test] = []
    notes: list[str] = []
    for d in range(len(est.table) // k):
        at = np.arange(d * k, (d + 1) * k)
        if not np.isfinite(theta[at]).all():
            rows.append((NAN, NAN, NAN, NAN, n[at[0]], str(est.table["status"].iloc[at[0]])))
            continue
        V = est.vcov(at.tolist())
        weights = _observed_effects(counts, at, p0) if observed else _expected_effects(V, p0)
        evidence = _evidence(theta[at], V, p0, weights, (float(n[at[0]]), float(df[at[0]])))
        found, reasons = kind.run(evidence, of)
        place = ", ".join(f"{key} {values[d]}" for key, values in head.items())
        notes += [f"{place}: {note}" if place else note for note in reasons]
        rows.append((found.statistic, found.df1, found.df2, found.p, n[at[0]], found.status))
    said = ", ".join(f"{variable.category} {share:.4g}" for variable, share in zip(variables, p0, strict=True))
    method = kind.method.format(what=f"fit ({y})")
    return make_result(
        rows=rows,
        head=head,
        name="G2" if of == "likelihood" and kind.name == "X2" else kind.name,
        method=method + (", likelihood ratio" if of == "likelihood" and not kind.from_totals else ""),
        estimates=est,
        notes=[f"expected shares: {said}", *notes],
    )


def _expected(expected: Mapping[Any, float] | Sequence[float], levels: list[Any], y: str) -> FloatArray:
    """Give the expected shares (k,) in the order of the levels, with sum 1."""
    if isinstance(expected, Mapping):
        unknown = [level for level in expected if level not in levels]
        lacking = [level for level in levels if level not in expected]
        if unknown or lacking:
            fix = did_you_mean(str(unknown[0]), levels) if unknown else "Give every level its share."
            found = f"no level '{unknown[0]}'" if unknown else f"no share for '{lacking[0]}'"
            raise EstimationError(f"The expected shares do not fit the levels of '{y}'.", found=found, fix=fix)
        values = [expected[level] for level in levels]
    else:
        if isinstance(expected, str) or not hasattr(expected, "__len__"):
            raise EstimationError(
                "The expected shares are a mapping or a list.",
                found=checks.shown(expected),
                fix=f"Give {{{levels[0] if levels else ''!r}: 0.5, ...}}.",
            )
        values = list(expected)
        if len(values) != len(levels):
            raise EstimationError(
                f"The expected shares do not fit the levels of '{y}'.",
                found=f"{len(values)} shares, {len(levels)} levels: {', '.join(map(str, levels[:8]))}",
                fix="Give one share per level, or a mapping from level to share.",
            )
    shares = checks.floats(values, "expected", "Give every level a number.", EstimationError)
    if len(shares) < 2 or not (np.isfinite(shares).all() and (shares > 0).all()):
        raise EstimationError(
            "Expected shares are two or more positive numbers.",
            found=", ".join(map(str, values[:8])),
            fix="Group levels.",
        )
    return np.asarray(shares / shares.sum())


def _expected_effects(V: FloatArray, p0: FloatArray) -> FloatArray:
    """Eigenvalues of ``D0^-1/2 V D0^-1/2`` (k - 1,), per interview; that of the constant sum is zero."""
    half = 1 / np.sqrt(p0)
    return np.asarray(np.maximum(np.linalg.eigvalsh(V * np.outer(half, half)), 0.0)[1:])


def _observed_effects(counts: Estimates, at: IntArray, p0: FloatArray) -> FloatArray:
    """Eigenvalues (k,) of the covariance of ``(O - E) / sqrt(E)``, E = p0 sum O, by the delta method at O; per interview."""
    T = counts.table["estimate"].to_numpy(dtype=np.float64)[at]
    E = p0 * T.sum()
    J = (np.eye(len(T)) - p0[:, None]) / np.sqrt(E)[:, None] - (p0 * (T - E) / (2 * E**1.5))[:, None]
    return np.asarray(np.maximum(np.linalg.eigvalsh(J @ counts.vcov(at.tolist()) @ J.T) / T.sum(), 0.0))


def _evidence(p: FloatArray, V: FloatArray, p0: FloatArray, effects: FloatArray, size: tuple[float, float]) -> Evidence:
    n, df = size
    ratio = np.where(p > 0, p / p0, 1.0)
    return Evidence(
        pearson=n * float(((p - p0) ** 2 / p0).sum()),
        likelihood=2 * n * float((p * np.log(ratio)).sum()),
        weights=above_rounding(n * effects),
        wald=lambda: quadratic_form((p - p0)[:-1], V[:-1, :-1]),
        df=df,
    )
