"""Percentages, means, standard errors, tests of pairs and of blocks of a tab book against R survey (tabbook.R).

Tolerance 1e-9 relative: both sides do the same sums; p in the far tail magnifies the rounding of t.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk

HERE = Path(__file__).parent
RELATIVE = 1e-9
TAIL = 1e-7
PEOPLE = pd.read_csv(HERE / "tabbook_data.csv", comment="#")
ROWS, PAIRS, TESTS = (pd.read_csv(HERE / f"tabbook_{name}.csv", comment="#") for name in ("rows", "pairs", "tests"))


def book_of(name: str) -> sk.TabBook:
    design = sk.Design(PEOPLE, weight="weight", strata="stratum", psu="psu")
    design = sk.make_replicates(design, "JKn") if name == "jackknife" else design
    questions = [
        sk.SingleResponse("trust", nets={"net": (4, 5)}, mean=True),
        sk.MultipleResponse("contact", {"police": "police", "court": "court"}),
        sk.NumericResponse("income"),
        sk.SingleResponse("police"),
    ]
    banner = ("sex", "region", ("sex", "age"))
    return sk.tab_book(design, questions, banner=banner, missing="exclude", small=(0, 0))


BOOKS = {name: book_of(name) for name in ("taylor", "jackknife")}


def named(rows: pd.DataFrame) -> pd.DataFrame:
    """Name the lines as R's variables."""
    rows = rows[rows["question"] != "police"]
    line = rows["line"].astype(str)
    question = rows["question"]
    of_trust = question == "trust"
    codes = line.where(~line.isin(["1", "2", "3", "4", "5"]), "trust" + line)
    out = codes.where(~(of_trust & (line == "net")), "trustnet").where(~(of_trust & (line == "Mean")), "trust")
    return rows.assign(line=out.where(~((question == "income") & (line == "Mean")), "income"))


@pytest.mark.parametrize("name", BOOKS)
def test_estimates_and_standard_errors(name: str) -> None:
    """Would catch: a base, a net or a nested column that is not the domain it says."""
    mine = named(BOOKS[name].to_frame())
    both = ROWS[ROWS["design"] == name].merge(mine, on=["block", "line", "column"], suffixes=("_r", ""))
    assert len(both) == (ROWS["design"] == name).sum()
    np.testing.assert_allclose(both["estimate"], both["estimate_r"], rtol=RELATIVE, atol=1e-14)
    np.testing.assert_allclose(both["se"], both["se_r"], rtol=RELATIVE, atol=1e-14)


@pytest.mark.parametrize("name", BOOKS)
def test_pairs_of_columns(name: str) -> None:
    """Would catch: covariance between columns left out, other degrees of freedom, Holm over another family."""
    mine = named(BOOKS[name].comparisons)
    wanted = PAIRS[(PAIRS["design"] == name) & PAIRS["p"].notna()]
    both = wanted.merge(mine, on=["block", "line", "column", "against"], suffixes=("_r", ""))
    assert len(both) == len(wanted)
    for column in ("difference", "se", "df"):
        np.testing.assert_allclose(both[column], both[f"{column}_r"], rtol=RELATIVE, atol=1e-13, err_msg=column)
    np.testing.assert_allclose(both["p"], both["p_r"], rtol=TAIL)
    np.testing.assert_allclose(both["p_adjusted"], both["holm"], rtol=TAIL)


@pytest.mark.parametrize("name", BOOKS)
def test_tests_of_blocks(name: str) -> None:
    """Would catch: a nested block tested by one of its keys, or without the design's correction."""
    mine = BOOKS[name].tests.replace({"question": {"trust": "answer"}})
    wanted = TESTS[TESTS["design"] == name]
    both = wanted.merge(mine, left_on=["block", "item"], right_on=["block", "question"], suffixes=("_r", ""))
    assert len(both) == len(wanted)
    for column in ("statistic", "df1", "df2"):
        np.testing.assert_allclose(both[column], both[f"{column}_r"], rtol=RELATIVE, err_msg=column)
    np.testing.assert_allclose(both["p"], both["p_r"], rtol=TAIL)
