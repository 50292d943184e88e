"""Tests and measures of association against R survey (hypothesis.R), on ties, unequal weights, holes and empty domains."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.estimate.association_table import TABLE_TESTS, independence
from survey_kit.estimate.hypothesis_tails import chi2_tail

HERE = Path(__file__).parent
RTOL = 1e-8
LOOSER = {
    "lincom": 1e-7,  # Imhof's integral in R is asked for 1e-10 of a half, not of the tail
    "saddlepoint": 1e-7,  # R's root finder
}
MEASURES_RTOL = 1e-7  # derivatives by Richardson extrapolation in R


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(HERE / name, comment="#", keep_default_na=False, na_values=[""])


PEOPLE = read("hypothesis_data.csv")
TESTS, MEASURES, FIGURES = (read(f"hypothesis_{name}.csv") for name in ("tests", "measures", "tables"))


def make_designs() -> dict[str, sk.Design]:
    frame = PEOPLE.assign(
        in_n=PEOPLE["dom"] == "n", in_s=PEOPLE["dom"] == "s", answered=PEOPLE["m"].notna(), row=np.arange(len(PEOPLE))
    )
    plain = sk.Design(frame, weight="weight", strata="stratum", psu="psu")
    return {
        "srs": sk.Design(frame, weight="weight"),
        "plain": plain,
        "two": sk.Design(frame, weight="weight", strata="stratum", psu=("psu", "row"), fpc=("N1", "N2")),
        "jkn": sk.make_replicates(plain, "JKn"),
        "post": sk.post_stratify(plain, "group", {1: 4100, 2: 3000, 3: 2150, 4: 900}),
    }


DESIGNS = make_designs()


def cases(table: pd.DataFrame, start: str) -> Any:
    rows = [row for row in table.to_dict("records") if row["case"].startswith(start)]
    assert rows, start
    return pytest.mark.parametrize("row", rows, ids=lambda r: " ".join(str(v) for v in list(r.values())[:4]))


def domain(row: dict[str, Any]) -> str | None:
    return None if pd.isna(row["domain"]) else f"in_{row['domain']}"


def agrees(result: sk.TestResult, row: dict[str, Any], rtol: float = RTOL) -> None:
    names = [name for name in ("statistic", "df1", "df2", "p") if not pd.isna(row[name])]
    np.testing.assert_allclose([getattr(result, name) for name in names], [row[name] for name in names], rtol=rtol)


@cases(TESTS, "a x")
def test_two_way_tables(row: dict[str, Any]) -> None:
    """Would catch design effects taken at the wrong shares, a wrong n or df, a one-sided tail, or a domain that drops rows."""
    column = {"a x b": "b", "a x holes": "holes", "a x m": "m"}[row["case"]]
    kind, _, of = row["test"].partition("_")
    table = sk.crosstab(DESIGNS[row["design"]], "a", column, where=domain(row), missing="exclude")
    if kind == "likelihood":
        agrees(table.test(of, "likelihood"), row)
    else:
        agrees(table.test(row["test"]), row, LOOSER.get(row["test"], RTOL))


@cases(TESTS, "y ")
def test_t_tests(row: dict[str, Any]) -> None:
    """Would catch a missing covariance of the two groups' means, or a degree of freedom too many."""
    design, where = DESIGNS[row["design"]], domain(row)
    if row["case"] == "y by x":
        result = sk.ttest(design, "y", "x", where=where)
    elif row["case"] == "y = 50":
        result = sk.ttest(design, "y", null=50.0, where=where)
    else:
        result = sk.ttest(design, "y", paired="before", where=where)
    agrees(result, row)


@cases(TESTS, "rank")
def test_rank_tests(row: dict[str, Any]) -> None:
    """Would catch ranks without weights, ranks over the whole sample in a domain, or scores of the wrong rank."""
    _, y, _, group = row["case"].split()
    agrees(sk.rank_test(DESIGNS[row["design"]], y, group, row["test"], where=domain(row)), row)


@cases(TESTS, "fit")
def test_goodness_of_fit(row: dict[str, Any]) -> None:
    """Would catch a zero eigenvalue counted among the design effects, or effects at the wrong shares."""
    expected = [0.1, 0.3, 0.3, 0.2, 0.1]
    if row["test"] == "svygofchisq":  # R refers to chi-square
        result = sk.goodness_of_fit(DESIGNS[row["design"]], "b", expected, effects="observed")
        ours = [result.statistic, result.df1, chi2_tail(result.statistic * result.df1, result.df1)]
        np.testing.assert_allclose(ours, [row[name] for name in ("statistic", "df1", "p")], rtol=RTOL)
    else:
        result = sk.goodness_of_fit(DESIGNS[row["design"]], "b", expected, statistic=row["test"])
        agrees(result, row, LOOSER.get(row["test"], RTOL))


@cases(TESTS, "equal means")
def test_wald_tests(row: dict[str, Any]) -> None:
    """Would catch a covariance without its off-diagonal, or the denominators of the three conventions mixed up."""
    means = sk.mean(DESIGNS[row["design"]], "y", by="group")
    contrasts = np.concatenate((-np.ones((3, 1)), np.eye(3)), axis=1)
    agrees(sk.wald_test(means, contrasts, method=row["test"]), row)


@cases(TESTS, "equal medians")
def test_equality_of_medians(row: dict[str, Any]) -> None:
    """Would catch quantiles compared as if they were independent, or a density of the wrong group."""
    agrees(sk.compare_quantiles(DESIGNS[row["design"]], "y", "group"), row)


@cases(MEASURES, "")
def test_measures_of_association(row: dict[str, Any]) -> None:
    """Would catch a wrong gradient, a direction turned round, or replicates that are not recomputed."""
    first, second = row["case"].split(" x ")
    est = sk.association(DESIGNS[row["design"]], first, second, row["measure"]).table.iloc[0]
    np.testing.assert_allclose(est["estimate"], row["estimate"], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(est["se"], row["se"], rtol=MEASURES_RTOL)


def test_published_table() -> None:
    """Rao-Scott on the school survey that R's manual tests: F 17.247444 on 1.8286715 and 360.2482863, p 2.035046e-07."""

    def matrix(what: str) -> np.ndarray:
        part = FIGURES[FIGURES["what"] == what].sort_values(["i", "j"])
        return part["value"].to_numpy().reshape(6, -1)

    # R's cells run over the rows first, ours over the columns
    order = np.arange(6).reshape(3, 2).T.reshape(-1)
    counts, v_p, v_t = (
        matrix("T")[order, 0].reshape(2, 3),
        matrix("V")[np.ix_(order, order)],
        matrix("VT")[np.ix_(order, order)],
    )
    n, df = (float(FIGURES.loc[FIGURES["what"] == what, "value"].iloc[0]) for what in ("n", "df"))
    evidence, notes = independence(counts, v_p, lambda: v_t, n, df)
    assert notes == ()
    assert evidence is not None
    for name in ("F", "chisq", "wald", "adjusted_wald"):
        found = TABLE_TESTS[name].compute(evidence, evidence.pearson)
        for part in ("statistic", "df1", "df2", "p"):
            expected = float(FIGURES.loc[FIGURES["what"] == f"{name} {part}", "value"].iloc[0])
            np.testing.assert_allclose(getattr(found, part), expected, rtol=RTOL, err_msg=f"{name} {part}")
    found = TABLE_TESTS["F"].compute(evidence, evidence.pearson)
    published = [17.247444, 1.8286715, 360.2482863, 2.035046e-07]
    np.testing.assert_allclose([found.statistic, found.df1, found.df2, found.p], published, rtol=1e-6)
