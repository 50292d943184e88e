"""Tests hold their level on clustered samples, and tables keep their rules on samples nobody thought of."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import survey_kit as sk
from survey_kit.estimate.association_measures import MEASURES, valued
from survey_kit.estimate.association_table import TABLE_TESTS
from survey_kit.estimate.hypothesis_tails import chi2_tail

RUNS = 300
# nominal 5 %, four Monte-Carlo standard errors to either side, and a hundredth more for approximations on 20 degrees of freedom
BAND = 4 * np.sqrt(0.05 * 0.95 / RUNS)
LOWEST, HIGHEST = 0.05 - BAND, 0.05 + BAND + 0.01


def clustered(rng: np.random.Generator) -> pd.DataFrame:
    """24 PSUs in 4 strata whose members resemble each other in every item, the items having nothing to do with each other."""
    size = rng.integers(6, 20, 24)
    psu = np.repeat(np.arange(24), size)
    n = len(psu)

    def effect() -> np.ndarray:
        return rng.normal(size=24)[psu]

    frame = pd.DataFrame({"psu": psu, "s": psu // 6, "w": rng.uniform(1, 2, 24)[psu] * rng.uniform(0.8, 1.25, n)})
    frame["a"] = np.digitize(1.2 * effect() + rng.normal(size=n), [-0.5, 0.5])
    frame["b"] = np.digitize(1.2 * effect() + rng.normal(size=n), [-0.7, 0.2])
    frame["g"] = (0.6 * effect() + rng.normal(size=n) > 0).astype(int)
    frame["y"] = effect() + rng.normal(size=n)
    return frame


def test_levels_of_tests_on_clustered_samples() -> None:
    """Would catch a missing design effect, a df too many, a one-sided tail. Pearson's test as for a simple random sample fails by far."""
    rng = np.random.default_rng(77)
    rejected: Counter[str] = Counter()
    for _ in range(RUNS):
        design = sk.Design(clustered(rng), weight="w", strata="s", psu="psu")
        table = sk.crosstab(design, "a", "b")
        found = {name: table.test(name).p for name in ("F", "lincom", "saddlepoint", "adjusted_wald")}
        found["likelihood"] = table.test("F", "likelihood").p
        found["t"] = sk.ttest(design, "y", "g").p
        found["ranks"] = sk.rank_test(design, "y", "a").p
        p = table.wide("table").to_numpy()
        expected = np.outer(p.sum(axis=1), p.sum(axis=0))
        naive = len(design.frame) * ((p - expected) ** 2 / expected).sum()
        found["naive"] = chi2_tail(naive, 4)
        rejected.update(name for name, value in found.items() if value < 0.05)
    shares = {name: rejected[name] / RUNS for name in found}
    assert shares.pop("naive") > 0.25
    assert all(LOWEST <= share <= HIGHEST for share in shares.values()), shares


@st.composite
def samples(draw: st.DrawFn) -> sk.Design:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    units = draw(st.integers(4, 20))
    psu = np.repeat(np.arange(units), rng.integers(1, 8, units))
    n = len(psu)
    R, C = draw(st.integers(1, 4)), draw(st.integers(1, 5))  # noqa: N806
    frame = pd.DataFrame({"psu": psu, "s": psu * 2 // units, "w": rng.lognormal(0, draw(st.floats(0, 2)), n)})
    frame["a"], frame["b"] = rng.integers(0, R, n), rng.integers(0, C, n)
    if draw(st.booleans()):
        frame["b"] = np.where(frame["a"] == 0, 0, frame["b"])
    frame["dom"] = rng.integers(0, 2, n)
    return sk.Design(frame, weight="w", strata="s", psu="psu", lonely_psu="certainty")


@given(samples())
def test_tables_add_up_and_tests_do_not_depend_on_the_side(design: sk.Design) -> None:
    """Shares add to 1, their covariances to 0; p lies in 0 to 1; turning the table changes no test; no warning is given."""
    table, turned = sk.crosstab(design, "a", "b", by="dom"), sk.crosstab(design, "b", "a", by="dom")
    cells = table.cells.table.groupby("dom")["estimate"].sum()
    np.testing.assert_allclose(cells, 1.0, rtol=1e-12)
    K = len(table.cells.table) // cells.size  # noqa: N806
    V = table.cells.vcov()  # noqa: N806
    np.testing.assert_allclose(V[:K].reshape(K, -1, K).sum(axis=2), 0.0, atol=1e-12)
    assert np.linalg.eigvalsh(V).min() >= -1e-12
    for name in TABLE_TESTS:
        one, two = table.test(name).table, turned.test(name).table
        assert one["status"].tolist() == two["status"].tolist()
        ok = one["status"] == "ok"
        assert one.loc[ok, "p"].between(0, 1).all()
        assert one.loc[~ok, "p"].isna().all()
        np.testing.assert_allclose(one.loc[ok, "p"], two.loc[ok, "p"], rtol=1e-5, atol=1e-9)


@given(
    hnp.arrays(np.float64, st.tuples(st.integers(2, 5), st.integers(2, 5)), elements=st.floats(0.01, 1.0)),
    st.sampled_from(sorted(MEASURES)),
)
def test_measures_keep_to_their_scales(p: np.ndarray, name: str) -> None:
    """Between their bounds, zero for independent items, and with a gradient that does not see the scale of the counts."""
    measure = MEASURES[name]
    p = p[:2, :2] if measure.needs != "any" else p
    p = p / p.sum()
    value, gradient = valued(measure, p)
    lowest, highest = {"fisher": (-1, 1), "logit": (0, 1), "log": (0, np.inf), "wald": (-1, 1)}[measure.interval]
    assert lowest <= value <= highest
    assert (p * gradient).sum() == pytest.approx(0, abs=1e-9 * max(1.0, np.abs(gradient).max()))
    independent, _ = valued(measure, np.outer(p.sum(axis=1), p.sum(axis=0)))
    assert independent == pytest.approx(1.0 if measure.interval == "log" else 0.0, abs=1e-6)
